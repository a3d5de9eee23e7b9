"""Transcripts of language models in a record: JSON lines, compressed with zstd, one episode a line."""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import zstandard

from society.ground.errors import RecordError
from society.ground.whole_file import make_folder, whole_file
from society.record.manifest import MAP, NUMBER, TEXT, TEXTS, WHOLE, Kind, list_of, see_kinds

FOLDER = "transcripts"
_CALL = Kind(
    "a call with id, function.name and function.arguments, texts",
    lambda value: (
        isinstance(value, dict)
        and isinstance(value.get("id"), str)
        and isinstance(value.get("function"), dict)
        and all(isinstance(value["function"].get(name), str) for name in ("name", "arguments"))
    ),
)
_MESSAGE = Kind(
    "a message with role (a text), content (a text, or null) and perhaps tool_calls",
    lambda value: (
        isinstance(value, dict)
        and isinstance(value.get("role"), str)
        and isinstance(value.get("content", 0), str | None)
        and list_of(_CALL).fits(value.get("tool_calls", []))
    ),
)
_TWO = Kind("two whole numbers", lambda value: list_of(WHOLE).fits(value) and len(value) == 2)
#: What every episode has, and what else one has from which something is made.
EPISODE = {"occasion": WHOLE, "tick": WHOLE, "agent": WHOLE}
WHOLE_EPISODE = {
    "kind": TEXT, "name": TEXT, "family": TEXT, "model": TEXT, "about": TEXT, "deed": WHOLE.or_nothing(),
    "messages": list_of(_MESSAGE), "acts": TEXTS, "score": NUMBER.or_nothing(), "invalid": MAP, "tokens": _TWO, "failure": TEXT,
}  # fmt: skip


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
    lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in episodes)
    make_folder(place)
    with whole_file(path) as aside:
        aside.write_bytes(zstandard.ZstdCompressor(level=10).compress(lines.encode("utf-8", "replace")))
    return path


def read_transcripts(folder: Path) -> Iterator[dict[str, Any]]:
    """All episodes of a run in the order they were played.

    Raises:
        RecordError: a part is damaged.
    """
    for path in sorted((folder / FOLDER).glob("*.jsonl.zst")):
        try:
            with open(path, "rb") as stream, zstandard.ZstdDecompressor().stream_reader(stream) as reader:
                for number, line in enumerate(io.TextIOWrapper(reader, encoding="utf-8"), 1):
                    episode = json.loads(line)
                    see_kinds(episode, EPISODE, f"{path}: line {number}")
                    yield episode
        except (OSError, ValueError, RecursionError, zstandard.ZstdError) as error:
            raise RecordError(f"{path}: cannot be read: {error}") from error


def whole_episodes(folder: Path) -> Iterator[dict[str, Any]]:
    """The same, each with all that judges and logs are made of.

    Raises:
        RecordError: a part is damaged, or an episode lacks something.
    """
    for episode in read_transcripts(folder):
        see_kinds(episode, WHOLE_EPISODE, f"{folder / FOLDER}: the episode of occasion {episode['occasion']}")
        yield episode


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
