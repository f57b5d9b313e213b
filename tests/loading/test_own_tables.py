"""What users have on disk, and what must not slip by unsaid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tcga_corr.engine import Engine, open_store
from tcga_corr.errors import TableError, TcgaCorrError, UsageError
from tcga_corr.formats import open_table
from tcga_corr.formats.format import GeneFilter, ReadOptions
from tcga_corr.formats.gene_names import gene_span
from tcga_corr.formats.sample_names import is_sample_title
from tcga_corr.loading.load import LoadReport
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.vocabulary.symbols import symbol_table
from tests.conftest import barcodes, write_table
from tests.formats.test_formats import (
    IDS,
    SYMBOLS,
    WRITERS,
    Made,
    anndata_of,
    delimited_text,
    made,
    written,
)

LOGS = "log2(tpm+1)"


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return open_store(tmp_path / "cache")


def load(engine: Engine, path: Path, **options: object) -> LoadReport:
    return engine.load(path, LoadOptions(source="mine", **options))  # type: ignore[arg-type]


def refusal(report: LoadReport) -> TcgaCorrError:
    assert report.loaded == ()
    (error,) = report.errors
    with pytest.raises(type(error)):
        report.raise_errors()
    return error


def logs(n_samples: int = 12) -> list[tuple[str, list[float]]]:
    values = np.random.default_rng(5).uniform(0, 14, (len(SYMBOLS), n_samples)).round(3)
    return [(name, row.tolist()) for name, row in zip(SYMBOLS, values, strict=True)]


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_table_of_r_with_barcodes(tmp_path: Path, quote: str) -> None:
    """As write.table leaves it: the header is one field short, names quoted or not."""
    rows = logs()
    samples = barcodes(12)
    lines = ["\t".join(f"{quote}{name}{quote}" for name in samples)]
    lines += ["\t".join((f"{quote}{name}{quote}", *map(str, values))) for name, values in rows]
    path = tmp_path / "mine.txt"
    path.write_text("\n".join(lines) + "\n")
    table = open_table(path).read(None)
    assert table.samples == tuple(samples)
    assert table.genes.tolist() == SYMBOLS
    assert table.values[:, 0].tolist() == [np.float32(values[0]) for _, values in rows]


@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_a_blank_line_before_the_header_is_passed_over(
    engine: Engine, tmp_path: Path, ending: str
) -> None:
    """Samples named by numbers are not the values of a gene named like the corner."""
    separator = "," if ending == "csv" else "\t"
    rows = [("gene", 1, 2), ("TP53", 1.5, 2.5), ("EGFR", 3, 4)]
    path = tmp_path / f"mine.{ending}"
    path.write_text("\r\n" + "".join(separator.join(map(str, row)) + "\r\n" for row in rows))
    (loaded,) = load(engine, path, unit=LOGS).loaded
    assert loaded.metadata.n_genes == 2
    assert [sample.sample for sample in loaded.metadata.samples] == ["1", "2"]
    assert "after a line before the header" in loaded.metadata.read_as


@pytest.mark.parametrize("nothing", ["", "NA"])
@pytest.mark.parametrize("head", ["sample,arm", "arm,name"])
def test_a_sample_without_a_name_is_refused(
    engine: Engine, tmp_path: Path, nothing: str, head: str
) -> None:
    titles = head.split(",")
    lines = [",".join((*titles, *SYMBOLS[:4]))]
    for name, arm in (("S1", "a"), ("S2", "b"), (nothing, "a"), ("S4", "a"), ("S5", "b")):
        cells = [arm if title == "arm" else name for title in titles]
        lines.append(",".join((*cells, "1", "2", "3", "4")))
    path = tmp_path / "mine.csv"
    path.write_text("\n".join(lines) + "\n")
    assert "line 4: no sample name" in str(refusal(load(engine, path, unit=LOGS, rows="samples")))


@pytest.mark.parametrize("unit", ["log-TPM", "vst counts", "log2 counts per million", "rlog"])
def test_units_of_logarithms_may_name_what_they_are_of(
    engine: Engine, tmp_path: Path, unit: str
) -> None:
    path = write_table(tmp_path / "mine.tsv", barcodes(12), logs())
    (loaded,) = load(engine, path, tumor_type="LIHC", unit=unit).loaded
    assert loaded.metadata.unit == unit


@pytest.mark.parametrize(
    "unit",
    ["tpm", "TPM", "FPKM-UQ", "counts", "norm_counts", "TPM (linear)", "TPMs", "linear tpm"],
)
def test_logarithms_under_a_linear_unit_are_refused(
    engine: Engine, tmp_path: Path, unit: str
) -> None:
    path = write_table(tmp_path / "mine.tsv", barcodes(12), logs())
    error = refusal(load(engine, path, tumor_type="LIHC", unit=unit))
    assert isinstance(error, UsageError)
    assert f"as if they were logarithms, and --unit says {unit}" in str(error)
    assert f"Say --unit 'log2({unit}+1)'" in str(error)
    assert load(engine, path, tumor_type="LIHC", unit=f"log2({unit}+1)").errors == ()


def test_linear_values_are_said_to_be_taken_as_logarithms(engine: Engine, tmp_path: Path) -> None:
    matrix = made(barcodes(14))
    rows = list(zip(matrix.genes, matrix.texts, strict=True))
    path = write_table(tmp_path / "mine.tsv", matrix.samples, rows)
    (loaded,) = load(engine, path, tumor_type="LIHC", unit="tpm").loaded
    assert loaded.metadata.unit == LOGS
    assert "linear values, taken as log2(x + 1)" in loaded.metadata.read_as
    stored = engine.sql(f"SELECT value FROM expression WHERE gene = '{SYMBOLS[0]}'")["value"]
    expected = np.log2(matrix.values[0].astype(np.float64) + 1)
    assert np.allclose(sorted(stored), sorted(expected), rtol=1e-6)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_clinical_columns_do_not_become_genes(engine: Engine, tmp_path: Path, ending: str) -> None:
    matrix = made()
    columns: dict[str, object] = {
        "patient": list(matrix.samples),
        "arm": ["a", "b"] * 7,
        "age": list(range(50, 64)),
    }
    for name, row in zip(matrix.genes, matrix.values, strict=True):
        columns[name] = row.tolist()
    frame = pl.DataFrame(columns)
    path = tmp_path / f"mine.{ending}"
    frame.write_csv(path) if ending == "csv" else frame.write_parquet(path)
    (loaded,) = load(engine, path, unit="tpm").loaded
    assert "samples down and genes across, left out arm, age" in loaded.metadata.read_as
    assert loaded.metadata.n_genes == len(matrix.genes)
    assert [sample.sample for sample in loaded.metadata.samples] == sorted(matrix.samples)


def samples_down(path: Path, columns: Mapping[str, Sequence[object]]) -> Path:
    """A table of these columns, as polars writes it."""
    frame = pl.DataFrame(dict(columns), strict=False)
    frame.write_csv(path) if path.suffix == ".csv" else frame.write_parquet(path)
    return path


def genes_of(matrix: Made, names: Sequence[str] = ()) -> dict[str, Sequence[object]]:
    return dict(zip(names or matrix.genes, matrix.values.tolist(), strict=True))


RUNNING = list(range(14))
NAMES = list(made().samples)
NAMED: dict[str, tuple[dict[str, Sequence[object]], str]] = {
    "an index of pandas": ({"": RUNNING, "sample": NAMES}, "sample"),
    "a running number": ({"id": range(1, 15), "Label": NAMES}, "Label"),
    "an index and numbers": ({"": RUNNING, "age": RUNNING, "Patient_ID": range(700, 714)}, "P"),
    "patients and samples": (
        {"patient": [f"p{n}" for n in RUNNING], "Sample.ID": NAMES, "arm": ["a", "b"] * 7},
        "Sample.ID",
    ),
    "patients, each twice": (
        {"patient": [f"p{n // 2}" for n in RUNNING], "id": NAMES},
        "",
    ),
    "a group first": ({"group": ["a", "b"] * 7, "name": NAMES}, ""),
}


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("case", NAMED)
def test_the_column_that_names_samples(tmp_path: Path, case: str, ending: str) -> None:
    matrix = made()
    columns, said = NAMED[case]
    if ending == "parquet":  # which has no column of names but text
        columns = {
            name: list(map(str, values)) if name in ("", "id") else list(values)
            for name, values in columns.items()
        }
    file = open_table(samples_down(tmp_path / f"mine.{ending}", {**columns, **genes_of(matrix)}))
    table = file.read(None)
    said = "Patient_ID" if said == "P" else said
    expected = tuple(map(str, columns["Patient_ID"])) if said == "Patient_ID" else matrix.samples
    assert file.columns == table.samples == expected
    assert table.genes.tolist() == list(matrix.genes)
    assert np.array_equal(table.values, matrix.values)
    assert (f", samples named by '{said}', left out" in file.read_as) is bool(said)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("first", [0, 1])
def test_samples_by_row_number_are_refused(tmp_path: Path, ending: str, first: int) -> None:
    columns = {"": [str(n + first) for n in RUNNING], "arm": ["a", "b"] * 7, **genes_of(made())}
    with pytest.raises(TableError, match=rf"no names but row numbers \({first}, .* in a column"):
        open_table(samples_down(tmp_path / f"mine.{ending}", columns))


def test_own_cohorts_and_covariates_join_by_the_same_names(engine: Engine, tmp_path: Path) -> None:
    """Both have an index of pandas, and the rows stand in another order."""
    matrix = made()
    path = samples_down(tmp_path / "mine.csv", {"": RUNNING, "sample": NAMES, **genes_of(matrix)})
    assert not load(engine, path, unit="tpm").errors
    order = np.random.default_rng(2).permutation(14)
    logs_of_first = np.log2(matrix.values[0] + 1)[order]
    clinic = {"": RUNNING, "sample": [NAMES[n] for n in order], "x": logs_of_first.tolist()}
    loaded = engine.load_covariates(samples_down(tmp_path / "clinic.csv", clinic))
    assert "samples named by 'sample'" in loaded.notes
    assert engine.correlate("x", SYMBOLS[0]).frame["r"][0] == pytest.approx(1)


def test_titles_of_samples_are_no_genes() -> None:
    assert [gene.symbol for gene in symbol_table() if is_sample_title(gene.symbol)] == []
    titles = "sample sample_id Sample.ID patient SubjectID id bcr_patient_barcode CASE_ID donor"
    for title in (*titles.split(), "Tumor_Sample_Barcode", "submitter id"):
        assert is_sample_title(title)
    for title in ("age", "sample_type", "patient_age", "ID1", "S1", "sampled", ""):
        assert not is_sample_title(title)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_columns_of_barcodes_that_contradict_one_another(tmp_path: Path, ending: str) -> None:
    tumors, normals = barcodes(14), barcodes(14, "11")
    columns = {"normal_barcode": normals, "tumor_barcode": tumors, **genes_of(made())}
    with pytest.raises(
        TableError, match=r"columns 'normal_barcode' and 'tumor_barcode' differ .*Keep the one"
    ):
        open_table(samples_down(tmp_path / f"mine.{ending}", columns))
    alike = {"sample": tumors, "aliquot": [f"{name}A-11R" for name in tumors], **genes_of(made())}
    file = open_table(samples_down(tmp_path / f"mine.{ending}", alike))
    assert file.columns == tuple(tumors)


def test_a_contradiction_far_down_is_found(tmp_path: Path) -> None:
    names = barcodes(230)
    others = [*names[:220], *barcodes(230, "11")[220:]]
    columns = {"a": names, "b": others, **genes_of(made(names))}
    file = open_table(samples_down(tmp_path / "mine.csv", columns))
    with pytest.raises(TableError, match="columns 'a' and 'b' differ"):
        file.read(None)


MOUSE = [symbol.capitalize() for symbol in SYMBOLS]
PROBES = [f"{number}_at" for number in range(200_000, 200_040)]


@pytest.mark.parametrize("rows", ["genes", "samples"])
@pytest.mark.parametrize("genes", [MOUSE, PROBES], ids=["mouse", "Affymetrix"])
@pytest.mark.parametrize("letter", ["S", "A", "P", "C", "F", "K", "SP", "AK", "CD"])
def test_names_of_samples_that_are_of_genes_too_do_not_tell_the_genes(
    tmp_path: Path, letter: str, genes: list[str], rows: str
) -> None:
    """S1 to S30 are aliases of genes, and C2, C3 or SP1 their symbols."""
    names = [f"{letter}{number}" for number in range(1, 15)]
    matrix = Made(tuple(genes), tuple(names), made().texts)
    path = written(tmp_path / "mine.csv", delimited_text(matrix, ",", rows))  # type: ignore[arg-type]
    with pytest.raises(TableError, match="Say --rows genes or --rows samples"):
        open_table(path)
    table = open_table(path, ReadOptions(rows=rows)).read(None)  # type: ignore[arg-type]
    assert table.samples == tuple(names)
    assert np.array_equal(table.values, matrix.values)
    human = written(path, delimited_text(made(names), ",", rows))  # type: ignore[arg-type]
    assert open_table(human).columns == tuple(names)


def test_a_single_symbol_among_samples_tells_nothing(tmp_path: Path) -> None:
    names = (*NAMES[:12], "MET", "Ctrl")
    path = written(
        tmp_path / "mine.csv", delimited_text(Made(tuple(MOUSE), names, made().texts), ",", "genes")
    )
    with pytest.raises(TableError, match="Say --rows"):
        open_table(path)


EDGES = {
    "a table of 2015": ((), ("SEPT9", "MARCH1", "SEPT2", "TP53", "MARC1", "DEC1"), ()),
    "of the clinic": (
        ("age", "sex01", "stage", "OS", "OS.time", "status"),
        ("GPX4", "TP53"),
        ("OS.time", "age", "T", "PR"),
    ),
    "symbols beside": (("EFS", "EFS.time", "AFP"), ("TP53", "GPX4"), ("CRP", "stage")),
    "symbols alone": ((), ("AFP", "TP53", "GPX4", "HR"), ()),
    "components": (("PC1", "PC2"), ("TP53", "GPX4"), ("RIN",)),
    "unknown between": ((), ("SEPT9", "AC0001.1", "GPX4"), ()),
    "clinic, then 2015": (("age", "DSS"), ("SEPT9", "MARCH1", "GPX4"), ()),
    "counts of reads": (("age",), ("N_unmapped", "GPX4", "__no_feature"), ("sex",)),
    "mouse": (("age", "OS", "PFS_days"), ("Gpx4", "C3", "Trp53", "Rela"), ("status",)),
    "nothing known": ((), ("one", "two"), ()),
}


@pytest.mark.parametrize("case", EDGES)
def test_where_the_genes_of_a_header_begin_and_end(case: str) -> None:
    before, genes, after = EDGES[case]
    names = (*before, *genes, *after)
    if case != "mouse":
        genes = (*genes[:-1], *SYMBOLS[4:], genes[-1])
        names = (*before, *genes, *after)
    if case == "nothing known":
        names = genes = ("one", "two")
    assert names[gene_span(names)] == genes


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_no_gene_of_2015_is_lost_and_no_trailing_column_becomes_one(
    tmp_path: Path, ending: str
) -> None:
    matrix = made()
    names = ["SEPT9", "MARCH1", *matrix.genes[2:]]
    columns = {"patient": NAMES, **genes_of(matrix, names), "OS.time": RUNNING, "age": RUNNING}
    file = open_table(samples_down(tmp_path / f"mine.{ending}", columns))
    assert file.read_as.endswith("samples down and genes across, left out OS.time, age")
    table = file.read(None)
    assert table.genes.tolist() == names
    assert np.array_equal(table.values, matrix.values)


def test_many_columns_left_out_are_not_all_listed(tmp_path: Path) -> None:
    columns = {"patient": NAMES, **{f"lab {n}": RUNNING for n in range(30)}, **genes_of(made())}
    note = open_table(samples_down(tmp_path / "mine.csv", columns)).read_as
    assert note.endswith("lab 18, lab 19, and 10 more")


@pytest.mark.parametrize("ids", [False, True])
def test_an_anndata_of_genes_down_is_refused(tmp_path: Path, ids: bool) -> None:
    matrix = made()
    turned = Made(matrix.samples, tuple(IDS if ids else matrix.genes), matrix.across)
    anndata_of(turned).write_h5ad(path := tmp_path / "mine.h5ad")  # type: ignore[attr-defined]
    with pytest.raises(TableError, match=r"its observations \(.*, …\) are genes\. Transpose it"):
        open_table(path)
    assert open_table(path, ReadOptions(rows="samples")).columns == turned.samples


def test_an_anndata_of_names_that_tell_nothing_has_samples_as_observations(tmp_path: Path) -> None:
    names = tuple(f"P{number}" for number in range(14))
    matrix = Made(tuple(MOUSE), names, made().texts)
    anndata_of(matrix).write_h5ad(path := tmp_path / "mine.h5ad")  # type: ignore[attr-defined]
    assert open_table(path).columns == names
    bare = Made(tuple(MOUSE), tuple(map(str, RUNNING)), made().texts)
    anndata_of(bare).write_h5ad(path)  # type: ignore[attr-defined]
    with pytest.raises(TableError, match="its samples have no names but row numbers"):
        open_table(path)


NO_GENES = ("__no_feature", "__alignment_not_unique", "N_unmapped", "N_noFeature")
NOT_GENES = "rows that count reads, not genes"


@pytest.mark.parametrize("filtered", [False, True])
@pytest.mark.parametrize("samples", [NAMES, barcodes(14)], ids=["own", "TCGA"])
@pytest.mark.parametrize("name", WRITERS)
def test_rows_that_count_reads_are_no_genes(
    tmp_path: Path, name: str, samples: list[str], filtered: bool
) -> None:
    matrix = made(samples)
    longer = Made((*matrix.genes, *NO_GENES), matrix.samples, (*matrix.texts, *matrix.texts[:4]))
    keep = GeneFilter(lambda gene_id, symbol: symbol in matrix.genes[1:], "not wanted")
    table = open_table(WRITERS[name](tmp_path, longer)).read(keep if filtered else None)
    passed = filtered and open_table(WRITERS[name](tmp_path, longer)).format != "xena"
    assert table.genes.tolist() == list(matrix.genes[passed:])
    assert table.dropped == {NOT_GENES: 4} | ({"not wanted": 1} if passed else {})
    assert np.array_equal(table.values, matrix.values[passed:])


@pytest.mark.parametrize("hub", [False, True])
def test_rows_that_count_reads_among_ensembl_ids(tmp_path: Path, hub: bool) -> None:
    matrix = made(barcodes(14) if hub else ())
    names = [f"{one}.3" for one in IDS] + [*NO_GENES[1:3]]
    texts = (*matrix.texts, *matrix.texts[:2])
    rows = list(zip(names, texts, strict=True))
    path = write_table(tmp_path / "mine.tsv", matrix.samples, rows, corner="gene_id")
    if hub:
        lines = [f"{one}.3\t{symbol}" for one, symbol in zip(IDS, SYMBOLS, strict=True)]
        written(tmp_path / "gencode.probemap", "\n".join(["id\tgene", *lines]))
    file = open_table(path)
    assert file.format == ("gdc-hub" if hub else "plain")
    for keep in (None, GeneFilter(lambda gene_id, symbol: gene_id != "", "not wanted")):
        table = file.read(keep)
        assert table.dropped == {NOT_GENES: 2}
        assert table.genes.tolist() == SYMBOLS


def semicolons(tmp_path: Path, rows: Mapping[str, Sequence[str]]) -> Path:
    lines = [";".join((name, *values)) for name, values in rows.items()]
    return written(tmp_path / "mine.csv", "\n".join(["gene;a;b;c", *lines]))


def test_points_that_may_be_of_thousands_are_refused(tmp_path: Path) -> None:
    rows = {"RELA": ["2.410", "985", "12"], "GPX4": ["31", "1.204", "120"]}
    with pytest.raises(
        TableError, match=r"'2\.410' is a fraction or thousands, and '985' .* Export it without"
    ):
        open_table(semicolons(tmp_path, rows))


@pytest.mark.parametrize(
    "values",
    [
        ["2.410", "98", "12"],  # nothing of a hundred or more
        ["2.410", "985.5", "120"],
        ["0.410", "985", "120"],  # no thousand begins with 0
        ["2.41", "985", "120"],
        ["2410", "985", "120"],
        ["2.410", "985.000", "3.125"],
    ],
)
def test_points_of_fractions_are_read(tmp_path: Path, values: list[str]) -> None:
    path = semicolons(tmp_path, {"RELA": values, "GPX4": ["2.410", "3.125", "7"]})
    table = open_table(path).read(None)
    assert table.values[0].tolist() == [np.float32(value) for value in values]


def test_columns_about_genes_are_named(tmp_path: Path) -> None:
    matrix = made()
    lines = [",".join(("symbol", "chr", "length", *matrix.samples))]
    lines += [
        ",".join((name, "chr1", "900", *row))
        for name, row in zip(matrix.genes, matrix.texts, strict=True)
    ]
    path = tmp_path / "mine.csv"
    path.write_text("\n".join(lines) + "\n")
    file = open_table(path)
    assert file.read_as.endswith("genes down and samples across, left out chr, length")
    assert np.array_equal(file.read(None).values, matrix.values)


def test_dates_of_a_spreadsheet_are_named(engine: Engine, tmp_path: Path) -> None:
    rows = logs()
    rows[3:6] = [("1-Mar", rows[3][1]), ("Sep-02", rows[4][1]), ("2-Sep", rows[5][1])]
    path = write_table(tmp_path / "mine.tsv", barcodes(12), rows)
    (loaded,) = load(engine, path, tumor_type="LIHC", unit=LOGS).loaded
    assert "3 names of genes are dates, as spreadsheets make of symbols" in loaded.metadata.read_as
    assert "(1-Mar, Sep-02, 2-Sep)" in loaded.metadata.read_as


def test_samples_of_one_name_are_refused(engine: Engine, tmp_path: Path) -> None:
    names = [f"P{number}" for number in range(11)]
    path = write_table(tmp_path / "mine.tsv", [*names, "P3"], logs(), corner="gene")
    error = refusal(load(engine, path, unit=LOGS))
    assert isinstance(error, TableError)
    assert "2 samples are named 'P3'" in str(error)


def test_a_set_of_which_little_is_measured_is_said(engine: Engine, tmp_path: Path) -> None:
    from tcga_corr.vocabulary.gene_sets.catalogue import shipped_sets

    whole = shipped_sets()["apoptosis"].genes
    members = list(whole)[:8]
    values = np.random.default_rng(5).uniform(0, 14, (60, 12)).round(3).tolist()
    names = [*members, *[name for name in SYMBOLS if name not in members]]
    path = write_table(tmp_path / "mine.tsv", barcodes(12), list(zip(names, values, strict=False)))
    assert not load(engine, path, tumor_type="LIHC", unit=LOGS).errors
    (note,) = engine.correlate("apoptosis", "RELA", null=()).frame["note"]
    assert note == f"apoptosis: {len({*names} & {*whole})} of {len(whole)} genes"


def test_purity_is_no_expression_table(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "aran.csv"
    head = "Sample.ID,Cancer.type,ESTIMATE,ABSOLUTE,LUMP,IHC,CPE\n"
    path.write_text(head + 'TCGA-OR-A5J1-01A,ACC,"0,93",,"0,97","0,8","0,92"\n')
    error = refusal(load(engine, path, unit=LOGS))
    assert str(error).endswith("Load it with --covariates aran.csv.")
