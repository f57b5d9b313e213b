"""The record that declares a source of expression tables."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal
from urllib.parse import quote, unquote

FetchedFrom = Literal["hub", "gdc", "simulation", "disk"]
"""How a source's files come into the store: downloaded from a hub of files or from the GDC's API,
simulated, or loaded from disk by the user. ``tcga_corr.fetching.registry`` binds each to its code.
"""

_AWS = "https://{hub}.s3.us-east-1.amazonaws.com"


@dataclass(frozen=True)
class RemoteFile:
    """A file on a hub.

    Attributes
    ----------
    hub
        Name of the hub.
    dataset
        Path on the hub; ``{tumor_type}`` in it stands for the abbreviation.
    name
        Path below the folder of the source's downloads, if different.
    size
        Approximate size in bytes, where known; None for ``{tumor_type}`` files.
    """

    hub: str
    dataset: str
    name: str = ""
    size: int | None = None

    def for_tumor_type(self, tumor_type: str) -> RemoteFile:
        """The file of one tumor type."""
        dataset, name = (text.format(tumor_type=tumor_type) for text in (self.dataset, self.name))
        return RemoteFile(self.hub, dataset, name, self.size)

    def url(self, base_url: str = "") -> str:
        """Address of the file: on the hub's own host, or below the address of a mirror."""
        host = f"{base_url.rstrip('/')}/{self.hub}" if base_url else _AWS.format(hub=self.hub)
        return f"{host}/download/{quote(self.dataset, safe='')}"

    @property
    def path(self) -> Path:
        """Path below the folder of the source's downloads."""
        return Path(self.name or self.dataset)


@dataclass(frozen=True)
class CountsTable:
    """The tables of raw counts of a source.

    Attributes
    ----------
    unit
        Unit of the values in its files.
    file_name
        Regular expression that its file names match.
    table
        On a hub, where they are other files than those of expression.
    """

    unit: str
    file_name: str
    table: RemoteFile | None = None


@dataclass(frozen=True)
class Source:
    """A published release of expression tables.

    Attributes
    ----------
    name, title
        Short name, and a line for people.
    unit
        Unit of the values in the store.
    gene_id
        What names its rows.
    file_name
        Regular expression that its file names match.
    citation
        What to cite.
    formats
        Names of the file formats in ``tcga_corr.formats`` that its files may have.
    fetched_from
        How its files come into the store.
    table
        Its expression table on a hub: one for each tumor type, or one for all; None unless it is
        fetched from a hub.
    beside
        Further files on the hub that its tables need beside them.
    with_gtex
        A table on the hub that has the samples of GTEx too; the files that it needs beside it, in
        addition, are ``beside_gtex``.
    page
        Web page where a person finds the files.
    quirks
        Properties of the published files, for people.
    verified_live
        Whether its addresses were tried against the live hub.
    pan_cancer
        Whether one file contains several tumor types.
    may_be_negative
        Whether batch adjustment or a small pseudocount makes negative values.
    same_depth
        Whether the values are adjusted for the sequencing depth of each sample.
    counts
        Its raw counts, where it has them.
    """

    name: str
    title: str
    unit: str
    gene_id: str
    file_name: str
    citation: str
    formats: tuple[str, ...]
    fetched_from: FetchedFrom = "disk"
    table: RemoteFile | None = None
    beside: tuple[RemoteFile, ...] = ()
    with_gtex: RemoteFile | None = None
    beside_gtex: tuple[RemoteFile, ...] = ()
    page: str = ""
    quirks: tuple[str, ...] = field(default=(), repr=False)
    verified_live: bool = False
    pan_cancer: bool = False
    may_be_negative: bool = False
    same_depth: bool = True
    counts: CountsTable | None = None

    @property
    def simulated(self) -> bool:
        """Whether the values are simulated."""
        return self.fetched_from == "simulation"

    @property
    def of_counts(self) -> Source | None:
        """The source as that of its raw counts; None where it has none."""
        if self.counts is None:
            return None
        return replace(
            self,
            unit=self.counts.unit,
            file_name=self.counts.file_name,
            table=self.counts.table or self.table,
            with_gtex=None,
            beside_gtex=(),
            may_be_negative=False,
            same_depth=False,
        )

    def matches(self, path: Path) -> bool:
        """Whether a file is named like one of this source, also if percent-encoded."""
        return re.fullmatch(self.file_name, unquote(path.name)) is not None


def own_source(name: str, unit: str, *, simulated: bool = False) -> Source:
    """A source for the user's own tables; or for simulated ones that are loaded in the same way."""
    return Source(
        name=name,
        title="SIMULATED values" if simulated else "own tables",
        unit=unit,
        gene_id="any",
        file_name="",
        citation="none",
        formats=(),
        fetched_from="simulation" if simulated else "disk",
        may_be_negative=True,
    )
