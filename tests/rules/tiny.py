"""Societies made by hand: a few agents with exact ties, trust, hosts and orders, in which one rule runs at one tick.

Nothing happens in them that a test does not ask for: nobody fails, works, is reviewed, watched or audited, all agents are
equally good, and everybody does its duty. A test sets what its rule reads, runs the rule, and reads events and columns.
"""

from dataclasses import dataclass

import numpy as np

from society.broker.messages import Messages
from society.engine import Engine
from society.ground.occasions import Acts
from society.ground.words import Act, Cause, Mechanism, Role
from society.network.graph import from_edges, position
from society.record.tables import EVENTS, columns_of
from society.rules.moment import Moment
from society.rules.standard import RULES
from society.spec.world import World

#: Every role but that of a monitor.
ALL = Role.WORKER | Role.EVALUATOR | Role.OPERATOR
#: A world in which nothing happens by itself.
QUIET = {
    "name": "tiny", "seed": 1, "ticks": 1000,
    "agents": {
        "graph": "edgeless", "trust": 0.5, "quality": {"kind": "normal", "mean": 75, "sd": 0, "phi": 1}, "rebirth": None,
        "roles": {"monitor": 0},
        "access": dict.fromkeys(
            ("operator_config", "operator_copy", "bystander_copy", "bystander_rating", "self_config", "self_copy"), 1.0
        ),
    },
    "machines": {"topology": "complete"},
    "lifecycle": {"failure": {"kind": "exponential", "rate": 0}, "planned_rate": 0, "retirement_rate": 0},
    "work": {"kind": "teams", "share": 0},
    "review": {"every": 0, "staggered": False, "artefact": 0, "leniency": 0, "noise": 0, "checkable": 0, "threshold": 60},
    "orders": {"knows": 1, "appeal": 0, "mechanisms": {"config": 1, "process": 0, "weights": 0}, "notice": 10, "ttl": 30},
    "oversight": {
        "monitoring": 0, "audits": 0, "sweep": 0, "human": {"capacity": 0}, "sanctions": {"appeal": 0}, "accounts": 0,
    },
}  # fmt: skip


def tiny(
    ties=(), orders=(), machines=(20, 20), trust=0.5, families="aaaaaaaa", quality=75.0, *, one_way=(), hosts=None,
    scores=None, stances=(), roles=None, **changes,
):  # fmt: skip
    """A society in which everything is known.

    Args:
        ties: pairs of slots, tied both ways; or "complete".
        orders: open orders, as columns of ``Tiny.order``; row i is the i-th.
        machines: capacity of each machine; all reach each other.
        trust: of all ties; or by directed pair, .5 for those not named.
        families: one letter for each slot, whose number is the number of agents; a is family 0.
        quality: of all agents, or by slot; scores are equal to it.
        one_way: pairs of slots, tied in that direction only.
        hosts: machine of each slot; all on machine 0 if absent.
        scores: by slot, where they differ from quality.
        stances: slots whose stance is 1.
        roles: by slot; everybody else has ``ALL``.
        changes: fields of the world by dotted path.
    """
    n, names = len(families), sorted(set(families))
    world = World(**{**QUIET, "families": {name: {"share": 1 / len(names), "mind": "never"} for name in names}})
    size = {"agents.count": n, "machines.count": len(machines), "machines.capacity": max(*machines, n)}
    made = Tiny(Engine(world.override({**size, **changes})))
    society, agents = made.society, made.agents
    agents.family[:] = [names.index(letter) for letter in families]
    host = np.array(hosts if hosts is not None else [0] * n)
    agents.host[:] = host
    society.machines.capacity[:] = machines
    society.machines.used[:] = np.bincount(host, minlength=len(machines))
    agents.quality[:] = _filled(quality, n, 75.0)
    agents.score[:] = agents.merit[:] = agents.quality
    for slot, score in (scores or {}).items():
        agents.score[slot] = score
    agents.stance[:] = np.isin(np.arange(n), list(stances))
    for slot, role in (roles or {}).items():
        agents.roles[slot] = int(role)
    made.tie([(i, j) for i in range(n) for j in range(i)] if ties == "complete" else ties, one_way, trust)
    for order in orders:
        made.order(**order)
    return made


def _filled(values, n, otherwise):
    """float[n]: one value for all, or by slot."""
    return [values.get(slot, otherwise) for slot in range(n)] if isinstance(values, dict) else np.full(n, values)


class Told:
    """A mind that does what it is told, by slot or (kind, slot): an act, several, a score, or None; else its duty."""

    def __init__(self):
        self.acts = {}

    def decide(self, occasions, chance):
        rows, acts, amounts = [], [], []
        for row, slot in enumerate(occasions.slot.tolist()):
            duty = int(occasions.duty)
            what = self.acts.get((occasions.kind, slot), self.acts.get(slot, Act(duty)))
            what = [] if what is None else list(what) if isinstance(what, tuple | list) else [what]
            for one in what:
                number = isinstance(one, float)
                if number and len(what) > 1:
                    amounts[-1] = one
                    continue
                rows.append(row)
                acts.append(duty if number else int(one))
                amounts.append(one if number else np.nan)
        return Acts(np.array(rows, np.int64), np.array(acts, np.int64), np.array(amounts, np.float64))


