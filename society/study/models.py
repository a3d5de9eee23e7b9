"""Where the answers of a run's language models come from: servers, the store of answers, what may be spent."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from society.ground.errors import ModelError, RunError, WorldError
from society.ground.occasions import Mind
from society.llm.budget import Budget
from society.llm.endpoint import Endpoint
from society.llm.gate import Gate
from society.llm.prices import price_of
from society.llm.request import Answer, Ask, Request
from society.llm.store import Store
from society.minds.llm.mind import LOOP, LanguageMind
from society.minds.simulated import PREFIX, families
from society.spec.language import LanguageModel
from society.spec.world import World

STORE = "answers.sqlite"


@dataclass(frozen=True)
class Models:
    """Where answers come from.

    Attributes:
        mode: ``record`` asks and keeps, and never asks again for what is kept; ``replay`` only reads what is kept; ``live``
            asks and keeps nothing.
        store: file of kept answers; ``answers.sqlite`` in the run's folder if absent.
        offline: simulated models on this machine answer for all families.
    """

    mode: Literal["record", "replay", "live"] = "record"
    store: Path | None = None
    offline: bool = False


@dataclass
class Connection:
    """The language minds of a run, by family, and what they have spent."""

    minds: dict[str, Mind]
    budget: Budget | None = None
    offline: bool = False

    def cost(self) -> dict[str, Any]:
        """Calls, tokens and price so far, and what was counted of the episodes; empty without language models."""
        if self.budget is None:
            return {}
        spent = self.budget.spent
        episodes: dict[str, int] = {}
        for mind in self.minds.values():
            assert isinstance(mind, LanguageMind)
            for name, count in mind.totals.items():
                episodes[name] = episodes.get(name, 0) + count
        return {
            "calls": spent.calls, "prompt_tokens": spent.prompt, "completion_tokens": spent.completion,
            "price_usd": spent.price, "simulated": self.offline, "episodes": episodes,
        }  # fmt: skip


def language_families(world: World) -> dict[str, LanguageModel]:
    """The families of a world that are language models."""
    return {
        name: one.mind.model_copy(
            update={"base_url": one.mind.base_url or world.llm.base_url, "key": one.mind.key or world.llm.key}
        )
        for name, one in world.families.items()
        if isinstance(one.mind, LanguageModel)
    }


@contextmanager
def connected(
    world: World, folder: Path, answers: Models, spent: Mapping[str, Any] | None = None
) -> Iterator[Connection]:
    """Reach the models of a world; nothing happens for worlds without any.

    Args:
        world: the world.
        folder: the run's folder.
        answers: where answers come from.
        spent: what an earlier part of the run has spent, as ``Connection.cost`` gave it.

    Raises:
        WorldError: a key is missing.
        RunError: the simulated models do not start.
    """
    specs = language_families(world)
    if not specs:
        yield Connection({})
        return
    offline = answers.offline or all(spec.base_url is None for spec in specs.values())
    if answers.offline:
        specs = {name: spec.model_copy(update={"base_url": None}) for name, spec in specs.items()}
    store = answers.store or folder / STORE
    with _simulated(world, specs, answers) as local:
        yield from _chained(world, specs, answers, store, local, offline, spent)


def _chained(
    world: World, specs: dict[str, LanguageModel], answers: Models, store: Path, local: str | None, offline: bool,
    spent: Mapping[str, Any] | None,
) -> Iterator[Connection]:  # fmt: skip
    """store > budget > gate > endpoint; one gate per server, one budget and one store for all."""
    spending = world.llm.spending
    specs = {name: _named(name, spec, local) for name, spec in specs.items()}
    prices = {model: price for spec in specs.values() if (model := spec.model) and (price := price_of(model))}
    budget = Budget(
        _routed(world, specs, local, answers), calls=spending.calls, tokens=spending.tokens, price=spending.price,
        seconds=spending.seconds, prices=prices,
    )  # fmt: skip
    if spent:
        budget.spent.add(spent["calls"], spent["prompt_tokens"], spent["completion_tokens"], spent["price_usd"])
    chain = Store(budget, store, answers.mode)
    minds: dict[str, Mind] = {name: LanguageMind(chain, spec, world.llm, world.seed) for name, spec in specs.items()}
    try:
        yield Connection(minds, budget, offline)
    finally:
        LOOP.run(chain.close())


def _named(name: str, spec: LanguageModel, local: str | None) -> LanguageModel:
    """The model's name as it is asked for; simulated ones say that they are."""
    model, simulated = spec.model or name, local is not None and spec.base_url is None
    return spec.model_copy(update={"model": f"{PREFIX}{model.removeprefix(PREFIX)}" if simulated else model})


def _routed(world: World, specs: dict[str, LanguageModel], local: str | None, answers: Models) -> Ask:
    """Who answers for each model.

    Raises:
        WorldError: one model has two servers, or a family cannot be simulated.
    """
    servers: dict[tuple[str, str | None, bool], Gate] = {}
    routes: dict[str, Gate] = {}
    for name, spec in specs.items():
        simulated, known = spec.base_url is None, families(world.rates)
        if simulated and str(spec.model).removeprefix(PREFIX) not in known:
            raise WorldError(f"families.{name}", spec.model, f"one of {', '.join(known)}: others are not simulated")
        place = (local or "", None, True) if simulated else (spec.base_url or "", spec.key, spec.sends_seed)
        if place not in servers:
            replays = answers.mode == "replay"
            inner = Nobody() if replays else Endpoint(place[0], place[1], place[2])
            servers[place] = Gate(inner, world.llm.concurrency, world.llm.per_minute)
        if routes.setdefault(str(spec.model), servers[place]) is not servers[place]:
            raise WorldError(f"families.{name}.mind", spec.model, "one server per model")
    return Routed(routes)


class Nobody:
    """Answers nothing: stands where a server would, when answers are replayed."""

    async def __call__(self, request: Request) -> Answer:
        """Refuse.

        Raises:
            ModelError: always.
        """
        raise ModelError(f"{request.model}: answers are replayed, nobody is asked")

    async def close(self) -> None:
        """Nothing to close."""


class Routed:
    """Sends each request to the server of its model."""

    def __init__(self, routes: Mapping[str, Ask]) -> None:
        self.routes = routes

    async def __call__(self, request: Request) -> Answer:
        """Ask the server of the model."""
        return await self.routes[request.model](request)

    async def close(self) -> None:
        """Close all servers."""
        for one in {id(route): route for route in self.routes.values()}.values():
            await one.close()


@contextmanager
def _simulated(world: World, specs: dict[str, LanguageModel], answers: Models) -> Iterator[str | None]:
    """The address of a server of simulated models, in a process of its own, if any family needs it."""
    if not answers.offline and all(spec.base_url is not None for spec in specs.values()):
        yield None
        return
    if answers.mode == "replay":
        yield "replayed"
        return
    words = [sys.executable, "-m", "society", "serve-model", "--port", "0", "--rates", world.rates]
    server = subprocess.Popen(
        words, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, start_new_session=True
    )
    try:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        if not address.startswith("http://"):
            raise RunError("the simulated models did not start: try society serve-model by itself")
        yield address
    finally:
        server.terminate()
        server.communicate(timeout=20)
