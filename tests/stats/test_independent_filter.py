"""The independent filter and its smoother, against R."""

from __future__ import annotations

import numpy as np
import pytest

from tcga_corr.stats.adjustment import benjamini_hochberg
from tcga_corr.stats.independent_filter import filtered_q
from tcga_corr.stats.lowess import lowess

# R 4.2.2: signif(lowess(seq(0.03, 0.95, length = 50), y, f = 1/5)$y, 7)
HILL = [
    120, 121, 123, 124, 128, 127, 131, 135, 134, 139, 142, 141, 150, 149, 151, 158, 157, 160, 163,
    161, 165, 170, 168, 171, 175, 171, 169, 172, 170, 166, 160, 161, 155, 150, 142, 139, 130, 128,
    120, 111, 100, 96, 85, 70, 60, 55, 40, 30, 22, 9,
]  # fmt: skip
HILL_SMOOTH = [
    119.4013, 121.2299, 123.0828, 124.957, 126.8555, 128.9504, 131.1816, 133.5397, 135.9809,
    138.6337, 141.3039, 143.9888, 146.8268, 149.6293, 152.3723, 154.9918, 157.2797, 159.4648,
    161.5887, 163.5087, 165.3817, 167.2057, 168.715, 169.7864, 170.4466, 170.6399, 170.2039,
    168.9368, 167.0462, 164.7389, 161.7522, 157.8086, 153.3077, 148.4694, 143.2648, 137.5263,
    131.2884, 124.577, 117.5398, 109.8702, 101.2161, 91.70174, 81.93208, 71.99243, 61.76097,
    51.28393, 40.95684, 30.61629, 20.27648, 9.939874,
]  # fmt: skip
BUMP_SMOOTH = [0.1003813, 0.5567714, 1.431572, 2.517937, 3.452099, 3.941239]
QUANTILES = np.linspace(0.03, 0.95, 50)


def test_the_smoother_is_that_of_r() -> None:
    assert lowess(QUANTILES, np.array(HILL, float), 0.2) == pytest.approx(HILL_SMOOTH, rel=1e-6)
    bump = np.zeros(50)
    bump[9:13] = [5, 7, 7, 5]
    smooth = lowess(QUANTILES, bump, 0.2)
    assert smooth[5:11] == pytest.approx(BUMP_SMOOTH, rel=1e-6)
    assert smooth[11:17] == pytest.approx(BUMP_SMOOTH[::-1], rel=1e-6)
    assert not smooth[:5].any()


def test_a_line_stays_a_line() -> None:
    assert lowess(QUANTILES, 3 - 2 * QUANTILES, 0.2) == pytest.approx(3 - 2 * QUANTILES)


def test_few_rejections_leave_all_tests() -> None:
    generator = np.random.default_rng(1)
    means, p = generator.random(500), generator.random(500)
    p[3] = np.nan
    q, threshold = filtered_q(means, p, 0.05)
    assert q == pytest.approx(benjamini_hochberg(p), nan_ok=True)
    assert threshold == means.min()


def test_low_means_without_power_are_left_out() -> None:
    """Of tests with power only above a mean: the threshold is near it, and more are called."""
    generator = np.random.default_rng(2)
    means = generator.random(4000)
    p = np.where(
        (means > 0.6) & (generator.random(4000) < 0.2), generator.beta(0.2, 9, 4000), 1
    ) * generator.random(4000)
    q, threshold = filtered_q(means, p, 0.05)
    assert 0.4 < threshold < 0.65
    assert np.isnan(q[means < threshold]).all()
    assert q[means >= threshold] == pytest.approx(benjamini_hochberg(p[means >= threshold]))
    assert np.nansum(q < 0.05) > np.sum(benjamini_hochberg(p) < 0.05)
