"""The engine: variables to vectors to associations, over the tumor types of a store.

This is the public Python API; the command line parses, calls it and prints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tcga_corr import inventory, provenance
from tcga_corr.associations import association_frame
from tcga_corr.barcodes import SELECTIONS
from tcga_corr.covariate_loading import CovariateKey, LoadedCovariates, load_covariates
from tcga_corr.errors import AnalysisError, DataMissingError, UsageError
from tcga_corr.fetch_plan import FetchOptions, planned
from tcga_corr.fetching import FetchReport, fetch
from tcga_corr.gene_sets import GeneSet
from tcga_corr.loading import Loaded, LoadOptions, LoadReport, load_files
from tcga_corr.removal import Removed, remove
from tcga_corr.scores import SCORING_ENGINES, ScoringEngine, score_frame
from tcga_corr.scoring.ssgsea import TIES, Ties
from tcga_corr.sources import SOURCES
from tcga_corr.sources.request import Progress
from tcga_corr.stats.correlation import METHODS, Method
from tcga_corr.store import (
    Covariates,
    Store,
    TableIndex,
    open_index,
    remove_covariates,
    run_query,
)
from tcga_corr.tumor_types import parse_tumor_type
from tcga_corr.variables import (
    Cohort,
    CovariateVariable,
    SetVariable,
    failures,
    matching_notes,
    parse_sets,
    parse_variable,
)
from tcga_corr.verification import Finding, verify

if TYPE_CHECKING:
    import polars as pl

Selection = Literal["tumor", "normal", "all-tumor"]
MIN_GENES = 5


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
        The summary over tumor types; None where the question has none.
    """

    frame: pl.DataFrame
    query: dict[str, Any]
    notes: tuple[str, ...]
    provenance: dict[str, Any]
    pooled: dict[str, Any] | None = None

    def require_numbers(self) -> None:
        """Raise an error where associations were asked for and no tumor type gives one.

        Raises
        ------
        AnalysisError
            If every r is empty.
        """
        if self.frame["r"].null_count() == self.frame.height:
            whys = ", ".join(dict.fromkeys(self.frame["note"].to_list()))
            raise AnalysisError(f"no tumor type gives an association: {whys}", _SEE_STATUS)


