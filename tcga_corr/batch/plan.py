"""The plan of a run: a spec with its names looked up in a store, cut into tasks.

The same spec over the same store gives the same plan, and a plan alone says what every task is: in
which order, of which pairs, from which tables. So any number of processes can share a run.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from importlib.metadata import version
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.cohort import Cohort
from tcga_corr.analysis.names import CovariateVariable, GeneVariable, SetVariable, Variable
from tcga_corr.analysis.panel import ROWS_AT_ONCE
from tcga_corr.batch.spec import Claim, Output
from tcga_corr.choices import Method, Null, Ties
from tcga_corr.engine import Selection
from tcga_corr.errors import StoreError
from tcga_corr.store import Covariates, Store
from tcga_corr.vocabulary.gene_sets import GeneSet

FORMAT = 1
# How much a task does, so that one takes seconds: pairs, and pairs times samples.
_MOST_PAIRS = 500_000
_MOST_PRODUCTS = 200_000_000
_MOST_SLOW = 500
_MOST_NULLS = 8
# About how many seconds a task and a row take, to share the work and to tell how much is left.
_A_TASK = 0.02
_SECONDS = {"products": 4e-6, "rows": 1e-5, "one by one": 4e-3, "null": 0.15, "dominance": 0.1}

Places = NDArray[np.intp]
Way = Literal["products", "rows", "one by one", "dominance"]


@dataclass(frozen=True)
class Task:
    """A part of a run that is computed at once.

    Attributes
    ----------
    number
        Its place in the run.
    analysis, method, tumor_type
        What is asked, how (empty of dominance) and where.
    way
        ``products``: rows of x with every y, as matrix products; ``rows``: pairs by their rows;
        ``one by one``: as ``correlate`` does; or ``dominance``.
    start, end
        Which rows of x, or which pairs.
    n_rows
        Rows that come of it.
    work
        About how many seconds it takes.
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

    @property
    def name(self) -> str:
        """What its files are called."""
        return f"{self.number:06d}"


@dataclass(frozen=True)
class PlannedAnalysis:
    """A block of a spec over a store.

    Attributes
    ----------
    tumor_types, n_samples, units
        Where it is asked, and of how many samples in which unit.
    variables
        What is asked of; ``x`` and ``y`` are places in them: of pairs, one of each a pair; of
        crosses, of every x with every y. Of dominance, all are sets, and ``x`` and ``y`` empty.
    adjust
        What is held fixed.

    The others are as of :class:`~tcga_corr.batch.spec.Analysis`.
    """

    name: str
    kind: str
    source: str
    tumor_types: tuple[str, ...]
    n_samples: tuple[int, ...]
    units: tuple[str, ...]
    samples: Selection
    methods: tuple[Method, ...]
    ties: Ties
    min_genes: int
    null: tuple[Null, ...]
    draws: int
    variables: tuple[Variable, ...]
    adjust: tuple[Variable, ...]
    x: tuple[int, ...]
    y: tuple[int, ...]

    def kept(self, rows: slice = slice(None)) -> NDArray[np.bool_]:
        """Which pairs of a cross are asked, some rows of x by all of y: each once, none of one."""
        size = len(self.variables)
        row_of, column_of = np.full((2, size), -1)
        row_of[list(self.x)] = np.arange(len(self.x))
        column_of[list(self.y)] = np.arange(len(self.y))
        x, y = np.array(self.x)[rows, np.newaxis], np.array(self.y)[np.newaxis]
        # the pair in the other order, where that is asked too, stands in an earlier row
        again = (column_of[x] >= 0) & (row_of[y] >= 0) & (row_of[y] < row_of[x])
        return np.asarray((x != y) & ~again)

    @cached_property
    def pairs(self) -> tuple[Places, Places]:
        """The places of all pairs, in the order of the results."""
        x, y = np.array(self.x, dtype=np.intp), np.array(self.y, dtype=np.intp)
        if self.kind == "crosses":
            row, column = np.nonzero(self.kept())
            return x[row], y[column]
        return x, y

    def pairs_of(self, task: Task) -> tuple[Places, Places]:
        """The places of the pairs of one task, in the order of its rows."""
        if task.way != "products":
            x, y = self.pairs
            return x[task.start : task.end], y[task.start : task.end]
        rows = slice(task.start, task.end)
        row, column = np.nonzero(self.kept(rows))
        return np.array(self.x, dtype=np.intp)[rows][row], np.array(self.y, dtype=np.intp)[column]

    @cached_property
    def n_pairs(self) -> int:
        """Pairs in each tumor type."""
        return int(self.kept().sum()) if self.kind == "crosses" else len(self.x)

    def way(self, method: Method) -> Way:
        """How its associations are computed."""
        if self.null or method == "kendall":
            return "one by one"
        return "products" if self.kind == "crosses" else "rows"

    def parts(self, method: Method) -> Iterator[tuple[int, int, int]]:
        """Start, end and number of pairs of its tasks, the same in every tumor type."""
        if self.way(method) == "one by one":
            most = _MOST_NULLS if self.null else _MOST_SLOW
        else:
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


