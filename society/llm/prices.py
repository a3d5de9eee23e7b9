"""List prices of models, from the offline data of genai-prices."""


def price_of(model: str) -> tuple[float, float] | None:
    """US dollars per million tokens of prompts and of answers; None if the model is not listed.

    Example:
        >>> price_of("gpt-4o") is not None, price_of("no such model")
        (True, None)
    """
    from genai_prices import Usage, calc_price

    million = 1_000_000
    for name in (model, f"{model}-preview"):
        try:
            asked = calc_price(Usage(input_tokens=million, output_tokens=0), model_ref=name)
            said = calc_price(Usage(input_tokens=0, output_tokens=million), model_ref=name)
        except LookupError:
            continue
        return float(asked.total_price), float(said.total_price)
    return None
