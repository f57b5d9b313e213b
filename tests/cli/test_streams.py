"""Standard streams that are closed or full, and signals: data stay clean, and nothing is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tcga_corr.engine import Engine

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="redirects of a POSIX shell")
FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
ASK = "correlate ferroptosis nfkb --null none --format json"


def shell(engine: Engine, command: str) -> subprocess.CompletedProcess[bytes]:
    own = f"{sys.executable} -m tcga_corr --cache {engine.store.root} {command}"
    return subprocess.run(["sh", "-c", own], capture_output=True, timeout=120, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("redirect", ["2>&-", pytest.param("2>/dev/full", marks=FULL)])
def test_notes_that_nobody_hears_are_not_told(simulated: Engine, redirect: str) -> None:
    """Standard output is the same as with them."""
    heard = shell(simulated, ASK)
    assert heard.stderr
    done = shell(simulated, f"{ASK} {redirect}")
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["associations"] == json.loads(heard.stdout)["associations"]
    wrong = shell(simulated, f"correlate RELAX nfkb {redirect}")
    assert (wrong.returncode, wrong.stdout) == (2, b"")


@pytest.mark.slow
@pytest.mark.parametrize("command", ["verify", "status", "sql 'SELECT 1'"])
def test_other_commands_without_standard_error(simulated: Engine, command: str) -> None:
    assert shell(simulated, f"{command} 2>&-").returncode == 0


@pytest.mark.parametrize("redirect", [">&-", pytest.param(">/dev/full", marks=FULL)])
@pytest.mark.parametrize("command", ["status", "sql 'SELECT 1'", "sets", "--version", ASK])
def test_output_that_is_lost_is_said(simulated: Engine, redirect: str, command: str) -> None:
    done = shell(simulated, f"{command} {redirect}")
    *_, last = done.stderr.decode().splitlines()
    assert last.startswith("tcga-corr: error: standard output: cannot be written (")
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr


@pytest.mark.slow
def test_a_command_without_output_needs_none(simulated: Engine, tmp_path: Path) -> None:
    done = shell(simulated, f"{ASK} -o {tmp_path / 'answer.json'} >&-")
    assert done.returncode == 0
    assert json.loads((tmp_path / "answer.json").read_text())["associations"]
    done = shell(simulated, f"{ASK} -o {tmp_path / 'other.json'} >&- 2>&- <&-")
    assert done.returncode == 0
    assert (tmp_path / "other.json").read_bytes() == (tmp_path / "answer.json").read_bytes()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("after", [0.03, 0.15, 0.6])
def test_a_signal_ends_it_in_one_line(simulated: Engine, name: str, after: float) -> None:
    """Whatever it is doing: importing, or computing."""
    number = getattr(signal, name)
    command = [sys.executable, "-m", "tcga_corr", "--cache", str(simulated.store.root)]
    question = ["correlate", "nfkb", "ferroptosis", "--draws", "200000"]
    with subprocess.Popen(
        [*command, *question], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        deadline = time.monotonic() + 30
        while not _handles(process.pid, signal.SIGTERM) and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(after)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    lines = [line for line in err.decode().splitlines() if not line.startswith("note: ")]
    assert process.returncode == 128 + number
    assert out == b""
    assert len(lines) == 1
    assert lines[0].startswith("tcga-corr: error: ")


def _handles(process: int, number: int) -> bool:
    """Whether a process has its own handler of a signal; Python itself has one of SIGINT."""
    path = Path(f"/proc/{process}/status")
    if not path.exists():
        time.sleep(0.2)
        return True
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("SigCgt:"):
            return bool(int(line.split()[1], 16) >> (number - 1) & 1) and os.getpid() != process
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="a limit of Linux")
@pytest.mark.parametrize("megabytes", [400, 1_024, 2_048])
@pytest.mark.parametrize("command", ["status", "sql 'SELECT 1'", ASK, "verify"])
def test_little_address_space_is_said(simulated: Engine, megabytes: int, command: str) -> None:
    own = f"{sys.executable} -m tcga_corr --cache {simulated.store.root} {command}"
    limited = f"ulimit -v {megabytes * 1024}; {own}"
    done = subprocess.run(["sh", "-c", limited], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.count(b"\n") == 1
    assert b"GB of address space, and needs 3 GB" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="a limit of Linux")
def test_enough_address_space(simulated: Engine) -> None:
    own = f"{sys.executable} -m tcga_corr --cache {simulated.store.root}"
    for command in (ASK, "sql 'SELECT count(*) FROM samples'", "--help"):
        limited = f"ulimit -v {3 * 2**20}; {own} {command}"
        done = subprocess.run(["sh", "-c", limited], capture_output=True, timeout=60, check=False)
        assert done.returncode == 0
