"""From a hub on loopback to an answer: every source, and what goes wrong on the way."""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tcga_corr.engine import Engine, open_store
from tcga_corr.errors import DataMissingError, DownloadError, UsageError
from tcga_corr.fetching.fetcher import FetchOptions
from tcga_corr.fetching.gdc import files_query
from tcga_corr.fetching.hub_requests import RetryPolicy
from tcga_corr.fetching.simulation import cohort_plans, simulate_cohort
from tcga_corr.sources import SOURCES
from tcga_corr.vocabulary.symbols import symbol_table
from tcga_corr.vocabulary.tumor_types import TUMOR_TYPES
from tests.conftest import SMALL_GENES, Cli, barcodes, snapshot
from tests.hub import Cut, GdcApi, Hub, Slow, Stall, Status

QUICK = RetryPolicy(attempts=2, stall=5, first_wait=0.01, longest_wait=0.1)
SNAPSHOTS = Path(__file__).parents[1] / "snapshots"
PROBE_MAP_36 = "/gdc-hub/download/gencode.v36.annotation.gtf.gene.probemap"
PROBE_MAP_23 = "/toil-xena-hub/download/probeMap/gencode.v23.annotation.gene.probemap"
SURVIVAL = "/tcga-pancan-atlas-hub/download/Survival_SupplementalTable_S1_20171025_xena_sp"
EB = "/tcga-pancan-atlas-hub/download/EB++AdjustPANCAN_IlluminaHiSeq_RNASeqV2.geneExp.xena.gz"
TOIL = "/toil-xena-hub/download/tcga_RSEM_gene_tpm.gz"
REAL_STAR_FILE = "LUAD_one_sample.rna_seq.augmented_star_gene_counts.tsv.gz"
SITES = {"ACC": "AC", "LIHC": "LI", "UCS": "UC"}


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("TCGA_CORR_BASE_URL", raising=False)


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as server:
        yield server


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return open_store(tmp_path / "cache")


@cache
def cohort(tumor_type: str, n: int = 24) -> tuple[list[str], list[str], np.ndarray]:
    """Symbols, barcodes and log2 values of a simulated cohort with planted correlations."""
    made = simulate_cohort(cohort_plans()[tumor_type], SMALL_GENES)
    n = min(n, cohort_plans()[tumor_type].n_tumor)
    return list(made.genes), barcodes(n, site=SITES[tumor_type]), made.values[:, :n]


def ensembl(symbols: list[str]) -> list[str]:
    """Ensembl ids with a version; empty for symbols that have none."""
    known = [symbol_table().candidates(name) for name in symbols]
    return [
        f"{genes[0].ensembl_ids[0]}.{1 + number % 17}" if genes and genes[0].ensembl_ids else ""
        for number, genes in enumerate(known)
    ]


def matrix(corner: str, columns: list[str], rows: list[str], values: np.ndarray) -> bytes:
    lines = ["\t".join((corner, *columns))]
    lines += [
        "\t".join((name, *(f"{value:.4f}" for value in row)))
        for name, row in zip(rows, values.tolist(), strict=True)
        if name
    ]
    return gzip.compress(("\n".join(lines) + "\n").encode(), 1, mtime=0)


def probe_map(symbols: list[str]) -> bytes:
    rows = [
        f"{name}\t{symbol}\tchr1\t1\t2\t+"
        for name, symbol in zip(ensembl(symbols), symbols, strict=True)
        if name
    ]
    extra = ["ENSG00000182378.15_PAR_Y\tPLCXD1\tchrY\t1\t2\t+", "ENSG00000251562.8\tMALAT1\tchr11"]
    return (
        "\n".join(["id\tgene\tchrom\tchromStart\tchromEnd\tstrand", *rows, *extra]) + "\n"
    ).encode()


def survival(*tumor_types: str) -> bytes:
    lines = ["sample\t_PATIENT\tcancer type abbreviation\tage"]
    for name in tumor_types:
        lines += [f"{one}\t{one[:12]}\t{name}\t50" for one in cohort(name)[1]]
    return ("\n".join(lines) + "\n").encode()


def put_star(hub: Hub, *tumor_types: str) -> None:
    """The GDC hub's tables of some tumor types: 16-character samples, all biotypes, PAR_Y rows."""
    for name in tumor_types:
        symbols, samples, values = cohort(name)
        rows = [*ensembl(symbols), "ENSG00000182378.15_PAR_Y", "ENSG00000251562.8"]
        values = np.vstack([values, np.full((2, len(samples)), 3.0)])
        content = matrix("Ensembl_ID", [f"{one}A" for one in samples], rows, values)
        hub.put(f"/gdc-hub/download/TCGA-{name}.star_tpm.tsv.gz", content)
        hub.put(PROBE_MAP_36, probe_map(symbols))


def put_hiseq(hub: Hub, *tumor_types: str) -> None:
    for name in tumor_types:
        symbols, samples, values = cohort(name)
        content = matrix("sample", samples, symbols, values)
        hub.put(f"/tcga-xena-hub/download/TCGA.{name}.sampleMap/HiSeqV2.gz", content)


