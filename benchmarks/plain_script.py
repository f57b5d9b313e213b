"""A plain script without the package: pandas, gseapy and scipy, tumor type by tumor type.

Run by scoring.py: plain_script.py FIRST.gmt SECOND.gmt TABLE.gz ... with one set in each GMT file;
prints the tumor type and r of the two scores, one line per table.
"""

import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")

import gseapy  # noqa: E402
import pandas as pd  # noqa: E402
from scipy import stats  # noqa: E402

NORMAL = "-11"


def read_set(path: Path) -> list[str]:
    """The genes of a GMT file of one set."""
    return path.read_text(encoding="utf-8").rstrip("\n").split("\t")[2:]


def read_tumors(path: Path) -> pd.DataFrame:
    """The tumour samples of a Xena table, one row per symbol."""
    frame = pd.read_csv(path, sep="\t", index_col=0)
    frame = frame[~frame.index.str.startswith("?")]
    frame = frame[~frame.index.duplicated()]
    return frame.loc[:, ~frame.columns.str.endswith(NORMAL)]


def correlation(frame: pd.DataFrame, sets: dict[str, list[str]]) -> float:
    """Pearson's r of the scores of two sets."""
    result = gseapy.ssgsea(
        data=frame,
        gene_sets=sets,
        outdir=None,
        sample_norm_method="rank",
        weight=0.25,
        min_size=5,
        max_size=len(frame),
        permutation_num=0,
        no_plot=True,
        threads=2,
    ).res2d
    scores = result.pivot(index="Name", columns="Term", values="ES").astype(float)
    return float(stats.pearsonr(scores["x"], scores["y"]).statistic)


def main(x: Path, y: Path, *tables: Path) -> None:
    """Print r of each table."""
    sets = {"x": read_set(x), "y": read_set(y)}
    for path in tables:
        tumor_type = path.parent.name.split(".")[1]
        print(tumor_type, correlation(read_tumors(path), sets), sep="\t", flush=True)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
