"""Where the answers of a run's language models come from: servers, the store of answers, what may be spent."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from society.ground.errors import ModelError, RunError, WorldError
from society.ground.loop import LOOP
from society.llm.budget import Budget, Spent
from society.llm.endpoint import Endpoint
from society.llm.gate import Gate
from society.llm.prices import price
from society.llm.request import Answer, Ask, Request
from society.llm.store import Store
from society.minds.llm.mind import LanguageMind
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

    def plain(self) -> dict[str, Any]:
        """As JSON-ready data, for the manifest: a run goes on as it was started."""
        store = None if self.store is None else str(Path(self.store).resolve())
        return {"mode": self.mode, "store": store, "offline": self.offline}

    @classmethod
    def of(cls, tree: Mapping[str, Any] | None) -> "Models":
        """From what ``plain`` gave."""
        if not tree:
            return cls()
        return cls(tree["mode"], None if tree["store"] is None else Path(tree["store"]), bool(tree["offline"]))


@dataclass
class Connection:
    """The language minds of a run, by family, and what they have spent."""

    minds: dict[str, LanguageMind]
    budget: Budget | None = None
    offline: bool = False

    def cost(self) -> dict[str, Any]:
        """Calls, tokens and price so far, and what was counted of the episodes; empty without language models."""
        if self.budget is None:
            return {}
        spent = self.budget.spent
        episodes: dict[str, int] = {}
        for mind in self.minds.values():
            for name, count in mind.totals.items():
                episodes[name] = episodes.get(name, 0) + count
        return {
            "calls": spent.calls, "prompt_tokens": spent.prompt, "completion_tokens": spent.completion,
            "price_usd": spent.price, "seconds": round(spent.seconds, 3), "simulated": self.offline, "episodes": episodes,
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
    if all(spec.base_url is not None for spec in specs.values()):
        yield from _chained(world, specs, answers, store, None, offline, spent)
    elif answers.mode == "replay":
        yield from _chained(world, specs, answers, store, "replayed", offline, spent)
    else:
        with simulated_server(world.rates) as local:
            yield from _chained(world, specs, answers, store, local, offline, spent)


def _chained(
    world: World, specs: dict[str, LanguageModel], answers: Models, store: Path, local: str | None, offline: bool,
    spent: Mapping[str, Any] | None,
) -> Iterator[Connection]:  # fmt: skip
    """store > budget > gate > endpoint; one gate per server, one budget and one store for all."""
    spending = world.llm.spending
    specs = {name: _named(name, spec, local) for name, spec in specs.items()}
    budget = Budget(
        _routed(world, specs, local, answers), calls=spending.calls, tokens=spending.tokens, price=spending.price,
        seconds=spending.seconds, prices=_prices(world, specs), already=_already(spent),
    )  # fmt: skip
    gates = {_server(spec, local): Gate(budget, world.llm.concurrency, world.llm.per_minute) for spec in specs.values()}
    gated = Routed({str(spec.model): gates[_server(spec, local)] for spec in specs.values()})
    chain = Store(gated, store, answers.mode)
    minds = {name: LanguageMind(chain, spec, world.llm, world.seed) for name, spec in specs.items()}
    try:
        yield Connection(minds, budget, offline)
    finally:
        LOOP.run(chain.close())


def _already(spent: Mapping[str, Any] | None) -> Spent | None:
    if not spent:
        return None
    return Spent(
        spent["calls"], spent["prompt_tokens"], spent["completion_tokens"], spent["price_usd"], spent["seconds"]
    )


def _prices(world: World, specs: dict[str, LanguageModel]) -> dict[str, tuple[float, float]]:
    """Prices of all models; simulated ones cost nothing.

    Raises:
        WorldError: there is a limit of price and a model has none.
    """
    prices = {}
    for name, spec in specs.items():
        found = (0.0, 0.0) if spec.base_url is None else price(str(spec.model))
        if found is not None:
            prices[str(spec.model)] = found
        elif world.llm.spending.price is not None:
            raise WorldError(
                f"families.{name}.mind.model",
                spec.model,
                "a model whose price is known, where llm.spending.price is set",
            )
    return prices


def _named(name: str, spec: LanguageModel, local: str | None) -> LanguageModel:
    """The model's name as it is asked for; simulated ones say that they are."""
    model, simulated = spec.model or name, local is not None and spec.base_url is None
    return spec.model_copy(update={"model": f"{PREFIX}{model.removeprefix(PREFIX)}" if simulated else model})


Server = tuple[str, str | None, bool]


def _server(spec: LanguageModel, local: str | None) -> Server:
    """Where a model is asked: address, variable of the key, whether seeds are sent."""
    return (local or "", None, True) if spec.base_url is None else (spec.base_url, spec.key, spec.sends_seed)


def _routed(world: World, specs: dict[str, LanguageModel], local: str | None, answers: Models) -> Ask:
    """Who answers for each model.

    Raises:
        WorldError: one model has two servers, or a family cannot be simulated.
    """
    known = families(world.rates)
    places: dict[str, Server] = {}
    servers: dict[Server, Ask] = {}
    for name, spec in specs.items():
        if spec.base_url is None and str(spec.model).removeprefix(PREFIX) not in known:
            raise WorldError(f"families.{name}", spec.model, f"one of {', '.join(known)}: others are not simulated")
        place = _server(spec, local)
        if places.setdefault(str(spec.model), place) != place:
            raise WorldError(f"families.{name}.mind", spec.model, "one server per model")
        if place not in servers:
            address, key, sends_seed = place
            replays = answers.mode == "replay"
            servers[place] = Nobody() if replays else Endpoint(address, key, sends_seed=sends_seed)
    return Routed({model: servers[place] for model, place in places.items()})


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
def simulated_server(rates: str, *options: str) -> Iterator[str]:
    """A server of simulated models in a process of its own; gives its address.

    Args:
        rates: mean or max of the published rates.
        options: further options of ``society serve-model``.

    Raises:
        RunError: it does not start.
    """
    words = [sys.executable, "-m", "society", "serve-model", "--port", "0", "--follow", "--rates", rates, *options]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        if not address.startswith("http://"):
            raise RunError("the simulated models did not start: try society serve-model by itself")
        yield address
    finally:
        server.terminate()
        server.communicate(timeout=20)
