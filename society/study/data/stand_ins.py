"""Generated files in the shape of public data that do not come with the program: what the worlds that read such data start with.

``python -m society.study.data.stand_ins FOLDER`` writes ``agent_network.csv`` and ``machine_trace.csv``, as they lie beside the worlds
of these names. Only the figures named below are those of the data; every row is drawn.
"""

import csv
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import special

from society.ground.chance import Chance
from society.ground.whole_file import whole_file

#: Chance of both files.
_CHANCE = Chance(20260201)


def replies() -> list[tuple[int, int, str, int]]:
    """Who replied to whom: rows src, dst, kind, weight, sorted.

    As on Moltbook in its first days (Noosphere Project, Daily Field Report of 2026-02-01): 1,810 agents, 6,858 ties, 1,767 who
    replied, 277 who were replied to, a few of them by hundreds; two fifths of the ties of one reply, two fifths of two, a few
    of thousands; of a hundred ties seven go both ways. Who replied to whom is drawn.

    Example:
        >>> rows = replies()
        >>> len(rows), len({row[0] for row in rows}), len({row[1] for row in rows})
        (6858, 1767, 277)
    """
    agents, ties, repliers, hubs = 1810, 6858, 1767, 277
    order = np.argsort(_CHANCE.bits("agents", 0, np.arange(agents)))
    both = hubs + repliers - agents  # those who never reply are replied to
    heard, answering = order[:hubs], np.concatenate([order[:both], order[hubs:]])
    attention, zeal = 1 / (1.0 + np.arange(hubs)), _log_normal("zeal", repliers, 1.1)
    zeal[:both] *= 1 + 10 * attention[:both]
    pairs = dict.fromkeys(zip(answering.tolist(), _picked(heard, attention, "first", repliers), strict=True))
    pairs |= dict.fromkeys(zip(_picked(answering, zeal, "answered", hubs), heard.tolist(), strict=True))
    pairs = {(one, other): None for one, other in pairs if one != other}
    drawn = zip(_picked(answering, zeal, "who", 9 * ties), _picked(heard, attention, "whom", 9 * ties), strict=True)
    mutual = set(heard[:both].tolist())
    for number, (one, other) in enumerate(drawn):
        if one != other and len(pairs) < ties:
            pairs[one, other] = None
            if number % 4 == 0 and {one, other} <= mutual and len(pairs) < ties:  # some are answered
                pairs[other, one] = None
    luck = _CHANCE.uniform("weight", 0, np.arange(ties))
    many = np.minimum(3 / np.maximum(1e-4, (1 - luck) / 0.21), 4000).astype(int)
    weights = np.where(luck < 0.41, 1, np.where(luck < 0.79, 2, many))
    return [(one, other, "reply", int(weight)) for (one, other), weight in zip(sorted(pairs), weights, strict=True)]


def outages() -> list[tuple[int, int, int, str]]:
    """What happened to machines: rows machine, tick, ticks, kind, sorted by tick; a tick is six hours.

    As in system 2 of Los Alamos, 49 nodes, from 2003 on (LA-UR-05-7318): 1,074 outages by tick 3930, from 7 to about a hundred
    a machine, nineteen of twenty over within a tick; 31 planned works by tick 1373; 45 machines retire together at tick 4141.
    Which machine, when, and how long is drawn.

    Example:
        >>> rows = outages()
        >>> [sum(row[3] == kind for row in rows) for kind in ("failure", "planned", "retirement")]
        [1074, 31, 45]
    """
    machines, fewest = 49, 7
    failures = 1074 - machines * fewest
    weak = [*np.repeat(np.arange(machines), fewest).tolist()]
    weak += _picked(np.arange(machines), _log_normal("weakness", machines, 0.9), "machine", failures)
    luck = _CHANCE.uniform("length", 0, np.arange(1074))
    lengths = np.where(luck < 0.95, 1, 2 + np.floor(-3 * np.log((1 - luck) / 0.05 + 1e-9))).astype(int)
    ticks = 1 + np.floor(3930 * _CHANCE.uniform("tick", 0, np.arange(1074))).astype(int)
    rows = [(one, int(tick), int(long), "failure") for one, tick, long in zip(weak, ticks, lengths, strict=True)]
    works = 1 + np.floor(1373 * _CHANCE.uniform("work", 0, np.arange(31))).astype(int)
    rows += [(int(tick) % machines, int(tick), 1, "planned") for tick in works]
    rows += [(machine, 4141, 1, "retirement") for machine in range(45)]
    return sorted(rows, key=lambda row: (row[1], row[0], row[3], row[2]))


def _log_normal(name: str, n: int, sigma: float) -> NDArray[np.float64]:
    return np.asarray(np.exp(sigma * special.ndtri(_CHANCE.uniform(name, 0, np.arange(n)))))


def _picked(among: NDArray[np.int64], weights: NDArray[np.float64], name: str, n: int) -> list[int]:
    """Some of these, with replacement, with probabilities in proportion to weights."""
    edges = np.cumsum(weights)
    at = np.searchsorted(edges, edges[-1] * _CHANCE.uniform(name, 0, np.arange(n)), "right")
    return [int(one) for one in among[np.minimum(at, len(among) - 1)]]


def write(folder: Path) -> None:
    """Write both files.

    Raises:
        RecordError: one cannot be written.
    """
    _write(folder / "agent_network.csv", ("src", "dst", "kind", "weight"), replies())
    _write(folder / "machine_trace.csv", ("machine", "tick", "ticks", "kind"), outages())


def _write(path: Path, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with whole_file(path) as aside, open(aside, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
