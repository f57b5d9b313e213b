"""Each known case of reliability has a test, which the docs name; and its files are tried."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tcga_corr.engine import open_store
from tcga_corr.errors import TcgaCorrError
from tcga_corr.loading.plan import LoadOptions
from tests.attack.support import check_one_line

ROOT = Path(__file__).parents[2]
PREFIX = "reliability-"


def table_of_cases() -> dict[str, list[str]]:
    """Case to its tests, as docs/reliability.md has them."""
    text = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w-]+)` \| (.+) \|$", text, re.M)
    return {case: re.findall(r"`(tests/[\w/.]+::\w+)`", tests) for case, tests in rows}


def test_every_case_has_a_test(shared: Path) -> None:
    folders = (shared / "cases").glob(f"{PREFIX}*")
    assert {path.name.removeprefix(PREFIX) for path in folders} == set(table_of_cases())


def test_every_test_of_a_case_exists() -> None:
    cases = table_of_cases()
    assert len(cases) > 10
    for case, tests in cases.items():
        assert tests, case
        for name in tests:
            path, _, function = name.partition("::")
            module = ast.parse((ROOT / path).read_text(encoding="utf-8"))
            assert function in {
                node.name for node in module.body if isinstance(node, ast.FunctionDef)
            }, name


SAYS = {
    "counts.gct": "line 2: not 2 numbers",
    "values_in_another_file.h5ad": "stored in another file",
    "three_dimensions.h5ad": "X is no matrix",
    "table.tsv.gz": "a name of 1,000,000 letters",
    "table.parquet": "a name of 1,000,000 letters",
    "gene_name_not_utf8.parquet": "not text in UTF-8",
}
GOOD = (
    "a_list", "deep", "index_columns_null", "index_columns_number", "long_number", "not_json",
    "not_utf8", "null",
)  # fmt: skip


@pytest.mark.shared
def test_the_files_of_the_cases(shared: Path, tmp_path: Path) -> None:
    """Tables that are good but for what others wrote into them load; others say why not."""
    pytest.importorskip("anndata")
    tried = set()
    for path in sorted((shared / "cases").glob(f"{PREFIX}*/*")):
        if path.suffix in (".md", ".py", ".bin"):
            continue
        tried.add(path.name)
        engine = open_store(tmp_path / path.name)
        options = LoadOptions(source="mine", tumor_type="CHOL", unit="log2(tpm+1)")
        report = engine.load([path], options)
        if path.name in SAYS:
            [error] = report.errors
            assert SAYS[path.name] in str(error)
            assert isinstance(error, TcgaCorrError)
            check_one_line(error)
        else:
            assert not report.errors
    assert tried == set(SAYS) | {f"{name}.parquet" for name in GOOD}
