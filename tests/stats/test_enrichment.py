"""Enrichment: the running sum gene by gene, gseapy's own numbers, and counted tables."""

from __future__ import annotations

import json
from fractions import Fraction
from math import comb
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from tcga_corr.stats.enrichment import (
    SMALLEST_P,
    Vector,
    enrichment_score,
    false_discovery_rate,
    normalised,
    null_scores,
    over_representation,
    running_sum,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "enrichment.json"


def slow_score(sizes: list[float], members: set[int]) -> tuple[float, int]:
    """The score and the gene of its peak, one gene after another."""
    total = sum(sizes[place] for place in members)
    level, best, at = 0.0, 0.0, 0
    for place, size in enumerate(sizes):
        before = level
        level += size / total if place in members else -1 / (len(sizes) - len(members))
        if place in members:
            if before < 0 and -before > abs(best):
                best, at = before, place
            if level > 0 and (level > abs(best) or (best < 0 and level >= -best)):
                best, at = level, place
    return best, at


@st.composite
def rankings(draw: st.DrawFn) -> tuple[Vector, NDArray[np.intp]]:
    n = draw(st.integers(3, 40))
    values = draw(st.lists(st.integers(-50, 50), min_size=n, max_size=n))
    k = draw(st.integers(1, n - 1))
    places = draw(st.permutations(range(n)))[:k]
    sizes = np.abs(np.sort(np.array(values, dtype=np.float64))[::-1])
    sizes[places[0]] += 1  # so that not all of the set are 0
    return sizes, np.array(sorted(places), dtype=np.intp)


@given(rankings())
def test_the_score_is_the_furthest_point_of_the_running_sum(
    case: tuple[Vector, NDArray[np.intp]],
) -> None:
    sizes, places = case
    sums = running_sum(sizes, places)
    score = enrichment_score(sizes, places)
    slow, at = slow_score(sizes.tolist(), set(places.tolist()))
    assert abs(score.es) == pytest.approx(max(sums.max(), -sums.min(), 0), abs=1e-12)
    assert abs(score.es) == pytest.approx(abs(slow), abs=1e-12)
    assert sums[-1] == pytest.approx(0, abs=1e-12)
    if abs(sums.max() + sums.min()) > 1e-9:  # else either sign is right
        assert score.es == pytest.approx(slow, abs=1e-12)
        reached = sums[score.peak] if score.es > 0 else sums[score.peak - 1]
        assert reached == pytest.approx(score.es, abs=1e-12)
        if len(np.flatnonzero(np.abs(sums - score.es) < 1e-9)) == 1:
            assert score.peak == at


@given(rankings(), st.floats(0.01, 100))
def test_scores_have_no_unit_and_turn_round(
    case: tuple[Vector, NDArray[np.intp]], unit: float
) -> None:
    sizes, places = case
    score = enrichment_score(sizes, places)
    assert enrichment_score(sizes * unit, places).es == pytest.approx(score.es, abs=1e-12)
    turned = enrichment_score(sizes[::-1], (len(sizes) - 1 - places)[::-1])
    assert abs(turned.es) == pytest.approx(abs(score.es), abs=1e-12)


def test_gseapy_gives_the_same_numbers() -> None:
    golden = json.loads(GOLDEN.read_text("utf-8"))
    sizes = np.abs(np.array(golden["values"]))
    found, null = [], {}
    for number, one in enumerate(golden["sets"]):
        es = enrichment_score(sizes, np.array(one["places"])).es
        assert es == pytest.approx(one["es"], abs=1e-12)
        nes, p, scaled = normalised(es, np.array(one["null"]))
        assert nes == pytest.approx(one["nes"], rel=1e-9)
        same = [x for x in one["null"] if (x >= 0) == (es >= 0)]
        assert p == pytest.approx((one["p"] * len(same) + 1) / (len(same) + 1), rel=1e-12)
        found.append(nes)
        null[number] = scaled
    q = false_discovery_rate(np.array(found), null, np.arange(len(found)))
    assert q.tolist() == pytest.approx([one["fdr"] for one in golden["sets"]], abs=1e-9)


def test_random_genes_are_those_of_gseapy_within_chance() -> None:
    golden = json.loads(GOLDEN.read_text("utf-8"))
    sizes = np.abs(np.array(golden["values"]))
    for one in golden["sets"]:
        k = len(one["places"])
        own = null_scores(sizes, [k], 4_000)[k]
        assert stats.ks_2samp(own, one["null"]).pvalue > 1e-4
        nes = normalised(one["es"], own)[0]
        assert nes == pytest.approx(one["nes"], rel=0.12)  # of 100 permutations


def test_draws_depend_on_their_number_and_size_alone() -> None:
    sizes = np.abs(np.linspace(3, -2, 300))
    alone = null_scores(sizes, [20], 700)[20]
    beside = null_scores(sizes, [5, 20, 120], 1_300)
    assert (beside[20][:700] == alone).all()
    assert len(set(alone.tolist())) > 600
    assert (null_scores(sizes, [20], 700, seed=1)[20] != alone).any()


def test_small_nulls_are_all_subsets() -> None:
    sizes = np.array([4.0, 2.0, 1.0, 1.0, 3.0])
    drawn = null_scores(sizes, [2], 6_000)[2]
    every = {
        round(enrichment_score(sizes, np.array([a, b])).es, 9)
        for a in range(5)
        for b in range(a + 1, 5)
    }
    found, counts = np.unique(drawn.round(9), return_counts=True)
    assert set(found.tolist()) == every
    assert counts.min() > 6_000 / 10 * 0.8  # ten pairs


def test_what_has_no_p() -> None:
    null = np.array([0.2, 0.4, np.nan, 0.3])
    nes, p, scaled = normalised(-0.5, null)
    assert np.isnan([nes, p]).all()
    assert len(scaled) == 3
    assert normalised(0.9, null)[:2] == (pytest.approx(3), 0.25)


@given(st.integers(1, 60), st.data())
def test_over_representation_is_the_counted_tail(n: int, data: st.DataObject) -> None:
    n_set, n_list = data.draw(st.integers(0, n)), data.draw(st.integers(0, n))
    a = data.draw(st.integers(max(0, n_set + n_list - n), min(n_set, n_list)))
    ratio, p = over_representation(np.array([a]), np.array([n_set]), n_list, n)
    ways = range(a, min(n_set, n_list) + 1)
    exact = Fraction(
        sum(comb(n_set, x) * comb(n - n_set, n_list - x) for x in ways), comb(n, n_list)
    )
    assert p[0] == pytest.approx(float(exact), rel=1e-9)
    table = [[a, n_set - a], [n_list - a, n - n_set - n_list + a]]
    fisher = stats.fisher_exact(table, alternative="greater")
    assert p[0] == pytest.approx(fisher.pvalue, rel=1e-9)
    if table[0][1] * table[1][0]:
        assert ratio[0] == pytest.approx(table[0][0] * table[1][1] / (table[0][1] * table[1][0]))


def test_p_is_never_zero() -> None:
    _, p = over_representation(np.array([400, 0]), np.array([400, 10]), 500, 20_000)
    assert p[0] == SMALLEST_P
    assert p[1] == 1


def test_r_gives_the_same_tail() -> None:
    """R's phyper and fisher.test."""
    golden = json.loads(GOLDEN.with_name("components.json").read_text("utf-8"))
    for table in golden["tables"]:
        numbers = (np.array([int(table[name])]) for name in ("overlap", "set"))
        _, p = over_representation(*numbers, int(table["list"]), int(table["universe"]))
        assert p[0] == pytest.approx(table["p"], rel=1e-9)
        assert p[0] == pytest.approx(table["fisher"], rel=1e-7)
