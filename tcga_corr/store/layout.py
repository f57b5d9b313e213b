"""Where things are in a store, schema 1. ``docs/schema.md`` describes it for people."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tcga_corr.errors import DataMissingError, StoreError, UsageError
from tcga_corr.files import is_leftover, replacing, writing

SCHEMA_VERSION = 1
_SCHEMA_FILE = "store.json"


@dataclass(frozen=True, order=True)
class TableKey:
    """Which table: a source and a tumor type."""

    source: str
    tumor_type: str

    @property
    def folder(self) -> Path:
        """Its folder below ``expression/`` or ``index/``, in hive style."""
        return Path(f"source={self.source}", f"tumor_type={self.tumor_type}")


class Store:
    """A folder that holds expression tables and what is derived from them.

    Opening one writes nothing.

    Raises
    ------
    StoreError
        If the folder is a store of another schema version, or not a folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        if root.exists() and not root.is_dir():
            raise StoreError(f"'{root}' is not a folder", "Choose a folder with --cache")
        self._check_schema()

    def _check_schema(self) -> None:
        path = self.root / _SCHEMA_FILE
        try:
            schema = json.loads(path.read_text(encoding="utf-8")).get("schema")
        except FileNotFoundError:
            if any(self.root.glob("expression/*/*/table.parquet")) or self.covariate_names():
                raise StoreError(
                    f"{path} is missing, so the schema of this store is not known",
                    "Restore the file, or load the tables into a new folder",
                ) from None
            return
        except (ValueError, AttributeError, OSError) as error:
            raise StoreError(
                f"{path}: cannot be read ({error})", "Restore the file, or use another --cache"
            ) from error
        if schema != SCHEMA_VERSION:
            raise StoreError(
                f"the store '{self.root}' has schema {schema}, this tcga-corr reads schema "
                f"{SCHEMA_VERSION}",
                "Use another --cache or the tcga-corr that wrote it",
            )

    def create(self) -> None:
        """Make the folder a store, unless it is one."""
        path = self.root / _SCHEMA_FILE
        if not path.exists():
            with replacing(path) as partial:
                partial.write_text(json.dumps({"schema": SCHEMA_VERSION}) + "\n", "utf-8")

    def table_path(self, key: TableKey) -> Path:
        """The Parquet table of a source and tumor type."""
        return self.root / "expression" / key.folder / "table.parquet"

    def index_folder(self, key: TableKey) -> Path:
        """The folder of a table's index."""
        return self.root / "index" / key.folder

    def covariates_path(self, name: str) -> Path:
        """The Parquet table of covariates of a name."""
        return self.root / "covariates" / f"{name}.parquet"

    def covariate_names(self) -> list[str]:
        """The names of the tables of covariates in the store, sorted."""
        return sorted(path.stem for path in self.root.glob("covariates/[!.]*.parquet"))

    def downloads(self, source: str) -> Path:
        """The folder of a source's files as downloaded."""
        return self.root / "downloads" / source

    def table_keys(self, source: str | None = None) -> list[TableKey]:
        """The tables in the store, sorted."""
        folders = (path.parent for path in self.root.glob("expression/*/*/table.parquet"))
        keys = sorted(
            TableKey(folder.parent.name.partition("=")[2], folder.name.partition("=")[2])
            for folder in folders
        )
        return [key for key in keys if source in (None, key.source)]

    def require_keys(self, source: str | None = None) -> list[TableKey]:
        """The tables in the store; an error where there are none."""
        keys = self.table_keys(source)
        if keys:
            return keys
        others = dict.fromkeys(key.source for key in self.table_keys())
        what = f"no table of source '{source}'" if source else "no expression table"
        raise DataMissingError(
            f"{what} in the store '{self.root.absolute()}'",
            f"It has {', '.join(others)}"
            if others
            else "Run `tcga-corr fetch LIHC`, load yours with `tcga-corr load FILE`, or "
            "try `tcga-corr demo`",
        )

    def locked(self, key: TableKey) -> AbstractContextManager[None]:
        """Exclude other writers of one table while the block runs; they wait."""
        return self._locked(f"{key.source}.{key.tumor_type}")

    def locked_covariates(self, name: str) -> AbstractContextManager[None]:
        """The same for a table of covariates."""
        return self._locked(f"_covariates.{name}")  # no source's name starts so

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        from filelock import FileLock

        folder = self.root / "locks"
        path = folder / f"{name}.lock"
        with writing(path):
            folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(path)
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def remove_leftovers(self, key: TableKey) -> None:
        """Remove what a killed writer of a table left; call it with the table locked."""
        for left in self._temporary(key):
            _remove(left)
        for left in filter(is_leftover, self.root.glob(".*.part")):
            _remove(left)

    def remove_any_leftovers(self, key: TableKey) -> None:
        """The same for a table that is not locked, and need not be where nothing is left."""
        if self._temporary(key):
            with self.locked(key):
                self.remove_leftovers(key)

    def remove_covariate_leftovers(self, name: str) -> None:
        """Remove what a killed writer of covariates left; call it with them locked."""
        for left in self.covariate_leftovers(name):
            _remove(left)
        for left in filter(is_leftover, self.root.glob(".*.part")):
            _remove(left)

    def covariate_leftovers(self, name: str) -> list[Path]:
        """What writers of a table of covariates have not finished, or left."""
        path = self.covariates_path(name)
        return list(path.parent.glob(f".{path.name}.*.part"))

    def _temporary(self, key: TableKey) -> list[Path]:
        folders = (self.table_path(key).parent, self.index_folder(key))
        return [path for folder in folders for path in folder.glob(".*.part")]


def _remove(left: Path) -> None:
    with suppress(OSError):  # it is in nobody's way
        shutil.rmtree(left) if left.is_dir() else left.unlink()


def check_source_name(name: str) -> None:
    """Refuse a source name that could not be a folder's."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
        raise UsageError(
            f"'{name[:80]}' cannot name a source",
            "Use up to 64 letters, digits, points, hyphens and underscores",
        )
