"""Loading a table of PanCanAtlas's size, compared with a bare parse: python benchmarks/loading.py.

The table is SIMULATED: the real one's size, layout and quirks, with simulated values and barcodes
of a site that does not exist. It is written once into a folder, by default a temporary one; it
takes 0.4 GB there, and the store another 1.8 GB during the run. Prints a Markdown table and the
environment. Takes about three minutes, and longer with pandas.
"""

from __future__ import annotations

import argparse
import gzip
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from processes import Command, Run, Times, run, run_in_turn
from scoring import Row, as_long, digits, environment, package, print_table, script, verdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FOLDER = "SIMULATED-pancanatlas"
TABLE = "EB++AdjustPANCAN_IlluminaHiSeq_RNASeqV2.geneExp.xena.gz"
PHENOTYPE = "Survival_SupplementalTable_S1_20171025_xena_sp"
N_COLUMNS, N_REPEATED = 11_069, 9
N_ROWS, N_UNNAMED, TWICE = 20_531, 29, "SLC35E2"
N_PARTLY = 4_196  # genes not measured in one of these blocks: 1.76 % of all cells
NOT_MEASURED = (
    ("COAD", "READ", "UCEC"), ("GBM", "LAML", "OV"), ("BRCA",), ("KIRC", "KIRP"), ("ESCA", "STAD"),
)  # fmt: skip
WRITTEN_TOGETHER = 512  # genes
AT_MOST_GB = 4

# Samples of each tumor type in GDC STAR-Counts, from shared/hub/sample_counts_33_tumor_types.csv;
# the table's columns have these proportions.
SAMPLES = {
    "ACC": 79, "BLCA": 428, "BRCA": 1226, "CESC": 309, "CHOL": 44, "COAD": 514, "DLBC": 48,
    "ESCA": 198, "GBM": 175, "HNSC": 566, "KICH": 91, "KIRC": 610, "KIRP": 323, "LAML": 151,
    "LGG": 534, "LIHC": 424, "LUAD": 589, "LUSC": 552, "MESO": 87, "OV": 429, "PAAD": 183,
    "PCPG": 187, "PRAD": 554, "READ": 177, "SARC": 265, "SKCM": 473, "STAD": 448, "TGCT": 156,
    "THCA": 572, "THYM": 122, "UCEC": 585, "UCS": 57, "UVM": 80,
}  # fmt: skip
ONE_IN_NORMAL = 15  # samples

READ_WITH_POLARS = """
import sys
import polars as pl
pl.read_csv(sys.argv[1], separator="\\t", null_values="NA")
"""
READ_AS_FLOAT32 = """
import gzip
import sys
import polars as pl
with gzip.open(sys.argv[1], "rt") as table:
    width = table.readline().count("\\t")
types = [pl.String] + [pl.Float32] * width
pl.read_csv(sys.argv[1], separator="\\t", null_values="NA", schema_overrides=types)
"""
READ_WITH_PANDAS = """
import sys
import pandas as pd
pd.read_csv(sys.argv[1], sep="\\t", index_col=0)
"""


def samples_by_type() -> dict[str, int]:
    """Samples of each tumor type, by largest remainder, without repeated columns."""
    wanted, total = N_COLUMNS - N_REPEATED, sum(SAMPLES.values())
    exact = {name: wanted * count / total for name, count in SAMPLES.items()}
    counts = {name: int(share) for name, share in exact.items()}
    by_remainder = sorted(exact, key=lambda name: exact[name] - counts[name], reverse=True)
    for name in by_remainder[: wanted - sum(counts.values())]:
        counts[name] += 1
    return counts


