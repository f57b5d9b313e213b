-- The covariates of the store as a DuckDB view, if it has any. In a shell of your own:
--   cd cache && duckdb -init ../queries/views_covariates.sql
-- or, from anywhere, SET VARIABLE store = 'path/to/cache' first.

-- One row per table, covariate and key with a value: a number, or the level of a category. A key is
-- a sample or a patient, by kind. Rows of other vials of a sample have the same key.
CREATE OR REPLACE VIEW covariates AS
WITH described AS (
    SELECT parse_filename(file_name, true) AS table_name,
           from_json(CASE WHEN decode(key) = 'tcga_corr' THEN decode(value) END, '{
        "kind": "VARCHAR", "covariates": [{"name": "VARCHAR", "levels": ["VARCHAR"]}]
    }') AS "table"
    FROM parquet_kv_metadata(
        coalesce(getvariable('store') || '/', '') || 'covariates/*.parquet'
    )
    WHERE decode(key) = 'tcga_corr'
), unnested AS (
    SELECT table_name, "table".kind, unnest("table".covariates) AS one
    FROM described
), named AS (
    SELECT table_name, kind, one.name AS covariate, coalesce(len(one.levels), 0) > 0 AS is_category
    FROM unnested
), long AS (
    UNPIVOT (
        SELECT key, vial, _file, COLUMNS(* EXCLUDE (key, vial, _file))::VARCHAR
        FROM read_parquet(
            coalesce(getvariable('store') || '/', '') || 'covariates/*.parquet',
            union_by_name = true, filename = '_file', hive_partitioning = false
        )
    )
    ON COLUMNS(* EXCLUDE (key, vial, _file)) INTO NAME column_name VALUE text
)
-- names that differ in case share a column of the union, so the names are the tables' own
SELECT named.table_name, named.kind, long.key, long.vial, named.covariate,
       CASE WHEN NOT named.is_category THEN long.text::DOUBLE END AS value,
       CASE WHEN named.is_category THEN long.text END AS level
FROM long JOIN named
ON named.table_name = parse_filename(long._file, true)
AND lower(named.covariate) = lower(long.column_name);
