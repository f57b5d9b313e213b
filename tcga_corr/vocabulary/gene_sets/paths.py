"""Texts that name files of gene sets: ``FILE.gmt`` and ``FILE.gmt:NAME``."""

from __future__ import annotations

import re

from tcga_corr.errors import TcgaCorrError
from tcga_corr.vocabulary.gene_sets.gmt import SetFile, read_set_file

_FILE = r".+?\.(?:gmt|gmx|grp|json|txt|tsv|csv|lst)(?:\.(?:txt|tsv|csv))?(?:\.gz)?"
_WHOLE = re.compile(_FILE, re.IGNORECASE)
_IN_FILE = re.compile(f"({_FILE}):(.+)", re.IGNORECASE)


def names_file(text: str) -> bool:
    """Whether a text is the path of a file of gene sets, by its ending."""
    return _WHOLE.fullmatch(text) is not None and _IN_FILE.fullmatch(text) is None


def file_and_set(text: str) -> tuple[str, str] | None:
    """The path and the set of ``FILE.gmt:NAME``; None of any other text."""
    match = _IN_FILE.fullmatch(text)
    return (match[1], match[2]) if match else None


def is_of_file(text: str) -> bool:
    """Whether a text names a file of gene sets, or a set of one."""
    return names_file(text) or file_and_set(text) is not None


def split_at_commas(text: str) -> list[str]:
    """Names between commas; a set of a file may have commas in its own name."""
    parts, found = text.split(","), []
    while parts:
        n_parts = _parts_of_set(parts) if file_and_set(parts[0].strip()) else 1
        found.append(",".join(parts[:n_parts]).strip())
        parts = parts[n_parts:]
    return [name for name in found if name]


def _parts_of_set(parts: list[str]) -> int:
    """How many of the parts make the longest name that is a set of the file."""
    named = file_and_set(parts[0].strip())
    try:
        known = read_set_file(named[0]) if named else None
    except TcgaCorrError:  # reported where the name is looked up
        return 1
    for n_parts in range(len(parts), 1, -1):
        whole = file_and_set(",".join(parts[:n_parts]).strip())
        if whole and _has(known, whole[1]):
            return n_parts
    return 1


def _has(known: SetFile | None, name: str) -> bool:
    return known is not None and (name in known.sets or name in known.faults)
