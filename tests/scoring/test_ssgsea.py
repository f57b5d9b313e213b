"""ssGSEA scores, against the running sum itself and against gseapy and R GSVA on real tables."""

from __future__ import annotations

import csv
import gzip
import itertools
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tcga_corr.choices import TIES, Ties
from tcga_corr.expression import ExpressionTable
from tcga_corr.formats import open_table
from tcga_corr.scoring.ranks import doubled_average_ranks, ordinal_ranks
from tcga_corr.scoring.ssgsea import ALPHA, enrichment_scores, weights_by_doubled_rank
from tcga_corr.vocabulary.gene_sets.gmt import GeneSet, read_gmt

GOLDEN = Path(__file__).parents[1] / "golden"
Scores = NDArray[np.float64]


def scored(values: NDArray[Any], members: Sequence[int], ties: Ties) -> Scores:
    matrix = np.asarray(values, dtype=np.float32).reshape(len(values), -1)
    rows = list(members)
    return enrichment_scores(
        doubled_average_ranks(matrix)[rows],
        len(matrix),
        weights_by_doubled_rank(len(matrix), ties),
        None if ties == "average" else ordinal_ranks(matrix)[rows],
        ties,
    )


def average_rank(values: Sequence[float], gene: int) -> float:
    lower = sum(value < values[gene] for value in values)
    tied = sum(value == values[gene] for value in values)
    return lower + (tied + 1) / 2


def running_sum(descending: Sequence[int], weight: dict[int, float]) -> float:
    """Barbie et al. 2009: down the list, hits climb by their weight's share, misses by one's.

    The score is the sum over all places of the difference of the two fractions.
    """
    all_weight = math.fsum(weight.values())
    n_misses = len(descending) - len(weight)
    hit, misses = 0.0, 0
    differences = []
    for gene in descending:
        if gene in weight:
            hit += weight[gene]
        else:
            misses += 1
        differences.append(hit / all_weight - misses / n_misses)
    return math.fsum(differences)


def oracle(values: Sequence[float], members: Sequence[int], ties: Ties) -> float:
    genes = range(len(values))
    weight = {gene: average_rank(values, gene) ** 0.25 for gene in members}
    if ties == "gseapy":  # sorted ascending, then read from the end: of equals, the last row first
        return running_sum(sorted(genes, key=lambda gene: values[gene])[::-1], weight)
    if ties == "gsva":  # sorted descending, of equals the first row first; ranks are whole numbers
        weight = {gene: math.floor(average_rank(values, gene)) ** 0.25 for gene in members}
        return running_sum(sorted(genes, key=lambda gene: -values[gene]), weight)
    of_value: dict[float, list[int]] = {}
    for gene in sorted(genes, key=lambda gene: -values[gene]):
        of_value.setdefault(values[gene], []).append(gene)
    orders = itertools.product(*(itertools.permutations(tied) for tied in of_value.values()))
    sums = [running_sum(list(itertools.chain(*order)), weight) for order in orders]
    return math.fsum(sums) / len(sums)


@st.composite
def samples_and_sets(draw: st.DrawFn, unique: bool = False) -> tuple[list[float], list[int]]:
    """A sample's values, mostly tied unless unique, and the rows of a set."""
    value = st.integers(-4, 12).map(float)
    values = draw(st.lists(value, unique=unique, min_size=2, max_size=17 if unique else 30))
    row = st.integers(0, len(values) - 1)
    members = draw(st.lists(row, unique=True, min_size=1, max_size=len(values) - 1))
    return values, members


@settings(deadline=None, max_examples=200)
@given(samples_and_sets(), st.sampled_from(["gseapy", "gsva"]))
def test_equals_the_running_sum(case: tuple[list[float], list[int]], ties: Ties) -> None:
    values, members = case
    expected = oracle(values, members, ties)
    assert scored(np.array(values), members, ties)[0] == pytest.approx(
        expected, rel=1e-11, abs=1e-11
    )


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(-1, 3).map(float), min_size=2, max_size=7), st.data())
def test_average_is_the_mean_over_all_tie_orders(values: list[float], data: st.DataObject) -> None:
    size = st.integers(1, len(values) - 1)
    members = data.draw(st.permutations(range(len(values))))[: data.draw(size)]
    expected = oracle(values, members, "average")
    assert scored(np.array(values), members, "average")[0] == pytest.approx(
        expected, rel=1e-11, abs=1e-11
    )


