"""Associations: the rows that say how two variables vary together in each tumor type."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.stats.adjustment import benjamini_hochberg
from tcga_corr.stats.correlation import Correlations, Method, correlate_groups
from tcga_corr.variables import Cohort, CovariateVariable, Measured, SetVariable, Variable, Vector

if TYPE_CHECKING:
    import polars as pl

# computed against random and real gene sets; empty until they are asked for
_NULL_COLUMNS = ("p_genes", "genes_low", "genes_high", "p_sets", "sets_low", "sets_high")


def association_frame(
    cohorts: Sequence[Cohort],
    pair: Sequence[Variable],
    sides: Sequence[Sequence[Measured]],
    method: Method,
) -> pl.DataFrame:
    """One row per tumor type, in the columns of the command-line contract.

    Parameters
    ----------
    cohorts
        The tumor types.
    pair
        The two variables.
    sides
        For each of the two, what was measured in each tumor type.
    method
        How to correlate.
    """
    import polars as pl

    whole = _correlate_measured(cohorts, pair, sides, method)
    shared = [_shared_genes(pair, x, y) for x, y in zip(*sides, strict=True)]
    disjoint = [
        [cohort.measure(variable, without=genes) if genes else result
         for cohort, result, genes in zip(cohorts, side, shared, strict=True)]
        for variable, side in zip(pair, sides, strict=True)
    ]  # fmt: skip
    apart = whole if not any(shared) else _correlate_measured(cohorts, pair, disjoint, method)
    involves_set = any(isinstance(variable, SetVariable) for variable in pair)
    size = len(cohorts)
    nothing = np.full(size, np.nan)
    columns: dict[str, Any] = {
        "tumor_type": [cohort.tumor_type for cohort in cohorts],
        "x": [pair[0].name] * size,
        "y": [pair[1].name] * size,
        "method": [method] * size,
        "n": whole.n,
        "r": whole.r,
        "ci_low": whole.ci_low,
        "ci_high": whole.ci_high,
        "p": whole.p,
        "q": benjamini_hochberg(whole.p),
        **dict.fromkeys(_NULL_COLUMNS, nothing),
        "n_shared_genes": [len(genes) for genes in shared],
        "r_disjoint": apart.r if involves_set else nothing,
        "note": [
            _note(cohort, [one, *_thin(pair, x, y)], other if answered else "")
            for cohort, one, other, answered, x, y in zip(
                cohorts, whole.notes, apart.notes, ~np.isnan(whole.r), *sides, strict=True
            )
        ],
    }
    frame = pl.DataFrame(columns)
    return frame.with_columns(
        pl.col(name).fill_nan(None) for name, kind in frame.schema.items() if kind.is_float()
    )


def _correlate_measured(
    cohorts: Sequence[Cohort],
    pair: Sequence[Variable],
    sides: Sequence[Sequence[Measured]],
    method: Method,
) -> Correlations:
    """Correlate the tumor types where both variables are measured; the others get their note.

    Samples that lack either value are left out, and counted in the note.
    """
    vectors: list[tuple[Vector, Vector]] = []
    lacking: list[str] = []
    used: list[NDArray[np.bool_]] = []
    none = np.empty(0)
    for cohort, x, y in zip(cohorts, *sides, strict=True):
        having = _having(x, cohort) & _having(y, cohort)
        used.append(having)
        both = x.values is not None and y.values is not None
        vectors.append((x.values[having], y.values[having]) if both else (none, none))
        lacking.append("; ".join(dict.fromkeys(side.note for side in (x, y) if side.note)))
    offsets = np.array([0, *itertools.accumulate(len(x) for x, _ in vectors)])
    result = correlate_groups(
        np.concatenate([x for x, _ in vectors]),
        np.concatenate([y for _, y in vectors]),
        offsets,
        method,
        names=(pair[0].name, pair[1].name),
    )
    n = np.array([np.count_nonzero(having) for having in used])
    notes = [why or note for why, note in zip(lacking, result.notes, strict=True)]
    notes = [
        note or ("x and y are the same variable" if _are_same(pair, x, y) else "")
        for note, x, y in zip(notes, *sides, strict=True)
    ]
    notes = [
        "; ".join(filter(None, (note, *_without(pair, x, y))))
        for note, x, y in zip(notes, *sides, strict=True)
    ]
    return Correlations(n, result.r, result.ci_low, result.ci_high, result.p, notes)


def _having(side: Measured, cohort: Cohort) -> NDArray[np.bool_]:
    """Which samples have a value; all, where it is the tumor type that has none."""
    if side.values is None:
        return np.ones(len(cohort.columns), dtype=np.bool_)
    return ~np.isnan(side.values)


def _are_same(pair: Sequence[Variable], x: Measured, y: Measured) -> bool:
    one, other = pair
    if isinstance(one, CovariateVariable) and isinstance(other, CovariateVariable):
        return one.covariate.origin == other.covariate.origin
    return type(one) is type(other) and x.genes == y.genes


def _without(pair: Sequence[Variable], x: Measured, y: Measured) -> list[str]:
    """How many samples lack a covariate that others have."""
    said = {}
    for variable, side in zip(pair, (x, y), strict=True):
        count = 0 if side.values is None or side.note else int(np.isnan(side.values).sum())
        if count:
            samples = "1 sample" if count == 1 else f"{count} samples"
            said[variable.name] = f"{samples} without {variable.name}"
    return list(said.values())


def _shared_genes(pair: Sequence[Variable], x: Measured, y: Measured) -> frozenset[str]:
    """Genes of both sets, or the gene of one side that is in the other's set."""
    if not any(isinstance(variable, SetVariable) for variable in pair):
        return frozenset()
    return x.genes & y.genes


def _thin(pair: Sequence[Variable], x: Measured, y: Measured) -> list[str]:
    """The sets of which less than half is in the table."""
    return [
        f"{variable.name}: {len(side.genes)} of {len(variable.gene_set.genes)} genes"
        for variable, side in zip(pair, (x, y), strict=True)
        if isinstance(variable, SetVariable)
        and side.values is not None
        and 2 * len(side.genes) < len(variable.gene_set.genes)
    ]


def _note(cohort: Cohort, whole: Sequence[str], apart: str) -> str:
    parts = ["SIMULATED"] if cohort.table.metadata.simulated else []
    parts += dict.fromkeys(filter(None, whole))
    if apart and apart not in parts:
        parts.append(f"without shared genes: {apart}")
    return "; ".join(parts)
