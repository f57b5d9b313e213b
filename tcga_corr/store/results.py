"""The tables of batch runs: whether they are as their runs wrote them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tcga_corr.errors import StoreError, one_line
from tcga_corr.exchange import read_sealed
from tcga_corr.files import sha256_of

MANIFEST = "manifest.json"
"""The file in the folder of a run that has the hash of each of its tables."""


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest in the folder of a run; empty where there is none.

    Raises
    ------
    StoreError
        If it cannot be read, or is not as it was written.
    """
    path = folder / MANIFEST
    try:
        return read_sealed(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{path}: cannot be read ({one_line(error)})",
            "Run the spec again: it computes the run anew",
        ) from error


def changed_tables(folder: Path, manifest: Mapping[str, Any]) -> list[str]:
    """The tables of a run that are gone, or not as it wrote them."""
    return [
        name
        for name, record in manifest.get("results", {}).items()
        if not (folder / name).exists() or sha256_of(folder / name) != record["sha256"]
    ]


def check_result(path: Path) -> None:
    """Refuse a table of a run that is not as its run wrote it; one without manifest is believed.

    Raises
    ------
    StoreError
        If the table or the manifest is damaged.
    """
    record = read_manifest(path.parent).get("results", {}).get(path.name)
    if record is not None and sha256_of(path) != record["sha256"]:
        raise StoreError(
            f"{path}: cannot be read (it is not as its run wrote it)",
            f"Run the spec of {path.parent.name} again, or remove its folder",
        )
