"""Associations: adjusted, by Kendall, by every method, pooled, and where there is little to say.

Tolerance: 1e-10 on r, interval and statistic; p within 1e-10 of itself.
"""

from __future__ import annotations

import io
import itertools
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

import tcga_corr as tc
from tcga_corr.analysis.pool import Pooling
from tcga_corr.choices import Format, Method
from tcga_corr.cli import main
from tcga_corr.engine import Answer, Engine
from tcga_corr.errors import AnalysisError, UsageError
from tcga_corr.stats.exact_spearman import least_p
from tcga_corr.stats.pooling import pool
from tcga_corr.vocabulary.gene_sets.catalogue import reference_sets
from tcga_corr.vocabulary.gene_sets.gmt import GeneSet
from tcga_corr.vocabulary.methods import METHODS
from tcga_corr.vocabulary.tumor_types import TUMOR_TYPES
from tests.analysis.vectors import associated
from tests.conftest import barcodes, write_table

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Row = dict[str, Any]
Name = str | GeneSet

GOLDEN: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "golden" / "partial.json").read_text(encoding="utf-8")
)
LINEAR: tuple[Method, ...] = ("pearson", "spearman")
NUMBERS = ("r", "ci_low", "ci_high", "p", "q")
OF_GENES = ("z_genes", "p_genes", "q_genes", "genes_mean", "genes_low", "genes_high")
OF_SETS = ("z_sets", "p_sets", "sets_mean", "sets_low", "sets_high", "n_reference_sets")
NULL_NUMBERS = (*OF_GENES, *OF_SETS)

N = {"ACC": 25, "CHOL": 3, "LIHC": 40, "UVM": 14}
SMALLEST = sorted(reference_sets().values(), key=lambda known: (len(known.genes), known.name))[:45]
GENES = sorted({gene for known in SMALLEST for gene in known.genes})
A, B, C = GENES[:3]
TOP = GENES[-6:]  # above all others and constant
X = GeneSet("X", "", tuple(GENES[10:22]))
Y = GeneSet("Y", "", tuple(GENES[18:34]))
Z = GeneSet("Z", "", tuple(GENES[40:50]))
STEADY = GeneSet("STEADY", "", tuple(TOP[:5]))
AGE, DOSE, TWICE, FLAT, MIRROR = (  # by their kind, which is found fastest
    f"covariate:{name}" for name in ("age", "dose", "twice", "flat", "mirror")
)

FEW = "note: 4 of 33 tumor types are loaded\n"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Four tumor types, their genes moved by what moves age too, and covariates with gaps.

    Values are in steps of 1/64, which single precision holds; those of C are whole numbers.
    """
    folder = tmp_path_factory.mktemp("associations")
    engine = tc.open_store(folder / "cache")
    rng = np.random.default_rng(12)
    lines = ["sample,age,dose,twice,flat,mirror"]
    for tumor_type, n in N.items():
        hidden = rng.normal(size=n)
        values = 6 + np.outer(rng.uniform(-1, 1, len(GENES)), hidden)
        values = np.round(64 * (values + rng.normal(0, 0.7, values.shape))) / 64
        values[2] = values[2].round()
        values[-len(TOP) :] = 20 + np.arange(len(TOP))[:, np.newaxis]
        path = folder / f"TCGA.{tumor_type}.sampleMap" / "HiSeqV2"
        names = barcodes(n, site=tumor_type[:2])
        write_table(path, names, zip(GENES, values.tolist(), strict=True))
        assert not engine.load([path]).errors
        ages = np.round(60 + 8 * hidden + rng.normal(0, 5, n))
        dose, other = rng.normal(size=(2, n)).round(3)
        for number, name in enumerate(names):
            known = tumor_type != "ACC" and not (tumor_type == "LIHC" and number < 5)
            age = ages[number] if known else ""
            twice = 2 * age + 1 if known else ""
            dosed = tumor_type != "LIHC" or number not in (4, 5, 6)
            mirror = values[0, number] if tumor_type == "LIHC" else other[number]
            lines.append(f"{name},{age},{dose[number] if dosed else ''},{twice},7,{mirror}")
    table = folder / "clinic.csv"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    engine.load_covariates(table)
    return engine


def rows(answer: Answer) -> dict[str, Row]:
    """The rows by tumor type, of an answer by one method."""
    return {row["tumor_type"]: row for row in answer.frame.to_dicts()}


def label(name: Name) -> str:
    """What an answer calls a variable."""
    return name.name if isinstance(name, GeneSet) else name.removeprefix("covariate:")


def values(engine: Engine, name: Name, tumor_type: str) -> dict[str, float]:
    """A variable by sample, by SQL or as it is scored."""
    if isinstance(name, GeneSet):
        return _scored(engine, name, tumor_type)
    return _stored(engine)[label(name), tumor_type]


@cache
def _scored(engine: Engine, gene_set: GeneSet, tumor_type: str) -> dict[str, float]:
    frame = engine.score([gene_set], tumor_types=[tumor_type]).frame
    return dict(frame.select("sample", "es").iter_rows())


@cache
def _stored(engine: Engine) -> dict[tuple[str, str], dict[str, float]]:
    """Genes and covariates by name and tumor type."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    genes = "SELECT gene, tumor_type, sample, value::DOUBLE FROM expression WHERE tumor"
    for gene, tumor_type, sample, value in engine.sql(genes).iter_rows():
        found.setdefault((gene, tumor_type), {})[sample] = value
    types = {tumor_type[:2]: tumor_type for tumor_type in N}
    for name, sample, value in engine.sql(
        "SELECT covariate, key, value FROM covariates"
    ).iter_rows():
        found.setdefault((name, types[sample[5:7]]), {})[sample] = value
    return found


def complete(engine: Engine, tumor_type: str, *names: Name) -> list[Vector]:
    """The values of variables in the samples that have all."""
    several = [values(engine, name, tumor_type) for name in names]
    samples = sorted(set.intersection(*(set(one) for one in several)))
    return [np.array([one[sample] for sample in samples]) for one in several]


class Expected(NamedTuple):
    """An association by formulas other than the project's own."""

    n: int
    r: float
    ci_low: float
    ci_high: float
    p: float


def residuals(of: Vector, controls: Matrix) -> Vector:
    design = np.column_stack([np.ones(len(of)), controls])
    return np.asarray(of - design @ np.linalg.lstsq(design, of, rcond=None)[0])


def variance_of_z(r: float, n: int, method: Method, c: int = 0) -> float:
    """Fisher 1921; Bonett & Wright 2000; Fieller, Hartley & Pearson 1957."""
    if method == "kendall":
        return 0.437 / (n - 4 - c)
    return (1 if method == "pearson" else 1 + r**2 / 2) / (n - 3 - c)


def limits(r: float, variance: float) -> tuple[float, float]:
    reach = stats.norm.ppf(0.975) * math.sqrt(variance)
    return math.tanh(math.atanh(r) - reach), math.tanh(math.atanh(r) + reach)


