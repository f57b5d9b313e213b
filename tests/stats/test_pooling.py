"""Random-effects pooling of r against statsmodels, metafor and a slow version of its formulas.

Tolerance: 1e-10; p and Q also within 1e-10 of themselves.
"""

from __future__ import annotations

import json
import math
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from tcga_corr.stats import pooling
from tcga_corr.stats.methods import fisher_variance
from tcga_corr.stats.pooling import Pooled

Vector = NDArray[np.float64]
GOLDEN = json.loads((Path(__file__).parents[1] / "golden/pooling.json").read_text(encoding="utf-8"))
CASES = {case["name"]: case for case in GOLDEN["cases"]}
FIELDS = [field.name for field in fields(Pooled)]
COUNTS = ("n_types", "loo_low_left", "loo_high_left")
NUMBERS = [name for name in FIELDS if name not in COUNTS]
PREDICTION = ("prediction_low", "prediction_high")  # test_prediction.py has its slow version
BY_FORMULA = [name for name in FIELDS if name not in PREDICTION]
nan = math.nan


def pool(r: Any, variance: Any, confidence: float = 0.95) -> Pooled:
    """Pooled with the standard error as Hartung and Knapp first had it."""
    return pooling.pool(r, variance, confidence, truncated=False)


def close(value: Any, expected: Any, rel: float = 1e-10) -> None:
    assert value == pytest.approx(expected, rel=rel, abs=1e-10, nan_ok=True)


def equal_numbers(found: Pooled, expected: Pooled, but: tuple[str, ...] = ()) -> None:
    for name in FIELDS:
        if name not in but:
            np.testing.assert_allclose(
                getattr(found, name), getattr(expected, name), rtol=1e-9, atol=1e-10, err_msg=name
            )


# the slow version: one question, one formula after another


def slow_mean(z: list[float], v: list[float]) -> tuple[float, float, float, list[float]]:
    """The mean, Q, tau^2 and the weights."""
    w = [1 / one for one in v]
    m = math.fsum(a * b for a, b in zip(w, z, strict=True)) / math.fsum(w)
    q = math.fsum(a * (b - m) ** 2 for a, b in zip(w, z, strict=True))
    c = math.fsum(w) - math.fsum(a**2 for a in w) / math.fsum(w)
    tau2 = max(0.0, (q - (len(z) - 1)) / c)
    u = [1 / (one + tau2) for one in v]
    return math.fsum(a * b for a, b in zip(u, z, strict=True)) / math.fsum(u), q, tau2, u


def slow_pool(r: list[float], variance: list[float], confidence: float = 0.95) -> dict[str, Any]:
    there = [i for i, (a, b) in enumerate(zip(r, variance, strict=True)) if abs(a) < 1 and b > 0]
    z, v, k = [math.atanh(r[i]) for i in there], [variance[i] for i in there], len(there)
    found: dict[str, Any] = dict.fromkeys(NUMBERS, nan)
    found |= {"n_types": k, "loo_low_left": -1, "loo_high_left": -1}
    if k < 2:
        return found
    mu, q, tau2, u = slow_mean(z, v)
    se = math.sqrt(
        math.fsum(a * (b - mu) ** 2 for a, b in zip(u, z, strict=True)) / ((k - 1) * math.fsum(u))
    )
    t = stats.t(k - 1)
    quantile = float(t.ppf((1 + confidence) / 2))
    found |= {
        "r": math.tanh(mu),
        "ci_low": math.tanh(mu - quantile * se),
        "ci_high": math.tanh(mu + quantile * se),
        "p": 2 * float(t.sf(abs(mu / se))) if se > 0 else float(mu == 0),
        "tau2": tau2,
        "i2": max(0.0, (q - (k - 1)) / q) if q > 0 else 0.0,
        "q": q,
        "q_p": float(stats.chi2.sf(q, k - 1)),
    }
    if k > 2:
        left_out = [
            (math.tanh(slow_mean(z[:i] + z[i + 1 :], v[:i] + v[i + 1 :])[0]), there[i])
            for i in range(k)
        ]
        low, high = min(left_out), max(left_out)
        found |= {"loo_low": low[0], "loo_low_left": low[1]}
        found |= {"loo_high": high[0], "loo_high_left": high[1]}
    return found