class Engine:
    """Answers questions over one store. Open one with :func:`open_store`."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def load(
        self,
        paths: str | Path | Sequence[str | Path],
        options: LoadOptions | None = None,
        on_step: Callable[[str, int], None] = lambda step, done: None,
    ) -> LoadReport:
        """Load expression tables from disk; see :func:`tcga_corr.loading.load_files`."""
        several = [paths] if isinstance(paths, str | Path) else paths
        return load_files(self.store, [Path(path) for path in several], options, on_step)

    def load_covariates(
        self,
        path: str | Path,
        key: CovariateKey = "sample",
        name: str | None = None,
        columns: Mapping[str, str] | None = None,
    ) -> LoadedCovariates:
        """Load a table of covariates; see :func:`tcga_corr.covariate_loading.load_covariates`."""
        return load_covariates(self.store, Path(path), key, name, columns)

    def fetch(
        self,
        options: FetchOptions | None = None,
        progress: Progress | None = None,
        on_loaded: Callable[[Loaded], None] = lambda loaded: None,
    ) -> FetchReport:
        """Download a source's tables and load them; see :func:`tcga_corr.fetching.fetch`."""
        return fetch(self.store, options, progress, on_loaded)

    def fetch_plan(self, options: FetchOptions | None = None) -> pl.DataFrame:
        """What :meth:`fetch` would ask the hubs for: a row a request."""
        import polars as pl

        rows = planned(self.store, options or FetchOptions())
        return pl.DataFrame(rows, schema_overrides={"size_mb": pl.Float64})

    def verify(
        self,
        tumor_types: Iterable[str] = (),
        source: str | None = None,
        *,
        repair: bool = False,
        on_step: Callable[[str, int], None] = lambda step, done: None,
    ) -> pl.DataFrame:
        """Whether all is as it was written; see :func:`tcga_corr.verification.verify`."""
        import polars as pl

        found = verify(self.store, source, tumor_types, repair=repair, on_step=on_step)
        names = [field.name for field in fields(Finding)]
        return pl.DataFrame([asdict(one) for one in found], schema=dict.fromkeys(names, pl.String))

    def remove(
        self, source: str, tumor_types: Iterable[str] = (), *, downloads: bool = False
    ) -> list[Removed]:
        """Take tables out of the store; see :func:`tcga_corr.removal.remove`."""
        return remove(self.store, source, tumor_types, downloads=downloads)

    def remove_covariates(self, name: str) -> None:
        """Take a table of covariates out of the store."""
        remove_covariates(self.store, name)

    def status(self, tumor_types: Iterable[str] = (), source: str | None = None) -> pl.DataFrame:
        """What the store holds: a row per table, samples by selection, genes, unit, size."""
        return inventory.tables(self.store, tumor_types, source)

    def samples(self, tumor_types: Iterable[str] = (), source: str | None = None) -> pl.DataFrame:
        """Every sample of the store's tables, which selection takes it, and why not another."""
        return inventory.samples(self.store, tumor_types, source)

    def covariates(self) -> pl.DataFrame:
        """The covariates of the store: a row each, with its table and how many keys have it."""
        return inventory.covariates(self.store)

    def score(
        self,
        sets: str | GeneSet | Sequence[str | GeneSet],
        *,
        tumor_types: Iterable[str] = (),
        source: str | None = None,
        samples: Selection = "tumor",
        ties: Ties = "average",
        min_genes: int = MIN_GENES,
        engine: ScoringEngine = "closed-form",
    ) -> Answer:
        """Raw ssGSEA scores of gene sets, one row per tumor type, sample and set.

        Parameters
        ----------
        sets
            Names as for :meth:`correlate`; ``FILE.gmt`` for all of its sets and ``hallmark`` for
            the 50 Hallmarks; or gene sets.
        tumor_types, source, samples, ties, min_genes
            As for :meth:`correlate`.
        engine
            ``gseapy`` calls gseapy's own ssgsea instead of the closed form.

        Raises
        ------
        AnalysisError
            If no tumor type has enough of any set's genes.
        """
        _check_choice("engine", engine, SCORING_ENGINES)
        if engine == "gseapy":
            if ties == "gsva":
                raise UsageError("gseapy has no tie rule gsva", "Leave out one of the two")
            ties = "gseapy"
        cohorts = self._cohorts(tumor_types, source, samples, ties, min_genes)
        tables = [cohort.table for cohort in cohorts]
        covariates = Covariates(self.store)
        variables = [
            variable
            for item in ([sets] if isinstance(sets, str | GeneSet) else sets)
            for variable in (
                [SetVariable(item)]
                if isinstance(item, GeneSet)
                else parse_sets(item, tables, covariates)
            )
        ]
        _check_distinct(variables)
        variables = list(dict.fromkeys(variables))
        frame, measured = score_frame(cohorts, variables, engine)
        whys = failures(measured)
        if not frame.height:
            why = "; ".join(whys) or f"no {samples} samples in {', '.join(_types(cohorts))}"
            raise AnalysisError(f"no score: {why}", _SEE_STATUS)
        notes = tuple(_table_notes(tables) + whys + matching_notes(measured))
        return Answer(
            frame=frame,
            query={
                "sets": [variable.name for variable in variables],
                **_asked(cohorts, samples, ties, min_genes),
                "engine": engine,
            },
            notes=notes,
            provenance=provenance.record(tables, [v.gene_set for v in variables], notes),
        )

    def correlate(
        self,
        x: str | GeneSet,
        y: str | GeneSet,
        *,
        tumor_types: Iterable[str] = (),
        source: str | None = None,
        samples: Selection = "tumor",
        method: Method = "pearson",
        ties: Ties = "average",
        min_genes: int = MIN_GENES,
    ) -> Answer:
        """The association of two variables in each tumor type, one row each.

        Parameters
        ----------
        x, y
            ``RELA``, ``ferroptosis``, ``purity``, ``gene:…``, ``set:…``, ``covariate:…``,
            ``FILE.gmt:NAME``, or a gene set.
        tumor_types
            Abbreviations; all that the source has by default.
        source
            Needed where the store has several.
        samples
            ``tumor`` (one per patient), ``normal`` or ``all-tumor``.
        method
            ``pearson`` or ``spearman``.
        ties
            How ssGSEA ranks equal values: ``average``, ``gseapy`` or ``gsva``.
        min_genes
            Genes of a set that a table must have.

        Raises
        ------
        UsageError
            On an unknown variable, tumor type or option.
        DataMissingError
            If a tumor type or source is not in the store.
        """
        _check_choice("method", method, METHODS)
        cohorts = self._cohorts(tumor_types, source, samples, ties, min_genes)
        tables = [cohort.table for cohort in cohorts]
        covariates = Covariates(self.store)
        pair = [
            SetVariable(item)
            if isinstance(item, GeneSet)
            else parse_variable(item, tables, covariates)
            for item in (x, y)
        ]
        sides = [[cohort.measure(variable) for cohort in cohorts] for variable in pair]
        frame = association_frame(cohorts, pair, sides, method)
        measured = [
            (variable, cohort, result)
            for variable, side in zip(pair, sides, strict=True)
            for cohort, result in zip(cohorts, side, strict=True)
        ]
        notes = tuple(_table_notes(tables) + matching_notes(measured))
        return Answer(
            frame=frame,
            query={
                "x": pair[0].name,
                "y": pair[1].name,
                "method": method,
                **_asked(cohorts, samples, ties, min_genes),
            },
            notes=notes,
            provenance=provenance.record(
                tables,
                [v.gene_set for v in pair if isinstance(v, SetVariable)],
                notes,
                [v.covariate for v in pair if isinstance(v, CovariateVariable)],
            ),
        )

    def sql(self, query: str) -> pl.DataFrame:
        """DuckDB's answer over the views ``expression``, ``tables`` and ``samples``.

        Where the store has covariates, over ``covariates`` too.
        """
        return run_query(self.store, query)

    def _cohorts(
        self,
        tumor_types: Iterable[str],
        source: str | None,
        samples: str,
        ties: Ties,
        min_genes: int,
    ) -> list[Cohort]:
        _check_choice("samples", samples, SELECTIONS)
        _check_choice("ties", ties, TIES)
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


