-- How many genes the differential expression of batch runs calls, as a DuckDB view. In a shell:
--   cd cache && duckdb -init ../queries/views_differential_summary.sql
-- or, from anywhere, SET VARIABLE store = 'path/to/cache' first.

-- One row per run, analysis, tumor type and contrast: genes called up and down by q and lfc, and
-- beside them n_raw by p < 0.05 in place of q, and n_wilcoxon by the rank test's q.
CREATE OR REPLACE VIEW differential_summary AS
SELECT parse_path(filename)[-2] AS run, * EXCLUDE (filename)
FROM read_parquet(
    coalesce(getvariable('store') || '/', '') || 'results/[!.]*/differential_summary.parquet',
    -- by name, as tables of another version may have other columns
    union_by_name = true, filename = true, hive_partitioning = false
);
