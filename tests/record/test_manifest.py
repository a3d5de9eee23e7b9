"""Whatever a manifest holds, readers of the record say what is wrong with it, and none fails."""

import copy
import json
import os
import shutil

import pytest

from society.ground.errors import RecordError, SocietyError
from society.record.folder import FORMAT, opened, read_manifest
from society.record.manifest import FROM_FORMAT_2, PERHAPS, RUN, parsed
from society.record.verify import verify
from society.study.compare import read_set
from society.study.run.runs import run, run_seeds
from society.world.load import load_world

WRONG = [
    None,
    True,
    -1,
    1.5,
    10**400,
    "text",
    "\ud800\x1b[31m",
    [],
    [1],
    [None],
    {},
    {"a": None},
    {"a": {"mind": 3}},
    [[["deep"]]],
]


def put(tree, path, value):
    tree = copy.deepcopy(tree)
    *way, last = path.split(".")
    inside = tree
    for name in way:
        inside = inside[name]
    inside[last] = value
    return tree


@pytest.fixture(scope="module")
def folder(decommission, tmp_path_factory):
    return shutil.copytree(decommission.path, tmp_path_factory.mktemp("wrong") / "run")


@pytest.mark.parametrize("path", [*RUN, *FROM_FORMAT_2, *PERHAPS])
def test_each_value_is_of_its_kind_or_refused_by_name(decommission, path):
    kind, refused = {**RUN, **FROM_FORMAT_2, **PERHAPS}[path], 0
    for value in WRONG:
        text = json.dumps(put(decommission.manifest, path, value))
        if kind.fits(value) and path != "world":  # whose fields are asked for by name
            parsed(text, "here", FORMAT)
            continue
        refused += 1
        with pytest.raises(RecordError, match=f"here: damaged: {path}.* is "):
            parsed(text, "here", FORMAT)
    assert refused >= len(WRONG) // 2


@pytest.mark.parametrize("path", [*RUN, *FROM_FORMAT_2, "format"])
def test_what_is_missing_is_named(decommission, path):
    tree = copy.deepcopy(decommission.manifest)
    *way, last = path.split(".")
    inside = tree
    for name in way:
        inside = inside[name]
    del inside[last]
    with pytest.raises(RecordError, match="damaged"):
        parsed(json.dumps(tree), "here", FORMAT)


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", "[]", "3", '"x"', "NaN", '{"format": NaN}', '{"format": 1e99}', '{"format": true}', '{"format": "2"}',
     '{"format": 0}', "[" * 100_000, '{"format": 1}', '{"format": 2, "set": 1}', '{"format": ' + "9" * 5000 + "}", "\x00"],
)  # fmt: skip
def test_what_is_no_manifest_is_told_as_that(text):
    with pytest.raises(RecordError, match=r"^here: (damaged|written in record format)"):
        parsed(text, "here", FORMAT)


def test_a_set_names_runs_within_it_only(tmp_path):
    for seeds in (["../../etc"], ["/etc"], [3], "seed-1", ["seed-1/../.."], ["seed-1", "seed-1"], [], None):
        (tmp_path / "manifest.json").write_text(
            json.dumps({"format": 2, "set": True, "name": "x", "seeds": seeds, "world": {}})
        )
        with pytest.raises(RecordError, match="seeds is"):
            read_set(tmp_path)


def test_halves_of_signs_in_a_manifest_do_no_harm(decommission, folder):
    tree = put(put(decommission.manifest, "name", "a\ud800b"), "families", ["\udfff"])
    (folder / "manifest.json").write_text(json.dumps(tree))
    assert "\n".join([read_manifest(folder)["name"], *read_manifest(folder)["families"]]).encode()


@pytest.mark.parametrize("digests", [{}, {"history": "ab" * 32}, None])
def test_a_record_without_digests_is_not_good(decommission, folder, digests):
    tree = {**decommission.manifest, "digests": digests}
    if digests is None:
        del tree["digests"]
    (folder / "manifest.json").write_text(json.dumps(tree))
    assert not verify(folder).good


def test_names_that_are_not_utf_8_are_refused_by_name(decommission, tmp_path):
    bad = tmp_path / os.fsdecode(b"run-\xff\xfe")
    shutil.copytree(decommission.path, bad)
    for read in (read_manifest, verify, read_set):
        with pytest.raises(RecordError, match=r"run-\\xff\\xfe.*: a name that is not UTF-8") as refused:
            read(bad)
        assert str(refused.value).encode()
    with (
        pytest.raises(SocietyError, match="not UTF-8"),
        opened("x", {}, tmp_path / os.fsdecode(b"new-\xff"), overwrite=False),
    ):
        pass
    assert not (tmp_path / os.fsdecode(b"new-\xff")).exists()


def test_a_part_whose_name_is_not_utf_8_is_refused_by_name(decommission, tmp_path):
    from society.record.reader import Record

    shutil.copytree(decommission.path, tmp_path / "run")
    part = next((tmp_path / "run" / "events").glob("*.parquet"))
    part.rename(part.with_name(os.fsdecode(b"\xff.parquet")))
    with pytest.raises(RecordError, match="not UTF-8"):
        Record(tmp_path / "run").events()
    with pytest.raises(RecordError, match="not UTF-8"):
        verify(tmp_path / "run")


def test_a_set_is_of_one_world_and_of_each_seed_once(tmp_path):
    small = load_world("decommission", {"agents.count": 30, "machines.count": 5, "ticks": 3})
    run_seeds(small, 3, out=tmp_path / "set")
    assert len(read_set(tmp_path / "set")) == 3
    shutil.rmtree(tmp_path / "set" / "seed-2")
    shutil.copytree(tmp_path / "set" / "seed-1", tmp_path / "set" / "seed-2")
    with pytest.raises(RecordError, match="seed-2: is a run of another seed or world"):
        read_set(tmp_path / "set")
    shutil.rmtree(tmp_path / "set" / "seed-2")
    run(load_world(small, {"seed": 2, "ticks": 4}), out=tmp_path / "set" / "seed-2")
    with pytest.raises(RecordError, match="seed-2: is a run of another seed or world"):
        read_set(tmp_path / "set")
