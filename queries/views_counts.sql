-- Raw counts as DuckDB views, where the store has some (tcga-corr load --counts).

-- One row per source, tumor type and gene; "values" in the order of counts_samples.position.
CREATE OR REPLACE VIEW counts_tables AS
SELECT source, tumor_type, gene, gene_id, "values"
FROM read_parquet(
    coalesce(getvariable('store') || '/', '') || 'counts/*/*/table.parquet',
    hive_partitioning = true, hive_types_autocast = false
);

-- One row per source, tumor type and sample of its counts, from the table's own metadata.
CREATE OR REPLACE VIEW counts_samples AS
WITH described AS (
    SELECT from_json(CASE WHEN decode(key) = 'tcga_corr' THEN decode(value) END, '{
        "source": "VARCHAR", "tumor_type": "VARCHAR",
        "samples": [{
            "sample": "VARCHAR", "barcode": "VARCHAR", "patient": "VARCHAR", "vial": "VARCHAR",
            "sample_type": "VARCHAR", "tumor": "BOOLEAN", "normal": "BOOLEAN",
            "all_tumor": "BOOLEAN", "reason": "VARCHAR"
        }]
    }') AS "table"
    FROM parquet_kv_metadata(
        coalesce(getvariable('store') || '/', '') || 'counts/*/*/table.parquet'
    )
    WHERE decode(key) = 'tcga_corr'
), numbered AS (
    SELECT "table".source, "table".tumor_type, unnest("table".samples) AS one,
           generate_subscripts("table".samples, 1) - 1 AS position
    FROM described
)
SELECT source, tumor_type, position, one.*
FROM numbered;

-- One row per source, tumor type, gene and sample. Name the genes: WHERE gene IN ('RELA', ...).
CREATE OR REPLACE VIEW counts AS
WITH long AS (
    SELECT source, tumor_type, gene, gene_id,
           unnest("values") AS "count",
           generate_subscripts("values", 1) - 1 AS position
    FROM counts_tables
)
SELECT long.source, long.tumor_type, long.gene, long.gene_id, one.sample, one.barcode,
       one.patient, one.sample_type, one.tumor, one.normal, one.all_tumor, long."count"
FROM long JOIN counts_samples AS one USING (source, tumor_type, position);
