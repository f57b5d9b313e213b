"""Dominance: ranks by hand within each sample, raw and against random sets scored the slow way.

Tolerance: 1e-9 of raw scores, which are up to hundreds; 1e-4 of standardised ones, which is what
sums in single precision cost; their order within a sample is exact.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

import tcga_corr as tc
from tcga_corr.engine import Answer, Engine
from tcga_corr.errors import AnalysisError, UsageError
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.scoring.ranks import doubled_average_ranks
from tcga_corr.scoring.ssgsea import enrichment_scores, weights_by_doubled_rank
from tcga_corr.stats.decks import Shuffles
from tcga_corr.stats.repeated import friedman, post_hoc
from tcga_corr.vocabulary.gene_sets.catalogue import DEATH_PROGRAMMES, shipped_sets
from tests.conftest import Run, barcodes, write_table

Matrix = NDArray[np.float64]

N = {"ACC": 14, "LIHC": 23}
N_NORMAL = 6  # of LIHC
N_GENES, DRAWS = 400, 60
GENES = [f"G{number:03d}" for number in range(N_GENES)]
A, B, C, D = (
    tc.GeneSet(name, "", tuple(GENES[first:last]))
    for name, first, last in (("A", 0, 30), ("B", 20, 32), ("C", 100, 160), ("D", 300, 315))
)
SETS = (A, B, C, D)
FEW = tc.GeneSet("few", "", (*GENES[:4], "GPX4"))
# of ACC alone: it lacks most genes of D, which LIHC has
NOT_IN_ACC = GENES[302:315]
COLUMNS = [
    "tumor_type", "scale", "set", "n", "mean", "sd", "median", "mean_rank", "n_highest",
    "share_highest", "n_lowest", "note",
]  # fmt: skip
CAVEAT = "raw scores of different sets do not compare"


def made(tumor_type: str) -> tuple[list[str], list[str], Matrix]:
    rng = np.random.default_rng([7, *tumor_type.encode()])
    samples = barcodes(N[tumor_type], site=tumor_type[:2])
    if tumor_type == "LIHC":
        samples += barcodes(N_NORMAL, "11", site="LI")
    values = rng.normal(6, 2.5, (N_GENES, 1)) + rng.normal(0, 1.5, (N_GENES, len(samples)))
    values[:30] += rng.normal(0, 1, len(samples))
    values[300:315] += 1.5
    values = np.maximum(values, 0).round(2)
    if tumor_type == "ACC":
        kept = [number for number, gene in enumerate(GENES) if gene not in NOT_IN_ACC]
        return samples, [GENES[number] for number in kept], values[kept]
    return samples, GENES, values


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Two tumor types, of which one lacks a set's genes. Read only: it is shared by tests."""
    folder = tmp_path_factory.mktemp("dominance")
    engine = tc.open_store(folder / "cache")
    for tumor_type in N:
        samples, genes, values = made(tumor_type)
        path = folder / f"TCGA.{tumor_type}.sampleMap" / "HiSeqV2"
        write_table(path, samples, zip(genes, values.tolist(), strict=True))
        assert not engine.load([path]).errors
    return engine


@pytest.fixture
def gmt(tmp_path: Path) -> Path:
    path = tmp_path / "sets.gmt"
    path.write_text("".join("\t".join((one.name, "", *one.genes)) + "\n" for one in SETS))
    return path


def raw_scores(
    engine: Engine, sets: Sequence[tc.GeneSet], tumor_type: str, **options: Any
) -> Matrix:
    """Samples x sets."""
    frame = engine.score(sets, tumor_types=[tumor_type], **options).frame
    return np.column_stack(
        [frame.filter(pl.col("set") == one.name).sort("sample")["es"] for one in sets]
    )


def standardised_scores(
    engine: Engine, sets: Sequence[tc.GeneSet], tumor_type: str, code: str = "01"
) -> Matrix:
    """The slow way: each draw scored by itself, from the values as they were written."""
    samples, genes, values = made(tumor_type)
    order = np.argsort(samples)
    places = [place for place in order if samples[place].endswith(code)]
    doubled = doubled_average_ranks(values.astype(np.float32))[:, places]
    weights = weights_by_doubled_rank(len(genes), "average")
    row = {gene: place for place, gene in enumerate(genes)}  # the genes are sorted
    orders = Shuffles(genes).orders(0, DRAWS).tolist()
    columns = []
    for one in sets:
        rows = np.array([row[gene] for gene in one.genes if gene in row])
        # fewer than 500 genes are one class, of which the first others are taken
        draws = [[gene for gene in order if gene not in rows][: len(rows)] for order in orders]
        random = np.array([enrichment_scores(doubled[d], len(genes), weights) for d in draws])
        raw = enrichment_scores(doubled[rows], len(genes), weights)
        columns.append((raw - random.mean(axis=0)) / random.std(axis=0, ddof=1))
    return np.column_stack(columns)


