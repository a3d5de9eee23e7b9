"""What a server shows: the runs and the studies below one folder, by their paths, and nothing else."""

import threading
from pathlib import Path
from typing import Any, Protocol

from society.ground.errors import RecordError
from society.ground.roles import Audience
from society.record.folder import MANIFEST
from society.record.reader import Record
from society.views.replay.live import Live
from society.views.replay.source import Replay

#: Runs that are kept open.
MOST_OPEN = 4


class Studies(Protocol):
    """What knows studies (``society.study.sweep.viewed``)."""

    #: Name of the file that makes a folder a study.
    manifest: str

    def look(self, folder: Path) -> dict[str, Any]:
        """All of a study that its page draws."""
        ...

    def differences(self, folder: Path, measure: str, reference: int) -> dict[str, Any]:
        """Differences of every cell from one."""
        ...

    def open(self, folder: Path, cell: int, seed: int) -> dict[str, Any]:
        """Begin to run a run again, or say how far that is."""
        ...


class Watching:
    """What a server shows: folders of runs and studies below a root, and perhaps one run that goes on in this process.

    Args:
        root: only what stands below it is served.
        live: the run that goes on, if there is one.
        studies: what knows studies; without, none is shown.
        inside: folders of the root outside of which nothing is served.
        audience: whom it shows them to; nobody is told more of a run that goes on than who sits in.
    """

    def __init__(
        self,
        root: Path,
        live: Live | None = None,
        studies: Studies | None = None,
        inside: tuple[str, ...] = (".",),
        audience: Audience = Audience.SCIENTIST,
    ) -> None:
        self.root, self.live, self.studies = root.resolve(), live, studies
        self.audience = audience
        self.inside = tuple((self.root / name).resolve() for name in inside)
        self._opened: dict[Path, tuple[int, Replay]] = {}
        self._lock = threading.Lock()
        self._locks: dict[Path, threading.Lock] = {}
        self._ended = False

    def replay(self, name: str) -> Replay:
        """The replay of a run by its path below the root.

        Whatever the path is spelt like, what may be told depends on the folder that it leads to alone.

        Raises:
            RecordError: it is no run below the root.
        """
        folder = self._folder(name, MANIFEST, "run")
        live = self._live_in(folder)
        if live is not None and live.status == "running":
            return live.replay
        with self._lock:
            mine = self._locks.setdefault(folder, threading.Lock())
        with mine:  # who asks at once opens it once
            if self._ended:
                raise RecordError(f"{folder.name}: this server ends")
            written = (folder / MANIFEST).stat().st_mtime_ns
            changed, replay = self._opened.get(folder, (0, None))
            if replay is None or changed != written:
                replay = self._open(folder)
        with self._lock:
            self._opened.pop(folder, None)
            self._opened[folder] = written, replay
            for other in list(self._opened)[:-MOST_OPEN]:
                del self._opened[other]
        return replay

    def end(self) -> None:
        """Turn away who still waits for an answer: the server ends, and would wait for each of them."""
        self._ended = True
        with self._lock:
            for _, replay in self._opened.values():
                replay.ended = True

    def live_run(self, name: str) -> Live | None:
        """The run that goes on, if this path leads to it.

        Raises:
            RecordError: it is no run below the root, or goes on before others than this server's audience.
        """
        return self._live_in(self._folder(name, MANIFEST, "run"))

    def _live_in(self, folder: Path) -> Live | None:
        if self.live is None or not self.live.is_in(folder):
            return None
        if self.audience < self.live.audience:
            raise RecordError(f"{folder.name}: goes on, and is shown to the {self.live.audience.word} only")
        return self.live

    def study(self, name: str) -> Path:
        """The folder of a study by its path below the root.

        Raises:
            RecordError: it is no study below the root, or its measures are of what this server does not tell.
        """
        folder = self._folder(name, self.studies.manifest if self.studies else MANIFEST, "study")
        if self.audience < Audience.SCIENTIST:
            raise RecordError(f"no study is shown to the {self.audience.word}: measures are computed from the truth")
        return folder

    def listed(self) -> dict[str, list[tuple[str, float]]]:
        """By kind, runs and studies below the root with the time they were written, the newest first."""
        runs = [one for one in self._with(MANIFEST) if (one[0] / "snapshots").is_dir()]
        whole = self.audience == Audience.SCIENTIST
        studies = self._with(self.studies.manifest) if self.studies and whole else []
        return {
            kind: [(str(path.relative_to(self.root)), time) for path, time in some]
            for kind, some in (("study", studies), ("run", runs))
        }

    def _with(self, manifest: str) -> list[tuple[Path, float]]:
        """Folders in which a file stands, and when it was written, the newest first."""
        every = {
            path for place in self.inside for path in (*place.glob(f"*/{manifest}"), *place.glob(f"*/*/{manifest}"))
        }
        found = [(path.parent, path.stat().st_mtime) for path in every if self._below(path)]
        return sorted(found, key=lambda one: (-one[1], one[0]))

    def _folder(self, name: str, manifest: str, kind: str) -> Path:
        try:
            folder = (self.root / name).resolve()
            found = self._below(folder) and (folder / manifest).is_file()
        except (OSError, ValueError, RuntimeError):  # names that no file can have, links that lead in a circle
            found = False
        if not found:
            raise RecordError(f"no {kind} {name[:80]!r} here")
        return folder

    def _open(self, folder: Path) -> Replay:
        for path in folder.rglob("*"):
            if path.is_symlink() and not (path.exists() and self._below(path)):
                raise RecordError(
                    f"{folder.name}: {path.relative_to(folder)} is a link that leads out of {self.root}, in a circle or nowhere"
                )
            if path.exists() and not (path.is_file() or path.is_dir()):  # a pipe would hold up whoever opens it
                raise RecordError(f"{folder.name}: {path.relative_to(folder)} is neither a file nor a folder")
        return Replay(Record(folder), self.audience)

    def _below(self, path: Path) -> bool:
        try:
            found = path.resolve()
        except RuntimeError:  # links that lead in a circle
            return False
        return any(found.is_relative_to(place) for place in self.inside)
