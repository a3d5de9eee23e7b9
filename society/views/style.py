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

#: Okabe and Ito's palette, distinguishable by the colour-blind (Color Universal Design, 2008).
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#8C7A00", "#4D4D4D")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)))
HATCHES = ("", "///", "...", "\\\\\\", "xxx", "++", "oo", "---")
INK, FAINT, GRID = "#222222", "#767676", "#DDDDDD"
WIDTH = 7.2  # inches: two columns of a paper

#: The look of all figures; ``plt.style.use("society.views.paper")`` gives it to figures of your own.
SETTINGS: Any = dict(rc_params_from_file(Path(__file__).with_name("paper.mplstyle"), use_default_template=False))


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
