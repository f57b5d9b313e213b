"""Panels side by side that share their rows: labels at the left, columns at the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tcga_corr.figures.style import (
    GREY,
    INK,
    WIDTH,
    both_ends,
    fitted,
    fitted_apart,
    foot_height,
    headed,
    key_height,
    new_figure,
    place,
    plain,
    text_width,
    wrapped,
    wrapped_apart,
    write_foot,
    write_key,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_NARROWEST, _GAP, _EDGE = 0.93, 0.24, 0.12  # inches


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
    def strip(self) -> float:
        """The inches that the columns take."""
        return sum(column.inches for column in self.columns)


def panels(
    told: tuple[str, str],
    names: Sequence[str],
    row: float,
    several: Sequence[Panel],
    handles: Sequence[Any],
    foot: str = "",
) -> tuple[Figure, list[Axes]]:
    """A figure of panels side by side, with a row for each of the names.

    Parameters
    ----------
    told
        Title, and what is to be said of the data.
    names
        Of the rows, from top to bottom; the row of a name is its place in this list.
    row
        Height of a row in inches.
    several
        The panels; the figure is wider than a column and a half where they need it.
    handles
        Of the legend.
    foot
        A line below all.
    """
    labels = fitted_apart(names, 2.3, 6.5)
    left = max([0.36, *(text_width(label, 6.5) for label in labels)]) + 0.14
    taken = left + sum(one.strip for one in several) + _GAP * (len(several) - 1) + _EDGE
    width = max(WIDTH, taken + _NARROWEST * len(several))
    inner = (width - taken) / len(several)
    titles = wrapped_apart([one.title for one in several], inner, 6, 4, "bold")
    axis_labels = [wrapped(one.label, inner, 6.5, 4) for one in several]
    heads = 0.12 * max(1, *map(len, titles))
    foot_lines = wrapped(foot, width - 0.2, 6, 4)
    bottom = foot_height(foot_lines) + key_height(handles, width) + 0.08
    bottom += 0.22 + 0.115 * max(map(len, axis_labels)) if any(p.axis for p in several) else 0
    head = headed(new_figure(4, width), *told, width) + heads
    figure = new_figure(head + row * len(names) + bottom, width)
    headed(figure, *told, width)
    axes_of = []
    for number, one in enumerate(several):
        right = width - left - inner
        axes = place(figure, left, bottom, right, head)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_yticks(range(len(names)), labels if number == 0 else [""] * len(names))
        axes.tick_params(axis="y", length=0, pad=3)
        axes.spines["left"].set_visible(False)
        if one.axis:
            axes.set_xlabel("\n".join(axis_labels[number]), labelpad=2)
        else:
            axes.xaxis.set_visible(False)
            axes.spines["bottom"].set_visible(False)
        for place_of, line in enumerate(reversed(titles[number])):
            _write(axes, 0, 0.03 + 0.12 * place_of, line, weight="bold", fontsize=6)
        _write_columns(axes, one.columns, inner)
        axes_of.append(axes)
        left += inner + one.strip + _GAP
    write_foot(figure, foot_lines)
    write_key(figure, handles, 0.05 + foot_height(foot_lines))
    return figure, axes_of


def _write(axes: Axes, x: float, above: float, text: str, **look: Any) -> None:
    """Write a line some inches right of the axes' left edge and above their top."""
    from matplotlib.transforms import ScaledTranslation

    shift = ScaledTranslation(x, above, axes.figure.dpi_scale_trans)
    axes.text(0, 1, text, transform=axes.transAxes + shift, va="bottom", clip_on=False, **look)


def _write_columns(axes: Axes, columns: Sequence[Column], inches: float) -> None:
    end = inches
    for column in columns:
        end += column.inches
        room = column.inches - 0.05
        is_text = any(isinstance(cell, str) for cell in column.cells)
        at, ha = (end, "right") if is_text else (end - column.inches / 2 + 0.03, "center")
        head = fitted(column.head, room, 6)
        _write(axes, at, 0.03, head, fontsize=6, color=GREY, ha=ha)
        across = axes.get_yaxis_transform()
        for y, cell in enumerate(column.cells):
            if isinstance(cell, str):
                axes.text(
                    at / inches, y, fitted(cell, room, 6), ha=ha, fontsize=6, va="center_baseline",
                    color=column.colour, transform=across, clip_on=False,
                )  # fmt: skip
            elif cell is not None:
                axes.plot(
                    at / inches, y, "o", ms=3.2, mew=0.6, color=INK,
                    mfc=INK if cell else "white", transform=across, clip_on=False,
                )  # fmt: skip


def noted(axes: Axes, y: float, note: str) -> None:
    """Write in a row why it has no values; its first words where there is no room for all."""
    inches = axes.get_position().width * axes.figure.get_figwidth()  # type: ignore[union-attr]
    note = plain(note, 200)
    while text_width(note, 5.5) > inches - 0.04 and ("," in note or ":" in note):
        note = note[: max(note.rfind(","), note.rfind(":"))]
    if text_width(note, 5.5) > inches - 0.04:
        (note,) = both_ends(note, inches - 0.04, 5.5)
    axes.text(
        0.5, y, note, color=GREY, fontsize=5.5, ha="center",
        va="center", style="italic", zorder=5, transform=axes.get_yaxis_transform(),
        bbox={"fc": "white", "ec": "none", "pad": 1},
    )  # fmt: skip
