"""The contrasts of differential expression, as a user names them."""

from __future__ import annotations

from collections.abc import Sequence

from tcga_corr.analysis.differential.samples import Contrast
from tcga_corr.analysis.samples.grouping import check_group
from tcga_corr.errors import UsageError


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
        check_group(reference, names)
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
            check_group(name, names)
    raise UsageError(
        f"--contrast is '{text}'", f"Give A:B, two of the groups {', '.join(names[:8])}"
    )
