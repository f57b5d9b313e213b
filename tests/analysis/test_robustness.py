"""Robustness: each row is that of the pair asked in this way, and what they span is by hand.

Tolerance: 1e-12 of r, its interval and change; of p 1e-11 relative.
"""

from __future__ import annotations

import itertools
import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import tcga_corr as tc
from tcga_corr.analysis.nulls.associations import random_gene_null
from tcga_corr.analysis.panel import Panel
from tcga_corr.analysis.robustness import RobustnessAnswer
from tcga_corr.analysis.samples.scope import Scope
from tcga_corr.engine import Engine
from tcga_corr.errors import AnalysisError, DataMissingError, UsageError
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.vocabulary.gene_sets.catalogue import find_set
from tcga_corr.vocabulary.gene_sets.readings import READINGS
from tests.conftest import Run, barcodes, write_table

GENES = [f"G{number:03d}" for number in range(80)]
PURITY, AGE, LACKED = "covariate:purity", "covariate:age", "covariate:lacked"
XENA, MINE = "tcga-hiseqv2", "mine"
UNITS = {XENA: "log2(norm_count+1)", MINE: "log2(tpm+1)"}
N_XENA, FIRST_COMMON, N_ONLY_MINE = 34, 8, 6
COLUMNS = [
    "kind", "source", "unit", "patients", "ties", "method", "x", "y", "shared_genes", "adjust",
    "without", "n", "r", "ci_low", "ci_high", "p", "z_genes", "p_genes", "genes_mean", "genes_low",
    "genes_high", "p_genes_by_mean", "change", "note",
]  # fmt: skip


def gene_set(name: str, first: int, last: int, *more: str) -> tc.GeneSet:
    return tc.GeneSet(name, "", (*GENES[first:last], *more))


X, Y = gene_set("X", 1, 10), gene_set("Y", 7, 19)  # they share three genes
X2, Y2 = gene_set("X2", 2, 7), gene_set("Y2", 9, 24, "GPX4")


def written(folder: Path, *, common: bool) -> list[tuple[Path, LoadOptions]]:
    """The tables of two sources of one tumor type; all samples, or those that both have."""
    rng = np.random.default_rng(8)
    xena = barcodes(N_XENA, site="LI")
    mine = [*xena[FIRST_COMMON:], *barcodes(N_ONLY_MINE, site="ZZ")]
    activity = rng.normal(0, 1, (2, N_XENA + N_ONLY_MINE))
    loading = np.zeros((len(GENES), 2))
    loading[1:10, 0], loading[7:24, 1] = 0.7, 0.7
    values = rng.normal(7, 2, (len(GENES), 1)) + loading @ (activity + activity[::-1] / 3)
    values = np.maximum(values + rng.normal(0, 0.8, values.shape), 0)
    other = np.maximum(values[:, FIRST_COMMON:] + rng.normal(0, 0.5, (len(GENES), len(mine))), 0)
    both = set(xena) & set(mine)
    plans = []
    for path, samples, table, options in (
        (folder / "TCGA.LIHC.sampleMap" / "HiSeqV2", xena, values, LoadOptions()),
        (folder / "TCGA.LIHC.tsv", mine, other, LoadOptions(source=MINE, unit=UNITS[MINE])),
    ):
        kept = [place for place, name in enumerate(samples) if name in both or not common]
        rows = table[:, kept].round(1).tolist()  # rounded, so that the tie rules differ
        write_table(path, [samples[place] for place in kept], zip(GENES, rows, strict=True))
        plans.append((path, options))
    return plans


def write_covariates(path: Path) -> Path:
    """Age of all, purity of all but a few, one that others alone have, and one named as a gene."""
    rng = np.random.default_rng(9)
    lines = ["sample\tpurity\tage\tlacked\tG040", "TCGA-AA-0000-01\t0.5\t50\t1\t7"]
    for place, name in enumerate([*barcodes(N_XENA, site="LI"), *barcodes(N_ONLY_MINE, site="ZZ")]):
        purity = "" if place in (3, 20) else round(rng.uniform(0.2, 1), 2)
        lines.append(f"{name}\t{purity}\t{rng.integers(30, 80)}\t\t{rng.uniform(5, 9):.2f}")
    path.write_text("\n".join(lines) + "\n")
    return path


