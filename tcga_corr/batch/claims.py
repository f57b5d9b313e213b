"""Claims of publications, compared with the results of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.plan import Plan
from tcga_corr.batch.results import ASSOCIATIONS, DOMINANCE
from tcga_corr.batch.spec import Claim
from tcga_corr.sources import source_is_simulated

if TYPE_CHECKING:
    import polars as pl

# share of the published number of samples from which a cohort counts as complete
ENOUGH = 0.95


@dataclass(frozen=True)
class _Result:
    """The result of a run that a claim is about.

    Attributes
    ----------
    text
        The statistic as text; None where there is none.
    note
        Why there is none.
    n, ci_low, ci_high
        Samples, and the interval of r.
    highest
        By scale, the set that is highest in most samples.
    without_score
        Sets that have no score.
    """

    text: str | None = None
    note: str = ""
    n: int = 0
    ci_low: float | None = None
    ci_high: float | None = None
    highest: tuple[tuple[str, str], ...] = ()
    without_score: tuple[str, ...] = ()


def compare_claims(folder: RunFolder, plan: Plan) -> pl.DataFrame:
    """A row per claim: the published statistic, the one of the run, and whether they agree.

    This is not judged where the values are simulated, where the publication gives no number of
    samples, or where the cohort of the run has less than 95 % or more than 105 % of them.
    """
    import polars as pl

    rows = [_row(folder, plan, claim) for claim in plan.claims]
    return pl.DataFrame(rows, schema=_SCHEMA)


_SCHEMA: dict[str, Any] = {
    "claim": str, "analysis": str, "tumor_type": str, "x": str, "y": str, "statistic": str,
    "published": str, "published_n": int, "published_unit": str, "published_in": str,
    "here": str, "method": str, "adjust": str, "ci_low": float, "ci_high": float, "n": int,
    "unit": str, "source": str, "verdict": str,
}  # fmt: skip


def _row(folder: RunFolder, plan: Plan, claim: Claim) -> dict[str, Any]:
    analysis = plan.analysis(claim.analysis)
    units = dict(zip(analysis.tumor_types, analysis.units, strict=True))
    method = analysis.methods[0] if analysis.methods else ""
    adjust = ",".join(variable.name for variable in analysis.adjust)
    result = _result(folder, claim, method)
    return {
        "claim": claim.text,
        "analysis": claim.analysis,
        "tumor_type": claim.tumor_type,
        "x": claim.x,
        "y": claim.y,
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
        "verdict": _verdict(claim, result, adjust, simulated=source_is_simulated(analysis.source)),
    }


def _verdict(claim: Claim, result: _Result, adjust: str, *, simulated: bool) -> str:
    """Whether they agree, or why that is not judged."""
    if result.text is None:
        return f"none: {result.note or 'no such row'}"
    if simulated:
        return "none: SIMULATED values"
    if claim.n is None:
        return "none: the publication gives no number of samples"
    if not ENOUGH <= result.n / claim.n <= 2 - ENOUGH:
        return f"none: {result.n} samples here, {claim.n} published"
    if claim.statistic == "r" and adjust:
        return f"none: adjusted for {adjust} here"
    if claim.statistic == "r":
        low, high = result.ci_low, result.ci_high
        inside = low is not None and high is not None and low <= float(claim.value) <= high
        return f"published value {'within' if inside else 'outside'} the 95 % interval here"
    if claim.statistic == "highest":
        return _verdict_on_highest(claim, result)
    return "the same" if claim.value == result.n else "not the same"


def _result(folder: RunFolder, claim: Claim, method: str) -> _Result:
    import polars as pl

    is_highest = claim.statistic == "highest"
    path = folder.path / f"{DOMINANCE if is_highest else ASSOCIATIONS}.parquet"
    if not path.exists():
        return _Result()
    rows = pl.scan_parquet(path).filter(
        pl.col("analysis") == claim.analysis, pl.col("tumor_type") == claim.tumor_type
    )
    found = _highest(rows) if is_highest else _association(rows, claim, method)
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
    return _Result(f"{row['r']:.3f}", n=row["n"], ci_low=row["ci_low"], ci_high=row["ci_high"])


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
    return _Result(
        "; ".join(f"{top['scale']}: {top['set']} in {top['n_highest']}" for top in tops),
        n=tops[0]["n"],
        highest=tuple((top["scale"], top["set"]) for top in tops),
        without_score=tuple(without["set"].unique().sort()),
    )


def _verdict_on_highest(claim: Claim, result: _Result) -> str:
    """On both scales, as raw scores of different sets do not compare."""
    if result.without_score:
        return f"none: no score of {', '.join(result.without_score)}"
    same = {scale: name == claim.value for scale, name in result.highest}
    if len(set(same.values())) == 1:
        return "the same" if all(same.values()) else "not the same"
    return "; ".join(
        f"{scale}: {'' if agrees else 'not '}the same" for scale, agrees in same.items()
    )
