"""The nulls of pooled associations: the same genes in every tumor type, each draw pooled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tcga_corr.analysis.pool import Pooling
from tcga_corr.choices import Method
from tcga_corr.engine import Engine
from tests.analysis.slow_nulls import (
    LACKING,
    PATHWAYS,
    RANDOM_GENES,
    SAMPLES,
    Variable,
    Where,
    assert_columns,
    named,
    random_genes,
    table,
    where,
)
from tests.analysis.test_random_genes import VARYING

DRAWS = 50
EVERYWHERE = [gene for gene in VARYING if gene not in LACKING]
NOT_IN_UCS = [gene for gene in VARYING if gene in LACKING]


def pooling_of(engine: Engine, x: Variable, y: Variable, **options: Any) -> Pooling:
    options = {"null": "genes", "draws": DRAWS} | options
    answer = engine.correlate(named(x, "X"), named(y, "Y"), **options)
    (found,) = answer.pooled.values()
    return found


def places_of(
    x: Variable, y: Variable, method: Method = "pearson", adjust: Sequence[Variable] = ()
) -> list[Where]:
    return [where(name, x, y, method, adjust) for name in SAMPLES]


X, Y = frozenset(EVERYWHERE[10:400:12]), frozenset(EVERYWHERE[5:300:18])
PAIRS: dict[str, tuple[Variable, Variable]] = {
    "two sets": (X, Y),
    "gene and set": (EVERYWHERE[3], Y),
    "shared genes": (X, Y | set(sorted(X)[:6])),
    "set and covariate": (X, "purity"),
    "gene and covariate": (EVERYWHERE[3], "age"),
}
WAYS: list[tuple[Method, tuple[str, ...]]] = [("spearman", ()), ("pearson", ("age",))]


@pytest.mark.parametrize("pair", PAIRS)
def test_each_draw_is_pooled_as_the_observed_r(small_atlas: Engine, pair: str) -> None:
    x, y = PAIRS[pair]
    pooling = pooling_of(small_atlas, x, y)
    assert_columns(pooling, random_genes(places_of(x, y), x, y, DRAWS))
    note = "p_genes: draws are of the sets without their shared genes"
    assert pooling.genes_note == (note if pair == "shared genes" else None)


@pytest.mark.parametrize(("method", "adjust"), WAYS)
def test_adjusted_and_ranked_too(
    small_atlas: Engine, method: Method, adjust: tuple[str, ...]
) -> None:
    pooling = pooling_of(small_atlas, X, Y, method=method, adjust=[named(one) for one in adjust])
    places = places_of(X, Y, method, adjust)
    assert_columns(pooling, random_genes(places, X, Y, DRAWS))


def test_genes_missing_from_a_type_are_not_drawn_for(small_atlas: Engine) -> None:
    """In the row of a type that has them they are; their number is noted, beside other notes."""
    x = X | set(NOT_IN_UCS[:3])
    for y, more in ((Y, ""), (Y | set(sorted(X)[:6]), "; p_genes: draws are of the sets without "
                                                       "their shared genes")):  # fmt: skip
        pooling = pooling_of(small_atlas, x, y)
        assert_columns(pooling, random_genes(places_of(x, y), x, y, DRAWS))
        assert pooling.genes_note == (
            f"p_genes: 3 genes of X are not in every tumor type, and not drawn for{more}"
        )


def test_types_where_a_set_has_too_few_genes_do_not_enter(small_atlas: Engine) -> None:
    """Four of nine are missing from UCS, where the set is not scored: the others are pooled."""
    x = frozenset([*EVERYWHERE[24:29], *NOT_IN_UCS[:4]])
    pooling = pooling_of(small_atlas, x, Y, min_genes=6)
    assert pooling.n_types == 2
    places = [where(name, x, Y) for name in ("ACC", "LIHC")]
    assert_columns(pooling, random_genes(places, x, Y, DRAWS))
    assert pooling.genes_note is None


def test_sets_of_which_too_few_genes_are_left_in_every_type(
    small_atlas: Engine, tmp_path: Any
) -> None:
    """Each type has an r, of other genes: there is nothing that could be drawn for in all."""
    import tcga_corr as tc
    from tests.conftest import barcodes, write_table

    engine = tc.open_store(tmp_path / "cache")
    own = {"ACC": EVERYWHERE[100:106], "LIHC": EVERYWHERE[110:116]}
    for name in own:
        names = barcodes(SAMPLES[name], site=name[:2])
        (missing,) = (genes for other, genes in own.items() if other != name)
        rows = [(g, v.tolist()) for g, v in table(name).genes.items() if g not in missing]
        path = tmp_path / f"TCGA.{name}.sampleMap" / "HiSeqV2"
        assert not engine.load([write_table(path, names, rows)]).errors
    common = EVERYWHERE[10:18]
    x = frozenset([*own["ACC"], *own["LIHC"], *common])
    y = frozenset([*common, *EVERYWHERE[200:210]])
    pooling = pooling_of(engine, x, y)
    assert pooling.r_disjoint is not None  # without the shared genes: of others in each type
    assert [getattr(pooling, name) for name in RANDOM_GENES] == [None] * 5
    assert pooling.genes_note is not None
    assert "p_genes: X has 0 genes" in pooling.genes_note


@pytest.mark.slow
def test_types_that_do_not_enter_change_nothing(small_atlas: Engine) -> None:
    """A type without an r: there a set has too few genes."""
    x = frozenset([*NOT_IN_UCS[:12], *EVERYWHERE[:4]])
    of_all = pooling_of(small_atlas, x, Y, null=("genes", "sets"))
    of_two = pooling_of(small_atlas, x, Y, null=("genes", "sets"), tumor_types=["ACC", "LIHC"])
    assert of_all.n_types == of_two.n_types == 2
    for name in (*RANDOM_GENES, *PATHWAYS):
        assert getattr(of_all, name) == getattr(of_two, name) is not None
    assert of_all.genes_note == of_two.genes_note


def test_one_type_has_no_pooled_null(small_atlas: Engine) -> None:
    pooling = pooling_of(small_atlas, X, Y, tumor_types=["LIHC"])
    assert [getattr(pooling, name) for name in RANDOM_GENES] == [None] * 5


def test_two_covariates_and_kendall_have_none(small_atlas: Engine) -> None:
    for pair, options in ((("age", "purity"), {}), ((X, Y), {"method": "kendall"})):
        pooling = pooling_of(small_atlas, *pair, null=("genes", "sets"), **options)
        assert pooling.r is not None
        assert [getattr(pooling, name) for name in (*RANDOM_GENES, *PATHWAYS)] == [None] * 11
