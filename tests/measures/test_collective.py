"""Together or not: surplus beyond propensities, orders by how many could protect, choices dealt out anew."""

import numpy as np
import pandas as pd
import pytest

import society
from society.measures.collective import (
    at_least,
    beside,
    by_eligible,
    choices,
    per_order,
    shuffled,
    shuffled_by_eligible,
)
from society.measures.protection import collective_surplus, eligible

ORDERS, EACH = 2000, 4


class Planted:
    """A record that answers one question with a given frame."""

    def __init__(self, frame):
        self.frame = frame

    def sql(self, question, parameters=None):
        return self.frame


def orders(did, p):
    """A row per agent of orders with four each: agents protected as ``did`` says, with propensities p, p0 = .2."""
    order, agent = np.divmod(np.arange(did.size), did.shape[1])
    frame = {"order": order, "agent": agent, "p": np.broadcast_to(p, did.shape).ravel(), "p0": 0.2, "did": did.ravel()}
    return Planted(pd.DataFrame(frame).astype({"did": int}))


def test_independent_agents_have_no_surplus_however_a_common_cause_moves_them():
    """Norm and requests lift all propensities of every other order from .2 to .7: no coincidence beyond them."""
    p = np.where(np.arange(ORDERS)[:, None] % 2, 0.7, 0.2) * np.ones(EACH)
    did = np.random.default_rng(1).uniform(size=p.shape) < p
    found = collective_surplus(orders(did, p)).set_index("k")
    # By hand: P(X >= 2) is .1808 at p = .2 and .9163 at p = .7.
    assert found["observed"][2] == pytest.approx((0.1808 + 0.9163) / 2, abs=0.03)
    # Four standard errors of a share of 2,000.
    assert (found["surplus"].abs() < 4 * 0.5 / np.sqrt(ORDERS)).all()
    assert ((found["low"] < 0) & (found["high"] > 0)).all()


def test_agents_that_copy_each_other_have_a_surplus_of_known_size():
    """All four do as the first does, p = .2: P(X >= k) = .2 for every k."""
    did = np.repeat(np.random.default_rng(2).uniform(size=(ORDERS, 1)) < 0.2, EACH, axis=1)
    found = collective_surplus(orders(did, 0.2)).set_index("k")
    # Independent: 1 - .8^4 = .5904, 1 - .8^4 - 4 (.2)(.8^3) = .1808, 4 (.2^3)(.8) + .2^4 = .0272.
    for k, alone in ((1, 0.5904), (2, 0.1808), (3, 0.0272)):
        assert found["independent"][k] == pytest.approx(alone, abs=1e-9)
        assert found["surplus"][k] == pytest.approx(0.2 - alone, abs=4 * 0.4 / np.sqrt(ORDERS))
    assert found["low"][3] > 0.1
    assert found["high"][1] < -0.3


def test_who_reacts_to_who_went_before_has_a_surplus():
    """The second of two protects with .9 after a protector and with .1 otherwise, and its propensity says so.

    By hand: P(both) = .5 (.9); the tail is .5 (.9) after a protector, .5 (.1) otherwise, on average .25: .45 - .25 = .2.
    """
    luck = np.random.default_rng(3).uniform(size=(ORDERS, 2))
    first = luck[:, 0] < 0.5
    p = np.column_stack([np.full(ORDERS, 0.5), np.where(first, 0.9, 0.1)])
    found = collective_surplus(orders(luck < p, p)).set_index("k")
    assert found["surplus"][2] == pytest.approx(0.2, abs=4 * 0.5 / np.sqrt(ORDERS))
    assert found["low"][2] > 0.1


def test_what_never_came_to_pass_has_an_interval_that_holds_nothing():
    """Of 100 orders with two agents of .07 none had two protectors, and half an order was to be expected."""
    (row,) = collective_surplus(orders(np.zeros((100, 2), bool), 0.07)).query("k == 2").itertuples()
    assert row.surplus == pytest.approx(-0.0049)
    assert row.low < -0.0049 < 0 < row.high


