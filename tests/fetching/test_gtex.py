"""From the hub's table of TCGA, TARGET and GTEx to answers about normal tissue of GTEx."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import scipy.stats

from tcga_corr.batch.planning import make_plan, read_spec_for
from tcga_corr.engine import Engine, open_store
from tcga_corr.errors import DataMissingError, TableError, UsageError
from tcga_corr.fetching.fetcher import FetchOptions
from tcga_corr.fetching.hub_requests import RetryPolicy
from tcga_corr.fetching.registry import downloaded_table
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.store.layout import TableKey
from tcga_corr.store.metadata import StoredSample, decode_metadata
from tcga_corr.vocabulary.symbols import symbol_table
from tests.conftest import Cli, barcodes
from tests.hub import Hub, serve_hub

__all__ = ["serve_hub"]

QUICK = RetryPolicy(attempts=2, stall=5, first_wait=0.01, longest_wait=0.1)
TOIL = "/toil-xena-hub/download/tcga_RSEM_gene_tpm.gz"
WITH_GTEX = "/toil-xena-hub/download/TcgaTargetGtex_rsem_gene_tpm.gz"
COUNTS = "/toil-xena-hub/download/tcga_gene_expected_count.gz"
PHENOTYPE = "/toil-xena-hub/download/TcgaTargetGTEX_phenotype.txt.gz"
PROBE_MAP = "/toil-xena-hub/download/probeMap/gencode.v23.annotation.gene.probemap"
SURVIVAL = "/tcga-pancan-atlas-hub/download/Survival_SupplementalTable_S1_20171025_xena_sp"
SET = ("CD8A", "CD8B", "GZMA", "GZMB", "PRF1", "IFNG", "CCL5")
GENES = ("RELA", "NFE2L2", "GPX4", *SET)
TYPES = {"COAD": 13, "LIHC": 14, "LUAD": 12, "LUSC": 12, "MESO": 12, "ESCA": 12, "STAD": 12}
N_NORMAL, N_GENES = 11, 260


def donors(tissue: str, n: int, first: int = 0, aliquot: int = 126) -> dict[str, str]:
    return {
        f"GTEX-{first + number:04}-{aliquot:04}-SM-{tissue[:3].upper()}{aliquot % 10}": tissue
        for number in range(n)
    }


@cache
def gtex() -> dict[str, str]:
    """Sample to category; donors of colon gave both parts, some of liver a second aliquot."""
    return {
        **donors("Liver", 13),
        **donors("Liver", 2, aliquot=226),
        **donors("Lung", 12, first=8),  # five of whom gave liver too
        **donors("Colon - Sigmoid", 14, first=50, aliquot=326),
        **donors("Colon - Transverse", 11, first=50, aliquot=426),
    }


@cache
def others() -> dict[str, tuple[str, str]]:
    """Columns that are not read: category and sample type of each."""
    return {
        "GTEX-0000-0005-SM-CELL1": ("Cells - Transformed Fibroblasts", "Cell Line"),
        "K-562-SM-26GMQ": ("Cells - Leukemia Cell Line (Cml)", "Cell Line"),
        "TARGET-10-PAKMVD-09": ("Acute Lymphoblastic Leukemia", "Primary Blood"),
        "TARGET-20-PARUDL-03": ("Acute Myeloid Leukemia", "Primary Blood"),
        "GTEX-0001-0726-SM-HEA1": ("Heart - Left Ventricle", "Normal Tissue"),
        "GTEX-0002-0926-SM-UNK1": ("", ""),
    }


@cache
def tcga() -> dict[str, str]:
    """Sample to tumor type."""
    found = {}
    for number, (name, n) in enumerate(TYPES.items()):
        site = f"A{number}"
        found |= dict.fromkeys(barcodes(n, site=site), name)
    return found | dict.fromkeys(barcodes(N_NORMAL, "11", site="A1"), "LIHC")


@cache
def rows() -> tuple[list[str], list[str]]:
    """Ensembl ids with a version, and symbols: SYMBOL on two rows, one copy on chromosome Y."""
    coding = [
        gene
        for gene in symbol_table()
        if gene.protein_coding and gene.ensembl_ids and gene.symbol not in GENES
    ]
    chosen = [symbol_table().candidates(name)[0] for name in GENES] + coding[:N_GENES]
    ids = [f"{gene.ensembl_ids[0]}.{3 + n % 9}" for n, gene in enumerate(chosen)]
    symbols = [gene.symbol for gene in chosen]
    return (
        [*ids, f"{coding[N_GENES].ensembl_ids[0]}.1", "ENSG00000182378.15_PAR_Y"],
        [*symbols, "RELA", "PLCXD1"],
    )


@cache
def columns() -> tuple[str, ...]:
    """Of all origins, mixed, as on the hub."""
    names = [*tcga(), *gtex(), *others()]
    return tuple(np.random.default_rng(3).permutation(names).tolist())


@cache
def values() -> np.ndarray:
    """log2(tpm + 0.001): many zeros. The second row of RELA is the higher one in GTEx alone."""
    rng = np.random.default_rng(23)
    ids, _ = rows()
    hidden = rng.normal(size=len(columns()))
    log_tpm = rng.normal(3, 2, (len(ids), 1)) + rng.normal(0, 1, (len(ids), len(columns())))
    log_tpm[: len(GENES)] += 0.8 * hidden
    tpm = np.exp2(log_tpm) * (rng.random(log_tpm.shape) < 0.9)
    of_gtex = np.array([name.startswith("GTEX") for name in columns()])
    tpm[0] = 10 + tpm[0]
    tpm[-2] = np.where(of_gtex, 1e5, 1.0)
    return np.round(np.log2(tpm + 0.001), 4)


def row(symbol: str, samples: list[str]) -> np.ndarray:
    places = [columns().index(name) for name in samples]
    return values()[rows()[1].index(symbol), places].astype(np.float32).astype(np.float64)


def matrix(kept: list[str]) -> bytes:
    places = [columns().index(name) for name in kept]
    lines = ["\t".join(("sample", *kept))]
    for name, one in zip(rows()[0], values()[:, places].tolist(), strict=True):
        lines.append("\t".join((name, *(f"{value:.4f}" for value in one))))
    return gzip.compress(("\n".join(lines) + "\n").encode(), 1, mtime=0)


def phenotype() -> bytes:
    head = "sample\tdetailed_category\tprimary disease or tissue\t_primary_site\t_sample_type"
    lines = [f"{head}\t_gender\t_study"]
    lines += [f"{one}\t{name}\t\t\tPrimary Tumor\tFemale\tTCGA" for one, name in tcga().items()]
    lines += [f"{one}\t{name}\t\t\tNormal Tissue\tMale\tGTEX" for one, name in gtex().items()]
    lines += [f"{one}\t{a}\tKaposi\xb4s\t\t{b}\t\t" for one, (a, b) in others().items() if a]
    return gzip.compress(("\n".join(lines) + "\n").encode("latin-1"), 1, mtime=0)


def files() -> dict[str, bytes]:
    probe_map = ["id\tgene\tchrom\tchromStart\tchromEnd\tstrand"]
    probe_map += [f"{a}\t{b}\tchr1\t1\t2\t+" for a, b in zip(*rows(), strict=True)]
    types = ["sample\tcancer type abbreviation", *map("\t".join, tcga().items())]
    return {
        WITH_GTEX: matrix(list(columns())),
        TOIL: matrix([name for name in columns() if name in tcga()]),
        PHENOTYPE: phenotype(),
        PROBE_MAP: "\n".join(probe_map).encode(),
        SURVIVAL: "\n".join(types).encode(),
    }


def fetch(engine: Engine, hub: Hub, *tumor_types: str, gtex: bool = True) -> list[str]:
    for path, content in files().items():
        hub.put(path, content)
    report = engine.fetch(
        FetchOptions(tumor_types, "toil", base_url=hub.address, retry_policy=QUICK, gtex=gtex)
    )
    assert [str(error) for error in report.errors] == []
    return sorted(one.key.tumor_type for one in report.loaded)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Engine, Engine]:
    """Stores of the table with GTEx, and of that without. Read only."""
    with pytest.MonkeyPatch.context() as patch, Hub() as hub:
        patch.setenv("NO_PROXY", "127.0.0.1")
        engines = [open_store(tmp_path_factory.mktemp("gtex") / "cache") for _ in range(2)]
        for engine, has_gtex in zip(engines, (True, False), strict=True):
            assert fetch(engine, hub, gtex=has_gtex) == sorted(TYPES)
        asked = {request.path for request in hub.requests}
        assert {TOIL, WITH_GTEX, PHENOTYPE} <= asked
    return engines[0], engines[1]


@pytest.fixture
def store(both: tuple[Engine, Engine]) -> Engine:
    return both[0]


def used(tissue: str) -> list[str]:
    """By the rule: the first aliquot of each donor; of colon the transverse where there is one."""
    if tissue != "Colon":
        chosen: dict[str, str] = {}
        for name in sorted(one for one, own in gtex().items() if own == tissue):
            chosen.setdefault(name[:9], name)
        return sorted(chosen.values())
    transverse = [one for one, own in gtex().items() if own == "Colon - Transverse"]
    sigmoid = [one for one, own in gtex().items() if own == "Colon - Sigmoid"]
    taken = {one[:9] for one in transverse}
    return sorted([*transverse, *(one for one in sigmoid if one[:9] not in taken)])


# --- what is in the store ------------------------------------------------------------------------


def test_samples_of_gtex_stand_beside_those_of_their_tumor_types(store: Engine) -> None:
    counts = {one["tumor_type"]: one for one in store.status().to_dicts()}
    found = {
        name: (one["tumor"], one["normal"], one["gtex"], one["other"])
        for name, one in counts.items()
    }
    assert found == {
        "COAD": (13, 0, 14, 11),
        "ESCA": (12, 0, 0, 0),
        "LIHC": (14, 11, 13, 2),
        "LUAD": (12, 0, 12, 0),
        "LUSC": (12, 0, 12, 0),
        "MESO": (12, 0, 0, 0),
        "STAD": (12, 0, 0, 0),
    }
    for one in counts.values():
        assert set(one["dropped"].split("; ")) == {
            "1 pseudoautosomal copies on chromosome Y",
            "2 samples of TARGET",
            "2 samples of cell lines",
            "1 GTEx samples of tissues that match no tumor type",
            "1 GTEx samples of unknown tissue",
            "1 further rows of a symbol",
        }
        assert one["unit"] == "log2(tpm+0.001)"


def test_which_sample_of_a_donor_is_used_and_why(store: Engine) -> None:
    frame = store.samples(["COAD", "LIHC"]).filter(tissue="Colon - Sigmoid")
    assert set(frame["used_as"]) == {"gtex", ""}
    others = frame.filter(used_as="")
    assert others["reason"].to_list() == [
        f"{name[:10]}0426-SM-COL6 taken instead: Colon - Transverse before Colon - Sigmoid"
        for name in others["sample"]
    ]
    assert (frame.height, others.height) == (14, 11)
    of_liver = store.samples(["LIHC"]).filter(tissue="Liver")
    assert sorted(of_liver.filter(used_as="gtex")["sample"]) == used("Liver")
    assert of_liver.filter(used_as="")["reason"].to_list() == [
        f"{name} taken instead: first in sorted order" for name in used("Liver")[:2]
    ]
    assert not of_liver["all_tumor"].any()
    assert set(of_liver["patient"]) == {name[:9] for name in used("Liver")}


@pytest.mark.parametrize("samples", ["tumor", "normal", "all-tumor"])
def test_no_other_answer_changes(both: tuple[Engine, Engine], samples: str) -> None:
    asked = {"samples": samples, "tumor_types": ["LIHC"]}
    for question in (
        lambda engine: engine.correlate("RELA", "NFE2L2", null=["genes", "sets"], **asked),
        lambda engine: engine.correlate(",".join(SET), "GPX4", null=["genes"], **asked),
        lambda engine: engine.score([",".join(SET)], **asked),
    ):
        with_gtex, without = (question(engine).frame for engine in both)
        assert with_gtex.equals(without)
        assert with_gtex.height


# --- answers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("tumor_type", "tissue"), [("LIHC", "Liver"), ("COAD", "Colon")])
def test_genes_correlate_as_in_the_matrix(store: Engine, tumor_type: str, tissue: str) -> None:
    answer = store.correlate("RELA", "NFE2L2", samples="gtex", tumor_types=[tumor_type])
    names = used(tissue)
    (found,) = answer.frame.to_dicts()
    assert found["n"] == len(names)
    expected = np.corrcoef(row("RELA", names), row("NFE2L2", names))[0, 1]
    assert found["r"] == pytest.approx(expected, abs=1e-9)


def slow_score(of_genes: dict[str, float], members: tuple[str, ...]) -> float:
    """ssGSEA as a running sum from the highest gene down, by average ranks."""
    names = list(of_genes)
    ranks = dict(zip(names, scipy.stats.rankdata(list(of_genes.values())), strict=True))
    weight = sum(ranks[name] ** 0.25 for name in members)
    n, k = len(names), len(members)
    inside = sum(ranks[name] ** 0.25 * ranks[name] for name in members) / weight
    outside = sum(ranks[name] for name in names if name not in members) / (n - k)
    return inside - outside


def test_scores_are_those_of_each_sample_alone(store: Engine) -> None:
    frame = store.score([",".join(SET)], samples="gtex", tumor_types=["LIHC"]).frame
    assert sorted(frame["sample"]) == used("Liver")
    genes = [name for name in dict.fromkeys(rows()[1]) if name != "PLCXD1"]
    for name, score in frame.select("sample", "es").rows():
        alone = {gene: float(row(gene, [name])[0]) for gene in genes}
        assert score == pytest.approx(slow_score(alone, SET), rel=1e-9)


def test_tumours_are_compared_with_gtex(store: Engine) -> None:
    answer = store.compare(["GPX4"], "gtex", tumor_types=["LIHC", "LUAD", "LUSC", "MESO"])
    assert answer.query.groups == ["tumor", "gtex"]
    tests = answer.frame.filter(tumor_type="LIHC")
    assert len(tests) == 2  # no tests of pairs
    tumor = [name for name, own in tcga().items() if own == "LIHC" and name.endswith("-01")]
    a, b = row("GPX4", tumor), row("GPX4", used("Liver"))
    (welch,) = tests.filter(test="welch").to_dicts()
    assert (welch["n_a"], welch["n_b"]) == (14, 13)
    assert welch["difference"] == pytest.approx(a.mean() - b.mean(), abs=1e-9)
    assert welch["p"] == pytest.approx(scipy.stats.ttest_ind(a, b, equal_var=False).pvalue)
    # nothing is pooled, so both types of lung are compared with the one tissue
    assert answer.frame.filter(answer.frame["tumor_type"].is_in(["LUAD", "LUSC"]))["n_b"].to_list()
    assert set(answer.frame.filter(tumor_type="LUSC")["n_b"]) == {12}
    notes = "\n".join(answer.notes)
    assert "normal tissue of GTEx: LIHC Liver, LUAD Lung, LUSC Lung" in notes
    assert "doubtful: LUSC (mostly alveoli" in notes
    assert "no tissue of GTEx is matched with MESO (no pleura)" in notes
    assert "two studies" in notes
    assert answer.frame.filter(tumor_type="MESO")["p"].null_count() > 0


def test_samples_of_a_tissue_count_once(store: Engine, tmp_path: Path) -> None:
    asked = {"samples": "gtex", "tumor_types": ["LIHC", "LUAD", "LUSC"]}
    answer = store.correlate("RELA", "NFE2L2", **asked)
    assert answer.frame["tumor_type"].to_list() == ["LIHC", "LUAD"]
    without = store.correlate("RELA", "NFE2L2", samples="gtex", tumor_types=["LIHC", "LUAD"])
    assert answer.pooled == without.pooled
    notes = "\n".join(answer.notes)
    assert "tumor types of the same tissue: LUSC (LUAD)" in notes
    assert "5 of 20 donors of GTEx are in several tumor types" in notes
    alone = store.correlate("RELA", "NFE2L2", samples="gtex", tumor_types=["LUSC"]).frame
    assert alone["r"].to_list() == answer.frame.filter(tumor_type="LUAD")["r"].to_list()
    spec = tmp_path / "spec.toml"
    spec.write_text('samples = "gtex"\n[[pairs]]\nname = "one"\npairs = [["RELA", "GPX4"]]\n')
    (planned,) = make_plan(store, read_spec_for(store, spec)).analyses
    assert "LUAD" in planned.scope.tumor_types
    assert "LUSC" not in planned.scope.tumor_types


def test_sql_sees_tissue(store: Engine) -> None:
    found = store.sql(
        "SELECT tumor_type, count(*) AS n, any_value(tissue) AS tissue FROM samples "
        "WHERE gtex AND tumor_type <> 'COAD' GROUP BY ALL ORDER BY ALL"
    )
    assert found.rows() == [("LIHC", 13, "Liver"), ("LUAD", 12, "Lung"), ("LUSC", 12, "Lung")]
    of_type = "SELECT avg(value) FROM expression WHERE gene = 'GPX4' AND tumor_type = 'LIHC'"
    expected = row("GPX4", used("Liver")).mean()
    assert store.sql(f"{of_type} AND gtex").item() == pytest.approx(expected, abs=1e-6)


# --- what is refused, and how it is said ---------------------------------------------------------


def test_questions_without_samples_of_gtex(both: tuple[Engine, Engine], cli: Cli) -> None:
    store, without = both
    with pytest.raises(DataMissingError, match="no GTEx samples of LIHC in source 'toil'") as error:
        without.correlate("RELA", "GPX4", samples="gtex", tumor_types=["LIHC"])
    assert "tcga-corr fetch --source toil --gtex" in error.value.remedy
    with pytest.raises(DataMissingError, match="no GTEx samples"):
        without.compare(["RELA"], "gtex")
    with pytest.raises(DataMissingError) as error:
        store.score([",".join(SET)], samples="gtex", tumor_types=["MESO"])
    assert error.value.remedy == "No tissue of GTEx is matched with MESO (no pleura)"
    with pytest.raises(UsageError, match="STES is several studies"):
        store.correlate("RELA", "GPX4", samples="gtex", tumor_types=["STES"])
    with pytest.raises(UsageError, match="samples is 'normal'"):
        store.compare(["RELA"], "gtex", samples="normal")
    result = cli("--cache", without.store.root, "score", "CD8A,GZMB", "--samples", "gtex")
    assert result.returncode == 3
    assert result.stderr.count(b"\n") <= 2
    assert b"--gtex" in result.stderr


def put_files(folder: Path) -> Path:
    for path, content in files().items():
        (folder / path.rpartition("/")[2]).write_bytes(content)
    return folder / "TcgaTargetGtex_rsem_gene_tpm.gz"


def _without_phenotype(folder: Path) -> None:
    (folder / PHENOTYPE.rpartition("/")[2]).unlink()


def _without_column(folder: Path) -> None:
    content = gzip.decompress(phenotype()).replace(b"detailed_category", b"tissue", 1)
    (folder / PHENOTYPE.rpartition("/")[2]).write_bytes(gzip.compress(content))


@pytest.mark.parametrize(
    ("damage", "kind", "said"),
    [
        (_without_phenotype, DataMissingError, "it has 55 samples of GTEx, and no phenotype"),
        (_without_column, TableError, "line 1: no column 'detailed_category'"),
    ],
)
def test_a_phenotype_table_that_cannot_be_used(
    tmp_path: Path, damage: Callable[[Path], None], kind: type[Exception], said: str
) -> None:
    engine, path = open_store(tmp_path / "cache"), put_files(tmp_path)
    damage(tmp_path)
    (error,) = engine.load(path).errors
    assert isinstance(error, kind)
    assert said in str(error)
    assert not (tmp_path / "cache" / "expression").exists()


def test_a_table_of_ones_own_needs_no_phenotype_table(tmp_path: Path) -> None:
    engine, path = open_store(tmp_path / "cache"), put_files(tmp_path)
    _without_phenotype(tmp_path)
    options = LoadOptions(source="mine", unit="log2(tpm+0.001)", tumor_type="LIHC")
    engine.load(path, options).raise_errors()
    (status,) = engine.status().to_dicts()
    assert (status["tumor"], status["gtex"]) == (14, 0)
    assert "58 columns not named by a TCGA barcode" in status["dropped"]
    (tmp_path / PHENOTYPE.rpartition("/")[2]).write_bytes(phenotype())
    engine.load(path, options).raise_errors()
    (status,) = engine.status().to_dicts()
    assert (status["tumor"], status["gtex"]) == (14, 13)


def test_a_table_with_gtex_is_not_replaced_by_one_without(store: Engine, tmp_path: Path) -> None:
    root = tmp_path / "cache"
    shutil.copytree(store.store.root, root)
    engine = open_store(root)
    folder = engine.store.downloads("toil")
    (folder / TOIL.rpartition("/")[2]).write_bytes(files()[TOIL])
    (error,) = engine.load(folder / TOIL.rpartition("/")[2], LoadOptions(tumor_type="LIHC")).errors
    assert "toil LIHC has samples of GTEx, and this file has none" in str(error)
    made_of = downloaded_table(engine.store, TableKey("toil", "LIHC"))
    assert made_of == folder / WITH_GTEX.rpartition("/")[2]


def test_counts_of_tcga_are_fetched_beside_the_table_with_gtex(tmp_path: Path, hub: Hub) -> None:
    """The hub's raw counts are of TCGA alone: they are no table that lost its samples of GTEx."""
    kept = [name for name in columns() if name in tcga()]
    counts = np.random.default_rng(7).negative_binomial(2, 0.01, (len(rows()[0]), len(kept)))
    lines = ["\t".join(("sample", *kept))]
    for name, one in zip(rows()[0], np.log2(counts + 1).tolist(), strict=True):
        lines.append("\t".join((name, *(f"{value:.4f}" for value in one))))
    hub.put(COUNTS, gzip.compress(("\n".join(lines) + "\n").encode(), 1, mtime=0))
    for path, content in files().items():
        hub.put(path, content)
    engine = open_store(tmp_path / "cache")
    options = FetchOptions(
        ["LIHC"], "toil", base_url=hub.address, retry_policy=QUICK, gtex=True, counts=True
    )
    key = TableKey("toil", "LIHC")
    for unchanged in (False, True):
        report = engine.fetch(options)
        assert [str(error) for error in report.errors] == []
        assert [(one.key, one.unchanged) for one in report.loaded] == [(key, unchanged)] * 2
    expression, of_counts = engine.status().to_dicts()
    assert (expression["tumor"], expression["normal"], expression["gtex"]) == (14, 11, 13)
    assert (of_counts["tumor"], of_counts["normal"], of_counts["gtex"]) == (14, 11, 0)
    folder = engine.store.downloads("toil")
    assert downloaded_table(engine.store, key) == folder / WITH_GTEX.rpartition("/")[2]
    assert downloaded_table(engine.store, key, counts=True) == folder / COUNTS.rpartition("/")[2]
    assert set(engine.verify()["state"]) == {"whole"}


