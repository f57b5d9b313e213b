"""Differential expression: R's DESeq2 is the oracle, and what cannot be compared is refused."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tcga_corr.analysis.differential.contrasts import contrasts_of
from tcga_corr.analysis.differential.design import make_design
from tcga_corr.analysis.differential.fit import COLUMNS, LOW_COUNT
from tcga_corr.cli import main
from tcga_corr.engine import Engine, open_store
from tcga_corr.errors import AnalysisError, DataMissingError, TcgaCorrError, UsageError
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.stats.groups import compare_two, signed_ranks
from tcga_corr.store.counts import read_counts
from tcga_corr.store.layout import TableKey
from tcga_corr.vocabulary.symbols import symbol_table
from tests.conftest import Run, barcodes, imported_by, write_table

GOLDEN = Path(__file__).parents[1] / "golden"
COUNTS = GOLDEN / "deseq2_counts.tsv.gz"
SAMPLES = [f"{group}{number}" for group in "ABCD" for number in (1, 2, 3)]
OTHER = TableKey("cells", "OTHER")


@pytest.fixture(autouse=True)
def _package() -> None:
    pytest.importorskip("pydeseq2", reason="differential expression needs pydeseq2")


@cache
def golden() -> dict[str, Any]:
    return json.loads(gzip.decompress((GOLDEN / "deseq2.json.gz").read_bytes()))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A store of the simulated counts of four groups of three. Read only."""
    engine = open_store(tmp_path_factory.mktemp("cells") / "cache")
    engine.load(COUNTS, LoadOptions(source="cells", counts=True)).raise_errors()
    z = "".join(f"{name}\t{np.sin(n):.3f}\t{n}\n" for n, name in enumerate(SAMPLES))
    path = engine.store.root.parent / "z.tsv"
    path.write_text(f"sample\tz\tnumber\n{z}")
    engine.load_covariates(path)
    return engine


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A store of some of these genes, which takes less time. Read only."""
    folder = tmp_path_factory.mktemp("few")
    frame = pl.read_csv(COUNTS, separator="\t")[:250]
    frame.write_csv(folder / "counts.tsv", separator="\t")
    engine = open_store(folder / "cache")
    options = LoadOptions(source="cells", counts=True)
    engine.load(folder / "counts.tsv", options).raise_errors()
    return engine


@pytest.fixture(scope="module")
def groups(engine: Engine) -> Path:
    return grouped(engine.store.root.parent / "groups.tsv", [name[0] for name in SAMPLES])


def grouped(path: Path, of_samples: Sequence[str], samples: Sequence[str] = SAMPLES) -> Path:
    rows = (f"{a}\t{b}" for a, b in zip(samples, of_samples, strict=True))
    path.write_text("\n".join(["sample\tgroup", *rows]) + "\n")
    return path


@pytest.fixture(scope="module")
def answer(engine: Engine, groups: Path) -> Any:
    return engine.de(groups, reference="A")


def of_golden(frame: pl.DataFrame, name: str, median: float = 1e-5) -> float:
    """Compare a contrast with R's; returns the Jaccard index of the genes called."""
    record = golden()[name]
    contrast = name.split()[1]
    tested = frame.filter(
        (pl.col("contrast") == contrast) & (pl.col("filtered") != LOW_COUNT)
    ).sort("gene")
    assert tested.height == record["n_genes"]
    columns = {"gene": record["genes"], "r": record["log2FoldChange"], "mean": record["baseMean"]}
    both = pl.DataFrame(columns).join(tested, on="gene", how="left", maintain_order="left")
    assert np.median(np.abs(both["log2fc"] - both["r"])) < median
    assert both["base_mean"].to_numpy() == pytest.approx(both["mean"].to_numpy(), rel=1e-4)
    mine = ((tested["q"] < 0.05) & (tested["log2fc"].abs() > 1)).fill_null(value=False).to_numpy()
    theirs = np.array([call == "1" for call in record["calls"]])
    return float((mine & theirs).sum() / (mine | theirs).sum())


def test_calls_are_those_of_r(answer: Any) -> None:
    """Of four groups of three, fitted together: .995 of the calls are the same."""
    indices = [of_golden(answer.frame, f"simulated {group}:A") for group in "BCD"]
    assert np.mean(indices) > 0.99
    assert min(indices) > 0.97
    assert tuple(answer.frame.columns) == COLUMNS


