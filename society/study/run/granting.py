"""What a user allows by typing it: a server and a key among the fields of a world that stand on the command line."""

from collections.abc import Iterator, Mapping
from typing import Any

from society.ground.errors import ModelError
from society.llm.address import server_of
from society.llm.grants import UNSAID, Grant

_FIELDS = ("base_url", "key")


def typed(changes: Mapping[str, Any]) -> list[Grant]:
    """The servers that were typed, each with the key typed beside it, else that of ``llm``, else the usual one.

    A key of a world's file is never among them, and a server on this machine is sent only a key that was typed.

    Args:
        changes: fields by dotted path, as ``--set`` gives them; whole sections too.

    Example:
        >>> typed({"llm.base_url": "https://gateway.example/v1", "llm.key": "GATEWAY_KEY"})
        [Grant(server='https://gateway.example/v1', key='GATEWAY_KEY')]
    """
    sections: dict[str, dict[str, str]] = {}
    for path, value in _leaves("", changes):
        section, _, field = path.rpartition(".")
        if field in _FIELDS and isinstance(value, str):
            sections.setdefault(section, {})[field] = value
    world = sections.get("llm", {})
    grants = []
    for one in sections.values():
        url = one.get("base_url", world.get("base_url"))
        if url is not None:
            grants += _grant(url, one.get("key", world.get("key")))
    return grants


def _leaves(path: str, tree: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(tree, Mapping):
        for name, below in tree.items():
            yield from _leaves(f"{path}.{name}" if path else str(name), below)
    else:
        yield path, tree


def _grant(url: str, key: str | None) -> list[Grant]:
    """A grant; none where the address is wrong, of which the world's own check tells."""
    try:
        server = server_of(url)
        return [Grant(url, key or (UNSAID if server.scheme == "https" and not server.local else None))]
    except ModelError:
        return []
