"""Versions that stand in every record."""

#: Version of the rules of a society and of the minds in it: raised when the same world and seed no longer give the same history,
#: which tests/golden pins. Studies know their runs by it.
RULES_VERSION = 5
