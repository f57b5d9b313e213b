"""Simulates counts of treated cells with known changes: four groups of three, as files.

Two drugs change genes each by itself, and both together change the sum of these and more. Counts
are negative binomial, as of RNA-seq: the dispersion falls with the mean, and scatters from gene to
gene. The numbers are those of triplicates of a cell line; the drugs are none that exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from tcga_corr.errors import UsageError
from tcga_corr.files import replacing
from tcga_corr.sources.simulated import CELL_PREFIX
from tcga_corr.store.sql import queries_folder
from tcga_corr.vocabulary.gene_sets.catalogue import DEATH_PROGRAMMES, shipped_sets
from tcga_corr.vocabulary.symbols import symbol_table

Counts = NDArray[np.int64]
Vector = NDArray[np.float64]

CONTROL, BOTH = "DMSO", "both"
GROUPS = (CONTROL, "drug_A", "drug_B", BOTH)
CONTRASTS = tuple(
    (a, b) for b in GROUPS[:3] for a in GROUPS[1:] if a != b and (b == CONTROL or a == BOTH)
)
"""Group and reference: each treatment against the control, and both drugs against each."""
PLANTED: Mapping[str, tuple[tuple[str, int], ...]] = MappingProxyType(
    {
        "drug_A": (("HALLMARK_G2M_CHECKPOINT", -1), ("HALLMARK_P53_PATHWAY", 1)),
        "drug_B": (("HALLMARK_KRAS_SIGNALING_UP", -1), ("HALLMARK_UNFOLDED_PROTEIN_RESPONSE", 1)),
        BOTH: (("ferroptosis", 1),),
    }
)
"""The gene sets that a treatment changes, and in which direction; both drugs do so besides."""
FILES = ("simulated_counts.tsv", "simulated_groups.tsv", "simulated_changes.tsv")
"""Counts, groups of samples, and true changes."""
SPEC = "simulated_treatment.toml"
"""The design as a batch spec, with what is true as its claims."""
_SHIPPED_SPEC = "treatment.toml"
_CLAIMED = (("drug_A", "CDKN1A"), ("drug_B", "HSPA5"), (BOTH, "GPX4"))
N_GENES, SEED, REPLICATES = 19_000, 489, 3

_NAMELESS = "LOC"  # begins the symbols of genes that have no name yet
_SHARE = {"drug_A": 0.06, "drug_B": 0.04, BOTH: 0.04}  # of other genes that each changes
_SHARE_OF_SET = 0.6  # of a planted set's genes that change
_READS = 22e6, 0.2  # of a library: median, and standard deviation of the logarithm
_EXPRESSED, _LOW = (8.0, 2.0), (-1.0, 2.5)  # log2 of a mean count: its mean and deviation
_SHARE_EXPRESSED = 0.7
_DISPERSION = 0.03, 1.5, 0.5  # of high counts, by one over the mean, and scatter of the logarithm


@dataclass(frozen=True, eq=False)
class Treatment:
    """Simulated counts, and what is true of them.

    Attributes
    ----------
    genes, samples, groups
        Symbols, the names of samples and their groups.
    counts
        Genes x samples.
    effects
        By treatment, the log2 fold change of each gene against the control.
    """

    genes: tuple[str, ...]
    samples: tuple[str, ...]
    groups: tuple[str, ...]
    counts: Counts
    effects: Mapping[str, Vector]

    @cached_property
    def changes(self) -> dict[str, Vector]:
        """By contrast, ``group:reference``, the true log2 fold change of each gene."""
        return {f"{a}:{b}": self.effects[a] - self.effects[b] for a, b in CONTRASTS}


def simulate_treatment(
    n_genes: int = N_GENES, seed: int = SEED, replicates: int = REPLICATES
) -> Treatment:
    """Draw the counts. The same numbers and seed give the same table.

    Parameters
    ----------
    n_genes
        Genes: those of the planted sets and the death programmes, then other protein-coding ones.
    seed
        Of the random numbers.
    replicates
        Samples of a group.

    Raises
    ------
    UsageError
        If there are too few genes for the planted sets, or no sample.
    """
    genes, planted = _genes(n_genes)
    if replicates < 1:
        raise UsageError(f"replicates is {replicates}", "Give 1 or more")
    rng = np.random.default_rng([seed, 3])
    effects = _effects(rng, genes, planted)
    mean = _means(rng, np.array([gene in planted for gene in genes]))
    floor, by_mean, scatter = _DISPERSION
    dispersion = (floor + by_mean / mean) * np.exp(rng.normal(0, scatter, n_genes))
    groups = tuple(group for group in GROUPS for _ in range(replicates))
    size = np.exp(rng.normal(0, _READS[1], len(groups)))
    expected = mean[:, None] * size * np.exp2(np.stack([effects[one] for one in groups], axis=1))
    counts = rng.poisson(rng.gamma(1 / dispersion[:, None], expected * dispersion[:, None]))
    names = (f"{CELL_PREFIX}{one}_{n % replicates + 1}" for n, one in enumerate(groups))
    return Treatment(genes, tuple(names), groups, counts, effects)


def _genes(n_genes: int) -> tuple[tuple[str, ...], frozenset[str]]:
    """The symbols, sorted; and which are of planted sets. None is a former one."""
    sets = shipped_sets()
    coding = {
        gene.symbol: None
        for gene in symbol_table()
        if gene.protein_coding and not gene.symbol.startswith(_NAMELESS)
    }
    planted = {gene for some in PLANTED.values() for name, _ in some for gene in sets[name].genes}
    deaths = {gene for name in DEATH_PROGRAMMES for gene in sets[name].genes}
    planted, deaths = planted & coding.keys(), deaths & coding.keys()
    ordered = list(dict.fromkeys((*sorted(planted), *sorted(deaths), *coding)))
    fewest = len(planted | deaths)
    if not fewest <= n_genes <= len(ordered):
        raise UsageError(
            f"n_genes is {n_genes:,}", f"Give {fewest:,} to {len(ordered):,} for treated cells"
        )
    return tuple(sorted(ordered[:n_genes])), frozenset(planted)


def _effects(
    rng: np.random.Generator, genes: tuple[str, ...], planted: frozenset[str]
) -> dict[str, Vector]:
    """The log2 fold changes of each group against the control, which has none."""
    in_sets = np.array([gene in planted for gene in genes])
    own = {}
    for treatment, sets in PLANTED.items():
        change = np.zeros(len(genes))
        others = ~in_sets & (rng.random(len(genes)) < _SHARE[treatment])
        change[others] = _sizes(rng, others) * rng.choice((-1.0, 1.0), int(others.sum()))
        for name, direction in sets:
            members = np.isin(genes, shipped_sets()[name].genes)
            members &= rng.random(len(genes)) < _SHARE_OF_SET
            change[members] = direction * _sizes(rng, members)
        own[treatment] = change
    both = np.clip(np.sum(list(own.values()), axis=0), -6, 6)
    return {CONTROL: np.zeros(len(genes)), **own, BOTH: both}


def _sizes(rng: np.random.Generator, chosen: NDArray[np.bool_]) -> Vector:
    """Absolute log2 fold changes: 0.3 and more, 1.2 on average."""
    return 0.3 + rng.gamma(2.0, 0.45, int(chosen.sum()))


def _means(rng: np.random.Generator, in_sets: NDArray[np.bool_]) -> Vector:
    """The mean count of each gene in a library of median size; genes of sets are expressed."""
    n_genes = len(in_sets)
    expressed = in_sets | (rng.random(n_genes) < _SHARE_EXPRESSED)
    log_mean = np.where(expressed, rng.normal(*_EXPRESSED, n_genes), rng.normal(*_LOW, n_genes))
    log_mean[in_sets] = np.maximum(log_mean[in_sets], 5.0)
    mean = np.exp2(log_mean)
    # of few genes as many reads each as of all
    scale = _READS[0] * n_genes / N_GENES / mean.sum()
    return np.asarray(mean * scale, dtype=np.float64)


def write_treatment(folder: Path, n_genes: int = N_GENES, seed: int = SEED) -> Treatment:
    """Write the counts, the groups of the samples and the true changes, and the batch spec.

    Returns
    -------
    What was written.
    """
    found = simulate_treatment(n_genes, seed)
    counts = [
        "\t".join((gene, *map(str, row)))
        for gene, row in zip(found.genes, found.counts.tolist(), strict=True)
    ]
    groups = [
        f"{sample}\t{group}" for sample, group in zip(found.samples, found.groups, strict=True)
    ]
    changes = [
        "\t".join((gene, *(f"{value:.4f}" for value in row)))
        for gene, row in zip(found.genes, zip(*found.changes.values(), strict=True), strict=True)
    ]
    heads = ("gene", *found.samples), ("sample", "group"), ("gene", *found.changes)
    for name, head, lines in zip(FILES, heads, (counts, groups, changes), strict=True):
        with replacing(folder / name) as partial:
            partial.write_text("\n".join(["\t".join(head), *lines]) + "\n", encoding="utf-8")
    with replacing(folder / SPEC) as partial:
        partial.write_text(spec_of(found), encoding="utf-8")
    return found


def spec_of(treatment: Treatment) -> str:
    """The batch spec that ships, with the claims that are true of these counts."""
    shipped = (queries_folder() / _SHIPPED_SPEC).read_text(encoding="utf-8")
    design, _, _ = shipped.partition("\n[[claims]]")
    claims = []
    for treated, gene in _CLAIMED:
        contrast = f"{treated}:{CONTROL}"
        change = treatment.changes[contrast]
        for word, statistic, count in (
            ("up", "n_up", int((change > 1).sum())),
            ("down", "n_down", int((change < -1).sum())),
        ):
            text = f"{treated} changes so many genes more than twofold, {word}"
            claims.append(_claim(text, contrast, f'statistic = "{statistic}"\nvalue = {count}'))
        value = f"{float(change[treatment.genes.index(gene)]):.4f}"
        text = f"the log2 fold change of {gene} under {treated}"
        claims.append(
            _claim(text, contrast, f'x = "{gene}"\nstatistic = "log2fc"\nvalue = {value}')
        )
    return design + "".join(claims)


def _claim(text: str, contrast: str, value: str) -> str:
    return (
        f'\n[[claims]]\ntext = "{text}"\nanalysis = "treatment"\ntumor_type = "OTHER"\n'
        f'contrast = "{contrast}"\n{value}\nn = 6\nsource = "the simulation: what is true"\n'
    )
