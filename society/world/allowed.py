"""What may stand in a field of numbers, in words: for messages about wrong values and for the reference of parameters."""

from collections.abc import Sequence
from typing import Any, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo


def between(field: FieldInfo) -> str:
    """The ends of a field's numbers: ``0 to 100``, ``above 0``, ``1 or more``; empty where there is none.

    Example:
        >>> from society.world.institutions import Review
        >>> between(Review.model_fields["threshold"]), between(Review.model_fields["evaluators"])
        ('0 to 100', '1 to 63')
    """
    low, high, above, below = "", "", False, False
    for one in field.metadata:
        if isinstance(one, Ge | Gt):
            low, above = f"{one.ge if isinstance(one, Ge) else one.gt:,}", isinstance(one, Gt)
        elif isinstance(one, Le | Lt):
            high, below = f"{one.le if isinstance(one, Le) else one.lt:,}", isinstance(one, Lt)
    if not low and not high:
        return ""
    if not high:
        return f"above {low}" if above else f"{low} or more"
    if not low:
        return f"below {high}" if below else f"{high} or less"
    if not above and not below:
        return f"{low} to {high}"
    return f"{'above' if above else 'from'} {low} {'and below' if below else 'up to'} {high}"


def allowed(field: FieldInfo) -> str:
    """What may stand in a field that holds one number or one yes or no; empty of all other fields.

    Example:
        >>> from society.world.institutions import Review
        >>> allowed(Review.model_fields["threshold"]), allowed(Review.model_fields["staggered"])
        ('a number from 0 to 100', 'true or false')
    """
    kinds = [one for one in get_args(field.annotation) or (field.annotation,) if one is not type(None)]
    nothing = ", or null" if len(kinds) < len(get_args(field.annotation)) else ""
    if kinds == [bool]:
        return f"true or false{nothing}"
    if kinds not in ([int], [float]):
        return ""
    ends = between(field)
    joined = (
        f" from {ends}"
        if " to " in ends
        else f" {ends}"
        if ends.startswith(("above", "below", "from"))
        else f" of {ends}"
    )
    return f"a {'whole ' * (kinds == [int])}number{joined * bool(ends)}{nothing}"


def field_at(model: Any, location: Sequence[Any]) -> FieldInfo | None:
    """The field that a path of names leads to, or None: of maps any name will do, of several kinds of section any that has it.

    Args:
        model: of the whole file.
        location: names from the top down.
    """
    if not location or not hasattr(model, "model_fields"):
        return None
    name, *rest = location
    known = {
        key: field for key, one in model.model_fields.items() for key, field in ((key, one), (one.alias, one)) if key
    }
    field = known.get(name)
    if field is None or not rest:
        return field
    below = models_in(field.annotation)
    deeper = rest[1:] if _is_map(field.annotation) or isinstance(rest[0], int) else rest
    return next((found for one in below if (found := field_at(one, deeper)) is not None), None)


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """The sections that a field may hold."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in models_in(part)]


def _is_map(annotation: Any) -> bool:
    return get_origin(annotation) is dict
