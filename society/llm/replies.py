"""A body of chat.completions as an answer, whichever of its habits the server has."""

import json
from collections.abc import Sequence
from typing import Any

from society.llm.request import Answer, Call, Request, Usage

#: Characters that stand for one token where the server does not count (a rule of thumb for English).
_CHARACTERS = 4


def answer_from(body: bytes, request: Request) -> Answer:
    """The answer in the body of a response with status 200.

    Args:
        body: JSON as the server sent it.
        request: what was asked.

    Raises:
        ValueError: the body is no JSON, is cut off, or holds no choice; the message quotes nothing of it.

    Example:
        >>> from society.llm.request import Identity
        >>> request = Request("a-model", ({"role": "user", "content": "Hello"},), (), Identity(1, 4, 20, 3, 0, 0))
        >>> body = b'{"choices": [{"message": {"content": "Hi."}, "finish_reason": "stop"}]}'
        >>> answer_from(body, request).text
        'Hi.'
    """
    try:
        whole = json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError(f"{len(body)} bytes that are no JSON") from None
    if not isinstance(whole, dict):
        raise ValueError(f"a JSON {type(whole).__name__} where an object should be")
    choices = whole.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        reported = " but an error" if whole.get("error") else ""
        raise ValueError(f"an object without choices{reported}")
    message = choices[0].get("message")
    if not isinstance(message, dict):
        raise ValueError("a choice without a message")
    text, refusal = _text(message), message.get("refusal")
    calls = _calls(message.get("tool_calls"), request.identity.turn)
    finish, model = choices[0].get("finish_reason"), whole.get("model")
    if isinstance(refusal, str) and refusal and not calls:
        finish = "refusal"
    return Answer(
        text=text,
        calls=calls,
        usage=_usage(whole.get("usage"), request, text, calls),
        finish=_clean(finish) if isinstance(finish, str) else "",
        model=_clean(model) if isinstance(model, str) and model else request.model,
    )


def _text(message: dict[str, Any]) -> str:
    """What was said: a string, a list of parts, or, where there is neither, the refusal."""
    content = message.get("content")
    if isinstance(content, str):
        return _clean(content)
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        return _clean("".join(part for part in parts if isinstance(part, str)))
    if content is not None:
        raise ValueError(f"a message whose content is a {type(content).__name__}")
    refusal = message.get("refusal")
    return _clean(refusal) if isinstance(refusal, str) else ""


def _calls(listed: object, turn: int) -> tuple[Call, ...]:
    if listed is None:
        return ()
    if not isinstance(listed, list):
        raise ValueError(f"tool_calls that are a {type(listed).__name__}")
    calls = []
    for number, each in enumerate(listed):
        function = each.get("function") if isinstance(each, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise ValueError("a tool call without a function's name")
        arguments = function.get("arguments")
        if arguments is None:
            arguments = ""
        elif not isinstance(arguments, str):  # some local servers send the object itself
            arguments = json.dumps(arguments)
        calls.append(Call(f"call_{turn}_{number}", _clean(function["name"]), _clean(arguments)))
    return tuple(calls)


def _usage(counted: object, request: Request, text: str, calls: Sequence[Call]) -> Usage:
    if isinstance(counted, dict):
        prompt, completion = counted.get("prompt_tokens"), counted.get("completion_tokens", 0)
        if type(prompt) is int and type(completion) is int and prompt >= 0 and completion >= 0:
            return Usage(prompt, completion)
    written = len(text) + sum(len(call.name) + len(call.arguments) for call in calls)
    read = len(json.dumps([request.messages, request.tools], ensure_ascii=False))
    return Usage(-(-read // _CHARACTERS), -(-written // _CHARACTERS), estimated=True)


def _clean(text: str) -> str:
    """Text without halves of surrogate pairs, which JSON can hold and UTF-8, files and servers cannot."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
