"""The command line: formats, exit codes, streams, options; in process where nothing is lost."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

import polars as pl
import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tcga_corr.analysis.answer import ScopeQuery
from tcga_corr.analysis.correlate import CorrelateAnswer, CorrelateQuery
from tcga_corr.analysis.pool import Pooling
from tcga_corr.analysis.provenance import Provenance, SetRecord
from tcga_corr.choices import Format
from tcga_corr.cli import main
from tcga_corr.cli.app import app
from tcga_corr.cli.correlate import association_result
from tcga_corr.cli.fitting import _is_number, aligned
from tcga_corr.cli.main import shared_first
from tcga_corr.cli.options import split_names
from tcga_corr.cli.output import _render
from tcga_corr.engine import Engine
from tcga_corr.fetching.simulation import cohort_plans
from tcga_corr.vocabulary.associations import ASSOCIATION
from tcga_corr.vocabulary.gene_sets.readings import READINGS
from tests.conftest import Cli

SNAPSHOTS = Path(__file__).parents[1] / "snapshots"
ASSOCIATION_COLUMNS = [
    "tumor_type",
    "stratum",
    "x",
    "y",
    "method",
    "n",
    "r",
    "ci_low",
    "ci_high",
    "p",
    "q",
    "z_genes",
    "p_genes",
    "q_genes",
    "genes_mean",
    "genes_low",
    "genes_high",
    "z_sets",
    "p_sets",
    "sets_mean",
    "sets_low",
    "sets_high",
    "n_reference_sets",
    "n_shared_genes",
    "r_disjoint",
    "r_purity",
    "n_purity",
    "level",
    "note",
]
SCORE_COLUMNS = [
    "tumor_type",
    "sample",
    "patient",
    "sample_type",
    "set",
    "es",
    "n_genes",
    "n_missing",
]

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes], simulated: Engine) -> Run:
    """Run the command line in process over the small simulated store."""

    def run(*arguments: object) -> tuple[int, str, str]:
        store = ("--cache", str(simulated.store.root))
        code = main.run([*store, *map(str, arguments)])
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode()

    return run


@pytest.mark.slow
def test_correlate_in_every_format(run: Run, simulated: Engine) -> None:
    asked = simulated.correlate("ferroptosis", "nfkb")
    frame, pooled = asked.frame, asked.pooled["pearson"]
    assert frame.columns == ASSOCIATION_COLUMNS
    assert frame["p_genes"].null_count() == 0
    row = dict.fromkeys(ASSOCIATION_COLUMNS) | pooled.row("ferroptosis", "nfkb", "pearson")
    whole = pl.concat([frame, pl.DataFrame([row], schema=frame.schema)])
    code, out, err = run("correlate", "ferroptosis", "nfkb", "--format", "tsv")
    assert code == 0
    assert "SIMULATED" in err
    read = pl.read_csv(io.StringIO(out), separator="\t", schema=frame.schema)
    assert read.equals(whole)
    _, out, _ = run("correlate", "ferroptosis", "nfkb", "--format", "csv")
    assert pl.read_csv(io.StringIO(out), schema=frame.schema).equals(whole)
    _, out, _ = run("correlate", "ferroptosis", "nfkb", "--format", "json")
    answer = json.loads(out)
    assert list(answer) == ["schema", "query", "associations", "pooled", "provenance"]
    assert answer["schema"] == 2
    assert pl.DataFrame(answer["associations"], schema=frame.schema).equals(frame)
    assert answer["pooled"] == {"pearson": asdict(pooled)}
    assert answer["query"]["unit"] == "log2(norm_count+1)"
    assert answer["provenance"]["simulated"] is True
    assert {len(table["sha256"]) for table in answer["provenance"]["tables"]} == {64}
    _, out, _ = run("correlate", "ferroptosis", "nfkb")
    lines = out.splitlines()
    assert lines[0].startswith("SIMULATED  ferroptosis against nfkb, pearson")
    assert lines[4 + 33 :] == ["", *pooled.lines()]
    assert lines[4 + 33 + 1].startswith("pooled over 33 tumor types, 1562 samples: r = ")
    assert [line.split()[0] for line in lines[4 : 4 + 33]] == frame["tumor_type"].to_list()


@pytest.mark.slow
@pytest.mark.parametrize("ending", get_args(Format))
def test_a_file_gets_the_same_bytes_as_a_redirect(
    ending: str, cli: Cli, simulated: Engine, tmp_path: Path
) -> None:
    asked = ("-q", "--cache", simulated.store.root, "correlate", "RELA", "NFE2L2", "-t", "ACC,UVM")
    target = tmp_path / f"answer.{ending}"
    redirected = cli(*asked, "--format", ending)
    assert cli(*asked, "-o", target).stdout == b""
    assert redirected.returncode == 0
    assert redirected.stderr == b""
    assert target.read_bytes() == redirected.stdout
    assert list(tmp_path.iterdir()) == [target]


def test_nothing_is_overwritten_without_force(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "answer.tsv"
    target.write_text("mine")
    code, _, err = run("correlate", "RELA", "NFE2L2", "-o", target)
    assert (code, target.read_text()) == (2, "mine")
    assert "--force" in err
    assert run("correlate", "RELA", "NFE2L2", "-o", target, "--force")[0] == 0
    assert target.read_text().startswith("tumor_type\t")
    code, _, err = run("correlate", "RELA", "NFE2L2", "-o", tmp_path / "no" / "x.tsv")
    assert code == 2
    assert "not a folder" in err


def test_scores(run: Run, simulated: Engine) -> None:
    code, out, err = run("score", "ferroptosis", "hallmark", "-t", "UVM", "--format", "json")
    assert code == 0
    assert "SIMULATED" in err
    answer = json.loads(out)
    assert list(answer) == ["schema", "query", "scores", "provenance"]
    assert list(answer["scores"][0]) == SCORE_COLUMNS
    assert len(answer["query"]["sets"]) == 51
    shown = {row["set"] for row in answer["scores"]}
    assert "SIMULATED ferroptosis" in shown
    engine_scores = simulated.score(["ferroptosis"], tumor_types=["UVM"]).frame
    got = [row["es"] for row in answer["scores"] if row["set"] == "SIMULATED ferroptosis"]
    assert got == engine_scores["es"].to_list()


def test_scores_of_a_whole_file(run: Run, tmp_path: Path) -> None:
    gmt = tmp_path / "mine.gmt"
    gmt.write_text(
        "ONE\tx\tRELA\tNFE2L2\tGPX4\tSLC7A11\tTFRC\nTWO\ty\tRELA\tTP53\tTFRC\tFTH1\tFTL\n"
    )
    code, out, _ = run("score", gmt, "-t", "UVM", "--format", "tsv", "--min-genes", "2")
    assert code == 0
    assert set(pl.read_csv(io.StringIO(out), separator="\t")["set"]) == {
        "SIMULATED ONE",
        "SIMULATED TWO",
    }
    code, out, _ = run(
        "correlate", f"{gmt}:ONE", f"{gmt}:TWO", "--min-genes", "2", "--format", "tsv"
    )
    assert code == 0
    frame = pl.read_csv(io.StringIO(out), separator="\t")
    assert frame["n_shared_genes"].to_list() == [2] * 33 + [None]  # the last is the pooled one


def test_status_and_samples(run: Run) -> None:
    code, out, err = run("status", "--format", "tsv")
    frame = pl.read_csv(io.StringIO(out), separator="\t")
    assert (code, err, frame.height) == (0, "", 33)
    brca = frame.row(by_predicate=pl.col("tumor_type") == "BRCA", named=True)
    assert (brca["tumor"], brca["normal"], brca["n_genes"]) == (120, 19, 1500)
    code, out, _ = run("status", "--samples", "-t", "BRCA,SKCM", "--format", "tsv")
    frame = pl.read_csv(io.StringIO(out), separator="\t")
    assert code == 0
    assert frame.group_by("tumor_type", "used_as").len().sort("len")["len"].to_list() == [
        19,
        78,
        120,
    ]
    assert run("status", "-t", "LUNG")[0] == 2


def test_sets(run: Run) -> None:
    code, out, _ = run("sets", "--format", "tsv")
    frame = pl.read_csv(io.StringIO(out), separator="\t")
    assert (code, frame.height) == (0, 67)
    assert frame["licence"].null_count() == 0
    code, out, _ = run("sets", "nfkb", "--format", "tsv")
    found = pl.read_csv(io.StringIO(out), separator="\t")
    readings = found.filter(pl.col("meaning") != "")
    assert readings.select("set", "meaning").rows() == [
        (reading.name, reading.meaning) for reading in READINGS["nfkb"]
    ]
    assert "HALLMARK_TNFA_SIGNALING_VIA_NFKB" in found["set"]
    for name, n_genes, meaning in readings.select("set", "n_genes", "meaning").rows():
        _, out, _ = run("sets", name, "--genes")
        assert out.startswith(f"{name}: {n_genes} genes; {meaning}; ")
        assert len(out.splitlines()) == n_genes + 4
    code, out, _ = run("sets", "Ferroptosis", "--genes", "--format", "json")
    answer = json.loads(out)
    assert len(answer["genes"]) == 40
    assert answer["query"]["licence"] == "CC0 1.0"
    assert run("sets", "no such word")[0] == 2
    assert run("sets", "--genes")[0] == 2


def test_sql(run: Run) -> None:
    code, out, err = run("sql", "--named", "table_sizes", "--format", "csv")
    assert code == 0
    assert "SIMULATED" in err
    assert pl.read_csv(io.StringIO(out)).height == 33
    code, out, _ = run("sql", "SELECT count(*) AS n FROM samples WHERE tumor", "--format", "json")
    assert json.loads(out)["rows"] == [{"n": sum(plan.n_tumor for plan in cohort_plans().values())}]
    assert run("sql", "--list")[0] == 0
    code, _, err = run("sql", "--named", "rela_nfe2l")
    assert code == 2
    assert "rela_nfe2l2" in err
    assert run("sql")[0] == 2
    assert run("sql", "SELECT 1", "--list")[0] == 2


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("correlate", "RELAX", "nfkb"), 2, "covariate 'RELAX'. Did you mean"),
        (("correlate", "ferroptosys", "nfkb"), 2, "Did you mean ferroptosis"),
        (("correlate", "p50", "nfkb"), 2, "ASCC1, CD40, H3P40"),
        (("correlate", "RELA", "nfkb", "-t", "LICH"), 2, "Did you mean LIHC"),
        (("correlate", "RELA", "nfkb", "--source", "toil"), 3, "no table of source 'toil'"),
        (("correlate", "RELA"), 2, "Missing argument"),
        (("correlate", "RELA", "nfkb", "--method", "cosine"), 2, "cosine"),
        (("correlate", "RELA", "-q"), 2, "See `tcga-corr correlate --help`"),
        (("correlate", "RELA", "nfkb", "-t", "LIHC", "ACC"), 2, "with commas: -t LIHC,ACC"),
        (("correlate", "RELA", "nfkb", "one", "more"), 2, "See `tcga-corr correlate --help`"),
        (("correlate", "RELA", "nfkb", "--min-genes", "0"), 2, "Give 1 or more"),
        (("correlate", "no.gmt:SET", "nfkb"), 3, "no gene set file 'no.gmt'"),
        (("score", "RELA", "nfkb"), 2, "no common unit"),
        (("wrong",), 2, "No such command"),
        (("load", "nowhere.gz"), 3, "no file 'nowhere.gz'"),
    ],
)  # fmt: skip
def test_an_error_is_one_line(
    arguments: tuple[str, ...], code: int, said: str, run: Run, tmp_path: Path
) -> None:
    got, out, err = run(*arguments)
    assert (got, out) == (code, "")
    assert err.startswith("tcga-corr: error: ")
    assert err.count("\n") == 1
    assert said in err


def test_shared_options_stand_anywhere(run: Run, tmp_path: Path) -> None:
    assert shared_first(["sql", "--", "-q"]) == ["sql", "--", "-q"]
    for order in (("-q", "status"), ("status", "-q"), ("status", "--quiet", "--samples")):
        code, out, err = run(*order)
        assert (code, err) == (0, "")
        assert out
    code, _, err = run("status", "--cache", str(tmp_path / "none"))
    assert code == 3
    assert "none'" in err


def test_sql_from_a_file_and_from_standard_input(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = "SELECT count(*) AS n FROM samples"
    expected = run("sql", query)[1]
    path = tmp_path / "own.sql"
    path.write_text(query, encoding="utf-8")
    assert run("sql", "-f", str(path))[1] == expected
    monkeypatch.setattr("sys.stdin", io.StringIO(query))
    assert run("sql", "-")[1] == expected
    code, _, err = run("sql", "--file", str(tmp_path / "nowhere.sql"))
    assert code == 2
    assert "nowhere.sql" in err


def test_output_to_standard_output_and_compressed(run: Run, tmp_path: Path) -> None:
    printed = run("status", "--format", "tsv")[1]
    assert run("status", "--format", "tsv", "-o", "-")[1] == printed
    path = tmp_path / "status.tsv.gz"
    assert run("status", "-o", str(path))[0] == 0
    first = path.read_bytes()
    assert gzip.decompress(first).decode() == printed
    assert run("status", "-o", str(path), "--force")[0] == 0
    assert path.read_bytes() == first
    code, _, err = run("status", "-o", str(tmp_path / "status.gz.foo"))
    assert code == 2
    assert "ending" in err


def test_no_store_is_said(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for command in (
        ("status",),
        ("correlate", "RELA", "nfkb"),
        ("score", "nfkb"),
        ("sql", "FROM samples"),
    ):
        assert main.run(["--cache", str(tmp_path / "none"), *command]) == 3
        assert "tcga-corr demo" in capfd.readouterr().err
    assert not (tmp_path / "none").exists()


def test_rows_without_any_number_are_a_failure(run: Run) -> None:
    code, out, err = run("correlate", "RELA", "NFE2L2", "--samples", "normal", "-t", "ACC,UVM")
    assert code == 1
    assert out.count("too few samples: 0, at least 10 needed") == 2
    assert "no tumor type gives an association" in err


def test_a_failure_leaves_no_file(run: Run, tmp_path: Path) -> None:
    for name in ("rows.tsv", "rows.json"):
        question = ("correlate", "RELA", "NFE2L2", "--samples", "normal", "-t", "ACC,UVM")
        code, out, err = run(*question, "-o", str(tmp_path / name), "--plot", tmp_path / "f.svg")
        assert (code, out) == (1, "")
        assert "no tumor type gives an association" in err
    assert list(tmp_path.iterdir()) == []


def test_debug_shows_where(simulated: Engine, cli: Cli) -> None:
    done = cli("--debug", "--cache", simulated.store.root, "correlate", "RELAX", "nfkb")
    assert done.returncode == 1
    assert b"Traceback" in done.stderr


def test_the_folder_by_the_environment(
    simulated: Engine, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TCGA_CORR_CACHE", str(simulated.store.root))
    assert cli("status", "-t", "UVM").returncode == 0


@pytest.mark.slow
def test_a_closed_pipe_is_no_error(simulated: Engine) -> None:
    import subprocess
    import sys

    command = [sys.executable, "-m", "tcga_corr", "-q", "--cache", str(simulated.store.root)]
    command += ["score", "hallmark", "--format", "tsv"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


def test_version_cite_environment(cli: Cli) -> None:
    assert cli("--version").stdout == b"tcga-corr 0.1.0\n"
    assert b"10.1038/nature08460" in cli("--cite").stdout
    assert b"polars " in cli("--environment").stdout


@pytest.mark.slow
def test_demo_end_to_end(cli: Cli, tmp_path: Path) -> None:
    arguments = ("--cache", tmp_path / "cache", "demo", "--n-genes", "1500")
    first = cli(*arguments)
    assert first.returncode == 0
    lines = first.stdout.decode().splitlines()
    assert len(lines) == 4 + 33 + 1 + 9
    assert all("SIMULATED" in line for line in (lines[0], *lines[4 : 4 + 33]))
    assert lines[4 + 33 + 1].startswith("pooled over 33 tumor types, ")
    assert b"planted correlation is inside" in first.stderr
    assert b"correlate ferroptosis nfkb --source simulated --plot figure.pdf" in first.stderr
    assert cli(*arguments).stdout == first.stdout


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ("--method speerman", "--method is 'speerman'. Did you mean spearman?"),
        ("--samples blood", "--samples is 'blood'. Give one of tumor, normal, all-tumor, gtex."),
        ("--draws x", "--draws should be a whole number. See `tcga-corr correlate --help`."),
        ("--plot a.png --dpi 7", "--dpi should be greater than or equal to 30."),
        ("--plot a.png --size 7", "the size '7' cannot be read. Give width x height"),
    ],
)
def test_wrong_values_of_options_are_told_in_plain_words(
    asked: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(["correlate", "RELA", "NFE2L2", *asked.split()]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"tcga-corr: error: {why}")


def test_names_by_commas_and_repeats() -> None:
    assert split_names(["ACC, UVM", "LIHC", ""]) == ["ACC", "UVM", "LIHC"]
    assert split_names(None) == []


def every_option(command: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The options of a command and of its subcommands."""
    for option in command.params:
        yield f"{path} {option.opts[-1]}", option
    for name, inner in getattr(command, "commands", {}).items():
        yield from every_option(inner, f"{path} {name}")


