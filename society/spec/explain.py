"""From pydantic's errors to ours: file, line, dotted path, value, and what is allowed."""

import difflib
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from society.ground.errors import WorldError
from society.spec.section import UNIONS

Model = TypeVar("Model", bound=BaseModel)


def validated(model: type[Model], tree: dict[str, Any], place: str, path: Path | None = None) -> Model:
    """A checked value from a raw tree.

    Args:
        model: what it should be.
        tree: raw tree.
        place: where it comes from, in words.
        path: the file, if lines can be named.

    Raises:
        WorldError: what is wrong, at most five things at once.
    """
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        problems = [_problem(model, one, place, path) for one in error.errors()[:5]]
        first = problems[0]
        more = "".join(f"\n  also {p.place}: {p.value!r} is not valid: {p.allowed}" for p in problems[1:])
        raise WorldError(first.place, first.value, first.allowed + more) from None


def _problem(model: Any, error: Any, place: str, path: Path | None) -> WorldError:
    location = _without_tags(list(error["loc"]))
    dotted = ".".join(str(part) for part in location)
    message = str(error["msg"]).removeprefix("Value error, ")
    value: Any = error.get("input")
    if error["type"] == "extra_forbidden":
        value, message = location[-1], _known_fields(model, location)
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
    return [
        part for before, part in zip(["", *location], location, strict=False) if before not in UNIONS or part == "kind"
    ]


def _known_fields(model: Any, location: list[Any]) -> str:
    """What could have stood there instead of a field that does not exist."""
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