def screen(types: int, questions: int, seed: int = 0) -> tuple[Vector, Vector]:
    """r's of many questions and their variances; some are missing, in some questions most."""
    rng = np.random.default_rng(seed)
    n = rng.integers(10, 1_200, size=(types, 1))
    apart = rng.choice([0.0, 0.1, 0.5], size=questions)
    z = rng.normal(0.2, 0.3, questions) + rng.normal(size=(types, questions)) * (
        apart + 1 / np.sqrt(n)
    )
    r = np.tanh(z)
    r[rng.random(r.shape) < rng.choice([0.0, 0.1, 0.9], size=questions)] = nan
    return r, fisher_variance(r, n, "spearman")


# variance of z


@pytest.mark.parametrize(
    ("method", "r", "n", "controls", "expected"),
    [
        ("pearson", 0.5, 28, 0, 0.04),
        ("pearson", -0.9, 28, 5, 0.05),
        ("spearman", 0.4, 30, 0, 0.04),
        ("spearman", -0.4, 33, 3, 0.04),
        ("kendall", 0.4, 23, 0, 0.023),
        ("kendall", 0.4, 25, 2, 0.023),
    ],
)
def test_variance_by_hand(method: Any, r: float, n: int, controls: int, expected: float) -> None:
    close(fisher_variance(r, n, method, controls), expected)


def test_variance_without_method_or_controls_is_that_of_pearson() -> None:
    close(fisher_variance(0.7, 103), 0.01)


@pytest.mark.parametrize(("method", "least"), [("pearson", 4), ("spearman", 4), ("kendall", 5)])
@pytest.mark.parametrize("controls", [0, 1, 3])
def test_no_variance_of_too_few_samples(method: Any, least: int, controls: int) -> None:
    n = np.array([0, 1, least + controls - 1, least + controls, 100])
    found = fisher_variance(np.full(5, 0.2), n, method, controls)
    assert np.isnan(found).tolist() == [True, True, True, False, False]


@pytest.mark.parametrize("method", ["pearson", "spearman", "kendall"])
def test_variance_of_many_questions_at_once(method: Any) -> None:
    r = np.array([[0.1, nan, 0.3], [-0.5, 0.6, 1.0]])
    n, controls = np.array([[20], [30]]), np.array([[0], [1]])
    found = fisher_variance(r, n, method, controls)
    assert found.shape == r.shape
    for i, j in ((0, 0), (0, 2), (1, 0), (1, 1), (1, 2)):
        close(found[i, j], fisher_variance(r[i, j], n[i, 0], method, controls[i, 0]))
    same = fisher_variance(0.3, np.array([20, 30]), method)
    close(same, [fisher_variance(0.3, 20, method), fisher_variance(0.3, 30, method)])


@pytest.mark.parametrize("name", [name for name in CASES if CASES[name]["method"] == "pearson"])
def test_variance_equals_metafor(name: str) -> None:
    case = CASES[name]
    found = fisher_variance(case["r"], case["n"])
    np.testing.assert_allclose(found, case["metafor"]["zcor_variance"], rtol=1e-14)


# the engines


@pytest.mark.parametrize("engine", ["statsmodels", "metafor"])
@pytest.mark.parametrize("name", CASES)
def test_equals_the_engines(name: str, engine: str) -> None:
    case = CASES[name]
    expected = case[engine]
    variance = fisher_variance(case["r"], case["n"], case["method"])
    np.testing.assert_allclose(variance, case["variance"], rtol=1e-14)
    found = pool(case["r"], variance, case["confidence"])
    assert found.n_types == len(case["r"])
    close(found.r, math.tanh(expected["z"]))
    for side in ("ci_low", "ci_high"):
        close(getattr(found, side), math.tanh(expected[side]))
    for number in ("tau2", "i2", "q"):
        close(getattr(found, number), expected[number])
    for p in ("p", "q_p"):
        assert getattr(found, p) == pytest.approx(expected[p], rel=1e-10, abs=1e-300)


