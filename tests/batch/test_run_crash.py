"""Runs that are killed, at any moment and before each step: gone on with, to the same bytes."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.plan import Plan
from tcga_corr.engine import Engine
from tests.batch.support import (
    DIE_OR_SLEEP,
    build_store,
    copy_of,
    records_of,
    run,
    tables_of,
    write_spec,
)
from tests.conftest import DIE_BEFORE

pytestmark = pytest.mark.slow

KILLS = 20
SPEC = """\
name = "killed"
draws = 20
[[crosses]]
x = ["own.gmt", "RELA", "covariate:purity"]
[[dominance]]
sets = ["own.gmt:A", "own.gmt:B"]
tumor_types = ["ACC"]
"""
# more tasks, for kills at random
LONGER = (
    'outputs = ["parquet", "tsv"]\n'
    + SPEC
    + (
        '[[pairs]]\npairs = [["own.gmt:A", "own.gmt:B"], ["RELA", "TFRC"]]\nnull = ["genes"]\n'
        'methods = ["pearson", "spearman"]\n'
        '[[crosses]]\nx = ["own.gmt", "RELA"]\nmethods = ["kendall", "spearman", "pearson"]\n'
    )
)

# Fork, do what is left of a run, and be killed: before a step, or after some seconds.
STEPPER = (
    DIE_BEFORE
    + """
import json, time
from pathlib import Path
import numpy, polars, pyarrow.parquet, filelock, scipy.stats
from tcga_corr.batch.executors import Workers
from tcga_corr.batch.planning import plan_spec
from tcga_corr.batch.run import run_batch
from tcga_corr.engine import open_store
from tcga_corr.vocabulary.symbols import symbol_table

