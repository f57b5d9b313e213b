"""Names: what a user's text stands for. The one place where a text becomes a variable."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field, replace
from os.path import isfile
from typing import Protocol

from tcga_corr.analysis.naming.given import Item as Item
from tcga_corr.analysis.naming.given import Items as Items
from tcga_corr.analysis.naming.given import one_item, set_of_genes, several_items
from tcga_corr.analysis.naming.suggestions import suggestion
from tcga_corr.errors import UsageError
from tcga_corr.store.covariate_lookup import Covariate
from tcga_corr.vocabulary.gene_names import gene_named
from tcga_corr.vocabulary.gene_sets.catalogue import find_set, reference_sets, shipped_sets
from tcga_corr.vocabulary.gene_sets.gmt import GeneSet, read_set_file
from tcga_corr.vocabulary.gene_sets.paths import file_and_set, names_file
from tcga_corr.vocabulary.gene_sets.readings import readings_of
from tcga_corr.vocabulary.symbols import AmbiguousSymbolError, UnknownSymbolError

MOST_COMPONENTS = 50
"""Components that can be held fixed."""
_PUNCTUATION = re.compile(r"[^A-Za-z0-9]")


@dataclass(frozen=True)
class GeneVariable:
    """A gene's values in the table's unit; ``typed`` is the name by which a user named it."""

    name: str
    typed: str = field(default="", compare=False)


@dataclass(frozen=True)
class SetVariable:
    """A gene set's ssGSEA scores."""

    gene_set: GeneSet

    @property
    def name(self) -> str:
        """The set's name."""
        return self.gene_set.name


@dataclass(frozen=True)
class CovariateVariable:
    """A number measured of each sample, or of its patient."""

    covariate: Covariate

    @property
    def name(self) -> str:
        """The covariate's name; ``TABLE.NAME`` where several tables of the store have it."""
        return self.covariate.label


@dataclass(frozen=True)
class ComponentsVariable:
    """The first principal components of a cohort's expression, to be held fixed.

    Attributes
    ----------
    count
        How many.
    correlated
        What is correlated; its genes are left out of them.
    """

    count: int
    correlated: tuple[Variable, ...] = field(default=(), repr=False)

    @property
    def name(self) -> str:
        """``pcs:5`` for five."""
        return f"pcs:{self.count}"


Variable = GeneVariable | SetVariable | CovariateVariable | ComponentsVariable


def sets_among(variables: Sequence[object]) -> list[SetVariable]:
    """The gene sets among variables, in order."""
    return [variable for variable in variables if isinstance(variable, SetVariable)]


class NamedRows(Protocol):
    """A table whose rows have the names of genes, as :class:`tcga_corr.store.TableIndex`."""

    @property
    def genes(self) -> Container[str]:
        """The names."""


class CovariateNames(Protocol):
    """The names of covariates, as :class:`tcga_corr.store.Covariates` has them."""

    @property
    def labels(self) -> list[str]:
        """The label of each."""

    def named(self, text: str) -> list[str]:
        """The labels that a text names."""

    def require(self, text: str) -> Covariate:
        """The covariate that a text names."""


class NoCovariates:
    """The covariate names of no store."""

    @property
    def labels(self) -> list[str]:
        """None."""
        return []

    def named(self, text: str) -> list[str]:
        """None."""
        return []

    def require(self, text: str) -> Covariate:
        """Refuse every name."""
        raise UsageError(
            f"unknown covariate '{text}'", "Load it with `tcga-corr load --covariates FILE`"
        )


