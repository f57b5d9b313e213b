"""The heat map of differential expression: the first genes by samples, both clustered."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from matplotlib import colormaps
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray
from scipy.cluster.hierarchy import leaves_list, linkage

from tcga_corr.analysis.de import DeAnswer
from tcga_corr.analysis.differential.fit import TopGenes
from tcga_corr.errors import AnalysisError, UsageError
from tcga_corr.figures.change import condition
from tcga_corr.figures.frame import Frame, place, where_in_words
from tcga_corr.figures.look import PLAIN, Look
from tcga_corr.figures.style import BLUE, GREEN, INK, ORANGE, PURPLE, SKY, VERMILION, WIDTH, styled
from tcga_corr.figures.text import count_of, fitted_apart, listed, plain, text_width

Matrix = NDArray[np.float64]

_COLOURS = (ORANGE, SKY, GREEN, PURPLE, BLUE, VERMILION, "#F0E442", "#000000", "#999999", "#882255")
_FURTHEST = 2.5  # standard deviations
_ROW, _STRIP, _KEY, _FOOT = 0.1, 0.1, 0.62, 0.1  # inches
_MOST_NAMED = 40  # samples
_SIZE = 5.5


@styled()
def gene_heat(answer: DeAnswer, look: Look = PLAIN) -> Figure:
    """Draw the genes of smallest p of ``de``, a row each, and the samples that were compared.

    Colour is log2(normalised count + 1), each gene in standard deviations from its mean. Rows and
    columns are in the order of average linkage by Euclidean distance; the strip above has the
    groups.

    Raises
    ------
    UsageError
        If there are several tumor types.
    AnalysisError
        If no gene is called.
    """
    look.refuse_order("a heat map of genes by samples")
    if len(answer.top) != 1:
        raise UsageError(
            f"a heat map of {len(answer.top)} tumor types cannot be read", "Choose one with -t"
        )
    top = next(iter(answer.top.values()))
    if not len(top.genes):
        raise AnalysisError("no gene is called, so none is drawn", "Raise --q, or lower --lfc")
    spread = top.values.std(axis=1, keepdims=True)
    z = (top.values - top.values.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1)
    rows, columns = _order(z), _order(z.T)
    z = z[rows][:, columns]
    groups = [top.groups[column] for column in columns]
    names = list(dict.fromkeys(top.groups))
    colours = dict(zip(names, (_COLOURS * 4)[: len(names)], strict=True))
    frame = _frame(answer, top, colours, look)
    labels = fitted_apart([top.genes[row] for row in rows], 1.1, _SIZE)
    samples = fitted_apart([top.samples[column] for column in columns], 0.95, _SIZE)
    right = max(text_width(label, _SIZE) for label in labels) + 0.12 + _KEY
    frame = frame.as_wide(WIDTH, right + 1.1)
    named = len(samples) <= _MOST_NAMED and (frame.width - right - 0.1) / len(samples) >= 0.085
    below = (max(text_width(name, _SIZE) for name in samples) + 0.06) if named else _FOOT
    height = max(_ROW * len(labels), 0.5)
    around = _STRIP + 0.03 + below
    body = frame.body(around + height, around + max(0.085 * len(labels), 0.5))
    height = body - around
    figure = frame.figure(body)
    bottom = frame.below + below
    axes = place(figure, 0.1, bottom, right, frame.head + _STRIP + 0.03)
    image = axes.imshow(
        np.clip(z, -_FURTHEST, _FURTHEST), cmap=colormaps["RdBu_r"], vmin=-_FURTHEST,
        vmax=_FURTHEST, aspect="auto", interpolation="nearest",
    )  # fmt: skip
    axes.yaxis.tick_right()
    axes.set_yticks(range(len(labels)), labels, fontsize=_SIZE)
    axes.tick_params(length=0, pad=2)
    if named:
        axes.set_xticks(range(len(samples)), samples, fontsize=_SIZE, rotation=90)
    else:
        axes.set_xticks([])
    axes.spines[:].set_visible(False)
    strip = place(figure, 0.1, bottom + height + 0.03, right, frame.head)
    _draw_strip(strip, [colours[group] for group in groups])
    total = figure.get_figheight()
    key_high = min(0.9, 0.8 * height)
    key = place(
        figure, frame.width - _KEY + 0.12, bottom + height - key_high, 0.36, total - bottom - height
    )
    figure.colorbar(image, cax=key, ticks=[-2, 0, 2])
    key.set_yticklabels(["−2", "0", "2"], fontsize=_SIZE)
    return figure


def _draw_strip(axes: Axes, colours: Sequence[str]) -> None:
    """A stretch of colour for each group of neighbours."""
    start = 0
    for colour, same in groupby(colours):
        end = start + len(list(same))
        axes.axvspan(start, end, color=colour, lw=0)
        start = end
    axes.set_xlim(0, start)
    axes.axis("off")


def _frame(answer: DeAnswer, top: TopGenes, colours: dict[str, str], look: Look) -> Frame:
    query = answer.query
    [tumor_type] = answer.top
    return Frame(
        f"{count_of(len(top.genes), 'gene')} of {listed(query.contrasts)} in "
        f"{where_in_words([tumor_type], query.source)}",
        f"the smallest p among genes with q < {query.q:g} and |log2 fold change| > {query.lfc:g}, "
        f"of {plain(query.source)}{condition(answer)}; log2(normalised count + 1), in standard "
        f"deviations from each gene's mean; n = {len(top.groups)} samples",
        simulated=answer.simulated,
        handles=_handles(colours),
        mark=(INK, 0.3),
        look=look,
    )


def _order(z: Matrix) -> list[int]:
    if len(z) < 3:
        return list(range(len(z)))
    order: list[int] = leaves_list(linkage(z, "average", optimal_ordering=len(z) <= 500)).tolist()
    return order


def _handles(colours: dict[str, str]) -> list[Artist]:
    names = fitted_apart(list(colours), 1.5, 6.5)
    return [Patch(color=one, label=name) for one, name in zip(colours.values(), names, strict=True)]