def partial(x: Vector, y: Vector, controls: Matrix, method: Method) -> Expected:
    """By residuals, and t of n - 2 - c degrees of freedom."""
    if method == "spearman":
        x, y, controls = stats.rankdata(x), stats.rankdata(y), stats.rankdata(controls, axis=0)
    c = int(np.linalg.matrix_rank(controls - controls.mean(axis=0)))
    r = float(stats.pearsonr(residuals(x, controls), residuals(y, controls)).statistic)
    df = len(x) - 2 - c
    p = 2 * stats.t.sf(abs(r) * math.sqrt(df / (1 - r**2)), df)
    return Expected(len(x), r, *limits(r, variance_of_z(r, len(x), method, c)), float(p))


def recursive(of: Matrix, x: int, y: int, controls: tuple[int, ...]) -> float:
    """Partial r from a matrix of plain ones, one control after another."""
    if not controls:
        return float(of[x, y])
    z, rest = controls[0], controls[1:]
    xy, xz, yz = (recursive(of, *pair, rest) for pair in ((x, y), (x, z), (y, z)))
    return (xy - xz * yz) / math.sqrt((1 - xz**2) * (1 - yz**2))


def same(row: Row, expected: Expected) -> None:
    assert row["n"] == expected.n
    for name in ("r", "ci_low", "ci_high"):
        assert row[name] == pytest.approx(getattr(expected, name), rel=0, abs=1e-10), name
    assert row["p"] == pytest.approx(expected.p, rel=1e-10)


def without_numbers(row: Row) -> str:
    """The note of a row, which must have no numbers."""
    assert [row[name] for name in (*NUMBERS, *NULL_NUMBERS, "r_disjoint")] == [None] * 18
    return str(row["note"])


def without_nulls(row: Row) -> str:
    """The note of a row that has an r, and nothing that it is compared with."""
    assert row["r"] is not None
    assert [row[name] for name in NULL_NUMBERS] == [None] * 12
    return str(row["note"])


# --- adjusted ------------------------------------------------------------------------------------

PAIRS: list[tuple[Name, Name]] = [(A, B), (A, C), (A, Z), (X, Y), (MIRROR, B), (DOSE, Z)]
CONTROLS: dict[str, list[Name]] = {
    "covariate": [AGE],
    "gene": [GENES[5]],
    "tied_gene": [GENES[5], C],
    "set": [GeneSet("W", "", tuple(GENES[60:75]))],
    "two_covariates": [AGE, DOSE],
    "set_and_covariate": [GeneSet("W", "", tuple(GENES[60:75])), AGE],
}


@pytest.mark.slow
@pytest.mark.parametrize("method", LINEAR)
@pytest.mark.parametrize("adjust", CONTROLS)
@pytest.mark.parametrize(("x", "y"), PAIRS, ids=label)
def test_adjusted_rows_equal_residuals(
    engine: Engine, method: Method, adjust: str, x: Name, y: Name
) -> None:
    several = [one for one in CONTROLS[adjust] if one not in (x, y)]
    answer = engine.correlate(x, y, method=method, adjust=several, null=())
    assert answer.query.adjust == [*map(label, several)]
    found = rows(answer)
    for tumor_type in ("LIHC", "UVM", *(["ACC"] if AGE not in several else [])):
        x_values, y_values, *rest = complete(engine, tumor_type, x, y, *several)
        same(found[tumor_type], partial(x_values, y_values, np.column_stack(rest), method))
        columns = np.stack([x_values, y_values, *rest])
        if method == "spearman":
            columns = stats.rankdata(columns, axis=1)
        by_formula = recursive(np.corrcoef(columns), 0, 1, tuple(range(2, len(columns))))
        assert found[tumor_type]["r"] == pytest.approx(by_formula, rel=0, abs=1e-10)
    answered = [row for row in found.values() if row["r"] is not None]
    q = stats.false_discovery_control([row["p"] for row in answered])
    assert [row["q"] for row in answered] == pytest.approx(q.tolist(), rel=1e-12)
    unadjusted = rows(engine.correlate(x, y, method=method, null=()))
    assert not several or abs(found["LIHC"]["r"] - unadjusted["LIHC"]["r"]) > 1e-6


