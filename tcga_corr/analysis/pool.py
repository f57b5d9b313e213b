"""Pooled associations: one summary of a pair's associations over tumor types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.nulls.associations import NullColumns
from tcga_corr.analysis.panel import Pairs
from tcga_corr.choices import Method, Null
from tcga_corr.stats.adjustment import benjamini_hochberg
from tcga_corr.stats.methods import fisher_variance
from tcga_corr.stats.pooling import pool
from tcga_corr.vocabulary.associations import (
    LEVEL_OF_POOLED,
    NULL_COLUMNS,
    OVER_ROWS,
    SIGNIFICANT,
    SIMULATED,
)
from tcga_corr.vocabulary.nulls import NULLS, NullRecord

_DIGITS = 3

Matrix = NDArray[np.float64]
POOLED_NULL_COLUMNS = tuple(name for name in NULL_COLUMNS if name not in OVER_ROWS)
"""The columns of the nulls in a pooled row."""
TalliedBy = Literal["q", "q_genes"]
DIRECTION: dict[TalliedBy, str] = {"q": "r", "q_genes": "z_genes"}
"""By what tumor types are tallied: the column whose sign is the direction."""


@dataclass(frozen=True)
class Tally:
    """Tumor types that are significant in either direction; one number or one of each pair.

    Attributes
    ----------
    n_positive, n_negative
        Tumor types.
    by_genes
        Whether by ``q_genes`` and the sign of ``z_genes``, as where there is any; else by ``q`` and
        that of r.
    """

    n_positive: NDArray[np.intp]
    n_negative: NDArray[np.intp]
    by_genes: NDArray[np.bool_]

    @property
    def tallied_by(self) -> NDArray[np.str_]:
        """The column of the q."""
        return np.where(self.by_genes, "q_genes", "q")


@dataclass(frozen=True)
class Adjusted:
    """What decides whether a tumor type is significant: tumor types (x pairs), NaN where none.

    Attributes
    ----------
    q
        The q of r = 0.
    q_genes, z_genes
        Those among random genes; None where nothing was compared with them.
    """

    q: Matrix
    q_genes: Matrix | None = None
    z_genes: Matrix | None = None

    def tally(self, r: Matrix) -> Tally:
        """Count the tumor types that have an r."""
        none = np.full(r.shape, np.nan)
        q_genes, z_genes = (none if one is None else one for one in (self.q_genes, self.z_genes))
        by_genes = np.asarray(~np.isnan(q_genes).all(axis=0))
        q, direction = np.where(by_genes, (q_genes, z_genes), (self.q, r))
        with np.errstate(invalid="ignore"):
            found = (q < SIGNIFICANT) & ~np.isnan(r)
            positive, negative = found & (direction > 0), found & (direction < 0)
        return Tally(positive.sum(axis=0), negative.sum(axis=0), by_genes)


@dataclass(frozen=True)
class Pooling:
    """Random effects on Fisher's z over the tumor types that have an r; None where there is none.

    Attributes
    ----------
    n_types, n_samples
        Tumor types that are pooled, and their samples.
    r, ci_low, ci_high, p
        Mean correlation of tumor types, with the Hartung-Knapp interval and p.
    z_genes, p_genes, genes_mean, genes_low, genes_high
        The pooled r without shared genes beside that of random genes, as in the other rows.
    z_sets, p_sets, sets_mean, sets_low, sets_high, n_reference_sets
        The same beside other pathways.
    genes_note, sets_note
        Why these are empty.
    tau2, i2, cochran_q, cochran_q_p
        How unlike the tumor types are: variance between them on the scale of z, its share of all
        variation, and the test of none (DerSimonian-Laird).
    prediction_low, prediction_high
        Where r of one more tumor type is to be expected.
    n_positive, n_negative, tallied_by
        Tumor types that are significant in either direction: by ``q_genes`` < 0.05 and the sign of
        ``z_genes`` where they have any, else by ``q`` < 0.05 and that of r.
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
    z_genes: float | None = None
    p_genes: float | None = None
    genes_mean: float | None = None
    genes_low: float | None = None
    genes_high: float | None = None
    genes_note: str | None = None
    z_sets: float | None = None
    p_sets: float | None = None
    sets_mean: float | None = None
    sets_low: float | None = None
    sets_high: float | None = None
    n_reference_sets: int | None = None
    sets_note: str | None = None
    tau2: float | None = None
    i2: float | None = None
    cochran_q: float | None = None
    cochran_q_p: float | None = None
    prediction_low: float | None = None
    prediction_high: float | None = None
    n_positive: int = 0
    n_negative: int = 0
    tallied_by: TalliedBy = "q"
    leave_one_out_low: float | None = None
    leave_one_out_low_without: str | None = None
    leave_one_out_high: float | None = None
    leave_one_out_high_without: str | None = None
    r_disjoint: float | None = None
    n_types_disjoint: int = 0
    r_purity: float | None = None
    n_types_purity: int = 0
    n_purity: int = 0
    note: str = ""
    simulated: bool = False

    def beside(self, nulls: Mapping[Null, NullColumns]) -> Pooling:
        """The same with the numbers of nulls, each of one pair."""
        values: dict[str, Any] = {}
        for null, found in nulls.items():
            numbers = found.by_column(NULLS[null])
            values |= {name: _number(column[0]) for name, column in numbers.items()}
            values[f"{null}_note"] = found.notes.get(0)
        n = values.get("n_reference_sets")
        return replace(self, **values | ({"n_reference_sets": int(n)} if n is not None else {}))

    def lines(self) -> list[str]:
        """What to print under a table; the p of r = 0 comes last."""
        if self.r is None:
            return [self.note]
        lines = (
            f"pooled over {self.n_types} tumor types, {self.n_samples} samples: "
            f"r = {_decimals(self.r)}, 95 % interval {_range(self.ci_low, self.ci_high)}",
            self._without_shared_genes(),
            self._adjusted_for_purity(),
            *(self._beside(null) for null in NULLS.values()),
            f"between tumor types: I2 = {100 * (self.i2 or 0):.0f} %, "
            f"tau2 = {_short(self.tau2)} (on z), Q = {_short(self.cochran_q)}, "
            f"p = {_short(self.cochran_q_p)}",
            self._prediction(),
            self._tally(),
            self._leave_one_out(),
            f"p = {_short(self.p)}: the pooled p tests r = 0 alone; it is not compared with "
            f"{' or '.join(null.short for null in NULLS.values())}",
        )
        return [line for line in lines if line]

    def _without_shared_genes(self) -> str:
        if self.r_disjoint is None or self.r_disjoint == self.r:
            return ""
        few = self.n_types_disjoint < self.n_types
        where = f" (in {self.n_types_disjoint} of the tumor types)" if few else ""
        return f"without shared genes: r = {_decimals(self.r_disjoint)}{where}"

    def _adjusted_for_purity(self) -> str:
        if self.r_purity is None:
            return ""
        return (
            f"adjusted for purity: r = {_decimals(self.r_purity)} (in {self.n_types_purity} of the "
            f"tumor types, {self.n_purity} samples)"
        )

    def _beside(self, null: NullRecord) -> str:
        """The numbers of a null, or why there are none."""
        note: str | None = getattr(self, f"{null.name}_note")
        z, p, mean, low, high = (
            getattr(self, name) for name in (null.z, null.p, null.mean, null.low, null.high)
        )
        if p is None:
            return note or ""
        note = f" ({note})" if note else ""
        n = f"{getattr(self, null.n)} " if null.n else ""
        return (
            f"among {n}{null.short}, pooled in the same way: {null.p} = {_short(p)}, "
            f"{null.z} = {_short(z)}; they give {_decimals(mean)} ({_range(low, high)}){note}"
        )

    def _prediction(self) -> str:
        if self.prediction_low is None:
            return ""
        expected = _range(self.prediction_low, self.prediction_high)
        return f"one more tumor type: {expected} (95 % prediction)"

    def _tally(self) -> str:
        direction = DIRECTION[self.tallied_by]
        return (
            f"tumor types with {self.tallied_by} < {SIGNIFICANT}: {self.n_positive} with "
            f"{direction} > 0, {self.n_negative} with {direction} < 0"
        )

    def _leave_one_out(self) -> str:
        if self.leave_one_out_low is None:
            return ""
        return (
            f"without one tumor type: {_decimals(self.leave_one_out_low)} (without "
            f"{self.leave_one_out_low_without}) to {_decimals(self.leave_one_out_high)} "
            f"(without {self.leave_one_out_high_without})"
        )

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
            **{name: getattr(self, name) for name in POOLED_NULL_COLUMNS},
            "r_disjoint": self.r_disjoint,
            "r_purity": self.r_purity,
            "n_purity": self.n_purity or None,
            "level": LEVEL_OF_POOLED,
            "note": "; ".join([*([SIMULATED] if self.simulated else []), *self.lines()]),
        }


