"""Covariates by name, and their values for the samples of a table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tcga_corr.errors import UsageError, near_names
from tcga_corr.store.covariates import CovariateMetadata, list_covariates, open_covariates
from tcga_corr.store.layout import Store
from tcga_corr.store.metadata import StoredSample

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Covariate:
    """One covariate of the store, read whole.

    Attributes
    ----------
    table
        The name of its table.
    name
        Its own.
    label
        The shortest name that no other covariate of the store goes by.
    metadata
        What the table says of itself.
    table_sha256
        Hash of the table's file.
    rows
        Sample or patient to vial to value; the value is NaN where missing.
    """

    table: str
    name: str
    label: str = field(compare=False)
    metadata: CovariateMetadata = field(compare=False, repr=False)
    table_sha256: str = field(compare=False, repr=False)
    rows: Mapping[str, Mapping[str, float]] = field(compare=False, repr=False)

    @property
    def column(self) -> str:
        """The column of the input that it is."""
        return next(one.column for one in self.metadata.covariates if one.name == self.name)

    @property
    def origin(self) -> tuple[str, str]:
        """Table and column; those of one origin are one covariate by several names."""
        return self.table, self.column

    def of(self, samples: Sequence[StoredSample]) -> tuple[Vector, int]:
        """A value for each sample, NaN where it has none, and how many were taken by vial letter.

        The row of the sample's own vial counts. Where the covariates have none, or the expression
        table does not tell the vial, it is the lowest letter that has a value; counted is where
        that was a choice.
        """
        by_patient = self.metadata.kind == "patient"
        values = np.full(len(samples), np.nan)
        n_by_letter = 0
        for position, sample in enumerate(samples):
            vials = self.rows.get(sample.patient if by_patient else sample.sample, {})
            if sample.vial in vials:
                values[position] = vials[sample.vial]
                continue
            having = sorted(vial for vial, value in vials.items() if not np.isnan(value))
            if having:
                values[position] = vials[having[0]]
                n_by_letter += having[0] != "" and (sample.vial != "" or len(vials) > 1)
        return values, n_by_letter


class Covariates:
    """The covariates of a store, by name; nothing is read before it is asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @cached_property
    def _known(self) -> list[tuple[str, str]]:
        """Table and name of each."""
        tables = list_covariates(self._store)
        return [(table, one.name) for table, said in tables.items() for one in said.covariates]

    @property
    def labels(self) -> list[str]:
        """What each goes by: its own name, or ``TABLE.NAME`` where several tables have it."""
        return [self._label(table, name) for table, name in self._known]

    def _label(self, table: str, name: str) -> str:
        folded = name.casefold()
        shared = sum(other.casefold() == folded for _, other in self._known) > 1
        return f"{table}.{name}" if shared else name

    def named(self, text: str) -> list[str]:
        """The labels of what goes by a name or ``TABLE.NAME``, in any case."""
        return [self._label(table, name) for table, name in self._found(text)]

    def _found(self, text: str) -> list[tuple[str, str]]:
        folded = text.casefold()
        full = [pair for pair in self._known if ".".join(pair).casefold() == folded]
        exact = [pair for pair in full if ".".join(pair) == text]
        return exact or full or [pair for pair in self._known if pair[1].casefold() == folded]

    def require(self, text: str) -> Covariate:
        """The covariate of a name or ``TABLE.NAME``, in any case.

        Raises
        ------
        UsageError
            If there is none, naming the nearest; or several, naming them.
        """
        found = self._found(text)
        if len(found) > 1:
            listed = " or ".join(f"covariate:{table}.{name}" for table, name in found)
            tables = ", ".join(table for table, _ in found)
            raise UsageError(
                f"several tables of covariates have '{text}': {tables}", f"Say {listed}"
            )
        if not self._known:
            raise UsageError(
                f"unknown covariate '{text}': the store has none",
                "Load some with `tcga-corr load --covariates FILE`",
            )
        covariate = self._read(*found[0]) if found else None
        if covariate is None:
            raise UsageError(
                f"unknown covariate '{text}'",
                near_names(text, self.labels) or f"The store has {', '.join(self.labels[:12])}",
            )
        return covariate

    def _read(self, table: str, name: str) -> Covariate | None:
        stored = open_covariates(self._store, table)
        if stored is None or name not in stored.values:
            return None  # removed or replaced since it was looked up
        rows: defaultdict[str, dict[str, float]] = defaultdict(dict)
        for key, vial, value in zip(
            stored.keys, stored.vials, stored.values[name].tolist(), strict=True
        ):
            rows[key][vial] = value
        label = self._label(table, name)
        return Covariate(table, name, label, stored.metadata, stored.sha256, dict(rows))
