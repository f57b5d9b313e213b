"""Rebuild the shipped table of tumour purity from that of Aran et al. 2015.

    python tools/build_purity.py tumor_purity_aran2015.csv

The input is their supplementary table as CSV: Sample.ID, Cancer.type and five estimates with
decimal commas (Nat. Commun. 6:8971, doi:10.1038/ncomms9971). Output columns: sample, vial, and the
estimates, empty where missing; CPE, the consensus, is called purity.
"""

from __future__ import annotations

import csv
import gzip
import sys
from pathlib import Path

TARGET = Path(__file__).parent.parent / "tcga_corr" / "vocabulary" / "data" / "purity.tsv.gz"
ESTIMATES = ("CPE", "ABSOLUTE", "ESTIMATE", "LUMP", "IHC")


def main(source: str) -> None:
    with Path(source).open(encoding="utf-8", newline="") as handle:
        rows = sorted(csv.DictReader(handle), key=lambda row: row["Sample.ID"])
    lines = []
    for row in rows:
        barcode = row["Sample.ID"]
        values = (row[name].replace(",", ".") for name in ESTIMATES)
        lines.append("\t".join((barcode[:15], barcode[15:], *values)))
    with TARGET.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        packed.write(("\n".join(lines) + "\n").encode())
    print(f"{len(lines)} samples, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
