"""Scores by gseapy's own call, for whoever wants the engine itself rather than its formula."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def gseapy_scores(
    values: NDArray[np.float32], sets: Mapping[int, NDArray[np.intp]], threads: int = 2
) -> dict[int, NDArray[np.float64]]:
    """Raw enrichment scores by ``gseapy.ssgsea(sample_norm_method="rank", weight=0.25)``.

    Parameters
    ----------
    values
        Genes x samples, rows in symbol order: gseapy breaks ties by it.
    sets
        Rows of each set, by any key; all of 1 to n - 1 genes.
    threads
        For gseapy.

    Returns
    -------
    Key to one score per sample.
    """
    with warnings.catch_warnings():
        # gseapy 1.3 calls what pandas 3 deprecates
        warnings.simplefilter("ignore")
        import gseapy
        import pandas as pd

        names = [f"G{row}" for row in range(values.shape[0])]
        frame = pd.DataFrame(values.astype(np.float64), index=names)
        frame.columns = [f"S{column}" for column in range(values.shape[1])]
        result = gseapy.ssgsea(
            data=frame,
            gene_sets={f"K{key}": [names[row] for row in rows] for key, rows in sets.items()},
            outdir=None,
            sample_norm_method="rank",
            weight=0.25,
            min_size=1,
            max_size=values.shape[0],
            permutation_num=0,
            no_plot=True,
            threads=threads,
            seed=0,
        ).res2d
    scores: Any = result.pivot(index="Term", columns="Name", values="ES").astype(float)
    return {key: scores.loc[f"K{key}", frame.columns].to_numpy() for key in sets}
