"""Hazard ratios of one variable in one tumor type, and those of random genes in its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.cohort import Vector, join_notes
from tcga_corr.analysis.follow_up import FollowUp
from tcga_corr.analysis.names import CovariateVariable, SetVariable
from tcga_corr.analysis.null_setting import Kind, NullSetting, Side
from tcga_corr.analysis.random_genes import (
    OWN_GENES_TOO,
    Draws,
    GenePool,
    drawn_values,
    is_crowded,
    rows_of,
)
from tcga_corr.analysis.threads import in_threads
from tcga_corr.stats import cox
from tcga_corr.stats.comparison import end_of_range
from tcga_corr.stats.correlation import Fit, note_of_constant, note_of_fitted, unit_rows
from tcga_corr.stats.cox import Fit as CoxFit
from tcga_corr.stats.cox import RiskSets, proportional_hazards_p, score_tests
from tcga_corr.stats.empirical_p import rank_p
from tcga_corr.stats.pooling import mean_effect

Matrix = NDArray[np.float64]
Rows = NDArray[np.intp]

_Z_OF_95 = 1.959963984540054
_NOTHING = float("nan")


@dataclass(frozen=True)
class Ratio:
    """A log hazard ratio per standard deviation; NaN where there is none, for a reason.

    Attributes
    ----------
    log, error
        The estimate and its standard error.
    p
        Of Wald's test, two-sided.
    p_proportional
        Of a ratio that does not change with time.
    note
        Why there is none.
    """

    log: float = _NOTHING
    error: float = _NOTHING
    p: float = _NOTHING
    p_proportional: float = _NOTHING
    note: str = ""

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the log hazard ratio."""
        return self.log - _Z_OF_95 * self.error, self.log + _Z_OF_95 * self.error


@dataclass(frozen=True)
class Hazards:
    """Nearly log hazard ratios per standard deviation of many variables: one step from none.

    Attributes
    ----------
    z
        Of the score tests.
    log, variance
        The steps and their variance; of a variable that tells nothing 0, and infinite.
    """

    z: Vector
    log: Vector
    variance: Vector


class HazardModel:
    """Cox's model of one tumor type: its controls fitted once, for any variable.

    Parameters
    ----------
    follow_up
        The samples.
    """

    def __init__(self, follow_up: FollowUp) -> None:
        self.follow_up = follow_up
        self.fit = Fit(follow_up.control_columns)
        self.reason = follow_up.reason(self.fit.n_controls)

    @cached_property
    def risk(self) -> RiskSets:
        """Who is at risk at each event."""
        return RiskSets(self.follow_up.times, self.follow_up.events)

    @cached_property
    def _controls(self) -> Matrix:
        """Controls x samples, with a standard deviation of one."""
        return np.asarray(self.fit.directions.T * np.sqrt(self.follow_up.n))

    @cached_property
    def _null(self) -> CoxFit:
        return cox.fit(self.risk, self._controls)

    @cached_property
    def ratio(self) -> Ratio:
        """The hazard ratio of the variable itself."""
        note = self.reason or self._note_of_x() or self._note_of_controls()
        if note:
            return Ratio(note=note)
        x = self.follow_up.values[np.newaxis]
        own, scale = self._left(x)
        columns = np.vstack([own, self._controls])
        fitted = cox.fit(self.risk, columns)
        if not fitted.finite:
            return Ratio(
                note=f"no finite hazard ratio: {self.follow_up.x.name} puts the samples in the "
                "order of the events (monotone likelihood)"
            )
        log, error = fitted.coefficients[0] * scale[0], fitted.errors[0] * scale[0]
        return Ratio(
            log=float(log),
            error=float(error),
            p=_two_tails(float(log / error)),
            p_proportional=proportional_hazards_p(self.risk, fitted, columns, x[0]),
        )

    def _note_of_x(self) -> str:
        x = self.follow_up.values[np.newaxis]
        names = (self.follow_up.x.name, "")
        constant, fitted = (bool(np.isnan(unit_rows(x, fit=fit)).any()) for fit in (None, self.fit))
        return note_of_constant(names, (constant, False)) or note_of_fitted(names, (fitted, False))

    def _note_of_controls(self) -> str:
        if self._null.finite:
            return ""
        names = ", ".join(one.name for one in self.follow_up.controls)
        return (
            f"no finite hazard ratio of what is adjusted for: {names or 'the studies'} "
            "(monotone likelihood, as of a level without events)"
        )

    def _left(self, rows: NDArray[np.floating[Any]]) -> tuple[Matrix, Vector]:
        """What the controls leave of rows, and what a log ratio by it is by a row's deviation.

        Returns
        -------
        Rows of standard deviation one, and a scale for each; NaN where nothing is left.
        """
        values = rows.astype(np.float64)
        values -= values.mean(axis=1, keepdims=True)
        units = unit_rows(values, fit=self.fit)
        n = values.shape[1]
        spread = np.sqrt(np.vecdot(values, values) / (n - 1))
        left = np.vecdot(units, values) / np.sqrt(n)
        return units * np.sqrt(n), spread / left

    def hazards(self, rows: NDArray[np.floating[Any]]) -> Hazards:
        """The score tests of many variables, rows x the samples that are analysed."""
        own, scale = self._left(rows)
        known = np.flatnonzero(~np.isnan(scale))
        found = score_tests(self.risk, own[known], self._controls, self._null.predictor)
        tells = found.information > 0
        known = known[tells]
        z, log, variance = (
            np.full(len(rows), np.nan),
            np.zeros(len(rows)),
            np.full(len(rows), np.inf),
        )
        z[known], log[known] = found.z[tells], found.log_ratio[tells] * scale[known]
        variance[known] = scale[known] ** 2 / found.information[tells]
        return Hazards(z, log, variance)

    def log_ratio(self, row: Vector) -> float:
        """The log hazard ratio per standard deviation of one variable; NaN without a finite one."""
        own, scale = self._left(row[np.newaxis])
        if np.isnan(scale[0]):
            return _NOTHING
        fitted = cox.fit(self.risk, np.vstack([own, self._controls]))
        return float(fitted.coefficients[0] * scale[0])

    @cached_property
    def setting(self) -> NullSetting:
        """The table and the samples in which random genes are drawn."""
        cohort = self.follow_up.cohort
        columns = cohort.columns[self.follow_up.kept]
        return NullSetting(cohort.table, columns, "pearson", self.fit, cohort.min_genes)

    @cached_property
    def observed(self) -> Hazards:
        """The score test of the variable itself, a set being scored by average ranks."""
        follow_up = self.follow_up
        x = follow_up.x
        if isinstance(x.variable, SetVariable) and follow_up.cohort.ties != "average":
            x = follow_up.cohort.variant("average").again(x)
        if x.values is None:
            return Hazards(np.array([np.nan]), np.zeros(1), np.array([np.inf]))
        return self.hazards(x.values[follow_up.kept][np.newaxis])


