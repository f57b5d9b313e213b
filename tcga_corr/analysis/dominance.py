"""Dominance: which of several gene sets scores highest in the samples of a tumor type.

Raw scores of different sets are not on one scale: small and large sets, and sets of genes that are
high in any tissue, differ before any biology. So each score is also standardised against random
sets of its size and its genes' expression, in the same sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.answer import Answer, CohortData, Query, ScopeQuery
from tcga_corr.analysis.naming.names import Items, SetVariable, sets_among
from tcga_corr.analysis.nulls.random_genes import matched_scores
from tcga_corr.analysis.nulls.setting import NullSetting
from tcga_corr.analysis.samples.cohort import Cohort, Measured, Vector, failures, matching_notes
from tcga_corr.analysis.samples.scope import SEE_STATUS
from tcga_corr.errors import AnalysisError, UsageError
from tcga_corr.stats.empirical_p import rank_p
from tcga_corr.stats.groups import GroupTest
from tcga_corr.stats.repeated import PairTest, friedman, post_hoc
from tcga_corr.vocabulary.associations import SIGNIFICANT
from tcga_corr.vocabulary.gene_sets.catalogue import DEATH_PROGRAMMES
from tcga_corr.vocabulary.nulls import N_DRAWS

if TYPE_CHECKING:
    import polars as pl

MIN_DRAWS = 20  # for a standard deviation of random sets
CAVEAT = (
    "raw scores of different sets do not compare: which is highest depends on the sets' sizes and "
    "on how high their genes are in any tissue; standardised ones take that out, but not that real "
    "sets' genes vary together, so Friedman's p is small of random sets too: p_genes says how "
    "often they give as large a W"
)
# random sets whose W is looked at
_W_DRAWS = 200
# of float32 sums: below this a spread is none
_ROUNDING = 1e-6
SCALES = ("raw", "standardised")
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class FriedmanTest:
    """Friedman's test of a tumor type and scale, with Kendall's W; NaN where there is none."""

    n: int
    chi2: float
    df: float
    p: float
    kendalls_w: float
    p_genes: float
    note: str


@dataclass(frozen=True)
class SignedRankTest:
    """Wilcoxon's signed ranks of two sets; rank 1 is the highest score, as in the rows."""

    first: str
    second: str
    n: int
    mean_rank_difference: float
    p: float
    p_holm: float
    rank_biserial: float
    note: str


@dataclass(frozen=True)
class DominanceTests:
    """The tests of a tumor type and scale."""

    tumor_type: str
    scale: str
    friedman: FriedmanTest
    pairs: tuple[SignedRankTest, ...]


@dataclass(frozen=True)
class DominanceSummary:
    """What the rows of :func:`dominance` come to."""

    tests: tuple[DominanceTests, ...]
    caveat: str = CAVEAT


@dataclass(frozen=True)
class DominanceQuery(Query):
    """A question of :func:`dominance`."""

    sets: list[str]
    scope: ScopeQuery
    draws: int


@dataclass(frozen=True, kw_only=True)
class DominanceAnswer(Answer):
    """An answer of :func:`dominance`: a row per tumor type, scale and set."""

    query: DominanceQuery
    summary: DominanceSummary


def dominance(
    data: CohortData, sets: Items = DEATH_PROGRAMMES, draws: int = N_DRAWS
) -> DominanceAnswer:
    """See :meth:`tcga_corr.Engine.dominance`."""
    if draws < MIN_DRAWS:
        raise UsageError(f"draws is {draws}", f"Give {MIN_DRAWS} or more")
    data.refuse_unions("dominance")
    variables = data.names.expanded(sets)
    chosen = sets_among(variables)
    others = [one.name for one in variables if not isinstance(one, SetVariable)]
    if others or len(chosen) < 2:
        raise UsageError(
            f"{', '.join(others)}: no gene set" if others else "one gene set dominates none",
            "Dominance is among gene sets: give two or more",
        )
    found = dominance_of(data.cohorts, chosen, draws)
    if not found.frame.height:
        reasons = "; ".join(failures(found.measured)) or f"no {data.scope.samples} samples"
        raise AnalysisError(f"no score: {reasons}", SEE_STATUS)
    return data.answer(
        DominanceAnswer,
        found.frame,
        DominanceQuery([one.name for one in chosen], data.query, draws),
        chosen,
        failures(found.measured),
        matching_notes(found.measured),
        summary=DominanceSummary(tuple(found.tests)),
        lines=(*_lines(found.tests), CAVEAT),
    )


@dataclass(frozen=True)
class Dominance:
    """A row per tumor type, scale and set; the tests; and what was measured."""

    frame: pl.DataFrame
    tests: list[DominanceTests]
    measured: list[Measured]


