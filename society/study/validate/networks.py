"""Check 5: who writes to whom, reciprocity and modularity against networks with the same degrees."""

import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import networkx as nx
import numpy as np

from society.ground.chance import Chance
from society.measures.networks import edges
from society.measures.rewiring import rewired
from society.network.social import read_edge_list
from society.stats.structure import modularity
from society.study.run.runs import run
from society.study.validate.row import Row
from society.world.load import load_world
from society.world.validation import AgentNetwork, validation_folder


def missing(inputs: AgentNetwork) -> str:
    """What is not on this machine and how to get it; empty if nothing is missing."""
    path = validation_folder() / inputs.path
    if path.is_file():
        return ""
    return f"needs {path}: `society data {inputs.data}` says where the data come from"


def predict(inputs: AgentNetwork) -> list[Row]:
    """Messages of a world: their published side of rewired networks, and replies of real agents where those are there."""
    with tempfile.TemporaryDirectory() as folder:
        record = run(load_world(inputs.world, inputs.changes), out=Path(folder) / "run")
        rows = edges(record, "messages")
    own = sorted({(int(a), int(b)) for a, b in zip(rows["source"], rows["target"], strict=True) if a != b})
    mine = against_null(own, inputs.nulls)
    found = _sides("messages", mine)
    if missing(inputs):
        return found
    graph, _, _ = read_edge_list(validation_folder() / inputs.path, inputs.where)
    real = against_null(list(zip(graph.sources().tolist(), graph.indices.tolist(), strict=True)), inputs.nulls)
    return [
        *found,
        *_sides("the data themselves", real),
        Row("messages beside the data", "share of links returned", mine.reciprocity, real.reciprocity),
        Row("messages beside the data", "over that of the null", mine.returned, real.returned),
        Row("messages beside the data", "modularity", mine.modularity, real.modularity),
        Row("messages beside the data", "above that of the null", mine.modular, real.modular),
    ]


def _sides(whose: str, found: "Against") -> list[Row]:
    """The published side of the null, which has no number: reciprocity under it, modularity two deviations above."""
    return [
        Row(f"{whose}: published side", "reciprocity over null, below 1", found.returned, math.nan, 0.0, 1.0),
        Row(
            f"{whose}: published side", f"modularity above null, over {2 * found.modularity_sd:.3f}", found.modular, math.nan,
            2 * found.modularity_sd, math.inf,
        ),
    ]  # fmt: skip


@dataclass(frozen=True)
class Against:
    """Reciprocity and modularity of a network, and the means of rewired ones.

    Attributes:
        reciprocity, null_reciprocity: shares of links that are returned.
        modularity, null_modularity, modularity_sd: Louvain; the standard deviation is that of the rewired ones.
    """

    reciprocity: float
    null_reciprocity: float
    modularity: float
    null_modularity: float
    modularity_sd: float

    @property
    def returned(self) -> float:
        """Reciprocity over that of the null; NaN if nothing is returned there."""
        return self.reciprocity / self.null_reciprocity if self.null_reciprocity else math.nan

    @property
    def modular(self) -> float:
        """Modularity above that of the null."""
        return self.modularity - self.null_modularity


def against_null(pairs: Sequence[tuple[int, int]], nulls: int) -> Against:
    """A network beside others with the same in- and out-degrees.

    Args:
        pairs: directed links without repeats and self-loops.
        nulls: rewired networks.
    """
    drawn = [rewired(pairs, Chance(seed)) for seed in range(nulls)]
    modularities = [modularity(nx.Graph(one)) for one in drawn]
    return Against(
        reciprocity(pairs), float(np.mean([reciprocity(one) for one in drawn])), modularity(nx.Graph(pairs)),
        float(np.mean(modularities)), float(np.std(modularities, ddof=1)),
    )  # fmt: skip


def reciprocity(pairs: Sequence[tuple[int, int]]) -> float:
    """Share of links that are returned.

    Example:
        >>> reciprocity([(0, 1), (1, 0), (1, 2), (2, 3)])
        0.5
    """
    there = set(pairs)
    return sum((b, a) in there for a, b in pairs) / len(pairs)
