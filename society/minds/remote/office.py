"""What hosts of remote minds need of a broker."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

from society.broker.address import Address


class Office(Protocol):
    """What hosts need of a broker."""

    run: str
    address: Address
    counts: "Counter[str]"

    def publish(self, topic: str, payload: bytes, qos: int = 1, retain: bool = False) -> None:
        """Publish something."""
        ...

    def listen(
        self,
        topics: Sequence[str],
        received: Callable[[str, bytes], None],
        up: Callable[[], None] | None = None,
        failed: Callable[[BaseException], None] | None = None,
    ) -> None:
        """Hear topics."""
        ...

    async def hear(self, topic: str, hear: bool) -> None:
        """Hear one more topic, or one less."""
        ...
