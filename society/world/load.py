"""From a name, a path or a dict to a checked world, with errors that name file, line, field, value and what is allowed."""

import difflib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from society.ground.errors import Said, WorldError
from society.ground.named_files import counted_from
from society.world.explain import validated
from society.world.overrides import override
from society.world.world import World
from society.world.yaml_text import parsed

_LARGEST = 1_000_000
#: How names of YAML files end.
SUFFIXES = (".yaml", ".yml")


@cache
def worlds_folder() -> Path:
    """The folder of the worlds that come with the program."""
    packaged = Path(__file__).parent.parent / "worlds"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent.parent / "worlds"


def world_names() -> list[str]:
    """Names of the worlds that come with the program, sorted."""
    return sorted(path.stem for path in worlds_folder().glob("*.yaml"))


def find_file(name: str, place: str = "world") -> Path:
    """The file of a world, given by name or by path; ``place`` is where it is named.

    Raises:
        WorldError: there is none.
    """
    path = Path(name)
    if path.suffix in SUFFIXES or "/" in name:
        return yaml_file(path, name)
    shipped = worlds_folder() / f"{name}.yaml"
    if not shipped.is_file():
        near = difflib.get_close_matches(name, world_names(), 1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise WorldError(place, name, f"one of {', '.join(world_names())}{hint}, or the path of a YAML file")
    return shipped


def yaml_file(path: Path, place: str) -> Path:
    """A path, if a YAML file is there: no other file is ever read as one, nor through a link.

    Raises:
        WorldError: there is none.
    """
    if not path.is_file():
        raise WorldError(place, Said("there is no such file"), f"a YAML file, or one of: {', '.join(world_names())}")
    if path.suffix not in SUFFIXES or path.resolve().suffix not in SUFFIXES:
        raise WorldError(
            place, Said("by its name this is no YAML file"), f"a file whose name ends in {' or '.join(SUFFIXES)}"
        )
    return path


def load_tree(name: str) -> tuple[dict[str, Any], list[Path]]:
    """The raw tree of a world file with what it ``extends`` merged in, and the files: it, then each that the one before extends.

    A world extends a world that comes with the program, by its name, or a YAML file, by its path from the folder of the file
    that says so; never a file by its path from the root or from somebody's home. Maps are merged field by field; ``families``
    and all lists are replaced whole.
    """
    path = find_file(name)
    chain, tree = [path], read_tree(path)
    while "extends" in tree:
        base_path = _extended(chain[-1], tree.pop("extends"))
        if base_path.resolve() in [p.resolve() for p in chain]:
            raise WorldError(f"{chain[-1]}: extends", base_path.name, "a world that does not extend this one in turn")
        chain.append(base_path)
        tree = merged(read_tree(base_path), tree)
    return tree, chain


def _extended(path: Path, base: Any) -> Path:
    """The file that a world's ``extends`` names."""
    place, allowed = f"{path}: extends", "a world by name, or a YAML file by its path from this file's folder"
    if not isinstance(base, str) or Path(base).is_absolute() or base.startswith("~") or "\0" in base:
        raise WorldError(place, base, allowed)
    if Path(base).suffix in SUFFIXES or "/" in base:
        return yaml_file(path.parent / base, f"{place}: {base}")
    return find_file(base, place)


def load_world(
    source: str | Path | Mapping[str, Any] | World, changes: Mapping[str, Any] | None = None, by: str = "--set"
) -> World:
    """A checked world from its name, its file, a dict, or a world; fields may be changed by dotted paths.

    Names of files in a file count from its folder, in changes from the folder in which the program runs. ``by`` says in messages
    what changes it.

    Raises:
        WorldError: something in it is wrong.

    Example:
        >>> load_world("decommission").agents.count
        1000
    """
    changes = counted_from(Path.cwd(), changes) if changes else None
    if isinstance(source, World):
        return source.override(changes) if changes else source
    if isinstance(source, Mapping):
        return validated(World, override(dict(source), changes or {}), "world")
    tree, chain = load_tree(str(source))
    tree = override(tree, changes) if changes else tree
    return validated(World, tree, str(chain[0]), chain, changes or {}, by).at(chain[0].parent)


def read_tree(path: Path) -> dict[str, Any]:
    """The map in a YAML file.

    Raises:
        WorldError: it cannot be read, or is no map.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise WorldError(
                str(path), Said(f"this file has {path.stat().st_size:,} bytes"), f"a file of at most {_LARGEST} bytes"
            )
        tree = parsed(path.read_text(encoding="utf-8"), str(path))
    except UnicodeDecodeError as error:
        raise WorldError(
            str(path), Said(f"this is no text in UTF-8, from byte {error.start} on"), "text in UTF-8"
        ) from error
    except OSError as error:
        raise WorldError(str(path), Said(f"it cannot be read ({error.strerror})"), "") from error
    if isinstance(tree, dict) and not all(isinstance(key, str) for key in tree):
        raise WorldError(
            str(path),
            Said("there is a name that is no text"),
            'names that are text; true, null and numbers in quotes: "null"',
        )
    if not isinstance(tree, dict):
        raise WorldError(
            str(path),
            Said(f"this is a {type(tree).__name__}"),
            "a map of field names to values, as in the shipped worlds",
        )
    return tree


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """One raw tree laid over another: maps field by field, families, lists and changed kinds whole."""
    result = dict(below)
    for key, value in above.items():
        old = result.get(key)
        switched = isinstance(value, Mapping) and isinstance(old, Mapping) and _kind_of(value, old) != old.get("kind")
        if isinstance(value, Mapping) and isinstance(old, Mapping) and key != "families" and not switched:
            result[key] = merged(old, value)
        else:
            result[key] = value
    return result


def _kind_of(value: Mapping[str, Any], old: Mapping[str, Any]) -> Any:
    return value.get("kind", old.get("kind"))
