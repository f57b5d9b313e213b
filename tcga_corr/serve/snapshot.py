"""Questions over a store as it stood at a moment, and the look whether it still stands so."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from threading import RLock
from typing import Any, TypeVar

from tcga_corr.analysis.cohort import Cohort
from tcga_corr.analysis.names import SetVariable, Variable
from tcga_corr.choices import SELECTIONS, TIES, Ties, check_choice
from tcga_corr.engine import Engine as Questions
from tcga_corr.errors import DataMissingError, StoreError, UsageError
from tcga_corr.serve.names import Names
from tcga_corr.sources import SOURCES
from tcga_corr.store import (
    Covariates,
    Store,
    TableIndex,
    TableKey,
    TableMetadata,
    open_index,
    read_metadata,
)
from tcga_corr.vocabulary.gene_sets import GeneSet
from tcga_corr.vocabulary.methods import METHODS
from tcga_corr.vocabulary.tumor_types import parse_tumor_type

Stamp = tuple[int, int, int]
Key = TypeVar("Key")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stamps:
    """What tells cheaply that the files of a store are still the same: size, time, inode."""

    tables: dict[TableKey, Stamp]
    covariates: dict[str, Stamp]

    @classmethod
    def of(cls, store: Store) -> Stamps:
        """As they are now."""
        keys = {key: store.table_path(key) for key in store.table_keys()}
        names = {name: store.covariates_path(name) for name in store.covariate_names()}
        return cls(_stamps(keys), _stamps(names))


def _stamps(paths: dict[Key, Path]) -> dict[Key, Stamp]:
    found = {}
    for name, path in paths.items():
        try:
            status = path.stat()
        except FileNotFoundError:
            continue  # removed between the two looks
        found[name] = (status.st_size, status.st_mtime_ns, status.st_ino)
    return found


class Snapshot(Questions):
    """Questions over one state of a store; threads may share it.

    Tables stay open from question to question, and what a visitor names is looked up by
    :class:`~tcga_corr.serve.names.Names`, whichever way the engine takes to it.
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
        self._names: dict[str, Names] = {}
        self._covariates: Covariates | None = None
        self._described: dict[str, Any] | None = None
        if earlier is not None:
            was = earlier.stamps.tables
            for key, table in earlier._tables.copy().items():
                if key in stamps.tables and was.get(key) == stamps.tables[key]:
                    self._tables[key] = table

    # --- what questions are built on

    def cohorts(
        self,
        tumor_types: Iterable[str],
        source: str | None,
        samples: str,
        ties: Ties,
        min_genes: int,
    ) -> list[Cohort]:
        """As of the engine; of tables that are open already."""
        check_choice("samples", samples, SELECTIONS)
        check_choice("ties", ties, TIES)
        tables = self.tables(self.source(source), list(tumor_types))
        return [Cohort(table, samples, ties, min_genes) for table in tables]

    def variables(
        self, items: Sequence[str | GeneSet], tables: Sequence[TableIndex]
    ) -> list[Variable]:
        """As of the engine; a text is never a file."""
        names = self.names(tables[0].key.source)
        return [
            SetVariable(item) if isinstance(item, GeneSet) else names.variable(item)
            for item in items
        ]

    def several(
        self, items: str | GeneSet | Sequence[str | GeneSet], tables: Sequence[TableIndex]
    ) -> list[Variable]:
        """As of the engine; a text is one variable, never a collection or a file."""
        listed = [items] if isinstance(items, str | GeneSet) else items
        return list(dict.fromkeys(self.variables(listed, tables)))

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
        there = self._types()[source]
        missing = sorted(wanted.difference(there))
        if missing:
            raise DataMissingError(
                f"{', '.join(missing)}: not loaded from source '{source}'",
                f"The store has {', '.join(there)}",
            )
        return [self._table(TableKey(source, one)) for one in there if not wanted or one in wanted]

    def names(self, source: str) -> Names:
        """What may be named in the tables of a source."""
        with self._lock:
            if self._covariates is None:
                self._covariates = Covariates(self.store)
            if source not in self._names:
                self._names[source] = Names(self.tables(source), self._covariates, self._own)
            return self._names[source]

    def described(self) -> dict[str, Any]:
        """What may be asked of the store, as JSON values."""
        with self._lock:
            if self._described is None:
                self._described = self._describe()
            return self._described

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
        """The source with most tumor types; made-up ones give way to others."""
        order = [*SOURCES, *types]

        def wanted(name: str) -> tuple[bool, int, int]:
            made_up = name in SOURCES and SOURCES[name].simulated
            return made_up, -len(types[name]), order.index(name)

        return min(types, key=wanted)

    def _describe(self) -> dict[str, Any]:
        types = self._types()
        sources = []
        for name, there in types.items():
            known = [self._metadata(TableKey(name, one)) for one in there]
            tables = [one for one in known if one is not None]
            samples = (sample for table in tables for sample in table.samples)
            sources.append(
                {
                    "name": name,
                    "title": SOURCES[name].title if name in SOURCES else name,
                    "tumor_types": [table.tumor_type for table in tables],
                    "n_samples": sum(sample.tumor for sample in samples),
                    "unit": "; ".join(dict.fromkeys(table.unit for table in tables)),
                    "simulated": any(table.simulated for table in tables),
                }
            )
        return {
            "sources": sources,
            "default_source": self._default(types) if types else None,
            "version": version("tcga-corr"),
            "covariates": Covariates(self.store).labels,
            "methods": list(METHODS),
            "samples": list(SELECTIONS),
        }

    def _metadata(self, key: TableKey) -> TableMetadata | None:
        if key in self._tables:
            return self._tables[key].metadata
        try:
            return read_metadata(self.store, key)
        except StoreError:
            _log.exception("%s %s is left out", key.source, key.tumor_type)
            return None


class Live:
    """A store that may change while it is asked."""

    def __init__(self, store: Store, own: Sequence[GeneSet] = ()) -> None:
        self.store = store
        self._own = own
        self._lock = RLock()
        self._last = Snapshot(store, Stamps({}, {}), own)

    def now(self) -> Snapshot:
        """The store as it stands."""
        stamps = Stamps.of(self.store)
        last = self._last
        if last.stamps == stamps:
            return last
        with self._lock:
            if self._last.stamps != stamps:
                self._last = Snapshot(self.store, stamps, self._own, self._last)
            return self._last
