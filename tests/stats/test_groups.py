"""Tests of groups, pairs and repeated measures, against R, scipy and slow, obvious oracles.

Tolerance: 1e-10 relative, also absolute on limits of intervals, which may lie near zero; what is a
count or a rank sum is exact.
"""

from __future__ import annotations

import itertools
import json
import math
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from tcga_corr.stats.adjustment import holm
from tcga_corr.stats.groups import (
    EFFECTS,
    MIN_GROUP,
    GroupTest,
    compare_many,
    compare_pairs,
    compare_two,
    signed_ranks,
)
from tcga_corr.stats.repeated import PairTest, friedman, post_hoc

Vector = NDArray[np.float64]
GOLDEN: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "golden" / "groups.json").read_text(encoding="utf-8")
)
NUMBERS = {
    "welch": {"difference", "ci_low", "ci_high", "statistic", "df", "p", "effect"},
    "mann-whitney": {"statistic", "p", "effect"},
    "anova": {"statistic", "df", "df2", "p", "effect"},
    "welch anova": {"statistic", "df", "df2", "p", "effect"},
    "kruskal-wallis": {"statistic", "df", "p", "effect"},
    "paired t": {"difference", "ci_low", "ci_high", "statistic", "df", "p", "effect"},
    "wilcoxon": {"statistic", "p", "effect"},
    "friedman": {"statistic", "df", "p", "effect"},
}
ALL_NUMBERS = set.union(*NUMBERS.values())
SIGNED = ("welch", "mann-whitney", "paired t", "wilcoxon")


def near(value: float, expected: Any) -> None:
    assert value == pytest.approx(expected, rel=1e-10, abs=1e-300)


def close(value: float, expected: Any) -> None:
    assert value == pytest.approx(expected, rel=1e-10, abs=1e-12)


def without_answer(found: GroupTest) -> str:
    """The note of a test, which must have no numbers."""
    assert all(math.isnan(getattr(found, name)) for name in ALL_NUMBERS), found
    assert found.effect_name == EFFECTS[found.test]
    assert found.note
    return found.note


def answered(found: GroupTest) -> GroupTest:
    """The test, which must have all of its numbers and no other, in their range."""
    assert not found.note
    assert found.effect_name == EFFECTS[found.test]
    there = {name for name in ALL_NUMBERS if not math.isnan(getattr(found, name))}
    assert there == NUMBERS[found.test], found
    assert all(type(getattr(found, name)) is float for name in ALL_NUMBERS)
    assert 0 <= found.p <= 1
    if found.effect_name in ("rank_biserial", "eta_squared", "epsilon_squared", "kendalls_w"):
        assert (-1 if found.test in SIGNED else 0) <= found.effect <= 1
    return found


def same(one: GroupTest, other: GroupTest) -> None:
    """Equal in all that they say, up to rounding."""
    assert (one.test, one.n, one.effect_name, one.note) == (
        other.test,
        other.n,
        other.effect_name,
        other.note,
    )
    for name in ALL_NUMBERS:
        assert getattr(one, name) == pytest.approx(
            getattr(other, name), rel=1e-9, abs=1e-9, nan_ok=True
        ), name


def turned(found: GroupTest) -> GroupTest:
    """What a test must say when a and b change places."""
    if found.test == "mann-whitney":
        statistic = math.prod(found.n) - found.statistic
    else:
        statistic = -found.statistic
    return replace(
        found,
        n=found.n[::-1],
        difference=-found.difference,
        ci_low=-found.ci_high,
        ci_high=-found.ci_low,
        statistic=statistic,
        effect=-found.effect,
    )


# R


