"""Budgets: what is counted, when nothing more is started, what the error says."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from society.ground.errors import BudgetSpent, ModelError, Unreachable
from society.llm import Answer, Budget, Identity, Request, Spent, Usage


def run(budget, requests, at_once=True):
    async def scene():
        if at_once:
            return await asyncio.gather(*(budget(request) for request in requests), return_exceptions=True)
        said = []
        for request in requests:
            try:
                said.append(await budget(request))
            except ModelError as error:
                said.append(error)
        return said

    return asyncio.run(scene())


def answered(said):
    return [answer for answer in said if isinstance(answer, Answer)]


def test_everything_is_counted(kit):
    budget = Budget(kit.Oracle(), prices={"m": (2.0, 8.0)})
    run(budget, [kit.question(number) for number in range(4)])
    spent = budget.spent
    assert (spent.calls, spent.prompt, spent.completion, spent.tokens) == (4, 40, 20, 60)
    assert spent.price == pytest.approx(240e-6)
    assert spent.seconds > 0


@pytest.mark.parametrize(
    ("limit", "allowed", "words"),
    [
        ({"calls": 3}, 3, "calls is reached: 3 allowed, 3 used"),
        ({"calls": 0}, 0, "calls is reached: 0 allowed, 0 used"),
        ({"tokens": 30}, 2, "tokens is reached: 30 allowed, 30 used"),
        ({"tokens": 31}, 3, "tokens is reached: 31 allowed, 45 used"),
        ({"price": 1e-4}, 2, "price is reached: 0.0001 allowed, 0.00012 used"),
    ],
    ids=str,
)
def test_nothing_starts_once_a_limit_is_reached(kit, limit, allowed, words):
    oracle = kit.Oracle()
    said = run(Budget(oracle, prices={"m": (2.0, 8.0)}, **limit), map(kit.question, range(6)), at_once=False)
    assert len(answered(said)) == len(oracle.asked) == allowed
    assert all(isinstance(error, BudgetSpent) and words in str(error) for error in said[allowed:])


def test_time_is_counted_from_the_first_question(kit):
    now = [100.0]
    budget = Budget(kit.Oracle(), seconds=10, clock=lambda: now[0], already=Spent(seconds=4))
    now[0] = 200.0
    assert budget.spent.seconds == 4
    run(budget, [kit.question()])
    now[0] = 205.0
    run(budget, [kit.question()])
    now[0] = 206.0
    (error,) = run(budget, [kit.question()])
    assert "seconds is reached: 10 allowed, 10 used" in str(error)
    assert budget.spent.calls == 2


def test_questions_under_way_may_end_and_calls_are_never_exceeded(kit):
    oracle = kit.Oracle(turns=100)
    said = run(Budget(oracle, calls=5), [kit.question(number) for number in range(20)])
    assert len(answered(said)) == len(oracle.asked) == 5
    assert "0 used and 5 under way" in str(said[-1])
    budget = Budget(kit.Oracle(turns=100), tokens=1)
    assert len(answered(run(budget, [kit.question(number) for number in range(20)]))) == 20
    assert budget.spent.tokens == 300


def test_a_question_without_an_answer_costs_nothing(kit):
    budget = Budget(kit.Oracle(errors=[Unreachable("down"), None]), calls=1)
    error, answer, late = run(budget, [kit.question()] * 3, at_once=False)
    assert isinstance(error, Unreachable)
    assert answer.text == "to 0"
    assert isinstance(late, BudgetSpent)
    assert budget.spent.calls == 1


def test_a_cancelled_question_costs_nothing_and_frees_its_place(kit):
    async def scene():
        budget = Budget(kit.Oracle(turns=100), calls=1)
        task = asyncio.create_task(budget(kit.question()))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        await budget(kit.question())
        return budget.spent.calls

    assert asyncio.run(scene()) == 1


def test_an_earlier_part_counts(kit):
    budget = Budget(kit.Oracle(), calls=10, already=Spent(calls=9, prompt=1, completion=1))
    _, error = run(budget, [kit.question()] * 2, at_once=False)
    assert isinstance(error, BudgetSpent)
    assert (budget.spent.calls, budget.spent.tokens) == (10, 17)


def test_a_limit_of_price_needs_the_price_of_every_model(kit):
    oracle = kit.Oracle()
    (error,) = run(Budget(oracle, price=1.0, prices={"other": (1, 1)}), [kit.question()])
    assert not isinstance(error, BudgetSpent)
    assert "no price of model m" in str(error)
    assert not oracle.asked


@pytest.mark.parametrize("limit", [{"calls": -1}, {"price": float("nan")}])
def test_limits_that_are_none(kit, limit):
    with pytest.raises(ModelError, match=next(iter(limit))):
        Budget(kit.Oracle(), **limit)


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), max_size=20), st.integers(0, 10_000))
def test_without_concurrency_tokens_end_with_the_answer_that_reaches_the_limit(usages, limit):
    class Script:
        def __init__(self):
            self.left = list(usages)

        async def __call__(self, request):
            return Answer("", (), Usage(*self.left.pop(0)), "stop", "m")

        async def close(self):
            pass

    request = Request("m", (), (), Identity(0, 0, 0, 0, 0, 0))
    budget = Budget(Script(), tokens=limit)
    said = run(budget, [request] * len(usages), at_once=False)
    sizes = [sum(usage) for usage in usages]
    count = len(answered(said))
    assert budget.spent.tokens == sum(sizes[:count])
    assert sum(sizes[: count - 1]) < limit or count == 0
    assert count == len(usages) or sum(sizes[:count]) >= limit
