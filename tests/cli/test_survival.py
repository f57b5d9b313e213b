"""``tcga-corr survival``: its tables, figures and refusals, over the simulated atlas."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tcga_corr.analysis.survival import SURVIVAL_SCHEMA
from tcga_corr.engine import Engine, open_store
from tcga_corr.fetching.simulation import CLINICAL, cohort_plans
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.stats.cox import RiskSets, fit
from tests.conftest import Run

TYPES = ("ACC", "COAD", "LIHC", "READ")


@pytest.fixture(scope="module")
def engine(atlas: Path, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Some simulated tumor types, with survival."""
    engine = open_store(tmp_path_factory.mktemp("survival") / "cache")
    paths = [atlas / f"TCGA.{name}.sampleMap" / "HiSeqV2.gz" for name in TYPES]
    assert not engine.load(paths, LoadOptions(source="simulated")).errors
    engine.load_covariates(atlas / CLINICAL)
    return engine


def test_what_is_planted_is_found(engine: Engine) -> None:
    for row in engine.survival("ferroptosis", draws=200).frame.to_dicts():
        plan = cohort_plans()[row["tumor_type"]]
        error = math.log(row["ci_high"] / row["ci_low"]) / (2 * 1.96)
        assert row["n"] == plan.n_tumor
        assert abs(math.log(row["hr"]) - plan.log_hazard_ratio) < 3 * error
        assert row["note"].startswith("SIMULATED")
        assert (row["p_genes"] < 0.05) == (row["p"] < 0.05)


def test_a_union_has_its_studies_held_fixed(engine: Engine) -> None:
    (row,) = engine.survival("GPX4", tumor_types="COADREAD", draws=50).frame.to_dicts()
    values = engine.values(["GPX4", "covariate:OS", "OS.time"], tumor_types="COADREAD").frame
    x, event, time = (values[name].to_numpy() for name in ("GPX4", "OS", "OS.time"))
    plan = cohort_plans()
    study = np.repeat([0.0, 1.0], [plan["COAD"].n_tumor, plan["READ"].n_tumor])
    expected = fit(RiskSets(time, event == 1), np.vstack([x / x.std(ddof=1), study]))
    assert row["n"] == len(x)
    assert math.log(row["hr"]) == pytest.approx(expected.coefficients[0], rel=1e-6)
    assert 0 < row["p_genes"] <= 1


def test_formats_have_the_same_rows(run: Run) -> None:
    arguments = ("survival", "ferroptosis", "--draws", "100", "--format")
    code, out, err = run(*arguments, "tsv")
    frame = pl.read_csv(io.StringIO(out), separator="\t")
    assert code == 0
    assert frame.columns == list(SURVIVAL_SCHEMA)
    assert frame["tumor_type"].to_list() == [*TYPES, "POOLED"]
    assert frame["level"].to_list() == ["tumor type"] * 4 + ["pooled"]
    assert "nothing here is a finding" in err
    code, out, _ = run(*arguments, "json")
    answer = json.loads(out)
    assert list(answer) == ["schema", "query", "survival", "pooled", "provenance"]
    assert answer["query"]["endpoint"] == "OS"
    assert [row["hr"] for row in answer["survival"]] == pytest.approx(frame["hr"][:4].to_list())
    assert answer["pooled"]["hr"] == pytest.approx(frame["hr"][4])
    code, out, _ = run(*arguments, "table")
    assert "SIMULATED  OS by ferroptosis, hazard ratio per standard deviation" in out
    assert "doi:10.1371/journal.pcbi.1002240" in out
    assert max(map(len, out.splitlines())) < 300


def test_without_random_genes_there_are_no_columns_of_them(run: Run) -> None:
    code, out, _ = run("survival", "RELA", "--null", "none")
    assert code == 0
    assert "p_genes" not in out
    assert "Venet" not in out


@pytest.mark.parametrize("more", [(), ("-t", "LIHC"), ("--cut", "tertiles")])
def test_figures(run: Run, tmp_path: Path, more: tuple[str, ...]) -> None:
    path = tmp_path / "figure.svg"
    code, _, _ = run("survival", "GPX4", "--draws", "50", "--plot", path, *more)
    assert code == 0
    assert path.stat().st_size > 5_000


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("RELA", "--endpoint", "DSS"), 2, "unknown endpoint 'DSS'. The store has OS."),
        (("RELA", "--cut", "median"), 2, "Give --plot FILE too"),
        (("RELA", "--null", "sets"), 2, "--null is 'sets'"),
        (("RELA", "--draws", "0"), 2, "draws is 0"),
        (("RELA", "--adjust", "RELA"), 2, "cannot be adjusted for"),
        (("covariate:OS",), 2, "is the endpoint, or its time"),
        (("RELA", "--samples", "normal"), 1, "no tumor type gives a hazard ratio"),
    ],
)
def test_what_is_refused_is_one_line(
    run: Run, arguments: tuple[str, ...], code: int, said: str
) -> None:
    got, _, err = run("-q", "survival", *arguments)
    assert got == code
    assert err.startswith("tcga-corr: error: ")
    assert err.count("\n") == 1
    assert said in err


def test_without_survival_it_says_how_to_load_it(run: Run, engine: Engine, tmp_path: Path) -> None:
    other = open_store(tmp_path / "cache")
    [path] = (engine.store.root / "expression").glob("*/tumor_type=ACC")
    target = other.store.root / path.relative_to(engine.store.root)
    other.store.create()
    target.parent.mkdir(parents=True)
    target.symlink_to(path)
    code, out, err = run("survival", "RELA", "--cache", other.store.root)
    assert (code, out) == (3, "")
    assert "load --covariates Survival_SupplementalTable_S1_20171025_xena_sp" in err
