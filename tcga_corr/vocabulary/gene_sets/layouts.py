"""How a file lays gene sets out: a set a line, a set a column, pairs of set and gene, or a list.

Each reader gives the sets in file order, as :class:`Entry`, and leaves it to its caller what a bad
entry means for the others.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from tcga_corr.errors import TableError
from tcga_corr.exchange import read_json
from tcga_corr.vocabulary.gene_sets.fields import field, is_empty, is_gene, members

_N_LOOKED_AT = 200
_BARE = re.compile(r"[^a-z0-9]")
_SETS = re.compile(r"(gene)?sets?(name|id)?|gsnames?|terms?(name|id)?|pathways?(name|id)?|ont")
_GENES = re.compile(
    r"((hgnc|hugo|gene|official)?(gene)?(symbol|name)s?|genes?|geneid|members?|(human)?(ensembl"
    r"|entrez|ncbi)(gene)?(ids?)?|(ensembl|entrez)gene)"
)
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_MOSTLY = 0.5


@dataclass(frozen=True)
class Entry:
    """A set as it stands in a file.

    Attributes
    ----------
    place
        Where, such as ``line 3``.
    name, description
        Without quotes around them; empty where there is none.
    fields
        Those of its genes, as they stand.
    """

    place: str
    name: str
    description: str
    fields: tuple[str, ...]


Line = tuple[int, tuple[str, ...]]
"""A line's number and its fields."""


def lines_of(text: str, separator: str) -> list[Line]:
    """The lines of a text that hold something; those that start with ``#`` are comments."""
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            split = line.split(separator) if separator != "," else next(csv.reader([line]), [""])
            found.append((number, tuple(split)))
    return found


def by_line(lines: Sequence[Line]) -> Iterator[Entry]:
    """A set a line: its name, a description and its genes."""
    for number, (name, *rest) in lines:
        description = field(rest[0]) if rest else ""
        yield Entry(f"line {number}", field(name), description, tuple(rest[1:]))


def by_column(lines: Sequence[Line]) -> Iterator[Entry]:
    """A set a column: its name, a description and its genes."""
    columns = zip_longest(*(fields for _, fields in lines), fillvalue="")
    for number, column in enumerate(columns, start=1):
        name, *rest = column
        if not any(text.strip() for text in column):
            continue
        description = field(rest[0]) if rest else ""
        genes = tuple(text for text in rest[1:] if not is_empty(field(text)))
        yield Entry(f"column {number}", field(name), description, genes)


def by_pair(lines: Sequence[Line], set_column: int, gene_column: int) -> Iterator[Entry]:
    """A gene a line, beside the name of its set."""
    genes: dict[str, list[str]] = {}
    first: dict[str, int] = {}
    for number, fields in lines:
        name, gene = (
            field(fields[column]) if column < len(fields) else ""
            for column in (set_column, gene_column)
        )
        if not name and not gene:
            continue
        genes.setdefault(name, []).append(gene)
        first.setdefault(name, number)
    for name, listed in genes.items():
        yield Entry(f"line {first[name]}", name, "", tuple(listed))


def by_list(lines: Sequence[Line], name: str) -> Iterator[Entry]:
    """One set: a gene a line, or several in one; MSigDB writes its name and ``> about it`` first.

    A first line such as ``gene`` is a title.
    """
    texts = [(number, tuple(map(field, fields))) for number, fields in lines]
    description = ""
    if len(texts) > 1 and texts[1][1][0].startswith(">"):
        name, description = texts[0][1][0], texts[1][1][0].lstrip("> ")
        texts = texts[2:]
    elif texts and len(texts[0][1]) == 1 and is_title_of_genes(texts[0][1][0]):
        texts = texts[1:]
    genes = tuple(text for _, fields in texts for text in fields)
    yield Entry(f"line {lines[0][0]}", name, description, genes)


def of_json(text: str, name: str) -> Iterator[Entry]:
    """The sets of MSigDB's JSON, of an object of lists, or of one list of genes.

    Raises
    ------
    ValueError
        If it is not JSON.
    TableError
        If it holds no such thing.
    """
    content = read_json(text)
    if isinstance(content, list):
        content = {name: content}
    if not isinstance(content, dict):
        raise TableError("neither an object of gene sets nor a list of genes")
    for key, value in content.items():
        about = value if isinstance(value, dict) else {"geneSymbols": value}
        genes = about.get("geneSymbols") or about.get("genes") or []
        if not isinstance(genes, list) or not all(isinstance(gene, str) for gene in genes):
            raise TableError(f"'{key}' is no list of genes")
        yield Entry(f"'{key}'", field(key), str(about.get("exactSource") or ""), tuple(genes))


