"""The ways of fetching: each value of ``Source.fetched_from`` with its :class:`Fetcher`.

A new way of fetching is a module with a ``Fetcher`` and its line in ``FETCHERS``.
"""

from __future__ import annotations

from pathlib import Path

from tcga_corr.fetching.fetcher import Fetcher
from tcga_corr.fetching.gdc import GdcFetcher
from tcga_corr.fetching.hub import HubFetcher
from tcga_corr.fetching.simulation import SimulationFetcher
from tcga_corr.sources import SOURCES, Source, sources_of_tables
from tcga_corr.sources.source import FetchedFrom
from tcga_corr.store.index import indexed_metadata
from tcga_corr.store.layout import Store, TableKey
from tcga_corr.store.parquet import readable_metadata

FETCHERS: dict[FetchedFrom, Fetcher] = {
    "hub": HubFetcher(),
    "gdc": GdcFetcher(),
    "simulation": SimulationFetcher(),
    "disk": Fetcher(),
}


def fetcher_of(source: Source) -> Fetcher:
    """The fetcher of a source."""
    return FETCHERS[source.fetched_from]


def fetched_sources() -> list[str]:
    """The names of the sources that can be fetched."""
    return [name for name, source in SOURCES.items() if fetcher_of(source).addresses(source)]


def downloaded_table(store: Store, key: TableKey, *, counts: bool = False) -> Path | None:
    """The file in the store's downloads of which a table, or raw counts, are made; None if none.

    Of several, the one that the stored table was made of.
    """
    source = sources_of_tables(counts=counts).get(key.source)
    if source is None:
        return None
    folder = store.downloads(key.source)
    paths = fetcher_of(source).downloaded_tables(folder, source, key.tumor_type)
    found = [path for path in paths if path.is_file()]
    if len(found) > 1:
        metadata = readable_metadata(store, key) or indexed_metadata(store, key)
        name = metadata.inputs[0].name if metadata else ""
        found.sort(key=lambda path: path.name != name)
    return next(iter(found), None)