def _two_tails(z: float) -> float:
    from scipy import special

    return float(2 * special.ndtr(-abs(z)))


@dataclass(frozen=True)
class AmongRandom:
    """A hazard ratio among those of random genes; NaN where there is none, for a reason.

    Attributes
    ----------
    p
        How often random genes give as strong a ratio.
    low, high
        The central 95 % of their log hazard ratios.
    note
        What a reader has to know of the draws.
    """

    p: float = _NOTHING
    low: float = _NOTHING
    high: float = _NOTHING
    note: str = ""


def among_random(model: HazardModel, n_draws: int) -> AmongRandom:
    """Compare the ratio of a gene or set with those of random ones in its place.

    Random genes are those of :mod:`tcga_corr.analysis.random_genes` that take the place of a set or
    gene beside a covariate. p is the share of draws whose score test has as large an abs(z) as the
    observed one (:func:`tcga_corr.stats.empirical_p.rank_p`); at the ends of the central 95 %, the
    draws by their one step, the ratios are fitted.
    """
    if np.isnan(model.ratio.log) or isinstance(model.follow_up.x.variable, CovariateVariable):
        return AmongRandom()
    pool = GenePool.of([model.setting])
    side, note = _side(model, pool)
    if side is None:
        return AmongRandom(note=note)
    values = drawn_values(model.setting, pool, side, 0, n_draws, from_end=False)
    found = model.hazards(values)
    low, high = (
        _NOTHING if place is None else model.log_ratio(values[place].astype(np.float64))
        for place in _ends(np.where(np.isnan(found.z), np.nan, found.log))
    )
    return AmongRandom(rank_p(found.z, float(model.observed.z[0])), low, high, note)


def pooled_among_random(models: Sequence[HazardModel], n_draws: int) -> AmongRandom:
    """Compare the pooled ratio with those of the same random genes in every tumor type.

    What is pooled are the single steps, of the observed variable and of random ones alike
    (:func:`tcga_corr.stats.pooling.mean_effect`).
    """
    if isinstance(models[0].follow_up.x.variable, CovariateVariable):
        return AmongRandom()
    pool = GenePool.of([model.setting for model in models])
    side, note = _side(models[0], pool)
    if side is None:
        return AmongRandom(note=note)

    def steps(model: HazardModel) -> Hazards:
        values: Draws = drawn_values(model.setting, pool, side, 0, n_draws, from_end=False)
        return model.hazards(values)

    found = in_threads(steps, models)
    observed = [model.observed for model in models]
    draws, own = (
        mean_effect(np.stack([one.log for one in each]), np.stack([one.variance for one in each]))
        for each in (found, observed)
    )
    low, high = (_NOTHING if place is None else float(draws[place]) for place in _ends(draws))
    return AmongRandom(rank_p(draws, float(own[0])), low, high, note)


def _side(model: HazardModel, pool: GenePool) -> tuple[Side | None, str]:
    """The variable with the places of its genes in a pool; and what has to be noted of it."""
    x, cohort = model.follow_up.x, model.follow_up.cohort
    if pool.classes is None:
        return None, pool.note
    own = cohort.table.genes.rows(x.genes)
    rows = np.flatnonzero(np.isin(rows_of(pool.symbols, model.setting), own))
    kind: Kind = "set" if isinstance(x.variable, SetVariable) else "gene"
    least = cohort.min_genes if kind == "set" else 1
    if len(rows) < least:
        return None, f"p_genes: {x.name} has {len(rows)} genes in every tumor type"
    counts = np.bincount(pool.classes.codes[rows], minlength=len(pool.classes.sizes))
    left = len(x.genes) - len(rows)
    note = join_notes(
        f"p_genes: {left} genes of {x.name} are not in every tumor type, and not drawn for"
        if left
        else "",
        OWN_GENES_TOO if is_crowded(counts, pool.classes).any() else "",
    )
    return Side(kind, x.name, rows), note


def _ends(logs: Vector) -> tuple[int | None, int | None]:
    """Places of the draws at the ends of the central 95 %; None of too few."""
    order = np.argsort(logs, kind="stable")  # NaN last
    count = np.count_nonzero(~np.isnan(logs))
    rank = int(end_of_range(np.array([count]))[0])
    return (None, None) if rank < 1 else (int(order[rank - 1]), int(order[count - rank]))
