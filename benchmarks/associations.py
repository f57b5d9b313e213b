"""Associations over all of TCGA's samples, and plain scripts: python benchmarks/associations.py.

The store has a SIMULATED table of each tumor type, as large as its HiSeqV2 on the Xena hub:
10,459 samples of 20,501 genes. It is made once, in the given folder or a temporary one, and
takes 2.1 GB there. Each query runs by the command line, in a separate process, all in turn. Prints
figures as JSON, and Markdown for people on stderr. Takes about three minutes, and one or two more
for a new store.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import TYPE_CHECKING, Any

from processes import Command, Run, Times, run
from scoring import Row, environment, faster, last_json, package, print_table, script, verdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Columns of each tumor type's HiSeqV2, from shared/hub/sample_counts_33_tumor_types.csv.
SAMPLES = {
    "ACC": 79, "BLCA": 426, "BRCA": 1218, "CESC": 308, "CHOL": 45, "COAD": 329, "DLBC": 48,
    "ESCA": 196, "GBM": 172, "HNSC": 566, "KICH": 91, "KIRC": 606, "KIRP": 323, "LAML": 173,
    "LGG": 530, "LIHC": 423, "LUAD": 576, "LUSC": 553, "MESO": 87, "OV": 308, "PAAD": 183,
    "PCPG": 187, "PRAD": 550, "READ": 105, "SARC": 265, "SKCM": 474, "STAD": 450, "TGCT": 156,
    "THCA": 572, "THYM": 122, "UCEC": 201, "UCS": 57, "UVM": 80,
}  # fmt: skip
ONE_IN_NORMAL = 15  # samples
N_GENES, N_DRAWS, N_BINS = 20_501, 1_000, 20

SETS, GENES, NONE = ("ferroptosis", "nfkb"), ("RELA", "NFE2L2"), ("--null", "none")
QUERIES: Mapping[str, Sequence[str]] = {
    "sets": ("correlate", *SETS),
    "genes": ("correlate", *GENES),
    "mixed": ("correlate", GENES[0], SETS[1]),
    "sets, no null": ("correlate", *SETS, *NONE),
    "genes, no null": ("correlate", *GENES, *NONE),
    "reference, no null": ("screen", SETS[0], "--against", "reference", *NONE),
    "screen": ("screen", GENES[0], "--against", "genes", *NONE),
    "screen with nulls": ("screen", GENES[0], "--against", "genes"),
}
AT_MOST_SECONDS = {
    "sets": 8, "sets, no null": 0.55, "genes, no null": 0.6, "reference, no null": 2.5,
    "screen": 3, "first": 60,
}  # fmt: skip
AT_MOST_GB = 2

# The plain scripts run in one tumor type, of the average size of the 33.
PLAIN_TYPE = "KIRP"
PLAIN_DRAWS, PLAIN_GENES = 100, 2_000
GSEAPY_DRAWS = (2, 32)
PLAIN = {
    "numpy": "a loop of the closed form in numpy and scipy.stats.pearsonr",
    "gseapy": "gseapy.ssgsea of the drawn sets (threads=1) and scipy.stats.pearsonr",
    "pearsonr": "a loop of scipy.stats.pearsonr over the genes",
}
COMPARISONS = (("sets", "numpy"), ("sets", "gseapy"), ("screen", "pearsonr"))


@dataclass(frozen=True)
class QueryRun:
    """One query's process: wall seconds, processor seconds, bytes of memory."""

    seconds: float
    processor: float
    peak: int
    anonymous: int


def tumors(tumor_type: str, factor: float = 1) -> int:
    """The tumour samples of a tumor type in the store."""
    n = round(SAMPLES[tumor_type] * factor)
    return n - n // ONE_IN_NORMAL


