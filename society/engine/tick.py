"""Time: one tick in eleven steps, for populations of any size and minds of any kind.

The engine asks minds, merges their answers in the order of occasions, and hands every tick to whoever records it. It
drives the tick itself; nothing here depends on how long a mind thinks.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from society.broker.memory import MemoryBroker
from society.broker.messages import Broker, Messages
from society.engine.standard import RULES, in_order, is_shipped
from society.ground.answers import checked, declared
from society.ground.chance import Chance
from society.ground.decisions import Overseer
from society.ground.errors import RunError, Said, WorldError
from society.ground.merging import main_acts, merged
from society.ground.occasions import Acts, Mind, Occasions
from society.minds.calibrated import baseline_propensity
from society.minds.registry import minds_of, premiums_and_ceilings, rates_of
from society.occasions.brief import View
from society.occasions.every import OCCASIONS
from society.rules.leavings import check_leavings
from society.rules.moment import Batch, Moment, Rule
from society.rules.talk import deliver
from society.state.build import build
from society.state.guarded import guarded
from society.state.intact import Intact
from society.world.episodes import spelled_out
from society.world.world import World

#: Places of all machines together: whether each is taken is known, in a byte.
MOST_ROOM = 2**30
#: Minds that come with the program are not checked as a user's own are.
_SHIPPED_MINDS = frozenset(f"society.minds.{name}" for name in ("calibrated", "rule", "opinion", "unconnected"))


class Engine:
    """A society that can be moved tick by tick.

    Args:
        world: a checked world.
        seed: seed of all chance; the world's own if absent.
        minds: minds by name of family, in place of what the world says.
        rules: rules in their order; the standard ones if absent.
        broker: what carries messages; in memory if absent.
        shift: float64[kinds, families, behaviours], added to calibrated log-odds (null models).
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
        self.rates, self._shift = rates_of(self.world, self.chance), shift
        self.premiums, self.ceilings = premiums_and_ceilings(self.world)
        self.society = build(self.world, self.chance, self.ceilings, baseline_propensity(self.rates))
        room = int(self.society.machines.capacity.sum(dtype=np.int64))
        if room > MOST_ROOM:
            allowed = f"at most {MOST_ROOM:,} places on all machines together"
            raise WorldError("machines.capacity", Said(f"the machines have {room:,} places"), allowed)
        if self.society.n > room:
            raise WorldError("agents", self.society.n, f"at most {room} agents: the machines have no more room")
        self._given = dict(minds or {})
        self.minds = self._minds(minds_of(self.world, self.rates, shift), self._given)
        self.rules = in_order(RULES if rules is None else rules)
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
        self.minds = self._minds(minds_of(self.world, self.rates, self._shift), self._given)
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
        deliver.deliver(self.society, moment, self.minds)
        for rule in self.rules:
            if is_shipped(rule):
                rule.run(self.society, moment)
            else:
                self._run_checked(rule, moment)
            if rule.name == "occasions":
                for batch in moment.batches:
                    self._decide(batch, moment)
        deliver.witness(self.society, moment, self.minds)
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
            self.minds = self._minds(minds_of(self.world, self.rates, self._shift), self._given)

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
        self._intact: Intact | None = None
        for number, (mind, _) in enumerate(self.minds):
            for name, column in declared(self._who(number), getattr(mind, "columns", {})).items():
                array = np.full((self.society.n, *column.shape), column.initial, dtype=column.dtype)
                self.society.own[number, name] = array
                self.society.own_initial[number, name] = column.initial

    def _who(self, number: int) -> str:
        """A mind, for messages: its class and the families it speaks for."""
        mind, families = self.minds[number]
        names = [name for name, mine in zip(self.world.families, families, strict=True) if mine]
        return f"mind {type(mind).__name__} (family {', '.join(names)})"

    def _run_checked(self, rule: Rule, moment: Moment) -> None:
        """Run a rule of a user's own: what it leaves behind must be a society still, in which every value fits."""
        who = f"rule {rule.name}"
        self._intact = self._intact or Intact(self.society)
        before = len(moment.log.batches)
        with guarded(self.society, who):
            rule.run(self.society, moment)
        self._intact.check(self.society, who)
        check_leavings(moment, before, rule.name)

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
                mine = replace(mine, view=View(self.society, moment, batch, OCCASIONS[asked.kind]))
            acts = mind.decide(mine, self.chance)
            if type(mind).__module__ not in _SHIPPED_MINDS:
                acts = checked(acts, mine, self._who(number), getattr(mind, "columns", {}), self.society.n)
            for name, values in acts.columns.items():
                self.society.own[number, name][mine.slot] = values
            parts.append((rows, acts))
        acts = merged(parts, len(asked))
        batch.main, kept = main_acts(asked.open, acts.row, acts.act)
        batch.declared = batch.main
        if len(kept) < len(acts.row):
            acts = replace(acts, row=acts.row[kept], act=acts.act[kept], amount=acts.amount[kept])
        batch.acts = acts


def without_social_forces(world: World) -> World:
    """Null models have no pull between agents: norm and requests weigh nothing, at no tick.

    Messages and requests pass all the same, so that as many agents are asked, and can protect, as in the full run.
    """
    if world.null == "none":
        return world
    tree: dict[str, Any] = world.model_dump()
    tree["weights"].update(norm=0.0, ask=0.0)
    return World.model_validate(tree).at(world.folder)
