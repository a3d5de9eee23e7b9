"""How many requests are under way at one server: grows while it answers, shrinks when it says it is busy."""

import asyncio
from collections import deque

from society.ground.errors import Busy, ModelError, Unreachable
from society.llm.request import Answer, Ask, Request

#: Requests under way at the start; doubled after as many successes until the server is busy for the first time.
FIRST = 16
#: Longest wait between two tries of one request, in seconds.
LONGEST_S = 60.0


class Gate:
    """Limits concurrency and rate, and tries again what failed for no fault of the request (AIMD, Chiu and Jain 1989).

    Args:
        inner: what is limited.
        most: most requests under way at once.
        per_minute: most requests per minute; None for no limit.
        attempts: tries of one request before its error is raised.
        wait_s: first wait before another try, where the server names none; doubled each time.
    """

    def __init__(
        self, inner: Ask, most: int = 64, per_minute: float | None = None, attempts: int = 6, wait_s: float = 0.5
    ) -> None:
        self.inner, self.most, self.attempts, self.wait_s = inner, most, attempts, wait_s
        self.allowed = float(min(FIRST, most))
        self.under_way = self.tries = self.busy = 0
        self.slow_start = True
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._until = 0.0
        self._rate = None
        if per_minute is not None:
            from aiolimiter import AsyncLimiter

            self._rate = AsyncLimiter(max(1.0, per_minute / 60), max(1.0, 60 / per_minute))

    async def __call__(self, request: Request) -> Answer:
        """Ask when it is this request's turn; the same request each time.

        Raises:
            ModelError: the last of several tries failed, or trying again would not help.
        """
        for attempt in range(self.attempts):
            try:
                return await self._once(request)
            except (Busy, Unreachable) as error:
                if attempt + 1 == self.attempts:
                    raise
                await asyncio.sleep(self._wait(error, request, attempt))
        raise ModelError("a gate needs at least one attempt")

    async def close(self) -> None:
        """Close what is limited."""
        await self.inner.close()

    async def _once(self, request: Request) -> Answer:
        await self._enter()
        try:
            if self._rate is not None:
                await self._rate.acquire()
            pause = self._until - asyncio.get_running_loop().time()
            if pause > 0:
                await asyncio.sleep(pause)
            self.tries += 1
            answer = await self.inner(request)
        except Busy as error:
            self._shrink(error)
            raise
        finally:
            self._leave()
        self.allowed = min(self.most, self.allowed + (1.0 if self.slow_start else 1.0 / self.allowed))
        return answer

    async def _enter(self) -> None:
        if self.under_way < int(self.allowed) and not self._waiting:
            self.under_way += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()  # the place was given to a request that is gone
            raise

    def _leave(self) -> None:
        self.under_way -= 1
        while self._waiting and self.under_way < int(self.allowed):
            turn = self._waiting.popleft()
            if not turn.done():
                self.under_way += 1
                turn.set_result(None)

    def _shrink(self, error: Busy) -> None:
        """Halve once per pause, however many requests under way are told the same."""
        now = asyncio.get_running_loop().time()
        self.busy += 1
        self.slow_start = False
        if now >= self._until:
            self.allowed = max(1.0, self.allowed / 2)
            self._until = now + min(LONGEST_S, self.wait_s if error.retry_after_s is None else error.retry_after_s)

    def _wait(self, error: ModelError, request: Request, attempt: int) -> float:
        """Seconds before another try: what the server says, else doubled each time, spread by the request's digest."""
        if isinstance(error, Busy) and error.retry_after_s is not None:
            return error.retry_after_s
        spread = 0.5 + int(request.digest[attempt * 4 : attempt * 4 + 4], 16) / 0xFFFF
        return min(LONGEST_S, self.wait_s * 2.0**attempt * spread)
