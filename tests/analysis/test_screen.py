"""Screens: each number is that of the pair asked alone, and q, ranks and pooling are by hand.

Tolerance: 1e-12, of r, its interval and q absolute, of p and of what is pooled relative too.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import tcga_corr as tc
from tcga_corr.cli import main
from tcga_corr.engine import Answer, Engine
from tcga_corr.errors import AnalysisError, DataMissingError, UsageError
from tcga_corr.stats.adjustment import benjamini_hochberg
from tcga_corr.stats.methods import fisher_variance
from tcga_corr.stats.pooling import pool
from tcga_corr.vocabulary.gene_sets.catalogue import shipped_sets
from tests.conftest import Run, barcodes, write_table

N = {"ACC": 25, "CHOL": 14, "LIHC": 40, "UVM": 8}
N_NORMAL = 12  # of LIHC, where they stand between the tumour samples
GENES = [f"G{number:03d}" for number in range(280)]
CONSTANT, CONSTANT_IN_ACC, ZERO = "G060", "G061", "G062"
HALLMARKS = ("HALLMARK_APOPTOSIS", "HALLMARK_GLYCOLYSIS", "HALLMARK_HYPOXIA")
NOT_IN_CHOL = GENES[75:85]
ONLY_IN_CHOL = "ONLY1"
BY_TYPE = [
    "tumor_type", "x", "y", "method", "n", "r", "ci_low", "ci_high", "p", "q", "n_shared_genes",
    "r_disjoint", "rank", "note",
]  # fmt: skip
PURITY, AGE = "covariate:purity", "covariate:age"
POOLED = [
    "rank", "x", "y", "method", "n_types", "n", "r", "ci_low", "ci_high", "p", "q", "tau2", "i2",
    "prediction_low", "prediction_high", "n_positive", "n_negative", "r_min", "r_max",
    "n_shared_genes", "r_disjoint", "note",
]  # fmt: skip


def gene_set(name: str, first: int, last: int, *more: str) -> tc.GeneSet:
    return tc.GeneSet(name, "", (*GENES[first:last], *more))


S = gene_set("S", 1, 11)
# with genes of S, of which enough is left; all but 3 of S; none; those that CHOL lacks, and more
SETS = (
    gene_set("half", 6, 20),
    gene_set("inside", 4, 11),
    gene_set("far", 100, 130),
    gene_set("partly", 73, 88),
    gene_set("not_in_chol", 76, 83),
    gene_set("few", 200, 204, "GPX4", "NFE2L2"),
)


def near_constant() -> dict[str, tuple[float, float]]:
    """Genes to their mean and spread: so little of it that sums of squares would lose it."""
    means = (1.0, 12.0, 21.0, 29.0)
    return {f"N{mean:.0f}": (mean, mean * 2e-5) for mean in means}


def made(tumor_type: str) -> tuple[list[str], list[str], np.ndarray]:
    """Samples, genes and values that follow three hidden activities, with ties and zeros."""
    rng = np.random.default_rng([4, *tumor_type.encode()])
    real = sorted({gene for name in HALLMARKS for gene in shipped_sets()[name].genes[:9]})
    genes = [*GENES, *real]
    samples = barcodes(N[tumor_type], site=tumor_type[:2])
    if tumor_type == "LIHC":
        samples += barcodes(N_NORMAL, "11", site="LI")
    activity = rng.normal(0, 1, (3, len(samples)))
    loading = rng.normal(0, 1, (len(genes), 3)) * (rng.random((len(genes), 3)) < 0.5)
    values = rng.normal(7, 3, (len(genes), 1)) + loading @ activity
    values = np.maximum(values + rng.normal(0, 0.8, values.shape), 0).round(1)
    values[genes.index(CONSTANT)] = 3.3
    values[genes.index(ZERO)] = 0
    if tumor_type == "ACC":
        values[genes.index(CONSTANT_IN_ACC)] = 9.1
    for name, (mean, spread) in near_constant().items():
        genes.append(name)
        values = np.vstack([values, mean + spread * rng.normal(0, 1, len(samples))])
    if tumor_type == "CHOL":
        kept = [number for number, gene in enumerate(genes) if gene not in NOT_IN_CHOL]
        genes = [*(genes[number] for number in kept), ONLY_IN_CHOL]
        values = np.vstack([values[kept], values[0] + rng.normal(0, 1, len(samples)).round(1)])
    return samples, genes, values


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Four tumor types, one of too few samples, with covariates. Read only: shared by tests."""
    folder = tmp_path_factory.mktemp("screens")
    engine = tc.open_store(folder / "cache")
    lines = ["sample\tpurity\tage"]
    for tumor_type in N:
        samples, genes, values = made(tumor_type)
        path = folder / f"TCGA.{tumor_type}.sampleMap" / "HiSeqV2"
        write_table(path, samples, zip(genes, values.tolist(), strict=True))
        assert not engine.load([path]).errors
        rng = np.random.default_rng([5, *tumor_type.encode()])
        for place, sample in enumerate(samples):
            # nobody of CHOL has a purity, and some of the others have none
            purity = "" if tumor_type == "CHOL" or place < 4 else round(rng.uniform(0.2, 1), 2)
            lines.append(f"{sample}\t{purity}\t{rng.integers(30, 80)}")
    (folder / "clinic.tsv").write_text("\n".join(lines) + "\n")
    engine.load_covariates(folder / "clinic.tsv")
    return engine


