"""The rows of a task, computed from the store and the plan alone."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tcga_corr.analysis.comparisons import compare_pairs, compare_pooled
from tcga_corr.analysis.correlate import association_columns, notes_of_nulls
from tcga_corr.analysis.correlate_by import compared, comparisons, note_of_comparison
from tcga_corr.analysis.dominance import DOMINANCE_SCHEMA, SCALES, dominance_of
from tcga_corr.analysis.naming.names import Variable, sets_among
from tcga_corr.analysis.nulls.associations import NullColumns
from tcga_corr.analysis.panel import ROWS_AT_ONCE, Pairs, Panel, Places
from tcga_corr.analysis.pool import POOLED_NULL_COLUMNS
from tcga_corr.analysis.samples.cohort import Cohort, join_notes
from tcga_corr.analysis.samples.strata import SAMPLE_TYPES
from tcga_corr.batch.differential import (
    DifferentialComputer,
    as_texts,
    failed_differential_rows,
    texts_as_read,
)
from tcga_corr.batch.hazards import failed_survival_rows, survival_rows
from tcga_corr.batch.plan import Plan, PlannedAnalysis, Task, check_inputs
from tcga_corr.choices import Null, Selection
from tcga_corr.engine import Engine
from tcga_corr.store.index import TableIndex
from tcga_corr.store.reference import ReferenceIndex, open_reference
from tcga_corr.vocabulary.associations import (
    ASSOCIATION,
    INTERVAL,
    LEVEL_OF_DIFFERENCE,
    LEVEL_OF_TUMOR_TYPE,
    NAMES,
    OF_STRATA,
    OVER_ROWS,
)
from tcga_corr.vocabulary.nulls import NULLS

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

# The rows of a task have the columns of an association but those for which all tasks are needed.
HIDDEN = ("n_controls", "variance", "cochran_q", "df")
"""Columns of a task's rows that are not in the tables: what pooling needs."""
COLUMNS = (
    *(name for name in NAMES if name not in OVER_ROWS),
    *(column.name for column in OF_STRATA),
    *HIDDEN,
)
# In rows that compare strata: the numbers that there may be.
_OF_DIFFERENCE = (
    "n", "ci_low", "ci_high", "p", "delta_z", "p_permutation", "variance", "cochran_q", "df",
)  # fmt: skip
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
        self._differential = DifferentialComputer(engine.store, plan)

    def rows(self, task: Task) -> pa.Table:
        """The rows of a task; the same wherever and after whatever it is computed.

        Raises
        ------
        TcgaCorrError
            If a table cannot be read, or differs from the plan's.
        """
        analysis = self._plan.analysis(task.analysis)
        if task.way == "differential":
            return self._differential.rows(task)
        if task.way == "dominance":
            return self._dominance(analysis, task)
        if task.way == "pooled nulls":
            return self._pooled_nulls(analysis, task)
        if task.table == "survival":
            return survival_rows(self._cohorts(analysis, task), analysis, task)
        if task.way == "differences":
            return self._differences(analysis, task)
        panel, note = self._panel(analysis, task)
        found = _pairs_of(panel, analysis, task)
        beside = compare_pairs(panel, found, analysis.null, analysis.draws, self._reference)
        return _table(found, beside, analysis.variables, task, note)

    def _reference(self, table: TableIndex) -> ReferenceIndex:
        return open_reference(self._engine.store, table)

    def _cohort(
        self, analysis: PlannedAnalysis, tumor_type: str, samples: Selection | None = None
    ) -> Cohort:
        scope = replace(analysis.scope, tumor_types=(tumor_type,))
        [cohort] = self._engine.cohorts(replace(scope, samples=samples or scope.samples))
        check_inputs(self._plan, cohort, analysis)
        return cohort

    def _cohorts(self, analysis: PlannedAnalysis, task: Task) -> list[Cohort]:
        """Those of a task: of its tumor type, or of all."""
        types = (task.tumor_type,) if task.tumor_type else analysis.tumor_types
        return [self._cohort(analysis, name) for name in types]

    def _stratum(
        self, analysis: PlannedAnalysis, tumor_type: str, stratum: str
    ) -> tuple[Cohort, str]:
        """The samples of a stratum, and a note on them; all samples where nothing is cut."""
        cutting = analysis.cutting
        if cutting is None or cutting.variable is None:
            selected = next((one for one in SAMPLE_TYPES if one == stratum), None)
            return self._cohort(analysis, tumor_type, selected), ""
        cohort = self._cohort(analysis, tumor_type)
        measured = cohort.measure(cutting.variable)
        return cutting.part(cohort, measured, cutting.names.index(stratum))

    def _pooled_nulls(self, analysis: PlannedAnalysis, task: Task) -> pa.Table:
        panels = [self._new_panel(analysis, task, name)[0] for name in analysis.tumor_types]
        found = [_pairs_of(panel, analysis, task) for panel in panels]
        beside = compare_pooled(panels, found, analysis.null, analysis.draws, self._reference)
        return _pooled_table(found[0].x, found[0].y, beside, analysis.variables)

    def _differences(self, analysis: PlannedAnalysis, task: Task) -> pa.Table:
        cohort = self._cohort(analysis, task.tumor_type)
        measured = cohort.measure(analysis.by[0]) if analysis.by else None
        panels = {
            name: self._new_panel(analysis, replace(task, stratum=name), task.tumor_type)[0]
            for name in comparisons(analysis.strata)[task.stratum]
        }
        x, y = analysis.pairs_of(task)
        rows = [
            compared(panels, task.stratum, analysis.draws, int(one), int(other))
            for one, other in zip(x, y, strict=True)
        ]
        notes = [note_of_comparison(cohort, row["note"], measured) for row in rows]
        return _difference_table(x, y, rows, notes, analysis.variables, task)

    def _panel(self, analysis: PlannedAnalysis, task: Task) -> tuple[Panel, str]:
        """The measured variables, and a note on the stratum.

        They are kept for the thread's next task, which mostly has the same.
        """
        wanted = (task.analysis, task.tumor_type, task.method, task.stratum)
        known, panel = getattr(self._kept, "panel", (None, None))
        if panel is None or known != wanted:
            self._kept.panel = (None, None)
            panel = self._new_panel(analysis, task, task.tumor_type)
            self._kept.panel = (wanted, panel)
        found: tuple[Panel, str] = panel
        return found

    def _new_panel(
        self, analysis: PlannedAnalysis, task: Task, tumor_type: str
    ) -> tuple[Panel, str]:
        purity = next(iter(analysis.purity), None)
        cohort, note = self._stratum(analysis, tumor_type, task.stratum)
        method = task.method or "pearson"
        return Panel(cohort, analysis.variables, analysis.adjust, method, purity), note

    def _dominance(self, analysis: PlannedAnalysis, task: Task) -> pa.Table:
        import polars as pl

        cohort = self._cohort(analysis, task.tumor_type)
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
        return as_texts(rows)
    if task.table == "survival":
        return texts_as_read(failed_survival_rows(analysis, task, note))
    if task.way == "differential":
        return failed_differential_rows(analysis, task, note)
    x, y = analysis.pairs_of(task)
    if task.way == "differences":
        nothing: list[Mapping[str, Any]] = [{} for _ in x]
        return _difference_table(x, y, nothing, [note] * len(x), analysis.variables, task)
    if task.way == "pooled nulls":
        none = {null: NullColumns.empty(len(x)) for null in analysis.null}
        for columns in none.values():
            columns.notes.update(dict.fromkeys(range(len(x)), note))
        return _pooled_table(x, y, none, analysis.variables)
    counts: dict[str, Any] = dict.fromkeys(
        ("n", "n_controls", "n_shared", "n_purity"), np.zeros(len(x), dtype=np.int64)
    )
    numbers: dict[str, Any] = dict.fromkeys(
        (*INTERVAL, "r_disjoint", "r_purity"), np.full(len(x), np.nan)
    )
    pairs = Pairs(x=x, y=y, **counts, **numbers, notes=[note] * len(x))
    return _table(pairs, {}, analysis.variables, task)


