"""Methods of a run: of all its analyses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tcga_corr.batch.plan import Plan, PlannedAnalysis
from tcga_corr.report.page.methods import Settings, methods_text, software_text
from tcga_corr.variables import SetVariable


def methods_of_run(plan: Plan, manifest: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Once for all analyses of the same settings; named where there are several of these."""
    groups: dict[Any, list[PlannedAnalysis]] = {}
    for asked in sorted(plan.analyses, key=lambda one: one.kind == "dominance"):
        key: Any = (asked.source, asked.samples, asked.ties, asked.min_genes)
        alike = [one for one in groups if one[0] == key]
        if asked.kind == "dominance":
            groups.setdefault(alike[0] if alike else (key,), []).append(asked)
        else:
            groups.setdefault((key, asked.adjust, asked.null, asked.draws), []).append(asked)
    texts, cited = [], []
    for several in groups.values():
        paragraphs, references = methods_text(_settings(several, plan, manifest))
        if len(groups) > 1:
            paragraphs[0] = f"Of {', '.join(one.name for one in several)}: {paragraphs[0]}"
        texts += paragraphs
        cited += references
    texts.append(software_text(manifest["software"]))
    return list(dict.fromkeys(texts)), list(dict.fromkeys(cited))


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
        samples=first.samples,
        ties=first.ties,
        min_genes=first.min_genes,
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
