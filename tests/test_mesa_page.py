"""The page of Mesa's SolaraViz, in a real browser: it shows the society and takes a step."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parent.parent / "notebooks" / "mesa_page.py"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture
def server(tmp_path):
    port = free_port()
    words = [sys.executable, "-m", "solara", "run", PAGE, "--host", "127.0.0.1", "--port", str(port), "--no-open"]
    log = tmp_path / "solara.log"
    with open(log, "w") as stream:
        process = subprocess.Popen(
            words, cwd=tmp_path, stdout=stream, stderr=stream, env={**os.environ, "SOLARA_TELEMETRY_ENABLE": "false"}
        )
        yield f"http://127.0.0.1:{port}", log
        process.terminate()
        process.wait(20)


@pytest.mark.slow
def test_it_shows_a_society_and_takes_a_step(server, browser):
    from playwright.sync_api import Error, expect

    url, log = server
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    for _ in range(60):
        try:
            page.goto(url)
            break
        except Error:
            page.wait_for_timeout(500)
    expect(page.get_by_text("A society of AI agents").first).to_be_visible(timeout=60_000)
    page.get_by_text("Step", exact=True).first.click()
    expect(page.get_by_text("Step: 1")).to_be_visible(timeout=30_000)
    expect(page.locator("img")).to_have_count(3, timeout=30_000)
    page.close()
    assert "Traceback" not in log.read_text()
