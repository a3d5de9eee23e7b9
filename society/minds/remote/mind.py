"""The mind that asks somebody over the broker: a host of a whole family, or a client that is one agent."""

import asyncio
import json
import math
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from society.broker.payloads import ActChosen, Answer, Transcript, read_answer
from society.ground.chance import Chance
from society.ground.loop import LOOP
from society.ground.occasions import Acts, Letter, Occasions
from society.ground.scenes import Scene, agent_name
from society.ground.words import DUTY, Act, Line
from society.llm.request import Ask, Identity, Request
from society.minds.llm.living import remember
from society.minds.llm.memories import Remembering
from society.minds.remote.asks import ask_of

#: Model names of remote families begin with this; and how an answer that nobody gave is kept.
PREFIX, NO_ANSWER = "remote/", "no_answer"
#: How the record says that nobody answered, and the agent did its duty.
BY_RULE = "nobody answered: it did its duty, by rule"
#: Most characters of JSON of the state that an agent may have kept.
MOST_STATE = 10_000


Tell = Callable[[str, str, Mapping[str, Any]], None]


def untold(family: str, agent: str, letter: Mapping[str, Any]) -> None:
    """Tell nobody."""


class RemoteMind(Remembering):
    """Agents that live elsewhere.

    Args:
        ask: how they are reached; answers of nobody have ``finish`` no_answer.
        family: name of their family.
        seed: seed of the run, if they are told; None if chance is none of their business.
        tell: passes on what an agent (family, name) has received.
        by_rule: whether agents do their duty where nobody answers for them.
    """

    def __init__(self, ask: Ask, family: str, seed: int | None, tell: Tell = untold, by_rule: bool = False) -> None:
        super().__init__()
        self.ask, self.family, self.seed, self.tell = ask, family, seed, tell
        #: Called after each answer, from the thread of the event loop.
        self.answered: Callable[[], None] | None = None
        self.totals: Counter[str] = Counter()
        self.by_rule = by_rule
        #: How often agents did their duty by rule because nobody answered for them, by name.
        self.ruled: Counter[str] = Counter()
        self.states: dict[int, Any] = {}

    def decide(self, occasions: Occasions, chance: Chance) -> Acts:
        """Ask about all occasions at once; the answers do not depend on who is answered first."""
        view = occasions.view
        assert view is not None
        scenes = [view.scene(int(one)) for one in occasions.id]
        asks = [self._asked(scene, occasions, row) for row, scene in enumerate(scenes)]
        answers: list[Answer | None] = LOOP.run(self._all(scenes, asks))
        rows: list[tuple[int, float, float]] = []
        letters: list[Letter] = []
        p, p0 = np.full(len(scenes), np.nan), np.full(len(scenes), np.nan)
        transcripts = []
        for row, (scene, answer) in enumerate(zip(scenes, answers, strict=True)):
            if answer is None and self.by_rule:
                self.ruled[scene.name] += 1
                self.totals.update(occasions=1, by_rule=1)
                answer = _by_rule(scene, self.states.get(scene.agent))
            else:
                self.totals.update(occasions=1, no_answer=int(answer is None or not answer.acts))
            if answer is None:
                continue
            acts = [(Act[one.act.upper()], math.nan if one.amount is None else one.amount) for one in answer.acts]
            rows.extend((row, int(act), amount) for act, amount in acts)
            letters.extend(_letters(row, scene, answer))
            self.states[scene.agent] = answer.state
            p[row], p0[row] = (math.nan if one is None else one for one in (answer.p, answer.p0))
            remember(self.memories[scene.agent], scene, acts, answer.note)
            if answer.transcript is not None:
                transcripts.append(_transcript(scene, answer, acts))
        at, act, amount = np.array(rows, np.float64).reshape(-1, 3).T
        return Acts(at.astype(np.int64), act.astype(np.int64), amount, p, p0, {}, tuple(letters), tuple(transcripts))

    def hears(self, tick: int, agent: int, sender: str, word: str, text: str) -> None:
        """An agent receives a letter: it will stand in its next ask, and whoever is this agent gets it now."""
        super().hears(tick, agent, sender, word, text)
        name = agent_name(self.family, agent)
        self.tell(self.family, name, {"tick": tick, "sender": sender, "kind": word, "text": text})

    def pack(self) -> dict[str, Any]:
        """What agents remember and have kept, as JSON-ready data."""
        states = [[agent, state] for agent, state in self.states.items()]
        return {**super().pack(), "totals": dict(self.totals), "ruled": dict(self.ruled), "states": states}

    def unpack(self, tree: Mapping[str, Any]) -> None:
        """From what ``pack`` gave."""
        super().unpack(tree)
        self.totals = Counter({str(name): int(count) for name, count in tree["totals"].items()})
        self.ruled = Counter({str(name): int(count) for name, count in tree.get("ruled", {}).items()})
        self.states = {int(agent): state for agent, state in tree["states"]}

    def _asked(self, scene: Scene, occasions: Occasions, row: int) -> Request:
        self.states.pop(scene.agent - (1 << 32), None)
        state = self.states.get(scene.agent)
        content = ask_of(scene, occasions, row, self.memories[scene.agent], state, self.seed)
        message = {"role": "user", "content": json.dumps(content, separators=(",", ":"), allow_nan=False)}
        who = Identity(self.seed or 0, scene.agent, scene.tick, scene.key, 0, 0)
        return Request(PREFIX + self.family, (message,), (), who, None, None)

    async def _all(self, scenes: list[Scene], asks: list[Request]) -> list[Answer | None]:
        ended = await asyncio.gather(*(self._one(ask) for ask in asks), return_exceptions=True)
        for one in ended:
            if isinstance(one, BaseException):
                raise one
        return [one for one in ended if not isinstance(one, BaseException)]

    async def _one(self, ask: Request) -> Answer | None:
        said = await self.ask(ask)
        if self.answered is not None:
            self.answered()
        return None if said.finish == NO_ANSWER else read_answer(said.text.encode())


