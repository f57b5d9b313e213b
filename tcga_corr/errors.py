"""The package's one family of exceptions.

The text of each is one line: what went wrong, where, and what to do about it. The command line
maps them to exit codes in ``tcga_corr.cli.diagnostics``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class TcgaCorrError(Exception):
    """Something the user can act on.

    Parameters
    ----------
    what
        What went wrong, naming the file, line, column or field; no full stop.
    remedy
        What to do about it; no full stop.
    """

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what, remedy)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        parts = (part.rstrip(".") for part in (self.what, self.remedy) if part)
        return " ".join(part if part.endswith("?") else f"{part}." for part in parts)

    def lines(self) -> list[str]:
        """The lines to show: one, unless an error gathers several."""
        return [str(self)]


class UsageError(TcgaCorrError):
    """The question is wrong: an unknown name, an option out of range."""


class DataMissingError(TcgaCorrError):
    """The data the question needs are not in the store or not on disk."""


class DownloadError(DataMissingError):
    """A file could not be downloaded."""


class TableError(TcgaCorrError):
    """A file is not the table it should be."""


class StoreError(TcgaCorrError):
    """The store cannot be read or written."""


class DamagedTableError(StoreError):
    """A table of the store cannot be read; loading it again mends it."""


class AnalysisError(TcgaCorrError):
    """The data exist, but the analysis cannot be done on them."""


def one_line(error: BaseException) -> str:
    """The text of a library's error on one line."""
    return " ".join(str(error).split())


def shorten(text: str, most: int) -> str:
    """A text of at most so many characters, cut where it is longer."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def nearest(name: str, names: Iterable[str], most: int = 3) -> list[str]:
    """The known names nearest to a wrong one, the nearest first."""
    by_folded = {known.casefold(): known for known in names}
    close = difflib.get_close_matches(name.casefold(), by_folded, n=most, cutoff=0.6)
    return [by_folded[folded] for folded in close]


def did_you_mean(names: Iterable[str]) -> str:
    """A remedy that asks for known names, or an empty string where there are none."""
    listed = " or ".join(names)
    return f"Did you mean {listed}?" if listed else ""


def near_names(name: str, names: Iterable[str], most: int = 3) -> str:
    """A remedy that asks for the known names nearest to a wrong one, or an empty string."""
    return did_you_mean(nearest(name, names, most))