def simulated_samples() -> Iterator[tuple[str, str]]:
    """Yield barcode and tumor type; patients with a normal sample have a tumour sample too."""
    import numpy as np

    from tcga_corr.vocabulary.tumor_types import TUMOR_TYPES

    number = 0
    for tumor_type, count in samples_by_type().items():
        codes = TUMOR_TYPES[tumor_type].tumor_codes
        n_normal = count // ONE_IN_NORMAL
        patients = []
        for position in range(count - n_normal):
            patients.append(f"TCGA-Z0-{np.base_repr(number, 36).zfill(4)}")
            yield f"{patients[-1]}-{codes[position % len(codes)]}", tumor_type
            number += 1
        yield from ((f"{patient}-11", tumor_type) for patient in patients[:n_normal])


def row_names() -> list[str]:
    """Bare Entrez ids, symbols, and a symbol on two rows."""
    from tcga_corr.vocabulary.symbols import symbol_table

    known = sorted(symbol_table(), key=lambda gene: not gene.protein_coding)
    symbols = [gene.symbol for gene in known if gene.symbol != TWICE]
    unnamed = [str(100_130_426 + number) for number in range(N_UNNAMED)]
    return [*unnamed, *sorted([TWICE, TWICE, *symbols[: N_ROWS - N_UNNAMED - 2]])]


def write_files(folder: Path) -> None:
    """Write the table, block by block, and its samples' tumor types, unless present."""
    import numpy as np

    from tcga_corr.files import replacing

    if (folder / TABLE).exists():
        return
    types = dict(simulated_samples())
    lines = [f"{sample}\t{sample[:12]}\t{tumor_type}" for sample, tumor_type in types.items()]
    with replacing(folder / PHENOTYPE) as partial:
        header = "sample\t_PATIENT\tcancer type abbreviation"
        partial.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    rng = np.random.default_rng(489)
    samples = rng.permutation(list(types))  # tumor types mingle, as in the real table
    columns = [*samples, *samples[:N_REPEATED]]
    with replacing(folder / TABLE) as partial, gzip.open(partial, "wb", compresslevel=1) as table:
        table.write("\t".join(["sample", *columns]).encode() + b"\n")
        for text in simulated_blocks(rng, [types[name] for name in columns]):
            table.write(text)


def simulated_blocks(rng: np.random.Generator, types: Sequence[str]) -> Iterator[bytes]:
    """Yield rows as text, with the digits of the real table: 0, 0.96, 9.41, 10.1, 13."""
    import numpy as np
    import polars as pl

    names = row_names()
    block_of = rng.permutation(N_ROWS)  # genes from N_PARTLY on are measured in all samples
    unmeasured = [np.isin(types, block) for block in NOT_MEASURED]
    depth = np.exp2(rng.normal(0, 0.3, len(types))).astype(np.float32)
    for start in range(0, N_ROWS, WRITTEN_TOGETHER):
        rows = range(start, min(start + WRITTEN_TOGETHER, N_ROWS))
        values = simulated_values(rng, len(rows), types, depth)
        for row, block in zip(values, block_of[start : rows.stop], strict=True):
            if block < N_PARTLY:
                row[unmeasured[block % len(unmeasured)]] = np.nan
        frame = pl.DataFrame(values, schema=[str(column) for column in range(len(types))])
        frame = frame.fill_nan(None).insert_column(0, pl.Series("sample", names[start : rows.stop]))
        text = frame.write_csv(separator="\t", null_value="NA", include_header=False).encode()
        yield text.replace(b".0\t", b"\t").replace(b".0\n", b"\n")


