"""Damage to what a store says of its samples: no question answers with the wrong ones."""

from __future__ import annotations

import io
import itertools
import json
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tcga_corr.engine import Engine, open_store
from tcga_corr.errors import DamagedTableError, DataMissingError, StoreError, TcgaCorrError
from tcga_corr.fetching.simulation import write_atlas
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.store import sql
from tcga_corr.store.index import index_by_hash as open_by_hash
from tcga_corr.store.layout import Store, TableKey
from tcga_corr.store.parquet import read_values
from tcga_corr.upkeep import inventory
from tests.attack.support import Tally, check_one_line, edited, flipped, scaled
from tests.conftest import snapshot

ACC, LIHC = TableKey("simulated", "ACC"), TableKey("simulated", "LIHC")


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of two simulated tables, made of files among its downloads, and asked once."""
    root = tmp_path_factory.mktemp("damage") / "cache"
    engine = open_store(root)
    folder = engine.store.downloads("simulated")
    paths = list(write_atlas(folder, n_genes=400, tumor_types=("ACC", "LIHC")))
    engine.load(paths, LoadOptions(source="simulated")).raise_errors()
    ask(engine)
    return root


@pytest.fixture
def engine(pristine: Path, tmp_path: Path) -> Engine:
    """A copy of it, with the same times."""
    shutil.copytree(pristine, tmp_path / "cache")
    engine = open_store(tmp_path / "cache")
    ask(engine)
    return engine


def ask(engine: Engine) -> dict[str, tuple[int, float]]:
    rows = engine.correlate("RELA", "NFE2L2", null="none").frame
    return {row["tumor_type"]: (row["n"], row["r"]) for row in rows.to_dicts()}


def ask_sql(engine: Engine) -> pl.DataFrame:
    return engine.sql(
        "SELECT tumor_type, count(*) FILTER (tumor) AS n FROM samples GROUP BY ALL ORDER BY ALL"
    )


def states(engine: Engine, **options: bool) -> dict[str, str]:
    rows = engine.verify(**options).to_dicts()
    bad = [row for row in rows if row["state"] not in ("whole", "no record", "not built")]
    return {
        f"{row['kind']} {row['path'].rpartition('tumor_type=')[2]}": row["state"] for row in bad
    }


def index_json(engine: Engine) -> Path:
    return next(engine.store.index_folder(ACC).glob("*/index.json"))


def no_tumor(content: bytes) -> bytes:
    for true, false in ((b'\\"tumor\\": true', b'\\"tumor\\":false'),
                        (b'"tumor": true', b'"tumor":false')):  # fmt: skip
        if true in content:
            return content.replace(true, false, 10)
    raise AssertionError("no sample is a tumour")


def test_an_index_that_says_other_things_of_samples(engine: Engine) -> None:
    """It is made again of the table before the next question."""
    right = ask(engine)
    edited(index_json(engine), no_tumor)
    assert states(engine) == {"index ACC": "damaged"}
    assert ask(engine) == right
    assert states(engine) == {}


@pytest.mark.parametrize("touched", [False, True])
def test_a_table_that_says_other_things_of_samples(engine: Engine, touched: bool) -> None:
    """Whether or not its time changed: it is made again of its download, or refused."""
    right, counts = ask(engine), ask_sql(engine)
    path = engine.store.table_path(ACC)
    edited(path, no_tumor)
    if touched:
        os.utime(path)
    with pytest.raises(StoreError, match="its metadata changed"):
        ask_sql(engine)
    if touched:
        with pytest.raises(StoreError, match="its metadata changed"):
            ask(engine)
    else:
        assert ask(engine) == right  # of the index, which is whole
    assert states(engine) == {"table ACC/table.parquet": "damaged"}
    assert states(engine, repair=True) == {"table ACC/table.parquet": "mended"}
    assert states(engine) == {}
    assert ask(engine) == right
    assert ask_sql(engine).equals(counts)


def swap(engine: Engine) -> None:
    for folder in (engine.store.table_path(ACC).parent, engine.store.index_folder(ACC)):
        other, spare = folder.with_name("tumor_type=LIHC"), folder.with_name(".spare")
        folder.rename(spare)
        other.rename(folder)
        spare.rename(other)


def as_another(engine: Engine) -> None:
    for folder in (engine.store.table_path(ACC).parent, engine.store.index_folder(ACC)):
        shutil.copytree(folder, folder.with_name("tumor_type=UVM"))


def as_another_source(engine: Engine) -> None:
    folder = engine.store.table_path(ACC).parent
    shutil.copytree(folder, folder.parents[1] / "source=mine" / folder.name)


@pytest.mark.parametrize("move", [swap, as_another])
def test_a_folder_in_the_wrong_place_is_refused(
    engine: Engine, move: Callable[[Engine], None]
) -> None:
    move(engine)
    for question in (ask, ask_sql):
        with pytest.raises(StoreError, match=r"a table of simulated (ACC|LIHC)"):
            question(engine)
    assert "damaged" in states(engine).values()


def test_a_folder_of_another_source_is_refused(engine: Engine) -> None:
    as_another_source(engine)
    with pytest.raises(StoreError, match="a table of simulated ACC"):
        engine.correlate("RELA", "NFE2L2", source="mine")


def test_a_table_that_is_gone_is_missed(engine: Engine) -> None:
    """By every question; it is made again of its download, and its index stays till then."""
    right, before = ask(engine), snapshot(engine.store.root)
    path = engine.store.table_path(ACC)
    path.unlink()
    for question in (ask, ask_sql, Engine.status):
        with pytest.raises(DataMissingError, match=r"ACC/table.parquet: the table is gone"):
            question(engine)
    assert states(engine) == {"table ACC/table.parquet": "missing"}
    assert states(engine, repair=True) == {"table ACC/table.parquet": "mended"}
    assert ask(engine) == right
    assert path.read_bytes() == before[str(path.relative_to(engine.store.root))]
    path.unlink()
    shutil.rmtree(engine.store.downloads("simulated"))
    assert states(engine, repair=True) == {"table ACC/table.parquet": "missing"}
    assert index_json(engine).exists()
    engine.remove("simulated", ["ACC"])
    assert list(ask(engine)) == ["LIHC"]


def test_a_folder_that_may_not_be_read_is_named(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir, hidden = os.scandir, engine.store.root / "expression" / "source=simulated"

    def refuse(path: object) -> object:
        if Path(str(path)) == hidden:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(str(path))

    monkeypatch.setattr(os, "scandir", refuse)
    for question in (ask, ask_sql, Engine.status):
        with pytest.raises(StoreError, match="source=simulated: may not be read"):
            question(engine)


@pytest.mark.parametrize("copy", ["times kept", "times new"])
def test_a_copy_of_a_store_is_whole(
    engine: Engine, tmp_path: Path, copy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where nothing may be written."""
    how = shutil.copy2 if copy == "times kept" else shutil.copyfile
    shutil.copytree(engine.store.root, tmp_path / "copy", copy_function=how)
    other = open_store(tmp_path / "copy")

    def refuse(*_: object) -> None:
        raise StoreError("nothing may be written")

    monkeypatch.setattr(Store, "locked", refuse)
    before = snapshot(other.store.root)
    assert states(other) == {}
    assert snapshot(other.store.root) == before


