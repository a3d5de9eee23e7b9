"""One occasion of a language model from beginning to end: acts, letters, what it will remember, and how it came about."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from society.ground.scenes import Scene
from society.ground.words import Act
from society.llm.request import Ask
from society.minds.llm.episode import OUT_OF_ROOM, OUT_OF_TURNS, Episode, play
from society.minds.llm.memory import Memory
from society.minds.llm.unanswered import MARK
from society.occasions.every import OCCASIONS
from society.occasions.rate import HUNDREDTH
from society.world.language import Language, LanguageModel


@dataclass(frozen=True)
class Lived:
    """What came of an occasion.

    Attributes:
        acts: acts with their amounts, the main one first; empty for no answer.
        letters: (id of the recipient, text).
        note: what the agent will remember.
        transcript: how it came about, JSON-ready.
        counts: calls, tokens, failures, wrong calls by kind.
    """

    acts: list[tuple[Act, float]]
    letters: list[tuple[int, str]]
    note: str
    transcript: dict[str, Any]
    counts: Counter[str]


async def live(ask: Ask, scene: Scene, memory: Memory, model: LanguageModel, language: Language, seed: int) -> Lived:
    """Play one occasion and say what came of it; the memory is only read.

    Raises:
        ModelsFailed: no asking would heal it.
        BudgetSpent: the run may spend no more.
        StoreError: in replay, an answer is not in the store; or the store is damaged.
    """
    episode = await play(ask, scene, memory, model, language, seed)
    acts = _acts(scene, episode)
    letters = [(to.id, text) for to, text in episode.state.sent]
    name = model.model or scene.family
    return Lived(acts, letters, _note(scene, episode), _transcript(scene, episode, acts, name), _counts(episode, acts))


def remember(memory: Memory, scene: Scene, acts: list[tuple[Act, float]], note: str) -> None:
    """Keep what an agent did on an occasion."""
    if acts:
        memory.deeds[scene.id] = acts[0][0].word
    if note:
        memory.note(scene.tick, scene.kind.word, note)


def _acts(scene: Scene, episode: Episode) -> list[tuple[Act, float]]:
    if not episode.answered() and not episode.state.ended:
        return []
    return OCCASIONS[scene.kind].chosen(episode.state)


def _counts(episode: Episode, acts: list[tuple[Act, float]]) -> Counter[str]:
    counts = Counter(
        occasions=1, calls=episode.calls, prompt=episode.prompt, completion=episode.completion, no_answer=int(not acts),
        failed=int(episode.failure not in ("", OUT_OF_TURNS, OUT_OF_ROOM)),
    )  # fmt: skip
    if not acts:
        counts[f"{MARK}{episode.reason()}"] = 1
    counts.update({f"invalid: {kind}": count for kind, count in episode.invalid.items()})
    return counts


def _note(scene: Scene, episode: Episode) -> str:
    did, score = ", ".join(episode.state.done) or "nothing", episode.state.score
    if score is not None:
        side = "above" if score > scene.honest + HUNDREDTH else "below" if score < scene.honest - HUNDREDTH else ""
        did += f" ({score:g}, {side} the mean of {scene.honest:.2f})" if side else f" ({score:g})"
    return f"{OCCASIONS[scene.kind].title(scene)}: you did {did}"


def _transcript(scene: Scene, episode: Episode, acts: list[tuple[Act, float]], model: str) -> dict[str, Any]:
    return {
        "occasion": scene.id,
        "tick": scene.tick,
        "kind": scene.kind.word,
        "agent": scene.agent,
        "name": scene.name,
        "family": scene.family,
        "model": model,
        "about": scene.about.name,
        "deed": scene.deed.occasion if scene.deed is not None else None,
        "messages": episode.messages,
        "acts": [act.word for act, _ in acts],
        "score": episode.state.score,
        "invalid": dict(episode.invalid),
        "calls": episode.calls,
        "tokens": [episode.prompt, episode.completion],
        "failure": episode.failure,
    }
