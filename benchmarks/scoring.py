"""How fast the package is, compared with the usual alternative: python benchmarks/scoring.py.

Prints a Markdown table and the environment. Each time is compared with another of the same run, in
turn, as the minimum (and the median) of several repeats. Takes about three minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from processes import Command, Run, Times, run, run_in_turn

HERE = Path(__file__).resolve().parent
SHARED = HERE.parents[1] / "shared"
XENA_FOLDER = "hub/tcga-xena-hub/download"
FIVE = ("ACC", "BRCA", "CHOL", "LIHC", "UCS")
LARGE = (20_500, 10_000)
READ_WITH_PANDAS = """
import sys
import pandas as pd
for path in sys.argv[1:]:
    pd.read_csv(path, sep="\\t", index_col=0)
"""


@dataclass(frozen=True)
class Row:
    """A row of the table."""

    label: str
    package: str
    baseline: str
    other: str
    ratio: str
    target: str = ""
    result: str = ""


def faster(label: str, baseline: str, ours: Times, other: Times, at_least: float = 0) -> Row:
    """A row with how many times faster the package is."""
    ratios = (other.least / ours.least, other.median / ours.median)
    reached = [ratio >= at_least for ratio in ratios]
    target = f"at least {at_least:g} x faster" if at_least else ""
    ratio = f"{digits(ratios[0])} x faster ({digits(ratios[1])})"
    return Row(label, str(ours), baseline, str(other), ratio, target, verdict(target, reached))


def as_long(label: str, baseline: str, ours: Times, other: Times, at_most: float = 0) -> Row:
    """A row with how many times as long the package takes as a call that does less."""
    ratios = (ours.least / other.least, ours.median / other.median)
    reached = [ratio <= at_most for ratio in ratios]
    target = f"at most {at_most:g} x as long" if at_most else ""
    ratio = f"{digits(ratios[0])} x as long ({digits(ratios[1])})"
    return Row(label, str(ours), baseline, str(other), ratio, target, verdict(target, reached))


def digits(number: float) -> str:
    """Format a number with three digits, or more if it is large."""
    return f"{number:.3g}" if number < 1000 else f"{number:,.0f}"


def verdict(target: str, reached: Sequence[bool]) -> str:
    """Whether a target is met, by the minimum times and by the medians."""
    if not target:
        return ""
    return "met" if all(reached) else "met by the minimum times only" if reached[0] else "missed"


def script(name: str, *arguments: object) -> Command:
    """The command for another script of this folder."""
    return [sys.executable, str(HERE / name), *map(str, arguments)]


def package(*arguments: object) -> Command:
    """The command for the package's command line."""
    return [sys.executable, "-m", "tcga_corr", *map(str, arguments)]


def last_json(text: str) -> dict[str, Any]:
    """Parse the last line of a script's output as JSON."""
    figures: dict[str, Any] = json.loads(text.splitlines()[-1])
    return figures


def times_of(runs: Sequence[dict[str, Any]]) -> dict[str, Times]:
    """The times of each measured call, over several processes."""
    return {
        name: Times.of([second for one in runs for second in one["seconds"][name]])
        for name in runs[0]["seconds"]
    }


def in_memory_rows(table: Path, data: str, folder: Path) -> list[Row]:
    """Rows on scoring compared with gseapy, and ranking with the bare sort."""
    run(script("in_memory.py", "store", table, folder))
    ranked, stored, ranking = [], [], []
    for _ in range(3):
        stored.append(last_json(run(script("in_memory.py", "stored", folder, 15)).output))
        ranked.append(last_json(run(script("in_memory.py", "ranked", folder, 1)).output))
        ranking.append(last_json(run(script("in_memory.py", "ranking", folder, 12)).output))
    n_genes, n_samples = ranked[0]["shape"]
    case = f"Scoring {ranked[0]['sets']} sets, {n_samples} samples of {data}, {n_genes:,} genes"
    return [
        *scoring_rows(case, times_of(ranked) | times_of(stored)),
        agreement_row(max(one["difference"] for one in ranked)),
        *ranking_rows(n_samples, times_of(ranking)),
    ]


