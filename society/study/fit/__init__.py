"""Fitting minds to records: what was open and chosen, a penalised regression of it, its errors, and the file of a mind."""
