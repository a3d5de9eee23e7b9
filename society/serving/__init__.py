"""Programs that answer: simulated language models over HTTP."""
