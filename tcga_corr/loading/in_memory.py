"""Expression tables that are in memory: data frames of polars and pandas, and AnnData."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tcga_corr.errors import UsageError, one_line
from tcga_corr.loading.load import LoadReport, load_files
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.progress import Progress
from tcga_corr.store.layout import Store

if TYPE_CHECKING:
    import polars as pl

TAKEN = "paths, a polars or pandas DataFrame, or an AnnData object"


def load_object(
    store: Store,
    table: Any,
    options: LoadOptions | None = None,
    progress: Progress | None = None,
) -> LoadReport:
    """Load a table that is in memory, as if it were read from a file.

    Parameters
    ----------
    store
        The store.
    table
        A polars data frame with a column of names, a pandas data frame with names as its index, or
        AnnData. Genes may be rows or columns.
    options, progress
        As of :func:`tcga_corr.loading.load.load_files`.

    Raises
    ------
    UsageError
        If it is none of these.
    """
    kind = f"{type(table).__module__.partition('.')[0]}.{type(table).__name__}"
    write = _WRITERS.get(kind)
    if write is None:
        raise UsageError(f"a {kind} is no expression table", f"Give {TAKEN}")
    with tempfile.TemporaryDirectory() as folder:
        try:
            path = write(table, Path(folder))
        except (ValueError, TypeError, NotImplementedError) as error:
            raise UsageError(
                f"the {kind} cannot be written as a table ({one_line(error)})",
                "Give names of genes and samples as text, each once, and numbers",
            ) from error
        report = load_files(store, [path], options, progress)
    for fault in report.errors:  # which name a file that nobody knows
        fault.what = fault.what.replace(str(path), f"the {kind}")
    return report


def _from_polars(table: pl.DataFrame, folder: Path) -> Path:
    path = folder / "data_frame.parquet"
    table.write_parquet(path)
    return path


def _from_pandas(table: Any, folder: Path) -> Path:
    import polars as pl

    names = table.index
    if names.dtype.kind not in "iu":  # names, not the numbers of rows
        table = table.rename_axis(index=names.name or "name").reset_index()
    return _from_polars(pl.from_pandas(table.rename(columns=str)), folder)


def _from_anndata(table: Any, folder: Path) -> Path:
    path = folder / "anndata.h5ad"
    table.write_h5ad(path)
    return path


_WRITERS: dict[str, Callable[[Any, Path], Path]] = {
    "polars.DataFrame": _from_polars,
    "pandas.DataFrame": _from_pandas,
    "anndata.AnnData": _from_anndata,
}
