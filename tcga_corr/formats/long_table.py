"""Long tables: a row for each gene and sample, as databases and the tidyverse keep expression.

Two columns of names tell the form: each repeats its names, and only the pair is of one row. One
column of numbers has the values. It becomes genes x samples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tcga_corr.errors import TableError
from tcga_corr.expression import ExpressionTable
from tcga_corr.formats.delimited import check_name_column
from tcga_corr.formats.format import GeneFilter, TableFile
from tcga_corr.formats.gene_names import (
    N_LOOKED_AT,
    GeneRows,
    NameColumns,
    describes_genes,
    is_title,
    known_share,
    name_columns,
)
from tcga_corr.formats.sample_names import format_left_out, is_sample_title, sample_title_rank
from tcga_corr.vocabulary.barcodes import parse_barcode
from tcga_corr.vocabulary.gene_names import is_ensembl

if TYPE_CHECKING:
    import polars as pl

PART_ROWS = 1 << 17
"""How many rows are read at a time, to spare memory."""

MOST_VALUE_COLUMNS = 12
"""A table with more columns of numbers is not looked at: it has a column for each sample."""

_ROWS_LOOKED_AT = 300_000
_REPEATS = 1.5  # rows for each name
_UNIQUE_PAIRS = 0.9  # of the rows
_LEAST_KNOWN = 0.1
_UNNAMED = "rows without the name of a gene"
_WHAT = "a long table: a row for each gene and sample"
_PIVOT = "Keep the names of genes, those of samples and one column of values, each pair once"

Frames = Callable[[Sequence[int]], "Iterator[pl.DataFrame]"]
"""Reads some columns by their positions, part by part; names as text, values as float32."""


@dataclass(frozen=True)
class LongTable:
    """A long table on disk.

    Attributes
    ----------
    path
        The file.
    titles
        The title of each column.
    gene
        The position of the column whose names tell the genes apart.
    about_genes
        The positions of others that name the same genes.
    sample, value
        The positions of the columns of samples and of values.
    frames
        Reads it.
    """

    path: Path
    titles: tuple[str, ...]
    gene: int
    about_genes: tuple[int, ...]
    sample: int
    value: int
    frames: Frames = field(repr=False)

    def table_file(self, read_as: str) -> TableFile:
        """The table of genes x samples that it becomes; ``read_as`` starts what is said of it.

        Raises
        ------
        TableError
            If a sample has no name, a name is too long to be one, or the file has no row.
        """
        import polars as pl

        positions = sorted((self.gene, *self.about_genes))
        genes: dict[str, tuple[str, ...]] = {}
        samples: dict[str, None] = {}
        n_rows = 0
        for frame in self.frames([*positions, self.sample]):
            unnamed = frame[str(self.sample)].is_null()
            if unnamed.any():
                row = n_rows + int(unnamed.arg_max() or 0) + 1
                raise TableError(
                    f"{self.path}: {_WHAT}, and row {row} names no sample", "Name it or take it out"
                )
            for position in (*positions, self.sample):
                column = frame[str(position)]
                check_name_column(f"{self.path}, row", column, n_rows + 1)
            n_rows += frame.height
            samples.update(dict.fromkeys(frame[str(self.sample)].unique(maintain_order=True)))
            known = pl.Series(list(genes), dtype=pl.String).implode()
            new = frame.filter(
                pl.col(str(self.gene)).is_not_null() & ~pl.col(str(self.gene)).is_in(known)
            ).unique(str(self.gene), keep="first", maintain_order=True)
            columns = (new[str(position)].fill_null("") for position in positions)
            genes.update(zip(new[str(self.gene)], zip(*columns, strict=True), strict=True))
        if not genes:
            raise TableError(f"{self.path}: {_WHAT}, and it names no gene", "Look at the file")
        names = [list(column) for column in zip(*genes.values(), strict=True)]
        titles = [self.titles[position] for position in positions]
        which = name_columns([column[:N_LOOKED_AT] for column in names], titles)
        used = {*positions, self.sample, self.value}
        others = [title for column, title in enumerate(self.titles) if column not in used]
        left_out = format_left_out([*which.others(titles), *others])
        return TableFile(
            path=self.path,
            columns=tuple(samples),
            read=partial(self._read, which, list(genes), names, list(samples)),
            ensembl=which.ensembl is not None,
            linear=None,
            read_as=f"{read_as}a row for each gene and sample, values of "
            f"'{self.titles[self.value]}'{left_out}{which.origin}",
        )

    def _read(
        self,
        which: NameColumns,
        keys: Sequence[str],
        names: list[list[str]],
        samples: Sequence[str],
        genes: GeneFilter | None = None,
    ) -> ExpressionTable:
        import polars as pl

        gene_of = pl.DataFrame({str(self.gene): keys, "gene": range(len(keys))})
        sample_of = pl.DataFrame({str(self.sample): samples, "sample": range(len(samples))})
        values = np.full(len(keys) * len(samples), np.nan, np.float32)
        filled = np.zeros(len(values), np.bool_)
        n_unnamed = 0
        for frame in self.frames([self.gene, self.sample, self.value]):
            named = frame.filter(pl.col(str(self.gene)).is_not_null())
            n_unnamed += frame.height - named.height
            placed = named.join(gene_of, on=str(self.gene), maintain_order="left").join(
                sample_of, on=str(self.sample), maintain_order="left"
            )
            cells = placed["gene"].to_numpy() * len(samples) + placed["sample"].to_numpy()
            _check_once(self.path, cells, filled, keys, samples)
            filled[cells] = True
            numbers = placed[str(self.value)].fill_null(float("nan")).to_numpy()
            infinite = np.isinf(numbers)
            if infinite.any():
                gene, sample = divmod(int(cells[int(infinite.argmax())]), len(samples))
                raise TableError(
                    f"{self.path}: {keys[gene]} of {samples[sample]} is not a finite number",
                    "Values are numbers, or NA where not measured",
                )
            values[cells] = numbers
        del filled
        table = GeneRows(which, genes).filtered_table(
            names, samples, values.reshape(len(keys), len(samples))
        )
        return table.counted(_UNNAMED, n_unnamed)


def _check_once(
    path: Path,
    cells: NDArray[np.int64],
    filled: NDArray[np.bool_],
    keys: Sequence[str],
    samples: Sequence[str],
) -> None:
    """Refuse a gene that a sample has twice."""
    again = cells[filled[cells]]
    if not len(again):
        in_order = np.sort(cells)
        again = in_order[1:][in_order[1:] == in_order[:-1]]
    if len(again):
        gene, sample = divmod(int(again[0]), len(samples))
        raise TableError(
            f"{path}: {_WHAT}, and {keys[gene]} of {samples[sample]} is there more than once",
            "Keep one row for each gene and sample, or name genes by their ids",
        )


def recognise_long(
    path: Path, titles: Sequence[str], named: Sequence[int], values: Sequence[int], frames: Frames
) -> LongTable | None:
    """The long table that a file is; None where it is none.

    Parameters
    ----------
    path
        The file.
    titles
        The title of each column.
    named, values
        The positions of the columns that may hold names, and of those of numbers.
    frames
        Reads it.

    Raises
    ------
    TableError
        If it is one, and more than one column may hold the values, or none is known to name genes.
    """
    if len(named) < 2 or not 0 < len(values) <= MOST_VALUE_COLUMNS:
        return None
    value_titles = [titles[column] for column in values]
    if any(map(parse_barcode, value_titles)) or 2 * known_share(value_titles) >= 1:
        return None
    head = _head(frames, named)
    if not head.height:
        return None
    first = {n: head[str(n)].drop_nulls().unique(maintain_order=True)[:N_LOOKED_AT] for n in named}
    names = {column: series.to_list() for column, series in first.items()}
    distinct = {column: head[str(column)].n_unique() for column in named}
    gene = _gene_column(titles, names)
    repeated = [n for n in named if head.height >= _REPEATS * distinct[n]]
    if gene is None:
        if _some_pair_is_unique(head, repeated):
            raise TableError(
                f"{path}: {_WHAT}, and none of its columns is known to name genes", _PIVOT
            )
        return None
    others = [column for column in named if column != gene]
    pairs = {n: head.select(str(gene), str(n)).n_unique() for n in others}
    of_genes = [column for column in others if pairs[column] == distinct[gene]]
    barcoded = [n for n in others if names[n] and all(map(parse_barcode, names[n]))]
    titled = [n for n in others if is_sample_title(titles[n]) and n not in barcoded]
    varied = [n for n in (*barcoded, *titled) if n not in of_genes or distinct[n] == 1]
    sure = [n for n in varied if n in repeated or distinct[gene] == 1]
    crossed = [
        n
        for n in others
        if gene in repeated and n in repeated and pairs[n] >= _UNIQUE_PAIRS * head.height
    ]
    candidates = sorted(sure, key=lambda n: (n not in barcoded, sample_title_rank(titles[n]), n))
    sample = next(iter([*candidates, *crossed]), None)
    if sample is None:
        return None
    if len(values) > 1:
        raise TableError(
            f"{path}: {_WHAT}, with several columns of numbers "
            f"({', '.join(value_titles)}), and it is unclear which has the values",
            "Take the others out",
        )
    about = tuple(column for column in of_genes if column != sample)
    return LongTable(path, tuple(titles), gene, about, sample, values[0], frames)


def _head(frames: Frames, columns: Sequence[int]) -> pl.DataFrame:
    import polars as pl

    parts, n_rows = [], 0
    for frame in frames(columns):
        parts.append(frame)
        n_rows += frame.height
        if n_rows >= _ROWS_LOOKED_AT:
            break
    return pl.concat(parts) if parts else pl.DataFrame()


def _gene_column(titles: Sequence[str], names: dict[int, list[str]]) -> int | None:
    """The column that tells genes apart: Ensembl ids, or else symbols, or else by its title."""
    for column, found in names.items():
        if found and 2 * sum(map(is_ensembl, found)) > len(found):
            return column
    shares = {column: known_share(found) for column, found in names.items()}
    best = max(shares, key=shares.__getitem__)
    if shares[best] >= _LEAST_KNOWN:
        return best
    titled = [column for column in names if describes_genes(titles[column])]
    titled += [column for column in names if is_title(titles[column])]
    return next((column for column in titled if not is_sample_title(titles[column])), None)


def _some_pair_is_unique(head: pl.DataFrame, repeated: Sequence[int]) -> bool:
    return any(
        head.select(str(one), str(other)).n_unique() >= _UNIQUE_PAIRS * head.height
        for number, one in enumerate(repeated)
        for other in repeated[:number]
    )
