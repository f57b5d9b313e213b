"""How strongly two things vary together across the patients of each TCGA tumor type.

    import tcga_corr as tc

    engine = tc.open_store("cache")
    engine.load(["TCGA.LIHC.sampleMap/HiSeqV2.gz"])
    engine.correlate("ferroptosis", "nfkb").frame
    engine.score(["ferroptosis"]).frame

Importing this imports no data library; they come with the first call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tcga_corr.batch.run import run_spec
    from tcga_corr.engine import Answer, Engine, open_store
    from tcga_corr.errors import TcgaCorrError
    from tcga_corr.fetching.fetcher import FetchOptions
    from tcga_corr.loading.plan import LoadOptions
    from tcga_corr.vocabulary.gene_sets.gmt import GeneSet, read_gmt

__all__ = [
    "Answer",
    "Engine",
    "FetchOptions",
    "GeneSet",
    "LoadOptions",
    "TcgaCorrError",
    "__version__",
    "open_store",
    "read_gmt",
    "run_spec",
]

_HOMES = {
    "Answer": "engine",
    "Engine": "engine",
    "FetchOptions": "fetching.fetcher",
    "GeneSet": "vocabulary.gene_sets.gmt",
    "LoadOptions": "loading.plan",
    "TcgaCorrError": "errors",
    "open_store": "engine",
    "read_gmt": "vocabulary.gene_sets.gmt",
    "run_spec": "batch.run",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module, metadata

    if name == "__version__":
        return metadata.version("tcga-corr")
    if name in _HOMES:
        return getattr(import_module(f"tcga_corr.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'tcga_corr' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__
