"""Public data: where it comes from, what is fitted to it, and generated files in its shape."""
