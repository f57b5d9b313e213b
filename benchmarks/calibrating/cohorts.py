"""The cohorts whose pairs are tested: real tables where there are any, and simulated ones."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scoring import FIVE, XENA_FOLDER

from calibrating.simulation import INDEPENDENT, MODULES, SEED, Vector, genome, simulated_values
from tcga_corr.analysis.naming.names import CovariateVariable, GeneVariable, Variable
from tcga_corr.analysis.nulls.setting import NullSetting
from tcga_corr.analysis.panel import Panel
from tcga_corr.analysis.samples.cohort import Cohort
from tcga_corr.choices import ScreenMethod
from tcga_corr.engine import open_store
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.store.covariate_lookup import Covariates
from tcga_corr.store.index import open_index
from tcga_corr.store.layout import TableKey
from tcga_corr.store.reference import ReferenceIndex, open_reference

HUB, TPM, SIMULATED = "hub", "tpm", "simulated"
LIHC_PART = "lihc_part/TCGA-LIHC.htseq_tpm.179_of_424.tsv.gz"
PROBE_MAP = "hub/gdc-hub/download/gencode.v22.annotation.gene.probeMap"
PURITY = "purity/tumor_purity_aran2015.csv"
LARGE = 1_100

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Table:
    """A table in the store.

    Attributes
    ----------
    number
        Its own, which decides its random numbers.
    group
        ``hub`` of the tables that are pooled, ``tpm`` or ``simulated``.
    label
        What it is called.
    key
        Source and tumor type.
    n
        Tumours.
    share
        Of the pairs that are asked for, how many are tested.
    purity
        Whether the purity of its tumours is known.
    """

    number: int
    group: str
    label: str
    key: TableKey
    n: int
    share: float = 1.0
    purity: bool = False


@dataclass(frozen=True, eq=False)
class Place:
    """Where pairs are correlated.

    Attributes
    ----------
    cohort
        The tumours of a table.
    reference
        The reference collection there.
    method
        How.
    controls
        What is adjusted for.
    """

    cohort: Cohort
    reference: ReferenceIndex
    method: ScreenMethod = "pearson"
    controls: tuple[Variable, ...] = ()

    def panel(self, variables: Sequence[Variable]) -> Panel:
        """Variables to correlate here."""
        return Panel(self.cohort, variables, self.controls, self.method)

    @cached_property
    def setting(self) -> NullSetting:
        """The table, and the samples that are correlated."""
        two = [GeneVariable(gene) for gene in list(self.cohort.table.genes)[:2]]
        return self.panel(two).table(np.array([0]), np.array([1])).setting


@cache
def open_place(
    store: Path, key: TableKey, method: ScreenMethod = "pearson", adjust: str = ""
) -> Place:
    """The tumours of a table, whose reference sums are stored when they are first needed."""
    engine = open_store(store)
    table = open_index(engine.store, key)
    names = [adjust] if adjust else []
    covariates = Covariates(engine.store)
    controls = tuple(CovariateVariable(covariates.require(name)) for name in names)
    return Place(Cohort(table, "tumor"), open_reference(engine.store, table), method, controls)


def load_tables(store: Path, shared: Path) -> tuple[Table, ...]:
    """Load the real tables, if present, and simulated ones without a link."""
    real: list[Table] = []
    if (shared / XENA_FOLDER).is_dir():
        real = _load_real(store, shared)
    else:
        print(f"{shared} not found: simulated tables only", file=sys.stderr)
    made = ((INDEPENDENT, 100, 1.0), (MODULES, 36, 1.0), (MODULES, 100, 1.0), (MODULES, LARGE, 0.3))
    simulated = [
        load_simulated(store, kind, n, number, share)
        for number, (kind, n, share) in enumerate(made, len(FIVE) + 1)
    ]
    return (*real, *simulated)


def _load_real(store: Path, shared: Path) -> list[Table]:
    engine = open_store(store)
    paths = [shared / XENA_FOLDER / f"TCGA.{name}.sampleMap" / "HiSeqV2.gz" for name in FIVE]
    hub = engine.load(paths)
    hub.raise_errors()
    options = LoadOptions(
        source="lihc-tpm", tumor_type="LIHC", unit="log2(tpm+1)", probe_map=shared / PROBE_MAP
    )
    tpm = engine.load(shared / LIHC_PART, options)
    tpm.raise_errors()
    engine.load_covariates(shared / PURITY)
    purity = Covariates(engine.store).require("purity")
    tables = []
    for number, loaded in enumerate([*hub.loaded, *tpm.loaded]):
        group = HUB if number < len(FIVE) else TPM
        label = loaded.key.tumor_type + (", log2(TPM + 1)" if group == TPM else "")
        tumours = [sample for sample in loaded.metadata.samples if sample.tumor]
        known = int((~np.isnan(purity.values_of(tumours)[0])).sum())
        enough = 2 * known > len(tumours)
        tables.append(Table(number, group, label, loaded.key, len(tumours), purity=enough))
    return tables


def load_simulated(store: Path, kind: str, n: int, number: int, share: float = 1.0) -> Table:
    """Write a table as a user would, and load it."""
    values: Vector = simulated_values(kind, n, np.random.default_rng([SEED, 3, number]))
    frame = pl.DataFrame(values, schema=[f"simulated-{one:04d}" for one in range(n)])
    frame.insert_column(0, pl.Series("gene", genome(kind).names))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{kind}-{n}.tsv"
        frame.write_csv(path, separator="\t", float_precision=4)
        options = LoadOptions(source=path.stem, unit="log2(norm_count+1)", rows="genes")
        report = open_store(store).load(path, options)
    report.raise_errors()
    label = f"simulated, {kind}"
    return Table(number, SIMULATED, label, report.loaded[0].key, n, share)
