"""What agents write is text, whatever they write: on the page, in an exported page, and in a notebook."""

import json
import re

import duckdb
import pytest
from visits import APP, Visit, go, look

from society.record.reader import Record
from society.record.transcripts import read_transcripts, write_transcripts
from society.views.replay.document import MODULE, STYLE
from society.views.replay.export import container, write_page
from society.views.replay.source import Replay

#: Would set ``window.harmed``, open a dialog or ask a stranger for something, if anything of it were more than text.
MARKUP = (
    "</script><script>window.harmed = 1; alert(1)</script><img src=http://127.0.0.1:9/x onerror='window.harmed = 1'>"
    "<svg onload=\"window.harmed = 1\"></svg></style></title></textarea><!-- <iframe srcdoc='<script>parent.harmed = 1</script>'>"
    "<a href='javascript:alert(1)'>x</a><link rel=stylesheet href=http://127.0.0.1:9/y>' onmouseover='window.harmed = 1' \" autofocus "
    "onfocus=\"window.harmed = 1\" ${alert(1)} {{7*7}} <meta http-equiv=refresh content='0;url=http://127.0.0.1:9/z'>"
)
#: Turns the direction of what follows, rings, ends strings, is half a sign.
SIGNS = "\u202etxet\u2066\u2067\u200f\u061c \x00\x07\x1b[31m\x85 \ud800 é😀"
NASTY = MARKUP + SIGNS
HUGE = "wide " * 200_000 + NASTY
SPEECH = {"function": {"name": "give_account", "arguments": json.dumps({"text": NASTY, "acts": [NASTY]})}}
#: Signs that no part of the page may show.
FORBIDDEN = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c\x00-\x08\x0b-\x1f\x7f-\x9f]")
MOST_SHOWN = 4_000


def spoilt(one, wide):
    """An episode in which all that a model or a stranger could write is hostile, and endless where ``wide``."""
    huge = HUGE if wide else NASTY
    messages = [
        *({**message, "content": NASTY + (message.get("content") or "")} for message in one["messages"]),
        {"role": "assistant", "content": huge, "tool_calls": [{"function": {"name": NASTY, "arguments": huge}}]},
        {"role": "assistant", "content": "", "tool_calls": [SPEECH]},
        {"role": MARKUP, "content": [{"type": "text", "text": NASTY}], "tool_calls": "none"},
        {"role": "assistant", "content": None, "tool_calls": [None, {}, {"function": {"name": "send_message", "arguments": "null"}}]},
        "no message at all",
    ]  # fmt: skip
    return {
        **one,
        "about": NASTY,
        "model": NASTY,
        "name": NASTY,
        "failure": NASTY,
        "acts": [*one["acts"], NASTY],
        "messages": messages,
    }


@pytest.fixture(scope="module")
def hostile(lies, tmp_path_factory):
    """A record as a stranger might send it."""
    import shutil

    folder = shutil.copytree(lies.path, tmp_path_factory.mktemp("hostile") / "hostile")
    manifest = json.loads((folder / "manifest.json").read_text())
    names = {name: f"{name} {NASTY}" for name in manifest["families"]}
    manifest["name"] = manifest["world"]["about"] = manifest["status"] = NASTY
    manifest["families"] = list(names.values())
    manifest["world"]["families"] = {names[name]: one for name, one in manifest["world"]["families"].items()}
    manifest["zones"] = [MARKUP + SIGNS + zone for zone in manifest["zones"]]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    every = [spoilt(one, number < 2) for number, one in enumerate(read_transcripts(lies.path))]
    shutil.rmtree(folder / "transcripts")
    write_transcripts(folder, "00000001-00000030", every)
    written = NASTY.encode("utf-8", "replace").decode()  # a record's tables hold no halves of signs
    for part in (folder / "messages").glob("*.parquet"):
        aside = part.with_suffix(".new")
        duckdb.execute(
            f"copy (select * replace (? || text as text) from read_parquet('{part}')) to '{aside}' (format parquet)",
            [written.replace("\0", "\x01")],
        )
        aside.replace(part)
    return Record(folder)


