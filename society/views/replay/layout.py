"""Where everything stands: machines as islands by zone and topology, seats on them; slots by communities of their ties.

A place depends on the world alone, never on the tick, so the picture is stable while time goes on. One unit is the distance
between neighbouring agents.
"""

from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.float32]
GOLDEN = np.pi * (3 - np.sqrt(5))
#: Radius of the k-th seat of an island is SEAT * sqrt(k + 1/2): neighbours of a sunflower are then about 1 apart.
SEAT = 0.55
#: Machines up to which a topology without switches is drawn as the graph it is.
MOST_DRAWN = 400
#: How far islands, and circles around zones, stay apart; how far such a circle goes beyond its islands.
_GAP, _ZONE_GAP, _ZONE_EDGE = 1.12, 1.18, 0.6


def sunflower(k: NDArray[np.integer[Any]]) -> Places:
    """float32[n, 2]: the k-th seats around a middle, in the order of their distance (Vogel, Math. Biosci. 44:179, 1979)."""
    r, angle = SEAT * np.sqrt(k + 0.5), k * GOLDEN
    return np.stack([r * np.cos(angle), r * np.sin(angle)], axis=1).astype(np.float32)


def radius(capacity: Any) -> NDArray[np.float32]:
    """float32[...]: radius of an island with room for ``capacity`` agents."""
    return np.asarray(SEAT * np.sqrt(np.asarray(capacity)) + 0.6, np.float32)


def islands(zone: Any, capacity: Any, links: tuple[Any, Any]) -> tuple[Places, Places]:
    """Places of machines and of their zones.

    Args:
        zone: int[M], number of the zone.
        capacity: int[M].
        links: (int[e], int[e]), ends of the links; from M on they are switches.

    Returns:
        float32[M, 3], x, y and radius of every machine; float32[Z, 3], x, y and radius of a circle around every zone.

    Example:
        >>> machines, zones = islands(np.array([0, 0, 1]), np.array([4, 4, 4]), (np.array([0, 1]), np.array([3, 3])))
        >>> machines.shape, zones.shape
        ((3, 3), (2, 3))
    """
    zone, r = np.asarray(zone), radius(capacity)
    direct = (links[0] < len(zone)) & (links[1] < len(zone))
    if direct.any() and direct.all() and len(zone) <= MOST_DRAWN and _connected(len(zone), links):
        middle = _as_graph(len(zone), links, float(r.max()))
    else:
        middle = _by_zone(zone, float(r.max()))
    around = np.zeros((int(zone.max()) + 1, 3), np.float32)
    for number in range(len(around)):
        mine = zone == number
        if mine.any():
            around[number, :2] = (middle[mine].min(axis=0) + middle[mine].max(axis=0)) / 2
            away = np.hypot(*(middle[mine] - around[number, :2]).T) + r[mine]
            around[number, 2] = away.max() + _ZONE_EDGE
    return np.concatenate([middle, r[:, None]], axis=1).astype(np.float32), around


def communities(source: Any, target: Any, n: int) -> tuple[Places, NDArray[np.int32]]:
    """Places of slots by the communities of their ties, the largest in the middle.

    Args:
        source: int[m], slots that ties come from.
        target: int[m], slots that they go to.
        n: number of slots.

    Returns:
        float32[n, 2], x and y; int32[n], the community, 0 the largest.

    Source: Louvain (Blondel et al., J. Stat. Mech. P10008, 2008), as networkx has it, with a fixed seed.
    """
    graph = nx.Graph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from(zip(np.asarray(source).tolist(), np.asarray(target).tolist(), strict=True))
    found = sorted(nx.community.louvain_communities(graph, seed=1), key=lambda one: (-len(one), min(one)))
    which, places = np.zeros(n, np.int32), np.zeros((n, 2), np.float32)
    middles = _packed(np.array([1.15 * SEAT * np.sqrt(len(one)) + 0.6 for one in found]))
    for number, members in enumerate(found):
        slots = np.array(sorted(members))
        which[slots] = number
        places[slots] = middles[number] + 1.15 * sunflower(np.arange(len(slots)))
    return places, which


