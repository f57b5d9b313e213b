"""Loading: what a path, a phenotype table and the options make of a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import tcga_corr as tc
from tcga_corr.engine import Engine
from tcga_corr.errors import TableError, TcgaCorrError, UsageError
from tcga_corr.loading.load import LoadReport
from tcga_corr.loading.plan import LoadOptions, tumor_type_of_path
from tests.conftest import barcodes, snapshot, write_table

GENES = [f"G{number}" for number in range(8)]
PAN_CANCER = "EB++AdjustPANCAN_IlluminaHiSeq_RNASeqV2.geneExp.xena"


def rows(n: int, seed: int = 0) -> list[tuple[str, list[float]]]:
    values = np.random.default_rng(seed).uniform(0, 15, (len(GENES), n)).round(3)
    return list(zip(GENES, values.tolist(), strict=True))


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return tc.open_store(tmp_path / "cache")


def stored(engine: Engine) -> dict[str, int]:
    frame = engine.status()
    return dict(zip(frame["tumor_type"], frame["tumor"], strict=True))


def only_error(report: LoadReport) -> TcgaCorrError:
    assert len(report.errors) == 1
    return report.errors[0]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("x/TCGA.ACC.sampleMap/HiSeqV2.gz", "ACC"),
        ("x/TCGA.ACC.sampleMap%2FHiSeqV2.gz", "ACC"),
        ("x/TCGA-GBM.star_tpm.tsv.gz", "GBM"),
        ("TCGA-LIHC/fh/UCS.rnaseqv2__illuminahiseq.txt", "UCS"),
        ("x/READ/HiSeqV2.gz", "READ"),
        ("x/READ/raw/HiSeqV2.gz", None),
        ("TCGA-LIHC/raw/HiSeqV2.gz", "LIHC"),
        ("TCGA.ACCX/HiSeqV2.gz", None),
        ("x/HiSeqV2.gz", None),
    ],
)
def test_the_tumor_type_that_a_path_tells(path: str, expected: str | None, tmp_path: Path) -> None:
    assert tumor_type_of_path(tmp_path / path) == expected


def test_a_union_in_the_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="COADREAD is a union of COAD and READ"):
        tumor_type_of_path(tmp_path / "TCGA.COADREAD.sampleMap" / "HiSeqV2.gz")


def pan_cancer(folder: Path) -> Path:
    samples = [*barcodes(3, site="AA"), *barcodes(2, site="BB"), *barcodes(1, site="CC")]
    lines = [f'{name}\t{name[:12]}\tACC\t"open' for name in samples[:3]]
    lines += [f"{name}\t{name[:12]}\tUVM\tx" for name in samples[3:5]]
    text = "sample\t_PATIENT\tcancer type abbreviation\tnotes\n" + "\n".join(lines) + "\n"
    path = write_table(folder / PAN_CANCER, samples, rows(6))
    (folder / "Survival_SupplementalTable_S1_20171025_xena_sp").write_text(text)
    return path


@pytest.mark.parametrize("folder", ["plain", "TCGA-LIHC/raw"])
def test_a_pan_cancer_table_is_split_wherever_it_lies(
    engine: Engine, tmp_path: Path, folder: str
) -> None:
    report = engine.load(pan_cancer(tmp_path / folder))
    assert report.errors == ()
    assert stored(engine) == {"ACC": 3, "UVM": 2}
    assert report.loaded[0].metadata.dropped == {"columns of no known tumor type": 1}


def test_one_type_of_a_pan_cancer_table(engine: Engine, tmp_path: Path) -> None:
    path = pan_cancer(tmp_path)
    assert engine.load(path, LoadOptions(tumor_type="UVM")).errors == ()
    assert stored(engine) == {"UVM": 2}
    error = only_error(engine.load(path, LoadOptions(tumor_type="LIHC")))
    assert "no sample of it is of LIHC" in str(error)


def test_the_option_may_not_contradict_the_path(engine: Engine, tmp_path: Path) -> None:
    path = write_table(tmp_path / "TCGA.ACC.x" / "HiSeqV2", barcodes(3), rows(3))
    error = only_error(engine.load(path, LoadOptions(tumor_type="CHOL")))
    assert "its name says ACC, and --tumor-type says CHOL" in str(error)
    assert not engine.store.root.exists()


def test_two_files_of_one_table_do_not_replace_each_other(engine: Engine, tmp_path: Path) -> None:
    first, second = (
        write_table(tmp_path / name / "HiSeqV2", barcodes(3), rows(3, seed))
        for seed, name in enumerate(("one", "two"))
    )
    report = engine.load([first, second, first], LoadOptions(tumor_type="ACC"))
    assert f"was just loaded from {first}" in str(only_error(report))
    assert [loaded.unchanged for loaded in report.loaded] == [False, True]
    again = engine.load(second, LoadOptions(tumor_type="ACC"))
    assert [loaded.replaced for loaded in again.loaded] == [True]


def test_a_bad_file_leaves_the_others_to_be(engine: Engine, tmp_path: Path) -> None:
    for name in ("ACC", "COADREAD", "UCS"):
        path = tmp_path / "all" / f"TCGA.{name}.sampleMap" / "HiSeqV2"
        write_table(path, barcodes(3, site=name[:2]), rows(3))
    (tmp_path / "all" / "TCGA.BRCA.sampleMap").mkdir()
    (tmp_path / "all" / "TCGA.BRCA.sampleMap" / "HiSeqV2").write_text("")
    report = engine.load(tmp_path / "all")
    assert stored(engine) == {"ACC": 3, "UCS": 3}
    assert len(report.errors) == 2
    assert all("sampleMap" in str(error) for error in report.errors)


def test_patients_cannot_be_of_two_tumor_types(engine: Engine, tmp_path: Path) -> None:
    """A browser saves every cohort as HiSeqV2.gz, and --tumor-type is easily wrong."""
    lihc = write_table(tmp_path / "TCGA.LIHC.x" / "HiSeqV2", barcodes(4, site="BC"), rows(4))
    chol = write_table(tmp_path / "TCGA.CHOL.x" / "HiSeqV2", barcodes(3), rows(3))
    assert engine.load([lihc, chol]).errors == ()
    before = snapshot(engine.store.root)
    renamed = tmp_path / "HiSeqV2"
    renamed.write_bytes(chol.read_bytes())
    error = only_error(engine.load(renamed, LoadOptions(tumor_type="LIHC")))
    assert "stored as CHOL, and it is to be loaded as LIHC" in str(error)
    assert snapshot(engine.store.root) == before


def test_made_up_samples_cannot_pass_for_real_ones(engine: Engine, tmp_path: Path) -> None:
    simulated = tmp_path / "TCGA.ACC.x" / "HiSeqV2"
    write_table(simulated, [f"TCGA-00-000{i}-01" for i in range(3)], rows(3))
    assert "made up" in str(only_error(engine.load(simulated)))
    assert "made up" in str(only_error(engine.load(simulated, LoadOptions(source="tcga-hiseqv2"))))
    real = write_table(tmp_path / "TCGA.UCS.x" / "HiSeqV2", barcodes(3), rows(3))
    assert "not the simulated" in str(
        only_error(engine.load(real, LoadOptions(source="simulated")))
    )
    assert not engine.store.root.exists()


def test_a_folder_is_searched_but_not_the_store_in_it(engine: Engine, tmp_path: Path) -> None:
    name = "TCGA.ACC.sampleMap/HiSeqV2"
    write_table(tmp_path / name, barcodes(3), rows(3))
    write_table(engine.store.downloads("simulated") / name, barcodes(4), rows(4))
    assert engine.load(str(tmp_path)).errors == ()
    assert stored(engine) == {"ACC": 3}


def test_linear_values_of_an_own_source(engine: Engine, tmp_path: Path) -> None:
    linear = [(gene, [2**value - 1 for value in values]) for gene, values in rows(3)]
    path = write_table(tmp_path / "TCGA.ACC.own.tsv", barcodes(3), linear)
    options = LoadOptions(source="mine", unit="log2(x+1)", linear=True)
    assert engine.load(path, options).errors == ()
    values = engine.sql("SELECT value FROM expression ORDER BY gene, barcode")["value"]
    np.testing.assert_allclose(values, [v for _, row in rows(3) for v in row], rtol=1e-5)
    logged = write_table(tmp_path / "TCGA.UCS.own.tsv", barcodes(3), rows(3))
    assert "logarithms already" in str(only_error(engine.load(logged, options)))
    known = write_table(tmp_path / "TCGA.UCS.x" / "HiSeqV2", barcodes(3), linear)
    assert "for sources of your own" in str(
        only_error(engine.load(known, LoadOptions(linear=True)))
    )


def test_a_known_source_has_its_own_format(engine: Engine, tmp_path: Path) -> None:
    path = write_table(tmp_path / "TCGA.ACC.tsv", barcodes(3), rows(3))
    error = only_error(engine.load(path, LoadOptions(source="gdc-star")))
    assert isinstance(error, TableError)
    assert "a xena table, and source 'gdc-star' has gdc-hub tables" in str(error)


def test_rows_without_any_symbol(engine: Engine, tmp_path: Path) -> None:
    numbered = [(str(number), [1.5, 2.5]) for number in range(20)]
    path = write_table(tmp_path / "TCGA.ACC.x" / "HiSeqV2", barcodes(2), numbered)
    assert "no row has a gene symbol" in str(only_error(engine.load(path)))


def gdc(folder: Path, versions: dict[str, int], version: int) -> Path:
    """A GDC matrix of one version of the genes, with a probe map for each version beside it."""
    ids = [f"ENSG{number:011d}" for number in range(40)]
    for name, number in versions.items():
        # the first gene has the same version in all
        lines = [f"{i}.{1 if i == ids[0] else number}\t{name}{row}" for row, i in enumerate(ids)]
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.probeMap").write_text("id\tgene\n" + "\n".join(lines) + "\n")
    values = np.random.default_rng(0).uniform(0, 9, (40, 3)).tolist()
    names = [f"{i}.{1 if i == ids[0] else version}" for i in ids]
    return write_table(
        folder / "TCGA-ACC.star_tpm.tsv",
        [f"{name}A" for name in barcodes(3)],
        zip(names, values, strict=True),
        corner="Ensembl_ID",
    )


def test_the_probe_map_that_knows_most_genes_is_taken(engine: Engine, tmp_path: Path) -> None:
    path = gdc(tmp_path / "hub", {"OLD": 2, "NEW": 3}, version=3)
    report = engine.load(path, LoadOptions(genes="all"))
    assert report.errors == ()
    assert [file.name for file in report.loaded[0].metadata.inputs] == [path.name, "NEW.probeMap"]
    assert set(engine.sql("SELECT DISTINCT left(gene, 3) AS g FROM tables")["g"]) == {"NEW"}


def test_a_probe_map_of_other_genes_is_refused(engine: Engine, tmp_path: Path) -> None:
    path = gdc(tmp_path / "hub", {}, version=3)
    assert "no probe map in its folder" in str(only_error(engine.load(path)))
    other = tmp_path / "other.probeMap"
    other.write_text("id\tgene\nENSG99999999999.1\tX\n")
    error = only_error(engine.load(path, LoadOptions(probe_map=other)))
    assert f"not {other}" in str(error)
    missing = only_error(engine.load(path, LoadOptions(probe_map=tmp_path / "none")))
    assert "no file" in str(missing)


def test_tables_that_rank_different_genes_are_told(engine: Engine, tmp_path: Path) -> None:
    known = [("RELA", [1, 2, 3]), ("NFE2L2", [2, 3, 1]), ("MALAT1", [5, 6, 7])]
    for name, genes in (("ACC", "all"), ("UCS", "protein-coding")):
        path = tmp_path / f"TCGA.{name}.x" / "HiSeqV2"
        write_table(path, barcodes(3, site=name[:2]), known)
        assert engine.load(path, LoadOptions(genes=genes)).errors == ()  # type: ignore[arg-type]
    answer = engine.correlate("RELA", "NFE2L2")
    assert answer.query.scope.genes == "all; protein-coding"
    assert any("rank different genes" in note for note in answer.notes)
    assert engine.status()["n_genes"].to_list() == [3, 2]


def test_a_damaged_table_is_named_by_status_and_made_anew_by_load(
    engine: Engine, tmp_path: Path
) -> None:
    paths = [
        write_table(tmp_path / f"TCGA.{name}.x" / "HiSeqV2", barcodes(3, site=name[:2]), rows(3))
        for name in ("ACC", "UCS")
    ]
    engine.load(paths)
    whole = snapshot(engine.store.root)
    table = engine.store.table_path(engine.store.table_keys()[0])
    table.write_bytes(b"junk")
    status = engine.status()
    assert "not a whole table" in status["note"][0]
    assert status["tumor"].to_list() == [None, 3]
    report = engine.load(paths)
    assert report.errors == ()
    assert [loaded.unchanged for loaded in report.loaded] == [False, True]
    after = {
        name: data for name, data in snapshot(engine.store.root).items() if ".json" not in name
    }
    assert after == {name: data for name, data in whole.items() if ".json" not in name}


def test_sql_cannot_mix_a_table_with_the_samples_of_another(engine: Engine, tmp_path: Path) -> None:
    """As after a kill between the table's rename and everything derived from it."""
    path = tmp_path / "TCGA.ACC.x" / "HiSeqV2"
    one, other = (tc.open_store(tmp_path / name) for name in ("one", "other"))
    write_table(path, barcodes(4), rows(4))
    one.load(path)
    write_table(path, barcodes(4)[1:], [(gene, values[1:]) for gene, values in rows(4)])
    other.load(path)
    key = one.store.table_keys()[0]
    one.store.table_path(key).write_bytes(other.store.table_path(key).read_bytes())
    query = "SELECT barcode, value FROM expression WHERE gene = 'G1' ORDER BY barcode"
    assert one.sql(query).equals(other.sql(query))
    assert one.correlate("G1", "G2").frame["n"][0] == 3


