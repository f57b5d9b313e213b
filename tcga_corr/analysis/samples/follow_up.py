"""Follow-up: until when each patient was observed, and whether with the event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.naming.names import CovariateVariable, NameResolver, Variable
from tcga_corr.analysis.samples.cohort import (
    Cohort,
    Mask,
    Measured,
    Vector,
    complete_samples,
    join_notes,
    samples_without,
)
from tcga_corr.errors import AnalysisError, DataMissingError, UsageError
from tcga_corr.stats.correlation import MIN_SAMPLES, note_of_few

Matrix = NDArray[np.float64]

TABLE_OF_TCGA = "Survival_SupplementalTable_S1_20171025_xena_sp"
"""The file of clinical endpoints of Liu et al. 2018, as the hubs name it."""
FEW_EVENTS = 20
"""Events below which a row is noted."""
_TIME = ".time"


@dataclass(frozen=True)
class Endpoint:
    """What is waited for: whether a patient has it, 0 or 1, and until when that is known."""

    event: CovariateVariable
    time: CovariateVariable

    @property
    def name(self) -> str:
        """Its name, such as ``OS``."""
        return self.event.covariate.name


def find_endpoint(names: NameResolver, cohorts: Sequence[Cohort], text: str) -> Endpoint:
    """The endpoint of a name, the covariates ``NAME`` and ``NAME.time`` of one table.

    Of several tables those give way that have none of the samples.

    Raises
    ------
    DataMissingError
        If the store has no endpoint at all.
    UsageError
        On an unknown one, naming those that there are, or one of several tables.
    """
    known = [name for name in names.covariate_labels if f"{name}{_TIME}" in names.covariate_labels]
    if not known:
        raise DataMissingError(
            "no times of survival are loaded",
            f"Load them with `tcga-corr load --covariates {TABLE_OF_TCGA}`, or a table of your own "
            f"with a column sample (or patient), OS (0 or 1) and OS{_TIME}",
        )
    found = []
    for event in names.covariates(text.removeprefix("covariate:")):
        times = names.covariates(f"{event.covariate.table}.{event.covariate.name}{_TIME}")
        found += [Endpoint(event, time) for time in times]
    if not found:
        raise UsageError(f"unknown endpoint '{text}'", f"The store has {', '.join(known)}")
    if len(found) > 1:
        found = [one for one in found if _has_samples(one, cohorts)] or found
    if len(found) > 1:
        of_tables = " or ".join(f"{one.event.covariate.table}.{one.name}" for one in found)
        raise UsageError(f"several tables of covariates have '{text}'", f"Say {of_tables}")
    return found[0]


def _has_samples(endpoint: Endpoint, cohorts: Sequence[Cohort]) -> bool:
    for cohort in cohorts:
        values, _ = endpoint.event.covariate.values_of(cohort.samples)
        if not np.isnan(values).all():
            return True
    return False


def check_not_endpoint(endpoint: Endpoint, variables: Sequence[Variable]) -> None:
    """Refuse the endpoint itself, or its time, as a variable of the same question."""
    for variable in variables:
        if variable in (endpoint.event, endpoint.time):
            raise UsageError(
                f"'{variable.name}' is the endpoint, or its time", "Name another variable"
            )


@dataclass(frozen=True, eq=False)
class FollowUp:
    """A variable, the follow-up of its samples, and what is held constant, in one tumor type.

    Attributes
    ----------
    cohort
        The tumor type.
    endpoint
        What is waited for.
    x, event, time, controls
        As measured in each selected sample.
    """

    cohort: Cohort
    endpoint: Endpoint
    x: Measured
    event: Measured
    time: Measured
    controls: tuple[Measured, ...]

    @classmethod
    def of(
        cls, cohort: Cohort, endpoint: Endpoint, x: Variable, controls: Sequence[Variable] = ()
    ) -> FollowUp:
        """Measured in a cohort.

        Raises
        ------
        AnalysisError
            If the event is anything but 0 and 1.
        """
        event, time, own, *others = (
            cohort.measure(one) for one in (endpoint.event, endpoint.time, x, *controls)
        )
        values = np.empty(0) if event.values is None else event.values
        other = values[~np.isnan(values) & (values != 0) & (values != 1)]
        if len(other):
            raise AnalysisError(
                f"{endpoint.event.name} has the value {other[0]:g} in {cohort.tumor_type}",
                "An endpoint is 1 for a patient who has the event, and 0 for others",
            )
        return cls(cohort, endpoint, own, event, time, tuple(others))

    @property
    def measured(self) -> list[Measured]:
        """All that was measured."""
        return [self.x, *self.controls, self.event, self.time]

    @cached_property
    def kept(self) -> Mask:
        """The samples that are analysed: those that have all, one of each patient."""
        return self._usable & ~self._is_without_events

    @cached_property
    def _usable(self) -> Mask:
        return self._complete & ~self._is_too_short & ~self._is_repeated

    @cached_property
    def _complete(self) -> Mask:
        return complete_samples(self.measured, len(self.cohort.columns))

    @cached_property
    def _is_too_short(self) -> Mask:
        """Which complete samples were observed for no time at all."""
        times = self.time.values
        if times is None:
            return np.zeros(len(self.cohort.columns), dtype=np.bool_)
        with np.errstate(invalid="ignore"):
            return self._complete & (times <= 0)

    @cached_property
    def _is_repeated(self) -> Mask:
        """Which complete samples are of a patient who has one before."""
        known: set[str] = set()
        repeated = np.zeros(len(self.cohort.columns), dtype=np.bool_)
        usable = self._complete & ~self._is_too_short
        samples = self.cohort.samples
        for place in np.flatnonzero(usable):
            repeated[place] = samples[place].patient in known
            known.add(samples[place].patient)
        return repeated

    @cached_property
    def _is_without_events(self) -> Mask:
        """Which usable samples are of a level of a control that has no events.

        The likelihood is highest where their hazard is 0: then they are never at risk, and the
        other coefficients are those of the other samples. A number of two values has levels too.
        """
        left_out = np.zeros(len(self.cohort.columns), dtype=np.bool_)
        events = self.event.values
        if events is None or not events[self._usable].any():
            return left_out
        kept = self._usable
        for column in [*self._levels, *self._levels]:  # again, as others are left out
            for level in np.unique(column[kept]):
                own = kept & (column == level)
                if not events[own].any():
                    left_out |= own
                    kept = kept & ~own
        return left_out

    @cached_property
    def _levels(self) -> list[Vector]:
        """The controls that have levels: categories, numbers of two values, and studies."""
        controls = [
            one.values
            for one in self.controls
            if one.values is not None
            and (one.levels or len(np.unique(one.values[self._usable])) == 2)
        ]
        return [*controls, *self.cohort.studies]

    @cached_property
    def n(self) -> int:
        """Samples that are analysed."""
        return int(self.kept.sum())

    @cached_property
    def values(self) -> Vector:
        """Of x, in the samples that are analysed."""
        return self._kept(self.x)

    @cached_property
    def times(self) -> Vector:
        """Until when each of them was observed."""
        return self._kept(self.time)

    @cached_property
    def events(self) -> Mask:
        """Whether with the event."""
        return np.asarray(self._kept(self.event) == 1)

    def _kept(self, measured: Measured) -> Vector:
        return np.empty(0) if measured.values is None else measured.values[self.kept]

    @cached_property
    def control_columns(self) -> Matrix:
        """What is held constant in the samples that are analysed, samples x columns."""
        kept = np.flatnonzero(self.kept)
        columns = [column for one in self.controls for column in one.fitted(kept)]
        columns += [study[kept] for study in self.cohort.studies]
        return np.column_stack(columns) if columns else np.empty((self.n, 0))

    def reason(self, n_controls: int) -> str:
        """Why nothing can be estimated, with so many controls; empty where nothing forbids it."""
        notes = join_notes(*(one.note for one in self.measured))
        if notes:
            return notes
        least = MIN_SAMPLES + n_controls
        if self.n < least:
            return note_of_few(self.n, least)
        if not self.events.any():
            return "no events"
        return ""

    @property
    def left_out(self) -> str:
        """Which samples are left out, and that events are few; in words."""
        if any(one.note for one in self.measured):
            return ""
        n = len(self.cohort.columns)
        without = n - int(complete_samples([self.event, self.time], n).sum())
        n_short, n_repeated = int(self._is_too_short.sum()), int(self._is_repeated.sum())
        n_level = int(self._is_without_events.sum())
        n_events = int(self.events.sum())
        return join_notes(
            samples_without(self.endpoint.name, without),
            *(one.missing_note for one in (self.x, *self.controls)),
            _count(n_short, f"with {self.time.name} of 0 or less"),
            _count(n_repeated, "of patients who have another"),
            _count(n_level, "of a level without events, left out"),
            f"few events: {n_events}" if 0 < n_events < FEW_EVENTS else "",
        )


def _count(n: int, what: str) -> str:
    return f"{n} sample{'s' if n > 1 else ''} {what}" if n else ""
