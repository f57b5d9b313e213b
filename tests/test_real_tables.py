"""Real TCGA tables, end to end. Skipped where ../shared is absent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

from tcga_corr.engine import Engine, open_store
from tcga_corr.formats.ensembl import is_pseudoautosomal_copy
from tcga_corr.formats.gdc_hub import read_probe_map
from tcga_corr.loading.plan import LoadOptions

pytestmark = pytest.mark.shared

SAMPLES = {"ACC": (79, 0), "BRCA": (50, 50), "CHOL": (36, 9), "LIHC": (45, 3), "UCS": (57, 0)}


@pytest.fixture(scope="module")
def real(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """All real tables of ../shared in one store."""
    engine = open_store(tmp_path_factory.mktemp("real") / "cache")
    hub = shared / "hub"
    paths = [
        *sorted((hub / "tcga-xena-hub" / "download").glob("*/HiSeqV2.gz")),
        hub / "tcga-pancan-atlas-hub",
        hub / "gdc-hub",
        shared / "firehose",
    ]
    report = engine.load(paths)
    assert report.errors == ()
    return engine


def test_status_counts_samples(real: Engine) -> None:
    frame = real.status(source="tcga-hiseqv2")
    counted = {row["tumor_type"]: (row["tumor"], row["normal"]) for row in frame.to_dicts()}
    assert counted == SAMPLES
    assert set(frame["n_genes"]) == {20_501}
    assert set(frame["dropped"]) == {"29 genes without a symbol; 1 further rows of a symbol"}


def test_a_second_load_does_no_work(real: Engine, shared: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in real.store.root.rglob("*")}
    report = real.load([shared / "hub", shared / "firehose"])
    assert report.errors == ()
    assert all(loaded.unchanged for loaded in report.loaded)
    assert {path: path.stat().st_mtime_ns for path in real.store.root.rglob("*")} == before


@pytest.mark.parametrize("pair", [("ferroptosis", "nfkb"), ("RELA", "NFE2L2")])
@pytest.mark.parametrize("method", ["pearson", "spearman"])
def test_associations_equal_scipy(real: Engine, pair: tuple[str, str], method: str) -> None:
    frame = real.correlate(*pair, source="tcga-hiseqv2", method=method).frame  # type: ignore[arg-type]
    assert frame["n"].to_list() == [tumor for tumor, _ in SAMPLES.values()]
    for row in frame.to_dicts():
        x, y = (_values(real, name, row["tumor_type"]) for name in pair)
        if method == "pearson":
            expected = stats.pearsonr(x, y)
            interval = expected.confidence_interval()
            assert row["ci_low"] == pytest.approx(interval.low, abs=1e-12)
            assert row["ci_high"] == pytest.approx(interval.high, abs=1e-12)
        else:
            expected = stats.spearmanr(x, y)
        assert row["r"] == pytest.approx(expected.statistic, abs=1e-12)
        assert row["p"] == pytest.approx(expected.pvalue, abs=1e-12, rel=1e-9)
    expected_q = stats.false_discovery_control(frame["p"].to_numpy())
    np.testing.assert_allclose(frame["q"].to_numpy(), expected_q, rtol=1e-12)


def _values(engine: Engine, name: str, tumor_type: str) -> np.ndarray:
    if name.isupper():
        query = (
            f"SELECT value::DOUBLE AS v FROM expression WHERE gene = '{name}' AND tumor AND "
            f"source = 'tcga-hiseqv2' AND tumor_type = '{tumor_type}' ORDER BY barcode"
        )
        return engine.sql(query)["v"].to_numpy()
    scores = engine.score([name], source="tcga-hiseqv2", tumor_types=[tumor_type]).frame
    return scores.sort("sample")["es"].to_numpy()


def test_duckdb_agrees(real: Engine) -> None:
    from tcga_corr.store.sql import named_query

    by_sql = real.sql(named_query("rela_nfe2l2")).filter(pl.col("source") == "tcga-hiseqv2")
    by_engine = real.correlate("RELA", "NFE2L2", source="tcga-hiseqv2").frame
    assert by_sql["n"].to_list() == by_engine["n"].to_list()
    np.testing.assert_allclose(by_sql["r"], by_engine["r"], atol=1e-12)


def test_ferroptosis_nfkb_in_acc(real: Engine) -> None:
    """The figure of the founding analysis: r = 0.50, p = 3e-6 in the 79 patients of ACC."""
    row = real.correlate("ferroptosis", "nfkb", source="tcga-hiseqv2").frame.to_dicts()[0]
    assert (row["tumor_type"], row["n"]) == ("ACC", 79)
    assert row["r"] == pytest.approx(0.498, abs=5e-4)
    assert row["p"] == pytest.approx(3.1e-6, rel=0.02)
    assert row["n_shared_genes"] == 1


def test_firehose_and_xena_agree_on_ucs(real: Engine) -> None:
    """Xena rounds log2 values to four decimals, which makes ties: hence 1e-3 of the score."""
    sets = ["ferroptosis", "nfkb", "hallmark"]
    xena, firehose = (
        real.score(sets, source=source, tumor_types=["UCS"]).frame.sort("set", "sample")
        for source in ("tcga-hiseqv2", "firehose")
    )
    assert xena["sample"].to_list() == firehose["sample"].to_list()
    scale = xena["es"].abs().mean()
    np.testing.assert_allclose(xena["es"], firehose["es"], rtol=1e-3, atol=1e-3 * scale)


def test_pancanatlas_is_split_into_its_types(real: Engine) -> None:
    frame = real.status(source="pancanatlas")
    assert frame.height == 30
    assert frame["tumor"].sum() + frame["normal"].sum() + frame["other"].sum() == 148
    answer = real.correlate("RELA", "NFE2L2", source="pancanatlas").frame
    assert answer.filter(pl.col("n") >= 10)["tumor_type"].to_list() == ["BRCA", "PRAD"]
    assert set(answer.filter(pl.col("n") < 10)["r"].to_list()) == {None}


def test_gdc_table_is_cut_to_protein_coding_genes(real: Engine, shared: Path) -> None:
    row = real.status(source="gdc-htseq").to_dicts()[0]
    assert (row["tumor"], row["normal"], row["other"]) == (39, 5, 6)
    assert row["genes"] == "protein-coding"
    assert 19_000 < row["n_genes"] < 20_600
    assert "pseudoautosomal copies on chromosome Y" in row["dropped"]
    samples = real.samples(["GBM"], "gdc-htseq")
    vial_b = samples.filter(pl.col("barcode") == "TCGA-06-0211-01B")["reason"][0]
    assert vial_b == "TCGA-06-0211-01A taken instead: vial A before B"


def test_all_genes_on_request(shared: Path, tmp_path: Path) -> None:
    engine = open_store(tmp_path / "cache")
    report = engine.load([shared / "hub" / "gdc-hub"], LoadOptions(genes="all"))
    assert report.errors == ()
    assert report.loaded[0].metadata.n_genes > 50_000
    index = engine.correlate("RELA", "NFE2L2")
    assert index.frame["r"][0] == pytest.approx(0.806223, abs=1e-5)


@pytest.mark.parametrize(
    ("name", "n_genes", "n_symbols", "n_on_y"),
    [
        ("gencode.v36.annotation.gtf.gene.probemap", 60_660, 59_427, 44),
        ("gencode.v22.annotation.gene.probeMap", 60_483, 58_387, 50),
    ],
)
def test_probe_maps(shared: Path, name: str, n_genes: int, n_symbols: int, n_on_y: int) -> None:
    symbols = read_probe_map(shared / "hub" / "gdc-hub" / "download" / name)
    versioned = [probe for probe in symbols if "." in probe]
    on_y = [probe for probe in versioned if is_pseudoautosomal_copy(probe)]
    assert (len(versioned), len({*symbols.values()}), len(on_y)) == (n_genes, n_symbols, n_on_y)
    # without their version, the copies on Y would be taken for the genes on X
    assert not any(probe.partition(".")[0] in symbols and "ENSGR" in probe for probe in on_y)
    assert symbols["ENSG00000173039"] == "RELA"
