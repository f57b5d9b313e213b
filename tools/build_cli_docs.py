"""Write the command-line reference from the help texts, or check that it is current.

python tools/build_cli_docs.py [--check]
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TARGET = Path(__file__).parent.parent / "docs" / "cli.md"
COMMANDS = ("demo", "load", "status", "sets", "score", "correlate", "sql")
INTRODUCTION = """\
# Command line

Written by `python tools/build_cli_docs.py` from the help texts; not to be edited by hand.

Standard output carries data alone; progress, notes and errors go to standard error. Exit codes:
0 done, 1 the analysis could not be done, 2 wrong usage, 3 data missing, 130 interrupted.
"""


def help_of(*command: str) -> str:
    environment = {**os.environ, "COLUMNS": "90", "NO_COLOR": "1", "TERMINAL_WIDTH": "90"}
    environment.pop("TCGA_CORR_CACHE", None)
    return subprocess.run(
        [sys.executable, "-m", "tcga_corr", *command, "--help"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def reference() -> str:
    parts = [INTRODUCTION]
    for command in ((), *((name,) for name in COMMANDS)):
        title = " ".join(("tcga-corr", *command))
        parts.append(f"## {title}\n\n```text\n{help_of(*command)}\n```\n")
    return "\n".join(parts)


def main() -> int:
    text = reference()
    if "--check" in sys.argv:
        if not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
            print(f"{TARGET.name} is out of date: run python tools/build_cli_docs.py")
            return 1
        return 0
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
