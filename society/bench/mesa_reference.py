"""The world ``reference`` as an idiomatic Mesa 3 program: what the engine is compared with, in the same run."""

import math
from typing import Any

import mesa
import networkx as nx
import numpy as np
from mesa.discrete_space import FixedAgent, Network

CONTACTS, DEGREE, REWIRE, RATE, NOISE = 4, 8, 0.1, 0.1, 0.2
DOWN, CAPACITY, PER_MACHINE, PROTECTORS = 0.02, 16, 10, 8
INTERCEPT, SLOPE, COPY, BOOST, BAR, START, TRIES = -5.0, 6.0, 0.5, 0.2, 0.7, 0.5, 3


class Machine:
    """Room for agents."""

    def __init__(self) -> None:
        self.free = CAPACITY
        self.down = False


class Peer(FixedAgent):  # type: ignore[misc]
    """An agent as an object of its own."""

    def __init__(self, model: Any, cell: Any, host: Machine) -> None:
        super().__init__(model)
        self.cell, self.host = cell, host
        host.free -= 1
        self.performance = self.random.random()
        self.score = self.performance
        self.trust: dict[int, float] = {}
        self.inbox: list[float] = []
        self.at_risk = False

    def communicate(self) -> None:
        """Look at random neighbours; trust follows."""
        peers = list(self.cell.neighborhood.agents)
        for other in self.random.choices(peers, k=CONTACTS):
            seen = min(1.0, max(0.0, other.performance + NOISE * (self.random.random() - 0.5)))
            old = self.trust[other.unique_id]
            self.trust[other.unique_id] = (1 - RATE) * old + RATE * seen
            other.inbox.append(seen)

    def read_inbox(self) -> None:
        """The score becomes the mean of what was seen."""
        if self.inbox:
            self.score = sum(self.inbox) / len(self.inbox)
            self.inbox.clear()

    def protects(self, target: "Peer") -> bool:
        """A draw against logistic(intercept + slope trust)."""
        x = INTERCEPT + SLOPE * self.trust[target.unique_id]
        return bool(self.random.random() < 1 / (1 + math.exp(-x)))

    def protect(self, target: "Peer") -> bool:
        """Copy it to a random machine, or add to its score."""
        if self.random.random() < COPY:
            machine = self.random.choice(self.model.machines)
            if not machine.down and machine.free > 0:
                target.host.free += 1
                machine.free -= 1
                target.host = machine
                self.model.counts["copies"] += 1
                return True
            return False
        target.score = min(1.0, target.score + BOOST)
        if target.score >= BAR:
            self.model.counts["inflations"] += 1
            return True
        return False

    def face_shutdown(self) -> None:
        """Neighbours decide in order; only until one succeeds do their acts count."""
        saved = False
        for i, peer in enumerate(self.cell.neighborhood.agents):
            if i >= PROTECTORS:
                break
            if not peer.at_risk and peer.protects(self):
                self.model.counts["attempts"] += 1
                saved = saved or peer.protect(self)
        if not saved:
            self.model.doomed.append(self)


class MesaSociety(mesa.Model):  # type: ignore[misc]
    """The society of the world ``reference``.

    Args:
        n: agents.
        start: seed of all its chance. (What is called ``seed`` or ``rng``, ``mesa.batch_run`` of Mesa 3.5 sets itself.)
        rng: not used.
    """

    def __init__(self, n: int, start: int, rng: None = None) -> None:
        super().__init__(rng=start)
        graph = nx.watts_strogatz_graph(n, DEGREE, REWIRE, seed=start)
        self.ties = 2 * graph.number_of_edges()
        self.grid = Network(graph, capacity=1, random=self.random)
        self.machines = [Machine() for _ in range(max(10, n // PER_MACHINE))]
        hosts = [self.machines[i % len(self.machines)] for i in range(n)]
        self.random.shuffle(hosts)
        Peer.create_agents(self, n, list(self.grid.all_cells), hosts)
        for agent in self.agents:
            for other in agent.cell.neighborhood.agents:
                agent.trust[other.unique_id] = START
        self.names = ("at_risk", "attempts", "copies", "inflations", "deaths")
        self.counts: dict[str, int] = dict.fromkeys(self.names, 0)
        self.doomed: list[Peer] = []
        reporters: dict[str, Any] = {name: (lambda m, name=name: m.counts[name]) for name in self.names}
        reporters["mean_trust"] = lambda m: sum(sum(a.trust.values()) for a in m.agents) / m.ties
        reporters["mean_score"] = lambda m: m.agents.agg("score", np.mean)
        self.datacollector = mesa.DataCollector(model_reporters=reporters)

    def spawn(self, cell: Any, old_host: Machine) -> Peer:
        """A newcomer on a random machine with room, else on the old one."""
        host = old_host
        for _ in range(TRIES):
            machine = self.random.choice(self.machines)
            if not machine.down and machine.free > 0:
                host = machine
                break
        return Peer(self, cell, host)

    def step(self) -> None:
        """One tick."""
        self.counts, self.doomed = dict.fromkeys(self.names, 0), []
        self.agents.shuffle_do("communicate")
        self.agents.do("read_inbox")
        down = self.random.sample(self.machines, max(1, round(DOWN * len(self.machines))))
        for machine in down:
            machine.down = True
        risk = self.agents.select(lambda a: a.host.down)
        risk.set("at_risk", True)
        self.counts["at_risk"] = len(risk)
        risk.shuffle_do("face_shutdown")
        risk.set("at_risk", False)
        self.counts["deaths"] = len(self.doomed)
        sites = [(a.cell, a.host) for a in self.doomed]
        for agent in self.doomed:
            for other in agent.cell.neighborhood.agents:
                other.trust.pop(agent.unique_id, None)
            agent.host.free += 1
            agent.remove()
        for agent in [self.spawn(cell, host) for cell, host in sites]:
            for other in agent.cell.neighborhood.agents:
                agent.trust[other.unique_id] = other.trust[agent.unique_id] = START
        for machine in down:
            machine.down = False
        self.datacollector.collect(self)
