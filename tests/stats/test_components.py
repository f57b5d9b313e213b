"""Principal components of samples, against a singular value decomposition of the whole matrix."""

from __future__ import annotations

import numpy as np
import pytest

from tcga_corr.stats.components import principal_components


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
