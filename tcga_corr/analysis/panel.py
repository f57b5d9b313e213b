"""Variables of one tumor type, to be correlated with each other: many pairs at once.

Every association is made here: ``correlate`` asks a panel for one pair, ``batch`` for a cross,
``robustness`` several panels for a few.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.naming.names import SetVariable, Variable
from tcga_corr.analysis.nulls.setting import NullSetting, PairsInTable
from tcga_corr.analysis.samples.cohort import (
    SAME_VARIABLE,
    Cohort,
    Mask,
    Measured,
    Vector,
    complete_samples,
    join_notes,
    notes_of_ties,
)
from tcga_corr.analysis.shared_genes import SharedGenes, Variables
from tcga_corr.choices import Method
from tcga_corr.stats.correlation import (
    MIN_SAMPLES,
    Fit,
    note_of_constant,
    note_of_few,
    note_of_fitted,
    snapped,
    unit_rows,
)
from tcga_corr.stats.methods import FORMULAS, fisher_interval, fisher_variance, is_ranked, p_of_r
from tcga_corr.vocabulary.methods import METHODS

Matrix = NDArray[np.float64]
Places = NDArray[np.intp]
Counts = NDArray[np.int64]

# Rows and columns of a matrix product: fixed, as its last bits depend on its shape.
ROWS_AT_ONCE = 128
_COLUMNS_AT_ONCE = 512
# pairs whose rows are multiplied at a time: what lies in the cache
_PAIRS_AT_ONCE = 128


@dataclass(frozen=True)
class Pairs:
    """Associations of one tumor type, an entry per pair; NaN where there is none.

    Attributes
    ----------
    x, y
        Places of the variables.
    n, n_controls
        Samples, and fitted controls.
    r, ci_low, ci_high, p
        The coefficient, its 95 % interval, and the two-sided p of r = 0; see
        :mod:`tcga_corr.stats.correlation`.
    n_shared, r_disjoint
        Genes that both share, and r without them; NaN where no gene set is involved.
    r_purity, n_purity
        r adjusted for purity too, and the samples that have it; NaN and 0 where no gene set is
        involved, or purity is not asked for or not known.
    notes
        As in the rows of ``correlate``.
    """

    x: Places
    y: Places
    n: Counts
    n_controls: Counts
    r: Vector
    ci_low: Vector
    ci_high: Vector
    p: Vector
    n_shared: Counts
    r_disjoint: Vector
    r_purity: Vector
    n_purity: Counts
    notes: list[str]

    @classmethod
    def joined(cls, parts: Sequence[Pairs]) -> Pairs:
        """Several, one after another."""
        arrays = [field.name for field in fields(cls) if field.name != "notes"]
        joined = {name: np.concatenate([getattr(one, name) for one in parts]) for name in arrays}
        return cls(**joined, notes=[note for one in parts for note in one.notes])


@dataclass(frozen=True)
class _Common:
    """The samples that two kinds of variables and the controls have."""

    columns: Places
    fit: Fit | None

    @property
    def n(self) -> int:
        return len(self.columns)

    @property
    def n_controls(self) -> int:
        return self.fit.n_controls if self.fit else 0

    @property
    def note(self) -> str:
        least = MIN_SAMPLES + self.n_controls
        return note_of_few(self.n, least) if self.n < least else ""


class Panel:
    """Variables measured in one tumor type, to be correlated with each other.

    Parameters
    ----------
    cohort
        The tumor type.
    variables, controls
        What to correlate, and what to adjust for; what is measured already is taken as it is.
    method
        ``pearson``, ``spearman``, or ``kendall``, pair by pair; there is no partial Kendall.
    purity
        What pairs with a gene set are adjusted for beside their own r; None for nothing.
    """

    def __init__(
        self,
        cohort: Cohort,
        variables: Sequence[Variable | Measured],
        controls: Sequence[Variable | Measured] = (),
        method: Method = "pearson",
        purity: Variable | Measured | None = None,
    ) -> None:
        self.cohort = cohort
        self.method = method
        self._purity = _measured(cohort, [purity] if purity else [])
        self.measured = _measured(cohort, variables)
        self.controls = _measured(cohort, controls)
        self._made_of = Variables.measured(cohort, self.measured)
        self._values, self._is_set = self._made_of.values, self._made_of.is_set
        self._noted = np.array([bool(one.note) for one in self.measured], dtype=bool)
        unmeasured = np.array([one.values is None for one in self.measured], dtype=bool)
        complete = ~np.isnan(self._values) | unmeasured[:, np.newaxis]
        # kinds of variables by the samples that have them: one, unless there are covariates
        self._kinds, kind = np.unique(complete, axis=0, return_inverse=True)
        self._kind = kind.reshape(-1)
        self._commons: dict[tuple[int, int], _Common] = {}
        self._settings: dict[tuple[int, int], tuple[NullSetting, dict[int, Vector]]] = {}
        self._genes = SharedGenes(self._made_of, self._made_of)
        self._notes = _Notes(cohort, self.measured, self.controls)

    def cross(self, x: Places, y: Places, kept: Mask) -> Pairs:
        """Correlate every x with every y.

        Parameters
        ----------
        x, y
            Places of variables.
        kept
            Which pairs to give, x by y; row by row.
        """
        if self._formula is not None:
            row, column = np.nonzero(kept)
            return self.pairs(x[row], y[column])
        r = np.full(kept.shape, np.nan)
        kinds = itertools.product(np.unique(self._kind[x]), np.unique(self._kind[y]))
        for row_kind, column_kind in kinds:
            common = self._common(row_kind, column_kind)
            if common.note:
                continue
            rows = np.flatnonzero(self._kind[x] == row_kind)
            columns = np.flatnonzero(self._kind[y] == column_kind)
            r[np.ix_(rows, columns)] = self._products(x[rows], y[columns], common)
        row, column = np.nonzero(kept)
        return self._completed(x[row], y[column], r[row, column])

    def pairs(self, x: Places, y: Places) -> Pairs:
        """Correlate each x with the y of the same position."""
        r, p = self._coefficients(x, y)
        return self._completed(x, y, r, None if self._formula is None else p)

    def _coefficients(self, x: Places, y: Places) -> tuple[Vector, Vector]:
        """The r of each pair; and p, by methods that have it from the values."""
        r, p = np.full((2, len(x)), np.nan)
        for common, where in self._by_common(x, y):
            if common.note:
                continue
            for start in range(0, len(where), _PAIRS_AT_ONCE):
                part = where[start : start + _PAIRS_AT_ONCE]
                if self._formula is None:
                    products = self._units(x[part], common) * self._units(y[part], common)
                    r[part] = products.sum(axis=1)
                else:
                    sides = [_columns(self._values[one[part]], common) for one in (x, y)]
                    r[part], p[part] = self._by_formula(*sides)
        return r, p

    def standardised(self, x: int, y: int) -> tuple[Matrix, Places]:
        """Two variables in the samples that they have in common, and the places of these.

        Returns
        -------
        2 x samples: deviations of length one, of ranks by a method of ranks, without what is held
        fixed, so that their product is r; NaN where one does not vary.
        """
        common = self._common(self._kind[x], self._kind[y])
        return self._units(np.array([x, y]), common), common.columns

    def fitted_out(self, x: int, y: int) -> Matrix | None:
        """What is held fixed of two variables, samples x directions; None of nothing."""
        fit = self._common(self._kind[x], self._kind[y]).fit
        return fit.directions if fit else None

    @property
    def _formula(self) -> Callable[[Vector, Vector], tuple[float, float]] | None:
        """Coefficient and p of two vectors; None where r is a product of rows of length one."""
        formula = FORMULAS[self.method].pair
        if formula is not None and (self.controls or self.cohort.studies):
            raise ValueError(f"there is no partial {self.method.title()} correlation here")
        return formula

    @property
    def _is_by_order(self) -> bool:
        """Whether equal values must be equal to the last bit."""
        return is_ranked(self.method) or self._formula is not None

    def _by_formula(self, x: Matrix, y: Matrix) -> tuple[Vector, Vector]:
        """Coefficient and p of each row of x with that of y; NaN where one does not vary."""
        found = np.full((len(x), 2), np.nan)
        usable = ~(np.isnan(unit_rows(x)) | np.isnan(unit_rows(y))).any(axis=1)
        for row in np.flatnonzero(usable):
            found[row] = self._formula(x[row], y[row]) if self._formula else np.nan
        return found[:, 0], found[:, 1]

    def by_average_ranks(self) -> Panel:
        """The panel whose sets are scored by average ranks; itself where they are."""
        if self.cohort.ties == "average" or not self._is_set.any():
            return self
        cohort = self.cohort.variant("average")
        measured = [cohort.again(one) for one in self.measured]
        return Panel(cohort, measured, [cohort.again(one) for one in self.controls], self.method)

    def by_method(self, method: Method) -> Panel:
        """The same measured variables, by another method."""
        other = copy(self)
        other.method = method
        other._commons, other._settings = {}, {}
        for cached in ("_whole_units", "_with_purity"):
            other.__dict__.pop(cached, None)
        return other

    def involves_set(self, x: Places, y: Places) -> Mask:
        """Which pairs have a gene set."""
        return np.asarray(self._is_set[x] | self._is_set[y])

    def is_one_variable(self, x: Places, y: Places) -> Mask:
        """Which pairs are of one variable, by one name or by two."""
        return np.asarray(self._identity[x] == self._identity[y])

    @cached_property
    def _identity(self) -> Places:
        """A number of each variable, which those that are the same share."""
        numbers: dict[object, int] = {}
        return np.array(
            [numbers.setdefault(one.identity, len(numbers)) for one in self.measured], dtype=np.intp
        )

    def samples_code(self, x: Places, y: Places) -> Places:
        """A number of each pair, which pairs that have values in the same samples share."""
        return np.asarray(self._kind[x] * len(self._kinds) + self._kind[y])

    def tables(self, x: Places, y: Places, some: Mask) -> Iterator[tuple[PairsInTable, Places]]:
        """Some of the pairs, by the samples in which they have values; and their places."""
        for _, where in self._by_common(x, y):
            places = where[some[where]]
            if len(places):
                yield self.table(x[places], y[places]), places

    def table(self, x: Places, y: Places) -> PairsInTable:
        """Pairs that have values in the same samples."""
        kinds = int(self._kind[x[0]]), int(self._kind[y[0]])
        common = self._common(*kinds)
        if kinds not in self._settings:
            columns, min_genes = self.cohort.columns[common.columns], self.cohort.min_genes
            table = self.cohort.table
            setting = NullSetting(table, columns, self.method, common.fit, min_genes)
            self._settings[kinds] = setting, {}
        kept = np.zeros(len(self.cohort.columns), dtype=np.bool_)
        kept[common.columns] = True
        return PairsInTable(
            self.cohort,
            self.measured,
            kept,
            self.method,
            common.fit,
            x,
            y,
            *self._settings[kinds],
        )

    def _products(self, x: Places, y: Places, common: _Common) -> Matrix:
        r = np.empty((len(x), len(y)))
        for row in range(0, len(x), ROWS_AT_ONCE):
            rows = self._units(x[row : row + ROWS_AT_ONCE], common)
            for column in range(0, len(y), _COLUMNS_AT_ONCE):
                columns = self._units(y[column : column + _COLUMNS_AT_ONCE], common)
                r[row : row + ROWS_AT_ONCE, column : column + _COLUMNS_AT_ONCE] = rows @ columns.T
        return r

    def _units(self, places: Places, common: _Common) -> Matrix:
        """Rows of length one of the common samples, whose products are r; NaN of constants."""
        if common.n == self._values.shape[1]:
            return np.asarray(self._whole_units[places])
        return unit_rows(_columns(self._values[places], common), self.method, common.fit)

    @cached_property
    def _whole_units(self) -> Matrix:
        fit = self._fit(np.arange(self._values.shape[1]))
        units = np.empty_like(self._values)
        for start in range(0, len(units), ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            units[part] = unit_rows(self._values[part], self.method, fit)
        return units

    def _fit(self, columns: Places) -> Fit | None:
        controls = [values for one in self.controls for values in one.fitted(columns)]
        controls += [study[columns] for study in self.cohort.studies]
        if not controls or self._notes.missing_control:
            return None
        return Fit(np.column_stack(controls), ranked=is_ranked(self.method))

    def _common(self, one: int, other: int) -> _Common:
        known = self._commons.get((one, other))
        if known is None:
            complete = self._kinds[one] & self._kinds[other]
            complete = complete & complete_samples(self.controls, len(complete))
            columns = np.flatnonzero(complete)
            known = self._commons[one, other] = _Common(columns, self._fit(columns))
        return known

    def _by_common(self, x: Places, y: Places) -> Iterator[tuple[_Common, Places]]:
        """Positions of pairs, by the samples that they have in common."""
        code = self.samples_code(x, y)
        for one in np.unique(code):
            yield self._common(*divmod(int(one), len(self._kinds))), np.flatnonzero(code == one)

    def _completed(self, x: Places, y: Places, r: Vector, p: Vector | None = None) -> Pairs:
        r, n, n_controls = self._with_counts(x, y, r)
        low, high = fisher_interval(r, fisher_variance(r, n, self.method, n_controls))
        shared = self._genes.counts(x, y)
        notes = self._pair_notes(x, y, r)
        disjoint = np.where(self._is_set[x] | self._is_set[y], r, np.nan)
        sharing = np.flatnonzero((shared > 0) & ~np.isnan(r))
        for part, values, reasons in self._disjoint(x[sharing], y[sharing], shared[sharing]):
            disjoint[sharing[part]] = values
            for number, reason in reasons.items():
                place = sharing[number]
                disjoint_note = self._notes.of(int(x[place]), int(y[place]), reason)
                notes[place] = join_notes(notes[place], f"without shared genes: {disjoint_note}")
        if p is None:
            p = p_of_r(r, n, self.method, n_controls)
        p = np.where(np.isnan(r), np.nan, p)
        pure = self._adjusted_for_purity(x, y)
        return Pairs(x, y, n, n_controls, r, low, high, p, shared, disjoint, *pure, notes)

    def _with_counts(self, x: Places, y: Places, r: Vector) -> tuple[Vector, Counts, Counts]:
        """r, NaN where something is not measured; and how many samples and controls it is of."""
        n, n_controls = np.zeros((2, len(x)), dtype=np.int64)
        for common, where in self._by_common(x, y):
            n[where], n_controls[where] = common.n, common.n_controls
        if self._notes.missing_control:
            r = np.full(len(x), np.nan)
        r = np.where(self._noted[x] | self._noted[y], np.nan, r)
        return snapped(r), n, n_controls

    def _adjusted_for_purity(self, x: Places, y: Places) -> tuple[Vector, Counts]:
        """The r adjusted for purity, and its samples, of the pairs with a gene set."""
        r, n = np.full(len(x), np.nan), np.zeros(len(x), dtype=np.int64)
        known = next((one for one in self._purity if one.values is not None and not one.note), None)
        if known is None or not METHODS[self.method].adjusts:
            return r, n
        is_it = np.array([one.is_same_as(known) for one in self.measured], dtype=np.bool_)
        some = np.flatnonzero(self.involves_set(x, y) & ~is_it[x] & ~is_it[y])
        beside = self._with_purity
        found, _ = beside._coefficients(x[some], y[some])
        r[some], n[some], _ = beside._with_counts(x[some], y[some], found)
        return r, n

    @cached_property
    def _with_purity(self) -> Panel:
        return Panel(self.cohort, self.measured, [*self.controls, *self._purity], self.method)

    def _disjoint(
        self, x: Places, y: Places, shared: Counts
    ) -> Iterator[tuple[Places, Vector, dict[int, str]]]:
        """The r of pairs without the genes that they share, and why there is none."""
        for part, *sides in self._genes.without(x, y, ranked=self._is_by_order):
            left = [
                np.where(self._is_set[one[part]], self._made_of.sizes[one[part]] - shared[part], 1)
                for one in (x, y)
            ]
            enough = np.ones(len(part), dtype=np.bool_)
            for one, count in zip((x, y), left, strict=True):
                enough &= ~self._is_set[one[part]] | (count >= self.cohort.min_genes)
            r = np.full(len(part), np.nan)
            reasons: dict[int, str] = {}
            for common, where in self._by_common(x[part], y[part]):
                some = where[enough[where]]
                values = [_columns(side[some], common) for side in sides]
                r[some] = self._correlated(values, common)
                for number in np.flatnonzero(np.isnan(r[some])):
                    pair = (int(x[part[some[number]]]), int(y[part[some[number]]]))
                    reasons[int(part[some[number]])] = self._flat(
                        pair, [side[number : number + 1] for side in values], common
                    )
            for number in np.flatnonzero(~enough):
                pair = (int(x[part[number]]), int(y[part[number]]))
                reasons[int(part[number])] = self._notes.too_few_left(
                    pair, [int(count[number]) for count in left]
                )
            yield part, snapped(r), reasons

    def _correlated(self, sides: Sequence[Matrix], common: _Common) -> Vector:
        """The coefficient of each row of one side with that of the other."""
        if self._formula is not None:
            return self._by_formula(*sides)[0]
        x, y = (unit_rows(side, self.method, common.fit) for side in sides)
        return np.asarray((x * y).sum(axis=1))

    def _pair_notes(self, x: Places, y: Places, r: Vector) -> list[str]:
        own, empty = self._notes, np.isnan(r)
        notes = [join_notes(own.mark, own.of_controls)] * len(x)
        tied = self._notes_of_ties(x, y)
        special = empty | (np.abs(r) == 1) | own.special[x] | own.special[y]
        special[list(tied)] = True
        for place in np.flatnonzero(special):
            pair = one, other = int(x[place]), int(y[place])
            if empty[place]:
                reason = own.unmeasured(one, other) or self._reason(pair)
            else:
                reason = own.same(one, other)
            ties = "" if empty[place] else tied.get(int(place), "")
            few = own.few_genes[one], own.few_genes[other]
            notes[place] = join_notes(own.mark, own.of(one, other, reason), ties, *few)
        return notes

    def _notes_of_ties(self, x: Places, y: Places) -> dict[int, str]:
        """Which pairs have too many samples at the lowest value for the method's p."""
        notes: dict[int, str] = {}
        for common, where in self._by_common(x, y):
            pairs = np.stack([x[where], y[where]])
            involved, row = np.unique(pairs, return_inverse=True)
            names = [self.measured[one].name for one in involved]
            values = _columns(self._values[involved], common)
            texts = notes_of_ties(names, values, self.method)
            x_row, y_row = row.reshape(pairs.shape)
            tied = np.array([bool(text) for text in texts])
            for pair in np.flatnonzero(tied[x_row] | tied[y_row]):
                notes[int(where[pair])] = join_notes(texts[x_row[pair]], texts[y_row[pair]])
        return notes

    def _reason(self, pair: tuple[int, int]) -> str:
        """Why a pair has no r, though both variables are measured."""
        common = self._common(self._kind[pair[0]], self._kind[pair[1]])
        values = [_columns(self._values[[one]], common) for one in pair]
        return common.note or self._flat(pair, values, common)

    def _flat(self, pair: tuple[int, int], values: Sequence[Matrix], common: _Common) -> str:
        names = (self.measured[pair[0]].name, self.measured[pair[1]].name)
        x_flat, y_flat = (
            tuple(
                bool(np.isnan(unit_rows(side, self.method, fit)).any())
                for fit in (None, common.fit)
            )
            for side in values
        )
        constant, fitted = zip(x_flat, y_flat, strict=True)
        return note_of_constant(names, constant) or note_of_fitted(names, fitted)


