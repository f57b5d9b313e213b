"""Figures of enrichment: every set where it belongs, whatever names, numbers and tumor types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest
from matplotlib.figure import Figure

from tcga_corr import GeneSet
from tcga_corr.analysis.enrich import EnrichAnswer, Listing, enrich
from tcga_corr.analysis.enrichment.result import Limits
from tcga_corr.errors import AnalysisError, UsageError
from tcga_corr.figures.enriched_dots import MOST, enriched_dots
from tcga_corr.figures.running_sums import BY_DEFAULT, running_sums
from tests.figures.reading import check_texts, told
from tests.figures.simulated import HOSTILE, TYPES

N_GENES = 900
GENES = [f"GENE{n:04d}" for n in range(N_GENES)]
LONG = "REACTOME_A_VERY_LONG_NAME_OF_A_PATHWAY_THAT_NO_FIGURE_HAS_ROOM_FOR_AND_THAT_GOES_ON_"


def sets_of(names: Sequence[str], leaning: int = 3) -> list[GeneSet]:
    """Sets of 20 to 80 genes, of which the first ones are of the ranking's upper end."""
    rng = np.random.default_rng(9)
    return [
        GeneSet(
            name,
            "",
            tuple(
                rng.choice(GENES[:150] if n < leaning else GENES, 20 + 3 * (n % 21), replace=False)
            ),
        )
        for n, name in enumerate(names)
    ]


def table(n_types: int) -> pl.DataFrame:
    frames = []
    for number, name in enumerate(TYPES[:n_types]):
        noise = np.random.default_rng(number).normal(0, 0.4, N_GENES)
        stat = np.linspace(4, -4, N_GENES) + noise
        q = np.clip(np.exp(-(stat**2)), 1e-12, 1)
        frames.append(
            pl.DataFrame(
                {"tumor_type": name, "contrast": "A:B", "gene": GENES, "stat": stat, "q": q,
                 "log2fc": stat / 2}
            )
        )  # fmt: skip
    return pl.concat(frames)


def asked(n_types: int, names: Sequence[str], method: Any, leaning: int = 3) -> EnrichAnswer:
    sets = sets_of(names, leaning)
    listing = Listing(genes=120, direction="up")
    return enrich(
        table(n_types), sets, method, permutations=200, limits=Limits(15, 500), listing=listing
    )


def curves(figure: Figure) -> list[Any]:
    """The running sums: the first axes of each three."""
    return figure.axes[::3]


@pytest.mark.parametrize(
    "names", [["ONE"], [f"SET{n}" for n in range(20)], [LONG + str(n) for n in range(7)], HOSTILE]
)
@pytest.mark.parametrize("n_types", [1, 5])
def test_running_sums_peak_at_the_score(n_types: int, names: Sequence[str]) -> None:
    answer = asked(n_types, names, "gsea")
    figure = running_sums(answer)
    check_texts(figure)
    rows = sorted(answer.frame.to_dicts(), key=lambda row: (row["p"], -abs(row["nes"]), row["set"]))
    assert len(curves(figure)) == min(BY_DEFAULT, len(rows))
    for axes, row in zip(curves(figure), rows, strict=False):
        drawn = np.asarray(axes.lines[0].get_ydata())
        assert drawn[np.abs(drawn).argmax()] == pytest.approx(row["es"], abs=1e-12)
        assert drawn[-1] == pytest.approx(0, abs=1e-9)
    ticks = figure.axes[1].collections[0].get_segments()  # type: ignore[attr-defined]
    assert len(ticks) == rows[0]["n_genes"]


def test_named_sets_are_drawn_for_every_tumor_type() -> None:
    answer = asked(5, [f"SET{n}" for n in range(6)], "gsea")
    figure = running_sums(answer, ["set2", "SET4"])
    check_texts(figure)
    assert len(curves(figure)) == 10
    with pytest.raises(UsageError, match="no set 'SET9'"):
        running_sums(answer, ["SET9"])
    with pytest.raises(UsageError, match="do not fit"):
        running_sums(asked(33, ["SET0", "SET1"], "gsea"), ["SET0"])
    too_small = asked(1, ["SET0"], "gsea")
    rows = too_small.frame.with_columns(es=pl.lit(None, pl.Float64), note=pl.lit("too small"))
    with pytest.raises(AnalysisError, match="no running sum: too small"):
        running_sums(EnrichAnswer(rows, too_small.query, (), too_small.provenance), ["SET0"])


@pytest.mark.parametrize("n_types", [1, 5, 33])
@pytest.mark.parametrize(
    "names", [["ONE"], [f"SET{n}" for n in range(30)], [LONG + str(n) for n in range(20)]]
)
def test_dots_are_shares_sizes_and_q(n_types: int, names: Sequence[str]) -> None:
    answer = asked(n_types, names, "ora")
    figure = enriched_dots(answer)
    check_texts(figure)
    axes = figure.axes[0]
    [dots] = axes.collections
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert len(labels) == min(MOST, len(names))
    at = np.asarray(dots.get_offsets())
    best = (
        answer.frame.group_by("set").agg(pl.col("p").min()).sort("p", "set")["set"][:MOST].to_list()
    )
    shown = answer.frame.filter(pl.col("set").is_in(best) & (pl.col("n_overlap") > 0))
    assert len(at) == shown.height
    shares = (shown["n_overlap"] / shown["n_genes"]).to_list()
    places = [best.index(name) for name in shown["set"]]
    assert at[:, 1].tolist() == places
    if n_types == 1:
        assert at[:, 0].tolist() == pytest.approx(shares)
    else:
        assert at[:, 0].tolist() == [TYPES.index(name) for name in shown["tumor_type"]]
        assert np.argmax(dots.get_sizes()) == int(np.argmax(shares))  # type: ignore[attr-defined]
    white = (np.asarray(dots.get_facecolor())[:, :3] == 1).all(axis=1)
    assert white.tolist() == (shown["q"] >= 0.05).to_list()


def test_figures_of_no_small_q() -> None:
    gsea = asked(1, [f"SET{n}" for n in range(8)], "gsea", leaning=0)
    gsea = EnrichAnswer(
        gsea.frame.with_columns(q=pl.lit(0.6)), gsea.query, (), gsea.provenance, parts=gsea.parts
    )
    figure = running_sums(gsea)
    check_texts(figure)
    assert "0 of 8 sets tested with q < 0.05" in told(figure)
    ora = asked(1, [f"SET{n}" for n in range(8)], "ora", leaning=0)
    ora = EnrichAnswer(
        ora.frame.with_columns(q=pl.lit(0.6)), ora.query, (), ora.provenance, parts=ora.parts
    )
    figure = enriched_dots(ora)
    check_texts(figure)
    assert "0 of 8 sets with q < 0.05" in told(figure)
    nothing = ora.frame.with_columns(n_overlap=pl.lit(0))
    with pytest.raises(AnalysisError, match="no set has a listed gene"):
        enriched_dots(EnrichAnswer(nothing, ora.query, (), ora.provenance, parts=ora.parts))


def test_axes_hold_the_whole_of_every_running_sum() -> None:
    for leaning in (0, 3):
        figure = running_sums(asked(1, [f"SET {n}" for n in range(6)], "gsea", leaning))
        sums = [axes for axes in figure.axes if axes.lines and len(axes.lines[0].get_xdata()) > 2]
        assert sums
        for axes in sums:
            low, high = axes.get_ylim()
            y = np.asarray(axes.lines[0].get_ydata())
            assert low < y.min()
            assert y.max() < high
