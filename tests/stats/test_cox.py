"""Cox's regression against R's survival, lifelines, and a slow version of its formulas.

Tolerance: 1e-6 for engines, which stop where they are close; 1e-9 for the slow version.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from tcga_corr.stats import cox
from tcga_corr.stats.cox import Likelihood, RiskSets, proportional_hazards_p, score_tests

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
GOLDEN = json.loads((Path(__file__).parents[1] / "golden/survival.json").read_text("utf-8"))
CASES = {case["name"]: case for case in GOLDEN["cases"]}


def data_of(case: dict[str, Any]) -> tuple[Vector, NDArray[np.bool_], Matrix]:
    time, columns = (np.array(case[name], dtype=np.float64) for name in ("time", "columns"))
    return time, np.array(case["event"], dtype=np.bool_), columns


# the slow version: one event after another, one sample after another


def slow_log_likelihood(time: Vector, event: Vector, x: Matrix, beta: Vector) -> float:
    eta = [math.fsum(b * v for b, v in zip(beta, own, strict=True)) for own in x.T]
    total = 0.0
    for moment in sorted({t for t, e in zip(time, event, strict=True) if e}):
        tied = [i for i in range(len(time)) if time[i] == moment and event[i]]
        at_risk = [i for i in range(len(time)) if time[i] >= moment]
        for place, one in enumerate(tied):
            whole = math.fsum(math.exp(eta[i]) for i in at_risk)
            off = place / len(tied) * math.fsum(math.exp(eta[i]) for i in tied)
            total += eta[one] - math.log(whole - off)
    return total


def slow_score(time: Vector, event: Vector, x: Matrix, beta: Vector, g: Any = None) -> Any:
    """The derivative, and the information, event by event; both weighted by g of the time."""
    p = len(x)
    score, information = np.zeros(p), np.zeros((p, p))
    weight = np.exp(beta @ x)
    for moment in np.unique(time[event]):
        tied = np.flatnonzero((time == moment) & event)
        own = 1.0 if g is None else g(moment)
        for place, one in enumerate(tied):
            share = weight * (time >= moment)
            share[tied] *= 1 - place / len(tied)
            share = share / share.sum()
            mean = x @ share
            score += own * (x[:, one] - mean)
            information += own * ((x * share) @ x.T - np.outer(mean, mean))
    return score, information


def kaplan_meier_before(time: Vector, event: Vector, moment: float) -> float:
    left = 1.0
    for earlier in np.unique(time[event & (time < moment)]):
        left *= 1 - ((time == earlier) & event).sum() / (time >= earlier).sum()
    return left


def random_data(seed: int, p: int = 2, n: int = 40) -> tuple[Vector, NDArray[np.bool_], Matrix]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(p, n))
    time = np.ceil(rng.exponential(size=n) * np.exp(-0.5 * x[0]) * rng.integers(2, 30))
    event = rng.random(n) < rng.uniform(0.3, 1)
    event[:3] = True
    return time, event, x


seeds = st.integers(0, 10**6)


@pytest.mark.parametrize("name", CASES)
def test_fit_is_that_of_r(name: str) -> None:
    case = CASES[name]
    time, event, columns = data_of(case)
    risk = RiskSets(time, event)
    found = cox.fit(risk, columns)
    assert found.finite
    np.testing.assert_allclose(found.coefficients, case["coefficients"], rtol=1e-6)
    np.testing.assert_allclose(found.errors, case["errors"], rtol=1e-6)
    wald = 2 * stats.norm.sf(np.abs(found.coefficients / found.errors))
    np.testing.assert_allclose(wald, case["wald_p"], rtol=1e-6)
    assert found.log_likelihood == pytest.approx(case["log_likelihood"], rel=1e-9)
    none = cox.fit(risk, columns[:0])
    assert none.log_likelihood == pytest.approx(case["log_likelihood_of_none"], rel=1e-9)
    p = [proportional_hazards_p(risk, found, columns, own) for own in columns]
    np.testing.assert_allclose(p, case["proportional_p"], rtol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_score_test_is_that_of_r(name: str) -> None:
    time, event, columns = data_of(CASES[name])
    risk = RiskSets(time, event)
    null = cox.fit(risk, columns[1:])
    found = score_tests(risk, columns[:1], columns[1:], null.predictor)
    assert abs(found.z[0]) == pytest.approx(CASES[name]["score_z"], rel=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_fit_is_that_of_lifelines(name: str) -> None:
    lifelines = pytest.importorskip("lifelines")
    pandas = pytest.importorskip("pandas")
    time, event, columns = data_of(CASES[name])
    frame = pandas.DataFrame(columns.T, columns=[f"x{i}" for i in range(len(columns))])
    fitter = lifelines.CoxPHFitter().fit(
        frame.assign(time=time, event=event), "time", "event", fit_options={"precision": 1e-12}
    )
    found = cox.fit(RiskSets(time, event), columns)
    np.testing.assert_allclose(found.coefficients, fitter.params_.to_numpy(), rtol=1e-6)
    np.testing.assert_allclose(found.errors, fitter.standard_errors_.to_numpy(), rtol=1e-6)
    assert found.log_likelihood == pytest.approx(fitter.log_likelihood_, rel=1e-9)


@given(seeds)
def test_likelihood_and_its_derivatives_are_the_slow_ones(seed: int) -> None:
    time, event, x = random_data(seed)
    beta = np.random.default_rng(seed + 1).normal(size=2)
    risk = RiskSets(time, event)
    at = Likelihood(risk, beta @ x)
    assert at.log == pytest.approx(slow_log_likelihood(time, event, x, beta), rel=1e-9)
    score, information = slow_score(time, event, x, beta)
    ordered = x[:, risk.order]
    np.testing.assert_allclose(at.score(ordered), score, atol=1e-9 * len(time))
    np.testing.assert_allclose(at.information(ordered, ordered), information, rtol=1e-8, atol=1e-9)
    step = 1e-5
    slope = [
        (
            slow_log_likelihood(time, event, x, beta + step * unit)
            - slow_log_likelihood(time, event, x, beta - step * unit)
        )
        / (2 * step)
        for unit in np.eye(2)
    ]
    np.testing.assert_allclose(at.score(ordered), slope, rtol=1e-5, atol=1e-5)


@given(seeds)
def test_many_score_tests_are_those_one_by_one(seed: int) -> None:
    time, event, x = random_data(seed, p=3)
    risk = RiskSets(time, event)
    rows = np.random.default_rng(seed + 2).normal(size=(7, len(time))) + 5
    controls = x[:2]
    null = cox.fit(risk, controls)
    if not null.finite:
        return
    found = score_tests(risk, rows, controls, null.predictor)
    for number, row in enumerate(rows):
        both = np.vstack([row, controls])
        score, information = slow_score(time, event, both, np.array([0.0, *null.coefficients]))
        v = information[0, 0] - information[0, 1:] @ np.linalg.solve(
            information[1:, 1:], information[1:, 0]
        )
        assert found.score[number] == pytest.approx(score[0], abs=1e-7)
        assert found.information[number] == pytest.approx(v, rel=1e-7)
        assert found.z[number] == pytest.approx(score[0] / math.sqrt(v), rel=1e-7, abs=1e-7)


@given(seeds)
def test_test_of_proportions_is_the_slow_one(seed: int) -> None:
    time, event, x = random_data(seed)
    risk = RiskSets(time, event)
    found = cox.fit(risk, x)
    if not found.finite or len(np.unique(time[event])) < 2:
        return
    g = {t: 1 - kaplan_meier_before(time, event, t) for t in np.unique(time[event])}
    mean = np.mean([g[t] for t in time[event]])

    def centred(moment: float) -> float:
        return float(g[moment] - mean)

    beta = found.coefficients
    score = slow_score(time, event, x, beta, centred)[0][0]
    plain, between, squares = (
        slow_score(time, event, x, beta, own)[1]
        for own in (None, centred, lambda moment: centred(moment) ** 2)
    )
    whole = np.block([[plain, between[:, :1]], [between[:1], squares[:1, :1]]])
    statistic = score**2 * np.linalg.inv(whole)[2, 2]
    expected = stats.chi2.sf(statistic, 1)
    assert proportional_hazards_p(risk, found, x, x[0]) == pytest.approx(expected, rel=1e-6)


@given(seeds, st.floats(0.2, 3), st.floats(-5, 5))
def test_what_changes_nothing(seed: int, power: float, shift: float) -> None:
    """The order of samples, times in other units or on another scale, and a shift of x."""
    time, event, x = random_data(seed)
    first = cox.fit(RiskSets(time, event), x)
    order = np.random.default_rng(seed).permutation(len(time))
    for other, columns in (
        (RiskSets(time[order], event[order]), x[:, order]),
        (RiskSets((3 * time) ** power, event), x + shift),
    ):
        again = cox.fit(other, columns)
        assert again.finite == first.finite
        np.testing.assert_allclose(again.coefficients, first.coefficients, rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(again.errors, first.errors, rtol=1e-6)
        z = score_tests(other, columns, columns[:0], np.zeros(len(time))).z
        expected = score_tests(RiskSets(time, event), x, x[:0], np.zeros(len(time))).z
        np.testing.assert_allclose(z, expected, atol=1e-8)


@given(seeds)
def test_score_of_a_small_effect_is_nearly_its_wald(seed: int) -> None:
    """U / V is one Newton step, so that from a fit nothing is left to go."""
    time, event, x = random_data(seed, p=1)
    risk = RiskSets(time, event)
    found = cox.fit(risk, x)
    if not found.finite:
        return
    at = Likelihood(risk, found.predictor)
    assert at.score(x[:, risk.order])[0] == pytest.approx(0, abs=1e-7)
    one = score_tests(risk, -2 * x, x[:0], np.zeros(len(time)))
    other = score_tests(risk, x, x[:0], np.zeros(len(time)))
    assert one.log_ratio[0] == pytest.approx(-other.log_ratio[0] / 2, rel=1e-9)


def test_random_scores_are_standard_normal() -> None:
    time, event, x = random_data(489, p=1, n=200)
    rows = np.random.default_rng(3).normal(size=(4_000, 200))
    null = cox.fit(RiskSets(time, event), x)
    z = score_tests(RiskSets(time, event), rows, x, null.predictor).z
    assert stats.kstest(z, "norm").pvalue > 0.01
    assert (np.abs(z) > 1.96).mean() == pytest.approx(0.05, abs=0.012)


@pytest.mark.parametrize("controls", [0, 2])
@pytest.mark.parametrize("sign", [1, -1])
def test_an_order_that_is_that_of_events_has_no_finite_ratio(controls: int, sign: int) -> None:
    time, event, x = random_data(5)
    columns = np.vstack([sign * time, x[:controls]])
    found = cox.fit(RiskSets(time, event), columns)
    assert not found.finite
    assert np.isnan(found.coefficients).all()
    assert np.isnan(found.errors).all()


@given(seeds)
def test_a_ratio_is_finite_unless_the_highest_of_those_at_risk_have_all_events(seed: int) -> None:
    rng = np.random.default_rng(seed)
    time, event = rng.integers(1, 6, 12).astype(float), rng.random(12) < 0.4
    event[0] = True
    x = rng.integers(0, 3, 12).astype(float)
    at_risk = [(x[i], x[time >= time[i]]) for i in np.flatnonzero(event)]
    is_monotone = any(
        all(sign * own >= (sign * others).max() for own, others in at_risk) for sign in (1, -1)
    )
    if np.ptp(x) and any(np.ptp(others) for _, others in at_risk):
        assert cox.fit(RiskSets(time, event), x[np.newaxis]).finite != is_monotone


def test_a_level_without_events_has_no_finite_ratio() -> None:
    time, event, x = random_data(5)
    level = np.zeros(len(time))
    level[np.flatnonzero(~event)[:4]] = 1
    assert not cox.fit(RiskSets(time, event), np.vstack([x, level])).finite


def test_of_one_time_nothing_is_known_of_proportions() -> None:
    _, event, x = random_data(5)
    risk = RiskSets(np.where(event, 3.0, 4.0), event)
    assert math.isnan(proportional_hazards_p(risk, cox.fit(risk, x), x, x[0]))


def test_what_does_not_vary_among_those_at_risk_has_no_score() -> None:
    time = np.arange(1.0, 21)
    event = time > 5
    early = (time < 3).astype(float)
    rows = np.vstack([early, time])
    found = score_tests(RiskSets(time, event), rows, np.empty((0, 20)), np.zeros(20))
    assert math.isnan(found.z[0])
    assert found.z[1] < 0


def test_units_do_not_matter() -> None:
    time, event, x = random_data(5)
    risk = RiskSets(time, event)
    one, other = cox.fit(risk, x), cox.fit(risk, 1e9 * x + 1e9)
    np.testing.assert_allclose(1e9 * other.coefficients, one.coefficients, rtol=1e-6)
    np.testing.assert_allclose(1e9 * other.errors, one.errors, rtol=1e-6)