def put_pancancer(hub: Hub, path: str, *tumor_types: str) -> None:
    """One table of several tumor types, by symbol or, on the Toil hub, by Ensembl id."""
    parts = [cohort(name) for name in tumor_types]
    symbols = parts[0][0]
    values = np.hstack([part[2] for part in parts])
    toil = path == TOIL
    content = matrix(
        "sample",
        [one for part in parts for one in part[1]],
        ensembl(symbols) if toil else symbols,
        np.log2(np.exp2(values) - 1 + 0.001) if toil else values,
    )
    hub.put(path, content)
    hub.put(SURVIVAL, survival(*tumor_types))
    hub.put(PROBE_MAP_23, probe_map(symbols))


def put_gdc(hub: Hub, *tumor_types: str) -> GdcApi:
    """STAR files, one a sample, with the endpoint that lists them."""
    gdc = GdcApi(hub)
    head = "gene_id\tgene_name\tgene_type\tunstranded\tstranded_first\tstranded_second\t"
    head += "tpm_unstranded\tfpkm_unstranded\tfpkm_uq_unstranded"
    for name in tumor_types:
        symbols, samples, values = cohort(name)
        for number, sample in enumerate(samples):
            lines = ["# gene-model: GENCODE v36", head]
            lines += [f"{row}\t\t\t7\t7\t7\t\t\t" for row in ("N_unmapped", "N_multimapping")]
            lines += [f"{row}\t\t\t7\t7\t7\t\t\t" for row in ("N_noFeature", "N_ambiguous")]
            lines += [
                f"{gene}\t{symbol}\tprotein_coding\t5\t2\t3\t{2**value - 1:.4f}\t1.0\t1.0"
                for gene, symbol, value in zip(
                    ensembl(symbols), symbols, values[:, number].tolist(), strict=True
                )
                if gene
            ]
            lines.append("ENSG00000182378.15_PAR_Y\tPLCXD1\tprotein_coding\t0\t0\t0\t0.0\t0.0\t0.0")
            gdc.add(
                f"{name.lower()}-{number:04d}",
                ("\n".join(lines) + "\n").encode(),
                f"TCGA-{name}",
                case=sample[:12],
                sample=f"{sample}A",
            )
    return gdc


def options_for(hub: Hub, source: str, *tumor_types: str, **others: object) -> FetchOptions:
    return FetchOptions(
        tumor_types=tumor_types, source=source, base_url=hub.address, retry_policy=QUICK, **others
    )


def fetched(engine: Engine, options: FetchOptions) -> list[str]:
    report = engine.fetch(options)
    assert [str(error) for error in report.errors] == []
    return sorted(one.key.tumor_type for one in report.loaded)


# --- every source ends in an answer --------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.shared
def test_real_cohorts_of_the_legacy_hub(shared: Path, tmp_path: Path, cli: Cli) -> None:
    with Hub(folder=shared / "hub") as hub:
        command = ["--cache", tmp_path, "fetch", "ACC", "CHOL", "UCS", "--source", "tcga-hiseqv2"]
        first = cli(*command, "--base-url", hub.address)
        assert first.returncode == 0, first.stderr
        assert first.stdout == b""
        assert f"Now ask: tcga-corr --cache {tmp_path} correlate".encode() in first.stderr
        answer = open_store(tmp_path).correlate("ferroptosis", "nfkb").frame
        assert answer["n"].to_list() == [79, 36, 57]
        assert answer["r"][0] == pytest.approx(0.498, abs=5e-4)
        before, requests = snapshot(tmp_path), len(hub.requests)
        again = cli(*command, "--base-url", "http://127.0.0.1:9")  # nobody listens there
        assert again.returncode == 0, again.stderr
        assert again.stderr.count(b"was loaded already") == 3
        assert (len(hub.requests), snapshot(tmp_path)) == (requests, before)
        checked = cli(*command, "--base-url", hub.address, "--check")
        assert checked.returncode == 0, checked.stderr
        assert snapshot(tmp_path) == before
        received = hub.requests[requests:]
        assert len(received) == 3
        assert all(request.header("If-None-Match") for request in received)


@pytest.mark.slow
@pytest.mark.shared
def test_a_table_of_the_real_size_by_the_real_probe_map(shared: Path, engine: Engine) -> None:
    name = PROBE_MAP_36.rpartition("/")[2]
    content = (shared / "hub" / "gdc-hub" / "download" / name).read_bytes()
    ids = [line.split("\t")[0] for line in content.decode().splitlines()[1:]]
    rng = np.random.default_rng(36)
    values = rng.gamma(2.0, 1.5, (len(ids), 30)) * (rng.random((len(ids), 30)) < 0.6)
    samples = [f"{one}A" for one in barcodes(30)]
    with Hub() as hub:
        hub.put(PROBE_MAP_36, content)
        table = matrix("Ensembl_ID", samples, ids, values)
        hub.put("/gdc-hub/download/TCGA-LIHC.star_tpm.tsv.gz", table)
        fetched(engine, options_for(hub, "gdc-star", "LIHC"))
        (row,) = engine.status().to_dicts()
        assert (len(ids), row["n_genes"]) == (60_660, 19_464)
        assert row["dropped"].split("; ") == [
            "44 pseudoautosomal copies on chromosome Y",
            "41141 genes that are not protein-coding",
            "11 further rows of a symbol",
        ]
        assert engine.correlate("ferroptosis", "nfkb").frame["n"].to_list() == [30]
        fetched(engine, options_for(hub, "gdc-star", "LIHC", genes="all"))
        (row,) = engine.status().to_dicts()
        assert row["n_genes"] == 59_427
        assert row["dropped"].split("; ") == [
            "44 pseudoautosomal copies on chromosome Y",
            "1189 further rows of a symbol",
        ]


