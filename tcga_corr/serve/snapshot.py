"""Questions over a store as it was at a moment, and the check whether it has changed."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from threading import RLock
from typing import TypeVar

from tcga_corr.analysis.samples.cohort import Cohort
from tcga_corr.analysis.samples.scope import Scope
from tcga_corr.choices import BY_GTEX, BY_SAMPLE_TYPE, SELECTIONS
from tcga_corr.engine import Engine
from tcga_corr.errors import DataMissingError, StoreError, UsageError
from tcga_corr.serve.description import (
    Example,
    SourceDescription,
    StoreDescription,
    examples_of,
)
from tcga_corr.serve.names import VisitorNames
from tcga_corr.serve.recent import Recent
from tcga_corr.sources import SOURCES, source_is_simulated
from tcga_corr.store.covariate_lookup import Covariates
from tcga_corr.store.index import TableIndex, open_index
from tcga_corr.store.layout import Store, TableKey
from tcga_corr.store.metadata import TableMetadata
from tcga_corr.store.parquet import read_metadata
from tcga_corr.vocabulary.gene_sets.gmt import GeneSet
from tcga_corr.vocabulary.methods import METHODS
from tcga_corr.vocabulary.tumor_types import parse_tumor_type

Stamp = tuple[int, int, int]
Key = TypeVar("Key")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stamps:
    """Size, time and inode of the files of a store, which show cheaply that they have changed."""

    tables: dict[TableKey, Stamp]
    covariates: dict[str, Stamp]

    @classmethod
    def of(cls, store: Store) -> Stamps:
        """Those of the files as they are now."""
        keys = {key: store.table_path(key) for key in store.table_keys()}
        names = {name: store.covariates_path(name) for name in store.covariate_names()}
        return cls(_stamps(keys), _stamps(names))


def _stamps(paths: dict[Key, Path]) -> dict[Key, Stamp]:
    found = {}
    for name, path in paths.items():
        with suppress(FileNotFoundError):  # removed meanwhile
            status = path.stat()
            found[name] = (status.st_size, status.st_mtime_ns, status.st_ino)
    return found


class Snapshot(Engine):
    """Questions over one state of a store; threads may share it.

    Tables stay open from question to question, and what a visitor names is looked up by
    :class:`~tcga_corr.serve.names.VisitorNames`.

    Attributes
    ----------
    recent
        The newest answers.
    """

    def __init__(
        self,
        store: Store,
        stamps: Stamps,
        own: Sequence[GeneSet] = (),
        earlier: Snapshot | None = None,
    ) -> None:
        super().__init__(store)
        self.stamps = stamps
        self._own = own
        self._lock = RLock()
        self._tables: dict[TableKey, TableIndex] = {}
        self._names: dict[str, VisitorNames] = {}
        self.recent = Recent()
        if earlier is not None:
            was = earlier.stamps.tables
            for key, table in earlier._tables.copy().items():
                if key in stamps.tables and was.get(key) == stamps.tables[key]:
                    self._tables[key] = table

    # --- what questions are built on

    def cohorts(self, scope: Scope) -> list[Cohort]:
        """As of the engine; of tables that are open already."""
        scope.check()
        source = self.source(scope.source)
        tables = self.tables(source, list(scope.tumor_types))
        return scope.cohorts_of(tables, lambda: self.names_of(source))

    def names(self, cohorts: Sequence[Cohort]) -> VisitorNames:
        """As of the engine; a text is one variable, never a collection or a file."""
        return self.names_of(cohorts[0].table.key.source)

    # --- what the store has

    def source(self, name: str | None) -> str:
        """The source of a name, or that of questions that name none.

        Raises
        ------
        UsageError
            If the store has none of the name.
        DataMissingError
            If the store is empty.
        """
        types = self._types()
        if not types:
            raise DataMissingError("the store is empty", "Load tables into it")
        if not name:
            return self._default(types)
        if name not in types:
            raise UsageError(f"no source '{name[:80]}' in the store", f"It has {', '.join(types)}")
        return name

    def tables(self, source: str, tumor_types: Collection[str] = ()) -> list[TableIndex]:
        """The tables of a source, of some tumor types or of all, sorted.

        Raises
        ------
        UsageError
            On a name that is no tumor type's.
        DataMissingError
            If the source has none of a tumor type.
        """
        wanted = {parse_tumor_type(name).abbreviation for name in tumor_types}
        stored = self._types()[source]
        missing = sorted(wanted.difference(stored))
        if missing:
            raise DataMissingError(
                f"{', '.join(missing)}: not loaded from source '{source}'",
                f"The store has {', '.join(stored)}",
            )
        chosen = [name for name in stored if not wanted or name in wanted]
        return [self._table(TableKey(source, name)) for name in chosen]

    def names_of(self, source: str) -> VisitorNames:
        """Finds the variables that may be named in the tables of a source."""
        with self._lock:
            if source not in self._names:
                self._names[source] = VisitorNames(self.tables(source), self._covariates, self._own)
            return self._names[source]

    @cached_property
    def _covariates(self) -> Covariates:
        return Covariates(self.store)

    def _table(self, key: TableKey) -> TableIndex:
        table = self._tables.get(key)
        if table is None:
            with self._lock:
                table = self._tables.get(key) or open_index(self.store, key)
                self._tables[key] = table
        return table

    def _types(self) -> dict[str, list[str]]:
        types: defaultdict[str, list[str]] = defaultdict(list)
        for key in sorted(self.stamps.tables):
            types[key.source].append(key.tumor_type)
        return dict(types)

    @staticmethod
    def _default(types: dict[str, list[str]]) -> str:
        """The source with most tumor types; simulated ones come last."""
        order = [*SOURCES, *types]

        def rank(name: str) -> tuple[bool, int, int]:
            return source_is_simulated(name), -len(types[name]), order.index(name)

        return min(types, key=rank)

    @cached_property
    def described(self) -> StoreDescription:
        """What can be asked of the store."""
        types = self._types()
        sources = []
        has_gtex = False
        for name, stored in types.items():
            found = [self._metadata(TableKey(name, tumor_type)) for tumor_type in stored]
            tables = [table for table in found if table is not None]
            samples = [sample for table in tables for sample in table.samples]
            has_gtex = has_gtex or any(sample.gtex for sample in samples)
            sources.append(
                SourceDescription(
                    name=name,
                    title=SOURCES[name].title if name in SOURCES else name,
                    tumor_types=[table.tumor_type for table in tables],
                    n_samples=sum(sample.tumor for sample in samples),
                    unit="; ".join(dict.fromkeys(table.unit for table in tables)),
                    simulated=any(table.simulated for table in tables),
                )
            )
        default = self._default(types) if types else None
        return StoreDescription(
            sources=sources,
            default_source=default,
            version=version("tcga-corr"),
            covariates=self._covariates.labels,
            methods=list(METHODS),
            samples=[name for name in SELECTIONS if name != "gtex" or has_gtex],
            groups=[BY_SAMPLE_TYPE, *([BY_GTEX] if has_gtex else [])],
            by=[*self._covariates.labels, BY_SAMPLE_TYPE],
            examples=self._examples(default) if default else [],
        )

    def _examples(self, source: str) -> list[Example]:
        try:
            return examples_of(self.names_of(source), self.tables(source))
        except StoreError:  # of a damaged table, which the log has
            _log.exception("no examples of %s", source)
            return []

    def _metadata(self, key: TableKey) -> TableMetadata | None:
        if key in self._tables:
            return self._tables[key].metadata
        try:
            return read_metadata(self.store, key)
        except StoreError:
            _log.exception("%s %s is left out", key.source, key.tumor_type)
            return None


class LiveStore:
    """A store that may change while it is served."""

    def __init__(self, store: Store, own: Sequence[GeneSet] = ()) -> None:
        self.store = store
        self._own = own
        self._lock = RLock()
        self._last = Snapshot(store, Stamps({}, {}), own)

    def now(self) -> Snapshot:
        """The snapshot of the store as it is now."""
        stamps = Stamps.of(self.store)
        last = self._last
        if last.stamps == stamps:
            return last
        with self._lock:
            if self._last.stamps != stamps:
                self._last = Snapshot(self.store, stamps, self._own, self._last)
            return self._last
