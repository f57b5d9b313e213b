"""Human gene symbols: current symbols, aliases and former symbols.

Source: NCBI Gene (September 2022, public domain). A current symbol always wins over an alias; an
alias of several genes is refused, naming them, unless ``PREFERRED`` decides.
"""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

from tcga_corr.errors import UsageError, near_names

_TABLE = Path(__file__).parent / "data" / "symbols.tsv.gz"

# names that are found in the text faster than all of it is read, which takes some 0.2 s
_FEW = 24

PREFERRED: dict[str, str] = {
    "NRF2": "NFE2L2",  # also of GABPA, nuclear respiratory factor 2
    "p65": "RELA",  # also of WNK1
}
"""Aliases of several genes that in practice mean one of them."""


class UnknownSymbolError(UsageError):
    """No human gene has this symbol or alias."""


class AmbiguousSymbolError(UsageError):
    """The name is an alias of several genes."""


class Gene(NamedTuple):
    """A human gene: current symbol, whether it is protein-coding, Ensembl ids, aliases."""

    symbol: str
    protein_coding: bool
    ensembl_ids: tuple[str, ...]
    aliases: tuple[str, ...]

    @property
    def line(self) -> str:
        """The line of the shipped table, with its end."""
        coding = "1" if self.protein_coding else "0"
        lists = ("|".join(names) for names in (self.ensembl_ids, self.aliases))
        return "\t".join((self.symbol, coding, *lists)) + "\n"

    @classmethod
    def of_line(cls, line: str) -> Gene:
        """The gene of such a line."""
        symbol, protein_coding, ensembl_ids, aliases = line.rstrip("\n").split("\t")
        return cls(symbol, protein_coding == "1", _parts(ensembl_ids), _parts(aliases))


