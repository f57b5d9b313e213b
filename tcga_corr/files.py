"""Writing files so that a reader sees the old one or the new one, never a part of either."""

from __future__ import annotations

import hashlib
import itertools
import os
import platform
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tcga_corr.errors import StoreError, TableError


def check_is_file(path: Path) -> None:
    """Refuse a pipe, a device or a folder, which would never end or wait for a writer.

    Raises
    ------
    TableError
        If it is there, and no file.
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        return  # opening it says why
    if not stat.S_ISREG(mode):
        raise TableError(f"{path}: not a file", "Write what it gives to a file, and give that")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path``; on success synced and renamed to it, else removed.

    Raises
    ------
    StoreError
        If the operating system refuses to write.
    """
    partial = partial_path(path)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield partial
            with partial.open("rb") as handle:
                os.fsync(handle.fileno())
            partial.replace(path)
            sync_folder(path.parent)
        finally:
            partial.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """A temporary folder beside ``path``; on success renamed to it, else removed.

    The files in it have to be synced. There must be no folder ``path`` when the block ends.
    """
    partial = partial_path(path)
    partial.mkdir()
    try:
        yield partial
        partial.rename(path)
        sync_folder(path.parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def partial_path(path: Path) -> Path:
    """A new temporary path for what is to become ``path``; its name has the machine and process.

    New at each call, as a thread of an interrupted run may still write the file that the next run
    writes too.
    """
    return path.with_name(f".{path.name}.{next(_numbers)}.{_host()}.{os.getpid()}.part")


_numbers = itertools.count()


def _host() -> str:
    """The name of this machine, as several may share the folder."""
    return re.sub(r"[^A-Za-z0-9-]", "-", platform.node()) or "host"


def is_leftover(path: Path) -> bool:
    """Whether a path is a temporary one of a process of this machine that has ended."""
    rest, _, ending = path.name.rpartition(".")
    rest, _, process = rest.rpartition(".")
    is_of_host = rest.rpartition(".")[2] == _host()
    if ending != "part" or not process.isdecimal() or not is_of_host:
        return False
    with suppress(PermissionError):  # it runs, and belongs to another user
        try:
            os.kill(int(process), 0)
        except ProcessLookupError:
            return True
    return False


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an error of the operating system into a :class:`StoreError`."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be written ({error.strerror or error})",
            "Free some space, mend the permissions, or choose another place",
        ) from error


def remove_tree(path: Path) -> None:
    """Remove a file, a link, or a folder with its content.

    Raises
    ------
    StoreError
        If the operating system refuses.
    """
    with writing(path):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Sync a folder, so that a rename in it survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> str:
    """The sha256 of a file, in hex."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