def test_a_store_in_an_awkward_place(tmp_path: Path) -> None:
    engine = tc.open_store(tmp_path / "a, [b]* 'c'")
    path = write_table(tmp_path / "TCGA.ACC.x" / "HiSeqV2", barcodes(3), rows(3))
    assert engine.load(path).errors == ()
    assert engine.sql("FROM tables").height == len(GENES)
    assert engine.sql("FROM samples")["sample"].to_list() == barcodes(3)


def test_names_are_read_by_the_engine_as_the_user_means_them(
    engine: Engine, tmp_path: Path
) -> None:
    known = [(gene, list(range(12))) for gene in ("NFKB1", "RELA", "MLL2", *GENES)]
    known = [
        (gene, [float((i * 7 + j * 3) % 13) for i in range(12)])
        for j, (gene, _) in enumerate(known)
    ]
    engine.load(write_table(tmp_path / "TCGA.ACC.x" / "HiSeqV2", barcodes(12), known))
    with pytest.raises(UsageError, match="Say set:nfkb or gene:NFKB1"):
        engine.correlate("NF-kB", "RELA")
    with pytest.raises(UsageError, match="alias of several genes"):
        engine.correlate("P50", "RELA")
    notes = engine.correlate("p65", "NFKB1").notes
    assert "RELA: p65 read as the gene RELA" in notes
    notes = engine.correlate("KMT2D", "RELA").notes
    assert any("KMT2D not found for certain, perhaps gene:MLL2" in note for note in notes)
    notes = engine.correlate("gene:MLL2", "RELA").notes
    assert "MLL2: a row of this name, which may be KMT2B or KMT2D" in notes
    gmt = tmp_path / "go.gmt"
    gmt.write_text("cell death (GO:0008219)\tx\t" + "\t".join(GENES[:6]) + "\n")
    answer = engine.correlate(f"{gmt}:cell death (GO:0008219)", "RELA")
    assert answer.frame["x"][0] == "cell death (GO:0008219)"
    with pytest.raises(UsageError, match="two different gene sets"):
        engine.score(
            [tc.GeneSet("S", "", tuple(GENES[:5])), tc.GeneSet("S", "", tuple(GENES[1:6]))]
        )
    twice = engine.score([f"{gmt}", f"{gmt}"]).frame
    assert twice.height == 12
    assert twice["sample"].is_unique().all()