@pytest.mark.parametrize("name", [name for name in CASES if len(CASES[name]["r"]) > 2])
def test_leave_one_out_equals_metafor(name: str) -> None:
    case = CASES[name]
    left_out = np.array(case["metafor"]["left_out"])
    found = pool(case["r"], case["variance"])
    close(found.loo_low, math.tanh(left_out.min()))
    close(found.loo_high, math.tanh(left_out.max()))
    assert found.loo_low_left == left_out.argmin()
    assert found.loo_high_left == left_out.argmax()


def test_golden_cases_are_of_every_kind() -> None:
    sizes = {(len(case["r"]), case["metafor"]["tau2"] > 0) for case in CASES.values()}
    assert sizes == {(k, positive) for k in (2, 3, 5, 33) for positive in (False, True)}
    assert {case["method"] for case in CASES.values()} == {"pearson", "spearman", "kendall"}
    assert all(GOLDEN["versions"].values())


@pytest.mark.parametrize("confidence", [0.95, 0.5, 0.999])
@pytest.mark.parametrize("types", [1, 2, 3, 6, 33])
def test_equals_the_slow_version(types: int, confidence: float) -> None:
    r, variance = screen(types, 60, seed=types)
    found = pool(r, variance, confidence)
    for question in range(60):
        expected = slow_pool(r[:, question].tolist(), variance[:, question].tolist(), confidence)
        for name in BY_FORMULA:
            close(getattr(found, name)[question], expected[name], rel=1e-9)


def test_a_genome_wide_screen() -> None:
    r, variance = screen(33, 20_531)
    found = pool(r, variance)
    assert found.n_types.min() < 2
    assert found.n_types.max() == 33
    for question in (0, 1, 10_000, 20_530):
        alone = pool(r[:, question], variance[:, question])
        for name in FIELDS:
            close(getattr(found, name)[question], getattr(alone, name), rel=1e-9)


# properties

coefficient = st.integers(-990, 990).map(lambda number: number / 1_000)
entry = st.tuples(coefficient, st.integers(5, 2_000))
entries = st.lists(entry, min_size=2, max_size=12)
ABSENT = [
    *((nan, 0.1), (1.0, 0.1), (-1.0, 0.1), (1.5, 0.1), (nan, nan)),
    *((0.5, nan), (0.5, 0.0), (0.5, -1.0), (0.5, math.inf)),
]


def columns(points: list[tuple[float, int]]) -> tuple[Vector, Vector]:
    r, n = np.array(points, dtype=np.float64).T
    return r, fisher_variance(r, n, "spearman")


@settings(deadline=None)
@given(entries)
def test_any_types_equal_the_slow_version(points: list[tuple[float, int]]) -> None:
    r, variance = columns(points)
    found, expected = pool(r, variance), slow_pool(r.tolist(), variance.tolist())
    for name in BY_FORMULA:
        if not name.endswith("_left"):  # equals may be told apart by rounding
            close(getattr(found, name), expected[name], rel=1e-8)


@settings(deadline=None)
@given(entries, st.randoms())
def test_the_order_of_the_types_does_not_matter(points: list[Any], random: Any) -> None:
    shuffled = random.sample(points, len(points))
    equal_numbers(pool(*columns(shuffled)), pool(*columns(points)), COUNTS[1:])


@settings(deadline=None)
@given(entries, st.data())
def test_types_without_an_answer_change_nothing(points: list[Any], data: st.DataObject) -> None:
    r, variance = columns(points)
    where = data.draw(st.lists(st.integers(0, len(points)), min_size=1, max_size=4))
    absent = st.sampled_from(ABSENT)
    kinds = data.draw(st.lists(absent, min_size=len(where), max_size=len(where)))
    more_r = np.insert(r, where, [kind[0] for kind in kinds])
    more_variance = np.insert(variance, where, [kind[1] for kind in kinds])
    found, expected = pool(more_r, more_variance), pool(r, variance)
    equal_numbers(found, expected, COUNTS[1:])
    if found.n_types > 2:
        for left in (found.loo_low_left, found.loo_high_left):
            assert abs(more_r[left]) < 1
            assert 0 < more_variance[left] < math.inf