@pytest.mark.parametrize("method", LINEAR)
def test_what_is_left_without_shared_genes_is_adjusted_too(engine: Engine, method: Method) -> None:
    shared = set(X.genes) & set(Y.genes)
    apart = [
        GeneSet("P", "", tuple(gene for gene in one.genes if gene not in shared)) for one in (X, Y)
    ]
    found = rows(engine.correlate(X, Y, method=method, adjust=[AGE, C], null=()))
    for tumor_type in ("LIHC", "UVM"):
        x, y, *rest = complete(engine, tumor_type, *apart, AGE, C)
        expected = partial(x, y, np.column_stack(rest), method)
        assert found[tumor_type]["n_shared_genes"] == len(shared) == 4
        assert found[tumor_type]["r_disjoint"] == pytest.approx(expected.r, rel=0, abs=1e-10)
        assert found[tumor_type]["r_disjoint"] != found[tumor_type]["r"]


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A tumor type for each case of R, whose x, y and what is held fixed are covariates."""
    folder = tmp_path_factory.mktemp("golden")
    engine = tc.open_store(folder / "cache")
    lines = ["sample,x,y,z1,z2,z3,z4,z5,z6"]
    cases = zip(TUMOR_TYPES, GOLDEN["cases"].values(), strict=False)
    for number, (tumor_type, case) in enumerate(cases, start=10):
        names = barcodes(len(case["x"]), site=str(number))
        path = folder / f"TCGA.{tumor_type}.sampleMap" / "HiSeqV2"
        write_table(path, names, [(gene, np.arange(len(names)) % 7 + 0.5) for gene in "RST"])
        assert not engine.load([path]).errors
        empty = [""] * (6 - len(case["z"]))
        for name, *cells in zip(names, case["x"], case["y"], *case["z"], strict=True):
            lines.append(",".join(map(str, [name, *cells, *empty])))
    table = folder / "golden.csv"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    engine.load_covariates(table)
    return engine


@pytest.mark.parametrize("method", LINEAR)
@pytest.mark.parametrize("name", GOLDEN["cases"])
def test_adjusted_rows_equal_r(golden: Engine, name: str, method: Method) -> None:
    tumor_type = dict(zip(GOLDEN["cases"], TUMOR_TYPES, strict=False))[name]
    case = GOLDEN["cases"][name]
    x_name, y_name, *adjust = (
        f"covariate:{name}" for name in ("x", "y", "z1", "z2", "z3", "z4", "z5", "z6")
    )
    adjust = adjust[: len(case["z"])]
    asked = golden.correlate(x_name, y_name, tumor_types=[tumor_type], method=method, adjust=adjust)
    (row,) = asked.frame.to_dicts()
    assert (row["n"], row["note"]) == (len(case["x"]), "")
    assert row["r"] == pytest.approx(case[method]["estimate"], rel=0, abs=1e-10)
    t = row["r"] * math.sqrt((row["n"] - 2 - len(adjust)) / (1 - row["r"] ** 2))
    assert t == pytest.approx(case[method]["statistic"], rel=1e-10, abs=1e-10)
    assert row["p"] == pytest.approx(case[method]["p"], rel=1e-10)
    x, y = np.array(case["x"], dtype=float), np.array(case["y"], dtype=float)
    same(row, partial(x, y, np.array(case["z"], dtype=float).T, method))


def test_golden_cases_are_of_every_kind() -> None:
    cases = GOLDEN["cases"].values()
    assert set(GOLDEN["versions"]) == {"R", "ppcor", "jsonlite"}
    assert {len(case["z"]) for case in cases} == {1, 2, 6}
    assert any(len(set(case["x"])) < len(case["x"]) / 2 for case in cases)  # ties
    assert min(len(case["x"]) for case in cases) == 11
    assert any(case["pearson"]["p"] < 1e-100 for case in cases)


@pytest.mark.parametrize("method", LINEAR)
def test_samples_without_a_covariate_are_left_out_and_counted(
    engine: Engine, method: Method
) -> None:
    asked: dict[tuple[str, ...], tuple[int, str]] = {
        (AGE,): (35, "5 samples without age"),
        (DOSE,): (37, "3 samples without dose"),
        (AGE, DOSE): (33, "5 samples without age; 3 samples without dose"),
        (DOSE, AGE): (33, "3 samples without dose; 5 samples without age"),
        (FLAT,): (40, ""),
    }
    for adjust, (n, note) in asked.items():
        row = rows(engine.correlate(A, B, method=method, adjust=adjust, null=()))["LIHC"]
        assert (row["n"], row["note"]) == (n, note)
    row = rows(engine.correlate(DOSE, A, method=method, adjust=AGE, null=()))["LIHC"]
    assert (row["n"], row["note"]) == (33, "3 samples without dose; 5 samples without age")


def test_one_sample_without_it_is_one_sample(tmp_path: Path) -> None:
    other = tc.open_store(tmp_path / "cache")
    names = barcodes(12)
    path = tmp_path / "TCGA.UVM.sampleMap" / "HiSeqV2"
    rng = np.random.default_rng(0)
    write_table(path, names, [(gene, rng.uniform(1, 9, 12).tolist()) for gene in "ABCD"])
    assert not other.load([path]).errors
    lines = ["sample,age", *(f"{name},{rng.integers(20, 80)}" for name in names[1:])]
    (tmp_path / "c.csv").write_text("\n".join(lines))
    other.load_covariates(tmp_path / "c.csv")
    (row,) = other.correlate("gene:A", "gene:B", adjust="age", null=()).frame.to_dicts()
    assert (row["n"], row["note"]) == (11, "1 sample without age")
    (row,) = other.correlate("gene:A", "gene:B", adjust=["age", "gene:C"]).frame.to_dicts()
    assert without_numbers(row) == ("too few samples: 11, at least 12 needed; 1 sample without age")


@pytest.mark.slow
def test_nobody_has_the_covariate(engine: Engine) -> None:
    found = rows(engine.correlate(X, Y, adjust=[AGE, B], draws=30))
    assert without_numbers(found["ACC"]) == "age: no sample has it"
    assert (found["ACC"]["n"], found["ACC"]["n_shared_genes"]) == (0, 4)
    alone = engine.correlate(X, Y, adjust=[AGE, B], tumor_types=["LIHC", "UVM"], draws=30)
    for tumor_type, row in rows(alone).items():
        assert row == found[tumor_type]  # q is of the tumor types that have an answer
        assert row["p_genes"] is not None
    nowhere = engine.correlate(A, B, adjust=AGE, tumor_types=["ACC", "CHOL"], null=())
    with pytest.raises(AnalysisError, match="age: no sample has it, too few samples: 3"):
        nowhere.require_numbers()
    assert nowhere.pooled["pearson"].note == "nothing is pooled: no tumor type has an r"


def test_what_is_not_measured_cannot_be_held_fixed(engine: Engine) -> None:
    answer = engine.correlate(A, B, adjust="GPX4", null=())
    for row in answer.frame.to_dicts():
        assert without_numbers(row) == "GPX4: not measured"
    thin = GeneSet("THIN", "", (*GENES[:3], "GPX4", "NOX1"))
    answer = engine.correlate(A, B, adjust=thin, tumor_types="LIHC", null=())
    assert without_numbers(rows(answer)["LIHC"]) == (
        "THIN: 3 of 5 genes measured, at least 5 needed"
    )
    assert answer.notes == ("THIN: not measured GPX4, NOX1",)


@pytest.mark.parametrize("method", LINEAR)
def test_a_control_that_adds_nothing_costs_nothing(engine: Engine, method: Method) -> None:
    """Neither a degree of freedom nor a sample: interval and p are those without it."""

    def asked(*adjust: Name) -> pl.DataFrame:
        return engine.correlate(X, B, method=method, adjust=adjust, draws=30).frame

    for less, more in (
        ((AGE,), (AGE, TWICE)),
        ((AGE,), (AGE, FLAT, AGE, TWICE)),
        ((AGE, C), (TWICE, C, AGE, TOP[0])),
        ((), (FLAT,)),
        ((), (FLAT, TOP[0], STEADY)),
    ):
        others = asked(*more)
        for name, column in asked(*less).to_dict().items():
            other = others[name]
            if column.dtype.is_float():
                assert other.is_null().equals(column.is_null())
                np.testing.assert_allclose(other, column, rtol=1e-10, atol=1e-12, err_msg=name)
            elif name != "note":
                assert other.equals(column)


def test_each_control_needs_one_more_sample(engine: Engine) -> None:
    several = GENES[60:66]
    for count in range(7):
        (row,) = engine.correlate(
            A, B, tumor_types="UVM", adjust=several[:count], null=()
        ).frame.to_dicts()
        if count <= 4:
            assert (row["note"], row["n"]) == ("", 14)
            assert row["r"] is not None
        else:
            assert without_numbers(row) == f"too few samples: 14, at least {10 + count} needed"


@pytest.mark.parametrize("method", LINEAR)
def test_what_is_held_fixed_leaves_nothing_of_x(engine: Engine, method: Method) -> None:
    found = rows(engine.correlate(AGE, X, method=method, adjust=TWICE))
    note = "age is a linear combination of what is adjusted for"
    assert without_numbers(found["UVM"]) == note
    assert (
        without_numbers(found["LIHC"]) == f"{note}; 5 samples without age; 5 samples without twice"
    )
    found = rows(engine.correlate(B, MIRROR, method=method, adjust=[C, A]))
    assert (
        without_numbers(found["LIHC"]) == "mirror is a linear combination of what is adjusted for"
    )
    assert found["UVM"]["note"] == ""


@pytest.mark.parametrize("method", ["pearson", "spearman", "all"])
def test_one_variable_twice_stays_one(engine: Engine, method: Literal["pearson", "all"]) -> None:
    answer = engine.correlate(A, A, method=method, adjust=AGE)
    for row in answer.frame.filter(pl.col("r").is_not_null()).to_dicts():
        least = least_p(row["n"]) if row["method"] == "spearman" else 0
        assert (row["r"], row["p"]) == (1, least)
        assert without_nulls(row).startswith("x and y are the same variable")


def test_x_and_y_cannot_be_held_fixed(engine: Engine) -> None:
    cases: list[tuple[Name, Name, list[Name], str]] = [
        (A, B, [A], A),
        (A, B, [AGE, f"gene:{B}"], B),
        (A, X, [X], "X"),
        (X, AGE, ["covariate:clinic.AGE"], "age"),
        ("ferroptosis", A, ["set:Ferroptosis"], "ferroptosis"),
        ("NRF2", A, ["NFE2L2"], "NFE2L2"),
    ]
    for x, y, adjust, name in cases:
        with pytest.raises(UsageError, match=f"'{name}' cannot be adjusted for: it is x or y"):
            engine.correlate(x, y, adjust=adjust)
    with pytest.raises(UsageError, match="unknown gene, gene set or covariate 'ages'"):
        engine.correlate(A, B, adjust="ages")
    with pytest.raises(UsageError, match="method is 'cosine'"):
        engine.correlate(A, B, method="cosine")  # type: ignore[arg-type]


def test_there_is_no_partial_kendall(engine: Engine) -> None:
    with pytest.raises(UsageError, match="no partial Kendall correlation here"):
        engine.correlate(A, B, method="kendall", adjust=AGE)
    with pytest.raises(ValueError, match="no partial Kendall"):
        associated(np.arange(12.0), np.arange(12.0), "kendall", np.ones((12, 1)))
    answer = engine.correlate(A, B, method="all", adjust=AGE, null=())
    assert answer.frame["method"].to_list() == [*LINEAR] * 4
    assert tuple(answer.pooled) == LINEAR
    assert "kendall is left out: there is no partial form of it here" in answer.notes
    assert not any("kendall" in note for note in engine.correlate(A, B, method="all").notes)


def test_a_control_may_be_given_alone_or_among_several(engine: Engine) -> None:
    first = engine.correlate(A, B, adjust=AGE, null=())
    for adjust in (["age"], ("covariate:age",), ["clinic.age"]):
        again = engine.correlate(A, B, adjust=adjust, null=())
        assert again.frame.equals(first.frame)
        assert (again.query, again.provenance) == (first.query, first.provenance)
    assert first.provenance.covariates[0].name == "age"
    by_set = engine.correlate(A, B, adjust=Z, null=())
    assert by_set.frame.equals(engine.correlate(A, B, adjust=[Z], null=()).frame)
    assert [one.name for one in by_set.provenance.gene_sets] == ["Z"]


# --- Kendall -------------------------------------------------------------------------------------


@cache
def _orders_of(n: int) -> list[int]:
    """How many orders of n have 0, 1, 2 … pairs out of order."""
    counts = [1]
    for size in range(2, n + 1):
        wider = [0] * (len(counts) + size - 1)
        for place, count in enumerate(counts):
            for more in range(size):
                wider[place + more] += count
        counts = wider
    return counts


def naive_tau(x: Sequence[float], y: Sequence[float]) -> tuple[float, float]:
    """tau-b by counting pairs; p from all orders where nothing is tied, else by the normal."""
    n = len(x)
    balance = x_apart = y_apart = 0
    for i, j in itertools.combinations(range(n), 2):
        x_sign, y_sign = (int(one[i] < one[j]) - int(one[i] > one[j]) for one in (x, y))
        balance += x_sign * y_sign
        x_apart += abs(x_sign)
        y_apart += abs(y_sign)
    tau = balance / math.sqrt(x_apart * y_apart)
    pairs = n * (n - 1) // 2
    discordant = (pairs - balance) // 2
    if x_apart == y_apart == pairs and (n <= 33 or min(discordant, pairs - discordant) <= 1):
        tail = sum(_orders_of(n)[: min(discordant, pairs - discordant) + 1])
        return tau, min(1.0, 2 * tail / math.factorial(n))
    ties = [Counter(one).values() for one in (x, y)]
    x2, y2 = (sum(t * (t - 1) for t in counts) for counts in ties)
    x3, y3 = (sum(t * (t - 1) * (t - 2) for t in counts) for counts in ties)
    x5, y5 = (sum(t * (t - 1) * (2 * t + 5) for t in counts) for counts in ties)
    variance = (n * (n - 1) * (2 * n + 5) - x5 - y5) / 18
    variance += x2 * y2 / (2 * n * (n - 1)) + x3 * y3 / (9 * n * (n - 1) * (n - 2))
    return tau, math.erfc(abs(balance) / math.sqrt(2 * variance))


@pytest.mark.parametrize(
    ("x", "y"),
    [(A, B), (A, C), (C, GENES[70]), (X, Y), (Z, AGE), (AGE, DOSE), (C, AGE), (DOSE, A)],
    ids=label,
)
def test_kendall_equals_scipy_and_counting(engine: Engine, x: Name, y: Name) -> None:
    found = rows(engine.correlate(x, y, method="kendall", null=()))
    for tumor_type in ("ACC", "LIHC", "UVM"):
        row = found[tumor_type]
        if AGE in (x, y) and tumor_type == "ACC":
            assert without_numbers(row) == "age: no sample has it"
            continue
        several = complete(engine, tumor_type, x, y)
        by_scipy, by_counting = (
            stats.kendalltau(*several),
            naive_tau(*map(np.ndarray.tolist, several)),
        )
        n = len(several[0])
        for tau, p in ((by_scipy.statistic, by_scipy.pvalue), by_counting):
            interval = limits(tau, variance_of_z(tau, n, "kendall"))
            same(row, Expected(n, float(tau), *interval, float(p)))
    assert without_numbers(found["CHOL"]) == "too few samples: 3, at least 10 needed"


def test_the_tied_gene_is_tied(engine: Engine) -> None:
    (tied,) = complete(engine, "LIHC", C)
    assert len(set(tied)) < 10 < len(tied)


small = st.integers(-3, 4).map(float)
wide = st.integers(-1_000, 1_000).map(float)


@settings(max_examples=150)
@given(st.one_of(*(st.lists(st.tuples(x, y), min_size=10, max_size=25)
                   for x, y in ((small, small), (small, wide), (wide, wide)))))  # fmt: skip
def test_any_kendall_equals_counting(points: list[tuple[float, float]]) -> None:
    x, y = np.array(points).T
    assume(len(set(x)) > 1 and len(set(y)) > 1)
    found = associated(x, y, "kendall")
    tau, p = naive_tau(x.tolist(), y.tolist())
    assert found.r[0] == pytest.approx(tau, rel=0, abs=1e-12)
    assert found.p[0] == pytest.approx(p, rel=1e-9, abs=1e-15)
    if abs(tau) < 1:
        expected = limits(tau, 0.437 / (len(x) - 4))
        assert (found.ci_low[0], found.ci_high[0]) == pytest.approx(expected, rel=0, abs=1e-10)


# --- every method --------------------------------------------------------------------------------


def test_every_method_has_its_rows(engine: Engine) -> None:
    answer = engine.correlate(X, Y, method="all", draws=40)
    frame = answer.frame
    assert frame["tumor_type"].to_list() == [name for name in sorted(N) for _ in METHODS]
    assert frame["method"].to_list() == [*METHODS] * len(N)
    assert answer.query.method == "all"
    assert tuple(answer.pooled) == tuple(METHODS)
    for method in METHODS:
        alone = engine.correlate(X, Y, method=method, draws=40)
        assert frame.filter(pl.col("method") == method).equals(alone.frame)
        assert alone.pooled == {method: answer.pooled[method]}
        answered = alone.frame.drop_nulls("p")
        assert answered.height == 3
        q = stats.false_discovery_control(answered["p"].to_list())
        assert answered["q"].to_list() == pytest.approx(q.tolist(), rel=1e-12)
    for method, record in METHODS.items():
        own = frame.filter(pl.col("r").is_not_null(), method=method)
        assert own["p_genes"].null_count() == (0 if record.has_nulls else 3)
        assert own["note"].str.contains("no null for").all() != record.has_nulls
    (single,) = engine.correlate(X, Y, tumor_types="LIHC", null=()).frame.to_dicts()
    assert single["q"] == single["p"]
    assert any(row["q"] > row["p"] for row in frame.drop_nulls("p").to_dicts())


# --- pooled --------------------------------------------------------------------------------------


def same_pooling(found: Pooling, frame: pl.DataFrame, method: Method, c: int = 0) -> None:
    """That a pooled association is what its rows pool to."""
    usable = [
        row for row in frame.to_dicts() if row["r"] is not None and abs(row["r"]) < 1
    ]  # fmt: skip
    r = [row["r"] for row in usable]
    variance = [variance_of_z(row["r"], row["n"], method, c) for row in usable]
    expected = pool(r, variance)
    assert (found.n_types, found.note) == (len(usable), "")
    assert found.n_samples == sum(row["n"] for row in usable)
    names = ("r", "ci_low", "ci_high", "p", "tau2", "i2", "prediction_low", "prediction_high")
    pairs = [(name, name) for name in names] + [("cochran_q", "q"), ("cochran_q_p", "q_p")]
    for name, engine_name in pairs:
        number, value = getattr(found, name), float(getattr(expected, engine_name))
        if math.isnan(value):
            assert number is None, name
        else:
            assert number == pytest.approx(value, rel=1e-9, abs=1e-12), name
    assert found.ci_low is not None
    assert found.r is not None
    assert found.ci_high is not None
    assert found.ci_low <= found.r <= found.ci_high
    by_genes = any(row["q_genes"] is not None for row in usable)
    q, effect = ("q_genes", "z_genes") if by_genes else ("q", "r")
    directions = Counter(row[effect] > 0 for row in usable if (row[q] or 0) < 0.05)
    assert (found.n_positive, found.n_negative) == (directions[True], directions[False])
    assert found.tallied_by == q
    left = {
        row["tumor_type"]: float(pool(np.delete(r, place), np.delete(variance, place)).r)
        for place, row in enumerate(usable)
    }
    if len(usable) > 2:
        low, high = found.leave_one_out_low_without, found.leave_one_out_high_without
        assert (low, high) == (min(left, key=left.__getitem__), max(left, key=left.__getitem__))
        assert found.leave_one_out_low == pytest.approx(min(left.values()), abs=1e-12)
        assert found.leave_one_out_high == pytest.approx(max(left.values()), abs=1e-12)
    else:
        assert (found.leave_one_out_low, found.leave_one_out_low_without) == (None, None)
        assert (found.leave_one_out_high, found.leave_one_out_high_without) == (None, None)
    apart = [(row["r_disjoint"], row["n"]) for row in usable if row["r_disjoint"] is not None]
    if len(apart) < 2:
        assert found.r_disjoint is None
    else:
        variance = [variance_of_z(r, n, method, c) for r, n in apart]
        assert found.r_disjoint == pytest.approx(float(pool([r for r, _ in apart], variance).r))


@pytest.mark.parametrize(
    ("x", "y"), [("RELA", "NRF2"), ("ferroptosis", "nfkb"), ("GPX4", "ferroptosis")]
)
def test_all_tumor_types_are_pooled(simulated: Engine, x: str, y: str) -> None:
    answer = simulated.correlate(x, y, method="all", null=())
    for method in METHODS:
        frame = answer.frame.filter(pl.col("method") == method)
        found = answer.pooled[method]
        same_pooling(found, frame, method)
        assert found.n_types == 33
        assert found.n_positive > 0
        assert (found.r_disjoint is None) == (x == "RELA")
    by_set = answer.pooled["pearson"]
    if y == "nfkb":
        assert by_set.n_negative > 0
        assert by_set.r_disjoint != by_set.r


@pytest.mark.parametrize("method", LINEAR)
@pytest.mark.parametrize("adjust", [["GPX4"], ["GPX4", "HALLMARK_HYPOXIA", "TP53"]], ids=len)
def test_adjusted_rows_are_pooled(simulated: Engine, method: Method, adjust: list[str]) -> None:
    answer = simulated.correlate("RELA", "nfkb", method=method, adjust=adjust, null=())
    found = answer.pooled[method]
    same_pooling(found, answer.frame, method, len(adjust))
    few = answer.frame.filter(pl.col("r").is_null())
    assert found.n_types == 33 - few.height
    assert (few.height > 0) == (len(adjust) == 3)  # 12 patients are too few for three
    assert found.n_samples == answer.frame["n"].sum() - few["n"].sum()


def test_each_control_costs_a_sample_where_it_adds_something(engine: Engine) -> None:
    once = engine.correlate(A, B, adjust=DOSE, null=())
    same_pooling(once.pooled["pearson"], once.frame, "pearson", 1)
    twice = engine.correlate(A, B, adjust=[DOSE, FLAT], null=())
    same_pooling(twice.pooled["pearson"], twice.frame, "pearson", 1)


def test_two_tumor_types_have_neither_prediction_nor_any_to_leave_out(engine: Engine) -> None:
    answer = engine.correlate(A, Z, tumor_types=["LIHC", "UVM", "CHOL"], null=())
    (found,) = answer.pooled.values()
    same_pooling(found, answer.frame, "pearson")
    assert (found.n_types, found.n_samples) == (2, 54)
    lines = found.lines()
    assert len(lines) == 4
    assert not any("one more tumor type" in line or "without" in line for line in lines)


def only(n_types: int, n_samples: int, note: str) -> Pooling:
    return Pooling(n_types, n_samples, note=f"nothing is pooled: {note}")


@pytest.mark.parametrize("method", METHODS)
def test_one_tumor_type_is_not_pooled(engine: Engine, method: Method) -> None:
    one = engine.correlate(X, Y, tumor_types=["LIHC", "CHOL"], method=method, null=())
    assert one.pooled == {method: only(1, 40, "one tumor type has an r")}
    none = engine.correlate(X, Y, tumor_types="CHOL", method=method, null=())
    assert none.pooled == {method: only(0, 0, "no tumor type has an r")}
    for pooling in (*one.pooled.values(), *none.pooled.values()):
        assert pooling.lines() == [pooling.note]
        row = pooling.row("X", "Y", method)
        assert (row["r"], row["p"], row["r_disjoint"]) == (None, None, None)
        assert row["note"] == pooling.note


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ["RELA", "ferroptosis"])
def test_one_variable_twice_is_not_pooled(simulated: Engine, method: Method, name: str) -> None:
    answer = simulated.correlate(name, name, method=method)
    assert set(answer.frame["r"]) == {1.0}
    assert answer.pooled == {method: replace(only(0, 0, "r is 1 or -1"), simulated=True)}
    for row in answer.frame.to_dicts():
        assert without_nulls(row).startswith("SIMULATED; x and y are the same variable")


@pytest.mark.parametrize("method", METHODS)
def test_tumor_types_of_a_perfect_r_are_not_pooled(engine: Engine, method: Method) -> None:
    answer = engine.correlate(AGE, TWICE, method=method, null=())
    assert answer.frame["r"].drop_nulls().to_list() == [1, 1]
    assert answer.pooled[method] == only(0, 0, "r is 1 or -1")
    answer = engine.correlate(A, MIRROR, method=method, null=())
    found = rows(answer)
    assert found["LIHC"]["r"] == 1
    assert (found["LIHC"]["p"], found["LIHC"]["note"]) == (pytest.approx(0, abs=1e-15), "")
    same_pooling(answer.pooled[method], answer.frame, method)
    assert answer.pooled[method].n_types == 2
    one = engine.correlate(A, MIRROR, tumor_types=["LIHC", "UVM"], method=method, null=())
    assert one.pooled[method] == only(1, 14, "r is 1 or -1")


def test_what_is_printed_of_a_pooled_association(simulated: Engine) -> None:
    answer = simulated.correlate("ferroptosis", "nfkb", null=())
    found = answer.pooled["pearson"]
    lines = found.lines()
    assert lines == [
        f"pooled over 33 tumor types, 1562 samples: r = {found.r:.3f}, 95 % interval "
        f"{found.ci_low:.3f} to {found.ci_high:.3f}",
        f"without shared genes: r = {found.r_disjoint:.3f}",
        f"between tumor types: I2 = {100 * (found.i2 or 0):.0f} %, tau2 = {found.tau2:.2g} (on z), "
        f"Q = {found.cochran_q:.2g}, p = {found.cochran_q_p:.2g}",
        f"one more tumor type: {found.prediction_low:.3f} to {found.prediction_high:.3f} "
        "(95 % prediction)",
        f"tumor types with q < 0.05: {found.n_positive} with r > 0, {found.n_negative} with r < 0",
        f"without one tumor type: {found.leave_one_out_low:.3f} "
        f"(without {found.leave_one_out_low_without}) to {found.leave_one_out_high:.3f} "
        f"(without {found.leave_one_out_high_without})",
        f"p = {found.p:.2g}: the pooled p tests r = 0 alone; it is not compared with random genes "
        "or other pathways",
    ]
    row = found.row("ferroptosis", "nfkb", "pearson")
    assert (row["tumor_type"], row["n"], row["note"]) == (
        "POOLED",
        1562,
        "; ".join(["SIMULATED", *lines]),
    )
    assert set(row) <= set(answer.frame.columns)
    for name in ("r", "ci_low", "ci_high", "p", "r_disjoint"):
        assert row[name] == getattr(found, name)


def test_tumor_types_are_tallied_by_random_genes_where_they_are_compared_with_them(
    simulated: Engine,
) -> None:
    answer = simulated.correlate("ferroptosis", "nfkb", null="genes", draws=250)
    found = answer.pooled["pearson"]
    same_pooling(found, answer.frame, "pearson")
    tally = (
        f"tumor types with q_genes < 0.05: {found.n_positive} with z_genes > 0, "
        f"{found.n_negative} with z_genes < 0"
    )
    assert tally in found.lines()
    q = stats.false_discovery_control(answer.frame["p_genes"].to_list())
    assert answer.frame["q_genes"].to_list() == pytest.approx(q.tolist(), rel=1e-12)


def test_a_pooled_row_with_nulls_has_them_before_its_p() -> None:
    found = Pooling(
        8, 900, r=0.4, ci_low=0.2, ci_high=0.6, p=4e-5, r_disjoint=0.4, n_types_disjoint=8,
        z_genes=1.5, p_genes=0.35, genes_mean=0.28, genes_low=-0.1, genes_high=0.55,
        sets_note="p_sets: 12 reference sets, at least 40 needed",
    )  # fmt: skip
    lines = found.lines()
    assert lines[1:3] == [
        "among random genes, pooled in the same way: p_genes = 0.35, z_genes = 1.5; they give "
        "0.280 (-0.100 to 0.550)",
        "p_sets: 12 reference sets, at least 40 needed",
    ]
    assert lines[-1].startswith("p = 4e-05: the pooled p tests r = 0 alone")
    row = found.row("x", "y", "pearson")
    assert (row["z_genes"], row["genes_high"], row["p_sets"]) == (1.5, 0.55, None)
    assert row["level"] == "pooled"
    among = replace(found, p_sets=0.13, z_sets=1.1, sets_mean=0.1, sets_low=-0.2, sets_high=0.5,
                    n_reference_sets=200)  # fmt: skip
    assert among.lines()[2].startswith("among 200 other pathways, pooled in the same way: p_sets")


# --- where there is little to compare ------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_a_constant_score_has_no_nulls(engine: Engine, method: Method) -> None:
    for pair in ((STEADY, X), (X, STEADY), (STEADY, A), (DOSE, STEADY)):
        answer = engine.correlate(*pair, method=method, tumor_types=["LIHC", "UVM"])
        for row in answer.frame.to_dicts():
            assert without_numbers(row).startswith("STEADY is constant")
    mixed = GeneSet("MIXED", "", (*STEADY.genes, X.genes[0]))
    (row,) = engine.correlate(mixed, X, method=method, tumor_types="LIHC").frame.to_dicts()
    no_null = "; no null for Kendall" if method == "kendall" else ""
    assert without_nulls(row) == f"without shared genes: MIXED is constant{no_null}"
    assert (row["n_shared_genes"], row["r_disjoint"]) == (1, None)


@pytest.mark.parametrize("method", METHODS)
def test_three_samples_have_no_nulls(engine: Engine, method: Method) -> None:
    for pair in ((X, Y), (A, B), (A, X), (DOSE, X)):
        answer = engine.correlate(*pair, method=method)
        row = rows(answer)["CHOL"]
        assert without_numbers(row) == "too few samples: 3, at least 10 needed"
        assert row["n"] == 3
        assert (rows(answer)["UVM"]["p_genes"] is None) == (method == "kendall")


INSIDE: dict[str, tuple[Name, Name, int, str]] = {
    "set": (Z, GeneSet("OVER", "", tuple(GENES[40:60])), 10, "Z: 0 of 10 genes left"),
    "other": (GeneSet("OVER", "", tuple(GENES[40:60])), Z, 10, "Z: 0 of 10 genes left"),
    "most": (Z, GeneSet("MOST", "", tuple(GENES[46:60])), 4, ""),
    "nearly": (Z, GeneSet("MOST", "", tuple(GENES[44:60])), 6, "Z: 4 of 10 genes left"),
    "both": (Z, GeneSet("MOST", "", tuple(GENES[44:54])), 6, "Z: 4 of 10 genes left, at least 5 "
             "needed; MOST: 4 of 10 genes left"),
    "gene": (GENES[44], GeneSet("FIVE", "", tuple(GENES[40:45])), 1, "FIVE: 4 of 5 genes left"),
    "twice": (Z, GeneSet("AGAIN", "", Z.genes), 10, "Z: 0 of 10 genes left, at least 5 needed; "
              "AGAIN: 0 of 10 genes left"),
}  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", INSIDE)
def test_of_a_set_inside_the_other_nothing_is_left(
    engine: Engine, kind: str, method: Method
) -> None:
    x, y, n_shared, left = INSIDE[kind]
    answer = engine.correlate(x, y, method=method, tumor_types=["ACC", "LIHC"], draws=40)
    for row in answer.frame.to_dicts():
        assert row["n_shared_genes"] == n_shared
        no_null = "; no null for Kendall" if method == "kendall" else ""
        if not left:
            reduced = "p_genes: draws are of the sets without their shared genes"
            assert row["note"] == (no_null[2:] or reduced)
            assert all((row[name] is None) == bool(no_null) for name in NULL_NUMBERS)
            assert row["r_disjoint"] is not None
            continue
        first = "x and y are the same variable; " if kind == "twice" else ""
        few = f"{first}without shared genes: {left}, at least 5 needed{no_null}"
        assert without_nulls(row) == few
        assert row["r_disjoint"] is None
    if left and kind != "twice":
        same_pooling(answer.pooled[method], answer.frame, method)
        assert answer.pooled[method].r_disjoint is None
        assert not any("shared genes" in line for line in answer.pooled[method].lines())


def test_what_no_gene_can_stand_in_for_has_no_nulls(engine: Engine) -> None:
    """Covariates are not of genes, and two genes are of no set."""
    found = rows(engine.correlate(AGE, DOSE))
    assert without_nulls(found["UVM"]) == ""
    row = rows(engine.correlate(A, B))["UVM"]
    assert row["p_genes"] is not None
    assert (row["p_sets"], row["r_disjoint"], row["note"]) == (None, None, "")


def test_the_pooled_row_is_compared_last(simulated: Engine) -> None:
    asked: dict[str, Any] = {"null": "genes", "draws": 60, "tumor_types": ["ACC", "CHOL", "UVM"]}
    whole = simulated.correlate("ferroptosis", "nfkb", **asked)
    first, second = simulated.correlate_in_steps("ferroptosis", "nfkb", **asked)
    assert first.frame.equals(whole.frame)
    assert second.frame.equals(whole.frame)
    assert second.pooled == whole.pooled
    found = whole.pooled["pearson"]
    assert found.p_genes is not None
    assert first.pooled["pearson"] == replace(
        found,
        **{one.name: None for one in fields(found) if one.name.endswith(("genes", "genes_note"))},
        **dict.fromkeys(("genes_mean", "genes_low", "genes_high")),
    )
    (only,) = simulated.correlate_in_steps("ferroptosis", "nfkb", **{**asked, "null": ()})
    assert only.pooled == simulated.correlate("ferroptosis", "nfkb", **{**asked, "null": ()}).pooled


def test_nulls_are_chosen(engine: Engine) -> None:
    both = engine.correlate(X, Y, draws=30)
    assert both.query.null == ["genes", "sets"]
    assert both.query.draws == 30
    for null, gone in (((), NULL_NUMBERS), (("genes",), OF_SETS), (("sets",), OF_GENES)):
        answer = engine.correlate(X, Y, draws=30, null=null)
        assert answer.query.null == list(null)
        gone_too = [pl.lit(None, both.frame.schema[name]).alias(name) for name in gone]
        expected = both.frame.with_columns(gone_too)
        assert answer.frame.drop("note").equals(expected.drop("note"))
        noted = answer.frame["note"].str.contains("p_genes: draws are of the sets without")
        assert noted.to_list() == [("genes" in null) and n > 3 for n in answer.frame["n"]]
        of_genes = "genes" in null
        tally = answer.pooled["pearson"].tallied_by
        assert tally == ("q_genes" if of_genes else "q")
        if of_genes:
            without = dict.fromkeys((*OF_SETS, "sets_note"), None)
            assert answer.pooled["pearson"] == replace(both.pooled["pearson"], **without)
    with pytest.raises(UsageError, match="null is 'random'"):
        engine.correlate(X, Y, null=["random"])  # type: ignore[list-item]
    for draws in (0, -3):
        with pytest.raises(UsageError, match=f"draws is {draws}"):
            engine.correlate(X, Y, draws=draws)


# --- command line --------------------------------------------------------------------------------

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes], engine: Engine) -> Run:
    """``correlate`` in process."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = main.run(["--cache", str(engine.store.root), "correlate", *map(str, arguments)])
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode()

    return run


