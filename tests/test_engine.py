"""The Python API: questions over a store, each against an independent computation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

import tcga_corr as tc
from tcga_corr.cli import main
from tcga_corr.engine import Engine
from tcga_corr.errors import AnalysisError, DataMissingError, UsageError
from tcga_corr.files import writing
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.store.index import drop_index
from tcga_corr.store.layout import Store
from tests.conftest import barcodes, snapshot, write_table

GENES = [f"G{number:03d}" for number in range(60)]


@pytest.fixture
def own(tmp_path: Path) -> Engine:
    """Two tumor types of 30 and 8 patients, and a source of another unit, of random values."""
    rng = np.random.default_rng(5)
    engine = tc.open_store(tmp_path / "cache")
    for tumor_type, n in (("LIHC", 30), ("ACC", 8)):
        values = np.round(rng.uniform(0, 15, (len(GENES), n)), 1)
        values[0] = 3.5  # G000 is constant
        path = tmp_path / f"TCGA.{tumor_type}.sampleMap" / "HiSeqV2"
        rows = zip(GENES, values.tolist(), strict=True)
        write_table(path, barcodes(n, site=tumor_type[:2]), rows)
        assert not engine.load([path]).errors
    return engine


def _values(engine: Engine, gene: str, tumor_type: str) -> list[float]:
    return (
        engine.sql(
            f"SELECT value FROM expression WHERE gene = '{gene}' AND tumor_type = '{tumor_type}' "
            "AND tumor ORDER BY barcode"
        )["value"]
        .cast(pl.Float64)
        .to_list()
    )


def test_gene_against_gene_equals_scipy(own: Engine) -> None:
    for method, reference in (("pearson", stats.pearsonr), ("spearman", stats.spearmanr)):
        answer = own.correlate("G001", "G002", method=method)
        rows = {row["tumor_type"]: row for row in answer.frame.to_dicts()}
        expected = reference(_values(own, "G001", "LIHC"), _values(own, "G002", "LIHC"))
        assert rows["LIHC"]["r"] == pytest.approx(expected.statistic, abs=1e-12)
        assert rows["LIHC"]["p"] == pytest.approx(expected.pvalue, rel=1e-9)
        assert rows["LIHC"]["q"] == rows["LIHC"]["p"]
        assert rows["ACC"]["r"] is None
        assert rows["ACC"]["n"] == 8
        assert rows["ACC"]["note"] == "too few samples: 8, at least 10 needed"


@pytest.mark.slow
def test_set_against_set_without_shared_genes(own: Engine) -> None:
    x = tc.GeneSet("X", "", tuple(GENES[1:9]))
    y = tc.GeneSet("Y", "", tuple(GENES[6:16]))
    whole = own.correlate(x, y).frame.filter(pl.col("tumor_type") == "LIHC").to_dicts()[0]
    assert whole["n_shared_genes"] == 3
    apart = (
        own.correlate(
            tc.GeneSet("X", "", tuple(GENES[1:6])), tc.GeneSet("Y", "", tuple(GENES[9:16]))
        )
        .frame.filter(pl.col("tumor_type") == "LIHC")
        .to_dicts()[0]
    )
    assert apart["n_shared_genes"] == 0
    assert apart["r"] == apart["r_disjoint"]
    assert whole["r_disjoint"] == pytest.approx(apart["r"], abs=1e-14)
    assert whole["r"] != whole["r_disjoint"]


def test_a_gene_is_taken_out_of_the_set_it_is_held_against(own: Engine) -> None:
    with_it = own.correlate("G001", tc.GeneSet("S", "", tuple(GENES[1:9]))).frame
    without = own.correlate("G001", tc.GeneSet("S", "", tuple(GENES[2:9]))).frame
    assert with_it["n_shared_genes"].to_list() == [1, 1]
    assert with_it["r_disjoint"].to_list() == [
        None if r is None else pytest.approx(r, abs=1e-14) for r in without["r"]
    ]


def test_notes_instead_of_numbers(own: Engine) -> None:
    lihc = {"tumor_types": ["LIHC"]}
    row = own.correlate("G000", "G001", **lihc).frame.to_dicts()[0]
    assert (row["r"], row["note"]) == (None, "G000 is constant")
    row = own.correlate("GPX4", "G001", **lihc).frame.to_dicts()[0]
    assert (row["r"], row["note"]) == (None, "GPX4: not measured")
    small = tc.GeneSet("S", "", (*GENES[:3], "GPX4"))
    answer = own.correlate(small, "G001", **lihc)
    assert answer.frame["note"][0] == "S: 3 of 4 genes measured, at least 5 needed"
    assert any("not measured GPX4" in note for note in answer.notes)
    with pytest.raises(AnalysisError, match="S: 3 of 4 genes"):
        answer.require_numbers()
    everything = tc.GeneSet("ALL", "", tuple(GENES))
    assert "every gene" in own.correlate(everything, "G001", **lihc).frame["note"][0]
    with pytest.raises(AnalysisError, match="no score"):
        own.score([small])
    row = own.correlate("G001", "G001", **lihc).frame.to_dicts()[0]
    assert row["r"] == pytest.approx(1)
    assert row["note"] == "x and y are the same variable"
    emptied = own.correlate(
        tc.GeneSet("S", "", tuple(GENES[:6])), tc.GeneSet("T", "", tuple(GENES[1:7]))
    )
    assert emptied.frame["r_disjoint"].null_count() == 2
    assert "without shared genes: S: 1 of 6 genes left" in emptied.frame["note"][1]


def test_scores_do_not_depend_on_the_rest_of_the_query(own: Engine) -> None:
    sets = [tc.GeneSet(f"S{start}", "", tuple(GENES[start : start + 9])) for start in (1, 20, 40)]
    together = own.score(sets).frame
    for gene_set in sets:
        alone = own.score([gene_set]).frame
        assert alone.equals(together.filter(pl.col("set") == gene_set.name))
    assert own.score(sets, tumor_types=["ACC"]).frame.equals(
        together.filter(pl.col("tumor_type") == "ACC")
    )


def test_gseapy_engine_equals_the_closed_form(own: Engine) -> None:
    sets = [tc.GeneSet(f"S{start}", "", tuple(GENES[start : start + 9])) for start in (1, 20)]
    closed = own.score(sets, ties="gseapy").frame
    called = own.score(sets, ties="gseapy", engine="gseapy").frame
    assert closed.drop("es").equals(called.drop("es"))
    np.testing.assert_allclose(closed["es"], called["es"], rtol=1e-9, atol=1e-9)


def test_variables_by_prefix_alias_and_file(own: Engine, tmp_path: Path) -> None:
    path = tmp_path / "TCGA.UVM.x" / "HiSeqV2"
    names = ["NFE2L2", "RELA", "NFKB", "MARCH1", *GENES[:9]]
    rng = np.random.default_rng(1)
    write_table(path, barcodes(12), zip(names, rng.uniform(0, 9, (13, 12)).tolist(), strict=True))
    own.load([path])
    uvm = {"tumor_types": ["UVM"]}
    r = own.correlate("RELA", "NFE2L2", **uvm).frame["r"][0]
    assert own.correlate("gene:p65", "NRF2", **uvm).frame["r"][0] == r
    assert own.correlate("rela", "nfe2l2", **uvm).frame["r"][0] == r
    former = own.correlate("MARCHF1", "RELA", **uvm)
    assert former.frame["r"][0] == own.correlate("MARCH1", "RELA", **uvm).frame["r"][0]
    assert former.notes == ("MARCHF1: found under another name MARCHF1 as MARCH1",)
    with pytest.raises(UsageError, match="Say set:nfkb or gene:NFKB"):
        own.correlate("NFKB", "RELA", **uvm)
    assert own.correlate("gene:NFKB", "RELA", **uvm).frame["x"][0] == "NFKB"
    assert own.correlate("set:NFKB", "RELA", **uvm).frame["x"][0] == "nfkb"
    gmt = tmp_path / "sets.GMT"
    gmt.write_text("A B\tx\t" + "\t".join(GENES[:6]) + "\n")
    answer = own.correlate(f"{gmt}:A B", "RELA", **uvm)
    assert answer.frame["x"][0] == "A B"
    assert answer.provenance.gene_sets[0].origin == "sets.GMT"
    with pytest.raises(UsageError, match="Did you mean A B"):
        own.correlate(f"{gmt}:A C", "RELA")


def test_missing_data_are_reported(own: Engine) -> None:
    with pytest.raises(DataMissingError, match="UVM: not loaded"):
        own.correlate("G001", "G002", tumor_types=["UVM"])
    with pytest.raises(UsageError, match="samples is 'blood'"):
        own.correlate("G001", "G002", samples="blood")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="ties is"):
        own.score(["nfkb"], ties="first")  # type: ignore[arg-type]


def test_several_sources_must_be_chosen_from(own: Engine, tmp_path: Path) -> None:
    path = write_table(
        tmp_path / "TCGA.LIHC.own.tsv", barcodes(12), [(gene, range(12)) for gene in GENES]
    )
    assert own.load([path], LoadOptions(source="mine", unit="log2(tpm+1)")).errors == ()
    with pytest.raises(UsageError, match=r"mine \(1 types\), tcga-hiseqv2 \(2"):
        own.correlate("G001", "G002")
    assert own.correlate("G001", "G002", source="mine").query.scope.unit == "log2(tpm+1)"
    assert own.correlate("G001", "G002", tumor_types=["ACC"]).query.scope.source == "tcga-hiseqv2"


def test_simulated_tables_give_way_to_real_ones(own: Engine, atlas: Path) -> None:
    assert not own.load([atlas / "TCGA.UVM.sampleMap"], LoadOptions(source="simulated")).errors
    assert own.correlate("G001", "G002").query.scope.source == "tcga-hiseqv2"
    assert own.correlate("RELA", "GPX4", source="simulated").frame["note"][0] == "SIMULATED"


@pytest.mark.slow
def test_the_same_question_gives_the_same_answer(simulated: Engine) -> None:
    first, again = (simulated.correlate("ferroptosis", "HALLMARK_HYPOXIA") for _ in range(2))
    assert first.frame.equals(again.frame)
    assert first.provenance == again.provenance


def test_normal_samples(simulated: Engine) -> None:
    frame = simulated.correlate("RELA", "NFE2L2", samples="normal").frame
    rows = {row["tumor_type"]: row for row in frame.to_dicts()}
    assert rows["BRCA"]["n"] == 19
    assert rows["LAML"]["note"] == "SIMULATED; too few samples: 0, at least 10 needed"


def test_the_source_of_a_store_is_chosen_once(
    own: Engine, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def use(*arguments: str) -> tuple[int, str]:
        code = main.run(["--cache", str(own.store.root), "use", *arguments])
        return code, capfd.readouterr().out

    path = write_table(
        tmp_path / "TCGA.LIHC.own.tsv", barcodes(12), [(gene, range(12)) for gene in GENES]
    )
    own.load([path], LoadOptions(source="mine", unit="log2(tpm+1)")).raise_errors()
    with pytest.raises(UsageError, match=r"several sources: .* `tcga-corr use SOURCE`"):
        own.correlate("G001", "G002")
    assert use() == (0, "no source is chosen\n")
    assert use("mine") == (0, "mine\n")
    again = tc.open_store(own.store.root)
    assert again.correlate("G001", "G002").query.scope.source == "mine"
    other = again.correlate("G001", "G002", source="tcga-hiseqv2")
    assert other.query.scope.source == "tcga-hiseqv2"
    # where it lacks what is asked, another answers
    assert again.correlate("G001", "G002", tumor_types=["ACC"]).query.scope.source != "mine"
    assert use("nowhere") == (3, "")
    assert use("mine", "--none") == (2, "")
    assert use() == (0, "mine\n")
    assert use("--none") == (0, "no source is chosen\n")
    with pytest.raises(UsageError, match="several sources"):
        again.correlate("G001", "G002")


def test_a_store_that_may_not_be_written_and_has_no_index(
    own: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its answers are the same, with a note."""
    known = own.correlate("G001", "G002")
    for key in own.store.table_keys():
        drop_index(own.store, key)

    @contextmanager
    def refuse(*_: object) -> Iterator[None]:
        with writing(own.store.root):
            raise PermissionError(13, "Permission denied")
        yield

    monkeypatch.setattr(Store, "locked", refuse)
    before = snapshot(own.store.root)
    found = own.correlate("G001", "G002")
    assert found.frame.equals(known.frame)
    assert "the store cannot be written, so an index was made in memory of ACC LIHC" in found.notes
    assert snapshot(own.store.root) == before


# --- answers in a notebook


def test_an_answer_draws_itself_and_is_short(simulated: Engine, tmp_path: Path) -> None:
    answer = simulated.correlate("RELA", "NFE2L2", null=(), source="simulated")
    assert repr(answer) == (
        "<CorrelateAnswer: SIMULATED, 33 rows; x=RELA, y=NFE2L2, method=pearson>"
    )
    html = answer._repr_html_()
    assert "<table" in html
    assert "&lt;" not in html.partition("<table")[0]
    assert answer.to_polars() is answer.frame
    assert answer.to_pandas()["r"].tolist() == answer.frame["r"].to_list()
    figure = answer.plot(tmp_path / "forest.svg", title="Mine")
    assert "Mine" in (tmp_path / "forest.svg").read_text(encoding="utf-8")
    assert figure.get_axes()
    of_acc = {"source": "simulated", "tumor_types": ["ACC"]}
    assert simulated.score(["ferroptosis"], **of_acc).plot().get_axes()
    assert simulated.values(["RELA"], **of_acc).plot().get_axes()
    with pytest.raises(tc.TcgaCorrError, match="no figure of this answer, Answer"):
        tc.Answer(answer.frame, answer.query, (), answer.provenance).plot()
