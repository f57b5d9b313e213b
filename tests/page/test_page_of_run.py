"""The page of a run says what its tables say, and shows the samples that the store holds."""

from __future__ import annotations

import json
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from tcga_corr import __version__
from tcga_corr.analysis.naming.names import GeneVariable, SetVariable
from tcga_corr.analysis.provenance import Provenance
from tcga_corr.analysis.samples.scope import Scope
from tcga_corr.batch.claims import compare_claims
from tcga_corr.batch.compute import TaskComputer
from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.plan import Plan, PlannedAnalysis
from tcga_corr.batch.run import Shard
from tcga_corr.engine import Engine, open_store
from tcga_corr.errors import AnalysisError, DataMissingError, StoreError, TcgaCorrError
from tcga_corr.exchange import finite
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.page import inputs
from tcga_corr.page.findings import Findings, strength_of
from tcga_corr.page.parts import Page, Pair, Scatter, Table, as_data
from tcga_corr.page.render import report
from tcga_corr.page.run_rows import RowBudget
from tcga_corr.page.runs import page_of_run
from tcga_corr.page.sentences import NOT_COMPARED
from tcga_corr.vocabulary.associations import note_without_mark
from tcga_corr.vocabulary.citations import REFERENCES, SOFTWARE
from tcga_corr.vocabulary.gene_sets.gmt import GeneSet
from tcga_corr.vocabulary.tumor_types import TUMOR_TYPES
from tests.analysis.test_points import left_by, slow_band
from tests.batch.support import SAMPLES, build_store, copy_of, rows_of, run, write_spec
from tests.batch.support import write_tables as write_expression
from tests.conftest import barcodes

SPEC = """\
name = "page"
title = "All that a page can show"
min_genes = 5
draws = 20

[[pairs]]
name = "main"
pairs = [["own.gmt:A", "own.gmt:B"], ["RELA", "NFE2L2"], ["purity", "own.gmt:F"], ["RELA", "GPX4"]]
methods = ["pearson", "spearman"]
null = ["genes", "sets"]
tumor_types = ["ACC", "CHOL", "LIHC", "UCS"]

[[pairs]]
name = "fixed"
pairs = [["own.gmt:A", "own.gmt:F"], ["RELA", "MYC"], ["RELA", "own.gmt:B"]]
adjust = ["covariate:age", "own.gmt:D"]
methods = ["pearson", "spearman"]
tumor_types = ["ACC", "DLBC"]

[[crosses]]
name = "wide"
x = ["own.gmt:A", "own.gmt:C", "own.gmt:F", "RELA", "covariate:purity"]
y = ["own.gmt:B", "own.gmt:A", "TFRC", "GPX4", "covariate:age"]
methods = ["pearson", "kendall"]

[[pairs]]
name = "one"
pairs = [["gene:TP53", "RELA"], ["own.gmt:A", "own.gmt:D"], ["own.gmt:A", "own.gmt:C"]]
null = ["genes"]
adjust = ["covariate:purity"]
tumor_types = ["LIHC"]

[[pairs]]
name = "twice"
pairs = [["gene:TP53", "RELA"], ["covariate:TP53", "RELA"]]
methods = ["pearson", "kendall"]
tumor_types = ["LIHC", "DLBC"]

[[pairs]]
name = "nothing"
pairs = [["own.gmt:E", "RELA"]]
methods = ["pearson", "spearman"]
tumor_types = ["CHOL", "UCS"]

[[dominance]]
name = "highest"
sets = ["own.gmt:A", "own.gmt:B", "own.gmt:F", "own.gmt:E"]
tumor_types = ["ACC", "CHOL", "LIHC"]

[[claims]]
text = "they go together"
analysis = "main"
x = "NRF2"
y = "p65"
tumor_type = "LIHC"
statistic = "r"
value = 0.5
n = 31
source = "a paper"

[[claims]]
text = "A is the highest"
analysis = "highest"
tumor_type = "LIHC"
statistic = "highest"
value = "A"
n = 31
source = "another paper"
"""


