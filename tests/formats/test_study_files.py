"""Downloads of one study: cBioPortal's files, and GDC's files of one sample each."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from tcga_corr.engine import open_store
from tcga_corr.errors import DataMissingError, TableError, TcgaCorrError
from tcga_corr.formats import open_table
from tcga_corr.formats.format import GeneFilter
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.sources import SOURCES, source_of_file
from tcga_corr.store.index import open_index
from tcga_corr.store.layout import TableKey
from tests.conftest import barcodes
from tests.formats.test_formats import IDS, ON_Y, SYMBOLS, Made, made, read, written

REAL = "LUAD_one_sample.rna_seq.augmented_star_gene_counts.tsv.gz"

# --- cBioPortal ----------------------------------------------------------------------------------

RSEM = "data_mrna_seq_v2_rsem.txt"
META = """cancer_study_identifier: {study}
genetic_alteration_type: {kind}
datatype: {datatype}
stable_id: {stable_id}
data_filename: data_mrna_seq_v2_rsem.txt
"""


def write_cbioportal(folder: Path, matrix: Made, name: str = RSEM, **meta: str) -> Path:
    lines = ["\t".join(("Hugo_Symbol", "Entrez_Gene_Id", *matrix.samples))]
    lines += [
        "\t".join((gene, str(90 + number), *texts))
        for number, (gene, texts) in enumerate(zip(matrix.genes, matrix.texts, strict=True))
    ]
    lines.append("\t".join(("", "100130426", *["-0.4"] * len(matrix.samples))))
    path = written(folder / name, "\n".join(lines) + "\n")
    if meta.get("study") != "":
        filled = {
            "study": "lihc_tcga_pan_can_atlas_2018",
            "kind": "MRNA_EXPRESSION",
            "datatype": "CONTINUOUS",
            "stable_id": "rna_seq_v2_mrna",
        } | meta
        written(folder / RSEM.replace("data", "meta"), META.format(**filled))
    return path


@pytest.mark.parametrize("name", [RSEM, f"{RSEM}.gz"])
def test_a_study_of_cbioportal(tmp_path: Path, name: str) -> None:
    matrix = made(barcodes(14))
    path = write_cbioportal(tmp_path, matrix, name)
    file = open_table(path)
    assert (file.format, file.linear, file.ensembl) == ("cbioportal", True, False)
    assert [one.name for one in file.beside] == ["meta_mrna_seq_v2_rsem.txt"]
    table = file.read(None)
    assert table.genes.tolist() == [*matrix.genes, ""]
    assert table.gene_ids.tolist()[-2:] == ["129", "100130426"]
    assert np.array_equal(table.values[:-1], matrix.values)
    assert source_of_file(path) is SOURCES["cbioportal"]
    engine = open_store(tmp_path / "cache")
    report = engine.load([tmp_path])  # the source follows from its name
    assert report.errors == ()
    (loaded,) = report.loaded
    assert loaded.key == TableKey("cbioportal", "LIHC")
    assert loaded.metadata.unit == "log2(norm_count+1)"
    assert loaded.metadata.dropped == {"genes without a symbol": 1}
    assert len(loaded.metadata.inputs) == 2
    assert engine.correlate("RELA", "NFE2L2").frame["n"].to_list() == [14]


@pytest.mark.parametrize("study", ["", "coadread_tcga_pan_can_atlas_2018", "brain_cptac_2020"])
def test_a_study_without_a_tumor_type(tmp_path: Path, study: str) -> None:
    path = write_cbioportal(tmp_path / "x", made(barcodes(14)), study=study)
    assert open_table(path).tumor_types is None
    engine = open_store(tmp_path / "cache")
    (error,) = engine.load([path]).errors
    assert "--phenotype FILE, or --tumor-type" in str(error)
    (loaded,) = engine.load([path], LoadOptions(tumor_type="READ")).loaded
    assert loaded.key == TableKey("cbioportal", "READ")


@pytest.mark.parametrize(
    ("meta", "says"),
    [
        ({"datatype": "Z-SCORE"}, "z-scores"),
        ({"stable_id": "rna_seq_v2_mrna_median_all_sample_Zscores"}, "z-scores"),
        ({"kind": "COPY_NUMBER_ALTERATION"}, "its meta file says COPY_NUMBER_ALTERATION"),
    ],
)
def test_what_is_no_expression_of_cbioportal(
    tmp_path: Path, meta: dict[str, str], says: str
) -> None:
    path = write_cbioportal(tmp_path, made(barcodes(5)), **meta)
    with pytest.raises(TableError, match=f"{says}.* Take data_mrna_seq_v2_rsem.txt"):
        open_table(path)


def test_z_scores_of_cbioportal_by_their_name(tmp_path: Path) -> None:
    name = "data_mrna_seq_v2_rsem_zscores_ref_all_samples.txt"
    with pytest.raises(TableError, match="z-scores"):
        open_table(write_cbioportal(tmp_path, made(barcodes(5)), name, study=""))


@pytest.mark.parametrize(
    ("name", "meta", "linear"),
    [
        ("data_mrna_seq_fpkm.txt", {"study": ""}, None),
        ("mine_log2_rsem.txt", {"study": ""}, None),
        ("data_RNA_Seq_v2_expression_median.txt", {"study": ""}, True),
        (RSEM, {"datatype": "LOG-VALUE"}, False),
    ],
)
def test_the_scale_of_a_study(
    tmp_path: Path, name: str, meta: dict[str, str], linear: bool | None
) -> None:
    assert open_table(write_cbioportal(tmp_path, made(), name, **meta)).linear is linear


# --- GDC STAR files ------------------------------------------------------------------------------

SHEET = "gdc_sample_sheet.2026-01-01.tsv"
HEADER = (
    "File ID", "File Name", "Data Category", "Data Type", "Project ID", "Case ID", "Sample ID",
    "Sample Type",
)  # fmt: skip
STAR = "gene_id gene_name gene_type unstranded stranded_first stranded_second tpm_unstranded"
EXPRESSION = "Gene Expression Quantification"


def star_text(matrix: Made, sample: int) -> str:
    lines = ["# gene-model: GENCODE v36", "\t".join([*STAR.split(), "fpkm_unstranded"])]
    lines += [
        f"N_{name}\t\t\t5\t6\t7\t\t" for name in ("unmapped", "multimapping", "noFeature", "x")
    ]
    for number, (gene, texts) in enumerate(zip(matrix.genes, matrix.texts, strict=True)):
        lines.append(f"{IDS[number]}.4\t{gene}\tprotein_coding\t9\t4\t5\t{texts[sample]}\t0.5")
    lines += [
        f"{IDS[0]}.4_PAR_Y\t{SYMBOLS[0]}\tprotein_coding\t0\t0\t0\t0.0000\t0.0000",
        "ENSG00000251562.8\tMALAT1\tlncRNA\t3\t1\t2\t77.0000\t3.0",
    ]
    return "\n".join(lines) + "\n"


def write_star_files(
    folder: Path, matrix: Made, project: str = "TCGA-LUAD", aliquots: Sequence[str] = ()
) -> Path:
    """Files in folders of their own or beside the sheet, plain or gzip."""
    lines = ["\t".join([*HEADER, "Aliquot ID"] if aliquots else HEADER)]
    places = list(product(("{id}/{name}", "{name}"), ("", ".gz")))
    for number, sample in enumerate(matrix.samples):
        file_id, name = f"id-{number}", f"{number}.rna_seq.augmented_star_gene_counts.tsv"
        place, packed = places[number % len(places)]
        written(folder / (place.format(id=file_id, name=name) + packed), star_text(matrix, number))
        row = [file_id, name, "Transcriptome Profiling", EXPRESSION, project, "c", sample, "T"]
        lines.append("\t".join([*row, aliquots[number]] if aliquots else row))
    other = ["id-x", "x.svs", "Biospecimen", "Slide Image", project, "c", "x", "T"]
    lines.append("\t".join([*other, ""] if aliquots else other))
    return written(folder / SHEET, "\n".join(lines) + "\n")


VIALS = [f"{name}A" for name in barcodes(6)]


def test_star_files_by_their_sample_sheet(tmp_path: Path) -> None:
    matrix = made(VIALS)
    file = open_table(write_star_files(tmp_path, matrix))
    assert (file.format, file.linear, file.ensembl) == ("gdc-star-files", True, True)
    assert file.columns == matrix.samples
    assert len(file.beside) == 6
    assert file.tumor_types is not None
    assert [file.tumor_types.get(name) for name in VIALS] == ["LUAD"] * 6
    table = file.read(None)
    assert table.samples == matrix.samples
    assert table.genes.tolist() == [*SYMBOLS, "MALAT1"]
    assert table.gene_ids.tolist() == [*IDS, "ENSG00000251562"]
    assert table.dropped == {ON_Y: 1}
    assert np.array_equal(table.values[:-1], matrix.values)
    coding = file.read(GeneFilter(lambda gene_id, symbol: symbol != "MALAT1", "not wanted"))
    assert coding.dropped == {ON_Y: 1, "not wanted": 1}
    assert np.array_equal(coding.values, matrix.values)


def test_opening_star_files_reads_none_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_star_files(tmp_path, made(VIALS))
    opened = []
    real = Path.open

    def spied(self: Path, *arguments: object) -> object:
        opened.append(self.name)
        return real(self, *arguments)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", spied)
    open_table(path)
    assert set(opened) <= {SHEET}


def test_star_files_are_loaded_and_repeats_averaged(tmp_path: Path) -> None:
    matrix = made([*VIALS[:5], VIALS[4]])
    engine = open_store(tmp_path / "cache")
    sheet = write_star_files(tmp_path, matrix)
    (loaded,) = engine.load([sheet], LoadOptions(source="mine", unit="tpm")).loaded
    assert loaded.key == TableKey("mine", "LUAD")
    assert loaded.metadata.unit == "log2(tpm+1)"
    assert loaded.metadata.genes == "protein-coding"
    assert loaded.metadata.dropped == {
        ON_Y: 1,
        "genes that are not protein-coding": 1,
        "repeated columns of one sample, averaged": 1,
    }
    index = open_index(engine.store, loaded.key)
    mean = matrix.values[0, 4:].astype(np.float64).mean()
    assert index.values[list(index.genes).index("RELA"), 4] == pytest.approx(np.log2(mean + 1))


def test_an_aliquot_names_its_column(tmp_path: Path) -> None:
    aliquots = [f"{VIALS[0]}-11R-A28V-07", *[""] * 5]
    file = open_table(write_star_files(tmp_path, made(VIALS), aliquots=aliquots))
    assert file.columns == (aliquots[0], *VIALS[1:])


def test_star_files_of_another_project(tmp_path: Path) -> None:
    matrix = made([f"C3L-{number:05d}-01" for number in range(12)])
    sheet = write_star_files(tmp_path, matrix, project="CPTAC-3")
    assert open_table(sheet).tumor_types is None
    engine = open_store(tmp_path / "cache")
    (loaded,) = engine.load([sheet], LoadOptions(source="cptac", unit="tpm")).loaded
    assert loaded.key == TableKey("cptac", "OTHER")


def test_files_that_were_withdrawn_are_passed_over_and_counted(tmp_path: Path) -> None:
    matrix = made(VIALS)
    sheet = write_star_files(tmp_path, matrix)
    header, *rows, other = sheet.read_text().splitlines()
    states = ["released", "withdrawn", "released", "released", "Withdrawn", "live"]
    (tmp_path / "1.rna_seq.augmented_star_gene_counts.tsv").unlink(missing_ok=True)
    lines = [f"{row}\t{state}" for row, state in zip(rows, states, strict=True)]
    written(sheet, "\n".join([f"{header}\tState", *lines, f"{other}\twithdrawn"]))
    file = open_table(sheet)
    assert file.columns == tuple(VIALS[number] for number in (0, 2, 3, 5))
    table = file.read(None)
    assert table.dropped == {ON_Y: 1, "files that the GDC has withdrawn": 2}
    assert np.array_equal(table.values[:-1], matrix.values[:, [0, 2, 3, 5]])
    written(sheet, "\n".join([f"{header}\tState", *(f"{row}\twithdrawn" for row in rows)]))
    with pytest.raises(TableError, match="the GDC has withdrawn all of its 6 files"):
        open_table(sheet)


def _changed(path: Path, change: Callable[[str], str]) -> Path:
    return written(path, change(path.read_text()))


BAD_STAR: dict[str, tuple[Callable[[str], str], str]] = {
    "no TPM": (lambda text: text.replace("tpm_unstranded", "tpm"), "line 2: not the columns"),
    "no STAR file": (lambda text: text.partition("\n")[2], "line 1: no '# gene-model' in it"),
    "no number": (lambda text: text.replace("\t77.0000\t", "\thigh\t"), "'tpm_unstranded': 'high'"),
    "no value": (lambda text: text.replace("\t77.0000\t", "\t\t"), "of ENSG00000251562.8 is no nu"),
    "negative": (
        lambda text: text.replace("\t77.", "\t-77."),
        "line 48: the tpm_unstranded of ENS",
    ),
    "infinite": (lambda text: text.replace("\t77.0000\t", "\tinf\t"), "'inf' is not a finite"),
    "short row": (lambda text: text[: text.rindex("\t")], "line 48: 7 fields"),
    "a gene fewer": (
        lambda text: text[: text.rindex("ENSG")],
        "41 genes, and 1.rna_seq.augmented_star_gene_counts.tsv.gz has 42",
    ),
    "another gene": (
        lambda text: text.replace(IDS[7], "ENSG00000000000"),
        f"gene 8 is ENSG00000000000.4, and in 1.rna_seq.augmented_star_gene_counts.tsv.gz {IDS[7]}",
    ),
    "empty": (lambda text: "", "the file is empty"),
}


@pytest.mark.parametrize("case", BAD_STAR)
def test_a_bad_star_file_is_named(tmp_path: Path, case: str) -> None:
    change, says = BAD_STAR[case]
    sheet = write_star_files(tmp_path, made(VIALS))
    header, first, second, third, *rest = sheet.read_text().splitlines()
    written(sheet, "\n".join([header, second, third, first, *rest]))
    bad = _changed(tmp_path / "2.rna_seq.augmented_star_gene_counts.tsv", change)
    file = open_table(sheet)
    with pytest.raises(TableError) as raised:
        file.read(None)
    assert str(raised.value).startswith(str(bad))
    assert says in str(raised.value)


def test_a_star_file_that_is_cut_short_is_named(tmp_path: Path) -> None:
    sheet = write_star_files(tmp_path, made(VIALS))
    bad = tmp_path / "id-1" / "1.rna_seq.augmented_star_gene_counts.tsv.gz"
    bad.write_bytes(bad.read_bytes()[:-20])
    with pytest.raises(TableError, match=rf"{bad}: the gzip data are cut short"):
        read(sheet)


@pytest.mark.parametrize(
    ("change", "says", "kind"),
    [
        (lambda text: text.replace("Project ID", "Project"), "no column 'Project ID'", TableError),
        (lambda text: text.replace(EXPRESSION, "Slide"), "no row of it is of data", TableError),
        (lambda text: text + "id-9\tx\n", "line 9: 2 fields where the header has 8", TableError),
        (
            lambda text: text.replace("\t0.rna", "\t/0.rna").replace("\t3.rna", "\t9.rna"),
            "2 of its 6 files not there, the first /0.rna_seq",
            DataMissingError,
        ),
    ],
)
def test_a_bad_sample_sheet_is_named(
    tmp_path: Path, change: Callable[[str], str], says: str, kind: type[TcgaCorrError]
) -> None:
    sheet = write_star_files(tmp_path, made(VIALS))
    written(sheet, change(sheet.read_text()))
    with pytest.raises(kind) as raised:
        open_table(sheet)
    assert str(raised.value).startswith(str(sheet))
    assert says in str(raised.value)


def test_a_star_file_alone_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "one.tsv", star_text(made(VIALS), 0))
    with pytest.raises(TableError, match=r"a GDC table of one sample\. Give the sample sheet"):
        open_table(path)


@pytest.mark.shared
def test_a_real_star_file(shared: Path, tmp_path: Path) -> None:
    packed = (shared / "hub" / "gdc-api" / "data" / REAL).read_bytes()
    (tmp_path / REAL).write_bytes(packed)
    lines = ["\t".join(HEADER)]
    for number in range(2):
        row = (f"id-{number}", REAL.removesuffix(".gz"), "T", EXPRESSION, "TCGA-LUAD", "c")
        lines.append("\t".join((*row, VIALS[number], "Primary Tumor")))
    sheet = written(tmp_path / SHEET, "\n".join(lines))
    table = open_table(sheet).read(None)
    assert table.dropped == {ON_Y: 44}
    assert table.values.shape == (60_660 - 44, 2)
    rows = dict(zip(table.gene_ids.tolist(), table.values[:, 0].tolist(), strict=True))
    text = gzip.decompress(packed).decode().splitlines()[6:]
    expected = {
        fields[0].partition(".")[0]: float(np.float32(fields[6]))
        for fields in (line.split("\t") for line in text)
        if not fields[0].endswith("_PAR_Y")
    }
    assert rows == expected
    prepared = table.prepared()
    assert prepared.dropped == {ON_Y: 44, "further rows of a symbol": 60_616 - len(prepared.genes)}
    assert len(prepared.genes) == 59_427
    engine = open_store(tmp_path / "cache")
    (loaded,) = engine.load([sheet], LoadOptions(source="mine", unit="tpm")).loaded
    left_out = loaded.metadata.dropped["genes that are not protein-coding"]
    further = loaded.metadata.dropped.get("further rows of a symbol", 0)
    assert left_out + loaded.metadata.n_genes + further == 60_616
    assert 18_500 < loaded.metadata.n_genes < 20_000
