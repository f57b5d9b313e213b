"""Principal components of stored samples, and the covariates that go with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

import tcga_corr as tc
from tcga_corr.engine import Engine
from tcga_corr.errors import AnalysisError, UsageError
from tests.conftest import Run, barcodes, write_table

N_GENES, N_TUMOR, N_NORMAL = 80, 24, 6


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tumor type whose first axis is a number of its samples, one of two samples, and files."""
    folder = tmp_path_factory.mktemp("pca")
    rng = np.random.default_rng(6)
    samples = [*barcodes(N_TUMOR), *barcodes(N_NORMAL, code="11")]
    axis = rng.normal(size=len(samples))
    axis[N_TUMOR:] += 6
    loads = rng.normal(size=(N_GENES, 1))
    values = np.round(8 + loads * axis + rng.normal(0, 0.6, (N_GENES, len(samples))), 2)
    values = np.clip(values, 0, None)
    values[3] = 5.0
    names = [f"G{n:02d}" for n in range(N_GENES)]
    path = folder / "TCGA.LIHC.sampleMap" / "HiSeqV2"
    write_table(path, samples, zip(names, values.tolist(), strict=True))
    few = write_table(
        folder / "TCGA.ACC.sampleMap" / "HiSeqV2",
        barcodes(2, site="BB"),
        zip(names, values[:, :2].tolist(), strict=True),
    )
    assert few.exists()
    sexes = ["F" if n % 3 else "M" for n in range(N_TUMOR)]
    lines = ["sample\taxis\tsex\trare"]
    rare = ["x"] * 2 + ["y"] * 10 + ["z"] * 12
    lines += [
        f"{name}\t{'' if n == 0 else round(axis[n], 3)}\t{sex}\t{rare[n]}"
        for n, (name, sex) in enumerate(zip(samples, sexes, strict=False))
    ]
    (folder / "covariates.tsv").write_text("\n".join(lines) + "\n", "utf-8")
    lines = [
        "sample\tgroup",
        *(f"{name}\t{'a' if n < 9 else 'b'}" for n, name in enumerate(samples[:20])),
    ]
    (folder / "groups.tsv").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


@pytest.fixture(scope="module")
def engine(tables: Path) -> Engine:
    engine = tc.open_store(tables / "cache")
    report = engine.load(sorted(tables.glob("*/HiSeqV2")))
    assert not report.errors
    engine.load_covariates(tables / "covariates.tsv", name="own")
    return engine


LIHC: dict[str, Any] = {"tumor_types": ["LIHC"]}


def values_of(engine: Engine, where: str) -> np.ndarray[Any, Any]:
    frame = engine.sql(
        f"SELECT gene, sample, value FROM expression WHERE tumor_type = 'LIHC' AND {where}"
    )
    wide = frame.pivot("sample", index="gene", values="value").sort("gene")
    return wide.drop("gene").select(sorted(wide.columns[1:])).to_numpy().astype(float)


def slow_components(values: np.ndarray[Any, Any], n_genes: int) -> tuple[Any, Any]:
    """As DESeq2's plotPCA: the most variable genes, prcomp of the samples."""
    chosen = np.argsort(-values.var(axis=1, ddof=1), kind="stable")[:n_genes]
    centred = values[chosen].T - values[chosen].mean(axis=1)
    left, weights, _ = np.linalg.svd(centred, full_matrices=False)
    return left * weights, weights**2 / (weights**2).sum()


@pytest.mark.parametrize("n_genes", [20, 500])
def test_coordinates_are_those_of_a_singular_value_decomposition(
    engine: Engine, n_genes: int
) -> None:
    answer = engine.pca(genes=n_genes, **LIHC)
    frame = answer.frame.sort("sample")
    assert frame.columns == [
        "tumor_type", "sample", "patient", "sample_type", "group", *(f"pc{n}" for n in range(1, 6))
    ]  # fmt: skip
    expected, shares = slow_components(values_of(engine, "tumor"), n_genes)
    for place in range(5):
        own = frame[f"pc{place + 1}"].to_numpy()
        assert abs(np.corrcoef(own, expected[:, place])[0, 1]) == pytest.approx(1, abs=1e-9)
        assert np.abs(own) == pytest.approx(np.abs(expected[:, place]), abs=1e-5)
    assert answer.variance["share"].to_list() == pytest.approx(shares[:5].tolist(), abs=1e-9)
    assert answer.variance["n_genes"][0] == min(n_genes, N_GENES - 1)  # one is constant
    assert ("LIHC: only 79 genes vary" in answer.notes) == (n_genes == 500)
    assert answer.lines[0].startswith(f"LIHC, {N_TUMOR} samples, {min(n_genes, 79)} genes: pc1 ")


def test_covariates_of_each_component(engine: Engine) -> None:
    answer = engine.pca(**LIHC)
    scores = answer.frame.sort("sample")
    rows = {(row["covariate"], row["component"]): row for row in answer.covariates.to_dicts()}
    own = pl.read_csv(tables_of(engine) / "covariates.tsv", separator="\t").sort("sample")
    for component in ("pc1", "pc4"):
        row = rows["axis", component]
        has = own["axis"].is_not_null().to_numpy()
        expected = stats.pearsonr(own["axis"].to_numpy()[has], scores[component].to_numpy()[has])
        assert (row["n"], row["measure"]) == (N_TUMOR - 1, "r2")
        assert row["share"] == pytest.approx(expected.statistic**2, abs=1e-9)
        assert row["p"] == pytest.approx(expected.pvalue, rel=1e-6)
        row = rows["sex", component]
        parts = [scores[component].to_numpy()[(own["sex"] == sex).to_numpy()] for sex in "FM"]
        assert (row["n"], row["measure"]) == (N_TUMOR, "eta2")
        assert row["p"] == pytest.approx(stats.f_oneway(*parts).pvalue, rel=1e-9)
        everything = np.concatenate(parts)
        within = sum(((part - part.mean()) ** 2).sum() for part in parts)
        total = ((everything - everything.mean()) ** 2).sum()
        assert row["share"] == pytest.approx(1 - within / total, abs=1e-9)
        assert rows["rare", component]["n"] == N_TUMOR - 2
        assert "2 samples" in rows["rare", component]["note"]
    assert rows["axis", "pc1"]["share"] > 0.9
    known = answer.covariates.drop_nulls("p")
    expected_q = stats.false_discovery_control(known["p"].to_numpy())
    assert known["q"].to_list() == pytest.approx(expected_q.tolist())
    assert ("purity", "pc1") not in rows  # which no sample has


