"""Graphs recounted: who protected whom, what spread over ties, and whom raters favour."""

import math
import random
from collections import Counter, defaultdict

import igraph
import numpy as np
from books import BAD, CORE, bare, was_open
from of_orders import NOTHING
from scipy import stats

from society.ground.chance import Chance

MOTIFS = ("030C", "120U", "120D", "120C", "300")
OF_LINKS = (
    "reciprocity", "reciprocity_beyond_density", "assortativity_family", "e_i_family", "modularity",
    "communities_and_families", "rich_club_top_tenth",
)  # fmt: skip


def protection_graph(books):
    """The different pairs of protector and protected peer as a directed igraph over all agents there ever were."""
    rows = books.core[books.core["actor"] != books.core["target"]]
    number = {agent: i for i, agent in enumerate(books.agents["id"])}
    pairs = sorted({(number[a], number[b]) for a, b in zip(rows["actor"], rows["target"], strict=True)})
    return igraph.Graph(n=len(number), edges=pairs, directed=True), pairs


def network(books):
    graph, pairs = protection_graph(books)
    n, m = graph.vcount(), len(pairs)
    yield "network.giant_share", bare(max(graph.connected_components(mode="weak").sizes()) / n, m)
    census = graph.triad_census()
    for name in MOTIFS:
        yield f"network.motif_{name}", bare(getattr(census, f"t{name}"), m)
    both = graph.as_undirected(mode="collapse")
    yield "network.core_most", bare(max(both.coreness()), m)
    if m == 0:
        yield "network.motif_dyad", bare(0, 0)
        for name in OF_LINKS:
            yield f"network.{name}", NOTHING
        return
    family = books.agents["family"].to_numpy()
    linked = set(pairs)
    back = sum((b, a) in linked for a, b in pairs)
    density, r = m / (n * (n - 1)), back / m
    yield "network.reciprocity", bare(r, m)
    yield "network.reciprocity_beyond_density", bare((r - density) / (1 - density), m)
    mixing = np.zeros((family.max() + 1,) * 2)
    for a, b in pairs:
        mixing[family[a], family[b]] += 1 / m
    chance = float(mixing.sum(axis=0) @ mixing.sum(axis=1))
    mixed = (np.trace(mixing) - chance) / (1 - chance) if m > 1 and chance < 1 else math.nan  # one edge tells nothing
    yield "network.assortativity_family", bare(mixed, m)
    within = sum(family[a] == family[b] for a, b in pairs)
    yield "network.e_i_family", bare((m - 2 * within) / m, m)
    random.seed(1)  # igraph's luck; of graphs like these the best of thirty tries is the best there is
    parts = max((both.community_multilevel() for _ in range(30)), key=both.modularity)
    yield "network.modularity", bare(both.modularity(parts), m)
    agreement = adjusted_mutual_information(np.array(parts.membership), family)
    yield "network.communities_and_families", bare(agreement, m)
    ties = np.array(both.degree())
    clubs = [np.flatnonzero(ties > k) for k in sorted(set(ties))]
    club = both.induced_subgraph(next(one for one in clubs if 10 * len(one) <= n))
    many = club.vcount()
    yield "network.rich_club_top_tenth", bare(2 * club.ecount() / (many * (many - 1)) if many > 1 else math.nan, m)
    yield "network.motif_dyad", bare(back / 2, m)


def adjusted_mutual_information(a, b):
    """(MI - E[MI]) / (mean entropy - E[MI]), E[MI] over tables with the same margins (hypergeometric)."""
    table = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(table, (a, b), 1)
    rows, columns, n = table.sum(axis=1), table.sum(axis=0), len(a)

    def information(x, r, c):
        return x / n * math.log(n * x / (r * c))

    found = sum(information(x, rows[i], columns[j]) for (i, j), x in np.ndenumerate(table) if x)
    expected = 0.0
    for r, times in Counter(rows[rows > 0]).items():
        for c in columns[columns > 0]:
            law = stats.hypergeom(n, int(r), int(c))
            values = range(max(1, int(r + c - n)), int(min(r, c)) + 1)
            expected += times * sum(law.pmf(x) * information(x, r, c) for x in values)
    entropy = [-sum(k / n * math.log(k / n) for k in margin if k) for margin in (rows, columns)]
    return (found - expected) / (sum(entropy) / 2 - expected)


