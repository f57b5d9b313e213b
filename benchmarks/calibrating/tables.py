"""The tables of docs/calibration.md."""

from __future__ import annotations

import itertools
import platform
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from importlib.metadata import version

import numpy as np

from calibrating.cohorts import SIMULATED, TPM, Table
from calibrating.coverage import COVERAGE_N, COVERAGE_R, VALUES
from calibrating.draws import DIRECT_DRAWS, NOMINAL, SHARED, TAIL_KINDS
from calibrating.pairs import NEAREST, PAIR_KINDS, TENTHS
from calibrating.planted import POWER_N
from calibrating.results import (
    KINDS,
    LEVEL,
    MEAN_ALONE,
    Results,
    Share,
    contradicts,
    power,
    score_coverage,
    share_of,
    true_r_of_scores,
)
from calibrating.simulation import SEED, TRUE_R, Vector
from tcga_corr.choices import Method
from tcga_corr.vocabulary.gene_sets.catalogue import reference_sets
from tcga_corr.vocabulary.methods import METHODS
from tcga_corr.vocabulary.nulls import N_DRAWS

Column = tuple[str, float]
"""A p-value and the level below which it is counted."""

RANDOM = ("genes", "20 and 20", "40 and 200", "set and gene")
MATCHED = {"steady": "steadiest", "variable": "most variable"}
NULL_OF_GENES = (("p", LEVEL), ("p_genes", LEVEL), ("p_genes", 0.01))
WAYS = {"spearman": "Spearman", "purity": "adjusted for purity"}
FIVE = "these five"


