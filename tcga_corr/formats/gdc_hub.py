"""The matrices of the GDC and Toil hubs: a row is an Ensembl gene, symbols by a probe map.

The probe map is the GENCODE table that the hub keeps beside its matrices (``id``, ``gene``, …).
The copies of pseudoautosomal genes on chromosome Y (``_PAR_Y``, ``ENSGR…``) are left out. Samples
of GTEx have their tissue by a phenotype table beside the matrix. A table of the user's own may have
the same form, and no probe map: it is read as plain text.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path

from tcga_corr.errors import DataMissingError, TableError
from tcga_corr.expression import ExpressionTable
from tcga_corr.formats import plain
from tcga_corr.formats.compressed import open_bytes
from tcga_corr.formats.delimited import Matrix, Preview
from tcga_corr.formats.ensembl import is_pseudoautosomal_copy, without_version
from tcga_corr.formats.format import GeneFilter, ReadOptions, TableFile, TableFormat
from tcga_corr.formats.gene_names import NameColumns, read_genes_down
from tcga_corr.formats.gtex_phenotype import find_gtex_columns
from tcga_corr.formats.sample_columns import NOT_BARCODES
from tcga_corr.formats.xena import barcode_matrix, has_barcode_columns
from tcga_corr.vocabulary.gene_names import is_ensembl

_FIRST_ROWS, _LEAST_KNOWN = 500, 0.95
_PROBE_MAP_NAME = re.compile(r".*\.probemap(\.gz)?", re.IGNORECASE)


def _open(start: Preview, options: ReadOptions) -> TableFile:
    matrix = barcode_matrix(start, options)
    probe_map = _find_probe_map(start.path, options)
    if probe_map is None:
        return replace(plain.FORMAT.open(start, options), format=plain.FORMAT.name)
    gtex = find_gtex_columns(start.path, matrix.fields, required=not options.own_source)
    n_described = len(matrix.left_out)
    matrix = replace(matrix, left_out=(*matrix.left_out, *gtex.left_out))
    dropped = {NOT_BARCODES: n_described, **gtex.n_left_out}
    return TableFile(
        path=start.path,
        columns=matrix.columns,
        read=partial(_read, matrix, probe_map, dropped, gtex.tissues),
        ensembl=True,
        beside=(probe_map, *([gtex.path] if gtex.path else [])),
        tissues=gtex.tissues,
    )


@dataclass(frozen=True)
class _ProbeMapNames(NameColumns):
    """One column of Ensembl ids, with the symbols of a probe map."""

    symbol: None = None
    ensembl: int = 0
    probe_map: dict[str, str] = field(default_factory=dict, repr=False)

    def named(self, names: Sequence[Sequence[str]]) -> tuple[list[str], list[str]]:
        """Symbols and ids of rows, by their names."""
        ids = [without_version(name) for name in names[0]]
        symbols = [
            self.probe_map.get(name) or self.probe_map.get(gene_id, "")
            for name, gene_id in zip(names[0], ids, strict=True)
        ]
        return symbols, ids


def _read(
    matrix: Matrix,
    probe_map: Path,
    dropped: Mapping[str, int],
    also: Collection[str],
    genes: GeneFilter | None = None,
) -> ExpressionTable:
    names = _ProbeMapNames(probe_map=read_probe_map(probe_map))
    table = read_genes_down(matrix, names, genes, also)
    for reason, count in dropped.items():
        table = table.counted(reason, count)
    return table


def read_probe_map(path: Path) -> dict[str, str]:
    """Symbol by Ensembl id, with version and, unless it is a pseudoautosomal copy, without.

    Raises
    ------
    TableError
        If the file does not start with the columns ``id`` and ``gene``, or is not text.
    """
    status = path.stat() if path.exists() else None
    return _read_probe_map(path, status and (status.st_size, status.st_mtime_ns, status.st_ino))


@lru_cache(maxsize=4)
def _read_probe_map(path: Path, stamp: object) -> dict[str, str]:
    """Cached: a probe map is read to choose among several, and again for the table."""
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


def _find_probe_map(path: Path, options: ReadOptions) -> Path | None:
    """The given probe map, or the one in the table's folder that has most of its genes.

    None where none is given and none known, for a table of the user's own: it needs none, as a
    table of any other form.

    Raises
    ------
    DataMissingError
        If the best one has fewer than 95 % of the first rows.
    """
    if options.probe_map:
        maps = [options.probe_map]
    else:
        maps = sorted(p for p in path.parent.iterdir() if _PROBE_MAP_NAME.fullmatch(p.name))
    genes = _first_genes(path)
    known = {probe_map: _share_known(genes, probe_map) for probe_map in maps}
    best = max(maps, key=known.__getitem__, default=None)
    if best is None or max(known[best]) < _LEAST_KNOWN:
        if options.own_source and options.probe_map is None:
            return None
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
    """The shares of genes that a probe map has in their version, and in any version."""
    symbols = read_probe_map(path)
    with_version = sum(gene in symbols for gene in genes)
    in_any = sum(gene in symbols or without_version(gene) in symbols for gene in genes)
    return with_version / len(genes), in_any / len(genes)


FORMAT = TableFormat(
    name="gdc-hub",
    title="UCSC Xena, GDC and Toil hubs: genes down by Ensembl id, symbols by a probe map",
    recognises=lambda start: has_barcode_columns(start) and is_ensembl(start.fields(1)[0]),
    open=_open,
)
