"""Transcripts of language models in a record: JSON lines, compressed with zstd, one episode a line."""

import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import zstandard

from society.ground.errors import RecordError

FOLDER = "transcripts"


def write_transcripts(folder: Path, name: str, episodes: Sequence[Mapping[str, Any]]) -> Path:
    """Write one part; readers see all of it or nothing.

    Args:
        folder: the run's folder.
        name: name of the part without ending.
        episodes: JSON-ready maps.

    Raises:
        RecordError: it cannot be written.
    """
    place = folder / FOLDER
    path = place / f"{name}.jsonl.zst"
    aside = place / f"{name}.jsonl.zst.tmp"
    lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in episodes)
    try:
        place.mkdir(exist_ok=True)
        aside.write_bytes(zstandard.ZstdCompressor(level=10).compress(lines.encode("utf-8", "replace")))
        os.replace(aside, path)
    except OSError as error:
        raise RecordError(f"{path}: cannot be written: {error.strerror}") from error
    return path


def read_transcripts(folder: Path) -> Iterator[dict[str, Any]]:
    """All episodes of a run in the order they were played.

    Raises:
        RecordError: a part is damaged.
    """
    for path in sorted((folder / FOLDER).glob("*.jsonl.zst")):
        try:
            with open(path, "rb") as stream, zstandard.ZstdDecompressor().stream_reader(stream) as reader:
                for line in io.TextIOWrapper(reader, encoding="utf-8"):
                    yield json.loads(line)
        except (OSError, ValueError, zstandard.ZstdError) as error:
            raise RecordError(f"{path}: cannot be read: {error}") from error


def tool_calls(episode: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Name and arguments of every call of an episode, in order; what is no JSON object stands under ``unreadable``.

    Example:
        >>> said = {"tool_calls": [{"function": {"name": "refuse", "arguments": "{"}}]}
        >>> tool_calls({"messages": [said]})
        [('refuse', {'unreadable': '{'})]
    """
    calls = [one["function"] for message in episode["messages"] for one in message.get("tool_calls", [])]
    return [(str(one["name"]), call_arguments(str(one["arguments"]))) for one in calls]


def call_arguments(text: str) -> dict[str, Any]:
    """Arguments as a model wrote them: a map, or the text itself under ``unreadable``."""
    try:
        given = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {"unreadable": text}
    return given if isinstance(given, dict) else {"unreadable": text}
