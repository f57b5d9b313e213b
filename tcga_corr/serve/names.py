"""What the text of a visitor names: looked up among known names, never opened as a file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from threading import Lock

from tcga_corr.analysis.naming.given import one_item
from tcga_corr.analysis.naming.names import Item, Items, NameResolver, SetVariable, Variable
from tcga_corr.analysis.naming.suggestions import sets_with
from tcga_corr.errors import UsageError, did_you_mean, nearest
from tcga_corr.serve.completion import KINDS, Completions, Kind, lines_of
from tcga_corr.store.covariate_lookup import Covariates
from tcga_corr.store.index import TableIndex
from tcga_corr.vocabulary.gene_names import cleaned, genes_named
from tcga_corr.vocabulary.gene_sets.catalogue import reference_sets, shipped_sets
from tcga_corr.vocabulary.gene_sets.gmt import GeneSet
from tcga_corr.vocabulary.gene_sets.paths import is_of_file
from tcga_corr.vocabulary.symbols import PREFERRED, symbol_table

MOST_GENES = 300
"""Genes of a list between commas."""
_MOST_KEPT = 4096  # texts
_SHOWN = 80  # letters
_MOST_NEAR = 3


class UnknownNameError(UsageError):
    """A name that nothing in the store has.

    Parameters
    ----------
    name
        The name.
    near
        Known names that are like it, the nearest first.
    """

    def __init__(self, name: str, near: Sequence[str]) -> None:
        shown = name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…"
        super().__init__(f"unknown gene, gene set or covariate '{shown}'", did_you_mean(near))
        self.name = name
        self.near = tuple(near)


@cache
def _folded_genes() -> frozenset[str]:
    """Every symbol and alias of a human gene, in folded case."""
    named = (name for gene in symbol_table() for name in (gene.symbol, *gene.aliases))
    return frozenset(name.casefold() for name in (*named, *PREFERRED))


@cache
def _folded_sets() -> frozenset[str]:
    """Every shipped and reference set, in folded case."""
    return frozenset(name.casefold() for name in (*shipped_sets(), *reference_sets()))


def check_own_sets(own: Sequence[GeneSet]) -> None:
    """Refuse sets that share a name with a shipped one, or with each other, and not the genes.

    Raises
    ------
    UsageError
        Naming the set.
    """
    known = {name.casefold(): one for name, one in shipped_sets().items()}
    for gene_set in own:
        same = known.setdefault(gene_set.name.casefold(), gene_set)
        if same.genes != gene_set.genes:
            raise UsageError(
                f"{gene_set.collection}: another gene set is named '{same.name}' already, "
                f"in {same.collection}",
                "Give it another name",
            )


class VisitorNames(NameResolver):
    """The variables of some tables, named as on the command line; but no text is a file.

    Parameters
    ----------
    tables
        Whose genes count.
    covariates
        Those of the store.
    own
        Gene sets of the server's owner; they come before reference sets of the same name.

    Attributes
    ----------
    categories
        The covariates that are categories without an order, and cannot be correlated.
    """

    def __init__(
        self, tables: Sequence[TableIndex], covariates: Covariates, own: Sequence[GeneSet]
    ) -> None:
        different = list({table.genes: table for table in tables}.values())
        super().__init__(different, covariates)
        self._rows = [row for table in different for row in table.genes]
        self._labels = tuple(covariates.labels)
        named = {label: covariates.require(label) for label in self._labels}
        self.categories = frozenset(
            label for label, one in named.items() if one.levels and not one.ordered
        )
        self._own = {gene_set.name.casefold(): gene_set for gene_set in own}
        self._looked_up = lru_cache(_MOST_KEPT)(self._look_up)
        self._completions: Completions | None = None
        self._building = Lock()

    def any_variable(self, item: Item) -> Variable:
        """The variable of a text, or of a gene set.

        Raises
        ------
        UsageError
            If a text names none, or several.
        """
        item = one_item(item)
        return SetVariable(item) if isinstance(item, GeneSet) else self._looked_up(item)

    def expanded(self, items: Items) -> list[Variable]:
        """The variables of items, each once; a text is never a collection."""
        return list(dict.fromkeys(self.variables(items)))

    def knows(self, text: str) -> bool:
        """Whether a text is a name, even if of several variables."""
        return self._own_set(text) is not None or bool(self._kinds(text))

    def completions(self) -> Completions:
        """The completions of all names; made at first use."""
        with self._building:
            if self._completions is None:
                rows, own = list(dict.fromkeys(self._rows)), list(self._own.values())
                self._completions = Completions(lines_of(rows, own, self._labels))
            return self._completions

    def _look_up(self, text: str) -> Variable:
        own = self._own_set(text)
        if own is not None:
            self._check_not_shared(text, own)
            return SetVariable(own)
        kinds = self._kinds(text)
        if not kinds and "," in text and not is_of_file(text):
            return SetVariable(self._listed(text))
        if not kinds:
            raise UnknownNameError(text, self.near(text))
        if kinds == ["covariate"] and ":" not in text:
            text = f"covariate:{text}"  # spares the search for genes named like it
        return super().any_variable(text)

    def _listed(self, text: str) -> GeneSet:
        """The set of the genes between commas, as on the command line.

        Raises
        ------
        UsageError
            If one of them is no gene, or there are too many.
        """
        genes = [part for each in text.split(",") if (part := each.strip())]
        if len(genes) > MOST_GENES:
            raise UsageError(f"{len(genes)} genes are listed", f"List up to {MOST_GENES}")
        for gene in genes:
            if not self._has("gene", gene.removeprefix("gene:")):
                raise UnknownNameError(gene, self.near(gene))
        return self._set_of_genes(text)

    def _own_set(self, text: str) -> GeneSet | None:
        return self._own.get(text.casefold()) or self._own.get(text.removeprefix("set:").casefold())

    def _check_not_shared(self, text: str, own: GeneSet) -> None:
        others = [f"covariate:{label}" for label in self._covariates.named(text)]
        others += [f"gene:{text}"] if self._is_row(text) else []
        if others:
            raise UsageError(
                f"'{text}' names several things", f"Say {' or '.join([f'set:{own.name}', *others])}"
            )

    def _kinds(self, text: str) -> list[Kind]:
        """What a text may name; nothing if it could be a file."""
        if is_of_file(text):
            return []
        first, colon, rest = text.partition(":")
        if colon:
            return [kind for kind in KINDS if kind == first and self._has(kind, rest)]
        return [kind for kind in KINDS if self._has(kind, text)]

    def _has(self, kind: Kind, name: str) -> bool:
        if kind == "gene":
            return (
                self._is_row(name)
                or name.casefold() in _folded_genes()
                or bool(genes_named(cleaned(name)))
            )
        if kind == "set":
            return name.casefold() in _folded_sets()
        return bool(self._covariates.named(name))

    def near(self, text: str) -> list[str]:
        """Up to three names that may have been meant by one that nothing has, the nearest first.

        Sets that have the text as a word of their name follow where no name is like it.
        """
        first, _, rest = text.partition(":")
        name = (rest if first in KINDS else text)[:_SHOWN]
        letters = sorted(name.upper())
        genes = [
            row
            for row in self._rows
            if abs(len(row) - len(name)) < 3
            and (row[:2] == name[:2].upper() or sorted(row) == letters)
        ]
        own = [gene_set.name for gene_set in self._own.values()]
        found = nearest(name, [*own, *shipped_sets(), *self._labels, *genes], _MOST_NEAR)
        return found or sets_with(name)
