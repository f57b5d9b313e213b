"""Claims compared with a run: when they are judged, and how; by a run folder made by hand.

Tolerance: 1e-12.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

import tcga_corr as tc
from tcga_corr.analysis.naming.names import GeneVariable, SetVariable, Variable
from tcga_corr.analysis.samples.scope import Scope
from tcga_corr.batch import claims
from tcga_corr.batch.claims import compare_claims
from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.plan import Plan, PlannedAnalysis
from tcga_corr.batch.spec import Claim, read_spec
from tcga_corr.choices import Method
from tcga_corr.engine import Engine
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.stats.bootstrap import difference_interval
from tcga_corr.store.index import open_index
from tcga_corr.store.layout import Store, TableKey
from tests.conftest import barcodes, write_table

ROW = {
    "analysis": "pair", "tumor_type": "LIHC", "x": "RELA", "y": "NFE2L2", "method": "pearson",
    "n": 371, "r": 0.4567, "ci_low": 0.37, "ci_high": 0.53, "note": "",
}  # fmt: skip
HIGHEST = {
    "analysis": "sets", "tumor_type": "LIHC", "scale": "raw", "set": "A", "n": 371,
    "n_highest": 200, "mean": 0.2, "p_genes_of_w": None, "note": "",
}  # fmt: skip
OF_W = {"scale": "standardised", "p_genes_of_w": 0.049}
NO_SCORE = {"n": None, "n_highest": None, "mean": None}
DOMINANCE = [
    HIGHEST,
    HIGHEST | {"set": "B", "n_highest": 171},
    HIGHEST | OF_W | {"set": "B", "n_highest": 300},
    HIGHEST | OF_W | {"n_highest": 71},
    HIGHEST | {"tumor_type": "ACC", "set": "B", "n_highest": 370},
    HIGHEST | OF_W | {"tumor_type": "ACC", "set": "B", "n_highest": 360, "p_genes_of_w": 0.05},
]
CLAIM = Claim(
    line=0, text="they go together", analysis="pair", tumor_type="LIHC", x="NFE2L2", y="RELA",
    statistic="r", value=0.5, n=371, unit="log2(tpm+1)", source="a paper",
)  # fmt: skip
OF_SETS: dict[str, Any] = {
    "analysis": "sets", "x": None, "y": None, "statistic": "highest", "value": "A",
}  # fmt: skip


def planned(
    name: str, kind: str, source: str, adjust: tuple[GeneVariable, ...] = ()
) -> PlannedAnalysis:
    return PlannedAnalysis(
        name=name,
        kind=kind,
        scope=Scope(("ACC", "LIHC"), source),
        n_samples=(79, 371),
        units=("log2(x)", "log2(y)"),
        methods=() if kind == "dominance" else ("pearson", "spearman"),
        null=(),
        draws=20,
        variables=(GeneVariable("RELA"), GeneVariable("NFE2L2")),
        adjust=adjust,
        x=(0,),
        y=(1,),
    )


N = 371
TYPE, SOURCE = "LIHC", "mine"
SETS = (tc.GeneSet("S", "", ("RELA", *(f"G{number}" for number in range(9)))),
        tc.GeneSet("T", "", tuple(f"G{number}" for number in range(5, 15))))  # fmt: skip


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Two sources of LIHC, of which one has fewer patients. Read only."""
    rng = np.random.default_rng(4)
    activity, noise = rng.normal(size=N), rng.normal(0, 1, (32, N))
    values = np.maximum(5 + noise + rng.uniform(0, 1, (32, 1)) * activity, 0)
    names = ["RELA", "NFE2L2", *(f"G{number}" for number in range(30))]
    folder = tmp_path_factory.mktemp("claims")
    engine = tc.open_store(folder / "cache")
    for source, n, decimals in ((SOURCE, N, 1), ("other", 300, 0)):
        path = folder / f"TCGA.LIHC.{source}.tsv"
        rows = values[:, :n].round(decimals).tolist()
        write_table(path, barcodes(N)[:n], zip(names, rows, strict=True))
        options = LoadOptions(source=source, unit="log2(tpm+1)")
        assert not engine.load([path], options).errors
    return engine


