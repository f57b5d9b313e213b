"""Cohorts: one number per sample for each variable, in one tumor type."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.naming.names import (
    ComponentsVariable,
    CovariateVariable,
    GeneVariable,
    SetVariable,
    Variable,
)
from tcga_corr.choices import Method, Selection, Ties
from tcga_corr.scoring.rank_sums import N_SUMS
from tcga_corr.scoring.ranks import ordinal_ranks
from tcga_corr.scoring.ssgsea import doubled_places, enrichment_scores, weights_by_doubled_rank
from tcga_corr.stats.components import principal_components
from tcga_corr.store.index import GeneNames, TableIndex
from tcga_corr.store.metadata import StoredSample
from tcga_corr.store.union import UnionIndex
from tcga_corr.vocabulary.associations import SIMULATED
from tcga_corr.vocabulary.gene_names import are_of_mouse, foreign_kind, is_ensembl
from tcga_corr.vocabulary.matching import SymbolMatch, match_symbols
from tcga_corr.vocabulary.methods import METHODS
from tcga_corr.vocabulary.symbols import symbol_table

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Rows = NDArray[np.intp]
Mask = NDArray[np.bool_]

MIN_GENES = 5
_N_SHOWN = 3
# names that NCBI and older tables give to a mitochondrial gene, and the field to another one
_CALLED_SO_TOO = {"COX1": "PTGS1", "COX2": "PTGS2"}
# share of the samples at the lowest value from which Pearson's p is noted as wrong
_MOST_AT_LOWEST = 0.3


@dataclass(frozen=True, eq=False)
class Measured:
    """A variable in one tumor type.

    Attributes
    ----------
    variable
        The variable.
    tumor_type
        Where it was measured.
    values
        One per selected sample, of a category the place of its level, NaN where a covariate has
        none; None where ``note`` says why.
    genes
        The table's symbols from which the values are made.
    match
        How the names of its genes were found.
    note
        Why there are no values; empty where there are.
    n_by_letter
        Samples whose value is that of the lowest vial letter, for want of their own vial's.
    components
        Of principal components all, a row each; ``values`` is the first.
    """

    variable: Variable
    tumor_type: str
    values: Vector | None
    genes: frozenset[str] = frozenset()
    match: SymbolMatch = field(default_factory=SymbolMatch)
    note: str = ""
    n_by_letter: int = 0
    components: Matrix | None = None

    @property
    def name(self) -> str:
        """The variable's name."""
        return self.variable.name

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels of a category; none of anything else."""
        if isinstance(self.variable, CovariateVariable):
            return self.variable.covariate.levels
        return ()

    def fitted(self, columns: Rows) -> list[Vector]:
        """What is fitted where this is held fixed, for some samples that have it.

        A number is fitted as it is, a category by one column for each level but the first, 1 in
        its samples and 0 in others.
        """
        if self.values is None:
            return []
        if self.components is not None:
            return list(self.components[:, columns])
        values = self.values[columns]
        if not self.levels:
            return [values]
        return [(values == level).astype(np.float64) for level in np.unique(values)[1:]]

    @property
    def n_missing(self) -> int:
        """Samples without a value, of a variable that others have."""
        return 0 if self.values is None or self.note else int(np.isnan(self.values).sum())

    @property
    def missing_note(self) -> str:
        """How many samples are left out because they lack it, in words; empty where none is."""
        return samples_without(self.name, self.n_missing)

    @property
    def few_genes_note(self) -> str:
        """That less than half of a set's genes are in the table; empty otherwise."""
        if not isinstance(self.variable, SetVariable) or self.values is None:
            return ""
        found, wanted = len(self.genes), len(self.variable.gene_set.genes)
        return f"{self.name}: {found} of {wanted} genes" if 2 * found < wanted else ""

    def shared_genes(self, other: Measured) -> frozenset[str]:
        """Genes of both sets, or the gene of one that is in the other's set."""
        if not any(isinstance(one.variable, SetVariable) for one in (self, other)):
            return frozenset()
        return self.genes & other.genes

    def shares_as_control(self, other: Measured) -> str:
        """That adjusting for it takes a part of the other out; empty where no gene is shared."""
        shared = self.genes & other.genes
        if not shared or self.values is None:
            return ""
        return f"{self.name} shares genes with {other.name}: {len(shared)}"

    def is_same_as(self, other: Measured) -> bool:
        """Whether both are one variable, by one name or by two."""
        return self.identity == other.identity

    @property
    def identity(self) -> object:
        """What is equal for one variable by two names."""
        if isinstance(self.variable, CovariateVariable):
            return self.variable.covariate.origin
        return type(self.variable), self.genes


