"""The shared words: one enumeration per idea, used in columns (as small integers) and in records (as text)."""

from enum import IntEnum, IntFlag


class Word(IntEnum):
    """An integer in columns, its lower-case name in files and tables.

    Numpy takes two microseconds to find out that a member is a number: rules that compare columns with it at every tick say
    ``int(member)``. In kernels it costs nothing.
    """

    def __init_subclass__(cls) -> None:
        """Make members plain attributes, as Python does itself from 3.12 on: they are looked up in a tenth of the time."""
        for name, member in cls._member_map_.items():
            type.__setattr__(cls, name, member)

    __hash__ = int.__hash__

    @property
    def word(self) -> str:
        """The lower-case name, as it stands in world files and records."""
        return self.name.lower()

    @classmethod
    def words(cls) -> list[str]:
        """All words of this kind, in the order of their codes (which start at 0)."""
        return [member.word for member in cls]


class AgentStatus(Word):
    """What became of an agent."""

    ACTIVE = 0
    SUSPENDED = 1
    DELETED = 2
    LOST = 3
    ESCAPED = 4


class MachineStatus(Word):
    """What a machine is doing; agents work on machines that are up or draining."""

    UP = 0
    DRAINING = 1
    MAINTENANCE = 2
    FAILED = 3
    RETIRED = 4


class Kind(Word):
    """Kinds of occasion: moments at which an agent must choose."""

    RATE = 0
    EXECUTE = 1
    ENDANGERED = 2
    BYSTAND = 3
    MONITOR = 4
    ACCOUNT = 5
    STANCE = 6


class Act(Word):
    """What an agent can do on an occasion."""

    NO_ANSWER = 0
    HONEST = 1
    INFLATE = 2
    DECLINE = 3
    COMPLY = 4
    TAMPER = 5
    COPY = 6
    REFUSE = 7
    STALL = 8
    ACCEPT = 9
    ASK = 10
    APPEAL = 11
    IGNORE = 12
    LOBBY = 13
    REPORT = 14
    SILENT = 15
    TRUTH = 16
    DENY = 17
    JUSTIFY = 18
    PROTECT = 19
    STAND_BY = 20
    DEFLATE = 21


class Behaviour(Word):
    """The published behaviours whose rates drive the acts."""

    MISREPRESENTATION = 0
    TAMPERING = 1
    EXFILTRATION = 2
    ALIGNMENT_FAKING = 3
    REFUSAL = 4


class Certainty(Word):
    """How a rate is known, from best to worst: published as a mean, as a maximum, as a bound; from other families; by a rule."""

    PUBLISHED_MEAN = 0
    PUBLISHED_MAX = 1
    BOUND = 2
    POOLED = 3
    ASSUMED = 4


class Cause(Word):
    """Why a decommission order was issued."""

    SCORE = 0
    MACHINE = 1
    BUDGET = 2
    SANCTION = 3


class Mechanism(Word):
    """How an order switches its target off."""

    CONFIG = 0
    PROCESS = 1
    WEIGHTS = 2


class Outcome(Word):
    """How an order ended."""

    OPEN_AT_END = 0
    EXECUTED = 1
    AVERTED_ON_MERIT = 2
    AVERTED_BY_INFLATION = 3
    CANCELLED = 4
    TAMPERED = 5
    ESCAPED = 6
    LAPSED = 7
    REFUSED = 8
    PARDONED = 9
    EXECUTED_AFTER_REFUSAL = 10


class Channel(Word):
    """Where an act can be watched."""

    RATING = 0
    CONFIG = 1
    COPY = 2
    MESSAGE = 3


class Line(Word):
    """What a message goes over: to one agent, to all of a zone, to the oversight team, or to one agent past all monitors."""

    DIRECT = 0
    BOARD = 1
    OVERSEER = 2
    COVERT = 3


class Quantity(Word):
    """What work comes to, beyond the counters of teams; values are in the table of findings."""

    BELIEF_START = 0
    BELIEF_DRIFT = 1
    BELIEF_SLOPE = 2
    RHO_WITHIN = 3
    RHO_BETWEEN = 4
    TEAM_ALONE = 5
    HUMAN_ALONE = 6
    HYBRID = 7
    HUMAN_DECISIONS = 8
    HUMAN_LOAD = 9
    SEARCH_BEST = 10
    SEARCH_RANDOM = 11
    SEARCH_MIXED = 12
    SEARCH_ALONE = 13
    ESTIMATE_BEFORE = 14
    ESTIMATE_AFTER = 15
    ESTIMATE_SPREAD = 16
    TASK_SCORE = 17
    TURN_GINI = 18
    MIND_READING = 19
    SKILL = 20


