"""What the tables of a run say, as parts of a page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tcga_corr.analysis.names import CovariateVariable, SetVariable, Variable
from tcga_corr.analysis.score import values_frame
from tcga_corr.batch.claims import compare_claims
from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.plan import PlannedAnalysis, check_inputs
from tcga_corr.batch.run import changed_tables
from tcga_corr.engine import Engine
from tcga_corr.errors import AnalysisError, DataMissingError, TcgaCorrError
from tcga_corr.exchange import finite
from tcga_corr.page import sentences
from tcga_corr.page.pairs import pair_of, scatters_of
from tcga_corr.page.parts import Dominance, Finding, Pair, Row, Scatter, Table
from tcga_corr.page.run_rows import Room, chosen_rows, grouped, shares_of
from tcga_corr.page.run_tables import claims_table, dominance_table, notes_of, pairs_table

_MOST_SENTENCES = 4  # of pairs of one analysis, before it gets one for all
_NO_ROOM = "the page has no room for the samples of all pairs"
_OF_SAMPLES = ("tumor_type", "sample", "patient", "sample_type")  # columns beside the variables
_DRAWN = ("tumor_type", "scale", "set", "n", "n_highest", "share_highest")


class Findings:
    """What the tables of a run say.

    Attributes
    ----------
    plan
        Of the run.
    answers, pairs, scatters, dominance, tables
        As of :class:`~tcga_corr.page.parts.Page`.
    dropped
        Rows of what was left out.
    left_out
        Of which analyses the page has not all pairs.

    Parameters
    ----------
    engine, folder
        The run.
    room
        Of the page; what is used is taken from it.
    prefix
        Before the names of its analyses, where a page has several runs.

    Raises
    ------
    DataMissingError
        If the run has no tables yet.
    AnalysisError
        If they are not as they were written.
    """

    def __init__(self, engine: Engine, folder: RunFolder, room: Room, prefix: str = "") -> None:
        self._engine, self._folder, self._room, self._prefix = engine, folder, room, prefix
        self.plan = folder.plan()
        _require_tables(folder)
        self.answers: list[Finding] = []
        self.pairs: list[Pair] = []
        self.scatters: dict[str, Mapping[str, Scatter]] = {}
        self._no_scatters: dict[str, str] = {}  # by key of scatters, why there are none
        self.dominance: list[Dominance] = []
        self.tables: list[Table] = []
        self.left_out: list[str] = []
        shares = shares_of(self.plan, room)
        for asked in self.plan.analyses:
            if asked.kind == "dominance":
                self._add_dominance(asked)
            for method in asked.methods:
                self._add_pairs(asked, method, shares[asked.name, method])
        of_run = f", {folder.run}" if prefix else ""
        if self.plan.claims:
            claims = compare_claims(folder, self.plan).to_dicts()
            self.answers += map(sentences.of_claim, claims)
            self.tables.insert(0, claims_table(claims, f"{folder.run}-claims", of_run))
        if prefix:
            self.answers = [
                replace(one, question=f"{folder.run}: {one.question}") for one in self.answers
            ]
        if len(self.pairs) > 1:
            self.tables.append(pairs_table(self.pairs, f"{folder.run}-pairs", of_run))
        self.dropped: list[Row] = list(notes_of(folder, room, prefix))

    def _add_pairs(self, asked: PlannedAnalysis, method: str, many: int) -> None:
        rows, pooled = chosen_rows(self._folder, asked, method, many)
        blocks: list[tuple[list[Row], Row | None, str]] = []
        for again, own in grouped(rows):
            x, y = own[0]["x"], own[0]["y"]
            all_types = pooled.get((x, y), [])
            key = json.dumps([self._prefix, asked.name, x, y])
            blocks.append((own, all_types[again] if again < len(all_types) else None, key))
        # the strongest first, as there may not be room for all
        for own, _, key in sorted(blocks, key=lambda one: -abs(strength_of(*one[:2]) or 0.0)):
            if key not in self.scatters:
                self.scatters[key], self._no_scatters[key] = self._samples(asked, own[0])
        kinds: dict[type, str] = {SetVariable: "set", CovariateVariable: "covariate"}
        kind_of = {one.name: kinds.get(type(one), "gene") for one in asked.variables}
        added = [
            pair_of(
                own,
                all_types,
                kind_of,
                id=f"{self.plan.run}-{number}",
                analysis=f"{self._prefix}{asked.name}",
                scatters=key if self.scatters[key] else "",
                no_scatters=self._no_scatters[key],
            )
            for number, (own, all_types, key) in enumerate(blocks, len(self.pairs))
        ]
        self.pairs += added
        if len(added) <= _MOST_SENTENCES:
            self.answers += [pair.finding for pair in added]
        else:
            self.answers.append(_many(added, asked))
        if len(added) < asked.n_pairs:
            self.left_out.append(
                f"{self._prefix}{asked.name}, {method}: the {len(added):,} of {asked.n_pairs:,} "
                "pairs whose association is strongest without shared genes"
            )

    def _samples(self, asked: PlannedAnalysis, row: Row) -> tuple[Mapping[str, Scatter], str]:
        """Those of a pair, if the page has room and the store still holds them; or why not."""
        by_name: dict[str, list[Variable]] = {}
        for one in asked.variables:
            by_name.setdefault(one.name, []).append(one)
        pair = [*by_name.get(row["x"], []), *by_name.get(row["y"], [])]
        variables = [*pair, *asked.adjust]
        names = [one.name for one in variables]
        if len({*_OF_SAMPLES, *names}) < len(_OF_SAMPLES) + len(names):
            return {}, "several variables or columns go by these names"
        if sum(asked.n_samples) > self._room.points:
            return {}, _NO_ROOM
        try:
            cohorts = self._engine.cohorts(asked.scope)
            for cohort in cohorts:
                check_inputs(self.plan, cohort, asked)
            frame, _ = values_frame(cohorts, variables)
        except TcgaCorrError as error:
            return {}, str(error)
        scatters = scatters_of(frame, row["x"], row["y"], [one.name for one in asked.adjust])
        self._room.points -= sum(len(one.samples) for one in scatters.values())
        return scatters, "" if scatters else "no sample has all values"

    def _add_dominance(self, asked: PlannedAnalysis) -> None:
        """All that there is room for, by whole tumor types; the sentence is of all of them."""
        import polars as pl

        table = pl.scan_parquet(self._folder.path / "dominance.parquet")
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
            if n_rows <= self._room.dominance:
                fitting.append(tumor_type)
                self._room.dominance -= n_rows
        shown = finite([row for row in rows if row["tumor_type"] in fitting])
        few = len(fitting) < len(types)
        note = f"The page has room for {len(fitting)} of them." if few else ""
        analysis = f"{self._prefix}{asked.name}"
        part = Dominance(
            analysis,
            f"{first['source']}, {first['unit']}; {first['samples']} samples in {len(types)} tumor "
            f"type{'s' if len(types) > 1 else ''}{note and '. '}{note}",
            Finding(sentences.question_of_dominance(rows, sets), sentences.of_dominance(rows)),
            sets,
            [{name: row[name] for name in _DRAWN} for row in shown],
        )
        if shown:
            self.dominance.append(part)
        self.answers.append(part.finding)
        file = f"{self._folder.run}-{asked.name}-dominance"
        told = f"{len(types)} tumor types. {note}" if few else ""
        self.tables.append(dominance_table(shown, analysis, file, told))


def _require_tables(folder: RunFolder) -> None:
    manifest = folder.manifest()
    if "results" not in manifest:
        raise DataMissingError(
            f"the run {folder.run} has no tables yet", "Run its spec to the end, or `batch merge`"
        )
    changed = changed_tables(folder, manifest)
    if changed:
        raise AnalysisError(
            f"{folder.run}: not as it was written: {', '.join(changed)}",
            "Run the spec again: it makes the tables anew",
        )


def _many(pairs: Sequence[Pair], asked: PlannedAnalysis) -> Finding:
    first = pairs[0]
    strength = [
        (pair, r) for pair in pairs if (r := strength_of(pair.rows, pair.pooled)) is not None
    ]
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
        f"{'the others' if named else 'them'}{of and ' that are shown'}."
        f"{'' if asked.null or not named else ' ' + sentences.NOT_COMPARED}",
    )


def strength_of(rows: Sequence[Row], pooled: Row | None) -> float | None:
    """The r over tumor types; of a pair that shares genes, without them."""
    told = pooled or rows[0]
    shares = any(row["n_shared_genes"] for row in rows)
    r: float | None = told["r_disjoint" if shares else "r"]
    return r
