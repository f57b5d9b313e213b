"""Conditions on samples, strata, categories as controls, and the purity that ships."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

import tcga_corr as tc
from tcga_corr.analysis.samples.where import parse_condition
from tcga_corr.choices import Method
from tcga_corr.engine import Engine
from tcga_corr.errors import AnalysisError, UsageError
from tests.conftest import barcodes, write_table

GENES = [f"G{number:03d}" for number in range(40)]
N = {"LIHC": 60, "ACC": 36, "UVM": 14}
STAGES = ("Stage I", "Stage IIA", "Stage IIB", "Stage IIIC", "[Not Available]")
Rows = dict[str, dict[str, str]]


def clinical() -> Rows:
    """By sample: gender, stage, age, and a race that only LIHC has."""
    rng = np.random.default_rng(3)
    rows: Rows = {}
    for tumor_type, n in N.items():
        for number, name in enumerate(barcodes(n, site=tumor_type[:2])):
            rows[name] = {
                "gender": "MALE" if rng.random() < 0.5 else "FEMALE",
                "stage": str(rng.choice(STAGES)),
                "age": "" if number == 3 else str(int(rng.integers(30, 80))),
                "race": str(rng.choice(["WHITE", "ASIAN"])) if tumor_type == "LIHC" else "",
            }
    return rows


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    folder = tmp_path_factory.mktemp("strata")
    engine, rng, rows = tc.open_store(folder / "cache"), np.random.default_rng(5), clinical()
    for tumor_type, n in N.items():
        names = barcodes(n, site=tumor_type[:2])
        values = rng.uniform(4, 12, (len(GENES), n))
        male = np.array([rows[name]["gender"] == "MALE" for name in names])
        # G001 and G002 go together in men alone
        values[2] = np.where(male, values[1] + rng.normal(0, 1, n), values[2])
        path = folder / f"TCGA.{tumor_type}.sampleMap" / "HiSeqV2"
        write_table(path, names, zip(GENES, np.round(values, 3).tolist(), strict=True))
        assert not engine.load([path]).errors
    table = folder / "clinic.tsv"
    with table.open("w", newline="") as handle:
        writer = csv.writer(handle, delimiter="\t")
        writer.writerow(["sample", *next(iter(rows.values()))])
        writer.writerows([name, *row.values()] for name, row in rows.items())
    engine.load_covariates(table)
    return engine


def values(engine: Engine, gene: str, tumor_type: str = "LIHC") -> dict[str, float]:
    frame = engine.values([gene], tumor_types=[tumor_type]).frame
    return dict(frame.select("sample", gene).iter_rows())


def level(text: str) -> str:
    """The stage that a word stands for, read in another way."""
    found = re.fullmatch(r"Stage (IV|I+)[ABC]?", text)
    return found[1] if found else ""


# --- conditions

CONDITIONS: dict[str, Callable[[dict[str, str]], bool]] = {
    "gender=FEMALE": lambda row: row["gender"] == "FEMALE",
    "gender == female": lambda row: row["gender"] == "FEMALE",
    "gender!=FEMALE": lambda row: row["gender"] == "MALE",
    "race != WHITE": lambda row: row["race"] == "ASIAN",
    "stage in I,II": lambda row: level(row["stage"]) in ("I", "II"),
    "stage IN Stage I, ii": lambda row: level(row["stage"]) in ("I", "II"),
    "stage not in I": lambda row: level(row["stage"]) in ("II", "III"),
    "stage>=II": lambda row: level(row["stage"]) in ("II", "III"),
    "stage<II": lambda row: level(row["stage"]) == "I",
    "age<60": lambda row: row["age"] != "" and float(row["age"]) < 60,
    "age >= 60.5": lambda row: row["age"] != "" and float(row["age"]) >= 60.5,
    "age in 44,45,46": lambda row: row["age"] in ("44", "45", "46"),
    "age is missing": lambda row: row["age"] == "",
    "stage is known": lambda row: level(row["stage"]) != "",
    "clinic.gender=MALE": lambda row: row["gender"] == "MALE",
    "covariate:gender='MALE'": lambda row: row["gender"] == "MALE",
}


@pytest.mark.parametrize("text", CONDITIONS)
def test_the_samples_that_meet_a_condition(engine: Engine, text: str) -> None:
    expected = {name for name, row in clinical().items() if CONDITIONS[text](row)}
    found = engine.values(["G001"], where=[text]).frame
    assert set(found["sample"]) == expected
    assert expected
    again = engine.values(["G001"], where=text)  # one text, as a list of one
    assert again.frame.equals(found)


def test_all_of_several_conditions_and_what_they_leave(engine: Engine) -> None:
    rows = clinical()
    answer = engine.correlate("G003", "G004", where=["gender=MALE", "G005>7", "age<70"], null=())
    for tumor_type, n in N.items():
        of_type = values(engine, "G005", tumor_type)
        kept = [
            name
            for name, value in of_type.items()
            if rows[name]["gender"] == "MALE" and value > 7 and rows[name]["age"] not in ("",)
            and float(rows[name]["age"]) < 70
        ]  # fmt: skip
        (row,) = answer.frame.filter(tumor_type=tumor_type).to_dicts()
        assert row["n"] == len(kept)
        assert f"{len(kept)} of {n} in {tumor_type}" in answer.notes[0]
        if len(kept) >= 10:
            x, y = (
                [values(engine, gene, tumor_type)[name] for name in kept]
                for gene in ("G003", "G004")
            )
            assert row["r"] == pytest.approx(stats.pearsonr(x, y)[0], abs=1e-12)
        else:
            assert row["note"] == f"too few samples: {len(kept)}, at least 10 needed"
    assert answer.query.scope.where == ["gender=MALE", "G005>7", "age<70"]
    assert answer.query.as_dict()["where"] == answer.query.scope.where
    (record,) = {one.table for one in answer.provenance.covariates}
    assert record == "clinic"


def test_every_question_takes_conditions(engine: Engine) -> None:
    where = ["gender=FEMALE"]
    n = sum(row["gender"] == "FEMALE" for row in clinical().values())
    gene_set = tc.GeneSet("S", "", tuple(GENES[:9]))
    assert engine.score([gene_set], where=where).frame.height == n
    screened = engine.screen("G001", GENES[5:8], null=(), by_tumor_type=True, where=where).frame
    by_type = dict(screened.group_by("tumor_type").agg(pl.col("n").first()).iter_rows())
    women = [name for name, row in clinical().items() if row["gender"] == "FEMALE"]
    for tumor_type in ("LIHC", "ACC"):
        assert by_type[tumor_type] == sum(f"-{tumor_type[:2]}-" in name for name in women)
    found = engine.dominance([gene_set, tc.GeneSet("T", "", tuple(GENES[9:20]))], where=where)
    assert found.frame.filter(scale="raw", set="S")["n"].sum() == n


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gender", "is no condition on samples. Write it as"),
        ("gender=", "is no condition"),
        ("=MALE", "is no condition"),
        ("gender=WOMAN", "gender has no level 'WOMAN'. .*FEMALE"),
        ("gender in A,B", "has no level 'A'"),
        ("gender>FEMALE", "is a category without an order. Give gender=LEVEL"),
        ("stage=V", "stage has no level 'V'"),
        ("age<old", "age is a number, and 'old' is none"),
        ("age<nan", "age is a number"),
        ("agee<5", "unknown gene, gene set or covariate 'agee'. Did you mean"),
        ("age is old", "is no condition"),
        ("stage in ,", "names no value"),
    ],
)
def test_what_is_no_condition(engine: Engine, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as refused:
        engine.correlate("G001", "G002", where=[text])
    assert "\n" not in str(refused.value)


def test_conditions_that_leave_nobody_say_what_each_leaves(engine: Engine) -> None:
    n = sum(row["gender"] == "MALE" for row in clinical().values())
    with pytest.raises(AnalysisError, match=rf"none of the tumor samples meets .* leaves {n} of"):
        engine.correlate("G001", "G002", where=["gender=MALE", "age>200"])


def test_a_condition_is_shown_as_it_was_read(engine: Engine) -> None:
    names = engine.names(engine.cohorts(tc.engine.Scope()))
    shown = {
        "stage IN iii,Stage I": "stage in III,I",
        "gender==female": "gender==FEMALE",
        " age  <=  50 ": "age<=50",
        "AGE IS Known": "age is known",
    }
    for text, expected in shown.items():
        assert parse_condition(text, names).text == expected


# --- odd words and numbers

ODD = ("Ca, NOS", "Ca=b", "Ca<3", "none", "nan")


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> tuple[Engine, list[str]]:
    """60 samples with levels of ODD in turn, sexes in three cases, and one of three dates."""
    folder, rng = tmp_path_factory.mktemp("odd"), np.random.default_rng(9)
    engine, names = tc.open_store(folder / "cache"), barcodes(60)
    path = folder / "TCGA.LIHC.sampleMap" / "HiSeqV2"
    write_table(path, names, zip(GENES, rng.uniform(4, 12, (len(GENES), 60)).tolist(), strict=True))
    assert not engine.load([path]).errors
    with (folder / "odd.tsv").open("w", newline="") as handle:
        writer = csv.writer(handle, delimiter="\t")
        writer.writerow(["sample", "hist", "sex", "date"])
        for place, name in enumerate(names):
            sex = ("Male", "MALE ", "female", "Female")[place % 4]
            writer.writerow([name, ODD[place % 5], sex, 20100101 + place % 3])
    engine.load_covariates(folder / "odd.tsv")
    return engine, names


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("hist=Ca, NOS", [0]),
        ("hist in 'Ca, NOS', none", [0, 3]),
        ('hist not in "ca, nos",Ca=b', [2, 3]),  # nan is missing, none a level
        ("hist=Ca=b", [1]),
        ("hist=Ca<3", [2]),
        ("hist is missing", [4]),
    ],
)
def test_levels_with_signs_and_commas(
    odd: tuple[Engine, list[str]], text: str, levels: list[int]
) -> None:
    engine, names = odd
    found = engine.values(["G001"], where=[text])
    assert set(found.frame["sample"]) == {
        name for place, name in enumerate(names) if place % 5 in levels
    }
    (shown,) = found.query.scope.where
    assert engine.values(["G001"], where=[shown]).frame.equals(found.frame)  # can be typed again


def test_a_level_is_one_in_any_case_and_long_numbers_stay_apart(
    odd: tuple[Engine, list[str]],
) -> None:
    engine, _ = odd
    by_sex = engine.correlate_by("G001", "G002", "sex", null=()).frame
    assert by_sex["n"].to_list() == [30, 30, 60]
    by_date = engine.correlate_by("G001", "G002", "date", null=()).frame
    strata = by_date.filter(pl.col("r").is_not_null())
    assert strata["stratum"].to_list() == [f"date=2010010{day}" for day in (1, 2, 3)]
    assert strata["n"].to_list() == [20, 20, 20]


# --- categories


def test_a_category_is_held_fixed_by_its_levels(engine: Engine) -> None:
    """As residuals of a linear fit of indicators, in the samples that have a stage."""
    rows, one, other = clinical(), values(engine, "G003"), values(engine, "G004")
    names = [name for name in one if level(rows[name]["stage"])]
    found = [level(rows[name]["stage"]) for name in names]
    design = np.array([[1.0, stage == "II", stage == "III"] for stage in found])
    left = []
    for gene in (one, other):
        y = np.array([gene[name] for name in names])
        left.append(y - design @ np.linalg.lstsq(design, y, rcond=None)[0])
    answer = engine.correlate("G003", "G004", adjust=["stage"], null=(), tumor_types=["LIHC"])
    (row,) = answer.frame.to_dicts()
    r = stats.pearsonr(*left)[0]
    assert (row["n"], row["r"]) == (len(names), pytest.approx(r, abs=1e-12))
    df = len(names) - 2 - 2
    t = r * np.sqrt(df / (1 - r**2))
    assert row["p"] == pytest.approx(2 * stats.t.sf(abs(t), df), rel=1e-9)
    assert row["note"] == f"{len(one) - len(names)} samples without stage"


def test_a_stage_counts_by_its_place_and_a_gender_is_no_number(engine: Engine) -> None:
    rows, gene = clinical(), values(engine, "G003")
    names = [name for name in gene if level(rows[name]["stage"])]
    place = [("I", "II", "III").index(level(rows[name]["stage"])) for name in names]
    answer = engine.correlate("stage", "G003", method="spearman", null=(), tumor_types=["LIHC"])
    assert answer.frame["r"][0] == pytest.approx(
        stats.spearmanr(place, [gene[name] for name in names])[0], abs=1e-12
    )
    for ask in (
        lambda: engine.correlate("gender", "G001"),
        lambda: engine.screen("gender", ["G001"]),
        lambda: engine.screen("G001", ["gender"]),
        lambda: engine.compare(["gender"]),
    ):
        with pytest.raises(UsageError, match=r"category without an order.*--by gender"):
            ask()


# --- strata


def test_r_in_each_stratum_and_their_difference(engine: Engine) -> None:
    rows = clinical()
    answer = engine.correlate_by("G001", "G002", "gender", null=())
    assert answer.query.strata == ["FEMALE", "MALE"]
    for tumor_type in N:
        x, y = values(engine, "G001", tumor_type), values(engine, "G002", tumor_type)
        own = answer.frame.filter(tumor_type=tumor_type)
        assert own["stratum"].to_list() == ["FEMALE", "MALE", "FEMALE − MALE"]
        z, variance = [], []
        for row, gender in zip(own.to_dicts(), ("FEMALE", "MALE"), strict=False):
            names = [name for name in x if rows[name]["gender"] == gender]
            assert (row["n"], row["level"]) == (len(names), "tumor type")
            if len(names) < 10:
                assert (row["r"], row["note"][:16]) == (None, "too few samples:")
                continue
            r = stats.pearsonr([x[name] for name in names], [y[name] for name in names])[0]
            assert row["r"] == pytest.approx(r, abs=1e-12)
            assert row["delta_z"] is row["p_permutation"] is None
            z.append(np.arctanh(r))
            variance.append(1 / (len(names) - 3))
        last = own.to_dicts()[-1]
        assert (last["level"], last["r"]) == ("difference", None)
        if len(z) < 2:
            assert last["delta_z"] is None
            assert "no r in" in last["note"]
            continue
        assert last["delta_z"] == pytest.approx(z[0] - z[1], abs=1e-10)
        error = np.sqrt(sum(variance))
        assert last["p"] == pytest.approx(2 * stats.norm.sf(abs(z[0] - z[1]) / error), rel=1e-8)
        assert last["p_permutation"] < 0.01  # planted
    (pooled,) = answer.differences
    assert (pooled["level"], pooled["stratum"]) == ("difference", "FEMALE − MALE")
    assert pooled["delta_z"] < 0
    assert answer.strata["MALE"].r > 0.8 > answer.strata["FEMALE"].r
    assert answer.frame.columns[-2:] == ["delta_z", "p_permutation"]


@pytest.mark.parametrize("method", ["spearman", "kendall"])
def test_differences_are_of_the_method(engine: Engine, method: Method) -> None:
    answer = engine.correlate_by(
        "G001", "G002", "gender", method=method, null=(), tumor_types=["LIHC"]
    )
    one, other, difference = answer.frame.to_dicts()
    expected = np.arctanh(one["r"]) - np.arctanh(other["r"])
    assert difference["delta_z"] == pytest.approx(expected, abs=1e-12)
    assert (difference["p_permutation"] is None) == (method == "kendall")


def test_three_strata_have_q_of_all(engine: Engine) -> None:
    answer = engine.correlate_by("G003", "G004", "stage", null=(), tumor_types=["LIHC"])
    labels = ["I", "II", "III", "I − II", "I − III", "II − III", "all"]
    assert answer.frame["stratum"].to_list() == labels
    rows = {row["stratum"]: row for row in answer.frame.to_dicts()}
    z = np.arctanh([rows[name]["r"] for name in labels[:3]])
    weights = np.array([rows[name]["n"] - 3 for name in labels[:3]])
    q = (weights * (z - np.average(z, weights=weights)) ** 2).sum()
    assert rows["all"]["p"] == pytest.approx(stats.chi2.sf(q, 2), rel=1e-8)
    assert rows["all"]["delta_z"] is None
    assert "Cochran's Q" in rows["all"]["note"]


def test_a_number_is_cut_in_thirds_within_each_tumor_type(engine: Engine) -> None:
    answer = engine.correlate_by("G003", "G004", "age", null=())
    for tumor_type, n in N.items():
        own = answer.frame.filter(tumor_type=tumor_type, level="tumor type")
        assert own["n"].sum() == n - 1
        assert own["n"].max() - own["n"].min() <= n // 5  # equal ages stay together
        ends = [re.search(r"age (\d+) to (\d+)", note) for note in own["note"]]
        low = [int(found[1]) for found in ends if found]
        high = [int(found[2]) for found in ends if found]
        assert all(end < start for end, start in zip(high, low[1:], strict=False))
    by_gene = engine.correlate_by("G003", "G004", "G006", null=(), tumor_types=["LIHC"])
    assert by_gene.frame["n"][:3].to_list() == [20, 20, 20]


def test_how_r_changes_with_a_number(engine: Engine) -> None:
    answer = engine.correlate_by("G003", "G004", "age", continuous=True, null=())
    assert answer.frame["stratum"].unique().sort().to_list() == ["per SD of age", "with age"]
    found = answer.frame.filter(level="difference")
    assert found["n"].to_list() == [n - 1 for _, n in sorted(N.items())]
    assert found["p_permutation"].null_count() == 0
    for by in ("gender", "sample-type"):
        with pytest.raises(UsageError):
            engine.correlate_by("G003", "G004", by, continuous=True)


@pytest.mark.parametrize(
    ("by", "more", "said"),
    [
        ("G003", {}, "is x or y"),
        ("gender", {"adjust": ["gender"]}, "is adjusted for too"),
        ("nothing_such", {}, "unknown gene, gene set or covariate"),
        ("sample-type", {"samples": "normal"}, "tumor stands beside normal"),
    ],
)
def test_what_cuts_nothing(engine: Engine, by: str, more: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        engine.correlate_by("G003", "G004", by, null=(), **more)


def test_one_level_is_no_strata(engine: Engine) -> None:
    with pytest.raises(AnalysisError, match="fewer than two levels in these samples: FEMALE"):
        engine.correlate_by("G003", "G004", "gender", where=["gender=FEMALE"])


# --- the purity that ships


@pytest.fixture(scope="module")
def real(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    engine = tc.open_store(tmp_path_factory.mktemp("real") / "cache")
    hub = shared / "hub" / "tcga-xena-hub" / "download"
    assert not engine.load(sorted(hub.glob("*/HiSeqV2.gz"))).errors
    return engine


@pytest.mark.shared
def test_purity_needs_no_other_file(real: Engine) -> None:
    answer = real.correlate("ferroptosis", "nfkb", null=())
    found = dict(answer.frame.select("tumor_type", "r_purity").iter_rows())
    expected = {"ACC": 0.037, "BRCA": 0.361, "LIHC": 0.234, "UCS": 0.560, "CHOL": None}
    assert found.keys() == expected.keys()
    for name, r in expected.items():
        assert found[name] == (None if r is None else pytest.approx(r, abs=6e-4))
    adjusted = real.correlate("ferroptosis", "nfkb", adjust=["purity"], null=()).frame
    np.testing.assert_array_equal(
        adjusted["r"].fill_null(np.nan), answer.frame["r_purity"].fill_null(np.nan)
    )
    assert adjusted["r_purity"].null_count() == 5  # r itself is adjusted for it
    assert answer.pooled["pearson"].r_purity == pytest.approx(0.306, abs=1e-3)
    assert answer.pooled["pearson"].n_purity == 231
    (record,) = answer.provenance.covariates
    assert (record.table, record.cite is not None) == ("purity_aran2015", True)
    without = real.correlate("ferroptosis", "nfkb", null=(), purity=False)
    assert without.frame["r_purity"].null_count() == 5
    assert real.correlate("RELA", "NFE2L2", null=()).frame["n_purity"].null_count() == 5


@pytest.mark.shared
def test_the_shipped_purity_is_that_of_the_paper(shared: Path, real: Engine) -> None:
    with (shared / "purity" / "tumor_purity_aran2015.csv").open(newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if row["CPE"]]
    table = {row["Sample.ID"][:15]: row["CPE"] for row in rows}
    found = real.values(["purity"]).frame.drop_nulls("purity")
    assert found.height == 231
    for sample, value in found.select("sample", "purity").iter_rows():
        assert value == float(table[sample].replace(",", "."))
