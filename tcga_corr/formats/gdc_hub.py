"""The matrices of the GDC and Toil hubs: a row an Ensembl gene, symbols by a probe map.

The probe map is the GENCODE table that the hub keeps beside its matrices (``id``, ``gene``, …).
The copies of pseudoautosomal genes on chromosome Y (``_PAR_Y``, ``ENSGR…``) are left out.
"""

from __future__ import annotations

import re
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tcga_corr.errors import DataMissingError, TableError
from tcga_corr.expression import ExpressionTable
from tcga_corr.formats.delimited import Matrix, Preview, open_bytes, read_matrix
from tcga_corr.formats.ensembl import PSEUDOAUTOSOMAL, is_pseudoautosomal_copy, without_version
from tcga_corr.formats.format import GeneFilter, ReadOptions, TableFile, TableFormat
from tcga_corr.formats.sample_columns import expression_table
from tcga_corr.formats.xena import has_barcode_columns

_FIRST_ROWS, _LEAST_KNOWN = 500, 0.95
_PROBE_MAP_NAME = re.compile(r".*\.probemap(\.gz)?", re.IGNORECASE)


def _open(start: Preview, options: ReadOptions) -> TableFile:
    matrix = Matrix(start.path, start.fields())
    probe_map = _find_probe_map(start.path, options)
    return TableFile(
        path=start.path,
        format=FORMAT.name,
        columns=matrix.columns,
        read=partial(_read, matrix, probe_map),
        ensembl=True,
        beside=(probe_map,),
    )


def _read(matrix: Matrix, probe_map: Path, genes: GeneFilter | None = None) -> ExpressionTable:
    symbols = read_probe_map(probe_map)
    on_y = unwanted = 0

    def wanted(names: list[list[str]]) -> NDArray[np.bool_]:
        nonlocal on_y, unwanted
        autosomal = np.array([not is_pseudoautosomal_copy(name) for name in names[0]])
        kept = np.ones_like(autosomal)
        if genes is not None:
            ids = [without_version(name) for name in names[0]]
            kept = genes.rows(ids, [_symbol(name, symbols) for name in names[0]])
        on_y += int(np.count_nonzero(~autosomal))
        unwanted += int(np.count_nonzero(autosomal & ~kept))
        both: NDArray[np.bool_] = autosomal & kept
        return both

    (names,), values = read_matrix(matrix, wanted)
    table = expression_table(
        [_symbol(name, symbols) for name in names],
        [without_version(name) for name in names],
        matrix.columns,
        values,
    )
    table = table.counted(PSEUDOAUTOSOMAL, on_y)
    return table if genes is None else table.counted(genes.reason, unwanted)


def _symbol(name: str, probe_map: dict[str, str]) -> str:
    return probe_map.get(name) or probe_map.get(without_version(name), "")


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
        if not is_pseudoautosomal_copy(probe):
            symbols.setdefault(without_version(probe), symbol)
    return symbols


def _find_probe_map(path: Path, options: ReadOptions) -> Path:
    """The probe map given, or of those in the table's folder the one that knows most of its genes.

    Raises
    ------
    DataMissingError
        If the best one knows less than 95 % of the first rows.
    """
    if options.probe_map:
        maps = [options.probe_map]
    else:
        maps = sorted(p for p in path.parent.iterdir() if _PROBE_MAP_NAME.fullmatch(p.name))
    genes = _first_genes(path)
    known = {one: _share_known(genes, one) for one in maps}
    best = max(maps, key=lambda one: known[one], default=None)
    if best is None or max(known[best]) < _LEAST_KNOWN:
        who = f"not {options.probe_map}" if options.probe_map else "no probe map in its folder"
        raise DataMissingError(
            f"{path}: its rows are Ensembl genes such as {genes[0]}, which {who} knows",
            "Put the hub's gencode….probemap beside it or give --probe-map",
        )
    return best


def _first_genes(path: Path) -> list[str]:
    with open_bytes(path) as handle:
        lines = [handle.readline() for _ in range(_FIRST_ROWS + 1)][1:]
    return [line.partition(b"\t")[0].decode("utf-8", "replace") for line in lines if line.strip()]


def _share_known(genes: list[str], path: Path) -> tuple[float, float]:
    """The shares of genes that a probe map knows with their version, and in any version."""
    symbols = read_probe_map(path)
    with_version = sum(gene in symbols for gene in genes)
    in_any = sum(gene in symbols or without_version(gene) in symbols for gene in genes)
    return with_version / len(genes), in_any / len(genes)


FORMAT = TableFormat(
    name="gdc-hub",
    title="UCSC Xena, GDC and Toil hubs: genes down by Ensembl id, symbols by a probe map",
    recognises=lambda start: has_barcode_columns(start) and start.fields(1)[0].startswith("ENSG"),
    open=_open,
)
