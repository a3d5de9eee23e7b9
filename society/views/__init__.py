"""What a person looks at: figures, the report, exported graphs."""
