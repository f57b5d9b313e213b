"""Variables: what a user names, and one number per sample for it in each tumor type."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tcga_corr.errors import UsageError, near_names
from tcga_corr.scoring.ranks import ordinal_ranks
from tcga_corr.scoring.ssgsea import (
    Ties,
    doubled_places,
    enrichment_scores,
    weights_by_doubled_rank,
)
from tcga_corr.store import Covariate, Covariates, GeneNames, TableIndex
from tcga_corr.vocabulary.gene_sets import GeneSet, find_set, read_gmt, reference_sets, shipped_sets
from tcga_corr.vocabulary.symbols import (
    AmbiguousSymbolError,
    SymbolMatch,
    UnknownSymbolError,
    match_symbols,
    symbol_table,
)

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Rows = NDArray[np.intp]

_IN_FILE = re.compile(r"(.+?\.gmt):(.+)", re.IGNORECASE)
_NOT_A_WORD = re.compile(r"[^A-Za-z0-9]")


@dataclass(frozen=True)
class GeneVariable:
    """A gene's values in the table's unit; ``asked`` is the name that it was asked for by."""

    name: str
    asked: str = field(default="", compare=False)


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
    """What was measured of the samples themselves, or of their patients."""

    covariate: Covariate

    @property
    def name(self) -> str:
        """The covariate's name; ``TABLE.NAME`` where several tables of the store have it."""
        return self.covariate.label


Variable = GeneVariable | SetVariable | CovariateVariable


def parse_variable(text: str, tables: Sequence[TableIndex], covariates: Covariates) -> Variable:
    """The variable a text names.

    ``gene:NAME``, ``set:NAME`` or ``covariate:NAME`` decide; ``FILE.gmt:NAME`` takes a set from a
    file; a bare name is a shipped set's, a gene's or a covariate's. A gene may go by any of its
    names.

    Raises
    ------
    UsageError
        If nothing goes by the name, if it is an alias of several genes, a name in several tables
        of covariates, or of several kinds.
    """
    from_file = _IN_FILE.fullmatch(text)
    if from_file:
        return SetVariable(set_from_file(Path(from_file[1]), from_file[2]))
    kind, colon, name = text.partition(":")
    if colon and kind == "gene":
        return _gene(name, tables)
    if colon and kind == "set":
        return SetVariable(find_set(name))
    if colon and kind == "covariate":
        return CovariateVariable(covariates.require(name))
    named = covariates.named(text)
    try:
        other = _gene_or_set(text, tables)
    except UnknownSymbolError as error:
        if named:
            return CovariateVariable(covariates.require(text))
        labels = covariates.labels
        raise UsageError(
            f"unknown {'gene, gene set or covariate' if labels else 'gene or gene set'} '{text}'",
            near_names(text, [*labels, *shipped_sets()]) or error.remedy,
        ) from None
    except AmbiguousSymbolError as error:
        if not named:
            raise
        raise UsageError(
            f"{error.what}; it may be the covariate {' or '.join(named)} as well",
            "Name one of these genes, or say " + " or ".join(f"covariate:{one}" for one in named),
        ) from None
    if not named:
        return other
    kind, words = ("set", "gene set") if isinstance(other, SetVariable) else ("gene", "gene")
    raise UsageError(
        f"'{text}' may be the {words} {other.name} or the covariate {' or '.join(named)}",
        " or ".join([f"Say {kind}:{other.name}", *(f"covariate:{one}" for one in named)]),
    )


def _gene_or_set(text: str, tables: Sequence[TableIndex]) -> GeneVariable | SetVariable:
    """What a bare name is among genes and shipped sets."""
    set_name = _set_like(text)
    is_gene = any(text in table.genes for table in tables)
    if set_name and text.casefold() == set_name.casefold() and not is_gene:
        return SetVariable(find_set(text))
    if not is_gene and "_" in text and text.upper() in reference_sets():
        return SetVariable(find_set(text))
    gene = _gene(text, tables)
    if set_name:
        raise UsageError(
            f"'{text}' may be the gene set {set_name} or the gene {gene.name}",
            f"Say set:{set_name} or gene:{gene.name}",
        )
    return gene


def _set_like(text: str) -> str:
    """The shipped set that goes by a name, case and punctuation aside; empty where none does."""
    plain = _NOT_A_WORD.sub("", text).casefold()
    return next(
        (name for name in shipped_sets() if _NOT_A_WORD.sub("", name).casefold() == plain), ""
    )


def _gene(name: str, tables: Sequence[TableIndex]) -> GeneVariable:
    if any(name in table.genes for table in tables):
        return GeneVariable(name, name)
    return GeneVariable(symbol_table().resolve(name).symbol, name)


