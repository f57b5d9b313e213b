-- The store as DuckDB views. In a shell of your own:
--   cd cache && duckdb -init ../queries/views.sql
-- or, from anywhere, SET VARIABLE store = 'path/to/cache' first.

-- One row per source, tumor type and gene; "values" in the order of samples.position.
CREATE OR REPLACE VIEW tables AS
SELECT source, tumor_type, gene, gene_id, "values"
FROM read_parquet(
    coalesce(getvariable('store') || '/', '') || 'expression/*/*/table.parquet',
    hive_partitioning = true, hive_types_autocast = false
);

-- One row per source, tumor type and sample of its table, with the selections that include it. Read
-- from the table's own metadata, so it always matches its table.
CREATE OR REPLACE VIEW samples AS
WITH described AS (
    SELECT from_json(CASE WHEN decode(key) = 'tcga_corr' THEN decode(value) END, '{
        "source": "VARCHAR", "tumor_type": "VARCHAR",
        "samples": [{
            "sample": "VARCHAR", "barcode": "VARCHAR", "patient": "VARCHAR", "vial": "VARCHAR",
            "sample_type": "VARCHAR", "tumor": "BOOLEAN", "normal": "BOOLEAN",
            "all_tumor": "BOOLEAN", "reason": "VARCHAR", "gtex": "BOOLEAN", "tissue": "VARCHAR"
        }]
    }') AS "table"
    FROM parquet_kv_metadata(
        coalesce(getvariable('store') || '/', '') || 'expression/*/*/table.parquet'
    )
    WHERE decode(key) = 'tcga_corr'
), numbered AS (
    SELECT "table".source, "table".tumor_type, unnest("table".samples) AS one,
           generate_subscripts("table".samples, 1) - 1 AS position
    FROM described
)
SELECT * REPLACE (coalesce(gtex, false) AS gtex, coalesce(tissue, '') AS tissue)
FROM (SELECT source, tumor_type, position, one.* FROM numbered);

-- One row per source, tumor type, gene and sample. Name the genes: WHERE gene IN ('RELA', ...).
CREATE OR REPLACE VIEW expression AS
WITH long AS (
    SELECT source, tumor_type, gene, gene_id,
           unnest("values") AS value,
           generate_subscripts("values", 1) - 1 AS position
    FROM tables
)
SELECT long.source, long.tumor_type, long.gene, long.gene_id, samples.sample, samples.barcode,
       samples.patient, samples.sample_type, samples.tumor, samples.normal, samples.all_tumor,
       samples.gtex, samples.tissue,
       long.value
FROM long JOIN samples USING (source, tumor_type, position);
