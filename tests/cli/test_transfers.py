"""What a person sees of downloads."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tcga_corr.cli.transfers import Bars, Lines

from tcga_corr.fetching.request import Progress
from tests.fetching.test_fetch import put_hiseq
from tests.hub import Hub, Status


def use(progress: Progress) -> None:
    """Two files at once, one of them twice under one name, a retry, and loading."""
    progress.expect(3_000_000)
    progress.start("A [bold]", 0, 1_000_000)
    progress.start("B", 500_000, None)
    progress.receive("A [bold]", 400_000)
    progress.receive("B", 10)
    progress.say("B", "HTTP 503; again in 1 s")
    progress.start("B", 0, 2_000_000)
    progress.finish("B")
    progress.receive("B", 10)  # of another file that goes by this name
    progress.finish("B")
    progress.load("reading x")
    progress.load("storing [x]")
    progress.load("")
    progress.finish("A [bold]")


def test_lines_tell_what_a_person_should_know() -> None:
    notes: list[str] = []
    use(Lines(None, notes.append))
    assert notes == ["note: B: HTTP 503; again in 1 s"]


def test_lines_of_every_step() -> None:
    steps: list[str] = []
    use(Lines(steps.append, lambda text: None))
    assert steps == [
        "downloading A [bold] of 1.0 MB",
        "downloading B, from 0.5 MB",
        "downloading B of 2.0 MB",
        "reading x",
        "storing [x]",
    ]


def test_bars_take_what_comes(capsys: pytest.CaptureFixture[str]) -> None:
    with Bars() as bars:
        use(bars)
        bars.line("TCGA\x1b[31m")
        threads = [threading.Thread(target=use, args=(bars,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    said = capsys.readouterr()
    assert said.out == ""
    assert "note: B: HTTP 503; again in 1 s" in said.err
    assert "TCGA?[31m" in said.err


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
