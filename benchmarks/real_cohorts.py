"""Write docs/real_cohorts.md and docs/paper.md from the real tables of ../shared.

The first has two pairs in five cohorts and in 156 liver tumours of another unit; the second has the
founding paper's three claims on these tumours, with every open list of NF-kB genes.

Run it as: python benchmarks/real_cohorts.py [--shared ../shared]
"""

from __future__ import annotations

import argparse
import platform
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from tcga_corr.analysis.dominance import DominanceAnswer
from tcga_corr.engine import Engine, open_store
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.vocabulary.gene_sets.readings import READINGS

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
# complete cohorts first
COHORTS = {"ACC": "complete", "CHOL": "complete", "UCS": "complete", "BRCA": "part", "LIHC": "part"}
PAIRS = (("ferroptosis", "nfkb"), ("RELA", "NFE2L2"))
HUB, LIVER, LIVER_FPKM = "tcga-hiseqv2", "lihc156", "lihc156-fpkm"
VERSIONS = ("tcga-corr", "numpy", "scipy", "polars", "duckdb", "pyarrow")

COLUMNS: dict[str, Any] = {
    "n": lambda row: row["n"],
    "r": lambda row: f"{row['r']:.3f}",
    "95 % interval": lambda row: interval(row, "ci_low", "ci_high"),
    "p": lambda row: number(row["p"]),
    "p_genes": lambda row: number(row["p_genes"]),
    "like genes give": lambda row: given(row, "genes"),
    "z_genes": lambda row: number(row["z_genes"]),
    "q_genes": lambda row: number(row["q_genes"]),
    "p_sets": lambda row: number(row["p_sets"]),
    "other pathways give": lambda row: given(row, "sets"),
    "r_disjoint": lambda row: "" if row["r_disjoint"] is None else f"{row['r_disjoint']:.3f}",
}


def number(value: Any, digits: int = 2) -> str:
    return "" if value is None else f"{value:.{digits}g}"


def interval(row: Mapping[str, Any], low: str, high: str) -> str:
    return "" if row[low] is None else f"{row[low]:.3f} to {row[high]:.3f}"


def given(row: Mapping[str, Any], null: str) -> str:
    mean, low, high = (row[f"{null}_{name}"] for name in ("mean", "low", "high"))
    return "" if mean is None else f"{mean:.2f} ({low:.2f} to {high:.2f})"


Row = tuple[Sequence[Any], Mapping[str, Any]]


def table(firsts: Sequence[str], rows: Sequence[Row], left_out: Sequence[str] = ()) -> str:
    columns = {name: cell for name, cell in COLUMNS.items() if name not in left_out}
    headings = [*firsts, *columns]
    lines = [f"| {' | '.join(headings)} |", "|" + " --- |" * len(headings)]
    for own, row in rows:
        cells = [*own, *(cell(row) for cell in columns.values())]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def load(engine: Engine, shared: Path) -> None:
    hub = shared / "hub"
    files = [hub / f"tcga-xena-hub/download/TCGA.{name}.sampleMap/HiSeqV2.gz" for name in COHORTS]
    engine.load(files)
    probes = hub / "gdc-hub/download/gencode.v22.annotation.gene.probeMap"
    liver = shared / "lihc_part" / "TCGA-LIHC.htseq_tpm.179_of_424.tsv.gz"
    engine.load(
        liver,
        LoadOptions(tumor_type="LIHC", source=LIVER, unit="log2(tpm+1)", probe_map=probes),
    )
    with tempfile.TemporaryDirectory() as folder:
        fpkm = Path(folder) / "fpkm.tsv"
        write_fpkm(liver, fpkm)
        engine.load(
            fpkm,
            LoadOptions(
                tumor_type="LIHC", source=LIVER_FPKM, unit="log2(fpkm+1)", probe_map=probes
            ),
        )


def write_fpkm(tpm: Path, path: Path) -> None:
    """The same table in log2(FPKM + 1), by the FPKM sums of its aliquots."""
    sums = pl.read_csv(tpm.with_name("TCGA-LIHC.htseq_tpm.179_of_424.aliquots.tsv"), separator="\t")
    by_sample = {aliquot[:16]: total for aliquot, total in sums.iter_rows()}
    frame = pl.read_csv(tpm, separator="\t", infer_schema_length=0)
    gene, *samples = frame.columns
    columns = [
        ((2 ** pl.col(name).cast(pl.Float64) - 1) * (by_sample[name[:16]] / 1e6) + 1)
        .log(2)
        .alias(name)
        for name in samples
    ]
    frame.select(gene, *columns).write_csv(path, separator="\t", float_precision=5)


def cohort_section(engine: Engine, x: str, y: str) -> str:
    answer = engine.correlate(x, y, source=HUB)
    rows = [
        ((row["tumor_type"], COHORTS[row["tumor_type"]]), row) for row in answer.frame.to_dicts()
    ]
    liver = engine.correlate(x, y, source=LIVER).frame.to_dicts()[0]
    return "\n".join(
        [
            f"## {x} against {y}\n",
            table(("tumor type", "cohort"), rows),
            "",
            *(f"- {line}" for line in answer.pooled["pearson"].lines()),
            "",
            "156 tumours of LIHC in log2(TPM+1), not pooled with the others:\n",
            table(("tumor type", "cohort"), [(("LIHC", "156 of 371"), liver)]),
            "",
        ]
    )


