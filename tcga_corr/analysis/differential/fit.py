"""The differential expression of one tumor type, in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.differential.deseq2 import ContrastFit, DeseqFit, fit
from tcga_corr.analysis.differential.design import make_design
from tcga_corr.analysis.differential.samples import ComparedSamples, Contrast
from tcga_corr.errors import AnalysisError
from tcga_corr.stats.adjustment import benjamini_hochberg
from tcga_corr.stats.rank_tests import mann_whitney_rows, signed_rank_rows
from tcga_corr.store.counts import CountsTable, read_counts
from tcga_corr.store.layout import Store, TableKey
from tcga_corr.vocabulary.associations import SIMULATED

if TYPE_CHECKING:
    import polars as pl

Vector = NDArray[np.float64]
Counts = NDArray[np.int32]

NUMBERS = (
    "base_mean", "log2fc", "lfc_se", "ci_low", "ci_high", "p", "q", "log2fc_shrunk",
    "p_wilcoxon", "q_wilcoxon",
)  # fmt: skip
COLUMNS = (
    "tumor_type", "contrast", "gene", "n_a", "n_b", "n_pairs", *NUMBERS, "zero_group",
    "outliers_replaced", "filtered", "note",
)  # fmt: skip
_WHOLE = ("n_a", "n_b", "n_pairs", "outliers_replaced")
TEXT_COLUMNS = tuple(name for name in COLUMNS if name not in (*NUMBERS, *_WHOLE))
LOW_COUNT, NO_READS = "low count", "no reads in either group"
OUTLIER, LOW_MEAN, DIVERGED = "outlier", "low mean", "no convergence"

_INTERVAL = 1.959963984540054  # of the normal distribution, 95 %
_SEED = 20180630
_MOST_TOP = 50
_FEWEST_TO_SPLIT = 6


@dataclass(frozen=True)
class FitOptions:
    """How genes are tested; as of :meth:`tcga_corr.Engine.de`."""

    min_count: int
    q: float
    lfc: float
    shrink: bool
    check: bool


@dataclass(frozen=True)
class FitTask:
    """A tumor type to fit: where its counts are, and which samples are compared."""

    root: Path
    key: TableKey
    compared: ComparedSamples
    options: FitOptions


@dataclass(frozen=True)
class TopGenes:
    """The genes that are called with the smallest p of any contrast, in all samples compared.

    ``values`` is log2(normalised count + 1), genes x samples.
    """

    genes: tuple[str, ...]
    samples: tuple[str, ...]
    groups: tuple[str, ...]
    values: Vector


@dataclass(frozen=True)
class TypeFit:
    """The result of a tumor type.

    Attributes
    ----------
    frame
        A row per contrast and gene, with the columns ``COLUMNS``.
    notes
        What was found out on the way.
    thresholds
        By contrast, the base mean below which the independent filter left genes out; 0 for none.
    top
        The genes called with the smallest p.
    """

    frame: pl.DataFrame = field(repr=False)
    notes: tuple[str, ...]
    thresholds: dict[str, float]
    top: TopGenes = field(repr=False)


def contrast_name(contrast: Contrast) -> str:
    """As the column ``contrast`` has it."""
    return ":".join(contrast)


def fit_type(task: FitTask) -> TypeFit:
    """Fit one tumor type.

    Raises
    ------
    AnalysisError
        If no gene has enough reads.
    DamagedTableError
        If the counts are damaged.
    """
    import polars as pl

    stored = read_counts(Store(task.root), task.key)
    compared, options = task.compared, task.options
    counts = stored.values[:, compared.columns]
    enough = counts.sum(axis=1, dtype=np.int64) >= max(options.min_count, 1)
    if not enough.any():
        raise AnalysisError(
            f"no gene has {options.min_count} reads in all samples together", "Lower --min-count"
        )
    tested = np.ascontiguousarray(counts[enough])
    found = fit(tested, compared.design, compared.contrasts, options.q, shrink=options.shrink)
    notes, thresholds, frames = list(found.notes), {}, []
    genes = np.array(stored.genes)
    for contrast, one in zip(compared.contrasts, found.contrasts, strict=True):
        columns, threshold = _columns(tested, compared, contrast, found, one)
        name = contrast_name(contrast)
        thresholds[name] = threshold
        labels = _labels(task, contrast)
        frames.append(_ranked(pl.DataFrame({"gene": genes[enough], **columns}), labels))
        frames.append(_ranked(_untested(genes[~enough], counts[~enough], found, compared), labels))
    if options.check:
        notes.append(_checked(counts, compared, options))
    frame = pl.concat(frames)
    names = [stored.metadata.samples[column].barcode for column in compared.columns]
    top = _top(frame, dict(zip(genes[enough], tested / found.size_factors, strict=True)), options)
    return TypeFit(
        frame,
        tuple(notes),
        thresholds,
        replace(top, samples=tuple(names), groups=compared.group_of),
    )


def try_fit(task: FitTask) -> TypeFit | AnalysisError:
    """As :func:`fit_type`, but with the reason in place of a fit that cannot be done."""
    try:
        return fit_type(task)
    except AnalysisError as error:
        return error


def rows_of_type(
    table: CountsTable,
    found: ComparedSamples | AnalysisError,
    fitted: TypeFit | None,
    contrasts: Sequence[Contrast],
) -> pl.DataFrame:
    """The rows of a tumor type; a contrast that cannot be tested has one that says why.

    Parameters
    ----------
    table
        Its counts.
    found
        The samples that are compared, or why none are.
    fitted
        The fit; None where there is none.
    contrasts
        All that were asked for.
    """
    import polars as pl

    reasons: Mapping[Contrast, str] = (
        dict.fromkeys(contrasts, found.what)
        if isinstance(found, AnalysisError)
        else found.impossible
    )
    name = table.key.tumor_type
    rows = [
        {"tumor_type": name, "contrast": contrast_name(contrast), "note": reason}
        for contrast, reason in reasons.items()
    ]
    parts = [] if fitted is None else [fitted.frame]
    frame = pl.concat([*parts, pl.DataFrame(rows, schema=schema())])
    if table.metadata.simulated:
        note = pl.concat_str(pl.lit(SIMULATED), pl.col("note"), separator="; ")
        frame = frame.with_columns(note=note.str.strip_chars_end("; "))
    return frame


def _top(frame: pl.DataFrame, normalised: dict[str, Vector], options: FitOptions) -> TopGenes:
    """The first genes, without the samples' names."""
    import polars as pl

    is_called = (pl.col("q") < options.q) & (pl.col("log2fc").abs() > options.lfc)
    rows = (
        frame.filter(is_called).sort("p", "gene").unique("gene", keep="first", maintain_order=True)
    )
    genes = rows["gene"].head(_MOST_TOP).to_list()
    values = np.array([np.log2(normalised[gene] + 1) for gene in genes])
    return TopGenes(tuple(genes), (), (), values)