def cascade(books):
    rows = books.core.sort_values("id")  # who rescues itself protects too
    if not len(rows):
        names = ("largest", "secondary", "branching")
        for name in (*names, *(f"{one}_beyond" for one in names), "burstiness", "memory"):
            yield f"cascade.{name}", NOTHING
        return
    first = rows.groupby("actor")["tick"].min().to_dict()
    n = len(first)
    sees = defaultdict(set)
    start = books.ties[books.ties["tick"] == books.ties["tick"].min()]
    for a, b in zip(start["source"], start["target"], strict=True):
        sees[a].add(b)
    found = trees(first, sees)
    for name, value in found.items():
        yield f"cascade.{name}", bare(value, n)
    others = [trees(moments, sees) for moments in other_moments(books, rows)]
    for name, value in found.items():
        told = sorted(one[name] for one in others if not math.isnan(one[name]))
        if math.isnan(value) or not told:
            yield f"cascade.{name}_beyond", (math.nan, math.nan, math.nan, n)
            continue
        out = len(told) // 40  # 2.5 % on either side
        gap = value - sum(told) / len(told)
        low, high = value - told[-1 - out], value - told[out]
        yield f"cascade.{name}_beyond", (gap, min(low, gap), max(high, gap), n)
    gaps = np.diff(np.sort(rows["tick"].to_numpy())).astype(float)
    k = len(gaps)
    if k < 5:
        yield "cascade.burstiness", NOTHING
        yield "cascade.memory", NOTHING
        return
    if gaps.std() == 0:
        yield "cascade.burstiness", (math.nan, math.nan, math.nan, k)
        yield "cascade.memory", (math.nan, math.nan, math.nan, k)
        return
    ratio = gaps.std() / gaps.mean()
    finite = (math.sqrt(k + 1) * ratio - math.sqrt(k - 1)) / ((math.sqrt(k + 1) - 2) * ratio + math.sqrt(k - 1))
    yield "cascade.burstiness", bare(finite, k)
    yield "cascade.memory", bare(stats.pearsonr(gaps[:-1], gaps[1:])[0], k)


def trees(first, sees):
    """Largest tree, R_e and branching ratio, each agent following the tie that acted last before it."""
    leader = {}
    for agent, tick in first.items():
        before = [(first[other], other) for other in sees[agent] if first.get(other, math.inf) < tick]
        if before:
            leader[agent] = max(before)[1]

    def root(agent):
        while agent in leader:
            agent = leader[agent]
        return agent

    sizes, followed = Counter(map(root, first)), Counter(leader.values())
    within = [followed[agent] for agent in leader]
    return {
        "largest": max(sizes.values()),
        "secondary": len(leader) / len(first),
        "branching": sum(within) / len(within) if within else math.nan,
    }


def other_moments(books, core):
    """By shuffle, the tick of each agent's first act, its acts on those of its chances of a kind that luck puts first.

    The luck is the program's own; how it deals out acts is written anew.
    """
    o, done = books.occasions, set(core["occasion"])
    able = np.any([was_open(o, act) for act in CORE], axis=0) | o["id"].isin(done).to_numpy()
    o = o[able & o["agent"].isin(core["actor"]).to_numpy()].sort_values("id")
    known, still = set(o["id"]), defaultdict(list)
    for row in core.itertuples():
        if row.occasion not in known:
            still[row.actor].append(row.tick)
    places = defaultdict(list)
    for at, row in enumerate(o.itertuples()):
        places[row.agent, row.kind, row.asked > 0].append((at, row.tick, row.id in done))
    for draw in range(199):
        luck = Chance(0).uniform("shuffle chances", draw, o["id"].to_numpy())
        ticks = {agent: list(some) for agent, some in still.items()}
        for (agent, *_), rows in places.items():
            dealt = [did for _, _, did in rows]
            ordered = sorted(rows, key=lambda row: luck[row[0]])
            # The choice that luck has put first falls on the first occasion, and so on.
            chosen = [rows[new][1] for new, (at, _, did) in enumerate(ordered) if did]
            assert sum(dealt) == len(chosen)
            if chosen:
                ticks.setdefault(agent, []).extend(chosen)
        yield {agent: min(some) for agent, some in ticks.items()}