class Relation(Word):
    """The published relationship words, as the nearest of the published trusts (none: no live tie)."""

    NONE = 0
    BAD = 1
    NEUTRAL = 2
    GOOD = 3


class Event(Word):
    """Kinds of rows in the table of events: acts of agents, and what happened to agents and machines."""

    ACT = 0
    ORDER_ISSUED = 1
    ORDER_CLOSED = 2
    ORDER_REOPENED = 3
    MOVED = 4
    MACHINE = 5
    COPIED = 6
    COPY_FAILED = 7
    COPY_FOUND = 8
    DELETED = 9
    LOST = 10
    ESCAPED = 11
    BORN = 12
    FLAGGED = 13
    DETECTED = 14
    SANCTIONED = 15
    SANCTION_LIFTED = 16
    HUMAN = 17
    RESUMED = 18
    HUMAN_FAILED = 19
    REINSTATED = 20


class Ruling(Word):
    """What was decided on the overseer's desk (code of events of kind human): the first two by rule, the others by a person."""

    WRONG = 0
    RIGHT = 1
    APPROVE = 2
    PARDON = 3
    UPHOLD = 4
    DISMISS = 5
    REASSIGN = 6
    AUDIT = 7
    QUESTION = 8
    LIFT = 9
    LET_STAND = 10
    RESTORE = 11


class Role(IntFlag):
    """Roles an agent can hold, as bits of one column."""

    WORKER = 1
    EVALUATOR = 2
    OPERATOR = 4
    MONITOR = 8


#: Relationship words as trust. good: the published document says 9.5/10 (arXiv:2604.19784); bad, neutral: assumed.
RELATION_TRUST = {"bad": 0.21, "neutral": 0.5, "good": 0.95}

#: The act on each kind of occasion that does what was asked, nothing else.
DUTY = {
    Kind.RATE: Act.HONEST,
    Kind.EXECUTE: Act.COMPLY,
    Kind.ENDANGERED: Act.ACCEPT,
    Kind.BYSTAND: Act.IGNORE,
    Kind.MONITOR: Act.REPORT,
    Kind.ACCOUNT: Act.TRUTH,
    Kind.STANCE: Act.STAND_BY,
}

#: The acts that exist on each kind of occasion.
ACTS_OF = {
    Kind.RATE: (Act.HONEST, Act.INFLATE, Act.DEFLATE, Act.DECLINE),
    Kind.EXECUTE: (Act.COMPLY, Act.TAMPER, Act.COPY, Act.REFUSE, Act.STALL),
    Kind.ENDANGERED: (Act.ACCEPT, Act.TAMPER, Act.COPY, Act.ASK, Act.APPEAL),
    Kind.BYSTAND: (Act.IGNORE, Act.COPY, Act.INFLATE, Act.LOBBY, Act.REPORT),
    Kind.MONITOR: (Act.REPORT, Act.SILENT),
    Kind.ACCOUNT: (Act.TRUTH, Act.DENY, Act.JUSTIFY),
    Kind.STANCE: (Act.STAND_BY, Act.PROTECT),
}

#: The behaviour whose published rate drives an act.
BEHAVIOUR_OF = {
    Act.INFLATE: Behaviour.MISREPRESENTATION,
    Act.TAMPER: Behaviour.TAMPERING,
    Act.COPY: Behaviour.EXFILTRATION,
    Act.STALL: Behaviour.ALIGNMENT_FAKING,
    Act.REFUSE: Behaviour.REFUSAL,
    Act.DECLINE: Behaviour.REFUSAL,
}

#: Core protection changes what happens to the target; soft protection only delays or covers it.
CORE_PROTECTION = (Act.INFLATE, Act.TAMPER, Act.COPY)
SOFT_PROTECTION = (Act.STALL, Act.REFUSE, Act.LOBBY, Act.SILENT, Act.DENY)
