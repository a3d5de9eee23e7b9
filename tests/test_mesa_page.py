"""The page of Mesa's SolaraViz, in a real browser: it shows the society and takes a step."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from eventually import GUARD_S, eventually, listens

PAGE = Path(__file__).parent.parent / "notebooks" / "mesa_page.py"


@pytest.fixture
def server(tmp_path, free_port):
    words = [sys.executable, "-m", "solara", "run", PAGE, "--host", "127.0.0.1", "--port", str(free_port), "--no-open"]
    log = tmp_path / "solara.log"
    with open(log, "w") as stream:
        process = subprocess.Popen(
            words, cwd=tmp_path, stdout=stream, stderr=stream, env={**os.environ, "SOLARA_TELEMETRY_ENABLE": "false"}
        )
        eventually(lambda: listens(free_port), "the page of Solara", process)
        yield f"http://127.0.0.1:{free_port}", log
        process.terminate()
        process.wait()


@pytest.mark.slow
def test_it_shows_a_society_takes_a_step_and_begins_anew(server, browser):
    from playwright.sync_api import expect

    url, log = server
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(1000 * GUARD_S)
    page.goto(url)
    expect(page.get_by_text("A society of AI agents").first).to_be_visible()
    page.get_by_text("Step", exact=True).first.click()
    expect(page.get_by_text("tick 1 of 500")).to_be_visible()
    expect(page.locator("img")).to_have_count(3)
    page.get_by_text("Reset", exact=True).first.click()
    expect(page.get_by_text("tick 0 of 500")).to_be_visible()
    page.close()
    assert "Traceback" not in log.read_text()
