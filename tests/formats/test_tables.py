"""The readers of downloaded tables: what stands in the file comes out, whatever its line ends."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tcga_corr.engine import open_store
from tcga_corr.errors import DataMissingError, TableError
from tcga_corr.expression import ExpressionTable
from tcga_corr.formats import FORMATS, delimited, open_table
from tcga_corr.formats.format import ReadOptions
from tcga_corr.formats.phenotype import find_phenotype, read_phenotype
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.store.index import open_index
from tcga_corr.store.layout import TableKey
from tests.conftest import barcodes, write_table

EB = "EB++AdjustPANCAN_IlluminaHiSeq_RNASeqV2.geneExp.xena.gz"
PHENOTYPE = "Survival_SupplementalTable_S1_20171025_xena_sp"
RELA, NFE2L2, MALAT1 = "ENSG00000173039", "ENSG00000116044", "ENSG00000251562"
TEXT = (
    "sample\tTCGA-AA-0000-01\tTCGA-AA-0001-01\n"
    "?|100130426\t0\t0.25\n"
    "RELA\t10.1234\tNA\n"
    "SLC35E2|9906\t3\t1e1\n"
    "155060\t-1.5\t+2\n"
)


def read(path: Path, probe_map: Path | None = None) -> ExpressionTable:
    return open_table(path, ReadOptions(probe_map)).read(None)


def same(one: ExpressionTable, other: ExpressionTable) -> bool:
    return (
        one.samples == other.samples
        and one.genes.tolist() == other.genes.tolist()
        and one.gene_ids.tolist() == other.gene_ids.tolist()
        and np.array_equal(one.values, other.values, equal_nan=True)
    )


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "HiSeqV2"
    path.write_text(TEXT)
    return path


def test_xena_rows_and_columns(plain: Path) -> None:
    table = read(plain)
    assert table.samples == ("TCGA-AA-0000-01", "TCGA-AA-0001-01")
    assert table.genes.tolist() == ["", "RELA", "SLC35E2", ""]
    assert table.gene_ids.tolist() == ["100130426", "", "9906", "155060"]
    expected = np.array([[0, 0.25], [10.1234, np.nan], [3, 10], [-1.5, 2]], np.float32)
    assert table.values.dtype == np.float32
    assert np.array_equal(table.values, expected, equal_nan=True)
    assert table.dropped == {}


WRITINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "gzip of two members": lambda text: gzip.compress(text[:60]) + gzip.compress(text[60:]),
    "CRLF": lambda text: text.replace(b"\n", b"\r\n"),
    "no final newline": lambda text: text[:-1],
    "CRLF, no final newline": lambda text: text.replace(b"\n", b"\r\n")[:-2],
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text,
    "blank last line": lambda text: text + b"\n",
    "blank last lines, CRLF": lambda text: (text + b"\n\n").replace(b"\n", b"\r\n"),
    "blanks at the end": lambda text: text + b"  ",
    "other words for NA": lambda text: text.replace(b"NA", b"null"),
    "nothing for NA": lambda text: text.replace(b"NA", b""),
    "nothing for NA, CRLF": lambda text: text.replace(b"NA", b"").replace(b"\n", b"\r\n"),
}


@pytest.mark.parametrize("block_bytes", [None, 7])
@pytest.mark.parametrize("writing", WRITINGS)
def test_any_writing_of_a_table_is_the_same_table(
    plain: Path, writing: str, block_bytes: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = read(plain)
    other = plain.with_name("other")
    other.write_bytes(WRITINGS[writing](plain.read_bytes()))
    if block_bytes:
        monkeypatch.setattr(delimited, "_BLOCK_BYTES", block_bytes)
    assert same(read(other), expected)


@pytest.mark.parametrize("word", delimited.MISSING)
def test_every_word_for_missing_is_nan(plain: Path, word: str) -> None:
    plain.write_text(TEXT.replace("NA", word))
    assert np.argwhere(np.isnan(read(plain).values)).tolist() == [[1, 1]]


@given(st.lists(st.decimals(-100, 100, places=6), min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_values_are_parsed_exactly(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[Decimal]
) -> None:
    path = tmp_path_factory.mktemp("exact") / "HiSeqV2"
    texts = [f"{number:f}" for number in numbers] + [f"{number:.3e}" for number in numbers]
    write_table(path, barcodes(1), [(f"G{row}", [text]) for row, text in enumerate(texts)])
    expected = np.array([np.float32(text) for text in texts])
    assert np.array_equal(read(path).values[:, 0], expected)


def test_many_blocks_are_one_table(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    rows = [(f"GENE{row}", rng.integers(-9, 99, 3) / 8) for row in range(20)]
    write_table(plain, barcodes(3), rows)
    plain.write_bytes(plain.read_bytes()[:-1])
    expected = read(plain)
    assert np.array_equal(expected.values, np.array([values for _, values in rows], np.float32))
    for block_bytes in (1, 2, 3, 13, 64, 65, 400, 10_000):
        monkeypatch.setattr(delimited, "_BLOCK_BYTES", block_bytes)
        assert same(read(plain), expected)


@pytest.mark.parametrize("block_bytes", [1 << 20, 1, 30, 64])
@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("G\t1", "line 8: 2 fields where the header has 3"),
        ("G\t1\t2\t3", "line 8: 4 fields where the header has 3"),
        ("G\t1\t2\t", "line 8: 4 fields where the header has 3"),
        ("G\t1\thigh", "line 8, column 'TCGA-AA-0001-01': 'high' is not a finite number"),
        ("G\tinf\t1", "line 8, column 'TCGA-AA-0000-01': 'inf' is not a finite number"),
        ("G\t1\t1e39", "line 8, column 'TCGA-AA-0001-01': '1e39' is not a finite number"),
        ("G\t1,5\t1", "line 8, column 'TCGA-AA-0000-01': '1,5' is not a finite number"),
    ],
)
def test_a_fault_is_named_by_its_line_in_any_block(
    plain: Path, row: str, says: str, block_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = "\n".join(f"A{number}\t1\tNA" for number in range(6))
    plain.write_text("\n".join([TEXT.split("\n")[0], good, row, "Z\t1\t2", "Y\t1\t2"]) + "\n")
    monkeypatch.setattr(delimited, "_BLOCK_BYTES", block_bytes)
    with pytest.raises(TableError) as raised:
        read(plain)
    assert f"{plain}, {says}" in str(raised.value)


@pytest.mark.parametrize("block_bytes", [1 << 20, 1, 30, 64])
@pytest.mark.parametrize("blank", ["", "\t\t", '""\t""\t""', "  "])
def test_blank_rows_are_passed_over_in_any_block(
    plain: Path, blank: str, block_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    header, *rows = TEXT.rstrip("\n").split("\n")
    plain.write_text("\n".join([header, *rows]) + "\n")
    expected = read(plain)
    monkeypatch.setattr(delimited, "_BLOCK_BYTES", block_bytes)
    plain.write_text("\n".join([header, rows[0], blank, *rows[1:], blank, blank]) + "\n")
    assert same(read(plain), expected)
    plain.write_text("\n".join([header, rows[0], blank, *rows[1:], "Z\t1\tx"]) + "\n")
    with pytest.raises(TableError, match=f"line {len(rows) + 3}, column '.*': 'x' is not"):
        read(plain)


def test_rows_without_a_name_are_rows_without_a_symbol(plain: Path) -> None:
    plain.write_text("\n".join([TEXT.split("\n")[0], "RELA\t1\t2", "\t3\t4", "NA\t5\t6"]) + "\n")
    table = read(plain)
    assert table.genes.tolist() == ["RELA", "", ""]
    assert table.prepared().dropped == {"genes without a symbol": 2}


def test_columns_that_are_no_samples_are_left_out_and_counted(plain: Path) -> None:
    write_table(plain, ["chr", "tcga.aa.0001.01a", "TCGA-AA-0002-11B-01R-A32Z-07"], [("A", "123")])
    table = read(plain)
    assert table.samples == ("TCGA-AA-0001-01A", "TCGA-AA-0002-11B-01R-A32Z-07")
    assert table.values.tolist() == [[2, 3]]
    assert table.dropped == {"columns not named by a TCGA barcode": 1}


def test_formats_are_distinguished(tmp_path: Path) -> None:
    assert [known.name for known in FORMATS] == [
        "firehose", "cbioportal", "gdc-star-files", "gct", "parquet", "h5ad", "gdc-hub", "xena",
        "plain",
    ]  # fmt: skip
    samples = barcodes(1)
    probe_map = "id\tgene\n" + f"{RELA}.19\tRELA\nENSGR0000182378.10\tPLCXD1\n"
    (tmp_path / "gencode.v36.probemap").write_text(probe_map)
    for name, corner, row, value in (
        ("xena", "sample", "RELA", "1"),
        ("gdc-hub", "Ensembl_ID", f"{RELA}.19", "1"),
        ("gdc-hub", "sample", "ENSGR0000182378.10", "1"),
        ("firehose", "Hybridization REF", "gene_id", "normalized_count"),
        ("cbioportal", "Hugo_Symbol", "RELA", "1"),
    ):
        file = open_table(write_table(tmp_path / name, samples, [(row, [value])], corner))
        assert file.format == name
        assert file.columns == tuple(samples)
    plain = write_table(tmp_path / "plain", ["one"], [("RELA", ["1"])])
    assert open_table(plain).format == "plain"


# --- PanCanAtlas ---------------------------------------------------------------------------------


def write_pancan(folder: Path, phenotype: str = PHENOTYPE) -> Path:
    """Two tumor types of three samples, a column twice, a column of neither, a batch without G2."""
    acc, ucs, other = barcodes(3, site="AC"), barcodes(3, site="UC"), barcodes(1, site="ZZ")
    lines = ["sample\t_PATIENT\tcancer type abbreviation"]
    lines += [f"{name}\t{name[:12]}\tACC" for name in acc]
    lines += [f"{name}\t{name[:12]}\tUCS" for name in ucs[:2]]
    # a sample that is not listed has the tumor type of its patient
    lines += [f"{ucs[2][:-2]}06\t{ucs[2][:12]}\tUCS", f"{barcodes(1, site='NN')[0]}\tx\t"]
    (folder / phenotype).write_text("\n".join(lines) + "\n")
    samples = [acc[0], *ucs, *other, *acc]
    rows = [
        ("155060", [1] * 8),
        ("G1", [1, -2, -0.5, 4, 9, 3, 6, 7]),
        ("G2", [1, "NA", "NA", "NA", 9, 3, 6, 7]),
        ("G3", [-1.25, 1, "NA", 2, 9, -1.25, 6, 7]),
    ]
    return write_table(folder / EB, samples, rows)


def test_pancan_table_is_split_by_the_phenotype_table(tmp_path: Path) -> None:
    report = open_store(tmp_path / "cache").load([write_pancan(tmp_path)])
    assert report.errors == ()
    acc, ucs = report.loaded
    assert (acc.key, ucs.key) == (TableKey("pancanatlas", "ACC"), TableKey("pancanatlas", "UCS"))
    assert [sample.sample for sample in acc.metadata.samples] == barcodes(3, site="AC")
    assert [sample.sample for sample in ucs.metadata.samples] == barcodes(3, site="UC")
    assert [file.name for file in acc.metadata.inputs] == [EB, PHENOTYPE]
    assert acc.metadata.unit == "log2(norm_count+1), batch-adjusted"
    assert ucs.metadata.dropped == {
        "columns of no known tumor type": 1,
        "genes without a symbol": 1,
        "genes not measured": 1,
        "genes not measured in some of the samples": 1,
    }


def test_pancan_values_stay_negative_and_repeats_are_averaged_before_the_log(
    tmp_path: Path,
) -> None:
    engine = open_store(tmp_path / "cache")
    engine.load([write_pancan(tmp_path)])
    acc, ucs = (open_index(engine.store, TableKey("pancanatlas", name)) for name in ("ACC", "UCS"))
    assert list(acc.genes) == ["G1", "G2", "G3"]
    assert list(ucs.genes) == ["G1"]
    assert ucs.values.tolist() == [[-2, -0.5, 4]]
    assert acc.values[0, 0] == np.float32(np.log2((2**1 + 2**3) / 2))
    assert acc.values[2].tolist() == [-1.25, 6, 7]
    assert acc.metadata.dropped["repeated columns of one sample, averaged"] == 1


@pytest.mark.parametrize("parent", ["TCGA-BRCA-project", "BRCA", "LUNG", "TCGA.LIHC"])
def test_a_folder_is_not_the_tumor_type_of_the_pancan_table(tmp_path: Path, parent: str) -> None:
    folder = tmp_path / parent
    folder.mkdir()
    report = open_store(tmp_path / "cache").load([write_pancan(folder)])
    assert [loaded.key.tumor_type for loaded in report.loaded] == ["ACC", "UCS"]


def test_one_tumor_type_of_the_pancan_table_gets_none_of_the_others_samples(
    tmp_path: Path,
) -> None:
    engine = open_store(tmp_path / "cache")
    engine.load([write_pancan(tmp_path)], LoadOptions(tumor_type="ACC"))
    keys = engine.store.table_keys()
    for key in keys:
        assert key.tumor_type == "ACC"
        samples = {sample.sample for sample in open_index(engine.store, key).metadata.samples}
        assert samples <= set(barcodes(3, site="AC"))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_phenotype_table(tmp_path: Path, packed: bool, newline: str) -> None:
    lines = ["cancer type abbreviation\tsample", "ACC\tTCGA-AA-0001-01", "\tTCGA-AA-0002-01"]
    text = ("\ufeff" + newline.join([*lines, "UCS\tTCGA-AA-0001-11", "UCS\tnobody"])).encode()
    path = tmp_path / (PHENOTYPE + ".gz" * packed)
    path.write_bytes(gzip.compress(text) if packed else text)
    assert find_phenotype(tmp_path / EB) == path
    types = read_phenotype(path)
    assert types.get("TCGA-AA-0001-01A") == "ACC"
    assert types.get("TCGA-AA-0001-11") == "UCS"
    assert types.get("TCGA-AA-0001-06") == "ACC"  # by the patient's first line
    assert types.get("TCGA-AA-0002-01") is None
    assert types.get("nobody") is None


def test_a_quote_in_a_phenotype_table_is_a_character(tmp_path: Path) -> None:
    path = tmp_path / PHENOTYPE
    rows = [f'{name}\t"seen twice\tACC' for name in barcodes(3)]
    path.write_text("\n".join(["sample\tremark\tcancer type abbreviation", *rows]) + "\n")
    types = read_phenotype(path)
    assert [types.get(name) for name in barcodes(3)] == ["ACC"] * 3


# --- GDC hub -------------------------------------------------------------------------------------


N_OTHERS = 30  # long non-coding genes, so that the one without a symbol is a small share


def write_gdc(folder: Path) -> Path:
    rows = [
        (f"{RELA}.19", [3, 4]),
        (f"{NFE2L2}.17", [5, 6]),
        (f"{MALAT1}.8", [9, 9]),
        ("ENSG00000182378.15", [1, 1]),
        ("ENSG00000182378.15_PAR_Y", [7, 7]),
        ("ENSGR0000167393.12", [8, 8]),
        ("ENSG00000999999.1", [2, 2]),
    ]
    rows += [(f"ENSG000009{number:05d}.1", [0, 0]) for number in range(N_OTHERS)]
    samples = ["TCGA-AA-0000-01A", "TCGA-AA-0001-11A"]
    return write_table(folder / "TCGA-GBM.star_tpm.tsv.gz", samples, rows, "Ensembl_ID")


def write_probe_map(path: Path, *lines: str, newline: str = "\n") -> Path:
    text = newline.join(["id\tgene\tchrom", *(f"{line}\tchr1" for line in lines), ""]).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


V36 = (f"{RELA}.19\tRELA", f"{NFE2L2}.17\tNFE2L2", f"{MALAT1}.8\tMALAT1",
       "ENSG00000182378.15\tPLCXD1", "ENSG00000182378.15_PAR_Y\tPLCXD1",
       "ENSGR0000167393.12\tPPP2R3B",
       *(f"ENSG000009{number:05d}.1\tAC{number}.1" for number in range(N_OTHERS)))  # fmt: skip


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("name", ["gencode.v36.probemap", "gencode.v36.probeMap.gz"])
def test_gdc_rows_get_symbols_and_lose_the_copies_on_y(
    tmp_path: Path, name: str, newline: str
) -> None:
    path = write_gdc(tmp_path)
    write_probe_map(tmp_path / name, *V36, newline=newline)
    table = read(path)
    assert table.genes[:6].tolist() == ["RELA", "NFE2L2", "MALAT1", "PLCXD1", "", "AC0.1"]
    ids = [RELA, NFE2L2, MALAT1, "ENSG00000182378", "ENSG00000999999", "ENSG00000900000"]
    assert table.gene_ids[:6].tolist() == ids
    assert table.samples == ("TCGA-AA-0000-01A", "TCGA-AA-0001-11A")
    assert table.values[:6].tolist() == [[3, 4], [5, 6], [9, 9], [1, 1], [2, 2], [0, 0]]
    assert len(table.genes) == 5 + N_OTHERS
    assert table.dropped == {"pseudoautosomal copies on chromosome Y": 2}


def test_the_probe_map_that_knows_the_genes_is_taken(tmp_path: Path) -> None:
    path = write_gdc(tmp_path)
    write_probe_map(tmp_path / "a.v22.probeMap", *(line.replace(".", ".9", 1) for line in V36[1:]))
    write_probe_map(tmp_path / "b.probemap", f"{RELA}.199\tLONGER", f"X{RELA}.19\tINSIDE")
    write_probe_map(tmp_path / "c.v36.probemap", *V36)
    assert read(path).genes[0] == "RELA"
    write_probe_map(tmp_path / "other.map", *V36[1:], f"{RELA}.11\tOLD")
    chosen = read(path, probe_map=tmp_path / "other.map")
    assert chosen.genes[:2].tolist() == ["OLD", "NFE2L2"]  # by the id without its version


def test_no_probe_map_that_knows_the_genes(tmp_path: Path) -> None:
    path = write_gdc(tmp_path)
    write_probe_map(tmp_path / "b.probemap", f"{RELA}.199\tLONGER", f"X{RELA}.19\tINSIDE")
    with pytest.raises(DataMissingError, match=rf"such as {RELA}\.19, which no probe map"):
        read(path)


def test_a_probe_map_that_changed_is_read_anew(tmp_path: Path) -> None:
    path = write_gdc(tmp_path)
    probe_map = write_probe_map(tmp_path / "a.probemap", *V36)
    assert read(path).genes[0] == "RELA"
    write_probe_map(probe_map, f"{RELA}.19\tRELA2", *V36[1:])
    assert read(path).genes[0] == "RELA2"


def test_a_blank_last_line_of_a_probe_map_is_nothing(tmp_path: Path) -> None:
    path = write_gdc(tmp_path)
    probe_map = write_probe_map(tmp_path / "a.probemap", *V36)
    probe_map.write_text(probe_map.read_text() + "\n")
    assert read(path).genes[0] == "RELA"


@pytest.mark.parametrize(
    ("genes", "kept"),
    [
        (None, ["NFE2L2", "PLCXD1", "RELA"]),
        ("all", sorted({"MALAT1", "NFE2L2", "PLCXD1", "RELA"} | {f"AC{n}.1" for n in range(30)})),
    ],
)
def test_gdc_tables_are_cut_to_protein_coding_genes_by_default(
    tmp_path: Path, genes: str | None, kept: list[str]
) -> None:
    write_probe_map(tmp_path / "gencode.probemap", *V36)
    engine = open_store(tmp_path / "cache")
    report = engine.load([write_gdc(tmp_path)], LoadOptions(genes=genes))  # type: ignore[arg-type]
    metadata = report.loaded[0].metadata
    assert list(open_index(engine.store, report.loaded[0].key).genes) == kept
    assert metadata.genes == (genes or "protein-coding")
    assert metadata.dropped.get("genes that are not protein-coding", 0) == 34 - len(kept)
    assert metadata.dropped["genes without a symbol"] == 1
    assert [file.name for file in metadata.inputs][1] == "gencode.probemap"


# --- Firehose ------------------------------------------------------------------------------------


def write_firehose(folder: Path, quantity: str = "normalized_count") -> Path:
    name = "UCS.rnaseqv2__illumina__RSEM_genes_normalized__data.data.txt"
    samples = ["TCGA-AA-0000-01A-11R-A28V-07", "TCGA-AA-0001-01A-11R-A28V-07"]
    rows = [
        ("gene_id", [quantity] * 2),
        ("?|100130426", ["0.0000", "7"]),
        ("RELA|5970", ["0.0000", "1023.0000"]),
    ]
    return write_table(folder / name, samples, rows, "Hybridization REF")


def test_firehose_has_two_header_lines_and_linear_values(tmp_path: Path) -> None:
    path = write_firehose(tmp_path)
    table = read(path)
    assert table.genes.tolist() == ["", "RELA"]
    assert table.gene_ids.tolist() == ["100130426", "5970"]
    assert table.values.tolist() == [[0, 7], [0, 1023]]
    engine = open_store(tmp_path / "cache")
    (loaded,) = engine.load([path]).loaded
    assert loaded.key == TableKey("firehose", "UCS")
    assert open_index(engine.store, loaded.key).values.tolist() == [[0, 10]]


def test_firehose_faults_count_both_header_lines(tmp_path: Path) -> None:
    path = write_firehose(tmp_path)
    path.write_text(path.read_text().replace("1023.0000", "many"))
    with pytest.raises(TableError, match="line 4, column 'TCGA-AA-0001-01A-11R-A28V-07': 'many'"):
        read(path)


def test_firehose_raw_counts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="line 2: columns of raw_count"):
        read(write_firehose(tmp_path, "raw_count"))
