"""What users have on disk, and what must not slip by unsaid."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tcga_corr.engine import Engine, open_store
from tcga_corr.errors import TableError, TcgaCorrError, UsageError
from tcga_corr.load_plan import LoadOptions
from tcga_corr.loading import LoadReport
from tcga_corr.tables import open_table

from .conftest import barcodes, write_table
from .test_formats import SYMBOLS, made

LOGS = "log2(tpm+1)"


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return open_store(tmp_path / "cache")


def load(engine: Engine, path: Path, **options: object) -> LoadReport:
    return engine.load(path, LoadOptions(source="mine", **options))  # type: ignore[arg-type]


def refusal(report: LoadReport) -> TcgaCorrError:
    assert report.loaded == ()
    (error,) = report.errors
    with pytest.raises(type(error)):
        report.raise_errors()
    return error


def logs(n_samples: int = 12) -> list[tuple[str, list[float]]]:
    values = np.random.default_rng(5).uniform(0, 14, (len(SYMBOLS), n_samples)).round(3)
    return [(name, row.tolist()) for name, row in zip(SYMBOLS, values, strict=True)]


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_table_of_r_with_barcodes(tmp_path: Path, quote: str) -> None:
    """As write.table leaves it: the header is one field short, names quoted or not."""
    rows = logs()
    samples = barcodes(12)
    lines = ["\t".join(f"{quote}{name}{quote}" for name in samples)]
    lines += ["\t".join((f"{quote}{name}{quote}", *map(str, values))) for name, values in rows]
    path = tmp_path / "mine.txt"
    path.write_text("\n".join(lines) + "\n")
    table = open_table(path).read(None)
    assert table.samples == tuple(samples)
    assert table.genes.tolist() == SYMBOLS
    assert table.values[:, 0].tolist() == [np.float32(values[0]) for _, values in rows]


@pytest.mark.parametrize("unit", ["tpm", "TPM", "FPKM-UQ", "counts", "norm_counts"])
def test_logarithms_under_a_linear_unit_are_refused(
    engine: Engine, tmp_path: Path, unit: str
) -> None:
    path = write_table(tmp_path / "mine.tsv", barcodes(12), logs())
    error = refusal(load(engine, path, tumor_type="LIHC", unit=unit))
    assert isinstance(error, UsageError)
    assert f"so they are logarithms, and --unit says {unit}" in str(error)
    assert f"Say --unit 'log2({unit}+1)'" in str(error)
    assert load(engine, path, tumor_type="LIHC", unit=f"log2({unit}+1)").errors == ()


def test_linear_values_are_said_to_be_taken_as_logarithms(engine: Engine, tmp_path: Path) -> None:
    matrix = made(barcodes(14))
    rows = list(zip(matrix.genes, matrix.texts, strict=True))
    path = write_table(tmp_path / "mine.tsv", matrix.samples, rows)
    (loaded,) = load(engine, path, tumor_type="LIHC", unit="tpm").loaded
    assert loaded.metadata.unit == LOGS
    assert "linear values, taken as log2(x + 1)" in loaded.metadata.read_as
    stored = engine.sql(f"SELECT value FROM expression WHERE gene = '{SYMBOLS[0]}'")["value"]
    expected = np.log2(matrix.values[0].astype(np.float64) + 1)
    assert np.allclose(sorted(stored), sorted(expected), rtol=1e-6)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_clinical_columns_do_not_become_genes(engine: Engine, tmp_path: Path, ending: str) -> None:
    import polars as pl

    matrix = made()
    columns: dict[str, object] = {
        "patient": list(matrix.samples),
        "arm": ["a", "b"] * 7,
        "age": list(range(50, 64)),
    }
    for name, row in zip(matrix.genes, matrix.values, strict=True):
        columns[name] = row.tolist()
    frame = pl.DataFrame(columns)
    path = tmp_path / f"mine.{ending}"
    frame.write_csv(path) if ending == "csv" else frame.write_parquet(path)
    (loaded,) = load(engine, path, unit="tpm").loaded
    assert "samples down and genes across, left out arm, age" in loaded.metadata.read_as
    assert loaded.metadata.n_genes == len(matrix.genes)
    assert [sample.sample for sample in loaded.metadata.samples] == sorted(matrix.samples)


def test_columns_about_genes_are_named(tmp_path: Path) -> None:
    matrix = made()
    lines = [",".join(("symbol", "chr", "length", *matrix.samples))]
    lines += [
        ",".join((name, "chr1", "900", *row))
        for name, row in zip(matrix.genes, matrix.texts, strict=True)
    ]
    path = tmp_path / "mine.csv"
    path.write_text("\n".join(lines) + "\n")
    file = open_table(path)
    assert file.told.endswith("genes down and samples across, left out chr, length")
    assert np.array_equal(file.read(None).values, matrix.values)


def test_dates_of_a_spreadsheet_are_named(engine: Engine, tmp_path: Path) -> None:
    rows = logs()
    rows[3:6] = [("1-Mar", rows[3][1]), ("Sep-02", rows[4][1]), ("2-Sep", rows[5][1])]
    path = write_table(tmp_path / "mine.tsv", barcodes(12), rows)
    (loaded,) = load(engine, path, tumor_type="LIHC", unit=LOGS).loaded
    assert "3 names of genes are dates, as spreadsheets make of symbols" in loaded.metadata.read_as
    assert "(1-Mar, Sep-02, 2-Sep)" in loaded.metadata.read_as


def test_genes_are_not_taken_for_dates() -> None:
    from tcga_corr.symbols import symbol_table
    from tcga_corr.table_checks import _DATE

    assert [gene for gene in symbol_table() if _DATE.fullmatch(gene.symbol)] == []


def test_samples_of_one_name_are_refused(engine: Engine, tmp_path: Path) -> None:
    names = [f"P{number}" for number in range(11)]
    path = write_table(tmp_path / "mine.tsv", [*names, "P3"], logs(), corner="gene")
    error = refusal(load(engine, path, unit=LOGS))
    assert isinstance(error, TableError)
    assert "2 samples are named 'P3'" in str(error)


def test_a_set_of_which_little_is_measured_is_said(engine: Engine, tmp_path: Path) -> None:
    from tcga_corr.gene_sets import shipped_sets

    whole = shipped_sets()["apoptosis"].genes
    members = list(whole)[:8]
    values = np.random.default_rng(5).uniform(0, 14, (60, 12)).round(3).tolist()
    names = [*members, *[name for name in SYMBOLS if name not in members]]
    path = write_table(tmp_path / "mine.tsv", barcodes(12), list(zip(names, values, strict=False)))
    assert not load(engine, path, tumor_type="LIHC", unit=LOGS).errors
    (note,) = engine.correlate("apoptosis", "RELA").frame["note"]
    assert note == f"apoptosis: {len({*names} & {*whole})} of {len(whole)} genes"


def test_purity_is_no_expression_table(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "aran.csv"
    head = "Sample.ID,Cancer.type,ESTIMATE,ABSOLUTE,LUMP,IHC,CPE\n"
    path.write_text(head + 'TCGA-OR-A5J1-01A,ACC,"0,93",,"0,97","0,8","0,92"\n')
    error = refusal(load(engine, path, unit=LOGS))
    assert str(error).endswith("Load it with --covariates aran.csv.")
