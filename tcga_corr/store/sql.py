"""DuckDB over the store: the views of ``queries/views*.sql``, and the named questions there."""

from __future__ import annotations

import glob
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tcga_corr.errors import (
    AnalysisError,
    DataMissingError,
    StoreError,
    TcgaCorrError,
    UsageError,
    near_names,
    one_line,
)
from tcga_corr.store.counts import read_counts
from tcga_corr.store.covariates import check_covariates
from tcga_corr.store.index import check_tables
from tcga_corr.store.layout import Store
from tcga_corr.store.results import check_result

if TYPE_CHECKING:
    import duckdb
    import polars as pl

# a view over the tables of runs, and what a spec needs for a run to have it
_RESULTS = {
    "associations": "pairs or crosses",
    "pooled": "pairs in several tumor types",
    "dominance": "[[dominance]]",
    "survival": "[[survival]]",
    "differential": "[[differential]]",
    "differential_summary": "[[differential]]",
}
_WRITING = {"COPY", "EXPORT", "ATTACH"}  # statements of DuckDB
_TRIES = 5


def queries_folder() -> Path:
    """The folder of SQL files: inside an installed package, or at the top of the project."""
    package = Path(__file__).parent.parent
    installed = package / "queries"
    return installed if installed.is_dir() else package.parent / "queries"


def named_queries() -> dict[str, str]:
    """The named questions: name to SQL, which starts with a comment that describes it."""
    return {
        path.stem: path.read_text(encoding="utf-8")
        for path in sorted(queries_folder().glob("*.sql"))
        if path.stem.partition("_")[0] != "views"
    }


def named_query(name: str) -> str:
    """The SQL of a named question.

    Raises
    ------
    UsageError
        If there is none of this name.
    """
    known = named_queries()
    if name not in known:
        raise UsageError(
            f"unknown question '{name}'",
            near_names(name, known) or f"The known ones are {', '.join(known)}",
        )
    return known[name]


def run_query(store: Store, query: str, *, unsafe: bool = False) -> pl.DataFrame:
    """The answer of DuckDB to a query over the store's views.

    The database is in memory, so nothing is locked.

    Parameters
    ----------
    store, query
        Where and what to ask.
    unsafe
        Whether the query may read and write other files than those of the store, and load
        extensions.

    Raises
    ------
    AnalysisError
        If DuckDB refuses the query, in its words.
    DataMissingError
        If it needs results of runs, and there are none.
    DamagedTableError
        If covariates or counts, or a table that changed since it was indexed, are damaged.
    StoreError
        If a table of a run cannot be read.
    """
    import duckdb

    for _ in range(_TRIES):
        stamps = _stamps(store)
        try:
            check_tables(store)
            check_covariates(store)
            _check_counts(store, query)
            _check_results(store, query)
            frame = _answer(store, query, unsafe=unsafe)
        except FileNotFoundError:  # removed meanwhile
            continue
        except StoreError:
            if _stamps(store) == stamps:
                raise
            continue
        # of damaged text, the error of DuckDB may itself be no text
        except (duckdb.Error, RuntimeError) as error:
            if _stamps(store) == stamps:
                raise _explained(store, error) from error
            continue
        if _stamps(store) == stamps:
            return frame
        # a table was replaced meanwhile: the views may have read the old and the new one
    raise StoreError(
        f"the tables of '{store.root}' keep changing", "Ask when what writes them is done"
    )


def _answer(store: Store, query: str, *, unsafe: bool) -> pl.DataFrame:
    import duckdb

    with duckdb.connect() as connection:
        root = _as_pattern(store.root).replace("'", "''")
        connection.execute(f"SET VARIABLE store = '{root}'")
        connection.execute(_views(store))
        if not unsafe:
            _confine(connection, store, query)
        answer = connection.sql(query)
        if answer is None:
            raise UsageError("the query gives no rows", "Ask with SELECT or FROM")
        frame: pl.DataFrame = answer.pl()
    return frame


