"""Survival: whether a variable goes with the time to an event, in each tumor type and pooled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tcga_corr.analysis.answer import Answer, CohortData, Query, ScopeQuery
from tcga_corr.analysis.hazards import (
    AmongRandom,
    HazardModel,
    Ratio,
    among_random,
    pooled_among_random,
)
from tcga_corr.analysis.naming.names import Item, Items, Variable
from tcga_corr.analysis.nulls.associations import checked_nulls
from tcga_corr.analysis.samples.cohort import Cohort, Vector, join_notes, matching_notes
from tcga_corr.analysis.samples.follow_up import (
    Endpoint,
    FollowUp,
    check_not_endpoint,
    find_endpoint,
)
from tcga_corr.analysis.samples.scope import SEE_STATUS
from tcga_corr.analysis.threads import in_threads
from tcga_corr.choices import Null
from tcga_corr.errors import AnalysisError
from tcga_corr.stats.adjustment import benjamini_hochberg
from tcga_corr.stats.pooling import pool_effects
from tcga_corr.vocabulary.associations import (
    LEVEL_OF_POOLED,
    LEVEL_OF_TUMOR_TYPE,
    SIGNIFICANT,
    SIMULATED,
)
from tcga_corr.vocabulary.nulls import N_DRAWS

if TYPE_CHECKING:
    import polars as pl

SURVIVAL_NULLS: tuple[Null, ...] = ("genes",)
"""The nulls that there are of hazard ratios."""
SURVIVAL_SCHEMA: dict[str, Any] = {
    "tumor_type": str, "x": str, "endpoint": str, "n": int, "n_events": int, "hr": float,
    "ci_low": float, "ci_high": float, "p": float, "q": float, "p_genes": float,
    "genes_low": float, "genes_high": float, "p_proportional": float, "level": str, "note": str,
}  # fmt: skip
CAVEAT = (
    "in some tumor types many random gene sets go with survival: p says that the ratio is not 1, "
    "p_genes how often random genes of the same mean and spread give as strong a one (Venet et al. "
    "2011, doi:10.1371/journal.pcbi.1002240)"
)


@dataclass(frozen=True)
class SurvivalQuery(Query):
    """A question of :func:`survival`."""

    x: str
    endpoint: str
    adjust: list[str]
    scope: ScopeQuery
    null: list[Null]
    draws: int


@dataclass(frozen=True)
class PooledHazard:
    """Random effects on log hazard ratios over the tumor types that have one; None without.

    Attributes
    ----------
    n_types, n, n_events
        Tumor types that are pooled, their samples and events.
    hr, ci_low, ci_high, p
        The mean hazard ratio of tumor types, with the Hartung-Knapp interval and p.
    p_genes, genes_low, genes_high
        Among those of the same random genes in every tumor type, pooled in the same way.
    genes_note
        What has to be known of these.
    tau2, i2, cochran_q, cochran_q_p
        How unlike the tumor types are, on the log hazard ratio.
    prediction_low, prediction_high
        Where the hazard ratio of one more tumor type is to be expected.
    n_above, n_below
        Tumor types with q below 0.05, and a ratio above or below 1.
    note
        Why nothing is pooled; empty where something is.
    simulated
        Whether any values are simulated.
    """

    n_types: int
    n: int
    n_events: int
    hr: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p: float | None = None
    p_genes: float | None = None
    genes_low: float | None = None
    genes_high: float | None = None
    genes_note: str = ""
    tau2: float | None = None
    i2: float | None = None
    cochran_q: float | None = None
    cochran_q_p: float | None = None
    prediction_low: float | None = None
    prediction_high: float | None = None
    n_above: int = 0
    n_below: int = 0
    note: str = ""
    simulated: bool = False

    def lines(self) -> list[str]:
        """What to print under a table."""
        if self.hr is None:
            return [self.note]
        lines = (
            f"pooled over {self.n_types} tumor types, {self.n} samples, {self.n_events} events: "
            f"hazard ratio = {self.hr:.3f}, 95 % interval {_range(self.ci_low, self.ci_high)}, "
            f"p = {_short(self.p)}",
            self._among_random(),
            f"between tumor types: I2 = {100 * (self.i2 or 0):.0f} %, tau2 = {_short(self.tau2)} "
            f"(on the log ratio), Q = {_short(self.cochran_q)}, p = {_short(self.cochran_q_p)}",
            ""
            if self.prediction_low is None
            else f"one more tumor type: {_range(self.prediction_low, self.prediction_high)} "
            "(95 % prediction)",
            f"tumor types with q < {SIGNIFICANT}: {self.n_above} with a ratio above 1, "
            f"{self.n_below} below 1",
        )
        return [line for line in lines if line]

    def _among_random(self) -> str:
        if self.p_genes is None:
            return self.genes_note
        note = f" ({self.genes_note})" if self.genes_note else ""
        return (
            f"among random genes, pooled in the same way: p_genes = {_short(self.p_genes)}; 95 % "
            f"of them give {_range(self.genes_low, self.genes_high)}{note}"
        )

    def row(self, x: str, endpoint: str) -> dict[str, Any]:
        """A row in the columns of the tumor types."""
        own = {name: getattr(self, name, None) for name in SURVIVAL_SCHEMA}
        return own | {
            "tumor_type": "POOLED",
            "x": x,
            "endpoint": endpoint,
            "level": LEVEL_OF_POOLED,
            "note": join_notes(SIMULATED if self.simulated else "", *self.lines()),
        }


@dataclass(frozen=True, kw_only=True)
class SurvivalAnswer(Answer):
    """An answer of :func:`survival`: a row per tumor type, and their pooling."""

    query: SurvivalQuery
    summary: PooledHazard

    def require_numbers(self) -> None:
        """Raise an error where no tumor type gives a hazard ratio.

        Raises
        ------
        AnalysisError
            Naming the reasons.
        """
        if self.frame["hr"].null_count() == self.frame.height:
            reasons = ", ".join(dict.fromkeys(self.frame["note"].to_list()))
            raise AnalysisError(f"no tumor type gives a hazard ratio: {reasons}", SEE_STATUS)


def survival(
    data: CohortData,
    x: Item,
    endpoint: str = "OS",
    adjust: Items = (),
    null: Null | Iterable[Null] | None = SURVIVAL_NULLS,
    draws: int = N_DRAWS,
) -> SurvivalAnswer:
    """See :meth:`tcga_corr.Engine.survival`."""
    nulls = checked_nulls(null, draws, SURVIVAL_NULLS)
    variable = data.names.variable(x)
    found = find_endpoint(data.names, data.cohorts, endpoint)
    controls = data.names.controls(adjust, (variable,))
    check_not_endpoint(found, [variable, *controls])
    models = models_of(data.cohorts, found, variable, controls)
    in_threads(lambda model: model.ratio, models)  # which each keeps
    among = [AmongRandom()] * len(models)
    if nulls:
        among = in_threads(lambda model: among_random(model, draws), models)
    frame = _frame(models, among)
    summary = pooled_hazard(models, nulls, draws)
    return data.answer(
        SurvivalAnswer,
        frame,
        SurvivalQuery(
            x=variable.name,
            endpoint=found.name,
            adjust=[one.name for one in controls],
            scope=data.query,
            null=list(nulls),
            draws=draws,
        ),
        (variable, *controls, found.event, found.time),
        matching_notes([one for model in models for one in model.follow_up.measured]),
        summary=summary,
        lines=(*summary.lines(), *([CAVEAT] if frame["p_genes"].null_count() < len(frame) else [])),
    )


def models_of(
    cohorts: Sequence[Cohort], endpoint: Endpoint, x: Variable, controls: Sequence[Variable]
) -> list[HazardModel]:
    """Cox's models of a variable, one of each tumor type."""
    return [HazardModel(FollowUp.of(cohort, endpoint, x, controls)) for cohort in cohorts]


