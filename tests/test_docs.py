"""The docs name what exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from tcga_corr.store.layout import SCHEMA_VERSION
from tcga_corr.store.sql import named_queries

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PAGES += [ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_files_that_the_docs_name_exist() -> None:
    for page in PAGES:
        for name in re.findall(
            r"`((?:tests|tools|queries|docs)/[\w./-]+)`", page.read_text("utf-8")
        ):
            assert (ROOT / name).exists(), name


def test_the_table_of_rooms_is_the_folder() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \d \| `(\w+)` \| .+ \|$", text, re.M)
    package = ROOT / "tcga_corr"
    rooms = {path.parent.name for path in package.glob("*/__init__.py")}
    modules = {path.stem for path in package.glob("*.py")} - {"__init__", "__main__"}
    assert sorted(rows) == sorted(rooms | modules)


def test_commands_of_the_readme_exist() -> None:
    from tcga_corr.cli.app import app

    known = set(typer.main.get_command(app).commands)
    used = set(re.findall(r"^tcga-corr (\w+)", (ROOT / "README.md").read_text("utf-8"), re.M))
    assert used
    assert used <= known


def test_every_named_question_says_what_it_asks() -> None:
    assert "rela_nfe2l2" in named_queries()
    for text in named_queries().values():
        assert re.match(r"-- [A-Z].*\.\n", text)


def test_the_schema_page_is_of_this_schema() -> None:
    page = (ROOT / "docs" / "schema.md").read_text(encoding="utf-8")
    assert page.startswith(f"# The store, schema {SCHEMA_VERSION}\n")
