"""The note on variables with many samples at their lowest value, whose Pearson p is too small."""

from __future__ import annotations

import numpy as np
import pytest

from tcga_corr.analysis.naming.names import CovariateVariable, GeneVariable, Variable
from tcga_corr.analysis.panel import Panel
from tcga_corr.analysis.samples.cohort import notes_of_ties
from tcga_corr.analysis.samples.scope import Scope
from tcga_corr.engine import Engine, open_store
from tcga_corr.vocabulary.gene_sets.gmt import GeneSet
from tcga_corr.vocabulary.methods import METHODS
from tests.conftest import barcodes, write_table

N = 40
SET = GeneSet("S", "", tuple(f"T{number}" for number in range(8)))
ADVICE = (
    "of the samples have its lowest value, so the p of Pearson's r may be far too small; "
    "use Spearman's rho"
)
AT_ZERO = f"ZEROS: 45 % {ADVICE}"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Genes of which ZEROS is 0 in 18 of 40 samples, and a covariate that is 0 in 20 of 39."""
    folder = tmp_path_factory.mktemp("ties")
    rng = np.random.default_rng(4)
    names = [f"T{number}" for number in range(60)]
    values = rng.uniform(1, 12, (len(names) + 1, N)).round(3)
    values[-1, :18] = 0
    rows = list(zip([*names, "ZEROS"], values.tolist(), strict=True))
    samples = barcodes(N)
    found = open_store(folder / "cache")
    found.load(write_table(folder / "TCGA.ACC.x" / "HiSeqV2", samples, rows)).raise_errors()
    smoked = ["", *["0"] * 20, *(f"{years}" for years in range(1, 20))]
    lines = [f"{name},{years}" for name, years in zip(samples, smoked, strict=True)]
    path = folder / "clinic.csv"
    path.write_text("\n".join(["sample,smoked", *lines]) + "\n", encoding="utf-8")
    found.load_covariates(path)
    return found


def test_the_share_that_is_noted() -> None:
    row = np.arange(20.0)
    values = np.stack([np.maximum(row, 5), np.maximum(row, 6), np.minimum(row, 3), row])
    names = ["three in ten", "more", "at the highest", "untied"]
    expected = ["", f"more: 35 % {ADVICE}", "", ""]
    assert notes_of_ties(names, values, "pearson") == expected
    assert notes_of_ties(["one"], [np.full(5, 2.5)], "pearson") == [f"one: 100 % {ADVICE}"]
    for method in METHODS:
        if method != "pearson":
            assert notes_of_ties(names, values, method) == [""] * 4
    assert notes_of_ties(["nothing"], [np.empty(0)], "pearson") == [""]


def test_the_note_is_of_pearson_alone(engine: Engine) -> None:
    frame = engine.correlate("ZEROS", "T9", method="all", null=()).frame
    notes = dict(frame.select("method", "note").iter_rows())
    assert notes == {"pearson": AT_ZERO, "spearman": "", "kendall": ""}
    assert engine.correlate(SET, "T9", null=()).frame["note"].to_list() == [""]


def test_only_samples_that_are_correlated_count(engine: Engine) -> None:
    """Of the 40 samples one lacks the covariate, a sample at 0 of the gene."""
    (note,) = engine.correlate("smoked", "ZEROS", null=()).frame["note"]
    shares = f"smoked: 51 % {ADVICE}; ZEROS: 44 % {ADVICE}"
    assert note == f"1 sample without smoked; {shares}"
    (note,) = engine.correlate("T9", "ZEROS", adjust="smoked", null=()).frame["note"]
    assert note == f"1 sample without smoked; ZEROS: 44 % {ADVICE}"


def test_a_batch_and_robustness_say_the_same(engine: Engine) -> None:
    data = engine.data(Scope())
    variables: list[Variable] = [data.names.variable(name) for name in ("ZEROS", "smoked", "T9")]
    assert isinstance(variables[0], GeneVariable)
    assert isinstance(variables[1], CovariateVariable)
    panel = Panel(data.cohorts[0], variables)
    pairs = [(0, 2), (1, 0), (1, 2), (0, 1)]
    found = panel.pairs(*np.array(pairs).T)
    names = [variable.name for variable in variables]
    for (x, y), note in zip(pairs, found.notes, strict=True):
        asked = engine.correlate(names[x], names[y], null=()).frame["note"].to_list()
        assert asked == [note]
        assert ADVICE in note
    frame = engine.robustness("ZEROS", "T9", tumor_type="ACC", null=()).frame
    notes = {row["method"]: row["note"] for row in frame.iter_rows(named=True)}
    assert notes == {"pearson": AT_ZERO, "spearman": "", "kendall": ""}
