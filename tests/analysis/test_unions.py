"""Unions of studies: the same numbers as of one table that is adjusted for the study."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from polars.testing import assert_frame_equal
from scipy import stats

from tcga_corr.engine import Engine, open_store
from tcga_corr.errors import DataMissingError, UsageError
from tcga_corr.loading.plan import LoadOptions
from tests.conftest import barcodes, write_table

GENES = [f"G{number:04d}" for number in range(700)]
SIZES = {"COAD": 30, "READ": 18, "LIHC": 25}
SET = GENES[5:40]


def tables() -> dict[str, np.ndarray]:
    """Values that follow common programmes, and lie higher in one study than in the other."""
    rng = np.random.default_rng(11)
    load = rng.normal(0, 0.7, (len(GENES), 3))
    level, gap = rng.uniform(3, 11, (len(GENES), 1)), rng.normal(0, 1.5, (len(GENES), 1))
    found = {}
    for number, (name, n) in enumerate(SIZES.items()):
        values = level + number * gap + load @ rng.normal(size=(3, n))
        found[name] = np.clip(values + rng.normal(0, 0.5, values.shape), 0, None).round(3)
    return found


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """The studies as tables of their own, and COAD with READ as one table with a covariate."""
    folder = tmp_path_factory.mktemp("unions")
    engine, made = open_store(folder / "cache"), tables()
    samples = {name: barcodes(n, site=name[:2]) for name, n in SIZES.items()}
    for name, values in made.items():
        path = folder / f"TCGA.{name}.sampleMap" / "HiSeqV2"
        write_table(path, samples[name], zip(GENES, values.tolist(), strict=True))
        engine.load(path).raise_errors()
    both = np.concatenate([made["COAD"], made["READ"]], axis=1)
    names = [*samples["COAD"], *samples["READ"]]
    path = write_table(folder / "both.tsv", names, zip(GENES, both.tolist(), strict=True))
    options = LoadOptions(source="both", unit="log2(norm_count+1)", tumor_type="COAD")
    engine.load(path, options).raise_errors()
    study = [f"{name}\t{int(name in samples['READ'])}" for name in names]
    path = folder / "study.tsv"
    path.write_text("\n".join(["sample\tin_read", *study]) + "\n")
    engine.load_covariates(path)
    return engine


@pytest.fixture(scope="module")
def gmt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sets") / "own.gmt"
    path.write_text("\t".join(["OWN", "-", *SET]) + "\n")
    return path


@pytest.mark.parametrize("method", ["pearson", "spearman"])
def test_a_union_is_one_cohort_adjusted_for_the_study(
    engine: Engine, gmt: Path, method: str
) -> None:
    """Nulls too; of genes, and of a set with a gene."""
    for x, y in (("G0001", "G0002"), (f"{gmt}:OWN", "G0050"), (f"{gmt}:OWN", "G0006")):
        found = engine.correlate(x, y, method=method, draws=60, tumor_types=["COADREAD"])
        expected = engine.correlate(
            x, y, method=method, draws=60, source="both", adjust=["in_read"]
        )
        one, other = found.frame.row(0, named=True), expected.frame.row(0, named=True)
        assert one["tumor_type"] == "COADREAD"
        assert one["n"] == 48
        assert one["p_genes"] is not None
        for name in ("r", "ci_low", "ci_high", "p", "r_disjoint", "z_genes", "p_genes",
                     "genes_mean", "genes_low", "genes_high"):  # fmt: skip
            assert (one[name] is None) == (other[name] is None)
            if one[name] is not None:
                assert one[name] == pytest.approx(other[name], rel=1e-6), name
        assert "COADREAD is COAD and READ, with the study held fixed" in found.notes


def test_r_is_that_of_what_is_left_of_each_study(engine: Engine) -> None:
    made = tables()
    x, y = (
        np.concatenate([made[name][row] - made[name][row].mean() for name in ("COAD", "READ")])
        for row in (1, 2)
    )
    row = engine.correlate("G0001", "G0002", null="none", tumor_types=["coadread"]).frame
    r, df = np.corrcoef(x, y)[0, 1], 48 - 3
    assert row["r"][0] == pytest.approx(r, abs=1e-6)  # the store has single precision
    t = r * np.sqrt(df / (1 - r**2))
    assert row["p"][0] == pytest.approx(2 * stats.t.sf(abs(t), df), rel=1e-4)
    raw = [np.concatenate([made["COAD"][g], made["READ"][g]]) for g in (1, 2)]
    assert abs(np.corrcoef(*raw)[0, 1] - r) > 0.02


def test_a_union_beside_other_tumor_types(engine: Engine) -> None:
    found = engine.correlate("G0001", "G0002", draws=60, tumor_types=["COADREAD", "LIHC"])
    assert found.frame["tumor_type"].to_list() == ["COADREAD", "LIHC"]
    pooled = found.pooled["pearson"]
    assert (pooled.n_types, pooled.n_samples) == (2, 73)
    assert pooled.p_genes is not None
    everything = engine.correlate("G0001", "G0002", null="none", source="tcga-hiseqv2")
    assert everything.frame["tumor_type"].to_list() == ["COAD", "LIHC", "READ"]


@pytest.mark.parametrize("against", ["genes", "sets"])
def test_a_screen_of_a_union(engine: Engine, gmt: Path, against: str) -> None:
    y = "genes" if against == "genes" else str(gmt)
    found = engine.screen("G0001", y, draws=60, tumor_types=["COADREAD"], by_tumor_type=True)
    other = engine.screen("G0001", y, draws=60, source="both", adjust=["in_read"],
                          by_tumor_type=True)  # fmt: skip
    assert found.frame.height == (699 if against == "genes" else 1)
    columns = ["y", "r", "p_genes"]
    one, two = (answer.frame.select(columns).sort("y") for answer in (found, other))
    assert_frame_equal(one, two, rel_tol=1e-6, abs_tol=1e-9)


def test_what_is_refused(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="READ is one of the studies of COADREAD"):
        engine.correlate("G0001", "G0002", tumor_types=["COADREAD", "READ"])
    with pytest.raises(DataMissingError, match="KICH, KIRC, KIRP: not loaded"):
        engine.correlate("G0001", "G0002", tumor_types=["KIPAN"], source="tcga-hiseqv2")
    with pytest.raises(UsageError, match="no partial Kendall"):
        engine.correlate("G0001", "G0002", method="kendall", tumor_types=["COADREAD"])
    every = engine.correlate("G0001", "G0002", method="all", null="none", tumor_types=["COADREAD"])
    assert every.frame["method"].to_list() == ["pearson", "spearman"]
    with pytest.raises(UsageError, match="dominance holds none fixed"):
        engine.dominance(["ferroptosis", "nfkb"], tumor_types=["COADREAD"])
    with pytest.raises(UsageError, match="compare holds none fixed"):
        engine.compare(["G0001"], tumor_types=["COADREAD"], source="tcga-hiseqv2")
    other = open_store(tmp_path / "cache")
    for name, genes in (("COAD", GENES[:600]), ("READ", GENES[10:600])):
        rows = [(gene, np.random.default_rng(1).uniform(1, 9, 20).round(2)) for gene in genes]
        path = write_table(tmp_path / f"TCGA.{name}.tsv", barcodes(20, site=name[:2]), rows)
        options = LoadOptions(source="own", unit="log2(tpm+1)")
        other.load(path, options).raise_errors()
    with pytest.raises(UsageError, match="COAD and READ differ in their genes"):
        other.correlate("G0020", "G0030", tumor_types=["COADREAD"])