def test_groups_other_than_the_reference_are_compared(engine: Engine, groups: Path) -> None:
    frame = engine.de(groups, contrasts=["D:B", "B:D"]).frame
    assert of_golden(frame, "simulated D:B") > 0.99
    there, back = (frame.filter(pl.col("contrast") == one).sort("gene") for one in ("D:B", "B:D"))
    assert np.allclose(there["log2fc"], -back["log2fc"], atol=1e-4, equal_nan=True)
    assert np.allclose(there["p"], back["p"], atol=1e-4, equal_nan=True)


def test_a_covariate_is_held_fixed_as_by_r(engine: Engine, groups: Path) -> None:
    frame = engine.de(groups, reference="A", adjust=["z"]).frame
    assert of_golden(frame, "simulated_z B:A", median=3e-6) > 0.98


def test_patients_are_held_fixed_as_by_r(tmp_path: Path) -> None:
    """The groups as four samples of each of three patients; paired, n - 6 degrees are left."""
    codes = {"A": "01", "B": "02", "C": "05", "D": "06"}
    named = {one: f"{barcodes(4)[int(one[1])][:12]}-{codes[one[0]]}" for one in SAMPLES}
    frame = pl.read_csv(COUNTS, separator="\t").rename(named)
    frame.write_csv(tmp_path / "counts.tsv", separator="\t")
    engine = open_store(tmp_path / "cache")
    options = LoadOptions(source="mine", tumor_type="LIHC", counts=True)
    engine.load(tmp_path / "counts.tsv", options).raise_errors()
    path = grouped(tmp_path / "groups.tsv", [one[0] for one in named], list(named.values()))
    answer = engine.de(path, reference="A", pair="patient", samples="all-tumor")
    assert answer.frame["n_pairs"].unique().to_list() == [3]
    assert of_golden(answer.frame, "simulated_patient B:A", median=3e-6) > 0.98


def test_rank_tests_are_of_normalised_counts(engine: Engine, tmp_path: Path) -> None:
    """Each gene's p is that of one comparison, by R's size factors."""
    path = grouped(tmp_path / "two.tsv", [{"A": "x", "B": "x"}.get(one[0], "y") for one in SAMPLES])
    frame = engine.de(path).frame.filter(pl.col("filtered") == "").sort("gene")
    stored = read_counts(engine.store, OTHER)
    sizes = np.array([golden()["simulated.sizes"][name] for name in SAMPLES])
    for row in frame.gather_every(97).iter_rows(named=True):
        values = stored.values[stored.genes.index(row["gene"])] / sizes
        assert row["p_wilcoxon"] == pytest.approx(compare_two(values[:6], values[6:])[1].p)
        assert row["base_mean"] == pytest.approx(values.mean())
        assert row["ci_high"] - row["log2fc"] == pytest.approx(1.95996 * row["lfc_se"], rel=1e-5)


def test_pairs_are_compared_within_patients(tmp_path: Path) -> None:
    """Groups A and B of the simulated counts as pairs, with a patient who has no pair."""
    engine = open_store(tmp_path / "cache")
    frame = pl.read_csv(COUNTS, separator="\t")[:250]
    tumors, normals = (barcodes(4, code) for code in ("01", "11"))
    samples = [*tumors, *normals[:3]]
    columns = ["B1", "B2", "B3", "C1", "A1", "A2", "A3"]
    rows = zip(frame["gene"].to_list(), frame.select(columns).rows(), strict=True)
    path = write_table(tmp_path / "a.tsv", samples, rows)
    engine.load(path, LoadOptions(source="mine", tumor_type="LIHC", counts=True)).raise_errors()
    paired = engine.de(pair="patient")
    assert "1 patients without a pair left out" in paired.notes
    tested = paired.frame.filter(pl.col("p").is_not_null())
    assert tested["n_pairs"].unique().to_list() == [3]
    assert tested["n_a"].unique().to_list() == [3]
    stored = read_counts(engine.store, TableKey("mine", "LIHC"))
    row = tested.row(5, named=True)
    values = stored.values[stored.genes.index(row["gene"])]
    order = [one.barcode for one in stored.metadata.samples]
    means = {name: values[order.index(name)] for name in samples}
    # three pairs have too few signs for any small p
    assert row["p_wilcoxon"] >= 0.25
    a, b = ([float(means[name]) for name in names[:3]] for names in (tumors, normals))
    assert signed_ranks(a, b).p >= 0.25
    alone = engine.de()
    assert any("3 patients have samples in both" in note for note in alone.notes)


