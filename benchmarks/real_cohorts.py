"""Write docs/real_cohorts.md: two pairs in the five real cohorts of ../shared.

Run it as: python benchmarks/real_cohorts.py [--shared ../shared]
"""

from __future__ import annotations

import argparse
import platform
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tcga_corr.analysis.correlate import CorrelateAnswer
from tcga_corr.engine import open_store

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "real_cohorts.md"
# complete cohorts first
COHORTS = {"ACC": "complete", "CHOL": "complete", "UCS": "complete", "BRCA": "part", "LIHC": "part"}
PAIRS = (("ferroptosis", "nfkb"), ("RELA", "NFE2L2"))
VERSIONS = ("tcga-corr", "numpy", "scipy", "polars", "duckdb", "pyarrow")

HEADINGS = (
    "tumor type", "cohort", "n", "r", "95 % interval", "p", "q", "p_genes", "p_sets",
    "shared genes", "r_disjoint",
)  # fmt: skip
INTRODUCTION = """# Five real cohorts

RSEM gene tables of UCSC Xena's TCGA hub, log2(norm_count+1), one tumour sample per patient.
ACC, CHOL and UCS are complete. BRCA and LIHC are parts of their cohorts (50 and 45 tumours), so
their results do not compare with those of the whole cohorts. {made}

By `p`, ferroptosis and NF-kB are linked in four of five cohorts; by random genes of similar
expression (`p_genes`) in three; by real pathways of similar size (`p_sets`) in none. RELA and
NFE2L2 are not linked in any cohort by any p-value.
"""


def number(value: Any, digits: int = 2) -> str:
    return "" if value is None else f"{value:.{digits}g}"


def section(answer: CorrelateAnswer) -> str:
    x, y = answer.query.x, answer.query.y
    lines = [
        f"## {x} against {y}",
        "",
        f"| {' | '.join(HEADINGS)} |",
        "|" + " --- |" * len(HEADINGS),
    ]
    for row in answer.frame.to_dicts():
        disjoint = "" if row["r_disjoint"] is None else f"{row['r_disjoint']:.3f}"
        cells = (
            row["tumor_type"],
            COHORTS[row["tumor_type"]],
            row["n"],
            f"{row['r']:.3f}",
            f"{row['ci_low']:.3f} to {row['ci_high']:.3f}",
            *(number(row[name]) for name in ("p", "q", "p_genes", "p_sets")),
            row["n_shared_genes"],
            disjoint,
        )
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    lines += ["", *(f"- {line}" for line in answer.pooled["pearson"].lines()), ""]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    hub = parser.parse_args().shared / "hub" / "tcga-xena-hub" / "download"
    with tempfile.TemporaryDirectory() as folder:
        engine = open_store(folder)
        engine.load([hub / f"TCGA.{name}.sampleMap" / "HiSeqV2.gz" for name in COHORTS])
        sections = [section(engine.correlate(x, y)) for x, y in PAIRS]
    used = ", ".join(f"{name} {version(name)}" for name in VERSIONS)
    today = datetime.now(UTC).date().isoformat()
    script = f"`benchmarks/{Path(__file__).name}`"
    made = f"Made on {today} by\n{script} with Python {platform.python_version()}, {used}."
    page = "\n".join([INTRODUCTION.format(made=made), *sections])
    PAGE.write_text(page.rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