@settings(deadline=None)
@given(entries)
def test_the_sign_of_r_only_turns_the_answer_round(points: list[Any]) -> None:
    r, variance = columns(points)
    found, turned = pool(r, variance), pool(-r, variance)
    for name in ("n_types", "p", "tau2", "i2", "q", "q_p"):
        close(getattr(turned, name), getattr(found, name), rel=1e-8)
    close(turned.r, -found.r)
    for side in ("ci", "prediction", "loo"):
        close(getattr(turned, f"{side}_low"), -getattr(found, f"{side}_high"))
        close(getattr(turned, f"{side}_high"), -getattr(found, f"{side}_low"))


@settings(deadline=None)
@given(st.lists(entry, min_size=3, max_size=12))
def test_leave_one_out_equals_pooling_the_others(points: list[Any]) -> None:
    r, variance = columns(points)
    found = pool(r, variance)
    others = [pool(np.delete(r, i), np.delete(variance, i)).r for i in range(len(r))]
    close(found.loo_low, min(others))
    close(found.loo_high, max(others))
    close(others[int(found.loo_low_left)], min(others))
    close(others[int(found.loo_high_left)], max(others))


@settings(deadline=None)
@given(st.lists(st.tuples(entry, entry, entry), min_size=1, max_size=8), st.data())
def test_many_questions_at_once_equal_one_by_one(points: list[Any], data: st.DataObject) -> None:
    r, n = np.moveaxis(np.array(points, dtype=np.float64), 2, 0)
    gaps = data.draw(st.sets(st.tuples(st.integers(0, len(r) - 1), st.integers(0, 2))))
    for gap in gaps:
        r[gap] = nan
    variance = fisher_variance(r, n, "spearman")
    found = pool(r, variance)
    for question in range(3):
        alone = pool(r[:, question], variance[:, question])
        for name in FIELDS:
            assert getattr(found, name).shape == (3,)
            if not name.endswith("_left"):
                close(getattr(found, name)[question], getattr(alone, name))


@settings(deadline=None)
@given(entries)
def test_limits_lie_about_the_estimate(points: list[Any]) -> None:
    r, variance = columns(points)
    found = pool(r, variance)
    edge = 1e-12
    assert -1 <= found.ci_low <= found.r + edge <= found.ci_high + 2 * edge <= 1 + 2 * edge
    assert min(r) - edge <= found.r <= max(r) + edge
    assert 0 <= found.p <= 1
    assert 0 <= found.q_p <= 1
    assert 0 <= found.i2 < 1
    assert found.tau2 >= 0
    assert (found.tau2 == 0) == (found.i2 == 0)
    # p and interval are of one test
    if abs(found.p - 0.05) > 1e-6:
        assert (found.ci_low <= 0 <= found.ci_high) == (found.p > 0.05)
    if found.n_types > 2:
        assert found.prediction_low <= found.ci_low + 1e-5
        assert found.prediction_high >= found.ci_high - 1e-5
        assert found.loo_low <= found.r + edge
        assert found.loo_high >= found.r - edge


# little or nothing to pool


@pytest.mark.parametrize("r", [[], [0.3], [nan, nan], [0.3, nan], [1.0, -1.0], [0.3, 1.0, nan]])
def test_fewer_than_two_types_are_not_pooled(r: list[float]) -> None:
    found = pool(r, np.full(len(r), 0.1))
    assert found.n_types == sum(abs(one) < 1 for one in r)
    assert all(math.isnan(getattr(found, name)) for name in NUMBERS)
    assert found.loo_low_left == found.loo_high_left == -1


