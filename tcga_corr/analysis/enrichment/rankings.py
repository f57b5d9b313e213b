"""What an enrichment is asked of: genes in the order of a number, or a list of genes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.enrichment.ranking_tables import (
    EFFECT,
    NUMBER,
    Q,
    RankedTable,
    ranked_table,
)
from tcga_corr.choices import Direction
from tcga_corr.errors import AnalysisError, UsageError
from tcga_corr.vocabulary.gene_names import cleaned, genes_named
from tcga_corr.vocabulary.symbols import symbol_table

if TYPE_CHECKING:
    import polars as pl

Vector = NDArray[np.float64]

_N_SHOWN = 3


@dataclass(frozen=True, eq=False)
class Ranking:
    """The genes of one tumor type and contrast in falling order of a number, ties by symbol.

    Attributes
    ----------
    labels
        Its tumor type and contrast, where the input has several.
    genes
        Symbols, each once.
    values
        The number of each, falling; all NaN of a list without numbers.
    q, effect
        By which genes are listed: the adjusted p, and log2 fold change or r; NaN where there is
        none.
    notes
        What was left out or renamed.
    """

    labels: Mapping[str, str]
    genes: tuple[str, ...]
    values: Vector
    q: Vector
    effect: Vector
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its tumor type and contrast."""
        return " ".join(self.labels.values())

    @cached_property
    def place_of(self) -> dict[str, int]:
        """The place of each gene."""
        return {gene: place for place, gene in enumerate(self.genes)}

    def listed(
        self, limit: float, least: float, top: int | None, direction: Direction
    ) -> list[str]:
        """The genes of the list that over-representation is asked of.

        Parameters
        ----------
        limit, least
            Below which q and above which size of the effect a gene is listed; 0 is any size.
        top
            How many of the ranking's ends, in place of these.
        direction
            ``up``, ``down`` or ``both``.
        """
        if top is not None:
            key = {"up": -self.values, "down": self.values, "both": -np.abs(self.values)}[direction]
            places = np.argsort(key, kind="stable")[:top]
            return [self.genes[place] for place in np.sort(places)]
        with np.errstate(invalid="ignore"):
            chosen = (self.q < limit) & ~(np.abs(self.effect) <= least)
            if direction != "both":
                chosen &= self.effect > 0 if direction == "up" else self.effect < 0
        return [self.genes[place] for place in np.flatnonzero(chosen)]


@dataclass(frozen=True, eq=False)
class Ranked:
    """What was given.

    Attributes
    ----------
    name
        Of the file, or what it is.
    number
        By what genes are ranked; empty of a list without numbers.
    rankings
        One for each tumor type and contrast.
    notes
        What has to be known of all.
    simulated
        Whether the numbers are of simulated values.
    effect
        The column whose sign is a gene's direction.
    """

    name: str
    number: str
    rankings: Sequence[Ranking]
    notes: tuple[str, ...] = ()
    simulated: bool = False
    effect: str = ""

    @property
    def is_list(self) -> bool:
        """Whether it is a list of genes without numbers."""
        return not self.number


def ranked(given: Any, rank: str | None = None, tumor_types: Iterable[str] = ()) -> Ranked:
    """The rankings of an answer, a file, a data frame, a dictionary of numbers or a list of genes.

    Parameters
    ----------
    given
        The input.
    rank
        The column by which genes are ranked. By default log2fc / lfc_se of an answer of ``de``,
        ``stat`` or ``t`` of DESeq2's and limma's tables, else the signed -log10 p; r of a screen,
        without shared genes where there are some; the number of a ranking.
    tumor_types
        Those of an answer of several; all by default.

    Raises
    ------
    UsageError
        If genes or numbers are not clear, or a gene is there twice with different numbers.
    AnalysisError
        If no gene has a number, or all have the same.
    """
    table = ranked_table(given, rank, tumor_types)
    labels = table.labels
    grouped = table.frame.group_by(labels, maintain_order=True) if labels else [((), table.frame)]
    rankings = [
        _part(part, table, dict(zip(labels, map(str, key), strict=True))) for key, part in grouped
    ]
    if not rankings:
        raise AnalysisError(f"{table.name}: no gene has a number", "Look at its column 'note'")
    return Ranked(table.name, table.number, rankings, table.notes, table.simulated, table.effect)


