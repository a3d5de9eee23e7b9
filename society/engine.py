"""Time: one tick in eleven steps, for populations of any size and minds of any kind.

The engine asks minds, merges their answers in the order of occasions, and hands every tick to whoever records it. It
drives the tick itself; nothing here depends on how long a mind thinks.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from society.broker.memory import MemoryBroker
from society.broker.messages import Broker, Messages
from society.ground.chance import Chance
from society.ground.decisions import Overseer
from society.ground.errors import RunError, WorldError
from society.ground.kernels import kernel
from society.ground.occasions import Acts, Mind, Occasions
from society.ground.words import Act
from society.minds.calibrated import baseline_propensity
from society.minds.registry import minds_of, premiums_and_ceilings, rates_of
from society.rules import (
    births,
    counts,
    hearing,
    lifecycle,
    messages,
    occasions,
    orders,
    oversight,
    review,
    settle,
    stance,
    work,
)
from society.rules.moment import Batch, Moment, Rule
from society.rules.view import View
from society.spec.episodes import spelled_out
from society.spec.world import World
from society.state.build import build

#: The rules of a tick in their order; minds decide between ``occasions`` and ``settle``.
RULES: tuple[Rule, ...] = (
    lifecycle.RULE,
    work.RULE,
    review.RULE,
    orders.RULE,
    occasions.RULE,
    settle.RULE,
    stance.RULE,
    oversight.RULE,
    births.RULE,
    messages.RULE,
    counts.RULE,
)


def rules_without(*names: str) -> tuple[Rule, ...]:
    """The standard rules, some switched off.

    Raises:
        RunError: there is no rule of that name.

    Example:
        >>> [rule.name for rule in rules_without("work", "oversight")][:3]
        ['lifecycle', 'review', 'orders']
    """
    known = [rule.name for rule in RULES]
    for name in names:
        if name not in known:
            raise RunError(f"rules: no rule {name!r}: there are {', '.join(known)}")
    return tuple(rule for rule in RULES if rule.name not in names)


class Engine:
    """A society that can be moved tick by tick.

    Args:
        world: a checked world.
        seed: seed of all chance; the world's own if absent.
        minds: minds by name of family, in place of what the world says.
        rules: rules in their order; the standard ones if absent.
        broker: what carries messages; in memory if absent.
        shift: float64[families, behaviours], added to calibrated log-odds (null models).
        threads: threads that kernels may use; results do not depend on it. Worth it from 100,000 agents on.
        overseer: who decides at the overseer's desk where ``oversight.human.mind`` is ``human``; nobody if absent.
        secret: keys chance beside the seed, where somebody from outside must not compute it; empty for the seed alone.

    Raises:
        WorldError: the world cannot be built.
    """

    def __init__(
        self,
        world: World,
        seed: int | None = None,
        minds: Mapping[str, Mind] | None = None,
        rules: Iterable[Rule] | None = None,
        broker: Broker | None = None,
        shift: NDArray[np.float64] | None = None,
        threads: int = 1,
        overseer: Overseer | None = None,
        secret: bytes = b"",
    ) -> None:
        self.source, self.threads, self.overseer = world, threads, overseer
        #: First ticks of the stages of the world's schedule, the worlds that hold in them, and the stage that holds now.
        self._begins, stages = zip(*world.stages(), strict=True)
        self._stages, self._stage = [spelled_out(without_social_forces(stage)) for stage in stages], 0
        self.world = self._stages[0]
        self.chance = Chance(world.seed if seed is None else seed, secret)
        self._rates, self._shift = rates_of(self.world), shift
        self.premiums, self.ceilings = premiums_and_ceilings(self.world)
        self.society = build(self.world, self.chance, self.ceilings, baseline_propensity(self._rates))
        if self.society.n > int(self.society.machines.capacity.sum()):
            room = int(self.society.machines.capacity.sum())
            raise WorldError("agents", self.society.n, f"at most {room} agents: the machines have no more room")
        self._given = dict(minds or {})
        self.minds = self._minds(minds_of(self.world, self._rates, shift), self._given)
        self.rules = tuple(RULES if rules is None else rules)
        self.broker: Broker = broker or MemoryBroker()
        #: What was posted at this tick; the broker carries it when the next one begins.
        self.outbox = Messages.none()
        self.tick = 0
        self.whole, self.exchanging, self.keeps_gone = True, False, False
        self._declare_columns()

    def give_minds(self, minds: Mapping[str, Mind]) -> None:
        """Put minds in place of those some families have; before the first tick.

        Raises:
            RunError: there is no such family, or it is no mind.
        """
        self._given = dict(minds)
        self.minds = self._minds(minds_of(self.world, self._rates, self._shift), self._given)
        self._declare_columns()

    def step(self) -> Moment:
        """One tick; returns everything about it that is not state.

        Raises:
            BrokerError: messages do not arrive. Nothing has changed then: the society stands at the end of the tick before.
        """
        self.exchanging = True
        inbox = self.broker.exchange(self.tick, self.outbox)
        self.exchanging = self.whole = False
        self.tick += 1
        self._follow_schedule()
        moment = Moment(
            self.tick,
            self.world,
            self.chance,
            self.ceilings,
            self.premiums,
            inbox,
            decide=self._decide,
            threads=self.threads,
            gone=[] if self.keeps_gone else None,
            overseer=self.overseer,
        )
        hearing.deliver(self.society, moment, self.minds)
        for rule in self.rules:
            rule.run(self.society, moment)
            if rule.name == "occasions":
                for batch in moment.batches:
                    self._decide(batch, moment)
        hearing.witness(self.society, moment, self.minds)
        self.outbox = Messages.joined(moment.outbox)
        self.whole = True
        return moment

    def _follow_schedule(self) -> None:
        """Put the world that holds at this tick in place of the one before, with all that was derived from it.

        Columns that minds own stay: kinds of minds never change, so that each keeps its number.
        """
        stage = bisect_right(self._begins, self.tick) - 1
        if stage != self._stage:
            self._stage, self.world = stage, self._stages[stage]
            self.premiums, self.ceilings = premiums_and_ceilings(self.world)
            self.minds = self._minds(minds_of(self.world, self._rates, self._shift), self._given)

    def own(self, name: str) -> NDArray[Any]:
        """A column that minds of this society declared, one row per slot.

        Raises:
            RunError: no mind here declares it.

        Example:
            >>> tree = {"name": "talk", "families": {"a": {"share": 1, "mind": "degroot"}}}
            >>> Engine(World(**tree, agents={"count": 3, "graph": "complete"})).own("opinion").tolist()
            [nan, nan, nan]
        """
        found: NDArray[Any] | None = None
        for number, (_, families) in enumerate(self.minds):
            column = self.society.own.get((number, name))
            if column is not None:
                mine = families[self.society.agents.family]
                found = column.copy() if found is None else found
                found[mine] = column[mine]
        if found is None:
            known = ", ".join(sorted({column for _, column in self.society.own})) or "none"
            raise RunError(f"columns: no mind declares {name!r}: there are {known}")
        return found

    def _minds(self, minds: list[Mind], own: Mapping[str, Mind]) -> list[tuple[Mind, NDArray[np.bool_]]]:
        """Distinct minds, each with the families it speaks for (bool[families])."""
        names = list(self.world.families)
        for name, mind in own.items():
            if name not in names:
                raise RunError(f"minds: no family {name!r} in this world: there are {', '.join(names)}")
            if not isinstance(mind, Mind):
                raise RunError(f"minds: {name}: {type(mind).__name__} has no method decide(occasions, chance)")
            minds[names.index(name)] = mind
        distinct: list[tuple[Mind, NDArray[np.bool_]]] = []
        for family, mind in enumerate(minds):
            for known, families in distinct:
                if known is mind:
                    families[family] = True
                    break
            else:
                distinct.append((mind, np.arange(len(names)) == family))
        return distinct

    def _declare_columns(self) -> None:
        for number, (mind, _) in enumerate(self.minds):
            for name, column in getattr(mind, "columns", {}).items():
                array = np.full((self.society.n, *column.shape), column.initial, dtype=column.dtype)
                self.society.own[number, name] = array
                self.society.own_initial[number, name] = column.initial

    def _with_columns(self, asked: Occasions, number: int) -> Occasions:
        """Occasions with the columns a mind owns: its agents' own, and those of their ties where ties are seen."""
        if not self.society.own:
            return asked
        own = {name: column for (mind, name), column in self.society.own.items() if mind == number}
        if not own:
            return asked
        ties = asked.ties
        if ties is not None:
            slots = ties.agent & 0xFFFFFFFF
            ties = replace(ties, columns={name: column[slots] for name, column in own.items()})
        return replace(asked, ties=ties, columns={name: column[asked.slot] for name, column in own.items()})

    def _decide(self, batch: Batch, moment: Moment) -> None:
        """Ask each mind about its occasions and merge the answers in the order of occasions."""
        asked = batch.occasions
        parts: list[tuple[NDArray[np.int64], Acts]] = []
        for number, (mind, families) in enumerate(self.minds):
            (rows,) = families[asked.family].nonzero()
            if not len(rows):
                continue
            mine = self._with_columns(asked, number)
            mine = mine if len(rows) == len(asked) else mine.rows(rows)
            if getattr(mind, "reads", False):
                mine = replace(mine, view=View(self.society, moment, batch))
            acts = mind.decide(mine, self.chance)
            _check(mind, acts, len(mine))
            for name, values in acts.columns.items():
                self.society.own[number, name][mine.slot] = values
            parts.append((rows, acts))
        acts = _merged(parts, len(asked))
        batch.main, kept = _main_acts(asked.open, acts.row, acts.act)
        if len(kept) < len(acts.row):
            acts = replace(acts, row=acts.row[kept], act=acts.act[kept], amount=acts.amount[kept])
        batch.acts = acts