class SymbolTable:
    """All human genes, to look up by symbol, alias or Ensembl id.

    Parameters
    ----------
    text
        A line per gene, as :meth:`Gene.line` has it.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._scanned: dict[str, list[Gene]] = {}

    def __contains__(self, name: str) -> bool:
        """Whether a name is a current symbol as written."""
        return self._gene(name) is not None

    def __iter__(self) -> Iterator[Gene]:
        return iter(self._by_symbol.values())

    def resolve(self, name: str) -> Gene:
        """The gene of a current symbol, an alias or a former symbol.

        A current symbol comes first, as written and then in any case; then the preferred meaning of
        an alias; then aliases, in any case, so that one is not read as another gene's.

        Raises
        ------
        AmbiguousSymbolError
            If it is an alias of several genes, naming them.
        UnknownSymbolError
            If no gene has this name, naming the nearest symbols.
        """
        candidates = self.candidates(name)
        if len(candidates) != 1 or not (name in self or name in PREFERRED):
            candidates = self._candidates_in_any_case(name)
        if len(candidates) > 1:
            listed = ", ".join(gene.symbol for gene in candidates)
            raise AmbiguousSymbolError(
                f"'{name}' is an alias of several genes: {listed}", "Name one of these"
            )
        if not candidates:
            raise UnknownSymbolError(
                f"unknown gene '{name}'",
                near_names(name, self._by_symbol) or "Give an HGNC symbol such as RELA",
            )
        return candidates[0]

    @cached_property
    def _by_symbol(self) -> dict[str, Gene]:
        return {gene.symbol: gene for gene in map(Gene.of_line, self._text.splitlines())}

    @cached_property
    def _by_alias(self) -> dict[str, list[Gene]]:
        genes: defaultdict[str, list[Gene]] = defaultdict(list)
        for gene in self:
            for alias in gene.aliases:
                genes[alias].append(gene)
        return dict(genes)

    def _gene(self, symbol: str) -> Gene | None:
        """The gene of a current symbol as written."""
        if self._is_read:
            return self._by_symbol.get(symbol)
        return next((gene for gene in self._named(symbol) if gene.symbol == symbol), None)

    def _genes_of_alias(self, alias: str) -> list[Gene]:
        """The genes that have an alias as written."""
        if self._is_read:
            return self._by_alias.get(alias, [])
        return [gene for gene in self._named(alias) if alias in gene.aliases]

    @property
    def _is_read(self) -> bool:
        """Whether all genes are in dictionaries: made when a few names have been looked up."""
        return "_by_symbol" in self.__dict__ or len(self._scanned) >= _FEW

    def _named(self, name: str) -> list[Gene]:
        """The genes of a symbol or alias, from the lines of the text that have it."""
        if name not in self._scanned:
            self._scanned[name] = list(self._scan(name))
        return self._scanned[name]

    def _scan(self, name: str) -> Iterator[Gene]:
        place = self._text.find(name) if name else -1
        while place >= 0:
            end = self._text.find("\n", place)
            gene = Gene.of_line(self._text[self._text.rfind("\n", 0, place) + 1 : end])
            if name == gene.symbol or name in gene.aliases:
                yield gene
            place = self._text.find(name, end + 1)

    def candidates(self, name: str) -> list[Gene]:
        """The genes a name may mean: none, one, or the several that share an alias."""
        gene = self._gene(name)
        if gene is None and name in PREFERRED:
            gene = self._gene(PREFERRED[name])
        return [gene] if gene else self._genes_of_alias(name)

    def _candidates_in_any_case(self, name: str) -> list[Gene]:
        folded = name.casefold()
        symbols = [gene for symbol, gene in self._by_symbol.items() if symbol.casefold() == folded]
        if symbols:
            return symbols
        preferred = [symbol for alias, symbol in PREFERRED.items() if alias.casefold() == folded]
        if preferred and not self._genes_of_alias(name):
            return [self._by_symbol[preferred[0]]]
        found = {
            gene.symbol: gene
            for alias, genes in self._by_alias.items()
            if alias.casefold() == folded
            for gene in genes
        }
        return list(found.values())

    def shared_names(self, gene: Gene) -> tuple[str, ...]:
        """Aliases that mean this gene or another."""
        return tuple(alias for alias in gene.aliases if len(self.candidates(alias)) > 1)

    def own_names(self, gene: Gene) -> tuple[str, ...]:
        """Names that mean this gene alone: its symbol, then its unshared aliases."""
        aliases = (alias for alias in gene.aliases if self.candidates(alias) == [gene])
        preferred = (alias for alias, symbol in PREFERRED.items() if symbol == gene.symbol)
        return tuple(dict.fromkeys((gene.symbol, *preferred, *aliases)))

    def protein_coding_by_ensembl_id(self) -> dict[str, bool]:
        """Whether each known Ensembl id, without version, belongs to a protein-coding gene."""
        known: dict[str, bool] = {}
        for gene in self:
            for ensembl_id in gene.ensembl_ids:
                known[ensembl_id] = known.get(ensembl_id, False) or gene.protein_coding
        return known

    def symbol_by_ensembl_id(self) -> dict[str, str]:
        """The current symbol of each known Ensembl id, without version.

        Of several genes of one id, a protein-coding one comes first, then the shorter symbol: the
        longer is that of a read-through, which names both its genes.
        """
        known: dict[str, str] = {}
        for gene in sorted(self, key=lambda gene: (not gene.protein_coding, len(gene.symbol))):
            for ensembl_id in gene.ensembl_ids:
                known.setdefault(ensembl_id, gene.symbol)
        return known


@cache
def symbol_table() -> SymbolTable:
    """The shipped table of 61,798 human genes, read at first use."""
    return SymbolTable(gzip.decompress(_TABLE.read_bytes()).decode())


def _parts(text: str) -> tuple[str, ...]:
    return tuple(text.split("|")) if text else ()


@dataclass
class SymbolMatch:
    """The rows of a table that names match.

    Attributes
    ----------
    found
        Name to the table's name of the row: the same text, or another name of the same gene.
    missing
        Names without a row in the table.
    ambiguous
        Those of ``missing`` that mean several genes or match several rows, with these rows.
    """

    found: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    ambiguous: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def renamed(self) -> dict[str, str]:
        """The found names whose row has another name."""
        return {name: row for name, row in self.found.items() if name != row}


def match_symbols(names: Iterable[str], rows: Collection[str]) -> SymbolMatch:
    """Find names among a table's row names, as written or through aliases, case-sensitively.

    A row that two names match counts once: under its own name, or else under the first of the two.
    """
    match = SymbolMatch()
    matched: set[str] = set()
    rest = []
    for name in names:
        if name in rows:
            match.found[name] = name
            matched.add(name)
        else:
            rest.append(name)
    for name in rest:
        genes = symbol_table().candidates(name)
        own = [
            known for gene in genes[:1] for known in symbol_table().own_names(gene) if known in rows
        ]
        if len(genes) == 1 and own and (own[0] == genes[0].symbol or len(own) == 1):
            if own[0] not in matched:
                match.found[name] = own[0]
                matched.add(own[0])
            continue
        match.missing.append(name)
        shared = [
            known
            for gene in genes[:1]
            for known in symbol_table().shared_names(gene)
            if known in rows
        ]
        if len(genes) > 1 or own or shared:
            match.ambiguous[name] = (*own, *shared)
    return match