def filled(folder: Path, *, common: bool) -> Engine:
    engine = tc.open_store(folder / "cache")
    for path, options in written(folder, common=common):
        assert not engine.load([path], options).errors
    engine.load_covariates(write_covariates(folder / "clinic.tsv"))
    return engine


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Two sources of LIHC that have some patients in common, and one of UVM. Read only."""
    folder = tmp_path_factory.mktemp("choices")
    engine = filled(folder, common=False)
    rows = np.random.default_rng(1).uniform(2, 12, (len(GENES), 12)).round(1).tolist()
    path = folder / "TCGA.UVM.sampleMap" / "HiSeqV2"
    write_table(path, barcodes(12, site="UV"), zip(GENES, rows, strict=True))
    assert not engine.load([path]).errors
    return engine


@pytest.fixture(scope="module")
def in_common(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """The samples that both sources have, alone in a store."""
    return filled(tmp_path_factory.mktemp("in_common"), common=True)


@pytest.fixture
def gmt(tmp_path: Path) -> Path:
    path = tmp_path / "sets.gmt"
    lines = ["\t".join((one.name, "", *one.genes)) for one in (X, Y, X2, Y2)]
    path.write_text("\n".join(lines) + "\n")
    return path


Variable = str | tc.GeneSet


def name_of(variable: Variable) -> str:
    return variable.rpartition(":")[2] if isinstance(variable, str) else variable.name


def without(variable: Variable, genes: set[str]) -> Variable:
    """A set without some genes, under its name."""
    if isinstance(variable, str):
        return variable
    return tc.GeneSet(variable.name, "", tuple(g for g in variable.genes if g not in genes))


def genes_of(variable: Variable) -> set[str]:
    return {variable} if isinstance(variable, str) else set(variable.genes) & set(GENES)


def close(got: float | None, expected: float | None, *, relative: bool = False) -> None:
    if expected is None or got is None:
        assert got is None
        assert expected is None
    else:
        assert got == pytest.approx(expected, abs=1e-12, rel=1e-11 if relative else 0)


def assert_row_is_that_of_the_pair(
    engines: dict[str, Engine], row: dict[str, Any], variables: Sequence[Variable]
) -> None:
    """A row, asked in its own way of a store that holds the patients that it is of."""
    named = {name_of(variable): variable for variable in variables}
    x, y = named[row["x"]], named[row["y"]]
    both = genes_of(x) & genes_of(y)
    out = both if row["shared_genes"] == "removed" else set()
    out |= {row["without"]} - {""}

    def alone(x: Variable, y: Variable) -> dict[str, Any]:
        answer = engines[row["patients"]].correlate(
            x,
            y,
            tumor_types=["LIHC"],
            source=row["source"],
            ties=row["ties"],
            method=row["method"],
            adjust=[named[name] for name in row["adjust"].split("+") if name],
            null=(),
        )
        return answer.frame.to_dicts()[0]

    found = alone(without(x, out), without(y, out))
    assert row["n"] == found["n"]
    for column in ("r", "ci_low", "ci_high"):
        close(row[column], found[column])
    close(row["p"], found["p"], relative=True)
    if row["shared_genes"] == "removed":  # as the pair that keeps them says of itself
        close(row["r"], alone(x, y)["r_disjoint"])
    assert row["unit"] == UNITS[row["source"]]


SPECIFICATION = ["source", "patients", "ties", "method", "x", "y", "shared_genes", "adjust"]


def assert_whole(answer: RobustnessAnswer, expected: Sequence[tuple[str, ...]]) -> None:
    """As asked first, then each other combination once, then each gene left out."""
    frame = answer.frame
    assert frame.columns == COLUMNS
    kinds = frame["kind"].to_list()
    assert kinds[0] == "as asked"
    assert kinds[1:] == sorted(kinds[1:])  # choices, then without a gene
    choices = frame.filter(pl.col("kind") != "without gene")
    assert set(choices["without"]) == {""}
    assert choices.select(SPECIFICATION).is_duplicated().sum() == 0
    assert {*choices.select(SPECIFICATION).iter_rows()} == {*expected}
    apart = frame.filter(pl.col("kind") == "without gene")
    assert {*apart.select(SPECIFICATION).iter_rows()} <= {frame.select(SPECIFICATION).row(0)}
    first = frame["r"][0]
    for r, change in zip(frame["r"], frame["change"], strict=True):
        close(change, None if r is None else r - first)


def assert_spread(answer: RobustnessAnswer) -> None:
    """The summary, by hand from the rows."""
    rows = answer.frame.to_dicts()
    asked, spread = rows[0], asdict(answer.summary)
    choices = [
        row for row in rows
        if row["kind"] != "without gene" and row["r"] is not None and row["method"] != "kendall"
    ]  # fmt: skip
    r = [row["r"] for row in choices]
    assert spread["r_as_asked"] == asked["r"]
    assert spread["n_specifications"] == len(r)
    assert (spread["r_min"], spread["r_max"]) == (min(r), max(r))
    close(spread["r_median"], statistics.median(r))
    assert spread["n_positive"] == sum(value > 0 for value in r)
    assert spread["n_significant"] == sum(row["p"] < 0.05 for row in choices)
    by_choice = {}
    for name in ("source", "patients", "ties", "method", "x", "y", "shared_genes", "adjust"):
        others = [other for other in SPECIFICATION if other != name]
        alike = {
            row[name]: row["r"] for row in choices if all(row[o] == asked[o] for o in others)
        }  # fmt: skip
        if len(alike) > 1:
            by_choice[name] = alike
    assert spread["by_choice"] == by_choice
    genes = [row for row in rows if row["kind"] == "without gene" and row["r"] is not None]
    genes.sort(key=lambda row: (-abs(row["change"]), row["without"]))
    assert spread["influential_genes"] == [
        {"gene": row["without"], "r_without": row["r"], "change": row["change"]}
        for row in genes[:5]
    ]


TIES, METHODS = ("average", "gseapy", "gsva"), ("pearson", "spearman", "kendall")
PLACES = [*itertools.product((XENA, MINE), ("all", "in every source"))]


def combined(
    *choices: Sequence[str], adjust: Sequence[str] = ("",), places: Any = PLACES
) -> list[tuple[str, ...]]:
    """Source and patients, then each of the choices and adjustments; kendall unadjusted alone."""
    ties, x, y, shared = choices
    return [
        (*place, tie, method, one, other, sharing, held)
        for place, tie, method, one, other, sharing, held in itertools.product(
            places, ties, METHODS, x, y, shared, adjust
        )
        if not (held and method == "kendall")
    ]


# --- the rows ------------------------------------------------------------------------------------


def test_two_sets_over_all_choices(engine: Engine, in_common: Engine) -> None:
    answer = engine.robustness(X, Y, tumor_type="LIHC", adjust=(PURITY, AGE))
    held = ("", "purity", "age", "purity+age")
    assert_whole(answer, combined(TIES, ["X"], ["Y"], ["kept", "removed"], adjust=held))
    assert_spread(answer)
    engines = {"all": engine, "in every source": in_common}
    rows = answer.frame.to_dicts()
    genes = {row["without"] for row in rows if row["kind"] == "without gene"}
    assert genes == genes_of(X) | genes_of(Y)
    for row in [row for row in rows if row["kind"] == "without gene"][::4] + rows[:1]:
        assert_row_is_that_of_the_pair(engines, row, (X, Y, PURITY, AGE))
    # a third of the others, so that each value of each choice is there
    some = [row for row in rows if row["kind"] == "choice"][::7]
    for name in SPECIFICATION:
        assert {row[name] for row in some} == set(answer.frame[name])
    for row in some:
        assert_row_is_that_of_the_pair(engines, row, (X, Y, PURITY, AGE))


def test_other_sets_of_the_same_meaning(engine: Engine, in_common: Engine, gmt: Path) -> None:
    answer = engine.robustness(
        X, f"{gmt}:Y", tumor_type="LIHC", x_also=[f"{gmt}:X2"], y_also=[f"{gmt}:Y2"]
    )
    assert answer.query.x == ["X", "X2"]
    assert answer.query.y == ["Y", "Y2"]
    expected = combined(TIES, ["X", "X2"], ["Y", "Y2"], ["kept", "removed"])
    # X2 shares no gene with either
    expected = [one for one in expected if not (one[4] == "X2" and one[6] == "removed")]
    assert_whole(answer, expected)
    assert_spread(answer)
    assert set(asdict(answer.summary)["by_choice"]) == {
        "source", "patients", "ties", "method", "x", "y", "shared_genes"
    }  # fmt: skip
    others = answer.frame.filter((pl.col("x") == "X2") | (pl.col("y") == "Y2"))
    engines = {"all": engine, "in every source": in_common}
    for row in others.gather_every(6).to_dicts():
        assert_row_is_that_of_the_pair(engines, row, (X, Y, X2, Y2))


def test_patients_that_every_source_has(engine: Engine) -> None:
    frame = engine.robustness("G030", "G031", tumor_type="LIHC").frame
    n = {(row["source"], row["patients"]): row["n"] for row in frame.to_dicts()}
    common = N_XENA - FIRST_COMMON
    assert n == {
        (XENA, "all"): N_XENA,
        (XENA, "in every source"): common,
        (MINE, "all"): common + N_ONLY_MINE,
        (MINE, "in every source"): common,
    }


def test_two_genes_have_no_choices_of_sets(engine: Engine, in_common: Engine) -> None:
    answer = engine.robustness("G030", "G031", tumor_type="LIHC", adjust=PURITY)
    assert_whole(answer, combined(["average"], ["G030"], ["G031"], ["kept"], adjust=("", "purity")))
    assert_spread(answer)
    assert asdict(answer.summary)["influential_genes"] == []
    engines = {"all": engine, "in every source": in_common}
    for row in answer.frame.to_dicts():
        assert_row_is_that_of_the_pair(engines, row, ("G030", "G031", PURITY))


def test_a_set_and_a_gene_of_it(engine: Engine, in_common: Engine) -> None:
    answer = engine.robustness(X, "G004", tumor_type="LIHC")
    assert_whole(answer, combined(TIES, ["X"], ["G004"], ["kept", "removed"]))
    assert_spread(answer)
    engines = {"all": engine, "in every source": in_common}
    for row in answer.frame.gather_every(5).to_dicts():
        assert_row_is_that_of_the_pair(engines, row, (X, "G004"))
    # to leave the gene itself out of the set is to remove what is shared
    rows = answer.frame.filter(pl.col("without") == "G004").to_dicts()
    removed = answer.frame.filter(
        (pl.col("shared_genes") == "removed")
        & (pl.col("ties") == "average")
        & (pl.col("method") == "pearson")
    ).to_dicts()
    assert rows[0]["r"] == removed[0]["r"]


def test_a_set_and_a_covariate(engine: Engine, in_common: Engine) -> None:
    answer = engine.robustness(AGE, X, tumor_type="LIHC", adjust=PURITY)
    assert_whole(answer, combined(TIES, ["age"], ["X"], ["kept"], adjust=("", "purity")))
    assert_spread(answer)
    engines = {"all": engine, "in every source": in_common}
    for row in answer.frame.gather_every(5).to_dicts():
        assert_row_is_that_of_the_pair(engines, row, (AGE, X, PURITY))


@pytest.mark.parametrize(("source", "ties"), [(MINE, "gsva"), (XENA, "gseapy"), (None, "average")])
def test_what_was_asked_comes_first(engine: Engine, source: str | None, ties: Any) -> None:
    answer = engine.robustness(X, Y, tumor_type="LIHC", source=source, ties=ties)
    first = answer.frame.to_dicts()[0]
    assert (first["source"], first["ties"]) == (source or XENA, ties)
    assert (first["patients"], first["method"], first["shared_genes"]) == ("all", "pearson", "kept")
    assert_whole(answer, combined(TIES, ["X"], ["Y"], ["kept", "removed"]))
    assert_spread(answer)
    alone = engine.correlate(
        X, Y, tumor_types=["LIHC"], source=source or XENA, ties=ties, null=()
    ).frame
    close(first["r"], alone["r"][0])
    for row in answer.frame.filter(pl.col("kind") == "without gene").to_dicts()[::5]:
        assert_row_is_that_of_the_pair({"all": engine}, row, (X, Y))


def test_one_source_is_not_a_choice(engine: Engine) -> None:
    answer = engine.robustness("G030", "G031", tumor_type="UVM")
    assert answer.query.sources == [XENA]
    assert_whole(
        answer, combined(["average"], ["G030"], ["G031"], ["kept"], places=[(XENA, "all")])
    )


def test_the_same_variable_twice_is_one_choice(engine: Engine, gmt: Path) -> None:
    once = engine.robustness(f"{gmt}:X", "G031", tumor_type="UVM")
    again = engine.robustness(f"{gmt}:X", "G031", tumor_type="UVM", x_also=[f"{gmt}:X"])
    assert again.frame.equals(once.frame)


def test_the_same_control_twice_is_one(engine: Engine) -> None:
    once = engine.robustness("G030", "G031", tumor_type="LIHC", adjust=["G032", AGE])
    several = ["G032", AGE, "gene:G032", AGE]
    again = engine.robustness("G030", "G031", tumor_type="LIHC", adjust=several)
    assert again.frame.equals(once.frame)
    assert not again.frame.select(SPECIFICATION).is_duplicated().any()


def test_a_gene_and_a_covariate_of_one_name(engine: Engine, in_common: Engine) -> None:
    gene, covariate = "gene:G040", "covariate:G040"
    engines = {"all": engine, "in every source": in_common}
    for x, y in ((gene, covariate), (covariate, gene)):
        for row in engine.robustness(x, y, tumor_type="LIHC").frame.to_dicts():
            assert (row["x"], row["y"]) == ("G040", "G040")
            pair = engines[row["patients"]].correlate(
                x, y, tumor_types="LIHC", source=row["source"], method=row["method"], null=()
            )
            close(row["r"], pair.frame["r"][0])
            assert abs(row["r"]) < 0.9


def test_a_control_with_a_plus_in_its_name(engine: Engine) -> None:
    held = gene_set("CD4+ T", 40, 50)
    frame = engine.robustness("G030", "G031", tumor_type="LIHC", adjust=[held, AGE]).frame
    asked = {"": [], "CD4+ T": [held], "age": [AGE], "CD4+ T+age": [held, AGE]}
    assert set(frame["adjust"]) == set(asked)
    rows = frame.filter(pl.col("patients") == "all", pl.col("method") != "kendall").to_dicts()
    assert len(rows) == 2 * 2 * len(asked)
    for row in rows:
        pair = engine.correlate(
            "G030",
            "G031",
            tumor_types="LIHC",
            source=row["source"],
            method=row["method"],
            adjust=asked[row["adjust"]],
            null=(),
        )
        close(row["r"], pair.frame["r"][0])


def test_a_set_of_a_taken_name_goes_by_its_text(engine: Engine, tmp_path: Path) -> None:
    other = gene_set("X", 40, 52)
    path = tmp_path / "other.gmt"
    path.write_text("\t".join((other.name, "", *other.genes)) + "\n")
    text = f"{path}:X"
    answer = engine.robustness(X, "G031", tumor_type="UVM", x_also=[text])
    assert answer.query.x == ["X", text]
    assert_whole(answer, combined(TIES, ["X", text], ["G031"], ["kept"], places=[(XENA, "all")]))
    for row in answer.frame.filter(pl.col("kind") != "without gene").to_dicts():
        pair = engine.correlate(
            {"X": X, text: other}[row["x"]],
            "G031",
            tumor_types="UVM",
            ties=row["ties"],
            method=row["method"],
            null=(),
        )
        close(row["r"], pair.frame["r"][0])


def test_the_same_samples_are_not_asked_again(in_common: Engine) -> None:
    answer = in_common.robustness("G030", "G031", tumor_type="LIHC")
    places = [(XENA, "all"), (MINE, "all")]
    assert_whole(answer, combined(["average"], ["G030"], ["G031"], ["kept"], places=places))


def test_a_source_that_holds_only_what_all_hold(tmp_path: Path) -> None:
    engine = tc.open_store(tmp_path / "cache")
    rng = np.random.default_rng(3)
    for source, n in (("few", 15), ("many", 20)):
        rows = rng.uniform(1, 12, (len(GENES), n)).round(1).tolist()
        path = tmp_path / f"TCGA.ACC.{source}.tsv"
        write_table(path, barcodes(n), zip(GENES, rows, strict=True))
        options = LoadOptions(source=source, unit="log2(tpm+1)")
        assert not engine.load([path], options).errors
    answer = engine.robustness("G030", "G031", tumor_type="ACC")
    places = [("few", "all"), ("many", "all"), ("many", "in every source")]
    assert_whole(answer, combined(["average"], ["G030"], ["G031"], ["kept"], places=places))
    n = {(row["source"], row["patients"]): row["n"] for row in answer.frame.to_dicts()}
    assert n == dict(zip(places, (15, 20, 15), strict=True))


def test_a_set_of_which_too_little_is_left(engine: Engine) -> None:
    """Rows that cannot be answered stay, with the reason; they are not in the span."""
    small = gene_set("small", 30, 35)
    answer = engine.robustness(small, Y, tumor_type="UVM", null=())
    apart = answer.frame.filter(pl.col("kind") == "without gene")
    for row in apart.to_dicts():
        if row["without"] in small.genes:
            assert (row["r"], row["change"]) == (None, None)
            assert row["note"] == "small: 4 of 5 genes left, at least 5 needed"
        else:
            assert row["r"] is not None
            assert row["note"] == ""
    assert_spread(answer)
    fewer = engine.robustness(small, Y, tumor_type="UVM", min_genes=4)
    assert fewer.frame["r"].null_count() == 0
    for row in fewer.frame.filter(pl.col("without").is_in(small.genes)).to_dicts():
        pair = engine.correlate(
            without(small, {row["without"]}), Y, tumor_types=["UVM"], min_genes=4, null=()
        )
        close(row["r"], pair.frame["r"][0])


def test_what_nobody_has_cannot_be_adjusted_for(engine: Engine) -> None:
    answer = engine.robustness("G030", "G031", tumor_type="LIHC", adjust=(LACKED, PURITY))
    rows = answer.frame.to_dicts()
    for row in rows:
        if "lacked" in row["adjust"]:
            assert (row["r"], row["p"], row["change"]) == (None, None, None)
            assert "lacked: no sample has it" in row["note"]
        else:
            assert row["r"] is not None
    assert {row["adjust"] for row in rows} == {"", "purity", "lacked", "lacked+purity"}
    assert_spread(answer)


def test_sources_without_a_patient_in_common(tmp_path: Path) -> None:
    engine = tc.open_store(tmp_path / "cache")
    rng = np.random.default_rng(3)
    for source, site in (("one", "AA"), ("two", "BB")):
        rows = rng.uniform(1, 12, (len(GENES), 15)).round(1).tolist()
        path = tmp_path / f"TCGA.ACC.{source}.tsv"
        write_table(path, barcodes(15, site=site), zip(GENES, rows, strict=True))
        options = LoadOptions(source=source, unit="log2(tpm+1)")
        assert not engine.load([path], options).errors
    answer = engine.robustness(X, "G031", tumor_type="ACC", adjust="G032")
    places = [("one", "all"), ("two", "all")]
    held = ("", "G032")
    assert_whole(answer, combined(TIES, ["X"], ["G031"], ["kept"], adjust=held, places=places))
    assert set(answer.frame["n"]) == {15}
    assert answer.frame["r"].null_count() == 0
    assert_spread(answer)


# --- the readings of a term

NFKB = [reading.name for reading in READINGS["nfkb"]]


@pytest.fixture(scope="module")
def of_nfkb(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A table with the genes of every reading."""
    rng = np.random.default_rng(3)
    genes = sorted({gene for name in (*NFKB, "ferroptosis") for gene in find_set(name).genes})
    rows = zip(genes, rng.uniform(0, 12, (len(genes), 15)).round(2).tolist(), strict=True)
    folder = tmp_path_factory.mktemp("readings")
    path = folder / "TCGA.UVM.sampleMap" / "HiSeqV2"
    write_table(path, barcodes(15, site="UV"), rows)
    engine = tc.open_store(folder / "cache")
    assert not engine.load([path]).errors
    return engine


