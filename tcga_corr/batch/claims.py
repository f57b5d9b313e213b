"""What a publication says, beside what a run gives."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.plan import Plan
from tcga_corr.batch.results import ASSOCIATIONS, DOMINANCE
from tcga_corr.batch.spec import Claim

if TYPE_CHECKING:
    import polars as pl

# of the published number of samples, to call a cohort complete
ENOUGH = 0.95


def held_beside(folder: RunFolder, plan: Plan) -> pl.DataFrame:
    """A row per claim: what is published, what is here, and whether they agree.

    They are not judged where the values are simulated, where the publication gives no number of
    samples, or where the cohort here has less than 95 % or more than 105 % of them.
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
    asked = plan.analysis(claim.analysis)
    units = dict(zip(asked.tumor_types, asked.units, strict=True))
    method = asked.methods[0] if asked.methods else ""
    adjust = ",".join(one.name for one in asked.adjust)
    if claim.statistic == "highest":
        found = _highest(folder, claim)
    else:
        found = _association(folder, claim, method)
    told = asdict(claim)
    return {
        **{name: told[name] for name in ("analysis", "tumor_type", "x", "y", "statistic")},
        "claim": claim.text,
        "published": str(claim.value),
        "published_n": claim.n,
        "published_unit": claim.unit,
        "published_in": claim.source,
        "here": found.get("here"),
        "method": method,
        "adjust": adjust,
        "ci_low": found.get("ci_low"),
        "ci_high": found.get("ci_high"),
        "n": found.get("n"),
        "unit": units.get(claim.tumor_type),
        "source": asked.source,
        "verdict": _verdict(claim, found, adjust),
    }


def _verdict(claim: Claim, found: dict[str, Any], adjust: str) -> str:
    """Whether they agree, or why that is not judged."""
    if found.get("here") is None:
        return f"none: {found['note'] or 'no such row'}"
    if "SIMULATED" in found["note"]:
        return "none: SIMULATED values"
    if claim.n is None:
        return "none: the publication gives no number of samples"
    if not ENOUGH <= found["n"] / claim.n <= 2 - ENOUGH:
        return f"none: {found['n']} samples here, {claim.n} published"
    if claim.statistic == "r" and adjust:
        return f"none: adjusted for {adjust} here"
    if claim.statistic == "r":
        inside = found["ci_low"] <= float(claim.value) <= found["ci_high"]
        return f"published value {'within' if inside else 'outside'} the 95 % interval here"
    if claim.statistic == "highest":
        return _verdict_on_highest(claim, found)
    return "the same" if claim.value == found["n"] else "not the same"


def _association(folder: RunFolder, claim: Claim, method: str) -> dict[str, Any]:
    import polars as pl

    path = folder.path / f"{ASSOCIATIONS}.parquet"
    if not path.exists():
        return {"note": ""}
    pair = [claim.x, claim.y]
    rows = (
        pl.scan_parquet(path)
        .filter(
            pl.col("analysis") == claim.analysis,
            pl.col("tumor_type") == claim.tumor_type,
            pl.col("method") == method,  # the one that the spec names first
            pl.col("x").is_in(pair) & pl.col("y").is_in(pair),
        )
        .collect()
        .to_dicts()
    )
    if not rows:
        return {"note": f"{claim.tumor_type} is not in the run"}
    row = rows[0]
    note = row["note"] or ""
    if row["r"] is None:
        return {"note": note}
    if claim.statistic == "n":
        return {"here": str(row["n"]), "n": row["n"], "note": note}
    return {**row, "here": f"{row['r']:.3f}", "note": note}


def _highest(folder: RunFolder, claim: Claim) -> dict[str, Any]:
    import polars as pl

    path = folder.path / f"{DOMINANCE}.parquet"
    if not path.exists():
        return {"note": ""}
    rows = (
        pl.scan_parquet(path)
        .filter(pl.col("analysis") == claim.analysis, pl.col("tumor_type") == claim.tumor_type)
        .sort("n_highest", descending=True, nulls_last=True, maintain_order=True)
        .collect()
    )
    if not rows.height:
        return {"note": f"{claim.tumor_type} is not in the run"}
    lacking = rows.filter(pl.col("mean").is_null())["set"].unique().sort().to_list()
    whys = rows.filter(pl.col("mean").is_null())["note"].drop_nulls().to_list()
    rows = rows.filter(pl.col("mean").is_not_null())
    if not rows.height:
        return {"note": "; ".join(dict.fromkeys(whys)) or "no set has a score"}
    tops = {scale: frame.to_dicts()[0] for (scale,), frame in rows.group_by("scale")}
    told = (f"{scale}: {top['set']} in {top['n_highest']}" for scale, top in sorted(tops.items()))
    return {
        "here": "; ".join(told),
        "highest": {scale: top["set"] for scale, top in sorted(tops.items())},
        "lacking": lacking,
        "n": tops["raw"]["n"],
        "note": tops["raw"]["note"] or "",
    }


def _verdict_on_highest(claim: Claim, found: dict[str, Any]) -> str:
    """On both scales, as raw scores of different sets do not compare."""
    if found["lacking"]:
        return f"none: no score of {', '.join(found['lacking'])}"
    same = {scale: one == claim.value for scale, one in found["highest"].items()}
    if len(set(same.values())) == 1:
        return "the same" if all(same.values()) else "not the same"
    return "; ".join(f"{scale}: {'' if one else 'not '}the same" for scale, one in same.items())
