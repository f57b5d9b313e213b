"""Gene symbols: what a name means, and how names are found among a table's rows."""

from __future__ import annotations

import csv
import gzip
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tcga_corr.vocabulary.matching import match_symbols
from tcga_corr.vocabulary.symbols import (
    PREFERRED,
    AmbiguousSymbolError,
    Gene,
    SymbolTable,
    UnknownSymbolError,
    symbol_table,
)

SMALL = SymbolTable(
    "".join(
        gene.line
        for gene in (
            Gene("ONE", True, ("ENSG1", "ENSG2"), ("OLD1", "SHARED", "TWO")),
            Gene("TWO", False, ("ENSG2", "ENSG3"), ("OLD2", "SHARED")),
            Gene("NFE2L2", True, (), ("NRF2",)),
            Gene("GABPA", True, (), ("NRF2", "E4TF1A")),
            Gene("RELA", True, (), ("p65",)),
            Gene("C1orf1", True, (), ("oldCase",)),
        )
    )
)


def test_a_line_is_its_gene() -> None:
    for gene in SMALL:
        assert Gene.of_line(gene.line) == gene


def test_names_found_in_the_text_are_those_of_the_dictionaries() -> None:
    """A few names are looked up without reading all genes."""
    text = "".join(gene.line for gene in symbol_table())
    whole = SymbolTable(text)
    genes = list(whole)  # read
    rng = random.Random(1)
    aliases = [alias for gene in genes for alias in gene.aliases]
    symbols = [gene.symbol for gene in genes]
    names = [
        *rng.sample(symbols, 20), *rng.sample(aliases, 20), genes[0].symbol, genes[-1].symbol,
        "NRF2", "p65", "MLL2", "REL", "A", "ENSG00000141510", "1", "|", "", "\n",
        "RELA\t1", "\nRELA", aliases[0][:-1], "tp53",
    ]  # fmt: skip
    for start in range(0, len(names), 10):
        fresh = SymbolTable(text)
        for name in names[start : start + 10]:
            assert fresh.candidates(name) == whole.candidates(name), name
            assert (name in fresh) == (name in whole)
        assert "_by_symbol" not in vars(fresh)


def test_many_names_are_looked_up_in_dictionaries() -> None:
    fresh = SymbolTable("".join(gene.line for gene in symbol_table()))
    names = [gene.symbol for gene in symbol_table()][::1_000]
    assert [fresh.candidates(name)[0].symbol for name in names] == names
    assert "_by_symbol" in vars(fresh)


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("ONE", "ONE"),
        ("OLD1", "ONE"),
        ("TWO", "TWO"),  # also an alias of ONE
        ("NRF2", "NFE2L2"),  # also an alias of GABPA
        ("one", "ONE"),
        ("old2", "TWO"),
        ("nrf2", "NFE2L2"),
        ("C1ORF1", "C1orf1"),
        ("OLDCASE", "C1orf1"),
    ],
)
def test_what_a_name_means(name: str, symbol: str) -> None:
    assert SMALL.resolve(name).symbol == symbol


@pytest.mark.parametrize("name", ["SHARED", "shared"])
def test_a_shared_alias_is_refused_with_the_candidates(name: str) -> None:
    with pytest.raises(AmbiguousSymbolError, match="several genes: ONE, TWO"):
        SMALL.resolve(name)


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("RELA", "RELA"),
        ("p65", "RELA"),
        ("NRF2", "NFE2L2"),
        ("MARCH1", "MARCHF1"),
        ("SEPT9", "SEPTIN9"),
        ("p53", "TP53"),
        ("rela", "RELA"),
    ],
)
def test_what_names_of_the_field_mean(name: str, symbol: str) -> None:
    assert symbol_table().resolve(name).symbol == symbol


def test_shipped_ambiguous_aliases_are_refused() -> None:
    with pytest.raises(AmbiguousSymbolError) as refused:
        symbol_table().resolve("P65")  # unlike p65, of two other genes
    assert "GORASP1" in str(refused.value)
    assert "SYT1" in str(refused.value)


