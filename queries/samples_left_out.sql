-- How many samples each rule left out of the default selections, with one example.
SELECT source, tumor_type, regexp_replace(reason, '^TCGA\S+ taken instead', 'another taken') AS rule,
       count(*) AS samples, min(barcode) AS example
FROM samples
WHERE reason <> ''
GROUP BY ALL
ORDER BY ALL;
