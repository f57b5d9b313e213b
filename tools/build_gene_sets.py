"""Rebuild the shipped gene sets from their source collections.

    python tools/build_gene_sets.py FOLDER_OF_GMT_FILES

The lists are facts from open collections. Each line's description names its source collection and
line; ``tcga_corr/vocabulary/gene_sets/catalogue.py`` has the licences.

``named.gmt`` has the most used sets, ``hallmark.gmt`` the Hallmarks. ``reference.gmt`` has real
pathways for comparison, of all sizes and no two alike. Its rule: Reactome, then WikiPathways, then
GO biological processes; in each the largest set first, ties by name; 15 to 500 genes, as the source
spells them; a set stays if its Jaccard index with every set kept before is below 0.3. Large sets
come first because they are few: otherwise many would be excluded by one of their own parts.
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

from tcga_corr.vocabulary.gene_sets.gmt import GeneSet, read_gmt

TARGET = Path(__file__).parent.parent / "tcga_corr" / "vocabulary" / "data"
HALLMARK = "h.all.v7.0.symbols.gmt"
PID = "c2.cp.pid.v7.0.symbols.gmt"
WIKIPATHWAYS = "c2.cp.wikipathways.v7.2.symbols.gmt"
REACTOME = "ReactomePathways_2021-22.gmt"
GO = "enrichr.GO_BP_2021.gmt"
NAMED = {
    "ferroptosis": (WIKIPATHWAYS, "WP_FERROPTOSIS"),
    "nfkb": (HALLMARK, "HALLMARK_TNFA_SIGNALING_VIA_NFKB"),
    "nfkb-wp-survival": (WIKIPATHWAYS, "WP_PHOTODYNAMIC_THERAPYINDUCED_NFKB_SURVIVAL_SIGNALING"),
    "nfkb-pid-canonical": (PID, "PID_NFKAPPAB_CANONICAL_PATHWAY"),
    "nfkb-pid-atypical": (PID, "PID_NFKAPPAB_ATYPICAL_PATHWAY"),
    "nfkb-go-ikk": (GO, "I-kappaB kinase-NF-kappaB signaling (GO:0007249)"),
    "nfkb-go-nik": (GO, "NIK-NF-kappaB signaling (GO:0038061)"),
    "nfkb-reactome-tak1": (
        REACTOME,
        "TAK1 activates NFkB by phosphorylation and activation of IKKs complex",
    ),
    "nfkb-reactome-tnfr1": (REACTOME, "TNFR1-induced NFkappaB signaling pathway"),
    "nfkb-reactome-noncanonical": (
        REACTOME,
        "TNF receptor superfamily (TNFSF) members mediating non-canonical NF-kB pathway",
    ),
    "nfkb-go-activation": (
        GO,
        "positive regulation of NF-kappaB transcription factor activity (GO:0051092)",
    ),
    "nfkb-go-ikk-activation": (
        GO,
        "positive regulation of I-kappaB kinase-NF-kappaB signaling (GO:0043123)",
    ),
    "apoptosis": (HALLMARK, "HALLMARK_APOPTOSIS"),
    "autophagy": (REACTOME, "Autophagy"),
    "necroptosis": (GO, "necroptotic process (GO:0070266)"),
    "pyroptosis": (GO, "pyroptosis (GO:0070269)"),
    "proliferation": (HALLMARK, "HALLMARK_E2F_TARGETS"),
}
# WikiPathways' names in MSigDB already start with WP_
REFERENCE_PREFIXES = {REACTOME: "REACTOME_", WIKIPATHWAYS: "", GO: "GO_"}
REFERENCE_SIZES = range(15, 501)
TOO_SIMILAR = 0.3

Line = tuple[str, str, tuple[str, ...]]


def reference_name(prefix: str, source_name: str) -> str:
    """A set's name in capitals, digits and underscores, without the number of a GO term."""
    words = re.sub(r" \(GO:\d+\)$", "", source_name).upper()
    return prefix + re.sub(r"[^A-Z0-9]+", "_", words).strip("_")


def without_similar(sets: list[GeneSet]) -> list[GeneSet]:
    """The sets, in their order, without those too similar to one kept before."""
    kept: list[GeneSet] = []
    kept_with: defaultdict[str, list[int]] = defaultdict(list)
    for gene_set in sets:
        n_shared = Counter(i for gene in gene_set.genes for i in kept_with[gene])
        if any(
            n / (len(gene_set.genes) + len(kept[i].genes) - n) >= TOO_SIMILAR
            for i, n in n_shared.items()
        ):
            continue
        for gene in gene_set.genes:
            kept_with[gene].append(len(kept))
        kept.append(gene_set)
    return kept


def reference_lines(folder: Path) -> list[Line]:
    candidates: list[GeneSet] = []
    for collection in REFERENCE_PREFIXES:
        sets = read_gmt(folder / collection).values()
        of_size = [gene_set for gene_set in sets if len(gene_set.genes) in REFERENCE_SIZES]
        candidates += sorted(of_size, key=lambda gene_set: (-len(gene_set.genes), gene_set.name))
    lines: dict[str, Line] = {}
    for gene_set in without_similar(candidates):
        collection = gene_set.collection
        name = reference_name(REFERENCE_PREFIXES[collection], gene_set.name)
        if name in lines:
            raise SystemExit(f"two reference sets would be named {name}")
        lines[name] = (name, f"{collection}: {gene_set.name}", gene_set.genes)
    return sorted(lines.values())


def main(folder: Path, target: Path = TARGET) -> None:
    named = []
    for name, (collection, line) in NAMED.items():
        named.append((name, f"{collection}: {line}", read_gmt(folder / collection)[line].genes))
    hallmarks = [
        (gene_set.name, f"{HALLMARK}: {gene_set.name}", gene_set.genes)
        for gene_set in read_gmt(folder / HALLMARK).values()
    ]
    for file_name, sets in (
        ("named.gmt", named),
        ("hallmark.gmt", sorted(hallmarks)),
        ("reference.gmt", reference_lines(folder)),
    ):
        lines = ["\t".join((name, source, *sorted(genes))) for name, source, genes in sets]
        (target / file_name).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
