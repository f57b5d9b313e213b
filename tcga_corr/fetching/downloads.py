"""Which file among a store's downloads a table is made of."""

from __future__ import annotations

from pathlib import Path

from tcga_corr.sources import SOURCES, gdc_api, simulated
from tcga_corr.store import Store, TableKey


def downloaded_table(store: Store, key: TableKey) -> Path | None:
    """The file in the store's downloads from which a table is made; None where there is none."""
    folder = store.downloads(key.source)
    source = SOURCES.get(key.source)
    if source is None:
        return None
    if source is gdc_api.SOURCE:
        path = folder / f"TCGA-{key.tumor_type}" / gdc_api.SAMPLE_SHEET
    elif source is simulated.SOURCE:
        path = folder / simulated.table_name(key.tumor_type)
    elif source.table is not None:
        path = folder / source.table.of(key.tumor_type).path
    else:
        return None
    return path if path.is_file() else None
