"""Comparisons of groups: scipy, called on the values that the engine gives for each sample.

Tolerance: 1e-9 relative, which scipy's own sums cost; counts and rank sums are exact.
"""

from __future__ import annotations

import io
import itertools
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from scipy import special, stats

import tcga_corr as tc
from tcga_corr.engine import Engine
from tcga_corr.errors import AnalysisError, DataMissingError, TableError, UsageError
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.vocabulary.gene_sets.catalogue import shipped_sets
from tests.conftest import Run, barcodes, write_table

Vector = NDArray[np.float64]
Values = Mapping[str, float]  # by sample

COLUMNS = [
    "tumor_type", "variable", "test", "group_a", "group_b", "n_a", "n_b", "mean_a", "mean_b",
    "difference", "ci_low", "ci_high", "statistic", "df", "df2", "p", "q", "effect",
    "effect_name", "p_genes", "q_genes", "genes_low", "genes_high", "note",
]  # fmt: skip
# G000 is constant; G005 has no ties, and is compared by itself too
GENES = [f"G{number:03d}" for number in range(70)]
HALLMARKS = ("HALLMARK_APOPTOSIS", "HALLMARK_HYPOXIA")
S = tc.GeneSet("S", "", tuple(GENES[1:12]))
FEW = tc.GeneSet("few", "", (*GENES[:3], "GPX4"))
PURITY = "covariate:purity"
# of GBM patients 3 to 8 have a second tumour sample, and two of them a third
SECOND, THIRD = range(3, 9), (3, 5)