def test_a_term_stands_for_its_readings(of_nfkb: Engine) -> None:
    answer = of_nfkb.robustness("ferroptosis", "nfkb", tumor_type="UVM")
    given = of_nfkb.robustness("ferroptosis", find_set("nfkb"), tumor_type="UVM", y_also=NFKB[1:])
    assert answer.query.y == given.query.y == NFKB
    assert answer.frame.equals(given.frame)
    by_reading = asdict(answer.summary)["by_choice"]["y"]
    assert list(by_reading) == NFKB
    for name, r in by_reading.items():
        close(r, of_nfkb.correlate("ferroptosis", name, null=()).frame["r"][0])
    assert "nfkb: all 11 readings, see `tcga-corr sets nfkb`" in answer.notes
    assert answer.provenance.notes == answer.notes


def test_correlate_takes_the_first_reading_and_notes_it_once(of_nfkb: Engine) -> None:
    answer = of_nfkb.correlate("ferroptosis", "nfkb", null=())
    noted = [note for note in answer.notes if "tcga-corr sets nfkb" in note or "FILE.gmt" in note]
    assert [note.partition(",")[0] for note in noted] == [
        "ferroptosis: the list of WikiPathways (by MSigDB)",
        "nfkb: genes that TNF switches on through NF-kB (targets)",
    ]
    assert answer.provenance.notes == answer.notes
    hallmark = of_nfkb.correlate("ferroptosis", "HALLMARK_TNFA_SIGNALING_VIA_NFKB", null=())
    assert answer.frame["r"].equals(hallmark.frame["r"])


