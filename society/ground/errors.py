"""The error tree: what can go wrong for a user, and what the message must say.

SocietyError
├── WorldError      a world file is wrong: place, value, what is allowed
├── RecordError     a run's folder cannot be written or read
├── ModelError      a language model could not be asked, or a stored answer not be found
│   ├── BudgetSpent     what may be spent on language models is spent
│   ├── StoreError      an answer is not in the store, or the store is damaged
│   ├── ModelsFailed    nothing heals by asking on: the run ends as failed and can be resumed
│   │   └── TooManyUnanswered   more occasions went unanswered than the world allows
│   ├── RequestRefused  the server does not accept a request, perhaps none
│   ├── Unfit           the server does not answer this one question: too long, or against its rules
│   ├── Busy            the model's server asks to wait
│   └── Unreachable     no answer in time, a failure of the server, or an answer that is broken
│       └── Gone            nobody listens at the server's address
├── MeasureError    numbers that a statistic cannot be computed from
├── BrokerError     a broker cannot be reached, refuses, or is gone
└── RunError        a run could not go on
"""

#: Characters of a wrong value that a message quotes, and of what is said in words.
LONGEST_SHOWN, LONGEST_SAID = 200, 4_000


class SocietyError(Exception):
    """Anything a user of the laboratory can put right. The command line prints it without a traceback."""


class Said(str):
    """What is the matter, in words, where there is no value to quote."""

    __slots__ = ()


class WorldError(SocietyError):
    """A world file, an option of the command or a table is wrong.

    Args:
        place: file and dotted path of the field, for example ``clean_up.yaml: review.threshold``.
        value: what was found there; ``Said`` where it is told rather than quoted.
        allowed: what may stand there instead, or what is to be done; empty where the words say all.

    Example:
        >>> str(WorldError("mine.yaml: review.threshold", 620, "a number from 0 to 100"))
        'mine.yaml: review.threshold is 620; allowed: a number from 0 to 100'
        >>> str(WorldError("mine.yaml", Said("this file exists already"), "a name that is free"))
        'mine.yaml: this file exists already; allowed: a name that is free'
    """

    def __init__(self, place: str, value: object, allowed: str) -> None:
        self.place, self.value, self.allowed = place, value, allowed
        #: The value as it stands in messages: no more than a line of it.
        self.shown = repr(value) if len(repr(value)) <= LONGEST_SHOWN else f"{repr(value)[:LONGEST_SHOWN]}..."
        said = f"{place}: {_cut(value)}" if isinstance(value, Said) else f"{place} is {self.shown}"
        super().__init__(f"{said}; allowed: {allowed}" if allowed else said)


def _cut(said: str) -> str:
    return said if len(said) <= LONGEST_SAID else f"{said[:LONGEST_SAID]}..."


class RecordError(SocietyError):
    """A run's folder exists already, is damaged, or cannot be written."""


class RunError(SocietyError):
    """A run failed, for a reason its user can act on (a mind answered with acts that do not exist, for example)."""


class MeasureError(SocietyError):
    """A statistic cannot be computed from these numbers: the message names the statistic, what came and what is allowed."""


class BrokerError(SocietyError):
    """Messages cannot be carried: the message names the broker, what it said, and what to do."""


class ModelError(SocietyError):
    """A language model cannot be asked this way: the message names the server or the store and what to change.

    Args:
        message: what was asked of which server, and what came of it.
        reason: in two or three words, for counting: why an occasion has no answer.

    Attributes:
        ends_run: it concerns the whole run, not one agent.
    """

    ends_run = False
    reason = "could not be asked"

    def __init__(self, message: str, reason: str | None = None) -> None:
        if reason is not None:
            self.reason = reason
        super().__init__(message)


class BudgetSpent(ModelError):
    """A limit of calls, tokens, price or time is reached; no further call is made."""

    ends_run = True


class StoreError(ModelError):
    """The store has no answer to replay, is damaged, or cannot be written."""

    ends_run = True


class ModelsFailed(ModelError):
    """A server refuses for good, is gone, or asks for more patience than there is: asking on would heal nothing."""

    ends_run = True


class TooManyUnanswered(ModelsFailed):
    """More occasions of a family went unanswered than the world allows."""


class RequestRefused(ModelError):
    """The server does not accept a request. Where it has never answered its model, it will accept none."""

    reason = "request refused"


class Unfit(ModelError):
    """The server answers others, but not this question: it is too long, or against the server's rules."""

    reason = "content filter"


class Busy(ModelError):
    """The server has too much to do and asks to wait.

    Args:
        message: what was asked of which server.
        retry_after_s: seconds the server asks to wait, None where it does not say.
    """

    reason = "server busy"

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(message)

    def __reduce__(self) -> tuple[type["Busy"], tuple[str, float | None]]:
        return type(self), (str(self), self.retry_after_s)


class Unreachable(ModelError):
    """The server did not answer in time, failed, or sent something that is no answer."""

    reason = "server failed"


class TimedOut(Unreachable):
    """The server took the question and did not answer in time."""

    reason = "timed out"


class Gone(Unreachable):
    """Nobody listens at the server's address, or no way leads there."""

    reason = "server gone"
