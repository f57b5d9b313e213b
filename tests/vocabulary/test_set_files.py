"""Files of gene sets as people keep them: any layout, any marks, the same genes or a refusal."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tcga_corr.errors import TableError, UsageError
from tcga_corr.vocabulary.gene_sets.gmt import SetFile, read_set_file
from tcga_corr.vocabulary.gene_sets.paths import file_and_set, names_file, split_at_commas
from tcga_corr.vocabulary.symbols import symbol_table

GENES = ("RELA", "NFE2L2", "TP53", "MYC", "EGFR", "TNF", "NFKB1")


def read(path: Path, content: str | bytes) -> SetFile:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_set_file(path)


def row(*fields: str, between: str = "\t") -> str:
    return between.join(fields) + "\n"


LAYOUTS = {
    "described.gmt": row("S", "na", *GENES),
    "url.gmt": row("S", "http://x.org/S", *GENES),
    "blank description.gmt": row("S", "", *GENES),
    "no description.gmt": row("S", *GENES),
    "quoted.gmt": row(*(f'"{field}"' for field in ("S", "from R", *GENES))),
    "weights.gmt": row("S", "", *(f"{gene},1.0" for gene in GENES)),
    "one field.gmt": row("S", "mine it is", ", ".join(GENES)),
    "semicolons.gmt": row("S", "mine it is", ";".join(GENES)),
    "invisible.gmt": row("S\u200b", "na", *(f"\u00a0{gene}\u200b" for gene in GENES)),
    "comments.gmt": "# made by hand\n" + row("S", "na", *GENES),
    "renamed.gmt.txt": row("S", "na", *GENES),
    "columns.gmx": "\n".join(("S", "na", *GENES)),
    "S.grp": "# a comment\n" + "\n".join(GENES),
    "of MSigDB.grp": "S\n> about it\n" + "\n".join(GENES),
    "S.txt": "\n".join(GENES),
    "S.csv": ",".join(GENES) + "\n",
    "titled/S.txt": "gene_symbol\n" + "\n".join(GENES),
    "pairs.tsv": "".join(row("S", gene) for gene in GENES),
    "titled pairs.csv": "gs_name,gene_symbol\n" + "".join(f"S,{gene}\n" for gene in GENES),
    "genes first.txt": "".join(row(gene, "S") for gene in GENES),
    "lines.txt": row("S", "na", *GENES),
    "columns.csv": "S,OTHER\n" + "".join(f"{gene},GPX4\n" for gene in GENES),
    "with commas.gmt": row("S", "na", *GENES, between=","),
    "in the second field.gmt": row("S", ",".join(GENES)),
    "columns without descriptions.gmx": "S\tOTHER\n" + "".join(row(gene, "GPX4") for gene in GENES),
    "of R/S.csv": '"","x"\n' + "".join(f'"{n}","{gene}"\n' for n, gene in enumerate(GENES)),
    "one line of tabs/S.txt": row(*GENES),
    "msigdb.json": json.dumps({"S": {"geneSymbols": GENES, "pmid": ""}}),
    "lists.json": json.dumps({"S": GENES}),
    "S.json": json.dumps(GENES),
}


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("packed", [False, True])
def test_every_layout_has_the_same_genes(tmp_path: Path, name: str, packed: bool) -> None:
    path = tmp_path / (f"{name}.gz" if packed else name)
    path.parent.mkdir(exist_ok=True)
    content = LAYOUTS[name].encode()
    assert names_file(str(path))
    assert read(path, gzip.compress(content) if packed else content).one("S").genes == GENES


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_texts_of_spreadsheets(tmp_path: Path, encoding: str, end: str) -> None:
    text = row("S", "na", *GENES) + row("T", "na", "GPX4")
    sets = read(tmp_path / "x.gmt", text.replace("\n", end).encode(encoding)).sets
    assert {name: one.genes for name, one in sets.items()} == {"S": GENES, "T": ("GPX4",)}


def test_genes_where_descriptions_are_are_counted_and_named(tmp_path: Path) -> None:
    file = read(tmp_path / "x.gmt", row("S", *GENES) + row("T", "GPX4", "ACSL4"))
    assert [one.genes for one in file.sets.values()] == [GENES, ("GPX4", "ACSL4")]
    assert "RELA is counted as a gene" in file.one("S").notes[0]


def test_one_description_that_is_a_gene_is_noted_and_not_counted(tmp_path: Path) -> None:
    lines = [row(f"S{n}", "about it", *GENES) for n in range(19)] + [row("CATS", "CAT", *GENES)]
    file = read(tmp_path / "x.gmt", "".join(lines))
    assert all(one.genes == GENES for one in file.sets.values())
    assert "CAT, which is a gene" in file.one("CATS").notes[0]
    assert not any(one.notes for name, one in file.sets.items() if name != "CATS")


def test_a_mixed_file_refuses_the_doubtful_lines(tmp_path: Path) -> None:
    file = read(tmp_path / "x.gmt", row("S", "na", *GENES) + row("T", *GENES))
    assert file.one("S").genes == GENES
    with pytest.raises(TableError, match="line 2: 'RELA' may be a description or a gene"):
        file.one("T")


def test_a_description_that_repeats_a_name_or_a_member_is_one(tmp_path: Path) -> None:
    file = read(tmp_path / "x.gmt", row("MYC", "MYC", "TP53") + row("S", "RELA", *GENES))
    assert [one.genes for one in file.sets.values()] == [("TP53",), GENES]
    assert not any(one.notes for one in file.sets.values())


def test_a_gene_that_the_symbols_lack_is_counted_beside_others_and_noted_alone(
    tmp_path: Path,
) -> None:
    lone = read(tmp_path / "x.gmt", row("S", "LINC99999", *GENES))
    assert lone.only().genes == GENES
    assert lone.only().notes == ("S: LINC99999 is taken as its description, not as a gene",)
    beside = read(tmp_path / "x.gmt", row("S", "LINC99999", *GENES) + row("T", *GENES))
    assert beside.one("S").genes == ("LINC99999", *GENES)
    ids = read(tmp_path / "x.gmt", row("S", "R-HSA-12345", *GENES) + row("T", "M5890", *GENES))
    assert not any(one.notes for one in ids.sets.values())


@pytest.mark.parametrize(
    ("first", "others"),
    [("Rela", ("Nfe2l2", "Trp53", "Myc")), ("5970", ("4780", "7157")), ("HLA.A", ("HLA.B",))],
)
def test_first_genes_of_other_names_are_counted(
    tmp_path: Path, first: str, others: tuple[str, ...]
) -> None:
    assert read(tmp_path / "x.gmt", row("S", first, *others)).only().genes == (first, *others)


def test_weights_that_differ_are_noted(tmp_path: Path) -> None:
    file = read(tmp_path / "x.gmt", row("S", "na", "RELA,1.0", "TP53,-0.5"))
    assert file.only().genes == ("RELA", "TP53")
    assert file.only().notes == ("S: the weights of its genes are not used",)


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("x.txt", row("gene", "logFC") + row("RELA", "1.2") + row("TP53", "-3"), "with numbers"),
        ("x.txt", row("RELA", "TP53") + row("MYC", "EGFR") + row("TNF", "GPX4"), "unclear"),
        ("x.csv", "gene,cluster\nRELA,a\nTP53,a\nMYC,b\n", "'cluster' may name the sets"),
        ("x.csv", "gene,about,fc\nRELA,p65,1\nTP53,p53,2\n", "with numbers"),
        ("x.json", '{"S": 1}', "no list of genes"),
        ("x.json", "{", "no JSON"),
        ("x.gmt", "", "no gene sets"),
    ],
)
def test_what_is_no_file_of_sets_is_refused(
    tmp_path: Path, name: str, content: str, fault: str
) -> None:
    with pytest.raises(TableError, match=fault):
        read(tmp_path / name, content)


def test_a_file_of_one_set_needs_no_name(tmp_path: Path) -> None:
    path = tmp_path / "x.gmt"
    assert read(path, row("S", "na", *GENES)).only().name == "S"
    with pytest.raises(UsageError, match=r"holds 2 gene sets \(S, T\)") as refused:
        read(path, row("S", "na", *GENES) + row("T", "na", "GPX4")).only()
    assert f"{path}:S" in refused.value.remedy


def test_commas_in_names_of_sets(tmp_path: Path) -> None:
    path = tmp_path / "x.gmt"
    read(path, row("Cell Cycle, Mitotic", "na", *GENES) + row("plain", "na", *GENES))
    whole = f"{path}:Cell Cycle, Mitotic"
    assert file_and_set(whole) == (str(path), "Cell Cycle, Mitotic")
    assert split_at_commas(whole) == [whole]
    assert split_at_commas(f"GPX4, {whole},{path}:plain,TP53") == [
        "GPX4", whole, f"{path}:plain", "TP53",
    ]  # fmt: skip
    assert split_at_commas(f"{path}:none,GPX4") == [f"{path}:none", "GPX4"]


CODING = sorted(gene.symbol for gene in symbol_table() if gene.protein_coding)
NAMES = st.text("ABCDEFGHIJ klmno-,()_:é", min_size=6, max_size=20).map(lambda text: f"SET {text}.")
MEMBERS = st.lists(st.sampled_from(CODING), min_size=2, max_size=9, unique=True)
SETS = st.dictionaries(NAMES, MEMBERS, min_size=1, max_size=4)
ABOUT = st.sampled_from(["na", "-", "", "http://x.org/1", "genes of a kind", "> black", "NA"])


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(sets=SETS, data=st.data())
def test_any_layout_reads_to_the_same_genes_or_is_refused(
    tmp_path: Path, sets: dict[str, list[str]], data: st.DataObject
) -> None:
    wanted = {name.strip(): tuple(genes) for name, genes in sets.items()}
    kind = data.draw(st.sampled_from(["lines", "bare lines", "mixed", "columns", "pairs", "json"]))
    quoted = data.draw(st.booleans())
    end = data.draw(st.sampled_from(["\n", "\r\n"]))

    def line(*fields: str) -> str:
        return "\t".join(f'"{field}"' if quoted else field for field in fields) + end

    if kind in ("lines", "bare lines", "mixed"):
        path = tmp_path / data.draw(st.sampled_from(["x.gmt", "x.txt"]))
        text = ""
        for name, genes in sets.items():
            bare = kind == "bare lines" or (kind == "mixed" and data.draw(st.booleans()))
            text += line(name, *([] if bare else [data.draw(ABOUT)]), *genes)
    elif kind == "columns":
        path = tmp_path / "x.gmx"
        depth = max(map(len, sets.values()))
        rows = [list(sets), ["na"] * len(sets)]
        rows += [
            [genes[n] if n < len(genes) else "" for genes in sets.values()] for n in range(depth)
        ]
        text = "".join(line(*fields) for fields in rows)
    elif kind == "pairs":
        path = tmp_path / "x.tsv"
        text = "".join(line(name, gene) for name, genes in sets.items() for gene in genes)
    else:
        path = tmp_path / "x.json"
        text = json.dumps(sets)
    try:
        file = read(path, text)
    except TableError:
        return
    for name, one in file.sets.items():
        assert one.genes == wanted[name]
    assert file.sets.keys() | file.faults.keys() == wanted.keys()
    if kind != "mixed":
        assert not file.faults
