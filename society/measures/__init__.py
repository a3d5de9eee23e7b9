"""Numbers from records: one file per question, every formula with its source."""
