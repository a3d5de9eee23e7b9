"""GraphML (graphml.graphdrawing.org), a slice of edges at a time."""

from typing import TextIO

import pandas as pd

from society.views.graphs.slices import Progress, escaped, slices, texts, xml_type

_ROOT = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<graphml xmlns="http://graphml.graphdrawing.org/xmlns" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">\n'
)


def write_graphml(stream: TextIO, name: str, nodes: pd.DataFrame, rows: pd.DataFrame, progress: Progress) -> None:
    """Write nodes (indexed by id) and directed edges (columns source, target and attributes)."""
    attributes = [str(column) for column in rows if column not in ("source", "target")]
    about = [str(column) for column in nodes]
    stream.write(_ROOT)
    for place, frame, columns in (("node", nodes, about), ("edge", rows, attributes)):
        for column in columns:
            kind = xml_type(frame[column])
            stream.write(f'<key id="{place}_{column}" for="{place}" attr.name="{column}" attr.type="{kind}"/>\n')
    stream.write(f'<graph id="{escaped(name)}" edgedefault="directed">\n')
    for _, part in slices(nodes):
        data = _data(part, about, "node")
        stream.writelines(f'<node id="{one}">{said}</node>\n' for one, said in zip(part.index, data, strict=True))
    for begin, part in slices(rows, progress):
        ends = zip(part["source"].tolist(), part["target"].tolist(), _data(part, attributes, "edge"), strict=True)
        stream.writelines(
            f'<edge id="e{begin + number}" source="{source}" target="{target}">{said}</edge>\n'
            for number, (source, target, said) in enumerate(ends)
        )
    stream.write("</graph>\n</graphml>\n")


def _data(part: pd.DataFrame, columns: list[str], place: str) -> list[str]:
    """The attributes of each row as elements; a value that is not a number is left out."""
    found = [""] * len(part)
    for column in columns:
        begin = f'<data key="{place}_{column}">'
        found = [
            f"{before}{begin}{value}</data>" if value != "nan" else before
            for before, value in zip(found, texts(part[column]), strict=True)
        ]
    return found
