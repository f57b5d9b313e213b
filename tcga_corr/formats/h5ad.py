"""AnnData (``.h5ad``): samples as observations, genes as variables, values of the layer X.

The optional package anndata reads it; other layers stay on disk.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tcga_corr.errors import TableError, UsageError, one_line
from tcga_corr.expression import ExpressionTable
from tcga_corr.formats.delimited import Preview, Values, check_lengths
from tcga_corr.formats.format import GeneFilter, ReadOptions, TableFile, TableFormat
from tcga_corr.formats.gene_names import GeneRows, NameColumns, describes_genes, name_columns
from tcga_corr.formats.orientation import rows_by_names
from tcga_corr.formats.sample_names import check_named

_PARTS = ("obs", "var", "X")
_DEEPEST = 20  # groups within groups


def _open(start: Preview, options: ReadOptions) -> TableFile:
    path = start.path
    obs, var = _read_parts(path, "obs", "var")
    samples = [str(name) for name in obs.index]
    titles = ["", *(str(title) for title in var.columns if describes_genes(str(title)))]
    names = [_texts(column) for column in (var.index, *(var[title] for title in titles[1:]))]
    if not samples or not names[0]:
        raise TableError(f"{path}: {len(samples)} samples of {len(names[0])} genes", "Make it anew")
    if (options.rows or rows_by_names([samples], names)) == "genes":
        raise TableError(
            f"{path}: its observations ({samples[0]}, …) are genes",
            "Transpose it: observations are samples, and variables genes",
        )
    check_lengths(str(path), itertools.chain(samples, *names))
    check_named(path, "", samples)
    which = name_columns(names, titles)
    return TableFile(
        path=path,
        columns=tuple(samples),
        read=partial(_read, path, which, names, samples, options.counts),
        ensembl=which.ensembl is not None,
        linear=None,
        read_as=f"layer X{which.origin}",
    )


def _texts(column: Any) -> list[str]:
    return [
        "" if missing else str(name) for name, missing in zip(column, column.isna(), strict=True)
    ]


def _read_parts(path: Path, *parts: str, shape: tuple[int, int] | None = None) -> list[Any]:
    """Parts of the file as anndata reads them.

    Parameters
    ----------
    path, parts
        The file, and what to read of it.
    shape
        Of X, where that is known: samples and genes.

    Raises
    ------
    UsageError
        If anndata is not installed.
    TableError
        If the file is not AnnData, or damaged; if a part is stored elsewhere, or X is no matrix.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about anndata and its dependencies
        try:
            import h5py
            from anndata.io import read_elem
        except ImportError:
            raise UsageError(
                f"{path}: reading .h5ad needs the package anndata",
                "Install it: pip install 'tcga-corr[h5ad]'",
            ) from None
        try:
            with h5py.File(path) as file:
                absent = [part for part in _PARTS if file.get(part, getlink=True) is None]
                for part in () if absent else parts:
                    _check_stored_here(path, file, part)
                if shape is not None and not absent:
                    _check_shape(path, file["X"], shape)
                found = [] if absent else [read_elem(file[part]) for part in parts]
        except TableError:
            raise
        except Exception as error:  # h5py, anndata and pandas raise many kinds
            reason = one_line(error)[:120]
            raise TableError(f"{path}: cannot be read ({reason})", "Make it anew") from error
    if absent:
        raise TableError(
            f"{path}: an HDF5 file without '{absent[0]}', so not of AnnData",
            "Take an .h5ad file with values in X",
        )
    return found


def _check_stored_here(path: Path, group: Any, name: str, depth: int = 0) -> None:
    """Refuse what HDF5 would read from another file, whose changes no hash of this one shows."""
    import h5py

    link = group.get(name, getlink=True)
    item = None if isinstance(link, h5py.ExternalLink) else group.get(name)
    is_elsewhere = item is None or (
        isinstance(item, h5py.Dataset) and (item.external or item.is_virtual)
    )
    if is_elsewhere or depth > _DEEPEST:
        raise TableError(
            f"{path}: {name} is stored in another file, which is not read", "Copy it into this one"
        )
    for inner in item if isinstance(item, h5py.Group) else ():
        _check_stored_here(path, item, inner, depth + 1)


def _check_shape(path: Path, x: Any, shape: tuple[int, int]) -> None:
    """Refuse an X that is no matrix of these samples and genes, before it is read."""
    found = tuple(x.attrs["shape"]) if "shape" in x.attrs else getattr(x, "shape", ())
    if len(found) != 2:
        raise TableError(f"{path}: X is no matrix of numbers", "Take a file with values in X")
    if found != shape:
        raise TableError(
            f"{path}: X is of {found[0]} samples and {found[1]} genes, where obs and var name "
            f"{shape[0]} and {shape[1]}",
            "Make it anew",
        )


def _read(
    path: Path,
    which: NameColumns,
    names: list[list[str]],
    samples: Sequence[str],
    exact: bool,
    genes: GeneFilter | None = None,
) -> ExpressionTable:
    [x] = _read_parts(path, "X", shape=(len(samples), len(names[0])))
    values = _dense(path, x, exact=exact)
    infinite = np.isinf(values)
    if infinite.any():
        row, column = np.unravel_index(int(infinite.argmax()), infinite.shape)
        raise TableError(
            f"{path}: {names[0][int(row)]} of {samples[int(column)]} is not a finite number",
            "Values are numbers, or NaN where not measured",
        )
    return GeneRows(which, genes).filtered_table(names, samples, values)


def _dense(path: Path, x: Any, *, exact: bool) -> Values:
    """The values, genes x samples, of a matrix that may be sparse."""
    if hasattr(x, "check_format"):
        try:
            x.check_format(full_check=True)
        except ValueError as error:
            raise TableError(f"{path}: X cannot be read ({error})", "Make it anew") from error
    dense = x.T.toarray() if hasattr(x, "toarray") else np.asarray(x).T
    if dense.ndim != 2 or dense.dtype.kind not in "fiub":
        raise TableError(f"{path}: X is no matrix of numbers", "Take a file with values in X")
    with np.errstate(over="ignore"):  # infinite values are refused by name
        return np.ascontiguousarray(dense, dtype=np.float64 if exact else np.float32)


FORMAT = TableFormat(
    name="h5ad",
    title="AnnData .h5ad: samples as observations, the layer X; needs the package anndata",
    recognises=lambda start: start.start.startswith(b"\x89HDF"),
    open=_open,
)
