"""How often random genes have a small p between groups: python benchmarks/group_nulls.py STORE.

Random sets are compared between tumour and normal samples of the tumor types of a store, by p and
by p_genes, which compares them with other random sets. Prints Markdown. Takes about a minute for a
tumor type.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

TESTS = ("welch", "mann-whitney", "paired t", "wilcoxon")
LIKE = ("ferroptosis", "nfkb")


def random_sets(
    genes: Sequence[str], codes: Sequence[int], like: Sequence[str], n: int, seed: int
) -> dict[str, list[str]]:
    """Sets in which a gene of another is replaced by one of its class, none twice."""
    rng = np.random.default_rng(seed)
    code_of = dict(zip(genes, codes, strict=True))
    members: dict[int, list[str]] = {}
    for gene, code in code_of.items():
        members.setdefault(code, []).append(gene)
    wanted, counts = np.unique([code_of[gene] for gene in like], return_counts=True)
    return {
        f"random {number}": [
            str(gene)
            for code, count in zip(wanted.tolist(), counts.tolist(), strict=True)
            for gene in rng.choice(members[code], count, replace=False)
        ]
        for number in range(n)
    }


def main() -> None:
    """Print the table."""
    import polars as pl

    from tcga_corr.analysis.nulls.gene_pool import GenePool
    from tcga_corr.analysis.nulls.groups import GroupNulls
    from tcga_corr.analysis.samples.grouping import Grouped, tumor_against_normal
    from tcga_corr.analysis.samples.scope import Scope
    from tcga_corr.engine import open_store

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("-t", dest="tumor_types", default="BRCA,LIHC")
    parser.add_argument("--source")
    parser.add_argument("--sets", type=int, default=1_000)
    arguments = parser.parse_args()
    engine = open_store(arguments.store)
    where = {"source": arguments.source}
    columns = " | ".join(f"{test}: p, p_genes" for test in TESTS)
    print(f"| cohort | what | n | {columns} |\n| --- | --- | --- |{' --- |' * len(TESTS)}")
    for tumor_type in arguments.tumor_types.split(","):
        scopes = [
            Scope(tumor_types=[tumor_type], samples=samples, **where)
            for samples in ("tumor", "normal")
        ]
        cohorts = [engine.cohorts(scope)[0] for scope in scopes]
        nulls = GroupNulls(Grouped.of(cohorts, tumor_against_normal()), 1)
        pool = GenePool.of([nulls.setting])
        codes = pool.classes_or_one.codes.tolist()
        n = " + ".join(str(len(cohort.columns)) for cohort in cohorts)
        asked: dict[str, object] = {}
        for name in LIKE:
            (variable,) = engine.names(cohorts).sets(name)
            genes = sorted(cohorts[0].measure(variable).genes)
            kind = f"random sets like {name} ({len(genes)} genes)"
            asked[kind] = random_sets(pool.symbols, codes, genes, arguments.sets, 7)
        rng = np.random.default_rng(8)
        varying = [
            gene
            for gene, code in zip(pool.symbols, codes, strict=True)
            if code != pool.classes_or_one.constant
        ]
        asked["random genes"] = [f"gene:{gene}" for gene in rng.choice(varying, 2_000, False)]
        asked["Hallmark sets"] = "hallmark"
        for kind, variables in asked.items():
            frame = engine.compare(variables, tumor_types=[tumor_type], null="genes", **where).frame
            shares = []
            for test in TESTS:
                own = frame.filter(pl.col("test") == test, pl.col("p").is_not_null())
                share = [(own[name] < 0.05).mean() for name in ("p", "p_genes")]
                shares.append(
                    "" if not own.height else " ".join(f"{100 * one:.1f} %" for one in share)
                )
            asked_n = frame.filter(pl.col("p").is_not_null())["variable"].n_unique()
            cells = " | ".join(shares)
            print(f"| {tumor_type}, {n} | {kind} | {asked_n:,} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
