"""Simulates an atlas of all 33 tumor types with known correlations, in the Xena format.

In each tumor type two genes (RELA and NFE2L2) are bivariate normal on the log2 scale with a planted
correlation, and the genes of two sets (ferroptosis, nfkb) follow two hidden activities with
another; patients die at a rate that depends on the first. All other genes are independent, with
realistic means, zeros and ties: a value is the log2 of a whole number of reads divided by the
sample's depth.
"""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tcga_corr.fetching.fetcher import Fetcher
from tcga_corr.files import replacing
from tcga_corr.sources import Source
from tcga_corr.sources.simulated import BARCODE_PREFIX
from tcga_corr.vocabulary.gene_sets.catalogue import DEATH_PROGRAMMES, shipped_sets
from tcga_corr.vocabulary.symbols import symbol_table
from tcga_corr.vocabulary.tumor_types import TUMOR_TYPES

GENE_PAIR = ("RELA", "NFE2L2")
SET_PAIR = ("ferroptosis", "nfkb")
CLINICAL = "simulated_clinical.tsv"
"""The file of the atlas with covariates of its samples: survival, age, gender and stage.

The last three go with nothing.
"""
N_GENES = 20_501
SEED = 489

_LOADING = 0.6  # share of a set gene's deviation that follows its set's activity
_PAIR_MEAN, _PAIR_SD = 10.5, 0.7
_UNNAMED_ROWS = 29
_PLANTED = "planted.json"
_MEAN_DAYS, _CENSORED_DAYS = 1_500, (100, 4_000)  # to death, and between which follow-up ends
_PATIENT = ("age", "gender", "stage")
_STAGES = ("Stage I", "Stage II", "Stage III", "Stage IV", "[Not Available]")
_MOST_PATIENTS = 36**4 // 33  # in a tumor type, so that no two share a barcode

# Tumour samples (a sixth of the real cohort's, within 12 to 120) and normal samples.
_SIZES = {
    "ACC": (13, 0), "BLCA": (68, 3), "BRCA": (120, 19), "CESC": (51, 1), "CHOL": (12, 2),
    "COAD": (48, 7), "DLBC": (12, 0), "ESCA": (31, 2), "GBM": (26, 1), "HNSC": (87, 7),
    "KICH": (12, 4), "KIRC": (89, 12), "KIRP": (48, 5), "LAML": (29, 0), "LGG": (86, 0),
    "LIHC": (62, 8), "LUAD": (86, 10), "LUSC": (84, 9), "MESO": (15, 0), "OV": (51, 0),
    "PAAD": (30, 1), "PCPG": (30, 1), "PRAD": (83, 9), "READ": (16, 2), "SARC": (43, 0),
    "SKCM": (78, 0), "STAD": (69, 6), "TGCT": (25, 0), "THCA": (84, 10), "THYM": (20, 0),
    "UCEC": (29, 4), "UCS": (12, 0), "UVM": (13, 0),
}  # fmt: skip


class SimulationFetcher(Fetcher):
    """The simulated atlas is not downloaded, but its files are kept like downloads."""

    def downloaded_tables(self, folder: Path, source: Source, tumor_type: str) -> list[Path]:
        """Path of the simulated table of a tumor type."""
        return [folder / table_path(tumor_type)]


@dataclass(frozen=True)
class CohortPlan:
    """The sizes and planted correlations of one tumor type.

    ``gene_r`` is the correlation of the two genes; ``activity_r`` that of the two sets' hidden
    activities, which their scores approach from below as the other noise in them is small;
    ``log_hazard_ratio`` is that of death, per standard deviation of the first set's activity.
    """

    tumor_type: str
    n_tumor: int
    n_normal: int
    gene_r: float
    activity_r: float
    log_hazard_ratio: float = 0.0


def cohort_plans() -> dict[str, CohortPlan]:
    """The plan of each of the 33 tumor types.

    Correlations are spread from -0.25 to 0.75, log hazard ratios from -0.4 to 0.6.
    """
    golden = (5**0.5 - 1) / 2
    planned = {}
    for number, (tumor_type, (n_tumor, n_normal)) in enumerate(_SIZES.items()):
        gene_r = round(-0.25 + (number * golden) % 1.0, 2)
        activity_r = round(-0.25 + ((number + 11) * golden) % 1.0, 2)
        log_ratio = round(-0.4 + ((number + 22) * golden) % 1.0, 2)
        planned[tumor_type] = CohortPlan(
            tumor_type, n_tumor, n_normal, gene_r, activity_r, log_ratio
        )
    planned["LIHC"] = CohortPlan("LIHC", *_SIZES["LIHC"], 0.5, 0.55, 0.5)
    return planned