@pytest.mark.parametrize(("name", "near"), [("GAPDHH", "GAPDH"), ("NFE2L22", "NFE2L2")])
def test_an_unknown_name_suggests_near_ones(name: str, near: str) -> None:
    with pytest.raises(UnknownSymbolError, match=f"unknown gene '{name}'") as refused:
        symbol_table().resolve(name)
    assert near in refused.value.remedy


@pytest.mark.parametrize("name", ["", "~~~~~~~~~~~~"])
def test_an_unknown_name_without_near_ones_has_a_remedy_too(name: str) -> None:
    with pytest.raises(UnknownSymbolError) as refused:
        symbol_table().resolve(name)
    assert "HGNC symbol" in refused.value.remedy


def test_own_names_mean_one_gene_only() -> None:
    assert SMALL.own_names(SMALL.resolve("ONE")) == ("ONE", "OLD1")
    assert SMALL.own_names(SMALL.resolve("NFE2L2")) == ("NFE2L2", "NRF2")
    assert SMALL.own_names(SMALL.resolve("GABPA")) == ("GABPA", "E4TF1A")


def test_no_name_is_the_own_name_of_two_shipped_genes() -> None:
    table = symbol_table()
    owners: dict[str, str] = {}
    for gene in table:
        for name in table.own_names(gene):
            assert owners.setdefault(name, gene.symbol) == gene.symbol
    assert {alias: owners[alias] for alias in PREFERRED} == PREFERRED


def test_an_ensembl_id_is_coding_if_any_of_its_genes_is() -> None:
    coding = SMALL.protein_coding_by_ensembl_id()
    assert coding == {"ENSG1": True, "ENSG2": True, "ENSG3": False}


def test_new_names_in_an_old_table() -> None:
    match = match_symbols(["MARCHF1", "SEPTIN9", "TP53"], {"MARCH1", "SEPT9", "TP53"})
    assert match.found == {"TP53": "TP53", "MARCHF1": "MARCH1", "SEPTIN9": "SEPT9"}
    assert match.renamed == {"MARCHF1": "MARCH1", "SEPTIN9": "SEPT9"}
    assert not match.missing


def test_old_names_in_a_new_table() -> None:
    match = match_symbols(["MARCH1", "p65", "NRF2"], {"MARCHF1", "RELA", "NFE2L2", "GABPA"})
    assert match.found == {"MARCH1": "MARCHF1", "p65": "RELA", "NRF2": "NFE2L2"}
    assert not match.missing


def test_one_alias_through_another() -> None:
    assert match_symbols(["RNF171"], {"MARCH1"}).found == {"RNF171": "MARCH1"}


def test_the_current_symbol_wins_among_a_genes_rows() -> None:
    rows = {"MARCH1", "MARCHF1"}
    assert match_symbols(["RNF171"], rows).found == {"RNF171": "MARCHF1"}
    assert match_symbols(["MARCH1"], rows).found == {"MARCH1": "MARCH1"}


def test_several_old_rows_of_one_gene_are_ambiguous() -> None:
    match = match_symbols(["MARCHF1"], {"MARCH1", "RNF171"})
    assert (match.found, match.missing, match.ambiguous) == (
        {},
        ["MARCHF1"],
        {"MARCHF1": ("MARCH1", "RNF171")},
    )


@pytest.mark.parametrize("rows", [{"GORASP1", "SYT1"}, {"GORASP1"}, {"SYT1"}, {"TP53"}])
def test_an_alias_of_several_genes_is_ambiguous(rows: set[str]) -> None:
    match = match_symbols(["P65", "nonsense"], rows)
    assert (match.found, match.missing) == ({}, ["P65", "nonsense"])
    assert list(match.ambiguous) == ["P65"]


def test_a_row_named_by_a_shared_alias_is_reported_but_not_used() -> None:
    """MLL2 is an alias of KMT2D and of KMT2B: a table of 2015 means one, but does not say which."""
    match = match_symbols(["KMT2D"], {"MLL2", "RELA"})
    assert (match.found, match.missing) == ({}, ["KMT2D"])
    assert match.ambiguous == {"KMT2D": ("MLL2",)}


