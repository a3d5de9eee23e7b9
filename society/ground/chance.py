"""Keyed chance: every draw is a function of (seed, stream, tick, ids), so no draw depends on any other.

A stream is a word that says what is drawn ("maintenance", "rating noise"). Adding a stream, dropping one, or
drawing in another order changes no other draw: runs that differ in one field share all their other luck (common
random numbers). The mixing is splitmix64 (Steele, Lea, Flood, OOPSLA 2014, fig. 15), absorbed id by id.

The mixing hides nothing: it can be undone, and a seed is soon guessed. Where somebody from outside takes part, a secret goes
into the key of each stream and tick by BLAKE2b (RFC 7693), which can be neither undone nor guessed: whoever knows all about one
stream at one tick knows nothing of another. Keys have 64 bits: trying all of them finds one, and no other by it.
"""

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from society.ground.kernels import elementwise, kernel
from society.ground.special import normal_quantile

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_M1 = np.uint64(0xBF58476D1CE4E5B9)
_M2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_UNIT = 2.0**-53


@kernel
def mix(x: Any) -> Any:
    """The splitmix64 finaliser: a bijection of uint64 that spreads every bit."""
    x = np.uint64(x)
    x ^= x >> _S30
    x *= _M1
    x ^= x >> _S27
    x *= _M2
    x ^= x >> _S31
    return x


@kernel
def fold(key: Any, value: Any) -> Any:
    """Absorb one id (int64 or uint64) into a key (uint64). For kernels."""
    return mix((np.uint64(key) + _GOLDEN) ^ mix(np.uint64(value) + _GOLDEN))


@kernel
def unit(key: Any) -> Any:
    """A key (uint64) as a float64 in (0, 1). For kernels."""
    return (np.float64(np.uint64(key) >> _S11) + 0.5) * _UNIT


@kernel
def gauss(key: Any) -> Any:
    """A key (uint64) as a standard normal float64, by inversion. For kernels."""
    return normal_quantile(unit(mix(np.uint64(key) ^ _M1)))


@elementwise("uint64(uint64, uint64)")
def _fold_each(key: Any, value: Any) -> Any:
    return fold(key, value)


@elementwise("float64(uint64, uint64)")
def _unit_each(key: Any, value: Any) -> Any:
    return unit(fold(key, value))


@elementwise("float64(uint64, uint64)")
def _gauss_each(key: Any, value: Any) -> Any:
    return gauss(fold(key, value))


@lru_cache(maxsize=4096)
def _word(stream: str) -> int:
    return int.from_bytes(hashlib.blake2b(stream.encode(), digest_size=8).digest(), "little")


def _mix_int(x: int) -> int:
    mask = 0xFFFFFFFFFFFFFFFF
    x &= mask
    x = ((x ^ (x >> 30)) * int(_M1)) & mask
    x = ((x ^ (x >> 27)) * int(_M2)) & mask
    return x ^ (x >> 31)


def _fold_int(key: int, value: int) -> int:
    return _mix_int((key + int(_GOLDEN)) ^ _mix_int(value + int(_GOLDEN)))


@lru_cache(maxsize=4096)
def _stream(seed: int, stream: str) -> np.uint64:
    return np.uint64(_fold_int(_mix_int(seed + int(_GOLDEN)), _word(stream)))


@lru_cache(maxsize=4096)
def _timeless(seed: int, stream: str) -> np.uint64:
    """The key of a stream at tick 0, which is asked for at every tick."""
    key: np.uint64 = _fold_each(_stream(seed, stream), 0)
    return key


@lru_cache(maxsize=65536)
def _secret_stream(secret: bytes, seed: int, stream: str, tick: int) -> np.uint64:
    words = f"{seed} {tick} {stream}".encode()
    return np.uint64(
        int.from_bytes(hashlib.blake2b(words, key=secret, digest_size=8, person=b"stream").digest(), "little")
    )


