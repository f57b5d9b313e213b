"""Tables of any making: the same matrix in every format and orientation is the same table."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tcga_corr.choices import RowsOfTable
from tcga_corr.engine import open_store
from tcga_corr.errors import TableError, UsageError
from tcga_corr.expression import ExpressionTable
from tcga_corr.formats import delimited, open_table
from tcga_corr.formats.format import GeneFilter, ReadOptions, TableFile
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.store.index import open_index
from tcga_corr.store.layout import TableKey
from tcga_corr.vocabulary.symbols import symbol_table
from tests.conftest import barcodes, snapshot

ON_Y = "pseudoautosomal copies on chromosome Y"


def known_genes(n: int) -> dict[str, str]:
    """Symbols of protein-coding genes of one Ensembl id, and of no other gene's."""
    by_id = symbol_table().symbol_by_ensembl_id()
    known = {
        gene.symbol: gene.ensembl_ids[0]
        for gene in symbol_table()
        if gene.protein_coding and len(gene.ensembl_ids) == 1
    }
    ids = {symbol: known[symbol] for symbol in ("RELA", "NFE2L2", "GPX4", "TP53")}
    ids |= {symbol: name for symbol, name in known.items() if by_id[name] == symbol}
    return dict(list(ids.items())[:n])


GENES = known_genes(40)
SYMBOLS, IDS = list(GENES), list(GENES.values())


@dataclass(frozen=True)
class Made:
    """A matrix as texts, to be written in any format: genes x samples."""

    genes: tuple[str, ...]
    samples: tuple[str, ...]
    texts: tuple[tuple[str, ...], ...]

    @property
    def values(self) -> NDArray[np.float32]:
        return np.array(self.texts, dtype=np.float64).astype(np.float32)

    @property
    def across(self) -> tuple[tuple[str, ...], ...]:
        return tuple(zip(*self.texts, strict=True))


def made(samples: Sequence[str] = (), n_genes: int = 40, seed: int = 3) -> Made:
    """Linear values, some of them above 50 in every sample."""
    samples = tuple(samples or (f"patient-{number:02d}" for number in range(14)))
    rng = np.random.default_rng(seed)
    values = rng.gamma(0.7, 90, (n_genes, len(samples)))
    values[0] = np.linspace(100, 900, len(samples))
    texts = tuple(tuple(f"{value:.4f}" for value in row) for row in values)
    return Made(tuple(SYMBOLS[:n_genes]), samples, texts)


def read(path: Path, rows: RowsOfTable | None = None) -> ExpressionTable:
    return open_table(path, ReadOptions(rows=rows)).read(None)


def assert_is(table: ExpressionTable, matrix: Made, ids: Sequence[str] | None = None) -> None:
    assert table.samples == matrix.samples
    assert table.genes.tolist() == list(matrix.genes)
    assert table.gene_ids.tolist() == list(ids or [""] * len(matrix.genes))
    assert table.values.dtype == np.float32
    assert table.values.flags.c_contiguous
    assert np.array_equal(table.values, matrix.values, equal_nan=True)
    assert table.dropped == {}


# --- delimited text ------------------------------------------------------------------------------


def delimited_text(
    matrix: Made,
    separator: str,
    rows: RowsOfTable,
    *,
    corner: str | None = "",
    quoted: bool = False,
    decimal_comma: bool = False,
    names: Sequence[str] | None = None,
) -> str:
    """A matrix as R or a spreadsheet writes it; no corner is R's header of one field fewer."""
    down, across, texts = (
        (names or matrix.genes, matrix.samples, matrix.texts)
        if rows == "genes"
        else (matrix.samples, names or matrix.genes, matrix.across)
    )

    def name(text: str) -> str:
        return f'"{text}"' if quoted else text

    header = [name(text) for text in across]
    lines = [header if corner is None else [name(corner), *header]]
    for row, numbers in zip(down, texts, strict=True):
        shown = [text.replace(".", ",") for text in numbers] if decimal_comma else numbers
        lines.append([name(row), *shown])
    return "".join(separator.join(line) + "\n" for line in lines)


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = text.encode()
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
    return path


SEPARATORS = {"\t": "tab", ",": "comma", ";": "semicolon"}


