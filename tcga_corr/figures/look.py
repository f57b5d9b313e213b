"""Where a figure is written, and how it looks there. Imports no matplotlib, as options need it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tcga_corr.choices import FIGURE_ORDERS, FigureOrder, check_choice
from tcga_corr.errors import UsageError

DPI = 300
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*[x×]\s*(\d+(?:\.\d+)?)\s*(in|cm|mm|)", re.IGNORECASE)
_PER_INCH = {"": 1.0, "in": 1.0, "cm": 2.54, "mm": 25.4}
_SMALLEST, _LARGEST = 1.0, 60.0  # inches
Inches = tuple[float, float]


def parse_size(text: str) -> Inches:
    """Width and height in inches of a text such as ``7x5``, ``18x12cm`` or ``180x120mm``.

    Raises
    ------
    UsageError
        If it is none, or no size of a figure.
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise UsageError(
            f"the size '{text}' cannot be read", "Give width x height, as 7x5 (inches) or 18x12cm"
        )
    unit = _PER_INCH[found[3].lower()]
    return _checked((float(found[1]) / unit, float(found[2]) / unit), text)


def _checked(size: Inches, text: str) -> Inches:
    if not all(_SMALLEST <= one <= _LARGEST for one in size):
        raise UsageError(
            f"the size '{text}' is no size of a figure",
            f"Give {_SMALLEST:g} to {_LARGEST:g} inches each way",
        )
    return size


@dataclass(frozen=True)
class Look:
    """How a figure looks.

    Attributes
    ----------
    dpi
        Dots per inch of a PNG.
    title
        In place of the figure's own; empty for none, None for its own.
    dark
        Whether on a dark ground, for slides.
    size
        Width and height: two numbers of inches, or a text such as ``18x12cm``. None for what the
        figure needs.
    order
        Of tumor types: ``value`` (of what is drawn, falling), ``name``, ``n`` (falling), ``given``,
        or their names in order; of heat maps ``cluster`` too. None for the figure's own.

    Raises
    ------
    UsageError
        If size or order are none of these.
    """

    dpi: int = DPI
    title: str | None = None
    dark: bool = False
    size: str | Inches | None = None
    order: FigureOrder | Sequence[str] | None = None

    def __post_init__(self) -> None:
        _ = self.inches
        if isinstance(self.order, str):
            check_choice("order", self.order, FIGURE_ORDERS)

    @property
    def inches(self) -> Inches | None:
        """Width and height in inches, if they are asked for."""
        if self.size is None or isinstance(self.size, str):
            return None if self.size is None else parse_size(self.size)
        try:
            width, height = map(float, self.size)
        except (TypeError, ValueError):
            raise UsageError(
                f"the size {self.size!r} cannot be read", "Give two numbers of inches, as (7, 5)"
            ) from None
        return _checked((width, height), f"{width:g}x{height:g}")

    def width_or(self, natural: float) -> float:
        """The width that is asked for, else the figure's own."""
        return natural if self.inches is None else self.inches[0]

    def refuse_order(self, figure: str) -> None:
        """Refuse an order where a figure has no tumor types to put in one.

        Raises
        ------
        UsageError
            If there is one.
        """
        if self.order is not None:
            raise UsageError(f"there is no order of tumor types in {figure}", "Leave --order out")

    def ordered(
        self,
        types: Sequence[str],
        values: Mapping[str, float | None],
        n: Mapping[str, int],
        usual: FigureOrder,
    ) -> list[str]:
        """Tumor types in the order that is asked for.

        Parameters
        ----------
        types
            The tumor types.
        values
            What is drawn, by tumor type; those without one come last by ``value``.
        n
            Samples, by tumor type.
        usual
            The figure's own order.

        Raises
        ------
        UsageError
            If the order is ``cluster``, which is of heat maps.
        """
        order = self.order or usual
        if not isinstance(order, str):
            place = {name: number for number, name in enumerate(order)}
            return sorted(types, key=lambda name: (place.get(name, len(place)), name))
        if order == "value":
            return falling({name: values.get(name) for name in types})
        if order == "n":
            return falling({name: n.get(name) for name in types})
        if order == "cluster":
            raise UsageError(
                "heat maps alone can be clustered", "Give --order value, name, n or given"
            )
        return sorted(types) if order == "name" else list(types)


def falling(values: Mapping[str, float | None]) -> list[str]:
    """Names by falling value, those without one last."""
    return sorted(values, key=lambda name: (values[name] is None, -(values[name] or 0.0), name))


PLAIN = Look()
"""The look of a figure where none is asked for."""


@dataclass(frozen=True)
class FigureFile:
    """A file for a figure, whose ending is png, svg or pdf, and the look of the figure."""

    path: Path
    look: Look = field(default_factory=Look)

    def __str__(self) -> str:
        return str(self.path)
