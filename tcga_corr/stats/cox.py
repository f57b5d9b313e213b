"""Cox's proportional hazards with Efron's rule for ties: fit, score tests, and test of proportions.

With w = exp(linear predictor), R the samples at risk at a time, D the d of them that have the event
there, the l-th of these events (l = 0 … d - 1) compares with the totals over R minus l / d of the
totals over D, as if the order within D were random (Efron 1977, J. Am. Stat. Assoc. 72:557,
doi:10.1080/01621459.1977.10480613). Every formula here is a sum over events of such totals
(Cox 1972, J. R. Stat. Soc. B 34:187, doi:10.1111/j.2517-6161.1972.tb00899.x). Samples are sorted by
time, so that a total over R is that of all later samples: totals of very many variables are
cumulative sums.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Places = NDArray[np.intp]

_MOST_STEPS = 60
_SMALL_STEP = 1e-9  # in standard deviations of the variables
# smallest information of an event, of variables with a standard deviation of one: that of a finite
# maximum is far above it, and where there is none, it falls below before steps vanish by rounding
_LEAST_INFORMATION = 1e-7
# beyond which weights would be 0; no hazard is e^600 times another's
_WIDEST = 600.0
_NUMBERS_AT_ONCE = 2_000_000


class RiskSets:
    """Who is at risk at each event.

    Parameters
    ----------
    time
        Of each sample, finite.
    event
        Whether it has the event then; otherwise it is observed without it until then.

    Attributes
    ----------
    order
        The samples by time, those with events before others of the same time.
    at
        The places of the events in that order; an entry per event, as in all below.
    first, last
        Places: at risk are those from ``first`` on, of which those before ``last`` have the event
        at the same time.
    share
        The share l / d of these that is taken off.
    """

    def __init__(self, time: Vector, event: NDArray[np.bool_]) -> None:
        self.order: Places = np.lexsort((~event, time))
        ordered = time[self.order]
        self.at: Places = np.flatnonzero(event[self.order])
        self.first: Places = np.searchsorted(ordered, ordered[self.at])
        _, self._tie, size = np.unique(self.first, return_inverse=True, return_counts=True)
        self._size = size
        self.last: Places = self.first + size[self._tie]
        self.share: Vector = (self.at - self.first) / size[self._tie]

    @property
    def n(self) -> int:
        """Samples."""
        return len(self.order)

    @property
    def n_events(self) -> int:
        """Events."""
        return len(self.at)

    def totals(self, values: Matrix) -> Matrix:
        """What values, ... x samples in ``order``, add up to at each event: ... x events."""
        sums = np.zeros((*values.shape[:-1], self.n + 1))
        sums[..., :-1] = np.cumsum(values[..., ::-1], axis=-1)[..., ::-1]
        whole = sums[..., self.first]
        return np.asarray(whole - self.share * (whole - sums[..., self.last]))

    def per_sample(self, values: Vector) -> Vector:
        """What values of events add up to for each sample: the reverse of :meth:`totals`.

        Each sample counts the events at which it is at risk, and an event of its own time for the
        share that is left of it there.
        """
        found: Vector = np.cumsum(np.bincount(self.first, values, self.n)).astype(np.float64)
        taken_off = np.bincount(self._tie, self.share * values, len(self._size))
        found[self.at] -= taken_off[self._tie]
        return found

    def free_of_event_before(self) -> Vector:
        """Kaplan and Meier's share without an event just before each event; ties share one."""
        first, place = np.unique(self.first, return_index=True)
        left = np.cumprod(1 - self._size / (self.n - first))
        before = np.concatenate([[1.0], left[:-1]]) if len(place) else left
        return np.asarray(before[self._tie])


