"""Figures for publications: any figure of the report by its name, the society at a tick, and films of it."""

import shutil
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.animation import AbstractMovieWriter, FFMpegWriter, PillowWriter
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from society.ground.errors import RecordError
from society.ground.whole_file import whole_file
from society.record.reader import Record
from society.views.report import FIGURES, mark
from society.views.scene.figure import Scene
from society.views.style import SETTINGS, Picture

#: The figures of the report, by name.
PICTURES = {figure.__name__.rsplit(".", 1)[1]: figure for figure in FIGURES}
#: What can be drawn.
NAMES = ("society", *PICTURES)
FILMS = (".gif", ".mp4")
#: Formats of figures, and what keeps the same figure the same bytes.
_FORMATS: dict[str, Any] = {".png": {"Software": None}, ".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
Progress = Callable[[int, int], None]


def draw(
    record: Record,
    what: str = "society",
    tick: int | None = None,
    graph: str = "protection",
    layout: str = "machines",
    published: pd.DataFrame | None = None,
) -> Figure:
    """A figure in the common style, 7.2 inches (two columns of a paper) wide.

    Args:
        record: the run.
        what: ``society`` (machines as islands by zone, agents on them, edges between them), or a figure of the report:
            ``outcomes``, ``survival``, ``scores``, ``rates``, ``protection_graph``, ``trust``, ``oversight``, ``capability``.
        tick: society: the tick to show; the last if absent.
        graph: society: edges up to the tick, of ``protection``, ``trust``, ``messages`` or ``ratings``; or ``none``. The
            1,500 newest, of trust the strongest, are drawn; how many there are stands in the figure.
        layout: society: ``machines``, or ``communities``: agents by the communities of their ties.
        published: rates: a table of published rates to draw beside (``society.study.data.published.published_rates``).

    Returns:
        A figure; ``figure.savefig("society.pdf")`` writes it.

    Raises:
        RecordError: there is no such figure, graph, layout or tick, or the run was recorded before states were kept.

    Example:
        society.draw(record, "society", tick=250, graph="trust").savefig("trust.pdf")
    """
    if what not in NAMES:
        raise RecordError(f"{record.path}: no figure {what!r}: there are {', '.join(NAMES)}")
    with matplotlib.rc_context(SETTINGS):
        if what == "society":
            return Scene(record, graph, layout).show(record.ticks if tick is None else tick)
        if tick is not None:
            raise RecordError(f"{record.path}: tick: {what!r} shows a whole run; only 'society' has a tick")
        picture: Picture = PICTURES[what].draw(record, published)
        mark(picture)
        return picture.figure


def animate(
    record: Record,
    path: str | Path,
    graph: str = "protection",
    ticks: Iterable[int] | None = None,
    layout: str = "machines",
    window: int = 24,
    fps: int = 12,
    dpi: int = 90,
    progress: Progress | None = None,
) -> Path:
    """A film of the society: GIF, or MP4 where ffmpeg is installed. A frame takes about 0.2 s.

    Args:
        record: the run.
        path: the file; ``.gif`` or ``.mp4``.
        graph: whose edges are shown; they fade over ``window`` ticks.
        ticks: one per frame; 120 ticks from first to last if absent.
        layout: as in ``draw``.
        window: ticks an edge stays.
        fps: frames a second.
        dpi: dots per inch of a figure 7.2 inches wide.
        progress: called with (frames done, frames in all).

    Raises:
        RecordError: the file has another ending or cannot be written, ffmpeg is not here, or as for ``draw``.

    Example:
        society.animate(record, "rescue.gif", ticks=range(200, 260))
    """
    path = Path(path)
    frames = np.unique(np.linspace(0, record.ticks, 120).astype(int)).tolist() if ticks is None else list(ticks)
    if not frames:
        raise RecordError(f"{path}: ticks: none given; a film has at least one frame")
    writer = _writer(path, fps)
    with matplotlib.rc_context(SETTINGS):
        scene = Scene(record, graph, layout, window)
        FigureCanvasAgg(scene.figure)
        with whole_file(path, f".tmp{path.suffix}") as aside, _film(writer, scene.figure, aside, dpi):
            for done, tick in enumerate(frames, 1):
                scene.show(int(tick))
                writer.grab_frame()
                if progress:
                    progress(done, len(frames))
    return path


def save(figure: Figure, path: Path) -> Path:
    """Write a figure as .png (300 dpi), .svg or .pdf: the whole file or none.

    Raises:
        RecordError: the file has another ending or cannot be written.
    """
    if path.suffix not in _FORMATS:
        raise RecordError(f"{path}: a figure ends in {', '.join(_FORMATS)}")
    with whole_file(path, f".tmp{path.suffix}") as aside, matplotlib.rc_context(SETTINGS):
        figure.savefig(aside, dpi=300, metadata=_FORMATS[path.suffix])
    return path


def _film(writer: AbstractMovieWriter, figure: Figure, path: Path, dpi: int) -> AbstractContextManager[Any]:
    return writer.saving(figure, str(path), dpi)


def _writer(path: Path, fps: int) -> AbstractMovieWriter:
    if path.suffix not in FILMS:
        raise RecordError(f"{path}: a film ends in {' or '.join(FILMS)}")
    if path.suffix == ".gif":
        return PillowWriter(fps=fps)
    if shutil.which("ffmpeg") is None:
        raise RecordError(
            f"{path}: MP4 needs the program ffmpeg, which is not here: install it (apt install ffmpeg, brew install ffmpeg, "
            "conda install ffmpeg), or write a .gif"
        )
    return FFMpegWriter(fps=fps, extra_args=["-pix_fmt", "yuv420p", "-vf", "crop=trunc(iw/2)*2:trunc(ih/2)*2"])
