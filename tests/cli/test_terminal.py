"""Tables on a terminal: what fits, what stands out, what is left out; and workbooks of Excel."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import polars as pl
import pytest
from rich.cells import cell_len

from tcga_corr.cli.fitting import Terminal, wrapped
from tcga_corr.cli.output import MOST_ROWS, Out, Result, _as_table
from tcga_corr.cli.workbook import workbook
from tcga_corr.errors import UsageError

FRAME = pl.DataFrame(
    {
        "tumor_type": ["ACC", "LIHC", "UVM"],
        "n": [79, 371, None],
        "r": [0.5, -0.25, None],
        "p": [1e-5, 0.2, None],
        "q": [2e-5, 0.3, None],
        "note": ["", "two samples without purity, which has been estimated for the others", ""],
    }
)


def lines(result: Result, terminal: Terminal | None) -> list[str]:
    return _as_table(result, terminal).decode().splitlines()


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_a_table_fits_the_terminal(width: int) -> None:
    result = Result(FRAME, "rows", {}, heading="a heading " * 20, less=("q",))
    found = lines(result, Terminal(width, bold=False))
    assert max(map(cell_len, found)) <= width
    assert any("ACC" in line for line in found)
    whole = lines(result, None)  # a file or a redirect
    assert "two samples without purity, which has been estimated for the others" in "\n".join(whole)


def test_what_is_left_out_is_named_the_least_first() -> None:
    result = Result(FRAME.drop("note"), "rows", {}, less=("q", "p"))
    needed = max(map(cell_len, lines(result, None)))
    assert lines(result, Terminal(needed, bold=False)) == lines(result, None)
    found = lines(result, Terminal(needed - 1, bold=False))
    assert found[-1] == "--wide has q too"
    assert found[0].split() == ["tumor_type", "n", "r", "p"]
    found = lines(result, Terminal(5, bold=False))
    assert found[0].split() == ["tumor_type", "n"]  # the first two stay


def test_notes_give_way_to_what_matters_more_and_are_named_then() -> None:
    result = Result(FRAME, "rows", {}, less=("q", "note"))
    found = lines(result, Terminal(40, bold=False))
    assert found[0].split() == ["tumor_type", "n", "r", "p"]
    assert found[-1] == "--wide has q, note too"
    without = Result(FRAME.with_columns(note=pl.lit("")), "rows", {}, less=("q",))
    assert lines(without, Terminal(30, bold=False))[-1] == "--wide has p, q too"


def test_what_stays_longest_is_there_on_the_narrowest() -> None:
    result = Result(FRAME.drop("note"), "rows", {}, less=("n",), keep=("q",))
    found = lines(result, Terminal(26, bold=False))
    assert found[0].split() == ["tumor_type", "r", "q"]
    assert found[-1] == "--wide has n, p too"


def test_notes_get_short_before_what_stays_goes() -> None:
    result = Result(FRAME, "rows", {}, less=("n", "p"), keep=("q", "r"))
    found = lines(result, Terminal(42, bold=False))
    assert found[0].split() == ["tumor_type", "r", "q", "note"]
    assert "…" in found[3]
    assert max(map(len, found)) <= 42


def test_columns_that_are_the_same_in_all_rows_are_said_once() -> None:
    frame = FRAME.drop("note").with_columns(source=pl.lit("mine"), unit=pl.lit("log2(tpm+1)"))
    found = lines(Result(frame, "rows", {}, less=("unit",)), Terminal(55, bold=False))
    assert found[0].split() == ["tumor_type", "n", "r", "p", "q", "source"]
    assert found[-1] == "the same in all rows: unit log2(tpm+1)"
    one = Result(frame.head(1), "rows", {}, less=("unit",))  # of one row all are the same
    assert lines(one, Terminal(55, bold=False))[-1] == "--wide has unit too"


def test_long_names_are_cut_before_numbers_are_left_out() -> None:
    frame = pl.DataFrame(
        {"y": ["A" * 60 + str(n) for n in range(3)], "n": [9, 8, 7], "r": [0.1, 0.2, 0.3]}
    )
    found = lines(Result(frame, "rows", {}), Terminal(60, bold=False))
    assert found[0].split() == ["y", "n", "r"]
    assert len({line.split()[0] for line in found[2:5]}) == 3  # both ends stay
    assert found[-1] == "--wide has whole names (y) too"
    assert max(map(len, lines(Result(frame, "rows", {}), Terminal(30, bold=False)))) <= 30


def test_a_simulated_heading_says_it_for_the_notes() -> None:
    frame = FRAME.head(2).with_columns(note=pl.Series(["SIMULATED", "SIMULATED; no purity"]))
    result = Result(frame, "rows", {}, heading="SIMULATED  a heading")
    found = lines(result, Terminal(80, bold=False))
    assert found[-1].endswith("   no purity")
    assert sum("SIMULATED" in line for line in found) == 1
    assert sum("SIMULATED" in line for line in lines(result, None)) == 3


def test_lines_do_not_end_between_a_number_and_its_sign() -> None:
    text = "of all 5 % have p = 0.05 and q < 0.1 where nfkb-pid-atypical"
    for width in range(20, 60):
        found = wrapped([text], width)
        assert " ".join(found) == text
        assert max(map(len, found)) <= width
        assert not any(line.startswith(("%", "=", "<", "0", "pid")) for line in found)


def test_another_column_of_texts_is_cut() -> None:
    frame = FRAME.rename({"note": "levels"})
    found = lines(Result(frame, "rows", {}, cut_column="levels"), Terminal(75, bold=False))
    assert found[0].split()[-1] == "levels"
    assert "…" in found[3]


def test_rows_that_stand_out_are_bold_on_a_terminal_alone() -> None:
    result = Result(FRAME, "rows", {}, stands_out=lambda row: (row["q"] or 1) < 0.05)
    bold = [line for line in lines(result, Terminal(200, bold=True)) if line.startswith("\x1b[1m")]
    assert [line.split()[0] for line in bold] == ["\x1b[1mACC"]
    for terminal in (Terminal(200, bold=False), None):
        assert not any("\x1b" in line for line in lines(result, terminal))


def test_fewer_rows_on_a_terminal_are_said() -> None:
    result = Result(FRAME, "rows", {}, on_terminal=FRAME.head(1))
    assert "--wide has 2 more rows too" in lines(result, Terminal(200, bold=False))
    assert len(lines(result, None)) == 5


def test_of_very_many_rows_some_are_shown() -> None:
    result = Result(pl.DataFrame({"x": range(MOST_ROWS + 7)}), "rows", {})
    for terminal in (Terminal(80, bold=False), None):
        found = lines(result, terminal)
        assert "7 more rows: --format tsv has all" in found
        assert len(found) == MOST_ROWS + 4


def test_the_environment_decides_whether_bold_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "77")
    assert Terminal.here() == Terminal(77, bold=True)
    monkeypatch.setenv("TERM", "dumb")
    assert not Terminal.here().bold
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not Terminal.here().bold


def test_a_workbook_holds_symbols_as_text(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"gene": ["SEPT2", "MARCH1", "=1+1", "1E5", None], "r": [0.5, None, 1, 2, 3]}
    )
    around = {"pooled": {"pearson": {"r": 0.25}}, "query": {"x": "RELA"}, "provenance": {"a": [1]}}
    out = Out("xlsx", tmp_path / "x.xlsx", force=False)
    out.write(Result(frame, "rows", around))
    content = (tmp_path / "x.xlsx").read_bytes()
    assert content == workbook("rows", frame, around)  # the same bytes each time
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        texts = archive.read("xl/sharedStrings.xml").decode()
        first = archive.read("xl/worksheets/sheet1.xml").decode()
        names = archive.read("xl/workbook.xml").decode()
    for text in ("SEPT2", "MARCH1", "=1+1", "1E5", "pearson.r", "provenance"):
        assert text in texts + names
    assert "<f>" not in first
    assert first.count('t="s"') == 6  # two headings, four symbols
    assert "<v>0.5</v>" in first


def test_a_text_that_no_cell_holds_is_cut_and_says_so() -> None:
    content = workbook("rows", pl.DataFrame({"x": ["y" * 40_000, "z\x1b"]}), {})
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        texts = archive.read("xl/sharedStrings.xml").decode()
    assert "yy … cut, of 40,000 letters</t>" in texts
    assert texts.count("y") < 32_767
    assert "\x1b" not in texts


def test_a_sheet_that_is_too_small_is_refused() -> None:
    with pytest.raises(UsageError, match="a sheet of Excel holds"):
        workbook("rows", pl.DataFrame({"x": pl.zeros(1_048_576, eager=True)}), {})
