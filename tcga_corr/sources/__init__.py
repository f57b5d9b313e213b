"""The published releases of expression tables: one declaration a module, and nothing else.

A new source is a module with a ``SOURCE`` and its line in ``SOURCES``.
"""

from __future__ import annotations

from pathlib import Path

from tcga_corr.sources import (
    cbioportal,
    firehose,
    gdc_api,
    gdc_htseq,
    gdc_star,
    pancanatlas,
    simulated,
    tcga_hiseqv2,
    toil,
)
from tcga_corr.sources.source import CountsTable, RemoteFile, Source, own_source

__all__ = [
    "SOURCES", "SOURCES_OF_COUNTS", "CountsTable", "RemoteFile", "Source", "own_source",
    "source_is_simulated", "source_of_file", "sources_of_tables",
]  # fmt: skip

SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        pancanatlas.SOURCE,
        gdc_star.SOURCE,
        gdc_api.SOURCE,
        gdc_htseq.SOURCE,
        tcga_hiseqv2.SOURCE,
        toil.SOURCE,
        firehose.SOURCE,
        cbioportal.SOURCE,
        simulated.SOURCE,
    )
}


SOURCES_OF_COUNTS: dict[str, Source] = {
    source.name: counts for source in SOURCES.values() if (counts := source.of_counts)
}
"""Those that have raw counts, each as the source of these."""


def sources_of_tables(*, counts: bool) -> dict[str, Source]:
    """The sources of expression tables, or of raw counts."""
    return SOURCES_OF_COUNTS if counts else SOURCES


def source_of_file(path: Path, *, counts: bool = False) -> Source | None:
    """The first source whose file names match this one; None if no source's do.

    Where raw counts are wanted, the name may be that of the expression of a source, too.
    """
    sources = [*SOURCES_OF_COUNTS.values(), *SOURCES.values()] if counts else SOURCES.values()
    return next((source for source in sources if source.matches(path)), None)


def source_is_simulated(name: str) -> bool:
    """Whether the values of a source are simulated; those of a user's own are not."""
    return name == simulated.CELLS or (name in SOURCES and SOURCES[name].simulated)