class Held:
    """A run folder with some rows, and a claim held beside it."""

    def __init__(self, root: Path, engine: Engine) -> None:
        self.engine = engine
        self.folder = RunFolder(Store(root), "run-1")
        self.folder.path.mkdir(parents=True)
        sha256 = open_index(engine.store, TableKey(SOURCE, TYPE)).table_sha256
        self.tables = {(SOURCE, TYPE): sha256}

    def beside(
        self,
        rows: list[dict[str, Any]],
        dominance: list[dict[str, Any]],
        adjust: tuple[GeneVariable, ...] = (),
        variables: tuple[Variable, ...] | None = None,
        methods: tuple[Method, ...] | None = None,
        **claim: Any,
    ) -> dict[str, Any]:
        for name, one in (("associations", rows), ("dominance", dominance)):
            if one:
                pl.DataFrame(one).write_parquet(self.folder.path / f"{name}.parquet")
        is_simulated = any("SIMULATED" in (one["note"] or "") for one in (*rows, *dominance))
        source = "simulated" if is_simulated else SOURCE
        claimed = Claim(**{**CLAIM.__dict__, **claim})
        pair = planned("pair", "pairs", source, adjust)
        pair = replace(pair, variables=variables or pair.variables, methods=methods or pair.methods)
        plan = Plan("run", "", ("parquet",), (claimed,), "",
                    (pair, planned("sets", "dominance", source)),
                    self.tables, {}, None, "0")  # fmt: skip
        [row] = compare_claims(self.engine, self.folder, plan).to_dicts()
        return row


@pytest.fixture
def held(tmp_path: Path, engine: Engine) -> Held:
    return Held(tmp_path, engine)


# --- two r of much the same patients


def slow_interval(x: Any, y: Any, published: float, method: Method) -> list[float]:
    """Patient by patient, draw by draw."""
    rng, n = np.random.default_rng(489), len(x)
    of_method = {
        "pearson": stats.pearsonr, "spearman": stats.spearmanr, "kendall": stats.kendalltau
    }[method]  # fmt: skip
    found = []
    for patients in rng.integers(0, n, (1_000, n)).tolist():
        drawn_x, drawn_y = zip(*((x[one], y[one]) for one in patients), strict=True)
        if len(set(drawn_x)) > 1 and len(set(drawn_y)) > 1:
            found.append(of_method(drawn_x, drawn_y).statistic - published)
    return [float(np.percentile(found, end)) for end in (2.5, 97.5)]


@pytest.mark.parametrize("method", ["pearson", "spearman", "kendall"])
@pytest.mark.parametrize("n", [10, 40])
def test_the_interval_of_a_difference(method: Method, n: int) -> None:
    rng = np.random.default_rng(n)
    x = np.where(np.arange(n) < n / 2, 0.0, rng.normal(size=n))  # ties
    y = np.where(np.arange(n) < 8, 1.0, x + rng.normal(size=n).round(1))
    low, high = difference_interval(x, y, 0.3, method)
    assert [low, high] == pytest.approx(slow_interval(x, y, 0.3, method), rel=0, abs=1e-12)
    again = difference_interval(x, y, -0.2, method)
    assert again == pytest.approx((low + 0.5, high + 0.5), rel=0, abs=1e-12)


def two_sets() -> dict[str, Any]:
    s, t = (SetVariable(one) for one in SETS)
    return {"variables": (s, t), "x": "S", "y": "T"}


