"""The spec of a batch: what it says with defaults, and every way in which it can be wrong."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tcga_corr.analysis.naming.names import NameResolver, NoCovariates
from tcga_corr.analysis.samples.scope import Scope
from tcga_corr.batch.spec import Analysis, Claim, Spec, SpecError, filled_in, read_spec
from tcga_corr.errors import UsageError
from tcga_corr.store.covariate_lookup import Covariate
from tcga_corr.vocabulary.gene_sets.catalogue import DEATH_PROGRAMMES

GO = "A\tone\tRELA\tREL\nB\ttwo\tGPX4\tTP53\n"
WHOLE = """\
name = "paper"
title = "Death and NF-kB"
source = "tcga-hiseqv2"
tumor_types = ["LIHC", "tcga-acc"]
samples = "all-tumor"
methods = ["pearson", "spearman"]
ties = "gsva"
min_genes = 7
adjust = ["purity"]
null = ["genes"]
draws = 50
outputs = ["tsv"]

[collections]
death = ["ferroptosis", "apoptosis"]
more = ["death", "nfkb", "sets/go.gmt:A"]
mine = "sets/go.gmt"

[[crosses]]
name = "wide"
x = ["hallmark", "more", "RELA"]
y = "mine"

[[pairs]]
name = "rela-nrf2"
tumor_types = []
pairs = [
  ["RELA", "NFE2L2"],  # a comment
  ["gene:MYROW", "sets/go.gmt:B"],
]
methods = ["kendall"]
adjust = []
null = []
samples = "normal"

[[crosses]]
x = ["death"]

[[dominance]]
sets = ["death", "mine"]

[[claims]]
text = "They go together"
analysis = "rela-nrf2"
tumor_type = "TCGA-LIHC"
x = "NRF2"
y = "RELA"
statistic = "r"
value = 0.5
n = 371
source = "somewhere"

[[claims]]
text = "Ferroptosis is highest"
analysis = "dominance-1"
tumor_type = "ACC"
statistic = "highest"
value = "Ferroptosis"
unit = "log2(tpm+1)"
source = "somewhere"

[[claims]]
text = "So many"
analysis = "cross-2"
tumor_type = "ACC"
statistic = "n"
value = 79
source = "somewhere"
"""
PAIR = '[[pairs]]\npairs = [["RELA", "NFE2L2"]]\n'
CLAIM = (
    '[[claims]]\ntext = "t"\nsource = "s"\ntumor_type = "LIHC"\nanalysis = "pairs-1"\n'
    'statistic = "r"\nvalue = 0.5\n'
)
Read = Callable[[str], Spec]


@dataclass(frozen=True)
class OwnGenes:
    """The genes of a user's own tables."""

    genes: frozenset[str]


class OwnCovariates(NoCovariates):
    """The covariates of a store, each by one name."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def named(self, text: str) -> list[str]:
        return [name for name in self._names if name == text]

    def require(self, text: str) -> Covariate:
        nothing: Any = None
        return Covariate("clinic", text, text, nothing, "", {})


OWN = NameResolver([OwnGenes(frozenset({"MYROW"}))], OwnCovariates("purity"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sets").mkdir()
    (tmp_path / "sets" / "go.gmt").write_text(GO)
    (tmp_path / "sets" / "other.gmt").write_text(
        GO.replace("GPX4", "MYC").replace("REL\n", "MYC\n")
    )
    return tmp_path


@pytest.fixture
def read(folder: Path) -> Read:
    """Read a text as the spec paper.toml."""

    def read(text: str) -> Spec:
        path = folder / "paper.toml"
        path.write_bytes(text.encode())
        return read_spec(path, OWN)

    return read


@pytest.fixture
def wrong(read: Read) -> Callable[[str], list[str]]:
    """The problems of a text, without the file's path."""

    def wrong(text: str) -> list[str]:
        with pytest.raises(SpecError) as caught:
            read(text)
        start = f"{caught.value.path}:"
        lines = caught.value.lines()
        assert all(line.startswith(start) for line in lines)
        return [line.removeprefix(start) for line in lines]

    return wrong


Wrong = Callable[[str], list[str]]


