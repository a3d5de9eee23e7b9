"""What agents can do: what each act does to the columns, what it says to others, with which tool a model does it."""
