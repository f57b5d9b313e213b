"""The tables of a run, made of the rows of its tasks: with q over all of them, and pooled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tcga_corr.analysis.cohort import Vector
from tcga_corr.analysis.pool import pooled_columns
from tcga_corr.batch.compute import failed_rows, repeated
from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.plan import Plan, Task
from tcga_corr.errors import StoreError, one_line
from tcga_corr.exchange import FORMULA
from tcga_corr.files import replacing, sha256_of
from tcga_corr.stats.adjustment import benjamini_hochberg
from tcga_corr.vocabulary.associations import ASSOCIATION, SIGNIFICANT

if TYPE_CHECKING:
    import pyarrow as pa

ASSOCIATIONS, POOLED, DOMINANCE = "associations", "pooled", "dominance"
_COUNTS = ("rows", "with_r", "positive", "negative")
_TEXTS = [column.name for column in ASSOCIATION if column.type == "text"]
_TEXTS_OF_DOMINANCE = ["tumor_type", "scale", "set", "note"]
_NUMBERS = ("r", "n", "n_controls", "p", "r_disjoint")
# how many rows are written, and pairs pooled, at a time: this bounds the memory
_ROWS_AT_ONCE = 262_144
_PAIRS_AT_ONCE = 16_384


def association_tasks(plan: Plan) -> list[Task]:
    """The tasks whose rows are associations."""
    return [task for task in plan.tasks if task.way != "dominance"]


def row_slices(plan: Plan) -> dict[int, slice]:
    """By a task's number, its rows in the table: of associations, or of dominance."""
    slices = {}
    ends: Counter[bool] = Counter()
    for task in plan.tasks:
        start = ends[task.way == "dominance"]
        ends[task.way == "dominance"] += task.n_rows
        slices[task.number] = slice(start, start + task.n_rows)
    return slices


def by_pairs(tasks: Sequence[Task]) -> list[list[Task]]:
    """The tasks in groups, each of the same pairs in all tumor types."""
    groups: dict[Any, list[Task]] = {}
    for task in tasks:
        groups.setdefault((task.analysis, task.method, task.start, task.end), []).append(task)
    return list(groups.values())


