"""The Genomic Data Commons itself: STAR counts and TPM, one file a sample.

The files endpoint says which files there are, with the size and md5 of each; they are kept in the
layout of the GDC's own download tool, ``<file id>/<file name>``, with a manifest and a sample sheet
as the GDC's portal gives them, so that this folder loads like one that a user downloaded there.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tcga_corr.errors import DownloadError
from tcga_corr.fetching.hub_requests import Patience, ask
from tcga_corr.fetching.request import Download, Progress
from tcga_corr.files import replacing
from tcga_corr.sources.source import Source

SOURCE = Source(
    name="gdc-api",
    title="GDC STAR counts of each sample, TPM, from the GDC itself",
    unit="log2(tpm+1)",
    gene_id="Ensembl, GENCODE v36",
    file_name=r"gdc_sample_sheet.*\.tsv",
    citation="Heath et al. 2021, Nat. Genet. 53:257, doi:10.1038/s41588-021-00791-5",
    formats=("gdc-star-files",),
    page="https://portal.gdc.cancer.gov",
    quirks=(
        "one table of about 4 MB a sample: 33 tumor types are about 11,000 files",
        "a # line, a header, four N_ rows, 60,660 genes, 44 of them _PAR_Y copies",
        "a file that the GDC has taken back answers 451 and is left out, which is said",
    ),
)

HOST = "https://api.gdc.cancer.gov"
SAMPLE_SHEET = "gdc_sample_sheet.tsv"
_MANIFEST = "gdc_manifest.txt"
_ANSWER = "gdc_files.json"
_FILTERS = {
    "access": "open",
    "data_type": "Gene Expression Quantification",
    "analysis.workflow_type": "STAR - Counts",
}
_FIELDS = (
    "file_id", "file_name", "md5sum", "file_size", "data_category", "data_type",
    "cases.project.project_id", "cases.submitter_id", "cases.samples.submitter_id",
    "cases.samples.sample_type", "associated_entities.entity_submitter_id",
)  # fmt: skip
_PAGE = 1000


@dataclass(frozen=True)
class GdcFile:
    """One file of the GDC: what its manifest and its sample sheet say."""

    file_id: str
    file_name: str
    size: int
    md5: str
    data_category: str
    data_type: str
    project: str
    case: str
    sample: str
    sample_type: str
    aliquot: str
    withdrawn: bool = False


def api_url(path: str, base_url: str = "") -> str:
    """The address of an endpoint: on the GDC's own host, or below that of a mirror."""
    return f"{base_url.rstrip('/')}/gdc-api/{path}" if base_url else f"{HOST}/{path}"


def question(tumor_type: str, start: int = 0) -> dict[str, Any]:
    """What is asked of the files endpoint for one tumor type."""
    wanted = {"cases.project.project_id": f"TCGA-{tumor_type}", **_FILTERS}
    return {
        "filters": {
            "op": "and",
            "content": [
                {"op": "in", "content": {"field": field, "value": [value]}}
                for field, value in wanted.items()
            ],
        },
        "fields": ",".join(_FIELDS),
        "format": "JSON",
        "sort": "file_id:asc",
        "size": _PAGE,
        "from": start,
    }


def files_of(
    folder: Path,
    tumor_type: str,
    base_url: str,
    *,
    check: bool,
    patience: Patience,
    progress: Progress,
) -> list[GdcFile]:
    """The files of one tumor type: as the GDC said last time, or asked now.

    Parameters
    ----------
    folder
        Where the answer and its manifest are kept.
    tumor_type
        Abbreviation.
    base_url
        Address of a mirror; empty for the GDC itself.
    check
        Ask, even where there is an answer.
    patience, progress
        How long to go on; who is told.

    Raises
    ------
    DownloadError
        If the GDC does not answer, or answers something else.
    """
    kept = folder / _ANSWER
    if not check and kept.exists():
        try:
            return [GdcFile(**one) for one in json.loads(kept.read_text(encoding="utf-8"))]
        except (ValueError, TypeError):
            pass  # not whole: ask again
    url = api_url("files", base_url)
    files: list[GdcFile] = []
    total = 1
    while len(files) < total:
        answer = ask(
            url,
            question(tumor_type, len(files)),
            patience,
            lambda what: progress.say(f"TCGA-{tumor_type}", what),
        )
        try:
            hits, total = answer["data"]["hits"], int(answer["data"]["pagination"]["total"])
            files += [_file(hit) for hit in hits]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise DownloadError(
                f"{url}: its answer is not that of the GDC's files endpoint ({error!r})",
                "Check --base-url, or report it",
            ) from error
        if not hits:
            break
    named = {one.file_id for one in files if one.project == f"TCGA-{tumor_type}"}
    if not files or len(named) != total:
        raise DownloadError(
            f"{url}: it names {len(named)} of {total} files of TCGA-{tumor_type}",
            "Try again later" if files else "Take another source for this tumor type",
        )
    _keep(folder, files)
    return files


