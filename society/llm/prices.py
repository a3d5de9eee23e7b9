"""What a million tokens of a model cost, from the tables of genai-prices, which are part of its package."""

#: Prices are asked for so few tokens that surcharges for long prompts do not apply.
_TOKENS = 1000


def price(model: str) -> tuple[float, float] | None:
    """Price of a model in US dollars per million tokens of prompt and of completion; None where it is not known.

    Args:
        model: the model's name; a provider may stand before it, as in ``openai/gpt-4o``.

    Example:
        >>> price("no-such-model") is None
        True
    """
    from genai_prices import Usage, calc_price

    usage = Usage(input_tokens=_TOKENS, output_tokens=_TOKENS)
    provider, _, name = model.rpartition("/")
    for known in (name, f"{name}-preview"):
        try:
            found = calc_price(usage, known, provider_id=provider) if provider else calc_price(usage, known)
            break
        except LookupError:
            continue
    else:
        return None
    if found.input_price is None or found.output_price is None:
        return None
    return float(found.input_price) * 1e6 / _TOKENS, float(found.output_price) * 1e6 / _TOKENS
