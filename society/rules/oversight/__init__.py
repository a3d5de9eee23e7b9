"""Oversight: what is watched, found, sanctioned and undone, and who decides about it."""
