"""What a fetch has to bring: the files of a source that tumor types need, and where they are."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tcga_corr.choices import Genes
from tcga_corr.errors import TcgaCorrError, UsageError, near_names
from tcga_corr.fetching.download import sizes
from tcga_corr.fetching.hub_requests import HubDownError, Patience
from tcga_corr.fetching.request import Download, Progress
from tcga_corr.fetching.sidecar import read_sidecar, received_so_far
from tcga_corr.sources import SOURCES, Source, gdc_api
from tcga_corr.sources.source import RemoteFile
from tcga_corr.store import Store
from tcga_corr.vocabulary.tumor_types import TUMOR_TYPES, parse_tumor_type

DEFAULT_SOURCE = "pancanatlas"
JOBS = 3
MOST_JOBS = 8
_WEB_ADDRESS = re.compile(
    r"https?://([a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:]+\])(:\d+)?(/|$)", re.IGNORECASE
)


@dataclass(frozen=True)
class FetchOptions:
    """What to fetch, and how.

    Attributes
    ----------
    tumor_types
        Abbreviations; all 33 by default.
    source
        Its name.
    genes
        Which genes to keep of the tables; None for what is usual of the source.
    base_url
        Address of a mirror that is laid out as ``<hub>/download/…``; the hubs' own by default.
    jobs
        Connections at a time.
    check
        Ask the hub whether what is here has changed; otherwise it is asked only for what is not.
    load
        Load what arrives.
    patience
        How long to go on.
    """

    tumor_types: Sequence[str] = ()
    source: str = DEFAULT_SOURCE
    genes: Genes | None = None
    base_url: str = ""
    jobs: int = JOBS
    check: bool = False
    load: bool = True
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True)
class Part:
    """What is needed for one file of expression tables."""

    tumor_types: tuple[str, ...]  # none: all that the file has
    downloads: tuple[Download, ...]
    table: Callable[[set[Path]], Path]  # the path to load, given the targets that were withdrawn


def checked_options(options: FetchOptions) -> tuple[Source, tuple[str, ...]]:
    """The source and the tumor types that are asked for; none of these for all.

    Raises
    ------
    UsageError
        If there is no such source to fetch from, no such tumor type, or an option is wrong.
    """
    source = SOURCES.get(options.source.lower())
    fetched = [name for name, known in SOURCES.items() if _is_fetched(known)]
    if source is None or not _is_fetched(source):
        what = "is not fetched: load its files from disk" if source else "is not known"
        raise UsageError(
            f"source '{options.source}' {what}",
            ("" if source else near_names(options.source, fetched))
            or f"The sources to fetch are {', '.join(fetched)}",
        )
    if not 1 <= options.jobs <= MOST_JOBS:
        raise UsageError(f"{options.jobs} jobs", f"Give 1 to {MOST_JOBS}, so as to be polite")
    if options.base_url and not _WEB_ADDRESS.match(options.base_url):
        raise UsageError(
            f"the base URL '{options.base_url}' is no web address",
            "Give --base-url one such as https://mirror.example.org/xena",
        )
    names = [parse_tumor_type(name).abbreviation for name in options.tumor_types]
    strange = [name for name in names if name not in TUMOR_TYPES]
    if strange:
        raise UsageError(
            f"{strange[0]} is not on any hub", f"The 33 tumor types are {', '.join(TUMOR_TYPES)}"
        )
    return source, tuple(dict.fromkeys(names))


def _is_fetched(source: Source) -> bool:
    return source.table is not None or source is gdc_api.SOURCE


def parts_of(
    store: Store,
    source: Source,
    tumor_types: tuple[str, ...],
    options: FetchOptions,
    progress: Progress,
    errors: list[TcgaCorrError],
) -> list[Part]:
    """What is needed for tumor types of a source; what the GDC cannot list goes to ``errors``."""
    table = source.table
    if table is None:
        return _gdc_parts(store, tumor_types or tuple(TUMOR_TYPES), options, progress, errors)
    beside = [_download(store, source, file, options) for file in source.beside]
    if source.pan_cancer:
        parts = [(tumor_types, table)]
    else:
        parts = [((name,), table.of(name)) for name in tumor_types or TUMOR_TYPES]
    made = []
    for types, file in parts:
        one = _download(store, source, file, options)
        made.append(Part(types, (*beside, one), _always(one.target)))
    return made


def _always(path: Path) -> Callable[[set[Path]], Path]:
    return lambda withdrawn: path


def _gdc_parts(
    store: Store,
    tumor_types: Sequence[str],
    options: FetchOptions,
    progress: Progress,
    errors: list[TcgaCorrError],
) -> list[Part]:
    parts = []
    for name in tumor_types:
        folder = store.downloads(gdc_api.SOURCE.name) / f"TCGA-{name}"
        try:
            files = gdc_api.files_of(
                folder,
                name,
                options.base_url,
                check=options.check,
                patience=options.patience,
                progress=progress,
            )
        except HubDownError as error:
            errors.append(error)
            break
        except TcgaCorrError as error:
            errors.append(error)
            continue
        downloads = gdc_api.downloads_of(files, folder, options.base_url)

        def table(withdrawn: set[Path], folder: Path = folder, files: Any = files) -> Path:
            gone = {path.parent.name for path in withdrawn if folder in path.parents}
            return gdc_api.write_sample_sheet(folder, files, gone)

        parts.append(Part((), tuple(downloads), table))
    return parts


def _download(store: Store, source: Source, file: RemoteFile, options: FetchOptions) -> Download:
    return Download(
        url=file.url(options.base_url),
        target=store.downloads(source.name) / file.path,
        by_hand=f"Look for {file.dataset} at {source.page}, and load it with "
        f"`tcga-corr load FILE --source {source.name}`",
        label=file.dataset,
    )


def unique_downloads(parts: Sequence[Part]) -> list[Download]:
    """The downloads of all parts, each once."""
    return list({one.target: one for part in parts for one in part.downloads}.values())


def looks_whole(target: Path) -> bool:
    """Whether a file is there with the size on record; cheaper than to read it."""
    record = read_sidecar(target)
    return record is not None and target.is_file() and target.stat().st_size == record.size


def planned(store: Store, options: FetchOptions) -> list[dict[str, Any]]:
    """What :func:`fetch` would ask for: a row a request, exact URLs; nothing is asked.

    With ``check`` the hubs are asked how large their files are.
    """
    source, tumor_types = checked_options(options)
    if source is gdc_api.SOURCE:
        return [_gdc_row(store, name, options) for name in tumor_types or TUMOR_TYPES]
    parts = parts_of(store, source, tumor_types, options, Progress(), [])
    downloads = unique_downloads(parts)
    told = sizes(downloads, jobs=options.jobs, patience=options.patience) if options.check else {}
    types = {
        need.target: part.tumor_types for part in parts for need in part.downloads[-1:]
    }  # the table comes last; what stands beside it serves all
    expected = {store.downloads(source.name) / file.path: file.size for file in _files(source)}
    rows = []
    for one in downloads:
        here = looks_whole(one.target)
        size = told.get(one.url) or expected.get(one.target)
        if here:
            size = one.target.stat().st_size
        partial = received_so_far(one.target)
        rows.append(
            {
                "source": source.name,
                "tumor_type": ",".join(types.get(one.target, ())) or "all",
                "url": one.url,
                "file": str(one.target.relative_to(store.root)),
                "size_mb": None if size is None else round(size / 1e6, 1),
                "state": "here"
                if here
                else f"{partial / 1e6:.1f} MB here"
                if partial
                else "to come",
                "request": "GET",
            }
        )
    return rows


def _files(source: Source) -> list[RemoteFile]:
    return [*source.beside, *([source.table] if source.table else [])]


def _gdc_row(store: Store, tumor_type: str, options: FetchOptions) -> dict[str, Any]:
    folder = store.downloads(gdc_api.SOURCE.name) / f"TCGA-{tumor_type}"
    return {
        "source": gdc_api.SOURCE.name,
        "tumor_type": tumor_type,
        "url": gdc_api.api_url("files", options.base_url),
        "file": str(folder.relative_to(store.root)),
        "size_mb": None,
        "state": "here" if (folder / gdc_api.SAMPLE_SHEET).exists() else "to come",
        "request": f"POST {json.dumps(gdc_api.question(tumor_type))}; then GET of each file: "
        + gdc_api.api_url("data/{file_id}", options.base_url),
    }