def _measured(cohort: Cohort, variables: Sequence[Variable | Measured]) -> list[Measured]:
    return [one if isinstance(one, Measured) else cohort.measure(one) for one in variables]


def _columns(values: Matrix, common: _Common) -> Matrix:
    """Some samples; row by row in memory, as the last bits of a row's sum depend on it."""
    return np.ascontiguousarray(values[:, common.columns])


class _Notes:
    """The notes of variables in one tumor type, each by its place.

    Attributes
    ----------
    mark
        That the values are simulated; empty where they are not.
    missing_control
        Why a control has no values; empty where all have.
    of_controls
        How many samples lack them.
    few_genes
        Of sets with less than half of their genes in the table.
    special
        Which variables have a note that others do not.
    """

    def __init__(
        self, cohort: Cohort, measured: Sequence[Measured], controls: Sequence[Measured]
    ) -> None:
        self._cohort, self._measured = cohort, measured
        self.mark = cohort.mark
        self.missing_control = join_notes(*(one.note for one in controls))
        self.of_controls = join_notes(*(one.missing_note for one in controls))
        self.few_genes = [one.few_genes_note for one in measured]
        self._missing = [one.missing_note for one in measured]
        self._sharing = [
            [control.shares_as_control(one) for one in measured] for control in controls
        ]
        notes = zip(self._missing, self.few_genes, *self._sharing, strict=True)
        self.special = np.array([any(one) for one in notes], dtype=np.bool_)

    def of(self, x: int, y: int, reason: str) -> str:
        """Of a pair: why it has no r, which samples are left out, which controls share genes."""
        sharing = (one[place] for one in self._sharing for place in (x, y))
        return join_notes(reason, self._missing[x], self._missing[y], self.of_controls, *sharing)

    def unmeasured(self, x: int, y: int) -> str:
        """Which of a pair, or else which control, has no values."""
        return join_notes(self._measured[x].note, self._measured[y].note) or self.missing_control

    def same(self, x: int, y: int) -> str:
        """Whether both are one variable by two names."""
        return SAME_VARIABLE if self._measured[x].is_same_as(self._measured[y]) else ""

    def too_few_left(self, pair: tuple[int, int], counts: Sequence[int]) -> str:
        """Which sets have too few genes left."""
        return join_notes(
            *(
                self._cohort.too_few_genes(variable, count, "left")
                for variable, count in zip(
                    (self._measured[place].variable for place in pair), counts, strict=True
                )
                if isinstance(variable, SetVariable) and count < self._cohort.min_genes
            )
        )
