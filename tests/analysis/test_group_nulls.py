"""``p_genes`` of a comparison, against random genes that are drawn and tested one by one."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from scipy import stats

from tcga_corr.engine import Engine
from tcga_corr.errors import UsageError
from tcga_corr.stats.decks import Shuffles
from tcga_corr.stats.groups import compare_many, compare_two
from tests.analysis.slow_nulls import SAMPLES, Where, named, table, where
from tests.analysis.test_random_genes import ALIKE, CONSTANT, VARYING, some
from tests.conftest import barcodes

Vector = NDArray[np.float64]
DRAWS = 60
SET = some(1, 30)
LIHC = table("LIHC")
ALL = where("LIHC", "age", "age")


def write_groups(folder: Path, n_groups: int) -> tuple[Path, list[Vector]]:
    """Groups of the samples of LIHC, of which some are in none; and their places."""
    names = [*"abc"][:n_groups]
    group_of = [names[place % n_groups] if place % 7 else "" for place in range(SAMPLES["LIHC"])]
    lines = [
        f"{name}\t{group}"
        for name, group in zip(barcodes(SAMPLES["LIHC"], site="LI"), group_of, strict=True)
    ]
    path = folder / "groups.tsv"
    path.write_text("\n".join(["sample\tgroup", *lines]) + "\n", encoding="utf-8")
    # in the order of the file
    order = list(dict.fromkeys(filter(None, group_of)))
    return path, [np.flatnonzero(np.array(group_of) == name) for name in order]


def classes_within(groups: list[Any]) -> dict[str, int]:
    """The class of each gene, by its mean and its spread within groups; -1 where constant."""
    every = np.sort(np.concatenate(groups))
    mean, spread = {}, {}
    for gene, values in LIHC.genes.items():
        mean[gene] = values[every].mean()
        left = np.concatenate([values[group] - values[group].mean() for group in groups])
        spread[gene] = np.sqrt((left**2).mean())
    genes = sorted(LIHC.genes)
    varying = [gene for gene in genes if len(set(LIHC.genes[gene][every])) > 1]

    def place(by: dict[str, float]) -> dict[str, int]:
        return {gene: at for at, gene in enumerate(sorted(genes, key=lambda gene: by[gene]))}

    means, spreads = place(mean), place(spread)
    n_means = min(20, len(varying) // 500)
    found = dict.fromkeys(genes, -1)
    ordered = sorted(varying, key=lambda gene: means[gene])
    for number, gene in enumerate(ordered):
        found[gene] = number * n_means // len(ordered)
    for code in range(n_means):
        alike = sorted((g for g in varying if found[g] == code), key=lambda gene: spreads[gene])
        for number, gene in enumerate(alike):
            found[gene] = code + n_means * (1 + number * 5 // len(alike))
    return found


def random_sets(genes: frozenset[str], class_of: dict[str, int]) -> list[frozenset[str]]:
    """By the orders of the decks: the first genes of each class that are not the set's own."""
    symbols = sorted(LIHC.genes)
    wanted = Counter(class_of[gene] for gene in genes)
    found = []
    for order in Shuffles(symbols).orders(0, DRAWS):
        taken: defaultdict[int, list[str]] = defaultdict(list)
        for place in order:
            gene = symbols[place]
            code = class_of[gene]
            if gene not in genes and len(taken[code]) < wanted[code]:
                taken[code].append(gene)
        found.append(frozenset(gene for own in taken.values() for gene in own))
    return found


def effects(values: Vector, groups: list[Any]) -> dict[str, float]:
    sides = [values[group] for group in groups]
    tests = compare_two(*sides) if len(groups) == 2 else compare_many(sides)
    return {test.test: test.effect for test in tests}


def slow_p(others: list[float], observed: float, *, two_tailed: bool) -> float:
    above = sum(one >= observed - 1e-5 for one in others)
    below = sum(one <= observed + 1e-5 for one in others)
    if not two_tailed:
        return (above + 1) / (len(others) + 1)
    return min(1, 2 * (1 + min(above, below)) / (len(others) + 1))


