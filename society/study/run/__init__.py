"""One run: from its world to its record, with whoever takes part in it, and going on where it was left."""