def dominance_of(cohorts: Sequence[Cohort], sets: Sequence[SetVariable], n_draws: int) -> Dominance:
    """Compare the scores of sets within each sample.

    On the raw scale, and standardised: the score minus the mean of ``n_draws`` random sets' scores
    in the same sample, by their standard deviation; their genes are matched to the set's, gene by
    gene, on mean expression and spread. Friedman's test says whether the sets differ, Wilcoxon's
    signed ranks (Holm) which.
    """
    import polars as pl

    rows: list[dict[str, Any]] = []
    tests: list[DominanceTests] = []
    measured: list[Measured] = []
    for cohort in cohorts:
        if not len(cohort.columns):
            continue
        results = [cohort.measure(variable) for variable in sets]
        measured += results
        scored = [one for one in results if one.values is not None]
        names = [one.name for one in scored]
        values = [one.values for one in scored if one.values is not None]
        raw = np.column_stack(values) if values else np.empty((0, 0))
        drawn = _standardised(cohort, scored, n_draws)
        both = (raw, np.column_stack([scores for scores, _ in drawn]) if scored else raw)
        for scale, scores in zip(SCALES, both, strict=True):
            rows += _rows(cohort, scale, names, scores)
            if len(names) > 1:
                tests.append(_tests(cohort, scale, names, scores))
        if len(names) > 2:  # else there is no Friedman's test
            friedman_test = tests[-1].friedman
            p = _p_of_w(friedman_test.kendalls_w, [random for _, random in drawn])
            tests[-1] = replace(tests[-1], friedman=replace(friedman_test, p_genes=p))
    return Dominance(pl.DataFrame(rows, schema=DOMINANCE_SCHEMA), tests, measured)


DOMINANCE_SCHEMA: dict[str, Any] = {
    "tumor_type": str, "scale": str, "set": str, "n": int, "mean": float, "sd": float,
    "median": float, "mean_rank": float, "n_highest": int, "share_highest": float, "n_lowest": int,
    "note": str,
}  # fmt: skip


def _standardised(
    cohort: Cohort, measured: Sequence[Measured], n_draws: int
) -> list[tuple[Vector, Matrix]]:
    """Sets' scores minus the mean of random sets like them, by their standard deviation.

    All by average ranks, whatever the tie rule of the raw scores. With some of the random sets'
    own, draws x samples; those of two sets are of different draws, as a draw's sets share genes.
    """
    setting = NullSetting(cohort.table, cohort.columns, "pearson", None, cohort.min_genes)
    by_average = cohort.variant("average")
    rows = [cohort.table.genes.rows(one.genes) for one in measured]
    by_genes = sorted(range(len(rows)), key=lambda number: rows[number].tolist())
    step = max(1, n_draws // max(1, len(rows)))
    found = []
    for number, drawn in enumerate(matched_scores(setting, rows, n_draws)):
        random = drawn.astype(np.float64)
        mean, sd = random.mean(axis=0), random.std(axis=0, ddof=1)
        scale = np.where(sd > _ROUNDING * np.abs(mean), sd, np.nan)
        others = np.roll(random, -step * by_genes.index(number), axis=0)[:_W_DRAWS]
        own = by_average.scores(rows[number])
        found.append(((own - mean) / scale, (others - mean) / scale))
    return found


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
            "note": cohort.mark,
        }
        for place in order
    ]


def _tests(cohort: Cohort, scale: str, names: Sequence[str], scores: Matrix) -> DominanceTests:
    complete = scores[~np.isnan(scores).any(axis=1)]
    return DominanceTests(
        tumor_type=cohort.tumor_type,
        scale=scale,
        friedman=_friedman(friedman(complete)),
        pairs=tuple(_pair(test, names) for test in post_hoc(complete)),
    )


def _friedman(test: GroupTest) -> FriedmanTest:
    return FriedmanTest(
        n=test.n[0],
        chi2=test.statistic,
        df=test.df,
        p=test.p,
        kendalls_w=test.effect,
        p_genes=float("nan"),
        note=test.note,
    )


def _pair(test: PairTest, names: Sequence[str]) -> SignedRankTest:
    return SignedRankTest(
        first=names[test.first],
        second=names[test.second],
        n=test.n,
        mean_rank_difference=-test.mean_rank_difference,
        p=test.p,
        p_holm=test.p_holm,
        rank_biserial=test.rank_biserial,
        note=test.note,
    )


def _lines(tests: Sequence[DominanceTests]) -> list[str]:
    lines = []
    for one in tests:
        test = one.friedman
        if len(one.pairs) == 1:
            lines.append(f"{one.tumor_type} {one.scale}: {_pair_in_words(one.pairs[0])}")
            continue
        text = test.note or (
            f"chi2 = {test.chi2:.4g}, df = {test.df:.0f}, p = {test.p:.2g}, "
            f"Kendall's W = {test.kendalls_w:.3f}"
        )
        if np.isfinite(test.p_genes):
            text += f", p_genes = {test.p_genes:.2g}"
        alike = [
            f"{pair.first} and {pair.second}" for pair in one.pairs if not pair.p_holm < SIGNIFICANT
        ]
        if alike and not test.note:
            text += f"; not distinguished: {', '.join(alike)}"
        lines.append(f"{one.tumor_type} {one.scale}: Friedman {text}")
    return lines


def _pair_in_words(pair: SignedRankTest) -> str:
    if pair.note:
        return pair.note
    return (
        f"Wilcoxon {pair.first} against {pair.second}, p = {pair.p:.2g}, "
        f"rank-biserial correlation = {pair.rank_biserial:.3f}"
    )
