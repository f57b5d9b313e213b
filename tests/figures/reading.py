"""What figures are checked by: their texts' boxes, as Agg draws them."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.text import Text

from tcga_corr.figures.style import styled


def texts(figure: Figure) -> list[Text]:
    """The texts that can be seen."""
    if figure.stale:
        with styled():  # hinting is told when a text is drawn
            figure.canvas.draw()
    unseen = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick in axis.get_major_ticks():
                if not (axes.axison and low <= tick.get_loc() <= high):
                    unseen |= {id(tick.label1), id(tick.label2)}
    return [
        text
        for text in figure.findobj(Text)
        if isinstance(text, Text)
        and text.get_visible()
        and text.get_text().strip()
        and id(text) not in unseen
    ]


def words(figure: Figure) -> list[str]:
    return [text.get_text() for text in texts(figure)]


def told(figure: Figure) -> str:
    """All that is written, in one line and with plain spaces."""
    return " ".join(words(figure)).replace("\u00a0", " ")


def is_simulated(figure: Figure) -> bool:
    return "SIMULATED" in words(figure)


def check_texts(figure: Figure) -> None:
    """No text is outside the figure, on another one, or too small."""
    shown = [text for text in texts(figure) if text.get_text() != "SIMULATED"]
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    with styled():
        boxes = [text.get_window_extent(renderer) for text in shown]
    for text, box in zip(shown, boxes, strict=True):
        assert float(text.get_fontsize()) >= 5.5, text
        assert box.x0 >= 0, text
        assert box.y0 >= 0, text
        assert box.x1 <= figure.bbox.x1, text
        assert box.y1 <= figure.bbox.y1, text
    x0, y0, x1, y1 = np.array([box.extents for box in boxes]).T
    across = np.minimum.outer(x1, x1) - np.maximum.outer(x0, x0)
    along = np.minimum.outer(y1, y1) - np.maximum.outer(y0, y0)
    collide = np.argwhere(np.triu((across > 0) & (along > 0.5), 1))
    assert not len(collide), [(shown[a], shown[b]) for a, b in collide]
