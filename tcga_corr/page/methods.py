"""Methods, ready to paste: what was done, with versions and what to cite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tcga_corr.analysis.provenance import Provenance, TableRecord
from tcga_corr.choices import BY_SAMPLE_TYPE, Method, Null
from tcga_corr.vocabulary.citations import REFERENCES, SOFTWARE
from tcga_corr.vocabulary.methods import METHODS
from tcga_corr.vocabulary.nulls import NULLS
from tcga_corr.vocabulary.purity import CITATION as PURITY_CITATION
from tcga_corr.vocabulary.purity import NAME as PURITY

_SAMPLES = {
    "tumor": "one primary tumour sample per patient (sample type 01; 03 in LAML; in SKCM 01, then "
    "06)",
    "normal": "one sample of normal tissue per patient (sample type 11)",
    "all-tumor": "all tumour samples (sample types 01 to 09); a patient may have several",
    "gtex": "normal tissue of GTEx in place of tumours, one sample per donor, by the organs that "
    "GEPIA2 matches with tumor types",
}
_CITED_FOR_SAMPLES = {"gtex": ("gtex", "gepia2")}
_OWN_SAMPLES = "the samples of its own cohorts as their tables have them"
_TIES = {
    "average": ("genes of equal value share their average rank", ()),
    "gseapy": ("equal values are ranked as gseapy's ssgsea does", ("gseapy",)),
    "gsva": ("equal values are ranked as GSVA's ssgsea does", ("gsva",)),
}


@dataclass(frozen=True)
class Settings:
    """What decides how a question was answered, and what the answer was made from.

    Attributes
    ----------
    categories
        Those of ``adjust`` that are categories.
    with_purity
        Whether r was adjusted for purity beside.
    over_rows
        Whether q is over all rows of the question, and not over those of a pair.
    cut_by, strata
        What cut the samples, and into which strata; empty where nothing did.
    endpoint
        Of survival; empty of other questions.
    own, own_cites
        Of a question that is none of these, its paragraphs in place of those of correlation, and
        the keys of what they cite.
    """

    samples: str
    ties: str
    min_genes: int
    methods: Sequence[Method]
    adjust: Sequence[str]
    null: Sequence[Null]
    draws: int
    n_types: int
    provenance: Provenance
    is_dominance: bool = False
    over_batch: bool = False
    where: Sequence[str] = ()
    categories: Sequence[str] = ()
    with_purity: bool = False
    cut_by: str = ""
    strata: Sequence[str] = ()
    endpoint: str = ""
    over_rows: bool = False
    own: Sequence[str] = ()
    own_cites: Sequence[str] = ()


def methods_text(settings: Settings) -> tuple[list[str], list[str]]:
    """Paragraphs, and the references that they name, in order; without the software."""
    provenance = settings.provenance
    cited: list[str] = [*_CITED_FOR_SAMPLES.get(settings.samples, ())]
    paragraphs = [_data(settings)]
    if provenance.gene_sets:
        paragraphs.append(_scores(settings, cited))
    if settings.own:
        paragraphs += settings.own
        cited += settings.own_cites
    elif settings.is_dominance:
        paragraphs.append(_dominance(settings, cited))
    elif settings.endpoint:
        paragraphs.append(_survival(settings, cited))
        if settings.n_types > 1:
            paragraphs.append(_pooling(cited, "Log hazard ratios were pooled over tumor types"))
    else:
        paragraphs.append(_correlation(settings, cited))
        if settings.null:
            paragraphs.append(_nulls(settings, cited))
        if settings.n_types > 1:
            paragraphs.append(
                _pooling(cited, "Associations were pooled over tumor types on Fisher's z")
            )
        if settings.strata:
            paragraphs.append(_strata(settings, cited))
    if any(one.table == PURITY for one in provenance.covariates):
        paragraphs.append(f"Purity is that of {PURITY_CITATION}.")
    return paragraphs, references_of(provenance, cited)


def references_of(provenance: Provenance, cited: Sequence[str]) -> list[str]:
    """What is cited: methods by their keys, the data, and the software, in order."""
    cites = [
        *(table.cite for table in provenance.tables),
        *(gene_set.cite for gene_set in provenance.gene_sets),
        *(covariate.cite for covariate in provenance.covariates),
    ]
    data = [cite for cite in cites if cite and not cite.startswith("none")]
    # a known source that is not to be cited is simulated
    is_tcga = any(_is_published(table) and table.cite in data for table in provenance.tables)
    names = dict.fromkeys((*(["tcga"] if is_tcga else []), *cited))
    made_by = f"{SOFTWARE}, version {provenance.software['tcga-corr']}"
    return list(dict.fromkeys([*(REFERENCES[name] for name in names), *data, made_by]))


def _is_published(table: TableRecord) -> bool:
    """Whether a table is from a known source, and no cohort of a user's own."""
    return table.title is not None


def samples_text(samples: str, tables: Sequence[TableRecord]) -> str:
    """Which samples a selection of tables has, in words."""
    return _SAMPLES[samples] if all(map(_is_published, tables)) else _OWN_SAMPLES


