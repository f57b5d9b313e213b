"""Does a variable differ between groups, or within pairs, and by how much?

Every comparison is made twice: of the values, by t or F, and of their ranks. The rank tests are
scipy's. t and F are made here from means and squared deviations: scipy.stats warns of a constant
group, and its F takes the squares within as a difference, which loses them where groups lie far
apart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Test = Literal[
    "welch",
    "mann-whitney",
    "anova",
    "welch anova",
    "kruskal-wallis",
    "paired t",
    "wilcoxon",
    "friedman",
]
EFFECTS: dict[Test, str] = {
    "welch": "hedges_g",
    "mann-whitney": "rank_biserial",
    "anova": "eta_squared",
    "welch anova": "eta_squared",
    "kruskal-wallis": "epsilon_squared",
    "paired t": "cohens_dz",
    "wilcoxon": "rank_biserial",
    "friedman": "kendalls_w",
}
MIN_GROUP = 3
# scipy's limit; as many signs have fewer than 2^53 ways, which doubles count without rounding
MAX_EXACT_PAIRS = 50
# relative to the values, what is left of equal numbers by rounding
ROUNDING = 1e-13

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class GroupTest:
    """The result of one test; NaN where there is no answer, and ``note`` says why.

    Attributes
    ----------
    test
        A key of ``EFFECTS``.
    n
        Size of each group; for pairs the number of pairs, for ``friedman`` that of samples.
    difference, ci_low, ci_high
        Difference of means and its interval; of t tests only.
    statistic
        t, F, H or chi-squared; U of the first group; the rank sum of the positive differences.
    df, df2
        Degrees of freedom; ``df2`` those within groups, of F only.
    p
        Two-sided p-value.
    effect, effect_name
        Size of the effect and which measure it is. Those of one group against another are
        positive where the first has the higher values.
    note
        Empty where there is an answer.
    """

    test: Test
    n: tuple[int, ...]
    difference: float = math.nan
    ci_low: float = math.nan
    ci_high: float = math.nan
    statistic: float = math.nan
    df: float = math.nan
    df2: float = math.nan
    p: float = math.nan
    effect: float = math.nan
    effect_name: str = ""
    note: str = ""


def compare_two(
    a: ArrayLike,
    b: ArrayLike,
    confidence: float = 0.95,
    names: tuple[str, str] = ("a", "b"),
) -> list[GroupTest]:
    """Compare two groups by Welch's t and by Mann and Whitney's U.

    ``welch``: a's mean minus b's, without equal variances assumed (Welch 1947, Biometrika 34:28,
    doi:10.1093/biomet/34.1-2.28). Effect: Hedges' g, the difference in pooled standard
    deviations times Gamma(m/2) / (sqrt(m/2) Gamma((m - 1)/2)), m = n_a + n_b - 2 (Hedges 1981,
    J. Educ. Stat. 6:107, doi:10.3102/10769986006002107).

    ``mann-whitney``: U counts the pairs of values in which a's is the higher, ties half (Mann &
    Whitney 1947, Ann. Math. Stat. 18:50, doi:10.1214/aoms/1177730491). p is exact if no values
    are tied and a group has at most 8, else from the normal distribution, corrected for ties and
    continuity. Effect: rank-biserial correlation 2 U / (n_a n_b) - 1, also called Cliff's delta
    (Cliff 1993, Psychol. Bull. 114:494, doi:10.1037/0033-2909.114.3.494).

    Parameters
    ----------
    a, b
        Values, shapes (n_a,) and (n_b,), finite.
    confidence
        Of the interval, between 0 and 1.
    names
        What the notes call a and b.

    Returns
    -------
    list[GroupTest]
        ``welch``, ``mann-whitney``.

    Raises
    ------
    ValueError
        If values are not one-dimensional or not finite, or confidence is not between 0 and 1.
    """
    _check_confidence(confidence)
    groups = [_values(a), _values(b)]
    return [_welch(groups, confidence, names), _mann_whitney(groups, names)]


def compare_many(
    groups: Sequence[ArrayLike], names: Sequence[str] | None = None
) -> list[GroupTest]:
    """Compare two or more groups by F, with and without equal variances, and by ranks.

    ``anova``: F of the mean squares between and within groups. Effect: eta squared, the part of
    the sum of squares that lies between groups.

    ``welch anova``: F without equal variances assumed (Welch 1951, Biometrika 38:330,
    doi:10.1093/biomet/38.3-4.330), eta squared as above.

    ``kruskal-wallis``: H corrected for ties, p from chi-squared (Kruskal & Wallis 1952, J. Am.
    Stat. Assoc. 47:583, doi:10.1080/01621459.1952.10483441). Effect: epsilon squared
    H / (n - 1), n of all groups (Tomczak & Tomczak 2014, Trends Sport Sci. 21:19).

    Parameters
    ----------
    groups
        Each group's values, shape (n_i,), finite.
    names
        What the notes call the groups; "group 1" and so on by default.

    Returns
    -------
    list[GroupTest]
        ``anova``, ``welch anova``, ``kruskal-wallis``.

    Raises
    ------
    ValueError
        If values are not one-dimensional or not finite, or names are not one for each group.
    """
    arrays = [_values(group) for group in groups]
    if names is None:
        names = [f"group {number}" for number in range(1, len(arrays) + 1)]
    if len(names) != len(arrays):
        raise ValueError(f"{len(names)} names for {len(arrays)} groups")
    return [*_anovas(arrays, names), _kruskal_wallis(arrays, names)]


def compare_pairs(a: ArrayLike, b: ArrayLike, confidence: float = 0.95) -> list[GroupTest]:
    """Compare paired values by t and by the signed ranks of their differences a - b.

    ``paired t``: the mean difference. Effect: Cohen's d_z, the mean of the differences in their
    standard deviations (Lakens 2013, Front. Psychol. 4:863, doi:10.3389/fpsyg.2013.00863).

    ``wilcoxon``: see ``signed_ranks``.

    Differences within the rounding error of their two values count as zero.

    Parameters
    ----------
    a, b
        Values of the same samples in the same order, both of shape (n,), finite.
    confidence
        Of the interval, between 0 and 1.

    Returns
    -------
    list[GroupTest]
        ``paired t``, ``wilcoxon``.

    Raises
    ------
    ValueError
        If values are not one-dimensional, not finite or not paired, or confidence is not between
        0 and 1.
    """
    _check_confidence(confidence)
    return [_paired_t(*_differences(a, b), confidence), signed_ranks(a, b)]


def signed_ranks(a: ArrayLike, b: ArrayLike) -> GroupTest:
    """Compare paired values by Wilcoxon's signed ranks of a - b; parameters as ``compare_pairs``.

    Zero differences are left out (Wilcoxon 1945, Biometrics Bull. 1:80, doi:10.2307/3001968). p is
    exact, tied or not, up to 50 pairs that differ; of more it is from the normal distribution,
    corrected for ties and continuity. Effect: matched-pairs rank-biserial correlation, the rank
    sum of the positive differences minus that of the negative, by the sum of both (Kerby 2014,
    Compr. Psychol. 3:1, doi:10.2466/11.IT.3.1).
    """
    differences, _, _ = _differences(a, b)
    n = (len(differences),)
    note = _too_few_pairs(n[0]) or _all_zero(differences)
    if note:
        return no_answer("wilcoxon", n, note)
    from scipy import stats

    apart = differences[differences != 0]
    ranks = stats.rankdata(np.abs(apart))
    positive, total = float(ranks[apart > 0].sum()), float(ranks.sum())
    if len(apart) <= MAX_EXACT_PAIRS:
        p = exact_p_of_signed_ranks(ranks, positive)
    else:
        p = float(stats.wilcoxon(apart, correction=True).pvalue)
    return answer("wilcoxon", n, statistic=positive, p=p, effect=2 * positive / total - 1)


def exact_p_of_signed_ranks(ranks: Vector, positive: float) -> float:
    """Two-sided p of a rank sum among those of all ways to give the ranks signs."""
    doubled = np.rint(2 * ranks).astype(np.int64)
    ways = np.zeros(doubled.sum() + 1)
    ways[0] = 1
    for rank in doubled.tolist():
        ways[rank:] += ways[:-rank].copy()
    observed = round(2 * positive)
    tail = min(ways[: observed + 1].sum(), ways[observed:].sum())
    return min(2.0 * float(tail) / 2.0 ** len(ranks), 1.0)


def answer(test: Test, n: tuple[int, ...], **numbers: float) -> GroupTest:
    """Make the result of a test that has numbers."""
    plain = {name: float(number) for name, number in numbers.items()}
    return GroupTest(test, n, effect_name=EFFECTS[test], note="", **plain)


def no_answer(test: Test, n: tuple[int, ...], note: str) -> GroupTest:
    """Make the result of a test that has none, and why."""
    return GroupTest(test, n, effect_name=EFFECTS[test], note=note)


def _values(values: ArrayLike) -> Vector:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"values have {array.ndim} dimensions, not one")
    if not np.isfinite(array).all():
        raise ValueError("values are not all finite")
    return array


def _check_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence={confidence!r} is not between 0 and 1")


def _too_few(groups: Sequence[Vector], names: Sequence[str]) -> str:
    small = [
        f"{len(group)} in {name}"
        for group, name in zip(groups, names, strict=True)
        if len(group) < MIN_GROUP
    ]
    return f"too few samples: {', '.join(small)}, at least {MIN_GROUP} needed" if small else ""


def _too_few_groups(groups: Sequence[Vector]) -> str:
    return f"too few groups: {len(groups)}, at least 2 needed" if len(groups) < 2 else ""


def _too_few_pairs(n: int) -> str:
    return f"too few pairs: {n}, at least {MIN_GROUP} needed" if n < MIN_GROUP else ""


def _all_zero(differences: Vector) -> str:
    return "" if differences.any() else "no pair differs"


def _all_tied(groups: Sequence[Vector]) -> str:
    first = groups[0][0]
    tied = all((group == first).all() for group in groups)
    return "all values are equal" if tied else ""


def _to_unit(arrays: Sequence[Vector]) -> tuple[list[Vector], float]:
    """Values scaled by a power of two to a largest of 1 to 2, so that squares stay in range."""
    largest = max(float(np.abs(array).max(initial=0.0)) for array in arrays)
    exponent = math.frexp(largest)[1] - 1 if largest else 0
    return [np.ldexp(array, -exponent) for array in arrays], 2.0**exponent


@dataclass(frozen=True)
class _Moments:
    """Of each group the size, mean, sum of squared deviations, and whether it is constant."""

    n: Vector
    mean: Vector
    squares: Vector
    constant: NDArray[np.bool_]


def _moments(groups: Sequence[Vector]) -> _Moments:
    """Moments of groups that are not empty, in the unit of ``_to_unit``."""
    n = np.array([float(len(group)) for group in groups])
    mean = np.array([group.mean() for group in groups])
    squares = np.array([((group - group.mean()) ** 2).sum() for group in groups])
    # the second bound keeps one by a variance in range
    constant = np.sqrt(squares / n) <= np.maximum(ROUNDING * np.abs(mean), 1e-100)
    return _Moments(n, mean, np.where(constant, 0.0, squares), constant)


def _t(difference: float, error: float, df: float, confidence: float) -> dict[str, float]:
    """Interval, t and p of a difference and its standard error."""
    from scipy import special

    t = difference / error
    half_width = float(special.stdtrit(df, (1 + confidence) / 2)) * error
    return {
        "difference": difference,
        "ci_low": difference - half_width,
        "ci_high": difference + half_width,
        "statistic": t,
        "df": df,
        "p": 2 * float(special.stdtr(df, -abs(t))),
    }


def _in_unit(numbers: dict[str, float], unit: float) -> dict[str, float]:
    """Numbers of ``_t``, those that have a unit in that of the values."""
    with_unit = ("difference", "ci_low", "ci_high")
    return {name: x * unit if name in with_unit else x for name, x in numbers.items()}


def _welch(groups: Sequence[Vector], confidence: float, names: Sequence[str]) -> GroupTest:
    n = tuple(map(len, groups))
    note = _too_few(groups, names)
    if note:
        return no_answer("welch", n, note)
    from scipy import special

    scaled, unit = _to_unit(groups)
    of = _moments(scaled)
    if of.constant.all():
        return no_answer("welch", n, f"{' and '.join(names)} are constant")
    difference = float(of.mean[0] - of.mean[1])
    variances = of.squares / (of.n - 1) / of.n
    variance = float(variances.sum())
    df = 1 / float(((variances / variance) ** 2 / (of.n - 1)).sum())
    m = sum(n) - 2
    pooled = math.sqrt(of.squares.sum() / m)
    unbias = math.exp(special.gammaln(m / 2) - special.gammaln((m - 1) / 2)) / math.sqrt(m / 2)
    numbers = _in_unit(_t(difference, math.sqrt(variance), df, confidence), unit)
    return answer("welch", n, **numbers, effect=unbias * difference / pooled)


def _mann_whitney(groups: Sequence[Vector], names: Sequence[str]) -> GroupTest:
    n = tuple(map(len, groups))
    note = _too_few(groups, names) or _all_tied(groups)
    if note:
        return no_answer("mann-whitney", n, note)
    from scipy import stats

    found = stats.mannwhitneyu(groups[0], groups[1])
    u = float(found.statistic)
    effect = 2 * u / (n[0] * n[1]) - 1
    return answer("mann-whitney", n, statistic=u, p=float(found.pvalue), effect=effect)


def _anovas(groups: Sequence[Vector], names: Sequence[str]) -> list[GroupTest]:
    n = tuple(map(len, groups))
    note = _too_few_groups(groups) or _too_few(groups, names)
    if note:
        return [no_answer("anova", n, note), no_answer("welch anova", n, note)]
    of = _moments(_to_unit(groups)[0])
    if of.constant.all():
        note = "every group is constant"
        return [no_answer("anova", n, note), no_answer("welch anova", n, note)]
    df, df2 = len(n) - 1, sum(n) - len(n)
    mean = (of.n * of.mean).sum() / of.n.sum()
    between, within = (of.n * (of.mean - mean) ** 2).sum(), of.squares.sum()
    eta_squared = between / (between + within)
    anova = _f((between / df) / (within / df2), df, df2)
    constant = [name for name, is_so in zip(names, of.constant, strict=True) if is_so]
    if constant:
        note = f"{', '.join(constant)} {'is' if len(constant) == 1 else 'are'} constant"
        welch = no_answer("welch anova", n, note)
    else:
        welch = answer("welch anova", n, **_welch_f(of), effect=eta_squared)
    return [answer("anova", n, **anova, effect=eta_squared), welch]


def _welch_f(of: _Moments) -> dict[str, float]:
    k = len(of.n)
    weight = of.n * (of.n - 1) / of.squares
    share = weight / weight.sum()
    lack = ((1 - share) ** 2 / (of.n - 1)).sum() / (k**2 - 1)
    mean = (share * of.mean).sum()
    between = (weight * (of.mean - mean) ** 2).sum() / (k - 1)
    return _f(between / (1 + 2 * (k - 2) * lack), k - 1, 1 / (3 * lack))


def _f(f: float, df: float, df2: float) -> dict[str, float]:
    from scipy import special

    return {"statistic": f, "df": df, "df2": df2, "p": float(special.fdtrc(df, df2, f))}


def _kruskal_wallis(groups: Sequence[Vector], names: Sequence[str]) -> GroupTest:
    n = tuple(map(len, groups))
    note = _too_few_groups(groups) or _too_few(groups, names) or _all_tied(groups)
    if note:
        return no_answer("kruskal-wallis", n, note)
    from scipy import stats

    found = stats.kruskal(*groups)
    h = max(float(found.statistic), 0.0)
    effect = min(h / (sum(n) - 1), 1.0)
    return answer(
        "kruskal-wallis", n, statistic=h, df=len(n) - 1, p=float(found.pvalue), effect=effect
    )


def _differences(a: ArrayLike, b: ArrayLike) -> tuple[Vector, float, float]:
    """Differences a - b, rounding errors set to zero; their largest rounding error; their unit."""
    a, b = _values(a), _values(b)
    if len(a) != len(b):
        raise ValueError(f"{len(a)} and {len(b)} values are not pairs")
    (a, b), unit = _to_unit([a, b])
    differences = a - b
    rounding = ROUNDING * np.maximum(np.abs(a), np.abs(b))
    differences[np.abs(differences) <= rounding] = 0.0
    return differences, float(rounding.max(initial=0.0)), unit


def _paired_t(differences: Vector, rounding: float, unit: float, confidence: float) -> GroupTest:
    n = len(differences)
    note = _too_few_pairs(n) or _all_zero(differences)
    if note:
        return no_answer("paired t", (n,), note)
    difference = float(differences.mean())
    deviation = float(differences.std(ddof=1))
    if deviation <= rounding:
        return no_answer("paired t", (n,), "every pair differs by the same")
    numbers = _in_unit(_t(difference, deviation / math.sqrt(n), n - 1, confidence), unit)
    return answer("paired t", (n,), **numbers, effect=difference / deviation)