def case(kind: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("golden", GOLDEN[kind].values(), ids=GOLDEN[kind])


def same_t(found: GroupTest, wider: GroupTest, golden: dict[str, Any]) -> None:
    near(found.statistic, golden["statistic"])
    near(found.df, golden["df"])
    near(found.p, golden["p"])
    limits = [found.ci_low, found.ci_high, wider.ci_low, wider.ci_high]
    assert limits == pytest.approx([*golden["ci"], *golden["ci_99"]], rel=1e-10, abs=1e-10)
    assert (wider.p, wider.effect, wider.df) == (found.p, found.effect, found.df)


@case("two")
def test_two_groups_equal_r(golden: dict[str, Any]) -> None:
    a, b = golden["a"], golden["b"]
    welch, ranked = map(answered, compare_two(a, b))
    assert (welch.test, ranked.test) == ("welch", "mann-whitney")
    assert welch.n == ranked.n == (len(a), len(b))
    same_t(welch, compare_two(a, b, confidence=0.99)[0], golden["welch"])
    near(welch.difference, golden["difference"])
    near(welch.effect, golden["hedges_g"])
    assert ranked.statistic == golden["u"]
    near(ranked.p, golden["p"])
    close(ranked.effect, golden["rank_biserial"])


@case("many")
def test_many_groups_equal_r(golden: dict[str, Any]) -> None:
    found = [answered(test) for test in compare_many(golden["groups"])]
    assert [test.test for test in found] == ["anova", "welch anova", "kruskal-wallis"]
    assert all(test.n == tuple(map(len, golden["groups"])) for test in found)
    for test, name in zip(found[:2], ("anova", "welch"), strict=True):
        near(test.statistic, golden[name]["statistic"])
        assert test.df == golden[name]["df"][0]
        near(test.df2, golden[name]["df"][1])
        near(test.p, golden[name]["p"])
        near(test.effect, golden["eta_squared"])
    near(found[2].statistic, golden["kruskal"]["statistic"])
    assert found[2].df == golden["kruskal"]["df"]
    near(found[2].p, golden["kruskal"]["p"])
    near(found[2].effect, golden["epsilon_squared"])


@case("pairs")
def test_pairs_equal_r(golden: dict[str, Any]) -> None:
    a, b = golden["a"], golden["b"]
    paired, ranked = map(answered, compare_pairs(a, b))
    assert (paired.test, ranked.test) == ("paired t", "wilcoxon")
    assert paired.n == ranked.n == (len(a),)
    same_t(paired, compare_pairs(a, b, confidence=0.99)[0], golden["t"])
    near(paired.difference, golden["difference"])
    near(paired.effect, golden["cohens_dz"])
    assert ranked.statistic == golden["v"]
    near(ranked.p, golden["p"])
    close(ranked.effect, golden["rank_biserial"])
    assert signed_ranks(a, b) == ranked


@case("repeated")
def test_repeated_measures_equal_r(golden: dict[str, Any]) -> None:
    scores = np.array(golden["scores"])
    n, k = scores.shape
    found = answered(friedman(scores))
    assert (found.test, found.n, found.df) == ("friedman", (n,), k - 1)
    near(found.statistic, golden["friedman"]["statistic"])
    near(found.p, golden["friedman"]["p"])
    near(found.effect, golden["kendalls_w"])
    pairs = post_hoc(scores)
    assert [(pair.first, pair.second) for pair in pairs] == list(
        itertools.combinations(range(k), 2)
    )
    expected = zip(golden["p"], golden["p_holm"], golden["mean_rank_difference"], strict=True)
    for pair, (p, p_holm, difference) in zip(pairs, expected, strict=True):
        assert (pair.n, pair.note) == (n, "")
        near(pair.p, p)
        near(pair.p_holm, p_holm)
        close(pair.mean_rank_difference, difference)


def test_holm_equals_r() -> None:
    p, expected = (np.array(values, dtype=np.float64) for values in GOLDEN["holm"].values())
    np.testing.assert_allclose(holm(p), expected, rtol=1e-14)


# scipy


def drawn(n: int, shift: float, decimals: int | None, seed: int) -> Vector:
    values = np.random.default_rng([n, seed]).normal(shift, 1 + seed, n)
    return values if decimals is None else values.round(decimals)


@pytest.mark.parametrize("decimals", [None, 0])
@pytest.mark.parametrize("sizes", [(3, 3), (8, 30), (9, 9), (60, 25), (700, 31)])
@pytest.mark.parametrize("confidence", [0.95, 0.5, 0.999])
def test_two_groups_equal_scipy(
    decimals: int | None, sizes: tuple[int, int], confidence: float
) -> None:
    a, b = drawn(sizes[0], 0.8, decimals, 0), drawn(sizes[1], 0, decimals, 1)
    welch, ranked = map(answered, compare_two(a, b, confidence))
    expected: Any = stats.ttest_ind(a, b, equal_var=False)
    interval = expected.confidence_interval(confidence)
    close(welch.difference, a.mean() - b.mean())
    close(welch.statistic, expected.statistic)
    near(welch.df, expected.df)
    near(welch.p, expected.pvalue)
    close(welch.ci_low, interval.low)
    close(welch.ci_high, interval.high)
    u = stats.mannwhitneyu(a, b)
    assert (ranked.statistic, ranked.p) == (u.statistic, u.pvalue)


@pytest.mark.parametrize("decimals", [None, 0])
@pytest.mark.parametrize("sizes", [(3, 3, 3), (5, 40, 12, 9), (100, 200)])
def test_many_groups_equal_scipy(decimals: int | None, sizes: tuple[int, ...]) -> None:
    groups = [drawn(n, seed / 3, decimals, seed) for seed, n in enumerate(sizes)]
    anova, _, ranked = map(answered, compare_many(groups))
    expected = stats.f_oneway(*groups)
    near(anova.statistic, expected.statistic)
    near(anova.p, expected.pvalue)
    assert (anova.df, anova.df2) == (len(sizes) - 1, sum(sizes) - len(sizes))
    h = stats.kruskal(*groups)
    near(ranked.statistic, h.statistic)
    near(ranked.p, h.pvalue)


@pytest.mark.parametrize("n", [3, 20, 51, 400])
@pytest.mark.parametrize("confidence", [0.95, 0.5, 0.999])
def test_pairs_equal_scipy(n: int, confidence: float) -> None:
    a, b = drawn(n, 0.3, None, 0), drawn(n, 0, None, 1)
    paired, ranked = map(answered, compare_pairs(a, b, confidence))
    expected = stats.ttest_rel(a, b)
    interval = expected.confidence_interval(confidence)
    near(paired.statistic, expected.statistic)
    near(paired.p, expected.pvalue)
    near(paired.ci_low, interval.low)
    near(paired.ci_high, interval.high)
    near(ranked.p, stats.wilcoxon(a, b, correction=True).pvalue)


@pytest.mark.parametrize("decimals", [None, 0])
@pytest.mark.parametrize(("n", "k"), [(3, 3), (40, 4), (7, 12)])
def test_repeated_measures_equal_scipy(decimals: int | None, n: int, k: int) -> None:
    scores = drawn(n * k, 0, decimals, 0).reshape(n, k)
    found, expected = answered(friedman(scores)), stats.friedmanchisquare(*scores.T)
    near(found.statistic, float(expected.statistic))
    near(found.p, float(expected.pvalue))


# slow, obvious oracles

whole = st.integers(-20, 20)
group = st.lists(whole, min_size=3, max_size=12)
paired_values = st.lists(st.tuples(whole, whole), min_size=3, max_size=8)


def favourable(a: Sequence[float], b: Sequence[float]) -> Fraction:
    """Pairs of values in which a's is the higher, ties half."""
    pairs = itertools.product(a, b)
    return sum((Fraction((x > y) - (x < y) + 1, 2) for x, y in pairs), start=Fraction(0))


def varied(*groups: Sequence[float]) -> bool:
    return any(len(set(values)) > 1 for values in groups)


@given(group, group)
def test_rank_biserial_is_twice_the_auc_less_one(a: list[int], b: list[int]) -> None:
    assume(len({*a, *b}) > 1)
    ranked = answered(compare_two(a, b)[1])
    auc = favourable(a, b) / (len(a) * len(b))
    assert ranked.statistic == favourable(a, b)
    close(ranked.effect, float(2 * auc - 1))


@given(group, group)
def test_hedges_g_by_its_definition(a: list[int], b: list[int]) -> None:
    assume(varied(a, b))
    m = len(a) + len(b) - 2
    squares = (len(a) - 1) * np.var(a, ddof=1) + (len(b) - 1) * np.var(b, ddof=1)
    unbias = math.gamma(m / 2) / (math.sqrt(m / 2) * math.gamma((m - 1) / 2))
    expected = unbias * (np.mean(a) - np.mean(b)) / math.sqrt(squares / m)
    close(answered(compare_two(a, b)[0]).effect, float(expected))


def test_hedges_correction_of_many_samples() -> None:
    a, b = np.tile([1.0, 3.0], 3_000), np.tile([0.0, 2.0], 3_000)
    m = len(a) + len(b) - 2
    # Gamma(m/2) / Gamma((m - 1)/2) / sqrt(m/2) in powers of 1/m
    unbias = 1 - 3 / (4 * m) - 7 / (32 * m**2)
    near(compare_two(a, b)[0].effect, unbias / math.sqrt(12_000 / m))


def exact_anova(groups: Sequence[Sequence[float]]) -> tuple[Fraction, Fraction]:
    """F and eta squared without rounding."""
    exact = [[Fraction(value) for value in values] for values in groups]
    means = [sum(values, Fraction(0)) / len(values) for values in exact]
    n = sum(map(len, exact))
    mean = sum(itertools.chain(*exact), Fraction(0)) / n
    between = sum(
        (len(values) * (of - mean) ** 2 for values, of in zip(exact, means, strict=True)),
        Fraction(0),
    )
    within = sum(
        ((value - of) ** 2 for values, of in zip(exact, means, strict=True) for value in values),
        Fraction(0),
    )
    k = len(groups)
    return (between / (k - 1)) / (within / (n - k)), between / (between + within)


@given(st.lists(group, min_size=2, max_size=5))
def test_anova_by_its_definition(groups: list[list[int]]) -> None:
    assume(varied(*groups))
    f, eta_squared = exact_anova(groups)
    anova = answered(compare_many(groups)[0])
    close(anova.statistic, float(f))
    close(anova.effect, float(eta_squared))


def test_anova_of_groups_far_apart() -> None:
    """Squares within are not lost beside those between."""
    steps = np.array([0, 1, 2, 4, 7]) * 2.0**-26
    groups = [center + scale * steps for center, scale in ((0, 1), (1, 3), (2, 2))]
    f, _ = exact_anova([values.tolist() for values in groups])
    anova = answered(compare_many(groups)[0])
    assert f > 1e14
    assert anova.statistic == pytest.approx(float(f), rel=1e-7)
    assert anova.p == pytest.approx(float(stats.f.sf(float(f), 2, 12)), rel=1e-6)


@given(paired_values)
def test_signed_ranks_by_their_definition(values: list[tuple[int, int]]) -> None:
    """The effect from ranks counted one by one; p from all ways to give the ranks signs."""
    a, b = zip(*values, strict=True)
    d = [x - y for x, y in values if x != y]
    assume(d)
    doubled = [sum((abs(x) > abs(y)) - (abs(x) < abs(y)) + 1 for y in d) + 1 for x in d]
    positive = sum(rank for rank, x in zip(doubled, d, strict=True) if x > 0)
    total = sum(doubled)
    found = answered(signed_ranks(a, b))
    assert found.n == (len(values),)
    assert found.statistic == positive / 2
    close(found.effect, (2 * positive - total) / total)
    ways = [
        sum(itertools.compress(doubled, signs))
        for signs in itertools.product((False, True), repeat=len(d))
    ]
    low, high = sum(way <= positive for way in ways), sum(way >= positive for way in ways)
    near(found.p, min(1.0, 2 * min(low, high) / 2 ** len(d)))


def normal_p(distance: float, variance: float) -> float:
    z = max(abs(distance) - 0.5, 0) / math.sqrt(variance)
    return math.erfc(z / math.sqrt(2))


def test_signed_ranks_are_exact_up_to_50_pairs_that_differ() -> None:
    none, first = np.zeros(52), np.arange(1.0, 53)
    near(signed_ranks(first[:50], none[:50]).p, 2.0**-49)
    near(signed_ranks([*first[:50], 7, 7], [*none[:50], 7, 7]).p, 2.0**-49)
    near(signed_ranks(np.ones(50), none[:50]).p, 2.0**-49)
    expected = normal_p(51 * 52 / 4, 51 * 52 * 103 / 24)
    near(signed_ranks(first[:51], none[:51]).p, expected)
    first[1] = -1  # ranks 1.5 1.5 3 ... 52
    variance = 52 * 53 * 105 / 24 - (2**3 - 2) / 48
    near(signed_ranks(first, none).p, normal_p(52 * 53 / 4 - 1.5, variance))


@pytest.mark.parametrize("n", [14, 37, 50])
def test_signed_ranks_of_more_pairs_equal_scipy(n: int) -> None:
    values = drawn(n, 0.3, None, 0)
    near(signed_ranks(values, np.zeros(n)).p, stats.wilcoxon(values, method="exact").pvalue)


def test_u_is_exact_up_to_8_without_ties() -> None:
    rng = np.random.default_rng(5)
    values = rng.permutation(17).astype(float)
    a, b = values[:8], values[8:]
    u = favourable(a.tolist(), b.tolist())
    ways = [sum(ranks) - 28 for ranks in itertools.combinations(range(17), 8)]
    low, high = sum(way <= u for way in ways), sum(way >= u for way in ways)
    near(compare_two(a, b)[1].p, min(1.0, 2 * min(low, high) / math.comb(17, 8)))
    for sizes, ties in (((9, 9), 0), ((3, 5), 2)):
        n = sum(sizes)
        values = np.arange(float(n))
        values[1] = values[0] if ties else values[1]
        a, b = values[: sizes[0]], values[sizes[0] :]
        variance = math.prod(sizes) / 12 * (n + 1 - (ties**3 - ties) / (n * (n - 1)))
        near(compare_two(a, b)[1].p, normal_p(math.prod(sizes) / 2, variance))


@settings(max_examples=50)
@given(st.integers(3, 8), st.integers(3, 5), st.randoms(use_true_random=False))
def test_kendalls_w_is_the_mean_correlation_of_samples(n: int, k: int, draw: Any) -> None:
    """Without ties, W = (1 + (n - 1) rho) / n of the mean Spearman rho of two samples."""
    scores = np.array([draw.sample(range(k), k) for _ in range(n)])
    pairs = itertools.combinations(scores.astype(float), 2)
    rho = np.mean([np.corrcoef(one, other)[0, 1] for one, other in pairs])
    close(answered(friedman(scores)).effect, float((1 + (n - 1) * rho) / n))


def holm_one_by_one(p: list[float]) -> list[float]:
    """The least level at which each p is rejected, going from the lowest on until one is not."""
    levels, reached = dict.fromkeys(range(len(p)), 0.0), 0.0
    for step, index in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
        reached = max(reached, p[index] * (len(p) - step))
        levels[index] = min(reached, 1.0)
    return list(levels.values())


p_values = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.01, 0.05, 1.0, math.nan]))


