"""The GDC's API: which files a tumor type has, and where they are kept.

The files endpoint lists the files, with the size and MD5 of each. They are kept in the layout of
the GDC's own download tool, ``<file id>/<file name>``, with a manifest and a sample sheet like the
portal's, so that the folder loads like one that a user downloaded there.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tcga_corr.errors import DownloadError, TcgaCorrError
from tcga_corr.exchange import read_json
from tcga_corr.fetching.fetcher import (
    Fetcher,
    FetchOptions,
    FetchRequest,
    PlannedRequest,
    TableDownloads,
    combined_error,
)
from tcga_corr.fetching.hub_requests import HubDownError, post_json
from tcga_corr.fetching.request import Download
from tcga_corr.files import replacing
from tcga_corr.progress import Progress
from tcga_corr.sources import Source
from tcga_corr.vocabulary.tumor_types import TUMOR_TYPES

HOST = "https://api.gdc.cancer.gov"
SAMPLE_SHEET = "gdc_sample_sheet.tsv"
_MANIFEST = "gdc_manifest.txt"
_LIST = "gdc_files.json"
_FILTERS = {
    "access": "open",
    "data_type": "Gene Expression Quantification",
    "analysis.workflow_type": "STAR - Counts",
}
_FIELDS = (
    "file_id", "file_name", "md5sum", "file_size", "data_category", "data_type",
    "cases.project.project_id", "cases.submitter_id", "cases.samples.submitter_id",
    "cases.samples.sample_type", "cases.samples.is_ffpe", "associated_entities.entity_submitter_id",
)  # fmt: skip
_SHEET_COLUMNS = {
    "File ID": "file_id",
    "File Name": "file_name",
    "Data Category": "data_category",
    "Data Type": "data_type",
    "Project ID": "project",
    "Case ID": "case",
    "Sample ID": "sample",
    "Sample Type": "sample_type",
    "is_ffpe": "is_ffpe",
    "Aliquot ID": "aliquot",
    "State": "state",
}
_PAGE = 1000


@dataclass(frozen=True)
class GdcFile:
    """One file of the GDC, as in its manifest and its sample sheet."""

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
    is_ffpe: bool | None = None

    @property
    def state(self) -> str:
        """``withdrawn`` or ``released``."""
        return "withdrawn" if self.withdrawn else "released"


class GdcFetcher(Fetcher):
    """Fetches the files of all samples of a tumor type, and writes the sheet that joins them."""

    expects_withdrawn = True

    def addresses(self, source: Source) -> list[str]:
        """The two endpoints of the API."""
        return [api_url("files"), api_url("data/{file_id}")]

    def tables(
        self, request: FetchRequest, progress: Progress
    ) -> tuple[list[TableDownloads], list[TcgaCorrError]]:
        """One table a tumor type; after an unreachable hub the others are not tried."""
        tables: list[TableDownloads] = []
        errors: list[TcgaCorrError] = []
        for name in request.tumor_types or tuple(TUMOR_TYPES):
            try:
                tables.append(_table(request, name, progress))
            except HubDownError as error:
                errors.append(error)
                break
            except TcgaCorrError as error:
                errors.append(error)
        return tables, errors

    def planned_requests(self, request: FetchRequest) -> Iterator[PlannedRequest]:
        """A row a tumor type: which files it has is known only once the GDC is asked."""
        base_url = request.options.base_url
        for name in request.tumor_types or TUMOR_TYPES:
            folder = request.folder / _project(name)
            yield PlannedRequest(
                source=request.source.name,
                tumor_type=name,
                url=api_url("files", base_url),
                file=str(folder.relative_to(request.store.root)),
                size_mb=None,
                state="here" if (folder / SAMPLE_SHEET).exists() else "to come",
                request=f"POST {json.dumps(files_query(name))}; then GET of each file: "
                + api_url("data/{file_id}", base_url),
            )

    def downloaded_tables(self, folder: Path, source: Source, tumor_type: str) -> list[Path]:
        """Path of the sample sheet of a tumor type."""
        return [folder / _project(tumor_type) / SAMPLE_SHEET]

    def failures(
        self, source: Source, failed: Mapping[Download, TcgaCorrError]
    ) -> Iterator[TcgaCorrError]:
        """One error a tumor type: it has many files, and is loaded only if all arrive."""
        by_project: dict[str, dict[Download, TcgaCorrError]] = {}
        for download, error in failed.items():
            project = download.target.parents[1].name
            by_project.setdefault(project, {})[download] = error
        for project, errors in by_project.items():
            yield combined_error(project, errors, "so it is not loaded")


def _project(tumor_type: str) -> str:
    return f"TCGA-{tumor_type}"


def _table(request: FetchRequest, tumor_type: str, progress: Progress) -> TableDownloads:
    folder = request.folder / _project(tumor_type)
    files = list_files(folder, tumor_type, request.options, progress)

    def complete(withdrawn: Collection[Path]) -> Path:
        ids = {path.parent.name for path in withdrawn if folder in path.parents}
        return write_sample_sheet(folder, files, ids)

    downloads = tuple(
        Download(
            url=api_url(f"data/{file.file_id}", request.options.base_url),
            target=folder / file.file_id / file.file_name,
            size=file.size,
            md5=file.md5,
            by_hand=f"Look for {file.file_name} at {request.source.page}",
            label=f"{file.project} {file.aliquot or file.sample}",
        )
        for file in files
        if not file.withdrawn  # those known to be are not requested again
    )
    return TableDownloads((), downloads, complete)


def api_url(path: str, base_url: str = "") -> str:
    """Address of an endpoint: on the GDC's own host, or below that of a mirror."""
    return f"{base_url.rstrip('/')}/gdc-api/{path}" if base_url else f"{HOST}/{path}"


