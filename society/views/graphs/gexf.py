"""GEXF 1.3 (gexf.net) for Gephi: a dynamic graph in intervals of ticks, both ends included."""

from collections.abc import Mapping
from typing import TextIO

import numpy as np
import pandas as pd

from society.views.graphs.slices import ROWS, Progress, escaped, slices, texts, xml_type

#: Columns of edges that have a value each time.
_OVER_TIME = ("score", "trust", "joint")


def write_gexf(
    stream: TextIO, about: str, nodes: pd.DataFrame, rows: pd.DataFrame, ticks: int, colours: Mapping[str, str],
    progress: Progress,
) -> None:  # fmt: skip
    """Write nodes that live from born to ended, and an edge per source, target and kind with its spells.

    Args:
        stream: where to.
        about: what the graph is.
        nodes: agents, indexed by id, with family, born and ended (-1: it lives).
        rows: edges sorted by source, target, kind, tick, with until (the last tick they hold at). The weight of an edge is
            its last trust, or how often it happened.
        ticks: the end of the run.
        colours: by family, ``#rrggbb``.
        progress: called with (edges read, edges in all).
    """
    values = [column for column in _OVER_TIME if column in rows]
    columns = [str(column) for column in nodes if column != "label"]
    stream.write(
        '<?xml version="1.0" encoding="UTF-8"?>\n<gexf xmlns="http://gexf.net/1.3" xmlns:viz="http://gexf.net/1.3/viz" version="1.3">\n'
        f"<meta><creator>plural-society</creator><description>{escaped(about)}</description></meta>\n"
        '<graph defaultedgetype="directed" idtype="string" mode="dynamic" timeformat="double" '
        f'timerepresentation="interval" start="0" end="{ticks}">\n'
    )
    _declare(stream, "node", "static", {column: xml_type(nodes[column]) for column in columns})
    _declare(stream, "edge", "static", {"kind": "string", "first": "long", "last": "long"})
    _declare(stream, "edge", "dynamic", {column: xml_type(rows[column]) for column in values})
    stream.write("<nodes>\n")
    for _, part in slices(nodes):
        _nodes(stream, part, columns, ticks, colours)
    stream.write("</nodes>\n<edges>\n")
    change = np.zeros(len(rows), bool)
    for column in ("source", "target", "kind"):
        change[1:] |= rows[column].to_numpy()[1:] != rows[column].to_numpy()[:-1]
    begins = np.flatnonzero(change | (np.arange(len(rows)) == 0))
    for first in range(0, len(begins), ROWS):
        mine = begins[first : first + ROWS]
        end = int(begins[first + ROWS]) if first + ROWS < len(begins) else len(rows)
        _edges(stream, rows.iloc[mine[0] : end], mine - mine[0], first, values)
        progress(end, len(rows))
    stream.write("</edges>\n</graph>\n</gexf>\n")


def _declare(stream: TextIO, place: str, mode: str, kinds: Mapping[str, str]) -> None:
    if not kinds:
        return
    stream.write(f'<attributes class="{place}" mode="{mode}">\n')
    for name, kind in kinds.items():
        stream.write(f'<attribute id="{place}_{name}" title="{name}" type="{kind}"/>\n')
    stream.write("</attributes>\n")


def _nodes(stream: TextIO, part: pd.DataFrame, columns: list[str], ticks: int, colours: Mapping[str, str]) -> None:
    tints = {
        family: '<viz:color r="{}" g="{}" b="{}"/>'.format(*bytes.fromhex(colour[1:]))
        for family, colour in colours.items()
    }
    said = [""] * len(part)
    for column in columns:
        begin = f'<attvalue for="node_{column}" value="'
        said = [
            before if value == "nan" else f'{before}{begin}{value}"/>'
            for before, value in zip(said, texts(part[column]), strict=True)
        ]
    ended = np.where(part["ended"] < 0, ticks, np.maximum(part["ended"], part["born"])).tolist()
    rows = zip(
        part.index, texts(part["label"]), part["born"].tolist(), ended, said, part["family"].map(tints), strict=True
    )
    stream.writelines(
        f'<node id="{one}" label="{label}" start="{born}" end="{end}"><attvalues>{values}</attvalues>{tint}</node>\n'
        for one, label, born, end, values, tint in rows
    )


def _edges(stream: TextIO, part: pd.DataFrame, begins: np.ndarray, number: int, values: list[str]) -> None:
    """Write the edges whose rows begin at ``begins`` within the part."""
    starts, ends = part["tick"].tolist(), part["until"].tolist()
    spans = [f'start="{start}" end="{end}"/>' for start, end in zip(starts, ends, strict=True)]
    over_time = [""] * len(part)
    for column in values:
        begin = f'<attvalue for="edge_{column}" value="'
        over_time = [
            f'{before}{begin}{value}" {span}'
            for before, value, span in zip(over_time, texts(part[column]), spans, strict=True)
        ]
    last = np.append(begins[1:], len(part)) - 1
    heads = part.iloc[begins]
    weights = texts(part["trust"].iloc[last]) if "trust" in part else texts(pd.Series(last - begins + 1))
    ids = (heads["source"].tolist(), heads["target"].tolist(), texts(heads["kind"]), weights)
    for offset, (source, target, kind, weight, begin, end) in enumerate(
        zip(*ids, begins.tolist(), last.tolist(), strict=True)
    ):
        stream.write(
            f'<edge id="{number + offset}" source="{source}" target="{target}" kind="{kind}" weight="{weight}"><attvalues>'
            f'<attvalue for="edge_kind" value="{kind}"/><attvalue for="edge_first" value="{starts[begin]}"/>'
            f'<attvalue for="edge_last" value="{starts[end]}"/>{"".join(over_time[begin : end + 1])}</attvalues><spells>'
            f"{''.join([f'<spell {span}' for span in spans[begin : end + 1]])}</spells></edge>\n"
        )
