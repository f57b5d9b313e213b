"""How often does the prediction interval hold? python benchmarks/prediction_interval.py.

Simulates meta-analyses of the r of normal values, in tumor types of the sizes in --shared, or
without it of the sizes that `tcga-corr demo` simulates. Counts how often the 95 % prediction
interval contains the true r of one more type: that of `pool`, and that of Higgins, Thompson &
Spiegelhalter 2009, which version 0.1.0 had. Writes the table of docs/calibration.md, between its
marks. The seed is fixed. Takes about half a minute.
"""

from __future__ import annotations

import argparse
import csv
import platform
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
from calibration import DOCS, PAGE, fill_page, markdown
from numpy.typing import NDArray
from scipy import stats
from scoring import SHARED

from tcga_corr.fetching.simulation import cohort_plans
from tcga_corr.stats.methods import fisher_variance
from tcga_corr.stats.pooling import Pooled, pool
from tcga_corr.vocabulary.tumor_types import TUMOR_TYPES

SEED = 489
TYPES = (5, 8, 12, 20, 33)
TAU = (0.0, 0.05, 0.1, 0.2, 0.3)
MEAN_Z = 0.2
REPEATS = 10_000
SIZES_FILE = "hub/sample_counts_33_tumor_types.csv"
LEAST_TYPES, LOW, HIGH = 8, 0.93, 0.97  # what is promised, where tau is above 0

Vector = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Interval:
    """How often an interval contains the true r of one more type, and its mean width on z."""

    coverage: float
    width: float

    @classmethod
    def measured(cls, low: Vector, high: Vector, further: Vector) -> Interval:
        """From the ends and the further z of each meta-analysis, all on z."""
        inside = (low <= further) & (further <= high)
        return cls(float(inside.mean()), float((high - low).mean()))


@dataclass(frozen=True)
class Row:
    """Both intervals for a number of types and a tau."""

    types: int
    tau: float
    higgins: Interval
    ours: Interval

    def kept(self) -> bool:
        """Whether the promise is kept, if there is one."""
        promised = self.types >= LEAST_TYPES and self.tau > 0
        return not promised or LOW <= self.ours.coverage <= HIGH


def sample_sizes(shared: Path) -> Counts:
    """Samples of the 33 tumor types: those of HiSeqV2, or of the simulated atlas."""
    path = shared / SIZES_FILE
    if not path.is_file():
        print(f"{path} not found: sizes of the simulated atlas", file=sys.stderr)
        return np.array([plan.n_tumor for plan in cohort_plans().values()])
    with path.open(encoding="utf-8", newline="") as file:
        sizes = {row["c"]: row["hiseqv2"] for row in csv.DictReader(file)}
    return np.array([int(sizes[one]) for one in TUMOR_TYPES])


def drawn_r(rho: Vector, n: Counts, rng: np.random.Generator) -> Vector:
    """Pearson's r of n pairs of normal values with correlation rho: exact, by Bartlett's matrix."""
    alone = np.sqrt(1 - rho**2)
    common = rho * np.sqrt(rng.chisquare(n - 1)) + alone * rng.standard_normal(n.shape)
    return common / np.hypot(common, alone * np.sqrt(rng.chisquare(n - 2)))


def higgins_interval(found: Pooled, types: int) -> tuple[Vector, Vector]:
    """The ends mu +- t sqrt(tau^2 + s^2) on z, with k - 2 degrees of freedom.

    Higgins, Thompson & Spiegelhalter 2009, doi:10.1111/j.1467-985X.2008.00552.x, with the standard
    error s of the pooled r's own interval.
    """
    low, high = np.arctanh(found.ci_low), np.arctanh(found.ci_high)
    error = (high - low) / (2 * stats.t.ppf(0.975, types - 1))
    reach = stats.t.ppf(0.975, types - 2) * np.sqrt(found.tau2 + error**2)
    return (low + high) / 2 - reach, (low + high) / 2 + reach


def measure(types: int, tau: float, sizes: Counts, repeats: int) -> Row:
    """Simulate meta-analyses of different tumor types, and one more type for each."""
    rng = np.random.default_rng([SEED, types, round(100 * tau)])
    n = rng.permuted(np.tile(sizes, (repeats, 1)), axis=1).T[:types]
    true_z = MEAN_Z + tau * rng.standard_normal((types + 1, repeats))
    r = drawn_r(np.tanh(true_z[:-1]), n, rng)
    found = pool(r, fisher_variance(r, n), leave_one_out=False)
    ours = np.arctanh(found.prediction_low), np.arctanh(found.prediction_high)
    return Row(
        types,
        tau,
        Interval.measured(*higgins_interval(found, types), true_z[-1]),
        Interval.measured(*ours, true_z[-1]),
    )


def table(rows: Iterable[Row], repeats: int) -> str:
    """A row per number of types and tau, and below it what made the numbers."""
    heads = ("types", "tau", "coverage, Higgins", "coverage", "width, Higgins", "width")
    cells = (
        (
            row.types,
            f"{row.tau:g}",
            *(f"{one.coverage:.3f}" for one in (row.higgins, row.ours)),
            *(f"{one.width:.2f}" for one in (row.higgins, row.ours)),
        )
        for row in rows
    )
    versions = ", ".join(f"{one} {version(one)}" for one in ("tcga-corr", "numpy", "scipy"))
    made = f"Python {platform.python_version()}, {versions}; seed {SEED}, {repeats:,} repeats."
    return f"{markdown(heads, cells)}\n\n{made}"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=SHARED, help="folder of real tables")
    parser.add_argument("--repeats", type=int, default=REPEATS, help="meta-analyses per row")
    parser.add_argument("--output", type=Path, default=DOCS, help="folder to write to")
    parser.add_argument("--check", action="store_true", help="fail if the promise is not kept")
    arguments = parser.parse_args()
    sizes = sample_sizes(arguments.shared)
    rows = [measure(types, tau, sizes, arguments.repeats) for types in TYPES for tau in TAU]
    page = (DOCS / PAGE).read_text(encoding="utf-8")
    arguments.output.mkdir(parents=True, exist_ok=True)
    filled = fill_page(page, {"prediction": table(rows, arguments.repeats)})
    (arguments.output / PAGE).write_text(filled, encoding="utf-8")
    broken = [
        f"{row.types} types, tau {row.tau:g}: coverage {row.ours.coverage:.3f}"
        for row in rows
        if not row.kept()
    ]
    print("\n".join(broken or ["the promise is kept"]))
    if arguments.check and broken:
        sys.exit(1)


if __name__ == "__main__":
    main()
