"""Runs on a Dask cluster: the same bytes as in threads, whatever becomes of the workers."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tcga_corr.batch import dask as clusters
from tcga_corr.batch.executors import Workers
from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.plan import FORMAT
from tcga_corr.batch.planning import plan_spec
from tcga_corr.batch.run import run_batch
from tcga_corr.cli.main import run as command_line
from tcga_corr.engine import Engine
from tcga_corr.errors import AnalysisError, StoreError
from tcga_corr.exchange import read_sealed, seal
from tests.batch.support import Hooks, build_store, copy_of, run, tables_of, write_spec

pytestmark = pytest.mark.slow

distributed = pytest.importorskip("distributed")

SPEC = """\
name = "shared"
null = ["genes"]
draws = 400
min_genes = 5
outputs = ["parquet", "tsv"]
methods = ["pearson", "spearman", "kendall"]

[[pairs]]
name = "genes"
pairs = [["RELA", "NFE2L2"], ["own.gmt:A", "own.gmt:B"], ["TFRC", "own.gmt:F"]]

[[pairs]]
name = "sets"
pairs = [["own.gmt:A", "own.gmt:F"], ["own.gmt:B", "own.gmt:F"]]

[[crosses]]
name = "wide"
x = ["own.gmt", "RELA", "TFRC"]
null = []
"""
TASKS = 49
LONG = 120  # seconds, on a machine that has much else to do


class Loopback:
    """A scheduler and workers as anybody starts them: processes of their own, here on loopback."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "scheduler.json"
        self.workers: list[subprocess.Popen[bytes]] = []
        self._scheduler = self._start(
            "scheduler", "--port", "0", "--no-show", "--scheduler-file", str(self._file)
        )
        self.address = str(json.loads(self._told(self._file))["address"])

    def two_workers(self) -> list[subprocess.Popen[bytes]]:
        """Both workers, started anew where one is gone."""
        self.workers = [one for one in self.workers if one.poll() is None]
        while len(self.workers) < 2:
            self.workers.append(
                self._start(
                    "worker", self.address, "--no-nanny", "--nthreads", "1", "--death-timeout", "60"
                )
            )
        with distributed.Client(self.address, set_as_default=False, timeout=LONG) as client:
            client.wait_for_workers(2, timeout=LONG)
        return self.workers

    def close(self) -> None:
        for process in (*self.workers, self._scheduler):
            process.kill()
            process.wait()

    def _start(self, what: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *arguments]
        command += ["--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0"]
        with (self._folder / f"{what}.txt").open("ab") as said:
            return subprocess.Popen(command, cwd=self._folder, stdout=said, stderr=said)

    def _told(self, path: Path) -> str:
        wait_until(lambda: path.exists() and path.read_text().rstrip().endswith("}"))
        return path.read_text()


def wait_until(happens: Callable[[], Any], seconds: float = LONG) -> None:
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture(scope="module")
def loopback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loopback]:
    cluster = Loopback(tmp_path_factory.mktemp("loopback"))
    yield cluster
    cluster.close()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A store that tests copy."""
    return build_store(tmp_path_factory.mktemp("store") / "cache")


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_spec(tmp_path_factory.mktemp("spec"), SPEC)


@pytest.fixture(scope="module")
def expected(store: Engine, spec: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The tables as threads give them."""
    outcome = run(copy_of(store, tmp_path_factory.mktemp("threads") / "cache"), spec)
    assert outcome.is_complete
    assert len(outcome.plan.tasks) == TASKS
    return tables_of(outcome.folder)


@pytest.fixture
def engine(store: Engine, tmp_path: Path) -> Engine:
    return copy_of(store, tmp_path / "cache")


def by_number(folder: RunFolder) -> dict[int, dict[str, Any]]:
    return {one["task"]: one for one in folder.manifest()["tasks"]}


def test_workers_of_a_scheduler_give_the_same_bytes(
    engine: Engine, spec: Path, expected: dict[str, str], loopback: Loopback
) -> None:
    workers = loopback.two_workers()
    outcome = run(engine, spec, Workers("dask", 1, loopback.address))
    assert outcome.is_complete
    assert tables_of(outcome.folder) == expected
    records = by_number(outcome.folder).values()
    assert {one["process"] for one in records} == {one.pid for one in workers}
    assert [one["tries"] for one in records] == [1] * TASKS