@pytest.mark.parametrize("contrast", ["B:A", "D:A", "D:B"])
def test_shrunken_fold_changes_are_those_of_apeglm(
    engine: Engine, groups: Path, contrast: str
) -> None:
    """R's apeglm 1.20, also with a group as the reference that the fit has not."""
    reference = pl.read_csv(GOLDEN / "apeglm.tsv", separator="\t", null_values="NA")
    rows = reference.filter(pl.col("contrast") == contrast)
    frame = engine.de(groups, contrasts=[contrast, "C:A"], shrink=True).frame
    of_contrast = frame.filter(pl.col("contrast") == contrast)
    both = rows.join(of_contrast, on="gene", suffix="_own").drop_nulls("log2fc_shrunk_own")
    assert both.height > 0.98 * rows.height
    apart = np.abs(both["log2fc_shrunk"] - both["log2fc_shrunk_own"]).to_numpy()
    assert np.median(apart) < 1e-3
    assert np.quantile(apart, 0.95) < 0.01


def test_shrunken_fold_changes_do_not_depend_on_the_reference(few: Engine, groups: Path) -> None:
    one = few.de(groups, contrasts=["B:A"], shrink=True).frame
    other = few.de(groups, contrasts=["C:D", "B:A"], shrink=True).frame
    first, second = (
        frame.filter((pl.col("contrast") == "B:A") & pl.col("p").is_not_null()).sort("gene")
        for frame in (one, other)
    )
    # the optimizer's rounding; of a gene with two likely dispersions the fits may differ more
    apart = np.abs(first["log2fc_shrunk"] - second["log2fc_shrunk"]).to_numpy()
    assert np.quantile(apart, 0.99) < 0.01
    assert apart.max() < 0.1
    shrunk, whole = first["log2fc_shrunk"].to_numpy(), first["log2fc"].to_numpy()
    assert np.mean(np.abs(shrunk) <= np.abs(whole) + 1e-3) > 0.99
    sure = (first["lfc_se"] < 0.3).to_numpy() & (np.abs(whole) > 2)
    assert np.allclose(shrunk[sure], whole[sure], atol=0.2)
    uncertain = (first["lfc_se"] > 2).to_numpy()
    assert np.abs(shrunk[uncertain]).max() < 0.5


def test_what_is_said(engine: Engine, groups: Path, answer: Any) -> None:
    assert re.match(r"DESeq2 by PyDESeq2 \d", answer.notes[0])
    assert answer.provenance.software["pydeseq2"]
    [table] = answer.provenance.tables
    assert table.sha256 == read_counts(engine.store, OTHER).metadata.values_sha256
    low = answer.frame.filter(pl.col("filtered") == LOW_COUNT)
    assert low["p"].null_count() == low.height == 15 * 3
    summary = answer.summary.row(0, named=True)
    called = answer.frame.filter(
        (pl.col("contrast") == "B:A") & (pl.col("q") < 0.05) & (pl.col("log2fc").abs() > 1)
    )
    assert summary["n_called"] == called.height == summary["n_up"] + summary["n_down"]
    assert summary["n_raw"] > summary["n_called"]
    assert "; by raw p < 0.05 " in answer.lines[0]


def test_genes_without_a_read_in_a_group_are_named(engine: Engine, answer: Any) -> None:
    stored = read_counts(engine.store, OTHER)
    of_a, of_b = stored.values[:, :3].sum(axis=1) == 0, stored.values[:, 3:6].sum(axis=1) == 0
    frame = answer.frame.filter((pl.col("contrast") == "B:A") & (pl.col("filtered") != LOW_COUNT))
    expected = {
        gene: "B and A" if a and b else "A" if a else "B"
        for gene, a, b in zip(stored.genes, of_a, of_b, strict=True)
        if a or b
    }
    zero = {gene: name for gene, name in frame.select("gene", "zero_group").rows() if name}
    assert zero == {gene: expected[gene] for gene in zero}
    assert set(zero) == set(expected) & set(frame["gene"])
    neither = frame.filter(pl.col("zero_group") == "B and A")
    assert neither["log2fc"].null_count() == neither.height


