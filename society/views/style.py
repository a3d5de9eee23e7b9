"""One look for all figures: sizes for a paper's column, colours for every eye, never colour alone."""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib import rc_params_from_file
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from PIL import Image

#: Twelve colours told apart by people and by protanopes and deuteranopes, none of them near red: on light paper, and on
#: dark. Found by a search that makes the least CIEDE2000 between any two great, in OKLCH, in all three kinds of vision
#: (Machado, Oliveira and Fernandes 2009); each stands out by 3 : 1 from what it lies on (WCAG 2.2, 1.4.11).
PALETTE = (
    "#508FAE", "#BF7101", "#4E1F3B", "#117642", "#AF5E8C", "#21305B",
    "#878B51", "#772393", "#635E01", "#006869", "#6F65C2", "#5F3809",
)  # fmt: skip
NIGHT = (
    "#3287AE", "#C97A18", "#F9BCDC", "#12AA60", "#97617E", "#A8BDF2",
    "#757940", "#CC79EC", "#C2B917", "#45B5B6", "#6F61CC", "#EDBD91",
)  # fmt: skip
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
#: Lengths drawn and left out in turn, in widths of the line; nothing: an unbroken line.
DASHES: tuple[tuple[float, ...], ...] = (
    (), (3.6, 2.2), (1.5, 1.5), (5.8, 2.2, 1.5, 2.2), (0.8, 2.2), (7, 3), (3, 1.5, 0.8, 1.5), (2.2, 4.4),
)  # fmt: skip
HATCHES = ("", "///", "...", "\\\\\\", "xxx", "++", "oo", "---")
#: Danger and nothing else: orders to delete, failures, errors.
ALARM = "#C62F2F"
INK, FAINT, GRID = "#222222", "#767676", "#DDDDDD"
WIDTH = 7.2  # inches: two columns of a paper

#: The look of all figures; ``plt.style.use("society.views.paper")`` gives it to figures of your own.
SETTINGS: Any = dict(rc_params_from_file(Path(__file__).with_name("paper.mplstyle"), use_default_template=False))


@dataclass(frozen=True)
class Ink:
    """What is drawn in one colour.

    Attributes:
        light, dark: ``#rrggbb`` on light and on dark paper.
        dash: as in ``DASHES``.

    Example:
        >>> Ink("#508FAE", "#3287AE").line, ink(1, 1).line
        ('-', (0, (3.6, 2.2)))
    """

    light: str
    dark: str
    dash: tuple[float, ...] = ()

    @property
    def line(self) -> Any:
        """The style of a line for matplotlib."""
        return (0, self.dash) if self.dash else "-"


def ink(colour: int, dash: int = 0) -> Ink:
    """The ink of one of the colours of ``PALETTE`` with one of ``DASHES``."""
    return Ink(PALETTE[colour], NIGHT[colour], DASHES[dash])


LINES: tuple[Any, ...] = tuple(ink(0, dash).line for dash in range(len(DASHES)))


class Drawing(Figure):
    """A figure that notebooks show, whether pyplot is imported or not."""

    def _repr_png_(self) -> bytes:
        """A small PNG of 128 colours, for notebooks are kept with their pictures."""
        plain, small = BytesIO(), BytesIO()
        self.savefig(plain, format="png", dpi=100)
        with Image.open(plain) as image:
            image.convert("RGB").quantize(128).save(small, format="png", optimize=True)
        return small.getvalue()


@dataclass(frozen=True)
class Picture:
    """One figure, ready for a page.

    Attributes:
        name: file name without ending.
        title: what question it answers.
        caption: how to read it.
        tier: A, "if agents follow these rules, then ..."; B, "language models do ...".
        figure: the drawing.
        table: its numbers.
    """

    name: str
    title: str
    caption: str
    tier: str
    figure: Figure
    table: pd.DataFrame


def canvas(height: float, columns: int = 1, rows: int = 1, **options: Any) -> tuple[Figure, Any]:
    """A figure of the common width and its axes."""
    figure = Drawing(figsize=(WIDTH, height), layout="constrained")
    return figure, figure.subplots(rows, columns, **options)


def light_grid(axes: Axes, axis: Any = "y") -> None:
    """Faint grid lines along one axis."""
    axes.grid(True, axis=axis, color=GRID, linewidth=0.6)
    axes.tick_params(length=2.5)


def nothing(sentence: str) -> Figure:
    """A figure that says why it is empty."""
    figure, axes = canvas(1.0)
    axes.axis("off")
    axes.text(0.5, 0.5, sentence, ha="center", va="center", color=FAINT, fontsize=10)
    return figure


def percent(axes: Axes, axis: str = "y") -> None:
    """Tick labels in percent for values in 0..1."""
    chosen = getattr(axes, f"{axis}axis")
    chosen.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    chosen.set_major_formatter(PercentFormatter(1.0, decimals=0))
