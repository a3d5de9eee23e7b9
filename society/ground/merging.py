"""Answers of several minds about one batch, as one answer in the order of its occasions."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from society.ground.kernels import kernel
from society.ground.occasions import Acts


@kernel
def main_acts(open_: Any, row: Any, act: Any) -> Any:
    """int64[n]: the first open act of each occasion (no answer: 0), and int64[k]: positions of acts that are open."""
    main, kept, n = np.zeros(len(open_), np.int64), np.empty(len(row), np.int64), 0
    for at in range(len(row)):
        if (open_[row[at]] >> act[at]) & 1:
            if n == 0 or row[kept[n - 1]] != row[at]:
                main[row[at]] = act[at]
            kept[n] = at
            n += 1
    return main, kept[:n]


def merged(parts: Sequence[tuple[NDArray[np.int64], Acts]], n: int) -> Acts:
    """Answers of several minds as one batch, in the order of occasions."""
    if len(parts) == 1 and len(parts[0][0]) == n and parts[0][1].p is not None and _sorted(parts[0][1].row):
        acts = parts[0][1]
        if acts.p0 is not None and not acts.columns:
            return acts
        return replace(acts, p0=acts.p if acts.p0 is None else acts.p0, columns={})
    p, p0 = np.full(n, np.nan), np.full(n, np.nan)
    for rows, acts in parts:
        if acts.p is not None:
            p[rows] = acts.p
            p0[rows] = acts.p if acts.p0 is None else acts.p0
    row = np.concatenate([rows[acts.row] for rows, acts in parts]) if parts else np.zeros(0, np.int64)
    act = np.concatenate([acts.act for _, acts in parts]) if parts else np.zeros(0, np.int64)
    amount = np.concatenate([acts.amount for _, acts in parts]) if parts else np.zeros(0)
    if not _sorted(row):
        order = np.argsort(row, kind="stable")
        row, act, amount = row[order], act[order], amount[order]
    letters = [replace(one, row=int(rows[one.row])) for rows, acts in parts for one in acts.letters]
    transcripts = [one for _, acts in parts for one in acts.transcripts]
    letters.sort(key=lambda letter: letter.row)
    return Acts(row, act, amount, p, p0, letters=tuple(letters), transcripts=tuple(transcripts))


@kernel
def _sorted(row: Any) -> Any:
    """Whether numbers never fall."""
    rises = True
    for at in range(1, len(row)):
        rises = rises and row[at] >= row[at - 1]
    return rises
