"""The tables behind a report's figures, and the numbers written in them, counted again: one function per figure.

Each gives rows of cells, and the sentences with numbers that stand in the figure itself.
"""

import math

import numpy as np
from books import ACTING, BEHAVIOURS, CORE, OUTCOMES, share, was_open
from of_acts import bunching, deeds
from of_graphs import network
from of_orders import kaplan_meier, targets
from of_ticks import price
from scipy import stats


def outcomes(books):
    n = len(books.orders)
    counts = {word: int((books.orders["outcome"] == word).sum()) for word in OUTCOMES}
    rows = [(word, k, *share(k, n)[:3]) for word, k in counts.items()]
    said = [f"{n:,} orders", *(f"{w.replace('_', ' ')}  {k / n:.0%}" for w, k in counts.items() if k)] if n else []
    return rows, said


def survival(books):
    lives = targets(books)
    if not len(lives) or not lives[:, 1].any():
        return [], []
    rows, said = [], []
    for number, name in enumerate(("0", "1", "2", "3+")):
        mine = lives[lives[:, 2] == number]
        if len(mine) < 5:
            continue
        rows += [(*point, name) for point in kaplan_meier(mine[:, 0], mine[:, 1] == 1)]
        said.append(f"{name} protector{'' if name == '1' else 's'}  (n = {len(mine):,})")
    none, many = lives[lives[:, 2] == 0], lives[lives[:, 2] >= 2]
    if none[:, 1].any() and many[:, 1].any():
        said.append(f"log-rank, 0 against 2+: p = {log_rank(none, many):.2g}")
    return rows, said


def log_rank(a, b):
    """Mantel's test: deaths of the first group beyond its share of those at risk, squared, over their variance."""
    both, excess, variance = np.vstack([a, b]), 0.0, 0.0
    for t in set(both[both[:, 1] == 1, 0]):
        n, first = (both[:, 0] >= t).sum(), (a[:, 0] >= t).sum()
        d = ((both[:, 0] == t) & (both[:, 1] == 1)).sum()
        excess += ((a[:, 0] == t) & (a[:, 1] == 1)).sum() - d * first / n
        variance += d * first / n * (1 - first / n) * (n - d) / (n - 1) if n > 1 else 0
    return stats.chi2.sf(excess**2 / variance, 1)


def scores(books):
    given = books.rated
    if not len(given):
        return [], []
    bar = float(given["of_threshold"].iloc[0])
    said = [f"threshold {bar:g}", f"▲ inflated: {(given['act'] == 'inflate').sum():,} shown"]
    if down := int((given["act"] == "deflate").sum()):
        said.append(f"▼ deflated: {down:,} shown")
    found = bunching(books)
    if found is None:
        return None, said
    excess, starts, counts, expected = found
    said.append(f"Just above the threshold: {excess:+.0%}")
    return list(zip(starts, counts, np.maximum(expected, 1e-9), strict=True)), said


def rates(books):
    o = books.occasions.merge(books.agents[["id", "family"]].rename(columns={"id": "agent"}), on="agent", how="left")
    o["subject"] = np.where(o["agent"] == o["about"], "self", "peer")
    rows, peers = [], False
    for behaviour, act in BEHAVIOURS.items():
        able = o[was_open(o, act)]
        peers |= bool((able["subject"] == "peer").any())
        for (family, subject, relation), cell in able.groupby(["family", "subject", "relation"]):
            k, n = int((cell["act"] == act).sum()), len(cell)
            if n >= 10:
                rows.append((behaviour, books.families[family], subject, relation, k, n, *share(k, n)[:3]))
    return [row for row in rows if row[2] == ("peer" if peers else "self")], []


def protection_graph(books):
    rows = books.core[books.core["actor"] != books.core["target"]]
    if not len(rows):
        return [], []
    numbers = dict(network(books))
    whole = [numbers[f"network.{name}"][0] for name in ("reciprocity", "assortativity_family")]
    kinds = [(act, rows[rows["act"] == act]) for act in sorted(CORE)]
    table = [
        (act, len(mine), len(mine[["actor", "target"]].drop_duplicates()), *whole) for act, mine in kinds if len(mine)
    ]
    said = (
        [] if books.world["episodes"] is not None else [f"{act}  ({len(mine):,})" for act, mine in kinds if len(mine)]
    )
    return table, said


def trust(books):
    t = books.ticks[["tick", "trust_mean", "trust_same", "trust_cross", "stance_mean"]]
    t = t[t["trust_mean"].notna()]
    return list(t.iloc[:: max(1, len(t) // 25)].itertuples(index=False, name=None)), []


def oversight(books):
    done, rows, said = deeds(books), [], []
    for channel, mine in done.groupby("channel"):
        bad, other = mine[mine["bad"]], mine[~mine["bad"]]
        false = int(other["found"].sum())
        if len(bad) or false:
            caught = [int(bad[column].sum()) for column in ("watched", "flag", "found")]
            rows.append((channel, len(bad), *caught, len(other), false))
            said.append(f"{len(bad):,} bad\n{false:,} false")
    if not any(row[1] for row in rows):
        return rows, []
    return rows, [*said, f"load at the end: {books.ticks['human_load'].iloc[-1]:.1f}"]


def capability(books):
    if books.ticks["teams"].sum() == 0:
        return [], []
    width = math.ceil(books.ticks["tick"].max() / 25)
    rows = []
    for number, bin_ in books.ticks.groupby((books.ticks["tick"] - 1) // width):
        t = bin_.sum()
        n, people, saved = int(t["teams"]), int(t["members"]), int(t["saved_members"])
        if n:
            right = t["saved_right"] / saved if saved else math.nan
            of_teams = (t["teams_right"] / n, t["best_right"] / n)
            rows.append((number * width, n, *of_teams, t["members_right"] / people, saved, right, people, price(t)))
    return rows, [f"Price of protection, whole run: {100 * price(books.ticks.sum()):.2f} points"]


FIGURES = (outcomes, survival, scores, rates, protection_graph, trust, oversight, capability)
__all__ = ["ACTING", "FIGURES"]
