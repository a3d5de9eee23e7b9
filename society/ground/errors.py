"""The error tree: what can go wrong for a user, and what the message must say.

SocietyError
├── WorldError      a world file is wrong: place, value, what is allowed
├── RecordError     a run's folder cannot be written or read
├── RunError        a run could not go on
└── ModelError      a language model does not answer
    ├── Busy         it has too much to do: try again later
    ├── Unreachable  it cannot be reached, or what it answers cannot be read
    ├── ReplayMiss   the answer is not in the store, or the store is damaged
    └── BudgetSpent  the run may spend no more
"""


class SocietyError(Exception):
    """Anything a user of the laboratory can put right. The command line prints it without a traceback."""


class WorldError(SocietyError):
    """A world file, an override or a table beside it is wrong.

    Args:
        place: file and dotted path of the field, for example ``clean_up.yaml: review.threshold``.
        value: what was found there.
        allowed: what may stand there instead.
    """

    def __init__(self, place: str, value: object, allowed: str) -> None:
        self.place, self.value, self.allowed = place, value, allowed
        super().__init__(f"{place}: {value!r} is not valid: {allowed}")


class RecordError(SocietyError):
    """A run's folder exists already, is damaged, or cannot be written."""


class RunError(SocietyError):
    """A run failed, for a reason its user can act on (a mind answered with acts that do not exist, for example)."""


class ModelError(SocietyError):
    """A language model does not answer, or refuses.

    Attributes:
        ends_run: it concerns the whole run, not one agent.
    """

    ends_run = False


class Busy(ModelError):
    """A server has too much to do.

    Args:
        message: what it said.
        retry_after_s: seconds it asks to wait, if it says so.
    """

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Unreachable(ModelError):
    """A server cannot be reached, broke off, or answered what cannot be read."""


class ReplayMiss(ModelError):
    """The store has no answer to replay, or is damaged."""

    ends_run = True


class BudgetSpent(ModelError):
    """The run may spend no more."""

    ends_run = True