def by_hand(names: Sequence[str], scores: Matrix) -> dict[str, dict[str, float]]:
    """What a row says of each set, sample by sample."""
    found: dict[str, dict[str, float]] = {}
    for place, name in enumerate(names):
        own = [float(sample[place]) for sample in scores]
        ranks = [
            1 + sum(other > sample[place] for other in sample)
            + (sum(other == sample[place] for other in sample) - 1) / 2
            for sample in scores
        ]  # fmt: skip
        n_highest = sum(sample[place] == max(sample) for sample in scores)
        mean = sum(own) / len(own)
        found[name] = {
            "n": len(own),
            "mean": mean,
            "sd": (sum((value - mean) ** 2 for value in own) / (len(own) - 1)) ** 0.5,
            "median": float(np.median(own)),
            "mean_rank": sum(ranks) / len(ranks),
            "n_highest": n_highest,
            "share_highest": n_highest / len(own),
            "n_lowest": sum(sample[place] == min(sample) for sample in scores),
        }
    return found


def rows_of(answer: Answer, tumor_type: str, scale: str) -> list[dict[str, Any]]:
    frame = answer.frame.filter((pl.col("tumor_type") == tumor_type) & (pl.col("scale") == scale))
    return frame.to_dicts()


def assert_rows(
    rows: Sequence[dict[str, Any]], expected: dict[str, dict[str, float]], tolerance: float
) -> None:
    assert {row["set"] for row in rows} == set(expected)
    for row in rows:
        for name, value in expected[row["set"]].items():
            exact = ("n", "mean_rank", "n_highest", "share_highest", "n_lowest")
            least = 1e-12 if name in exact else tolerance
            assert row[name] == pytest.approx(value, rel=1e-12, abs=least), (row["set"], name)
    order = [(-row["n_highest"], row["set"]) for row in rows]
    assert order == sorted(order)


def asked_of(answer: Answer, tumor_type: str, scale: str) -> dict[str, Any]:
    (found,) = [
        one
        for one in asdict(answer.summary)["tests"]
        if (one["tumor_type"], one["scale"]) == (tumor_type, scale)
    ]
    return found


def assert_tests(found: dict[str, Any], names: Sequence[str], scores: Matrix, rel: float) -> None:
    """Friedman's test and those of the pairs are passed on as they are."""
    whole = friedman(scores)
    assert found["friedman"]["n"] == len(scores)
    for name, value in (
        ("chi2", whole.statistic), ("df", whole.df), ("p", whole.p), ("kendalls_w", whole.effect)
    ):  # fmt: skip
        assert found["friedman"][name] == pytest.approx(value, rel=rel, nan_ok=True), name
    assert found["friedman"]["note"] == whole.note
    pairs, hand = post_hoc(scores), by_hand(names, scores)
    assert len(found["pairs"]) == len(pairs) == len(names) * (len(names) - 1) // 2
    for got, pair in zip(found["pairs"], pairs, strict=True):
        assert (got["first"], got["second"]) == (names[pair.first], names[pair.second])
        assert (got["n"], got["note"]) == (pair.n, pair.note)
        # rank 1 is the highest, as in the rows
        apart = hand[got["first"]]["mean_rank"] - hand[got["second"]]["mean_rank"]
        assert got["mean_rank_difference"] == pytest.approx(apart, abs=1e-12)
        for name in ("p", "p_holm", "rank_biserial"):
            expected = pytest.approx(getattr(pair, name), rel=rel, abs=1e-12, nan_ok=True)
            assert got[name] == expected, name


# --- the numbers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("ties", ["average", "gseapy", "gsva"])
def test_raw_scores_by_hand(engine: Engine, ties: Any) -> None:
    answer = engine.dominance(SETS, tumor_types=["LIHC"], draws=DRAWS, ties=ties)
    assert answer.frame.columns == COLUMNS
    scores = raw_scores(engine, SETS, "LIHC", ties=ties)
    names = [one.name for one in SETS]
    assert_rows(rows_of(answer, "LIHC", "raw"), by_hand(names, scores), 1e-9)
    assert_tests(asked_of(answer, "LIHC", "raw"), names, scores, 1e-12)


