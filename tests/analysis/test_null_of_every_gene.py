"""The random genes of a screen of all genes are those of each pair alone."""

from __future__ import annotations

from typing import Any

import pytest

from tcga_corr.engine import Engine
from tests.analysis.slow_nulls import LACKING, RANDOM_GENES, Variable, named
from tests.analysis.test_random_genes import ALIKE, CLASS_OF, VARYING, some

DRAWS = 45
SET = some(1, 30)
CROWDED = frozenset(ALIKE[: 2 * len(ALIKE) // 3]) | some(2, 9)
"""More than half of a class."""
X: dict[str, Variable] = {
    "set": SET,
    "crowded set": CROWDED,
    "covariate": "purity",
    "gene": VARYING[3],
}
SOME_GENES = sorted({
    *sorted(SET)[:2], *sorted(CROWDED)[:2], *VARYING[7:700:80], *ALIKE[-2:], *LACKING[3:5],
    *(next(gene for gene in VARYING if CLASS_OF[gene] == one) for one in set(CLASS_OF.values())
      if one[0] >= 0),
})  # fmt: skip


def assert_as_alone(engine: Engine, x: Variable, row: dict[str, Any], **options: Any) -> None:
    answer = engine.correlate(
        named(x, "X"), f"gene:{row['y']}", null="genes", draws=DRAWS, **options
    )
    own = answer.frame.to_dicts()[0]
    if "tumor_types" not in options:
        (own,) = (vars(pooling) for pooling in answer.pooled.values())
    for name in RANDOM_GENES:
        near = pytest.approx(own[name], rel=1e-6, abs=1e-6)
        assert row[name] == (own[name] if own[name] is None or name[0] == "p" else near), (
            row["y"], name
        )  # fmt: skip


@pytest.mark.parametrize("x", X)
@pytest.mark.parametrize("adjust", [(), ("covariate:age",)])
def test_rows_of_a_screen_are_those_of_the_pairs(
    small_atlas: Engine, x: str, adjust: tuple[str, ...]
) -> None:
    options: dict[str, Any] = {"adjust": adjust, "method": "spearman" if adjust else "pearson"}
    frame = small_atlas.screen(
        named(X[x], "X"), "genes", by_tumor_type=True, null="genes", draws=DRAWS, **options
    ).frame
    for row in frame.filter(tumor_type="LIHC").to_dicts():
        if row["y"] in SOME_GENES:
            assert_as_alone(small_atlas, X[x], row, tumor_types=["LIHC"], **options)


@pytest.mark.parametrize("x", X)
def test_pooled_rows_are_those_of_the_pairs(small_atlas: Engine, x: str) -> None:
    """UCS lacks some of the genes, and some of the sets' genes."""
    frame = small_atlas.screen(named(X[x], "X"), "genes", null="genes", draws=DRAWS).frame
    for row in frame.to_dicts():
        if row["y"] in SOME_GENES:
            assert_as_alone(small_atlas, X[x], row)