def test_another_name_of_a_list_stands_for_it_alone(of_nfkb: Engine) -> None:
    for name in ("nfkb-pid-canonical", "HALLMARK_TNFA_SIGNALING_VIA_NFKB"):
        answer = of_nfkb.robustness("ferroptosis", name, tumor_type="UVM")
        assert answer.query.y == [name]
        assert set(answer.frame["y"]) == {name}


def test_a_reading_is_not_correlated_with_itself(of_nfkb: Engine) -> None:
    frame = of_nfkb.robustness("nfkb", "nfkb-pid-canonical", tumor_type="UVM").frame
    assert set(frame["x"]) == set(NFKB) - {"nfkb-pid-canonical"}


# --- random genes

DRAWS = 60


@pytest.fixture(scope="module")
def many_genes(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A table with enough genes for classes; X and Y are sets of their first."""
    rng = np.random.default_rng(5)
    names = [*GENES, *(f"H{number:03d}" for number in range(1_000))]
    activity = rng.normal(size=(3, 32))
    values = rng.uniform(3, 10, (len(names), 1)) + rng.normal(0, 0.5, (len(names), 3)) @ activity
    values = np.maximum(values + rng.normal(0, 0.7, values.shape), 0).round(1)
    folder = tmp_path_factory.mktemp("many_genes")
    samples = barcodes(32, site="LI")
    for path, kept in (
        (folder / "TCGA.LIHC.sampleMap" / "HiSeqV2", slice(0, 32)),
        (folder / "mine" / "TCGA.LIHC.tsv", slice(4, 30)),
    ):
        write_table(path, samples[kept], zip(names, values[:, kept].tolist(), strict=True))
    engine = tc.open_store(folder / "cache")
    assert not engine.load([folder / "TCGA.LIHC.sampleMap"]).errors
    options = LoadOptions(source=MINE, unit=UNITS[MINE])
    assert not engine.load([folder / "mine" / "TCGA.LIHC.tsv"], options).errors
    return engine


OF_GENES = ["z_genes", "p_genes", "genes_mean", "genes_low", "genes_high"]
OF_P = ["source", "patients", "method", "x", "y", "adjust"]


def test_each_choice_is_compared_with_random_genes(many_genes: Engine) -> None:
    """As the pair asked alone, whatever the tie rule and whether shared genes are kept."""
    answer = many_genes.robustness(
        X, Y, tumor_type="LIHC", ties="gsva", y_also=[Y2], adjust="H007", draws=DRAWS
    )
    named: dict[str, Variable] = {one.name: one for one in (X, Y, Y2)}
    choices = answer.frame.filter(pl.col("kind") != "without gene")
    compared = choices.filter(pl.col("method") != "kendall")
    assert compared["p_genes"].null_count() == 0
    assert set(compared["ties"]) == {*TIES}
    assert set(compared["shared_genes"]) == {"kept", "removed"}
    assert compared.n_unique(OF_P) == compared.n_unique([*OF_P, *OF_GENES, "p_genes_by_mean"]) == 24
    for row in compared.filter(pl.col("patients") == "all").unique(OF_P).to_dicts():
        pair = many_genes.correlate(
            X,
            named[row["y"]],
            tumor_types="LIHC",
            source=row["source"],
            method=row["method"],
            adjust=[name for name in [row["adjust"]] if name],
            null="genes",
            draws=DRAWS,
        ).frame.row(0, named=True)
        for name in OF_GENES:
            close(row[name], pair[name])
    others = answer.frame.filter(
        (pl.col("method") == "kendall") | (pl.col("kind") == "without gene")
    )
    assert all(
        others[name].null_count() == others.height for name in (*OF_GENES, "p_genes_by_mean")
    )
    kendall = choices.filter(pl.col("method") == "kendall")
    assert set(kendall["note"]) == {"no null for Kendall"}


@pytest.mark.parametrize("y", [Y, "H011"])
def test_the_rule_of_the_mean_alone(many_genes: Engine, y: Variable) -> None:
    """The same draws, of classes that do not see the spread."""
    row = many_genes.robustness(X, y, tumor_type="LIHC", draws=DRAWS).frame.row(0, named=True)
    [cohort] = many_genes.cohorts(Scope(["LIHC"], XENA))
    variables = many_genes.names([cohort]).variables([X, y])
    panel = Panel(cohort, variables)
    found = panel.pairs(np.array([0]), np.array([1]))
    [(table, _)] = panel.tables(found.x, found.y, np.array([True]))
    observed = found.r_disjoint
    by_mean, by_both = (
        random_gene_null([table], observed, DRAWS, lambda _: NotImplemented, n).numbers
        for n in (1, 5)
    )
    close(row["p_genes_by_mean"], float(by_mean.p[0]))
    close(row["z_genes"], float(by_both.z[0]))
    assert by_mean.mean[0] != by_both.mean[0]


def test_the_range_of_p_genes_and_its_readings(many_genes: Engine) -> None:
    answer = many_genes.robustness(X, Y, tumor_type="LIHC", y_also=[Y2], draws=DRAWS)
    for column, title in (
        ("p_genes", "p_genes"),
        ("p_genes_by_mean", "of random genes of the same mean alone, as in 0.1.0, p_genes"),
    ):
        known = answer.frame.filter(pl.col(column).is_not_null()).unique(OF_P)
        spread = asdict(answer.summary)[column]
        lowest, highest = known[column].min(), known[column].max()
        assert (spread["lowest"], spread["highest"], spread["n"]) == (lowest, highest, 12)
        assert spread["as_asked"] == answer.frame[column][0]
        for end, of in ((lowest, "lowest_of"), (highest, "highest_of")):
            assert spread[of] in known.filter(pl.col(column) == end)["y"].to_list()
        n_below = known.filter(pl.col(column) < 0.05).height
        assert spread["n_significant"] == n_below
        line = (
            f"{title} as asked {spread['as_asked']:.2g}; over 12 choices {lowest:.2g} "
            f"({spread['lowest_of']}) to {highest:.2g} ({spread['highest_of']}), {n_below} below "
            "0.05"
        )
        assert line in answer.lines


def test_compared_with_nothing(many_genes: Engine) -> None:
    answer = many_genes.robustness("G001", "H002", tumor_type="LIHC", null=())
    columns = [*OF_GENES, "p_genes_by_mean"]
    assert all(answer.frame[name].null_count() == answer.frame.height for name in columns)
    assert not any("p_genes" in line for line in answer.lines)
    assert set(answer.frame["note"]) == {""}
    with pytest.raises(UsageError, match="null is 'sets'"):
        many_genes.robustness("G001", "H002", tumor_type="LIHC", null="sets")
    with pytest.raises(UsageError, match="draws is 0"):
        many_genes.robustness("G001", "H002", tumor_type="LIHC", draws=0)


# --- what cannot be asked ------------------------------------------------------------------------


def test_what_cannot_be_asked_is_said(engine: Engine) -> None:
    with pytest.raises(UsageError, match="'purity' cannot be adjusted for: it is x or y"):
        engine.robustness(PURITY, X, tumor_type="LIHC", adjust=PURITY)
    with pytest.raises(UsageError, match="'X2' cannot be adjusted for"):
        engine.robustness(X, Y, tumor_type="LIHC", x_also=[X2], adjust=X2)
    with pytest.raises(UsageError, match="two different gene sets are named 'X'"):
        engine.robustness(X, Y, tumor_type="LIHC", x_also=[gene_set("X", 1, 9)])
    with pytest.raises(AnalysisError, match="lacked: no sample has it"):
        engine.robustness(LACKED, X, tumor_type="LIHC")
    with pytest.raises(AnalysisError, match="too few samples: 0, at least 10 needed"):
        engine.robustness("G001", "G002", tumor_type="LIHC", samples="normal")
    with pytest.raises(DataMissingError, match="BRCA: not loaded"):
        engine.robustness("G001", "G002", tumor_type="BRCA")
    with pytest.raises(DataMissingError, match="UVM: not loaded from source 'mine'"):
        engine.robustness("G001", "G002", tumor_type="UVM", source=MINE)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("G001", "G002"), 2, "robustness is of one tumor type"),
        (("G001", "G002", "-t", "LIHC,UVM"), 2, "robustness is of one tumor type"),
        (("G001", "G002", "-t", "LICH"), 2, "Did you mean LIHC"),
        (("G001", "G002", "-t", "BRCA"), 3, "BRCA: not loaded"),
        (("G001", "G002", "-t", "UVM", "--source", "mine"), 3, "not loaded from source 'mine'"),
        (("G001", "G002", "-t", "UVM", "--adjust", "G001"), 2, "it is x or y"),
        (("G001", "G002", "-t", "UVM", "--adjust", ""), 2, "an empty name"),
        (("G001", "NOGENE", "-t", "UVM"), 2, "NOGENE"),
        (("G001", "no.gmt:S", "-t", "UVM"), 3, "no gene set file"),
        (("G001", "GPX4", "-t", "UVM"), 1, "GPX4: not measured"),
        (("G001", LACKED, "-t", "LIHC"), 1, "lacked: no sample has it"),
        (("G001", "G002", "-t", "UVM", "--null", "sets"), 2, "--null is 'sets'"),
        (("G001",), 2, "Missing argument"),
    ],
)
def test_an_error_is_one_line(run: Run, arguments: tuple[str, ...], code: int, said: str) -> None:
    got, out, err = run("robustness", *arguments)
    assert (got, out) == (code, "")
    assert err.startswith("tcga-corr: error: ")
    assert err.count("\n") == 1
    assert said in err


# --- what is written -----------------------------------------------------------------------------


def test_every_format_has_the_same_rows(
    run: Run, engine: Engine, gmt: Path, tmp_path: Path
) -> None:
    asked = ["robustness", f"{gmt}:X", f"{gmt}:Y", "-t", "LIHC", "--x-also", f"{gmt}:X2"]
    answer = engine.robustness(f"{gmt}:X", f"{gmt}:Y", tumor_type="LIHC", x_also=[f"{gmt}:X2"])
    frame = answer.frame
    for ending, read in (("tsv", _read_tsv), ("csv", pl.read_csv), ("parquet", pl.read_parquet)):
        target = tmp_path / f"rows.{ending}"
        assert run(*asked, "-o", target)[:2] == (0, "")
        got = read(target) if ending == "parquet" else read(target, schema=frame.schema)  # type: ignore[operator]
        texts = [name for name, kind in frame.schema.items() if kind == pl.String]
        assert got.with_columns(pl.col(texts).fill_null("")).equals(frame)
    _, out, _ = run(*asked, "--format", "json")
    written = json.loads(out)
    assert list(written) == ["schema", "query", "specifications", "spread", "provenance"]
    assert pl.DataFrame(written["specifications"], schema=frame.schema).equals(frame)
    assert written["spread"] == asdict(answer.summary)
    assert written["query"]["sources"] == [XENA, MINE]


def _read_tsv(path: Path, **options: Any) -> pl.DataFrame:
    return pl.read_csv(path, separator="\t", **options)


def test_the_table_for_people(run: Run, engine: Engine, gmt: Path) -> None:
    answer = engine.robustness(f"{gmt}:X", f"{gmt}:Y", tumor_type="UVM")
    _, out, _ = run("robustness", f"{gmt}:X", f"{gmt}:Y", "-t", "UVM")
    lines = out.splitlines()
    assert lines[0] == "X against Y in UVM over the choices; tcga-hiseqv2; tumor samples"
    headings = lines[2].split()
    assert headings[:5] == ["kind", "ties", "method", "shared_genes", "without"]
    assert "source" not in headings  # it is the same everywhere
    apart = answer.frame.filter(pl.col("kind") == "without gene")
    biggest = apart.sort(pl.col("change").abs(), descending=True)["without"].to_list()[:10]
    shown = [line.split() for line in lines if line.startswith("without gene")]
    assert [words[5] for words in shown] == biggest
    assert f"{apart.height - 10} more genes, each left out" in out
    assert lines[-len(answer.lines) :] == list(answer.lines)


def test_the_lines_say_what_the_spread_is(engine: Engine) -> None:
    answer = engine.robustness(X, Y, tumor_type="LIHC", adjust=PURITY)
    spread, lines = asdict(answer.summary), answer.lines
    assert lines[0] == (
        f"as asked r = {spread['r_as_asked']:.3f}; over {spread['n_specifications']} choices "
        f"{spread['r_min']:.3f} to {spread['r_max']:.3f}, median {spread['r_median']:.3f}; "
        f"{spread['n_positive']} of {spread['n_specifications']} above 0, "
        f"{spread['n_significant']} with p < 0.05"
    )
    held = spread["by_choice"]["adjust"]
    assert f"adjust alone: nothing {held['']:.3f}, purity {held['purity']:.3f}" in lines
    sharing = spread["by_choice"]["shared_genes"]
    said = f"shared genes alone: kept {sharing['kept']:.3f}, removed {sharing['removed']:.3f}"
    assert said in lines
    first = spread["influential_genes"][0]
    assert lines[-1].startswith(
        f"most influential genes, r without each: {first['gene']} "
        f"({first['r_without']:.3f}, {first['change']:+.3f})"
    )


def test_made_up_values_stay_alone(tmp_path: Path) -> None:
    from tcga_corr.fetching.simulation import write_atlas

    list(write_atlas(tmp_path / "atlas", n_genes=300, tumor_types=("UVM",)))
    engine = tc.open_store(tmp_path / "cache")
    made_up = LoadOptions(source="simulated")
    assert not engine.load([tmp_path / "atlas" / "TCGA.UVM.sampleMap"], made_up).errors
    alone = engine.robustness("RELA", "NFE2L2", tumor_type="UVM", null=())
    assert alone.query.sources == ["simulated"]
    assert alone.simulated is True
    assert set(alone.frame["note"]) == {"SIMULATED"}
    rows = np.random.default_rng(2).uniform(2, 12, (40, 15)).round(1).tolist()
    names = ["RELA", "NFE2L2", *GENES[:38]]
    path = tmp_path / "TCGA.UVM.sampleMap" / "HiSeqV2"
    write_table(path, barcodes(15, site="UV"), zip(names, rows, strict=True))
    assert not engine.load([path]).errors
    beside = engine.robustness("RELA", "NFE2L2", tumor_type="UVM", null=())
    assert beside.query.sources == [XENA]
    assert beside.simulated is False
    assert set(beside.frame["note"]) == {""}
    asked = engine.robustness("RELA", "NFE2L2", tumor_type="UVM", source="simulated", null=())
    assert asked.frame.equals(alone.frame)


# --- a real cohort -------------------------------------------------------------------------------


@pytest.mark.shared
def test_ferroptosis_and_nfkb_in_acc(shared: Path, tmp_path: Path) -> None:
    """The figure of the founding analysis, and what becomes of it over the choices."""
    table = shared / "hub" / "tcga-xena-hub" / "download" / "TCGA.ACC.sampleMap" / "HiSeqV2.gz"
    engine = tc.open_store(tmp_path / "cache")
    assert not engine.load([table]).errors
    answer = engine.robustness("ferroptosis", find_set("nfkb"), tumor_type="ACC")
    assert answer.frame["n"].to_list() == [79] * answer.frame.height
    pair = engine.correlate("ferroptosis", "nfkb", null=()).frame.to_dicts()[0]
    close(asdict(answer.summary)["by_choice"]["shared_genes"]["removed"], pair["r_disjoint"])
    assert list(answer.lines) == [
        "as asked r = 0.498; over 12 choices 0.349 to 0.505, median 0.424; 12 of 12 above 0, "
        "12 with p < 0.05",
        "p_genes as asked 0.14; over 2 choices 0.14 to 0.39, 0 below 0.05",
        "of random genes of the same mean alone, as in 0.1.0, p_genes as asked 0.038; over 2 "
        "choices 0.038 to 0.1, 1 below 0.05",
        "ties alone: average 0.498, gseapy 0.505, gsva 0.490",
        "method alone: pearson 0.498, spearman 0.370",
        "shared genes alone: kept 0.498, removed 0.483",
        "most influential genes, r without each: CYBB (0.442, -0.055), STEAP3 (0.447, -0.051), "
        "ACSL5 (0.452, -0.046), ACSL6 (0.541, +0.043), HMOX1 (0.457, -0.041)",
    ]
