"""Asking: from what a user names to tables and variables, and from rows to an answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from tcga_corr.analysis import provenance
from tcga_corr.analysis.pool import Pooling
from tcga_corr.analysis.variables import (
    Cohort,
    CovariateVariable,
    SetVariable,
    Variable,
    is_collection,
    parse_collection,
    parse_variable,
)
from tcga_corr.errors import AnalysisError, DataMissingError, UsageError
from tcga_corr.scoring.ssgsea import TIES, Ties
from tcga_corr.sources import SOURCES
from tcga_corr.stats.correlation import Method
from tcga_corr.store import Covariates, Store, TableIndex, open_index
from tcga_corr.vocabulary.barcodes import SELECTIONS
from tcga_corr.vocabulary.gene_sets import GeneSet
from tcga_corr.vocabulary.tumor_types import parse_tumor_type

if TYPE_CHECKING:
    import polars as pl

Selection = Literal["tumor", "normal", "all-tumor"]
Named = str | GeneSet
MIN_GENES = 5
SEE_STATUS = "See what is loaded with `tcga-corr status`"


@dataclass(frozen=True)
class Answer:
    """A table and what is needed to trust it.

    Attributes
    ----------
    frame
        The rows.
    query
        The question with every default filled in.
    notes
        Lines for people: what was matched through other names, what was not found.
    provenance
        Software, versions, tables by hash, gene sets by hash.
    pooled
        By method, the summary over tumor types; empty where the question has none.
    summary, lines
        What the rows come to, as numbers by name and as lines for people; empty where the question
        has none.
    """

    frame: pl.DataFrame
    query: dict[str, Any]
    notes: tuple[str, ...]
    provenance: dict[str, Any]
    pooled: Mapping[Method, Pooling] = field(default_factory=dict)
    summary: Mapping[str, Any] = field(default_factory=dict)
    lines: tuple[str, ...] = ()

    def require_numbers(self) -> None:
        """Raise an error where associations were asked for and no tumor type gives one.

        Raises
        ------
        AnalysisError
            If every r is empty.
        """
        if self.frame["r"].null_count() == self.frame.height:
            whys = ", ".join(dict.fromkeys(self.frame["note"].to_list()))
            raise AnalysisError(f"no tumor type gives an association: {whys}", SEE_STATUS)


class Asking:
    """The store, and how names are read over it; what questions are built on."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def variables(
        self, items: Sequence[str | GeneSet], tables: Sequence[TableIndex]
    ) -> list[Variable]:
        """The variables that names stand for, each one; gene sets as they are.

        Raises
        ------
        UsageError
            On a name that is none in these tables.
        """
        covariates = Covariates(self.store)
        return [
            SetVariable(item)
            if isinstance(item, GeneSet)
            else parse_variable(item, tables, covariates)
            for item in items
        ]

    def several(
        self, items: str | GeneSet | Sequence[str | GeneSet], tables: Sequence[TableIndex]
    ) -> list[Variable]:
        """Variables, where a collection stands for all of its sets; each once."""
        found: list[Variable] = []
        for item in [items] if isinstance(items, str | GeneSet) else items:
            if isinstance(item, str) and is_collection(item):
                found += parse_collection(item)
            else:
                found += self.variables([item], tables)
        check_distinct([one for one in found if isinstance(one, SetVariable)])
        return list(dict.fromkeys(found))

    def _provenance(
        self, tables: Sequence[TableIndex], variables: Sequence[Variable], notes: Sequence[str]
    ) -> dict[str, Any]:
        return provenance.record(
            tables,
            [one.gene_set for one in variables if isinstance(one, SetVariable)],
            notes,
            [one.covariate for one in variables if isinstance(one, CovariateVariable)],
        )

    def cohorts(
        self,
        tumor_types: Iterable[str],
        source: str | None,
        samples: str,
        ties: Ties,
        min_genes: int,
    ) -> list[Cohort]:
        """The tumor types of a source, sorted, each with a selection of samples.

        Raises
        ------
        UsageError
            On a name that is none, or where the store has several sources and none is given.
        DataMissingError
            If a tumor type or source is not in the store.
        """
        check_choice("samples", samples, SELECTIONS)
        check_choice("ties", ties, TIES)
        if min_genes < 1:
            raise UsageError(f"min_genes is {min_genes}", "Give 1 or more")
        several = [tumor_types] if isinstance(tumor_types, str) else tumor_types
        wanted = [parse_tumor_type(name).abbreviation for name in several]
        source = source or self._only_source(wanted)
        there = {key.tumor_type: key for key in self.store.require_keys(source)}
        missing = [name for name in wanted if name not in there]
        if missing:
            raise DataMissingError(
                f"{', '.join(missing)}: not loaded from source '{source}'",
                f"The store has {', '.join(there)}",
            )
        chosen = sorted(set(wanted)) or list(there)
        tables = [open_index(self.store, there[name]) for name in chosen]
        return [Cohort(table, samples, ties, min_genes) for table in tables]

    def _only_source(self, wanted: Sequence[str]) -> str:
        """The one source that has the tumor types; made-up ones give way to others."""
        types: dict[str, set[str]] = {}
        for key in self.store.require_keys():
            types.setdefault(key.source, set()).add(key.tumor_type)
        real = [name for name in types if name not in SOURCES or not SOURCES[name].simulated]
        having = [name for name in real if types[name].issuperset(wanted)]
        if len(having or real) > 1:
            listed = ", ".join(f"{name} ({len(types[name])} types)" for name in having or real)
            raise UsageError(
                f"the store holds several sources: {listed}",
                "Choose one: --source, or source= in Python",
            )
        return (having or real or list(types))[0]

    def _sources_of(self, tumor_type: str, first: str | None) -> list[str]:
        """The sources that have a tumor type, the one asked for first; made-up ones stay alone."""
        having = [key.source for key in self.store.require_keys() if key.tumor_type == tumor_type]
        if not having or first not in (None, *having):
            raise DataMissingError(
                f"{tumor_type}: not loaded" + (f" from source '{first}'" if first else ""),
                SEE_STATUS,
            )
        made_up = [name for name in having if name in SOURCES and SOURCES[name].simulated]
        real = [name for name in having if name not in made_up]
        if first in made_up or not real:
            return [first or having[0]]
        order = [first or "", *SOURCES, *real]
        return sorted(real, key=order.index)


