"""Threads for kernels: the same kernel over parts of its rows, with the same result for any number of threads.

A kernel that can be split is called as ``kernel(first, last, *arguments)`` and writes only what belongs to the rows
``first .. last - 1``. No thread exists before two are asked for, so processes that never ask can be forked.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise
from typing import Any

#: Rows (of about 20 ns) below which a second thread costs more than it saves.
WORTH_A_THREAD = 20_000


def spread(threads: int, rows: int, split: Callable[..., Any], *arguments: Any, weight: int = 1) -> list[Any]:
    """Run a kernel over all rows, in as many parts as there are threads; returns what each part returned.

    Args:
        threads: threads to use; 1 calls the kernel once, in this thread.
        rows: number of rows.
        split: the kernel, called as ``split(first, last, *arguments)``; it must hold no lock.
        arguments: passed on.
        weight: what a row costs, where it is a block of many.

    Example:
        >>> spread(1, 10, lambda first, last, step: list(range(first, last, step)), 3)
        [[0, 3, 6, 9]]
    """
    parts = min(threads, rows, rows * weight // WORTH_A_THREAD)
    if parts < 2:
        return [split(0, rows, *arguments)]
    edges = [rows * part // parts for part in range(parts + 1)]
    pool = _pool(threads - 1)
    others = [pool.submit(split, first, last, *arguments) for first, last in pairwise(edges[1:])]
    mine = split(edges[0], edges[1], *arguments)
    return [mine, *(other.result() for other in others)]


@lru_cache(maxsize=4)
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="society")


os.register_at_fork(after_in_child=_pool.cache_clear)
