"""Claims of publications, compared with the results of a run."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tcga_corr.analysis.differential.summary import called
from tcga_corr.analysis.naming.names import Variable
from tcga_corr.analysis.robustness import half_range
from tcga_corr.analysis.samples.cohort import complete_samples
from tcga_corr.analysis.specifications import Choices
from tcga_corr.batch.differential import settings_of
from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.plan import Plan, PlannedAnalysis, check_inputs
from tcga_corr.batch.results import ASSOCIATIONS, DIFFERENTIAL, DOMINANCE
from tcga_corr.batch.spec import Claim
from tcga_corr.batch.spec.claims import COUNTS_OF_CALLS
from tcga_corr.choices import Method
from tcga_corr.engine import Engine
from tcga_corr.errors import TcgaCorrError
from tcga_corr.sources import source_is_simulated
from tcga_corr.stats.bootstrap import difference_interval
from tcga_corr.vocabulary.associations import SIGNIFICANT, is_significant

if TYPE_CHECKING:
    import polars as pl

# share of the published number of samples from which a cohort counts as complete
ENOUGH = 0.95
_STANDARDISED = "standardised"
_DESEQ2 = "DESeq2"
_RAW = "raw scores of different sets do not compare"


@dataclass(frozen=True)
class _Result:
    """The result of a run that a claim is about.

    Attributes
    ----------
    text
        The statistic as text; None where there is none.
    note
        Why there is none.
    n, estimate, ci_low, ci_high
        Samples, r or log2 fold change and its interval; of genes called their number.
    beside
        Of genes called: how many are by raw p.
    highest
        The set that is highest in most samples by standardised scores.
    p_of_w
        The p of random genes of Kendall's W of these scores; None where there is none.
    without_score
        Sets that have no score.
    """

    text: str | None = None
    note: str = ""
    n: int = 0
    estimate: float = float("nan")
    beside: str = ""
    ci_low: float | None = None
    ci_high: float | None = None
    highest: str = ""
    p_of_w: float | None = None
    without_score: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Verdict:
    """Whether a published statistic and the one here agree, or why that is not judged.

    Attributes
    ----------
    text
        In words.
    half_range
        Half the range of r over the choices that an analyst could have made.
    difference_low, difference_high
        The 95 % interval of r here minus the published r, over draws of the patients.
    """

    text: str
    half_range: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None


def compare_claims(engine: Engine, folder: RunFolder, plan: Plan) -> pl.DataFrame:
    """A row per claim: the published statistic, the one of the run, and whether they agree.

    This is not judged where the values are simulated, where the publication gives no number of
    samples, or where the cohort of the run has less than 95 % or more than 105 % of them.

    The patients are much the same then, so an interval of r here is no test. Two r are not
    distinguishable where they differ by at most half the range of r over the choices of
    :mod:`tcga_corr.analysis.robustness`, but for other gene sets of the same meaning; or where the
    interval of their difference over draws of the patients holds 0
    (:mod:`tcga_corr.stats.bootstrap`). The set that is highest is not distinguishable where random
    sets differ as much: where p_genes of Kendall's W is 0.05 or more. A log2 fold change is not
    distinguishable where the published one lies in its 95 % interval, and a number of genes called
    is the same or not.
    """
    import polars as pl

    rows = [_row(engine, folder, plan, claim) for claim in plan.claims]
    return pl.DataFrame(rows, schema=_SCHEMA)


_SCHEMA: dict[str, Any] = {
    "claim": str, "analysis": str, "tumor_type": str, "x": str, "y": str, "contrast": str,
    "statistic": str,
    "published": str, "published_n": int, "published_unit": str, "published_in": str,
    "here": str, "method": str, "adjust": str, "ci_low": float, "ci_high": float, "n": int,
    "unit": str, "source": str, "half_range": float, "difference_low": float,
    "difference_high": float, "verdict": str,
}  # fmt: skip


def _row(engine: Engine, folder: RunFolder, plan: Plan, claim: Claim) -> dict[str, Any]:
    analysis = plan.analysis(claim.analysis)
    units = dict(zip(analysis.tumor_types, analysis.units, strict=True))
    correlated = analysis.methods[0] if analysis.methods else ""
    method = _DESEQ2 if analysis.differential else correlated
    adjust = ",".join(variable.name for variable in analysis.adjust)
    result = _result(folder, claim, analysis)
    verdict = _verdict(engine, plan, claim, result)
    return {
        "claim": claim.text,
        "analysis": claim.analysis,
        "tumor_type": claim.tumor_type,
        "x": claim.x,
        "y": claim.y,
        "contrast": claim.contrast,
        "statistic": claim.statistic,
        "published": str(claim.value),
        "published_n": claim.n,
        "published_unit": claim.unit,
        "published_in": claim.source,
        "here": result.text,
        "method": method,
        "adjust": adjust,
        "ci_low": result.ci_low,
        "ci_high": result.ci_high,
        "n": None if result.text is None else result.n,
        "unit": units.get(claim.tumor_type),
        "source": analysis.source,
        "half_range": verdict.half_range,
        "difference_low": verdict.difference_low,
        "difference_high": verdict.difference_high,
        "verdict": verdict.text,
    }


def _not_judged(claim: Claim, result: _Result, analysis: PlannedAnalysis) -> str:
    """Why it is not judged whether they agree; empty where it is."""
    if result.text is None:
        return result.note or "no such row"
    if source_is_simulated(analysis.source):
        return "SIMULATED values"
    if claim.n is None:
        return "the publication gives no number of samples"
    if not ENOUGH <= result.n / claim.n <= 2 - ENOUGH:
        return f"{result.n} samples here, {claim.n} published"
    if claim.statistic == "r" and analysis.adjust:
        return f"adjusted for {','.join(one.name for one in analysis.adjust)} here"
    if claim.statistic != "highest":
        return ""
    if result.without_score:
        return f"no score of {', '.join(result.without_score)}"
    if result.p_of_w is None:
        return f"{_RAW}, and standardised ones have no Kendall's W"
    return ""


def _verdict(engine: Engine, plan: Plan, claim: Claim, result: _Result) -> _Verdict:
    reason = _not_judged(claim, result, plan.analysis(claim.analysis))
    if reason:
        return _Verdict(f"none: {reason}")
    if claim.statistic == "n":
        return _Verdict("the same" if claim.value == result.n else "not the same")
    if claim.statistic == "log2fc":
        return _Verdict(_verdict_on_change(claim, result))
    if claim.statistic in COUNTS_OF_CALLS:
        return _Verdict(_verdict_on_calls(claim, result))
    if claim.statistic == "highest":
        return _Verdict(_verdict_on_highest(claim, result))
    try:
        return _verdict_on_r(engine, plan, claim, result)
    except TcgaCorrError as error:  # the store has changed since the run
        return _Verdict(f"none: {error.what}")


def _verdict_on_r(engine: Engine, plan: Plan, claim: Claim, result: _Result) -> _Verdict:
    """Compare the difference with what choices and the patients drawn anew change."""
    analysis = plan.analysis(claim.analysis)
    method: Method = analysis.methods[0]
    scope = replace(analysis.scope, tumor_types=(claim.tumor_type,))
    cohorts = engine.cohorts_of_sources(scope)
    check_inputs(plan, cohorts[0], analysis)
    x, y = _pair(analysis, claim)
    own = {cohort.table.key.source: cohort for cohort in cohorts}
    half = half_range(Choices(own, [x], [y], [()]), method)
    measured = [cohorts[0].measure(one) for one in (x, y)]
    kept = complete_samples(measured, len(cohorts[0].columns))
    values = [one.values[kept] for one in measured if one.values is not None]
    published = float(claim.value)
    low, high = difference_interval(values[0], values[1], published, method)
    return _Verdict(_distinguished(result.estimate - published, half, low, high), half, low, high)


def _pair(analysis: PlannedAnalysis, claim: Claim) -> tuple[Variable, Variable]:
    """The variables of a claim's names."""
    sides = ([one for one in analysis.variables if one.name == name] for name in (claim.x, claim.y))
    return next((x, y) for x, y in itertools.product(*sides) if x != y)


