"""Tables and texts that fit a terminal: which columns stay, what is cut, where lines end."""

from __future__ import annotations

import os
import re
import shutil
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field

from tcga_corr.cli.texts import cut

_NOTE, _SHORTEST = 30, 12  # letters of a note on a narrow terminal; where nothing else can go
_GAP, _NAME = 3, 40  # letters between columns, and of a name
_MOST_LISTED = 6
_LEAST_WIDTH = 20
_BOUND = re.compile(r" (?=[%=<>≥≤]( |$))|(?<=[=<>≥≤]) ")  # blanks at which no line ends
_NO_BREAK = "\u00a0"


@dataclass(frozen=True)
class Terminal:
    """A terminal: how many letters fit in a line, and whether it shows bold."""

    width: int
    bold: bool

    @classmethod
    def here(cls) -> Terminal:
        """That of standard output; ``NO_COLOR`` and a ``TERM`` of ``dumb`` are honoured."""
        plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
        return cls(shutil.get_terminal_size().columns, not plain)


@dataclass
class Fitted:
    """A table whose columns fit in a line.

    Attributes
    ----------
    headings, rows
        What is left.
    left_out
        The headings of what is not.
    same
        Of columns that are left out as all rows have the same: heading and cell.
    cut
        The headings of columns whose names are cut.
    """

    headings: list[str]
    rows: list[list[str]]
    left_out: list[str] = field(default_factory=list)
    same: dict[str, str] = field(default_factory=dict)
    cut: list[str] = field(default_factory=list)

    def lines(self, more: Sequence[str] = ()) -> list[str]:
        """What is left out in words, after ``more`` that is."""
        parts = [*more, *self.left_out]
        names = [name for name in self.cut if name in self.headings]
        if names:
            parts.insert(len(more), f"whole names ({', '.join(names)})")
        same = ", ".join(f"{name} {cell}" for name, cell in self.same.items())
        lines = [f"the same in all rows: {same}"] if same else []
        return [*lines, *([f"--wide has {listed(parts)} too"] if parts else [])]


def fitted(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    width: int,
    *,
    less: Sequence[str] = (),
    keep: Sequence[str] = (),
    note: str = "note",
) -> Fitted:
    """The columns that fit in a line.

    Columns that are empty go first, then those that are the same in all rows, which are named;
    then long names are cut, and columns go in the order of ``less``; after them all others but the
    first two and those of ``keep``, from the right. What is wider even then is cut.

    Parameters
    ----------
    headings, rows
        The table.
    width
        Letters of a line.
    less
        Headings that can go, the first first.
    keep
        Headings that stay longest.
    note
        The heading of the column of texts that is cut to what is left of the line.
    """
    table = Fitted(list(headings), [list(row) for row in rows])
    _drop_empty(table, note, width)
    if len(rows) > 1:
        _drop_same(table, less, {*keep, note}, width, note)
    _cut_names(table, width, _NAME, note)
    order = [name for name in less if name in table.headings]
    order += [
        name
        for name in reversed(table.headings[2:])
        if name not in order and name not in keep and name != note
    ]
    least = _NOTE
    while _needed(table, note) > width and order:
        _drop(table, order.pop(0))
    if _needed(table, note) > width:
        least = _SHORTEST
        order = [name for name in reversed(keep) if name in table.headings[2:]]
    while _needed(table, note, least) > width and (order or note in table.headings[2:]):
        _drop(table, order.pop(0) if order else note)
    if note in table.headings:
        room = width - _needed(table, note, least) + least
        place = table.headings.index(note)
        for row in table.rows:
            row[place] = cut(row[place], max(room, 1))
    _cut_widest(table, width)
    table.left_out.sort(key=list(headings).index)
    return table


def _widths(table: Fitted) -> list[int]:
    from rich.cells import cell_len

    columns = zip(table.headings, *table.rows, strict=True)
    return [max(map(cell_len, texts)) for texts in columns]


def _needed(table: Fitted, note: str, least: int = _NOTE) -> int:
    """The width of the lines, with notes as short as they may get."""
    widths = _widths(table)
    own = sum(
        min(one, least) if name == note else one
        for name, one in zip(table.headings, widths, strict=True)
    )
    return own + _GAP * (len(widths) - 1)


def _drop(table: Fitted, name: str, *, is_said: bool = True) -> None:
    place = table.headings.index(name)
    table.headings.pop(place)
    for row in table.rows:
        row.pop(place)
    if is_said:
        table.left_out.append(name)


def _drop_empty(table: Fitted, note: str, width: int) -> None:
    for name in table.headings[2:]:
        place = table.headings.index(name)
        if any(row[place] for row in table.rows):
            continue
        if name == note:
            _drop(table, name, is_said=False)
        elif table.rows and _needed(table, note) > width:
            _drop(table, name)


def _drop_same(table: Fitted, less: Sequence[str], stay: set[str], width: int, note: str) -> None:
    for name in [*(name for name in less if name in table.headings), *table.headings]:
        if _needed(table, note) <= width or len(table.headings) < 3:
            return
        if name in stay or name not in table.headings:
            continue
        place = table.headings.index(name)
        cells = {row[place] for row in table.rows}
        if len(cells) == 1:
            _drop(table, name, is_said=False)
            table.same[name] = cells.pop() or "empty"


def _cut_names(table: Fitted, width: int, most: int, note: str) -> None:
    if _needed(table, note) <= width:
        return
    for place, name in enumerate(table.headings):
        if name != note and any(len(row[place]) > most for row in table.rows):
            for row in table.rows:
                row[place] = cut(row[place], most)
            table.cut.append(name)


def _cut_widest(table: Fitted, width: int) -> None:
    """Cut the longest texts where even the columns that stay do not fit."""
    while table.headings and (over := _needed(table, "") - width) > 0:
        widths = _widths(table)
        place = max(range(len(widths)), key=lambda number: widths[number])
        most = max(widths[place] - over, 8)
        if most >= widths[place]:
            return
        name = table.headings[place]
        for row in table.rows:
            row[place] = cut(row[place], most)
        if max(map(len, (name, *(row[place] for row in table.rows)))) > most:
            return  # the heading itself is as wide
        if name not in table.cut:
            table.cut.append(name)


def listed(names: Sequence[str]) -> str:
    """Names with commas, of many the first."""
    return ", ".join(names[:_MOST_LISTED]) + (", …" if len(names) > _MOST_LISTED else "")


def wrapped(texts: Sequence[str], width: int) -> list[str]:
    """Texts cut into lines between words; a sign stays with its number."""
    return [
        line.replace(_NO_BREAK, " ")
        for text in texts
        for line in textwrap.wrap(
            _BOUND.sub(_NO_BREAK, text), max(_LEAST_WIDTH, width), break_on_hyphens=False
        )
        or [""]
    ]


def aligned(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table: a rule below the headings, numbers to the right.

    It is never cut to the terminal. rich makes the same, but takes longer to load than an answer
    takes to print.
    """
    from rich.cells import cell_len

    columns = []
    for heading, *cells in zip(headings, *rows, strict=True):
        texts = [heading, *cells]
        widths = [cell_len(text) for text in texts]
        room = [" " * (max(widths) - width) for width in widths]
        sides = (room, texts) if all(map(_is_number, cells)) else (texts, room)
        columns.append(["".join(two) for two in zip(*sides, strict=True)])
    head, *lines = ["   ".join(parts) for parts in zip(*columns, strict=True)] or [""]
    return [line.rstrip() for line in (head, "─" * cell_len(head), *lines)]


def _is_number(cell: str) -> bool:
    try:
        float(cell or "0")
    except ValueError:
        return False
    return True
