"""A list against itself: every pair as `correlate` has it, each and pooled."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import polars as pl
import pytest

from tcga_corr.analysis.screening import pair_list as module
from tcga_corr.engine import Engine
from tcga_corr.errors import UsageError
from tests.analysis.test_null_of_every_gene import SOME_GENES, X, assert_as_alone
from tests.analysis.test_random_genes import VARYING

LIST = (f"gene:{VARYING[2]}", f"gene:{VARYING[9]}", "ferroptosis", "covariate:age")
SAME = ("n", "r", "ci_low", "ci_high", "p", "p_genes", "genes_low", "genes_high", "r_disjoint")
OPTIONS: dict[str, Any] = {"null": "genes", "draws": 45}


def same(row: dict[str, Any], other: dict[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        wanted = other[name]
        near = wanted if wanted is None else pytest.approx(wanted, rel=1e-6, abs=1e-9)
        assert row[name] == near, (row["x"], row["y"], name)


@pytest.mark.parametrize("adjust", [(), ("covariate:purity",)])
def test_pairs_of_a_list_are_those_of_correlate(
    small_atlas: Engine, adjust: tuple[str, ...]
) -> None:
    options = {**OPTIONS, "adjust": adjust}
    answer = small_atlas.screen(list(LIST), "itself", by_tumor_type=True, **options)
    assert answer.names == (VARYING[2], VARYING[9], "ferroptosis", "age")
    assert answer.query.n_y == 6
    rows = {(row["tumor_type"], row["x"], row["y"]): row for row in answer.frame.to_dicts()}
    for (x, one), (y, other) in combinations(zip(LIST, answer.names, strict=True), 2):
        alone = small_atlas.correlate(x, y, **options).frame.filter(pl.col("r").is_not_null())
        assert alone.height == sum(key[1:] == (one, other) for key in rows)
        for row in alone.to_dicts():
            same(rows[row["tumor_type"], one, other], row, SAME)


def test_pooled_pairs_of_a_list_are_those_of_correlate(small_atlas: Engine) -> None:
    frame = small_atlas.screen(",".join(LIST), "itself", **OPTIONS).frame
    assert frame.height == 6
    for row in frame.to_dicts():
        x, y = (f"gene:{name}" if name in VARYING else name for name in (row["x"], row["y"]))
        (pooled,) = small_atlas.correlate(x, y, **OPTIONS).pooled.values()
        same(row, vars(pooled), ("r", "ci_low", "ci_high", "p", "p_genes", "genes_high"))


def test_a_list_that_is_none_is_refused(
    small_atlas: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="needs two variables"):
        small_atlas.screen(LIST[0], "itself")
    monkeypatch.setattr(module, "MOST_IN_LIST", 3)
    with pytest.raises(UsageError, match="4 variables make too many pairs"):
        small_atlas.screen(list(LIST), "itself")
    with pytest.raises(UsageError, match="cannot be adjusted for"):
        small_atlas.screen(list(LIST), "itself", adjust=LIST[3])


@pytest.mark.parametrize("x", ["set", "crowded set", "covariate"])
@pytest.mark.parametrize("is_pooled", [False, True])
def test_some_genes_and_sets_are_compared_as_alone(
    small_atlas: Engine, x: str, is_pooled: bool
) -> None:
    """Genes of a short list are compared by the rules of a screen of all, and sets beside them."""
    from tests.analysis.slow_nulls import named

    some = [f"gene:{gene}" for gene in SOME_GENES[::3]]
    where: dict[str, Any] = {} if is_pooled else {"tumor_types": ["LIHC"]}
    frame = small_atlas.screen(named(X[x], "X"), [*some, "nfkb"], **OPTIONS, **where).frame
    assert "nfkb" in frame["y"].to_list()
    for row in frame.to_dicts():
        if row["y"] != "nfkb":
            assert_as_alone(small_atlas, X[x], row, **where)