class NameResolver:
    """Finds the variables that names stand for.

    Parameters
    ----------
    tables
        Tables whose rows may be named, beside the symbols and aliases of NCBI Gene.
    covariates
        The covariates of the store.
    """

    def __init__(
        self, tables: Sequence[NamedRows] = (), covariates: CovariateNames | None = None
    ) -> None:
        self._tables = tables
        self._covariates = covariates or NoCovariates()

    def variable(self, item: Item) -> Variable:
        """The variable of a name, or of a gene set, with a number for each sample.

        As :meth:`any_variable`; a category counts by the places of its levels where they have an
        order, as stages have.

        Raises
        ------
        UsageError
            As there; and on a category without an order.
        """
        variable = self.any_variable(item)
        check_is_number(variable)
        return variable

    def any_variable(self, item: Item) -> Variable:
        """The variable of a name, or of a gene set; also a category.

        ``gene:NAME``, ``set:NAME`` or ``covariate:NAME`` decide; ``FILE.gmt:NAME`` is a set of a
        file, ``FILE`` the one that a file holds, such as a list of genes; a bare name is a shipped
        set's, a gene's or a covariate's; ``A,B,C`` is the set of these genes, as is a list. A gene
        may go by any of its names and ids.

        Raises
        ------
        UsageError
            If nothing has the name, or if it is ambiguous: an alias of several genes, a covariate
            of several tables, or a name of several kinds.
        """
        item = one_item(item)
        if isinstance(item, GeneSet):
            return SetVariable(item)
        if in_file := file_and_set(item):
            return SetVariable(read_set_file(in_file[0]).one(in_file[1]))
        if names_file(item):
            return SetVariable(read_set_file(item).only())
        kind, colon, name = item.partition(":")
        if colon and kind == "gene":
            return self._gene(name)
        if colon and kind == "set":
            return SetVariable(find_set(name))
        if colon and kind == "covariate":
            return CovariateVariable(self._covariates.require(name))
        return self._bare(item)

    def genes(self, names: Sequence[str]) -> list[GeneVariable]:
        """The genes of a list; a name that no gene has stays, and is not measured anywhere."""
        found: dict[GeneVariable, None] = {}
        for name in names:
            try:
                found[self._gene(name, suggest=False)] = None
            except UnknownSymbolError:
                found[GeneVariable(name, name)] = None
        return list(found)

    def variables(self, items: Items) -> list[Variable]:
        """The variable of each item."""
        return [self.variable(item) for item in several_items(items)]

    def controls(self, items: Items, correlated: Sequence[Variable]) -> list[Variable]:
        """The variables to adjust for, each once.

        Raises
        ------
        UsageError
            If one of them is correlated itself.
        """
        controls: list[Variable] = []
        for item in several_items(items):
            components = parse_components(item)
            controls.append(
                replace(components, correlated=tuple(correlated))
                if components
                else self.any_variable(item)
            )
        controls = list(dict.fromkeys(controls))
        check_controls(correlated, controls)
        return controls

    def expanded(self, items: Items) -> list[Variable]:
        """The variables of items, each once; a collection stands for all of its sets."""
        found = [variable for _, variables in self._each(items) for variable in variables]
        check_distinct(sets_among(found))
        return list(dict.fromkeys(found))

    def _each(self, items: Items) -> Iterator[tuple[str | GeneSet, Sequence[Variable]]]:
        for item in several_items(items):
            if isinstance(item, str) and is_collection(item):
                yield item, collection(item)
            else:
                yield item, [self.variable(item)]

    def sets(self, items: Items) -> list[SetVariable]:
        """As :meth:`expanded`, where every item has to be a gene set or a collection.

        Several items that are all genes are one set.

        Raises
        ------
        UsageError
            On a gene or covariate, saying where its values are.
        """
        found: list[SetVariable] = []
        each = list(self._each(items))
        if len(each) > 1 and all(isinstance(one, GeneVariable) for _, ones in each for one in ones):
            return [SetVariable(set_of_genes([str(item) for item, _ in each]))]
        for item, variables in each:
            for variable in variables:
                if not isinstance(variable, SetVariable):
                    raise _no_set(str(item), variable)
                found.append(variable)
        check_distinct(found)
        return list(dict.fromkeys(found))

    def scored(
        self, items: Items, *, apart: bool = False
    ) -> list[SetVariable] | list[GeneVariable]:
        """The gene sets of items, as :meth:`sets`; or genes, which have values in place of scores.

        Parameters
        ----------
        items
            Gene sets and collections; or genes: of a list, which is one set, or one gene.
        apart
            Whether several genes are each a variable, and no set.

        Raises
        ------
        UsageError
            If there are genes and gene sets, or a covariate.
        """
        each = list(self._each(items))
        genes = [one for _, ones in each for one in ones if isinstance(one, GeneVariable)]
        sets = sets_among([one for _, ones in each for one in ones])
        if genes and sets:
            raise UsageError(
                f"'{genes[0].name}' is a gene and '{sets[0].name}' a gene set, so their numbers "
                "have no common unit",
                "Ask for genes by themselves; several genes make a set, as 'CD8A,GZMB,PRF1'",
            )
        if genes and len(genes) == len(each) and (apart or len(genes) == 1):
            return list(dict.fromkeys(genes))
        return self.sets(items)

    def forms(self, items: Sequence[Item]) -> list[Variable]:
        """Forms of one variable, each once; sets of equal names go by the text that named them."""
        found: dict[Variable, None] = {}
        for item in items:
            form = self.variable(item)
            if isinstance(form, SetVariable) and isinstance(item, str):
                names = {known.name for known in found if known != form}
                if form.name in names:
                    form = SetVariable(replace(form.gene_set, name=item))
            found[form] = None
        check_distinct(sets_among(list(found)))
        return list(found)

    def covariate(self, text: str) -> CovariateVariable:
        """The covariate of a name, ``TABLE.NAME`` or ``covariate:NAME``, a category or a number.

        Raises
        ------
        UsageError
            If there is none, naming the nearest.
        """
        return CovariateVariable(self._covariates.require(text.removeprefix("covariate:")))

    def covariate_or_variable(self, text: str) -> Variable:
        """What samples are chosen or cut by: a covariate, whatever gene has its name as an alias.

        Any other text as :meth:`any_variable`; ``race`` is a former symbol of AMACR.
        """
        if ":" not in text and self._covariates.named(text):
            return self.covariate(text)
        return self.any_variable(text)

    def purity(self) -> CovariateVariable | None:
        """The covariate that is called purity; None where there is none, or several."""
        named = self._covariates.named("purity")
        return self.covariate(named[0]) if len(named) == 1 else None

    def readings(self, item: Item) -> list[Item]:
        """An item and, where it is the name of a term, the sets of the term's other readings."""
        variable = self.variable(item)
        if not isinstance(item, str) or not isinstance(variable, SetVariable):
            return [item]
        return [item, *(find_set(one.name) for one in readings_of(variable.gene_set)[1:])]

    @property
    def covariate_labels(self) -> list[str]:
        """The label of each covariate."""
        return self._covariates.labels

    def covariates(self, text: str) -> list[CovariateVariable]:
        """The covariates of a name or ``TABLE.NAME``, one of each table that has it."""
        labels = self._covariates.named(text)
        return [CovariateVariable(self._covariates.require(label)) for label in labels]

    def is_stored(self, text: str) -> bool:
        """Whether a row of the tables or a covariate has a name, whatever else has it."""
        kind, colon, name = text.partition(":")
        if colon and kind == "covariate":
            return bool(self._covariates.named(name))
        if colon and kind == "gene":
            return self._is_row(name)
        return bool(self._covariates.named(text)) or self._is_row(text)

    def _bare(self, text: str) -> Variable:
        covariates = self._covariates.named(text)
        try:
            other = self._gene_or_set(text, suggest=not covariates)
        except UnknownSymbolError as error:
            if covariates:
                return CovariateVariable(self._covariates.require(text))
            if "," in text:
                return SetVariable(self._set_of_genes(text))
            if isfile(text):  # noqa: PTH113  Path.is_file raises on a name that is too long
                return SetVariable(read_set_file(text).only())
            labels = self._covariates.labels
            kinds = "gene, gene set or covariate" if labels else "gene or gene set"
            raise UsageError(
                f"unknown {kinds} '{text}'", suggestion(text, labels) or error.remedy
            ) from None
        except AmbiguousSymbolError as error:
            if not covariates:
                raise
            raise UsageError(
                f"{error.what}; it may be the covariate {' or '.join(covariates)} as well",
                "Name one of these genes, or say "
                + " or ".join(f"covariate:{label}" for label in covariates),
            ) from None
        if not covariates:
            return other
        kind, words = ("set", "gene set") if isinstance(other, SetVariable) else ("gene", "gene")
        raise UsageError(
            f"'{text}' may be the {words} {other.name} or the covariate {' or '.join(covariates)}",
            " or ".join(
                [f"Say {kind}:{other.name}", *(f"covariate:{label}" for label in covariates)]
            ),
        )

    def _gene_or_set(self, text: str, *, suggest: bool) -> GeneVariable | SetVariable:
        set_name = _similar_set(text)
        is_row = self._is_row(text)
        if set_name and text.casefold() == set_name.casefold() and not is_row:
            return SetVariable(find_set(text))
        if not is_row and "_" in text and text.upper() in reference_sets():
            return SetVariable(find_set(text))
        gene = self._gene(text, suggest=suggest)
        if set_name:
            raise UsageError(
                f"'{text}' may be the gene set {set_name} or the gene {gene.name}",
                f"Say set:{set_name} or gene:{gene.name}",
            )
        return gene

    def _set_of_genes(self, text: str) -> GeneSet:
        """The set of the genes between commas.

        Raises
        ------
        UsageError
            If one of them is no gene.
        """
        genes = [part for each in text.split(",") if (part := each.strip())]
        for gene in genes:
            self._gene(gene.removeprefix("gene:"))
        return set_of_genes(genes)

    def _gene(self, name: str, *, suggest: bool = True) -> GeneVariable:
        if self._is_row(name):
            return GeneVariable(name, name)
        return GeneVariable(gene_named(name, suggest=suggest).symbol, name)

    def _is_row(self, name: str) -> bool:
        return any(name in table.genes for table in self._tables)


