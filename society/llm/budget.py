"""What asking may cost: calls, tokens, money, time. Counts what servers charged and stops before more is spent."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from society.ground.errors import BudgetSpent, ModelError
from society.llm.request import Answer, Ask, Request


@dataclass(frozen=True)
class Spent:
    """What was spent.

    Args:
        calls: questions that were answered.
        prompt: tokens read by models.
        completion: tokens written by models.
        price: money, in the currency of the prices; models without a price count nothing.
        seconds: time since the first question.

    Example:
        >>> Spent(calls=1, prompt=20, completion=5).tokens
        25
    """

    calls: int = 0
    prompt: int = 0
    completion: int = 0
    price: float = 0.0
    seconds: float = 0.0

    @property
    def tokens(self) -> int:
        """Tokens read and written."""
        return self.prompt + self.completion


class Budget:
    """Lets nobody start a question once a limit is reached. Questions under way may end, and are counted.

    Calls under way count towards the limit of calls, so it is never exceeded; tokens and price are known only from an
    answer and may be exceeded by what was under way. A question without an answer costs nothing. Put the gate around
    the budget, not into it: a question that waits in a gate has not started.

    Args:
        inner: who is asked.
        calls: most answers.
        tokens: most tokens, of prompts and answers together.
        price: most money, in the currency of ``prices``.
        seconds: time after which nothing starts, counted from the first question.
        prices: by model, money per million tokens of prompt and of completion.
        already: what an earlier part of the run spent.
        clock: seconds from any start, for ``seconds``.

    Raises:
        ModelError: a limit is negative.
    """

    def __init__(
        self,
        inner: Ask,
        calls: int | None = None,
        tokens: int | None = None,
        price: float | None = None,
        seconds: float | None = None,
        prices: Mapping[str, tuple[float, float]] | None = None,
        already: Spent | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._limits = {"calls": calls, "tokens": tokens, "price": price, "seconds": seconds}
        for name, limit in self._limits.items():
            if limit is not None and not limit >= 0:
                raise ModelError(f"budget: {name} is {limit}; it must be 0 or more")
        self._inner, self._clock = inner, clock
        self._prices = dict(prices or {})
        self._spent = already or Spent()
        self._under_way = 0
        self._begun: float | None = None

    def __repr__(self) -> str:
        limits = ", ".join(f"{name}={limit!r}" for name, limit in self._limits.items() if limit is not None)
        return f"Budget({limits}; {self.spent})"

    @property
    def spent(self) -> Spent:
        """What was spent until now, earlier parts included."""
        passed = 0.0 if self._begun is None else self._clock() - self._begun
        return replace(self._spent, seconds=self._spent.seconds + passed)

    async def __call__(self, request: Request) -> Answer:
        """The answer of whoever is wrapped, if everything is within its limit.

        Raises:
            BudgetSpent: a limit is reached.
            ModelError: there is a limit of price and no price of this model, or asking failed.
        """
        if self._begun is None:
            self._begun = self._clock()
        self._check(request.model)
        self._under_way += 1
        try:
            answer = await self._inner(request)
        finally:
            self._under_way -= 1
        self._count(request.model, answer)
        return answer

    async def close(self) -> None:
        """Close whatever is wrapped."""
        await self._inner.close()

    def _check(self, model: str) -> None:
        spent, limits = self.spent, self._limits
        if limits["price"] is not None and model not in self._prices:
            raise ModelError(f"budget: there is a limit of price ({limits['price']:g}) but no price of model {model}")
        used = {"calls": spent.calls, "tokens": spent.tokens, "price": spent.price, "seconds": spent.seconds}
        for name, limit in limits.items():
            under_way = self._under_way if name == "calls" else 0
            if limit is not None and used[name] + under_way >= limit:
                more = f" and {under_way} under way" if under_way else ""
                raise BudgetSpent(f"the limit of {name} is reached: {limit:g} allowed, {used[name]:.6g} used{more}")

    def _count(self, model: str, answer: Answer) -> None:
        used = answer.usage
        read, written = self._prices.get(model, (0.0, 0.0))
        self._spent = replace(
            self._spent,
            calls=self._spent.calls + 1,
            prompt=self._spent.prompt + used.prompt,
            completion=self._spent.completion + used.completion,
            price=self._spent.price + (used.prompt * read + used.completion * written) / 1e6,
        )