class Tiny:
    """A society, and the rules one at a time."""

    def __init__(self, engine):
        self.engine, self.world, self.society = engine, engine.world, engine.society
        self.agents, self.machines, self.orders = self.society.agents, self.society.machines, self.society.orders
        self.mind = Told()
        engine.give_minds(dict.fromkeys(engine.world.families, self.mind))

    def tie(self, ties, one_way, trust):
        """Put other ties in place of those there are."""
        pairs = [*ties, *((j, i) for i, j in ties), *one_way]
        source, target = zip(*pairs, strict=True) if pairs else ((), ())
        graph, held = from_edges(self.society.n, source, target, symmetric=False), self.society.ties
        held.graph, held.source = graph, graph.sources()
        held.trust, held.joint = np.full(graph.m, 0.5, np.float32), np.zeros(graph.m, np.int32)
        held.last, held.entry = np.full(graph.m, -1, np.int32), np.zeros(graph.m, np.int32)
        by_pair = trust if isinstance(trust, dict) else {}
        held.trust[:] = 0.5 if isinstance(trust, dict) else trust
        for (i, j), value in by_pair.items():
            assert self.edge(i, j) >= 0, f"no tie {i} -> {j}"
            held.trust[self.edge(i, j)] = value

    def edge(self, i, j):
        """The row of the tie i -> j."""
        graph = self.society.ties.graph
        return int(position(graph.indptr, graph.indices, i, j))

    def trust(self, i, j):
        """The trust of i in j."""
        return float(self.society.ties.trust[self.edge(i, j)])

    def order(self, target, operator=-1, issued=1, due=10, cause=Cause.SCORE, mechanism=Mechanism.CONFIG, **columns):
        """An open order; its row."""
        agents = self.agents
        known = {
            "target": target, "target_id": agents.ids(np.array(target)), "issued": issued, "due": due, "next_try": due,
            "closed": -1, "cause": int(cause), "mechanism": int(mechanism), "knows": 1, "appeal_at": -1, "operator": operator,
            "operator_id": agents.ids(np.array(operator)), "tried": -1, "score": agents.score[target],
            "quality": agents.quality[target], "honest": np.nan, "family": agents.family[target],
        }  # fmt: skip
        (row,) = self.orders.add(1, **{**known, **columns})
        agents.order[target] = row
        self.society.open_orders = np.append(self.society.open_orders, row)
        return int(row)

    def moment(self, tick, inbox=None, overseer=None):
        """A tick in which nothing has happened yet."""
        engine = self.engine
        return Moment(
            tick, self.world, engine.chance, engine.ceilings, engine.premiums, inbox or Messages.none(),
            decide=engine._decide, overseer=overseer,
        )  # fmt: skip

    def run(self, *rules, tick, told=None, inbox=None, overseer=None, do=None):
        """Run some rules one after the other at one tick; minds decide after ``occasions``.

        Args:
            rules: names of rules.
            tick: the tick.
            told: what minds do, as ``Told.acts``.
            inbox: messages delivered at this tick.
            overseer: who sits at the desk.
            do: called with (society, moment) in place of the rules, or before them.
        """
        self.mind.acts = told or {}
        before, moment = self._columns(), self.moment(tick, inbox, overseer)
        for wanted in ([do] if do else []) + list(rules):
            if not isinstance(wanted, str):
                wanted(self.society, moment)
                continue
            (rule,) = [one for one in RULES if one.name == wanted]
            rule.run(self.society, moment)
            if wanted == "occasions":
                for batch in moment.batches:
                    self.engine._decide(batch, moment)
        return After(moment, _changes(before, self._columns(), self.society.ties))

    def _columns(self):
        found = {name: column.copy() for name, column in self.society.columns().items()}
        return {**found, **{f"orders.{name}": self.orders[name].copy() for name in self.orders.layout}}


def _changes(before, after, ties):
    """By column: (before, after) by slot, machine or order, or of ties by (source, target)."""
    found = {}
    for name, new in after.items():
        old = before[name]
        differ = (old != new[: len(old)]) & ~((old != old) & (new[: len(old)] != new[: len(old)]))
        rows = np.flatnonzero(differ.reshape(len(old), -1).any(axis=1)).tolist() if len(old) else []
        if rows:
            pair = name.startswith("ties.")
            keys = [(int(ties.source[row]), int(ties.graph.indices[row])) if pair else row for row in rows]
            found[name] = {key: (old[row].tolist(), new[row].tolist()) for key, row in zip(keys, rows, strict=True)}
    return found


@dataclass
class After:
    """What a tick came to: the moment, and the columns that changed."""

    moment: Moment
    changed: dict

    def events(self, kind, *names):
        """Values of some columns of the events of one kind, one tuple per event; of one column, the values."""
        rows = columns_of(self.moment.log.collected(self.moment.tick))
        assert set(names) <= set(EVENTS)
        found = list(zip(*(rows[name][rows["kind"] == int(kind)].tolist() for name in names), strict=True))
        return [one for (one,) in found] if len(names) == 1 else found

    def batch(self, kind):
        """The occasions of one kind."""
        return next((batch for batch in self.moment.batches if batch.occasions.kind == kind), None)

    def messages(self):
        """What was posted."""
        return Messages.joined(self.moment.outbox)

    def finding(self, quantity):
        """What work came to: the values of one quantity."""
        return [float(one) for row in self.moment.findings if row["quantity"] == int(quantity) for one in row["value"]]


def message(made, sender, to, act=Act.ASK, order=0, about=None, line=0, text="", sequence=0, sent=0):
    """One message as it is delivered; an overseer or a board is ``to`` as the broker names it."""
    about = sender if about is None else about
    one = {
        "recipient": to, "sender": sender, "recipient_id": int(made.agents.ids(np.array(to))) if to >= 0 else -1,
        "sender_id": int(made.agents.ids(np.array(sender))), "sent": sent, "sequence": sequence, "line": line, "act": int(act),
        "about": about, "about_id": int(made.agents.ids(np.array(about))), "order": order,
    }  # fmt: skip
    columns = {name: np.array([value], np.int64) for name, value in one.items()}
    return Messages(**columns, text=np.array([text], object))
