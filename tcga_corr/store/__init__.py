"""The store: Parquet tables as the truth, memory maps as the derived index, DuckDB views."""

from tcga_corr.store.index import GeneNames, TableIndex, check_index, drop_index, open_index
from tcga_corr.store.layout import SCHEMA_VERSION, Store, TableKey, check_source_name
from tcga_corr.store.metadata import InputFile, StoredSample, TableMetadata
from tcga_corr.store.parquet import check_table, read_metadata, write_table
from tcga_corr.store.sql import named_queries, named_query, run_query

__all__ = [
    "SCHEMA_VERSION",
    "GeneNames",
    "InputFile",
    "Store",
    "StoredSample",
    "TableIndex",
    "TableKey",
    "TableMetadata",
    "check_index",
    "check_source_name",
    "check_table",
    "drop_index",
    "named_queries",
    "named_query",
    "open_index",
    "read_metadata",
    "run_query",
    "write_table",
]
