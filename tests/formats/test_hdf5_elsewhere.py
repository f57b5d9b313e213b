"""AnnData whose values are not in the file, or are no matrix: refused before anything is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tcga_corr.errors import TableError
from tcga_corr.formats import open_table
from tests.formats.test_formats import anndata_of, made

h5py = pytest.importorskip("h5py")


def written(tmp_path: Path, *, sparse: bool = False) -> Path:
    anndata_of(made(), sparse=sparse).write_h5ad(path := tmp_path / "mine.h5ad")  # type: ignore[attr-defined]
    return path


def external(file: Any, folder: Path) -> None:
    shape = file["X"].shape
    (folder / "other.bin").write_bytes(np.ones(shape, dtype=np.float64).tobytes())
    del file["X"]
    file.create_dataset("X", shape, np.float64, external=[(str(folder / "other.bin"), 0, 10**6)])


def link(file: Any, folder: Path) -> None:
    with h5py.File(folder / "other.h5", "w") as other:
        other["X"] = file["X"][:]
    del file["X"]
    file["X"] = h5py.ExternalLink(str(folder / "other.h5"), "X")


def virtual(file: Any, folder: Path) -> None:
    with h5py.File(folder / "other.h5", "w") as other:
        other["X"] = file["X"][:]
    shape = file["X"].shape
    layout = h5py.VirtualLayout(shape, np.float64)
    layout[:] = h5py.VirtualSource(folder / "other.h5", "X", shape)
    del file["X"]
    file.create_virtual_dataset("X", layout)


def names_elsewhere(file: Any, folder: Path) -> None:
    index = file["var"].attrs["_index"]
    with h5py.File(folder / "other.h5", "w") as other:
        file.copy(file["var"][index], other, "names")
    del file["var"][index]
    file["var"][index] = h5py.ExternalLink(str(folder / "other.h5"), "names")


@pytest.mark.parametrize("move", [external, link, virtual, names_elsewhere])
def test_what_is_stored_elsewhere_is_not_read(
    tmp_path: Path, move: Callable[[Any, Path], None]
) -> None:
    path = written(tmp_path)
    with h5py.File(path, "r+") as file:
        move(file, tmp_path)
    with pytest.raises(TableError, match="stored in another file"):
        open_table(path).read(None)


@pytest.mark.parametrize("shape", [(14, 40, 2), (14,), (15, 40), (40_000, 60_000)])
def test_a_matrix_of_another_shape(tmp_path: Path, shape: tuple[int, ...]) -> None:
    """Known from what the file says of it, however large."""
    path = written(tmp_path)
    with h5py.File(path, "r+") as file:
        attributes = dict(file["X"].attrs)
        del file["X"]
        file.create_dataset("X", shape, np.float64, chunks=True).attrs.update(attributes)
    with pytest.raises(TableError, match=r"X is (no matrix|of )"):
        open_table(path).read(None)


@pytest.mark.parametrize("index", [-1, 10**6])
def test_a_sparse_matrix_with_an_index_beyond_it(tmp_path: Path, index: int) -> None:
    path = written(tmp_path, sparse=True)
    with h5py.File(path, "r+") as file:
        file["X/indices"][0] = index
    with pytest.raises(TableError, match="X cannot be read"):
        open_table(path).read(None)