@pytest.mark.parametrize("name", ["P50", "P65", "p50"])
def test_an_alias_is_not_taken_for_another_by_its_case(name: str) -> None:
    with pytest.raises(AmbiguousSymbolError):
        symbol_table().resolve(name)


def test_a_name_of_another_gene_is_not_taken() -> None:
    """NRF2 is read as NFE2L2, so a row of that name is not GABPA's."""
    match = match_symbols(["GABPA", "NFE2L2"], {"NRF2"})
    assert match.found == {"NFE2L2": "NRF2"}
    assert match.missing == ["GABPA"]


def test_names_are_matched_in_their_own_case() -> None:
    assert match_symbols(["rela"], {"RELA"}).missing == ["rela"]


@pytest.mark.parametrize("names", [["MARCH1", "MARCHF1"], ["MARCHF1", "MARCH1"]])
def test_two_names_of_one_row_count_once(names: list[str]) -> None:
    match = match_symbols(names, {"MARCHF1"})
    assert match.found == {"MARCHF1": "MARCHF1"}
    assert not match.missing


def test_of_two_aliases_the_first_keeps_the_row() -> None:
    assert match_symbols(["RNF171", "MARCH1"], {"MARCHF1"}).found == {"RNF171": "MARCHF1"}


names_of_the_field = st.sampled_from(
    ["MARCH1", "MARCHF1", "RNF171", "NRF2", "NFE2L2", "GABPA", "p65", "RELA", "NFKB3", "P65", "?"]
)


@settings(deadline=None)
@given(st.lists(names_of_the_field, unique=True), st.sets(names_of_the_field))
def test_each_row_is_found_once_and_each_name_has_its_place(
    names: list[str], rows: set[str]
) -> None:
    match = match_symbols(names, rows)
    assert len(set(match.found.values())) == len(match.found)
    assert set(match.found.values()) <= rows
    assert set(names) & rows <= set(match.found)
    assert not set(match.missing) & set(match.found)
    assert set(match.ambiguous) <= set(match.missing)


def test_a_current_symbol_is_in_the_table_and_nothing_else() -> None:
    table = symbol_table()
    assert "RELA" in table
    assert "CPE" in table
    for name in ("rela", "p65", "MARCH1", "S1", "", None):
        assert name not in table


def test_size_of_the_shipped_table() -> None:
    table = symbol_table()
    assert len(list(table)) == 61_798
    assert len({gene.symbol for gene in table}) == 61_798
    assert 19_000 < sum(gene.protein_coding for gene in table) < 21_500


@pytest.mark.shared
def test_shipped_table_equals_its_source(shared: Path) -> None:
    def parts(text: str) -> tuple[str, ...]:
        return tuple(part for part in text.split("|") if part)

    source = shared / "symbols" / "ncbi_gene_human.tsv.gz"
    with gzip.open(source, "rt", encoding="utf-8", newline="") as handle:
        expected = {
            Gene(
                row["symbol"],
                row["gene_type"] == "protein-coding",
                parts(row["ensembl_id"]),
                parts(row["aliases"]),
                row["entrez"],
            )
            for row in csv.DictReader(handle, delimiter="\t")
        }
    assert set(symbol_table()) == expected


def test_the_symbol_of_an_ensembl_id() -> None:
    # of ONE and TWO, which share ENSG2, only ONE is protein-coding
    assert SMALL.symbol_by_ensembl_id() == {"ENSG1": "ONE", "ENSG2": "ONE", "ENSG3": "TWO"}
    shipped = symbol_table().symbol_by_ensembl_id()
    assert shipped["ENSG00000173039"] == "RELA"
    assert shipped["ENSG00000143384"] == "MCL1"  # also of ADAMTSL4-AS1
    assert shipped["ENSG00000164053"] == "ATRIP"  # also of ATRIP-TREX1
    known = symbol_table().protein_coding_by_ensembl_id()
    assert shipped.keys() == known.keys()
