"""Statistics of numbers, whatever they were measured on: intervals, tests, curves. Nothing here knows a record."""
