"""``tcga-corr sets``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tcga_corr.cli import options
from tcga_corr.cli.output import Result, plain
from tcga_corr.errors import UsageError, near_names

if TYPE_CHECKING:
    from tcga_corr.vocabulary.gene_sets.gmt import GeneSet


@options.command
def sets(
    context: typer.Context,
    word: Annotated[
        str | None, typer.Argument(metavar="WORD", help="List only sets with this in the name.")
    ] = None,
    genes: Annotated[
        bool, typer.Option("--genes", help="Show the genes of the set named WORD.")
    ] = False,
    *,
    out: options.Out,
) -> None:
    """List the shipped gene sets, or the genes of one, with origin and licence.

    With a WORD, also those of the reference collection of real pathways, among which p_sets ranks.
    `tcga-corr sets nfkb` lists what NF-kB can mean: each reading has a name of its own.
    """
    import polars as pl

    chosen = _chosen(word, genes)
    origins = [_origin(gene_set) for gene_set in chosen]
    if genes:
        origin = origins[0]
        frame = pl.DataFrame({"set": origin["set"], "gene": chosen[0].genes})
        meaning = f"{origin['meaning']}; " if origin["meaning"] else ""
        heading = (
            f"{origin['set']}: {origin['n_genes']} genes; {meaning}{origin['origin']}, "
            f"{origin['collection']} {origin['version']}, {origin['licence']}"
        )
        out.write(Result(frame, "genes", {"query": origin}, heading))
    else:
        shown = ("set", "n_genes", "meaning", "origin", "collection", "version", "licence")
        columns = {name: plain(name) for name in shown}
        result = Result(
            pl.DataFrame(origins), "sets", {}, columns=columns,
            less=("version", "licence", "origin", "collection"), cut_column="meaning",
        )  # fmt: skip
        out.write(result)


def _chosen(word: str | None, exactly: bool) -> list[GeneSet]:
    """The sets with a word in their name, or the one of that name."""
    from tcga_corr.vocabulary.gene_sets.catalogue import (
        find_set,
        reference_sets,
        shipped_sets,
    )

    if exactly and word is None:
        raise UsageError("--genes needs the name of a set", "Say `tcga-corr sets NAME --genes`")
    if exactly:
        return [find_set(word or "")]
    folded = (word or "").casefold()
    offered = shipped_sets() if word is None else {**shipped_sets(), **reference_sets()}
    chosen = [known for known in offered.values() if folded in known.name.casefold()]
    if not chosen:
        raise UsageError(
            f"no gene set with '{word}' in its name",
            near_names(word or "", shipped_sets()) or "`tcga-corr sets` lists all",
        )
    return chosen


def _origin(gene_set: GeneSet) -> dict[str, Any]:
    from tcga_corr.vocabulary.gene_sets.catalogue import COLLECTIONS
    from tcga_corr.vocabulary.gene_sets.readings import meaning_of

    collection = COLLECTIONS[gene_set.collection]
    return {
        "set": gene_set.name,
        "n_genes": len(gene_set.genes),
        "meaning": meaning_of(gene_set),
        "origin": gene_set.description.partition(": ")[2],
        "collection": collection.title,
        "version": collection.version,
        "licence": collection.licence,
        "cite": collection.citation,
        "url": collection.url,
    }
