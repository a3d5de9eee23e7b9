"""Reviews: who rates whom, and how ratings become scores."""
