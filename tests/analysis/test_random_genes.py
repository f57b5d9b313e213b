"""Rows of ``correlate`` among random genes, against draws that are made one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import tcga_corr as tc
from tcga_corr.analysis.nulls import random_genes as drawing
from tcga_corr.analysis.nulls import random_pairs
from tcga_corr.analysis.nulls.gene_pool import GenePool
from tcga_corr.analysis.nulls.random_genes import matched_scores
from tcga_corr.analysis.nulls.setting import NullSetting
from tcga_corr.choices import Method
from tcga_corr.engine import Engine
from tcga_corr.stats.decks import Shuffles
from tcga_corr.store.index import open_index
from tcga_corr.store.layout import TableKey
from tests.analysis.slow_nulls import (
    GENES,
    RANDOM_GENES,
    Variable,
    assert_columns,
    classes,
    named,
    random_genes,
    replaced,
    table,
    where,
)

DRAWS = 60
LIHC = table("LIHC")
VARYING = [gene for gene, values in LIHC.genes.items() if len(set(values)) > 12]
CONSTANT = [gene for gene, values in LIHC.genes.items() if len(set(values)) == 1]
CLASS_OF = classes([where("LIHC", "age", "age")])
ALIKE = [gene for gene in VARYING if CLASS_OF[gene] == CLASS_OF[VARYING[0]]]
"""Genes of one class."""


def some(start: int, count: int) -> frozenset[str]:
    """Genes from here and there."""
    return frozenset(VARYING[(start + 17 * number) % len(VARYING)] for number in range(count))


PAIRS: dict[str, tuple[Variable, Variable, str]] = {
    "gene and set": (VARYING[3], some(1, 30), ""),
    "gene in the set": (VARYING[1], some(1, 30), "without their shared genes"),
    "two sets": (some(1, 40), some(2, 25), ""),
    "a tenth shared": (some(1, 40), some(2, 18) | set(sorted(some(1, 40))[:2]), ""),
    "more shared": (
        some(1, 40), some(2, 18) | set(sorted(some(1, 40))[:3]), "without their shared genes",
    ),
    "with constant genes": (some(1, 20) | set(CONSTANT[:6]), some(2, 9) | set(CONSTANT[7:11]), ""),
    "covariate and set": ("age", some(3, 25), ""),
    "covariate of fewer samples": (some(3, 25), "purity", ""),
    "covariate and gene": ("purity", VARYING[5], ""),
    "half of a class": (frozenset(ALIKE[: len(ALIKE) // 2]) | some(5, 9), "age", ""),
    "more than half of a class": (
        frozenset(ALIKE[:45]), frozenset(ALIKE[50:65]) | some(5, 9), "own genes are drawn too",
    ),
    "crowded and shared": (
        frozenset(ALIKE[:55]), frozenset(ALIKE[50:75]), "shared genes; p_genes: own genes",
    ),
}  # fmt: skip


def row_of(
    engine: Engine, x: Variable, y: Variable, draws: int = DRAWS, **options: Any
) -> dict[str, Any]:
    options = {"null": "genes", "tumor_types": ["LIHC"]} | options
    answer = engine.correlate(named(x, "X"), named(y, "Y"), draws=draws, **options)
    return answer.frame.to_dicts()[0]


@pytest.mark.parametrize("pair", PAIRS)
def test_rows_equal_draws_one_by_one(small_atlas: Engine, pair: str) -> None:
    x, y, note = PAIRS[pair]
    row = row_of(small_atlas, x, y)
    expected = random_genes([where("LIHC", x, y)], x, y, DRAWS)
    assert not np.isnan(list(expected.values())).any()
    assert_columns(row, expected)
    if note:
        assert note in row["note"]
    else:
        assert "p_genes" not in row["note"]


WAYS: list[tuple[Method, tuple[Variable, ...]]] = [
    ("spearman", ()),
    ("pearson", ("purity",)),
    ("spearman", ("purity", VARYING[9])),
    ("pearson", (some(2, 25), "age")),
]


@pytest.mark.parametrize(("method", "adjust"), WAYS)
@pytest.mark.parametrize("pair", ["gene and set", "more shared", "covariate and set"])
def test_adjusted_and_ranked_too(
    small_atlas: Engine, pair: str, method: Method, adjust: Sequence[Variable]
) -> None:
    """In the samples that have what is adjusted for, which is kept, and its genes may be drawn."""
    x, y, _ = PAIRS[pair]
    adjust = [one for one in adjust if one not in (x, y)]
    controls = [named(one, "CONTROL") for one in adjust]
    row = row_of(small_atlas, x, y, method=method, adjust=controls)
    place = where("LIHC", x, y, method, adjust)
    assert row["n"] == place.n == 33 - ("purity" in adjust)
    assert_columns(row, random_genes([place], x, y, DRAWS))


@pytest.mark.slow
def test_a_normal_tail_where_a_set_is_involved(small_atlas: Engine) -> None:
    """Of 1,000 draws, few of which are as far out; not of a gene and a covariate."""
    alike = sorted(VARYING, key=lambda gene: -abs(where("LIHC", "age", "age").r(gene, VARYING[3])))
    old = sorted(VARYING, key=lambda gene: -abs(where("LIHC", "age", "age").r(gene, "age")))
    for x, y in ((VARYING[3], frozenset(alike[1:9])), ("age", old[0])):
        row = row_of(small_atlas, x, y, 1_000)
        expected = random_genes([where("LIHC", x, y)], x, y, 1_000)
        assert_columns(row, expected)
        n_beyond = row["p_genes"] * 1_001 / 2 - 1
        assert n_beyond < 10
        assert (abs(n_beyond - round(n_beyond)) < 1e-9) == (x == "age")
        one_less = row_of(small_atlas, x, y, 999)["p_genes"] * 1_000 / 2
        assert abs(one_less - round(one_less)) < 1e-9


def test_own_genes_of_a_crowded_class_are_drawn_where_few_others_are_left(
    small_atlas: Engine,
) -> None:
    """The whole class may be drawn, and one gene more than it has may not."""
    half = len(ALIKE) // 2
    whole = [gene for gene in LIHC.genes if CLASS_OF[gene] == CLASS_OF[ALIKE[0]]]
    one, other = frozenset(whole[:half]), frozenset(whole[half:])
    row = row_of(small_atlas, one, other)
    assert "p_genes: own genes are drawn too where a class has few others" in row["note"]
    assert_columns(row, random_genes([where("LIHC", one, other)], one, other, DRAWS))
    more = other | frozenset([whole[0]])
    row = row_of(small_atlas, one, more)
    assert [row[name] for name in RANDOM_GENES] == [None] * 5
    assert "p_genes: the pair has more genes of a class than can be drawn" in row["note"]


def test_fewer_than_five_hundred_varying_genes_have_no_null(
    small_atlas: Engine, tmp_path: Any
) -> None:
    from tests.conftest import barcodes, write_table

    rng = np.random.default_rng(0)
    engine = tc.open_store(tmp_path / "cache")
    for varying in (499, 500):
        values = rng.normal(8, 2, (varying + 30, 12)).round(2)
        values[varying:] = 1
        rows = [(f"G{n:04d}", row.tolist()) for n, row in enumerate(values)]
        path = tmp_path / str(varying) / "TCGA.ACC.sampleMap" / "HiSeqV2"
        assert not engine.load([write_table(path, barcodes(12), rows)]).errors
        x, y = (frozenset(f"G{n:04d}" for n in range(start, start + 9)) for start in (0, 20))
        for pair in ((x, y), (x, "G0050"), ("G0050", "G0051")):
            row = row_of(engine, *pair, tumor_types=["ACC"])
            assert row["r"] is not None
            has = [row[name] is not None for name in RANDOM_GENES]
            assert has == [varying == 500] * 5
            assert ("p_genes: fewer than 500 genes vary" in row["note"]) == (varying == 499)


def test_what_has_no_null(small_atlas: Engine) -> None:
    """Two covariates, one variable by two names, too few genes left, a row without r."""
    x = some(1, 20)
    inside = frozenset(sorted(x)[:10])
    for one, other in (("age", "purity"), (x, x), (x, inside), (CONSTANT[0], x)):
        row = row_of(small_atlas, one, other)
        assert [row[name] for name in RANDOM_GENES] == [None] * 5
        assert "p_genes" not in row["note"]
    row = row_of(small_atlas, x, VARYING[0], method="kendall")
    assert row["p"] is not None
    assert [row[name] for name in RANDOM_GENES] == [None] * 5
    assert row["note"] == "no null for Kendall"


# --- the parts -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def setting(small_atlas: Engine) -> NullSetting:
    index = open_index(small_atlas.store, TableKey("tcga-hiseqv2", "LIHC"))
    return NullSetting(index, index.columns("tumor"), "pearson", None, 5)


def test_classes_are_of_mean_and_spread_in_the_samples(setting: NullSetting) -> None:
    for kept in (np.ones(33, dtype=np.bool_), np.arange(33) % 3 > 0):
        place = where("LIHC", "age", "age")
        place = type(place)(place.table, kept, "pearson", ())
        part = NullSetting(setting.table, setting.columns[kept], "pearson", None, 5)
        pool = GenePool.of([part])
        assert list(pool.symbols) == sorted(GENES)
        assert pool.classes is not None
        expected = classes([place])
        for symbol, code in zip(pool.symbols, pool.classes.codes, strict=True):
            number = pool.classes.constant if expected[symbol][0] < 0 else None
            assert code == (
                5 * expected[symbol][0] + expected[symbol][1] if number is None else number
            )


def test_what_bounds_the_memory_changes_no_number(
    small_atlas: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, y, _ = PAIRS["more shared"]
    whole = row_of(small_atlas, x, y)
    sizes = [
        (drawing, "_FORMS_AT_ONCE", 14),
        (drawing, "_MOST_SCORES", 33 * 2 * 11),
        (random_pairs, "_MOST_UNITS", 400),
    ]
    for module, name, value in sizes:
        monkeypatch.setattr(module, name, value)
        assert row_of(small_atlas, x, y) == whole


def test_scores_of_random_sets_like_some(setting: NullSetting) -> None:
    """All of the first genes of the same decks."""
    crowded = frozenset(ALIKE[: 2 * len(ALIKE) // 3])  # of which own genes are drawn too
    sets = [some(1, 30), some(2, 12) | set(CONSTANT[:2]), crowded]
    rows = [setting.table.genes.rows(sorted(one)) for one in sets]
    found = matched_scores(setting, rows, 10)
    place = where("LIHC", "age", "age")
    genes = sorted(LIHC.genes)
    for number, one in enumerate(sets):
        assert found[number].shape == (10, 33)
        for draw, order in enumerate(Shuffles(genes).orders(0, 10)):
            own_too = {CLASS_OF[ALIKE[0]]} if one == crowded else set()
            like = replaced(one, [genes[at] for at in order], CLASS_OF, own_too)
            shown = found[number][draw]
            assert np.abs(shown - place.values(like)).max() < 1e-4 * np.std(shown)
    assert matched_scores(setting, [], 10) == []