def samples_of(tumor_type: str) -> list[str]:
    """LIHC: 12 of 22 tumours with a normal, and 3 normals alone; CHOL 2 with one; ACC none."""
    site = tumor_type[:2]
    if tumor_type == "LIHC":
        normal = barcodes(25, "11", site)[10:]
        return [*barcodes(22, site=site), *normal]
    if tumor_type == "CHOL":
        return [*barcodes(9, site=site), *barcodes(2, "11", site)]
    if tumor_type == "GBM":
        first = barcodes(14, site=site)
        second = [first[patient][:-2] + "02" for patient in SECOND]
        return [*first, *second, *(first[patient][:-2] + "05" for patient in THIRD)]
    return barcodes(11, site=site)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Tumor types with many, few and no normal samples, and an own cohort. Read only."""
    folder = tmp_path_factory.mktemp("groups")
    engine = tc.open_store(folder / "cache")
    rng = np.random.default_rng(6)
    real = sorted({gene for name in HALLMARKS for gene in shipped_sets()[name].genes[:8]})
    lines = ["sample\tpurity"]
    for tumor_type in ("ACC", "CHOL", "GBM", "LIHC"):
        samples = samples_of(tumor_type)
        values = rng.normal(7, 2, (len(GENES) + len(real), 1))
        values = values + rng.normal(0, 1.5, (len(values), len(samples)))
        values[1:12] += 1.5 * np.array([name.endswith("-01") for name in samples])
        fine, values = values[5].round(4), np.maximum(values, 0).round(1)
        values[0], values[5] = 4.5, fine
        path = folder / f"TCGA.{tumor_type}.sampleMap" / "HiSeqV2"
        rows = zip([*GENES, *real], values.tolist(), strict=True)
        write_table(path, samples, rows)
        assert not engine.load([path]).errors
        lines += [
            f"{name}\t{round(rng.uniform(0.2, 1), 3) if place % 7 else ''}"
            for place, name in enumerate(samples)
            if tumor_type != "ACC"
        ]
    (folder / "clinic.tsv").write_text("\n".join(lines) + "\n")
    engine.load_covariates(folder / "clinic.tsv")
    mine = [f"mouse {number}" for number in range(18)]
    rows = zip(GENES, rng.uniform(1, 12, (len(GENES), 18)).round(1).tolist(), strict=True)
    path = write_table(folder / "mice.tsv", mine, rows)
    options = LoadOptions(source="mice", unit="log2(tpm+1)", rows="genes")
    assert not engine.load([path], options).errors
    return engine


REAL: dict[str, Any] = {"source": "tcga-hiseqv2"}


def scores(
    engine: Engine, gene_set: str | tc.GeneSet, tumor_type: str, **options: Any
) -> dict[str, float]:
    frame = engine.score([gene_set], tumor_types=[tumor_type], **options).frame
    return dict(zip(frame["sample"], frame["es"], strict=True))


def gene_values(engine: Engine, gene: str, tumor_type: str, taken: str) -> dict[str, float]:
    query = (
        f"SELECT sample, value::DOUBLE AS value FROM expression WHERE gene = '{gene}' "
        f"AND tumor_type = '{tumor_type}' AND {taken}"
    )
    frame = engine.sql(query)
    return dict(zip(frame["sample"], frame["value"], strict=True))


def vector(values: Values) -> Vector:
    return np.array([*values.values()], dtype=np.float64)


def pairs_of(a: Values, b: Values) -> tuple[Vector, Vector]:
    """The values of patients who are in both; of several samples, their mean."""
    patients = sorted({name[:12] for name in a} & {name[:12] for name in b})
    means = [
        [np.mean([value for name, value in side.items() if name[:12] == one]) for one in patients]
        for side in (a, b)
    ]
    return np.array(means[0]), np.array(means[1])


def hedges_g(a: Vector, b: Vector) -> float:
    m = len(a) + len(b) - 2
    pooled = math.sqrt(((len(a) - 1) * a.var(ddof=1) + (len(b) - 1) * b.var(ddof=1)) / m)
    unbias = special.gamma(m / 2) / (math.sqrt(m / 2) * special.gamma((m - 1) / 2))
    return float(unbias * (a.mean() - b.mean()) / pooled)


def of_two(a: Vector, b: Vector) -> dict[str, dict[str, float]]:
    welch = stats.ttest_ind(a, b, equal_var=False)
    interval = welch.confidence_interval()
    ranks = stats.mannwhitneyu(a, b)
    return {
        "welch": {
            "difference": a.mean() - b.mean(),
            "ci_low": interval.low,
            "ci_high": interval.high,
            "statistic": welch.statistic,
            "df": welch.df,
            "p": welch.pvalue,
            "effect": hedges_g(a, b),
        },
        "mann-whitney": {
            "statistic": ranks.statistic,
            "p": ranks.pvalue,
            "effect": 2 * ranks.statistic / (len(a) * len(b)) - 1,
        },
    }


def of_pairs(a: Vector, b: Vector) -> dict[str, dict[str, float]]:
    paired = stats.ttest_rel(a, b)
    interval = paired.confidence_interval()
    ranks = stats.rankdata(np.abs(a - b))
    positive = ranks[a > b].sum()
    return {
        "paired t": {
            "difference": (a - b).mean(),
            "ci_low": interval.low,
            "ci_high": interval.high,
            "statistic": paired.statistic,
            "df": len(a) - 1,
            "p": paired.pvalue,
            "effect": (a - b).mean() / (a - b).std(ddof=1),
        },
        "wilcoxon": {
            "statistic": positive,
            "p": stats.wilcoxon(a, b, method="exact").pvalue,
            "effect": 2 * positive / ranks.sum() - 1,
        },
    }


def welch_anova(groups: Sequence[Vector]) -> tuple[float, float, float]:
    """Welch 1951: F and its degrees of freedom."""
    k = len(groups)
    weight = [len(group) / group.var(ddof=1) for group in groups]
    mean = sum(w * g.mean() for w, g in zip(weight, groups, strict=True)) / sum(weight)
    between = sum(w * (g.mean() - mean) ** 2 for w, g in zip(weight, groups, strict=True)) / (k - 1)
    lack = sum(
        (1 - w / sum(weight)) ** 2 / (len(g) - 1) for w, g in zip(weight, groups, strict=True)
    )
    return (
        between / (1 + 2 * (k - 2) / (k**2 - 1) * lack),
        k - 1,
        (k**2 - 1) / (3 * lack),
    )


def of_many(groups: Sequence[Vector]) -> dict[str, dict[str, float]]:
    together = np.concatenate(groups)
    n, k = len(together), len(groups)
    anova, ranks = stats.f_oneway(*groups), stats.kruskal(*groups)
    f, df, df2 = welch_anova(groups)
    between = sum(len(g) * (g.mean() - together.mean()) ** 2 for g in groups)
    eta_squared = between / ((together - together.mean()) ** 2).sum()
    return {
        "anova": {
            "statistic": anova.statistic,
            "df": k - 1,
            "df2": n - k,
            "p": anova.pvalue,
            "effect": eta_squared,
        },
        "welch anova": {
            "statistic": f,
            "df": df,
            "df2": df2,
            "p": stats.f.sf(f, df, df2),
            "effect": eta_squared,
        },
        "kruskal-wallis": {
            "statistic": ranks.statistic,
            "df": k - 1,
            "p": ranks.pvalue,
            "effect": ranks.statistic / (n - 1),
        },
    }


NUMBERS = ("difference", "ci_low", "ci_high", "statistic", "df", "df2", "p", "effect")


def assert_tests(rows: Sequence[dict[str, Any]], expected: dict[str, dict[str, float]]) -> None:
    """One row of each test, with its numbers and no others."""
    assert [row["test"] for row in rows] == list(expected)
    for row in rows:
        numbers = expected[row["test"]]
        for name in NUMBERS:
            if name not in numbers:
                assert row[name] is None, (row["test"], name)
            else:
                assert row[name] == pytest.approx(numbers[name], rel=1e-9, abs=1e-10), name


def assert_two(
    rows: Sequence[dict[str, Any]], names: tuple[str, str], a: Values, b: Values
) -> None:
    """The rows of two groups, of pairs too where patients match."""
    first, second = vector(a), vector(b)
    pairs = pairs_of(a, b)
    assert_tests(rows[:2], of_two(first, second))
    if len(pairs[0]):
        assert_tests(rows[2:], of_pairs(*pairs))
    else:
        assert len(rows) == 2
    for row in rows:
        sides = pairs if row["test"] in ("paired t", "wilcoxon") else (first, second)
        assert (row["group_a"], row["group_b"]) == names
        assert (row["n_a"], row["n_b"]) == (len(sides[0]), len(sides[1]))
        assert row["mean_a"] == pytest.approx(sides[0].mean(), rel=1e-12)
        assert row["mean_b"] == pytest.approx(sides[1].mean(), rel=1e-12)
        assert row["note"] == ""


def assert_q(frame: pl.DataFrame) -> None:
    """Benjamini and Hochberg's, over the rows of each test."""
    assert frame.columns == COLUMNS
    for test in set(frame["test"]):
        rows = frame.filter((pl.col("test") == test) & pl.col("p").is_not_null())
        expected = stats.false_discovery_control(rows["p"].to_numpy()) if rows.height else []
        np.testing.assert_allclose(rows["q"].to_numpy(), expected, rtol=1e-12)
    assert frame.filter(pl.col("p").is_null())["q"].null_count() == (frame["p"].null_count())


