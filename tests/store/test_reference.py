"""The reference collection's index: what it holds, and that it is whole or made anew."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from tcga_corr.engine import Engine, open_store
from tcga_corr.errors import StoreError
from tcga_corr.scoring.rank_sums import scores_of_sums
from tcga_corr.scoring.ssgsea import enrichment_scores, weights_by_doubled_rank
from tcga_corr.store import reference
from tcga_corr.store.index import TableIndex, check_index, drop_index, open_index
from tcga_corr.store.layout import Store, TableKey
from tcga_corr.store.reference import (
    ReferenceIndex,
    check_reference,
    drop_reference,
    open_reference,
)
from tcga_corr.vocabulary.gene_sets.catalogue import reference_digest, reference_sets
from tcga_corr.vocabulary.matching import match_symbols
from tcga_corr.vocabulary.symbols import symbol_table
from tests.conftest import DIE_BEFORE, barcodes, snapshot, write_table

Rows = NDArray[np.intp]
KEY = TableKey("tcga-hiseqv2", "ACC")
NAMES = ("sums.npy", "rows.npy", "offsets.npy", "numbers.npy")
N_GENES = 1_000


@cache
def symbols(n: int = N_GENES) -> tuple[str, ...]:
    """Genes of small reference sets, so that of many sets a table of them has enough."""
    by_size = sorted(reference_sets().values(), key=lambda known: (len(known.genes), known.name))
    genes = dict.fromkeys(gene for known in by_size[::13] for gene in known.genes)
    genes = {gene: None for gene in genes if "ORF" not in gene}  # a table has them as C1orf112
    return tuple(sorted(list(genes)[:n]))


def simulated_values(n_genes: int, n_samples: int, seed: int) -> NDArray[np.float64]:
    """Genes that follow some hidden activities; ties, zeros, and genes that vary in no sample."""
    rng = np.random.default_rng(seed)
    loading = rng.normal(0, 1, (n_genes, 4)) * (rng.random((n_genes, 4)) < 0.3)
    values = rng.normal(6, 3, (n_genes, 1)) + loading @ rng.normal(0, 1, (4, n_samples))
    values += rng.normal(0, 0.8, values.shape)
    values = np.maximum(values, 0).round(1)
    values[rng.random(n_genes) < 0.03] = 0
    return values


def write_symbols(
    folder: Path, tumor_type: str, n: int, seed: int, genes: Sequence[str] = ()
) -> Path:
    """A table of tumor samples, and every third patient's normal one, which stand between them."""
    genes = genes or symbols()
    site = tumor_type[:2]
    samples = [*barcodes(n, site=site), *barcodes(n, "11", site)[::3]]
    values = simulated_values(len(genes), len(samples), seed)
    path = folder / f"TCGA.{tumor_type}.sampleMap" / "HiSeqV2"
    return write_table(path, samples, zip(genes, values.tolist(), strict=True))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A store of one table with its reference index. Read only: it is shared by tests."""
    folder = tmp_path_factory.mktemp("reference")
    engine = open_store(folder / "cache")
    assert not engine.load(write_symbols(folder, "ACC", 14, 1)).errors
    open_reference(engine.store, table_of(engine.store))
    return engine


@pytest.fixture
def store(built: Engine, tmp_path: Path) -> Store:
    """A copy of it, to change."""
    return Store(shutil.copytree(built.store.root, tmp_path / "cache"))


def table_of(store: Store) -> TableIndex:
    return open_index(store, KEY)


def folder_of(store: Store) -> Path:
    (folder,) = store.index_folder(KEY).glob("*/reference-*")
    return folder


def opened(store: Store) -> ReferenceIndex:
    return open_reference(store, table_of(store))


def files(store: Store) -> dict[str, bytes]:
    """What the index of the reference collection holds, and all that stands beside it."""
    return snapshot(store.index_folder(KEY))


def times(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in [folder, *folder.rglob("*")]}


# --- content -------------------------------------------------------------------------------------


def test_the_sets_are_those_of_the_collection_by_size(built: Engine) -> None:
    """Those of which the table has five genes or more, each by the rows of its genes."""
    index, row = opened(built.store), {gene: row for row, gene in enumerate(symbols())}
    sets = {}
    for name, known in reference_sets().items():
        found = match_symbols(known.genes, row).found.values()
        if len(found) >= 5:
            sets[name] = sorted(row[gene] for gene in found)
    names = sorted(sets, key=lambda name: len(sets[name]))
    expected = [sets[name] for name in names]
    assert len(expected) > 1_000
    assert index.names == names
    assert [index.genes(number).tolist() for number in range(len(expected))] == expected
    assert index.sizes.tolist() == [len(rows) for rows in expected]
    assert index.sizes[0] == 5
    assert len(index.offsets) == len(expected) + 1
    assert index.offsets[-1] == len(index.rows)


def test_the_sums_are_those_of_the_ranks(built: Engine) -> None:
    table, index = table_of(built.store), opened(built.store)
    rank = stats.rankdata(np.asarray(table.values), axis=0)
    n_samples = len(table.metadata.samples)
    assert n_samples == 19  # of both kinds
    assert index.sums.shape == (len(index.sizes), 3, n_samples)
    assert index.sums.dtype == np.float64
    for number in range(0, len(index.sizes), 7):
        of_set = rank[index.genes(number)]
        expected = [(of_set**0.25).sum(0), (of_set**1.25).sum(0), of_set.sum(0)]
        np.testing.assert_allclose(index.sums[number], expected, rtol=1e-14)


def test_scores_of_the_sums_are_those_of_the_genes(built: Engine) -> None:
    table, index = table_of(built.store), opened(built.store)
    n_genes = len(table.genes)
    weights = weights_by_doubled_rank(n_genes, "average")
    scores = scores_of_sums(index.sums, index.sizes, n_genes)
    for number, found in enumerate(scores):
        expected = enrichment_scores(table.ranks[index.genes(number)], n_genes, weights)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12 * n_genes)


def test_a_gene_is_found_by_another_name(tmp_path: Path) -> None:
    genes = list(symbols(300))
    own = symbol_table().own_names
    renamed = {
        gene.symbol: own(gene)[1]
        for gene in map(symbol_table().resolve, genes[:40])
        if gene.symbol in genes and len(own(gene)) > 1
    }
    other = {name for name in renamed.values() if name not in genes}
    assert len(other) > 20
    names = [renamed[gene] if renamed.get(gene) in other else gene for gene in genes]
    engine = open_store(tmp_path / "cache")
    assert not engine.load(write_symbols(tmp_path, "ACC", 4, 2, names)).errors
    index = opened(engine.store)
    assert list(table_of(engine.store).genes) == sorted(names)
    rows = {gene: sorted(names).index(name) for gene, name in zip(genes, names, strict=True)}
    expected = [
        {rows[gene] for gene in known.genes if gene in rows} for known in reference_sets().values()
    ]
    assert sorted(map(sorted, filter(lambda of: len(of) >= 5, expected))) == sorted(
        index.genes(number).tolist() for number in range(len(index.sizes))
    )


@pytest.mark.slow
def test_a_table_of_which_no_set_has_enough_genes(tmp_path: Path) -> None:
    """It has an index too, of no set."""
    engine = open_store(tmp_path / "cache")
    unknown = [f"NOGENE{number}" for number in range(40)]
    assert not engine.load(write_symbols(tmp_path, "ACC", 6, 2, [*unknown, "RELA"])).errors
    table = table_of(engine.store)
    for _ in range(2):
        index = open_reference(engine.store, table)
        assert index.sums.shape == (0, 3, 8)
        assert len(index.rows) == len(index.sizes) == 0
        assert has_reference(engine.store, table)
        assert check_reference(engine.store, table) is None


def has_reference(store: Store, table: TableIndex) -> bool:
    """Whether the sums are there, whole."""
    return check_reference(store, table) is None


# --- built once ----------------------------------------------------------------------------------


def test_it_is_built_once_and_then_opened(built: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening it takes no lock and writes nothing."""
    store, before = built.store, times(built.store.root)
    table = table_of(store)

    def refuse(*arguments: object) -> None:
        raise AssertionError("locked")

    monkeypatch.setattr(Store, "locked", refuse)
    assert has_reference(store, table)
    first, again = open_reference(store, table), open_reference(store, table)
    assert isinstance(first.sums, np.memmap)
    assert not first.sums.flags.writeable
    for name in ("sums", "rows", "offsets", "numbers"):
        assert np.array_equal(getattr(first, name), getattr(again, name))
    assert check_reference(store, table) is None
    assert times(store.root) == before


