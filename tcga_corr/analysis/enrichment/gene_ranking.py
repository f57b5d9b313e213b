"""Gene set enrichment analysis of a ranking, by random genes or by gseapy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.enrichment.rankings import Ranking
from tcga_corr.analysis.enrichment.result import BETWEEN_GENES, Enriched, Limits, Places
from tcga_corr.choices import EnrichEngine
from tcga_corr.stats.adjustment import benjamini_hochberg
from tcga_corr.stats.enrichment import (
    Score,
    enrichment_score,
    false_discovery_rate,
    normalised,
    null_scores,
)

Vector = NDArray[np.float64]

SETS_AT_ONCE, PERMUTATIONS_AT_ONCE = 200, 250
"""What gseapy is given at a time: it holds a running sum of each set, and every permutation."""
_SEED_STEP = 1_000_003  # between portions of permutations, whose seeds may follow one another
_ALL_ZERO = "all of its genes have the number 0"
_NO_DRAW = "no random genes have a score of its sign, so it has no p"


def gsea(
    ranking: Ranking,
    matched: Mapping[str, frozenset[str]],
    *,
    engine: EnrichEngine,
    n_draws: int,
    limits: Limits,
) -> Enriched:
    """A row of each set.

    Parameters
    ----------
    ranking
        The ranking.
    matched
        The genes of each set that it has.
    engine
        ``numpy``: one null for each size of a set; ``gseapy``: its own permutations.
    n_draws
        Permutations.
    limits
        Sizes of sets that are tested.
    """
    sizes = np.abs(ranking.values)
    row_of = ranking.place_of
    places = {
        name: np.array(sorted(row_of[gene] for gene in genes), dtype=np.intp)
        for name, genes in matched.items()
    }
    notes = {
        name: limits.note_of(len(own), len(sizes)) or ("" if sizes[own].sum() > 0 else _ALL_ZERO)
        for name, own in places.items()
    }
    tested = {name: own for name, own in places.items() if not notes[name]}
    scores = {name: enrichment_score(sizes, own) for name, own in tested.items()}
    if engine == "gseapy":
        nulls = _nulls_of_gseapy(ranking, tested, n_draws)
    else:
        by_size = null_scores(sizes, map(len, tested.values()), n_draws)
        nulls = {name: by_size[len(own)] for name, own in tested.items()}
    numbers = _significance(scores, nulls, tested, shared=engine == "numpy")
    rows = [
        _row(ranking, name, own, scores.get(name), numbers.get(name, {}), notes[name])
        for name, own in places.items()
    ]
    return Enriched(ranking, rows, places)


def _significance(
    scores: Mapping[str, Score],
    nulls: Mapping[str, Vector],
    tested: Mapping[str, Places],
    *,
    shared: bool,
) -> dict[str, dict[str, float]]:
    """nes, p, q and q_gsea of each tested set; ``shared`` where sets of a size have one null."""
    names = list(scores)
    by_key: dict[int, Vector] = {}
    nes, p = np.empty(len(names)), np.empty(len(names))
    keys = np.array([len(tested[name]) if shared else n for n, name in enumerate(names)], dtype=int)
    for n, (name, key) in enumerate(zip(names, keys.tolist(), strict=True)):
        nes[n], p[n], scaled = normalised(scores[name].es, nulls[name])
        by_key.setdefault(key, scaled)
    columns: dict[str, Vector] = {
        "nes": nes,
        "p": p,
        "q": benjamini_hochberg(p),
        "q_gsea": false_discovery_rate(nes, by_key, keys),
    }
    return {
        name: {column: float(values[n]) for column, values in columns.items()}
        for n, name in enumerate(names)
    }


def _row(
    ranking: Ranking,
    name: str,
    places: Places,
    score: Score | None,
    numbers: Mapping[str, float],
    note: str,
) -> dict[str, Any]:
    edge = _leading_edge(places, score)
    if numbers and np.isnan(numbers["p"]):
        note = _NO_DRAW
    return {
        "set": name,
        "method": "gsea",
        "direction": None if score is None else "up" if score.es >= 0 else "down",
        "n_genes": len(places),
        "n_overlap": len(edge),
        "es": None if score is None else score.es,
        "odds_ratio": None,
        **{column: numbers.get(column) for column in ("nes", "p", "q", "q_gsea")},
        "leading_edge": BETWEEN_GENES.join(ranking.genes[place] for place in edge),
        "note": note,
    }


def _leading_edge(places: Places, score: Score | None) -> list[int]:
    """The places of the genes up to the peak, from the ranking's end inwards."""
    if score is None:
        return []
    if score.es >= 0:
        return [place for place in places.tolist() if place <= score.peak]
    return [place for place in places.tolist()[::-1] if place >= score.peak]


def _nulls_of_gseapy(
    ranking: Ranking, tested: Mapping[str, Places], n_draws: int
) -> dict[str, Vector]:
    """The scores of gseapy's permutations for each set.

    They are from the function that ``gseapy.prerank`` calls, which gives them beside its p of 0.
    What it gives of a set does not depend on the others, so they go in portions, as permutations
    do: the first 250 are those of ``gseapy.prerank(seed=0)``.
    """
    from gseapy.gse import prerank_rs

    genes, values = [f"G{place}" for place in range(len(ranking.values))], ranking.values.tolist()
    names = list(tested)
    parts: dict[str, list[Vector]] = {name: [] for name in names}
    for first in range(0, len(names), SETS_AT_ONCE):
        portion = {
            str(n): [genes[place] for place in tested[names[n]]]
            for n in range(first, min(first + SETS_AT_ONCE, len(names)))
        }
        for block, start in enumerate(range(0, n_draws, PERMUTATIONS_AT_ONCE)):
            count = min(PERMUTATIONS_AT_ONCE, n_draws - start)
            seed = block * _SEED_STEP
            answer = prerank_rs(genes, values, portion, 1.0, 1, len(genes), count, 1, seed)
            for one in answer.summaries:
                parts[names[int(one.term)]].append(np.array(one.esnull, dtype=np.float64))
    return {name: np.concatenate(found) for name, found in parts.items()}
