"""A run's folder: manifest, Parquet tables, hash; written while a run goes on, read afterwards."""
