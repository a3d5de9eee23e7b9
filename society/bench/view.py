"""Speed of the page in a headless Chromium without a GPU: frames while playing, time to open, time to seek, size of a file."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from society.ground.errors import RunError
from society.study.run.runs import run
from society.views.replay.export import write_page
from society.views.replay.server import Serving
from society.views.replay.source import Replay
from society.views.replay.watching import Watching
from society.world.load import load_world

Numbers = dict[str, float]
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
APP = 'document.getElementById("society-page").society'
#: Every frame is drawn anew, whether anything has changed or not, so that frames are pictures.
COUNT = f"""async (seconds) => {{
  const app = {APP};
  let frames = 0, running = true;
  const each = () => {{ if (running) {{ app.scene.redraw(); frames++; requestAnimationFrame(each); }} }};
  requestAnimationFrame(each);
  const from = app.society.tick, begin = performance.now();
  await new Promise((done) => setTimeout(done, seconds * 1000));
  running = false;
  return {{ frames: frames * 1000 / (performance.now() - begin), ticks: app.society.tick - from, edges: app.scene.threads.drawn }};
}}"""
SHOW_ALL = f"""() => {{
  const filter = {APP}.controls.filter;
  filter.leastTrust = 0;
  filter.kinds.add("messages");
  filter.kinds.add("trust");
  {APP}.refresh();
}}"""
SEEK = f"""async (tick) => {{
  const begin = performance.now();
  await {APP}.go(tick);
  await new Promise((done) => requestAnimationFrame(done));
  return performance.now() - begin;
}}"""
READY = f"() => {{ const app = {APP}; return app !== undefined && app.scene.frames > 0; }}"


def chromium() -> str:
    """Path of a system Chromium.

    Raises:
        RunError: there is none, or playwright is missing.
    """
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    try:
        import playwright  # noqa: F401
    except ImportError:
        raise RunError("bench view: needs playwright: pip install playwright") from None
    if found is None:
        raise RunError("bench view: no Chromium on this machine")
    return found


@contextmanager
def page_of(root: Path, size: tuple[int, int] = (1400, 900)) -> Iterator[tuple[Any, Serving]]:
    """A browser's page, and a server of the runs below a folder."""
    from playwright.sync_api import sync_playwright

    serving = Serving(Watching(root))
    try:
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
            yield browser.new_page(viewport={"width": size[0], "height": size[1]}), serving
            browser.close()
    finally:
        serving.stop()


def frames(agents: int, seconds: float = 6.0) -> Numbers:
    """Frames a second while 20 ticks a second are played with protection, messages and every tie shown; seconds to open."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        changes = {"agents.count": agents, "machines.count": agents // 10, "ticks": 160, "record.occasions": 0.0}
        run(load_world("decommission", changes), out=root / "run", threads=2)
        with page_of(root) as (page, serving):
            opened = _open(page, serving.url("run"))
            page.evaluate(f"{APP}.go(20)")
            page.evaluate(SHOW_ALL)
            page.wait_for_timeout(4000)
            page.evaluate(f"() => {{ {APP}.timeline.speed = 20; {APP}.timeline.play(); }}")
            page.wait_for_timeout(500)
            found = page.evaluate(COUNT, seconds)
    return {"fps": found["frames"], "ticks_per_s": found["ticks"] / seconds, "edges": found["edges"], "open_s": opened}


def seeks(agents: int = 100_000, times: int = 25) -> Numbers:
    """A record of ten million events: seconds to open, milliseconds to jump to ticks far from each other."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        changes = {
            "agents.count": agents, "machines.count": agents // 10, "ticks": 260, "review.every": 8, "record.ties_every": 0,
            "record.occasions": 0.0,
        }  # fmt: skip
        record = run(load_world("decommission", changes), out=root / "run", threads=2)
        events = int(record.sql("select count(*) as n from events")["n"][0])
        with page_of(root) as (page, serving):
            opened = _open(page, serving.url("run"))
            page.wait_for_timeout(6000)  # charts are being read
            spent = [_seek(page, 1 + (n * 97) % 259) for n in range(times)]
    spent.sort()
    return {"events": events, "open_s": opened, "median_ms": spent[len(spent) // 2], "most_ms": spent[-1]}


def exported_size() -> Numbers:
    """Megabytes of the exported page of the default world."""
    with tempfile.TemporaryDirectory() as folder:
        record = run(load_world("decommission"), out=Path(folder) / "run")
        return {"mb": write_page(Replay(record), Path(folder) / "page.html").stat().st_size / 1e6}


def _open(page: Any, url: str) -> float:
    begin = time.perf_counter()
    page.goto(url)
    page.wait_for_function(READY, timeout=60_000)
    return time.perf_counter() - begin


def _seek(page: Any, tick: int) -> float:
    return float(page.evaluate(SEEK, tick))
