"""Answers that a command wrote to a file, as answers again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
import polars as pl
from pydantic import TypeAdapter, ValidationError

from tcga_corr.analysis.answer import Answer, ScopeQuery
from tcga_corr.analysis.compare import CompareAnswer, CompareQuery
from tcga_corr.analysis.correlate import CorrelateAnswer, CorrelateQuery
from tcga_corr.analysis.correlate_by import CorrelateByAnswer, CorrelateByQuery
from tcga_corr.analysis.de import DeAnswer, DeQuery
from tcga_corr.analysis.differential.fit import TopGenes
from tcga_corr.analysis.differential.summary import lines_of
from tcga_corr.analysis.dominance import DominanceAnswer, DominanceQuery, DominanceSummary
from tcga_corr.analysis.enrich import EnrichAnswer, EnrichQuery
from tcga_corr.analysis.enrichment.ranking_tables import LABELS
from tcga_corr.analysis.enrichment.rankings import Ranking
from tcga_corr.analysis.enrichment.result import SCHEMA as ENRICHMENT_SCHEMA
from tcga_corr.analysis.enrichment.result import Enriched
from tcga_corr.analysis.pca import PcaAnswer, PcaQuery, lines_of_variance
from tcga_corr.analysis.pool import Pooling
from tcga_corr.analysis.provenance import Provenance
from tcga_corr.analysis.robustness import RobustnessAnswer, RobustnessQuery, Spread, lines_of_spread
from tcga_corr.analysis.score import ScoreAnswer, ScoreQuery
from tcga_corr.analysis.screen import ScreenAnswer, ScreenQuery
from tcga_corr.analysis.survival import (
    SURVIVAL_SCHEMA,
    PooledHazard,
    SurvivalAnswer,
    SurvivalQuery,
)
from tcga_corr.choices import Null
from tcga_corr.cli.output import JSON_SCHEMA, PARQUET_KEY
from tcga_corr.errors import TableError, UsageError
from tcga_corr.exchange import read_json_object
from tcga_corr.files import check_is_file
from tcga_corr.vocabulary.associations import ASSOCIATION, SIMULATED

UNLIKE_AN_ANSWER = (
    ValueError, KeyError, TypeError, AttributeError, IndexError, pl.exceptions.PolarsError,
)  # fmt: skip
"""What is raised where the content of a file is not what a question writes."""
_AGAIN = "Ask again with -o FILE.json"
T = TypeVar("T")


class Saved:
    """The content of a file: its query and its other keys, and the rows as a frame."""

    def __init__(self, record: Mapping[str, Any], key: str, frame: pl.DataFrame) -> None:
        self.record, self.key, self.frame = record, key, frame
        self.query: Mapping[str, Any] = record["query"]
        self.provenance = Provenance.from_dict(record["provenance"])

    def query_as(self, kind: type[T], **more: Any) -> T:
        """The query as that of a question; its scope stands among its other fields."""
        values: dict[str, Any] = {}
        for one in fields(kind):  # type: ignore[arg-type]
            if one.name == "scope":
                values["scope"] = {part.name: self.query[part.name] for part in fields(ScopeQuery)}
            elif one.name in self.query:
                values[one.name] = self.query[one.name]
        return _as(kind, values | more)

    def table(self, key: str) -> pl.DataFrame:
        """A table among the other keys."""
        return _frame(self.record[key])

    @property
    def common(self) -> dict[str, Any]:
        """The fields that every answer has."""
        return {
            "frame": self.frame,
            "notes": self.provenance.notes,
            "provenance": self.provenance,
        }


def read_answer(path: Path) -> Answer:
    """The answer in a file that a question wrote as JSON or, of this version, as Parquet.

    Raises
    ------
    TableError
        If the file cannot be read.
    UsageError
        If it is no answer, one of another version, or of a question that no page has.
    """
    check_is_file(path)
    try:
        saved = _parquet(path) if path.suffix.lower() == ".parquet" else _json(path)
        build = _BUILD.get(saved.key)
        if build is None:
            raise UsageError(f"'{path}': no page has answers with '{saved.key}'", _AGAIN)
        _check_columns(saved.frame)
        return build(saved)
    except OSError as error:
        raise TableError(
            f"{path}: cannot be read ({error.strerror or error})", "Check the path"
        ) from error
    except UNLIKE_AN_ANSWER as error:
        raise no_answer(path, error) from error


def no_answer(path: Path, error: Exception) -> UsageError:
    """That a file is no answer, and why."""
    return UsageError(f"'{path}' is no answer of tcga-corr: {_reason(error)}", _AGAIN)


def _check_columns(frame: pl.DataFrame) -> None:
    """Refuse texts in place of numbers, and numbers in place of names.

    Raises
    ------
    ValueError
        Naming the column.
    """
    for name, kind in frame.schema.items():
        if name in _NUMBERS and not (kind.is_numeric() or kind == pl.Null):
            raise ValueError(f"its column '{name}' has no numbers")
        if name in _NAMES and (kind != pl.String or frame[name].null_count()):
            raise ValueError(f"its column '{name}' has no names in some rows")


_NUMBERS = frozenset(
    [
        *(one.name for one in ASSOCIATION if one.type != "text"),
        *(name for schema in (SURVIVAL_SCHEMA, ENRICHMENT_SCHEMA) for name, kind in schema.items()
          if kind in (int, float)),
        "base_mean", "log2fc", "lfc_se", "effect", "difference", "es", "change", "median", "share",
    ]
)  # fmt: skip
_NAMES = frozenset(("tumor_type", "x", "y", "set", "variable", "test"))


def _reason(error: Exception) -> str:
    """What is wrong, in a line."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"[:200]
    if isinstance(error, KeyError):
        return f"it has no {error}"
    return " ".join(str(error).split())[:200]


