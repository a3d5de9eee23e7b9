"""Many runs of one experiment: which cells, what of them is kept, who runs them, and how all of it survives a crash."""
