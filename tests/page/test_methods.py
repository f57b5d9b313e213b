"""The methods of a page, ready to paste: what was done, in which versions, and what to cite."""

from __future__ import annotations

import itertools
import platform
import re
from dataclasses import fields, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args

import pytest

from tcga_corr.analysis.naming.names import GeneVariable, SetVariable
from tcga_corr.analysis.nulls.reference import N_NEAREST, SAME_PATHWAY
from tcga_corr.analysis.provenance import (
    CovariateRecord,
    Provenance,
    SetRecord,
    TableRecord,
    software,
)
from tcga_corr.analysis.samples.scope import Scope
from tcga_corr.batch.plan import Plan, PlannedAnalysis
from tcga_corr.choices import SELECTIONS, TIES, Genes
from tcga_corr.page.methods import Settings, methods_text, software_text
from tcga_corr.page.run_methods import methods_of_run
from tcga_corr.scoring.ssgsea import ALPHA
from tcga_corr.sources import SOURCES
from tcga_corr.stats.correlation import MIN_SAMPLES
from tcga_corr.stats.decks import N_MEANS, N_SPREADS
from tcga_corr.vocabulary.citations import REFERENCES, SOFTWARE
from tcga_corr.vocabulary.gene_sets.catalogue import reference_sets
from tcga_corr.vocabulary.gene_sets.gmt import GeneSet
from tcga_corr.vocabulary.methods import METHODS
from tcga_corr.vocabulary.purity import CITATION as PURITY_CITATION
from tcga_corr.vocabulary.purity import NAME as PURITY

ROOT = Path(__file__).parents[2]
CITED = {
    "tcga": ("Hoadley et al. 2018", "10.1016/j.cell.2018.03.022"),
    "gtex": ("GTEx Consortium 2013", "10.1038/ng.2653"),
    "gepia2": ("Tang et al. 2019", "10.1093/nar/gkz430"),
    "ssgsea": ("Barbie et al. 2009", "10.1038/nature08460"),
    "gseapy": ("Fang et al. 2023", "10.1093/bioinformatics/btac757"),
    "gsva": ("Haenzelmann et al. 2013", "10.1186/1471-2105-14-7"),
    "spearman": ("Bonett & Wright 2000", "10.1007/BF02294183"),
    "kendall": ("Fieller, Hartley & Pearson 1957", "10.1093/biomet/44.3-4.470"),
    "q": ("Benjamini & Hochberg 1995", "10.1111/j.2517-6161.1995.tb02031.x"),
    "tau2": ("DerSimonian & Laird 1986", "10.1016/0197-2456(86)90046-2"),
    "hartung-knapp": ("Knapp & Hartung 2003", "10.1002/sim.1482"),
    "prediction": ("Nagashima, Noma & Furukawa 2019", "10.1177/0962280218773520"),
    "phipson-smyth": ("Phipson & Smyth 2010", "10.2202/1544-6115.1585"),
    "closed-form": ("Korotkevich et al. 2021", "10.1101/060012"),
    "cochran": ("Cochran 1954", "10.2307/3001666"),
    "cox": ("Cox 1972", "10.1111/j.2517-6161.1972.tb00899.x"),
    "efron": ("Efron 1977", "10.1080/01621459.1977.10480613"),
    "proportional": ("Grambsch & Therneau 1994", "10.1093/biomet/81.3.515"),
    "random-signatures": ("Venet, Dumont & Detours 2011", "10.1371/journal.pcbi.1002240"),
    "friedman": ("Friedman 1937", "10.1080/01621459.1937.10503522"),
    "deseq2": ("Love, Huber & Anders 2014", "10.1186/s13059-014-0550-8"),
    "pydeseq2": ("Muzellec et al. 2023", "10.1093/bioinformatics/btad547"),
    "apeglm": ("Zhu et al. 2019", "10.1093/bioinformatics/bty895"),
    "large-groups": ("Li et al. 2022", "10.1186/s13059-022-02648-4"),
    "gsea": ("Subramanian et al. 2005", "10.1073/pnas.0506580102"),
}
# what names each in the text
NAMED = {
    "ssgsea": "ssGSEA",
    "gseapy": "gseapy",
    "gsva": "GSVA",
    "spearman": "Bonett and Wright",
    "kendall": "Fieller, Hartley and Pearson",
    "q": "Benjamini and Hochberg",
    "tau2": "DerSimonian and Laird",
    "hartung-knapp": "Hartung and Knapp",
    "prediction": "Nagashima, Noma and Furukawa",
    "phipson-smyth": "two-tailed rank",
    "closed-form": "closed form",
    "friedman": "Friedman",
    "cochran": "Cochran's Q",
    "cox": "Cox's",
    "efron": "Efron's",
    "proportional": "Grambsch and Therneau",
    "random-signatures": "Venet, Dumont and Detours",
}
HUB = "A hub 2020"
TABLE = TableRecord(
    source="a-hub", title="A hub", tumor_type="ACC", unit="log2(tpm+1)", n_genes=20_000,
    genes="all", sha256="", cite=HUB, inputs=(),
)  # fmt: skip
# a cohort of somebody's own
OWN = replace(TABLE, source="mine", title=None, cite=None)
MADE_BY = f"{SOFTWARE}, version {version('tcga-corr')}"
GENE_SET = SetRecord("A", "own.gmt", None, None, None, 14, "")


