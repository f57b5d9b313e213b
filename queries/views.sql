-- The store as DuckDB views. Paths are relative to the store's folder, so in a shell of your own:
--   cd cache && duckdb -init ../queries/views.sql

-- One row a source, tumor type and gene; "values" in the order of samples.position.
CREATE OR REPLACE VIEW tables AS
SELECT source, tumor_type, gene, gene_id, "values"
FROM read_parquet('expression/*/*/table.parquet', hive_partitioning = true, hive_types_autocast = false);

-- One row a source, tumor type and column of its table, with the selections that take it.
CREATE OR REPLACE VIEW samples AS
SELECT source, tumor_type, position, sample, barcode, patient, vial, sample_type,
       tumor, normal, all_tumor, reason
FROM read_parquet('samples/*/*/samples.parquet', hive_partitioning = true, hive_types_autocast = false);

-- One row a source, tumor type, gene and sample. Name the genes: WHERE gene IN ('RELA', ...).
CREATE OR REPLACE VIEW expression AS
WITH long AS (
    SELECT source, tumor_type, gene, gene_id,
           unnest("values") AS value,
           generate_subscripts("values", 1) - 1 AS position
    FROM tables
)
SELECT long.source, long.tumor_type, long.gene, long.gene_id, samples.sample, samples.barcode,
       samples.patient, samples.sample_type, samples.tumor, samples.normal, samples.all_tumor,
       long.value
FROM long JOIN samples USING (source, tumor_type, position);
