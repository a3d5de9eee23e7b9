"""The mind that asks a language model: one episode per occasion, many at once, with memory, transcripts and costs."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from society.ground.chance import Chance
from society.ground.loop import LOOP
from society.ground.occasions import Acts, Letter, Occasions
from society.ground.scenes import Scene
from society.llm.request import Ask
from society.minds.llm.living import Lived, live, remember
from society.minds.llm.memories import Remembering
from society.minds.llm.unanswered import LEAST, check_unanswered
from society.world.language import Language, LanguageModel


class LanguageMind(Remembering):
    """Agents that are language models.

    Args:
        ask: how models are reached.
        model: which model, of which server.
        language: how agents are told things.
        seed: seed of the run.
    """

    def __init__(self, ask: Ask, model: LanguageModel, language: Language, seed: int) -> None:
        super().__init__()
        self.ask, self.model, self.language, self.seed = ask, model, language, seed
        #: Called after each episode, from the thread of the event loop.
        self.answered: Callable[[], None] | None = None
        self.totals: Counter[str] = Counter()

    def decide(self, occasions: Occasions, chance: Chance) -> Acts:
        """Play all occasions at once; the answers do not depend on who is answered first.

        Raises:
            ModelsFailed: no asking would heal it, or too many occasions have no answer.
        """
        view = occasions.view
        assert view is not None
        scenes = [view.scene(int(one)) for one in occasions.id]
        lived = LOOP.run(self._all(scenes))
        rows: list[tuple[int, float, float]] = []
        letters: list[Letter] = []
        for row, (scene, one) in enumerate(zip(scenes, lived, strict=True)):
            rows.extend((row, int(act), amount) for act, amount in one.acts)
            letters.extend(Letter(row, to, text) for to, text in one.letters)
            self.totals.update(one.counts)
            remember(self.memories[scene.agent], scene, one.acts, one.note)
        if scenes:
            check_unanswered({scenes[0].family: self}, self.language.most_unanswered, LEAST)
        at, act, amount = np.array(rows, np.float64).reshape(-1, 3).T
        transcripts = tuple(one.transcript for one in lived)
        return Acts(at.astype(np.int64), act.astype(np.int64), amount, letters=tuple(letters), transcripts=transcripts)

    def pack(self) -> dict[str, Any]:
        """What agents remember and what was counted, as JSON-ready data."""
        return {**super().pack(), "totals": dict(self.totals)}

    def unpack(self, tree: Mapping[str, Any]) -> None:
        """From what ``pack`` gave."""
        super().unpack(tree)
        self.totals = Counter({str(name): int(count) for name, count in tree["totals"].items()})

    async def _all(self, scenes: list[Scene]) -> list[Lived]:
        """All episodes at once; when one error ends the run, those under way are waited for: they are paid for."""
        ended = await asyncio.gather(*(self._one(scene) for scene in scenes), return_exceptions=True)
        for one in ended:
            if isinstance(one, BaseException):
                raise one
        return [one for one in ended if isinstance(one, Lived)]

    async def _one(self, scene: Scene) -> Lived:
        lived = await live(self.ask, scene, self.memories[scene.agent], self.model, self.language, self.seed)
        if self.answered is not None:
            self.answered()
        return lived
