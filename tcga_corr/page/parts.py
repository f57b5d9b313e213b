"""The parts that a page is made of; plain values, ready to be JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from tcga_corr.exchange import finite

Kind = Literal["text", "count", "number", "p"]
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """A column of a table: the key of its values, its heading, and how they are written."""

    name: str
    label: str
    kind: Kind = "text"
    help: str = ""


@dataclass(frozen=True)
class Table:
    """Rows that can be sorted and downloaded.

    ``columns`` are those shown; a download holds all that the rows have. ``file`` names it, without
    an ending. ``simulated`` is whether its values are, where those of the whole page are not.
    """

    title: str
    file: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    note: str = ""
    simulated: bool = False


@dataclass(frozen=True)
class Finding:
    """A question and its answer, each in a sentence or two."""

    question: str
    answer: str


@dataclass(frozen=True)
class Scatter:
    """The samples of a pair in one tumor type, and their line with its band: x, y, low, high."""

    samples: Sequence[str]
    x: Sequence[float]
    y: Sequence[float]
    line: Sequence[tuple[float, float, float, float]]


@dataclass(frozen=True)
class Pair:
    """Two variables over tumor types.

    Attributes
    ----------
    id
        Different from that of any other pair of the page.
    x, y, method
        The two names, and how they are correlated.
    x_axis, y_axis
        The titles of the axes of a scatter.
    analysis
        The block of the spec that it belongs to; empty of a single question.
    about, finding
        The data it is from, and its question and answer.
    rows, pooled
        In the columns of the command line; ``why`` is the note without the mark of simulated
        values.
    scatters
        Key of its scatters among those of the page; empty where there are none.
    no_scatters
        Why there are none.
    strata, pooled_strata
        Of samples that are cut, the strata in order; the rows are those of each in each tumor type,
        the pooled ones of each, and ``pooled`` is None.
    simulated
        Whether its values are.
    """

    id: str
    x: str
    y: str
    method: str
    x_axis: str
    y_axis: str
    analysis: str
    about: str
    finding: Finding
    rows: Sequence[Row]
    pooled: Row | None
    scatters: str = ""
    no_scatters: str = ""
    strata: Sequence[str] = ()
    pooled_strata: Sequence[Row] = ()
    simulated: bool = False


@dataclass(frozen=True)
class Hazards:
    """Hazard ratios of a variable: a row per tumor type, and the pooled one or None."""

    title: str
    about: str
    rows: Sequence[Row]
    pooled: Row | None
    simulated: bool = False


@dataclass(frozen=True)
class Volcano:
    """Genes of one contrast in one tumor type.

    Attributes
    ----------
    tumor_type, contrast, about
        What is compared where; samples, numbers of calls, and what was thinned.
    gene, x, y
        Symbols, log2 fold changes, and -log10 q.
    call
        1 for genes called up, -1 down, 0 neither.
    mark
        1 for genes without a read in one group, 2 where q is too small for a number; else 0.
    labels
        The places of those that are named.
    line
        The height from which q is below its limit.
    """

    tumor_type: str
    contrast: str
    about: str
    gene: Sequence[str]
    x: Sequence[float]
    y: Sequence[float]
    call: Sequence[int]
    mark: Sequence[int]
    labels: Sequence[int]
    line: float


@dataclass(frozen=True)
class Differential:
    """Differential expression of a block; genes are called from the fold change ``lfc`` on."""

    analysis: str
    about: str
    lfc: float
    volcanoes: Sequence[Volcano]


@dataclass(frozen=True)
class Dominance:
    """Which gene set scores highest; the rows have the columns that are drawn."""

    analysis: str
    about: str
    finding: Finding
    sets: Sequence[str]
    rows: Sequence[Row]
    simulated: bool = False


@dataclass(frozen=True)
class Drawing:
    """A figure that was drawn elsewhere: its title, and its SVG."""

    title: str
    svg: str


@dataclass(frozen=True)
class Section:
    """A question with all of its answer.

    Attributes
    ----------
    id
        The same for the same question, and different from that of any other.
    title, about
        Its short name, and the data it is from.
    simulated
        Whether any of its values are.
    answers
        The question and its answer in words; several of a question of several methods.
    pairs, scatters, hazards, dominance, drawings
        Its figures, those of the page and those drawn elsewhere; ``no_drawings`` says which are
        missing, and why.
    tables, methods, references, dropped, provenance
        As of :class:`Page`.
    """

    id: str
    title: str
    about: str
    simulated: bool
    answers: Sequence[Finding]
    pairs: Sequence[Pair] = ()
    scatters: Mapping[str, Scatter] = field(default_factory=dict)
    hazards: Sequence[Hazards] = ()
    dominance: Sequence[Dominance] = ()
    drawings: Sequence[Drawing] = ()
    no_drawings: Sequence[str] = ()
    tables: Sequence[Table] = ()
    methods: Sequence[str] = ()
    references: Sequence[str] = ()
    dropped: Table | None = None
    provenance: Sequence[Table] = ()


@dataclass(frozen=True)
class Box:
    """The values of one group in one tumor type: quartiles, whiskers, and the values beyond them.

    Whiskers end at the last value within 1.5 interquartile ranges of the box. Of a group of up to
    five samples there is no box, and ``beyond`` has each value.
    """

    tumor_type: str
    group: str
    n: int
    low: float | None
    q1: float | None
    median: float | None
    q3: float | None
    high: float | None
    beyond: Sequence[float]


@dataclass(frozen=True)
class Boxes:
    """A variable in groups of samples.

    Attributes
    ----------
    variable, axis
        Its name, and the title of its axis.
    about
        The data it is from.
    groups
        In the order to draw.
    boxes
        One for each tumor type and group.
    tests
        A row per tumor type of the test that goes with the figure, in the columns of ``compare``.
    """

    variable: str
    axis: str
    about: str
    groups: Sequence[str]
    boxes: Sequence[Box]
    tests: Sequence[Row]


@dataclass(frozen=True)
class Page:
    """The content of a page.

    Attributes
    ----------
    title, subtitle
        Its heading.
    simulated
        Whether its values are simulated.
    answers
        Questions and answers in words.
    pairs, pairs_note, scatters
        For the figure; which pairs they are, if not all; by key and tumor type, their samples.
    boxes, dominance, hazards, differential, tables
        More figures, and tables.
    methods
        Paragraphs to paste; ``references`` are what they cite.
    dropped
        What was left out: where, what and why.
    provenance
        Names and values, of software, run and inputs.
    spec
        The spec of a run, as it was given.
    sections
        Of a page of questions each with its own answer, figures and tables.
    partly_simulated
        Whether only some values are simulated, each figure and table of which says so.
    """

    title: str
    subtitle: str
    simulated: bool
    answers: Sequence[Finding]
    pairs: Sequence[Pair] = ()
    pairs_note: str = ""
    scatters: Mapping[str, Mapping[str, Scatter]] = field(default_factory=dict)
    boxes: Sequence[Boxes] = ()
    dominance: Sequence[Dominance] = ()
    hazards: Sequence[Hazards] = ()
    differential: Sequence[Differential] = ()
    tables: Sequence[Table] = ()
    methods: Sequence[str] = ()
    references: Sequence[str] = ()
    dropped: Table | None = None
    provenance: Sequence[Table] = ()
    spec: str = ""
    sections: Sequence[Section] = ()
    partly_simulated: bool = False


def as_data(page: Page) -> dict[str, Any]:
    """A page as JSON values; what is the same in all rows of a pair is not repeated."""
    data: dict[str, Any] = finite(asdict(page))
    for part in (data, *data["sections"]):
        for pair in part["pairs"]:
            pair["rows"] = _packed(pair["rows"])
    return data


def _packed(rows: Sequence[Row]) -> dict[str, Any]:
    """``same`` has the values that all rows share, ``rows`` those of ``columns``."""
    names = list(rows[0])
    same = [name for name in names if len({repr(row[name]) for row in rows}) == 1]
    columns = [name for name in names if name not in same]
    return {
        "names": names,
        "same": {name: rows[0][name] for name in same},
        "columns": columns,
        "rows": [[row[name] for name in columns] for row in rows],
    }


def unpacked(packed: Mapping[str, Any]) -> list[Row]:
    """The rows of :func:`as_data`, of a pair."""
    names, columns, same = packed["names"], packed["columns"], packed["same"]
    rows = [{**same, **dict(zip(columns, row, strict=True))} for row in packed["rows"]]
    return [{name: row[name] for name in names} for row in rows]
