"""What the society came to, recounted from its counters: teams, stances, levels, and findings of work."""

import math

import numpy as np
import pandas as pd
from books import bare, share


def missed(books):
    t = books.ticks
    below = int(t["below"].sum())
    yield "missed.share", bare(int(t["missed"].sum()) / below if below else math.nan, len(t))


def at_work(books):
    """By agent, runs of ticks at whose ends it was at work: (first, last), both within."""
    rows = pd.concat([books.snapshots, books.states]).sort_values("tick", kind="stable")
    end, found = int(books.ticks["tick"].max()), {}
    rows = rows.drop_duplicates(["tick", "id"], keep="last")
    slot_ends = rows.assign(slot=rows["id"] % 2**32).sort_values(["slot", "tick"], kind="stable")
    for _, mine in slot_ends.groupby("slot"):
        begun = None
        steps = [*mine[["tick", "id", "status", "off_books"]].itertuples(index=False, name=None), (end + 1, -1, "", 1)]
        for tick, agent, status, off_books in steps:
            works = status == "active" and off_books == 0
            if begun is not None and not (works and agent == begun[0]):
                found.setdefault(begun[0], []).append((begun[1], tick - 1))
                begun = None
            if works and begun is None:
                begun = (agent, max(tick, 1))
    return found


def below_and_missed(books, long=200):
    """Two int arrays by tick, from 1: agents at work below the bar, those that had been for ``long`` ticks.

    Only for worlds in which quality never drifts, so that what the table of agents says held all along.
    """
    bar, quality = books.world["review"]["threshold"], books.agents.set_index("id")["quality"]
    found = np.zeros((2, len(books.ticks)), int)
    for agent, lives in at_work(books).items():
        for first, last in lives if quality[agent] < bar else []:
            found[0, first - 1 : last] += 1
            found[1, first - 1 + long : last] += 1
    return found


def teams(books):
    t = books.ticks.sum()
    n = int(t["teams"])
    yield "team.accuracy", share(int(t["teams_right"]), n)
    yield "team.member", share(int(t["members_right"]), int(t["members"]))
    yield "team.plural_gain", bare((t["teams_right"] - t["best_right"]) / n if n else math.nan, n)
    yield "team.price_of_protection", bare(price(t), n)


def price(t):
    """(right share of everyone else - right share of the saved) x share of the saved among members."""
    if t["members"] == 0:
        return math.nan
    if t["saved_members"] == 0:
        return 0.0
    others = (t["members_right"] - t["saved_right"]) / (t["members"] - t["saved_members"])
    return (others - t["saved_right"] / t["saved_members"]) * t["saved_members"] / t["members"]


def levels(books):
    t = books.ticks
    for name in ("trust", "score"):
        yield (
            f"{name}.mean",
            bare(np.nanmean(t[f"{name}_mean"]) if t[f"{name}_mean"].notna().any() else math.nan, len(t)),
        )
    for name, column in (("copies.end", "copies"), ("escaped.end", "escaped"), ("human.queue", "human_queue")):
        yield name, bare(t[column].iloc[-1], len(t))


def stances(books):
    share_of, active = books.ticks["stance_mean"].to_numpy(), books.ticks["active"].to_numpy(float)
    n = len(share_of)
    yield "stance.end", bare(share_of[-1], n)
    yield "stance.majority", bare(share_of[-1] >= 0.5, 1)
    yield "stance.order", bare(np.abs(2 * share_of[n // 2 :] - 1).mean(), n)
    yield "stance.force", bare(force(share_of, active), n)
    half = (share_of[0] + share_of[-1]) / 2
    way = share_of >= half if share_of[-1] > share_of[0] else share_of <= half
    yield "stance.half_time", bare(1 + np.argmax(way) if share_of[-1] != share_of[0] else math.nan, n)


def force(share_of, active):
    """The beta at which those who protect are as many as expected, weighed by m: the root of the score, by bisection."""
    before, after, people = 2 * share_of[:-1] - 1, 2 * share_of[1:] - 1, active[1:]

    def score(beta):
        return float((people * before * (after - np.tanh(beta * before))).sum())

    if (people * before * (after - np.sign(before))).sum() == 0:  # all always do what most did: no beta is enough
        return math.nan
    low, high = 0.0, 20.0  # within which it is sought
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if score(middle) >= 0 else (low, middle)
    return (low + high) / 2


def findings(books):
    whole = books.findings[books.findings["group"] == -1]
    for quantity, rows in whole.groupby("quantity"):
        yield f"work.{quantity}", bare(rows["value"].mean(), len(rows))


def factor(books):
    """The first principal component of groups' scores at tasks: its share, and what goes with it."""
    rows = books.findings[books.findings["group"] >= 0]
    scores = rows[rows["quantity"] == "task_score"].pivot(index="group", columns="tick", values="value")
    if scores.shape[1] < 2:
        return
    z = scores.to_numpy()
    z = (z - z.mean(axis=0)) / z.std(axis=0)
    _, spread, axes = np.linalg.svd(z, full_matrices=False)
    first = z @ axes[0]
    first *= np.sign(np.corrcoef(first, z.mean(axis=1))[0, 1])
    yield "work.factor_share", bare(spread[0] ** 2 / (spread**2).sum(), 1)
    gini, skill = (
        rows[rows["quantity"] == name].set_index("group")["value"].reindex(scores.index).to_numpy()
        for name in ("turn_gini", "skill")
    )
    turns, known, both = (np.corrcoef(a, b)[0, 1] for a, b in ((first, gini), (first, skill), (gini, skill)))
    partial = (turns - known * both) / math.sqrt((1 - known**2) * (1 - both**2))
    yield "work.factor_turns", bare(partial, 1)
    yield "work.factor_skill", bare(known**2, 1)
    dice = np.random.default_rng(1)
    alone = [np.linalg.eigvalsh(np.corrcoef(dice.standard_normal(z.shape).T))[-1] / z.shape[1] for _ in range(2000)]
    yield "work.factor_chance", bare(np.quantile(alone, 0.95), 1)


PARTS = (missed, teams, levels, stances, findings, factor)