@given(st.lists(p_values, max_size=30))
def test_holm_step_by_step(values: list[float]) -> None:
    p = np.array(values, dtype=np.float64)
    before = p.copy()
    adjusted = holm(p)
    valid = ~np.isnan(p)
    assert np.array_equal(np.isnan(adjusted), ~valid)
    np.testing.assert_allclose(adjusted[valid], holm_one_by_one(p[valid].tolist()), rtol=1e-14)
    assert np.array_equal(p, before, equal_nan=True)


def test_holm_by_hand() -> None:
    nan = math.nan
    adjusted = holm(np.array([0.04, nan, 0.01, 0.03, 0.5]))
    np.testing.assert_allclose(adjusted, [0.09, nan, 0.04, 0.09, 0.5], rtol=1e-14)
    assert holm(np.array([0.2])).tolist() == [0.2]
    assert holm(np.array([0.6, 0.7])).tolist() == [1.0, 1.0]


# properties


@given(group, group)
def test_two_groups_may_change_places(a: list[int], b: list[int]) -> None:
    for one, other in zip(compare_two(a, b), compare_two(b, a), strict=True):
        same(turned(one), other)


@given(paired_values)
def test_pairs_may_be_turned(values: list[tuple[int, int]]) -> None:
    a, b = zip(*values, strict=True)
    for one, other in zip(compare_pairs(a, b), compare_pairs(b, a), strict=True):
        expected = turned(one)
        if one.test == "wilcoxon" and not one.note:
            apart = sum(x != y for x, y in values)
            expected = replace(expected, statistic=apart * (apart + 1) / 2 - one.statistic)
        same(expected, other)