def scoring_rows(case: str, times: dict[str, Times]) -> list[Row]:
    """Rows on scoring, ranking included and from stored ranks, compared with gseapy."""
    rows = []
    for threads in (2, 1):
        baseline = f"gseapy {version('gseapy')} ssgsea, threads={threads}"
        other = times[f"gseapy {threads}"]
        for name, ties in (("average", "average"), ("same ties", "gseapy")):
            label = f"{case}: ranking included, ties={ties}, threads={threads}"
            rows.append(faster(label, baseline, times[f"{name} {threads}"], other, 20))
        label = "The same from stored ranks, ties=average"
        rows.append(faster(label, baseline, times["scores"], other, 400))
    label = "The same through Engine.score: from names to a data frame"
    rows.append(faster(label, baseline, times["engine"], other))
    return rows


def ranking_rows(n_samples: int, times: dict[str, Times]) -> list[Row]:
    """Rows on ranking compared with the sort at its core."""
    return [
        as_long(
            f"Ranking {n_samples} samples, threads={threads}",
            f"sorting the same 64-bit keys in place, threads={threads}",
            times[f"rank {threads}"],
            times[f"sort {threads}"],
            3,
        )
        for threads in (1, 2)
    ]


def agreement_row(difference: float) -> Row:
    """A row with the largest difference between the scores of the timed calls."""
    return Row(
        "Largest relative difference of a score, ties=gseapy",
        "",
        "gseapy ssgsea",
        "",
        f"{difference:.2g}",
        "at most 1e-9",
        verdict("1e-9", [difference <= 1e-9]),
    )


def large_ranking_rows(repeats: int) -> list[Row]:
    """Rows on ranking a table of all samples of TCGA, and its memory."""
    figures = last_json(run(script("large_ranking.py", *LARGE, repeats)).output)
    threads = os.cpu_count() or 1
    n_genes, n_samples = LARGE
    case = f"Ranking {n_samples:,} samples of {n_genes:,} genes"
    case += f" ({figures['zeros']:.0%} zeros, {figures['tied']:.0%} tied), threads={threads}"
    peak, arrays = figures["peak"] / 1e9, (figures["input"] + figures["output"]) / 1e9
    return [
        as_long(
            case,
            f"sorting as many 64-bit keys in place, threads={threads}",
            Times.of(figures["seconds"]),
            Times.of([figures["sort_seconds"]]),
        ),
        Row(
            "Peak memory of that process",
            f"{peak:.2f} GB",
            "the values and the ranks themselves",
            f"{arrays:.2f} GB",
            f"{(peak - arrays) * 1e3:.0f} MB more",
            "under 2.5 GB",
            verdict("2.5", [peak < 2.5]),
        ),
    ]


def correlate_rows(demo: Path, folder: Path, repeats: int) -> list[Row]:
    """Rows on a query by the command line, compared with a plain script over the same tables."""
    query = ("--cache", demo, "correlate", "ferroptosis", "nfkb", "--format", "json")
    run(package(*query))
    ours = [run(package(*query)) for _ in range(repeats)]
    same_ties = r_by_tumor_type(run(package(*query, "--ties", "gseapy")))
    tables = sorted((demo / "downloads/simulated").glob("*/HiSeqV2.gz"))
    plain = run(script("plain_script.py", *write_sets(folder), *tables))
    theirs = dict(line.split("\t") for line in plain.output.splitlines())
    difference = max(abs(same_ties[name] - float(r)) for name, r in theirs.items())
    ours += [run(package(*query)) for _ in range(repeats)]
    return [
        faster(
            f"`correlate ferroptosis nfkb`, whole process, {len(tables)} simulated tumor types",
            "a script with pandas, gseapy (threads=2) and scipy, run once",
            Times.of([one.seconds for one in ours]),
            Times.of([plain.seconds]),
        ),
        Row(
            f"Largest difference of r over {len(theirs)} tumor types, --ties gseapy",
            "",
            "that script",
            "",
            f"{difference:.2g}",
        ),
    ]


def r_by_tumor_type(answer: Run) -> dict[str, float]:
    """The r of each tumor type in the JSON output of the command line."""
    return {row["tumor_type"]: row["r"] for row in json.loads(answer.output)["associations"]}