def test_two_types_have_no_prediction_and_nothing_to_leave_out() -> None:
    found = pool([0.2, 0.6, nan], [0.01, 0.02, 0.01])
    missing = [name for name in NUMBERS if math.isnan(getattr(found, name))]
    assert missing == [*PREDICTION, "loo_low", "loo_high"]
    assert found.loo_low_left == found.loo_high_left == -1
    assert found.n_types == 2


@pytest.mark.parametrize("k", [2, 3, 33])
@pytest.mark.parametrize("r", [0.3, -0.999, 1e-9, 0.1])
def test_equal_coefficients_leave_no_interval(k: int, r: float) -> None:
    variance = 0.01 * np.arange(1, k + 1)
    found = pool(np.full(k, r), variance)
    for name in ("r", "ci_low", "ci_high"):
        assert getattr(found, name) == pytest.approx(r, rel=1e-14)
    assert found.ci_low == found.r == found.ci_high
    numbers = [found.p, found.q, found.q_p, found.tau2, found.i2]
    assert np.array_equal(numbers, [0, 0, 1, 0, 0])
    if k > 2:
        assert found.prediction_low == found.prediction_high == found.r
        assert found.loo_low == found.loo_high == found.r
        assert found.loo_low_left == found.loo_high_left == 0


def test_all_zero_is_no_evidence() -> None:
    found = pool(np.zeros(4), np.full(4, 0.1))
    assert np.array_equal([found.r, found.ci_low, found.ci_high, found.p], [0, 0, 0, 1])


def test_a_pooled_zero_of_unequal_types() -> None:
    found = pool([-0.4, 0.4], [0.01, 0.01])
    close(found.r, 0)
    close(found.p, 1)
    assert found.ci_low < -0.9
    assert found.ci_high > 0.9


def test_a_question_without_an_answer_leaves_the_others_theirs() -> None:
    r, variance = screen(6, 4, seed=8)
    r[:, 2] = nan
    with_it, without = pool(r, variance), pool(r[:, [0, 1, 3]], variance[:, [0, 1, 3]])
    for name in FIELDS:
        found = getattr(with_it, name)
        np.testing.assert_array_equal(found[[0, 1, 3]], getattr(without, name))
    assert with_it.n_types[2] == 0
    assert np.isnan(with_it.r[2])


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
def test_no_types_or_no_questions(shape: tuple[int, int]) -> None:
    found = pool(np.empty(shape), np.empty(shape))
    for name in FIELDS:
        assert getattr(found, name).shape == shape[1:]
    assert not found.n_types.any()
    assert np.isnan(found.r).all()


def test_types_of_very_unequal_size() -> None:
    r, variance = [0.5, -0.2, 0.1, 0.3], [1e-13, 1.0, 0.5, 2.0]
    found = pool(r, variance)
    close(found.r, 0.5)
    assert found.loo_low_left == 0  # the large one
    close(found.loo_low, pool(r[1:], variance[1:]).r)
    assert np.isfinite([getattr(found, name) for name in NUMBERS]).all()


def test_a_type_that_outweighs_all_others() -> None:
    r, variance = [0.5, -0.2, 0.1, 0.3], [1e-21, 0.01, 0.02, 0.01]
    found = pool(r, variance)
    assert found.tau2 > 0.01
    assert -0.2 < found.r < 0.5
    assert np.isfinite([getattr(found, name) for name in NUMBERS]).all()


def test_r_and_variance_are_of_one_shape() -> None:
    for shape in ((3,), (3, 1), (2, 3)):
        with pytest.raises(ValueError, match="its variance of"):
            pool(np.zeros((3, 2)), np.ones(shape))


def test_arguments_stay_and_answers_are_frozen() -> None:
    r, variance = screen(5, 7)
    kept = r.copy(), variance.copy()
    found = pool(r, variance)
    np.testing.assert_array_equal(r, kept[0])
    np.testing.assert_array_equal(variance, kept[1])
    with pytest.raises(FrozenInstanceError):
        found.r = r  # type: ignore[misc]


