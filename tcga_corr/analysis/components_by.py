"""How covariates go with principal components: r squared of numbers, eta squared of categories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.stats.correlation import MIN_SAMPLES, correlate_rows, note_of_few
from tcga_corr.stats.groups import MIN_GROUP, compare_many
from tcga_corr.stats.methods import p_of_r

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

COVARIATES_SCHEMA: dict[str, Any] = {
    "tumor_type": str, "covariate": str, "component": str, "n": int, "measure": str,
    "share": float, "p": float, "q": float, "note": str,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Described:
    """A covariate of the samples of every tumor type.

    Attributes
    ----------
    name
        Its name.
    values
        A vector for each tumor type, NaN where a sample has none; of a category the number of its
        level.
    is_category
        Whether the values are levels.
    """

    name: str
    values: Sequence[Vector]
    is_category: bool


def go_with_components(
    parts: Sequence[tuple[str, Matrix]], covariates: Sequence[Described]
) -> list[dict[str, Any]]:
    """The share of each component's variance that goes with each covariate, and its p.

    Of a number ``r2``, Pearson's r squared, of a category ``eta2``, the share between its levels,
    with the p of the analysis of variance; levels of fewer than 3 samples are left out.

    Parameters
    ----------
    parts
        Of each tumor type its name and coordinates, components x samples.
    covariates
        The covariates.

    Returns
    -------
    A row per tumor type, covariate and component by ``COVARIATES_SCHEMA``, but for q.
    """
    return [
        row
        for place, (tumor_type, scores) in enumerate(parts)
        for one in covariates
        for row in _rows(tumor_type, scores, one.name, one.values[place], one.is_category)
    ]


def _rows(
    tumor_type: str, scores: Matrix, name: str, values: Vector, is_category: bool
) -> list[dict[str, Any]]:
    kept, note = ~np.isnan(values), ""
    if is_category:
        kept, note = _of_large_levels(values)
    n = int(kept.sum())
    found = (_eta2 if is_category else _r2)(values[kept], scores[:, kept])
    return [
        {
            "tumor_type": tumor_type,
            "covariate": name,
            "component": f"pc{number}",
            "n": n,
            "measure": "eta2" if is_category else "r2",
            "share": share,
            "p": p,
            "note": "; ".join(filter(None, (reason, note))),
        }
        for number, (share, p, reason) in enumerate(found, start=1)
    ]


def _of_large_levels(values: Vector) -> tuple[NDArray[np.bool_], str]:
    """The samples of levels that have enough, and how many are of others."""
    levels, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    kept = np.isin(values, levels[counts >= MIN_GROUP])
    n_out = int(counts[counts < MIN_GROUP].sum())
    note = f"levels of fewer than {MIN_GROUP} samples are left out: {n_out} samples"
    return kept, note if n_out else ""


def _r2(values: Vector, scores: Matrix) -> list[tuple[float, float, str]]:
    n = len(values)
    if n < MIN_SAMPLES:
        return [(np.nan, np.nan, note_of_few(n, MIN_SAMPLES))] * len(scores)
    r = correlate_rows(np.broadcast_to(values, scores.shape), scores)
    p = p_of_r(r, n, "pearson")
    return [
        (own**2, own_p, "it is constant here" if np.isnan(own) else "")
        for own, own_p in zip(r.tolist(), p.tolist(), strict=True)
    ]


def _eta2(codes: Vector, scores: Matrix) -> list[tuple[float, float, str]]:
    levels = np.unique(codes)
    if len(levels) < 2:
        return [(np.nan, np.nan, "fewer than 2 levels have enough samples")] * len(scores)
    tests = [compare_many([row[codes == level] for level in levels])[0] for row in scores]
    return [(one.effect, one.p, one.note) for one in tests]
