"""Pooled associations: one summary of a pair's associations over tumor types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.choices import Method
from tcga_corr.stats.adjustment import benjamini_hochberg
from tcga_corr.stats.correlation import Correlations
from tcga_corr.stats.methods import fisher_variance
from tcga_corr.stats.pooling import pool
from tcga_corr.vocabulary.associations import SIGNIFICANT, SIMULATED

_DIGITS = 3

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Pooling:
    """Random effects on Fisher's z over the tumor types that have an r; None where there is none.

    Attributes
    ----------
    n_types, n_samples
        Tumor types that are pooled, and their samples.
    r, ci_low, ci_high, p
        Mean correlation of tumor types, with the Hartung-Knapp interval and p.
    tau2, i2, cochran_q, cochran_q_p
        How unlike the tumor types are: variance between them on the scale of z, its share of all
        variation, and the test of none (DerSimonian-Laird).
    prediction_low, prediction_high
        Where r of one more tumor type is to be expected.
    n_positive, n_negative
        Tumor types with q < 0.05 in either direction.
    leave_one_out_low, leave_one_out_high
        Smallest and largest pooled r without one of them, ``..._without``.
    r_disjoint, n_types_disjoint
        The same mean of what r is without shared genes, over the tumor types that have one; None
        where no set is involved.
    note
        Why nothing is pooled; empty where something is.
    simulated
        Whether any values are simulated.
    """

    n_types: int
    n_samples: int
    r: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p: float | None = None
    tau2: float | None = None
    i2: float | None = None
    cochran_q: float | None = None
    cochran_q_p: float | None = None
    prediction_low: float | None = None
    prediction_high: float | None = None
    n_positive: int = 0
    n_negative: int = 0
    leave_one_out_low: float | None = None
    leave_one_out_low_without: str | None = None
    leave_one_out_high: float | None = None
    leave_one_out_high_without: str | None = None
    r_disjoint: float | None = None
    n_types_disjoint: int = 0
    note: str = ""
    simulated: bool = False

    def lines(self) -> list[str]:
        """What to print under a table."""
        if self.r is None:
            return [self.note]
        lines = [
            f"pooled over {self.n_types} tumor types, {self.n_samples} samples: "
            f"r = {_decimals(self.r)}, 95 % interval {_range(self.ci_low, self.ci_high)}, "
            f"p = {_short(self.p)} of r = 0",
            f"between tumor types: I2 = {100 * (self.i2 or 0):.0f} %, "
            f"tau2 = {_short(self.tau2)} (on z), Q = {_short(self.cochran_q)}, "
            f"p = {_short(self.cochran_q_p)}",
        ]
        if self.prediction_low is not None:
            lines.append(
                f"one more tumor type: {_range(self.prediction_low, self.prediction_high)} "
                f"(95 % prediction)"
            )
        lines.append(
            f"tumor types with q < {SIGNIFICANT}: {self.n_positive} with r > 0, "
            f"{self.n_negative} with r < 0"
        )
        if self.leave_one_out_low is not None:
            lines.append(
                f"without one tumor type: {_decimals(self.leave_one_out_low)} (without "
                f"{self.leave_one_out_low_without}) to {_decimals(self.leave_one_out_high)} "
                f"(without {self.leave_one_out_high_without})"
            )
        if self.r_disjoint is not None and self.r_disjoint != self.r:
            few = self.n_types_disjoint < self.n_types
            where = f" (in {self.n_types_disjoint} of the tumor types)" if few else ""
            lines.append(f"without shared genes: r = {_decimals(self.r_disjoint)}{where}")
        return lines

    def row(self, x: str, y: str, method: str) -> dict[str, Any]:
        """A row in the columns of an association, for formats that are a table alone."""
        return {
            "tumor_type": "POOLED",
            "x": x,
            "y": y,
            "method": method,
            "n": self.n_samples,
            "r": self.r,
            "ci_low": self.ci_low,
            "ci_high": self.ci_high,
            "p": self.p,
            "r_disjoint": self.r_disjoint,
            "note": "; ".join([*([SIMULATED] if self.simulated else []), *self.lines()]),
        }


def pooled_association(
    tumor_types: Sequence[str],
    found: Correlations,
    q: NDArray[np.float64],
    disjoint: NDArray[np.float64],
    method: Method,
) -> Pooling:
    """Pool a pair's associations by random effects; see :func:`tcga_corr.stats.pooling.pool`.

    Parameters
    ----------
    tumor_types
        Their names.
    found
        Their associations.
    q
        Their q-values.
    disjoint
        r without shared genes; NaN where no set is involved.
    method
        How they were correlated.
    """
    variance = fisher_variance(found.r, found.n, method, found.n_controls)
    usable = (np.abs(found.r) < 1) & ~np.isnan(variance)
    n_types, n_samples = int(usable.sum()), int(found.n[usable].sum())
    if n_types < 2:
        perfect = int((np.abs(found.r) == 1).sum())
        note = "nothing is pooled: " + (
            "no tumor type has an r" if not n_types and not perfect
            else "r is 1 or -1" if perfect
            else "one tumor type has an r"
        )  # fmt: skip
        return Pooling(n_types, n_samples, note=note)
    r = np.where(usable, found.r, np.nan)
    result = pool(r, variance)
    without_shared = pool(disjoint, fisher_variance(disjoint, found.n, method, found.n_controls))
    significant = usable & (np.nan_to_num(q, nan=1.0) < SIGNIFICANT)

    def number(value: Any) -> float | None:
        return float(value) if np.isfinite(value) else None

    def name(place: Any) -> str | None:
        return tumor_types[int(place)] if place >= 0 else None

    return Pooling(
        n_types=n_types,
        n_samples=n_samples,
        r=number(result.r),
        ci_low=number(result.ci_low),
        ci_high=number(result.ci_high),
        p=number(result.p),
        tau2=number(result.tau2),
        i2=number(result.i2),
        cochran_q=number(result.q),
        cochran_q_p=number(result.q_p),
        prediction_low=number(result.prediction_low),
        prediction_high=number(result.prediction_high),
        n_positive=int((significant & (found.r > 0)).sum()),
        n_negative=int((significant & (found.r < 0)).sum()),
        leave_one_out_low=number(result.loo_low),
        leave_one_out_low_without=name(result.loo_low_left),
        leave_one_out_high=number(result.loo_high),
        leave_one_out_high_without=name(result.loo_high_left),
        r_disjoint=number(without_shared.r),
        n_types_disjoint=int(without_shared.n_types),
    )


def pooled_columns(
    r: Matrix,
    n: NDArray[np.int64],
    n_controls: NDArray[np.int64],
    q: Matrix,
    disjoint: Matrix,
    method: Method,
) -> dict[str, NDArray[Any]]:
    """Many pairs, each pooled over its tumor types: a column per figure, NaN where there is none.

    An r of 1 or -1 counts among tumor types and samples, though it is not pooled.

    Parameters
    ----------
    r, n, n_controls, q, disjoint
        Tumor types x pairs: r, samples, number of controls, q, and r without shared genes.
    method
        How r was computed.
    """
    variance = fisher_variance(r, n, method, n_controls)
    pooled = pool(r, variance, leave_one_out=False)
    significant = np.nan_to_num(q, nan=1.0) < SIGNIFICANT
    found = ~np.isnan(r)
    without_shared = np.full(r.shape[1], np.nan)
    if not np.isnan(disjoint).all():
        disjoint_variance = fisher_variance(disjoint, n, method, n_controls)
        without_shared = pool(disjoint, disjoint_variance, leave_one_out=False).r
    none = ~found.any(axis=0)
    return {
        "n_types": found.sum(axis=0),
        "n": np.where(found, n, 0).sum(axis=0),
        "r": pooled.r,
        "ci_low": pooled.ci_low,
        "ci_high": pooled.ci_high,
        "p": pooled.p,
        "q": benjamini_hochberg(pooled.p),
        "tau2": pooled.tau2,
        "i2": pooled.i2,
        "prediction_low": pooled.prediction_low,
        "prediction_high": pooled.prediction_high,
        "n_positive": (significant & (r > 0)).sum(axis=0),
        "n_negative": (significant & (r < 0)).sum(axis=0),
        "r_min": np.where(none, np.nan, np.where(found, r, np.inf).min(axis=0, initial=np.inf)),
        "r_max": np.where(none, np.nan, np.where(found, r, -np.inf).max(axis=0, initial=-np.inf)),
        "r_disjoint": without_shared,
    }


def _decimals(value: float | None) -> str:
    return "" if value is None else f"{value:.{_DIGITS}f}"


def _range(low: float | None, high: float | None) -> str:
    return f"{_decimals(low)} to {_decimals(high)}"


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.2g}"