def _frame(models: Sequence[HazardModel], among: Sequence[AmongRandom]) -> pl.DataFrame:
    import polars as pl

    rows = [
        hazard_row(model, random) | {"q": float(own)}
        for model, random, own in zip(models, among, _q_of(models), strict=True)
    ]
    return pl.DataFrame(rows, schema=SURVIVAL_SCHEMA).fill_nan(None)


def _q_of(models: Sequence[HazardModel]) -> Vector:
    return benjamini_hochberg(np.array([model.ratio.p for model in models], dtype=np.float64))


def hazard_row(model: HazardModel, random: AmongRandom) -> dict[str, Any]:
    """The row of one tumor type, without q; NaN where there is no number."""
    follow_up, ratio = model.follow_up, model.ratio
    x = follow_up.x
    logs = np.array([ratio.log, *ratio.interval, random.low, random.high])
    hr, ci_low, ci_high, genes_low, genes_high = np.exp(logs).tolist()
    has_all = all(one.values is not None for one in follow_up.measured)
    notes = (
        follow_up.cohort.mark,
        ratio.note,
        follow_up.left_out,
        x.few_genes_note,
        *(one.shares_as_control(x) for one in follow_up.controls),
        random.note,
    )
    return {
        "tumor_type": follow_up.cohort.tumor_type,
        "x": x.name,
        "endpoint": follow_up.endpoint.name,
        "n": follow_up.n if has_all else 0,
        "n_events": int(follow_up.events.sum()) if has_all else 0,
        "hr": hr,
        "ci_low": ci_low,
        "ci_high": ci_high,
        "p": ratio.p,
        "p_genes": random.p,
        "genes_low": genes_low,
        "genes_high": genes_high,
        "p_proportional": ratio.p_proportional,
        "level": LEVEL_OF_TUMOR_TYPE,
        "note": join_notes(*notes),
    }


