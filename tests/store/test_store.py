"""The store: its layout, what is written and what is read back, and when nothing is written."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from tcga_corr.cli.main import run
from tcga_corr.engine import Engine, open_store
from tcga_corr.errors import AnalysisError, StoreError, UsageError
from tcga_corr.loading.plan import LoadOptions, tumor_type_of_path
from tcga_corr.store.index import open_index
from tcga_corr.store.layout import Store, TableKey, check_source_name
from tcga_corr.store.parquet import read_metadata, read_values
from tcga_corr.store.sql import named_queries, queries_folder
from tcga_corr.vocabulary.tumor_types import TUMOR_TYPES, UNIONS
from tests.conftest import snapshot, write_table

GENES = ("ZYX", "RELA", *(f"NOGENE{number}" for number in range(40)), "NFE2L2", "A1BG")
# two vials of one patient, a recurrence, two normals of which one has no tumour, a cell line
SAMPLES = (
    *(f"TCGA-AA-{patient:04d}-01A" for patient in range(11)),
    *("TCGA-AA-0001-01B", "TCGA-AA-0002-02A", "TCGA-AA-0000-11A", "TCGA-BB-0000-11A"),
    "TCGA-CC-0000-50A",
)
ACC = TableKey("tcga-hiseqv2", "ACC")
UCS = TableKey("tcga-hiseqv2", "UCS")
OWN = TableKey("2020", "ACC")


def draw(seed: int) -> NDArray[np.float32]:
    """Values with ties and zeros."""
    rng = np.random.default_rng(seed)
    values = rng.uniform(0, 15, (len(GENES), len(SAMPLES)))
    values[rng.random(values.shape) < 0.3] = 0
    return values.round(2).astype(np.float32)


def write_xena(folder: Path, seed: int, tumor_type: str = "ACC") -> Path:
    path = folder / f"TCGA.{tumor_type}.sampleMap" / "HiSeqV2.gz"
    rows = [(name, [f"{value:.2f}" for value in row]) for name, row in zip(GENES, draw(seed))]  # noqa: B905
    # each tumor type has patients of its own
    samples = [f"TCGA-Z{name[6:]}" for name in SAMPLES]
    return write_table(
        path, samples if tumor_type == "UCS" else SAMPLES, [*rows, ("?|1", ["0"] * len(SAMPLES))]
    )


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    write_xena(folder, 1)
    write_xena(folder, 2, "UCS")
    shutil.copy(write_xena(folder / "mine", 3), folder / "own.tsv.gz")
    return folder


def fill(root: Path, inputs: Path) -> Engine:
    engine = open_store(root)
    cohorts = [inputs / f"TCGA.{name}.sampleMap" / "HiSeqV2.gz" for name in ("ACC", "UCS")]
    assert engine.load(cohorts).errors == ()
    load_own(engine, inputs)
    return engine


@pytest.fixture(scope="module")
def shared_store(inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Three tables. Read only: it is shared by tests."""
    return fill(tmp_path_factory.mktemp("store") / "cache", inputs)


def load_own(engine: Engine, inputs: Path) -> None:
    own = LoadOptions(source="2020", tumor_type="ACC", unit="log2(x+1)")
    assert engine.load([inputs / "own.tsv.gz"], own).errors == ()


@pytest.fixture
def engine(inputs: Path, tmp_path: Path) -> Engine:
    """Three tables, to change."""
    return fill(tmp_path / "cache", inputs)


def times(folder: Path) -> dict[str, int]:
    """When each file and folder was last written."""
    return {str(path): path.stat().st_mtime_ns for path in [folder, *folder.rglob("*")]}


def numbers(engine: Engine) -> list[dict[str, object]]:
    return engine.correlate("RELA", "NFE2L2", source="tcga-hiseqv2").frame.to_dicts()


def index_of(engine: Engine, key: TableKey = ACC) -> Path:
    (folder,) = engine.store.index_folder(key).iterdir()
    return folder


# --- layout and content --------------------------------------------------------------------------


