"""Gene sets and names of genes as people have them: the answers that they must give."""

from __future__ import annotations

from pathlib import Path

import pytest

from tcga_corr import Engine, open_store
from tcga_corr.errors import TableError
from tcga_corr.loading.load import LoadOptions

UNIT = "log2(tpm+1)"


def case(shared: Path, tmp_path: Path, name: str, table: str = "table.tsv") -> tuple[Path, Engine]:
    folder = shared / "cases" / name
    if not folder.exists():
        pytest.skip("the cases are not there")
    engine = open_store(tmp_path / "cache")
    options = LoadOptions(source="mine", unit=UNIT, tumor_type="LIHC")
    engine.load(folder / table, options).raise_errors()
    return folder, engine


def r_of(engine: Engine, x: object, y: object, **more: object) -> float:
    return float(engine.correlate(x, y, null=(), **more).frame["r"][0])  # type: ignore[arg-type]


def scores_of(engine: Engine, *sets: str) -> tuple[list[float], list[int]]:
    frame = engine.score(list(sets)).frame
    return frame["es"].to_list(), frame["n_genes"].unique().to_list()


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "odd", "clean"),
    [
        ("gmt-members-in-quotes", "quoted.gmt", "clean.gmt"),
        ("gmt-without-description", "sets.gmt", "with_description.gmt"),
        ("compressed-and-renamed-gmt", "sets.gmt.gz:S", "sets.gmt.txt:S"),
        ("ensembl-ids-as-names", "ensembl.gmt", "clean.gmt"),
    ],
)
def test_an_odd_file_has_the_scores_of_the_clean_one(
    shared: Path, tmp_path: Path, name: str, odd: str, clean: str
) -> None:
    folder, engine = case(shared, tmp_path, name)
    expected = scores_of(engine, f"{folder}/{clean}")
    assert expected[1] == [7]
    assert scores_of(engine, f"{folder}/{odd}") == expected


@pytest.mark.shared
def test_a_bad_line_keeps_no_other_set_away(shared: Path, tmp_path: Path) -> None:
    folder, engine = case(shared, tmp_path, "one-bad-line-in-a-gmt")
    wanted = scores_of(engine, f"{folder}/sets.gmt:WANTED")
    assert wanted[1] == [7]
    assert scores_of(engine, f"{folder}/sets.gmt") == wanted
    notes = engine.score(f"{folder}/sets.gmt").notes
    assert any("line 3" in note and "line 4" in note and "TWICE" in note for note in notes)
    with pytest.raises(TableError, match="line 4"):
        engine.score(f"{folder}/sets.gmt:TWICE")


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "table", "x", "y", "r"),
    [
        ("ensembl-ids-as-names", "table.tsv", "ENSG00000173039", "ENSG00000116044.14", 0.039813294),
        ("mitochondrial-symbols", "table.csv", "MT-CO1", "RELA", 0.288782688),
        ("mitochondrial-symbols", "table.csv", "MTCO1", "RELA", 0.288782688),
        ("row-names-of-id-and-symbol", "table.tsv", "RELA", "NFE2L2", -0.250559050),
        ("row-names-of-id-and-symbol", "table.csv", "RELA", "NFE2L2", -0.250559050),
        ("symbols-with-points-for-hyphens", "samples_down.csv", "HLA-A", "NFE2L2", -0.153946437),
        ("symbols-with-points-for-hyphens", "samples_down.csv", "HLA.A", "4780", -0.153946437),
    ],
)
def test_genes_by_any_name(
    shared: Path, tmp_path: Path, name: str, table: str, x: str, y: str, r: float
) -> None:
    _, engine = case(shared, tmp_path, name, table)
    assert r_of(engine, x, y) == pytest.approx(r, abs=1e-9)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "table", "n"),
    [("mitochondrial-symbols", "table.csv", 8),
     ("symbols-with-points-for-hyphens", "samples_down.csv", 6)],
)  # fmt: skip
def test_every_gene_of_a_set_is_found(
    shared: Path, tmp_path: Path, name: str, table: str, n: int
) -> None:
    folder, engine = case(shared, tmp_path, name, table)
    assert scores_of(engine, f"{folder}/sets.gmt")[1] == [n]


@pytest.mark.shared
def test_a_set_named_with_a_comma_is_adjusted_for(shared: Path, tmp_path: Path) -> None:
    from tcga_corr.cli.options import split_names

    folder, engine = case(shared, tmp_path, "set-names-with-a-comma")
    values = [
        r_of(engine, "GPX4", "ACSL4", adjust=split_names([f"{folder}/sets.gmt:{name}"]))
        for name in ("Cell Cycle, Mitotic", "plain")
    ]
    assert values == [pytest.approx(0.6240402829416035, abs=1e-12)] * 2


@pytest.mark.shared
def test_lists_and_dictionaries_are_sets(shared: Path, tmp_path: Path) -> None:
    folder, engine = case(shared, tmp_path, "ensembl-ids-as-names")
    genes = ["RELA", "NFE2L2", "TP53", "MYC", "EGFR", "TNF", "NFKB1"]
    listed = tmp_path / "genes.txt"
    listed.write_text("\n".join(genes))
    expected = r_of(engine, f"{folder}/clean.gmt:MY_SET", "GPX4")
    for given in (genes, {"mine": genes}, ",".join(genes), listed, str(listed), tuple(genes)):
        assert r_of(engine, given, "GPX4") == expected
    scores = scores_of(engine, f"{folder}/clean.gmt")
    assert scores_of(engine, *genes) == scores
    assert set(engine.score({"A": genes, "B": genes[:5]}).frame["set"]) == {"A", "B"}


@pytest.mark.shared
def test_dates_of_other_forms_are_counted(shared: Path, tmp_path: Path) -> None:
    folder, engine = case(
        shared, tmp_path, "symbols-that-became-dates-of-another-form", "table.csv"
    )
    options = LoadOptions(source="again", unit=UNIT, tumor_type="LIHC")
    (loaded,) = engine.load(folder / "table.csv", options).loaded
    assert "4 names of genes are dates, as spreadsheets make of symbols" in loaded.metadata.read_as
