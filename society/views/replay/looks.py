"""How families, acts, ends of orders, marks and oversight look, as the page is told: it has no colours of its own for them."""

from collections.abc import Mapping, Sequence
from typing import Any

from society.views.families import look_of
from society.views.inks import ACTS, MARKS, OUTCOMES, OVERSIGHT
from society.views.style import Ink


def looks(families: Sequence[str]) -> dict[str, Any]:
    """Colours and lines by word, and of families, in their order, the outline of their shape too.

    Example:
        >>> looks(["one"])["families"]
        [{'light': '#508FAE', 'dark': '#3287AE', 'dash': (), 'outline': ()}]
        >>> sorted(looks([]))
        ['acts', 'families', 'marks', 'outcomes', 'oversight']
    """
    shapes = [look_of(number) for number in range(len(families))]
    return {
        "families": [{**_told(look), "outline": look.outline} for look in shapes],
        "acts": _all(ACTS), "outcomes": _all(OUTCOMES), "marks": _all(MARKS), "oversight": _all(OVERSIGHT),
    }  # fmt: skip


def _all(inks: Mapping[str, Ink]) -> dict[str, Any]:
    return {word: _told(ink) for word, ink in inks.items()}


def _told(ink: Ink) -> dict[str, Any]:
    return {"light": ink.light, "dark": ink.dark, "dash": ink.dash}
