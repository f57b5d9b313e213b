"""Groups of samples: by what they are named, and the samples of each in a tumor type.

Every way to group samples is a :class:`Grouping`, made by :func:`grouping_of`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from os.path import isfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.answer import CohortData
from tcga_corr.analysis.naming.names import CovariateVariable, NameResolver, Variable
from tcga_corr.analysis.samples.cohort import Cohort, Measured, Vector, samples_without
from tcga_corr.analysis.samples.gtex import notes_against_gtex
from tcga_corr.analysis.samples.scope import SEE_STATUS
from tcga_corr.choices import BY_GTEX, BY_SAMPLE_TYPE, Selection
from tcga_corr.errors import AnalysisError, UsageError, near_names
from tcga_corr.store.index import TableIndex

if TYPE_CHECKING:
    from tcga_corr.formats.sample_groups import SampleGroups

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
    covariate: CovariateVariable | None = None
    """The covariate whose levels are the groups."""

    def first(self, reference: str) -> Grouping:
        """The same groups, with the reference before the others.

        Raises
        ------
        UsageError
            If it is no group.
        """
        check_group(reference, self.names)
        others = [name for name in self.names if name != reference]
        return replace(self, names=(reference, *others))

    def of_samples(self, parts: Sequence[Grouped]) -> Grouping:
        """Without the groups that no sample is in.

        Raises
        ------
        AnalysisError
            If no sample is in a group.
        """
        found = {int(code) for grouped in parts for code in np.unique(grouped.codes)}
        names = [name for number, name in enumerate(self.names) if number in found]
        if not names:
            raise AnalysisError(
                "no sample of these tables is in a group",
                "Name samples or patients as `tcga-corr status --samples` has them",
            )
        return replace(self, names=names)

    def notes(self, parts: Sequence[Grouped]) -> list[str]:
        """How many samples have no level; what has to be known of samples of GTEx."""
        if self.covariate is None:
            others = [cohort for grouped in parts for cohort in grouped.cohorts[1:]]
            return notes_against_gtex(others)
        n_without = sum(int((grouped.codes < 0).sum()) for grouped in parts)
        return [samples_without(self.covariate.name, n_without)] if n_without else []


def check_group(name: str, names: Sequence[str]) -> None:
    """Refuse what is no group.

    Raises
    ------
    UsageError
        With near names.
    """
    if name not in names:
        raise UsageError(
            f"'{name}' is no group", near_names(name, names) or f"The groups are {', '.join(names)}"
        )


def grouping_of(by: str | Path, group: str | None, data: CohortData) -> Grouping:
    """The grouping of a question.

    Parameters
    ----------
    by
        ``sample-type``, ``gtex``, a file of groups, or a covariate that is a category.
    group
        The file's column of groups.
    data
        The samples that are grouped, and the covariates.

    Raises
    ------
    UsageError
        If these do not go together, or there is no such file and covariate.
    """
    text, samples = str(by), data.scope.samples
    if text not in (BY_SAMPLE_TYPE, BY_GTEX):
        if isinstance(by, Path) or names_file_of_groups(text, data.names):
            return _by_file(Path(by), group, samples)
        return _by_covariate(text, group, data)
    other: Selection = "gtex" if text == BY_GTEX else "normal"
    if samples != "tumor":
        raise UsageError(f"samples is '{samples}'", f"By {text}, tumor is compared with {other}")
    if group is not None:
        raise UsageError("a column of groups is given", "Give the file too: --by FILE")
    return tumor_against(other)


def names_file_of_groups(text: str, names: NameResolver, folder: Path = Path()) -> bool:
    """Whether a text names a file of groups, in a folder, and no covariate."""
    if isfile(folder / text):  # noqa: PTH113  Path.is_file raises on a name that is too long
        return True
    known = {label.casefold() for label in names.covariate_labels}
    is_covariate = text.startswith("covariate:") or text.casefold() in known
    return not is_covariate and Path(text).suffix != ""


def _by_covariate(text: str, column: str | None, data: CohortData) -> Grouping:
    labels = data.names.covariate_labels
    if not (text.startswith("covariate:") or text.casefold() in map(str.casefold, labels)):
        raise UsageError(
            f"'{text}' is no file, and no covariate of the store",
            near_names(text, [BY_SAMPLE_TYPE, BY_GTEX, *labels])
            or "Give sample-type, gtex, a file of groups, or a category of `tcga-corr covariates`",
        )
    variable = data.names.covariate(text)
    covariate = variable.covariate
    if column is not None:
        raise UsageError(f"'{text}' is a covariate, and has no columns", "Leave out --group")
    if not covariate.levels:
        raise UsageError(
            f"'{variable.name}' is a number, and groups are of a category",
            "`tcga-corr covariates` lists the categories; or give a file of groups",
        )

    def levels_of(cohort: Cohort) -> list[str | None]:
        values, _ = covariate.values_of(cohort.samples)
        return [None if np.isnan(one) else covariate.levels[int(one)] for one in values]

    found = {level for cohort in data.cohorts for level in levels_of(cohort)}
    names = [level for level in covariate.levels if level in found]
    if len(names) < 2:
        only = f"only the level '{names[0]}'" if names else "no level"
        raise AnalysisError(f"these samples have {only} of '{variable.name}'", SEE_STATUS)
    return Grouping(names, levels_of, (data.scope.samples,), variable)


def _by_file(path: Path, column: str | None, samples: Selection) -> Grouping:
    from tcga_corr.formats.sample_groups import read_groups

    return grouping_by_file(read_groups(path, column), samples)


def grouping_by_file(groups: SampleGroups, samples: Selection) -> Grouping:
    """The grouping of a selection of samples by the groups of a file."""

    def groups_of(cohort: Cohort) -> list[str | None]:
        return [groups.group(sample.sample, sample.patient) for sample in cohort.samples]

    return Grouping(groups.names, groups_of, (samples,))


def tumor_against(other: Selection) -> Grouping:
    """Tumour samples against solid tissue normal, or against the tissue of GTEx.

    Patients who have both are pairs too; a donor of GTEx has no tumour.
    """
    return Grouping(
        ("tumor", other),
        lambda cohort: [cohort.selection] * len(cohort.samples),
        ("tumor", other),
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


def grouped_samples(data: CohortData, grouping: Grouping) -> list[Grouped]:
    """The samples of each tumor type in their groups."""
    selections = [data.with_samples(selection) for selection in grouping.selections]
    return [Grouped.of(cohorts, grouping) for cohorts in zip(*selections, strict=True)]
