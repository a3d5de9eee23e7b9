"""Opinions that are averaged: where they meet, how fast, and why a crowd errs less than its members."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def degroot_influence(weights: ArrayLike) -> Floats:
    """How much each agent's first opinion counts in the end: s with s W = s, sum s = 1 (DeGroot, JASA 69:118, 1974).

    Args:
        weights: float[n, n], what each agent (row) gives to each opinion, at least 0; rows are scaled to sum to one.

    Returns:
        float64[n].

    Raises:
        ValueError: weights are not square, negative, or a row is empty; or the group never agrees.

    Example:
        >>> star = np.eye(20); star[0] = star[:, 0] = 1
        >>> round(float((degroot_influence(star) ** 2).sum()), 4)
        0.1415
    """
    matrix = _stochastic(weights)
    sizes = np.sort(np.abs(np.linalg.eigvals(matrix)))
    if len(sizes) > 1 and sizes[-2] > 1 - 1e-12:
        raise ValueError("this group never agrees: its opinions do not all reach each other, or go round for ever")
    n = len(matrix)
    system = np.vstack([matrix.T - np.eye(n), np.ones(n)])
    return np.asarray(np.linalg.lstsq(system, np.append(np.zeros(n), 1.0), rcond=None)[0])


def degroot_limit(weights: ArrayLike, opinions: ArrayLike) -> float:
    """The opinion on which everybody agrees in the end: s'x (DeGroot, JASA 69:118, 1974).

    Args:
        weights: float[n, n], as in ``degroot_influence``.
        opinions: float[n], first opinions x.

    Raises:
        ValueError: as in ``degroot_influence``.

    Example:
        >>> round(degroot_limit([[1, 1], [0, 1]], [0.2, 0.8]), 12)  # the second listens to nobody
        0.8
    """
    return float(degroot_influence(weights) @ np.asarray(opinions, dtype=np.float64))


def second_eigenvalue(weights: ArrayLike) -> float:
    """Factor by which disagreement shrinks per step in the long run: the second largest |eigenvalue| of W.

    Args:
        weights: float[n, n], as in ``degroot_influence``.

    Raises:
        ValueError: weights are not square, negative, or a row is empty.

    Example:
        >>> ring = np.eye(20) + np.roll(np.eye(20), 1, 1) + np.roll(np.eye(20), -1, 1)
        >>> round(second_eigenvalue(ring), 5)
        0.96737
    """
    sizes = np.sort(np.abs(np.linalg.eigvals(_stochastic(weights))))
    return float(sizes[-2]) if len(sizes) > 1 else 0.0


def crowd_error(estimates: ArrayLike, truth: float) -> tuple[float, float, float]:
    """Squared error of a crowd's mean, mean squared error of its members, and their diversity.

    The first is the second minus the third, whatever the numbers (Page, The Difference, 2007; Krogh and Vedelsby, 1995).

    Args:
        estimates: float[n].
        truth: what is estimated.

    Returns:
        (crowd error, mean individual error, diversity: mean squared distance to the crowd's mean).

    Raises:
        ValueError: there are no estimates.

    Example:
        >>> crowd_error([1.0, 5.0], truth=2.0)
        (1.0, 5.0, 4.0)
    """
    x = np.asarray(estimates, dtype=np.float64)
    if not len(x):
        raise ValueError("a crowd needs at least one estimate")
    mean = float(x.mean())
    return (mean - truth) ** 2, float(((x - truth) ** 2).mean()), float(((x - mean) ** 2).mean())


def _stochastic(weights: ArrayLike) -> Floats:
    """Weights as a matrix whose rows sum to one."""
    matrix = np.asarray(weights, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not len(matrix):
        raise ValueError(f"weights must be a square matrix, not of shape {matrix.shape}")
    total = matrix.sum(axis=1)
    if (matrix < 0).any() or (total <= 0).any():
        raise ValueError("weights must be at least 0, and every row must hold one above 0")
    return np.asarray(matrix / total[:, None])