def provenance(**more: Any) -> Provenance:
    tables = tuple(replace(TABLE, tumor_type=name) for name in ("ACC", "LIHC"))
    plain = Provenance(software(), tables, (GENE_SET,), (), simulated=False)
    return replace(plain, **more)


def covariate(name: str, cite: str | None) -> CovariateRecord:
    return CovariateRecord(name, "clinic", name, "sample", "", cite, ())


def settings(**more: Any) -> Settings:
    plain = Settings(
        samples="tumor", ties="average", min_genes=5, methods=["pearson"], adjust=[], null=[],
        draws=1_000, n_types=2, provenance=provenance(),
    )  # fmt: skip
    return replace(plain, **more)


def text_of(**more: Any) -> str:
    return "\n".join(methods_text(settings(**more))[0])


# --- what is cited


def test_references_are_those_of_the_methods() -> None:
    assert set(REFERENCES) == set(CITED)
    for name, (who, doi) in CITED.items():
        assert REFERENCES[name].startswith(f"{who}, ")
        assert REFERENCES[name].endswith(f", doi:{doi}")


def test_the_code_that_does_it_cites_the_same() -> None:
    paths = [*ROOT.glob("docs/*.md"), *ROOT.glob("tcga_corr/**/*.py")]
    texts = [path.read_text(encoding="utf-8") for path in paths if path.name != "citations.py"]
    # an address may be broken by the end of a line
    whole = re.sub(r"\s+", "", "".join(texts))
    for name, (_, doi) in CITED.items():
        # that is an engine whose rule for ties is imitated
        assert (f"doi:{doi}" in whole) == (name != "gsva")


EVERY = [
    {
        "methods": methods, "ties": ties, "adjust": adjust, "null": null, "n_types": n_types,
        "is_dominance": dominance, "endpoint": endpoint, "strata": strata, "cut_by": "stage",
        "provenance": provenance(gene_sets=(GENE_SET,) if sets else ()),
    }
    for methods in ([], *([one] for one in METHODS), list(METHODS))
    for ties in TIES
    for null in ([], ["genes"], ["sets"], ["genes", "sets"])
    for adjust, n_types in ((["age"], 1), ([], 2))
    for dominance, sets in ((True, True), (False, False), (False, True))
    for endpoint, strata in (("", ()), ("OS", ()), ("", ("I", "II")), ("", ("I", "II", "III")))
    if methods or dominance or endpoint
]  # fmt: skip


