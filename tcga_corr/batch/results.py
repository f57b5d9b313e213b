"""The tables of a run, made of the rows of its tasks: with q over all of them, and pooled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.correlate_by import pooled_difference
from tcga_corr.analysis.differential.fit import TEXT_COLUMNS
from tcga_corr.analysis.pool import POOLED_NULL_COLUMNS, Adjusted, pooled_columns
from tcga_corr.analysis.samples.cohort import Vector
from tcga_corr.analysis.survival import SURVIVAL_SCHEMA
from tcga_corr.batch.compute import HIDDEN, empty_columns, failed_rows, repeated
from tcga_corr.batch.differential import as_texts, settings_of, summary_of_task, without_hidden
from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.plan import Plan, TableName, Task
from tcga_corr.errors import StoreError, one_line
from tcga_corr.exchange import FORMULA
from tcga_corr.files import replacing, sha256_of
from tcga_corr.stats.adjustment import benjamini_hochberg
from tcga_corr.vocabulary.associations import (
    ASSOCIATION,
    LEVEL_OF_DIFFERENCE,
    LEVEL_OF_POOLED,
    OF_STRATA,
    P_OF_Q,
    SIGNIFICANT,
)

if TYPE_CHECKING:
    import pyarrow as pa

ASSOCIATIONS: TableName = "associations"
POOLED: TableName = "pooled"
DOMINANCE: TableName = "dominance"
SURVIVAL: TableName = "survival"
DIFFERENTIAL: TableName = "differential"
SUMMARY = "differential_summary"
_COUNTS = ("rows", "with_r", "positive", "negative")
_CALLS = {"with_r": "n_tested", "positive": "n_up", "negative": "n_down"}
_TEXTS: dict[TableName, list[str]] = {
    ASSOCIATIONS: [column.name for column in ASSOCIATION if column.type == "text"],
    POOLED: ["x", "y", "note"],
    DOMINANCE: ["tumor_type", "scale", "set", "note"],
    SURVIVAL: [name for name, kind in SURVIVAL_SCHEMA.items() if kind is str],
    DIFFERENTIAL: [*TEXT_COLUMNS, "found"],
}
_STRATA = [column.name for column in OF_STRATA]
_OF_DIFFERENCES = ["n", "p", "delta_z", "variance", "cochran_q", "df"]
_NUMBERS = (
    "r", "n", "n_controls", "p", "z_genes", "r_disjoint", "r_purity", "n_purity",
)  # fmt: skip
# how many rows are written, and pairs pooled, at a time: this bounds the memory
_ROWS_AT_ONCE = 262_144
_PAIRS_AT_ONCE = 16_384


def association_tasks(plan: Plan) -> list[Task]:
    """The tasks whose rows are associations."""
    return [task for task in plan.tasks if task.table == ASSOCIATIONS]


def blocks(tasks: Sequence[Task]) -> list[list[Task]]:
    """The tasks in groups, each of one analysis and method: ``q_genes`` is over their rows."""
    groups: dict[Any, list[Task]] = {}
    for task in tasks:
        groups.setdefault((task.analysis, task.method), []).append(task)
    return list(groups.values())


def row_slices(plan: Plan) -> dict[int, slice]:
    """By a task's number, its rows in its table."""
    slices = {}
    ends: Counter[str] = Counter()
    groups = by_pairs(association_tasks(plan))
    pooled = {_pairs_key(tasks[0]): tasks[0].n_rows for tasks in groups if len(tasks) > 1}
    starts = dict(zip(pooled, accumulate([0, *pooled.values()]), strict=False))
    for task in plan.tasks:
        start = starts[_pairs_key(task)] if task.table == POOLED else ends[task.table]
        ends[task.table] = start + task.n_rows
        slices[task.number] = slice(start, start + task.n_rows)
    return slices


def _pairs_key(task: Task) -> tuple[str, str, str, int, int]:
    """What tasks of the same pairs and stratum, or of the same variables, have in common."""
    return task.analysis, task.method, task.stratum, task.start, task.end


def by_pairs(tasks: Sequence[Task]) -> list[list[Task]]:
    """The tasks in groups, each of the same pairs and stratum in all tumor types."""
    groups: dict[Any, list[Task]] = {}
    for task in tasks:
        groups.setdefault(_pairs_key(task), []).append(task)
    return list(groups.values())