def parse_components(item: Item) -> ComponentsVariable | None:
    """The components that ``pcs:K`` names; None of any other item.

    Raises
    ------
    UsageError
        If K is no number from 1 to 50.
    """
    if not isinstance(item, str) or not item.casefold().startswith("pcs:"):
        return None
    count = item[4:].strip()
    if not count.isascii() or not count.isdecimal() or not 1 <= int(count) <= MOST_COMPONENTS:
        raise UsageError(
            f"'{item[:40]}' names no components", f"Give pcs:1 to pcs:{MOST_COMPONENTS}, as pcs:5"
        )
    return ComponentsVariable(int(count))


def is_collection(text: str) -> bool:
    """Whether a text names a collection of gene sets, not one variable."""
    return text.casefold() in ("hallmark", "reference") or names_file(text)


def collection(text: str) -> list[SetVariable]:
    """The sets of a collection: ``hallmark``, ``reference`` or all of a ``FILE.gmt``.

    Raises
    ------
    UsageError
        If there is no such collection.
    """
    if text.casefold() == "hallmark":
        sets = [known for name, known in shipped_sets().items() if name.startswith("HALLMARK_")]
    elif text.casefold() == "reference":
        sets = list(reference_sets().values())
    elif names_file(text):
        sets = read_set_file(text).all_sets()
    else:
        raise UsageError(
            f"unknown collection '{text}'",
            "Give hallmark, reference, a file of gene sets or of genes, or names between commas",
        )
    return [SetVariable(gene_set) for gene_set in sets]


