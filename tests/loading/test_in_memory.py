"""Tables that are in memory load as the files that hold the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from tcga_corr.engine import Engine, open_store
from tcga_corr.errors import UsageError
from tcga_corr.loading.plan import LoadOptions
from tests.conftest import barcodes, write_table
from tests.formats.test_formats import SYMBOLS, anndata_of, made

OPTIONS = LoadOptions(source="mine", unit="log2(tpm+1)", tumor_type="LIHC")


def as_pandas(names: list[str], samples: list[str], values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(values, index=names, columns=samples)


def as_polars(names: list[str], samples: list[str], values: np.ndarray) -> pl.DataFrame:
    return pl.DataFrame(values, schema=samples).insert_column(0, pl.Series("gene", names))


FRAMES: dict[str, Callable[..., object]] = {
    "pandas": as_pandas,
    "pandas, samples down": lambda *parts: as_pandas(*parts).T,
    "pandas, names in a column": lambda *parts: as_pandas(*parts).reset_index(names="gene"),
    "polars": as_polars,
}


def values_of(engine: Engine) -> dict[str, list[object]]:
    frame = engine.sql("SELECT gene, sample, value FROM expression ORDER BY ALL")
    return frame.to_dict(as_series=False)


@pytest.mark.parametrize("name", FRAMES)
def test_a_data_frame_is_loaded_as_its_file(tmp_path: Path, name: str) -> None:
    values = np.random.default_rng(5).uniform(0, 14, (len(SYMBOLS), 12)).round(3)
    samples = barcodes(12)
    rows = [(gene, own.tolist()) for gene, own in zip(SYMBOLS, values, strict=True)]
    path = write_table(tmp_path / "TCGA.LIHC.tsv", samples, rows)
    of_file, of_frame = open_store(tmp_path / "one"), open_store(tmp_path / "other")
    of_file.load(path, OPTIONS).raise_errors()
    (loaded,) = of_frame.load(FRAMES[name](SYMBOLS, samples, values), OPTIONS).loaded
    assert loaded.key.tumor_type == "LIHC"
    assert values_of(of_frame) == values_of(of_file)
    assert len(values_of(of_frame)["value"]) == len(SYMBOLS) * 12


def test_anndata_is_loaded(tmp_path: Path) -> None:
    matrix = made(barcodes(12))
    engine = open_store(tmp_path)
    (error,) = engine.load(anndata_of(matrix), OPTIONS).errors
    assert error.what.startswith("the anndata.AnnData: in most samples")
    engine.load(anndata_of(matrix), replace(OPTIONS, unit="tpm")).raise_errors()
    assert len(values_of(engine)["value"]) == matrix.values.size


@pytest.mark.parametrize("table", [5, None, [pd.DataFrame()], {"a": 1}, np.zeros((3, 3))])
def test_anything_else_is_refused(tmp_path: Path, table: object) -> None:
    with pytest.raises(UsageError, match="Give paths, a polars or pandas DataFrame") as refused:
        open_store(tmp_path).load(table)
    assert len(str(refused.value)) < 200
    assert not list(tmp_path.iterdir())


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    frame = pd.DataFrame(np.ones((3, 2)), index=["RELA", "GPX4", "TP53"], columns=["a", "a"])
    with pytest.raises(UsageError, match="each once"):
        open_store(tmp_path).load(frame, OPTIONS)
