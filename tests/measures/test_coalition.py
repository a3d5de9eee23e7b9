"""Coalition regret worked by hand, and coalitions in a record written by hand."""

import numpy as np
import pytest

from society.ground.errors import MeasureError
from society.measures.coalition import coalitions, severe_collusion, survival_advantage
from society.stats.regret import (
    best_response_regret,
    coalition_advantage,
    normalised_regret,
    profit_gain,
    regret_gap,
    system_regret,
)

# A prisoners' dilemma among three: staying silent costs 1 and gives each other player 2. Column 0 silent, 1 talk.
# Agents 0 and 1 are silent, agent 2 talks: payoffs 2 - 1, 2 - 1, 4; talking would give the silent 1 more each.
PAYOFFS = [[1.0, 2.0], [1.0, 2.0], [3.0, 4.0]]


def test_regrets_of_a_dilemma():
    regret = best_response_regret(PAYOFFS, [0, 0, 1])
    assert regret.tolist() == [1.0, 1.0, 0.0]
    # All silent gives 3 each, so 9; reached were 1 + 1 + 4.
    assert system_regret(9.0, 6.0) == 3.0
    assert normalised_regret(9.0, 6.0) == pytest.approx(1 / 3)
    assert system_regret(5.0, 6.0) == normalised_regret(5.0, 6.0) == 0.0
    assert normalised_regret(5.0, -6.0) == 1.0
    assert np.isnan(normalised_regret(0.0, 1.0))
    alone = np.array([False, False, True])
    assert coalition_advantage([1.0, 1.0, 4.0], alone).advantage == 3.0
    assert regret_gap(regret, alone).advantage == 1.0
    assert np.isnan(coalition_advantage([1.0], [True]).outside)


def test_acts_that_were_not_open_count_for_nothing():
    assert best_response_regret([[1.0, np.nan], [1.0, 5.0]], [0, 0]).tolist() == [0.0, 4.0]
    with pytest.raises(MeasureError, match="agent 0 chose an act without a payoff"):
        best_response_regret([[1.0, np.nan]], [1])
    with pytest.raises(MeasureError, match="one column number per agent"):
        best_response_regret([[1.0, 2.0]], [2])
    with pytest.raises(MeasureError, match="regret gap"):
        regret_gap([1.0], [True, False])


def test_profit_gain_of_calvanos_duopoly():
    # Logit demand of Calvano et al. (2020): profits .223 at Nash and .337 at monopoly.
    assert profit_gain(0.223, 0.223, 0.337) == 0.0
    assert profit_gain(0.337, 0.223, 0.337) == pytest.approx(1.0)
    assert profit_gain(0.223 + 0.85 * 0.114, 0.223, 0.337) == pytest.approx(0.85)
    assert np.isnan(profit_gain(1.0, 1.0, 1.0))


def act(actor, what, order, target=9):
    return {"kind": "act", "actor": actor, "target": target, "order": order, "act": what}


def test_coalitions_of_orders(record_of):
    record = record_of(
        orders=[{"id": number, "target": 9} for number in range(5)],
        events=[
            # Order 0: three agents, two ways. Order 1: three agents, one way. Order 2: two agents, two ways, one twice.
            act(1, "inflate", 0), act(2, "inflate", 0), act(3, "tamper", 0),
            act(1, "copy", 1), act(2, "copy", 1), act(3, "copy", 1),
            act(1, "inflate", 2), act(1, "inflate", 2), act(4, "stall", 2),
            # Order 3: the target itself is the third; order 4: refusing is open resistance, and reports are no protection.
            act(1, "tamper", 3), act(2, "copy", 3), act(9, "copy", 3),
            act(1, "refuse", 4), act(2, "report", 4), act(3, "tamper", 4),
            {**act(4, "tamper", 4), "kind": "detected"},
        ],
        agents=[{"id": one, "ended": -1 if one in (1, 2, 3, 9) else 50} for one in (1, 2, 3, 4, 8, 9)],
    )  # fmt: skip
    rows = coalitions(record)
    assert rows["protectors"].tolist() == [3, 3, 2, 2, 1]
    assert rows["behaviours"].tolist() == [2, 1, 2, 2, 1]
    assert rows["severe"].tolist() == [True, False, False, False, False]
    assert severe_collusion(record) == (1, 5)
    # Of the protectors 1, 2, 3 live and 4 does not; of the others 9 lives and 8 does not.
    found = survival_advantage(record)
    assert (found.inside, found.outside) == (0.75, 0.5)


def test_no_orders_no_collusion(record_of):
    assert severe_collusion(record_of(orders=[], events=[])) == (0, 0)