def test_one_question_gives_scalars() -> None:
    found = pool([0.1, 0.5, 0.2], [0.01, 0.02, 0.03])
    for name in FIELDS:
        kind = np.int64 if name in COUNTS else np.float64
        assert type(getattr(found, name)) is kind, name
    many = pool(np.array([[0.1], [0.5], [0.2]]), np.array([[0.01], [0.02], [0.03]]))
    for name in FIELDS:
        assert getattr(many, name).dtype == (np.int64 if name in COUNTS else np.float64), name


def test_more_confidence_is_wider_and_p_stays() -> None:
    r, variance = [0.1, 0.5, 0.2, 0.3], [0.01, 0.02, 0.03, 0.01]
    some, more = pool(r, variance, 0.8), pool(r, variance, 0.99)
    assert more.ci_low < some.ci_low < some.ci_high < more.ci_high
    assert more.prediction_low < some.prediction_low < some.prediction_high < more.prediction_high
    assert more.p == some.p


def test_without_a_prediction_the_rest_stays() -> None:
    r, variance = screen(5, 20)
    found = pooling.pool(r, variance, prediction=False)
    assert all(np.isnan(getattr(found, name)).all() for name in PREDICTION)
    for name in BY_FORMULA:
        np.testing.assert_array_equal(
            getattr(found, name), getattr(pooling.pool(r, variance), name)
        )


# the standard error of Knapp & Hartung 2003


@pytest.mark.parametrize("name", CASES)
def test_truncated_equals_metafor_adhoc(name: str) -> None:
    case = CASES[name]
    found = pooling.pool(case["r"], case["variance"], case["confidence"])
    expected = case["metafor"]["adhoc"]
    close(np.arctanh(found.ci_low), expected["ci_low"])
    close(np.arctanh(found.ci_high), expected["ci_high"])
    close(found.p, expected["p"])


def test_truncated_is_never_narrower() -> None:
    r, variance = screen(33, 200)
    plain, found = pool(r, variance), pooling.pool(r, variance)
    there = ~np.isnan(plain.p)
    assert (found.ci_low <= plain.ci_low)[there].all()
    assert (found.ci_high >= plain.ci_high)[there].all()
    assert (found.p >= plain.p - 1e-15)[there].all()
    assert (found.ci_low < plain.ci_low)[there].any()
    equal_numbers(found, plain, ("ci_low", "ci_high", "p", *PREDICTION))


def test_equal_r_are_as_certain_as_their_samples() -> None:
    found = pooling.pool(np.full(4, 0.3), np.full(4, 0.01))
    half = stats.t(3).ppf(0.975) * math.sqrt(0.01 / 4)
    close(found.ci_low, math.tanh(math.atanh(0.3) - half))
    close(found.p, 2 * stats.t(3).sf(math.atanh(0.3) / math.sqrt(0.01 / 4)))


def test_effects_are_pooled_on_their_own_scale() -> None:
    """As z, of which r is the hyperbolic tangent; and the mean alone, where types are missing."""
    rng = np.random.default_rng(7)
    z, v = rng.normal(0.2, 0.3, (6, 40)), rng.uniform(0.01, 0.2, (6, 40))
    found, of_r = pooling.pool_effects(z, v), pooling.pool(np.tanh(z), v)
    for name in ("r", "ci_low", "prediction_high", "loo_low"):
        np.testing.assert_allclose(np.tanh(getattr(found, name)), getattr(of_r, name), rtol=1e-8)
    np.testing.assert_allclose(found.p, of_r.p, rtol=1e-8)
    large = pooling.pool_effects(z * 20, v * 400)
    np.testing.assert_allclose(large.ci_high, 20 * found.ci_high, rtol=1e-9)
    missing = rng.random(z.shape) < 0.4
    missing[:2] = False
    z[missing], v[missing] = 0.0, math.inf
    expected = pooling.pool_effects(np.where(missing, nan, z), v)
    np.testing.assert_allclose(pooling.mean_effect(z, v), expected.r, rtol=1e-9)
