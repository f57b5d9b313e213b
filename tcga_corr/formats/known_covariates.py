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
        A further name to the column that is known by it; of several the first that a row has.
    """

    title: str
    citation: str
    columns: frozenset[str]
    aliases: dict[str, tuple[str, ...]]


KNOWN_COVARIATES: tuple[KnownCovariates, ...] = (
    KnownCovariates(
        title="tumor purity by Aran et al. 2015",
        citation="Aran et al. 2015, Nat. Commun. 6:8971, doi:10.1038/ncomms9971",
        columns=frozenset(
            ("Sample.ID", "Cancer.type", "ESTIMATE", "ABSOLUTE", "LUMP", "IHC", "CPE")
        ),
        aliases={"purity": ("CPE",)},
    ),
    KnownCovariates(
        title="clinical data by Liu et al. 2018 (TCGA-CDR)",
        citation="Liu et al. 2018, Cell 173:400, doi:10.1016/j.cell.2018.02.052",
        columns=frozenset(
            (
                "gender",
                "race",
                "ajcc_pathologic_tumor_stage",
                "clinical_stage",
                "OS",
                "OS.time",
                "DSS",
                "DSS.time",
                "DFI",
                "DFI.time",
                "PFI",
                "PFI.time",
            )
        ),
        aliases={
            "age": ("age_at_initial_pathologic_diagnosis",),
            "stage": ("ajcc_pathologic_tumor_stage", "clinical_stage"),
            "grade": ("histological_grade",),
            "histology": ("histological_type",),
            "study": ("cancer_type_abbreviation",),
        },
    ),
)


def recognise(header: Collection[str]) -> KnownCovariates | None:
    """The published table whose columns are all in a header; None where there is none."""
    return next((known for known in KNOWN_COVARIATES if known.columns.issubset(header)), None)
