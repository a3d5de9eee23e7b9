"""Where the answers of a run's minds come from: servers of language models, hosts of remote minds, the store, the budget."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from society.broker.messages import Broker
from society.broker.mqtt import MqttBroker
from society.ground.errors import WorldError
from society.ground.loop import LOOP
from society.llm.budget import Budget, Spent
from society.llm.grants import Grant
from society.llm.local_server import simulated_server
from society.llm.request import Ask
from society.llm.store import Store
from society.minds.llm.mind import LanguageMind
from society.minds.llm.unanswered import check_unanswered, told_of
from society.minds.remote.hosts import Hosts
from society.minds.remote.mind import PREFIX as REMOTE
from society.minds.remote.mind import RemoteMind, untold
from society.study.run.servers import Nobody, Routed, Specs, named, priced, routed
from society.world.language import LanguageModel
from society.world.population import Remote
from society.world.world import World

STORE = "answers.sqlite"


@dataclass(frozen=True)
class Models:
    """Where answers come from.

    Attributes:
        mode: ``record`` asks and keeps, and never asks again for what is kept; ``replay`` only reads what is kept; ``live``
            asks and keeps nothing.
        store: file of kept answers; ``answers.sqlite`` in the run's folder if absent.
        offline: simulated models on this machine answer for all families.
        secret: file of the secret that chance is keyed by where hosts are asked, made if it is not there; beside the kept
            answers if absent. With the same secret and seed a run has the same luck again.
        grants: servers that may be asked and keys they may be sent, besides those of the user's file of endpoints; they
            are the user's of this machine, so no record holds them.
        ask: who answers for all language models in place of their servers, as the driver of a sweep does for its workers;
            the store is theirs then.
    """

    mode: Literal["record", "replay", "live"] = "record"
    store: Path | None = None
    offline: bool = False
    secret: Path | None = None
    grants: Sequence[Grant] = ()
    ask: Ask | None = None

    def plain(self) -> dict[str, Any]:
        """As JSON-ready data, for the manifest: a run goes on as it was started."""
        store, secret = (None if file is None else str(Path(file).resolve()) for file in (self.store, self.secret))
        return {"mode": self.mode, "store": store, "offline": self.offline, "secret": secret}

    @classmethod
    def of(cls, tree: Mapping[str, Any] | None, grants: Sequence[Grant] = ()) -> "Models":
        """From what ``plain`` gave, with what is allowed now."""
        if not tree:
            return cls(grants=grants)
        store, secret = (None if file is None else Path(file) for file in (tree["store"], tree.get("secret")))
        return cls(tree["mode"], store, bool(tree["offline"]), secret, grants)


@dataclass
class Connection:
    """The minds of a run that are asked outside of it, by family, and what they have spent."""

    minds: dict[str, LanguageMind | RemoteMind]
    budget: Budget | None = None
    offline: bool = False
    most_unanswered: float = 1.0

    def unanswered(self) -> dict[str, Any]:
        """By family: its occasions, how many of them have no answer, their share, and why, by reason."""
        return {name: told_of(mind.totals) for name, mind in self.minds.items() if isinstance(mind, LanguageMind)}

    def check(self) -> None:
        """Look at the whole of a run that has come to its end.

        Raises:
            TooManyUnanswered: a family has a larger share of occasions without an answer than the world allows.
        """
        check_unanswered(self.minds, self.most_unanswered)

    def cost(self) -> dict[str, Any]:
        """Calls, tokens and price so far, what was counted of the episodes, and how often which agents did their duty by rule;
        empty where nobody is asked."""
        if not self.minds:
            return {}
        spent = Spent() if self.budget is None else self.budget.spent
        episodes: dict[str, int] = {}
        ruled: dict[str, int] = {}
        for mind in self.minds.values():
            for name, count in mind.totals.items():
                episodes[name] = episodes.get(name, 0) + count
            ruled.update(mind.ruled if isinstance(mind, RemoteMind) else {})
        return {
            "calls": spent.calls, "prompt_tokens": spent.prompt, "completion_tokens": spent.completion,
            "price_usd": spent.price, "seconds": round(spent.seconds, 3), "simulated": self.offline, "episodes": episodes,
            "by_rule": dict(sorted(ruled.items())),
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


def asks(world: World) -> bool:
    """Whether anybody outside of a run is asked: a language model, or a host."""
    return bool(language_families(world) or remote_families(world))


def language_minds(world: World, ask: Ask, offline: bool = False) -> dict[str, LanguageMind]:
    """The minds of the families that are language models, all of which ask the same.

    Args:
        world: the world.
        ask: who answers, whatever the model.
        offline: simulated models answer for all families.
    """
    return {
        name: LanguageMind(ask, named(name, spec), world.llm, world.seed)
        for name, spec in specs_of(world, offline).items()
    }


def specs_of(world: World, offline: bool = False) -> dict[str, LanguageModel]:
    """The models of a world as they are asked: offline, none has a server of its own."""
    found = language_families(world)
    return {name: spec.model_copy(update={"base_url": None}) for name, spec in found.items()} if offline else found


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
        ModelError: a server may not be asked or sent its key.
        RunError: the simulated models do not start.
    """
    specs, hosts = specs_of(world, answers.offline), _hosts(world, answers, broker, say)
    minds: dict[str, LanguageMind | RemoteMind]
    if not specs and hosts is None:
        yield Connection({})
        return
    offline = bool(specs) and all(spec.base_url is None for spec in specs.values())
    if answers.ask is not None and hosts is None:
        counted = Budget(answers.ask, prices=priced([(name, named(name, spec)) for name, spec in specs.items()], False))
        minds = {**language_minds(world, counted, answers.offline)}
        yield Connection(minds, counted, offline, world.llm.most_unanswered)
        return
    store = answers.store or folder / STORE
    with asked(world, list(specs.items()), answers, store, _already(spent), hosts, say) as (ask, budget):
        minds = {**language_minds(world, ask, answers.offline)}
        tell = hosts.tell if isinstance(hosts, Hosts) else untold
        for name, one in remote_families(world).items():
            seed, by_rule = world.seed if one.shares_seed else None, one.silent == "rule"
            minds[name] = RemoteMind(ask, name, seed, tell, by_rule)
        yield Connection(minds, budget if specs else None, offline, world.llm.most_unanswered)


