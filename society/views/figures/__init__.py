"""Figures: one file each, a function ``draw(record, published) -> Picture``."""
