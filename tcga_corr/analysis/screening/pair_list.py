"""A list of variables by itself: every two of them, in each tumor type."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tcga_corr.analysis.comparisons import compare_pairs, compare_pooled
from tcga_corr.analysis.naming.names import Variable
from tcga_corr.analysis.nulls.associations import Reference
from tcga_corr.analysis.panel import Pairs, Panel
from tcga_corr.analysis.samples.cohort import Cohort, join_notes
from tcga_corr.analysis.screening.nulls import ScreenNulls
from tcga_corr.analysis.screening.rows import Screen
from tcga_corr.analysis.threads import in_threads
from tcga_corr.choices import Null, ScreenMethod
from tcga_corr.errors import UsageError
from tcga_corr.vocabulary.associations import note_without_mark

MOST_IN_LIST = 300
Compare = Callable[..., ScreenNulls]


def screen_list(
    cohorts: Sequence[Cohort],
    variables: Sequence[Variable],
    controls: Sequence[Variable],
    method: ScreenMethod,
    reference: Reference,
) -> tuple[Screen, Compare]:
    """Correlate every two of some variables.

    Parameters
    ----------
    cohorts
        The tumor types.
    variables, controls, method
        What to correlate, what to adjust for, and how.
    reference
        Gives the reference collection's index of a table.

    Returns
    -------
    The associations; and what compares them with nulls, by the nulls' names, the number of draws,
    and whether the pooled r are compared too.

    Raises
    ------
    UsageError
        If there are fewer than two variables, or too many.
    """
    _check(variables)
    first, second = np.triu_indices(len(variables), 1)
    panels = [Panel(cohort, variables, controls, method) for cohort in cohorts]
    found = in_threads(lambda panel: panel.pairs(first, second), panels)

    def compared(nulls: Sequence[Null], n_draws: int, *, pooled: bool) -> ScreenNulls:
        rows = in_threads(
            lambda panel, own: compare_pairs(panel, own, nulls, n_draws, reference), panels, found
        )
        return ScreenNulls(
            {null: [own[null] for own in rows] for null in nulls},
            compare_pooled(panels, found, nulls, n_draws, reference) if pooled else {},
        )

    return _screen(panels, found, [one.name for one in variables], method), compared


def _check(variables: Sequence[Variable]) -> None:
    if len(variables) < 2:
        raise UsageError(
            "a list against itself needs two variables or more",
            "Name them with commas, such as CD8A,GZMB,PRF1, or give a file",
        )
    if len(variables) > MOST_IN_LIST:
        raise UsageError(
            f"{len(variables):,} variables make too many pairs for a screen",
            f"Give up to {MOST_IN_LIST}; `tcga-corr batch` takes any number",
        )


def _screen(
    panels: Sequence[Panel], found: Sequence[Pairs], names: Sequence[str], method: ScreenMethod
) -> Screen:
    first, second = found[0].x, found[0].y
    return Screen(
        tumor_types=[panel.cohort.tumor_type for panel in panels],
        x=[names[place] for place in first],
        y=[names[place] for place in second],
        method=method,
        n_controls=np.stack([own.n_controls for own in found]),
        n=np.stack([own.n for own in found]),
        r=np.stack([own.r for own in found]),
        n_shared=np.stack([own.n_shared for own in found]),
        r_disjoint=np.stack([own.r_disjoint for own in found]),
        notes=[_reason(own) for own in found],
        measured=[one for panel in panels for one in (*panel.measured, *panel.controls)],
        simulated=any(panel.cohort.simulated for panel in panels),
        pair_notes=[[note_without_mark(note) for note in own.notes] for own in found],
    )


def _reason(found: Pairs) -> str:
    """Why no pair of a tumor type has an r; empty where one has."""
    if not np.isnan(found.r).all():
        return ""
    return join_notes(*map(note_without_mark, found.notes[:1]))
