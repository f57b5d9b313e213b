"""Killed at any moment, or with others at work: the store is whole and no number is wrong."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tcga_corr.engine import Engine, open_store
from tcga_corr.errors import DataMissingError
from tcga_corr.fetching.simulation import write_atlas
from tcga_corr.files import replacing
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.store.layout import Store, TableKey
from tcga_corr.store.sql import named_query
from tests.conftest import DIE_BEFORE, run_cli, script_process, snapshot

pytestmark = pytest.mark.slow

TUMOR_TYPES = ("ACC", "CHOL", "DLBC", "KICH", "UCS", "UVM")
OPTIONS = LoadOptions(source="simulated")
KILLS = 20

Rows = dict[str, dict[str, Any]]


class Loading:
    """A folder of tables, and what an uninterrupted load of them gives."""

    def __init__(self, folder: Path, seed: int, n_genes: int, tumor_types: tuple[str, ...]) -> None:
        self.paths = list(write_atlas(folder / "tables", n_genes, seed, tumor_types))
        engine = open_store(folder / "whole")
        assert not engine.load(self.paths, OPTIONS).errors
        self.whole = content(folder / "whole")
        self.rows = rows(engine)
        assert set(self.rows) == set(tumor_types)

    def command(self, cache: Path) -> list[str]:
        options = ["-q", "load", "--source", "simulated", *map(str, self.paths)]
        return [sys.executable, "-m", "tcga_corr", "--cache", str(cache), *options]

    def start(self, cache: Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self.command(cache), stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def content(root: Path) -> dict[str, object]:
    """Every file of a store; an index's description without the stamp, which no two files share."""
    files: dict[str, object] = dict(snapshot(root))
    for name in [name for name in files if name.endswith("index.json")]:
        described = json.loads((root / name).read_text())
        del described["table_stamp"]
        files[name] = described
    return files


def rows(engine: Engine) -> Rows:
    frame = engine.correlate("RELA", "NFE2L2", source="simulated").frame
    # q and q_genes depend on how many tumor types are there
    return {row["tumor_type"]: row for row in frame.drop("q", "q_genes").to_dicts()}


def assert_no_wrong_number(root: Path, *truths: Rows) -> int:
    """Each row is that of one of the whole stores; how many rows there are."""
    engine = open_store(root)
    try:
        assert engine.status().height > 0
        found = rows(engine)
    except DataMissingError:
        assert Store(root).table_keys() == []
        return 0
    assert found
    for tumor_type, row in found.items():
        assert row in [truth.get(tumor_type) for truth in truths]
    return len(found)


def assert_loads_to_the_whole(root: Path, loading: Loading) -> None:
    assert not open_store(root).load(loading.paths, OPTIONS).errors
    assert content(root) == loading.whole
    assert list(root.rglob("*.part")) == []


@pytest.fixture(scope="module")
def six(tmp_path_factory: pytest.TempPathFactory) -> Loading:
    return Loading(tmp_path_factory.mktemp("six"), 489, 1_500, TUMOR_TYPES)


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Loading:
    """Other values of the same tumor types."""
    return Loading(tmp_path_factory.mktemp("changed"), 7, 1_500, TUMOR_TYPES)


def wait_for(path: Path, process: subprocess.Popen[bytes]) -> float:
    """Wait until a path is there or the process has ended; the time then."""
    deadline = time.monotonic() + 60
    while not path.exists() and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    return time.monotonic()


@pytest.fixture(scope="module")
def durations(six: Loading, tmp_path_factory: pytest.TempPathFactory) -> tuple[float, float]:
    """How long a load takes until it writes, and from there to its end."""
    root = tmp_path_factory.mktemp("timed") / "cache"
    start = time.monotonic()
    process = six.start(root)
    first = wait_for(root, process)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert content(root) == six.whole
    return first - start, time.monotonic() - first


@pytest.mark.parametrize("number", range(KILLS))
def test_a_load_killed_at_any_moment(
    six: Loading, durations: tuple[float, float], tmp_path: Path, number: int
) -> None:
    """One kill before anything is written, the others spread over the writing."""
    before, writing = durations
    root = tmp_path / "cache"
    moment = random.Random(number)
    process = six.start(root)
    if number == 0:
        time.sleep(before * moment.random())
    else:
        wait_for(root, process)
        time.sleep(writing * (number - moment.random()) / (KILLS - 1))
    process.kill()
    _, stderr = process.communicate(timeout=60)
    assert process.returncode in (-signal.SIGKILL, 0)
    assert stderr == b""
    assert_no_wrong_number(root, six.rows)
    if number % 7 == 1:  # as processes too, now and then: they are slow to start
        for question in (["status"], ["correlate", "RELA", "NFE2L2"]):
            done = run_cli("--cache", root, *question)
            assert done.returncode in (0, 3)
            assert b"Traceback" not in done.stderr
            assert (done.returncode == 3) == (b"no expression table" in done.stderr)
    assert_loads_to_the_whole(root, six)