@pytest.fixture(autouse=True)
def without_nulls(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a screen correlates; its nulls are those of test_null_of_every_gene.py."""
    screen = Engine.screen

    def alone(self: Engine, *arguments: Any, **options: Any) -> Any:
        return screen(self, *arguments, **options | {"null": options.get("null") or ()})

    monkeypatch.setattr(Engine, "screen", alone)


@pytest.fixture
def gmt(tmp_path: Path) -> Path:
    """All the sets in a file."""
    path = tmp_path / "mine.gmt"
    lines = ["\t".join((one.name, "", *one.genes)) for one in (S, *SETS)]
    path.write_text("\n".join(lines) + "\n")
    return path


def close(got: float | None, expected: float | None, *, relative: bool = False) -> None:
    if expected is None or got is None:
        assert got is None
        assert expected is None
    else:
        assert got == pytest.approx(expected, abs=1e-12, rel=1e-11 if relative else 0)


def name_of(variable: str | tc.GeneSet) -> str:
    return variable.rpartition(":")[2] if isinstance(variable, str) else variable.name


def assert_rows_are_those_of_pairs(
    engine: Engine, answer: Answer, x: str | tc.GeneSet, ys: Iterable[Any], **options: Any
) -> None:
    """Each y has the rows that the pair asked alone has, but for those without an r."""
    frame = answer.frame
    assert frame.columns == BY_TYPE
    assert set(frame["note"]) == {""}
    for y in ys:
        name = name_of(y)
        rows = {row["tumor_type"]: row for row in frame.filter(pl.col("y") == name).to_dicts()}
        alone = engine.correlate(x, y, null=(), **options).frame
        pairs = {row["tumor_type"]: row for row in alone.to_dicts() if row["r"] is not None}
        assert rows.keys() == pairs.keys(), name
        for tumor_type, row in rows.items():
            pair = pairs[tumor_type]
            for column in ("x", "y", "method", "n", "n_shared_genes"):
                assert row[column] == pair[column], (name, column)
            for column in ("r", "ci_low", "ci_high", "r_disjoint"):
                close(row[column], pair[column])
            close(row["p"], pair["p"], relative=True)


def assert_q_and_ranks(frame: pl.DataFrame) -> None:
    """q over the whole screen, ranks within the tumor type."""
    p, r = frame["p"].to_numpy(), frame["r"].abs().to_numpy()
    np.testing.assert_allclose(frame["q"].to_numpy(), slow_q(p), rtol=0, atol=1e-12)
    np.testing.assert_array_equal(frame["q"].to_numpy(), benjamini_hochberg(p))
    types = frame["tumor_type"].to_numpy()
    ranks = [
        1 + int(((types == kind) & (r > own)).sum()) for kind, own in zip(types, r, strict=True)
    ]
    assert frame["rank"].to_list() == ranks
    order = list(zip(types.tolist(), ranks, frame["y"].to_list(), strict=True))
    assert order == sorted(order)


def slow_q(p: np.ndarray) -> list[float]:
    several = sorted(p.tolist())
    m = len(several)
    scaled = [value * m / (place + 1) for place, value in enumerate(several)]
    q = {value: min(1.0, *scaled[place:]) for place, value in reversed([*enumerate(several)])}
    return [q[value] for value in p.tolist()]


def assert_pooled(answer: Answer, apart: Answer, method: Any, adjust: Sequence[str] = ()) -> None:
    """The row of each y is the pooling of its rows by tumor type; most certain first."""
    frame, rows = answer.frame, apart.frame
    assert frame.columns == POOLED
    assert set(frame["note"]) == {""}
    assert rows["r"].abs().max() < 1  # a perfect one would come first
    assert frame["rank"].to_list() == list(range(1, frame.height + 1))
    types = sorted(set(rows["tumor_type"]))
    by_place = {(row["tumor_type"], row["y"]): row for row in rows.to_dicts()}
    assert set(frame["y"]) == set(rows["y"])

    def matrix(column: str, nothing: float) -> np.ndarray:
        cells = [
            [by_place.get((kind, y), {}).get(column, None) for y in frame["y"]] for kind in types
        ]
        return np.array([[nothing if cell is None else cell for cell in row] for row in cells])

    r, n, q = matrix("r", np.nan), matrix("n", 0).astype(int), matrix("q", 1.0)
    disjoint = matrix("r_disjoint", np.nan)
    controls = len(adjust)
    pooled = pool(r, fisher_variance(r, n, method, controls))
    random_effects = ("r", "ci_low", "ci_high", "p", "tau2", "i2")
    for column in (*random_effects, "prediction_low", "prediction_high"):
        got = frame[column].cast(pl.Float64).fill_null(np.nan).to_numpy()
        np.testing.assert_allclose(got, getattr(pooled, column), rtol=1e-9, atol=1e-12)
    apart_r = pool(disjoint, fisher_variance(disjoint, n, method, controls)).r
    got = frame["r_disjoint"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    np.testing.assert_allclose(got, apart_r, rtol=1e-9, atol=1e-12)
    known = frame.filter(pl.col("p").is_not_null())
    np.testing.assert_allclose(known["q"], benjamini_hochberg(known["p"].to_numpy()), rtol=1e-12)
    assert known["p"].is_sorted()
    assert frame["p"].to_list()[: known.height] == known["p"].to_list()  # those without are last
    expected = {
        "n_types": (~np.isnan(r)).sum(axis=0),
        "n": n.sum(axis=0),
        "n_positive": ((q < 0.05) & (r > 0)).sum(axis=0),
        "n_negative": ((q < 0.05) & (r < 0)).sum(axis=0),
        "n_shared_genes": matrix("n_shared_genes", 0).max(axis=0),
    }
    for column, values in expected.items():
        assert frame[column].to_list() == values.tolist(), column
    np.testing.assert_allclose(frame["r_min"], np.nanmin(r, axis=0), rtol=0, atol=1e-12)
    np.testing.assert_allclose(frame["r_max"], np.nanmax(r, axis=0), rtol=0, atol=1e-12)


# --- against genes -------------------------------------------------------------------------------

# of each tenth gene, those of S, that are constant, that vary little, that CHOL lacks
SOME = [
    *GENES[::20], "G004", "G009", CONSTANT, CONSTANT_IN_ACC, *near_constant(), NOT_IN_CHOL[0],
    ONLY_IN_CHOL,
]  # fmt: skip
QUESTIONS: dict[str, tuple[str | tc.GeneSet, dict[str, Any]]] = {
    "gene": ("G002", {}),
    "gene, spearman": ("G002", {"method": "spearman"}),
    "gene that CHOL lacks": (NOT_IN_CHOL[2], {}),
    "gene constant in ACC": (CONSTANT_IN_ACC, {}),
    "gene, adjusted": ("G002", {"adjust": (PURITY,)}),
    "gene, adjusted for two, spearman": ("G002", {"adjust": (AGE, S), "method": "spearman"}),
    "set": (S, {}),
    "set, spearman, gsva": (S, {"method": "spearman", "ties": "gsva"}),
    "set, adjusted": (S, {"adjust": (PURITY, "G030")}),
    "covariate": (PURITY, {}),
    "covariate, spearman, adjusted": (PURITY, {"method": "spearman", "adjust": (AGE,)}),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", QUESTIONS)
def test_genes_have_the_rows_of_the_pair(engine: Engine, name: str) -> None:
    x, options = QUESTIONS[name]
    answer = engine.screen(x, by_tumor_type=True, **options)
    asked, held = name_of(x), [name_of(one) for one in options.get("adjust", ())]
    ys = [gene for gene in dict.fromkeys(SOME) if gene not in (asked, *held)]
    assert_rows_are_those_of_pairs(engine, answer, x, ys, **options)
    assert_q_and_ranks(answer.frame)
    assert asked not in answer.frame["y"].to_list()
    genes = {gene for kind in N for gene in made(kind)[1]} - {asked}
    assert answer.query.n_y == len(genes)
    assert "UVM: too few samples: " in "; ".join(answer.notes)


def test_every_gene_against_numpy(engine: Engine) -> None:
    """All blocks of a table, in samples that are neighbours and in others."""
    frame = engine.screen("G002", by_tumor_type=True).frame
    for tumor_type in ("ACC", "CHOL", "LIHC"):
        _, genes, values = made(tumor_type)
        tumor = values[:, : N[tumor_type]].astype(np.float32).astype(np.float64)
        varied = np.ptp(tumor, axis=1) > 0
        expected = dict(zip(np.array(genes)[varied], np.corrcoef(tumor[varied]), strict=True))[
            "G002"
        ]
        by_gene = dict(zip(np.array(genes)[varied].tolist(), expected.tolist(), strict=True))
        del by_gene["G002"]
        rows = frame.filter(pl.col("tumor_type") == tumor_type)
        assert set(rows["y"]) == set(by_gene)
        assert set(rows["n"]) == {N[tumor_type]}
        plain = rows.filter(~pl.col("y").is_in(list(near_constant())))
        got = plain["r"].to_numpy()
        np.testing.assert_allclose(got, [by_gene[y] for y in plain["y"]], rtol=0, atol=1e-12)


def test_genes_that_do_not_vary_have_no_row(engine: Engine) -> None:
    frame = engine.screen("G002", by_tumor_type=True).frame
    assert not set(frame["y"]) & {CONSTANT, ZERO}
    rows = frame.filter(pl.col("y") == CONSTANT_IN_ACC)
    assert rows["tumor_type"].to_list() == ["CHOL", "LIHC"]
    pooled = engine.screen("G002")
    assert not set(pooled.frame["y"]) & {CONSTANT, ZERO}
    assert pooled.frame.height == pooled.query.n_y - 2
    assert f"no r in any tumor type: 2 of {pooled.query.n_y}" in pooled.notes


def test_what_is_adjusted_for_has_no_row(engine: Engine) -> None:
    answer = engine.screen("G002", adjust=("G003", "G004"), by_tumor_type=True)
    assert not set(answer.frame["y"]) & {"G002", "G003", "G004"}
    assert answer.query.adjust == ["G003", "G004"]


def test_other_samples(engine: Engine) -> None:
    answer = engine.screen("G002", samples="normal", by_tumor_type=True)
    assert set(answer.frame["tumor_type"]) == {"LIHC"}
    assert set(answer.frame["n"]) == {N_NORMAL}
    assert_rows_are_those_of_pairs(engine, answer, "G002", GENES[10:14], samples="normal")


def test_a_tumor_type_without_the_covariate_is_said(engine: Engine) -> None:
    answer = engine.screen("G002", adjust=PURITY, by_tumor_type=True)
    assert set(answer.frame["tumor_type"]) == {"ACC", "LIHC"}
    assert set(answer.frame["n"]) == {N["ACC"] - 4, N["LIHC"] - 4}
    assert "CHOL: purity: no sample has it" in answer.notes


def test_each_control_needs_one_more_sample(engine: Engine) -> None:
    held = GENES[120:125]  # five, of the 14 samples of CHOL
    answer = engine.screen("G002", SETS[:2], adjust=held[:4], tumor_types="CHOL")
    assert set(answer.frame["n"]) == {N["CHOL"]}
    with pytest.raises(AnalysisError, match="too few samples: 14, at least 15 needed"):
        engine.screen("G002", SETS[:2], adjust=held, tumor_types="CHOL")


def test_one_tumor_type_gives_associations(engine: Engine) -> None:
    alone = engine.screen("G002", tumor_types="ACC")
    assert alone.query.by_tumor_type
    assert alone.frame.columns == BY_TYPE
    together = engine.screen("G002", by_tumor_type=True).frame
    expected = together.filter(pl.col("tumor_type") == "ACC")
    # q is over what was screened; all else does not depend on it
    assert alone.frame.drop("q").equals(expected.drop("q"))
    assert_q_and_ranks(alone.frame)


# --- against gene sets ---------------------------------------------------------------------------

SET_QUESTIONS: dict[str, tuple[str | tc.GeneSet, dict[str, Any]]] = {
    "gene inside": ("G008", {}),
    "gene outside, spearman": ("G250", {"method": "spearman"}),
    "set": (S, {}),
    "set, spearman, adjusted": (S, {"method": "spearman", "adjust": (PURITY, "G030")}),
    "set, gseapy, few genes": (S, {"ties": "gseapy", "min_genes": 3}),
    "covariate": (AGE, {}),
    "covariate, adjusted": (PURITY, {"adjust": "G030"}),
}


@pytest.mark.parametrize("name", SET_QUESTIONS)
def test_sets_have_the_rows_of_the_pair(engine: Engine, name: str) -> None:
    x, options = SET_QUESTIONS[name]
    answer = engine.screen(x, SETS, by_tumor_type=True, **options)
    assert_rows_are_those_of_pairs(engine, answer, x, SETS, **options)
    assert_q_and_ranks(answer.frame)
    assert answer.query.against == [one.name for one in SETS]


def test_shared_genes_of_sets(engine: Engine) -> None:
    """By hand: S without the shared genes against the others without them."""
    frame = engine.screen(S, SETS, tumor_types="LIHC").frame
    rows = {row["y"]: row for row in frame.to_dicts()}
    assert {name: row["n_shared_genes"] for name, row in rows.items()} == {
        "half": 5, "inside": 7, "far": 0, "partly": 0, "not_in_chol": 0
    }  # fmt: skip
    left = (gene_set("S", 1, 6), gene_set("half", 11, 20))
    apart = engine.correlate(*left, tumor_types="LIHC", null=()).frame
    close(rows["half"]["r_disjoint"], apart["r"][0])
    assert rows["inside"]["r_disjoint"] is None  # nothing is left of it
    assert rows["far"]["r_disjoint"] == rows["far"]["r"]


def test_a_file_and_a_collection(engine: Engine, gmt: Path) -> None:
    answer = engine.screen(f"{gmt}:S", str(gmt), by_tumor_type=True)
    assert answer.query.against == str(gmt)
    assert answer.query.n_y == len(SETS)  # without x itself
    assert_rows_are_those_of_pairs(
        engine, answer, f"{gmt}:S", [f"{gmt}:{one.name}" for one in SETS if one.name != "few"]
    )
    by_sets = engine.screen(S, SETS, by_tumor_type=True).frame
    assert by_sets.equals(answer.frame)
    hallmark = engine.screen("G002", "hallmark", by_tumor_type=True)
    assert hallmark.query.n_y == 50
    assert set(HALLMARKS) <= set(hallmark.frame["y"])
    assert_rows_are_those_of_pairs(engine, hallmark, "G002", HALLMARKS)
    # x of a collection is not held against itself
    others = engine.screen(HALLMARKS[0], "HALLMARK").frame["y"]
    assert HALLMARKS[0] not in others.to_list()


def test_a_row_does_not_depend_on_the_others(engine: Engine) -> None:
    together = engine.screen("G008", SETS, by_tumor_type=True).frame.drop("q", "rank")
    for one in SETS[:4]:
        alone = engine.screen("G008", [one], by_tumor_type=True).frame.drop("q", "rank")
        assert alone.equals(together.filter(pl.col("y") == one.name))


# --- pooled --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "against", "method", "adjust"),
    [
        ("G002", "genes", "pearson", ()),
        ("G002", "genes", "spearman", (AGE,)),
        (S, "genes", "pearson", ()),
        (S, SETS, "pearson", (AGE, "G030")),
        (PURITY, SETS, "spearman", ()),
    ],
)
def test_ranking_pools_the_rows(
    engine: Engine, x: Any, against: Any, method: Any, adjust: tuple[str, ...]
) -> None:
    options: dict[str, Any] = {"method": method, "adjust": adjust}
    answer = engine.screen(x, against, **options)
    apart = engine.screen(x, against, by_tumor_type=True, **options)
    assert answer.query.by_tumor_type is False
    assert_pooled(answer, apart, method, adjust)


def test_pooled_rows_are_those_of_the_pair(engine: Engine) -> None:
    rows = {row["y"]: row for row in engine.screen(S, "genes").frame.to_dicts()}
    for gene in ("G000", "G004", NOT_IN_CHOL[0]):
        pair = engine.correlate(S, gene, null=()).pooled["pearson"]
        row = rows[gene]
        assert (row["n_types"], row["n"]) == (pair.n_types, pair.n_samples)
        for name in ("r", "ci_low", "ci_high", "tau2", "i2", "r_disjoint"):
            close(row[name], getattr(pair, name))
        close(row["p"], pair.p, relative=True)
    assert rows["G004"]["n_shared_genes"] == 1
    assert rows["G004"]["r_disjoint"] != rows["G004"]["r"]


def test_a_gene_of_one_tumor_type_is_not_pooled(engine: Engine) -> None:
    frame = engine.screen("G002").frame
    row = frame.filter(pl.col("y") == ONLY_IN_CHOL).to_dicts()[0]
    assert (row["n_types"], row["n"], row["r"], row["p"], row["q"]) == (1, 14, None, None, None)
    assert row["r_min"] == row["r_max"]
    assert row["rank"] == frame.height


# --- what is perfect, and what hardly varies ------------------------------------------------------

HARDLY = GENES[60:88]  # they vary by a thousandth of their mean


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """G011 is G001 and G012 its mirror image, in each of two tumor types. Read only."""
    folder = tmp_path_factory.mktemp("copies")
    engine = tc.open_store(folder / "cache")
    rng = np.random.default_rng(1)
    for tumor_type, n in (("ACC", 25), ("LIHC", 40)):
        values = rng.uniform(2, 15, (120, n)).round(1)
        values[11], values[12] = values[1], 18 - values[1]
        values[60:88] = 28 + rng.normal(0, 0.03, (len(HARDLY), n))
        path = folder / f"TCGA.{tumor_type}.sampleMap" / "HiSeqV2"
        rows = zip(GENES[:120], values.tolist(), strict=True)
        write_table(path, barcodes(n, site=tumor_type[:2]), rows)
        assert not engine.load([path]).errors
    return engine


@pytest.mark.parametrize("method", ["pearson", "spearman"])
def test_perfect_genes_come_first(copies: Engine, method: Any) -> None:
    """They are exactly 1 and -1 in each tumor type, of which there is nothing to pool."""
    apart = copies.screen("gene:G001", method=method, by_tumor_type=True).frame
    perfect = apart.filter(pl.col("r").abs() == 1).select("tumor_type", "y", "r", "rank")
    assert perfect.rows() == [
        (kind, *row) for kind in ("ACC", "LIHC") for row in (("G011", 1, 1), ("G012", -1, 1))
    ]
    frame = copies.screen("gene:G001", method=method).frame
    first = frame.head(2).to_dicts()
    assert [(row["rank"], row["y"]) for row in first] == [(1, "G011"), (2, "G012")]
    for row in first:
        assert (row["n_types"], row["r"], row["p"], row["q"]) == (2, None, None, None)
    assert [(row["r_min"], row["r_max"]) for row in first] == [(1, 1), (-1, -1)]
    others = frame.slice(2)
    assert others["p"].null_count() == 0
    assert others["p"].is_sorted()


def test_genes_that_hardly_vary_keep_their_digits(copies: Engine) -> None:
    rows = copies.screen("G005", by_tumor_type=True).frame.filter(pl.col("y").is_in(HARDLY))
    alone = pl.concat([copies.correlate("G005", gene, null=()).frame for gene in HARDLY])
    assert rows.height == alone.height == 2 * len(HARDLY)
    rows, alone = (frame.sort("tumor_type", "y") for frame in (rows, alone))
    np.testing.assert_allclose(rows["r"], alone["r"], rtol=0, atol=1e-12)


# --- what cannot be asked ------------------------------------------------------------------------


def test_some_genes_and_sets_give_the_rows_of_correlate(engine: Engine, tmp_path: Path) -> None:
    genes = [*SETS[0].genes[:2], "G009"]
    listed = tmp_path / "genes.txt"
    listed.write_text("gene\n" + "\n".join(genes) + "\nNOGENE\n")
    for given in (genes, ",".join(genes), listed, str(listed)):
        answer = engine.screen(SETS[0], given, null=(), by_tumor_type=True)
        assert answer.query.y_kind == "genes"
        for gene in genes:
            own = answer.frame.filter(pl.col("y") == gene).sort("tumor_type")
            one = engine.correlate(SETS[0], gene, null=()).frame.drop_nulls("r")
            for column in ("n", "r", "p", "n_shared_genes", "r_disjoint"):
                assert own[column].to_list() == pytest.approx(one[column].to_list(), abs=1e-12)
    assert any("NOGENE" in note for note in answer.notes)
    both = engine.screen("G008", ["G009", SETS[0]], null=())
    assert set(both.frame["y"]) == {"G009", SETS[0].name}
    assert both.query.y_kind == "variables"
    by_dict = engine.screen("G008", {"A": SETS[0].genes, "B": SETS[1].genes}, null=())
    assert set(by_dict.frame["y"]) == {"A", "B"}


@pytest.mark.parametrize("given", [1, None, b"genes", [1], [[1]], {"A": "RELA"}, pl.DataFrame()])
def test_what_is_no_variable_is_refused_in_one_line(engine: Engine, given: object) -> None:
    for ask in (
        lambda: engine.screen("G008", given),  # type: ignore[arg-type]
        lambda: engine.correlate("G008", given),  # type: ignore[arg-type]
        lambda: engine.score(given),  # type: ignore[arg-type]
    ):
        with pytest.raises(UsageError, match=r"is given|are given|names no variable|no text"):
            ask()


def test_what_cannot_be_asked_is_said(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(AnalysisError, match=f"{CONSTANT} is constant"):
        engine.screen(CONSTANT)
    with pytest.raises(AnalysisError, match="GPX4: not measured"):
        engine.screen("GPX4")
    with pytest.raises(AnalysisError, match="few: 4 of 6 genes"):
        engine.screen(SETS[-1])
    with pytest.raises(AnalysisError, match="too few samples: 8, at least 10 needed"):
        engine.screen("G002", tumor_types="UVM")
    with pytest.raises(AnalysisError, match="too few samples: 0"):
        engine.screen("G002", tumor_types=["ACC"], samples="normal")
    with pytest.raises(AnalysisError, match="no tumor type gives an association"):
        engine.screen("G002", [tc.GeneSet("T", "", ("GPX4", "RELA"))])
    with pytest.raises(UsageError, match="unknown collection 'hallmarks'"):
        engine.screen("G002", "hallmarks")
    with pytest.raises(UsageError, match="method is 'kendall'"):
        engine.screen("G002", method="kendall")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="'G002' cannot be adjusted for"):
        engine.screen("G002", adjust="G002")
    with pytest.raises(DataMissingError, match="no gene set file"):
        engine.screen("G002", str(tmp_path / "none.gmt"))
    with pytest.raises(DataMissingError, match="BRCA: not loaded"):
        engine.screen("G002", tumor_types="BRCA")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((CONSTANT, "--against", "genes"), 1, f"{CONSTANT} is constant"),
        (("GPX4", "--against", "genes"), 1, "GPX4: not measured"),
        (("G002", "--against", "genes", "-t", "UVM"), 1, "too few samples"),
        (("G002", "--against", "halmark"), 2, "unknown collection 'halmark'"),
        (("G002", "--against", "none.gmt"), 3, "no gene set file 'none.gmt'"),
        (("G002", "--against", "genes", "--method", "kendall"), 2, "kendall"),
        (("G002", "--against", "genes", "--top", "0"), 2, "--top is '0'"),
        (("G002", "--against", "genes", "--top", "many"), 2, "--top is 'many'"),
        (("G002", "--against", "genes", "--adjust", "G002"), 2, "cannot be adjusted for"),
        (("G002",), 2, "--against"),
        (("NOGENE", "--against", "genes"), 2, "NOGENE"),
    ],
)
def test_an_error_is_one_line(run: Run, arguments: tuple[str, ...], code: int, said: str) -> None:
    got, out, err = run("screen", *arguments)
    assert (got, out) == (code, "")
    assert err.startswith("tcga-corr: error: ")
    assert err.count("\n") == 1
    assert said in err


# --- what is written -----------------------------------------------------------------------------


@pytest.mark.parametrize("by_type", [False, True])
def test_every_format_has_the_same_rows(
    run: Run, engine: Engine, tmp_path: Path, by_type: bool
) -> None:
    frame = engine.screen("G002", "hallmark", by_tumor_type=by_type).frame
    asked = ["screen", "G002", "--against", "hallmark", "--top", "all"]
    asked += ["--by-type"] if by_type else []
    code, out, _ = run(*asked, "--format", "tsv")
    assert code == 0
    read = pl.read_csv(io.StringIO(out), separator="\t", schema=frame.schema)
    assert read.with_columns(pl.col("note").fill_null("")).equals(frame)
    _, out, _ = run(*asked, "--format", "csv")
    read = pl.read_csv(io.StringIO(out), schema=frame.schema)
    assert read.with_columns(pl.col("note").fill_null("")).equals(frame)
    _, out, _ = run(*asked, "--format", "json")
    answer = json.loads(out)
    assert list(answer) == ["schema", "query", "associations", "provenance"]
    assert pl.DataFrame(answer["associations"], schema=frame.schema).equals(frame)
    assert answer["query"]["top"] is None
    assert (answer["query"]["against"], answer["query"]["n_y"]) == ("hallmark", 50)
    assert answer["query"]["by_tumor_type"] is by_type
    target = tmp_path / "screen.parquet"
    assert run(*asked, "-o", target)[:2] == (0, "")
    assert pl.read_parquet(target).equals(frame)


def test_the_first_rows(run: Run, engine: Engine) -> None:
    frame = engine.screen("G002").frame
    _, out, _ = run("screen", "G002", "--against", "genes", "--top", "7", "--format", "json")
    answer = json.loads(out)
    assert answer["query"]["top"] == 7
    assert answer["associations"] == frame.head(7).to_dicts()
    apart = engine.screen("G002", by_tumor_type=True).frame
    _, out, _ = run(
        "screen", "G002", "--against", "genes", "--top", "3", "--by-type", "--format", "json"
    )
    rows = json.loads(out)["associations"]
    assert [row["tumor_type"] for row in rows] == ["ACC"] * 3 + ["CHOL"] * 3 + ["LIHC"] * 3
    assert rows == apart.filter(pl.col("rank") <= 3).to_dicts()


def test_all_rows_are_written_unless_for_people(run: Run, engine: Engine, tmp_path: Path) -> None:
    height = engine.screen("G002").frame.height
    asked = ("screen", "G002", "--against", "genes")
    _, out, _ = run(*asked, "--format", "json")
    answer = json.loads(out)
    assert (len(answer["associations"]), answer["query"]["top"]) == (height, None)
    for chosen in ("tsv", "csv"):
        _, out, _ = run(*asked, "--format", chosen)
        assert len(out.splitlines()) == 1 + height
    for ending, read in (("parquet", pl.read_parquet), ("csv", pl.read_csv)):
        target = tmp_path / f"rows.{ending}"
        assert run(*asked, "-o", target)[0] == 0
        assert read(target).height == height
    _, out, _ = run(*asked)
    assert out.splitlines()[-1] == f"{height - 25} more rows: --top all"
    assert sum(line.split()[:1] == ["25"] for line in out.splitlines()) == 1
    assert not any(line.split()[:1] == ["26"] for line in out.splitlines())


def test_the_table_for_people(run: Run, engine: Engine) -> None:
    _, out, err = run("screen", "G002", "--against", "genes", "--top", "4")
    lines = out.splitlines()
    n_y = engine.screen("G002").query.n_y
    assert lines[0].startswith(f"G002 against {n_y} genes, pearson; tcga-hiseqv2")
    assert lines[2].split()[:3] == ["rank", "y", "n_types"]
    assert "note" not in lines[2].split()
    assert "n_shared_genes" not in out  # a gene shares none
    left = engine.screen("G002").frame.height - 4
    assert lines[-1] == f"{left} more rows: --top all"
    assert "note: UVM: too few samples" in err
    assert f"note: no r in any tumor type: 2 of {n_y}\n" in err
    _, out, _ = run("screen", "hallmark_hypoxia", "--against", "hallmark", "--adjust", "age")
    assert "n_shared_genes" in out
    assert "sets of hallmark, pearson, adjusted for age;" in out
    assert "more rows" not in out


def test_values_that_are_made_up_are_said_to_be(
    run: Run, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    from tcga_corr.fetching.simulation import write_atlas
    from tcga_corr.loading.plan import LoadOptions

    list(write_atlas(tmp_path, n_genes=400, tumor_types=("UVM", "CHOL")))
    store = tc.open_store(tmp_path / "cache")
    tables = sorted(tmp_path.glob("*/HiSeqV2.gz"))
    assert not store.load(tables, LoadOptions(source="simulated")).errors
    arguments = ["screen", "RELA", "--against", "genes", "--top", "3"]
    assert main.run(["--cache", str(store.store.root), *arguments]) == 0
    out, err = (stream.decode() for stream in capfdbinary.readouterr())
    assert out.startswith("SIMULATED  RELA against")
    assert "SIMULATED" in err
    for by_type in (False, True):
        frame = store.screen("RELA", by_tumor_type=by_type).frame
        assert frame.columns[-1] == "note"
        assert set(frame["note"]) == {"SIMULATED"}
