"""What a world takes from files of its user's: ties, topologies, traces of machines."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from society.ground.errors import Said, WorldError
from society.network import social
from society.network import topology as topologies
from society.network.graph import Graph
from society.network.machine_trace import MachineTrace, read_lanl, read_trace
from society.network.topology import Topology
from society.world.hardware import GraphML, MachineEdgeList, TopologyZoo, TraceFile
from society.world.population import EdgeList
from society.world.world import World


def tie_file(world: World, spec: EdgeList) -> tuple[Graph, NDArray[np.float64]]:
    """The social graph of an edge list, and float64[m], the weights of its ties.

    Raises:
        WorldError: the file cannot be read, or ``agents.count`` is not its number of nodes.
    """
    path = _path(spec.path, world.folder)
    graph, _, weights = social.read_edge_list(path, spec.where)
    if graph.n != world.agents.count:
        raise WorldError("agents.count", world.agents.count, f"{graph.n}: the edge list {path} has {graph.n} nodes")
    return graph, weights


def topology_file(world: World, spec: GraphML | MachineEdgeList | TopologyZoo) -> Topology:
    """The topology of a file.

    Raises:
        WorldError: the file cannot be read, or ``machines.count`` is not its number of machines.
    """
    path = _path(spec.path, world.folder)
    if isinstance(spec, GraphML):
        topology = topologies.read_graphml(path)
    elif isinstance(spec, TopologyZoo):
        topology = topologies.read_zoo(path, spec.network)
    else:
        topology = topologies.read_edge_list(path)
    if topology.machines != world.machines.count:
        allowed = f"{topology.machines}: the topology {path} has {topology.machines} machines"
        raise WorldError("machines.count", world.machines.count, allowed)
    return topology


def trace_file(world: World, machines: int) -> MachineTrace | None:
    """The trace of machines that the world names, if any.

    Raises:
        WorldError: the file cannot be read, or it tells of a machine that does not exist.
    """
    spec = world.lifecycle.trace
    if spec is None:
        return None
    path = _path(spec.path, world.folder)
    trace = (
        read_trace(path) if isinstance(spec, TraceFile) else read_lanl(path, spec.system, spec.start, world.tick_hours)
    )
    if len(trace.machine) and trace.machine.max() >= machines:
        allowed = f"machines 0 .. {machines - 1}: the topology has {machines}"
        raise WorldError(f"{path}: machine", int(trace.machine.max()), allowed)
    return trace


def _path(name: str, beside: Path | None) -> Path:
    path = Path(name).expanduser()
    path = path if path.is_absolute() or beside is None else beside / path
    if not path.exists():
        raise WorldError(
            str(path),
            Said("there is no such file or folder"),
            "a file or folder; `society data` says where public data come from",
        )
    return path
