"""Batches over all of TCGA's samples, beside plain scripts: python benchmarks/batch.py.

The store is that of associations.py: a SIMULATED table of each tumor type, 10,459 samples in all of
20,501 genes, made once in the folder that --store names, or in a temporary one. Case a crosses 55
gene sets (49,005 associations), case b 1,000 gene sets of GO (16,483,500). Runs are named
benchmark-... in the store, and are removed. Prints Markdown, and figures as JSON on stderr. Takes
some quarter of an hour on two cores, and one or two minutes more for a new store.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from associations import SAMPLES, tumors
from processes import MEMORY_INTERVAL, Command, Times, run
from scoring import (
    SHARED,
    Row,
    as_long,
    digits,
    environment,
    faster,
    last_json,
    package,
    print_table,
    script,
    verdict,
)

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

GO = "gene_sets/enrichr.GO_BP_2021.gmt"
N_SETS, SET_SIZES = 1_000, (15, 500)
# The sizes of these sets, at each twentieth of them.
SIZES = (15, 15, 16, 18, 19, 20, 21, 23, 26, 28, 31, 34, 38, 43, 49, 58, 70, 81, 106, 158, 485)
GMT = "go.gmt"

HALLMARKS = """\
[collections]
death = ["ferroptosis", "apoptosis", "autophagy", "necroptosis", "pyroptosis"]
[[crosses]]
x = ["hallmark", "death"]
"""
MANY = f'[[crosses]]\nx = ["{GMT}"]\n'

# What the plain scripts do, in one tumor type: as large as the 33 are on average.
PLAIN_TYPE = "KIRP"
MOST_PAIRS = 10_000  # of a loop
THREADS = 2
SCORED = "scores already made"
PLAIN = {
    "gseapy": f"gseapy.ssgsea (threads={THREADS}), DataFrame.corr and p by scipy.stats.t, scaled",
    "pearsonr": f"a loop of scipy.stats.pearsonr, {SCORED}, scaled",
    "pandas": f"DataFrame.corr of {SCORED}: r alone",
    "numpy": f"numpy.corrcoef of {SCORED}: r alone",
}


@dataclass(frozen=True)
class Case:
    """A spec that is measured.

    Attributes
    ----------
    name, label
        For the options, and for people.
    spec
        Its text.
    tied_types
        Tumor types that are computed with gseapy's ties too, to compare; empty for all.
    is_slow
        Whether it is done half as often.
    """

    name: str
    label: str
    spec: str
    tied_types: tuple[str, ...] = ()
    is_slow: bool = False

    def text(self, tied: bool = False) -> str:
        """The spec, with a name that no other run of the store has."""
        lines = [f'name = "benchmark-{self.name}{"-ties" * tied}"']
        if tied:
            lines += ['ties = "gseapy"', f"tumor_types = {json.dumps(self.tied_types)}"]
            lines = lines if self.tied_types else lines[:-1]
        return "\n".join([*lines, self.spec])


CASES = {
    "a": Case("a", "55 gene sets by each other", HALLMARKS),
    "b": Case("b", "1,000 gene sets by each other", MANY, (PLAIN_TYPE,), is_slow=True),
}


@dataclass(frozen=True)
class BatchRun:
    """One batch: seconds on the clock, seconds of processors, bytes of memory of all processes."""

    seconds: float
    processor: float
    peak: int
    anonymous: int


# --- gene sets


def write_sets(path: Path, shared: Path, store: Path) -> bool:
    """Write the sets of case b; whether they are those of GO, or random ones of like sizes."""
    source = shared / GO
    if source.exists():
        lines = []
        for line in source.read_text(encoding="utf-8").splitlines():
            name, _, *genes = line.split("\t")
            genes = list(dict.fromkeys(filter(None, genes)))
            if SET_SIZES[0] <= len(genes) <= SET_SIZES[1]:
                lines.append("\t".join((name, "", *genes)))
        path.write_text("\n".join(lines[:N_SETS]) + "\n", encoding="utf-8")
        return True
    import numpy as np

    from tcga_corr.engine import open_store
    from tcga_corr.store.index import open_index
    from tcga_corr.store.layout import TableKey

    genes = list(open_index(open_store(store).store, TableKey("simulated", PLAIN_TYPE)).genes)
    rng = np.random.default_rng(1000)
    sizes = np.interp(rng.random(N_SETS), np.linspace(0, 1, len(SIZES)), SIZES).round().astype(int)
    drawn = [rng.choice(genes, size, replace=False) for size in sizes]
    text = "".join("\t".join((f"random {n}", "", *some)) + "\n" for n, some in enumerate(drawn))
    path.write_text(text, encoding="utf-8")
    return False


# --- plain scripts, each in a process of its own


class Stopwatch:
    """Seconds of what is done within it, by name: on the clock and of this process's threads."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.processor: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Add what is done within to a name's seconds."""
        clock, processor = time.perf_counter(), time.process_time()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - clock
        self.processor[name] = self.processor.get(name, 0.0) + time.process_time() - processor


class SpecAnalysis:
    """The analysis of a spec, over a store, and the rows that a batch wrote for it.

    Parameters
    ----------
    store, spec
        Their paths.
    table
        The associations that the batch wrote.
    """

    def __init__(self, store: Path, spec: Path, table: Path) -> None:
        from tcga_corr.batch.planning import plan_spec
        from tcga_corr.engine import open_store

        self._engine = open_store(store)
        self._table = table
        plan = plan_spec(self._engine, spec)
        self._analysis = plan.analyses[0]
        self.tumor_types = self._analysis.tumor_types

    def cohort(self, tumor_type: str) -> Any:
        """The tumor type's samples."""
        [cohort] = self._engine.cohorts(replace(self._analysis.scope, tumor_types=(tumor_type,)))
        return cohort

    def measured(self, tumor_type: str) -> dict[str, Any]:
        """Each set that has scores there, by name."""
        cohort = self.cohort(tumor_type)
        found = {one.name: cohort.measure(one) for one in self._analysis.variables}
        return {name: one for name, one in found.items() if one.values is not None}

    def scores(self, tumor_type: str) -> pd.DataFrame:
        """The package's scores, a column a set."""
        import pandas as pd

        return pd.DataFrame({name: one.values for name, one in self.measured(tumor_type).items()})

    @cached_property
    def answer(self) -> dict[str, NDArray[Any]]:
        """The batch's columns of one tumor type."""
        import polars as pl

        rows = pl.scan_parquet(self._table).filter(pl.col("tumor_type") == PLAIN_TYPE)
        frame = rows.select("x", "y", "r", "p").collect()
        return {name: frame[name].to_numpy() for name in frame.columns}

    def differences(self, names: Sequence[str], **found: NDArray[np.float64]) -> dict[str, Any]:
        """How far r and p are from the batch's, set by set; NaN where they were not found."""
        import numpy as np

        place = {name: number for number, name in enumerate(names)}
        x, y = ([place[name] for name in self.answer[side]] for side in "xy")
        largest: dict[str, Any] = {}
        for name, values in found.items():
            difference = np.abs(values[x, y] - self.answer[name])
            largest |= {"pairs": int(np.isfinite(difference).sum()), name: np.nanmax(difference)}
        return largest


