"""Questions: what can be asked of a store, each a method that gives an answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from tcga_corr.analysis.asking import (
    MIN_GENES,
    SEE_STATUS,
    Answer,
    Asking,
    Selection,
    asked,
    check_choice,
    check_controls,
    check_distinct,
    table_notes,
)
from tcga_corr.analysis.compare import NORMAL, TUMOR, Grouping, compare, tumor_against_normal
from tcga_corr.analysis.correlate import Question, associate
from tcga_corr.analysis.dominance import CAVEAT, dominance
from tcga_corr.analysis.nulls import N_DRAWS, NULLS, Null
from tcga_corr.analysis.robustness import Choices, robustness
from tcga_corr.analysis.score import SCORING_ENGINES, ScoringEngine, score_frame, values_frame
from tcga_corr.analysis.screen import screen_genes, screen_sets
from tcga_corr.analysis.variables import (
    SetVariable,
    Variable,
    failures,
    matching_notes,
    parse_collection,
    parse_sets,
)
from tcga_corr.errors import AnalysisError, UsageError
from tcga_corr.formats.sample_groups import read_groups
from tcga_corr.scoring.ssgsea import Ties
from tcga_corr.stats.correlation import METHODS, Method
from tcga_corr.store import Covariates, TableIndex, open_reference
from tcga_corr.vocabulary.gene_sets import DEATH_PROGRAMMES, GeneSet
from tcga_corr.vocabulary.tumor_types import parse_tumor_type

MIN_DRAWS = 20  # for a standard deviation of random sets


class Questions(Asking):
    """Questions over one store."""

    def score(
        self,
        sets: str | GeneSet | Sequence[str | GeneSet],
        *,
        tumor_types: Iterable[str] = (),
        source: str | None = None,
        samples: Selection = "tumor",
        ties: Ties = "average",
        min_genes: int = MIN_GENES,
        engine: ScoringEngine = "closed-form",
    ) -> Answer:
        """Raw ssGSEA scores of gene sets, one row per tumor type, sample and set.

        Parameters
        ----------
        sets
            Names as for :meth:`correlate`; ``FILE.gmt`` for all of its sets and ``hallmark`` for
            the 50 Hallmarks; or gene sets.
        tumor_types, source, samples, ties, min_genes
            As for :meth:`correlate`.
        engine
            ``gseapy`` calls gseapy's own ssgsea instead of the closed form.

        Raises
        ------
        AnalysisError
            If no tumor type has enough of any set's genes.
        """
        check_choice("engine", engine, SCORING_ENGINES)
        if engine == "gseapy":
            if ties == "gsva":
                raise UsageError("gseapy has no tie rule gsva", "Leave out one of the two")
            ties = "gseapy"
        cohorts = self.cohorts(tumor_types, source, samples, ties, min_genes)
        tables = [cohort.table for cohort in cohorts]
        covariates = Covariates(self.store)
        variables = [
            variable
            for item in ([sets] if isinstance(sets, str | GeneSet) else sets)
            for variable in (
                [SetVariable(item)]
                if isinstance(item, GeneSet)
                else parse_sets(item, tables, covariates)
            )
        ]
        check_distinct(variables)
        variables = list(dict.fromkeys(variables))
        frame, measured = score_frame(cohorts, variables, engine)
        whys = failures(measured)
        if not frame.height:
            why = (
                "; ".join(whys)
                or f"no {samples} samples in {', '.join(one.tumor_type for one in cohorts)}"
            )
            raise AnalysisError(f"no score: {why}", SEE_STATUS)
        notes = tuple(table_notes(tables) + whys + matching_notes(measured))
        return Answer(
            frame=frame,
            query={
                "sets": [variable.name for variable in variables],
                **asked(cohorts, samples, ties, min_genes),
                "engine": engine,
            },
            notes=notes,
            provenance=self._provenance(tables, variables, notes),
        )

    def correlate(
        self,
        x: str | GeneSet,
        y: str | GeneSet,
        *,
        tumor_types: Iterable[str] = (),
        source: str | None = None,
        samples: Selection = "tumor",
        method: Method | Literal["all"] = "pearson",
        adjust: str | GeneSet | Sequence[str | GeneSet] = (),
        ties: Ties = "average",
        min_genes: int = MIN_GENES,
        null: Null | Iterable[Null] = NULLS,
        draws: int = N_DRAWS,
    ) -> Answer:
        """The association of two variables in each tumor type, one row each, and pooled.

        Parameters
        ----------
        x, y
            ``RELA``, ``ferroptosis``, ``purity``, ``gene:…``, ``set:…``, ``covariate:…``,
            ``FILE.gmt:NAME``, or a gene set.
        tumor_types
            Abbreviations; all that the source has by default.
        source
            Needed where the store has several.
        samples
            ``tumor`` (one per patient), ``normal`` or ``all-tumor``.
        method
            ``pearson``, ``spearman``, ``kendall``, or ``all`` for a row of each.
        adjust
            Variables to hold fixed: partial correlation, by Pearson or Spearman.
        ties
            How ssGSEA ranks equal values: ``average``, ``gseapy`` or ``gsva``.
        min_genes
            Genes of a set that a table must have.
        null
            What to compare with: ``genes``, random genes; ``sets``, real pathways; see
            :mod:`tcga_corr.analysis.nulls`.
        draws
            Random pairs at most.

        Raises
        ------
        UsageError
            On an unknown variable, tumor type or option.
        DataMissingError
            If a tumor type or source is not in the store.
        """
        nulls = tuple(dict.fromkeys([null] if isinstance(null, str) else null))
        check_choice("method", method, [*METHODS, "all"])
        for one in nulls:
            check_choice("null", one, NULLS)
        if draws < 1:
            raise UsageError(f"draws is {draws}", "Give 1 or more, or leave out the null")
        cohorts = self.cohorts(tumor_types, source, samples, ties, min_genes)
        tables = [cohort.table for cohort in cohorts]
        several = [adjust] if isinstance(adjust, str | GeneSet) else adjust
        pair_x, pair_y, *others = self.variables([x, y, *several], tables)
        controls = list(dict.fromkeys(others))
        check_controls((pair_x, pair_y), controls)
        question = Question(
            pair=(pair_x, pair_y),
            methods=_methods(method, controls),
            adjust=tuple(controls),
            nulls=nulls,
            n_draws=draws,
        )
        found = associate(cohorts, question, lambda table: open_reference(self.store, table))
        notes = table_notes(tables) + matching_notes(found.measured)
        if controls and method == "all":
            notes.append("kendall is left out: there is no partial form of it here")
        return Answer(
            frame=found.frame,
            query={
                "x": pair_x.name,
                "y": pair_y.name,
                "method": method,
                "adjust": [variable.name for variable in controls],
                **asked(cohorts, samples, ties, min_genes),
                "null": list(nulls),
                "draws": draws,
            },
            notes=tuple(notes),
            provenance=self._provenance(tables, (pair_x, pair_y, *controls), notes),
            pooled=found.pooled,
        )

    def values(
        self,
        variables: str | GeneSet | Sequence[str | GeneSet],
        *,
        tumor_types: Iterable[str] = (),
        source: str | None = None,
        samples: Selection = "tumor",
        ties: Ties = "average",
        min_genes: int = MIN_GENES,
    ) -> Answer:
        """What is correlated: a row per tumor type and sample, a column per variable.

        Parameters
        ----------
        variables
            As for :meth:`correlate`; ``hallmark`` and ``FILE.gmt`` for all of their sets.
        tumor_types, source, samples, ties, min_genes
            As for :meth:`correlate`.
        """
        cohorts = self.cohorts(tumor_types, source, samples, ties, min_genes)
        tables = [cohort.table for cohort in cohorts]
        chosen = self.several(variables, tables)
        frame, measured = values_frame(cohorts, chosen)
        notes = tuple(table_notes(tables) + failures(measured) + matching_notes(measured))
        return Answer(
            frame=frame,
            query={
                "variables": [one.name for one in chosen],
                **asked(cohorts, samples, ties, min_genes),
            },
            notes=notes,
            provenance=self._provenance(tables, chosen, notes),
        )

    def compare(
        self,
        variables: str | GeneSet | Sequence[str | GeneSet],
        by: str | Path = "sample-type",
        *,
        group: str | None = None,
        tumor_types: Iterable[str] = (),
        source: str | None = None,
        samples: Selection = "tumor",
        ties: Ties = "average",
        min_genes: int = MIN_GENES,
    ) -> Answer:
        """Whether variables differ between groups of samples, in each tumor type.

        Parameters
        ----------
        variables
            As for :meth:`correlate`; ``hallmark`` and ``FILE.gmt`` for all of their sets.
        by
            ``sample-type``: tumour against solid tissue normal; or a file of groups, see
            :func:`tcga_corr.formats.sample_groups.read_groups`.
        group
            The file's column of groups.
        samples
            Which samples a file groups; ``sample-type`` takes those of ``tumor`` and ``normal``.
        tumor_types, source, ties, min_genes
            As for :meth:`correlate`.

        Raises
        ------
        AnalysisError
            If no tumor type has two groups to compare.
        """
        if str(by) == "sample-type" and samples != TUMOR:
            raise UsageError(
                f"samples is '{samples}'", "By sample-type, tumor is held against normal"
            )
        if str(by) == "sample-type":
            if group is not None:
                raise UsageError("a column of groups is given", "Give the file too: --by FILE")
            selections: list[str] = [TUMOR, NORMAL]
            grouping = tumor_against_normal()
        else:
            groups = read_groups(Path(by), group)
            selections = [samples]
            grouping = Grouping(
                groups.names, lambda cohort, sample: groups.of(sample.sample, sample.patient)
            )
        parts = list(
            zip(
                *(self.cohorts(tumor_types, source, one, ties, min_genes) for one in selections),
                strict=True,
            )
        )
        tables = [cohorts[0].table for cohorts in parts]
        chosen = self.several(variables, tables)
        taken = " and ".join(selections)
        found = compare(parts, chosen, grouping)
        if found.frame["p"].null_count() == found.frame.height:
            whys = "; ".join(dict.fromkeys(found.frame["note"].to_list()))
            raise AnalysisError(f"no tumor type has groups to compare: {whys}", SEE_STATUS)
        notes = table_notes(tables) + matching_notes(found.measured)
        return Answer(
            frame=found.frame,
            query={
                "variables": [one.name for one in chosen],
                "by": str(by),
                "groups": list(grouping.names),
                **asked([cohorts[0] for cohorts in parts], taken, ties, min_genes),
            },
            notes=tuple(notes),
            provenance=self._provenance(tables, chosen, notes),
        )

    def dominance(
        self,
        sets: str | GeneSet | Sequence[str | GeneSet] = DEATH_PROGRAMMES,
        *,
        tumor_types: Iterable[str] = (),
        source: str | None = None,
        samples: Selection = "tumor",
        ties: Ties = "average",
        min_genes: int = MIN_GENES,
        draws: int = N_DRAWS,
    ) -> Answer:
        """Which of several gene sets scores highest in each sample, raw and standardised.

        Parameters
        ----------
        sets
            Names as for :meth:`correlate`; the five death programmes by default.
        draws
            Random sets that a score is standardised against.
        tumor_types, source, samples, ties, min_genes
            As for :meth:`correlate`.

        Raises
        ------
        AnalysisError
            If no tumor type has enough genes of any set.
        """
        if draws < MIN_DRAWS:
            raise UsageError(f"draws is {draws}", f"Give {MIN_DRAWS} or more")
        cohorts = self.cohorts(tumor_types, source, samples, ties, min_genes)
        tables = [cohort.table for cohort in cohorts]
        several = self.several(sets, tables)
        chosen = [one for one in several if isinstance(one, SetVariable)]
        others = [one.name for one in several if not isinstance(one, SetVariable)]
        if others or len(chosen) < 2:
            raise UsageError(
                f"{', '.join(others)}: no gene set" if others else "one gene set dominates none",
                "Dominance is among gene sets: give two or more",
            )
        found = dominance(cohorts, chosen, draws)
        if not found.frame.height:
            whys = "; ".join(failures(found.measured)) or f"no {samples} samples"
            raise AnalysisError(f"no score: {whys}", SEE_STATUS)
        notes = table_notes(tables) + failures(found.measured) + matching_notes(found.measured)
        return Answer(
            frame=found.frame,
            query={
                "sets": [one.name for one in chosen],
                **asked(cohorts, samples, ties, min_genes),
                "draws": draws,
            },
            notes=tuple(notes),
            provenance=self._provenance(tables, chosen, notes),
            summary={"tests": found.tests, "caveat": CAVEAT},
            lines=tuple(found.lines),
        )

    def robustness(
        self,
        x: str | GeneSet,
        y: str | GeneSet,
        *,
        tumor_type: str,
        source: str | None = None,
        samples: Selection = "tumor",
        x_also: Sequence[str | GeneSet] = (),
        y_also: Sequence[str | GeneSet] = (),
        adjust: str | GeneSet | Sequence[str | GeneSet] = (),
        ties: Ties = "average",
        min_genes: int = MIN_GENES,
    ) -> Answer:
        """One association over the choices that could have been made; a row for each combination.

        Parameters
        ----------
        x, y, samples, ties, min_genes
            As for :meth:`correlate`.
        tumor_type
            One; every source that has it is asked.
        source
            The one that is asked first, with which the others are compared.
        x_also, y_also
            Other variables of the same meaning.
        adjust
            Each is adjusted for alone, and all together.

        Raises
        ------
        AnalysisError
            If no choice gives an association.
        """
        wanted = parse_tumor_type(tumor_type).abbreviation
        sources = self._sources_of(wanted, source)
        cohorts = {
            name: self.cohorts([wanted], name, samples, ties, min_genes)[0] for name in sources
        }
        tables = [cohort.table for cohort in cohorts.values()]
        several = [adjust] if isinstance(adjust, str | GeneSet) else list(adjust)
        xs = self._forms([x, *x_also], tables)
        ys = self._forms([y, *y_also], tables)
        controls = list(dict.fromkeys(self.variables(several, tables)))
        variables = [*xs, *ys, *controls]
        check_controls([*xs, *ys], controls)
        held = [(), *((one,) for one in controls)]
        choices = Choices(
            cohorts,
            xs,
            ys,
            held if len(controls) < 2 else [*held, tuple(controls)],
        )
        found = robustness(choices)
        if not found.spread["n_specifications"]:
            whys = "; ".join(dict.fromkeys(found.frame["note"].to_list()))
            raise AnalysisError(f"no choice gives an association: {whys}", SEE_STATUS)
        notes = table_notes(tables) + matching_notes(found.measured)
        return Answer(
            frame=found.frame,
            query={
                "x": [one.name for one in xs],
                "y": [one.name for one in ys],
                "tumor_type": wanted,
                "sources": list(cohorts),
                "samples": samples,
                "adjust": [one.name for one in controls],
                "ties": ties,
                "min_genes": min_genes,
            },
            notes=tuple(notes),
            provenance=self._provenance(tables, variables, notes),
            summary=found.spread,
            lines=tuple(found.lines),
        )

    def _forms(
        self, items: Sequence[str | GeneSet], tables: Sequence[TableIndex]
    ) -> list[Variable]:
        """Forms of one variable, each once; a set of a name that is taken goes by its text."""
        found: dict[Variable, None] = {}
        for item, variable in zip(items, self.variables(items, tables), strict=True):
            one = variable
            if isinstance(one, SetVariable) and isinstance(item, str):
                taken = {other.name for other in found if other != one}
                if one.name in taken:
                    one = SetVariable(replace(one.gene_set, name=item))
            found[one] = None
        check_distinct([one for one in found if isinstance(one, SetVariable)])
        return list(found)

    def screen(
        self,
        x: str | GeneSet,
        against: str | Sequence[GeneSet] = "genes",
        *,
        tumor_types: Iterable[str] = (),
        source: str | None = None,
        samples: Selection = "tumor",
        method: Literal["pearson", "spearman"] = "pearson",
        adjust: str | GeneSet | Sequence[str | GeneSet] = (),
        ties: Ties = "average",
        min_genes: int = MIN_GENES,
        by_tumor_type: bool = False,
    ) -> Answer:
        """One variable against every gene, or against many gene sets.

        Parameters
        ----------
        x
            As for :meth:`correlate`.
        against
            ``genes``; ``hallmark``; ``reference``, the sets that p_sets ranks among; ``FILE.gmt``;
            or gene sets.
        by_tumor_type
            A row per tumor type and y; by default, and of several tumor types, a row per y, pooled
            over them.
        tumor_types, source, samples, method, adjust, ties, min_genes
            As for :meth:`correlate`; there is no ``kendall`` here.

        Raises
        ------
        AnalysisError
            If x has no values in any tumor type, or nothing to correlate with.
        """
        check_choice("method", method, [one for one in METHODS if one != "kendall"])
        cohorts = self.cohorts(tumor_types, source, samples, ties, min_genes)
        tables = [cohort.table for cohort in cohorts]
        several = [adjust] if isinstance(adjust, str | GeneSet) else adjust
        variable, *others = self.variables([x, *several], tables)
        controls = list(dict.fromkeys(others))
        check_controls([variable], controls)
        if against == "genes":
            found = screen_genes(cohorts, variable, controls, method)
        else:
            sets = (
                parse_collection(against)
                if isinstance(against, str)
                else [SetVariable(one) for one in against]
            )
            found = screen_sets(cohorts, variable, sets, controls, method)
        by_tumor_type = by_tumor_type or found.n_answering < 2
        frame = found.by_tumor_type() if by_tumor_type else found.ranking()
        whys = dict.fromkeys(note for note in found.notes if note)
        if not frame.height:
            raise AnalysisError(
                "no tumor type gives an association: "
                + ("; ".join(whys) or "nothing to hold against"),
                SEE_STATUS,
            )
        left_out = [
            f"{name}: {note}"
            for name, note in zip(found.tumor_types, found.notes, strict=True)
            if note
        ]
        left_out += found.left_out()
        if found.n_unanswered:
            left_out.append(f"no r in any tumor type: {found.n_unanswered} of {len(found.y)}")
        notes = table_notes(tables) + left_out + matching_notes(found.measured)
        return Answer(
            frame=frame,
            query={
                "x": variable.name,
                "against": against if isinstance(against, str) else [s.name for s in against],
                "n_y": len(found.y),
                "method": method,
                "adjust": [one.name for one in controls],
                **asked(cohorts, samples, ties, min_genes),
                "by_tumor_type": by_tumor_type,
            },
            notes=tuple(notes),
            provenance=self._provenance(tables, (variable, *controls), notes),
        )


def _methods(method: Method | Literal["all"], controls: Sequence[Variable]) -> tuple[Method, ...]:
    if method == "all":
        return tuple(one for one in METHODS if not (controls and one == "kendall"))
    if method == "kendall" and controls:
        raise UsageError(
            "there is no partial Kendall correlation here", "Adjust with pearson or spearman"
        )
    return (method,)
