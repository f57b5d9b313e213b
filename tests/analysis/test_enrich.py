"""Enrichment: inputs, sets and their names, both methods against other programs, bad input."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gseapy
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import stats

from tcga_corr import GeneSet
from tcga_corr.analysis.enrich import EnrichAnswer
from tcga_corr.analysis.enrichment.result import SCHEMA
from tcga_corr.engine import Engine, open_store
from tcga_corr.errors import AnalysisError, UsageError
from tcga_corr.vocabulary.symbols import symbol_table
from tests.conftest import Run

N_GENES = 600
COLUMNS = [*SCHEMA]


@pytest.fixture(scope="module")
def genes() -> list[str]:
    found = [gene.symbol for gene in symbol_table() if gene.protein_coding]
    return found[:: len(found) // N_GENES][:N_GENES]


@pytest.fixture(scope="module")
def values(genes: Sequence[str]) -> dict[str, float]:
    numbers = np.random.default_rng(3).normal(size=len(genes)).round(2)
    return dict(zip(genes, numbers.tolist(), strict=True))


@pytest.fixture(scope="module")
def sets(genes: Sequence[str], values: dict[str, float]) -> list[GeneSet]:
    """One at the top, one at the bottom, random ones, and those that cannot be tested."""
    rng = np.random.default_rng(4)
    ranked = sorted(genes, key=lambda gene: -values[gene])
    found = {
        "TOP": ranked[:60:2],
        "BOTTOM": ranked[-60::2],
        **{f"R{n}": rng.choice(genes, 20 + 10 * n, replace=False).tolist() for n in range(6)},
        "SMALL": ranked[:4],
        "LARGE": ranked[:520],
        "FAR": ["MIR21", "XIST", "H19"],
    }
    return [GeneSet(name, "", tuple(own)) for name, own in found.items()]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """No store is needed."""
    return open_store(tmp_path_factory.mktemp("none") / "cache")


def by_set(answer: EnrichAnswer) -> dict[str, dict[str, Any]]:
    return {row["set"]: row for row in answer.frame.to_dicts()}


def of_de(
    values: dict[str, float], contrast: str = "A:B", tumor_type: str = "LIHC"
) -> pl.DataFrame:
    """As ``de`` answers: log2fc / lfc_se is the value."""
    numbers = np.array(list(values.values()))
    p = 2 * stats.norm.sf(3 * np.abs(numbers))
    error = np.random.default_rng(8).uniform(0.2, 2, len(numbers))
    return pl.DataFrame(
        {
            "tumor_type": tumor_type, "contrast": contrast, "gene": list(values),
            "log2fc": numbers * error, "lfc_se": error, "p": p,
            "q": stats.false_discovery_control(p), "zero_group": "", "note": "",
        }
    )  # fmt: skip


def test_every_set_has_a_row(engine: Engine, values: dict[str, float], sets: list[GeneSet]) -> None:
    answer = engine.enrich(values, sets)
    rows = by_set(answer)
    assert answer.frame.columns == COLUMNS
    assert set(rows) == {one.name for one in sets}
    assert (rows["TOP"]["direction"], rows["BOTTOM"]["direction"]) == ("up", "down")
    assert rows["TOP"]["nes"] > 2 > -2 > rows["BOTTOM"]["nes"]
    assert rows["TOP"]["q"] < 0.01 > rows["BOTTOM"]["q"]
    assert rows["TOP"]["p"] > 0
    for name, note in {
        "SMALL": "4 of its genes are here, at least 15 needed",
        "LARGE": "520 of its genes are here, at most 500 taken",
        "FAR": "0 of its genes are here, at least 15 needed",
    }.items():
        assert rows[name]["note"] == note
        assert rows[name]["p"] is None
        assert rows[name]["es"] is None
    known = answer.frame.drop_nulls("p")
    expected = stats.false_discovery_control(known["p"])
    assert known["q"].to_list() == pytest.approx(expected.tolist())
    edge = rows["TOP"]["leading_edge"].split(";")
    assert len(edge) == rows["TOP"]["n_overlap"] <= rows["TOP"]["n_genes"] == 30
    assert edge == sorted(edge, key=lambda gene: (-values[gene], gene))
    low = rows["BOTTOM"]["leading_edge"].split(";")
    assert low == sorted(low, key=lambda gene: values[gene])
    assert low[0] in sets[1].genes[-1:]


def test_it_is_what_gseapy_prerank_says(
    engine: Engine, values: dict[str, float], sets: list[GeneSet], recwarn: Any
) -> None:
    ranked = pd.Series(values).sort_index().sort_values(ascending=False, kind="stable")
    listed = {one.name: list(one.genes) for one in sets}
    whole = gseapy.prerank(
        ranked, listed, min_size=15, max_size=500, permutation_num=250, outdir=None, seed=0,
        threads=1, no_plot=True,
    ).res2d.set_index("Term")  # fmt: skip
    recwarn.clear()
    called = by_set(engine.enrich(values, sets, engine="gseapy", permutations=250))
    own = by_set(engine.enrich(values, sets))
    assert len(whole) == sum(row["p"] is not None for row in own.values())
    for name, expected in whole.iterrows():
        edge = set(str(expected["Lead_genes"]).split(";"))
        for row in (called[str(name)], own[str(name)]):
            assert row["es"] == pytest.approx(expected["ES"], abs=1e-12)
            assert set(row["leading_edge"].split(";")) == edge
        assert called[str(name)]["nes"] == pytest.approx(expected["NES"], rel=1e-9)
        assert called[str(name)]["q_gsea"] == pytest.approx(expected["FDR q-val"], abs=1e-9)
        assert own[str(name)]["nes"] == pytest.approx(expected["NES"], rel=0.1)
        assert own[str(name)]["p"] == pytest.approx(expected["NOM p-val"], abs=0.1)
    more = by_set(engine.enrich(values, sets, engine="gseapy"))  # in four portions
    for name, row in called.items():
        assert more[name]["nes"] == (row["nes"] and pytest.approx(row["nes"], rel=0.15))
        assert more[name]["nes"] != row["nes"] or row["nes"] is None


def test_the_order_of_rows_and_sets_changes_nothing(
    engine: Engine, values: dict[str, float], sets: list[GeneSet]
) -> None:
    answer = engine.enrich(values, sets, permutations=300).frame
    turned = dict(sorted(values.items(), reverse=True))
    again = engine.enrich(turned, sets[::-1], permutations=300).frame
    assert answer.equals(again)
    alone = engine.enrich(values, sets[:1], permutations=300).frame
    assert alone.select("es", "nes", "p").row(0) == answer.filter(set="TOP").select(
        "es", "nes", "p"
    ).row(0)
    scaled = {gene: 3 * value for gene, value in values.items()}
    other = engine.enrich(scaled, sets, permutations=300).frame
    assert other["p"].to_list() == pytest.approx(answer["p"].to_list())


def test_names_are_found_as_elsewhere(
    engine: Engine, values: dict[str, float], sets: list[GeneSet]
) -> None:
    table = symbol_table()
    ids = {table.resolve(gene).ensembl_ids[0] + ".4": value for gene, value in values.items()
           if table.resolve(gene).ensembl_ids}  # fmt: skip
    answer = engine.enrich(ids, sets, permutations=100)
    assert "read as symbols" in " ".join(answer.notes)
    assert by_set(answer)["TOP"]["n_genes"] >= 25
    aliases = [table.own_names(table.resolve(gene))[-1] for gene in sets[0].genes]
    row = by_set(engine.enrich(values, [GeneSet("TOP", "", tuple(aliases))], permutations=100))[
        "TOP"
    ]
    assert row["es"] == by_set(engine.enrich(values, sets, permutations=100))["TOP"]["es"]


def test_answers_of_de_by_tumor_type_and_contrast(
    engine: Engine, values: dict[str, float], sets: list[GeneSet], tmp_path: Path
) -> None:
    turned = {gene: -value for gene, value in values.items()}
    frame = pl.concat([of_de(values), of_de(turned, "C:B"), of_de(values, tumor_type="ACC")])
    failed = of_de(values, "D:B").head(1).with_columns(log2fc=pl.lit(None, pl.Float64), p=None)
    path = tmp_path / "de.parquet"
    pl.concat([frame, failed.cast(dict(frame.schema))]).write_parquet(path)
    answer = engine.enrich(path, sets, permutations=200)
    assert answer.frame.columns == ["tumor_type", "contrast", *COLUMNS]
    assert "LIHC D:B: no gene has a number" in answer.notes
    without_p = of_de(values).with_columns(
        p=pl.when(pl.int_range(pl.len()) < 4).then(None).otherwise("p")
    )
    ranking = engine.enrich(without_p, sets, permutations=100).parts[0].ranking
    assert set(values) - set(ranking.genes) == set(list(values)[:4])
    assert answer.query.ranked_by == "log2fc / lfc_se"
    key = {"tumor_type": "LIHC", "contrast": "A:B", "set": "TOP"}
    plain = by_set(engine.enrich(values, sets, permutations=200))["TOP"]
    row = answer.frame.filter(**key).to_dicts()[0]
    assert row["es"] == pytest.approx(plain["es"], abs=1e-9)
    assert answer.frame.filter(**key | {"contrast": "C:B"})["es"][0] == pytest.approx(
        -row["es"], abs=1e-9
    )
    alone = engine.enrich(path, sets, permutations=200, tumor_types=["ACC"])
    assert alone.frame.columns == COLUMNS
    assert by_set(alone)["TOP"]["nes"] == pytest.approx(plain["nes"], abs=1e-9)
    with pytest.raises(UsageError, match="no BRCA in it"):
        engine.enrich(path, sets, tumor_types=["BRCA"])


@pytest.mark.parametrize("direction", ["both", "up", "down"])
def test_genes_of_de_are_over_represented(
    engine: Engine, values: dict[str, float], sets: list[GeneSet], direction: Any
) -> None:
    frame = of_de(values)
    answer = engine.enrich(frame, sets, "ora", q=0.2, lfc=0.5, direction=direction)
    sign = {"both": 0, "up": 1, "down": -1}[direction]
    listed = {
        row["gene"]
        for row in frame.to_dicts()
        if row["q"] < 0.2 and abs(row["log2fc"]) > 0.5 and row["log2fc"] * sign >= 0
    }
    assert f"{len(listed)} genes are listed (q < 0.2 and |log2fc| > 0.5)" in " ".join(answer.notes)
    assert answer.query.universe == "all 600 genes of the ranking"
    rows = by_set(answer)
    for one in sets[:8]:
        a = len(listed & set(one.genes))
        table = [[a, len(one.genes) - a], [len(listed) - a, 0]]
        table[1][1] = N_GENES - sum(map(sum, table))
        expected = stats.fisher_exact(table, alternative="greater")
        row = rows[one.name]
        assert (row["n_genes"], row["n_overlap"]) == (len(one.genes), a)
        assert row["p"] == pytest.approx(expected.pvalue)
        assert row["odds_ratio"] == pytest.approx(expected.statistic)
        assert set(filter(None, row["leading_edge"].split(";"))) == listed & set(one.genes)
    known = answer.frame.drop_nulls("p")
    assert known["n_overlap"].min() == 0 or direction == "both"
    assert known["q"].to_list() == pytest.approx(stats.false_discovery_control(known["p"]).tolist())


def test_a_list_and_its_universe(
    engine: Engine, genes: list[str], sets: list[GeneSet], tmp_path: Path
) -> None:
    path, all_genes = tmp_path / "up.txt", tmp_path / "all.txt"
    listed = [*sets[0].genes[:20], *genes[:10]]
    path.write_text("\n".join(listed) + "\n", encoding="utf-8")
    all_genes.write_text("\n".join(genes) + "\n", encoding="utf-8")
    with pytest.raises(UsageError, match="--universe FILE"):
        engine.enrich(path, sets)
    by_file, by_number = (
        engine.enrich(path, sets, universe=all_genes),
        engine.enrich(path, sets, universe=N_GENES),
    )
    a, b = by_set(by_file)["TOP"], by_set(by_number)["TOP"]
    assert (a["p"], a["odds_ratio"], a["q"]) == (b["p"], b["odds_ratio"], b["q"])
    expected = stats.hypergeom.sf(a["n_overlap"] - 1, N_GENES, 30, len(set(listed)))
    assert a["p"] == pytest.approx(expected)
    assert "universe: the 600 genes of all.txt" in by_file.notes
    half = engine.enrich(path, sets, universe=genes[:300])
    assert "they are not in the universe" in " ".join(half.notes)
    with pytest.raises(UsageError, match="smaller than the list and a set"):
        engine.enrich(path, sets, universe=40)
    with pytest.raises(UsageError, match="neither a file, nor 'measured'"):
        engine.enrich(path, sets, universe="everything")
    with pytest.raises(UsageError, match="gsea needs a ranking"):
        engine.enrich(path, sets, "gsea")


def test_the_universe_that_was_measured(simulated: Engine) -> None:
    answer = simulated.enrich(
        ["RELA", "NFKB1", "GPX4"], "hallmark", universe="measured", tumor_types=["LIHC"]
    )
    n = simulated.sql("SELECT count(DISTINCT gene) AS n FROM expression WHERE tumor_type = 'LIHC'")[
        "n"
    ][0]
    assert answer.notes[0] == f"universe: the {n:,} genes of the store's tables"


def test_a_screen_is_ranked_by_r_without_shared_genes(simulated: Engine, tmp_path: Path) -> None:
    screen = simulated.screen("ferroptosis", "genes", tumor_types=["LIHC"], null=())
    answer = simulated.enrich(screen, "hallmark", permutations=100)
    assert answer.simulated
    assert answer.frame["note"].str.starts_with("SIMULATED").all()
    assert "without them (r_disjoint)" in " ".join(answer.notes)
    ranking = answer.parts[0].ranking
    rows = {row["y"]: row for row in screen.frame.to_dicts()}
    assert any(row["n_shared_genes"] for row in rows.values())
    for gene, value in zip(ranking.genes, ranking.values.tolist(), strict=True):
        row = rows[gene]
        assert value == (row["r_disjoint"] if row["n_shared_genes"] else row["r"])
    path = tmp_path / "screen.tsv"
    screen.frame.write_csv(path, separator="\t")
    assert simulated.enrich(path, "hallmark", permutations=100).frame["p"].equals(answer.frame["p"])
    by_z = simulated.enrich(screen, "hallmark", rank="p", permutations=100)
    assert "so the ranking has one end" in " ".join(by_z.notes)
    many = simulated.screen("RELA,GPX4,NFE2L2", "itself", tumor_types=["LIHC"], null=())
    with pytest.raises(UsageError, match="a screen of 2 variables"):
        simulated.enrich(many, "hallmark")


def test_tables_of_other_programs(
    engine: Engine, values: dict[str, float], sets: list[GeneSet]
) -> None:
    numbers = pl.Series(list(values.values()))
    deseq = pl.DataFrame({"": list(values), "baseMean": 9.0, "log2FoldChange": numbers,
                          "stat": 2 * numbers, "padj": 0.5})  # fmt: skip
    expected = by_set(engine.enrich(values, sets, permutations=100))["TOP"]["p"]
    answer = engine.enrich(deseq, sets, permutations=100)
    assert (answer.query.ranked_by, by_set(answer)["TOP"]["p"]) == ("stat", expected)
    edger = pl.DataFrame({"gene": list(values), "logFC": numbers, "PValue": 10.0 ** -numbers.abs()})
    answer = engine.enrich(edger, sets, permutations=100)
    assert (answer.query.ranked_by, by_set(answer)["TOP"]["p"]) == ("signed -log10 p", expected)
    with pytest.raises(UsageError, match=r"--rank: a, b"):
        engine.enrich(pl.DataFrame({"gene": list(values), "a": numbers, "b": numbers}), sets)
    with pytest.raises(UsageError, match=r"no column 'c' of numbers. It has number"):
        engine.enrich(values, sets, rank="c")


def test_bad_rankings_are_refused_with_the_evidence(
    engine: Engine, values: dict[str, float], sets: list[GeneSet]
) -> None:
    frame = pl.DataFrame({"gene": list(values), "x": list(values.values())})
    first = frame["gene"][0]
    twice = pl.concat([frame, pl.DataFrame({"gene": [first], "x": [7.5]})])
    with pytest.raises(
        UsageError, match=rf"{first} is there twice, in rows 1 and 601, with .* and 7.5"
    ):
        engine.enrich(twice, sets)
    same = engine.enrich(pl.concat([frame, frame.head(1)]), sets, permutations=100)
    assert len(same.parts[0].ranking.genes) == N_GENES
    missing = frame.with_columns(
        x=pl.when(pl.int_range(pl.len()) < 3).then(float("nan")).otherwise("x")
    )
    answer = engine.enrich(missing, sets, permutations=100)
    assert "the table: 3 genes without a number are left out" in answer.notes
    with pytest.raises(AnalysisError, match="no gene has a number"):
        engine.enrich(frame.with_columns(x=pl.lit(float("nan"))), sets)
    with pytest.raises(UsageError, match=f"x of {first} is infinite, and of 0 more"):
        engine.enrich(
            frame.with_columns(
                x=pl.when(pl.int_range(pl.len()) < 1).then(float("inf")).otherwise("x")
            ),
            sets,
        )
    with pytest.raises(AnalysisError, match="all 600 genes have the same x, 2, so nothing ranks"):
        engine.enrich(frame.with_columns(x=pl.lit(2.0)), sets)
    mostly_zero = frame.with_columns(x=pl.when(pl.col("x") > 2).then("x").otherwise(0.0))
    answer = engine.enrich(mostly_zero, sets, permutations=100)
    assert "of genes are tied, in the order of symbols" in " ".join(answer.notes)
    assert by_set(answer)["BOTTOM"]["note"] == "all of its genes have the number 0"


def test_sets_that_cannot_be_asked(
    engine: Engine, values: dict[str, float], sets: list[GeneSet], tmp_path: Path
) -> None:
    with pytest.raises(
        AnalysisError, match="no gene of the 1 sets is among the 600 genes: those of FAR are MIR21"
    ):
        engine.enrich(values, sets[-1:])
    few = dict(list(values.items())[:12])
    with pytest.raises(AnalysisError, match=r"no set has a p: .* at least 15 needed"):
        engine.enrich(few, sets)
    with pytest.raises(UsageError, match="min_size is 20 and max_size 10"):
        engine.enrich(values, sets, min_size=20, max_size=10)
    with pytest.raises(UsageError, match="permutations is 5"):
        engine.enrich(values, sets, permutations=5)
    with pytest.raises(UsageError, match="has no q that lists genes"):
        engine.enrich(values, sets, "ora")
    with pytest.raises(AnalysisError, match="no gene is listed"):
        engine.enrich(of_de(values), sets, "ora", q=1e-300)
    with pytest.raises(UsageError, match="gsea has none"):
        engine.enrich(values, sets, universe=N_GENES)
    gmt = tmp_path / "mine.gmt"
    gmt.write_text("".join("\t".join((one.name, "", *one.genes)) + "\n" for one in sets), "utf-8")
    assert by_set(engine.enrich(values, str(gmt), permutations=100)).keys() == {
        one.name for one in sets
    }


def test_the_command_line(
    engine: Engine, values: dict[str, float], sets: list[GeneSet], tmp_path: Path, run: Run
) -> None:
    path, gmt = tmp_path / "x.rnk", tmp_path / "mine.gmt"
    path.write_text("".join(f"{gene}\t{value}\n" for gene, value in values.items()), "utf-8")
    gmt.write_text("".join("\t".join((one.name, "", *one.genes)) + "\n" for one in sets), "utf-8")
    code, out, err = run("enrich", path, "--against", gmt, "--permutations", 100, "--top", 2)
    assert code == 0
    assert "TOP" in out
    assert "9 more rows: --top all" in out
    assert "genes are ranked by number; p from 100 permutations" in err
    output, figure = tmp_path / "x.json", tmp_path / "x.svg"
    command = ("enrich", path, "--against", gmt, "--method", "ora", "--genes", 40)
    code, _, _ = run(*command, "-o", output, "--plot", figure)
    assert code == 0
    content = json.loads(output.read_text("utf-8"))
    assert content["query"]["listed_by"] == "the 40 furthest from 0 by number"
    assert [*content["sets"][0]] == COLUMNS
    assert figure.stat().st_size > 1_000
    code, _, err = run(
        "enrich", path, "--against", gmt, "--set", "NONE", "--plot", tmp_path / "y.svg"
    )
    assert (code, "no set 'NONE' in the answer" in err) == (2, True)
    assert run("enrich", tmp_path / "none.rnk")[0] == 3
