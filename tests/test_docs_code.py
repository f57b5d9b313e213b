"""The code in the docs: commands are those of the program, Python runs, specs are specs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest
import typer

import tcga_corr
from tcga_corr.analysis.samples.scope import Scope
from tcga_corr.batch.spec.reading import read_spec
from tcga_corr.cli import main
from tcga_corr.cli.app import app
from tcga_corr.engine import Engine, open_store
from tcga_corr.fetching.simulation import CLINICAL, table_path
from tcga_corr.loading.plan import LoadOptions
from tests.test_docs import PAGES

_BLOCK = re.compile(r"(?:^ *<!-- ([^\n]+) -->\n)?^( *)```(\w*)\n(.*?)^ *```$", re.M | re.S)
_LANGUAGES = {"sh", "python", "toml", "text"}
_NOT_RUN = "not run: "


@dataclass(frozen=True)
class Block:
    """A block of code: its language, its text, and the comment above it."""

    page: Path
    language: str
    text: str
    comment: str


def _blocks(page: Path) -> Iterator[Block]:
    for comment, indent, language, text in _BLOCK.findall(page.read_text("utf-8")):
        plain = re.sub(f"^{indent}", "", text, flags=re.M)
        yield Block(page, language, plain, comment)


ALL = [block for page in PAGES for block in _blocks(page)]


def commands_of(text: str) -> list[list[str]]:
    """The arguments of each call of tcga-corr in a script, with 1 for the shell's variables."""
    calls = []
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.shlex(re.sub(r"\$\w+", "1", line), posix=True, punctuation_chars=True)
        words.whitespace_split = True
        call: list[str] | None = None
        for word in [*words, ";"]:
            if Path(word).name == "tcga-corr" and call is None:
                call = []
            elif word and set(word) <= set("&|;<>()"):
                calls += [call] if call is not None else []
                call = None
            elif call is not None:
                call.append(word)
    return calls


def parse(arguments: list[str]) -> None:
    """Parse arguments as the program does, without running anything."""
    command: Any = typer.main.get_command(app)
    name, left, context = "tcga-corr", main.shared_first(arguments), None
    while True:
        context = command.make_context(name, left, parent=context)
        if not hasattr(command, "commands"):
            return
        left = [*context._protected_args, *context.args]
        if not left:
            return
        name, command, left = command.resolve_command(context, left)


def test_every_block_is_checked_or_says_why_not() -> None:
    unknown = [
        f"{block.page.name}: {block.language}"
        for block in ALL
        if block.language not in _LANGUAGES and not block.comment.startswith(_NOT_RUN)
    ]
    assert unknown == []
    assert len(ALL) > 50


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_are_those_of_the_program(page: Path) -> None:
    for block in _blocks(page):
        if block.language == "sh":
            for arguments in commands_of(block.text):
                try:
                    parse(arguments)
                except typer.Exit:  # --version and the like
                    continue
                except typer.TyperException as error:
                    pytest.fail(f"{shlex.join(arguments)}: {error.format_message()}")


def test_a_wrong_command_would_be_found() -> None:
    [right, wrong] = commands_of(
        "x | tcga-corr --cache here correlate A B \\\n  -t LIHC > f  # but not\n"
        ".venv/bin/tcga-corr correlate A B --metod pearson"
    )
    assert right == ["--cache", "here", "correlate", "A", "B", "-t", "LIHC"]
    parse(right)
    with pytest.raises(typer.TyperException, match="--metod"):
        parse(wrong)


@pytest.fixture
def in_a_folder(simulated: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder has the small simulated atlas as its store."""
    (tmp_path / "cache").symlink_to(simulated.store.root)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_runs(page: Path, in_a_folder: Path) -> None:
    names: dict[str, Any] = {}
    for block in _blocks(page):
        if block.language == "python" and not block.comment.startswith(_NOT_RUN):
            exec(compile(block.text, page.name, "exec"), names)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_blocks_to_be_run_run(
    page: Path, in_a_folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    for block in _blocks(page):
        for arguments in commands_of(block.text) if block.comment == "run" else ():
            assert main.run(arguments) == 0, shlex.join(arguments)
            assert capfdbinary.readouterr().out or "-o" in arguments or "--plot" in arguments


@pytest.mark.slow
def test_the_panels_of_a_treatment_can_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """The commands of the page one after another in an empty folder, of fewer genes."""
    pytest.importorskip("pydeseq2", reason="differential expression needs pydeseq2")
    monkeypatch.chdir(tmp_path)
    page = Path(PAGES[0].parent / "docs/treatment.md")
    blocks = [block for block in _blocks(page) if block.comment == "run in order"]
    calls = [call for block in blocks for call in commands_of(block.text)]
    assert calls[0][0] == "demo"
    calls[0] += ["--n-genes", "1000"]
    for arguments in calls:
        assert main.run(arguments) == 0, shlex.join(arguments)
        assert b"Traceback" not in capfdbinary.readouterr().err
    panels = sorted(path.name for path in tmp_path.glob("*.png"))
    assert panels == ["3A.png", "3B.png", "3C.png", "3D.png", "3E.png", "6A.png", "gsea.png"]


def test_specs_are_specs(atlas: Path, tmp_path: Path) -> None:
    engine = open_store(tmp_path / "cache")
    engine.load([atlas / table_path("LIHC")], LoadOptions(source="simulated")).raise_errors()
    engine.load_covariates(atlas / CLINICAL)  # a spec may name survival
    names = engine.names(engine.cohorts(Scope()))
    texts = {page: [one.text for one in _blocks(page) if one.language == "toml"] for page in PAGES}
    assert any(page.name == "batch.md" and parts for page, parts in texts.items())
    for page, parts in texts.items():
        text = "\n".join(parts)  # a page's blocks are parts of one spec
        for file in re.findall(r"[\w/]+\.gmt", text):  # a reader's own
            (tmp_path / file).parent.mkdir(exist_ok=True)
            (tmp_path / file).write_text("A_SET\t\tRELA\tRELB\tREL\tNFKB1\tNFKB2\n", "utf-8")
        (tmp_path / "groups.tsv").write_text("sample\tgroup\na\tDMSO\nb\tERA\n", "utf-8")
        path = tmp_path / f"{page.stem}.toml"
        path.write_text(text, "utf-8")
        assert not parts or read_spec(path, names)


def test_the_reference_has_every_public_name() -> None:
    text = Path(PAGES[0].parent / "docs/python.md").read_text("utf-8")
    shown = {name.rpartition(".")[2] for name in re.findall(r"^::: (\S+)$", text, re.M)}
    assert set(tcga_corr.__all__) - {"__version__"} <= shown


def test_addresses_are_well_formed() -> None:
    for page in PAGES:
        text = page.read_text("utf-8")
        for address in re.findall(r"\]\((\w+:[^)]*)\)", text):
            parts = urlparse(address)
            assert parts.scheme in {"https", "mailto"}, address
            assert re.fullmatch(r"[\w.-]+\.[a-z]{2,}", parts.netloc), address
        for doi in re.findall(r"doi:(\S+)", text):
            assert re.match(r"10\.\d{4,9}/\S+", doi), doi
