"""The choice of genes worth testing by their mean, which says nothing about the null."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tcga_corr.stats.adjustment import benjamini_hochberg
from tcga_corr.stats.lowess import lowess

Vector = NDArray[np.float64]

_N_QUANTILES, _HIGHEST_QUANTILE, _SHARE = 50, 0.95, 0.2
_FEWEST_REJECTED = 10


def filtered_q(means: Vector, p: Vector, alpha: float) -> tuple[Vector, float]:
    """Q of the tests whose mean is above the quantile from which most are rejected.

    Of 50 quantiles up to 0.95, the first at which the number of rejections is within the residual
    spread of the highest of a smooth curve through them; the lowest where 10 or fewer are ever
    rejected, as DESeq2's results() chooses (Bourgon, Gentleman & Huber 2010, Proc. Natl. Acad. Sci.
    107:9546, doi:10.1073/pnas.0914005107).

    Parameters
    ----------
    means
        Of the tests, shape (n,), finite.
    p
        Shape (n,), NaN where there is none.
    alpha
        The q below which a test is rejected.

    Returns
    -------
    Vector
        Benjamini and Hochberg's q, NaN of tests below the threshold or without p.
    float
        The threshold.
    """
    lowest = float(np.mean(means == 0))
    highest = _HIGHEST_QUANTILE if lowest < _HIGHEST_QUANTILE else 1.0
    quantiles = np.linspace(lowest, highest, _N_QUANTILES)
    thresholds = np.quantile(means, quantiles)
    q_of = [benjamini_hochberg(np.where(means >= one, p, np.nan)) for one in thresholds]
    with np.errstate(invalid="ignore"):
        n_rejected = np.array([np.count_nonzero(q < alpha) for q in q_of], dtype=np.float64)
    chosen = 0
    if n_rejected.max() > _FEWEST_REJECTED:
        smooth = lowess(quantiles, n_rejected, _SHARE)
        some = n_rejected > 0
        spread = float(np.sqrt(np.mean((n_rejected - smooth)[some] ** 2)))
        enough = np.flatnonzero(n_rejected > smooth.max() - spread)
        chosen = int(enough[0]) if len(enough) else 0
    return q_of[chosen], float(thresholds[chosen])
