"""The store: Parquet tables, an index of memory maps derived from them, and DuckDB views."""

from tcga_corr.store.covariate_lookup import Covariate, Covariates
from tcga_corr.store.covariates import (
    StoredCovariates,
    check_covariates_name,
    list_covariates,
    open_covariates,
    read_covariate_metadata,
    remove_covariates,
    write_covariates,
)
from tcga_corr.store.index import (
    GeneNames,
    TableIndex,
    check_index,
    drop_index,
    indexed_metadata,
    open_index,
)
from tcga_corr.store.layout import SCHEMA_VERSION, Store, TableKey, check_source_name
from tcga_corr.store.metadata import (
    CovariateColumn,
    CovariateMetadata,
    InputFile,
    StoredSample,
    TableMetadata,
)
from tcga_corr.store.parquet import check_table, read_metadata, write_table
from tcga_corr.store.reference import (
    ReferenceIndex,
    check_reference,
    drop_reference,
    has_reference,
    open_reference,
)
from tcga_corr.store.sql import named_queries, named_query, queries_folder, run_query

__all__ = [
    "SCHEMA_VERSION",
    "Covariate",
    "CovariateColumn",
    "CovariateMetadata",
    "Covariates",
    "GeneNames",
    "InputFile",
    "ReferenceIndex",
    "Store",
    "StoredCovariates",
    "StoredSample",
    "TableIndex",
    "TableKey",
    "TableMetadata",
    "check_covariates_name",
    "check_index",
    "check_reference",
    "check_source_name",
    "check_table",
    "drop_index",
    "drop_reference",
    "has_reference",
    "indexed_metadata",
    "list_covariates",
    "named_queries",
    "named_query",
    "open_covariates",
    "open_index",
    "open_reference",
    "queries_folder",
    "read_covariate_metadata",
    "read_metadata",
    "remove_covariates",
    "run_query",
    "write_covariates",
    "write_table",
]
