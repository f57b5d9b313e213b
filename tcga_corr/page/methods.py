"""Methods, ready to paste: what was done, with versions and what to cite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tcga_corr.vocabulary.citations import REFERENCES, SOFTWARE

_SAMPLES = {
    "tumor": "one primary tumour sample per patient (sample type 01; 03 in LAML; in SKCM 01, then "
    "06)",
    "normal": "one sample of normal tissue per patient (sample type 11)",
    "all-tumor": "all tumour samples (sample types 01 to 09), of which a patient may have several",
}
_OWN = "the samples of its own cohorts as their tables have them"
_TIES = {
    "average": ("genes of equal value share their average rank", ()),
    "gseapy": ("equal values are ranked as gseapy's ssgsea does", ("gseapy",)),
    "gsva": ("equal values are ranked as GSVA's ssgsea does", ("gsva",)),
}
_ESTIMATES = {
    "pearson": ("Pearson's r (exact p; interval by Fisher's z)", ()),
    "spearman": ("Spearman's rho (p by t; interval of Bonett and Wright)", ("spearman",)),
    "kendall": (
        "Kendall's tau-b (interval of Fieller, Hartley and Pearson)",
        ("kendall",),
    ),
}


@dataclass(frozen=True)
class Settings:
    """What decides how a question was answered.

    ``made_from`` is the provenance of the answer, as of :mod:`tcga_corr.analysis.provenance`.
    """

    samples: str
    ties: str
    min_genes: int
    methods: Sequence[str]
    adjust: Sequence[str]
    null: Sequence[str]
    draws: int
    n_types: int
    made_from: Mapping[str, Any]
    with_pairs: bool = True
    with_dominance: bool = False
    over_batch: bool = False


def methods_text(settings: Settings) -> tuple[list[str], list[str]]:
    """Paragraphs, and the references that they name, in order; without the software."""
    cited: list[str] = []
    paragraphs = [_data(settings)]
    if settings.made_from["gene_sets"]:
        paragraphs.append(_scores(settings, cited))
    if settings.with_pairs:
        paragraphs.append(_correlation(settings, cited))
        if settings.null:
            paragraphs.append(_nulls(settings, cited))
        if settings.n_types > 1:
            paragraphs.append(_pooling(cited))
    if settings.with_dominance:
        paragraphs.append(_dominance(settings, cited))
    data = [
        one["cite"]
        for name in ("tables", "gene_sets", "covariates")
        for one in settings.made_from[name]
        if one["cite"] and not one["cite"].startswith("none")
    ]
    tables = settings.made_from["tables"]
    # a known source that is not to be cited is made up
    of_tcga = ["tcga"] if any(_is_tcga(one) and one["cite"] in data for one in tables) else []
    known = [REFERENCES[name] for name in dict.fromkeys((*of_tcga, *cited))]
    made_by = f"{SOFTWARE}, version {settings.made_from['software']['tcga-corr']}"
    return paragraphs, list(dict.fromkeys([*known, *data, made_by]))


def _is_tcga(table: Mapping[str, Any]) -> bool:
    """Whether a table is of a known source, and no cohort of somebody's own."""
    return table["title"] is not None


def _data(settings: Settings) -> str:
    tables = settings.made_from["tables"]
    sources = dict.fromkeys(f"{one['title'] or one['source']}, {one['unit']}" for one in tables)
    types = f"{settings.n_types} tumor type{'s' if settings.n_types > 1 else ''}"
    samples = _SAMPLES[settings.samples] if all(map(_is_tcga, tables)) else _OWN
    genes = {one["genes"] for one in tables} - {"all"}
    only = f" Only {' or '.join(sorted(genes))} genes (NCBI Gene) were ranked." if genes else ""
    text = (
        f"Expression was taken from {'; '.join(sources)}, of {types}, with {samples}. Of several "
        "rows of one gene symbol the one of the highest mean was kept; genes without a value in "
        f"some sample of a tumor type were left out there.{only}"
    )
    if settings.made_from["simulated"]:
        text = f"The values are SIMULATED: nothing here is a finding. {text}"
    return text


def _scores(settings: Settings, cited: list[str]) -> str:
    rule, references = _TIES[settings.ties]
    cited += ["ssgsea", *references]
    sets = settings.made_from["gene_sets"]
    named = ", ".join(
        f"{one['name']} ({one['origin']}, {one['n_genes']} genes)" for one in sets[:8]
    )
    more = f" and {len(sets) - 8} more" if len(sets) > 8 else ""
    return (
        f"Gene sets ({named}{more}) were scored in each sample by ssGSEA (exponent 0.25, not "
        f"normalised; {rule}); sets with fewer than {settings.min_genes} genes in a table were not "
        "scored."
    )


def _correlation(settings: Settings, cited: list[str]) -> str:
    told = []
    for method in settings.methods:
        text, references = _ESTIMATES[method]
        told.append(text)
        cited += references
    cited.append("q")
    adjusted = ""
    if settings.adjust:
        adjusted = (
            f" {', '.join(settings.adjust)} was held fixed by partial correlation; samples without "
            "it were left out."
        )
    batch = " and, as q_batch, over all rows of the run" if settings.over_batch else ""
    return (
        f"Within each tumor type, association was estimated by {' and '.join(told)}, in at least "
        f"10 samples. q-values are Benjamini and Hochberg's over the tumor types of a pair{batch}."
        f"{adjusted} Where gene sets shared genes, r_disjoint is r without them."
    )


def _nulls(settings: Settings, cited: list[str]) -> str:
    told = []
    if "genes" in settings.null:
        cited.append("besag-clifford")
        told.append(
            f"p_genes is the share of random pairs (at most {settings.draws:,}; disjoint, of the "
            "same sizes, matched gene by gene on mean expression in 20 bins) whose |r| is at least "
            "that observed without shared genes; no more are drawn once 50 are"
        )
    if "sets" in settings.null:
        told.append(
            "p_sets is the larger of the two ranks of that |r| among pairs of one side with real "
            "gene sets of half to one and a half times the other's size (2,195 sets of Reactome, "
            "WikiPathways and the Gene Ontology, without those whose Jaccard index with it is 0.3 "
            "or more)"
        )
    which = "Neither is" if len(told) > 1 else "It is not"
    return f"{'; '.join(told)}. {which} adjusted for the number of tumor types."


def _pooling(cited: list[str]) -> str:
    cited += ["tau2", "hartung-knapp", "prediction"]
    return (
        "Associations were pooled over tumor types on Fisher's z by random effects (variance "
        "between tumor types of DerSimonian and Laird, interval of Hartung and Knapp with a "
        "standard error not below that of the samples alone, with Higgins, Thompson and "
        "Spiegelhalter's 95 % prediction interval for one more tumor type)."
    )


def _dominance(settings: Settings, cited: list[str]) -> str:
    cited.append("friedman")
    return (
        "Which gene set scores highest was counted by sample, by raw score and by score "
        f"standardised against {settings.draws:,} random sets matched on size and mean expression "
        "in the same sample; Friedman's test, with Kendall's W."
    )


def software_text(software: Mapping[str, str]) -> str:
    """What made the numbers, by version."""
    others = ", ".join(
        f"{name} {version}" for name, version in software.items() if name != "tcga-corr"
    )
    return f"tcga-corr {software['tcga-corr']} ({others}) made all numbers."