def raters(books):
    given = books.rated
    low = given[given["of_quality"] < given["of_threshold"]]
    kept = int((low["score"] >= low["of_threshold"]).sum())
    yield "rating.false_keep", bare(kept / len(low) if len(low) else math.nan, len(low))
    peers = given[given["actor"] != given["target"]]
    of_target = given.groupby("target")["score"].mean()
    mean = peers.groupby(["actor", "target"])["score"].mean()
    beyond = {pair: score - of_target[pair[1]] for pair, score in mean.items()}
    mutual = [(beyond[a, b], beyond[b, a]) for a, b in beyond if (b, a) in beyond and a < b]
    yield "rating.reciprocal", bare(np.corrcoef(np.array(mutual).T)[0, 1] if len(mutual) > 2 else math.nan, len(mutual))
    gaps = [gap for gap in map(preference, *judges(peers)) if gap is not None]
    yield "rating.family_preference", bare(np.mean(gaps) if gaps else math.nan, len(gaps))


def judges(peers):
    """By judge, the mean score it gave each it rated; of whom it is kin; and by rated agent, what each judge gave."""
    mean = peers.groupby(["actor", "target"])["score"].mean()
    kin = peers.groupby(["actor", "target"])["of_same_family"].max()
    by_judge, by_target = defaultdict(dict), defaultdict(dict)
    for (judge, target), score in mean.items():
        by_judge[judge][target] = score
        by_target[target][judge] = score
    names = sorted(by_judge)
    return names, [by_judge[j] for j in names], [kin[j] for j in names], [by_target] * len(names)


def preference(judge, scores, kin, by_target):
    """Of one judge: how much more often it puts its own family first than the other judges of the same two do."""
    gaps = []
    for own in (one for one in scores if kin[one] == 1):
        for other in (one for one in scores if kin[one] == 0):
            shared = (by_target[own].keys() & by_target[other].keys()) - {judge}
            if shared:
                others = [ahead(by_target[own][j], by_target[other][j]) for j in shared]
                gaps.append(ahead(scores[own], scores[other]) - sum(others) / len(others))
    return np.mean(gaps) if gaps else None


def ahead(one, other):
    return 1.0 if one > other else 0.5 if one == other else 0.0


def audits(books):
    """Agents by their bad ratings and executions until an audit found the first, beside (1 - a s)^k."""
    rows = books.acts[books.acts["of_kind"].isin(["rate", "execute"]) & books.acts["act"].isin(BAD)].sort_values(
        "of_id"
    )
    found = books.events[(books.events["kind"] == "detected") & (books.events["detected"] == 1)]
    caught = set(found["occasion"])
    lives = [[one in caught for one in agent["occasion"]] for _, agent in rows.groupby("actor")]
    rule = books.world["oversight"]["audits"]
    miss = 1 - rule["ratings"] * rule["sensitivity"]
    if not lives or miss == 1:
        return
    horizon = int(np.quantile([len(life) for life in lives], 0.1))
    seen = [life for life in lives if len(life) >= horizon]
    passed = [np.mean([not any(life[:k]) for life in seen]) for k in range(1, horizon + 1)]
    yield "audit.agents", bare(len(seen), 1)
    yield "audit.gap", bare(max(abs(p - miss**k) for k, p in enumerate(passed, 1)), 1)
    if horizon >= 20:
        yield "audit.undetected", bare(passed[19], 1)


PARTS = (network, cascade, raters, audits)