def test_a_worker_is_killed_half_way(
    engine: Engine, spec: Path, expected: dict[str, str], loopback: Loopback
) -> None:
    first, second = loopback.two_workers()
    before: dict[int, dict[str, Any]] = {}

    def on_task() -> None:
        folder = RunFolder(engine.store, plan.run)
        done = [one for one in plan.tasks if folder.is_done(one)]
        of_first = [one for one in done if folder.record(one)["process"] == first.pid]
        if first.poll() is None and len(done) >= TASKS // 3 and of_first:
            first.kill()
            first.wait()
            before.update(
                {one.number: folder.record(one) for one in plan.tasks if folder.is_done(one)}
            )

    plan = plan_spec(engine, spec)
    progress = Hooks(on_task=on_task)
    outcome = run(engine, spec, Workers("dask", 1, loopback.address), progress=progress)
    assert outcome.is_complete
    assert not progress.lines
    assert tables_of(outcome.folder) == expected
    records = by_number(outcome.folder)
    assert TASKS // 3 <= len(before) < TASKS
    # what was done stays done, the rest was done by the other; one at most was begun twice
    assert {number: records[number] for number in before} == before
    others = [one for number, one in records.items() if number not in before]
    assert {one["process"] for one in others} == {second.pid}
    assert sum(one["tries"] for one in records.values()) <= TASKS + 1


def test_a_task_that_fails_is_on_record_and_the_others_go_on(
    engine: Engine, spec: Path, expected: dict[str, str], loopback: Loopback
) -> None:
    loopback.two_workers()
    plan = plan_spec(engine, spec)
    [key] = [one for one in engine.store.table_keys() if one.tumor_type == "DLBC"]
    table = engine.store.table_path(key)
    index = engine.store.index_folder(key)
    moved = {table: table.with_name("aside"), index: index.with_name(".aside")}

    def remove() -> None:
        for path, aside in moved.items():  # a table alone would be one that is gone
            path.rename(aside)

    def on_task() -> None:
        if progress.n_tasks == TASKS:
            for path, aside in moved.items():
                aside.rename(path)

    progress = Hooks(remove, on_task)
    workers = Workers("dask", 1, loopback.address)
    outcome = run_batch(engine, plan, workers, progress=progress)
    of_all = {one.name for one in plan.analyses if "DLBC" in one.tumor_types}
    failing = {
        one.number
        for one in plan.tasks
        if one.tumor_type == "DLBC" or (one.way == "pooled nulls" and one.analysis in of_all)
    }
    assert {task.number for task, _ in outcome.failures} == failing
    assert outcome.n_done == TASKS - len(failing)
    assert outcome.folder.manifest()["state"] == "with failures"
    for task, why in outcome.failures:
        assert outcome.folder.record(task)["error"] == why
        assert why.startswith("DLBC: not loaded")
    outcome = run_batch(engine, plan, workers)
    assert outcome.is_complete
    assert tables_of(outcome.folder) == expected
    tries = {number: one["tries"] for number, one in by_number(outcome.folder).items()}
    assert tries == {number: 1 + (number in failing) for number in range(TASKS)}


def test_a_worker_of_another_version_ends_the_run(
    engine: Engine, spec: Path, loopback: Loopback
) -> None:
    loopback.two_workers()
    plan = plan_spec(engine, spec)
    folder = RunFolder(engine.store, plan.run)

    def on_begin() -> None:
        path = folder.path / "plan.json"
        told = read_sealed(path.read_text())
        path.write_text(json.dumps(seal(told | {"version": "0.0.1"})))

    with pytest.raises(AnalysisError) as caught:
        run_batch(engine, plan, Workers("dask", 1, loopback.address), progress=Hooks(on_begin))
    said = f"cannot do this run: the run is of tcga-corr 0.0.1, format {FORMAT}; "
    assert said in str(caught.value)
    assert "see the store under the same path" in str(caught.value)
    assert not list(folder.path.glob("tasks/*"))  # it is no failure of any task