@pytest.fixture(scope="module")
def gmt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gmt") / "sets.gmt"
    sets = (X, Y, Z)
    path.write_text("".join("\t".join([one.name, "-", *one.genes]) + "\n" for one in sets))
    return path


HEADINGS = ["p_genes", "q_genes", "95 % of genes", "p_sets", "95 % of sets"]


@pytest.mark.parametrize(
    ("null", "shown"),
    [
        ("genes,sets", HEADINGS),
        (" sets , genes ", HEADINGS),
        ("genes", HEADINGS[:3]),
        ("sets", HEADINGS[3:]),
        ("none", []),
    ],
)
def test_the_nulls_are_asked_for(
    run: Run, engine: Engine, gmt: Path, null: str, shown: list[str]
) -> None:
    asked = (f"{gmt}:X", f"{gmt}:Y", "--null", null, "--draws", 30)
    code, out, err = run(*asked)
    assert (code, err) == (0, FEW)
    heading = re.split(" {2,}", out.splitlines()[2].strip())
    rest = ["shared genes", "r disjoint", "note"]
    assert heading == ["tumor type", "n", "r", "95 % interval", "p", "q", *shown, *rest]
    code, out, _ = run(*asked, "--format", "json")
    answer = json.loads(out)
    names = [part.strip() for part in null.split(",") if part != "none"]
    assert (code, answer["query"]["null"], answer["query"]["draws"]) == (0, names, 30)
    assert list(answer["associations"][0]) == engine.correlate(X, Y, null=()).frame.columns
    for row in answer["associations"]:
        has_r = row["r"] is not None
        assert (row["p_genes"] is not None) == (has_r and "genes" in names)
        assert (row["p_sets"] is not None) == (has_r and "sets" in names)


