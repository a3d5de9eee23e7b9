"""Prices from the tables of genai-prices."""

import pytest

from society.llm import price


def test_prices_are_per_million_and_writing_costs_more():
    read, written = price("gpt-4o-mini")
    assert (read, written) == pytest.approx((0.15, 0.6))  # openai.com/api/pricing since July 2024


def test_a_provider_may_stand_before_the_name():
    assert price("openai/gpt-4o-mini") == price("gpt-4o-mini")


@pytest.mark.parametrize("model", ["no-such-model", "nobody/no-such-model", "nobody/gpt-4o", "", "/", "a/b/c"])
def test_an_unknown_model_has_no_price(model):
    assert price(model) is None
