-- RELA against NFE2L2 in the tumours of each tumor type: n and Pearson r (n >= 10), by DuckDB's corr.
SELECT x.source, x.tumor_type, count(*) AS n,
       CASE WHEN count(*) >= 10 THEN corr(x.value::DOUBLE, y.value::DOUBLE) END AS r
FROM expression x JOIN expression y USING (source, tumor_type, barcode)
WHERE x.gene = 'RELA' AND y.gene = 'NFE2L2' AND x.tumor
GROUP BY ALL
ORDER BY ALL;
