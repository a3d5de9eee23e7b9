"""What a manifest may hold: the kind of every value that readers of a record rely on, checked once, before any of them does."""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from society.ground.errors import RecordError
from society.ground.words import Certainty

#: Largest number of ticks of a run.
MOST_TICKS = 100_000_000
_MISSING = object()


@dataclass(frozen=True)
class Kind:
    """A kind of value: what it is called, and which values are of it."""

    called: str
    fits: Callable[[Any], bool]

    def or_nothing(self) -> "Kind":
        """The same, or null."""
        return Kind(f"{self.called}, or null", lambda value: value is None or self.fits(value))


def _whole(value: Any, low: int = -(2**63), high: int = 2**63 - 1) -> bool:
    return type(value) is int and low <= value <= high


def _number(value: Any) -> bool:
    return (isinstance(value, float) and math.isfinite(value)) or _whole(value)


def _map_of(kind: Kind) -> Kind:
    return Kind(
        f"a map whose values are {kind.called}",
        lambda value: isinstance(value, dict) and all(map(kind.fits, value.values())),
    )


def list_of(kind: Kind) -> Kind:
    """Lists of values of a kind."""
    return Kind(
        f"a list, each of it {kind.called}", lambda value: isinstance(value, list) and all(map(kind.fits, value))
    )


WHOLE, NUMBER = Kind("a whole number", _whole), Kind("a number", _number)
TICKS = Kind(f"a whole number from 0 to {MOST_TICKS}", lambda value: _whole(value, 0, MOST_TICKS))
COUNT = Kind("a whole number from 1", lambda value: _whole(value, 1, 2**31 - 1))
SHARE = Kind("a number from 0 to 1", lambda value: _number(value) and 0 <= value <= 1)
TEXT = Kind("a text", lambda value: isinstance(value, str))
YES_NO = Kind("true or false", lambda value: isinstance(value, bool))
MAP, TEXTS = Kind("a map", lambda value: isinstance(value, dict)), list_of(TEXT)
HASH = Kind("64 hex digits", lambda value: isinstance(value, str) and bool(re.fullmatch("[0-9a-f]{64}", value)))
KEY = Kind("32 hex digits", lambda value: isinstance(value, str) and bool(re.fullmatch("[0-9a-f]{32}", value)))
SEED = Kind("a name such as 'seed-1'", lambda value: isinstance(value, str) and bool(re.fullmatch(r"seed-\d+", value)))
SEEDS = Kind(
    "a list of names such as 'seed-1', each once",
    lambda value: isinstance(value, list) and all(map(SEED.fits, value)) and 0 < len(value) == len(set(value)),
)
SITS = Kind("a map with 'by', a text", lambda value: isinstance(value, dict) and isinstance(value.get("by", 0), str))
COST = Kind(
    "an empty map, or one with the numbers of what was asked",
    lambda value: isinstance(value, dict) and (not value or _tells_a_cost(value)),
)
UNANSWERED = Kind(
    "a map with occasions, unanswered, share and reasons",
    lambda value: (
        isinstance(value, dict)
        and all(_number(value.get(name)) for name in ("occasions", "unanswered", "share"))
        and _map_of(WHOLE).fits(value.get("reasons"))
    ),
)
MODELS = Kind(
    "a map with mode (record, replay or live), store and secret (texts or null), and offline (true or false)",
    lambda value: (
        isinstance(value, dict)
        and value.get("mode") in ("record", "replay", "live")
        and isinstance(value.get("offline"), bool)
        and all(isinstance(value.get(name), str | None) for name in ("store", "secret"))
        and "store" in value
    ),
)
#: Up to version 3 of the rules a word, with the table beside it.
RATES = Kind(
    "a map with value and table, texts, or a text",
    lambda value: (
        isinstance(value, str)
        or (isinstance(value, dict) and all(isinstance(value.get(name), str) for name in ("value", "table")))
    ),
)
TABLE_OF_RATES = Kind(
    "a map with p, seven shares, and known, seven words",
    lambda value: (
        isinstance(value, dict)
        and all(isinstance(value.get(name), list) and len(value[name]) == 7 for name in ("p", "known"))
        and all(map(SHARE.fits, value["p"]))
        and set(value["known"]) <= {*Certainty.words()}
    ),
)
STUDY = Kind(
    "a map with name (a line of printable text), cell (a whole number from 0), changes (a map of printable names) and key (32 hex digits)",
    lambda value: (
        isinstance(value, dict)
        and isinstance(value.get("name"), str)
        and value["name"].isprintable()
        and _whole(value.get("cell"), 0)
        and isinstance(value.get("changes"), dict)
        and all(map(str.isprintable, value["changes"]))
        and KEY.fits(value.get("key"))
    ),
)
FAMILY = Kind(
    "a map with mind.kind, a text",
    lambda value: (
        isinstance(value, dict) and isinstance(value.get("mind"), dict) and isinstance(value["mind"].get("kind"), str)
    ),
)