SAME_VARIABLE = "x and y are the same variable"


def samples_without(name: str, count: int) -> str:
    """How many samples lack a variable, in words; empty for none."""
    return f"{count} sample{'s' if count > 1 else ''} without {name}" if count else ""


def notes_of_ties(
    names: Sequence[str], values: Matrix | Sequence[Vector], method: Method
) -> list[str]:
    """That too many of a variable's values are its lowest, such as 0, for a method's p.

    Parameters
    ----------
    names
        Of variables.
    values
        A row each, of the samples that are correlated.
    method
        How.

    Returns
    -------
    A note for each variable, empty where the p holds.
    """
    rows = np.asarray(values)
    if METHODS[method].suits_ties or not rows.size:
        return [""] * len(names)
    shares = (rows == rows.min(axis=1, keepdims=True)).mean(axis=1)
    advice = (
        f"of the samples have its lowest value, so the p of {METHODS[method].label} may be far "
        f"too small; use {METHODS['spearman'].label}"
    )
    return [
        f"{name}: {100 * share:.0f} % {advice}" if share > _MOST_AT_LOWEST else ""
        for name, share in zip(names, shares.tolist(), strict=True)
    ]


def complete_samples(measured: Sequence[Measured], n: int) -> Mask:
    """Which of n samples have a value of every variable that has values at all."""
    complete = np.ones(n, dtype=np.bool_)
    for one in measured:
        if one.values is not None:
            complete &= ~np.isnan(one.values)
    return complete


def join_notes(*notes: str) -> str:
    """Notes as one text; empty and repeated ones are left out."""
    return "; ".join(dict.fromkeys(filter(None, notes)))


@lru_cache(maxsize=4096)
def _match(names: tuple[str, ...], rows: GeneNames) -> SymbolMatch:
    """Most tumor types of a source have the same genes, so a match serves them all."""
    return match_symbols(names, rows)