def test_what_is_built_is_what_is_opened(store: Store) -> None:
    table, before = table_of(store), files(store)
    drop_reference(store, table)
    assert not has_reference(store, table)
    assert check_reference(store, table) == ""
    new = open_reference(store, table)
    old = open_reference(store, table)
    for name in ("sums", "rows", "offsets", "numbers"):
        assert np.array_equal(getattr(new, name), getattr(old, name))
    assert files(store) == before


def test_it_is_built_in_parts(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What bounds the memory of building changes no byte."""
    table, before = table_of(store), files(store)
    drop_reference(store, table)
    monkeypatch.setattr(reference, "_BLOCK", 7)
    open_reference(store, table)
    assert files(store) == before
    assert check_reference(store, table) is None


def test_dropping_it_leaves_the_rest_of_the_index(store: Store) -> None:
    table, before = table_of(store), files(store)
    drop_reference(store, table)
    drop_reference(store, table)  # once more does no harm
    left = {name: content for name, content in before.items() if "reference-" not in name}
    assert files(store) == left
    assert len(left) == 4
    assert check_index(store, KEY) is None


def test_it_stands_in_the_folder_of_the_table_by_the_collection(built: Engine) -> None:
    table = table_of(built.store)
    folder = folder_of(built.store)
    assert folder.name == f"reference-3-{reference_digest()[:16]}"
    assert folder.parent.name == table.table_sha256[:16]
    assert {path.name for path in folder.iterdir()} == set(NAMES)


def test_it_goes_with_the_index_of_a_table_that_changed(store: Store, tmp_path: Path) -> None:
    old, before = folder_of(store), np.array(opened(store).sums)
    engine = Engine(store)
    assert not engine.load(write_symbols(tmp_path, "ACC", 14, 99)).errors
    table = table_of(store)
    assert not has_reference(store, table)
    assert check_reference(store, table) == ""
    index = open_reference(store, table)
    assert not old.parent.exists()
    assert folder_of(store).parent != old.parent
    assert index.sums.shape == before.shape
    assert not np.array_equal(index.sums, before)
    assert check_reference(store, table) is None
    drop_index(store, KEY)
    assert files(store) == {}


def test_it_stays_with_a_table_that_was_copied(store: Store) -> None:
    """Only the stamp of the table is another; the time of the sums is as it was."""
    folder = folder_of(store)
    before = times(folder)
    assert has_reference(store, table_of(store))
    opened(store)
    assert times(folder) == before


def test_another_collection_has_an_index_of_its_own(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what was made of the former is removed."""
    table, old, before = table_of(store), folder_of(store), files(store)
    left = old.with_name(f".{old.name}.1.part")
    left.mkdir()
    monkeypatch.setattr(reference, "reference_digest", lambda: "f" * 64)
    assert not has_reference(store, table)
    open_reference(store, table)
    assert folder_of(store).name == "reference-3-" + 16 * "f"
    assert not old.exists()
    assert not left.exists()
    assert {name.replace("f" * 16, old.name[-16:]) for name in files(store)} == set(before)
    monkeypatch.undo()
    open_reference(store, table)
    assert files(store) == before


def test_one_of_an_older_format_is_made_anew(store: Store) -> None:
    """It is no damage, and is removed."""
    table, folder, before = table_of(store), folder_of(store), files(store)
    older = folder.rename(folder.with_name(f"reference-{reference_digest()[:16]}"))
    np.save(older / "sums.npy", np.load(older / "sums.npy").astype(np.float32))
    assert not has_reference(store, table)
    assert check_reference(store, table) == ""
    open_reference(store, table)
    assert not older.exists()
    assert files(store) == before


def assert_not_those_sets(fault: str | None) -> None:
    assert fault is not None
    assert "reference sets are not those of the collection" in fault


# --- damage --------------------------------------------------------------------------------------


@pytest.mark.parametrize("cut", [None, 0, 5, 100, 128, -1])
@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_index_is_made_anew(store: Store, name: str, cut: int | None) -> None:
    table, before = table_of(store), files(store)
    path = folder_of(store) / name
    if cut is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:cut])
    assert not has_reference(store, table)
    assert_not_those_sets(check_reference(store, table))
    index = open_reference(store, table)
    assert files(store) == before
    assert np.array_equal(index.sums, np.load(path.with_name("sums.npy")))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("sums.npy", lambda array: array[:-1]),
        ("sums.npy", lambda array: array[:, :2]),
        ("sums.npy", lambda array: array[:, :, 1:]),
        ("rows.npy", lambda array: array[:-1]),
        ("offsets.npy", lambda array: array[:-1]),
        ("offsets.npy", lambda array: array[1:]),
        ("offsets.npy", lambda array: array[:0]),
        ("numbers.npy", lambda array: array[:-1]),
        ("sums.npy", lambda array: array.astype(np.float32)),
    ],
)
def test_arrays_that_do_not_fit_each_other_are_made_anew(
    store: Store, name: str, change: object
) -> None:
    table, before = table_of(store), files(store)
    path = folder_of(store) / name
    np.save(path, change(np.load(path)))  # type: ignore[operator]
    assert not has_reference(store, table)
    open_reference(store, table)
    assert files(store) == before


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("place", [0.0, 0.5, 1.0])
def test_a_flipped_bit_is_found(store: Store, name: str, place: float) -> None:
    """The first of the array's bytes, one in the middle, and the last."""
    table, before = table_of(store), files(store)
    assert check_reference(store, table) is None
    path = folder_of(store) / name
    content = bytearray(path.read_bytes())
    where = 128 + int(place * (len(content) - 129))
    content[where] ^= 1
    path.write_bytes(content)
    fault = check_reference(store, table)
    if name == "sums.npy":
        assert fault is not None
        assert "not those of the table's ranks" in fault
    else:
        assert_not_those_sets(fault)
    drop_reference(store, table)
    assert check_reference(store, table) == ""
    open_reference(store, table)
    assert check_reference(store, table) is None
    assert files(store) == before


