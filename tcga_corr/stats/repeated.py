"""Do several variables of the same samples differ, and which of them?"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tcga_corr.stats.adjustment import holm
from tcga_corr.stats.groups import GroupTest, answer, no_answer, signed_ranks

MIN_SAMPLES = 3
MIN_VARIABLES = 3

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class PairTest:
    """The test of two of several variables; NaN where there is no answer, and ``note`` says why.

    Attributes
    ----------
    first, second
        Columns of the two variables.
    n
        Samples.
    mean_rank_difference
        The first's mean rank minus the second's; ranks are those within a sample, of all variables.
    p
        Two-sided p-value of Wilcoxon's signed ranks.
    p_holm
        p adjusted for the number of pairs of variables.
    rank_biserial
        Effect of the signed ranks; positive where the first has the higher values.
    note
        Empty where there is an answer.
    """

    first: int
    second: int
    n: int
    mean_rank_difference: float = math.nan
    p: float = math.nan
    p_holm: float = math.nan
    rank_biserial: float = math.nan
    note: str = ""


def friedman(scores: ArrayLike) -> GroupTest:
    """Compare variables of the same samples by their ranks within each sample.

    Chi-squared is corrected for ties, with k - 1 degrees of freedom (Friedman 1937, J. Am. Stat.
    Assoc. 32:675, doi:10.1080/01621459.1937.10503522). Effect: Kendall's W,
    chi-squared / (n (k - 1)): 1 where every sample has the same order of variables (Kendall &
    Babington Smith 1939, Ann. Math. Stat. 10:275, doi:10.1214/aoms/1177732186).

    Parameters
    ----------
    scores
        Samples x variables, shape (n, k), finite; 3 or more of each for an answer.

    Raises
    ------
    ValueError
        If scores are not two-dimensional or not finite.
    """
    scores = _matrix(scores)
    n, k = scores.shape
    note = _too_few(scores) or _all_tied(scores)
    if note:
        return no_answer("friedman", (n,), note)
    from scipy import stats

    found = stats.friedmanchisquare(*scores.T)
    chi2 = max(float(found.statistic), 0.0)
    effect = min(chi2 / (n * (k - 1)), 1.0)
    return answer("friedman", (n,), statistic=chi2, df=k - 1, p=float(found.pvalue), effect=effect)


def post_hoc(scores: ArrayLike) -> list[PairTest]:
    """Compare each two variables of the same samples by Wilcoxon's signed ranks.

    p is adjusted for all k (k - 1) / 2 pairs after Holm (``adjustment.holm``); a pair without an
    answer counts among them. Unlike tests of mean ranks, a pair's p does not depend on the other
    variables (Benavoli, Corani & Mangili 2016, J. Mach. Learn. Res. 17(5):1).

    Parameters
    ----------
    scores
        Samples x variables, shape (n, k), finite.

    Returns
    -------
    list[PairTest]
        Columns (0, 1), (0, 2), ... (k - 2, k - 1).

    Raises
    ------
    ValueError
        If scores are not two-dimensional or not finite.
    """
    from scipy.stats import rankdata

    scores = _matrix(scores)
    n, k = scores.shape
    pairs = list(itertools.combinations(range(k), 2))
    tests = [signed_ranks(scores[:, first], scores[:, second]) for first, second in pairs]
    p = np.array([test.p for test in tests])
    adjusted = holm(np.where(np.isnan(p), 1.0, p)).tolist()
    mean_ranks = rankdata(scores, axis=1).sum(axis=0) / max(n, 1)
    return [
        PairTest(first, second, n, note=test.note)
        if test.note
        else PairTest(
            first,
            second,
            n,
            float(mean_ranks[first] - mean_ranks[second]),
            test.p,
            p_holm,
            test.effect,
        )
        for (first, second), test, p_holm in zip(pairs, tests, adjusted, strict=True)
    ]


def _matrix(scores: ArrayLike) -> Matrix:
    matrix = np.asarray(scores, dtype=np.float64)
    if matrix.ndim != 2:
        raise ValueError(f"scores have {matrix.ndim} dimensions, not two")
    if not np.isfinite(matrix).all():
        raise ValueError("scores are not all finite")
    return matrix


def _too_few(scores: Matrix) -> str:
    n, k = scores.shape
    if k < MIN_VARIABLES:
        return f"too few variables: {k}, at least {MIN_VARIABLES} needed"
    return f"too few samples: {n}, at least {MIN_SAMPLES} needed" if n < MIN_SAMPLES else ""


def _all_tied(scores: Matrix) -> str:
    tied = (scores == scores[:, :1]).all()
    return "in every sample all variables are equal" if tied else ""
