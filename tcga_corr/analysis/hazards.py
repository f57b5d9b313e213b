"""Hazard ratios of one variable in one tumor type, and those of random genes in its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.naming.names import CovariateVariable, SetVariable
from tcga_corr.analysis.nulls.gene_pool import OWN_GENES_TOO, GenePool, is_crowded, rows_of
from tcga_corr.analysis.nulls.random_genes import RandomStandIns
from tcga_corr.analysis.nulls.setting import Kind, NullSetting, Side
from tcga_corr.analysis.samples.cohort import Vector, join_notes
from tcga_corr.analysis.samples.follow_up import FollowUp
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
_NUMBERS_AT_ONCE = 2_000_000  # values of draws
_NO_SCORE = "p_genes: by average ranks, the scores do not vary among those at risk"


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


_OF_HAZARDS = tuple(Hazards.__dataclass_fields__)


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
        step = max(1, _NUMBERS_AT_ONCE // rows.shape[1])
        parts = [self._hazards(rows[start : start + step]) for start in range(0, len(rows), step)]
        return Hazards(
            *(np.concatenate([getattr(one, name) for one in parts]) for name in _OF_HAZARDS)
        )

    def _hazards(self, rows: NDArray[np.floating[Any]]) -> Hazards:
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

    def fitted(self, row: Vector) -> tuple[float, float]:
        """The log hazard ratio per standard deviation of one variable, and its standard error.

        NaN without a finite one.
        """
        own, scale = self._left(row[np.newaxis])
        if np.isnan(scale[0]):
            return _NOTHING, _NOTHING
        fitted = cox.fit(self.risk, np.vstack([own, self._controls]))
        return float(fitted.coefficients[0] * scale[0]), float(fitted.errors[0] * scale[0])

    def fitted_to_genes(self, rows: Rows, kind: Kind) -> tuple[float, float]:
        """As :meth:`fitted`, of a gene or of the set of some genes, rows of the table."""
        cohort = self.follow_up.cohort.variant("average").only(self.follow_up.kept)
        if kind == "gene":
            return self.fitted(cohort.table.values[rows[0], cohort.columns].astype(np.float64))
        return self.fitted(cohort.scores(rows))

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

    Random genes are those of :mod:`tcga_corr.analysis.nulls.random_genes` that take the place of a
    set or gene beside a covariate. p is the share of draws whose score test has as large an abs(z)
    as the observed one (:func:`tcga_corr.stats.empirical_p.rank_p`); at the ends of the central 95
    %, the draws by their one step, the ratios are fitted.
    """
    if np.isnan(model.ratio.log) or isinstance(model.follow_up.x.variable, CovariateVariable):
        return AmongRandom()
    pool = GenePool.of([model.setting])
    side, note = _side(model, pool)
    if side is None:
        return AmongRandom(note=note)
    observed = float(model.observed.z[0])
    if np.isnan(observed):
        return AmongRandom(note=_NO_SCORE)
    values = RandomStandIns(pool, side, n_draws).values(model.setting)
    found = model.hazards(values)
    low, high = (
        _NOTHING if place is None else model.fitted(values[place].astype(np.float64))[0]
        for place in _ends(np.where(np.isnan(found.z), np.nan, found.log))
    )
    return AmongRandom(rank_p(found.z, observed), low, high, note)


def pooled_among_random(models: Sequence[HazardModel], n_draws: int) -> AmongRandom:
    """Compare the pooled ratio with those of the same random genes in every tumor type.

    Ranked are the pooled single steps, of the observed variable and of random ones alike
    (:func:`tcga_corr.stats.pooling.mean_effect`); at the ends of the central 95 % the ratios are
    fitted.
    """
    if isinstance(models[0].follow_up.x.variable, CovariateVariable):
        return AmongRandom()
    pool = GenePool.of([model.setting for model in models])
    side, note = _side(models[0], pool)
    if side is None:
        return AmongRandom(note=note)

    random = RandomStandIns(pool, side, n_draws)
    found = in_threads(lambda model: model.hazards(random.values(model.setting)), models)
    observed = [model.observed for model in models]
    draws, own = (
        mean_effect(np.stack([one.log for one in each]), np.stack([one.variance for one in each]))
        for each in (found, observed)
    )

    def fitted(place: int | None) -> float:
        if place is None:
            return _NOTHING
        genes = random.genes(place)
        each = [
            model.fitted_to_genes(rows_of(pool.symbols, model.setting)[genes], side.kind)
            for model in models
        ]
        return _pooled_fit(np.array(each))

    if np.isnan(own[0]):
        return AmongRandom(note=_NO_SCORE)
    low, high = map(fitted, _ends(draws))
    return AmongRandom(rank_p(draws, float(own[0])), low, high, note)


def _pooled_fit(each: Matrix) -> float:
    """The pooled log ratio of fits, tumor types x log ratio and error; NaN has no weight."""
    known = np.isfinite(each).all(axis=1)
    logs, errors = each[known].T
    return float(mean_effect(logs[:, np.newaxis], errors[:, np.newaxis] ** 2)[0])


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
