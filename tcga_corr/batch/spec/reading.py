"""Reads a spec, checks all of it, and writes it out with every default."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, cast

import tomlkit

from tcga_corr.analysis.differential.question import DeOptions
from tcga_corr.analysis.naming.names import NameResolver
from tcga_corr.analysis.samples.scope import Scope
from tcga_corr.analysis.survival import SURVIVAL_NULLS
from tcga_corr.batch.spec.checks import check
from tcga_corr.batch.spec.claims import set_names
from tcga_corr.batch.spec.differential import KEYS as KEYS_OF_DIFFERENTIAL
from tcga_corr.batch.spec.differential import as_written as differential_as_written
from tcga_corr.batch.spec.differential import contrasts_if_known, options_of
from tcga_corr.batch.spec.document import Block, Document
from tcga_corr.batch.spec.lines import lines_of
from tcga_corr.batch.spec.names import Names, as_written
from tcga_corr.batch.spec.problems import Place, Problem, SpecError
from tcga_corr.batch.spec.schema import Kind, Output, Statistic
from tcga_corr.choices import Method, Null
from tcga_corr.errors import UsageError
from tcga_corr.vocabulary.nulls import NULLS
from tcga_corr.vocabulary.tumor_types import parse_tumor_type

_MOST_IN_LINE = 4
_NULLS_OF: dict[Kind, tuple[Null, ...]] = {"survival": SURVIVAL_NULLS}
_CORRELATED = ["methods", "adjust", "null", "purity", "by"]
_KEYS: dict[Kind, list[str]] = {
    "pairs": [*_CORRELATED, "pairs"],
    "crosses": [*_CORRELATED, "x", "y"],
    "dominance": ["sets"],
    "survival": ["endpoint", "adjust", "null", "x"],
    "differential": [*KEYS_OF_DIFFERENTIAL],
}
"""The settings of each kind of block, beside those of all."""
_OF_VARIABLES = ("x", "y", "adjust", "pairs", "sets", "by")


@dataclass(frozen=True)
class Analysis:
    """One block of a spec, with every setting filled in.

    Attributes
    ----------
    name
        The block's own, or ``pairs-1`` and so on; no other block has it, in any case.
    kind, line
        As of :class:`~tcga_corr.batch.spec.document.Block`, and the line where the block starts.
    scope
        Tumor types, source, samples, tie rule and least genes.
    methods, adjust, null
        Empty for dominance, to which they do not apply; methods for survival too, and of
        differential expression all but adjust.
    pairs
        For pairs only.
    x, y
        For crosses, and ``x`` for survival; ``y`` is None for ``x`` with itself. ``hallmark``,
        ``reference`` and ``FILE.gmt`` stand as they are, the file's path as it opens from the
        working directory.
    sets
        For dominance only; as ``x``.
    by
        For pairs and crosses: what cuts the samples; None where they are not cut.
    endpoint
        For survival only.
    differential
        For differential expression only: what is compared.
    """

    name: str
    kind: Kind
    line: int
    scope: Scope
    methods: tuple[Method, ...]
    adjust: tuple[str, ...]
    null: tuple[Null, ...]
    draws: int
    purity: bool = True
    pairs: tuple[tuple[str, str], ...] = ()
    x: tuple[str, ...] = ()
    y: tuple[str, ...] | None = None
    sets: tuple[str, ...] = ()
    by: str | None = None
    endpoint: str = ""
    differential: DeOptions | None = None


@dataclass(frozen=True)
class Claim:
    """What a publication reports, to be compared with a result.

    Attributes
    ----------
    line
        The line where it starts.
    analysis
        The name of a block of the spec.
    x, y
        The pair; that of the block where it has only one, and None for dominance. Of ``log2fc``
        ``x`` is the gene.
    value
        A number, or a set's name for ``highest``.
    n
        Samples in the publication; None where it does not say.
    contrast
        Of differential expression: ``A:B``, that of the block where it has only one.
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
    contrast: str | None = None


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


def read_spec(path: Path, stored: NameResolver | None = None, source: str | None = None) -> Spec:
    """Read a spec and check all of it.

    Parameters
    ----------
    path
        The TOML file; paths of GMT files in it are relative to its folder.
    stored
        Finds the names of the user's own tables and covariates; none by default.
    source
        The source of the analyses that name none.

    Raises
    ------
    SpecError
        With all that is wrong with it.
    UsageError
        If the file cannot be read.
    """
    raw, text, lines = _read(path)
    names = Names(path.parent, _own_collections(raw), stored or NameResolver())
    document = Document(raw, lines, names)
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
        analyses=tuple(_analysis(block, source) for block in blocks.values()),
        claims=tuple(
            _claim(document, place, blocks[document.get((*place, "analysis"))])
            for place in document.tables("claims")
        ),
        text=text,
    )


