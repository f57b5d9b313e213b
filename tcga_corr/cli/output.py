"""Writing a result: the same bytes to a file and to a redirect."""

from __future__ import annotations

import gzip
import io
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from tcga_corr.choices import Format
from tcga_corr.cli.fitting import Terminal, aligned, fitted, wrapped
from tcga_corr.cli.texts import brief, cut, visible
from tcga_corr.errors import UsageError
from tcga_corr.exchange import FORMULA, finite
from tcga_corr.vocabulary.associations import SIMULATED, note_without_mark

if TYPE_CHECKING:
    import polars as pl

    from tcga_corr.analysis.answer import Answer
    from tcga_corr.figures.look import FigureFile

JSON_SCHEMA = 2
PARQUET_KEY = "tcga_corr"
"""Of the metadata of a Parquet file: what JSON has beside the rows."""
FIGURES = ("png", "svg", "pdf")
_ENDINGS: dict[str, Format] = {
    "": "table",
    "txt": "table",
    **{name: name for name in get_args(Format)},
}
# numbers begin like formulas, but are none
_NUMBER = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$"
_STANDARD_OUTPUT = Path("-")
_CELL = 300  # characters at most, in a table for people
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"
MOST_ROWS = 1_000
"""Rows of a table for people; formats for programs have all."""


@dataclass(frozen=True)
class Result:
    """The result of a command, in every format.

    Attributes
    ----------
    frame
        The rows.
    rows_key
        The key of the rows in JSON.
    around
        The other keys of the JSON object, in order; ``rows_key`` stands after ``query``.
    heading
        The line above the terminal table.
    columns
        Of the terminal table: heading of each column to a function of a row; by default every
        column unchanged.
    foot
        Rows that follow the others in formats that are a table alone.
    below
        Lines under the terminal table.
    shown
        The rows of the terminal table, where they are others.
    on_terminal
        The rows that a terminal shows, unless ``--wide``, where they are fewer.
    less
        Headings that a narrow terminal can do without, the first to go first; after them all but
        the first two go, from the right.
    keep
        Headings that stay longest.
    stands_out
        Which rows are bold on a terminal.
    cut_column
        The heading of the column of texts that is cut where a terminal is narrow; it goes last,
        unless ``less`` names it.
    for_figures
        Keys of the JSON object alone: what figures need beside the rows.
    """

    frame: pl.DataFrame
    rows_key: str
    around: Mapping[str, Any]
    heading: str = ""
    columns: Mapping[str, Callable[[dict[str, Any]], str]] | None = None
    foot: Sequence[Mapping[str, Any]] = ()
    below: Sequence[str] = ()
    shown: pl.DataFrame | None = None
    on_terminal: pl.DataFrame | None = None
    less: Sequence[str] = ()
    keep: Sequence[str] = ()
    stands_out: Callable[[dict[str, Any]], bool] | None = None
    cut_column: str = "note"
    for_figures: Mapping[str, Any] = field(default_factory=dict)

    def whole_frame(self) -> pl.DataFrame:
        """The rows with those of the foot."""
        import polars as pl

        if not self.foot:
            return self.frame
        schema = self.frame.schema
        rows = [{name: row.get(name) for name in schema} for row in self.foot]
        return pl.concat([self.frame, pl.DataFrame(rows, schema=schema)])


def question_result(
    answer: Answer,
    rows_key: str,
    heading: str,
    *,
    query: Mapping[str, Any] | None = None,
    around: Mapping[str, Any] | None = None,
    **parts: Any,
) -> Result:
    """The result of a question.

    Parameters
    ----------
    answer
        The answer.
    rows_key, heading
        As of :class:`Result`; the heading without the mark of simulated values.
    query
        Where it has more keys than the answer's own.
    around
        JSON keys between the query and the provenance.
    parts
        Other fields of the result; ``frame`` is the answer's by default.
    """
    mark = "SIMULATED  " if answer.simulated else ""
    return Result(
        **{"frame": answer.frame, **parts},
        rows_key=rows_key,
        heading=mark + heading,
        around={
            "query": query or answer.query.as_dict(),
            **(around or {}),
            "provenance": answer.provenance.as_dict(),
        },
    )