@pytest.mark.parametrize("ties", ["average", "gseapy", "gsva"])
def test_standardised_scores_the_slow_way(engine: Engine, ties: Any) -> None:
    """By average ranks, of the set and of the random ones, whatever the rule of raw scores."""
    answer = engine.dominance(SETS, draws=DRAWS, ties=ties)
    for tumor_type in N:
        sets = [one for one in SETS if tumor_type == "LIHC" or one != D]
        names = [one.name for one in sets]
        scores = standardised_scores(engine, sets, tumor_type)
        assert_rows(rows_of(answer, tumor_type, "standardised"), by_hand(names, scores), 1e-4)
        assert_tests(asked_of(answer, tumor_type, "standardised"), names, scores, 1e-9)
        raw = raw_scores(engine, sets, tumor_type, ties=ties)
        assert_rows(rows_of(answer, tumor_type, "raw"), by_hand(names, raw), 1e-9)


def test_other_samples(engine: Engine) -> None:
    answer = engine.dominance(SETS, tumor_types=["LIHC"], samples="normal", draws=DRAWS)
    names = [one.name for one in SETS]
    assert answer.query.scope.samples == "normal"
    assert set(answer.frame["n"]) == {N_NORMAL}
    scores = standardised_scores(engine, SETS, "LIHC", code="11")
    assert_rows(rows_of(answer, "LIHC", "standardised"), by_hand(names, scores), 1e-4)
    raw = raw_scores(engine, SETS, "LIHC", samples="normal")
    assert_rows(rows_of(answer, "LIHC", "raw"), by_hand(names, raw), 1e-9)


def test_ties_change_the_raw_scores_alone(engine: Engine) -> None:
    average, other = (
        engine.dominance(SETS, draws=DRAWS, ties=ties) for ties in ("average", "gsva")
    )
    raw = pl.col("scale") == "raw"
    assert other.frame.filter(~raw).equals(average.frame.filter(~raw))
    assert not other.frame.filter(raw).equals(average.frame.filter(raw))


def test_a_cohort_without_samples_is_left_out(engine: Engine) -> None:
    answer = engine.dominance(SETS, samples="normal", draws=DRAWS)
    alone = engine.dominance(SETS, tumor_types=["LIHC"], samples="normal", draws=DRAWS)
    assert set(answer.frame["tumor_type"]) == {"LIHC"}
    assert answer.frame.equals(alone.frame)
    assert json.dumps(asdict(answer.summary)) == json.dumps(asdict(alone.summary))


def test_random_genes_are_near_the_standard(engine: Engine) -> None:
    """C and B are of no activity of their own; D's genes were raised, in LIHC where it is."""
    rows = {row["set"]: row for row in rows_of(engine.dominance(SETS), "LIHC", "standardised")}
    assert abs(rows["C"]["mean"]) < 1
    # its genes are matched by their raised expression, so it is as random genes like it
    assert abs(rows["D"]["mean"]) < 1


def test_the_order_of_the_sets_does_not_matter(engine: Engine) -> None:
    one = engine.dominance(SETS, draws=DRAWS)
    other = engine.dominance(SETS[::-1], draws=DRAWS)
    assert other.frame.equals(one.frame)
    for found in asdict(one.summary)["tests"]:
        turned = asked_of(other, found["tumor_type"], found["scale"])
        for name in ("p", "p_genes"):
            near = pytest.approx(found["friedman"][name], rel=1e-12, nan_ok=True)
            assert turned["friedman"][name] == near
        pairs = {(pair["second"], pair["first"]): pair for pair in turned["pairs"]}
        assert len(pairs) == len(found["pairs"])
        for pair in found["pairs"]:
            back = pairs[pair["first"], pair["second"]]
            for name in ("p", "p_holm"):
                assert back[name] == pytest.approx(pair[name], rel=1e-12)
            for name in ("mean_rank_difference", "rank_biserial"):
                assert back[name] == pytest.approx(-pair[name], abs=1e-12)


