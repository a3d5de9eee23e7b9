"""Graphs of a run as files for Gephi, Cytoscape, networkx, igraph and pandas."""