def _connected(n: int, links: tuple[Any, Any]) -> bool:
    graph = nx.Graph(zip(links[0].tolist(), links[1].tolist(), strict=True))
    return bool(graph.number_of_nodes() == n and nx.is_connected(graph))


def _as_graph(n: int, links: tuple[Any, Any], r: float) -> Places:
    """Kamada and Kawai's layout (Inf. Process. Lett. 31:7, 1989), stretched until no islands touch."""
    graph = nx.Graph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from(zip(links[0].tolist(), links[1].tolist(), strict=True))
    found = nx.kamada_kawai_layout(graph) if n > 1 else {0: np.zeros(2)}
    places = np.array([found[node] for node in range(n)], np.float64)
    places *= 2.6 * r * np.sqrt(n) / max(1e-9, float(np.ptp(places, axis=0).max()))
    for _ in range(200):  # push apart what still overlaps
        step = places[:, None] - places[None]
        distance = np.hypot(step[..., 0], step[..., 1]) + np.eye(n) * 1e9
        short = np.maximum(0, 2 * _GAP * r - distance)
        if not short.any():
            break
        places += (step / distance[..., None] * short[..., None]).sum(axis=1) / 2
    return places.astype(np.float32)


def _by_zone(zone: NDArray[Any], r: float) -> Places:
    """Zones around a middle, the machines of each in a hexagonal pack."""
    zones = int(zone.max()) + 1
    size = np.bincount(zone, minlength=zones)
    packs = [_hexagons(int(count)) * 2 * _GAP * r for count in size]
    packs = [pack - (pack.min(axis=0) + pack.max(axis=0)) / 2 if len(pack) else pack for pack in packs]
    around = np.array([np.hypot(*pack.T).max(initial=0) + r + _ZONE_EDGE for pack in packs]) * _ZONE_GAP
    if zones == 1:
        middles = np.zeros((1, 2))
    elif zones <= 12:
        ring = max(around.max() / np.sin(np.pi / zones), around.max())
        angle = 2 * np.pi * np.arange(zones) / zones - np.pi / 2
        middles = ring * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    else:
        middles = _packed(around)
    places = np.zeros((len(zone), 2), np.float32)
    for number, pack in enumerate(packs):
        places[zone == number] = middles[number] + pack
    return places


def _hexagons(n: int) -> NDArray[np.float64]:
    """float64[n, 2]: the n points of a hexagonal lattice of distance 1 that are nearest to the middle."""
    reach = int(np.ceil(np.sqrt(n))) + 1
    q, s = (grid.ravel() for grid in np.meshgrid(np.arange(-reach, reach + 1), np.arange(-reach, reach + 1)))
    points = np.stack([q + s / 2, s * np.sqrt(3) / 2], axis=1)
    order = np.lexsort((np.arctan2(points[:, 1], points[:, 0]), np.round(np.hypot(*points.T), 6)))
    return np.asarray(points[order[:n]])


def _packed(radii: NDArray[np.float64]) -> NDArray[np.float64]:
    """float64[n, 2]: middles of discs, the largest in the middle, the others on rings around it that do not overlap."""
    largest = np.argsort(-radii, kind="stable")
    middles, outer, at = np.zeros((len(radii), 2)), float(radii[largest[0]]), 1
    while at < len(radii):
        widest = float(radii[largest[at]])
        ring = outer + widest
        room = max(1, int(np.pi / np.arcsin(min(1.0, widest / ring))))
        mine = largest[at : at + room]
        angle = 2 * np.pi * np.arange(len(mine)) / len(mine)
        ring = max(ring, widest / np.sin(np.pi / len(mine)) if len(mine) > 1 else ring)
        middles[mine] = ring * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        outer, at = ring + widest, at + len(mine)
    return middles
