"""World files as checked data: loading, defaults, overrides, JSON Schema, the reference of parameters."""
