"""Random-effects pooling of effects over tumor types, for many questions at once.

Correlation coefficients are pooled on Fisher's z = atanh(r) and transformed back by tanh; other
effects, such as log hazard ratios, on their own scale.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tcga_corr.stats.prediction import prediction_interval

Vector = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Pooled:
    """One entry per question, or scalars for a single one; NaN below two types.

    Attributes
    ----------
    n_types
        Types with a usable r; k below.
    r
        Pooled correlation coefficient.
    ci_low, ci_high
        Hartung-Knapp interval of the stated confidence, on the scale of r.
    p
        Two-sided p-value of a pooled r of 0, from t with k - 1 degrees of freedom.
    tau2
        Variance of the true z between types (DerSimonian-Laird), 0 or more.
    i2
        Share of the variation of z that is between types, from 0 to 1.
    q
        Cochran's Q.
    q_p
        p-value of equal true z, from chi-squared with k - 1 degrees of freedom.
    prediction_low, prediction_high
        Where r of a further type is expected with the stated confidence; NaN below three types.
    loo_low, loo_high
        Smallest and largest pooled r with one type left out; NaN below three types.
    loo_low_left, loo_high_left
        Position of the type left out there, the first of equals; -1 below three types.
    """

    n_types: Counts
    r: Vector
    ci_low: Vector
    ci_high: Vector
    p: Vector
    tau2: Vector
    i2: Vector
    q: Vector
    q_p: Vector
    prediction_low: Vector
    prediction_high: Vector
    loo_low: Vector
    loo_high: Vector
    loo_low_left: Counts
    loo_high_left: Counts


def pool(
    r: ArrayLike,
    variance: ArrayLike,
    confidence: float = 0.95,
    *,
    truncated: bool = True,
    leave_one_out: bool = True,
    prediction: bool = True,
) -> Pooled:
    """Pool each question's r over the types by a random-effects meta-analysis.

    With w = 1/v, v the variance of z, and m the mean of z weighted by w: Q = sum w (z - m)^2
    (Cochran 1954, Biometrics 10:101, doi:10.2307/3001666), I^2 = max(0, (Q - (k - 1)) / Q)
    (Higgins & Thompson 2002, Stat. Med. 21:1539, doi:10.1002/sim.1186) and tau^2 =
    max(0, (Q - (k - 1)) / (sum w - sum w^2 / sum w)) (DerSimonian & Laird 1986, Control. Clin.
    Trials 7:177, doi:10.1016/0197-2456(86)90046-2).

    With u = 1 / (v + tau^2), the estimate mu is the mean of z weighted by u, and its squared
    standard error s^2 = sum u (z - mu)^2 / ((k - 1) sum u); p and interval are those of t = mu / s
    with k - 1 degrees of freedom (Hartung & Knapp 2001, Stat. Med. 20:1771, doi:10.1002/sim.791).
    Where the z happen to be more alike than their variances allow, s would be too small, and the
    most certain of 20,000 questions would be those of such luck: ``truncated`` keeps s^2 at
    1 / sum u or more (Knapp & Hartung 2003, Stat. Med. 22:2693, doi:10.1002/sim.1482). Without it,
    where all z are equal, s is 0: the interval is a point, and p is 0, or 1 if mu is 0.

    The prediction interval allows for the uncertainty of tau^2, by its confidence distribution
    (Nagashima, Noma & Furukawa 2019, Stat. Methods Med. Res. 28:1689,
    doi:10.1177/0962280218773520); see :func:`tcga_corr.stats.prediction.prediction_interval`.

    Parameters
    ----------
    r
        Correlation coefficients, of shape (types,) or (types, questions). An entry that is NaN or
        of size 1, or has no positive finite variance, is left out of its question.
    variance
        Variance of z = atanh(r), of the same shape; see ``fisher_variance``.
    confidence
        Of both intervals.
    truncated
        Whether the standard error is at least that of the samples alone.
    leave_one_out
        Whether to pool again without each type, which takes five times as long.
    prediction
        Whether to compute the prediction interval, which takes most of the time; NaN without.
    """
    r, variance = np.asarray(r, dtype=np.float64), np.asarray(variance, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = pool_effects(
            np.arctanh(r),
            variance,
            confidence,
            truncated=truncated,
            leave_one_out=leave_one_out,
            prediction=prediction,
        )
        return replace(found, **{name: np.tanh(getattr(found, name)) for name in _EFFECTS})


_EFFECTS = (
    "r", "ci_low", "ci_high", "prediction_low", "prediction_high", "loo_low", "loo_high",
)  # fmt: skip


def pool_effects(
    effect: ArrayLike,
    variance: ArrayLike,
    confidence: float = 0.95,
    *,
    truncated: bool = True,
    leave_one_out: bool = True,
    prediction: bool = True,
) -> Pooled:
    """Pool effects that are nearly normal, such as log hazard ratios, as :func:`pool` does z.

    Parameters
    ----------
    effect
        Of shape (types,) or (types, questions). An entry that is not finite, or has no positive
        finite variance, is left out of its question.
    variance
        Of each effect.
    confidence, truncated, leave_one_out, prediction
        As of :func:`pool`.

    Returns
    -------
    What is called r there is the effect here.
    """
    from scipy import special

    z, variance = np.asarray(effect, dtype=np.float64), np.asarray(variance, dtype=np.float64)
    if z.shape != variance.shape:
        raise ValueError(f"the effect is of shape {z.shape}, its variance of {variance.shape}")
    with np.errstate(divide="ignore", invalid="ignore"):
        present = np.isfinite(z) & np.isfinite(variance) & (variance > 0)
        k = present.sum(axis=0)
        # from the smallest z, so that equal z deviate by exactly 0
        base = np.min(z, axis=0, where=present, initial=np.inf)
        z = np.where(present, z - base, 0.0)
        variance = np.where(present, variance, np.inf)

        df = _number_from(1, k - 1)
        q, tau2, weights, mean = _random_effects(z, variance, df)
        error2 = (weights * (z - mean) ** 2).sum(axis=0) / (df * weights.sum(axis=0))
        if truncated:
            error2 = np.maximum(error2, 1 / weights.sum(axis=0))
        left_out = present if leave_one_out else np.zeros_like(present)
        low_z, high_z, low_left, high_left = _leave_one_out(z, variance, left_out)
        mu = base + mean
        p = 2 * special.stdtr(df, -np.abs(mu / np.sqrt(error2)))
        p = np.where((mu == 0) & (error2 == 0), 1.0, p)
        half_width = special.stdtrit(df, (1 + confidence) / 2) * np.sqrt(error2)
        next_low, next_high = (
            prediction_interval(z, variance, confidence, truncated=truncated)
            if prediction
            else np.full((2, *k.shape), np.nan)
        )
        return Pooled(
            n_types=k,
            r=mu,
            ci_low=mu - half_width,
            ci_high=mu + half_width,
            p=p[()],
            tau2=tau2,
            i2=np.maximum((q - df) / q, 0.0),
            q=q,
            q_p=special.chdtrc(df, q),
            prediction_low=base + next_low,
            prediction_high=base + next_high,
            loo_low=base + low_z,
            loo_high=base + high_z,
            loo_low_left=low_left[()],
            loo_high_left=high_left[()],
        )


def mean_correlation(r: Vector, variance: Vector) -> Vector:
    """The pooled r alone, as :func:`pool` has it, of very many questions.

    Parameters
    ----------
    r, variance
        Types x questions: r and the variance of its z, all of them usable.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.tanh(mean_effect(np.arctanh(r), variance)))


