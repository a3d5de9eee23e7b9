"""Versions that stand in every record."""

#: Version of the rules of a society: raised when the same world and seed no longer give the same history.
RULES_VERSION = 4
