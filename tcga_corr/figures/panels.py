"""Panels side by side that share their rows: labels at the left, columns at the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation

from tcga_corr.figures.frame import Frame, place
from tcga_corr.figures.style import GREY, INK, WIDTH
from tcga_corr.figures.text import (
    both_ends,
    fitted,
    fitted_apart,
    plain,
    text_width,
    wrapped,
    wrapped_apart,
)

_NARROWEST, _GAP, _EDGE = 0.93, 0.24, 0.12  # inches
LEAST_ROW = 0.1
"""Inches of a row below which its texts would touch those of the next."""


@dataclass(frozen=True)
class Column:
    """Texts or dots beside the rows of a panel, each row one: True is a filled dot."""

    head: str
    cells: Sequence[str | bool | None]
    inches: float = 0.4
    colour: str = INK


@dataclass(frozen=True)
class Panel:
    """Axes that share their rows with those beside them: title, label of x, columns at the right.

    Without ``axis`` there is no x-axis: for panels without values.
    """

    title: str
    label: str
    columns: Sequence[Column] = ()
    axis: bool = True

    @property
    def columns_width(self) -> float:
        """The width of the columns in inches."""
        return sum(column.inches for column in self.columns)


def draw_panels(
    frame: Frame, names: Sequence[str], row: float, panels: Sequence[Panel]
) -> tuple[Figure, list[Axes]]:
    """A figure of panels side by side, with a row for each of the names.

    Parameters
    ----------
    frame
        The frame; it gets wider than a column and a half where the panels need it.
    names
        The labels of the rows, from top to bottom; the row of a name is its place in this list.
    row
        Height of a row in inches.
    panels
        The panels.
    """
    labels = fitted_apart(names, 2.3, 6.5)
    left = max([0.36, *(text_width(label, 6.5) for label in labels)]) + 0.14
    beside = left + sum(one.columns_width for one in panels) + _GAP * (len(panels) - 1) + _EDGE
    needed = beside + _NARROWEST * len(panels)
    frame = frame.as_wide(max(WIDTH, needed), needed)
    width = frame.width
    inner = (width - beside) / len(panels)
    titles = wrapped_apart([one.title for one in panels], inner, 6, 4, "bold")
    axis_labels = [wrapped(one.label, inner, 6.5, 4) for one in panels]
    has_axis = any(one.axis for one in panels)
    axis_height = 0.22 + 0.115 * max(map(len, axis_labels)) if has_axis else 0.0
    foot = 0.08 + axis_height
    heads = 0.12 * max(1, *map(len, titles))
    around, least = heads + foot, min(row, LEAST_ROW)
    figure = frame.figure(frame.body(around + row * len(names), around + least * len(names)))
    all_axes = []
    for number, panel in enumerate(panels):
        axes = place(figure, left, frame.below + foot, width - left - inner, frame.head + heads)
        axes.set_ylim(len(names) - 0.5, -0.5)
        label_rows(axes, dict(enumerate(labels if number == 0 else [""] * len(names))))
        if panel.axis:
            axes.set_xlabel("\n".join(axis_labels[number]), labelpad=2)
        else:
            axes.xaxis.set_visible(False)
            axes.spines["bottom"].set_visible(False)
        for line_number, line in enumerate(reversed(titles[number])):
            write_above(axes, 0, 0.03 + 0.12 * line_number, line, weight="bold", fontsize=6)
        _write_columns(axes, panel.columns, inner)
        all_axes.append(axes)
        left += inner + panel.columns_width + _GAP
    return figure, all_axes


def write_above(axes: Axes, x: float, above: float, text: str, **look: Any) -> None:
    """Write a line some inches right of the axes' left edge and above their top."""
    shift = ScaledTranslation(x, above, axes.figure.dpi_scale_trans)
    axes.text(0, 1, text, transform=axes.transAxes + shift, va="bottom", clip_on=False, **look)


def _write_columns(axes: Axes, columns: Sequence[Column], inches: float) -> None:
    end = inches
    for column in columns:
        end += column.inches
        room = column.inches - 0.05
        is_text = any(isinstance(cell, str) for cell in column.cells)
        at, ha = (end, "right") if is_text else (end - column.inches / 2 + 0.03, "center")
        write_above(axes, at, 0.03, fitted(column.head, room, 6), fontsize=6, color=GREY, ha=ha)
        for y, cell in enumerate(column.cells):
            if isinstance(cell, str):
                axes.text(
                    at / inches, y, fitted(cell, room, 6), ha=ha, fontsize=6, va="center_baseline",
                    color=column.colour, transform=axes.get_yaxis_transform(), clip_on=False,
                )  # fmt: skip
            elif cell is not None:
                draw_dot(axes, at / inches, y, cell)


def label_rows(axes: Axes, labels: Mapping[float, str], **look: Any) -> None:
    """Write the labels of rows, by their places, at the left of the axes; without a line there."""
    axes.set_yticks(list(labels), list(labels.values()), **look)
    axes.tick_params(axis="y", length=0, pad=3)
    axes.spines["left"].set_visible(False)


def draw_dot(axes: Axes, x: float, y: float, is_filled: bool) -> None:
    """Draw a dot in a column beside the axes; ``x`` is a fraction of their width."""
    axes.plot(
        x, y, "o", ms=3.2, mew=0.6, color=INK, mfc=INK if is_filled else "white",
        transform=axes.get_yaxis_transform(), clip_on=False,
    )  # fmt: skip


def write_note(axes: Axes, y: float, note: str) -> None:
    """Write in a row why it has no values; its first words where there is no room for all."""
    inches = axes.get_position().width * axes.figure.get_figwidth()  # type: ignore[union-attr]
    room = inches - 0.04
    note = plain(note, 200)
    while text_width(note, 5.5) > room and ("," in note or ":" in note):
        note = note[: max(note.rfind(","), note.rfind(":"))]
    if text_width(note, 5.5) > room:
        (note,) = both_ends(note, room, 5.5)
    axes.text(
        0.5, y, note, color=GREY, fontsize=5.5, ha="center",
        va="center", style="italic", zorder=5, transform=axes.get_yaxis_transform(),
        bbox={"fc": "white", "ec": "none", "pad": 1},
    )  # fmt: skip