def set_from_file(path: Path, name: str) -> GeneSet:
    """A set of a GMT file by its exact name."""
    sets = read_gmt(path)
    if name not in sets:
        raise UsageError(
            f"{path}: no gene set '{name}' in it",
            near_names(name, sets) or f"Its first sets are {', '.join(list(sets)[:3])}",
        )
    return sets[name]


def is_collection(text: str) -> bool:
    """Whether a text names a collection, not one variable."""
    return text.casefold() in ("hallmark", "reference") or text.lower().endswith(".gmt")


def parse_collection(text: str) -> list[SetVariable]:
    """The sets of a collection: ``hallmark``, ``reference`` or all of a ``FILE.gmt``.

    Raises
    ------
    UsageError
        If it names none.
    """
    if text.casefold() == "hallmark":
        sets = [known for name, known in shipped_sets().items() if name.startswith("HALLMARK_")]
    elif text.casefold() == "reference":
        sets = list(reference_sets().values())
    elif text.lower().endswith(".gmt"):
        sets = list(read_gmt(Path(text)).values())
    else:
        raise UsageError(
            f"unknown collection '{text}'", "Give hallmark, reference or a file that ends in .gmt"
        )
    return [SetVariable(gene_set) for gene_set in sets]


def parse_sets(
    text: str, tables: Sequence[TableIndex], covariates: Covariates
) -> list[SetVariable]:
    """The gene sets a text names: one, all of a ``FILE.gmt``, or the 50 Hallmarks.

    Raises
    ------
    UsageError
        If it names none, or a gene or covariate.
    """
    if is_collection(text):
        return parse_collection(text)
    variable = parse_variable(text, tables, covariates)
    if isinstance(variable, GeneVariable):
        raise UsageError(
            f"'{text}' is a gene, and a score is of a gene set",
            f"Its values: tcga-corr sql \"FROM expression WHERE gene = '{variable.name}'\"",
        )
    if isinstance(variable, CovariateVariable):
        one = variable.covariate
        where = f"table_name = '{one.table}' AND covariate = '{one.name}'"
        raise UsageError(
            f"'{text}' is a covariate, and a score is of a gene set",
            f'Its values: tcga-corr sql "FROM covariates WHERE {where}"',
        )
    return [variable]


@dataclass(frozen=True)
class Measured:
    """A variable in one tumor type.

    Attributes
    ----------
    values
        One per selected sample, NaN where a covariate has none; None where ``note`` says why not.
    genes
        The table's symbols that it was made of.
    match
        How the asked names were found.
    note
        Why there are no values; empty where there are.
    n_by_letter
        Samples whose value is that of the lowest vial letter, for want of their own vial's.
    """

    values: Vector | None
    genes: frozenset[str]
    match: SymbolMatch
    note: str = ""
    n_by_letter: int = 0


@lru_cache(maxsize=4096)
def _match(names: tuple[str, ...], rows: GeneNames) -> SymbolMatch:
    """Most tumor types of a source have the same genes, so a match serves them all."""
    return match_symbols(names, rows)


