"""DESeq2 by PyDESeq2: the one module that imports it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.design import Design
from tcga_corr.errors import UsageError
from tcga_corr.stats.independent_filter import filtered_q

PACKAGE = "pydeseq2"

Vector = NDArray[np.float64]

_LEAST_MEAN = 0.5  # reads
_COOKS_QUANTILE = 0.99
_LARGEST = 20.0  # natural logarithm of a fold change that is still one
_LN2 = float(np.log(2))


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
        data, n_replaced, method = _fitted(counts, design)
        found = tuple(_contrast(data, design, a, b, alpha, shrink=shrink) for a, b in contrasts)
    return DeseqFit(
        size_factors=data.obs["size_factors"].to_numpy(np.float64),
        base_mean=_means(data),
        n_replaced=n_replaced,
        contrasts=found,
        notes=(*method, *dict.fromkeys(notes)),
    )


@contextmanager
def _reported() -> Iterator[list[str]]:
    """Gather what the package warns of, in place of printing it, and use one thread."""
    import_module("pydeseq2.ds")  # before, so that the libraries that it loads are limited too
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


def _fitted(
    counts: NDArray[np.int32], design: Design
) -> tuple[Any, NDArray[np.int64], tuple[str, ...]]:
    """The fitted data set of the package; replaced counts; and a note on the size factors."""
    import pandas as pd
    from pydeseq2.dds import DeseqDataSet

    # names of its own, as the package takes no blank in a column and no gene twice
    samples = [f"s{number}" for number in range(counts.shape[1])]
    ratios = bool((counts > 0).all(axis=1).any())
    data = DeseqDataSet(
        counts=pd.DataFrame(counts.T, index=samples, columns=_genes(counts)),
        metadata=pd.DataFrame({"sample": samples}, index=samples),
        design=pd.DataFrame(design.matrix, index=samples, columns=_columns(design)),
        size_factors_fit_type="ratio" if ratios else "poscounts",
        inference=_inference(),
        quiet=True,
        low_memory=True,
    )
    data.fit_size_factors(fit_type=data.size_factors_fit_type)
    data.fit_genewise_dispersions()
    data.fit_dispersion_trend()
    data.fit_dispersion_prior()
    data.fit_MAP_dispersions()
    data.fit_LFC()
    data.calculate_cooks()
    n_replaced = _n_replaced(data, design)
    data.refit()
    data.cooks_outlier()
    note = "no gene has reads in every sample, so size factors are of the reads that are there"
    return data, n_replaced, () if ratios else (note,)


def _inference() -> Any:
    """The package's inference, which estimates dispersions with fitted means of 0.5 or more.

    So does DESeq2 in R, and the package in designs of groups alone. In others the means of a gene
    without reads in a level vanish, and with them the determinant in Cox and Reid's term.
    """
    from pydeseq2.default_inference import DefaultInference

    class Inference(DefaultInference):  # type: ignore[misc]
        def alpha_mle(self, *, mu: Vector, **more: Any) -> Any:
            return super().alpha_mle(mu=np.maximum(mu, _LEAST_MEAN), **more)

    return Inference(n_cpus=1)


def _means(data: Any) -> Vector:
    means: Vector = data.var["_normed_means"].to_numpy(np.float64)
    return means


def _genes(counts: NDArray[np.int32]) -> list[str]:
    return [f"g{number}" for number in range(len(counts))]


def _columns(design: Design) -> list[str]:
    return [f"c{number}" for number in range(len(design.names))]


def _n_replaced(data: Any, design: Design) -> NDArray[np.int64]:
    """How many counts of each gene are outliers in cells of enough replicates to replace them."""
    from scipy import stats

    _, cell, size = np.unique(design.matrix, axis=0, return_inverse=True, return_counts=True)
    replaceable = size[cell.reshape(-1)] >= data.min_replicates
    n_samples, n_columns = design.matrix.shape
    cutoff = stats.f.ppf(_COOKS_QUANTILE, n_columns, n_samples - n_columns)
    with np.errstate(invalid="ignore"):
        outlying = data.layers["cooks"] > cutoff
    n_replaced: NDArray[np.int64] = np.count_nonzero(outlying & replaceable[:, None], axis=0)
    return n_replaced


def _contrast(
    data: Any, design: Design, a: str, b: str, alpha: float, *, shrink: bool
) -> ContrastFit:
    from pydeseq2.ds import DeseqStats

    # its independent filter smooths otherwise than DESeq2's, and chooses another threshold
    vector = design.contrast(a, b)
    test = DeseqStats(data, vector, independent_filter=False, quiet=True, n_cpus=1)
    test.summary()
    results = {
        name: test.results_df[name].to_numpy(np.float64, copy=True)
        for name in ("log2FoldChange", "lfcSE", "pvalue")
    }
    # of a level without a read: the fit ends where the optimiser's bounds are
    diverged = (np.abs(data.varm["LFC"].to_numpy(np.float64)) > _LARGEST).any(axis=1)
    for values in results.values():
        values[diverged] = np.nan
    q, threshold = filtered_q(_means(data), results["pvalue"], alpha)
    shrunk = _shrunken(data, test, design, a, b) if shrink else None
    if shrunk is not None:
        shrunk[diverged] = np.nan
    return ContrastFit(
        log2fc=results["log2FoldChange"],
        lfc_se=results["lfcSE"],
        p=results["pvalue"],
        q=q,
        threshold=threshold,
        shrunk=shrunk,
        diverged=diverged,
    )


def _shrunken(data: Any, test: Any, design: Design, a: str, b: str) -> Vector:
    """The shrunken fold changes of a contrast, as the coefficient of a with b as the reference."""
    import pandas as pd

    change = design.relevelled(b)
    column = _columns(design)[design.coefficient(a, b)]
    names = _columns(design)
    test.design_matrix = pd.DataFrame(
        design.matrix @ np.linalg.inv(change), index=test.design_matrix.index, columns=names
    )
    test.LFC = pd.DataFrame(test.LFC.to_numpy() @ change.T, index=test.LFC.index, columns=names)
    test.lfc_shrink(coeff=column)
    shrunken: Vector = test.LFC[column].to_numpy(np.float64) / _LN2
    return shrunken
