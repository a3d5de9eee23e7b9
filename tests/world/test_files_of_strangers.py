"""Files of strangers: what is of another kind is never quoted, and no key, path or row counts twice."""

import json

import pytest

from society.engine.tick import Engine
from society.ground.csv_files import read_rows
from society.ground.errors import LONGEST_SHOWN, SocietyError, WorldError
from society.minds.fitted import read_fitted
from society.network.social import read_edge_list
from society.network.topology import read_graphml
from society.record.decisions import read_decisions
from society.study.data.calibrate import read_ratings
from society.world.experiments import load_experiment, load_hypothesis
from society.world.load import load_world
from society.world.overrides import parse_assignments
from society.world.rate_cells import read_cells
from society.world.validation import load_check
from society.world.yaml_text import DEEPEST, parsed

SECRET = "hunter2"
#: Files of other programs that hold a secret, by what they look like.
OTHERS = {
    "shadow": f"root:${SECRET}$5:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n",
    "netrc": f"machine example.org\n  login me\n  password {SECRET}\n",
    "hosts": f"github.com:\n  oauth_token: {SECRET}\n  user: me\n",
    "compose": f"version: '3'\nservices: {{db: {{environment: {{PASSWORD: {SECRET}}}}}}}\nvolumes: {{{SECRET}: 1}}\n",
    "tag": f"a: !{SECRET} 1\n",
    "handle": f"a: !{SECRET}!x 1\n",
    "anchor": f"a: &{SECRET} 1\nb: *{SECRET}\n",
    "escape": f'a: "\\q{SECRET}"\n',
    "list": f"- {SECRET}\n",
    "broken": f"{SECRET}: [\n{SECRET}\n",
    "directive": f"%{SECRET} 1\n---\na: 1\n",
    "csv": f"user,{SECRET}\nme,{SECRET}\n",
    "json": json.dumps({"token": SECRET}),
    "date": f"{SECRET}: 2024-13-45\n",
    "key": f"? [{SECRET}]\n: 1\n",
    "xml": f"<graphml><{SECRET}>&{SECRET};</graphml>",
    "bytes": f"{SECRET}\udcff",
}
READERS = {
    "world": load_world, "experiment": load_experiment, "hypothesis": load_hypothesis, "check": load_check, "fitted": read_fitted,
    "rates": lambda path: read_cells(path, "mean"), "edges": read_edge_list, "graphml": read_graphml, "decisions": read_decisions,
    "ratings": read_ratings,
}  # fmt: skip


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("other", OTHERS)
def test_a_file_of_another_kind_is_refused_and_not_quoted(tmp_path, reader, other):
    path = tmp_path / "mine.yaml"
    path.write_text(OTHERS[other], errors="surrogateescape")
    with pytest.raises(SocietyError) as error:
        READERS[reader](path)
    assert SECRET not in str(error.value)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("name", ["secret", "secret.txt", "link.yaml", "secret.yaml"])
@pytest.mark.parametrize("how", ["extends: ./{}", "extends: ../here/{}", "extends: {}/../here/{}"])
def test_what_a_world_extends_is_a_world(tmp_path, name, how):
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "secret").write_text(OTHERS["hosts"])
    (folder / "secret.txt").write_text(OTHERS["hosts"])
    (folder / "secret.yaml").write_text(OTHERS["hosts"])
    (folder / "link.yaml").symlink_to(folder / "secret")
    mine = folder / "mine.yaml"
    mine.write_text(how.format(*[name] * how.count("{}")) + "\nname: mine\n")
    for changes in ({}, {"ticks": 3}):
        with pytest.raises(WorldError) as error:
            load_world(mine, changes)
        assert SECRET not in str(error.value)
        assert "github" not in str(error.value)


