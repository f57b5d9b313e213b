-- The dominance of gene sets in batch runs as a DuckDB view, if a run has any. In your own shell:
--   cd cache && duckdb -init ../queries/views_dominance.sql
-- or, from anywhere, SET VARIABLE store = 'path/to/cache' first.

-- One row per run, analysis, tumor type, scale and gene set.
CREATE OR REPLACE VIEW dominance AS
SELECT parse_path(filename)[-2] AS run, * EXCLUDE (filename)
FROM read_parquet(
    coalesce(getvariable('store') || '/', '') || 'results/[!.]*/dominance.parquet',
    -- by name, as tables of another version may have other columns
    union_by_name = true, filename = true, hive_partitioning = false
);
