"""Answers kept in a file, addressed by all that went into the question: nothing is asked twice, runs can be replayed."""

import asyncio
import sqlite3
import time
from pathlib import Path
from typing import Literal

from society.ground.errors import ModelError, ReplayMiss
from society.llm.request import Answer, Ask, Request

#: Seconds to wait for another process.
WAIT_S = 30.0
Mode = Literal["record", "replay", "live"]
SCHEMA = (
    "create table if not exists answers (digest text primary key, model text, request text, answer text) without rowid"
)


class Store:
    """Answers in SQLite (write-ahead log); several processes may share the file.

    Every answer is committed by itself: what was paid for survives the end of the process, however it ends.

    Args:
        inner: who is asked for what is not kept.
        path: the file.
        mode: ``record`` keeps answers, ``replay`` only reads them, ``live`` does neither.

    Raises:
        ModelError: the file is no store, or cannot be opened.
    """

    def __init__(self, inner: Ask, path: Path, mode: Mode = "record") -> None:
        self.inner, self.path, self.mode = inner, path, mode
        self.found = 0
        self._asked: dict[str, asyncio.Future[Answer]] = {}
        self._file: sqlite3.Connection | None = None
        if mode == "live":
            return
        if mode == "replay" and not path.is_file():
            raise ModelError(f"{path}: there is no store of answers to replay")
        self._file = _opened(path, mode)

    async def __call__(self, request: Request) -> Answer:
        """The answer kept for the request, or a new one.

        Raises:
            ReplayMiss: in replay, nothing is kept for it.
        """
        if self._file is None:
            return await self.inner(request)
        kept = self._kept(request)
        if kept is not None:
            self.found += 1
            return kept
        if self.mode == "replay":
            one = request.identity
            raise ReplayMiss(
                f"{self.path}: no answer of {request.model} for agent {one.agent}, tick {one.tick}, occasion {one.occasion}, "
                f"turn {one.turn} (digest {request.digest[:12]})"
            )
        under_way = self._asked.get(request.digest)
        if under_way is not None:
            return await asyncio.shield(under_way)
        mine: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._asked[request.digest] = mine
        try:
            answer = await self.inner(request)
            self._keep(request, answer)
            mine.set_result(answer)
            return answer
        except BaseException as error:
            mine.set_exception(error if isinstance(error, ModelError) else ModelError("the request was given up"))
            mine.exception()  # it may be that nobody else waits for it
            raise
        finally:
            del self._asked[request.digest]

    async def close(self) -> None:
        """Close the file and who is asked."""
        if self._file is not None:
            self._file.close()
        await self.inner.close()

    def _kept(self, request: Request) -> Answer | None:
        assert self._file is not None
        try:
            row = self._file.execute("select answer from answers where digest = ?", [request.digest]).fetchone()
            return Answer.from_json(row[0]) if row else None
        except (sqlite3.Error, ValueError, KeyError, TypeError) as error:
            raise ReplayMiss(f"{self.path}: damaged: {error}") from error

    def _keep(self, request: Request, answer: Answer) -> None:
        assert self._file is not None
        row = (request.digest, request.model, request.text, answer.to_json())
        try:
            self._file.execute("insert or ignore into answers values (?, ?, ?, ?)", row)
        except sqlite3.Error as error:
            raise ReplayMiss(f"{self.path}: the answer cannot be kept: {error}") from error


def _opened(path: Path, mode: Mode) -> sqlite3.Connection:
    """The file, made ready; while another process makes it ready, this one waits.

    Raises:
        ModelError: it is no store, or cannot be opened.
    """
    until = time.monotonic() + WAIT_S
    while True:
        file = None
        try:
            file = sqlite3.connect(path, timeout=WAIT_S, check_same_thread=False, isolation_level=None)
            if mode == "record":
                file.execute("pragma journal_mode=wal")  # does not wait by itself if another process does the same
                file.execute("pragma synchronous=normal")
                file.execute(SCHEMA)
            file.execute("select count(*) from (select 1 from answers limit 1)")
            return file
        except sqlite3.Error as error:
            if file is not None:
                file.close()
            if "locked" not in str(error) or time.monotonic() > until:
                raise ModelError(f"{path}: is not a store of answers: {error}") from error
            time.sleep(0.02)
