"""Dominance: which of several gene sets scores highest in the samples of a tumor type.

Raw scores of different sets are not on one scale: small and large sets, and sets of genes that are
high in any tissue, differ before any biology. So each score is also held against random sets of
its size and its genes' expression, in the same sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.nulls import Side, Situation, matched_scores
from tcga_corr.analysis.pool import SIGNIFICANT
from tcga_corr.analysis.variables import Cohort, Measurement, SetVariable, Vector
from tcga_corr.stats.groups import GroupTest
from tcga_corr.stats.null import rank_p
from tcga_corr.stats.repeated import PairTest, friedman, post_hoc

if TYPE_CHECKING:
    import polars as pl

CAVEAT = (
    "raw scores of different sets do not compare: which is highest depends on the sets' sizes and "
    "on how high their genes are in any tissue; standardised ones take that out, but not that real "
    "sets' genes vary together, so Friedman's p is small of random sets too: p_genes tells how "
    "often they give as large a W"
)
# random sets whose W is looked at
_W_DRAWS = 200
# of float32 sums: below this a spread is none
_ROUNDING = 1e-6
SCALES = ("raw", "standardised")
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Dominance:
    """A row per tumor type, scale and set; the tests by tumor type; and what was measured."""

    frame: pl.DataFrame
    tests: list[dict[str, Any]]
    lines: list[str]
    measured: list[Measurement]


def dominance(cohorts: Sequence[Cohort], sets: Sequence[SetVariable], n_draws: int) -> Dominance:
    """Compare the scores of sets within each sample.

    On the raw scale, and standardised: the score less the mean of ``n_draws`` random sets' scores
    in the same sample, by their standard deviation; their genes are matched to the set's, gene by
    gene, on mean expression. Friedman's test tells whether the sets differ, Wilcoxon's signed ranks
    (Holm) which.
    """
    import polars as pl

    rows: list[dict[str, Any]] = []
    tests: list[dict[str, Any]] = []
    measured: list[Measurement] = []
    for cohort in cohorts:
        if not len(cohort.columns):
            continue
        results = [cohort.measure(variable) for variable in sets]
        measured += [(one, cohort, result) for one, result in zip(sets, results, strict=True)]
        having = [
            (one, result.values, result.genes)
            for one, result in zip(sets, results, strict=True)
            if result.values is not None
        ]
        names = [one.name for one, _, _ in having]
        raw = np.column_stack([values for _, values, _ in having]) if having else np.empty((0, 0))
        drawn = [_standardised(cohort, one, genes, n_draws) for one, _, genes in having]
        both = (raw, np.column_stack([scores for scores, _ in drawn]) if having else raw)
        for scale, scores in zip(SCALES, both, strict=True):
            rows += _rows(cohort, scale, names, scores)
            if len(names) > 1:
                tests.append(_tests(cohort, scale, names, scores))
        if len(names) > 2:  # else there is no Friedman's test
            observed = tests[-1]["friedman"]["kendalls_w"]
            tests[-1]["friedman"]["p_genes"] = _p_of_w(observed, [random for _, random in drawn])
    return Dominance(pl.DataFrame(rows, schema=DOMINANCE_SCHEMA), tests, _lines(tests), measured)


DOMINANCE_SCHEMA: dict[str, Any] = {
    "tumor_type": str, "scale": str, "set": str, "n": int, "mean": float, "sd": float,
    "median": float, "mean_rank": float, "n_highest": int, "share_highest": float, "n_lowest": int,
    "note": str,
}  # fmt: skip


def _standardised(
    cohort: Cohort, variable: SetVariable, genes: frozenset[str], n_draws: int
) -> tuple[Vector, Matrix]:
    """A set's scores less the mean of random sets like it, by their standard deviation.

    All by average ranks, whatever the tie rule of the raw scores. With some of the random sets'
    own, draws x samples.
    """
    side = Side("set", variable.name, cohort.table.genes.rows(genes))
    where = Situation(cohort.table, cohort.columns, "pearson", None, cohort.min_genes)
    random = matched_scores(where, side, n_draws)
    mean, sd = random.mean(axis=0), random.std(axis=0, ddof=1)
    scale = np.where(sd > _ROUNDING * np.abs(mean), sd, np.nan)
    return (where.values(side) - mean) / scale, (random[:_W_DRAWS] - mean) / scale


def _p_of_w(observed: float, random: Sequence[Matrix]) -> float:
    """How often random sets in place of all the sets give as large a Kendall's W."""
    found = np.array(
        [friedman(np.column_stack(scores)).effect for scores in zip(*random, strict=True)]
    )
    return rank_p(found, observed) if np.isfinite(observed) else float("nan")


