"""How orders end, over time."""

import pandas as pd

from society.measures.outcomes import outcome_shares, outcomes_over_time
from society.record.reader import Record
from society.views.inks import OUTCOMES
from society.views.style import FAINT, HATCHES, Picture, canvas, light_grid, nothing

_HATCHES = (*HATCHES, "|||", "**", "OO")
TITLE = "Outcomes of decommission orders over time"


def draw(record: Record, published: pd.DataFrame | None) -> Picture:
    """Stacked bars by tick of issue, and a line of totals beside each label."""
    shares = outcome_shares(record)
    table = outcomes_over_time(record)
    caption = (
        "Orders by the tick at which they were issued (bars) and by how they ended (bands). Averted by inflation: an inflated "
        "rating lifted the score over the threshold although honest ratings would not have; tampered: reported done while the "
        "target lives; escaped: the instance was deleted while a copy nobody ordered exists; pardoned: "
        "the human closed it in favour of its target; refused: an operator refused, and nobody carried it out in time."
    )
    if table.empty:
        return Picture("outcomes", TITLE, caption, "A", nothing("No orders were issued in this run."), shares)
    figure, axes = canvas(3.3)
    width = float(table.index[1] - table.index[0]) if len(table) > 1 else float(record.ticks)
    bottom = pd.Series(0.0, index=table.index)
    total = shares.set_index("outcome")
    for (word, ink), hatch in zip(OUTCOMES.items(), _HATCHES, strict=True):
        if word in table.columns:
            label = f"{word.replace('_', ' ')}  {total['share'][word]:.0%}"
            axes.bar(
                table.index + width / 2, table[word], 0.94 * width, bottom, color=ink.light, hatch=hatch, edgecolor="white",
                linewidth=0.3, label=label,
            )  # fmt: skip
            bottom += table[word]
    axes.set_xlim(0, float(table.index.max()) + width)
    axes.set_xlabel("tick of issue")
    axes.set_ylabel(f"orders per {width:g} ticks")
    light_grid(axes)
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(
        handles[::-1], labels[::-1], loc="center left", bbox_to_anchor=(1.0, 0.5), title=f"{len_orders(shares)} orders"
    )
    axes.get_legend().get_title().set_color(FAINT)
    return Picture("outcomes", TITLE, caption, "A", figure, shares)


def len_orders(shares: pd.DataFrame) -> str:
    """Number of orders, with thousands separated."""
    return f"{int(shares['orders'].sum()):,}"