@dataclass(frozen=True)
class Out:
    """Where and how a command writes its result, as far as its options say.

    Raises
    ------
    UsageError
        If the file cannot be written, or its ending is that of no format; before any work is done.
    """

    output_format: Format | None
    output: Path | None
    force: bool
    wide: bool = False

    def __post_init__(self) -> None:
        if self._file is None:
            return
        if self.output_format is None and self._ending not in _ENDINGS:
            raise UsageError(
                f"'{self.output}': its ending does not tell the format",
                f"End it in {', '.join(name for name in _ENDINGS if name)}, or give --format",
            )
        _check_place(self._file, self.force, "-o")

    @property
    def _file(self) -> Path | None:
        return None if self.output == _STANDARD_OUTPUT else self.output

    @property
    def _ending(self) -> str:
        """That which tells the format: ``tsv`` of x.tsv and x.tsv.gz."""
        if self._file is None:
            return ""
        name = self._file.with_suffix("") if self._is_compressed else self._file
        return name.suffix.lstrip(".").lower()

    @property
    def _is_compressed(self) -> bool:
        return self._file is not None and self._file.suffix.lower() == ".gz"

    @property
    def format(self) -> Format:
        """The chosen format, or that of the output file's ending."""
        return self.output_format or _ENDINGS.get(self._ending, "table")

    @property
    def file(self) -> Path | None:
        """The file; None for standard output."""
        return self._file

    @property
    def is_file(self) -> bool:
        """Whether it is a file, which an answer without any number is not worth."""
        return self._file is not None

    def write(self, result: Result) -> None:
        """Write a result to the file, or to standard output."""
        terminal = self._file is None and not self.wide and sys.stdout.isatty()
        content = _render(result, self.format, Terminal.here() if terminal else None)
        if self._file is None:
            sys.stdout.flush()
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
            return
        from tcga_corr.files import replacing, writing

        if self._is_compressed:
            content = gzip.compress(content, mtime=0)
        if self._file.exists() and not self._file.is_file():  # a pipe or a device
            with writing(self._file):
                self._file.write_bytes(content)
            return
        with replacing(self._file) as partial:
            partial.write_bytes(content)

    def check_plot(self, plot: FigureFile | None) -> None:
        """As :func:`check_plot`."""
        check_plot(plot.path if plot else None, self.force)


def check_plot(path: Path | None, force: bool) -> None:
    """Refuse a figure that cannot be written, before any work is done.

    Raises
    ------
    UsageError
        If its ending is no format, its folder does not exist, or the file does.
    """
    if path is None:
        return
    if path.suffix.lstrip(".").lower() not in FIGURES:
        raise UsageError(
            f"'{path}': its ending does not tell the kind of figure",
            f"End it in {', '.join(FIGURES)}",
        )
    _check_place(path, force, "--plot")


def check_page(path: Path, force: bool) -> None:
    """Refuse a page that cannot be written, before any work is done."""
    check_is_page(path, "-o")
    _check_place(path, force, "-o")


def check_is_page(path: Path, option: str) -> None:
    """Refuse a page of another ending, or in no folder."""
    if path.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"'{path}': a report is HTML", "End it in .html")
    _check_folder(path, option)


def _check_place(path: Path, force: bool, option: str) -> None:
    if path.exists() and not force:
        raise UsageError(f"'{path}' exists", f"Give --force to overwrite it, or another {option}")
    _check_folder(path, option)


def _check_folder(path: Path, option: str) -> None:
    if not path.resolve().parent.is_dir():
        raise UsageError(f"'{path.parent}' is not a folder", f"Make it, or give another {option}")


def _render(result: Result, chosen: Format, terminal: Terminal | None = None) -> bytes:
    if chosen == "json":
        return _as_json(result)
    if chosen == "table":
        return _as_table(result, terminal)
    if chosen == "xlsx":
        from tcga_corr.cli.workbook import workbook

        return workbook(result.rows_key, result.whole_frame(), result.around)
    buffer = io.BytesIO()
    if chosen == "parquet":
        result.whole_frame().write_parquet(buffer, metadata=_metadata(result))
    else:
        _flat(result.whole_frame()).write_csv(buffer, separator="\t" if chosen == "tsv" else ",")
    return buffer.getvalue()


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    """A frame as text files hold it: no quoted empty strings, no NaN, lists and structures as JSON.

    Texts that a spreadsheet would take for a formula get an apostrophe, in headings too.
    """
    import polars as pl

    nested = [name for name, kind in frame.schema.items() if kind.is_nested()]
    texts = [
        pl.Series(name, [json.dumps(finite(value), default=str) for value in frame[name].to_list()])
        for name in nested
    ]
    flat = frame.with_columns(texts).fill_nan(None)
    flat = flat.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))
    flat = flat.with_columns(_no_formula(pl.col(pl.String).replace("", None)))
    return flat.rename(_safe_headings(flat.columns))