def _labels(task: FitTask, contrast: Contrast) -> dict[str, Any]:
    compared = task.compared
    n_a, n_b = (len(compared.of_group(name)) for name in contrast)
    return {
        "tumor_type": task.key.tumor_type,
        "contrast": contrast_name(contrast),
        "n_a": n_a,
        "n_b": n_b,
        "n_pairs": len(compared.pairs(contrast)) if compared.paired else 0,
        "note": "",
    }


def _ranked(frame: pl.DataFrame, labels: dict[str, Any]) -> pl.DataFrame:
    """The rows with all columns, the smallest p first."""
    import polars as pl

    labelled = frame.with_columns(pl.lit(value).alias(name) for name, value in labels.items())
    missing = [name for name in NUMBERS if name not in frame.columns]
    labelled = labelled.with_columns(pl.lit(None, pl.Float64).alias(name) for name in missing)
    return (
        labelled.with_columns(pl.col(*NUMBERS).fill_nan(None))
        .select(pl.col(name).cast(kind) for name, kind in schema().items())
        .sort("p", "gene", nulls_last=True)
    )


def schema() -> dict[str, Any]:
    """The columns of an answer, each with its type."""
    import polars as pl

    texts: dict[str, Any] = dict.fromkeys(TEXT_COLUMNS, pl.String)
    kinds = texts | dict.fromkeys(NUMBERS, pl.Float64) | dict.fromkeys(_WHOLE, pl.Int64)
    return {name: kinds[name] for name in COLUMNS}