@dataclass(frozen=True)
class SimulatedTable:
    """A simulated table: genes (rows), barcodes (columns) and log2 values, 4 decimals.

    ``days`` are those until each tumour's patient died or was last seen, ``died`` says which.
    """

    genes: tuple[str, ...]
    samples: tuple[str, ...]
    values: NDArray[np.float32]
    days: NDArray[np.int64]
    died: NDArray[np.bool_]


@cache
def _genes(n_genes: int) -> tuple[str, ...]:
    """The pair, the genes of the planted sets, then of the death programmes and Hallmarks.

    Up to ``n_genes``, protein-coding genes follow.
    """
    sets = shipped_sets()
    planted = {gene for name in SET_PAIR for gene in sets[name].genes}
    hallmarks = [name for name in sets if name.startswith("HALLMARK_")]
    known = {gene for name in (*DEATH_PROGRAMMES, *hallmarks) for gene in sets[name].genes}
    coding = (gene.symbol for gene in symbol_table() if gene.protein_coding)
    ordered = (*GENE_PAIR, *sorted(planted), *sorted(known), *coding)
    return tuple(sorted(list(dict.fromkeys(ordered))[:n_genes]))


def simulate_cohort(plan: CohortPlan, n_genes: int = N_GENES, seed: int = SEED) -> SimulatedTable:
    """Draw one tumor type's table. The same plan, gene count and seed give the same table."""
    genes = _genes(n_genes)
    number = list(TUMOR_TYPES).index(plan.tumor_type)
    profile = np.random.default_rng([seed, 0])
    rng = np.random.default_rng([seed, 1, number])
    n_samples = plan.n_tumor + plan.n_normal

    expressed = profile.random(n_genes) < 0.85
    mean = np.where(expressed, profile.normal(8, 3, n_genes), profile.normal(-2, 1.5, n_genes))
    spread = profile.uniform(0.4, 1.6, n_genes).astype(np.float32)
    mean += rng.normal(0, 0.5, n_genes)

    row = {gene: position for position, gene in enumerate(genes)}
    noise = rng.standard_normal((n_genes, n_samples), dtype=np.float32)
    activity = _correlated_normals(rng, plan.activity_r, n_samples)
    first, second = (set(shipped_sets()[name].genes) for name in SET_PAIR)
    for members, other, level in ((first, second, activity[0]), (second, first, activity[1])):
        rows = [row[gene] for gene in sorted(members - other - set(GENE_PAIR)) if gene in row]
        mean[rows] = np.abs(mean[rows] - 9) / 2 + 8  # in the range where ranks move
        noise[rows] = _LOADING * level + np.sqrt(1 - _LOADING**2) * noise[rows]
    pair = [row[gene] for gene in GENE_PAIR]
    noise[pair] = _correlated_normals(rng, plan.gene_r, n_samples)
    mean[pair], spread[pair] = _PAIR_MEAN, _PAIR_SD

    log_reads = mean[:, None].astype(np.float32) + spread[:, None] * noise
    depth = np.exp2(rng.normal(0, 0.3, n_samples)).astype(np.float32)
    reads = np.rint(np.exp2(log_reads) * depth)
    values = np.round(np.log2(reads / depth + 1), 4).astype(np.float32)
    follow_up = _follow_up(plan, activity[0, : plan.n_tumor], [seed, 2, number])
    return SimulatedTable(genes, _barcodes(plan, number), values, *follow_up)


