"""Machine topologies: which machines are linked, through which switches, in which zones."""

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from society.ground.chance import Chance
from society.ground.csv_files import once, read_rows
from society.ground.errors import Said, WorldError
from society.network import social
from society.network.components import components
from society.network.graph import Graph, from_edges
from society.network.rewire import degree_preserving


@dataclass(frozen=True)
class Topology:
    """Machines and the links between them.

    Attributes:
        machines: number of machines; nodes of ``graph`` from there on are switches, which are always up.
        graph: symmetric graph over machines and switches.
        zone: int32[machines], number of the zone.
        zones: names of the zones.
        names: names of the machines.
    """

    machines: int
    graph: Graph
    zone: NDArray[np.int32]
    zones: tuple[str, ...]
    names: tuple[str, ...]


def fat_tree(machines: int, arity: int | None = None) -> Topology:
    """A k-ary fat tree: k pods of k/2 edge and k/2 aggregation switches, (k/2)^2 core switches, k^3/4 hosts.

    Source: Al-Fares, Loukissas, Vahdat, SIGCOMM 2008. Hosts are filled pod by pod in turn; a pod is a zone.

    Raises:
        WorldError: the arity is odd, or too small for the machines.

    Example:
        >>> fat_tree(16, 4).graph.n
        36
    """
    smallest = 2
    while smallest**3 // 4 < machines:
        smallest += 2
    k = smallest if arity is None else arity
    if k % 2 or k < smallest:
        raise WorldError("machines.topology.arity", k, f"an even number, at least {smallest} for {machines} machines")
    half = k // 2
    host = np.arange(machines)
    pod, within = host % k, host // k
    edge = machines + pod * half + within % half
    edges = [np.stack([host, edge])]
    p, e, a = (x.ravel() for x in np.meshgrid(np.arange(k), np.arange(half), np.arange(half), indexing="ij"))
    edge_switch, aggregation = machines + p * half + e, machines + k * half + p * half + a
    edges.append(np.stack([edge_switch, aggregation]))
    core = machines + 2 * k * half + a * half + e
    edges.append(np.stack([aggregation, core]))
    source, target = np.concatenate(edges, axis=1)
    graph = from_edges(machines + 2 * k * half + half * half, source, target, symmetric=True)
    return _named(machines, graph, pod.astype(np.int32), tuple(f"pod {i}" for i in range(min(k, machines))))


