"""Groups by a covariate: the levels of a category, as a file of the same groups gives them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import tcga_corr as tc
from tcga_corr.engine import Engine
from tcga_corr.errors import AnalysisError, UsageError
from tcga_corr.figures.boxes import boxes
from tests.conftest import barcodes, write_table
from tests.figures.reading import check_texts, told

GENES = [f"G{number:03d}" for number in range(30)]
STAGES = ("Stage II", "Stage I", "Stage III")
GRADES = ("low", "high", "middle", "")
N = 41


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Two tumor types with categories: stage of three levels, one grade, and age. Read only."""
    folder = tmp_path_factory.mktemp("categories")
    engine = tc.open_store(folder / "cache")
    rng = np.random.default_rng(2)
    lines = ["sample\tstage\tgrade\tage\tone"]
    for tumor_type in ("ACC", "LIHC"):
        samples = barcodes(N, site=tumor_type[:2])
        values = rng.normal(7, 2, (len(GENES), N)).round(2)
        path = folder / f"TCGA.{tumor_type}.sampleMap" / "HiSeqV2"
        write_table(path, samples, zip(GENES, values.tolist(), strict=True))
        assert not engine.load([path]).errors
        for place, name in enumerate(samples):
            stage = STAGES[place % 3] if place % 5 else ""
            grade = GRADES[place % 4]
            lines.append(f"{name}\t{stage}\t{grade}\t{30 + place}\tthe same")
    (folder / "clinic.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    engine.load_covariates(folder / "clinic.tsv")
    return engine


def test_levels_are_the_groups_of_a_file(engine: Engine, tmp_path: Path) -> None:
    by_level = engine.compare(["G001", "age"], "stage")
    assert by_level.query.groups == sorted(by_level.query.groups)
    assert len(by_level.query.groups) == 3
    # a file with the same groups, whose first rows are in the order of the levels
    codes = engine.sql("FROM covariates WHERE covariate = 'stage'")
    assert codes.height
    lines = ["sample\tgroup"]
    for number, stage in enumerate(("Stage I", "Stage II", "Stage III")):
        own = [
            name
            for tumor_type in ("ACC", "LIHC")
            for place, name in enumerate(barcodes(N, site=tumor_type[:2]))
            if place % 5 and STAGES[place % 3] == stage
        ]
        lines += [f"{name}\t{by_level.query.groups[number]}" for name in own]
    path = tmp_path / "groups.tsv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    by_file = engine.compare(["G001", "age"], path)
    assert by_level.frame.equals(by_file.frame)
    n_without = 2 * len(range(0, N, 5))
    assert f"{n_without} samples without stage" in by_level.notes
    assert [one.name for one in by_level.provenance.covariates] == ["age", "stage"]
    figure = boxes(by_level)
    check_texts(figure)
    assert "by stage" in told(figure)


def test_what_has_no_groups_is_refused(engine: Engine) -> None:
    for by, said in (
        ("age", "'age' is a number, and groups are of a category"),
        ("stag", r"'stag' is no file, and no covariate of the store. Did you mean .*stage"),
        ("covariate:stag", "unknown covariate"),
    ):
        with pytest.raises(UsageError, match=said):
            engine.compare("G001", by)
    with pytest.raises(UsageError, match="'stage' is a covariate, and has no columns"):
        engine.compare("G001", "stage", group="x")
    with pytest.raises(AnalysisError, match="only the level"):
        engine.compare("G001", "stage", where=["stage in I"])


@pytest.mark.parametrize("method", ["pearson", "spearman"])
def test_screens_hold_every_level_fixed(engine: Engine, method: Any) -> None:
    """As ``correlate`` does: a column for each level but one, and not the number of the level."""
    options: dict[str, Any] = {"adjust": "grade", "method": method, "null": "none"}
    frame = engine.screen("G001", "G002,G003", by_tumor_type=True, **options).frame
    every = engine.screen("G001", "genes", by_tumor_type=True, **options).frame
    of_list = engine.screen("G001,G002,G003", "itself", by_tumor_type=True, **options).frame
    for row in engine.correlate("G001", "G002", **options).frame.to_dicts():
        wanted = (pl.col("tumor_type") == row["tumor_type"]) & (pl.col("y") == "G002")
        for found in (frame, every, of_list.filter(pl.col("x") == "G001")):
            (own,) = found.filter(wanted).to_dicts()
            assert (own["n"], own["r"], own["p"]) == (
                row["n"], pytest.approx(row["r"], rel=1e-9), pytest.approx(row["p"], rel=1e-9)
            )  # fmt: skip