@given(st.lists(group, min_size=2, max_size=4), st.integers(-1_000, 1_000), st.integers(-900, 900))
def test_shift_and_scale_are_not_seen(groups: list[list[int]], shift: int, power: int) -> None:
    """Whole numbers and powers of two, so that the transform itself does not round."""
    moved = [[value + shift for value in values] for values in groups]
    scaled = [[value * 2.0**power for value in values] for values in groups]
    a, b = groups[:2]
    n = min(len(a), len(b))
    for one, other in zip(
        [*compare_two(a, b), *compare_many(groups), *compare_pairs(a[:n], b[:n])],
        [
            *compare_two(moved[0], moved[1]),
            *compare_many(moved),
            *compare_pairs(moved[0][:n], moved[1][:n]),
        ],
        strict=True,
    ):
        same(one, other)
    unit = 2.0**power
    for one, other in zip(
        [*compare_two(a, b), *compare_many(groups), *compare_pairs(a[:n], b[:n])],
        [
            *compare_two(scaled[0], scaled[1]),
            *compare_many(scaled),
            *compare_pairs(scaled[0][:n], scaled[1][:n]),
        ],
        strict=True,
    ):
        expected = replace(
            one,
            difference=one.difference * unit,
            ci_low=one.ci_low * unit,
            ci_high=one.ci_high * unit,
        )
        assert repr(other) == repr(expected)  # NaN is not equal to itself