class Likelihood:
    """The partial likelihood at some linear predictor.

    Parameters
    ----------
    risk
        Who is at risk.
    predictor
        The linear predictor of each sample; its range has to be below 700.
    """

    def __init__(self, risk: RiskSets, predictor: Vector) -> None:
        self._risk = risk
        ordered = predictor[risk.order]
        highest = ordered.max(initial=0.0)
        self._weight = np.exp(ordered - highest)
        self._total = risk.totals(self._weight)
        self.log = float((ordered[risk.at] - highest - np.log(self._total)).sum())

    def residuals(self) -> Vector:
        """Martingale residuals, of samples in order: whether the event, minus how much expected."""
        found: Vector = -self._weight * self._risk.per_sample(1 / self._total)
        found[self._risk.at] += 1
        return found

    def means(self, columns: Matrix) -> Matrix:
        """Weighted means of those at risk, variables x events, of variables x samples in order."""
        return self._risk.totals(columns * self._weight) / self._total

    def load(self, weights: Vector | float = 1.0) -> Vector:
        """The weight of each sample's square in the information, its events weighted."""
        return np.asarray(self._weight * self._risk.per_sample(weights / self._total))

    def score(self, columns: Matrix) -> Vector:
        """The derivative of the log likelihood along variables x samples in order."""
        return np.asarray(columns @ self.residuals())

    def information(self, one: Matrix, other: Matrix, weights: Vector | float = 1.0) -> Matrix:
        """The negative second derivative along two lists of variables, its events weighted."""
        within = (one * self.load(weights)) @ other.T
        return np.asarray(within - (self.means(one) * weights) @ self.means(other).T)


@dataclass(frozen=True)
class Fit:
    """Cox's fit.

    Attributes
    ----------
    coefficients
        The log hazard ratio per unit of each variable; NaN where the likelihood has no maximum.
    covariance
        The inverse of the observed information.
    log_likelihood
        At the coefficients.
    predictor
        The linear predictor of each sample, but for a constant.
    finite
        Whether there is a maximum: not where some combination of the variables is highest in the
        sample that has the event, at every event (monotone likelihood).
    """

    coefficients: Vector
    covariance: Matrix
    log_likelihood: float
    predictor: Vector
    finite: bool

    @property
    def errors(self) -> Vector:
        """The standard error of each coefficient."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))


def fit(risk: RiskSets, columns: Matrix) -> Fit:
    """Maximise the partial likelihood by Newton's steps, halved where one would lower it.

    Where there is no maximum, steps do not become small, but the information vanishes: then no
    number is given (Heinze & Schemper 2001, Biometrics 57:114,
    doi:10.1111/j.0006-341X.2001.00114.x).

    Parameters
    ----------
    risk
        Who is at risk; with at least one event.
    columns
        Variables x samples, finite, none constant or a combination of others; none at all for the
        likelihood of no effect.
    """
    mean, scale = columns.mean(axis=1, keepdims=True), columns.std(axis=1, keepdims=True)
    units = (columns - mean) / scale
    ordered = units[:, risk.order]
    beta: Vector = np.zeros(len(units))
    at = Likelihood(risk, beta @ units)
    for _ in range(_MOST_STEPS):
        information = at.information(ordered, ordered)
        if not _is_sound(information, risk.n_events):
            break
        step = np.asarray(np.linalg.solve(information, at.score(ordered)), dtype=np.float64)
        if np.abs(step).max(initial=0.0) < _SMALL_STEP:
            covariance = np.linalg.inv(information) / (scale * scale.T)
            return Fit(beta / scale[:, 0], covariance, at.log, beta @ units, True)
        beta, at = _improved(risk, units, beta, step, at)
    nothing = np.full((len(units), len(units)), np.nan)
    return Fit(nothing[0], nothing, at.log, np.full(risk.n, np.nan), False)


def _is_sound(information: Matrix, n_events: int) -> bool:
    if not np.isfinite(information).all():
        return False
    lowest = np.linalg.eigvalsh(information).min(initial=np.inf)
    return bool(lowest > _LEAST_INFORMATION * n_events)


def _improved(
    risk: RiskSets, units: Matrix, beta: Vector, step: Vector, at: Likelihood
) -> tuple[Vector, Likelihood]:
    """The coefficients after a step, or after the half of it that does not lower the likelihood."""
    tolerance = 1e-12 * (1 + abs(at.log))
    for _ in range(_MOST_STEPS):
        predictor = (beta + step) @ units
        if np.ptp(predictor) < _WIDEST:
            after = Likelihood(risk, predictor)
            if after.log >= at.log - tolerance:
                return beta + step, after
        step = step / 2
    return beta, at


@dataclass(frozen=True)
class Scores:
    """Score tests of many variables, an entry each.

    Attributes
    ----------
    score
        The derivative of the log likelihood along the variable, where its coefficient is 0.
    information
        The negative second derivative, without what the controls explain of it; 0 of a variable
        that does not vary among those at risk.
    """

    score: Vector
    information: Vector

    @property
    def z(self) -> Vector:
        """Standard normal where there is no effect; its sign is that of the log hazard ratio."""
        with np.errstate(divide="ignore", invalid="ignore"):
            z = self.score / np.sqrt(self.information)
        return np.where(self.information > 0, z, np.nan)

    @property
    def log_ratio(self) -> Vector:
        """One Newton step from 0: nearly the log hazard ratio per unit where that is small."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.information > 0, self.score / self.information, np.nan)