def _rows(cohort: Cohort, scale: str, names: Sequence[str], scores: Matrix) -> list[dict[str, Any]]:
    from scipy.stats import rankdata

    n = len(scores)
    ranks = rankdata(-scores, axis=1) if scores.size else scores
    highest = scores == scores.max(axis=1, keepdims=True) if scores.size else scores > 0
    counts = highest.sum(axis=0)
    lowest = (scores == scores.min(axis=1, keepdims=True)).sum(axis=0) if scores.size else counts
    order = sorted(range(len(names)), key=lambda place: (-int(counts[place]), names[place]))
    return [
        {
            "tumor_type": cohort.tumor_type,
            "scale": scale,
            "set": names[place],
            "n": n,
            "mean": float(scores[:, place].mean()) if n else None,
            "sd": float(scores[:, place].std(ddof=1)) if n > 1 else None,
            "median": float(np.median(scores[:, place])) if n else None,
            "mean_rank": float(ranks[:, place].mean()) if n else None,
            "n_highest": int(counts[place]),
            "share_highest": counts[place] / n if n else None,
            "n_lowest": int(lowest[place]),
            "note": "SIMULATED" if cohort.table.metadata.simulated else "",
        }
        for place in order
    ]


def _tests(cohort: Cohort, scale: str, names: Sequence[str], scores: Matrix) -> dict[str, Any]:
    complete = scores[~np.isnan(scores).any(axis=1)]
    return {
        "tumor_type": cohort.tumor_type,
        "scale": scale,
        "friedman": _friedman(friedman(complete)),
        "pairs": [_pair(test, names) for test in post_hoc(complete)],
    }


def _friedman(test: GroupTest) -> dict[str, Any]:
    return {
        "n": test.n[0],
        "chi2": test.statistic,
        "df": test.df,
        "p": test.p,
        "kendalls_w": test.effect,
        "p_genes": float("nan"),
        "note": test.note,
    }


def _pair(test: PairTest, names: Sequence[str]) -> dict[str, Any]:
    return {
        "first": names[test.first],
        "second": names[test.second],
        "n": test.n,
        "mean_rank_difference": -test.mean_rank_difference,  # rank 1 is the highest, as in the rows
        "p": test.p,
        "p_holm": test.p_holm,
        "rank_biserial": test.rank_biserial,
        "note": test.note,
    }


def _lines(tests: Sequence[dict[str, Any]]) -> list[str]:
    lines = []
    for one in tests:
        test = one["friedman"]
        if len(one["pairs"]) == 1:
            lines.append(f"{one['tumor_type']} {one['scale']}: {_told_pair(one['pairs'][0])}")
            continue
        told = test["note"] or (
            f"chi2 = {test['chi2']:.4g}, df = {test['df']:.0f}, p = {test['p']:.2g}, "
            f"Kendall's W = {test['kendalls_w']:.3f}"
        )
        if np.isfinite(test["p_genes"]):
            told += f", p_genes = {test['p_genes']:.2g}"
        alike = [
            f"{pair['first']} and {pair['second']}"
            for pair in one["pairs"]
            if not pair["p_holm"] < SIGNIFICANT
        ]
        apart = f"; not told apart: {', '.join(alike)}" if alike and not test["note"] else ""
        lines.append(f"{one['tumor_type']} {one['scale']}: Friedman {told}{apart}")
    return [*lines, CAVEAT]


def _told_pair(pair: dict[str, Any]) -> str:
    if pair["note"]:
        return str(pair["note"])
    return (
        f"Wilcoxon {pair['first']} against {pair['second']}, p = {pair['p']:.2g}, "
        f"rank-biserial correlation = {pair['rank_biserial']:.3f}"
    )
