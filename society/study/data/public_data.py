"""Public data sets that worlds can read: where each comes from, its licence, and whether a copy is whole."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import yaml

from society.ground.errors import Said, WorldError

TABLE = Path(__file__).with_name("public_data.yaml")


@dataclass(frozen=True)
class DataSet:
    """One public data set.

    Attributes:
        name: its name.
        what: what is in it.
        source: repository, commit and path it was taken from.
        licence: terms of use.
        cite: what to cite.
        derived: how the tables were made from the source.
        used_by: which world or command reads it.
        sha256: hash of each file.
    """

    name: str
    what: str
    source: str
    licence: str
    cite: str
    derived: str
    used_by: str
    sha256: dict[str, str]


def data_sets() -> dict[str, DataSet]:
    """All known data sets by name.

    Example:
        >>> data_sets()["topology_zoo"].licence
        'CC BY 4.0'
    """
    table = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return {name: DataSet(name=name, **entry) for name, entry in table.items()}


def data_set(name: str) -> DataSet:
    """One data set.

    Raises:
        WorldError: there is none of that name.
    """
    known = data_sets()
    if name not in known:
        raise WorldError("data", name, f"one of {', '.join(known)}")
    return known[name]


def check_copy(data: DataSet, folder: Path) -> dict[str, str]:
    """What is the matter with each file of a downloaded copy: ``good``, ``missing`` or ``differs``.

    Raises:
        WorldError: the folder does not exist.
    """
    if not folder.is_dir():
        raise WorldError(str(folder), Said("there is no such folder"), f"a folder with {', '.join(data.sha256)}")
    found = {}
    for name, expected in data.sha256.items():
        try:
            with open(folder / name, "rb") as stream:
                found[name] = "good" if hashlib.file_digest(stream, "sha256").hexdigest() == expected else "differs"
        except FileNotFoundError:
            found[name] = "missing"
    return found
