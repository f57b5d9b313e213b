"""Files of rankings and lists: each way in which people keep them gives the same table."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import polars as pl
import pytest

from tcga_corr.errors import DataMissingError, TableError
from tcga_corr.formats.rankings import read_ranked

ROWS = [("RELA", 2.5), ("GPX4", -1.0), ("TP53", 0.25)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.rnk", "RELA\t2.5\nGPX4\t-1.0\nTP53\t0.25\n"),
        ("a.tsv", "# made by hand\ngene\tnumber\nRELA\t2.5\n\nGPX4\t-1.0\nTP53\t0.25\n"),
        ("a.csv", '"gene","number"\r\n"RELA",2.5\r\n"GPX4",-1.0\r\n"TP53",0.25\r\n'),
        ("a.txt", "number\nRELA 2.5\nGPX4 -1.0\nTP53 0.25\n"),
    ],
)
def test_two_columns(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    packed = tmp_path / f"{name}.gz"
    packed.write_bytes(gzip.compress(text.encode()))
    for one in (path, packed):
        frame = read_ranked(one)
        assert frame.columns == ["gene", "number"]
        assert frame["number"].cast(pl.Float64).to_list() == [number for _, number in ROWS]
        assert frame["gene"].to_list() == [gene for gene, _ in ROWS]


def test_answers_in_every_format(tmp_path: Path) -> None:
    frame = pl.DataFrame(ROWS, schema=["gene", "log2fc"], orient="row").with_columns(
        note=pl.lit("")
    )
    frame.write_parquet(tmp_path / "a.parquet")
    frame.write_csv(tmp_path / "a.tsv", separator="\t")
    content = {"schema": 2, "query": {"by": "x"}, "genes": frame.to_dicts(), "notes": []}
    (tmp_path / "a.json").write_text(json.dumps(content), encoding="utf-8")
    for name in ("a.parquet", "a.tsv", "a.json"):
        found = read_ranked(tmp_path / name)
        assert found["gene"].to_list() == frame["gene"].to_list()
        assert found["log2fc"].cast(pl.Float64).to_list() == frame["log2fc"].to_list()


def test_a_table_of_r_has_no_title_over_its_genes(tmp_path: Path) -> None:
    path = tmp_path / "deseq.csv"
    path.write_text('"stat","padj"\n"RELA",2.5,NA\n"GPX4",-1,0.5\n', encoding="utf-8")
    frame = read_ranked(path)
    assert frame.columns == ["gene", "stat", "padj"]
    assert frame["padj"].to_list() == [None, "0.5"]


def test_lists_of_genes(tmp_path: Path) -> None:
    path = tmp_path / "genes.txt"
    path.write_text("gene\nRELA\nGPX4\n", encoding="utf-8")
    assert read_ranked(path).to_dict(as_series=False) == {"gene": ["RELA", "GPX4"]}
    path = tmp_path / "genes.json"
    path.write_text('["RELA", "GPX4"]', encoding="utf-8")
    assert read_ranked(path)["gene"].to_list() == ["RELA", "GPX4"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.tsv", b"  \n", "the file is empty"),
        ("a.tsv", b"gene\tx\nRELA\t1\nGPX4\n", "line 3: 1 fields where others have 2"),
        ("a.tsv", b"gene\tx\tx\nRELA\t1\t2\n", "two columns are named 'x'"),
        ("a.tsv", b"gene\tx\n", "a header without rows"),
        ("a.parquet", b"PAR1 cut short", "damaged Parquet"),
        ("a.json", b'{"genes": [', "no JSON"),
        ("a.html", b"<!DOCTYPE html><html></html>", "web page"),
    ],
)
def test_what_is_no_ranking(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(TableError, match=said):
        read_ranked(path)


def test_no_file() -> None:
    with pytest.raises(DataMissingError, match="no file"):
        read_ranked(Path("nowhere.rnk"))
