"""Many pairs at once: each number and note is that of the pair asked alone.

Tolerance: 1e-12 of r and its interval, 1e-9 of p relative.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from typing import Any, NamedTuple, NoReturn

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from tcga_corr.analysis.correlate import Question, associate, panels_of
from tcga_corr.analysis.naming.names import CovariateVariable, GeneVariable, SetVariable, Variable
from tcga_corr.analysis.panel import ROWS_AT_ONCE, Pairs, Panel
from tcga_corr.analysis.pool import Adjusted, pooled_association, pooled_columns
from tcga_corr.analysis.samples.cohort import Cohort
from tcga_corr.analysis.shared_genes import SharedGenes, Variables
from tcga_corr.choices import TIES, Method, Ties
from tcga_corr.scoring.ranks import doubled_average_ranks
from tcga_corr.stats.adjustment import benjamini_hochberg
from tcga_corr.stats.methods import fisher_interval, fisher_variance, p_of_r
from tcga_corr.store.covariate_lookup import Covariate
from tcga_corr.store.index import GeneNames, TableIndex
from tcga_corr.store.layout import TableKey
from tcga_corr.store.metadata import CovariateColumn, CovariateMetadata, StoredSample, TableMetadata
from tcga_corr.vocabulary.gene_sets.gmt import GeneSet

Matrix = NDArray[np.float64]
Asked = tuple[Cohort, list[Variable], tuple[Variable, ...], Method]

LINEAR: tuple[Method, ...] = ("pearson", "spearman")
GENES = [f"G{number:03d}" for number in range(90)]
STEADY = GENES[80:]  # the highest of every sample and constant, with their ranks


def table(values: Matrix, kinds: str, *, simulated: bool = False) -> TableIndex:
    """A table of genes in rows; a sample each of t(umour), n(ormal) and m(etastasis)."""
    genes = GENES[: len(values)]
    samples = tuple(
        StoredSample(
            f"S{place:03d}", "", f"P{place:03d}", "", "", kind == "t", kind == "n", kind in "tm", ""
        )
        for place, kind in enumerate(kinds)
    )
    said = TableMetadata("", "LIHC", "", simulated, "all", len(genes), (), {}, {}, samples)
    single = values.astype(np.float32)
    names = GeneNames(genes, "\n".join(genes))
    return TableIndex(TableKey("", "LIHC"), "", said, names, doubled_average_ranks(single), single)


def covariate(name: str, values: Sequence[float], column: str = "") -> CovariateVariable:
    """A covariate of the first samples of a table."""
    said = CovariateColumn(name, column or name, len(values))
    metadata = CovariateMetadata("sample", (), {}, "", (said,), len(values), {}, ())
    rows = {f"S{place:03d}": {"": float(value)} for place, value in enumerate(values)}
    return CovariateVariable(Covariate("clinic", name, name, metadata, "", rows))


def gene_set(name: str, *genes: str) -> SetVariable:
    return SetVariable(GeneSet(name, "", genes))


def made() -> tuple[Matrix, dict[str, list[float]]]:
    """Genes of 220 samples that two activities move, with ties, and covariates with gaps."""
    rng = np.random.default_rng(3)
    activity = rng.normal(size=(2, 220))
    values = rng.uniform(2, 9, (len(GENES), 1)) + rng.normal(size=(len(GENES), 2)) @ activity
    values = np.clip(values + rng.normal(0, 0.6, values.shape), 0, 18).round(1)
    values[1] = values[1].round()
    values[2] = 3.3
    values[3] = np.maximum(values[3], np.median(values[3]))
    values[-len(STEADY) :] = 20 + np.arange(len(STEADY))[:, np.newaxis]
    age, dose, grade, late = activity[[0, 0, 1, 1]] + rng.normal(0, 1, (4, 220))
    dose[[3, 5, 50, *range(100, 130)]] = np.nan
    grade = grade.round()
    grade[[4, 5, *range(120, 160)]] = np.nan
    late[:] = np.where(np.arange(220) % 25 == 4, late, np.nan)
    age[6] = np.nan
    found = {"age": age, "dose": dose, "grade": grade, "late": late, "twice": 2 * age - 1}
    found |= {"nobody": np.full(220, np.nan), "flat": np.full(220, 7.0)}
    return values, {name: list(one) for name, one in found.items()}


VALUES, CLINIC = made()
X = gene_set("X", *GENES[10:26])
COVARIATES = {name: covariate(name, values) for name, values in CLINIC.items()}
VARIABLES: list[Variable] = [
    # one with ties, one that is constant, one often at its lowest, one of X, one that is not there
    *(GeneVariable(name) for name in ("G000", "G001", "G002", "G003", "G012", "NOWHERE1")),
    X,
    gene_set("Y", *GENES[20:37]),
    gene_set("inside_X", *GENES[11:18]),
    gene_set("X_again", *reversed(X.gene_set.genes)),
    gene_set("thin", *GENES[22:30], *(f"NOWHERE{place}" for place in range(9))),
    gene_set("few", *GENES[24:28], "NOWHERE1"),
    gene_set("few_left", *GENES[8:12], *GENES[14:20]),
    gene_set("apart", *GENES[50:60]),
    gene_set("steady", *STEADY[:6]),
    gene_set("all", *GENES),
    gene_set("almost_all", *GENES[3:]),
    *(COVARIATES[name] for name in ("age", "dose", "grade", "late", "nobody", "flat")),
    covariate("years", CLINIC["age"], "age"),
]
CONTROLS: dict[str, tuple[Variable, ...]] = {
    "none": (),
    "gaps": (COVARIATES["dose"],),
    "gene": (GeneVariable("G015"),),
    "shared": (gene_set("control", *GENES[16:22], *GENES[60:64]), COVARIATES["age"]),
    "collinear": (COVARIATES["age"], COVARIATES["twice"]),
    "nobody": (COVARIATES["nobody"], COVARIATES["age"]),
    "flat": (COVARIATES["flat"],),
}
TUMOR = table(VALUES[:, :214], "t" * 200 + "n" * 12 + "mm")
TEN = table(VALUES[:, 40:57], "tm" * 3 + "n" * 3 + "t" * 7 + "m", simulated=True)


class Case(NamedTuple):
    """A cohort, what is adjusted for, and how many of the variables are asked."""

    cohort: Cohort
    adjust: str = "none"
    size: int = len(VARIABLES)


CASES: dict[str, Case] = {
    **{name: Case(Cohort(TUMOR, "tumor"), name) for name in CONTROLS},
    **{ties: Case(Cohort(TUMOR, "all-tumor", ties), "shared", 17) for ties in TIES},
    **{f"{ties}_twelve": Case(Cohort(TUMOR, "normal", ties), size=17) for ties in TIES},
    "ten": Case(Cohort(TEN, "tumor", min_genes=7)),
    "ten_collinear": Case(Cohort(TEN, "tumor"), "collinear"),
    "fourteen": Case(Cohort(TEN, "all-tumor", "gsva"), "shared"),
    "three": Case(Cohort(TEN, "normal")),
}


def alone(
    cohort: Cohort,
    variables: Sequence[Variable],
    pairs: Sequence[tuple[int, int]],
    method: Method,
    adjust: tuple[Variable, ...] = (),
) -> dict[str, list[Any]]:
    """The columns of pairs asked one by one."""

    def no_reference(_: TableIndex) -> NoReturn:
        raise AssertionError("no null is asked for")

    rows = []
    for x, y in pairs:
        pair = variables[x], variables[y]
        question = Question(pair, (method,), adjust)
        (found,) = associate(panels_of([cohort], question), question, no_reference)
        here = np.array([0]), np.array([1])
        n_controls = int(Panel(cohort, pair, adjust, method).pairs(*here).n_controls[0])
        rows.append({**found.frame.row(0, named=True), "n_controls": n_controls})
    return {name: [row[name] for row in rows] for name in rows[0]}


def same(found: Pairs, expected: dict[str, list[Any]]) -> None:
    assert found.n.tolist() == expected["n"]
    answered = ~np.isnan(found.r)  # of the others it is not said what was taken out
    assert np.array_equal(found.n_controls[answered], np.array(expected["n_controls"])[answered])
    assert found.n_shared.tolist() == expected["n_shared_genes"]
    for name in ("r", "ci_low", "ci_high", "p", "r_disjoint"):
        numbers = np.array(expected[name], dtype=float)  # NaN of None
        near = {"rtol": 1e-9, "atol": 0} if name == "p" else {"rtol": 0, "atol": 1e-12}
        np.testing.assert_allclose(getattr(found, name), numbers, err_msg=name, **near)
    assert found.notes == expected["note"]


def identical(found: Pairs, expected: Pairs) -> None:
    """To the byte, but for r without shared genes, which are reckoned in other blocks."""
    for name in ("x", "y", "n", "n_controls", "r", "ci_low", "ci_high", "p", "n_shared"):
        assert getattr(found, name).tobytes() == getattr(expected, name).tobytes(), name
    np.testing.assert_allclose(found.r_disjoint, expected.r_disjoint, rtol=0, atol=1e-14)
    assert found.notes == expected.notes


def joined(several: Sequence[Pairs]) -> Pairs:
    columns = ([getattr(one, field.name) for one in several] for field in fields(Pairs))
    *numbers, notes = columns
    return Pairs(*(np.concatenate(one) for one in numbers), list(itertools.chain(*notes)))


def whole(panel: Panel, kept: NDArray[np.bool_] | None = None) -> Pairs:
    places = np.arange(len(panel.measured))
    everything = np.ones((len(places), len(places)), dtype=np.bool_)
    return panel.cross(places, places, everything if kept is None else kept)


@pytest.mark.slow
@pytest.mark.parametrize("method", LINEAR)
@pytest.mark.parametrize("name", CASES)
def test_each_pair_is_that_asked_alone(name: str, method: Method) -> None:
    cohort, adjust, size = CASES[name]
    variables, controls = VARIABLES[:size], CONTROLS[adjust]
    # of no variable with itself where there are controls, of which ``correlate`` then tells twice
    kept = np.triu(np.ones((size, size), dtype=np.bool_), k=1 if controls else 0)
    flipped = np.add.outer(np.arange(size), np.arange(size)) % 3 == 0
    kept = (kept & ~flipped) | (kept & flipped).T
    held = [one in controls for one in variables]  # which is refused
    kept[held], kept[:, held] = False, False
    x, y = np.nonzero(kept)
    expected = alone(cohort, variables, list(zip(x, y, strict=True)), method, controls)
    panel = Panel(cohort, variables, controls, method)
    by_pairs, by_cross = panel.pairs(x, y), whole(panel, kept)
    same(by_pairs, expected)
    same(by_cross, expected)
    assert by_cross.notes == by_pairs.notes
    np.testing.assert_allclose(by_cross.r, by_pairs.r, rtol=0, atol=1e-14)
    np.testing.assert_allclose(by_cross.r_disjoint, by_pairs.r_disjoint, rtol=0, atol=1e-14)


def test_cases_are_of_every_kind() -> None:
    """What is compared above has all that there is to say."""
    assert {len(case.cohort.columns) for case in CASES.values()} >= {3, 10, 12, 200, 202}
    notes = {
        name: whole(Panel(cohort, VARIABLES[:size], CONTROLS[adjust])).notes
        for name, (cohort, adjust, size) in CASES.items()
    }
    assert all(one.startswith("SIMULATED") for name in ("ten", "three") for one in notes[name])
    said = "; ".join(itertools.chain(*notes.values()))
    for words in (
        "too few samples: 3, at least 10 needed", "too few samples: 8, at least 10 needed",
        "too few samples: 10, at least 11 needed", "few: 4 of 5 genes measured, at least 5 needed",
        "; without shared genes: few_left: 2 of 10 genes left, at least 5 needed",
        "thin: 8 of 17 genes", "x and y are the same variable", "X: 0 of 16 genes left",
        "NOWHERE1: not measured", "G002 and steady are constant", "flat is constant",
        "all: the set holds every gene of the table", "nobody: no sample has it",
        "control shares genes with X: 6", "1 sample without age", "years is a linear combination",
        "% of the samples have its lowest value",
    ):  # fmt: skip
        assert words in said, words


# takes sums away, which leaves rounding errors where equal scores are to be equal


@pytest.mark.parametrize("method", LINEAR)
@pytest.mark.parametrize("near_zero", [True, False])
def test_a_set_that_is_constant_without_what_is_shared(method: Method, near_zero: bool) -> None:
    """Of the same genes in other samples, and so of the same score; or of the same few scores."""
    values = VALUES[:, :40].copy()
    values[:10] = -np.arange(1, 11)[:, np.newaxis]
    cohort = Cohort(table(values, "t" * 40), "tumor")
    steady = [*GENES[:10], *STEADY]
    left = [steady[place] for place in ((9, 6, 4, 1, 13, 15) if near_zero else range(12, 18))]
    steady_but = gene_set("steady_but", *left, *GENES[18:24])
    others = X, gene_set("Y", *GENES[18:37]), gene_set("Z", *GENES[19:23], *GENES[40:50])
    variables = [steady_but, *others]
    pairs = [(0, 1), (2, 0), (0, 3)]
    expected = alone(cohort, variables, pairs, method)
    assert expected["note"][1] == "without shared genes: steady_but is constant"
    same(Panel(cohort, variables, (), method).pairs(*np.array(pairs).T), expected)


@st.composite
def small(draw: st.DrawFn) -> Asked:
    """Few genes and samples of few values, any sets of them, and covariates with gaps."""
    n_genes, n = draw(st.integers(4, 14)), draw(st.integers(8, 16))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = rng.integers(0, draw(st.integers(1, 6)), (n_genes, n)).astype(float)
    made_up = table(values, "t" * n, simulated=draw(st.booleans()))
    cohort = Cohort(made_up, "tumor", draw(st.sampled_from(TIES)), draw(st.integers(1, 3)))
    members = st.lists(st.sampled_from([*GENES[:n_genes], "NOWHERE1"]), min_size=1, unique=True)
    variables: list[Variable] = [GeneVariable(GENES[0])]
    variables += [gene_set(f"set{place}", *draw(members)) for place in range(4)]
    gappy, held = rng.choice([0, 1, 2.5, np.nan], p=[0.3, 0.3, 0.35, 0.05], size=(2, n))
    variables.append(covariate("gappy", gappy))
    controls = [GeneVariable(GENES[1]), covariate("held", held), gene_set("s", *GENES[2:4])]
    adjust = draw(st.lists(st.sampled_from(controls), max_size=2, unique=True))
    return cohort, variables, tuple(adjust), draw(st.sampled_from(LINEAR))


@pytest.mark.slow
@settings(max_examples=60, phases=[Phase.generate])
@given(asked=small())
def test_small_tables_of_few_values(asked: Asked) -> None:
    cohort, variables, adjust, method = asked
    pairs = list(itertools.combinations(range(len(variables)), 2))
    expected = alone(cohort, variables, pairs, method, adjust)
    panel = Panel(cohort, variables, adjust, method)
    x, y = np.array(pairs).T
    same(panel.pairs(x, y), expected)
    same(whole(panel, np.triu(np.ones((len(variables),) * 2, dtype=np.bool_), k=1)), expected)


# --- how they are asked --------------------------------------------------------------------------


@cache
def many(method: Method) -> Panel:
    """More variables than rows and columns are multiplied at a time, all of them in all samples."""
    rng = np.random.default_rng(1)
    cohort = Cohort(TUMOR, "all-tumor")
    sets = [
        gene_set(f"R{place}", *rng.choice(GENES, rng.integers(5, 30), replace=False))
        for place in range(2 * ROWS_AT_ONCE)
    ]
    covariates = [covariate(f"c{place}", rng.normal(size=220)) for place in range(400)]
    genes = [GeneVariable(gene) for gene in GENES[:30]]
    return Panel(cohort, [*sets, *genes, *covariates], (COVARIATES["flat"],), method)


@pytest.mark.parametrize("method", LINEAR)
def test_blocks_of_rows_change_no_byte(method: Method) -> None:
    panel = many(method)
    x, y = np.arange(3 * ROWS_AT_ONCE + 9), np.arange(len(panel.measured))[::-1]
    kept = np.random.default_rng(2).random((len(x), len(y))) < 0.05
    at_once = panel.cross(x, y, kept)
    assert len(at_once.x) == kept.sum()
    for step in (ROWS_AT_ONCE, 2 * ROWS_AT_ONCE):
        parts = [slice(start, start + step) for start in range(0, len(x), step)]
        found = [panel.cross(x[part], y, kept[part]) for part in parts]
        identical(joined(found), at_once)
    one_by_one = [panel.cross(x[[row]], y, kept[[row]]) for row in range(0, len(x), 40)]
    here = np.isin(at_once.x, x[::40])
    np.testing.assert_allclose(joined(one_by_one).r, at_once.r[here], rtol=0, atol=1e-14)


@pytest.mark.parametrize("method", LINEAR)
@pytest.mark.parametrize("adjust", ["none", "gaps", "shared"])
def test_pairs_that_are_not_kept_change_nothing(method: Method, adjust: str) -> None:
    panel = Panel(CASES["none"].cohort, VARIABLES, CONTROLS[adjust], method)
    every = whole(panel)
    size = len(VARIABLES)
    assert (every.x * size + every.y).tolist() == list(range(size**2))  # row by row
    for share in (0.0, 0.3, 0.9):
        kept = np.random.default_rng(4).random((size, size)) < share
        found, where = whole(panel, kept), np.flatnonzero(kept)
        assert [*zip(found.x, found.y, strict=True)] == [*zip(*np.nonzero(kept), strict=True)]
        numbers = (getattr(every, field.name)[where] for field in fields(Pairs)[:-1])
        identical(found, Pairs(*numbers, [every.notes[place] for place in where]))


@pytest.mark.parametrize("method", LINEAR)
@pytest.mark.parametrize("name", CASES)
def test_x_and_y_may_change_places(name: str, method: Method) -> None:
    cohort, adjust, size = CASES[name]
    found = whole(Panel(cohort, VARIABLES[:size], CONTROLS[adjust], method))
    for one in ("n", "n_controls", "n_shared"):
        square = getattr(found, one).reshape(size, size)
        assert np.array_equal(square, square.T)
    for one in ("r", "ci_low", "ci_high", "p", "r_disjoint"):
        square = getattr(found, one).reshape(size, size)
        rtol = 1e-11 if one == "p" else 0
        np.testing.assert_allclose(square, square.T, rtol=rtol, atol=1e-14, err_msg=one)


# --- shared genes --------------------------------------------------------------------------------


@cache
def sharing(ties: Ties) -> tuple[list[Variable], list[frozenset[str]], Variables]:
    """Sets of any overlap, genes and a covariate, with their genes in the table."""
    rng = np.random.default_rng(6)
    cohort = Cohort(table(VALUES[:, :30], "t" * 30), "tumor", ties)
    names = np.array([*GENES[:60], "NOWHERE1", "NOWHERE2"])
    variables: list[Variable] = [
        gene_set(f"R{place}", *rng.choice(names, rng.integers(5, 40), replace=False))
        for place in range(70)
    ]
    variables += [GeneVariable(gene) for gene in (*GENES[:18], "NOWHERE1")]
    variables.append(COVARIATES["age"])
    measured = [cohort.measure(one) for one in variables]
    return variables, [one.genes for one in measured], Variables.measured(cohort, measured)


@pytest.mark.parametrize("n_pairs", [1, 40, 600, 4_000])
def test_shared_genes_are_counted(n_pairs: int) -> None:
    """Of few pairs pair by pair, of many by a product; both are as sets have it."""
    variables, genes, made_of = sharing("average")
    shared = SharedGenes(made_of, made_of)
    x, y = np.random.default_rng(n_pairs).integers(0, len(variables), (2, n_pairs))
    pairs = zip(x.tolist(), y.tolist(), strict=True)  # the sets are the first 70
    expected = [len(genes[a] & genes[b]) if min(a, b) < 70 else 0 for a, b in pairs]
    assert shared.counts(x, y).tolist() == expected
    assert made_of.sizes.tolist() == [len(one) for one in genes]
    no_set = np.arange(70, len(variables))
    assert not shared.counts(no_set, no_set).any()


@pytest.mark.parametrize("ties", TIES)
def test_scores_without_shared_genes(ties: Ties) -> None:
    variables, genes, made_of = sharing(ties)
    cohort, values = made_of.cohort, made_of.values
    x, y = np.random.default_rng(8).integers(0, len(variables), (2, 1_300))
    x[:3], y[:3] = (4, 5, 69), (4, 5, 69)  # of which nothing is left
    seen = np.zeros(len(x), dtype=np.int64)
    for part, *sides in SharedGenes(made_of, made_of).without(x, y, ranked=False):
        seen[part] += 1
        assert (np.diff(x[part]) >= 0).all()
        for places, side in zip((x[part], y[part]), sides, strict=True):
            for one, number, found in zip(places, part, side, strict=True):
                expected = values[one]
                if isinstance(variables[one], SetVariable):
                    left = genes[one] - (genes[x[number]] & genes[y[number]])
                    expected = cohort.scores(cohort.table.genes.rows(left))
                    assert left or np.isnan(expected).all()
                np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)
    assert (seen == 1).all()


# --- many p, and many pools ----------------------------------------------------------------------


def test_each_column_of_p_is_a_family() -> None:
    rng = np.random.default_rng(9)
    p = rng.random((33, 60)) ** 3
    p[rng.random(p.shape) < np.linspace(0, 1, 60)] = np.nan
    p[:, :5] = np.nan_to_num(p[:, :5].round(1), nan=1.0)  # ties, 0 and 1
    p[:, 7] = np.nan
    before = p.copy()
    q = benjamini_hochberg(p)
    assert np.array_equal(p, before, equal_nan=True)
    for column in range(p.shape[1]):
        assert q[:, column].tobytes() == benjamini_hochberg(p[:, column]).tobytes()
        there = ~np.isnan(p[:, column])
        assert np.array_equal(np.isnan(q[:, column]), ~there)
        if there.any():
            expected = stats.false_discovery_control(p[there, column])
            np.testing.assert_allclose(q[there, column], expected, rtol=1e-13)
    assert benjamini_hochberg(p[:0]).shape == (0, 60)
    assert benjamini_hochberg(p[0, :0]).shape == (0,)


@pytest.mark.parametrize("method", LINEAR)
def test_many_pools_are_each_alone(method: Method) -> None:
    rng = np.random.default_rng(10)
    types, pairs = 9, 80
    n = np.broadcast_to(rng.integers(10, 300, (types, 1)), (types, pairs))
    n_controls = np.broadcast_to(rng.integers(0, 3, (types, 1)), n.shape)
    r = np.tanh(rng.normal(0.1, 0.3, pairs) + rng.normal(0, 0.2, n.shape))
    r[rng.random(n.shape) < np.linspace(0, 1, pairs)] = np.nan
    disjoint = np.where(rng.random(n.shape) < 0.8, r * 0.9, np.nan)
    disjoint[:, ::4] = np.nan
    p = p_of_r(r, n, method, n_controls)
    low, high = fisher_interval(r, fisher_variance(r, n, method, n_controls))
    q = benjamini_hochberg(p)
    q_genes, z_genes = rng.random(n.shape) ** 3, rng.normal(0, 2, n.shape)
    q_genes[np.isnan(r)] = z_genes[np.isnan(r)] = np.nan
    q_genes[:, 1::2] = np.nan  # of pairs that were not compared with random genes
    adjusted = Adjusted(q, q_genes, z_genes)
    found = pooled_columns(r, n, n_controls, adjusted, disjoint, method, (disjoint, n))
    numbers = ("r", "ci_low", "ci_high", "p", "tau2", "i2", "r_disjoint", "r_purity")
    numbers += ("prediction_low", "prediction_high")
    counts = ("n_positive", "n_negative", "n_types", "tallied_by")
    names = [f"T{number}" for number in range(types)]
    for pair in range(pairs):
        one = (side[:, pair] for side in (n, n_controls, r, low, high, p))
        first = np.zeros(types, dtype=np.int64)
        pure = disjoint[:, pair], n[:, pair]
        columns = Pairs(first, first + 1, *one, first, disjoint[:, pair], *pure, [""] * types)
        own = Adjusted(q[:, pair], q_genes[:, pair], z_genes[:, pair])
        alone = pooled_association(names, columns, own, method)
        assert found["n"][pair] == alone.n_samples
        for name in numbers:
            expected = np.array(getattr(alone, name), dtype=float)  # NaN of None
            np.testing.assert_allclose(found[name][pair], expected, rtol=1e-11, atol=1e-13)
        if alone.r is not None:
            assert [found[name][pair] for name in counts] == [getattr(alone, one) for one in counts]
    assert np.isnan(found["r"]).sum() > 3
    assert (found["n_positive"] > 0).sum() > 10
    assert (found["n_negative"] > 0).any()
    counted = np.where(np.isnan(q_genes).all(axis=0), q < 0.05, q_genes < 0.05)
    for pair, by in enumerate(found["tallied_by"]):
        effect = {"q": r, "q_genes": z_genes}[by][counted[:, pair], pair]
        assert found["n_positive"][pair] == (effect > 0).sum()
        assert found["n_negative"][pair] == (effect < 0).sum()