EFFECTS = {
    "welch": "hedges_g",
    "mann-whitney": "rank_biserial",
    "paired t": "cohens_dz",
    "wilcoxon": "rank_biserial",
    "anova": "eta_squared",
    "welch anova": "eta_squared",
    "kruskal-wallis": "epsilon_squared",
}


# --- tumour against normal -----------------------------------------------------------------------


@pytest.mark.parametrize("ties", ["average", "gsva"])
def test_tumour_against_normal(engine: Engine, ties: Any) -> None:
    answer = engine.compare([S, "G005"], tumor_types=["LIHC"], ties=ties, **REAL, null="none")
    frame = answer.frame
    assert answer.query.by == "sample-type"
    assert answer.query.groups == ["tumor", "normal"]
    assert answer.query.scope.samples == "tumor and normal"
    by_variable = {
        name: frame.filter(pl.col("variable") == name).to_dicts() for name in ("S", "G005")
    }
    tumor, normal = (
        scores(engine, S, "LIHC", samples=one, ties=ties, **REAL) for one in ("tumor", "normal")
    )
    assert (len(tumor), len(normal), len(pairs_of(tumor, normal)[0])) == (22, 15, 12)
    assert_two(by_variable["S"], ("tumor", "normal"), tumor, normal)
    tumor, normal = (gene_values(engine, "G005", "LIHC", one) for one in ("tumor", "normal"))
    assert_two(by_variable["G005"], ("tumor", "normal"), tumor, normal)
    assert_q(frame)
    assert {row["test"]: row["effect_name"] for row in frame.to_dicts()} == {
        test: EFFECTS[test] for test in ("welch", "mann-whitney", "paired t", "wilcoxon")
    }