@pytest.mark.parametrize("n_groups", [2, 3])
def test_a_set_is_compared_with_random_sets(
    small_atlas: Engine, tmp_path: Path, n_groups: int
) -> None:
    path, groups = write_groups(tmp_path, n_groups)
    class_of = classes_within(groups)
    # no class is so crowded that own genes are drawn
    genes = frozenset(gene for gene in SET if class_of[gene] >= 0)
    answer = small_atlas.compare(named(genes, "X"), path, tumor_types=["LIHC"], draws=DRAWS)
    rows = {row["test"]: row for row in answer.frame.to_dicts() if row["group_b"] is None}
    rows = rows or {row["test"]: row for row in answer.frame.to_dicts()}
    drawn = [effects(ALL.values(one), groups) for one in random_sets(genes, class_of)]
    observed = effects(ALL.values(genes), groups)
    for test, own in observed.items():
        row = rows[test]
        assert row["effect"] == pytest.approx(own)
        others = [one[test] for one in drawn]
        assert row["p_genes"] == pytest.approx(slow_p(others, own, two_tailed=n_groups == 2))
        if n_groups == 2:
            assert row["genes_high"] == pytest.approx(sorted(others)[-1], abs=1e-4)
            assert row["genes_low"] == pytest.approx(sorted(others)[0], abs=1e-4)
        else:
            assert row["genes_low"] is None
            assert row["genes_high"] == pytest.approx(sorted(others)[-3], abs=1e-4)


def test_a_gene_is_compared_with_the_others_of_its_class(
    small_atlas: Engine, tmp_path: Path
) -> None:
    path, groups = write_groups(tmp_path, 2)
    class_of = classes_within(groups)
    wanted = [f"gene:{VARYING[5]}", f"gene:{ALIKE[3]}"]
    answer = small_atlas.compare(wanted, path, tumor_types=["LIHC"], draws=7)
    for row in answer.frame.to_dicts():
        gene = row["variable"]
        alike = [one for one in class_of if class_of[one] == class_of[gene] and one != gene]
        others = [effects(LIHC.genes[one], groups)[row["test"]] for one in alike]
        own = effects(LIHC.genes[gene], groups)[row["test"]]
        assert row["p_genes"] == pytest.approx(slow_p(others, own, two_tailed=True))


def test_covariates_constants_and_none_are_compared_with_nothing(
    small_atlas: Engine, tmp_path: Path
) -> None:
    path, _ = write_groups(tmp_path, 2)
    where: dict[str, Any] = {"tumor_types": ["LIHC"]}
    frame = small_atlas.compare(["age", f"gene:{CONSTANT[0]}", "nfkb"], path, **where).frame
    assert frame.filter(pl.col("variable") == "age")["p_genes"].null_count() == 2
    assert frame.filter(pl.col("variable") == CONSTANT[0])["p_genes"].null_count() == 2
    assert frame["q_genes"].null_count() == frame["p_genes"].null_count()
    none = small_atlas.compare(["age", "nfkb"], path, null="none", **where)
    assert none.query.null == []
    assert none.frame["p_genes"].null_count() == none.frame.height
    with pytest.raises(UsageError, match="null is 'sets'"):
        small_atlas.compare("nfkb", path, null="sets", **where)


def test_ties_do_not_change_what_is_compared(small_atlas: Engine, tmp_path: Path) -> None:
    path, _ = write_groups(tmp_path, 2)
    options: dict[str, Any] = {"tumor_types": ["LIHC"], "draws": DRAWS}
    both = [
        small_atlas.compare(named(SET, "X"), path, ties=ties, **options).frame
        for ties in ("average", "gsva")
    ]
    assert both[0]["p_genes"].equals(both[1]["p_genes"])
    assert not both[0]["effect"].equals(both[1]["effect"])


def test_random_sets_have_small_p_as_often_as_they_should(small_atlas: Engine) -> None:
    """Of many random sets; p_genes of two tests is nearly uniform (Kolmogorov and Smirnov)."""
    rng = np.random.default_rng(3)
    sets = {f"R{number}": rng.choice(VARYING, 20, replace=False).tolist() for number in range(120)}
    n = SAMPLES["LIHC"]
    lines = [f"{name}\t{'ab'[place % 3 == 0]}" for place, name in enumerate(barcodes(n, site="LI"))]
    path = small_atlas.store.root.parent / "calibration.tsv"
    path.write_text("\n".join(["sample\tgroup", *lines]) + "\n", encoding="utf-8")
    frame = small_atlas.compare(sets, path, tumor_types=["LIHC"], draws=200).frame
    for test in ("welch", "mann-whitney"):
        p = frame.filter(pl.col("test") == test)["p_genes"].to_numpy()
        assert stats.kstest(p, "uniform").pvalue > 0.01
        assert stats.binomtest(int((p < 0.05).sum()), len(p), 0.05).pvalue > 0.01


def test_where_is_what_a_score_is(small_atlas: Engine) -> None:
    """The slow scores are the engine's, so that the oracle above is about the same numbers."""
    frame = small_atlas.score(named(SET, "X"), tumor_types=["LIHC"]).frame
    assert isinstance(ALL, Where)
    assert frame["es"].to_numpy() == pytest.approx(ALL.values(SET))
