"""Covariates by name, and their values for the samples of a table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tcga_corr.errors import UsageError, near_names
from tcga_corr.store.covariates import StoredCovariates, list_covariates, open_covariates
from tcga_corr.store.layout import Store
from tcga_corr.store.metadata import (
    CovariateColumn,
    CovariateMetadata,
    InputFile,
    StoredSample,
)
from tcga_corr.vocabulary import purity

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Covariate:
    """A covariate of the store, fully read.

    Attributes
    ----------
    table
        The name of its table.
    name
        Its own name.
    label
        The shortest name that no other covariate of the store has.
    metadata
        The metadata of the table.
    table_sha256
        Hash of the table's file.
    rows
        Sample or patient to vial to value, NaN where missing; of a category the place of its level.
    """

    table: str
    name: str
    label: str = field(compare=False)
    metadata: CovariateMetadata = field(compare=False, repr=False)
    table_sha256: str = field(compare=False, repr=False)
    rows: Mapping[str, Mapping[str, float]] = field(compare=False, repr=False)

    @cached_property
    def _described(self) -> CovariateColumn:
        return next(known for known in self.metadata.covariates if known.name == self.name)

    @property
    def column(self) -> str:
        """Its column in the input."""
        return self._described.column

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels of a category; none of a number."""
        return self._described.levels

    @property
    def ordered(self) -> bool:
        """Whether the levels are in an order of their own, from lowest to highest."""
        return self._described.ordered

    @property
    def origin(self) -> tuple[str, str]:
        """Table and column; names of one origin are aliases of one covariate."""
        return self.table, self.column

    def values_of(self, samples: Sequence[StoredSample]) -> tuple[Vector, int]:
        """A value for each sample, NaN where it has none, and how many were chosen by vial letter.

        It is the value of the sample's own vial. Where the covariates do not have that, or the
        expression table has no vials, it is that of the lowest letter with a value; counted are the
        samples where there was a choice.
        """
        by_patient = self.metadata.kind == "patient"
        values = np.full(len(samples), np.nan)
        n_by_letter = 0
        for position, sample in enumerate(samples):
            vials = self.rows.get(sample.patient if by_patient else sample.sample, {})
            if sample.vial in vials:
                values[position] = vials[sample.vial]
                continue
            with_value = sorted(vial for vial, value in vials.items() if not np.isnan(value))
            if with_value:
                values[position] = vials[with_value[0]]
                n_by_letter += with_value[0] != "" and (sample.vial != "" or len(vials) > 1)
        return values, n_by_letter


def _shipped() -> StoredCovariates:
    """The purity that ships with the tool, as a table of the store."""
    table = purity.shipped_purity()
    columns = tuple(
        CovariateColumn(name, column, int((~np.isnan(table.values[name])).sum()))
        for name, column in purity.COLUMNS.items()
    )
    metadata = CovariateMetadata(
        kind="sample",
        inputs=(InputFile("purity.tsv.gz", table.size, table.sha256),),
        recipe={},
        citation=purity.CITATION,
        covariates=columns,
        n_keys=len(set(table.samples)),
        dropped={},
        notes=(),
    )
    values = table.values
    return StoredCovariates(purity.NAME, metadata, table.sha256, table.samples, table.vials, values)


class Covariates:
    """The covariates of a store by name, read when they are needed.

    Beside them stands the purity that ships with the tool, where the store has none of a name.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._opened: dict[str, StoredCovariates | None] = {}

    @cached_property
    def _known(self) -> list[tuple[str, str]]:
        """The table and the name of each."""
        tables = list_covariates(self._store)
        own = [(table, one.name) for table, data in tables.items() for one in data.covariates]
        taken = {name.casefold() for _, name in own}
        shipped = [(purity.NAME, name) for name in purity.COLUMNS if name not in taken]
        return own + (shipped if purity.NAME not in tables else [])

    @property
    def labels(self) -> list[str]:
        """The label of each: its name, or ``TABLE.NAME`` where several tables have that name."""
        return [self._label(table, name) for table, name in self._known]

    def _label(self, table: str, name: str) -> str:
        folded = name.casefold()
        shared = sum(other.casefold() == folded for _, other in self._known) > 1
        return f"{table}.{name}" if shared else name

    def named(self, text: str) -> list[str]:
        """The labels of the covariates of a name or ``TABLE.NAME``, in any case."""
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
            If there is none, naming the nearest; if there are several, naming them.
        """
        found = self._found(text)
        if len(found) > 1:
            listed = " or ".join(f"covariate:{table}.{name}" for table, name in found)
            tables = ", ".join(table for table, _ in found)
            raise UsageError(
                f"several tables of covariates have '{text}': {tables}", f"Say {listed}"
            )
        covariate = self._read(*found[0]) if found else None
        if covariate is None:
            raise UsageError(
                f"unknown covariate '{text}'",
                near_names(text, self.labels)
                or f"There are {', '.join(self.labels[:12])}"
                + ("; see `tcga-corr covariates`" if len(self.labels) > 12 else "")
                + "; load others with `tcga-corr load --covariates FILE`",
            )
        return covariate

    def everyone(self) -> list[Covariate]:
        """Every covariate, in the order of tables and columns."""
        found = (self._read(table, name) for table, name in self._known)
        return [one for one in found if one is not None]

    def _read(self, table: str, name: str) -> Covariate | None:
        if table not in self._opened:
            own = open_covariates(self._store, table)
            self._opened[table] = own or (_shipped() if table == purity.NAME else None)
        stored = self._opened[table]
        if stored is None or name not in stored.values:
            return None  # removed or replaced since it was looked up
        rows: defaultdict[str, dict[str, float]] = defaultdict(dict)
        for key, vial, value in zip(
            stored.keys, stored.vials, stored.values[name].tolist(), strict=True
        ):
            rows[key][vial] = value
        label = self._label(table, name)
        return Covariate(table, name, label, stored.metadata, stored.sha256, dict(rows))
