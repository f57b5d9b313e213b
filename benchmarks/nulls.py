"""Time and memory of the nulls: python benchmarks/nulls.py FOLDER.

Asks one pair of gene sets, and a batch of 55 sets by each other, for both nulls in every tumor type
and pooled, over SIMULATED stores with half, once and twice the samples of TCGA's HiSeqV2. They are
made in FOLDER, once, and take 7.5 GB there. Beside them, scaled from one tumor type and 100 draws:
a loop of the closed form in numpy, which compares each pair with random genes in each tumor type,
matched on nothing. Prints Markdown. Takes twenty minutes, and eight more for new stores.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from associations import N_DRAWS, SAMPLES, SETS, scaled, tumors
from batch import BatchRun, watched
from processes import format_seconds, run
from scoring import environment, last_json, package, script

NAME = "benchmark-nulls"
SPEC = f"""\
name = "{NAME}"
null = ["genes", "sets"]
[collections]
death = ["ferroptosis", "apoptosis", "autophagy", "necroptosis", "pyroptosis"]
[[crosses]]
x = ["hallmark", "death"]
"""
N_PAIRS = {"correlate": 1, "batch": 55 * 54 // 2}
LABELS = {"correlate": f"`correlate {' '.join(SETS)}`", "batch": "`batch` of 55 sets"}
AT_MOST = {"correlate": (8, 1.5), "batch": (120, 2)}  # seconds and GB, of the whole atlas


def measure(store: Path) -> dict[str, BatchRun]:
    """One pair, after an untimed run, and one batch; each a process with all that it begins."""
    pair = package("--cache", store, "correlate", *SETS, "--format", "json")
    run(pair)  # makes the sums of the reference sets where they are missing
    found = {"correlate": watched(pair)[1]}
    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder, "nulls.toml")
        spec.write_text(SPEC, encoding="utf-8")
        remove_runs(store)
        found["batch"] = watched(package("--cache", store, "batch", spec, "--format", "json"))[1]
    remove_runs(store)
    return found


def remove_runs(store: Path) -> None:
    """Remove the runs of this script."""
    for path in (store / "results").glob(f"{NAME}-*"):
        shutil.rmtree(path)


def rows(found: Mapping[float, Mapping[str, BatchRun]], loop: float) -> list[str]:
    """A row per question and store."""
    lines = []
    for name, label in LABELS.items():
        least = found[min(found)][name]
        for factor, runs in found.items():
            one, n = runs[name], sum(tumors(tumor_type, factor) for tumor_type in SAMPLES)
            growth = f"{one.processor / least.processor:.2f}, {one.anonymous / least.anonymous:.2f}"
            other = loop * factor * N_PAIRS[name]
            cells = [
                f"{label}, {n:,} samples",
                format_seconds(one.seconds),
                format_seconds(one.processor),
                f"{one.peak / 1e9:.2f} GB, {one.anonymous / 1e9:.2f} GB",
                f"{factor / min(found):g}: {growth}",
                f"{other:,.0f} s, {other / one.processor:,.0f} x as long",
            ]
            if factor == 1:
                seconds, memory = AT_MOST[name]
                met = one.seconds <= seconds and one.anonymous / 1e9 <= memory
                cells.append(f"{seconds} s, {memory} GB: {'met' if met else 'missed'}")
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="for the stores; kept for the next run")
    parser.add_argument("--factors", type=float, nargs="+", default=[0.5, 1, 2])
    arguments = parser.parse_args()
    load_before = os.getloadavg()[0]
    stores = {factor: arguments.folder / f"{factor:g}" for factor in arguments.factors}
    for factor, store in stores.items():
        run(script("associations.py", "--make", "--factor", factor, store))
    found = {factor: measure(store) for factor, store in stores.items()}
    plain = script("associations.py", "--plain", "numpy", next(iter(stores.values())))
    loop = scaled("numpy", last_json(run(plain).output)) / arguments.factors[0]
    print(f"SIMULATED values and samples, {N_DRAWS:,} draws\n")
    heads = (
        "measured", "time", "processor time", "memory, and without the pages of files",
        "samples: processor time, memory", "a loop in numpy, scaled", "target",
    )  # fmt: skip
    print(f"| {' | '.join(heads)} |\n|{' --- |' * len(heads)}")
    print("\n".join(rows(found, loop)))
    print("\n" + "\n".join(f"- {line}" for line in environment(load_before)))


if __name__ == "__main__":
    main()