def test_random_tie_orders_scatter_about_average() -> None:
    """Within four standard errors of the mean of 2,000 row orders scored as gseapy does."""
    rng = np.random.default_rng(1)
    values = rng.poisson(1.0, 120)
    members = rng.choice(120, 15, replace=False)
    draws = []
    for _ in range(2_000):
        order = rng.permutation(120)
        draws.append(scored(values[order], np.argsort(order)[members].tolist(), "gseapy")[0])
    error = np.std(draws) / math.sqrt(len(draws))
    assert error > 0
    assert abs(np.mean(draws) - scored(values, members.tolist(), "average")[0]) < 4 * error


@settings(deadline=None)
@given(samples_and_sets(unique=True))
def test_without_ties_the_three_rules_agree(case: tuple[list[float], list[int]]) -> None:
    values, members = case
    average, gseapy, gsva = (scored(np.array(values), members, ties)[0] for ties in TIES)
    assert average == gseapy == gsva
    assert average == pytest.approx(oracle(values, members, "average"), rel=1e-11, abs=1e-11)


def test_by_hand() -> None:
    """Ranks 4, 3, 2, 1; the set holds the highest and the lowest."""
    weight = 4**0.25
    hits = (weight * 4 + 1) / (weight + 1)
    assert scored(np.array([8, 6, 4, 2]), [0, 3], "average")[0] == pytest.approx(hits - 5 / 2)


def test_weights() -> None:
    assert ALPHA == 0.25
    assert weights_by_doubled_rank(2, "average") == pytest.approx(
        np.array([0, 0.5, 1, 1.5, 2]) ** 0.25
    )
    assert weights_by_doubled_rank(2, "gsva") == pytest.approx(np.array([0, 0, 1, 1, 2]) ** 0.25)
    assert weights_by_doubled_rank(2, "gseapy", alpha=1) == pytest.approx([0, 0.5, 1, 1.5, 2])


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("members", [[], [0, 1, 2]])
def test_an_empty_set_and_a_set_of_all_genes_have_no_score(ties: Ties, members: list[int]) -> None:
    scores = scored(np.array([[1, 2], [3, 4], [5, 6]]), members, ties)
    assert scores.shape == (2,)
    assert np.isnan(scores).all()


@pytest.mark.parametrize("ties", TIES)
def test_no_samples_no_scores(ties: Ties) -> None:
    ranks = np.empty((2, 0), dtype=np.uint32)
    weights = weights_by_doubled_rank(5, ties)
    assert enrichment_scores(ranks, 5, weights, ranks, ties).shape == (0,)


@pytest.mark.parametrize("ties", ["gseapy", "gsva"])
def test_row_order_rules_need_ordinal_ranks(ties: Ties) -> None:
    ranks = np.array([[2], [4]], dtype=np.uint16)
    with pytest.raises(ValueError, match="needs ordinal ranks"):
        enrichment_scores(ranks, 3, weights_by_doubled_rank(3, ties), None, ties)


@settings(deadline=None)
@given(samples_and_sets(), st.randoms(use_true_random=False))
def test_row_order_does_not_change_average(
    case: tuple[list[float], list[int]], random: Any
) -> None:
    """To the last bit for the set's rows in one order; 1e-12 where they are summed in another."""
    values, members = case
    order = random.sample(range(len(values)), len(values))
    place = {gene: row for row, gene in enumerate(order)}
    shuffled = np.array(values)[order]
    score = scored(np.array(values), members, "average")[0]
    assert scored(shuffled, [place[gene] for gene in members], "average")[0] == score
    in_other_order = sorted(place[gene] for gene in members)
    size = len(values)  # of the two terms whose difference the score is
    assert scored(shuffled, in_other_order, "average")[0] == pytest.approx(
        score, rel=1e-12, abs=1e-12 * size
    )


