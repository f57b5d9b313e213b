"""What the tests in a browser share: the browser, a store with runs, and their pages."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from tcga_corr.cli import main
from tcga_corr.engine import Engine
from tcga_corr.vocabulary.gene_sets.catalogue import shipped_sets
from tests.browser.support import ARGUMENTS, Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HERE = Path(__file__).parent
AXE = Path(
    os.environ.get("TCGA_CORR_AXE")
    or HERE.parents[1] / ".browser" / "node_modules" / "axe-core" / "axe.min.js"
)
CHROMIUM = shutil.which("chromium")
LONG = "x" * 10_000
NAMES = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "../../x",
    "=1+1",
    "</script><script>window.hit=1</script>",
    "\u202egnirts",
    LONG,
)
TITLE = "<b>bold</b> & <img src=x onerror=alert(1)> </script><script>window.hit=1</script>"
SPECS = {
    "cross": """
title = "Programmes of cell death"
[[crosses]]
name = "cross"
x = ["ferroptosis", "RELA", "NFE2L2", "GPX4", "apoptosis"]
y = ["nfkb", "necroptosis", "pyroptosis", "autophagy", "TP53", "MYC"]
""",
    "nulls": """
null = ["genes", "sets"]
[[pairs]]
name = "nulls"
pairs = [["RELA", "ferroptosis"]]
""",
    "one": """
[[pairs]]
name = "one"
pairs = [["ferroptosis", "nfkb"]]
tumor_types = ["LIHC"]
""",
    "strata": """
draws = 50
[[pairs]]
name = "by-age"
by = "age"
pairs = [["RELA", "NFE2L2"]]
[[survival]]
name = "death"
x = ["ferroptosis", "RELA"]
where = ["gender=FEMALE"]
null = ["genes"]
""",
    "hostile": f"""
title = '{TITLE}'
[collections]
own = "own.gmt"
[[crosses]]
name = "hostile"
x = ["own"]
y = ["nfkb"]
tumor_types = ["ACC", "LIHC", "LUAD"]
[[dominance]]
name = "which"
sets = ["own"]
tumor_types = ["LIHC"]
""",
}


def lacking() -> str:
    """What a browser test needs that is not here; empty if nothing."""
    if importlib.util.find_spec("playwright") is None:
        return "playwright is not here: pip install -e '.[browser]'"
    if CHROMIUM is None:
        return "no chromium is on the PATH"
    if not AXE.is_file():
        return "axe-core is not here: npm install --no-save --prefix .browser axe-core"
    return ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip where something is lacking; but where there is a browser, never in silence in CI."""
    why = lacking()
    if why and not (os.environ.get("CI") == "true" and why.startswith("axe-core")):
        for item in items:
            if HERE in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=why))


@pytest.fixture(scope="session")
def able() -> None:
    """Fail, before anything is made, where something is lacking."""
    assert not lacking()


@pytest.fixture(scope="package")
def browser(able: None) -> Iterator[Browser]:
    """One for all tests; gone before others run, as it keeps an event loop."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    visit = Visit(browser, AXE.read_text(encoding="utf-8"))
    yield visit
    visit.close()


@pytest.fixture(scope="session")
def store(able: None, simulated: Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All 33 tumor types, and runs over them."""
    folder = tmp_path_factory.mktemp("browser")
    root = folder / "cache"
    shutil.copytree(simulated.store.root, root)
    ferroptosis, nfkb = (shipped_sets()[name].genes for name in ("ferroptosis", "nfkb"))
    genes = list(dict.fromkeys((*ferroptosis, *nfkb)))
    lines = [
        "\t".join((name, "made up", *genes[3 * place : 3 * place + 12]))
        for place, name in enumerate(NAMES)
    ]
    (folder / "own.gmt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "ages.csv").write_text(ages(simulated), encoding="utf-8")
    assert call(root, "load", "--covariates", folder / "ages.csv") == 0
    (folder / "followed.csv").write_text(followed(simulated), encoding="utf-8")
    assert call(root, "load", "--covariates", folder / "followed.csv") == 0
    assert call(root, "batch", "--paper") == 0
    for name, text in SPECS.items():
        (folder / f"{name}.toml").write_text(f'name = "{name}"{text}', encoding="utf-8")
        assert call(root, "batch", folder / f"{name}.toml") == 0
    return root


def ages(engine: Engine) -> str:
    """A covariate of every sample."""
    samples = engine.values(["RELA"]).frame["sample"].to_list()
    return "sample,age\n" + "".join(
        f"{name},{40 + place * 7 % 31}\n" for place, name in enumerate(samples)
    )


def followed(engine: Engine) -> str:
    """A gender and a follow-up of every sample, which have nothing to do with its values."""
    samples = engine.values(["RELA"]).frame["sample"].to_list()
    return "sample,gender,OS,OS.time\n" + "".join(
        f"{name},{'FEMALE' if place % 2 else 'MALE'},{place * 5 % 3 > 0:d},{1 + place * 37 % 900}\n"
        for place, name in enumerate(samples)
    )


def call(root: Path, *arguments: object) -> int:
    return main.run(["--quiet", "--cache", str(root), *map(str, arguments)])


class Pages:
    """The pages of a store's runs, each made once; and the tables that they are of."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._made: dict[str, Path] = {}

    def __getitem__(self, name: str) -> Path:
        """The page of a run by the name in its spec; of the store for an empty one."""
        if name not in self._made:
            path = self._root.parent / f"{name or 'all'}.html"
            run = [self.folder(name).name] if name else []
            assert call(self._root, "report", *run, "-o", path) == 0
            self._made[name] = path
        return self._made[name]

    def folder(self, name: str) -> Path:
        [found] = (self._root / "results").glob(f"{name}-*")
        return found

    def table(self, name: str, table: str = "associations") -> pl.DataFrame:
        return pl.read_parquet(self.folder(name) / f"{table}.parquet")


@pytest.fixture(scope="session")
def pages(store: Path) -> Pages:
    return Pages(store)
