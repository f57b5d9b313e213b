"""The spec of a batch: a TOML file of analyses, read and checked as a whole."""

from tcga_corr.batch.spec.problems import Problem, SpecError
from tcga_corr.batch.spec.reading import Analysis, Claim, Spec, filled_in, read_spec
from tcga_corr.batch.spec.schema import Output

__all__ = ["Analysis", "Claim", "Output", "Problem", "Spec", "SpecError", "filled_in", "read_spec"]
