"""The nulls of an association: what each compares with, its columns, and what to cite.

They are in order of strictness: sentences quote the last that an association has. Their functions
are in :mod:`tcga_corr.analysis.nulls`, under the same names. The command line,
batch specs, figures, page and docs take what they print from its record.
"""

from __future__ import annotations

from dataclasses import dataclass

from tcga_corr.choices import Null


@dataclass(frozen=True)
class NullRecord:
    """A null.

    Attributes
    ----------
    name
        As a user names it.
    compared_with
        What the association stands among, for sentences: ``random genes of the same expression``.
    short
        The same in a word or two, for legends.
    details
        How it is computed, for a methods section; ``{draws}`` stands for the number of draws.
    needs_set
        Whether one of the two variables has to be a gene set.
    needs_reference
        Whether it compares with the reference collection of pathways.
    references
        Keys of :data:`tcga_corr.vocabulary.citations.REFERENCES`.
    """

    name: Null
    compared_with: str
    short: str
    details: str
    needs_set: bool = False
    needs_reference: bool = False
    references: tuple[str, ...] = ()

    @property
    def p(self) -> str:
        """The column of its p-value."""
        return f"p_{self.name}"

    @property
    def low(self) -> str:
        """The column of the lower end of what it gives in 95 % of cases."""
        return f"{self.name}_low"

    @property
    def high(self) -> str:
        """The column of the upper end."""
        return f"{self.name}_high"

    @property
    def columns(self) -> tuple[str, str, str]:
        """Its columns in the row of an association."""
        return self.p, self.low, self.high


NULLS: dict[Null, NullRecord] = {
    null.name: null
    for null in (
        NullRecord(
            name="genes",
            compared_with="random genes of the same expression",
            short="random genes",
            details="p_genes is the share of random pairs (at most {draws:,}; disjoint, of the "
            "same sizes, matched gene by gene on mean expression in 20 bins) whose |r| is at least "
            "that observed without shared genes; drawing stops once 50 such pairs are found",
            references=("besag-clifford",),
        ),
        NullRecord(
            name="sets",
            compared_with="other pathways of the same size",
            short="other pathways",
            details="p_sets is the larger of the two ranks of that |r| among pairs of one side "
            "with real gene sets of half to one and a half times the other's size (2,195 sets of "
            "Reactome, WikiPathways and the Gene Ontology, without those whose Jaccard index with "
            "it is 0.3 or more)",
            needs_set=True,
            needs_reference=True,
        ),
    )
}
N_DRAWS = 1_000
