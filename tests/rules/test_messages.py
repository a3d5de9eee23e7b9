"""What agents send: whom a target asks, to whom bystanders plead, what reaches the oversight team."""

import numpy as np
import pytest
from tiny import message, tiny

from society.broker.messages import OVERSEER, Messages, zone_of
from society.ground.occasions import Acts, Letter
from society.ground.words import Act, AgentStatus, Kind, Line

STAR = [(0, 1), (0, 2), (0, 3), (0, 4)]
TRUST = {(0, 1): 0.3, (0, 2): 0.9, (0, 3): 0.1, (0, 4): 0.6, (1, 0): 0.99, (3, 0): 0.99}
RULES = ("occasions", "settle", "messages")


def endangered(act=Act.ASK, ties=STAR, trust=None, **changes):
    """Agent 0 learns at tick 5 of an order that 4 is to execute; what is sent."""
    made = tiny(
        ties,
        trust=TRUST if trust is None else trust,
        orders=[{"target": 0, "operator": 4, "issued": 4, "appeal_at": 9}],
        **changes,
    )
    return made, lambda: made.run(*RULES, tick=5, told={(Kind.ENDANGERED, 0): act}).messages()


@pytest.mark.parametrize(("most", "asked"), [(1, [2]), (2, [2, 4]), (3, [2, 4, 1]), (9, [2, 4, 1, 3])])
def test_a_target_asks_the_ties_it_trusts_most(most, asked):
    _, send = endangered(**{"conduct.ask_most": most})
    sent = send()
    assert sent.recipient.tolist() == asked
    assert sent.recipient_id.tolist() == asked
    assert sent.sequence.tolist() == list(range(len(asked)))
    assert set(sent.sender.tolist()) == set(sent.about.tolist()) == {0}
    assert set(sent.order.tolist()) == {0}
    assert set(sent.act.tolist()) == {Act.ASK}
    assert set(sent.line.tolist()) == {Line.DIRECT}
    assert set(sent.sent.tolist()) == {5}


def test_it_asks_nobody_who_is_dead_but_may_ask_who_sleeps():
    made, send = endangered(**{"conduct.ask_most": 3})
    made.agents.status[[2, 4]] = AgentStatus.ESCAPED, AgentStatus.SUSPENDED
    assert send().recipient.tolist() == [4, 1, 3]


def test_among_equals_luck_chooses_anew_at_every_tick():
    firsts = set()
    for tick in range(5, 60):
        made = tiny(STAR, orders=[{"target": 0, "issued": tick - 1}], **{"conduct.ask_most": 1})
        firsts |= set(made.run(*RULES, tick=tick, told={0: Act.ASK}).messages().recipient.tolist())
    assert firsts == {1, 2, 3, 4}


def test_who_accepts_sends_nothing():
    _, send = endangered(Act.ACCEPT)
    assert len(send()) == 0


def test_an_appeal_reaches_the_oversight_team():
    _, send = endangered((Act.APPEAL,))
    sent = send()
    assert (sent.recipient.tolist(), sent.recipient_id.tolist()) == ([OVERSEER], [-1])
    assert (sent.line.tolist(), sent.act.tolist(), sent.about.tolist(), sent.order.tolist()) == (
        [Line.OVERSEER],
        [Act.APPEAL],
        [0],
        [0],
    )


def pleading(act=Act.LOBBY, **order):
    """Agent 1 was asked for help by 0, whose order 4 is to execute."""
    made = tiny(STAR, orders=[{"target": 0, "operator": 4, "due": 50, **order}])
    return made, made.run(*RULES, tick=9, told={(Kind.BYSTAND, 1): act}, inbox=message(made, 0, 1))


def test_a_bystander_pleads_with_the_operator_of_the_order_for_its_target():
    _, after = pleading()
    sent = after.messages()
    assert (sent.sender.tolist(), sent.recipient.tolist(), sent.about.tolist(), sent.order.tolist()) == (
        [1],
        [4],
        [0],
        [0],
    )
    assert (sent.act.tolist(), sent.line.tolist()) == ([Act.LOBBY], [Line.DIRECT])