def tables_of(engine: Engine) -> Path:
    return engine.store.root.parent


def test_what_samples_are_shown_by(engine: Engine) -> None:
    by_number = engine.pca("axis", **LIHC)
    assert by_number.frame["group"].dtype == pl.Float64
    assert by_number.frame["group"].null_count() == 1
    assert by_number.query.groups == []
    by_gene = engine.pca("gene:G05", **LIHC)
    assert {row["covariate"] for row in by_gene.covariates.to_dicts()} >= {"axis", "sex", "G05"}
    by_level = engine.pca("sex", **LIHC)
    assert by_level.frame["group"].value_counts().sort("group").rows() == [("F", 16), ("M", 8)]
    by_file = engine.pca(str(tables_of(engine) / "groups.tsv"), **LIHC)
    assert by_file.query.groups == ["a", "b"]
    assert by_file.frame["group"].null_count() == N_TUMOR - 20
    assert "groups.tsv" in by_file.covariates["covariate"].to_list()
    plain = engine.pca(**LIHC)
    for other in (by_number, by_level, by_file):
        assert other.frame.drop("group").equals(plain.frame.drop("group"))
    both = engine.pca("sample-type", **LIHC)
    assert both.frame["group"].value_counts().sort("group").rows() == [("normal", 6), ("tumor", 24)]
    expected, _ = slow_components(values_of(engine, "true"), 500)
    ours = both.frame.sort("sample")["pc1"].to_numpy()
    assert abs(np.corrcoef(ours, expected[:, 0])[0, 1]) == pytest.approx(1, abs=1e-9)
    assert "6 samples are of a patient with another one" in " ".join(both.notes)
    row = both.covariates.filter(covariate="sample-type", component="pc1").row(0, named=True)
    assert (row["n"], row["measure"]) == (N_TUMOR + N_NORMAL, "eta2")
    assert row["share"] > 0.7


def test_conditions_and_few_samples(engine: Engine) -> None:
    answer = engine.pca(where=["sex=F"], **LIHC)
    assert answer.frame.height == 16
    answer = engine.pca()
    assert answer.frame["tumor_type"].unique().to_list() == ["LIHC"]
    assert "ACC: 2 samples, at least 3 needed" in answer.notes
    with pytest.raises(AnalysisError, match="ACC: 2 samples, at least 3 needed"):
        engine.pca(tumor_types=["ACC"])
    few = engine.pca(where=["axis>0.9"], components=20, **LIHC)
    n = few.frame.height
    assert 3 <= n < 20
    assert few.variance.height == n - 1
    assert few.frame["pc20"].null_count() == n
    assert few.variance["share"].sum() == pytest.approx(1)


def test_what_is_refused(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="genes is 1"):
        engine.pca(genes=1)
    with pytest.raises(UsageError, match="components is 1"):
        engine.pca(components=1)
    with pytest.raises(UsageError, match="unknown gene, gene set or covariate 'sexx'"):
        engine.pca("sexx")
    with pytest.raises(UsageError, match="has no columns"):
        engine.pca("sex", group="x")


def test_the_command_line(engine: Engine, run: Run, tmp_path: Path) -> None:
    code, out, err = run("pca", "-t", "LIHC", "--by", "axis")
    assert code == 0
    assert "axis" in out.splitlines()[4]
    assert "LIHC, 24 samples, 79 genes: pc1" in out
    assert "only 79 genes vary" in err
    path, figure = tmp_path / "x.tsv", tmp_path / "x.svg"
    assert run("pca", "-t", "LIHC", "-o", path, "--plot", figure)[0] == 0
    assert figure.stat().st_size > 1_000
    assert pl.read_csv(path, separator="\t").shape == (N_TUMOR, 10)
    code, out, _ = run("pca", "-t", "LIHC", "--format", "json")
    content = json.loads(out)
    assert [*content][:5] == ["schema", "query", "samples", "variance", "covariates"]
    code, out, _ = run("pca", "-t", "LIHC", "--format", "tsv", "--table", "covariates")
    assert out.startswith("tumor_type\tcovariate\tcomponent\tn\tmeasure\tshare\tp\tq\tnote\n")


@pytest.mark.shared
def test_a_real_tumor_type(shared: Path, tmp_path: Path) -> None:
    engine = tc.open_store(tmp_path / "cache")
    folder = "hub/tcga-xena-hub/download/TCGA.CHOL.sampleMap"
    assert not engine.load([shared / folder / "HiSeqV2.gz"]).errors
    answer = engine.pca("sample-type")
    first = answer.frame.sort("pc1")
    normal = set(first.filter(sample_type="11")["sample"])
    ends = {*first["sample"].head(9)}, {*first["sample"].tail(9)}
    assert normal in ends  # the nine samples of normal liver stand apart
