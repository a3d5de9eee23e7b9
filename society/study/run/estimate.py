"""What a world with language models would cost: a dry run in which simulated models answer the real prompts."""

import dataclasses
import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from society.engine.tick import Engine
from society.ground.errors import Said, WorldError
from society.ground.occasions import Mind
from society.llm.prices import price as price_of
from society.llm.request import Answer, Call, Request, Usage
from society.minds.llm.memory import CHARACTERS
from society.minds.llm.mind import LanguageMind
from society.minds.rule import Never
from society.minds.simulated import answer, families
from society.study.run.models import language_families, remote_families
from society.world.world import World

#: Who answers for a model that is not simulated (a choice: what is asked depends little on it).
STAND_IN = "gemini-3-flash"


@dataclass(frozen=True)
class Estimate:
    """What one model would be asked.

    Attributes:
        model: its name.
        occasions: episodes of its agents.
        calls, prompt, completion: of the dry run: requests and tokens.
        low, high: tokens (prompt, completion) if every episode took one turn, and if every episode took all turns.
        price: US dollars (low, dry run, high); None if the model is not listed.
    """

    model: str
    occasions: int
    calls: int
    prompt: int
    completion: int
    low: tuple[int, int]
    high: tuple[int, int]
    price: tuple[float, float, float] | None


class Dry:
    """Answers as simulated models do, in this process, and counts tokens (four characters each) by occasion and turn."""

    def __init__(self, rates: str) -> None:
        self.rates, self.known = rates, families(rates)
        self.turns: dict[str, dict[tuple[int, ...], list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))

    async def __call__(self, request: Request) -> Answer:
        """Answer at once."""
        name = request.model.removeprefix("simulated/")
        name = name if name in self.known else STAND_IN
        said = answer(name, list(request.messages), list(request.tools), request.seed(), self.rates)
        turn = request.identity.turn
        calls = tuple(Call(f"call_{turn}_{at}", tool, json.dumps(given)) for at, (tool, given) in enumerate(said.calls))
        spoken = len(said.text) + sum(len(one.name) + len(one.arguments) + 20 for one in calls)
        usage = Usage(_size(request) // CHARACTERS, max(1, spoken // CHARACTERS))
        who = dataclasses.astuple(dataclasses.replace(request.identity, turn=0))
        self.turns[request.model][who].append((usage.prompt, usage.completion))
        return Answer(said.text, calls, usage, "stop", request.model)

    async def close(self) -> None:
        """Nothing to close."""


def dry_minds(world: World) -> tuple[Dry, dict[str, Mind]]:
    """Minds that need no server and no host for the families that are asked outside, and what counts the tokens of models."""
    dry = Dry(world.rates.value)
    minds: dict[str, Mind] = {
        name: LanguageMind(dry, spec.model_copy(update={"model": spec.model or name}), world.llm, world.seed)
        for name, spec in language_families(world).items()
    }
    return dry, {**minds, **{name: Never() for name in remote_families(world)}}


def estimate(world: World, progress: Callable[[int, int], None] | None = None) -> list[Estimate]:
    """Run a world dry, over all its ticks, and count.

    Raises:
        WorldError: no family is a language model.
    """
    dry, minds = dry_minds(world)
    if not language_families(world):
        raise WorldError(
            "families", Said("there is no language model among them"), "a family with mind: llm, or --set llm.minds=all"
        )
    engine = Engine(world, minds=minds)
    for _ in range(world.ticks):
        engine.step()
        if progress:
            progress(engine.tick, world.ticks)
    return [_row(model, list(turns.values()), world.llm.max_turns) for model, turns in sorted(dry.turns.items())]


def _row(model: str, episodes: list[list[tuple[int, int]]], most: int) -> Estimate:
    tokens = np.array([turn for turns in episodes for turn in turns], np.int64).sum(axis=0)
    first = np.array([turns[0] for turns in episodes], np.int64).sum(axis=0)
    high = np.zeros(2)
    for turns in episodes:
        prompts, said = [turn[0] for turn in turns], [turn[1] for turn in turns]
        growth = max((prompts[-1] - prompts[0]) / max(1, len(turns) - 1), said[-1])
        ahead = np.arange(1, most - len(turns) + 1)
        high += [sum(prompts) + (prompts[-1] + growth * ahead).sum(), sum(said) + np.mean(said) * len(ahead)]
    price = price_of(model)
    low, most_tokens = (int(first[0]), int(first[1])), (int(high[0]), int(high[1]))
    cost = None
    if price is not None:
        ask, say = price
        cost = tuple((ask * a + say * b) / 1e6 for a, b in (low, (int(tokens[0]), int(tokens[1])), most_tokens))
    calls = sum(len(turns) for turns in episodes)
    return Estimate(
        model, len(episodes), calls, int(tokens[0]), int(tokens[1]), low, most_tokens,
        None if cost is None else (cost[0], cost[1], cost[2]),
    )  # fmt: skip


def _size(request: Request) -> int:
    return len(json.dumps(request.messages)) + len(json.dumps(request.tools))
