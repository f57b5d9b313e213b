"""Answers for the tests of figures: fixed random numbers, whatever names and tumor types.

n goes from 10 to 1,200; where there are five tumor types or more, some have no numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl
from matplotlib.figure import Figure

from tcga_corr.analysis.answer import ScopeQuery
from tcga_corr.analysis.compare import CompareAnswer, CompareQuery
from tcga_corr.analysis.correlate import CorrelateAnswer, CorrelateQuery
from tcga_corr.analysis.dominance import (
    DominanceAnswer,
    DominanceQuery,
    DominanceSummary,
    DominanceTests,
    FriedmanTest,
    SignedRankTest,
)
from tcga_corr.analysis.pool import Pooling
from tcga_corr.analysis.provenance import Provenance, SetRecord
from tcga_corr.analysis.robustness import NullSpread, RobustnessAnswer, RobustnessQuery, Spread
from tcga_corr.analysis.score import ValuesAnswer, ValuesQuery
from tcga_corr.analysis.screen import ScreenAnswer, ScreenQuery
from tcga_corr.analysis.survival import PooledHazard, SurvivalAnswer, SurvivalQuery
from tcga_corr.analysis.survival_curves import (
    CURVE_SCHEMA,
    GROUPS,
    CurvesAnswer,
    CurvesQuery,
    steps_of,
)
from tcga_corr.choices import Cut, Method
from tcga_corr.figures.comparison import comparison
from tcga_corr.figures.distribution import distribution
from tcga_corr.figures.dominance import dominance_figure
from tcga_corr.figures.forest import forest
from tcga_corr.figures.hazards import hazard_forest
from tcga_corr.figures.heat import heat_map
from tcga_corr.figures.look import PLAIN, Look
from tcga_corr.figures.scatter import scatter
from tcga_corr.figures.specification import specification_curve
from tcga_corr.figures.survival import survival_curves
from tcga_corr.figures.volcano import MOST_PANELS, volcano
from tcga_corr.stats.adjustment import benjamini_hochberg
from tcga_corr.stats.kaplan_meier import curve
from tcga_corr.vocabulary.tumor_types import TUMOR_TYPES

TYPES = sorted(TUMOR_TYPES)
NAMES = ("set one", "set two", "GENE3", "GENE4", "GENE5", "GENE6")
HOSTILE = (
    "<script>alert(1)</script>",
    "$x^2$ \\frac{1}{0}",
    "../../x",
    "N" * 10_000,
    "two\nlines\r\tand\x00\x1b[31m control",
    "\u202egnirts \u200fמשפט\u200e \u2066a\u2069",
    "基因 \U0001f9ec",
    "-- & ]]> %PDF %s {0} 'quoted' \"twice\"",
)
"""Names that are code, paths, formats or markup, and letters that the font lacks or that turn."""


def scope(types: Sequence[str], samples: str = "tumor") -> ScopeQuery:
    return ScopeQuery(
        tumor_types=list(types), source="tcga-hiseqv2", unit="log2(norm_count+1)", genes="all",
        samples=samples, ties="average", min_genes=5,
    )  # fmt: skip


def provenance(sets: Sequence[str] = (), simulated: bool = False) -> Provenance:
    records = (SetRecord(name, "own.gmt", None, None, None, 14, "") for name in sets)
    return Provenance({}, (), tuple(records), (), simulated, ())


def sizes(types: Sequence[str]) -> list[int]:
    return [int(n) for n in np.geomspace(10, 1_200, len(types)).round()]


def lacks(place: int, types: Sequence[str]) -> bool:
    """Whether a tumor type has no numbers."""
    return len(types) >= 5 and place % 9 == 3


def correlated(
    types: Sequence[str],
    names: Sequence[str] = NAMES,
    methods: Sequence[Method] = ("pearson",),
    simulated: bool = False,
) -> CorrelateAnswer:
    """Rows of correlate of the first two names, adjusted for the next two."""
    rng = np.random.default_rng(4)
    rows: list[dict[str, Any]] = []
    numbers = ("r", "ci_low", "ci_high", "p", "q", "q_genes", "p_genes", "genes_low", "genes_high",
               "p_sets", "sets_low", "sets_high")  # fmt: skip
    for number, method in enumerate(methods):
        for place, (tumor_type, n) in enumerate(zip(types, sizes(types), strict=True)):
            half, r = 2 / n**0.5, float(rng.uniform(-0.3, 0.8)) * (1 - 0.1 * number)
            p = 10.0 ** (-10 * abs(r))
            values = (r, max(-1, r - half), min(1, r + half), p, 2 * p, p * 12, p * 9, -half, half,
                      p * 90, -half, 1.5 * half)  # fmt: skip
            row = {"tumor_type": tumor_type, "method": method, "n": n, "note": "SIMULATED"}
            row |= dict(zip(numbers, values, strict=True))
            if lacks(place, types):
                row |= dict.fromkeys(numbers) | {"note": f"{names[0]} is constant, of no use"}
            rows.append(row)
    frame = pl.DataFrame(rows, infer_schema_length=None)
    pooled: dict[Method, Pooling] = {
        method: Pooling(
            len(types), 9_000, r=0.2 + 0.1 * number, ci_low=-0.05, ci_high=0.5,
            prediction_low=-0.4, prediction_high=0.75,
        )
        for number, method in enumerate(methods)
        if len(types) > 1
    }  # fmt: skip
    query = CorrelateQuery(
        x=names[0], y=names[1], method="pearson", adjust=list(names[2:4]), scope=scope(types),
        null=["genes", "sets"], draws=1_000,
    )  # fmt: skip
    return CorrelateAnswer(frame, query, (), provenance(names[:2], simulated), pooled)


def pair_values(n: int, names: Sequence[str] = NAMES) -> ValuesAnswer:
    """Values of one tumor type, of x and y and what is adjusted for."""
    rng = np.random.default_rng(5)
    shared = rng.normal(size=n)
    columns = {name: 5_000 + 900 * (shared + rng.normal(size=n)) for name in names[:4]}
    samples = [f"TCGA-AA-{number:04d}-01" for number in range(n)]
    query = ValuesQuery(list(names[:4]), scope(()))
    frame = pl.DataFrame({"sample": samples, **columns})
    return ValuesAnswer(frame, query, (), provenance(names[:2]))


def values_of(
    types: Sequence[str], names: Sequence[str] = NAMES, samples: str = "tumor"
) -> ValuesAnswer:
    """Values of variables; of normal samples a tenth as many, and none of some tumor types."""
    rng = np.random.default_rng(6 if samples == "tumor" else 7)
    parts = []
    for place, (tumor_type, n) in enumerate(zip(types, sizes(types), strict=True)):
        n = n if samples == "tumor" else n // 10
        middle = rng.uniform(3, 12, len(names))
        columns = {
            name: None if lacks(place + number, types) else rng.normal(middle[number], 1, n)
            for number, name in enumerate(names)
        }
        part = pl.DataFrame({"tumor_type": [tumor_type] * n}).with_columns(
            pl.lit(None, pl.Float64).alias(name) if column is None else pl.Series(name, column)
            for name, column in columns.items()
        )
        parts.append(part)
    query = ValuesQuery(list(names), scope(types, samples))
    return ValuesAnswer(pl.concat(parts), query, (), provenance(names[:2]))


def compared(
    types: Sequence[str], names: Sequence[str] = NAMES, groups: Sequence[str] = ("tumor", "normal")
) -> CompareAnswer:
    """Rows of compare, of two groups: every test, and one interval far longer than the others."""
    rng = np.random.default_rng(8)
    rows = []
    for name in names:
        for place, (tumor_type, n) in enumerate(zip(types, sizes(types), strict=True)):
            for test in ("welch", "paired t", "mann-whitney"):
                difference, half = float(rng.normal(0.3, 0.5)), 4 / n**0.5
                has = not lacks(place, types)
                t = has and test != "mann-whitney"
                rows.append(
                    {
                        "tumor_type": tumor_type, "variable": name, "test": test,
                        "group_a": groups[0], "group_b": groups[1], "n_a": n, "n_b": n // 5,
                        "difference": difference if t else None,
                        "ci_low": difference - half if t else None,
                        "ci_high": difference + half * (90 if place == 6 else 1) if t else None,
                        "effect": difference / 2 if has else None,
                        "q": abs(difference) / 5 if has else None,
                        "note": "" if has else "too few samples: 3 of a group, at least 5 needed",
                    }
                )  # fmt: skip
    query = CompareQuery(list(names), "sample-type", list(groups), scope(types))
    frame = pl.DataFrame(rows, infer_schema_length=None)
    sets = names[:2] if len(names) <= 6 else ()
    return CompareAnswer(frame, query, (), provenance(sets))


def dominant(types: Sequence[str], names: Sequence[str] = NAMES) -> DominanceAnswer:
    """Rows of dominance, and its tests."""
    rng = np.random.default_rng(9)
    rows: list[dict[str, Any]] = []
    tests: list[DominanceTests] = []
    pair = SignedRankTest(
        names[0], names[1], 10, 0.5, p=0.004, p_holm=0.004, rank_biserial=0.5, note=""
    )
    for scale in ("raw", "standardised"):
        for place, (tumor_type, n) in enumerate(zip(types, sizes(types), strict=True)):
            shares = rng.dirichlet(np.ones(len(names)))
            if lacks(place, types):
                continue
            rows += [
                {"scale": scale, "tumor_type": tumor_type, "set": name, "n": n, "share_highest": s}
                for name, s in zip(names, shares.tolist(), strict=True)
            ]
            friedman = FriedmanTest(
                n=n, chi2=1.0, df=len(names) - 1, p=0.1, kendalls_w=float(shares.max()),
                p_genes=float(shares.min()), note="",
            )  # fmt: skip
            pairs = (pair,) * (1 if len(names) == 2 else 3)
            tests.append(DominanceTests(tumor_type, scale, friedman, pairs))
    query = DominanceQuery(list(names), scope(types), 1_000)
    summary = DominanceSummary(tuple(tests))
    return DominanceAnswer(
        frame=pl.DataFrame(rows), query=query, notes=(), provenance=provenance(), summary=summary
    )


def survived(
    types: Sequence[str], names: Sequence[str] = NAMES, simulated: bool = False
) -> SurvivalAnswer:
    """Rows of survival of the first name to the second, adjusted for the next two.

    One interval is far longer than the others.
    """
    rng = np.random.default_rng(12)
    numbers = ("hr", "ci_low", "ci_high", "p", "q", "p_genes", "genes_low", "genes_high")
    rows: list[dict[str, Any]] = []
    for place, (tumor_type, n) in enumerate(zip(types, sizes(types), strict=True)):
        log, half = float(rng.normal(0.1, 0.3)), (40 if place == 6 else 4) / n**0.5
        p = 10.0 ** (-8 * abs(log))
        logs = (log, log - half, log + half, -half / 2, half / 2)
        hr, low, high, genes_low, genes_high = np.exp(logs).tolist()
        row = {"tumor_type": tumor_type, "n": n, "n_events": n // 3, "note": "SIMULATED"}
        values = (hr, low, high, p, min(1, 2 * p), min(1, 9 * p), genes_low, genes_high)
        row |= dict(zip(numbers, values, strict=True))
        if lacks(place, types):
            row |= dict.fromkeys(numbers) | {"note": f"{names[0]} is constant, of no use"}
        rows.append(row)
    pooled = {} if len(types) < 2 else {
        "hr": 1.2, "ci_low": 0.95, "ci_high": 1.5, "prediction_low": 0.7, "prediction_high": 2.1,
        "genes_low": 0.9, "genes_high": 1.1,
    }  # fmt: skip
    return SurvivalAnswer(
        frame=pl.DataFrame(rows, infer_schema_length=None),
        query=SurvivalQuery(names[0], names[1], list(names[2:4]), scope(types), ["genes"], 1_000),
        notes=(),
        provenance=provenance(names[:1], simulated),
        summary=PooledHazard(len(types), 9_000, 3_000, **pooled),
    )


def followed(
    types: Sequence[str], names: Sequence[str] = NAMES, cut: Cut = "median"
) -> CurvesAnswer:
    """Curves of the same."""
    rng = np.random.default_rng(13)
    rows: list[dict[str, Any]] = []
    for place, (tumor_type, n) in enumerate(zip(types, sizes(types), strict=True)):
        about = {"tumor_type": tumor_type, "x": names[0], "endpoint": names[1]}
        if lacks(place, types):
            rows.append(about | {"note": f"{names[0]} is constant, of no use"})
            continue
        for number, group in enumerate(GROUPS[cut]):
            days = np.ceil(rng.exponential(900 / (1 + number), max(4, n // len(GROUPS[cut]))))
            found = curve(days, rng.random(len(days)) < 0.6)
            about |= {"group": group, "log_rank_p": 10.0**-place, "note": ""}
            rows += [about | row for row in steps_of(found)]
    query = CurvesQuery(names[0], names[1], cut, list(names[2:4]), scope(types))
    frame = pl.DataFrame(rows, schema=CURVE_SCHEMA).fill_nan(None)
    return CurvesAnswer(frame, query, (), provenance(names[:1]))


def specifications(
    n_sources: int = 2,
    xs: Sequence[str] = ("X",),
    n: int = 10,
    simulated: bool = False,
    y: str = "Y",
    control: str = "purity",
) -> RobustnessAnswer:
    """Rows of robustness: some choices without r, and two genes left out."""
    rng = np.random.default_rng(1)
    rows: list[dict[str, Any]] = []
    for source in range(n_sources):
        for ties in ("average", "gseapy", "gsva"):
            for method in ("pearson", "spearman", "kendall"):
                for x in xs:
                    for adjust in ("", control, f"{control}+age"):
                        if adjust and method == "kendall":
                            continue
                        r = float(rng.uniform(-0.3, 0.8))
                        rows.append(
                            {
                                "kind": "choice" if rows else "as asked",
                                "source": f"source-{source}", "unit": "log2(tpm+1)",
                                "patients": "all", "ties": ties, "method": method, "x": x, "y": y,
                                "shared_genes": "kept", "adjust": adjust, "without": "",
                                "n": n + 90 * source, "r": r, "ci_low": r - 0.15,
                                "ci_high": r + 0.15, "p": float(rng.uniform(0, 0.1)),
                                "p_genes": None, "note": "",
                            }
                        )  # fmt: skip
    for row in rows[2:5]:
        row |= dict.fromkeys(("r", "ci_low", "ci_high", "p")) | {"note": "age is constant"}
    rows += [{**rows[0], "kind": "without gene", "without": gene, "r": r} for gene, r in
             (("A", 0.111), ("B", 0.222))]  # fmt: skip
    frame = pl.DataFrame(rows, infer_schema_length=None)
    curve: Any = frame.filter(pl.col("kind") != "without gene", pl.col("method") != "kendall")["r"]
    uncompared = NullSpread(None, None, None, "", "", 0, 0)
    spread = Spread(
        r_as_asked=rows[0]["r"], n_specifications=curve.count(), r_min=curve.min(),
        r_median=curve.median(), r_max=curve.max(), n_positive=9, n_significant=8,
        p_genes=uncompared, p_genes_by_mean=uncompared, by_choice={}, influential_genes=[],
    )  # fmt: skip
    query = RobustnessQuery(
        x=list(xs), y=[y], tumor_type="LIHC", sources=[], samples="tumor", adjust=[],
        ties="average", min_genes=5, null=[], draws=1_000,
    )  # fmt: skip
    return RobustnessAnswer(
        frame=frame, query=query, notes=(), provenance=provenance((), simulated), summary=spread
    )


def screened(
    n_y: int = 200,
    types: Sequence[str] = (),
    n: int = 371,
    names: Sequence[str] = (),
    x: str = "X",
    adjust: Sequence[str] = (),
) -> ScreenAnswer:
    """Rows of a screen, pooled where no types are given; of the strongest, some share genes.

    q is that of Benjamini and Hochberg over all rows.
    """
    rng = np.random.default_rng(2)
    parts = []
    for number in range(len(types) or 1):
        r = np.sort(rng.uniform(-0.9, 0.9, n_y))
        p = 10.0 ** (-40 * r**2 - 0.01)
        y = [names[place] if place < len(names) else f"GENE{place}" for place in range(n_y)]
        part = pl.DataFrame(
            {"x": x, "y": y, "r": r, "p": p, "n": n, "n_shared_genes": np.arange(n_y) % 3 // 2}
        ).with_columns(rank=pl.col("r").abs().rank("ordinal", descending=True))
        kind = {"tumor_type": pl.lit(types[number])} if types else {"n_types": pl.lit(33)}
        parts.append(part.with_columns(**kind))
    query = ScreenQuery(
        x=x, against="genes", y_kind="genes", n_y=n_y, method="pearson", adjust=list(adjust),
        scope=scope(types), by_tumor_type=bool(types), null=[], draws=1_000,
    )  # fmt: skip
    frame = pl.concat(parts)
    frame = frame.with_columns(q=benjamini_hochberg(frame["p"].to_numpy()))
    return ScreenAnswer(frame, query, (), provenance())


def associations(
    pairs: Sequence[tuple[str, str]], types: Sequence[str], source: str = "mine", note: str = ""
) -> pl.DataFrame:
    """Rows of a run, every seventh without r; every other pair shares genes."""
    rng = np.random.default_rng(3)
    rows = []
    for place, tumor_type in enumerate(types):
        for number, (x, y) in enumerate(pairs):
            r = float(rng.uniform(-1, 1)) if (number + place) % 7 != 3 else None
            is_sharing = number % 2
            rows.append(
                {
                    "analysis": "main", "tumor_type": tumor_type, "x": x, "y": y,
                    "method": "pearson", "n": 10 + 37 * place,
                    "r": r, "q_batch": None if r is None else float(rng.uniform(0, 0.2)),
                    "n_shared_genes": is_sharing,
                    "r_disjoint": r if r is None or not is_sharing else r / 2, "note": note,
                    "source": source, "samples": "tumor", "ties": "average", "adjust": "",
                    "unit": "log2(tpm+1)",
                }
            )  # fmt: skip
    return pl.DataFrame(
        rows, schema_overrides=dict.fromkeys(("r", "q_batch", "r_disjoint"), pl.Float64)
    )


def pooled_of(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.group_by("x", "y", maintain_order=True).agg(
        pl.col("r").mean(), q=pl.col("q_batch").min(), analysis=pl.lit("main")
    )


def some_pairs(n: int) -> list[tuple[str, str]]:
    return [(f"set {number}", f"gene {number % 9}") for number in range(n)]


def _scatter(names: Sequence[str], types: Sequence[str], look: Look = PLAIN) -> Figure:
    n = 10 if len(types) == 1 else 1_200
    return scatter(correlated(types[:1], names), pair_values(n, names), look)


def _heat_map(names: Sequence[str], types: Sequence[str], look: Look = PLAIN) -> Figure:
    pairs = [(x, y) for x in names for y in names if x < y]
    frame = associations(pairs, types)
    return heat_map(frame, pooled_of(frame), title=names[0], look=look)


KINDS: dict[str, Callable[..., Figure]] = {
    "forest": lambda names, types, look=PLAIN: forest(correlated(types, names), look),
    "forest of methods": lambda names, types, look=PLAIN: forest(
        correlated(types, names, ("pearson", "spearman", "kendall")), look
    ),
    "scatter": _scatter,
    "distribution": lambda names, types, look=PLAIN: distribution(
        values_of(types, names), values_of(types, names, "normal"), look
    ),
    "comparison": lambda names, types, look=PLAIN: comparison(compared(types, names), look),
    "comparison of groups": lambda names, types, look=PLAIN: comparison(
        compared(types, names[:3], names[3:5]), look
    ),
    "comparison of variables": lambda names, types, look=PLAIN: comparison(
        compared(types[:1], [*names, *(f"{name} again" for name in names)]), look
    ),
    "dominance": lambda names, types, look=PLAIN: dominance_figure(dominant(types, names), look),
    "dominance of two": lambda names, types, look=PLAIN: dominance_figure(
        dominant(types, names[:2]), look
    ),
    "hazards": lambda names, types, look=PLAIN: hazard_forest(survived(types, names), look),
    "survival curves": lambda names, types, look=PLAIN: survival_curves(
        followed(types, names), survived(types, names), look
    ),
    "survival curves of thirds": lambda names, types, look=PLAIN: survival_curves(
        followed(types, names, "tertiles"), survived(types, names), look
    ),
    "specification": lambda names, types, look=PLAIN: specification_curve(
        specifications(xs=names[: min(len(types), 4)], y=names[4], control=names[5]), look
    ),
    "volcano": lambda names, types, look=PLAIN: volcano(
        screened(200, types if len(types) <= MOST_PANELS else (), 371, names, names[0], names[2:4]),
        look,
    ),
    "heat map": _heat_map,
}
"""Every kind of figure, of six names, some tumor types and a look."""
