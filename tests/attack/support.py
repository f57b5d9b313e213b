"""What the attacks share: how large they are, how bytes change, and what came of it."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

from tcga_corr.errors import TcgaCorrError

SIZE = os.environ.get("TCGA_CORR_ATTACK", "")
if SIZE not in ("", "full"):
    raise ValueError(f"TCGA_CORR_ATTACK is '{SIZE}': unset it, or set it to full")


def scaled(whole: int) -> int:
    """How many times to attack: a tenth, unless all of it is wanted."""
    return whole if SIZE else max(1, whole // 10)


def edited(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Change a file in place; its time stays."""
    before, status = path.read_bytes(), path.stat()
    after = change(before)
    assert after != before
    with path.open("r+b") as handle:
        handle.write(after)
        handle.truncate()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def flipped(content: bytes, place: int, bit: int) -> bytes:
    """The content with the bits of a mask flipped in one byte."""
    changed = bytearray(content)
    changed[place] ^= bit
    return bytes(changed)


def check_one_line(error: TcgaCorrError) -> None:
    """An error of the package has one line, or one for each problem that it gathers."""
    assert all("\n" not in line and line.strip() for line in error.lines())


class Tally:
    """What came of the attacks, by kind of file."""

    def __init__(self, *columns: str) -> None:
        self._columns = columns
        self._counts: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def add(self, kind: str, *columns: str) -> None:
        """Count one attack in some columns."""
        assert set(columns) <= set(self._columns)
        self._counts[kind].update(["flips", *columns])

    def show(self) -> None:
        """Print a row a kind, which pytest shows with -s."""
        columns = ("flips", *self._columns)
        print("\n" + " | ".join(("kind", *columns)))
        for kind, counts in self._counts.items():
            print(" | ".join((kind, *(str(counts[column]) for column in columns))))
