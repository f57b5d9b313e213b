"""From a hub into the store: what to download for which tumor types, and loading it on arrival."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tcga_corr.errors import (
    DownloadError,
    StoreError,
    TableError,
    TcgaCorrError,
    UsageError,
    near_names,
)
from tcga_corr.load_plan import Genes, LoadOptions, tumor_type_of_path
from tcga_corr.loading import Loaded, load_files
from tcga_corr.sources import SOURCES, Source, gdc_api
from tcga_corr.sources.download import download_all, sizes
from tcga_corr.sources.hub_requests import HubDownError, Patience, WithdrawnError
from tcga_corr.sources.request import Download, Progress, check_space
from tcga_corr.sources.sidecar import Downloaded, read_sidecar, received_so_far, sidecar_path
from tcga_corr.sources.source import RemoteFile
from tcga_corr.store import Store, read_metadata
from tcga_corr.tumor_types import TUMOR_TYPES, parse_tumor_type

DEFAULT_SOURCE = "pancanatlas"
JOBS = 3
MOST_JOBS = 8
_WEB_ADDRESS = re.compile(
    r"https?://([a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:]+\])(:\d+)?(/|$)", re.IGNORECASE
)
_FEW = 3  # failed downloads that are each told


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
class FetchReport:
    """What became of a fetch.

    ``downloaded`` are the files that came or were there; ``n_withdrawn`` counts those that the hub
    has taken back.
    """

    downloaded: tuple[Path, ...]
    loaded: tuple[Loaded, ...]
    n_withdrawn: int
    errors: tuple[TcgaCorrError, ...]

    def raise_errors(self) -> None:
        """Raise the first error, if there is one."""
        for error in self.errors:
            raise error


@dataclass(frozen=True)
class _Part:
    """What is needed for one file of expression tables."""

    tumor_types: tuple[str, ...]  # none: all that the file has
    downloads: tuple[Download, ...]
    table: Callable[[set[Path]], Path]  # the path to load, given the targets that were withdrawn


def fetch(
    store: Store,
    options: FetchOptions | None = None,
    progress: Progress | None = None,
    on_loaded: Callable[[Loaded], None] = lambda loaded: None,
) -> FetchReport:
    """Download a source's files, and load each table as it arrives.

    What cannot be had leaves the rest to be. What is here and as it was downloaded is not
    downloaded again.

    Raises
    ------
    UsageError
        If there is no such source to fetch from, or no such tumor type.
    """
    options, progress = options or FetchOptions(), progress or Progress()
    source, tumor_types = _checked(options)
    errors: list[TcgaCorrError] = []
    parts = _parts(store, source, tumor_types, options, progress, errors)
    downloads = _unique(parts)
    _check_room(store, source, downloads, options, progress)
    arrived: dict[Path, Downloaded] = {}
    withdrawn: set[Path] = set()
    failed: dict[Download, TcgaCorrError] = {}
    loaded: list[Loaded] = []
    left = list(parts)
    for one, outcome in download_all(
        downloads,
        jobs=options.jobs,
        check=options.check,
        patience=options.patience,
        progress=progress,
    ):
        if isinstance(outcome, Downloaded):
            arrived[one.target] = outcome
        elif isinstance(outcome, WithdrawnError) and source is gdc_api.SOURCE:
            withdrawn.add(one.target)
        else:
            failed[one] = outcome
        known = arrived.keys() | withdrawn | {bad.target for bad in failed}
        whole = [part for part in left if all(need.target in known for need in part.downloads)]
        for part in whole:
            left.remove(part)
            if not any(need in failed for need in part.downloads):
                report = _load(store, source, part, withdrawn, options, progress, on_loaded)
                loaded += report[0]
                errors += report[1]
    told = _together(failed, source)
    return FetchReport(tuple(arrived), tuple(loaded), len(withdrawn), (*told, *errors))


def _load(
    store: Store,
    source: Source,
    part: _Part,
    withdrawn: set[Path],
    options: FetchOptions,
    progress: Progress,
    on_loaded: Callable[[Loaded], None],
) -> tuple[Sequence[Loaded], Sequence[TcgaCorrError]]:
    table = part.table(withdrawn)
    if not options.load:
        return (), ()
    types = part.tumor_types and {*part.tumor_types, *_outdated(store, source, part)}
    wanted = LoadOptions(source=source.name, tumor_type=sorted(types), genes=options.genes)
    report = load_files(store, [table], wanted, lambda step, done: progress.load(step))
    for one in report.loaded:
        on_loaded(one)
    if any(isinstance(error, TableError) for error in report.errors):
        # not what it should be, though it came as the hub has it: the next fetch brings it again
        sidecar_path(table).unlink(missing_ok=True)
    return report.loaded, report.errors


def _outdated(store: Store, source: Source, part: _Part) -> set[str]:
    """The tumor types stored from one file for all as it was before it, or one beside it, changed.

    They are loaded with those asked for, so that a source is never of two versions.
    """
    if not source.pan_cancer:
        return set()
    now = {one.target.name: read_sidecar(one.target) for one in part.downloads}
    outdated = set()
    for key in store.table_keys(source.name):
        try:
            metadata = read_metadata(store, key)
        except StoreError:
            continue  # told where it is used
        for file in metadata.inputs if metadata else ():
            record = now.get(file.name)
            if record is not None and record.sha256 != file.sha256:
                outdated.add(key.tumor_type)
    return outdated


def _together(failed: dict[Download, TcgaCorrError], source: Source) -> Iterator[TcgaCorrError]:
    """The errors of downloads; many as one, with the first and the names of all."""
    groups: dict[str, list[Download]] = {}
    for one in failed:
        # of the GDC, the many files of a tumor type
        group = one.target.parents[1].name if source is gdc_api.SOURCE else source.name
        groups.setdefault(group, []).append(one)
    for name, several in groups.items():
        if len(several) <= _FEW and source is not gdc_api.SOURCE:
            yield from (failed[one] for one in several)
            continue
        first = failed[several[0]]
        which = "so it is not loaded" if source is gdc_api.SOURCE else _listed(several)
        yield DownloadError(
            f"{name}: {len(several)} of its files could not be downloaded, {which}; the first: "
            f"{first.what}",
            first.remedy or "Run the same command again",
        )


def _listed(downloads: Sequence[Download]) -> str:
    """The tumor types of downloads, by their names."""
    return " ".join(tumor_type_of_path(one.target) or one.name for one in downloads)


def _checked(options: FetchOptions) -> tuple[Source, tuple[str, ...]]:
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


def _parts(
    store: Store,
    source: Source,
    tumor_types: tuple[str, ...],
    options: FetchOptions,
    progress: Progress,
    errors: list[TcgaCorrError],
) -> list[_Part]:
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
        made.append(_Part(types, (*beside, one), _always(one.target)))
    return made


def _always(path: Path) -> Callable[[set[Path]], Path]:
    return lambda withdrawn: path


def _gdc_parts(
    store: Store,
    tumor_types: Sequence[str],
    options: FetchOptions,
    progress: Progress,
    errors: list[TcgaCorrError],
) -> list[_Part]:
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

        parts.append(_Part((), tuple(downloads), table))
    return parts


def _download(store: Store, source: Source, file: RemoteFile, options: FetchOptions) -> Download:
    return Download(
        url=file.url(options.base_url),
        target=store.downloads(source.name) / file.path,
        by_hand=f"Look for {file.dataset} at {source.page}, and load it with "
        f"`tcga-corr load FILE --source {source.name}`",
        label=file.dataset,
    )


def _unique(parts: Sequence[_Part]) -> list[Download]:
    return list({one.target: one for part in parts for one in part.downloads}.values())


def _check_room(
    store: Store,
    source: Source,
    downloads: Sequence[Download],
    options: FetchOptions,
    progress: Progress,
) -> None:
    """Refuse to start what will not fit; a size that the hub does not tell counts as nothing."""
    missing = [one for one in downloads if not _looks_whole(one.target)]
    if missing:
        known = sizes(missing, jobs=options.jobs, patience=options.patience)
        here = sum(received_so_far(one.target) or 0 for one in missing)
        to_come = max(0, sum(known.values()) - here)
        progress.expect(to_come if len(known) == len(missing) else None)
        check_space(store.downloads(source.name), to_come)


def _looks_whole(target: Path) -> bool:
    record = read_sidecar(target)
    return record is not None and target.is_file() and target.stat().st_size == record.size


def planned(store: Store, options: FetchOptions) -> list[dict[str, Any]]:
    """What :func:`fetch` would ask for: a row a request, exact URLs; nothing is asked.

    With ``check`` the hubs are asked how large their files are.
    """
    source, tumor_types = _checked(options)
    if source is gdc_api.SOURCE:
        return [_gdc_row(store, name, options) for name in tumor_types or TUMOR_TYPES]
    parts = _parts(store, source, tumor_types, options, Progress(), [])
    downloads = _unique(parts)
    told = sizes(downloads, jobs=options.jobs, patience=options.patience) if options.check else {}
    types = {
        need.target: part.tumor_types for part in parts for need in part.downloads[-1:]
    }  # the table comes last; what stands beside it serves all
    expected = {store.downloads(source.name) / file.path: file.size for file in _files(source)}
    rows = []
    for one in downloads:
        here = _looks_whole(one.target)
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
