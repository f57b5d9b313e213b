"""The rows of a task, computed from the store and the plan alone."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.cohort import Cohort
from tcga_corr.analysis.correlate import Question, associate
from tcga_corr.analysis.dominance import DOMINANCE_SCHEMA, SCALES, dominance_of
from tcga_corr.analysis.names import Variable, sets_among
from tcga_corr.analysis.panel import ROWS_AT_ONCE, Pairs, Panel
from tcga_corr.batch.plan import Plan, PlannedAnalysis, Task, check_inputs
from tcga_corr.engine import Engine
from tcga_corr.store.reference import open_reference
from tcga_corr.vocabulary.associations import ASSOCIATION, INTERVAL, NAMES, NULL_COLUMNS

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

# The rows of a task have the columns of an association but q, for which all tasks are needed.
COLUMNS = (*(name for name in NAMES if name != "q"), "n_controls")
# In rows of dominance: the fields of the test, and their columns.
_FRIEDMAN = {
    "chi2": "friedman_chi2",
    "p": "friedman_p",
    "kendalls_w": "kendalls_w",
    "p_genes": "p_genes_of_w",
}


class TaskComputer:
    """Computes the rows of the tasks of one plan over one store; several threads may share it."""

    def __init__(self, engine: Engine, plan: Plan) -> None:
        self._engine = engine
        self._plan = plan
        self._kept = threading.local()

    def rows(self, task: Task) -> pa.Table:
        """The rows of a task; the same wherever and after whatever it is computed.

        Raises
        ------
        TcgaCorrError
            If a table cannot be read, or differs from the plan's.
        """
        analysis = self._plan.analysis(task.analysis)
        if task.way == "dominance":
            return self._dominance(analysis, task)
        if task.way == "one by one":
            return self._one_by_one(analysis, task)
        panel = self._panel(analysis, task)
        if task.way == "rows":
            return _table([panel.pairs(*analysis.pairs_of(task))], analysis.variables, task)
        x, y = analysis.places
        starts = range(task.start, task.end, ROWS_AT_ONCE)
        parts = [slice(start, min(start + ROWS_AT_ONCE, task.end)) for start in starts]
        found = [panel.cross(x[part], y, analysis.kept(part)) for part in parts]
        return _table(found, analysis.variables, task)

    def _cohort(self, analysis: PlannedAnalysis, task: Task) -> Cohort:
        [cohort] = self._engine.cohorts(replace(analysis.scope, tumor_types=(task.tumor_type,)))
        check_inputs(self._plan, cohort, analysis)
        return cohort

    def _panel(self, analysis: PlannedAnalysis, task: Task) -> Panel:
        """The measured variables; kept for the thread's next task, which mostly has the same."""
        wanted = (task.analysis, task.tumor_type, task.method)
        known, panel = getattr(self._kept, "panel", (None, None))
        if panel is None or known != wanted:
            self._kept.panel = (None, None)
            method = task.method or "pearson"
            panel = Panel(self._cohort(analysis, task), analysis.variables, analysis.adjust, method)
            self._kept.panel = (wanted, panel)
        return panel

    def _one_by_one(self, analysis: PlannedAnalysis, task: Task) -> pa.Table:
        import polars as pl

        cohort, store = self._cohort(analysis, task), self._engine.store
        frames = []
        for x, y in zip(*analysis.pairs_of(task), strict=True):
            question = Question(
                pair=(analysis.variables[x], analysis.variables[y]),
                methods=(task.method or "pearson",),
                adjust=analysis.adjust,
                nulls=analysis.null,
                n_draws=analysis.draws,
            )
            found = associate([cohort], question, lambda table: open_reference(store, table))
            frames.append(found.frame.with_columns(n_controls=found.n_controls))
        return pl.concat(frames, how="vertical_relaxed").select(COLUMNS).to_arrow().cast(schema())

    def _dominance(self, analysis: PlannedAnalysis, task: Task) -> pa.Table:
        import polars as pl

        cohort = self._cohort(analysis, task)
        sets = sets_among(analysis.variables)
        found = dominance_of([cohort], sets, analysis.draws)
        reasons = {measured.name: measured.note for measured in found.measured if measured.note}
        if not len(cohort.columns):
            no_samples = f"no {analysis.scope.samples} samples"
            reasons = dict.fromkeys((one.name for one in sets), no_samples)
        frame = _with_missing(found.frame, task.tumor_type, reasons)
        rows = [{"scale": test.scale, **vars(test.friedman)} for test in found.tests]
        columns = {"scale": pl.String, **dict.fromkeys(_FRIEDMAN, pl.Float64)}
        tests = pl.DataFrame(rows, schema=columns).fill_nan(None).rename(_FRIEDMAN)
        frame = frame.join(tests, on="scale", how="left", maintain_order="left")
        return frame.to_arrow(compat_level=pl.CompatLevel.oldest())


