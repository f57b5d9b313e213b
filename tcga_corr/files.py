"""Writing files so that a reader sees the old one or the new one, never half of either."""

from __future__ import annotations

import hashlib
import itertools
import os
import platform
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tcga_corr.errors import StoreError


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


def partial_path(path: Path) -> Path:
    """A temporary name of what is to become ``path``, of its own; it tells the process that writes.

    Of its own, as a thread of a run that was interrupted may still write what its next run does.
    """
    return path.with_name(f".{path.name}.{next(_numbers)}.{_host()}.{os.getpid()}.part")


_numbers = itertools.count()


def _host() -> str:
    """The machine, of those that may share the folder."""
    return re.sub(r"[^A-Za-z0-9-]", "-", platform.node()) or "host"


def is_leftover(path: Path) -> bool:
    """Whether a path is a temporary one of a process of this machine that is no more."""
    rest, _, ending = path.name.rpartition(".")
    rest, _, process = rest.rpartition(".")
    is_ours = rest.rpartition(".")[2] == _host()
    if ending != "part" or not process.isdecimal() or not is_ours:
        return False
    with suppress(PermissionError):  # alive, and somebody else's
        try:
            os.kill(int(process), 0)
        except ProcessLookupError:
            return True
    return False


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn the operating system's refusal to write into one line."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be written ({error.strerror or error})",
            "Free some space, mend the permissions, or choose another place",
        ) from error


def remove_tree(path: Path) -> None:
    """Remove a file, a link, or a folder with all that is in it.

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
    """Make a rename in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> str:
    """The sha256 of a file, in hex."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