def table_notes(tables: Sequence[TableIndex]) -> list[str]:
    """What is to be said of the tables that an answer is from."""
    notes = []
    for name in dict.fromkeys(table.key.source for table in tables):
        source = SOURCES.get(name)
        if source is not None and not source.same_depth:
            notes.append(
                f"{source.unit} is not adjusted for sequencing depth, through which unrelated "
                "genes correlate; scores, made of ranks within a sample, are less affected"
            )
    if any(table.metadata.simulated for table in tables):
        notes.append("SIMULATED values: nothing here is a finding")
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


def check_choice(name: str, value: str, known: Sequence[str]) -> None:
    """Refuse a value that is none of those known."""
    if value not in known:
        raise UsageError(f"{name} is '{value}'", f"Give one of {', '.join(known)}")


def check_controls(pair: Sequence[Variable], controls: Sequence[Variable]) -> None:
    """Refuse to adjust a variable for itself."""
    for variable in controls:
        if variable in pair:
            raise UsageError(
                f"'{variable.name}' cannot be adjusted for: it is x or y", "Adjust for another"
            )


def check_distinct(variables: Sequence[SetVariable]) -> None:
    """Refuse two different gene sets of one name, whose rows nobody could tell apart."""
    known: dict[str, SetVariable] = {}
    for variable in variables:
        if known.setdefault(variable.name, variable).gene_set.genes != variable.gene_set.genes:
            raise UsageError(
                f"two different gene sets are named '{variable.name}'", "Score one at a time"
            )


def asked(cohorts: Sequence[Cohort], samples: str, ties: str, min_genes: int) -> dict[str, Any]:
    """What every question fills in of itself."""
    units = dict.fromkeys(cohort.table.metadata.unit for cohort in cohorts)
    return {
        "tumor_types": [cohort.tumor_type for cohort in cohorts],
        "source": cohorts[0].table.key.source,
        "unit": "; ".join(units),
        "genes": "; ".join(dict.fromkeys(cohort.table.metadata.genes for cohort in cohorts)),
        "samples": samples,
        "ties": ties,
        "min_genes": min_genes,
    }
