"""Failures of servers: what kind of error, what it says, what it never says."""

import pickle

import pytest

from society.ground.errors import Busy, ModelsFailed, RequestRefused, Unfit, Unreachable
from society.llm.complaints import Complaint
from society.llm.failures import failure, retry_after_s


def fail(status, words="", code="", param="", **headers):
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return failure("http://there/v1", "the variable A_KEY", "m", status, names, Complaint(words, code, param))


@pytest.mark.parametrize(
    ("status", "headers", "kind"),
    [
        (302, {}, ModelsFailed),
        (307, {}, ModelsFailed),
        (400, {}, RequestRefused),
        (401, {}, ModelsFailed),
        (402, {}, ModelsFailed),
        (403, {}, ModelsFailed),
        (404, {}, ModelsFailed),
        (405, {}, ModelsFailed),
        (408, {}, Unreachable),
        (409, {}, Unreachable),
        (413, {}, Unfit),
        (418, {}, RequestRefused),
        (422, {}, ModelsFailed),
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
    error = fail(status, "its own words", **headers)
    assert type(error) is kind
    assert "http://there/v1" in str(error)
    assert str(status) in str(error)
    assert "for model m" in str(error)
    assert status < 400 or 'it says: "its own words"' in str(error)
    if kind is Busy:
        assert error.retry_after_s == (3.0 if headers else None)


@pytest.mark.parametrize(
    ("status", "said", "kind", "told"),
    [
        (429, {"code": "insufficient_quota"}, ModelsFailed, "no credit"),
        (429, {"code": "credit_balance_exhausted"}, ModelsFailed, "no credit"),
        (429, {"code": "organization_usage_limit_exceeded"}, ModelsFailed, "no credit"),
        (429, {"code": "exceeded_current_quota_error"}, ModelsFailed, "no credit"),
        (429, {"code": "1113", "words": "余额不足"}, ModelsFailed, "no credit"),
        (403, {"words": "your team has used all available credits"}, ModelsFailed, "no credit"),
        (429, {"words": "Quota exceeded for metric, limit: 0"}, ModelsFailed, "no credit"),
        (429, {"code": "rate_limit_exceeded", "words": "quota of requests per minute"}, Busy, "busy"),
        (400, {"words": "Incorrect API key provided: ..."}, ModelsFailed, "the key is not accepted"),
        (400, {"param": "seed", "words": "no"}, ModelsFailed, "does not accept the request"),
        (400, {"code": "unsupported_value", "words": "temperature: only 1"}, ModelsFailed, "temperature: null"),
        (400, {"words": "the model `x` does not exist"}, ModelsFailed, "does not accept"),
        (400, {"code": "context_length_exceeded"}, Unfit, "too long"),
        (400, {"words": "This model's maximum context length is 8192 tokens", "param": "messages"}, Unfit, "too long"),
        (400, {"words": "prompt is too long: 210000 tokens"}, Unfit, "too long"),
        (400, {"code": "content_filter"}, Unfit, "by its rules"),
        (403, {"code": "safety_check"}, Unfit, "by its rules"),
        (403, {"words": "the input was flagged by moderation"}, Unfit, "by its rules"),
        (400, {"code": "invalid_prompt"}, Unfit, "by its rules"),
    ],
)  # fmt: skip
def test_what_a_server_says_decides_what_it_means(status, said, kind, told):
    error = fail(status, **said)
    assert type(error) is kind
    assert told in str(error)


@pytest.mark.parametrize(
    ("complaint", "option"),
    [
        ("Unrecognized request argument supplied: seed", "sends_seed: false"),
        ("'temperature' does not support 0.5 with this model", "temperature: null"),
        ("Unsupported parameter: 'max_tokens' is not supported", "max_tokens"),
        ("This model does not support tools", "a model that calls tools"),
    ],
)
@pytest.mark.parametrize("status", [400, 422])
def test_a_complaint_about_an_option_says_which_to_change(status, complaint, option):
    error = fail(status, complaint)
    assert type(error) is ModelsFailed
    assert option in str(error)


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
