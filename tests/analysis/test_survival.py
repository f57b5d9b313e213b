"""Hazard ratios of variables against lifelines, and p_genes against draws one by one.

Tolerance: 1e-6 for lifelines and for the slow version.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from scipy import stats

import tcga_corr as tc
from tcga_corr.analysis.survival import SURVIVAL_SCHEMA, SurvivalAnswer
from tcga_corr.engine import Engine
from tcga_corr.errors import AnalysisError, DataMissingError, UsageError
from tcga_corr.stats.cox import RiskSets, fit
from tcga_corr.stats.pooling import pool_effects
from tests.analysis.slow_nulls import SAMPLES, Variable, Where, draws, named, table
from tests.conftest import barcodes, write_table
from tests.stats.test_cox import slow_score

Vector = NDArray[np.float64]
Followed = tuple[Vector, NDArray[np.bool_]]
DRAWS = 40
GENES = [gene for gene, values in table("LIHC").genes.items() if len(set(values)) > 12]
SET = frozenset(GENES[::60])
SHORT, UNKNOWN = 2, 7
"""The patients of each tumor type with a time of 0, and without one."""
nan = math.nan


def followed(tumor_type: str) -> Followed:
    """Time and event of each patient; the first genes of the set go with a short time."""
    own = table(tumor_type)
    rng = np.random.default_rng(list(SAMPLES).index(tumor_type) + 40)
    genes = [own.genes[gene] for gene in sorted(SET) if gene in own.genes]
    level = np.mean(genes, axis=0)
    level = (level - level.mean()) / level.std()
    time = np.ceil(rng.exponential(size=own.n) * np.exp(-0.5 * level) * 300)
    event = rng.random(own.n) < 0.7
    time[SHORT], time[UNKNOWN] = 0, nan
    return time, event


def kept(tumor_type: str) -> NDArray[np.bool_]:
    found = np.ones(SAMPLES[tumor_type], dtype=np.bool_)
    found[[SHORT, UNKNOWN]] = False
    return found


def where_of(tumor_type: str) -> Where:
    return Where(table(tumor_type), kept(tumor_type), "pearson", ())


@pytest.fixture(scope="module")
def engine(small_atlas: Engine, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """The small atlas with survival; read only, and shared, but for one table of covariates."""
    lines = ["sample\tOS\tOS.time\tPFI\tPFI.time\tshape"]
    for tumor_type, n in SAMPLES.items():
        time, event = followed(tumor_type)
        for place, name in enumerate(barcodes(n, site=tumor_type[:2])):
            own = "" if math.isnan(time[place]) else f"{time[place]:.0f}"
            never = 0 if tumor_type == "ACC" else int(event[place])
            line = (name, int(event[place]), own, never, place + 1, place % 2)
            lines.append("\t".join(map(str, line)))
    path = tmp_path_factory.mktemp("survival") / "clinic.tsv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    small_atlas.load_covariates(path)
    return small_atlas


def by_lifelines(
    time: Vector, event: NDArray[np.bool_], columns: Sequence[Vector]
) -> tuple[Vector, Vector]:
    """Coefficients and their errors."""
    lifelines = pytest.importorskip("lifelines")
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(dict(enumerate(columns))).rename(columns=str)
    fitter = lifelines.CoxPHFitter().fit(
        frame.assign(time=time, event=event), "time", "event", fit_options={"precision": 1e-12}
    )
    return fitter.params_.to_numpy(), fitter.standard_errors_.to_numpy()


def rows(answer: SurvivalAnswer) -> dict[str, dict[str, object]]:
    return {row["tumor_type"]: row for row in answer.frame.to_dicts()}


@pytest.fixture(scope="module")
def of_set(engine: Engine) -> SurvivalAnswer:
    return engine.survival(named(SET), draws=DRAWS)


def test_columns_are_those_of_the_contract(of_set: SurvivalAnswer) -> None:
    assert of_set.frame.columns == [
        "tumor_type", "x", "endpoint", "n", "n_events", "hr", "ci_low", "ci_high", "p", "q",
        "p_genes", "genes_low", "genes_high", "p_proportional", "level", "note",
    ]  # fmt: skip
    assert list(of_set.summary.row("x", "OS")) == of_set.frame.columns
    assert of_set.frame["level"].unique().to_list() == ["tumor type"]
    assert list(SURVIVAL_SCHEMA) == of_set.frame.columns


@pytest.mark.parametrize("adjust", [(), ("age",)])
def test_ratios_are_those_of_lifelines(engine: Engine, adjust: tuple[str, ...]) -> None:
    found = rows(engine.survival(named(SET), adjust=adjust, null=None))
    for tumor_type, row in found.items():
        where = where_of(tumor_type)
        time, event = (one[where.kept] for one in followed(tumor_type))
        x = where.values(where.measured(SET))
        columns = [x / x.std(ddof=1), *(where.values(one) for one in adjust)]
        beta, error = (own[0] for own in by_lifelines(time, event, columns))
        assert (row["n"], row["n_events"]) == (len(x), event.sum())
        assert row["hr"] == pytest.approx(math.exp(beta), rel=1e-6)
        assert row["ci_low"] == pytest.approx(math.exp(beta - 1.959963984540054 * error), rel=1e-6)
        assert row["ci_high"] == pytest.approx(math.exp(beta + 1.959963984540054 * error), rel=1e-6)
        assert row["p"] == pytest.approx(2 * stats.norm.sf(abs(beta / error)), rel=1e-5)
        for name in ("p_genes", "genes_low", "genes_high"):
            assert row[name] is None
        assert "1 sample without OS" in str(row["note"])
        assert "1 sample with OS.time of 0 or less" in str(row["note"])


@pytest.mark.parametrize(
    ("variable", "adjust"),
    [(SET, ()), (SET, ("age",)), (GENES[5], ())],
    ids=["set", "adjusted", "gene"],
)
def test_p_genes_is_the_rank_among_draws_one_by_one(
    engine: Engine, variable: Variable, adjust: tuple[str, ...]
) -> None:
    row = rows(engine.survival(named(variable), adjust=adjust, draws=DRAWS, tumor_types="LIHC"))
    where = where_of("LIHC")
    controls = [where.values(one) for one in adjust]
    time, event = (one[where.kept] for one in followed("LIHC"))
    beta = by_lifelines(time, event, controls)[0] if controls else np.empty(0)

    def z(one: Variable) -> float:
        columns = np.vstack([where.values(one), *controls])
        score, information = slow_score(time, event, columns, np.array([0.0, *beta]))
        return float(score[0] * math.sqrt(np.linalg.inv(information)[0, 0]))

    drawn = [one for one, _ in draws([where], variable, "age", DRAWS)]
    random = np.array([z(one) for one in drawn])
    expected = (1 + (np.abs(random) >= abs(z(variable)) - 1e-5).sum()) / (DRAWS + 1)
    assert row["LIHC"]["p_genes"] == pytest.approx(expected)
    risk = RiskSets(time, event)
    logs = sorted(
        float(fit(risk, np.vstack([x / x.std(ddof=1), *controls])).coefficients[0])
        for x in map(where.values, drawn)
    )
    # the draws are put in order by one step, so that a neighbour may stand at the end
    for name, ends in (("genes_low", logs[:3]), ("genes_high", logs[-3:])):
        log = math.log(float(str(row["LIHC"][name])))
        assert min(abs(log - end) for end in ends) < 1e-5


def test_pooled_is_random_effects_of_the_rows(of_set: SurvivalAnswer) -> None:
    logs = np.log(of_set.frame["hr"].to_numpy())
    ends = np.log(of_set.frame.select("ci_low", "ci_high").to_numpy())
    errors = (ends[:, 1] - ends[:, 0]) / (2 * 1.959963984540054)
    expected, summary = pool_effects(logs, errors**2), of_set.summary
    for own, name in (
        (summary.hr, "r"), (summary.ci_low, "ci_low"), (summary.ci_high, "ci_high"),
        (summary.prediction_low, "prediction_low"), (summary.prediction_high, "prediction_high"),
    ):  # fmt: skip
        assert own is not None
        assert math.log(own) == pytest.approx(float(getattr(expected, name)), rel=1e-6)
    assert summary.p == pytest.approx(float(expected.p), rel=1e-6)
    assert (summary.n_types, summary.n) == (3, of_set.frame["n"].sum())
    assert summary.n_events == of_set.frame["n_events"].sum()


def test_pooled_p_genes_is_of_the_same_genes_in_every_tumor_type(of_set: SurvivalAnswer) -> None:
    places = [where_of(name) for name in SAMPLES]

    def pooled(variable: Variable) -> float:
        steps = []
        for name, where in zip(SAMPLES, places, strict=True):
            x = where.values(where.measured(variable))
            x = (x - x.mean()) / x.std(ddof=1)
            time, event = (one[where.kept] for one in followed(name))
            score, information = slow_score(time, event, x[np.newaxis], np.zeros(1))
            steps.append((score[0] / information[0, 0], 1 / information[0, 0]))
        step, variance = np.array(steps).T
        return float(pool_effects(step, variance).r)

    def fitted(variable: Variable) -> float:
        logs, errors = [], []
        for name, where in zip(SAMPLES, places, strict=True):
            x = where.values(where.measured(variable))
            own = fit(RiskSets(*(one[where.kept] for one in followed(name))), x[np.newaxis])
            logs.append(own.coefficients[0] * x.std(ddof=1))
            errors.append(own.errors[0] * x.std(ddof=1))
        return float(pool_effects(np.array(logs), np.square(errors)).r)

    drawn = [one for one, _ in draws(places, SET, "age", DRAWS)]
    random = np.array([pooled(one) for one in drawn])
    expected = (1 + (np.abs(random) >= abs(pooled(SET)) - 1e-5).sum()) / (DRAWS + 1)
    summary = of_set.summary
    assert summary.p_genes == pytest.approx(expected)
    low, high = (math.exp(fitted(drawn[place])) for place in (random.argmin(), random.argmax()))
    assert summary.genes_low == pytest.approx(low, abs=1e-6)
    assert summary.genes_high == pytest.approx(high, abs=1e-6)


def test_random_sets_have_a_uniform_p_genes(engine: Engine) -> None:
    rng = np.random.default_rng(489)
    p = []
    for number in range(40):
        own = tc.GeneSet(f"R{number}", "", tuple(rng.choice(GENES, 15, replace=False)))
        p += engine.survival(own, draws=100, tumor_types="LIHC").frame["p_genes"].to_list()
    assert stats.kstest(p, "uniform").pvalue > 0.01


def test_ties_change_the_ratio_but_not_p_genes(engine: Engine, of_set: SurvivalAnswer) -> None:
    other = engine.survival(named(SET), draws=DRAWS, ties="gsva")
    assert other.frame["hr"].to_list() != of_set.frame["hr"].to_list()
    assert other.frame["p_genes"].to_list() == of_set.frame["p_genes"].to_list()
    assert other.summary.p_genes == of_set.summary.p_genes


def test_a_covariate_has_no_random_genes(engine: Engine) -> None:
    answer = engine.survival("age", draws=DRAWS)
    assert answer.frame["hr"].null_count() == 0
    assert answer.frame["p_genes"].null_count() == 3
    assert answer.summary.p_genes is None
    assert not any("random" in line for line in answer.lines)


def test_few_events_are_counted(engine: Engine) -> None:
    found = rows(engine.survival("age"))
    for tumor_type, row in found.items():
        n_events = int(followed(tumor_type)[1][kept(tumor_type)].sum())
        assert (f"few events: {n_events}" in str(row["note"])) == (n_events < 20)


# --- what gives no number ------------------------------------------------------------------------


def only(answer: SurvivalAnswer) -> dict[str, object]:
    (row,) = answer.frame.to_dicts()
    assert row["hr"] is None
    for name in ("ci_low", "ci_high", "p", "q", "p_genes", "genes_low", "p_proportional"):
        assert row[name] is None
    with pytest.raises(AnalysisError, match="no tumor type gives a hazard ratio"):
        answer.require_numbers()
    return row


@pytest.fixture
def small(tmp_path: Path) -> Engine:
    """A tumor type of 14 samples, to which tests load what they need."""
    engine = tc.open_store(tmp_path / "cache")
    rng = np.random.default_rng(3)
    genes = [(gene, rng.integers(0, 9, 14).tolist()) for gene in GENES[:600]]
    genes.append(("TP53", [5] * 14))
    path = tmp_path / "TCGA.LIHC.sampleMap" / "HiSeqV2"
    assert not engine.load([write_table(path, barcodes(14), genes)]).errors
    return engine


def load(engine: Engine, folder: Path, name: str, **columns: Sequence[object]) -> None:
    names = [one.replace("_", ".") for one in columns]
    lines = ["\t".join(("sample", *names))]
    lines += ["\t".join(map(str, row)) for row in zip(barcodes(14), *columns.values(), strict=True)]
    path = folder / f"{name}.tsv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    engine.load_covariates(path)


DAYS = list(range(1, 15))
EVENTS = [1, 0, 1, 1, 0, 1, 0, 1, 1, 0, 1, 1, 0, 1]


@pytest.mark.parametrize(
    ("event", "days", "note"),
    [
        ([0] * 14, DAYS, "no events"),
        ([""] * 13 + [1], DAYS, "too few samples: 1, at least 10 needed; 13 samples without OS"),
        (EVENTS, [0] * 6 + DAYS[6:], "too few samples: 8, .*6 samples with OS.time of 0 or less"),
        (EVENTS, [-4] * 14, "too few samples: 0"),
    ],
)
def test_bad_follow_up_is_a_note(
    small: Engine, tmp_path: Path, event: list[object], days: list[object], note: str
) -> None:
    load(small, tmp_path, "clinic", OS=event, OS_time=days)
    row = only(small.survival(GENES[0]))
    assert re.search(note, str(row["note"]))


def test_what_x_cannot_be_is_a_note(small: Engine, tmp_path: Path) -> None:
    order = [day - 0.5 for day in DAYS]
    double = [2 * day for day in order]
    load(small, tmp_path, "clinic", OS=EVENTS, OS_time=DAYS, order=order, double=double)
    assert only(small.survival("TP53"))["note"] == "TP53 is constant; few events: 9"
    assert "monotone likelihood" in str(only(small.survival("order"))["note"])
    assert "order puts the samples" in str(only(small.survival("order"))["note"])
    collinear = only(small.survival("order", adjust="double"))["note"]
    assert "order is a linear combination of what is adjusted for" in str(collinear)
    separated = only(small.survival(GENES[0], adjust="order"))["note"]
    assert "no finite hazard ratio of what is adjusted for: order" in str(separated)


def test_a_level_without_events_is_left_out(small: Engine, tmp_path: Path) -> None:
    """The limit of the likelihood: as R's and lifelines' ratio where that level's goes to 0."""
    never = [int(not event and day < 8) for event, day in zip(EVENTS, DAYS, strict=True)]
    always = [1 - one for one in never]
    load(small, tmp_path, "clinic", OS=EVENTS, OS_time=DAYS, never=never, always=always)
    first, second = (
        small.survival(GENES[0], adjust=name, draws=20).frame.row(0, named=True)
        for name in ("never", "always")
    )
    assert first["n"] == 14 - sum(never)
    assert f"{sum(never)} samples of a level without events, left out" in first["note"]
    assert first | {"note": ""} == second | {"note": ""}
    x = small.values(GENES[0]).frame[GENES[0]].to_numpy()
    kept = np.array(never) == 0
    own = [x[kept] / x[kept].std(ddof=1)]
    beta, error = by_lifelines(np.array(DAYS)[kept], np.array(EVENTS, bool)[kept], own)
    assert first["hr"] == pytest.approx(math.exp(beta[0]), rel=1e-6)
    assert first["p"] == pytest.approx(2 * stats.norm.sf(abs(beta[0] / error[0])), rel=1e-5)
    # far out on the way to the limit
    columns = np.vstack([x / x[kept].std(ddof=1), -25.0 * np.array(never)])
    score, _ = slow_score(
        np.array(DAYS, float), np.array(EVENTS, bool), columns, np.array([beta[0], 1.0])
    )
    assert score[0] == pytest.approx(0, abs=1e-6)


