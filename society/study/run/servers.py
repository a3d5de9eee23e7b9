"""Which server answers for which model, at what price, and how many questions it is asked at once."""

from collections.abc import Callable, Mapping, Sequence

from society.ground.errors import ModelError, WorldError
from society.llm.budget import Budget
from society.llm.endpoint import Endpoint
from society.llm.gate import Gate
from society.llm.grants import Grant, granted, key_for, told
from society.llm.prices import price
from society.llm.request import Answer, Ask, Request
from society.minds.simulated import PREFIX, families
from society.world.language import LanguageModel
from society.world.world import World

#: Families with their models; a family stands there once for each model that it is in some world.
Specs = Sequence[tuple[str, LanguageModel]]
#: Where a model is asked: address, variable of the key, whether seeds are sent.
Server = tuple[str, str | None, bool]


def named(family: str, spec: LanguageModel) -> LanguageModel:
    """The model with the name it is asked for by; simulated ones, those without a server, say that they are."""
    model = spec.model or family
    return spec.model_copy(
        update={"model": f"{PREFIX}{model.removeprefix(PREFIX)}" if spec.base_url is None else model}
    )


def priced(specs: Specs, limited: bool) -> dict[str, tuple[float, float]]:
    """Prices of all models, by name; simulated ones cost nothing.

    Args:
        specs: models under the names they are asked for by.
        limited: there is a limit of price.

    Raises:
        WorldError: there is a limit of price and a model has none.
    """
    prices = {}
    for name, spec in specs:
        found = (0.0, 0.0) if spec.base_url is None else price(str(spec.model))
        if found is not None:
            prices[str(spec.model)] = found
        elif limited:
            raise WorldError(
                f"families.{name}.mind.model",
                spec.model,
                "a model whose price is known, where llm.spending.price is set",
            )
    return prices


def routed(
    world: World,
    specs: Specs,
    local: str | None,
    replays: bool,
    budgeted: Callable[[Ask], Budget],
    grants: Sequence[Grant] = (),
    say: Callable[[str], None] | None = None,
) -> tuple[dict[str, Ask], Budget]:
    """Who answers for each model: gate > budget > endpoint.

    Args:
        world: whose rates are simulated, and whose limits each server has.
        specs: models under the names they are asked for by.
        local: address of the simulated models.
        replays: answers are only read from the store.
        budgeted: puts the one budget around all endpoints.
        grants: servers that may be asked, and keys they may be sent, as this machine's user said.
        say: is told which server is sent which key, before it is asked, and when one asks to wait.

    Raises:
        WorldError: one model has two servers, or a family cannot be simulated.
        ModelError: a server may not be asked or sent its key.
    """
    known = families(world.rates.value)
    allowed = () if replays else granted(grants)
    places: dict[str, Server] = {}
    servers: dict[Server, Ask] = {}
    for name, spec in specs:
        if spec.base_url is None and str(spec.model).removeprefix(PREFIX) not in known:
            raise WorldError(f"families.{name}", spec.model, f"one of {', '.join(known)}: others are not simulated")
        place: Server = (local or "", None, True)
        if spec.base_url is not None:
            key = spec.key if replays else key_for(spec.base_url, spec.key, allowed, f"families.{name}")
            place = spec.base_url, key, spec.sends_seed
        if places.setdefault(str(spec.model), place) != place:
            raise WorldError(f"families.{name}.mind", spec.model, "one server per model")
        if place not in servers:
            servers[place] = Nobody() if replays else Endpoint(place[0], place[1], sends_seed=place[2])
    budget = budgeted(Routed({model: servers[place] for model, place in places.items()}))
    if say is not None and not replays:
        for line in dict.fromkeys(told(url, key) for url, key, _ in servers if url != local):
            say(line)
    llm = world.llm
    gates = {
        place: Gate(
            budget, llm.concurrency, llm.per_minute, patience_s=llm.longest_wait, gone_s=llm.gone_after, say=say
        )
        for place in servers
    }
    return {model: gates[place] for model, place in places.items()}, budget


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
