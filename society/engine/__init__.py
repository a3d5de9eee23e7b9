"""Time: the tick, and the rules that a tick has."""
