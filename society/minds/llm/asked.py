"""What language models, and minds elsewhere, were asked in a run, as one sentence for summaries and reports."""

from collections.abc import Mapping
from typing import Any


def in_a_sentence(manifest: Mapping[str, Any]) -> str:
    """Occasions, answers, requests, tokens and price of a run, and whether its models were simulated; empty without any.

    Example:
        >>> in_a_sentence({"cost": None, "world": {"families": {}}})
        ''
    """
    cost = manifest.get("cost") or {}
    kinds = {family["mind"]["kind"] for family in manifest["world"]["families"].values()}
    if not cost:
        return ""
    episodes = cost["episodes"]
    answers = f"{episodes.get('occasions', 0):,} occasions, {episodes.get('no_answer', 0):,} without an answer"
    if "remote" in kinds and "llm" not in kinds:
        return f"Minds elsewhere: {answers}"
    wrong = sum(count for name, count in episodes.items() if name.startswith("invalid: "))
    return (
        f"Language models{' (simulated)' if cost['simulated'] else ''}: {answers}, {wrong:,} wrong calls; {cost['calls']:,} requests, "
        f"{cost['prompt_tokens']:,} + {cost['completion_tokens']:,} tokens, {cost['price_usd']:.2f} US dollars"
    )
