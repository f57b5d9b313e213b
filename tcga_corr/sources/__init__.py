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
from tcga_corr.sources.source import RemoteFile, Source, own_source

__all__ = [
    "SOURCES", "RemoteFile", "Source", "own_source", "source_is_simulated", "source_of_file",
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


def source_of_file(path: Path) -> Source | None:
    """The first source whose file names match this one; None if no source's do."""
    return next((source for source in SOURCES.values() if source.matches(path)), None)


def source_is_simulated(name: str) -> bool:
    """Whether the values of a source are simulated; those of a user's own are not."""
    return name in SOURCES and SOURCES[name].simulated
