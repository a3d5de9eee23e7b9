"""What language models said and did, for judges and viewers."""
