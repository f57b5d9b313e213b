"""Groups of samples: by what they are named, and the samples of each in a tumor type.

Every way to group samples is a :class:`Grouping`, made by :func:`grouping_of`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.cohort import Cohort, Measured, Vector
from tcga_corr.analysis.names import Variable
from tcga_corr.choices import BY_SAMPLE_TYPE, Selection
from tcga_corr.errors import UsageError
from tcga_corr.store.index import TableIndex

Places = NDArray[np.intp]
Pair = tuple[Places, Places]


@dataclass(frozen=True)
class Grouping:
    """How samples are grouped.

    Attributes
    ----------
    names
        The groups, in order; a difference is an earlier one minus a later one.
    groups_of
        The group's name of each sample of a cohort; None leaves the sample out.
    selections
        The selections of samples that are grouped.
    """

    names: Sequence[str]
    groups_of: Callable[[Cohort], Sequence[str | None]]
    selections: tuple[Selection, ...]


def grouping_of(by: str | Path, group: str | None, samples: Selection) -> Grouping:
    """The grouping of a question.

    Parameters
    ----------
    by
        ``sample-type``, or a file of groups.
    group
        The file's column of groups.
    samples
        The selection that is grouped.

    Raises
    ------
    UsageError
        If these do not go together.
    """
    if str(by) != BY_SAMPLE_TYPE:
        return _by_file(Path(by), group, samples)
    if samples != "tumor":
        raise UsageError(f"samples is '{samples}'", "By sample-type, tumor is compared with normal")
    if group is not None:
        raise UsageError("a column of groups is given", "Give the file too: --by FILE")
    return tumor_against_normal()


def _by_file(path: Path, column: str | None, samples: Selection) -> Grouping:
    from tcga_corr.formats.sample_groups import read_groups

    groups = read_groups(path, column)

    def groups_of(cohort: Cohort) -> list[str | None]:
        return [groups.group(sample.sample, sample.patient) for sample in cohort.samples]

    return Grouping(groups.names, groups_of, (samples,))


def tumor_against_normal() -> Grouping:
    """Tumour samples against solid tissue normal; patients who have both are pairs too."""
    return Grouping(
        ("tumor", "normal"),
        lambda cohort: [cohort.selection] * len(cohort.samples),
        ("tumor", "normal"),
    )


@dataclass(frozen=True, eq=False)
class Grouped:
    """The samples of one tumor type that are in a group.

    Attributes
    ----------
    cohorts
        A cohort of its table per selection.
    names
        The groups.
    codes
        The place in ``names`` of each sample's group, over all cohorts; -1 of none.
    """

    cohorts: Sequence[Cohort]
    names: Sequence[str]
    codes: Places

    @classmethod
    def of(cls, cohorts: Sequence[Cohort], grouping: Grouping) -> Grouped:
        """The samples of a tumor type's cohorts, by a grouping."""
        code_of = {name: number for number, name in enumerate(grouping.names)}
        found = [grouping.groups_of(cohort) for cohort in cohorts]
        codes = [-1 if name is None else code_of[name] for names in found for name in names]
        return cls(cohorts, grouping.names, np.array(codes, dtype=np.intp))

    @property
    def tumor_type(self) -> str:
        """The tumor type."""
        return self.cohorts[0].tumor_type

    @property
    def table(self) -> TableIndex:
        """Its table."""
        return self.cohorts[0].table

    @property
    def mark(self) -> str:
        """The note that values are simulated; empty where they are not."""
        return next((cohort.mark for cohort in self.cohorts if cohort.simulated), "")

    @cached_property
    def patients(self) -> list[str]:
        """The patient of each sample."""
        return [sample.patient for cohort in self.cohorts for sample in cohort.samples]

    @cached_property
    def columns(self) -> Places:
        """The table's column of each sample."""
        return np.concatenate([cohort.columns for cohort in self.cohorts]).astype(np.intp)

    def by_average_ranks(self) -> Grouped:
        """The same samples, whose sets are scored by average ranks."""
        if self.cohorts[0].ties == "average":
            return self
        cohorts = [cohort.variant("average") for cohort in self.cohorts]
        return Grouped(cohorts, self.names, self.codes)

    def measure(self, variable: Variable) -> list[Measured]:
        """A variable in each cohort."""
        return [cohort.measure(variable) for cohort in self.cohorts]

    def values(self, measured: Sequence[Measured]) -> Vector:
        """A measured variable's value of each sample, NaN where there is none."""
        parts = [
            np.full(len(cohort.columns), np.nan) if one.values is None else one.values
            for cohort, one in zip(self.cohorts, measured, strict=True)
        ]
        return np.concatenate(parts).astype(np.float64)

    def samples_of(self, group: int, has_value: NDArray[np.bool_]) -> Places:
        """The places of a group's samples that have a value."""
        return np.flatnonzero((self.codes == group) & has_value)

    def pairs(self, first: Places, second: Places) -> list[Pair]:
        """Of each patient who is in both of two groups, the samples in either."""
        by_patient: list[dict[str, list[int]]] = [{}, {}]
        for places, patients in zip((first, second), by_patient, strict=True):
            for place in places.tolist():
                patients.setdefault(self.patients[place], []).append(place)
        both = sorted(by_patient[0].keys() & by_patient[1].keys())
        return [(np.array(by_patient[0][one]), np.array(by_patient[1][one])) for one in both]