def test_every_tumor_type_has_its_rows(engine: Engine) -> None:
    """Those that lack normal samples say so, and are no tests for q."""
    frame = engine.compare(S, **REAL, null="none").frame
    assert_q(frame)
    said = {(row["tumor_type"], row["test"]): row for row in frame.to_dicts()}
    tests = ("welch", "mann-whitney", "paired t", "wilcoxon")
    assert set(said) == {
        *itertools.product(("ACC", "GBM"), tests[:2]),
        *itertools.product(("CHOL", "LIHC"), tests),
    }
    for (tumor_type, test), row in said.items():
        if tumor_type == "LIHC":
            assert row["note"] == ""
            assert row["q"] == row["p"]
            continue
        assert all(row[name] is None for name in (*NUMBERS, "q"))
        if test in tests[2:]:
            assert row["note"] == "too few pairs: 2, at least 3 needed"
        else:
            count = {"ACC": 0, "GBM": 0, "CHOL": 2}[tumor_type]
            assert row["note"] == f"too few samples: {count} in normal, at least 3 needed"
            assert row["n_b"] == count
            assert row["mean_a"] is not None
            assert (row["mean_b"] is None) == (count == 0)


def test_covariates(engine: Engine) -> None:
    frame = engine.compare(PURITY, **REAL, null="none").frame
    read = pl.read_csv(engine.store.root.parent / "clinic.tsv", separator="\t").drop_nulls()
    known = dict(zip(read["sample"], read["purity"], strict=True))
    tumor, normal = (
        {name: known[name] for name in samples_of("LIHC") if name.endswith(code) and name in known}
        for code in ("-01", "-11")
    )
    assert len(tumor) < 22
    rows = frame.filter(pl.col("tumor_type") == "LIHC").to_dicts()
    assert_two(rows, ("tumor", "normal"), tumor, normal)
    none = frame.filter(pl.col("tumor_type") == "ACC").to_dicts()
    assert all("too few samples: 0 in tumor, 0 in normal" in row["note"] for row in none)
    assert_q(frame)


def test_collections_stand_for_their_sets(engine: Engine, tmp_path: Path) -> None:
    answer = engine.compare(["hallmark", "G005"], tumor_types=["LIHC"], **REAL, null="none")
    assert len(answer.query.variables) == 51
    frame = answer.frame
    assert_q(frame)
    answered = set(frame.filter(pl.col("p").is_not_null())["variable"])
    assert answered >= {*HALLMARKS, "G005"}
    # those of too few genes are compared by neither paired test
    assert frame.height == 4 * len(answered) + 2 * (51 - len(answered))
    for name in HALLMARKS:
        rows = frame.filter(pl.col("variable") == name).to_dicts()
        sides = [scores(engine, name, "LIHC", samples=one, **REAL) for one in ("tumor", "normal")]
        assert_two(rows, ("tumor", "normal"), *sides)
    gmt = tmp_path / "mine.gmt"
    gmt.write_text("".join("\t".join((one.name, "", *one.genes)) + "\n" for one in (S, FEW)))
    frame = engine.compare([str(gmt), f"{gmt}:S"], tumor_types=["LIHC"], **REAL, null="none").frame
    assert list(dict.fromkeys(frame["variable"])) == ["S", "few"]
    whys = set(frame.filter(pl.col("variable") == "few")["note"])
    assert whys == {"few: 3 of 4 genes measured, at least 5 needed"}


def test_a_row_does_not_depend_on_the_others(engine: Engine) -> None:
    together = engine.compare([S, "G005"], **REAL, null="none").frame.drop("q")
    for one in (S, "G005"):
        alone = engine.compare(one, **REAL, null="none").frame.drop("q")
        name = one if isinstance(one, str) else one.name
        assert alone.equals(together.filter(pl.col("variable") == name))


def test_a_constant_gene(engine: Engine) -> None:
    frame = engine.compare(["G000", S], tumor_types=["LIHC"], **REAL, null="none").frame
    notes = dict(frame.filter(pl.col("variable") == "G000").select("test", "note").iter_rows())
    assert notes == {
        "welch": "tumor and normal are constant",
        "mann-whitney": "all values are equal",
        "paired t": "no pair differs",
        "wilcoxon": "no pair differs",
    }


# --- groups of a file ----------------------------------------------------------------------------


def write_groups(folder: Path, groups: Mapping[str, str], title: str = "sample") -> Path:
    path = folder / "groups.tsv"
    lines = [f"{title}\tarm", *(f"{name}\t{group}" for name, group in groups.items())]
    path.write_text("\n".join(lines) + "\n")
    return path