def write_sets(folder: Path) -> list[Path]:
    """Ferroptosis and nfkb as GMT files."""
    from tcga_corr.vocabulary.gene_sets.catalogue import shipped_sets

    paths = []
    for name in ("ferroptosis", "nfkb"):
        path = folder / f"{name}.gmt"
        genes = "\t".join(shipped_sets()[name].genes)
        path.write_text(f"{name}\t\t{genes}\n", encoding="utf-8")
        paths.append(path)
    return paths


def help_rows(repeats: int) -> list[Row]:
    """A row on the startup time of the command line."""
    console = Path(sys.executable).with_name("tcga-corr")
    command = [str(console), "--help"] if console.exists() else package("--help")
    runs = run_in_turn({"help": command, "pass": [sys.executable, "-c", "pass"]}, repeats)
    times = {name: Times.of([one.seconds for one in some]) for name, some in runs.items()}
    label = "`tcga-corr --help`, whole process"
    return [as_long(label, "`python -c pass`", times["help"], times["pass"])]


def load_rows(
    paths: Sequence[Path], source: str, data: str, folder: Path, repeats: int
) -> list[Row]:
    """Rows on loading tables into a new store, compared with reading them with pandas."""
    runs: dict[str, list[Run]] = {"load": [], "pandas": []}
    read = [sys.executable, "-c", READ_WITH_PANDAS, *map(str, paths)]
    for number in range(repeats):
        store = folder / f"store-{number}"
        load = package("--cache", store, "load", "--source", source, *paths)
        for name, some in run_in_turn({"load": load, "pandas": read}, 1).items():
            runs[name] += some
    times = {name: Times.of([one.seconds for one in some]) for name, some in runs.items()}
    peaks = {name: max(one.peak for one in some) / 1e6 for name, some in runs.items()}
    label = f"`load` of {data} into a new store, indexed, whole process"
    return [
        as_long(label, "pandas.read_csv of the same files", times["load"], times["pandas"]),
        Row(
            "Peak memory of that process",
            f"{peaks['load']:.0f} MB",
            "that of pandas",
            f"{peaks['pandas']:.0f} MB",
            f"{peaks['load'] / peaks['pandas']:.3g} x as much",
        ),
    ]


def environment(load_before: float) -> list[str]:
    """Versions, processor and load: the times depend on them."""
    packages = ("tcga-corr", "numpy", "gseapy", "polars", "scipy", "pandas", "pyarrow")
    versions = [f"Python {platform.python_version()}", *(f"{p} {version(p)}" for p in packages)]
    return [
        ", ".join(versions),
        f"{processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}",
        f"load average of one minute before the run: {load_before:.2f}",
    ]


def processor() -> str:
    """The processor's model, if the system reports it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "processor unknown"
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else "processor unknown"


def print_table(rows: Sequence[Row]) -> None:
    """Print rows as a Markdown table."""
    heads = ("measured", "the package", "compared with", "its value", "ratio", "target", "result")
    print(f"| {' | '.join(heads)} |")
    print("|" + " --- |" * len(heads))
    for row in rows:
        print(f"| {' | '.join(astuple(row))} |")


def measure(shared: Path, folder: Path) -> list[Row]:
    """All rows."""
    demo = folder / "demo"
    run(package("--cache", demo, "demo"))
    tables, source, note = shared / XENA_FOLDER, "tcga-hiseqv2", ""
    if not tables.is_dir():
        tables, source, note = demo / "downloads/simulated", "simulated", "SIMULATED "
        print(f"{shared} not found: using simulated tables\n")
    paths = [tables / f"TCGA.{name}.sampleMap" / "HiSeqV2.gz" for name in FIVE]
    return [
        *in_memory_rows(paths[0], f"{note}{FIVE[0]}", folder / "tiled"),
        *large_ranking_rows(5),
        *correlate_rows(demo, folder, 7),
        *help_rows(21),
        *load_rows(paths, source, f"{note}{', '.join(FIVE)}", folder, 5),
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=SHARED, help="folder of real tables")
    arguments = parser.parse_args()
    load_before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(arguments.shared, Path(folder))
    print_table(rows)
    print("\n" + "\n".join(f"- {line}" for line in environment(load_before)))


if __name__ == "__main__":
    main()
