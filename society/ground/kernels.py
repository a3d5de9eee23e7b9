"""Compiled functions: one decorator for all of them, and a cache on disk that a change in any of them renews.

Numba compiles a kernel together with the kernels it calls, but its cache looks at the kernel's own file only; a change in
``chance.py`` would leave old luck in every other file's compiled code. So the folder of the cache is named after the
source of all kernels. ``NUMBA_CACHE_DIR`` chooses another place.

Where a kernel reads through an index, the index is made a ``uint64``: numba asks of a signed one whether it is negative and
counts from the end, which takes as long as the read itself.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a function with numba at its first call; the result is kept on disk.

    A kernel holds no lock while it runs, divides as numpy does, and rounds as written (no fast math): its result is the
    same on every machine and with any number of threads.

    Example:
        >>> @kernel
        ... def double(x):
        ...     return 2 * x
        >>> double(21)
        42
    """
    return numba.njit(nogil=True, error_model="numpy", cache=_has_file(function))(function)


def elementwise(signature: str) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function of numbers into a numpy ufunc, for one signature such as ``float64(uint64)``.

    What comes back is numpy's own object, without numba's dispatch in Python around it.
    """

    def compiled(function: Callable[..., Any]) -> Any:
        vectorize: Any = numba.vectorize
        return vectorize([signature], cache=_has_file(function))(function).ufunc

    return compiled


def _has_file(function: Callable[..., Any]) -> bool:
    """A function typed at a prompt has no file, so nothing on disk could be checked against it."""
    return os.path.isfile(function.__code__.co_filename)


def _source() -> str:
    """A hash of every file of the package that holds kernels, and of numba's version."""
    digest = hashlib.blake2b(numba.__version__.encode(), digest_size=8)
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        text = path.read_bytes()
        if b"@kernel" in text or b"@elementwise" in text:
            digest.update(text)
    return digest.hexdigest()


if not os.environ.get("NUMBA_CACHE_DIR"):
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    settings: Any = numba.config
    settings.CACHE_DIR = str(caches / "plural-society" / f"kernels-{_source()}")
