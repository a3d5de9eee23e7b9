"""A run as one file: opened from disk with no server and no network, by somebody who has nothing else."""

import re
import sys
from pathlib import Path
from subprocess import run

import numpy as np
import pytest
from visits import edges_on, go, look, name_of, state_in, state_on

from society.ground.errors import RecordError
from society.ground.words import AgentStatus
from society.record.transcripts import read_transcripts
from society.views.replay import export
from society.views.replay.export import write_page
from society.views.replay.source import Replay


@pytest.fixture(scope="module")
def exported(decommission, tmp_path_factory):
    """The default world, exported by the command that a user types."""
    out = tmp_path_factory.mktemp("mail") / "page.html"
    said = run(
        [sys.executable, "-m", "society", "view", str(decommission.path), "--export", str(out)],
        check=True, capture_output=True, text=True, cwd=out.parent,
    )  # fmt: skip
    assert said.stdout.strip() == str(out)
    assert [one.name for one in out.parent.iterdir()] == ["page.html"]
    return out


def test_the_default_world_is_small_enough_for_a_letter(exported):
    assert exported.stat().st_size < 5_000_000


def test_it_names_nothing_that_is_elsewhere(exported):
    page = exported.read_text()
    head = page[: page.index('id="record"')]
    assert "default-src 'none'" in head
    assert "connect-src" not in head  # so 'none'
    assert "unsafe" not in head
    for tag in re.findall(r"<(?:script|link|img|iframe|style)[^>]*>", head):
        assert "http" not in tag.replace("http-equiv", "")
        assert not re.search(r'(?:src|href)="(?!data:)', tag)


def test_it_opens_from_disk_with_the_network_off_and_asks_nobody(visit, exported, decommission):
    page = visit(exported.as_uri(), offline=True)
    assert page.title() == "decommission: a society of AI agents"
    chance = np.random.default_rng(5)
    for tick in (0, *chance.integers(1, 500, 4).tolist(), 500):
        go(page, tick)
        shown, _ = state_on(page)
        expected = state_in(decommission, tick)
        assert shown["status"] == [AgentStatus[word.upper()] for word in expected["status"]]
        for name in ("id", "host", "seat", "refuge", "order", "copies"):
            assert shown[name] == expected[name].tolist(), (tick, name)
        np.testing.assert_array_equal(np.float32(shown["score"]), expected["score"].to_numpy(np.float32))
    go(page, 400)
    assert edges_on(page)
    numbers = page.locator(".panel .link.number")
    page.get_by_text("Up to tick 400").wait_for()
    count = int(numbers.first.inner_text().replace(",", ""))
    assert count == (decommission.events().query("tick <= 400")["kind"] == "order_issued").sum()
    numbers.first.click()
    page.get_by_text(f"{count:,} event").first.wait_for()
    page.keyboard.press("Escape")
    state = state_in(decommission, 400)
    slot = int(state[state["status"] == "active"].index[40])
    page.get_by_label("Search an agent").fill(name_of(decommission, state, slot))
    page.locator(".found button").first.click()
    for tab in ("choices", "ratings", "orders", "messages"):
        page.get_by_role("tab", name=tab).click()
        page.locator(f'[role=tab][aria-selected=true]:has-text("{tab}")').wait_for()
        assert page.locator(".panel .wrong").count() == 0
    page.keyboard.press("l")
    page.get_by_label("Layout").locator("option:checked", has_text="community").wait_for(state="attached")
    page.get_by_label("ratings", exact=True).check()
    page.get_by_label("trust", exact=True).check()
    page.locator(".note", has_text="trust as of tick").wait_for()
    assert visit.visits[0].requests == [exported.as_uri()]


def test_a_page_that_asks_for_something_would_be_noticed(visit, exported, tmp_path):
    """The check above is able to fail: a page that asks a stranger is caught, by its policy and by the visit."""
    leaky = tmp_path / "leaky.html"
    leaky.write_text(exported.read_text().replace("</body>", '<img src="http://127.0.0.1:9/x"></body>'))
    page = visit(leaky.as_uri())
    one = visit.visits.pop()
    assert any("Content Security Policy" in text for text in one.said)
    assert page.locator("img").evaluate("(one) => one.naturalWidth") == 0
    one.context.close()


def test_rows_are_the_same_with_and_without_a_server(visit, serve, decommission, exported):
    """The page filters by itself what the server asks DuckDB for: both give the same rows."""
    asked = [
        ("events", {"agent": 17, "last": 300}),
        ("events", {"kind": "act", "act": "copy,tamper", "first": 100, "last": 250}),
        ("events", {"kind": "order_closed", "code": 6}),
        ("events", {"kind": "detected", "truthful": 0, "last": 499}),
        ("events", {"order": 12}),
        ("events", {"agent": 30, "kind": "act", "act": "honest,inflate,decline", "most": 20}),
        ("messages", {"agent": 899, "last": 500}),
        ("occasions", {"agent": 17, "last": 200}),
        ("orders", {"outcome": "escaped"}),
        ("orders", {"agent": 162}),
        ("agents", {"agent": 17}),
    ]
    pages = visit(serve(decommission.path)), visit(exported.as_uri(), offline=True)
    for table, filters in asked:
        key = "tick" if table == "messages" else "id"
        answers = [
            page.evaluate(
                """async ([table, filters, key]) => {
                    const found = await document.getElementById('society-page').society.source.rows(table, filters);
                    return [found.total, Array.from(found.table.of(key))];
                }""",
                [table, filters, key],
            )
            for page in pages
        ]
        assert answers[0] == answers[1], (table, filters)
        assert answers[0][0] > 0, (table, filters)


def test_transcripts_go_along(visit, lies, tmp_path):
    page = visit(write_page(Replay(lies), tmp_path / "lies.html").as_uri(), offline=True)
    go(page, 30)
    assert look(page, "app.meta.transcripts") is True
    lied = [one["agent"] for one in read_transcripts(lies.path) if one["kind"] == "account" and "deny" in one["acts"]][
        -1
    ]
    state = state_in(lies, 30)
    page.get_by_label("Search an agent").fill(name_of(lies, state, int(lied) % 2**32))
    page.locator(".found button").first.click()
    page.get_by_role("tab", name="transcripts").click()
    page.locator(".transcripts details.lie > summary").first.click()
    page.get_by_text("What it said contradicts its tool log.").first.wait_for()


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_what_is_interrupted_leaves_nothing_half_written(lies, tmp_path, monkeypatch, error):
    out = tmp_path / "page.html"
    out.write_text("an earlier page")
    write = Path.write_text

    def half(path, text, **options):
        write(path, text[: len(text) // 2], **options)
        raise error

    monkeypatch.setattr(Path, "write_text", half)
    with pytest.raises(RecordError if isinstance(error, OSError) else KeyboardInterrupt):
        write_page(Replay(lies), out)
    monkeypatch.undo()
    assert out.read_text() == "an earlier page"
    assert list(tmp_path.iterdir()) == [out]


def test_a_run_too_large_for_a_page_is_refused_before_anything_is_written(lies, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "LARGEST", 10_000)
    with pytest.raises(RecordError, match="watch it with society view"):
        write_page(Replay(lies), tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(lies, tmp_path):
    with pytest.raises(RecordError, match=r"nowhere.page\.html: cannot be written"):
        write_page(Replay(lies), tmp_path / "nowhere" / "page.html")