symbol_table()
STEPS = ("open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "shutil.rmtree")
for line in sys.stdin:
    root, spec, step, seconds = json.loads(line)
    child = os.fork()
    if child == 0:
        if step is not None:
            die_before(step, root, STEPS)
        engine = open_store(root)
        plan = plan_spec(engine, Path(spec))
        outcome = run_batch(engine, plan, Workers("threads", 2 if step is None else 1))
        sys.stderr.flush()
        os._exit(0 if outcome.is_complete else 1)
    begun = time.monotonic()
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    taken = time.monotonic() - begun
    print(json.dumps([os.waitstatus_to_exitcode(status), taken]), flush=True)
"""
)


class Stepper:
    """A process that does runs in children of its own, which saves them the start-up."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", STEPPER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(
        self, engine: Engine, spec: Path, step: int | None = None, seconds: float | None = None
    ) -> tuple[int, float]:
        """The exit code of a run, and how long it took."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = [str(engine.store.root), str(spec), step, seconds]
        print(json.dumps(asked), file=self._process.stdin, flush=True)
        code, taken = json.loads(self._process.stdout.readline())
        return code, taken

    def close(self) -> None:
        """End it; nobody said a word."""
        _, stderr = self._process.communicate(timeout=30)
        assert (self._process.returncode, stderr) == (0, "")


@pytest.fixture(scope="module")
def stepper() -> Iterator[Stepper]:
    stepper = Stepper()
    yield stepper
    stepper.close()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A store, to copy."""
    return build_store(tmp_path_factory.mktemp("store") / "cache", tumor_types=("ACC", "LIHC"))


Undisturbed = tuple[Path, Plan, dict[str, str]]


def undisturbed(store: Engine, folder: Path, text: str) -> Undisturbed:
    spec = write_spec(folder, text)
    outcome = run(copy_of(store, folder / "cache"), spec)
    assert outcome.is_complete
    return spec, outcome.plan, tables_of(outcome.folder)


@pytest.fixture(scope="module")
def few(store: Engine, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """A spec of few tasks, its plan and its tables."""
    return undisturbed(store, tmp_path_factory.mktemp("few"), SPEC)


@pytest.fixture(scope="module")
def more(store: Engine, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """The same of more tasks."""
    return undisturbed(store, tmp_path_factory.mktemp("more"), LONGER)


def assert_whole(folder: RunFolder, tables: dict[str, str]) -> None:
    """Complete, the same bytes, and nothing that is left over."""
    manifest = folder.manifest()
    assert manifest["state"] == "complete"
    assert tables_of(folder) == tables
    assert {name: told["sha256"] for name, told in manifest["results"].items()} == tables
    assert list(folder.path.rglob("*.part")) == []
    assert sorted(path.name for path in folder.path.iterdir()) == sorted(
        ["manifest.json", "plan.json", *tables]
    )


def assert_none_done_twice(folder: RunFolder, before: dict[int, dict[str, Any]]) -> None:
    """What was there before a resume is there with its record."""
    after = {one["task"]: one for one in folder.manifest()["tasks"]}
    for number, record in before.items():
        assert record["tries"] == 1
        assert after[number] == record


@pytest.mark.parametrize("part", range(2))
def test_a_run_killed_before_each_of_its_steps(
    stepper: Stepper, store: Engine, few: Undisturbed, tmp_path: Path, part: int
) -> None:
    """Each of the last task, of tables, manifest and when tasks are dropped; some before."""
    spec, plan, tables = few
    code, step, n_done = -signal.SIGKILL, part, []
    while code != 0:
        assert step < 400
        engine = copy_of(store, tmp_path / str(step))
        folder = RunFolder(engine.store, plan.run)
        code, _ = stepper.run(engine, spec, step)
        assert code in (-signal.SIGKILL, 0)
        before = records_of(folder, plan)
        n_done.append(len(before))
        is_complete = folder.manifest().get("state") == "complete"
        assert run(engine, spec).is_complete
        assert_whole(folder, tables)
        if not is_complete:
            assert_none_done_twice(folder, before)
        step += 2 if len(before) >= len(plan.tasks) - 1 or is_complete else 8
    assert len(n_done) > 10
    assert n_done[0] == 0
    assert len(plan.tasks) in n_done


@pytest.fixture(scope="module")
def duration(
    stepper: Stepper,
    store: Engine,
    more: Undisturbed,
    tmp_path_factory: pytest.TempPathFactory,
) -> float:
    """Seconds of a run that nobody disturbs."""
    code, taken = stepper.run(copy_of(store, tmp_path_factory.mktemp("timed") / "cache"), more[0])
    assert code == 0
    return taken


@pytest.mark.parametrize("number", range(KILLS))
def test_a_run_killed_at_any_moment(
    stepper: Stepper,
    store: Engine,
    more: Undisturbed,
    duration: float,
    tmp_path: Path,
    number: int,
) -> None:
    spec, plan, tables = more
    engine = copy_of(store, tmp_path / "cache")
    folder = RunFolder(engine.store, plan.run)
    moment = duration * (number + random.Random(number).random()) / KILLS
    code, _ = stepper.run(engine, spec, seconds=moment)
    assert code in (-signal.SIGKILL, 0)
    before = records_of(folder, plan)
    is_complete = folder.manifest().get("state") == "complete"
    assert run(engine, spec).is_complete
    assert_whole(folder, tables)
    if not is_complete:
        assert_none_done_twice(folder, before)


# --- processes of their own, by the command line


def is_gone(process: int) -> bool:
    """Whether a process has ended; one that nobody has waited for has too."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(process)], capture_output=True, check=False
    )
    return state.stdout.strip().startswith(b"Z") or not state.stdout.strip()


TRACKED = re.compile(rb".*resource_tracker: There appear to be .*\n  warnings.warn.*\n")
"""What Python says of a parent that was killed, whoever it is."""


def wait_until(condition: Any, process: subprocess.Popen[bytes] | None = None) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        assert process is None or process.poll() is None
        time.sleep(0.01)


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each task take a while, in whichever process."""
    (tmp_path / "early").mkdir()
    (tmp_path / "early" / "sitecustomize.py").write_text(DIE_OR_SLEEP)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "early"))
    monkeypatch.setenv("SLEEP_AT_RECORDS", "0.4")


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize(
    ("number", "options"),
    [
        (signal.SIGINT, ()),
        (signal.SIGINT, ("--workers", "2")),
        (signal.SIGKILL, ("--workers", "2")),
    ],
)
def test_an_interrupted_run_leaves_no_process_and_goes_on(
    store: Engine,
    more: Undisturbed,
    tmp_path: Path,
    number: signal.Signals,
    options: tuple[str, ...],
) -> None:
    spec, plan, tables = more
    engine = copy_of(store, tmp_path / "cache")
    folder = RunFolder(engine.store, plan.run)
    command = [sys.executable, "-m", "tcga_corr", "--cache", str(engine.store.root), "-q"]
    process = subprocess.Popen(
        [*command, "batch", str(spec), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    wait_until(lambda: len(records_of(folder, plan)) > 2, process)
    # as a terminal does: to the workers too
    (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
    begun = time.monotonic()
    stdout, stderr = process.communicate(timeout=30)
    assert time.monotonic() - begun < 10
    assert stdout == b""
    if number == signal.SIGINT:
        assert process.returncode == 130
        assert stderr == b"tcga-corr: error: interrupted. Run the same command to go on.\n"
    else:
        assert process.returncode == -signal.SIGKILL
        assert TRACKED.sub(b"", stderr) == b""
    before = records_of(folder, plan)
    assert 2 < len(before) < len(plan.tasks)
    workers = {one["process"] for one in before.values()}
    assert (process.pid in workers) == (not options and not plan.has_draws)
    for worker in workers:
        wait_until(lambda worker=worker: is_gone(worker))
    before = records_of(folder, plan)  # what was at work may have come to its end
    assert run(engine, spec).is_complete
    assert_whole(folder, tables)
    assert_none_done_twice(folder, before)


def test_an_interrupt_while_workers_start(store: Engine, more: Undisturbed, tmp_path: Path) -> None:
    """Before they have said that they leave it to their parent; one line all the same."""
    spec, plan, tables = more
    engine = copy_of(store, tmp_path / "cache")
    folder = RunFolder(engine.store, plan.run)
    command = [sys.executable, "-m", "tcga_corr", "--cache", str(engine.store.root), "-q"]
    process = subprocess.Popen(
        [*command, "batch", str(spec), "--workers", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    wait_until((folder.path / "manifest.json").exists, process)
    time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    stdout, stderr = process.communicate(timeout=30)
    assert stdout == b""
    assert process.returncode == 130
    assert stderr == b"tcga-corr: error: interrupted. Run the same command to go on.\n"
    assert run(engine, spec).is_complete
    assert_whole(folder, tables)