def with_gseapy(analysis: SpecAnalysis, watch: Stopwatch) -> dict[str, Any]:
    """Scores by gseapy, r by pandas, p by scipy: of a table at hand."""
    import numpy as np
    import pandas as pd
    from scipy import stats

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import gseapy

    cohort = analysis.cohort(PLAIN_TYPE)
    sets = {name: list(one.genes) for name, one in analysis.measured(PLAIN_TYPE).items()}
    values = np.ascontiguousarray(cohort.table.values[:, cohort.columns])
    frame = pd.DataFrame(values, index=list(cohort.table.genes)).add_prefix("s")
    with watch("by samples"):
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
            threads=THREADS,
        ).res2d
        scores = found.pivot(index="Name", columns="Term", values="ES").astype(float)
        r = scores.corr().to_numpy()
    with watch("by types"), np.errstate(divide="ignore", invalid="ignore"):
        free = len(scores) - 2
        row, column = np.triu_indices(len(r), 1)
        one = r[row, column]
        p = np.full_like(r, np.nan)
        p[row, column] = 2 * stats.t.sf(np.abs(one) * np.sqrt(free / (1 - one**2)), free)
        p[column, row] = p[row, column]
    return analysis.differences(list(scores.columns), r=r, p=p)


def with_pearsonr(analysis: SpecAnalysis, watch: Stopwatch) -> dict[str, Any]:
    """Both r and p of pairs drawn at random, of scores that are made."""
    import numpy as np
    from scipy import stats

    frame = analysis.scores(PLAIN_TYPE)
    scores = np.ascontiguousarray(frame.to_numpy().T)
    row, column = np.triu_indices(len(scores), 1)
    some = np.random.default_rng(33).permutation(len(row))[:MOST_PAIRS]
    r, p = np.full((2, len(scores), len(scores)), np.nan)
    pairs = list(zip(row[some].tolist(), column[some].tolist(), strict=True))
    with watch("by pairs"):
        for one, other in pairs:
            found = stats.pearsonr(scores[one], scores[other])
            r[one, other], p[one, other] = found.statistic, found.pvalue
    for name in watch.seconds:
        watch.seconds[name] /= len(pairs)
        watch.processor[name] /= len(pairs)
    for matrix in (r, p):
        matrix[column, row] = matrix[row, column]
    return analysis.differences(list(frame.columns), r=r, p=p)


