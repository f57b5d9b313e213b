"""Rules of the house that no single module can keep by itself."""

from __future__ import annotations

import importlib
import pkgutil
import re
import tomllib
from pathlib import Path
from typing import get_args

import tcga_corr
from tcga_corr import formats as tables
from tcga_corr import sources
from tcga_corr.analysis.nulls.associations import NULL_FUNCTIONS
from tcga_corr.choices import Method, Null, ScreenMethod
from tcga_corr.cli import options
from tcga_corr.sources import SOURCES
from tcga_corr.stats.methods import FORMULAS
from tcga_corr.vocabulary.gene_sets.catalogue import COLLECTIONS, shipped_sets
from tcga_corr.vocabulary.methods import METHODS
from tcga_corr.vocabulary.nulls import NULLS
from tests.conftest import imported_by

HEAVY = ("polars", "duckdb", "scipy", "gseapy", "pyarrow", "pandas", "numpy", "rich")
ROOT = Path(__file__).parents[1]
PACKAGE = Path(tcga_corr.__file__).parent
AT_THE_TOP = {
    "__init__", "__main__", "choices", "engine", "errors", "exchange", "expression", "files",
    "progress",
}  # fmt: skip
NOT_OF_A_ROOM = {"attack", "browser", "golden", "snapshots"}
"""The folders of tests that are not of one room."""


def _rooms() -> set[str]:
    return {path.name for path in PACKAGE.iterdir() if any(path.glob("*.py"))}


def test_every_module_stands_in_a_room_of_the_floors() -> None:
    assert {path.stem for path in PACKAGE.glob("*.py")} == AT_THE_TOP
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (floors,) = (
        rule for rule in contract["tool"]["importlinter"]["contracts"] if rule["type"] == "layers"
    )
    on_a_floor = {name for floor in floors["layers"] for name in re.findall(r"corr\.(\w+)", floor)}
    assert _rooms() == on_a_floor - AT_THE_TOP


def test_the_tests_have_the_rooms_of_the_package() -> None:
    files = (path for path in (ROOT / "tests").glob("*/**/*.*") if path.suffix != ".pyc")
    folders = {file.relative_to(ROOT / "tests").parts[0] for file in files}
    assert folders <= _rooms() | NOT_OF_A_ROOM


def test_importing_the_package_imports_no_data_library() -> None:
    assert not imported_by("import tcga_corr").intersection(HEAVY)


def test_help_imports_no_data_library() -> None:
    code = (
        "from tcga_corr.cli.main import run as _run\n"
        "for command in ([], ['correlate'], ['score'], ['load'], ['demo'], ['sql'], ['sets']):\n"
        "    _run([*command, '--help'])"
    )
    assert not imported_by(code).intersection(HEAVY)


def test_a_warm_question_needs_neither_duckdb_nor_gseapy() -> None:
    assert not imported_by("import tcga_corr.engine").intersection(HEAVY) - {"numpy"}


def test_public_names_exist_and_are_typed() -> None:
    for name in tcga_corr.__all__:
        assert getattr(tcga_corr, name) is not None
    assert dir(tcga_corr) == tcga_corr.__all__
    assert (PACKAGE / "py.typed").exists()


def _modules_with(package: object, attribute: str) -> list[object]:
    found = []
    for module in pkgutil.iter_modules(package.__path__):  # type: ignore[attr-defined]
        loaded = importlib.import_module(f"{package.__name__}.{module.name}")  # type: ignore[attr-defined]
        if hasattr(loaded, attribute):
            found.append(getattr(loaded, attribute))
    return found


def test_registries_have_every_module() -> None:
    assert {source.name for source in _modules_with(sources, "SOURCE")} == set(SOURCES)  # type: ignore[attr-defined]
    assert {known.name for known in _modules_with(tables, "FORMAT")} == {  # type: ignore[attr-defined]
        known.name for known in tables.FORMATS
    }
    assert {gene_set.collection for gene_set in shipped_sets().values()} == set(COLLECTIONS)


def test_a_method_and_a_null_have_record_and_function_under_one_name() -> None:
    assert list(METHODS) == list(FORMULAS) == list(get_args(Method))
    assert list(NULLS) == list(NULL_FUNCTIONS) == list(get_args(Null))
    assert all(name == record.name for name, record in METHODS.items())
    assert options.nulls(list(NULLS)) == list(NULLS)
    for name, record in METHODS.items():
        assert (name in get_args(ScreenMethod)) == record.screens
        assert record.adjusts <= (FORMULAS[name].pair is None)


def test_the_installed_version_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert tcga_corr.__version__ == project["version"]
    assert f"version: {project['version']}" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