def test_what_is_named_is_cited_and_nothing_else() -> None:
    for asked in EVERY:
        paragraphs, references = methods_text(settings(**asked))
        text = "\n".join(paragraphs)
        named = ["tcga", *(name for name, words in NAMED.items() if words in text)]
        known = [REFERENCES[name] for name in named]
        assert sorted(references) == sorted([*known, HUB, MADE_BY])
        assert references[0] == REFERENCES["tcga"]
        assert references[-2:] == [HUB, MADE_BY]
        assert len(set(references)) == len(references)


def cited_of(*tables: TableRecord) -> list[str]:
    return methods_text(settings(provenance=provenance(tables=tables)))[1]


def test_tcga_is_cited_where_a_table_is_of_it() -> None:
    tcga = REFERENCES["tcga"]
    assert tcga not in cited_of(OWN)
    assert tcga not in cited_of(OWN, OWN)
    assert cited_of(OWN, TABLE)[0] == cited_of(TABLE, OWN)[0] == tcga
    # once, though it is what a source asks to be cited too
    assert cited_of(replace(TABLE, cite=tcga)).count(tcga) == 1
    for name, source in SOURCES.items():
        table = replace(TABLE, source=name, title=source.title, cite=source.citation)
        assert (tcga in cited_of(table)) == (name != "simulated")


def test_the_software_is_cited_as_the_repository_says() -> None:
    told = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    found = dict(re.findall(r"^(title|date-released|version): \"?(.+?)\"?$", told, re.M))
    [who] = re.findall(r'^authors:\n  - name: "(.+)"$', told, re.M)
    assert f"{who} {found['date-released'][:4]}, {found['title']}" == SOFTWARE
    assert found["version"] == version("tcga-corr")
    for table in (TABLE, OWN):
        assert cited_of(table)[-1] == MADE_BY
        assert cited_of(table).count(MADE_BY) == 1
    # in the version that made the numbers
    other = provenance(software=software() | {"tcga-corr": "9.8.7"})
    assert methods_text(settings(provenance=other))[1][-1] == f"{SOFTWARE}, version 9.8.7"


def test_data_are_cited_as_their_provenance_says() -> None:
    tables = [replace(TABLE, tumor_type="ACC")] * 2
    record = provenance(
        tables=tables,
        gene_sets=[
            replace(GENE_SET, cite="none: made up"),
            replace(GENE_SET, cite="A catalogue 2021"),
        ],
        covariates=(covariate("purity", "Aran 2015"), covariate("age", None)),
    )
    references = methods_text(settings(provenance=record))[1]
    assert references[-4:] == [HUB, "A catalogue 2021", "Aran 2015", MADE_BY]
    assert not any("made up" in one for one in references)


# --- what was done


SPEARMAN = "Spearman's rho (p exact for up to 12 samples, else by t; interval of Bonett and Wright)"


@pytest.mark.parametrize(
    ("methods", "words"),
    [
        (["pearson"], "by Pearson's r (exact p; interval by Fisher's z), in"),
        (["spearman"], f"by {SPEARMAN}, in"),
        (["kendall"], "by Kendall's tau-b (interval of Fieller, Hartley and Pearson), in"),
        (
            ["spearman", "pearson"],
            f"by {SPEARMAN} and Pearson's r (exact p; interval by Fisher's z), in",
        ),
    ],
)
def test_how_it_was_correlated(methods: list[str], words: str) -> None:
    text = text_of(methods=methods)
    assert f"association was estimated {words} at least {MIN_SAMPLES} samples." in text
    others = {"pearson": "Pearson's r", "spearman": "Spearman's rho", "kendall": "Kendall's tau-b"}
    assert all((words in text) == (name in methods) for name, words in others.items())


def test_what_was_held_fixed() -> None:
    told = text_of(adjust=["age", "D"])
    assert " age, D was held fixed by partial correlation; samples without it were left" in told
    assert "partial" not in text_of()


