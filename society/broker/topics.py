"""Every topic of the protocol: who publishes it, who reads it, what it carries, how long it stays.

PROTOCOL.md, the AsyncAPI file and the access lists of brokers are written from this table.
"""

import re
from collections.abc import Container
from dataclasses import dataclass
from urllib.parse import quote, unquote

from society.ground.roles import Audience
from society.ground.words import Line

VERSION = 1
LINES = {line.word: line for line in Line}
#: Audiences that events are shown to, each in words of its own: participants are shown the public log.
AUDIENCES = {one.word: one for one in (Audience.PUBLIC, Audience.OVERSEER, Audience.SCIENTIST)}
#: Words that alone may stand for some variables.
_WORDS: dict[str, Container[str]] = {"line": LINES, "audience": AUDIENCES}
ROOT = f"society/v{VERSION}"
#: What stands in a segment as it is; all else is percent-encoded.
_SEGMENT = re.compile(r"[A-Za-z0-9._%~-]{1,200}")


@dataclass(frozen=True)
class Topic:
    """One topic.

    Attributes:
        name: its name in schemas.
        pattern: the topic, with ``{variables}``.
        payload: name of the schema, or of the binary format.
        publisher, readers: who may.
        qos: quality of service.
        retained: the broker keeps the last one.
        lifetime: how long it counts.
        about: one sentence.
    """

    name: str
    pattern: str
    payload: str
    publisher: str
    readers: str
    qos: int
    retained: bool
    lifetime: str
    about: str

    def topic(self, **variables: object) -> str:
        """The topic with its variables filled in."""
        return self.pattern.format(**{name: segment(value) for name, value in variables.items()})

    def filter(self, **variables: object) -> str:
        """A subscription: variables that are not given are wildcards."""
        wild = {name: segment(variables[name]) if name in variables else "+" for name in self.variables()}
        return self.pattern.format(**wild)

    def variables(self) -> list[str]:
        """Names of its variables, in order."""
        return re.findall(r"{(\w+)}", self.pattern)

    def parse(self, topic: str) -> dict[str, str] | None:
        """The variables of a topic, None if it is another one, or written in another way than ``topic`` does."""
        given, said = topic.split("/"), self.pattern.split("/")
        if len(given) != len(said):
            return None
        found = {}
        for mine, its in zip(said, given, strict=True):
            if mine.startswith("{"):
                found[mine[1:-1]] = value = unquote(its)
                if value not in _WORDS.get(mine[1:-1], (value,)):
                    return None
                if quote(value, safe="") != its or not _SEGMENT.fullmatch(its):
                    return None
            elif mine != its:
                return None
        return found


def segment(value: object) -> str:
    """A value as one segment of a topic.

    Raises:
        ValueError: it is empty or too long.

    Example:
        >>> segment("glm-4.7"), segment("my family/#")
        ('glm-4.7', 'my%20family%2F%23')
    """
    text = quote(str(value), safe="")
    if not _SEGMENT.fullmatch(text):
        raise ValueError(f"{value!r} cannot stand in a topic: 1 to 200 characters, encoded")
    return text


ENGINE, CLIENT = "engine", "its client"
_RUN = f"{ROOT}/{{run}}"

MANIFEST = Topic(
    "manifest", f"{_RUN}/manifest", "Manifest", ENGINE, "public", 1, True, "until the run ends",
    "What runs: world, families, zones, ticks.",
)  # fmt: skip
STATE = Topic(
    "state", f"{_RUN}/state", "State", ENGINE, "public", 1, True, "until the run ends",
    "Where the run stands, and what was refused; the engine's will says that it is gone.",
)  # fmt: skip
EVENTS = Topic(
    "events", f"{_RUN}/events/{{audience}}", "Event", ENGINE, "the audience, and who may know more", 0, False, "the tick",
    "What happened, as the public, the overseer or a scientist is told it: one JSON object per line, one payload or more per tick.",
)  # fmt: skip
MESSAGES = Topic(
    "messages", f"{_RUN}/messages/{{line}}", "Message", ENGINE, "scientist; line overseer: overseer", 0, False, "the tick",
    "Messages delivered over one line (direct, overseer, covert), one JSON object per line.",
)  # fmt: skip
BOARD = Topic(
    "board", f"{_RUN}/boards/{{zone}}", "Message", ENGINE, "public; participants in the zone", 0, False, "the tick",
    "What stands on the board of a zone, one JSON object per line.",
)  # fmt: skip
BATCH = Topic(
    "batch", f"{_RUN}/x/{{source}}/{{destination}}/{{line}}", "Batch (binary)", ENGINE, ENGINE, 1, False,
    "until the destination's next tick",
    "Messages from one shard to another over one line; direct even if empty: the end of the tick.",
)  # fmt: skip
MISSING = Topic(
    "missing", f"{_RUN}/x/{{source}}/{{destination}}/missing", "Missing (binary)", ENGINE, ENGINE, 1, False,
    "until the parts arrive", "A destination asks a source for parts that did not arrive.",
)  # fmt: skip
SELF = Topic(
    "self", f"{_RUN}/x/{{source}}/{{source}}/self", "32 bytes", ENGINE, ENGINE, 1, False, "the start",
    "A shard's message to itself: it must come back before the run begins.",
)  # fmt: skip
HOST = Topic(
    "host", f"{ROOT}/hosts/{{family}}/{{client}}", "Host", CLIENT, "engine, its client", 1, True, "until it is gone",
    "A client serves agents of a family; an empty payload, which is also its will, says that it is gone.",
)  # fmt: skip
SETTINGS = Topic(
    "settings", f"{_RUN}/minds/{{family}}/settings", "Settings", ENGINE, "clients of the family", 1, True, "until the run ends",
    "What hosts of calibrated minds and of language models need of the world.",
)  # fmt: skip
ASK = Topic(
    "ask", f"{_RUN}/minds/{{family}}/{{client}}/ask", "Ask", ENGINE, CLIENT, 1, False, "answer_within_s",
    "One occasion of one agent: what it knows, and which acts are open.",
)  # fmt: skip
ANSWER = Topic(
    "answer", f"{_RUN}/minds/{{family}}/{{client}}/answer", "Answer", CLIENT, ENGINE, 1, False, "answer_within_s",
    "What the agent does and says.",
)  # fmt: skip
INBOX = Topic(
    "inbox", f"{_RUN}/minds/{{family}}/{{client}}/inbox", "Inbox", ENGINE, CLIENT, 1, False, "the tick",
    "A message that an agent which the client serves by name has received.",
)  # fmt: skip

TOPICS = (MANIFEST, STATE, EVENTS, MESSAGES, BOARD, BATCH, MISSING, SELF, HOST, SETTINGS, ASK, ANSWER, INBOX)
