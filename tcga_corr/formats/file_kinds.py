"""What a file is that is no table: its kind by its first bytes, and what to do about it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from tcga_corr.errors import TableError

N_FIRST_BYTES = 512
"""How many bytes tell the kind of a file."""


@dataclass(frozen=True)
class _Kind:
    title: str
    remedy: str


_AS_TEXT = "Save it as text in UTF-8"
_FROM_R = "Save it from R as text: write.table(x, file, sep='\\t', col.names=NA)"
_UNPACK = "Unpack it, and give the table that is in it"
_BY_START = {
    b"version https://git-lfs": _Kind(
        "a Git LFS pointer, not the data", "Run `git lfs pull` in its folder, or download the data"
    ),
    b"\xd0\xcf\x11\xe0": _Kind("an Excel workbook (.xls)", "Save its sheet as CSV"),
    b"X\n\x00": _Kind("an .rds file of R", _FROM_R),
    b"A\n": _Kind("an .rds file of R", _FROM_R),
    b"RDX": _Kind("an .RData file of R", _FROM_R),
    b"RDA": _Kind("an .RData file of R", _FROM_R),
    b"\x0b\x0e\x0a\xc1": _Kind("a .qs file of R", _FROM_R),
    b"\xff\xfe": _Kind("text in UTF-16", _AS_TEXT),
    b"\xfe\xff": _Kind("text in UTF-16", _AS_TEXT),
    b"\x00\x00\xfe\xff": _Kind("text in UTF-32", _AS_TEXT),
    b"%PDF": _Kind("a PDF document", "Take the table as text, often among the supplementary files"),
    b"\x89PNG": _Kind("a picture", "Take the table as text"),
    b"\xff\xd8\xff": _Kind("a picture", "Take the table as text"),
    b"GIF8": _Kind("a picture", "Take the table as text"),
    b"{\\rtf": _Kind("a document (.rtf)", _AS_TEXT),
    b"SQLite format 3\x00": _Kind("an SQLite database", "Export the table as CSV"),
    b"7z\xbc\xaf\x27\x1c": _Kind("a 7z archive", _UNPACK),
    b"Rar!": _Kind("a RAR archive", _UNPACK),
    b"\x1f\x9d": _Kind("a file compressed by `compress` (.Z)", "Unpack it: gunzip FILE"),
    b"\x04\x22\x4d\x18": _Kind("a file compressed by lz4", "Unpack it: lz4 -d FILE"),
    b"FEA1": _Kind("a Feather file of version 1", "Write it anew: arrow::write_feather(x, file)"),
    b"\xff\xff\xff\xff": _Kind("an Arrow stream", "Write it as Parquet or Feather"),
    b"ORC": _Kind("an ORC file", "Write it as Parquet"),
    b"Obj\x01": _Kind("an Avro file", "Write it as Parquet"),
    b"\x93NUMPY": _Kind("an array of NumPy, without names", "Write it as a data frame, to Parquet"),
    b"\x80\x02": _Kind("a pickle of Python", "Write it as Parquet: frame.to_parquet(path)"),
    b"\x80\x03": _Kind("a pickle of Python", "Write it as Parquet: frame.to_parquet(path)"),
    b"\x80\x04": _Kind("a pickle of Python", "Write it as Parquet: frame.to_parquet(path)"),
    b"\x80\x05": _Kind("a pickle of Python", "Write it as Parquet: frame.to_parquet(path)"),
    b"MATLAB": _Kind("a file of MATLAB", _AS_TEXT),
    b"<stata_dta>": _Kind("a file of Stata", _AS_TEXT),
    b"$FL2": _Kind("a file of SPSS", _AS_TEXT),
    b"BAM\x01": _Kind("sequence alignments (BAM)", "Take the table of expression made of them"),
    b"CRAM": _Kind("sequence alignments (CRAM)", "Take the table of expression made of them"),
    b"%%MatrixMarket": _Kind(
        "a sparse matrix without names (Matrix Market)",
        "Write it with the names of its genes and samples as one table, or as .h5ad",
    ),
}
_COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
}
_AGAIN = "Download it again; a browser shows what the address gives"
_PAGE = re.compile(
    rb"\s*<(!doctype html|html|head|body|!--|script|meta|title|h1|p\b)", re.IGNORECASE
)
_ERROR_CODE = re.compile(rb"<Code>([A-Za-z]{1,60})</Code>")
_FAILED = re.compile(
    rb"\s*(error[ :]+)?(4[0-9]{2}|5[0-9]{2}|access denied|not found|forbidden|unauthorized"
    rb"|bad gateway)(:? ?[a-z .]*)?\s*",
    re.IGNORECASE,
)


def known_kinds() -> dict[str, str]:
    """The kinds that are known by their first bytes, and what to do about each."""
    return {kind.title: kind.remedy for kind in _BY_START.values()}


def refuse_other_kinds(path: Path, start: bytes) -> None:
    """Refuse what its first bytes, once decompressed, show to be no table.

    Raises
    ------
    TableError
        That names the kind of file.
    """
    kind = _kind(start[:N_FIRST_BYTES])
    if kind is not None:
        raise TableError(f"{path}: {kind.title}, no table", kind.remedy)


def _kind(start: bytes) -> _Kind | None:
    for magic, kind in _BY_START.items():
        if start.startswith(magic):
            return kind
    for magic, name in _COMPRESSED.items():
        if start.startswith(magic):
            return _Kind(f"compressed twice ({name} within)", "Unpack it once, and load that")
    if start[257:262] == b"ustar":
        return _Kind("a tar archive", _UNPACK)
    if start[8:12] == b"DUCK":
        return _Kind("a DuckDB database", "Export the table as Parquet")
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"<"):
        return _markup(text)
    if _is_json(text):
        return _Kind("JSON", "Write it as a table with a row for each gene")
    if len(start) < N_FIRST_BYTES and _FAILED.fullmatch(text):
        return _Kind("a server's error in place of the data", _AGAIN)
    if b"\0" in start:
        return _Kind(
            "not text, and of no known kind", "Give a table as text in UTF-8, or as Parquet"
        )
    if b"\r" in start and not re.search(rb"\n|\r$", start):
        return _Kind("text whose lines end in CR alone, as of old Macs", "Save it with line feeds")
    return None


def _markup(text: bytes) -> _Kind:
    code = _ERROR_CODE.search(text)
    if code:
        return _Kind(f"a server's error in place of the data ({code[1].decode()})", _AGAIN)
    if b"<Error>" in text:
        return _Kind("a server's error in place of the data", _AGAIN)
    if _PAGE.match(text) or b"<html" in text.lower():
        return _Kind("a web page in place of the data", _AGAIN)
    return _Kind("XML", "Give the table as text")


def _is_json(text: bytes) -> bool:
    if not re.match(rb'(\{\s*("|\}|$)|\[\s*([\[{"\]0-9-]|$))', text):
        return False
    try:
        json.JSONDecoder().raw_decode(text.decode("utf-8", "replace"))
    except ValueError:
        return text.startswith(b"{") or b"\t" not in text.partition(b"\n")[0]
    return True