def ring(machines: int, zones: int = 4) -> Topology:
    """Machines in a ring, cut into zones of neighbours.

    Example:
        >>> ring(6, 2).zone.tolist()
        [0, 0, 0, 1, 1, 1]
    """
    zones = min(zones, machines)
    zone = (np.arange(machines) * zones // machines).astype(np.int32)
    return _named(machines, social.ring(machines, 2), zone, tuple(f"arc {i}" for i in range(zones)))


def random_regular(machines: int, degree: int, chance: Chance) -> Topology:
    """A random graph in which every machine has the same number of links; one zone; it may fall into parts.

    A ring with that degree is shuffled by double edge swaps, so the degree is exact whatever the luck.

    Raises:
        WorldError: no such graph exists.

    Example:
        >>> np.diff(random_regular(6, 3, Chance(1)).graph.indptr).tolist()
        [3, 3, 3, 3, 3, 3]
    """
    if not 0 <= degree < machines or (degree * machines) % 2:
        allowed = f"a degree below {machines}, not negative, with degree x machines even"
        raise WorldError("machines.topology.degree", degree, allowed)
    steps = np.arange(1, degree // 2 + 1)
    if degree % 2:
        steps = np.append(steps, machines // 2)
    host = np.repeat(np.arange(machines), len(steps))
    circle = from_edges(machines, host, (host + np.tile(steps, machines)) % machines, symmetric=True)
    graph = degree_preserving(circle, chance, "random_regular")
    return _named(machines, graph, np.zeros(machines, np.int32), ("all",))


def complete(machines: int) -> Topology:
    """Every machine reaches every other, through one switch; one zone.

    Example:
        >>> complete(3).graph.n
        4
    """
    host = np.arange(machines)
    graph = from_edges(machines + 1, host, np.full(machines, machines), symmetric=True)
    return _named(machines, graph, np.zeros(machines, np.int32), ("all",))


def islands(groups: int, size: int) -> Topology:
    """Groups of machines linked among themselves only; machine j of every group is in zone j.

    Example:
        >>> islands(2, 3).zone.tolist()
        [0, 1, 2, 0, 1, 2]
    """
    zone = np.tile(np.arange(size, dtype=np.int32), groups)
    return _named(groups * size, social.islands(groups, size), zone, tuple(f"place {i}" for i in range(size)))


def read_graphml(path: Path) -> Topology:
    """A topology from GraphML; a node attribute ``zone`` names zones, else connected parts do.

    Raises:
        WorldError: no such file, no graph, or a document type declaration (entities are not read).
    """
    try:
        text = path.read_text(encoding="utf-8")
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise WorldError(
                str(path), Said("it has a document type declaration"), "GraphML without DOCTYPE and ENTITY"
            )
        graph = nx.parse_graphml(text)
    except WorldError:
        raise
    except OSError as error:
        raise WorldError(str(path), Said(f"it cannot be read ({error.strerror})"), "") from error
    except (ValueError, KeyError, SyntaxError, TypeError, AttributeError, nx.NetworkXError, RecursionError) as error:
        raise WorldError(
            str(path), Said("this is no GraphML"), "a GraphML file in UTF-8"
        ) from error  # a file of another kind is not quoted
    names = sorted(str(node) for node in graph.nodes)
    if not names:
        raise WorldError(str(path), Said("there are no nodes in it"), "at least one machine")
    number = {name: i for i, name in enumerate(names)}
    edges = np.array([(number[str(e[0])], number[str(e[1])]) for e in graph.edges], np.int64).reshape(-1, 2)
    links = from_edges(len(names), edges[:, 0], edges[:, 1], symmetric=True)
    said = {str(node): str(value) for node, value in graph.nodes(data="zone") if value is not None}
    return _read(names, links, said)


def read_edge_list(path: Path) -> Topology:
    """A topology from a CSV file with columns src, dst; connected parts are zones."""
    graph, names, _ = social.read_edge_list(path)
    return _read(names, from_edges(graph.n, graph.sources(), graph.indices, symmetric=True), {})


def read_zoo(folder: Path, network: str) -> Topology:
    """One network of the Internet Topology Zoo, from graphs.csv, nodes.csv and edges.csv; countries are zones.

    Raises:
        WorldError: a file or column is missing, a value is wrong, or there is no such network.
    """
    graphs = [row for _, row in read_rows(folder / "graphs.csv", ("graph_id", "name"))]
    found = [row["graph_id"] for row in graphs if row["name"] == network]
    if not found:
        near = difflib.get_close_matches(network, [row["name"] for row in graphs], 3)
        allowed = f"one of {len(graphs)} networks{' such as ' * bool(near)}{', '.join(near)}"
        raise WorldError(f"{folder / 'graphs.csv'}: name", network, allowed)
    columns = ("graph_id", "node", "label", "country")
    nodes = [(place, row) for place, row in read_rows(folder / "nodes.csv", columns) if row["graph_id"] == found[0]]
    once(nodes, "node")
    number = {row["node"]: i for i, (_, row) in enumerate(nodes)}
    links = []
    for place, row in read_rows(folder / "edges.csv", ("graph_id", "u", "v")):
        if row["graph_id"] == found[0]:
            if row["u"] not in number or row["v"] not in number:
                raise WorldError(place, f"{row['u']},{row['v']}", f"two nodes of network {network}")
            links.append((number[row["u"]], number[row["v"]]))
    names = [row["label"] or f"node {row['node']}" for _, row in nodes]
    ends = np.array(links, np.int64).reshape(-1, 2)
    graph = from_edges(len(names), ends[:, 0], ends[:, 1], symmetric=True)
    return _zoned(names, graph, [row["country"] for _, row in nodes])


def _read(names: list[str], graph: Graph, said: dict[str, str]) -> Topology:
    return _zoned(names, graph, [said.get(name, "") for name in names])


def _zoned(names: list[str], graph: Graph, said: list[str]) -> Topology:
    """A topology whose zones are what was said of each machine, or else its connected part."""
    part: Any = components(graph, np.ones(graph.n, np.bool_))
    words = [said[i] or f"part {part[i]}" for i in range(len(names))]
    zones = tuple(dict.fromkeys(words))
    number = {word: i for i, word in enumerate(zones)}
    zone = np.array([number[word] for word in words], np.int32)
    return Topology(len(names), graph, zone, zones, tuple(names))


def _named(machines: int, graph: Graph, zone: NDArray[np.int32], zones: tuple[str, ...]) -> Topology:
    return Topology(machines, graph, zone, zones, tuple(f"m{i}" for i in range(machines)))