@dataclass(frozen=True)
class Plan:
    """What a run is to do.

    Attributes
    ----------
    name, title, outputs, claims, spec
        As of the :class:`~tcga_corr.batch.spec.Spec`; ``spec`` is its text.
    analyses
        Its blocks.
    tables
        Source and tumor type to the sha256 of each table.
    covariates
        ``TABLE`` to the sha256 of each table of covariates.
    reference
        The sha256 of the reference collection, where a null is of its sets.
    version
        Of tcga-corr.
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

    @cached_property
    def tasks(self) -> tuple[Task, ...]:
        """All tasks, in the order of the results."""
        numbers = itertools.count()
        tasks = []
        for one in self.analyses:
            for tumor_type in one.tumor_types:
                if one.kind == "dominance":
                    rows = 2 * len(one.variables)
                    tasks.append(
                        Task(
                            next(numbers),
                            one.name,
                            "",
                            tumor_type,
                            "dominance",
                            0,
                            0,
                            rows,
                            _A_TASK + _SECONDS["dominance"] * rows,
                        )
                    )
                for method in one.methods:
                    way = one.way(method)
                    seconds = _SECONDS["null"] if one.null else _SECONDS[way]
                    tasks += [
                        Task(
                            next(numbers),
                            one.name,
                            method,
                            tumor_type,
                            way,
                            start,
                            end,
                            count,
                            _A_TASK + seconds * count,
                        )
                        for start, end, count in one.parts(method)
                    ]
        return tuple(tasks)

    @property
    def n_rows(self) -> int:
        """Rows of all tasks."""
        return sum(task.n_rows for task in self.tasks)

    def part(self, number: int, of: int) -> list[Task]:
        """One of so many parts of the tasks that take about as long, counted from 1."""
        shares = [0.0] * of
        own = []
        for task in sorted(self.tasks, key=lambda task: (-task.work, task.number)):
            least = shares.index(min(shares))
            shares[least] += task.work
            if least == number - 1:
                own.append(task)
        return sorted(own, key=lambda task: task.number)

    def tasks_of(self, asked: PlannedAnalysis) -> list[Task]:
        """The tasks of one block."""
        return [task for task in self.tasks if task.analysis == asked.name]

    def analysis(self, name: str) -> PlannedAnalysis:
        """The block of a name."""
        return next(one for one in self.analyses if one.name == name)

    @cached_property
    def digest(self) -> str:
        """The sha256 of all that the results depend on, in hex."""
        beside = ("spec", "title", "claims")  # which change no number
        told = {key: value for key, value in self.to_json().items() if key not in beside}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    @property
    def run(self) -> str:
        """The name of the run: of another spec, or over another store, it is another."""
        return f"{self.name}-{self.digest[:8]}"

    def to_json(self) -> dict[str, Any]:
        """As JSON holds it."""
        variables = list(
            dict.fromkeys(v for one in self.analyses for v in (*one.variables, *one.adjust))
        )
        place = {variable: number for number, variable in enumerate(variables)}
        return {
            "format": FORMAT,
            "version": self.version,
            "name": self.name,
            "title": self.title,
            "outputs": list(self.outputs),
            "claims": [asdict(one) for one in self.claims],
            "tables": [[*key, sha256] for key, sha256 in sorted(self.tables.items())],
            "covariates": dict(sorted(self.covariates.items())),
            "reference": self.reference,
            "variables": [_variable_to_json(one) for one in variables],
            "analyses": [
                {
                    **{field: getattr(one, field) for field in _PLAIN},
                    "variables": [place[v] for v in one.variables],
                    "adjust": [place[v] for v in one.adjust],
                }
                for one in self.analyses
            ],
            "spec": self.spec,
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any], store: Store) -> Plan:
        """A plan as it was written; its covariates are read from the store.

        Raises
        ------
        StoreError
            If it is of another version, or no plan.
        """
        if told.get("format") != FORMAT or told.get("version") != version("tcga-corr"):
            raise StoreError(
                f"the run is of tcga-corr {told.get('version')}, this is {version('tcga-corr')}",
                "Run the spec anew, or use the tcga-corr that began it",
            )
        covariates = Covariates(store)
        variables = [_variable_from_json(one, covariates) for one in told["variables"]]
        analyses = tuple(
            PlannedAnalysis(
                **{field: _tupled(one[field]) for field in _PLAIN},
                variables=tuple(variables[number] for number in one["variables"]),
                adjust=tuple(variables[number] for number in one["adjust"]),
            )
            for one in told["analyses"]
        )
        return cls(
            name=told["name"],
            title=told["title"],
            outputs=tuple(told["outputs"]),
            claims=tuple(Claim(**one) for one in told["claims"]),
            spec=told["spec"],
            analyses=analyses,
            tables={(source, name): sha256 for source, name, sha256 in told["tables"]},
            covariates=told["covariates"],
            reference=told["reference"],
            version=told["version"],
        )


_PLAIN = (
    "name", "kind", "source", "tumor_types", "n_samples", "units", "samples", "methods", "ties",
    "min_genes", "null", "draws", "x", "y",
)  # fmt: skip


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _variable_to_json(variable: Variable) -> dict[str, Any]:
    if isinstance(variable, SetVariable):
        return {"set": asdict(variable.gene_set)}
    if isinstance(variable, GeneVariable):
        return {"gene": variable.name, "asked": variable.asked}
    one = variable.covariate
    return {"covariate": one.name, "table": one.table, "label": one.label}


def _variable_from_json(told: Mapping[str, Any], covariates: Covariates) -> Variable:
    if "set" in told:
        fields = {**told["set"], "genes": tuple(told["set"]["genes"])}
        return SetVariable(GeneSet(**fields))
    if "gene" in told:
        return GeneVariable(told["gene"], told["asked"])
    found = covariates.require(f"{told['table']}.{told['covariate']}")
    return CovariateVariable(replace(found, label=told["label"]))


def check_inputs(plan: Plan, cohort: Cohort, asked: PlannedAnalysis) -> None:
    """Refuse a table or covariates that are not those of the plan."""
    key = cohort.table.key
    changed = []
    if plan.tables[key.source, key.tumor_type] != cohort.table.table_sha256:
        changed.append(f"the table of {key.source} {key.tumor_type}")
    for one in (*asked.variables, *asked.adjust):
        if isinstance(one, CovariateVariable):
            table = one.covariate.table
            if plan.covariates[table] != one.covariate.table_sha256:
                changed.append(f"the covariates '{table}'")
    if changed:
        raise StoreError(
            f"{', '.join(dict.fromkeys(changed))}: not what the run began with", "Run the spec anew"
        )