def open_store(path: str | Path = "cache") -> Engine:
    """Open a store's folder. Nothing is written until something is loaded.

    Raises
    ------
    StoreError
        If the folder is a store of another schema version.
    """
    return Engine(Store(Path(path)))


def _table_notes(tables: Sequence[TableIndex]) -> list[str]:
    notes = []
    source = SOURCES.get(tables[0].key.source)
    if source is not None and not source.same_depth:
        notes.append(
            f"{source.unit} is not adjusted for sequencing depth, through which unrelated genes "
            "correlate; scores, made of ranks within a sample, are less affected"
        )
    if any(table.metadata.simulated for table in tables):
        notes.append("SIMULATED values: nothing here is a finding")
    ranked: dict[str, list[str]] = {}
    for table in tables:
        ranked.setdefault(table.metadata.genes, []).append(table.key.tumor_type)
    if len(ranked) > 1:
        listed = ", ".join(f"{genes} in {' '.join(types)}" for genes, types in ranked.items())
        notes.append(f"the tables rank different genes, so scores do not compare: {listed}")
    return notes


_SEE_STATUS = "See what is loaded with `tcga-corr status`"


def _check_choice(name: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise UsageError(f"{name} is '{value}'", f"Give one of {', '.join(known)}")


def _check_distinct(variables: Sequence[SetVariable]) -> None:
    known: dict[str, SetVariable] = {}
    for variable in variables:
        if known.setdefault(variable.name, variable).gene_set.genes != variable.gene_set.genes:
            raise UsageError(
                f"two different gene sets are named '{variable.name}'", "Score one at a time"
            )


def _types(cohorts: Sequence[Cohort]) -> list[str]:
    return [cohort.tumor_type for cohort in cohorts]


def _asked(cohorts: Sequence[Cohort], samples: str, ties: str, min_genes: int) -> dict[str, Any]:
    units = dict.fromkeys(cohort.table.metadata.unit for cohort in cohorts)
    return {
        "tumor_types": _types(cohorts),
        "source": cohorts[0].table.key.source,
        "unit": "; ".join(units),
        "genes": "; ".join(dict.fromkeys(cohort.table.metadata.genes for cohort in cohorts)),
        "samples": samples,
        "ties": ties,
        "min_genes": min_genes,
    }
