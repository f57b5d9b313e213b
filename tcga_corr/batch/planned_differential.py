"""A block of differential expression in a plan: all that its fits depend on, but the counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from tcga_corr.analysis.differential.fit import contrast_name
from tcga_corr.analysis.differential.question import DeOptions
from tcga_corr.analysis.differential.samples import Contrast
from tcga_corr.formats.sample_groups import SampleGroups

# About how many bytes a fit takes for a gene and sample, and besides; and seconds for a gene.
_PER_COUNT, _A_FIT = 110, 250 << 20
_SECONDS_A_GENE = 2e-3
_LARGE = 2_000  # samples that double the time


@dataclass(frozen=True)
class GroupsFile:
    """The groups of a file, as they were when the run was planned.

    Attributes
    ----------
    name, sha256
        The file's name without its folder, and its hash.
    groups
        What it says.
    """

    name: str
    sha256: str
    groups: SampleGroups = field(repr=False)


@dataclass(frozen=True)
class PlannedDifferential:
    """What a block compares.

    Attributes
    ----------
    by
        ``sample-type``, ``gtex``, ``covariate:TABLE.NAME``, or the name of the file.
    file
        The file of groups; None where there is none.
    contrasts, reference
        As the spec has them.
    pairs
        The two groups of each contrast.
    samples
        The selections of samples, in words.
    n_genes, n_rows
        By tumor type, genes in its counts, and rows that the fit gives: one per contrast and gene,
        or of a contrast that cannot be tested one.
    package
        The version of PyDESeq2, which the numbers depend on.

    The others are those of :meth:`tcga_corr.Engine.de`; ``adjust`` are names of covariates with
    their tables.
    """

    by: str
    file: GroupsFile | None
    contrasts: tuple[str, ...]
    reference: str | None
    pairs: tuple[Contrast, ...]
    samples: str
    pair: str | None
    adjust: tuple[str, ...]
    shrink: bool
    min_count: int
    q: float
    lfc: float
    check: bool
    n_genes: tuple[int, ...]
    n_rows: tuple[int, ...]
    package: str

    @property
    def compared(self) -> tuple[str, ...]:
        """All contrasts, as ``A:B``."""
        return tuple(map(contrast_name, self.pairs))

    def groups_of(self, contrast: str) -> Contrast:
        """The two groups of a contrast; their names may have colons."""
        return self.pairs[self.compared.index(contrast)]

    @property
    def options(self) -> DeOptions:
        """The question; its groups are those of ``file`` where there is one."""
        shared = {one.name for one in fields(DeOptions)} & {one.name for one in fields(self)}
        return DeOptions(**{name: getattr(self, name) for name in shared})

    @property
    def of_file(self) -> SampleGroups | None:
        """The groups of the file; None where there is none."""
        return None if self.file is None else self.file.groups

    def seconds(self, place: int, n_samples: int) -> float:
        """About how long the fit of a tumor type takes; none where nothing is fitted."""
        n_genes = self.n_genes[place] if n_samples else 0
        return _SECONDS_A_GENE * n_genes * (1 + self.check) * (1 + n_samples / _LARGE)

    def memory(self, place: int, n_samples: int) -> int:
        """About how many bytes the fit of a tumor type takes."""
        return _A_FIT + _PER_COUNT * self.n_genes[place] * n_samples

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> PlannedDifferential:
        """What :meth:`as_dict` gave, read from JSON."""
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in record.items()
        }
        values["pairs"] = tuple((a, b) for a, b in values["pairs"])
        file = values["file"]
        if file is not None:
            groups = {**file["groups"], "names": tuple(file["groups"]["names"])}
            values["file"] = GroupsFile(file["name"], file["sha256"], SampleGroups(**groups))
        return cls(**values)
