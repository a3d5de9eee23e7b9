"""Where a server is: addresses that every program reads alike, so that what is allowed is what is asked.

Only plain addresses pass. What browsers, libraries and people read differently (a user before the host, backslashes,
letters that look like others, numbers that stand for addresses) is refused, not interpreted.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from society.ground.errors import ModelError

_HOST = r"[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?)*"
_PLAIN = re.compile(
    rf"(?P<scheme>https?)://(?P<host>{_HOST}|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{{1,5}}))?(?P<path>(?:/[a-z0-9._~-]*)*)",
    re.IGNORECASE,
)
_PORTS = {"http": 80, "https": 443}
ALLOWED = (
    "an address of the form http://host:port/v1 or https://host/v1, of ASCII letters, without user, password or query"
)


@dataclass(frozen=True)
class Server:
    """A server as it is reached.

    Attributes:
        scheme: ``http`` or ``https``.
        host: name or number in lower case, IPv6 without brackets.
        port: its port, said or not.

    Example:
        >>> server_of("https://API.OpenAI.com/v1") == server_of("https://api.openai.com:443")
        True
        >>> str(server_of("http://[::1]:8000/v1")), server_of("http://[::1]:8000/v1").local
        ('http://[::1]:8000', True)
    """

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}{'' if self.port == _PORTS[self.scheme] else f':{self.port}'}"

    @property
    def local(self) -> bool:
        """Whether it is this machine, by a name or number that says nothing else."""
        if self.host == "localhost":
            return True
        try:
            found = ip_address(self.host)
        except ValueError:
            return False
        return found.is_loopback and getattr(found, "ipv4_mapped", None) is None

    @property
    def keeps_secrets(self) -> bool:
        """Whether what is sent there can be read by nobody on the way."""
        return self.scheme == "https" or self.local


def server_of(url: str) -> Server:
    """The server of an address.

    Raises:
        ModelError: it is no plain address; it is not shown, as it may hold a password.
    """
    found = _PLAIN.fullmatch(url)
    if found is None or not 0 < int(found["port"] or 1) < 65536:
        raise ModelError(f"base_url is not {ALLOWED}")
    scheme, host = found["scheme"].lower(), found["host"].lower()
    if host.startswith("["):
        try:
            host = IPv6Address(host[1:-1]).compressed
        except ValueError:
            raise ModelError(f"base_url is not {ALLOWED}: its number is no address") from None
    return Server(scheme, host, int(found["port"] or _PORTS[scheme]))