def real_table(shared: Path, tumor_type: str) -> ExpressionTable:
    hub = shared / "hub" / "tcga-xena-hub" / "download"
    file = open_table(hub / f"TCGA.{tumor_type}.sampleMap" / "HiSeqV2.gz")
    return file.read(None)


def golden_sets(shared: Path) -> dict[str, GeneSet]:
    folder = shared / "gene_sets"
    sets = read_gmt(folder / "h.all.v7.0.symbols.gmt")
    wikipathways = read_gmt(folder / "c2.cp.wikipathways.v7.2.symbols.gmt")
    return {**sets, "WP_FERROPTOSIS": wikipathways["WP_FERROPTOSIS"]}


def golden_scores(tumor_type: str, ties: str) -> dict[str, dict[str, float]]:
    """Set name to sample to the reference engine's score."""
    scores: dict[str, dict[str, float]] = {}
    with gzip.open(GOLDEN / f"ssgsea_{tumor_type}.tsv.gz", "rt", newline="") as handle:
        for line in csv.DictReader(handle, delimiter="\t"):
            scores.setdefault(line["set"], {})[line["sample"]] = float(line[ties])
    return scores


@pytest.mark.shared
@pytest.mark.parametrize("tumor_type", ["ACC", "CHOL", "UCS"])
def test_golden_scores_of_gseapy_and_gsva(shared: Path, tumor_type: str) -> None:
    """Within 1e-9 of each score. They run to 9,200, and the one nearest to 0 is 0.3."""
    table = real_table(shared, tumor_type).prepared()
    n_genes = len(table.genes)
    row = {gene: number for number, gene in enumerate(table.genes.tolist())}
    doubled, ordinal = doubled_average_ranks(table.values), ordinal_ranks(table.values)
    assert n_genes == 20_501
    for ties in ("gseapy", "gsva"):
        weights = weights_by_doubled_rank(n_genes, ties)
        golden = golden_scores(tumor_type, ties)
        assert set(golden) == set(golden_sets(shared))
        for name, gene_set in golden_sets(shared).items():
            rows = [row[gene] for gene in gene_set.genes if gene in row]
            scores = enrichment_scores(doubled[rows], n_genes, weights, ordinal[rows], ties)
            assert set(golden[name]) == set(table.samples)
            expected = [golden[name][sample] for sample in table.samples]
            np.testing.assert_allclose(scores, expected, rtol=1e-9, atol=0, err_msg=name)


@pytest.mark.shared
def test_average_scores_do_not_depend_on_the_order_of_the_download(shared: Path) -> None:
    table = real_table(shared, "UCS")
    rng = np.random.default_rng(0)
    shuffled = table.rows(rng.permutation(len(table.genes))).columns(
        rng.permutation(len(table.samples)).tolist()
    )
    scores = []
    for prepared in (table.prepared(), shuffled.prepared()):
        row = {gene: number for number, gene in enumerate(prepared.genes.tolist())}
        doubled = doubled_average_ranks(prepared.values)
        weights = weights_by_doubled_rank(len(row), "average")
        of_set = [
            enrichment_scores(
                doubled[[row[gene] for gene in gene_set.genes if gene in row]], len(row), weights
            )
            for gene_set in golden_sets(shared).values()
        ]
        scores.append(np.array(of_set).tobytes())
    assert scores[0] == scores[1]


@pytest.mark.parametrize("columns", [[5], [5, 9], list(range(7, 120)), list(range(299))])
def test_other_samples_do_not_change_a_score_by_a_bit(columns: list[int]) -> None:
    values = np.random.default_rng(0).uniform(0, 9, (500, 300)).round(1).astype(np.float32)
    ranks = doubled_average_ranks(values)[:150]
    weights = weights_by_doubled_rank(500, "average")
    together = enrichment_scores(ranks, 500, weights)
    alone = enrichment_scores(ranks[:, columns], 500, weights)
    assert alone.tobytes() == together[columns].tobytes()
