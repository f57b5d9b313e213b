"""``score`` of genes: their values, by the columns of scores."""

from __future__ import annotations

from io import StringIO
from typing import Any

import polars as pl
import pytest

from tcga_corr.cli import main
from tcga_corr.engine import Engine
from tcga_corr.errors import UsageError

WHERE: dict[str, Any] = {"tumor_types": ["LIHC", "UVM"]}


def test_a_gene_has_its_values_in_the_columns_of_scores(simulated: Engine) -> None:
    scores = simulated.score("ferroptosis", **WHERE).frame
    answer = simulated.score("RELA", **WHERE)
    frame = answer.frame
    assert frame.schema == scores.schema
    assert frame["es"].to_list() == simulated.values("RELA", **WHERE).frame["RELA"].to_list()
    assert set(frame["set"]) == {"SIMULATED RELA"}
    assert frame.select("n_genes", "n_missing").unique().rows() == [(1, 0)]
    assert "es has values of genes, log2(norm_count+1): RELA" in answer.notes
    assert simulated.score(["RELA"], **WHERE).frame.equals(frame)
    assert simulated.score("p65", **WHERE).frame["es"].equals(frame["es"])


def test_genes_are_apart_where_wanted_and_else_a_set(simulated: Engine) -> None:
    genes = ["RELA", "NFE2L2", "GPX4", "ACSL4", "TP53"]
    apart = simulated.score(genes, apart=True, **WHERE).frame
    assert apart["set"].unique().sort().to_list() == sorted(f"SIMULATED {one}" for one in genes)
    together = simulated.score(genes, **WHERE).frame
    assert together["set"].n_unique() == 1
    assert together.equals(simulated.score([",".join(genes)], apart=True, **WHERE).frame)


def test_genes_and_sets_are_not_mixed(simulated: Engine) -> None:
    for given in (["RELA", "ferroptosis"], ["hallmark", "RELA"]):
        with pytest.raises(UsageError, match=r"'RELA' is a gene and .* no common unit"):
            simulated.score(given, apart=True, **WHERE)
    with pytest.raises(UsageError, match="gseapy scores sets"):
        simulated.score("RELA", engine="gseapy", **WHERE)


def test_arguments_are_each_a_gene(
    simulated: Engine, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    command = ["--cache", str(simulated.store.root), "score", "RELA", "GPX4", "-t", "UVM"]
    assert main.run([*command, "--format", "tsv"]) == 0
    out, err = (text.decode() for text in capfdbinary.readouterr())
    read = pl.read_csv(StringIO(out), separator="\t")
    wanted = simulated.values(["RELA", "GPX4"], tumor_types=["UVM"]).frame
    for name in ("RELA", "GPX4"):
        own = read.filter(pl.col("set") == f"SIMULATED {name}")
        assert own["es"].to_list() == pytest.approx(wanted[name].to_list())
    assert "es has values of genes" in err
    assert main.run(command) == 0
    assert capfdbinary.readouterr()[0].decode().startswith("SIMULATED  Values of genes; simulated")