@pytest.mark.parametrize(
    "base", ["/etc/shadow", "/etc/passwd", "{}/base.yaml", "~/base.yaml", "~root/base.yaml", "/dev/zero"]
)
def test_no_world_extends_a_file_by_its_path_from_the_root_or_a_home(tmp_path, base):
    (tmp_path / "base.yaml").write_text("extends: decommission\nname: base\n")
    mine = tmp_path / "mine.yaml"
    mine.write_text(f"extends: {base.format(tmp_path)}\nname: mine\n")
    with pytest.raises(WorldError, match="by its path from this file's folder"):
        load_world(mine)


def test_a_world_extends_a_file_by_its_path_from_its_own_folder(tmp_path, monkeypatch):
    (tmp_path / "variants").mkdir()
    (tmp_path / "base.yaml").write_text("extends: decommission\nname: base\nticks: 7\n")
    (tmp_path / "variants" / "mine.yaml").write_text("extends: ../base.yaml\nname: mine\n")
    assert load_world(tmp_path / "variants" / "mine.yaml").ticks == 7
    (tmp_path / "other.yaml").write_text("extends: decommission\nname: other\n")
    (tmp_path / "variants" / "lost.yaml").write_text("extends: other.yaml\nname: lost\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WorldError, match=r"extends: other.yaml: there is no such file"):
        load_world("variants/lost.yaml")


def test_values_of_a_world_that_is_extended_are_not_quoted_but_their_line_is_named(tmp_path):
    (tmp_path / "base.yaml").write_text(
        f"name: base\nfamilies: {{glm-4.7: 1}}\nreview: {{threshold: {SECRET}}}\n'null': {SECRET}\n"
    )
    mine = tmp_path / "mine.yaml"
    mine.write_text("extends: base.yaml\nname: mine\nticks: many\n")
    for changes in ({}, {"agents.count": 5}):
        with pytest.raises(WorldError) as error:
            load_world(mine, changes)
        assert SECRET not in str(error.value)
        assert "base.yaml: line 3: review.threshold: what stands there does not fit" in str(error.value)
        assert "mine.yaml: line 3: ticks is 'many'" in str(error.value)
    (tmp_path / "base.yaml").write_text(
        f"name: base\nfamilies: {{glm-4.7: 1}}\nagents: {{graph: {{kind: {SECRET}}}}}\n"
    )
    with pytest.raises(
        WorldError, match=r"base.yaml: line 3: agents.graph.kind: what stands there does not fit; allowed: one of"
    ) as error:
        load_world(mine)
    assert SECRET not in str(error.value)


def test_what_is_set_by_hand_is_quoted_as_such(tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text("extends: decommission\nname: mine\n")
    with pytest.raises(WorldError, match=r"mine.yaml with --set: review.threshold is 'high'"):
        load_world(mine, {"review.threshold": "high"})


def test_a_wrong_value_is_quoted_in_one_line(tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text(f"name: mine\nfamilies: {{glm-4.7: 1}}\nticks: {'9' * 3000}x\n")
    with pytest.raises(WorldError) as error:
        load_world(mine)
    assert len(str(error.value)) < LONGEST_SHOWN + 300


TWICE = [
    ("a: 1\nb: 2\na: 3\n", 3, "a", 1),
    ("x: {y: 1,\n y: 2}\n", 2, "y", 1),
    ("x:\n- {p: 1}\n- q: 1\n  r: 2\n  q: 3\n", 5, "q", 3),
    ("x:\n  1: a\n  01: b\n", 3, "1", 2),
    ("x:\n  yes: a\n  true: b\n", 3, "True", 2),
]


@pytest.mark.parametrize(("text", "line", "what", "before"), TWICE)
def test_a_key_that_stands_twice_is_refused_with_both_lines(text, line, what, before):
    with pytest.raises(
        WorldError, match=f"text: line {line}: {what} stands there a second time; .* line {before} already"
    ):
        parsed(text, "text")


@pytest.mark.parametrize("reader", ["world", "experiment", "hypothesis", "check", "fitted"])
def test_a_key_that_stands_twice_is_refused_in_every_kind_of_file(tmp_path, reader):
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\nfamilies: {glm-4.7: 1}\nreview:\n  noise: 1\n  margin: 2\n  noise: 3\n")
    with pytest.raises(WorldError, match=r"mine.yaml: line 6: noise stands there a second time.*line 4"):
        READERS[reader](path)


def test_what_is_set_is_set_once():
    with pytest.raises(WorldError, match="--set ticks"):
        parse_assignments(["ticks=3", "seed=1", "ticks=4"])
    with pytest.raises(WorldError, match="--set agents: line 1: count stands there a second time"):
        parse_assignments(["agents={count: 3, count: 4}"])


REFUSED = {
    "bomb": "a: &a [1, 1]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    "merge": "a: {x: 1}\nb: {<<: {x: 2}}\n",
    "deep list": "a: " + "[" * (DEEPEST + 5) + "]" * (DEEPEST + 5),
    "very deep list": "a: " + "[" * 200_000,
    "deep map": "a: " + "{a: " * (DEEPEST + 5) + "1" + "}" * (DEEPEST + 5),
    "nan": "a: .nan",
    "infinite": "a: [1, -.inf]",
    "too large": "a: 1.0e+999",
    "no date": "a: 2024-02-30",
    "no number": "a: 0b_",
    "many digits": "a: " + "9" * 10_000,
    "python": "a: !!python/object/apply:os.system [ls]",
    "two documents": "a: 1\n---\nb: 1\n",
    "control": "a: \x07",
    "unhashable": "? {a: 1}\n: 1\n",
}


@pytest.mark.parametrize("name", REFUSED)
def test_yaml_that_is_more_than_plain_values_is_refused(tmp_path, name):
    with pytest.raises(WorldError):
        parsed(REFUSED[name], "text")
    with pytest.raises(WorldError):
        parse_assignments(
            [f"a={REFUSED[name].partition(': ')[2]}" if name != "two documents" else f"a={REFUSED[name]}"]
        )
    path = tmp_path / "mine.yaml"
    path.write_text(REFUSED[name])
    for reader in ("world", "experiment", "hypothesis", "check", "fitted"):
        with pytest.raises(WorldError) as error:
            READERS[reader](path)
        assert len(str(error.value)) < 600


def test_a_huge_file_is_not_read(tmp_path):
    path = tmp_path / "mine.yaml"
    with open(path, "wb") as stream:
        stream.truncate(10**9)
    with pytest.raises(WorldError, match="at most 1000000 bytes"):
        load_world(path)


def test_a_row_that_stands_twice_is_refused_with_both_lines(tmp_path):
    header = "family,behaviour,subject,relation,value_max,value_mean,n_per_cell,certainty,source\n"
    row = "f,tampering,peer,good,50,{},300,published,x\n"
    path = tmp_path / "rates.csv"
    path.write_text(header + row.format(10) + "# a comment\n" + row.format(90))
    with pytest.raises(
        WorldError, match=r"rates.csv: line 4: .*good, task any stands there a second time.*rates.csv: line 2 already"
    ):
        read_cells(path, "mean")
    (tmp_path / "mine.yaml").write_text("name: mine\nfamilies: {f: 1}\nrates: {table: rates.csv}\n")
    with pytest.raises(WorldError, match="good"):
        Engine(load_world(tmp_path / "mine.yaml"))


def test_a_column_that_stands_twice_is_refused(tmp_path):
    path = tmp_path / "edges.csv"
    path.write_text("src,dst,src\n1,2,3\n")
    with pytest.raises(WorldError, match="column src stands there twice"):
        read_edge_list(path)
    with pytest.raises(WorldError, match="column src stands there twice"):
        read_rows(path, ["src"])


def test_a_decision_names_each_field_once(tmp_path):
    path = tmp_path / "decisions.jsonl"
    path.write_text('{"tick": 1, "what": "audit", "agent": 1, "agent": 2}\n')
    with pytest.raises(WorldError, match=r"decisions.jsonl:1: this is no JSON"):
        read_decisions(path)
