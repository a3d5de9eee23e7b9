"""Numbers from records: one file per question, every formula with its source; their statistics are in ``society.stats``."""
