"""Vectors correlated as everything is: as covariates of a panel."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.naming.names import CovariateVariable
from tcga_corr.analysis.panel import Pairs, Panel
from tcga_corr.analysis.samples.cohort import Cohort, Measured
from tcga_corr.choices import Method
from tcga_corr.store.covariate_lookup import Covariate
from tcga_corr.store.index import GeneNames, TableIndex
from tcga_corr.store.layout import TableKey
from tcga_corr.store.metadata import CovariateColumn, CovariateMetadata, StoredSample, TableMetadata

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


def cohort_of(n: int) -> Cohort:
    """A cohort of so many samples and of one gene."""
    samples = tuple(
        StoredSample(f"S{place}", "", f"P{place}", "", "", True, False, True, "")
        for place in range(n)
    )
    metadata = TableMetadata("", "LIHC", "", False, "all", 1, (), {}, {}, samples)
    values = np.zeros((1, n), dtype=np.float32)
    ranks = np.full((1, n), 2, dtype=np.uint16)
    return Cohort(
        TableIndex(TableKey("", "LIHC"), "", metadata, GeneNames(["G"], "G"), ranks, values),
        "tumor",
    )


def measured(name: str, values: Any) -> Measured:
    """A covariate that has been measured."""
    column = CovariateColumn(name, name, len(values))
    metadata = CovariateMetadata("sample", (), {}, "", (column,), len(values), {}, ())
    variable = CovariateVariable(Covariate("clinic", name, name, metadata, "", {}))
    return Measured(variable, "LIHC", np.asarray(values, dtype=np.float64))


def associated(x: Any, y: Any, method: Method = "pearson", controls: Matrix | None = None) -> Pairs:
    """The association of two vectors; ``controls`` are samples x controls."""
    sides = [measured("x", x), measured("y", y)]
    columns = [] if controls is None else list(controls.T)
    held = [measured(f"z{number}", column) for number, column in enumerate(columns)]
    panel = Panel(cohort_of(len(x)), sides, held, method)
    return panel.pairs(np.array([0]), np.array([1]))


def associated_within(
    x: Vector, y: Vector, offsets: Sequence[int] | NDArray[np.int64], method: Method = "pearson"
) -> Pairs:
    """The association in each group; group i is ``x[offsets[i]:offsets[i + 1]]``."""
    bounds = itertools.pairwise(offsets)
    return Pairs.joined([associated(x[start:end], y[start:end], method) for start, end in bounds])
