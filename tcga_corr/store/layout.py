"""The files of a store, schema 1, described for people in ``docs/schema.md``."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tcga_corr.errors import DataMissingError, StoreError, UsageError
from tcga_corr.exchange import read_json_object
from tcga_corr.files import is_leftover, replacing, writing

SCHEMA_VERSION = 1
_SCHEMA_FILE = "store.json"
_DEFAULTS_FILE = "defaults.json"
INDEX_FILE = "index.json"


@dataclass(frozen=True, order=True)
class TableKey:
    """The key of a table: a source and a tumor type."""

    source: str
    tumor_type: str

    @property
    def folder(self) -> Path:
        """Its folder below ``expression/``, ``counts/`` or ``index/``, in hive style."""
        return Path(f"source={self.source}", f"tumor_type={self.tumor_type}")


class Store:
    """A folder of expression tables and all that is derived from them.

    Opening it writes nothing.

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
            schema = read_json_object(path.read_bytes()).get("schema")
        except FileNotFoundError:
            if (
                any(self.root.glob("expression/*/*/table.parquet"))
                or any(self.root.glob("counts/*/*/table.parquet"))
                or self.covariate_names()
            ):
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

    @property
    def default_source(self) -> str | None:
        """The source that answers where several could; None where none was chosen."""
        path = self.root / _DEFAULTS_FILE
        try:
            source = read_json_object(path.read_bytes())["source"]
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise StoreError(
                f"{path}: cannot be read ({error})", "Choose again with `tcga-corr use SOURCE`"
            ) from error
        return str(source)

    def choose_source(self, source: str | None) -> None:
        """Set :attr:`default_source`; with None, forget it.

        Raises
        ------
        DataMissingError
            If the store has no table of it.
        """
        path = self.root / _DEFAULTS_FILE
        if source is None:
            with writing(path):
                path.unlink(missing_ok=True)
            return
        self.require_keys(source)
        with replacing(path) as partial:
            partial.write_text(json.dumps({"source": source}) + "\n", "utf-8")

    def table_path(self, key: TableKey) -> Path:
        """The Parquet table of a source and tumor type."""
        return self.root / "expression" / key.folder / "table.parquet"

    def counts_path(self, key: TableKey) -> Path:
        """The Parquet table of the raw counts of a source and tumor type."""
        return self.root / "counts" / key.folder / "table.parquet"

    def index_folder(self, key: TableKey) -> Path:
        """The folder of a table's index."""
        return self.root / "index" / key.folder

    def covariates_path(self, name: str) -> Path:
        """The Parquet file of a table of covariates."""
        return self.root / "covariates" / f"{name}.parquet"

    def covariate_names(self) -> list[str]:
        """The names of the tables of covariates in the store, sorted."""
        return sorted(path.stem for path in self.root.glob("covariates/[!.]*.parquet"))

    def downloads(self, source: str) -> Path:
        """The folder of a source's downloaded files."""
        return self.root / "downloads" / source

    def table_keys(self, source: str | None = None) -> list[TableKey]:
        """The tables in the store, sorted.

        Raises
        ------
        StoreError
            If a folder may not be read, so that nobody knows what is in it.
        """
        keys = self._keys("expression", source)
        return [key for key in keys if self.table_path(key).is_file()]

    def counts_keys(self, source: str | None = None) -> list[TableKey]:
        """The tables of raw counts in the store, sorted.

        Raises
        ------
        StoreError
            If a folder may not be read.
        """
        return [key for key in self._keys("counts", source) if self.counts_path(key).is_file()]

    def vanished_keys(self, source: str | None = None) -> list[TableKey]:
        """Tables of which only the index is left, sorted."""
        tables = set(self.table_keys(source))
        return [
            key
            for key in self._keys("index", source)
            if key not in tables and any(self.index_folder(key).glob(f"[!.]*/{INDEX_FILE}"))
        ]

    def _keys(self, top: str, source: str | None) -> list[TableKey]:
        """The keys that have a folder below ``expression``, ``counts`` or ``index``, sorted."""
        folders = [inner for outer in _subfolders(self.root / top) for inner in _subfolders(outer)]
        keys = (TableKey(*(part.partition("=")[2] for part in path.parts[-2:])) for path in folders)
        return sorted(key for key in keys if source in (None, key.source))

    def require_keys(self, source: str | None = None, *, or_counts: bool = False) -> list[TableKey]:
        """The tables in the store; an error where there are none, or where one is gone.

        With ``or_counts`` there may be none where there are raw counts.

        Raises
        ------
        DataMissingError
            If there is none of the source, or the store has an index of a table that it lacks.
        """
        vanished = self.vanished_keys(source)
        if vanished:
            path = self.table_path(vanished[0])
            raise DataMissingError(
                f"{path}: the table is gone, and its index is there",
                "Run `tcga-corr verify --repair`, or load the table again",
            )
        keys = self.table_keys(source)
        counts = self.counts_keys(source)
        if keys or (or_counts and counts):
            return keys
        if counts:
            raise DataMissingError(
                f"no expression table in the store '{self.root.absolute()}', only raw counts",
                "Load expression too, such as log2(CPM + 1) of them: "
                "`tcga-corr load FILE --counts --normalize cpm`",
            )
        others = dict.fromkeys(key.source for key in self.table_keys())
        what = f"no table of source '{source}'" if source else "no expression table"
        raise DataMissingError(
            f"{what} in the store '{self.root.absolute()}'",
            f"It has {', '.join(others)}"
            if others
            else "Name another with --cache; or run `tcga-corr fetch LIHC`, load yours with "
            "`tcga-corr load FILE`, or try `tcga-corr demo`",
        )

    @contextmanager
    def locked(self, stored: TableKey | str) -> Iterator[None]:
        """Let other writers of a table, or of a table of covariates by name, wait for the block."""
        from filelock import FileLock

        if isinstance(stored, str):
            name = f"_covariates.{stored}"  # the name of a source starts otherwise
        else:
            name = f"{stored.source}.{stored.tumor_type}"
        path = self.root / "locks" / f"{name}.lock"
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(path)
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def remove_leftovers(self, stored: TableKey | str) -> None:
        """Remove temporary files of killed writers of what is locked, and at the store's top."""
        for path in [*self._temporary(stored), *filter(is_leftover, self.root.glob(".*.part"))]:
            with suppress(OSError):  # it is in nobody's way
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def remove_any_leftovers(self, stored: TableKey | str) -> None:
        """The same for what is not locked; locks it only where there are leftovers."""
        if self._temporary(stored):
            with self.locked(stored):
                self.remove_leftovers(stored)

    def _temporary(self, stored: TableKey | str) -> list[Path]:
        """The temporary files of running or killed writers of a table, or of covariates."""
        if isinstance(stored, str):
            path = self.covariates_path(stored)
            return list(path.parent.glob(f".{path.name}.*.part"))
        folders = (
            self.table_path(stored).parent,
            self.counts_path(stored).parent,
            self.index_folder(stored),
        )
        return [path for folder in folders for path in folder.glob(".*.part")]


def _subfolders(folder: Path) -> list[Path]:
    """The folders in a folder, without hidden ones; none where there is no such folder."""
    try:
        with os.scandir(folder) as entries:
            return [Path(one.path) for one in entries if one.name[0] != "." and one.is_dir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise StoreError(
            f"{folder}: may not be read ({error.strerror})", "Mend the permissions of the folder"
        ) from error


def check_source_name(name: str) -> None:
    """Refuse a source name that cannot be the name of a folder."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
        raise UsageError(
            f"'{name[:80]}' cannot name a source",
            "Use up to 64 letters, digits, points, hyphens and underscores",
        )