def test_no_survival_at_all_says_how_to_load_it(small: Engine, tmp_path: Path) -> None:
    load(small, tmp_path, "other", age=DAYS)
    with pytest.raises(DataMissingError) as caught:
        small.survival(GENES[0])
    assert "load --covariates Survival_SupplementalTable_S1_20171025_xena_sp" in str(caught.value)
    assert len(caught.value.lines()) == 1


def test_unknown_endpoints_list_those_that_there_are(engine: Engine) -> None:
    for endpoint in ("DSS", "age", "OS.time", ""):
        with pytest.raises(UsageError, match=r"The store has OS, PFI"):
            engine.survival("age", endpoint=endpoint)
    assert engine.survival("age", endpoint="pfi").query.endpoint == "PFI"


def test_the_endpoint_is_no_variable(engine: Engine) -> None:
    with pytest.raises(UsageError, match=r"'OS.time' is the endpoint, or its time"):
        engine.survival("OS.time")
    with pytest.raises(UsageError, match="'OS' is the endpoint"):
        engine.survival("age", adjust="covariate:OS")
    with pytest.raises(UsageError, match="cannot be adjusted for"):
        engine.survival("age", adjust="age")


def test_an_event_is_zero_or_one(small: Engine, tmp_path: Path) -> None:
    load(small, tmp_path, "clinic", OS=[event + 1 for event in EVENTS], OS_time=DAYS)
    with pytest.raises(AnalysisError, match="OS has the value 2 in LIHC"):
        small.survival(GENES[0])


