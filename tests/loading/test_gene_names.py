"""Names of genes that other programs have changed: restored, or reported."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tcga_corr.expression import ExpressionTable
from tcga_corr.loading.gene_names import with_current_names
from tcga_corr.vocabulary.symbols import symbol_table

CODING = [gene for gene in symbol_table() if gene.protein_coding and gene.entrez_id]


def table(names: list[str], ids: list[str] | None = None) -> ExpressionTable:
    return ExpressionTable(
        np.array(names, np.str_),
        np.array(ids or [""] * len(names), np.str_),
        ("S1", "S2"),
        np.zeros((len(names), 2), np.float32),
    )


def renamed(*names: str) -> tuple[list[str], str]:
    found, notes = with_current_names(table(["RELA", "TP53", *names]))
    return found.genes.tolist()[2:], "; ".join(notes)


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("HLA.DRB1", "HLA-DRB1"),
        ("X7SK", "RN7SK"),
        ("C1ORF112", "C1orf112"),
        ("A1BG.1", "A1BG"),
        ("RELA ", "RELA"),
        ("2-Sep", "SEPTIN2"),
        ("Sep-02", "SEPTIN2"),
        ("2-set", "SEPTIN2"),
        ("9月2日", "SEPTIN2"),
        ("2022-09-04 00:00:00", "SEPTIN4"),
        ("9/4/2020", "SEPTIN4"),
        ("4.3.21", "MARCHF4"),
        ("5. März", "MARCHF5"),
        ("6-mars", "MARCHF6"),
        ("7 de marzo", "MARCHF7"),
    ],
)
def test_a_changed_name_of_one_gene_is_restored_and_noted(name: str, symbol: str) -> None:
    found, note = renamed(name)
    assert found == [symbol]
    assert f"({name} as {symbol})" in note


@pytest.mark.parametrize("name", ["NKX2.1", "MT-CO1", "MLL2", "C18orf32", "nonsense", "AC1.1"])
def test_a_name_that_is_known_or_unknown_stays(name: str) -> None:
    assert renamed(name) == ([name], "")


@pytest.mark.parametrize("name", ["1-Mar", "2-mars", "2023-03-01", "1. Mrz", "1-déc", "9/3/2020"])
def test_a_date_of_several_genes_stays_and_is_noted(name: str) -> None:
    found, note = renamed(name)
    assert found == [name]
    assert f"1 name of genes is a date, as spreadsheets make of symbols ({name})" in note
    assert "none restored" in note


def test_a_date_is_not_restored_beside_another_row_that_may_be_its_gene() -> None:
    assert renamed("2-Sep", "2-Sep")[0] == ["2-Sep", "2-Sep"]
    assert renamed("2-Sep", "Sep-02")[0] == ["2-Sep", "Sep-02"]
    assert renamed("2-Sep", "SEPTIN2")[0] == ["2-Sep", "SEPTIN2"]
    assert renamed("2-Sep", "SEPT2")[0] == ["2-Sep", "SEPT2"]
    serial = table(["RELA", "TP53", "2-Sep", ""], ["", "", "", "44806"])
    assert with_current_names(serial)[0].genes.tolist()[2:] == ["2-Sep", ""]


def test_serial_numbers_are_counted_and_not_restored() -> None:
    names = table(["RELA", "TP53", "MYC", "", ""], ["", "", "", "44621", "44806"])
    found, (note,) = with_current_names(names)
    assert found is names
    assert "2 names of genes are dates" in note
    assert "(44621, 44806), none restored" in note


def test_no_gene_is_a_date() -> None:
    names = [name for gene in symbol_table() for name in (gene.symbol, *gene.aliases)]
    assert all("dates" not in note for note in with_current_names(table(names))[1])


def test_entrez_ids_get_symbols() -> None:
    genes = CODING[::40]
    found, (note,) = with_current_names(
        table([""] * len(genes), [gene.entrez_id for gene in genes])
    )
    assert found.genes.tolist() == [gene.symbol for gene in genes]
    assert f"by Entrez id, of {len(genes)} of {len(genes)} rows" in note


def test_numbers_of_rows_are_no_entrez_ids() -> None:
    numbers = [str(number) for number in range(1, 900)]
    assert not any(with_current_names(table([""] * 899, numbers))[0].genes.tolist())
    assert not any(with_current_names(table([""] * 450, numbers[::2]))[0].genes.tolist())


def test_mouse_genes_are_named_as_such_and_stay() -> None:
    names = [gene.symbol.capitalize() for gene in CODING[:500:5] if gene.symbol.isalpha()]
    found, (note,) = with_current_names(table(names))
    assert found.genes.tolist() == names
    assert "named as those of mouse" in note


@pytest.mark.parametrize(
    "change", [str.lower, lambda name: f"{name}_x", lambda name: f"ILMN_{len(name)}"]
)
def test_names_that_no_gene_has_are_noted(change: Callable[[str], str]) -> None:
    names = [change(gene.symbol) for gene in CODING[:1000:10]]
    found, (note,) = with_current_names(table(names))
    assert found.genes.tolist() == names
    assert "so gene sets do not find them" in note
