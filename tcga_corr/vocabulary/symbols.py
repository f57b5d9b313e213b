"""Human gene symbols: current symbols, aliases and former symbols.

Source: NCBI Gene (September 2022, public domain). A current symbol always wins over an alias; an
alias of several genes is refused, naming them, unless ``PREFERRED`` decides.
"""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

from tcga_corr.errors import UsageError, near_names

_TABLE = Path(__file__).parent / "data" / "symbols.tsv.gz"

# names that are found in the text faster than all of it is read, which takes some 0.2 s
_FEW = 24

# HGNC's symbols of genes that NCBI calls otherwise; a pseudogene has some of them as aliases too
_MITOCHONDRIAL = {
    **{f"ND{n}": f"MT-ND{n}" for n in ("1", "2", "3", "4", "4L", "5", "6")},
    **{f"COX{n}": f"MT-CO{n}" for n in (1, 2, 3)},
    **{f"ATP{n}": f"MT-ATP{n}" for n in (6, 8)},
    "CYTB": "MT-CYB",
}

PREFERRED: dict[str, str] = {
    "NRF2": "NFE2L2",  # also of GABPA, nuclear respiratory factor 2
    "p65": "RELA",  # also of WNK1
    "PD1": "PDCD1",  # also of SNCA and SPATA2
    "PD-1": "PDCD1",
    **{f"SEPT{n}": f"SEPTIN{n}" for n in (*range(1, 13), 14)},  # SEPT2 is also of SEPTIN6
    **{hgnc: ncbi for ncbi, hgnc in _MITOCHONDRIAL.items()},
    **{hgnc.replace("-", ""): ncbi for ncbi, hgnc in _MITOCHONDRIAL.items()},
}
"""Names of several genes that in practice mean one of them, or that the table lacks."""


class UnknownSymbolError(UsageError):
    """No human gene has this symbol or alias."""


class AmbiguousSymbolError(UsageError):
    """The name is an alias of several genes."""


class Gene(NamedTuple):
    """A human gene: current symbol, whether it is protein-coding, Ensembl ids, aliases, Entrez."""

    symbol: str
    protein_coding: bool
    ensembl_ids: tuple[str, ...]
    aliases: tuple[str, ...]
    entrez_id: str = ""

    @property
    def line(self) -> str:
        """The line of the shipped table, with its end."""
        coding = "1" if self.protein_coding else "0"
        lists = ("|".join(names) for names in (self.ensembl_ids, self.aliases))
        return "\t".join((self.symbol, coding, *lists, self.entrez_id)) + "\n"

    @classmethod
    def of_line(cls, line: str) -> Gene:
        """The gene of such a line."""
        symbol, coding, ensembl_ids, aliases, entrez_id = line.rstrip("\n").split("\t")
        return cls(symbol, coding == "1", _parts(ensembl_ids), _parts(aliases), entrez_id)


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

    def resolve(self, name: str, *, suggest: bool = True) -> Gene:
        """The gene of a current symbol, an alias or a former symbol.

        A current symbol comes first, as written and then in any case; then the preferred meaning of
        an alias; then aliases, in any case, so that one is not read as another gene's.

        Parameters
        ----------
        name
            The name.
        suggest
            Whether the error names the nearest symbols, which takes half a second.

        Raises
        ------
        AmbiguousSymbolError
            If it is an alias of several genes, naming them.
        UnknownSymbolError
            If no gene has this name.
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
            near = near_names(name, self._by_symbol) if suggest else ""
            raise UnknownSymbolError(
                f"unknown gene '{name}'", near or "Give an HGNC symbol such as RELA"
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

    def gene_of_id(self, gene_id: str) -> Gene | None:
        """The gene of an Ensembl id, with or without version, or of an Entrez id."""
        if gene_id.isdigit():
            return self._by_entrez_id.get(gene_id)
        symbol = self._by_ensembl_id.get(gene_id.upper().partition(".")[0].partition("_")[0], "")
        return self._by_symbol.get(symbol)

    @cached_property
    def _by_entrez_id(self) -> dict[str, Gene]:
        return {gene.entrez_id: gene for gene in self if gene.entrez_id}

    @cached_property
    def _by_ensembl_id(self) -> dict[str, str]:
        return self.symbol_by_ensembl_id()

    def in_capitals(self, name: str) -> list[Gene]:
        """The genes of a name in capitals of which some are small, as in ``C1ORF112``."""
        return self._by_capitals.get(name, []) if name.isupper() else []

    @cached_property
    def _by_capitals(self) -> dict[str, list[Gene]]:
        genes: defaultdict[str, dict[str, Gene]] = defaultdict(dict)
        for gene in self:
            names = (gene.symbol, *(alias for alias in gene.aliases if "orf" in alias))
            for name in names:
                if not name.isupper():
                    genes[name.upper()].setdefault(gene.symbol, gene)
        return {
            name: [found[symbol] for symbol in found if symbol.upper() == name]
            or list(found.values())
            for name, found in genes.items()
        }

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
