"""Messages as columns, and the one contract of every broker: ``exchange(tick, outbox) -> inbox``."""

from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
#: Recipient of what goes to the oversight team; boards come below it.
OVERSEER = -1


def board(zone: Any) -> Any:
    """Recipient of what goes to the board of a zone (int or int64[n]).

    Example:
        >>> board(0), zone_of(board(7))
        (-2, 7)
    """
    return OVERSEER - 1 - zone


def zone_of(recipient: Any) -> Any:
    """The zone of a board."""
    return OVERSEER - 1 - recipient


@dataclass(frozen=True)
class Messages:
    """A batch of messages; all arrays of one length, int64 but for the text.

    Attributes:
        recipient: slot; ``OVERSEER`` for the oversight team, ``board(zone)`` for the board of a zone.
        sender: slot.
        recipient_id, sender_id: agent ids; -1 for overseers and boards.
        sent: tick of posting.
        sequence: number among what a sender sends at once.
        line: code of Line.
        act: code of Act, what the message does.
        about: slot of the agent it is about; about_id its id.
        order: order it concerns, -1 for none.
        text: object[n], words; empty where the act says all.
    """

    recipient: Integers
    sender: Integers
    recipient_id: Integers
    sender_id: Integers
    sent: Integers
    sequence: Integers
    line: Integers
    act: Integers
    about: Integers
    about_id: Integers
    order: Integers
    text: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.recipient)

    @classmethod
    def names(cls) -> list[str]:
        """Names of the columns."""
        return [one.name for one in fields(cls)]

    @classmethod
    @cache
    def none(cls) -> "Messages":
        """No messages."""
        return cls(*(np.zeros(0, object if one.name == "text" else np.int64) for one in fields(cls)))

    @classmethod
    def joined(cls, batches: "list[Messages]") -> "Messages":
        """Several batches as one."""
        if not batches:
            return cls.none()
        return cls(*(np.concatenate([getattr(b, f.name) for b in batches]) for f in fields(cls)))

    def rows(self, where: NDArray[Any]) -> "Messages":
        """The messages at some rows."""
        return Messages(*(getattr(self, f.name)[where] for f in fields(self)))

    def ordered(self) -> "Messages":
        """Sorted by (recipient, sent, sender, sequence, line), what is equal in the order it came: the order of delivery."""
        keys = (self.recipient, self.sent, self.sender, self.sequence, self.line)
        return self.rows(_order(keys)) if len(self) > 1 else self

    def to_agents(self) -> NDArray[np.bool_]:
        """bool[n]: which go to an agent, not to a board or to overseers."""
        return np.asarray(self.recipient >= 0)


def _order(keys: tuple[Integers, ...]) -> NDArray[np.int64]:
    """int64[n]: rows sorted by several keys, the first counts most; equal rows stay in their order."""
    lows = [int(key.min()) for key in keys]
    bits = [int(key.max() - low).bit_length() for key, low in zip(keys, lows, strict=True)]
    if sum(bits) > 63:
        return np.lexsort(keys[::-1])
    packed = np.zeros(len(keys[0]), np.int64)
    for key, low, width in zip(keys, lows, bits, strict=True):
        if width:
            packed = (packed << width) | (key - low)
    order = np.argsort(packed)
    ranked = packed[order]
    return np.argsort(packed, kind="stable") if (ranked[1:] == ranked[:-1]).any() else order


class Broker(Protocol):
    """Carries what was posted at one tick to the next."""

    def exchange(self, tick: int, outbox: Messages) -> Messages:
        """Post ``outbox`` and return what is due at the next tick, in the order of delivery."""
        ...