def _json(path: Path) -> Saved:
    return _saved(read_json_object(path.read_bytes()), path)


def _saved(record: Mapping[str, Any], path: Path) -> Saved:
    _check_schema(record, path)
    key = next((name for name in record if name in _BUILD), "")
    if not key or not isinstance(record[key], list):
        raise ValueError("it has no rows of a question")
    return Saved(record, key, _frame(record[key]))


def _check_schema(record: Mapping[str, Any], path: Path) -> None:
    schema = record.get("schema")
    if "query" not in record or "provenance" not in record or schema is None:
        raise ValueError("it has no schema, query and provenance")
    if schema != JSON_SCHEMA:
        raise UsageError(
            f"'{path}' has schema {str(schema)[:20]}, and this version writes {JSON_SCHEMA}", _AGAIN
        )


def _parquet(path: Path) -> Saved:
    try:
        text = pl.read_parquet_metadata(path).get(PARQUET_KEY)
    except pl.exceptions.PolarsError as error:
        raise ValueError("no Parquet") from error
    if text is None:
        raise ValueError("it has no query and provenance in its metadata")
    record = read_json_object(text)
    _check_schema(record, path)
    frame = pl.read_parquet(path)
    return Saved(record, record["rows"], frame.head(frame.height - record["n_foot"]))


