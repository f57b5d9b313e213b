"""Claims compared with a run: when they are judged, and how; by a run folder made by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tcga_corr.analysis.names import GeneVariable
from tcga_corr.analysis.scope import Scope
from tcga_corr.batch.claims import compare_claims
from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.plan import Plan, PlannedAnalysis
from tcga_corr.batch.spec import Claim, read_spec
from tcga_corr.store.layout import Store

ROW = {
    "analysis": "pair", "tumor_type": "LIHC", "x": "RELA", "y": "NFE2L2", "method": "pearson",
    "n": 371, "r": 0.4567, "ci_low": 0.37, "ci_high": 0.53, "note": "",
}  # fmt: skip
HIGHEST = {
    "analysis": "sets", "tumor_type": "LIHC", "scale": "raw", "set": "A", "n": 371,
    "n_highest": 200, "mean": 0.2, "note": "",
}  # fmt: skip
NO_SCORE = {"n": None, "n_highest": None, "mean": None}
DOMINANCE = [
    HIGHEST,
    HIGHEST | {"set": "B", "n_highest": 171},
    HIGHEST | {"scale": "standardised", "set": "B", "n_highest": 300},
    HIGHEST | {"scale": "standardised", "n_highest": 71},
    HIGHEST | {"tumor_type": "ACC", "set": "B", "n_highest": 370},
    HIGHEST | {"tumor_type": "ACC", "scale": "standardised", "set": "B", "n_highest": 360},
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


class Held:
    """A run folder with some rows, and a claim held beside it."""

    def __init__(self, root: Path) -> None:
        self.folder = RunFolder(Store(root), "run-1")
        self.folder.path.mkdir(parents=True)

    def beside(
        self,
        rows: list[dict[str, Any]],
        dominance: list[dict[str, Any]],
        adjust: tuple[GeneVariable, ...] = (),
        **claim: Any,
    ) -> dict[str, Any]:
        for name, one in (("associations", rows), ("dominance", dominance)):
            if one:
                pl.DataFrame(one).write_parquet(self.folder.path / f"{name}.parquet")
        is_simulated = any("SIMULATED" in (one["note"] or "") for one in (*rows, *dominance))
        source = "simulated" if is_simulated else "mine"
        claimed = Claim(**{**CLAIM.__dict__, **claim})
        plan = Plan("run", "", ("parquet",), (claimed,), "",
                    (planned("pair", "pairs", source, adjust),
                     planned("sets", "dominance", source)),
                    {}, {}, None, "0")  # fmt: skip
        [row] = compare_claims(self.folder, plan).to_dicts()
        return row


@pytest.fixture
def held(tmp_path: Path) -> Held:
    return Held(tmp_path)


def test_a_row_of_a_claim(held: Held) -> None:
    assert held.beside([ROW], []) == {
        "claim": "they go together", "analysis": "pair", "tumor_type": "LIHC", "x": "NFE2L2",
        "y": "RELA", "statistic": "r", "published": "0.5", "published_n": 371,
        "published_unit": "log2(tpm+1)", "published_in": "a paper", "here": "0.457",
        "method": "pearson", "adjust": "", "ci_low": 0.37, "ci_high": 0.53, "n": 371,
        "unit": "log2(y)", "source": "mine",
        "verdict": "published value within the 95 % interval here",
    }  # fmt: skip


WITHIN = "published value within the 95 % interval here"
OUTSIDE = "published value outside the 95 % interval here"


@pytest.mark.parametrize(
    ("claim", "row", "verdict"),
    [
        ({}, {}, WITHIN),
        ({"value": 0.37}, {}, WITHIN),
        ({"value": 0.53}, {}, WITHIN),
        ({"value": 0.369}, {}, OUTSIDE),
        ({"value": 1}, {}, OUTSIDE),
        ({"value": -0.5}, {}, OUTSIDE),
        # as many samples, or nearly
        ({"n": 390}, {}, WITHIN),
        ({"n": 391}, {}, "none: 371 samples here, 391 published"),
        ({"n": 100}, {"n": 105}, WITHIN),
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
    assert held.beside([ROW | row], [], **claim)["verdict"] == verdict


def test_the_method_that_the_spec_names_first(held: Held) -> None:
    """Wherever its rows are in the table."""
    other = ROW | {"method": "spearman", "r": 0.1, "ci_low": 0.0, "ci_high": 0.2}
    for rows in ([other, ROW], [ROW, other]):
        told = held.beside(rows, [])
        assert (told["here"], told["method"], told["verdict"]) == ("0.457", "pearson", WITHIN)


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


@pytest.mark.parametrize(
    ("claim", "row", "verdict"),
    [
        ({}, {}, "raw: the same; standardised: not the same"),
        ({"value": "B"}, {}, "raw: not the same; standardised: the same"),
        ({"value": "C"}, {}, "not the same"),
        ({"tumor_type": "ACC", "value": "B"}, {}, "the same"),
        ({"tumor_type": "ACC"}, {}, "not the same"),
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
    assert of_acc["verdict"] == "the same"


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
