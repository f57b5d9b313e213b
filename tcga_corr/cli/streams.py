"""Standard streams that were closed, or cannot be written."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from typing import TextIO

_CLOSED_INSTEAD = (os.O_RDONLY, os.O_RDONLY, os.O_WRONLY)
"""How the null device stands in for each stream: what goes to standard output must not get lost."""


class _Unheard(io.TextIOWrapper):
    """Standard error, to which a note that cannot be written is not told."""

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            super().flush()


def open_streams() -> None:
    """Open what stands in for closed standard streams, before a file takes a stream's place."""
    for number, flags in enumerate(_CLOSED_INSTEAD):
        try:
            os.fstat(number)
        except OSError:
            instead = os.open(os.devnull, flags)  # itself the stream, where no lower one is closed
            if instead != number:
                os.dup2(instead, number)
                os.close(instead)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    error: TextIO | None = sys.stderr
    raw = open(2, "wb", closefd=False) if error is None else error.buffer  # noqa: SIM115
    encoding = "utf-8" if error is None else error.encoding
    sys.stderr = _Unheard(raw, encoding, errors="backslashreplace", line_buffering=True)


def output_failed(error: OSError) -> bool:
    """Whether an error is that of standard output, which has no name, unlike a file."""
    return error.filename is None and error.errno in (errno.EBADF, errno.ENOSPC, errno.EIO)


def forget_output() -> None:
    """Let go of what standard output still holds, so that the interpreter says no more of it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
