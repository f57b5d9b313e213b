"""What tests of several rooms share. No test sees a user's own store or reaches the internet."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tcga_corr.cli import main
from tcga_corr.engine import Engine, open_store
from tcga_corr.fetching.simulation import write_atlas
from tcga_corr.loading.plan import LoadOptions

# the same examples everywhere, and no time limits, as machines differ
settings.register_profile(
    "tests", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tests")

SHARED = Path(os.environ.get("TCGA_CORR_SHARED", Path(__file__).parents[2] / "shared"))
SMALL_GENES = 1_500


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TCGA_CORR_CACHE", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real tables; tests that need it skip where it is missing."""
    if not (SHARED / "hub").is_dir():
        pytest.skip("the real tables of ../shared are missing")
    return SHARED


@pytest.fixture(scope="session")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of small simulated tables of all 33 tumor types, in the Xena format."""
    folder = tmp_path_factory.mktemp("atlas")
    list(write_atlas(folder, n_genes=SMALL_GENES))
    return folder


@pytest.fixture(scope="session")
def simulated(atlas: Path, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """An engine over a store of the small simulated atlas. Read only: it is shared by tests."""
    engine = open_store(tmp_path_factory.mktemp("simulated") / "cache")
    report = engine.load(sorted(atlas.glob("*/HiSeqV2.gz")), LoadOptions(source="simulated"))
    assert not report.errors
    return engine


Cli = Callable[..., "subprocess.CompletedProcess[bytes]"]


def run_cli(
    *arguments: object, cwd: Path | None = None, timeout: float = 120
) -> subprocess.CompletedProcess[bytes]:
    """Run the command line as a process of its own."""
    command = [sys.executable, "-m", "tcga_corr", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, timeout=timeout, check=False)


@pytest.fixture
def cli() -> Cli:
    """The command line, as a process of its own."""
    return run_cli


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes], engine: Engine) -> Run:
    """The command line in this process, over the store of the module's ``engine``.

    It returns exit code, output and error output.
    """

    def run(*arguments: object) -> tuple[int, str, str]:
        code = main.run(["--cache", str(engine.store.root), *map(str, arguments)])
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode()

    return run


def imported_by(code: str, cwd: Path | None = None) -> set[str]:
    """The top-level packages that a Python process imports which runs some code."""
    listing = f"import sys\n{code}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", listing], capture_output=True, text=True, check=True, cwd=cwd
    )
    return set(done.stdout.splitlines()[-1].split())


@contextmanager
def script_process(script: str) -> Iterator[subprocess.Popen[str]]:
    """A Python process that runs a script, with pipes to it; it has to end well."""
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    yield process
    process.communicate(timeout=30)
    assert process.returncode == 0


def barcodes(n: int, code: str = "01", site: str = "AA") -> list[str]:
    """Sample barcodes of n patients."""
    return [f"TCGA-{site}-{patient:04d}-{code}" for patient in range(n)]


def write_table(
    path: Path,
    samples: Sequence[str],
    rows: Iterable[tuple[str, Sequence[object]]],
    corner: str = "sample",
) -> Path:
    """Write a tab-separated matrix, gzip where the name ends so."""
    lines = ["\t".join((corner, *samples))]
    lines += ["\t".join((name, *map(str, values))) for name, values in rows]
    content = ("\n".join(lines) + "\n").encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
    return path


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file below a folder except locks, to test that nothing changed."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".lock"
    }


DIE_BEFORE = """
import os, signal, sys

def die_before(step, folder, steps):
    'Be killed just before the step-th of these audit events that changes the folder.'
    def hook(event, arguments):
        nonlocal step
        if event not in steps or not str(arguments[0]).startswith(folder):
            return
        if event == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR):
            return
        step -= 1
        if step < 0:
            os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(hook)
"""
"""The start of a script whose child processes are killed at a step."""
