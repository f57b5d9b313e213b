"""Strata: the samples of each tumor type, cut by a covariate, gene, score or the sample type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tcga_corr.analysis.answer import CohortData
from tcga_corr.analysis.naming.names import CovariateVariable, Variable
from tcga_corr.analysis.samples.cohort import Cohort, Mask, Measured, Vector
from tcga_corr.analysis.samples.where import in_quotes
from tcga_corr.choices import BY_SAMPLE_TYPE, Selection
from tcga_corr.errors import AnalysisError, UsageError

THIRDS = ("lowest third", "middle third", "highest third")
SAMPLE_TYPES: tuple[Selection, ...] = ("tumor", "normal")
"""The strata by sample type, which are selections of samples."""
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


@dataclass(frozen=True)
class Cutting:
    """What cuts samples into strata, the same in every tumor type.

    Attributes
    ----------
    by
        The name of what cuts them.
    variable
        What that is; None of the sample type.
    names
        The strata, in order.
    levels
        The number of each; none of thirds and of the sample type.
    """

    by: str
    variable: Variable | None
    names: tuple[str, ...]
    levels: tuple[float, ...] = ()

    def part(self, cohort: Cohort, measured: Measured, place: int) -> tuple[Cohort, str]:
        """The samples of a tumor type in one stratum, and a note on which values they have.

        Parameters
        ----------
        cohort
            The tumor type.
        measured
            The variable in it.
        place
            Which stratum.
        """
        nobody = np.zeros(len(cohort.columns), dtype=np.bool_)
        if measured.values is None:
            return cohort.only(nobody), ""
        if self.levels:
            return cohort.only(np.asarray(measured.values == self.levels[place])), ""
        mask = _third(measured.values, place)
        return cohort.only(mask), _range_note(measured.name, measured.values, mask)


def find_cutting(data: CohortData, by: str, correlated: Sequence[Variable] = ()) -> Cutting:
    """How the samples of a question are cut.

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
        if data.scope.samples != "tumor":
            raise UsageError(
                f"samples is '{data.scope.samples}'", "By sample-type, tumor stands beside normal"
            )
        return Cutting(by, None, SAMPLE_TYPES)
    variable = data.names.covariate_or_variable(by)
    if variable in correlated:
        raise UsageError(f"'{by}' is x or y, and cannot cut the samples too", "Cut by another")
    levels = _levels(variable, [cohort.measure(variable) for cohort in data.cohorts])
    if levels is None:
        return Cutting(variable.name, variable, THIRDS)
    if len(levels) > MOST_STRATA:
        some = ",".join(map(in_quotes, list(levels)[:2]))
        raise UsageError(
            f"{variable.name} has {len(levels)} levels in these samples, and more than "
            f"{MOST_STRATA} are no strata",
            f"Choose some: --where '{variable.name} in {some}'",
        )
    if len(levels) < 2:
        found = ", ".join(levels) or "none"
        raise AnalysisError(
            f"{variable.name} has fewer than two levels in these samples: {found}",
            "See `tcga-corr covariates`",
        )
    return Cutting(variable.name, variable, tuple(levels), tuple(levels.values()))


def cut(data: CohortData, by: str, correlated: Sequence[Variable] = ()) -> Strata:
    """Cut the samples of a question; see :func:`find_cutting`."""
    cutting = find_cutting(data, by, correlated)
    if cutting.variable is None:
        parts = [
            Stratum(name, list(cohorts), [""] * len(cohorts))
            for name, cohorts in zip(
                SAMPLE_TYPES, (data.cohorts, data.with_samples("normal")), strict=True
            )
        ]
        return Strata(cutting.by, None, parts, [])
    variable = cutting.variable
    measured = [cohort.measure(variable) for cohort in data.cohorts]
    parts = []
    for place, name in enumerate(cutting.names):
        own = [
            cutting.part(cohort, one, place)
            for cohort, one in zip(data.cohorts, measured, strict=True)
        ]
        parts.append(Stratum(name, [cohort for cohort, _ in own], [note for _, note in own]))
    return Strata(cutting.by, variable, parts, measured)


def _levels(variable: Variable, measured: Sequence[Measured]) -> dict[str, float] | None:
    """The levels that samples have, with their number; None of what is cut in thirds."""
    values = [one.values[~np.isnan(one.values)] for one in measured if one.values is not None]
    found = np.unique(np.concatenate(values)) if values else np.array([])
    if isinstance(variable, CovariateVariable) and variable.covariate.levels:
        return {variable.covariate.levels[int(one)]: float(one) for one in found}
    if 0 < len(found) <= _MOST_VALUES:
        return {f"{variable.name}={one:.15g}": float(one) for one in found.tolist()}
    return None if len(found) else {}


def _third(values: Vector, place: int) -> Mask:
    """Which samples are in a third, counted from 0; equal values are in one third."""
    if np.isnan(values).all():
        return np.zeros(len(values), dtype=np.bool_)
    low, high = np.nanquantile(values, [1 / 3, 2 / 3])
    with np.errstate(invalid="ignore"):
        parts = (values <= low, (values > low) & (values <= high), values > high)
    return np.asarray(parts[place])


def _range_note(name: str, values: Vector, mask: Mask) -> str:
    if not mask.any():
        return ""
    return f"{name} {values[mask].min():.4g} to {values[mask].max():.4g}"
