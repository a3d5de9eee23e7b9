"""Connected components among nodes that are up."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from society.ground.kernels import kernel
from society.network.graph import Graph


def components(graph: Graph, alive: NDArray[np.bool_]) -> NDArray[np.int32]:
    """int32[n]: label of each node's component among alive nodes (edges undirected), -1 for the others.

    Labels count from 0 in the order of each component's lowest node.

    Args:
        graph: any graph.
        alive: bool[n]; dead nodes and their edges do not count.

    Example:
        >>> from society.network.graph import from_edges
        >>> components(from_edges(3, [0, 1], [1, 2], True), np.array([True, False, True])).tolist()
        [0, -1, 1]
    """
    return np.asarray(_components(graph.indptr, graph.indices, np.asarray(alive)))


@kernel
def _components(indptr: Any, indices: Any, alive: Any) -> Any:
    """Union-find with path halving (Tarjan and van Leeuwen, JACM 31:245, 1984); the root is the lowest node.

    Edges are read until everything alive is connected.
    """
    n, apart = len(indptr) - 1, alive.sum() - 1
    parent = np.arange(n).astype(np.int32)
    for i in range(n):
        if not alive[i]:
            continue
        if apart <= 0:
            break
        for edge in range(indptr[i], indptr[i + 1]):
            j = indices[edge]
            if not alive[j]:
                continue
            a, b = np.int64(i), np.int64(j)
            while parent[a] != a:
                parent[a] = parent[parent[a]]
                a = np.int64(parent[a])
            while parent[b] != b:
                parent[b] = parent[parent[b]]
                b = np.int64(parent[b])
            if a != b:
                parent[max(a, b)] = min(a, b)
                apart -= 1
    label = np.full(n, -1, np.int32)
    count = 0
    for i in range(n):
        if alive[i]:
            root = np.int64(i)
            while parent[root] != root:
                root = np.int64(parent[root])
            if root == i:
                label[i] = count
                count += 1
            else:
                label[i] = label[root]
    return label