@pytest.mark.parametrize("quoted", [False, True])
@pytest.mark.parametrize("corner", ["", "gene", None])
@pytest.mark.parametrize("rows", ["genes", "samples"])
@pytest.mark.parametrize("separator", SEPARATORS)
def test_any_delimited_text_is_the_same_table(
    tmp_path: Path, separator: str, rows: RowsOfTable, corner: str | None, quoted: bool
) -> None:
    matrix = made()
    text = delimited_text(matrix, separator, rows, corner=corner, quoted=quoted)
    file = open_table(written(tmp_path / "mine.txt", text))
    across = "samples" if rows == "genes" else "genes"
    assert file.format == "plain"
    assert file.read_as == f"{SEPARATORS[separator]}-separated, {rows} down and {across} across"
    assert file.columns == matrix.samples
    assert (file.ensembl, file.linear, file.beside) == (False, None, ())
    assert_is(file.read(None), matrix)


@pytest.mark.parametrize("block_bytes", [None, 7, 300])
@pytest.mark.parametrize("rows", ["genes", "samples"])
def test_blocks_line_ends_and_gzip_change_nothing(
    tmp_path: Path, rows: RowsOfTable, block_bytes: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if block_bytes:
        monkeypatch.setattr(delimited, "_BLOCK_BYTES", block_bytes)
    matrix = made(n_genes=8)
    text = delimited_text(matrix, ",", rows, quoted=True)
    for number, content in enumerate(
        (text, "\ufeff" + text, text.replace("\n", "\r\n"), text[:-1], text + "\n\n")
    ):
        assert_is(read(written(tmp_path / f"{number}.csv", content)), matrix)
        assert_is(read(written(tmp_path / f"{number}.csv.gz", content)), matrix)


@pytest.mark.parametrize("quoted", [False, True])
@pytest.mark.parametrize("rows", ["genes", "samples"])
def test_decimal_commas_of_a_european_spreadsheet(
    tmp_path: Path, rows: RowsOfTable, quoted: bool
) -> None:
    matrix = made()
    text = delimited_text(matrix, ";", rows, quoted=quoted, decimal_comma=True)
    file = open_table(written(tmp_path / "mine.csv", text))
    assert file.read_as.endswith(" across, decimal commas")
    assert_is(file.read(None), matrix)


def test_decimal_commas_and_points_do_not_mix(tmp_path: Path) -> None:
    """1.500 may be a thousand and a half there."""
    header, *lines = delimited_text(made(), ";", "genes", decimal_comma=True).splitlines()
    lines[7] = ";".join((lines[7].split(";")[0], "1.500", *lines[7].split(";")[2:]))
    path = written(tmp_path / "mine.csv", "\n".join([header, *lines]))
    with pytest.raises(TableError, match=r"line 9, column 'patient-00': '1\.500' is not .*commas"):
        read(path)
    ids = [f"{name}.12" for name in IDS]  # a point in a name is none in a number
    text = delimited_text(made(), ";", "genes", decimal_comma=True, names=ids)
    assert_is(read(written(path, text)), made(), IDS)


numbers = st.decimals(0, 9_000, places=3).map(lambda number: f"{number:f}") | st.just("NA")


@st.composite
def matrices(draw: st.DrawFn) -> Made:
    genes = draw(st.lists(st.sampled_from(SYMBOLS), min_size=2, max_size=9, unique=True))
    names = st.from_regex(r"x[ ,;|a-z0-9]{0,7}y", fullmatch=True)
    samples = draw(st.lists(names, min_size=1, max_size=6, unique=True))
    texts = [tuple(draw(numbers) for _ in samples) for _ in genes]
    return Made(tuple(genes), tuple(samples), tuple(texts))


@pytest.mark.slow
@given(
    matrices(),
    st.sampled_from(list(SEPARATORS)),
    st.sampled_from(["genes", "samples"]),
    st.booleans(),
    st.booleans(),
)
@settings(max_examples=150)
def test_separator_orientation_and_quotes_are_no_part_of_a_table(
    tmp_path_factory: pytest.TempPathFactory,
    matrix: Made,
    separator: str,
    rows: RowsOfTable,
    short_header: bool,
    decimal_comma: bool,
) -> None:
    text = delimited_text(
        matrix,
        separator,
        rows,
        corner=None if short_header else "name",
        quoted=True,  # as names hold separators
        decimal_comma=decimal_comma and separator == ";",
    )
    path = written(tmp_path_factory.mktemp("any") / "mine.txt", text)
    # few short names may leave it unclear, unless the option decides
    expected = Made(
        matrix.genes,
        matrix.samples,
        tuple(tuple(text.replace("NA", "nan") for text in row) for row in matrix.texts),
    )
    assert_is(read(path, rows), expected)
    try:
        table = read(path)
    except TableError as error:
        assert "--rows genes or --rows samples" in str(error)  # noqa: PT017
    else:
        assert_is(table, expected)


@pytest.mark.parametrize("rows", ["genes", "samples"])
@pytest.mark.parametrize("names", ["barcodes", "known", "both known", "neither known"])
def test_what_decides_the_orientation(tmp_path: Path, rows: RowsOfTable, names: str) -> None:
    samples, genes = {
        "barcodes": (barcodes(12), tuple(f"unknown{number}" for number in range(40))),
        "known": ([f"P{number}" for number in range(12)], tuple(SYMBOLS)),  # P1 is an alias
        "both known": (SYMBOLS[20:30], tuple(SYMBOLS)),
        "neither known": (made().samples, tuple(f"unknown{number}" for number in range(40))),
    }[names]
    matrix = Made(genes, tuple(samples), made(samples).texts)
    path = written(tmp_path / "mine.csv", delimited_text(matrix, ",", rows))
    if "known" in names.split()[1:]:
        with pytest.raises(TableError, match=r"it is unclear .* Say --rows genes or --rows samp"):
            open_table(path)
    else:
        assert_is(read(path), matrix)
    assert_is(read(path, rows), matrix)
    if "known" in names.split():
        other = read(path, "samples" if rows == "genes" else "genes")
        assert other.genes.tolist() == list(samples)


DESCRIBED = {
    "gene_id,gene_name,gene_type": [f"{i}.3,{s},protein_coding" for s, i in GENES.items()],
    "gene_name,gene_id": [f"{s},{i}" for s, i in GENES.items()],
    "id,Gene Symbol,Description": [
        f'p{n}_at,{s},"a gene, no ""doubt"""' for n, s in enumerate(SYMBOLS)
    ],
    "Entrez_Gene_Id,Hugo_Symbol": [f"{n + 90},{s}" for n, s in enumerate(SYMBOLS)],
    "symbol,chr,start,length": [f"{s},{n},{n + 7},{n + 9}" for n, s in enumerate(SYMBOLS)],
    ",gene,remark": [f"{n},{s},none" for n, s in enumerate(SYMBOLS)],
    "Ensembl_ID": [f"{i}.3" for i in IDS],
    "sample": [f"{s}|{n + 90}" for n, s in enumerate(SYMBOLS)],
}
DESCRIBED_IDS = {
    "gene_id,gene_name,gene_type": IDS,
    "gene_name,gene_id": IDS,
    "Ensembl_ID": IDS,
    "Entrez_Gene_Id,Hugo_Symbol": [str(n + 90) for n in range(40)],
    "sample": [str(n + 90) for n in range(40)],
}


@pytest.mark.parametrize("titles", DESCRIBED)
def test_columns_that_describe_genes_are_names(tmp_path: Path, titles: str) -> None:
    matrix = made()
    lines = [",".join((titles, *matrix.samples))]
    lines += [",".join((a, *b)) for a, b in zip(DESCRIBED[titles], matrix.texts, strict=True)]
    file = open_table(written(tmp_path / "mine.csv", "\n".join(lines)))
    assert file.columns == matrix.samples
    assert_is(file.read(None), matrix, DESCRIBED_IDS.get(titles))
    assert file.ensembl == (DESCRIBED_IDS.get(titles) == IDS)
    assert file.read_as.endswith("by Ensembl id") == (titles == "Ensembl_ID")


def test_columns_that_describe_samples_are_passed_over(tmp_path: Path) -> None:
    matrix = made(barcodes(5))
    lines = [",".join(("", "batch", "barcode", *matrix.genes))]
    lines += [
        ",".join((str(number), "B1", name, *row))
        for number, (name, row) in enumerate(zip(matrix.samples, matrix.across, strict=True))
    ]
    assert_is(read(written(tmp_path / "mine.csv", "\n".join(lines))), matrix)


def test_ensembl_rows_lose_the_copies_on_y_and_what_is_not_wanted(tmp_path: Path) -> None:
    matrix = made(n_genes=4)
    names = [IDS[0], f"{IDS[1]}.4_PAR_Y", "ENSG00000999999.1", IDS[3]]
    keep = GeneFilter(lambda gene_id, symbol: symbol != SYMBOLS[3], "not wanted")
    for rows in ("genes", "samples"):
        text = delimited_text(matrix, "\t", rows, names=names)  # type: ignore[arg-type]
        table = open_table(written(tmp_path / rows, text)).read(keep)
        assert table.genes.tolist() == [SYMBOLS[0], ""]
        assert table.gene_ids.tolist() == [IDS[0], "ENSG00000999999"]
        assert table.dropped == {ON_Y: 1, "not wanted": 1}
        assert np.array_equal(table.values, matrix.values[[0, 2]])


BAD_TEXT = {
    "blanks": ("gene a b\nRELA 1 2\n", "line 1: no tab, comma or semicolon in it, but 2 blanks"),
    "one word": ("gene\nRELA\n", "line 1: no tab, comma or semicolon in it"),
    "header only": ("gene,a,b\n", "a header without rows"),
    "short row": ("gene,a,b\nRELA,1,2\nTP53,1\n", "line 3: 2 fields where the header has 3"),
    "short row, samples": ("x,RELA,TP53\na,1,2\nb,1\n", "line 3: 2 fields"),
    "long row": ("gene,a,b\nRELA,1,2\nTP53,1,2,3\n", "line 3: 4 fields"),
    "rows longer than the header": ("sample,a,b\nRELA,1,2,3\n", "line 2: 4 fields where the"),
    "a separator more in each row": ("p,q\nRELA,1,\nTP53,1,\n", "line 2: 3 fields where the"),
    "text": ("gene,a,b\nRELA,1,2\nTP53,1,x\n", "line 3, column 'b': 'x' is not a finite number"),
    "infinite": ("gene;a\nRELA;1\nTP53;inf\n", "line 3, column 'a': 'inf'"),
    "quoted decimal commas": (
        'gene,a,b\nRELA,"1,5",2\nTP53,1,2\n',
        "line 2, column 'a': '1,5' is not a finite number",
    ),
    "decimal commas between commas": ("gene,a,b\nRELA,1,5,2,5\n", "line 2: 5 fields"),
    "decimal commas between tabs": ("gene\ta\tb\nRELA\t1,5\t2\nTP53\t1\t2\n", "'1,5'"),
    "no numbers": ("gene,a\nRELA,x\nTP53,y\n", "none of its columns holds numbers"),
    "no name of a sample": ("x,RELA,TP53\na,1,2\n,1,2\n", "line 3: no sample name"),
    "no name of a column": ("gene,a,\nRELA,1,2\n", "line 1: column 3 has no name"),
    "escape codes": ("gene,a\x1b[2J\nRELA,1\n", "line 1: the name of column 2 is not text"),
    "R's own": ("RDX3\nX\n", "an .RData file of R"),
}


@pytest.mark.parametrize("case", BAD_TEXT)
def test_a_bad_delimited_text_is_named(tmp_path: Path, case: str) -> None:
    text, says = BAD_TEXT[case]
    path = written(tmp_path / "mine.csv", text)
    with pytest.raises(TableError) as raised:
        read(path)
    assert str(raised.value).startswith(str(path))
    assert says in str(raised.value)
    assert raised.value.remedy


def test_text_in_utf_16_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(delimited_text(made(), ",", "genes").encode("utf-16"))
    with pytest.raises(TableError, match=r"text in UTF-16, no table. Save it as text in UTF-8"):
        open_table(path)


# --- the other formats ---------------------------------------------------------------------------


def gct(matrix: Made, *, version: str = "1.2", ids: bool = False) -> str:
    n_rows, n_columns = len(matrix.genes), len(matrix.samples)
    name = [f"{i}.5" for i in IDS] if ids else matrix.genes
    text = matrix.genes if ids else ["na"] * n_rows
    if version == "1.2":
        lines = [
            "#1.2",
            f"{n_rows}\t{n_columns}",
            "\t".join(("Name", "Description", *matrix.samples)),
        ]
        lines += ["\t".join(row) for row in _joined(matrix, name, text)]
    else:
        lines = ["#1.3", f"{n_rows}\t{n_columns}\t2\t1"]
        lines += ["\t".join(("id", "pr_gene_symbol", "note", *matrix.samples))]
        lines += ["\t".join(("tissue", "na", "na", *["liver"] * n_columns))]
        lines += ["\t".join(row) for row in _joined(matrix, name, text, ["-666"] * n_rows)]
    return "\n".join(lines) + "\n"


def _joined(matrix: Made, *names: Sequence[str]) -> list[tuple[str, ...]]:
    columns = zip(zip(*names, strict=False), matrix.texts, strict=False)
    return [(*of_row, *texts) for of_row, texts in columns]


def write_gct(folder: Path, matrix: Made) -> Path:
    return written(folder / "mine.gct", gct(matrix))


def write_gct_13(folder: Path, matrix: Made) -> Path:
    return written(folder / "mine.gct.gz", gct(matrix, version="1.3"))


def write_plain(folder: Path, matrix: Made) -> Path:
    return written(folder / "mine.csv", delimited_text(matrix, ",", "genes"))


def write_plain_samples_down(folder: Path, matrix: Made) -> Path:
    return written(folder / "mine.txt", delimited_text(matrix, "\t", "samples", corner=None))


def frame_of(matrix: Made) -> pd.DataFrame:
    values = np.array(matrix.texts, dtype=np.float64)
    return pd.DataFrame(values, index=list(matrix.genes), columns=list(matrix.samples))


def write_pandas_parquet(folder: Path, matrix: Made) -> Path:
    frame_of(matrix).to_parquet(path := folder / "mine.parquet")
    return path


def write_pandas_parquet_samples_down(folder: Path, matrix: Made) -> Path:
    frame = frame_of(matrix).T
    frame.index.name = "sample"
    frame.to_parquet(path := folder / "mine.parquet")
    return path


def write_polars_parquet(folder: Path, matrix: Made) -> Path:
    columns = dict(zip(matrix.samples, matrix.values.T.tolist(), strict=True))
    frame = pl.DataFrame({"gene": matrix.genes, **columns}).cast({"gene": pl.Categorical})
    frame.write_parquet(path := folder / "mine.parquet", row_group_size=7)
    return path


def write_polars_parquet_samples_down(folder: Path, matrix: Made) -> Path:
    columns = dict(zip(matrix.genes, matrix.values.tolist(), strict=True))
    pl.DataFrame({"": matrix.samples, **columns}).write_parquet(path := folder / "mine.pq")
    return path


def anndata_of(matrix: Made, *, sparse: bool = False, names: Sequence[str] = ()) -> object:
    anndata = pytest.importorskip("anndata")
    import scipy.sparse

    x = matrix.values.T
    return anndata.AnnData(
        scipy.sparse.csr_matrix(x) if sparse else x,
        obs=pd.DataFrame(index=list(matrix.samples)),
        var=pd.DataFrame({"n": range(len(matrix.genes))}, index=list(names or matrix.genes)),
    )


def write_h5ad(folder: Path, matrix: Made) -> Path:
    anndata_of(matrix).write_h5ad(path := folder / "mine.h5ad")  # type: ignore[attr-defined]
    return path


def write_sparse_h5ad(folder: Path, matrix: Made) -> Path:
    anndata_of(matrix, sparse=True).write_h5ad(path := folder / "mine.h5ad")  # type: ignore[attr-defined]
    return path


WRITERS: dict[str, Callable[[Path, Made], Path]] = {
    "plain": write_plain,
    "plain, samples down": write_plain_samples_down,
    "gct": write_gct,
    "gct 1.3": write_gct_13,
    "parquet of pandas": write_pandas_parquet,
    "parquet of pandas, samples down": write_pandas_parquet_samples_down,
    "parquet of polars": write_polars_parquet,
    "parquet of polars, samples down": write_polars_parquet_samples_down,
    "h5ad": write_h5ad,
    "h5ad, sparse": write_sparse_h5ad,
}


@pytest.mark.parametrize("samples", [made().samples, tuple(barcodes(14))], ids=["own", "TCGA"])
@pytest.mark.parametrize("name", WRITERS)
def test_every_format_is_the_same_table(tmp_path: Path, name: str, samples: Sequence[str]) -> None:
    matrix = made(samples)
    file = open_table(WRITERS[name](tmp_path, matrix))
    assert file.format in (name.split(",")[0].split()[0], "xena")
    assert file.columns == matrix.samples
    assert_is(file.read(None), matrix)


@pytest.mark.parametrize("name", WRITERS)
def test_an_own_cohort_of_any_format_is_loaded_and_correlates(tmp_path: Path, name: str) -> None:
    """Without barcodes every column is a sample; linear values become logarithms."""
    matrix = made()
    engine = open_store(tmp_path / "cache")
    options = LoadOptions(source="mine", unit="tpm")
    path = WRITERS[name](tmp_path, matrix)
    report = engine.load([path], options)
    assert report.errors == ()
    (loaded,) = report.loaded
    assert loaded.key == TableKey("mine", "OTHER")
    assert loaded.metadata.unit == "log2(tpm+1)"
    assert [sample.sample for sample in loaded.metadata.samples] == sorted(matrix.samples)
    assert all(sample.tumor and not sample.normal for sample in loaded.metadata.samples)
    index = open_index(engine.store, loaded.key)
    order = np.argsort(matrix.genes)
    expected = np.log2(matrix.values.astype(np.float64) + 1).astype(np.float32)
    assert list(index.genes) == [matrix.genes[row] for row in order]
    assert np.array_equal(index.values, expected[order])
    row = engine.correlate("RELA", "NFE2L2").frame.to_dicts()[0]
    assert (row["tumor_type"], row["n"]) == ("OTHER", 14)
    assert row["r"] == pytest.approx(np.corrcoef(expected[0], expected[1])[0, 1], abs=1e-6)
    assert engine.load([path], options).loaded[0].unchanged
    chosen = LoadOptions(source="mine2", unit="tpm", tumor_type="LIHC")
    assert engine.load([path], chosen).loaded[0].key == TableKey("mine2", "LIHC")


def test_how_a_file_is_read_is_part_of_what_is_stored(tmp_path: Path) -> None:
    """The same bytes read the other way round are another table."""
    matrix = Made(tuple(SYMBOLS[:12]), tuple(SYMBOLS[12:24]), made(SYMBOLS[12:24], 12).texts)
    path = write_plain(tmp_path, matrix)
    engine = open_store(tmp_path / "cache")
    for rows, replaced in (("genes", False), ("samples", True)):
        options = LoadOptions(source="mine", unit="tpm", rows=rows)  # type: ignore[arg-type]
        (loaded,) = engine.load([path], options).loaded
        assert loaded.replaced == replaced
        assert f"{rows} down" in str(loaded.metadata.recipe["read_as"])


# --- GCT -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_the_symbols_of_a_gct_by_ensembl_id_are_its_descriptions(
    tmp_path: Path, version: str
) -> None:
    matrix = made()
    file = open_table(written(tmp_path / "mine.gct", gct(matrix, version=version, ids=True)))
    assert file.ensembl
    assert file.read_as == f"GCT {version}"
    assert_is(file.read(None), matrix, IDS)