class RunTables:
    """The tables of a run, made from the rows of its tasks."""

    def __init__(self, folder: RunFolder, plan: Plan) -> None:
        self._folder, self._plan = folder, plan
        self._correlated = association_tasks(plan)
        self._slices = row_slices(plan)
        self._q, self._p = np.full((2, sum(task.n_rows for task in self._correlated)), np.nan)
        self._counts: dict[tuple[str, str], Counter[str]] = {}

    def write(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Write the tables of all tasks; the same bytes in whatever order the tasks were run.

        The rows of a task that failed are of no sample, with the reason in their note. ``q`` is
        over the tumor types of a pair, ``q_batch`` over all rows of the run (both by Benjamini &
        Hochberg). A pair in several tumor types has a row in ``pooled`` too, by random effects.

        Returns
        -------
        The file name of each table to its sha256 and number of rows; and by analysis and method,
        the number of rows, of those with an r, and of those that are significant (q_batch < 0.05)
        in either direction.
        """
        pooled = [table for tasks in by_pairs(self._correlated) for table in self._pool(tasks)]
        q_batch = benjamini_hochberg(self._p)
        written: dict[str, Any] = {}
        if self._correlated:
            written |= self._write(ASSOCIATIONS, self._with_q(q_batch))
        if pooled:
            written |= self._write(POOLED, iter([_pooled_table(pooled)]))
        dominance = [task for task in self._plan.tasks if task.way == "dominance"]
        if dominance:
            parts = (self._with_settings(task, self._rows(task)) for task in dominance)
            written |= self._write(DOMINANCE, parts)
            for task in dominance:
                self._counts.setdefault((task.analysis, ""), Counter())["rows"] += task.n_rows
        return written, [
            {"analysis": analysis, "method": method, **{name: count.get(name) for name in _COUNTS}}
            for (analysis, method), count in self._counts.items()
        ]

    def _pool(self, tasks: Sequence[Task]) -> Iterator[pa.Table]:
        """Fill in q and p of tasks of the same pairs, and give the pairs pooled."""
        import pyarrow as pa

        analysis = self._plan.analysis(tasks[0].analysis)
        method = tasks[0].method or "pearson"
        start = 0
        for batches in zip(*(self._batches(task) for task in tasks), strict=True):
            columns = {
                name: np.stack(
                    [part.column(name).to_numpy(zero_copy_only=False) for part in batches]
                )
                for name in _NUMBERS
            }
            end = start + columns["r"].shape[1]
            own_q = benjamini_hochberg(columns["p"])
            for task, q_of_task, p_of_task in zip(tasks, own_q, columns["p"], strict=True):
                first = self._slices[task.number].start
                self._q[first + start : first + end] = q_of_task
                self._p[first + start : first + end] = p_of_task
            start = end
            if len(analysis.tumor_types) < 2:
                continue
            r, n, n_controls = (columns[name] for name in ("r", "n", "n_controls"))
            found = pooled_columns(r, n, n_controls, own_q, columns["r_disjoint"], method)
            del found["q"]
            texts = {
                "x": batches[0].column("x"),
                "y": batches[0].column("y"),
                "method": repeated(method, batches[0].num_rows),
            }
            numbers = {name: pa.array(values, from_pandas=True) for name, values in found.items()}
            yield self._with_settings(tasks[0], pa.table({**texts, **numbers}))

    def _batches(self, task: Task) -> Iterator[pa.RecordBatch]:
        """The columns from which the pairs of a task are pooled, some pairs at a time."""
        names = ["x", "y", *_NUMBERS]
        if not self._folder.is_done(task):
            yield from self._rows(task).select(names).to_batches(_PAIRS_AT_ONCE)
            return
        with _opened(self._folder, task) as file:
            yield from file.iter_batches(_PAIRS_AT_ONCE, columns=names)

    def _with_q(self, q_batch: Vector) -> Iterator[pa.Table]:
        import pyarrow as pa

        for task in self._correlated:
            table = self._rows(task).drop_columns(["n_controls"])
            part = self._slices[task.number]
            significant = q_batch[part] < SIGNIFICANT
            r = table["r"].to_numpy()
            count = self._counts.setdefault((task.analysis, task.method), Counter())
            count["rows"] += len(r)
            count["with_r"] += int((~np.isnan(r)).sum())
            count["positive"] += int((significant & (r > 0)).sum())
            count["negative"] += int((significant & (r < 0)).sum())
            place = table.column_names.index("p") + 1
            for name, values in (("q_batch", q_batch), ("q", self._q)):
                table = table.add_column(place, name, pa.array(values[part], from_pandas=True))
            yield self._with_settings(task, table)

    def _rows(self, task: Task) -> pa.Table:
        if not self._folder.is_done(task):
            reason = self._folder.record(task).get("error", "interrupted")
            return failed_rows(self._plan, task, str(reason))
        with _opened(self._folder, task) as file:
            return file.read()

    def _with_settings(self, task: Task, table: pa.Table) -> pa.Table:
        """Rows with the name of their analysis before them, and its settings after."""
        analysis = self._plan.analysis(task.analysis)
        settings = {
            "source": analysis.source,
            "samples": analysis.scope.samples,
            "ties": analysis.scope.ties,
            "adjust": ",".join(variable.name for variable in analysis.adjust),
            "unit": analysis.units[analysis.tumor_types.index(task.tumor_type)],
        }
        for name, value in settings.items():
            table = table.append_column(name, repeated(value, table.num_rows))
        return table.add_column(0, "analysis", repeated(analysis.name, table.num_rows))

    def _write(self, name: str, parts: Iterator[pa.Table]) -> dict[str, Any]:
        """Write a table in every format of the spec, some rows at a time."""
        import polars as pl

        paths = {ending: self._folder.path / f"{name}.{ending}" for ending in self._plan.outputs}
        n_rows = 0
        with ExitStack() as stack:
            partial = {
                ending: stack.enter_context(replacing(path)) for ending, path in paths.items()
            }
            parquet: Any = None
            text = stack.enter_context(partial["tsv"].open("wb")) if "tsv" in partial else None
            for rows in _collected(parts):
                if parquet is None:
                    parquet = _parquet_writer(partial["parquet"], rows.schema)
                    stack.enter_context(parquet)
                parquet.write_table(rows, row_group_size=_ROWS_AT_ONCE)
                if text is not None:
                    frame = pl.DataFrame(pl.from_arrow(rows)).with_columns(
                        pl.col(pl.Categorical)
                        .cast(pl.String)
                        .replace("", None)
                        .str.replace(FORMULA, "'$0")
                    )
                    frame.write_csv(text, separator="\t", include_header=not n_rows)
                n_rows += rows.num_rows
        return {path.name: {"rows": n_rows, "sha256": sha256_of(path)} for path in paths.values()}


def _pooled_table(parts: Sequence[pa.Table]) -> pa.Table:
    """The pooled rows of the run, with q over all of them."""
    import pyarrow as pa

    table = pa.concat_tables(parts).unify_dictionaries()
    q = pa.array(benjamini_hochberg(table["p"].to_numpy()), from_pandas=True)
    return table.add_column(table.column_names.index("p") + 1, "q", q)


@contextmanager
def _opened(folder: RunFolder, task: Task) -> Iterator[Any]:
    """The file of a task's rows; a damaged one is reported in one line, and removed."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder.rows_path(task)
    texts = _TEXTS_OF_DOMINANCE if task.way == "dominance" else _TEXTS
    try:
        yield pq.ParquetFile(path, read_dictionary=texts, page_checksum_verification=True)
    except (OSError, pa.ArrowException) as error:
        path.unlink(missing_ok=True)
        raise StoreError(
            f"{path}: was damaged, and is removed ({one_line(error)})",
            "Run again: it is computed anew",
        ) from error


def _parquet_writer(path: Path, schema: pa.Schema) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = [field.name for field in schema if not pa.types.is_floating(field.type)]
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        use_dictionary=texts,
        write_page_checksum=True,
        store_schema=False,
    )


def _collected(parts: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """The same rows in larger pieces."""
    import pyarrow as pa

    waiting: list[pa.Table] = []
    count = 0
    for part in parts:
        waiting.append(part)
        count += part.num_rows
        if count >= _ROWS_AT_ONCE:
            yield pa.concat_tables(waiting).unify_dictionaries().combine_chunks()
            waiting, count = [], 0
    if waiting:
        yield pa.concat_tables(waiting).unify_dictionaries().combine_chunks()
