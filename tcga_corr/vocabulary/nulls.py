"""The nulls of an association: what each compares with, its columns, and what to cite.

They are in order of strictness: sentences quote the last that an association has. Their functions
are in :mod:`tcga_corr.analysis.nulls.associations`, under the same names. The command line,
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
        What the association stands among, for sentences: ``random genes of the same mean``.
    short
        The same in a word or two, for legends.
    details
        How it is computed, for a methods section; ``{draws}`` stands for the number of draws.
    needs_set
        Whether one of the two variables has to be a gene set.
    needs_reference
        Whether it compares with the reference collection of pathways.
    adjusts_p
        Whether its p-values have a q.
    references
        Keys of :data:`tcga_corr.vocabulary.citations.REFERENCES`.
    """

    name: Null
    compared_with: str
    short: str
    details: str
    needs_set: bool = False
    needs_reference: bool = False
    adjusts_p: bool = False
    references: tuple[str, ...] = ()

    @property
    def z(self) -> str:
        """The column of how far r is from what it gives on average."""
        return f"z_{self.name}"

    @property
    def p(self) -> str:
        """The column of its p-value."""
        return f"p_{self.name}"

    @property
    def q(self) -> str | None:
        """The column of the adjusted p-value."""
        return f"q_{self.name}" if self.adjusts_p else None

    @property
    def mean(self) -> str:
        """The column of the r that it gives on average."""
        return f"{self.name}_mean"

    @property
    def low(self) -> str:
        """The column of the lower end of what it gives in 95 % of cases."""
        return f"{self.name}_low"

    @property
    def high(self) -> str:
        """The column of the upper end."""
        return f"{self.name}_high"

    @property
    def n(self) -> str | None:
        """The column of the number of reference sets that it compares with."""
        return "n_reference_sets" if self.needs_reference else None

    @property
    def columns(self) -> tuple[str, ...]:
        """Its columns in the row of an association, in order."""
        every = (self.z, self.p, self.q, self.mean, self.low, self.high, self.n)
        return tuple(name for name in every if name)


NULLS: dict[Null, NullRecord] = {
    null.name: null
    for null in (
        NullRecord(
            name="genes",
            compared_with="random genes of the same mean and spread",
            short="random genes",
            details="p_genes is the two-tailed rank of r, without shared genes, among {draws:,} "
            "random pairs (disjoint, of the same sizes, matched gene by gene on mean and standard "
            "deviation of expression in 20 x 5 classes; of two genes, among all pairs of their "
            "classes); where fewer than 10 pairs reach it, a normal tail on Fisher's z",
            adjusts_p=True,
            references=("phipson-smyth",),
        ),
        NullRecord(
            name="sets",
            compared_with="other pathways of like size and spread",
            short="other pathways",
            details="p_sets is the two-tailed rank of that r among pairs of one side with the 200 "
            "real gene sets nearest to the other in size, mean expression and spread, the larger "
            "of the two directions (2,195 sets of Reactome, WikiPathways and the Gene Ontology, "
            "without those whose Jaccard index with it is 0.3 or more)",
            references=("phipson-smyth",),
            needs_set=True,
            needs_reference=True,
        ),
    )
}
N_DRAWS = 1_000
