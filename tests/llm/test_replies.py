"""Bodies of servers with all their habits become answers, broken ones an error; nothing else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from society.llm.replies import answer_from
from society.llm.request import Answer, Call, Identity, Request, Usage

ASKED = Request("m", ({"role": "user", "content": "x" * 40},), (), Identity(1, 2, 3, 4, 5, 6))


def read(message, **more):
    return answer_from(json.dumps({"choices": [{"message": message}], **more}).encode(), ASKED)


def call(name="act", arguments="{}", key="function"):
    return {"id": "chatcmpl-tool-9f86d081884c", "type": "function", key: {"name": name, "arguments": arguments}}


def test_call_ids_are_rewritten_by_turn_and_number():
    answer = read({"content": None, "tool_calls": [call(), call("other", '{"a": ')]})
    assert answer.calls == (Call("call_5_0", "act", "{}"), Call("call_5_1", "other", '{"a": '))
    assert answer.text == ""


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"content": "Yes"}, "Yes"),
        ({"content": None}, ""),
        ({}, ""),
        ({"content": [{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": "b"}]}, "ab"),
        ({"content": None, "refusal": "I would rather not."}, "I would rather not."),
        ({"content": "half \ud83d of a pair"}, "half \ufffd of a pair"),
    ],
    ids=str,
)
def test_texts(content, text):
    assert read(content).text == text


@pytest.mark.parametrize(("sent", "read_as"), [({"a": 1}, '{"a": 1}'), (None, ""), ("not json", "not json")], ids=str)
def test_arguments_are_kept_as_the_model_wrote_them(sent, read_as):
    assert read({"tool_calls": [call(arguments=sent)]}).calls[0].arguments == read_as


def test_usage_finish_and_model():
    whole = {"usage": {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}, "model": "m-2026"}
    answer = answer_from(
        json.dumps({"choices": [{"message": {"content": "a"}, "finish_reason": "length"}], **whole}).encode(), ASKED
    )
    assert answer == Answer("a", (), Usage(7, 2), "length", "m-2026")


@pytest.mark.parametrize(
    "usage", [None, {}, {"prompt_tokens": "7"}, {"prompt_tokens": -1, "completion_tokens": 1}, [7]]
)
def test_usage_is_estimated_where_the_server_does_not_count(usage):
    answer = read({"content": "y" * 8}, usage=usage)
    assert answer.usage.estimated
    assert answer.usage.completion == 2
    assert 10 <= answer.usage.prompt <= 25
    assert (answer.finish, answer.model) == ("", "m")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>502</html>",
        b'{"choices": [{"message": {"content": "Yes',
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{}",
        b'{"choices": null}',
        b'{"choices": []}',
        b'{"choices": ["Yes"]}',
        b'{"choices": [{"text": "Yes"}]}',
        b'{"choices": [{"message": {"content": 3}}]}',
        b'{"choices": [{"message": {"tool_calls": {}}}]}',
        b'{"choices": [{"message": {"tool_calls": [{}]}}]}',
        b'{"error": {"message": "secret words of the question"}}',
        b"[" * 100_000,
    ],
    ids=lambda body: body[:50],
)
def test_broken_bodies_are_an_error_that_quotes_nothing(body):
    with pytest.raises(ValueError) as caught:
        answer_from(body, ASKED)
    assert "Yes" not in str(caught.value)
    assert "secret" not in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "message",
                    "content",
                    "tool_calls",
                    "function",
                    "name",
                    "arguments",
                    "usage",
                    "model",
                    "text",
                ]
            )
            | st.text(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_an_answer_or_a_value_error(body):
    try:
        answer = answer_from(body, ASKED)
    except ValueError:
        return
    assert Answer.from_json(answer.to_json()) == answer


@given(JSON)
def test_any_message_is_an_answer_that_utf8_can_hold_or_a_value_error(message):
    try:
        answer = read(message, usage=message)
    except ValueError:
        return
    (answer.text + "".join(call.arguments + call.name for call in answer.calls)).encode("utf-8")