def files_query(tumor_type: str, start: int = 0) -> dict[str, Any]:
    """The query to the files endpoint for one page of a tumor type's files."""
    wanted = {"cases.project.project_id": _project(tumor_type), **_FILTERS}
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


def list_files(
    folder: Path, tumor_type: str, options: FetchOptions, progress: Progress
) -> list[GdcFile]:
    """The files of one tumor type: as the GDC listed them last time, or now.

    Parameters
    ----------
    folder
        Where the list and its manifest are kept.
    tumor_type
        Abbreviation.
    options
        With ``check`` the GDC is asked even if there is a list.
    progress
        Receives the reason for each further attempt.

    Raises
    ------
    DownloadError
        If the GDC gives no answer, or an invalid one.
    """
    kept = folder / _LIST
    if not options.check and kept.exists():
        try:
            return [GdcFile(**entry) for entry in read_json(kept.read_bytes())]
        except (ValueError, TypeError):
            pass  # damaged: ask again
    project, url = _project(tumor_type), api_url("files", options.base_url)
    files, total = _request_list(tumor_type, url, options, progress)
    ids = {file.file_id for file in files if file.project == project}
    if not files or len(ids) != total:
        raise DownloadError(
            f"{url}: it names {len(ids)} of {total} files of {project}",
            "Try again later" if files else "Take another source for this tumor type",
        )
    _keep(folder, files)
    return files


def _request_list(
    tumor_type: str, url: str, options: FetchOptions, progress: Progress
) -> tuple[list[GdcFile], int]:
    """The files of all pages, and how many the GDC says there are."""
    files: list[GdcFile] = []
    total = 1
    while len(files) < total:
        answer = post_json(
            url,
            files_query(tumor_type, len(files)),
            options.retry_policy,
            lambda text: progress.note(f"note: {_project(tumor_type)}: {text}"),
        )
        try:
            hits, total = answer["data"]["hits"], int(answer["data"]["pagination"]["total"])
            files += [_parse_file(hit) for hit in hits]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise DownloadError(
                f"{url}: its answer is not that of the GDC's files endpoint ({error!r})",
                "Check --base-url, or report it",
            ) from error
        if not hits:
            break
    return files, total


def _keep(folder: Path, files: Sequence[GdcFile]) -> None:
    """Keep the list, and the manifest made of it."""
    with replacing(folder / _LIST) as partial:
        partial.write_text(json.dumps([asdict(file) for file in files]), encoding="utf-8")
    rows = [[file.file_id, file.file_name, file.md5, str(file.size), file.state] for file in files]
    _write_rows(folder / _MANIFEST, [["id", "filename", "md5", "size", "state"], *rows])


def _parse_file(hit: dict[str, Any]) -> GdcFile:
    case = hit["cases"][0]
    sample = case["samples"][0]
    aliquots = hit.get("associated_entities") or [{}]
    return GdcFile(
        file_id=_safe_name(hit["file_id"]),
        file_name=_safe_name(hit["file_name"]),
        size=int(hit["file_size"]),
        md5=_parse_md5(hit["md5sum"]),
        data_category=hit.get("data_category", "Transcriptome Profiling"),
        data_type=hit.get("data_type", _FILTERS["data_type"]),
        project=case["project"]["project_id"],
        case=case["submitter_id"],
        sample=sample["submitter_id"],
        sample_type=sample.get("sample_type", ""),
        is_ffpe=sample.get("is_ffpe"),
        aliquot=aliquots[0].get("entity_submitter_id", ""),
    )


def _safe_name(text: str) -> str:
    """A name from the internet, if it is safe as the name of a file or folder."""
    if not text or text.startswith(".") or "/" in text or "\\" in text or "\0" in text:
        raise ValueError(f"{text!r} cannot name a file")
    return text


def _parse_md5(text: Any) -> str:
    if not isinstance(text, str) or not re.fullmatch("[0-9a-f]{32}", text):
        raise ValueError(f"{text!r} is no md5")
    return text


def write_sample_sheet(folder: Path, files: Sequence[GdcFile], withdrawn: Collection[str]) -> Path:
    """Write the sample sheet of files, and record which are withdrawn; returns its path.

    Parameters
    ----------
    folder
        Where the files are.
    files
        As the GDC listed them.
    withdrawn
        Ids of those that it no longer gives.
    """
    files = [replace(file, withdrawn=file.withdrawn or file.file_id in withdrawn) for file in files]
    if withdrawn:
        _keep(folder, files)
    rows = [[getattr(file, name) for name in _SHEET_COLUMNS.values()] for file in files]
    path = folder / SAMPLE_SHEET
    _write_rows(path, [list(_SHEET_COLUMNS), *rows])
    return path


def _write_rows(path: Path, rows: Sequence[Sequence[str]]) -> None:
    """Write a tab-separated table, unless the file has this content already."""
    text = io.StringIO()
    csv.writer(text, delimiter="\t", lineterminator="\n").writerows(rows)
    content = text.getvalue().encode()
    if not path.exists() or path.read_bytes() != content:
        with replacing(path) as partial:
            partial.write_bytes(content)
