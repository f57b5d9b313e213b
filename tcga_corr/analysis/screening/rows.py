"""The rows of a screen: associations of tumor types x pairs, each by itself or pooled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.pool import Adjusted, pooled_columns
from tcga_corr.analysis.samples.cohort import Measured, Vector, join_notes, samples_without
from tcga_corr.analysis.screening.nulls import ScreenNulls
from tcga_corr.choices import ScreenMethod
from tcga_corr.stats.adjustment import benjamini_hochberg
from tcga_corr.stats.methods import fisher_interval, fisher_variance, p_of_r
from tcga_corr.vocabulary.associations import SIMULATED
from tcga_corr.vocabulary.nulls import NULLS

if TYPE_CHECKING:
    import polars as pl

Matrix = NDArray[np.float64]
Counts = NDArray[np.int64]
Places = NDArray[np.intp]


@dataclass(frozen=True)
class Screen:
    """The associations of pairs, tumor types x pairs: one variable with many, or many in pairs.

    Attributes
    ----------
    tumor_types
        Their names.
    x, y
        The names of the variables: one x of all pairs, or one of each.
    method
        How they are correlated.
    n, n_controls
        Samples and fitted controls: of each tumor type, tumor types x 1, or of each pair there.
    r
        The coefficient; NaN where there is none.
    n_shared, r_disjoint
        Genes that x and y share, and r without them.
    notes
        By tumor type, why it has no r at all.
    measured
        What x and the controls were in each tumor type.
    pair_notes
        By tumor type, a note of each pair; empty where pairs have none of their own.
    nulls
        Those that the screen is compared with.
    """

    tumor_types: Sequence[str]
    x: str | Sequence[str]
    y: Sequence[str]
    method: ScreenMethod
    n_controls: Counts
    n: Counts
    r: Matrix
    n_shared: Counts
    r_disjoint: Matrix
    notes: Sequence[str]
    measured: list[Measured] = field(repr=False)
    simulated: bool
    pair_notes: Sequence[Sequence[str]] = ()
    nulls: ScreenNulls = field(default_factory=ScreenNulls, repr=False)

    @property
    def n_types_with_r(self) -> int:
        """How many tumor types have an r of any."""
        return int((~np.isnan(self.r)).any(axis=1).sum())

    def left_out(self) -> list[str]:
        """Why tumor types have no r, how many samples lack a variable, and which y have no r."""
        lines = [
            f"{name}: {note}"
            for name, note in zip(self.tumor_types, self.notes, strict=True)
            if note
        ]
        counts: dict[str, int] = {}
        for one in self.measured:
            counts[one.name] = counts.get(one.name, 0) + one.n_missing
        lines += [samples_without(name, count) for name, count in counts.items() if count]
        n_unanswered = int(np.isnan(self.r).all(axis=0).sum())
        if n_unanswered:
            lines.append(f"no r in any tumor type: {n_unanswered} of {len(self.y)}")
        return lines

    def by_tumor_type(self) -> pl.DataFrame:
        """A row per tumor type and y that has an r; q over all of them."""
        import polars as pl

        row, column = np.nonzero(~np.isnan(self.r))
        r = self.r[row, column]
        n, n_controls = (
            np.broadcast_to(counts, self.r.shape)[row, column]
            for counts in (self.n, self.n_controls)
        )
        p = p_of_r(r, n, self.method, n_controls)
        low, high = fisher_interval(r, fisher_variance(r, n, self.method, n_controls))
        frame = pl.DataFrame(
            {
                "tumor_type": _named(self.tumor_types, row),
                "x": self._x_of(column),
                "y": _named(self.y, column),
                "method": pl.repeat(self.method, len(r), eager=True),
                "n": n,
                "r": r,
                "ci_low": low,
                "ci_high": high,
                "p": p,
                "q": benjamini_hochberg(p),
                **self._beside(row, column),
                "n_shared_genes": self.n_shared[row, column],
                "r_disjoint": self.r_disjoint[row, column],
            }
        ).with_columns(rank=pl.col("r").abs().rank("min", descending=True).over("tumor_type"))
        frame = frame.with_columns(note=pl.Series(self._notes_of(row, column), dtype=pl.String))
        return frame.sort("tumor_type", "rank", "x", "y").fill_nan(None)

    def _x_of(self, column: Places) -> pl.Series:
        import polars as pl

        if isinstance(self.x, str):
            return pl.repeat(self.x, len(column), eager=True)
        return _named(self.x, column)

    def _beside(self, row: Places, column: Places) -> dict[str, Vector]:
        """The columns of the nulls of some tumor types and y, with q over all of them."""
        columns: dict[str, Vector] = {}
        for null, found in self.nulls.by_tumor_type.items():
            for name in NULLS[null].columns:
                if name != NULLS[null].q:
                    values = [own.by_column(NULLS[null])[name] for own in found]
                    columns[name] = np.stack(values)[row, column]
                else:
                    columns[name] = benjamini_hochberg(columns[NULLS[null].p])
        return columns

    def _notes_of(self, row: Places, column: Places) -> list[str]:
        """The notes of some tumor types and pairs, and of their nulls."""
        texts = {
            (number, place): note
            for number, own in enumerate(self.pair_notes)
            for place, note in enumerate(own)
            if note
        }
        for found in self.nulls.by_tumor_type.values():
            for number, own in enumerate(found):
                for place, note in own.notes.items():
                    texts[number, place] = join_notes(texts.get((number, place), ""), note)
        if not texts:
            return [self._note] * len(row)
        places = zip(row.tolist(), column.tolist(), strict=True)
        return [join_notes(self._note, texts.get(place, "")) for place in places]

    def ranking(self) -> pl.DataFrame:
        """A row per y: pooled over the tumor types that have an r, most certain first."""
        import polars as pl

        some = np.flatnonzero((~np.isnan(self.r)).any(axis=0))
        r = self.r[:, some]
        n, n_controls = (
            np.broadcast_to(counts, self.r.shape)[:, some] for counts in (self.n, self.n_controls)
        )
        q = benjamini_hochberg(p_of_r(r, n, self.method, n_controls).ravel()).reshape(r.shape)
        row, column = (places.ravel() for places in np.indices(r.shape))
        beside = self._beside(row, some[column])
        of_genes = (
            beside[name].reshape(r.shape) for name in ("q_genes", "z_genes") if name in beside
        )
        adjusted, r_disjoint = Adjusted(q, *of_genes), self.r_disjoint[:, some]
        pooled = pooled_columns(r, n, n_controls, adjusted, r_disjoint, self.method)
        if not beside:
            del pooled["tallied_by"]
        disjoint = pooled.pop("r_disjoint")
        del pooled["r_purity"]  # of which a screen has none
        columns: dict[str, Any] = {
            "x": self._x_of(some),
            "y": _named(self.y, some),
            "method": pl.repeat(self.method, len(some), eager=True),
            **_after_q(pooled, self._pooled_beside(some)),
            "n_shared_genes": self.n_shared[:, some].max(axis=0, initial=0),
            "r_disjoint": disjoint,
        }
        frame = pl.DataFrame(columns).fill_nan(None)
        perfect = pl.max_horizontal(pl.col("r_max"), -pl.col("r_min")) == 1  # nothing to pool
        notes = [own.notes for own in self.nulls.pooled.values()]
        texts = [
            join_notes(self._note, *(one.get(place, "") for one in notes))
            for place in some.tolist()
        ]
        frame = frame.with_columns(note=pl.Series(texts, dtype=pl.String))
        beyond = [pl.col("z_genes").abs()] if "z_genes" in frame.columns else []
        frame = frame.sort(
            perfect, *beyond, "p", pl.col("r").abs(), "x", "y",
            descending=[True, *[True] * len(beyond), False, True, False, False], nulls_last=True,
        )  # fmt: skip
        return frame.with_row_index("rank", offset=1)

    def _pooled_beside(self, some: Places) -> dict[str, Vector]:
        columns: dict[str, Vector] = {}
        for null, found in self.nulls.pooled.items():
            values = found.by_column(NULLS[null])
            for name in NULLS[null].columns:
                is_q = name == NULLS[null].q
                columns[name] = (
                    benjamini_hochberg(columns[NULLS[null].p]) if is_q else values[name][some]
                )
        return columns

    @property
    def _note(self) -> str:
        return SIMULATED if self.simulated else ""


def _after_q(columns: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Columns with more of them after q."""
    place = list(columns).index("q") + 1
    items = list(columns.items())
    return dict([*items[:place], *more.items(), *items[place:]])


def _named(names: Sequence[str], places: NDArray[np.intp]) -> pl.Series:
    """Names by their places, without a Python string for each."""
    import polars as pl

    return pl.Series(names, dtype=pl.String).gather(places)