@pytest.mark.slow
@pytest.mark.shared
def test_one_table_of_the_real_size_for_all(shared: Path, engine: Engine) -> None:
    """60,498 Ensembl rows of several tumor types, floor at log2(0.001), with its probe map."""
    name = PROBE_MAP_36.rpartition("/")[2]
    lines = (shared / "hub" / "gdc-hub" / "download" / name).read_text().splitlines()
    ids = [line.split("\t")[0] for line in lines[1:60_499]]
    types = {"ACC": 20, "LIHC": 25, "UCS": 15}
    columns = {kind: barcodes(n, site=SITES[kind]) for kind, n in types.items()}
    samples = [one for several in columns.values() for one in several]
    rng = np.random.default_rng(23)
    shape = (len(ids), len(samples))
    tpm = rng.gamma(0.5, 20, shape) * (rng.random(shape) < 0.6)
    rows = [f"{one}\t{kind}" for kind, several in columns.items() for one in several]
    with Hub() as hub:
        hub.put(TOIL, matrix("sample", samples, ids, np.log2(tpm + 0.001)))
        hub.put(PROBE_MAP_23, "\n".join(lines).encode())
        head = "sample\tcancer type abbreviation"
        hub.put(SURVIVAL, "\n".join([head, *rows]).encode())
        assert fetched(engine, options_for(hub, "toil")) == sorted(types)
    frame = engine.correlate("ferroptosis", "nfkb").frame
    assert frame["n"].to_list() == [20, 25, 15]
    assert frame["r"].null_count() == 0
    assert engine.sql("SELECT min(value) FROM expression WHERE tumor_type = 'UCS'").item() == (
        pytest.approx(-9.9658, abs=1e-4)
    )


@pytest.mark.slow
@pytest.mark.shared
def test_files_of_the_real_size_from_the_gdc(shared: Path, engine: Engine) -> None:
    """Each a copy of the one real file with other values: 60,660 genes, four N_ rows."""
    real = shared / "hub" / "gdc-api" / "data" / REAL_STAR_FILE
    lines = gzip.decompress(real.read_bytes()).decode().splitlines()
    rng = np.random.default_rng(36)
    with Hub() as hub:
        gdc = GdcApi(hub)
        for number, sample in enumerate(barcodes(11, site="LU")):
            factors = rng.gamma(2, 0.5, len(lines)).tolist()
            text = [*lines[:6]]
            for line, factor in zip(lines[6:], factors[6:], strict=True):
                fields = line.split("\t")
                fields[6] = f"{float(fields[6]) * factor:.4f}"
                text.append("\t".join(fields))
            content = ("\n".join(text) + "\n").encode()
            gdc.add(f"luad-{number}", content, "TCGA-LUAD", case=sample[:12], sample=f"{sample}A")
        assert fetched(engine, options_for(hub, "gdc-api", "LUAD")) == ["LUAD"]
    (row,) = engine.status().to_dicts()
    assert (row["tumor"], row["n_genes"]) == (11, 19_464)
    assert row["dropped"].split("; ") == [
        "44 pseudoautosomal copies on chromosome Y",
        "41141 genes that are not protein-coding",
        "11 further rows of a symbol",
    ]
    assert engine.correlate("ferroptosis", "nfkb").frame["r"].null_count() == 0


@pytest.mark.slow
@pytest.mark.shared
def test_the_real_pancancer_table(shared: Path, tmp_path: Path) -> None:
    engine = open_store(tmp_path)
    with Hub(folder=shared / "hub") as hub:
        assert len(fetched(engine, options_for(hub, "pancanatlas"))) == 30
        files = {one.path for one in hub.requests}
        assert files == {EB, SURVIVAL}
    rows = {row["tumor_type"]: row for row in engine.correlate("RELA", "NFE2L2").frame.to_dicts()}
    assert len(rows) == 30
    assert (rows["BRCA"]["n"], rows["PRAD"]["n"]) == (12, 12)
    assert rows["BRCA"]["r"] is not None


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text()), delimiter="\t"))


def agrees_with_plan(engine: Engine, source: str, *tumor_types: str) -> None:
    """The genes' correlation is that of the values put on the hub."""
    frame = engine.correlate("RELA", "NFE2L2", tumor_types=tumor_types, source=source).frame
    assert frame["tumor_type"].to_list() == sorted(tumor_types)
    for row in frame.to_dicts():
        symbols, samples, values = cohort(row["tumor_type"])
        pair = values[[symbols.index("RELA"), symbols.index("NFE2L2")]]
        assert row["n"] == len(samples)
        assert row["r"] == pytest.approx(np.corrcoef(pair)[0, 1], abs=2e-3)
    scores = engine.correlate("ferroptosis", "nfkb", tumor_types=tumor_types, source=source).frame
    assert scores["r"].null_count() == 0


