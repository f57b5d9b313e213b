"""ssGSEA in closed form.

The enrichment score of a gene set in a sample is the sum over ranks of the difference of two
running fractions (Barbie et al. 2009, Nature 462:108, doi:10.1038/nature08460). For n genes, the
set's genes S found in the table, k = |S|, and weights w from the ranks, that sum is

    ES = sum_S(w q) / sum_S(w)  -  (n (n + 1) / 2 - sum_S(q)) / (n - k)

where q is the gene's place counted from the lowest value. Only the k ranks are needed. The same
closed form is the fast random walk of the R package GSVA, and for the maximum of the running sum
that of Korotkevich et al. 2021 (bioRxiv 060012, doi:10.1101/060012).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.choices import Ties
from tcga_corr.scoring.ranks import Ranks

ALPHA = 0.25

Scores = NDArray[np.float64]

# ranks: temporary arrays of more are taken from the system and given back each time by malloc,
# which costs more than the arithmetic
_AT_ONCE = 12_288


@lru_cache(maxsize=16)
def weights_by_doubled_rank(n_genes: int, ties: Ties, alpha: float = ALPHA) -> Scores:
    """The weight of each doubled average rank 0 .. 2 n: ``r**alpha``; ``floor(r)**alpha`` of GSVA.

    A table, so that scoring takes no powers; shared by all tables of ``n_genes`` genes, and not to
    be written to.
    """
    doubled = np.arange(2 * n_genes + 1)
    weights = np.asarray((doubled // 2 if ties == "gsva" else doubled / 2) ** alpha)
    weights.flags.writeable = False
    return weights


def enrichment_scores(
    doubled: Ranks,
    n_genes: int,
    weights: Scores,
    ordinal: NDArray[np.integer[Any]] | None = None,
    ties: Ties = "average",
) -> Scores:
    """Raw ssGSEA enrichment scores of one gene set in many samples.

    Parameters
    ----------
    doubled
        k x samples, the set's rows of :func:`~tcga_corr.scoring.ranks.doubled_average_ranks`.
    n_genes
        Genes in the whole table, n.
    weights
        From :func:`weights_by_doubled_rank`, for the same n and ``ties``.
    ordinal
        k x samples, the same rows of :func:`~tcga_corr.scoring.ranks.ordinal_ranks`; needed for
        the tie rules ``gseapy`` and ``gsva``, which break ties by row order.
    ties
        ``average``: q = r, the same for any order of the rows. ``gseapy``: q = o, as gseapy 1.x
        ``ssgsea(sample_norm_method="rank")``. ``gsva``: q = 2 r - o, as R GSVA
        ``ssgsea(normalize=FALSE)``.

    Returns
    -------
    One score per sample; NaN where the set is empty or holds every gene.
    """
    k, n_samples = doubled.shape
    if k == 0 or k >= n_genes:
        return np.full(n_samples, np.nan)
    scores = np.empty(n_samples)
    step = max(1, _AT_ONCE // k)
    for start in range(0, n_samples, step):
        part = slice(start, start + step)
        # a sample a row: its sums, to the last bit, do not depend on the other samples
        rank = np.ascontiguousarray(doubled[:, part].T)
        place = doubled_places(rank, None if ordinal is None else ordinal[:, part].T, ties)
        weight = weights.take(rank)
        weight_sum = weight.sum(axis=1)
        weight *= place
        hits = weight.sum(axis=1) / weight_sum
        misses = (n_genes * (n_genes + 1) - place.sum(axis=1)) / (n_genes - k)
        scores[part] = (hits - misses) / 2
    return scores


def doubled_places(
    doubled: Ranks, ordinal: NDArray[np.integer[Any]] | None, ties: Ties
) -> NDArray[np.float64]:
    """Twice the place q of each gene; of the same shape as ``doubled``.

    Whole numbers, as floats: exact, and multiplied by weights without being converted again.
    """
    place = doubled.astype(np.float64)
    if ties == "average":
        return place
    if ordinal is None:
        raise ValueError(f"ties={ties!r} needs ordinal ranks")
    doubled_ordinal = 2 * ordinal.astype(np.float64, order="C")
    return doubled_ordinal if ties == "gseapy" else 2 * place - doubled_ordinal