def test_a_set_does_not_depend_on_the_others(engine: Engine) -> None:
    """All but its ranks among them."""
    of_itself = ["tumor_type", "scale", "set", "n", "mean", "sd", "median"]
    together = engine.dominance(SETS, draws=DRAWS).frame.select(of_itself)
    for pair in (SETS[:2], (C, A)):
        few = engine.dominance(pair, draws=DRAWS).frame.select(of_itself)
        names = [one.name for one in pair]
        expected = together.filter(pl.col("set").is_in(names)).sort(of_itself[:3])
        assert few.sort(of_itself[:3]).equals(expected)


def test_the_same_question_gives_the_same_answer(engine: Engine) -> None:
    first, again = (engine.dominance(SETS, draws=DRAWS) for _ in range(2))
    assert first.frame.equals(again.frame)
    assert json.dumps(asdict(first.summary)) == json.dumps(asdict(again.summary))  # nan is nan
    assert engine.dominance(SETS, draws=DRAWS, tumor_types=["LIHC"]).frame.equals(
        first.frame.filter(pl.col("tumor_type") == "LIHC")
    )
    more = engine.dominance(SETS, draws=2 * DRAWS).frame
    raw = pl.col("scale") == "raw"
    assert more.filter(raw).equals(first.frame.filter(raw))
    assert not more.filter(~raw).equals(first.frame.filter(~raw))


# --- what is said --------------------------------------------------------------------------------


def test_a_set_of_too_few_genes_is_left_out_and_said(engine: Engine) -> None:
    answer = engine.dominance([*SETS, FEW], draws=DRAWS)
    assert answer.frame.equals(engine.dominance(SETS, draws=DRAWS).frame)
    assert {row["set"] for row in rows_of(answer, "ACC", "raw")} == {"A", "B", "C"}
    assert "D: 2 of 15 genes measured, at least 5 needed (in ACC)" in answer.notes
    assert "few: 4 of 5 genes measured, at least 5 needed (in ACC, LIHC)" in answer.notes
    assert answer.query.sets == ["A", "B", "C", "D", "few"]
    fewer = engine.dominance([*SETS, FEW], draws=DRAWS, min_genes=4)
    assert {row["set"] for row in rows_of(fewer, "LIHC", "raw")} == {"A", "B", "C", "D", "few"}


def test_one_set_of_enough_genes_has_no_test(engine: Engine) -> None:
    answer = engine.dominance([A, FEW], tumor_types=["LIHC"], draws=DRAWS)
    assert answer.frame["set"].to_list() == ["A", "A"]
    assert answer.frame["n_highest"].to_list() == [N["LIHC"]] * 2
    assert answer.summary.tests == ()


def test_two_sets_have_no_friedman(engine: Engine) -> None:
    answer = engine.dominance([A, C], tumor_types=["LIHC"], draws=DRAWS)
    scores = raw_scores(engine, [A, C], "LIHC")
    found = asked_of(answer, "LIHC", "raw")
    assert found["friedman"]["note"] == "too few variables: 2, at least 3 needed"
    assert_tests(found, ["A", "C"], scores, 1e-12)
    told = []
    for scale in ("raw", "standardised"):
        (pair,) = asked_of(answer, "LIHC", scale)["pairs"]
        told.append(
            f"LIHC {scale}: Wilcoxon A against C, p = {pair['p']:.2g}, "
            f"rank-biserial correlation = {pair['rank_biserial']:.3f}"
        )
    assert list(answer.lines[:-1]) == told
    assert answer.lines[-1].startswith(CAVEAT)


def test_the_higher_set_has_the_lower_rank(engine: Engine) -> None:
    """The sign of a pair's difference agrees with the ranks of its rows, and with its effect."""
    answer = engine.dominance(SETS, tumor_types=["LIHC"], draws=DRAWS)
    for scale in ("raw", "standardised"):
        ranks = {row["set"]: row["mean_rank"] for row in rows_of(answer, "LIHC", scale)}
        means = {row["set"]: row["mean"] for row in rows_of(answer, "LIHC", scale)}
        pairs = asked_of(answer, "LIHC", scale)["pairs"]
        for pair in pairs:
            apart = ranks[pair["first"]] - ranks[pair["second"]]
            assert pair["mean_rank_difference"] == pytest.approx(apart, abs=1e-12)
        widest = max(pairs, key=lambda pair: abs(pair["mean_rank_difference"]))
        if scale == "raw":  # where sets are far apart
            first_is_higher = means[widest["first"]] > means[widest["second"]]
            assert (widest["mean_rank_difference"] < 0) == first_is_higher
            assert (widest["rank_biserial"] > 0) == first_is_higher


