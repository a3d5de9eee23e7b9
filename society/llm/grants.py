"""Which key may go to which server: what the user of this machine allowed, never what a world file says.

A world names a server and the variable of a key; anybody can write one. A key leaves only for a server that this user
paired it with: on the command line, in Python, in the file of endpoints, or by the providers' own names below.
"""

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from society.ground.errors import ModelError, Said, WorldError
from society.llm.address import Server, server_of

#: Keys that are their own provider's: they may go there, and nowhere else, without being said.
WELL_KNOWN = {
    "OPENAI_API_KEY": "https://api.openai.com",
    "OPENROUTER_API_KEY": "https://openrouter.ai",
    "ANTHROPIC_API_KEY": "https://api.anthropic.com",
    "GEMINI_API_KEY": "https://generativelanguage.googleapis.com",
    "DEEPSEEK_API_KEY": "https://api.deepseek.com",
    "MISTRAL_API_KEY": "https://api.mistral.ai",
    "XAI_API_KEY": "https://api.x.ai",
}
#: The variable that a world names where it names none.
UNSAID = "OPENAI_API_KEY"
#: In place of a key's variable: the server may be asked, without a key.
KEYLESS = "none"
#: Environment variable that names another file of endpoints.
FILE = "SOCIETY_ENDPOINTS"
_FIELDS = {"base_url", "key"}


@dataclass(frozen=True)
class Grant:
    """A server that may be asked, and the key that it may be sent.

    Args:
        server: its address; a path says nothing more.
        key: environment variable that holds the key; None where it is asked without one.

    Raises:
        ModelError: the address is none, the name is none, or the key could be read on its way.

    Example:
        >>> Grant("https://gateway.example/v1", "GATEWAY_KEY").origin
        Server(scheme='https', host='gateway.example', port=443)
    """

    server: str
    key: str | None = None

    def __post_init__(self) -> None:
        named = self.key is None or (self.key.isascii() and self.key.isidentifier())
        if not named:
            raise ModelError("a grant's key is the name of an environment variable, never the key itself")
        origin = self.origin
        if self.key is not None and not origin.keeps_secrets:
            raise ModelError(f"{self.key} may not go to {origin}: keys go over https, or to this machine")

    @property
    def origin(self) -> Server:
        """The server."""
        return server_of(self.server)

    @classmethod
    def of(cls, words: str) -> "Grant":
        """From ``KEY=SERVER``; without a scheme, https.

        Example:
            >>> Grant.of("GATEWAY_KEY=gateway.example") == Grant("https://gateway.example", "GATEWAY_KEY")
            True
        """
        key, equals, server = words.partition("=")
        if not equals or not server:
            raise WorldError(
                "--grant", Said("there is no = in it"), "KEY=SERVER: a variable's name, or none, and an address"
            )
        try:
            return cls(server if "://" in server else f"https://{server}", None if key == KEYLESS else key)
        except ModelError as error:
            raise WorldError("--grant", KEYLESS if key == KEYLESS else "...", str(error)) from None


def granted(said: Iterable[Grant] = ()) -> tuple[Grant, ...]:
    """All that is allowed: what was said, the user's file of endpoints, and providers with their own keys.

    Raises:
        WorldError: the file is wrong, or others may write it.
    """
    return (*said, *_filed(endpoints_file()), *(Grant(server, key) for key, server in WELL_KNOWN.items()))


def key_for(url: str, key: str | None, grants: Iterable[Grant], who: str) -> str | None:
    """The variable whose key goes to a server, if it may go there; None where the server is asked without a key.

    Args:
        url: the server, up to ``/v1``.
        key: the variable that a world names.
        grants: what is allowed.
        who: for whom it is asked, for the message.

    Raises:
        ModelError: it may not; nothing was sent.
    """
    server = server_of(url)
    keys = [grant.key for grant in grants if grant.origin == server]
    if key in keys:
        return key
    if keys and (key == UNSAID or None in keys):
        return None if None in keys else keys[0]
    if server.local and not keys:
        return None
    if not server.keeps_secrets:
        raise ModelError(
            f"{who}: {server} is not this machine and speaks no https, so no key may go there; nothing was sent. If it may be "
            f"asked without one: --grant {KEYLESS}={server}"
        )
    allowed = f"; you allowed it {' and '.join(str(one) for one in keys)}" if keys else ""
    raise ModelError(
        f"{who}: {server} would be sent the key in {key}, which you have not allowed{allowed}; nothing was sent. "
        f"If it may have it: {how(server, key)}"
    )


def key_of(url: str, key: str | None, who: str) -> str | None:
    """The variable whose key goes to a server that the user named; a key that was not named is the one it is allowed.

    Raises:
        ModelError: no key was named, and none is allowed or it needs to be said.
    """
    if key is not None:
        return Grant(url, None if key == KEYLESS else key).key
    server = server_of(url)
    keys = [grant.key for grant in granted() if grant.origin == server]
    if keys or server.local:
        return keys[0] if keys else None
    raise ModelError(f"{who}: say which key {server} is sent: --key VARIABLE, or --key {KEYLESS}")


def how(server: Server, key: str | None) -> str:
    """How a key is allowed to go to a server."""
    name = key or KEYLESS
    return f"--grant {name}={server}, or base_url and key in {endpoints_file()}; in Python Models(grants=[Grant(...)])"


def told(url: str, key: str | None) -> str:
    """What the user is told before a server is asked."""
    return f"models    {server_of(url)} is asked with {f'the key in {key}' if key else 'no key'}"


def endpoints_file() -> Path:
    """The user's file of endpoints, which need not be there: never one beside a world."""
    said = os.environ.get(FILE)
    settings = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return Path(said) if said else settings / "society" / "endpoints.yaml"


def _filed(path: Path) -> list[Grant]:
    """The endpoints of a file: a map of names to ``base_url`` and ``key``."""
    try:
        mode = path.stat().st_mode
        tree: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise WorldError(
            str(path), Said(f"this is no YAML that can be read ({type(error).__name__})"), "a YAML file of endpoints"
        ) from None
    if mode & stat.S_IWOTH:
        raise WorldError(
            str(path), Said("everybody can write this file"), f"a file that only you may write: chmod go-w {path}"
        )
    if not isinstance(tree or {}, dict):
        raise WorldError(
            str(path), Said(f"this is a {type(tree).__name__}"), "a map of names to endpoints: base_url, key"
        )
    return [_endpoint(f"{path}: {name}", one) for name, one in (tree or {}).items()]


def _endpoint(place: str, one: Any) -> Grant:
    allowed = "base_url, and key: the name of an environment variable, absent for none"
    if not isinstance(one, dict) or set(one) - _FIELDS or not isinstance(one.get("base_url"), str):
        raise WorldError(place, Said("this is no endpoint"), allowed)
    if not isinstance(one.get("key"), str | None):
        raise WorldError(f"{place}.key", Said(f"this is a {type(one['key']).__name__}"), allowed)
    try:
        return Grant(one["base_url"], one.get("key"))
    except ModelError as error:
        raise WorldError(place, Said("this is no endpoint"), str(error)) from None
