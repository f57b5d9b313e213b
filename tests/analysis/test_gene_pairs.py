"""The null of two genes, against a loop over all other pairs of their classes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from tcga_corr.choices import Method
from tcga_corr.engine import Engine
from tests.analysis.slow_nulls import (
    RANDOM_GENES,
    Where,
    as_columns,
    assert_columns,
    classes,
    named,
    pooled,
    table,
    where,
)
from tests.analysis.test_random_genes import CLASS_OF, CONSTANT, VARYING
from tests.stats.test_comparison import slow

NOT_IN_UCS = sorted(set(table("LIHC").genes) - set(table("UCS").genes))


def left_of_controls(place: Where, gene: str) -> np.ndarray:
    """Deviations, of ranks for Spearman, of what a fit of the controls leaves; of length one."""
    values, controls = place.values(gene), [place.values(one) for one in place.adjust]
    if place.method == "spearman":
        values, *controls = (stats.rankdata(one) for one in (values, *controls))
    design = np.column_stack([np.ones(place.n), *controls])
    left = values - design @ np.linalg.lstsq(design, values, rcond=None)[0]
    length = np.linalg.norm(left)
    return np.asarray(left / length if length > 1e-9 else np.full(place.n, math.nan))


def other_pairs(places: Sequence[Where], x: str, y: str) -> list[float]:
    """The r of each pair of different genes of the two classes but x and y themselves."""
    class_of = classes(places)
    one, other = ([gene for gene in class_of if class_of[gene] == class_of[own]] for own in (x, y))
    units = [{gene: left_of_controls(place, gene) for gene in {*one, *other}} for place in places]
    pairs = {frozenset(pair) for pair in itertools.product(one, other) if len(set(pair)) == 2}
    found = []
    for first, second in (sorted(pair) for pair in pairs - {frozenset([x, y])}):
        r = [float(own[first] @ own[second]) for own in units]
        found.append(pooled(places, r))
    return found


def expected(places: Sequence[Where], x: str, y: str) -> dict[str, float]:
    observed = pooled(places, [place.r(x, y) for place in places])
    return as_columns(slow(other_pairs(places, x, y), observed), "genes")


WAYS: list[tuple[Method, tuple[str, ...]]] = [
    ("pearson", ()),
    ("spearman", ()),
    ("pearson", ("purity", VARYING[200])),
    ("spearman", ("age",)),
]
SAME_CLASS = [gene for gene in VARYING if CLASS_OF[gene] == CLASS_OF[VARYING[7]]][:2]


@pytest.mark.parametrize(("method", "adjust"), WAYS)
@pytest.mark.parametrize(("x", "y"), [(VARYING[7], VARYING[3]), SAME_CLASS])
def test_two_genes_among_all_pairs_of_their_classes(
    small_atlas: Engine, x: str, y: str, method: Method, adjust: tuple[str, ...]
) -> None:
    place = where("LIHC", x, y, method, adjust)
    controls = [named(one) for one in adjust]
    row, again = (
        small_atlas.correlate(
            *(f"gene:{gene}" for gene in pair),
            tumor_types=["LIHC"], method=method, adjust=controls, null="genes", draws=draws,
        ).frame.to_dicts()[0]
        for pair, draws in (((x, y), 50), ((y, x), 1))
    )  # fmt: skip
    assert_columns(row, expected([place], x, y), 1e-9)
    assert "p_genes" not in row["note"]
    assert [row[name] for name in RANDOM_GENES] == [again[name] for name in RANDOM_GENES]


def test_the_two_most_extreme_pairs_have_the_least_p(small_atlas: Engine) -> None:
    """The observed pair counts itself: of B pairs the largest has 2 / B."""
    place = where("LIHC", "age", "age")
    one, other = (
        [gene for gene in VARYING if CLASS_OF[gene] == number] for number in ((0, 1), (1, 3))
    )
    units = {gene: left_of_controls(place, gene) for gene in [*one, *other]}
    x, y = max(itertools.product(one, other), key=lambda pair: units[pair[0]] @ units[pair[1]])
    sizes = [list(CLASS_OF.values()).count(number) for number in ((0, 1), (1, 3))]
    row = small_atlas.correlate(x, y, tumor_types=["LIHC"]).frame.to_dicts()[0]
    assert row["p_genes"] == pytest.approx(2 / math.prod(sizes), rel=1e-12)
    assert row["p_sets"] is None


def test_pooled_over_the_genes_of_all_types(small_atlas: Engine) -> None:
    """Classes by averaged places, each pair pooled; UCS lacks some genes."""
    x, y = VARYING[7], VARYING[3]
    places = [where(name, x, y, "spearman") for name in ("ACC", "LIHC", "UCS")]
    pooling = small_atlas.correlate(x, y, method="spearman", null="genes").pooled["spearman"]
    assert_columns(pooling, expected(places, x, y), 1e-9)
    assert not pooling.genes_note


def test_types_that_lack_a_gene_do_not_enter(small_atlas: Engine) -> None:
    x, y = NOT_IN_UCS[2], VARYING[3]
    places = [where(name, x, y) for name in ("ACC", "LIHC")]
    pooling = small_atlas.correlate(x, y, null="genes").pooled["pearson"]
    assert pooling.n_types == 2
    assert_columns(pooling, expected(places, x, y), 1e-9)


def test_a_constant_gene_has_none(small_atlas: Engine) -> None:
    row = small_atlas.correlate(CONSTANT[0], VARYING[3], tumor_types=["LIHC"]).frame.to_dicts()[0]
    assert [row[name] for name in RANDOM_GENES] == [None] * 5
    assert "p_genes" not in row["note"]
