-- The twenty genes with the highest mean over all samples, for each table.
WITH means AS (
    SELECT source, tumor_type, gene, list_avg("values") AS mean_value FROM tables
)
SELECT source, tumor_type, gene, mean_value
FROM means
QUALIFY row_number() OVER (PARTITION BY source, tumor_type ORDER BY mean_value DESC, gene) <= 20
ORDER BY source, tumor_type, mean_value DESC, gene;