def test_categories_are_held_fixed_by_their_levels() -> None:
    text = text_of(adjust=["age", "gender"], categories=["gender"])
    assert (
        " age, gender was held fixed by partial correlation (gender, a category, by an indicator "
        "of each level but the first); samples without it were left out."
    ) in text
    assert "indicator" not in text_of(adjust=["age"])


def test_conditions_strata_and_purity_are_told() -> None:
    text = text_of(where=["age<60", "gender=MALE"], cut_by="stage", strata=["I", "II"], draws=500)
    assert "then 06); of these, those where age<60 and gender=MALE. Of several rows" in text
    assert "Samples were cut by stage (I, II)." in text
    assert "p_permutation is the share of 500 permutations" in text
    assert "p_permutation" not in text_of(strata=["I", "II"], methods=["kendall"])
    plain = text_of()
    assert not any(word in plain for word in ("those where", "cut by", "r_purity", "Purity"))
    aran = replace(covariate("purity", PURITY_CITATION), table=PURITY)
    paragraphs, references = methods_text(
        settings(with_purity=True, provenance=provenance(covariates=(aran,)))
    )
    assert "r_purity is r with purity held fixed too" in paragraphs[2]
    assert paragraphs[-1] == f"Purity is that of {PURITY_CITATION}."
    assert "doi:10.1038/ncomms9971" in paragraphs[-1]
    assert references.count(PURITY_CITATION) == 1


def test_how_hazard_ratios_were_estimated() -> None:
    text = text_of(endpoint="PFI", adjust=["age"], null=["genes"], draws=300)
    assert "the hazard ratio of PFI per standard deviation" in text
    assert " age was held fixed as a covariate of the model; samples" in text
    assert "among 300 random genes or sets" in text
    assert "Log hazard ratios were pooled over tumor types by random effects" in text
    assert "correlation" not in text
    assert "pooled" not in text_of(endpoint="PFI", n_types=1)


def test_over_what_q_is() -> None:
    assert "over the tumor types of a pair." in text_of()
    assert "over the tumor types of a pair and, as q_batch, over all rows" in text_of(
        over_batch=True
    )


ADJUSTED = "q_genes is p_genes adjusted by Benjamini and Hochberg over the tumor types of a pair"


@pytest.mark.parametrize(
    ("null", "has", "lacks", "end"),
    [
        (["genes"], ["p_genes"], ["p_sets"], f". {ADJUSTED}."),
        (["sets"], ["p_sets"], ["p_genes", "random pairs"], ". p_sets is not adjusted."),
        (["genes", "sets"], ["p_genes", "p_sets"], [], f". {ADJUSTED}; p_sets is not adjusted."),
        ([], [], ["p_genes", "p_sets"], ""),
    ],
)
def test_what_it_was_compared_with(
    null: list[str], has: list[str], lacks: list[str], end: str
) -> None:
    text = text_of(null=null)
    assert all(f"{one} is the " in text for one in has)
    assert not any(one in text for one in lacks)
    assert end in text
    if null == ["genes"]:
        assert "Hochberg over the rows of an analysis." in text_of(null=null, over_batch=True)


def test_numbers_in_the_text_are_those_of_the_code() -> None:
    text = text_of(null=["genes", "sets"], draws=2_500, min_genes=7)
    assert "among 2,500 random pairs (disjoint" in text
    assert f"deviation of expression in {N_MEANS} x {N_SPREADS} classes" in text
    assert f"with the {N_NEAREST} real gene sets nearest" in text
    assert f"{len(reference_sets()):,} sets of Reactome" in text
    assert f"without those whose Jaccard index with it is {SAME_PATHWAY} or more)" in text
    assert f"exponent {ALPHA}, " in text
    assert "fewer than 7 genes in a table were not scored" in text


@pytest.mark.parametrize(
    ("ties", "words"),
    [
        ("average", "genes of equal value share their average rank"),
        ("gseapy", "equal values are ranked as gseapy's ssgsea does"),
        ("gsva", "equal values are ranked as GSVA's ssgsea does"),
    ],
)
def test_how_ties_are_ranked(ties: str, words: str) -> None:
    assert f"not normalised; {words})" in text_of(ties=ties)