def schema(names: Sequence[str] = COLUMNS) -> pa.Schema:
    """The types of columns of associations."""
    import pyarrow as pa

    arrow = {"text": pa.string(), "integer": pa.int64(), "number": pa.float64()}
    types = {column.name: arrow[column.type] for column in ASSOCIATION}
    types |= {column.name: arrow[column.type] for column in OF_STRATA}
    types |= {"n_controls": arrow["integer"], "df": arrow["integer"]}
    types |= dict.fromkeys(("variance", "cochran_q"), arrow["number"])
    return pa.schema([(name, types[name]) for name in names])


def empty_columns(names: Sequence[str], size: int) -> dict[str, pa.Array]:
    """Columns of associations without values, by name."""
    import pyarrow as pa

    arrays = {field.name: pa.nulls(size, field.type) for field in schema(names)}
    return {
        name: array.dictionary_encode() if pa.types.is_string(array.type) else array
        for name, array in arrays.items()
    }


def _pairs_of(panel: Panel, analysis: PlannedAnalysis, task: Task) -> Pairs:
    """The associations of a task's pairs."""
    if analysis.kind != "crosses" or analysis.way(panel.method) == "rows":
        return panel.pairs(*analysis.pairs_of(task))
    x, y = analysis.places
    starts = range(task.start, task.end, ROWS_AT_ONCE)
    parts = [slice(start, min(start + ROWS_AT_ONCE, task.end)) for start in starts]
    return Pairs.joined([panel.cross(x[part], y, analysis.kept(part)) for part in parts])