def test_a_table_with_none_of_the_samples_gives_way(small: Engine, tmp_path: Path) -> None:
    load(small, tmp_path, "clinic", OS=EVENTS, OS_time=DAYS)
    expected = small.survival(GENES[0]).frame
    path = tmp_path / "others.tsv"
    path.write_text("sample\tOS\tOS.time\nTCGA-ZZ-0001-01\t1\t5\n", encoding="utf-8")
    small.load_covariates(path)
    assert small.survival(GENES[0]).frame.equals(expected)
    load(small, tmp_path, "again", OS=EVENTS, OS_time=DAYS)
    with pytest.raises(UsageError, match=r"Say clinic\.OS or again\.OS|Say again\.OS or clinic"):
        small.survival(GENES[0])
    assert small.survival(GENES[0], endpoint="again.OS").frame.equals(expected)


def test_a_patient_counts_once(tmp_path: Path) -> None:
    engine = tc.open_store(tmp_path / "cache")
    rng = np.random.default_rng(3)
    samples = [*barcodes(14), *barcodes(3, "02")]
    values = [(gene, rng.integers(0, 9, 17).tolist()) for gene in GENES[:600]]
    path = tmp_path / "TCGA.LIHC.sampleMap" / "HiSeqV2"
    assert not engine.load([write_table(path, samples, values)]).errors
    lines = ["patient\tOS\tOS.time"]
    lines += [f"{one[:12]}\t{EVENTS[i]}\t{DAYS[i]}" for i, one in enumerate(barcodes(14))]
    own = tmp_path / "clinic.tsv"
    own.write_text("\n".join(lines) + "\n", encoding="utf-8")
    engine.load_covariates(own, key="patient")
    once = engine.survival(GENES[0]).frame.row(0, named=True)
    twice = engine.survival(GENES[0], samples="all-tumor").frame.row(0, named=True)
    assert once["n"] == twice["n"] == 14
    assert twice["hr"] == once["hr"]
    assert "3 samples of patients who have another" in twice["note"]


