"""Answers: a table, and what a reader needs to trust it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cached_property
from html import escape
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tcga_corr.analysis.naming.names import CovariateVariable, NameResolver, Variable, sets_among
from tcga_corr.analysis.pool import Pooling
from tcga_corr.analysis.provenance import Provenance
from tcga_corr.analysis.samples.cohort import Cohort, Measured
from tcga_corr.analysis.samples.gtex import check_some, gtex_notes, once_each
from tcga_corr.analysis.samples.scope import SEE_STATUS, Scope, table_notes
from tcga_corr.analysis.samples.where import notes_of_conditions
from tcga_corr.choices import Method, Selection
from tcga_corr.errors import AnalysisError, UsageError
from tcga_corr.store.index import TableIndex
from tcga_corr.store.reference import ReferenceIndex
from tcga_corr.store.union import UnionIndex
from tcga_corr.vocabulary.gene_sets.readings import reading_notes

if TYPE_CHECKING:
    import polars as pl


def samples_in_words(samples: str, conditions: Sequence[str]) -> str:
    """Which samples: ``tumor samples where gender=FEMALE``."""
    where = f" where {' and '.join(conditions)}" if conditions else ""
    return f"{samples} samples{where}"


@dataclass(frozen=True)
class ScopeQuery:
    """A scope with every default filled in."""

    tumor_types: list[str]
    source: str
    unit: str
    genes: str
    samples: str
    ties: str
    min_genes: int
    where: list[str] = field(default_factory=list)

    @property
    def samples_in_words(self) -> str:
        """Which samples: ``tumor samples where gender=FEMALE``."""
        return samples_in_words(self.samples, self.where)


@dataclass(frozen=True)
class Query:
    """A question with every default filled in; each question has its own."""

    def as_dict(self) -> dict[str, Any]:
        """As JSON values; the fields of the scope stand among the others."""
        record: dict[str, Any] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            record |= vars(value) if is_dataclass(value) else {one.name: value}
        return record


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
    lines
        What the rows come to, for people; empty where the question has none.
    """

    frame: pl.DataFrame
    query: Query
    notes: tuple[str, ...]
    provenance: Provenance
    pooled: Mapping[Method, Pooling] = field(default_factory=dict)
    lines: tuple[str, ...] = ()

    def __init_subclass__(cls, **more: Any) -> None:
        """Give every kind the short text of :meth:`__repr__`, not that of all its fields."""
        super().__init_subclass__(**more)
        cls.__repr__ = Answer.__repr__  # type: ignore[method-assign]

    @property
    def simulated(self) -> bool:
        """Whether any of it is simulated."""
        return self.provenance.simulated

    def __repr__(self) -> str:
        """What it is, and how large: ``<CorrelateAnswer: 33 rows; x=RELA, y=NFE2L2>``."""
        asked = {
            name: value
            for name, value in vars(self.query).items()
            if isinstance(value, str) and value
        }
        shown = ", ".join(f"{name}={value}" for name, value in asked.items())
        mark = "SIMULATED, " if self.simulated else ""
        return f"<{type(self).__name__}: {mark}{self.frame.height} rows; {shown}>"

    def _repr_html_(self) -> str:
        """For notebooks: the rows, and the notes below them."""
        notes = "".join(f"<li>{escape(note)}</li>" for note in (*self.lines, *self.notes))
        head = f"<p>{escape(repr(self)[1:-1])}</p>"
        return f"{head}{self.frame._repr_html_()}<ul>{notes}</ul>"

    def to_polars(self) -> pl.DataFrame:
        """The rows as a data frame of polars: ``frame``."""
        return self.frame

    def to_pandas(self) -> Any:
        """The rows as a data frame of pandas, which has to be installed."""
        return self.frame.to_pandas()

    def plot(self, path: str | Path | None = None, **look: Any) -> Any:
        """Draw it, and write the figure to a file if one is named.

        Parameters
        ----------
        path
            A file that ends in png, svg or pdf.
        look
            ``size``, ``order``, ``title``, ``dpi`` or ``dark``; see
            :class:`tcga_corr.figures.look.Look`.

        Returns
        -------
        A figure of matplotlib, which notebooks show.

        Raises
        ------
        UsageError
            If there is no figure of such an answer, or it cannot look so.
        """
        # figures build on answers, so that they are looked up when they are wanted
        return import_module("tcga_corr.figures.of_answer").figure_of(self, path, **look)

    def require_numbers(self) -> None:
        """Raise an error where no tumor type gives an association.

        Raises
        ------
        AnalysisError
            If every r is empty.
        """
        if self.frame["r"].null_count() == self.frame.height:
            reasons = ", ".join(dict.fromkeys(self.frame["note"].to_list()))
            raise AnalysisError(f"no tumor type gives an association: {reasons}", SEE_STATUS)


