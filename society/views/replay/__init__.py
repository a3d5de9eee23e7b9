"""A run to watch: its state at every tick, laid out, as binary columns for one page, in a browser, a notebook or a file."""
