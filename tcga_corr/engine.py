"""The engine: variables to vectors to associations, over the tumor types of a store.

This is the public Python API; the command line parses, calls it and prints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tcga_corr import inventory, provenance
from tcga_corr.associations import Question, associate
from tcga_corr.barcodes import SELECTIONS
from tcga_corr.comparing import NORMAL, TUMOR, Grouping, compare, tumor_against_normal
from tcga_corr.covariate_loading import CovariateKey, LoadedCovariates, load_covariates
from tcga_corr.dominance import CAVEAT, dominance
from tcga_corr.errors import AnalysisError, DataMissingError, UsageError
from tcga_corr.fetch_plan import FetchOptions, planned
from tcga_corr.fetching import FetchReport, fetch
from tcga_corr.gene_sets import DEATH_PROGRAMMES, GeneSet
from tcga_corr.loading import Loaded, LoadOptions, LoadReport, load_files
from tcga_corr.nulls import N_DRAWS, NULLS, Null
from tcga_corr.pooled import Pooling
from tcga_corr.removal import Removed, remove
from tcga_corr.robustness import Choices, robustness
from tcga_corr.scores import SCORING_ENGINES, ScoringEngine, score_frame
from tcga_corr.scoring.ssgsea import TIES, Ties
from tcga_corr.screening import screen_genes, screen_sets
from tcga_corr.sources import SOURCES
from tcga_corr.sources.request import Progress
from tcga_corr.stats.correlation import METHODS, Method
from tcga_corr.store import (
    Covariates,
    Store,
    TableIndex,
    open_index,
    open_reference,
    remove_covariates,
    run_query,
)
from tcga_corr.tables.sample_groups import read_groups
from tcga_corr.tumor_types import parse_tumor_type
from tcga_corr.variables import (
    Cohort,
    CovariateVariable,
    SetVariable,
    Variable,
    failures,
    is_collection,
    matching_notes,
    parse_collection,
    parse_sets,
    parse_variable,
)
from tcga_corr.verification import Finding, verify

if TYPE_CHECKING:
    import polars as pl

Selection = Literal["tumor", "normal", "all-tumor"]
MIN_GENES = 5
MIN_DRAWS = 20  # for a standard deviation of random sets


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
        names = [one.name for one in fields(Finding)]
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
        method: Method | Literal["all"] = "pearson",
        adjust: str | GeneSet | Sequence[str | GeneSet] = (),
        ties: Ties = "average",
        min_genes: int = MIN_GENES,
        null: Iterable[Null] = NULLS,
        draws: int = N_DRAWS,
    ) -> Answer:
        """The association of two variables in each tumor type, one row each, and pooled.

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
            ``pearson``, ``spearman``, ``kendall``, or ``all`` for a row of each.
        adjust
            Variables to hold fixed: partial correlation, by Pearson or Spearman.
        ties
            How ssGSEA ranks equal values: ``average``, ``gseapy`` or ``gsva``.
        min_genes
            Genes of a set that a table must have.
        null
            What to compare with: ``genes``, random genes; ``sets``, real pathways; see
            :mod:`tcga_corr.nulls`.
        draws
            Random pairs at most.

        Raises
        ------
        UsageError
            On an unknown variable, tumor type or option.
        DataMissingError
            If a tumor type or source is not in the store.
        """
        nulls = tuple(null)
        _check_choice("method", method, [*METHODS, "all"])
        for one in nulls:
            _check_choice("null", one, NULLS)
        if draws < 1:
            raise UsageError(f"draws is {draws}", "Give 1 or more, or leave out the null")
        cohorts = self._cohorts(tumor_types, source, samples, ties, min_genes)
        tables = [cohort.table for cohort in cohorts]
        several = [adjust] if isinstance(adjust, str | GeneSet) else adjust
        pair_x, pair_y, *controls = self._variables([x, y, *several], tables)
        _check_controls((pair_x, pair_y), controls)
        question = Question(
            pair=(pair_x, pair_y),
            methods=_methods(method, controls),
            adjust=tuple(controls),
            nulls=nulls,
            n_draws=draws,
        )
        found = associate(cohorts, question, lambda table: open_reference(self.store, table))
        notes = _table_notes(tables) + matching_notes(found.measured)
        if controls and method == "all":
            notes.append("kendall is left out: there is no partial form of it here")
        return Answer(
            frame=found.frame,
            query={
                "x": pair_x.name,
                "y": pair_y.name,
                "method": method,
                "adjust": [variable.name for variable in controls],
                **_asked(cohorts, samples, ties, min_genes),
                "null": list(nulls),
                "draws": draws,
            },
            notes=tuple(notes),
            provenance=self._provenance(tables, (pair_x, pair_y, *controls), notes),
            pooled=found.pooled,
        )

    def compare(
        self,
        variables: str | GeneSet | Sequence[str | GeneSet],
        by: str | Path = "sample-type",
        *,
        group: str | None = None,
        tumor_types: Iterable[str] = (),
        source: str | None = None,
        samples: Selection = "tumor",
        ties: Ties = "average",
        min_genes: int = MIN_GENES,
    ) -> Answer:
        """Whether variables differ between groups of samples, in each tumor type.

        Parameters
        ----------
        variables
            As for :meth:`correlate`; ``hallmark`` and ``FILE.gmt`` for all of their sets.
        by
            ``sample-type``: tumour against solid tissue normal; or a file of groups, see
            :func:`tcga_corr.tables.sample_groups.read_groups`.
        group
            The file's column of groups.
        samples
            Which samples a file groups; ``sample-type`` takes those of ``tumor`` and ``normal``.
        tumor_types, source, ties, min_genes
            As for :meth:`correlate`.

        Raises
        ------
        AnalysisError
            If no tumor type has two groups to compare.
        """
        if str(by) == "sample-type":
            if group is not None:
                raise UsageError("a column of groups is given", "Give the file too: --by FILE")
            selections: list[str] = [TUMOR, NORMAL]
            grouping = tumor_against_normal()
        else:
            groups = read_groups(Path(by), group)
            selections = [samples]
            grouping = Grouping(
                groups.names, lambda cohort, sample: groups.of(sample.sample, sample.patient), True
            )
        parts = list(
            zip(
                *(self._cohorts(tumor_types, source, one, ties, min_genes) for one in selections),
                strict=True,
            )
        )
        tables = [cohorts[0].table for cohorts in parts]
        chosen = self._several(variables, tables)
        taken = " and ".join(selections)
        found = compare(parts, chosen, grouping)
        if found.frame["p"].null_count() == found.frame.height:
            whys = "; ".join(dict.fromkeys(found.frame["note"].to_list()))
            raise AnalysisError(f"no tumor type has groups to compare: {whys}", _SEE_STATUS)
        notes = _table_notes(tables) + matching_notes(found.measured)
        return Answer(
            frame=found.frame,
            query={
                "variables": [one.name for one in chosen],
                "by": str(by),
                "groups": list(grouping.names),
                **_asked([cohorts[0] for cohorts in parts], taken, ties, min_genes),
            },
            notes=tuple(notes),
            provenance=self._provenance(tables, chosen, notes),
        )

    def dominance(
        self,
        sets: str | GeneSet | Sequence[str | GeneSet] = DEATH_PROGRAMMES,
        *,
        tumor_types: Iterable[str] = (),
        source: str | None = None,
        samples: Selection = "tumor",
        ties: Ties = "average",
        min_genes: int = MIN_GENES,
        draws: int = N_DRAWS,
    ) -> Answer:
        """Which of several gene sets scores highest in each sample, raw and standardised.

        Parameters
        ----------
        sets
            Names as for :meth:`correlate`; the five death programmes by default.
        draws
            Random sets that a score is standardised against.
        tumor_types, source, samples, ties, min_genes
            As for :meth:`correlate`.

        Raises
        ------
        AnalysisError
            If no tumor type has enough genes of any set.
        """
        if draws < MIN_DRAWS:
            raise UsageError(f"draws is {draws}", f"Give {MIN_DRAWS} or more")
        cohorts = self._cohorts(tumor_types, source, samples, ties, min_genes)
        tables = [cohort.table for cohort in cohorts]
        chosen = [one for one in self._several(sets, tables) if isinstance(one, SetVariable)]
        if len(chosen) < 2:
            raise UsageError("dominance is among gene sets", "Give two or more")
        found = dominance(cohorts, chosen, draws)
        if not found.frame.height:
            raise AnalysisError(f"no score: {'; '.join(failures(found.measured))}", _SEE_STATUS)
        notes = _table_notes(tables) + failures(found.measured) + matching_notes(found.measured)
        return Answer(
            frame=found.frame,
            query={
                "sets": [one.name for one in chosen],
                **_asked(cohorts, samples, ties, min_genes),
                "draws": draws,
            },
            notes=tuple(notes),
            provenance=self._provenance(tables, chosen, notes),
            summary={"tests": found.tests, "caveat": CAVEAT},
            lines=tuple(found.lines),
        )

    def robustness(
        self,
        x: str | GeneSet,
        y: str | GeneSet,
        *,
        tumor_type: str,
        source: str | None = None,
        samples: Selection = "tumor",
        x_also: Sequence[str | GeneSet] = (),
        y_also: Sequence[str | GeneSet] = (),
        adjust: str | GeneSet | Sequence[str | GeneSet] = (),
        ties: Ties = "average",
        min_genes: int = MIN_GENES,
    ) -> Answer:
        """One association over the choices that could have been made; a row for each combination.

        Parameters
        ----------
        x, y, samples, ties, min_genes
            As for :meth:`correlate`.
        tumor_type
            One; every source that has it is asked.
        source
            The one that is asked first, with which the others are compared.
        x_also, y_also
            Other variables of the same meaning.
        adjust
            Each is adjusted for alone, and all together.

        Raises
        ------
        AnalysisError
            If no choice gives an association.
        """
        wanted = parse_tumor_type(tumor_type).abbreviation
        sources = self._sources_of(wanted, source)
        cohorts = {
            name: self._cohorts([wanted], name, samples, ties, min_genes)[0] for name in sources
        }
        tables = [cohort.table for cohort in cohorts.values()]
        several = [adjust] if isinstance(adjust, str | GeneSet) else list(adjust)
        variables = self._variables([x, *x_also, y, *y_also, *several], tables)
        xs, rest = variables[: 1 + len(x_also)], variables[1 + len(x_also) :]
        ys, controls = rest[: 1 + len(y_also)], rest[1 + len(y_also) :]
        _check_controls([*xs, *ys], controls)
        _check_distinct([one for one in variables if isinstance(one, SetVariable)])
        held = [(), *((one,) for one in controls)]
        choices = Choices(
            cohorts,
            list(dict.fromkeys(xs)),
            list(dict.fromkeys(ys)),
            held if len(controls) < 2 else [*held, tuple(controls)],
        )
        found = robustness(choices)
        if not found.spread["n_specifications"]:
            whys = "; ".join(dict.fromkeys(found.frame["note"].to_list()))
            raise AnalysisError(f"no choice gives an association: {whys}", _SEE_STATUS)
        notes = _table_notes(tables) + matching_notes(found.measured)
        return Answer(
            frame=found.frame,
            query={
                "x": [one.name for one in xs],
                "y": [one.name for one in ys],
                "tumor_type": wanted,
                "sources": list(cohorts),
                "samples": samples,
                "adjust": [one.name for one in controls],
                "ties": ties,
                "min_genes": min_genes,
            },
            notes=tuple(notes),
            provenance=self._provenance(tables, variables, notes),
            summary=found.spread,
            lines=tuple(found.lines),
        )

    def _sources_of(self, tumor_type: str, first: str | None) -> list[str]:
        """The sources that have a tumor type, the one asked for first; made-up ones stay alone."""
        having = [key.source for key in self.store.require_keys() if key.tumor_type == tumor_type]
        if not having or first not in (None, *having):
            raise DataMissingError(
                f"{tumor_type}: not loaded" + (f" from source '{first}'" if first else ""),
                _SEE_STATUS,
            )
        made_up = [name for name in having if name in SOURCES and SOURCES[name].simulated]
        real = [name for name in having if name not in made_up]
        if first in made_up or not real:
            return [first or having[0]]
        order = [first or "", *SOURCES, *real]
        return sorted(real, key=order.index)

    def screen(
        self,
        x: str | GeneSet,
        against: str | Sequence[GeneSet] = "genes",
        *,
        tumor_types: Iterable[str] = (),
        source: str | None = None,
        samples: Selection = "tumor",
        method: Literal["pearson", "spearman"] = "pearson",
        adjust: str | GeneSet | Sequence[str | GeneSet] = (),
        ties: Ties = "average",
        min_genes: int = MIN_GENES,
        by_tumor_type: bool = False,
    ) -> Answer:
        """One variable against every gene, or against many gene sets.

        Parameters
        ----------
        x
            As for :meth:`correlate`.
        against
            ``genes``; ``hallmark``; ``reference``, the sets that p_sets ranks among; ``FILE.gmt``;
            or gene sets.
        by_tumor_type
            A row per tumor type and y; by default, and of several tumor types, a row per y, pooled
            over them.
        tumor_types, source, samples, method, adjust, ties, min_genes
            As for :meth:`correlate`; there is no ``kendall`` here.

        Raises
        ------
        AnalysisError
            If x has no values in any tumor type, or nothing to correlate with.
        """
        _check_choice("method", method, [one for one in METHODS if one != "kendall"])
        cohorts = self._cohorts(tumor_types, source, samples, ties, min_genes)
        tables = [cohort.table for cohort in cohorts]
        several = [adjust] if isinstance(adjust, str | GeneSet) else adjust
        variable, *controls = self._variables([x, *several], tables)
        _check_controls([variable], controls)
        if against == "genes":
            found = screen_genes(cohorts, variable, controls, method)
        else:
            sets = (
                parse_collection(against)
                if isinstance(against, str)
                else [SetVariable(one) for one in against]
            )
            found = screen_sets(cohorts, variable, sets, controls, method)
        by_tumor_type = by_tumor_type or len(cohorts) == 1
        frame = found.by_tumor_type() if by_tumor_type else found.ranking()
        whys = dict.fromkeys(note for note in found.notes if note)
        if not frame.height:
            raise AnalysisError(
                "no tumor type gives an association: "
                + ("; ".join(whys) or "nothing to hold against"),
                _SEE_STATUS,
            )
        left_out = [
            f"{name}: {note}"
            for name, note in zip(found.tumor_types, found.notes, strict=True)
            if note
        ]
        notes = _table_notes(tables) + left_out + matching_notes(found.measured)
        return Answer(
            frame=frame,
            query={
                "x": variable.name,
                "against": against if isinstance(against, str) else [s.name for s in against],
                "n_y": len(found.y),
                "method": method,
                "adjust": [one.name for one in controls],
                **_asked(cohorts, samples, ties, min_genes),
                "by_tumor_type": by_tumor_type,
            },
            notes=tuple(notes),
            provenance=self._provenance(tables, (variable, *controls), notes),
        )

    def sql(self, query: str) -> pl.DataFrame:
        """DuckDB's answer over the views ``expression``, ``tables`` and ``samples``.

        Where the store has covariates, over ``covariates`` too.
        """
        return run_query(self.store, query)

    def _variables(
        self, items: Sequence[str | GeneSet], tables: Sequence[TableIndex]
    ) -> list[Variable]:
        covariates = Covariates(self.store)
        return [
            SetVariable(item)
            if isinstance(item, GeneSet)
            else parse_variable(item, tables, covariates)
            for item in items
        ]

    def _several(
        self, items: str | GeneSet | Sequence[str | GeneSet], tables: Sequence[TableIndex]
    ) -> list[Variable]:
        """Variables, where a collection stands for all of its sets; each once."""
        found: list[Variable] = []
        for item in [items] if isinstance(items, str | GeneSet) else items:
            if isinstance(item, str) and is_collection(item):
                found += parse_collection(item)
            else:
                found += self._variables([item], tables)
        _check_distinct([one for one in found if isinstance(one, SetVariable)])
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


def _check_controls(pair: Sequence[Variable], controls: Sequence[Variable]) -> None:
    for variable in controls:
        if variable in pair:
            raise UsageError(
                f"'{variable.name}' cannot be adjusted for: it is x or y", "Adjust for another"
            )


def _methods(method: Method | Literal["all"], controls: Sequence[Variable]) -> tuple[Method, ...]:
    if method == "all":
        return tuple(one for one in METHODS if not (controls and one == "kendall"))
    if method == "kendall" and controls:
        raise UsageError(
            "there is no partial Kendall correlation here", "Adjust with pearson or spearman"
        )
    return (method,)


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
