"""What differential expression comes to: calls by each method, and what a reader has to know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tcga_corr.analysis.differential.fit import LOW_MEAN, OUTLIER, TypeFit
from tcga_corr.analysis.differential.samples import ComparedSamples
from tcga_corr.errors import AnalysisError
from tcga_corr.store.counts import CountsTable
from tcga_corr.vocabulary.associations import NOTE_OF_SIMULATED

if TYPE_CHECKING:
    import polars as pl

_LARGE = 20  # samples on both sides, from which DESeq2's calls are known to be too many


def called(q: float, lfc: float, column: str = "q") -> pl.Expr:
    """Whether a gene is called: below q in a column, and changed by more than lfc, in log2."""
    import polars as pl

    return ((pl.col(column) < q) & (pl.col("log2fc").abs() > lfc)).fill_null(value=False)


def summary_of(
    frame: pl.DataFrame, fits: Mapping[str, TypeFit], q: float, lfc: float
) -> pl.DataFrame:
    """A row per tumor type and contrast that was tested.

    Columns: ``n_tested`` genes with p; ``n_called`` by q and the fold change, ``n_up`` and
    ``n_down`` of them; ``n_raw`` by p in place of q; ``n_wilcoxon`` by the rank test's q;
    ``n_both`` by both q; ``n_zero_group`` called genes without a read in a whole group;
    ``n_outliers`` and ``n_low_mean`` genes without q; ``low_mean`` the filter's threshold.
    """
    import polars as pl

    keys = ("tumor_type", "contrast", "n_a", "n_b", "n_pairs")
    rows = frame.filter(pl.col("gene").is_not_null()).group_by(keys, maintain_order=True)
    summary = rows.agg(counts_of_calls(q, lfc))
    thresholds = [
        fits[row["tumor_type"]].thresholds[row["contrast"]] for row in summary.iter_rows(named=True)
    ]
    return summary.with_columns(low_mean=pl.Series(thresholds, dtype=pl.Float64))


def counts_of_calls(q: float, lfc: float) -> list[pl.Expr]:
    """The columns of :func:`summary_of` that count the rows of a contrast, each by name."""
    import polars as pl

    by_q, by_ranks = called(q, lfc), called(q, lfc, "q_wilcoxon")
    counted = {
        "n_tested": pl.col("p").is_not_null(),
        "n_called": by_q,
        "n_up": by_q & (pl.col("log2fc") > 0),
        "n_down": by_q & (pl.col("log2fc") < 0),
        "n_raw": called(0.05, lfc, "p"),
        "n_wilcoxon": by_ranks,
        "n_both": by_q & by_ranks,
        "n_zero_group": by_q & (pl.col("zero_group") != ""),
        "n_outliers": pl.col("filtered") == OUTLIER,
        "n_low_mean": pl.col("filtered") == LOW_MEAN,
    }
    return [one.sum().cast(pl.Int64).alias(name) for name, one in counted.items()]


def lines_of(summary: pl.DataFrame, q: float, lfc: float) -> tuple[str, ...]:
    """A line per tumor type and contrast, for people."""
    return tuple(_line(row, q, lfc) for row in summary.iter_rows(named=True))


def _line(row: Mapping[str, Any], q: float, lfc: float) -> str:
    pairs = f", {row['n_pairs']} pairs" if row["n_pairs"] else ""
    parts = [
        f"{row['tumor_type']} {row['contrast']} ({row['n_a']} and {row['n_b']} samples{pairs}): "
        f"{row['n_called']:,} of {row['n_tested']:,} genes at q < {q:g} and |log2FC| > {lfc:g}, "
        f"{row['n_up']:,} up, {row['n_down']:,} down",
        f"by raw p < 0.05 {row['n_raw']:,}",
        f"by Wilcoxon's q {row['n_wilcoxon']:,}, by both {row['n_both']:,}",
    ]
    if row["n_zero_group"]:
        parts.append(
            f"{row['n_zero_group']:,} of them without a read in one group, whose fold change has "
            "no meaning"
        )
    if row["n_low_mean"]:
        parts.append(f"{row['n_low_mean']:,} without q, of base mean below {row['low_mean']:.3g}")
    if row["n_outliers"]:
        parts.append(f"{row['n_outliers']:,} without p, as one sample decides them")
    return "; ".join(parts)


def notes_of(
    tables: Sequence[CountsTable],
    chosen: Mapping[str, ComparedSamples | AnalysisError],
    fits: Mapping[str, TypeFit],
    version: str,
) -> tuple[str, ...]:
    """What a reader has to know: method, rounding, what was left out, and what was found."""
    notes: dict[str, list[str]] = {}
    for table in tables:
        name = table.key.tumor_type
        found = chosen[name]
        if isinstance(found, AnalysisError):
            own = [table.metadata.rounded, found.what]
        else:
            own = [f"{':'.join(one)}: {why}" for one, why in found.impossible.items()]
            own += notes_of_type(table, found, fits[name])
        for note in filter(None, own):
            notes.setdefault(note, []).append(name)
    simulated = any(table.metadata.simulated for table in tables)
    return (
        f"DESeq2 by PyDESeq2 {version}, Wald tests; beside it Wilcoxon's test of normalised counts",
        *(
            note if len(types) == len(tables) else f"{note} (in {', '.join(types)})"
            for note, types in notes.items()
        ),
        *([NOTE_OF_SIMULATED] if simulated else []),
    )


def notes_of_type(table: CountsTable, compared: ComparedSamples, fitted: TypeFit) -> list[str]:
    """What a reader has to know of a tumor type that was fitted."""
    own = [table.metadata.rounded, *compared.notes, *fitted.notes, _of_large(compared)]
    return list(filter(None, own))


def _of_large(compared: ComparedSamples) -> str:
    """That DESeq2 calls too many genes in large groups; empty for small ones."""
    sizes = [min(len(compared.of_group(name)) for name in one) for one in compared.contrasts]
    if max(sizes) < _LARGE:
        return ""
    return (
        "in groups of this size DESeq2 calls some genes where nothing differs (--check counts "
        "them), and Wilcoxon's test does not (Li et al. 2022, doi:10.1186/s13059-022-02648-4)"
    )
