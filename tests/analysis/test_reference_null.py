"""The null of real pathways, against a loop over the shipped reference sets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest

from tcga_corr.analysis.nulls import reference as reference_null
from tcga_corr.analysis.nulls.gene_pool import GenePool
from tcga_corr.analysis.nulls.reference import Neighbours, ReferenceSets, compare_with_reference
from tcga_corr.analysis.nulls.setting import Side
from tcga_corr.choices import Method
from tcga_corr.engine import Engine
from tcga_corr.vocabulary.gene_sets.catalogue import reference_sets
from tcga_corr.vocabulary.matching import match_symbols
from tests.analysis.slow_nulls import (
    PATHWAYS,
    Variable,
    Where,
    as_columns,
    assert_columns,
    common_genes,
    kind,
    named,
    percentiles,
    pooled,
    table,
    where,
)
from tests.analysis.slow_nulls import genes_of as sorted_genes_of
from tests.analysis.test_random_genes import VARYING, some
from tests.stats.test_comparison import slow


@cache
def reference_in(tumor_type: str) -> dict[str, frozenset[str]]:
    """The genes of each reference set in a table, where there are five or more."""
    own = table(tumor_type).genes
    row = {gene: place for place, gene in enumerate(own)}
    found = {
        name: frozenset(match_symbols(known.genes, row).found.values())
        for name, known in reference_sets().items()
    }
    return {name: genes for name, genes in found.items() if len(genes) >= 5}


def nearest_first(places: Sequence[Where], like: frozenset[str]) -> list[str]:
    """By size, mean and spread, those of equal distance by name; without the same pathway."""
    genes = set(common_genes(places))
    mean, spread = percentiles(places)
    of_all = [reference_in(place.table.tumor_type) for place in places]
    names = [
        name
        for name in of_all[0]
        if all(name in one for one in of_all)
        and len(of_all[0][name] & genes) >= places[0].min_genes
    ]

    def measures(one: frozenset[str]) -> list[float]:
        own = sorted(one & genes)
        return [
            math.log2(len(own)),
            sum(mean[gene] for gene in own) / len(own),
            sum(spread[gene] for gene in own) / len(own),
        ]

    known = {name: measures(of_all[0][name]) for name in names}
    scale = np.std(list(known.values()), axis=0)
    own = measures(like)

    def distance(name: str) -> float:
        return math.dist(np.divide(known[name], scale), np.divide(own, scale))

    def jaccard(name: str) -> float:
        other, mine = of_all[0][name] & genes, like & genes
        return len(other & mine) / len(other | mine)

    left = [name for name in names if jaccard(name) < 0.3]
    return sorted(left, key=lambda name: (round(distance(name), 12), name))


def one_direction(
    places: Sequence[Where], replaced: frozenset[str], kept: Variable
) -> dict[str, float]:
    """Where the observed r stands among the 200 nearest sets that have an r."""
    values: list[float] = []
    for name in nearest_first(places, replaced):
        r = [place.observed(reference_in(place.table.tumor_type)[name], kept) for place in places]
        if not any(map(math.isnan, r)):
            values.append(pooled(places, r))
        if len(values) == 200:
            break
    if len(values) < 40:
        return slow([], math.nan)
    observed = pooled(places, [place.observed(replaced, kept) for place in places])
    return slow(values, observed)


def pathways(places: Sequence[Where], x: Variable, y: Variable) -> dict[str, float]:
    """The direction with the larger p; at equal p, that in which the first in order is replaced."""
    sides = sorted((x, y), key=lambda one: (kind(one), sorted(sorted_genes_of(one))))
    found = [
        one_direction(places, one, other)
        for one, other in (sides, sides[::-1])
        if isinstance(one, frozenset)
    ]
    return as_columns(max(found, key=lambda one: one["p"]), "sets")


PAIRS: dict[str, tuple[Variable, Variable]] = {
    "gene and set": (VARYING[3], some(1, 30)),
    "two sets": (some(1, 40), some(2, 25)),
    "sets that share genes": (some(1, 40), some(2, 18) | set(sorted(some(1, 40))[:7])),
    "set and covariate": (some(3, 12), "purity"),
    "a reference set": (VARYING[5], sorted(reference_in("LIHC").items())[30][1]),
}
WAYS: list[tuple[Method, tuple[str, ...]]] = [
    ("pearson", ()),
    ("spearman", ()),
    ("pearson", ("age",)),
    ("spearman", ("age", VARYING[9])),
]  # fmt: skip


def row_of(engine: Engine, x: Variable, y: Variable, **options: Any) -> dict[str, Any]:
    options = {"null": "sets", "tumor_types": ["LIHC"]} | options
    return engine.correlate(named(x, "X"), named(y, "Y"), **options).frame.to_dicts()[0]


@pytest.mark.parametrize("pair", PAIRS)
def test_rows_equal_the_loop(small_atlas: Engine, pair: str) -> None:
    x, y = PAIRS[pair]
    row = row_of(small_atlas, x, y)
    expected = pathways([where("LIHC", x, y)], x, y)
    assert expected["n_reference_sets"] == 200
    assert_columns(row, expected)
    assert "p_sets" not in row["note"]


@pytest.mark.parametrize(("method", "adjust"), WAYS[1:])
def test_adjusted_and_ranked_too(
    small_atlas: Engine, method: Method, adjust: tuple[str, ...]
) -> None:
    x, y = PAIRS["sets that share genes"]
    row = row_of(small_atlas, x, y, method=method, adjust=[named(one) for one in adjust])
    assert_columns(row, pathways([where("LIHC", x, y, method, adjust)], x, y))


@pytest.mark.slow
def test_pooled_over_sets_of_all_types(small_atlas: Engine) -> None:
    """By averaged places; UCS lacks genes of some sets."""
    x, y = some(1, 30), some(2, 12)
    for pair in ((x, y), (VARYING[3], y)):
        places = [where(name, *pair) for name in ("ACC", "LIHC", "UCS")]
        answer = small_atlas.correlate(
            *(named(one, f"S{n}") for n, one in enumerate(pair)), null="sets"
        )
        assert_columns(answer.pooled["pearson"], pathways(places, *pair))


def test_what_has_no_pathways(small_atlas: Engine) -> None:
    """Without a set, by Kendall's tau, or of too few genes left."""
    x = some(1, 20)
    few = frozenset(sorted(x)[:16]) | some(2, 4)
    for one, other in (("age", VARYING[3]), (VARYING[5], VARYING[3]), (x, x), (x, few)):
        row = row_of(small_atlas, one, other)
        assert row["r"] is not None
        assert [row[name] for name in PATHWAYS] == [None] * 6
        assert "p_sets" not in row["note"]
    row = row_of(small_atlas, x, VARYING[3], method="kendall")
    assert [row[name] for name in PATHWAYS] == [None] * 6
    assert row["note"] == "no null for Kendall"


