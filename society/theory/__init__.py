"""Closed forms: what must come out of a society without any language model, to hold worlds and the engine against."""