def mean_effect(effect: Vector, variance: Vector) -> Vector:
    """The pooled effect alone, as :func:`pool_effects` has it, of very many questions.

    Parameters
    ----------
    effect, variance
        Types x questions; finite effects, and an infinite variance where one does not count.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = 1 / variance
        df = (weights > 0).sum(axis=0) - 1
        total = weights.sum(axis=0)
        mean = (weights * effect).sum(axis=0) / total
        q = (weights * (effect - mean) ** 2).sum(axis=0)
        scale = (weights * (total - weights)).sum(axis=0) / total
        tau2 = np.maximum((q - df) / scale, 0.0)
        tau2 = np.where(df > 0, tau2, 0.0)
        weights = 1 / (variance + tau2)
        return np.asarray((weights * effect).sum(axis=0) / weights.sum(axis=0))


def _number_from(least: int, count: Counts) -> Vector:
    """The counts that reach the least, NaN for the others."""
    return np.where(count >= least, count, np.nan)


def _random_effects(
    z: Vector, variance: Vector, df: Vector
) -> tuple[Vector, Vector, Vector, Vector]:
    """Q, tau^2, the weights with it, and their mean of z; an infinite variance weighs nothing.

    All but the weights are NaN where df is.
    """
    weights = 1 / variance
    total = weights.sum(axis=0)
    mean = (weights * z).sum(axis=0) / total
    q = (weights * (z - mean) ** 2).sum(axis=0)
    q = np.where(np.isnan(df), np.nan, q)[()]
    # total - sum w^2 / total, without the difference of two near numbers
    scale = (weights * (total - weights)).sum(axis=0) / total
    tau2 = np.maximum((q - df) / scale, 0.0)
    weights = 1 / (variance + tau2)
    return q, tau2, weights, (weights * z).sum(axis=0) / weights.sum(axis=0)


def _leave_one_out(
    z: Vector, variance: Vector, present: NDArray[np.bool_]
) -> tuple[Vector, Vector, Counts, Counts]:
    """Smallest and largest mean of z with one type left out, and which one that was."""
    questions = z.shape[1:]
    low, high = np.full(questions, np.inf), np.full(questions, -np.inf)
    low_left, high_left = np.full((2, *questions), -1, dtype=np.int64)
    df = _number_from(1, present.sum(axis=0) - 2)
    for left in range(len(z)):
        if not present[left].any():
            continue
        others = variance.copy()
        others[left] = np.inf
        mean = np.where(present[left], _random_effects(z, others, df)[3], np.nan)
        lower, higher = mean < low, mean > high
        low, high = np.where(lower, mean, low), np.where(higher, mean, high)
        low_left = np.where(lower, left, low_left)
        high_left = np.where(higher, left, high_left)
    none = low_left < 0
    return np.where(none, np.nan, low), np.where(none, np.nan, high), low_left, high_left