def columns_of_pairs(lines: Sequence[Line]) -> tuple[int, int, bool] | None:
    """The columns of sets and of genes, and whether a line of titles comes first.

    None where the lines are no pairs of set and gene: they have titles that say so, or two fields
    each, of which one is a gene and the other the name of a set that comes again.
    """
    titles = [_BARE.sub("", field(text).lower()) for text in lines[0][1]]
    named = {
        kind: [n for n, title in enumerate(titles) if pattern.fullmatch(title)]
        for kind, pattern in (("set", _SETS), ("gene", _GENES))
    }
    sets = [n for n in named["set"] if n not in named["gene"] or len(titles) == len(named["gene"])]
    genes = [n for n in named["gene"] if n not in sets[:1]]
    if sets and genes and len(lines) > 1:
        return sets[0], genes[0], True
    rows = [tuple(map(field, fields)) for _, fields in lines]
    if len(rows) < 2 or any(len([t for t in row if t]) != 2 or len(row) > 3 for row in rows):
        return None
    shares = [_share_of_genes([row[n] for row in rows]) for n in (0, 1)]
    repeats = [len({row[n] for row in rows}) < len(rows) for n in (0, 1)]
    for gene, of_set in ((1, 0), (0, 1)):
        are_pairs = shares[gene] > _MOSTLY >= shares[of_set] and repeats[of_set]
        if are_pairs and is_gene(rows[0][gene]):  # else the first line may be names of sets
            return of_set, gene, False
    return None


def are_columns(lines: Sequence[Line]) -> bool | None:
    """Whether sets go down in columns; None where the names of lines and columns are both genes."""
    if len(lines) < 3 or max(len(fields) for _, fields in lines) < 2:
        return False
    down = _share_of_genes([field(fields[0]) for _, fields in lines[1:]])
    across = _share_of_genes([field(text) for text in lines[0][1]])
    if down > _MOSTLY:
        return None if across > _MOSTLY else True
    return False


def is_ranking(lines: Sequence[Line]) -> bool:
    """Whether lines are genes with numbers, as of a ranking, and no sets."""
    rows = [tuple(map(field, fields)) for _, fields in lines[1:]]
    if not rows or min(map(len, rows)) < 2:
        return False
    columns = [
        [text for text in column if not is_empty(text)] for column in zip(*rows, strict=False)
    ]
    numbers = [bool(column) and all(map(_NUMBER.fullmatch, column)) for column in columns]
    genes = [_share_of_genes(column) > _MOSTLY for column in columns]
    return any(genes) and any(numbers[genes.index(True) + 1 :])


def column_of_genes(lines: Sequence[Line]) -> int | None:
    """The column of genes of a table with titles that has no column of sets."""
    titles = [field(text) for text in lines[0][1]]
    genes = [n for n, title in enumerate(titles) if is_title_of_genes(title)]
    return genes[0] if len(genes) == 1 and len(titles) > 1 and len(lines) > 1 else None


def grouping_column(lines: Sequence[Line], genes: int) -> str:
    """The title of a column that may name the sets of the genes, as it repeats; else empty."""
    titles = [field(text) for text in lines[0][1]]
    for column, title in enumerate(titles):
        texts = [field(fields[column]) for _, fields in lines[1:] if column < len(fields)]
        texts = [text for text in texts if not is_empty(text)]
        if column != genes and len(set(texts)) < len(texts):
            return title or f"{column + 1}"
    return ""


def is_list_of_genes(lines: Sequence[Line]) -> bool:
    """Whether one line is genes and nothing else, the first field included."""
    return len(lines) == 1 and all(is_gene(field(text)) for text in lines[0][1] if text.strip())


def is_title_of_genes(text: str) -> bool:
    """Whether a text is the title of a column of genes; R has ``x`` and ``V1``, pandas ``0``."""
    return text in ("x", "V1", "0") or (
        _GENES.fullmatch(_BARE.sub("", text.lower())) is not None and not is_gene(text)
    )


def _share_of_genes(texts: Sequence[str]) -> float:
    looked_at = [text for text in dict.fromkeys(texts[:_N_LOOKED_AT]) if not is_empty(text)]
    return sum(all(map(is_gene, members([text]).genes)) for text in looked_at) / (
        len(looked_at) or 1
    )