def score_tests(
    risk: RiskSets, rows: NDArray[np.floating], controls: Matrix, predictor: Vector
) -> Scores:
    """Test each of many variables with controls held constant, all from one fit of the controls.

    The efficient score: U along the variable at the fit of the controls alone, and V = I_xx - I_xz
    I_zz^-1 I_zx of the information there (Rao 1948, Math. Proc. Camb. Phil. Soc. 44:50,
    doi:10.1017/S0305004100023987); z = U / sqrt(V).

    Parameters
    ----------
    risk
        Who is at risk.
    rows
        Variables x samples, finite.
    controls
        Controls x samples.
    predictor
        The linear predictor of the fit of the controls; 0 without any.
    """
    at = Likelihood(risk, predictor)
    ordered = controls[:, risk.order]
    residuals, load = at.residuals(), at.load()
    loaded = ordered * load
    between = at.means(ordered)
    inverse = np.linalg.inv(at.information(ordered, ordered))
    score, information = np.empty((2, len(rows)))
    step = max(1, _NUMBERS_AT_ONCE // max(1, risk.n))
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        some = rows[part].astype(np.float64)
        some -= some.mean(axis=1, keepdims=True)
        some = some[:, risk.order]
        score[part] = some @ residuals
        means = at.means(some)
        squares = (some * some) @ load
        own = squares - np.vecdot(means, means)
        cross = some @ loaded.T - means @ between.T
        own -= np.vecdot(cross @ inverse, cross)
        information[part] = np.where(own > 1e-9 * squares, own, 0.0)
    return Scores(score, information)


def proportional_hazards_p(risk: RiskSets, fitted: Fit, columns: Matrix, own: Vector) -> float:
    """The p-value of a log hazard ratio that does not change with time, of one variable.

    The score test of a further coefficient of the variable times g(t), g being one minus Kaplan and
    Meier's share without an event just before t, as ``cox.zph`` of R's survival from version 3 on
    (Grambsch & Therneau 1994, Biometrika 81:515, doi:10.1093/biomet/81.3.515).

    Parameters
    ----------
    risk
        Who is at risk.
    fitted
        Of the variables.
    columns
        Those that were fitted, variables x samples.
    own
        The tested variable, one of these or a sum of them.

    Returns
    -------
    From chi-squared with one degree of freedom; NaN where time tells nothing, as of one event.
    """
    from scipy import special

    if not fitted.finite:
        return float("nan")
    at = Likelihood(risk, fitted.predictor)
    ordered = (columns - columns.mean(axis=1, keepdims=True))[:, risk.order]
    tested = (own - own.mean())[np.newaxis, risk.order]
    g = 1 - risk.free_of_event_before()
    g -= g.mean()
    score = float(g @ (tested[0, risk.at] - at.means(tested)[0]))
    both = at.information(ordered, tested, g)
    variance = at.information(tested, tested, g * g) - both.T @ np.linalg.solve(
        at.information(ordered, ordered), both
    )
    if variance[0, 0] <= 1e-9 * float((g * g).sum() * np.var(own)):
        return float("nan")
    return float(special.chdtrc(1, score**2 / variance[0, 0]))
