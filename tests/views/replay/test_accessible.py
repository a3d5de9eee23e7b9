"""The pages for everybody: names for all controls, contrast in every theme, large print, and the keyboard."""

import re

import pytest

from society.study.sweep.driver import sweep
from society.study.sweep.viewed import Studies
from society.views.replay.server import Serving
from society.views.replay.watching import Watching

#: Every text on the page with its colour and that of what it stands on, as the browser draws them.
TEXTS = """() => {
    const parts = (text) => text.match(/[\\d.]+/g).map(Number);
    const behind = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const [r, g, b, a] = parts(getComputedStyle(at).backgroundColor);
            if (a === undefined || a > 0.99) return [r, g, b];
        }
        return [255, 255, 255];
    };
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
    while (walk.nextNode()) {
        const element = walk.currentNode.parentElement, text = walk.currentNode.textContent.trim();
        if (!text || !element.checkVisibility() || element.closest('svg, noscript, script, option, .unseen, [aria-hidden]')) continue;
        for (let at = element; at; at = at.parentElement) {
            if (getComputedStyle(at).opacity !== '1') found.push([text, [0, 0, 0], [0, 0, 0]]);
        }
        found.push([text.slice(0, 30), parts(getComputedStyle(element).color).slice(0, 3), behind(element)]);
    }
    return found;
}"""
#: Controls without a name that a screen reader could say, and those that Tab never reaches.
NAMELESS = """() => [...document.querySelectorAll('button, input, select, summary, a, canvas[tabindex], [role=button], [role=tab]')]
    .filter((one) => one.checkVisibility())
    .filter((one) => !(one.getAttribute('aria-label') || one.labels?.length || one.textContent.trim() || one.title) || one.tabIndex < 0)
    .map((one) => one.outerHTML.slice(0, 120))"""
THEMES = [
    {},
    {"theme": "light"},
    {"theme": "dark"},
    {"contrast": ""},
    {"theme": "light", "contrast": ""},
    {"theme": "dark", "contrast": ""},
]


def luminance(colour):
    """Relative luminance, WCAG 2.2."""
    linear = [part / 255 / 12.92 if part / 255 <= 0.04045 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """Contrast ratio, WCAG 2.2: 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def readable(page):
    """All text has a contrast of 4.5 at least, in every theme."""
    for theme in THEMES:
        page.evaluate(
            "(theme) => { const root = document.getElementById('society-page'); delete root.dataset.theme;"
            " delete root.dataset.contrast; Object.assign(root.dataset, theme); }",
            theme,
        )
        texts = page.evaluate(TEXTS)
        assert len(texts) > 20
        bad = [(text, round(contrast(ink, paper), 2)) for text, ink, paper in texts if contrast(ink, paper) < 4.5]
        assert bad == [], theme


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small") / "small"
    tree = {
        "name": "small", "base": "decommission", "set": {"agents.count": 60, "machines.count": 8, "ticks": 20}, "seeds": 2,
        "axes": {"oversight.monitoring.share": [0.0, 1.0], "review.threshold": [60, 70]}, "measures": ["protection."],
    }  # fmt: skip
    sweep(tree, folder, workers=1)
    return folder


@pytest.fixture
def study_page(visit, study):
    serving = Serving(Watching(study.parent, studies=Studies()))
    yield visit(serving.url("small", "study"), ready="[role=tab]")
    serving.stop()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_of_a_run_is_readable_in_every_theme(visit, serve, decommission, scheme):
    page = visit(serve(decommission.path), color_scheme=scheme)
    dark = "getComputedStyle(document.getElementById('society-page')).getPropertyValue('--dark').trim()"
    assert page.evaluate(dark) == str(int(scheme == "dark"))
    page.keyboard.press("End")
    page.locator(".panel .outcomes").wait_for()
    readable(page)
    page.get_by_label("Search an agent").fill("17")
    page.locator(".found button").first.click()
    page.locator(".panel .events").wait_for()
    readable(page)


def test_every_text_of_a_study_is_readable_in_every_theme(study_page):
    readable(study_page)
    study_page.get_by_role("tab", name="table").click()
    readable(study_page)


def test_every_control_has_a_name_and_is_reached_by_tab(visit, serve, decommission, study_page):
    page = visit(serve(decommission.path))
    assert page.evaluate(NAMELESS) == []
    for view in ("table", "heat map", "forest plot"):
        study_page.get_by_role("tab", name=view).click()
        study_page.get_by_role("tab", name=view, selected=True).wait_for()
        assert study_page.evaluate(NAMELESS) == [], view


def test_where_the_focus_is_can_be_seen(visit, serve, decommission):
    page = visit(serve(decommission.path))
    for _ in range(25):
        page.keyboard.press("Tab")
        width, style, colour = page.evaluate(
            "() => { const s = getComputedStyle(document.activeElement);"
            " return [parseFloat(s.outlineWidth), s.outlineStyle, s.outlineColor]; }"
        )
        assert width >= 2, page.evaluate("document.activeElement.outerHTML.slice(0, 100)")
        assert contrast([int(one) for one in re.findall(r"\d+", colour)], (250, 249, 246)) >= 3
        assert style != "none"


@pytest.mark.parametrize(("width", "height"), [(640, 400), (390, 800), (1000, 700)])
def test_large_print_and_small_screens_need_no_scrolling_sideways(visit, serve, decommission, width, height):
    page = visit(
        serve(decommission.path), viewport={"width": width, "height": height}
    )  # 1280 x 800 at 200 % is 640 x 400
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    scene = page.locator(".scene").bounding_box()
    assert scene["width"] > 300
    assert scene["height"] > 200
    page.get_by_label("Tick", exact=True).focus()
    page.keyboard.press("ArrowRight")
    assert "tick 1 of" in page.locator(".clock").inner_text()
