"""The columns of a society, and the transitions that keep them consistent."""
