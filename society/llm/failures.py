"""What a failed question means for its user: wait, ask again, or change something, and what.

Messages name the server, the status and what to do. They quote of the server's complaint only words from a list: some
servers repeat the question or the key in it, and neither belongs in a terminal or a log.
"""

import math
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from society.ground.errors import Busy, ModelError, Unreachable

#: Word in a complaint: what to change.
_REMEDIES = {
    "seed": "sends_seed=False in the endpoint",
    "temperature": "temperature=None in the request",
    "parallel_tool_calls": "extra without parallel_tool_calls in the request",
    "max_tokens": "max_tokens=None in the request, and perhaps extra={'max_completion_tokens': ...}",
    "max_completion_tokens": "extra without max_completion_tokens in the request, or a smaller number there",
    "tool_choice": "extra without tool_choice in the request",
    "response_format": "extra without response_format in the request",
    "reasoning_effort": "extra without reasoning_effort in the request",
    "top_p": "extra without top_p in the request",
    "tools": "a model that calls tools",
    "context": "a shorter conversation, or a model with a larger context",
}
_ADVICE = {
    401: "the key in {key} is not accepted",
    402: "the account has no credit",
    403: "the key in {key} may not use this model",
    404: "no such model or no such path; check the model's name, and that base_url ends as the server wants it "
    "(mostly in /v1)",
    413: "the question is too long for this server",
}


def failure(
    place: str, key: str, model: str, status: int, headers: Mapping[str, str], complaint: str, code: str | None
) -> ModelError:
    """The error for a response that is no success.

    Args:
        place: the server's URL, without secrets.
        key: where the key is from, in words.
        model: the model that was asked.
        status: HTTP status, 400 or more.
        headers: of the response; names in lower case or a mapping that does not care.
        complaint: the server's error as text; searched for known words, never quoted.
        code: the server's word for the error, None where it has none; never quoted either.

    Example:
        >>> failure("http://localhost:1/v1", "no variable", "m", 429, {"retry-after": "2"}, "", None).retry_after_s
        2.0
    """
    said = f"{place} answered with status {status} for model {model}"
    if status == 429 and code in ("insufficient_quota", "billing_hard_limit_reached"):
        return ModelError(f"{said}: the account has no credit")
    wait = retry_after_s(headers)
    if status == 429 or (status in (503, 529) and wait is not None):
        asked = "" if wait is None else f" and asks to wait {wait:g} s"
        return Busy(f"{said}: it is busy{asked}; fewer questions at once or per minute help", wait)
    if status >= 500 or status in (408, 409, 425):
        return Unreachable(f"{said}: the server failed; its own log says why")
    if status in _ADVICE:
        return ModelError(f"{said}: {_ADVICE[status].format(key=key)}")
    return ModelError(f"{said}: it does not accept the request{_remedies(complaint, code)}")


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds that a response asks to wait: ``retry-after-ms``, or ``Retry-After`` in seconds or as a date (RFC 9110,
    10.2.3), which is compared with the response's own ``Date``. None where it does not say or says nonsense.

    Example:
        >>> retry_after_s({"retry-after": "Wed, 21 Oct 2015 07:28:07 GMT", "date": "Wed, 21 Oct 2015 07:28:00 GMT"})
        7.0
    """
    for name, unit in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * unit
        except ValueError:
            continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    try:
        until = parsedate_to_datetime(headers.get("retry-after", ""))
        wait = until - parsedate_to_datetime(headers.get("date", ""))
    except (TypeError, ValueError):  # TypeError: one date with a time zone, the other without
        return None
    return max(0.0, wait.total_seconds())


def _remedies(complaint: str, code: str | None) -> str:
    words = set(re.findall(r"[a-z_]+", f"{complaint} {code or ''}".lower()))
    if code and "context_length" in code:
        words.add("context")
    known = [word for word in _REMEDIES if word in words]
    if not known:
        return "; the server's own log says why"
    return "; its complaint speaks of " + "; ".join(f"{word} (try {_REMEDIES[word]})" for word in known)
