"""What a way of fetching provides: the base class, and the records of a fetch."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tcga_corr.choices import Genes
from tcga_corr.errors import DownloadError, TcgaCorrError
from tcga_corr.fetching.hub_requests import RetryPolicy
from tcga_corr.fetching.request import Download
from tcga_corr.progress import Progress
from tcga_corr.sources import Source
from tcga_corr.store.layout import Store


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
        Which genes to keep of the tables; None for the source's usual choice.
    base_url
        Address of a mirror laid out as ``<hub>/download/…``; the hubs' own by default.
    jobs
        Connections at a time.
    gtex
        Take the source's table that has the samples of GTEx too.
    check
        Ask the hub whether downloaded files have changed; otherwise only missing files are
        requested.
    load
        Load each table as it arrives.
    counts
        Fetch the raw counts too.
    retry_policy
        How often and how long to try.
    """

    tumor_types: Sequence[str] = ()
    source: str = "pancanatlas"
    genes: Genes | None = None
    base_url: str = ""
    jobs: int = 3
    check: bool = False
    gtex: bool = False
    load: bool = True
    counts: bool = False
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)


@dataclass(frozen=True)
class FetchRequest:
    """A checked request: a known source and tumor types; no tumor types for all of them.

    Of a request of GTEx, the source's table is the one that has its samples. ``counts``: whether it
    is for raw counts, and ``source`` that of these.
    """

    store: Store
    source: Source
    tumor_types: tuple[str, ...]
    options: FetchOptions
    counts: bool = False

    @property
    def folder(self) -> Path:
        """The folder of the source's downloads."""
        return self.store.downloads(self.source.name)


@dataclass(frozen=True)
class TableDownloads:
    """The downloads that one table is made of.

    Attributes
    ----------
    tumor_types
        Those to load of the table; none for all that it has.
    downloads
        The files; the table, if it is one of them, is the last.
    complete
        Given the targets of withdrawn files, writes what the table needs besides its downloads,
        and returns the path to load; None where that is the last download.
    """

    tumor_types: tuple[str, ...]
    downloads: tuple[Download, ...]
    complete: Callable[[Collection[Path]], Path] | None = None


@dataclass(frozen=True)
class PlannedRequest:
    """A row of a fetch plan: a request to a hub, and the file that it brings."""

    source: str
    tumor_type: str
    url: str
    file: str
    size_mb: float | None
    state: str
    request: str


class Fetcher:
    """How a source is fetched; this base class is for a source that is loaded from disk.

    Attributes
    ----------
    expects_withdrawn
        Whether a table may be made without files that the hub has withdrawn.
    """

    expects_withdrawn = False

    def addresses(self, source: Source) -> list[str]:
        """The URLs of a source's files, with placeholders; none if it is not fetched."""
        return []

    def tables(
        self, request: FetchRequest, progress: Progress
    ) -> tuple[list[TableDownloads], list[TcgaCorrError]]:
        """The tables to download, and the errors of those whose files cannot be listed."""
        return [], []

    def planned_requests(self, request: FetchRequest) -> Iterator[PlannedRequest]:
        """The requests that a fetch would make."""
        yield from ()

    def downloaded_tables(self, folder: Path, source: Source, tumor_type: str) -> list[Path]:
        """Paths of the files from which a table may be made, in the source's downloads."""
        return []

    def failures(
        self, source: Source, failed: Mapping[Download, TcgaCorrError]
    ) -> Iterator[TcgaCorrError]:
        """The errors to report of failed downloads; many may be combined into one."""
        yield from failed.values()


def combined_error(
    name: str, failed: Mapping[Download, TcgaCorrError], consequence: str
) -> DownloadError:
    """One error for several failed downloads, with the first one's text."""
    first = next(iter(failed.values()))
    return DownloadError(
        f"{name}: {len(failed)} of its files could not be downloaded, {consequence}; the first: "
        f"{first.what}",
        first.remedy or "Run the same command again",
    )
