"""The page of a run: what its spec asked, and what its tables say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tcga_corr.batch.claims import held_beside
from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.plan import Plan, PlannedAnalysis, check_inputs
from tcga_corr.batch.run import changed_tables
from tcga_corr.engine import Engine
from tcga_corr.errors import AnalysisError, DataMissingError, TcgaCorrError
from tcga_corr.report.heat import strongest_pairs
from tcga_corr.report.page import inputs, sentences
from tcga_corr.report.page.pairs import pair_of, scatters_of
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
from tcga_corr.scores import values_frame
from tcga_corr.variables import CovariateVariable, SetVariable, Variable

# what keeps a page below 5 MB: a pair takes about 1.5 kB, a row of it 0.3, a sample 0.06, a row of
# dominance 0.7 and a note 0.3
_MOST_PAIRS, _MOST_ROWS, _MOST_POINTS, _MOST_OF_DOMINANCE, _MOST_NOTES = (
    200,
    4_000,
    30_000,
    800,
    300,
)


@dataclass
class Room:
    """What a page has room for yet.

    Attributes
    ----------
    pairs, rows, points
        Pairs, rows of them, and samples of their scatters.
    dominance, notes
        Rows of dominance, and of what was left out.
    """

    pairs: int = _MOST_PAIRS
    rows: int = _MOST_ROWS
    points: int = _MOST_POINTS
    dominance: int = _MOST_OF_DOMINANCE
    notes: int = _MOST_NOTES


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
    # by key of scatters, why there are none
    whys: dict[str, str] = field(default_factory=dict)


def page_of_run(engine: Engine, run: str) -> Page:
    """All of a run: answers, figures, tables, methods, what was dropped, provenance.

    Of a run of very many pairs, those of the highest median |r| over tumor types, without shared
    genes.

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
    changed = changed_tables(folder, dict(manifest))
    if changed:
        raise AnalysisError(
            f"{folder.run}: not as it was written: {', '.join(changed)}",
            "Run the spec again: it makes the tables anew",
        )
    found = Found([], {}, [], [], [], [], "")
    left_out = []
    shares = _shares(plan, room)
    for asked in plan.analyses:
        if asked.kind == "dominance":
            _add_dominance(found, folder, asked, room, prefix)
            continue
        for method in asked.methods:
            rows, pooled = _chosen(folder, asked, method, shares[asked.name, method])
            own = list(_grouped(rows))
            _add_pairs(found, engine, plan, asked, own, pooled, _kinds(asked), room, prefix)
            if len(own) < asked.n_pairs:
                left_out.append(
                    f"{prefix}{asked.name}, {method}: the {len(own):,} of {asked.n_pairs:,} pairs "
                    "whose association is strongest without shared genes"
                )
    of_run = f", {folder.run}" if prefix else ""
    if plan.claims:
        claims = held_beside(folder, plan).to_dicts()
        found.answers.extend(map(sentences.of_claim, claims))
        found.tables.insert(0, _claims(claims, f"{folder.run}-claims", of_run))
    if len(found.pairs) > 1:
        found.tables.append(_pairs_table(found.pairs, f"{folder.run}-pairs", of_run))
    found.dropped.extend(_notes(folder, room, prefix))
    return Found(
        found.pairs, found.scatters, found.dominance, found.tables, found.answers, found.dropped,
        "; ".join(left_out),
    )  # fmt: skip


