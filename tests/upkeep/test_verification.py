"""Looking a store over, mending it, and taking things out of it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tcga_corr.engine import Engine, open_store
from tcga_corr.errors import DataMissingError, UsageError
from tcga_corr.fetching.simulation import write_atlas
from tcga_corr.files import partial_path
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.store.index import open_index
from tcga_corr.store.layout import Store, TableKey
from tcga_corr.upkeep import verification
from tests.conftest import Cli, barcodes, snapshot, write_table

ACC, LIHC = TableKey("simulated", "ACC"), TableKey("simulated", "LIHC")
GENES = [f"G{number}" for number in range(40)]


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """A store of two simulated tables, made of files among its downloads."""
    engine = open_store(tmp_path / "cache")
    folder = engine.store.downloads("simulated")
    paths = list(write_atlas(folder, n_genes=400, tumor_types=("ACC", "LIHC")))
    assert not engine.load(paths, LoadOptions(source="simulated")).errors
    return engine


def faults(engine: Engine, **options: bool) -> dict[str, str]:
    """What is not fine: kind and last folder to state."""
    frame = engine.verify(**options)
    return {
        f"{row['kind']} {row['path'].rpartition('tumor_type=')[2]}": row["state"]
        for row in frame.to_dicts()
        if row["state"] not in ("whole", "no record")
    }


def flip(path: Path, position: int) -> None:
    """Flip a bit in place; neither size nor time change."""
    status = path.stat()
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    with path.open("r+b") as handle:  # the same inode
        handle.write(bytes(content))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def index_file(engine: Engine, name: str) -> Path:
    return next(engine.store.index_folder(ACC).glob(f"*/{name}"))


def test_a_store_just_made_is_whole(engine: Engine) -> None:
    before = snapshot(engine.store.root)
    frame = engine.verify()
    assert frame.filter(frame["state"] == "whole")["kind"].to_list() == ["table", "index"] * 2
    assert set(frame["state"]) == {"whole", "no record"}
    assert snapshot(engine.store.root) == before


def test_an_empty_store_is_fine(tmp_path: Path, cli: Cli) -> None:
    assert open_store(tmp_path / "nothing").verify().height == 0
    assert cli("--cache", tmp_path / "nothing", "verify").returncode == 0
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("name", ["ranks.npy", "values.npy", "genes.txt"])
def test_a_bit_that_flipped_in_an_index_is_seen_and_mended(engine: Engine, name: str) -> None:
    answer = engine.correlate("RELA", "NFE2L2").frame
    flip(index_file(engine, name), -5 if name != "genes.txt" else 0)
    state = {"index ACC": "damaged"}
    if name == "genes.txt":  # has its own hash: no index at all
        state = {"index ACC": "damaged"}
    assert faults(engine) == state
    assert faults(engine, repair=True) == {"index ACC": "mended"}
    assert faults(engine) == {}
    assert engine.correlate("RELA", "NFE2L2").frame.equals(answer)


def test_every_bit_of_the_ranks_counts(engine: Engine) -> None:
    path = index_file(engine, "ranks.npy")
    size = path.stat().st_size
    rng = np.random.default_rng(3)
    for position in rng.integers(128, size, 6).tolist():
        flip(path, position)
        assert faults(engine) == {"index ACC": "damaged"}
        flip(path, position)
    assert faults(engine) == {}


def test_a_damaged_table_is_made_again_of_its_download(engine: Engine) -> None:
    path = engine.store.table_path(ACC)
    whole = path.read_bytes()
    flip(path, len(whole) // 2)
    assert faults(engine) == {"table ACC/table.parquet": "damaged"}
    assert faults(engine, repair=True) == {"table ACC/table.parquet": "mended"}
    assert path.read_bytes() == whole
    assert faults(engine) == {}


@pytest.mark.parametrize(
    "damage", [lambda path: path.write_bytes(b""), lambda path: path.write_bytes(b"PAR1 no")]
)
def test_a_mangled_table_is_made_again(engine: Engine, damage: Callable[[Path], object]) -> None:
    damage(engine.store.table_path(ACC))
    assert faults(engine) == {"table ACC/table.parquet": "damaged"}
    assert faults(engine, repair=True) == {"table ACC/table.parquet": "mended"}
    assert engine.correlate("RELA", "NFE2L2").frame.height == 2


def test_a_changed_footer_is_seen(engine: Engine) -> None:
    """What stands outside the checked pages is seen by the hash the table was indexed with."""
    path = engine.store.table_path(ACC)
    content = path.read_bytes()
    flip(path, content.rindex(b'"patient": "TCGA-00') + len('"patient": "TCGA-00-'))
    found = faults(engine)
    assert found
    assert set(found.values()) == {"damaged"}


def test_a_table_in_the_wrong_place_is_seen(engine: Engine) -> None:
    shutil.copy(engine.store.table_path(LIHC), engine.store.table_path(ACC))
    assert faults(engine) == {"table ACC/table.parquet": "damaged"}


def test_a_table_of_other_data_than_the_download_is_not_mended(
    engine: Engine, tmp_path: Path
) -> None:
    """The store's table was loaded from another file: the download would change it silently."""
    other = next(iter(write_atlas(tmp_path / "other", n_genes=350, tumor_types=("ACC",))))
    engine.load(other, LoadOptions(source="simulated"))
    path = engine.store.table_path(ACC)
    flip(path, path.stat().st_size // 2)
    assert faults(engine, repair=True) == {"table ACC/table.parquet": "damaged"}
    assert path.exists()


def test_a_table_that_tells_nothing_is_mended_as_its_index_remembers_it(engine: Engine) -> None:
    path = engine.store.table_path(ACC)
    whole = path.read_bytes()
    path.write_bytes(whole[:-50])
    assert faults(engine, repair=True) == {"table ACC/table.parquet": "mended"}
    assert path.read_bytes() == whole
    shutil.rmtree(engine.store.index_folder(ACC))
    path.write_bytes(whole[:-50])
    assert faults(engine, repair=True) == {"table ACC/table.parquet": "damaged"}


def test_an_own_table_is_not_mended_but_its_user_told(tmp_path: Path, cli: Cli) -> None:
    store = tmp_path / "cache"
    rows = [(name, [(number + one) / 2 for one in range(12)]) for number, name in enumerate(GENES)]
    table = write_table(tmp_path / "mine.tsv", barcodes(12), rows)
    engine = open_store(store)
    own = LoadOptions(source="mine", tumor_type="LIHC", unit="log2(tpm+1)")
    assert not engine.load([table], own).errors
    path = engine.store.table_path(TableKey("mine", "LIHC"))
    path.write_bytes(path.read_bytes()[:-100])
    damaged = snapshot(store)
    for arguments in (("verify",), ("verify", "--repair")):
        result = cli("--cache", store, *arguments, "--format", "tsv")
        assert result.returncode == 1
        assert b"tcga-corr remove --source mine -t LIHC" in result.stdout
        assert snapshot(store) == damaged


def test_an_index_that_is_not_built_is_fine(engine: Engine) -> None:
    shutil.rmtree(engine.store.index_folder(ACC))
    assert faults(engine) == {"index ACC": "not built"}


def test_what_a_kill_left_is_removed(engine: Engine) -> None:
    folder = engine.store.table_path(ACC).parent
    ours = partial_path(folder / "table.parquet")
    dead = ours.name.replace(f".{os.getpid()}.", ".999999999.")
    (folder / dead).write_bytes(b"half")
    elsewhere = folder / ".table.parquet.another-host.999999999.part"
    for at_work in (ours, elsewhere):
        at_work.write_bytes(b"half")
    orphan = engine.store.root / "index" / "source=gone" / "tumor_type=ACC"
    (orphan / "half an index").mkdir(parents=True)
    assert list(faults(engine).values()) == ["leftover", "leftover"]
    assert list(faults(engine, repair=True).values()) == ["mended", "mended"]
    assert faults(engine) == {}
    assert not orphan.exists()
    assert not (folder / dead).exists()
    # one of this process, and one of a machine that may share the store
    assert ours.read_bytes() == elsewhere.read_bytes() == b"half"


def test_downloads_are_held_to_their_records(engine: Engine) -> None:
    from tcga_corr.files import sha256_of

    folder = engine.store.downloads("tcga-hiseqv2") / "TCGA.ACC.sampleMap"
    folder.mkdir(parents=True)
    for name in ("HiSeqV2.gz", "other.gz"):
        target = folder / name
        target.write_bytes(b"\x1f\x8b as it came")
        record = {
            "url": "https://hub/x", "etag": None, "last_modified": None,
            "size": target.stat().st_size, "sha256": sha256_of(target), "fetched_at": "2026",
        }  # fmt: skip
        target.with_name(f"{name}.json").write_text(json.dumps(record))
    (folder / ".third.gz.download").write_bytes(b"half")
    assert set(faults(engine).values()) == {"unfinished"}
    flip(folder / "HiSeqV2.gz", 5)
    (folder / "other.gz").unlink()
    rows = {row["path"].rpartition("/")[2]: row for row in engine.verify().to_dicts()}
    assert rows["HiSeqV2.gz"]["state"] == "damaged"
    assert rows["other.gz"]["state"] == "missing"
    assert rows["other.gz"]["remedy"] == "Run `tcga-corr fetch ACC --source tcga-hiseqv2`"


def test_a_part_of_a_store(engine: Engine) -> None:
    frame = engine.verify(["LIHC"], "simulated")
    assert frame["kind"].to_list() == ["table", "index"]
    assert all("LIHC" in path for path in frame["path"])
    for part in ({"source": "nothing"}, {"tumor_types": ["BRCA"]}):
        with pytest.raises(DataMissingError, match=r"not loaded|no source"):
            engine.verify(**part)  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize("step", ["check_table", "check_index"])
def test_a_table_that_is_removed_meanwhile_is_no_fault(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    real = getattr(verification, step)

    def check(store: Store, key: TableKey) -> object:
        if key == ACC:
            engine.remove("simulated", ["ACC"])
        return real(store, key)

    monkeypatch.setattr(verification, step, check)
    assert faults(engine) == {}
    assert [key.tumor_type for key in engine.store.table_keys()] == ["LIHC"]


def test_a_table_that_is_replaced_meanwhile_is_no_fault(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its index was right, and gone a moment later: the next use makes that of the new table."""
    monkeypatch.setattr(verification, "index_by_hash", lambda store, key: None)
    assert set(faults(engine).values()) == {"not built"}


def test_an_index_of_the_table_as_it_was_before_is_none(engine: Engine) -> None:
    """As a load that is killed leaves it between the table and its index."""
    folder = engine.store.index_folder(TableKey("simulated", "ACC"))
    (own,) = folder.glob("[!.]*")
    own.rename(folder / "0123456789abcdef")
    described = folder / "0123456789abcdef" / "index.json"
    record = json.loads(described.read_text(encoding="utf-8"))
    described.write_text(
        json.dumps(record | {"table_sha256": "0" * 64, "table_stamp": [0, 0, 0]}), encoding="utf-8"
    )
    assert faults(engine) == {"index ACC": "not built"}
    assert engine.correlate("RELA", "NFE2L2", null=(), tumor_types=["ACC"]).frame["n"][0] > 10
    assert faults(engine) == {}


@pytest.mark.slow
def test_verify_on_the_command_line(engine: Engine, cli: Cli) -> None:
    store = engine.store.root
    result = cli("--cache", store, "verify", "--format", "tsv")
    assert (result.returncode, result.stdout.count(b"\n")) == (0, 5)  # no record: four files
    assert b"4 whole" in result.stderr
    listed = cli("--cache", store, "verify", "--all", "--format", "tsv")
    assert listed.stdout.count(b"\n") == 9
    flip(index_file(engine, "ranks.npy"), -5)
    assert cli("--cache", store, "verify").returncode == 1
    mended = cli("--cache", store, "verify", "--repair", "--format", "tsv")
    assert mended.returncode == 0
    assert b"mended" in mended.stdout
    assert cli("--cache", store, "verify").returncode == 0


# --- remove --------------------------------------------------------------------------------------


def test_a_removed_table_is_gone_with_all_that_is_made_of_it(engine: Engine) -> None:
    others = {name for name in snapshot(engine.store.root) if "ACC" not in name}
    (removed,) = engine.remove("simulated", ["acc"])
    assert removed.path == "expression/source=simulated/tumor_type=ACC"
    assert removed.size > 10_000
    left = set(snapshot(engine.store.root))
    assert {name for name in left if not name.startswith("downloads/")} == {
        name for name in others if not name.startswith("downloads/")
    }
    assert engine.status()["tumor_type"].to_list() == ["LIHC"]
    assert set(engine.sql("SELECT DISTINCT tumor_type FROM tables")["tumor_type"]) == {"LIHC"}
    # its download is still there
    paths = sorted(engine.store.downloads("simulated").glob("*/HiSeqV2.gz"))
    assert len(engine.load(paths, LoadOptions(source="simulated")).loaded) == 2


def test_a_whole_source_with_its_downloads(engine: Engine) -> None:
    removed = engine.remove("simulated", downloads=True)
    assert [one.path for one in removed] == [
        "expression/source=simulated/tumor_type=ACC",
        "expression/source=simulated/tumor_type=LIHC",
        "downloads/simulated",
    ]
    with pytest.raises(DataMissingError):
        engine.status()
    assert not engine.store.downloads("simulated").exists()


def test_the_download_of_one_tumor_type(engine: Engine) -> None:
    engine.remove("simulated", ["ACC"], downloads=True)
    folders = {path.name for path in engine.store.downloads("simulated").iterdir()}
    assert folders == {"TCGA.LIHC.sampleMap", "planted.json", "simulated_clinical.tsv"}


def test_what_is_not_there_cannot_be_removed(engine: Engine, cli: Cli) -> None:
    before = snapshot(engine.store.root)
    for arguments in (("simulated", ["BRCA", "ACC"]), ("toil", [])):
        with pytest.raises(DataMissingError, match="not in the store"):
            engine.remove(*arguments)
    with pytest.raises(UsageError, match="not one file a tumor type"):
        engine.remove("pancanatlas", ["ACC"], downloads=True)
    assert cli("--cache", engine.store.root, "remove").returncode == 2
    for name in ("..", "../..", "", ".", "/", "a/b", "source=x"):
        with pytest.raises(UsageError, match="cannot name a source"):
            engine.remove(name, downloads=True)
    result = cli("--cache", engine.store.root, "remove", "--source", "toil")
    assert result.returncode == 3
    assert snapshot(engine.store.root) == before


def test_a_table_that_is_open_stays_readable(engine: Engine) -> None:
    index = open_index(engine.store, ACC)
    first = np.array(index.values)
    engine.remove("simulated", ["ACC"])
    assert np.array_equal(index.values, first)


def test_remove_on_the_command_line(engine: Engine, cli: Cli) -> None:
    store = engine.store.root
    result = cli("--cache", store, "remove", "--source", "simulated", "-t", "ACC,LIHC")
    assert result.returncode == 0
    assert result.stdout == b""
    assert result.stderr.count(b"removed expression/") == 2
    assert cli("--cache", store, "verify").returncode == 0
