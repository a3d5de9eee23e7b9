"""Who sits at the overseer's desk of a run: nobody, a person, a file of decisions; what is decided is kept before it takes effect."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from society.ground.decisions import Decision, Done, Look, Overseer, checked
from society.ground.errors import RecordError, RunError, WorldError
from society.minds.human import Person, Scripted
from society.record.decisions import ByTick, Kept, read_decisions
from society.record.folder import read_manifest
from society.world.explain import validated
from society.world.world import World

NOBODY = (
    "oversight.human.mind is human and nobody sits in: what comes to the overseer's desk waits, and orders lapse. "
    "Sit in with --watch, play decisions with --decisions FILE, or give society.run an overseer"
)


@dataclass(frozen=True)
class Seat:
    """Who is to sit at the desk.

    Attributes:
        overseer: who decides; None for nobody.
        plain: who that is, as JSON-ready data for the manifest; None where a rule decides.
    """

    overseer: Overseer | None
    plain: dict[str, Any] | None


def asks_for_a_person(world: World) -> bool:
    """Whether a person is to sit at the overseer's desk, at any time of the run."""
    return any(stage.oversight.human.mind == "human" for _, stage in world.stages())


def person_is_asked_for(folder: Path) -> bool:
    """Whether a person is to sit at the desk of the run that stands in a folder.

    Raises:
        RecordError: it is no run's folder.
        WorldError: its manifest holds no world.
    """
    return asks_for_a_person(validated(World, read_manifest(folder)["world"], f"{folder}/manifest.json: world"))


def refuse_a_person(world: World, runs: str, cell: str = "") -> None:
    """Where many runs go on by themselves nobody can sit in.

    Args:
        world: the world of the runs.
        runs: which runs these are, for the message.
        cell: the cell of a sweep, for the place.

    Raises:
        WorldError: a person is to sit at the desk, at some time of the run.
    """
    if asks_for_a_person(world):
        raise WorldError(f"{cell}oversight.human.mind", "human", f"rule: nobody sits in at {runs}")


def seat(world: World, overseer: Overseer | None, decisions: str | Path | None, say: Callable[[str], None]) -> Seat:
    """Who sits at the desk of a world.

    Args:
        world: the world.
        overseer: somebody who decides.
        decisions: or a file of decisions.
        say: is told if nobody decides, or if the file goes on after the world's end.

    Raises:
        WorldError: the world has no desk for a person, or the file is wrong.
        RunError: both are given, or the overseer cannot decide.
    """
    if overseer is not None and decisions is not None:
        raise RunError("overseer: give an overseer or a file of decisions, not both")
    if overseer is not None and not isinstance(overseer, Overseer):
        raise RunError(f"overseer: {type(overseer).__name__} has no method decide(tick, look)")
    if not asks_for_a_person(world):
        if overseer is not None or decisions is not None:
            given = "an overseer is given" if decisions is None else "decisions are given"
            raise WorldError("oversight.human.mind", "rule", f"human, where {given}")
        return Seat(None, None)
    if decisions is not None:
        by_tick = read_decisions(decisions)
        late = sum(len(some) for tick, some in by_tick.items() if tick > world.ticks)
        if late:
            say(f"{decisions}: {late} decisions are for ticks after {world.ticks}, the last of this run")
        return Seat(Scripted(by_tick), {"by": "decisions", "file": str(Path(decisions).resolve())})
    if overseer is None:
        say(NOBODY)
        return Seat(None, {"by": "nobody"})
    kind = type(overseer)
    by = "person" if isinstance(overseer, Person) else f"{kind.__module__}.{kind.__qualname__}"
    return Seat(overseer, {"by": by})


def seat_again(
    folder: Path, world: World, before: Sequence[Mapping[str, Any]] | None, overseer: Overseer | None,
    decisions: str | Path | None, say: Callable[[str], None],
) -> Seat:  # fmt: skip
    """Who goes on with a run: as it was started, if nobody is named; a person may have left.

    Raises:
        RecordError: it was run with an overseer of one's own that is not here, or its file of decisions is gone.
        WorldError, RunError: as ``seat``.
    """
    last = before[-1] if before else {"by": "nobody"}
    by = last["by"]
    if overseer is None and decisions is None:
        if by == "decisions":
            decisions = Path(str(last["file"]))
            if not decisions.is_file():
                raise RecordError(
                    f"{folder}: was run with decisions from {decisions}, which is gone: give --decisions FILE"
                )
        elif by not in ("nobody", "person"):
            raise RecordError(f"{folder}: was run with an overseer of your own ({by}); give it to society.resume")
    return seat(world, overseer, decisions, say)


def took_seat(manifest: dict[str, Any], taken: Seat, tick: int) -> bool:
    """Note in the manifest who sits at the desk from the tick after ``tick`` on; False where a rule decides in all of the run."""
    if taken.plain is None:
        manifest["overseer"] = None
        return False
    manifest["overseer"] = [*(manifest.get("overseer") or []), {**taken.plain, "from_tick": tick + 1}]
    return True


class KeptDecisions:
    """An overseer whose decisions are kept in a run's folder; what an earlier part of the run decided is played again first.

    Args:
        overseer: who decides; None for nobody.
        folder: the run's folder.
        tick: ticks done already.

    Raises:
        RecordError: the file that stands in the folder cannot be mended.
        WorldError: it is damaged.
    """

    def __init__(self, overseer: Overseer | None, folder: Path, tick: int) -> None:
        self.overseer, self.kept = overseer, Kept(folder)
        self.again: ByTick = {at: some for at, some in self.kept.before.items() if at > tick}
        self.last = max(self.again, default=tick)

    def decide(self, tick: int, look: Look) -> Sequence[Decision]:
        """What was decided at this tick before, or is decided now."""
        if tick <= self.last:
            return self.again.get(tick, [])
        decisions = [] if self.overseer is None else checked(self.overseer.decide(tick, look))
        if decisions:
            self.kept.add(tick, decisions)
        return decisions

    def told(self, tick: int, done: Sequence[Done], look: Look) -> None:
        """Pass on what became of the decisions, to an overseer who wants to know."""
        told = getattr(self.overseer, "told", None)
        if told is not None:
            told(tick, done, look)

    def pack(self) -> dict[str, Any]:
        """What the overseer was told, as JSON-ready data; empty if it keeps nothing."""
        return self.overseer.pack() if isinstance(self.overseer, Person) else {}

    def unpack(self, tree: Mapping[str, Any]) -> None:
        """From what ``pack`` gave."""
        if tree and isinstance(self.overseer, Person):
            self.overseer.unpack(tree)