# --- tables that another process removes meanwhile ------------------------------------------------


@pytest.mark.parametrize("error", [FileNotFoundError, DamagedTableError])
def test_a_table_that_is_removed_while_sql_checks_it(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    """The query is asked again of what is left."""
    real, calls = sql.check_tables, []

    def check(store: Store) -> None:
        calls.append(store)
        if len(calls) == 1:
            open_store(store.root).remove("simulated", ["ACC"])
            raise error("table.parquet")
        real(store)

    monkeypatch.setattr(sql, "check_tables", check)
    assert ask_sql(engine)["tumor_type"].to_list() == ["LIHC"]
    assert len(calls) == 2


def test_tables_that_are_removed_while_they_are_listed(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inventory, "read_metadata", lambda *_: None)
    for question in (Engine.status, Engine.samples):
        with pytest.raises(DataMissingError, match="were removed meanwhile"):
            question(engine)


def test_values_of_a_table_that_is_gone(engine: Engine) -> None:
    """It is gone, not damaged: who reads it knows whether it was removed."""
    engine.store.table_path(ACC).unlink()
    with pytest.raises(FileNotFoundError):
        read_values(engine.store, ACC)


# --- any byte -------------------------------------------------------------------------------------


def regions(engine: Engine) -> dict[str, tuple[Path, int, int]]:
    """Every file of one tumor type by kind, and the parts of it that no array or page covers."""
    table, index = engine.store.table_path(ACC), index_json(engine)
    [download] = engine.store.downloads("simulated").glob("*ACC*/*")
    size = table.stat().st_size
    footer = int.from_bytes(table.read_bytes()[-8:-4], "little") + 8
    arrays = [index.with_name(name) for name in ("values.npy", "ranks.npy")]
    others = [index, index.with_name("genes.txt"), engine.store.root / "store.json", download]
    return {
        "table.parquet, footer": (table, size - footer, size),
        "table.parquet, all": (table, 0, size),
        **{path.name: (path, 0, path.stat().st_size) for path in others},
        **{f"{path.name}, header": (path, 0, 128) for path in arrays},
        **{f"{path.name}, numbers": (path, 128, path.stat().st_size) for path in arrays},
    }


@pytest.mark.slow
def test_any_byte_that_flips(engine: Engine) -> None:
    """A question gives the right number or refuses; verify names it; repair mends what it can.

    Of the numbers of an index alone nothing is asked: only verify compares them.
    """
    expected = {ask: ask(engine), ask_sql: ask_sql(engine)}
    rng, tally = np.random.default_rng(15), Tally("right", "refused", "named", "repaired")
    whole = snapshot(engine.store.root)
    wrong: list[str] = []
    for number in range(scaled(770)):
        kind, (path, start, stop) = list(regions(engine).items())[number % len(regions(engine))]
        place, bit = int(rng.integers(start, stop)), 1 << int(rng.integers(0, 8))
        edited(path, partial(flipped, place=place, bit=bit))
        columns, faults = outcome(engine, kind, expected)
        if path.name == "store.json" or kind == path.name == "HiSeqV2.gz":
            path.write_bytes(whole[str(path.relative_to(engine.store.root))])
        else:
            again = open_store(engine.store.root)
            again.verify(repair=True)
            if states(again) or ask(again) != expected[ask]:
                faults.append(f"not mended, {states(again)}")
            elif path.suffix == ".parquet" and path.read_bytes() != whole[
                str(path.relative_to(engine.store.root))
            ]:  # fmt: skip
                faults.append("mended to another table")
            columns += [] if faults else ["repaired"]
        tally.add(kind, *columns)
        wrong += [f"{kind}, byte {place}, bit {bit}: {fault}" for fault in faults]
    tally.show()
    assert wrong == []


def outcome(
    engine: Engine, kind: str, expected: dict[Callable[[Engine], Any], Any]
) -> tuple[list[str], list[str]]:
    """The columns of the tally in which a flipped byte counts, and what is wrong."""
    columns, wrong = [], []
    try:
        is_named = bool(states(open_store(engine.store.root)))
    except TcgaCorrError:
        is_named = True  # of store.json
    columns += ["named"] if is_named else []
    if not is_named and (".parquet" in kind or "numbers" in kind):
        wrong.append("not named")
    if "numbers" in kind:
        return columns, wrong
    refused = 0
    for question, right in expected.items():
        try:
            found = question(open_store(engine.store.root))
        except TcgaCorrError as error:
            check_one_line(error)
            refused += 1
            continue
        same = found.equals(right) if isinstance(found, pl.DataFrame) else found == right
        if not same:
            wrong.append(f"{question.__name__} answers {found}")
    return [*columns, "refused" if refused else "right"], wrong


def test_every_bit_of_the_headers_of_arrays(engine: Engine) -> None:
    """One that lost a bit may still be one, of other types or of values that begin elsewhere."""
    right, path = ask(engine), index_json(engine)
    for name in ("values.npy", "ranks.npy"):
        array, wrong = path.with_name(name), []
        whole = array.read_bytes()
        for place, bit in itertools.product(range(128), range(8)):
            array.write_bytes(flipped(whole[:128], place, 1 << bit) + whole[128:])
            found = open_by_hash(engine.store, ACC)
            if found is not None and not np.array_equal(
                getattr(found, name.partition(".")[0]),
                np.load(io.BytesIO(whole)),
            ):
                wrong.append((place, bit))
        array.write_bytes(whole)
        assert wrong == []
    assert ask(engine) == right


def test_metadata_are_hashed_in_table_and_index(engine: Engine) -> None:
    described = json.loads(index_json(engine).read_text())
    assert {"metadata", "metadata_sha256", "table_sha256", "genes_sha256"} <= set(described)
    import pyarrow.parquet as pq

    keys = pq.read_metadata(engine.store.table_path(ACC)).metadata
    assert {b"tcga_corr", b"tcga_corr_sha256"} <= set(keys)
