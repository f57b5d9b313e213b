"""The design of a comparison of counts: a column for all that is held fixed or compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tcga_corr.errors import AnalysisError

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

_DEPENDENT = 1e-8
_MOST_NAMED = 4


@dataclass(frozen=True)
class Design:
    """A design of full rank.

    Attributes
    ----------
    names
        Of the columns: the intercept, covariates, patients, and groups but the first.
    matrix
        Samples x columns.
    groups
        All groups; the first is that of the intercept.
    """

    names: tuple[str, ...]
    matrix: Matrix = field(repr=False)
    groups: tuple[str, ...]

    def contrast(self, a: str, b: str) -> Vector:
        """The vector that gives group a minus group b."""
        vector = np.zeros(len(self.names))
        for name, sign in ((a, 1.0), (b, -1.0)):
            if name != self.groups[0]:
                vector[self.names.index(_of_group(name))] = sign
        return vector

    def relevelled(self, reference: str) -> Matrix:
        """What turns coefficients into those with another group in the intercept.

        Returns
        -------
        Matrix
            Columns x columns, T: with coefficients b and design X, T b and X T^-1. In place of the
            new reference stands the old one.
        """
        change = np.eye(len(self.names))
        if reference == self.groups[0]:
            return change
        column = self.names.index(_of_group(reference))
        change[0, column] = 1
        for name in self.groups[1:]:
            row = self.names.index(_of_group(name))
            change[row, column] = -1
        return change

    def coefficient(self, a: str, reference: str) -> int:
        """The position of group a's coefficient after :meth:`relevelled`."""
        return self.names.index(_of_group(reference if a == self.groups[0] else a))


def _of_group(name: str) -> str:
    return f"group {name}"


def make_design(
    group_of: Sequence[str],
    groups: Sequence[str],
    covariates: Mapping[str, Vector],
    patient_of: Sequence[str] | None = None,
) -> Design:
    """The design of samples in groups.

    Parameters
    ----------
    group_of
        The group of each sample.
    groups
        All groups; the first is that of the intercept.
    covariates
        Name to a value for each sample, finite; they are standardised, which changes no fold
        change.
    patient_of
        The patient of each sample, to compare within patients.

    Raises
    ------
    AnalysisError
        If there are as many columns as samples, or one follows from others, naming these.
    """
    columns: dict[str, Vector] = {"intercept": np.ones(len(group_of))}
    for name, values in covariates.items():
        spread = float(values.std())
        if spread <= 1e-12 * max(1.0, float(np.abs(values).max())):
            raise AnalysisError(
                f"{name} is the same in all samples, so it cannot be adjusted for", "Leave it out"
            )
        columns[name] = (values - values.mean()) / spread
    if patient_of is not None:
        for patient in list(dict.fromkeys(patient_of))[1:]:
            columns[f"patient {patient}"] = np.array([one == patient for one in patient_of], float)
    for group in groups[1:]:
        columns[_of_group(group)] = np.array([one == group for one in group_of], float)
    matrix = np.stack(list(columns.values()), axis=1)
    design = Design(tuple(columns), matrix, tuple(groups))
    _check_size(design)
    _check_rank(design)
    return design


def _check_size(design: Design) -> None:
    n_samples, n_columns = design.matrix.shape
    if n_columns >= n_samples:
        raise AnalysisError(
            f"the design has {n_columns} columns for {n_samples} samples, so no replicates are "
            "left to estimate the spread from",
            "Adjust for less, or take more samples",
        )


def _check_rank(design: Design) -> None:
    """Refuse a column that others add up to, naming them."""
    kept: list[int] = []
    for column, name in enumerate(design.names):
        values = design.matrix[:, column]
        if kept:
            others = design.matrix[:, kept]
            weights, *_ = np.linalg.lstsq(others, values, rcond=None)
            rest = values - others @ weights
            if np.linalg.norm(rest) <= _DEPENDENT * np.linalg.norm(values):
                used = np.flatnonzero(np.abs(weights) > _DEPENDENT)
                names = [design.names[kept[n]] for n in used if kept[n]]
                more = f" and {len(names) - _MOST_NAMED} more" if names[_MOST_NAMED:] else ""
                raise AnalysisError(
                    f"the design is confounded: '{name}' follows from "
                    f"{', '.join(names[:_MOST_NAMED]) or 'the intercept'}{more}, so their effects "
                    "cannot be told apart",
                    "Leave one of them out",
                )
        kept.append(column)
