"""Where the program starts: a signal ends it in one line even while the commands are imported."""

from __future__ import annotations

import os
import signal
from types import FrameType


def main() -> None:
    """Run the command line and leave with its exit code."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _end)
    from tcga_corr.cli.main import main as run

    run()


def _end(number: int, _frame: FrameType | None) -> None:
    name = signal.Signals(number).name
    os.write(2, f"tcga-corr: error: ended by {name}. Run the same command again.\n".encode())
    os._exit(128 + number)
