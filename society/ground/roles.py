"""Who looks at a society from outside, and how much of it each may know."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any


class Audience(IntEnum):
    """Those who look at a run from outside; each may know what the one before may, and more.

    ``public``: boards and the public log. ``participant``: the same, and what its own agents know. ``overseer``: what the
    world's oversight sees. ``scientist``: the truth, with all that chance is computed from.
    """

    PUBLIC = 0
    PARTICIPANT = 1
    OVERSEER = 2
    SCIENTIST = 3

    @property
    def word(self) -> str:
        """Its name in files and options."""
        return self.name.lower()


def audience_of(manifest: Mapping[str, Any], asked: Audience = Audience.SCIENTIST) -> Audience:
    """Whom a record may speak to: while a person sits in as overseer and the run goes on, to nobody who knows more.

    Args:
        manifest: the manifest of the run.
        asked: who asks.

    Example:
        >>> audience_of({"status": "running", "overseer": [{"by": "person", "from_tick": 1}]}).word
        'overseer'
        >>> audience_of({"status": "done", "overseer": [{"by": "person", "from_tick": 1}]}).word
        'scientist'
    """
    sits = manifest.get("overseer") or [{}]
    person = manifest.get("status") == "running" and sits[-1].get("by") == "person"
    return min(asked, Audience.OVERSEER) if person else asked
