"""What a source of expression tables says of itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote


@dataclass(frozen=True)
class Source:
    """A published release of expression tables.

    Attributes
    ----------
    name, title
        Short name, and a line for people.
    unit
        Unit of the values in the store.
    file_name
        Regular expression of its file names.
    may_be_negative
        Whether batch adjustment or a small pseudocount makes negative values.
    citation
        What to cite.
    formats
        Names of the file formats, in ``tcga_corr.tables``, that its files have.
    pan_cancer
        Whether one file holds several tumor types.
    same_depth
        Whether the values are adjusted for how deeply each sample was sequenced.
    simulated
        Whether the values are made up.
    """

    name: str
    title: str
    unit: str
    file_name: str
    citation: str
    formats: tuple[str, ...]
    pan_cancer: bool = False
    may_be_negative: bool = False
    same_depth: bool = True
    simulated: bool = False

    def names(self, path: Path) -> bool:
        """Whether a file is named like one of this source, also as a URL names it."""
        return re.fullmatch(self.file_name, unquote(path.name)) is not None