@dataclass(frozen=True)
class Chance:
    """All the luck of one run.

    Args:
        seed: any integer; replicate seeds give independent luck.
        secret: 16 to 64 bytes that nobody outside knows; empty for chance that whoever knows the seed can compute.

    Example:
        >>> luck = Chance(seed=7)
        >>> bool(luck.uniform("weather", 3, [1, 2])[1] == luck.uniform("weather", 3, 2))
        True
    """

    seed: int
    secret: bytes = field(default=b"", repr=False)

    def key(self, stream: str, tick: int = 0) -> np.uint64:
        """The key (uint64) of a stream at a tick, to be folded with ids inside a kernel."""
        if self.secret:
            return _secret_stream(self.secret, self.seed, stream, int(tick))
        if not tick:
            return _timeless(self.seed, stream)
        found: np.uint64 = _fold_each(_stream(self.seed, stream), tick)
        return found

    def bits(self, stream: str, tick: ArrayLike, *ids: ArrayLike) -> NDArray[np.uint64]:
        """Keys (uint64) for ticks and integer ids, broadcast against each other."""
        keys = self._keys(stream, tick) if self.secret else _fold_each(_stream(self.seed, stream), _whole(tick))
        for values in ids:
            keys = _fold_each(keys, _whole(values))
        return np.asarray(keys, dtype=np.uint64)

    def told(self, key: int) -> int:
        """What may be told of a key (int64) that chance is drawn by: itself, or with a secret another number (int64).

        Whoever has it can use it as luck of its own, and draw with it nothing that is drawn here.
        """
        if not self.secret:
            return key
        words = f"{self.seed} {key}".encode()
        found = hashlib.blake2b(words, key=self.secret, digest_size=8, person=b"told").digest()
        return int.from_bytes(found, "little", signed=True)

    def _keys(self, stream: str, tick: ArrayLike) -> Any:
        """Keys (uint64) of a stream at ticks, with the secret in them."""
        if np.ndim(tick) == 0:
            return self.key(stream, int(np.asarray(tick)))
        ticks, which = np.unique(np.asarray(tick), return_inverse=True)
        keys = np.array([self.key(stream, one) for one in ticks.tolist()], np.uint64)
        return keys[which.reshape(np.shape(tick))]

    @staticmethod
    def folded(keys: NDArray[np.int64], ids: ArrayLike) -> NDArray[np.int64]:
        """Keys (int64[n]) that one more id went into."""
        more: NDArray[np.uint64] = _fold_each(_whole(keys), _whole(ids))
        return more.view(np.int64)

    def uniform(self, stream: str, tick: ArrayLike, *ids: ArrayLike) -> NDArray[np.float64]:
        """Uniform draws in (0, 1), float64, one for each broadcast combination of ticks and one or more integer ids."""
        return np.asarray(_unit_each(self.bits(stream, tick, *ids[:-1]), _whole(ids[-1])))

    def normal(self, stream: str, tick: ArrayLike, *ids: ArrayLike) -> NDArray[np.float64]:
        """Standard normal draws, float64, one for each broadcast combination of ticks and one or more integer ids."""
        return np.asarray(_gauss_each(self.bits(stream, tick, *ids[:-1]), _whole(ids[-1])))

    def integers(self, n: ArrayLike, stream: str, tick: ArrayLike, *ids: ArrayLike) -> NDArray[np.int64]:
        """Draws from 0 .. n-1, int64; ``n`` may be an array."""
        return np.asarray(np.floor(self.uniform(stream, tick, *ids) * np.asarray(n)), dtype=np.int64)


def _whole(values: ArrayLike) -> Any:
    """Integer ids as uint64 (negative ones wrap); a whole number that is none stays as it is."""
    if isinstance(values, int) and values >= 0:
        return values
    whole = np.asarray(values)
    return whole.view(np.uint64) if whole.dtype == np.int64 else whole.astype(np.uint64, copy=False)
