"""The rows of survival in a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tcga_corr.analysis.hazards import AmongRandom, among_random
from tcga_corr.analysis.samples.cohort import Cohort
from tcga_corr.analysis.samples.follow_up import Endpoint
from tcga_corr.analysis.survival import SURVIVAL_SCHEMA, hazard_row, models_of, pooled_hazard
from tcga_corr.batch.plan import PlannedAnalysis, Task
from tcga_corr.vocabulary.associations import LEVEL_OF_POOLED, LEVEL_OF_TUMOR_TYPE

if TYPE_CHECKING:
    import pyarrow as pa

# but for q, for which all tumor types are needed
_COLUMNS = {name: kind for name, kind in SURVIVAL_SCHEMA.items() if name != "q"}


def survival_rows(cohorts: Sequence[Cohort], analysis: PlannedAnalysis, task: Task) -> pa.Table:
    """The rows of a task: of its variables in one tumor type, or pooled over all.

    Parameters
    ----------
    cohorts
        The tumor type, or all.
    analysis, task
        What is computed.
    """
    endpoint = Endpoint(*analysis.endpoint)
    rows = []
    for x in analysis.variables[task.start : task.end]:
        models = models_of(cohorts, endpoint, x, analysis.adjust)
        if task.tumor_type:
            [model] = models
            random = among_random(model, analysis.draws) if analysis.null else AmongRandom()
            rows.append(hazard_row(model, random))
        else:
            found = pooled_hazard(models, analysis.null, analysis.draws)
            rows.append(found.row(x.name, endpoint.name))
    return _table(rows)


def failed_survival_rows(analysis: PlannedAnalysis, task: Task, note: str) -> pa.Table:
    """The rows of a task that failed: of no sample, with the reason."""
    shared = {
        "tumor_type": task.tumor_type or "POOLED",
        "endpoint": Endpoint(*analysis.endpoint).name,
        "n": 0,
        "n_events": 0,
        "level": LEVEL_OF_TUMOR_TYPE if task.tumor_type else LEVEL_OF_POOLED,
        "note": note,
    }
    return _table([{**shared, "x": one.name} for one in analysis.variables[task.start : task.end]])


def _table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Rows as a table; NaN is empty."""
    import polars as pl

    own = [{name: row.get(name) for name in _COLUMNS} for row in rows]
    frame = pl.DataFrame(own, schema=_COLUMNS).fill_nan(None)
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())
