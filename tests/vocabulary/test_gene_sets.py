"""GMT files, and the gene sets that ship with the tool."""

from __future__ import annotations

import gzip
import hashlib
import re
import runpy
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest

from tcga_corr.errors import DataMissingError, TableError, UsageError, near_names
from tcga_corr.vocabulary.gene_sets.catalogue import (
    COLLECTIONS,
    find_set,
    reference_digest,
    reference_sets,
    shipped_sets,
)
from tcga_corr.vocabulary.gene_sets.gmt import GeneSet, read_gmt, read_set_file

ROOT = Path(__file__).parents[2]

SIZES = {
    "ferroptosis": 40,
    "proliferation": 200,
    "nfkb": 200,
    "nfkb-wp-survival": 35,
    "nfkb-pid-canonical": 23,
    "nfkb-pid-atypical": 17,
    "nfkb-go-ikk": 62,
    "nfkb-go-nik": 74,
    "nfkb-reactome-tak1": 28,
    "nfkb-reactome-tnfr1": 26,
    "nfkb-reactome-noncanonical": 17,
    "nfkb-go-activation": 155,
    "nfkb-go-ikk-activation": 171,
    "apoptosis": 161,
    "autophagy": 132,
    "necroptosis": 16,
    "pyroptosis": 19,
}


@pytest.fixture
def gmt(tmp_path: Path) -> Path:
    return tmp_path / "mine.gmt"


def read(path: Path, content: str | bytes) -> dict[str, GeneSet]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_gmt(path)


def test_names_descriptions_and_genes_in_file_order(gmt: Path) -> None:
    sets = read(gmt, "B\tsecond letter\tG2\tG1\nA\t\tG3\n")
    assert list(sets.values()) == [
        GeneSet("B", "second letter", ("G2", "G1"), "mine.gmt"),
        GeneSet("A", "", ("G3",), "mine.gmt"),
    ]


def test_a_repeated_line_is_passed_over(gmt: Path) -> None:
    assert len(read(gmt, "A\tx\tG1\tG2\nB\tx\tG1\nA\ty\tG1\tG2\n")) == 2


def test_only_tabs_separate(gmt: Path) -> None:
    sets = read(gmt, "cell death (GO:1)\ta long note\tHLA-A\tGENE 2\n")
    assert sets["cell death (GO:1)"].genes == ("HLA-A", "GENE 2")
    assert sets["cell death (GO:1)"].description == "a long note"


@pytest.mark.parametrize("odd", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
def test_only_line_ends_end_a_line(gmt: Path, odd: str) -> None:
    sets = read(gmt, f"A\tone{odd}two\tG1\tG2\n")
    assert sets["A"].genes == ("G1", "G2")


def test_empty_fields_and_repeated_genes_are_passed_over(gmt: Path) -> None:
    assert read(gmt, "A\tx\tG2\t\tG1\tG2\t \tG3 \t\t\n")["A"].genes == ("G2", "G1", "G3")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("last", [True, False])
def test_byte_order_mark_and_line_ends(gmt: Path, end: str, mark: str, last: bool) -> None:
    text = f"{mark}A\tx\tG1\tG2{end}{end}  {end}B\ty\tG3{end if last else ''}"
    sets = read(gmt, text)
    assert {name: gene_set.genes for name, gene_set in sets.items()} == {
        "A": ("G1", "G2"),
        "B": ("G3",),
    }


@pytest.mark.parametrize(
    ("line", "fault", "kept"),
    [
        ("B\n", "line 3: a gene set without genes", "AC"),
        ("B\tRELA\n", "line 3: 'RELA' may be a description or a gene", "AC"),
        ("B\tx\t\t \n", "line 3: a gene set without genes", "AC"),
        ("B x G1 G2\n", "line 3: a gene set without genes", "AC"),
        ("\tx\tG1\n", "line 3: a gene set without a name", "AC"),
        ("A\tx\tG9\n", "line 3: gene set 'A' is already on line 1, of other genes", "C"),
    ],
)
def test_a_bad_line_blocks_itself_alone_and_is_named(
    gmt: Path, line: str, fault: str, kept: str
) -> None:
    sets = read(gmt, f"A\tx\tG1\n\n{line}C\tx\tG1\n")
    assert list(sets) == list(kept)
    (note,) = next(iter(sets.values())).notes
    assert note.startswith(f"mine.gmt: left out {fault}")
    file = read_set_file(gmt)
    for name in file.faults.keys() & {"A", "B"}:
        with pytest.raises(TableError, match=re.escape(fault)):
            file.one(name)


def test_a_file_without_a_sound_line_is_refused(gmt: Path) -> None:
    with pytest.raises(TableError, match=r"mine\.gmt, line 1: a gene set without genes"):
        read(gmt, "A\tx\n")


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(gmt: Path, content: bytes) -> None:
    with pytest.raises(TableError, match="no gene sets in it"):
        read(gmt, content)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(gzip.compress(b"A\tx\tG1\n", mtime=0)[:-9], id="gzip cut short"),
        pytest.param(b"A\tcaf\xe9\tG1\n", id="latin-1"),
    ],
)
def test_what_is_not_text_is_refused(gmt: Path, content: bytes) -> None:
    with pytest.raises(TableError, match="cannot be read as text"):
        read(gmt, content)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="not a file"):
        read_gmt(tmp_path)


def test_a_missing_file_is_refused(gmt: Path) -> None:
    with pytest.raises(DataMissingError, match="no gene set file"):
        read_gmt(gmt)


