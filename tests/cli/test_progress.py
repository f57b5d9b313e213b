"""What a person sees of a long task: bars on a terminal, lines elsewhere."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import get_args

import pytest

from tcga_corr.cli import progress as shown
from tcga_corr.cli.progress import Bars, Display, Lines
from tcga_corr.cli.settings import Settings
from tcga_corr.progress import Progress
from tests.fetching.test_fetch import put_hiseq
from tests.hub import Hub, Status


def download(progress: Progress) -> None:
    """Two files at once, one of them twice under one name, a retry, and loading."""
    progress.begin(3_000_000)
    progress.start_part("A [bold]", 0, 1_000_000)
    progress.start_part("B", 500_000, None)
    progress.advance_part("A [bold]", 400_000)
    progress.advance_part("B", 10)
    progress.note("note: B: HTTP 503; again in 1 s")
    progress.start_part("B", 0, 2_000_000)
    progress.finish_part("B")
    progress.advance_part("B", 10)  # a part that was removed
    progress.finish_part("B")
    progress.step("reading x")
    progress.step("storing [x]")
    progress.step("")
    progress.finish_part("A [bold]")


def load(progress: Progress) -> None:
    progress.begin(2)
    for name in ("reading [a]", "reading b"):
        progress.step(name)
        progress.advance()
        progress.step("")


def test_lines_without_steps() -> None:
    lines: list[str] = []
    download(Lines(lines.append))
    load(Lines(lines.append))
    assert lines == ["note: B: HTTP 503; again in 1 s"]


def test_lines_of_every_step() -> None:
    lines: list[str] = []
    download(Lines(lines.append, verbose=True))
    assert lines == [
        "downloading A [bold] of 1.0 MB",
        "downloading B, from 0.5 MB",
        "note: B: HTTP 503; again in 1 s",
        "downloading B of 2.0 MB",
        "reading x",
        "storing [x]",
    ]
    lines.clear()
    load(Lines(lines.append, verbose=True))
    assert lines == ["reading [a]", "reading b"]


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, as a list of one number to change."""
    now = [100.0]
    monkeypatch.setattr(shown.time, "monotonic", lambda: now[0])
    return now


def test_lines_of_pace(now: list[float]) -> None:
    said: list[str] = []
    lines = Lines(said.append, units="rows", interval=30)
    lines.begin(10_000, 1_000, 60.0)
    assert said == ["1,000 of 10,000 rows are there already"]
    now[0] += 29
    lines.advance(500, 4.0)
    assert len(said) == 1
    now[0] += 1
    lines.advance(1_000, 6.0)  # a sixth of the effort, whatever the rows
    assert said[1:] == ["2,500 of 10,000 rows, 50 a second, 0:02:30 left"]
    lines.advance(500, 0.0)
    now[0] += 3_570
    lines.advance(0, 5.0)
    assert said[2:] == ["3,000 of 10,000 rows, 1 a second, 3:00:00 left"]
    now[0] += 30
    lines.advance(7_000, 45.0)
    assert said[3:] == ["10,000 of 10,000 rows, 2 a second, 0:00:00 left"]
    lines.note("failed: x")
    assert said[-1] == "failed: x"
    said.clear()
    for done in (0, 10):
        Lines(said.append, units="rows", interval=30).begin(10, done, 1.0)
    assert said == []
    lines = Lines(said.append, units="rows")
    lines.begin(0, 0, 0.0)
    lines.advance(0, 0.0)
    assert said == ["0 of 0 rows, 0 a second, 0:00:00 left"]


def test_bars_of_downloads(capsys: pytest.CaptureFixture[str]) -> None:
    bars = Bars("all", "downloads")
    with bars.display:
        download(bars)
        [task] = bars.display.tasks
        assert (task.completed, task.total) == (400_020, 3_000_000)
        bars.note("TCGA\x1b[31m")
        threads = [threading.Thread(target=download, args=(bars,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    out, err = capsys.readouterr()
    assert out == ""
    assert "note: B: HTTP 503; again in 1 s" in err
    assert "TCGA?[31m" in err


def test_a_bar_of_steps(capsys: pytest.CaptureFixture[str]) -> None:
    bars = Bars("loading", "steps")
    with bars.display:
        bars.begin(2)
        bars.step("reading [a]")
        [task] = bars.display.tasks
        assert (task.description, task.completed, task.total) == ("loading reading [a]", 0, 2)
        load(bars)
        assert (task.completed, task.total) == (2, 2)
    assert capsys.readouterr().out == ""


def test_a_bar_of_pace(capsys: pytest.CaptureFixture[str], now: list[float]) -> None:
    """Its length is the effort; its text is of rows."""
    bars = Bars("rows", "pace")
    with bars.display:
        bars.begin(20_000, 5, 8.0)
        [task] = bars.display.tasks
        assert (task.completed, task.total) == (0, 8.0)
        now[0] += 10
        bars.advance(9_000, 1.5)
        now[0] += 10
        bars.advance(1_000, 0.5)
        bars.note("failed: [bold]x")
        columns = [column(task) for column in bars.display.columns if not isinstance(column, str)]
    out, err = capsys.readouterr()
    assert out == ""
    assert "failed: [bold]x" in err
    assert (task.completed, task.total) == (2.0, 8.0)
    assert str(columns[0]) == "10,005 of 20,000 rows"
    assert str(columns[2]) == "500 a second"


def test_nothing_is_shown_when_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    for display in get_args(Display):
        with Settings(Path(), quiet=True, verbose=True).progress("rows", display) as progress:
            download(progress)
            load(progress)
    assert capsys.readouterr() == ("", "")


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as server:
        yield server


@pytest.mark.slow
def test_a_fetch_on_a_terminal(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_hiseq(hub, "ACC", "UCS")
    hub.plan("/tcga-xena-hub/download/TCGA.ACC.sampleMap/HiSeqV2.gz", Status(503))
    for name, value in {"NO_PROXY": "127.0.0.1", "TERM": "xterm", "COLUMNS": "100"}.items():
        monkeypatch.setenv(name, value)
    command = [sys.executable, "-m", "tcga_corr", "--cache", str(tmp_path), "fetch", "ACC", "UCS"]
    command += ["--source", "tcga-hiseqv2", "--base-url", hub.address]
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        seen = bytearray()
        with suppress(OSError):  # Linux says so when the last writer is gone
            while data := os.read(ours, 4096):
                seen.extend(data)
    os.close(ours)
    assert process.returncode == 0
    text = seen.decode()
    assert "TCGA.UCS.sampleMap/HiSeqV2.gz" in text
    assert "HTTP 503" in text
    assert "tcga-hiseqv2 UCS: 12 tumor" in text
    assert "Now ask: tcga-corr" in text
