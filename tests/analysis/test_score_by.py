"""``score --by``: the group of each sample, what compare finds between them, and refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tcga_corr.engine import Engine, open_store
from tcga_corr.errors import AnalysisError, TableError, UsageError
from tcga_corr.fetching.treatment import FILES, GROUPS, write_treatment
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.sources.simulated import CELLS
from tests.conftest import Run

DEATHS = ["ferroptosis", "apoptosis"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Simulated counts of four groups of three, and their groups."""
    folder = tmp_path_factory.mktemp("cells")
    write_treatment(folder, 1_500)
    return folder


@pytest.fixture(scope="module")
def engine(folder: Path) -> Engine:
    engine = open_store(folder / "cache")
    options = LoadOptions(source=CELLS, counts=True, normalize="cpm")
    engine.load(folder / FILES[0], options).raise_errors()
    return engine


@pytest.fixture
def groups(folder: Path) -> Path:
    return folder / FILES[1]


def test_the_table_has_the_group_of_each_sample(engine: Engine, groups: Path) -> None:
    answer = engine.score(DEATHS, by=groups, null="none")
    assert answer.frame.columns[3:6] == ["sample_type", "group", "set"]
    alone = engine.score(DEATHS)
    assert answer.frame.drop("group").equals(alone.frame)
    for row in answer.frame.to_dicts():
        assert row["sample"].startswith(f"SIMULATED_{row['group']}_")
    assert answer.query.groups == list(GROUPS)
    assert answer.query.reference == "DMSO"


def test_tests_are_those_of_compare(engine: Engine, groups: Path) -> None:
    answer = engine.score(DEATHS, by=groups, draws=50)
    wanted = engine.compare(DEATHS, groups, draws=50)
    assert answer.compared is not None
    assert answer.compared.frame.equals(wanted.frame)
    of_genes = engine.score("GPX4", by=groups, null="none").compared
    assert of_genes is not None
    assert of_genes.frame["p_genes"].null_count() == of_genes.frame.height


def test_the_reference_stands_first(engine: Engine, groups: Path) -> None:
    answer = engine.score(DEATHS, by=groups, reference="both", null="none")
    assert answer.query.groups == ["both", "DMSO", "drug_A", "drug_B"]
    assert answer.query.reference == "both"
    with pytest.raises(UsageError, match=r"'dmso' is no group. Did you mean DMSO"):
        engine.score(DEATHS, by=groups, reference="dmso")


def test_tumour_and_normal_tissue_are_both_in_the_table(simulated: Engine) -> None:
    where: dict[str, Any] = {"tumor_types": ["LIHC", "UVM"]}
    answer = simulated.score("RELA", by="sample-type", null="none", **where)
    assert answer.query.groups == ["normal", "tumor"]
    for selection in ("tumor", "normal"):
        own = answer.frame.filter(group=selection).drop("group")
        alone = simulated.score("RELA", samples=selection, **where).frame
        assert own.sort("sample").equals(alone.sort("sample"))
    assert answer.frame["tumor_type"].n_unique() == 2


def written(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(["sample\tgroup\tday", *lines]) + "\n")
    return path


def test_samples_and_groups_without_each_other_are_counted(engine: Engine, tmp_path: Path) -> None:
    lines = [f"SIMULATED_DMSO_{n}\tcontrol\t1" for n in (1, 2, 3)]
    lines += ["SIMULATED_both_1\ttreated\t1", "elsewhere\tother\t1"]
    file = written(tmp_path / "groups.tsv", lines)
    answer = engine.score("ferroptosis", by=file, group="group", null="none")
    assert answer.query.groups == ["control", "treated"]
    assert "groups without a sample here: other" in answer.notes
    assert "8 samples of no group" in answer.notes
    assert answer.frame["group"].null_count() == 8
    with pytest.raises(AnalysisError, match="no sample is of the reference 'other'"):
        engine.score("ferroptosis", by=file, group="group", reference="other", null="none")
    # a group of one is shown, and not tested
    assert answer.compared is not None
    assert answer.compared.frame["p"].null_count() == answer.compared.frame.height
    assert answer.compared.values["OTHER", "ferroptosis"]["treated"].size == 1


def test_what_gives_no_groups_is_refused(engine: Engine, groups: Path, tmp_path: Path) -> None:
    none = written(tmp_path / "none.tsv", ["a\tx\t1", "b\ty\t2"])
    with pytest.raises(AnalysisError, match="no sample of these tables is in a group"):
        engine.score("ferroptosis", by=none, group="group")
    with pytest.raises(UsageError, match=r"no column 'grop' of groups. Did you mean group"):
        engine.score("ferroptosis", by=none, group="grop")
    with pytest.raises(UsageError, match="which column has the groups is not clear"):
        engine.score("ferroptosis", by=none)
    one = written(tmp_path / "one.tsv", ["SIMULATED_DMSO_1\tx\t1", "SIMULATED_DMSO_2\tx\t1"])
    with pytest.raises(TableError, match="only the group 'x'"):
        engine.score("ferroptosis", by=one, group="group")
    with pytest.raises(UsageError, match="a number, and groups are of a category"):
        engine.score("ferroptosis", by="purity")
    with pytest.raises(UsageError, match="no file, and no covariate"):
        engine.score("ferroptosis", by="treatment")
    with pytest.raises(UsageError, match="a column of groups is given"):
        engine.score("ferroptosis", group="group")
    with pytest.raises(UsageError, match="a reference group is given"):
        engine.score("ferroptosis", reference="DMSO")


def test_from_the_command_line(run: Run, groups: Path, tmp_path: Path) -> None:
    plot = tmp_path / "scores.svg"
    asked = ("score", *DEATHS, "--by", groups, "--draws", 30, "--format", "json")
    code, out, _ = run(*asked, "--plot", plot)
    assert code == 0
    found = json.loads(out)
    assert found["query"]["reference"] == "DMSO"
    assert {row["test"] for row in found["comparisons"]} >= {"kruskal-wallis", "welch"}
    assert all(row["p_genes"] is not None for row in found["comparisons"] if row["effect"])
    text = plot.read_text("utf-8")
    assert all(word in text for word in ("SIMULATED", "drug_A", "q of each", "ferroptosis"))
    assert str(tmp_path) not in text
    code, out, _ = run("score", "GPX4", "--by", groups)
    assert code == 0
    assert out.startswith("SIMULATED  Values of genes by ")
    code, _, err = run("score", "GPX4", "--null", "none")
    assert code == 2
    assert "Give --by FILE too" in err