def test_both_nulls_are_asked_for_unless_told(run: Run, gmt: Path) -> None:
    asked = (f"{gmt}:X", f"{gmt}:Y", "-t", "LIHC", "--format", "json")
    repeated = ("--null", "genes", "--null", "sets")
    plain, *others = (
        json.loads(run(*asked, *more)[1]) for more in ((), ("--null", "genes,sets"), repeated)
    )
    assert others == [plain] * 2
    assert plain["query"]["null"] == ["genes", "sets"]
    assert plain["query"]["draws"] == 1000
    (row,) = plain["associations"]
    assert row["p_genes"] >= 1 / 1001
    assert row["p_sets"] > 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--null", "bad"), "--null is 'bad'. Give genes, sets, both with a comma, or none"),
        (("--null", "genes,bad"), "--null is 'genes,bad'"),
        (("--null", "none,genes"), "--null is 'none,genes'"),
        (("--null", "none", "--null", "genes"), "--null is 'none,genes'"),
        (("--null", ""), "--null is ''"),
        (("--draws", "0"), "draws is 0. Give 1 or more, or leave out the null"),
        (("--draws", "-1"), "draws is -1"),
        (("--draws", "many"), "a whole number"),
        (("--method", "tau"), "tau"),
        (("--adjust", ""), "an empty name is given"),
        (("--adjust", " , "), "an empty name is given"),
        (("--adjust", A), f"'{A}' cannot be adjusted for: it is x or y. Adjust for another"),
        (("--adjust", f"age,gene:{B}"), f"'{B}' cannot be adjusted for"),
        (("--adjust", "agee"), "unknown gene, gene set or covariate 'agee'. Did you mean age"),
        (("--adjust", "age", "--method", "kendall"), "there is no partial Kendall correlation"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_one_line(run: Run, arguments: tuple[str, ...], said: str) -> None:
    code, out, err = run(A, B, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("tcga-corr: error: ")
    assert err.count("\n") == 1
    assert said in err


def test_adjusting_by_repeats_and_by_commas(run: Run, engine: Engine, gmt: Path) -> None:
    expected = engine.correlate(A, B, adjust=[AGE, C, Z], null=())
    for adjust in (
        ("--adjust", "age", "--adjust", C, "--adjust", f"{gmt}:Z"),
        ("--adjust", f"age,{C}", "--adjust", f"{gmt}:Z"),
        ("--adjust", f"age, {C} ,{gmt}:Z,"),
    ):
        code, out, err = run(A, B, *adjust, "--null", "none", "--format", "json")
        answer = json.loads(out)
        assert (code, err) == (0, FEW)
        assert answer["query"]["adjust"] == ["age", C, "Z"]
        assert answer["pooled"] == {"pearson": asdict(expected.pooled["pearson"])}
        schema = expected.frame.schema
        assert pl.DataFrame(answer["associations"], schema=schema).equals(expected.frame)
    _, out, _ = run(A, B, *adjust, "--null", "none")
    assert out.startswith(f"{A} against {B}, pearson, adjusted for age, {C}, Z; tcga-hiseqv2, ")
    assert "5 samples without age" in out


def read(content: bytes, ending: Format, schema: pl.Schema) -> pl.DataFrame:
    if ending == "parquet":
        return pl.read_parquet(io.BytesIO(content))
    return pl.read_csv(content, separator="\t" if ending == "tsv" else ",", schema=schema)


@pytest.mark.parametrize("ending", [one for one in get_args(Format) if one != "xlsx"])
@pytest.mark.parametrize("adjust", [(), (AGE,)])
def test_every_method_in_every_format(
    run: Run, engine: Engine, gmt: Path, tmp_path: Path, ending: Format, adjust: tuple[str, ...]
) -> None:
    options = ["--draws", "30", *(part for one in adjust for part in ("--adjust", one))]
    expected = engine.correlate(X, Y, method="all", draws=30, adjust=adjust)
    methods = LINEAR if adjust else METHODS
    target = tmp_path / f"answer.{ending}"
    code, out, err = run(f"{gmt}:X", f"{gmt}:Y", "--method", "all", *options, "-o", target)
    assert (code, out) == (0, "")
    said = "kendall is left out: there is no partial form of it here"
    assert (said in err) == bool(adjust)
    content = target.read_bytes()
    frame = expected.frame
    if ending == "json":
        answer = json.loads(content)
        assert pl.DataFrame(answer["associations"], schema=frame.schema).equals(frame)
        assert list(answer["pooled"]) == [*methods]
        assert answer["pooled"] == {name: asdict(one) for name, one in expected.pooled.items()}
        assert list(answer["pooled"]["pearson"]) == [one.name for one in fields(Pooling)]
        return
    if ending == "table":
        lines = content.decode().splitlines()
        assert lines[0].startswith("X against Y, all" + (", adjusted for age;" if adjust else ";"))
        assert lines[2].split()[:3] == ["tumor", "type", "method"]
        table = lines[4 : 4 + frame.height]
        assert [tuple(line.split()[:2]) for line in table] == list(
            zip(frame["tumor_type"], frame["method"], strict=True)
        )
        below = [f"{name}: {line}" for name in methods for line in expected.pooled[name].lines()]
        assert lines[4 + frame.height :] == ["", *below]
        return
    found = read(content, ending, frame.schema)
    assert found.schema == frame.schema
    empty = pl.col("note").replace("", None)
    if ending != "parquet":
        frame = frame.with_columns(empty)
    assert found[: frame.height].equals(frame)
    pooled = found[frame.height :]
    assert pooled["tumor_type"].to_list() == ["POOLED"] * len(methods)
    for row, (name, one) in zip(pooled.to_dicts(), expected.pooled.items(), strict=True):
        assert row == dict.fromkeys(frame.columns) | one.row("X", "Y", name)


def test_the_pooled_row_of_one_tumor_type(run: Run) -> None:
    code, out, _ = run(A, B, "-t", "LIHC", "--format", "tsv")
    frame = pl.read_csv(io.StringIO(out), separator="\t")
    assert (code, frame["tumor_type"].to_list()) == (0, ["LIHC", "POOLED"])
    last = frame.to_dicts()[-1]
    assert (last["n"], last["r"]) == (40, None)
    assert last["note"].endswith("nothing is pooled: one tumor type has an r")
    code, out, _ = run(A, B, "-t", "LIHC")
    assert code == 0
    assert out.splitlines()[-1].endswith("nothing is pooled: one tumor type has an r")
    code, out, _ = run(A, B, "-t", "LIHC", "--format", "json")
    pooled = json.loads(out)["pooled"]["pearson"]
    assert (pooled["n_types"], pooled["n_samples"], pooled["r"]) == (1, 40, None)


@pytest.mark.parametrize("ending", ["table", "tsv", "csv", "json"])
def test_no_number_anywhere_is_a_failure(run: Run, ending: str) -> None:
    code, out, err = run(A, B, "-t", "ACC,CHOL", "--adjust", AGE, "--format", ending)
    assert code == 1
    assert "too few samples: 3, at least 11 needed" in out
    assert "age: no sample has it" in out
    assert err.splitlines()[-1].startswith(
        "tcga-corr: error: no tumor type gives an association: age: no sample has it, too few "
    )
    assert err.count("tcga-corr: error:") == 1
