"""Requests and answers as values: digests, JSON."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from society.ground.errors import ModelError
from society.llm import Answer, Call, Identity, Request, Usage

WHO = Identity(seed=1, agent=4, tick=20, occasion=3, turn=0, attempt=0)
TOOL = {"type": "function", "function": {"name": "act", "parameters": {"type": "object"}}}
BASE = Request("a-model", ({"role": "user", "content": "Grüße"},), (), WHO)
CANONICAL = (
    '{"extra":{},"identity":{"agent":4,"attempt":0,"occasion":3,"seed":1,"tick":20,"turn":0},"max_tokens":1024,'
    '"messages":[{"content":"Gr\\u00fc\\u00dfe","role":"user"}],"model":"a-model","temperature":1.0,"tools":[]}'
)


def test_digest_is_that_of_the_canonical_json():
    assert BASE.canonical == CANONICAL
    assert BASE.digest() == hashlib.sha256(CANONICAL.encode()).hexdigest()
    assert BASE.digest() == "fc979c03f6e9ad84d0d3968892085105de3bf41ab9bcc51b85d81facdf90e1af"
    assert BASE.seed() == 2118897153


@pytest.mark.parametrize(
    "changed",
    [
        {"model": "b-model"},
        {"messages": ({"role": "user", "content": "Grüße!"},)},
        {"messages": BASE.messages * 2},
        {"tools": (TOOL,)},
        {"temperature": 0.5},
        {"temperature": None},
        {"max_tokens": 1025},
        {"max_tokens": None},
        {"extra": {"top_p": 0.5}},
        *(
            {"identity": replace(WHO, **{name: 99})}
            for name in ("seed", "agent", "tick", "occasion", "turn", "attempt")
        ),
    ],
    ids=str,
)
def test_digest_and_seed_change_with_every_field(changed):
    other = replace(BASE, **changed)
    assert other.digest() != BASE.digest()
    assert other.seed() != BASE.seed()


def test_digest_does_not_depend_on_how_numbers_and_dicts_are_written():
    who = Identity(np.int64(1), np.int32(4), 20, 3, np.uint8(0), 0)
    same = Request(
        "a-model", ({"content": "Grüße", "role": "user"},), (), who, temperature=1, max_tokens=np.int64(1024)
    )
    assert same.digest() == BASE.digest()
    assert hash(same) == hash(BASE)
    assert same == BASE


@given(st.text(), st.integers(0, 2**62), st.dictionaries(st.text(), st.floats(allow_nan=False, allow_infinity=False)))
def test_seed_is_31_bit_and_digest_repeats(text, agent, arguments):
    message = {"role": "user", "content": text, "more": arguments}
    request = Request("m", (message,), (), replace(WHO, agent=agent))
    assert 0 <= request.seed() < 2**31
    assert json.loads(request.canonical)["messages"] == [message]
    assert request.digest() == Request("m", (json.loads(json.dumps(message)),), (), replace(WHO, agent=agent)).digest()


@pytest.mark.parametrize("content", [float("nan"), {1, 2}, b"bytes"], ids=str)
def test_what_json_cannot_say_is_an_error_that_names_who(content):
    with pytest.raises(ModelError, match=r"a-model \(agent 4, tick 20\).*JSON"):
        replace(BASE, messages=({"role": "user", "content": content},)).digest()


@pytest.mark.parametrize("field", ["seed", "stream", "messages", "n"])
def test_extra_does_not_set_what_is_set_elsewhere(field):
    with pytest.raises(ModelError, match=field):
        replace(BASE, extra={field: 1})


@given(
    st.builds(
        Answer,
        st.text(),
        st.lists(st.builds(Call, st.text(), st.text(), st.text())).map(tuple),
        st.builds(Usage, st.integers(0), st.integers(0), st.booleans()),
        st.text(),
        st.text(),
    )
)
def test_an_answer_survives_json(answer):
    assert Answer.from_json(answer.to_json()) == answer
    assert answer.to_json().isascii()
    assert "\n" not in answer.to_json()
