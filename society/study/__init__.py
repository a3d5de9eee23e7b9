"""Runs and sets of runs: one run to its record, seeds, comparisons, null models."""
