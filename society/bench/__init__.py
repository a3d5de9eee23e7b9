"""Speed, size and endurance, measured against targets and beside Mesa: ``society bench``."""