def _no_formula(texts: pl.Expr) -> pl.Expr:
    import polars as pl

    is_formula = texts.str.contains(FORMULA) & ~texts.str.contains(_NUMBER)
    return pl.when(is_formula).then(texts.str.replace("^", "'")).otherwise(texts)


def _safe_headings(names: list[str]) -> dict[str, str]:
    """The headings that would be formulas, by what replaces them; no two become equal."""
    import polars as pl

    safe: dict[str, str] = {}
    headings = pl.DataFrame({"name": names}, schema={"name": pl.String})
    for name, text in zip(names, headings.select(_no_formula(pl.col("name")))["name"], strict=True):
        if text != name:
            while text in names or text in safe.values():
                text = f"'{text}"
            safe[name] = text
    return safe


def _as_json(result: Result) -> bytes:
    around = dict(result.around)
    whole: dict[str, Any] = {"schema": JSON_SCHEMA}
    if "query" in around:
        whole["query"] = around.pop("query")
    whole[result.rows_key] = finite(result.frame.to_dicts())
    whole |= finite({**around, **result.for_figures})
    return (json.dumps(whole, indent=1, allow_nan=False, default=str) + "\n").encode()


def _metadata(result: Result) -> dict[str, str]:
    """Question and provenance of a Parquet file; ``n_foot`` rows at its end are no rows in JSON."""
    about = {"schema": JSON_SCHEMA, "rows": result.rows_key, "n_foot": len(result.foot)}
    record = finite({**about, **result.around, **result.for_figures})
    return {PARQUET_KEY: json.dumps(record, allow_nan=False, default=str)}


def _as_table(result: Result, terminal: Terminal | None = None) -> bytes:
    """The table for people; on a terminal with the columns that fit, else with all of them."""
    columns = result.columns or {name: plain(name) for name in result.frame.columns}
    frame = result.frame if result.shown is None else result.shown
    n_whole = frame.height
    if terminal is not None and result.on_terminal is not None:
        frame = result.on_terminal
    rows = frame.head(MOST_ROWS).to_dicts()
    cells = [[cut(visible(cell(row)), _CELL) for cell in columns.values()] for row in rows]
    headings = [cut(visible(name), _CELL) for name in columns]
    below = [visible(brief(line)) for line in result.below]
    if frame.height > MOST_ROWS:
        below.insert(0, f"{frame.height - MOST_ROWS:,} more rows: --format tsv has all")
    if terminal is not None:
        if result.heading.startswith(SIMULATED) and "note" in headings:  # it is said above
            place = headings.index("note")
            for row_cells in cells:
                row_cells[place] = note_without_mark(row_cells[place])
        table_of = fitted(
            headings, cells, terminal.width,
            less=result.less, keep=result.keep, note=result.cut_column,
        )  # fmt: skip
        headings, cells = table_of.headings, table_of.rows
        more = [f"{n_whole - frame.height} more rows"] if frame.height < n_whole else []
        below += table_of.lines(more)
    heading = [visible(brief(result.heading))] if result.heading else []
    if terminal is not None:
        heading, below = (wrapped(texts, terminal.width) for texts in (heading, below))
    lines = [*heading, ""] if heading else []
    table = aligned(headings, cells)
    if terminal is not None and terminal.bold and result.stands_out is not None:
        for place, row in enumerate(rows):
            if result.stands_out(row):
                table[place + 2] = f"{_BOLD}{table[place + 2]}{_PLAIN}"
    lines += table
    lines += ["", *below] if below else []
    return ("\n".join(lines).rstrip() + "\n").encode()


def plain(name: str) -> Callable[[dict[str, Any]], str]:
    """The cell of a column, unchanged."""
    return lambda row: number(row[name])


def digits(name: str) -> Callable[[dict[str, Any]], str]:
    """The cell of a column of numbers, such as p, to two digits."""
    return lambda row: number(row[name], digits=2)


def interval(low: str, high: str) -> Callable[[dict[str, Any]], str]:
    """The cell of an interval, whose ends are two columns."""

    def cell(row: dict[str, Any]) -> str:
        return "" if row[low] is None else f"{row[low]:6.3f} to {row[high]:6.3f}"

    return cell


def number(value: Any, digits: int = 4) -> str:
    """A cell of the terminal table: floats to significant digits, missing values empty."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.{digits}g}"
    return visible(str(value))