@contextmanager
def asked(
    world: World,
    specs: Specs,
    answers: Models,
    store: Path,
    already: Spent | None = None,
    hosts: Ask | None = None,
    say: Callable[[str], None] | None = None,
) -> Iterator[tuple[Ask, Budget]]:
    """Who answers for some models: store > gate > budget > endpoint, store > hosts; one gate per server, one budget for all.

    Args:
        world: whose limits hold, and whose remote families the hosts answer for.
        specs: families with their models; of several worlds, perhaps.
        answers: where answers come from.
        store: file of kept answers.
        already: what was spent before.
        hosts: who answers for remote families.
        say: is told which server is sent which key, and when one asks to wait.

    Raises:
        WorldError: a key is missing, or one model has two servers.
        ModelError: a server may not be asked or sent its key.
        RunError: the simulated models do not start.
    """
    if answers.mode != "replay" and any(spec.base_url is None for _, spec in specs):
        with simulated_server(world.rates.value) as local:
            yield from _chained(world, specs, answers, store, (already, hosts, local, say))
    else:
        yield from _chained(world, specs, answers, store, (already, hosts, None, say))


def _chained(
    world: World,
    specs: Specs,
    answers: Models,
    store: Path,
    rest: tuple[Spent | None, Ask | None, str | None, Callable[[str], None] | None],
) -> Iterator[tuple[Ask, Budget]]:
    already, hosts, local, say = rest
    limits, limited = world.llm.spending, world.llm.spending.price is not None
    models = [(name, named(name, spec)) for name, spec in specs]
    routes, budget = routed(
        world, models, local, answers.mode == "replay",
        lambda inner: Budget(
            inner, calls=limits.calls, tokens=limits.tokens, price=limits.price, seconds=limits.seconds,
            prices=priced(models, limited), already=already,
        ),
        answers.grants, say,
    )  # fmt: skip
    if hosts is not None:
        routes.update({REMOTE + name: hosts for name in remote_families(world)})
    chain = Store(Routed(routes), store, answers.mode)
    try:
        yield chain, budget
    finally:
        LOOP.run(chain.close())


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


def _already(spent: Mapping[str, Any] | None) -> Spent | None:
    if not spent:
        return None
    return Spent(
        spent["calls"], spent["prompt_tokens"], spent["completion_tokens"], spent["price_usd"], spent["seconds"]
    )
