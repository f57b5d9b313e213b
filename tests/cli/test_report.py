"""``tcga-corr report``: what it is asked for, where it writes, and that no half page is left."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tcga_corr.batch.run import Shard
from tcga_corr.cli import main
from tcga_corr.engine import Engine
from tcga_corr.page.render import report as rendered
from tcga_corr.page.runs import page_of_run
from tcga_corr.page.stores import page_of_store
from tests.batch.support import build_store, copy_of, run, write_spec
from tests.conftest import DIE_BEFORE, imported_by, run_cli, snapshot

SPEC = """\
name = "paper"
title = "The paper"
[[pairs]]
pairs = [["RELA", "NFE2L2"]]
"""
LIBRARIES = ("jinja2", "vl_convert", "polars", "numpy", "scipy", "pyarrow", "duckdb", "matplotlib")
OF_A_PAGE = ("jinja2", "vl_convert", "polars", "matplotlib")

Ask = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A store of one complete run. Read only."""
    root = tmp_path_factory.mktemp("store")
    made = build_store(root / "cache", tumor_types=("ACC", "LIHC"))
    assert run(made, write_spec(root, SPEC)).is_complete
    return made


@pytest.fixture(scope="module")
def name(engine: Engine) -> str:
    [path] = (engine.store.root / "results").iterdir()
    return path.name


@pytest.fixture
def ask(
    capfd: pytest.CaptureFixture[str], engine: Engine, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Ask:  # fmt: skip
    monkeypatch.chdir(tmp_path)

    def ask(*arguments: object, cache: Path | None = engine.store.root) -> tuple[int, str, str]:
        before = [] if cache is None else ["--cache", str(cache)]
        code = main.run([*before, *map(str, arguments)])
        out, err = capfd.readouterr()
        assert "unexpected" not in err
        return code, out, err

    return ask


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


# --- of what


def test_of_the_store_by_default(ask: Ask, engine: Engine, tmp_path: Path) -> None:
    before = snapshot(engine.store.root)
    code, out, err = ask("report")
    assert (code, out) == (0, "")
    path = tmp_path / "report.html"
    assert err == f"report.html: {path.stat().st_size / 1e6:.1f} MB\n"
    assert text_of(path) == rendered(page_of_store(engine))
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]
    assert snapshot(engine.store.root) == before


def test_of_a_run_by_its_name(ask: Ask, engine: Engine, name: str, tmp_path: Path) -> None:
    code, out, err = ask("report", name, "-o", "a.htm")
    assert (code, out) == (0, "")
    assert err.startswith("a.htm: ")
    assert text_of(tmp_path / "a.htm") == rendered(page_of_run(engine, name))
    assert '<h1 id="title">The paper</h1>' in text_of(tmp_path / "a.htm")


def test_of_a_store_by_its_folder(ask: Ask, engine: Engine, tmp_path: Path) -> None:
    code, _, _ = ask("report", engine.store.root, "-o", "b.HTML", cache=tmp_path / "none")
    assert code == 0
    assert text_of(tmp_path / "b.HTML") == rendered(page_of_store(engine))
    assert not (tmp_path / "none").exists()


def test_the_cache_is_the_default_store(ask: Ask, engine: Engine, tmp_path: Path) -> None:
    copy_of(engine, tmp_path / "cache")
    assert ask("report", cache=None)[0] == 0
    assert text_of(tmp_path / "report.html") == rendered(page_of_store(engine))


def test_a_run_goes_before_a_folder_of_its_name(
    ask: Ask, engine: Engine, name: str, tmp_path: Path
) -> None:
    (tmp_path / name).mkdir()
    assert ask("report", name)[0] == 0
    assert text_of(tmp_path / "report.html") == rendered(page_of_run(engine, name))


