"""GDC files of one sample each, from the STAR pipeline, by the sample sheet of the GDC portal.

The files lie in the folder of the sheet, or there in folders named by their ids, as the portal's
archive and gdc-client leave them. The copies of pseudoautosomal genes on chromosome Y are
left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import compress
from pathlib import Path

import numpy as np

from tcga_corr.errors import DataMissingError, TableError
from tcga_corr.expression import ExpressionTable
from tcga_corr.formats.compressed import open_bytes
from tcga_corr.formats.delimited import Matrix, Preview, Values, preview, read_matrix
from tcga_corr.formats.format import GeneFilter, ReadOptions, TableFile, TableFormat
from tcga_corr.formats.gene_names import GeneRows, NameColumns
from tcga_corr.formats.phenotype import TumorTypeOfSample
from tcga_corr.vocabulary.barcodes import parse_barcode
from tcga_corr.vocabulary.tumor_types import TUMOR_TYPES

_FIRST_LINE = "# gene-model"
_NAMES = ("gene_id", "gene_name", "gene_type")
_TPM, _COUNTS = "tpm_unstranded", "unstranded"
_FILE_ID, _FILE_NAME, _SAMPLE, _ALIQUOT = "File ID", "File Name", "Sample ID", "Aliquot ID"
_PROJECT, _DATA_TYPE, _EXPRESSION = "Project ID", "Data Type", "Gene Expression Quantification"
_PARAFFIN = {"Preservation Method": ("ffpe",), "is_ffpe": ("true", "yes", "1")}
"""Column of a sheet to what it says, in lower case, of a paraffin-embedded sample."""
_STATE, _WITHDRAWN = "State", "files that the GDC has withdrawn"
_SHEET = (_FILE_ID, _FILE_NAME, _DATA_TYPE, _PROJECT, _SAMPLE)
_COLUMNS = NameColumns(symbol=1, ensembl=0)

Names = list[list[str]]


@dataclass(frozen=True)
class _SampleFile:
    name: str
    project: str
    path: Path
    paraffin: bool


def _open(start: Preview, options: ReadOptions) -> TableFile:
    if start.lines[0].startswith(_FIRST_LINE):
        raise TableError(
            f"{start.path}: a GDC table of one sample",
            "Give the sample sheet (gdc_sample_sheet….tsv) in the folder of the samples' files",
        )
    samples, n_withdrawn = _samples(start.path)
    column = _COUNTS if options.counts else _TPM
    return TableFile(
        path=start.path,
        columns=tuple(sample.name for sample in samples),
        read=partial(_read, samples, n_withdrawn, column),
        ensembl=True,
        linear=True,
        beside=tuple(sample.path for sample in samples),
        tumor_types=_tumor_types(samples),
        unit="counts" if options.counts else "tpm",
        paraffin=frozenset(sample.name for sample in samples if sample.paraffin),
        read_as=f"{column} of {len(samples)} files",
        has_expression=options.counts,
    )


def _samples(sheet: Path) -> tuple[list[_SampleFile], int]:
    """The samples of a sheet, each with its file; and how many files of it are withdrawn.

    Raises
    ------
    TableError
        If the sheet has a column missing, or names no file of gene expression.
    DataMissingError
        If a file that it names is missing.
    """
    rows = [row for row in _sheet_rows(sheet) if row[_DATA_TYPE] == _EXPRESSION]
    if not rows:
        raise TableError(
            f"{sheet}: no row of it is of data type {_EXPRESSION}",
            "Take the sample sheet of STAR - Counts files",
        )
    n_rows = len(rows)
    rows = [row for row in rows if row.get(_STATE, "").lower() != "withdrawn"]
    if not rows:
        raise TableError(
            f"{sheet}: the GDC has withdrawn all of its {n_rows} files",
            "Take those of a newer release",
        )
    # a file that is listed twice is read once
    row_of_file = {(row[_FILE_ID], row[_FILE_NAME]): row for row in rows}
    found = {names: _find_file(sheet, *names) for names in row_of_file}
    missing = [file_name for (_, file_name), path in found.items() if path is None]
    if missing:
        raise DataMissingError(
            f"{sheet}: {len(missing)} of its {len(found)} files not there, the first {missing[0]}",
            "Put the files, or the folders named by their File ID, beside the sheet",
        )
    samples = [
        _SampleFile(row.get(_ALIQUOT) or row[_SAMPLE], row[_PROJECT], path, _is_paraffin(row))
        for names, row in row_of_file.items()
        if (path := found[names])
    ]
    return samples, n_rows - len(rows)


def _is_paraffin(row: dict[str, str]) -> bool:
    return any(row.get(title, "").lower() in words for title, words in _PARAFFIN.items())


def _sheet_rows(sheet: Path) -> list[dict[str, str]]:
    with open_bytes(sheet) as handle:
        lines = handle.read().decode("utf-8-sig", "replace").splitlines()
    header, *fields = (line.split("\t") for line in lines)
    absent = [name for name in _SHEET if name not in header]
    if absent:
        raise TableError(
            f"{sheet}, line 1: no column '{absent[0]}'",
            f"A sample sheet has the columns {', '.join(_SHEET)}",
        )
    rows = []
    for number, row in enumerate(fields, start=2):
        if not any(row):
            continue
        if len(row) != len(header):
            raise TableError(
                f"{sheet}, line {number}: {len(row)} fields where the header has {len(header)}",
                "Download it again",
            )
        rows.append({name: field.strip() for name, field in zip(header, row, strict=True)})
    return rows


def _find_file(sheet: Path, file_id: str, file_name: str) -> Path | None:
    if Path(file_name).name != file_name or Path(file_id).name != file_id:
        return None
    folders = (sheet.parent / file_id, sheet.parent)
    places = [folder / name for folder in folders for name in (file_name, f"{file_name}.gz")]
    try:
        return next((place for place in places if place.is_file()), None)
    except OSError:  # not a possible file name
        return None


def _tumor_types(samples: Sequence[_SampleFile]) -> TumorTypeOfSample | None:
    types = TumorTypeOfSample()
    for sample in samples:
        barcode = parse_barcode(sample.name)
        tumor_type = sample.project.removeprefix("TCGA-")
        if barcode and tumor_type in TUMOR_TYPES:
            types.by_sample[barcode.sample] = tumor_type
    return types if types.by_sample else None


def _read(
    samples: Sequence[_SampleFile],
    n_withdrawn: int,
    column: str,
    genes: GeneFilter | None = None,
) -> ExpressionTable:
    rows = GeneRows(_COLUMNS, genes)
    first = samples[0].path
    names, one = _read_sample(first, column)
    kept = rows.keep(names)
    values = np.empty((int(np.count_nonzero(kept)), len(samples)), dtype=one.dtype)
    values[:, 0] = one[kept]
    for position, sample in enumerate(samples[1:], start=1):
        other_names, one = _read_sample(sample.path, column)
        _check_same_genes(sample.path, other_names[0], first, names[0])
        values[:, position] = one[kept]
    table = rows.table(
        [list(compress(some, kept)) for some in names],
        [sample.name for sample in samples],
        values,
    )
    return table.counted(_WITHDRAWN, n_withdrawn)


def _read_sample(path: Path, quantity: str) -> tuple[Names, Values]:
    """Names of the genes, and the values of one column, in the file of a sample.

    Its rows of unassigned reads are left out.

    Raises
    ------
    TableError
        If it is not a STAR file, or a value is negative or not a number.
    """
    start = preview(path)
    fields = start.fields(1)
    if not start.lines[:1] or not start.lines[0].startswith(_FIRST_LINE):
        raise TableError(
            f"{path}, line 1: no '{_FIRST_LINE}' in it",
            "Take augmented_star_gene_counts files; older pipelines' are not read",
        )
    if fields[:3] != _NAMES or quantity not in fields:
        raise TableError(
            f"{path}, line 2: not the columns {', '.join(_NAMES)}, …, {quantity}",
            "Download it again",
        )
    matrix = Matrix(
        path,
        fields,
        header_lines=2,
        names_at=tuple(range(len(_NAMES))),
        exact=quantity == _COUNTS,
    )
    names, values = read_matrix(matrix)
    n_others = next((row for row, name in enumerate(names[0]) if not name.startswith("N_")), 0)
    names = [column[n_others:] for column in names]
    found = values[n_others:, matrix.columns.index(quantity)]
    for problem, wrong in (("no number", np.isnan(found)), ("negative", found < 0)):
        if wrong.any():
            row = int(wrong.argmax())
            where = f"{path}, line {row + n_others + 3}"
            raise TableError(
                f"{where}: the {quantity} of {names[0][row]} is {problem}",
                "Download it again",
            )
    return names, found


def _check_same_genes(path: Path, genes: list[str], first: Path, expected: list[str]) -> None:
    if genes == expected:
        return
    pairs = enumerate(zip(genes, expected, strict=False))
    row, pair = next(((n, pair) for n, pair in pairs if pair[0] != pair[1]), (-1, ("", "")))
    raise TableError(
        f"{path}: gene {row + 1} is {pair[0]}, and in {first.name} {pair[1]}"
        if row >= 0
        else f"{path}: {len(genes)} genes, and {first.name} has {len(expected)}",
        "Take files of one release of the pipeline, each downloaded whole",
    )


FORMAT = TableFormat(
    name="gdc-star-files",
    title="GDC STAR counts, a file a sample, by the portal's sample sheet",
    recognises=lambda start: (
        start.fields()[0] == _FILE_ID or start.fields()[0].startswith(_FIRST_LINE)
    ),
    open=_open,
)