def _columns(
    counts: Counts,
    compared: ComparedSamples,
    contrast: Contrast,
    found: DeseqFit,
    one: ContrastFit,
) -> tuple[dict[str, Any], float]:
    """The columns of one contrast, of the genes that were fitted; and the filter's threshold."""
    zero = [counts[:, compared.of_group(name)].max(axis=1) == 0 for name in contrast]
    empty = zero[0] & zero[1]
    one = _without(one, empty)
    p_wilcoxon = _wilcoxon(counts / found.size_factors, compared, contrast)
    p_wilcoxon[empty] = np.nan
    has_p, has_q = ~np.isnan(one.p), ~np.isnan(one.q)
    filtered = np.where(has_q, "", np.where(has_p, LOW_MEAN, OUTLIER))
    filtered = np.where(one.diverged, DIVERGED, filtered)
    filtered = np.where(empty, NO_READS, filtered)
    names = np.where(zero[0], contrast[0], np.where(zero[1], contrast[1], ""))
    return {
        "base_mean": found.base_mean,
        "log2fc": one.log2fc,
        "lfc_se": one.lfc_se,
        "ci_low": one.log2fc - _INTERVAL * one.lfc_se,
        "ci_high": one.log2fc + _INTERVAL * one.lfc_se,
        "p": one.p,
        "q": one.q,
        **({} if one.shrunk is None else {"log2fc_shrunk": one.shrunk}),
        "p_wilcoxon": p_wilcoxon,
        "q_wilcoxon": benjamini_hochberg(p_wilcoxon),
        "zero_group": np.where(empty, " and ".join(contrast), names),
        "outliers_replaced": found.n_replaced,
        "filtered": filtered,
    }, one.threshold if (has_p & ~has_q).any() else 0.0


def _without(one: ContrastFit, empty: NDArray[np.bool_]) -> ContrastFit:
    """Without numbers of genes that have reads in other groups alone."""
    if not empty.any():
        return one

    def blanked(values: Vector) -> Vector:
        return np.where(empty, np.nan, values)

    return replace(
        one,
        log2fc=blanked(one.log2fc),
        lfc_se=blanked(one.lfc_se),
        p=blanked(one.p),
        q=blanked(one.q),
        shrunk=None if one.shrunk is None else blanked(one.shrunk),
    )


def _untested(
    genes: NDArray[np.str_], counts: Counts, found: DeseqFit, compared: ComparedSamples
) -> pl.DataFrame:
    """The rows of genes with too few reads."""
    import polars as pl

    return pl.DataFrame(
        {
            "gene": genes,
            "base_mean": (counts / found.size_factors).mean(axis=1),
            "zero_group": np.full(len(genes), ""),
            "outliers_replaced": np.zeros(len(genes), np.int64),
            "filtered": np.full(len(genes), LOW_COUNT),
        }
    )


def _wilcoxon(normalised: Vector, compared: ComparedSamples, contrast: Contrast) -> Vector:
    """P of rank tests on normalised counts: Mann and Whitney's, of pairs the signed ranks."""
    first, second = (compared.of_group(name) for name in contrast)
    if not compared.paired:
        return mann_whitney_rows(normalised[:, first], normalised[:, second])
    patients = np.array(compared.patient_of)
    pairs = compared.pairs(contrast)
    sides = [
        np.stack([normalised[:, side[patients[side] == one]].mean(axis=1) for one in pairs], axis=1)
        for side in (first, second)
    ]
    return signed_rank_rows(sides[0], sides[1])


def _checked(counts: Counts, compared: ComparedSamples, options: FitOptions) -> str:
    """How many genes are called between halves of a group, which differ in nothing."""
    groups = {name for contrast in compared.contrasts for name in contrast}
    name = max(sorted(groups), key=lambda one: len(compared.of_group(one)))
    columns = compared.of_group(name)
    if len(columns) < _FEWEST_TO_SPLIT:
        return f"check: {name} has {len(columns)} samples, too few to split"
    order = np.random.default_rng(_SEED).permutation(len(columns))
    halves = np.where(order < len(columns) // 2, "one half", "other half")
    split = _halves(halves.tolist(), compared, columns)
    tested = counts[:, columns]
    tested = tested[tested.sum(axis=1, dtype=np.int64) >= max(options.min_count, 1)]
    found = fit(tested, split.design, split.contrasts, options.q)
    result, _ = _columns(tested, split, split.contrasts[0], found, found.contrasts[0])
    with np.errstate(invalid="ignore"):
        n_deseq = int((result["q"] < options.q).sum())
        n_wilcoxon = int((result["q_wilcoxon"] < options.q).sum())
    n_a, n_b = (len(split.of_group(half)) for half in split.contrasts[0])
    return (
        f"check: {name} split at random into {n_a} and {n_b} samples, which differ in nothing: "
        f"{n_deseq} false calls by DESeq2 and {n_wilcoxon} by Wilcoxon at q < {options.q:g}"
    )


def _halves(
    group_of: Sequence[str], compared: ComparedSamples, columns: NDArray[np.intp]
) -> ComparedSamples:
    contrast = ("one half", "other half")
    return ComparedSamples(
        columns=columns,
        group_of=tuple(group_of),
        patient_of=tuple(compared.patient_of[column] for column in columns),
        design=make_design(group_of, contrast, {}),
        contrasts=(contrast,),
        impossible={},
        paired=False,
        notes=(),
    )
