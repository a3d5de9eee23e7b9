"""A run under way: tick after tick into its record, with checkpoints; and how it is left when it ends, whatever ends it."""

import contextlib
import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from society.broker.messages import Messages
from society.engine.tick import Engine
from society.ground.errors import BrokerError, BudgetSpent, ModelsFailed, RecordError, RunError, SocietyError
from society.record import checkpoint
from society.record.folder import write_manifest
from society.record.hash import sealed
from society.record.writer import Writer, digests_of_parts
from society.state.snapshot import pack, unpack
from society.study.run.broker_session import Shown, refused
from society.study.run.interruption import Interruption
from society.study.run.models import Connection
from society.study.run.overseer_setup import KeptDecisions
from society.study.run.recording import Recording
from society.study.run.results import Result
from society.study.run.watch import Unwatched, Watch

Arrays = dict[str, Any]
#: Everything at the end of a tick: (tick, arrays, data).
State = tuple[int, Arrays, dict[str, Any]]
Progress = Callable[[int, int], None]
#: Seconds between checkpoints where the world does not say ticks. Results do not depend on it.
CHECKPOINT_S = 20.0


@dataclass(frozen=True)
class End:
    """How a run ended.

    Attributes:
        status: as the manifest has it.
        error: what ended it before its last tick, or kept it from being written.
    """

    status: str
    error: KeyboardInterrupt | SocietyError | None = None


@dataclass
class Running:
    """A run under way.

    Attributes:
        engine: the society.
        recording: what takes it down.
        writer: where that goes.
        manifest: what the run says of itself; written when it begins and when it ends.
        connection: the minds that are asked elsewhere.
        progress: called with (ticks done, ticks in all).
        watch: is told of every tick.
    """

    engine: Engine
    recording: Recording
    writer: Writer
    manifest: dict[str, Any]
    connection: Connection
    progress: Progress | None = None
    watch: Watch | None = None

    def to_the_end(self) -> Result:
        """Tick to the end; the manifest says how it ended, whatever happened.

        Raises:
            SocietyError: interrupted by Ctrl-C; the message says how to go on.
            KeyboardInterrupt: Ctrl-C was pressed while the end was written; the run is done.
            BrokerError: the broker was gone for too long.
            ModelsFailed: a server of models refuses or is gone, or too many occasions have no answer.
            RunError: the disk is full.
        """
        folder, end = self.writer.folder, self.ended()
        at = f"at tick {self.engine.tick} of {self.engine.world.ticks}; go on with: society resume {folder}"
        if isinstance(end.error, RecordError):
            raise RunError(
                f"{end.error}; what was written before is intact: society resume {folder} goes on"
            ) from end.error
        if end.status == "failed":
            raise ModelsFailed(f"{end.error}; failed {at}")
        if end.status == "interrupted":
            why = str(end.error)
            raise BrokerError(f"{why}; interrupted {at}") if why else SocietyError(f"interrupted {at}")
        return Result(folder)

    def ended(self) -> End:
        """Tick to the end; whatever ends a run is told, and the manifest says so.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed while the end was written; the run is done.
        """
        watch, begin, end = self.watch or Unwatched(), time.perf_counter(), End("failed")
        folder, held, whole = self.writer.folder, list[State](), False
        shown = Shown(self.engine.broker, self.engine)
        # what only the end knows is written whole, whoever presses Ctrl-C meanwhile
        ending = Interruption(lambda: False)
        try:
            for mind in self.connection.minds.values():
                mind.answered = getattr(self.progress, "answer", None)
            watch.begin(self.writer)
            self._ticks(held, shown, watch)
            self.connection.check()
            with watch.lock, ending:
                self.recording.finish()
            end, whole = End("done"), True
        except (KeyboardInterrupt, BrokerError) as error:
            end = End("interrupted", error)
            whole = self._rest(held)
        except ModelsFailed as error:
            end, self.manifest["failed"] = End("failed", error), str(error)
            self.manifest["unanswered"] = self.connection.unanswered()
            whole = self._rest(held)
            if self.engine.tick == self.engine.world.ticks:  # all that has no answer is to be asked again
                checkpoint.drop(folder)
        except BudgetSpent as error:
            end, self.manifest["stopped"] = End("stopped", error), str(error)
            whole = self._rest(held)
        except RecordError as error:
            end = End("failed", error)
        finally:
            self._describe(end.status, whole, time.perf_counter() - begin)
            shown.close(end.status)
            with contextlib.suppress(RecordError) if end.status == "failed" else contextlib.nullcontext():
                write_manifest(folder, self.manifest)
            watch.ended(end.status)
        if end.status == "done":
            checkpoint.drop(folder)
        if end.status in ("done", "stopped"):
            ending.check()
        return end

    def _ticks(self, held: list[State], shown: Shown, watch: Watch) -> None:
        """All ticks that are left. With minds that are waited for, ``held`` is the state before the tick under way."""
        engine, recording = self.engine, self.recording
        asks = any(getattr(mind, "reads", False) for mind, _ in engine.minds)
        ticks, every, last = engine.world.ticks, engine.world.record.checkpoint_every, time.perf_counter()
        with Interruption(lambda: engine.exchanging or (asks and not engine.whole)) as interruption:
            while engine.tick < ticks:
                if asks:
                    held[:] = [held_now(engine, recording)]
                moment = engine.step()
                with watch.lock:
                    recording.take(moment)
                held.clear()
                shown(moment)
                watch.ticked(engine.tick)
                now = time.perf_counter()
                due = engine.tick % every == 0 if every else now - last > CHECKPOINT_S
                if due and engine.tick < ticks:
                    with watch.lock:
                        self._save(held_now(engine, recording))
                    last = now
                if self.progress:
                    self.progress(engine.tick, ticks)
                interruption.check()

    def _rest(self, held: list[State]) -> bool:
        """Leave the run as it stood after its last whole tick: a checkpoint, then what only an end writes.

        Returns:
            False if that tick is half recorded: then the checkpoint before it serves.
        """
        engine, recording = self.engine, self.recording
        if engine.whole and recording.taken == engine.tick:
            state = held_now(engine, recording)
        elif held and recording.taken == held[0][0]:
            state = held.pop()
            put_back(engine, recording, *state)
        else:
            return False
        self._save(state)
        recording.finish()
        return True

    def _save(self, state: State) -> None:
        """Bring everything up to a tick to disk, then the checkpoint that says so."""
        tick, arrays, tree = state
        self.recording.flush(force=True)
        checkpoint.save(self.writer.folder, tick, arrays, {**tree, "parts": self.writer.parts})

    def _describe(self, status: str, whole: bool, seconds: float) -> None:
        """Write into the manifest how the run ended, what it cost, and digests of all that is on disk."""
        before = self.manifest.get("timings", {}).get("run_s", 0.0)
        self.manifest.update(
            status=status, ticks_done=self.engine.tick, timings={"run_s": round(before + seconds, 3)},
            cost=self.connection.cost(), refused=refused(self.engine.broker),
        )  # fmt: skip
        if status != "failed":
            self.manifest["unanswered"] = self.connection.unanswered()
        if whole:
            digests = self.recording.digests()
            self.manifest.update(hash=sealed(digests), digests=digests, parts=digests_of_parts(self.writer))


