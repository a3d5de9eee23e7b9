"""The reference of parameters, generated from the models: path, default, meaning, source."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from society.ground.errors import Said, WorldError
from society.world.allowed import between, models_in
from society.world.overrides import SPREAD
from society.world.world import World


@dataclass(frozen=True)
class Parameter:
    """One field of a world file."""

    path: str
    type: str
    default: str
    meaning: str
    source: str


def parameters(path: str = "") -> list[Parameter]:
    """All fields whose dotted path starts with ``path`` (whole words); if none does, those that speak of it.

    Raises:
        WorldError: no field does.

    Example:
        >>> parameters("review.threshold")[0].default
        '62.0'
    """
    known = list(_walk(World, ""))
    found = [p for p in known if not path or p.path == path or p.path.startswith(path + ".")]
    found = found or [p for p in known if path.lower() in f"{p.path} {p.meaning}".lower()]
    if not found:
        raise WorldError(
            "parameters", Said(f"no field has {path!r} in its path or its meaning"),
            "a path such as review, or a word; without one, all are listed",
        )  # fmt: skip
    return found


def markdown() -> str:
    """All fields as Markdown tables, one per section of a world."""
    sections: dict[str, list[Parameter]] = {"world": []}
    for row in parameters():
        inside = "." in row.path or "(" in row.path
        if row.type != "section":
            sections.setdefault(row.path.split(".")[0].split("(")[0] if inside else "world", []).append(row)
    lines: list[str] = []
    for title, rows in sections.items():
        lines += ["", f"### {title}", "", "| field | default | meaning | source |", "|---|---|---|---|"]
        for row in rows:
            cells = (f"`{row.path}`", row.default, row.meaning, "" if row.source == "choice" else row.source)
            lines.append("| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |")
    return "\n".join(lines).strip() + "\n"


def schema() -> dict[str, Any]:
    """JSON Schema of world files, for editors."""
    tree = World.model_json_schema()
    tree["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    tree["properties"]["extends"] = {"type": "string", "description": "name or path of a world to start from"}
    if "extends" not in tree.get("required", []):
        tree["required"] = []
    return tree


def _walk(model: type[BaseModel], prefix: str) -> Iterator[Parameter]:
    for name, field in model.model_fields.items():
        shown = name.rstrip("_")
        path = f"{prefix}{shown}"
        below = models_in(field.annotation)
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        default = field.default
        if field.default_factory is dict:
            default = None
        elif field.default_factory is not None:
            default = "(section)" if len(below) == 1 else below[0].model_fields["kind"].default
        kind = " | ".join(_kind(m) for m in below) if len(below) > 1 else _type(field.annotation)
        kind = f"{kind}, {ends}" if (ends := between(field)) else kind
        yield Parameter(
            path,
            kind,
            "" if default is PydanticUndefined else _text(default),
            field.description or "",
            str(extra.get("source", "")),
        )
        for (section, short), fields in SPREAD.items():
            if section == shown:
                yield Parameter(f"{path}.{short}", "float", "", f"sets {', '.join(fields)} at once", "choice")
        for one in below:
            inner = (
                f"{path}.NAME." if path == "families" else f"{path}({_kind(one)})." if len(below) > 1 else f"{path}."
            )
            yield from (p for p in _walk(one, inner) if not p.path.endswith(".kind"))


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value)
    return "none" if value is None else str(value)


def _kind(model: type[BaseModel]) -> str:
    field = model.model_fields.get("kind")
    return str(field.default) if field is not None else model.__name__.lower()


def _type(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return " | ".join(str(value) for value in get_args(annotation))
    if isinstance(annotation, type):
        return "section" if issubclass(annotation, BaseModel) else annotation.__name__
    inner = [_type(part) for part in get_args(annotation) if part is not type(None) and part is not Ellipsis]
    return " or ".join(dict.fromkeys(inner)) or str(annotation)