@pytest.mark.slow
def test_a_table_a_tumor_type_by_ensembl_id(hub: Hub, engine: Engine) -> None:
    put_star(hub, "ACC", "LIHC")
    assert fetched(engine, options_for(hub, "gdc-star", "LIHC", "ACC")) == ["ACC", "LIHC"]
    agrees_with_plan(engine, "gdc-star", "ACC", "LIHC")
    status = engine.status().to_dicts()
    assert {row["genes"] for row in status} == {"protein-coding"}
    assert "1 pseudoautosomal copies on chromosome Y" in status[0]["dropped"]
    assert "genes that are not protein-coding" in status[0]["dropped"]  # MALAT1 among them
    assert len(hub.received(PROBE_MAP_36)) == 1


def test_one_table_by_ensembl_id_for_all(hub: Hub, engine: Engine) -> None:
    put_pancancer(hub, TOIL, "ACC", "LIHC", "UCS")
    assert fetched(engine, options_for(hub, "toil")) == ["ACC", "LIHC", "UCS"]
    agrees_with_plan(engine, "toil", "ACC", "LIHC", "UCS")
    assert set(engine.status()["unit"]) == {"log2(tpm+0.001)"}


def test_one_file_a_sample_from_the_gdc(hub: Hub, engine: Engine) -> None:
    gdc = put_gdc(hub, "ACC", "LIHC")
    assert fetched(engine, options_for(hub, "gdc-api", "ACC", "LIHC")) == ["ACC", "LIHC"]
    agrees_with_plan(engine, "gdc-api", "ACC", "LIHC")
    assert set(engine.status()["unit"]) == {"log2(tpm+1)"}
    assert gdc.questions == [files_query("ACC"), files_query("LIHC")]
    assert hub.most_connections <= 3
    folder = engine.store.downloads("gdc-api") / "TCGA-ACC"
    sheet = rows_of(folder / "gdc_sample_sheet.tsv")
    assert sheet[0]["File ID"] == "acc-0000"
    assert sheet[0]["Project ID"] == "TCGA-ACC"
    assert sheet[0]["Aliquot ID"].startswith(sheet[0]["Sample ID"])
    manifest = rows_of(folder / "gdc_manifest.txt")
    assert [row["id"] for row in manifest] == [row["File ID"] for row in sheet]
    record = engine.correlate("RELA", "NFE2L2", source="gdc-api").provenance.tables[0]
    assert [file.name for file in record.inputs] == [
        "gdc_sample_sheet.tsv",
        f"{len(sheet)} files beside it",
    ]


def test_the_default_is_the_batch_adjusted_table(hub: Hub, engine: Engine) -> None:
    put_pancancer(hub, EB, "ACC", "LIHC", "UCS")
    report = engine.fetch(FetchOptions(["LIHC"], base_url=hub.address, retry_policy=QUICK))
    assert [one.key.tumor_type for one in report.loaded] == ["LIHC"]
    assert hub.sent(EB) == len(hub.find(EB).content)  # type: ignore[union-attr]
    requests = len(hub.requests)
    # the file is here: another tumor type of it needs no network
    assert fetched(engine, options_for(hub, "pancanatlas", "ACC")) == ["ACC"]
    assert len(hub.requests) == requests
    agrees_with_plan(engine, "pancanatlas", "ACC", "LIHC")


# --- requests ------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["pancanatlas", "gdc-star", "tcga-hiseqv2", "toil", "gdc-api"])
def test_the_exact_requests_of_a_source(source: str, tmp_path: Path, cli: Cli) -> None:
    result = cli("fetch", "--dry-run", "--source", source, "--format", "tsv", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert not (tmp_path / "cache").exists()
    pinned = SNAPSHOTS / f"requests_{source}.tsv"
    assert result.stdout.decode() == pinned.read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(result.stdout.decode()), delimiter="\t"))
    types = {row["tumor_type"] for row in rows}
    assert types - {"all"} == ({*TUMOR_TYPES} if not SOURCES[source].pan_cancer else set())
    assert all(row["url"].startswith("https://") for row in rows)


def test_fetched_sources_say_what_they_are() -> None:
    for source in SOURCES.values():
        if source.fetched_from in ("hub", "gdc"):
            assert source.page.startswith("https://")
            assert source.quirks
            assert not source.verified_live


