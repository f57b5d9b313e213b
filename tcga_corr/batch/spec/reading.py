"""The spec of a batch: a TOML file of what is to be asked, read and checked as a whole."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import tomlkit

from tcga_corr.batch.spec.checks import check
from tcga_corr.batch.spec.claims import set_names
from tcga_corr.batch.spec.document import Block, Document
from tcga_corr.batch.spec.lines import lines_of
from tcga_corr.batch.spec.names import Names
from tcga_corr.batch.spec.problems import Place, Problem, SpecError
from tcga_corr.batch.spec.schema import Kind
from tcga_corr.choices import Method, Null, Selection, Ties
from tcga_corr.errors import UsageError
from tcga_corr.vocabulary.tumor_types import parse_tumor_type

Output = Literal["parquet", "tsv"]
Statistic = Literal["r", "n", "highest"]
_MOST_IN_LINE = 4


@dataclass(frozen=True)
class Analysis:
    """One block of a spec, with every setting filled in.

    Attributes
    ----------
    name
        Of the block, or ``pairs-1`` and so on; no other block has it, in any case.
    kind, line
        What it is, and where it starts.
    source
        None for the only one of the store.
    tumor_types
        Abbreviations; empty for all that the source has.
    methods, adjust, null
        Empty of dominance, to which they do not apply.
    pairs
        Of pairs alone.
    x, y
        Of crosses alone; ``y`` is None for ``x`` with itself. ``hallmark``, ``reference`` and
        ``FILE.gmt`` stand as they are, the file's path as it opens from the working directory.
    sets
        Of dominance alone; as ``x``.
    """

    name: str
    kind: Kind
    line: int
    source: str | None
    tumor_types: tuple[str, ...]
    samples: Selection
    methods: tuple[Method, ...]
    ties: Ties
    min_genes: int
    adjust: tuple[str, ...]
    null: tuple[Null, ...]
    draws: int
    pairs: tuple[tuple[str, str], ...] = ()
    x: tuple[str, ...] = ()
    y: tuple[str, ...] | None = None
    sets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Claim:
    """What a publication says, to be held beside a result.

    Attributes
    ----------
    line
        Where it starts.
    analysis
        The name of a block of the spec.
    x, y
        The pair; that of the block where it has one alone, and None of dominance.
    value
        A number for ``r`` and ``n``, a set's name for ``highest``.
    n
        Samples in the publication, where it says.
    """

    line: int
    text: str
    analysis: str
    tumor_type: str
    x: str | None
    y: str | None
    statistic: Statistic
    value: float | str
    n: int | None
    unit: str
    source: str


@dataclass(frozen=True)
class Spec:
    """A spec without problems.

    Attributes
    ----------
    path, text
        The file, and its text as it stands.
    outputs
        Formats of the results; ``parquet`` always, and first.
    analyses
        In order of the file.
    """

    path: Path
    name: str
    title: str
    outputs: tuple[Output, ...]
    analyses: tuple[Analysis, ...]
    claims: tuple[Claim, ...]
    text: str

    def of_source(self, source: str | None) -> Spec:
        """The same, where analyses that name no source are of this one."""
        analyses = (replace(one, source=one.source or source) for one in self.analyses)
        return replace(self, analyses=tuple(analyses))


def read_spec(path: Path, known_elsewhere: Callable[[str], bool] = lambda name: False) -> Spec:
    """Read a spec and check all of it.

    Parameters
    ----------
    path
        The TOML file; paths of GMT files in it are relative to its folder.
    known_elsewhere
        Whether the user's own tables know a name that the vocabulary does not, as it is written:
        ``purity``, ``gene:MYROW``, ``covariate:purity``.

    Raises
    ------
    SpecError
        With all that is wrong with it.
    UsageError
        If the file cannot be read.
    """
    raw, text, lines = _read(path)
    listed = raw.get("collections")
    collections = {
        name: [
            one
            for one in (members if isinstance(members, list) else [members])
            if isinstance(one, str)
        ]
        for name, members in (listed if isinstance(listed, dict) else {}).items()
    }
    document = Document(raw, lines, Names(path.parent, collections, known_elsewhere))
    check(document)
    if document.problems:
        raise SpecError(path, document.problems)
    blocks = {block.name: block for block in document.blocks}
    outputs = document.get(("outputs",), [])
    return Spec(
        path=path,
        name=raw.get("name", _safe_name(path)),
        title=raw.get("title", ""),
        outputs=("parquet", "tsv") if "tsv" in outputs else ("parquet",),
        analyses=tuple(map(_analysis, blocks.values())),
        claims=tuple(
            _claim(document, place, blocks[document.get((*place, "analysis"))])
            for place in document.tables("claims")
        ),
        text=text,
    )


def _read(path: Path) -> tuple[dict[str, Any], str, dict[Place, int]]:
    """The data, the text and the lines of a TOML file."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"no spec '{path}'", "Check the path") from None
    except IsADirectoryError:
        raise UsageError(f"{path}: a folder, not a spec", "Give the TOML file") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})", "Check the file") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SpecError(path, [Problem(line, "", "not UTF-8 text", "Save it as UTF-8")]) from None
    try:
        return tomllib.loads(text), text, lines_of(text)
    except (ValueError, RecursionError) as error:
        raise SpecError(path, [_syntax_problem(error, text)]) from None


