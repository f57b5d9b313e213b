"""Which samples of a tumor type's counts are compared, and by which design."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.differential.design import Design, Vector, make_design
from tcga_corr.analysis.naming.names import CovariateVariable
from tcga_corr.analysis.samples.cohort import Measured, samples_without
from tcga_corr.analysis.samples.grouping import Grouped, Grouping
from tcga_corr.errors import AnalysisError

MIN_REPLICATES = 2
FEW_REPLICATES = 3

Contrast = tuple[str, str]


@dataclass(frozen=True)
class ComparedSamples:
    """The samples of one tumor type that are compared.

    Attributes
    ----------
    columns
        Their positions in the table of counts.
    group_of, patient_of
        The group and patient of each.
    design
        Of the samples.
    contrasts
        Those that can be tested.
    impossible
        Those that cannot, with the reason.
    paired
        Whether samples are compared within patients.
    notes
        What was left out and what to know.
    """

    columns: NDArray[np.intp] = field(repr=False)
    group_of: tuple[str, ...] = field(repr=False)
    patient_of: tuple[str, ...] = field(repr=False)
    design: Design = field(repr=False)
    contrasts: tuple[Contrast, ...]
    impossible: Mapping[Contrast, str]
    paired: bool
    notes: tuple[str, ...]

    def of_group(self, name: str) -> NDArray[np.intp]:
        """The positions, among these samples, of those of a group."""
        return np.array([n for n, group in enumerate(self.group_of) if group == name], np.intp)

    def pairs(self, contrast: Contrast) -> list[str]:
        """The patients who have samples in both groups, sorted."""
        first, second = (self.patients_of(name) for name in contrast)
        return sorted(first & second)

    def patients_of(self, name: str) -> set[str]:
        """The patients of a group."""
        return {self.patient_of[position] for position in self.of_group(name)}


@dataclass(frozen=True)
class SampleRules:
    """How samples are chosen and grouped, the same in every tumor type.

    Attributes
    ----------
    grouping
        The groups.
    contrasts
        Pairs of groups to compare.
    reference
        The group of the intercept.
    adjust
        Covariates to hold fixed; of categories each level.
    paired
        Whether to compare within patients.
    """

    grouping: Grouping
    contrasts: Sequence[Contrast]
    reference: str
    adjust: Sequence[CovariateVariable]
    paired: bool


def compared_samples(grouped: Grouped, rules: SampleRules) -> ComparedSamples:
    """Choose the samples of a table that are compared, and make their design.

    Raises
    ------
    AnalysisError
        If no contrast has two samples on each side, or the design does not tell groups apart.
    """
    in_group = grouped.codes >= 0
    notes = _notes_of_ungrouped(grouped, rules.grouping)
    held = [_in_all(grouped, variable) for variable in rules.adjust]
    keep = in_group.copy()
    for one in held:
        missing = in_group & np.isnan(_values(one))
        if in_group.any() and missing.sum() == in_group.sum():
            raise AnalysisError(f"{one.name}: no sample has it", "Adjust for others")
        notes += filter(None, [samples_without(one.name, int(missing.sum()))])
        keep &= ~missing
    if rules.paired:
        keep &= _in_pairs(grouped, keep, rules.contrasts)
        if not keep.any():
            raise AnalysisError("no patient has samples in both groups", "Leave --pair out")
        n_alone = _n_patients(grouped, in_group) - _n_patients(grouped, keep)
        if n_alone:
            notes.append(f"{n_alone} patients without a pair left out")
    names = list(grouped.names)
    size = Counter(names[code] for code in grouped.codes[keep].tolist())
    fitted = [name for name in names if size[name] >= MIN_REPLICATES]
    keep &= np.isin(grouped.codes, [names.index(name) for name in fitted])
    contrasts, impossible = _possible(rules.contrasts, size)
    chosen = np.flatnonzero(keep)
    groups = tuple(names[code] for code in grouped.codes[chosen].tolist())
    patients = tuple(grouped.patients[place] for place in chosen.tolist())
    fitted.sort(key=lambda name: name != rules.reference)
    covariates = {name: one for each in held for name, one in _columns(each, chosen).items()}
    notes += _notes_of_groups(rules, size, fitted)
    compared = ComparedSamples(
        grouped.columns[chosen],
        groups,
        patients,
        make_design(groups, fitted, covariates, patients if rules.paired else None),
        contrasts,
        impossible,
        rules.paired,
        tuple(notes),
    )
    return compared if rules.paired else _noting_pairs(compared)


def _notes_of_ungrouped(grouped: Grouped, grouping: Grouping) -> list[str]:
    """How many samples are in no selection, or in no group of a file."""
    n_left = len(grouped.table.metadata.samples)
    n_left -= sum(cohort.n_before_conditions for cohort in grouped.cohorts)
    if grouping.covariate is None:  # else these are counted as samples without it
        n_left += int((grouped.codes < 0).sum())
    return [f"{_count(n_left)} of no group or selection left out"] if n_left else []


def _in_all(grouped: Grouped, variable: CovariateVariable) -> Measured:
    """A covariate in all samples, of one selection after another."""
    values = grouped.values(grouped.measure(variable))
    return Measured(variable, grouped.tumor_type, values)


def _values(measured: Measured) -> Vector:
    if measured.values is None:
        raise ValueError(measured.note)
    return measured.values


def _columns(measured: Measured, places: NDArray[np.intp]) -> dict[str, Vector]:
    """The columns that hold a covariate fixed: a number, or each level but the first.

    Raises
    ------
    AnalysisError
        If it is the same in all samples.
    """
    levels = np.unique(_values(measured)[places]).tolist()
    if len(levels) < 2 and len(places):
        raise AnalysisError(
            f"{measured.name} is the same in all samples, so it cannot be adjusted for",
            "Leave it out",
        )
    names = (
        [f"{measured.name} {measured.levels[int(level)]}" for level in levels[1:]]
        if (measured.levels)
        else [measured.name]
    )
    return dict(zip(names, measured.fitted(places), strict=True))


def _in_pairs(
    grouped: Grouped, keep: NDArray[np.bool_], contrasts: Sequence[Contrast]
) -> NDArray[np.bool_]:
    """Which samples are of patients who have both groups of a contrast."""
    groups: dict[str, set[str]] = {}
    for place in np.flatnonzero(keep).tolist():
        name = grouped.names[grouped.codes[place]]
        groups.setdefault(grouped.patients[place], set()).add(name)
    paired = {
        patient for patient, has in groups.items() if any({a, b} <= has for a, b in contrasts)
    }
    return np.array([patient in paired for patient in grouped.patients], np.bool_)


def _n_patients(grouped: Grouped, keep: NDArray[np.bool_]) -> int:
    return len({grouped.patients[place] for place in np.flatnonzero(keep).tolist()})


def _possible(
    contrasts: Sequence[Contrast], size: Counter[str]
) -> tuple[tuple[Contrast, ...], dict[Contrast, str]]:
    """The contrasts with replicates on both sides, and why the others have none."""
    impossible = {}
    for contrast in contrasts:
        small = [name for name in contrast if size[name] < MIN_REPLICATES]
        if small:
            listed = " and ".join(f"{_count(size[name])} of {name}" for name in small)
            impossible[contrast] = f"{listed}, at least {MIN_REPLICATES} needed"
    possible = tuple(contrast for contrast in contrasts if contrast not in impossible)
    if not possible:
        names = list(dict.fromkeys(name for one in contrasts for name in one))
        small = [name for name in names if size[name] < MIN_REPLICATES]
        listed = " and ".join(f"{_count(size[name])} of {name}" for name in small)
        raise AnalysisError(
            f"{listed}, at least {MIN_REPLICATES} needed",
            "Take larger groups"
            if all(size[name] for name in small)
            else "Check the names of their samples, and whether --samples takes these",
        )
    return possible, impossible


def _notes_of_groups(rules: SampleRules, size: Counter[str], fitted: Sequence[str]) -> list[str]:
    small = [f"{name} ({size[name]})" for name in fitted if size[name] < FEW_REPLICATES]
    alone = [name for name in rules.grouping.names if size[name] and name not in fitted]
    notes = []
    if small:
        notes.append(f"fewer than {FEW_REPLICATES} samples, so of little power: {', '.join(small)}")
    if alone:
        notes.append(f"groups of one sample left out: {', '.join(alone)}")
    return notes


def _noting_pairs(compared: ComparedSamples) -> ComparedSamples:
    """The same with a note on patients who are in both groups of a contrast, if any are."""
    notes = [
        f"{len(pairs)} patients have samples in both {a} and {b}, taken as independent; "
        "--pair patient compares within patients"
        for a, b in compared.contrasts
        if (pairs := compared.pairs((a, b)))
    ]
    return replace(compared, notes=(*compared.notes, *notes))


def _count(n: int) -> str:
    return f"{n or 'no'} sample{'' if n == 1 else 's'}"