def only_r(
    analysis: SpecAnalysis, watch: Stopwatch, correlate: Callable[[Any], Any]
) -> dict[str, Any]:
    """Only r, of all pairs in all tumor types, of scores that are made."""
    differences = {}
    for tumor_type in analysis.tumor_types:
        scores = analysis.scores(tumor_type)
        with watch("all"):
            r = correlate(scores)
        if tumor_type == PLAIN_TYPE:
            differences = analysis.differences(list(scores.columns), r=r)
    return differences


def with_pandas(analysis: SpecAnalysis, watch: Stopwatch) -> dict[str, Any]:
    """As users do."""
    return only_r(analysis, watch, lambda scores: scores.corr().to_numpy())


def with_numpy(analysis: SpecAnalysis, watch: Stopwatch) -> dict[str, Any]:
    """A matrix product."""
    import numpy as np

    return only_r(analysis, watch, lambda scores: np.corrcoef(scores.to_numpy(), rowvar=False))


PLAIN_SCRIPTS: Mapping[str, Callable[[SpecAnalysis, Stopwatch], dict[str, Any]]] = {
    "gseapy": with_gseapy,
    "pearsonr": with_pearsonr,
    "pandas": with_pandas,
    "numpy": with_numpy,
}


def plain(name: str, analysis: SpecAnalysis) -> dict[str, Any]:
    """The seconds of a plain script, and how far its answer is from the batch's."""
    watch = Stopwatch()
    differences = PLAIN_SCRIPTS[name](analysis, watch)
    return {"seconds": watch.seconds, "processor": watch.processor, "differences": differences}


def scaled(seconds: Mapping[str, float], n_rows: int) -> float:
    """A plain script's seconds for all tumor types, from those for one."""
    samples = sum(map(tumors, SAMPLES)) / tumors(PLAIN_TYPE)
    factors = {"by samples": samples, "by types": len(SAMPLES), "by pairs": n_rows, "all": 1}
    return sum(factors[name] * one for name, one in seconds.items())


# --- batches, from outside


def memory_of_children() -> tuple[int, int]:
    """Bytes of all processes that this one has begun: resident, and of no file. Linux alone."""
    sizes, waiting = {"VmRSS:": 0, "RssAnon:": 0}, [os.getpid()]
    while waiting:
        process = Path(f"/proc/{waiting.pop()}")
        try:
            for one in process.glob("task/*/children"):
                waiting += map(int, one.read_text(encoding="utf-8").split())
            if process.name != str(os.getpid()):
                for line in (process / "status").read_text(encoding="utf-8").splitlines():
                    key, *rest = line.split()
                    if key in sizes:
                        sizes[key] += int(rest[0]) * 1024
        except OSError:  # it has ended
            continue
    return sizes["VmRSS:"], sizes["RssAnon:"]


