"""Minds that are language models: each occasion is a short episode of reading and acting with tools."""