def test_a_gct_by_ensembl_id_alone_gets_the_shipped_symbols(tmp_path: Path) -> None:
    matrix = made()
    text = gct(matrix, ids=True)
    for symbol in SYMBOLS:
        text = text.replace(f"\t{symbol}\t", "\tna\t")
    text = text.replace(f"{IDS[5]}.5", f"{IDS[5]}.5_PAR_Y")
    file = open_table(written(tmp_path / "mine.gct", text))
    assert file.read_as == "GCT 1.2, symbols of NCBI Gene by Ensembl id"
    table = file.read(None)
    assert table.genes.tolist() == SYMBOLS[:5] + SYMBOLS[6:]
    assert table.dropped == {ON_Y: 1}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("40\t14", "41\t14", "40 rows of genes, where line 2 says 41"),
        ("40\t14", "39\t14", "40 rows of genes, where line 2 says 39"),
        ("40\t14", "40\t15", "line 3: 14 columns of samples, where line 2 says 15"),
        ("40\t14", "40", "line 2: not 2 numbers"),
        ("40\t14", "40\tx", "line 2: not 2 numbers"),
        ("40\t14", "40\t14\t2\t0", "line 2: not 2 numbers"),
        ("\nTP53\tna\t", "\nTP53\tna\tx", "line 7, column 'patient-00'"),
        ("\nTP53\t", "\n", "line 7: 15 fields where the header has 16"),
        ("#1.2\n40\t14", "#1.3\n40\t14", "line 2: not 4 numbers"),
    ],
)
def test_a_bad_gct_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = gct(made())
    assert old in text
    path = written(tmp_path / "mine.gct", text.replace(old, new, 1))
    with pytest.raises(TableError) as raised:
        read(path)
    assert str(raised.value).startswith(str(path))
    assert says in str(raised.value)


