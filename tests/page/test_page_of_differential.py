"""The page of a run of differential expression says what its tables say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tcga_corr.analysis.differential.summary import called
from tcga_corr.batch.run import RunReport
from tcga_corr.engine import Engine
from tcga_corr.page import differential
from tcga_corr.page.parts import Differential, Page, Table, Volcano
from tcga_corr.page.render import report
from tcga_corr.page.run_rows import RowBudget
from tcga_corr.page.runs import page_of_run
from tests.batch.support import rows_of, run
from tests.batch.test_differential import ONE, build, write_groups

pytest.importorskip("pydeseq2", reason="differential expression needs pydeseq2")

HOSTILE = "</script><b>:x"
SPEC = """\
[[differential]]
name = "normal"
source = "mine"
q = 0.3
lfc = 0.25

[[differential]]
name = "cells"
source = "cells"
by = "groups.tsv"
reference = "A"
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return build(tmp_path_factory.mktemp("page-of-calls") / "cache")


@pytest.fixture(scope="module")
def done(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> RunReport:
    folder = tmp_path_factory.mktemp("spec")
    cells = [f"{group}{number}" for group in "ABCD" for number in (1, 2, 3)]
    names = [HOSTILE if name[0] == "D" else name[0] for name in cells]
    write_groups(folder / "groups.tsv", cells, names)
    path = folder / "called.toml"
    path.write_text(SPEC, encoding="utf-8")
    return run(engine, path, ONE)


@pytest.fixture(scope="module")
def page(engine: Engine, done: RunReport) -> Page:
    return page_of_run(engine, done.plan.run)


def figure_of(page: Page, analysis: str) -> Differential:
    [found] = [one for one in page.differential if one.analysis == analysis]
    return found


def table_of(page: Page, title: str) -> Table:
    [found] = [table for table in page.tables if table.title.startswith(title)]
    return found


def rows_of_contrast(done: RunReport, analysis: str, one: Volcano) -> pl.DataFrame:
    rows = rows_of(done.folder, "differential")
    return rows.filter(analysis=analysis, tumor_type=one.tumor_type, contrast=one.contrast)


def test_a_volcano_has_the_genes_of_the_table(page: Page, done: RunReport) -> None:
    for analysis, q, lfc in (("normal", 0.3, 0.25), ("cells", 0.05, 1.0)):
        figure = figure_of(page, analysis)
        assert figure.lfc == lfc
        assert f"called at q < {q:g} and |log2FC| > {lfc:g}" in figure.about
        for one in figure.volcanoes:
            rows = rows_of_contrast(done, analysis, one).filter(pl.col("q").is_not_null())
            assert set(one.gene) == set(rows["gene"])  # so few that all are drawn
            found = pl.DataFrame({"gene": one.gene, "x": one.x, "y": one.y, "call": one.call})
            both = found.join(rows, on="gene", how="left", maintain_order="left")
            assert np.allclose(both["x"], both["log2fc"], atol=6e-4)
            assert np.allclose(both["y"], -np.log10(both["q"]), atol=6e-4)
            is_called = both.select(called(q, lfc)).to_series()
            sign = np.where(is_called, np.sign(both["log2fc"]), 0)
            assert one.call == sign.tolist()
            assert one.line == pytest.approx(-np.log10(q))
            named = [one.call[place] for place in one.labels]
            assert all(named)
            assert len(named) <= 12
    types = {(one.tumor_type, one.contrast) for one in figure_of(page, "normal").volcanoes}
    assert types == {("ACC", "tumor:normal"), ("LIHC", "tumor:normal")}


def test_tables_have_the_calls(page: Page, done: RunReport) -> None:
    summary = rows_of(done.folder, "differential_summary")
    table = table_of(page, "Genes called: normal")
    own = summary.filter(analysis="normal")
    columns = ("tumor_type", "n_up", "n_down", "n_raw", "n_wilcoxon")
    assert [tuple(row[name] for name in columns) for row in table.rows] == own.select(
        columns
    ).rows()
    assert [row["why"] for row in table.rows] == ["", "1 sample of normal, at least 2 needed", ""]
    first = table_of(page, "First genes: normal")
    rows = rows_of(done.folder, "differential").filter(analysis="normal")
    for tumor_type in ("ACC", "LIHC"):
        calls = rows.filter(called(0.3, 0.25), tumor_type=tumor_type)
        genes = [row["gene"] for row in first.rows if row["tumor_type"] == tumor_type]
        assert genes == calls["gene"].to_list()[:20]


def test_overlaps_count_each_gene_once(page: Page, done: RunReport) -> None:
    table = table_of(page, "Overlap of contrasts: cells")
    calls = rows_of(done.folder, "differential").filter(called(0.05, 1.0), analysis="cells")
    assert sum(row["n"] for row in table.rows) == calls["gene"].n_unique()
    for row in table.rows:
        wanted = set(row["contrasts"].split(" and "))
        found = [
            gene for (gene,), part in calls.group_by("gene") if set(part["contrast"]) == wanted
        ]
        assert row["n"] == len(found)
        assert row["n_contrasts"] == len(wanted)
        assert 0 <= row["n_same"] <= row["n"]
    assert not [one for one in page.tables if one.title.startswith("Overlap of contrasts: normal")]


def test_genes_over_tumor_types(page: Page, done: RunReport) -> None:
    calls = rows_of(done.folder, "differential").filter(called(0.3, 0.25), analysis="normal")
    counts = calls.group_by("gene").len().filter(pl.col("len") > 1)
    found = [one for one in page.tables if one.title.startswith("Genes called in several of 2")]
    assert len(found) == bool(counts.height)
    for row in found[0].rows if found else ():
        own = calls.filter(gene=row["gene"])
        assert row["n_called"] == own.height == row["n_up"] + row["n_down"]
        assert row["types"] == " ".join(sorted(own["tumor_type"]))
        assert row["median"] == pytest.approx(own["log2fc"].median())


def test_sentences_have_the_counts(page: Page, done: RunReport) -> None:
    summary = rows_of(done.folder, "differential_summary").filter(analysis="cells", contrast="B:A")
    row = summary.row(0, named=True)
    [answer] = [one.answer for one in page.answers if "between B and A in OTHER" in one.question]
    n_called = row["n_up"] + row["n_down"]
    assert answer.startswith(f"{n_called} of {row['n_tested']} at q < 0.05 and |log2FC| > 1: ")
    assert f"By raw p < 0.05 they would be {row['n_raw']}." in answer
    [over] = [one.answer for one in page.answers if "in 3 tumor types?" in one.question]
    assert "genes in 2 tumor types." in over
    assert over.endswith("Not compared: CHOL; their notes say why.")


def test_methods_and_inputs(page: Page, done: RunReport) -> None:
    text = " ".join(page.methods)
    version = done.plan.analyses[0].differential.package  # type: ignore[union-attr]
    assert f"fitted to all groups together by PyDESeq2 {version}" in text
    assert "Raw counts were taken from mine, raw counts, of 3 tumor types" in text
    assert "Groups were those of a file (groups.tsv, sha256 " in text
    assert "ssGSEA" not in text
    assert any("Love, Huber & Anders 2014" in one for one in page.references)
    [files] = [table for table in page.provenance if table.title == "Files of groups"]
    assert files.rows[0]["file"] == "groups.tsv"
    assert page.dropped is not None
    reasons = {row["why"]: row["where"] for row in page.dropped.rows}
    assert reasons["1 sample of normal, at least 2 needed"] == "CHOL"


def test_no_name_is_markup(page: Page) -> None:
    text = report(page)
    assert HOSTILE not in text
    [block] = [one for one in page.differential if one.analysis == "cells"]
    assert any(HOSTILE in one.contrast for one in block.volcanoes)
    data = text.split('<script type="application/json" id="data">')[1].split("</script>")[0]
    found = json.loads(data)["page"]["differential"]
    assert [one["analysis"] for one in found] == ["normal", "cells"]


def test_only_points_that_are_not_called_are_thinned_first() -> None:
    is_called = np.zeros(10_000, np.bool_)
    is_called[:300] = True
    drawn, note = differential._thinned(is_called, 1_000)
    assert drawn[:300].all()
    assert drawn.sum() <= 1_000
    assert note == "of 9,700 genes that are not called every 14th is drawn"
    is_called[:5_000] = True
    drawn, note = differential._thinned(is_called, 1_000)
    assert drawn[:750].all()
    assert not drawn[750:5_000].any()
    assert note.startswith("drawn are the 750 genes called with the smallest q; of 5,000 genes")
    drawn, note = differential._thinned(is_called, 10_000)
    assert drawn.all()
    assert note == ""


def test_a_page_has_room_for_all_tumor_types() -> None:
    """33 tumor types in three contrasts: some points of each."""
    rows = [{"tumor_type": str(number), "contrast": "A:B"} for number in range(99)]
    budget = RowBudget()
    shares = list(differential._shares(rows, budget))
    assert len(shares) == 99
    assert min(share for _, share in shares) >= 400
    assert budget.changes >= 0
    assert differential._share_of_rows(99, budget) == 10
    many = list(differential._shares(rows * 20, RowBudget(changes=4_000)))
    assert len(many) == 100  # of the others the page has the tables


def test_the_store_has_it_too(engine: Engine, done: RunReport, tmp_path: Path) -> None:
    from tcga_corr.page.stores import page_of_store

    assert done.is_complete
    found = page_of_store(engine)
    names = [one.analysis for one in found.differential]
    assert names == [f"{done.plan.run}, normal", f"{done.plan.run}, cells"]
