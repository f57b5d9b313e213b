"""Raw counts: what is taken and what is refused, exactly as stored, and beside expression."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcga_corr.engine import Engine, open_store
from tcga_corr.errors import TcgaCorrError
from tcga_corr.expression import ExpressionTable
from tcga_corr.fetching.fetcher import FetchOptions
from tcga_corr.fetching.hub_requests import RetryPolicy
from tcga_corr.loading.count_checks import whole_counts
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.store.counts import StoredCounts, read_counts
from tcga_corr.store.index import open_index
from tcga_corr.store.layout import TableKey
from tcga_corr.vocabulary.symbols import symbol_table
from tests.conftest import Run, barcodes, write_table
from tests.formats.test_study_files import STAR
from tests.hub import Hub

QUICK = RetryPolicy(attempts=1, stall=5, first_wait=0.01, longest_wait=0.1)
GENES = [gene.symbol for gene in symbol_table() if gene.protein_coding][:300]
SAMPLES = [f"{name}A" for name in (*barcodes(6), *barcodes(8, "11")[6:])]
LIHC = TableKey("mine", "LIHC")


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return open_store(tmp_path / "cache")


def drawn(seed: int = 0, n_samples: int = len(SAMPLES)) -> np.ndarray:
    """Counts with zeros, and one that no float32 holds."""
    generator = np.random.default_rng(seed)
    means = np.exp(generator.normal(3, 2.5, (len(GENES), 1)))
    counts = generator.poisson(means, (len(GENES), n_samples)).astype(np.int64)
    counts[0, 0] = 2**24 + 1
    return counts


def written(path: Path, values: np.ndarray, samples: Sequence[str] = SAMPLES) -> Path:
    return write_table(path, samples, zip(GENES, values.tolist(), strict=True))


def loaded(engine: Engine, path: Path, **options: object) -> StoredCounts:
    chosen = LoadOptions(**{"source": "mine", "tumor_type": "LIHC", "counts": True, **options})
    engine.load(path, chosen).raise_errors()
    return read_counts(engine.store, LIHC)


def refused(engine: Engine, path: Path, **options: object) -> str:
    with pytest.raises(TcgaCorrError) as error:
        loaded(engine, path, **options)
    assert not engine.store.counts_keys()
    assert not engine.store.table_keys()
    return str(error.value)


def in_order(values: np.ndarray) -> np.ndarray:
    """Rows as the store sorts them."""
    return values[np.argsort(np.array(GENES))]


def test_counts_are_stored_to_the_last_read(engine: Engine, tmp_path: Path) -> None:
    values = drawn()
    for number, name in enumerate(("a.tsv", "b.csv", "c.parquet")):
        frame = pl.DataFrame({"gene": GENES, **dict(zip(SAMPLES, values.T, strict=True))})
        if name.endswith("parquet"):
            frame.write_parquet(tmp_path / name)
        else:
            frame.write_csv(tmp_path / name, separator="\t" if name == "a.tsv" else ",")
        source = f"mine{number}"
        engine.load(
            tmp_path / name, LoadOptions(source=source, tumor_type="LIHC", counts=True)
        ).raise_errors()
        stored = read_counts(engine.store, TableKey(source, "LIHC"))
        assert stored.values.dtype == np.int32
        assert stored.genes == sorted(GENES)
        assert np.array_equal(stored.values, in_order(values))
        assert (stored.metadata.rounded, stored.metadata.unit) == ("", "raw counts")
    assert [sum(s.tumor for s in stored.metadata.samples), len(SAMPLES)] == [6, 8]


def test_columns_of_one_aliquot_are_added_up(engine: Engine, tmp_path: Path) -> None:
    values = drawn()
    names = [*SAMPLES[:-1], SAMPLES[0]]
    stored = loaded(engine, written(tmp_path / "a.tsv", values, names))
    assert np.array_equal(stored.values[:, 0], in_order(values[:, 0] + values[:, -1]))
    assert stored.metadata.dropped == {"repeated columns of one sample, added up": 1}


@pytest.mark.parametrize("decimals", [8, 2])
def test_logarithms_are_taken_back(engine: Engine, tmp_path: Path, decimals: int) -> None:
    values = drawn()
    path = written(tmp_path / "a.tsv", np.round(np.log2(values + 1.0), decimals))
    if decimals == 2:
        text = refused(engine, path, unit="log2(count+1)")
        assert "are no whole numbers" in text
        assert "or of too few decimals" in text
        return
    stored = loaded(engine, path, unit="log2(count+1)")
    assert np.abs(stored.values - in_order(values)).max() == 0
    assert stored.metadata.rounded.startswith("round(2^x - 1), at most 0.0")


def test_expected_counts_are_rounded_only_where_they_are_said_to_be(
    engine: Engine, tmp_path: Path
) -> None:
    values = drawn() + np.where(np.random.default_rng(1).random((300, 8)) < 0.3, 0.37, 0)
    path = written(tmp_path / "a.tsv", np.round(values, 2))
    text = refused(engine, path)
    assert "% of the values above 0 are no whole numbers, the first: " in text
    assert "say --unit 'expected counts'" in text
    stored = loaded(engine, path, unit="expected counts")
    assert np.array_equal(stored.values, in_order(np.rint(values)))
    assert "of the values above 0, by at most 0.37" in stored.metadata.rounded


def normalized(values: np.ndarray) -> np.ndarray:
    quartiles = [np.percentile(column[column > 0], 75) for column in values.T]
    return values * 1000 / quartiles


@pytest.mark.parametrize(
    ("change", "unit", "shows"),
    [
        (lambda v: v - 1, None, ", -1, is negative, which counts cannot be"),
        (lambda v: v + 2**31, None, "is above 2,147,483,647"),
        (lambda v: v * (np.arange(8) > 0), None, f"{SAMPLES[0]} has no reads"),
        (normalized, None, "the upper quartile of the values above 0 is 1,000 in every sample"),
        (lambda v: np.rint(normalized(v)), None, "as RSEM's normalized_count"),
        (lambda v: np.log2(normalized(v) + 1), "log2(count+1)", "as RSEM's normalized_count"),
        (lambda v: v * 1e6 / v.sum(axis=0), None, "add up to a million (1,000,000 to 1,000,000)"),
        (lambda v: np.rint(v * 1e6 / v.sum(axis=0)), None, "as TPM and CPM do"),
        (lambda v: v * 1000, None, "as those of recount3"),
        (lambda v: v / 37.7, None, "are below 0.5, as of TPM and FPKM"),
        (lambda v: v / 37.7, "expected counts", "so they are no expected counts"),
        (lambda v: np.log2(v + 1), None, "none is above 50, as of logarithms"),
        (lambda v: v, "log2(count+1)", "Say --unit counts if the values are linear"),
        (lambda v: v, "tpm", "--counts is for raw counts, and their unit is tpm"),
        (lambda v: v, "log10(count)", "their unit is log10(count)"),
    ],
)
def test_what_is_no_count_is_refused_with_what_shows_it(
    engine: Engine, tmp_path: Path, change: object, unit: str | None, shows: str
) -> None:
    values = drawn().astype(np.float64)
    values[0, 0] = 900
    values[1] = 90_000 * np.arange(8, 16)  # so that libraries are not all small
    path = written(tmp_path / "a.tsv", np.round(change(values), 8))  # type: ignore[operator]
    assert shows in refused(engine, path, unit=unit)


@given(
    st.lists(st.integers(0, 2**31 - 1), min_size=4, max_size=40).filter(lambda x: sum(x) < 5e8),
)
def test_any_counts_are_taken_as_they_are(counts: list[int]) -> None:
    values = np.array([counts, [*counts[1:], 7], [1] * len(counts)], dtype=np.float64)
    table = ExpressionTable(
        np.array(["A", "B", "C"]), np.array([""] * 3), tuple(map(str, counts)), values
    )
    whole, note = whole_counts(table, Path("x"), "counts")
    assert np.array_equal(whole.values, values)
    assert note == ""


def test_counts_and_cpm_of_the_same_samples(engine: Engine, tmp_path: Path) -> None:
    values = drawn()
    cells = [f"arm{number}" for number in range(8)]
    path = written(tmp_path / "a.tsv", values, cells)
    options = LoadOptions(source="mine", counts=True, normalize="cpm")
    report = engine.load(path, options)
    report.raise_errors()
    assert [one.metadata.unit for one in report.loaded] == ["raw counts", "log2(cpm+1)"]
    key = TableKey("mine", "OTHER")
    stored, index = read_counts(engine.store, key), open_index(engine.store, key)
    assert stored.metadata.samples == index.metadata.samples
    per_million = values * 1e6 / values.sum(axis=0)
    assert np.allclose(index.values, in_order(np.log2(per_million + 1)), atol=1e-5)
    assert all(one.unchanged for one in engine.load(path, options).loaded)


def test_star_files_give_counts_beside_tpm(engine: Engine, tmp_path: Path) -> None:
    values = drawn(n_samples=2)
    ids = [symbol_table().candidates(name)[0].ensembl_ids[0] for name in GENES]
    sheet = ["File ID\tFile Name\tData Type\tProject ID\tSample ID"]
    for number, sample in enumerate(SAMPLES[:2]):
        lines = ["# gene-model: GENCODE v36", "\t".join(STAR.split())]
        lines += [f"N_{name}\t\t\t5\t6\t7\t" for name in ("unmapped", "noFeature")]
        lines += [
            f"{gene_id}.4\t{gene}\tprotein_coding\t{count}\t0\t{count}\t{count / 7:.4f}"
            for gene_id, gene, count in zip(ids, GENES, values[:, number].tolist(), strict=True)
        ]
        lines.append(f"{ids[0]}.4_PAR_Y\t{GENES[0]}\tprotein_coding\t0\t0\t0\t0.0000")
        (tmp_path / f"{number}.tsv").write_text("\n".join(lines) + "\n")
        kind = "Gene Expression Quantification"
        sheet.append(f"id{number}\t{number}.tsv\t{kind}\tTCGA-LUAD\t{sample}")
    path = tmp_path / "gdc_sample_sheet.1.tsv"
    path.write_text("\n".join(sheet) + "\n")
    report = engine.load(path, LoadOptions(counts=True))
    report.raise_errors()
    assert [one.metadata.unit for one in report.loaded] == ["raw counts", "log2(tpm+1)"]
    key = TableKey("gdc-api", "LUAD")
    stored, index = read_counts(engine.store, key), open_index(engine.store, key)
    assert np.array_equal(stored.values, in_order(values))
    assert np.allclose(np.exp2(index.values) - 1, in_order(values) / 7, rtol=1e-4, atol=1e-4)


def test_firehose_raw_counts_are_every_third_column(engine: Engine, tmp_path: Path) -> None:
    values = drawn() + 0.25
    header = ["Hybridization REF", *(name for name in SAMPLES for _ in range(3))]
    kinds = ["gene_id", *(["raw_count", "scaled_estimate", "transcript_id"] * len(SAMPLES))]
    lines = ["\t".join(header), "\t".join(kinds)]
    for gene, row in zip(GENES, values.tolist(), strict=True):
        cells = [str(cell) for value in row for cell in (value, value / 1e7, "uc001,uc002")]
        lines.append("\t".join([f"{gene}|1", *cells]))
    name = "LIHC.rnaseqv2__illuminahiseq_rnaseqv2__unc_edu__Level_3__RSEM_genes__data.data.txt"
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n")
    engine.load(path, LoadOptions(counts=True)).raise_errors()
    stored = read_counts(engine.store, TableKey("firehose", "LIHC"))
    assert np.array_equal(stored.values, in_order(np.rint(values)))
    assert stored.metadata.rounded.startswith("expected counts rounded to whole numbers: 100 %")
    [error] = engine.load(path, LoadOptions(source="firehose")).errors
    assert "--counts loads raw_count" in str(error)


def star_counts(hub: Hub, values: np.ndarray) -> None:
    """The table of counts of a tumor type, and the one of TPM, on the GDC hub."""
    ids = [symbol_table().candidates(name)[0].ensembl_ids[0] for name in GENES]
    probes = "\n".join(["id\tgene", *(f"{a}\t{b}" for a, b in zip(ids, GENES, strict=True))])
    hub.put("/gdc-hub/download/gencode.v36.annotation.gtf.gene.probemap", probes.encode())
    for name, numbers in (("counts", values), ("tpm", values / 30)):
        rows = np.char.mod("%.9g", np.log2(numbers + 1.0)).tolist()
        lines = ["\t".join(["Ensembl_ID", *SAMPLES])]
        lines += ["\t".join([one, *row]) for one, row in zip(ids, rows, strict=True)]
        content = gzip.compress("\n".join([*lines, ""]).encode())
        hub.put(f"/gdc-hub/download/TCGA-LIHC.star_{name}.tsv.gz", content)


def test_fetched_counts_are_verified_repaired_and_removed(
    engine: Engine, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    values = drawn().astype(np.float64)
    values[:, 3] = values[:, 3] / 2  # an average of two aliquots
    with Hub() as hub:
        star_counts(hub, values)
        options = FetchOptions(
            ["LIHC"], "gdc-star", base_url=hub.address, counts=True, retry_policy=QUICK
        )
        report = engine.fetch(options)
        assert len(engine.fetch_plan(options)) == 3
    report.raise_errors()
    assert [one.metadata.unit for one in report.loaded] == ["log2(tpm+1)", "raw counts"]
    key = TableKey("gdc-star", "LIHC")
    stored = read_counts(engine.store, key)
    exact = np.abs(stored.values - in_order(np.rint(values)))
    assert exact.max() <= 1  # of halves
    assert np.delete(exact, 3, axis=1).max() == 0
    assert "1 samples are averages of aliquots" in stored.metadata.rounded
    view = engine.sql("select gene, sample, count from counts where tumor order by gene, sample")
    assert view["count"].to_list() == stored.values[:, :6].ravel().tolist()
    assert engine.status()["unit"].to_list() == ["log2(tpm+1)", "raw counts"]
    path = engine.store.counts_path(key)
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
    findings = engine.verify()
    assert findings.filter(pl.col("state") != "whole")["kind"].to_list() == ["counts"]
    assert findings.filter(pl.col("kind") == "counts")["remedy"].item().endswith("--repair`")
    assert run("sql", "select count(*) from counts")[0] == 1
    assert engine.verify(repair=True)["state"].to_list().count("mended") == 1
    assert np.array_equal(read_counts(engine.store, key).values, stored.values)
    assert run("remove", "--source", "gdc-star", "--counts")[0] == 0
    assert engine.store.counts_keys() == []
    assert engine.store.table_keys() == [key]


def test_a_store_of_counts_alone_says_so(engine: Engine, run: Run, tmp_path: Path) -> None:
    loaded(engine, written(tmp_path / "a.tsv", drawn()))
    assert run("status")[0] == 0
    assert run("sql", "select count(*) from counts")[1].split()[-1] == str(len(GENES) * 8)
    code, _, err = run("correlate", "RELA", "NFE2L2")
    assert (code, err.count("\n")) == (3, 1)
    assert "only raw counts" in err


def test_toil_counts_are_split_by_tumor_type(engine: Engine, tmp_path: Path) -> None:
    """Logarithms of expected counts, one table for all; without --counts it says what they are."""
    values = drawn() + 0.25
    ids = [symbol_table().candidates(name)[0].ensembl_ids[0] for name in GENES]
    names = [name[:15] for name in SAMPLES]
    rows = np.round(np.log2(values + 1), 4).tolist()
    path = write_table(tmp_path / "tcga_gene_expected_count.gz", names, zip(ids, rows, strict=True))
    probes = "\n".join(["id\tgene", *(f"{a}\t{b}" for a, b in zip(ids, GENES, strict=True))])
    (tmp_path / "gencode.v23.annotation.gene.probemap").write_text(probes)
    types = ["ACC"] * 4 + ["LIHC"] * 4
    survival = [f"{a}\t{a[:12]}\t{b}" for a, b in zip(names, types, strict=True)]
    header = "sample\t_PATIENT\tcancer type abbreviation"
    text = "\n".join([header, *survival]) + "\n"
    (tmp_path / "Survival_SupplementalTable_S1_20171025_xena_sp").write_text(text)
    engine.load(path, LoadOptions(counts=True)).raise_errors()
    for number, name in enumerate(("ACC", "LIHC")):
        stored = read_counts(engine.store, TableKey("toil", name))
        expected = in_order(values[:, 4 * number : 4 * number + 4])
        assert np.allclose(stored.values, expected, atol=1, rtol=1e-4)
        assert stored.metadata.rounded.startswith("expected counts rounded to whole numbers")
    [error] = engine.load(path).errors
    assert "named as raw counts. Give --counts" in str(error)


@pytest.mark.parametrize("source", ["pancanatlas", "tcga-hiseqv2"])
def test_sources_without_counts_say_which_have_them(engine: Engine, source: str) -> None:
    with pytest.raises(TcgaCorrError, match=r"Raw counts have gdc-star, gdc-api, toil"):
        engine.fetch(FetchOptions(["LIHC"], source, counts=True))


@pytest.mark.shared
def test_real_counts_of_the_gdc_hub(engine: Engine, shared: Path) -> None:
    """Of 9 significant digits: none is further than .007 from a whole number."""
    path = shared / "hub/gdc-hub/download/TCGA-GBM.htseq_counts.tsv.gz"
    engine.load(path, LoadOptions(counts=True)).raise_errors()
    stored = read_counts(engine.store, TableKey("gdc-htseq", "GBM"))
    assert stored.metadata.rounded == "round(2^x - 1), at most 0.0069 from a whole number"
    column = [sample.barcode for sample in stored.metadata.samples].index("TCGA-06-0675-11A")
    assert stored.values[stored.genes.index("TSPAN6"), column] == round(2**9.259743264 - 1)