def test_one_tumor_type_is_not_pooled(engine: Engine) -> None:
    answer = engine.survival("age", tumor_types="LIHC")
    assert answer.lines == ("nothing is pooled: one tumor type has a hazard ratio",)
    assert answer.summary.row("age", "OS")["hr"] is None


def test_a_tumor_type_without_events_is_left_out_of_the_pool(engine: Engine) -> None:
    answer = engine.survival(named(SET), endpoint="PFI", draws=DRAWS)
    acc = rows(answer)["ACC"]
    assert (acc["hr"], acc["n_events"], acc["note"]) == (None, 0, "no events")
    assert answer.summary.n_types == 2
    assert answer.summary.p_genes is not None


# --- curves --------------------------------------------------------------------------------------


def test_curves_are_those_of_lifelines(engine: Engine) -> None:
    lifelines = pytest.importorskip("lifelines")
    frame = engine.survival_curves(named(SET), cut="tertiles").frame
    for tumor_type in SAMPLES:
        where = where_of(tumor_type)
        x = where.values(where.measured(SET))
        time, event = (one[where.kept] for one in followed(tumor_type))
        cuts = np.quantile(x, [1 / 3, 2 / 3])
        for number, group in enumerate(("low", "middle", "high")):
            own = (x > cuts[0]).astype(int) + (x > cuts[1]) == number
            some = frame.filter(pl.col("tumor_type") == tumor_type, pl.col("group") == group)
            fitter = lifelines.KaplanMeierFitter().fit(time[own], event[own])
            assert some["share"].to_list() == pytest.approx(
                fitter.predict(some["time"].to_numpy()).tolist()
            )
            assert some["n_at_risk"][0] == own.sum()
            assert some["n_events"].sum() + some["n_left"].sum() == own.sum()


def test_too_many_equal_values_are_not_cut(small: Engine, tmp_path: Path) -> None:
    load(small, tmp_path, "clinic", OS=EVENTS, OS_time=DAYS, mostly=[0] * 9 + [1, 2, 3, 4, 5])
    (row,) = small.survival_curves("mostly", cut="tertiles").frame.to_dicts()
    assert row["note"] == "no groups: too many samples have the same mostly"
    groups = small.survival_curves("mostly").frame["group"].unique(maintain_order=True)
    assert groups.to_list() == ["low", "high"]
    with pytest.raises(UsageError, match="Give one of median, tertiles"):
        small.survival_curves("mostly", cut="best")  # type: ignore[arg-type]
