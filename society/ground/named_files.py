"""Fields of a world that name files or folders of its user's, and from where their names count."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: Fields that name files or folders.
NAMES_A_FILE = ("path", "fitted", "table")
#: Of these, the one that may also name a table that comes with the program.
_PERHAPS_SHIPPED = "table"


def counted_from(folder: Path, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Changes by dotted path in which relative names of files count from a folder: where a user stands, or a file lies.

    Args:
        folder: the folder.
        changes: by dotted path or, within maps, by field.

    Example:
        >>> counted_from(Path("/home/me"), {"agents.graph": {"kind": "edge_list", "path": "ties.csv"}, "ticks": 9})
        {'agents.graph': {'kind': 'edge_list', 'path': '/home/me/ties.csv'}, 'ticks': 9}
    """
    return {name: _counted(folder, name.split(".")[-1], value) for name, value in changes.items()}


def _counted(folder: Path, field: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return counted_from(folder, value)
    if field not in NAMES_A_FILE or not isinstance(value, str) or "\0" in value:
        return value
    place = folder / Path(value).expanduser()
    return value if field == _PERHAPS_SHIPPED and not place.is_file() else str(place)
