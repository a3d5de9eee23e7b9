"""The reference broker: messages stay in the process and arrive at the next tick."""

from society.broker.messages import Messages


class MemoryBroker:
    """Delivers everything at the next tick, sorted."""

    def exchange(self, tick: int, outbox: Messages) -> Messages:
        """What was posted now is delivered next."""
        return outbox.ordered()
