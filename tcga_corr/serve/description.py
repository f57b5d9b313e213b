"""What a store has that can be asked for, and questions to begin with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tcga_corr.analysis.naming.names import SetVariable, Variable
from tcga_corr.errors import TcgaCorrError
from tcga_corr.serve.names import VisitorNames
from tcga_corr.store.index import TableIndex
from tcga_corr.store.reference import MIN_GENES

Mode = Literal["two", "many", "compare"]
_N_EXAMPLES = 4


@dataclass(frozen=True)
class SourceDescription:
    """A source of the store: its tumor types, tumour samples and unit."""

    name: str
    title: str
    tumor_types: Sequence[str]
    n_samples: int
    unit: str
    simulated: bool


@dataclass(frozen=True)
class Example:
    """A question that the store can answer: what it is called, its kind and its parameters."""

    title: str
    mode: Mode
    parameters: Mapping[str, str]


@dataclass(frozen=True)
class StoreDescription:
    """What can be asked of the store.

    Attributes
    ----------
    sources, default_source
        Its sources, and that of questions that name none; None of an empty store.
    version
        Of the program.
    covariates, by
        Covariates, and what cuts samples into strata.
    methods, samples, groups
        The values of these parameters that the store can answer.
    examples
        Questions to begin with, of the default source.
    """

    sources: Sequence[SourceDescription]
    default_source: str | None
    version: str
    covariates: Sequence[str]
    methods: Sequence[str]
    samples: Sequence[str]
    groups: Sequence[str]
    by: Sequence[str]
    examples: Sequence[Example] = field(default_factory=list)


_CANDIDATES = (
    Example("ferroptosis and nfkb", "two", {"x": "ferroptosis", "y": "nfkb"}),
    Example("RELA and NFE2L2", "two", {"x": "RELA", "y": "NFE2L2"}),
    Example(
        "ferroptosis against CD8A, GZMB and PRF1",
        "many",
        {"x": "ferroptosis", "against": "CD8A,GZMB,PRF1"},
    ),
    Example(
        "ferroptosis and nfkb, adjusted for purity",
        "two",
        {"x": "ferroptosis", "y": "nfkb", "adjust": "purity"},
    ),
    Example("TP53 and MDM2", "two", {"x": "TP53", "y": "MDM2"}),
    Example("ferroptosis against nfkb, RELA and GPX4", "many",
            {"x": "ferroptosis", "against": "nfkb,RELA,GPX4"}),
    Example("GPX4 and purity", "two", {"x": "GPX4", "y": "purity"}),
)  # fmt: skip


def examples_of(names: VisitorNames, tables: Sequence[TableIndex]) -> list[Example]:
    """The first examples all of whose variables are measured in some table."""
    found = [one for one in _CANDIDATES if all(_is_known(one, names, tables))]
    return found[:_N_EXAMPLES]


def _is_known(
    example: Example, names: VisitorNames, tables: Sequence[TableIndex]
) -> Iterator[bool]:
    for name, text in example.parameters.items():
        for part in text.split(",") if name == "against" else [text]:
            try:
                variable = names.variable(part)
            except TcgaCorrError:  # such a name is no covariate of this store, or several things
                yield False
                continue
            yield any(_is_measured(variable, table) for table in tables)


def _is_measured(variable: Variable, table: TableIndex) -> bool:
    if isinstance(variable, SetVariable):
        return sum(gene in table.genes for gene in variable.gene_set.genes) >= MIN_GENES
    covariate = getattr(variable, "covariate", None)
    if covariate is not None:
        values, _ = covariate.values_of(table.metadata.samples)
        return bool((values == values).any())
    return variable.name in table.genes
