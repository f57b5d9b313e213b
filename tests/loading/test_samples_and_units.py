"""Which samples a table has, and what its values are: read right, or refused in one line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tcga_corr.engine import Engine, open_store
from tcga_corr.errors import TcgaCorrError
from tcga_corr.formats.covariates import read_covariates
from tcga_corr.formats.sample_groups import read_groups
from tcga_corr.loading.load import LoadReport
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.vocabulary.symbols import symbol_table
from tests.conftest import barcodes, write_table
from tests.formats.test_formats import SYMBOLS, anndata_of, made
from tests.formats.test_study_files import write_star_files

TUMOURS = [f"TCGA-QX-{number}-01A" for number in range(1000, 1010)]
NORMALS = [f"TCGA-QX-{number}-11A" for number in range(1000, 1004)]
LOGS = "log2(tpm+1)"
DEPTH = "not adjusted for sequencing depth"
Values = NDArray[np.float64]


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return open_store(tmp_path / "cache")


def load(engine: Engine, path: Path, **options: object) -> LoadReport:
    said = {"source": "mine", "tumor_type": "LIHC", "unit": LOGS} | options
    return engine.load(path, LoadOptions(**said))  # type: ignore[arg-type]


def refusal(engine: Engine, path: Path, **options: object) -> TcgaCorrError:
    report = load(engine, path, **options)
    assert report.loaded == ()
    (error,) = report.errors
    return error


def logs(n_samples: int, seed: int = 3) -> Values:
    return np.random.default_rng(seed).uniform(0, 12, (len(SYMBOLS), n_samples)).round(3)


def counts(n_samples: int, n_genes: int = len(SYMBOLS), seed: int = 3) -> Values:
    """Counts of samples that differ in depth."""
    rng = np.random.default_rng(seed)
    means = rng.gamma(0.8, 300, n_genes)[:, None] * rng.uniform(0.3, 3, n_samples)
    return rng.poisson(means).astype(np.float64)


def table(path: Path, samples: Sequence[str], values: Values, names: Sequence[str] = ()) -> Path:
    rows = list(zip(names or SYMBOLS, values.tolist(), strict=False))
    return write_table(path, list(samples), rows, corner="gene")


def r_of(engine: Engine, **options: object) -> float:
    answer = engine.correlate("RELA", "NFE2L2", **options)  # type: ignore[arg-type]
    return float(answer.frame["r"][0])


def plain_r(values: Values) -> float:
    x, y = (values[SYMBOLS.index(gene)] for gene in ("RELA", "NFE2L2"))
    return float(np.corrcoef(x, y)[0, 1])


SHAPES = {
    "underscores": lambda name: name.replace("-", "_"),
    "points": lambda name: name.replace("-", "."),
    "lower case": str.lower,
    "a tumor type before": lambda name: f"LIHC_{name}",
    "an ending": lambda name: f"{name}.bam",
    "a UUID": lambda name: f"{name}_6b6f{name[8:12]}-1111-2222-3333-123456789abc",
    "dashes of a word processor": lambda name: name.replace("-", "\u2013"),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("down", [False, True])
def test_normals_are_known_in_any_shape_of_barcodes(
    engine: Engine, tmp_path: Path, shape: str, down: bool
) -> None:
    """Once a table with underscores was a cohort of its own, whose normal tissue was tumour."""
    names = [SHAPES[shape](name) for name in TUMOURS + NORMALS]
    values = logs(14)
    path = tmp_path / "table.tsv"
    if down:
        write_table(path, SYMBOLS, list(zip(names, values.T.tolist(), strict=True)))
    else:
        table(path, names, values)
    (loaded,) = load(engine, path).loaded
    assert "10 tumor + 4 normal" in loaded.summary
    assert engine.samples()["barcode"].sort().to_list() == sorted(TUMOURS + NORMALS)
    assert r_of(engine) == pytest.approx(plain_r(values[:, :10]), abs=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_covariates_and_groups_have_the_same_shapes(tmp_path: Path, shape: str) -> None:
    lines = ["sample,purity,arm"]
    lines += [
        f"{SHAPES[shape](name)},0.{number},{'ab'[number % 2]}"
        for number, name in enumerate(TUMOURS)
    ]
    path = tmp_path / "table.csv"
    path.write_text("\n".join(lines) + "\n")
    samples = [name[:15] for name in TUMOURS]
    assert list(read_covariates(path, columns={"purity": "purity"}).keys) == samples
    assert list(read_groups(path, "arm").group_of) == samples
    patients = read_covariates(path, key="patient", columns={"purity": "purity"})
    assert list(patients.keys) == [name[:12] for name in TUMOURS]


@pytest.mark.parametrize(
    "shape", ["{}x", "{}-1", "{}-N", "x{}-01A", "{}_tumor", "{}-01AB", "my{}", "normal {}", "{}.1"]
)
def test_what_holds_tcga_is_no_cohort_of_its_own(
    engine: Engine, tmp_path: Path, shape: str
) -> None:
    names = [shape.format(name[:12]) for name in TUMOURS]
    error = refusal(engine, table(tmp_path / "table.tsv", names, logs(10)), rows="genes")
    assert f"'{names[0]}' (and 9 more) holds TCGA" in str(error)
    one = [*TUMOURS[:9], names[9]]
    assert f"'{names[9]}' holds TCGA" in str(
        refusal(engine, table(tmp_path / "one.tsv", one, logs(10)))
    )
    groups = tmp_path / "groups.csv"
    groups.write_text("name,arm\n" + "".join(f"{name},{name[-7]}\n" for name in names))
    with pytest.raises(TcgaCorrError, match="holds TCGA"):
        read_groups(groups)
    groups.write_text("name,age\n" + "".join(f"{name},5\n" for name in names))
    with pytest.raises(TcgaCorrError, match="holds TCGA"):
        read_covariates(groups)


def test_twelve_characters_are_taken_as_tumour_and_said(engine: Engine, tmp_path: Path) -> None:
    patients = [name[:12] for name in TUMOURS]
    values = logs(10)
    (loaded,) = load(engine, table(tmp_path / "table.tsv", patients, values)).loaded
    assert "10 tumor + 0 normal" in loaded.summary
    assert "unknown sample type; all are taken as tumor" in loaded.summary
    assert r_of(engine) == pytest.approx(plain_r(values), abs=1e-6)
    twice = table(tmp_path / "twice.tsv", [*patients[:9], patients[0]], values)
    error = refusal(engine, twice, source="b")
    assert f"2 samples are named '{patients[0]}'" in str(error)
    assert "one may be normal tissue" in str(error)
    mixed = table(tmp_path / "mixed.tsv", [*patients[:9], NORMALS[0]], values)
    assert "9 of 10 do not tell their sample type" in str(refusal(engine, mixed, source="b"))
    known = refusal(engine, tmp_path / "table.tsv", source="tcga-hiseqv2", unit=None)
    assert "no sample is named by a TCGA barcode" in str(known)


def test_two_quantities_of_a_sample_are_not_averaged(engine: Engine, tmp_path: Path) -> None:
    names = [f"{what}_{name}" for what in ("unstranded", "tpm") for name in TUMOURS[:5]]
    error = refusal(engine, table(tmp_path / "table.tsv", names, logs(10)))
    assert f"'{names[0]}' and '{names[5]}' are of the same sample" in str(error)
    copies = [*TUMOURS[:5], *(f"{name}.1" for name in TUMOURS[:5])]
    (loaded,) = load(engine, table(tmp_path / "copies.tsv", copies, logs(10))).loaded
    assert loaded.metadata.dropped == {"repeated columns of one sample, averaged": 5}


def test_a_paraffin_embedded_aliquot_of_a_higher_plate(engine: Engine, tmp_path: Path) -> None:
    frozen, paraffin = "TCGA-44-2656-01A-02R-0946-07", "TCGA-44-2656-01B-06R-A277-07"
    names = [*(f"{name}-11R-0946-07" for name in TUMOURS), frozen, paraffin]
    values = logs(12)
    load(engine, table(tmp_path / "table.tsv", names, values)).raise_errors()
    assert r_of(engine) == pytest.approx(plain_r(values[:, :11]), abs=1e-6)
    samples = {row["barcode"]: row for row in engine.samples().to_dicts()}
    assert samples[paraffin]["reason"] == (
        f"{frozen} taken instead: paraffin-embedded (FFPE) samples come last"
    )


def test_a_sheet_says_what_is_paraffin_embedded(engine: Engine, tmp_path: Path) -> None:
    """Here the lower vials; of the last patient there is no other."""
    patients = [name[:12] for name in barcodes(4)]
    names = [f"{name}-01{vial}" for name in patients for vial in "AB"][:-1]
    sheet = write_star_files(tmp_path, made(names))
    header, *rows, _ = sheet.read_text().splitlines()
    for title, said in (
        ("Preservation Method", ("FFPE", "Frozen")),
        ("is_ffpe", ("True", "False")),
    ):
        marked = [f"{row}\t{said[number % 2]}" for number, row in enumerate(rows)]
        sheet.write_text("\n".join([f"{header}\t{title}", *marked]) + "\n")
        (loaded,) = load(engine, sheet, tumor_type=None, unit=None, source=title[:2]).loaded
        used = [sample.barcode for sample in loaded.metadata.samples if sample.tumor]
        assert used == [f"{name}-01B" for name in patients[:3]] + [f"{patients[3]}-01A"]
        assert f"with no other of that sample type: {patients[3]}-01A" in loaded.summary
    assert "what is read of it is tpm, and --unit says counts" in str(
        refusal(engine, sheet, tumor_type=None, unit="counts")
    )


def test_own_samples_are_not_of_two_tumor_types(engine: Engine, tmp_path: Path) -> None:
    names = [f"P{number}x" for number in range(12)]
    path = table(tmp_path / "table.tsv", names, logs(12))
    load(engine, path, rows="genes").raise_errors()
    error = refusal(engine, path, rows="genes", tumor_type="LUAD")
    assert "stored as LIHC, and it is to be loaded as LUAD" in str(error)
    assert "P0x, P1x, P2x and 9 more" in str(error)
    load(engine, path, rows="genes", tumor_type="LUAD", source="other").raise_errors()


@pytest.mark.parametrize(
    "unit", ["counts", "raw_counts", "featureCounts", "expected_count", "UMIs", "expression"]
)
@pytest.mark.parametrize("most", [1, 0.01])
def test_counts_under_any_name_are_said_to_depend_on_depth(
    engine: Engine, tmp_path: Path, unit: str, most: float
) -> None:
    values = np.floor(counts(12) * most)
    path = table(tmp_path / "table.tsv", TUMOURS + NORMALS[:2], values)
    (loaded,) = load(engine, path, unit=unit).loaded
    if most < 1 and unit == "expression":  # no value and no word tells that it is linear
        assert loaded.metadata.unit == unit
        assert "all values are whole numbers, as counts of reads are" in loaded.summary
    else:
        assert loaded.metadata.unit == f"log2({unit}+1)"
        assert DEPTH in loaded.summary
    assert any(DEPTH in note for note in engine.correlate("GPX4", "TP53").notes)


def test_logarithms_of_counts_are_counts(engine: Engine, tmp_path: Path) -> None:
    path = table(tmp_path / "table.tsv", TUMOURS, np.log2(counts(10) / 10 // 1 + 1).round(3))
    assert "all values are logarithms of whole numbers" in str(refusal(engine, path))
    (loaded,) = load(engine, path, unit="log2(x+1)").loaded
    assert DEPTH in loaded.summary
    for name, values in (("other", logs(10)), ("rounded", np.rint(logs(10)))):
        path = table(tmp_path / f"{name}.tsv", TUMOURS, values)
        (loaded,) = load(engine, path, source=name).loaded
        assert DEPTH not in loaded.summary
        answer = engine.correlate("RELA", "TP53", source=name)
        assert not any(DEPTH in note for note in answer.notes)


def test_whole_numbers_of_anndata(engine: Engine, tmp_path: Path) -> None:
    pytest.importorskip("anndata")
    matrix = made(TUMOURS)
    data = anndata_of(matrix)
    data.X = np.rint(data.X).astype(np.int64)
    path = tmp_path / "table.h5ad"
    data.write_h5ad(path)
    assert "all values are whole numbers" in str(refusal(engine, path, unit="tpm"))
    (loaded,) = load(engine, path, unit="expression").loaded
    assert DEPTH in loaded.summary


@pytest.mark.parametrize("unit", ["tpm", "FPKM", "cpm", "TPM (linear)"])
def test_whole_numbers_are_no_rate(engine: Engine, tmp_path: Path, unit: str) -> None:
    path = table(tmp_path / "table.tsv", TUMOURS, counts(10))
    error = refusal(engine, path, unit=unit)
    assert f"--unit says {unit}, and all values are whole numbers" in str(error)
    assert "--normalize cpm" in str(error)


GENES = sorted(symbol_table().symbol_by_ensembl_id().values())


def rates(n_genes: int, n_samples: int, total: float) -> Values:
    values = np.random.default_rng(4).lognormal(0, 2, (n_genes, n_samples))
    return np.asarray((values / values.sum(axis=0) * total).round(4))


@pytest.mark.parametrize(
    ("unit", "total", "n_genes", "says"),
    [
        ("tpm", 1e6, 16_000, ""),
        ("tpm", 8e5, 16_000, ""),
        ("tpm", 3e5, 16_000, "the values of a sample add up to 3e+05"),
        ("tpm", 3e5, 5_000, ""),
        ("tpm", 3e6, 5_000, "add up to 3e+06, where TPM of all genes add up to a million"),
        ("fpkm", 1e6, 5_000, "add up to a million, as TPM and CPM do"),
        ("counts", 1e6, 5_000, "add up to a million, as TPM and CPM do"),
        ("fpkm", 4e5, 5_000, ""),
        ("cpm", 1.2e6, 5_000, ""),
        ("norm_counts", 2e7, 5_000, ""),
    ],
)
def test_sums_of_samples(
    engine: Engine, tmp_path: Path, unit: str, total: float, n_genes: int, says: str
) -> None:
    values = rates(n_genes, 3, total)
    path = table(tmp_path / "table.tsv", TUMOURS[:3], values, GENES[:n_genes])
    report = load(engine, path, unit=unit)
    assert [str(error) for error in report.errors if says not in str(error)] == []
    assert bool(report.errors) == bool(says)


def test_sums_of_logarithms_are_noted(engine: Engine, tmp_path: Path) -> None:
    values = np.log2(rates(5_000, 3, 2e7) + 1)
    path = table(tmp_path / "table.tsv", TUMOURS[:3], values, GENES[:5_000])
    (loaded,) = load(engine, path).loaded
    assert f"where TPM of all genes add up to a million: is {LOGS} their unit?" in loaded.summary


@pytest.mark.parametrize("unit", ["counts", "tpm", "fpkm"])
def test_negative_values_of_what_cannot_be(engine: Engine, tmp_path: Path, unit: str) -> None:
    values = rates(60, 10, 5e5)
    values[2, 3] = -0.25
    path = table(tmp_path / "table.tsv", TUMOURS, values)
    assert f"is negative, which linear values of {unit} cannot be" in str(
        refusal(engine, path, unit=unit)
    )
    path = table(tmp_path / "small.tsv", TUMOURS, values / 1e4)
    assert "is negative" in str(refusal(engine, path, unit=unit, linear=True))


@pytest.mark.parametrize(
    ("unit", "value", "fits"),
    [
        (LOGS, 29.0, True),
        (LOGS, 31.0, False),
        ("log2(intensity)", 38.0, True),
        ("log10(tpm+1)", 9.5, False),
        ("ln(tpm+1)", 25.0, False),
    ],
)
def test_no_logarithm_is_that_high(
    engine: Engine, tmp_path: Path, unit: str, value: float, fits: bool
) -> None:
    values = logs(10) / 2
    values[4, 5] = value
    report = load(engine, table(tmp_path / "table.tsv", TUMOURS, values), unit=unit)
    assert [f"is beyond what {unit} can be" in str(error) for error in report.errors] == (
        [] if fits else [True]
    )


def test_small_linear_values_are_what_they_are_said_to_be(engine: Engine, tmp_path: Path) -> None:
    """A panel in FPKM: none of its values is above 50, as in logarithms."""
    values = np.random.default_rng(6).lognormal(0, 1.2, (len(SYMBOLS), 10)).clip(0, 45).round(4)
    path = table(tmp_path / "table.tsv", TUMOURS, values)
    assert "say --linear" in str(refusal(engine, path, unit="fpkm"))
    (loaded,) = load(engine, path, unit="fpkm", linear=True).loaded
    assert loaded.metadata.unit == "log2(fpkm+1)"
    assert r_of(engine) == pytest.approx(plain_r(np.log2(values + 1)), abs=1e-6)
    unclear = refusal(engine, path, unit="log2(fpkm+1)", linear=True, source="other")
    assert "--linear is given, --unit says log2(fpkm+1)" in str(unclear)


def test_values_above_every_logarithm_bear_out_a_linear_unit(
    engine: Engine, tmp_path: Path
) -> None:
    values = np.random.default_rng(6).uniform(0, 10, (len(SYMBOLS), 10))
    values[3:6] = 40
    path = table(tmp_path / "table.tsv", TUMOURS, values)
    (loaded,) = load(engine, path, unit="tpm").loaded
    assert loaded.metadata.unit == LOGS
    values[4] = 9  # the other two may be rows of another kind, such as a total or an age
    path = table(tmp_path / "other.tsv", TUMOURS, values)
    assert "as if they were logarithms" in str(refusal(engine, path, unit="tpm"))


def test_counts_per_million(engine: Engine, tmp_path: Path) -> None:
    values = counts(10)
    path = table(tmp_path / "table.tsv", TUMOURS, values)
    (loaded,) = load(engine, path, unit="counts", normalize="cpm").loaded
    assert loaded.metadata.unit == "log2(cpm+1)"
    assert loaded.metadata.recipe["normalize"] == "cpm"
    assert (
        f"counts per million of all {len(SYMBOLS)} rows of genes; these are not all genes"
        in loaded.summary
    )
    assert DEPTH not in loaded.summary
    expected = np.log2(values / values.sum(axis=0) * 1e6 + 1)
    assert r_of(engine) == pytest.approx(plain_r(expected), abs=1e-6)
    assert not any(DEPTH in note for note in engine.correlate("RELA", "TP53").notes)
    assert load(engine, path, unit="counts", normalize="cpm").loaded[0].unchanged


def test_the_depth_is_of_all_genes_of_the_file(engine: Engine, tmp_path: Path) -> None:
    """Also of those that are not kept, here of one that is not protein-coding."""
    ids = symbol_table().symbol_by_ensembl_id()
    coding = [next(key for key, name in ids.items() if name == gene) for gene in SYMBOLS]
    values = counts(10)
    malat1 = np.full((1, 10), 5_000.0)
    whole = np.vstack([values, malat1])
    path = table(tmp_path / "table.csv", TUMOURS, whole, [*coding, "ENSG00000251562"])
    path.write_text(path.read_text().replace("\t", ","))
    (loaded,) = load(engine, path, unit="counts", normalize="cpm").loaded
    assert loaded.metadata.n_genes == len(SYMBOLS)
    expected = np.log2(values / whole.sum(axis=0) * 1e6 + 1)
    assert r_of(engine) == pytest.approx(plain_r(expected), abs=1e-6)


def test_what_cannot_be_taken_per_million(engine: Engine, tmp_path: Path) -> None:
    values = counts(10)
    path = table(tmp_path / "table.tsv", TUMOURS, values)
    for unit in ("tpm", "log2(counts+1)", "vst counts"):
        error = refusal(engine, path, unit=unit, normalize="cpm")
        assert "--normalize is for counts before any logarithm" in str(error)
    values[:, 4] = 0
    none = table(tmp_path / "none.tsv", TUMOURS, values)
    error = refusal(engine, none, unit="counts", normalize="cpm")
    assert f"{TUMOURS[4]} has no reads" in str(error)
    values[3, 4] = np.nan
    part = table(tmp_path / "part.tsv", TUMOURS, values)
    error = refusal(engine, part, unit="counts", normalize="cpm")
    assert f"{TUMOURS[4]} lacks counts of some genes" in str(error)
