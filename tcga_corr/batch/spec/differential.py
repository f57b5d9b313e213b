"""Blocks of differential expression: what they ask, and what is wrong with it before any fit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tcga_corr.analysis.differential.contrasts import contrasts_of
from tcga_corr.analysis.differential.fit import contrast_name
from tcga_corr.analysis.differential.question import DeOptions
from tcga_corr.analysis.samples.grouping import names_file_of_groups
from tcga_corr.batch.spec.document import Block
from tcga_corr.choices import BY_GTEX, BY_SAMPLE_TYPE
from tcga_corr.errors import TcgaCorrError, near_names
from tcga_corr.formats.sample_groups import read_groups

KEYS = (
    "by", "group", "contrasts", "reference", "pair", "adjust", "shrink", "min_count", "q", "lfc",
    "check",
)  # fmt: skip
"""The settings of such a block, beside those of all."""
_DEFAULTS = vars(DeOptions())
_SAY_WHICH = 'Say which are compared: reference = "A", or contrasts = ["A:B"]'


def options_of(block: Block) -> DeOptions:
    """What a block asks, with every default; a file of groups as it opens from here."""
    document = block.document
    values: dict[str, Any] = {
        key: document.get((*block.place, key), _DEFAULTS[key]) for key in KEYS if key != "adjust"
    }
    values["contrasts"] = tuple(values["contrasts"])
    values["adjust"] = tuple(name for _, name in block.names("adjust"))
    values["by"] = groups_file(block) or values["by"]
    return DeOptions(**values)


def as_written(options: DeOptions, folder: Path) -> Mapping[str, Any]:
    """The settings as they may stand in a spec of a folder."""
    values = {key: getattr(options, key) for key in KEYS}
    if isinstance(options.by, Path):
        path = options.by
        inside = path.relative_to(folder) if path.is_relative_to(folder) else path
        values["by"] = inside.as_posix()
    return values | {"contrasts": options.contrasts or None}


def groups_file(block: Block) -> Path | None:
    """The file of a block's groups; None where it is grouped by anything else."""
    text = block.document.get((*block.place, "by"), BY_SAMPLE_TYPE)
    names = block.document.names
    if text in (BY_SAMPLE_TYPE, BY_GTEX):
        return None
    is_file = names_file_of_groups(text, names.stored, names.folder)
    return names.folder / text if is_file else None


def groups_of(block: Block) -> tuple[str, ...]:
    """The names of a block's groups, as far as they are known before any table is read.

    Of a category these are all of its levels; the samples may have fewer.

    Raises
    ------
    TcgaCorrError
        If the file has none, or there is no such covariate.
    """
    document = block.document
    text = document.get((*block.place, "by"), BY_SAMPLE_TYPE)
    if text in (BY_SAMPLE_TYPE, BY_GTEX):
        return "tumor", "normal" if text == BY_SAMPLE_TYPE else "gtex"
    path = groups_file(block)
    if path is not None:
        return read_groups(path, document.get((*block.place, "group"))).names
    return document.names.stored.covariate(text).covariate.levels


def contrasts_if_known(block: Block) -> tuple[str, ...]:
    """The contrasts of a block, as ``A:B``; none where something of it is wrong."""
    if any(block.document.is_spoilt((*block.place, key)) for key in KEYS):
        return ()
    options = options_of(block)
    try:
        found = contrasts_of(groups_of(block), options.contrasts, options.reference)
    except TcgaCorrError:
        return ()
    return tuple(map(contrast_name, found))


def check_differential(block: Block) -> None:
    """Report groups that are not there, and settings that do not go together."""
    document = block.document
    if block.has("contrasts") and block.has("reference"):
        document.report(
            (*block.place, "reference"),
            "contrasts and a reference are given at once",
            "Give one of them",
        )
    if document.is_spoilt((*block.place, "by")) or document.is_spoilt((*block.place, "group")):
        return
    if block.has("group") and groups_file(block) is None:
        document.report(
            (*block.place, "group"),
            "a column of groups is given, and no file of them",
            'Give the file too: by = "FILE", or leave it out',
        )
    names = _groups_or_report(block)
    if len(names) > 1:
        _check_contrasts(block, names)


def _groups_or_report(block: Block) -> tuple[str, ...]:
    """The groups' names; none where they cannot be found, which is reported."""
    document, place = block.document, (*block.place, "by")
    try:
        names = groups_of(block)
    except TcgaCorrError as error:
        about_column = block.has("group") and "column" in error.what
        document.report(
            (*block.place, "group") if about_column else place,
            error.what,
            error.remedy.replace("--group", "group ="),
        )
        return ()
    if not names:
        text = document.get(place)
        document.report(
            place,
            f"'{text}' is a number, and groups are of a category",
            "`tcga-corr covariates` lists the categories; or give a file of groups",
        )
    return names


def _check_contrasts(block: Block, names: tuple[str, ...]) -> None:
    document, place = block.document, (*block.place, "contrasts")
    listed = f"The groups are {', '.join(names[:12])}"
    for element, text in document.elements(place):
        try:
            contrasts_of(names, [text], None)
        except TcgaCorrError as error:
            document.report(element, error.what, error.remedy or listed)
    reference = document.get((*block.place, "reference"))
    if reference is not None and reference not in names:
        document.report(
            (*block.place, "reference"),
            f"'{reference}' is no group",
            near_names(reference, names) or listed,
        )
    # of a category the samples may have two levels alone, which the tables tell
    is_category = groups_file(block) is None and len(names) > 2
    if not (block.has("contrasts") or block.has("reference") or len(names) == 2 or is_category):
        document.report(
            block.place,
            f"there are {len(names)} groups: {', '.join(names[:8])}{', …' if names[8:] else ''}",
            _SAY_WHICH,
        )
