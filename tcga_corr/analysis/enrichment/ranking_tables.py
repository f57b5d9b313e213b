"""The tables in which rankings are given: which column has the genes, and what ranks them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tcga_corr.analysis.answer import Answer
from tcga_corr.analysis.naming.given import one_item
from tcga_corr.errors import UsageError, near_names
from tcga_corr.vocabulary.associations import SIMULATED
from tcga_corr.vocabulary.gene_sets.gmt import GeneSet
from tcga_corr.vocabulary.tumor_types import parse_tumor_type

if TYPE_CHECKING:
    import polars as pl

LABELS = ("tumor_type", "contrast")
NUMBER, Q, EFFECT = "_number", "_q", "_effect"
_GENES = ("gene", "y", "symbol", "gene_symbol", "gene_name", "hgnc_symbol", "gene_id", "SYMBOL")
# as DESeq2, edgeR and limma call them
_SYNONYMS = {
    "log2fc": ("log2FoldChange", "logFC"),
    "lfc_se": ("lfcSE",),
    "p": ("pvalue", "P.Value", "PValue"),
    "q": ("padj", "adj.P.Val", "FDR"),
}
_STATISTICS = ("stat", "t")


@dataclass(frozen=True, eq=False)
class RankedTable:
    """A table of genes, with what ranks and lists them.

    Attributes
    ----------
    frame
        A row per gene, tumor type and contrast, with the columns ``NUMBER``, ``Q`` and ``EFFECT``;
        of a list of genes without them.
    name
        Of the file, or what it is.
    genes, labels
        The columns of the genes, and of tumor type and contrast.
    number, effect
        What ranks the genes, and what has a gene's direction; empty of a list.
    notes
        What has to be known.
    simulated
        Whether the numbers are of simulated values.
    """

    frame: pl.DataFrame
    name: str
    genes: str
    labels: list[str]
    number: str = ""
    effect: str = ""
    notes: tuple[str, ...] = ()
    simulated: bool = False


def ranked_table(given: Any, rank: str | None, tumor_types: Iterable[str]) -> RankedTable:
    """The table of what is given; see :func:`tcga_corr.analysis.enrichment.rankings.ranked`."""
    frame, name, simulated = _frame_of(given)
    frame = _of_types(_with_own_names(frame), tumor_types, name)
    genes = next((one for one in _GENES if one in frame.columns), frame.columns[0])
    _check_one_x(frame, name)
    if len(frame.columns) == 1:
        return RankedTable(frame, name, genes, [], simulated=simulated)
    frame, number, effect = _numbered(frame, genes, rank, name)
    labels = [one for one in LABELS if one in frame.columns and one != genes]
    notes = (*_of_zero_groups(frame), *_of_shared_genes(frame, number))
    if labels:
        frame, without = _with_numbers(frame, labels)
        notes = (*notes, *(f"{one}: no gene has a number" for one in without))
    if "note" in frame.columns:
        noted = frame["note"].cast(str).drop_nulls()
        simulated = simulated or bool(noted.str.contains(SIMULATED, literal=True).any())
    return RankedTable(frame, name, genes, labels, number, effect, notes, simulated)


def _with_own_names(frame: pl.DataFrame) -> pl.DataFrame:
    """The table with the names of ``de`` for columns of other programs."""
    for own, others in _SYNONYMS.items():
        other = next((one for one in others if one in frame.columns), None)
        if other is not None and own not in frame.columns:
            frame = frame.rename({other: own})
    return frame


def _with_numbers(frame: pl.DataFrame, labels: list[str]) -> tuple[pl.DataFrame, list[str]]:
    """The rows of tumor types and contrasts that have numbers, and the names of the others."""
    import polars as pl

    has = frame.select(pl.col(NUMBER).is_not_null().any().over(labels)).to_series()
    name = pl.concat_str(labels, separator=" ").unique(maintain_order=True)
    return frame.filter(has), frame.filter(~has).select(name).to_series().to_list()


def _frame_of(given: Any) -> tuple[pl.DataFrame, str, bool]:
    """The table of what is given, its name, and whether it is known to be simulated."""
    import polars as pl

    if isinstance(given, Answer):
        return given.frame, "the answer", given.simulated
    if isinstance(given, pl.DataFrame):
        return given, "the table", False
    if isinstance(given, Mapping) and all(isinstance(one, int | float) for one in given.values()):
        frame = pl.DataFrame({"gene": list(given), "number": [float(x) for x in given.values()]})
        return frame, "the ranking", False
    if isinstance(given, str | os.PathLike) and ("," not in str(given) or Path(given).exists()):
        from tcga_corr.formats.rankings import read_ranked

        path = Path(given)
        return read_ranked(path), path.name, False
    if isinstance(given, str):
        given = given.split(",")
    item = one_item(given)
    genes = item.genes if isinstance(item, GeneSet) else (item,)
    return pl.DataFrame({"gene": list(genes)}), "the list", False


def _of_types(frame: pl.DataFrame, tumor_types: Iterable[str], name: str) -> pl.DataFrame:
    wanted = [parse_tumor_type(one).abbreviation for one in tumor_types]
    if not wanted or "tumor_type" not in frame.columns:
        return frame
    known = frame["tumor_type"].unique(maintain_order=True).to_list()
    missing = [one for one in wanted if one not in known]
    if missing:
        raise UsageError(f"{name}: no {', '.join(missing)} in it", f"It has {', '.join(known)}")
    return frame.filter(frame["tumor_type"].is_in(wanted))


def _check_one_x(frame: pl.DataFrame, name: str) -> None:
    if {"x", "y"} <= set(frame.columns) and frame["x"].n_unique() > 1:
        raise UsageError(
            f"{name}: a screen of {frame['x'].n_unique()} variables ranks no genes",
            "Screen one variable: `tcga-corr screen X --against genes`",
        )


def _numbered(
    frame: pl.DataFrame, genes: str, rank: str | None, name: str
) -> tuple[pl.DataFrame, str, str]:
    """The table with the number that genes are ranked by, q and effect; and what these are."""
    import polars as pl

    columns = [one for one in frame.columns if one not in (genes, *LABELS)]
    floats = {one: _numbers(frame[one]) for one in columns}
    numeric = [one for one, values in floats.items() if values is not None]
    frame = frame.with_columns([floats[one].alias(one) for one in numeric])  # type: ignore[union-attr]
    if rank is not None:
        if rank not in numeric:
            raise UsageError(
                f"{name}: no column '{rank}' of numbers",
                near_names(rank, numeric) or f"It has {', '.join(numeric[:8]) or 'none'}",
            )
        number, expression = rank, pl.col(rank)
    else:
        number, expression = _usual_number(frame, numeric, name)
    q = next((one for one in ("q_genes", "q") if one in numeric), None)
    effect = next((one for one in ("log2fc", "r") if one in numeric), None)
    return (
        frame.with_columns(
            expression.fill_nan(None).alias(NUMBER),
            (pl.col(q).fill_nan(None) if q else pl.lit(None, pl.Float64)).alias(Q),
            (pl.col(effect).fill_nan(None) if effect else expression).alias(EFFECT),
        ),
        number,
        effect or number,
    )


def _usual_number(frame: pl.DataFrame, numeric: Sequence[str], name: str) -> tuple[str, pl.Expr]:
    import polars as pl

    has = set(numeric)
    if {"log2fc", "lfc_se"} <= has:
        # DESeq2 withholds the p of genes with outliers, and they are not ranked either
        tested = pl.col("p").is_not_null() if "p" in has else pl.lit(True)
        ratio = pl.col("log2fc") / pl.col("lfc_se")
        return "log2fc / lfc_se", pl.when(tested).then(ratio)
    statistic = next((one for one in _STATISTICS if one in has), None)
    if statistic is not None:
        return statistic, pl.col(statistic)
    if {"log2fc", "p"} <= has:
        return "signed -log10 p", -pl.col("p").log10() * pl.col("log2fc").sign()
    if {"r", "r_disjoint", "n_shared_genes"} <= has:
        shares = pl.col("n_shared_genes") > 0
        return "r", pl.when(shares).then("r_disjoint").otherwise("r")
    if "r" in has:
        return "r", pl.col("r")
    if len(numeric) == 1:
        return numeric[0], pl.col(numeric[0])
    listed = ", ".join(numeric[:8])
    raise UsageError(
        f"{name}: it is not clear which column ranks the genes",
        f"Name one with --rank: {listed}" if numeric else "Give two columns: genes and numbers",
    )


def _numbers(column: pl.Series) -> pl.Series | None:
    """A column as numbers; None where it has a cell that is none, or no value."""
    import polars as pl

    if column.dtype.is_numeric():
        return column.cast(pl.Float64)
    if column.dtype != pl.String or not column.drop_nulls().len():
        return None
    numbers = column.cast(pl.Float64, strict=False)
    return numbers if numbers.null_count() == column.null_count() else None


def _of_zero_groups(frame: pl.DataFrame) -> tuple[str, ...]:
    """How many genes have no count in a whole group, so that their fold change is no number."""
    if "zero_group" not in frame.columns:
        return ()
    flagged = frame.filter(frame[NUMBER].is_not_null())["zero_group"].cast(str).drop_nulls()
    n = int((~flagged.is_in(["", "false", "False"])).sum())
    text = f"{n:,} genes have no count in a whole group (zero_group): their fold change is a guess"
    return (text,) if n else ()


def _of_shared_genes(frame: pl.DataFrame, number: str) -> tuple[str, ...]:
    """Of how many genes r is without them, as they are of the set that was screened."""
    if number != "r" or not {"r_disjoint", "n_shared_genes"} <= set(frame.columns):
        return ()
    n = frame.filter(frame["n_shared_genes"] > 0)["y"].n_unique()
    return (
        (f"{n:,} genes are of what was screened: their r is without them (r_disjoint)",)
        if n
        else ()
    )
