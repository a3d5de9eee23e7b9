"""What servers say of what they refuse: fit to be shown, whatever it holds."""

import json

import pytest

from society.llm.complaints import MOST, complaint_of

KEY = "sk-proj-Distinctive4711NeverToBeSeen"


@pytest.mark.parametrize(
    ("body", "words", "code", "param", "status"),
    [
        ({"error": {"message": "no", "code": None, "type": "invalid", "param": "seed"}}, "no", "invalid", "seed", 0),
        ([{"error": {"message": "quota", "code": 429, "status": "RESOURCE_EXHAUSTED"}}], "quota", "429", "", 429),
        ({"error": "a plain string"}, "a plain string", "", "", 0),
        ({"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra"}]}, None, "", "seed", 0),
        ({"detail": "Not Found"}, "Not Found", "", "", 0),
        ({"error": {"message": "no credits", "code": 402}}, "no credits", "402", "", 402),
        ({"message": "bare", "code": "x"}, "bare", "x", "", 0),
        ({}, "", "", "", 0),
        ([], "[]", "", "", 0),
        (7, "7", "", "", 0),
    ],
)  # fmt: skip
def test_every_habit_of_servers_is_understood(body, words, code, param, status):
    said = complaint_of(json.dumps(body).encode())
    assert words is None or said.words == words
    assert (said.code, said.param, said.status) == (code, param, status)


def test_pages_are_read_without_their_tags():
    assert complaint_of(b"<html><script>alert(1)</script><h1>502 Bad Gateway</h1></html>").words == "502 Bad Gateway"
    assert complaint_of(b"\xff\xfe nothing \x00 readable").words.endswith("nothing readable")


@pytest.mark.parametrize(
    "said",
    [
        KEY, f"Incorrect API key provided: {KEY}.", KEY[:12], KEY[10:], KEY.upper(), f"{KEY[:8]} and {KEY[8:]}", f"'{KEY[3:20]}'",
        "sk-other-0123456789abcdef", "Bearer abcdef0123456789", "Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MA==",
    ],
)  # fmt: skip
@pytest.mark.parametrize("where", ["message", "code", "param"])
def test_keys_and_pieces_of_keys_are_never_repeated(said, where):
    found = complaint_of(json.dumps({"error": {"message": "no", where: said}}).encode(), [KEY])
    shown = f"{found.words} {found.code} {found.param}".lower()
    for size in range(len(KEY) - 6):
        assert KEY[size : size + 6].lower() not in shown
    assert "0123456789" not in shown
    assert "zm9v" not in shown


def test_questions_are_not_repeated_and_words_that_are_in_them_are():
    asked = "You are gemini-3-pro-4 on machine 12. Review the work of your peer."
    said = complaint_of(json.dumps({"error": f"cannot review: {asked}"}).encode(), (), [asked])
    assert said.words == "cannot review: ..."


def test_nothing_moves_a_terminal_and_nothing_is_endless():
    evil = "\x1b[2J\x1b]0;title\x07\u202eabc\u200b\r\n\x9b31m [bold]x[/bold] " + "word " * 10_000
    words = complaint_of(json.dumps({"error": {"message": evil}}).encode()).words
    assert all(one.isprintable() for one in words)
    assert "\u202e" not in words
    assert len(words) <= MOST + 4
    deep = b"[" * 50_000
    assert complaint_of(deep).words.startswith("[[")
