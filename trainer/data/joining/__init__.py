"""Logs -> rows of examples, as relational expressions that DuckDB and Spark run alike. The story: ../examples.py."""
