"""The figures of a section of a page, drawn by the package's own figures and given as SVG."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from tcga_corr.analysis.answer import Answer
from tcga_corr.analysis.compare import CompareAnswer
from tcga_corr.analysis.correlate import CorrelateAnswer
from tcga_corr.analysis.de import DeAnswer
from tcga_corr.analysis.enrich import EnrichAnswer
from tcga_corr.analysis.pca import PcaAnswer
from tcga_corr.analysis.robustness import RobustnessAnswer
from tcga_corr.analysis.score import ScoreAnswer, ValuesAnswer
from tcga_corr.analysis.screen import ScreenAnswer
from tcga_corr.analysis.survival import SurvivalAnswer
from tcga_corr.analysis.survival_curves import CurvesAnswer
from tcga_corr.errors import TcgaCorrError
from tcga_corr.figures.markup import svg_text
from tcga_corr.page.pairs import scatters_of
from tcga_corr.page.parts import Section
from tcga_corr.page.sections import Figures, Svg, section_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NOT_SAVED = (
    "{} needs the samples, which an answer's file does not hold; --add-to-report draws it when the "
    "question is asked"
)


@dataclass(frozen=True)
class Beside:
    """What some figures need beside an answer; None where it is not at hand.

    Attributes
    ----------
    values, normal
        The values of the samples of a question, and of normal ones.
    curves
        Of survival.
    labels
        What is named in a figure: genes, or the sets whose running sums are drawn.
    """

    values: ValuesAnswer | None = None
    normal: ValuesAnswer | None = None
    curves: CurvesAnswer | None = None
    labels: Sequence[str] = ()


class _Drawn(NamedTuple):
    title: str
    draw: Callable[[], Figure]


def section_with_figures(answer: Answer, beside: Beside | None = None) -> Section:
    """The section of an answer, with every figure of it that can be drawn.

    Those that cannot be drawn are named in it, with the reason.
    """
    given = beside or Beside()
    drawn: list[Svg] = []
    missing: list[str] = []
    for one in _figures(answer, given):
        if isinstance(one, str):
            missing.append(one)
            continue
        try:
            drawn.append(Svg(one.title, svg_text(one.draw())))
        except TcgaCorrError as error:
            missing.append(f"{one.title.lower()}: {error.what}")
    scatters = {}
    if isinstance(answer, CorrelateAnswer) and given.values is not None:
        query = answer.query
        scatters = scatters_of(given.values.frame, query.x, query.y, given.values.fitted)
    return section_of(answer, Figures(drawn, missing, scatters))


def _figures(answer: Answer, beside: Beside) -> Iterator[_Drawn | str]:
    """The figures of an answer, in order; a text is why one cannot be drawn."""
    find = next((one for kind, one in _FIGURES.items() if isinstance(answer, kind)), None)
    if find is not None:
        yield from find(answer, beside)


def _of_pair(answer: CorrelateAnswer, beside: Beside) -> Iterator[_Drawn | str]:
    if beside.values is None:  # the page draws them itself
        yield _NOT_SAVED.format("the scatter of each tumor type")


def _of_screen(answer: ScreenAnswer, _: Beside) -> Iterator[_Drawn]:
    from tcga_corr.figures.screen_map import MOST_ROWS, screen_map
    from tcga_corr.figures.volcano import volcano

    query = answer.query
    is_list = query.against == "itself"
    if is_list or (query.by_tumor_type and len(answer.names) <= MOST_ROWS):
        yield _Drawn("Heat map", lambda: screen_map(answer))
    if not is_list:
        yield _Drawn("Volcano", lambda: volcano(answer))


def _of_comparison(answer: CompareAnswer, _: Beside) -> Iterator[_Drawn | str]:
    from tcga_corr.figures.boxes import MOST, boxes
    from tcga_corr.figures.comparison import comparison

    if not answer.values:
        yield _NOT_SAVED.format("the figure of boxes")
    elif max(len(answer.query.variables), len(answer.query.groups)) <= MOST:
        yield _Drawn("Samples in groups", lambda: boxes(answer))
    yield _Drawn("Differences", lambda: comparison(answer))


def _of_expression(answer: DeAnswer, beside: Beside) -> Iterator[_Drawn | str]:
    from tcga_corr.figures.change import ma, volcano
    from tcga_corr.figures.gene_heat import gene_heat
    from tcga_corr.figures.overlap import overlap

    yield _Drawn("Volcano", lambda: volcano(answer, beside.labels))
    yield _Drawn("Means and fold changes", lambda: ma(answer, beside.labels))
    yield _Drawn("Overlap of contrasts", lambda: overlap(answer))
    if answer.top:
        yield _Drawn("First genes in each sample", lambda: gene_heat(answer))
    else:
        yield _NOT_SAVED.format("the heat map of the first genes")


def _of_enrichment(answer: EnrichAnswer, beside: Beside) -> Iterator[_Drawn | str]:
    from tcga_corr.figures.enriched_dots import enriched_dots
    from tcga_corr.figures.running_sums import running_sums

    if answer.query.method == "ora":
        yield _Drawn("Sets by odds ratio", lambda: enriched_dots(answer))
    elif answer.parts:
        yield _Drawn("Running sums", lambda: running_sums(answer, beside.labels))
    else:
        yield (
            "running sums need the ranking, which an answer's file has of few tumor types and "
            "contrasts alone; --add-to-report draws them when the question is asked"
        )


def _of_components(answer: PcaAnswer, _: Beside) -> Iterator[_Drawn | str]:
    from tcga_corr.figures.principal_axes import principal_axes

    if answer.frame.height:
        yield _Drawn("Samples by components", lambda: principal_axes(answer))
    else:
        yield "the samples are not in a file of --table covariates"


def _of_scores(answer: ScoreAnswer, beside: Beside) -> Iterator[_Drawn | str]:
    from tcga_corr.figures.distribution import MOST, distribution, values_of_scores

    if answer.compared is not None:
        from tcga_corr.figures.boxes import boxes

        compared = answer.compared
        yield _Drawn("Samples in groups", lambda: boxes(compared, answer.query.reference))
    elif len(answer.query.sets) > MOST:
        yield f"distributions of more than {MOST} are not drawn in one figure"
    else:
        values = beside.values or values_of_scores(answer)
        yield _Drawn("Distributions", lambda: distribution(values, beside.normal))


def _of_robustness(answer: RobustnessAnswer, _: Beside) -> Iterator[_Drawn]:
    from tcga_corr.figures.specification import specification_curve

    yield _Drawn("Every choice", lambda: specification_curve(answer))


def _of_survival(answer: SurvivalAnswer, beside: Beside) -> Iterator[_Drawn | str]:
    from tcga_corr.figures.survival import survival_curves

    if beside.curves is None:
        yield _NOT_SAVED.format("the figure of Kaplan-Meier curves")
        return
    curves = beside.curves
    yield _Drawn("Kaplan-Meier curves", lambda: survival_curves(curves, answer))


_FIGURES: dict[type[Answer], Callable[[Any, Beside], Iterator[_Drawn | str]]] = {
    CorrelateAnswer: _of_pair,
    ScreenAnswer: _of_screen,
    CompareAnswer: _of_comparison,
    DeAnswer: _of_expression,
    EnrichAnswer: _of_enrichment,
    PcaAnswer: _of_components,
    ScoreAnswer: _of_scores,
    RobustnessAnswer: _of_robustness,
    SurvivalAnswer: _of_survival,
}