def pooled_association(
    tumor_types: Sequence[str],
    found: Pairs,
    adjusted: Adjusted,
    method: Method,
) -> Pooling:
    """Pool a pair's associations by random effects; see :func:`tcga_corr.stats.pooling.pool`.

    Parameters
    ----------
    tumor_types
        Their names.
    found
        Their associations.
    adjusted
        Their q-values.
    method
        How they were correlated.
    """
    disjoint = found.r_disjoint
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
    disjoint_variance = fisher_variance(disjoint, found.n, method, found.n_controls)
    without_shared = pool(disjoint, disjoint_variance, leave_one_out=False, prediction=False)
    pure_variance = fisher_variance(found.r_purity, found.n_purity, method, found.n_controls + 1)
    pure = pool(found.r_purity, pure_variance, leave_one_out=False, prediction=False)
    tally = adjusted.tally(r)

    def name(place: Any) -> str | None:
        return tumor_types[int(place)] if place >= 0 else None

    return Pooling(
        n_types=n_types,
        n_samples=n_samples,
        r=_number(result.r),
        ci_low=_number(result.ci_low),
        ci_high=_number(result.ci_high),
        p=_number(result.p),
        tau2=_number(result.tau2),
        i2=_number(result.i2),
        cochran_q=_number(result.q),
        cochran_q_p=_number(result.q_p),
        prediction_low=_number(result.prediction_low),
        prediction_high=_number(result.prediction_high),
        n_positive=int(tally.n_positive),
        n_negative=int(tally.n_negative),
        tallied_by="q_genes" if tally.by_genes else "q",
        leave_one_out_low=_number(result.loo_low),
        leave_one_out_low_without=name(result.loo_low_left),
        leave_one_out_high=_number(result.loo_high),
        leave_one_out_high_without=name(result.loo_high_left),
        r_disjoint=_number(without_shared.r),
        n_types_disjoint=int(without_shared.n_types),
        r_purity=_number(pure.r),
        n_types_purity=int(pure.n_types),
        n_purity=int(found.n_purity[~np.isnan(found.r_purity)].sum()),
    )


