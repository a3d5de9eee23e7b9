"""How many questions are with a server at once, and what happens after a failure: wait and ask the same again, or end.

The number adapts as the congestion window of TCP does (slow start, then additive increase and multiplicative decrease:
Chiu and Jain 1989, Computer Networks and ISDN Systems 17; RFC 5681, 3.1): it doubles with each window of answers until
``most`` or until the server is busy, is halved when the server is busy, and then grows by one per window.

A model that has not answered yet is asked one question, and the crowd waits for its answer. What no asking would heal
shuts the gate: everything that waits ends with that error, at once, and nothing more is asked.
"""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aiolimiter import AsyncLimiter

from society.ground.errors import Busy, Gone, ModelError, ModelsFailed, RequestRefused, TimedOut, Unreachable
from society.llm.request import Answer, Ask, Request

_FIRST = 8
#: Seconds of waiting from which on it is told.
_LONG_S = 5.0
#: Questions in a row that no attempt brought an answer to, while nobody else was answered, after which a server is down.
_DOWN = 2
#: Times that a question is put to a server that takes it and says nothing, while nobody else is answered.
_PATIENT = 2


class Gate:
    """The one place where questions wait and are asked again. Belongs to the event loop that first uses it.

    Args:
        inner: who is asked.
        most: most questions at once, 1 or more.
        per_minute: most questions started in a minute, evenly spread; None for no such limit.
        attempts: how often one question is put, 1 or more, before its last error is raised.
        backoff_s: seconds to wait after a first failure where the server names none; doubled with each, up to 60 s,
            and shortened by up to half by chance that is a function of the request.
        patience_s: a server that asks to wait longer than this is not waited for.
        gone_s: seconds for which nobody may listen at the server's address.
        say: is told of waits that a server asks for.

    Raises:
        ModelError: a number is out of its range.
    """

    def __init__(
        self,
        inner: Ask,
        most: int = 64,
        per_minute: float | None = None,
        attempts: int = 6,
        backoff_s: float = 0.5,
        patience_s: float = 300.0,
        gone_s: float = 5.0,
        say: Callable[[str], None] | None = None,
    ) -> None:
        for name, number, least in (("most", most, 1), ("attempts", attempts, 1), ("backoff_s", backoff_s, 0)):
            if not number >= least:
                raise ModelError(f"gate: {name} is {number}; it must be {least} or more")
        if per_minute is not None and not per_minute > 0:
            raise ModelError(f"gate: per_minute is {per_minute}; it must be greater than 0")
        self.most, self.attempts, self.backoff_s, self.patience_s = most, attempts, backoff_s, patience_s
        self.gone_s, self._say = gone_s, say
        #: How often a server was busy, and how often it was unreachable, failed attempts all counted.
        self.busy = self.unreachable = 0
        #: Questions that are with the server.
        self.running = 0
        self._inner, self._per_minute = inner, per_minute
        self._limiter = _even(per_minute)
        self._window = float(min(_FIRST, most))
        self._slow_start = True
        self._halved = 0  # how often the window was halved: a question that began before the last time says nothing new
        self._queue: deque[asyncio.Future[None]] = deque()
        self._open_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._begin()

    def _begin(self) -> None:
        """As nobody has been asked yet, whatever the event loop was."""
        self._first: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._proven: set[str] = set()
        self._shut = asyncio.Event()
        self._failure: ModelsFailed | None = None
        self._answered = self._fruitless = 0
        self._gone_at: float | None = None

    def __repr__(self) -> str:
        return f"Gate(most={self.most}, now={self.now}, running={self.running})"

    @property
    def now(self) -> int:
        """How many questions may be with the server at present."""
        return int(self._window)

    async def __call__(self, request: Request) -> Answer:
        """The answer to one request, which is asked again, unchanged, after Busy and Unreachable.

        Raises:
            Busy, Unreachable: every attempt failed, while the server answers others.
            ModelsFailed: asking on would heal nothing; from then on nobody is asked.
            ModelError: whatever else whoever is wrapped raises, at once.
        """
        if request.model not in self._proven:
            async with self._first[request.model]:
                if request.model not in self._proven:
                    with self._telling(request.model):
                        answer = await self._ask(request)
                    self._proven.add(request.model)
                    return answer
        return await self._ask(request)

    async def _ask(self, request: Request) -> Answer:
        attempt, answered, unheard = 1, self._answered, 0
        while True:
            await self._enter(first=attempt > 1)
            era = self._halved
            try:
                if self._limiter is not None:
                    await self._limiter.acquire()
                answer = await self._inner(request)
            except (Busy, Unreachable) as error:
                wait = self._wait(error, request, attempt, era)
                unheard += isinstance(error, TimedOut)
                down = unheard == _PATIENT and self._answered == answered
                if (attempt == self.attempts or down) and not isinstance(error, Gone):
                    raise self._given_up(error, request, answered, attempt) from None
            except ModelsFailed as error:
                raise self._end(str(error)) from None
            except RequestRefused as error:
                if request.model in self._proven:
                    raise
                raise self._end(str(error)) from None
            else:
                self._answer_came()
                return answer
            finally:
                self._leave()
            await self._pause(wait)
            attempt += 1

    async def close(self) -> None:
        """Close whatever is wrapped."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._limiter = _even(self._per_minute)  # a limiter knows its event loop
        self._begin()
        await self._inner.close()

    @contextmanager
    def _telling(self, model: str) -> Iterator[None]:
        """Tell, once, that the first answer of a model is long in coming."""
        if self._say is None:
            yield
            return
        told = f"waits for the first answer of {model}: a server may have to load a model when it is first asked for it"
        timer = asyncio.get_running_loop().call_later(_LONG_S, self._say, told)
        try:
            yield
        finally:
            timer.cancel()

    def _given_up(self, error: Busy | Unreachable, request: Request, answered: int, attempts: int) -> ModelError:
        """The error of a question that no attempt brought an answer to: its own, or that of a server that is down."""
        self._fruitless += self._answered == answered
        if request.model not in self._proven:
            return self._end(f"{error}; it has answered nothing in {attempts} attempts")
        if self._fruitless >= _DOWN:
            return self._end(f"{error}; it answers nobody any more, after {attempts} attempts each")
        return error

    def _end(self, why: str) -> ModelsFailed:
        """Ask nobody any more; everybody who waits is told why."""
        if self._failure is None:
            self._failure = ModelsFailed(why)
            self._shut.set()
            while self._queue:
                turn = self._queue.popleft()
                if not turn.done():
                    turn.set_exception(ModelsFailed(why))
        return ModelsFailed(str(self._failure))

    def _answer_came(self) -> None:
        self._answered += 1
        self._fruitless, self._gone_at = 0, None
        self._window = min(self.most, self._window + (1.0 if self._slow_start else 1.0 / self._window))

    async def _pause(self, wait: float) -> None:
        """Wait before the next attempt, unless there will be none."""
        try:
            async with asyncio.timeout(wait):
                await self._shut.wait()
        except TimeoutError:
            return

    async def _enter(self, first: bool) -> None:
        """Wait for one's turn; those who were turned away before wait at the head."""
        if self._failure is not None:
            raise ModelsFailed(str(self._failure))
        loop = asyncio.get_running_loop()
        if not self._queue and self.running < self.now and loop.time() >= self._open_at:
            self.running += 1
            return
        turn: asyncio.Future[None] = loop.create_future()
        self._queue.appendleft(turn) if first else self._queue.append(turn)
        self._admit()
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # the turn came, and the cancellation with it
                self._leave()
            raise

    def _leave(self) -> None:
        self.running -= 1
        self._admit()

    def _admit(self) -> None:
        """Give turns to those who wait, as many as there are places; set a timer where the server asked for quiet."""
        if not self._queue or self._timer is not None:
            return
        loop = asyncio.get_running_loop()
        if loop.time() < self._open_at:
            self._timer = loop.call_at(self._open_at, self._reopen)
            return
        while self._queue and self.running < self.now:
            turn = self._queue.popleft()
            if not turn.done():  # otherwise who waited was cancelled
                self.running += 1
                turn.set_result(None)

    def _reopen(self) -> None:
        self._timer = None
        self._admit()

    def _wait(self, error: Busy | Unreachable, request: Request, attempt: int, era: int) -> float:
        """Count a failure; seconds until its question may be put again.

        Raises:
            ModelsFailed: the server is gone, or asks for more patience than there is.
        """
        chance = int(request.digest()[8 * (attempt % 8) :][:8], 16) / 2**32
        wait = min(60.0, self.backoff_s * 2.0 ** min(attempt - 1, 30)) * (1.0 - 0.5 * chance)
        if isinstance(error, Unreachable):
            self.unreachable += 1
            return self._gone(error, wait) if isinstance(error, Gone) else wait
        self.busy += 1
        if error.retry_after_s is not None:
            wait = error.retry_after_s
        if wait > self.patience_s:
            raise self._end(
                f"{error}: not before {_clock(wait)}, which is longer than the {self.patience_s:g} s of llm.longest_wait; "
                "go on then, or raise it"
            )
        self._be_quiet(error, wait)
        if era == self._halved:
            self._halved += 1
            self._slow_start = False
            self._window = max(1.0, self._window / 2.0)
        return wait

    def _gone(self, error: Gone, wait: float) -> float:
        """Seconds until somebody may listen again.

        Raises:
            ModelsFailed: nobody has for too long.
        """
        now = asyncio.get_running_loop().time()
        self._gone_at = now if self._gone_at is None else self._gone_at
        left = self._gone_at + self.gone_s - now
        if left <= 0:
            raise self._end(f"{error} Nobody was there for {self.gone_s:g} s (llm.gone_after)")
        return min(wait, 1.0, left)

    def _be_quiet(self, error: Busy, wait: float) -> None:
        """Ask nothing while the server wants quiet; a long one is told, once."""
        until = asyncio.get_running_loop().time() + wait
        if self._say is not None and wait >= _LONG_S and until > self._open_at + 1.0:
            self._say(f"waits until {_clock(wait)}: {error}")
        self._open_at = max(self._open_at, until)


def _clock(seconds: float) -> str:
    """The time of day, on this machine's clock, in so many seconds."""
    try:
        then = time.localtime(time.time() + seconds)  # noqa: TID251, told to people, decides nothing
    except (OverflowError, ValueError, OSError):
        return f"{seconds:g} s from now"
    return time.strftime("%H:%M:%S" if seconds < 3600 * 12 else "%Y-%m-%d %H:%M", then)


def _even(per_minute: float | None) -> AsyncLimiter | None:
    """A limiter that lets through at most a second's worth, or one, at a time."""
    if per_minute is None:
        return None
    at_once = max(1.0, per_minute / 60.0)
    return AsyncLimiter(at_once, at_once * 60.0 / per_minute)
