"""``tcga-corr de``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from tcga_corr.choices import BY_SAMPLE_TYPE, DeFigure
from tcga_corr.cli import options
from tcga_corr.cli.output import Result, plain, question_result
from tcga_corr.cli.settings import Settings
from tcga_corr.errors import UsageError

if TYPE_CHECKING:
    from tcga_corr.analysis.de import DeAnswer
    from tcga_corr.figures.look import FigureFile

_SHOWN = 20
_FOR_PEOPLE = (
    "tumor_type", "contrast", "gene", "base_mean", "log2fc", "log2fc_shrunk", "ci_low", "ci_high",
    "p", "q", "q_wilcoxon", "zero_group", "filtered", "note",
)  # fmt: skip
_LESS = ("ci_low", "ci_high", "filtered", "p", "base_mean", "log2fc_shrunk")


@options.command
def de(
    context: typer.Context,
    tumor_types: options.TumorTypes = None,
    source: options.SourceName = None,
    samples: options.SampleSelection = "tumor",
    where: options.Where = None,
    by: Annotated[
        str,
        typer.Option(
            "--by",
            metavar="sample-type|gtex|COVARIATE|FILE",
            help="Tumour against solid tissue normal, or against the tissue of GTEx where its "
            "counts are loaded; the levels of a category such as stage; or a table of samples (or "
            "patients) and their groups.",
        ),
    ] = BY_SAMPLE_TYPE,
    group: Annotated[
        str | None,
        typer.Option("--group", metavar="COLUMN", help="The column of FILE with the groups."),
    ] = None,
    contrast: Annotated[
        list[str] | None,
        typer.Option(
            "--contrast",
            metavar="A:B",
            help="Fold changes of group A over group B; several by repeating. Default: the two "
            "groups that there are.",
        ),
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option("--reference", metavar="A", help="Compare every other group with this one."),
    ] = None,
    pair: Annotated[
        str | None,
        typer.Option(
            "--pair",
            metavar="patient",
            help="Compare within patients; those without both groups are left out.",
        ),
    ] = None,
    adjust: Annotated[
        list[str] | None,
        typer.Option(
            "--adjust",
            metavar="Z",
            help="Hold covariates fixed, of categories their levels; several with commas or by "
            "repeating. Samples without them are left out.",
        ),
    ] = None,
    shrink: Annotated[
        bool, typer.Option("--shrink", help="Shrink fold changes too: log2fc_shrunk.")
    ] = False,
    min_count: Annotated[
        int,
        typer.Option(
            "--min-count", metavar="N", help="Reads that a gene needs in all samples together."
        ),
    ] = 10,
    q: Annotated[float, typer.Option("--q", metavar="Q", help="Genes are called below this q.")] = (
        0.05
    ),
    lfc: Annotated[
        float,
        typer.Option(
            "--lfc", metavar="L", help="Genes are called with a fold change above L, in log2."
        ),
    ] = 1.0,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Split a group at random, and count the calls where nothing differs.",
        ),
    ] = False,
    jobs: Annotated[
        int, typer.Option("--jobs", metavar="N", min=1, help="Tumor types at a time.")
    ] = 2,
    kind: Annotated[
        DeFigure,
        typer.Option(
            "--kind",
            help="What --plot draws: fold changes and q, fold changes and means, which contrasts "
            "call the same genes, or the first 50 genes in each sample.",
        ),
    ] = "volcano",
    label: Annotated[
        list[str] | None,
        typer.Option("--label", metavar="GENE", help="Name these genes in a volcano or MA plot."),
    ] = None,
    *,
    plot: options.Plot = None,
    report: options.Report = None,
    out: options.Out,
) -> None:
    """Which genes' raw counts differ between groups of samples, in each tumor type.

    DESeq2 (by PyDESeq2, pip install 'tcga-corr[de]') with Wald tests and its independent filter;
    beside it p_wilcoxon, of normalised counts, which is to be trusted more in large groups. q is p
    adjusted within a contrast. zero_group names a group without a single read, where a fold change
    has no meaning; filtered says why a q is missing. Counts come from `load --counts` or `fetch
    --counts`. The table for people has the first genes of each contrast, a file has all.

    Examples: `tcga-corr de -t LIHC -o de.parquet`, `tcga-corr de --source hcclm3 --by groups.tsv
    --reference DMSO`, `tcga-corr de -t BRCA --pair patient --check`.
    """
    settings: Settings = context.obj
    out.check_plot(plot)
    if label and report is None and (plot is None or kind not in ("volcano", "ma")):
        raise UsageError("--label is given", "Give --plot FILE too, with --kind volcano or ma")
    with settings.progress("differential expression") as progress:
        answer = settings.engine().de(
            by,
            group=group,
            contrasts=contrast or (),
            reference=reference,
            pair=pair,
            adjust=options.split_names(adjust),
            shrink=shrink,
            min_count=min_count,
            q=q,
            lfc=lfc,
            check=check,
            jobs=jobs,
            tumor_types=options.split_names(tumor_types),
            source=source,
            samples=samples,
            where=where or (),
            progress=progress,
        )
    settings.notes(answer.notes)
    if out.format != "table":
        for line in answer.lines:
            settings.note(line)
    out.write(_result(answer))
    if plot is not None:
        _plot(answer, kind, options.split_names(label), plot)
    if report is not None:
        report.add(answer, labels=options.split_names(label))


def _plot(answer: DeAnswer, kind: DeFigure, labels: list[str], plot: FigureFile) -> None:
    from tcga_corr.figures.style import save

    if kind == "overlap":
        from tcga_corr.figures.overlap import overlap

        save(overlap(answer, plot.look), plot)
    elif kind == "heat":
        from tcga_corr.figures.gene_heat import gene_heat

        save(gene_heat(answer, plot.look), plot)
    else:
        from tcga_corr.figures.change import ma, volcano

        draw = volcano if kind == "volcano" else ma
        save(draw(answer, labels, plot.look), plot)


def _result(answer: DeAnswer) -> Result:
    query, frame = answer.query, answer.frame
    shown = frame.group_by("tumor_type", "contrast", maintain_order=True).head(_SHOWN)
    columns = [
        name for name in _FOR_PEOPLE if not shown[name].cast(str).replace("", None).is_null().all()
    ]
    left = frame.height - shown.height
    more = [f"{left:,} more rows: -o FILE has all"] if left else []
    return question_result(
        answer,
        "genes",
        f"{', '.join(query.contrasts[:4])}{', …' if query.contrasts[4:] else ''} by {query.by}; "
        f"{query.source}, {query.unit}; {query.samples_in_words}",
        around={"summary": answer.summary.to_dicts()},
        for_figures={
            "top_genes": {
                name: {**asdict(one), "values": one.values.tolist()}
                for name, one in answer.top.items()
            }
        },
        columns={name: plain(name) for name in columns},
        shown=shown,
        below=[*more, *answer.lines],
        less=(*_LESS, *(["tumor_type"] if len(query.tumor_types) == 1 else [])),
        stands_out=lambda row: (
            row["q"] is not None
            and row["q"] < query.q
            and abs(row["log2fc"]) > query.lfc
            and not row["zero_group"]
        ),
    )