def test_every_choice_has_words() -> None:
    for samples, ties in itertools.product(SELECTIONS, TIES):
        assert text_of(samples=samples, ties=ties)
    assert "one sample of normal tissue per patient (sample type 11)" in text_of(samples="normal")
    assert "a patient may have several" in text_of(samples="all-tumor")
    assert "one primary tumour sample per patient" in text_of()


def test_own_cohorts_have_the_samples_of_their_tables() -> None:
    as_they_are = ", with the samples of its own cohorts as their tables have them. Of several "
    for tables in ([OWN], [OWN, OWN], [TABLE, OWN], [OWN, TABLE]):
        for samples in SELECTIONS:
            text = text_of(provenance=provenance(tables=tables), samples=samples)
            assert as_they_are in text
            assert "sample type" not in text
    assert "own cohorts" not in text_of()


def test_genes_that_were_ranked_are_told_where_it_is_not_all() -> None:
    def text(*genes: str) -> str:
        tables = [replace(TABLE, genes=one) for one in genes]
        return methods_text(settings(provenance=provenance(tables=tables)))[0][0]

    only = " were left out there. Only protein-coding genes (NCBI Gene) were ranked."
    assert set(get_args(Genes)) == {"all", "protein-coding"}
    for genes in (["protein-coding"], ["protein-coding"] * 2, ["all", "protein-coding"]):
        assert text(*genes).endswith(only)
    assert text("all", "all").endswith(" were left out there.")


def test_one_tumor_type_is_not_pooled() -> None:
    assert "pooled" not in text_of(n_types=1)
    assert " of 1 tumor type, with " in text_of(n_types=1)
    assert (
        "random effects (variance between tumor types of DerSimonian and Laird, interval of "
        "Hartung and Knapp with a standard error not below that of the samples alone, with "
        "Nagashima, Noma and Furukawa's 95 % prediction interval for one more tumor type)."
    ) in text_of(n_types=2)
    assert " of 2 tumor types, with " in text_of()


def test_genes_alone_are_not_scored() -> None:
    assert "ssGSEA" not in text_of(provenance=provenance(gene_sets=()))


def test_of_many_sets_the_first_are_named() -> None:
    sets = [replace(GENE_SET, name=f"S{number}") for number in range(10)]
    text = text_of(provenance=provenance(gene_sets=sets))
    assert "Gene sets (S0 (own.gmt, 14 genes), " in text
    assert "S7 (own.gmt, 14 genes) and 2 more) were" in text
    assert "S8" not in text


def test_dominance_alone_correlates_nothing() -> None:
    text = text_of(is_dominance=True)
    assert "Friedman's test, with Kendall's W" in text
    assert "Which gene set scores highest was counted by sample" in text
    assert " against 1,000 random sets matched on size and mean expression in the same" in text
    assert " against 20 random sets " in text_of(is_dominance=True, draws=20)
    assert not re.search("correlation|association|pooled|q-values", text)
    assert "Friedman" not in text_of()


def test_simulated_values_are_said_before_all_else() -> None:
    first = methods_text(settings(provenance=provenance(simulated=True)))[0][0]
    assert first.startswith("The values are SIMULATED: nothing here is a finding. ")
    assert "SIMULATED" not in text_of()


def test_the_source_by_its_title_and_unit() -> None:
    tables = [
        replace(TABLE, tumor_type="ACC"),
        replace(TABLE, tumor_type="LIHC"),
        replace(OWN, unit="count", tumor_type="UCS"),
    ]
    text = text_of(provenance=provenance(tables=tables))
    assert text.startswith("Expression was taken from A hub, log2(tpm+1); mine, count, of 2 ")