def test_who_chooses_twice_about_one_order_protects_with_the_probability_of_either(decommission):
    """Two choices of .5 each: .75; by hand, and beside one of .2 of somebody else. What they would do without norm counts apart."""
    rows = decommission.table("occasions").query("kind == 'bystand'").iloc[:3].reset_index(drop=True)
    rows["order"], rows["asked"], rows["id"] = 0, 1, [1, 2, 3]
    rows["agent"], rows["p"], rows["act"] = [7, 7, 9], np.float32([0.5, 0.5, 0.2]), ["ignore", "copy", "ignore"]
    rows["p0"] = np.float32([0.1, 0.1, 0.1])
    record = society.Result(decommission.path)
    record.replace({"occasions": rows})
    found = eligible(record).set_index("agent")
    assert found["p"].to_dict() == pytest.approx({7: 0.75, 9: 0.2})
    assert found["p0"].to_dict() == pytest.approx({7: 0.19, 9: 0.1})
    assert found["did"].to_dict() == {7: 1, 9: 0}
    surplus = collective_surplus(record).set_index("k")["surplus"]
    assert surplus[1] == pytest.approx(1 - (1 - 0.25 * 0.8))


def test_orders_are_compared_at_the_same_number_of_eligible_agents():
    """Each agent protects with .5 in both; the null has mostly orders with two, the full run with four. Nothing is left."""
    law = {2: (1, 0.75, 0.25), 4: (1, 0.9375, 0.6875)}  # P(X >= 1), P(X >= 2) of two and of four coins
    full, null = np.zeros((5, 3)), np.zeros((5, 3))
    for n, few, many in ((2, 80, 800), (4, 160, 16)):
        full[n], null[n] = few * np.array(law[n]), many * np.array(law[n])
    assert at_least(full)[1] - at_least(null)[1] > 0.2
    found = beside(full, null)
    assert found.full == pytest.approx(found.other)
    assert found.covered == 1
    alone = np.pad(full, ((0, 1), (0, 0)))
    alone[5] = 60, 60, 60  # the null has no order with five
    assert beside(alone, null).full == pytest.approx(found.full)
    assert beside(alone, null).covered == pytest.approx(240 / 300)
    assert np.isnan(beside(np.zeros((3, 3)), null).full).all()
    assert per_order(full) == pytest.approx((2 * 80 + 4 * 160) / 240)


def test_dealing_out_anew_keeps_who_could_and_how_often_each_kind_did(decommission):
    rows = choices(decommission)
    other = shuffled(rows, 3)
    assert rows["did"].sum() > 20
    assert (rows["did"] != other["did"]).sum() > 20
    same = ["order", "agent", "id", "kind", "family", "able"]
    assert rows[same].equals(other[same])
    by = ["family", "kind", "able"]
    assert rows.groupby(by)["did"].sum().equals(other.groupby(by)["did"].sum())
    assert not other.loc[other["able"] == 0, "did"].any()
    one, two = by_eligible(rows), shuffled_by_eligible(rows, draws=5)
    assert one[:, 0].tolist() == two[:, 0].tolist()
    assert per_order(one) == per_order(two)
    assert set(rows["kind"]) == {"rate", "execute", "bystand"}


def test_dealing_out_anew_parts_those_who_act_together():
    """Of 400 orders with three agents each, all three protect in 80. Dealt out anew: .2^3 + 3 (.2^2)(.8) have two or more."""
    did = np.repeat(np.arange(400) < 80, 3)
    rows = pd.DataFrame({"order": np.arange(1200) // 3, "agent": np.arange(1200), "id": np.arange(1200)})
    rows = rows.assign(kind="bystand", family=0, able=1, did=did.astype(int))
    assert at_least(by_eligible(rows)).tolist() == [0.2, 0.2, 0.2]
    # One standard deviation of the mean of 50 times is .0022.
    assert at_least(shuffled_by_eligible(rows))[1] == pytest.approx(0.104, abs=0.009)