def refused(engine: Engine, *arguments: Any, **options: Any) -> TcgaCorrError:
    with pytest.raises(TcgaCorrError) as error:
        engine.de(*arguments, **options)
    return error.value


@pytest.mark.parametrize(
    ("options", "kind", "shows"),
    [
        ({}, UsageError, "there are 4 groups: A, B, C, D. Say which are compared"),
        ({"reference": "a"}, UsageError, "'a' is no group. Did you mean A?"),
        ({"contrasts": ["A:E"]}, UsageError, "'E' is no group"),
        ({"contrasts": ["A"]}, UsageError, "--contrast is 'A'. Give A:B"),
        ({"contrasts": ["A:A"]}, UsageError, "--contrast is 'A:A'"),
        ({"contrasts": ["A:B"], "reference": "A"}, UsageError, "Give one of them"),
        ({"reference": "A", "pair": "batch"}, UsageError, "pair is 'batch'. Give patient"),
        ({"reference": "A", "q": 5.0}, UsageError, "q is 5"),
        ({"reference": "A", "adjust": ["age"]}, UsageError, "unknown covariate 'age'"),
        ({"reference": "A", "pair": "patient"}, AnalysisError, "no patient has samples in both"),
        ({"reference": "A", "min_count": 10**9}, AnalysisError, "no gene has 1000000000 reads"),
        ({"reference": "A", "source": "none"}, DataMissingError, "no raw counts of source 'none'"),
        ({"reference": "A", "tumor_types": ["LIHC"]}, DataMissingError, "LIHC: no raw counts"),
    ],
)
def test_wrong_questions_are_one_line(
    engine: Engine, groups: Path, options: dict[str, Any], kind: type, shows: str
) -> None:
    error = refused(engine, groups, **options)
    assert isinstance(error, kind)
    assert shows in str(error)


def test_designs_that_cannot_tell_groups_apart_are_named(engine: Engine, tmp_path: Path) -> None:
    path = grouped(tmp_path / "g.tsv", ["low"] * 6 + ["high"] * 6)
    half = tmp_path / "half.tsv"
    half.write_text(
        "sample\tbatch\tflat\n" + "".join(f"{s}\t{n // 6}\t1\n" for n, s in enumerate(SAMPLES))
    )
    own = open_store(tmp_path / "cache")
    own.load(COUNTS, LoadOptions(source="cells", counts=True)).raise_errors()
    own.load_covariates(half)
    text = str(refused(own, path, adjust=["batch"]))
    assert "the design is confounded: 'group low' follows from batch" in text
    assert "flat is the same in all samples" in str(refused(own, path, adjust=["flat"]))
    one = grouped(tmp_path / "one.tsv", ["x", *"y" * 11])
    assert "1 sample of x, at least 2 needed" in str(refused(own, one))
    two = own.de(grouped(tmp_path / "two.tsv", ["x", "x", *"y" * 10]))
    assert "fewer than 3 samples, so of little power: x (2)" in two.notes
    assert two.frame["p_wilcoxon"].null_count() == two.frame.height
    assert "'batch' is a number, and groups are of a category" in str(refused(own, "batch"))
    with pytest.raises(AnalysisError, match="the design has 4 columns for 4 samples"):
        make_design(
            ["a", "b", "a", "b"],
            ["a", "b"],
            {"u": np.array([1.0, 2, 4, 9]), "v": np.array([1.0, 5, 2, 2])},
        )


