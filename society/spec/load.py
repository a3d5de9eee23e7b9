"""From a name, a path or a dict to a checked world, with errors that name file, line, field, value and what is allowed."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from society.ground.errors import WorldError
from society.spec.world import World

_LARGEST = 1_000_000
#: Fields that hold one of several kinds of section.
UNIONS = {"mind", "graph", "trust", "quality", "topology", "failure"}


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
    chain, tree = [path], _read(path)
    while "extends" in tree:
        base = tree.pop("extends")
        if not isinstance(base, str):
            raise WorldError(f"{path}: extends", base, "the name or path of another world")
        beside = chain[-1].parent / base
        base_path = beside if beside.is_file() and beside.suffix in (".yaml", ".yml") else find_file(base)
        if base_path.resolve() in [p.resolve() for p in chain]:
            raise WorldError(f"{chain[-1]}: extends", base, "a world that does not extend this one in turn")
        chain.append(base_path)
        tree = merged(_read(base_path), tree)
    return tree, path


def load_world(source: str | Path | Mapping[str, Any] | World) -> World:
    """A checked world from its name, its file, a dict, or a world.

    Raises:
        WorldError: something in it is wrong.

    Example:
        >>> load_world("decommission").agents.count
        1000
    """
    if isinstance(source, World):
        return source
    if isinstance(source, Mapping):
        return checked(dict(source), "world", None)
    tree, path = load_tree(str(source))
    return checked(tree, str(path), path)


def override(tree: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a raw tree with values set at dotted paths; maps on the way are made, keys with dots are found."""
    tree = _copied(tree)
    for dotted, value in changes.items():
        node: dict[str, Any] = tree
        parts = dotted.split(".")
        while True:
            key, rest = _split(node, parts)
            if not rest:
                node[key] = value
                break
            below = node.get(key)
            if key == "families" or not isinstance(below, Mapping):
                below = _spelled_out(key, below, dotted)
            node[key] = below
            node, parts = below, rest
    return tree


def parse_assignments(assignments: list[str]) -> dict[str, Any]:
    """``path=value`` strings, values read as YAML.

    Example:
        >>> parse_assignments(["agents.count=50", "review.assignment=random"])
        {'agents.count': 50, 'review.assignment': 'random'}
    """
    changes: dict[str, Any] = {}
    for text in assignments:
        dotted, equals, value = text.partition("=")
        if not equals or not dotted.strip():
            raise WorldError("--set", text, "path=value, for example agents.count=500")
        try:
            changes[dotted.strip()] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise WorldError(f"--set {dotted}", value, "a YAML value") from error
    return changes


def checked(tree: dict[str, Any], place: str, path: Path | None) -> World:
    """A world from a raw tree.

    Raises:
        WorldError: the first thing that is wrong, with its line if it stands in a file.
    """
    try:
        return World.model_validate(tree)
    except ValidationError as error:
        problems = [_problem(one, place, path) for one in error.errors()[:5]]
        first = problems[0]
        if len(problems) > 1:
            more = "".join(f"\n  also {p.place}: {p.value!r} is not valid: {p.allowed}" for p in problems[1:])
            raise WorldError(first.place, first.value, first.allowed + more) from None
        raise first from None


def _read(path: Path) -> dict[str, Any]:
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


def _copied(tree: Any) -> Any:
    if isinstance(tree, Mapping):
        return {key: _copied(value) for key, value in tree.items()}
    return list(map(_copied, tree)) if isinstance(tree, list) else tree


def _split(node: Mapping[str, Any], parts: list[str]) -> tuple[str, list[str]]:
    """The longest head of ``parts`` that is a key of ``node`` (family names hold dots), else the first part."""
    for length in range(len(parts), 1, -1):
        key = ".".join(parts[:length])
        if key in node:
            return key, parts[length:]
    return parts[0], parts[1:]


def _spelled_out(key: str, below: Any, dotted: str) -> dict[str, Any]:
    """A shorthand turned into the map it stands for, so that a field inside it can be set."""
    if key == "families" and isinstance(below, Mapping):
        return {name: {"share": f} if isinstance(f, int | float) else f for name, f in below.items()}
    if below is None:
        return {}
    if isinstance(below, str) and key in UNIONS:
        return {"kind": below}
    if key == "monitoring" and isinstance(below, int | float):
        return {"share": below}
    if key == "trust" and isinstance(below, int | float):
        return {"kind": "constant", "value": below}
    raise WorldError(f"--set {dotted}", below, f"a path inside a map; {key} holds a single value")


def _problem(error: Any, place: str, path: Path | None) -> WorldError:
    location = _without_tags(list(error["loc"]))
    dotted = ".".join(str(part) for part in location)
    message = str(error["msg"]).removeprefix("Value error, ")
    value: Any = error.get("input")
    if error["type"] == "extra_forbidden":
        value, message = location[-1], _known_fields(location)
    elif error["type"] == "missing":
        value, message = "nothing", "this field is needed"
    elif isinstance(value, dict | BaseModel) or error["type"] == "value_error":
        head, colon, tail = message.partition(": ")
        if colon and " " not in head:
            dotted, message = head, tail
        value = "this combination"
    line = _line_of(path, location) if path else None
    where = f"{place}: line {line}" if line else place
    return WorldError(f"{where}: {dotted}" if dotted else where, value, message[0].lower() + message[1:])


def _without_tags(location: list[Any]) -> list[Any]:
    """A location without the word pydantic adds behind a field that may hold several kinds of section."""
    return [part for before, part in zip(["", *location], location, strict=False) if before not in UNIONS or part == "kind"]


def _known_fields(location: list[Any]) -> str:
    model: Any = World
    for part in location[:-1]:
        field = getattr(model, "model_fields", {}).get(part)
        annotation = getattr(field, "annotation", None)
        model = annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
    known = sorted(getattr(model, "model_fields", {}))
    if not known:
        return "no such field here"
    near = difflib.get_close_matches(str(location[-1]), known, 1)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"no such field; {hint}the fields here are {', '.join(known)}"


def _line_of(path: Path, location: list[Any]) -> int | None:
    """The line of a field in its file, or of the nearest map around it; None if the file does not hold it."""
    node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    line = None
    for part in location:
        if not isinstance(node, yaml.MappingNode):
            break
        for key, value in node.value:
            if key.value == str(part):
                line, node = key.start_mark.line + 1, value
                break
        else:
            break
    return line
