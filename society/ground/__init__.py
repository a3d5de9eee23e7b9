"""Shared ground: words, small frozen values, the error tree and keyed chance. It imports nothing of ours."""