def made() -> str:
    used = ", ".join(f"{name} {version(name)}" for name in VERSIONS)
    today = datetime.now(UTC).date().isoformat()
    script = f"`benchmarks/{Path(__file__).name}`"
    return f"Made on {today} by\n{script} with Python {platform.python_version()}, {used}."


REAL = """# Real cohorts

RSEM gene tables of UCSC Xena's TCGA hub, log2(norm_count+1), one tumour sample per patient. ACC,
CHOL and UCS are complete. BRCA and LIHC are parts of their cohorts (50 and 45 tumours), so their
results do not compare with those of the whole cohorts. Another 156 of the 371 tumours of LIHC are
in another unit, log2(TPM+1), and stand apart. {made}

"Like genes give" is the r that random genes of the same mean and spread give, with its central 95
%; "other pathways give" that of the 200 real pathways most like either set. Both are r without
shared genes.
"""


def paper_page(engine: Engine) -> str:
    readings = READINGS["nfkb"]
    rows = []
    for reading in readings:
        answer = engine.correlate("ferroptosis", reading.name, source=LIVER)
        rows.append(((f"`{reading.name}`", reading.meaning), answer.frame.to_dicts()[0]))
    genes = [
        ((unit, method), engine.correlate("RELA", "NFE2L2", source=source, method=method))
        for unit, source in (("log2(TPM+1)", LIVER), ("log2(FPKM+1)", LIVER_FPKM))
        for method in ("pearson", "spearman")
    ]
    dominance = engine.dominance(source=LIVER)
    return PAPER.format(
        made=made(),
        nfkb=table(("NF-kB as", "what the list is"), rows, ("q_genes",)),
        found=found(rows),
        genes=table(
            ("unit", "method"),
            [(own, answer.frame.to_dicts()[0]) for own, answer in genes],
            ("q_genes", "p_sets", "other pathways give", "r_disjoint"),
        ),
        dominance=dominance_table(dominance),
        w=dominance.lines[1].split("; not distinguished")[0],
    )


def found(rows: Sequence[Row]) -> str:
    """How many lists are beyond like genes, and beyond other pathways."""
    by_genes, by_sets = (
        [own[0] for own, row in rows if row[p] < 0.05 and row[z] > 0]
        for p, z in (("p_genes", "z_genes"), ("p_sets", "z_sets"))
    )
    both = [name for name in by_genes if name in by_sets]
    return (
        f"Of {len(rows)} lists, {len(by_genes)} vary with ferroptosis beyond like genes, by "
        f"p_genes < 0.05 ({', '.join(by_genes)}), and {len(both)} beyond other pathways too "
        f"({', '.join(both) or 'none'})."
    )


def dominance_table(answer: DominanceAnswer) -> str:
    lines = ["| scale | set | highest in | of |", "| --- | --- | --- | --- |"]
    rows = answer.frame.sort("scale", "n_highest", descending=[False, True]).to_dicts()
    lines += [
        f"| {row['scale']} | {row['set']} | {row['n_highest']} | {row['n']} |" for row in rows
    ]
    return "\n".join(lines)


PAPER = """# The founding paper, asked again

The paper (Alisertib and donafenib in hepatocellular carcinoma) reports three things of TCGA's
liver tumours, LIHC, 371 of them: ferroptosis scores highest of five programmes of cell death; the
scores of ferroptosis and NF-kB rise together, r = 0.489; so does the mRNA of RELA and NFE2L2, R =
0.5. This page asks the same of 156 of these tumours, whole transcriptome, log2(TPM+1). They are a
part of the same patients, so compare r with its interval, never n. {made} `tcga-corr batch
--paper` asks it of all that is in your store.

How to read the tables. `p` tests r = 0 alone. *Like genes give* is the r of random genes with the
same mean and spread, on average and in 95 of 100 cases: only an r outside says something of these
genes. *Other pathways give* is the same of 200 real pathways, which vary together as pathways do.

## Ferroptosis and NF-kB: r = 0.489 in the paper

The paper does not say which list of NF-kB genes it scored, and there are many. For ferroptosis
the only open list at hand is that of WikiPathways; a list of yours can be set beside it as
`FILE.gmt:NAME`.

{nfkb}

Which list is meant decides the answer. {found} One in twenty would by chance alone. With the list
that is used most, the Hallmark of TNF signalling through NF-kB, r is lower than that of like genes:
its genes vary so much that random genes of that kind give more.

## RELA and NFE2L2: R = 0.5 in the paper

{genes}

The unit decides: FPKM, which the same reads also give, has another r than TPM. Neither is beyond
what pairs of genes of the same mean and spread give.

## Ferroptosis, the highest of five

{dominance}

Raw scores of different sets do not compare: a set whose genes are high in any tissue is highest
in all. Standardised, a score is compared with random sets of the same kind in the same sample.
{w}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    shared = parser.parse_args().shared
    with tempfile.TemporaryDirectory() as folder:
        engine = open_store(folder)
        load(engine, shared)
        real = [REAL.format(made=made()), *(cohort_section(engine, x, y) for x, y in PAIRS)]
        paper = paper_page(engine)
    for name, page in (("real_cohorts.md", "\n".join(real)), ("paper.md", paper)):
        (DOCS / name).write_text(page.rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