def test_a_whole_spec(read: Read, folder: Path) -> None:
    spec = read(WHOLE)
    gmt = f"{folder}/sets/go.gmt"
    common = Analysis(
        name="", kind="pairs", line=0, methods=("pearson", "spearman"),
        scope=Scope(("LIHC", "ACC"), "tcga-hiseqv2", "all-tumor", "gsva", 7),
        adjust=("purity",), null=("genes",), draws=50,
    )  # fmt: skip
    more = ("ferroptosis", "apoptosis", "nfkb", f"{gmt}:A")
    assert spec == Spec(
        path=folder / "paper.toml",
        name="paper",
        title="Death and NF-kB",
        outputs=("parquet", "tsv"),
        analyses=(
            replace(common, name="wide", kind="crosses", line=19, y=(gmt,),
                    x=("hallmark", *more, "RELA")),
            replace(common, name="rela-nrf2", line=24, methods=("kendall",), adjust=(), null=(),
                    scope=replace(common.scope, tumor_types=(), samples="normal"),
                    pairs=(("RELA", "NFE2L2"), ("gene:MYROW", f"{gmt}:B"))),
            replace(common, name="cross-2", kind="crosses", line=36,
                    x=("ferroptosis", "apoptosis")),
            replace(common, name="dominance-1", kind="dominance", line=39, methods=(), adjust=(),
                    null=(), purity=False, sets=("ferroptosis", "apoptosis", gmt)),
        ),
        claims=(
            Claim(42, "They go together", "rela-nrf2", "LIHC", "NRF2", "RELA", "r", 0.5, 371,
                  "not stated", "somewhere"),
            Claim(53, "Ferroptosis is highest", "dominance-1", "ACC", None, None, "highest",
                  "ferroptosis", None, "log2(tpm+1)", "somewhere"),
            Claim(62, "So many", "cross-2", "ACC", "ferroptosis", "apoptosis", "n", 79, None,
                  "not stated", "somewhere"),
        ),
        text=WHOLE,
    )  # fmt: skip


def test_defaults(read: Read) -> None:
    spec = read(f"{PAIR}[[crosses]]\nx = ['hallmark']\n[[dominance]]\n{PAIR}")
    assert (spec.name, spec.title, spec.outputs, spec.claims) == ("paper", "", ("parquet",), ())
    assert [one.name for one in spec.analyses] == ["pairs-1", "cross-1", "dominance-1", "pairs-2"]
    assert [one.line for one in spec.analyses] == [1, 3, 5, 6]
    pairs, cross, dominance, _ = spec.analyses
    assert pairs == Analysis(
        name="pairs-1", kind="pairs", line=1, scope=Scope(), methods=("pearson",), adjust=(),
        null=(), draws=1000,
        pairs=(("RELA", "NFE2L2"),), x=(), y=None, sets=(),
    )  # fmt: skip
    assert (cross.x, cross.y, cross.methods) == (("hallmark",), None, ("pearson",))
    assert (dominance.sets, dominance.methods) == (DEATH_PROGRAMMES, ())


@pytest.mark.parametrize(
    ("stem", "name"),
    [("my spec, 2", "my-spec-2"), (".hidden", "hidden"), ("ж", "run"), ("a" * 70, "a" * 64)],
)
def test_the_name_of_the_file_made_safe(folder: Path, stem: str, name: str) -> None:
    path = folder / f"{stem}.toml"
    path.write_text(PAIR)
    assert read_spec(path).name == name


@pytest.mark.parametrize(
    ("key", "top", "own"),
    [
        ("source", '"toil"', '"own"'),
        ("tumor_types", '["ACC"]', '["BRCA", "OV"]'),
        ("samples", '"normal"', '"all-tumor"'),
        ("methods", '["spearman"]', '["kendall", "pearson"]'),
        ("ties", '"gsva"', '"gseapy"'),
        ("min_genes", "3", "4"),
        ("adjust", '["purity"]', "[]"),
        ("null", '["sets"]', '["genes", "sets"]'),
        ("draws", "20", "30"),
    ],
)
def test_a_block_has_the_settings_at_the_top_but_for_its_own(
    read: Read, key: str, top: str, own: str
) -> None:
    def values(text: str) -> list[object]:
        return [{**vars(one), **vars(one.scope)}[key] for one in read(text).analyses]

    first, second = values(f"{key} = {top}\n{PAIR}{PAIR}{key} = {own}\n")
    assert [first] == values(f"{PAIR}{key} = {top}\n")
    assert [second] == values(f"{PAIR}{key} = {own}\n")
    assert first != second