def _syntax_problem(error: Exception, text: str) -> Problem:
    """What tomllib says, with its line apart; the last where it is the end that is wrong."""
    said = "lists within lists, too deep" if isinstance(error, RecursionError) else str(error)
    what, _, where = said.removesuffix(")").partition(" (at ")
    found = re.match(r"line (\d+)", where)
    last = text.rstrip("\r\n").count("\n") + 1 if where else 1
    line = int(found[1]) if found else last
    return Problem(line, "", f"not TOML: {what[:1].lower()}{what[1:]}", "See https://toml.io")


def _safe_name(path: Path) -> str:
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).lstrip("._-")[:64]
    return name or "run"


def _analysis(block: Block) -> Analysis:
    correlated = block.kind != "dominance"
    listed = {key: tuple(name for _, name in block.names(key)) for key in ("x", "y", "adjust")}
    values: dict[str, Any] = {
        key: block.setting(key) for key in ("source", "samples", "ties", "min_genes", "draws")
    } | {key: block.settings(key) if correlated else () for key in ("methods", "null")}
    return Analysis(
        name=block.name,
        kind=block.kind,
        line=block.document.line(block.place),
        tumor_types=block.tumor_types,
        adjust=listed["adjust"] if correlated else (),
        pairs=tuple(pair for _, pair in block.pairs),
        x=listed["x"],
        y=listed["y"] if block.has("y") else None,
        sets=() if correlated else tuple(name for _, name in block.names("sets")),
        **values,
    )


def _claim(document: Document, place: Place, block: Block) -> Claim:
    said = document.get(place)
    x, y = block.only_pair or (None, None)
    if "x" in said:
        x, y = (document.names.resolved(said[key]) for key in ("x", "y"))
    highest = said["statistic"] == "highest"
    return Claim(
        line=document.line(place),
        text=said["text"],
        analysis=block.name,
        tumor_type=parse_tumor_type(said["tumor_type"]).abbreviation,
        x=x,
        y=y,
        statistic=said["statistic"],
        value=set_names(block)[said["value"].casefold()] if highest else said["value"],
        n=said.get("n"),
        unit=said.get("unit", "not stated"),
        source=said["source"],
    )


def filled_in(spec: Spec) -> str:
    """The spec as TOML with every default written out; to be kept in the folder of the spec."""
    names = Names(spec.path.parent, {}, lambda name: False)
    parts = [tomlkit.dumps({"name": spec.name, "title": spec.title, "outputs": [*spec.outputs]})]
    for analysis in spec.analyses:
        keys = ["source", "tumor_types", "samples", "ties", "min_genes", "draws"]
        if analysis.kind != "dominance":
            keys += ["methods", "adjust", "null"]
        keys += {"pairs": ["pairs"], "crosses": ["x", "y"], "dominance": ["sets"]}[analysis.kind]
        parts.append(_block_text(analysis.kind, analysis, ["name", *keys], names))
    keys = ["text", "analysis", "tumor_type", "x", "y", "statistic", "value", "n", "unit", "source"]
    parts += [_block_text("claims", claim, keys, names) for claim in spec.claims]
    return "\n".join(parts)


def _block_text(kind: str, values: Analysis | Claim, keys: Sequence[str], names: Names) -> str:
    """One block, without what is None."""
    table = tomlkit.table()
    for key in keys:
        value = getattr(values, key)
        if value is not None:
            of_names = key in ("x", "y", "adjust", "pairs", "sets")
            table.add(key, _toml_item(value, names.as_written if of_names else str))
    blocks = tomlkit.aot()
    blocks.append(table)
    return tomlkit.dumps({kind: blocks})


def _toml_item(value: Any, as_written: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return as_written(value)
    if not isinstance(value, tuple):
        return value
    array = tomlkit.array()
    array.extend(_toml_item(one, as_written) for one in value)
    return array.multiline(len(value) > _MOST_IN_LINE)