def test_a_dry_run_has_sizes_only_on_demand(hub: Hub, engine: Engine) -> None:
    put_star(hub, "ACC")
    frame = engine.fetch_plan(options_for(hub, "gdc-star", "ACC"))
    assert frame["size_mb"].to_list() == [None, None]
    assert hub.requests == []
    frame = engine.fetch_plan(options_for(hub, "gdc-star", "ACC", check=True))
    assert frame["size_mb"].null_count() == 0
    assert frame["state"].to_list() == ["to come", "to come"]
    fetched(engine, options_for(hub, "gdc-star", "ACC"))
    assert engine.fetch_plan(options_for(hub, "gdc-star", "ACC"))["state"].to_list() == [
        "here",
        "here",
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (FetchOptions(source="firehose"), "is not fetched"),
        (FetchOptions(source="pancan"), "is not known"),
        (FetchOptions(["COADREAD"]), "is a union"),
        (FetchOptions(["OTHER"]), "is not on any hub"),
        (FetchOptions(["LIHCC"]), "unknown tumor type"),
        (FetchOptions(jobs=0), "jobs"),
        (FetchOptions(jobs=99), "jobs"),
        (FetchOptions(base_url="ftp://mirror"), "no web address"),
        (FetchOptions(base_url="http://"), "no web address"),
        (FetchOptions(base_url="https:///x"), "no web address"),
        (FetchOptions(base_url="http://a..b"), "no web address"),
    ],
)
def test_wrong_questions_are_refused(engine: Engine, options: FetchOptions, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        engine.fetch(options)
    assert not engine.store.root.exists()


# --- what goes wrong -----------------------------------------------------------------------------


@pytest.mark.slow
def test_what_the_hub_does_not_have_leaves_the_rest(hub: Hub, tmp_path: Path, cli: Cli) -> None:
    put_hiseq(hub, "ACC", "UCS")
    result = cli(
        "--cache", tmp_path, "fetch", "ACC", "LIHC", "UCS", "--source", "tcga-hiseqv2",
        "--base-url", hub.address,
    )  # fmt: skip
    assert result.returncode == 3
    errors = [line for line in result.stderr.decode().splitlines() if "error" in line]
    assert len(errors) == 1
    assert hub.url("/tcga-xena-hub/download/TCGA.LIHC.sampleMap%2FHiSeqV2.gz") in errors[0]
    assert "tcga-corr load FILE --source tcga-hiseqv2" in errors[0]
    assert open_store(tmp_path).status()["tumor_type"].to_list() == ["ACC", "UCS"]


def test_many_missing_files_are_one_error(hub: Hub, engine: Engine) -> None:
    put_hiseq(hub, "ACC")
    report = engine.fetch(options_for(hub, "tcga-hiseqv2", "ACC", "BLCA", "BRCA", "LIHC", "UCS"))
    assert [one.key.tumor_type for one in report.loaded] == ["ACC"]
    (error,) = report.errors
    assert "4 of its files could not be downloaded" in str(error)
    assert all(name in str(error) for name in ("BLCA", "BRCA", "LIHC", "UCS"))
    with pytest.raises(DownloadError):
        report.raise_errors()


def test_tumor_types_without_samples_are_reported(hub: Hub, engine: Engine) -> None:
    put_pancancer(hub, EB, "ACC", "LIHC")
    report = engine.fetch(options_for(hub, "pancanatlas", "ACC", "UCS"))
    assert [one.key.tumor_type for one in report.loaded] == ["ACC"]
    (error,) = report.errors
    assert "no sample of it is of UCS" in str(error)


def test_without_what_stands_beside_it_nothing_is_loaded(hub: Hub, engine: Engine) -> None:
    put_star(hub, "ACC", "LIHC")
    hub.always(PROBE_MAP_36, Status(500))
    report = engine.fetch(options_for(hub, "gdc-star", "ACC", "LIHC"))
    assert report.loaded == ()
    assert len(report.errors) == 1
    assert "probemap" in str(report.errors[0])
    hub.always(PROBE_MAP_36)
    assert fetched(engine, options_for(hub, "gdc-star", "ACC", "LIHC")) == ["ACC", "LIHC"]
    assert len(hub.received("/gdc-hub/download/TCGA-ACC.star_tpm.tsv.gz")) == 1


@pytest.mark.slow
def test_files_that_the_gdc_took_back_are_left_out(hub: Hub, tmp_path: Path, cli: Cli) -> None:
    gdc = put_gdc(hub, "ACC")
    gdc.withdraw("acc-0003")
    command = [
        "--cache",
        tmp_path,
        "fetch",
        "ACC",
        "--source",
        "gdc-api",
        "--base-url",
        hub.address,
    ]
    result = cli(*command)
    assert result.returncode == 0, result.stderr
    assert b"the hub has withdrawn 1 files" in result.stderr
    engine = open_store(tmp_path)
    (row,) = engine.status().to_dicts()
    assert row["tumor"] == len(gdc.records) - 1
    assert "1 files that the GDC has withdrawn" in row["dropped"]
    # it is not requested again, so that no network is needed
    before, requests = snapshot(tmp_path), len(hub.requests)
    fetched(engine, options_for(hub, "gdc-api", "ACC"))
    assert (len(hub.requests), snapshot(tmp_path)) == (requests, before)
    # but it is, if wanted: it may have come back
    hub.always(GdcApi.path("acc-0003"))
    fetched(engine, options_for(hub, "gdc-api", "ACC", check=True))
    assert engine.status()["tumor"].to_list() == [len(gdc.records)]


def test_a_table_is_not_made_of_a_part_of_its_files(hub: Hub, engine: Engine) -> None:
    gdc = put_gdc(hub, "ACC")
    bad = [GdcApi.path("acc-0003"), GdcApi.path("acc-0005")]
    for path in bad:
        hub.always(path, Status(500))
    report = engine.fetch(options_for(hub, "gdc-api", "ACC"))
    assert report.loaded == ()
    assert len(report.errors) == 1
    assert "TCGA-ACC: 2 of its files could not be downloaded" in str(report.errors[0])
    with pytest.raises(DataMissingError):
        engine.status()
    for path in bad:
        hub.always(path)
    before = len(hub.requests)
    assert fetched(engine, options_for(hub, "gdc-api", "ACC")) == ["ACC"]
    after = [one for one in hub.requests[before:] if one.method == "GET"]
    assert sorted(one.path for one in after) == bad
    assert len(gdc.questions) == 1  # the list of files is kept


def test_the_gdc_is_asked_again_only_on_demand(hub: Hub, engine: Engine) -> None:
    gdc = put_gdc(hub, "ACC")
    fetched(engine, options_for(hub, "gdc-api", "ACC"))
    everything = len(gdc.records)
    gone = gdc.records.pop()
    before = len(hub.requests)
    fetched(engine, options_for(hub, "gdc-api", "ACC"))
    assert len(hub.requests) == before
    fetched(engine, options_for(hub, "gdc-api", "ACC", check=True))
    assert engine.status()["tumor"].to_list() == [everything - 1]
    assert gone["cases"][0]["submitter_id"] not in set(engine.samples()["patient"])


def test_files_that_the_list_vouches_for_are_not_asked_for(hub: Hub, engine: Engine) -> None:
    gdc = put_gdc(hub, "ACC")
    fetched(engine, options_for(hub, "gdc-api", "ACC"))
    fetched(engine, options_for(hub, "gdc-api", "ACC", check=True))
    assert len(hub.received()) == len(gdc.records)
    assert len(gdc.questions) == 2


def test_a_list_that_repeats_or_mixes_is_refused(hub: Hub, engine: Engine) -> None:
    gdc = put_gdc(hub, "ACC")
    gdc.records[3] = gdc.records[4]
    (error,) = engine.fetch(options_for(hub, "gdc-api", "ACC")).errors
    assert f"it names {len(gdc.records) - 1} of {len(gdc.records)} files" in str(error)
    gdc = put_gdc(hub, "LIHC")
    other = json.loads(json.dumps(gdc.records[3]))
    hub.posts[GdcApi.FILES] = lambda body: {
        "data": {"hits": [other], "pagination": {"total": 1}}, "warnings": {},
    }  # fmt: skip
    (error,) = engine.fetch(options_for(hub, "gdc-api", "ACC")).errors
    assert "it names 0 of 1 files of TCGA-ACC" in str(error)


def test_a_source_is_never_of_two_versions(hub: Hub, engine: Engine) -> None:
    put_pancancer(hub, EB, "ACC", "LIHC")
    fetched(engine, options_for(hub, "pancanatlas", "ACC", "LIHC"))
    put_pancancer(hub, EB, "LIHC", "ACC", "UCS")
    assert fetched(engine, options_for(hub, "pancanatlas", "ACC", check=True)) == ["ACC", "LIHC"]
    tables = engine.correlate("RELA", "NFE2L2").provenance.tables
    assert len({table.inputs[0].sha256 for table in tables}) == 1


def test_nor_is_one_of_a_table_a_tumor_type(hub: Hub, engine: Engine) -> None:
    put_star(hub, "ACC", "LIHC")
    fetched(engine, options_for(hub, "gdc-star", "ACC", "LIHC"))
    symbols = cohort("ACC")[0]
    hub.put(PROBE_MAP_36, probe_map(symbols).replace(b"\tRELA\t", b"\tRELA_2\t"))
    assert fetched(engine, options_for(hub, "gdc-star", "ACC", check=True)) == ["ACC", "LIHC"]
    assert set(engine.sql("SELECT tumor_type FROM tables WHERE gene = 'RELA_2'")["tumor_type"]) == {
        "ACC",
        "LIHC",
    }
    assert len(hub.received("/gdc-hub/download/TCGA-LIHC.star_tpm.tsv.gz")) == 1


def test_patients_that_change_their_tumor_type(hub: Hub, engine: Engine) -> None:
    put_pancancer(hub, EB, "ACC", "LIHC")
    fetched(engine, options_for(hub, "pancanatlas"))
    moved = cohort("LIHC")[1][0]
    hub.put(SURVIVAL, survival("ACC", "LIHC").replace(
        f"{moved}\t{moved[:12]}\tLIHC".encode(), f"{moved}\t{moved[:12]}\tACC".encode()
    ))  # fmt: skip
    assert fetched(engine, options_for(hub, "pancanatlas", "ACC", check=True)) == ["ACC", "LIHC"]
    assert engine.status()["tumor"].to_list() == [
        len(cohort("ACC")[1]) + 1,
        len(cohort("LIHC")[1]) - 1,
    ]


def test_a_table_that_is_wrong_at_the_hub_is_brought_again(hub: Hub, engine: Engine) -> None:
    put_hiseq(hub, "ACC")
    path = "/tcga-xena-hub/download/TCGA.ACC.sampleMap/HiSeqV2.gz"
    good = hub.find(path).content  # type: ignore[union-attr]
    hub.put(path, good[: len(good) // 2] + bytes(len(good) - len(good) // 2))
    (error,) = engine.fetch(options_for(hub, "tcga-hiseqv2", "ACC")).errors
    assert "cut short or damaged" in str(error)
    hub.put(path, good)
    assert fetched(engine, options_for(hub, "tcga-hiseqv2", "ACC")) == ["ACC"]


@pytest.mark.parametrize("source", ["tcga-hiseqv2", "gdc-api"])
def test_a_hub_that_cannot_be_reached_is_given_up_at_once(engine: Engine, source: str) -> None:
    policy = RetryPolicy(attempts=3, connect=1, first_wait=0.2, longest_wait=0.2)
    began = time.monotonic()
    options = FetchOptions(source=source, base_url="http://127.0.0.1:9", retry_policy=policy)
    report = engine.fetch(options)
    assert time.monotonic() - began < 5  # and not 33 times as long
    (error,) = report.errors
    assert isinstance(error, DownloadError)
    assert "HTTPS_PROXY" in str(error)


def test_a_hub_that_asks_for_an_hour_is_left_alone(hub: Hub, engine: Engine) -> None:
    put_hiseq(hub, "ACC", "LIHC", "UCS")
    for name in ("ACC", "LIHC", "UCS"):
        path = f"/tcga-xena-hub/download/TCGA.{name}.sampleMap/HiSeqV2.gz"
        hub.always(path, Status(429, "3600"))
    report = engine.fetch(options_for(hub, "tcga-hiseqv2", "ACC", "LIHC", "UCS", jobs=1))
    assert len(report.errors) == 3
    assert len(hub.received()) == 1


@pytest.mark.slow
def test_names_from_a_hub_do_not_reach_the_terminal_raw(hub: Hub, tmp_path: Path, cli: Cli) -> None:
    gdc = put_gdc(hub, "ACC")
    for record in gdc.records:
        record["associated_entities"][0]["entity_submitter_id"] = "TCGA\x1b[31m"
    hub.plan(GdcApi.path("acc-0003"), Status(500))
    result = cli(
        "--cache", tmp_path, "fetch", "ACC", "--source", "gdc-api", "--base-url", hub.address
    )
    assert b"TCGA?[31m" in result.stderr
    assert b"\x1b" not in result.stderr


def test_a_long_list_comes_in_pages(
    hub: Hub, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tcga_corr.fetching.gdc._PAGE", 5)
    gdc = put_gdc(hub, "ACC")
    fetched(engine, options_for(hub, "gdc-api", "ACC"))
    assert [one["from"] for one in gdc.questions] == [0, 5, 10]
    assert engine.status()["tumor"].to_list() == [len(gdc.records)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"file_id": "../../evil"}, "cannot name a file"),
        ({"file_name": "/etc/evil"}, "cannot name a file"),
        ({"file_size": None}, "not that of the GDC's files endpoint"),
        ({"md5sum": None}, "not that of the GDC's files endpoint"),
    ],
)
def test_an_odd_answer_of_the_gdc_is_refused(
    hub: Hub, engine: Engine, change: dict[str, object], said: str
) -> None:
    gdc = put_gdc(hub, "ACC")
    gdc.records[0] |= change
    report = engine.fetch(options_for(hub, "gdc-api", "ACC"))
    assert report.loaded == ()
    assert len(report.errors) == 1
    assert said in str(report.errors[0])
    assert isinstance(report.errors[0], DownloadError)


def test_a_gdc_without_such_files_is_reported(hub: Hub, engine: Engine) -> None:
    put_gdc(hub, "ACC")
    report = engine.fetch(options_for(hub, "gdc-api", "ACC", "LIHC"))
    assert [one.key.tumor_type for one in report.loaded] == ["ACC"]
    assert "it names 0 of 0 files of TCGA-LIHC" in str(report.errors[0])


def test_a_full_disk_is_seen_before_anything_is_received(
    hub: Hub, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_star(hub, "ACC", "LIHC")
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=64 << 20))
    with pytest.raises(DownloadError, match="MB are to come and 67 MB are free"):
        engine.fetch(options_for(hub, "gdc-star", "ACC", "LIHC"))
    assert {one.method for one in hub.requests} == {"HEAD"}


