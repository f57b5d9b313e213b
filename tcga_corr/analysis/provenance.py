"""Provenance: the software, tables, gene sets and covariates of a result, by version and hash."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.metadata import version
from typing import Any, Protocol

from tcga_corr.sources import SOURCES
from tcga_corr.store.covariate_lookup import Covariate
from tcga_corr.store.metadata import InputFile, TableMetadata
from tcga_corr.vocabulary.gene_sets.catalogue import COLLECTIONS
from tcga_corr.vocabulary.gene_sets.gmt import GeneSet

_PACKAGES = ("tcga-corr", "numpy", "scipy", "polars", "pyarrow", "duckdb", "gseapy")


class RecordedTable(Protocol):
    """A table of expression or of raw counts, as far as its record goes."""

    @property
    def metadata(self) -> TableMetadata:
        """Its metadata."""

    @property
    def table_sha256(self) -> str:
        """A hash of what it holds."""


@dataclass(frozen=True)
class Input:
    """A file from which a table was made."""

    name: str
    sha256: str


@dataclass(frozen=True)
class TableRecord:
    """An expression table; ``title`` and ``cite`` are None where its source is a user's own."""

    source: str
    title: str | None
    tumor_type: str
    unit: str
    n_genes: int
    genes: str
    sha256: str
    cite: str | None
    inputs: tuple[Input, ...]

    @classmethod
    def of(cls, table: RecordedTable) -> TableRecord:
        """The record of a table."""
        metadata, source = table.metadata, SOURCES.get(table.metadata.source)
        return cls(
            source=metadata.source,
            title=source.title if source else None,
            tumor_type=metadata.tumor_type,
            unit=metadata.unit,
            n_genes=metadata.n_genes,
            genes=metadata.genes,
            sha256=table.table_sha256,
            cite=source.citation if source else None,
            inputs=_inputs(metadata.inputs),
        )


@dataclass(frozen=True)
class SetRecord:
    """A gene set; ``version``, ``licence`` and ``cite`` are None where it is a user's own."""

    name: str
    origin: str
    version: str | None
    licence: str | None
    cite: str | None
    n_genes: int
    sha256: str

    @classmethod
    def of(cls, gene_set: GeneSet) -> SetRecord:
        """The record of a gene set."""
        known = COLLECTIONS.get(gene_set.collection)
        return cls(
            name=gene_set.name,
            origin=gene_set.description if known else gene_set.collection,
            version=known.version if known else None,
            licence=known.licence if known else None,
            cite=known.citation if known else None,
            n_genes=len(gene_set.genes),
            sha256=hashlib.sha256("\n".join(gene_set.genes).encode()).hexdigest(),
        )


@dataclass(frozen=True)
class CovariateRecord:
    """A covariate."""

    name: str
    table: str
    column: str
    kind: str
    sha256: str
    cite: str | None
    inputs: tuple[Input, ...]

    @classmethod
    def of(cls, covariate: Covariate) -> CovariateRecord:
        """The record of a covariate."""
        metadata = covariate.metadata
        return cls(
            name=covariate.name,
            table=covariate.table,
            column=covariate.column,
            kind=metadata.kind,
            sha256=covariate.table_sha256,
            cite=metadata.citation or None,
            inputs=_inputs(metadata.inputs),
        )


@dataclass(frozen=True)
class Provenance:
    """What a result was made from; the same for the same question over the same store.

    Attributes
    ----------
    software
        Versions of Python and of the packages that make numbers.
    tables, gene_sets, covariates
        A record of each.
    simulated
        Whether any table's values are simulated.
    notes
        Those of the result.
    """

    software: Mapping[str, str]
    tables: tuple[TableRecord, ...]
    gene_sets: tuple[SetRecord, ...]
    covariates: tuple[CovariateRecord, ...]
    simulated: bool
    notes: tuple[str, ...] = field(default=())

    @classmethod
    def of(
        cls,
        tables: Sequence[RecordedTable],
        sets: Sequence[GeneSet],
        covariates: Sequence[Covariate] = (),
        notes: Sequence[str] = (),
        packages: Sequence[str] = (),
    ) -> Provenance:
        """The provenance of a result from these; ``packages`` also made numbers."""
        return cls(
            software=software() | {name: version(name) for name in packages},
            tables=tuple(map(TableRecord.of, tables)),
            gene_sets=tuple(map(SetRecord.of, sets)),
            covariates=tuple(map(CovariateRecord.of, dict.fromkeys(covariates))),
            simulated=any(table.metadata.simulated for table in tables),
            notes=tuple(notes),
        )

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Provenance:
        """The provenance that :meth:`as_dict` gave; other keys are left aside."""

        def inputs(one: Mapping[str, Any]) -> dict[str, Any]:
            return {**one, "inputs": tuple(Input(**file) for file in one["inputs"])}

        return cls(
            software=record["software"],
            tables=tuple(TableRecord(**inputs(one)) for one in record["tables"]),
            gene_sets=tuple(SetRecord(**one) for one in record["gene_sets"]),
            covariates=tuple(CovariateRecord(**inputs(one)) for one in record["covariates"]),
            simulated=record["simulated"],
            notes=tuple(record.get("notes", ())),
        )

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    def kind_of(self, name: str) -> str:
        """``set``, ``covariate`` or, of all other names, ``gene``."""
        if any(one.name == name for one in self.gene_sets):
            return "set"
        return "covariate" if any(one.name == name for one in self.covariates) else "gene"


def software() -> dict[str, str]:
    """Versions of Python and of the packages that make numbers."""
    return dict(_versions())


@cache
def _versions() -> dict[str, str]:
    return {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES}


def _inputs(files: Sequence[InputFile]) -> tuple[Input, ...]:
    return tuple(Input(file.name, file.sha256) for file in files)