@pytest.mark.slow
def test_another_process_writes_the_same_bytes(
    ask: Ask, engine: Engine, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    done = run_cli("--cache", engine.store.root, "-q", "report", name, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert ask("report", name, "-o", "own.html")[0] == 0
    assert (tmp_path / "own.html").read_bytes() == (tmp_path / "report.html").read_bytes()


def test_quiet_says_nothing(ask: Ask, tmp_path: Path) -> None:
    assert ask("-q", "report") == (0, "", "")
    assert (tmp_path / "report.html").exists()


# --- what is refused


def refused(ask: Ask, *arguments: object, **options: Any) -> tuple[int, str]:
    code, out, err = ask("report", *arguments, **options)
    assert out == ""
    assert err.startswith("tcga-corr: error: ")
    assert err.count("\n") == 1
    return code, err


def test_a_file_that_exists_is_kept_without_force(ask: Ask, engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("mine", encoding="utf-8")
    code, err = refused(ask)
    assert (code, "'report.html' exists. Give --force" in err) == (2, True)
    assert text_of(path) == "mine"
    assert ask("report", "--force")[0] == 0
    assert text_of(path) == rendered(page_of_store(engine))


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("report", "a report is HTML. End it in .html"),
        ("report.pdf", "a report is HTML"),
        ("report.html.gz", "a report is HTML"),
        ("no/such/report.html", "'no/such' is not a folder. Make it"),
    ],
)
def test_where_no_page_can_be(output: str, words: str, ask: Ask, tmp_path: Path) -> None:
    code, err = refused(ask, "-o", output)
    assert (code, words in err) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_run_names_those_that_are_near(ask: Ask, name: str, tmp_path: Path) -> None:
    code, err = refused(ask, f"paper{name.removeprefix('paper-')}")
    assert code == 3
    assert f"is no run of this store, and no folder. Did you mean {name}?" in err
    code, err = refused(ask, "quite-another")
    assert (code, "`tcga-corr batch status`" in err) == (3, True)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_store(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert refused(ask, "file")[0] == 3


def test_a_store_of_nothing(ask: Ask, tmp_path: Path) -> None:
    code, err = refused(ask, cache=tmp_path / "none")
    assert (code, "no expression table in the store" in err) == (3, True)
    (tmp_path / "empty").mkdir()
    code, err = refused(ask, "empty")
    assert (code, f"no expression table in the store '{tmp_path / 'empty'}'" in err) == (3, True)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["empty"]
    assert list((tmp_path / "empty").iterdir()) == []


def test_a_run_that_is_not_complete(ask: Ask, engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "spec").mkdir()
    copy = copy_of(engine, tmp_path / "cache")
    outcome = run(copy, write_spec(tmp_path / "spec", SPEC.replace("RELA", "MYC")),
                  shard=Shard(1, 2))  # fmt: skip
    code, err = refused(ask, outcome.plan.run, cache=copy.store.root)
    assert (code, "has no tables yet. Run its spec to the end" in err) == (3, True)
    assert not (tmp_path / "report.html").exists()


# --- no half page


def test_a_disk_that_is_full_leaves_what_was_there(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "old.html").write_text("old", encoding="utf-8")
    whole = Path.write_text

    def write_text(self: Path, data: str, *more: Any, **options: Any) -> int:
        whole(self, data[:1_000], *more, **options)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))

    monkeypatch.setattr(Path, "write_text", write_text)
    for output in ("new.html", "old.html"):
        code, err = refused(ask, "-o", output, "--force")
        assert code == 1
        assert f"{output}: cannot be written (No space left on device). Free some space" in err
    monkeypatch.undo()
    assert {one.name: text_of(one) for one in tmp_path.iterdir()} == {"old.html": "old"}


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_that_may_not_be_written(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    code, err = refused(ask, "-o", "closed/a.html")
    assert (code, "cannot be written" in err) == (1, True)


KILLED = (
    DIE_BEFORE
    + """
from pathlib import Path
import jinja2, numpy, polars, pyarrow.parquet, filelock
from tcga_corr.cli import main
from tcga_corr.page.render import _vega

# Fork, write a page, and be killed just before the n-th step that changes its folder.
_vega()
STEPS = ("open", "os.rename", "os.remove")
root, folder = sys.argv[1:]
for step in range(4):
    output = Path(folder, f"{step}", "report.html")
    output.parent.mkdir()
    output.write_text("old")
    child = os.fork()
    if child == 0:
        die_before(step, str(output.parent), STEPS)
        os._exit(main.run(["--cache", root, "report", "--force", "-o", str(output)]))
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""
)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
def test_killed_at_any_step_the_page_is_the_old_or_the_new(engine: Engine, tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(engine.store.root), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    codes = [int(line) for line in done.stdout.split()]
    killed = -signal.SIGKILL
    assert codes == [killed, killed, killed, 0]
    new = rendered(page_of_store(engine))
    told = [text_of(tmp_path / str(step) / "report.html") for step in range(4)]
    assert told == ["old", "old", new, new]


# --- what is imported


def test_help_imports_no_library(tmp_path: Path) -> None:
    code = (
        "from tcga_corr.cli.main import run\n"
        "for command in ([], ['--help'], ['report', '--help'], ['batch', '--help']):\n"
        "    run(command)"
    )
    assert not imported_by(code, tmp_path).intersection(LIBRARIES)


def test_what_is_refused_at_once_makes_no_page(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("", encoding="utf-8")
    code = (
        "from tcga_corr.cli.main import run\n"
        "assert [run(['report', *more]) for more in ([], ['-o', 'a.b'])] == [2, 2]"
    )
    assert not imported_by(code, tmp_path).intersection(OF_A_PAGE)


@pytest.mark.slow
def test_other_commands_need_no_page(engine: Engine, tmp_path: Path) -> None:
    code = (
        "from tcga_corr.cli.main import run\n"
        f"run(['--cache', {str(engine.store.root)!r}, 'correlate', 'RELA', 'NFE2L2'])"
    )
    found = imported_by(code, tmp_path)
    assert "polars" in found
    assert not found.intersection(("jinja2", "vl_convert"))


@pytest.mark.slow
def test_a_page_needs_no_figures_of_matplotlib(engine: Engine, name: str, tmp_path: Path) -> None:
    code = (
        "from tcga_corr.cli.main import run\n"
        f"run(['--cache', {str(engine.store.root)!r}, 'report', {name!r}])"
    )
    found = imported_by(code, tmp_path)
    assert {"jinja2", "vl_convert"} <= found
    assert "matplotlib" not in found
    assert (tmp_path / "report.html").exists()


@pytest.mark.parametrize("name", ["x" * 10_000, "../" * 4_000, "a\0b"])
def test_what_can_be_no_folder_is_no_run_either(name: str, ask: Ask) -> None:
    code, err = refused(ask, name)
    assert code == 3
    assert "is no run of this store, and no folder" in err
    assert len(err) < 400