@given(st.lists(group, min_size=2, max_size=4))
def test_rank_tests_do_not_see_monotone_transforms(groups: list[list[int]]) -> None:
    cubed = [[value**3 for value in values] for values in groups]
    assert repr(compare_two(groups[0], groups[1])[1]) == repr(compare_two(cubed[0], cubed[1])[1])
    assert repr(compare_many(groups)[2]) == repr(compare_many(cubed)[2])
    n = min(map(len, groups))
    scores = np.array([values[:n] for values in groups], dtype=np.float64).T
    assert repr(friedman(scores)) == repr(friedman(scores**3))
    for one, other in zip(post_hoc(scores), post_hoc(scores**3), strict=True):
        assert one.note == other.note
        assert repr(one.mean_rank_difference) == repr(other.mean_rank_difference)


@given(st.lists(group, min_size=2, max_size=4), st.randoms(use_true_random=False))
def test_order_does_not_matter(groups: list[list[int]], draw: Any) -> None:
    mixed = [draw.sample(values, len(values)) for values in groups]
    for one, other in zip(
        compare_two(groups[0], groups[1]), compare_two(mixed[0], mixed[1]), strict=True
    ):
        same(one, other)
    for one, other in zip(compare_many(groups), compare_many(mixed[::-1]), strict=True):
        assert bool(one.note) == bool(other.note)
        same(replace(one, n=one.n[::-1], note=other.note), other)


