"""Options and arguments that several commands share, each defined once."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from tcga_corr.choices import FigureOrder, Format, Genes, Null, Selection, Ties
from tcga_corr.cli.collecting import GrowingPage
from tcga_corr.cli.output import Out as Out
from tcga_corr.errors import UsageError
from tcga_corr.figures.look import FigureFile, Look
from tcga_corr.vocabulary.nulls import NULLS

if TYPE_CHECKING:
    from tcga_corr.analysis.samples.scope import ScopeOptions

    Scope = ScopeOptions
else:
    Scope = dict  # spares --help the imports


TumorTypes = Annotated[
    list[str] | None,
    typer.Option(
        "-t",
        "--tumor-type",
        metavar="TYPE",
        help="A tumor type, such as LIHC or liver; several with commas or by repeating. "
        "Default: all. COADREAD, GBMLGG, KIPAN, LUNG and STES are several studies, held fixed.",
    ),
]
SourceName = Annotated[
    str | None,
    typer.Option(metavar="S", help="The source of the tables, where the store has several."),
]
ChosenGenes = Annotated[
    Genes | None,
    typer.Option(
        "--genes",
        help="Which genes to keep, and so to rank. Default: protein-coding of tables by "
        "Ensembl gene, all of others.",
    ),
]
SampleSelection = Annotated[
    Selection,
    typer.Option(
        "--samples",
        help="tumor: one tumour sample per patient. normal: solid tissue normal. "
        "all-tumor: every tumour sample, so a patient may count twice. gtex: the tissue of donors "
        "of GTEx, one sample each, where fetch --gtex loaded it.",
    ),
]
TieRule = Annotated[
    Ties,
    typer.Option(
        "--ties",
        help="How ssGSEA ranks equal values. average: independent of row order. "
        "gseapy, gsva: as these tools, to reproduce published scores.",
    ),
]
MinGenes = Annotated[int, typer.Option(metavar="N", help="Genes of a set that a table must have.")]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="CONDITION",
        help="Only samples that meet it: gender=FEMALE, 'stage in I,II', 'age<60', 'purity>=0.7', "
        "'race!=WHITE', 'grade is known'; by repeating, all of several. See `covariates`.",
    ),
]
AdjustFor = Annotated[
    list[str] | None,
    typer.Option(
        "--adjust",
        metavar="Z",
        help="Adjust for Z: partial correlation. purity or another covariate, of categories their "
        "levels, a gene or a gene set such as proliferation, or pcs:5, the first components of "
        "expression; several with commas or by repeating. Samples without it are left out.",
    ),
]
ALL_NULLS = ",".join(NULLS)
Nulls = Annotated[
    list[str] | None,
    typer.Option(
        "--null",
        metavar=f"{ALL_NULLS}|none",
        help="What else to compare r with: "
        + ", ".join(f"{null.compared_with} ({null.p})" for null in NULLS.values())
        + f", or nothing; several with commas or by repeating. Default: {ALL_NULLS}.",
    ),
]
ScreenNulls = Annotated[
    list[str] | None,
    typer.Option(
        "--null",
        metavar=f"{ALL_NULLS}|none",
        help="What else to compare r with, as in correlate. Default: genes; of more than 200 sets "
        "or pairs none, as it takes minutes.",
    ),
]
GroupNulls = Annotated[
    list[str] | None,
    typer.Option(
        "--null",
        metavar="genes|none",
        help="What else to compare effects with: random genes of the same mean and spread "
        "(p_genes), or nothing. Default: genes; of more than 200 variables none.",
    ),
]
Draws = Annotated[int, typer.Option(metavar="B", help="Random pairs or sets at most, for p_genes.")]
OutputFormat = Annotated[
    Format | None,
    typer.Option("--format", help="Default: that of the output file's ending, else a table."),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE",
        help="Write to a file instead of stdout; compressed, if it ends in .gz.",
    ),
]
Wide = Annotated[
    bool,
    typer.Option("--wide", help="All columns of the table, whatever fits in the terminal."),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite the output file, or the figure.")]
PlotPath = Annotated[
    Path | None,
    typer.Option("--plot", metavar="FILE.{png,svg,pdf}", help="Draw it too."),
]
Dpi = Annotated[
    int | None, typer.Option("--dpi", metavar="N", min=30, max=1200, help="Dots per inch of a PNG.")
]
Title = Annotated[
    str | None,
    typer.Option("--title", metavar="TEXT", help="Title of the figure; '' for none."),
]
Dark = Annotated[bool, typer.Option("--dark", help="Draw on a dark ground, for slides.")]
AddToReport = Annotated[
    Path | None,
    typer.Option(
        "--add-to-report",
        metavar="FILE.html",
        help="Add the question to a page, with its answer, figures, tables and methods; a new page "
        "if there is none.",
    ),
]
Report = GrowingPage | None
"""A page that grows, from ``--add-to-report``."""
FigureSize = Annotated[
    str | None,
    typer.Option(
        "--size",
        metavar="WxH",
        help="Width and height of the figure: 7x5 inches, 18x12cm or 180x120mm.",
    ),
]
Order = Annotated[
    FigureOrder | None,
    typer.Option(
        "--order",
        help="Tumor types of the figure: value, by what is drawn, such as r; name; n; given, as by "
        "-t. Of heat maps also cluster, which is of rows and columns.",
    ),
]
Plot = FigureFile | None
"""A figure's file and look, from ``--plot`` and what belongs to it."""
FigureLook = Look
"""The look of a figure whose file is an argument."""


