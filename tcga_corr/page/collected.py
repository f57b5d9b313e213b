"""A page of questions that were asked one after the other; it is read, and grows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tcga_corr.errors import TableError, UsageError
from tcga_corr.exchange import read_json_object
from tcga_corr.files import check_is_file
from tcga_corr.page.drawings import drawing
from tcga_corr.page.parts import Page, Section, unpacked
from tcga_corr.page.render import report

SCHEMA = 1
"""Of the data in a page; pages of another one are not added to."""
MOST_BYTES = 10_000_000
"""Of a page, without its libraries."""
_LARGEST = 100_000_000  # bytes of a file that may be such a page
_DATA = '<script type="application/json" id="data">'
_SEAL = "\n<!-- tcga-corr, page of questions, sha256 {} -->\n"
_ANOTHER = "Give another file, which is made"


def page_of_sections(sections: Sequence[Section], title: str = "") -> Page:
    """A page of questions, in their order.

    Parameters
    ----------
    sections
        Their answers; of the same question, the last one at the place of the first.
    title
        Of the page; what was asked, if it is empty.
    """
    by_id: dict[str, Section] = {}
    for one in sections:
        by_id[one.id] = one
    kept = list(by_id.values())
    simulated = [one.simulated for one in kept]
    return Page(
        title=title or _title(kept),
        subtitle="" if len(kept) == 1 else "Each with its answer, figures, tables and methods",
        simulated=all(simulated),
        partly_simulated=any(simulated) and not all(simulated),
        answers=(),
        sections=kept,
    )


def _title(sections: Sequence[Section]) -> str:
    return sections[0].title if len(sections) == 1 else f"Answers to {len(sections)} questions"


def collected(page: Page) -> str:
    """The HTML of a page of questions, which :func:`read_page` reads.

    Where there is no room for the samples of all pairs, those of the last ones are left out, which
    their sections say.

    Raises
    ------
    UsageError
        If it is too large to be opened at ease even without samples.
    """
    text = report(page, schema=SCHEMA)
    size = _size(text)
    if size > MOST_BYTES:
        having = [place for place, one in enumerate(page.sections) if one.scatters]
        if not having:
            raise UsageError(
                f"a page of {size / 1e6:.0f} MB of figures and tables is too large to open at ease",
                "Begin another page",
            )
        sections = list(page.sections)
        sections[having[-1]] = _without_samples(sections[having[-1]])
        return collected(replace(page, sections=sections))
    return text + _SEAL.format(_hash(text))


def _size(text: str) -> int:
    """The bytes of the data of a page."""
    start = text.index(_DATA)
    return len(text[start : text.index("</script>", start)].encode())


def _without_samples(section: Section) -> Section:
    n = sum(len(one.samples) for one in section.scatters.values())
    why = f"scatters of {n:,} samples, as the page has no more room"
    return replace(section, scatters={}, no_drawings=[*section.no_drawings, why])


def with_section(page: Page | None, section: Section) -> Page:
    """A page with one more question at its end, or with its new answer where it was."""
    if page is None:
        return page_of_sections([section])
    own_title = "" if page.title == _title(page.sections) else page.title
    return page_of_sections([*page.sections, section], own_title)


def read_page(path: Path) -> Page:
    """A page that :func:`collected` made.

    Raises
    ------
    TableError
        If it cannot be read.
    UsageError
        If it is none, was made by another version, or has been edited since.
    """
    check_is_file(path)
    try:
        content = path.read_bytes() if path.stat().st_size <= _LARGEST else b""
        text = content.decode("utf-8")
    except OSError as error:
        raise TableError(
            f"{path}: cannot be read ({error.strerror or error})", "Mend its permissions"
        ) from error
    except UnicodeDecodeError:
        text = ""
    whole, seal, digest = text.rpartition(_SEAL.partition("{")[0])
    if not seal:
        raise UsageError(f"'{path}' is no page of questions of tcga-corr", _ANOTHER)
    if digest != f"{_hash(whole)} -->\n":
        raise UsageError(
            f"'{path}' was changed after tcga-corr wrote it, and adding would undo that", _ANOTHER
        )
    start = whole.index(_DATA) + len(_DATA)
    try:
        return _page(read_json_object(whole[start : whole.index("</script>", start)]), path)
    except (ValueError, KeyError, TypeError) as error:  # one of pydantic is a ValueError
        what = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
        raise UsageError(f"'{path}': its data are no page's ({what})", _ANOTHER) from error


def _page(data: dict[str, Any], path: Path) -> Page:
    if data.get("schema") != SCHEMA:
        raise UsageError(f"'{path}' was made by another version of tcga-corr", _ANOTHER)
    record = data["page"]
    for section in record["sections"]:
        for pair in section["pairs"]:
            pair["rows"] = unpacked(pair["rows"])
    sections = [_cleaned(one) for one in _sections().validate_python(record["sections"])]
    return page_of_sections(sections, str(record["title"]))


def _cleaned(section: Section) -> Section:
    """With nothing in its drawings but what draws, whoever wrote the page."""
    return replace(
        section,
        drawings=[
            drawing(one.title, one.svg, f"{section.id}-{place}")
            for place, one in enumerate(section.drawings)
        ],
    )


@cache
def _sections() -> TypeAdapter[list[Section]]:
    return TypeAdapter(list[Section])


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