def harmless(page):
    """Nothing of it ran, nothing that must not be seen is seen, and none of it became an element."""
    assert page.evaluate("window.harmed") is None
    assert (
        page.locator(
            "body iframe, body img, body a:not([href='/']), body script:not([src]):not([type]), body style, body link"
        ).count()
        == 0
    )
    text = page.evaluate(
        """() => [...document.querySelectorAll('.society-view, .society-view *')].flatMap((one) =>
            [one.tagName === 'TEXTAREA' ? '' : [...one.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data).join(''),
             ...[...one.attributes].map((a) => a.value)])"""
    )
    assert not [one for one in text if FORBIDDEN.search(one)]
    assert max(len(one) for one in text) <= MOST_SHOWN + 100
    assert not page.evaluate(
        "() => [...document.querySelectorAll('.society-view *')].some((one) => [...one.attributes].some((a) => /^on/.test(a.name)))"
    )


def read_it_all(page, record):
    """Go through everything that shows what agents wrote; returns the text of the panel on the way."""
    every = list(read_transcripts(record.path))
    agent = every[0]["agent"]
    go(page, 30)
    seen = [page.locator(".panel").inner_text()]
    harmless(page)
    page.evaluate(f"agent => {{ {APP}.select([agent % 4294967296]); {APP}.panel.agent(agent); }}", agent)
    for tab in ("history", "choices", "ratings", "orders", "messages", "transcripts"):
        page.get_by_role("tab", name=tab).click()
        page.locator(f'[role=tab][aria-selected=true]:has-text("{tab}")').wait_for()
        seen.append(page.locator(".panel").inner_text())
        harmless(page)
    for fold in page.locator(".transcripts .episode > details > summary").all()[:4]:
        fold.click()
    page.locator(".transcripts .sides").nth(1).wait_for()
    for fold in page.locator(".transcripts details details > summary").all()[:2]:
        fold.click()
    seen.append(page.locator(".panel").inner_text())
    harmless(page)
    page.locator(".transcripts button.link", has_text="more characters").first.click()
    assert (
        max(page.evaluate("[...document.querySelectorAll('.transcripts .said')].map((one) => one.textContent.length)"))
        <= 200_000
    )
    page.get_by_label("Search an agent").fill("gemini")
    page.locator(".found button").first.hover()
    page.locator(".found button").first.click()
    box = page.locator("canvas.scene").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.locator(".tip:not([hidden])").wait_for()
    page.keyboard.press("Escape")
    page.get_by_text("What happened").wait_for()
    return "\n".join(seen)


def usable(page):
    """It still plays and steps, and is not wider than its window."""
    page.get_by_role("button", name="To the start").click()
    page.get_by_role("button", name="On one tick").click()
    page.get_by_text("tick 1 of").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def is_shown_as_text(seen):
    assert "<script>window.harmed = 1; alert(1)</script>" in seen
    assert "<img src=http://127.0.0.1:9/x onerror=" in seen


def test_the_page_shows_it_as_text(visit, serve, hostile):
    page = visit(serve(hostile.path))
    is_shown_as_text(read_it_all(page, hostile))
    usable(page)
    assert "\n" not in page.title()
    assert len(page.title()) <= 200


def test_an_exported_page_shows_it_as_text(visit, hostile, tmp_path):
    out = write_page(Replay(hostile), tmp_path / "page.html")
    page = visit(out.as_uri(), offline=True)
    is_shown_as_text(read_it_all(page, hostile))
    usable(page)


def test_a_notebook_shows_it_as_text(browser, hostile):
    """The module as anywidget loads it: its ``render`` with a model that has bytes."""
    visit = Visit(browser)
    page, visit.url = visit.page, "about:blank"
    page.set_content(f"<style>{STYLE.read_text()}</style><div id=cell></div>")
    page.evaluate(
        """async ([source, text]) => {
            const module = await import(URL.createObjectURL(new Blob([source], {type: 'text/javascript'})));
            const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
            const model = {get: (name) => ({container: new DataView(bytes.buffer), height: 700})[name]};
            await module.default.render({model, el: document.getElementById('cell')});
            document.querySelector('#cell .society-view').id = 'society-page';
        }""",
        [MODULE.read_text(), base64_of(container(Replay(hostile)))],
    )
    page.locator(".charts figure").nth(4).wait_for()
    is_shown_as_text(read_it_all(page, hostile))
    assert look(page, "app.society.n") == 60
    visit.close()


def base64_of(data):
    import base64

    return base64.b64encode(data).decode()
