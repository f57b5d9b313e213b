"""ssGSEA in closed form.

The enrichment score of a gene set in a sample is the sum over ranks of the difference of two
running fractions (Barbie et al. 2009, Nature 462:108, doi:10.1038/nature08460). For n genes, the
set's genes S found in the table, k = |S|, and weights w from the ranks, that sum is

    ES = sum_S(w q) / sum_S(w)  -  (n (n + 1) / 2 - sum_S(q)) / (n - k)

where q is the gene's place counted from the lowest value. Only the k ranks are needed.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tcga_corr.scoring.ranks import Ranks

Ties = Literal["average", "gseapy", "gsva"]
TIES: tuple[Ties, ...] = ("average", "gseapy", "gsva")
ALPHA = 0.25

Scores = NDArray[np.float64]


def weights_by_doubled_rank(n_genes: int, ties: Ties, alpha: float = ALPHA) -> Scores:
    """The weight of each doubled average rank 0 .. 2 n: ``r**alpha``; ``floor(r)**alpha`` of GSVA.

    A table, so that scoring takes no powers; shared by all samples of ``n_genes`` genes.
    """
    doubled = np.arange(2 * n_genes + 1)
    return np.asarray((doubled // 2 if ties == "gsva" else doubled / 2) ** alpha)


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
    place = _doubled_place(doubled, ordinal, ties)
    weight = weights[doubled]
    hits = (weight * place).sum(axis=0) / weight.sum(axis=0)
    misses = (n_genes * (n_genes + 1) - place.sum(axis=0)) / (n_genes - k)
    return np.asarray((hits - misses) / 2)


def _doubled_place(
    doubled: Ranks, ordinal: NDArray[np.integer[Any]] | None, ties: Ties
) -> NDArray[np.int64]:
    twice_rank = doubled.astype(np.int64)
    if ties == "average":
        return twice_rank
    if ordinal is None:
        raise ValueError(f"ties={ties!r} needs ordinal ranks")
    if ties == "gseapy":
        return 2 * ordinal.astype(np.int64)
    return 2 * (twice_rank - ordinal.astype(np.int64))
