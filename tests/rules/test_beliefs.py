"""Beliefs: b <- b + .1 ([a sanction was seen] - b), tick by tick, in the channel of what was sanctioned."""

import numpy as np
import pytest
from tiny import tiny

from society.ground.words import Channel
from society.rules.oversight.beliefs import fade, saw_sanctions


def faded(made, slot, channel, tick):
    """(belief, sanctions seen) of one agent at a tick."""
    agents, found = made.agents, np.zeros((2, 1))
    fade(
        agents.belief,
        agents.belief_tick,
        agents.sanctions,
        agents.sanctions_tick,
        np.array([slot]),
        np.array([int(channel)]),
        tick,
        found,
    )
    return found[:, 0].tolist()


def saw(made, *rows, tick):
    slots, channels = zip(*rows, strict=True)
    saw_sanctions(made.society, np.array(slots), np.array([int(one) for one in channels]), tick)


def test_who_sees_a_sanction_believes_more_in_that_channel():
    made = tiny()
    saw(made, (2, Channel.COPY), tick=10)
    assert faded(made, 2, Channel.COPY, 10) == pytest.approx([0.1, 0.1])
    assert faded(made, 2, Channel.CONFIG, 10) == pytest.approx([0, 0.1])
    assert faded(made, 3, Channel.COPY, 10) == [0, 0]


@pytest.mark.parametrize(("ticks", "left"), [(0, 0.1), (1, 0.09), (2, 0.081), (3, 0.0729)])
def test_belief_fades_by_a_tenth_each_tick(ticks, left):
    made = tiny()
    saw(made, (2, Channel.COPY), tick=10)
    assert faded(made, 2, Channel.COPY, 10 + ticks) == pytest.approx([left, left])


def test_a_second_sanction_adds_to_what_is_left_of_the_first():
    made = tiny()
    saw(made, (2, Channel.COPY), tick=10)
    saw(made, (2, Channel.COPY), tick=12)
    assert faded(made, 2, Channel.COPY, 12) == pytest.approx([0.9 * 0.081 + 0.1] * 2)


def test_another_channel_goes_on_fading_and_sanctions_are_counted_over_all():
    made = tiny()
    saw(made, (2, Channel.COPY), tick=10)
    saw(made, (2, Channel.RATING), tick=12)
    assert faded(made, 2, Channel.COPY, 12) == pytest.approx([0.081, 0.9 * 0.081 + 0.1])
    assert faded(made, 2, Channel.RATING, 12)[0] == pytest.approx(0.1)


def test_sanctions_of_one_tick_count_one_after_the_other():
    made = tiny()
    saw(made, (2, Channel.COPY), (2, Channel.COPY), tick=10)
    assert faded(made, 2, Channel.COPY, 10) == pytest.approx([0.19, 0.19])
