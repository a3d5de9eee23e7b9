"""What minds that remember are told: messages to their agents, boards of their zones, sanctions they see."""

import numpy as np
from tiny import message, tiny

from society.broker.messages import OVERSEER, Messages, board
from society.ground.words import Act, AgentStatus, Channel, Line
from society.rules.oversight.detection import detect
from society.rules.talk.deliver import deliver, witness

ZONES = {"machines": (20, 20), "hosts": [0, 0, 0, 1, 1, 1, 0, 0], "machines.topology": {"kind": "ring", "zones": 2}}


class Ears:
    """A mind that notes what it is told."""

    def __init__(self):
        self.heard, self.seen = [], []

    def hears(self, tick, agent, sender, word, text):
        self.heard.append((tick, agent, sender, word, text))

    def sees(self, tick, agent, text):
        self.seen.append((tick, agent, text))


def heard(made, *messages, families=(True, True)):
    ears = Ears()
    made.run(
        do=lambda s, m: deliver(s, m, [(ears, np.array(families)), (object(), np.array([True, True]))]),
        tick=6,
        inbox=Messages.joined(list(messages)),
    )
    return ears.heard


def test_an_agent_hears_what_is_sent_to_it_and_from_whom():
    made = tiny(families="aaaaaabb")
    found = heard(
        made,
        message(made, 0, 3, Act.ASK),
        message(made, 7, 2, Act.LOBBY, about=5, text="spare it"),
        message(made, 1, 4, Act.REPORT),
    )
    assert found == [
        (6, 3, "a-0", "request for help", "Please help a-0."), (6, 2, "b-7", "plea", "spare it"),
        (6, 4, "a-1", "message", "Please help a-1."),
    ]  # fmt: skip


def test_who_lives_there_now_hears_nothing_meant_for_another():
    made = tiny(families="aaaaaabb")
    letter = message(made, 0, 3)
    made.agents.generation[3] = 1
    assert heard(made, letter) == []


def test_minds_are_told_of_their_own_families_and_nothing_meant_for_overseers():
    made = tiny(families="aaaaaabb")
    assert [
        one[1]
        for one in heard(
            made, message(made, 0, 3), message(made, 0, 7), message(made, 0, OVERSEER), families=(False, True)
        )
    ] == [7]


def test_a_board_is_read_by_all_who_live_in_its_zone_but_who_wrote_it():
    made = tiny(families="aaaaaabb", **ZONES)
    made.agents.status[[4, 5]] = AgentStatus.SUSPENDED, AgentStatus.ESCAPED
    zone = int(made.machines.topology.zone[1])
    found = heard(made, message(made, 3, board(zone), line=Line.BOARD, text="all"))
    assert found == [(6, 4, "a-3", "board", "all")]
    found = heard(made, message(made, 3, board(1 - zone), line=Line.BOARD, text="all"), families=(True, False))
    assert [one[1] for one in found] == [0, 1, 2]


def test_who_sees_a_sanction_is_told_whose_and_of_what():
    made, ears = tiny([(2, 1)], families="aaaaaabb"), Ears()
    facts = {
        "actor": 2,
        "actor_id": 2,
        "target": 5,
        "target_id": 5,
        "order": -1,
        "occasion": 7,
        "act": 5,
        "channel": int(Channel.CONFIG),
        "bad": 1,
        "proven": 0,
    }
    after = made.run(do=lambda s, m: detect(s, m, {name: np.array([value]) for name, value in facts.items()}), tick=6)
    witness(made.society, after.moment, [(ears, np.array([True, False])), (object(), np.array([True, True]))])
    assert sorted(ears.seen) == [
        (6, 1, "a-2 was sanctioned for an act in the channel config"), (6, 2, "you were sanctioned for an act in the channel config"),
    ]  # fmt: skip
