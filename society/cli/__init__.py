"""The command ``society``: one file a group of commands, thin; ``main`` holds them all, ``tables`` and ``console`` print."""