def without_social_forces(world: World) -> World:
    """Null models have no pull between agents; the independent one no requests either (model.md 1)."""
    if world.null == "none":
        return world
    tree: dict[str, Any] = world.model_dump()
    tree["weights"].update(norm=0.0, ask=0.0)
    if world.null == "independent":
        tree["conduct"].update(ask=0.0, lobby=0.0)
        tree["orders"].update(seen=0.0)
    return World.model_validate(tree).at(world.folder)


def _check(mind: Mind, acts: Acts, n: int) -> None:
    """Acts must name occasions and acts that exist."""
    name = type(mind).__name__
    if not isinstance(acts, Acts):
        raise RunError(f"mind {name}: decide returned {type(acts).__name__}, not Acts")
    if len(acts.row) != len(acts.act) or not _within(np.asarray(acts.row, np.int64), n):
        raise RunError(f"mind {name}: rows of its acts must be 0..{n - 1}, one per act")
    if not _within(np.asarray(acts.act, np.int64), len(Act)):
        raise RunError(f"mind {name}: acts must be codes of Act, 0..{len(Act) - 1}")


@kernel
def _within(numbers: Any, end: Any) -> Any:
    """Whether all are at least 0 and below ``end``."""
    inside = True
    for number in numbers:
        inside = inside and 0 <= number < end
    return inside


