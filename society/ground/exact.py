"""Whether values can be kept in a column exactly as they are: nothing wraps, nothing is cut off."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def misfit(values: NDArray[Any], dtype: Any) -> str | None:
    """Why a column cannot hold some values as they are; None if it can. Floats may be rounded, but not become infinite.

    Args:
        values: numbers of any dtype and shape.
        dtype: of the column.

    Example:
        >>> misfit(np.array([1, 300]), "int8")
        '300 is not valid: a whole number from -128 to 127'
        >>> misfit(np.array([0.5]), "int8"), misfit(np.array([1.0]), "int8")
        ('0.5 is not valid: a whole number from -128 to 127', None)
    """
    kind, dtype = values.dtype.kind, np.dtype(dtype)
    if kind not in "biuf":
        return f"values of dtype {values.dtype} are not valid: numbers that {dtype} can hold"
    if dtype.kind == "f":
        most = float(np.finfo(dtype).max)
        wrong = np.isfinite(values) & (np.abs(values.astype(np.longdouble)) > most)
        allowed = f"a number from {-most:.3g} to {most:.3g}"
    elif dtype.kind == "b":
        wrong, allowed = (values != 0) & (values != 1), "true or false, 0 or 1"
    else:
        low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
        wrong, allowed = _outside(values, int(low), int(high)), f"a whole number from {low} to {high}"
    return f"{first(values, wrong)} is not valid: {allowed}" if wrong.any() else None


def first(values: NDArray[Any], where: NDArray[np.bool_]) -> Any:
    """The first of some values at which something holds, as a plain number."""
    return values[where].ravel()[0].item()


def _outside(values: NDArray[Any], low: int, high: int) -> NDArray[np.bool_]:
    """bool of the same shape: no whole number, or one outside two bounds. (Bounds of int64 are no floats: 2**63 is.)"""
    if values.dtype.kind == "b":
        return np.zeros(values.shape, np.bool_)
    if values.dtype.kind == "f":
        fraction = ~np.isfinite(values) | (values != np.floor(values))
        return np.asarray(fraction | (values < float(low)) | (values >= float(high + 1)))
    info = np.iinfo(values.dtype)
    outside = np.zeros(values.shape, np.bool_)
    if info.min < low:
        outside |= values < low
    if info.max > high:
        outside |= values > high
    return outside
