"""What the tables of a run show, as parts of a page."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from tcga_corr.analysis.naming.names import CovariateVariable, SetVariable, Variable
from tcga_corr.analysis.provenance import Provenance
from tcga_corr.analysis.score import values_frame
from tcga_corr.batch.claims import compare_claims
from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.plan import PlannedAnalysis, check_inputs
from tcga_corr.batch.run import check_unchanged
from tcga_corr.engine import Engine
from tcga_corr.errors import DataMissingError, TcgaCorrError
from tcga_corr.exchange import finite
from tcga_corr.page import sentences
from tcga_corr.page.differential import differential_of
from tcga_corr.page.hazards import hazards_of, survival_table
from tcga_corr.page.pairs import are_simulated, pair_of, scatters_of
from tcga_corr.page.parts import (
    Differential,
    Dominance,
    Finding,
    Hazards,
    Pair,
    Row,
    Scatter,
    Table,
)
from tcga_corr.page.run_methods import methods_of_run
from tcga_corr.page.run_rows import RowBudget, chosen_rows, grouped
from tcga_corr.page.run_tables import claims_table, dominance_table, notes_of, pairs_table
from tcga_corr.page.strata import differences_table, pair_of_strata
from tcga_corr.sources import source_is_simulated
from tcga_corr.vocabulary.associations import SIMULATED

_MOST_SENTENCES = 4  # of pairs of one analysis, before it gets one for all
_NO_ROOM = "the page has no room for the samples of all pairs"
_SAMPLE_COLUMNS = ("tumor_type", "sample", "patient", "sample_type")  # beside the variables
_DRAWN = ("tumor_type", "scale", "set", "n", "n_highest", "share_highest")


class Findings:
    """What the tables of a run show.

    Attributes
    ----------
    folder, plan, manifest, provenance
        Of the run.
    answers, pairs, scatters, dominance, hazards, differential, tables, methods, references
        As of :class:`~tcga_corr.page.parts.Page`; ``methods`` ends with the software.
    dropped
        Rows of what was left out.
    left_out
        The analyses some of whose pairs are not in the page.
    is_simulated
        By analysis, whether its values are.

    Parameters
    ----------
    engine, folder
        The run.
    budget
        What fits in the page; what is used is subtracted from it.
    prefix
        Before the names of its analyses, where a page has several runs.
    marked
        Whether what is simulated is marked part by part, as others of the page are not.

    Raises
    ------
    DataMissingError
        If the run has no tables yet.
    AnalysisError
        If they are not as they were written.
    """

    def __init__(
        self,
        engine: Engine,
        folder: RunFolder,
        budget: RowBudget,
        prefix: str = "",
        *,
        marked: bool = False,
    ) -> None:
        self._engine, self.folder, self._budget, self._prefix = engine, folder, budget, prefix
        self.plan, self.manifest = folder.plan(), folder.manifest()
        _require_tables(folder, self.manifest)
        self.answers: list[Finding] = []
        self.pairs: list[Pair] = []
        self.scatters: dict[str, Mapping[str, Scatter]] = {}
        self._no_scatters: dict[str, str] = {}  # by key of scatters, why there are none
        self.dominance: list[Dominance] = []
        self.hazards: list[Hazards] = []
        self.differential: list[Differential] = []
        self.tables: list[Table] = []
        self.left_out: list[str] = []
        shares = budget.shares(self.plan)
        self.is_simulated = {
            one.name: source_is_simulated(one.source) for one in self.plan.analyses
        }
        for analysis in self.plan.analyses:
            n_tables, n_answers = len(self.tables), len(self.answers)
            if analysis.kind == "dominance":
                self._add_dominance(analysis)
            if analysis.kind == "survival":
                self._add_survival(analysis)
            if analysis.differential:
                part = differential_of(folder, analysis, budget, prefix)
                self.differential.append(part.figure)
                self.tables += part.tables
                self.answers += part.findings
            for method in analysis.methods:
                add = self._add_strata if analysis.strata else self._add_pairs
                add(analysis, method, shares[analysis.name, method])
            if self.is_simulated[analysis.name] and (marked or self.partly_simulated):
                self._mark(n_tables, n_answers)
        of_run = f", {folder.run}" if prefix else ""
        if self.plan.claims:
            claims = compare_claims(engine, folder, self.plan).to_dicts()
            self.answers += map(sentences.finding_of_claim, claims)
            self.tables.insert(0, claims_table(claims, f"{folder.run}-claims", of_run))
        if prefix:
            self.answers = [
                replace(one, question=f"{folder.run}: {one.question}") for one in self.answers
            ]
        if len(self.pairs) > 1:
            table = pairs_table(self.pairs, f"{folder.run}-pairs", of_run)
            has_marks = (marked or self.partly_simulated) and any(self.is_simulated.values())
            self.tables.append(replace(table, simulated=has_marks))
        self.dropped: list[Row] = list(notes_of(folder, budget, prefix))
        self.provenance = Provenance.from_dict(self.manifest)
        self.methods, self.references = methods_of_run(self.plan, self.provenance)

    @property
    def simulated(self) -> bool:
        """Whether all of it is of simulated values."""
        return self.provenance.simulated and not self.partly_simulated

    @property
    def partly_simulated(self) -> bool:
        """Whether some of it is of simulated values, and some is not."""
        return len(set(self.is_simulated.values())) > 1

    def _mark(self, n_tables: int, n_answers: int) -> None:
        """Mark the tables and answers after the first ones as simulated."""
        self.tables[n_tables:] = [replace(one, simulated=True) for one in self.tables[n_tables:]]
        self.answers[n_answers:] = [
            replace(one, answer=f"{SIMULATED}: {one.answer}") for one in self.answers[n_answers:]
        ]

    def _add_pairs(self, analysis: PlannedAnalysis, method: str, n_pairs: int) -> None:
        rows, pooled = chosen_rows(self.folder, analysis, method, n_pairs)
        blocks: list[tuple[list[Row], Row | None, str]] = []
        for number, own in grouped(rows):
            x, y = own[0]["x"], own[0]["y"]
            own_pooled = pooled.get((x, y), [])
            key = json.dumps([self._prefix, analysis.name, x, y])
            blocks.append((own, own_pooled[number] if number < len(own_pooled) else None, key))
        # the strongest first, as there may not be room for all
        for own, _, key in sorted(blocks, key=lambda block: -abs(strength_of(*block[:2]) or 0.0)):
            if key not in self.scatters:
                self.scatters[key], self._no_scatters[key] = self._samples(analysis, own[0])
        kinds = {one.name: _kind(one) for one in analysis.variables}
        added = [
            pair_of(
                own,
                own_pooled,
                kinds,
                id=f"{self.plan.run}-{number}",
                analysis=f"{self._prefix}{analysis.name}",
                scatters=key if self.scatters[key] else "",
                no_scatters=self._no_scatters[key],
            )
            for number, (own, own_pooled, key) in enumerate(blocks, len(self.pairs))
        ]
        self.pairs += added
        if len(added) <= _MOST_SENTENCES:
            self.answers += [pair.finding for pair in added]
        else:
            self.answers.append(_finding_of_many(added, analysis))
        self._note_left_out(analysis, method, len(added))

    def _note_left_out(self, analysis: PlannedAnalysis, method: str, n_shown: int) -> None:
        if n_shown < analysis.n_pairs:
            self.left_out.append(
                f"{self._prefix}{analysis.name}, {method}: the {n_shown:,} of "
                f"{analysis.n_pairs:,} pairs whose association is strongest without shared genes"
            )

    def _add_strata(self, analysis: PlannedAnalysis, method: str, n_pairs: int) -> None:
        rows, pooled = chosen_rows(self.folder, analysis, method, n_pairs)
        name = f"{self._prefix}{analysis.name}"
        kinds = {one.name: _kind(one) for one in analysis.variables}
        of_pooled = {
            (own[0]["x"], own[0]["y"], number): own
            for some in pooled.values()
            for number, own in grouped(some)
        }
        blocks = list(grouped(rows))
        added = [
            pair_of_strata(
                own,
                of_pooled.get((own[0]["x"], own[0]["y"], number), []),
                kinds,
                id=f"{self.plan.run}-{place}",
                analysis=name,
            )
            for place, (number, own) in enumerate(blocks, len(self.pairs))
        ]
        self.pairs += added
        self.answers += [pair.finding for pair in added[:_MOST_SENTENCES]]
        all_pooled = [row for some in pooled.values() for row in some]
        file = f"{self.folder.run}-{analysis.name}-{method}-differences"
        self.tables.append(differences_table(rows, all_pooled, f"{name}, {method}", file))
        self._note_left_out(analysis, method, len(added))

    def _add_survival(self, analysis: PlannedAnalysis) -> None:
        """Add as many whole variables as fit."""
        table = pl.scan_parquet(self.folder.path / "survival.parquet")
        own = table.filter(pl.col("analysis") == analysis.name)
        rows = own.with_columns(pl.col(pl.Categorical).cast(pl.String)).collect().to_dicts()
        name, shown = f"{self._prefix}{analysis.name}", []
        by_x: dict[tuple[str, int], list[Row]] = {}
        seen: Counter[tuple[str, str]] = Counter()
        for row in rows:  # a gene and a set may have the same name
            by_x.setdefault((row["x"], seen[row["x"], row["tumor_type"]]), []).append(row)
            seen[row["x"], row["tumor_type"]] += 1
        n_shown = 0
        for of_x in by_x.values():
            if len(of_x) > self._budget.survival:
                break
            self._budget.survival -= len(of_x)
            part, finding = hazards_of(of_x, name)
            self.hazards.append(part)
            self.answers.append(finding)
            shown += of_x
            n_shown += 1
        note = f"The page has room for {n_shown} of {len(by_x)}." if n_shown < len(by_x) else ""
        file = f"{self.folder.run}-{analysis.name}-survival"
        self.tables.append(survival_table(shown, name, file, note))

    def _samples(self, analysis: PlannedAnalysis, row: Row) -> tuple[Mapping[str, Scatter], str]:
        """Those of a pair, if they fit in the page and the store still has them; or why not."""
        by_name: dict[str, list[Variable]] = {}
        for variable in analysis.variables:
            by_name.setdefault(variable.name, []).append(variable)
        pair = [*by_name.get(row["x"], []), *by_name.get(row["y"], [])]
        names = [variable.name for variable in (*pair, *analysis.adjust)]
        if len({*_SAMPLE_COLUMNS, *names}) < len(_SAMPLE_COLUMNS) + len(names):
            return {}, "several variables or columns go by these names"
        if sum(analysis.n_samples) > self._budget.points:
            return {}, _NO_ROOM
        try:
            cohorts = self._engine.cohorts(analysis.scope)
            for cohort in cohorts:
                check_inputs(self.plan, cohort, analysis)
            measured = [[cohort.measure(one) for one in pair] for cohort in cohorts]
            controls = [[cohort.measure(one) for one in analysis.adjust] for cohort in cohorts]
        except TcgaCorrError as error:
            return {}, str(error)
        frame, fitted = values_frame(cohorts, measured, controls)
        scatters = scatters_of(frame, row["x"], row["y"], fitted)
        self._budget.points -= sum(len(one.samples) for one in scatters.values())
        return scatters, "" if scatters else "no sample has all values"

    def _add_dominance(self, analysis: PlannedAnalysis) -> None:
        """Add as many whole tumor types as fit; the sentence is about all of them."""
        table = pl.scan_parquet(self.folder.path / "dominance.parquet")
        own = table.filter(pl.col("analysis") == analysis.name)
        rows = own.with_columns(pl.col(pl.Categorical).cast(pl.String)).collect().to_dicts()
        if not rows:
            return
        types = list(dict.fromkeys(row["tumor_type"] for row in rows))
        sets = list(dict.fromkeys(row["set"] for row in rows))
        fitting = self._fitting(rows)
        shown = finite([row for row in rows if row["tumor_type"] in fitting])
        is_cut = len(fitting) < len(types)
        note = f"The page has room for {len(fitting)} of them." if is_cut else ""
        name = f"{self._prefix}{analysis.name}"
        first = rows[0]
        part = Dominance(
            name,
            f"{first['source']}, {first['unit']}; {first['samples']} "
            f"samples{sentences.conditions_of(first)} in {len(types)} tumor "
            f"type{'s' if len(types) > 1 else ''}{note and '. '}{note}",
            Finding(
                sentences.question_of_dominance(rows, sets), sentences.answer_of_dominance(rows)
            ),
            sets,
            [{column: row[column] for column in _DRAWN} for row in shown],
            simulated=are_simulated(rows),
        )
        if shown:
            self.dominance.append(part)
        self.answers.append(part.finding)
        file = f"{self.folder.run}-{analysis.name}-dominance"
        whole_note = f"{len(types)} tumor types. {note}" if is_cut else ""
        self.tables.append(dominance_table(shown, name, file, whole_note))

    def _fitting(self, rows: Sequence[Row]) -> list[str]:
        """The tumor types whose rows fit in the page."""
        fitting = []
        for tumor_type in dict.fromkeys(row["tumor_type"] for row in rows):
            n_rows = sum(row["tumor_type"] == tumor_type for row in rows)
            if n_rows <= self._budget.dominance:
                fitting.append(tumor_type)
                self._budget.dominance -= n_rows
        return fitting


def _kind(variable: Variable) -> str:
    kinds: dict[type, str] = {SetVariable: "set", CovariateVariable: "covariate"}
    return kinds.get(type(variable), "gene")


def _require_tables(folder: RunFolder, manifest: dict[str, Any]) -> None:
    if "results" not in manifest:
        raise DataMissingError(
            f"the run {folder.run} has no tables yet", "Run its spec to the end, or `batch merge`"
        )
    check_unchanged(folder, manifest)


def _finding_of_many(pairs: Sequence[Pair], analysis: PlannedAnalysis) -> Finding:
    first = pairs[0]
    strength = [
        (pair, r) for pair in pairs if (r := strength_of(pair.rows, pair.pooled)) is not None
    ]
    strongest = sorted(strength, key=lambda one: abs(one[1]), reverse=True)[:3]
    named = "; ".join(f"{pair.x} and {pair.y} ({r:z.2f})" for pair, r in strongest)
    n_types = len(analysis.tumor_types)
    where = f"{n_types} tumor types" if n_types > 1 else analysis.tumor_types[0]
    of = f" of the {len(pairs):,} shown" if len(pairs) < analysis.n_pairs else ""
    best = f"Strongest{of}, by {'pooled ' if n_types > 1 else ''}r without shared genes: {named}."
    return Finding(
        f"{first.analysis}: which of {analysis.n_pairs:,} pairs vary together in {where}, by "
        f"{first.method}?",
        f"{best if named else 'None has an r without shared genes.'} The table of pairs has "
        f"{'the others' if named else 'them'}{of and ' that are shown'}."
        f"{'' if analysis.null or not named else ' ' + sentences.NOT_COMPARED}",
    )


def strength_of(rows: Sequence[Row], pooled: Row | None) -> float | None:
    """The r over tumor types; of a pair that shares genes, without them."""
    shares = any(row["n_shared_genes"] for row in rows)
    r: float | None = (pooled or rows[0])["r_disjoint" if shares else "r"]
    return r
