"""Which of a table's columns of names hold its genes' symbols and ids, and which rows are kept.

Ensembl ids without a column of symbols get those of the shipped table. The copies of
pseudoautosomal genes on chromosome Y are left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from tcga_corr.expression import ExpressionTable
from tcga_corr.formats.delimited import MISSING, Matrix, Values, is_number, read_matrix
from tcga_corr.formats.ensembl import PSEUDOAUTOSOMAL, is_pseudoautosomal_copy, without_version
from tcga_corr.formats.format import GeneFilter
from tcga_corr.formats.read_counts import counts_reads
from tcga_corr.formats.sample_columns import expression_table
from tcga_corr.formats.sample_names import is_sample_title
from tcga_corr.vocabulary.gene_names import is_ensembl, split_name
from tcga_corr.vocabulary.symbols import symbol_table

N_LOOKED_AT = 200
"""How many names, at most, decide what the names of a table are."""

_SYMBOLS = re.compile(r"(hgnc|hugo|gene)?symbols?|genenames?|featurename|externalgenename")
_IDS = re.compile(r"id|(ncbi)?geneids?|ensembl(gene)?(ids?)?|entrez(gene)?(ids?)?|hgncid")
_OTHERS = re.compile(
    r"gene|name|(gene)?(description|length|type|biotype)|chr(om|omosome(name)?)?|seqnames?"
    r"|(start|end)(position)?|strand|width|cytoband"
)
_NUMBERED = re.compile(r"([A-Za-z]{1,2})[0-9]+")
_CLINICAL = re.compile(
    r"age(at.*)?|sex|gender|race|ethnicity|height|weight|bmi|smok(ing|er)|arm|treatment|therapy"
    r"|response|recist|cr|pr|sd|pd|stage|grade|[ptnm]|tnm|figo|ecog|status|event|time|days?|months?"
    r"|years?|surv(ival)?|dead|alive|cens(or(ed)?)?|follow_?up|ct|rt"
    r"|((os|pfs|pfi|dfs|dfi|dss|css|efs|rfs|rfi|mfs|dmfs|lrfs|ttp)"
    r"(time|status|event|days?|months?|years?)?)"
    r"|batch|group|cluster|subtype|site|plate|rin|purity|ploidy|tmb|msi|mmr|hrd|cin|cpe|immunescore"
    r"|er|pr|hr|her2|ki67|p16|p53|pdl1|psa|cea|afp|crp|ca(125|199|153)|ldh|alt|ast|alp|ggt|hdl|ldl"
    r"|wbc|hb|plt|inr|ln|h[bcp]v|ebv|hiv|(pc|sv|dim|umap|tsne)[0-9]+"
)
_LEAST_KNOWN = 0.1


def known_share(names: Sequence[str]) -> float:
    """The share of names that are genes: a current symbol, an Ensembl id, or both in one name.

    Aliases are not counted: nearly every letter with a number is an alias of some gene.
    """
    return sum(map(_is_known, names)) / len(names) if names else 0.0


def distinctive_share(names: Sequence[str]) -> float:
    """The share of names that are genes and cannot be samples; 0 where only one of several is.

    Samples may be named in series of a letter or two and a number (C2, C3 or SP1, SP2), and once
    by chance as a gene (MET).
    """
    numbered = [_NUMBERED.fullmatch(name) for name in names]
    series = Counter(match[1] for match in numbered if match)
    distinctive = [
        name
        for name, match in zip(names, numbered, strict=True)
        if not match or series[match[1]] < 2
    ]
    n_known = sum(map(_is_known, distinctive))
    return n_known / len(names) if n_known > 1 or 0 < len(names) <= 2 * n_known else 0.0


def _is_known(name: str) -> bool:
    symbol, gene_id = split_name(name)
    return is_ensembl(gene_id) or symbol in symbol_table()


def gene_span(names: Sequence[str]) -> slice:
    """The names from the first to the last that may be a gene; those before and after are not.

    Symbols, aliases and Ensembl ids may be genes, except for clinical words: OS is an alias of
    MID1. Where few names are known genes, as in a mouse, all names but these words may be.
    """
    mostly_known = distinctive_share(names) >= _LEAST_KNOWN
    first = _n_before_genes(names, mostly_known)
    return slice(first, max(first, len(names) - _n_before_genes(names[::-1], mostly_known)))


def _n_before_genes(names: Sequence[str], mostly_known: bool) -> int:
    before = next((n for n, name in enumerate(names) if _may_be_gene(name, mostly_known)), 0)
    # beside a clinical word, a symbol that is also a clinical word, such as AFP, is that word
    return 0 if all(map(_is_known, names[:before])) else before


def _may_be_gene(name: str, mostly_known: bool) -> bool:
    if counts_reads(name):  # left out at reading, and counted
        return True
    if _CLINICAL.fullmatch(_bare(name)) or is_sample_title(name):
        return False
    known = is_ensembl(name) or bool(symbol_table().candidates(split_name(name)[0]))
    return known or not mostly_known


def is_title(title: str) -> bool:
    """Whether a column is titled as one that describes genes."""
    return describes_genes(title) or bool(_OTHERS.fullmatch(_bare(title)))


def describes_genes(title: str) -> bool:
    """Whether a column is titled as one of symbols or ids."""
    return bool(_SYMBOLS.fullmatch(_bare(title)) or _IDS.fullmatch(_bare(title)))


def is_text(fields: Sequence[str], decimal_comma: bool = False) -> bool:
    """Whether a column has values, and none of them is a number."""
    present = [field for field in fields if field not in MISSING]
    return bool(present) and not any(is_number(field, decimal_comma) for field in present)


def _bare(title: str) -> str:
    return re.sub(r"[^a-z0-9]", "", title.lower())


@dataclass(frozen=True)
class NameColumns:
    """The positions of a table's symbols and ids among its columns of names.

    Attributes
    ----------
    symbol
        Symbols, with an id or without; None where the shipped table gives them by Ensembl id.
    ensembl, entrez
        Ids; None where there are none.
    """

    symbol: int | None = 0
    ensembl: int | None = None
    entrez: int | None = None

    @property
    def origin(self) -> str:
        """Where the symbols come from, for people; empty where that is a column of the file."""
        return ", symbols of NCBI Gene by Ensembl id" if self.symbol is None else ""

    def others(self, titles: Sequence[str]) -> list[str]:
        """The titles of the columns of names that are neither symbols nor ids."""
        used = (self.symbol, self.ensembl, self.entrez)
        return [title for column, title in enumerate(titles) if column not in used]

    def named(self, names: Sequence[Sequence[str]]) -> tuple[list[str], list[str]]:
        """Symbols and ids of rows, by their names, a list per column."""
        if self.symbol is None:
            parts = [("", "") for _ in names[0]]
        else:
            parts = [split_name(name) for name in names[self.symbol]]
        symbols = ["" if is_ensembl(symbol) else symbol for symbol, _ in parts]
        ids = [entrez for _, entrez in parts]
        if self.ensembl is not None:
            ids = [
                without_version(gene_id)
                if is_ensembl(gene_id)
                else name
                if counts_reads(name)
                else ""
                for name, (_, gene_id) in zip(
                    names[self.ensembl], map(split_name, names[self.ensembl]), strict=True
                )
            ]
        elif self.entrez is not None:
            ids = [name.partition(".")[0] for name in names[self.entrez]]
        if self.symbol is None:
            symbols = [_shipped_symbols().get(gene_id, "") for gene_id in ids]
        elif self.symbol == self.ensembl:  # a name of both, of which one may lack
            symbols = [
                symbol or _shipped_symbols().get(gene_id, "")
                for symbol, gene_id in zip(symbols, ids, strict=True)
            ]
        return symbols, ids


@cache
def _shipped_symbols() -> dict[str, str]:
    return symbol_table().symbol_by_ensembl_id()


def name_columns(names: Sequence[Sequence[str]], titles: Sequence[str]) -> NameColumns:
    """Which columns hold symbols and ids, by their first names and their titles.

    ``names`` has a list per column.
    """
    present = [[name for name in column if name not in MISSING] for column in names]
    numbers = range(len(names))
    ensembl = next((n for n in numbers if _mostly(_has_ensembl_id, present[n])), None)
    entrez = next(
        (
            n
            for n in numbers
            if _IDS.fullmatch(_bare(titles[n])) and _mostly(str.isdigit, present[n])
        ),
        None,
    )
    others = [
        n
        for n in numbers
        if (n != ensembl or not _mostly(is_ensembl, present[n]))
        and (n != entrez or ensembl is not None)
    ]
    shares = {n: known_share(names[n][:N_LOOKED_AT]) for n in others}
    symbol = max(others, key=shares.__getitem__, default=None)
    if (
        symbol is not None
        and ensembl is not None
        and _share_of_symbols(names[symbol]) < _LEAST_KNOWN
    ):
        symbol = None
    if symbol is None and ensembl is None:
        symbol = 0
    return NameColumns(symbol, ensembl, entrez)


def _share_of_symbols(names: Sequence[str]) -> float:
    symbols = [split_name(name)[0] for name in names[:N_LOOKED_AT]]
    return sum(symbol in symbol_table() for symbol in symbols) / len(symbols) if symbols else 0.0


def _has_ensembl_id(name: str) -> bool:
    return is_ensembl(split_name(name)[1])


def _mostly(predicate: Callable[[str], bool], names: Sequence[str]) -> bool:
    return bool(names) and 2 * sum(map(predicate, names)) > len(names)


class GeneRows:
    """The rows of a table as they are read: which to keep, and the table they become."""

    def __init__(self, columns: NameColumns, genes: GeneFilter | None) -> None:
        self.n_rows = 0
        self._columns = columns
        self._genes = genes
        self._on_y = self._unwanted = 0

    def keep(self, names: list[list[str]]) -> NDArray[np.bool_]:
        """Which rows to keep, by their names; the others are counted."""
        symbols, ids = self._columns.named(names)
        raw = ids if self._columns.ensembl is None else names[self._columns.ensembl]
        on_y: NDArray[np.bool_] = np.array(
            [is_pseudoautosomal_copy(split_name(name)[1]) for name in raw], np.bool_
        )
        kept: NDArray[np.bool_] = ~on_y
        if self._genes is not None:
            kept &= self._genes.rows(ids, symbols)
        self.n_rows += len(on_y)
        self._on_y += int(np.count_nonzero(on_y))
        self._unwanted += int(np.count_nonzero(~(kept | on_y)))
        return kept

    def table(
        self,
        names: list[list[str]],
        columns: Sequence[str],
        values: Values,
        also: Collection[str] = (),
    ) -> ExpressionTable:
        """The table of the rows kept, with a count of the others."""
        symbols, ids = self._columns.named(names)
        table = expression_table(symbols, ids, columns, values, also)
        table = table.counted(PSEUDOAUTOSOMAL, self._on_y)
        return table.counted(self._genes.reason, self._unwanted) if self._genes else table

    def filtered_table(
        self, names: list[list[str]], columns: Sequence[str], values: Values
    ) -> ExpressionTable:
        """The table of those of the rows that are to be kept, where all are in memory."""
        kept = self.keep(names)
        left = values if kept.all() else values[kept]
        return self.table([list(compress(column, kept)) for column in names], columns, left)


def read_genes_down(
    matrix: Matrix,
    columns: NameColumns,
    genes: GeneFilter | None = None,
    also: Collection[str] = (),
) -> ExpressionTable:
    """Read a delimited matrix of genes down; ``also`` are samples that have no barcode."""
    rows = GeneRows(columns, genes)
    names, values = read_matrix(matrix, rows.keep)
    return rows.table(names, matrix.columns, values, also)
