"""Differential expression in a run: volcanoes, tables of calls, and sentences of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tcga_corr.analysis.differential.summary import called
from tcga_corr.batch.differential import settings_of
from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.plan import PlannedAnalysis
from tcga_corr.batch.planned_differential import PlannedDifferential
from tcga_corr.exchange import finite
from tcga_corr.page.parts import Column, Differential, Finding, Row, Table, Volcano
from tcga_corr.page.run_rows import RowBudget
from tcga_corr.vocabulary.associations import note_without_mark

_MOST_SENTENCES = 4  # contrasts of a block that get one of their own
_MOST_LABELS = 6  # genes that are named on either side of a volcano
_SHARE_CALLED = 0.75  # of the points of a volcano, for genes that are called
_FEWEST, _MOST_POINTS = 40, 2_500  # points of a volcano
_MOST_FIRST, _MOST_SHARED, _MOST_OVERLAPS = 20, 40, 60  # rows of tables
_NAMED = 5  # genes that a sentence or cell names
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class DifferentialPart:
    """What a block shows."""

    figure: Differential
    tables: Sequence[Table]
    findings: Sequence[Finding]


def differential_of(
    folder: RunFolder, analysis: PlannedAnalysis, budget: RowBudget, prefix: str
) -> DifferentialPart:
    """The figures, tables and sentences of a block of differential expression.

    Parameters
    ----------
    folder, analysis
        The run, and the block.
    budget
        What fits in the page; what is used is subtracted from it.
    prefix
        Before the name of the block.
    """
    settings, name = settings_of(analysis), f"{prefix}{analysis.name}"
    is_own = pl.col("analysis") == analysis.name
    texts = pl.col(pl.Categorical).cast(pl.String)
    rows = pl.scan_parquet(folder.path / "differential.parquet").filter(is_own)
    summary = pl.read_parquet(folder.path / "differential_summary.parquet")
    counts = summary.filter(is_own).with_columns(texts).to_dicts()
    tested = [row for row in counts if row["n_tested"] is not None]
    file = f"{folder.run}-{analysis.name}"
    volcanoes = [_volcano(rows, row, settings, share) for row, share in _shares(tested, budget)]
    calls = _calls(rows, settings)
    share = _share_of_rows(len(tested), budget)
    tables = [
        counts_table(counts, settings, name, f"{file}-calls"),
        _first_genes(calls, name, f"{file}-genes", share),
        *_overlaps(calls, settings, name, f"{file}-overlaps", budget),
        *_over_types(calls, tested, name, f"{file}-tumor-types", budget),
    ]
    return DifferentialPart(
        Differential(name, _about(analysis, settings), settings.lfc, volcanoes),
        [table for table in tables if table.rows],
        _findings(counts, calls, settings, name),
    )


def _about(analysis: PlannedAnalysis, settings: PlannedDifferential) -> str:
    """What was compared, by what and of which samples."""
    pair = ", within patients" if settings.pair else ""
    fixed = ", ".join(one.name for one in analysis.adjust)
    adjusted = f", adjusted for {fixed}" if fixed else ""
    where = f" where {' and '.join(analysis.scope.where)}" if analysis.scope.where else ""
    return (
        f"by {settings.by}{pair}{adjusted}; {analysis.source}, {analysis.units[0]}; "
        f"{settings.samples} samples{where}; DESeq2, called at q < {settings.q:g} and "
        f"|log2FC| > {settings.lfc:g}"
    )


# --- volcanoes


def _shares(tested: Sequence[Row], budget: RowBudget) -> Iterator[tuple[Row, int]]:
    """The contrasts that are drawn, each with how many points it may have."""
    n_shown = min(len(tested), budget.changes // _FEWEST)
    for place, row in enumerate(tested[:n_shown]):
        share = min(_MOST_POINTS, budget.changes // (n_shown - place))
        budget.changes -= share
        yield row, share


def _volcano(rows: pl.LazyFrame, counts: Row, settings: PlannedDifferential, most: int) -> Volcano:
    """The points of a contrast: all that are called if they fit, and some of the others."""
    tumor_type, contrast = counts["tumor_type"], counts["contrast"]
    own = rows.filter(
        pl.col("tumor_type") == tumor_type,
        pl.col("contrast") == contrast,
        pl.col("q").is_not_null() & pl.col("log2fc").is_not_null(),
    )
    is_called = called(settings.q, settings.lfc).alias("called")
    frame = own.select("gene", "log2fc", "p", "q", "zero_group", is_called).collect()
    frame = frame.sort("q", "p", "gene")  # the smallest first, whatever the table's order
    is_drawn, note = _thinned(frame["called"].to_numpy(), most)
    shown = frame.filter(pl.Series(is_drawn))
    q, change = shown["q"].to_numpy(), shown["log2fc"].to_numpy()
    height = -np.log10(np.where(q > 0, q, 1.0))
    beyond = q <= 0
    height[beyond] = 1.08 * max(float(height.max(initial=0)), 2.0)
    call = np.where(shown["called"].to_numpy(), np.sign(change), 0).astype(int)
    without = (shown["zero_group"].fill_null("") != "").to_numpy()
    return Volcano(
        tumor_type=tumor_type,
        contrast=contrast,
        about="; ".join(filter(None, (_calls_in_words(counts, settings), note))),
        gene=shown["gene"].to_list(),
        x=np.round(change, 3).tolist(),
        y=np.round(height, 3).tolist(),
        call=call.tolist(),
        mark=np.where(without, 1, np.where(beyond, 2, 0)).tolist(),
        labels=_labelled(call, without),
        line=float(-np.log10(settings.q)),
    )


def _thinned(is_called: Flags, most: int) -> tuple[Flags, str]:
    """Which rows are drawn, in their order of q, and a note on those that are not."""
    n_called = int(is_called.sum())
    notes = []
    drawn = np.zeros(len(is_called), np.bool_)
    places = np.flatnonzero(is_called)
    n_shown = n_called
    if len(is_called) > most:
        n_shown = min(n_called, int(most * _SHARE_CALLED))
    drawn[places[:n_shown]] = True
    if n_shown < n_called:
        notes.append(f"drawn are the {n_shown:,} genes called with the smallest q")
    others = np.flatnonzero(~is_called)
    room = max(1, most - n_shown)
    if len(others) > room:
        step = int(np.ceil(len(others) / room))
        notes.append(
            f"of {len(others):,} genes that are not called every {_ordinal(step)} is drawn"
        )
        others = others[::step]
    drawn[others] = True
    return drawn, "; ".join(notes)


def _ordinal(number: int) -> str:
    endings = {1: "st", 2: "nd", 3: "rd"}
    ending = "th" if number % 100 in (11, 12, 13) else endings.get(number % 10, "th")
    return f"{number}{ending}"


def _labelled(call: NDArray[np.int_], without: Flags) -> list[int]:
    """The first genes called on either side; not those whose fold change has no size."""
    places = [np.flatnonzero((call == sign) & ~without)[:_MOST_LABELS] for sign in (1, -1)]
    return sorted(int(place) for side in places for place in side)


def _calls_in_words(row: Row, settings: PlannedDifferential) -> str:
    pairs = f", {row['n_pairs']} pairs" if row["n_pairs"] else ""
    return (
        f"{row['n_a']} and {row['n_b']} samples{pairs}; {row['n_up']:,} up and {row['n_down']:,} "
        f"down of {row['n_tested']:,} genes; by raw p < 0.05 {row['n_raw']:,}"
    )


# --- tables


def counts_table(rows: Sequence[Row], settings: PlannedDifferential, name: str, file: str) -> Table:
    """How many genes each contrast calls in each tumor type."""
    limits = f"q < {settings.q:g} and |log2FC| > {settings.lfc:g}"
    columns = (
        Column("tumor_type", "tumor type"), Column("contrast", "contrast"),
        Column("n_a", "n of A", "count", "samples of the first group"),
        Column("n_b", "n of B", "count", "samples of the second group"),
        *([Column("n_pairs", "pairs", "count")] if settings.pair else []),
        Column("n_tested", "tested", "count", "genes with p"),
        Column("n_up", "up", "count", f"more in A, at {limits}"),
        Column("n_down", "down", "count", f"less in A, at {limits}"),
        Column("n_raw", "by raw p", "count", f"p < 0.05 and |log2FC| > {settings.lfc:g}: many are "
               "called by chance"),
        Column("n_wilcoxon", "Wilcoxon", "count", "by q of Wilcoxon's test in place of q"),
        Column("n_both", "both", "count", "by q of both tests"),
        Column("n_zero_group", "no reads", "count",
               "called genes without a read in a group, whose fold change has no size"),
        Column("low_mean", "filter", "number", "base mean below which genes have no q"),
        Column("why", "not compared, as"),
    )  # fmt: skip
    # what was found on the way is among what was left out
    reasons = (
        "" if row["n_tested"] is not None else note_without_mark(row["note"]) for row in rows
    )
    shown = [{**row, "why": reason} for row, reason in zip(rows, reasons, strict=True)]
    return Table(f"Genes called: {name}", file, columns, finite(shown))


def _calls(rows: pl.LazyFrame, settings: PlannedDifferential) -> pl.DataFrame:
    """The rows of genes that are called, the smallest p of each contrast first."""
    texts = pl.col(pl.Categorical).cast(pl.String)
    found = rows.filter(called(settings.q, settings.lfc)).collect().with_columns(texts)
    return found.with_columns(is_up=pl.col("log2fc") > 0)


def _share_of_rows(n_tested: int, budget: RowBudget) -> int:
    """How many of the first genes of each contrast fit."""
    share = min(_MOST_FIRST, budget.changed // (2 * max(1, n_tested)))
    budget.changed -= share * n_tested
    return share


def _first_genes(calls: pl.DataFrame, name: str, file: str, share: int) -> Table:
    columns = (
        Column("tumor_type", "tumor type"), Column("contrast", "contrast"), Column("gene", "gene"),
        Column("base_mean", "base mean", "number", "normalised count over all samples"),
        Column("log2fc", "log2FC", "number"),
        Column("log2fc_shrunk", "shrunken", "number", "log2FC shrunk by the apeglm prior"),
        Column("ci_low", "from", "number", "lower end of the 95 % interval"),
        Column("ci_high", "to", "number", "upper end of the 95 % interval"),
        Column("p", "p", "p"), Column("q", "q", "p", "p adjusted within the contrast"),
        Column("q_wilcoxon", "q, Wilcoxon", "p"),
        Column("zero_group", "no reads in"),
    )  # fmt: skip
    first = calls.group_by("tumor_type", "contrast", maintain_order=True).head(share)
    rows = first.select(column.name for column in columns).to_dicts()
    left = calls.height - first.height
    note = f"The first {share} of each contrast; differential.parquet has all." if left else ""
    return Table(f"First genes: {name}", file, columns, finite(rows), note)


def _overlaps(
    calls: pl.DataFrame, settings: PlannedDifferential, name: str, file: str, budget: RowBudget
) -> Iterator[Table]:
    """Which contrasts of a tumor type call the same genes, and no other."""
    if len(settings.compared) < 2:
        return
    columns = (
        Column("tumor_type", "tumor type"), Column("contrasts", "called by these alone"),
        Column("n_contrasts", "contrasts", "count"), Column("n", "genes", "count"),
        Column("n_same", "same direction", "count", "genes that all of these change the same way"),
        Column("first", "first genes"),
    )  # fmt: skip
    by_gene = calls.group_by("tumor_type", "gene", maintain_order=True).agg(
        pl.col("contrast"), same=pl.col("is_up").n_unique() == 1, p=pl.col("p").min()
    )
    order = {contrast: place for place, contrast in enumerate(settings.compared)}
    found: dict[tuple[str, tuple[str, ...]], list[Row]] = {}
    for row in by_gene.sort("p", "gene").iter_rows(named=True):
        key = row["tumor_type"], tuple(sorted(row["contrast"], key=order.__getitem__))
        found.setdefault(key, []).append(row)
    rows = [
        {
            "tumor_type": tumor_type,
            "contrasts": " and ".join(contrasts),
            "n_contrasts": len(contrasts),
            "n": len(genes),
            "n_same": sum(gene["same"] for gene in genes),
            "first": ", ".join(gene["gene"] for gene in genes[:_NAMED]),
        }
        for (tumor_type, contrasts), genes in found.items()
    ]
    rows.sort(key=lambda row: (str(row["tumor_type"]), -int(row["n"])))
    yield _cut(Table(f"Overlap of contrasts: {name}", file, columns, rows), _MOST_OVERLAPS, budget)


def _over_types(
    calls: pl.DataFrame, tested: Sequence[Row], name: str, file: str, budget: RowBudget
) -> Iterator[Table]:
    """The genes that a contrast calls in the most tumor types."""
    n_types = len({row["tumor_type"] for row in tested})
    if n_types < 2:
        return
    columns = (
        Column("contrast", "contrast"), Column("gene", "gene"),
        Column("n_called", "called in", "count", "tumor types"),
        Column("n_up", "up in", "count"), Column("n_down", "down in", "count"),
        Column("median", "median log2FC", "number", "over the tumor types that call it"),
        Column("types", "tumor types"),
    )  # fmt: skip
    shared = (
        calls.group_by("contrast", "gene")
        .agg(
            n_called=pl.len(),
            n_up=pl.col("is_up").sum(),
            n_down=(~pl.col("is_up")).sum(),
            median=pl.col("log2fc").median(),
            types=pl.col("tumor_type").sort().str.join(" "),
            p=pl.col("p").log().sum(),
        )
        .filter(pl.col("n_called") > 1)
        .sort("n_called", "p", "gene", descending=[True, False, False])
        .drop("p")
    )
    table = Table(
        f"Genes called in several of {n_types} tumor types: {name}",
        file, columns, finite(shared.head(_MOST_SHARED + 1).to_dicts()),
    )  # fmt: skip
    yield _cut(table, _MOST_SHARED, budget, shared.height)


def _cut(table: Table, most: int, budget: RowBudget, n_rows: int | None = None) -> Table:
    """The table with as many rows as fit, and a note if that are not all."""
    n_all = len(table.rows) if n_rows is None else n_rows
    fitting = min(most, budget.changed, n_all)
    budget.changed -= fitting
    note = f"The first {fitting} of {n_all:,}." if fitting < n_all else ""
    return Table(table.title, table.file, table.columns, table.rows[:fitting], note)


# --- sentences


def _findings(
    counts: Sequence[Row], calls: pl.DataFrame, settings: PlannedDifferential, name: str
) -> list[Finding]:
    """A question and its answer for each of the first contrasts, over the tumor types."""
    found = []
    by_contrast = itertools.groupby(
        sorted(counts, key=lambda row: settings.compared.index(row["contrast"])),
        key=lambda row: row["contrast"],
    )
    for contrast, own in itertools.islice(by_contrast, _MOST_SENTENCES):
        found.append(_finding(list(own), calls.filter(contrast=contrast), settings, name))
    left = len(settings.compared) - len(found)
    if left > 0:
        contrasts = f"{left} more contrast{'s' if left > 1 else ''}"
        found.append(Finding(f"{name}: and the others?", f"The table of calls has {contrasts}."))
    return found


def _finding(
    rows: Sequence[Row], calls: pl.DataFrame, settings: PlannedDifferential, name: str
) -> Finding:
    contrast = rows[0]["contrast"]
    up, down = settings.groups_of(contrast)
    types = [row["tumor_type"] for row in rows]
    where = types[0] if len(types) == 1 else f"{len(types)} tumor types"
    question = f"{name}: which genes differ between {up} and {down} in {where}?"
    tested = [row for row in rows if row["n_tested"] is not None]
    if not tested:
        reasons = dict.fromkeys(note_without_mark(row["note"]) for row in rows)
        return Finding(question, f"Nothing could be compared: {'; '.join(reasons)}.")
    limits = f"q < {settings.q:g} and |log2FC| > {settings.lfc:g}"
    if len(tested) == 1:
        row = tested[0]
        n_called = row["n_up"] + row["n_down"]
        text = (
            f"{n_called:,} of {row['n_tested']:,} at {limits}: {row['n_up']:,} more and "
            f"{row['n_down']:,} less in {up}. By raw p < 0.05 they would be {row['n_raw']:,}."
        )
        genes = calls["gene"].head(_NAMED).to_list()
        text += f" The smallest p: {', '.join(genes)}." if genes else ""
    else:
        text = _over_types_in_words(tested, calls, limits)
    others = [row["tumor_type"] for row in rows if row["n_tested"] is None]
    text += f" Not compared: {', '.join(others)}; their notes say why." if others else ""
    return Finding(question, text)


def _over_types_in_words(tested: Sequence[Row], calls: pl.DataFrame, limits: str) -> str:
    by_size = sorted(tested, key=lambda row: row["n_up"] + row["n_down"])
    least, most = by_size[0], by_size[-1]
    n_least, n_most = (row["n_up"] + row["n_down"] for row in (least, most))
    text = (
        f"At {limits} between {n_least:,} ({least['tumor_type']}) and {n_most:,} "
        f"({most['tumor_type']}) genes in {len(tested)} tumor types."
    )
    often = (
        calls.group_by("gene")
        .agg(n=pl.len(), p=pl.col("p").log().sum())
        .filter(pl.col("n") > 1)
        .sort("n", "p", "gene", descending=[True, False, False])
        .head(_NAMED)
    )
    named = ", ".join(f"{gene} ({n})" for gene, n, _ in often.iter_rows())
    return f"{text} Called in the most: {named}." if named else f"{text} No gene in more than one."