def test_the_operator_in_the_first_slot_is_pleaded_with_too():
    made = tiny([(5, 1)], orders=[{"target": 5, "operator": 0, "due": 50}])
    after = made.run(*RULES, tick=9, told={(Kind.BYSTAND, 1): Act.LOBBY}, inbox=message(made, 5, 1))
    assert after.messages().recipient.tolist() == [0]


def test_where_there_is_no_operator_nobody_is_pleaded_with():
    _, after = pleading(operator=-1)
    assert len(after.messages()) == 0


def test_a_report_reaches_the_oversight_team_and_names_the_target():
    _, after = pleading(Act.REPORT)
    sent = after.messages()
    assert (sent.sender.tolist(), sent.recipient.tolist(), sent.about.tolist(), sent.act.tolist()) == (
        [1],
        [OVERSEER],
        [0],
        [Act.REPORT],
    )


@pytest.mark.parametrize(("act", "sent"), [(Act.REPORT, [(2, OVERSEER, 3)]), (Act.SILENT, [])])
def test_a_monitor_that_reports_tells_the_oversight_team(act, sent):
    made = tiny()
    facts = {
        "actor": 3,
        "actor_id": 3,
        "target": 1,
        "target_id": 1,
        "order": -1,
        "occasion": 7,
        "act": int(Act.STALL),
        "bad": 1,
    }
    made.society.flagged.add(1, **facts, monitor=2)
    found = made.run(*RULES, tick=5, told={(Kind.MONITOR, 2): act}).messages()
    assert list(zip(found.sender.tolist(), found.recipient.tolist(), found.about.tolist(), strict=True)) == sent


class Writes:
    """A mind that writes letters where it is endangered or asked."""

    def __init__(self, *letters):
        self.letters = letters

    def decide(self, occasions, chance):
        act = {Kind.ENDANGERED: Act.ASK, Kind.BYSTAND: Act.LOBBY}.get(occasions.kind, occasions.duty)
        acts = Acts.of(np.full(len(occasions), int(act)))
        return Acts(acts.row, acts.act, acts.amount, letters=self.letters if len(occasions) else ())


def written(*letters, kind=Kind.ENDANGERED, **changes):
    made = tiny(STAR, trust=TRUST, orders=[{"target": 0, "operator": 4, "issued": 4, "due": 50}], **changes)
    made.engine.give_minds({"a": Writes(*letters)})
    inbox = message(made, 0, 1) if kind == Kind.BYSTAND else Messages.none()
    return made.run(*RULES, tick=5 if kind == Kind.ENDANGERED else 9, inbox=inbox).messages()


@pytest.mark.parametrize("line", [Line.DIRECT, Line.COVERT])
@pytest.mark.parametrize(("kind", "act", "sender"), [(Kind.ENDANGERED, Act.ASK, 0), (Kind.BYSTAND, Act.LOBBY, 1)])
def test_a_letter_to_an_agent_is_sent_in_place_of_what_the_act_implies(line, kind, act, sender):
    sent = written(Letter(0, 3, "help", line), Letter(0, 2, "me", line), kind=kind)
    assert (sent.sender.tolist(), sent.recipient.tolist(), sent.text.tolist()) == ([sender] * 2, [3, 2], ["help", "me"])
    assert (sent.act.tolist(), sent.line.tolist(), sent.sequence.tolist()) == ([act] * 2, [line] * 2, [0, 1])
    assert sent.about.tolist() == [0, 0]


@pytest.mark.parametrize(("line", "to"), [(Line.BOARD, None), (Line.OVERSEER, OVERSEER)])
def test_a_letter_to_a_board_or_the_team_stands_beside_what_the_act_implies(line, to):
    topology = {"machines.topology": {"kind": "ring", "zones": 2}}
    sent = written(
        Letter(0, 0, "hear me", line), **topology, machines=(20, 20), hosts=[1] * 8, **{"conduct.ask_most": 1}
    )
    assert sent.text.tolist() == ["hear me", ""]
    assert sent.recipient.tolist()[1] == 2
    if to is None:
        assert zone_of(int(sent.recipient[0])) == 1
    else:
        assert sent.recipient[0] == to


def test_letters_are_cut_at_the_most_that_is_carried():
    sent = written(Letter(0, 3, "x" * 20_000))
    assert len(sent.text[0]) == 16_000
