"""The bytes of files that may be compressed: gzip, bzip2, xz, zstd, or zip of one file."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from tcga_corr.errors import DataMissingError, TableError
from tcga_corr.files import check_is_file

_ENDINGS = (".gz", ".bz2", ".xz", ".zst", ".zip")
LONGEST_LINE = 64 << 20
"""Bytes: a header of a million barcodes has a quarter of it."""

_LONGEST_LIST = 256 << 20  # bytes of samples with covariates, of a probe map, of a sample sheet
_N_MAGIC = 6
_DAMAGE = (zlib.error, EOFError, gzip.BadGzipFile, lzma.LZMAError, zipfile.BadZipFile)


def without_ending(name: str) -> str:
    """A file's name without the ending of compressed files, if it has one."""
    ending = next((ending for ending in _ENDINGS if name.endswith(ending)), "")
    return name.removesuffix(ending)


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """The bytes of a file, decompressed as they are read; its errors are the package's own.

    Raises
    ------
    DataMissingError
        If there is no such file.
    TableError
        If it cannot be read, or its compressed data are damaged, or a zip archive holds no file or
        several.
    """
    name = ""
    check_is_file(path)
    try:
        with path.open("rb") as raw:
            magic = raw.read(_N_MAGIC)
        name, opened = next(
            (known for start, known in _OPENERS.items() if magic.startswith(start)), ("", _plain)
        )
        with ExitStack() as stack:
            yield cast(BinaryIO, BoundedLines(path, opened(path, stack)))
    except FileNotFoundError:
        raise DataMissingError(f"no file '{path}'", "Check the path") from None
    except _DAMAGE as error:
        raise _damaged(path, name, error) from error
    except OSError as error:
        # bz2 and zstd report damage as an error without a number
        if name and error.errno is None:
            raise _damaged(path, name, error) from error
        raise TableError(f"{path}: cannot be read ({error.strerror})", "Check the file") from error


class BoundedLines:
    """A stream of bytes in which a line that is longer than any table's is an error.

    Parameters
    ----------
    path
        Where the bytes are from.
    stream
        The bytes.
    """

    def __init__(self, path: Path, stream: BinaryIO) -> None:
        self._path, self._stream = path, stream
        self._length = 0  # of the line that has not ended yet

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most so many; by default all, if they are no more than a list has."""
        if size < 0:
            block = self._stream.read(_LONGEST_LIST + 1)
            if len(block) > _LONGEST_LIST:
                raise TableError(
                    f"{self._path}: more than {_LONGEST_LIST >> 20} MB when unpacked, which no "
                    "table of this kind has",
                    "Check what the file is",
                )
            return block
        block = self._stream.read(size)
        last = block.rfind(b"\n")
        self._length = self._length + len(block) if last < 0 else len(block) - last - 1
        self._check(self._length)
        return block

    def readline(self) -> bytes:
        """The next line, with its end."""
        line = self._stream.readline(LONGEST_LINE + 1)
        self._check(len(line))
        return line

    def __iter__(self) -> Iterator[bytes]:
        """The lines."""
        while line := self.readline():
            yield line

    def _check(self, length: int) -> None:
        if length > LONGEST_LINE:
            raise TableError(
                f"{self._path}: a line of more than {LONGEST_LINE >> 20} MB, which no table has",
                "Check what the file is",
            )


def _damaged(path: Path, name: str, error: Exception) -> TableError:
    return TableError(
        f"{path}: the {name} data are cut short or damaged ({error})", "Download it again"
    )


def _plain(path: Path, stack: ExitStack) -> BinaryIO:
    return stack.enter_context(path.open("rb"))


def _gzip(path: Path, stack: ExitStack) -> BinaryIO:
    return cast(BinaryIO, stack.enter_context(gzip.open(path)))


def _bzip2(path: Path, stack: ExitStack) -> BinaryIO:
    return cast(BinaryIO, stack.enter_context(bz2.open(path)))


def _xz(path: Path, stack: ExitStack) -> BinaryIO:
    return cast(BinaryIO, stack.enter_context(lzma.open(path)))


def _zstd(path: Path, stack: ExitStack) -> BinaryIO:
    import pyarrow as pa

    raw = stack.enter_context(pa.OSFile(str(path)))
    stream = stack.enter_context(pa.CompressedInputStream(raw, "zstd"))
    return stack.enter_context(io.BufferedReader(stream))


def _zip(path: Path, stack: ExitStack) -> BinaryIO:
    archive = stack.enter_context(zipfile.ZipFile(path))
    members = [member for member in archive.infolist() if not member.is_dir()]
    names = {member.filename for member in members}
    if "[Content_Types].xml" in names:
        what = (
            "an Excel workbook" if any(name.startswith("xl/") for name in names) else "a document"
        )
        raise TableError(f"{path}: {what}, no table", "Save its sheet as CSV")
    tables = [member for member in members if not member.filename.startswith("__MACOSX/")]
    if len(tables) != 1:
        raise TableError(
            f"{path}: a zip archive of {len(tables)} files", "Unpack it, and give the table itself"
        )
    (member,) = tables
    if member.flag_bits & 1:
        raise TableError(f"{path}: a zip archive with a password", "Unpack it first")
    try:
        return cast(BinaryIO, stack.enter_context(archive.open(member)))
    except NotImplementedError as error:
        raise TableError(
            f"{path}: a zip archive compressed in a way that is not read ({error})",
            "Unpack it first",
        ) from error


_Opener = Callable[[Path, ExitStack], BinaryIO]
_OPENERS: dict[bytes, tuple[str, _Opener]] = {
    b"\x1f\x8b": ("gzip", _gzip),
    b"BZh": ("bzip2", _bzip2),
    b"\xfd7zXZ\x00": ("xz", _xz),
    b"\x28\xb5\x2f\xfd": ("zstd", _zstd),
    b"PK\x03\x04": ("zip", _zip),
    b"PK\x05\x06": ("zip", _zip),  # an empty archive
}
