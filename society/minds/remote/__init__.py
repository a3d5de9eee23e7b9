"""Minds that live elsewhere: what they are asked over the broker, and how their answers come back."""
