"""What a task computes: rows, from the store and the plan alone."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.cohort import Cohort
from tcga_corr.analysis.correlate import Question, associate
from tcga_corr.analysis.dominance import DOMINANCE_SCHEMA, SCALES, dominance
from tcga_corr.analysis.names import SetVariable, Variable
from tcga_corr.analysis.panel import ROWS_AT_ONCE, Pairs, Panel
from tcga_corr.batch.plan import Plan, PlannedAnalysis, Task, check_inputs
from tcga_corr.engine import Engine
from tcga_corr.store import open_reference

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

_NUMBERS = ("r", "ci_low", "ci_high", "p")
_NULLS = ("p_genes", "genes_low", "genes_high", "p_sets", "sets_low", "sets_high")
# of the rows of a task: those of ``correlate`` but for q, which needs all tasks, and n_controls
COLUMNS = (
    "tumor_type", "x", "y", "method", "n", *_NUMBERS, *_NULLS, "n_shared_genes", "r_disjoint",
    "note", "n_controls",
)  # fmt: skip


class Work:
    """Computes the tasks of one plan over one store; several threads may share it."""

    def __init__(self, engine: Engine, plan: Plan) -> None:
        self._engine = engine
        self._plan = plan
        self._kept = threading.local()

    def rows(self, task: Task) -> pa.Table:
        """The rows of a task; the same wherever and after whatever it is computed.

        Raises
        ------
        TcgaCorrError
            If a table cannot be read, or is another than the plan's.
        """
        asked = self._plan.analysis(task.analysis)
        if task.way == "dominance":
            return self._dominance(asked, task)
        if task.way == "one by one":
            return self._one_by_one(asked, task)
        panel = self._panel(asked, task)
        if task.way == "rows":
            return _table([panel.pairs(*asked.pairs_of(task))], asked.variables, task)
        x, y = (np.array(side, dtype=np.intp) for side in (asked.x, asked.y))
        starts = range(task.start, task.end, ROWS_AT_ONCE)
        rows = [slice(start, min(start + ROWS_AT_ONCE, task.end)) for start in starts]
        found = [panel.cross(x[part], y, asked.kept(part)) for part in rows]
        return _table(found, asked.variables, task)

    def _cohort(self, asked: PlannedAnalysis, task: Task) -> Cohort:
        [cohort] = self._engine.cohorts(
            [task.tumor_type], asked.source, asked.samples, asked.ties, asked.min_genes
        )
        check_inputs(self._plan, cohort, asked)
        return cohort

    def _panel(self, asked: PlannedAnalysis, task: Task) -> Panel:
        """The variables measured; kept for the next task of the thread, which is mostly alike."""
        wanted = (task.analysis, task.tumor_type, task.method)
        known, panel = getattr(self._kept, "panel", (None, None))
        if panel is None or known != wanted:
            self._kept.panel = (None, None)
            method = task.method or "pearson"
            panel = Panel(self._cohort(asked, task), asked.variables, asked.adjust, method)
            self._kept.panel = (wanted, panel)
        return panel

    def _one_by_one(self, asked: PlannedAnalysis, task: Task) -> pa.Table:
        import polars as pl

        cohort, store = self._cohort(asked, task), self._engine.store
        frames = []
        for one, other in zip(*asked.pairs_of(task), strict=True):
            question = Question(
                pair=(asked.variables[one], asked.variables[other]),
                methods=(task.method or "pearson",),
                adjust=asked.adjust,
                nulls=asked.null,
                n_draws=asked.draws,
            )
            found = associate([cohort], question, lambda table: open_reference(store, table))
            frames.append(found.frame.with_columns(n_controls=found.n_controls))
        return pl.concat(frames, how="vertical_relaxed").select(COLUMNS).to_arrow().cast(schema())

    def _dominance(self, asked: PlannedAnalysis, task: Task) -> pa.Table:
        import polars as pl

        cohort = self._cohort(asked, task)
        sets = [one for one in asked.variables if isinstance(one, SetVariable)]
        found = dominance([cohort], sets, asked.draws)
        lacking = {one.name: result.note for one, _, result in found.measured if result.note}
        if not len(cohort.columns):
            lacking = dict.fromkeys((one.name for one in sets), f"no {asked.samples} samples")
        frame = _with_lacking(found.frame, task.tumor_type, lacking)
        tests = {one["scale"]: one["friedman"] for one in found.tests}
        scales = frame["scale"].to_list()
        told = [
            pl.Series(
                name, [tests[scale].get(key) if scale in tests else None for scale in scales], kind
            ).fill_nan(None)
            for name, key, kind in _FRIEDMAN
        ]
        return frame.with_columns(told).to_arrow(compat_level=pl.CompatLevel.oldest())


def _with_lacking(frame: pl.DataFrame, tumor_type: str, lacking: Mapping[str, str]) -> pl.DataFrame:
    """The rows with one for each scale and set that has no score, which says why."""
    import polars as pl

    rows = [
        {"tumor_type": tumor_type, "scale": scale, "set": name, "note": note}
        for scale in SCALES
        for name, note in lacking.items()
    ]
    more = pl.DataFrame(rows, schema=frame.schema)
    return pl.concat([frame, more])


def failed_rows(plan: Plan, task: Task, why: str) -> pa.Table:
    """The rows of a task that failed: of no sample, and with the reason."""
    import polars as pl

    asked, note = plan.analysis(task.analysis), f"failed: {why}"
    names = [one.name for one in asked.variables]
    if task.way == "dominance":
        empty = pl.DataFrame(schema={**DOMINANCE_SCHEMA, **{n: kind for n, _, kind in _FRIEDMAN}})
        rows = _with_lacking(empty, task.tumor_type, dict.fromkeys(names, note))
        return _as_read(rows.to_arrow(compat_level=pl.CompatLevel.oldest()))
    x, y = asked.pairs_of(task)
    nothing, none = np.full(len(x), np.nan), np.zeros(len(x), dtype=np.int64)
    pairs = Pairs(
        x=x,
        y=y,
        n=none,
        n_controls=none,
        r=nothing,
        ci_low=nothing,
        ci_high=nothing,
        p=nothing,
        n_shared=none,
        r_disjoint=nothing,
        notes=[note] * len(x),
    )
    return _table([pairs], asked.variables, task)


def _as_read(table: pa.Table) -> pa.Table:
    """With texts as they are read from the file of a task."""
    import pyarrow as pa

    texts = pa.dictionary(pa.int32(), pa.string())
    return table.cast(
        pa.schema(
            [
                pa.field(one.name, texts if pa.types.is_large_string(one.type) else one.type)
                for one in table.schema
            ]
        )
    )


_FRIEDMAN: tuple[tuple[str, str, Any], ...] = (
    ("friedman_chi2", "chi2", float),
    ("friedman_p", "p", float),
    ("kendalls_w", "kendalls_w", float),
    ("p_genes_of_w", "p_genes", float),
)


def schema() -> pa.Schema:
    """The types of the rows of associations."""
    import pyarrow as pa

    texts = ("tumor_type", "x", "y", "method", "note")
    counts = ("n", "n_shared_genes", "n_controls")
    kinds = dict.fromkeys(texts, pa.string()) | dict.fromkeys(counts, pa.int64())
    return pa.schema([(name, kinds.get(name, pa.float64())) for name in COLUMNS])


def _table(found: Sequence[Pairs], variables: Sequence[Variable], task: Task) -> pa.Table:
    """Pairs as rows; names as dictionaries, as there are few."""
    import pyarrow as pa

    names = [one.name for one in variables]
    notes = pa.array([note for one in found for note in one.notes], pa.string())
    size = len(notes)

    def joined(field: str) -> NDArray[Any]:
        return np.concatenate([getattr(one, field) for one in found])

    def named(values: Sequence[str], places: NDArray[Any]) -> pa.DictionaryArray:
        return pa.DictionaryArray.from_arrays(
            places.astype(np.int32), pa.array(values, pa.string())
        )

    nowhere = np.zeros(size, dtype=np.int32)
    columns: dict[str, Any] = {
        "tumor_type": named([task.tumor_type], nowhere),
        "x": named(names, joined("x")),
        "y": named(names, joined("y")),
        "method": named([task.method], nowhere),
        "n": joined("n"),
        **{name: pa.array(joined(name), from_pandas=True) for name in _NUMBERS},
        **{name: pa.nulls(size, pa.float64()) for name in _NULLS},
        "n_shared_genes": joined("n_shared"),
        "r_disjoint": pa.array(joined("r_disjoint"), from_pandas=True),
        "note": notes.dictionary_encode(),
        "n_controls": joined("n_controls"),
    }
    return pa.table({name: columns[name] for name in COLUMNS})
