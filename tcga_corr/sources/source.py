"""What a source of expression tables says of itself."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote

AWS = "https://{hub}.s3.us-east-1.amazonaws.com"


@dataclass(frozen=True)
class RemoteFile:
    """A file of a hub.

    Attributes
    ----------
    hub
        Name of the hub.
    dataset
        Its path there; ``{tumor_type}`` in it stands for the abbreviation.
    name
        Its path below the folder of the source's downloads, where that is another.
    size
        Bytes of the live file, roughly, where it is known; ``{tumor_type}`` files have none.
    """

    hub: str
    dataset: str
    name: str = ""
    size: int | None = None

    def of(self, tumor_type: str) -> RemoteFile:
        """The file of one tumor type."""
        dataset, name = (text.format(tumor_type=tumor_type) for text in (self.dataset, self.name))
        return RemoteFile(self.hub, dataset, name, self.size)

    def url(self, base_url: str = "") -> str:
        """Where it is: on the hub's own host, or below the address of a mirror."""
        host = f"{base_url.rstrip('/')}/{self.hub}" if base_url else AWS.format(hub=self.hub)
        return f"{host}/download/{quote(self.dataset, safe='')}"

    @property
    def path(self) -> Path:
        """Its path below the folder of the source's downloads."""
        return Path(self.name or self.dataset)


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
        What its rows are named by.
    file_name
        Regular expression of its file names.
    citation
        What to cite.
    formats
        Names of the file formats, in ``tcga_corr.formats``, that its files have.
    table
        Its expression table on a hub: one for each tumor type, or one for all; None where it is
        not fetched from a hub of files.
    beside
        The files that have to stand beside it.
    page
        Where a person finds the files.
    quirks
        What the live files are like, for people.
    verified_live
        Whether its addresses were tried against the live hub.
    pan_cancer
        Whether one file holds several tumor types.
    may_be_negative
        Whether batch adjustment or a small pseudocount makes negative values.
    same_depth
        Whether the values are adjusted for how deeply each sample was sequenced.
    simulated
        Whether the values are made up.
    """

    name: str
    title: str
    unit: str
    gene_id: str
    file_name: str
    citation: str
    formats: tuple[str, ...]
    table: RemoteFile | None = None
    beside: tuple[RemoteFile, ...] = ()
    page: str = ""
    quirks: tuple[str, ...] = field(default=(), repr=False)
    verified_live: bool = False
    pan_cancer: bool = False
    may_be_negative: bool = False
    same_depth: bool = True
    simulated: bool = False

    def names(self, path: Path) -> bool:
        """Whether a file is named like one of this source, also as a URL names it."""
        return re.fullmatch(self.file_name, unquote(path.name)) is not None


def own_source(name: str, unit: str) -> Source:
    """A source of the user's own."""
    return Source(
        name=name,
        title="own tables",
        unit=unit,
        gene_id="any",
        file_name="",
        citation="none",
        formats=(),
        may_be_negative=True,
    )
