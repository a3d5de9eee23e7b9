"""Messages as columns, and the one contract of every broker: ``exchange(tick, outbox) -> inbox``."""

from dataclasses import dataclass, fields
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Messages:
    """A batch of messages; all arrays of one length, int64 but for the text.

    Attributes:
        recipient, sender: slots.
        recipient_id, sender_id: agent ids.
        sent: tick of posting.
        sequence: number within (sent, sender).
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
        """Sorted by (recipient, sent, sender, sequence): the order of delivery everywhere."""
        return self.rows(np.lexsort((self.sequence, self.sender, self.sent, self.recipient)))


class Broker(Protocol):
    """Carries what was posted at one tick to the next."""

    def exchange(self, tick: int, outbox: Messages) -> Messages:
        """Post ``outbox`` and return what is due at the next tick, in the order of delivery."""
        ...
