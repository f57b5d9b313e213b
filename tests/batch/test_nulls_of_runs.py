"""The nulls of a pair are the same alone and among others, however the question is put."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tcga_corr.batch import results
from tcga_corr.batch.executors import Workers
from tcga_corr.batch.planning import plan_spec
from tcga_corr.batch.run import run_batch
from tcga_corr.engine import Engine
from tcga_corr.vocabulary.associations import NULL_COLUMNS
from tests.analysis.slow_nulls import (
    LACKING,
    PATHWAYS,
    RANDOM_GENES,
    SAMPLES,
    Variable,
    named,
    write_store,
)
from tests.analysis.test_random_genes import ALIKE, CONSTANT, VARYING, some
from tests.batch.support import copy_of, rows_of, tables_of

DRAWS = 40
OWN_COLUMNS = [name for name in NULL_COLUMNS if not name.startswith("q_")]
SETS: dict[str, frozenset[str]] = {
    "ONE": some(1, 30),
    "TWO": some(2, 18) | set(sorted(some(1, 30))[:6]),
    "AGAIN": some(1, 30),
    "CROWDED": frozenset(ALIKE[: len(ALIKE) // 2]) | some(7, 8),
    "LOW": some(4, 12) | set(CONSTANT[:3]) | set(LACKING[:4]),
}
VARIABLES: dict[str, Variable] = {
    **SETS, VARYING[3]: VARYING[3], VARYING[8]: VARYING[8], "purity": "purity",
}  # fmt: skip
SPEC = f"""\
name = "nulled"
draws = {DRAWS}
outputs = ["parquet"]
[collections]
own = "own.gmt"
[[crosses]]
name = "all"
x = ["own", "gene:{VARYING[3]}", "gene:{VARYING[8]}", "covariate:purity"]
methods = ["pearson", "spearman"]
null = ["genes", "sets"]
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return write_store(tmp_path_factory.mktemp("nulls-of-runs"))


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("spec")
    lines = ["\t".join([name, "-", *sorted(genes)]) for name, genes in SETS.items()]
    (folder / "own.gmt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    path = folder / "spec.toml"
    path.write_text(SPEC, encoding="utf-8")
    return path


def assert_same(name: str, found: float | None, expected: float | None) -> None:
    """To the byte; z and means, like r itself, to what a matrix product's blocks cost."""
    if expected is None or (not name.startswith("z_") and not name.endswith("_mean")):
        assert found == expected, name
    else:
        assert found == pytest.approx(expected, rel=0, abs=1e-13), name


@pytest.mark.slow
def test_a_cross_is_each_pair_alone(
    engine: Engine, spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In each tumor type and pooled; and the same bytes by any number of workers."""
    copy = copy_of(engine, tmp_path / "cache")
    plan = plan_spec(engine, spec)
    report = run_batch(engine, plan, Workers("threads", 2))
    rows, pooled = (rows_of(report.folder, name) for name in ("associations", "pooled"))
    assert rows["p_genes"].count() > 100
    for x, y in itertools.combinations(VARIABLES, 2):
        for method in ("pearson", "spearman") if x in ("ONE", "CROWDED") else ("pearson",):
            answer = engine.correlate(
                named(VARIABLES[x], x), named(VARIABLES[y], y), method=method, draws=DRAWS
            )
            own = rows.filter(x=x, y=y, method=method).sort("tumor_type").to_dicts()
            for found, expected in zip(own, answer.frame.to_dicts(), strict=True):
                assert found["note"] == expected["note"]
                for name in OWN_COLUMNS:
                    assert_same(name, found[name], expected[name])
            (of_pair,) = pooled.filter(x=x, y=y, method=method).to_dicts()
            for name in (*RANDOM_GENES, *PATHWAYS):
                assert_same(name, of_pair[name], getattr(answer.pooled[method], name))
    monkeypatch.setattr(results, "SIGNIFICANT", 1.1)  # of 40 draws no q is small
    alone = run_batch(copy, plan_spec(copy, spec), Workers("threads", 1))
    assert tables_of(alone.folder) == tables_of(report.folder)
    for count in alone.folder.manifest()["counts"]:
        found = rows.filter(pl.col("q_genes") < 1.1, method=count["method"])
        assert count["counted_by"] == "q_genes"
        assert count["positive"] == (found["z_genes"] > 0).sum()
        assert count["negative"] == (found["z_genes"] < 0).sum()
        assert count["positive"] + count["negative"] > 0


def asked(engine: Engine, x: Any, y: Any, **options: Any) -> tuple[pl.DataFrame, list[Any]]:
    answer = engine.correlate(x, y, draws=DRAWS, **options)
    pooling = answer.pooled["pearson"]
    numbers = [getattr(pooling, name) for name in (*RANDOM_GENES, *PATHWAYS)]
    return answer.frame.select("tumor_type", *NULL_COLUMNS), numbers


PAIRS = [("ONE", "TWO"), (VARYING[3], "LOW"), (VARYING[3], VARYING[8]), ("CROWDED", "purity")]


@pytest.mark.parametrize(("x", "y"), PAIRS)
def test_how_a_question_is_put_changes_nothing(engine: Engine, x: str, y: str) -> None:
    """The order of x and y, the sets' names, other tumor types, and the order of these."""
    one, other = VARIABLES[x], VARIABLES[y]
    first, second = named(one, x), named(other, y)
    frame, pooled = asked(engine, first, second)
    assert frame["p_genes"].null_count() == 0
    turned, turned_pooled = asked(engine, second, first)
    assert turned.equals(frame)
    assert turned_pooled == pooled
    renamed, renamed_pooled = asked(engine, named(other, "AAA"), named(one, "ZZZ"))
    assert renamed.equals(frame)
    assert renamed_pooled == pooled
    backwards, backwards_pooled = asked(engine, first, second, tumor_types=[*SAMPLES][::-1])
    assert backwards.sort("tumor_type").equals(frame)
    assert backwards_pooled == pooled
    alone, _ = asked(engine, first, second, tumor_types=["LIHC"])
    q_free = ["tumor_type", *OWN_COLUMNS]
    assert alone.select(q_free).equals(frame.filter(tumor_type="LIHC").select(q_free))


def test_the_order_of_rows_and_columns_of_a_table_changes_nothing(
    engine: Engine, tmp_path: Path
) -> None:
    turned = write_store(tmp_path, turned=True)
    for x, y in PAIRS:
        pair = named(VARIABLES[x], x), named(VARIABLES[y], y)
        frame, pooled = asked(engine, *pair)
        again, again_pooled = asked(turned, *pair)
        assert again.equals(frame)
        assert again_pooled == pooled
