"""Examples in docstrings run, and give what they show."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import tcga_corr
from tcga_corr.engine import Engine, open_store
from tcga_corr.fetching.simulation import CLINICAL
from tcga_corr.loading.plan import LoadOptions

_PACKAGE = Path(tcga_corr.__file__).parent
_COUNTS = Path(__file__).parent / "golden" / "deseq2_counts.tsv.gz"
_FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def _modules_with_examples() -> list[str]:
    paths = (path for path in _PACKAGE.rglob("*.py") if ">>> " in path.read_text("utf-8"))
    return sorted(
        ".".join(["tcga_corr", *path.relative_to(_PACKAGE).with_suffix("").parts]) for path in paths
    )


def _examples() -> list[doctest.DocTest]:
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = (one for name in _modules_with_examples() for one in finder.find(import_module(name)))
    return [one for one in found if one.examples]


@pytest.fixture(scope="module")
def engine(atlas: Path, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """The simulated atlas with its clinical table. Read only."""
    engine = open_store(tmp_path_factory.mktemp("examples") / "cache")
    tables = sorted(atlas.glob("*/HiSeqV2.gz"))
    engine.load(tables, LoadOptions(source="simulated")).raise_errors()
    engine.load_covariates(atlas / CLINICAL)
    return engine


def run_example(example: doctest.DocTest, names: dict[str, Any]) -> str:
    """Run an example; returns what differs from what it shows."""
    example.globs = {**example.globs, **names}
    told: list[str] = []
    doctest.DocTestRunner(optionflags=_FLAGS, verbose=False).run(example, out=told.append)
    return "".join(told)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what examples name: a store of raw counts of cells, and their groups."""
    folder = tmp_path_factory.mktemp("folder")
    counts = pl.read_csv(_COUNTS, separator="\t")[:250]
    counts.write_csv(folder / "counts.tsv", separator="\t")
    cells = open_store(folder / "cells")
    cells.load(folder / "counts.tsv", LoadOptions(source="cells", counts=True)).raise_errors()
    rows = "".join(f"{name}\t{name[0]}\n" for name in counts.columns[1:])
    (folder / "groups.tsv").write_text(f"sample\tgroup\n{rows}")
    return folder


@pytest.mark.parametrize("example", _examples(), ids=lambda example: example.name)
def test_examples_give_what_they_show(
    example: doctest.DocTest, engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if example.name.endswith(".de"):
        pytest.importorskip("pydeseq2", reason="differential expression needs pydeseq2")
    monkeypatch.chdir(folder)
    assert run_example(example, {"engine": engine, "tc": tcga_corr, "pl": pl}) == ""


def test_a_wrong_example_would_be_found() -> None:
    parser = doctest.DocTestParser()
    wrong = parser.get_doctest(">>> 1 + 1\n3\n", {}, "wrong", None, None)
    assert "Expected" in run_example(wrong, {})


def test_every_question_of_the_engine_has_an_example() -> None:
    with_examples = {one.name.rpartition(".")[2] for one in _examples()}
    questions = {"score", "values", "correlate", "correlate_by", "screen", "compare", "dominance",
                 "robustness", "survival", "survival_curves", "pca", "enrich", "de"}  # fmt: skip
    assert questions <= with_examples
