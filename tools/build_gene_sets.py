"""Rebuild the shipped gene sets from the collections they were taken from.

    python tools/build_gene_sets.py FOLDER_OF_GMT_FILES

The lists are facts from open collections. Each line's description says which line of which
collection it came from; ``tcga_corr/gene_sets/catalogue.py`` says under which licence.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tcga_corr.gene_sets.gmt import read_gmt

TARGET = Path(__file__).parent.parent / "tcga_corr" / "gene_sets" / "data"
HALLMARK = "h.all.v7.0.symbols.gmt"
DEATH_AND_NFKB = {
    "ferroptosis": ("c2.cp.wikipathways.v7.2.symbols.gmt", "WP_FERROPTOSIS"),
    "nfkb": (HALLMARK, "HALLMARK_TNFA_SIGNALING_VIA_NFKB"),
    "apoptosis": (HALLMARK, "HALLMARK_APOPTOSIS"),
    "autophagy": ("ReactomePathways_2021-22.gmt", "Autophagy"),
    "necroptosis": ("enrichr.GO_BP_2021.gmt", "necroptotic process (GO:0070266)"),
    "pyroptosis": ("enrichr.GO_BP_2021.gmt", "pyroptosis (GO:0070269)"),
}


def main(folder: Path) -> None:
    named = []
    for name, (collection, line) in DEATH_AND_NFKB.items():
        named.append((name, f"{collection}: {line}", read_gmt(folder / collection)[line].genes))
    hallmarks = [
        (gene_set.name, f"{HALLMARK}: {gene_set.name}", gene_set.genes)
        for gene_set in read_gmt(folder / HALLMARK).values()
    ]
    for file_name, sets in (("named.gmt", named), ("hallmark.gmt", sorted(hallmarks))):
        lines = ["\t".join((name, source, *sorted(genes))) for name, source, genes in sets]
        (TARGET / file_name).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