def test_unknown_source_names_what_there_is(engine: Engine, tmp_path: Path) -> None:
    engine.load(write_table(tmp_path / "TCGA.ACC.x" / "HiSeqV2", barcodes(3), rows(3)))
    for name in ("*", "hiseq"):
        with pytest.raises(TcgaCorrError, match="It has tcga-hiseqv2"):
            engine.correlate("G1", "G2", source=name)
    assert isinstance(engine.status(), pl.DataFrame)


SYMBOLS = [f"G{number}" for number in range(30)]


def with_copies(path: Path, samples: list[str], columns: list[int], seed: int = 3) -> Path:
    """A table with a sample of random values for each number; equal numbers, equal values."""
    values = np.random.default_rng(seed).uniform(0, 15, (len(SYMBOLS), max(columns) + 1)).round(3)
    values = values[:, columns]
    return write_table(path, samples, list(zip(SYMBOLS, values.tolist(), strict=True)))


def test_a_cohort_twice_under_other_names_counts_once(engine: Engine, tmp_path: Path) -> None:
    names = [f"s{number:02}" for number in range(40)]
    once, twice = list(range(20)), [*range(20), *range(20)]
    for source, samples in (("once", once), ("twice", twice)):
        path = with_copies(tmp_path / f"{source}.tsv", names[: len(samples)], samples)
        report = engine.load(path, LoadOptions(source=source, unit="log2(tpm+1)", rows="genes"))
    copies = "20 samples with the values of another in every gene"
    assert copies in report.loaded[0].summary
    one, two = (engine.correlate("G1", "G2", source=name, null=()) for name in ("once", "twice"))
    assert one.frame.equals(two.frame)
    left_out = "samples with the values of another in every gene are left out: 20 in OTHER; see"
    assert [any(left_out in note for note in answer.notes) for answer in (one, two)] == [
        False,
        True,
    ]
    assert two.provenance.notes == two.notes
    rows = engine.samples(source="twice").to_dicts()
    assert [row["used_as"] for row in rows] == ["tumor"] * 20 + [""] * 20
    assert rows[21]["reason"] == "the same values as s01 in every gene"
    assert not rows[21]["all_tumor"]


