-- RELA against NFE2L2 in the tumours of each tumor type: n and Pearson r, by DuckDB's own corr.
SELECT x.source, x.tumor_type, count(*) AS n,
       corr(x.value::DOUBLE, y.value::DOUBLE) AS r
FROM expression x JOIN expression y USING (source, tumor_type, barcode)
WHERE x.gene = 'RELA' AND y.gene = 'NFE2L2' AND x.tumor
GROUP BY ALL
ORDER BY ALL;
