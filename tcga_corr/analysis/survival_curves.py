"""Kaplan-Meier curves of the samples with low and high values of a variable, in each tumor type.

Groups are cut at the median or at the thirds of the analysed samples, never at a value that was
searched for: the smallest of many p-values is small of random numbers too (Altman et al. 1994, J.
Natl. Cancer Inst. 86:829, doi:10.1093/jnci/86.11.829).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.answer import Answer, CohortData, Query, ScopeQuery
from tcga_corr.analysis.naming.names import Item, Items
from tcga_corr.analysis.samples.cohort import Vector, join_notes, matching_notes
from tcga_corr.analysis.samples.follow_up import FollowUp, check_not_endpoint, find_endpoint
from tcga_corr.choices import CUTS, Cut, check_choice
from tcga_corr.stats.kaplan_meier import Curve, curve, log_rank_p

Groups = NDArray[np.int64]

GROUPS: dict[Cut, tuple[str, ...]] = {
    "median": ("low", "high"),
    "tertiles": ("low", "middle", "high"),
}
"""The names of the groups of each cut, from low values to high ones."""
CURVE_SCHEMA: dict[str, Any] = {
    "tumor_type": str, "x": str, "endpoint": str, "group": str, "time": float, "n_at_risk": int,
    "n_events": int, "n_left": int, "share": float, "ci_low": float, "ci_high": float,
    "log_rank_p": float, "note": str,
}  # fmt: skip


@dataclass(frozen=True)
class CurvesQuery(Query):
    """A question of :func:`survival_curves`."""

    x: str
    endpoint: str
    cut: Cut
    adjust: list[str]
    scope: ScopeQuery


@dataclass(frozen=True)
class CurvesAnswer(Answer):
    """An answer of :func:`survival_curves`: a row per tumor type, group and time.

    ``share`` is that without an event after the time, ``n_at_risk`` are observed until then or
    longer; the first row of a group is of time 0. A tumor type without curves has one row, with the
    reason in ``note``.
    """

    query: CurvesQuery


def survival_curves(
    data: CohortData, x: Item, endpoint: str = "OS", cut: Cut = "median", adjust: Items = ()
) -> CurvesAnswer:
    """See :meth:`tcga_corr.Engine.survival_curves`."""
    import polars as pl

    check_choice("cut", cut, CUTS)
    variable = data.names.variable(x)
    found = find_endpoint(data.names, data.cohorts, endpoint)
    controls = data.names.controls(adjust, (variable,))
    check_not_endpoint(found, [variable, *controls])
    followed = [FollowUp.of(cohort, found, variable, controls) for cohort in data.cohorts]
    rows = [row for one in followed for row in _rows(one, cut)]
    query = CurvesQuery(
        x=variable.name,
        endpoint=found.name,
        cut=cut,
        adjust=[one.name for one in controls],
        scope=data.query,
    )
    return data.answer(
        CurvesAnswer,
        pl.DataFrame(rows, schema=CURVE_SCHEMA).fill_nan(None),
        query,
        (variable, *controls, found.event, found.time),
        matching_notes([one for each in followed for one in each.measured]),
    )


def groups_of(values: Vector, cut: Cut) -> Groups | None:
    """The group of each value, from 0; None where equal values leave a group without any.

    A value at a cut belongs to the lower group.
    """
    n_groups = len(GROUPS[cut])
    cuts = np.quantile(values, np.arange(1, n_groups) / n_groups)
    groups: Groups = np.searchsorted(cuts, values, side="left").astype(np.int64)
    return groups if len(np.unique(groups)) == n_groups else None


def _rows(follow_up: FollowUp, cut: Cut) -> list[dict[str, Any]]:
    about: dict[str, Any] = {
        "tumor_type": follow_up.cohort.tumor_type,
        "x": follow_up.x.name,
        "endpoint": follow_up.endpoint.name,
    }
    mark, reason = follow_up.cohort.mark, follow_up.reason(0)
    groups = None if reason else groups_of(follow_up.values, cut)
    if groups is None:
        reason = reason or f"no groups: too many samples have the same {follow_up.x.name}"
        return [{**about, "note": join_notes(mark, reason)}]
    time, event = follow_up.times, follow_up.events
    about |= {
        "log_rank_p": log_rank_p(time, event, groups),
        "note": join_notes(mark, follow_up.left_out),
    }
    return [
        {**about, "group": name, **row}
        for number, name in enumerate(GROUPS[cut])
        for row in steps_of(curve(time[groups == number], event[groups == number]))
    ]


def steps_of(found: Curve) -> list[dict[str, Any]]:
    """A row for time 0, then one for each time of a curve."""
    columns = {
        "time": found.time, "n_at_risk": found.n_at_risk, "n_events": found.n_events,
        "n_left": found.n_left, "share": found.share, "ci_low": found.low, "ci_high": found.high,
    }  # fmt: skip
    start = [0.0, int(found.n_at_risk[0]), 0, 0, 1.0, None, None]
    steps = zip(*(values.tolist() for values in columns.values()), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in (start, *steps)]