def test_half_a_file_is_seen_by_nobody(hub: Hub, engine: Engine) -> None:
    put_star(hub, "ACC", "LIHC")
    fetched(engine, options_for(hub, "gdc-star", "ACC"))
    path = "/gdc-hub/download/TCGA-LIHC.star_tpm.tsv.gz"
    hub.plan(path, Stall(50_000))
    thread = threading.Thread(target=engine.fetch, args=(options_for(hub, "gdc-star", "LIHC"),))
    thread.start()
    partial = engine.store.downloads("gdc-star") / ".TCGA-LIHC.star_tpm.tsv.gz.download"
    while not (partial.exists() and partial.stat().st_size >= 50_000):
        time.sleep(0.01)
    assert engine.status()["tumor_type"].to_list() == ["ACC"]
    assert engine.correlate("RELA", "NFE2L2").frame["tumor_type"].to_list() == ["ACC"]
    found = engine.verify().to_dicts()
    assert [one["state"] for one in found if "LIHC" in one["path"]] == ["unfinished"]
    hub.release()
    thread.join()
    assert engine.status()["tumor_type"].to_list() == ["ACC", "LIHC"]


def run(store: Path, hub: Hub, *arguments: str) -> subprocess.Popen[bytes]:
    command = [
        sys.executable, "-m", "tcga_corr", "--cache", str(store), "fetch", *arguments,
        "--base-url", hub.address,
    ]  # fmt: skip
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE)


