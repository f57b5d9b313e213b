"""Kaplan-Meier curves and the log-rank test against R's survival, lifelines and a slow version.

Tolerance: 1e-6 for engines; 1e-12 for the slow version.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcga_corr.stats.kaplan_meier import curve, log_rank_p, n_at_risk

GOLDEN = json.loads((Path(__file__).parents[1] / "golden/survival.json").read_text("utf-8"))
CASES = {case["name"]: case for case in GOLDEN["cases"]}
nan = math.nan


@pytest.mark.parametrize("name", CASES)
def test_curve_and_log_rank_are_those_of_r(name: str) -> None:
    case = CASES[name]
    time, event = np.array(case["time"], float), np.array(case["event"], bool)
    found, expected = curve(time, event), case["curve"]
    steps = found.n_events > 0
    np.testing.assert_array_equal(found.time[steps], expected["time"])
    np.testing.assert_allclose(found.share[steps], expected["share"], rtol=1e-6, atol=1e-12)
    for own, name_of_end in ((found.low, "low"), (found.high, "high")):
        end = [nan if one is None else one for one in expected[name_of_end]]
        np.testing.assert_allclose(own[steps], end, rtol=1e-6)
    median = expected["median"]
    assert found.median == pytest.approx(nan if median is None else median, nan_ok=True)
    p = log_rank_p(time, event, np.array(case["group"]))
    assert p == pytest.approx(case["log_rank_p"], rel=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_curve_and_log_rank_are_those_of_lifelines(name: str) -> None:
    lifelines = pytest.importorskip("lifelines")
    tests = pytest.importorskip("lifelines.statistics")
    case = CASES[name]
    time, event = np.array(case["time"], float), np.array(case["event"], bool)
    fitter = lifelines.KaplanMeierFitter().fit(time, event)
    found = curve(time, event)
    np.testing.assert_allclose(found.share, fitter.predict(found.time), rtol=1e-6, atol=1e-12)
    p = tests.multivariate_logrank_test(time, case["group"], event).p_value
    assert log_rank_p(time, event, np.array(case["group"])) == pytest.approx(p, rel=1e-6)


@given(st.lists(st.tuples(st.integers(1, 8), st.booleans()), min_size=1, max_size=30))
def test_curve_is_the_product_over_times(samples: list[tuple[int, bool]]) -> None:
    time, event = np.array([one[0] for one in samples], float), np.array([e for _, e in samples])
    found = curve(time, event)
    left, variance = 1.0, 0.0
    for place, moment in enumerate(sorted({t for t, _ in samples})):
        n = sum(t >= moment for t, _ in samples)
        d = sum(t == moment and e for t, e in samples)
        left *= 1 - d / n
        assert found.time[place] == moment
        assert (found.n_at_risk[place], found.n_events[place]) == (n, d)
        assert found.n_left[place] == sum(t == moment and not e for t, e in samples)
        assert found.share[place] == pytest.approx(left, abs=1e-12)
        assert n_at_risk(time, np.array([float(moment)]))[0] == n
        if 0 < left < 1:
            variance += d / (n * (n - d))
            width = 1.959963984540054 * math.sqrt(variance) / abs(math.log(left))
            assert found.low[place] == pytest.approx(left ** math.exp(width), rel=1e-9)
            assert found.high[place] == pytest.approx(left ** math.exp(-width), rel=1e-9)
        else:
            assert math.isnan(found.low[place])


@given(st.integers(0, 10**6))
def test_log_rank_of_two_is_the_score_test_of_an_indicator_without_ties(seed: int) -> None:
    """Cox's score test of an indicator has the same statistic where no two events are tied."""
    from tcga_corr.stats.cox import RiskSets, score_tests

    rng = np.random.default_rng(seed)
    time, event, group = rng.permutation(30) + 1.0, rng.random(30) < 0.6, np.arange(30) % 2
    event[:2] = True
    z = score_tests(RiskSets(time, event), group[np.newaxis], np.empty((0, 30)), np.zeros(30)).z[0]
    p = log_rank_p(time, event, group)
    assert p == pytest.approx(math.erfc(abs(z) / math.sqrt(2)), rel=1e-9)
    order = rng.permutation(30)
    assert log_rank_p(time[order] ** 2, event[order], 1 - group[order]) == pytest.approx(p)


def test_without_events_or_groups_there_is_no_p() -> None:
    time = np.array([1.0, 2, 3, 4])
    none = np.zeros(4, dtype=np.bool_)
    assert curve(time, none).share.tolist() == [1, 1, 1, 1]
    assert math.isnan(curve(time, none).median)
    assert math.isnan(log_rank_p(time, none, np.array([0, 0, 1, 1])))
    assert math.isnan(log_rank_p(time, ~none, np.zeros(4, dtype=np.int64)))