@dataclass(frozen=True)
class Done:
    """A run, its page, and the JSON that a browser is given."""

    engine: Engine
    spec: Path
    plan: Plan
    folder: RunFolder
    page: Page
    told: dict[str, Any]

    def table(self, name: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = rows_of(self.folder, name).to_dicts()
        return finite(rows)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A store, to copy, in which a covariate goes by a gene's name."""
    root = tmp_path_factory.mktemp("store") / "cache"
    engine = build_store(root)
    write_mutations(root.parent / "mutations.tsv", "TP53")
    engine.load_covariates(root.parent / "mutations.tsv")
    return engine


def write_mutations(path: Path, name: str) -> Path:
    rng = np.random.default_rng(3)
    lines = [
        f"{sample}\t{rng.integers(0, 4)}"
        for tumor_type, (tumours, _) in SAMPLES.items()
        for sample in barcodes(tumours, site=tumor_type[:2])
    ]
    path.write_text("\n".join([f"sample\t{name}", *lines]) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def done(store: Engine, tmp_path_factory: pytest.TempPathFactory) -> Done:
    folder = tmp_path_factory.mktemp("run")
    engine, spec = copy_of(store, folder / "cache"), write_spec(folder, SPEC)
    outcome = run(engine, spec)
    assert outcome.is_complete
    page = page_of_run(engine, outcome.plan.run)
    return Done(engine, spec, outcome.plan, outcome.folder, page, told_by(page))


def told_by(page: Page) -> dict[str, Any]:
    """What the script of a page reads, with the rows of pairs as it unpacks them."""
    _, _, rest = report(page).partition('<script type="application/json" id="data">')
    told: dict[str, Any] = json.loads(rest.partition("</script>")[0])["page"]
    for pair in told["pairs"]:
        packed = pair["rows"]
        rows = (packed["same"] | dict(zip(packed["columns"], one, strict=True))
                for one in packed["rows"])  # fmt: skip
        pair["rows"] = [{name: row[name] for name in packed["names"]} for row in rows]
    return told


def counted(rows: Iterable[Mapping[str, Any]]) -> Counter[str]:
    return Counter(json.dumps(row, sort_keys=True) for row in rows)


def strength_told(pair: Any) -> float | None:
    return strength_of(pair.rows, pair.pooled)


def found_in(done: Done, budget: RowBudget) -> Findings:
    return Findings(done.engine, done.folder, budget)


def table_of(page: Page | Findings, title: str) -> Table:
    [one] = [table for table in page.tables if table.title == title]
    return one


def pairs_of(page: Page | Findings, analysis: str, method: str = "") -> list[Pair]:
    return [one for one in page.pairs
            if one.analysis == analysis and method in ("", one.method)]  # fmt: skip


# --- the numbers of the tables


def test_every_row_of_the_tables_is_on_the_page(done: Done) -> None:
    rows = [row.copy() for pair in done.told["pairs"] for row in pair["rows"]]
    for row in rows:
        assert row.pop("why") == note_without_mark(row["note"])
    assert len(rows) == done.folder.manifest()["results"]["associations.parquet"]["rows"]
    assert counted(rows) == counted(done.table("associations"))
    assert list(rows[0]) == rows_of(done.folder, "associations").columns
    pooled = [pair["pooled"] for pair in done.told["pairs"] if pair["pooled"] is not None]
    assert counted(pooled) == counted(done.table("pooled"))
    assert done.page.pairs_note == ""


def test_each_pair_has_rows_of_its_own_and_what_pools_them(done: Done) -> None:
    for pair in done.told["pairs"]:
        asked = done.plan.analysis(pair["analysis"])
        assert [row["tumor_type"] for row in pair["rows"]] == list(asked.tumor_types)
        for name in ("x", "y", "method", "analysis"):
            assert {row[name] for row in pair["rows"]} == {pair[name]}
        pooled = pair["pooled"]
        assert (pooled is None) == (len(asked.tumor_types) == 1)
        if pooled is not None:
            r = [row["r"] for row in pair["rows"] if row["r"] is not None]
            assert pooled["n_types"] == len(r)
            assert pooled["r_min"] == min(r, default=None)
            assert pooled["r_max"] == max(r, default=None)
            assert [pooled[name] for name in ("x", "y", "method", "analysis")] == [
                pair[name] for name in ("x", "y", "method", "analysis")
            ]
    ids = [pair["id"] for pair in done.told["pairs"]]
    assert len(set(ids)) == len(ids)


def test_the_dominance_of_the_table_is_on_the_page(done: Done) -> None:
    rows = done.table("dominance")
    assert done.table("dominance") == table_of(done.page, "Dominance: highest").rows
    [part] = done.told["dominance"]
    assert part["rows"] == [{name: row[name] for name in part["rows"][0]} for row in rows]
    assert {"tumor_type", "scale", "set", "n", "n_highest", "share_highest"} <= set(part["rows"][0])
    assert sorted(part["sets"]) == ["A", "B", "E", "F"]
    assert part["about"] == "mine, log2(norm_count+1); tumor samples in 3 tumor types"
    raw: Counter[str] = Counter()
    for row in rows:
        if row["scale"] == "raw":
            raw[row["set"]] += row["n_highest"] or 0
    n = sum({row["tumor_type"]: row["n"] for row in rows if row["n"]}.values())
    [(top, count)] = raw.most_common(1)
    assert (
        f"Highest is {top} in {count:,} of {n:,} samples by raw score;"
        in (part["finding"]["answer"])
    )


def test_claims_are_compared_as_the_command_does(done: Done) -> None:
    claims = compare_claims(done.engine, done.folder, done.plan).to_dicts()
    assert table_of(done.page, "What was published, and what is here").rows == claims
    said = [one for one in done.page.answers if one.question.startswith("Published: ")]
    assert len(said) == len(claims) == 2
    for one, row in zip(said, claims, strict=True):
        assert f"{row['here']}" in one.answer
        none, _, why = row["verdict"].partition("none: ")
        verdict = f"Verdict: {row['verdict']}" if none else f"No verdict: {why}"
        assert one.answer.endswith(f"). {verdict}.")
    assert [one.answer.count("No verdict: ") for one in said] == [0, 1]


def test_the_table_of_pairs_has_each_pair_and_opens_it(done: Done) -> None:
    rows = table_of(done.page, "Pairs").rows
    assert [row["id"] for row in rows] == [pair.id for pair in done.page.pairs]
    for row, pair in zip(rows, done.page.pairs, strict=True):
        told = pair.pooled or pair.rows[0]
        assert row["pair"] == f"{pair.x} ~ {pair.y}"
        for name in ("r", "ci_low", "ci_high", "r_disjoint"):
            assert row[name] == told[name]


def test_answers_are_those_of_the_pairs_in_the_order_of_the_spec(done: Done) -> None:
    expected = []
    for asked in done.plan.analyses:
        for method in asked.methods:
            pairs = pairs_of(done.page, asked.name, method)
            if len(pairs) <= 4:
                expected += [pair.finding for pair in pairs]
            else:
                expected.append(done.page.answers[len(expected)])
                assert expected[-1].question.startswith(f"{asked.name}: which of ")
    expected += [part.finding for part in done.page.dominance]
    assert list(done.page.answers[: len(expected)]) == expected
    assert len(done.page.answers) == len(expected) + len(done.plan.claims)


def test_of_many_pairs_the_strongest_are_named(done: Done) -> None:
    [said] = [one for one in done.page.answers if one.question.startswith("wide: ")
              and one.question.endswith(", by pearson?")]  # fmt: skip
    pairs = pairs_of(done.page, "wide", "pearson")
    assert said.question == (
        f"wide: which of {len(pairs)} pairs vary together in 5 tumor types, by pearson?"
    )
    shares = {(row["x"], row["y"]) for row in done.table("associations") if row["n_shared_genes"]}
    r = {
        (pair.x, pair.y): pair.pooled["r_disjoint" if (pair.x, pair.y) in shares else "r"]
        for pair in pairs
        if pair.pooled
    }
    top = sorted((one for one in r.items() if one[1] is not None), key=lambda one: -abs(one[1]))[:3]
    assert said.answer == (
        "Strongest, by pooled r without shared genes: "
        f"{'; '.join(f'{x} and {y} ({value:.2f})' for (x, y), value in top)}. The table of pairs "
        f"has the others. {NOT_COMPARED}"
    )
    # of the same genes, whose r is 1
    assert ("C", "A") in r
    assert "C and A" not in said.answer


CROSSES = """\
name = "crosses"
tumor_types = ["LIHC"]
min_genes = 5
draws = 20
[[crosses]]
name = "compared"
x = ["RELA", "TFRC", "MYC", "GPX4"]
null = ["genes"]
[[crosses]]
name = "alone"
x = ["RELA", "TFRC", "MYC", "GPX4"]
[[crosses]]
name = "nothing"
x = ["own.gmt:E"]
y = ["RELA", "TFRC", "MYC", "GPX4", "NFE2L2"]
"""


def test_of_many_pairs_it_is_said_whether_they_were_compared(copy: Engine, tmp_path: Path) -> None:
    outcome = run(copy, write_spec(tmp_path, CROSSES))
    assert outcome.is_complete
    compared, alone, nothing = page_of_run(copy, outcome.plan.run).answers
    asked = "which of {} pairs vary together in LIHC, by pearson?"
    assert compared.question == f"compared: {asked.format(6)}"
    assert compared.answer.startswith("Strongest, by r without shared genes: ")
    assert compared.answer.endswith("). The table of pairs has the others.")
    assert alone.question == f"alone: {asked.format(6)}"
    assert alone.answer == f"{compared.answer} {NOT_COMPARED}"
    assert nothing.question == f"nothing: {asked.format(5)}"
    # of what is not there is nothing to compare
    assert nothing.answer == "None has an r without shared genes. The table of pairs has them."


def test_a_pair_that_shares_genes_is_as_strong_as_without_them(done: Done) -> None:
    pairs = {(one.x, one.y): one for one in pairs_of(done.page, "wide", "pearson")}
    for names, name in ((("A", "B"), "r_disjoint"), (("RELA", "TFRC"), "r")):
        pooled = pairs[names].pooled
        assert pooled
        assert pooled[name] is not None
        assert strength_told(pairs[names]) == pooled[name]
    assert strength_told(pairs["C", "A"]) is None  # of the same genes
    [_, lacking, _] = pairs_of(done.page, "one")
    assert lacking.rows[0]["r"] is not None
    assert strength_told(lacking) is None


# --- the samples


def variable(plan: Plan, name: str) -> str | GeneSet:
    """The gene set of a name, or a gene or covariate as it is asked for."""
    for asked in plan.analyses:
        for one in (*asked.variables, *asked.adjust):
            if isinstance(one, SetVariable) and one.name == name:
                return one.gene_set
    return f"covariate:{name}" if name in ("age", "purity") else f"gene:{name}"


def cut(values: Iterable[float]) -> list[float]:
    return [float(f"{value:.6g}") for value in values]


def cases(done: Done) -> list[tuple[dict[str, Any], PlannedAnalysis]]:
    return [
        (pair, done.plan.analysis(pair["analysis"]))
        for pair in done.told["pairs"]
        if pair["scatters"]
    ]


def test_scatters_have_the_values_of_the_engine(done: Done) -> None:
    seen = set()
    for pair, asked in cases(done):
        adjust = [one.name for one in asked.adjust]
        values = done.engine.values(
            [variable(done.plan, name) for name in (pair["x"], pair["y"], *adjust)],
            tumor_types=asked.tumor_types, samples=asked.scope.samples, ties=asked.scope.ties,
            min_genes=5,
        ).frame.drop_nulls([pair["x"], pair["y"], *adjust])  # fmt: skip
        scatters = done.told["scatters"][pair["scatters"]]
        assert list(scatters) == values["tumor_type"].unique(maintain_order=True).to_list()
        for tumor_type, one in scatters.items():
            own = values.filter(tumor_type=tumor_type)
            assert one["samples"] == own["sample"].to_list()
            for axis in ("x", "y"):
                exact = own[pair[axis]].to_numpy()
                if not adjust:
                    assert one[axis] == cut(exact)
                    continue
                left = left_by(exact, own.select(adjust).to_numpy())
                assert one[axis] == pytest.approx(left, rel=2e-5, abs=1e-6 * np.ptp(exact))
            seen.add((pair["analysis"], tumor_type))
    assert {name for name, _ in seen} == {"main", "fixed", "wide", "one"}


def test_r_of_a_scatter_is_that_of_its_row(done: Done) -> None:
    n_checked: Counter[tuple[str, bool]] = Counter()
    correlate: dict[str, Any] = {
        "pearson": stats.pearsonr, "spearman": stats.spearmanr, "kendall": stats.kendalltau,
    }  # fmt: skip
    for pair, asked in cases(done):
        if pair["method"] == "spearman" and asked.adjust:
            continue  # what a fit of ranks leaves is not what the fit of values leaves
        scatters = done.told["scatters"][pair["scatters"]]
        for row in pair["rows"]:
            if row["r"] is None:
                continue
            one = scatters[row["tumor_type"]]
            assert len(one["samples"]) == row["n"]
            r = correlate[pair["method"]](one["x"], one["y"])[0]
            assert r == pytest.approx(row["r"], abs=2e-4)
            n_checked[pair["method"], bool(asked.adjust)] += 1
    assert set(n_checked) == {
        ("pearson", False), ("pearson", True), ("spearman", False), ("kendall", False),
    }  # fmt: skip


def test_lines_and_bands_are_those_of_least_squares(done: Done) -> None:
    n_checked: Counter[bool] = Counter()
    for pair, asked in cases(done):
        adjust = [one.name for one in asked.adjust]
        values = done.engine.values(
            [variable(done.plan, name) for name in (pair["x"], pair["y"], *adjust)],
            tumor_types=asked.tumor_types, samples=asked.scope.samples, min_genes=5,
        ).frame.drop_nulls([pair["x"], pair["y"], *adjust])  # fmt: skip
        for tumor_type, one in done.told["scatters"][pair["scatters"]].items():
            own = values.filter(tumor_type=tumor_type)
            x, y = (own[pair[axis]].to_numpy() for axis in ("x", "y"))
            if np.ptp(x) == 0:
                assert one["line"] == []
                continue
            at, line, low, high = np.array(one["line"]).T
            assert [at[0], at[-1]] == [min(one["x"]), max(one["x"])]
            assert np.diff(at) == pytest.approx(np.full(len(at) - 1, np.diff(at).mean()), rel=1e-2)
            scale = np.ptp(y) or 1.0
            slope, start = np.polyfit(one["x"], one["y"], 1)
            assert line == pytest.approx(start + slope * at, abs=1e-4 * scale)
            expected, half = slow_band(x, y, own.select(adjust).to_numpy(), at)
            assert line == pytest.approx(expected, abs=1e-4 * scale)
            assert high - line == pytest.approx(half, rel=1e-3, abs=1e-4 * scale)
            assert line - low == pytest.approx(half, rel=1e-3, abs=1e-4 * scale)
            n_checked[bool(adjust)] += 1
    assert n_checked[True] > 4
    assert n_checked[False] > 20


def test_axes_tell_the_unit_and_what_was_held_fixed(done: Done) -> None:
    axes = {(one.analysis, one.x, one.y): (one.x_axis, one.y_axis) for one in done.page.pairs}
    assert axes["main", "RELA", "NFE2L2"] == (
        "RELA, log2(norm_count+1)", "NFE2L2, log2(norm_count+1)",
    )  # fmt: skip
    assert axes["main", "purity", "F"] == ("purity", "F, ssGSEA score")
    assert axes["fixed", "RELA", "B"] == (
        "RELA, log2(norm_count+1), adjusted for age,D",
        "B, ssGSEA score, adjusted for age,D",
    )
    # though a covariate of another analysis has the same name
    assert axes["one", "TP53", "RELA"][0] == "TP53, log2(norm_count+1), adjusted for purity"


def test_a_gene_and_a_covariate_of_one_name_are_two_pairs(done: Done) -> None:
    pairs = pairs_of(done.page, "twice", "pearson")
    assert [(one.x, one.y) for one in pairs] == [("TP53", "RELA")] * 2
    values = done.engine.values(["gene:TP53", "RELA"], tumor_types=["LIHC", "DLBC"]).frame
    others = done.engine.values(["covariate:TP53", "RELA"], tumor_types=["LIHC", "DLBC"]).frame
    for pair, frame in zip(pairs, (values, others), strict=True):
        for row in pair.rows:
            own = frame.filter(tumor_type=row["tumor_type"])
            r = np.corrcoef(own["TP53"], own["RELA"])[0, 1]
            assert row["r"] == pytest.approx(r, abs=1e-9)
        assert pair.scatters == ""
        assert pair.no_scatters == "several variables or columns go by these names"


def test_a_pair_that_no_sample_has_says_so(done: Done) -> None:
    for method in ("pearson", "spearman"):
        [pair] = pairs_of(done.page, "nothing", method)
        assert pair.scatters == ""
        assert pair.no_scatters == "no sample has all values"
        assert pair.finding.answer.startswith("No tumor type gives an association of E and RELA: ")


def test_shared_genes_are_said(done: Done) -> None:
    said = {(one.x, one.y): one.finding.answer for one in pairs_of(done.page, "one")}
    assert said["A", "D"].endswith("They share genes, and without these there is no r.")
    assert said["A", "C"] == "A and C are the same variable."
    for method, letter in (("pearson", "r"), ("spearman", "rho")):
        [pair] = [one for one in pairs_of(done.page, "main", method) if one.x == "A"]
        assert pair.pooled
        known = [row["p_sets"] for row in pair.rows if row["p_sets"] is not None]
        assert pair.finding.answer.removesuffix(" 1 tumor type has no r.").endswith(
            f" Without the genes that both share, the pooled {letter} is "
            f"{pair.pooled['r_disjoint']:.2f}. Without shared genes it stands out from other "
            f"pathways of like size and spread in {sum(p < 0.05 for p in known)} of {len(known)} "
            "(p_sets < 0.05; chance alone gives one in twenty)."
        )
    [other] = [one for one in pairs_of(done.page, "main", "pearson") if one.x == "purity"]
    assert ". It stands out from other pathways of like size and spread in " in other.finding.answer


# --- what else is told


def test_what_was_left_out_is_counted(done: Done) -> None:
    expected: dict[tuple[str, str], list[str]] = {}
    for name in ("associations", "dominance"):
        for row in done.table(name):
            if row["note"]:
                key = row["analysis"], row["note"]
                expected.setdefault(key, []).append(row["tumor_type"])
    assert done.page.dropped
    rows = {(row["what"], row["why"]): row for row in done.page.dropped.rows}
    for key, types in expected.items():
        assert rows[key]["count"] == len(types)
        assert rows[key]["where"] == " ".join(sorted(set(types)))
    others = [key for key in rows if key not in expected]
    assert all(what.endswith(" of mine") for what, _ in others)
    assert len(done.page.dropped.rows) == len(rows) == len(expected) + len(others)


def test_provenance_is_that_of_the_manifest(done: Done) -> None:
    manifest = done.folder.manifest()
    tables = {one.title: one.rows for one in done.page.provenance}
    facts = {row["name"]: row["value"] for row in tables["Run"]}
    assert facts["digest"] == done.plan.digest
    assert facts["sha256 of the spec"] == manifest["spec_sha256"]
    assert facts["state"] == "complete"
    assert {row["name"]: row["value"] for row in tables["Software"]} == manifest["software"]
    assert {row["table"]: (row["rows"], row["sha256"]) for row in tables["Tables of the run"]} == {
        name: (one["rows"], one["sha256"]) for name, one in manifest["results"].items()
    }
    assert {row["name"]: row["sha256"] for row in tables["Gene sets"]} == {
        one["name"]: one["sha256"] for one in manifest["gene_sets"]
    }
    assert {row["tumor_type"] for row in tables["Expression tables"]} == set(SAMPLES)
    assert all(row["input_sha256"] for row in tables["Expression tables"])
    assert sorted(row["name"] for row in tables["Covariates"]) == ["TP53", "age", "purity"]


def test_title_spec_and_state(done: Done) -> None:
    page = done.page
    n_rows = len(done.table("associations")) + len(done.table("dominance"))
    ended = done.folder.manifest()["ended"]
    assert page.title == "All that a page can show"
    assert page.subtitle == f"Run {done.plan.run}, {ended[:10]}: {n_rows:,} rows of 7 analyses"
    assert page.spec == SPEC
    assert not page.simulated


def test_methods_are_of_all_analyses(done: Done) -> None:
    text = "\n".join(done.page.methods)
    for words in (
        "Pearson's r", "Spearman's rho", "Kendall's tau-b", "age, D was held fixed",
        "purity was held fixed", "p_genes", "p_sets", "random effects", "Friedman",
    ):  # fmt: skip
        assert words in text
    for asked in done.plan.analyses:
        assert asked.name in text
    assert "SIMULATED" not in text
    assert " against 20 random sets " in text
    # of somebody's own
    assert all("own cohorts" in one for one in done.page.methods if "Expression was taken" in one)
    assert "sample type" not in text
    assert "Only " not in text
    assert REFERENCES["tcga"] not in done.page.references
    assert f"{SOFTWARE}, version {__version__}" in done.page.references


def test_a_page_is_the_same_twice(done: Done) -> None:
    again = page_of_run(open_store(done.engine.store.root), done.plan.run)
    assert as_data(again) == as_data(done.page)
    assert report(again) == report(done.page)


def test_nothing_is_written_into_the_store(done: Done) -> None:
    def files() -> dict[Path, float]:
        return {path: path.stat().st_mtime_ns for path in done.engine.store.root.rglob("*")
                if path.is_file()}  # fmt: skip

    before = files()
    page_of_run(done.engine, done.plan.run)
    assert files() == before


# --- a store that has changed since


@pytest.fixture
def copy(done: Done, tmp_path: Path) -> Engine:
    return copy_of(done.engine, tmp_path / "cache")


def same_numbers(page: Page, done: Done) -> None:
    assert [one.rows for one in page.pairs] == [one.rows for one in done.page.pairs]
    assert [one.pooled for one in page.pairs] == [one.pooled for one in done.page.pairs]


def whys(page: Page) -> dict[str, set[str]]:
    """By analysis, why pairs have no scatters."""
    found: dict[str, set[str]] = {}
    for one in page.pairs:
        assert bool(one.scatters) != bool(one.no_scatters)
        if one.scatters:
            assert page.scatters[one.scatters]
        else:
            found.setdefault(one.analysis, set()).add(one.no_scatters)
    return found


ALWAYS = {
    "twice": {"several variables or columns go by these names"},
    "nothing": {"no sample has all values"},
}


def test_every_pair_has_scatters_or_says_why_not(done: Done) -> None:
    assert whys(done.page) == ALWAYS


def test_another_table_than_that_of_the_run_is_not_shown(
    copy: Engine, done: Done, tmp_path: Path
) -> None:
    [path] = [one for one in write_expression(tmp_path, seed=9) if "LIHC" in str(one)]
    assert not copy.load([path], LoadOptions(source="mine")).errors
    page = page_of_run(copy, done.plan.run)
    same_numbers(page, done)
    why = "the table of mine LIHC: not what the run began with. Run the spec anew."
    assert whys(page) == ALWAYS | {name: {why} for name in ("main", "wide", "one")}
    assert pairs_of(page, "fixed")[0].scatters


def test_a_table_that_is_gone_is_not_shown(copy: Engine, done: Done) -> None:
    copy.remove("mine", ["LIHC"])
    page = page_of_run(copy, done.plan.run)
    same_numbers(page, done)
    found = whys(page)
    assert set(found) == {"main", "wide", "one", *ALWAYS}
    assert all("LIHC" in why for name in ("main", "one") for why in found[name])


def test_a_run_can_be_read_when_all_tables_are_gone(copy: Engine, done: Done) -> None:
    copy.remove("mine")
    page = page_of_run(copy, done.plan.run)
    same_numbers(page, done)
    before, now = (
        [one for one in answers if not one.question.startswith("Published")]
        for answers in (done.page.answers, page.answers)
    )
    assert now == before
    assert any("no expression table" in one.answer for one in page.answers)  # to judge a claim by
    assert not any(one.scatters for one in page.pairs)


def test_other_covariates_are_not_shown(copy: Engine, done: Done, tmp_path: Path) -> None:
    lines = ["sample\tpurity\tage", *(f"{one}\t1\t{n}" for n, one in enumerate(barcodes(9)))]
    (tmp_path / "clinic.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    copy.load_covariates(tmp_path / "clinic.tsv", name="clinic")
    page = page_of_run(copy, done.plan.run)
    same_numbers(page, done)
    why = "the covariates 'clinic': not what the run began with. Run the spec anew."
    assert whys(page) == ALWAYS | {
        name: {why} for name in ("main", "fixed", "wide", "one", "nothing")
    }


def test_a_covariate_of_the_same_name_in_another_table_changes_nothing(
    copy: Engine, done: Done, tmp_path: Path
) -> None:
    copy.load_covariates(write_mutations(tmp_path / "more.tsv", "purity"))
    copy.load_covariates(write_mutations(tmp_path / "others.tsv", "age"))
    page = page_of_run(copy, done.plan.run)
    assert as_data(page) == as_data(done.page)


def test_covariates_that_are_gone_are_named(copy: Engine, done: Done) -> None:
    copy.remove_covariates("clinic")
    with pytest.raises(TcgaCorrError, match="covariate"):
        page_of_run(copy, done.plan.run)


@pytest.mark.parametrize("name", ["associations", "pooled", "dominance"])
@pytest.mark.parametrize("damage", ["gone", "cut", "other"])
def test_tables_that_are_not_as_written_are_refused(
    name: str, damage: str, copy: Engine, done: Done
) -> None:
    path = RunFolder(copy.store, done.plan.run).path / f"{name}.parquet"
    if damage == "gone":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:100])
    else:
        pl.read_parquet(path).head(3).write_parquet(path)
    with pytest.raises(AnalysisError, match=rf"not as it was written: {name}\.parquet\. Run the"):
        page_of_run(copy, done.plan.run)


# --- runs that did not end well

SMALL = """\
name = "small"
tumor_types = ["ACC", "LIHC"]
[[pairs]]
pairs = [["RELA", "NFE2L2"]]
[[crosses]]
x = ["RELA", "TFRC", "MYC"]
"""


def test_a_run_that_is_not_complete(copy: Engine, tmp_path: Path) -> None:
    spec = write_spec(tmp_path, SMALL)
    outcome = run(copy, spec, shard=Shard(1, 2))
    assert not outcome.is_complete
    with pytest.raises(DataMissingError, match=r"has no tables yet\. Run its spec to the end"):
        page_of_run(copy, outcome.plan.run)


@pytest.mark.parametrize(
    ("name", "words"),
    [("page-00000000", "It has page-"), ("../../x", "no run"), ("", "no run")],
)
def test_a_run_that_is_none(name: str, words: str, done: Done) -> None:
    with pytest.raises(DataMissingError, match=words):
        page_of_run(done.engine, name)
    with pytest.raises(DataMissingError, match=f"Did you mean {done.plan.run}"):
        page_of_run(done.engine, f"pag-{done.plan.digest[:8]}")


def test_a_run_whose_plan_is_damaged(copy: Engine, done: Done) -> None:
    path = RunFolder(copy.store, done.plan.run).path / "plan.json"
    path.write_text(path.read_text(encoding="utf-8")[:500], encoding="utf-8")
    with pytest.raises(StoreError, match="is no plan that can be read"):
        page_of_run(copy, done.plan.run)


def test_a_run_with_failures_says_what_failed(
    copy: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = TaskComputer.rows

    def rows(self: TaskComputer, task: Any) -> Any:
        if task.tumor_type == "LIHC":
            raise AnalysisError("the disk was on fire")
        return whole(self, task)

    monkeypatch.setattr(TaskComputer, "rows", rows)
    outcome = run(copy, write_spec(tmp_path, SMALL))
    assert not outcome.is_complete
    page = page_of_run(copy, outcome.plan.run)
    facts = {row["name"]: row["value"] for row in page.provenance[0].rows}
    assert facts["state"] == "with failures"
    [pair] = pairs_of(page, "pairs-1")
    assert [row["r"] is None for row in pair.rows] == [False, True]
    assert pair.finding.answer.startswith("In ACC (n = 40), RELA and NFE2L2 ")
    assert page.dropped
    failed = {row["what"]: row for row in page.dropped.rows if "on fire" in row["why"]}
    assert {name: (row["where"], row["count"]) for name, row in failed.items()} == {
        "pairs-1": ("LIHC", 1), "cross-1": ("LIHC", 3),
    }  # fmt: skip


# --- room


def strength(pair: Pair) -> float:
    """The median |r| over tumor types; of those that share genes, without them."""
    r = [row["r_disjoint" if row["n_shared_genes"] else "r"] for row in pair.rows]
    having = [abs(one) for one in r if one is not None]
    return statistics.median(having) if having else -1.0


def test_of_a_large_cross_the_strongest_pairs_are_kept(done: Done) -> None:
    whole = pairs_of(done.page, "wide", "pearson")
    found = found_in(done, RowBudget(rows=5 * 7 + 5 * 7 + 61))
    kept = pairs_of(found, "wide", "pearson")
    assert 3 <= len(kept) < len(whole)
    left_out = sorted(set(map(strength, whole)) - set(map(strength, kept)), reverse=True)
    assert min(map(strength, kept)) >= max(left_out)
    # in their order, with their numbers
    rows = [one.rows for one in kept]
    assert rows == [one.rows for one in whole if one.rows in rows]
    assert [one.pooled for one in kept] == [one.pooled for one in whole if one.rows in rows]
    assert found.left_out[0] == (
        f"wide, pearson: the {len(kept)} of {len(whole)} pairs whose association is strongest "
        "without shared genes"
    )
    said = {one.question: one.answer for one in found.answers}
    answer = said[f"wide: which of {len(whole)} pairs vary together in 5 tumor types, by pearson?"]
    assert answer.startswith(f"Strongest of the {len(kept)} shown, by pooled r without shared")
    assert answer.endswith(f" The table of pairs has the others that are shown. {NOT_COMPARED}")


def test_the_same_genes_by_two_names_are_not_the_strongest(done: Done) -> None:
    for n_pairs in (2, 4, 8):
        found = found_in(done, RowBudget(pairs=2 * n_pairs + 20))
        kept = {(one.x, one.y) for one in pairs_of(found, "wide", "pearson")}
        assert ("C", "A") not in kept


@pytest.mark.parametrize("n_pairs", [0, 5, 20, 33, 47, 60])
def test_room_is_shared_and_never_taken_by_one_analysis(n_pairs: int, done: Done) -> None:
    budget = RowBudget(pairs=n_pairs)
    found = found_in(done, budget)
    blocks = [(one, method) for one in done.plan.analyses for method in one.methods]
    sizes = [len(pairs_of(found, one.name, method)) for one, method in blocks]
    assert min(sizes) >= 1
    # of two pairs of one name both are there
    assert sum(sizes) <= max(n_pairs, len(blocks)) + 2
    # who gets less than was asked gets as much as any
    cut_short = [size for size, (one, _) in zip(sizes, blocks, strict=True) if size < one.n_pairs]
    assert not cut_short or max(sizes) <= max(cut_short) + 2
    assert len(found.left_out) == len(cut_short)
    for pair in found.pairs:
        if pair.pooled:
            r = [row["r"] for row in pair.rows if row["r"] is not None]
            assert pair.pooled["r_max"] == max(r, default=None)


def test_samples_are_shown_as_long_as_there_is_room(done: Done) -> None:
    found = found_in(done, RowBudget(points=400))
    shown = sum(len(one.samples) for several in found.scatters.values()
                for one in several.values())  # fmt: skip
    assert 300 < shown <= 400
    assert found.pairs[0].scatters
    why = "the page has no room for the samples of all pairs"
    assert why in {one.no_scatters for one in found.pairs}
    assert all(bool(one.scatters) != bool(one.no_scatters) for one in found.pairs)
    assert [one.rows for one in found.pairs] == [one.rows for one in done.page.pairs]
    assert not any(one.scatters for one in found_in(done, RowBudget(points=0)).pairs)


@pytest.mark.parametrize("points", [104, 250, 400, 1_000, 1_700, 2_500])
def test_samples_of_the_strongest_pairs_come_first(points: int, done: Done) -> None:
    found = found_in(done, RowBudget(points=points))
    assert [one.rows for one in found.pairs] == [one.rows for one in done.page.pairs]
    n_cut = 0
    for asked in done.plan.analyses:
        if asked.name in ALWAYS or not asked.methods:
            continue
        pairs = pairs_of(found, asked.name, asked.methods[0])
        shown, others = (
            [abs(strength_told(one) or 0.0) for one in pairs if bool(one.scatters) == is_shown]
            for is_shown in (True, False)
        )
        assert min(shown, default=1.0) >= max(others, default=0.0)
        n_cut += bool(shown and others)
    # what has not room for one of many samples may have for one of few
    assert n_cut in (1, 2)
    if points == 104:
        assert {(one.x, one.y) for one in found.pairs if one.scatters} == {("A", "B")}


def test_dominance_is_cut_by_whole_tumor_types_and_says_so(done: Done) -> None:
    rows = done.table("dominance")
    n_rows = sum(row["tumor_type"] == "ACC" for row in rows)
    found = found_in(done, RowBudget(dominance=2 * n_rows + 1))
    table = table_of(found, "Dominance: highest")
    assert table.rows == [row for row in rows if row["tumor_type"] in ("ACC", "CHOL")]
    assert table.note == "3 tumor types. The page has room for 2 of them."
    [part], [whole] = found.dominance, done.page.dominance
    assert part.about.endswith(" in 3 tumor types. The page has room for 2 of them.")
    assert part.finding == whole.finding
    nothing = found_in(done, RowBudget(dominance=1))
    assert nothing.dominance == []
    assert table_of(nothing, "Dominance: highest").rows == []
    assert whole.finding in nothing.answers


def test_of_many_notes_those_of_the_most_rows_are_told(done: Done) -> None:
    found = found_in(done, RowBudget(notes=3))
    whole = [row for row in found_in(done, RowBudget()).dropped if row["what"] != "highest"]
    *shown, others, of_dominance = found.dropped
    assert len(shown) == 3
    assert sorted(row["count"] for row in shown) == sorted(row["count"] for row in whole)[-3:]
    assert all(row in whole for row in shown)
    assert others == {
        "what": "associations", "where": "",
        "count": sum(row["count"] for row in whole) - sum(row["count"] for row in shown),
        "why": f"{len(whole) - 3} other notes: the column note of associations.parquet has all",
    }  # fmt: skip
    assert of_dominance["what"] == "dominance"


def largest_run(folder: RunFolder) -> Plan:
    """All tumor types, more pairs, sets and notes than a page has room for."""
    folder.path.mkdir(parents=True)
    types = tuple(TUMOR_TYPES)
    sets = tuple(
        SetVariable(GeneSet(f"HALLMARK_OF_A_LONG_NAME_{n}", "", (f"G{n}",), "own.gmt"))
        for n in range(60)
    )
    wide = PlannedAnalysis(
        name="wide", kind="crosses", scope=Scope(types, "tcga-hiseqv2"),
        n_samples=(300,) * len(types), units=("log2(norm_count+1)",) * len(types),
        methods=("pearson",), null=("genes", "sets"), draws=1_000,
        variables=sets[:20], adjust=(GeneVariable("RELA"),), x=tuple(range(20)),
        y=tuple(range(20)),
    )  # fmt: skip
    highest = replace(
        wide, name="highest", kind="dominance", methods=(), variables=sets, x=(), y=()
    )
    rng = np.random.default_rng(1)
    x, y = wide.pairs
    settings = {"source": "tcga-hiseqv2", "samples": "tumor", "ties": "average",
                "adjust": "RELA", "unit": "log2(norm_count+1)"}  # fmt: skip
    numbers = ("r", "ci_low", "ci_high", "p", "q", "q_batch", "z_genes", "p_genes", "q_genes",
               "genes_mean", "genes_low", "genes_high", "z_sets", "p_sets", "sets_mean",
               "sets_low", "sets_high", "r_disjoint")  # fmt: skip
    names = [one.name for one in sets]
    pairs = {"x": [names[one] for one in x], "y": [names[one] for one in y], "method": "pearson"}
    parts = [
        pl.DataFrame({"analysis": "wide", "tumor_type": tumor_type, **pairs, "n": 300})
        .with_columns(pl.Series(name, rng.uniform(-1, 1, len(x))) for name in numbers)
        .with_columns(
            n_shared_genes=pl.lit(12),
            n_reference_sets=pl.lit(200),
            stratum=pl.lit(None, pl.String),
            level=pl.lit("tumor type"),
            note=pl.lit(f"{tumor_type}: 4 samples without RELA; ") + pl.col("x") + pl.col("y"),
        )
        for tumor_type in types
    ]
    pl.concat(parts).with_columns(
        pl.lit(value).alias(name) for name, value in settings.items()
    ).write_parquet(folder.path / "associations.parquet")
    pooled = (*numbers[:5], "tau2", "i2", "prediction_low", "prediction_high", "r_min", "r_max",
              "r_disjoint")  # fmt: skip
    pl.DataFrame({"analysis": "wide", **pairs, "n_types": 33, "n": 9_900}).with_columns(
        pl.Series(name, rng.uniform(-1, 1, len(x))) for name in pooled
    ).with_columns(
        n_positive=pl.lit(20), n_negative=pl.lit(10), tallied_by=pl.lit("q_genes")
    ).with_columns(pl.lit(value).alias(name) for name, value in settings.items()).write_parquet(
        folder.path / "pooled.parquet"
    )
    of_sets = ("mean", "sd", "median", "mean_rank", "share_highest", "friedman_chi2", "friedman_p",
               "kendalls_w", "p_genes_of_w")  # fmt: skip
    shown = [
        {"analysis": "highest", "tumor_type": tumor_type, "scale": scale, "set": name, "n": 300,
         **dict(zip(of_sets, rng.uniform(-1, 1, len(of_sets)).tolist(), strict=True)),
         "n_highest": 5, "n_lowest": 5, "note": "", **settings}
        for tumor_type in types
        for scale in ("raw", "standardised")
        for name in names[:12]
    ]  # fmt: skip
    pl.DataFrame(shown).write_parquet(folder.path / "dominance.parquet")
    keys = {("tcga-hiseqv2", one): "0" for one in types}
    return Plan("largest", "", ("parquet",), (), "", (wide, highest), keys, {}, None, __version__)


def test_the_largest_page_stays_below_5_mb(tmp_path: Path) -> None:
    engine = open_store(tmp_path / "cache")
    plan = largest_run(RunFolder(engine.store, "largest"))
    folder = RunFolder(engine.store, plan.run)
    (folder.path.parent / "largest").rename(folder.path)
    software = {"tcga-corr": "0.1.0"}
    a_set = {"name": "HALLMARK_OF_A_LONG_NAME", "origin": "Reactome", "version": "2024.1",
             "licence": "CC BY 4.0", "n_genes": 120, "sha256": "0" * 64,
             "cite": "Gillespie et al. 2022, Nucleic Acids Res. 50:D687"}  # fmt: skip
    tables = [
        {"source": "tcga-hiseqv2", "title": "TCGA hub", "tumor_type": one, "unit": "log2(x+1)",
         "n_genes": 20_501, "genes": "all", "sha256": "0" * 64, "cite": a_set["cite"],
         "inputs": [{"name": "HiSeqV2.gz", "sha256": "0" * 64}]}
        for one in TUMOR_TYPES
    ]  # fmt: skip
    manifest = {"results": {}, "software": software, "simulated": False, "covariates": [],
                "tables": tables, "gene_sets": [a_set] * 2_500}  # fmt: skip
    folder.begin(plan)
    folder.write_manifest({**manifest, "tasks": []})
    budget = RowBudget()
    found = Findings(engine, folder, budget)
    assert len(found.pairs) == RowBudget().rows // 33
    assert len(table_of(found, "Dominance: highest").rows) > 0.9 * RowBudget().dominance
    assert len(found.dropped) == RowBudget().notes + 1
    rng = np.random.default_rng(2)
    each = RowBudget().points // 33
    band = [tuple(rng.uniform(0, 1, 4).round(6).tolist())] * 25
    scatters = {
        one: Scatter(barcodes(each), x, y, band)
        for one in TUMOR_TYPES
        for x, y in [rng.uniform(0, 1e4, (2, each)).round(2).tolist()]
    }
    provenance = inputs.provenance_tables(Provenance.from_dict(manifest))
    page = Page(
        title="the largest", subtitle="", simulated=True, answers=found.answers, pairs=found.pairs,
        pairs_note="; ".join(found.left_out), scatters={"key": scatters}, dominance=found.dominance,
        tables=found.tables, methods=["method " * 80] * 12, references=["reference " * 12] * 20,
        dropped=inputs.dropped(found.dropped), provenance=provenance,
        spec="line of a spec\n" * 500,
    )  # fmt: skip
    [sets] = [one for one in page.provenance if one.title == "Gene sets"]
    assert (len(sets.rows), sets.note) == (1_000, "The first 1,000 of 2,500.")
    size = len(report(page).encode())
    assert 3_500_000 < size < 5_000_000


# --- names

NAMES = ["x", "y:z", "x:y", "z", "sample", "tumor_type", "</script><script>", "N" * 10_000,
         "__proto__", "{{ 7*7 }}", "a\u2028b"]  # fmt: skip


def test_any_names_are_kept_apart(copy: Engine, tmp_path: Path) -> None:
    genes = pl.read_parquet(copy.store.table_path(copy.store.table_keys()[0]))["gene"].to_list()
    lines = [
        "\t".join((name, "made up", *genes[place * 9 : place * 9 + 12]))
        for place, name in enumerate(NAMES)
    ]
    (tmp_path / "names.gmt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    asked = [("x", "y:z"), ("x:y", "z"), *((name, "x") for name in NAMES[4:])]
    pairs = [[f"names.gmt:{x}", f"names.gmt:{y}"] for x, y in asked]
    spec = tmp_path / "spec.toml"
    spec.write_text(
        f"title = {json.dumps(NAMES[6])}\ntumor_types = ['LIHC']\n[[pairs]]\npairs = "
        f"{json.dumps(pairs)}\n",
        encoding="utf-8",
    )
    outcome = run(copy, spec)
    page = page_of_run(copy, outcome.plan.run)
    told = told_by(page)
    assert [(one["x"], one["y"]) for one in told["pairs"]] == asked
    for pair in told["pairs"]:
        if pair["x"] in ("sample", "tumor_type"):
            assert pair["no_scatters"] == "several variables or columns go by these names"
            continue
        one = told["scatters"][pair["scatters"]]["LIHC"]
        r = np.corrcoef(one["x"], one["y"])[0, 1]
        assert r == pytest.approx(pair["rows"][0]["r"], abs=1e-4)
        assert one["samples"] == barcodes(SAMPLES["LIHC"][0], site="LI")