def watched(command: Command) -> tuple[dict[str, Any], BatchRun]:
    """Run a command, watched with all processes that it begins; its JSON."""
    ended, looks = Event(), [(0, 0)]

    def watch() -> None:
        while not ended.wait(MEMORY_INTERVAL):
            looks.append(memory_of_children())

    watching = Thread(target=watch, daemon=True)
    before = getrusage(RUSAGE_CHILDREN)
    watching.start()
    one = run(command)
    ended.set()
    watching.join()
    after = getrusage(RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    resident, anonymous = (max(sizes) for sizes in zip(*looks, strict=True))
    measured = BatchRun(one.seconds, processor, max(one.peak, resident), anonymous)
    return json.loads(one.output), measured


@dataclass
class Figures:
    """All that was measured of a case.

    Attributes
    ----------
    runs
        Batches by what is special of them.
    plain, plain_processor
        Seconds of the plain scripts, scaled.
    differences
        The largest, by plain script and number.
    """

    runs: dict[str, list[BatchRun]] = field(default_factory=dict)
    plain: dict[str, list[float]] = field(default_factory=dict)
    plain_processor: dict[str, list[float]] = field(default_factory=dict)
    differences: dict[str, dict[str, float]] = field(default_factory=dict)
    n_rows: int = 0
    n_tumor_types: int = 0

    def times(self, name: str) -> Times:
        """Of batches, on the clock."""
        return Times.of([one.seconds for one in self.runs[name]])

    def processor(self, name: str) -> Times:
        """Of batches, of processors."""
        return Times.of([one.processor for one in self.runs[name]])

    def keep(self, name: str, found: Mapping[str, Any]) -> None:
        """Add the figures that a plain script printed."""
        self.plain.setdefault(name, []).append(scaled(found["seconds"], self.n_rows))
        self.plain_processor.setdefault(name, []).append(scaled(found["processor"], self.n_rows))
        known = self.differences.setdefault(name, {})
        for key, value in found["differences"].items():
            known[key] = max(known.get(key, 0), value)


class Bench:
    """A case's measurements over a store, which has its runs only while they are needed."""

    def __init__(self, store: Path, folder: Path, case: Case) -> None:
        self._store, self._folder, self._case = store, folder, case
        self.figures = Figures()
        for tied in (False, True):
            self._spec(tied).write_text(case.text(tied), encoding="utf-8")

    def _spec(self, tied: bool) -> Path:
        return self._folder / f"{self._case.name}{'-ties' * tied}.toml"

    def forget(self) -> None:
        """Remove the case's runs."""
        runs = f"benchmark-{self._case.name}-*"
        for path in (self._store / "results").glob(runs):
            shutil.rmtree(path)
        for path in (self._store / "locks").glob(f"_run.{runs}"):
            path.unlink()

    def batch(self, name: str, *options: object, tied: bool = False) -> Path:
        """Measure a whole run, from the start; returns the table that it wrote."""
        command = ("--cache", self._store, "batch", self._spec(tied), "--format", "json", *options)
        answer, measured = watched(package(*command))
        self.figures.runs.setdefault(name, []).append(measured)
        if not tied:
            self.figures.n_rows = answer["results"]["associations.parquet"]["rows"]
            self.figures.n_tumor_types = len(answer["provenance"]["tables"])
        name_of_run: str = answer["query"]["run"]
        return self._store / "results" / name_of_run / "associations.parquet"

    def plain(self, name: str, table: Path, tied: bool = False) -> None:
        """Measure a plain script, and compare its answer."""
        paths = (self._store, self._spec(tied), table)
        found = last_json(run(script("batch.py", "--plain", name, *paths)).output)
        self.figures.keep(name, found)

    def once(self) -> None:
        """Everything in turn."""
        if not self._case.is_slow:
            self.forget()
            self.batch("processes", "--workers", THREADS)
        self.forget()
        table = self.batch("threads")
        for name in ("pearsonr", "pandas", "numpy"):
            self.plain(name, table)
        self.plain("gseapy", self.batch("ties", tied=True), tied=True)
        self.forget()


# --- the report


def long(times: Times) -> str:
    """Times that may be of hours."""
    if times.least < 1000:
        return str(times)
    median = "" if times.least == times.median else f" ({times.median:,.0f} s)"
    return f"{times.least:,.0f} s{median}"


def beside(label: str, name: str, figures: Figures, of: str = "threads") -> Row:
    """A row of a batch and a plain script: whichever is faster."""
    ours, other = figures.times(of), Times.of(figures.plain[name])
    row = (faster if other.least > ours.least else as_long)(label, PLAIN[name], ours, other)
    return replace(row, other=long(other))


def memory_row(figures: Figures, name: str, what: str) -> Row:
    """A row of the largest peaks."""
    peak = max(one.peak for one in figures.runs[name]) / 1e9
    own = max(one.anonymous for one in figures.runs[name]) / 1e9
    return Row(what, f"{peak:.2f} GB", "without the pages of files", f"{own:.2f} GB", "")


def agreement_row(figures: Figures, name: str, what: str) -> Row:
    """How well the answers agree, in all pairs of one tumor type that were compared."""
    found = figures.differences[name]
    label = f"Largest difference of r, {found['pairs']:,} pairs in {PLAIN_TYPE}{what}"
    target, is_met = "at most 1e-9", found["r"] <= 1e-9
    other = f"of p: {found['p']:.2g}" if "p" in found else ""
    shown = PLAIN[name].removesuffix(", scaled")
    return Row(label, "", shown, other, f"{found['r']:.2g}", target, verdict(target, [is_met]))


def rows_of(case: Case, figures: Figures) -> list[Row]:
    """The table of a case."""
    counted = f"{figures.n_rows:,} associations in {figures.n_tumor_types} tumor types"
    label = f"`batch`, {case.label}, {counted}"
    rows = [beside(label, "gseapy", figures)]
    if not case.tied_types:
        rows.append(beside('The same with `ties = "gseapy"`', "gseapy", figures, "ties"))
    rows += [beside(label, name, figures) for name in ("pearsonr", "pandas", "numpy")]
    rows.append(memory_row(figures, "threads", "Peak memory of that process"))
    if "processes" in figures.runs:
        ours, other = figures.times("processes"), figures.times("threads")
        with_workers = f"{label}, `--workers {THREADS}`"
        rows.append(as_long(with_workers, "the same in threads of one process", ours, other))
        what = "Peak memory of all its processes, added up"
        rows.append(memory_row(figures, "processes", what))
    tied = ', `ties = "gseapy"`'
    rows += [agreement_row(figures, one, tied * (one == "gseapy")) for one in PLAIN]
    return rows


def processor_line(case: Case, figures: Figures) -> str:
    """What other work on the machine changes least."""
    ours = figures.processor("threads")
    ratios = []
    for name in ("gseapy", "pearsonr"):
        other = Times.of(figures.plain_processor[name])
        least, median = other.least / ours.least, other.median / ours.median
        ratios.append(f"{digits(least)} ({digits(median)}) times as much for {name}")
    return f"processor time of {case.label}: {ours}; {', '.join(ratios)}"


def print_report(found: Mapping[str, Figures], is_go: bool, load_before: float) -> None:
    """Markdown."""
    print("SIMULATED values and samples" + ", random gene sets" * (not is_go) + "\n")
    print_table([row for name, one in found.items() for row in rows_of(CASES[name], one)])
    lines = [processor_line(CASES[name], one) for name, one in found.items()]
    counts = (f"{len(one.runs['threads'])} of {CASES[name].label}" for name, one in found.items())
    lines += [f"repeats: {', '.join(counts)}", *environment(load_before)]
    lines.append(f"load average of one minute after the run: {os.getloadavg()[0]:.2f}")
    print("\n" + "\n".join(f"- {line}" for line in lines))


def measure(store: Path, shared: Path, cases: Sequence[Case], repeats: int) -> dict[str, Any]:
    """All cases, after the files were read once; and whether the sets are those of GO."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        paths = (store, folder / GMT, shared)
        is_go = last_json(run(script("batch.py", "--sets", *paths)).output)["go"]
        found = {}
        for case in cases:
            bench = Bench(store, folder, case)
            try:
                if not case.is_slow:
                    bench.once()
                    bench.figures = Figures()
                for _ in range((repeats + 1) // 2 if case.is_slow else repeats):
                    bench.once()
            finally:
                bench.forget()
            found[case.name] = bench.figures
    return {"found": found, "is_go": is_go}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, help="of associations.py; kept for a next run")
    parser.add_argument("--runs", type=int, default=5, help="of case a; of case b, half as many")
    parser.add_argument("--only", choices=sorted(CASES), help="one case; default: both")
    parser.add_argument("--shared", type=Path, default=SHARED, help="folder of GO's gene sets")
    parser.add_argument("--plain", choices=sorted(PLAIN), help=argparse.SUPPRESS)
    parser.add_argument("--sets", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("paths", type=Path, nargs="*", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.plain:
        print(json.dumps(plain(arguments.plain, SpecAnalysis(*arguments.paths))))
        return
    if arguments.sets:
        store, path, shared = arguments.paths
        print(json.dumps({"go": write_sets(path, shared, store)}))
        return
    cases = [one for name, one in CASES.items() if arguments.only in (None, name)]
    load_before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as temporary:
        store = arguments.store or Path(temporary)
        run(script("associations.py", "--make", store))
        measured = measure(store, arguments.shared, cases, arguments.runs)
    figures = {name: asdict(one) for name, one in measured["found"].items()}
    print(json.dumps({"simulated": True, **figures}, indent=1), file=sys.stderr)
    print_report(measured["found"], measured["is_go"], load_before)


if __name__ == "__main__":
    main()
