"""Bootstrap of a correlation: what it would be of other patients of the same kind."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tcga_corr.choices import Method
from tcga_corr.stats.correlation import correlate_rows

N_DRAWS = 1_000
"""Draws of patients."""
Vector = NDArray[np.float64]

_SEED = 489


def difference_interval(
    x: Vector, y: Vector, other: float, method: Method = "pearson", n_draws: int = N_DRAWS
) -> tuple[float, float]:
    """The 95 % percentile interval of r minus another number, over draws of the patients.

    As many patients as there are, with replacement, x and y of a patient together (Efron 1979,
    doi:10.1214/aos/1176344552). Draws in which one of them does not vary are left out.

    Parameters
    ----------
    x, y
        The values of each patient, finite.
    other
        The number, such as a published r.
    method
        The correlation method.
    n_draws
        How many; always the same ones.
    """
    drawn = np.random.default_rng(_SEED).integers(0, len(x), (n_draws, len(x)))
    differences = correlate_rows(x[drawn], y[drawn], method) - other
    low, high = np.nanquantile(differences, [0.025, 0.975])
    return float(low), float(high)