def _own_collections(raw: dict[str, Any]) -> dict[str, list[str]]:
    """The texts in the lists of ``[collections]``, whatever else is wrong there."""
    found = raw.get("collections")
    return {
        name: [
            member
            for member in (members if isinstance(members, list) else [members])
            if isinstance(member, str)
        ]
        for name, members in (found if isinstance(found, dict) else {}).items()
    }


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
    """The error of tomllib, without its line; the last line where the end is wrong."""
    message = "lists within lists, too deep" if isinstance(error, RecursionError) else str(error)
    what, _, where = message.removesuffix(")").partition(" (at ")
    found = re.match(r"line (\d+)", where)
    last = text.rstrip("\r\n").count("\n") + 1 if where else 1
    line = int(found[1]) if found else last
    return Problem(line, "", f"not TOML: {what[:1].lower()}{what[1:]}", "See https://toml.io")


def _safe_name(path: Path) -> str:
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).lstrip("._-")[:64]
    return name or "run"


def _analysis(block: Block, source: str | None) -> Analysis:
    kind = block.kind
    correlated = kind in ("pairs", "crosses")

    def names(key: str) -> tuple[str, ...]:
        return tuple(name for _, name in block.names(key))

    nulls = () if kind in ("dominance", "differential") else block.settings("null")
    return Analysis(
        name=block.name,
        kind=block.kind,
        line=block.document.line(block.place),
        scope=replace(block.scope, source=block.scope.source or source),
        methods=cast(tuple[Method, ...], block.settings("methods")) if correlated else (),
        adjust=() if kind == "dominance" else names("adjust"),
        # a null of the top that hazard ratios do not have is one of the other blocks
        null=tuple(one for one in NULLS if one in nulls and one in _NULLS_OF.get(kind, NULLS)),
        draws=0 if kind == "differential" else block.setting("draws"),
        purity=correlated and block.setting("purity"),
        pairs=tuple(pair for _, pair in block.pairs),
        x=names("x"),
        y=names("y") if block.has("y") else None,
        sets=names("sets") if kind == "dominance" else (),
        by=next(iter(names("by")), None) if correlated else None,
        endpoint=block.setting("endpoint") if kind == "survival" else "",
        differential=options_of(block) if kind == "differential" else None,
    )


def _claim(document: Document, place: Place, block: Block) -> Claim:
    claim: dict[str, Any] = {"n": None, "unit": "not stated", **document.get(place)}
    if block.kind == "differential":
        contrasts = contrasts_if_known(block)
        claim = {"x": None, "y": None, "contrast": contrasts[0] if contrasts else None} | claim
    elif "x" in claim:
        claim |= {key: document.names.resolved(claim[key]) for key in ("x", "y")}
    else:
        claim["x"], claim["y"] = block.only_pair or (None, None)
    if claim["statistic"] == "highest":
        claim["value"] = set_names(block)[claim["value"].casefold()]
    claim["tumor_type"] = parse_tumor_type(claim["tumor_type"]).abbreviation
    return Claim(line=document.line(place), **claim)


def filled_in(spec: Spec) -> str:
    """The spec as TOML with every default written out; it belongs in the folder of the spec."""
    folder = spec.path.parent
    parts = [tomlkit.dumps({"name": spec.name, "title": spec.title, "outputs": [*spec.outputs]})]
    for analysis in spec.analyses:
        keys = ["source", "tumor_types", "samples", "ties", "min_genes", "where", "draws"]
        values = {**vars(analysis), **vars(analysis.scope)}
        if analysis.differential is not None:  # which is of counts, and draws nothing
            keys = [key for key in keys if key not in ("ties", "min_genes", "draws")]
            values |= differential_as_written(analysis.differential, folder)
        keys += _KEYS[analysis.kind]
        parts.append(_block_text(analysis.kind, values, ["name", *keys], folder))
    keys = [field.name for field in fields(Claim) if field.name != "line"]
    parts += [_block_text("claims", vars(claim), keys, folder) for claim in spec.claims]
    return "\n".join(parts)


def _block_text(kind: str, values: Mapping[str, Any], keys: Sequence[str], folder: Path) -> str:
    """One block, without the keys whose value is None."""
    table = tomlkit.table()
    for key in keys:
        if values[key] is not None:
            names_variables = kind != "differential" and key in _OF_VARIABLES
            table.add(key, _toml_item(values[key], folder if names_variables else None))
    blocks = tomlkit.aot()
    blocks.append(table)
    return tomlkit.dumps({kind: blocks})


def _toml_item(value: Any, folder: Path | None) -> Any:
    """A value for tomlkit; names of variables are written as in a spec of the folder."""
    if isinstance(value, str):
        return value if folder is None else as_written(value, folder)
    if not isinstance(value, tuple):
        return value
    array = tomlkit.array()
    array.extend(_toml_item(element, folder) for element in value)
    return array.multiline(len(value) > _MOST_IN_LINE)
