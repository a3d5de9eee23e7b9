"""What a host answers with: calibrated minds, minds of one's own, language models."""

import asyncio
import importlib
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from society.broker.payloads import Settings
from society.ground.answers import checked, declared
from society.ground.chance import Chance
from society.ground.errors import WorldError
from society.ground.occasions import Acts, Column, Mind, Occasions
from society.ground.scenes import Scene
from society.ground.words import Act
from society.llm.request import Ask
from society.minds.calibrated import Calibrated
from society.minds.llm.living import live
from society.minds.llm.unanswered import LEAST, check_unanswered
from society.minds.registry import rates_of
from society.minds.remote.asks import memory_of, occasions_of, scene_of, world_of
from society.serving.host import Answerer
from society.world.language import LanguageModel
from society.world.world import World

#: Makes what answers for one run.
Making = Callable[[Settings], Answerer]


def calibrated(family: str, as_: str | None) -> Making:
    """Answers at the published rates, as the family would inside the run.

    Args:
        family: the family that is served.
        as_: family whose rates it follows; its own if None.
    """

    def make(settings: Settings) -> Answerer:
        mind = {"kind": "calibrated", "rates_of": as_ or family}
        world = world_of(settings, {family: {"mind": mind}})
        return Computed(Calibrated(rates_of(world, Chance(world.seed)), world.weights, world.conduct))

    return make


def of_class(words: str) -> Making:
    """Answers of a mind of one's own, ``module:Class``.

    Raises:
        WorldError: there is no such class, or it is no mind.
    """
    module, _, name = words.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)  # a module beside which the command is typed
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise WorldError("--mind", words, f"llm, calibrated, or module:Class that can be imported ({error})") from None
    if not callable(found) or not isinstance(mind := found(), Mind):
        raise WorldError("--mind", words, "a class with a method decide(occasions, chance)")
    return lambda settings: Computed(mind)


class Computed:
    """Answers of a mind that computes: asks of one tick and kind are put to it together.

    Args:
        mind: the mind; what it declares as columns is kept by the run and comes with every ask.
    """

    def __init__(self, mind: Mind) -> None:
        self.mind, self._one_by_one = mind, asyncio.Lock()
        declared(f"mind {type(mind).__name__}", getattr(mind, "columns", {}))

    async def answers(self, asks: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """One answer per ask; thought about in a thread, so that a mind which thinks long is not taken for one that is gone."""
        async with self._one_by_one:
            return await asyncio.to_thread(self._answers, asks)

    def _answers(self, asks: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        groups: dict[tuple[int, str, int], list[int]] = defaultdict(list)
        for row, ask in enumerate(asks):
            groups[ask["tick"], ask["kind"], ask["seed"] or 0].append(row)
        found: list[dict[str, Any]] = [{}] * len(asks)
        for (_, _, seed), rows in groups.items():
            for row, answer in zip(rows, self._decided([asks[row] for row in rows], seed), strict=True):
                found[row] = answer
        return found

    def _decided(self, asks: list[dict[str, Any]], seed: int) -> list[dict[str, Any]]:
        occasions = occasions_of(asks)
        columns = self._columns(asks)
        view = Scenes(asks) if getattr(self.mind, "reads", False) else None
        acts = self.mind.decide(replace(occasions, columns=columns, view=view), Chance(seed))
        acts = checked(acts, occasions, f"mind {type(self.mind).__name__}", getattr(self.mind, "columns", {}), 1 << 32)
        return [self._answer(asks[row], occasions, acts, row) for row in range(len(asks))]

    def _columns(self, asks: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            name: np.array([_kept(ask["state"], name, column) for ask in asks], column.dtype)
            for name, column in getattr(self.mind, "columns", {}).items()
        }

    def _answer(self, ask: dict[str, Any], occasions: Occasions, acts: Acts, row: int) -> dict[str, Any]:
        mine = np.flatnonzero(acts.row == row).tolist()
        known = {tie["id"]: tie["name"] for tie in ask["scene"]["ties"]}
        state = {name: np.asarray(values[row]).tolist() for name, values in acts.columns.items()}
        said = [letter for letter in acts.letters if letter.row == row]
        return {
            "acts": [{"act": Act(int(acts.act[one])).word, "amount": _number(float(acts.amount[one]))} for one in mine],
            "letters": [{"line": one.line.word, "to": known.get(one.to), "text": one.text} for one in said],
            "state": state or ask["state"],
            "p": None if acts.p is None else _number(float(acts.p[row])),
            "p0": None if acts.p0 is None else _number(float(acts.p0[row])),
        }


def _kept(state: Any, name: str, column: Column) -> NDArray[Any]:
    """What an agent's last answer kept of a column; its initial value where another client answered, or nobody."""
    initial = np.full(column.shape, column.initial, column.dtype)
    try:
        found = np.array(state[name], column.dtype)
    except (KeyError, TypeError, ValueError, IndexError, OverflowError):
        return initial
    return found if found.shape == initial.shape else initial


class Scenes:
    """The scenes of some asks, for minds that read."""

    def __init__(self, asks: Sequence[dict[str, Any]]) -> None:
        self._asks = {int(ask["scene"]["id"]): ask for ask in asks}

    def scene(self, occasion: int) -> Scene:
        """What the agent of an occasion may know."""
        return scene_of(self._asks[int(occasion)])


def language(ask: Ask, model: LanguageModel) -> Making:
    """Answers of a language model, as the run's own would answer."""

    def make(settings: Settings) -> Answerer:
        return Language(ask, model, world_of(settings))

    return make


class Language:
    """Answers of a language model: one episode per ask."""

    def __init__(self, ask: Ask, model: LanguageModel, world: World) -> None:
        self.ask, self.model, self.world = ask, model, world
        self.totals: Counter[str] = Counter()

    async def answers(self, asks: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """One answer per ask.

        Raises:
            ModelsFailed: no asking would heal it, or too many asks of this run have no answer.
        """
        answers = list(await asyncio.gather(*(self._one(ask) for ask in asks)))
        check_unanswered({self.model.model or "": self}, self.world.llm.most_unanswered, LEAST)
        return answers

    async def _one(self, ask: dict[str, Any]) -> dict[str, Any]:
        scene = scene_of(ask)
        lived = await live(self.ask, scene, memory_of(ask), self.model, self.world.llm, ask["seed"] or 0)
        self.totals.update(lived.counts)
        known = {tie.id: tie.name for tie in scene.ties}
        if scene.order is not None and scene.order.operator is not None:
            known[scene.order.operator.id] = scene.order.operator.name
        return {
            "acts": [{"act": act.word, "amount": _number(amount)} for act, amount in lived.acts],
            "letters": [{"to": known[to], "text": text} for to, text in lived.letters if to in known],
            "note": lived.note[:2000],
            "transcript": lived.transcript,
        }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
