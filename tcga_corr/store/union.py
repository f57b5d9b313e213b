"""Tables of several studies as one, such as COAD and READ as COADREAD."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tcga_corr.errors import UsageError
from tcga_corr.store.index import TableIndex
from tcga_corr.store.layout import Store, TableKey
from tcga_corr.store.reference import ReferenceIndex, open_reference


@dataclass(frozen=True)
class UnionIndex(TableIndex):
    """The tables of several studies, their samples one after another, in memory.

    Attributes
    ----------
    parts
        The tables.
    """

    parts: tuple[TableIndex, ...] = ()

    @property
    def is_stored(self) -> bool:
        """Whether the tables are in the store."""
        return all(part.is_stored for part in self.parts)

    def study_of(self, columns: NDArray[np.intp]) -> NDArray[np.intp]:
        """The place, among the studies, of that of each column."""
        sizes = [len(part.metadata.samples) for part in self.parts]
        return np.repeat(np.arange(len(sizes)), sizes)[columns]


def join_tables(name: str, parts: Sequence[TableIndex]) -> UnionIndex:
    """The union of tables of one source.

    Raises
    ------
    UsageError
        If they differ in genes or unit, so that their samples do not compare.
    """
    first, *others = parts
    for other in others:
        for what, same in (
            ("genes", other.genes == first.genes),
            ("units", other.metadata.unit == first.metadata.unit),
        ):
            if not same:
                raise UsageError(
                    f"{name}: the tables of {first.key.tumor_type} and {other.key.tumor_type} "
                    f"differ in their {what}",
                    "Name these one by one",
                )
    metadata = replace(
        first.metadata,
        tumor_type=name,
        simulated=any(part.metadata.simulated for part in parts),
        inputs=tuple(dict.fromkeys(one for part in parts for one in part.metadata.inputs)),
        dropped=dict(sum((Counter(part.metadata.dropped) for part in parts), Counter())),
        samples=tuple(sample for part in parts for sample in part.metadata.samples),
    )
    return UnionIndex(
        TableKey(first.key.source, name),
        hashlib.sha256("".join(part.table_sha256 for part in parts).encode()).hexdigest(),
        metadata,
        first.genes,
        np.concatenate([part.ranks for part in parts], axis=1),
        np.concatenate([part.values for part in parts], axis=1),
        tuple(parts),
    )


def reference_of(store: Store, table: TableIndex) -> ReferenceIndex:
    """The reference collection's sums in a table, or in those of a union."""
    if not isinstance(table, UnionIndex):
        return open_reference(store, table)
    first, *others = (open_reference(store, part) for part in table.parts)
    sums = np.concatenate([one.sums for one in (first, *others)], axis=2)
    return replace(first, sums=sums)