@pytest.mark.parametrize("method", ["pearson", "spearman", "kendall"])
def test_both_numbers_of_a_difference(held: Held, method: Method) -> None:
    """Half the range as robustness has it, and the interval of the values that are correlated."""
    s, t = SETS
    answer = held.engine.robustness(s, t, tumor_type=TYPE, source=SOURCE, null=())
    r = [
        row["r"] for row in answer.frame.to_dicts()
        if row["kind"] != "without gene" and (row["method"] == "kendall") == (method == "kendall")
    ]  # fmt: skip
    assert len({row["source"] for row in answer.frame.to_dicts()}) == 2
    here = held.engine.correlate(
        s, t, tumor_types=TYPE, source=SOURCE, method=method, null=()
    ).frame["r"][0]
    scores = held.engine.values([s, t], tumor_types=TYPE, source=SOURCE).frame
    row = ROW | {"x": "S", "y": "T", "method": method, "r": here}
    half = (max(r) - min(r)) / 2
    for published in (here, here + 0.9 * half, here - 3 * half, here - 0.9, here + 0.4):
        got = held.beside([row], [], methods=(method,), value=published, **two_sets())
        assert got["half_range"] == pytest.approx(half, rel=0, abs=1e-12)
        low, high = difference_interval(
            scores["S"].to_numpy(), scores["T"].to_numpy(), published, method
        )
        ends = got["difference_low"], got["difference_high"]
        assert ends == pytest.approx((low, high), rel=0, abs=1e-12)
        is_within = abs(here - published) <= half or low <= 0 <= high
        words = "not distinguishable" if is_within else "distinguishable"
        assert got["verdict"] == (
            f"{words}: r here is {abs(here - published):.3f} "
            f"{'lower' if here < published else 'higher'}; half the range of r over an analyst's "
            f"choices is {half:.3f}, and patients drawn anew give a difference of {low:.3f} to "
            f"{high:.3f}"
        )