@pytest.mark.slow
def test_an_interrupted_fetch_goes_on_where_it_stopped(hub: Hub, tmp_path: Path) -> None:
    put_hiseq(hub, "ACC", "LIHC", "UCS")
    path = "/tcga-xena-hub/download/TCGA.LIHC.sampleMap/HiSeqV2.gz"
    hub.plan(path, Stall(80_000))
    arguments = ("ACC", "LIHC", "UCS", "--source", "tcga-hiseqv2")
    process = run(tmp_path, hub, *arguments)
    folder = tmp_path / "downloads" / "tcga-hiseqv2" / "TCGA.LIHC.sampleMap"
    partial = folder / ".HiSeqV2.gz.download"
    while not (partial.exists() and partial.stat().st_size >= 80_000):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)  # less than a stall is waited for
    assert process.returncode == 130
    assert said.decode().splitlines()[-1].endswith("Run the same command to go on.")
    again = run(tmp_path, hub, *arguments)
    assert again.wait(timeout=60) == 0
    again.communicate()
    assert [one.header("Range") for one in hub.received(path)] == [None, "bytes=80000-"]
    assert open_store(tmp_path).status()["tumor_type"].to_list() == ["ACC", "LIHC", "UCS"]


def test_an_interrupt_does_not_wait_for_a_hub_without_sizes(hub: Hub, tmp_path: Path) -> None:
    put_hiseq(hub, "ACC", "LIHC")
    for name in ("ACC", "LIHC"):
        path = f"/tcga-xena-hub/download/TCGA.{name}.sampleMap/HiSeqV2.gz"
        hub.always(path, Slow(20), method="HEAD")
    process = run(tmp_path, hub, "ACC", "LIHC", "--source", "tcga-hiseqv2")
    while not hub.received(method="HEAD"):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert time.monotonic() - began < 5
    hub.release()