def simulated_values(
    rng: np.random.Generator, n_genes: int, types: Sequence[str], depth: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Genes x samples: log2 of reads divided by depth, plus shifts by tumor type, some below 0."""
    import numpy as np

    number = np.unique(types, return_inverse=True)[1]
    n_types = int(number.max()) + 1
    expressed = rng.random((n_genes, 1)) < 0.9
    low = rng.normal(-2, 1.5, expressed.shape)
    mean = np.where(expressed, rng.normal(9, 2.5, expressed.shape), low)
    mean = (mean + rng.normal(0, 0.5, (n_genes, n_types))).astype(np.float32)
    adjusted = rng.random((n_genes, n_types)) < 0.2
    shift = np.where(adjusted, rng.normal(0, 0.2, adjusted.shape), 0).astype(np.float32)
    values = rng.standard_normal((n_genes, len(types)), dtype=np.float32)
    values += mean[:, number]
    values = np.log2(np.rint(np.exp2(values) * depth) / depth + 1) + shift[:, number]
    tenths = np.abs(values) >= 10
    values = np.where(tenths, np.round(values, 1), np.round(values, 2))
    return values + np.float32(0)  # -0 becomes 0


def measured(folder: Path, repeats: int) -> dict[str, list[Run]]:
    """Run loading into a new store and the bare parses, in turn."""
    store, table = folder / "store", folder / TABLE
    commands: Mapping[str, Command] = {
        "load": package("--cache", store, "load", table),
        "polars": [sys.executable, "-c", READ_WITH_POLARS, str(table)],
        "float32": [sys.executable, "-c", READ_AS_FLOAT32, str(table)],
    }
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(repeats):
        shutil.rmtree(store, ignore_errors=True)
        for name, some in run_in_turn(commands, 1, watched=True).items():
            runs[name] += some
    return runs


def rows_of(runs: Mapping[str, Sequence[Run]], folder: Path) -> list[Row]:
    """Rows of times, then peaks, of loading compared with each parse."""
    n_tables = len(list(folder.glob("store/index/*/*/*/ranks.npy")))
    label = f"`load` of SIMULATED EB++ into a new store: {n_tables} tables, indexed, whole process"
    parsers = {
        "polars": "polars.read_csv of the same file",
        "float32": "polars.read_csv with values as Float32",
        "pandas": "pandas.read_csv, run once",
    }
    parses = {name: parser for name, parser in parsers.items() if name in runs}
    times = {name: Times.of([one.seconds for one in some]) for name, some in runs.items()}
    peaks = {name: max(one.peak for one in some) / 1e9 for name, some in runs.items()}
    own = {name: max(one.anonymous for one in some) / 1e9 for name, some in runs.items()}
    rows = []
    for name, parser in parses.items():
        peak, anonymous = "Peak memory of that process", "The same without the pages of files"
        rows += [
            as_long(label, parser, times["load"], times[name]),
            memory_row(peak, parser, peaks["load"], peaks[name], AT_MOST_GB),
            memory_row(anonymous, parser, own["load"], own[name], AT_MOST_GB),
        ]
    return rows


def memory_row(label: str, baseline: str, ours: float, other: float, at_most: float = 0) -> Row:
    """A row with how many times as much memory the package needs, in GB."""
    target = f"at most {at_most:g} GB" if at_most else ""
    return Row(
        label,
        f"{ours:.2f} GB",
        baseline,
        f"{other:.2f} GB",
        f"{digits(ours / other)} x as much",
        target,
        verdict(target, [ours <= at_most]),
    )


def measure(folder: Path, repeats: int, pandas: bool) -> list[Row]:
    """All rows; another process writes the table, so this one stays small."""
    run(script("loading.py", "--write", folder))
    runs = measured(folder, repeats)
    if pandas:
        command = [sys.executable, "-c", READ_WITH_PANDAS, str(folder / TABLE)]
        runs |= run_in_turn({"pandas": command}, 1, watched=True)
    rows = rows_of(runs, folder)
    shutil.rmtree(folder / "store")
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="for the table; kept for the next run")
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--pandas", action="store_true", help="time pandas too, which is slow")
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.write:
        write_files(arguments.write)
        return
    load_before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as temporary:
        folder = (arguments.folder or Path(temporary)) / FOLDER
        rows = measure(folder, arguments.repeats, arguments.pandas)
    print("SIMULATED values and samples\n")
    print_table(rows)
    print("\n" + "\n".join(f"- {line}" for line in environment(load_before)))


if __name__ == "__main__":
    main()
