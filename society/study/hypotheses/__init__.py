"""Hypotheses: their formulas, their statistics, their verdicts."""
