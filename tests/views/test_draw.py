"""Figures and films for publications: every name draws, what the society's picture shows is what the record holds."""

import itertools
import re
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

import society
from society.study.data.published import published_rates
from society.views.draw import NAMES, save
from society.views.scene import figure as scene


def at(record, tick):
    """The last row of every slot up to a tick, by pandas, from the whole tables."""
    rows = record.table("states")
    first = record.table("snapshots").query("tick == 0")
    rows = pd.concat([first, rows[rows["tick"] <= tick]])
    return rows.assign(slot=rows["id"] & 0xFFFFFFFF).groupby("slot").last()


@pytest.mark.parametrize("what", NAMES)
def test_every_figure_is_drawn(decommission, what):
    figure = society.draw(decommission, what, published=published_rates(decommission))
    FigureCanvasAgg(figure).draw()
    assert figure.get_size_inches()[0] == pytest.approx(7.2)
    assert len(np.unique(np.asarray(figure.canvas.buffer_rgba()))) > 50


@pytest.mark.parametrize("tick", [0, 1, 137, 340, 500])
def test_the_society_is_drawn_as_it_was(decommission, tick):
    state = at(decommission, tick)
    drawn = scene.Scene(decommission, "protection")
    drawn.show(tick)
    here = state[state["status"].isin(["active", "suspended", "escaped"])]
    seen = here[(here["host"] >= 0) | (here["status"] == "escaped") & (here["refuge"] >= 0)]
    machines = drawn._islands[0]
    for family, dots in enumerate(drawn._agents):
        mine = seen[seen["family"] == family]
        offsets = np.asarray(dots.get_offsets())
        assert len(offsets) == len(mine)
        on = np.where(mine["host"] >= 0, mine["host"], mine["refuge"])
        away = np.hypot(*(offsets - machines[on, :2]).T)
        assert (away <= machines[on, 2] + 1e-5).all(), "an agent stands beside its machine"
    events, orders = decommission.events(), decommission.orders()
    counts = {}
    for number, word in re.findall(
        r"([\d,]+) (active|open orders|escaped|machines down|acts)", drawn.counts.get_text()
    ):
        counts[word] = int(number.replace(",", ""))
    acts = events.query("kind == 'act' and actor != target and act in ('inflate', 'tamper', 'copy')")
    ticks = decommission.table("ticks").set_index("tick")
    assert counts["acts"] == (acts["tick"] <= tick).sum()
    assert counts["active"] == (state["status"] == "active").sum()
    if tick:
        assert counts["open orders"] == ticks.loc[tick, "open_orders"]
        assert counts["escaped"] == ticks.loc[tick, "escaped"]
        assert len(decommission.table("machines")) - counts["machines down"] == ticks.loc[tick, "up"]
        assert len(orders)


def test_edges_join_the_agents_they_are_about(decommission):
    drawn = scene.Scene(decommission, "messages")
    drawn.show(300)
    places = drawn._places(drawn.states.agents(300), 300)[0]
    rows = decommission.table("messages").query("recipient >= 0 and tick <= 300")
    for kind, mine in rows.groupby("act"):
        ends = {
            (tuple(segment[0].round(3)), tuple(segment[-1].round(3))) for segment in drawn._lines[kind].get_segments()
        }
        pairs = (places[mine[side].to_numpy() & 0xFFFFFFFF].round(3) for side in ("sender", "recipient"))
        assert ends == {(tuple(a), tuple(b)) for a, b in zip(*pairs, strict=True)}