def _data(settings: Settings) -> str:
    tables = settings.provenance.tables
    sources = dict.fromkeys(f"{table.title or table.source}, {table.unit}" for table in tables)
    types = f"{settings.n_types} tumor type{'s' if settings.n_types > 1 else ''}"
    samples = samples_text(settings.samples, tables)
    chosen = f"; of these, those where {' and '.join(settings.where)}" if settings.where else ""
    genes = {table.genes for table in tables} - {"all"}
    only = f" Only {' or '.join(sorted(genes))} genes (NCBI Gene) were ranked." if genes else ""
    simulated = "The values are SIMULATED: nothing here is a finding. "
    return (
        f"{simulated if settings.provenance.simulated else ''}"
        f"Expression was taken from {'; '.join(sources)}, of {types}, with {samples}{chosen}. Of "
        "several rows of one gene symbol the one of the highest mean was kept; genes without a "
        f"value in some sample of a tumor type were left out there.{only}"
    )


def _scores(settings: Settings, cited: list[str]) -> str:
    rule, references = _TIES[settings.ties]
    cited += ["ssgsea", "closed-form", *references]
    sets = settings.provenance.gene_sets
    named = ", ".join(f"{one.name} ({one.origin}, {one.n_genes} genes)" for one in sets[:8])
    more = f" and {len(sets) - 8} more" if len(sets) > 8 else ""
    return (
        f"Gene sets ({named}{more}) were scored in each sample by ssGSEA (in closed form, exponent "
        f"0.25, not normalised; {rule}); sets with fewer than {settings.min_genes} genes in a "
        "table were not scored."
    )


def _correlation(settings: Settings, cited: list[str]) -> str:
    methods = [METHODS[name] for name in settings.methods]
    estimates = " and ".join(f"{method.label} ({method.details})" for method in methods)
    cited += [reference for method in methods for reference in method.references]
    cited.append("q")
    adjusted = held_fixed(settings.adjust, settings.categories, "by partial correlation")
    if settings.with_purity:
        adjusted += " Where gene sets are involved, r_purity is r with purity held fixed too."
    batch = " and, as q_batch, over all rows of the run" if settings.over_batch else ""
    return (
        f"Within each tumor type, association was estimated by {estimates}, in at least "
        f"10 samples. q-values are Benjamini and Hochberg's over {_family(settings)}{batch}."
        f"{adjusted} Where gene sets shared genes, r_disjoint is r without them."
    )


def _family(settings: Settings) -> str:
    """The rows over which q is adjusted."""
    return "the tumor types and pairs" if settings.over_rows else "the tumor types of a pair"


def held_fixed(adjust: Sequence[str], categories: Sequence[str], how: str) -> str:
    """What was held fixed, and how; empty where nothing was."""
    if not adjust:
        return ""
    by_levels = ""
    if categories:
        one = len(categories) == 1
        by_levels = f" ({', '.join(categories)}, {'a category' if one else 'categories'}, "
        by_levels += "by an indicator of each level but the first)"
    return (
        f" {', '.join(adjust)} was held fixed {how}{by_levels}; samples without it were left out."
    )


def _survival(settings: Settings, cited: list[str]) -> str:
    cited += ["cox", "efron", "proportional", "q"]
    null = ""
    if settings.null:
        cited += ["phipson-smyth", "random-signatures"]
        null = (
            f" p_genes is the two-tailed rank of the score test among {settings.draws:,} random "
            "genes or sets of the same mean and spread of expression, as random signatures go with "
            "survival too (Venet, Dumont and Detours)."
        )
    fixed = held_fixed(settings.adjust, settings.categories, "as a covariate of the model")
    return (
        f"Within each tumor type, the hazard ratio of {settings.endpoint} per standard deviation "
        "of a variable was estimated by Cox's proportional hazards (ties by Efron's approximation; "
        "interval and p by Wald). p_proportional is the p of Grambsch and Therneau's test that the "
        "ratio does not change with time. q-values are Benjamini and Hochberg's over the tumor "
        f"types of a variable.{fixed}{null}"
    )


def _strata(settings: Settings, cited: list[str]) -> str:
    several = ""
    if len(settings.strata) > 2:
        cited.append("cochran")
        several = ", and all of them by Cochran's Q"
    shuffled = ""
    if any(METHODS[name].screens for name in settings.methods):
        shuffled = (
            f" p_permutation is the share of {settings.draws:,} permutations of the samples over "
            "the strata, after standardising within each, whose difference is as large."
        )
    if settings.cut_by == BY_SAMPLE_TYPE:
        cut = f"Tumour samples were compared with {_SAMPLES['normal']}"
    else:
        cut = f"Samples were cut by {settings.cut_by} ({', '.join(settings.strata)})"
    return (
        f"{cut}. Strata were "
        f"compared by the difference of their Fisher's z, delta_z{several}.{shuffled}"
    )


def _nulls(settings: Settings, cited: list[str]) -> str:
    nulls = [null for name, null in NULLS.items() if name in settings.null]
    cited += [reference for null in nulls for reference in null.references]
    details = "; ".join(null.details.format(draws=settings.draws) for null in nulls)
    family = "the rows of an analysis" if settings.over_batch else _family(settings)
    adjusted = [
        f"{null.q} is {null.p} adjusted by Benjamini and Hochberg over {family}"
        if null.q
        else f"{null.p} is not adjusted"
        for null in nulls
    ]
    return f"{details}. {'; '.join(adjusted)}."


def _pooling(cited: list[str], what: str) -> str:
    cited += ["tau2", "hartung-knapp", "prediction"]
    return (
        f"{what} by random effects (variance "
        "between tumor types of DerSimonian and Laird, interval of Hartung and Knapp with a "
        "standard error not below that of the samples alone, with Nagashima, Noma and "
        "Furukawa's 95 % prediction interval for one more tumor type)."
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