@pytest.fixture(scope="module")
def clinic(few: Engine) -> Path:
    """Categories and numbers of the samples of ``few``, loaded there too."""
    arms, places = ("left", "middle", "right"), range(len(SAMPLES))
    lines = []
    for n, name in zip(places, SAMPLES, strict=True):
        arm, drug = arms[n % 3], ("treated", "control")[n // 6] if n else ""
        is_level = "\t".join(str(int(arm == level)) for level in arms[1:])
        lines.append(f"{name}\t{drug}\t{arm}\t{is_level}\t{40 + n}\tsame")
    path = few.store.root.parent / "clinic.tsv"
    head = "sample\tdrug\tarm\tis_middle\tis_right\tage\tflat"
    path.write_text("\n".join([head, *lines]) + "\n")
    few.load_covariates(path)
    return path


def test_levels_of_a_category_are_the_groups_of_a_file(
    few: Engine, clinic: Path, tmp_path: Path
) -> None:
    by_level = few.de("drug")
    assert by_level.query.groups == ["control", "treated"]
    assert by_level.query.contrasts == ["control:treated"]
    path = grouped(tmp_path / "g.tsv", ["treated"] * 5 + ["control"] * 6, SAMPLES[1:])
    by_file = few.de(path, contrasts=["control:treated"])
    assert by_level.frame.equals(by_file.frame)
    assert by_level.frame["n_b"].unique().to_list() == [5]
    assert "1 sample without drug" in by_level.notes
    assert not any("of no group" in note for note in by_level.notes)
    assert "1 sample of no group or selection left out" in by_file.notes
    assert [one.name for one in by_level.provenance.covariates] == ["drug"]
    assert "there are 3 groups: left, middle, right" in str(refused(few, "arm"))


def test_a_category_is_held_fixed_by_its_levels(few: Engine, clinic: Path, groups: Path) -> None:
    """As are numbers that are 1 in a level and 0 elsewhere."""
    by_level, by_numbers = (
        few.de(groups, reference="A", adjust=adjust)
        for adjust in (["arm"], ["is_middle", "is_right"])
    )
    assert by_level.frame.equals(by_numbers.frame)
    assert not by_level.frame.equals(few.de(groups, reference="A").frame)
    assert [one.name for one in by_level.provenance.covariates] == ["arm"]
    drug = few.de(groups, contrasts=["A:B", "C:D"], adjust=["arm"], where=["drug is known"])
    assert drug.frame["n_a"].unique().sort().to_list() == [2, 3]
    text = str(refused(few, groups, reference="A", adjust=["drug"]))
    assert re.search(r"confounded: 'group \w' follows from drug treated", text)
    text = str(refused(few, groups, reference="A", adjust=["flat"]))
    assert "flat is the same in all samples" in text
    text = str(refused(few, groups, reference="A", adjust=["arm", "RELA"]))
    assert "unknown covariate 'RELA'" in text


def test_conditions_are_on_the_samples_of_the_counts(
    few: Engine, clinic: Path, groups: Path, tmp_path: Path
) -> None:
    answer = few.de(groups, contrasts=["B:A"], where=["age<46", "arm in left,middle"])
    kept = [name for n, name in enumerate(SAMPLES[:6]) if n % 3 < 2]
    path = grouped(tmp_path / "g.tsv", [name[0] for name in kept], kept)
    assert answer.frame.equals(few.de(path, contrasts=["B:A"]).frame)
    assert "where age<46 and arm in left,middle: 4 of 12 in OTHER" in answer.notes
    assert not any("of no group" in note for note in answer.notes)
    assert answer.query.where == ["age<46", "arm in left,middle"]
    assert {one.name for one in answer.provenance.covariates} == {"age", "arm"}
    for where, shows in (
        (["age>100"], "none of the tumor samples meets age>100. Alone, age>100 leaves 0 of 12"),
        (["RELA>=10"], "unknown covariate 'RELA'"),
        (["arm=up"], "arm has no level 'up'"),
    ):
        assert shows in str(refused(few, groups, contrasts=["B:A"], where=where))


def _first_rows(n: int) -> list[dict[str, Any]]:
    return pl.read_csv(COUNTS, separator="\t")[:n].to_dicts()


def test_tumours_are_compared_with_gtex_where_its_counts_are_loaded(tmp_path: Path) -> None:
    """As with normal samples of the same counts."""
    found = [(one, symbol_table().candidates(one["gene"])) for one in _first_rows(250)]
    rows = [
        (genes[0].ensembl_ids[0], [one[name] for name in SAMPLES])
        for one, genes in found
        if len(genes) == 1 and genes[0].ensembl_ids
    ]
    probes = [f"{genes[0].ensembl_ids[0]}\t{one['gene']}" for one, genes in found if genes]
    donors = [f"GTEX-{number:04}-0126-SM-LIV1" for number in range(6)]
    head = "sample\tdetailed_category\tprimary disease or tissue\t_primary_site\t_sample_type"
    tissues = [head, *(f"{name}\tLiver\t\t\tNormal Tissue" for name in donors)]
    engine = open_store(tmp_path / "cache")
    for source, others in (("mine", barcodes(6, "11")), ("both", donors)):
        folder = tmp_path / source
        path = write_table(folder / "a.tsv", [*barcodes(6), *others], rows)
        (folder / "gencode.v23.annotation.gene.probemap").write_text(
            "\n".join(["id\tgene", *probes]) + "\n"
        )
        (folder / "TcgaTargetGTEX_phenotype.txt").write_text("\n".join(tissues) + "\n")
        engine.load(path, LoadOptions(source, "LIHC", counts=True)).raise_errors()
    text = str(refused(engine, "gtex", source="mine"))
    assert "the raw counts of source 'mine' have no samples of GTEx" in text
    by_gtex = engine.de("gtex", source="both")
    assert by_gtex.frame.height > 100
    assert by_gtex.query.samples == "tumor and gtex"
    assert "normal tissue of GTEx: LIHC Liver" in by_gtex.notes
    values = by_gtex.frame.drop("contrast", "zero_group")
    assert values.equals(engine.de(source="mine").frame.drop("contrast", "zero_group"))


def test_names_with_colons() -> None:
    names = ("a:1", "b", "1:b")
    assert contrasts_of(names, ["a:1:b"], None) == (("a:1", "b"),)
    with pytest.raises(UsageError, match="in several ways"):
        contrasts_of(("a", "a:1", "1:b", "b"), ["a:1:b"], None)


def test_another_reference_is_a_change_of_coefficients() -> None:
    """Coefficients with another group in the intercept predict the same."""
    generator = np.random.default_rng(4)
    group_of = [*"abcabcabcaab"]
    design = make_design(group_of, "abc", {"z": generator.normal(size=12)})
    coefficients = generator.normal(size=len(design.names))
    for reference in "abc":
        change = design.relevelled(reference)
        moved = change @ coefficients
        assert design.matrix @ np.linalg.inv(change) @ moved == pytest.approx(
            design.matrix @ coefficients
        )
        for group in set("abc") - {reference}:
            difference = design.contrast(group, reference) @ coefficients
            assert moved[design.coefficient(group, reference)] == pytest.approx(difference)


def test_a_random_split_counts_false_calls(few: Engine, tmp_path: Path) -> None:
    path = grouped(tmp_path / "g.tsv", [*"xxxxxxyyyyyy"])
    notes = few.de(path, check=True).notes
    [check] = [note for note in notes if note.startswith("check: ")]
    assert re.search(r"split at random into 3 and 3 samples.*: \d+ false calls by DESeq2", check)
    assert few.de(path, check=True).notes == notes  # seeded


@pytest.mark.slow
def test_several_tumor_types_are_fitted_apart(engine: Engine, tmp_path: Path) -> None:
    """In processes, as alone; a type without one of the groups has a row that says so."""
    own = open_store(tmp_path / "cache")
    frame = pl.read_csv(COUNTS, separator="\t")[:150]
    values = frame.drop("gene").to_numpy()
    for n, (name, n_normal) in enumerate({"ACC": 0, "BRCA": 6, "LIHC": 5}.items()):
        samples = [*barcodes(6, site=f"A{n}"), *barcodes(n_normal, "11", site=f"B{n}")]
        rows = zip(frame["gene"].to_list(), values[:, : len(samples)].tolist(), strict=True)
        path = write_table(tmp_path / f"{name}.tsv", samples, rows)
        own.load(path, LoadOptions("mine", name, counts=True)).raise_errors()
    together = own.de().frame
    for name in ("BRCA", "LIHC"):
        alone = own.de(tumor_types=[name]).frame
        assert together.filter(pl.col("tumor_type") == name).equals(alone)
    rest = together.filter(pl.col("tumor_type") == "ACC")
    assert rest["note"].to_list() == ["no samples of normal, at least 2 needed"]


def test_the_command_line(
    few: Engine, groups: Path, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    def run(*arguments: object) -> tuple[int, str, str]:
        code = main.run(["--cache", str(few.store.root), "de", *map(str, arguments)])
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode()

    code, out, err = run("--by", groups, "--reference", "A")
    assert code == 0
    assert "note: DESeq2 by PyDESeq2" in err
    assert out.count("B:A   ") == 20
    assert "OTHER B:A (3 and 3 samples): " in out
    path = tmp_path / "de.parquet"
    code, out, err = run("--by", groups, "--contrast", "B:A", "-o", path)
    assert (code, out) == (0, "")
    assert pl.read_parquet(path).shape == (250, len(COLUMNS))
    assert "at q < 0.05 and |log2FC| > 1" in err
    code, out, _ = run("--by", groups, "--contrast", "B:A", "--format", "json")
    record = json.loads(out)
    assert record["summary"][0]["contrast"] == "B:A"
    assert len(record["genes"]) == 250
    assert run("--by", "nogroups")[0] == 2


def test_a_narrow_terminal_shows_genes_and_those_without_meaning(answer: Any) -> None:
    from tcga_corr.cli.de import _result
    from tcga_corr.cli.fitting import Terminal
    from tcga_corr.cli.output import _as_table

    first = pl.when(pl.int_range(pl.len()) == 0)
    frame = answer.frame.with_columns(zero_group=first.then(pl.lit("A")).otherwise("zero_group"))
    asked = replace(answer, frame=frame)
    lines = _as_table(_result(asked), Terminal(72, bold=True)).decode().splitlines()
    plain = [line.replace("\x1b[1m", "").replace("\x1b[0m", "") for line in lines]
    assert max(map(len, plain)) <= 72
    heading = next(line.split() for line in plain if "log2fc" in line and "q_wilcoxon" in line)
    assert {"contrast", "gene", "log2fc", "q", "zero_group"} <= {*heading}
    assert not {"ci_low", "p", "base_mean"} & {*heading}
    assert any("--wide has " in line for line in plain)
    for row in frame.filter(pl.col("contrast") == "B:A").head(20).iter_rows(named=True):
        line = next(one for one in lines if f" {row['gene']} " in one and "B:A" in one)
        called = row["q"] < 0.05 and abs(row["log2fc"]) > 1 and not row["zero_group"]
        assert line.startswith("\x1b[1m") == called


def test_without_the_package_it_says_how_to_install_it(
    run: Run, groups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tcga_corr.analysis.differential.deseq2.PACKAGE", "no-such-package")
    code, _, err = run("de", "--by", groups, "--reference", "A")
    assert (code, err.count("\n")) == (2, 1)
    assert "pip install 'tcga-corr[de]'" in err


def test_the_package_is_imported_by_the_fit_alone() -> None:
    assert "pydeseq2" not in imported_by("import tcga_corr.analysis.de, tcga_corr.cli.de")


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "least", "least_of_means"), [("BRCA", 0.9995, 0.9995), ("LIHC", 0.95, 0.985)]
)
def test_real_cohorts_are_called_as_by_r(
    shared: Path, tmp_path: Path, name: str, least: float, least_of_means: float
) -> None:
    """Where genes have a mean of 10 and reads in both groups, nearly all calls are the same."""
    engine = open_store(tmp_path / "cache")
    path = shared / f"counts/TCGA-{name}.rsem_raw_counts.tsv.gz"
    engine.load(path, LoadOptions(source="rsem", counts=True)).raise_errors()
    frame = engine.de().frame
    contrast = f"{name} tumor:normal"
    assert of_golden(frame, contrast) >= least
    tested = frame.filter(pl.col("filtered") != LOW_COUNT).sort("gene")
    kept = ((tested["base_mean"] >= 10) & (tested["zero_group"] == "")).to_numpy()
    mine = ((tested["q"] < 0.05) & (tested["log2fc"].abs() > 1)).fill_null(value=False).to_numpy()
    theirs = np.array([call == "1" for call in golden()[contrast]["calls"]])
    index = (mine & theirs & kept).sum() / ((mine | theirs) & kept).sum()
    assert index >= least_of_means