class Cohort:
    """One tumor type's table with a selection of its samples, ready to measure variables."""

    def __init__(
        self, table: TableIndex, selection: str, ties: Ties = "average", min_genes: int = 5
    ) -> None:
        self.table = table
        self.selection = selection
        self.ties = ties
        self.min_genes = min_genes
        self.columns = table.columns(selection)
        self.tumor_type = table.key.tumor_type

    def again(self, ties: Ties, samples: Collection[str] | None = None) -> Cohort:
        """The same table and samples by another tie rule, or only some of the samples by name."""
        other = copy(self)
        other.ties = ties
        for cached in ("_weights", "_ordinal"):
            other.__dict__.pop(cached, None)
        if samples is not None:
            stored = self.table.metadata.samples
            kept = [column for column in self.columns if stored[column].sample in samples]
            other.columns = np.array(kept, dtype=np.intp)
        return other

    def measure(self, variable: Variable, without: frozenset[str] = frozenset()) -> Measured:
        """A variable's value in each selected sample.

        Parameters
        ----------
        variable
            A gene, a gene set or a covariate.
        without
            Symbols of the table to take out of a set first.
        """
        if isinstance(variable, GeneVariable):
            return self._gene_values(variable)
        if isinstance(variable, CovariateVariable):
            return self._covariate_values(variable)
        match = _match(variable.gene_set.genes, self.table.genes)
        genes = frozenset(match.found.values()) - without
        n_all = len(variable.gene_set.genes)
        if len(genes) < self.min_genes:
            note = (
                f"{variable.name}: {len(genes)} of {n_all} genes "
                f"{'left' if without else 'measured'}, at least {self.min_genes} needed"
            )
            return Measured(None, genes, match, note)
        if len(genes) >= len(self.table.genes):
            note = f"{variable.name}: the set holds every gene of the table"
            return Measured(None, genes, match, note)
        return Measured(self.scores(self.table.genes.rows(genes)), genes, match)

    def _gene_values(self, variable: GeneVariable) -> Measured:
        match = _match((variable.name,), self.table.genes)
        if not match.found:
            return Measured(None, frozenset(), match, f"{variable.name}: not measured")
        symbol = match.found[variable.name]
        values = self.table.values[self.table.genes.row(symbol), self.columns]
        return Measured(values.astype(np.float64), frozenset([symbol]), match)

    def _covariate_values(self, variable: CovariateVariable) -> Measured:
        samples = self.table.metadata.samples
        values, n_by_letter = variable.covariate.of([samples[column] for column in self.columns])
        nobody = len(values) > 0 and bool(np.isnan(values).all())
        note = f"{variable.name}: no sample has it" if nobody else ""
        return Measured(values, frozenset(), SymbolMatch(), note, n_by_letter)

    def scores(self, rows: Rows) -> Vector:
        """Raw ssGSEA scores of the set of these rows, one per selected sample."""
        n_genes = len(self.table.genes)
        return enrichment_scores(
            self.table.ranks[rows][:, self.columns],
            n_genes,
            self._weights,
            None if self._ordinal is None else self._ordinal[rows],
            self.ties,
        )

    def weights_and_places(self, rows: Rows) -> tuple[Matrix, Matrix]:
        """Of genes, w and twice q of :mod:`tcga_corr.scoring.ssgsea`; rows x selected samples."""
        doubled = self.table.ranks[rows][:, self.columns]
        ordinal = None if self._ordinal is None else self._ordinal[rows]
        return self._weights.take(doubled), doubled_places(doubled, ordinal, self.ties)

    @cached_property
    def _weights(self) -> Vector:
        return weights_by_doubled_rank(len(self.table.genes), self.ties)

    @cached_property
    def _ordinal(self) -> NDArray[np.uint32] | None:
        """Ordinal ranks of the selected samples, for the tie rules that need them."""
        if self.ties == "average":
            return None
        return ordinal_ranks(self.table.values[:, self.columns])


def _about_the_name(variable: GeneVariable) -> list[str]:
    if variable.asked not in ("", variable.name):
        return [f"{variable.asked} read as the gene {variable.name}"]
    meant = symbol_table().candidates(variable.name)
    if len(meant) > 1:
        listed = " or ".join(gene.symbol for gene in meant)
        return [f"a row of this name, which may be {listed}"]
    return []


Measurement = tuple[Variable, Cohort, Measured]


def matching_notes(measured: Sequence[Measurement]) -> list[str]:
    """What was found through another name, and what was not found, said once per variable."""
    notes: dict[str, list[str]] = {}
    for variable, cohort, result in measured:
        said = []
        if isinstance(variable, GeneVariable):
            said += _about_the_name(variable)
        if result.match.renamed:
            renamed = (f"{name} as {row}" for name, row in result.match.renamed.items())
            said.append(f"found under another name {', '.join(renamed)}")
        ambiguous = result.match.ambiguous
        missing = [name for name in result.match.missing if name not in ambiguous]
        if missing:
            said.append(f"not measured {', '.join(missing)}")
        for name, rows in ambiguous.items():
            perhaps = " or ".join(f"gene:{row}" for row in rows)
            said.append(f"{name} not found for certain" + (f", perhaps {perhaps}" if rows else ""))
        if said:
            types = notes.setdefault(f"{variable.name}: {'; '.join(said)}", [])
            if cohort.tumor_type not in types:
                types.append(cohort.tumor_type)
    by_letter: dict[str, int] = {}
    for variable, _, result in measured:
        if result.n_by_letter:
            by_letter[variable.name] = by_letter.get(variable.name, 0) + result.n_by_letter
    everywhere = len({cohort.tumor_type for _, cohort, _ in measured})
    return [
        note if len(types) == everywhere else f"{note} (in {', '.join(types)})"
        for note, types in notes.items()
    ] + [
        f"{name}: own vial not known or not measured, lowest vial letter taken: "
        f"{count} sample{'s' if count > 1 else ''}"
        for name, count in by_letter.items()
    ]


def failures(measured: Sequence[Measurement]) -> list[str]:
    """Why variables have no values, each reason once with its tumor types."""
    failures: dict[str, list[str]] = {}
    for _, cohort, result in measured:
        if result.note:
            failures.setdefault(result.note, []).append(cohort.tumor_type)
    return [f"{note} (in {', '.join(types)})" for note, types in failures.items()]