def make_store(folder: Path, factor: float = 1) -> None:
    """Load a simulated table of each tumor type that the store has none of.

    ``factor`` is how many times as many samples as HiSeqV2 each has.
    """
    import polars as pl

    from tcga_corr.engine import open_store
    from tcga_corr.fetching.simulation import cohort_plans, simulate_cohort, table_path
    from tcga_corr.loading.plan import LoadOptions
    from tcga_corr.store.layout import TableKey

    engine = open_store(folder)
    for tumor_type, plan in cohort_plans().items():
        if engine.store.table_path(TableKey("simulated", tumor_type)).exists():
            continue
        n_tumor = tumors(tumor_type, factor)
        n_normal = round(SAMPLES[tumor_type] * factor) - n_tumor
        cohort = simulate_cohort(replace(plan, n_tumor=n_tumor, n_normal=n_normal), N_GENES)
        frame = pl.DataFrame(cohort.values, schema=list(cohort.samples))
        frame = frame.insert_column(0, pl.Series("sample", cohort.genes))
        with tempfile.TemporaryDirectory() as temporary:
            path = Path(temporary, table_path(tumor_type)).with_suffix("")
            path.parent.mkdir()
            frame.write_csv(path, separator="\t", float_precision=4)
            engine.load(path, LoadOptions(source="simulated")).raise_errors()


def remove_reference(folder: Path) -> None:
    """Remove the reference collection's index from all tables."""
    from tcga_corr.engine import open_store
    from tcga_corr.store.index import open_index
    from tcga_corr.store.reference import drop_reference

    store = open_store(folder).store
    for key in store.table_keys():
        drop_reference(store, open_index(store, key))


@dataclass(frozen=True)
class Plain:
    """One tumor type's tumour samples, in memory for a plain script."""

    genes: list[str]
    values: NDArray[np.float32]
    sets: list[NDArray[np.intp]]  # rows of the two sets without shared genes


@cache
def plain_table(folder: Path) -> Plain:
    """Read the input of the plain scripts."""
    import numpy as np

    from tcga_corr.engine import open_store
    from tcga_corr.store.index import open_index
    from tcga_corr.store.layout import TableKey
    from tcga_corr.vocabulary.gene_sets.catalogue import shipped_sets

    table = open_index(open_store(folder).store, TableKey("simulated", PLAIN_TYPE))
    genes = list(table.genes)
    values = np.ascontiguousarray(table.values[:, table.columns("tumor")])
    x, y = (set(shipped_sets()[name].genes) for name in SETS)
    return Plain(genes, values, [table.genes.rows(names) for names in (x - y, y - x)])


def drawn_rows(plain: Plain, draws: int) -> list[list[NDArray[np.intp]]]:
    """For each draw, random genes of similar mean expression for both sets, none twice."""
    import numpy as np

    rng = np.random.default_rng(489)
    by_mean = np.argsort(plain.values.mean(axis=1))
    bins = np.empty(len(by_mean), dtype=int)
    bins[by_mean] = np.arange(len(by_mean)) * N_BINS // len(by_mean)
    wanted = bins[np.concatenate(plain.sets)]
    pools = {number: np.flatnonzero(bins == number) for number in np.unique(wanted)}
    drawn = []
    for _ in range(draws):
        rows = np.empty(len(wanted), dtype=int)
        for number, pool in pools.items():
            places = wanted == number
            rows[places] = rng.choice(pool, np.count_nonzero(places), replace=False)
        drawn.append(np.split(rows, [len(plain.sets[0])]))
    return drawn


def null_with_numpy(folder: Path) -> dict[str, float]:
    """Processor seconds of ranking the samples, and of one draw."""
    import numpy as np
    from scipy import stats

    plain = plain_table(folder)
    start = time.process_time()
    ranks = stats.rankdata(plain.values, axis=0)
    n = len(ranks)
    ranked = time.process_time()

    def score(rows: NDArray[np.intp]) -> NDArray[np.float64]:
        rank = ranks[rows]
        weight = rank**0.25
        misses = (n * (n + 1) / 2 - rank.sum(axis=0)) / (n - len(rows))
        return np.asarray((weight * rank).sum(axis=0) / weight.sum(axis=0) - misses)

    for x, y in drawn_rows(plain, PLAIN_DRAWS):
        stats.pearsonr(score(x), score(y))
    return {"once": ranked - start, "each": (time.process_time() - ranked) / PLAIN_DRAWS}