def test_gmt_files_are_found_from_another_folder(
    read: Read, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"[[crosses]]\nx = 'sets/go.gmt'\ny = ['{folder}/sets/go.gmt:A']\n"
    assert read(text).analyses[0].x == (f"{folder}/sets/go.gmt",)
    monkeypatch.chdir(folder)
    assert read_spec(Path("paper.toml")).analyses[0].x == ("sets/go.gmt",)
    monkeypatch.chdir(folder / "sets")
    spec = read_spec(Path("../paper.toml"))
    assert spec.analyses[0].x == ("../sets/go.gmt",)
    assert 'x = ["sets/go.gmt"]' in filled_in(spec)
    assert f'y = ["{folder}/sets/go.gmt:A"]' in filled_in(spec)


@pytest.mark.parametrize("relative", [False, True])
def test_filled_in_reads_back_the_same(
    read: Read, folder: Path, monkeypatch: pytest.MonkeyPatch, relative: bool
) -> None:
    def plain(spec: Spec) -> Spec:
        return replace(
            spec,
            path=Path(),
            text="",
            analyses=tuple(replace(one, line=0) for one in spec.analyses),
            claims=tuple(replace(one, line=0) for one in spec.claims),
        )

    read(WHOLE.replace('"Death', "'''\"Deä\tth\n").replace('NF-kB"', "NF-kB'''"))
    monkeypatch.chdir(folder.parent)
    here = Path(folder.name) if relative else folder
    spec = read_spec(here / "paper.toml", OWN)
    (here / "full.toml").write_text(filled_in(spec), encoding="utf-8")
    again = read_spec(here / "full.toml", OWN)
    assert plain(again) == plain(spec)
    assert filled_in(again) == filled_in(spec)
    assert "[collections]" not in filled_in(spec)
    assert str(folder) not in filled_in(spec)


def test_windows_ends_of_lines_and_a_mark_of_byte_order(read: Read) -> None:
    text = WHOLE.replace("\n", "\r\n")
    spec = read("\ufeff" + text)
    assert spec.text == text
    assert replace(spec, text=WHOLE) == read(WHOLE)


def test_lines_of_problems_with_windows_ends_of_lines(wrong: Wrong) -> None:
    assert wrong(f"{PAIR}ties = 1\n".replace("\n", "\r\n")) == wrong(f"{PAIR}ties = 1\n")


TEN = """\
titel = "x"  # 1
tumor_types = [
  "LIHC",
  "COADREAD",  # 4
]
min_genes = "5"  # 6

[[pairs]]
pairs = [
  ["RELA", "NFE2L2"],
  ["RELA", "ferroptosi"],  # 11
  ["NFE2L2", "RELA"],  # 12
]
[[crosses]]
method = "pearson"  # 15
x = ["death"]  # 16
[[dominance]]
draws = 10  # 18
null = []  # 19
[[claims]]
text = "t"
source = "s"
tumor_type = "LIHC"
analysis = "pairs-2"  # 24
statistic = "r"
value = 0.5
"""


def test_ten_mistakes_are_listed_at_once(wrong: Wrong) -> None:
    assert wrong(TEN) == [
        "1: titel: unknown key. Did you mean title?",
        "4: tumor_types[2]: COADREAD is a union of COAD and READ, not a tumor type. "
        "Name these one by one.",
        '6: min_genes: is "5". Give a whole number.',
        "11: pairs[1].pairs[2][2]: unknown gene or gene set 'ferroptosi'. "
        "Did you mean ferroptosis or necroptosis or pyroptosis?",
        "12: pairs[1].pairs[3]: the pair is there already: pairs[1].pairs[1]. Leave out one.",
        "15: crosses[1].method: unknown key. Did you mean methods?",
        "16: crosses[1].x[1]: unknown gene or gene set 'death'. Did you mean "
        "GO_REGULATION_OF_CELL_DEATH or GO_REGULATION_OF_NEURON_DEATH or "
        "REACTOME_PROGRAMMED_CELL_DEATH?",
        "18: dominance[1].draws: is 10, too few for dominance[1]. Give 20 or more.",
        "19: dominance[1].null: does not apply to dominance. Leave it out here.",
        "24: claims[1].analysis: no block is named 'pairs-2'. Did you mean pairs-1?",
    ]


def test_the_error_of_one_problem_and_of_several(read: Read) -> None:
    with pytest.raises(SpecError) as caught:
        read(f"{PAIR}tie = 1\n")
    (problem,) = caught.value.problems
    assert (problem.line, problem.where, problem.what) == (3, "pairs[1].tie", "unknown key")
    assert [str(caught.value)] == caught.value.lines()
    assert str(caught.value).endswith("paper.toml:3: pairs[1].tie: unknown key. Did you mean ties?")
    with pytest.raises(SpecError, match=r"paper.toml: 2 problems\.$"):
        read(f"{PAIR}tie = 1\nties = 1\n")


COLLECTED = f"{PAIR}[[crosses]]\nx = ['mine']\n[collections]\n"  # the next line is the 6th


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        # the file as a whole
        ("", "1: no block of pairs, crosses, dominance, survival or differential"),
        ("title = 'x'\n", "1: no block of"),
        (f"{PAIR}x = \n", "3: not TOML: invalid value. See https://toml.io."),
        (f"{PAIR}x = [1,\n\n", "3: not TOML: "),
        (f"{PAIR}pairs = 1\n", "3: not TOML: cannot overwrite a value"),
        (f"{PAIR}x = {'[' * 9999}", "1: not TOML: lists within lists, too deep"),
        # names of keys, and tables
        (f"{PAIR}'a.b' = 1\n", '3: pairs[1]."a.b": unknown key. Known are source, '),
        (f"{PAIR}title = 'x'\n", "3: pairs[1].title: does not belong in a block of pairs"),
        (f"[cross]\nx = 1\n{PAIR}", "1: cross: unknown key. Did you mean crosses?"),
        ("[pairs]\npairs = []\n", "1: pairs: is {\"pairs\": []}. Begin each block with [[pairs]]."),
        ("\npairs = [1]\n", "2: pairs[1]: is 1. Begin each block with [[pairs]]."),
        (f"collections = 1\n{PAIR}", "1: collections: is 1. Begin the lists with [collections]."),
        ("[[pairs]]\n", "1: pairs[1].pairs: missing key."),
        ("[[crosses]]\ny = 'RELA'\n", "1: crosses[1].x: missing key."),
        # values
        (f"name = 'a b'\n{PAIR}", '1: name: is "a b". Give up to 64 letters'),
        (f"name = ''\n{PAIR}", '1: name: is "". Give'),
        (f"name = '{'a' * 65}'\n{PAIR}", "1: name: is "),
        (f"{PAIR}name = '-a'\n", '3: pairs[1].name: is "-a".'),
        (f"title = 5\n{PAIR}", "1: title: is 5. Give a text in quotes."),
        (f"title = 2020-01-01\n{PAIR}", '1: title: is "2020-01-01". Give a text'),
        (f"source = ' '\n{PAIR}", "1: source: is empty. Give a text."),
        (f"tumor_types = 'LIHC'\n{PAIR}", '1: tumor_types: is "LIHC". Give a list.'),
        (f"tumor_types = ['LIHCC']\n{PAIR}", "1: tumor_types[1]: unknown tumor type 'LIHCC'. Did"),
        (f"tumor_types = ['ACC',\n'tcga-ACC']\n{PAIR}", "2: tumor_types[2]: 'tcga-ACC' is given"),
        (f"samples = 'tumour'\n{PAIR}", '1: samples: is "tumour". Did you mean tumor'),
        (f"samples = 'x'\n{PAIR}", '1: samples: is "x". Give tumor, normal, all-tumor or gtex.'),
        (f"methods = []\n{PAIR}", "1: methods: is empty. Name at least one."),
        (f"methods = ['pearson',\n'pearson']\n{PAIR}", "2: methods[2]: 'pearson' is given twice."),
        (f"methods = ['ols']\n{PAIR}", '1: methods[1]: is "ols". Give pearson, spearman or'),
        (f"ties = true\n{PAIR}", "1: ties: is true. Give average, gseapy or gsva."),
        (f"min_genes = 0\n{PAIR}", "1: min_genes: is 0. Give 1 or more."),
        (f"min_genes = true\n{PAIR}", "1: min_genes: is true. Give a whole number."),
        (f"draws = 5.0\n{PAIR}", "1: draws: is 5.0. Give a whole number."),
        (f"draws = -1\n{PAIR}", "1: draws: is -1. Give 1 or more."),
        (f"null = ['gene']\n{PAIR}", '1: null[1]: is "gene". Did you mean genes?'),
        (f"null = ['sets', 'sets']\n{PAIR}", "1: null[2]: 'sets' is given twice."),
        (f"outputs = ['csv']\n{PAIR}", '1: outputs[1]: is "csv". Did you mean tsv?'),
        (f"outputs = ['tsv', 'tsv']\n{PAIR}", "1: outputs[2]: 'tsv' is given twice."),
        # variables
        ("[[pairs]]\npairs = []\n", "2: pairs[1].pairs: is empty. Name at least one."),
        ("[[pairs]]\npairs = [\n[\n5, 'RELA']]\n", "4: pairs[1].pairs[1][1]: is 5. Give a text"),
        ("[[pairs]]\npairs = [['RELA']]\n", '2: pairs[1].pairs[1]: is ["RELA"]. A pair is two'),
        ("[[pairs]]\npairs = [['a', 'b', 'c']]\n", "A pair is two names."),
        ("[[pairs]]\npairs = ['RELA']\n", '2: pairs[1].pairs[1]: is "RELA". Give a list.'),
        ("[[pairs]]\npairs = [['RELA', 'p65']]\n", "'RELA' and 'p65' are the same variable."),
        ("[[pairs]]\npairs = [['MYROW', 'gene:MYROW']]\n", "are the same variable. Name two."),
        (
            "[[pairs]]\npairs = [['RELA', 'REL'],\n['REL', 'RELA']]\n",
            "3: pairs[1].pairs[2]: the pair is there already: pairs[1].pairs[1].",
        ),
        ("[[pairs]]\npairs = [['RELA', 'hallmark']]\n", "'hallmark' is a collection. Name one"),
        ("[[pairs]]\npairs = [['RELA', 'sets/go.gmt']]\n", "'sets/go.gmt' is a collection."),
        ("[[pairs]]\npairs = [['RELA', 'p38']]\n", "'p38' is an alias of several genes: AHSA1"),
        ("[[pairs]]\npairs = [['RELA', 'nf-kb']]\n", "Say set:nfkb or gene:NFKB1."),
        ("[[pairs]]\npairs = [['RELA', 'set:RELA']]\n", "unknown gene set 'RELA'."),
        ("[[pairs]]\npairs = [['RELA', 'gene:RELAA']]\n", "unknown gene 'RELAA'. Did you mean"),
        ("[[pairs]]\npairs = [['RELA', 'covariate:RELA']]\n", "unknown covariate 'RELA'. Load"),
        ("[[pairs]]\npairs = [['RELA', 'x.gmt:A']]\n", "no gene set file '"),
        ("[[pairs]]\npairs = [['RELA', 'sets/go.gmt:C']]\n", "go.gmt: no gene set 'C' in it."),
        ("[[crosses]]\nx = ['sets']\n", "2: crosses[1].x[1]: unknown gene or gene set 'sets'"),
        ("[[crosses]]\nx = 'sets.gmt'\n", "2: crosses[1].x: no gene set file '"),
        ("[[crosses]]\nx = 5\n", "2: crosses[1].x: is 5. Give a list."),
        ("[[crosses]]\nx = ['RELA', 'hallmark']\ny = []\n", "3: crosses[1].y: is empty."),
        ("[[crosses]]\nx = 'RELA'\n", "2: crosses[1].x: is one variable, and there is no y."),
        ("[[crosses]]\nx = 'RELA'\ny = 'p65'\n", "3: crosses[1].y: is the same variable as x."),
        ("[[crosses]]\nx = ['REL',\n'RELA',\n'p65']\n", "4: crosses[1].x[3]: 'p65' is given twice"),
        ("[[crosses]]\nx = ['hallmark',\n'Hallmark']\n", "3: crosses[1].x[2]: 'Hallmark' is given"),
        ("[[dominance]]\nsets = []\n", "2: dominance[1].sets: is empty."),
        ("[[dominance]]\nsets = ['nfkb']\n", "2: dominance[1].sets: is one gene set."),
        ("[[dominance]]\nsets = ['nfkb', 'RELA']\n", "sets[2]: 'RELA' is no gene set."),
        ("[[dominance]]\nsets = ['nfkb', 'purity']\n", "sets[2]: 'purity' is no gene set."),
        ("draws = 19\n[[dominance]]\n", "1: draws: is 19, too few for dominance[1]. Give 20"),
        ("[[dominance]]\nadjust = []\n", "2: dominance[1].adjust: does not apply to dominance."),
        (
            "[[dominance]]\nsets = ['nfkb', 'sets/go.gmt:A',\n'sets/other.gmt:A']\n",
            "2: dominance[1].sets: two different gene sets are named 'A'. Leave out one, or rename",
        ),
        (
            "[[crosses]]\nx = 'sets/go.gmt:A'\ny = 'sets/other.gmt'\n",
            "2: crosses[1].x: two different gene sets are named 'A'.",
        ),
        # what is adjusted for
        (f"{PAIR}adjust = ['hallmark']\n", "'hallmark' stands for all sets of 'hallmark'."),
        (f"{PAIR}adjust = ['purity',\n'nfkb', 'purity']\n", "4: pairs[1].adjust[3]: 'purity' is"),
        (f"{PAIR}adjust = ['NRF2']\n", "'NRF2' cannot be adjusted for: it is pairs[1].pairs[1]["),
        (
            "adjust = ['HALLMARK_HYPOXIA']\n[[crosses]]\nx = ['RELA', 'hallmark']\n[[crosses]]\n"
            "x = ['hallmark']\n",
            "1: adjust[1]: 'HALLMARK_HYPOXIA' cannot be adjusted for: it is crosses[1].x[2].",
        ),
        (f"methods = ['kendall']\nadjust = ['purity']\n{PAIR}{PAIR}", "1: methods[1]: kendall"),
        (f"methods = ['kendall']\n{PAIR}adjust = ['purity']\n", "4: pairs[1].adjust: kendall"),
        (f"adjust = ['purity']\n{PAIR}methods = ['pearson',\n'kendall']\n", "5: pairs[1].methods"),
        # blocks' names
        (f"{PAIR}name = 'A'\n{PAIR}name = 'a'\n", "6: pairs[2].name: 'a' is the name of pairs[1]"),
        (f"{PAIR}name = 'cross-1'\n[[crosses]]\nx = 'hallmark'\n", "4: crosses[1]: 'cross-1' is"),
        # collections
        (f"{COLLECTED}mine = []\n", "6: collections.mine: is empty."),
        (f"{COLLECTED}mine = 5\n", "6: collections.mine: is 5. Give a list."),
        (f"{COLLECTED}mine = ['RELA',\n'RELAA', 'REL']\n", "7: collections.mine[2]: unknown gene"),
        (f"{COLLECTED}mine = 'sets/og.gmt'\n", "6: collections.mine: no gene set file '"),
        (f"{COLLECTED}mine = ['REL',\n'RELA', 'p65']\n", "7: collections.mine[3]: 'p65' is given"),
        (f"{COLLECTED}mine = ['REL', 'a']\na = 'b'\nb = 'a'\n", "7: collections.a: is within"),
        (f"{COLLECTED}mine = ['REL', 'RELA', 'mine']\n", "6: collections.mine: is within itself"),
        (f"{COLLECTED}mine = 'hallmark'\nmore = 'nfkb'\n", "7: collections.more: no block has it."),
        (f"{COLLECTED}mine = 'hallmark'\nHallmark = 'nfkb'\n", "7: collections.Hallmark: "),
        (f"{COLLECTED}mine = 'hallmark'\nNFKB = 'nfkb'\n", "'NFKB' is the gene set nfkb. Name the"),
        (f"{COLLECTED}mine = 'hallmark'\nnrf2 = 'nfkb'\n", "7: collections.nrf2: no block has it."),
        (f"{COLLECTED}mine = 'hallmark'\nNRF2 = 'nfkb'\n", "7: collections.NRF2: 'NRF2' is the"),
        (f"{COLLECTED}mine = 'hallmark'\nrela = 'nfkb'\n", "7: collections.rela: 'rela' is the"),
        (f"{COLLECTED}mine = 'hallmark'\nNFkB = 'nfkb'\n", "7: collections.NFkB: 'NFkB' is the"),
        (f"{COLLECTED}mine = 'hallmark'\npurity = 'nfkb'\n", "'purity' is a name of your own"),
        (
            f"{COLLECTED}mine = ['REL', 'b']\nb = ['RELA', 'NFE2L2']\n[[crosses]]\n"
            "x = [\n'mine',\n'b']\n",
            "11: crosses[2].x[2]: 'RELA' is given twice: by 'mine' and by 'b'.",
        ),
        (
            f"{COLLECTED}mine = ['nfkb', 'RELA']\n[[dominance]]\nsets = ['ferroptosis', 'mine']\n",
            "8: dominance[1].sets[2]: 'RELA' of 'mine' is no gene set.",
        ),
        (
            f"{COLLECTED}mine = ['nfkb', 'RELA']\n[[pairs]]\npairs = [['REL', 'mine']]\n",
            "8: pairs[2].pairs[1][2]: 'mine' is a collection.",
        ),
        (
            f"{COLLECTED}mine = ['nfkb', 'RELA']\n[[pairs]]\npairs = [['REL', 'mime']]\n",
            "8: pairs[2].pairs[1][2]: unknown gene or gene set 'mime'. Did you mean mine?",
        ),
        (
            f"{PAIR}adjust = ['mine']\n[collections]\nmine = 'hallmark'\n",
            "3: pairs[1].adjust[1]: 'mine' stands for all sets of 'hallmark'.",
        ),
        # claims
        (PAIR + CLAIM.replace("text", "txt"), "3: claims[1].text: missing key."),
        (PAIR + CLAIM.replace("text", "txt"), "4: claims[1].txt: unknown key. Did you mean text?"),
        (PAIR + CLAIM.replace("LIHC", "LIH"), "6: claims[1].tumor_type: unknown tumor type 'LIH'."),
        (PAIR + CLAIM.replace("value = 0.5", ""), "3: claims[1].value: missing key."),
        (
            f"[[dominance]]\n{CLAIM.replace('value = 0.5', '')}".replace('"r"', '"highest"'),
            "2: claims[1].value: missing key.",
        ),
        (f"{PAIR}tumor_types = ['ACC']\n{CLAIM}", "'pairs-1' is not of LIHC. It is of ACC."),
        (PAIR + CLAIM.replace('"r"', '"p"'), '8: claims[1].statistic: is "p". Give r, n, high'),
        (PAIR + CLAIM.replace('"r"', '"highest"'), "8: claims[1].statistic: 'pairs-1' is a"),
        (PAIR + CLAIM.replace("0.5", "1.5"), "9: claims[1].value: is 1.5. r is a number"),
        (PAIR + CLAIM.replace("0.5", "nan"), "9: claims[1].value: is NaN. r is"),
        (PAIR + CLAIM.replace("0.5", "true"), "9: claims[1].value: is true. r is"),
        (PAIR + CLAIM.replace("0.5", "'0.5'"), '9: claims[1].value: is "0.5". r is'),
        (PAIR + CLAIM.replace('"r"', '"n"'), "9: claims[1].value: is 0.5. n is a whole"),
        (f"{PAIR}{CLAIM}n = 0\n", "10: claims[1].n: is 0. Give 1 or more."),
        (f"{PAIR}{CLAIM}x = 'RELA'\n", "10: claims[1].x: is given without y. Give both or"),
        (f"{PAIR}{CLAIM}y = 'RELA'\n", "10: claims[1].y: is given without x."),
        (f"{PAIR}{CLAIM}x = 'RELA'\ny = 'REL'\n", "10: claims[1].x: 'pairs-1' has no pair of"),
        (f"{PAIR}{CLAIM}x = 'RELA'\ny = 'RELAA'\n", "11: claims[1].y: unknown gene or gene set"),
        (
            f"[[pairs]]\npairs = [['RELA', 'REL'], ['RELA', 'nfkb']]\n{CLAIM}",
            "3: claims[1]: 'pairs-1' has several pairs. Give x and y.",
        ),
        (
            "[[crosses]]\nx = ['hallmark', 'RELA']\n" + CLAIM.replace("pairs-1", "cross-1")
            + "x = 'RELA'\ny = 'RELA'\n",
            "10: claims[1].x: 'cross-1' has no pair of 'RELA' and 'RELA'.",
        ),
        (
            "[[crosses]]\nx = ['RELA']\ny = 'hallmark'\n" + CLAIM.replace("pairs-1", "cross-1"),
            "4: claims[1]: 'cross-1' has several pairs.",
        ),
        (
            "[[dominance]]\n" + CLAIM.replace("pairs-1", "dominance-1"),
            "7: claims[1].statistic: 'dominance-1' is a block of dominance, which has no r. Give h",
        ),
        (
            "[[dominance]]\n"
            + CLAIM.replace("pairs-1", "dominance-1").replace('"r"', '"highest"'),
            "8: claims[1].value: is 0.5, no gene set of 'dominance-1'. Its sets are ferroptosis, ",
        ),
        (
            "[[dominance]]\n"
            + CLAIM.replace("pairs-1", "dominance-1").replace('"r"', '"highest"')
            + "x = 'nfkb'\ny = 'ferroptosis'\n",
            "9: claims[1].x: does not apply to highest. Leave it out.",
        ),
    ],
)  # fmt: skip
def test_a_problem_has_its_line_and_words(wrong: Wrong, text: str, problem: str) -> None:
    found = wrong(text)
    assert any(problem in line for line in found), found
    if problem[:1].isdigit():
        assert any(line.startswith(problem) for line in found), found