def _is_usable(ratio: Ratio) -> bool:
    return bool(np.isfinite(ratio.log) and np.isfinite(ratio.error))


def pooled_hazard(
    models: Sequence[HazardModel], nulls: Sequence[Null] = (), draws: int = N_DRAWS
) -> PooledHazard:
    """The ratios of one variable, pooled over the tumor types; with a null, among random genes.

    Parameters
    ----------
    models
        One of each tumor type.
    nulls, draws
        ``genes`` or nothing, and random genes or sets.
    """
    summary = _pooled(models)
    if nulls and summary.hr is not None:
        usable = [model for model in models if _is_usable(model.ratio)]
        return _beside(summary, pooled_among_random(usable, draws))
    return summary


def _pooled(models: Sequence[HazardModel]) -> PooledHazard:
    ratios = [model.ratio for model in models]
    usable = [(model, one) for model, one in zip(models, ratios, strict=True) if _is_usable(one)]
    q = _q_of(models)
    nothing = PooledHazard(
        n_types=len(usable),
        n=sum(model.follow_up.n for model, _ in usable),
        n_events=sum(model.risk.n_events for model, _ in usable),
        simulated=any(model.follow_up.cohort.simulated for model in models),
    )
    if len(usable) < 2:
        which = "one tumor type has" if usable else "no tumor type has"
        return replace(nothing, note=f"nothing is pooled: {which} a hazard ratio")
    logs, errors = np.array([(one.log, one.error) for _, one in usable]).T
    found = pool_effects(logs, errors**2, leave_one_out=False)
    all_logs = np.array([one.log for one in ratios])
    with np.errstate(invalid="ignore"):
        n_above, n_below = (
            int(((q < SIGNIFICANT) & (sign * all_logs > 0)).sum()) for sign in (1, -1)
        )
    return replace(
        nothing,
        hr=_ratio(found.r),
        ci_low=_ratio(found.ci_low),
        ci_high=_ratio(found.ci_high),
        p=_number(found.p),
        tau2=_number(found.tau2),
        i2=_number(found.i2),
        cochran_q=_number(found.q),
        cochran_q_p=_number(found.q_p),
        prediction_low=_ratio(found.prediction_low),
        prediction_high=_ratio(found.prediction_high),
        n_above=n_above,
        n_below=n_below,
    )


def _beside(summary: PooledHazard, random: AmongRandom) -> PooledHazard:
    return replace(
        summary,
        p_genes=_number(random.p),
        genes_low=_ratio(random.low),
        genes_high=_ratio(random.high),
        genes_note=random.note,
    )


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def _ratio(log: Any) -> float | None:
    return _number(np.exp(log))


def _range(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{low:.3f} to {high:.3f}"


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.2g}"