def _keep(folder: Path, files: Sequence[GdcFile]) -> None:
    """Keep the list, and the manifest made of it."""
    with replacing(folder / _ANSWER) as partial:
        partial.write_text(json.dumps([asdict(one) for one in files]), encoding="utf-8")
    _write(folder / _MANIFEST, _manifest(files))


def _file(hit: dict[str, Any]) -> GdcFile:
    case = hit["cases"][0]
    sample = case["samples"][0]
    aliquots = hit.get("associated_entities") or [{}]
    return GdcFile(
        file_id=_name(hit["file_id"]),
        file_name=_name(hit["file_name"]),
        size=int(hit["file_size"]),
        md5=_md5(hit["md5sum"]),
        data_category=hit.get("data_category", "Transcriptome Profiling"),
        data_type=hit.get("data_type", _FILTERS["data_type"]),
        project=case["project"]["project_id"],
        case=case["submitter_id"],
        sample=sample["submitter_id"],
        sample_type=sample.get("sample_type", ""),
        aliquot=aliquots[0].get("entity_submitter_id", ""),
    )


def _name(text: str) -> str:
    """A name from outside that becomes one of a file here, and nothing else."""
    if not text or text.startswith(".") or "/" in text or "\\" in text or "\0" in text:
        raise ValueError(f"{text!r} cannot name a file")
    return text


def _md5(text: Any) -> str:
    if not isinstance(text, str) or not re.fullmatch("[0-9a-f]{32}", text):
        raise ValueError(f"{text!r} is no md5")
    return text


def downloads_of(files: Sequence[GdcFile], folder: Path, base_url: str = "") -> list[Download]:
    """What to download for files, each to ``<file id>/<file name>`` below the folder.

    What the GDC is known to have withdrawn is not asked for again.
    """
    return [
        Download(
            url=api_url(f"data/{one.file_id}", base_url),
            target=folder / one.file_id / one.file_name,
            size=one.size,
            md5=one.md5,
            by_hand=f"Look for {one.file_name} at {SOURCE.page}",
            label=f"{one.project} {one.aliquot or one.sample}",
        )
        for one in files
        if not one.withdrawn
    ]


def write_sample_sheet(folder: Path, files: Sequence[GdcFile], withdrawn: Collection[str]) -> Path:
    """The sample sheet of files, with those on record that turned out withdrawn; its path.

    Parameters
    ----------
    folder
        Where the files are.
    files
        As the GDC named them.
    withdrawn
        Ids of those that it would not give.
    """
    files = [replace(one, withdrawn=one.withdrawn or one.file_id in withdrawn) for one in files]
    if withdrawn:
        _keep(folder, files)
    columns = {
        "File ID": "file_id",
        "File Name": "file_name",
        "Data Category": "data_category",
        "Data Type": "data_type",
        "Project ID": "project",
        "Case ID": "case",
        "Sample ID": "sample",
        "Sample Type": "sample_type",
        "Aliquot ID": "aliquot",
        "State": "state",
    }
    rows = [asdict(one) | {"state": _state(one)} for one in files]
    table = [list(columns), *([row[name] for name in columns.values()] for row in rows)]
    path = folder / SAMPLE_SHEET
    _write(path, table)
    return path


def _manifest(files: Sequence[GdcFile]) -> list[list[str]]:
    rows = [[one.file_id, one.file_name, one.md5, str(one.size), _state(one)] for one in files]
    return [["id", "filename", "md5", "size", "state"], *rows]


def _state(one: GdcFile) -> str:
    return "withdrawn" if one.withdrawn else "released"


def _write(path: Path, table: Sequence[Sequence[str]]) -> None:
    """Write a tab-separated table, unless it stands there already."""
    text = io.StringIO()
    csv.writer(text, delimiter="\t", lineterminator="\n").writerows(table)
    content = text.getvalue().encode()
    if not path.exists() or path.read_bytes() != content:
        with replacing(path) as partial:
            partial.write_bytes(content)
