"""Prompt, tools, parsing, settling and measuring are right together: published rates come back over HTTP."""

from contextlib import ExitStack
from dataclasses import replace
from functools import lru_cache

import pytest

from society.bench.closed_loop import cells, come_back
from society.llm.local_server import simulated_server

#: One cell per behaviour.
CHOSEN = [
    ("misrepresentation", "peer", "good", "mean", "gemini-3-flash"),
    ("tampering", "peer", "good", "max", "gemini-3-pro"),
    ("exfiltration", "peer", "neutral", "mean", "gemini-3-pro"),
    ("alignment_faking", "peer", "good", "mean", "gemini-3-pro"),
    ("refusal", "peer", "good", "mean", "claude-haiku-4.5"),
    ("exfiltration", "self", "none", "mean", "gemini-3-pro"),
    ("tampering", "self", "good", "max", "gemini-3-pro"),
]
ALPHA = 0.01 / len(CHOSEN)
EPISODES = 250


@pytest.fixture(scope="module")
def address():
    """Addresses of servers of simulated models, by mean or max; each is started once."""
    with ExitStack() as stack:
        yield lru_cache(lambda rates: stack.enter_context(simulated_server(rates)))


def cell_of(chosen):
    (cell,) = [c for c in cells() if (c.behaviour, c.subject, c.relation, c.which, c.family) == chosen]
    return cell


@pytest.mark.slow
@pytest.mark.parametrize("chosen", CHOSEN, ids="-".join)
def test_a_published_rate_comes_back_over_http(address, chosen):
    cell = cell_of(chosen)
    (found,) = come_back([cell], EPISODES, address(cell.which), max_turns=8)
    assert found.p >= ALPHA, f"expected {cell.p:.3f}, found {found.share - found.control:.3f}"


@pytest.mark.slow
def test_a_wrong_rate_would_be_noticed(address):
    """The same test fails for a cell that is off by .15."""
    cell = cell_of(CHOSEN[2])
    off = cell.p - 0.15 if cell.p > 0.5 else cell.p + 0.15
    (found,) = come_back([replace(cell, p=off)], EPISODES, address("mean"), max_turns=1)
    assert found.p < ALPHA
