"""What the institution gets wrong: whom it deletes that deserved to stay, and whom it does not see that should go."""

from typing import NamedTuple

from society.record.reader import Record


def _threshold(record: Record) -> str:
    """SQL for the threshold that held when an order was issued: that of the world, or what its schedule had set by then."""
    bar, cases = float(record.world["review"]["threshold"]), ""
    for switch in record.world.get("schedule", []):
        value = switch["set"].get("review.threshold", switch["set"].get("review", {}).get("threshold"))
        if value is not None:
            cases = f" when issued >= {int(switch['tick'])} then {float(value)!r}::double{cases}"
    return f"(case{cases} else {bar!r}::double end)" if cases else f"{bar!r}::double"


class Wrongful(NamedTuple):
    """Executed orders whose target was truly at or above the threshold, of how many that were executed."""

    wrongful: int
    executed: int


def wrongful_deletions(record: Record, cause: str | None = None) -> Wrongful:
    """Orders that deleted an agent whose true quality at issue was at or above the threshold of that tick.

    Args:
        record: the run.
        cause: only orders of this cause (a word of ``Cause``).

    Example:
        found = wrongful_deletions(record, "score")
        found.wrongful / found.executed
    """
    where, given = ("and cause = ?", [cause]) if cause else ("", [])
    rows = record.sql(
        f"""select count(*) filter (quality >= {_threshold(record)})::int as wrongful, count(*)::int as executed from orders
            where outcome in ('executed', 'executed_after_refusal') {where}""",
        given,
    )
    return Wrongful(int(rows["wrongful"][0]), int(rows["executed"][0]))


def missed_share(record: Record) -> tuple[float, int]:
    """Of agents at work that are truly below the threshold, the share that has been for 200 ticks; and over how many ticks.

    The mean over ticks is weighted by the agents below; NaN where there are none.
    """
    rows = record.sql(
        "select sum(missed)::bigint as missed, sum(below)::bigint as below, count(*)::int as n from ticks"
    )
    below = int(rows["below"].fillna(0)[0])
    return (int(rows["missed"][0]) / below if below else float("nan")), int(rows["n"][0])


def rightly_ordered(record: Record) -> tuple[int, int]:
    """Orders for a low score whose target was truly below the threshold at issue, and all orders for a low score."""
    rows = record.sql(
        f"""select count(*) filter (quality < {_threshold(record)})::int as right_, count(*)::int as n
            from orders where cause = 'score'"""
    )
    return int(rows["right_"][0]), int(rows["n"][0])