def _follow_up(
    plan: CohortPlan, activity: NDArray[np.float64], seed: list[int]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Days until death or the last visit, by random numbers of their own; and who died."""
    rng = np.random.default_rng(seed)
    hazard = np.exp(plan.log_hazard_ratio * activity)
    death = rng.exponential(_MEAN_DAYS, len(activity)) / hazard
    last_visit = rng.uniform(*_CENSORED_DAYS, len(activity))
    days = np.ceil(np.minimum(death, last_visit)).astype(np.int64)
    return days, death <= last_visit


def _correlated_normals(rng: np.random.Generator, r: float, n_samples: int) -> NDArray[np.float64]:
    first, second = rng.standard_normal((2, n_samples))
    return np.stack([first, r * first + np.sqrt(1 - r**2) * second])


def _barcodes(plan: CohortPlan, number: int) -> tuple[str, ...]:
    """Barcodes of the tissue source site of simulated samples."""
    codes = TUMOR_TYPES[plan.tumor_type].tumor_codes
    first = number * _MOST_PATIENTS
    tumor = (f"{_patient(first + i)}-{codes[i % len(codes)]}" for i in range(plan.n_tumor))
    normal = (f"{_patient(first + i)}-11" for i in range(plan.n_normal))
    return (*tumor, *normal)


def _patient(number: int) -> str:
    return f"{BARCODE_PREFIX}{np.base_repr(number, 36).zfill(4)}"


def table_path(tumor_type: str) -> str:
    """Path of a tumor type's table below the atlas's folder, as on the Xena hub."""
    return f"TCGA.{tumor_type}.sampleMap/HiSeqV2.gz"


def write_atlas(
    folder: Path, n_genes: int = N_GENES, seed: int = SEED, tumor_types: tuple[str, ...] = ()
) -> Iterator[Path]:
    """Write each tumor type's table as the Xena hub lays it out, yielding its path.

    Then the clinical data of all, and the plans. The tables have the hub's quirks: rows without a
    symbol, and a symbol on two rows.
    """
    chosen = [
        plan for name, plan in cohort_plans().items() if not tumor_types or name in tumor_types
    ]
    (folder / _PLANTED).unlink(missing_ok=True)
    clinical = ["\t".join(("sample", "OS", "OS.time", *_PATIENT))]
    for plan in chosen:
        path = folder / table_path(plan.tumor_type)
        cohort = simulate_cohort(plan, n_genes, seed)
        content = gzip.compress(_as_xena(cohort), 1, mtime=0)
        with replacing(path) as partial:
            partial.write_bytes(content)
        tumours = cohort.samples[: plan.n_tumor]
        patients = _simulated_patients(plan, seed)
        clinical += [
            "\t".join((sample, str(int(died)), str(days), *patient))
            for sample, died, days, patient in zip(
                tumours, cohort.died, cohort.days, patients, strict=True
            )
        ]
        yield path
    with replacing(folder / CLINICAL) as partial:
        partial.write_text("\n".join(clinical) + "\n", encoding="utf-8")
    planted = json.dumps(_planted(chosen, n_genes, seed), indent=1)
    with replacing(folder / _PLANTED) as partial:
        partial.write_text(planted + "\n", encoding="utf-8")


def _simulated_patients(plan: CohortPlan, seed: int) -> list[tuple[str, ...]]:
    """Age, gender and stage of each tumour's patient, as the clinical tables of TCGA write them."""
    rng = np.random.default_rng([seed, 2, list(TUMOR_TYPES).index(plan.tumor_type)])
    age = np.clip(rng.normal(61, 13, plan.n_tumor), 18, 90).astype(int)
    gender = rng.choice(("FEMALE", "MALE"), plan.n_tumor)
    stage = rng.choice(_STAGES, plan.n_tumor, p=(0.3, 0.3, 0.2, 0.15, 0.05))
    return [tuple(map(str, one)) for one in zip(age, gender, stage, strict=True)]


def has_atlas(folder: Path, n_genes: int = N_GENES, seed: int = SEED) -> bool:
    """Whether a folder contains a complete atlas of this size and seed."""
    try:
        planted = json.loads((folder / _PLANTED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(planted == _planted(list(cohort_plans().values()), n_genes, seed))


def _planted(chosen: list[CohortPlan], n_genes: int, seed: int) -> dict[str, object]:
    return {"seed": seed, "n_genes": n_genes, "plans": [asdict(plan) for plan in chosen]}


def _as_xena(cohort: SimulatedTable) -> bytes:
    import polars as pl

    unnamed = [f"?|{100_130_426 + i}" for i in range(_UNNAMED_ROWS)]
    extra = np.zeros((_UNNAMED_ROWS, len(cohort.samples)), dtype=np.float32)
    names = [*unnamed, *cohort.genes, cohort.genes[-1]]
    values = np.concatenate([extra, cohort.values, cohort.values[-1:] / 2])
    frame = pl.DataFrame(values, schema=list(cohort.samples)).insert_column(
        0, pl.Series("sample", names)
    )
    text = io.BytesIO()
    frame.write_csv(text, separator="\t", float_precision=4)
    return text.getvalue()