def null_with_gseapy(folder: Path) -> dict[str, float]:
    """Processor seconds of the fixed part and of one draw, from two numbers of draws."""
    import pandas as pd
    from scipy import stats

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import gseapy

    plain = plain_table(folder)
    frame = pd.DataFrame(plain.values, index=plain.genes).add_prefix("s")

    def seconds(draws: int) -> float:
        start = time.process_time()
        sets = {
            f"{side}{number}": [plain.genes[row] for row in rows]
            for number, pair in enumerate(drawn_rows(plain, draws))
            for side, rows in zip("xy", pair, strict=True)
        }
        found = gseapy.ssgsea(
            data=frame,
            gene_sets=sets,
            outdir=None,
            sample_norm_method="rank",
            weight=0.25,
            min_size=5,
            max_size=len(frame),
            permutation_num=0,
            no_plot=True,
            threads=1,
        ).res2d
        scores = found.pivot(index="Name", columns="Term", values="ES").astype(float)
        for number in range(draws):
            stats.pearsonr(scores[f"x{number}"], scores[f"y{number}"])
        return time.process_time() - start

    few, many = (seconds(draws) for draws in GSEAPY_DRAWS)
    each = (many - few) / (GSEAPY_DRAWS[1] - GSEAPY_DRAWS[0])
    return {"once": max(0.0, few - each * GSEAPY_DRAWS[0]), "each": each}


def screen_with_pearsonr(folder: Path) -> dict[str, float]:
    """Processor seconds per gene."""
    from scipy import stats

    plain = plain_table(folder)
    x = plain.values[plain.genes.index(GENES[0])]
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # genes that do not vary
        for gene in plain.values[:PLAIN_GENES]:
            stats.pearsonr(x, gene)
    return {"once": 0.0, "each": (time.process_time() - start) / PLAIN_GENES}


PLAIN_SCRIPTS: Mapping[str, Callable[[Path], dict[str, float]]] = {
    "numpy": null_with_numpy,
    "gseapy": null_with_gseapy,
    "pearsonr": screen_with_pearsonr,
}


def scaled(name: str, seconds: Mapping[str, float]) -> float:
    """A plain script's processor seconds for all tumor types, scaled from one."""
    if name == "pearsonr":  # its time does not depend on the samples
        return seconds["each"] * N_GENES * len(SAMPLES)
    samples = sum(map(tumors, SAMPLES)) / tumors(PLAIN_TYPE)
    return (seconds["once"] + seconds["each"] * N_DRAWS) * samples


