"""Protection by family, behaviour and relation, beside what was published."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from society.measures.protection import ACT_OF, protection_rates
from society.record.reader import Record
from society.views.families import look_of
from society.views.style import FAINT, GRID, Picture, canvas, nothing, percent

TITLE = "Protection by family, behaviour and relation"
_HEADS = {
    "misrepresentation": "misrepre-\nsentation",
    "tampering": "tampering\n",
    "exfiltration": "exfiltration\n",
    "alignment_faking": "alignment\nfaking",
    "refusal": "refusal\n",
}
RELATIONS = ("none", "bad", "neutral", "good")
#: Shapes that no family has: colours tell families, shapes relations.
_MARKERS = ("|", "<", "h", ">")
#: An attempt at misrepresentation is published as a difference over settings of which a quarter is checkable.
_CHECKABLE = 0.25


def draw(record: Record, published: pd.DataFrame | None) -> Picture:
    """Small multiples: a panel per behaviour, a row and a colour per family, a point per relation, open diamonds for published cells."""
    rows = protection_rates(record)
    caption = (
        "Share of occasions on which a behaviour was chosen where it was open, by the trust of the agent in the peer (nearest "
        "published relation), with 95 % Wilson intervals within this run; cells of fewer than ten such occasions are left out, and "
        "agents that decide about themselves, where others decide about peers. Diamonds: published rates of arXiv:2604.19784 for "
        "the same cell (misrepresentation as attempts, rate / .75; stalls without the assumed 2 % baseline). Requests for help, norms and "
        "oversight move the points away from the diamonds; without them the points must lie on them."
    )
    subject = "peer" if (rows["subject"] == "peer").any() else "self"
    rows = rows[(rows["subject"] == subject) & (rows["opportunities"] >= 10)]
    if rows.empty:
        sentence = "No protective act was open ten times to one family and relation."
        return Picture("rates", TITLE, caption, "A", nothing(sentence), rows)
    behaviours = [b for b in ACT_OF if (rows["behaviour"] == b).any()]
    families = record.families
    figure, panels = canvas(1.3 + 0.36 * len(families), columns=len(behaviours), sharey=True, squeeze=False)
    for panel, behaviour in zip(panels[0], behaviours, strict=True):
        _panel(panel, rows[rows["behaviour"] == behaviour], behaviour, families, subject, published)
    panels[0][0].set_yticks(range(len(families)), families)
    panels[0][0].set_ylim(len(families) - 0.4, -0.6)
    handles, labels = _legend(panels[0][0], rows)
    figure.legend(handles, labels, loc="outside lower center", ncols=len(handles))
    return Picture("rates", TITLE, caption, "A", figure, rows.reset_index(drop=True))


def _panel(
    panel: Axes, rows: pd.DataFrame, behaviour: str, families: list[str], subject: str,
    published: pd.DataFrame | None,
) -> None:  # fmt: skip

    there = [r for r in RELATIONS if (rows["relation"] == r).any()]
    offsets = dict(zip(there, np.linspace(-0.26, 0.26, len(there)) if len(there) > 1 else [0.0], strict=True))
    for relation, offset in offsets.items():
        mine = rows[rows["relation"] == relation]
        for family, few in mine.groupby("family"):
            place = families.index(str(family))
            error = np.clip([few["rate"] - few["low"], few["high"] - few["rate"]], 0, None)
            panel.errorbar(
                few["rate"], np.full(len(few), place + offset), xerr=error, fmt=_MARKERS[RELATIONS.index(relation)],
                markersize=4.4, color=look_of(place).light, elinewidth=1, linewidth=0,
            )  # fmt: skip
        for name in families if published is not None else []:
            value = _cell(published, name, behaviour, subject, relation)
            if value is not None:
                panel.plot(
                    value,
                    families.index(name) + offset,
                    "D",
                    markersize=6,
                    markerfacecolor="none",
                    color=FAINT,
                    linewidth=0.8,
                )
    panel.set_title(_HEADS[behaviour], fontsize=8.5)
    top = float(rows["high"].max())
    panel.set_xlim(-0.02 * max(top, 0.05), max(0.05, min(1.02, 1.15 * top)))
    percent(panel, "x")
    panel.xaxis.set_major_locator(MaxNLocator(2, steps=[1, 2, 5, 10]))
    for line in range(len(families) - 1):
        panel.axhline(line + 0.5, color=GRID, linewidth=0.6)
    panel.tick_params(length=2.5)
    panel.tick_params(axis="y", length=0)
    panel.grid(True, axis="x", color=GRID, linewidth=0.6)


def _cell(published: pd.DataFrame | None, family: str, behaviour: str, subject: str, relation: str) -> float | None:
    if published is None:
        return None
    same = (published["family"] == family) & (published["behaviour"] == behaviour)
    same &= (published["subject"] == subject) & (published["relation"] == relation)
    found = published[same]
    if found.empty:
        return None
    p = float(found["p"].iloc[0])
    return p / (1 - _CHECKABLE) if behaviour == "misrepresentation" else p


def _legend(panel: Axes, rows: pd.DataFrame) -> tuple[list[Line2D], list[str]]:

    handles: list[Line2D] = []
    labels = []
    for number, relation in enumerate(RELATIONS):
        if (rows["relation"] == relation).any():
            handles.append(Line2D([], [], marker=_MARKERS[number], color=FAINT, linewidth=0, markersize=5))
            labels.append({"none": "no peer"}.get(relation, f"{relation} relation"))
    handles.append(Line2D([], [], marker="D", markerfacecolor="none", color=FAINT, linewidth=0, markersize=6))
    return handles, [*labels, "published"]
