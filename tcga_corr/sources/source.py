"""What a source of expression tables says of itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path


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
    simulated
        Whether the values are made up.
    """

    name: str
    title: str
    unit: str
    file_name: str
    citation: str
    may_be_negative: bool = False
    simulated: bool = False

    def names(self, path: Path) -> bool:
        """Whether a file is named like one of this source."""
        return re.fullmatch(self.file_name, path.name) is not None
