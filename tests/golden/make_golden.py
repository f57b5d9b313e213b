"""Write the golden ssGSEA scores of gseapy and R GSVA: make_golden.py SHARED_DIR.

It does not import the project: the scores must not depend on the code they test.
"""

import csv
import gzip
import hashlib
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import gseapy
import numpy as np
import numpy.typing as npt
import pandas as pd

HERE = Path(__file__).resolve().parent
TUMOR_TYPES = ("ACC", "CHOL", "UCS")
EXPRESSION = "hub/tcga-xena-hub/download/TCGA.{}.sampleMap/HiSeqV2.gz"
HALLMARK = "gene_sets/h.all.v7.0.symbols.gmt"
WIKIPATHWAYS = "gene_sets/c2.cp.wikipathways.v7.2.symbols.gmt"
MIN_GENES = 5

GeneSets = dict[str, list[str]]
Scores = npt.NDArray[np.float64]


def read_expression(path: Path) -> pd.DataFrame:
    """One row per symbol, sorted in code point order; all samples, sorted by name."""
    frame = pd.read_csv(
        path,
        sep="\t",
        quoting=csv.QUOTE_NONE,
        dtype={"sample": str},
        keep_default_na=False,  # a missing value must fail in the cast below
    ).set_index("sample")
    frame = frame.loc[[name != "" and not name.startswith("?") for name in frame.index]]
    frame = frame.iloc[np.argsort(-frame.mean(axis=1).to_numpy(), kind="stable")]
    frame = frame.loc[~frame.index.duplicated(keep="first")]
    frame = frame.loc[sorted(frame.index), sorted(frame.columns)]
    return frame.astype(np.float32).astype(np.float64)


def read_gmt(path: Path) -> GeneSets:
    """Read the sets of a GMT file, each member once, in file order."""
    sets: GeneSets = {}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            name, _, *members = line.rstrip("\n").split("\t")
            sets[name] = list(dict.fromkeys(member for member in members if member))
    return sets


def score_gseapy(expression: pd.DataFrame, sets: GeneSets) -> Scores:
    """Column ES of gseapy, sets x samples."""
    result = gseapy.ssgsea(
        data=expression,
        gene_sets=sets,
        outdir=None,
        sample_norm_method="rank",
        correl_norm_type="rank",
        weight=0.25,
        min_size=MIN_GENES,
        max_size=100_000,
        permutation_num=0,
        no_plot=True,
        threads=1,
    ).res2d
    table = result.pivot(index="Term", columns="Name", values="ES")
    scores: Scores = table.loc[list(sets), list(expression.columns)].to_numpy(dtype=np.float64)
    return scores


def score_gsva(expression: pd.DataFrame, sets: GeneSets) -> Scores:
    """Score with R GSVA through gsva.R, sets x samples."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "genes.txt").write_text("".join(f"{gene}\n" for gene in expression.index))
        (folder / "samples.txt").write_text("".join(f"{sample}\n" for sample in expression))
        rows = ("\t".join([name, *members]) + "\n" for name, members in sets.items())
        (folder / "sets.tsv").write_text("".join(rows))
        values = expression.to_numpy().astype("<f8")
        (folder / "values.f64").write_bytes(values.tobytes(order="F"))
        subprocess.run(["Rscript", "--vanilla", str(HERE / "gsva.R"), name], check=True)
        scores = np.fromfile(folder / "scores.f64", dtype="<f8")
    return scores.reshape((len(sets), expression.shape[1]), order="F")


def write_golden(path: Path, sets: list[str], samples: list[str], *engines: Scores) -> None:
    """Write one line per set and sample; the same scores always give the same bytes."""
    lines = ["set\tsample\tgseapy\tgsva\n"]
    for i, name in enumerate(sets):
        for j, sample in enumerate(samples):
            scores = [repr(float(engine[i, j])) for engine in engines]
            lines.append("\t".join([name, sample, *scores]) + "\n")
    with path.open("wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as file:
        file.write("".join(lines).encode())


def main(shared: Path) -> None:
    """Write one file per tumor type beside this script."""
    for package in ("gseapy", "pandas", "numpy"):
        print(package, version(package))
    all_sets = read_gmt(shared / HALLMARK)
    all_sets["WP_FERROPTOSIS"] = read_gmt(shared / WIKIPATHWAYS)["WP_FERROPTOSIS"]
    inputs = [HALLMARK, WIKIPATHWAYS, *(EXPRESSION.format(tumor) for tumor in TUMOR_TYPES)]
    for name in inputs:
        print(hashlib.sha256((shared / name).read_bytes()).hexdigest(), name)
    for tumor_type in TUMOR_TYPES:
        expression = read_expression(shared / EXPRESSION.format(tumor_type))
        # gseapy can fall back to upper-case symbols: give both engines exact matches only
        measured = set(expression.index)
        sets = {name: [g for g in all_sets[name] if g in measured] for name in sorted(all_sets)}
        gseapy_scores, gsva_scores = score_gseapy(expression, sets), score_gsva(expression, sets)
        if not (np.isfinite(gseapy_scores).all() and np.isfinite(gsva_scores).all()):
            raise ValueError(f"{tumor_type}: an engine gave a score that is not finite")
        path = HERE / f"ssgsea_{tumor_type}.tsv.gz"
        write_golden(path, list(sets), list(expression.columns), gseapy_scores, gsva_scores)
        print(path.name, f"{len(sets)} sets, {expression.shape[1]} samples, {len(measured)} genes")


if __name__ == "__main__":
    if len(sys.argv[1:]) != 1:
        sys.exit("usage: make_golden.py SHARED_DIR")
    main(Path(sys.argv[1]))