def nulls(given: Sequence[str] | None, known: Sequence[Null] = tuple(NULLS)) -> list[Null]:
    """The nulls that ``--null`` names, by commas, by repeating it, or both; all by default.

    Parameters
    ----------
    given
        The option's values.
    known
        The nulls that the command has.

    Raises
    ------
    UsageError
        If it is neither ``none`` nor names of nulls.
    """
    text = ",".join(given or known)
    names = [part.strip() for part in text.split(",")]
    if names == ["none"]:
        return []
    if any(name not in known for name in names):
        several = ", both with a comma," if len(known) > 1 else ""
        raise UsageError(f"--null is '{text}'", f"Give {', '.join(known)}{several} or none")
    return [cast(Null, name) for name in names]


def split_names(names: Sequence[str] | None) -> list[str]:
    """Names given by repeating an option, by commas, or both.

    Raises
    ------
    UsageError
        If the option was given and names nothing, so that an empty variable is not taken for all.
    """
    split = [part for name in names or () for part in _parts(name)]
    if names and not split:
        raise UsageError("an empty name is given", "Name one or more, or leave it out for all")
    return split


def _parts(name: str) -> list[str]:
    if ":" not in name:
        return [part.strip() for part in name.split(",") if part.strip()]
    from tcga_corr.vocabulary.gene_sets.paths import split_at_commas

    return split_at_commas(name)


_LOOK: dict[str, tuple[Any, Any]] = {
    "size": (FigureSize, None),
    "order": (Order, None),
    "title": (Title, None),
    "dpi": (Dpi, None),
    "dark": (Dark, False),
}
# parameters of a command to the options for which they stand
_GROUPS: dict[str, dict[str, tuple[Any, Any]]] = {
    "scope": {
        "tumor_types": (TumorTypes, None),
        "source": (SourceName, None),
        "samples": (SampleSelection, "tumor"),
        "ties": (TieRule, "average"),
        "min_genes": (MinGenes, 5),
        "where": (Where, None),
    },
    "out": {
        "output_format": (OutputFormat, None),
        "output": (Output, None),
        "force": (Force, False),
        "wide": (Wide, False),
    },
    "plot": {"path": (PlotPath, None), **_LOOK},
    "look": _LOOK,
    "report": {"add_to_report": (AddToReport, None)},
}


_LONGEST_TITLE = 200  # letters, of which a figure's width holds about 100


def _figure_file(path: Path | None, tumor_types: Sequence[str], **asked: Any) -> FigureFile | None:
    """The file of a figure, and the look that the options beside ``--plot`` ask for."""
    if path is None:
        for name, one in asked.items():
            if one not in (None, False):
                raise UsageError(f"--{name} is of a figure", "Give --plot FILE too")
        return None
    return FigureFile(path, _look(tumor_types, **asked))


def _look(tumor_types: Sequence[str] = (), **asked: Any) -> Look:
    given = {name: one for name, one in asked.items() if one not in (None, False)}
    title = given.get("title")
    if title is not None and len(title) > _LONGEST_TITLE:
        raise UsageError(
            f"--title has {len(title):,} letters, and {_LONGEST_TITLE} are the most",
            "Give a shorter one",
        )
    if given.get("order") == "given" and tumor_types:
        from tcga_corr.vocabulary.tumor_types import order_as_given

        given["order"] = order_as_given(tumor_types)
    return Look(**given)


def _tell_written(arguments: dict[str, Any]) -> None:
    """Name the files that a command wrote, on standard error."""
    out = arguments.get("out")
    written = [arguments.get("plot"), out.file if isinstance(out, Out) else None]
    written.append(arguments.get("report"))
    for path in filter(None, written):
        arguments["context"].obj.note(f"wrote {path}")


def command(function: Callable[..., None]) -> Callable[..., None]:
    """A command whose parameters ``scope`` and ``out`` stand for several options each.

    ``scope`` is given as the keywords of a question of the engine, ``out`` as
    :class:`tcga_corr.cli.output.Out`, which has refused a file that cannot be written, ``plot`` as
    :class:`tcga_corr.figures.look.FigureFile` or None, ``look`` as
    :class:`tcga_corr.figures.look.Look`.
    """
    own = inspect.signature(function, eval_str=True).parameters
    parameters: list[inspect.Parameter] = []
    for name, parameter in own.items():
        group = _GROUPS.get(name, {name: (parameter.annotation, parameter.default)})
        parameters += [
            inspect.Parameter(
                option, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default
            )
            for option, (annotation, default) in group.items()
        ]

    @functools.wraps(function)
    def run(**arguments: Any) -> None:
        given = {
            group: {option: arguments.pop(option) for option in options}
            for group, options in _GROUPS.items()
            if group in own
        }
        if "scope" in given:
            tumor_types = split_names(given["scope"].pop("tumor_types"))
            where = given["scope"].pop("where") or []
            arguments["scope"] = {"tumor_types": tumor_types, "where": where, **given["scope"]}
        if "out" in given:
            arguments["out"] = Out(**given["out"])
        if "plot" in given:
            types = arguments.get("scope", {}).get("tumor_types", ())
            arguments["plot"] = _figure_file(tumor_types=types, **given["plot"])
        if "look" in given:
            arguments["look"] = _look(**given["look"])
        if "report" in given:
            page = given["report"]["add_to_report"]
            arguments["report"] = None if page is None else GrowingPage(page)
        function(**arguments)
        _tell_written(arguments)

    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    return run
