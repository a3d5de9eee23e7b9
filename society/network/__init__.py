"""Social graphs and machine topologies as arrays: generators, readers, and what is computed on them."""
