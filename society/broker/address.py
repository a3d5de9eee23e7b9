"""Where a broker is, as ``--broker`` says it: ``memory``, ``embedded``, ``mqtt://host:port``,
``mqtts://user@host:port``."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from society.ground.errors import WorldError

#: Environment variable of the password of the user in an address.
PASSWORD = "SOCIETY_BROKER_PASSWORD"
ALLOWED = "memory, embedded, mqtt://HOST:PORT or mqtts://USER@HOST:PORT, perhaps with ?shards=4&patience=60&ca=FILE"
#: Port where none is said.
_PORTS = {"memory": 0, "embedded": 0, "mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True)
class Address:
    """A broker's address.

    Attributes:
        kind: ``memory``, ``embedded``, ``mqtt`` or ``mqtts``.
        host, port: where it listens.
        user: user name, None for none; its password is in the environment.
        shards: sets of agents (slot mod shards), each with a connection of its own.
        patience_s: seconds that a broker which is gone is waited for.
        ca: certificate of the authority that signed the broker's, None for those of the system.
    """

    kind: str
    host: str = "127.0.0.1"
    port: int = 1883
    user: str | None = None
    shards: int = 1
    patience_s: float = 60.0
    ca: Path | None = None

    def __str__(self) -> str:
        if self.kind == "memory" or not self.port:
            return self.kind
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.kind}://{self.user + '@' if self.user else ''}{host}:{self.port}"

    @property
    def full(self) -> str:
        """As it can be parsed again; without the password, which is in no address."""
        query = [f"shards={self.shards}", f"patience={self.patience_s:g}"]
        query += [f"ca={self.ca.resolve()}"] if self.ca else []
        return f"{self}?{'&'.join(query)}"

    def password(self) -> str | None:
        """The password of the user.

        Raises:
            WorldError: it is not in the environment.
        """
        if self.user is None:
            return None
        found = os.environ.get(PASSWORD)
        if not found:
            raise WorldError("--broker", f"user {self.user}", f"a password in the environment variable {PASSWORD}")
        return found


def parse_address(text: str) -> Address:
    """An address from its words.

    Raises:
        WorldError: it is none.

    Example:
        >>> parse_address("mqtts://engine@broker.example?shards=4").port
        8883
        >>> str(parse_address("mqtt://localhost"))
        'mqtt://localhost:1883'
    """
    try:
        parts = urlsplit(text)
        kind, host, port = parts.scheme or parts.path, parts.hostname, parts.port
    except ValueError as error:
        raise WorldError("--broker", text, f"{ALLOWED} ({error})") from None
    if kind not in ("memory", "embedded", "mqtt", "mqtts") or parts.path.strip("/") not in ("", kind) or parts.fragment:
        raise WorldError("--broker", text, ALLOWED)
    if parts.password is not None:
        shown = text.replace(parts.password, "...")
        raise WorldError("--broker", shown, f"an address without a password, which belongs into {PASSWORD}")
    if (kind in ("mqtt", "mqtts") and host is None) or (kind == "memory" and host is not None):
        raise WorldError("--broker", text, ALLOWED)
    if kind == "embedded" and host not in (None, "127.0.0.1", "::1", "localhost"):
        raise WorldError("--broker", text, "an embedded broker listens at 127.0.0.1 only; for others run Mosquitto")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    shards, patience, ca = _options(text, options)
    return Address(kind, host or "127.0.0.1", port or _PORTS[kind], parts.username, shards, patience, ca)


def _options(text: str, options: Mapping[str, str]) -> tuple[int, float, Path | None]:
    unknown = sorted(set(options) - {"shards", "patience", "ca"})
    try:
        shards, patience = int(options.get("shards", "1")), float(options.get("patience", "60"))
    except ValueError:
        shards, patience = 0, 0.0
    if unknown or not 1 <= shards <= 256 or not 0 < patience <= 86400:
        raise WorldError("--broker", text, f"{ALLOWED}; shards 1..256, patience in seconds")
    ca = Path(options["ca"]) if "ca" in options else None
    if ca is not None and not ca.is_file():
        raise WorldError("--broker", str(ca), "the file of a certificate")
    return shards, patience, ca