@given(group, group)
def test_f_of_two_groups_is_t_squared(a: list[int], b: list[int]) -> None:
    assume(len(set(a)) > 1)
    assume(len(set(b)) > 1)
    anova, welch_anova, _ = compare_many([a, b])
    pooled, welch = stats.ttest_ind(a, b), compare_two(a, b)[0]
    close(anova.statistic, pooled.statistic**2)
    close(anova.p, pooled.pvalue)
    close(welch_anova.statistic, welch.statistic**2)
    near(welch_anova.df2, welch.df)
    close(welch_anova.p, welch.p)


@given(group, group, st.sampled_from([0.5, 0.9, 0.95]))
def test_the_interval_has_zero_where_p_is_high(
    a: list[int], b: list[int], confidence: float
) -> None:
    n = min(len(a), len(b))
    for found in (compare_two(a, b, confidence)[0], compare_pairs(a[:n], b[:n], confidence)[0]):
        if found.note or abs(found.p - (1 - confidence)) < 1e-6:
            continue
        assert found.ci_low <= found.difference <= found.ci_high
        assert (found.ci_low < 0 < found.ci_high) == (found.p > 1 - confidence)


@given(st.lists(st.lists(whole, min_size=4, max_size=4), max_size=12))
def test_post_hoc_from_its_parts(rows: list[list[int]]) -> None:
    scores = np.array(rows, dtype=np.float64).reshape(-1, 4)
    found = post_hoc(scores)
    assert [(pair.first, pair.second) for pair in found] == [
        (0, 1),
        (0, 2),
        (0, 3),
        (1, 2),
        (1, 3),
        (2, 3),
    ]
    raw = [1.0 if pair.note else pair.p for pair in found]
    ranks = [[sum((x > y) + (x == y) / 2 for y in row) for x in row] for row in rows]
    for pair, p_holm in zip(found, holm_one_by_one(raw), strict=True):
        one = signed_ranks(scores[:, pair.first], scores[:, pair.second])
        assert (pair.n, pair.note) == (len(rows), one.note)
        numbers = (pair.mean_rank_difference, pair.p, pair.p_holm, pair.rank_biserial)
        if one.note:
            assert all(map(math.isnan, numbers))
            continue
        difference = np.mean([row[pair.first] - row[pair.second] for row in ranks])
        close(pair.mean_rank_difference, difference)
        assert numbers[1:] == (one.p, p_holm, one.effect)


@given(st.lists(st.lists(whole, min_size=3, max_size=3), min_size=3, max_size=9))
def test_variables_may_change_places(rows: list[list[int]]) -> None:
    scores = np.array(rows, dtype=np.float64)
    same(friedman(scores), friedman(scores[:, ::-1]))
    for one, other in zip(post_hoc(scores), post_hoc(scores[:, ::-1])[::-1], strict=True):
        assert (one.first, one.second) == (2 - other.second, 2 - other.first)
        assert one.note == other.note
        if not one.note:
            close(one.mean_rank_difference, -other.mean_rank_difference)
            close(one.rank_biserial, -other.rank_biserial)
            near(one.p_holm, other.p_holm)


# degenerate

finite = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.0, -0.0, 1.0, 0.1, 5e-324, 1e-160, 1e155, 1.7e308, -1.7e308]),
)
some_groups = st.lists(finite, min_size=1, max_size=5).flatmap(
    lambda pool: st.lists(st.lists(st.sampled_from(pool), max_size=6), max_size=4)
)


@settings(max_examples=300)
@given(some_groups)
def test_any_finite_values_give_numbers_or_a_note(groups: list[list[float]]) -> None:
    """Neither an exception nor a warning."""
    found = compare_many(groups)
    n = min(map(len, groups), default=0)
    if len(groups) > 1:
        a, b = groups[:2]
        found += compare_two(a, b)
        m = min(len(a), len(b))
        found += compare_pairs(a[:m], b[:m])
    scores = np.array([values[:n] for values in groups], dtype=np.float64)
    scores = scores.reshape(len(groups), n).T
    found.append(friedman(scores))
    for test in found:
        if test.note:
            without_answer(test)
        else:
            answered(test)
    for pair in post_hoc(scores):
        assert bool(pair.note) == math.isnan(pair.p)