def test_a_copy_leaves_the_rule_to_the_patients_other_samples(
    engine: Engine, tmp_path: Path
) -> None:
    """The rule would choose vial A; that is a copy of another patient's sample, so it is vial B."""
    names = ["TCGA-AA-0001-01A", "TCGA-AA-0002-01A", "TCGA-AA-0002-01B", "TCGA-AA-0003-11A"]
    engine.load(with_copies(tmp_path / "TCGA.ACC.x" / "HiSeqV2", names, [0, 0, 1, 0]))
    rows = {row["barcode"]: row for row in engine.samples().to_dicts()}
    assert [row["used_as"] for row in rows.values()] == ["tumor", "", "tumor", ""]
    same = f"the same values as {names[0]} in every gene"
    assert [row["reason"] for row in rows.values()] == ["", same, "", same]


def test_samples_of_few_values_are_no_copies(engine: Engine, tmp_path: Path) -> None:
    values = [(gene, [0.0, 0.0, 1.5, 2.5]) for gene in SYMBOLS]
    path = write_table(tmp_path / "mine.tsv", ["a", "b", "c", "d"], values)
    engine.load(path, LoadOptions(source="mine", unit="log2(tpm+1)", rows="genes")).raise_errors()
    assert engine.samples()["used_as"].to_list() == ["tumor"] * 4
