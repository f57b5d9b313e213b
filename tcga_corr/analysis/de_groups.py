"""The groups and contrasts of differential expression, as a user names them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tcga_corr.analysis.compare import Grouping, grouping_by
from tcga_corr.analysis.de_samples import Contrast
from tcga_corr.choices import BY_SAMPLE_TYPE, Selection
from tcga_corr.errors import UsageError, near_names
from tcga_corr.store.counts import CountsTable
from tcga_corr.store.covariate_lookup import Covariate, Covariates

_MOST_GROUPS = 20


def groups_of(
    known: Covariates,
    tables: Sequence[CountsTable],
    by: str | Path,
    group: str | None,
    samples: Selection,
) -> Grouping:
    """The groups: tumour and normal, of a file, or the values of a covariate.

    Raises
    ------
    UsageError
        If they are none of these.
    """
    given, by = by, str(by)
    name = by.removeprefix("covariate:")
    is_file = by != BY_SAMPLE_TYPE and Path(by).exists()
    if by == BY_SAMPLE_TYPE or is_file or (name == by and not known.named(by)):
        if by != BY_SAMPLE_TYPE and not is_file and "." not in by and "/" not in by:
            raise UsageError(
                f"--by is '{by}', which is no file and no covariate",
                near_names(by, [BY_SAMPLE_TYPE, *known.labels])
                or f"Give {BY_SAMPLE_TYPE}, a file of groups or a covariate",
            )
        return grouping_by(given, group, samples)
    if group is not None:
        raise UsageError("a column of groups is given", "Give a file too: --by FILE")
    return _by_covariate(known.require(name), tables, samples)


def _by_covariate(
    covariate: Covariate, tables: Sequence[CountsTable], samples: Selection
) -> Grouping:
    """The values of a covariate as groups, in their order.

    Raises
    ------
    UsageError
        If there are too many to be groups, or fewer than two.
    """
    group_of: dict[str, str] = {}
    found: set[float] = set()
    for table in tables:
        chosen = [one for one in table.metadata.samples if one.is_in(samples)]
        values, _ = covariate.values_of(chosen)
        for sample, value in zip(chosen, values.tolist(), strict=True):
            if not np.isnan(value):
                found.add(value)
                group_of[sample.barcode] = f"{value:g}"
    if not 2 <= len(found) <= _MOST_GROUPS:
        raise UsageError(
            f"covariate {covariate.label} has {len(found)} different values in these samples, so "
            "they are no groups",
            "Give a file of groups: --by FILE",
        )
    names = tuple(dict.fromkeys(f"{value:g}" for value in sorted(found)))
    return Grouping(names, lambda selection, sample: group_of.get(sample.barcode), (samples,))


def contrasts_of(
    names: Sequence[str], contrasts: Sequence[str], reference: str | None
) -> tuple[Contrast, ...]:
    """The pairs of groups to compare.

    Raises
    ------
    UsageError
        If a name is that of no group, or if there are several groups and none is named.
    """
    if contrasts:
        return tuple(dict.fromkeys(_parsed(text, names) for text in contrasts))
    if reference is not None:
        _check_group(reference, names)
        return tuple((name, reference) for name in names if name != reference)
    if len(names) == 2:
        return ((names[0], names[1]),)
    raise UsageError(
        f"there are {len(names)} groups: {', '.join(names[:8])}{', …' if names[8:] else ''}",
        "Say which are compared: --reference GROUP, or --contrast A:B",
    )


def _parsed(text: str, names: Sequence[str]) -> Contrast:
    """The two groups of ``A:B``; a group's name may hold a colon itself."""
    places = [place for place, letter in enumerate(text) if letter == ":"]
    pairs = [(text[:place], text[place + 1 :]) for place in places]
    found = [(a, b) for a, b in pairs if a in names and b in names]
    if len(found) == 1 and found[0][0] != found[0][1]:
        return found[0]
    if len(found) > 1:
        raise UsageError(f"--contrast '{text}' can be read in several ways", "Rename the groups")
    if len(pairs) == 1:
        for name in pairs[0]:
            _check_group(name, names)
    raise UsageError(
        f"--contrast is '{text}'", f"Give A:B, two of the groups {', '.join(names[:8])}"
    )


def _check_group(name: str, names: Sequence[str]) -> None:
    if name not in names:
        raise UsageError(
            f"'{name}' is no group", near_names(name, names) or f"The groups are {', '.join(names)}"
        )