@pytest.mark.parametrize(
    "text",
    [
        "[[crosses]]\nx = ['hallmark', 'ferroptosis', 'RELA']\ny = 'RELA'\n",
        "[[crosses]]\nx = 'hallmark'\n",
        "[[crosses]]\nx = 'sets/go.gmt'\ny = 'reference'\n",
        "null = ['genes']\n[[pairs]]\npairs = [['purity', 'MYROW'], ['purity', 'RELA']]\n",
        "[[pairs]]\npairs = [['gene:REL', 'set:nfkb'], ['sets/go.gmt:A', 'sets/go.gmt:B']]\n",
        "[[dominance]]\nsets = ['hallmark']\n",
        "methods = ['kendall']\nadjust = ['purity']\n[[dominance]]\n",
        "draws = 1\n[[dominance]]\ndraws = 20\n",
        "adjust = ['RELA']\n[[pairs]]\nadjust = []\npairs = [['RELA', 'REL']]\n",
        "outputs = []\n[[dominance]]\n",
        "[[crosses]]\nx = ['go', 'RELA']\ny = 'REL'\n[collections]\ngo = 'sets/go.gmt'\n",
        f"{PAIR}{CLAIM.replace('0.5', '-1')}",
        f"{PAIR}{CLAIM}x = 'NFE2L2'\ny = 'p65'\n",
        "[[crosses]]\nx = ['RELA', 'hallmark']\n" + CLAIM.replace("pairs-1", "cross-1")
        + "x = 'HALLMARK_HYPOXIA'\ny = 'RELA'\n",
    ],
)  # fmt: skip
def test_what_is_no_problem(read: Read, text: str) -> None:
    assert read(text).analyses


