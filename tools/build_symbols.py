"""Rebuild the shipped gene symbol table from NCBI Gene.

    python tools/build_symbols.py ncbi_gene_human.tsv.gz

The input has one human gene per line: Entrez id, symbol, gene type, Ensembl ids, aliases (NCBI
Gene, public domain). Output columns: symbol, protein-coding (1) or not (0), Ensembl ids, aliases,
Entrez id.
"""

from __future__ import annotations

import csv
import gzip
import io
import sys
from pathlib import Path

TARGET = Path(__file__).parent.parent / "tcga_corr" / "vocabulary" / "data" / "symbols.tsv.gz"


def main(source: str) -> None:
    with gzip.open(source, "rt", encoding="utf-8", newline="") as handle:
        genes = sorted(csv.DictReader(handle, delimiter="\t"), key=lambda gene: gene["symbol"])
    text = io.StringIO()
    for gene in genes:
        protein_coding = "1" if gene["gene_type"] == "protein-coding" else "0"
        names = (gene[name] for name in ("ensembl_id", "aliases", "entrez"))
        fields = (gene["symbol"], protein_coding, *names)
        text.write("\t".join(fields) + "\n")
    with TARGET.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        packed.write(text.getvalue().encode())
    print(f"{len(genes)} genes, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