AnswerT = TypeVar("AnswerT", bound=Answer)


@dataclass(frozen=True)
class CohortData:
    """The cohorts of a scope, and what can be named in them.

    Attributes
    ----------
    scope
        Where the question is asked.
    open_cohorts
        Gives the cohorts of a scope.
    resolver
        Gives what finds variables among the genes of cohorts, gene sets and covariates.
    reference
        Gives the reference collection's index of a table.
    """

    scope: Scope
    open_cohorts: Callable[[Scope], Sequence[Cohort]]
    resolver: Callable[[Sequence[Cohort]], NameResolver]
    reference: Callable[[TableIndex], ReferenceIndex]

    @cached_property
    def _opened(self) -> Sequence[Cohort]:
        return self.open_cohorts(self.scope)

    @cached_property
    def cohorts(self) -> Sequence[Cohort]:
        """The tumor types; opened at first use, so that wrong options are refused before."""
        return once_each(self._opened)

    @cached_property
    def names(self) -> NameResolver:
        """Finds the variables of the cohorts."""
        return self.resolver(self.cohorts)

    @property
    def tables(self) -> list[TableIndex]:
        """The tables of the cohorts."""
        return [cohort.table for cohort in self.cohorts]

    @property
    def shared_genes(self) -> list[str]:
        """The genes that every one of the tables has."""
        first, *others = (table.genes for table in self.tables)
        return [gene for gene in first if all(gene in other for other in others)]

    @cached_property
    def query(self) -> ScopeQuery:
        """The scope with every default filled in."""
        metadata = [table.metadata for table in self.tables]
        return ScopeQuery(
            tumor_types=[cohort.tumor_type for cohort in self.cohorts],
            source=metadata[0].source,
            unit="; ".join(dict.fromkeys(one.unit for one in metadata)),
            genes="; ".join(dict.fromkeys(one.genes for one in metadata)),
            samples=self.scope.samples,
            ties=self.scope.ties,
            min_genes=self.scope.min_genes,
            where=list(self.cohorts[0].conditions),
        )

    def with_samples(self, samples: Selection) -> Sequence[Cohort]:
        """The cohorts with another selection of samples."""
        cohorts = self.open_cohorts(replace(self.scope, samples=samples))
        check_some(cohorts)
        return cohorts

    def refuse_unions(self, question: str) -> None:
        """Refuse unions of studies for a question that cannot hold the study fixed.

        Raises
        ------
        UsageError
            Naming the studies.
        """
        for table in self.tables:
            if isinstance(table, UnionIndex):
                studies = ",".join(part.key.tumor_type for part in table.parts)
                raise UsageError(
                    f"{table.key.tumor_type} is several studies, and {question} holds none fixed",
                    f"Name the studies: -t {studies}",
                )

    def answer(
        self,
        kind: type[AnswerT],
        frame: pl.DataFrame,
        query: Query,
        variables: Sequence[Variable],
        *notes: Iterable[str],
        **more: Any,
    ) -> AnswerT:
        """An answer about some variables; ``more`` are fields of its kind."""
        everything = [*variables, *self.cohorts[0].conditions.values()]
        sets = [variable.gene_set for variable in sets_among(everything)]
        own = (note for some in notes for note in some)
        of_files = dict.fromkeys(note for one in sets for note in one.notes)
        texts = (
            *table_notes(self.tables),
            *notes_of_conditions(self.cohorts),
            *gtex_notes(self._opened, self.cohorts),
            *reading_notes(sets),
            *of_files,
            *own,
        )
        provenance = Provenance.of(
            self.tables,
            sets,
            [one.covariate for one in everything if isinstance(one, CovariateVariable)],
            texts,
        )
        return kind(frame=frame, query=query, notes=texts, provenance=provenance, **more)

    def measure(self, variables: Sequence[Variable]) -> list[list[Measured]]:
        """Variables in each cohort: cohorts x variables."""
        return [[cohort.measure(variable) for variable in variables] for cohort in self.cohorts]