def _with_missing(frame: pl.DataFrame, tumor_type: str, reasons: Mapping[str, str]) -> pl.DataFrame:
    """The rows, and one for each scale and set without a score, with its reason."""
    import polars as pl

    rows = [
        {"tumor_type": tumor_type, "scale": scale, "set": name, "note": reason}
        for scale in SCALES
        for name, reason in reasons.items()
    ]
    return pl.concat([frame, pl.DataFrame(rows, schema=frame.schema)])


def failed_rows(plan: Plan, task: Task, reason: str) -> pa.Table:
    """The rows of a task that failed: of no sample, with the reason."""
    import polars as pl

    analysis, note = plan.analysis(task.analysis), f"failed: {reason}"
    if task.way == "dominance":
        reasons = {variable.name: note for variable in analysis.variables}
        empty = pl.DataFrame(
            schema={**DOMINANCE_SCHEMA, **dict.fromkeys(_FRIEDMAN.values(), float)}
        )
        rows = _with_missing(empty, task.tumor_type, reasons)
        return _as_read(rows.to_arrow(compat_level=pl.CompatLevel.oldest()))
    x, y = analysis.pairs_of(task)
    counts: dict[str, Any] = dict.fromkeys(
        ("n", "n_controls", "n_shared"), np.zeros(len(x), dtype=np.int64)
    )
    numbers: dict[str, Any] = dict.fromkeys((*INTERVAL, "r_disjoint"), np.full(len(x), np.nan))
    pairs = Pairs(x=x, y=y, **counts, **numbers, notes=[note] * len(x))
    return _table([pairs], analysis.variables, task)


def _as_read(table: pa.Table) -> pa.Table:
    """The table with texts of the type that reading a task's file gives."""
    import pyarrow as pa

    texts = pa.dictionary(pa.int32(), pa.string())
    fields = [
        pa.field(field.name, texts if pa.types.is_large_string(field.type) else field.type)
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))


def schema() -> pa.Schema:
    """The types of the rows of associations."""
    import pyarrow as pa

    arrow = {"text": pa.string(), "integer": pa.int64(), "number": pa.float64()}
    types = {column.name: arrow[column.type] for column in ASSOCIATION}
    types["n_controls"] = arrow["integer"]
    return pa.schema([(name, types[name]) for name in COLUMNS])


def _table(found: Sequence[Pairs], variables: Sequence[Variable], task: Task) -> pa.Table:
    """Pairs as rows; names as dictionaries, as there are few."""
    import pyarrow as pa

    names = pa.array([variable.name for variable in variables], pa.string())
    notes = pa.array([note for pairs in found for note in pairs.notes], pa.string())
    size = len(notes)

    def joined(field: str) -> NDArray[Any]:
        return np.concatenate([getattr(pairs, field) for pairs in found])

    def coded(places: NDArray[Any]) -> pa.DictionaryArray:
        return pa.DictionaryArray.from_arrays(places.astype(np.int32), names)

    columns: dict[str, Any] = {
        "tumor_type": repeated(task.tumor_type, size),
        "x": coded(joined("x")),
        "y": coded(joined("y")),
        "method": repeated(task.method, size),
        "n": joined("n"),
        **{name: pa.array(joined(name), from_pandas=True) for name in INTERVAL},
        **{name: pa.nulls(size, pa.float64()) for name in NULL_COLUMNS},
        "n_shared_genes": joined("n_shared"),
        "r_disjoint": pa.array(joined("r_disjoint"), from_pandas=True),
        "note": notes.dictionary_encode(),
        "n_controls": joined("n_controls"),
    }
    return pa.table({name: columns[name] for name in COLUMNS})


def repeated(text: str, size: int) -> pa.DictionaryArray:
    """A column of one text."""
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(np.zeros(size, dtype=np.int32), pa.array([text]))
