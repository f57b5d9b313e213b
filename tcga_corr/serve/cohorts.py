"""Tables that stay open from question to question, and the scores of the sets asked last."""

from __future__ import annotations

import mmap
from collections import OrderedDict
from collections.abc import Collection, Hashable
from threading import Lock

from tcga_corr.scoring.ssgsea import Ties
from tcga_corr.store import TableIndex
from tcga_corr.variables import Cohort, Measured, SetVariable, Variable

_MOST_BYTES = 64 << 20
_OVERHEAD = 1024  # bytes, of what is kept beside the values


class Scores:
    """Gene sets measured last, up to so many bytes; threads may share it."""

    def __init__(self, most: int = _MOST_BYTES) -> None:
        self._most = most
        self._lock = Lock()
        self._kept: OrderedDict[Hashable, Measured] = OrderedDict()
        self._size = 0

    def get(self, key: Hashable) -> Measured | None:
        """What was measured, if it is still kept."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: Hashable, measured: Measured) -> None:
        """Keep what was measured; nobody may change its values from now on."""
        if measured.values is not None:
            measured.values.flags.writeable = False
        with self._lock:
            if key in self._kept:
                return
            self._kept[key] = measured
            self._size += _size(measured)
            while self._size > self._most:
                _, dropped = self._kept.popitem(last=False)
                self._size -= _size(dropped)


def _size(measured: Measured) -> int:
    return _OVERHEAD + (0 if measured.values is None else measured.values.nbytes)


class LiveCohort(Cohort):
    """A cohort that scores no gene set twice in a row."""

    def __init__(
        self, table: TableIndex, selection: str, ties: Ties, min_genes: int, scores: Scores
    ) -> None:
        super().__init__(table, selection, ties, min_genes)
        self._scores: Scores | None = scores

    def again(self, ties: Ties, samples: Collection[str] | None = None) -> Cohort:
        """As of a cohort; what is of other samples is not kept."""
        other = super().again(ties, samples)
        if isinstance(other, LiveCohort):
            other._scores = None
        return other

    def measure(self, variable: Variable, without: frozenset[str] = frozenset()) -> Measured:
        """As of a cohort."""
        if self._scores is None or not isinstance(variable, SetVariable):
            return super().measure(variable, without)
        asked = (self.selection, self.ties, self.min_genes, variable.gene_set.genes, without)
        key = (self.table.table_sha256, variable.name, *asked)
        found = self._scores.get(key)
        if found is None:
            found = super().measure(variable, without)
            self._scores.put(key, found)
        return found


def let_go(tables: Collection[TableIndex]) -> None:
    """Give back the memory of what was read of tables, which stay open.

    Else a server would come to hold all of them. It is read anew where it is needed. Done on Linux.
    """
    for table in tables:
        for array in (table.ranks, table.values):
            pages: object = array.base
            if isinstance(pages, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
                pages.madvise(mmap.MADV_DONTNEED)