@pytest.mark.parametrize("change", [-1, 1])
def test_a_set_too_few_or_too_many_is_found(store: Store, change: int) -> None:
    """Where the files fit each other."""
    table, index = table_of(store), opened(store)
    last = index.genes(len(index.sizes) - 1)
    if change < 0:
        rows, ends = index.rows[: -len(last)], index.offsets[:-1]
        arrays = index.sums[:-1], rows, ends, index.numbers[:-1]
    else:
        ends = np.append(index.offsets, index.offsets[-1] + len(last))
        sums = np.concatenate([index.sums, index.sums[-1:]])
        numbers = np.append(index.numbers, index.numbers[-1:])
        arrays = sums, np.concatenate([index.rows, last]), ends, numbers
    folder = folder_of(store)
    for name, array in zip(NAMES, [array.copy() for array in arrays], strict=True):
        np.save(folder / name, array)
    assert len(open_reference(store, table).sizes) == len(index.sizes) + change
    assert_not_those_sets(check_reference(store, table))


def test_the_order_of_the_sets_is_checked(store: Store) -> None:
    """Two sets of one size, changed for each other with their sums, are those of no collection."""
    table, index = table_of(store), opened(store)
    first = int(np.flatnonzero(np.diff(index.sizes) == 0)[0])
    rows, sums = np.array(index.rows), np.array(index.sums)
    one, other = (slice(*index.offsets[first + i : first + i + 2]) for i in (0, 1))
    rows[one], rows[other] = index.rows[other], index.rows[one]
    sums[[first, first + 1]] = sums[[first + 1, first]]
    assert not np.array_equal(rows, index.rows)
    np.save(folder_of(store) / "rows.npy", rows)
    np.save(folder_of(store) / "sums.npy", sums)
    assert_not_those_sets(check_reference(store, table))


