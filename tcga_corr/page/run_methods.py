"""Methods of a run: of all its analyses."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

from tcga_corr.analysis.names import sets_among
from tcga_corr.analysis.provenance import Provenance
from tcga_corr.batch.plan import Plan, PlannedAnalysis
from tcga_corr.page.methods import Settings, methods_text, software_text


def methods_of_run(plan: Plan, provenance: Provenance) -> tuple[list[str], list[str]]:
    """Paragraphs and references; analyses of the same settings share theirs.

    A paragraph that is not about all analyses names those that it is about.
    """
    groups: dict[Hashable, list[PlannedAnalysis]] = {}
    for analysis in sorted(plan.analyses, key=lambda one: one.kind == "dominance"):
        groups.setdefault(_key(analysis), []).append(analysis)
    names_of: dict[str, list[str]] = {}
    cited: list[str] = []
    for group in groups.values():
        paragraphs, references = methods_text(_settings(group, plan, provenance))
        for text in paragraphs:
            names_of.setdefault(text, []).extend(one.name for one in group)
        cited += references
    paragraphs = [
        text if len(names) == len(plan.analyses) else f"Of {', '.join(names)}: {text}"
        for text, names in names_of.items()
    ]
    return [*paragraphs, software_text(provenance.software)], list(dict.fromkeys(cited))


def _key(analysis: PlannedAnalysis) -> Hashable:
    """The same for analyses of the same methods."""
    if analysis.kind == "dominance":
        return analysis.scope, analysis.kind, analysis.draws
    draws = analysis.draws if analysis.null else 0
    return analysis.scope, analysis.methods, analysis.adjust, analysis.null, draws


def _settings(group: Sequence[PlannedAnalysis], plan: Plan, provenance: Provenance) -> Settings:
    """The settings of analyses that differ in nothing but their variables."""
    first = group[0]
    variables = [one for analysis in group for one in (*analysis.variables, *analysis.adjust)]
    sets = {one.name for one in sets_among(variables)}
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
        provenance=replace(
            provenance,
            gene_sets=tuple(one for one in provenance.gene_sets if one.name in sets),
            tables=tuple(
                one for one in provenance.tables if (one.source, one.tumor_type) in tables
            ),
        ),
        with_pairs=any(one.kind != "dominance" for one in group),
        with_dominance=any(one.kind == "dominance" for one in group),
        over_batch=plan.n_rows > len(tables),
    )