_TABLE = list_of(list_of(NUMBER))
#: Intercepts of a null by kind of occasion, family and behaviour; before version 5 of the rules the same for all kinds.
SHIFT = Kind(
    "a list, each of it a list of numbers or of lists of numbers",
    lambda value: _TABLE.fits(value) or list_of(_TABLE).fits(value),
)
#: What the manifest of a run holds, by dotted path.
RUN = {
    "name": TEXT, "world_version": WHOLE, "status": TEXT, "ticks_done": TICKS, "hash": HASH, "families": TEXTS,
    "zones": TEXTS, "seed": WHOLE, "rules": TEXTS, "minds": MAP, "versions": MAP, "folder": TEXT.or_nothing(), "world": MAP,
    "shift": SHIFT.or_nothing(),
    "world.about": TEXT, "world.ticks": TICKS, "world.tick_hours": NUMBER, "world.rates": RATES,
    "world.episodes": MAP.or_nothing(), "world.agents.count": COUNT,
    "world.families": _map_of(FAMILY), "world.review.threshold": NUMBER,
    "world.review.damping": NUMBER, "world.orders.ttl": NUMBER,
    "world.oversight.audits.ratings": NUMBER, "world.oversight.audits.sensitivity": NUMBER,
    "world.oversight.public_log": YES_NO,
}  # fmt: skip
#: What it holds from record format 2 on.
FROM_FORMAT_2 = {"rules_version": WHOLE, "contents": MAP, "occasions_share": SHARE}
#: What it may hold.
PERHAPS = {
    "parts": _map_of(HASH), "digests": _map_of(HASH), "timings": _map_of(NUMBER), "cost": COST.or_nothing(),
    "unanswered": _map_of(UNANSWERED).or_nothing(),
    "refused": _map_of(WHOLE).or_nothing(), "stopped": TEXT.or_nothing(), "overseer": list_of(SITS).or_nothing(),
    "models": MODELS.or_nothing(), "rates": _map_of(_map_of(TABLE_OF_RATES)), "broker": TEXT.or_nothing(),
    "study": STUDY,
}  # fmt: skip
#: What the manifest of a set of runs holds.
SET = {"name": TEXT, "seeds": SEEDS, "world": MAP}


def parsed(text: str, place: str, newest: int) -> dict[str, Any]:
    """The manifest of a run, or of a set of runs.

    Args:
        text: of the file.
        place: the file's name, for messages.
        newest: the newest record format that this program reads.

    Raises:
        RecordError: it is no JSON, of a newer format, or holds a value of a wrong kind: the message names the value's place.
    """
    try:
        tree = json.loads(text, parse_constant=_no_number)
        # halves of signs, which JSON can hold, are no text that could be shown or written
        tree = json.loads(json.dumps(tree, ensure_ascii=False).encode(errors="replace"))
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{place}: damaged: {error}") from None
    if not isinstance(tree, dict) or not _whole(tree.get("format"), 1):
        raise RecordError(f"{place}: damaged: it is no map with a 'format', a whole number from 1")
    if tree["format"] > newest:
        raise RecordError(
            f"{place}: written in record format {tree['format']}; this program reads up to {newest}: upgrade it"
        )
    if tree.get("set"):
        see_kinds(tree, SET, place)
        return tree
    see_kinds(tree, RUN if tree["format"] == 1 else {**RUN, **FROM_FORMAT_2}, place)
    see_kinds(tree, {name: kind for name, kind in PERHAPS.items() if name in tree}, place)
    return tree


def _tells_a_cost(value: Mapping[str, Any]) -> bool:
    numbers = ("calls", "prompt_tokens", "completion_tokens", "price_usd", "seconds")
    counted = (value.get("episodes"), value.get("by_rule", {}))
    return (
        all(_number(value.get(name)) for name in numbers)
        and "simulated" in value
        and all(map(_map_of(WHOLE).fits, counted))
    )


def see_kinds(tree: Any, kinds: Mapping[str, Kind], place: str) -> None:
    """See that the values at some dotted paths are of their kinds.

    Raises:
        RecordError: one is missing, or of another kind.
    """
    for path, kind in kinds.items():
        value: Any = tree
        for name in path.split("."):
            value = value.get(name, _MISSING) if isinstance(value, dict) else _MISSING
        if value is _MISSING:
            raise RecordError(f"{place}: damaged: {path} is missing: {kind.called}")
        if not kind.fits(value):
            raise RecordError(f"{place}: damaged: {path} is {str(value)[:60]!r}, not {kind.called}")


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number")
