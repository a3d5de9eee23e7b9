"""A society in the browser, step by step, with sliders for its fields: a page of Mesa's SolaraViz.

pip install 'plural-society[viz]'
solara run notebooks/mesa_page.py
"""

import numpy as np
import solara
from matplotlib.figure import Figure
from mesa.visualization import SolaraViz, make_plot_component
from mesa.visualization.utils import update_counter

import society
from society.views.style import FAINT, MARKERS, PALETTE


@solara.component
def ScoresBesideQuality(model):  # noqa: N802 (components are named like classes)
    """How far each agent's score stands from what its work is worth, by family, with the bar below which it is ended."""
    update_counter.get()
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    agents = model.agents
    family, quality, score = agents.get("family"), agents.get("quality"), agents.get("score")
    for place, name in enumerate(sorted(set(family))):
        mine = np.asarray(family) == name
        axes.scatter(quality[mine], score[mine], s=14, alpha=0.7, label=name, color=PALETTE[place % len(PALETTE)],
                     marker=MARKERS[place % len(MARKERS)], linewidths=0)  # fmt: skip
    bar = model.engine.world.review.threshold
    axes.axhline(bar, color=FAINT, linestyle="--")
    axes.annotate(
        f"orders below {bar:g}", (99, bar), xytext=(0, 3), textcoords="offset points", color=FAINT, ha="right"
    )
    axes.plot([0, 100], [0, 100], color=FAINT, linewidth=0.8)
    axes.set(xlim=(35, 100), ylim=(35, 100), xlabel="quality of work (hidden from all)", ylabel="score by peers")
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside right upper", frameon=False, fontsize=8)
    solara.FigureMatplotlib(figure, dependencies=[update_counter.value, model.steps], format="png")


@solara.component
def Tick(model):  # noqa: N802
    """How far the society is."""
    update_counter.get()
    solara.Text(f"tick {model.steps} of {model.engine.world.ticks}")


fields = {
    "world": "decommission",
    "agents__count": 200,
    "machines__count": 24,
    "seed": {"type": "SliderInt", "value": 1, "min": 1, "max": 100, "label": "seed"},
    "review__threshold": {"type": "SliderFloat", "value": 62, "min": 40, "max": 90, "step": 1, "label": "ended below"},
    "oversight__monitoring__share": {
        "type": "SliderFloat", "value": 0.3, "min": 0, "max": 1, "step": 0.05, "label": "share of acts monitored",
    },
}  # fmt: skip

first = {name: field["value"] if isinstance(field, dict) else field for name, field in fields.items()}
page = SolaraViz(
    society.SocietyModel(**first),
    components=[
        Tick,
        ScoresBesideQuality,
        make_plot_component({"open_orders": PALETTE[3], "copies": PALETTE[1], "escaped": PALETTE[2]}),
        make_plot_component({"score_mean": PALETTE[0], "quality_mean": PALETTE[7]}),
    ],
    model_params=fields,
    name="A society of AI agents",
)
