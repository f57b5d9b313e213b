"""The plan of a run: a spec with its names looked up in a store, cut into tasks.

The same spec over the same store gives the same plan, and a plan alone says what every task is:
which pairs, in which order, from which tables. So any number of processes can share a run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from importlib.metadata import version
from typing import Any, Literal

import numpy as np

from tcga_corr.analysis.correlate_by import comparisons
from tcga_corr.analysis.naming.names import (
    ComponentsVariable,
    CovariateVariable,
    GeneVariable,
    SetVariable,
    Variable,
    sets_among,
)
from tcga_corr.analysis.panel import ROWS_AT_ONCE, Places
from tcga_corr.analysis.samples.cohort import Cohort, Mask
from tcga_corr.analysis.samples.scope import Scope
from tcga_corr.analysis.samples.strata import Cutting
from tcga_corr.batch.planned_differential import PlannedDifferential
from tcga_corr.batch.spec import Claim, Output
from tcga_corr.choices import BY_SAMPLE_TYPE, Method, Null
from tcga_corr.errors import StoreError
from tcga_corr.store.covariate_lookup import Covariate, Covariates
from tcga_corr.store.layout import Store
from tcga_corr.vocabulary.gene_sets.gmt import GeneSet
from tcga_corr.vocabulary.methods import METHODS

FORMAT = 5  # of the plan, and of the tables of its run
# The most that one task does, so that it takes seconds: pairs, and pairs times samples.
_MOST_PAIRS = 500_000
_MOST_PRODUCTS = 200_000_000
_MOST_SLOW = 500
# About how many seconds a task and a row take, to share the work and to show how much is left.
_A_TASK = 0.02
_SECONDS = {"products": 4e-6, "rows": 1e-5, "dominance": 0.1, "survival": 0.02}
_A_SLOW_ROW = 4e-3
# and a random set's score of a sample, and a random pair's r, or its place among the others
_A_DRAWN_SCORE, _A_DRAWN_PAIR = 2.5e-7, 5e-8

_A_PERMUTATION = 1e-5  # of a pair in one tumor type

Way = Literal[
    "products",
    "rows",
    "differences",
    "pooled nulls",
    "dominance",
    "survival",
    "pooled survival",
    "differential",
]
TableName = Literal["associations", "pooled", "dominance", "survival", "differential"]
_TABLE_OF: dict[Way, TableName] = {
    "pooled nulls": "pooled",
    "dominance": "dominance",
    "survival": "survival",
    "pooled survival": "survival",
    "differential": "differential",
}


@dataclass(frozen=True)
class Task:
    """A part of a run that is computed at once.

    Attributes
    ----------
    number
        Its place in the run.
    analysis, method, tumor_type
        The name of its analysis, the method (empty but for associations), and the tumor type
        (empty where it is of all).
    way
        ``products``: rows of x with every y, as matrix products; ``rows``: pairs by their rows;
        ``differences``: of pairs between strata; ``pooled nulls``: those of pairs pooled over the
        tumor types; ``dominance``; ``survival``, and ``pooled survival`` over the tumor types;
        ``differential`` expression.
    start, end
        Which rows of x, which pairs, or of survival which variables.
    n_rows
        Rows that it gives.
    work
        About how many seconds it takes.
    stratum
        Which stratum, or of differences which comparison; empty of samples that are not cut.
    """

    number: int
    analysis: str
    method: Method | Literal[""]
    tumor_type: str
    way: Way
    start: int
    end: int
    n_rows: int
    work: float
    stratum: str = ""

    @property
    def name(self) -> str:
        """The name of its files."""
        return f"{self.number:06d}"

    @property
    def n_own_rows(self) -> int:
        """Rows of its own, not of pairs that other tasks give a row in each tumor type."""
        return self.n_rows if self.tumor_type else 0

    @property
    def table(self) -> TableName:
        """The table of the results that its rows belong to."""
        return _TABLE_OF.get(self.way, "associations")


@dataclass(frozen=True)
class PlannedAnalysis:
    """A block of a spec over a store.

    Attributes
    ----------
    scope
        Where it is computed, with its source and all of its tumor types.
    n_samples, units
        By tumor type, the number of samples and the unit of the values.
    variables
        Of pairs, ``x`` and ``y`` are the places in them of the two of each pair; of crosses, the
        places of all x and of all y. Of dominance all are sets, of survival each is an x by
        itself, and differential expression has none; there ``x`` and ``y`` are empty.
    adjust
        The variables that are adjusted for.
    purity
        What pairs with a gene set are adjusted for beside; one variable or none.
    conditions
        The variables of the conditions on samples.
    by
        What cuts the samples; one variable, or none as by sample type.
    strata, levels
        The strata, as of :class:`~tcga_corr.analysis.samples.strata.Cutting`; empty where nothing
        is cut.
    endpoint
        Of survival: event and time.
    differential
        Of differential expression: what is compared. There ``n_samples`` are those compared, and
        ``by`` is the covariate of the groups.

    The others are those of :class:`~tcga_corr.batch.spec.Analysis`.
    """

    name: str
    kind: str
    scope: Scope
    n_samples: tuple[int, ...]
    units: tuple[str, ...]
    methods: tuple[Method, ...]
    null: tuple[Null, ...]
    draws: int
    variables: tuple[Variable, ...]
    adjust: tuple[Variable, ...]
    x: tuple[int, ...]
    y: tuple[int, ...]
    purity: tuple[Variable, ...] = ()
    conditions: tuple[Variable, ...] = ()
    by: tuple[Variable, ...] = ()
    strata: tuple[str, ...] = ()
    levels: tuple[float, ...] = ()
    endpoint: tuple[CovariateVariable, ...] = ()
    differential: PlannedDifferential | None = None

    @property
    def tumor_types(self) -> tuple[str, ...]:
        """Abbreviations."""
        return tuple(self.scope.tumor_types)

    @property
    def source(self) -> str:
        """The name of its source."""
        return self.scope.source or ""

    @property
    def involved(self) -> tuple[Variable, ...]:
        """All its variables: correlated, adjusted for, and those of conditions and strata."""
        others = (*self.purity, *self.conditions, *self.by, *self.endpoint)
        return *self.variables, *self.adjust, *others

    @property
    def cutting(self) -> Cutting | None:
        """What cuts its samples; None where nothing does."""
        if not self.strata:
            return None
        variable = next(iter(self.by), None)
        name = variable.name if variable else BY_SAMPLE_TYPE
        return Cutting(name, variable, self.strata, self.levels)

    @cached_property
    def places(self) -> tuple[Places, Places]:
        """``x`` and ``y`` as arrays."""
        return np.array(self.x, dtype=np.intp), np.array(self.y, dtype=np.intp)

    def kept(self, rows: slice = slice(None)) -> Mask:
        """The pairs of a cross to compute, some rows of x by all of y: each pair only once."""
        all_x, y = self.places
        row_of, column_of = np.full((2, len(self.variables)), -1)
        row_of[all_x] = np.arange(len(all_x))
        column_of[y] = np.arange(len(y))
        x = all_x[rows, np.newaxis]
        # where the pair in the other order is in the cross too, it stands in an earlier row
        again = (column_of[x] >= 0) & (row_of[y] >= 0) & (row_of[y] < row_of[x])
        return np.asarray((x != y) & ~again)

    @cached_property
    def pairs(self) -> tuple[Places, Places]:
        """The places of all pairs, in the order of the results."""
        return self._pairs_of_rows(slice(None)) if self.kind == "crosses" else self.places

    def pairs_of(self, task: Task) -> tuple[Places, Places]:
        """The places of the pairs of one task, in the order of its rows."""
        part = slice(task.start, task.end)
        if self.kind == "crosses" and task.method and self.way(task.method) == "products":
            return self._pairs_of_rows(part)
        x, y = self.pairs
        return x[part], y[part]

    def _pairs_of_rows(self, rows: slice) -> tuple[Places, Places]:
        """The places of the pairs of some rows of a cross."""
        x, y = self.places
        row, column = np.nonzero(self.kept(rows))
        return x[rows][row], y[column]

    @cached_property
    def n_pairs(self) -> int:
        """Pairs in each tumor type."""
        if self.kind not in ("pairs", "crosses"):
            return 0
        return int(self.kept().sum()) if self.kind == "crosses" else len(self.x)

    def way(self, method: Method) -> Way:
        """The way in which its associations are computed."""
        is_whole = self.kind == "crosses" and not self.strata
        return "products" if is_whole and METHODS[method].screens else "rows"

    def parts(self, method: Method) -> Iterator[tuple[int, int, int]]:
        """The start, end and number of pairs of its tasks; the same in every tumor type."""
        most = _MOST_SLOW
        if METHODS[method].screens and not self.strata:
            mean_n = max(1, sum(self.n_samples) // max(1, len(self.n_samples)))
            most = max(1, min(_MOST_PAIRS, _MOST_PRODUCTS // mean_n))
        if self.way(method) != "products":
            for start in range(0, self.n_pairs, most):
                end = min(start + most, self.n_pairs)
                yield start, end, end - start
            return
        start = count = 0
        for row in range(0, len(self.x), ROWS_AT_ONCE):
            end = min(row + ROWS_AT_ONCE, len(self.x))
            more = int(self.kept(slice(row, end)).sum())
            if count and count + more > most:
                yield start, row, count
                start, count = row, 0
            count += more
        if count:
            yield start, len(self.x), count

    def tasks_in(self, tumor_type: str) -> Iterator[Task]:
        """Its tasks in one tumor type; they have no number yet."""
        if self.kind == "dominance":
            n_rows = 2 * len(self.variables)
            seconds = _A_TASK + _SECONDS["dominance"] * n_rows
            yield Task(-1, self.name, "", tumor_type, "dominance", 0, 0, n_rows, seconds)
        if self.kind == "survival":
            yield from self._survival_tasks("survival", tumor_type)
        place = self.tumor_types.index(tumor_type)
        n = self.n_samples[place]
        if self.differential:
            seconds = _A_TASK + self.differential.seconds(place, n)
            n_rows = self.differential.n_rows[place]
            yield Task(-1, self.name, "", tumor_type, "differential", 0, 0, n_rows, seconds)
        for method in self.methods:
            way = self.way(method)
            a_row = _SECONDS[way] if METHODS[method].screens else _A_SLOW_ROW
            for stratum in self.strata or ("",):
                for start, end, n_rows in self.parts(method):
                    seconds = _A_TASK + a_row * n_rows + self._seconds_of_nulls(method, n, n_rows)
                    yield Task(
                        -1, self.name, method, tumor_type, way, start, end, n_rows, seconds, stratum
                    )
            for label in comparisons(self.strata):
                for start, end, n_rows in self.parts(method):
                    seconds = _A_TASK + _A_PERMUTATION * self.draws * n_rows
                    way = "differences"
                    yield Task(
                        -1, self.name, method, tumor_type, way, start, end, n_rows, seconds, label
                    )

    def _survival_tasks(self, way: Way, tumor_type: str) -> Iterator[Task]:
        """The variables by themselves with random genes, which take seconds; else some at once."""
        step = 1 if self.null else _MOST_SLOW
        n_types = 1 if tumor_type else len(self.tumor_types)
        n = sum(self.n_samples) / len(self.tumor_types) * n_types
        for start in range(0, len(self.variables), step):
            end = min(start + step, len(self.variables))
            n_rows = end - start
            drawn = self.draws * _A_DRAWN_SCORE * n if self.null else 0.0
            seconds = _A_TASK + n_rows * (_SECONDS["survival"] * n_types + 2 * drawn)
            yield Task(-1, self.name, "", tumor_type, way, start, end, n_rows, seconds)

    def pooled_tasks(self) -> Iterator[Task]:
        """Its tasks over all tumor types; they have no number yet."""
        n = sum(self.n_samples)
        if self.kind == "survival" and len(self.tumor_types) > 1:
            yield from self._survival_tasks("pooled survival", "")
        for method in self.methods if self.null and len(self.tumor_types) > 1 else ():
            if not METHODS[method].has_nulls:
                continue
            for stratum in self.strata or ("",):
                for start, end, n_rows in self.parts(method):
                    n_in_all = n_rows * len(self.tumor_types)
                    seconds = _A_TASK + self._seconds_of_nulls(method, n, n_in_all)
                    way: Way = "pooled nulls"
                    yield Task(-1, self.name, method, "", way, start, end, n_rows, seconds, stratum)

    def _seconds_of_nulls(self, method: Method, n: int, n_rows: int) -> float:
        if not self.null or not METHODS[method].has_nulls:
            return 0.0
        scores = 2 * min(len(self.variables), 2 * n_rows) * n
        return self.draws * (_A_DRAWN_SCORE * scores + _A_DRAWN_PAIR * n_rows)


@dataclass(frozen=True)
class Plan:
    """All that a run does.

    Attributes
    ----------
    name, title, outputs, claims, spec
        Those of the :class:`~tcga_corr.batch.spec.Spec`; ``spec`` is its text.
    analyses
        Its blocks.
    tables
        Source and tumor type to the sha256 of each table.
    covariates
        ``TABLE`` to the sha256 of each table of covariates.
    reference
        The sha256 of the reference collection, where a null uses its sets.
    version
        The version of tcga-corr.
    counts
        Source and tumor type to the sha256 of each table of raw counts.
    """

    name: str
    title: str
    outputs: tuple[Output, ...]
    claims: tuple[Claim, ...]
    spec: str
    analyses: tuple[PlannedAnalysis, ...]
    tables: Mapping[tuple[str, str], str]
    covariates: Mapping[str, str]
    reference: str | None
    version: str
    counts: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @cached_property
    def tasks(self) -> tuple[Task, ...]:
        """All tasks, in the order of the results."""
        tasks = (
            task
            for analysis in self.analyses
            for some in (*map(analysis.tasks_in, analysis.tumor_types), analysis.pooled_tasks())
            for task in some
        )
        return tuple(replace(task, number=number) for number, task in enumerate(tasks))

    @property
    def notes(self) -> list[str]:
        """What a reader should know of how its gene sets were read."""
        sets = sets_among([one for analysis in self.analyses for one in analysis.variables])
        return list(dict.fromkeys(note for one in sets for note in one.gene_set.notes))

    @property
    def has_draws(self) -> bool:
        """Whether anything is compared with random genes."""
        return any("genes" in analysis.null for analysis in self.analyses)

    @property
    def has_fits(self) -> bool:
        """Whether it has differential expression, whose fits share no process."""
        return any(analysis.differential for analysis in self.analyses)

    @property
    def n_rows(self) -> int:
        """Rows of all tables but the pooled ones, of tumor types."""
        return sum(task.n_own_rows for task in self.tasks)

    def part(self, number: int, of: int) -> list[Task]:
        """One of so many parts of the tasks, which take about as long each; counted from 1."""
        shares = [0.0] * of
        own = []
        for task in sorted(self.tasks, key=lambda task: (-task.work, task.number)):
            least = shares.index(min(shares))
            shares[least] += task.work
            if least == number - 1:
                own.append(task)
        return sorted(own, key=lambda task: task.number)

    def tasks_of(self, analysis: PlannedAnalysis) -> list[Task]:
        """The tasks of one block."""
        return [task for task in self.tasks if task.analysis == analysis.name]

    def analysis(self, name: str) -> PlannedAnalysis:
        """The block of a name."""
        return next(analysis for analysis in self.analyses if analysis.name == name)

    @cached_property
    def variables(self) -> tuple[Variable, ...]:
        """All variables, each once."""
        return tuple(
            dict.fromkeys(variable for analysis in self.analyses for variable in analysis.involved)
        )

    @cached_property
    def digest(self) -> str:
        """The sha256 of all that the results depend on, in hex."""
        without = ("spec", "title", "claims")  # no number depends on them
        record = {key: value for key, value in self.to_json().items() if key not in without}
        return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()

    @property
    def run(self) -> str:
        """The name of the run; another spec, or another store, gives another."""
        return f"{self.name}-{self.digest[:8]}"

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        place = {variable: number for number, variable in enumerate(self.variables)}
        return {
            "format": FORMAT,
            "version": self.version,
            "name": self.name,
            "title": self.title,
            "outputs": list(self.outputs),
            "claims": [asdict(claim) for claim in self.claims],
            "tables": [[*key, sha256] for key, sha256 in sorted(self.tables.items())],
            "counts": [[*key, sha256] for key, sha256 in sorted(self.counts.items())],
            "covariates": dict(sorted(self.covariates.items())),
            "reference": self.reference,
            "variables": [_variable_to_json(variable) for variable in self.variables],
            "analyses": [
                {
                    **_settings_to_json(analysis),
                    **{
                        key: [place[variable] for variable in getattr(analysis, key)]
                        for key in _OF_VARIABLES
                    },
                }
                for analysis in self.analyses
            ],
            "spec": self.spec,
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any], store: Store) -> Plan:
        """The plan that :meth:`to_json` gave; its covariates are read from the store.

        Raises
        ------
        StoreError
            If it is of another version, or no plan.
        """
        if record.get("format") != FORMAT or record.get("version") != version("tcga-corr"):
            raise StoreError(
                f"the run is of tcga-corr {record.get('version')}, format {record.get('format')}; "
                f"this is {version('tcga-corr')}, format {FORMAT}",
                "Run the spec anew, or use the tcga-corr that began it",
            )
        covariates = Covariates(store)
        variables = [_variable_from_json(one, covariates) for one in record["variables"]]
        unchanged = ("name", "title", "spec", "covariates", "reference", "version")
        return cls(
            **{key: record[key] for key in unchanged},
            outputs=tuple(record["outputs"]),
            claims=tuple(Claim(**one) for one in record["claims"]),
            analyses=tuple(_analysis_from_json(one, variables) for one in record["analyses"]),
            tables={(source, name): sha256 for source, name, sha256 in record["tables"]},
            counts={(source, name): sha256 for source, name, sha256 in record["counts"]},
        )


_SETTINGS = (
    "name", "kind", "source", "tumor_types", "n_samples", "units", "samples", "methods", "ties",
    "min_genes", "where", "null", "draws", "x", "y", "strata", "levels",
)  # fmt: skip
_OF_VARIABLES = ("variables", "adjust", "purity", "conditions", "by", "endpoint")
_OF_SCOPE = tuple(one.name for one in fields(Scope))


def _settings_to_json(analysis: PlannedAnalysis) -> dict[str, Any]:
    values = {**vars(analysis), **vars(analysis.scope)}
    settings = analysis.differential
    return {key: values[key] for key in _SETTINGS} | {
        "differential": settings and settings.as_dict()
    }


def _analysis_from_json(
    record: Mapping[str, Any], variables: Sequence[Variable]
) -> PlannedAnalysis:
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in record.items()
    }
    scope = Scope(**{key: values.pop(key) for key in _OF_SCOPE})
    if values["differential"] is not None:
        values["differential"] = PlannedDifferential.from_dict(values["differential"])
    for key in _OF_VARIABLES:
        values[key] = tuple(variables[place] for place in values[key])
    values["adjust"] = tuple(
        replace(one, correlated=values["variables"]) if isinstance(one, ComponentsVariable) else one
        for one in values["adjust"]
    )
    return PlannedAnalysis(scope=scope, **values)


def _variable_to_json(variable: Variable) -> dict[str, Any]:
    if isinstance(variable, SetVariable):
        return {"set": asdict(variable.gene_set)}
    if isinstance(variable, GeneVariable):
        return {"gene": variable.name, "asked": variable.typed}
    if isinstance(variable, ComponentsVariable):
        return {"components": variable.count}
    one = variable.covariate
    return {"covariate": one.name, "table": one.table, "label": one.label}


def _variable_from_json(record: Mapping[str, Any], covariates: Covariates) -> Variable:
    if "set" in record:
        fields = {**record["set"], "genes": tuple(record["set"]["genes"])}
        return SetVariable(GeneSet(**fields))
    if "components" in record:
        return ComponentsVariable(record["components"])
    if "gene" in record:
        return GeneVariable(record["gene"], record["asked"])
    found = covariates.require(f"{record['table']}.{record['covariate']}")
    return CovariateVariable(replace(found, label=record["label"]))


def covariates_among(variables: Iterable[Variable]) -> list[Covariate]:
    """The covariates among variables, in order."""
    return [one.covariate for one in variables if isinstance(one, CovariateVariable)]


def check_inputs(plan: Plan, cohort: Cohort, analysis: PlannedAnalysis) -> None:
    """Refuse a table or covariates that have changed since the plan was made."""
    key = cohort.table.key
    changed = []
    if plan.tables[key.source, key.tumor_type] != cohort.table.table_sha256:
        changed.append(f"the table of {key.source} {key.tumor_type}")
    changed += [
        f"the covariates '{covariate.table}'"
        for covariate in covariates_among(analysis.involved)
        if plan.covariates[covariate.table] != covariate.table_sha256
    ]
    if changed:
        raise StoreError(
            f"{', '.join(dict.fromkeys(changed))}: not what the run began with", "Run the spec anew"
        )
