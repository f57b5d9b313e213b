-- Genes and samples of each table in the store, by sample selection.
SELECT source, tumor_type, any_value(genes) AS genes, count(*) FILTER (tumor) AS tumor,
       count(*) FILTER (normal) AS normal, count(*) FILTER (all_tumor) AS all_tumor,
       count(*) FILTER (gtex) AS gtex,
       count(*) AS samples
FROM samples
JOIN (SELECT source, tumor_type, count(*) AS genes FROM tables GROUP BY ALL)
USING (source, tumor_type)
GROUP BY ALL
ORDER BY ALL;
