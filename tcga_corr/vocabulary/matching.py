"""Which rows of a table the names of genes match."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from tcga_corr.vocabulary.gene_names import cleaned, genes_named
from tcga_corr.vocabulary.symbols import Gene, symbol_table


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
    """Find names among a table's row names, as written or as another name of the same gene.

    A row that two names match counts once: under its own name, or else under the first of the two.
    Numbers are Entrez ids where most names are numbers; a lone one may be anything.
    """
    match = SymbolMatch()
    matched: set[str] = set()
    rest, n_names = [], 0
    for name in names:
        n_names += 1
        if name in rows:
            match.found[name] = name
            matched.add(name)
        else:
            rest.append(name)
    are_ids = 2 * sum(map(str.isdigit, rest)) > n_names
    for name in rest:
        genes = _genes(name, are_ids)
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


def _genes(name: str, are_ids: bool) -> list[Gene]:
    return [] if name.isdigit() and not are_ids else genes_named(cleaned(name))