def split(values: Values, group_of: Mapping[str, str], names: Sequence[str]) -> list[Values]:
    return [
        {sample: value for sample, value in values.items() if group_of.get(sample) == name}
        for name in names
    ]


@pytest.mark.parametrize("ending", ["", "A", "A-11R-A28V-07"])
def test_two_groups_of_samples(engine: Engine, tmp_path: Path, ending: str) -> None:
    names = barcodes(22, site="LI")
    group_of = {name: ("treated", "control")[place % 3 > 0] for place, name in enumerate(names[2:])}
    path = write_groups(tmp_path, {f"{name}{ending}": one for name, one in group_of.items()})
    answer = engine.compare([S], path, tumor_types=["LIHC"], **REAL, null="none")
    assert answer.query.groups == ["treated", "control"]
    assert answer.query.scope.samples == "tumor"
    sides = split(scores(engine, S, "LIHC", **REAL), group_of, ("treated", "control"))
    assert_two(answer.frame.to_dicts(), ("treated", "control"), *sides)


def test_two_groups_of_patients(engine: Engine, tmp_path: Path) -> None:
    names = [name[:12] for name in barcodes(22, site="LI")]
    group_of = {name: "xy"[place % 2] for place, name in enumerate(names)}
    path = write_groups(tmp_path, group_of, "patient")
    for samples in ("tumor", "normal"):
        taken: Any = samples
        frame = engine.compare(
            [S], path, tumor_types=["LIHC"], samples=taken, **REAL, null="none"
        ).frame
        values = scores(engine, S, "LIHC", samples=samples, **REAL)
        known = {name: group_of[name[:12]] for name in values if name[:12] in group_of}
        assert_two(frame.to_dicts(), ("x", "y"), *split(values, known, "xy"))


def test_three_groups(engine: Engine, tmp_path: Path) -> None:
    """Of two tumor types; the rows of all groups first, then those of each two."""
    names = [*barcodes(22, site="LI"), *barcodes(11, site="AC")]
    group_of = {name: ("II", "I", "III")[place % 3] for place, name in enumerate(names)}
    path = write_groups(tmp_path, group_of)
    frame = engine.compare(
        [S, "G005"], path, tumor_types=["ACC", "LIHC"], **REAL, null="none"
    ).frame
    assert_q(frame)
    order = ("II", "I", "III")
    for tumor_type, variable in itertools.product(("ACC", "LIHC"), ("S", "G005")):
        if variable == "S":
            values = scores(engine, S, tumor_type, **REAL)
        else:
            values = gene_values(engine, variable, tumor_type, "tumor")
        rows = frame.filter(
            (pl.col("tumor_type") == tumor_type) & (pl.col("variable") == variable)
        ).to_dicts()
        groups = split(values, group_of, order)
        assert_tests(rows[:3], of_many([vector(group) for group in groups]))
        for row in rows[:3]:
            assert (row["group_a"], row["group_b"]) == ("II, I, III", None)
            assert (row["n_a"], row["n_b"]) == (len(values), None)
            assert (row["mean_a"], row["mean_b"]) == (None, None)
            assert row["effect_name"] == EFFECTS[row["test"]]
        for place, (a, b) in enumerate(itertools.combinations(range(3), 2)):
            two = rows[3 + 2 * place : 5 + 2 * place]
            assert_two(two, (order[a], order[b]), groups[a], groups[b])
        assert len(rows) == 3 + 3 * 2


def test_several_samples_of_a_patient_are_paired(engine: Engine, tmp_path: Path) -> None:
    """First against later samples; of a patient's two later ones the mean counts."""
    names = samples_of("GBM")
    group_of = {name: "first" if name.endswith("01") else "later" for name in names}
    path = write_groups(tmp_path, group_of)
    asked: dict[str, Any] = {"tumor_types": ["GBM"], "samples": "all-tumor", **REAL}
    frame = engine.compare([S], path, null="none", **asked).frame
    sides = split(
        scores(engine, S, "GBM", samples="all-tumor", **REAL), group_of, ("first", "later")
    )
    assert [len(side) for side in sides] == [14, len(SECOND) + len(THIRD)]
    assert len(pairs_of(*sides)[0]) == len(SECOND)
    assert_two(frame.to_dicts(), ("first", "later"), *sides)
    # of one sample per patient there are no pairs, and no later ones
    with pytest.raises(AnalysisError, match="too few samples: 0 in later"):
        engine.compare([S], path, tumor_types=["GBM"], **REAL, null="none")