def test_an_option_that_takes_several_adds_up_when_repeated() -> None:
    """A second `--null sets` must not replace the first `--null genes`."""
    several = {
        name: option
        for name, option in every_option(typer.main.get_command(app))
        if "commas" in (option.help or "")
    }
    assert {" correlate --null", " correlate --adjust", " load --tumor-type"} <= set(several)
    assert [name for name, option in several.items() if not option.multiple] == []


def by_rich(headings: list[str], rows: list[list[str]]) -> list[str]:
    """The table as rich draws it."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for position, heading in enumerate(headings):
        numeric = all(_is_number(row[position]) for row in rows)
        table.add_column(Text(heading), no_wrap=True, justify="right" if numeric else "left")
    for row in rows:
        table.add_row(*map(Text, row))
    text = io.StringIO()
    Console(file=text, width=100_000, no_color=True, color_system=None).print(table)
    return [line.rstrip() for line in text.getvalue().splitlines()]


words = st.text("aB1é漢字─ -.👩", max_size=7).map(str.strip)
cells = st.one_of(words, st.sampled_from(["", "1.5", "-3", "1e-5"]))


@settings(deadline=None, max_examples=50)
@given(
    st.integers(1, 5).flatmap(lambda k: st.lists(st.lists(cells, min_size=k, max_size=k))),
    st.data(),
)
def test_tables_are_aligned_as_by_rich(rows: list[list[str]], data: st.DataObject) -> None:
    """In wide characters too, which take two places on a terminal."""
    size = len(rows[0]) if rows else 3
    names = st.lists(words.map("h{}".format), min_size=size, max_size=size)
    headings = data.draw(names)
    assert aligned(headings, rows) == by_rich(headings, rows)


POOLED = Pooling(
    n_types=3,
    n_samples=1543,
    r=0.2412,
    ci_low=-0.4931,
    ci_high=0.77875,
    p=0.3012345,
    tau2=0.1031,
    i2=0.9612,
    cochran_q=51.577,
    cochran_q_p=6.3e-12,
    prediction_low=-0.9992,
    prediction_high=0.99961,
    n_positive=2,
    tallied_by="q_genes",
    leave_one_out_low=0.115,
    leave_one_out_low_without="ACC",
    leave_one_out_high=0.3996,
    leave_one_out_high_without="LIHC",
    r_disjoint=0.2298,
    n_types_disjoint=3,
)


def _fixed_answer() -> CorrelateAnswer:
    same = dict.fromkeys(ASSOCIATION_COLUMNS, None)
    same |= {"x": "ferroptosis", "y": "nfkb", "method": "pearson", "level": "tumor type"}
    rows: list[dict[str, Any]] = [
        {"tumor_type": "ACC", "n": 79}
        | {"r": 0.4976654321, "ci_low": 0.310750, "ci_high": 0.647523, "p": 3.1e-06, "q": 4.65e-06}
        | {"z_genes": 2.513274, "p_genes": 0.006993006993, "q_genes": 0.01048951049}
        | {"genes_mean": 0.0610034, "genes_low": -0.3012, "genes_high": 0.41075}
        | {"z_sets": 1.2, "p_sets": 0.2413793103, "sets_mean": -0.0051}
        | {"sets_low": -0.70125, "sets_high": 0.6890004, "n_reference_sets": 57}
        | {"n_shared_genes": 1, "r_disjoint": 0.4830217, "note": ""},
        {"tumor_type": "BRCA", "n": 1093}
        | {"r": 0.31, "ci_low": 0.2557, "ci_high": 0.3624, "p": 8.1e-26, "q": 2.43e-25}
        | {"z_genes": 3.0, "p_genes": 0.000999000999, "q_genes": 0.002997002997}
        | {"genes_mean": -0.01, "genes_low": -0.2, "genes_high": 0.19}
        | {"z_sets": 0.9, "p_sets": 1.0, "sets_mean": 0.05}
        | {"sets_low": -0.5, "sets_high": 0.6, "n_reference_sets": 60}
        | {"n_shared_genes": 1, "r_disjoint": 0.3, "note": "nfkb: 9 of 40 genes"},
        {"tumor_type": "LIHC", "n": 371}
        | {"r": -0.1004, "ci_low": -0.2003951, "ci_high": 0.0015, "p": 0.0533, "q": 0.0533}
        | {"z_genes": -0.86, "p_genes": 0.64, "q_genes": 0.64}
        | {"genes_mean": 0.0, "genes_low": -0.25, "genes_high": 0.25}
        | {"n_shared_genes": 1, "r_disjoint": -0.11, "note": "p_sets: 3 reference sets"},
        {"tumor_type": "UVM", "n": 7}
        | {"n_shared_genes": 1, "note": "too few samples: 7, at least 10 needed"},
    ]
    types = ["ACC", "BRCA", "LIHC", "UVM"]
    scope = ScopeQuery(types, "mine", "log2(tpm+1)", "all", "tumor", "average", 5)
    query = CorrelateQuery("ferroptosis", "nfkb", "pearson", [], scope, ["genes", "sets"], 1000)
    nfkb = SetRecord("nfkb", "mine.gmt", None, None, None, 40, "0" * 64)
    provenance = Provenance({"tcga-corr": "0.1.0"}, (), (nfkb,), (), simulated=False)
    frame = pl.DataFrame([same | row for row in rows], schema=association_schema())
    return CorrelateAnswer(frame, query, (), provenance, {"pearson": POOLED})


def association_schema() -> dict[str, Any]:
    types: dict[str, Any] = {"text": pl.String, "integer": pl.Int64, "number": pl.Float64}
    return {column.name: types[column.type] for column in ASSOCIATION}


@pytest.mark.parametrize("ending", ["table", "tsv", "csv", "json"])
def test_the_bytes_of_each_format(ending: Format) -> None:
    got = _render(association_result(_fixed_answer()), ending)
    assert got.decode() == (SNAPSHOTS / f"associations.{ending}").read_text(encoding="utf-8")


def test_parquet_keeps_types() -> None:
    got = _render(association_result(_fixed_answer()), "parquet")
    read, frame = pl.read_parquet(io.BytesIO(got)), _fixed_answer().frame
    assert read.schema == frame.schema
    assert read[:-1].equals(frame)
    row = POOLED.row("ferroptosis", "nfkb", "pearson")
    assert read.to_dicts()[-1] == dict.fromkeys(ASSOCIATION_COLUMNS) | row


def test_an_interrupt_that_is_lost_is_raised_again(tmp_path: Path) -> None:
    # as one that comes in an import that runs within compiled code
    script = """
import os, signal, time
import tcga_corr.cli.main as cli

def run(arguments):
    try:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(60)
    except KeyboardInterrupt:
        pass
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        return 130
    return 0

cli.run = run
cli.main([])
"""
    ended = subprocess.run([sys.executable, "-c", script], timeout=50, check=False)
    assert ended.returncode == 130
