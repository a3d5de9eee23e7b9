"""The report: one self-contained page with every figure and its numbers, and the figures as files."""

import base64
import html
import io
import math
from dataclasses import replace
from pathlib import Path

import matplotlib
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from society.ground.errors import RecordError
from society.ground.whole_file import whole_file
from society.measures.known_rates import said_of_rates
from society.measures.summary import Measure, summary
from society.minds.llm.asked import in_a_sentence
from society.record.folder import see_no_links
from society.record.reader import Record
from society.views.figures import capability, outcomes, oversight, protection_graph, rates, scores, survival, trust
from society.views.page import PAGE, SECTION, STYLE
from society.views.style import FAINT, SETTINGS, Picture

FIGURES = (outcomes, survival, scores, rates, protection_graph, trust, oversight, capability)
_ROWS = 60


def pictures(record: Record, published: pd.DataFrame | None) -> list[Picture]:
    """All figures of a record, drawn in the common style."""
    said = said_of_rates(record)
    with matplotlib.rc_context(SETTINGS):
        drawn = [figure.draw(record, published) for figure in FIGURES]
    return [replace(picture, caption=f"{picture.caption} {said}".strip()) for picture in drawn]


def write_report(record: Record, published: pd.DataFrame | None, out: Path | None = None, command: str = "") -> Path:
    """Write ``report.html`` and ``figures/*.png, *.svg`` into the run's folder (or ``out``); returns the page.

    The page holds everything it shows; nothing is fetched, nothing is executed, and text from the record is escaped. ``command``
    runs the run again; "" where nothing but the manifest does.

    Raises:
        RecordError: the folder cannot be written.
    """
    folder = record.path if out is None else out
    see_no_links(folder, "figures")
    drawn = pictures(record, published)
    try:
        (folder / "figures").mkdir(parents=True, exist_ok=True)
        sections = []
        with matplotlib.rc_context(SETTINGS):
            for picture in drawn:
                image = _save(picture, folder / "figures")
                sections.append(_section(picture, image))
        path = folder / "report.html"
        with whole_file(path) as aside:
            aside.write_text(_page(record, sections, command), encoding="utf-8")
    except OSError as error:
        raise RecordError(f"{folder}: the report cannot be written: {error.strerror}") from error
    return path


def mark(picture: Picture) -> None:
    """Say in the figure of which tier it is."""
    picture.figure.text(0.998, 0.995, f"tier {picture.tier}", ha="right", va="top", fontsize=6.5, color=FAINT)


def _save(picture: Picture, folder: Path) -> bytes:
    """Write PNG (200 dpi) and SVG; return the PNG."""
    mark(picture)
    png = io.BytesIO()
    FigureCanvasAgg(picture.figure)
    picture.figure.draw_without_rendering()  # lay out once, for both formats
    picture.figure.set_layout_engine("none")
    picture.figure.savefig(png, format="png", dpi=200, metadata={"Software": None}, pil_kwargs={"compress_level": 4})
    (folder / f"{picture.name}.png").write_bytes(png.getvalue())
    _save_svg(picture.figure, folder / f"{picture.name}.svg")
    return png.getvalue()


def _save_svg(figure: Figure, path: Path) -> None:
    FigureCanvasSVG(figure)
    figure.savefig(path, format="svg", dpi=200, metadata={"Date": None})


def _section(picture: Picture, image: bytes) -> str:
    return SECTION.format(
        name=html.escape(picture.name),
        title=html.escape(picture.title),
        tier=html.escape(picture.tier),
        image=base64.b64encode(image).decode(),
        caption=html.escape(picture.caption),
        table=_table(picture.table),
        alt=html.escape(f"{picture.title}. {picture.caption}"),
    )


_NOT_WHOLE = "The world does not come with the program as it ran here: run it from its file, or from the manifest."


def _page(record: Record, sections: list[str], command: str) -> str:
    manifest = record.manifest
    facts = [
        ("seed", manifest["seed"]),
        ("ticks", f"{record.ticks:,}"),
        ("world version", manifest["world_version"]),
        ("event hash", record.hash),
        ("status", manifest["status"]),
        *([("study", record.origin)] if record.origin else []),
        *([("minds", asked)] if (asked := in_a_sentence(manifest)) else []),
        ("versions", ", ".join(f"{name} {version}" for name, version in manifest["versions"].items())),
    ]
    return PAGE.format(
        style=STYLE,
        title=html.escape(str(manifest["name"])),
        about=html.escape(str(record.world["about"])),
        facts="".join(f"<dt>{html.escape(name)}</dt><dd>{html.escape(str(value))}</dd>" for name, value in facts),
        measures=_measures(summary(record)),
        contents="".join(f"<li>{_link(section)}</li>" for section in sections),
        sections="\n".join(sections),
        command=html.escape(command or _NOT_WHOLE),
    )


def _link(section: str) -> str:
    name = section.split('id="', 1)[1].split('"', 1)[0]
    title = section.split("<h2>", 1)[1].split("<span", 1)[0].strip()
    return f'<a href="#{name}">{title}</a>'


def _measures(measures: dict[str, Measure]) -> str:
    rows = []
    for name, m in measures.items():
        if math.isnan(m.value):
            continue
        interval = "" if math.isnan(m.low) else f"{_number(m.low)} to {_number(m.high)}"
        rows.append(
            f"<tr><td><code>{html.escape(name)}</code></td><td class=n>{_number(m.value)}</td><td class=n>{interval}</td>"
            f"<td class=n>{m.n:,}</td><td>{m.tier}</td><td>{html.escape(m.meaning)}</td></tr>"
        )
    return "".join(rows)


def _table(table: pd.DataFrame) -> str:
    if table.empty:
        return "<p>No numbers.</p>"
    head = "".join(f"<th>{html.escape(str(column))}</th>" for column in table.columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(_cell(value))}</td>" for value in row) + "</tr>"
        for row in table.head(_ROWS).itertuples(index=False)
    )
    more = f"<p>{len(table) - _ROWS:,} more rows are not shown.</p>" if len(table) > _ROWS else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def _cell(value: object) -> str:
    return _number(value) if isinstance(value, float) else str(value)


def _number(value: float) -> str:
    if math.isnan(value):
        return ""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:.3g}" if abs(value) < 1000 else f"{value:,.1f}"
