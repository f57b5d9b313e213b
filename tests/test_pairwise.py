"""Many pairs at once: each number and note is that of the pair asked alone.

Tolerance: 1e-12 of r and its interval, 1e-9 of p relative.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from tcga_corr.associations import Question, associate
from tcga_corr.gene_sets import GeneSet
from tcga_corr.pairwise import ROWS_AT_ONCE, Pairs, Panel
from tcga_corr.pooled import pooled_association, pooled_columns
from tcga_corr.scoring.ranks import doubled_average_ranks
from tcga_corr.scoring.ssgsea import TIES, Ties
from tcga_corr.shared_genes import SharedGenes
from tcga_corr.stats.adjustment import benjamini_hochberg
from tcga_corr.stats.correlation import Correlations, Method, fisher_interval, p_of_r
from tcga_corr.stats.pooling import fisher_variance
from tcga_corr.store import (
    Covariate,
    CovariateColumn,
    CovariateMetadata,
    GeneNames,
    StoredSample,
    TableIndex,
    TableKey,
    TableMetadata,
)
from tcga_corr.variables import (
    Cohort,
    CovariateVariable,
    GeneVariable,
    SetVariable,
    Variable,
)

Matrix = NDArray[np.float64]
Places = NDArray[np.intp]

LINEAR: tuple[Method, ...] = ("pearson", "spearman")
GENES = [f"G{number:03d}" for number in range(90)]
STEADY = GENES[80:]  # the highest of every sample and constant, with their ranks
NUMBERS = ("r", "ci_low", "ci_high", "r_disjoint")


def table(values: Matrix, kinds: str, *, simulated: bool = False) -> TableIndex:
    """A table of genes in rows; a sample each of t(umour), n(ormal) and m(etastasis)."""
    genes = GENES[: len(values)]
    samples = tuple(
        StoredSample(
            f"S{place:03d}", "", f"P{place:03d}", "", "", kind == "t", kind == "n", kind in "tm", ""
        )
        for place, kind in enumerate(kinds)
    )
    said = TableMetadata("", "LIHC", "", simulated, "all", len(genes), (), {}, {}, samples)
    single = values.astype(np.float32)
    names = GeneNames(genes, "\n".join(genes))
    return TableIndex(TableKey("", "LIHC"), "", said, names, doubled_average_ranks(single), single)


def covariate(name: str, values: Sequence[float], column: str = "") -> CovariateVariable:
    """A covariate of the first samples of a table."""
    said = CovariateColumn(name, column or name, len(values))
    metadata = CovariateMetadata("sample", (), {}, "", (said,), len(values), {}, ())
    rows = {f"S{place:03d}": {"": float(value)} for place, value in enumerate(values)}
    return CovariateVariable(Covariate("clinic", name, name, metadata, "", rows))


def gene_set(name: str, *genes: str) -> SetVariable:
    return SetVariable(GeneSet(name, "", genes))


def made() -> tuple[Matrix, dict[str, list[float]]]:
    """Genes of 220 samples that two activities move, with ties, and covariates with gaps."""
    rng = np.random.default_rng(3)
    activity = rng.normal(size=(2, 220))
    values = rng.uniform(2, 9, (len(GENES), 1)) + rng.normal(size=(len(GENES), 2)) @ activity
    values = np.clip(values + rng.normal(0, 0.6, values.shape), 0, 18).round(1)
    values[1] = values[1].round()
    values[2] = 3.3
    values[-len(STEADY) :] = 20 + np.arange(len(STEADY))[:, np.newaxis]
    age, dose, grade, late = activity[[0, 0, 1, 1]] + rng.normal(0, 1, (4, 220))
    dose[[3, 5, 50, *range(100, 130)]] = np.nan
    grade = grade.round()
    grade[[4, 5, *range(120, 160)]] = np.nan
    late[:] = np.where(np.arange(220) % 25 == 4, late, np.nan)
    age[6] = np.nan
    found = {"age": age, "dose": dose, "grade": grade, "late": late, "twice": 2 * age - 1}
    found |= {"nobody": np.full(220, np.nan), "flat": np.full(220, 7.0)}
    return values, {name: list(one) for name, one in found.items()}


VALUES, CLINIC = made()
X = gene_set("X", *GENES[10:26])
GENE = GeneVariable("G012", "G012")  # of X and all that is like it
COVARIATES = {name: covariate(name, values) for name, values in CLINIC.items()}
VARIABLES: list[Variable] = [
    GeneVariable("G000"),
    GeneVariable("G001"),  # with ties
    GENE,
    GeneVariable("G002"),  # constant
    GeneVariable("NOWHERE1"),
    X,
    gene_set("Y", *GENES[20:37]),
    gene_set("inside_X", *GENES[11:18]),
    gene_set("X_again", *reversed(X.gene_set.genes)),
    gene_set("thin", *GENES[22:30], *(f"NOWHERE{place}" for place in range(9))),
    gene_set("few", *GENES[24:28], "NOWHERE1"),
    gene_set("few_left", *GENES[8:12], *GENES[14:20]),
    gene_set("apart", *GENES[50:60]),
    gene_set("steady", *STEADY[:6]),
    gene_set("steady_but", *STEADY[2:9], *GENES[18:24]),
    gene_set("all", *GENES),
    gene_set("almost_all", *GENES[3:]),
    *(COVARIATES[name] for name in ("age", "dose", "grade", "late", "nobody", "flat")),
    covariate("years", CLINIC["age"], "age"),
]
CONTROLS: dict[str, tuple[Variable, ...]] = {
    "none": (),
    "gaps": (COVARIATES["dose"],),
    "gene": (GeneVariable("G015"),),
    "shared": (gene_set("control", *GENES[16:22], *GENES[60:64]), COVARIATES["age"]),
    "collinear": (COVARIATES["age"], COVARIATES["twice"]),
    "nobody": (COVARIATES["nobody"], COVARIATES["age"]),
    "flat": (COVARIATES["flat"],),
}
TUMOR = table(VALUES[:, :214], "t" * 200 + "n" * 12 + "mm")
TEN = table(VALUES[:, 40:57], "tm" * 3 + "n" * 3 + "t" * 7 + "m", simulated=True)


class Case(NamedTuple):
    """A cohort and what is adjusted for."""

    cohort: Cohort
    adjust: str = "none"


CASES: dict[str, Case] = {
    **{name: Case(Cohort(TUMOR, "tumor"), name) for name in CONTROLS},
    **{ties: Case(Cohort(TUMOR, "all-tumor", ties), "shared") for ties in TIES},
    **{f"{ties}_twelve": Case(Cohort(TUMOR, "normal", ties)) for ties in TIES},
    "twelve_gene": Case(Cohort(TUMOR, "normal"), "gene"),
    "ten": Case(Cohort(TEN, "tumor", min_genes=7)),
    "ten_collinear": Case(Cohort(TEN, "tumor"), "collinear"),
    "fourteen": Case(Cohort(TEN, "all-tumor", "gsva"), "shared"),
    "three": Case(Cohort(TEN, "normal")),
}