KILLED_AT_A_STEP = (
    DIE_BEFORE
    + """
from pathlib import Path
import numpy, polars, pyarrow.parquet, filelock
from tcga_corr.store.layout import Store
from tcga_corr.loading.load import load_files
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.vocabulary.symbols import symbol_table

# Fork, load, and be killed just before the n-th step that changes the store.
symbol_table()
STEPS = ("open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "shutil.rmtree")
for line in sys.stdin:
    step, root, *paths = line.rstrip("\\n").split("\\t")
    child = os.fork()
    if child == 0:
        die_before(int(step), root, STEPS)
        report = load_files(
            Store(Path(root)), list(map(Path, paths)), LoadOptions(source="simulated")
        )
        os._exit(1 if report.errors else 0)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""
)


@pytest.fixture(scope="module")
def stepper() -> Iterator[subprocess.Popen[str]]:
    """A process that loads in child processes, which saves them the start-up."""
    with script_process(KILLED_AT_A_STEP) as process:
        yield process


def killed_at(stepper: subprocess.Popen[str], step: int, root: Path, loading: Loading) -> int:
    """The exit code of a load that is killed at a step; 0 where it has fewer steps."""
    assert stepper.stdin is not None
    assert stepper.stdout is not None
    print(step, root, *loading.paths, sep="\t", file=stepper.stdin, flush=True)
    return int(stepper.stdout.readline())


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> tuple[Loading, Loading]:
    """A small table of one tumor type, and the same with other values."""
    folder = tmp_path_factory.mktemp("one")
    return (
        Loading(folder / "old", 1, 400, ("UCS",)),
        Loading(folder / "new", 2, 400, ("UCS",)),
    )


@pytest.mark.parametrize("replaced", [False, True])
def test_a_load_killed_before_each_of_its_steps(
    stepper: subprocess.Popen[str], one: tuple[Loading, Loading], tmp_path: Path, replaced: bool
) -> None:
    """Of a new table, or of one in place of another: the old one or the new one, never a mix."""
    old, new = one
    truths = [old.rows, new.rows] if replaced else [new.rows]
    outcomes: list[int] = []
    not_whole = {}
    code = -signal.SIGKILL
    while code != 0:
        assert len(outcomes) < 100
        root = tmp_path / str(len(outcomes))
        if replaced:
            assert not open_store(root).load(old.paths, OPTIONS).errors
        code = killed_at(stepper, len(outcomes), root, new)
        assert code in (-signal.SIGKILL, 0)
        if replaced:
            (r,) = open_store(root).sql(named_query("rela_nfe2l2"))["r"]
            assert any(r == pytest.approx(truth["UCS"]["r"], abs=1e-9) for truth in truths)
        found = assert_no_wrong_number(root, *truths)
        assert not open_store(root).load(new.paths, OPTIONS).errors
        if content(root) != new.whole:
            not_whole[len(outcomes)] = sorted(content(root).keys() ^ new.whole.keys())
        outcomes.append(found)
    assert not_whole == {}
    assert len(outcomes) > 15
    assert outcomes == sorted(outcomes)
    assert outcomes[0] == replaced


@pytest.mark.parametrize("writers", [2, 4])
def test_loads_of_the_same_tables_at_once(six: Loading, tmp_path: Path, writers: int) -> None:
    root = tmp_path / "cache"
    processes = [six.start(root) for _ in range(writers)]
    for process in processes:
        said = process.communicate(timeout=120)
        assert (process.returncode, *said) == (0, b"", b"")
    assert content(root) == six.whole
    assert list(root.rglob("*.part")) == []


def test_reading_while_tables_are_replaced(six: Loading, changed: Loading, tmp_path: Path) -> None:
    root = tmp_path / "cache"
    assert not open_store(root).load(six.paths, OPTIONS).errors
    writer = changed.start(root)
    reader = subprocess.Popen(
        [sys.executable, "-m", "tcga_corr", "--cache", root, "-q", "correlate", "RELA", "NFE2L2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    answers = 0
    while writer.poll() is None:
        assert assert_no_wrong_number(root, six.rows, changed.rows) == len(TUMOR_TYPES)
        answers += 1
    assert answers > 3
    assert writer.communicate(timeout=60) == (b"", b"")
    assert writer.returncode == 0
    stdout, stderr = reader.communicate(timeout=60)
    assert (reader.returncode, stderr) == (0, b"")
    assert all(name.encode() in stdout for name in TUMOR_TYPES)
    assert content(root) == changed.whole


def test_a_writer_waits_for_another(six: Loading, tmp_path: Path) -> None:
    root = tmp_path / "cache"
    store = Store(root)
    first, last = (TableKey("simulated", name) for name in (TUMOR_TYPES[0], TUMOR_TYPES[-1]))
    with store.locked(last):
        process = six.start(root)
        before_last = TableKey("simulated", TUMOR_TYPES[-2])
        wait_for(store.index_folder(before_last), process)
        time.sleep(0.5)
        assert process.poll() is None
        assert store.table_path(first).exists()
        assert not store.table_path(last).exists()
    assert process.communicate(timeout=60) == (b"", b"")
    assert process.returncode == 0
    assert content(root) == six.whole


def test_a_killed_writer_holds_no_lock(six: Loading, tmp_path: Path) -> None:
    """A lock goes with its process: the file it leaves locks nobody out."""
    root = tmp_path / "cache"
    script = (
        "import sys, time; from pathlib import Path\n"
        "from tcga_corr.store.layout import Store, TableKey\n"
        "with Store(Path(sys.argv[1])).locked(TableKey('simulated', 'ACC')):\n"
        "    print('locked', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(root)], stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"locked\n"
        os.kill(holder.pid, signal.SIGKILL)
    assert_loads_to_the_whole(root, six)


def test_threads_that_write_one_file_do_not_meet(tmp_path: Path) -> None:
    target = tmp_path / "task.json"

    def write(number: int) -> None:
        with replacing(target) as partial:
            partial.write_text(str(number))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(200)))
    assert target.read_text().isdecimal()
    assert list(tmp_path.iterdir()) == [target]