# --- writing -------------------------------------------------------------------------------------


def assert_one_line(error: StoreError, *texts: str) -> None:
    assert "\n" not in str(error)
    assert all(text in str(error) for text in texts)
    assert error.remedy


def test_where_no_lock_can_be_taken(store: Store) -> None:
    table = table_of(store)
    drop_reference(store, table)
    shutil.rmtree(store.root / "locks")
    (store.root / "locks").write_bytes(b"in the way")
    before = snapshot(store.root)
    with pytest.raises(StoreError) as refused:
        open_reference(store, table)
    assert_one_line(refused.value, str(store.root), "cannot be written")
    assert snapshot(store.root) == before


def test_a_store_that_may_not_be_written(store: Store) -> None:
    """What is there is opened; what is not is made for this once, and nothing is written."""
    table = table_of(store)
    folders = [store.root, *(path for path in store.root.rglob("*") if path.is_dir())]
    without_locks = [path for path in folders if path.name != "locks"]
    try:
        for path in folders:
            path.chmod(0o555)
        if os.access(store.root, os.W_OK):
            pytest.skip("this user may write anywhere")
        assert len(open_reference(store, table).sizes) > 1_000
        for path in folders:
            path.chmod(0o755)
        drop_reference(store, table)
        for several in (without_locks, folders):
            for path in filter(Path.exists, several):
                path.chmod(0o555)
            before = snapshot(store.root)
            assert len(open_reference(store, table).sizes) > 1_000
            assert snapshot(store.root) == before
    finally:
        for path in filter(Path.exists, folders):
            path.chmod(0o755)


