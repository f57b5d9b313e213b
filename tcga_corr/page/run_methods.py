"""Methods of a run: of all its analyses."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

from tcga_corr.analysis.naming.names import is_category, sets_among
from tcga_corr.analysis.provenance import Provenance
from tcga_corr.batch.plan import Plan, PlannedAnalysis, covariates_among
from tcga_corr.page.differential_methods import differential_methods
from tcga_corr.page.methods import Settings, methods_text, software_text


def methods_of_run(plan: Plan, provenance: Provenance) -> tuple[list[str], list[str]]:
    """Paragraphs and references; analyses of the same settings share theirs."""
    groups: dict[Hashable, list[PlannedAnalysis]] = {}
    for analysis in sorted(plan.analyses, key=lambda one: one.kind == "dominance"):
        groups.setdefault(_key(analysis), []).append(analysis)
    texts: list[tuple[list[str], Sequence[str]]] = []
    cited: list[str] = []
    for group in groups.values():
        if group[0].differential:
            own = _own_provenance(group, plan, provenance)
            paragraphs, references = differential_methods(group[0], own)
        else:
            paragraphs, references = methods_text(_settings(group, plan, provenance))
        texts.append(([one.name for one in group], paragraphs))
        cited += references
    methods = [*each_once(texts, "Of {}: {}"), software_text(provenance.software)]
    return methods, list(dict.fromkeys(cited))


def each_once(texts: Sequence[tuple[Sequence[str], Sequence[str]]], form: str) -> list[str]:
    """Paragraphs, each once; one that is not about all names those that it is about.

    Parameters
    ----------
    texts
        Names of analyses or runs, and the paragraphs about them.
    form
        Where the names and the paragraph stand.
    """
    names_of: dict[str, list[str]] = {}
    for names, paragraphs in texts:
        for text in paragraphs:
            names_of.setdefault(text, []).extend(names)
    n = sum(len(names) for names, _ in texts)
    return [
        text if len(names) == n else form.format(", ".join(names), text)
        for text, names in names_of.items()
    ]


def _key(analysis: PlannedAnalysis) -> Hashable:
    """The same for analyses of the same methods."""
    if analysis.differential:
        return analysis.name
    if analysis.kind == "dominance":
        return analysis.scope, analysis.kind, analysis.draws
    draws = analysis.draws if analysis.null or analysis.strata else 0
    own = (analysis.kind == "survival", analysis.endpoint, analysis.by, analysis.strata)
    settings = (analysis.methods, analysis.adjust, analysis.null, draws, analysis.purity)
    return analysis.scope, *settings, *own


def _settings(group: Sequence[PlannedAnalysis], plan: Plan, provenance: Provenance) -> Settings:
    """The settings of analyses that differ in nothing but their variables."""
    first = group[0]
    tables = {(one.source, tumor_type) for one in group for tumor_type in one.tumor_types}
    return Settings(
        samples=first.scope.samples,
        ties=first.scope.ties,
        min_genes=first.scope.min_genes,
        methods=list(dict.fromkeys(method for one in group for method in one.methods)),
        adjust=[one.name for one in first.adjust],
        null=first.null,
        draws=first.draws,
        n_types=len(tables),
        provenance=_own_provenance(group, plan, provenance),
        is_dominance=first.kind == "dominance",
        over_batch=plan.n_rows > len(tables),
        where=first.scope.where,
        categories=[one.name for one in first.adjust if is_category(one)],
        with_purity=bool(first.purity),
        cut_by=first.cutting.by if first.cutting else "",
        strata=first.strata,
        endpoint=first.endpoint[0].covariate.name if first.endpoint else "",
    )


def _own_provenance(
    group: Sequence[PlannedAnalysis], plan: Plan, provenance: Provenance
) -> Provenance:
    """What some analyses were made from, of all that the run was."""
    variables = [one for analysis in group for one in analysis.involved]
    covariates = {(one.table, one.name) for one in covariates_among(variables)}
    sets = {one.name for one in sets_among(variables)}
    tables = {(one.source, tumor_type) for one in group for tumor_type in one.tumor_types}
    counts = set(plan.counts.values())
    of_counts = bool(group[0].differential)
    return replace(
        provenance,
        gene_sets=tuple(one for one in provenance.gene_sets if one.name in sets),
        tables=tuple(
            one
            for one in provenance.tables
            if (one.source, one.tumor_type) in tables and (one.sha256 in counts) == of_counts
        ),
        covariates=tuple(
            one for one in provenance.covariates if (one.table, one.name) in covariates
        ),
    )
