"""Time and memory of processes, and a summary of repeats."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

Command = Sequence[str]
MEMORY_INTERVAL = 0.05  # seconds between two readings of a process's memory


@dataclass(frozen=True)
class Run:
    """One finished process: wall time in seconds, peak resident memory in bytes, its output.

    ``anonymous`` is the peak without mapped files, if the process was watched.
    """

    seconds: float
    peak: int
    output: str
    anonymous: int = 0


@dataclass(frozen=True)
class Times:
    """Minimum and median of repeated times, in seconds."""

    least: float
    median: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Times:
        """Summarise single measurements."""
        return cls(min(seconds), statistics.median(seconds))

    def __str__(self) -> str:
        if self.least == self.median:
            return format_seconds(self.least)
        return f"{format_seconds(self.least)} ({format_seconds(self.median)})"


def format_seconds(seconds: float) -> str:
    """A time with three digits."""
    if seconds < 1:
        return f"{seconds * 1e3:.3g} ms"
    return f"{seconds:.3g} s"


def run(command: Command, watched: bool = False) -> Run:
    """Run a command to its end. Keep this process small: Linux counts its size in the peak.

    The peak includes pages of mapped files; ``watched`` also measures it without them.

    Raises
    ------
    SystemExit
        If the command fails; with its error output.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=errors)
        ended, sizes = Event(), [0]
        watch = Thread(target=_watch, args=(process.pid, ended, sizes), daemon=True)
        if watched:
            watch.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        ended.set()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            sys.exit(f"{' '.join(command)}\n{errors.read().decode()}")
        output.seek(0)
        peak = peak_bytes(usage.ru_maxrss)
        return Run(seconds, peak, output.read().decode(), max(sizes))


def _watch(process: int, ended: Event, sizes: list[int]) -> None:
    """Record a process's anonymous memory in bytes at intervals; works on Linux only."""
    status = Path(f"/proc/{process}/status")
    while not ended.wait(MEMORY_INTERVAL):
        try:
            lines = status.read_text(encoding="utf-8").splitlines()
        except OSError:
            return
        sizes += [int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon:")]


def peak_bytes(maxrss: int) -> int:
    """Convert the peak of getrusage to bytes: Linux counts kilobytes."""
    return maxrss if sys.platform == "darwin" else maxrss * 1024


def run_in_turn(
    commands: Mapping[str, Command], repeats: int, watched: bool = False
) -> dict[str, list[Run]]:
    """Run each command several times, in turn, so that a busy machine slows all equally."""
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(repeats):
        for name, command in commands.items():
            runs[name].append(run(command, watched))
    return runs
