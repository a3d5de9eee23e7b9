"""The rules of a society: one file per step of a tick, each working on columns."""
