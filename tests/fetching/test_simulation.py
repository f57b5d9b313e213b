"""The simulated atlas: deterministic, realistic, and what is planted comes back."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from tcga_corr.engine import Engine
from tcga_corr.fetching.simulation import (
    GENE_PAIR,
    SET_PAIR,
    CohortPlan,
    cohort_plans,
    has_atlas,
    simulate_cohort,
    write_atlas,
)
from tcga_corr.scoring.ranks import doubled_average_ranks
from tcga_corr.scoring.ssgsea import enrichment_scores, weights_by_doubled_rank
from tcga_corr.stats.cox import RiskSets, fit
from tcga_corr.vocabulary.gene_sets.catalogue import shipped_sets
from tcga_corr.vocabulary.tumor_types import TUMOR_TYPES
from tests.analysis.vectors import associated, associated_within


def test_every_tumor_type_is_planned() -> None:
    assert list(cohort_plans()) == list(TUMOR_TYPES)
    assert all(plan.n_tumor >= 12 and abs(plan.gene_r) < 1 for plan in cohort_plans().values())
    assert {plan.gene_r > 0 for plan in cohort_plans().values()} == {True, False}


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        list(write_atlas(tmp_path / name, n_genes=400, tumor_types=("UCS",)))
    one, two = (
        (tmp_path / name / "TCGA.UCS.sampleMap/HiSeqV2.gz").read_bytes() for name in ("one", "two")
    )
    assert one == two
    other = simulate_cohort(cohort_plans()["UCS"], n_genes=400, seed=1)
    assert not np.array_equal(other.values, simulate_cohort(cohort_plans()["UCS"], 400).values)


def test_survival_is_planted() -> None:
    """The log hazard ratio of the hidden activity, seen through a score with other noise in it."""
    plan = CohortPlan("LIHC", 3_000, 5, 0.0, 0.0, log_hazard_ratio=0.5)
    cohort = simulate_cohort(plan, n_genes=1_000)
    assert len(cohort.days) == len(cohort.died) == 3_000
    assert cohort.days.min() > 0
    assert 0.5 < cohort.died.mean() < 0.9
    rows = [cohort.genes.index(gene) for gene in shipped_sets()["ferroptosis"].genes]
    level = cohort.values[rows, :3_000].astype(np.float64)
    level = ((level.T - level.mean(axis=1)) / level.std(axis=1)).mean(axis=1)
    found = fit(RiskSets(cohort.days.astype(float), cohort.died), level[np.newaxis])
    assert 0.42 < found.coefficients[0] * level.std() < 0.52


def test_half_written_atlas_is_not_there(tmp_path: Path) -> None:
    files = write_atlas(tmp_path, n_genes=400)
    next(files)
    assert not has_atlas(tmp_path, 400)
    list(files)
    assert has_atlas(tmp_path, 400)
    assert not has_atlas(tmp_path, 500)
    assert not has_atlas(tmp_path, 400, seed=7)


def test_values_look_like_rsem() -> None:
    cohort = simulate_cohort(cohort_plans()["LIHC"])
    assert cohort.values.shape == (20_501, 70)
    assert cohort.values.min() == 0
    assert 14 < cohort.values.max() < 30
    zeros = (cohort.values == 0).mean()
    tied = np.mean([1 - len(np.unique(column)) / len(column) for column in cohort.values.T])
    assert 0.10 < zeros < 0.22  # 0.13 to 0.19 in real tables
    assert 0.55 < tied < 0.90
    assert np.array_equal(cohort.values, np.round(cohort.values.astype(float), 4).astype("f4"))


@cache
def _replicates(plan: CohortPlan, n: int, n_genes: int) -> tuple[np.ndarray, np.ndarray]:
    """Values of the gene pair, and scores of the set pair, of many cohorts drawn at once."""
    cohort = simulate_cohort(plan, n_genes=n_genes, seed=20)
    row = {gene: number for number, gene in enumerate(cohort.genes)}
    pair = cohort.values[[row[gene] for gene in GENE_PAIR]].astype(np.float64)
    ranks = doubled_average_ranks(cohort.values)
    weights = weights_by_doubled_rank(n_genes, "average")
    scores = [
        enrichment_scores(
            ranks[sorted(row[gene] for gene in shipped_sets()[name].genes if gene in row)],
            n_genes,
            weights,
        )
        for name in SET_PAIR
    ]
    return pair, np.stack(scores)


@pytest.mark.slow
@pytest.mark.parametrize("planted", [-0.3, 0.0, 0.5, 0.8])
@pytest.mark.parametrize("method", ["pearson", "spearman"])
def test_intervals_cover_what_is_planted(planted: float, method: str) -> None:
    """In 95 % of 240 cohorts of 50 patients, within the binomial error of that share.

    The truth of the genes is the planted correlation itself (for Spearman 6/pi asin(r/2) of the
    bivariate normal); that of the scores, which no formula gives, is r over all 12,000 patients.
    """
    n, cohorts = 50, 240
    plan = CohortPlan("LIHC", n * cohorts, 0, gene_r=planted, activity_r=planted)
    pair, scores = _replicates(plan, n * cohorts, n_genes=4_000)
    offsets = np.arange(0, n * cohorts + 1, n)
    gene_truth = planted if method == "pearson" else 6 / np.pi * np.arcsin(planted / 2)
    set_truth = float(associated(*scores, method).r[0])
    assert abs(set_truth - planted) < 0.2  # noise, and ranks that sum up to a constant, take some
    for (x, y), truth in ((pair, gene_truth), (scores, set_truth)):
        found = associated_within(x, y, offsets, method)
        inside = int(((found.ci_low <= truth) & (truth <= found.ci_high)).sum())
        low, high = stats.binom.interval(0.999, cohorts, 0.95)
        assert low <= inside <= high


def test_the_engine_finds_what_is_planted(simulated: Engine) -> None:
    """Through files, readers, store and index: 33 intervals at the stated rate."""
    for x, y, truth in (("RELA", "NRF2", "gene_r"), ("ferroptosis", "nfkb", None)):
        frame = simulated.correlate(x, y, null=()).frame
        assert frame["tumor_type"].to_list() == list(TUMOR_TYPES)
        assert set(frame["note"]) == {"SIMULATED"}
        if truth:
            planted = [getattr(cohort_plans()[name], truth) for name in frame["tumor_type"]]
            inside = (frame["ci_low"] <= planted) & (planted <= frame["ci_high"])
            assert inside.sum() >= stats.binom.ppf(0.001, 33, 0.95)
            assert stats.pearsonr(frame["r"], planted).statistic > 0.8
