"""Names of genes in all the ways that files and people write them.

Ids of Ensembl and Entrez, an id and a symbol in one name, the points that R makes of hyphens,
capitals throughout, and the dates that spreadsheets make of symbols. One reading serves tables,
gene sets and questions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import product

from tcga_corr.vocabulary.dates import genes_of_date
from tcga_corr.vocabulary.symbols import (
    AmbiguousSymbolError,
    Gene,
    UnknownSymbolError,
    symbol_table,
)

_ENSEMBL = re.compile(r"ENSGR?[0-9]{10,11}(\.[0-9]+)?(_PAR_Y)?")
_ID_FIRST = re.compile(rf"({_ENSEMBL.pattern})\s*[|_;:,/ (\[-]+\s*(.*?)[)\]]?", re.IGNORECASE)
_ID_LAST = re.compile(rf"(.*?)\s*[|_;:,/ (\[-]+\s*({_ENSEMBL.pattern})[)\]]?", re.IGNORECASE)
_ENTREZ_LAST = re.compile(r"([^|;(]+?)\s*[|;(]\s*([0-9]+)\)?")
_ENTREZ_FIRST = re.compile(r"([0-9]+)\s*[|;]\s*(.+)")
_NUMBERED = re.compile(r"(.+)\.([0-9]+)")
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\u00ad\ufeff\u200e\u200f"))
_BLANKS = dict.fromkeys(map(ord, "\u00a0\u2007\u202f\u3000\u2009\u200a"), " ")
_HYPHENS = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d"), "-")
_PLAIN = {**_INVISIBLE, **_BLANKS, **_HYPHENS}
_MOUSE = re.compile(r"[A-Z][a-z0-9]*[a-z][a-z0-9-]*|[0-9]+[A-Z]?[a-z0-9]*Rik")
_MOST_POINTS = 3
_LONGEST = 1_000  # letters of what may be a name; the patterns take long over blanks without end
_MOST_REPEATS = 99


def cleaned(text: str) -> str:
    """A name without invisible characters, with plain blanks and hyphens, and none around it."""
    return text.strip() if text.isascii() else text.translate(_PLAIN).strip()


def is_ensembl(name: str) -> bool:
    """Whether a name is an Ensembl gene id, with or without a version."""
    return _ENSEMBL.fullmatch(name) is not None


def split_name(name: str) -> tuple[str, str]:
    """Symbol and id of a row, either of them possibly empty; ``?`` stands for no symbol.

    ``RELA|5970``, ``ENSG00000173039.19|RELA``, ``RELA_ENSG00000173039`` and the like have both; the
    id stays as it is written.
    """
    name = name.strip()
    if name.isalpha() or len(name) > _LONGEST:
        return name, ""
    if name.isdigit():
        return "", name
    if "ENSG" in name:
        if is_ensembl(name):
            return "", name
        if match := _ID_FIRST.fullmatch(name):
            return _symbol(match[4]), match[1]
        if match := _ID_LAST.fullmatch(name):
            return _symbol(match[1]), match[2]
    if match := _ENTREZ_FIRST.fullmatch(name):
        return _symbol(match[2]), match[1]
    if match := _ENTREZ_LAST.fullmatch(name):
        return _symbol(match[1]), match[2]
    symbol, _, gene_id = name.partition("|")
    return ("" if symbol == "?" else symbol), gene_id


def _symbol(text: str) -> str:
    text = text.strip(" |_;").partition("|")[0].strip()
    return "" if text in ("?", "NA") or text.isdigit() else text


def genes_named(name: str) -> list[Gene]:
    """The genes that a name may mean: none, one, or several.

    As it is written, by symbol or alias; else by the id in it; else as a symbol that R, a
    spreadsheet or capitals have changed.
    """
    table = symbol_table()
    known = table.candidates(name)
    if known:
        return known
    symbol, gene_id = split_name(name)
    if not gene_id:
        return _changed(name)
    of_id = table.gene_of_id(gene_id)
    found = (table.candidates(symbol) or _changed(symbol)) if symbol else []
    if of_id and (not found or of_id in found):
        return [of_id]
    others = [] if of_id else table.candidates(gene_id)  # two symbols, as of a fusion
    return [*found, *(gene for gene in others if gene not in found)]


def gene_named(name: str, *, suggest: bool = True) -> Gene:
    """The gene of a question's name, in any case.

    Parameters
    ----------
    name, suggest
        As of :meth:`tcga_corr.vocabulary.symbols.SymbolTable.resolve`.

    Raises
    ------
    AmbiguousSymbolError
        If it may be several genes, naming them.
    UnknownSymbolError
        If no gene has this name.
    """
    name = cleaned(name)
    try:
        return symbol_table().resolve(name, suggest=suggest)
    except UnknownSymbolError as error:
        found = genes_named(name) or genes_named(name.upper())
        if not found:
            what = foreign_kind([name])
            raise UnknownSymbolError(
                error.what, f"It is {what}" if what else error.remedy
            ) from None
    if len(found) > 1:
        listed = ", ".join(gene.symbol for gene in found)
        raise AmbiguousSymbolError(f"'{name}' may be several genes: {listed}", "Name one of these")
    return found[0]


def _changed(name: str) -> list[Gene]:
    """The genes of a name that another program has changed."""
    table = symbol_table()
    for forms in (_with_hyphens(name), _without_number(name), _without_x(name)):
        found = {gene.symbol: gene for form in forms for gene in table.candidates(form)}
        if found:
            return list(found.values())
    return table.in_capitals(name) or [
        gene for symbol in genes_of_date(name) for gene in table.candidates(symbol)
    ]


def _with_hyphens(name: str) -> Iterator[str]:
    """The name with hyphens for some of its points and underscores."""
    parts = re.split(r"([._])", name)
    marks = parts[1::2]
    if not 0 < len(marks) <= _MOST_POINTS:
        return
    for chosen in product(*((mark, "-") for mark in marks)):
        if "-" in chosen:
            yield "".join(part + mark for part, mark in zip(parts[::2], (*chosen, ""), strict=True))


def _without_number(name: str) -> Iterator[str]:
    """The symbol of ``SYMBOL.1``, which R and pandas make of a second row, or of ``SYMBOL|1``."""
    match = _NUMBERED.fullmatch(name)
    if match is None:
        return
    table = symbol_table()
    for symbol in (match[1], *_with_hyphens(match[1])):
        if symbol in table:
            is_repeat = int(match[2]) <= _MOST_REPEATS
            if is_repeat or table.candidates(symbol)[0].entrez_id == match[2]:
                yield symbol


def _without_x(name: str) -> Iterator[str]:
    """The name without the X that R puts before a digit."""
    if name[:1] == "X" and name[1:2].isdigit():
        yield name[1:]
        yield from _with_hyphens(name[1:])


def as_human(name: str) -> str:
    """A human symbol in capitals, of a name written as those of mouse; empty for any other."""
    return name.upper() if _MOUSE.fullmatch(name) and name.upper() in symbol_table() else ""


def are_of_mouse(names: Iterable[str]) -> bool:
    """Whether names are written as those of mouse: in bulk ``Rela``, where human has ``RELA``."""
    looked_at = [name for name in names if name]
    n_mouse = sum(bool(as_human(name)) for name in looked_at)
    n_human = sum(bool(symbol_table().candidates(name)) for name in looked_at)
    return n_mouse > 1 and 2 * n_mouse > len(looked_at) and n_mouse > n_human


_FOREIGN = (
    (re.compile(r"ENSMUSG[0-9]{11}(\.[0-9]+)?"), "an id of a mouse gene; give the human gene"),
    (re.compile(r"ENS[A-Z]{3}G[0-9]{11}(\.[0-9]+)?"), "an id of another species; give human genes"),
    (re.compile(r"ENS(T|P|MUST|MUSP)[0-9]{11}(\.[0-9]+)?"), "an id of a transcript; give its gene"),
    (re.compile(r"[NX][MRP]_[0-9]+(\.[0-9]+)?"), "a RefSeq id of a transcript; give its gene"),
    (re.compile(r"[OPQ][0-9][A-Z0-9]{3}[0-9]"), "a UniProt id of a protein; give its gene"),
    (re.compile(r"[0-9]+(_[a-z])*_at|ILMN_[0-9]+"), "a probe of a microarray; give its gene"),
)


def foreign_kind(names: Iterable[str]) -> str:
    """What names are that are ids of no human gene, and what to give; empty where they are not."""
    looked_at = list(names)
    for pattern, kind in _FOREIGN:
        if looked_at and all(map(pattern.fullmatch, looked_at)):
            return kind
    return ""
