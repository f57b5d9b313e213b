"""Strata: the samples of each tumor type, cut by a covariate, gene, score or the sample type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tcga_corr.analysis.answer import CohortData
from tcga_corr.analysis.cohort import Cohort, Mask, Measured, Vector
from tcga_corr.analysis.names import CovariateVariable, Variable
from tcga_corr.choices import BY_SAMPLE_TYPE
from tcga_corr.errors import AnalysisError, UsageError

THIRDS = ("lowest third", "middle third", "highest third")
_MOST_VALUES = 5  # a number of no more values has a stratum of each
MOST_STRATA = 12


@dataclass(frozen=True)
class Stratum:
    """A part of the samples of every tumor type.

    Attributes
    ----------
    name
        A level, a value, or a third.
    cohorts
        Its samples, by tumor type; empty where a tumor type has none.
    notes
        By tumor type, which values it has; empty of levels.
    """

    name: str
    cohorts: list[Cohort] = field(repr=False)
    notes: list[str] = field(repr=False)


@dataclass(frozen=True)
class Strata:
    """How samples are cut.

    Attributes
    ----------
    by
        The name of what cuts them.
    variable
        What that is; None of the sample type.
    parts
        The strata, in order.
    measured
        The variable in each tumor type; none of the sample type.
    """

    by: str
    variable: Variable | None
    parts: list[Stratum]
    measured: list[Measured] = field(repr=False)


def cut(data: CohortData, by: str, correlated: Sequence[Variable] = ()) -> Strata:
    """Cut the samples of a question.

    A category gives a stratum of each level, a number of up to five values one of each value, any
    other number, gene or score thirds within each tumor type; ``sample-type`` tumour and normal.

    Raises
    ------
    UsageError
        If nothing has the name, or it is correlated itself, or has too many levels.
    AnalysisError
        If the samples have fewer than two levels.
    """
    if by == BY_SAMPLE_TYPE:
        return _by_sample_type(data)
    variable = data.names.covariate_or_variable(by)
    if variable in correlated:
        raise UsageError(f"'{by}' is x or y, and cannot cut the samples too", "Cut by another")
    measured = [cohort.measure(variable) for cohort in data.cohorts]
    levels = _levels(variable, measured)
    if levels is None:
        return Strata(variable.name, variable, _thirds(data.cohorts, measured, variable), measured)
    if len(levels) > MOST_STRATA:
        raise UsageError(
            f"{variable.name} has {len(levels)} levels in these samples, and more than "
            f"{MOST_STRATA} are no strata",
            f"Choose some: --where '{variable.name} in {','.join(list(levels)[:2])}'",
        )
    if len(levels) < 2:
        found = ", ".join(levels) or "none"
        raise AnalysisError(
            f"{variable.name} has fewer than two levels in these samples: {found}",
            "See `tcga-corr covariates`",
        )
    parts = [
        _stratum(name, data.cohorts, [_has(one, level) for one in measured])
        for name, level in levels.items()
    ]
    return Strata(variable.name, variable, parts, measured)


def _by_sample_type(data: CohortData) -> Strata:
    if data.scope.samples != "tumor":
        raise UsageError(
            f"samples is '{data.scope.samples}'", "By sample-type, tumor stands beside normal"
        )
    parts = [
        Stratum(name, list(cohorts), [""] * len(cohorts))
        for name, cohorts in (("tumor", data.cohorts), ("normal", data.with_samples("normal")))
    ]
    return Strata(BY_SAMPLE_TYPE, None, parts, [])


def _levels(variable: Variable, measured: Sequence[Measured]) -> dict[str, float] | None:
    """The levels that samples have, with their number; None of what is cut in thirds."""
    values = [one.values[~np.isnan(one.values)] for one in measured if one.values is not None]
    found = np.unique(np.concatenate(values)) if values else np.array([])
    if isinstance(variable, CovariateVariable) and variable.covariate.levels:
        return {variable.covariate.levels[int(one)]: float(one) for one in found}
    if 0 < len(found) <= _MOST_VALUES:
        return {f"{variable.name}={one:g}": float(one) for one in found}
    return None if len(found) else {}


def _has(measured: Measured, level: float) -> Mask:
    if measured.values is None:
        return np.zeros(0, dtype=np.bool_)
    return np.asarray(measured.values == level)


def _stratum(
    name: str, cohorts: Sequence[Cohort], masks: Sequence[Mask], notes: Sequence[str] = ()
) -> Stratum:
    kept = [
        cohort.only(mask if len(mask) else np.zeros(len(cohort.columns), dtype=np.bool_))
        for cohort, mask in zip(cohorts, masks, strict=True)
    ]
    return Stratum(name, kept, list(notes) or [""] * len(kept))


def _thirds(
    cohorts: Sequence[Cohort], measured: Sequence[Measured], variable: Variable
) -> list[Stratum]:
    masks = [_third_masks(one.values) for one in measured]
    parts = []
    for number, name in enumerate(THIRDS):
        own = [of_type[number] for of_type in masks]
        notes = [
            _range_note(variable.name, one.values, mask)
            for one, mask in zip(measured, own, strict=True)
        ]
        parts.append(_stratum(name, cohorts, own, notes))
    return parts


def _third_masks(values: Vector | None) -> list[Mask]:
    """Which samples are in each third; equal values are in one third."""
    if values is None or np.isnan(values).all():
        return [np.zeros(0, dtype=np.bool_)] * len(THIRDS)
    low, high = np.nanquantile(values, [1 / 3, 2 / 3])
    with np.errstate(invalid="ignore"):
        return [values <= low, (values > low) & (values <= high), values > high]


def _range_note(name: str, values: Vector | None, mask: Mask) -> str:
    if values is None or not mask.any():
        return ""
    return f"{name} {values[mask].min():.4g} to {values[mask].max():.4g}"
