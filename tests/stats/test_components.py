"""Principal components of samples, against a singular value decomposition of the whole matrix."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tcga_corr.stats.components import (
    most_variable,
    principal_components,
    sample_components,
)

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.mark.parametrize(("n_genes", "n"), [(5_000, 12), (40, 30), (300, 25)])
def test_they_are_those_of_a_whole_decomposition(n_genes: int, n: int) -> None:
    rng = np.random.default_rng(n)
    values = rng.gamma(2, 2, (n_genes, n + 3)).astype(np.float32)
    genes, columns = rng.random(n_genes) < 0.7, rng.permutation(n + 3)[:n]
    found = principal_components(values, genes, columns, 4)
    centred = values[genes][:, columns].astype(float)
    centred -= centred.mean(axis=1, keepdims=True)
    _, _, expected = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(np.abs((found * expected[:4]).sum(axis=1)), 1, atol=1e-9)
    np.testing.assert_allclose(found.sum(axis=1), 0, atol=1e-9)
    assert (found[np.arange(4), np.abs(found).argmax(axis=1)] > 0).all()


@pytest.mark.parametrize(("n_genes", "n", "count"), [(500, 12, 5), (40, 30, 29), (2_500, 25, 3)])
def test_coordinates_are_those_of_prcomp(n_genes: int, n: int, count: int) -> None:
    """R's prcomp is the singular value decomposition of the centred samples x genes: U S."""
    rng = np.random.default_rng(n)
    values = rng.gamma(2, 2, (n_genes + 50, n + 3)).astype(np.float32)
    rows, columns = rng.permutation(n_genes + 50)[:n_genes], rng.permutation(n + 3)[:n]
    found = sample_components(values, rows, columns, count)
    centred = values[rows][:, columns].astype(float).T
    centred -= centred.mean(axis=0)
    left, weights, _ = np.linalg.svd(centred, full_matrices=False)
    expected = (left * weights).T[:count]
    signs = np.sign((found.scores * expected).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(found.scores, signs * expected, atol=1e-7 * weights[0])
    np.testing.assert_allclose(found.shares, (weights**2 / (weights**2).sum())[:count], atol=1e-12)
    if count == n - 1:
        assert found.shares.sum() == pytest.approx(1)


def test_turning_and_moving_genes_changes_no_coordinate() -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(size=(60, 14)).astype(np.float32)
    columns = np.arange(14)
    found = sample_components(values, np.arange(60), columns, 4)
    moved = (values + rng.normal(size=(60, 1)).astype(np.float32))[::-1]
    again = sample_components(moved, np.arange(60), columns, 4)
    np.testing.assert_allclose(again.scores, found.scores, atol=1e-5)
    order = rng.permutation(14)
    other = sample_components(values, np.arange(60), order, 4)
    np.testing.assert_allclose(other.scores, found.scores[:, order], atol=1e-9)


def test_the_most_variable_genes() -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(0, rng.uniform(0.1, 3, (3_000, 1)), (3_000, 9)).astype(np.float32)
    values[7], values[11] = 0.1, values[5]  # constant, and a tie
    columns = np.array([0, 2, 3, 5, 8])
    variances = [float(np.var([float(row[c]) for c in columns])) for row in values]
    expected = sorted(range(3_000), key=lambda row: (-variances[row], row))
    assert most_variable(values, columns, 40).tolist() == expected[:40]
    every = most_variable(values, columns, 3_000).tolist()
    assert 7 not in every
    assert len(every) == 2_999
    assert every.index(11) == every.index(5) + 1


def test_r_gives_the_same_components() -> None:
    """R's prcomp of the most variable genes, as DESeq2's plotPCA calls it."""
    golden = json.loads((GOLDEN / "components.json").read_text("utf-8"))
    values = np.array(golden["values"], dtype=np.float32)
    columns = np.arange(values.shape[1])
    rows = most_variable(values, columns, len(golden["chosen"]))
    assert rows.tolist() == golden["chosen"]
    found = sample_components(values, rows, columns, 5)
    expected = np.array(golden["scores"]).T
    for own, other in zip(found.scores, expected, strict=True):
        assert abs(np.corrcoef(own, other)[0, 1]) == pytest.approx(1, abs=1e-10)
        assert np.abs(own) == pytest.approx(np.abs(other), abs=1e-4)  # of float32
    assert found.shares.tolist() == pytest.approx(golden["shares"], abs=1e-6)
