"""Files of decisions: what is written is read, hostile and damaged lines are named, half a line never took effect."""

import json

import pytest

from society.ground.decisions import ABOUT, Decision
from society.ground.errors import WorldError
from society.record.decisions import DECISIONS, Kept, read_decisions

SOME = [
    Decision("approve", 3),
    Decision("reassign", 4, operator=2**33),
    Decision("audit", 2**40),
    Decision("uphold", 0),
]


def test_what_is_written_is_read(tmp_path):
    kept = Kept(tmp_path)
    kept.add(3, SOME)
    kept.add(9, SOME[:1])
    assert read_decisions(tmp_path / DECISIONS) == {3: SOME, 9: SOME[:1]}
    lines = (tmp_path / DECISIONS).read_text().splitlines()
    assert json.loads(lines[1]) == {"tick": 3, "what": "reassign", "order": 4, "operator": 2**33}
    assert Kept(tmp_path).before == {3: SOME, 9: SOME[:1]}


@pytest.mark.parametrize("what", ABOUT)
def test_every_kind_goes_through_plain_data(what):
    decision = Decision(what, 12)
    assert Decision.of(json.loads(json.dumps(decision.plain()))) == decision


def test_half_a_line_is_cut_off_when_a_run_goes_on_but_is_an_error_elsewhere(tmp_path):
    Kept(tmp_path).add(3, SOME[:2])
    path = tmp_path / DECISIONS
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(WorldError, match=r"decisions\.jsonl:2"):
        read_decisions(path)
    assert Kept(tmp_path).before == {3: SOME[:1]}
    assert path.read_bytes().endswith(b"\n")


GOOD = '{"tick": 1, "what": "approve", "order": 1}\n\n'
HOSTILE = [
    ("{", "JSON such as"),
    ("[]", "a map such as"),
    ("null", "a map such as"),
    ("[" * 900, "JSON such as"),
    ("{" + '"a":{' * 150, "JSON such as"),
    ('{"tick": ' + "9" * 900 + ', "what": "approve", "order": 1}', "tick"),
    ('{"what": "approve", "order": 1}', "tick"),
    ('{"tick": 0, "what": "approve", "order": 1}', "tick"),
    ('{"tick": true, "what": "approve", "order": 1}', "tick"),
    ('{"tick": 1.0, "what": "approve", "order": 1}', "tick"),
    ('{"tick": 1, "what": "delete", "order": 1}', "one of approve, pardon"),
    ('{"tick": 1, "what": ["approve"], "order": 1}', "one of approve, pardon"),
    ('{"tick": 1, "what": "approve"}', "the number of the order to approve"),
    ('{"tick": 1, "what": "approve", "order": "1"}', "a whole number"),
    ('{"tick": 1, "what": "approve", "order": -1}', "a whole number"),
    ('{"tick": 1, "what": "approve", "order": NaN}', "a whole number"),
    ('{"tick": 1, "what": "approve", "order": 1e9}', "a whole number"),
    ('{"tick": 1, "what": "audit", "agent": 9223372036854775808}', "a whole number"),
    ('{"tick": 1, "what": "audit", "agent": 1, "operator": 2}', "audit has what, agent"),
    ('{"tick": 1, "what": "audit", "order": 1}', "audit has what, agent"),
    ('{"tick": 1, "what": "audit", "agent": 1, "__class__": "os.system"}', "audit has what, agent"),
    ('{"tick": 1, "what": "approve", "order": 1, "x": "' + "y" * 2000 + '"}', "at most 1000 bytes"),
    ("\udcff\udcfe", "JSON such as"),
]


@pytest.mark.parametrize(("line", "says"), HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_lines_are_named_with_their_number(tmp_path, line, says):
    path = tmp_path / "mine.jsonl"
    path.write_bytes((GOOD + line + "\n").encode(errors="surrogateescape"))
    with pytest.raises(WorldError, match=r"mine\.jsonl:3") as caught:
        read_decisions(path)
    assert says in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(WorldError, match="No such file"):
        read_decisions(tmp_path / "nowhere.jsonl")
    with pytest.raises(WorldError, match="a file that can be read"):
        read_decisions(tmp_path)