def _table(
    found: Pairs,
    beside: Mapping[Null, NullColumns],
    variables: Sequence[Variable],
    task: Task,
    note: str = "",
) -> pa.Table:
    """Pairs as rows; names as dictionaries, as there are few. ``note`` is of all of them."""
    size = len(found.x)
    columns: dict[str, Any] = {
        **_names(found.x, found.y, variables),
        "tumor_type": repeated(task.tumor_type, size),
        "method": repeated(task.method, size),
        "n_controls": found.n_controls,
        **association_columns(found, beside),
        "level": repeated(LEVEL_OF_TUMOR_TYPE, size),
    }
    notes = [join_notes(one, note) for one in columns["note"]]
    return _with_all_columns(columns, notes, task)


def _difference_table(
    x: Places,
    y: Places,
    rows: Sequence[Mapping[str, Any]],
    notes: Sequence[str],
    variables: Sequence[Variable],
    task: Task,
) -> pa.Table:
    """What compares the strata of pairs, as rows."""
    import pyarrow as pa

    size = len(rows)
    types = {field.name: field.type for field in schema()}
    columns: dict[str, Any] = {
        **_names(x, y, variables),
        "tumor_type": repeated(task.tumor_type, size),
        "method": repeated(task.method, size),
        **{name: pa.array([row.get(name) for row in rows], types[name]) for name in _OF_DIFFERENCE},
        "level": repeated(LEVEL_OF_DIFFERENCE, size),
    }
    return _with_all_columns(columns, notes, task)


def _with_all_columns(columns: dict[str, Any], notes: Sequence[str], task: Task) -> pa.Table:
    """The rows of a task; columns that are not given are empty."""
    import pyarrow as pa

    size = len(notes)
    columns["note"] = pa.array(notes, pa.string()).dictionary_encode()
    if task.stratum:
        columns["stratum"] = repeated(task.stratum, size)
    columns = {**empty_columns(COLUMNS, size), **columns}
    return _as_table({name: columns[name] for name in COLUMNS})


POOLED_COLUMNS = ("x", "y", *POOLED_NULL_COLUMNS, "note")
"""The columns of the rows of pooled nulls."""


def _pooled_table(
    x: Places, y: Places, beside: Mapping[Null, NullColumns], variables: Sequence[Variable]
) -> pa.Table:
    import pyarrow as pa

    notes = [""] * len(x)
    columns: dict[str, Any] = {**empty_columns(POOLED_COLUMNS, len(x)), **_names(x, y, variables)}
    for null, numbers in beside.items():
        columns |= numbers.by_column(NULLS[null])
    for place, note in notes_of_nulls(beside.values()).items():
        notes[place] = note
    columns["note"] = pa.array(notes, pa.string()).dictionary_encode()
    return _as_table({name: columns[name] for name in POOLED_COLUMNS})


def _as_table(columns: Mapping[str, Any]) -> pa.Table:
    """Arrays and columns as a table; NaN is empty."""
    import pyarrow as pa

    types = {field.name: field.type for field in schema(list(columns))}
    return pa.table(
        {
            name: pa.array(values, from_pandas=True).cast(types[name])
            if isinstance(values, np.ndarray)
            else values
            for name, values in columns.items()
        }
    )


def _names(x: Places, y: Places, variables: Sequence[Variable]) -> dict[str, Any]:
    import pyarrow as pa

    names = pa.array([variable.name for variable in variables], pa.string())
    return {
        name: pa.DictionaryArray.from_arrays(places.astype(np.int32), names)
        for name, places in (("x", x), ("y", y))
    }


def repeated(text: str, size: int) -> pa.DictionaryArray:
    """A column of one text."""
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(np.zeros(size, dtype=np.int32), pa.array([text]))