@pytest.mark.parametrize("lines", [1, 2, 3])
def test_a_gct_that_ends_early_is_named(tmp_path: Path, lines: int) -> None:
    text = "".join(gct(made()).splitlines(keepends=True)[:lines])
    with pytest.raises(TableError, match=r"mine\.gct"):
        read(written(tmp_path / "mine.gct", text))


# --- Parquet -------------------------------------------------------------------------------------


def test_nulls_of_a_parquet_table_are_not_measured(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "gene_id": [f"{IDS[0]}.1", f"{IDS[1]}.1"],
            "gene_name": [SYMBOLS[0], None],
            "chr": [11, 2],
            "a": [1, None],
            "b": [float("nan"), 2.5],
            "c": [None, None],
        }
    )
    frame.write_parquet(tmp_path / "mine.parquet")
    file = open_table(tmp_path / "mine.parquet")
    table = file.read(None)
    assert file.ensembl
    assert file.columns == ("a", "b", "c")
    assert table.genes.tolist() == [SYMBOLS[0], ""]
    assert table.gene_ids.tolist() == IDS[:2]
    nan = np.nan
    expected = np.array([[1, nan, nan], [nan, 2.5, nan]], np.float32)
    assert np.array_equal(table.values, expected, equal_nan=True)


BAD_PARQUET: dict[str, tuple[dict[str, object], str]] = {
    "infinite": (
        {"gene": ["RELA", "TP53"], "a": [1.0, 2.0], "b": [1.0, float("inf")]},
        "row 2, column 'b': not a finite number",
    ),
    "above float32": (
        {"gene": ["RELA", "TP53"], "a": [1e39, 2.0]},
        "row 1, column 'a': not a finite number",
    ),
    "truth values": ({"gene": ["RELA"], "a": [True]}, "column 'a': bool"),
    "lists": ({"gene": ["RELA"], "a": [[1.0, 2.0]]}, "column 'a'"),
    "no names": ({"a": [1.0], "b": [2.0]}, "none of its columns holds names"),
    "no numbers": ({"gene": ["RELA"], "kind": ["x"]}, "none of its columns holds numbers"),
    "a sample without a name": (
        {"sample": ["S1", None], "RELA": [1.0, 2.0], "TP53": [1.0, 2.0]},
        "row 2: it has no name",
    ),
    "no rows": ({"gene": pl.Series([], dtype=pl.String), "a": pl.Series([], dtype=pl.Float32)},
                "a table without rows"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_PARQUET)
def test_a_bad_parquet_table_is_named(tmp_path: Path, case: str) -> None:
    columns, says = BAD_PARQUET[case]
    path = tmp_path / "mine.parquet"
    pl.DataFrame(columns).write_parquet(path)
    with pytest.raises(TableError) as raised:
        read(path)
    assert str(raised.value).startswith(str(path))
    assert says in str(raised.value)
    assert raised.value.remedy


def test_two_columns_of_one_name(tmp_path: Path) -> None:
    columns = [pa.array(["RELA"]), pa.array([1.5]), pa.array([2.5])]
    pq.write_table(pa.table(columns, names=["gene", "a", "a"]), tmp_path / "one.parquet")
    assert read(tmp_path / "one.parquet").values.tolist() == [[1.5, 2.5]]  # averaged later
    pq.write_table(pa.table(columns, names=["gene", "gene", "a"]), tmp_path / "two.parquet")
    with pytest.raises(TableError, match="several columns 'gene'"):
        open_table(tmp_path / "two.parquet")


def test_a_damaged_parquet_table_is_named(tmp_path: Path) -> None:
    path = write_polars_parquet(tmp_path, made())
    content = path.read_bytes()
    for damaged in (content[:4], content[:-9], content[:100] + bytes(200) + content[300:]):
        path.write_bytes(damaged)
        with pytest.raises(TableError, match="cannot be read as Parquet"):
            read(path)


def test_a_table_of_a_store_is_refused(tmp_path: Path) -> None:
    engine = open_store(tmp_path / "cache")
    options = LoadOptions(source="mine", unit="tpm")
    (loaded,) = engine.load([write_plain(tmp_path, made())], options).loaded
    path = engine.store.table_path(loaded.key)
    with pytest.raises(TableError, match="a table of a store"):
        open_table(path)


# --- AnnData -------------------------------------------------------------------------------------


@pytest.mark.parametrize("title", ["gene_name", "gene_symbols", "feature_name", "Symbol"])
def test_symbols_of_anndata_by_ensembl_id(tmp_path: Path, title: str) -> None:
    matrix = made()
    data = anndata_of(matrix, names=[f"{i}.2" for i in IDS])
    data.var[title] = list(matrix.genes)  # type: ignore[attr-defined]
    data.var[title] = data.var[title].astype("category")  # type: ignore[attr-defined]
    data.layers["counts"] = matrix.values.T * 3  # type: ignore[attr-defined]
    data.write_h5ad(path := tmp_path / "mine.h5ad")  # type: ignore[attr-defined]
    file = open_table(path)
    assert (file.ensembl, file.read_as) == (True, "layer X")
    assert_is(file.read(None), matrix, IDS)


def test_anndata_by_symbol_with_ids_beside(tmp_path: Path) -> None:
    matrix = made()
    data = anndata_of(matrix)
    data.var["gene_ids"] = IDS  # type: ignore[attr-defined]
    data.write_h5ad(path := tmp_path / "mine.h5ad")  # type: ignore[attr-defined]
    assert_is(read(path), matrix, IDS)


def test_a_bad_h5ad_is_named(tmp_path: Path) -> None:
    matrix = made()
    values = matrix.values.T.astype(np.float64)
    values[2, 3] = np.inf
    data = anndata_of(matrix)
    data.X = values  # type: ignore[attr-defined]
    data.write_h5ad(path := tmp_path / "mine.h5ad")  # type: ignore[attr-defined]
    with pytest.raises(TableError, match=f"{matrix.genes[3]} of patient-02 is not a finite"):
        read(path)
    values[2, 3] = 1e39
    data.write_h5ad(path)  # type: ignore[attr-defined]
    with pytest.raises(TableError, match=f"{matrix.genes[3]} of patient-02 is not a finite"):
        read(path)
    content = path.read_bytes()
    for damaged in (content[:50], content[:3_000]):
        path.write_bytes(damaged)
        with pytest.raises(TableError, match=r"mine\.h5ad: cannot be read"):
            read(path)
    data.X = None  # type: ignore[attr-defined]
    data.write_h5ad(path)  # type: ignore[attr-defined]
    with pytest.raises(TableError, match=r"mine\.h5ad: .*X"):
        read(path)


def test_other_hdf5_is_named(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    pytest.importorskip("anndata")
    with h5py.File(tmp_path / "mine.h5", "w") as file:
        file["matrix"] = [1, 2]
    with pytest.raises(TableError, match="an HDF5 file without 'obs', so not of AnnData"):
        open_table(tmp_path / "mine.h5")


def test_without_anndata_the_error_names_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.h5ad"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    monkeypatch.setitem(sys.modules, "anndata", None)
    monkeypatch.delitem(sys.modules, "anndata.io", raising=False)
    with pytest.raises(UsageError, match=r"needs the package anndata.*'tcga-corr\[h5ad\]'"):
        open_table(path)


# --- all of them ---------------------------------------------------------------------------------


def assert_leaves_the_store(tmp_path: Path, path: Path, *says: str) -> None:
    engine = open_store(tmp_path / "cache")
    options = LoadOptions(source="mine", unit="tpm")
    engine.load([write_plain(tmp_path / "good", made())], options)
    before = snapshot(engine.store.root)
    (error,) = engine.load([path], options).errors
    for part in says:
        assert part in str(error)
    assert snapshot(engine.store.root) == before


@pytest.mark.parametrize("name", WRITERS)
def test_a_cut_file_of_any_format_leaves_the_store(tmp_path: Path, name: str) -> None:
    path = WRITERS[name](tmp_path, made())
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3 + 2])
    (tmp_path / "good").mkdir()
    assert_leaves_the_store(tmp_path, path, str(path))


def test_the_repr_of_an_open_file_is_short(tmp_path: Path) -> None:
    file = open_table(write_plain(tmp_path, made()))
    assert isinstance(file, TableFile)
    assert file.path.name in repr(file)
    assert "patient-00" not in repr(file)


def test_a_table_of_arrow_without_pandas(tmp_path: Path) -> None:
    matrix = made()
    columns = [pa.array(matrix.genes).dictionary_encode(), *map(pa.array, matrix.values.T)]
    table = pa.table(columns, names=["gene", *matrix.samples])
    pq.write_table(table, tmp_path / "mine.parquet")
    assert_is(read(tmp_path / "mine.parquet"), matrix)