FEW: tuple[list[float], ...] = ([], [1.0], [1.0, 2.0])
ENOUGH = [1.0, 2.0, 4.0]


@pytest.mark.parametrize("few", FEW, ids=len)
def test_small_groups_have_a_note(few: list[float]) -> None:
    n = len(few)
    for test in compare_two(few, ENOUGH):
        assert test.n == (n, 3)
        assert without_answer(test) == f"too few samples: {n} in a, at least {MIN_GROUP} needed"
    for test in compare_two(few, few, names=("M0", "M1")):
        assert f"{n} in M0, {n} in M1" in without_answer(test)
    for test in compare_many([ENOUGH, few, ENOUGH]):
        assert test.n == (3, n, 3)
        assert f": {n} in group 2, at" in without_answer(test)
    for test in compare_many([ENOUGH, ENOUGH, few], names=["i", "ii", "iii"]):
        assert f": {n} in iii, at" in without_answer(test)
    for test in compare_pairs(few, few):
        assert test.n == (n,)
        assert without_answer(test) == f"too few pairs: {n}, at least {MIN_GROUP} needed"


@pytest.mark.parametrize("groups", [[], [ENOUGH]], ids=len)
def test_less_than_two_groups(groups: list[list[float]]) -> None:
    for test in compare_many(groups):
        assert without_answer(test) == f"too few groups: {len(groups)}, at least 2 needed"


def test_three_values_are_enough() -> None:
    for test in (
        *compare_two(ENOUGH, [3, 5, 6]),
        *compare_many([ENOUGH, [3, 5, 6]]),
        *compare_pairs(ENOUGH, [3, 5, 6]),
    ):
        answered(test)


@pytest.mark.parametrize("value", [0.0, 0.1, -1e6, 1e-300, 1e300])
def test_constant_groups(value: float) -> None:
    constant = [value] * 5
    welch, ranked = compare_two(constant, constant)
    assert without_answer(welch) == "a and b are constant"
    assert without_answer(ranked) == "all values are equal"
    anova, welch, ranked = compare_many([constant] * 3)
    assert without_answer(anova) == without_answer(welch) == "every group is constant"
    assert without_answer(ranked) == "all values are equal"
    for test in compare_pairs(constant, constant):
        assert without_answer(test) == "no pair differs"


def test_groups_constant_at_other_values() -> None:
    """Nothing to measure the difference by, but an order."""
    low, high = [1.0] * 6, [2.0] * 5
    welch, ranked = compare_two(high, low)
    assert "constant" in without_answer(welch)
    assert (answered(ranked).statistic, ranked.effect) == (30.0, 1.0)
    anova, welch, ranked = compare_many([low, high, low])
    assert without_answer(anova) == without_answer(welch) == "every group is constant"
    assert answered(ranked).effect == pytest.approx(1.0)


def test_one_constant_group() -> None:
    constant, other = [0.1] * 7, [0.2, 0.5, 0.1, 0.9]
    welch = answered(compare_two(constant, other)[0])
    expected = stats.ttest_1samp(other, 0.1)  # the variance is that of the other group alone
    near(welch.statistic, -expected.statistic)
    near(welch.p, expected.pvalue)
    near(welch.df, 3)
    anova, welch, ranked = compare_many([other, constant, other])
    assert without_answer(welch) == "group 2 is constant"
    answered(anova)
    answered(ranked)
    _, welch, _ = compare_many([constant, other, constant], names=["x", "y", "z"])
    assert without_answer(welch) == "x, z are constant"


def test_rounding_error_is_no_variation() -> None:
    jitter = 5 + np.arange(6) % 2 * 1e-15
    assert "constant" in without_answer(compare_two(jitter, jitter + 1)[0])
    many = np.tile(jitter, 1_000)
    assert "every" in without_answer(compare_many([jitter, jitter + 1, many])[0])
    third = np.full(4, 0.1) + 0.2
    for test in compare_pairs(third, np.full(4, 0.3)):
        assert without_answer(test) == "no pair differs"
    values = np.array([1e3, 2.3, 77.7, 0.4, 12.1])
    paired, ranked = compare_pairs(values + 0.1, values)
    assert without_answer(paired) == "every pair differs by the same"
    assert (answered(ranked).p, ranked.effect) == (2 / 2**5, 1.0)
    real = 5 + np.arange(6) % 2 * 1e-6
    assert answered(compare_two(real, real + 1e-6)[0]).effect == pytest.approx(-1.6847, abs=1e-4)


