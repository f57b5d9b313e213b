"""PyDESeq2's inference for all genes at once, in place of one gene after another."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydeseq2.default_inference import DefaultInference

from tcga_corr.stats.dispersions import Prior, dispersions
from tcga_corr.stats.negative_binomial import Matrix, Vector, coefficients

LEAST_MEAN = 0.5  # reads


class Inference(DefaultInference):  # type: ignore[misc]
    """The same estimates, sooner and to more digits; its matrices are samples x genes.

    Dispersions are estimated with fitted means of 0.5 or more. So are DESeq2's in R, and the
    package's in designs of groups alone. In others the means of a gene without reads in a level
    vanish, and with them the determinant in Cox and Reid's term.
    """

    def lin_reg_mu(
        self, counts: Matrix, size_factors: Vector, design_matrix: Matrix, min_mu: float
    ) -> Matrix:
        """Means by least squares, of designs whose columns are cells."""
        normalised = counts / size_factors[:, None]
        weights, *_ = np.linalg.lstsq(design_matrix, normalised, rcond=None)
        fitted: Matrix = size_factors[:, None] * (design_matrix @ weights)
        return np.maximum(fitted, min_mu)

    def alpha_mle(
        self,
        counts: Matrix,
        design_matrix: Matrix,
        mu: Matrix,
        alpha_hat: Vector,
        min_disp: float,
        max_disp: float,
        prior_disp_var: float | None = None,
        cr_reg: bool = True,
        prior_reg: bool = False,
        **more: Any,
    ) -> tuple[Vector, Any]:
        """Dispersions, by the prior around ``alpha_hat`` where one is wanted."""
        if not cr_reg:
            raise ValueError("dispersions are estimated with Cox and Reid's adjustment")
        wanted = prior_reg and prior_disp_var is not None
        prior = Prior(np.log(alpha_hat), float(prior_disp_var or 0)) if wanted else None
        found = dispersions(
            np.ascontiguousarray(counts.T, np.float64),
            np.ascontiguousarray(np.maximum(mu, LEAST_MEAN).T),
            design_matrix,
            np.clip(alpha_hat, min_disp, max_disp),
            (min_disp, max_disp),
            prior,
        )
        return found, np.ones(len(found), np.bool_)

    def irls(
        self,
        counts: Matrix,
        size_factors: Vector,
        design_matrix: Matrix,
        disp: Vector,
        min_mu: float,
        beta_tol: float,
        max_beta: float = 30,
        maxiter: int = 250,
        **more: Any,
    ) -> tuple[Matrix, Matrix, Matrix, Any]:
        """Coefficients, their means and leverages."""
        fitted = coefficients(
            np.ascontiguousarray(counts.T, np.float64),
            size_factors,
            design_matrix,
            disp,
            min_mu,
            largest=max_beta,
            tolerance=beta_tol,
            most_iterations=maxiter,
        )
        return fitted.values, fitted.means.T, fitted.leverages.T, fitted.converged
