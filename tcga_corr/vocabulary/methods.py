"""The correlation methods: what each is called, can do, and is to be cited by.

Their formulas are in :mod:`tcga_corr.stats.methods`, under the same names. The command line, batch
specs, figures, page and docs take what they print from its record.
"""

from __future__ import annotations

from dataclasses import dataclass

from tcga_corr.choices import Method


@dataclass(frozen=True)
class CorrelationMethod:
    """A correlation method.

    Attributes
    ----------
    name
        As a user names it.
    label
        What a person calls its coefficient, as on an axis: ``Pearson's r``.
    symbol
        The coefficient's own: ``r``, ``rho``, ``tau``.
    details
        How its p and interval are computed, for a methods section.
    references
        Keys of :data:`tcga_corr.vocabulary.citations.REFERENCES`.
    adjusts
        Whether it can be adjusted for other variables (partial correlation).
    has_nulls
        Whether an association by it can be compared with random genes and other pathways.
    screens
        Whether one variable can be correlated with every gene by it.
    suits_ties
        Whether its p holds where many samples share the lowest value of a variable, such as 0.
    scale
        Coefficients with the same scale are comparable.
    """

    name: Method
    label: str
    symbol: str
    details: str
    references: tuple[str, ...] = ()
    adjusts: bool = True
    has_nulls: bool = True
    screens: bool = True
    suits_ties: bool = True
    scale: str = "r"


METHODS: dict[Method, CorrelationMethod] = {
    method.name: method
    for method in (
        CorrelationMethod(
            name="pearson",
            label="Pearson's r",
            symbol="r",
            details="exact p; interval by Fisher's z",
            suits_ties=False,
        ),
        CorrelationMethod(
            name="spearman",
            label="Spearman's rho",
            symbol="rho",
            details="p exact for up to 12 samples, else by t; interval of Bonett and Wright",
            references=("spearman",),
        ),
        CorrelationMethod(
            name="kendall",
            label="Kendall's tau-b",
            symbol="tau",
            details="interval of Fieller, Hartley and Pearson",
            references=("kendall",),
            adjusts=False,
            has_nulls=False,
            screens=False,
            scale="tau",
        ),
    )
}