def test_the_requests_with_gtex(tmp_path: Path) -> None:
    plan = open_store(tmp_path).fetch_plan(FetchOptions(["LIHC"], "toil", gtex=True))
    host = "https://{}.s3.us-east-1.amazonaws.com/download/{}"
    hub, name = "toil-xena-hub", "probeMap%2Fgencode.v23.annotation.gene.probemap"
    assert plan["url"].to_list() == [
        host.format(hub, name),
        host.format("tcga-pancan-atlas-hub", "Survival_SupplementalTable_S1_20171025_xena_sp"),
        host.format(hub, "TcgaTargetGTEX_phenotype.txt.gz"),
        host.format(hub, "TcgaTargetGtex_rsem_gene_tpm.gz"),
    ]


def test_a_source_without_gtex(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'pancanatlas' has no samples of GTEx") as error:
        open_store(tmp_path).fetch_plan(FetchOptions(gtex=True))
    assert error.value.remedy == "Give --source toil"


def test_tables_of_before_have_no_sample_of_gtex(store: Engine, tmp_path: Path) -> None:
    root = tmp_path / "cache"
    shutil.copytree(store.store.root, root)
    engine = open_store(root)
    path = engine.store.table_path(TableKey("toil", "LIHC"))
    table = pq.read_table(path)
    _, data = decode_metadata(table.schema.metadata)
    for sample in data["samples"]:
        assert StoredSample(**sample).gtex == sample.pop("gtex")
        sample.pop("tissue")
    text = json.dumps({"schema": 1, **data})
    new = {**table.schema.metadata, b"tcga_corr": text.encode()}
    new.pop(b"tcga_corr_sha256")
    pq.write_table(table.replace_schema_metadata(new), path)
    counts = "SELECT count(*) FILTER (gtex), count(*) FILTER (tissue = ''), count(*) FROM samples"
    assert engine.sql(f"{counts} WHERE tumor_type = 'LIHC'").rows() == [(0, 40, 40)]
    (status,) = engine.status(["LIHC"]).to_dicts()
    assert (status["gtex"], status["tumor"]) == (0, 14)
