"""The page of a run by strata and of survival says what its tables say."""

from __future__ import annotations

import json

import pytest

from tcga_corr.batch.executors import Workers
from tcga_corr.batch.run import RunReport
from tcga_corr.engine import Engine
from tcga_corr.page.hazards import hazards_of
from tcga_corr.page.parts import Page, Pair, Table, as_data
from tcga_corr.page.render import report
from tcga_corr.page.runs import page_of_run
from tcga_corr.page.strata import finding_of_strata
from tests.batch.support import build_store, rows_of, run, write_gmt
from tests.batch.test_strata_and_survival import SPEC, TYPES, write_clinic

HOSTILE = "</script><b>"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    folder = tmp_path_factory.mktemp("page-of-strata")
    engine = build_store(folder / "cache", tumor_types=TYPES)
    clinic = write_clinic(folder / "followed.tsv")
    clinic.write_text(clinic.read_text().replace("\tMALE\t", f"\t{HOSTILE}\t"), encoding="utf-8")
    engine.load_covariates(clinic, name="followed")
    return engine


@pytest.fixture(scope="module")
def done(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> RunReport:
    folder = tmp_path_factory.mktemp("spec")
    write_gmt(folder)
    path = folder / "strata.toml"
    path.write_text(SPEC.replace("gender=MALE", "gender!=FEMALE"), encoding="utf-8")
    return run(engine, path, Workers("threads", 1))


@pytest.fixture(scope="module")
def page(engine: Engine, done: RunReport) -> Page:
    return page_of_run(engine, done.plan.run)


def pairs_of(page: Page, analysis: str) -> list[Pair]:
    return [pair for pair in page.pairs if pair.analysis == analysis]


def table_of(page: Page, title: str) -> Table:
    [found] = [table for table in page.tables if table.title.startswith(title)]
    return found


def test_each_pair_has_its_strata_side_by_side(page: Page, done: RunReport) -> None:
    rows = rows_of(done.folder, "associations").filter(level="tumor type")
    pooled = rows_of(done.folder, "pooled").filter(level="pooled")
    for analysis in ("gender", "thirds", "tissues", "stages"):
        pairs = pairs_of(page, analysis)
        assert len(pairs) == len(rows.filter(analysis=analysis).unique(["x", "y", "method"]))
        for pair in pairs:
            own = {"analysis": analysis, "x": pair.x, "y": pair.y, "method": pair.method}
            wanted = rows.filter(**own)
            assert [row["r"] for row in pair.rows] == wanted["r"].to_list()
            assert list(pair.strata) == wanted["stratum"].unique(maintain_order=True).to_list()
            found = [(row["stratum"], row["r"]) for row in pair.pooled_strata]
            assert found == pooled.filter(**own).select("stratum", "r").rows()
            assert pair.pooled is None
            assert pair.about.startswith(f"by {wanted['cut_by'][0]}; {pair.method}; mine, ")
    assert [pair.strata for pair in pairs_of(page, "whole")] == [()]
    assert " samples where age<75, n = " in pairs_of(page, "thirds")[0].about


def test_differences_have_a_table(page: Page, done: RunReport) -> None:
    for name, method in (("gender", "pearson"), ("gender", "spearman"), ("stages", "pearson")):
        table = table_of(page, f"Differences between strata: {name}, {method}")
        own = {"analysis": name, "method": method, "level": "difference"}
        of_types = rows_of(done.folder, "associations").filter(**own)
        pooled = rows_of(done.folder, "pooled").filter(**own)
        assert len(table.rows) == len(of_types) + len(pooled) > 0
        for column in ("delta_z", "p", "q", "p_permutation"):
            found = [row[column] for row in table.rows]
            assert found == [*pooled[column].to_list(), *of_types[column].to_list()]


def test_the_sentence_of_strata_is_of_the_numbers() -> None:
    base = {
        "x": "A", "y": "B", "method": "spearman", "cut_by": "gender", "adjust": "", "note": "",
        "samples": "tumor", "where": "age<60", "tumor_type": "LIHC", "level": "tumor type",
        "delta_z": None, "p": 0.1, "q": 0.1, "p_permutation": None,
    }  # fmt: skip
    one = {**base, "stratum": "M", "r": 0.5, "ci_low": 0.25, "ci_high": 0.7}
    other = {**base, "stratum": "F", "r": -0.125, "ci_low": -0.375, "ci_high": 0.2}
    compared = {
        **base, "stratum": "M − F", "r": None, "level": "difference", "delta_z": 0.675,
        "ci_low": 0.1, "ci_high": 1.25, "p": 0.02, "p_permutation": 0.03,
    }  # fmt: skip
    finding = finding_of_strata([one, other, compared], [])
    assert finding.question == (
        "Does r of A and B differ by gender in LIHC where age<60, by Spearman's rho?"
    )
    assert finding.answer == (
        "r in LIHC: M 0.50 (95 % interval 0.25 to 0.70), F -0.12 (95 % interval -0.38 to 0.20). "
        "M − F: z differs by 0.68 (95 % interval 0.10 to 1.25), p = 0.02, p_permutation = 0.03."
    )
    without = finding_of_strata([one, {**other, "r": None}, {**compared, "p": None}], [])
    assert without.answer.endswith("(95 % interval 0.25 to 0.70). No two strata can be compared.")
    none = finding_of_strata([{**one, "r": None, "note": "too few samples: 3"}], [])
    assert none.answer == "No stratum has an r: too few samples: 3."


def test_survival_has_a_figure_a_table_and_a_sentence(page: Page, done: RunReport) -> None:
    rows = rows_of(done.folder, "survival")
    assert [one.title for one in page.hazards] == [
        "death: OS by A", "death: OS by RELA", "death: OS by age", "return: PFI by TFRC",
    ]  # fmt: skip
    for one in page.hazards:
        analysis, _, rest = one.title.partition(": ")
        own = rows.filter(analysis=analysis, x=rest.partition(" by ")[2])
        of_types, pooled = (own.filter(level=level) for level in ("tumor type", "pooled"))
        assert [row["hr"] for row in one.rows] == of_types["hr"].to_list()
        assert one.pooled is not None
        assert one.pooled["hr"] == pooled["hr"][0]
        table = table_of(page, f"Survival: {analysis}")
        shown = [row["hr"] for row in table.rows if row["x"] == own["x"][0]]
        assert shown == own["hr"].to_list()
        [said] = [
            answer.answer
            for answer in page.answers
            if answer.question.startswith(f"Does {own['x'][0]} go with {own['endpoint'][0]} in 3 ")
        ]
        assert said.startswith(
            f"Pooled hazard ratio per standard deviation of {own['x'][0]}: {pooled['hr'][0]:.2f} "
        )
    assert ", adjusted for gender; mine, " in page.hazards[0].about
    assert " samples where gender!=FEMALE, n = " in page.hazards[-1].about


def test_a_variable_without_a_ratio_says_why() -> None:
    row = {
        "x": "A", "endpoint": "OS", "tumor_type": "ACC", "n": 3, "n_events": 1, "hr": None,
        "ci_low": None, "ci_high": None, "p": None, "q": None, "p_genes": None, "note": "too few",
        "level": "tumor type", "adjust": "", "source": "s", "unit": "u", "samples": "tumor",
    }  # fmt: skip
    part, finding = hazards_of([row], "a")
    assert finding.answer == "No tumor type gives a hazard ratio: too few."
    assert (part.pooled, part.rows[0]["why"]) == (None, "too few")


def test_the_methods_name_all_of_it(page: Page) -> None:
    text = "\n".join(page.methods)
    for words in (
        f"Samples were cut by gender ({HOSTILE}, FEMALE)",
        "cut by age (lowest third, middle third, highest third)",
        "Tumour samples were compared with one sample of normal tissue",
        "those where age<75", "those where gender!=FEMALE", "Cox's proportional hazards",
        "(gender, a category, by an indicator", "p_permutation is the share of 20 permutations",
        "Log hazard ratios were pooled over tumor types by random effects", "Cochran's Q",
    ):  # fmt: skip
        assert words in text
    assert "Efron 1977" in "\n".join(page.references)


def test_a_page_holds_hostile_levels_as_data(page: Page) -> None:
    text = report(page)
    assert HOSTILE not in text
    assert json.loads(json.dumps(as_data(page)))["hazards"]


def test_what_has_no_room_is_told(
    engine: Engine, done: RunReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tcga_corr.page import run_rows

    monkeypatch.setattr(
        run_rows.RowBudget.__init__, "__defaults__", (2, 30, 100, 800, 6, 300, 0, 0)
    )
    page = page_of_run(engine, done.plan.run)
    assert [one.title for one in page.hazards] == ["death: OS by A"]
    notes = {table.title: table.note for table in page.tables}
    assert notes["Survival: death"] == "The page has room for 1 of 3."
    assert notes["Survival: return"] == "The page has room for 0 of 1."
    assert "the 1 of 2 pairs" in page.pairs_note
