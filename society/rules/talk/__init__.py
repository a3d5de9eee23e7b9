"""Messages between agents, and what minds are told of them."""
