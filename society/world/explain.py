"""From pydantic's errors to ours: file, line, dotted path, value, and what is allowed."""

import difflib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from society.ground.errors import Said, WorldError
from society.world.allowed import allowed, field_at
from society.world.section import UNIONS
from society.world.yaml_text import line_of, parsed

NO_CHANGES: Mapping[str, Any] = MappingProxyType({})
#: What pydantic finds wrong with values of which a field's own limits say all that is allowed.
_OF_NUMBERS = {
    "float_parsing", "float_type", "int_parsing", "int_type", "int_from_float", "int_parsing_size", "finite_number",
    "greater_than", "greater_than_equal", "less_than", "less_than_equal", "bool_parsing", "bool_type",
}  # fmt: skip
_SHAPES = {
    "tuple_type": "a list", "list_type": "a list", "dict_type": "a map of names to values", "string_type": "a text",
    "model_type": "a section with fields", "model_attributes_type": "a section with fields",
}  # fmt: skip
Model = TypeVar("Model", bound=BaseModel)


def validated(
    model: type[Model],
    tree: dict[str, Any],
    place: str,
    files: Sequence[Path] = (),
    changes: Mapping[str, Any] = NO_CHANGES,
    by: str = "--set",
) -> Model:
    """A checked value from a raw tree.

    Args:
        model: what it should be.
        tree: raw tree.
        place: where it comes from, in words.
        files: the file it was read from, if it was, then those it extends: lines are named. What stands in a file that is
            none of this kind at all is never quoted, nor are values of the files that are extended.
        changes: what was set by hand, by dotted path.
        by: what set it, in words.

    Raises:
        WorldError: what is wrong, at most five things at once.
    """
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        for file in files:
            _refuse_others(model, file, strict=file != files[0])
        problems = [
            _problem(model, one, f"{place} with {by}" if changes else place, files, changes)
            for one in error.errors()[:5]
        ]
        first = problems[0]
        more = "".join(f"\n  also {problem}" for problem in problems[1:])
        if first.allowed:
            raise WorldError(first.place, first.value, first.allowed + more) from None
        raise WorldError(first.place, Said(f"{first.value}{more}"), "") from None


def _refuse_others(model: Any, file: Path, strict: bool) -> None:
    """A file that is of another kind is not quoted; strict: every field must be known, else one of two."""
    names = {name for key, one in model.model_fields.items() for name in (key, one.alias)} | {"extends"}
    tree = parsed(file.read_text(encoding="utf-8"), str(file))
    known = sum(key in names for key in tree)
    if known < len(tree) if strict else 2 * known < len(tree):
        what = re.sub("(?<=.)(?=[A-Z])", " ", model.__name__).lower()
        raise WorldError(
            str(file), Said(f"this is no {what}"), f"a file whose fields are those of a {what}, such as {_some(model)}"
        )


def _some(model: Any) -> str:
    return ", ".join(list(model.model_fields)[:6])


def _problem(model: Any, error: Any, place: str, files: Sequence[Path], changes: Mapping[str, Any]) -> WorldError:
    location = _without_tags(list(error["loc"]))
    dotted = ".".join(str(part) for part in location)
    message = str(error["msg"]).removeprefix("Value error, ")
    value: Any = error.get("input")
    if error["type"] == "extra_forbidden":
        value, message = Said(f"there is no such field{_meant(model, location)}"), ""
    elif error["type"] == "missing":
        value, message = Said("this field is needed and not there"), ""
    elif error["type"] == "union_tag_invalid":
        dotted, value, message = f"{dotted}.kind", error["ctx"]["tag"], f"one of {error['ctx']['expected_tags']}"
    elif (isinstance(value, dict | BaseModel) and error["type"] not in _SHAPES) or error["type"] == "value_error":
        head, colon, tail = message.partition(": ")
        if colon and " " not in head:
            dotted, message = head, tail
        value, message = Said(_small(message)), ""
    elif error["type"] in _SHAPES:
        message = _SHAPES[error["type"]]
    elif error["type"] in _OF_NUMBERS and (field := field_at(model, location)) is not None:
        message = allowed(field) or message
    where = place
    if files and not any(_overlap(dotted, path) for path in changes):
        where, quotable = _where(place, files, location)
        if not quotable:
            value = value if isinstance(value, Said) else Said("what stands there does not fit")
    return WorldError(
        f"{where}: {dotted}" if dotted else where,
        value,
        _small(message.removeprefix("Input should be ").partition(", unable to parse")[0]),
    )


def _small(text: str) -> str:
    return text[:1].lower() + text[1:]


def _overlap(one: str, other: str) -> bool:
    """Whether of two dotted paths one leads to the other."""
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")


def _where(place: str, files: Sequence[Path], location: list[Any]) -> tuple[str, bool]:
    """File and line of a field, and whether what stands there may be quoted: not if it is another's file."""
    lines = [line_of(file.read_text(encoding="utf-8"), location) for file in files]
    nearest = max(range(len(files)), key=lambda at: (lines[at][1], -at))
    line = lines[nearest][0]
    return f"{files[nearest]}: line {line}" if line else place, nearest == 0


def _without_tags(location: list[Any]) -> list[Any]:
    """A location without the word pydantic adds behind a field that may hold several kinds of section."""
    return [
        part
        for before, part in zip(["", *location], location, strict=False)
        if (before not in UNIONS or part == "kind") and "[" not in str(part)  # nor what it calls a validator or a list
    ]


def _meant(model: Any, location: list[Any]) -> str:
    """What could have stood there instead of a field that does not exist."""
    for part in location[:-1]:
        field = getattr(model, "model_fields", {}).get(part)
        annotation = getattr(field, "annotation", None)
        model = annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
    known = sorted(getattr(model, "model_fields", {}))
    if not known:
        return " here"
    near = difflib.get_close_matches(str(location[-1]), known, 1)
    hint = f"; is {near[0]} meant?" if near else "."
    return f"{hint} The fields here are {', '.join(known)}"