def test_shipped_sets_and_their_sizes() -> None:
    sets = shipped_sets()
    assert {name: len(sets[name].genes) for name in SIZES} == SIZES
    assert len([name for name in sets if name.startswith("HALLMARK_")]) == 50
    assert len(sets) == len(SIZES) + 50
    for name, gene_set in sets.items():
        assert gene_set.name == name
        assert len(set(gene_set.genes)) == len(gene_set.genes) >= 5


def test_nfkb_is_the_hallmark() -> None:
    sets = shipped_sets()
    assert set(sets["nfkb"].genes) == set(sets["HALLMARK_TNFA_SIGNALING_VIA_NFKB"].genes)
    assert set(sets["apoptosis"].genes) == set(sets["HALLMARK_APOPTOSIS"].genes)


def test_every_shipped_set_has_an_open_collection() -> None:
    for gene_set in shipped_sets().values():
        collection = COLLECTIONS[gene_set.collection]
        assert collection.licence in {"CC BY 4.0", "CC0 1.0"}
        assert collection.url.startswith("https://")
        assert "doi:" in collection.citation
        assert collection.version in collection.name
    assert {gene_set.collection for gene_set in shipped_sets().values()} == set(COLLECTIONS)
    assert all(name == collection.name for name, collection in COLLECTIONS.items())


def test_reference_sets_are_many_of_every_size() -> None:
    sizes = [len(gene_set.genes) for gene_set in reference_sets().values()]
    assert len(sizes) == 2195
    assert min(sizes) >= 15
    assert max(sizes) <= 500
    for low, high, least in ((15, 30, 800), (30, 60, 600), (60, 120, 300), (120, 300, 150)):
        assert sum(low <= size < high for size in sizes) >= least


def test_every_reference_set_has_an_open_collection_and_its_prefix() -> None:
    prefixes = {
        "ReactomePathways_2021-22.gmt": "REACTOME_",
        "c2.cp.wikipathways.v7.2.symbols.gmt": "WP_",
        "enrichr.GO_BP_2021.gmt": "GO_",
    }
    for name, gene_set in reference_sets().items():
        collection = COLLECTIONS[gene_set.collection]
        assert collection.licence in {"CC BY 4.0", "CC0 1.0"}
        assert gene_set.description.startswith(f"{collection.name}: ")
        assert gene_set.name == name
        assert re.fullmatch(prefixes[collection.name] + "[A-Z0-9]+(_[A-Z0-9]+)*", name)
        assert list(gene_set.genes) == sorted(set(gene_set.genes))
    assert {gene_set.collection for gene_set in reference_sets().values()} == set(prefixes)


def test_reference_sets_stand_apart_from_the_shipped_ones() -> None:
    folded = {name.casefold() for name in reference_sets()}
    assert len(folded) == len(reference_sets())
    assert folded.isdisjoint(name.casefold() for name in shipped_sets())


def test_no_two_reference_sets_are_alike() -> None:
    sets = [set(gene_set.genes) for gene_set in reference_sets().values()]
    sets_with: dict[str, list[int]] = {}
    for index, genes in enumerate(sets):
        for gene in genes:
            sets_with.setdefault(gene, []).append(index)
    n_shared: Counter[tuple[int, int]] = Counter()
    for indices in sets_with.values():
        n_shared.update(combinations(indices, 2))
    for (a, b), n in n_shared.items():
        assert n / (len(sets[a]) + len(sets[b]) - n) < 0.3


def test_the_digest_of_the_reference_sets_is_that_of_their_file() -> None:
    file = ROOT / "tcga_corr" / "vocabulary" / "data" / "reference.gmt"
    assert reference_digest() == hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", ["ferroptosis", "FERROPTOSIS", "hallmark_hypoxia"])
def test_a_set_is_found_in_any_case(name: str) -> None:
    assert find_set(name).name.casefold() == name.casefold()


def test_an_unknown_set_is_answered_by_near_names() -> None:
    with pytest.raises(UsageError, match="unknown gene set 'feroptosis'") as refused:
        find_set("feroptosis")
    assert "ferroptosis" in refused.value.remedy
    assert "HALLMARK_HYPOXIA" in near_names("hallmark_hypoxi", shipped_sets())
    with pytest.raises(UsageError, match="lists them"):
        find_set("~~~~~~~~~")


@pytest.mark.shared
def test_shipped_lists_equal_the_source_lines(shared: Path) -> None:
    """Read here without read_gmt, which must not vouch for itself."""
    lines: dict[tuple[str, str], set[str]] = {}
    for name in COLLECTIONS:
        for line in (shared / "gene_sets" / name).read_text(encoding="utf-8").split("\n"):
            set_name, *rest = line.split("\t")
            lines[name, set_name.strip()] = {gene.strip() for gene in rest[1:]} - {""}
    for gene_set in (*shipped_sets().values(), *reference_sets().values()):
        collection, _, source_name = gene_set.description.partition(": ")
        assert set(gene_set.genes) == lines[collection, source_name]


@pytest.mark.slow
@pytest.mark.shared
def test_shipped_files_are_rebuilt_to_the_byte(shared: Path, tmp_path: Path) -> None:
    tool = ROOT / "tools" / "build_gene_sets.py"
    if not tool.exists():
        pytest.skip("tools are not part of a source distribution")
    runpy.run_path(str(tool))["main"](shared / "gene_sets", tmp_path)
    data = ROOT / "tcga_corr" / "vocabulary" / "data"
    built = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert built == {path.name: path.read_bytes() for path in data.glob("*.gmt")}
