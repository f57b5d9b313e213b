"""Published tables of covariates, recognised by their columns."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class KnownCovariates:
    """A published table.

    Attributes
    ----------
    title
        A line for people.
    citation
        What to cite.
    columns
        The columns by which it is recognised.
    aliases
        A further name to the column that is known by it.
    """

    title: str
    citation: str
    columns: frozenset[str]
    aliases: dict[str, str]


KNOWN_COVARIATES: tuple[KnownCovariates, ...] = (
    KnownCovariates(
        title="tumor purity by Aran et al. 2015",
        citation="Aran et al. 2015, Nat. Commun. 6:8971, doi:10.1038/ncomms9971",
        columns=frozenset(
            ("Sample.ID", "Cancer.type", "ESTIMATE", "ABSOLUTE", "LUMP", "IHC", "CPE")
        ),
        aliases={"purity": "CPE"},
    ),
)


def recognise(header: Collection[str]) -> KnownCovariates | None:
    """The published table whose columns are all in a header; None where there is none."""
    return next((known for known in KNOWN_COVARIATES if known.columns.issubset(header)), None)
