"""SQL over the tables of batch runs: the views, the named questions, runs that are not whole."""

from __future__ import annotations

import itertools
import math
import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest

from tcga_corr.batch.folder import run_names
from tcga_corr.cli.main import run
from tcga_corr.engine import Engine, open_store
from tcga_corr.errors import AnalysisError, DataMissingError, StoreError, UsageError
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.store import sql
from tcga_corr.store.sql import named_queries, queries_folder

Row = dict[str, Any]
TYPES = ("ACC", "LIHC", "UCS", "UVM")
QUESTIONS = ("agreement", "sign_flips", "top_pairs")
SPEC = """
title = "views"
[[crosses]]
name = "all"
x = ["hallmark"]
[[pairs]]
name = "few"
pairs = [["RELA", "NFE2L2"], ["ferroptosis", "nfkb"]]
methods = ["pearson", "spearman"]
tumor_types = ["ACC"]
[[dominance]]
name = "rank"
tumor_types = ["ACC", "UCS"]
"""


@pytest.fixture(scope="module")
def small(atlas: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of three tables and no run. Read only: tests copy it."""
    engine = open_store(tmp_path_factory.mktemp("small") / "cache")
    paths = [atlas / f"TCGA.{name}.sampleMap" / "HiSeqV2.gz" for name in ("ACC", "UCS", "UVM")]
    assert not engine.load(paths, LoadOptions(source="simulated")).errors
    return engine.store.root


@pytest.fixture(scope="module")
def done(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small store with a run of the spec above. Read only."""
    folder = tmp_path_factory.mktemp("done")
    spec = folder / "views.toml"
    spec.write_text(SPEC, encoding="utf-8")
    root = shutil.copytree(small, folder / "cache")
    assert run(["--cache", str(root), "-q", "batch", str(spec)]) == 0
    return root


@pytest.fixture
def engine(small: Path, tmp_path: Path) -> Engine:
    """A copy of the small store, to change."""
    return open_store(shutil.copytree(small, tmp_path / "cache"))


def rows_of(
    seed: int, names: Sequence[str], analysis: str = "a", methods: Sequence[str] = ("pearson",)
) -> list[Row]:
    """Associations of all pairs of some names in all tumor types; some without a number."""
    rng = np.random.default_rng(seed)
    rows = []
    for method, tumor_type in itertools.product(methods, TYPES):
        for x, y in itertools.combinations(names, 2):
            shared = int(rng.integers(0, 3))
            r, q, disjoint = rng.uniform(-1, 1), rng.uniform(0, 0.1), rng.uniform(-1, 1)
            is_nothing, is_whole = rng.random(2) < (0.1, 0.3)
            rows.append(
                {
                    "analysis": analysis, "tumor_type": tumor_type, "x": x, "y": y,
                    "method": method, "n": 80,
                    "r": None if is_nothing else round(r, 3),
                    "q": None if is_nothing else q, "q_batch": None if is_nothing else q * 1.2,
                    "n_shared_genes": shared,
                    "r_disjoint": None if is_nothing or (is_whole and shared) else disjoint,
                    "source": f"source-{seed}",
                }
            )  # fmt: skip
    return rows


TYPED = {
    **dict.fromkeys(("analysis", "tumor_type", "x", "y", "method", "source"), pl.String),
    **dict.fromkeys(("n", "n_shared_genes"), pl.Int64),
    **dict.fromkeys(("r", "q", "q_batch", "r_disjoint"), pl.Float64),
}


def put(engine: Engine, name: str, rows: Sequence[Row], table: str = "associations") -> Path:
    path = engine.store.root / "results" / name / f"{table}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(rows, schema_overrides=TYPED).write_parquet(path)
    return path


NAMES = [f"SET_{letter}" for letter in "ABCDEFGH"]
RUNS = {
    "first": rows_of(1, NAMES) + rows_of(11, NAMES[:3], "b", ("spearman",)),
    # the same pairs in the other order, and some of the first alone
    "second": rows_of(2, NAMES[:6][::-1], "c", ("pearson", "spearman")),
    "third": rows_of(3, ["GENE1", "GENE2", NAMES[7]]),
}


@pytest.fixture
def runs(engine: Engine) -> Engine:
    """A store with three runs."""
    for name, rows in RUNS.items():
        put(engine, name, rows)
    return engine


# --- the views -----------------------------------------------------------------------------------


def test_the_views_are_the_tables_of_a_run(done: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = open_store(done)
    [name] = run_names(engine.store)
    folder = engine.store.root / "results" / name
    for view in ("associations", "pooled", "dominance"):
        stored = pl.read_parquet(folder / f"{view}.parquet").with_columns(
            pl.col(pl.Categorical).cast(pl.String)
        )
        frame = engine.sql(f"FROM {view}")
        assert frame.columns == ["run", *stored.columns]
        assert set(frame["run"]) == {name}
        assert frame.drop("run").equals(stored)
        monkeypatch.chdir(engine.store.root)
        with duckdb.connect() as connection:
            connection.execute((queries_folder() / f"views_{view}.sql").read_text())
            assert connection.sql(f"FROM {view}").pl().equals(frame)
    for question in QUESTIONS:
        found = engine.sql(named_queries()[question])
        assert found.is_empty() == (question == "agreement")


def test_all_runs_are_in_a_view(runs: Engine) -> None:
    counts = runs.sql("SELECT run, count(*) FROM associations GROUP BY ALL ORDER BY ALL").rows()
    assert counts == [(name, len(rows)) for name, rows in sorted(RUNS.items())]


def test_tables_of_another_version_are_joined_by_name(engine: Engine) -> None:
    put(engine, "new", [{"more": 1.5, "x": "A", "r": 0.5}])
    put(engine, "old", [{"r": 0.25, "x": "B"}])
    rows = engine.sql("SELECT run, x, r, more FROM associations ORDER BY run").rows()
    assert rows == [("new", "A", 0.5, 1.5), ("old", "B", 0.25, None)]


def test_a_run_keeps_its_name_whatever_it_is(engine: Engine) -> None:
    names = ["a b", "run=7", "it's", "we[i]rd*?", "50%41", 'quo"te', "ümlaut", "7", "{a,b}", "-- x"]
    for number, name in enumerate(names):
        put(engine, name, [{"x": str(number), "r": 0.5}])
    rows = engine.sql("SELECT run, x FROM associations").rows()
    assert sorted(rows) == sorted((name, str(number)) for number, name in enumerate(names))
    for number, name in enumerate(names):
        quoted = name.replace("'", "''")
        found = engine.sql(f"SELECT x FROM associations WHERE run = '{quoted}'")
        assert found["x"].to_list() == [str(number)]


@pytest.mark.parametrize("name", ["it's", "a[b]c", "st*r", "results"])
def test_a_store_may_have_any_name(small: Path, tmp_path: Path, name: str) -> None:
    engine = open_store(shutil.copytree(small, tmp_path / name))
    put(engine, "one", [{"r": 0.5}])
    assert engine.sql("SELECT run, r FROM associations").rows() == [("one", 0.5)]
    path = put(engine, "two", [{"r": 0.25}])
    path.write_bytes(b"PAR1" * 9)
    with pytest.raises(StoreError) as caught:
        engine.sql("FROM tables")
    assert str(path) in str(caught.value)


def test_a_folder_without_tables_and_a_hidden_one_are_no_runs(engine: Engine) -> None:
    put(engine, "one", [{"r": 0.5}])
    put(engine, ".removed", [{"r": 0.75}])
    begun = engine.store.root / "results" / "begun"
    (begun / "tasks").mkdir(parents=True)
    (begun / "plan.json").write_text("{}")
    (begun / ".associations.parquet.77.part").write_bytes(b"PAR1")
    (begun / "tasks" / "a.ACC.parquet").write_bytes(b"PAR1")
    assert engine.sql("SELECT run, r FROM associations").rows() == [("one", 0.5)]
    assert engine.sql("SELECT DISTINCT source FROM tables").height == 1


# --- no results ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "needed"),
    [
        ("FROM associations", "pairs or crosses"),
        ('SELECT r FROM "Associations" WHERE r > 0', "pairs or crosses"),
        ("FROM pooled", "pairs in several tumor types"),
        ("FROM dominance", r"\[\[dominance\]\]"),
        *((named_queries()[name], "pairs or crosses") for name in QUESTIONS),
    ],
)
def test_without_runs_the_error_names_a_spec_that_gives_them(
    engine: Engine, query: str, needed: str
) -> None:
    match = rf"no run in the store .* has a table of .*Run `tcga-corr batch SPEC` .*{needed}\."
    with pytest.raises(DataMissingError, match=match):
        engine.sql(query)
    (engine.store.root / "results" / "begun").mkdir(parents=True)
    with pytest.raises(DataMissingError, match=match):
        engine.sql(query)


def test_each_view_needs_only_its_own_tables(engine: Engine) -> None:
    put(engine, "one", [{"set": "nfkb"}], "dominance")
    assert engine.sql("FROM dominance").rows() == [("one", "nfkb")]
    with pytest.raises(DataMissingError, match="a table of pooled"):
        engine.sql("FROM pooled")


def test_the_command_says_it_in_one_line(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    root = str(engine.store.root)
    assert run(["--cache", root, "sql", "--named", "top_pairs"]) == 3
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    assert "tcga-corr batch" in output.err


def test_other_mistakes_stay_in_the_words_of_duckdb(runs: Engine) -> None:
    for query in ("FROM nowhere", "SELECT nix FROM associations", "SELECT 'x'::INT"):
        with pytest.raises(AnalysisError, match="DuckDB: "):
            runs.sql(query)


# --- damage and change ---------------------------------------------------------------------------


def harmed(content: bytes) -> Iterator[bytes]:
    """A table in ways of not being whole."""
    yield b""
    yield b"no table"
    yield content[: len(content) // 2]
    yield content[:-1]
    footer = int.from_bytes(content[-8:-4], "little")
    yield content[: -8 - footer] + b"\xff" * footer + content[-8:]
    yield content[:4] + b"\xff" * (len(content) - 12 - footer) + content[-8 - footer :]


@pytest.mark.parametrize("kind", range(6))
def test_a_damaged_table_is_named(runs: Engine, kind: int) -> None:
    path = runs.store.root / "results" / "second" / "associations.parquet"
    path.write_bytes(list(harmed(path.read_bytes()))[kind])
    with pytest.raises(StoreError) as caught:
        runs.sql("FROM associations")
    text = str(caught.value)
    assert str(path) in text
    assert "Run the spec of second again" in text
    assert "\n" not in text


def test_damage_inside_a_column_is_named(done: Path, tmp_path: Path) -> None:
    engine = open_store(shutil.copytree(done, tmp_path / "cache"))
    [path] = engine.store.root.glob("results/*/associations.parquet")
    content = path.read_bytes()
    group = pq.ParquetFile(path).metadata.row_group(0)
    columns = {one.path_in_schema: one for one in map(group.column, range(group.num_columns))}
    for name in ("x", "r", "p", "q_batch", "r_disjoint"):
        place = columns[name].data_page_offset
        changed = bytes(value ^ 0xA5 for value in content[place : place + 30])
        path.write_bytes(content[:place] + changed + content[place + 30 :])
        with pytest.raises(StoreError) as caught:
            engine.sql("FROM associations")
        assert str(caught.value).startswith(f"{path}: cannot be read ")


def test_a_table_replaced_during_the_query_is_read_again(
    runs: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_answer = sql._answer
    times = []

    def answer(*arguments: Any, **options: Any) -> pl.DataFrame:
        frame = real_answer(*arguments, **options)
        if not times:
            replaced = put(runs, "new", [{"r": 0.5}])
            replaced.replace(runs.store.root / "results" / "third" / "associations.parquet")
        times.append(frame.height)
        return frame

    monkeypatch.setattr(sql, "_answer", answer)
    assert runs.sql("FROM associations WHERE run = 'third'")["r"].to_list() == [0.5]
    assert times == [len(RUNS["third"]), 1]


def test_a_run_removed_during_the_query_is_no_error(
    runs: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_answer = sql._answer

    def answer(*arguments: Any, **options: Any) -> pl.DataFrame:
        if (runs.store.root / "results" / "third").exists():
            shutil.rmtree(runs.store.root / "results" / "third")
            raise duckdb.IOException("no such file")
        return real_answer(*arguments, **options)

    monkeypatch.setattr(sql, "_answer", answer)
    assert set(runs.sql("FROM associations")["run"]) == {"first", "second"}


def test_a_store_that_keeps_changing(runs: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    real_answer = sql._answer

    def answer(*arguments: Any, **options: Any) -> pl.DataFrame:
        frame = real_answer(*arguments, **options)
        put(runs, "third", RUNS["third"])
        return frame

    monkeypatch.setattr(sql, "_answer", answer)
    with pytest.raises(StoreError, match="keep changing"):
        runs.sql("FROM associations")


# --- the named questions -------------------------------------------------------------------------


def test_the_strongest_pairs(runs: Engine) -> None:
    groups = defaultdict(list)
    for name, rows in RUNS.items():
        for row in rows:
            is_counted = row["n_shared_genes"] == 0 or row["r_disjoint"] is not None
            if row["q_batch"] is not None and row["q_batch"] < 0.05 and is_counted:
                by = row["r"] if row["r_disjoint"] is None else row["r_disjoint"]
                key = (name, row["source"], row["tumor_type"], row["method"])
                groups[key].append((-abs(by), row["x"], row["y"], row["r"]))
    expected = [
        (*key, x, y, r) for key in sorted(groups) for _, x, y, r in sorted(groups[key])[:10]
    ]
    assert max(map(len, groups.values())) > 10
    frame = runs.sql(named_queries()["top_pairs"])
    columns = ("run", "source", "tumor_type", "method", "x", "y", "r")
    assert frame.select(columns).rows() == expected


def test_a_pair_that_shares_genes_is_ranked_without_them(engine: Engine) -> None:
    same = {"tumor_type": "ACC", "method": "pearson", "source": "s", "analysis": "a", "q_batch": 0}
    pairs = [("shared", 0.9, 3, 0.1), ("apart", 0.5, 0, None), ("within", 0.99, 3, None)]
    keys = ("x", "r", "n_shared_genes", "r_disjoint")
    put(
        engine,
        "one",
        [{**same, "y": "Y", "n": 9, **dict(zip(keys, t, strict=True))} for t in pairs],
    )
    frame = engine.sql(named_queries()["top_pairs"])
    assert frame["x"].to_list() == ["apart", "shared"]


def test_the_pairs_that_change_sign(runs: Engine) -> None:
    groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for name, rows in RUNS.items():
        for row in rows:
            if row["q"] is not None and row["q"] < 0.05:
                keys = ("analysis", "source", "x", "y", "method")
                groups[name, *(row[key] for key in keys)].append(row)
    expected = []
    for group, rows in groups.items():
        positive = sorted(row["tumor_type"] for row in rows if row["r"] > 0)
        negative = sorted(row["tumor_type"] for row in rows if row["r"] < 0)
        if positive and negative:
            found = [row["r"] for row in rows]
            counts = (len(positive), len(negative))
            types = (", ".join(positive), ", ".join(negative))
            expected.append((*group, *counts, *types, min(found), max(found)))
    frame = runs.sql(named_queries()["sign_flips"])
    assert frame.columns == [
        "run", "analysis", "source", "x", "y", "method", "n_positive", "n_negative", "positive_in",
        "negative_in", "r_min", "r_max",
    ]  # fmt: skip
    assert len(expected) > 5
    assert sorted(frame.rows()) == sorted(expected)
    counts = frame.select("n_positive", "n_negative").rows()
    order = [(-min(pair), max(pair)) for pair in counts]
    assert order == sorted(order)


def test_how_far_runs_agree(runs: Engine) -> None:
    expected = {}
    for one, other in itertools.combinations(sorted(RUNS), 2):
        pairs = defaultdict(list)
        for a, b in itertools.product(RUNS[one], RUNS[other]):
            alike = all(a[key] == b[key] for key in ("tumor_type", "method"))
            if alike and {a["x"], a["y"]} == {b["x"], b["y"]} and None not in (a["r"], b["r"]):
                pairs[one, other, a["analysis"], b["analysis"], a["method"]].append((a, b))
        for key, both in pairs.items():
            r = np.array([(a["r"], b["r"]) for a, b in both])
            is_found = np.array([(a["q"] < 0.05, b["q"] < 0.05) for a, b in both])
            expected[key] = (
                len(both),
                float(np.corrcoef(r.T)[0, 1]),
                float(np.abs(r[:, 0] - r[:, 1]).max()),
                int((r[:, 0] * r[:, 1] < 0).sum()),
                int((is_found[:, 0] & ~is_found[:, 1]).sum()),
                int((is_found[:, 1] & ~is_found[:, 0]).sum()),
            )
    assert set(expected) == {
        ("first", "second", "a", "c", "pearson"),
        ("first", "second", "b", "c", "spearman"),
    }
    frame = runs.sql(named_queries()["agreement"])
    assert frame["source_b"].unique().to_list() == ["source-2"]
    found = {(*row[:4], row[6]): row[7:] for row in frame.rows()}
    assert set(found) == set(expected)
    for key, numbers in expected.items():
        assert found[key] == pytest.approx(numbers)


def test_a_pair_in_common_has_no_correlation(engine: Engine) -> None:
    same = {"tumor_type": "ACC", "method": "pearson", "source": "s", "analysis": "a"}
    put(engine, "one", [{**same, "x": "A", "y": "B", "r": 0.5, "q": None}])
    # twice, as a symbol and its alias may stand for one gene
    rows = [{**same, "x": x, "y": y, "r": -0.25, "q": 0.01} for x, y in ("AB", "BA")]
    put(engine, "two", rows)
    [row] = engine.sql(named_queries()["agreement"]).rows()
    assert row[6:] == ("pearson", 1, None, 0.75, 1, 0, 1)
    assert not any(isinstance(value, float) and math.isnan(value) for value in row)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT content FROM read_text('/etc/hostname')",
        "SELECT * FROM glob('/etc/*')",
        "COPY (SELECT 1 AS a) TO '{store}/store.json'",
        "COPY (SELECT 1 AS a) TO '{other}'",
        "ATTACH '{store}/new.db' AS x; SELECT 1",
        "ATTACH '{other}' AS x",
        "EXPORT DATABASE '{other}'",
        "SELECT * FROM 'http://127.0.0.1:1/x.csv'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true; SELECT content FROM read_text('/etc/hostname')",
        "SELECT * FROM read_text('{store}/../own.sql')",
    ],
)
def test_a_query_stays_in_the_store(runs: Engine, tmp_path: Path, query: str) -> None:
    """It reads the store's own files, and writes none."""
    (runs.store.root.parent / "own.sql").write_text("SELECT 1")
    before = {path: path.read_bytes() for path in runs.store.root.rglob("*") if path.is_file()}
    other = tmp_path / "written"
    text = query.format(store=runs.store.root.resolve(), other=other)
    with pytest.raises((UsageError, AnalysisError)) as refused:
        runs.sql(text)
    assert "\n" not in str(refused.value)
    assert not other.exists()
    after = {path: path.read_bytes() for path in runs.store.root.rglob("*") if path.is_file()}
    assert after == before


def test_a_query_may_go_beyond_where_that_is_meant(runs: Engine, tmp_path: Path) -> None:
    other = tmp_path / "written.csv"
    runs.sql(f"COPY (SELECT count(*) AS n FROM associations) TO '{other}'", unsafe=True)
    assert other.read_text().startswith("n")
    own = "CREATE TABLE t AS SELECT count(*) AS n FROM associations; SELECT n FROM t"
    assert runs.sql(own)["n"][0] > 0