def pooled_columns(
    r: Matrix,
    n: NDArray[np.int64],
    n_controls: NDArray[np.int64],
    adjusted: Adjusted,
    disjoint: Matrix,
    method: Method,
    purity: tuple[Matrix, Matrix] | None = None,
) -> dict[str, NDArray[Any]]:
    """Many pairs, each pooled over its tumor types: a column per figure, NaN where there is none.

    An r of 1 or -1 counts among tumor types and samples, though it is not pooled.

    Parameters
    ----------
    r, n, n_controls, adjusted, disjoint
        Tumor types x pairs: r, samples, number of controls, q-values, and r without shared genes.
    method
        How r was computed.
    purity
        Tumor types x pairs: r adjusted for purity, and its samples; None where there is none.
    """
    variance = fisher_variance(r, n, method, n_controls)
    pooled = pool(r, variance, leave_one_out=False)
    tally = adjusted.tally(r)
    found = ~np.isnan(r)
    without_shared = np.full(r.shape[1], np.nan)
    if not np.isnan(disjoint).all():
        disjoint_variance = fisher_variance(disjoint, n, method, n_controls)
        without_shared = pool(disjoint, disjoint_variance, leave_one_out=False, prediction=False).r
    pure = np.full(r.shape[1], np.nan)
    if purity is not None and not np.isnan(purity[0]).all():
        of_purity = fisher_variance(*purity, method, n_controls + 1)
        pure = pool(purity[0], of_purity, leave_one_out=False, prediction=False).r
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
        "n_positive": tally.n_positive,
        "n_negative": tally.n_negative,
        "tallied_by": tally.tallied_by,
        "r_min": np.where(none, np.nan, np.where(found, r, np.inf).min(axis=0, initial=np.inf)),
        "r_max": np.where(none, np.nan, np.where(found, r, -np.inf).max(axis=0, initial=-np.inf)),
        "r_disjoint": without_shared,
        "r_purity": pure,
    }


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def _decimals(value: float | None) -> str:
    return "" if value is None else f"{value:.{_DIGITS}f}"


def _range(low: float | None, high: float | None) -> str:
    return f"{_decimals(low)} to {_decimals(high)}"


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.2g}"