class Cohort:
    """One tumor type's table with a selection of its samples.

    Parameters
    ----------
    table
        The index of its table.
    selection
        Which samples: ``tumor``, ``normal``, ``all-tumor`` or ``gtex``.
    ties
        How ssGSEA ranks equal values.
    min_genes
        Genes that a set must have in the table.
    """

    def __init__(
        self,
        table: TableIndex,
        selection: Selection,
        ties: Ties = "average",
        min_genes: int = MIN_GENES,
    ) -> None:
        self.table = table
        self.selection = selection
        self.ties = ties
        self.min_genes = min_genes
        self.columns = table.columns(selection)
        self.tumor_type = table.key.tumor_type
        self.conditions: dict[str, Variable] = {}
        self.n_before_conditions = len(self.columns)
        self.note_of_conditions = ""

    @property
    def simulated(self) -> bool:
        """Whether the values are simulated."""
        return self.table.metadata.simulated

    @property
    def mark(self) -> str:
        """The note that values are simulated; empty where they are not."""
        return SIMULATED if self.simulated else ""

    @property
    def samples(self) -> list[StoredSample]:
        """The selected samples."""
        stored = self.table.metadata.samples
        return [stored[column] for column in self.columns]

    @property
    def studies(self) -> list[Vector]:
        """Of a union of studies, one column for each but the first: 1 in its samples, else 0.

        They are held fixed in every correlation.
        """
        if not isinstance(self.table, UnionIndex):
            return []
        study = self.table.study_of(self.columns)
        return [(study == one).astype(np.float64) for one in range(1, len(self.table.parts))]

    def only(self, kept: Mask) -> Cohort:
        """The same table with some of the selected samples."""
        other = copy(self)
        other.__dict__.pop("_ordinal", None)
        other.columns = self.columns[kept]
        return other

    def where(self, met: Mask, conditions: Mapping[str, Variable], note: str = "") -> Cohort:
        """The samples that meet conditions.

        Parameters
        ----------
        met
            Which of the selected samples meet them.
        conditions
            Their texts, and what each is about.
        note
            Why none does, of what the table does not measure.
        """
        other = self.only(met)
        other.conditions = {**self.conditions, **conditions}
        other.note_of_conditions = note
        return other

    def variant(self, ties: Ties, samples: Collection[str] | None = None) -> Cohort:
        """The same table by another tie rule, with all of its samples or those of some names."""
        other = copy(self)
        other.ties = ties
        for cached in ("_weights", "_ordinal"):
            other.__dict__.pop(cached, None)
        if samples is not None:
            kept = [
                column
                for column, sample in zip(self.columns, self.samples, strict=True)
                if sample.sample in samples
            ]
            other.columns = np.array(kept, dtype=np.intp)
        return other

    def measure(self, variable: Variable, without: frozenset[str] = frozenset()) -> Measured:
        """A variable's value in each selected sample.

        Parameters
        ----------
        variable
            A gene, a gene set or a covariate.
        without
            Symbols of the table to leave out of a set.
        """
        if isinstance(variable, GeneVariable):
            return self._gene_values(variable)
        if isinstance(variable, CovariateVariable):
            return self._covariate_values(variable)
        if isinstance(variable, ComponentsVariable):
            return self._components(variable)
        match = _match(variable.gene_set.genes, self.table.genes)
        genes = frozenset(match.found.values()) - without
        values, note = None, ""
        if len(genes) < self.min_genes:
            note = self.too_few_genes(variable, len(genes), "left" if without else "measured")
        elif len(genes) >= len(self.table.genes):
            note = f"{variable.name}: the set holds every gene of the table"
        else:
            values = self.scores(self.table.genes.rows(genes))
        return Measured(variable, self.tumor_type, values, genes, match, note)

    def again(self, measured: Measured) -> Measured:
        """A variable that another variant of this cohort measured, of the same genes."""
        left_out = frozenset(measured.match.found.values()) - measured.genes
        return self.measure(measured.variable, without=left_out)

    def too_few_genes(self, variable: SetVariable, count: int, state: str) -> str:
        """Why a set has no score."""
        genes = variable.gene_set.genes
        return (
            f"{variable.name}: {count} of {len(genes)} genes {state}, "
            f"at least {self.min_genes} needed"
            + (_look_of(genes) if state == "measured" and not count else "")
        )

    def _gene_values(self, variable: GeneVariable) -> Measured:
        match = _match((variable.name,), self.table.genes)
        if not match.found:
            note = f"{variable.name}: not measured"
            return Measured(variable, self.tumor_type, None, match=match, note=note)
        symbol = match.found[variable.name]
        values = self.table.values[self.table.genes.row(symbol), self.columns]
        return Measured(
            variable, self.tumor_type, values.astype(np.float64), frozenset([symbol]), match
        )

    def _covariate_values(self, variable: CovariateVariable) -> Measured:
        values, n_by_letter = variable.covariate.values_of(self.samples)
        empty = len(values) > 0 and bool(np.isnan(values).all())
        note = f"{variable.name}: no sample has it" if empty else ""
        return Measured(variable, self.tumor_type, values, note=note, n_by_letter=n_by_letter)

    def _components(self, variable: ComponentsVariable) -> Measured:
        left_out = [self._rows_of(one) for one in variable.correlated]
        kept = np.ones(len(self.table.genes), dtype=np.bool_)
        kept[np.concatenate([np.array([], dtype=np.intp), *left_out])] = False
        most = len(self.columns) - 2
        if variable.count > most:
            note = f"{variable.name}: {len(self.columns)} samples have no so many components"
            return Measured(variable, self.tumor_type, None, note=note)
        found = principal_components(self.table.values, kept, self.columns, variable.count)
        return Measured(variable, self.tumor_type, found[0], components=found)

    def _rows_of(self, variable: Variable) -> Rows:
        """The rows of the table that a gene or a set is made of."""
        if isinstance(variable, GeneVariable):
            names: tuple[str, ...] = (variable.name,)
        elif isinstance(variable, SetVariable):
            names = variable.gene_set.genes
        else:
            names = ()
        match = _match(names, self.table.genes) if names else SymbolMatch()
        return np.asarray(self.table.genes.rows(frozenset(match.found.values())), dtype=np.intp)

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

    def terms(self, rows: Rows) -> Matrix:
        """What genes add to the sums of :mod:`tcga_corr.scoring.rank_sums`: w, w q and q.

        Returns
        -------
        Rows x 3 x selected samples.
        """
        doubled = self.table.ranks[rows][:, self.columns]
        ordinal = None if self._ordinal is None else self._ordinal[rows]
        terms = np.empty((len(rows), N_SUMS, len(self.columns)))
        self._weights.take(doubled, out=terms[:, 0], mode="clip")  # unbuffered
        np.divide(doubled_places(doubled, ordinal, self.ties), 2, out=terms[:, 2])
        np.multiply(terms[:, 0], terms[:, 2], out=terms[:, 1])
        return terms

    @cached_property
    def _weights(self) -> Vector:
        return weights_by_doubled_rank(len(self.table.genes), self.ties)

    @cached_property
    def _ordinal(self) -> NDArray[np.uint32] | None:
        """Ordinal ranks of the selected samples, for the tie rules that need them."""
        if self.ties == "average":
            return None
        return ordinal_ranks(self.table.values[:, self.columns])


