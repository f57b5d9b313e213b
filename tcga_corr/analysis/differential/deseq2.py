"""DESeq2 by the steps of PyDESeq2, which this module and ``inference`` alone import."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.differential.design import Design
from tcga_corr.errors import AnalysisError, UsageError
from tcga_corr.stats.dispersion_trend import parametric_trend, spread_of_few
from tcga_corr.stats.independent_filter import filtered_q
from tcga_corr.stats.negative_binomial import (
    cauchy_scale,
    shrunken,
    standard_errors,
    without_bounds,
)

PACKAGE = "pydeseq2"

Vector = NDArray[np.float64]

_COOKS_QUANTILE = 0.99
_FEWEST_REPLICATES = 3
_ABOVE_LEAST = 100  # times the least dispersion
_FEW_DEGREES, _LEAST_SPREAD = 3, 0.25
_LN2 = float(np.log(2))

_BY_READS_THERE = (
    "no gene has reads in every sample, so size factors are of the reads that are there"
)
_FLAT = (
    "dispersions follow no curve of the means, so they are drawn towards one number for all genes "
    "(R's DESeq2 takes a local regression there)"
)


@dataclass(frozen=True)
class ContrastFit:
    """One contrast of a fit, a value per gene.

    Attributes
    ----------
    log2fc, lfc_se, p, q
        As DESeq2's results; NaN where Cook's distance or the independent filter leaves none.
    threshold
        The base mean below which the independent filter leaves out q.
    shrunk
        The fold change by the apeglm prior, in log2; None where it was not wanted.
    diverged
        Genes whose coefficients grew without bound; they have no numbers.
    """

    log2fc: Vector
    lfc_se: Vector
    p: Vector
    q: Vector
    threshold: float
    shrunk: Vector | None
    diverged: NDArray[np.bool_]


@dataclass(frozen=True)
class DeseqFit:
    """A fit of a negative binomial model to each gene.

    Attributes
    ----------
    size_factors
        Of the samples, by the median of ratios.
    base_mean
        The mean normalised count of each gene.
    n_replaced
        How many counts of each gene were replaced, as outliers by Cook's distance.
    contrasts
        In the order given.
    notes
        What the method reported.
    """

    size_factors: Vector
    base_mean: Vector
    n_replaced: NDArray[np.int64]
    contrasts: tuple[ContrastFit, ...] = field(repr=False)
    notes: tuple[str, ...] = ()


def require_package() -> str:
    """The version of PyDESeq2.

    Raises
    ------
    UsageError
        If it is not installed.
    """
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(PACKAGE)
    except PackageNotFoundError:
        raise UsageError(
            f"differential expression needs the package {PACKAGE}",
            "Install it: pip install 'tcga-corr[de]'",
        ) from None


def fit(
    counts: NDArray[np.int32],
    design: Design,
    contrasts: Sequence[tuple[str, str]],
    alpha: float,
    *,
    shrink: bool = False,
) -> DeseqFit:
    """Fit DESeq2's model, and test contrasts by Wald's statistic.

    Love, Huber & Anders 2014, doi:10.1186/s13059-014-0550-8. Shrunken fold changes by a Cauchy
    prior: Zhu, Ibrahim & Love 2019, doi:10.1093/bioinformatics/bty895. The package: Muzellec et al.
    2023, doi:10.1093/bioinformatics/btad547.

    Parameters
    ----------
    counts
        Genes x samples, each gene with a read.
    design
        Of the samples.
    contrasts
        Pairs of groups; fold changes are the first over the second.
    alpha
        The q for which the independent filter is chosen.
    shrink
        Whether to shrink fold changes too.
    """
    with _reported() as notes:
        fitted = _fitted(counts, design)
        found = tuple(_contrast(fitted, design, a, b, alpha, shrink=shrink) for a, b in contrasts)
    data = fitted.data
    return DeseqFit(
        size_factors=data.obs["size_factors"].to_numpy(np.float64),
        base_mean=_means(data),
        n_replaced=fitted.outliers.n_replaced,
        contrasts=found,
        notes=(*fitted.notes, *dict.fromkeys(notes)),
    )


@contextmanager
def _reported() -> Iterator[list[str]]:
    """Gather what the package warns of, in place of printing it, and use one thread."""
    import_module("pydeseq2.dds")  # before, so that the libraries that it loads are limited too
    from threadpoolctl import threadpool_limits

    notes: list[str] = []
    with threadpool_limits(1), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield notes
    notes += [
        f"PyDESeq2: {' '.join(str(one.message).split()).rstrip('.')}"
        for one in caught
        if issubclass(one.category, UserWarning) and PACKAGE in one.filename
    ]


@dataclass(frozen=True)
class _Outliers:
    """Of each gene, how many counts are replaced as outliers, and whether one takes away its p."""

    n_replaced: NDArray[np.int64]
    lost: NDArray[np.bool_]


@dataclass(frozen=True)
class _Fitted:
    """The fitted data set of the package, its outliers, and notes on how it was fitted."""

    data: Any
    outliers: _Outliers
    notes: tuple[str, ...]


def _fitted(counts: NDArray[np.int32], design: Design) -> _Fitted:
    import pandas as pd
    from pydeseq2.dds import DeseqDataSet

    from tcga_corr.analysis.differential.inference import Inference

    # names of its own, as the package takes no blank in a column and no gene twice
    samples = [f"s{number}" for number in range(counts.shape[1])]
    ratios = bool((counts > 0).all(axis=1).any())
    data = DeseqDataSet(
        counts=pd.DataFrame(counts.T, index=samples, columns=_genes(counts)),
        metadata=pd.DataFrame({"sample": samples}, index=samples),
        design=pd.DataFrame(design.matrix, index=samples, columns=_columns(design)),
        size_factors_fit_type="ratio" if ratios else "poscounts",
        inference=Inference(n_cpus=1),
        quiet=True,
        low_memory=True,
    )
    data.fit_size_factors(fit_type=data.size_factors_fit_type)
    data.fit_genewise_dispersions()
    notes: tuple[str, ...] = () if ratios else (_BY_READS_THERE,)
    notes += _fit_trend(data)
    data.fit_dispersion_prior()
    _mend_prior(data)
    data.fit_MAP_dispersions()
    data.fit_LFC()
    data.calculate_cooks()
    outliers = _outliers(data, design)
    data.refit()
    for name in ("cooks", "replace_cooks"):
        data.layers.pop(name, None)
    return _Fitted(data, outliers, notes)


def _fit_trend(data: Any) -> tuple[str, ...]:
    """Fit the trend of dispersions; a note where it is no curve.

    The package leaves genes out that DESeq2 takes in again, and keeps those at the least
    dispersion.
    """
    import pandas as pd

    means, estimates = _means(data), data.var["genewise_dispersions"].to_numpy(np.float64)
    enough = estimates > _ABOVE_LEAST * data.min_disp
    if not enough.any():
        raise AnalysisError(
            "the counts of all genes spread no more than those of one sample drawn repeatedly, so "
            "there is no dispersion to fit",
            "Give counts of biological replicates",
        )
    curve = parametric_trend(means[enough], estimates[enough])
    if curve is None:
        data._fit_mean_dispersion_trend()
        return (_FLAT,)
    data.uns["trend_coeffs"] = pd.Series(curve, index=["a0", "a1"])
    data.uns["disp_function_type"] = "parametric"
    data.var["fitted_dispersions"] = data.disp_function(means)
    return ()


def _mend_prior(data: Any) -> None:
    """Take the spread of dispersions as DESeq2 does where few degrees of freedom are left."""
    n_samples, n_columns = data.obsm["design_matrix"].shape
    if n_samples - n_columns > _FEW_DEGREES:
        return
    estimates = data.var["genewise_dispersions"].to_numpy(np.float64)
    enough = estimates >= _ABOVE_LEAST * data.min_disp
    fitted = data.var["fitted_dispersions"].to_numpy(np.float64)
    residuals = np.log(estimates[enough] / fitted[enough])
    spread = spread_of_few(residuals, n_samples - n_columns)
    data.uns["prior_disp_var"] = np.float64(max(spread, _LEAST_SPREAD))


def _means(data: Any) -> Vector:
    means: Vector = data.var["_normed_means"].to_numpy(np.float64)
    return means


def _genes(counts: NDArray[np.int32]) -> list[str]:
    return [f"g{number}" for number in range(len(counts))]


def _columns(design: Design) -> list[str]:
    return [f"c{number}" for number in range(len(design.names))]


def _outliers(data: Any, design: Design) -> _Outliers:
    """Which counts Cook's distance calls outliers: those replaced, and those that take away p.

    Replaced are those in cells of 7 samples or more. In smaller cells, of 3 or more, a gene loses
    its p; but not, between two groups, if three samples have more reads than the outlier.
    """
    from scipy import stats

    _, cell, size = np.unique(design.matrix, axis=0, return_inverse=True, return_counts=True)
    replicates = size[cell.reshape(-1)]
    n_samples, n_columns = design.matrix.shape
    cutoff = stats.f.ppf(_COOKS_QUANTILE, n_columns, n_samples - n_columns)
    cooks = data.layers["cooks"]
    with np.errstate(invalid="ignore"):
        outlying = cooks > cutoff
    replaceable = replicates >= data.min_replicates
    judged = (replicates >= _FEWEST_REPLICATES) & ~replaceable
    lost = outlying[judged].any(axis=0)
    if n_columns == len(design.groups) == 2 and lost.any():
        counts = data.X[:, lost]
        furthest = counts[cooks[:, lost].argmax(axis=0), np.arange(counts.shape[1])]
        lost[lost] = (counts > furthest).sum(axis=0) < _FEWEST_REPLICATES
    return _Outliers(np.count_nonzero(outlying & replaceable[:, None], axis=0), lost)


def _contrast(
    fitted: _Fitted, design: Design, a: str, b: str, alpha: float, *, shrink: bool
) -> ContrastFit:
    data = fitted.data
    from scipy.special import ndtr

    from tcga_corr.analysis.differential.inference import LEAST_MEAN

    vector = design.contrast(a, b)
    found = data.varm["LFC"].to_numpy(np.float64)
    sizes = data.obs["size_factors"].to_numpy(np.float64)
    dispersion = data.var["dispersions"].to_numpy(np.float64)
    means = sizes * np.exp(found @ design.matrix.T)
    unbounded = without_bounds(means, design.matrix, dispersion, vector)
    unbounded &= ~data.var["_LFC_converged"].to_numpy(bool)
    errors = standard_errors(np.maximum(means, LEAST_MEAN), design.matrix, dispersion, vector)
    change = found @ vector
    p = 2 * ndtr(-np.abs(change / errors))
    p[fitted.outliers.lost] = np.nan
    # all reads of these were outliers
    emptied = (_means(data) == 0) & (fitted.outliers.n_replaced > 0)
    change[emptied], errors[emptied], p[emptied] = 0, 0, 1
    known = errors > 0
    shrunk = None
    if shrink:
        scale = cauchy_scale(change[known], errors[known])
        shrunk = _shrunken(data, design, a, b, scale) / _LN2
        shrunk[unbounded] = np.nan
    for values in (change, errors, p):
        values[unbounded] = np.nan
    q, threshold = filtered_q(_means(data), p, alpha)
    return ContrastFit(
        log2fc=change / _LN2,
        lfc_se=errors / _LN2,
        p=p,
        q=q,
        threshold=threshold,
        shrunk=shrunk,
        diverged=unbounded,
    )


def _shrunken(data: Any, design: Design, a: str, b: str, scale: float) -> Vector:
    """The shrunken fold changes of a contrast, as the coefficient of a with b as the reference."""
    return shrunken(
        np.ascontiguousarray(data.X.T, np.float64),
        data.obs["size_factors"].to_numpy(np.float64),
        design.matrix @ np.linalg.inv(design.relevelled(b)),
        data.var["dispersions"].to_numpy(np.float64),
        design.coefficient(a, b),
        scale,
    )
