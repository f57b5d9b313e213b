-- Pairs that correlate positively in some tumor types and negatively in others (q < 0.05).
-- Sorted by the number of tumor types with the rarer sign, then by balance.
-- Strata are left out.
WITH flips AS (
    SELECT run, analysis, source, x, y, method,
           count(*) FILTER (r > 0) AS n_positive, count(*) FILTER (r < 0) AS n_negative,
           string_agg(tumor_type, ', ' ORDER BY tumor_type) FILTER (r > 0) AS positive_in,
           string_agg(tumor_type, ', ' ORDER BY tumor_type) FILTER (r < 0) AS negative_in,
           min(r) AS r_min, max(r) AS r_max
    FROM associations
    WHERE q < 0.05 AND stratum IS NULL
    GROUP BY ALL
    HAVING n_positive > 0 AND n_negative > 0
)
FROM flips
ORDER BY least(n_positive, n_negative) DESC, greatest(n_positive, n_negative), r_max - r_min DESC,
         run, analysis, x, y, method;
