"""What a failed question means for its user: wait, ask again, or change something, and what.

Messages name the server, the model, the status, what to do, and the server's own words (``society.llm.complaints``).
"""

import math
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from society.ground.errors import Busy, ModelError, ModelsFailed, RequestRefused, Unfit, Unreachable
from society.llm.complaints import Complaint

#: Word in a complaint: what to change.
_REMEDIES = {
    "seed": "sends_seed: false",
    "temperature": "temperature: null",
    "max_tokens": "a smaller max_tokens, or a server that translates it into max_completion_tokens",
    "max_completion_tokens": "a smaller max_tokens",
    "tools": "a model that calls tools",
    "tool_choice": "a model that calls tools",
    "enable-auto-tool-choice": "the server's option for calling tools",
    "reasoning_effort": "a model that calls tools without reasoning",
}
_ADVICE = {
    401: "the key is not accepted ({key})",
    402: "the account has no credit",
    403: "the key may not use this model ({key})",
    404: "no such model or no such path; check the model's name, and that base_url ends as the server wants it "
    "(mostly in /v1)",
    405: "nobody answers questions there; check that base_url ends as the server wants it (mostly in /v1)",
    407: "the proxy between wants a password",
}
_NO_CREDIT = re.compile(
    r"insufficient_quota|billing_(hard|not)|credit_balance|spend_limit|usage_limit|exceeded_current_quota|no credit|available credits|"
    r"credit balance|insufficient (balance|credit|fund)|limit: 0\b"
)
_TOO_LONG = re.compile(
    r"context[_ ](length|size|window)|exceed_context|maximum context|prompt is too long|too many tokens|model token limit|"
    r"input_too_large"
)
_FILTERED = re.compile(
    r"content[_ ](filter|policy|management)|safety|moderation|invalid_prompt|policy_violation|_policy\b|flagged"
)
#: Numbers that a server has for words (Zhipu).
_CODES = {"1113": "insufficient_quota", "1261": "context_length", "1301": "content_filter"}
_WRONG_KEY = re.compile(r"api[ _]key|invalid_key|authenticat")
_WRONG_FIELD = re.compile(
    r"unsupported_(parameter|value)|extra_forbidden|unrecognized|unknown (field|parameter)|not supported|does not support|"
    r"only 1 is allowed|model_not_found|no such model|model .{0,80}does not exist|enable-auto-tool-choice"
)


def failure(place: str, key: str, model: str, status: int, headers: Mapping[str, str], said: Complaint) -> ModelError:
    """The error for a response that is no answer.

    Args:
        place: the server's URL, without secrets.
        key: where the key is from, in words.
        model: the model that was asked.
        status: HTTP status, 300 or more.
        headers: of the response; names in lower case or a mapping that does not care.
        said: what the server says of it.

    Example:
        >>> failure("http://localhost:1/v1", "no key is sent", "m", 429, {"retry-after": "2"}, Complaint()).retry_after_s
        2.0
    """
    code = _CODES.get(said.code, "")
    what, words = (
        f"{place} answered with status {status} for model {model}",
        f'; it says: "{said.words}"' if said.words else "",
    )
    everything, wait = f"{said.everything} {code}", retry_after_s(headers)
    if status < 400:
        return ModelsFailed(f"{what}: it sends on to another address, which is not followed; check base_url")
    if status in (400, 402, 403, 429) and _NO_CREDIT.search(everything):
        return ModelsFailed(f"{what}: the account has no credit, or has reached its limit{words}")
    if status == 429 or (status in (503, 529) and wait is not None):
        asked = "" if wait is None else f" and asks to wait {wait:g} s"
        return Busy(f"{what}: it is busy{asked}; fewer questions at once or per minute help{words}", wait)
    if status >= 500 or status in (408, 409, 425):
        return Unreachable(f"{what}: the server failed; its own log says why{words}")
    if status == 413 or _TOO_LONG.search(everything):
        return Unfit(
            f"{what}: the conversation is too long for the model; llm.context_tokens bounds it{words}", "too long"
        )
    if status in (400, 403, 422, 451) and _FILTERED.search(everything):
        return Unfit(f"{what}: it does not answer this question, by its rules{words}")
    if status in _ADVICE:
        return ModelsFailed(f"{what}: {_ADVICE[status].format(key=key)}{words}")
    if _WRONG_KEY.search(everything):
        return ModelsFailed(f"{what}: {_ADVICE[401].format(key=key)}{words}")
    refused = f"{what}: it does not accept the request{_remedies(everything)}{words}"
    if status == 422 or said.param or _WRONG_FIELD.search(everything):
        return ModelsFailed(refused)
    return RequestRefused(refused)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds that a response asks to wait: ``retry-after-ms``, or ``Retry-After`` in seconds or as a date (RFC 9110,
    10.2.3), which is compared with the response's own ``Date``. None where it does not say or says nonsense.

    Example:
        >>> retry_after_s({"retry-after": "Wed, 21 Oct 2015 07:28:07 GMT", "date": "Wed, 21 Oct 2015 07:28:00 GMT"})
        7.0
    """
    for name, unit in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * unit
        except ValueError:
            continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    try:
        until = parsedate_to_datetime(headers.get("retry-after", ""))
        wait = until - parsedate_to_datetime(headers.get("date", ""))
    except (TypeError, ValueError):  # TypeError: one date with a time zone, the other without
        return None
    return max(0.0, wait.total_seconds())


def _remedies(everything: str) -> str:
    words = set(re.findall(r"[a-z_-]+", everything))
    known = [remedy for word, remedy in _REMEDIES.items() if word in words]
    return f"; try {', or '.join(known)}" if known else ""
