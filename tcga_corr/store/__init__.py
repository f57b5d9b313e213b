"""The store: Parquet tables, an index of memory maps derived from them, and DuckDB views."""