def test_identical_groups() -> None:
    values = [1.0, 5.0, 2.5, 2.5]
    welch, ranked = map(answered, compare_two(values, values))
    assert (welch.difference, welch.statistic, welch.p, welch.effect) == (0, 0, 1, 0)
    assert (ranked.statistic, ranked.p, ranked.effect) == (8, 1, 0)
    for test in map(answered, compare_many([values] * 3)):
        close(test.statistic, 0)
        close(test.p, 1)
        close(test.effect, 0)


def test_differences_that_cancel() -> None:
    paired, ranked = map(answered, compare_pairs([1, 0, 2, 0, 5], [0, 1, 0, 2, 5]))
    assert (paired.difference, paired.p, paired.effect) == (0, 1, 0)
    assert (ranked.statistic, ranked.p, ranked.effect) == (5, 1, 0)


def test_one_pair_that_differs() -> None:
    found = answered(signed_ranks([1, 2, 3, 5], [1, 2, 3, 4]))
    assert (found.n, found.statistic, found.p, found.effect) == ((4,), 1, 1, 1)


def test_too_few_variables_or_samples() -> None:
    scores = np.arange(20.0).reshape(10, 2)
    for k in (0, 1, 2):
        note = without_answer(friedman(scores[:, :k]))
        assert note == f"too few variables: {k}, at least 3 needed"
    for n in (0, 1, 2):
        found = friedman(np.arange(30.0).reshape(10, 3)[:n])
        assert found.n == (n,)
        assert without_answer(found) == f"too few samples: {n}, at least 3 needed"
        assert {pair.note for pair in post_hoc(np.ones((n, 3)))} == {
            f"too few pairs: {n}, at least 3 needed"
        }
    assert post_hoc(scores[:, :0]) == post_hoc(scores[:, :1]) == []
    (pair,) = post_hoc(scores)
    assert pair == PairTest(0, 1, 10, -1.0, pair.p, pair.p, -1.0)
    near(pair.p, 2 / 2**10)


def test_variables_that_are_equal() -> None:
    scores = np.repeat(np.arange(5.0)[:, None], 4, axis=1)
    assert without_answer(friedman(scores)) == "in every sample all variables are equal"
    assert {pair.note for pair in post_hoc(scores)} == {"no pair differs"}


def test_a_pair_without_an_answer_counts_in_the_adjustment() -> None:
    x = np.arange(1.0, 8)
    same_twice, other = post_hoc(np.stack([x, x, -x], axis=1))[:2]
    assert same_twice.note == "no pair differs"
    near(other.p, 2 / 2**7)
    near(other.p_holm, 3 * other.p)


def test_samples_of_one_order() -> None:
    found = answered(friedman(np.arange(40.0).reshape(10, 4)))
    close(found.statistic, 30)
    close(found.effect, 1)


# misuse


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_values_that_are_not_finite_are_refused(bad: float) -> None:
    values = [1.0, 2.0, bad]
    with pytest.raises(ValueError, match="finite"):
        compare_two(ENOUGH, values)
    with pytest.raises(ValueError, match="finite"):
        compare_many([ENOUGH, ENOUGH, values])
    with pytest.raises(ValueError, match="finite"):
        compare_pairs(values, ENOUGH)
    for compare in (friedman, post_hoc):
        with pytest.raises(ValueError, match="finite"):
            compare([values, values, values])


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="2 dimensions, not one"):
        compare_two([ENOUGH], ENOUGH)
    with pytest.raises(ValueError, match="0 dimensions, not one"):
        compare_many([3.0, ENOUGH])
    with pytest.raises(ValueError, match="3 and 4 values are not pairs"):
        compare_pairs(ENOUGH, [1, 2, 3, 4])
    with pytest.raises(ValueError, match="2 names for 3 groups"):
        compare_many([ENOUGH] * 3, names=["a", "b"])
    for compare in (friedman, post_hoc):
        with pytest.raises(ValueError, match="1 dimensions, not two"):
            compare(ENOUGH)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0, math.nan])
def test_no_such_confidence(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        compare_two(ENOUGH, ENOUGH, confidence)
    with pytest.raises(ValueError, match="confidence"):
        compare_pairs(ENOUGH, ENOUGH, confidence)


def test_input_is_left_as_it_was() -> None:
    a, b = drawn(20, 0, 0, 0), drawn(20, 0, 0, 1)
    scores = np.stack([a, b, a + b], axis=1)
    before = [array.copy() for array in (a, b, scores)]
    compare_two(a, b), compare_many([a, b]), compare_pairs(a, b), friedman(scores), post_hoc(scores)
    assert all(map(np.array_equal, (a, b, scores), before))


def test_scipy_is_imported_by_a_test_only() -> None:
    code = "import sys, tcga_corr.stats.repeated; sys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