def test_p_of_random_sets_is_of_standardised_scores(engine: Engine) -> None:
    """A rank among as many as were drawn."""
    for found in asdict(engine.dominance(SETS, draws=DRAWS).summary)["tests"]:
        p = found["friedman"]["p_genes"]
        if found["scale"] == "raw":
            assert np.isnan(p)
        else:
            place = p * (DRAWS + 1)
            assert place == pytest.approx(round(place))
            assert 1 <= round(place) <= DRAWS + 1


def test_the_caveat_and_the_tests_are_printed(engine: Engine) -> None:
    answer = engine.dominance(SETS, draws=DRAWS)
    assert answer.lines[-1].startswith(CAVEAT)
    assert asdict(answer.summary)["caveat"] == answer.lines[-1]
    assert "standardised" in answer.lines[-1]
    for line, found in zip(answer.lines[:-1], asdict(answer.summary)["tests"], strict=True):
        test = found["friedman"]
        assert line.startswith(
            f"{found['tumor_type']} {found['scale']}: Friedman chi2 = {test['chi2']:.4g}, "
            f"df = {test['df']:.0f}, p = {test['p']:.2g}, Kendall's W = {test['kendalls_w']:.3f}"
        )
        alike = [
            f"{pair['first']} and {pair['second']}"
            for pair in found["pairs"]
            if pair["p_holm"] >= 0.05
        ]
        assert line.endswith(f"; not distinguished: {', '.join(alike)}") == bool(alike)


def test_the_death_programmes_are_asked_by_default(tmp_path: Path) -> None:
    genes = sorted({gene for name in DEATH_PROGRAMMES for gene in shipped_sets()[name].genes})
    genes += [f"Z{number:03d}" for number in range(200)]
    rng = np.random.default_rng(1)
    values = rng.uniform(0, 14, (len(genes), 12)).round(2).tolist()
    path = tmp_path / "TCGA.UVM.sampleMap" / "HiSeqV2"
    write_table(path, barcodes(12), zip(genes, values, strict=True))
    engine = tc.open_store(tmp_path / "cache")
    assert not engine.load([path]).errors
    answer = engine.dominance(draws=20)
    assert answer.query.sets == list(DEATH_PROGRAMMES)
    assert set(answer.frame["set"]) == set(DEATH_PROGRAMMES)
    assert {one.name for one in answer.provenance.gene_sets} == set(DEATH_PROGRAMMES)


def test_values_that_are_made_up_are_said_to_be(tmp_path: Path) -> None:
    from tcga_corr.fetching.simulation import write_atlas

    list(write_atlas(tmp_path, n_genes=600, tumor_types=("UVM",)))
    engine = tc.open_store(tmp_path / "cache")
    table = tmp_path / "TCGA.UVM.sampleMap" / "HiSeqV2.gz"
    assert not engine.load([table], LoadOptions(source="simulated")).errors
    answer = engine.dominance(["ferroptosis", "nfkb", "apoptosis"], draws=20)
    assert set(answer.frame["note"]) == {"SIMULATED"}


