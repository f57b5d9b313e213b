"""cBioPortal's study files: ``Hugo_Symbol``, ``Entrez_Gene_Id``, samples; a meta file beside.

The meta file of ``data_mrna_seq_v2_rsem.txt`` is ``meta_mrna_seq_v2_rsem.txt``. Its study id, such
as ``lihc_tcga_pan_can_atlas_2018``, names the tumor type; that of a union names none.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from tcga_corr.errors import TableError
from tcga_corr.formats.compressed import open_bytes, without_ending
from tcga_corr.formats.delimited import Matrix, Preview
from tcga_corr.formats.format import ReadOptions, TableFile, TableFormat
from tcga_corr.formats.gene_names import NameColumns, read_genes_down
from tcga_corr.formats.phenotype import TumorTypeOfSample
from tcga_corr.vocabulary.barcodes import parse_barcode
from tcga_corr.vocabulary.tumor_types import TUMOR_TYPES

_SYMBOL, _ENTREZ = "Hugo_Symbol", "Entrez_Gene_Id"
_EXPRESSION = "MRNA_EXPRESSION"
_RSEM_NAME = re.compile(r"data_(mrna_seq_v2_rsem|RNA_Seq_v2_expression_median)\.txt(\.[a-z0-9]+)?")
_RSEM_ID = "rna_seq_v2_mrna"


def _open(start: Preview, options: ReadOptions) -> TableFile:
    path, fields = start.path, start.fields()
    meta_path = _meta_path(path)
    meta = {} if meta_path is None else _read_meta(meta_path)
    _check(path, meta)
    names_at = (0, 1) if fields[1:2] == (_ENTREZ,) else (0,)
    matrix = Matrix(path, fields, names_at=names_at)
    which = NameColumns(symbol=0, entrez=1 if len(names_at) > 1 else None)
    return TableFile(
        path=path,
        columns=matrix.columns,
        read=partial(read_genes_down, matrix, which),
        linear=_linear(path, meta),
        beside=() if meta_path is None else (meta_path,),
        tumor_types=_tumor_types(meta.get("cancer_study_identifier", ""), matrix.columns),
        read_as=meta.get("cancer_study_identifier", ""),
    )


def _meta_path(path: Path) -> Path | None:
    """The meta file of this data file, if it stands beside it."""
    name = without_ending(path.name)
    beside = path.with_name("meta" + name.removeprefix("data"))
    return beside if name.startswith("data") and beside.is_file() else None


def _read_meta(path: Path) -> dict[str, str]:
    with open_bytes(path) as handle:
        lines = handle.read().decode("utf-8-sig", "replace").splitlines()
    parts = (line.partition(":") for line in lines)
    return {key.strip(): value.strip() for key, colon, value in parts if colon}


def _check(path: Path, meta: dict[str, str]) -> None:
    """Refuse values that cannot be ranked within a sample.

    Raises
    ------
    TableError
        If they are z-scores, or no expression at all.
    """
    described = f"{path.name} {meta.get('stable_id', '')} {meta.get('datatype', '')}"
    remedy = "Take data_mrna_seq_v2_rsem.txt of the study"
    if re.search("z-?scores?", described, re.IGNORECASE):
        raise TableError(
            f"{path}: z-scores of each gene, which cannot be ranked within a sample", remedy
        )
    kind = meta.get("genetic_alteration_type", _EXPRESSION)
    if kind != _EXPRESSION:
        raise TableError(f"{path}: its meta file says {kind}, not {_EXPRESSION}", remedy)


def _linear(path: Path, meta: dict[str, str]) -> bool | None:
    """True for RSEM, False for values called logarithms, None where the values decide."""
    if meta.get("datatype", "").upper() == "LOG-VALUE":
        return False
    rsem = _RSEM_NAME.fullmatch(path.name) or meta.get("stable_id", "").startswith(_RSEM_ID)
    return True if rsem else None


def _tumor_types(study: str, columns: tuple[str, ...]) -> TumorTypeOfSample | None:
    tumor_type = study.partition("_")[0].upper()
    barcodes = [barcode for name in columns if (barcode := parse_barcode(name))]
    if tumor_type not in TUMOR_TYPES or not barcodes:
        return None
    return TumorTypeOfSample(by_sample={barcode.sample: tumor_type for barcode in barcodes})


FORMAT = TableFormat(
    name="cbioportal",
    title="cBioPortal: data_mrna_seq_v2_rsem.txt of a study, with its meta file",
    recognises=lambda start: start.fields()[0] == _SYMBOL,
    open=_open,
)