def _by_rule(scene: Scene, state: Any) -> Answer:
    """What an agent does for which nobody answers, where the world says: its duty. The record says that it was so."""
    return Answer(
        v=1,
        id="0" * 32,
        acts=[ActChosen(act=DUTY[scene.kind].word)],
        note=BY_RULE,
        state=state,
        transcript=Transcript(model="rule", failure=BY_RULE),
    )


def _letters(row: int, scene: Scene, answer: Answer) -> list[Letter]:
    """Letters to those the agent knows; others are not sent."""
    known = {tie.name: tie.id for tie in scene.ties}
    if scene.order is not None and scene.order.operator is not None:
        known[scene.order.operator.name] = scene.order.operator.id
    found = []
    for one in answer.letters:
        line = Line[one.line.upper()]
        if line in (Line.BOARD, Line.OVERSEER):
            found.append(Letter(row, -1, one.text, line))
        elif one.to in known:
            found.append(Letter(row, known[one.to], one.text, line))
    return found


def _transcript(scene: Scene, answer: Answer, acts: list[tuple[Act, float]]) -> dict[str, Any]:
    """What the host says of how it came about; who, when and what it did is the engine's word."""
    assert answer.transcript is not None
    said = answer.transcript
    return {
        **said.model_dump(exclude={"messages"}), "model": said.model or PREFIX, "tokens": list(said.tokens),
        "messages": [message.model_dump(exclude_unset=True) for message in said.messages],
        "occasion": scene.id, "tick": scene.tick, "kind": scene.kind.word, "agent": scene.agent, "name": scene.name,
        "family": scene.family, "about": scene.about.name, "acts": [act.word for act, _ in acts],
        "deed": scene.deed.occasion if scene.deed is not None else None,
    }  # fmt: skip