def _part(frame: pl.DataFrame, table: RankedTable, labels: dict[str, str]) -> Ranking:
    """The ranking of one tumor type and contrast."""
    number = table.number
    where = " ".join((table.name, *labels.values()))
    names = frame[table.genes].cast(str)
    if number:
        values, q, effect = (
            frame[one].to_numpy().astype(np.float64) for one in (NUMBER, Q, EFFECT)
        )
    else:
        values = q = effect = np.full(len(names), np.nan)
    has_name = (
        names.is_not_null().to_numpy() & (names.fill_null("").str.strip_chars() != "").to_numpy()
    )
    infinite = np.flatnonzero(np.isinf(values) & has_name)
    if len(infinite):
        raise UsageError(
            f"{where}: {number} of {names[int(infinite[0])]} is infinite, and of "
            f"{len(infinite) - 1} more",
            "Rank by another column with --rank, such as a statistic, which does not run out",
        )
    kept = np.flatnonzero(has_name & (~np.isnan(values) if number else True))
    notes = []
    if len(kept) < len(names):
        what = "number" if number else "name"
        notes.append(f"{where}: {len(names) - len(kept):,} genes without a {what} are left out")
    if not len(kept):
        raise AnalysisError(f"{where}: no gene has a number", "Look at its column 'note'")
    symbols, note = _current([cleaned(names[int(place)]) for place in kept])
    kept, symbols, twice = _each_once(kept, symbols, names, values, where)
    order = np.lexsort((np.array(symbols), -values[kept])) if number else np.arange(len(kept))
    own = kept[order]
    ranking = Ranking(
        labels,
        tuple(symbols[place] for place in order),
        values[own],
        q[own],
        effect[own],
        tuple(filter(None, (*notes, note and f"{where}: {note}", twice))),
    )
    _check_spread(ranking, where, number)
    return ranking


def _current(names: Sequence[str]) -> tuple[list[str], str]:
    """Symbols for ids and names that other programs have changed; others stay as they are."""
    table = symbol_table()
    new: dict[str, str] = {}
    for name in names:
        if not table.candidates(name):
            found = genes_named(name)
            if len(found) == 1 and found[0].symbol != name:
                new[name] = found[0].symbol
    if not new:
        return list(names), ""
    shown = ", ".join(f"{old} as {symbol}" for old, symbol in list(new.items())[:_N_SHOWN])
    more = ", …" if len(new) > _N_SHOWN else ""
    note = f"{len(new):,} names of genes read as symbols ({shown}{more})"
    return [new.get(name, name) for name in names], note


def _each_once(
    kept: NDArray[np.intp], symbols: list[str], names: pl.Series, values: Vector, where: str
) -> tuple[NDArray[np.intp], list[str], str]:
    """Each gene once: of ids of one symbol that with the largest number; a repeated name fails."""
    first: dict[str, int] = {}
    n_ids = 0
    for place, symbol in enumerate(symbols):
        other = first.setdefault(symbol, place)
        if other == place:
            continue
        a, b = int(kept[other]), int(kept[place])
        same = values[a] == values[b] or bool(np.isnan(values[a]) and np.isnan(values[b]))
        if names[a] == names[b] and not same:
            raise UsageError(
                f"{where}: {names[a]} is there twice, in rows {a + 1} and {b + 1}, with "
                f"{values[a]:g} and {values[b]:g}",
                "Keep one row for each gene",
            )
        n_ids += names[a] != names[b]
        if abs(values[b]) > abs(values[a]):
            first[symbol] = place
    chosen = list(first.values())
    note = (
        f"{where}: {n_ids:,} rows are of a gene that another row has too; the larger number is kept"
    )
    return kept[chosen], [symbols[place] for place in chosen], note if n_ids else ""


def _check_spread(ranking: Ranking, where: str, number: str) -> None:
    """Refuse a ranking that ranks nothing."""
    if not number:
        return
    values = ranking.values
    if len(values) > 1 and values[0] == values[-1]:
        raise AnalysisError(
            f"{where}: all {len(values):,} genes have the same {number}, {values[0]:g}, so nothing "
            "ranks them",
            "Rank by another column with --rank",
        )
