"""Decision points, one file each: who chooses about whom, which acts are open, what the agent knows, in which words."""
