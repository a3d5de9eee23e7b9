"""The page shows families as the figures do: the same colours and shapes, by day and by night, in legend, panel, charts and picture."""

import io

import numpy as np
import pytest
from PIL import Image
from visits import APP, go, look, until

from society.views.families import look_of
from society.views.inks import ACTS

#: Shapes in an element: corners (none: a disc) and colour of each, as the browser draws it.
SHAPES = """(all) => all.map((one) => [
    [...(one.points ?? [])].map((at) => [at.x, at.y]), getComputedStyle(one).fill.match(/\\d+/g).map(Number)])"""
#: Zoom to an agent without a sign on anybody; gives how many frames there were before.
SHOWN_PLAINLY = f"""(slot) => {{
    const {{ scene, society }} = {APP}, {{ stance, roles }} = society.column, before = scene.frames;
    stance.fill(0); roles.fill(7);
    scene.fit([slot]); scene.zoomBy(3); scene.redraw();
    return before;
}}"""
#: By act, the colour of the line in its label.
STROKES = """(all) => all.map((one) => [
    one.textContent.split(' ')[0], getComputedStyle(one.querySelector('line')).stroke.match(/\\d+/g).map(Number)])"""
LEGEND = "fieldset:has(> legend:text-is('Families')) label"


def rgb(colour):
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def wanted(dark):
    looks = [look_of(number) for number in range(10)]
    return [(one.outline, tuple(rgb(one.dark if dark else one.light))) for one in looks]


def shown(page, where):
    found = page.locator(f"{where} svg.glyph > *").evaluate_all(SHAPES)
    return [(tuple((round(x, 3), round(y, 3)) for x, y in corners), tuple(fill)) for corners, fill in found]


@pytest.fixture
def page(ten_families, serve, visit):
    return visit(serve(ten_families.path))


@pytest.mark.parametrize("dark", [False, True])
def test_ten_families_look_as_in_figures(page, dark):
    page.evaluate("dark => { document.getElementById('society-page').dataset.theme = dark ? 'dark' : 'light'; }", dark)
    assert page.locator(LEGEND).all_inner_texts() == [f"family {i}" for i in range(10)]
    assert shown(page, LEGEND) == wanted(dark)
    assert shown(page, "figure:has(figcaption:text-is('Survival')) .legend") == wanted(dark)
    for slot in (0, 17, 41):
        page.evaluate(f"slot => {APP}.choose(slot)", slot)
        page.locator(".panel h2", has_text=f"-{slot}").wait_for()
        family = look(page, f"app.society.column.family[{slot}]")
        assert shown(page, ".panel h2") == [wanted(dark)[family]]


@pytest.mark.parametrize("dark", [False, True])
def test_agents_are_drawn_in_the_colour_and_shape_of_their_family(page, dark):
    page.evaluate(f"dark => {{ {APP}.root.dataset.theme = dark ? 'dark' : 'light'; {APP}.rethemed(); }}", dark)
    go(page, 0)
    page.evaluate(f"{APP}.controls.filter.kinds.clear()")
    for family in range(10):
        slot = look(page, f"app.society.column.family.indexOf({family})")
        drawn = page.evaluate(SHOWN_PLAINLY, slot)
        until(page, f"app.scene.frames > {drawn}")
        x, y, k = look(page, f"[...app.scene.placeOf({slot}), app.scene.transform.k]")
        box = page.locator("canvas.scene").bounding_box()
        picture = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB")).astype(int)
        corners, colour = wanted(dark)[family]
        half = int(0.37 * k)
        middle = int(box["x"] + x), int(box["y"] + y)
        here = picture[middle[1] - half : middle[1] + half, middle[0] - half : middle[0] + half]
        mine = (np.abs(here - colour) < 3).all(axis=2)
        down, right = (np.indices(mine.shape) - half + 0.5) / half
        inside = _inside(corners, right, down) if corners else np.hypot(right, down) < 1
        assert (mine == inside).mean() > 0.93, family


def _inside(corners, x, y):
    """Which points are within a polygon (even-odd rule)."""
    found = np.zeros(x.shape, bool)
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        if ay != by:
            found ^= ((ay > y) != (by > y)) & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    return found


def test_acts_look_as_in_figures(page):
    lines = page.locator("fieldset:has(> legend:text-is('Acts')) label").evaluate_all(STROKES)
    assert {act: rgb(ACTS[act].light) for act, _ in lines} == dict(lines)


def test_roles_are_signs_and_found_by_their_name(page):
    signs = page.locator(".signs li:has(.role)").all_inner_texts()
    assert signs == ["monitor", "operator", "evaluator", "worker, nothing else"]
    page.locator("input[type=search]").fill("monitor")
    found = page.locator(".found button").all_inner_texts()
    roles = look(page, "Array.from(app.society.column.roles)")
    assert len(found) == min(12, sum(role >= 8 for role in roles)) > 0
    assert all(roles[int(name.rsplit("-", 1)[1])] >= 8 for name in found)
