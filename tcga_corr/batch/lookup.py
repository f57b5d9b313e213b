"""What the user's own tables know: rows that are no current symbol, and covariates."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from tcga_corr.store import Covariates, Store


def known_in(store: Store) -> Callable[[str], bool]:
    """Whether a store knows a name, as a spec writes it; reads, and writes nothing."""
    covariates = Covariates(store)

    @cache
    def genes() -> frozenset[str]:
        import pyarrow.parquet as pq

        paths = [store.table_path(key) for key in store.table_keys()]
        columns = (pq.read_table(path, columns=["gene"])["gene"].to_pylist() for path in paths)
        return frozenset(gene for column in columns for gene in column)

    def known(text: str) -> bool:
        kind, colon, name = text.partition(":")
        if colon and kind == "covariate":
            return bool(covariates.named(name))
        if colon and kind == "gene":
            return name in genes()
        return bool(covariates.named(text)) or text in genes()

    return known
