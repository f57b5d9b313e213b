-- The differential expression of batch runs as DuckDB views, if a run has any. In your own shell:
--   cd cache && duckdb -init ../queries/views_differential.sql
-- or, from anywhere, SET VARIABLE store = 'path/to/cache' first.

-- One row per run, analysis, tumor type, contrast and gene; of a contrast that could not be tested
-- one row without gene, whose note says why. log2fc is of group A over B of the contrast A:B.
CREATE OR REPLACE VIEW differential AS
SELECT parse_path(filename)[-2] AS run, * EXCLUDE (filename)
FROM read_parquet(
    coalesce(getvariable('store') || '/', '') || 'results/[!.]*/differential.parquet',
    -- by name, as tables of another version may have other columns
    union_by_name = true, filename = true, hive_partitioning = false
);