def test_versions_are_those_that_are_installed() -> None:
    text = software_text(software())
    assert text.startswith(f"tcga-corr {version('tcga-corr')} (python {platform.python_version()}")
    named = re.findall(r"([a-z-]+) ([\w.]+)[,)]", text.partition("(")[2])
    assert dict(named) == {
        "python": platform.python_version(),
        **{name: version(name) for name, _ in named if name != "python"},
    }
    assert {"numpy", "scipy", "polars", "gseapy", "duckdb", "pyarrow"} < {name for name, _ in named}
    assert text.endswith(" made all numbers.")


# --- of a run

A, B, C = (
    SetVariable(GeneSet(name, "", tuple(f"{name}{n}" for n in range(9)), "own.gmt"))
    for name in "ABC"
)
RELA, RELB, TP53 = map(GeneVariable, ("RELA", "RELB", "TP53"))


def block(name: str, **more: Any) -> PlannedAnalysis:
    plain = PlannedAnalysis(
        name=name, kind="pairs", scope=Scope(("ACC", "LIHC"), "a-hub"), n_samples=(79, 371),
        units=("log2(tpm+1)",) * 2, methods=("pearson",), null=(), draws=1_000,
        variables=(A, RELA), adjust=(), x=(0,), y=(1,),
    )  # fmt: skip
    scope = {field.name: more.pop(field.name) for field in fields(Scope) if field.name in more}
    return replace(plain, scope=replace(plain.scope, **scope), **more)


def highest(name: str, **more: Any) -> PlannedAnalysis:
    return block(name, kind="dominance", methods=(), variables=(A, B), x=(), y=(), **more)


TITLED = {
    "a-hub": TABLE,
    "other": replace(TABLE, source="other", title="Another hub", cite="Another hub 2021"),
    "mine": OWN,
}


def of_run(*blocks: PlannedAnalysis, simulated: bool = False) -> tuple[list[str], list[str]]:
    sets = [replace(GENE_SET, name=name) for name in "ABC"]
    sources = dict.fromkeys(one.source for one in blocks)
    tables = [
        replace(TITLED[source], tumor_type=one) for source in sources for one in ("ACC", "LIHC")
    ]
    keys = {(one, name): "0" for one in sources for name in ("ACC", "LIHC")}
    plan = Plan("run", "", ("parquet",), (), "", blocks, keys, {}, None, "0")
    record = provenance(gene_sets=sets, tables=tables, simulated=simulated)
    return methods_of_run(plan, record)


def test_analyses_of_the_same_settings_are_told_once() -> None:
    texts, cited = of_run(block("one"), block("two", variables=(B, TP53)))
    record = provenance(gene_sets=(GENE_SET, replace(GENE_SET, name="B")))
    assert texts[:-1] == methods_text(settings(provenance=record, over_batch=True))[0]
    assert texts[-1] == software_text(software())
    assert len(set(cited)) == len(cited)
    assert not any(text.startswith("Of ") for text in texts)
    assert "Gene sets (A (own.gmt, 14 genes), B (own.gmt, 14 genes)) were" in texts[1]


@pytest.mark.parametrize(
    ("more", "of_one", "of_two"),
    [
        ({"methods": ("kendall",)}, "Pearson's r", "Kendall's tau-b"),
        ({"adjust": (RELB,)}, "tumor types of a pair and, as q_batch", "RELB was held fixed"),
        ({"null": ("genes",)}, "", "1,000 random pairs (disjoint"),
        ({"ties": "gsva"}, "share their average rank", "GSVA"),
        ({"samples": "normal"}, "primary tumour", "normal tissue"),
        ({"min_genes": 9}, "fewer than 5 genes", "fewer than 9 genes"),
        ({"source": "other"}, "taken from A hub,", "taken from Another hub,"),
        ({"source": "mine"}, "primary tumour", "the samples of its own cohorts"),
        ({"tumor_types": ("ACC",)}, "of 2 tumor types", "of 1 tumor type,"),
    ],
)
def test_different_settings_are_told_apart_by_the_names_of_analyses(
    more: dict[str, Any], of_one: str, of_two: str
) -> None:
    texts, _ = of_run(block("one"), block("two", **more))
    for words, name in ((of_one, "Of one: "), (of_two, "Of two: ")):
        own = [text for text in texts if words in text and text.startswith(name)]
        assert len(own) == 1 or not words
    assert not any(of_two in text for text in texts if not text.startswith("Of two: "))


