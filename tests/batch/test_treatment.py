"""The batch spec of treated cells: its claims are true, and a run of it finds what is planted."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tcga_corr.cli import main
from tcga_corr.engine import open_store
from tcga_corr.fetching.treatment import (
    CONTRASTS,
    FILES,
    SPEC,
    simulate_treatment,
    spec_of,
    write_treatment,
)
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.sources.simulated import CELLS
from tcga_corr.store.sql import queries_folder


def test_the_shipped_claims_are_true_of_the_default_counts() -> None:
    shipped = (queries_folder() / "treatment.toml").read_text("utf-8")
    assert spec_of(simulate_treatment()) == shipped
    assert shipped.count("[[claims]]") == 9
    assert spec_of(simulate_treatment(1_500)) != shipped


@pytest.mark.slow
def test_a_run_finds_what_is_planted(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    pytest.importorskip("pydeseq2", reason="differential expression needs pydeseq2")
    n_genes = 1_000
    truth = write_treatment(tmp_path, n_genes)
    engine = open_store(tmp_path / "cache")
    engine.load(tmp_path / FILES[0], LoadOptions(source=CELLS, counts=True)).raise_errors()
    command = ["--cache", str(tmp_path / "cache"), "batch", str(tmp_path / SPEC)]
    assert main.run([*command, "--format", "json"]) == 0
    out = capfdbinary.readouterr()[0].decode()
    assert out.count("SIMULATED values") >= 9
    [folder] = (tmp_path / "cache/results").iterdir()
    rows = pl.read_parquet(folder / "differential.parquet")
    found = {contrast: rows.filter(contrast=contrast) for contrast in truth.changes}
    assert list(found) == [f"{a}:{b}" for a, b in CONTRASTS]
    for contrast, part in found.items():
        assert part.height == n_genes
        true = pl.DataFrame({"gene": truth.genes, "true": truth.changes[contrast]})
        joined = part.join(true, on="gene")
        called = joined.filter((pl.col("q") < 0.05) & (pl.col("log2fc").abs() > 1))
        large = joined.filter(pl.col("true").abs() > 1)
        # by chance a few unchanged genes are called, and most large changes are found
        assert called.filter(pl.col("true") == 0).height <= 0.1 * called.height
        assert large.join(called, on="gene").height > 0.6 * large.height
        assert (called["log2fc"].sign() == called["true"].sign()).mean() > 0.9
