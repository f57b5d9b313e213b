"""Ensembl gene ids as tables write them."""

from __future__ import annotations

PSEUDOAUTOSOMAL = "pseudoautosomal copies on chromosome Y"
"""Why rows of such copies are left out."""


def without_version(name: str) -> str:
    """``ENSG00000000003.15`` as ``ENSG00000000003``."""
    return name.partition(".")[0]


def is_pseudoautosomal_copy(name: str) -> bool:
    """Whether an id is a copy on chromosome Y: without its version it is that on chromosome X."""
    return name.startswith("ENSGR") or name.endswith("_PAR_Y")
