"""What each column of a table of any origin is: names, values of samples, or neither.

Columns that describe genes, such as their lengths, stand before the values, after them or between;
none of them is a sample. A data frame's row numbers are neither.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from tcga_corr.choices import RowsOfTable
from tcga_corr.errors import TableError
from tcga_corr.formats.delimited import MISSING, is_number
from tcga_corr.formats.gene_names import gene_span, is_text, is_title
from tcga_corr.formats.sample_names import display_title, is_sample_title, is_untitled
from tcga_corr.vocabulary.barcodes import parse_barcode
from tcga_corr.vocabulary.symbols import symbol_table

_FEATURE = "(gene|transcript|tx|exons?|feature|probe|effective|merged|coding|cds)?"
_ABOUT_GENES = re.compile(
    rf"(percent(age)?|mean)(gene)?gc(content)?|(gene)?gc(content|percent(age)?)|{_FEATURE}(length|len|size)(bp|kb)?"
    rf"|n(o|um(ber)?)?(of)?(exons|transcripts|isoforms)|(exon|transcript|isoform)s?(count|number)"
    rf"|{_FEATURE}(start|end|position|pos|coord(inate)?s?|loc(us|ation))(bp)?|mapinfo|mappability"
    rf"|(transcript|probe(set)?|refseq|uniprot|unigene|omim|mgi|ucsc|vega|havana|ccds)(ids?|names?)"
    rf"|{_FEATURE}(bio)?type|(karyotype|cyto(genetic)?)band|accession|synonyms?|alias(es)?"
    rf"|(gene)?(definition|annotation|summary|product|title)"
    rf"|(row)?(means?|medians?|averages?|avg|sd|stdev|variance|sums?|totals?)(expr(ession)?)?"
    rf"|basemean|log2?(fc|foldchange)|lfcse|stat|p(val(ue)?)?adj|(adj)?p(val(ue)?)|q(val(ue)?)|fdr"
    rf"|aveexpr|logcpm"
)
_FEWEST_TO_COMPARE = 4
_FEWEST_ROWS = 3
_MOST_ODD = 2


class Content(Enum):
    """What the first rows of a column hold."""

    TEXT = auto()
    NUMBERS = auto()
    ROW_NUMBERS = auto()
    NOTHING = auto()


@dataclass(frozen=True)
class Layout:
    """The positions of a table's columns.

    Attributes
    ----------
    names
        Columns that name or describe the rows.
    values
        Columns of values.
    left_out
        Columns of numbers that are neither.
    empty
        Columns without a title in which nothing stands.
    """

    names: tuple[int, ...]
    values: tuple[int, ...]
    left_out: tuple[int, ...]
    empty: tuple[int, ...]


def describes_rows(title: str) -> bool:
    """Whether a column has the title of one that describes genes, and so is of no sample."""
    return is_title(title) or bool(_ABOUT_GENES.fullmatch(re.sub(r"[^a-z0-9]", "", title.lower())))


def content_of(title: str, fields: Sequence[str], decimal_comma: bool = False) -> Content:
    """What a column holds, by its first fields."""
    first = next((field for field in fields if field not in MISSING), None)
    if first is None:
        return Content.NOTHING
    if is_number(first, decimal_comma) and not is_untitled(title):
        return Content.NUMBERS
    present = [field for field in fields if field not in MISSING]
    if is_text(fields, decimal_comma):
        return Content.TEXT
    whole = len(present) == len(fields) and all(field.isdecimal() for field in present)
    if whole and is_untitled(title) and is_row_numbers(title, list(map(int, present))):
        return Content.ROW_NUMBERS
    return Content.NUMBERS


def is_row_numbers(title: str, numbers: Sequence[int]) -> bool:
    """Whether whole numbers under no title, or that of an index, are the numbers of rows.

    They follow one another; those that pandas has named ``Unnamed: 0`` may be of rows that were
    chosen or sorted, so it is enough that each is there once.
    """
    first = numbers[0]
    if list(numbers) == list(range(first, first + len(numbers))):
        return first in (0, 1) or len(numbers) >= _FEWEST_ROWS
    return bool(title) and len(set(numbers)) == len(numbers) >= _FEWEST_ROWS


def lay_out(
    path: Path,
    where: str,
    titles: Sequence[str],
    contents: Sequence[Content],
    *,
    is_text_file: bool = True,
) -> Layout:
    """The layout of a table by the titles of its columns and what they hold.

    The first column of a text file is of names, unless it is of row numbers and another is of
    names. ``where`` is the line of the header, for errors.

    Raises
    ------
    TableError
        If a column without a title holds values, or no column does.
    """
    names, values, left_out, empty = [], [], [], []
    symbols = symbol_table()  # so that tables of genes across are laid out faster
    for column, (title, content) in enumerate(zip(titles, contents, strict=True)):
        if parse_barcode(title):
            values.append(column)
        elif content is Content.ROW_NUMBERS:
            left_out.append(column)
        elif content is Content.NOTHING and is_unnamed(title):
            empty.append(column)
        elif content is Content.TEXT or (title not in symbols and describes_rows(title)):
            names.append(column)
        else:
            values.append(column)
    if is_text_file and values[:1] == [0]:
        names.insert(0, values.pop(0))
    for others in (left_out, empty):
        if not names and others:
            names.append(others.pop(0))
    if not values:
        raise TableError(f"{path}: none of its columns holds numbers", "Take a table of expression")
    if not names:
        raise TableError(f"{path}: none of its columns holds names", "Name the rows in a column")
    after = [column for column in names if column > values[0]]
    unnamed = next((column for column in (*values, *after) if is_unnamed(titles[column])), None)
    if unnamed is not None:
        raise TableError(
            f"{path}{where}: column {unnamed + 1} has no name", "Name it or take it out"
        )
    return Layout(tuple(names), tuple(values), tuple(left_out), tuple(empty))


def is_unnamed(title: str) -> bool:
    """Whether a column has no title, or one that pandas made up."""
    return not title or bool(re.fullmatch(r"Unnamed: \d+(\.\d+)?", title))


def for_rows(path: Path, layout: Layout, titles: Sequence[str], rows: RowsOfTable) -> Layout:
    """The layout once it is known what goes down.

    Genes down: numbers apart from the samples, with columns that describe genes between, are left
    out. Samples down: columns of numbers titled as names of samples are of names, and row numbers
    may be.

    Raises
    ------
    TableError
        If columns that stand apart may be samples.
    """
    if rows == "samples":
        symbols = symbol_table()
        others = [column for column in layout.values if titles[column] not in symbols]
        named = [column for column in others if is_sample_title(titles[column])]
        if named:
            span = gene_span([titles[column] for column in layout.values])
            within = {*layout.values[span]}
            named = [column for column in named if column not in within]
        values = [column for column in layout.values if column not in named]
        names = sorted((*layout.names, *layout.left_out, *named))
        return Layout(tuple(names), tuple(values), (), layout.empty)
    if any(parse_barcode(titles[column]) for column in layout.values):
        return layout  # other columns are left out at reading, and counted
    runs = _runs(layout)
    if len(runs) == 1:
        return layout
    longest = max(runs, key=len)
    apart = [column for run in runs if run is not longest for column in run]
    shapes = [_shape(titles[column]) for column in longest]
    alike = len(longest) >= _FEWEST_TO_COMPARE and 2 * len(set(shapes)) <= len(shapes)
    unclear = [column for column in apart if not alike or _shape(titles[column]) in shapes]
    if unclear:
        between = next(column for column in layout.names if column > min(runs[0]))
        raise TableError(
            f"{path}: '{display_title(titles[unclear[0]])}' may be a sample or describe the genes, "
            f"as '{display_title(titles[between])}' stands among the columns of numbers",
            "Put the columns that describe genes before the samples, or take them out",
        )
    left_out = sorted((*layout.left_out, *apart))
    return Layout(layout.names, tuple(longest), tuple(left_out), layout.empty)


def note_odd_samples(samples: Sequence[str]) -> str:
    """A column that may be no sample, as the end of a sentence: its name is unlike all others'.

    It is one or two words where the samples are a series such as P01, P02.
    """
    odd = [name for name in samples if not re.search("[0-9]", name)]
    series = {_shape(name) for name in samples if name not in odd}
    if not 0 < len(odd) <= _MOST_ODD or len(samples) - len(odd) < _FEWEST_TO_COMPARE:
        return ""
    return f", {' and '.join(odd)} taken for samples" if len(series) == 1 else ""


def _runs(layout: Layout) -> list[list[int]]:
    """The columns of values, in runs that others interrupt."""
    others = {*layout.names, *layout.left_out}
    runs: list[list[int]] = [[]]
    for column in range(layout.values[0], layout.values[-1] + 1):
        if column in others:
            runs.append([])
        elif column not in layout.empty:
            runs[-1].append(column)
    return [run for run in runs if run]


def _shape(title: str) -> str:
    """A title without its numbers, which samples of a series have in common."""
    return re.sub(r"[0-9]+", "0", title)
