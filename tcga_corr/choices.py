"""The values of options and parameters, as types that code and command line share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

from tcga_corr.errors import UsageError

Method = Literal["pearson", "spearman", "kendall"]
MethodOrAll = Literal[Method, "all"]
ScreenMethod = Literal["pearson", "spearman"]
FigureOrder = Literal["value", "name", "n", "given", "cluster"]
CompareFigure = Literal["boxes", "differences"]
ScreenFigure = Literal["heat", "volcano"]
Null = Literal["genes", "sets"]
Selection = Literal["tumor", "normal", "all-tumor", "gtex"]
Ties = Literal["average", "gseapy", "gsva"]
ScoringEngine = Literal["closed-form", "gseapy"]
Genes = Literal["protein-coding", "all"]
Normalization = Literal["cpm"]
DeFigure = Literal["volcano", "ma", "overlap", "heat"]
RowsOfTable = Literal["genes", "samples"]
CovariateKey = Literal["sample", "patient"]
Cut = Literal["median", "tertiles"]
EnrichMethod = Literal["gsea", "ora"]
EnrichEngine = Literal["numpy", "gseapy"]
Direction = Literal["both", "up", "down"]
PcaTable = Literal["samples", "covariates"]
Format = Literal["table", "tsv", "csv", "json", "parquet", "xlsx"]

BY_SAMPLE_TYPE = "sample-type"
"""The groups of ``compare`` that need no file: tumour and solid tissue normal."""
BY_GTEX = "gtex"
"""The groups of ``compare``: tumour, and the normal tissue of donors of GTEx."""

FIGURE_ORDERS: tuple[FigureOrder, ...] = get_args(FigureOrder)
SELECTIONS: tuple[Selection, ...] = get_args(Selection)
TIES: tuple[Ties, ...] = get_args(Ties)
CUTS: tuple[Cut, ...] = get_args(Cut)
ENRICH_METHODS: tuple[EnrichMethod, ...] = get_args(EnrichMethod)
ENRICH_ENGINES: tuple[EnrichEngine, ...] = get_args(EnrichEngine)
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
SCORING_ENGINES: tuple[ScoringEngine, ...] = get_args(ScoringEngine)


def check_choice(name: str, value: str, choices: Iterable[str]) -> None:
    """Refuse a value that is none of the choices.

    Raises
    ------
    UsageError
        Naming the parameter and the choices.
    """
    if value not in choices:
        raise UsageError(f"{name} is '{value}'", f"Give one of {', '.join(choices)}")