# --- by hand -------------------------------------------------------------------------------------


def pool_of(n: int) -> GenePool:
    """Genes whose place in mean is their number, and in spread that of every second one first."""
    place = np.arange(n) / n
    return GenePool(tuple(f"G{g:03d}" for g in range(n)), place, (place * 2) % 1, None)


def sets_of(sets: dict[str, Sequence[int]]) -> ReferenceSets:
    rows = [np.array(genes, dtype=np.intp) for genes in sets.values()]
    offsets = np.cumsum([0, *map(len, rows)], dtype=np.intp)
    return ReferenceSets(list(sets), np.concatenate(rows), offsets)


def test_sets_of_equal_distance_go_by_name() -> None:
    """Without those that share 7 of 16 genes."""
    sets = {
        "far": range(300, 310), "c": range(100, 110), "a": range(100, 110), "b": range(100, 110),
        "same": range(53, 66), "other": range(54, 67),
    }  # fmt: skip
    found = Neighbours(pool_of(400), sets_of(sets)).of(np.arange(50, 60))
    names = [list(sets)[number] for number in found]
    assert names == ["a", "b", "c", "far"]


def test_three_tenths_of_a_union_are_one_pathway() -> None:
    like = np.arange(6)
    sets = {"at": [0, 1, 2, 6, 7, 8, 9], "below": [0, 1, 2, 6, 7, 8, 9, 10], "none": [11, 12]}
    found = Neighbours(pool_of(40), sets_of(sets)).of(like)  # 3 of 10, and 3 of 11
    assert sorted(list(sets)[number] for number in found) == ["below", "none"]


@pytest.mark.parametrize("n", [39, 40])
def test_fewer_than_forty_sets_say_nothing(n: int) -> None:
    """Sets without an r do not count; both directions are needed."""
    sets = sets_of({f"R{number:02d}": [20 + number, 80 + number] for number in range(50)})
    sides = [Side("set", "X", np.arange(5)), Side("gene", "Y", np.array([9])),
             Side("set", "Z", np.arange(10, 15))]  # fmt: skip
    r = np.tile(np.linspace(-0.5, 0.5, 50), (3, 1))
    r[1, n:] = np.nan
    neighbours = Neighbours(pool_of(400), sets)
    x, y = np.array([0, 0, 1]), np.array([1, 2, 2])
    found, notes = compare_with_reference(neighbours, sides, r, x, y, np.array([0.3, 0.3, 0.3]))
    assert np.isnan(found.p).tolist() == [n < 40, False, n < 40]
    assert found.count.tolist() == [n if n == 40 else 0, 50, n if n == 40 else 0]
    expected = {0: "X", 2: "Z"} if n < 40 else {}
    assert notes == {
        place: f"p_sets: 39 reference sets like {name}, at least 40 needed"
        for place, name in expected.items()
    }


def test_the_larger_p_of_two_directions(monkeypatch: pytest.MonkeyPatch) -> None:
    """With all its columns; at equal p the first set by its genes is replaced, whatever is x."""
    monkeypatch.setattr(reference_null, "N_NEAREST", 45)
    sets = sets_of({f"R{number:02d}": [20 + number, 80 + number] for number in range(60)})
    first, second = Side("set", "ZZZ", np.arange(5)), Side("set", "A", np.arange(10, 15))
    neighbours = Neighbours(pool_of(400), sets)
    of_first, of_second = neighbours.of(first.rows)[:45], neighbours.of(second.rows)[:45]
    rng = np.random.default_rng(0)
    r = rng.uniform(-0.5, 0.5, (2, 60))
    for sides, kept_by in (([first, second], r), ([second, first], r[::-1])):
        for x, y in ((0, 1), (1, 0)):
            for observed in (0.2, -0.4, 0.45):
                found, _ = compare_with_reference(
                    neighbours, sides, kept_by, np.array([x]), np.array([y]), np.array([observed])
                )
                # where the first is replaced the second is kept
                both = [slow(r[1, of_first], observed), slow(r[0, of_second], observed)]
                best = max(both, key=lambda one: one["p"])
                for name in ("p", "z", "mean", "low", "high", "count"):
                    assert getattr(found, name)[0] == pytest.approx(best[name])
