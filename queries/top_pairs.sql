-- The 10 strongest associations (q_batch < 0.05) of each run, source, tumor type and method.
-- Shared genes inflate r, so pairs are ranked by r_disjoint, which leaves them out. A pair that
-- shares genes and has no r_disjoint is not ranked. Strata are left out.
SELECT run, source, tumor_type, method, x, y, analysis, n, r, n_shared_genes, r_disjoint, q_batch
FROM associations
WHERE stratum IS NULL AND q_batch < 0.05 AND (r_disjoint IS NOT NULL OR coalesce(n_shared_genes, 0) = 0)
QUALIFY row_number() OVER (
    PARTITION BY run, source, tumor_type, method
    ORDER BY abs(coalesce(r_disjoint, r)) DESC, x, y, analysis
) <= 10
ORDER BY run, source, tumor_type, method, abs(coalesce(r_disjoint, r)) DESC, x, y, analysis;
