"""Minds: what turns a batch of occasions into a batch of acts. One file per kind of mind."""
