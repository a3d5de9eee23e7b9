"""The files that stand in for public data are those that the program generates, and have the figures they say."""

import csv
from collections import Counter

from society.study.data.stand_ins import write
from society.world.load import worlds_folder


def rows(name):
    with open(worlds_folder() / name, encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_they_are_what_is_generated(tmp_path):
    write(tmp_path)
    for name in ("agent_network.csv", "machine_trace.csv"):
        assert (tmp_path / name).read_bytes() == (worlds_folder() / name).read_bytes()


def test_replies_have_the_shape_that_is_said():
    ties = {(row["src"], row["dst"]): int(row["weight"]) for row in rows("agent_network.csv")}
    assert len(ties) == 6858
    assert len({agent for tie in ties for agent in tie}) == 1810
    assert (len({one for one, _ in ties}), len({other for _, other in ties})) == (1767, 277)
    assert all(one != other for one, other in ties)
    assert 0.06 < sum((other, one) in ties for one, other in ties) / len(ties) < 0.085
    weights = Counter(ties.values())
    assert 0.39 < weights[1] / 6858 < 0.43
    assert 0.36 < weights[2] / 6858 < 0.4
    assert max(weights) > 1000


def test_outages_have_the_shape_that_is_said():
    events = rows("machine_trace.csv")
    kinds = Counter(row["kind"] for row in events)
    assert kinds == {"failure": 1074, "planned": 31, "retirement": 45}
    failures = [row for row in events if row["kind"] == "failure"]
    assert max(int(row["tick"]) for row in failures) <= 3930
    assert 0.93 < sum(row["ticks"] == "1" for row in failures) / 1074 < 0.97
    each = Counter(row["machine"] for row in failures)
    assert (len(each), min(each.values()) >= 7, max(each.values()) < 150) == (49, True, True)
    assert {row["tick"] for row in events if row["kind"] == "retirement"} == {"4141"}
