"""Pictures and pages of hypotheses: claims as a forest, conditions as they came out, one page for each."""

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from society.views.page import STYLE
from society.views.style import FAINT, MARKERS, PALETTE, SETTINGS, WIDTH

#: Colours and markers of what came out.
_LOOK = {True: (PALETTE[3], MARKERS[0]), False: (PALETTE[1], MARKERS[3]), None: (FAINT, MARKERS[1])}
_MEANING = {True: "as predicted", False: "not as predicted", None: "the interval does not say"}


@dataclass(frozen=True)
class Row:
    """A claim, ready to be drawn.

    Attributes:
        label: what the number is.
        value, low, high: estimate with its 95 % interval.
        above, below: bounds of the prediction, None for none.
        holds: True, False, or None where the interval does not say.
        published: value of the source, None for none.
    """

    label: str
    value: float
    low: float
    high: float
    above: float | None
    below: float | None
    holds: bool | None
    published: float | None = None


def draw_claims(rows: Sequence[Row], title: str) -> Figure:
    """One panel per claim, each on its own scale: the estimate with its interval, the prediction as a band."""
    with rc_context(SETTINGS):
        figure = Figure(figsize=(WIDTH, 0.5 + 0.62 * len(rows)), layout="constrained")
        panels = figure.subplots(len(rows), 1, squeeze=False).ravel()
        for panel, row in zip(panels, rows, strict=True):
            colour, marker = _LOOK[row.holds]
            marks = [x for x in (row.value, row.low, row.high, row.above, row.below, row.published) if x is not None]
            known = [x for x in marks if x == x] or [0.0]
            room = 0.12 * (max(known) - min(known) or 1.0)
            left, right = min(known) - room, max(known) + room
            low, high = left if row.above is None else row.above, right if row.below is None else row.below
            panel.axvspan(low, high, color=PALETTE[0], alpha=0.18, linewidth=0)
            panel.plot([row.low, row.high], [0, 0], color=colour, linewidth=2)
            panel.plot([row.value], [0], marker, color=colour, markersize=6)
            if row.published is not None:
                panel.plot([row.published], [0], "|", color="black", markersize=14)
            panel.set_xlim(left, right)
            panel.set_yticks([])
            panel.spines["left"].set_visible(False)
            panel.set_title(row.label, fontsize=8.5, fontweight="normal")
            panel.locator_params(axis="x", nbins=6)
        figure.suptitle(title, fontsize=10, x=0.01, ha="left", fontweight="bold")
        shown = [Line2D([], [], color=colour, marker=marker, linewidth=2) for colour, marker in _LOOK.values()]
        shown.append(Line2D([], [], color="black", marker="|", linewidth=0, markersize=10))
        words = [_MEANING[holds] for holds in _LOOK] + ["published"]
        figure.legend(shown, words, loc="outside lower left", ncols=4, fontsize=8, frameon=False)
        return figure


def draw_conditions(table: pd.DataFrame, title: str) -> Figure:
    """Means of each value in each condition with intervals.

    Args:
        table: columns value, condition, mean, low, high.
        title: what is shown.
    """
    with rc_context(SETTINGS):
        names = list(dict.fromkeys(table["value"]))
        most = int(table.groupby("value").size().max())
        figure = Figure(figsize=(WIDTH, 0.6 + 0.16 * min(most, 60)), layout="constrained")
        panels = figure.subplots(1, len(names), squeeze=False).ravel()
        for number, (panel, name) in enumerate(zip(panels, names, strict=True)):
            rows = table[table["value"] == name][::-1].reset_index(drop=True)
            half = (rows["mean"] - rows["low"], rows["high"] - rows["mean"])
            panel.errorbar(rows["mean"], rows.index, xerr=half, fmt="o", color=PALETTE[0], markersize=3.5, linewidth=1)
            panel.set_yticks(range(len(rows)), list(rows["condition"]) if number == 0 else [""] * len(rows), fontsize=7)
            panel.set_title(name, loc="right")
            panel.locator_params(axis="x", nbins=4)
        figure.suptitle(title, fontsize=10, x=0.01, ha="left", fontweight="bold")
        return figure


def page(title: str, verdict: str, paragraphs: Sequence[tuple[str, str]], tables: Sequence[pd.DataFrame],
         figures: Sequence[Figure]) -> str:  # fmt: skip
    """A page that stands alone: verdict first, then what was asked, the claims, the pictures.

    Args:
        title: heading.
        verdict: in words.
        paragraphs: (term, text).
        tables: frames, shown as they are.
        figures: drawings.
    """
    said = "".join(f"<dt>{html.escape(term)}</dt><dd>{html.escape(text)}</dd>" for term, text in paragraphs if text)
    shown = "".join(
        f'<div class="scroll">{frame.to_html(index=False, border=0, float_format=lambda x: f"{x:.4g}")}</div>'
        for frame in tables
    )
    drawn = "".join(
        f'<figure><img alt="{html.escape(title)}" src="data:image/png;base64,{_png(figure)}"></figure>'
        for figure in figures
    )
    return _PAGE.format(
        title=html.escape(title), style=STYLE, verdict=html.escape(verdict), tables=shown, said=said, figures=drawn
    )


def _png(figure: Figure) -> str:
    held = io.BytesIO()
    figure.savefig(held, format="png", dpi=130)
    return base64.b64encode(held.getvalue()).decode()


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{title}</title><style>{style}</style></head>
<body><main><h1>{title}</h1><p class="about">{verdict}</p>{tables}<dl>{said}</dl>{figures}</main></body></html>
"""
