"""The error tree: what can go wrong for a user, and what the message must say.

SocietyError
├── WorldError      a world file is wrong: place, value, what is allowed
├── RecordError     a run's folder cannot be written or read
└── RunError        a run could not go on
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