def _frame(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows as a frame; a column without any value has numbers, unless it holds texts elsewhere."""
    frame = pl.DataFrame(rows, infer_schema_length=None)
    empty = [name for name, kind in frame.schema.items() if kind == pl.Null]
    kinds = {name: pl.String if name in _TEXTS else pl.Float64 for name in empty}
    return frame.cast(kinds)  # type: ignore[arg-type]


_TEXTS = {"stratum", "note", "group", "group_b", "zero_group", "filtered", "contrast", "gene"}


def _as(kind: type[T], value: Any) -> T:
    return cast("T", _adapter(cast("Any", kind)).validate_python(value))


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _associations(saved: Saved) -> Answer:
    query = saved.query
    if "against" in query:
        asked = saved.query_as(ScreenQuery)
        return ScreenAnswer(**saved.common, query=asked, names=_names(asked, saved.frame))
    if "by" in query:
        return CorrelateByAnswer(
            **saved.common,
            query=saved.query_as(CorrelateByQuery),
            strata=_as(dict[str, Pooling], saved.record["pooled"]),
            differences=tuple(saved.record["pooled_differences"]),
        )
    return CorrelateAnswer(
        **saved.common,
        query=saved.query_as(CorrelateQuery),
        pooled=_as(dict[str, Pooling], saved.record["pooled"]),  # type: ignore[arg-type]
    )


def _names(query: ScreenQuery, frame: pl.DataFrame) -> tuple[str, ...]:
    columns = ("x", "y") if query.against == "itself" else ("y",)
    names = (name for column in columns for name in frame[column].to_list())
    return tuple(dict.fromkeys(names))


def _comparisons(saved: Saved) -> Answer:
    return CompareAnswer(**saved.common, query=saved.query_as(CompareQuery))


def _survival(saved: Saved) -> Answer:
    summary = _as(PooledHazard, saved.record["pooled"])
    return SurvivalAnswer(**saved.common, query=saved.query_as(SurvivalQuery), summary=summary)


def _dominance(saved: Saved) -> Answer:
    own = {name: saved.record[name] for name in ("tests", "caveat")}
    tests = [
        {**one, "friedman": _with_nan(one["friedman"]), "pairs": list(map(_with_nan, one["pairs"]))}
        for one in own["tests"]
    ]
    summary = _as(DominanceSummary, {**own, "tests": tests})
    return DominanceAnswer(**saved.common, query=saved.query_as(DominanceQuery), summary=summary)


def _with_nan(record: Mapping[str, Any]) -> dict[str, Any]:
    """NaN in place of null, which JSON has for it."""
    return {name: float("nan") if value is None else value for name, value in record.items()}


def _specifications(saved: Saved) -> Answer:
    spread = _as(Spread, saved.record["spread"])
    return RobustnessAnswer(
        **saved.common,
        query=saved.query_as(RobustnessQuery),
        summary=spread,
        lines=tuple(lines_of_spread(spread)),
    )


def _scores(saved: Saved) -> Answer:
    query = saved.query_as(ScoreQuery)
    compared = _compared(saved, query) if "comparisons" in saved.record else None
    return ScoreAnswer(**saved.common, query=query, compared=compared)


def _compared(saved: Saved, query: ScoreQuery) -> CompareAnswer:
    """What compares the groups of scores, with the values, which are the scores."""
    frame = saved.table("comparisons")
    kept = saved.frame.drop_nulls(["group", "es"]).with_columns(
        pl.col("set").str.strip_prefix(f"{SIMULATED} ")
    )
    values = {
        (tumor_type, name): {
            group: kept.filter(tumor_type=tumor_type, set=name, group=group)["es"].to_numpy()
            for group in query.groups
        }
        for tumor_type in query.scope.tumor_types
        for name in query.sets
    }
    null: list[Null] = ["genes"] if frame["p_genes"].null_count() < frame.height else []
    asked = CompareQuery(query.sets, query.by or "", query.groups, query.scope, null)
    return CompareAnswer(**{**saved.common, "frame": frame}, query=asked, values=values)


def _genes(saved: Saved) -> Answer:
    query, summary = saved.query_as(DeQuery), saved.table("summary")
    top = {
        name: TopGenes(
            tuple(one["genes"]), tuple(one["samples"]), tuple(one["groups"]),
            np.array(one["values"], dtype=np.float64).reshape(len(one["genes"]), -1),
        )
        for name, one in saved.record.get("top_genes", {}).items()
    }  # fmt: skip
    return DeAnswer(
        **saved.common, query=query, summary=summary, top=top,
        lines=lines_of(summary, query.q, query.lfc),
    )  # fmt: skip


def _sets(saved: Saved) -> Answer:
    query = saved.query_as(EnrichQuery)
    if query.method == "ora":
        parts = tuple(_list(labels) for labels in _labels(saved.frame))
    else:
        parts = tuple(map(_ranking, saved.record.get("rankings", ())))
    return EnrichAnswer(**saved.common, query=query, parts=parts)


def _labels(frame: pl.DataFrame) -> list[dict[str, str]]:
    """The tumor type and contrast of each part."""
    own = [name for name in LABELS if name in frame.columns]
    return frame.select(own).unique(maintain_order=True).to_dicts() if own else [{}]


def _list(labels: Mapping[str, str]) -> Enriched:
    none = np.empty(0)
    return Enriched(Ranking(labels, (), none, none, none), ())


def _ranking(record: Mapping[str, Any]) -> Enriched:
    values = np.array(record["values"], dtype=np.float64)
    genes = tuple(record["genes"])
    if len(genes) != len(values):
        raise ValueError("a ranking has not a number for each gene")
    none = np.full(len(values), np.nan)
    places = {name: np.array(own, dtype=np.intp) for name, own in record["places"].items()}
    if any(len(own) and not 0 <= own.min() <= own.max() < len(values) for own in places.values()):
        raise ValueError("a ranking has no such place")
    return Enriched(Ranking(record["labels"], genes, values, none, none), (), places)


def _samples(saved: Saved) -> Answer:
    return _components(saved, saved.frame, saved.table("covariates"))


def _covariates(saved: Saved) -> Answer:
    return _components(saved, pl.DataFrame(), saved.frame)


def _components(saved: Saved, frame: pl.DataFrame, covariates: pl.DataFrame) -> Answer:
    variance = saved.table("variance")
    # the scope's genes stand in place of how many the components are of
    query = saved.query_as(PcaQuery)
    return PcaAnswer(
        **{**saved.common, "frame": frame}, query=query, variance=variance, covariates=covariates,
        lines=tuple(lines_of_variance(variance)),
    )  # fmt: skip


_BUILD: dict[str, Callable[[Saved], Answer]] = {
    "associations": _associations,
    "comparisons": _comparisons,
    "survival": _survival,
    "dominance": _dominance,
    "specifications": _specifications,
    "scores": _scores,
    "genes": _genes,
    "sets": _sets,
    "samples": _samples,
    "covariates": _covariates,
}