def test_workers_that_see_another_store(
    engine: Engine, spec: Path, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    loopback.two_workers()
    monkeypatch.setattr(clusters, "_TO_BE_SEEN", 0.1)
    plan = plan_spec(engine, spec)
    folder = RunFolder(engine.store, plan.run)

    def writes_nothing(number: int) -> str:
        return ""

    def sees_no_run(number: int) -> str:
        raise StoreError("no run 'x' in the store 'y'", "Begin one")

    for call, said in ((writes_nothing, "it is not here"), (sees_no_run, "no run 'x'")):
        with pytest.raises(AnalysisError, match=said):
            list(clusters.in_cluster(folder, plan.tasks, call, loopback.address, 1))


def test_a_scheduler_without_workers(
    engine: Engine, spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "_TO_COME", 0.2)
    monkeypatch.setattr(clusters, "_CHECK_EVERY", 0.1)
    lonely = Loopback(tmp_path)
    try:
        with pytest.raises(AnalysisError, match="has no workers"):
            run(engine, spec, Workers("dask", 1, lonely.address))
    finally:
        lonely.close()


@pytest.mark.parametrize("kind", ["closed", "silent", "no address"])
def test_a_wrong_address(
    engine: Engine,
    spec: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kind: str,
) -> None:
    """One line; after ten seconds, here after one."""
    assert clusters._TO_ANSWER == 10
    monkeypatch.setattr(clusters, "_TO_ANSWER", 1.0)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        if kind == "silent":
            listening.listen()
        port = listening.getsockname()[1]
        address = "http://127.0.0.1" if kind == "no address" else f"tcp://127.0.0.1:{port}"
        root = str(engine.store.root)
        begun = time.monotonic()
        code = command_line(["--cache", root, "-q", "batch", str(spec), "--dask", address])
    assert code == 2
    assert time.monotonic() - begun < 15
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert f"no Dask scheduler at '{address}'" in said.err


def start(
    engine: Engine, spec: Path, *options: str, environment: dict[str, str] | None = None
) -> subprocess.Popen[str]:
    """The command line as the leader of its processes."""
    command = [sys.executable, "-m", "tcga_corr", "--cache", str(engine.store.root), "-q"]
    return subprocess.Popen(
        [*command, "batch", str(spec), *options],
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def alive_in(leader: int) -> list[str]:
    """The processes of a leader that are no mere entries."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, of = path.read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue
        if int(of) == leader and state != "Z":
            found.append(path.parent.name)
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_interrupted_and_gone_on_with_on_this_machine(
    engine: Engine, spec: Path, expected: dict[str, str]
) -> None:
    """Ctrl-C as a terminal gives it, to all processes; twice, as people do."""
    folder = RunFolder(engine.store, plan_spec(engine, spec).run)
    process = start(engine, spec, "--dask", "local", "--workers", "2")
    wait_until(lambda: process.poll() is not None or len(list(folder.path.glob("tasks/*t"))) > 2)
    os.killpg(process.pid, signal.SIGINT)
    time.sleep(0.2)
    os.killpg(process.pid, signal.SIGINT)
    begun = time.monotonic()
    out, err = process.communicate(timeout=LONG)
    assert (process.returncode, out) == (130, "")
    assert err == "tcga-corr: error: interrupted. Run the same command to go on.\n"
    assert time.monotonic() - begun < 30
    wait_until(lambda: not alive_in(process.pid), seconds=20)
    done = len(list(folder.path.glob("tasks/*.parquet")))
    assert 2 < done < TASKS

    process = start(engine, spec, "--dask", "local", "--workers", "2")
    out, err = process.communicate(timeout=LONG)
    assert (process.returncode, err) == (0, "")
    assert tables_of(folder) == expected
    wait_until(lambda: not alive_in(process.pid), seconds=20)


def test_a_task_that_kills_its_workers_is_given_up_alone(
    engine: Engine, spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was beside it on the worker is not."""
    import dask

    monkeypatch.setattr(clusters, "_await_rows", lambda folder, task: None)
    plan = plan_spec(engine, spec)

    def kills(number: int) -> str:
        import os

        if number == 3:
            os.kill(os.getpid(), 9)
        return f"{number} was done"

    with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        given = dict(
            clusters.in_cluster(
                RunFolder(engine.store, plan.run), plan.tasks[:8], kills, "local", 2
            )
        )
    assert {task.number: why for task, why in given.items()} == {
        number: None if number == 3 else f"{number} was done" for number in range(8)
    }


SLURM = {
    "sbatch": """
if [ -e "$JOBS/refuses" ]; then echo 'sbatch: error: no such partition' >&2; exit 1; fi
number=$$; cp "$1" "$JOBS/$number"
setsid bash "$JOBS/$number" > "$JOBS/$number.out" 2>&1 < /dev/null &
echo $! > "$JOBS/$number.pid"; echo "Submitted batch job $number" """,
    "squeue": """
for one in "$JOBS"/*.pid; do
  if kill -0 "$(cat "$one")" 2> /dev/null; then basename "$one" .pid; fi
done; true""",
    "scancel": """
echo "$1" >> "$JOBS/cancelled"; kill -TERM -- "-$(cat "$JOBS/$1.pid")" """,
}
"""What stands in for SLURM's commands: a job is a process."""


@pytest.fixture
def slurm(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment with such commands, and what Dask must know of them."""
    if find_spec("dask_jobqueue") is None:  # importing it would write to the user's home
        pytest.skip("needs dask-jobqueue")
    programs, jobs = tmp_path / "bin", tmp_path / "jobs"
    for folder in (programs, jobs):
        folder.mkdir()
    for name, text in SLURM.items():
        path = programs / name
        path.write_text(f"#!/bin/bash\nJOBS={shlex.quote(str(jobs))}{text}\n")
        path.chmod(0o755)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "jobqueue.yaml").write_text(
        "jobqueue:\n  slurm:\n    cores: 1\n    memory: 1GB\n    interface: lo\n"
    )
    yield {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "DASK_CONFIG": str(tmp_path / "config"),
    }

    for pid in job_pids(jobs):
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def job_pids(folder: Path) -> Sequence[int]:
    return [int(path.read_text()) for path in sorted(folder.glob("*.pid"))]


@pytest.mark.skipif(sys.platform != "linux", reason="the name of loopback is Linux's")
def test_jobs_of_slurm(
    engine: Engine, spec: Path, expected: dict[str, str], slurm: dict[str, str], tmp_path: Path
) -> None:
    jobs = tmp_path / "jobs"
    (jobs / "refuses").touch()
    refused = start(engine, spec, "--dask", "slurm", "--workers", "1", environment=slurm)
    (out, err) = refused.communicate(timeout=LONG)
    said = "tcga-corr: error: SLURM takes no job: sbatch: error: no such partition.\n"
    assert (refused.returncode, out, err) == (1, "", said)
    (jobs / "refuses").unlink()

    folder = RunFolder(engine.store, plan_spec(engine, spec).run)
    process = start(engine, spec, "--dask", "slurm", "--workers", "2", environment=slurm)
    wait_until(lambda: process.poll() is not None or len(list(folder.path.glob("tasks/*t"))) > 2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=LONG)
    interrupted = "tcga-corr: error: interrupted. Run the same command to go on.\n"
    assert (process.returncode, out, err) == (130, "", interrupted)
    assert len(job_pids(jobs)) == 2
    assert len((jobs / "cancelled").read_text().split()) == 2
    wait_until(lambda: not any(map(alive_in, job_pids(jobs))), seconds=20)

    process = start(engine, spec, "--dask", "slurm", "--workers", "1", environment=slurm)
    out, err = process.communicate(timeout=LONG)
    assert (process.returncode, err) == (0, "")
    assert tables_of(folder) == expected
    assert len((jobs / "cancelled").read_text().split()) == 3
    wait_until(lambda: not any(map(alive_in, job_pids(jobs))), seconds=20)