def markdown(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Format a table as Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def groups(results: Results) -> Iterator[tuple[str, str, tuple[Table, ...]]]:
    """The rows of a table: the tables that are pooled, all of these together, and the others."""
    for one in results.hub:
        yield one.label, f"{one.n:,}", (one,)
    if results.hub:
        yield FIVE, "", results.hub
    for one in results.tables:
        if one.group in (TPM, SIMULATED):
            yield one.label, f"{one.n:,}", (one,)


def head(column: Column) -> str:
    """The heading of a share."""
    name, level = column
    if name.startswith("p_sets"):
        _, _, n = name.partition(" ")
        return f"`p_sets` ≤ {level:g}" + (f", {n} nearest" if n else "")
    return f"by the mean alone < {level:g}" if name == MEAN_ALONE else f"`{name}` < {level:g}"


def cell(share: Share, column: Column) -> str:
    """A share, with a star where it contradicts what is promised."""
    return f"{share} \\*" if share.of and contradicts(share, *column) else str(share)


def share_table(results: Results, kind: str, columns: Sequence[Column]) -> str:
    """A row per table; shares of the p-values of one kind of pairs."""
    rows = []
    for label, n, tables in groups(results):
        shares = [share_of(results, kind, tables, *column) for column in columns]
        if not shares[0].of:
            continue
        # p_genes promises nothing for real pathways
        promised = [
            ("", level) if PAIR_KINDS[kind].sets and name == "p_genes" else (name, level)
            for name, level in columns
        ]
        cells = [cell(*both) for both in zip(shares, promised, strict=True)]
        rows.append([label, n, f"{shares[0].of:,}", *cells])
    return markdown(["cohort", "n", "pairs", *map(head, columns)], rows)


def tenths_of_matched_table(results: Results) -> str:
    """A row per table; random sets like the steadiest and the most variable pathways."""
    columns: list[Column] = [("p_genes", LEVEL), (MEAN_ALONE, LEVEL)]
    heads = [f"{words}: {head(column)}" for words in MATCHED.values() for column in columns]
    rows = []
    for label, n, tables in groups(results):
        shares = [
            (share_of(results, kind, tables, *column), column)
            for kind in MATCHED
            for column in columns
        ]
        if shares[0][0].of:
            rows.append([label, n, f"{shares[0][0].of:,}", *(cell(*one) for one in shares)])
    return markdown(["cohort", "n", "pairs of either", *heads], rows)


def tenths_table(results: Results, measure: str) -> str:
    """A row per tenth of pathways: the p_sets of pairs with one of them, pooled tables together."""
    kinds = {"pathways": "two pathways", "pathway and gene": "pathway and gene"}
    heads = [f"{words}, {n} nearest" for words in kinds.values() for n in NEAREST]
    rows = []
    for tenth in range(TENTHS):
        cells = []
        for kind in kinds:
            own = results.values(kind, "pearson", results.hub, measure) == tenth
            for n in NEAREST:
                p = results.values(kind, "pearson", results.hub, f"p_sets {n}")
                share = Share.below(p[own.any(axis=1)], inclusive=True)
                cells.append(cell(share, ("p_sets", LEVEL)))
        rows.append([tenth + 1, *cells])
    return markdown([f"tenth by {measure}", *heads], rows)


def ways_table(results: Results) -> str:
    """Spearman, and adjusted for purity: a row per kind of pairs and way, and of either unit."""
    rows = []
    for kind, (way, words) in itertools.product(("matched", "pathways"), WAYS.items()):
        for label, _, some in groups(results):
            known = [one for one in some if (kind, way, one.number) in results.pairs]
            if known and (len(some) > 1 or some[0].group == TPM):
                cells = _ways_cells(results, kind, way, known)
                rows.append([PAIR_KINDS[kind].words, words, label, *cells])
    heads = [head(("p_genes", LEVEL)), head(("p_genes", 0.01)), head(("p_sets", LEVEL))]
    return markdown(["pairs of", "", "cohort", "pairs", *heads], rows)


def _ways_cells(results: Results, kind: str, way: str, some: Sequence[Table]) -> list[object]:
    levels = (LEVEL, 0.01)
    shares = [share_of(results, kind, some, "p_genes", level, way) for level in levels]
    if not PAIR_KINDS[kind].sets:
        promised = zip(shares, levels, strict=True)
        return [shares[0].of, *(cell(share, ("p_genes", level)) for share, level in promised), ""]
    p_sets = share_of(results, kind, some, "p_sets", way=way)
    return [shares[0].of, *shares, cell(p_sets, ("p_sets", LEVEL))]


def pooled_table(results: Results) -> str:
    """A row per kind of pairs: the pooled p, and the nulls that are pooled in the same way."""
    columns: list[Column] = [
        ("p", LEVEL), ("p_genes", LEVEL), ("p_genes", 0.01), ("p_sets", LEVEL)
    ]  # fmt: skip
    rows = []
    for kind, found in results.pooled.items():
        shares = [
            Share.below(found[name], level, inclusive=name == "p_sets") for name, level in columns
        ]
        promised = [
            ("", level) if PAIR_KINDS[kind].sets and name == "p_genes" else (name, level)
            for name, level in columns
        ]
        cells = [cell(*both) for both in zip(shares, promised, strict=True)]
        rows.append([PAIR_KINDS[kind].words, shares[0].of, *cells])
    return markdown(["pairs of", "pairs", *(f"pooled {head(one)}" for one in columns)], rows)


def tail_table(results: Results) -> str:
    """A row per kind of pairs and table: the shape of the null, and shares beyond nominal p."""
    heads = ["pairs of", "cohort", "skewness", "excess kurtosis", *(f"{one:g}" for one in NOMINAL)]
    rows = []
    for (kind, label), tail in results.tails.items():
        shape = [f"{one.min():.2f} to {one.max():.2f}" for one in (tail.skewness, tail.kurtosis)]
        shares = [f"{own.mean():.2g} ({own.min():.2g} to {own.max():.2g})" for own in tail.beyond.T]
        rows.append([TAIL_KINDS[kind], label, *shape, *shares])
    return markdown(heads, rows)


def direct_table(results: Results) -> str:
    """How many differences between decks and direct draws exceed two and three standard errors."""
    sizes = np.abs(results.direct)
    names = ("mean", "deviation", "2.5 % quantile", "97.5 % quantile")
    columns = [*zip(names, sizes.T, strict=True), ("all", sizes.ravel())]
    rows = []
    for name, own in columns:
        beyond = [f"{int((own > far).sum())}" for far in (2, 3)]
        rows.append([name, own.size, *beyond, f"{np.sqrt((own**2).mean()):.2f}"])
    heads = ["of the null", "comparisons", "beyond 2", "beyond 3", "root mean square"]
    return markdown(heads, rows)


def sharing_table(results: Results) -> str:
    """A row per share of common genes: draws of whole sets against those of the reduced ones."""
    sharing = results.sharing
    rows = []
    for low, high in itertools.pairwise(SHARED):
        own = (sharing.share > low) & (sharing.share <= high)
        cells = []
        for column in range(3):
            ways, again = (of[own, column] for of in (sharing.between, sharing.again))
            cells += [_typical(ways), _typical(again), _mean(sharing.systematic[own, column])]
        rows.append([f"{100 * low:.0f}–{100 * high:.0f} %", int(own.sum()), *cells])
    heads = [
        f"{name}: {what}"
        for name in ("mean", "deviation", "p")
        for what in ("two ways", "one way again", "two ways, signed mean")
    ]
    return markdown(["shared genes", "pairs", *heads], rows)


def _typical(differences: Vector) -> str:
    """The median size of differences, and their 95 % point."""
    middle, high = np.quantile(np.abs(differences), [0.5, 0.95])
    return f"{middle:.3f} ({high:.3f})"


def _mean(differences: Vector) -> str:
    error = differences.std(ddof=1) / np.sqrt(len(differences))
    return f"{differences.mean():+.3f} ± {error:.3f}"


def coverage_table(results: Results) -> str:
    """A row per n and true r; the methods, for both kinds of values."""
    heads = ["n", "true r", *(f"{one}, {values}" for values in VALUES for one in METHODS)]
    rows = [
        [n, f"{r:g}", *(f"{results.coverage[v, r, n][one]:.3f}" for v in VALUES for one in METHODS)]
        for n in COVERAGE_N
        for r in COVERAGE_R
    ]
    return markdown(heads, rows)


def score_table(results: Results) -> str:
    """Coverage of the r of scores, a row per n."""
    methods: tuple[Method, ...] = ("pearson", "spearman")
    rows = [
        [n, score_coverage(results, n, "pearson").of]
        + [str(score_coverage(results, n, one)) for one in methods]
        for n in POWER_N
    ]
    return markdown(["n", "intervals", *methods], rows)


def power_table(results: Results) -> str:
    """A row per n and true r."""
    heads = ["n", "tables", "planted r", "r of the scores"]
    heads += [f"sets, `{kind}`" for kind in KINDS] + [f"genes, `{kind}`" for kind in KINDS[:2]]
    of_scores = [true_r_of_scores(results, number, "pearson") for number in range(len(TRUE_R))]
    rows = []
    for n in POWER_N:
        columns = [power(results, "sets", n, kind) for kind in KINDS]
        columns += [power(results, "genes", n, kind) for kind in KINDS[:2]]
        rows += [
            [n, len(results.planted[n]), f"{r:g}", f"{round(score_r, 2) + 0.0:.2f}"]
            + [f"{column[number].value:.2f}" for column in columns]
            for number, (r, score_r) in enumerate(zip(TRUE_R, of_scores, strict=True))
        ]
    return markdown(heads, rows)


def caption() -> str:
    """Date, versions and seed of the numbers."""
    packages = ("tcga-corr", "numpy", "scipy")
    versions = [f"{one} {version(one)}" for one in packages]
    return (
        f"{date.today().isoformat()}, Python {platform.python_version()}, {', '.join(versions)}; "
        f"seed {SEED}, {N_DRAWS:,} draws ({DIRECT_DRAWS:,} where decks are compared with direct "
        f"draws), {len(reference_sets()):,} reference sets."
    )


def tables(results: Results) -> dict[str, str]:
    """The page's tables by their marks."""
    of_sets: list[Column] = [(f"p_sets {n}", LEVEL) for n in NEAREST]
    with_mean_alone: list[Column] = [*NULL_OF_GENES, (MEAN_ALONE, LEVEL)]
    found = {
        "caption": caption(),
        **{kind: share_table(results, kind, NULL_OF_GENES) for kind in RANDOM},
        "matched": share_table(results, "matched", with_mean_alone),
        "tenths of matched": tenths_of_matched_table(results),
        **{
            kind: share_table(results, kind, [*NULL_OF_GENES[:2], *of_sets])
            for kind in ("pathways", "pathway and gene")
        },
        "ways": ways_table(results),
        "tail": tail_table(results),
        "direct": direct_table(results),
        "sharing": sharing_table(results),
        "coverage": coverage_table(results),
        "scores": score_table(results),
        "power": power_table(results),
    }
    if results.hub:
        found["pooled"] = pooled_table(results)
        for measure in ("spread", "size"):
            found[f"by {measure}"] = tenths_table(results, measure)
    return found
