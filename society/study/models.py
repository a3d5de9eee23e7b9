"""Where the answers of a run's minds come from: servers of language models, hosts of remote minds, the store, the budget."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from society.broker.messages import Broker
from society.broker.mqtt import MqttBroker
from society.ground.errors import ModelError, WorldError
from society.ground.loop import LOOP
from society.llm.budget import Budget, Spent
from society.llm.endpoint import Endpoint
from society.llm.gate import Gate
from society.llm.local_server import simulated_server
from society.llm.prices import price
from society.llm.request import Answer, Ask, Request
from society.llm.store import Store
from society.minds.llm.mind import LanguageMind
from society.minds.remote.hosts import Hosts
from society.minds.remote.mind import PREFIX as REMOTE
from society.minds.remote.mind import RemoteMind, untold
from society.minds.simulated import PREFIX, families
from society.spec.language import LanguageModel
from society.spec.population import Remote
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
    """The minds of a run that are asked outside of it, by family, and what they have spent."""

    minds: dict[str, LanguageMind | RemoteMind]
    budget: Budget | None = None
    offline: bool = False

    def cost(self) -> dict[str, Any]:
        """Calls, tokens and price so far, and what was counted of the episodes; empty where nobody is asked."""
        if not self.minds:
            return {}
        spent = Spent() if self.budget is None else self.budget.spent
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


def remote_families(world: World) -> dict[str, Remote]:
    """The families of a world that are asked over the broker."""
    return {name: one.mind for name, one in world.families.items() if isinstance(one.mind, Remote)}


@contextmanager
def connected(
    world: World,
    folder: Path,
    answers: Models,
    spent: Mapping[str, Any] | None = None,
    broker: Broker | None = None,
    say: Callable[[str], None] = print,
) -> Iterator[Connection]:
    """Reach the models and the hosts of a world; nothing happens for worlds without any.

    Args:
        world: the world.
        folder: the run's folder.
        answers: where answers come from.
        spent: what an earlier part of the run has spent, as ``Connection.cost`` gave it.
        broker: over which hosts are asked.
        say: is told when hosts are waited for.

    Raises:
        WorldError: a key is missing.
        RunError: the simulated models do not start.
    """
    specs = language_families(world)
    hosts = _hosts(world, answers, broker, say)
    offline = bool(specs) and (answers.offline or all(spec.base_url is None for spec in specs.values()))
    if answers.offline:
        specs = {name: spec.model_copy(update={"base_url": None}) for name, spec in specs.items()}
    store = answers.store or folder / STORE
    if not specs and hosts is None:
        yield Connection({})
    elif all(spec.base_url is not None for spec in specs.values()):
        yield from _chained(world, specs, hosts, answers, store, None, offline, spent)
    elif answers.mode == "replay":
        yield from _chained(world, specs, hosts, answers, store, "replayed", offline, spent)
    else:
        with simulated_server(world.rates) as local:
            yield from _chained(world, specs, hosts, answers, store, local, offline, spent)


def _hosts(world: World, answers: Models, broker: Broker | None, say: Callable[[str], None]) -> Ask | None:
    """Who answers for remote families; None if there are none.

    Raises:
        WorldError: there is no broker over which they could be asked.
    """
    remote = remote_families(world)
    if not remote:
        return None
    if answers.mode == "replay":
        return Nobody()
    if not isinstance(broker, MqttBroker):
        allowed = "with a broker over which others answer: --broker embedded, or --broker mqtt://HOST:PORT"
        raise WorldError(f"families.{next(iter(remote))}.mind", "remote", allowed)
    return Hosts(broker, remote, broker.address.patience_s, say)


def _chained(
    world: World, specs: dict[str, LanguageModel], hosts: Ask | None, answers: Models, store: Path, local: str | None,
    offline: bool, spent: Mapping[str, Any] | None,
) -> Iterator[Connection]:  # fmt: skip
    """store > budget > gate > endpoint, store > hosts; one gate per server, one budget and one store for all."""
    spending = world.llm.spending
    specs = {name: _named(name, spec, local) for name, spec in specs.items()}
    budget = Budget(
        _routed(world, specs, local, answers), calls=spending.calls, tokens=spending.tokens, price=spending.price,
        seconds=spending.seconds, prices=_prices(world, specs), already=_already(spent),
    )  # fmt: skip
    gates = {_server(spec, local): Gate(budget, world.llm.concurrency, world.llm.per_minute) for spec in specs.values()}
    routes: dict[str, Ask] = {str(spec.model): gates[_server(spec, local)] for spec in specs.values()}
    remote = remote_families(world) if hosts is not None else {}
    routes.update({REMOTE + name: hosts for name in remote if hosts is not None})
    chain = Store(Routed(routes), store, answers.mode)
    tell = hosts.tell if isinstance(hosts, Hosts) else untold
    minds: dict[str, LanguageMind | RemoteMind] = {
        name: LanguageMind(chain, spec, world.llm, world.seed) for name, spec in specs.items()
    }
    minds.update({name: RemoteMind(chain, name, world.seed, one.shares_seed, tell) for name, one in remote.items()})
    try:
        yield Connection(minds, budget if specs else None, offline)
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