class RunTables:
    """The tables of a run, made from the rows of its tasks."""

    def __init__(self, folder: RunFolder, plan: Plan) -> None:
        self._folder, self._plan = folder, plan
        self._correlated = association_tasks(plan)
        self._slices = row_slices(plan)
        self._pooled = {_pairs_key(task): task for task in plan.tasks if task.table == POOLED}
        self._q, self._p = np.full((2, sum(task.n_rows for task in self._correlated)), np.nan)
        self._q_genes: dict[int, Vector] = {}  # by task, of analyses that have p_genes
        self._by_q_genes: set[int] = set()  # tasks of blocks of which any row has p_genes
        self._counts: dict[tuple[str, str], Counter[str]] = {}
        self._counted_by: dict[tuple[str, str], str] = {}

    def write(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Write the tables of all tasks; the same bytes in whatever order the tasks were run.

        The rows of a task that failed are of no sample, with the reason in their note. ``q`` is
        over the tumor types of a pair, ``q_genes`` over the rows of an analysis and method, and
        ``q_batch`` over all rows of the run but those that compare strata (all by Benjamini &
        Hochberg). A pair, or a comparison, in several tumor types has a row in ``pooled`` too, by
        random effects. Of survival, ``q`` is over the tumor types of a variable.

        Returns
        -------
        The file name of each table to its sha256 and number of rows; and by analysis and method,
        the number of rows, of those with an r, and of those that are significant in either
        direction: by q_genes and the sign of z_genes where there is any, or else by q_batch.
        """
        self._adjust_p_genes()
        pooled = [table for tasks in by_pairs(self._correlated) for table in self._pool(tasks)]
        q_batch = benjamini_hochberg(self._p)
        written: dict[str, Any] = {}
        if self._correlated:
            written |= self._write(ASSOCIATIONS, self._with_q(q_batch))
        if pooled:
            written |= self._write(POOLED, iter([_pooled_table(pooled)]))
        dominance = [task for task in self._plan.tasks if task.table == DOMINANCE]
        if dominance:
            parts = (self._with_settings(task, self._rows(task)) for task in dominance)
            written |= self._write(DOMINANCE, parts)
            for task in dominance:
                self._counts.setdefault((task.analysis, ""), Counter())["rows"] += task.n_rows
        survival = [task for task in self._plan.tasks if task.table == SURVIVAL]
        if survival:
            written |= self._write(SURVIVAL, self._survival(survival))
        differential = [task for task in self._plan.tasks if task.table == DIFFERENTIAL]
        if differential:
            summaries: list[pa.Table] = []
            written |= self._write(DIFFERENTIAL, self._differential(differential, summaries))
            written |= self._write(SUMMARY, iter(summaries))
        return written, [
            {
                "analysis": analysis,
                "method": method,
                **{name: count.get(name) for name in _COUNTS},
                "counted_by": self._counted_by.get((analysis, method), ""),
            }
            for (analysis, method), count in self._counts.items()
        ]

    def _adjust_p_genes(self) -> None:
        for tasks in blocks(self._correlated):
            if "genes" not in self._plan.analysis(tasks[0].analysis).null:
                continue
            q = benjamini_hochberg(
                np.concatenate([self._rows(task)["p_genes"].to_numpy() for task in tasks])
            )
            parts = np.split(q, np.cumsum([task.n_rows for task in tasks])[:-1])
            self._q_genes |= zip((task.number for task in tasks), parts, strict=True)
            if not np.isnan(q).all():
                self._by_q_genes |= {task.number for task in tasks}

    def _pool(self, tasks: Sequence[Task]) -> Iterator[pa.Table]:
        """Fill in q and p of tasks of the same pairs, and give the pairs pooled."""
        import pyarrow as pa

        analysis = self._plan.analysis(tasks[0].analysis)
        if tasks[0].way == "differences":
            yield from self._pool_differences(tasks)
            return
        method = tasks[0].method or "pearson"
        task_of_nulls = self._pooled.get(_pairs_key(tasks[0]))
        nulls = None if task_of_nulls is None else self._rows(task_of_nulls)
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
            q_genes = None
            if tasks[0].number in self._q_genes:
                q_genes = np.stack([self._q_genes[task.number][start:end] for task in tasks])
            for task, q_of_task, p_of_task in zip(tasks, own_q, columns["p"], strict=True):
                first = self._slices[task.number].start
                self._q[first + start : first + end] = q_of_task
                self._p[first + start : first + end] = p_of_task
            size, begin, start = end - start, start, end
            if len(analysis.tumor_types) < 2:
                continue
            r, n, n_controls = (columns[name] for name in ("r", "n", "n_controls"))
            adjusted = Adjusted(own_q, q_genes, columns["z_genes"])
            disjoint, purity = columns["r_disjoint"], (columns["r_purity"], columns["n_purity"])
            found = pooled_columns(r, n, n_controls, adjusted, disjoint, method, purity)
            del found["q"]
            texts = {
                "x": batches[0].column("x"),
                "y": batches[0].column("y"),
                "method": repeated(method, batches[0].num_rows),
            }
            table = pa.table({**texts, **_with_nulls(found, nulls and nulls.slice(begin, size))})
            yield self._pooled_with_settings(tasks[0], table)

    def _pool_differences(self, tasks: Sequence[Task]) -> Iterator[pa.Table]:
        """As :meth:`_pool`, of one comparison of strata; its p is not among those of q_batch."""
        import pyarrow as pa

        label = tasks[0].stratum
        tables = [self._rows(task) for task in tasks]
        p = np.stack([table["p"].to_numpy() for table in tables])
        for task, q in zip(tasks, benjamini_hochberg(p), strict=True):
            self._q[self._slices[task.number]] = q
        if len(tasks) < 2:
            return
        rows = []
        by_type = [table.select(_OF_DIFFERENCES).to_pylist() for table in tables]
        for of_pair in zip(*by_type, strict=True):
            known = [row for row in of_pair if row["p"] is not None]
            row = {"n_types": len(known), "n": sum(one["n"] for one in known)}
            if len(known) > 1:
                row |= pooled_difference(known, label)
            else:
                row["note"] = "nothing is pooled: fewer than two tumor types have the difference"
            rows.append(row)
        names = ("n_types", "n", "ci_low", "ci_high", "p", "delta_z", "note")
        columns = {name: pa.array([row.get(name) for row in rows]) for name in names}
        numbers = ("ci_low", "ci_high", "p", "delta_z")
        columns |= {name: columns[name].cast(pa.float64()) for name in numbers}
        columns["note"] = columns["note"].dictionary_encode()
        texts = {"x": tables[0]["x"], "y": tables[0]["y"]}
        method = repeated(tasks[0].method, len(rows))
        table = pa.table({**texts, "method": method, **columns})
        yield self._pooled_with_settings(tasks[0], table)

    def _pooled_with_settings(self, task: Task, table: pa.Table) -> pa.Table:
        """Pooled rows of a stratum or comparison, with all that is not in every table at the end.

        ``level`` says which of them it is.
        """
        import pyarrow as pa

        size = table.num_rows
        level = LEVEL_OF_DIFFERENCE if task.way == "differences" else LEVEL_OF_POOLED
        own = {"stratum": _text(task.stratum, size), "level": repeated(level, size)}
        delta = {name: pa.nulls(size, pa.float64()) for name in _STRATA}
        if "delta_z" in table.column_names:
            delta["delta_z"] = table["delta_z"]
            table = table.drop_columns(["delta_z"])
        table = self._with_settings(task, table)
        for name, values in (own | delta).items():
            table = table.append_column(name, values)
        return table

    def _survival(self, tasks: Sequence[Task]) -> Iterator[pa.Table]:
        """The rows of survival, with q over the tumor types of each variable."""
        import pyarrow as pa

        tables = {task.number: self._rows(task) for task in tasks}
        q = {number: np.full(table.num_rows, np.nan) for number, table in tables.items()}
        for own in by_pairs([task for task in tasks if task.way == "survival"]):
            p = np.stack([tables[task.number]["p"].to_numpy() for task in own])
            adjusted = benjamini_hochberg(p)
            q |= zip((task.number for task in own), adjusted, strict=True)
        for task in tasks:
            count = self._counts.setdefault((task.analysis, ""), Counter())
            table = tables[task.number]
            hr = table["hr"].to_numpy()
            if task.tumor_type:
                count["rows"] += table.num_rows
                count["with_r"] += int((~np.isnan(hr)).sum())
                count["positive"] += int(((q[task.number] < SIGNIFICANT) & (hr > 1)).sum())
                count["negative"] += int(((q[task.number] < SIGNIFICANT) & (hr < 1)).sum())
                self._counted_by[task.analysis, ""] = "q"
            place = table.column_names.index("p") + 1
            values = pa.array(q[task.number], from_pandas=True)
            yield self._with_settings(task, table.add_column(place, "q", values))

    def _differential(self, tasks: Sequence[Task], summaries: list[pa.Table]) -> Iterator[pa.Table]:
        """The rows of differential expression; those of the summary are put into a list."""
        for task in tasks:
            table = self._rows(task)
            settings = settings_of(self._plan.analysis(task.analysis))
            summary = summary_of_task(table, settings)
            count = self._counts.setdefault((task.analysis, ""), Counter())
            count["rows"] += table.num_rows
            for name, column in _CALLS.items():
                count[name] += int(summary[column].sum())
            self._counted_by[task.analysis, ""] = "calls"
            summaries.append(self._with_settings(task, as_texts(summary)))
            yield self._with_settings(task, without_hidden(table))

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
            table = self._rows(task).drop_columns(list(HIDDEN))
            part = self._slices[task.number]
            r = table["r"].to_numpy()
            q_genes = self._q_genes.get(task.number, np.full(len(r), np.nan))
            key = task.analysis, task.method
            by_genes = task.number in self._by_q_genes
            self._counted_by[key] = "q_genes" if by_genes else "q_batch"
            q, direction = q_batch[part], r
            if by_genes:
                q, direction = q_genes, table["z_genes"].to_numpy()
            count = self._counts.setdefault(key, Counter())
            count["rows"] += len(r)
            count["with_r"] += int((~np.isnan(r)).sum())
            count["positive"] += int(((q < SIGNIFICANT) & (direction > 0)).sum())
            count["negative"] += int(((q < SIGNIFICANT) & (direction < 0)).sum())
            for after, name, values in (
                ("p", "q", self._q[part]),
                ("q", "q_batch", q_batch[part]),
                ("p_genes", "q_genes", q_genes),
            ):
                place = table.column_names.index(after) + 1
                table = table.add_column(place, name, pa.array(values, from_pandas=True))
            table = self._with_settings(task, table)
            others = [name for name in table.column_names if name not in _STRATA]
            yield table.select([*others, *_STRATA])

    def _rows(self, task: Task) -> pa.Table:
        if not self._folder.is_done(task):
            reason = self._folder.record(task).get("error", "interrupted")
            return failed_rows(self._plan, task, str(reason))
        with _opened(self._folder, task) as file:
            return file.read()

    def _with_settings(self, task: Task, table: pa.Table) -> pa.Table:
        """Rows with the name of their analysis before them, and its settings after."""
        analysis = self._plan.analysis(task.analysis)
        cutting = analysis.cutting
        place = analysis.tumor_types.index(task.tumor_type) if task.tumor_type else 0
        compared = analysis.differential
        settings = {
            "source": analysis.source,
            "samples": compared.samples if compared else analysis.scope.samples,
            "ties": analysis.scope.ties,
            "by": compared.by if compared else "",
            "pair": (compared.pair or "") if compared else "",
            "adjust": ",".join(variable.name for variable in analysis.adjust),
            "where": " and ".join(analysis.scope.where),
            "unit": analysis.units[place],
        }
        for name in ("ties",) if compared else ("by", "pair"):
            del settings[name]
        for name, value in settings.items():
            table = table.append_column(name, repeated(value, table.num_rows))
        if task.table == ASSOCIATIONS:
            name = cutting.by if cutting else ""
            table = table.append_column("cut_by", _text(name, table.num_rows))
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


def _with_nulls(
    found: Mapping[str, NDArray[Any]], nulls: pa.Table | None
) -> dict[str, pa.ChunkedArray]:
    """Columns of pooled pairs, with those of the nulls after p, and their notes."""
    import pyarrow as pa

    size = len(found["r"])
    names = (*POOLED_NULL_COLUMNS, "note")
    beside = empty_columns(names, size) if nulls is None else {name: nulls[name] for name in names}
    columns: dict[str, Any] = {}
    for name, values in found.items():
        columns[name] = pa.array(values, from_pandas=True)
        if name == "p":
            columns |= {name: beside[name] for name in POOLED_NULL_COLUMNS}
    return columns | {"note": beside["note"]}


def _pooled_table(parts: Sequence[pa.Table]) -> pa.Table:
    """The pooled rows of the run.

    q and q_genes are over those of an analysis, method and stratum, or comparison of strata.
    """
    import pyarrow as pa

    blocks: dict[tuple[str, ...], list[pa.Table]] = {}
    for part in parts:
        key = tuple(part[name][0].as_py() for name in ("analysis", "method", "stratum"))
        blocks.setdefault(key, []).append(part)
    tables = []
    for block in blocks.values():
        table = pa.concat_tables(block).unify_dictionaries()
        for q, p in P_OF_Q.items():
            if p not in table.column_names:  # as nothing compares differences with random genes
                continue
            values = pa.array(benjamini_hochberg(table[p].to_numpy()), from_pandas=True)
            table = table.add_column(table.column_names.index(p) + 1, q, values)
        tables.append(table)
    # of differences many columns are empty
    order = max((table.column_names for table in tables), key=len)
    whole = pa.concat_tables(tables, promote_options="default").unify_dictionaries()
    return whole.select(order)


def _text(text: str, size: int) -> pa.Array:
    """A column of one text; of an empty text an empty column."""
    import pyarrow as pa

    return repeated(text, size) if text else pa.nulls(size, pa.string()).dictionary_encode()


@contextmanager
def _opened(folder: RunFolder, task: Task) -> Iterator[Any]:
    """The file of a task's rows; a damaged one is reported in one line, and removed."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder.rows_path(task)
    texts = _TEXTS[task.table]
    try:
        if not folder.rows_are_whole(task):
            raise OSError("not the rows of its record")
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