def test_layout(shared_store: Engine) -> None:
    root = shared_store.store.root
    expected = {"store.json"}
    for key in (ACC, UCS, OWN):
        folder = f"source={key.source}/tumor_type={key.tumor_type}"
        table = f"expression/{folder}/table.parquet"
        digest = hashlib.sha256((root / table).read_bytes()).hexdigest()[:16]
        expected |= {table} | {
            f"index/{folder}/{digest}/{name}"
            for name in ("values.npy", "ranks.npy", "genes.txt", "index.json")
        }
    assert set(snapshot(root)) == expected
    assert json.loads((root / "store.json").read_text()) == {"schema": 1}
    assert shared_store.store.table_keys() == sorted([ACC, UCS, OWN])
    assert shared_store.store.table_keys("2020") == [OWN]
    assert shared_store.store.downloads("x") == root / "downloads/x"


def test_the_parquet_table(shared_store: Engine, inputs: Path) -> None:
    path = shared_store.store.table_path(ACC)
    file = pq.ParquetFile(path)
    assert file.schema_arrow.names == ["gene", "gene_id", "values"]
    kinds = [str(field.type) for field in file.schema_arrow]
    assert kinds[:2] == ["string", "string"]
    assert kinds[2] == f"fixed_size_list<element: float>[{len(SAMPLES)}]"
    for number in range(3):
        column = file.metadata.row_group(0).column(number)
        assert column.compression == "ZSTD"
    assert "BYTE_STREAM_SPLIT" in column.encodings
    genes = file.read(columns=["gene"])["gene"].to_pylist()
    assert genes == sorted(GENES)
    described = json.loads(file.schema_arrow.metadata[b"tcga_corr"])
    source = inputs / "TCGA.ACC.sampleMap/HiSeqV2.gz"
    content = source.read_bytes()
    assert described["schema"] == 1
    assert described["inputs"] == [
        {"name": source.name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    ]
    expected = {"source": "tcga-hiseqv2", "tumor_type": "ACC", "unit": "log2(norm_count+1)",
                "simulated": False, "genes": "all", "n_genes": len(GENES),
                "dropped": {"genes without a symbol": 1}}  # fmt: skip
    assert {name: described[name] for name in expected} == expected


@pytest.mark.parametrize(("key", "seed"), [(ACC, 1), (UCS, 2), (OWN, 3)])
def test_values_come_back_bit_for_bit(shared_store: Engine, key: TableKey, seed: int) -> None:
    expected = draw(seed)[np.argsort(GENES)][:, np.argsort(SAMPLES)]
    genes, values = read_values(shared_store.store, key)
    assert genes == sorted(GENES)
    assert values.dtype == np.float32
    assert values.tobytes() == expected.tobytes()
    index = open_index(shared_store.store, key)
    assert list(index.genes) == genes
    assert np.asarray(index.values).tobytes() == expected.tobytes()
    assert isinstance(index.values, np.memmap)


def test_the_index_holds_twice_the_ranks_of_the_values(shared_store: Engine) -> None:
    index = open_index(shared_store.store, ACC)
    assert index.ranks.dtype == np.uint16
    assert np.array_equal(index.ranks, 2 * stats.rankdata(index.values, axis=0))
    assert index.table_sha256.startswith(index_of(shared_store).name)


@pytest.mark.parametrize(("n_genes", "dtype"), [(32_767, np.uint16), (32_768, np.uint32)])
def test_ranks_of_many_genes_take_a_wider_type(
    tmp_path: Path, n_genes: int, dtype: type[np.generic]
) -> None:
    rows = [(f"G{number}", [str(number), "1"]) for number in range(n_genes)]
    path = write_table(tmp_path / "mine.tsv", SAMPLES[:2], rows)
    engine = open_store(tmp_path / "cache")
    engine.load([path], LoadOptions(source="mine", tumor_type="ACC", unit="count", linear=True))
    index = open_index(engine.store, TableKey("mine", "ACC"))
    assert index.ranks.dtype == dtype
    assert np.array_equal(index.ranks, 2 * stats.rankdata(index.values, axis=0))
    assert index.ranks.max() == 2 * n_genes


def test_tables_of_the_same_genes_share_their_names(shared_store: Engine) -> None:
    acc, ucs, own = (open_index(shared_store.store, key) for key in (ACC, UCS, OWN))
    assert acc.genes is ucs.genes
    assert acc.genes is own.genes
    assert acc.genes.row("A1BG") == 0
    assert acc.genes.rows(["ZYX", "A1BG"]).tolist() == [0, len(GENES) - 1]
    assert "RELB" not in acc.genes


# --- samples -------------------------------------------------------------------------------------


def test_sample_records(shared_store: Engine) -> None:
    metadata = read_metadata(shared_store.store, ACC)
    assert metadata is not None
    by_barcode = {sample.barcode: sample for sample in metadata.samples}
    assert list(by_barcode) == sorted(SAMPLES)
    assert sum(sample.tumor for sample in metadata.samples) == 11
    expected = {
        "TCGA-AA-0001-01A": (True, False, True, ""),
        "TCGA-AA-0001-01B": (
            *(False, False, False),
            "TCGA-AA-0001-01A taken instead: vial A before B",
        ),
        "TCGA-AA-0002-02A": (False, False, True, "sample type 02 (Recurrent Solid Tumor)"),
        "TCGA-AA-0000-11A": (False, True, False, ""),
        "TCGA-BB-0000-11A": (False, True, False, ""),
        "TCGA-CC-0000-50A": (False, False, False, "sample type 50 (Cell Lines)"),
    }
    for barcode, (tumor, normal, all_tumor, reason) in expected.items():
        sample = by_barcode[barcode]
        assert (sample.tumor, sample.normal, sample.all_tumor) == (tumor, normal, all_tumor)
        assert sample.reason == reason
        assert [sample.is_in(name) for name in ("tumor", "normal", "all-tumor")] == [
            tumor,
            normal,
            all_tumor,
        ]
        parts = (sample.sample, sample.patient, sample.vial, sample.sample_type)
        assert parts == (barcode[:15], barcode[:12], barcode[15], barcode[13:15])


def test_the_sample_view_is_the_metadata(shared_store: Engine) -> None:
    found = shared_store.sql("FROM samples ORDER BY source, tumor_type, position").to_dicts()
    expected = []
    for key in (OWN, ACC, UCS):
        metadata = read_metadata(shared_store.store, key)
        assert metadata is not None
        expected += [
            {"source": key.source, "tumor_type": key.tumor_type, "position": position}
            | vars(sample)
            for position, sample in enumerate(metadata.samples)
        ]
    assert found == expected


# --- the index is derived ------------------------------------------------------------------------


@pytest.mark.parametrize("lost", ["index", "index/source=tcga-hiseqv2", "locks"])
def test_what_is_derived_is_made_anew(engine: Engine, lost: str) -> None:
    expected, whole = numbers(engine), snapshot(engine.store.root)
    shutil.rmtree(engine.store.root / lost)
    assert numbers(engine) == expected
    open_index(engine.store, OWN)
    assert snapshot(engine.store.root) == whole


def test_an_index_of_another_table_is_not_used(engine: Engine, inputs: Path) -> None:
    path, old = engine.store.table_path(ACC), index_of(engine)
    described = json.loads((old / "index.json").read_text())
    values = pq.read_table(path, partitioning=None)
    pq.write_table(values.slice(0, values.num_rows), path, compression="gzip")
    [row] = engine.correlate(
        "RELA", "NFE2L2", source="tcga-hiseqv2", tumor_types=["ACC"]
    ).frame.to_dicts()
    assert row["r"] == {row["tumor_type"]: row["r"] for row in numbers(engine)}["ACC"]
    assert not old.exists()
    renewed = json.loads((index_of(engine) / "index.json").read_text())
    assert renewed["table_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert renewed["table_sha256"] != described["table_sha256"]
    path.write_bytes(engine.store.table_path(UCS).read_bytes())
    with pytest.raises(StoreError, match="a table of tcga-hiseqv2 UCS"):
        engine.correlate("RELA", "NFE2L2", source="tcga-hiseqv2", tumor_types=["ACC"])


def test_a_copied_store_keeps_its_index(engine: Engine, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(engine.store.root, copy)
    before, before_times = snapshot(copy), times(copy)
    copied = open_store(copy)
    assert numbers(copied) == numbers(engine)
    after = snapshot(copy)
    changed = {name for name in before if after.get(name) != before[name]}
    assert after.keys() == before.keys()
    assert changed == {
        str((index_of(copied, key) / "index.json").relative_to(copy)) for key in (ACC, UCS)
    }
    for path in copy.glob("index/**/*.npy"):
        assert path.stat().st_mtime_ns == before_times[str(path)]
    for name in changed:
        old, new = json.loads(before[name]), json.loads(after[name])
        assert old.pop("table_stamp") != new.pop("table_stamp")
        assert old == new


def test_a_moved_store_is_as_it_was(engine: Engine, tmp_path: Path) -> None:
    expected = numbers(engine)
    moved = engine.store.root.rename(tmp_path / "elsewhere")
    before = times(moved)
    assert numbers(open_store(moved)) == expected
    assert times(moved) == before


def test_reading_a_fresh_store_needs_no_writing(
    shared_store: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("written to")

    monkeypatch.setattr(Store, "locked", refuse)
    for name in ("mkdir", "write_text", "write_bytes", "replace", "rename", "unlink"):
        monkeypatch.setattr(Path, name, refuse)
    before = times(shared_store.store.root)
    fresh = open_store(shared_store.store.root)
    assert len(numbers(fresh)) == 2
    assert fresh.status().height == 3
    assert fresh.samples().height == 3 * len(SAMPLES)
    assert fresh.sql("FROM tables").height == 3 * len(GENES)
    assert times(shared_store.store.root) == before


def test_a_stray_file_in_the_index_does_no_harm(engine: Engine) -> None:
    expected = numbers(engine)
    shutil.rmtree(index_of(engine))
    (engine.store.index_folder(ACC) / ".DS_Store").write_bytes(b"x")
    assert numbers(engine) == expected


# --- loading again -------------------------------------------------------------------------------


def test_loading_the_same_file_again_does_nothing(engine: Engine, inputs: Path) -> None:
    before, before_times = snapshot(engine.store.root), times(engine.store.root)
    report = engine.load([inputs / "TCGA.ACC.sampleMap/HiSeqV2.gz"])
    assert [(loaded.key, loaded.unchanged) for loaded in report.loaded] == [(ACC, True)]
    assert snapshot(engine.store.root) == before
    assert times(engine.store.root) == before_times


def test_a_changed_file_replaces_its_table_alone(engine: Engine, tmp_path: Path) -> None:
    before = snapshot(engine.store.root)
    report = engine.load([write_xena(tmp_path / "new", 9)])
    assert [(loaded.key, loaded.unchanged) for loaded in report.loaded] == [(ACC, False)]
    after = snapshot(engine.store.root)
    mine = "source=tcga-hiseqv2/tumor_type=ACC"
    assert {name: content for name, content in before.items() if mine not in name} == {
        name: content for name, content in after.items() if mine not in name
    }
    expected = draw(9)[np.argsort(GENES)][:, np.argsort(SAMPLES)]
    assert np.array_equal(open_index(engine.store, ACC).values, expected)
    assert len(after) == len(before)  # the older index is gone


def test_other_genes_replace_the_table(engine: Engine, inputs: Path) -> None:
    path = inputs / "TCGA.ACC.sampleMap/HiSeqV2.gz"
    assert len(open_index(engine.store, ACC).genes) == len(GENES)
    (loaded,) = engine.load([path], LoadOptions(genes="protein-coding")).loaded
    assert not loaded.unchanged
    assert set(open_index(engine.store, ACC).genes) == {"A1BG", "NFE2L2", "RELA", "ZYX"}
    assert engine.load([path], LoadOptions(genes="protein-coding")).loaded[0].unchanged
    assert not engine.load([path]).loaded[0].unchanged


def test_leftovers_of_a_killed_writer_are_removed(engine: Engine, tmp_path: Path) -> None:
    store = engine.store
    left = []
    for key in (ACC, UCS):
        for path in (store.table_path(key), index_of(engine, key)):
            left.append(path.with_name(f".{path.name}.77.part"))
            left[-1].write_bytes(b"half")
        left.append(store.index_folder(key) / ".0123456789abcdef.77.part")
        left[-1].mkdir()
        (left[-1] / "values.npy").write_bytes(b"half")
    engine.load([write_xena(tmp_path / "new", 9)])
    assert [path.exists() for path in left] == [False] * 3 + [True] * 3


def test_an_index_that_was_not_yet_in_place_is_not_used(engine: Engine, inputs: Path) -> None:
    """As a kill just before the last rename leaves it."""
    whole = snapshot(engine.store.root)
    folder = index_of(engine)
    folder.rename(folder.with_name(f".{folder.name}.77.part"))
    assert engine.load([inputs / "TCGA.ACC.sampleMap/HiSeqV2.gz"]).loaded[0].unchanged
    assert snapshot(engine.store.root) == whole


# --- SQL -----------------------------------------------------------------------------------------


def test_the_long_view_is_the_values(shared_store: Engine) -> None:
    frame = shared_store.sql(
        "SELECT * FROM expression WHERE source = '2020' ORDER BY gene, barcode"
    )
    assert set(frame["tumor_type"]) == {"ACC"}
    assert frame["value"].dtype == pl.Float32
    index = open_index(shared_store.store, OWN)
    assert np.array_equal(frame["value"].to_numpy(), np.asarray(index.values).reshape(-1))
    assert frame["barcode"].to_list() == sorted(SAMPLES) * len(GENES)
    tumor = [sample.tumor for sample in index.metadata.samples]
    assert frame["tumor"].to_list() == tumor * len(GENES)


def test_a_source_named_by_a_number_stays_text(
    shared_store: Engine, inputs: Path, tmp_path: Path
) -> None:
    """Beside others, and alone, where every folder's name could be read as a number."""
    alone = open_store(tmp_path / "cache")
    load_own(alone, inputs)
    for view in ("tables", "samples", "expression"):
        query = f"SELECT DISTINCT source FROM {view} ORDER BY source"
        assert shared_store.sql(query)["source"].to_list() == ["2020", "tcga-hiseqv2"]
        assert alone.sql(query)["source"].to_list() == ["2020"]


def test_a_users_own_duckdb_sees_the_same(
    shared_store: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shared_store.store.root)
    with duckdb.connect() as connection:
        connection.execute((queries_folder() / "views.sql").read_text())
        count = connection.sql("SELECT count(*) FROM expression").fetchall()
    assert count == [(3 * len(GENES) * len(SAMPLES),)]


# those of the tables; test_sql_results.py has those of runs
@pytest.mark.parametrize(
    "name", sorted(name for name, text in named_queries().items() if "associations" not in text)
)
def test_named_queriesrun(shared_store: Engine, name: str) -> None:
    text = named_queries()[name]
    assert text.startswith("-- ")
    frame = shared_store.sql(text)
    assert {"source", "tumor_type"} <= set(frame.columns)
    assert set(zip(frame["source"], frame["tumor_type"], strict=True)) == {
        (key.source, key.tumor_type) for key in (ACC, UCS, OWN)
    }


def test_table_sizes_count_what_was_loaded(shared_store: Engine) -> None:
    for row in shared_store.sql(named_queries()["table_sizes"]).to_dicts():
        counts = {name: row[name] for name in ("genes", "tumor", "normal", "all_tumor", "samples")}
        assert counts == {
            "genes": len(GENES), "tumor": 11, "normal": 2, "all_tumor": 12, "samples": 16
        }  # fmt: skip


def test_duckdb_and_the_engine_agree(simulated: Engine) -> None:
    frame = simulated.sql(named_queries()["rela_nfe2l2"])
    answer = simulated.correlate("RELA", "NFE2L2").frame
    assert frame["tumor_type"].to_list() == answer["tumor_type"].to_list() == list(TUMOR_TYPES)
    assert frame["n"].to_list() == answer["n"].to_list()
    assert np.abs(frame["r"].to_numpy() - answer["r"].to_numpy()).max() < 1e-9


@pytest.mark.parametrize(
    "query", ["SELEC 1", "FROM nowhere", "SELECT\nnix\nFROM tables", "SELECT 'x'::INT"]
)
def test_sql_errors_are_one_line(
    shared_store: Engine, query: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(AnalysisError):
        shared_store.sql(query)
    assert run(["--cache", str(shared_store.store.root), "sql", query]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    assert output.err.startswith("tcga-corr: error: DuckDB: ")


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "tumor_type"),
    [
        ("/x/TCGA.ACC.sampleMap/HiSeqV2.gz", "ACC"),
        ("/x/TCGA.ACC.sampleMap%2FHiSeqV2.gz", "ACC"),
        ("/x/TCGA-GBM.htseq_counts.tsv.gz", "GBM"),
        ("/x/TCGA-LIHC/TCGA-GBM.star_tpm.tsv.gz", "GBM"),
        ("/x/TCGA-LIHC/other.tsv", "LIHC"),
        ("/TCGA.LIHC/a/b/other.tsv", "LIHC"),
        ("/x/UCS.rnaseqv2__illuminahiseq.txt", "UCS"),
        ("/x/OV.tsv", "OV"),
        ("/x/OV-mine.tsv", "OV"),
        ("/x/OV_mine.tsv", "OV"),
        ("/x/READ/HiSeqV2.gz", "READ"),
        ("/x/READ/UCS.tsv", "UCS"),
        ("/x/TCGA-ABCD/HiSeqV2.gz", None),
        ("/x/TCGA-ACCX/HiSeqV2.gz", None),
        ("/x/TCGA-ACC2/HiSeqV2.gz", None),
        ("/x/TCGA-ACCold/HiSeqV2.gz", None),
        ("/x/TCGA-OR-A5J1-01.tsv", None),
        ("/x/tcga-acc.tsv", None),
        ("/x/acc.tsv", None),
        ("/x/OVARY.tsv", None),
        ("/x/READ/y/HiSeqV2.gz", None),
        ("/x/HiSeqV2.gz", None),
    ],
)
def test_tumor_type_of_a_path(path: str, tumor_type: str | None) -> None:
    assert tumor_type_of_path(Path(path)) == tumor_type


def test_a_link_is_read_by_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "objects").mkdir()
    (tmp_path / "objects" / "8f14e45f").write_bytes(b"")
    link = tmp_path / "TCGA.ACC.sampleMap" / "HiSeqV2.gz"
    link.parent.mkdir()
    link.symlink_to(tmp_path / "objects" / "8f14e45f")
    assert tumor_type_of_path(link) == "ACC"


@given(st.sampled_from(sorted(TUMOR_TYPES)), st.sampled_from(["/{}.{}.x/f", "/a/{}-{}.tsv"]))
def test_every_tumor_type_is_read_from_its_path(tumor_type: str, form: str) -> None:
    assert tumor_type_of_path(Path(form.format("TCGA", tumor_type))) == tumor_type


@given(st.sampled_from(sorted(UNIONS)), st.sampled_from(["/TCGA.{}.x/f", "/{}.tsv", "/{}/f"]))
def test_a_union_is_refused(union: str, form: str) -> None:
    with pytest.raises(UsageError, match=f"{union} is a union"):
        tumor_type_of_path(Path(form.format(union)))


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/"), max_size=20))
def test_no_path_is_too_odd(name: str) -> None:
    tumor_type = tumor_type_of_path(Path("/x", name))
    assert tumor_type is None or tumor_type in name


@pytest.mark.parametrize("name", ["toil", "2020", "my-own_2.0", "A" * 64])
def test_source_names(name: str) -> None:
    check_source_name(name)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a b", "a=b", "-x", "a\n", "*", "A" * 65])
def test_source_names_that_are_none(name: str) -> None:
    with pytest.raises(UsageError):
        check_source_name(name)
