"""DuckDB over the store: the views of ``queries/views*.sql``, and the named questions beside it."""

from __future__ import annotations

import glob
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tcga_corr.errors import AnalysisError, StoreError, UsageError, near_names
from tcga_corr.store.covariates import check_covariates
from tcga_corr.store.index import check_tables
from tcga_corr.store.layout import Store

if TYPE_CHECKING:
    import polars as pl

_VIEWS, _COVARIATE_VIEWS = "views", "views_covariates"
_TRIES = 5


def queries_folder() -> Path:
    """The folder of SQL files: inside an installed package, or at the top of the project."""
    package = Path(__file__).parent.parent
    installed = package / "queries"
    return installed if installed.is_dir() else package.parent / "queries"


def named_queries() -> dict[str, str]:
    """The named questions: name to the SQL of each, which starts with a comment that tells it."""
    return {
        path.stem: path.read_text(encoding="utf-8")
        for path in sorted(queries_folder().glob("*.sql"))
        if path.stem not in (_VIEWS, _COVARIATE_VIEWS)
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


def run_query(store: Store, query: str) -> pl.DataFrame:
    """The answer of DuckDB to one query over the store's views.

    The database is in memory, so nothing is locked.

    Raises
    ------
    AnalysisError
        If DuckDB refuses the query; in its words.
    DamagedTableError
        If a table changed since it was indexed and cannot be read whole, or covariates cannot.
    """
    import duckdb

    root = glob.escape(str(store.root.resolve())).replace("'", "''")
    for _ in range(_TRIES):
        stamps = _stamps(store)
        check_tables(store)
        check_covariates(store)
        connection = duckdb.connect()
        try:
            connection.execute(f"SET VARIABLE store = '{root}'")
            connection.execute(_views(store))
            answer = connection.sql(query)
            if answer is None:
                raise UsageError("the query gives no rows", "Ask with SELECT or FROM")
            frame: pl.DataFrame = answer.pl()
        except duckdb.Error as error:
            said = " ".join(str(error).split())
            raise AnalysisError(f"DuckDB: {said}", "The views are in queries/views.sql") from error
        finally:
            connection.close()
        if _stamps(store) == stamps:
            return frame
        # a table was replaced meanwhile: the views may have read the old and the new one
    raise StoreError(f"the tables of '{store.root}' keep changing", "Ask when the loading is done")


def _views(store: Store) -> str:
    """The SQL of the views; that of the covariates needs some to be there."""
    names = (_VIEWS, _COVARIATE_VIEWS) if store.covariate_names() else (_VIEWS,)
    return "\n".join(
        (queries_folder() / f"{name}.sql").read_text(encoding="utf-8") for name in names
    )


def _stamps(store: Store) -> list[tuple[Path, int, int]]:
    paths = [store.table_path(key) for key in store.require_keys()]
    paths += [store.covariates_path(name) for name in store.covariate_names()]
    stamps = []
    for path in paths:
        with suppress(FileNotFoundError):  # removed meanwhile: the stamps after it tell
            status = path.stat()
            stamps.append((path, status.st_mtime_ns, status.st_ino))
    return stamps