def test_an_analysis_of_genes_beside_one_of_sets() -> None:
    texts, _ = of_run(block("one"), block("two", variables=(RELA, TP53)))
    assert [text.split()[0] for text in texts] == [
        "Expression", "Gene", "Within", "Associations", "tcga-corr",
    ]  # fmt: skip


def test_what_all_analyses_share_is_told_of_all() -> None:
    texts, _ = of_run(block("one"), block("two", methods=("kendall",)), highest("three"))
    told = {text.partition(": ")[0] for text in texts if text.startswith("Of ")}
    assert told == {"Of one, two", "Of one", "Of two", "Of three"}
    assert texts[0].startswith("Expression was taken from A hub")
    [pooling] = [text for text in texts if "random effects" in text]
    assert pooling.startswith("Of one, two: Associations were pooled")
    [counting] = [text for text in texts if "Friedman" in text]
    assert counting.startswith("Of three: Which gene set")


def test_one_type_beside_several_is_not_said_to_be_pooled() -> None:
    texts, _ = of_run(block("one", tumor_types=("ACC",)), block("two"))
    [pooling] = [text for text in texts if "random effects" in text]
    assert pooling.startswith("Of two: ")


def test_draws_do_not_matter_without_a_null() -> None:
    texts, _ = of_run(block("one", draws=20), block("two"))
    assert not any(text.startswith("Of ") for text in texts)
    texts, _ = of_run(block("one", draws=20, null=("genes",)), block("two", null=("genes",)))
    assert [text.partition(":")[0] for text in texts if "random pairs" in text] == [
        "Of one", "Of two",
    ]  # fmt: skip


def test_draws_of_dominance_are_told_of_each() -> None:
    def told(*blocks: PlannedAnalysis) -> list[str]:
        return [text for text in of_run(*blocks)[0] if "Friedman" in text]

    [one, two] = told(highest("one", draws=20), highest("two"))
    assert one.startswith("Of one: Which gene set")
    assert " against 20 random sets " in one
    assert two.startswith("Of two: Which gene set")
    assert " against 1,000 random sets " in two
    [both] = told(highest("one"), highest("two"))
    assert both.startswith("Which gene set")
    # whatever those of pairs are
    [alone] = told(block("pairs", draws=20), highest("three", draws=30))
    assert " against 30 random sets " in alone


def test_tcga_is_not_cited_of_a_run_over_own_cohorts() -> None:
    for others, is_cited in (([], False), ([block("two")], True)):
        texts, cited = of_run(block("one", source="mine"), *others)
        assert (REFERENCES["tcga"] in cited) == is_cited
        assert cited.count(MADE_BY) == 1
        assert sum("its own cohorts" in text for text in texts) == 1


def test_simulated_is_said_first_of_a_run() -> None:
    for blocks in ([block("one")], [block("one"), block("two", samples="normal")]):
        texts, _ = of_run(*blocks, simulated=True)
        told = [text for text in texts if "Expression was taken" in text]
        assert texts[0] == told[0]
        assert all("The values are SIMULATED" in text.partition("Expression")[0] for text in told)


def test_dominance_alone() -> None:
    texts, cited = of_run(highest("highest"))
    assert [text.split()[0] for text in texts] == ["Expression", "Gene", "Which", "tcga-corr"]
    assert [one.split()[0] for one in cited[:4]] == [
        "Hoadley", "Barbie", "Korotkevich", "Friedman",
    ]  # fmt: skip
    assert cited[4:] == [HUB, MADE_BY]