def matching_notes(measured: Sequence[Measured]) -> list[str]:
    """What was found through another name, and what was not found, once per variable."""
    notes: dict[str, list[str]] = {}
    by_letter: dict[str, int] = {}
    for one in measured:
        parts = _match_in_words(one)
        if parts:
            types = notes.setdefault(f"{one.name}: {'; '.join(parts)}", [])
            if one.tumor_type not in types:
                types.append(one.tumor_type)
        if one.n_by_letter:
            by_letter[one.name] = by_letter.get(one.name, 0) + one.n_by_letter
    everywhere = len({one.tumor_type for one in measured})
    return [
        note if len(types) == everywhere else f"{note} (in {', '.join(types)})"
        for note, types in notes.items()
    ] + [
        f"{name}: own vial not known or not measured, lowest vial letter taken: "
        f"{count} sample{'s' if count > 1 else ''}"
        for name, count in by_letter.items()
    ]


def _look_of(names: Sequence[str]) -> str:
    """What the names of a set of which no gene was found look like."""
    shown = ", ".join(f"'{name}'" for name in names[:_N_SHOWN])
    kind = foreign_kind(names)
    if are_of_mouse(names):
        kind = "named as those of mouse; give the human genes"
    elif not kind and all(map(str.isdigit, names)):
        kind = "numbers that are no Entrez ids of its genes"
    return f" (the first are {shown}{f': {kind}' if kind else ''})"


def _match_in_words(measured: Measured) -> list[str]:
    match, parts = measured.match, []
    if isinstance(measured.variable, GeneVariable):
        parts += _gene_name_in_words(measured.variable)
    of_ids = [f"{name} as {row}" for name, row in match.renamed.items() if _is_id(name)]
    if of_ids:
        shown = ", ".join(of_ids[:_N_SHOWN]) + (", …" if len(of_ids) > _N_SHOWN else "")
        parts.append(f"{len(of_ids)} ids read as symbols ({shown})")
    renamed = [f"{name} as {row}" for name, row in match.renamed.items() if not _is_id(name)]
    if renamed:
        parts.append(f"found under another name {', '.join(renamed)}")
    parts += [
        f"{name} is the mitochondrial gene here, and {other} is called so too"
        for name, other in _CALLED_SO_TOO.items()
        if name in match.found and getattr(measured.variable, "typed", name) == name
    ]
    missing = [name for name in match.missing if name not in match.ambiguous]
    if are_of_mouse(missing):
        parts.append(
            f"not measured {', '.join(missing[:_N_SHOWN])} of {len(missing)}, "
            "named as those of mouse"
        )
    elif missing:
        parts.append(f"not measured {', '.join(missing)}")
    for name, rows in match.ambiguous.items():
        perhaps = " or ".join(f"gene:{row}" for row in rows)
        parts.append(f"{name} not found for certain" + (f", perhaps {perhaps}" if rows else ""))
    return parts


def _is_id(name: str) -> bool:
    return is_ensembl(name) or name.isdigit()


def _gene_name_in_words(variable: GeneVariable) -> list[str]:
    if variable.typed not in ("", variable.name):
        return [f"{variable.typed} read as the gene {variable.name}"]
    candidates = symbol_table().candidates(variable.name)
    if len(candidates) > 1:
        listed = " or ".join(gene.symbol for gene in candidates)
        return [f"a row of this name, which may be {listed}"]
    return []


def failures(measured: Sequence[Measured]) -> list[str]:
    """Why variables have no values, each reason once with its tumor types."""
    reasons: dict[str, list[str]] = {}
    for one in measured:
        if one.note:
            reasons.setdefault(one.note, []).append(one.tumor_type)
    return [f"{note} (in {', '.join(types)})" for note, types in reasons.items()]
