"""The matrices of the GDC and Toil hubs: a row an Ensembl gene, symbols by a probe map.

The probe map is the GENCODE table that the hub keeps beside its matrices (``id``, ``gene``, …).
The copies of pseudoautosomal genes on chromosome Y (``_PAR_Y``, ``ENSGR…``) are left out.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import numpy as np

from tcga_corr.errors import DataMissingError, TableError
from tcga_corr.expression import ExpressionTable
from tcga_corr.tables.barcode_columns import expression_table
from tcga_corr.tables.delimited import Header, open_bytes, read_matrix
from tcga_corr.tables.format import ReadOptions, TableFormat

_FIRST_ROWS, _LEAST_KNOWN = 500, 0.95
_PROBE_MAP_NAME = re.compile(r".*\.probemap(\.gz)?", re.IGNORECASE)


def _read(header: Header, options: ReadOptions) -> ExpressionTable:
    names, values = read_matrix(header)
    probe_map = read_probe_map(_find_probe_map(header, options))
    genes = [_symbol(name, probe_map) for name in names]
    ids = [name.partition(".")[0] for name in names]
    table = expression_table(genes, ids, header.columns, values)
    on_y = np.array([name.startswith("ENSGR") or name.endswith("_PAR_Y") for name in names])
    return table.rows(~on_y, "pseudoautosomal copies on chromosome Y")


def _symbol(name: str, probe_map: dict[str, str]) -> str:
    return probe_map.get(name) or probe_map.get(name.partition(".")[0], "")


def read_probe_map(path: Path) -> dict[str, str]:
    """Symbol by Ensembl id, both with version and, where that is no pseudoautosomal copy, without.

    Raises
    ------
    TableError
        If the file has no ``id`` and ``gene`` columns, or is not text.
    """
    status = path.stat() if path.exists() else None
    return _read_probe_map(path, status and (status.st_size, status.st_mtime_ns, status.st_ino))


@lru_cache(maxsize=4)
def _read_probe_map(path: Path, stamp: object) -> dict[str, str]:
    """Read once for choosing among several and for reading the table."""
    with open_bytes(path) as handle:
        content = handle.read()
    try:
        lines = content.decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise TableError(
            f"{path}: not text in UTF-8 ({error.reason} at byte {error.start})", "Download it again"
        ) from error
    fields = lines[0].split("\t") if lines else []
    if fields[:2] != ["id", "gene"]:
        raise TableError(
            f"{path}, line 1: a probe map starts with the columns id and gene",
            "Take the hub's gencode….probemap",
        )
    symbols: dict[str, str] = {}
    for number, line in enumerate(lines[1:], start=2):
        probe, tab, rest = line.partition("\t")
        if not line.strip():
            continue
        if not tab:
            raise TableError(f"{path}, line {number}: no tab in it", "Download it again")
        symbols[probe] = rest.partition("\t")[0]
    for probe, symbol in list(symbols.items()):
        if not probe.startswith("ENSGR") and not probe.endswith("_PAR_Y"):
            symbols.setdefault(probe.partition(".")[0], symbol)
    return symbols


def _find_probe_map(header: Header, options: ReadOptions) -> Path:
    """The probe map given, or of those in the table's folder the one that knows most of its genes.

    Raises
    ------
    DataMissingError
        If the best one knows less than 95 % of the first rows.
    """
    if options.probe_map:
        maps = [options.probe_map]
    else:
        folder = header.path.parent
        maps = sorted(p for p in folder.iterdir() if _PROBE_MAP_NAME.fullmatch(p.name))
    genes = _first_genes(header)
    known = {path: _share_known(genes, path) for path in maps}
    best = max(maps, key=lambda path: known[path], default=None)
    if best is None or max(known[best]) < _LEAST_KNOWN:
        who = f"not {options.probe_map}" if options.probe_map else "no probe map in its folder"
        raise DataMissingError(
            f"{header.path}: its rows are Ensembl genes such as {genes[0]}, which {who} knows",
            "Put the hub's gencode….probemap beside it or give --probe-map",
        )
    return best


def _first_genes(header: Header) -> list[str]:
    with open_bytes(header.path) as handle:
        lines = [handle.readline() for _ in range(_FIRST_ROWS + 1)][1:]
    return [line.partition(b"\t")[0].decode("utf-8", "replace") for line in lines if line.strip()]


def _share_known(genes: list[str], path: Path) -> tuple[float, float]:
    """The shares of genes that a probe map knows with their version, and in any version."""
    symbols = read_probe_map(path)
    with_version = sum(gene in symbols for gene in genes)
    in_any = sum(gene in symbols or gene.partition(".")[0] in symbols for gene in genes)
    return with_version / len(genes), in_any / len(genes)


def _beside(header: Header, options: ReadOptions) -> tuple[Path, ...]:
    return (_find_probe_map(header, options),)


FORMAT = TableFormat(
    name="gdc-hub",
    linear=False,
    ensembl=True,
    recognises=lambda header: header.second[0].startswith("ENSG"),
    read=_read,
    beside=_beside,
)
