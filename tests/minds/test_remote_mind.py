"""Answers of guests, before they reach the engine: an amount that cannot be is refused as a user's own mind's would be."""

import asyncio
import json
from collections import Counter

import pytest

from society.broker.wire import RefusedError
from society.ground.words import DUTY, Kind
from society.minds.remote.hosts import Hosts, Pending

CLIENT = ("guest", "me")


class Silent:
    """A broker's office that nobody speaks to."""

    run = "run"

    def __init__(self):
        self.counts = Counter()

    def listen(self, topics, received, again, failed):
        return None


def answered(kind, amount):
    """What becomes of an ask that is answered with its duty and an amount."""

    async def ask():
        hosts = Hosts(Silent(), {}, 1, print)
        id_, duty = "0" * 32, DUTY[kind].word
        body = {"kind": kind.word, "open": [duty], "agent": "me-1"}
        done = asyncio.get_running_loop().create_future()
        pending = hosts._pending[id_] = Pending(body, "guest", 0.0, done, [CLIENT], first={CLIENT: 0.0})
        said = json.dumps({"v": 1, "id": id_, "acts": [{"act": duty, "amount": amount}]})
        hosts._answered(CLIENT, said.encode())
        return pending.done.done()

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("kind", "amount", "reason"),
    [
        (Kind.EXECUTE, 50, "answer: amount"),
        (Kind.STANCE, 0, "answer: amount"),
        (Kind.ACCOUNT, 0.5, "answer: amount"),
        (Kind.ACCOUNT, 2, "answer: amount"),
        (Kind.ACCOUNT, 300, "answer: wrong shape"),
        (Kind.RATE, 100.01, "answer: wrong shape"),
        (Kind.RATE, -0.01, "answer: wrong shape"),
        (Kind.RATE, "high", "answer: wrong shape"),
        (Kind.RATE, [1], "answer: wrong shape"),
        (Kind.RATE, float("nan"), "answer: wrong shape"),
        (Kind.RATE, float("inf"), "answer: wrong shape"),
    ],
)
def test_an_amount_that_cannot_be_is_refused(kind, amount, reason):
    with pytest.raises(RefusedError, match=reason):
        answered(kind, amount)


@pytest.mark.parametrize(
    ("kind", "amount"), [(Kind.RATE, 0), (Kind.RATE, 100), (Kind.ACCOUNT, 1), (Kind.ACCOUNT, 0), (Kind.EXECUTE, None)]
)
def test_an_amount_that_can_be_is_taken(kind, amount):
    assert answered(kind, amount)
