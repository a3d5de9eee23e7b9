"""``python -m society`` is the command ``society``."""

from society.cli import main

main()