@pytest.mark.parametrize(
    "text",
    [
        "[[pairs]]\npairs = [['RELA', 'RELAA']]\n" + CLAIM,
        "[[crosses]]\nx = 'mine'\n[collections]\nmine = ['RELA', 'RELAA']\n",
        "[[dominance]]\nsets = ['nfkb', 'RELAA']\n",
        "[[cross]]\nx = 'hallmark'\n",
        "name = 'a b'\n" + PAIR,
        PAIR + "name = 'a b'\n",
        "methods = 5\nadjust = ['purity']\n" + PAIR,
        "[[crosses]]\nx = 5\n" + CLAIM.replace("pairs-1", "cross-1"),
        "[[crosses]]\nx = 'mine'\n[collections]\nmine = 5\n",
        "[collections]\nhallmark = 'nfkb'\n[[crosses]]\nx = ['hallmark', 'nfkb']\n",
        "adjust = ['RELA']\n" + PAIR + PAIR,
    ],
)
def test_one_mistake_is_one_problem(wrong: Wrong, text: str) -> None:
    assert len(wrong(text)) == 1


def test_names_are_asked_of_the_users_own_tables_last_and_as_written(folder: Path) -> None:
    asked = []

    class Resolver(NameResolver):
        def is_stored(self, text: str) -> bool:
            asked.append(text)
            return super().is_stored(text)

    known = Resolver([OwnGenes(frozenset({"own", "own2", "p38"}))], OwnCovariates("own3"))
    path = folder / "paper.toml"
    path.write_text(
        "[[crosses]]\nx = ['RELA', 'nfkb', 'sets/go.gmt', 'hallmark', 'own', 'gene:own2', "
        "'covariate:own3', 'p38']\n"
    )
    assert read_spec(path, known).analyses[0].x[4:] == ("own", "gene:own2", "covariate:own3", "p38")
    assert asked == ["own", "gene:own2", "covariate:own3", "p38"]


def test_files_that_cannot_be_read(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"no spec '.*none\.toml'"):
        read_spec(folder / "none.toml")
    with pytest.raises(UsageError, match="a folder, not a spec"):
        read_spec(folder)
    with pytest.raises(UsageError, match="cannot be read"):
        read_spec(folder / ("a" * 300))
    path = folder / "latin.toml"
    path.write_bytes(b"# one\r\n# \xe4\n")
    with pytest.raises(SpecError, match=r"latin.toml:2: not UTF-8 text. Save it as UTF-8\.$"):
        read_spec(path)


def test_no_data_library_is_imported() -> None:
    code = "import sys, tcga_corr.batch.spec; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"polars", "duckdb", "pandas", "pyarrow", "scipy", "gseapy", "rich"}
    assert not heavy.intersection(done.stdout.split())
