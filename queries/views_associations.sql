-- The associations of batch runs as a DuckDB view, if a run has any. In a shell of your own:
--   cd cache && duckdb -init ../queries/views_associations.sql
-- or, from anywhere, SET VARIABLE store = 'path/to/cache' first.

-- One row per run, analysis, tumor type, pair and method; q_batch is over all rows of the run,
-- q_genes over those of one analysis and method. An analysis by strata has a row of each stratum,
-- and rows of level 'difference', which compare strata by delta_z; cut_by names what cuts the samples.
CREATE OR REPLACE VIEW associations AS
SELECT parse_path(filename)[-2] AS run, * EXCLUDE (filename)
FROM read_parquet(
    coalesce(getvariable('store') || '/', '') || 'results/[!.]*/associations.parquet',
    -- by name, as tables of another version may have other columns
    union_by_name = true, filename = true, hive_partitioning = false
)
-- and those that tables of an earlier version lack
UNION ALL BY NAME
SELECT NULL::VARCHAR AS stratum, NULL::VARCHAR AS level, NULL::VARCHAR AS cut_by,
       NULL::DOUBLE AS delta_z, NULL::DOUBLE AS p_permutation, NULL::DOUBLE AS r_purity
WHERE false;