def _distinguished(difference: float, half: float, low: float, high: float) -> str:
    """Whether two r of much the same patients can be distinguished, in words."""
    is_within = abs(difference) <= half or low <= 0 <= high
    return (
        f"{'not ' if is_within else ''}distinguishable: r here is {abs(difference):.3f} "
        f"{'lower' if difference < 0 else 'higher'}; half the range of r over an analyst's choices "
        f"is {half:.3f}, and patients drawn anew give a difference of {low:.3f} to {high:.3f}"
    )


def _verdict_on_change(claim: Claim, result: _Result) -> str:
    """By the interval of the log2 fold change here."""
    if result.ci_low is None or result.ci_high is None:
        return "none: the fold change has no interval"
    published = float(claim.value)
    difference = result.estimate - published
    is_within = result.ci_low <= published <= result.ci_high
    return (
        f"{'not ' if is_within else ''}distinguishable: log2FC here is {abs(difference):.3f} "
        f"{'lower' if difference < 0 else 'higher'}, and the published one lies "
        f"{'in' if is_within else 'outside'} its 95 % interval"
    )


def _verdict_on_calls(claim: Claim, result: _Result) -> str:
    """By the number of genes called."""
    more = int(result.estimate) - int(claim.value)
    if not more:
        return f"the same ({result.beside})"
    return f"not the same: {abs(more):,} {'more' if more > 0 else 'fewer'} here ({result.beside})"