def genes_of_list(text: str) -> tuple[str, ...] | None:
    """The genes of a file that is a plain list of them; None of any other collection."""
    if not names_file(text):
        return None
    file = read_set_file(text)
    return file.only().genes if file.is_list else None


def is_category(variable: Variable) -> bool:
    """Whether it is a covariate of levels, which are held fixed one by one."""
    return isinstance(variable, CovariateVariable) and bool(variable.covariate.levels)


def check_is_number(variable: Variable) -> None:
    """Refuse a category without an order, of which there is no number."""
    if not isinstance(variable, CovariateVariable):
        return
    covariate = variable.covariate
    if covariate.levels and not covariate.ordered:
        name, first = covariate.label, covariate.levels[0]
        value = f"'{name}={first}'" if " " in first else f"{name}={first}"
        raise UsageError(
            f"'{name}' is a category without an order, and no number",
            f"Hold it fixed with --adjust {name}, choose samples with --where {value}, or ask for "
            f"each level with --by {name}",
        )


def check_distinct(sets: Sequence[SetVariable]) -> None:
    """Refuse two different gene sets of one name, whose rows nobody could distinguish."""
    known: dict[str, SetVariable] = {}
    for variable in sets:
        if known.setdefault(variable.name, variable).gene_set.genes != variable.gene_set.genes:
            raise UsageError(
                f"two different gene sets are named '{variable.name}'", "Score one at a time"
            )


def check_controls(correlated: Sequence[Variable], controls: Sequence[Variable]) -> None:
    """Refuse to adjust a variable for itself."""
    for variable in controls:
        if variable in correlated:
            raise UsageError(
                f"'{variable.name}' cannot be adjusted for: it is x or y", "Adjust for another"
            )


def _similar_set(text: str) -> str:
    """The shipped set of a name, case and punctuation aside; empty where there is none."""
    plain = _PUNCTUATION.sub("", text).casefold()
    return next(
        (name for name in shipped_sets() if _PUNCTUATION.sub("", name).casefold() == plain), ""
    )


def _no_set(text: str, variable: Variable) -> UsageError:
    if isinstance(variable, GeneVariable):
        return UsageError(
            f"'{text}' is a gene, and a score is of a gene set",
            f"Its values: tcga-corr sql \"FROM expression WHERE gene = '{variable.name}'\"; "
            "several genes make a set, as 'CD8A,GZMB,PRF1'",
        )
    if not isinstance(variable, CovariateVariable):
        return UsageError(f"'{text}' is no gene set", "See `tcga-corr sets`")
    covariate = variable.covariate
    where = f"table_name = '{covariate.table}' AND covariate = '{covariate.name}'"
    return UsageError(
        f"'{text}' is a covariate, and a score is of a gene set",
        f'Its values: tcga-corr sql "FROM covariates WHERE {where}"',
    )