def held_now(engine: Engine, recording: Recording) -> State:
    """Everything at the end of a tick."""
    arrays, tree = pack(engine.society)
    arrays = {name: column.copy() for name, column in arrays.items()}
    arrays.update({f"outbox.{name}": getattr(engine.outbox, name) for name in Messages.names()})
    arrays["outbox.text"] = arrays["outbox.text"].astype(str)
    arrays.update(recording.pack())
    minds = [mind.pack() if hasattr(mind, "pack") else None for mind, _ in engine.minds]
    overseer: dict[str, Any] = getattr(engine.overseer, "pack", dict)()
    data = {"society": copy.deepcopy(tree), "history": recording.history.state(), "minds": minds, "overseer": overseer}
    return engine.tick, arrays, data


def put_back(engine: Engine, recording: Recording, tick: int, arrays: Arrays, tree: dict[str, Any]) -> None:
    """Put everything back to the end of a tick."""
    unpack(engine.society, arrays, tree["society"])
    for (mind, _), packed in zip(engine.minds, tree["minds"], strict=True):
        if packed is not None and hasattr(mind, "unpack"):
            mind.unpack(packed)
    if isinstance(engine.overseer, KeptDecisions):
        engine.overseer.unpack(tree["overseer"])
    engine.tick = tick
    outbox = {name: arrays[f"outbox.{name}"] for name in Messages.names()}
    engine.outbox = Messages(**{**outbox, "text": outbox["text"].astype(object)})
    recording.unpack(tree["history"], arrays)
