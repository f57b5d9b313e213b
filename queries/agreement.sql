-- How well every two runs agree on their common pairs, by tumor type and method.
-- One row per pair of analyses, as a run may compute a pair in several ways.
-- Pairs match in either order. Strata are left out.
-- Lost: rows with q < 0.05 in run_a only; gained: in run_b only.
WITH names AS (
    -- numbers instead of names, and only names in two runs: fast enough for millions of rows
    SELECT name, row_number() OVER ()::INTEGER AS id
    FROM (SELECT run, x AS name FROM associations UNION SELECT run, y FROM associations)
    GROUP BY name
    HAVING count(*) > 1
), asked AS (
    SELECT run, analysis, source, tumor_type, method, least(one.id, other.id) AS low,
           greatest(one.id, other.id) AS high, any_value(r) AS r, any_value(q) AS q
    FROM associations JOIN names one ON x = one.name JOIN names other ON y = other.name
    WHERE r IS NOT NULL AND stratum IS NULL
    GROUP BY ALL
)
SELECT a.run AS run_a, b.run AS run_b, a.analysis AS analysis_a, b.analysis AS analysis_b,
       a.source AS source_a, b.source AS source_b, method, count(*) AS n_rows,
       nullif(corr(a.r, b.r), 'nan') AS correlation, max(abs(a.r - b.r)) AS largest_difference,
       count(*) FILTER (a.r * b.r < 0) AS n_change_sign,
       count(*) FILTER (a.q < 0.05 AND (b.q < 0.05) IS NOT TRUE) AS n_lost,
       count(*) FILTER (b.q < 0.05 AND (a.q < 0.05) IS NOT TRUE) AS n_gained
FROM asked a JOIN asked b USING (tumor_type, method, low, high)
WHERE a.run < b.run
GROUP BY ALL
ORDER BY ALL;
