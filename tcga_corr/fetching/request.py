"""A file to download, and whether the received file is the requested one."""

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
        Address, and path to save it under.
    size, md5
        Its size in bytes and MD5 checksum, where known.
    by_hand
        What a person can do if the hub does not have it.
    label
        Its name in progress; the target's name by default.
    """

    url: str
    target: Path
    size: int | None = None
    md5: str | None = None
    by_hand: str = ""
    label: str = ""

    @property
    def name(self) -> str:
        """Its name in progress."""
        return self.label or self.target.name


def check_space(folder: Path, needed: int) -> None:
    """Refuse a download that does not fit on the disk.

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


def find_fault(received: Path, expected: Download, *, read_through: bool) -> str:
    """What is wrong with a received file; empty if nothing is.

    Parameters
    ----------
    received
        Path of the received file.
    expected
        The requested file.
    read_through
        Whether to read gzip data to their end and checksum, if no MD5 is known.
    """
    size = received.stat().st_size
    if expected.size is not None and size != expected.size:
        return f"{size} bytes came and {expected.size} are expected"
    if expected.md5 is not None:
        with received.open("rb") as handle:
            md5 = hashlib.file_digest(handle, lambda: hashlib.md5(usedforsecurity=False))
        is_same = md5.hexdigest() == expected.md5
        return "" if is_same else f"its md5 is {md5.hexdigest()} and {expected.md5} is expected"
    if expected.target.suffix != ".gz":
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
