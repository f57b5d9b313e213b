"""Which samples of a tumor type's counts are compared, and by which design."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.cohort import samples_without
from tcga_corr.analysis.compare import Grouping
from tcga_corr.analysis.design import Design, Vector, make_design
from tcga_corr.errors import AnalysisError
from tcga_corr.store.metadata import StoredSample

MIN_REPLICATES = 2
FEW_REPLICATES = 3

Contrast = tuple[str, str]
ValuesOf = Callable[[Sequence[StoredSample]], Vector]


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
        Covariates to hold fixed: name to what gives the values of samples, NaN where missing.
    paired
        Whether to compare within patients.
    """

    grouping: Grouping
    contrasts: Sequence[Contrast]
    reference: str
    adjust: Mapping[str, ValuesOf]
    paired: bool


def compared_samples(samples: Sequence[StoredSample], rules: SampleRules) -> ComparedSamples:
    """Choose the samples of a table that are compared, and make their design.

    Raises
    ------
    AnalysisError
        If no contrast has two samples on each side, or the design does not tell groups apart.
    """
    columns, group_of = _grouped(samples, rules.grouping)
    notes = []
    n_left = len(samples) - len(columns)
    if n_left:
        notes.append(f"{_count(n_left)} of no group or selection left out")
    values = {
        name: values_of([samples[n] for n in columns]) for name, values_of in rules.adjust.items()
    }
    for name, one in values.items():
        if len(one) and np.isnan(one).all():
            raise AnalysisError(f"{name}: no sample has it", "Adjust for others")
        notes += filter(None, [samples_without(name, int(np.isnan(one).sum()))])
    keep = np.ones(len(columns), np.bool_)
    for one in values.values():
        keep &= ~np.isnan(one)
    if rules.paired:
        keep &= _in_pairs(samples, columns, group_of, keep, rules.contrasts)
        if not keep.any():
            raise AnalysisError("no patient has samples in both groups", "Leave --pair out")
        n_alone = _n_patients(samples, columns) - _n_patients(samples, columns, keep)
        if n_alone:
            notes.append(f"{n_alone} patients without a pair left out")
    size = Counter(np.array(group_of)[keep].tolist())
    fitted = [name for name in rules.grouping.names if size[name] >= MIN_REPLICATES]
    keep &= np.array([group in fitted for group in group_of], np.bool_)
    contrasts, impossible = _possible(rules.contrasts, size)
    chosen = np.flatnonzero(keep)
    groups = tuple(group_of[n] for n in chosen)
    patients = tuple(samples[columns[n]].patient for n in chosen)
    fitted.sort(key=lambda name: name != rules.reference)
    design = make_design(
        groups,
        fitted,
        {name: one[keep] for name, one in values.items()},
        patients if rules.paired else None,
    )
    notes += _notes_of_groups(rules, size, fitted)
    compared = ComparedSamples(
        np.array(columns, np.intp)[chosen],
        groups,
        patients,
        design,
        contrasts,
        impossible,
        rules.paired,
        tuple(notes),
    )
    return compared if rules.paired else _noting_pairs(compared)


def _grouped(samples: Sequence[StoredSample], grouping: Grouping) -> tuple[list[int], list[str]]:
    columns, groups = [], []
    for selection in grouping.selections:
        for column, sample in enumerate(samples):
            group = grouping.group_of(selection, sample) if sample.is_in(selection) else None
            if group is not None:
                columns.append(column)
                groups.append(group)
    return columns, groups


def _in_pairs(
    samples: Sequence[StoredSample],
    columns: Sequence[int],
    group_of: Sequence[str],
    keep: NDArray[np.bool_],
    contrasts: Sequence[Contrast],
) -> NDArray[np.bool_]:
    """Which samples are of patients who have both groups of a contrast."""
    groups: dict[str, set[str]] = {}
    for column, group, kept in zip(columns, group_of, keep, strict=True):
        if kept:
            groups.setdefault(samples[column].patient, set()).add(group)
    paired = {
        patient for patient, has in groups.items() if any({a, b} <= has for a, b in contrasts)
    }
    return np.array([samples[column].patient in paired for column in columns], np.bool_)


def _n_patients(
    samples: Sequence[StoredSample],
    columns: Sequence[int],
    keep: NDArray[np.bool_] | None = None,
) -> int:
    chosen = columns if keep is None else np.array(columns, np.intp)[keep].tolist()
    return len({samples[column].patient for column in chosen})


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
        raise AnalysisError("; ".join(dict.fromkeys(impossible.values())), "Take larger groups")
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