@pytest.mark.parametrize("step", [0, 1, 2])
def test_a_full_disk_leaves_nothing_half(
    store: Store, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Whichever of the files does not fit."""
    table, whole = table_of(store), files(store)
    drop_reference(store, table)
    before = files(store)
    synced: list[int] = []
    fsync = os.fsync

    def full(descriptor: int) -> None:
        if len(synced) == step:
            raise OSError(errno.ENOSPC, "No space left on device")
        synced.append(descriptor)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError) as refused:
        open_reference(store, table)
    assert_one_line(refused.value, "cannot be written", "No space left", "Free some space")
    assert len(synced) == step
    monkeypatch.undo()
    assert files(store) == before
    assert check_reference(store, table) == ""
    open_reference(store, table)
    assert files(store) == whole


KILLED_AT_A_STEP = (
    DIE_BEFORE
    + """
from pathlib import Path
from tcga_corr.store.index import open_index
from tcga_corr.store.layout import Store, TableKey
from tcga_corr.store.reference import check_reference, open_reference
import filelock

# Fork, build, and be killed just before the n-th step that changes the index.
store = Store(Path(sys.argv[1]))
table = open_index(store, TableKey("tcga-hiseqv2", "ACC"))
assert check_reference(store, table) is None  # which looks the genes up, and keeps them
STEPS = ("open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "shutil.rmtree")
print("ready", flush=True)
for step in sys.stdin:
    child = os.fork()
    if child == 0:
        die_before(int(step), str(store.root / "index"), STEPS)
        open_reference(store, table)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""
)


@pytest.mark.slow
@pytest.mark.parametrize("damaged", [False, True])
def test_killed_before_each_step_of_building(store: Store, damaged: bool) -> None:
    """Of a new index, or of one in place of a damaged: none or the whole one, never half."""
    table, whole = table_of(store), files(store)
    with subprocess.Popen(
        [sys.executable, "-c", KILLED_AT_A_STEP, store.root],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as stepper:
        assert stepper.stdin is not None
        assert stepper.stdout is not None
        assert stepper.stdout.readline() == "ready\n"
        codes, there = [], []
        while 0 not in codes:
            assert len(codes) < 60
            if damaged:
                path = folder_of(store) / "rows.npy"
                path.write_bytes(path.read_bytes()[:-1])
            else:
                drop_reference(store, table)
            print(len(codes), file=stepper.stdin, flush=True)
            codes.append(int(stepper.stdout.readline()))
            there.append(has_reference(store, table))
            if there[-1]:
                assert check_reference(store, table) is None
            open_reference(store, table)
            assert files(store) == whole
            assert list(store.root.rglob("*.part")) == []
        stepper.stdin.close()
        assert stepper.wait(timeout=30) == 0
    assert set(codes[:-1]) == {-signal.SIGKILL}
    assert len(codes) > 5
    assert there == sorted(there)
    assert there[-1]


SAY_SUMS = """
import hashlib, sys
from pathlib import Path
from tcga_corr.store.index import open_index
from tcga_corr.store.layout import Store, TableKey
from tcga_corr.store.reference import open_reference
store = Store(Path(sys.argv[1]))
table = open_index(store, TableKey("tcga-hiseqv2", "ACC"))
print("ready", flush=True)
sys.stdin.readline()
index = open_reference(store, table)
print(hashlib.sha256(index.sums.tobytes() + index.rows.tobytes()).hexdigest())
"""


@pytest.mark.slow
def test_processes_that_need_it_at_once(store: Store) -> None:
    """One of them builds it, and the others wait for it."""
    table, whole = table_of(store), files(store)
    drop_reference(store, table)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SAY_SUMS, store.root],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    answers = set()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        stdout, stderr = process.communicate(timeout=60)
        assert (process.returncode, stderr) == (0, "")
        answers.add(stdout)
    assert len(answers) == 1
    assert files(store) == whole
    assert check_reference(store, table) is None


def test_who_waited_opens_what_another_has_built(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the lock is waited for: the index is built but once."""
    table = table_of(store)
    whole = files(store)
    aside = store.root / "aside"
    folder = folder_of(store)
    folder.rename(aside)
    locked = Store.locked

    def built_meanwhile(self: Store, key: TableKey) -> object:
        aside.rename(folder)
        return locked(self, key)

    before = {path.name: path.stat().st_mtime_ns for path in aside.iterdir()}
    monkeypatch.setattr(Store, "locked", built_meanwhile)
    open_reference(store, table)
    assert files(store) == whole
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
