-- The covariates of the store as a DuckDB view, if it has any. In a shell of your own:
--   cd cache && duckdb -init ../queries/views_covariates.sql
-- or, from anywhere, SET VARIABLE store = 'path/to/cache' first.

-- One row per table, covariate and key with a value; a key is a sample or a patient, by kind. Rows of
-- other vials of a sample have the same key.
CREATE OR REPLACE VIEW covariates AS
WITH described AS (
    SELECT parse_filename(file_name, true) AS table_name,
           from_json(CASE WHEN decode(key) = 'tcga_corr' THEN decode(value) END, '{
        "kind": "VARCHAR", "covariates": [{"name": "VARCHAR"}]
    }') AS "table"
    FROM parquet_kv_metadata(
        coalesce(getvariable('store') || '/', '') || 'covariates/*.parquet'
    )
    WHERE decode(key) = 'tcga_corr'
), named AS (
    SELECT table_name, "table".kind, unnest("table".covariates).name AS covariate
    FROM described
), long AS (
    UNPIVOT (
        FROM read_parquet(
            coalesce(getvariable('store') || '/', '') || 'covariates/*.parquet',
            union_by_name = true, filename = '_file', hive_partitioning = false
        )
    )
    ON COLUMNS(* EXCLUDE (key, vial, _file)) INTO NAME column_name VALUE value
)
-- names that differ in case share a column of the union, so the names are the tables' own
SELECT named.table_name, named.kind, long.key, long.vial, named.covariate, long.value
FROM long JOIN named
ON named.table_name = parse_filename(long._file, true)
AND lower(named.covariate) = lower(long.column_name);
