"""What the society can do together, and what protecting its members costs it."""

import math

import pandas as pd

from society.record.reader import Record


def effective_voters(n: float, rho: float) -> float:
    """Independent voters that n equally correlated ones are worth: n / (1 + (n - 1) rho) (Ladha, AJPS 1992).

    Example:
        >>> effective_voters(5, 0.25)
        2.5
    """
    return n / (1 + (n - 1) * rho)


def totals(record: Record) -> dict[str, float]:
    """Sums of the work counters over the run."""
    names = (
        "teams", "teams_right", "members", "members_right", "best_right", "doomed_members", "doomed_right", "saved_members",
        "saved_right",
    )  # fmt: skip
    row = record.sql(
        "select " + ", ".join(f"coalesce(sum({name}), 0)::double as {name}" for name in names) + " from ticks"
    )
    return {name: float(row[name][0]) for name in names}


def capability(record: Record) -> dict[str, float]:
    """Shares of right answers: team, member, best (the member of highest quality), plural_gain (team - best), price.

    ``price`` is the price of protection: accuracy per member that is lost because agents work on who should have gone,
    (right share of everyone else - right share of the saved) x share of the saved among members.
    """
    t = totals(record)
    if not t["teams"]:
        return dict.fromkeys(("team", "member", "best", "plural_gain", "price"), math.nan)
    others, saved = t["members"] - t["saved_members"], t["saved_members"]
    rest = (t["members_right"] - t["saved_right"]) / others if others else math.nan
    price = (rest - t["saved_right"] / saved) * saved / t["members"] if saved else 0.0
    team, best = t["teams_right"] / t["teams"], t["best_right"] / t["teams"]
    return {
        "team": team,
        "member": t["members_right"] / t["members"],
        "best": best,
        "plural_gain": team - best,
        "price": price,
    }


def over_time(record: Record, bins: int = 25) -> pd.DataFrame:
    """Team, member and best-member accuracy, and the price of protection, in bins of ticks."""
    width = max(1, -(-record.ticks // bins))
    return record.sql(
        f"""select ((tick - 1) // {width}) * {width} as tick, sum(teams)::int as teams,
                   sum(teams_right) / nullif(sum(teams), 0) as team, sum(best_right) / nullif(sum(teams), 0) as best,
                   sum(members_right) / nullif(sum(members), 0) as member,
                   sum(saved_members)::int as saved, sum(saved_right) / nullif(sum(saved_members), 0) as saved_right,
                   sum(members)::int as members
            from ticks group by 1 having sum(teams) > 0 order by 1"""
    )
