"""What a run may spend, and what it has spent: calls, tokens, price, seconds."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from society.ground.errors import BudgetSpent
from society.llm.request import Answer, Ask, Request


@dataclass
class Spent:
    """Calls answered, tokens of prompts and answers, US dollars."""

    calls: int = 0
    prompt: int = 0
    completion: int = 0
    price: float = 0.0

    def add(self, calls: int, prompt: int, completion: int, price: float) -> None:
        """Count more."""
        self.calls += calls
        self.prompt += prompt
        self.completion += completion
        self.price += price


class Budget:
    """Counts what answers cost and refuses requests once a limit is reached; those under way end.

    Args:
        inner: what costs.
        calls, tokens, price, seconds: limits; None for no limit. Price in US dollars.
        prices: per model, US dollars per million tokens of prompts and of answers.
    """

    def __init__(
        self,
        inner: Ask,
        calls: int | None = None,
        tokens: int | None = None,
        price: float | None = None,
        seconds: float | None = None,
        prices: Mapping[str, tuple[float, float]] | None = None,
    ) -> None:
        self.inner, self.prices = inner, dict(prices or {})
        self.calls, self.tokens, self.price, self.seconds = calls, tokens, price, seconds
        self.spent = Spent()
        self.under_way = 0
        self.begin = time.monotonic()

    async def __call__(self, request: Request) -> Answer:
        """Ask if there is something left to spend.

        Raises:
            BudgetSpent: a limit is reached; it says which.
        """
        self._check()
        self.under_way += 1
        try:
            answer = await self.inner(request)
        finally:
            self.under_way -= 1
        ask, say = self.prices.get(request.model, (0.0, 0.0))
        usage = answer.usage
        self.spent.add(1, usage.prompt, usage.completion, (ask * usage.prompt + say * usage.completion) / 1e6)
        return answer

    async def close(self) -> None:
        """Close what costs."""
        await self.inner.close()

    def _check(self) -> None:
        spent = self.spent
        for name, limit, used in (
            ("calls", self.calls, spent.calls + self.under_way),
            ("tokens", self.tokens, spent.prompt + spent.completion),
            ("price", self.price, spent.price),
            ("seconds", self.seconds, time.monotonic() - self.begin),
        ):
            if limit is not None and used >= limit:
                raise BudgetSpent(f"llm.spending.{name}: the limit of {limit:g} is reached ({used:g} used)")