@pytest.mark.slow
def test_two_fetches_at_once(hub: Hub, tmp_path: Path) -> None:
    put_hiseq(hub, "ACC", "LIHC", "UCS")
    arguments = ("ACC", "LIHC", "UCS", "--source", "tcga-hiseqv2")
    processes = [run(tmp_path, hub, *arguments) for _ in range(2)]
    for process in processes:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
    gets = [one for one in hub.requests if one.method == "GET"]
    assert len(gets) == 3
    assert open_store(tmp_path).status()["tumor_type"].to_list() == ["ACC", "LIHC", "UCS"]


@pytest.mark.slow
def test_download_only(hub: Hub, tmp_path: Path, cli: Cli) -> None:
    put_pancancer(hub, EB, "ACC", "LIHC")
    result = cli("--cache", tmp_path, "fetch", "--no-load", "--base-url", hub.address)
    assert result.returncode == 0, result.stderr
    assert b"2 files are in" in result.stderr
    here = cli("--cache", tmp_path, "fetch", "--dry-run", "--base-url", hub.address)
    assert here.stdout.startswith(b"2 of 2 are here\n")
    engine = open_store(tmp_path)
    with pytest.raises(DataMissingError):
        engine.status()
    report = engine.load(engine.store.downloads("pancanatlas"))
    assert len(report.loaded) == 2
    again = cli("--cache", tmp_path, "fetch", "--base-url", hub.address)
    assert b"note: it has no sample of BLCA, BRCA" in again.stderr


def test_a_changed_table_is_loaded_anew(hub: Hub, engine: Engine) -> None:
    put_hiseq(hub, "ACC")
    fetched(engine, options_for(hub, "tcga-hiseqv2", "ACC"))
    symbols, samples, values = cohort("ACC")
    path = "/tcga-xena-hub/download/TCGA.ACC.sampleMap/HiSeqV2.gz"
    hub.put(path, matrix("sample", samples[:10], symbols, values[:, :10]))
    fetched(engine, options_for(hub, "tcga-hiseqv2", "ACC"))
    assert engine.status()["tumor"].to_list() == [len(samples)]
    fetched(engine, options_for(hub, "tcga-hiseqv2", "ACC", check=True))
    assert engine.status()["tumor"].to_list() == [10]


def test_a_cut_table_is_mended_on_the_way(hub: Hub, engine: Engine) -> None:
    put_star(hub, "ACC")
    path = "/gdc-hub/download/TCGA-ACC.star_tpm.tsv.gz"
    hub.plan(path, Cut(70_000), Cut(90_000), Status(503))
    fetched(engine, options_for(hub, "gdc-star", "ACC"))
    agrees_with_plan(engine, "gdc-star", "ACC")
    sidecar = engine.store.downloads("gdc-star") / "TCGA-ACC.star_tpm.tsv.gz.json"
    assert json.loads(sidecar.read_text())["url"] == hub.url(path)
