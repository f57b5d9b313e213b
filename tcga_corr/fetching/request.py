"""What to download, who is told of it, and whether what came is what was asked for."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import zlib
from dataclasses import dataclass
from pathlib import Path

from tcga_corr.errors import DownloadError

_SPARE = 64 << 20  # bytes of disk to leave free
_GZIP = b"\x1f\x8b"
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Download:
    """A file to download.

    Attributes
    ----------
    url, target
        Where from and where to.
    size, md5
        What it must have, where that is known.
    by_hand
        What to do where the hub does not have it; for people.
    label
        What it is called in progress; the target's name by default.
    """

    url: str
    target: Path
    size: int | None = None
    md5: str | None = None
    by_hand: str = ""
    label: str = ""

    @property
    def name(self) -> str:
        """What it is called in progress."""
        return self.label or self.target.name


class Progress:
    """Told what happens, from several threads; this one keeps it to itself."""

    def expect(self, total: int | None) -> None:
        """So many bytes are to come in all; None where the hubs do not say."""

    def start(self, name: str, done: int, total: int | None) -> None:
        """Receiving a file starts, or starts again, with so many of its bytes there."""

    def receive(self, name: str, count: int) -> None:
        """So many more bytes of a file are there."""

    def say(self, name: str, what: str) -> None:
        """Something about a file that a person may want to know."""

    def finish(self, name: str) -> None:
        """A file is done with, well or not."""

    def load(self, step: str) -> None:
        """A step of loading what has arrived; empty when it is done."""


def check_space(folder: Path, needed: int) -> None:
    """Refuse what will not fit on the disk.

    Raises
    ------
    DownloadError
        If fewer than ``needed`` bytes, and some to spare, are free.
    """
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if needed + _SPARE > free:
        raise DownloadError(
            f"'{folder}': {needed / 1e6:,.0f} MB are to come and {free / 1e6:,.0f} MB are free",
            "Free some space, or choose another folder with --cache",
        )


def fault_of(received: Path, one: Download, *, read_through: bool) -> str:
    """What is wrong with a file that was received; empty where nothing is.

    Parameters
    ----------
    received
        Where it is.
    one
        What it must be.
    read_through
        Whether to read gzip data to their end and checksum, where no hash tells more.
    """
    size = received.stat().st_size
    if one.size is not None and size != one.size:
        return f"{size} bytes came and {one.size} are expected"
    if one.md5 is not None:
        with received.open("rb") as handle:
            md5 = hashlib.file_digest(handle, lambda: hashlib.md5(usedforsecurity=False))
        same = md5.hexdigest() == one.md5
        return "" if same else f"its md5 is {md5.hexdigest()} and {one.md5} is expected"
    if one.target.suffix != ".gz":
        return ""
    with received.open("rb") as handle:
        start = handle.read(40)
    if not start.startswith(_GZIP):
        return f"it is not gzip data but starts with {start!r}"
    return _gzip_fault(received) if read_through else ""


def _gzip_fault(path: Path) -> str:
    try:
        with gzip.open(path) as handle:
            while handle.read(_BLOCK):
                pass
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        return f"its gzip data are cut short or damaged ({error})"
    return ""
