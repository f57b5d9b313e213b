"""How many tasks of a run fit in a memory at the same time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tcga_corr.batch.executors import Workers
from tcga_corr.batch.plan import Plan, Task

# In bytes: a process with all its imports, and what a task needs besides its variables.
_PROCESS, _TASK = 300 << 20, 60 << 20
_PER_ROW = 400
_NULLS = 700_000_000  # random sets, and the terms of all genes
_ARRAYS = 7  # of a variable's size: values, units, three sums, intermediate results
_DRAWS = 750 * 4


def in_turn(
    plan: Plan, tasks: Sequence[Task], workers: Workers
) -> Iterator[tuple[list[Task], Workers]]:
    """The tasks in groups, each with as many workers as fit in their memory; the largest first.

    So a large tumor type does not make all others wait for each other. The workers of a cluster
    have memory of their own.

    Yields
    ------
    tuple
        Tasks, and the workers for them; a group for each number of workers.
    """
    if workers.kind == "dask" or not tasks:
        yield list(tasks), workers
        return
    groups: dict[int, list[Task]] = {}
    for task in tasks:
        count = _fitting(plan, [task], workers.memory, workers.count, workers.kind == "processes")
        groups.setdefault(count, []).append(task)
    for count in sorted(groups):
        yield groups[count], replace(workers, count=count)


def workers_within(plan: Plan, memory: float, most: int, *, apart: bool) -> int:
    """How many of a plan's largest tasks fit in a memory at the same time; at least one.

    Parameters
    ----------
    plan
        The plan of the tasks.
    memory
        In bytes, for all workers.
    most
        Workers at most.
    apart
        Whether each worker is a process of its own.
    """
    return _fitting(plan, plan.tasks, memory, most, apart)


def _fitting(plan: Plan, tasks: Sequence[Task], memory: float, most: int, apart: bool) -> int:
    each = max((_memory_of(plan, task) for task in tasks), default=0)
    shared, own = (0, _PROCESS) if apart else (_PROCESS, 0)
    return int(max(1, min(most, (memory - shared) // (each + own))))


def _memory_of(plan: Plan, task: Task) -> int:
    """About how many bytes a task takes."""
    analysis = plan.analysis(task.analysis)
    if task.way == "dominance":
        n = analysis.n_samples[analysis.tumor_types.index(task.tumor_type)]
        return 2 * _TASK + 8 * _DRAWS * n
    if analysis.differential:
        place = analysis.tumor_types.index(task.tumor_type)
        return analysis.differential.memory(place, analysis.n_samples[place])
    is_pooled = not task.tumor_type
    n = (
        sum(analysis.n_samples)
        if is_pooled
        else analysis.n_samples[analysis.tumor_types.index(task.tumor_type)]
    )
    nulls = _NULLS + 4 * analysis.draws * task.n_rows if analysis.null else 0
    return _TASK + 8 * _ARRAYS * len(analysis.variables) * n + _PER_ROW * task.n_rows + nulls