def _shares(plan: Plan, room: Room) -> dict[tuple[str, str], int]:
    """How many pairs of each analysis and method there is room for; of little asked, all."""
    blocks = [(one, method) for one in plan.analyses for method in one.methods]
    blocks.sort(key=lambda block: block[0].n_pairs * len(block[0].tumor_types))
    shares: dict[tuple[str, str], int] = {}
    for place, (asked, method) in enumerate(blocks):
        left, n_types = len(blocks) - place, len(asked.tumor_types)
        many = min(asked.n_pairs, max(1, min(room.pairs, room.rows // n_types) // left))
        room.pairs = max(0, room.pairs - many)
        room.rows = max(0, room.rows - many * n_types)
        shares[asked.name, method] = many
    return shares


def _kinds(asked: PlannedAnalysis) -> dict[str, str]:
    """``set``, ``gene`` or ``covariate`` by name."""
    kinds: dict[type, str] = {SetVariable: "set", CovariateVariable: "covariate"}
    return {one.name: kinds.get(type(one), "gene") for one in asked.variables}


def _chosen(
    folder: RunFolder, asked: PlannedAnalysis, method: str, many: int
) -> tuple[list[Row], dict[tuple[str, str], list[Row]]]:
    """The rows of so many pairs, and the pooled ones by x and y."""
    import polars as pl

    own = (pl.col("analysis") == asked.name) & (pl.col("method") == method)
    rows = pl.scan_parquet(folder.path / "associations.parquet").filter(own)
    several = len(asked.tumor_types) > 1
    pooled = pl.scan_parquet(folder.path / "pooled.parquet").filter(own) if several else rows
    if asked.n_pairs > many:
        chosen, _ = strongest_pairs(rows, asked, many)
        rows, pooled = (
            one.join(chosen.lazy(), on=["x", "y"], how="semi", maintain_order="left")
            for one in (rows, pooled)
        )
    texts = pl.col(pl.Categorical).cast(pl.String)
    told = rows.with_columns(texts).collect(engine="streaming")
    by_pair: dict[tuple[str, str], list[Row]] = {}
    if several:
        for row in pooled.with_columns(texts).collect(engine="streaming").to_dicts():
            by_pair.setdefault((row["x"], row["y"]), []).append(row)
    return list(told.to_dicts()), by_pair


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
    names = [json.dumps([prefix, asked.name, row["x"], row["y"]]) for _, (row, *_) in groups]
    for (again, rows), key in zip(groups, names, strict=True):
        first = rows[0]
        if key not in found.scatters:
            found.scatters[key], found.whys[key] = _scatters(
                engine, plan, asked, first, by_name, room
            )
        own = pooled.get((first["x"], first["y"]), [])
        pair = pair_of(
            rows,
            own[again] if again < len(own) else None,
            kinds,
            id=f"{plan.run}-{len(found.pairs)}",
            analysis=f"{prefix}{asked.name}",
            scatters=key if found.scatters[key] else "",
            no_scatters=found.whys[key],
        )
        found.pairs.append(pair)
    if len(groups) <= _MOST_SENTENCES:
        found.answers.extend(pair.finding for pair in found.pairs[-len(groups) :])
    else:
        found.answers.append(_many(found.pairs[-len(groups) :], asked))


_MOST_SENTENCES = 4
_NO_ROOM = "the page has no room for the samples of all pairs"
_OF_SAMPLES = ("tumor_type", "sample", "patient", "sample_type")  # columns beside the variables


def _many(pairs: Sequence[Pair], asked: PlannedAnalysis) -> Finding:
    first = pairs[0]
    strength = [(pair, r) for pair in pairs if (r := _strength_of(pair)) is not None]
    strongest = sorted(strength, key=lambda one: abs(one[1]), reverse=True)[:3]
    named = "; ".join(f"{one.x} and {one.y} ({r:z.2f})" for one, r in strongest)
    n_types = len(asked.tumor_types)
    where = f"{n_types} tumor types" if n_types > 1 else asked.tumor_types[0]
    of = f" of the {len(pairs):,} shown" if len(pairs) < asked.n_pairs else ""
    told = f"Strongest{of}, by {'pooled ' if n_types > 1 else ''}r without shared genes: {named}."
    return Finding(
        f"{first.analysis}: which of {asked.n_pairs:,} pairs vary together in {where}, by "
        f"{first.method}?",
        f"{told if named else 'None has an r without shared genes.'} The table of pairs has "
        f"{'the others' if named else 'them'}{of and ' that are shown'}.",
    )


def _strength_of(pair: Pair) -> float | None:
    """The r over tumor types; of a pair that shares genes, without them."""
    told = pair.pooled or pair.rows[0]
    shares = any(row["n_shared_genes"] for row in pair.rows)
    r: float | None = told["r_disjoint" if shares else "r"]
    return r


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
    if len({*_OF_SAMPLES, *(one.name for one in variables)}) < len(_OF_SAMPLES) + len(variables):
        return {}, "several variables or columns go by these names"
    n_points = sum(asked.n_samples)
    if n_points > room.points:
        return {}, _NO_ROOM
    try:
        cohorts = engine.cohorts(
            asked.tumor_types, asked.source, asked.samples, asked.ties, asked.min_genes
        )
        for cohort in cohorts:
            check_inputs(plan, cohort, asked)
        frame, _ = values_frame(cohorts, variables)
    except TcgaCorrError as error:
        return {}, str(error)
    scatters = scatters_of(frame, row["x"], row["y"], [one.name for one in asked.adjust])
    room.points -= sum(len(one.samples) for one in scatters.values())
    return scatters, "" if scatters else "no sample has all values"


def _add_dominance(
    found: Found, folder: RunFolder, asked: PlannedAnalysis, room: Room, prefix: str
) -> None:
    """All that there is room for, by whole tumor types; the sentence is of all of them."""
    import polars as pl

    table = pl.scan_parquet(folder.path / "dominance.parquet")
    own = table.filter(pl.col("analysis") == asked.name)
    rows = own.with_columns(pl.col(pl.Categorical).cast(pl.String)).collect().to_dicts()
    if not rows:
        return
    types = list(dict.fromkeys(row["tumor_type"] for row in rows))
    first = rows[0]
    sets = list(dict.fromkeys(row["set"] for row in rows))
    fitting = []
    for tumor_type in types:
        n_rows = sum(row["tumor_type"] == tumor_type for row in rows)
        if n_rows <= room.dominance:
            fitting.append(tumor_type)
            room.dominance -= n_rows
    shown = [row for row in rows if row["tumor_type"] in fitting]
    few = len(fitting) < len(types)
    note = f"The page has room for {len(fitting)} of them." if few else ""
    part = Dominance(
        f"{prefix}{asked.name}",
        f"{first['source']}, {first['unit']}; {first['samples']} samples in {len(types)} tumor "
        f"type{'s' if len(types) > 1 else ''}{note and '. '}{note}",
        Finding(sentences.question_of_dominance(rows, sets), sentences.of_dominance(rows)),
        sets,
        [{name: row[name] for name in _DRAWN} for row in finite(shown)],
    )
    if shown:
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
            finite(shown),
            f"{len(types)} tumor types. {note}" if few else "",
        )
    )  # fmt: skip


_DRAWN = ("tumor_type", "scale", "set", "n", "n_highest", "share_highest")


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


def _notes(folder: RunFolder, room: Room, prefix: str) -> Iterator[Row]:
    """What the rows say of themselves, each note once; of very many, those of the most rows."""
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
            .sort("len", "analysis", "note", descending=[True, False, False])
            .filter(pl.col("note") != "SIMULATED")
            .collect(engine="streaming")
        )
        shown, others = notes.head(room.notes), notes.slice(room.notes)
        room.notes -= shown.height
        for row in shown.sort("analysis", "note").to_dicts():
            told = [one for one in row["note"].split("; ") if one != "SIMULATED"]
            yield {
                "what": f"{prefix}{row['analysis']}",
                "where": " ".join(row["tumor_type"]),
                "count": row["len"],
                "why": "; ".join(told),
            }
        if others.height:
            yield {
                "what": f"{prefix}{name}",
                "where": "",
                "count": others["len"].sum(),
                "why": f"{others.height:,} other notes: the column note of {name}.parquet has all",
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
