"""Tables that are not what they are said to be, and files that change under the reader."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tcga_corr.engine import Engine, open_store
from tcga_corr.errors import TableError, TcgaCorrError, UsageError
from tcga_corr.loading.load import LoadReport
from tcga_corr.loading.plan import LoadOptions, LoadPlan
from tests.conftest import Cli, barcodes, snapshot, write_table

GENES = [f"G{number}" for number in range(300)]
LOGS = "log2(tpm+1)"
Rows = list[tuple[str, list[float]]]


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return open_store(tmp_path / "cache")


def logs(n: int = 12) -> Rows:
    values = np.random.default_rng(8).uniform(0, 14, (len(GENES), n)).round(3)
    return list(zip(GENES, values.tolist(), strict=True))


def linear(n: int = 12) -> Rows:
    return [(name, [round(2**value - 1, 3) for value in values]) for name, values in logs(n)]


def load(engine: Engine, path: Path, **options: object) -> LoadReport:
    said = {"source": "mine", "tumor_type": "LIHC", "unit": LOGS} | options
    return engine.load(path, LoadOptions(**said))  # type: ignore[arg-type]


def refusal(engine: Engine, path: Path, **options: object) -> TcgaCorrError:
    before = snapshot(engine.store.root)
    report = load(engine, path, **options)
    assert report.loaded == ()
    assert snapshot(engine.store.root) == before
    (error,) = report.errors
    return error


def test_linear_values_under_a_logarithm_are_refused(engine: Engine, tmp_path: Path) -> None:
    path = write_table(tmp_path / "mine.tsv", barcodes(12), linear())
    error = refusal(engine, path)
    assert isinstance(error, UsageError)
    assert "so they are linear, and --unit says log2(tpm+1)" in str(error)
    (loaded,) = load(engine, path, linear=True).loaded
    assert loaded.metadata.unit == LOGS
    assert load(engine, path, source="other", unit="tpm").loaded[0].metadata.unit == LOGS


def test_one_large_row_does_not_change_all_others(engine: Engine, tmp_path: Path) -> None:
    """A total or a survival time among logarithms: once it had all values logged a second time."""
    rows = [*logs(), ("total_reads", [31_000_000.0] * 12)]
    error = refusal(engine, write_table(tmp_path / "mine.tsv", barcodes(12), rows))
    assert isinstance(error, TableError)
    assert "total_reads of TCGA-AA-0000-01" in str(error)


def test_centred_rows_are_refused(engine: Engine, tmp_path: Path) -> None:
    rows = []
    for name, values in logs():
        centred = (np.array(values) - np.mean(values)) / np.std(values)
        rows.append((name, centred.round(4).tolist()))
    error = refusal(engine, write_table(tmp_path / "mine.tsv", barcodes(12), rows))
    assert "the means of its genes are about 0" in str(error)


def test_a_small_pseudocount_is_not_taken_for_centring(engine: Engine, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    values = np.log2(rng.gamma(0.4, 40, (300, 12)) * (rng.random((300, 12)) < 0.6) + 0.001)
    rows = list(zip(GENES, values.round(4).tolist(), strict=True))
    path = write_table(tmp_path / "mine.tsv", barcodes(12), rows)
    assert load(engine, path, unit="log2(tpm+0.001)").errors == ()


@pytest.mark.parametrize("change", ["replaced", "written over", "removed"])
def test_a_file_that_changes_while_it_is_read(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """The columns of the one version must not get the values of the other."""
    path = write_table(tmp_path / "mine.tsv", barcodes(12), logs())
    other = write_table(tmp_path / "other.tsv", barcodes(12)[::-1], logs())
    from tcga_corr.loading import load as loading

    def plan_then_change(file: Path, options: LoadOptions) -> LoadPlan:
        made = plan_file(file, options)
        if change == "replaced":
            other.replace(path)
        elif change == "written over":
            path.write_bytes(other.read_bytes())
        else:
            path.write_bytes(b"")
        return made

    plan_file = loading.plan_file
    monkeypatch.setattr(loading, "plan_file", plan_then_change)
    error = refusal(engine, path)
    assert isinstance(error, TableError)
    monkeypatch.setattr(loading, "plan_file", plan_file)
    if change != "removed":
        assert "it changed while it was read. Run it again" in str(error)
        assert load(engine, path).errors == ()
        assert engine.samples()["sample"].to_list() == barcodes(12)


def test_a_second_own_cohort_does_not_take_the_place_of_the_first(
    engine: Engine, tmp_path: Path
) -> None:
    names = [f"patient {number}" for number in range(12)]
    rows = [("RELA", [3.5] * 12), ("TP53", list(range(12))), ("GPX4", [1.0] * 12), *logs()]
    first, second = (
        write_table(tmp_path / name, names, rows, corner="gene") for name in ("a.tsv", "b.tsv")
    )
    assert load(engine, first, tumor_type=None, rows="genes").errors == ()
    error = refusal(engine, second, tumor_type=None, rows="genes")
    assert "mine OTHER is made of a.tsv" in str(error)
    assert load(engine, second, tumor_type=None, source="b", rows="genes").errors == ()
    write_table(first, names, rows[:-1], corner="gene")  # the same file, mended
    assert load(engine, first, tumor_type=None, rows="genes").loaded[0].replaced


@pytest.mark.parametrize(
    "arguments",
    [
        ("remove", "--source", "mine", "-t", ""),
        ("correlate", "RELA", "TP53", "-t", ","),
        ("fetch", ""),
        ("fetch", ",", "--dry-run"),
        ("load", "x.tsv", "-t", ""),
        ("status", "-t", " "),
    ],
)
def test_an_empty_name_is_not_taken_for_all(
    arguments: tuple[str, ...], tmp_path: Path, cli: Cli
) -> None:
    result = cli("--cache", tmp_path / "cache", *arguments)
    assert result.returncode == 2
    assert b"an empty name is given" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("load", "--covariates", "x.csv", "--source", "mine"),
        ("load", "--covariates", "x.csv", "-t", "LIHC"),
        ("load", "--key", "patient", "x.tsv"),
        ("load", "--columns", "a=b", "x.tsv"),
        ("load", "y.tsv", "--covariates", "x.csv"),
        ("load",),
        ("fetch", "LIHC", "-o", "x.tsv"),
        ("remove", "-t", "LIHC"),
    ],
)
def test_options_that_would_do_nothing_are_refused(
    arguments: tuple[str, ...], tmp_path: Path, cli: Cli
) -> None:
    result = cli("--cache", "cache", *arguments, cwd=tmp_path)
    assert result.returncode == 2, result.stderr
    assert list(tmp_path.iterdir()) == []