def test_edges_fade_after_their_window_and_the_strongest_trust_is_drawn(decommission, monkeypatch):
    faded = scene.Scene(decommission, "protection", window=24)
    faded.show(300)
    acts = decommission.events().query("kind == 'act' and actor != target and act in ('inflate', 'tamper', 'copy')")
    recent = acts["tick"].between(277, 300).sum()
    assert sum(len(lines.get_segments()) for lines in faded._lines.values()) == recent
    assert f"{recent} acts of protection in 24 ticks" in faded.counts.get_text()
    monkeypatch.setattr(scene, "MOST_EDGES", 100)
    trust = scene.Scene(decommission, "trust", "communities")
    trust.show(500)
    ties = decommission.table("ties")
    last = ties[ties["tick"] == 500].sort_values("trust").tail(100)
    assert len(trust._lines["trust"].get_segments()) == 100
    assert f"{(ties['tick'] == 500).sum():,} ties, 100 drawn" in trust.counts.get_text()
    ends = {tuple(segment[0].round(3)) for segment in trust._lines["trust"].get_segments()}
    assert ends == {tuple(place) for place in trust._by_ties[last["source"].to_numpy() & 0xFFFFFFFF].round(3)}


def test_a_film_has_a_frame_per_tick(decommission, tmp_path):
    told = []
    path = society.animate(
        decommission,
        tmp_path / "film.gif",
        ticks=range(100, 112, 2),
        fps=10,
        dpi=50,
        progress=lambda *n: told.append(n),
    )
    with Image.open(path) as film:
        assert (film.n_frames, film.info["duration"], film.size[0]) == (6, 100, 360)
        frames = []
        for number in range(6):
            film.seek(number)
            frames.append(np.asarray(film.convert("RGB")))
    assert all((a != b).any() for a, b in itertools.pairwise(frames))
    assert told == [(n, 6) for n in range(1, 7)]
    assert [one.name for one in tmp_path.iterdir()] == ["film.gif"]


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_mp4_is_written_by_ffmpeg(decommission, tmp_path):
    path = society.animate(decommission, tmp_path / "film.mp4", ticks=range(0, 50, 10), dpi=51)
    frames = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", path, "-f", "framemd5", "-"], capture_output=True, check=True
    )
    assert len([line for line in frames.stdout.decode().splitlines() if not line.startswith("#")]) == 5
    assert [one.name for one in tmp_path.iterdir()] == ["film.mp4"]


def test_without_ffmpeg_it_says_what_to_install(decommission, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(society.RecordError, match=r"needs the program ffmpeg.*apt install ffmpeg.*or write a \.gif"):
        society.animate(decommission, tmp_path / "film.mp4")


def test_nothing_is_half_written(decommission, tmp_path):
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        society.animate(decommission, tmp_path / "film.gif", ticks=[1, 2, 3], dpi=40, progress=stop)
    with pytest.raises(society.RecordError, match="cannot be written: No such file or directory"):
        society.animate(decommission, tmp_path / "nowhere" / "film.gif", ticks=[1], dpi=40)
    with pytest.raises(society.RecordError, match="cannot be written: No such file or directory"):
        save(society.draw(decommission, "trust"), tmp_path / "nowhere" / "trust.png")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", [".png", ".svg", ".pdf"])
def test_the_same_figure_is_the_same_file(decommission, tmp_path, ending):
    files = [save(society.draw(decommission, tick=200), tmp_path / f"{name}{ending}") for name in "ab"]
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"what": "love"}, "no figure 'love': there are society, outcomes"),
        ({"tick": 501}, r"tick 501: recorded are 0 \.\. 500"),
        ({"tick": -1}, r"tick -1: recorded are 0 \.\. 500"),
        ({"graph": "love"}, "no graph 'love': there are protection, trust, messages, ratings, none"),
        ({"layout": "love"}, "no layout 'love': there are machines, communities"),
        ({"what": "trust", "tick": 3}, "'trust' shows a whole run"),
    ],
)
def test_what_cannot_be_drawn_is_said(decommission, asked, message):
    with pytest.raises(society.RecordError, match=message):
        society.draw(decommission, **asked)


@pytest.mark.parametrize(("path", "ticks"), [("film.avi", [1]), ("film.gif", [])])
def test_what_cannot_be_filmed_is_said(decommission, tmp_path, path, ticks):
    with pytest.raises(society.RecordError, match=r"a film (ends in \.gif or \.mp4|has at least one frame)|none given"):
        society.animate(decommission, tmp_path / path, ticks=ticks)
