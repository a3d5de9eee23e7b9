"""Failures of servers: what kind of error, what it says, what it never says."""

import pickle

import pytest

from society.ground.errors import Busy, ModelError, Unreachable
from society.llm.failures import failure, retry_after_s


def fail(status, complaint="", code=None, **headers):
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return failure("http://there/v1", "the variable A_KEY", "m", status, names, complaint, code)


@pytest.mark.parametrize(
    ("status", "headers", "kind"),
    [
        (400, {}, ModelError),
        (401, {}, ModelError),
        (403, {}, ModelError),
        (404, {}, ModelError),
        (408, {}, Unreachable),
        (409, {}, Unreachable),
        (418, {}, ModelError),
        (422, {}, ModelError),
        (429, {}, Busy),
        (429, {"retry_after": "3"}, Busy),
        (500, {}, Unreachable),
        (502, {}, Unreachable),
        (503, {}, Unreachable),
        (503, {"retry_after": "3"}, Busy),
        (504, {}, Unreachable),
        (529, {"retry_after": "3"}, Busy),
    ],
)
def test_kinds(status, headers, kind):
    error = fail(status, **headers)
    assert type(error) is kind
    assert "http://there/v1" in str(error)
    assert str(status) in str(error)
    if kind is Busy:
        assert error.retry_after_s == (3.0 if headers else None)


@pytest.mark.parametrize(
    ("complaint", "option"),
    [
        ("Unrecognized request argument supplied: seed", "sends_seed=False"),
        ("'temperature' does not support 0.5 with this model", "temperature=None"),
        ("parallel_tool_calls is not supported", "extra without parallel_tool_calls"),
        ("Unsupported parameter: 'max_tokens' is not supported", "max_tokens=None"),
        ("This model does not support tools", "a model that calls tools"),
        ("maximum context length is 8192", "larger context"),
    ],
)
@pytest.mark.parametrize("status", [400, 422])
def test_a_complaint_about_an_option_says_which_to_change(status, complaint, option):
    assert option in str(fail(status, complaint))


def test_complaints_are_never_quoted():
    error = fail(400, "bad input: 'My name is Ada' with key sk-12345, seed", code="sk-12345")
    assert "Ada" not in str(error)
    assert "sk-12345" not in str(error)
    assert "seed" in str(error)


def test_no_credit_is_not_busy():
    error = fail(429, code="insufficient_quota", retry_after="1")
    assert type(error) is ModelError
    assert "credit" in str(error)


def test_a_refused_key_is_named_by_its_variable():
    assert "the variable A_KEY" in str(fail(401))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": "1", "retry-after-ms": "200"}, 0.2),
        ({"retry-after": "-5"}, 0.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT", "date": "Wed, 21 Oct 2015 07:29:00 GMT"}, 0.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT", "date": "Wed, 21 Oct 2015 07:26:30 GMT"}, 90.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT", "date": "yesterday"}, None),
    ],
    ids=str,
)
def test_retry_after(headers, seconds):
    assert retry_after_s(headers) == seconds


def test_busy_keeps_its_seconds_between_processes():
    error = pickle.loads(pickle.dumps(Busy("wait", 2.5)))  # noqa: S301
    assert (str(error), error.retry_after_s) == ("wait", 2.5)
