"""The share of samples without an event over time, and whether groups differ in it.

Kaplan & Meier 1958, J. Am. Stat. Assoc. 53:457, doi:10.1080/01621459.1958.10501452.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Curve:
    """Kaplan and Meier's curve: an entry per time at which a sample has its event or leaves.

    Attributes
    ----------
    time
        Ascending.
    n_at_risk
        Samples that are observed until then, or longer.
    n_events, n_left
        Samples that have the event then, and that are not observed further.
    share
        Without an event after it; one before the first event.
    low, high
        The pointwise interval of the stated confidence, on the scale of log(-log(share)); NaN where
        the share is 1 or 0.
    """

    time: Vector
    n_at_risk: Counts
    n_events: Counts
    n_left: Counts
    share: Vector
    low: Vector
    high: Vector

    @property
    def median(self) -> float:
        """The first time at which half or fewer are without an event; NaN where it is not reached.

        Where the curve is level at one half, it is the middle of that level, as in R.
        """
        reached = np.flatnonzero(self.share <= 0.5 + _ROUNDING)
        if not len(reached):
            return float("nan")
        below = np.flatnonzero(self.share < 0.5 - _ROUNDING)
        is_level = len(below) and below[0] > reached[0]
        last = below[0] if is_level else reached[0]
        return float((self.time[reached[0]] + self.time[last]) / 2)


def curve(time: Vector, event: Mask, confidence: float = 0.95) -> Curve:
    """The share without an event over time.

    The product over times of 1 - d / n, for d events among n at risk; its variance on the scale of
    the logarithm is the sum of d / (n (n - d)) (Greenwood 1926, Rep. Public Health Med. Subj. 33),
    and the interval that of log(-log(share)) (Borgan & Liestol 1990, Scand. J. Stat. 17:35).

    Parameters
    ----------
    time
        Of each sample, finite and positive.
    event
        Whether it has the event then.
    confidence
        Of the interval.
    """
    from scipy import special

    at, place = np.unique(time, return_inverse=True)
    deaths = np.bincount(place[event], minlength=len(at))
    left = np.bincount(place[~event], minlength=len(at))
    n = n_at_risk(time, at)
    with np.errstate(divide="ignore", invalid="ignore"):
        share: Vector = np.cumprod(1 - deaths / n).astype(np.float64)
        log = np.log(share)
        error = np.sqrt(np.cumsum(deaths / (n * (n - deaths)))) / np.abs(log)
        width = special.ndtri((1 + confidence) / 2) * error
        low, high = (np.exp(log * np.exp(sign * width)) for sign in (1, -1))
    known = np.isfinite(width)
    low, high = (np.where(known, end, np.nan) for end in (low, high))
    return Curve(at, n, deaths, left, share, low, high)


def n_at_risk(time: Vector, at: Vector) -> Counts:
    """How many samples are observed until each of some times, or longer."""
    return len(time) - np.searchsorted(np.sort(time), at, side="left").astype(np.int64)


def log_rank_p(time: Vector, event: Mask, group: Counts) -> float:
    """The p-value of equal hazards in all groups.

    Observed minus expected events of each group, expected ones by its share of those at risk; the
    quadratic form with the hypergeometric covariance is chi-squared with one degree of freedom
    fewer than groups (Mantel 1966, Cancer Chemother. Rep. 50:163; Peto & Peto 1972, J. R. Stat.
    Soc. A 135:185, doi:10.2307/2344317).

    Parameters
    ----------
    time, event
        As of :func:`curve`.
    group
        The number of each sample's group.

    Returns
    -------
    NaN where there is one group, or no event at which two are at risk.
    """
    from scipy import special

    names = np.unique(group)
    at, deaths = np.unique(time[event], return_counts=True)
    at_risk = np.array([n_at_risk(time[group == name], at) for name in names], dtype=np.float64)
    own = [np.searchsorted(at, time[event & (group == name)]) for name in names]
    observed = np.array([len(places) for places in own], dtype=np.float64)
    n = at_risk.sum(axis=0)
    share = at_risk / n
    difference = observed - share @ deaths
    weight = deaths * (n - deaths) / np.maximum(n - 1, 1)
    covariance = np.diag(share @ weight) - (share * weight) @ share.T
    rank = np.linalg.matrix_rank(covariance, hermitian=True) if len(names) > 1 else 0
    if not rank:
        return float("nan")
    statistic = difference @ np.linalg.pinv(covariance, hermitian=True) @ difference
    return float(special.chdtrc(rank, statistic))
