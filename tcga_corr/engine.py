"""The engine: everything that can be done with a store, and asked of it.

This is the public Python API; the command line parses, calls it and prints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING

from tcga_corr.analysis.asking import Answer, Selection
from tcga_corr.analysis.questions import Questions
from tcga_corr.fetching.fetch import FetchReport, fetch
from tcga_corr.fetching.plan import FetchOptions, planned
from tcga_corr.fetching.request import Progress
from tcga_corr.loading.covariates import CovariateKey, LoadedCovariates, load_covariates
from tcga_corr.loading.load import Loaded, LoadOptions, LoadReport, load_files
from tcga_corr.store import Store, remove_covariates, run_query
from tcga_corr.upkeep import inventory
from tcga_corr.upkeep.removal import Removed, remove
from tcga_corr.upkeep.verification import Finding, verify

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Answer", "Engine", "Selection", "open_store"]


class Engine(Questions):
    """Answers questions over one store, and keeps it. Open one with :func:`open_store`."""

    def load(
        self,
        paths: str | Path | Sequence[str | Path],
        options: LoadOptions | None = None,
        on_step: Callable[[str, int], None] = lambda step, done: None,
    ) -> LoadReport:
        """Load expression tables from disk; see :func:`tcga_corr.loading.load.load_files`."""
        several = [paths] if isinstance(paths, str | Path) else paths
        return load_files(self.store, [Path(path) for path in several], options, on_step)

    def load_covariates(
        self,
        path: str | Path,
        key: CovariateKey = "sample",
        name: str | None = None,
        columns: Mapping[str, str] | None = None,
    ) -> LoadedCovariates:
        """Load a table of covariates; see :func:`tcga_corr.loading.covariates.load_covariates`."""
        return load_covariates(self.store, Path(path), key, name, columns)

    def fetch(
        self,
        options: FetchOptions | None = None,
        progress: Progress | None = None,
        on_loaded: Callable[[Loaded], None] = lambda loaded: None,
    ) -> FetchReport:
        """Download a source's tables and load them; see :func:`tcga_corr.fetching.fetch.fetch`."""
        return fetch(self.store, options, progress, on_loaded)

    def fetch_plan(self, options: FetchOptions | None = None) -> pl.DataFrame:
        """What :meth:`fetch` would ask the hubs for: a row a request."""
        import polars as pl

        rows = planned(self.store, options or FetchOptions())
        return pl.DataFrame(rows, schema_overrides={"size_mb": pl.Float64})

    def verify(
        self,
        tumor_types: Iterable[str] = (),
        source: str | None = None,
        *,
        repair: bool = False,
        on_step: Callable[[str, int], None] = lambda step, done: None,
    ) -> pl.DataFrame:
        """Whether all is as it was written; see :func:`tcga_corr.upkeep.verification.verify`."""
        import polars as pl

        found = verify(self.store, source, tumor_types, repair=repair, on_step=on_step)
        names = [one.name for one in fields(Finding)]
        return pl.DataFrame([asdict(one) for one in found], schema=dict.fromkeys(names, pl.String))

    def remove(
        self, source: str, tumor_types: Iterable[str] = (), *, downloads: bool = False
    ) -> list[Removed]:
        """Take tables out of the store; see :func:`tcga_corr.upkeep.removal.remove`."""
        return remove(self.store, source, tumor_types, downloads=downloads)

    def remove_covariates(self, name: str) -> None:
        """Take a table of covariates out of the store."""
        remove_covariates(self.store, name)

    def status(self, tumor_types: Iterable[str] = (), source: str | None = None) -> pl.DataFrame:
        """What the store holds: a row per table, samples by selection, genes, unit, size."""
        return inventory.tables(self.store, tumor_types, source)

    def samples(self, tumor_types: Iterable[str] = (), source: str | None = None) -> pl.DataFrame:
        """Every sample of the store's tables, which selection takes it, and why not another."""
        return inventory.samples(self.store, tumor_types, source)

    def covariates(self) -> pl.DataFrame:
        """The covariates of the store: a row each, with its table and how many keys have it."""
        return inventory.covariates(self.store)

    def sql(self, query: str) -> pl.DataFrame:
        """DuckDB's answer over the views ``expression``, ``tables`` and ``samples``.

        Where the store has them, over ``covariates`` too, and over ``associations``, ``pooled`` and
        ``dominance`` of the runs.
        """
        return run_query(self.store, query)


def open_store(path: str | Path = "cache") -> Engine:
    """Open a store's folder. Nothing is written until something is loaded.

    Raises
    ------
    StoreError
        If the folder is a store of another schema version.
    """
    return Engine(Store(Path(path)))
