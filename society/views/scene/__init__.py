"""The society as a picture: machines as islands, agents on them, edges between agents, at any tick."""
