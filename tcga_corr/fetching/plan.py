"""Checking the options of a fetch, and listing the requests that it would make."""

from __future__ import annotations

import re
from dataclasses import replace

from tcga_corr.errors import UsageError, near_names
from tcga_corr.fetching.fetcher import FetchOptions, FetchRequest, PlannedRequest
from tcga_corr.fetching.registry import fetched_sources, fetcher_of
from tcga_corr.sources import SOURCES, SOURCES_OF_COUNTS
from tcga_corr.store.layout import Store
from tcga_corr.vocabulary.tumor_types import TUMOR_TYPES, parse_tumor_type

MOST_JOBS = 8
_WEB_ADDRESS = re.compile(
    r"https?://([a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:]+\])(:\d+)?(/|$)", re.IGNORECASE
)


def checked_request(store: Store, options: FetchOptions) -> FetchRequest:
    """The request that options make.

    Raises
    ------
    UsageError
        If there is no such source to fetch from, no such tumor type, or an option is wrong.
    """
    source = SOURCES.get(options.source.lower())
    fetched = fetched_sources()
    if source is None or source.name not in fetched:
        what = "is not fetched: load its files from disk" if source else "is not known"
        raise UsageError(
            f"source '{options.source}' {what}",
            ("" if source else near_names(options.source, fetched))
            or f"The sources to fetch are {', '.join(fetched)}",
        )
    if options.counts and source.of_counts is None:
        raise UsageError(
            f"of source '{source.name}' there are no raw counts, only {source.unit}",
            f"Raw counts have {', '.join(name for name in fetched if name in SOURCES_OF_COUNTS)}",
        )
    if not 1 <= options.jobs <= MOST_JOBS:
        raise UsageError(f"{options.jobs} jobs", f"Give 1 to {MOST_JOBS}, so as to be polite")
    if options.base_url and not _WEB_ADDRESS.match(options.base_url):
        raise UsageError(
            f"the base URL '{options.base_url}' is no web address",
            "Give --base-url one such as https://mirror.example.org/xena",
        )
    if options.gtex and source.with_gtex is None:
        others = ", ".join(name for name in fetched if SOURCES[name].with_gtex)
        raise UsageError(
            f"source '{source.name}' has no samples of GTEx", f"Give --source {others}"
        )
    if options.gtex:
        beside = (*source.beside, *source.beside_gtex)
        source = replace(source, table=source.with_gtex, beside=beside)
    names = [parse_tumor_type(name).abbreviation for name in options.tumor_types]
    unknown = [name for name in names if name not in TUMOR_TYPES]
    if unknown:
        raise UsageError(
            f"{unknown[0]} is not on any hub", f"The 33 tumor types are {', '.join(TUMOR_TYPES)}"
        )
    return FetchRequest(store, source, tuple(dict.fromkeys(names)), options)


def request_for_counts(request: FetchRequest) -> FetchRequest | None:
    """The request for the raw counts, where they are wanted."""
    source = SOURCES_OF_COUNTS.get(request.source.name)
    if source is None or not request.options.counts:
        return None
    return replace(request, source=source, counts=True)


def plan_requests(store: Store, options: FetchOptions) -> list[PlannedRequest]:
    """The requests that :func:`~tcga_corr.fetching.fetch.fetch` would make, with exact URLs.

    Nothing is requested, except the sizes of the hubs' files with ``check``.
    """
    request = checked_request(store, options)
    requests = [request, *filter(None, [request_for_counts(request)])]
    planned = [row for one in requests for row in fetcher_of(one.source).planned_requests(one)]
    return list({(row.url, row.file): row for row in planned}.values())
