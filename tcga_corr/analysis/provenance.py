"""What a result was made from: software, tables, gene sets and covariates, by version and hash."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

from tcga_corr.sources import SOURCES
from tcga_corr.store import Covariate, TableIndex
from tcga_corr.vocabulary.gene_sets import COLLECTIONS, GeneSet

_PACKAGES = ("tcga-corr", "numpy", "scipy", "polars", "pyarrow", "duckdb", "gseapy")


def software() -> dict[str, str]:
    """Versions of Python and of the packages that make numbers."""
    return dict(_versions())


@cache
def _versions() -> dict[str, str]:
    return {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES}


def record(
    tables: Sequence[TableIndex],
    sets: Sequence[GeneSet],
    notes: Sequence[str],
    covariates: Sequence[Covariate] = (),
) -> dict[str, Any]:
    """The provenance of a result; the same for the same question over the same store."""
    return {
        "software": software(),
        "tables": [_table(table) for table in tables],
        "gene_sets": [_gene_set(gene_set) for gene_set in sets],
        "covariates": [_covariate(covariate) for covariate in dict.fromkeys(covariates)],
        "simulated": any(table.metadata.simulated for table in tables),
        "notes": list(notes),
    }


def _table(table: TableIndex) -> dict[str, Any]:
    metadata = table.metadata
    return {
        "source": metadata.source,
        "title": SOURCES[metadata.source].title if metadata.source in SOURCES else None,
        "tumor_type": metadata.tumor_type,
        "unit": metadata.unit,
        "n_genes": metadata.n_genes,
        "genes": metadata.genes,
        "sha256": table.table_sha256,
        "cite": SOURCES[metadata.source].citation if metadata.source in SOURCES else None,
        "inputs": [{"name": file.name, "sha256": file.sha256} for file in metadata.inputs],
    }


def _gene_set(gene_set: GeneSet) -> dict[str, Any]:
    known = COLLECTIONS.get(gene_set.collection)
    return {
        "name": gene_set.name,
        "origin": gene_set.description if known else gene_set.collection,
        "version": known.version if known else None,
        "licence": known.licence if known else None,
        "cite": known.citation if known else None,
        "n_genes": len(gene_set.genes),
        "sha256": hashlib.sha256("\n".join(gene_set.genes).encode()).hexdigest(),
    }


def _covariate(covariate: Covariate) -> dict[str, Any]:
    metadata = covariate.metadata
    return {
        "name": covariate.name,
        "table": covariate.table,
        "column": covariate.column,
        "kind": metadata.kind,
        "sha256": covariate.table_sha256,
        "cite": metadata.citation or None,
        "inputs": [{"name": file.name, "sha256": file.sha256} for file in metadata.inputs],
    }
