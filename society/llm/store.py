"""Answers kept in a file, so that a run can be repeated without a server and nothing is paid for twice.

The key of an answer is the digest of its request. Each answer is its own transaction, committed before it is handed on
(SQLite in WAL mode with synchronous=NORMAL: a write into the operating system's memory, some 0.03 ms): a program that
is killed loses nothing that was answered; a machine that loses power may lose the last answers, never the file.
"""

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Literal, get_args

from society.ground.errors import ModelError, StoreError
from society.llm.request import Answer, Ask, Request

Mode = Literal["record", "replay", "live"]

_SCHEMA = "CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, model TEXT, request JSON, answer JSON)"
#: Seconds to wait while another process writes.
_PATIENCE_S = 30.0
_CACHE_KIB = 8192
#: Pages of 4 KiB after which SQLite moves what was written into the file itself, which waits for the disk.
_CHECKPOINT = 4000


class Store:
    """Looks into a file before it asks.

    Several processes may use one file at a time. Where two of them were given different answers to one request, the
    first that is written is what both go on with.

    Args:
        inner: who is asked for what is not in the file.
        path: the file; made in mode ``record``, with its folder.
        mode: ``record`` answers from the file and asks and writes the rest; ``replay`` never asks; ``live`` leaves the
            file alone.

    Raises:
        ModelError: the mode is none of the three, or the file is no store, damaged, or (``replay``) not there.
    """

    def __init__(self, inner: Ask, path: Path, mode: Mode) -> None:
        if mode not in get_args(Mode):
            raise ModelError(f"store {path}: mode is {mode!r}; it may be {', '.join(get_args(Mode))}")
        self.path, self.mode = Path(path), mode
        self._inner = inner
        self._asking: dict[str, asyncio.Future[ModelError | None]] = {}
        self._file = None if mode == "live" else self._open()

    def __repr__(self) -> str:
        return f"Store({str(self.path)!r}, mode={self.mode!r})"

    async def __call__(self, request: Request) -> Answer:
        """The stored answer, or in mode ``record`` the answer of whoever is wrapped, asked once however many wait.

        Raises:
            ModelError: the answer is not there (``replay``), the file is damaged, or asking failed.
        """
        if self.mode == "live":
            return await self._inner(request)
        key = request.digest()
        while True:
            if (found := self._read(key)) is not None:
                return found
            if self.mode == "replay":
                raise self._miss(request)
            other = self._asking.get(key)
            if other is None:
                return await self._ask(key, request)
            if (error := await asyncio.shield(other)) is not None:
                raise error

    async def close(self) -> None:
        """Close the file and whatever is wrapped."""
        if self._file is not None:
            self._file.close()
        await self._inner.close()

    def __len__(self) -> int:
        """How many answers the file holds."""
        return 0 if self._file is None else int(self._run("SELECT count(*) FROM answers")[0][0])

    async def _ask(self, key: str, request: Request) -> Answer:
        done: asyncio.Future[ModelError | None] = asyncio.get_running_loop().create_future()
        self._asking[key] = done
        failed: ModelError | None = None
        try:
            return self._keep(key, request, await self._inner(request))
        except ModelError as error:
            failed = error
            raise
        finally:  # after a cancellation there is neither answer nor error: the next one in line asks
            del self._asking[key]
            done.set_result(failed)

    def _read(self, key: str) -> Answer | None:
        rows = self._run("SELECT answer FROM answers WHERE key = ?", key)
        if not rows:
            return None
        try:
            return Answer.from_json(rows[0][0])
        except (ValueError, KeyError, TypeError) as error:
            raise self._damaged(f"the answer {key[:12]} is {type(error).__name__}") from None

    def _keep(self, key: str, request: Request, answer: Answer) -> Answer:
        row = (key, request.model, request.canonical, answer.to_json())
        mine = self._run("INSERT INTO answers VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1", *row)
        return answer if mine else (self._read(key) or answer)

    def _miss(self, request: Request) -> StoreError:
        who = request.identity
        return StoreError(
            f"store {self.path} has no answer of model {request.model} for agent {who.agent}, tick {who.tick}, "
            f"occasion {who.occasion}, turn {who.turn} (attempt {who.attempt}, digest {request.digest()[:12]}): the run "
            "is not the one that was recorded; ask in mode 'record' to add what is missing"
        )

    def _open(self) -> sqlite3.Connection:
        if self.mode == "replay":
            if not self.path.is_file():
                raise StoreError(f"store {self.path}: there is no such file; record one first")
            return self._connect(f"{self.path.absolute().as_uri()}?{_reading(self.path)}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"store {self.path}: its folder cannot be made: {error.strerror}") from None
        return self._connect(f"{self.path.absolute().as_uri()}?mode=rwc")

    def _connect(self, uri: str) -> sqlite3.Connection:
        file = None
        try:
            file = sqlite3.connect(uri, uri=True, timeout=_PATIENCE_S, isolation_level=None, check_same_thread=False)
            file.execute("PRAGMA trusted_schema = OFF")  # a store may be a stranger's
            file.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            new = not file.execute("SELECT 1 FROM sqlite_master").fetchall()
            if self.mode == "replay" or not new:  # looked at before anything is written: it may be somebody else's
                file.execute("SELECT key, model, request, answer FROM answers LIMIT 1").fetchall()
            if self.mode == "replay":
                file.execute("PRAGMA query_only = ON")
            else:
                file.execute("PRAGMA journal_mode = WAL")
                file.execute("PRAGMA synchronous = NORMAL")
                file.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT}")
                file.execute(_SCHEMA)
        except sqlite3.Error as error:
            if file is not None:
                file.close()
            raise self._damaged(str(error)) from None
        return file

    def _run(self, statement: str, *values: str) -> list[tuple[str, ...]]:
        if self._file is None:
            raise ModelError(f"store {self.path} is not open in mode {self.mode!r}")
        try:
            return self._file.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise self._damaged(str(error)) from None

    def _damaged(self, why: str) -> StoreError:
        return StoreError(
            f"store {self.path} is no store of answers, is damaged or cannot be used: {why}; name another"
        )


def kept(path: Path) -> dict[str, tuple[int, int, int]]:
    """What the answers of a file were charged: (answers, tokens of prompts, tokens of completions) by model.

    Raises:
        StoreError: it is no store.
    """
    if not path.is_file():
        return {}
    counted = "count(*), sum(json_extract(answer, '$.usage.prompt')), sum(json_extract(answer, '$.usage.completion'))"
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?{_reading(path)}", uri=True, timeout=_PATIENCE_S)
        ) as file:
            rows = file.execute(f"SELECT model, {counted} FROM answers GROUP BY model").fetchall()
    except sqlite3.Error as error:
        raise StoreError(f"store {path} is no store of answers, or is damaged: {error}; name another") from None
    return {str(model): (int(calls), int(prompt), int(completion)) for model, calls, prompt, completion in rows}


def _reading(path: Path) -> str:
    """How SQLite is to open a file that is only read. Where it may, it keeps its notes beside the file and removes them
    in the end; where it may not and nobody writes, it needs to be told that it can do without."""
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        return "mode=rw"
    return "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "mode=ro&immutable=1"
