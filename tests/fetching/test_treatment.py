"""Simulated counts of treated cells: the same by seed, like real ones, and what is true of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

from tcga_corr.cli import main
from tcga_corr.engine import Engine, open_store
from tcga_corr.errors import UsageError
from tcga_corr.fetching.treatment import (
    BOTH,
    CONTRASTS,
    CONTROL,
    FILES,
    GROUPS,
    PLANTED,
    SPEC,
    simulate_treatment,
    spec_of,
    write_treatment,
)
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.sources.simulated import CELLS
from tcga_corr.store.layout import TableKey
from tcga_corr.store.parquet import read_metadata
from tcga_corr.vocabulary.gene_sets.catalogue import shipped_sets
from tcga_corr.vocabulary.symbols import symbol_table
from tests.conftest import write_table

FEW = 1_500


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_treatment(tmp_path / name, FEW)
    for file in FILES:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    one, other = (simulate_treatment(FEW, seed).counts for seed in (489, 1))
    assert not np.array_equal(one, other)


def test_files_are_what_was_drawn(tmp_path: Path) -> None:
    found = write_treatment(tmp_path, FEW)
    counts, groups, changes = (pl.read_csv(tmp_path / name, separator="\t") for name in FILES)
    assert counts["gene"].to_list() == list(found.genes) == sorted(found.genes)
    assert np.array_equal(counts.drop("gene").to_numpy(), found.counts)
    assert groups.rows() == list(zip(found.samples, found.groups, strict=True))
    assert changes.columns == ["gene", *(f"{a}:{b}" for a, b in CONTRASTS)]
    for contrast, change in found.changes.items():
        assert changes[contrast].to_numpy() == pytest.approx(change, abs=5e-5)
    assert set(found.genes) <= {gene.symbol for gene in symbol_table()}
    assert (tmp_path / SPEC).read_text("utf-8") == spec_of(found)


def test_both_drugs_do_what_each_does_and_more() -> None:
    found = simulate_treatment(4_000)
    own = found.effects["drug_A"] + found.effects["drug_B"]
    outside = ~np.isin(found.genes, shipped_sets()["ferroptosis"].genes)
    more = found.effects[BOTH] - own
    assert 0 < (more[outside] != 0).mean() < 0.06
    assert not found.effects[CONTROL].any()
    for treatment, sets in PLANTED.items():
        for name, direction in sets:
            members = np.isin(found.genes, shipped_sets()[name].genes)
            change = found.effects[treatment][members]
            assert 0.4 < (change != 0).mean() < 0.95
            assert (direction * change > 0).sum() > 4 * (direction * change < 0).sum()


def test_counts_are_like_those_of_a_library() -> None:
    found = simulate_treatment()
    depth = found.counts.sum(axis=0)
    assert 10e6 < depth.min() < depth.max() < 60e6
    assert 0.03 < (found.counts == 0).mean() < 0.3
    assert found.groups == tuple(group for group in GROUPS for _ in range(3))


def test_means_and_dispersions_are_those_of_the_model() -> None:
    """Of many replicates of one experiment, where moments are near the parameters."""
    found = simulate_treatment(FEW, replicates=200)
    control = found.counts[:, :200] / found.counts[:, :200].sum(axis=0) * 1e6
    mean, variance = control.mean(axis=1), control.var(axis=1, ddof=1)
    high = mean > np.quantile(mean, 0.6)
    dispersion = variance[high] / mean[high] ** 2
    assert 0.02 < np.median(dispersion) < 0.06
    read = mean > 0
    falling = stats.spearmanr(mean[read], variance[read] / mean[read] ** 2)
    assert falling.statistic < -0.3
    drug = found.counts[:, 200:400] / found.counts[:, 200:400].sum(axis=0) * 1e6
    change = np.log2(drug.mean(axis=1)[high] / mean[high])
    true = found.effects["drug_A"][high]
    # by composition all genes move by one constant
    assert np.std(change - true) < 0.1


def test_too_few_or_too_many_genes_are_refused(tmp_path: Path) -> None:
    for n_genes in (400, 50_000):
        with pytest.raises(UsageError, match=r"n_genes is .* for treated cells"):
            simulate_treatment(n_genes)
    with pytest.raises(UsageError, match="replicates is 0"):
        simulate_treatment(FEW, replicates=0)


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cells")
    write_treatment(folder, FEW)
    return folder


def loaded(folder: Path, source: str | None, path: Path) -> Engine:
    engine = open_store(folder / "cache")
    options = LoadOptions(source=source, counts=True, normalize="cpm")
    engine.load(path, options).raise_errors()
    return engine


def test_a_loaded_table_is_marked_wherever_it_is_shown(cells: Path, tmp_path: Path) -> None:
    engine = loaded(tmp_path, CELLS, cells / FILES[0])
    assert engine.status()["note"].to_list() == ["SIMULATED", "SIMULATED"]
    assert read_metadata(engine.store, TableKey(CELLS, "OTHER")).simulated
    answer = engine.score("ferroptosis", by=cells / FILES[1])
    assert answer.simulated
    assert set(answer.frame["set"]) == {"SIMULATED ferroptosis"}
    # of covariates, cells have none such as purity
    components = engine.pca(cells / FILES[1]).covariates
    assert set(components["covariate"]) == {FILES[1]}
    assert components.filter(component="pc1")["share"][0] > 0.9


def test_its_samples_mark_it_whatever_the_file_is_called(cells: Path, tmp_path: Path) -> None:
    renamed = tmp_path / "mine.tsv"
    renamed.write_bytes((cells / FILES[0]).read_bytes())
    for source, why in (("mine", "made up, and --source is mine"), (None, "made up")):
        with pytest.raises(UsageError, match=rf"{why}.* Give --source {CELLS}"):
            loaded(tmp_path, source, renamed)
    own = write_table(tmp_path / "own.tsv", ["a1", "a2", "a3"], [("GPX4", [5, 6, 700])])
    with pytest.raises(UsageError, match="not the simulated ones, and --source is simulated-cells"):
        loaded(tmp_path, CELLS, own)


def test_the_command_writes_files_and_counts_what_is_true(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    folder = tmp_path / "cells"
    command = ["--cache", str(tmp_path / "cache"), "demo", "--treatment", str(folder)]
    command += ["--n-genes", str(FEW), "--format", "tsv"]
    assert main.run(command) == 0
    out, err = (text.decode() for text in capfdbinary.readouterr())
    lines = [line.split("\t") for line in out.splitlines()]
    assert lines[0] == ["contrast", "n_genes", "n_changed", "n_up", "n_down", "n_twofold"]
    changes = pl.read_csv(folder / FILES[2], separator="\t")
    for contrast, n_genes, n_changed, n_up, n_down, _ in lines[1:]:
        change = changes[contrast]
        assert int(n_genes) == FEW
        assert int(n_changed) == (change != 0).sum() == int(n_up) + int(n_down)
    assert "Nothing of it is a finding" in err
    assert not (tmp_path / "cache").exists()
    assert main.run(command) == 2
    assert "exists. Name another folder, or give --force" in capfdbinary.readouterr()[1].decode()
    assert main.run([*command, "--force"]) == 0
