"""Methods, ready to paste, of the questions that no batch run asks."""

from __future__ import annotations

from dataclasses import dataclass, field

from tcga_corr.analysis.compare import CompareAnswer
from tcga_corr.analysis.de import DeAnswer
from tcga_corr.analysis.enrich import EnrichAnswer
from tcga_corr.analysis.pca import PcaAnswer
from tcga_corr.analysis.robustness import RobustnessAnswer
from tcga_corr.page.methods import software_text
from tcga_corr.vocabulary.citations import REFERENCES, SOFTWARE


@dataclass(frozen=True)
class Paragraphs:
    """Paragraphs, and the keys of what they cite."""

    texts: list[str]
    cites: list[str] = field(default_factory=list)


def of_comparison(answer: CompareAnswer) -> Paragraphs:
    """Tests between groups."""
    query = answer.query
    if len(query.groups) == 2:
        tests = (
            f"{query.groups[0]} and {query.groups[1]} samples ({query.by}) were compared by Welch's"
            " t with Hedges' g, and by Mann and Whitney's test with the rank-biserial correlation; "
            "where patients had samples in both, by the paired t and Wilcoxon's signed ranks too"
        )
    else:
        tests = (
            f"The groups of {query.by} ({', '.join(query.groups)}) were compared by analysis of "
            "variance with and without equal variances and by Kruskal and Wallis's test, then each "
            "two by Welch's t and Mann and Whitney's test"
        )
    null, cites = "", ["q"]
    if query.null:
        null = (
            f" p_genes is the rank of the effect among {query.draws:,} random genes or sets of the "
            "same mean and spread of expression; q_genes is p_genes adjusted as q is."
        )
        cites.append("phipson-smyth")
    return Paragraphs(
        [f"{tests}. q-values are Benjamini and Hochberg's over all rows of a test.{null}"], cites
    )


def of_expression(answer: DeAnswer) -> Paragraphs:
    """Differential expression, with its own data."""
    query = answer.query
    version = answer.provenance.software.get("pydeseq2", "")
    fixed = f", {', '.join(query.adjust)} held fixed" if query.adjust else ""
    paired = ", within patients" if query.pair else ""
    chosen = f" where {' and '.join(query.where)}" if query.where else ""
    shrunk = " Fold changes were shrunk too (log2fc_shrunk)." if query.shrink else ""
    simulated = "The values are SIMULATED: nothing here is a finding. "
    return Paragraphs(
        [
            f"{simulated if answer.simulated else ''}Raw counts were taken from {query.source}, of "
            f"{len(query.tumor_types)} tumor type{'s' if len(query.tumor_types) > 1 else ''}, "
            f"{query.samples_in_words if not chosen else query.samples + ' samples' + chosen}. "
            f"Genes with fewer than {query.min_count} reads in all samples together were left out.",
            f"Groups ({query.by}: {', '.join(query.contrasts)}) were compared by DESeq2, as "
            f"PyDESeq2 {version} has it{paired}{fixed}: Wald tests, its independent filter, and "
            f"Benjamini and Hochberg's q within a contrast. Genes are called at q < {query.q:g} "
            f"and |log2 fold change| > {query.lfc:g}.{shrunk} Beside it stands Wilcoxon's rank-sum "
            "test of normalised counts, which is to be trusted more in large groups.",
        ],
        ["deseq2", "pydeseq2", "q", "large-groups"],
    )


def of_enrichment(answer: EnrichAnswer) -> Paragraphs:
    """Enrichment, of whatever was ranked or listed."""
    query = answer.query
    against = query.against if isinstance(query.against, str) else "gene sets"
    sizes = f"Sets of {query.min_size} to {query.max_size} genes were tested"
    q = "q-values are Benjamini and Hochberg's over the sets of a tumor type and contrast."
    if query.method == "ora":
        listed = f" (those with {query.listed_by})" if query.listed_by else ""
        return Paragraphs(
            [
                f"Over-representation of the {query.n_sets:,} sets of {against} among the genes of "
                f"{query.input}{listed} was tested by the hypergeometric distribution, of "
                f"{query.universe or 'the genes that could have been listed'}. {sizes}. {q}"
            ],
            ["q"],
        )
    engine = "gseapy's prerank" if query.engine == "gseapy" else "one null of random genes per size"
    cites = ["gsea", "q", "phipson-smyth", *(["gseapy"] if query.engine == "gseapy" else [])]
    return Paragraphs(
        [
            f"Gene set enrichment of {query.input}, ranked by {query.ranked_by}, was tested "
            f"against the {query.n_sets:,} sets of {against} with {query.permutations or 0:,} "
            f"permutations of genes ({engine}). {sizes}. {q}"
        ],
        cites,
    )


def of_components(answer: PcaAnswer) -> Paragraphs:
    """Principal components."""
    n_genes = max(answer.variance["n_genes"].to_list(), default=0)
    return Paragraphs(
        [
            f"Principal components of each tumor type's samples are of the {n_genes:,} genes that "
            "vary most, centred and not scaled. The share of a component's variance that goes with "
            "a covariate is r2 of a number and eta2 of a category; q-values are Benjamini and "
            "Hochberg's over all rows."
        ],
        ["q"],
    )


def of_robustness(answer: RobustnessAnswer) -> Paragraphs:
    """The choices that an analyst could have made."""
    query = answer.query
    null, cites = "", []
    if query.null:
        null = (
            f" p_genes is the rank of r among {query.draws:,} pairs of random genes of the same "
            "mean and spread, without shared genes and by average ranks."
        )
        cites = ["phipson-smyth"]
    return Paragraphs(
        [
            f"r of {query.x[0]} and {query.y[0]} in {query.tumor_type} was computed for every "
            "combination of source, patients (all, or those of every source), tie rule, method "
            "(Pearson, Spearman, Kendall), gene sets of the same meaning, shared genes kept or "
            f"removed, and adjustment; then, as asked, without each gene of the sets.{null}"
        ],
        cites,
    )


def with_references(
    answer: DeAnswer | EnrichAnswer, own: Paragraphs
) -> tuple[list[str], list[str]]:
    """Paragraphs that say where the values are from themselves, and the references of all."""
    provenance = answer.provenance
    of_data = [
        *(one.cite for one in provenance.tables),
        *(one.cite for one in provenance.gene_sets),
        *(one.cite for one in provenance.covariates),
    ]
    cited = [
        *(REFERENCES[name] for name in dict.fromkeys(own.cites)),
        *(cite for cite in of_data if cite and not cite.startswith("none")),
        f"{SOFTWARE}, version {provenance.software['tcga-corr']}",
    ]
    return [*own.texts, software_text(provenance.software)], list(dict.fromkeys(cited))
