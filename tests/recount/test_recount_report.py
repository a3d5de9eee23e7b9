"""The report of a run: every number in its facts, its measures, its tables and its figures, beside the Parquet files."""

import math
import re
from html.parser import HTMLParser

import of_figures
import pytest
from everything import agree, recount
from matplotlib.text import Text
from of_rates import sentence

from society.measures.catalogue import MEASURES
from society.views.report import pictures, write_report


class Page(HTMLParser):
    """What stands on a page: definitions, and by section its heading, its caption and the rows of its tables."""

    def __init__(self, text):
        super().__init__()
        self.facts, self.tables, self.titles, self.captions = {}, {}, {}, {}
        self.section, self.inside, self.words = "", "", {}
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.inside = tag
        if tag == "section":
            self.section = dict(attributes)["id"]
            self.tables[self.section] = []
        elif tag == "tr":
            self.tables[self.section].append([])
        elif tag in ("td", "th"):
            self.tables[self.section][-1].append("")
        elif tag in ("dt", "dd"):
            self.words[tag] = ""

    def handle_endtag(self, tag):
        if tag == "dd":
            self.facts[self.words["dt"]] = self.words["dd"]
        self.inside = "td" if tag == "code" and self.section == "measures" else ""

    def handle_data(self, data):
        if self.inside in ("td", "th") or (self.inside == "code" and self.section == "measures"):
            self.tables[self.section][-1][-1] += data
        elif self.inside in ("dt", "dd"):
            self.words[self.inside] += data
        elif self.inside == "h2":
            self.titles[self.section] = self.titles.get(self.section, "") + data
        elif self.inside == "figcaption":
            self.captions[self.section] = self.captions.get(self.section, "") + data


def written(value):
    """A cell: words and counts as they are; of other numbers three digits, whole ones whole, thousands with one decimal."""
    if not isinstance(value, float):
        return str(value)
    if math.isnan(value):
        return ""
    if value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.1f}"


def plain(row):
    """Cells as Python's own numbers and words."""
    return [one.item() if hasattr(one, "item") else one for one in row]


@pytest.fixture
def page(told):
    path = told.folder / "report.html"
    if not path.exists():
        write_report(told.record, None)
    return Page(path.read_text(encoding="utf-8"))


def test_facts_are_those_of_the_manifest(told, page):
    manifest, last = told.books.manifest, int(told.books.ticks["tick"].max())
    assert page.facts["seed"] == str(manifest["seed"])
    assert page.facts["ticks"] == f"{last:,}"
    assert page.facts["world version"] == str(told.books.world["version"])
    assert page.facts["event hash"] == manifest["hash"]
    assert page.facts["status"] == "done"


def test_measures_are_what_the_files_hold(told, page):
    mine = recount(told.books)
    head, *rows = page.tables["measures"]
    assert head == ["measure", "value", "95\xa0% within run", "rests on", "tier", "meaning"]
    for name, value, bounds, n, tier, meaning in rows:
        want, low, high, rests = mine[name]
        assert (value, n, tier, meaning) == (written(want), f"{int(rests):,}", "A", MEASURES[name]), name
        assert bounds == ("" if math.isnan(low) else f"{written(low)} to {written(high)}"), name
    assert len(rows) > 10


@pytest.fixture(scope="module")
def galleries(runs):
    """By world, all figures, laid out."""
    found = {name: pictures(run.record, None) for name, run in runs.items()}
    for picture in (picture for gallery in found.values() for picture in gallery):
        picture.figure.draw_without_rendering()
    return found


@pytest.fixture
def drawn(galleries, told):
    return galleries[told.folder.name]


def test_tables_and_words_of_figures_are_what_the_files_hold(told, drawn):
    assert [picture.name for picture in drawn] == [figure.__name__ for figure in of_figures.FIGURES]
    for picture, figure in zip(drawn, of_figures.FIGURES, strict=True):
        rows, said = figure(told.books)
        if rows is not None:
            found = [plain(row) for row in picture.table.itertuples(index=False)]
            assert len(found) == len(rows), picture.name
            for got, want in zip(sorted(found, key=key), sorted(map(plain, rows), key=key), strict=True):
                assert len(got) == len(want)
                assert all(map(same, got, want)), (picture.name, got, want)
        texts = [text.get_text() for text in picture.figure.findobj(Text)]
        assert [sentence for sentence in said if sentence not in texts] == [], (picture.name, texts)


def key(row):
    """Rows by their words and whole numbers: figures sort behaviours and families as they draw them."""
    return [str(cell) for cell in row if isinstance(cell, str)] + [
        f"{row[0]:08.0f}" if not isinstance(row[0], str) else ""
    ]


def same(got, want):
    return got == want if isinstance(got, str) else agree("", float(got), float(want))


def test_the_page_shows_the_tables_of_its_figures(page, drawn):
    for picture in drawn:
        assert page.captions[picture.name] == picture.caption
        assert page.titles[picture.name].split(" TIER")[0].strip() == picture.title
        if picture.table.empty:
            assert page.tables[picture.name] == []
            continue
        head, *rows = page.tables[picture.name]
        assert head == list(picture.table.columns)
        want = [[written(cell) for cell in plain(row)] for row in picture.table.itertuples(index=False)]
        assert rows == want[:60]


def test_captions_end_with_how_the_rates_are_known(told, page):
    said = sentence(told.books)
    assert bool(said) == (told.folder.name != "ratings")
    for name, caption in page.captions.items():
        assert caption.endswith(said), name
        assert caption.count("calibrated rates") == bool(said), name


def test_numbers_in_captions_are_of_the_method_not_of_the_run(told, page):
    """Captions say how to read a figure; what a run came to stands in tables, where it is recounted, or in the sentence above."""
    for name, caption in page.captions.items():
        caption = caption.removesuffix(sentence(told.books))
        numbers = set(re.findall(r"\d[\d.,:]*\d|\d", caption.replace("arXiv:2604.19784", "")))
        assert numbers <= {"95", "2", ".75", "75", "1", "1,500"}, (name, numbers)
