"""A small store to serve, and a visitor without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import httpx
import numpy as np

from tcga_corr.engine import Engine, open_store
from tcga_corr.serve.app import LivePage, Settings
from tcga_corr.vocabulary.gene_sets.catalogue import shipped_sets
from tests.conftest import barcodes, write_table

Value = TypeVar("Value")

PAGE = "<!doctype html><title>live</title><script>let a = '<b>';</script><p>a page</p>\n"
TYPES = {"ACC": 12, "LIHC": 30, "UVM": 21}
_SETS = shipped_sets()
GENES = list(
    dict.fromkeys(
        [
            *_SETS["ferroptosis"].genes,
            *_SETS["nfkb"].genes[:120],
            *("RELA", "NFE2L2", "GPX4", "FAM123B", "ODD1"),
        ]
    )
)
OTHERS = [f"OTHER{number:03d}" for number in range(500)]  # to draw random genes from


def make_store(folder: Path) -> Engine:
    """Three tumor types of made-up values, and covariates of their samples."""
    engine = open_store(folder / "cache")
    for number, tumor_type in enumerate(TYPES):
        load(engine, folder, tumor_type, number)
    lines = ["sample,age,dose,RELA_score"]
    for number, (tumor_type, n) in enumerate(TYPES.items()):
        for place, sample in enumerate(barcodes(n, site=tumor_type[:2])):
            age = "" if place < 3 else 40 + (place * 7 + number) % 31
            lines.append(f"{sample},{age},{(place * 5) % 11},{place}")
    table = folder / "clinic.csv"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    engine.load_covariates(table)
    return engine


def load(engine: Engine, folder: Path, tumor_type: str, seed: int) -> None:
    """Load made-up values as a tumor type's table, in place of any."""
    rng = np.random.default_rng(seed)
    n = TYPES[tumor_type]
    genes = [*GENES, *OTHERS]
    values = np.round(rng.uniform(0, 15, (len(genes), n)) + rng.uniform(0, 5, n), 2)
    path = folder / f"TCGA.{tumor_type}.sampleMap" / "HiSeqV2"
    write_table(path, barcodes(n, site=tumor_type[:2]), zip(genes, values.tolist(), strict=True))
    assert not engine.load([path]).errors


class Visitor:
    """Asks an application, from one event loop."""

    def __init__(self, app: Any, **headers: str) -> None:
        self.app = app
        self._runner = asyncio.Runner()
        transport = httpx.ASGITransport(app=app)
        self.client = httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1:8765", headers=headers
        )

    def __enter__(self) -> Visitor:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.run(self.client.aclose())
        self._runner.close()
        if isinstance(self.app, LivePage):
            self.app.answers.close()

    def run(self, what: Coroutine[Any, Any, Value]) -> Value:
        return self._runner.run(what)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.run(self.client.get(path, **options))

    def ask(self, what: str, **asked: str | Sequence[str]) -> httpx.Response:
        return self.get(f"/api/v1/{what}", params=asked)

    def told(self, what: str, **asked: str | Sequence[str]) -> Any:
        """The answer, which must be one."""
        response = self.ask(what, **asked)
        assert response.status_code == 200, response.text
        return response.json()

    def refused(self, what: str, status: int = 400, **asked: str | Sequence[str]) -> str:
        """Why there is no answer, on one line."""
        response = self.ask(what, **asked)
        assert response.status_code == status, response.text
        assert response.headers["content-type"] == "application/json; charset=utf-8"
        told = response.json()
        assert list(told) in (["error"], ["error", "name", "near"])
        assert told["error"].isprintable()
        return str(told["error"])


def visitor(engine: Engine, settings: Settings | None = None, **headers: str) -> Visitor:
    """A visitor of an engine's store."""
    return Visitor(LivePage(engine.store, settings or Settings(), PAGE), **headers)