def test_an_own_cohort(engine: Engine, tmp_path: Path) -> None:
    group_of = {f"mouse {number}": ("a", "b")[number < 11] for number in range(18)}
    path = write_groups(tmp_path, group_of, "name")
    frame = engine.compare([S, "G005"], path, source="mice", null="none").frame
    values = scores(engine, S, "OTHER", source="mice")
    assert set(frame["tumor_type"]) == {"OTHER"}
    sides = split(values, group_of, "ba")
    rows = frame.filter(pl.col("variable") == "S").to_dicts()
    assert_tests(rows, of_two(*map(vector, sides)))
    assert [(row["n_a"], row["n_b"]) for row in rows] == [(11, 7)] * 2


def test_one_of_several_columns(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "groups.csv"
    lines = ["sample,arm,half"]
    for place, name in enumerate(barcodes(22, site="LI")):
        lines.append(f"{name},{'xyz'[place % 3]},{'first' if place < 11 else 'second'}")
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(UsageError, match=r"which column has .* Choose one with --group: arm, half"):
        engine.compare([S], path, **REAL, null="none")
    frame = engine.compare([S], path, group="half", tumor_types=["LIHC"], **REAL, null="none").frame
    values = scores(engine, S, "LIHC", **REAL)
    half = {name: "first" if name < barcodes(12, site="LI")[-1] else "second" for name in values}
    assert_two(frame.to_dicts(), ("first", "second"), *split(values, half, ("first", "second")))


def test_small_groups_have_no_test_and_no_q(engine: Engine, tmp_path: Path) -> None:
    names = barcodes(22, site="LI")
    group_of = {name: "abc"[(place > 9) + (place > 19)] for place, name in enumerate(names)}
    path = write_groups(tmp_path, group_of)
    frame = engine.compare([S], path, tumor_types=["LIHC"], **REAL, null="none").frame
    assert_q(frame)
    rows = {(row["test"], row["group_a"], row["group_b"]): row for row in frame.to_dicts()}
    values = scores(engine, S, "LIHC", **REAL)
    large = [[values[name] for name in names if group_of[name] == group] for group in "ab"]
    anova = rows["anova", "a, b", None]
    assert anova["note"] == "left out, with fewer than 3 samples: c"
    assert anova["n_a"] == 20
    assert anova["p"] == pytest.approx(stats.f_oneway(*large).pvalue, rel=1e-9)
    for test in ("welch", "mann-whitney"):
        assert rows[test, "a", "c"]["note"] == "too few samples: 2 in c, at least 3 needed"
        assert rows[test, "a", "b"]["q"] == rows[test, "a", "b"]["p"]


# --- what cannot be asked ------------------------------------------------------------------------


def test_what_cannot_be_asked_is_said(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(AnalysisError, match="too few samples: 0 in normal, at least 3 needed"):
        engine.compare(S, tumor_types=["ACC"], **REAL, null="none")
    with pytest.raises(AnalysisError, match="few: 3 of 4 genes"):
        engine.compare(FEW, **REAL, null="none")
    with pytest.raises(AnalysisError, match="GPX4: not measured"):
        engine.compare("GPX4", **REAL, null="none")
    with pytest.raises(UsageError, match=r"a column of groups is given\. Give the file too"):
        engine.compare(S, group="arm", **REAL, null="none")
    for samples in ("normal", "all-tumor"):
        taken: Any = samples
        with pytest.raises(UsageError, match=f"samples is '{samples}'. By sample-type, tumor is"):
            engine.compare(S, samples=taken, **REAL, null="none")
    with pytest.raises(UsageError, match="two different gene sets are named 'S'"):
        engine.compare([S, tc.GeneSet("S", "", tuple(GENES[2:12]))], **REAL, null="none")
    with pytest.raises(UsageError, match="several sources"):
        engine.compare(S)
    with pytest.raises(DataMissingError, match="no file"):
        engine.compare(S, tmp_path / "none.tsv", **REAL, null="none")
    others = write_groups(tmp_path, {name: "xy"[name < "m"] for name in ("a", "b", "z")}, "name")
    with pytest.raises(AnalysisError, match="too few samples: 0 in y, 0 in x"):
        engine.compare(S, others, **REAL, null="none")
    one = write_groups(tmp_path, dict.fromkeys(barcodes(5), "x"))
    with pytest.raises(TableError, match="column 'arm' has only the group 'x'"):
        engine.compare(S, one, **REAL, null="none")


FILES = {
    "two.tsv": "sample\tarm\nTCGA-LI-0001-01\tx\nTCGA-LI-0001-01\ty\n",
    "one.tsv": "sample\tarm\nTCGA-LI-0001-01\tx\nTCGA-LI-0002-01\tx\n",
    "several.tsv": "sample\tarm\tage\nTCGA-LI-0001-01\tx\t1\nTCGA-LI-0002-01\ty\t2\n",
    "empty.tsv": "",
}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--by", "two.tsv"), 1, "two.tsv, line 3: TCGA-LI-0001-01 is of 'y' here"),
        (("--by", "one.tsv"), 1, "one.tsv: column 'arm' has only the group 'x'"),
        (("--by", "several.tsv"), 2, "Choose one with --group"),
        (("--by", "several.tsv", "--group", "arms"), 2, "Did you mean arm?"),
        (("--by", "empty.tsv"), 1, "empty.tsv: the file is empty"),
        (("--by", "none.tsv"), 3, "no file 'none.tsv'"),
        (("--by", "sample_type"), 2, "Did you mean sample-type"),
        (("--group", "arm"), 2, "Give the file too: --by FILE"),
        (("--samples", "normal"), 2, "By sample-type, tumor is compared with normal"),
        (("-t", "ACC"), 1, "too few samples: 0 in normal"),
        (("-t", "BRCA"), 3, "BRCA: not loaded"),
        (("--ties", "first"), 2, "first"),
    ],
)
def test_an_error_is_one_line(
    run: Run,
    arguments: tuple[str, ...],
    code: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    got, out, err = run("compare", "G005", "--source", "tcga-hiseqv2", *arguments)
    assert (got, out) == (code, "")
    assert err.startswith("tcga-corr: error: ")
    assert err.count("\n") == 1
    assert said in err


# --- what is written -----------------------------------------------------------------------------


def test_every_format_has_the_same_rows(run: Run, engine: Engine, tmp_path: Path) -> None:
    frame = engine.compare(["G005", "hallmark_hypoxia"], **REAL).frame
    asked = ("compare", "G005", "hallmark_hypoxia", "--source", "tcga-hiseqv2")
    texts = [name for name, kind in frame.schema.items() if kind == pl.String]
    filled = frame.with_columns(pl.col(texts).fill_null(""))
    for ending, separator in (("tsv", "\t"), ("csv", ",")):
        code, out, _ = run(*asked, "--format", ending)
        assert code == 0
        read = pl.read_csv(io.StringIO(out), separator=separator, schema=frame.schema)
        assert read.with_columns(pl.col(texts).fill_null("")).equals(filled)
    _, out, _ = run(*asked, "--format", "json")
    answer = json.loads(out)
    assert list(answer) == ["schema", "query", "comparisons", "provenance"]
    assert pl.DataFrame(answer["comparisons"], schema=frame.schema).equals(frame)
    assert answer["query"]["variables"] == ["G005", "HALLMARK_HYPOXIA"]
    target = tmp_path / "rows.parquet"
    assert run(*asked, "-o", target)[:2] == (0, "")
    assert pl.read_parquet(target).equals(frame)


def test_the_table_for_people(run: Run) -> None:
    _, out, _ = run("compare", "G005", "--source", "tcga-hiseqv2", "-t", "LIHC")
    lines = out.splitlines()
    assert lines[0].startswith("G005 by sample-type, tumor minus normal; tcga-hiseqv2")
    assert "df2" not in lines[2].split()  # no test here has it
    assert [line.split()[2] for line in lines[4:]] == [
        "welch",
        "mann-whitney",
        "paired",
        "wilcoxon",
    ]


def test_values_that_are_made_up_are_said_to_be(tmp_path: Path) -> None:
    from tcga_corr.fetching.simulation import write_atlas

    list(write_atlas(tmp_path, n_genes=300, tumor_types=("BRCA",)))
    engine = tc.open_store(tmp_path / "cache")
    table = tmp_path / "TCGA.BRCA.sampleMap" / "HiSeqV2.gz"
    assert not engine.load([table], LoadOptions(source="simulated")).errors
    answer = engine.compare("RELA", null="none")
    assert set(answer.frame["note"]) == {"SIMULATED"}
    assert any("SIMULATED" in note for note in answer.notes)