def test_one_of_the_two_is_enough(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    for half, interval, words in (
        (0.0434, (-0.3, -0.1), "not distinguishable"),
        (0.0432, (-0.3, -0.1), "distinguishable"),
        (0.0432, (-0.3, 0.0), "not distinguishable"),
        (0.0432, (0.0, 0.1), "not distinguishable"),
    ):
        monkeypatch.setattr(claims, "half_range", lambda *_, half=half: half)
        monkeypatch.setattr(claims, "difference_interval", lambda *_, ends=interval: ends)
        got = held.beside([ROW], [])
        assert got["verdict"].startswith(f"{words}: ")


def test_a_store_that_has_changed(held: Held) -> None:
    held.tables = {(SOURCE, TYPE): "another"}
    assert held.beside([ROW], [])["verdict"] == (
        "none: the table of mine LIHC: not what the run began with"
    )
    held.engine = tc.open_store(held.folder.store.root)
    assert held.beside([ROW], [])["verdict"].startswith("none: no expression table in the store")


# --- when, and how


def test_a_row_of_a_claim(held: Held) -> None:
    row = held.beside([ROW], [])
    assert row.pop("half_range") > 0
    assert row.pop("difference_low") < row.pop("difference_high")
    assert row.pop("verdict").startswith(JUDGED)
    assert row == {
        "claim": "they go together", "analysis": "pair", "tumor_type": "LIHC", "x": "NFE2L2",
        "y": "RELA", "contrast": None, "statistic": "r", "published": "0.5", "published_n": 371,
        "published_unit": "log2(tpm+1)", "published_in": "a paper", "here": "0.457",
        "method": "pearson", "adjust": "", "ci_low": 0.37, "ci_high": 0.53, "n": 371,
        "unit": "log2(y)", "source": "mine",
    }  # fmt: skip


JUDGED = "distinguishable: r here is 0.043 lower"


@pytest.mark.parametrize(
    ("claim", "row", "verdict"),
    [
        ({}, {}, JUDGED),
        ({"value": 1}, {}, "distinguishable: r here is 0.543 lower"),
        ({"value": -0.5}, {}, "distinguishable: r here is 0.957 higher"),
        # as many samples, or nearly
        ({"n": 390}, {}, JUDGED),
        ({"n": 391}, {}, "none: 371 samples here, 391 published"),
        ({"n": 100}, {"n": 105}, JUDGED),
        ({"n": 100}, {"n": 106}, "none: 106 samples here, 100 published"),
        ({"n": 100}, {"n": 94}, "none: 94 samples here, 100 published"),
        ({}, {"n": 45}, "none: 45 samples here, 371 published"),
        ({"n": None}, {}, "none: the publication gives no number of samples"),
        # simulated
        ({}, {"note": "SIMULATED"}, "none: SIMULATED values"),
        ({}, {"note": "SIMULATED; RELA: 3 of 9 genes", "n": 45}, "none: SIMULATED values"),
        # no r
        ({}, {"r": None, "ci_low": None, "ci_high": None, "note": "too few samples: 7"},
         "none: too few samples: 7"),
        ({}, {"r": None, "ci_low": None, "ci_high": None}, "none: no such row"),
        ({}, {"r": None, "n": 0, "note": "failed: a torn page"}, "none: failed: a torn page"),
        ({"statistic": "n", "value": 371}, {"r": None, "n": 0, "note": "failed: a torn page"},
         "none: failed: a torn page"),
        ({}, {"method": "spearman"}, "none: LIHC is not in the run"),
        ({}, {"tumor_type": "ACC"}, "none: LIHC is not in the run"),
        ({}, {"analysis": "other"}, "none: LIHC is not in the run"),
        ({}, {"x": "TP53"}, "none: LIHC is not in the run"),
        # n itself
        ({"statistic": "n", "value": 371}, {}, "the same"),
        ({"statistic": "n", "value": 370}, {}, "not the same"),
        ({"statistic": "n", "value": 371, "n": 400}, {}, "none: 371 samples here, 400 published"),
        ({"statistic": "n", "value": 371}, {"note": "SIMULATED"}, "none: SIMULATED values"),
    ],
)  # fmt: skip
def test_verdicts_of_associations(
    held: Held, claim: dict[str, Any], row: dict[str, Any], verdict: str
) -> None:
    found = held.beside([ROW | row], [], **claim)
    assert found["verdict"].startswith(verdict)
    assert (found["half_range"] is None) == ("distinguishable" not in verdict)


def test_the_method_that_the_spec_names_first(held: Held) -> None:
    """Wherever its rows are in the table."""
    other = ROW | {"method": "spearman", "r": 0.1, "ci_low": 0.0, "ci_high": 0.2}
    for rows in ([other, ROW], [ROW, other]):
        told = held.beside(rows, [])
        assert (told["here"], told["method"]) == ("0.457", "pearson")
        assert told["verdict"].startswith(JUDGED)


@pytest.mark.parametrize("claim", [{}, {"statistic": "n", "value": 371}])
def test_no_other_method_if_that_failed(held: Held, claim: dict[str, Any]) -> None:
    nothing = {"n": 0, "r": None, "ci_low": None, "ci_high": None, "note": "failed: a torn page"}
    for rows in ([ROW | nothing, ROW | {"method": "spearman"}],
                 [ROW | {"method": "spearman"}, ROW | nothing]):  # fmt: skip
        told = held.beside(rows, [], **claim)
        assert told["verdict"] == "none: failed: a torn page"
        assert (told["here"], told["method"], told["n"]) == (None, "pearson", None)


@pytest.mark.parametrize(
    ("claim", "row", "verdict"),
    [
        ({}, {}, "none: adjusted for TP53,MYC here"),
        ({"value": -0.5}, {}, "none: adjusted for TP53,MYC here"),
        ({"n": 400}, {}, "none: 371 samples here, 400 published"),
        ({}, {"note": "SIMULATED"}, "none: SIMULATED values"),
        # as many samples are there, adjusted or not
        ({"statistic": "n", "value": 371}, {}, "the same"),
        ({"statistic": "n", "value": 370}, {}, "not the same"),
    ],
)
def test_verdicts_of_what_is_adjusted(
    held: Held, claim: dict[str, Any], row: dict[str, Any], verdict: str
) -> None:
    controls = (GeneVariable("TP53"), GeneVariable("MYC"))
    told = held.beside([ROW | row], [], controls, **claim)
    assert told["verdict"] == verdict
    assert told["adjust"] == "TP53,MYC"
    assert told["here"] == ("371" if claim.get("statistic") == "n" else "0.457")


RAW = "raw scores of different sets do not compare"
ALIKE = f"not distinguishable: random sets differ as much (p_genes of Kendall's W 0.05); {RAW}"


@pytest.mark.parametrize(
    ("claim", "row", "verdict"),
    [
        ({}, {}, f"not the same by standardised scores (p_genes of Kendall's W 0.049); {RAW}"),
        (
            {"value": "B"},
            {},
            f"the same by standardised scores (p_genes of Kendall's W 0.049); {RAW}",
        ),
        (
            {"value": "C"},
            {},
            f"not the same by standardised scores (p_genes of Kendall's W 0.049); {RAW}",
        ),
        # where random sets differ as much, none is the highest, whatever it is
        ({"tumor_type": "ACC", "value": "B"}, {}, ALIKE),
        ({"tumor_type": "ACC"}, {}, ALIKE),
        (
            {"value": "B"},
            {"p_genes_of_w": None},
            f"none: {RAW}, and standardised ones have no Kendall's W",
        ),
        ({"n": 400}, {}, "none: 371 samples here, 400 published"),
        ({"n": None}, {}, "none: the publication gives no number of samples"),
        ({}, {"note": "SIMULATED"}, "none: SIMULATED values"),
        ({"tumor_type": "UCS"}, {}, "none: UCS is not in the run"),
    ],
)
def test_verdicts_of_the_highest(
    held: Held, claim: dict[str, Any], row: dict[str, Any], verdict: str
) -> None:
    rows = [one | row for one in DOMINANCE]
    assert held.beside([ROW], rows, **{**OF_SETS, **claim})["verdict"] == verdict


def test_the_highest_where_a_set_has_no_score(held: Held) -> None:
    """Another set might have been the highest then."""
    lacking = [
        HIGHEST | NO_SCORE | {"scale": scale, "set": name, "note": "2 of 9 genes"}
        for scale in ("raw", "standardised")
        for name in ("D", "C")
    ]
    told = held.beside([ROW], [*lacking, *DOMINANCE], **OF_SETS)
    assert told["here"] == "raw: A in 200; standardised: B in 300"
    assert told["verdict"] == "none: no score of C, D"
    of_acc = held.beside(
        [ROW], [*lacking, *DOMINANCE], **{**OF_SETS, "tumor_type": "ACC", "value": "B"}
    )
    assert of_acc["verdict"] == ALIKE


def test_the_highest_where_no_set_has_a_score(held: Held) -> None:
    told = held.beside([ROW], [one | NO_SCORE for one in DOMINANCE], **OF_SETS)
    assert (told["here"], told["n"]) == (None, None)
    assert told["verdict"] == "none: no set has a score"


def test_what_is_told_of_the_highest(held: Held) -> None:
    told = held.beside([ROW], DOMINANCE, **OF_SETS)
    assert told["here"] == "raw: A in 200; standardised: B in 300"
    assert (told["published"], told["n"], told["x"], told["ci_low"]) == ("A", 371, None, None)
    assert (told["method"], told["adjust"]) == ("", "")


def test_nothing_is_written_yet(held: Held) -> None:
    assert held.beside([], [])["verdict"] == "none: no such row"
    assert held.beside([], [], **OF_SETS)["verdict"] == "none: no such row"


def test_values_from_a_spec(held: Held, tmp_path: Path) -> None:
    """Whole numbers of a spec are compared as numbers."""
    path = tmp_path / "spec.toml"
    path.write_text(
        '[[pairs]]\nname = "pair"\npairs = [["RELA", "NFE2L2"]]\n'
        '[[claims]]\ntext = "so many"\nanalysis = "pair"\ntumor_type = "LIHC"\nsource = "s"\n'
        'statistic = "n"\nvalue = 371\nn = 371\n'
    )
    [claim] = read_spec(path).claims
    told = held.beside([ROW], [], **{**claim.__dict__, "x": "RELA", "y": "NFE2L2"})
    assert told["verdict"] == "the same"
    assert told["published"] == "371"
