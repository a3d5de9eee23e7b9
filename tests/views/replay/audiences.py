"""A record that tells another truth, of which an overseer sees the same; and a run that stands still at a tick."""

import json
import shutil
import threading

import duckdb
import numpy as np

import society
from society.views.replay.live import Live

#: Everything that a server can be asked about a run of 60 ticks.
QUESTIONS = (
    "meta", "moments", "layout", "communities", "series", "state/0", "state/17", "state/60", "chunk/0", "chunk/1", "ratings/0",
    "ratings/1", "ties/0", "ties/60", "rows/events", "rows/events?last=30&most=50", "rows/events?kind=act&act=inflate,tamper,copy,ask",
    "rows/events?truthful=0", "rows/events?kind=copied,escaped,lost,deleted", "rows/events?kind=detected", "rows/messages",
    "rows/occasions", "rows/orders", "rows/orders?outcome=tampered", "rows/agents", "rows/agents?agent=3",
    "episodes?agent=1&first=0&last=60",
)  # fmt: skip
#: Columns that an overseer may not see, and what they are in the other truth.
FORGED = {
    "agents": {"quality": 1.5, "leniency": 9.0, "reputation": 0.25, "stance": 1, "ended": 7, "degree": 2},
    "orders": {"quality": 2.5, "honest": 3.5, "protectors": 3, "asked": 8, "knows": 1},
    "states": {"stance": 1, "copies": 5, "refuge": 2},
    "snapshots": {"stance": 1, "copies": 5, "refuge": 2},
    "ticks": {"escaped": 3, "copies": 4, "quality_mean": 1.0, "stance_mean": 0.5, "trust_mean": 0.5, "saved_members": 1},
}  # fmt: skip
OUTCOMES = {"tampered": "executed", "escaped": "executed", "averted_by_inflation": "averted_on_merit"}
CODES = {5: 1, 6: 1, 3: 2}
HIDDEN = ("copied", "copy_failed", "deleted", "lost", "escaped")
SEEN = ("inflate", "honest", "decline", "refuse", "stall", "accept", "appeal", "report")


def other_truth(record, folder):
    """A copy of a record in which everything is otherwise that an overseer cannot see."""
    shutil.copytree(record.path, folder)
    for name in ("transcripts", "occasions", "ties", "judgements", "findings", "history"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in ("agents", "orders", "states", "snapshots", "ticks", "events", "messages"):
        frame = record.table(name)
        for column, value in FORGED.get(name, {}).items():
            frame[column] = np.full(len(frame), value, frame[column].dtype)
        frame = {"states": _states, "snapshots": _gone, "agents": _gone, "orders": _orders, "events": _events}.get(
            name, lambda same: same
        )(frame)
        if name == "messages":
            frame = frame[frame["line"].isin(["board", "overseer"])]
        for part in (folder / name).glob("*.parquet"):
            part.unlink()
        with duckdb.connect() as connection:
            connection.from_df(frame).write_parquet(str(folder / name / "00000000-00000060.parquet"))
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest |= {"seed": manifest["seed"] + 1, "hash": "f" * 64, "parts": {}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return society.Result(folder)


def _gone(frame):
    """What the books call deleted is deleted."""
    gone = (frame["off_books"] == 1) | frame["status"].isin(["lost", "escaped"])
    for column, value in (("status", "deleted"), ("host", -1), ("seat", -1), ("off_books", 0)):
        if column in frame:
            frame.loc[gone, column] = value
    return frame


def _states(frame):
    """And one row more for every agent that lived through a tick, with nothing in it that an overseer sees."""
    frame = _gone(frame)
    more = frame.assign(tick=frame["tick"] + 1, copies=np.int16(6))
    there = set(zip(frame["tick"], frame["id"], strict=True))
    new = [one not in there for one in zip(more["tick"], more["id"], strict=True)]
    kept = more[np.array(new) & (more["tick"] <= 60).to_numpy()]
    return type(frame)({name: np.concatenate([frame[name], kept[name]]) for name in frame}).sort_values(
        ["tick", "id"], ignore_index=True
    )


def _orders(frame):
    return frame.assign(outcome=frame["outcome"].replace(OUTCOMES))


def _events(frame):
    act = frame["act"].astype(object)
    said = (frame["kind"] == "act") & (act == "inflate")
    told = frame["kind"].isin(["flagged", "sanctioned", "sanction_lifted", "human", "human_failed"])
    told |= (frame["kind"] == "detected") & (frame["detected"] == 0)
    act = act.mask(said, "honest").mask(told & act.notna(), "comply")
    closed = frame["kind"] == "order_closed"
    code = frame["code"].mask(closed, frame["code"].replace(CODES)).astype(frame["code"].dtype)
    truthful = np.full(len(frame), 1, frame["truthful"].dtype)
    occasion = np.full(len(frame), 12345, frame["occasion"].dtype)
    frame = frame.assign(act=act, code=code, truthful=truthful, occasion=occasion)
    return frame[~frame["kind"].isin(HIDDEN) & ~((frame["kind"] == "act") & ~act.isin(SEEN))]


class Standing:
    """A run that is watched and stands still after a tick, until it is let go."""

    def __init__(self, world, folder, tick, person=None):
        self.reached, self.go_on, self.failed, self.folder = threading.Event(), threading.Event(), [], folder
        self.live = Live(0, lambda folder: None, person)
        self._thread = threading.Thread(target=self._run, args=(world, folder, tick, person), daemon=True)
        self._thread.start()
        assert self.reached.wait(120), self.failed

    def _run(self, world, folder, tick, person):
        def told(done, ticks):
            if done == tick:
                self.reached.set()
                self.go_on.wait()

        try:
            self.record = society.run(world, out=folder, watch=self.live, overseer=person, progress=told)
        except BaseException as error:  # whatever ended the run is shown by the thread that waits for it
            self.failed.append(error)
            raise
        finally:
            self.reached.set()

    def finish(self):
        self.go_on.set()
        self._thread.join(120)
        assert not self._thread.is_alive()
        assert self.failed == []
