"""Write enrichment.json: scores, p and FDR of gseapy for made-up rankings.

python tests/golden/make_enrichment.py; needs gseapy alone.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
from gseapy.gse import prerank_rs  # what gseapy.prerank calls

N_GENES, N_PERMUTATIONS, SEED = 400, 100, 7


def main() -> None:
    rng = np.random.default_rng(SEED)
    values = np.sort(np.round(rng.normal(0.1, 1, N_GENES), 1))[::-1]  # with ties
    genes = [f"G{place}" for place in range(N_GENES)]
    sets = {f"S{size}": rng.choice(N_GENES, size, replace=False) for size in (5, 15, 40, 120)}
    sets["top"] = rng.choice(150, 30, replace=False)
    sets["bottom"] = 230 + rng.choice(170, 25, replace=False)
    listed = {name: [genes[place] for place in sorted(places)] for name, places in sets.items()}
    found = prerank_rs(genes, values.tolist(), listed, 1.0, 1, N_GENES, N_PERMUTATIONS, 1, SEED)
    rows = [
        {
            "set": one.term,
            "places": sorted(map(int, sets[one.term])),
            "es": one.es,
            "nes": one.nes,
            "p": one.pval,
            "fdr": one.fdr,
            "null": list(one.esnull),
        }
        for one in sorted(found.summaries, key=lambda one: one.term)
    ]
    content = {"gseapy": version("gseapy"), "values": values.tolist(), "sets": rows}
    path = Path(__file__).with_name("enrichment.json")
    path.write_text(json.dumps(content) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