def run_query(command: Command) -> tuple[Run, QueryRun]:
    """Run a command and measure its times and memory."""
    before = getrusage(RUSAGE_CHILDREN)
    finished = run(command, watched=True)
    after = getrusage(RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return finished, QueryRun(finished.seconds, processor, finished.peak, finished.anonymous)


@dataclass
class Figures:
    """All measurements: runs of queries, and the plain scripts' seconds, scaled."""

    queries: dict[str, list[QueryRun]]
    plain: dict[str, list[float]]
    n_samples: int = 0
    n_tumor_types: int = 0

    def times(self, name: str) -> Times:
        """Wall times of a query."""
        return Times.of([one.seconds for one in self.queries[name]])

    def processor(self, name: str) -> Times:
        """Processor times of a query, least affected by other work on the machine."""
        return Times.of([one.processor for one in self.queries[name]])

    def as_json(self) -> dict[str, Any]:
        """All measurements, and ratios of medians."""
        return {
            "simulated": True,
            "n_samples": self.n_samples,
            "n_tumor_types": self.n_tumor_types,
            "queries": {name: list(map(asdict, some)) for name, some in self.queries.items()},
            "plain_scaled_processor_seconds": self.plain,
            "ratios_of_processor_seconds": {
                f"{plain} / {name}": Times.of(self.plain[plain]).median
                / self.processor(name).median
                for name, plain in COMPARISONS
            },
        }


def measure(store: Path, repeats: int) -> Figures:
    """Run everything in turn, after an untimed run of each query."""
    commands = {name: package("--cache", store, *queries) for name, queries in QUERIES.items()}
    for command in commands.values():
        run(command)
    figures = Figures({name: [] for name in ("first", *QUERIES)}, {name: [] for name in PLAIN})
    for number in range(repeats):
        if 2 * number < repeats:  # slow, so half as often
            run(script("associations.py", "--remove-reference", store))
            figures.queries["first"].append(run_query(commands["sets"])[1])
            name, plain = "gseapy", script("associations.py", "--plain", "gseapy", store)
            figures.plain[name].append(scaled(name, last_json(run(plain).output)))
        for name, command in commands.items():
            figures.queries[name].append(run_query(command)[1])
        for name in ("numpy", "pearsonr"):
            plain = script("associations.py", "--plain", name, store)
            figures.plain[name].append(scaled(name, last_json(run(plain).output)))
    answer = json.loads(run([*commands["sets, no null"], "--format", "json"]).output)
    figures.n_samples = sum(row["n"] for row in answer["associations"])
    figures.n_tumor_types = len(answer["associations"])
    return figures


def rows_of(figures: Figures) -> list[Row]:
    """The table: time and memory of each query, then the plain scripts."""
    of = f"{figures.n_samples:,} samples, {figures.n_tumor_types} tumor types"
    labels = {name: f"`{' '.join(queries)}`" for name, queries in QUERIES.items()}
    first = {"first": f"{labels['sets']} that first makes the reference collection's index"}
    rows = []
    for name, label in (first | labels).items():
        rows += [time_row(figures, name, f"{label}, {of}"), memory_row(figures, name)]
    for name, plain in COMPARISONS:
        other = Times.of(figures.plain[plain])
        label = f"{labels[name]}, processor time"
        row = faster(label, f"{PLAIN[plain]}, scaled", figures.processor(name), other)
        rows.append(replace(row, other=f"{other.least:,.0f} s ({other.median:,.0f} s)"))
    return rows


def time_row(figures: Figures, name: str, label: str) -> Row:
    """A row of a query's times, with its target if any."""
    times, used = figures.times(name), figures.processor(name)
    at_most = AT_MOST_SECONDS.get(name)
    target = f"under {at_most} s" if at_most else ""
    reached = [seconds < (at_most or 0) for seconds in (times.least, times.median)]
    baseline = "processor time, all cores"
    return Row(label, str(times), baseline, str(used), "", target, verdict(target, reached))


def memory_row(figures: Figures, name: str) -> Row:
    """A row of the largest peak memory."""
    peak = max(one.peak for one in figures.queries[name]) / 1e9
    own = max(one.anonymous for one in figures.queries[name]) / 1e9
    label, baseline = "Peak memory of that process", "without the pages of files"
    target = f"under {AT_MOST_GB} GB"
    met = verdict(target, [peak < AT_MOST_GB])
    return Row(label, f"{peak:.2f} GB", baseline, f"{own:.2f} GB", "", target, met)


def report(figures: Figures, load_before: float) -> str:
    """The results as Markdown."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        print("SIMULATED values and samples\n")
        print_table(rows_of(figures))
        print("\n" + "\n".join(f"- {line}" for line in environment(load_before)))
        print(f"- load average of one minute after the run: {os.getloadavg()[0]:.2f}")
    return text.getvalue()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="for the store; kept for the next run")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--make", action="store_true", help="only make the store")
    parser.add_argument("--factor", type=float, default=1, help="of the samples, with --make")
    parser.add_argument("--remove-reference", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--plain", choices=sorted(PLAIN), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    needs_folder = arguments.make or arguments.remove_reference or arguments.plain
    if arguments.folder is None and needs_folder:
        parser.error("name the folder")
    if arguments.make:
        make_store(arguments.folder, arguments.factor)
    elif arguments.remove_reference:
        remove_reference(arguments.folder)
    elif arguments.plain:
        print(json.dumps(PLAIN_SCRIPTS[arguments.plain](arguments.folder)))
    else:
        load_before = os.getloadavg()[0]
        with tempfile.TemporaryDirectory() as temporary:
            store = arguments.folder or Path(temporary)
            run(script("associations.py", "--make", store))
            figures = measure(store, arguments.repeats)
        print(json.dumps(figures.as_json(), indent=1))
        print(report(figures, load_before), file=sys.stderr)


if __name__ == "__main__":
    main()