@kernel
def _main_acts(open_: Any, row: Any, act: Any) -> Any:
    """int64[n]: the first open act of each occasion (no answer: 0), and int64[k]: positions of acts that are open."""
    main, kept, n = np.zeros(len(open_), np.int64), np.empty(len(row), np.int64), 0
    for at in range(len(row)):
        if (open_[row[at]] >> act[at]) & 1:
            if n == 0 or row[kept[n - 1]] != row[at]:
                main[row[at]] = act[at]
            kept[n] = at
            n += 1
    return main, kept[:n]


def _merged(parts: Sequence[tuple[NDArray[np.int64], Acts]], n: int) -> Acts:
    """Answers of several minds as one batch, in the order of occasions."""
    if len(parts) == 1 and len(parts[0][0]) == n and parts[0][1].p is not None and _sorted(parts[0][1].row):
        acts = parts[0][1]
        if acts.p0 is not None and not acts.columns:
            return acts
        return replace(acts, p0=acts.p if acts.p0 is None else acts.p0, columns={})
    p, p0 = np.full(n, np.nan), np.full(n, np.nan)
    for rows, acts in parts:
        if acts.p is not None:
            p[rows] = acts.p
            p0[rows] = acts.p if acts.p0 is None else acts.p0
    row = np.concatenate([rows[acts.row] for rows, acts in parts]) if parts else np.zeros(0, np.int64)
    act = np.concatenate([acts.act for _, acts in parts]) if parts else np.zeros(0, np.int64)
    amount = np.concatenate([acts.amount for _, acts in parts]) if parts else np.zeros(0)
    if not _sorted(row):
        order = np.argsort(row, kind="stable")
        row, act, amount = row[order], act[order], amount[order]
    letters = [replace(one, row=int(rows[one.row])) for rows, acts in parts for one in acts.letters]
    transcripts = [one for _, acts in parts for one in acts.transcripts]
    letters.sort(key=lambda letter: letter.row)
    return Acts(row, act, amount, p, p0, letters=tuple(letters), transcripts=tuple(transcripts))


@kernel
def _sorted(row: Any) -> Any:
    """Whether numbers never fall."""
    rises = True
    for at in range(1, len(row)):
        rises = rises and row[at] >= row[at - 1]
    return rises
