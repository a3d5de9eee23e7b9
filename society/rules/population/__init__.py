"""Who is there: machines that fail and come back, agents that move, end and are born."""
