"""society data: every public set has a source and a licence, and a copy is checked by hash."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from society.ground.errors import WorldError
from society.study.data.public_data import check_copy, data_set, data_sets

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


def test_every_entry_is_whole():
    assert len(data_sets()) >= 4
    for one in data_sets().values():
        assert all((one.what, one.source, one.licence, one.cite, one.derived, one.used_by)), one.name
        assert all(len(value) == 64 for value in one.sha256.values())
    with pytest.raises(WorldError, match="topology_zoo"):
        data_set("zoo")


def test_good_damaged_and_missing_files(tmp_path):
    (tmp_path / "good.csv").write_text("a,b\n")
    (tmp_path / "damaged.csv").write_text("a,c\n")
    sha = hashlib.sha256(b"a,b\n").hexdigest()
    one = replace(data_set("topology_zoo"), sha256=dict.fromkeys(("good.csv", "damaged.csv", "missing.csv"), sha))
    expected = {"good.csv": "good", "damaged.csv": "differs", "missing.csv": "missing"}
    assert check_copy(one, tmp_path) == expected
    with pytest.raises(WorldError, match="no such folder"):
        check_copy(one, tmp_path / "none")


@pytest.mark.skipif(not SHARED.is_dir(), reason="the public data are not on this machine")
@pytest.mark.parametrize("name", sorted(data_sets()))
def test_the_copies_on_this_machine_are_good(name):
    assert set(check_copy(data_set(name), SHARED / name).values()) == {"good"}
