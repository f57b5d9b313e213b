"""Methods of a run: of all its analyses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tcga_corr.analysis.names import SetVariable
from tcga_corr.batch.plan import Plan, PlannedAnalysis
from tcga_corr.page.methods import Settings, methods_text, software_text


def methods_of_run(plan: Plan, manifest: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Once for all analyses of the same settings; what is not of all names those that it is of."""
    groups: dict[Any, list[PlannedAnalysis]] = {}
    for asked in sorted(plan.analyses, key=lambda one: one.kind == "dominance"):
        key: Any = asked.scope
        how: Any = asked.kind, asked.draws
        if asked.kind != "dominance":
            how = asked.methods, asked.adjust, asked.null, asked.draws if asked.null else 0
        groups.setdefault((key, how), []).append(asked)
    texts: dict[str, list[str]] = {}
    cited: list[str] = []
    for several in groups.values():
        paragraphs, references = methods_text(_settings(several, plan, manifest))
        for text in paragraphs:
            texts.setdefault(text, []).extend(one.name for one in several)
        cited += references
    told = [
        text if len(names) == len(plan.analyses) else f"Of {', '.join(names)}: {text}"
        for text, names in texts.items()
    ]
    return [*told, software_text(manifest["software"])], list(dict.fromkeys(cited))


def _settings(
    several: Sequence[PlannedAnalysis], plan: Plan, manifest: Mapping[str, Any]
) -> Settings:
    """Of analyses that differ in nothing but what they ask."""
    first = several[0]
    variables = (one for asked in several for one in (*asked.variables, *asked.adjust))
    sets = {one.name for one in variables if isinstance(one, SetVariable)}
    tables = {(asked.source, one) for asked in several for one in asked.tumor_types}
    made_from = {
        **manifest,
        "gene_sets": [one for one in manifest["gene_sets"] if one["name"] in sets],
        "tables": [
            one for one in manifest["tables"] if (one["source"], one["tumor_type"]) in tables
        ],
    }
    return Settings(
        samples=first.scope.samples,
        ties=first.scope.ties,
        min_genes=first.scope.min_genes,
        methods=list(dict.fromkeys(one for asked in several for one in asked.methods)),
        adjust=[one.name for one in first.adjust],
        null=first.null,
        draws=first.draws,
        n_types=len(tables),
        made_from=made_from,
        with_pairs=any(asked.kind != "dominance" for asked in several),
        with_dominance=any(asked.kind == "dominance" for asked in several),
        over_batch=plan.n_rows > len(tables),
    )
