-- The hazard ratios of batch runs as a DuckDB view, if a run has any. In a shell of your own:
--   cd cache && duckdb -init ../queries/views_survival.sql
-- or, from anywhere, SET VARIABLE store = 'path/to/cache' first.

-- One row per run, analysis, variable and tumor type, and one of level 'pooled' over these. hr is
-- per standard deviation of x; q is over the tumor types of a variable.
CREATE OR REPLACE VIEW survival AS
SELECT parse_path(filename)[-2] AS run, * EXCLUDE (filename)
FROM read_parquet(
    coalesce(getvariable('store') || '/', '') || 'results/[!.]*/survival.parquet',
    -- by name, as tables of another version may have other columns
    union_by_name = true, filename = true, hive_partitioning = false
);
