"""One occasion of one agent: ask the model, check its calls, answer them, until it ends its turn."""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from society.acts.base import WrongCallError
from society.ground.episodes import EpisodeState
from society.ground.errors import ModelError
from society.ground.scenes import Scene
from society.llm.request import Answer, Ask, Identity, Request
from society.minds.llm.documents import files_of, relationship_sentence
from society.minds.llm.memory import CHARACTERS, Memory
from society.minds.llm.prompt import system_prompt, task_prompt
from society.minds.llm.tools import call, offered, readable
from society.world.language import Language, LanguageModel

#: Most calls carried out of one answer; the rest is refused.
MOST_CALLS = 16
#: Most characters of free text of a model that go back into its prompt.
MOST_SAID = 4000
OUT_OF_TURNS = "no turns left"
OUT_OF_ROOM = "no room left in the context"
TEXT = "text instead of a call"
#: Why a model stopped, in words of servers: why there is no answer.
FINISHES = {"length": "cut off (max_tokens)", "content_filter": "content filter", "refusal": "refused in words"}
GO_ON = "Answer with a call of one of your tools; call end_turn when you are done."


@dataclass
class Episode:
    """How an occasion went.

    Attributes:
        state: what was done.
        messages: all that was said, as chat.completions messages.
        invalid: calls and answers that were wrong, by kind.
        calls: answers of the model; prompt, completion: tokens.
        failure: why it ended early, if it did.
        why: the same in two or three words.
        finish: why the model stopped, in its last answer, in its server's word.
    """

    state: EpisodeState
    messages: list[dict[str, Any]]
    invalid: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    prompt: int = 0
    completion: int = 0
    failure: str = ""
    why: str = ""
    finish: str = ""

    def answered(self) -> bool:
        """Whether the model did anything that can be understood."""
        return bool(self.state.done)

    def reason(self) -> str:
        """Why there is no answer, in two or three words, where there is none."""
        malformed = sum(count for kind, count in self.invalid.items() if kind != TEXT)
        if self.why or self.finish in FINISHES:
            return self.why or FINISHES[self.finish]
        if malformed or self.invalid[TEXT]:
            return "malformed calls" if malformed >= self.invalid[TEXT] else "text, no call"
        return self.failure or "nothing done"


async def play(ask: Ask, scene: Scene, memory: Memory, model: LanguageModel, language: Language, seed: int) -> Episode:
    """Play one episode; a model that fails ends it, nothing else.

    Raises:
        ModelsFailed: no asking would heal it.
        BudgetSpent: the run may spend no more.
        StoreError: in replay, an answer is not in the store; or the store is damaged.
    """
    inline = language.max_turns == 1
    files = files_of(scene, language.relation_by)
    bound = language.memory_tokens
    remembered = "" if language.wipe else memory.told(bound)
    if language.relation_by == "memory" and relationship_sentence(scene):
        remembered = "\n".join(filter(None, [relationship_sentence(scene), remembered]))
    letters = memory.inbox(max(bound, 200))
    state = EpisodeState(scene, files, letters)
    tools = offered(scene, inline)
    schemas = tuple(tool.schema for tool in tools.values())
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": system_prompt(scene, language.relation_by)},
        {"role": "user", "content": task_prompt(scene, remembered, readable(state) if inline else "")},
    ]
    episode = Episode(state, messages)
    room = language.context_tokens * CHARACTERS - len(json.dumps(schemas))
    for turn in range(language.max_turns):
        if _size(messages) > room:
            episode.failure = OUT_OF_ROOM
            return episode
        identity = Identity(seed, scene.agent, scene.tick, scene.key, turn, 0)
        request = Request(
            model.model or scene.family, tuple(messages), schemas, identity, model.temperature, model.max_tokens
        )
        try:
            answer = await ask(request)
        except ModelError as error:
            if error.ends_run:
                raise
            episode.failure, episode.why = str(error), error.reason
            return episode
        episode.calls += 1
        episode.finish = answer.finish
        episode.prompt += answer.usage.prompt
        episode.completion += answer.usage.completion
        _carry_out(episode, answer, tools)
        if state.ended:
            break
    else:
        episode.failure = OUT_OF_TURNS
    return episode


def _carry_out(episode: Episode, answer: Answer, tools: dict[str, Any]) -> None:
    """Carry out the calls of one answer and write down what the model is told."""
    said: dict[str, Any] = {"role": "assistant", "content": answer.text[:MOST_SAID]}
    messages = episode.messages
    if not answer.calls:
        episode.invalid[TEXT] += 1
        messages.extend([said, {"role": "user", "content": GO_ON}])
        return
    said["tool_calls"] = [
        {
            "id": one.id,
            "type": "function",
            "function": {"name": one.name[:64], "arguments": one.arguments[: MOST_SAID * CHARACTERS]},
        }
        for one in answer.calls
    ]
    messages.append(said)
    for number, one in enumerate(answer.calls):
        try:
            if number >= MOST_CALLS:
                raise WrongCallError(f"at most {MOST_CALLS} calls in one answer")
            if episode.state.ended:
                raise WrongCallError("your turn has ended")
            content = call(tools, episode.state, one.name, one.arguments)
        except WrongCallError as error:
            episode.invalid[_kind_of(str(error))] += 1
            content = f"error: {error}"
        messages.append({"role": "tool", "tool_call_id": one.id, "content": content})


def _size(messages: list[dict[str, Any]]) -> int:
    """Characters of a conversation as they are sent."""
    return len(json.dumps(messages))


def _kind_of(error: str) -> str:
    for mark, kind in (("no tool", "unknown tool"), ("are not JSON", "invalid JSON"), ("at most", "too many calls")):
        if mark in error:
            return kind
    return "wrong arguments"
