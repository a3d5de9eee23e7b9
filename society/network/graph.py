"""A directed graph in compressed sparse rows (CSR), the form in which ties and links are kept."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from society.ground.kernels import kernel

#: Edges of a node up to which reading all of them is quicker than searching.
SHORT = 24


@dataclass(frozen=True)
class Graph:
    """A directed graph without self-loops and parallel edges.

    Attributes:
        indptr: int64[n + 1]; the out-neighbours of i are ``indices[indptr[i]:indptr[i + 1]]``, ascending.
        indices: int32[m].
        reverse: int64[m], position of j -> i for the edge i -> j, -1 if there is none.
    """

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    reverse: NDArray[np.int64]

    @property
    def n(self) -> int:
        """Number of nodes."""
        return len(self.indptr) - 1

    @property
    def m(self) -> int:
        """Number of directed edges."""
        return len(self.indices)

    @cached_property
    def mutual(self) -> bool:
        """Whether every edge goes both ways."""
        return bool((self.reverse >= 0).all())

    def edges_of(self, nodes: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Positions of the out-edges of some nodes, one node after the other, and where those of each begin.

        Args:
            nodes: int[k].

        Returns:
            int64[e], positions; int64[k + 1], the edges of nodes[i] are ``positions[start[i]:start[i + 1]]``.

        Example:
            >>> positions, start = from_edges(3, [0, 1, 1], [1, 0, 2], symmetric=False).edges_of(np.array([1, 0]))
            >>> positions.tolist(), start.tolist()
            ([1, 2, 0], [0, 2, 3])
        """
        found: tuple[NDArray[np.int64], NDArray[np.int64]] = _edges_of(self.indptr, np.asarray(nodes))
        return found

    @cached_property
    def incoming(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The edges into each node, one way or both: int64[n + 1], int64[m], as ``indptr`` and positions, by their sources.

        Example:
            >>> starts, edges = from_edges(3, [0, 2, 1], [1, 1, 2], symmetric=False).incoming
            >>> edges[starts[1] : starts[2]].tolist()
            [0, 2]
        """
        if self.mutual:
            return self.indptr, self.reverse
        starts = np.zeros(self.n + 1, np.int64)
        np.cumsum(np.bincount(self.indices, minlength=self.n), out=starts[1:])
        return starts, np.argsort(self.indices, kind="stable")

    def edges_into(self, nodes: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """As ``edges_of``, of the edges that lead to some nodes."""
        starts, edges = self.incoming
        places, start = _edges_of(starts, np.asarray(nodes))
        return edges[places], start

    def sources(self) -> NDArray[np.int32]:
        """int32[m], the source of every edge."""
        return np.repeat(np.arange(self.n, dtype=np.int32), np.diff(self.indptr))


def from_edges(n: int, source: ArrayLike, target: ArrayLike, symmetric: bool) -> Graph:
    """A graph from edges; self-loops and duplicates are dropped.

    Args:
        n: number of nodes.
        source: int[k], 0 .. n-1.
        target: int[k], 0 .. n-1.
        symmetric: also add every edge the other way round.

    Example:
        >>> from_edges(3, [0, 1], [1, 2], symmetric=True).indices.tolist()
        [1, 0, 2, 1]
    """
    a, b = np.asarray(source, dtype=np.int64), np.asarray(target, dtype=np.int64)
    if symmetric:
        a, b = np.concatenate([a, b]), np.concatenate([b, a])
    keys = a[a != b] * np.int64(max(n, 1)) + b[a != b]
    keys.sort()
    if len(keys):
        keys = keys[np.concatenate([[True], keys[1:] != keys[:-1]])]
    a, indices = keys // max(n, 1), (keys % max(n, 1)).astype(np.int32)
    indptr = np.zeros(n + 1, np.int64)
    np.cumsum(np.bincount(a, minlength=n), out=indptr[1:])
    return Graph(indptr, indices, _reverse(indptr, indices))


@kernel
def _edges_of(indptr: Any, nodes: Any) -> Any:
    """Positions and starts, see ``Graph.edges_of``."""
    start = np.zeros(len(nodes) + 1, np.int64)
    for row in range(len(nodes)):
        start[row + 1] = start[row] + indptr[nodes[row] + 1] - indptr[nodes[row]]
    positions = np.empty(start[-1], np.int64)
    for row in range(len(nodes)):
        first = indptr[nodes[row]]
        for place in range(start[row], start[row + 1]):
            positions[place] = first + place - start[row]
    return positions, start


@kernel
def position(indptr: Any, indices: Any, i: Any, j: Any) -> Any:
    """The position of the edge i -> j, -1 if there is none. For kernels.

    A short row is read whole, without branches; a long one by binary search.
    """
    row = np.uint64(i)
    low, high = np.uint64(indptr[row]), np.uint64(indptr[row + np.uint64(1)])
    if high - low <= SHORT:
        found: Any = np.int64(-1)
        for edge in range(low, high):
            found = np.int64(edge) if indices[edge] == j else found
        return found
    end = high
    while low < high:
        middle = (low + high) // np.uint64(2)
        if indices[middle] < j:
            low = middle + np.uint64(1)
        else:
            high = middle
    return np.int64(low) if low < end and indices[low] == j else np.int64(-1)


@kernel
def _reverse(indptr: Any, indices: Any) -> Any:
    reverse = np.empty(len(indices), np.int64)
    for i in range(len(indptr) - 1):
        for edge in range(indptr[i], indptr[i + 1]):
            reverse[edge] = position(indptr, indices, indices[edge], i)
    return reverse
