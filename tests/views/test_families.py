"""Families are told apart by every eye, by day and by night; red is danger and nothing else. Colours are judged by ColorAide."""

import itertools
import re
from functools import cache
from pathlib import Path

import matplotlib.colors
import matplotlib.pyplot as plt
import networkx as nx
import pytest
from coloraide import Color

import society
from society.views import inks, style
from society.views.families import look_of
from society.views.figures import protection_graph
from society.views.graphs.write import write_graph
from society.views.scene.figure import Scene

ROOT = Path(society.__file__).parent
CSS = (ROOT / "views" / "replay" / "page" / "view.css").read_text(encoding="utf-8")
EYES = ("all", "protan", "deutan")
#: Least CIEDE2000 of two colours of one shape, for whom sees all and who does not; of neighbours in a list.
APART = {"all": 18, "protan": 8, "deutan": 8}
NEIGHBOURS = 13
#: The same to the alarm, and degrees of hue (OKLCH) that lie between it and every colour.
ALARMED = {"all": 24, "protan": 8, "deutan": 8}
HUES = 35
#: Where a colour near red stands for danger: machines that failed, on the page by day and by night.
FAILED = {"#f6d5cd", "#552b24"}


def themes():
    """(number, alarm, all that agents stand on) as the page's style sheet has them, by day, by night, in high contrast."""
    for block in re.findall(r"\{([^{}]*--alarm: [^{}]*)\}", CSS):
        found = dict(re.findall(r"--([a-z]+): (#?\w+)", block))
        yield int(found["dark"]), found["alarm"], [found[one] for one in ("paper", "card", "island", "zone")]


@cache
def seen(colour, eyes):
    """The colour as those eyes see it (Machado, Oliveira and Fernandes 2009, all of a kind of cone missing)."""
    one = Color(colour)
    return one if eyes == "all" else one.filter(eyes, method="machado").clip("srgb")


@cache
def distance(one, other, eyes):
    return seen(one, eyes).delta_e(seen(other, eyes), method="2000")


def near_red(colour):
    """Whether a colour, unless it is grey, is close in hue to the alarms."""
    lightness, chroma, hue = Color(colour[:7]).convert("oklch").coords()
    red = Color(style.ALARM).convert("oklch")["hue"]
    return chroma > 0.025 and lightness > 0.1 and abs((hue - red + 180) % 360 - 180) < HUES


def test_each_family_has_a_pair_of_its_own():
    looks = [look_of(i) for i in range(96)]
    for name in ("marker", "dash", "hatch"):
        assert len({(one.light, getattr(one, name)) for one in looks}) == 96
    assert len({one.light for one in looks[:12]}) == len({one.dark for one in looks[:12]}) == 12
    assert len({one.outline for one in looks}) == len({one.marker for one in looks}) == 8
    assert all(one.marker != other.marker for one, other in itertools.pairwise(looks))


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("paper", ["light", "dark"])
def test_families_of_one_shape_differ_in_colour_and_neighbours_in_both(paper, eyes):
    looks = [look_of(i) for i in range(96)]
    colours = [getattr(one, paper) for one in looks]
    close = [
        (a, b)
        for a, b in itertools.combinations(range(96), 2)
        if looks[a].marker == looks[b].marker and distance(colours[a], colours[b], eyes) < APART[eyes]
    ]
    assert close == []
    steps = [round(distance(*pair, eyes), 1) for pair in itertools.pairwise(colours[:13])]
    assert min(steps) >= NEIGHBOURS, steps


def test_families_stand_out_from_all_they_stand_on_and_are_never_alarming():
    assert {dark for dark, _, _ in themes()} == {0, 1}
    for (dark, alarm, papers), number in itertools.product(themes(), range(12)):
        colour = look_of(number).dark if dark else look_of(number).light
        for paper in papers:
            assert Color(colour).contrast(paper, method="wcag21") >= 3, (number, colour, paper)
        assert not near_red(colour)
        for eyes in EYES:
            assert distance(colour, alarm, eyes) >= ALARMED[eyes], (number, colour, alarm, eyes)


def test_lines_of_acts_and_outcomes_are_seen_on_both_papers():
    drawn = {**inks.ACTS, **inks.MARKS, **inks.OVERSIGHT, **inks.OUTCOMES}
    for word in drawn.keys() - {"missed", "open_at_end", "cancelled"}:  # pale areas: what is nobody's
        for paper, colour in (("#faf9f6", drawn[word].light), ("#1b1f23", drawn[word].dark)):
            assert Color(colour).contrast(paper, method="wcag21") >= 3, (word, colour)


def test_red_is_nowhere_but_in_alarms_and_failures():
    alarms = {alarm.lower() for _, alarm, _ in themes()} | {style.ALARM.lower()}
    assert style.ALARM.lower() in {alarm for dark, alarm, _ in themes() if not dark}
    files = [
        one
        for end in ("py", "ts", "css", "mplstyle")
        for one in ROOT.rglob(f"*.{end}")
        if "node_modules" not in one.parts
    ]
    assert {"edges.ts", "view.css", "paper.mplstyle", "tipping.py", "page.py"} <= {one.name for one in files}
    found = {}
    for file in files:
        text = file.read_text(encoding="utf-8")
        colours = re.findall(r"#(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{3})\b", text)
        if file.suffix == ".mplstyle":
            colours += [f"#{one}" for one in re.findall(r'"([0-9A-F]{6})"', text)]
        red = {one.lower() for one in colours if near_red(one)} - alarms - FAILED
        words = re.findall(r"""["'\[ ](?:bold )?(?:red|crimson|tomato|firebrick|orangered)["'\]]|"C3"|tab:red""", text)
        if red or words:
            found[file.name] = (red, words)
    assert found == {}
    assert set(re.findall(r"([a-z-]+): [^;]*var\(--alarm\)", CSS)) == {"color", "border-color", "stroke"}
    alarmed = re.findall(r"([^{}\n]*?)\s*\{[^{}]*var\(--alarm\)", CSS)
    assert sorted(one.split(".")[-1].strip() for one in alarmed) == ["machine path", "order", "wrong"]


def test_figures_of_your_own_have_the_same_colours():
    with plt.style.context("society.views.paper"):
        cycle = plt.rcParams["axes.prop_cycle"].by_key()["color"]
    assert cycle == list(style.PALETTE)


def test_ten_families_look_the_same_in_every_figure_and_file(ten_families, tmp_path):
    wanted = [(look_of(i).light.lower(), look_of(i).marker) for i in range(10)]
    assert len(ten_families.families) == 10
    scene = Scene(ten_families, "protection")
    scene.show(5)
    assert [matplotlib.colors.to_hex(dots.get_facecolor()[0]) for dots in scene._agents] == [one for one, _ in wanted]
    graph = protection_graph.draw(ten_families, None).figure
    for figure in (scene.figure, graph):
        handles = {one.get_label(): one for one in figure.legends[0].legend_handles}
        shown = [(handles[name].get_color().lower(), handles[name].get_marker()) for name in ten_families.families]
        assert shown == wanted
    read = nx.read_gexf(write_graph(ten_families, "protection", "gexf", tmp_path / "g.gexf")[0])
    for _, notes in read.nodes(data=True):
        colour = "#{r:02x}{g:02x}{b:02x}".format(**notes["viz"]["color"])
        assert colour == wanted[ten_families.families.index(notes["family"])][0]
