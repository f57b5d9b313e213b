-- The pooled associations of batch runs as a DuckDB view, if a run has any. In a shell of your own:
--   cd cache && duckdb -init ../queries/views_pooled.sql
-- or, from anywhere, SET VARIABLE store = 'path/to/cache' first.

-- One row per run, analysis, pair and method with several tumor types. tallied_by names the q of
-- n_positive and n_negative: q_genes counts by the sign of z_genes, q by that of r.
CREATE OR REPLACE VIEW pooled AS
SELECT parse_path(filename)[-2] AS run, * EXCLUDE (filename)
FROM read_parquet(
    coalesce(getvariable('store') || '/', '') || 'results/[!.]*/pooled.parquet',
    -- by name, as tables of another version may have other columns
    union_by_name = true, filename = true, hive_partitioning = false
)
-- and those that tables of an earlier version lack
UNION ALL BY NAME
SELECT NULL::VARCHAR AS stratum, NULL::VARCHAR AS level, NULL::VARCHAR AS cut_by,
       NULL::DOUBLE AS delta_z, NULL::DOUBLE AS p_permutation, NULL::DOUBLE AS r_purity
WHERE false;
