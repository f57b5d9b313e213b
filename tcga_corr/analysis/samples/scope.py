"""Scope: which tumor types, source and samples a question is about, and how sets are scored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

from tcga_corr.analysis.naming.names import NameResolver
from tcga_corr.analysis.samples.cohort import MIN_GENES, Cohort
from tcga_corr.analysis.samples.where import select
from tcga_corr.choices import SELECTIONS, TIES, Selection, Ties, check_choice
from tcga_corr.errors import DataMissingError, UsageError
from tcga_corr.sources import SOURCES, source_is_simulated
from tcga_corr.store.covariate_lookup import Covariates
from tcga_corr.store.index import TableIndex, open_index
from tcga_corr.store.layout import Store, TableKey
from tcga_corr.store.metadata import COPIES
from tcga_corr.store.union import UnionIndex, join_tables
from tcga_corr.vocabulary.associations import NOTE_OF_SIMULATED
from tcga_corr.vocabulary.tumor_types import parse_tumor_type, unions_among
from tcga_corr.vocabulary.units import same_depth

SEE_STATUS = "See what is loaded with `tcga-corr status`"


class CohortOptions(TypedDict, total=False):
    """The keywords of a :class:`Scope` of one tumor type."""

    source: str | None
    samples: Selection
    ties: Ties
    min_genes: int
    where: Sequence[str]


class ScopeOptions(CohortOptions, total=False):
    """The keywords of a :class:`Scope`, as questions of the engine take them."""

    tumor_types: Iterable[str]


@dataclass(frozen=True)
class Scope:
    """Where a question is asked.

    Attributes
    ----------
    tumor_types
        Abbreviations; all that the source has by default.
    source
        Its name; needed where the store has several.
    samples
        ``tumor`` (one per patient), ``normal``, ``all-tumor`` or ``gtex``.
    ties
        How ssGSEA ranks equal values: ``average``, ``gseapy`` or ``gsva``.
    min_genes
        Genes of a set that a table must have.
    where
        Conditions that the samples meet, as ``gender=FEMALE``; see
        :mod:`tcga_corr.analysis.samples.where`.
    """

    tumor_types: Iterable[str] = ()
    source: str | None = None
    samples: Selection = "tumor"
    ties: Ties = "average"
    min_genes: int = MIN_GENES
    where: Sequence[str] = ()

    def cohorts(self, store: Store) -> list[Cohort]:
        """The tumor types of the source, sorted, each with the selected samples.

        Raises
        ------
        UsageError
            On an unknown name, or where the store has several sources and none is given.
        DataMissingError
            If a tumor type or source is not in the store.
        AnalysisError
            If no sample meets the conditions.
        """
        self.check()
        names = [self.tumor_types] if isinstance(self.tumor_types, str) else [*self.tumor_types]
        unions = unions_among(names)
        single = [parse_tumor_type(name).abbreviation for name in names if not unions_among([name])]
        wanted = [*single, *(study for studies in unions.values() for study in studies)]
        _check_unions(unions, single)
        source = self.source or only_source(store, wanted, store.require_keys())
        stored = {key.tumor_type: key for key in store.require_keys(source)}
        missing = [name for name in wanted if name not in stored]
        if missing:
            raise DataMissingError(
                f"{', '.join(missing)}: not loaded from source '{source}'",
                f"The store has {', '.join(stored)}",
            )
        chosen = sorted({*single, *unions}) or list(stored)

        def table(name: str) -> TableIndex:
            if name not in unions:
                return open_index(store, stored[name])
            return join_tables(name, [open_index(store, stored[one]) for one in unions[name]])

        tables = [table(name) for name in chosen]
        return self.cohorts_of(tables, lambda: NameResolver(tables, Covariates(store)))

    def check(self) -> None:
        """Refuse an unknown selection or tie rule, and too few genes.

        Raises
        ------
        UsageError
            Naming the parameter.
        """
        check_choice("samples", self.samples, SELECTIONS)
        check_choice("ties", self.ties, TIES)
        if self.min_genes < 1:
            raise UsageError(f"min_genes is {self.min_genes}", "Give 1 or more")

    def cohorts_of(
        self, tables: Sequence[TableIndex], names: Callable[[], NameResolver]
    ) -> list[Cohort]:
        """The selected samples of tables; ``names`` gives what finds the variables of conditions.

        Raises
        ------
        UsageError
            On a condition that cannot be read.
        AnalysisError
            If no sample meets the conditions.
        """
        cohorts = [Cohort(table, self.samples, self.ties, self.min_genes) for table in tables]
        conditions = [self.where] if isinstance(self.where, str) else [*self.where]
        return select(cohorts, conditions, names()) if conditions else cohorts


def _check_unions(unions: Mapping[str, Sequence[str]], single: Sequence[str]) -> None:
    """Refuse a union beside one of its studies, whose patients would count twice."""
    for name, studies in unions.items():
        twice = [study for study in studies if study in single]
        if twice:
            raise UsageError(
                f"{twice[0]} is one of the studies of {name}, so its patients would count twice",
                f"Name {name} or {twice[0]}",
            )


def only_source(store: Store, wanted: Sequence[str], keys: Iterable[TableKey]) -> str:
    """The one source that has the tumor types, or the store's default one among several.

    Simulated ones give way to others. ``keys`` are those of the tables that the question is about.
    """
    types: dict[str, set[str]] = {}
    for key in keys:
        types.setdefault(key.source, set()).add(key.tumor_type)
    real = [name for name in types if not source_is_simulated(name)]
    complete = [name for name in real if types[name].issuperset(wanted)]
    if len(complete or real) > 1 and store.default_source in (complete or real):
        return str(store.default_source)
    if len(complete or real) > 1:
        listed = ", ".join(f"{name} ({len(types[name])} types)" for name in complete or real)
        raise UsageError(
            f"the store holds several sources: {listed}",
            "Choose one: --source, or source= in Python; `tcga-corr use SOURCE` keeps a choice",
        )
    return (complete or real or list(types))[0]


def sources_of(store: Store, tumor_type: str, first: str | None) -> list[str]:
    """The sources that have a tumor type, beginning with ``first``; simulated ones stay alone.

    Raises
    ------
    DataMissingError
        If none has it, or not the first.
    """
    stored = [key.source for key in store.require_keys() if key.tumor_type == tumor_type]
    if not stored or first not in (None, *stored):
        raise DataMissingError(
            f"{tumor_type}: not loaded" + (f" from source '{first}'" if first else ""), SEE_STATUS
        )
    simulated = [name for name in stored if source_is_simulated(name)]
    real = [name for name in stored if name not in simulated]
    if first in simulated or not real:
        return [first or stored[0]]
    order = [first or "", *SOURCES, *real]
    return sorted(real, key=order.index)


def _is_of_counts(table: TableIndex) -> bool:
    """Whether the values of a table are not adjusted for sequencing depth."""
    source, metadata = SOURCES.get(table.key.source), table.metadata
    if source is not None:
        return not source.same_depth
    return metadata.counts or not same_depth(metadata.unit)


def table_notes(tables: Sequence[TableIndex]) -> list[str]:
    """What a reader has to know of the tables that an answer is from."""
    notes = []
    not_adjusted = {
        table.metadata.unit: table.key.source for table in tables if _is_of_counts(table)
    }
    for unit, source in not_adjusted.items():
        values = f"{unit} is" if not same_depth(unit) else f"{unit}, made of whole numbers, is"
        notes.append(
            f"{values} not adjusted for sequencing depth, through which unrelated "
            "genes correlate; scores, made of ranks within a sample, are less affected"
            + ("" if source in SOURCES else "; `load --normalize cpm` adjusts your counts")
        )
    for table in tables:
        if isinstance(table, UnionIndex):
            studies = " and ".join(part.key.tumor_type for part in table.parts)
            notes.append(f"{table.key.tumor_type} is {studies}, with the study held fixed")
    copies = {table.key: table.metadata.dropped.get(COPIES, 0) for table in tables}
    listed = ", ".join(f"{count} in {key.tumor_type}" for key, count in copies.items() if count)
    if listed:
        notes.append(f"{COPIES} are left out: {listed}; see `tcga-corr status --samples`")
    unstored = " ".join(table.key.tumor_type for table in tables if not table.is_stored)
    if unstored:
        notes.append(f"the store cannot be written, so an index was made in memory of {unstored}")
    if any(table.metadata.simulated for table in tables):
        notes.append(NOTE_OF_SIMULATED)
    several = len({table.key.source for table in tables}) > 1
    ranked: dict[str, list[str]] = {}
    for table in tables:
        ranked.setdefault(table.metadata.genes, []).append(
            f"{table.key.source} {table.key.tumor_type}" if several else table.key.tumor_type
        )
    if len(ranked) > 1:
        listed = ", ".join(f"{genes} in {' '.join(types)}" for genes, types in ranked.items())
        notes.append(f"the tables rank different genes, so scores do not compare: {listed}")
    return notes
