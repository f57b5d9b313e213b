"""Claims held beside a run: when they are judged, and how; by a run folder made by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tcga_corr.batch.claims import held_beside
from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.plan import Plan, PlannedAnalysis
from tcga_corr.batch.spec import Claim, read_spec
from tcga_corr.store import Store
from tcga_corr.variables import GeneVariable

ROW = {
    "analysis": "pair", "tumor_type": "LIHC", "x": "RELA", "y": "NFE2L2", "method": "pearson",
    "n": 371, "r": 0.4567, "ci_low": 0.37, "ci_high": 0.53, "note": "",
}  # fmt: skip
HIGHEST = {
    "analysis": "sets", "tumor_type": "LIHC", "scale": "raw", "set": "A", "n": 371,
    "n_highest": 200, "note": "",
}  # fmt: skip
DOMINANCE = [
    HIGHEST,
    HIGHEST | {"set": "B", "n_highest": 171},
    HIGHEST | {"scale": "standardised", "set": "B", "n_highest": 300},
    HIGHEST | {"scale": "standardised", "n_highest": 71},
    HIGHEST | {"tumor_type": "ACC", "set": "B", "n_highest": 370},
]
CLAIM = Claim(
    line=0, text="they go together", analysis="pair", tumor_type="LIHC", x="NFE2L2", y="RELA",
    statistic="r", value=0.5, n=371, unit="log2(tpm+1)", source="a paper",
)  # fmt: skip
OF_SETS = {
    "analysis": "sets", "x": None, "y": None, "statistic": "highest", "value": "A",
}  # fmt: skip


def planned(name: str, kind: str) -> PlannedAnalysis:
    return PlannedAnalysis(
        name=name,
        kind=kind,
        source="mine",
        tumor_types=("ACC", "LIHC"),
        n_samples=(79, 371),
        units=("log2(x)", "log2(y)"),
        samples="tumor",
        methods=("pearson", "spearman"),
        ties="average",
        min_genes=5,
        null=(),
        draws=20,
        variables=(GeneVariable("RELA"), GeneVariable("NFE2L2")),
        adjust=(),
        x=(0,),
        y=(1,),
    )


class Held:
    """A run folder with some rows, and a claim held beside it."""

    def __init__(self, root: Path) -> None:
        self.folder = RunFolder(Store(root), "run-1")
        self.folder.path.mkdir(parents=True)

    def beside(
        self, rows: list[dict[str, Any]], dominance: list[dict[str, Any]], **claim: Any
    ) -> dict[str, Any]:
        for name, one in (("associations", rows), ("dominance", dominance)):
            if one:
                pl.DataFrame(one).write_parquet(self.folder.path / f"{name}.parquet")
        claimed = Claim(**{**CLAIM.__dict__, **claim})
        plan = Plan("run", "", ("parquet",), (claimed,), "",
                    (planned("pair", "pairs"), planned("sets", "dominance")),
                    {}, {}, None, "0")  # fmt: skip
        [row] = held_beside(self.folder, plan).to_dicts()
        return row


@pytest.fixture
def held(tmp_path: Path) -> Held:
    return Held(tmp_path)


def test_a_row_of_a_claim(held: Held) -> None:
    assert held.beside([ROW], []) == {
        "claim": "they go together", "analysis": "pair", "tumor_type": "LIHC", "x": "NFE2L2",
        "y": "RELA", "statistic": "r", "published": "0.5", "published_n": 371,
        "published_unit": "log2(tpm+1)", "published_in": "a paper", "here": "0.457",
        "ci_low": 0.37, "ci_high": 0.53, "n": 371, "unit": "log2(y)", "source": "mine",
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
        # made up
        ({}, {"note": "SIMULATED"}, "none: SIMULATED values"),
        ({}, {"note": "SIMULATED; RELA: 3 of 9 genes", "n": 45}, "none: SIMULATED values"),
        # no r
        ({}, {"r": None, "ci_low": None, "ci_high": None, "note": "too few samples: 7"},
         "none: too few samples: 7"),
        ({}, {"r": None, "ci_low": None, "ci_high": None}, "none: no such row"),
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


def test_the_method_that_is_named_first(held: Held) -> None:
    rows = [ROW | {"method": "spearman", "r": 0.1, "ci_low": 0.0, "ci_high": 0.2}, ROW]
    assert held.beside(rows, [])["here"] == "0.100"
    assert held.beside(rows, [])["verdict"] == OUTSIDE


@pytest.mark.parametrize(
    ("claim", "row", "verdict"),
    [
        ({}, {}, "the same"),
        ({"value": "B"}, {}, "not the same"),
        ({"tumor_type": "ACC", "value": "B"}, {}, "the same"),
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


def test_what_is_told_of_the_highest(held: Held) -> None:
    told = held.beside([ROW], DOMINANCE, **OF_SETS)
    assert told["here"] == "raw: A in 200; standardised: B in 300"
    assert (told["published"], told["n"], told["x"], told["ci_low"]) == ("A", 371, None, None)


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