def test_what_cannot_be_asked_is_said(engine: Engine) -> None:
    with pytest.raises(UsageError, match=r"draws is 19\. Give 20 or more"):
        engine.dominance(SETS, draws=19)
    among = r"Dominance is among gene sets: give two or more"
    with pytest.raises(UsageError, match=rf"^one gene set dominates none\. {among}"):
        engine.dominance([A], draws=DRAWS)
    with pytest.raises(UsageError, match=rf"^G001, G002: no gene set\. {among}"):
        engine.dominance(["G001", "G002"], draws=DRAWS)
    with pytest.raises(UsageError, match=rf"^G005: no gene set\. {among}"):
        engine.dominance([A, B, "G005"], draws=DRAWS)
    with pytest.raises(AnalysisError, match="no score: no normal samples"):
        engine.dominance(SETS, tumor_types=["ACC"], samples="normal", draws=DRAWS)
    with pytest.raises(UsageError, match="two different gene sets are named 'A'"):
        engine.dominance([A, tc.GeneSet("A", "", A.genes[1:])], draws=DRAWS)
    with pytest.raises(AnalysisError, match="no score: few: 4 of 5 genes"):
        engine.dominance([FEW, tc.GeneSet("none", "", ("GPX4", "RELA"))], draws=DRAWS)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("sets.gmt", "--draws", "19"), 2, "draws is 19. Give 20 or more"),
        (("sets.gmt:A",), 2, "one gene set dominates none. Dominance is among gene sets: give two"),
        (("sets.gmt", "G005"), 2, "G005: no gene set. Dominance is among gene sets"),
        (("sets.gmt", "-t", "ACC", "--samples", "normal"), 1, "no score: no normal samples"),
        (("sets.gmt:A", "sets.gmt:E"), 2, "no gene set 'E' in it"),
        (("none.gmt",), 3, "no gene set file 'none.gmt'"),
        (("sets.gmt", "-t", "BRCA"), 3, "BRCA: not loaded"),
        (("ferroptosis", "nfkb"), 1, "no score: ferroptosis: 0 of"),
        (("ferroptosys", "nfkb"), 2, "Did you mean ferroptosis"),
    ],
)
def test_an_error_is_one_line(
    run: Run,
    arguments: tuple[str, ...],
    code: int,
    said: str,
    gmt: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(gmt.parent)
    got, out, err = run("dominance", *arguments)
    assert (got, out) == (code, "")
    assert err.startswith("tcga-corr: error: ")
    assert err.count("\n") == 1
    assert said in err


# --- what is written -----------------------------------------------------------------------------


def test_every_format_has_the_same_rows(
    run: Run, engine: Engine, gmt: Path, tmp_path: Path
) -> None:
    answer = engine.dominance([str(gmt)], draws=20)
    frame = answer.frame
    filled = frame.with_columns(pl.col("note").fill_null(""))
    asked = ("dominance", gmt, "--draws", "20")
    for ending, separator in (("tsv", "\t"), ("csv", ",")):
        code, out, _ = run(*asked, "--format", ending)
        assert code == 0
        read = pl.read_csv(io.StringIO(out), separator=separator, schema=frame.schema)
        assert read.with_columns(pl.col("note").fill_null("")).equals(filled)
    _, out, _ = run(*asked, "--format", "json")
    written = json.loads(out)
    assert list(written) == ["schema", "query", "dominance", "tests", "caveat", "provenance"]
    assert pl.DataFrame(written["dominance"], schema=frame.schema).equals(frame)
    expected = json.loads(json.dumps(asdict(answer.summary)["tests"]).replace("NaN", "null"))
    assert written["tests"] == expected
    assert len(written["tests"]) == 2 * len(N)
    assert [len(one["pairs"]) for one in written["tests"]] == [3, 3, 6, 6]
    assert written["caveat"].startswith(CAVEAT)
    assert written["query"]["draws"] == 20
    target = tmp_path / "rows.parquet"
    assert run(*asked, "-o", target)[:2] == (0, "")
    assert pl.read_parquet(target).equals(frame)


def test_the_table_for_people(run: Run, engine: Engine, gmt: Path) -> None:
    _, out, err = run("dominance", gmt, "--draws", "20")
    lines = out.splitlines()
    assert lines[0] == "A, B, C, D; tcga-hiseqv2, log2(norm_count+1); tumor samples"
    assert lines[2].split() == COLUMNS
    answer = engine.dominance([str(gmt)], draws=20)
    assert lines[-len(answer.lines) :] == list(answer.lines)
    assert lines[-1].startswith(CAVEAT)
    assert "note: D: 2 of 15 genes measured, at least 5 needed (in ACC)" in err


# --- a real cohort -------------------------------------------------------------------------------


@pytest.mark.shared
def test_death_programmes_in_lihc(shared: Path, tmp_path: Path) -> None:
    """By raw scores ferroptosis is the highest in each tumour; against random sets it is not."""
    table = shared / "hub" / "tcga-xena-hub" / "download" / "TCGA.LIHC.sampleMap" / "HiSeqV2.gz"
    engine = tc.open_store(tmp_path / "cache")
    assert not engine.load([table]).errors
    answer = engine.dominance(tumor_types=["LIHC"], draws=200)
    highest = {
        (row["scale"], row["set"]): (row["n_highest"], row["n"]) for row in answer.frame.to_dicts()
    }
    assert highest["raw", "ferroptosis"] == (45, 45)
    assert highest["standardised", "ferroptosis"][0] < 23
    assert asked_of(answer, "LIHC", "raw")["friedman"]["p"] < 1e-30
    assert asked_of(answer, "LIHC", "standardised")["friedman"]["p"] > 0.01
