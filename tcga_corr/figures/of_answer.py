"""The figure of an answer, by its kind; ``Answer.plot`` calls it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from tcga_corr.analysis.answer import Answer
from tcga_corr.analysis.compare import CompareAnswer
from tcga_corr.analysis.correlate import CorrelateAnswer
from tcga_corr.analysis.correlate_by import CorrelateByAnswer
from tcga_corr.analysis.de import DeAnswer
from tcga_corr.analysis.dominance import DominanceAnswer
from tcga_corr.analysis.enrich import EnrichAnswer
from tcga_corr.analysis.pca import PcaAnswer
from tcga_corr.analysis.robustness import RobustnessAnswer
from tcga_corr.analysis.score import ScoreAnswer, ValuesAnswer
from tcga_corr.analysis.screen import ScreenAnswer
from tcga_corr.analysis.survival import SurvivalAnswer
from tcga_corr.errors import UsageError
from tcga_corr.figures.boxes import MOST, boxes
from tcga_corr.figures.change import volcano as volcano_of_counts
from tcga_corr.figures.comparison import comparison
from tcga_corr.figures.distribution import distribution, values_of_scores
from tcga_corr.figures.dominance import dominance_figure
from tcga_corr.figures.enriched_dots import enriched_dots
from tcga_corr.figures.forest import forest
from tcga_corr.figures.hazards import hazard_forest
from tcga_corr.figures.look import PLAIN, FigureFile, Look
from tcga_corr.figures.principal_axes import principal_axes
from tcga_corr.figures.running_sums import running_sums
from tcga_corr.figures.screen_map import screen_map
from tcga_corr.figures.specification import specification_curve
from tcga_corr.figures.style import save
from tcga_corr.figures.volcano import volcano


def figure_of(answer: Answer, path: str | Path | None = None, **look: Any) -> Figure:
    """Draw an answer, and write it to a file if one is named.

    Parameters
    ----------
    answer
        Of any question that has a figure of its answer alone.
    path
        A file that ends in png, svg or pdf.
    look
        The fields of :class:`tcga_corr.figures.look.Look`.

    Raises
    ------
    UsageError
        If there is no such figure, or it cannot look so.
    """
    draw = next((one for kind, one in _FIGURES.items() if isinstance(answer, kind)), None)
    if draw is None:
        raise UsageError(
            f"there is no figure of this answer, {type(answer).__name__}",
            "Plot its frame as you like",
        )
    known = [one.name for one in fields(Look)]
    unknown = [name for name in look if name not in known]
    if unknown:
        raise UsageError(f"a figure has no '{unknown[0]}'", f"Give any of {', '.join(known)}")
    chosen = Look(**look)
    figure = draw(answer, chosen)
    if path is not None:
        save(figure, FigureFile(Path(path), chosen))
    return figure


def _of_screen(answer: ScreenAnswer, look: Look = PLAIN) -> Figure:
    several = answer.query.by_tumor_type and len(answer.query.scope.tumor_types) > 1
    is_map = several or answer.query.against == "itself"
    return screen_map(answer, look) if is_map else volcano(answer, look)


def _of_comparison(answer: CompareAnswer, look: Look = PLAIN) -> Figure:
    most = max(len(answer.query.variables), len(answer.query.groups))
    return boxes(answer, look=look) if most <= MOST else comparison(answer, look)


def _of_scores(answer: ScoreAnswer, look: Look = PLAIN) -> Figure:
    if answer.compared is None:
        return distribution(values_of_scores(answer), look=look)
    return boxes(answer.compared, answer.query.reference, look)


def _of_values(answer: ValuesAnswer, look: Look = PLAIN) -> Figure:
    return distribution(answer, look=look)


def _of_enrichment(answer: EnrichAnswer, look: Look = PLAIN) -> Figure:
    if answer.query.method == "ora":
        return enriched_dots(answer, look)
    return running_sums(answer, look=look)


def _of_counts(answer: DeAnswer, look: Look = PLAIN) -> Figure:
    return volcano_of_counts(answer, look=look)


_FIGURES: dict[type[Answer], Callable[[Any, Look], Figure]] = {
    CorrelateAnswer: forest,
    CorrelateByAnswer: forest,
    ScoreAnswer: _of_scores,
    ValuesAnswer: _of_values,
    ScreenAnswer: _of_screen,
    CompareAnswer: _of_comparison,
    DeAnswer: _of_counts,
    SurvivalAnswer: hazard_forest,
    DominanceAnswer: dominance_figure,
    RobustnessAnswer: specification_curve,
    EnrichAnswer: _of_enrichment,
    PcaAnswer: principal_axes,
}
