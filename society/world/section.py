"""What every section of a world file shares: unknown fields are refused, every field says what it means and whence."""

from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic import Field as _Field

#: Fields that hold one of several kinds of section.
UNIONS = frozenset({"mind", "inputs", "graph", "trust", "quality", "topology", "failure", "work", "placement", "trace"})


class Section(BaseModel):
    """A frozen part of a world; a field that does not exist is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=False)


def parameter(default: Any, meaning: str, source: str = "assumed", **limits: Any) -> Any:
    """A field with its meaning and the source of its default.

    Args:
        default: default value; ``...`` makes the field obligatory.
        meaning: what it is, with its unit unless that is ticks.
        source: where the default comes from; ``assumed`` if nowhere, ``choice`` if it is no claim about the world.
        limits: pydantic limits (``ge``, ``gt``, ``le``, ``lt``).
    """
    extra: Any = {"source": source}
    if isinstance(default, type):
        return _Field(default_factory=default, description=meaning, json_schema_extra=extra, **limits)
    return _Field(default, description=meaning, json_schema_extra=extra, **limits)


def fraction(default: Any, meaning: str, source: str = "assumed") -> Any:
    """A field between 0 and 1."""
    return parameter(default, meaning, source, ge=0, le=1)


def spelled(value: Any, **defaults: str) -> Any:
    """A raw map in which fields that hold one of several kinds are spelled out.

    A word stands for the kind of that name; a map without ``kind`` is of the default kind.

    Example:
        >>> spelled({"graph": "ring", "trust": {"a": 2}}, graph="watts_strogatz", trust="beta")
        {'graph': {'kind': 'ring'}, 'trust': {'kind': 'beta', 'a': 2}}
    """
    if not isinstance(value, dict):
        return value
    value = dict(value)
    for name, default in defaults.items():
        inner = value.get(name)
        if isinstance(inner, str):
            value[name] = {"kind": inner}
        elif isinstance(inner, dict) and "kind" not in inner:
            value[name] = {"kind": default, **inner}
    return value
