"""The page of a run: what its spec asked, and what its tables say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tcga_corr.batch.claims import held_beside
from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.plan import Plan, PlannedAnalysis, check_inputs
from tcga_corr.engine import Engine
from tcga_corr.errors import DataMissingError, TcgaCorrError
from tcga_corr.report.heat import strongest_pairs
from tcga_corr.report.page import inputs, sentences
from tcga_corr.report.page.pairs import kinds_of, pair_of, scatters_of
from tcga_corr.report.page.parts import (
    Column,
    Dominance,
    Finding,
    Page,
    Pair,
    Row,
    Scatter,
    Table,
    finite,
)
from tcga_corr.report.page.run_methods import methods_of_run
from tcga_corr.variables import CovariateVariable, SetVariable, Variable

# what keeps a page below 5 MB: a pair takes about 1.5 kB, a row of it 0.3 and a sample 0.06
_MOST_PAIRS, _MOST_ROWS, _MOST_POINTS = 200, 4_000, 30_000
_MOST_TABLE_ROWS = 2_000


@dataclass
class Room:
    """What a page has room for yet: pairs, rows of them, and samples of their scatters."""

    pairs: int = _MOST_PAIRS

    rows: int = _MOST_ROWS
    points: int = _MOST_POINTS


@dataclass(frozen=True)
class Found:
    """What the tables of a run say, as parts of a page."""

    pairs: list[Pair]
    scatters: dict[str, Mapping[str, Scatter]]
    dominance: list[Dominance]
    tables: list[Table]
    answers: list[Finding]
    dropped: list[Row]
    left_out: str


def page_of_run(engine: Engine, run: str) -> Page:
    """All of a run: answers, figures, tables, methods, what was dropped, provenance.

    Of a run of very many pairs, those of the highest median |r| over tumor types, without shared genes.

    Raises
    ------
    DataMissingError
        If there is no such run, or it has no tables yet.
    """
    folder = RunFolder(engine.store, run)
    plan, manifest = folder.plan(), folder.manifest()
    found = found_by(engine, folder, plan, manifest, Room())
    methods, references = methods_of_run(plan, manifest)
    return Page(
        title=plan.title or plan.name,
        subtitle=f"Run {plan.run}, {manifest['ended'][:10]}: {plan.n_rows:,} rows of "
        f"{len(plan.analyses)} analys{'es' if len(plan.analyses) > 1 else 'is'}",
        simulated=bool(manifest["simulated"]),
        answers=found.answers,
        pairs=found.pairs,
        pairs_note=found.left_out,
        scatters=found.scatters,
        dominance=found.dominance,
        tables=found.tables,
        methods=methods,
        references=references,
        dropped=inputs.dropped([*found.dropped, *inputs.dropped_of_tables(engine, plan.tables)]),
        provenance=[
            inputs.facts("Run", _facts(manifest), "run"),
            *inputs.provenance(manifest),
            Table(
                "Tables of the run",
                f"{run}-tables",
                (Column("table", "file"), Column("rows", "rows", "count"),
                 Column("sha256", "sha256")),
                [{"table": name, **told} for name, told in manifest["results"].items()],
            ),
        ],
        spec=plan.spec,
    )  # fmt: skip


def found_by(
    engine: Engine,
    folder: RunFolder,
    plan: Plan,
    manifest: Mapping[str, Any],
    room: Room,
    prefix: str = "",
) -> Found:
    """What the tables of a run say.

    Parameters
    ----------
    engine, folder, plan, manifest
        The run.
    room
        Of the page; what is used is taken from it.
    prefix
        Before the names of its analyses, where a page has several runs.
    """
    if "results" not in manifest:
        raise DataMissingError(
            f"the run {folder.run} has no tables yet", "Run its spec to the end, or `batch merge`"
        )
    kinds = kinds_of(manifest)
    found = Found([], {}, [], [], [], [], "")
    left_out = []
    for asked in plan.analyses:
        if asked.kind == "dominance":
            _add_dominance(found, folder, asked, prefix)
            continue
        for method in asked.methods:
            rows, pooled, n_pairs = _chosen(folder, asked, method, room)
            own = list(_grouped(rows))
            _add_pairs(found, engine, plan, asked, own, pooled, kinds, room, prefix)
            if len(own) < n_pairs:
                left_out.append(
                    f"{prefix}{asked.name}, {method}: the {len(own):,} of {n_pairs:,} pairs whose "
                    "association is strongest without shared genes"
                )
    of_run = f", {folder.run}" if prefix else ""
    if plan.claims:
        claims = held_beside(folder, plan).to_dicts()
        found.answers.extend(map(sentences.of_claim, claims))
        found.tables.insert(0, _claims(claims, f"{folder.run}-claims", of_run))
    if len(found.pairs) > 1:
        found.tables.append(_pairs_table(found.pairs, f"{folder.run}-pairs", of_run))
    found.dropped.extend(_notes(folder, prefix))
    return Found(
        found.pairs, found.scatters, found.dominance, found.tables, found.answers, found.dropped,
        "; ".join(left_out),
    )  # fmt: skip


def _chosen(
    folder: RunFolder, asked: PlannedAnalysis, method: str, room: Room
) -> tuple[list[Row], dict[tuple[str, str], list[Row]], int]:
    """The rows that there is room for, the pooled ones by x and y, and how many pairs there are."""
    import polars as pl

    own = (pl.col("analysis") == asked.name) & (pl.col("method") == method)
    rows = pl.scan_parquet(folder.path / "associations.parquet").filter(own)
    several = len(asked.tumor_types) > 1
    pooled = pl.scan_parquet(folder.path / "pooled.parquet").filter(own) if several else rows
    many = max(1, min(room.pairs, room.rows // len(asked.tumor_types)))
    n_pairs = asked.n_pairs
    if n_pairs > many:
        chosen, _ = strongest_pairs(rows, asked, many)
        rows, pooled = (
            one.join(chosen.lazy(), on=["x", "y"], how="semi") for one in (rows, pooled)
        )
    texts = pl.col(pl.Categorical).cast(pl.String)
    told = rows.with_columns(texts).collect(engine="streaming")
    by_pair: dict[tuple[str, str], list[Row]] = {}
    if several:
        for row in pooled.with_columns(texts).collect(engine="streaming").to_dicts():
            by_pair.setdefault((row["x"], row["y"]), []).append(row)
    room.rows = max(0, room.rows - told.height)
    room.pairs = max(0, room.pairs - min(many, n_pairs))
    return list(told.to_dicts()), by_pair, n_pairs


def _grouped(rows: Sequence[Row]) -> Iterator[tuple[int, list[Row]]]:
    """The rows of each pair, and the how-manieth of its names it is."""
    groups: dict[tuple[str, str, int], list[Row]] = {}
    seen: dict[tuple[str, str, str], int] = {}
    for row in rows:
        name = row["x"], row["y"], row["tumor_type"]
        again = seen[name] = seen.get(name, -1) + 1
        groups.setdefault((row["x"], row["y"], again), []).append(row)
    for (_, _, again), own in groups.items():
        yield again, own


def _add_pairs(
    found: Found,
    engine: Engine,
    plan: Plan,
    asked: PlannedAnalysis,
    groups: Sequence[tuple[int, list[Row]]],
    pooled: Mapping[tuple[str, str], list[Row]],
    kinds: Mapping[str, str],
    room: Room,
    prefix: str,
) -> None:
    by_name: dict[str, list[Variable]] = {}
    for one in asked.variables:
        by_name.setdefault(one.name, []).append(one)
    names = [f"{prefix}{asked.name}:{row['x']}:{row['y']}" for _, (row, *_) in groups]
    for (again, rows), key in zip(groups, names, strict=True):
        first = rows[0]
        why = ""
        if key not in found.scatters:
            found.scatters[key], why = _scatters(engine, plan, asked, first, by_name, room)
        own = pooled.get((first["x"], first["y"]), [])
        pair = pair_of(
            rows,
            own[again] if again < len(own) else None,
            kinds,
            id=f"{plan.run}-{len(found.pairs)}",
            analysis=f"{prefix}{asked.name}",
            scatters=key if found.scatters[key] else "",
            no_scatters=why or ("" if found.scatters[key] else _NO_ROOM),
        )
        found.pairs.append(pair)
    if len(groups) <= _MOST_SENTENCES:
        found.answers.extend(pair.finding for pair in found.pairs[-len(groups) :])
    else:
        found.answers.append(_many(found.pairs[-len(groups) :], asked))


_MOST_SENTENCES = 4
_NO_ROOM = "the page has no room for the samples of all pairs"


def _many(pairs: Sequence[Pair], asked: PlannedAnalysis) -> Finding:
    first = pairs[0]
    by_strength = sorted(pairs, key=_strength, reverse=True)[:3]
    named = "; ".join(f"{one.x} and {one.y} ({_strength_of(one):.2f})" for one in by_strength)
    n_types = len(asked.tumor_types)
    where = f"{n_types} tumor types" if n_types > 1 else asked.tumor_types[0]
    return Finding(
        f"{first.analysis}: which of {asked.n_pairs:,} pairs vary together in {where}, by "
        f"{first.method}?",
        f"Strongest, by {'pooled ' if n_types > 1 else ''}r without shared genes: {named}. The "
        "table of pairs has the others.",
    )


def _strength(pair: Pair) -> float:
    return abs(_strength_of(pair))


def _strength_of(pair: Pair) -> float:
    """r over tumor types; of a pair that shares genes, without them."""
    told = pair.pooled or pair.rows[0]
    shares = any(row["n_shared_genes"] for row in pair.rows)
    return float(told["r_disjoint" if shares else "r"] or 0.0)


def _scatters(
    engine: Engine,
    plan: Plan,
    asked: PlannedAnalysis,
    row: Row,
    by_name: Mapping[str, Sequence[Variable]],
    room: Room,
) -> tuple[Mapping[str, Scatter], str]:
    """The samples of a pair, if the page has room and the store still holds them; or why not."""
    variables = [*by_name.get(row["x"], []), *by_name.get(row["y"], []), *asked.adjust]
    if len({one.name for one in variables}) < len(variables):
        return {}, "several variables go by these names"
    n_points = sum(asked.n_samples)
    if n_points > room.points:
        return {}, _NO_ROOM
    try:
        cohorts = engine.cohorts(
            asked.tumor_types, asked.source, asked.samples, asked.ties, asked.min_genes
        )
        for cohort in cohorts:
            check_inputs(plan, cohort, asked)
        values = engine.values(
            [_named(one) for one in variables],
            tumor_types=asked.tumor_types,
            source=asked.source,
            samples=asked.samples,
            ties=asked.ties,
            min_genes=asked.min_genes,
        )
    except TcgaCorrError as error:
        return {}, str(error)
    room.points -= n_points
    return scatters_of(values.frame, row["x"], row["y"], [one.name for one in asked.adjust]), ""


def _named(variable: Variable) -> Any:
    if isinstance(variable, SetVariable):
        return variable.gene_set
    if isinstance(variable, CovariateVariable):
        return f"covariate:{variable.covariate.table}.{variable.covariate.name}"
    return f"gene:{variable.name}"


def _add_dominance(found: Found, folder: RunFolder, asked: PlannedAnalysis, prefix: str) -> None:
    import polars as pl

    table = pl.scan_parquet(folder.path / "dominance.parquet")
    own = table.filter(pl.col("analysis") == asked.name).head(_MOST_TABLE_ROWS)
    rows = own.with_columns(pl.col(pl.Categorical).cast(pl.String)).collect().to_dicts()
    if not rows:
        return
    types = list(dict.fromkeys(row["tumor_type"] for row in rows))
    first = rows[0]
    sets = list(dict.fromkeys(row["set"] for row in rows))
    part = Dominance(
        f"{prefix}{asked.name}",
        f"{first['source']}, {first['unit']}; {first['samples']} samples in {len(types)} tumor "
        f"type{'s' if len(types) > 1 else ''}",
        Finding(sentences.question_of_dominance(rows, sets), sentences.of_dominance(rows)),
        sets,
        finite(rows),
    )
    found.dominance.append(part)
    found.answers.append(part.finding)
    found.tables.append(
        Table(
            f"Dominance: {part.analysis}",
            f"{folder.run}-{asked.name}-dominance",
            (
                Column("tumor_type", "tumor type"), Column("scale", "scale"),
                Column("set", "gene set"), Column("n", "n", "count"),
                Column("n_highest", "highest in", "count", "samples in which it scores highest"),
                Column("share_highest", "share", "number"),
                Column("median", "median score", "number"),
                Column("mean_rank", "mean rank", "number"),
                Column("kendalls_w", "Kendall's W", "number"),
                Column("note", "note"),
            ),
            part.rows,
        )
    )  # fmt: skip


def _claims(rows: Sequence[Row], file: str, of_run: str) -> Table:
    columns = (
        Column("claim", "claim"), Column("tumor_type", "tumor type"),
        Column("statistic", "of"), Column("published", "published"),
        Column("published_n", "n published", "count"), Column("here", "here"),
        Column("ci_low", "from", "number", "lower end of the 95 % interval"),
        Column("ci_high", "to", "number", "upper end of the 95 % interval"),
        Column("n", "n here", "count"), Column("verdict", "verdict"),
        Column("published_in", "published in"),
    )  # fmt: skip
    return Table(f"What was published, and what is here{of_run}", file, columns, finite(list(rows)))


def _pairs_table(pairs: Sequence[Pair], file: str, of_run: str) -> Table:
    columns = (
        Column("pair", "pair"), Column("analysis", "analysis"), Column("method", "method"),
        Column("n_types", "types", "count", "tumor types with an r"),
        Column("r", "pooled r", "number"), Column("ci_low", "from", "number"),
        Column("ci_high", "to", "number"),
        Column("r_disjoint", "r disjoint", "number", "pooled r without shared genes"),
        Column("i2", "I²", "number", "share of the variation that is between tumor types"),
        Column("n_positive", "rising", "count", "tumor types with r > 0 and q < 0.05"),
        Column("n_negative", "falling", "count", "tumor types with r < 0 and q < 0.05"),
    )  # fmt: skip
    rows = []
    for pair in pairs:
        told = pair.pooled or pair.rows[0]
        rows.append(
            {
                "pair": f"{pair.x} ~ {pair.y}",
                "id": pair.id,
                "x": pair.x,
                "y": pair.y,
                "analysis": pair.analysis,
                "method": pair.method,
                **{column.name: told.get(column.name) for column in columns[3:]},
            }
        )
    return Table(f"Pairs{of_run}", file, columns, rows)


def _notes(folder: RunFolder, prefix: str) -> Iterator[Row]:
    """What the rows say of themselves, each note once."""
    import polars as pl

    for name in ("associations", "dominance"):
        path = folder.path / f"{name}.parquet"
        if not path.exists():
            continue
        texts = pl.col("analysis", "tumor_type", "note").cast(pl.String)
        notes = (
            pl.scan_parquet(path)
            .select(texts)
            .filter(pl.col("note").fill_null("") != "")
            .group_by("analysis", "note")
            .agg(pl.col("tumor_type").unique().sort(), pl.len())
            .sort("analysis", "note")
            .collect(engine="streaming")
        )
        for row in notes.to_dicts():
            note = "; ".join(one for one in row["note"].split("; ") if one != "SIMULATED")
            if note:
                yield {
                    "what": f"{prefix}{row['analysis']}",
                    "where": " ".join(row["tumor_type"]),
                    "count": row["len"],
                    "why": note,
                }


def _facts(manifest: Mapping[str, Any]) -> dict[str, Any]:
    host = manifest["host"]
    return {
        "run": manifest["run"],
        "state": manifest["state"],
        "digest": manifest["digest"],
        "began": manifest["began"],
        "ended": manifest["ended"],
        "tasks": manifest["n_tasks"],
        "rows": manifest["n_rows"],
        "seconds of tasks": manifest["seconds_of_tasks"],
        "platform": f"{host['platform']}, {host['cpus']} processors, {', '.join(host['blas'])}",
        "random numbers": manifest["seeds"],
        "sha256 of the spec": manifest["spec_sha256"],
    }
