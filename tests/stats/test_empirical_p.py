"""The rank of an observed value among those of draws."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tcga_corr.stats.empirical_p import rank_p

# few values, so that many are as far from zero as the observed one, or not a number
r_like = st.sampled_from([-1.0, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0, math.nan])


@given(st.lists(r_like, max_size=60), st.sampled_from([-1.0, -0.5, 0.0, 0.25, 0.3, 1.0]))
def test_rank_p_counts_the_observed_one(others: list[float], observed: float) -> None:
    as_far = [value for value in others if not math.isnan(value) and abs(value) >= abs(observed)]
    assert rank_p(np.array(others), observed) == (len(as_far) + 1) / (len(others) + 1)
    assert rank_p(-np.array(others), -observed) == rank_p(np.array(others), observed)
