"""Prediction of published figures that were not used: one file per check, each giving predictions beside what was published."""
