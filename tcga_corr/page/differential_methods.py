"""Methods of differential expression, ready to paste."""

from __future__ import annotations

from collections.abc import Sequence

from tcga_corr.analysis.differential.deseq2 import PACKAGE
from tcga_corr.analysis.naming.names import is_category
from tcga_corr.analysis.provenance import Provenance, TableRecord
from tcga_corr.batch.differential import settings_of
from tcga_corr.batch.plan import PlannedAnalysis
from tcga_corr.batch.planned_differential import PlannedDifferential
from tcga_corr.choices import BY_GTEX, BY_SAMPLE_TYPE
from tcga_corr.page.methods import held_fixed, references_of, samples_text

_MOST_CONTRASTS = 6


def differential_methods(
    analysis: PlannedAnalysis, provenance: Provenance
) -> tuple[list[str], list[str]]:
    """Paragraphs, and the references that they name, in order; without the software.

    Parameters
    ----------
    analysis
        A block of differential expression.
    provenance
        Of this block alone.
    """
    settings = settings_of(analysis)
    cited = ["deseq2", "pydeseq2", "q"]
    paragraphs = [
        _data(analysis, settings, provenance.tables, simulated=provenance.simulated),
        _model(analysis, settings, provenance, cited),
        _beside(settings, cited),
    ]
    return paragraphs, references_of(provenance, cited)


def _data(
    analysis: PlannedAnalysis,
    settings: PlannedDifferential,
    tables: Sequence[TableRecord],
    *,
    simulated: bool,
) -> str:
    sources = dict.fromkeys(f"{table.title or table.source}, {table.unit}" for table in tables)
    n_types = len(analysis.tumor_types)
    where = analysis.scope.where
    chosen = f"; of these, those where {' and '.join(where)}" if where else ""
    selections = settings.samples.split(" and ")
    samples = " and ".join(samples_text(one, tables) for one in selections)
    return (
        f"{'The values are SIMULATED: nothing here is a finding. ' if simulated else ''}"
        f"Raw counts were taken from {'; '.join(sources)}, of {n_types} tumor "
        f"type{'s' if n_types > 1 else ''}, with {samples}{chosen}."
    )


def _model(
    analysis: PlannedAnalysis,
    settings: PlannedDifferential,
    provenance: Provenance,
    cited: list[str],
) -> str:
    contrasts = settings.compared
    named = ", ".join(contrasts[:_MOST_CONTRASTS])
    more = len(contrasts) - _MOST_CONTRASTS
    named += f" and {more} more" if more > 0 else ""
    paired = ", with a column for each patient" if settings.pair else ""
    shrunk = ""
    if settings.shrink:
        cited.append("apeglm")
        shrunk = " Fold changes were shrunk by apeglm's prior too."
    adjust = [one.name for one in analysis.adjust]
    categories = [one.name for one in analysis.adjust if is_category(one)]
    fixed = held_fixed(adjust, categories, "as a covariate of the model")
    return (
        f"Groups were {_groups(settings)}. Within each tumor type, DESeq2's negative binomial "
        "model was fitted to all groups together by PyDESeq2 "
        f"{provenance.software.get(PACKAGE, '')}{paired}: size factors by the median of ratios, "
        "dispersions shrunken to their trend, outliers by Cook's distance, Wald tests. Genes with "
        f"fewer than {settings.min_count} reads in all samples together were left out.{fixed} Fold "
        f"changes are log2, of the first group over the second of {named}. q-values are Benjamini "
        "and Hochberg's within a contrast, of the genes that DESeq2's independent filter keeps. "
        f"Genes were called at q < {settings.q:g} and |log2FC| > {settings.lfc:g}.{shrunk}"
    )


def _groups(settings: PlannedDifferential) -> str:
    if settings.file is not None:
        digest = settings.file.sha256[:12]
        return f"those of a file ({settings.file.name}, sha256 {digest}…)"
    if settings.by == BY_SAMPLE_TYPE:
        return "tumour and normal tissue"
    if settings.by == BY_GTEX:
        return "tumour and normal tissue of GTEx"
    return f"the levels of {settings.by.rpartition('.')[2]}"


def _beside(settings: PlannedDifferential, cited: list[str]) -> str:
    cited.append("large-groups")
    test = "signed ranks within patients" if settings.pair else "rank sums"
    return (
        f"Beside it stands Wilcoxon's test ({test}) of counts divided by the size factors, as "
        "DESeq2 calls some genes in large groups where nothing differs (Li et al.)."
    )
