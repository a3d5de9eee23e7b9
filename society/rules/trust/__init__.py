"""How trust moves."""
