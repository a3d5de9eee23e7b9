"""From a name, a path or a dict to a checked world, with errors that name file, line, field, value and what is allowed."""

import difflib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from society.ground.errors import WorldError
from society.spec.explain import validated
from society.spec.overrides import override
from society.spec.world import World

_LARGEST = 1_000_000


@cache
def worlds_folder() -> Path:
    """The folder of the worlds that come with the program."""
    packaged = Path(__file__).parent.parent / "worlds"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent.parent / "worlds"


def world_names() -> list[str]:
    """Names of the worlds that come with the program, sorted."""
    return sorted(path.stem for path in worlds_folder().glob("*.yaml"))


def find_file(name: str) -> Path:
    """The file of a world, given by name or by path.

    Raises:
        WorldError: there is none.
    """
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or "/" in name:
        if not path.is_file():
            raise WorldError(name, "no such file", f"a YAML file, or one of: {', '.join(world_names())}")
        return path
    shipped = worlds_folder() / f"{name}.yaml"
    if not shipped.is_file():
        near = difflib.get_close_matches(name, world_names(), 1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise WorldError("world", name, f"one of {', '.join(world_names())}{hint}, or the path of a YAML file")
    return shipped


def load_tree(name: str) -> tuple[dict[str, Any], Path]:
    """The raw tree of a world file with what it ``extends`` merged in, and the file.

    Maps are merged field by field; ``families`` and all lists are replaced whole.
    """
    path = find_file(name)
    chain, tree = [path], read_tree(path)
    while "extends" in tree:
        base = tree.pop("extends")
        if not isinstance(base, str):
            raise WorldError(f"{path}: extends", base, "the name or path of another world")
        beside = chain[-1].parent / base
        base_path = beside if beside.is_file() and beside.suffix in (".yaml", ".yml") else find_file(base)
        if base_path.resolve() in [p.resolve() for p in chain]:
            raise WorldError(f"{chain[-1]}: extends", base, "a world that does not extend this one in turn")
        chain.append(base_path)
        tree = merged(read_tree(base_path), tree)
    return tree, path


def load_world(source: str | Path | Mapping[str, Any] | World, changes: Mapping[str, Any] | None = None) -> World:
    """A checked world from its name, its file, a dict, or a world; fields may be changed by dotted paths.

    Raises:
        WorldError: something in it is wrong.

    Example:
        >>> load_world("decommission").agents.count
        1000
    """
    if isinstance(source, World):
        return source.override(changes) if changes else source
    if isinstance(source, Mapping):
        return validated(World, override(dict(source), changes or {}), "world")
    tree, path = load_tree(str(source))
    if not changes:
        return validated(World, tree, str(path), path).at(path.parent)
    return validated(World, override(tree, changes), f"{path} with --set").at(path.parent)


def read_tree(path: Path) -> dict[str, Any]:
    """The map in a YAML file.

    Raises:
        WorldError: it cannot be read, or is no map.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise WorldError(str(path), f"{path.stat().st_size} bytes", f"a file of at most {_LARGEST} bytes")
        text = path.read_text(encoding="utf-8")
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
            raise WorldError(str(path), "a YAML alias (*name)", "values written out, or extends: WORLD")
        tree = yaml.safe_load(text)
    except UnicodeDecodeError as error:
        raise WorldError(str(path), f"byte {error.start}", "text in UTF-8") from error
    except OSError as error:
        raise WorldError(str(path), error.strerror, "a file that can be read") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f": line {mark.line + 1}" if mark else ""
        raise WorldError(f"{path}{line}", getattr(error, "problem", None) or "not YAML", "a YAML file") from error
    except RecursionError as error:
        raise WorldError(str(path), "nested too deeply", "a world file") from error
    if not isinstance(tree, dict) or not all(isinstance(key, str) for key in tree):
        raise WorldError(str(path), type(tree).__name__, "a map of field names to values, as in the shipped worlds")
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
