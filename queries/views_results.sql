-- The results of batch runs as DuckDB views, each where a run has a table of it. In a shell of your
-- own, which passes over a view without files:
--   cd cache && duckdb -init ../queries/views_results.sql
-- or, from anywhere, SET VARIABLE store = 'path/to/cache' first.

-- One row a run, analysis, tumor type, pair and method.
CREATE OR REPLACE VIEW associations AS
SELECT parse_path(filename)[-2] AS run, * EXCLUDE (filename)
FROM read_parquet(
    coalesce(getvariable('store') || '/', '') || 'results/[!.]*/associations.parquet',
    union_by_name = true, filename = true, hive_partitioning = false
);

-- One row a run, analysis, pair and method that was asked in several tumor types.
CREATE OR REPLACE VIEW pooled AS
SELECT parse_path(filename)[-2] AS run, * EXCLUDE (filename)
FROM read_parquet(
    coalesce(getvariable('store') || '/', '') || 'results/[!.]*/pooled.parquet',
    union_by_name = true, filename = true, hive_partitioning = false
);

-- One row a run, analysis, tumor type, scale and gene set.
CREATE OR REPLACE VIEW dominance AS
SELECT parse_path(filename)[-2] AS run, * EXCLUDE (filename)
FROM read_parquet(
    coalesce(getvariable('store') || '/', '') || 'results/[!.]*/dominance.parquet',
    union_by_name = true, filename = true, hive_partitioning = false
);
