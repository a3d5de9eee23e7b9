"""Connected components among nodes that are up."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from society.network.graph import Graph


def components(graph: Graph, alive: NDArray[np.bool_]) -> NDArray[np.int32]:
    """int32[n]: label of each node's component among alive nodes (edges undirected), -1 for the others.

    Args:
        graph: any graph.
        alive: bool[n]; dead nodes and their edges do not count.

    Example:
        >>> from society.network.graph import from_edges
        >>> components(from_edges(3, [0, 1], [1, 2], True), np.array([True, False, True])).tolist()
        [0, -1, 1]
    """
    source = graph.sources()
    kept = alive[source] & alive[graph.indices]
    matrix = csr_array(
        (np.ones(int(kept.sum()), np.int8), (source[kept], graph.indices[kept])), shape=(graph.n, graph.n)
    )
    label = connected_components(matrix, directed=False)[1].astype(np.int32)
    _, dense = np.unique(label[alive], return_inverse=True)
    result = np.full(graph.n, -1, np.int32)
    result[alive] = dense
    return result