def _verdict_on_highest(claim: Claim, result: _Result) -> str:
    """By standardised scores alone, and only where the sets differ more than random ones."""
    p = f"p_genes of Kendall's W {result.p_of_w:.2g}"
    if not is_significant(result.p_of_w):
        return f"not distinguishable: random sets differ as much ({p}); {_RAW}"
    same = "" if claim.value == result.highest else "not "
    return f"{same}the same by standardised scores ({p}); {_RAW}"


def _result(folder: RunFolder, claim: Claim, analysis: PlannedAnalysis) -> _Result:
    import polars as pl

    is_highest = claim.statistic == "highest"
    of_calls = DIFFERENTIAL if analysis.differential else ASSOCIATIONS
    path = folder.path / f"{DOMINANCE if is_highest else of_calls}.parquet"
    if not path.exists():
        return _Result()
    rows = pl.scan_parquet(path).filter(
        pl.col("analysis") == claim.analysis, pl.col("tumor_type") == claim.tumor_type
    )
    if analysis.differential:
        found = _called(rows, claim, analysis)
    else:
        found = _highest(rows) if is_highest else _association(rows, claim, analysis.methods[0])
    return found or _Result(note=f"{claim.tumor_type} is not in the run")


def _association(rows: pl.LazyFrame, claim: Claim, method: str) -> _Result | None:
    import polars as pl

    is_pair = pl.col("x", "y").is_in([claim.x, claim.y])
    own = rows.filter(pl.col("method") == method, is_pair).head(1).collect()
    if not own.height:
        return None
    row = own.row(0, named=True)
    if row["r"] is None:
        return _Result(note=row["note"] or "")
    if claim.statistic == "n":
        return _Result(str(row["n"]), n=row["n"])
    return _Result(
        f"{row['r']:.3f}",
        n=row["n"],
        estimate=row["r"],
        ci_low=row["ci_low"],
        ci_high=row["ci_high"],
    )


def _called(rows: pl.LazyFrame, claim: Claim, analysis: PlannedAnalysis) -> _Result | None:
    """The genes called up or down, or the fold change of one gene."""
    import polars as pl

    settings = settings_of(analysis)
    own = rows.filter(pl.col("contrast") == claim.contrast).collect()
    if not own.height:
        return None
    if own["gene"].null_count():
        return _Result(note=own["note"][0])
    n = own["n_a"][0] + own["n_b"][0]
    if claim.statistic == "log2fc":
        return _change(own.filter(gene=claim.x), claim, n)
    is_up = pl.col("log2fc") > 0 if claim.statistic == "n_up" else pl.col("log2fc") < 0
    n_called, n_raw = own.select(
        (called(settings.q, settings.lfc) & is_up).sum().alias("by q"),
        (called(SIGNIFICANT, settings.lfc, "p") & is_up).sum().alias("by p"),
    ).row(0)
    beside = f"q < {settings.q:g} and |log2FC| > {settings.lfc:g}; by raw p < 0.05 {n_raw:,}"
    return _Result(str(n_called), n=n, estimate=n_called, beside=beside)


def _change(row: pl.DataFrame, claim: Claim, n: int) -> _Result:
    """The fold change of one gene."""
    if not row.height:
        return _Result(note=f"no counts of {claim.x}")
    found = row.row(0, named=True)
    if found["zero_group"]:
        return _Result(note=f"no read in {found['zero_group']}, so the change has no size")
    if found["log2fc"] is None:
        return _Result(note=found["filtered"] or "no fold change")
    return _Result(
        f"{found['log2fc']:.3f}",
        n=n,
        estimate=found["log2fc"],
        ci_low=found["ci_low"],
        ci_high=found["ci_high"],
    )


def _highest(in_table: pl.LazyFrame) -> _Result | None:
    import polars as pl

    order: dict[str, Any] = {"descending": True, "nulls_last": True, "maintain_order": True}
    rows = in_table.sort("n_highest", **order).collect()
    if not rows.height:
        return None
    without = rows.filter(pl.col("mean").is_null())
    rows = rows.filter(pl.col("mean").is_not_null())
    if not rows.height:
        reasons = without["note"].drop_nulls().unique(maintain_order=True)
        return _Result(note="; ".join(reasons) or "no set has a score")
    tops = rows.unique("scale", keep="first", maintain_order=True).sort("scale").to_dicts()
    standardised: dict[str, Any] = next((one for one in tops if one["scale"] == _STANDARDISED), {})
    return _Result(
        "; ".join(f"{top['scale']}: {top['set']} in {top['n_highest']}" for top in tops),
        n=tops[0]["n"],
        highest=standardised.get("set", ""),
        p_of_w=standardised.get("p_genes_of_w"),
        without_score=tuple(without["set"].unique().sort()),
    )