def _confine(connection: duckdb.DuckDBPyConnection, store: Store, query: str) -> None:
    """Let a query read the files of the store, and do nothing else outside the memory.

    Raises
    ------
    UsageError
        If it writes files.
    """
    kinds = {statement.type.name for statement in connection.extract_statements(query)}
    writing = sorted(kinds & _WRITING)
    if writing:
        raise UsageError(
            f"the query has {' and '.join(writing)}, which writes files",
            "Use -o FILE for an answer, or --unsafe to let SQL read and write files",
        )
    # by its name, and as the views write it
    folders = ", ".join(
        "'{}/'".format(name.replace("'", "''"))
        for name in (str(store.root.resolve()), _as_pattern(store.root))
    )
    connection.execute(
        f"""
        SET autoinstall_known_extensions = false;
        SET autoload_known_extensions = false;
        SET allowed_directories = [{folders}];
        SET enable_external_access = false;
        SET lock_configuration = true;
        """
    )


def _explained(store: Store, error: Exception) -> TcgaCorrError:
    """The package's own error for one of DuckDB, with what to do about it."""
    import duckdb

    message = one_line(error)
    if isinstance(error, duckdb.OutOfMemoryException):
        raise MemoryError(message) from error
    if isinstance(error, duckdb.PermissionException):
        return UsageError(
            f"the query wants more than the store ({message.partition(' - ')[0]})",
            "Use --unsafe to let SQL read and write files and load extensions",
        )
    is_wrong = isinstance(
        error, duckdb.BinderException | duckdb.CatalogException | duckdb.ParserException
    )
    unknown = re.search(r'Table with name "?(\w+)"? does not exist', message)
    name = unknown[1].lower() if unknown else ""
    if is_wrong and name in _RESULTS:
        return DataMissingError(
            f"no run in the store '{store.root}' has a table of {name}",
            f"Run `tcga-corr batch SPEC` with a spec that has {_RESULTS[name]}",
        )
    damaged = None if is_wrong else _first_damaged(store)
    if damaged:
        return StoreError(
            f"{damaged}: cannot be read",
            f"Run the spec of {damaged.parent.name} again, or remove its folder",
        )
    return AnalysisError(f"DuckDB: {message}", "The views are in queries/views*.sql")


def _first_damaged(store: Store) -> Path | None:
    """The first table of a run that cannot be read from end to end."""
    import duckdb

    for path in (path for name in _RESULTS for path in _results(store, name)):
        with duckdb.connect() as connection:
            try:
                # hashes, as DuckDB knows the largest value itself without reading the file
                connection.execute(
                    "SELECT max(hash(COLUMNS(*))) FROM read_parquet(?)", [_as_pattern(path)]
                ).fetchall()
            except (duckdb.Error, RuntimeError):
                return path
    return None


def _as_pattern(path: Path) -> str:
    """A path for DuckDB, which reads names as patterns."""
    return glob.escape(str(path.resolve()))


def _views(store: Store) -> str:
    """The SQL of the views; each only where the store has what it shows."""
    names = ["views"] if store.table_keys() else []
    if store.counts_keys():
        names.append("views_counts")
    if store.covariate_names():
        names.append("views_covariates")
    names += [f"views_{name}" for name in _RESULTS if _results(store, name)]
    return "\n".join(
        (queries_folder() / f"{name}.sql").read_text(encoding="utf-8") for name in names
    )


def _results(store: Store, name: str) -> list[Path]:
    """The tables of this name in the folders of runs, sorted."""
    return sorted(store.root.glob(f"results/[!.]*/{name}.parquet"))


def _check_counts(store: Store, query: str) -> None:
    """Refuse raw counts that a query may read, and that are damaged.

    They have no index by which a change would be seen.
    """
    if "counts" in query.lower():
        for key in store.counts_keys():
            with suppress(DataMissingError):  # removed meanwhile
                read_counts(store, key)


def _check_results(store: Store, query: str) -> None:
    """Refuse tables of runs that a query may read, and that are not as they were written.

    It takes a second for each gigabyte of them.

    Raises
    ------
    StoreError
        Naming the first of them.
    """
    text = query.lower()
    for path in (path for name in _RESULTS if name in text for path in _results(store, name)):
        check_result(path)


def _stamps(store: Store) -> list[tuple[Path, int, int]]:
    paths = [store.table_path(key) for key in store.require_keys(or_counts=True)]
    paths += [store.counts_path(key) for key in store.counts_keys()]
    paths += [store.covariates_path(name) for name in store.covariate_names()]
    paths += [path for name in _RESULTS for path in _results(store, name)]
    stamps = []
    for path in paths:
        with suppress(FileNotFoundError):  # removed meanwhile, which the later stamps show
            status = path.stat()
            stamps.append((path, status.st_mtime_ns, status.st_ino))
    return stamps
