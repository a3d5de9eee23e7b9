"""A whole replay in one container of bytes: what an exported page and a notebook hold."""

import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from society.ground.errors import RecordError
from society.ground.whole_file import whole_file
from society.record.transcripts import read_transcripts
from society.views.replay.columns import pack
from society.views.replay.document import exported
from society.views.replay.source import Replay

#: Largest container, in bytes: what a browser opens in a few seconds and a colleague's mail still takes.
LARGEST = 60_000_000


def container(replay: Replay) -> bytes:
    """Everything a replay answers, each part deflated, in one pack of columns of bytes; the notes are its ``meta``.

    Raises:
        RecordError: it would be larger than LARGEST.
    """
    meta, parts, size = replay.meta(), {}, 0
    for name, data in _parts(replay, meta):
        packed = zlib.compress(data, 9)
        size += len(packed)
        if size > LARGEST:
            raise RecordError(
                f"{replay.record.path}: would make a page of more than {LARGEST / 1e6:.0f} MB; watch it with society view, or "
                "export a shorter or smaller run"
            )
        parts[name] = np.frombuffer(packed, np.uint8)
    return pack(parts, meta)


def write_page(replay: Replay, out: Path) -> Path:
    """Write the page as one file that needs no server and no network.

    Raises:
        RecordError: it is too large, or cannot be written.
    """
    text = exported(f"{replay.record.manifest['name']}: a society of AI agents", container(replay))
    with whole_file(out) as aside:
        aside.write_text(text, encoding="utf-8")
    return out


def _parts(replay: Replay, meta: dict[str, Any]) -> Any:
    yield "layout", replay.layout()
    yield "series", replay.series()
    yield "moments", json.dumps(replay.moments()).encode()
    for table in ("orders", "agents"):
        yield table, replay.whole(table)
    for number in range(max(0, replay.ticks - 1) // replay.span + 1):
        yield f"state/{number * replay.span}", replay.state(number * replay.span)
        yield f"chunk/{number}", replay.chunk(number)
        yield f"ratings/{number}", replay.ratings(number)
        yield f"occasions/{number}", replay.occasions(number)
    if meta["ties"]:
        yield "communities", replay.communities()
    for tick in meta["tie_ticks"]:
        yield f"ties/{tick}", replay.ties(tick)
    if meta["transcripts"]:
        yield "episodes", json.dumps(list(read_transcripts(replay.record.path))).encode()
