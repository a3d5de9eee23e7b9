"""What a server says when it does not answer, in its own words: cleaned, cut, and without keys and questions.

Some servers repeat the key or the question in their complaint, and some are not what they seem: what they say is shown
in terminals and written into records.
"""

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

#: Characters that are kept of a complaint.
MOST = 300
#: Characters of a key, and of a question, from which on a piece of it is left out.
KEY, QUESTION = 6, 24
_TAGS = re.compile(r"<(script|style)\b.*?</\1>|<[^<>]{0,500}>", re.IGNORECASE | re.DOTALL)
#: Words that look like keys: a prefix and what follows it, or a long word of letters and digits.
_KEYS = re.compile(
    r"\b(?:sk|pk|rk|key|xai|gsk|hf|ghp)[-_][\w.*+/=-]{4,}|\bbearer [\w.*+/=-]{4,}|"
    r"\b(?=[\w+/=-]*\d)(?=[\w+/=-]*[a-z])[\w+/=-]{24,}",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Complaint:
    """What a server says of a request that it did not answer.

    Attributes:
        words: its own words, fit to be shown; "" where it says nothing.
        code: its word for the error, in small letters.
        param: the field of the request that it means.
        status: a status of HTTP that stands in the body, 0 for none.
    """

    words: str = ""
    code: str = ""
    param: str = ""
    status: int = 0

    @property
    def everything(self) -> str:
        """All of it in small letters, to look for known words in."""
        return f"{self.words} {self.code} {self.param}".lower()


def complaint_of(body: bytes, secrets: Sequence[str] = (), asked: Sequence[str] = ()) -> Complaint:
    """The complaint in a body, whichever of its habits the server has.

    Args:
        body: what the server sent.
        secrets: the key that was sent, and the like: left out, in whole and in pieces.
        asked: what was asked: left out likewise.

    Example:
        >>> complaint_of(b'{"error": {"message": "No such model: sk-1234567", "code": "model_not_found"}}', ["sk-1234567"])
        Complaint(words='No such model: ...', code='model_not_found', param='', status=0)
    """
    hidden = [*((one, KEY) for one in secrets), *((one, QUESTION) for one in asked)]
    text = body[:100_000].decode("utf-8", "replace")
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        return Complaint(_shown(_TAGS.sub(" ", text), hidden))
    while isinstance(tree, list) and tree:
        tree = tree[0]
    found = tree.get("error", tree) if isinstance(tree, dict) else tree
    if not isinstance(found, dict):
        return Complaint(_shown(_said(found), hidden))
    code = found.get("code") or found.get("type") or ""
    said = found.get("message") or found.get("detail") or found.get("msg") or found.get("error")
    status = next((one for one in (found.get("code"), found.get("status")) if type(one) is int and 400 <= one < 600), 0)
    return Complaint(
        _shown(_said(said), hidden), _shown(_said(code), hidden)[:64].lower(),
        _shown(_said(found.get("param") or _place(found.get("detail"))), hidden)[:64], status,
    )  # fmt: skip


def _said(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _place(detail: Any) -> str | None:
    """The field in a complaint of FastAPI's: ``[{"loc": ["body", "seed"], ...}]``."""
    first = detail[0] if isinstance(detail, list) and detail else None
    place = first.get("loc") if isinstance(first, dict) else None
    return str(place[-1]) if isinstance(place, list) and place else None


def _shown(text: str, hidden: Sequence[tuple[str, int]]) -> str:
    """Words on one line that can do nothing to a terminal and give nothing away."""
    plain = "".join(one if _is_plain(one) else " " for one in unicodedata.normalize("NFKC", text))
    plain = " ".join(plain.split())[: 20 * MOST]
    for secret, piece in hidden:
        plain = _without(plain, secret, piece)
    plain = _KEYS.sub("...", plain)
    return plain if len(plain) <= MOST else f"{plain[:MOST].rstrip()} ..."


def _is_plain(character: str) -> bool:
    """No control character, none that turns the direction of text, none that is half of one."""
    return unicodedata.category(character)[0] != "C"


def _without(text: str, secret: str, piece: int) -> str:
    """Text without the pieces, of so many characters or more, that it shares with a secret."""
    secret, small = " ".join(secret.split()).lower(), text.lower()
    size = min(piece, len(secret))
    if not size:
        return text
    if len(small) != len(text):  # a letter that is two in small letters: places would not be those of the text
        return ""
    pieces, hidden = {secret[at : at + size] for at in range(len(secret) - size + 1)}, bytearray(len(text))
    for at in range(len(text) - size + 1):
        if small[at : at + size] in pieces:
            hidden[at : at + size] = b"\1" * size
    shown = ("\0" if gone else one for one, gone in zip(text, hidden, strict=True))
    return re.sub("\0+", "...", "".join(shown))
