"""The figure of principal components: each sample in its place, by groups and by numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest

from tcga_corr.analysis.answer import ScopeQuery
from tcga_corr.analysis.components_by import COVARIATES_SCHEMA
from tcga_corr.analysis.pca import VARIANCE_SCHEMA, PcaAnswer, PcaQuery
from tcga_corr.analysis.provenance import Provenance
from tcga_corr.errors import UsageError
from tcga_corr.figures.principal_axes import MOST_GROUPS, principal_axes
from tests.figures.reading import check_texts, told
from tests.figures.simulated import HOSTILE, TYPES

GROUPS = [f"group {n}" for n in range(MOST_GROUPS + 1)]


def answered(n_types: int, n: int, groups: Sequence[str] = (), by: str | None = None) -> PcaAnswer:
    """Samples at random, every seventh without a group or number."""
    rng = np.random.default_rng(n)
    frames, rows = [], []
    for name in TYPES[:n_types]:
        at = rng.normal(size=(2, n)) * np.array([[30], [12]])
        places = np.arange(n) % max(1, len(groups))
        values: list[Any] = [groups[place] if groups else None for place in places]
        if by and not groups:
            values = rng.uniform(0, 1, n).tolist()
        values = [None if place % 7 == 6 else one for place, one in enumerate(values)]
        kind = pl.Float64 if by and not groups else pl.String
        frames.append(
            pl.DataFrame(
                {"tumor_type": name, "sample": [f"S{one}" for one in range(n)], "patient": "P",
                 "sample_type": "01", "group": pl.Series(values, dtype=kind), "pc1": at[0],
                 "pc2": at[1]}
            )
        )  # fmt: skip
        rows += [
            {"tumor_type": name, "component": f"pc{one}", "share": 0.3 / one, "n_samples": n,
             "n_genes": 500}
            for one in (1, 2)
        ]  # fmt: skip
    scope = ScopeQuery(TYPES[:n_types], "gdc-star", "log2(tpm+1)", "all", "tumor", "average", 5)
    return PcaAnswer(
        frame=pl.concat(frames),
        query=PcaQuery(by=by, groups=list(groups), n_genes=500, components=2, scope=scope),
        notes=(),
        provenance=Provenance.of([], []),
        variance=pl.DataFrame(rows, schema=VARIANCE_SCHEMA),
        covariates=pl.DataFrame(schema=COVARIATES_SCHEMA),
    )


def drawn(axes: Any) -> list[tuple[float, float]]:
    """Where the points of a panel are."""
    found = [np.asarray(one.get_offsets()) for one in axes.collections]
    return sorted(map(tuple, np.concatenate(found).tolist()))


@pytest.mark.parametrize("n_types", [1, 5, 33])
@pytest.mark.parametrize("groups", [(), GROUPS[:2], GROUPS[:8], HOSTILE[:4]])
def test_every_sample_is_drawn_once(n_types: int, groups: Sequence[str]) -> None:
    answer = answered(n_types, 12 if n_types > 1 else 1_100, groups, "f.tsv" if groups else None)
    figure = principal_axes(answer)
    check_texts(figure)
    assert len(figure.axes) == n_types
    for axes, name in zip(figure.axes, TYPES, strict=False):
        part = answer.frame.filter(tumor_type=name)
        assert drawn(axes) == sorted(part.select("pc1", "pc2").rows())
        low, high = axes.get_xlim()
        assert high - low == pytest.approx(np.ptp(axes.get_ylim()))  # one scale
    assert "PC1, 30.0 %" in told(figure)
    assert "PC2, 15.0 %" in told(figure)
    if groups:
        n_first = answer.frame.filter(group=groups[0]).height
        assert f"n = {n_first:,}" in told(figure)


@pytest.mark.parametrize("n_types", [1, 5, 33])
def test_numbers_have_a_scale(n_types: int) -> None:
    answer = answered(n_types, 30, by="purity")
    figure = principal_axes(answer)
    check_texts(figure)
    assert len(figure.axes) == n_types + 1
    shades = figure.axes[0].collections[1]
    known = answer.frame.filter(tumor_type=TYPES[0])["group"].drop_nulls().to_list()
    assert np.asarray(shades.get_array()).tolist() == known
    assert f"without a value, n = {answer.frame['group'].null_count()}" in told(figure)
    empty = answered(1, 10, by="purity")
    nothing = empty.frame.with_columns(group=pl.lit(None, pl.Float64))
    check_texts(principal_axes(PcaAnswer(**{**vars(empty), "frame": nothing})))


def test_too_many_groups() -> None:
    with pytest.raises(UsageError, match="13 groups cannot be told apart"):
        principal_axes(answered(1, 40, GROUPS, "f.tsv"))
