"""The engine: everything that can be asked of a store, and done with one.

This is the public Python API; the command line parses, calls it and prints.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from tcga_corr.analysis.answer import Answer, CohortData
from tcga_corr.analysis.naming.names import Item, Items, NameResolver
from tcga_corr.analysis.samples.scope import CohortOptions, Scope, ScopeOptions, sources_of
from tcga_corr.choices import (
    BY_SAMPLE_TYPE,
    CovariateKey,
    Cut,
    Direction,
    EnrichEngine,
    EnrichMethod,
    Method,
    MethodOrAll,
    Null,
    ScoringEngine,
    ScreenMethod,
    Selection,
)
from tcga_corr.store.covariate_lookup import Covariates
from tcga_corr.store.layout import Store
from tcga_corr.store.union import reference_of
from tcga_corr.vocabulary.gene_sets.catalogue import DEATH_PROGRAMMES
from tcga_corr.vocabulary.nulls import N_DRAWS, NULLS
from tcga_corr.vocabulary.tumor_types import parse_tumor_type

if TYPE_CHECKING:
    import polars as pl

    from tcga_corr.analysis.compare import CompareAnswer
    from tcga_corr.analysis.correlate import CorrelateAnswer
    from tcga_corr.analysis.correlate_by import CorrelateByAnswer
    from tcga_corr.analysis.de import DeAnswer
    from tcga_corr.analysis.dominance import DominanceAnswer
    from tcga_corr.analysis.enrich import EnrichAnswer
    from tcga_corr.analysis.pca import PcaAnswer
    from tcga_corr.analysis.robustness import RobustnessAnswer
    from tcga_corr.analysis.samples.cohort import Cohort
    from tcga_corr.analysis.score import ScoreAnswer, ValuesAnswer
    from tcga_corr.analysis.screen import ScreenAnswer
    from tcga_corr.analysis.survival import SurvivalAnswer
    from tcga_corr.analysis.survival_curves import CurvesAnswer
    from tcga_corr.fetching.fetch import FetchReport
    from tcga_corr.fetching.fetcher import FetchOptions
    from tcga_corr.loading.covariates import LoadedCovariates
    from tcga_corr.loading.load import LoadReport
    from tcga_corr.loading.plan import LoadOptions
    from tcga_corr.progress import Progress
    from tcga_corr.upkeep.removal import Removed

__all__ = ["Answer", "Engine", "Scope", "Selection", "open_store"]


class Engine:
    """Answers questions over one store, and manages it. Open one with :func:`open_store`.

    Every question takes the keywords of a :class:`~tcga_corr.analysis.samples.scope.Scope`:
    ``tumor_types``, ``source``, ``samples``, ``ties``, ``min_genes`` and ``where``. It raises
    UsageError on an unknown name or option, DataMissingError if a tumor type or source is not in
    the store, and AnalysisError if no tumor type gives an answer or no sample meets the conditions.

    Questions give an :class:`~tcga_corr.analysis.answer.Answer`, which has rows, notes and
    provenance; what the store holds, and SQL, is a polars frame; what changes the store gives a
    report. Examples ask the simulated samples of ``tcga-corr demo --n-genes 1500``.
    """

    def __init__(self, store: Store) -> None:
        self.store = store

    # --- what questions are built on

    def cohorts(self, scope: Scope) -> list[Cohort]:
        """The tumor types of a scope; see :class:`~tcga_corr.analysis.samples.scope.Scope`."""
        return scope.cohorts(self.store)

    def cohorts_of_sources(self, scope: Scope) -> list[Cohort]:
        """A tumor type in every source that has it, that of the scope first."""
        [name] = scope.tumor_types
        sources = sources_of(self.store, name, scope.source)
        return [self.cohorts(replace(scope, source=source))[0] for source in sources]

    def names(self, cohorts: Sequence[Cohort]) -> NameResolver:
        """Finds variables among the genes of cohorts, gene sets and the store's covariates."""
        return NameResolver([cohort.table for cohort in cohorts], Covariates(self.store))

    def data(self, scope: Scope) -> CohortData:
        """The cohorts of a scope, with the names known there."""
        return CohortData(
            scope, self.cohorts, self.names, lambda table: reference_of(self.store, table)
        )

    # --- questions; each imports its own module, so that others do not cost it time

    def score(
        self,
        sets: Items,
        *,
        engine: ScoringEngine = "closed-form",
        apart: bool = False,
        by: str | Path | None = None,
        group: str | None = None,
        reference: str | None = None,
        null: Null | Iterable[Null] | None = None,
        draws: int = N_DRAWS,
        **scope: Unpack[ScopeOptions],
    ) -> ScoreAnswer:
        """Raw ssGSEA scores of gene sets, one row per tumor type, sample and set; or genes' values.

        Parameters
        ----------
        sets
            Names as for :meth:`correlate`; ``FILE.gmt`` for all of its sets and ``hallmark`` for
            the 50 Hallmarks; a list of genes, which is one set; a dictionary of lists; gene sets.
            Or one gene, whose values in the table's unit are then ``es``.
        apart
            Whether several genes are each a variable, as arguments of the command line are, and
            not one set.
        engine
            ``gseapy`` calls gseapy's own ssgsea instead of the closed form.
        by, group
            As for :meth:`compare`: the answer then has the group of each sample, and in
            ``compared`` what :meth:`compare` finds between the groups.
        reference
            The group that stands first; by default normal tissue, or the first of the file or
            category.
        null, draws
            As for :meth:`compare`.

        Examples
        --------
        >>> engine.score("ferroptosis", tumor_types=["LIHC"]).frame.columns
        ['tumor_type', 'sample', 'patient', 'sample_type', 'set', 'es', 'n_genes', 'n_missing']
        """
        from tcga_corr.analysis.score import GroupOptions, score

        groups = GroupOptions(by, group, reference, null, draws)
        return score(self.data(Scope(**scope)), sets, engine, groups, apart=apart)

    def values(
        self, variables: Items, *, adjust: Items = (), **scope: Unpack[ScopeOptions]
    ) -> ValuesAnswer:
        """The values that are correlated: a row per tumor type and sample, a column per variable.

        Parameters
        ----------
        variables
            As for :meth:`correlate`; ``hallmark`` and ``FILE.gmt`` for all of their sets.
        adjust
            What :meth:`correlate` holds constant; the last columns are what is fitted for it: a
            number itself, of a category a column for each level but the first.

        Examples
        --------
        >>> engine.values(["RELA", "nfkb"], tumor_types=["LIHC"]).frame.columns
        ['tumor_type', 'sample', 'patient', 'sample_type', 'RELA', 'nfkb']
        """
        from tcga_corr.analysis.score import values

        return values(self.data(Scope(**scope)), variables, adjust)

    def correlate(
        self,
        x: Item,
        y: Item,
        *,
        method: MethodOrAll = "pearson",
        adjust: Items = (),
        null: Null | Iterable[Null] = tuple(NULLS),
        draws: int = N_DRAWS,
        purity: bool = True,
        **scope: Unpack[ScopeOptions],
    ) -> CorrelateAnswer:
        """The association of two variables in each tumor type, one row each, and pooled.

        Parameters
        ----------
        x, y
            ``RELA``, ``ferroptosis``, ``purity``, ``gene:…``, ``set:…``, ``covariate:…``,
            ``FILE.gmt:NAME``, ``FILE`` of one set or list of genes, ``CD8A,GZMB,PRF1`` or a list of
            genes, which is the set of them; a dictionary of one list; or a gene set.
        method
            ``pearson``, ``spearman``, ``kendall``, or ``all`` for a row of each.
        adjust
            Variables to hold constant: partial correlation, by Pearson or Spearman.
        null
            What to compare with: ``genes``, random genes; ``sets``, real pathways; see
            :mod:`tcga_corr.analysis.nulls.associations`.
        draws
            Random pairs.
        purity
            Whether to adjust for purity beside, where a gene set is involved and purity is known.

        Examples
        --------
        >>> answer = engine.correlate("ferroptosis", "nfkb", tumor_types=["LIHC"])
        >>> row = answer.frame.row(0, named=True)
        >>> row["n"], round(row["r"], 2), row["p_genes"] < 0.05
        (62, 0.48, True)
        """
        from tcga_corr.analysis.correlate import correlate

        data = self.data(Scope(**scope))
        return correlate(data, x, y, method, adjust, null, draws, purity=purity)

    def correlate_by(
        self,
        x: Item,
        y: Item,
        by: str,
        *,
        continuous: bool = False,
        method: Method = "pearson",
        adjust: Items = (),
        null: Null | Iterable[Null] = tuple(NULLS),
        draws: int = N_DRAWS,
        purity: bool = True,
        **scope: Unpack[ScopeOptions],
    ) -> CorrelateByAnswer:
        """The association of two variables in each stratum, and whether the strata differ.

        Parameters
        ----------
        x, y, adjust, null, draws, purity
            As for :meth:`correlate`; ``draws`` are the permutations too.
        by
            What cuts the samples: a category by its levels; a number, gene or score in thirds
            within each tumor type; ``sample-type`` into tumour and normal.
        continuous
            Not to cut by a number, but to ask how r changes with it.
        method
            ``pearson``, ``spearman``, or ``kendall``, of which there is no permutation p.

        Examples
        --------
        >>> by = engine.correlate_by("RELA", "NFE2L2", "gender", tumor_types=["LIHC"])
        >>> by.frame["stratum"].to_list(), by.frame["n"].to_list()
        (['FEMALE', 'MALE', 'FEMALE − MALE'], [27, 35, 62])
        """
        from tcga_corr.analysis.correlate_by import correlate_by

        return correlate_by(
            self.data(Scope(**scope)),
            x,
            y,
            by,
            continuous=continuous,
            method=method,
            adjust=adjust,
            null=null,
            draws=draws,
            purity=purity,
        )

    def correlate_in_steps(
        self,
        x: Item,
        y: Item,
        *,
        method: MethodOrAll = "pearson",
        adjust: Items = (),
        null: Null | Iterable[Null] = tuple(NULLS),
        draws: int = N_DRAWS,
        purity: bool = True,
        **scope: Unpack[ScopeOptions],
    ) -> Iterator[CorrelateAnswer]:
        """The answer of :meth:`correlate`, first without the nulls of the pooled r.

        These take about as long again as all before, and are computed from what it has found when
        the second answer is asked for. There is no second one without a null.
        """
        from tcga_corr.analysis.correlate import correlate_in_steps

        data = self.data(Scope(**scope))
        return correlate_in_steps(data, x, y, method, adjust, null, draws, purity=purity)

    def screen(
        self,
        x: Items,
        against: Items = "genes",
        *,
        method: ScreenMethod = "pearson",
        adjust: Items = (),
        by_tumor_type: bool = False,
        null: Null | Iterable[Null] | None = None,
        draws: int = N_DRAWS,
        **scope: Unpack[ScopeOptions],
    ) -> ScreenAnswer:
        """One variable against every gene, or against many genes or gene sets; or a list by itself.

        Parameters
        ----------
        x, adjust
            As for :meth:`correlate`; with ``itself``, x is a list of names, such as
            ``CD8A,GZMB,PRF1``, or a file or collection as in ``against``.
        against
            ``genes``; ``hallmark``; ``reference``, the sets that p_sets ranks among; ``FILE.gmt``,
            all of its sets; ``FILE.txt``, the genes of a list; ``CD8A,GZMB`` or a list of names;
            gene sets; or ``itself``: every two variables of x.
        method
            ``pearson`` or ``spearman``.
        by_tumor_type
            A row per tumor type and y, or pair; by default, and of several tumor types, a row per
            y, or pair, pooled over them.
        null, draws
            As for :meth:`correlate`; by default ``genes``, but of more than 200 sets
            or pairs none.

        Examples
        --------
        >>> engine.screen("ferroptosis", "hallmark", tumor_types=["LIHC"]).frame.height
        50
        >>> engine.screen(["RELA", "RELB", "NFKB1"], "itself", tumor_types=["LIHC"]).frame.height
        3
        """
        from tcga_corr.analysis.screen import screen

        return screen(
            self.data(Scope(**scope)),
            x,
            against,
            method,
            adjust,
            by_tumor_type=by_tumor_type,
            null=null,
            draws=draws,
        )

    def compare(
        self,
        variables: Items,
        by: str | Path = BY_SAMPLE_TYPE,
        *,
        group: str | None = None,
        null: Null | Iterable[Null] | None = None,
        draws: int = N_DRAWS,
        **scope: Unpack[ScopeOptions],
    ) -> CompareAnswer:
        """Whether variables differ between groups of samples, in each tumor type.

        Parameters
        ----------
        variables
            As for :meth:`correlate`; ``hallmark`` and ``FILE.gmt`` for all of their sets.
        by
            ``sample-type``: tumour against solid tissue normal; ``gtex``: tumour against the tissue
            of GTEx; a covariate that is a category, such as ``stage``; or a file of groups of
            ``samples``, see
            :func:`tcga_corr.formats.sample_groups.read_groups`.
        group
            The file's column of groups.
        null
            What effects are compared with: ``genes``, random sets of genes of the same mean and
            spread, and for a gene the others of its class, by default of up to 200 variables; or
            ``none``.
        draws
            Random sets.

        Examples
        --------
        >>> compared = engine.compare("ferroptosis", tumor_types=["LIHC"], null="none").frame
        >>> compared.select("group_a", "n_a", "group_b", "n_b").row(0)
        ('tumor', 62, 'normal', 8)
        """
        from tcga_corr.analysis.compare import compare

        return compare(self.data(Scope(**scope)), variables, by, group, null, draws)

    def de(
        self,
        by: str | Path = BY_SAMPLE_TYPE,
        *,
        group: str | None = None,
        contrasts: Sequence[str] = (),
        reference: str | None = None,
        pair: str | None = None,
        adjust: Sequence[str] = (),
        shrink: bool = False,
        min_count: int = 10,
        q: float = 0.05,
        lfc: float = 1.0,
        check: bool = False,
        jobs: int = 2,
        tumor_types: Iterable[str] = (),
        source: str | None = None,
        samples: Selection = "tumor",
        where: Sequence[str] = (),
        progress: Progress | None = None,
    ) -> DeAnswer:
        """Which genes' raw counts differ between groups of samples, in each tumor type.

        DESeq2 by the package pydeseq2 (the extra ``de``), and Wilcoxon's test of normalised counts.

        Parameters
        ----------
        by
            As for :meth:`compare`; ``gtex`` where counts of GTEx are loaded.
        group
            The file's column of groups.
        contrasts
            ``A:B`` each, fold changes of A over B; by default the two groups that there are.
        reference
            A group that all others are compared with.
        pair
            ``patient`` to compare within patients.
        adjust
            Covariates to hold fixed; of categories their levels.
        shrink
            Shrink fold changes too, in a column of their own.
        min_count
            Reads in all samples together that a gene needs.
        q, lfc
            When a gene is called: below q, with a log2 fold change above lfc.
        check
            Count the calls between random halves of a group.
        jobs
            Tumor types at a time, a process each.
        tumor_types, source, samples, where, progress
            As elsewhere; the source of raw counts, and conditions on covariates.

        Examples
        --------
        >>> cells = tc.open_store("cells")  # raw counts of four groups of cells, with three each
        >>> called = cells.de("groups.tsv", reference="A").frame
        >>> called["contrast"].unique(maintain_order=True).to_list()
        ['B:A', 'C:A', 'D:A']
        """
        from tcga_corr.analysis.de import DeOptions, differential_expression

        options = DeOptions(
            by, group, contrasts, reference, pair, adjust, shrink, min_count, q, lfc, check, jobs
        )
        scope = Scope(tumor_types, source, samples, where=where)
        return differential_expression(self.store, options, scope, progress)

    def dominance(
        self,
        sets: Items = DEATH_PROGRAMMES,
        *,
        draws: int = N_DRAWS,
        **scope: Unpack[ScopeOptions],
    ) -> DominanceAnswer:
        """Which of several gene sets scores highest in each sample, raw and standardised.

        Parameters
        ----------
        sets
            Names as for :meth:`correlate`; the five death programmes by default.
        draws
            Random sets against which a score is standardised.

        Examples
        --------
        >>> led = engine.dominance(["ferroptosis", "apoptosis"], tumor_types=["LIHC"]).frame
        >>> led.group_by("scale").agg(pl.col("n_highest").sum())["n_highest"].to_list()
        [62, 62]
        """
        from tcga_corr.analysis.dominance import dominance

        return dominance(self.data(Scope(**scope)), sets, draws)

    def robustness(
        self,
        x: Item,
        y: Item,
        *,
        tumor_type: str,
        x_also: Sequence[Item] = (),
        y_also: Sequence[Item] = (),
        adjust: Items = (),
        null: Null | Iterable[Null] = ("genes",),
        draws: int = N_DRAWS,
        **scope: Unpack[CohortOptions],
    ) -> RobustnessAnswer:
        """One association over the choices that could have been made; a row for each combination.

        Parameters
        ----------
        x, y
            As for :meth:`correlate`; ``nfkb`` stands for all of its readings, see
            :mod:`tcga_corr.vocabulary.gene_sets.readings`, a gene set itself for it alone.
        tumor_type
            One, in every source that has it. ``source`` is the one with which the others are
            compared.
        x_also, y_also
            Other variables of the same meaning.
        adjust
            Each is adjusted for alone, and all together.
        null
            ``genes``, to compare every choice with random genes, or nothing.
        draws
            Random pairs.

        Examples
        --------
        >>> choices = engine.robustness("RELA", "NFE2L2", tumor_type="LIHC")
        >>> choices.frame["method"].to_list()
        ['pearson', 'spearman', 'kendall']
        """
        from tcga_corr.analysis.robustness import robustness

        of_type = Scope(tumor_types=[parse_tumor_type(tumor_type).abbreviation], **scope)
        data = replace(self.data(of_type), open_cohorts=self.cohorts_of_sources)
        return robustness(data, x, y, x_also, y_also, adjust, null, draws)

    def survival(
        self,
        x: Item,
        *,
        endpoint: str = "OS",
        adjust: Items = (),
        null: Null | Iterable[Null] | None = ("genes",),
        draws: int = N_DRAWS,
        **scope: Unpack[ScopeOptions],
    ) -> SurvivalAnswer:
        """The hazard ratio per standard deviation of x in each tumor type, and pooled.

        Parameters
        ----------
        x
            As for :meth:`correlate`.
        endpoint
            A covariate that is 1 for patients who have the event and 0 for others, of which the
            same table has the time as ``ENDPOINT.time``: ``OS``, ``DSS``, ``DFI`` or ``PFI`` of
            TCGA's clinical data.
        adjust
            Variables to hold constant.
        null
            ``genes``, to compare the ratio of a gene or set with those of random genes, or nothing.
        draws
            Random genes or sets.

        Examples
        --------
        >>> hazard = engine.survival("ferroptosis", tumor_types=["LIHC"], null="none").frame
        >>> hazard.select("n", "n_events").row(0)
        (62, 37)
        """
        from tcga_corr.analysis.survival import survival

        return survival(self.data(Scope(**scope)), x, endpoint, adjust, null, draws)

    def survival_curves(
        self,
        x: Item,
        *,
        endpoint: str = "OS",
        cut: Cut = "median",
        adjust: Items = (),
        **scope: Unpack[ScopeOptions],
    ) -> CurvesAnswer:
        """Kaplan-Meier curves of samples with low and high x: a row per tumor type, group and time.

        Parameters
        ----------
        x, endpoint
            As for :meth:`survival`.
        cut
            ``median``, for two groups, or ``tertiles``, for three.
        adjust
            Samples without these are left out, as :meth:`survival` does; curves hold nothing
            constant.

        Examples
        --------
        >>> curves = engine.survival_curves("ferroptosis", tumor_types=["LIHC"]).frame
        >>> curves["group"].unique(maintain_order=True).to_list()
        ['low', 'high']
        """
        from tcga_corr.analysis.survival_curves import survival_curves

        return survival_curves(self.data(Scope(**scope)), x, endpoint, cut, adjust)

    def pca(
        self,
        by: str | Path | None = None,
        *,
        group: str | None = None,
        genes: int = 500,
        components: int = 5,
        **scope: Unpack[ScopeOptions],
    ) -> PcaAnswer:
        """The principal components of each tumor type's samples, and which covariates go with them.

        Parameters
        ----------
        by
            What samples are shown by: ``sample-type``, which takes tumour and normal, ``gtex``, a
            covariate, gene or gene set, or a file of groups as for :meth:`compare`.
        group
            The file's column of groups.
        genes
            How many genes, those of the largest variance over the samples.
        components
            How many components.

        Examples
        --------
        >>> axes = engine.pca("sample-type", tumor_types=["LIHC"])
        >>> axes.frame.select("sample_type", "pc1", "pc2").shape
        (70, 3)
        """
        from tcga_corr.analysis.pca import pca

        return pca(self.data(Scope(**scope)), by, group, genes, components)

    def enrich(
        self,
        given: Any,
        against: Items = "hallmark",
        method: EnrichMethod | None = None,
        *,
        rank: str | None = None,
        engine: EnrichEngine = "numpy",
        permutations: int | None = None,
        min_size: int = 15,
        max_size: int = 500,
        q: float = 0.05,
        lfc: float = 1.0,
        genes: int | None = None,
        direction: Direction = "both",
        universe: str | Path | int | Sequence[str] | None = None,
        tumor_types: Iterable[str] = (),
        source: str | None = None,
    ) -> EnrichAnswer:
        """Which gene sets gather at the ends of a ranking (GSEA), or in a list of genes (ORA).

        Parameters
        ----------
        given
            An answer of differential expression or of :meth:`screen`, its file, a ranking as a file
            or a dictionary of genes to numbers, a data frame, or a list of genes.
        against
            ``hallmark``, ``reference``, ``FILE.gmt``, names of sets, or gene sets.
        method
            ``gsea`` of a ranking, ``ora`` of a list; by default what suits the input.
        rank
            The column that ranks; see :func:`tcga_corr.analysis.enrichment.rankings.ranked`.
        engine
            ``numpy``, or ``gseapy`` for its own permutations.
        permutations
            Of GSEA; by default 10,000, of gseapy 1,000.
        min_size, max_size
            Genes that a set must have, and may have, in the ranking or universe.
        q, lfc, genes, direction
            Which genes of an answer are the list of ORA: those with a smaller q and a larger log2
            fold change, or so many of the ranking's ends; of which direction.
        universe
            The genes that could have been listed: a file, ``measured`` for those of all tables of
            ``tumor_types`` and ``source``, their number, or a list. That of a ranking is itself; a
            list needs one.
        tumor_types, source
            Those of an answer of several; and of the tables that are measured.

        Examples
        --------
        >>> ranked = engine.screen("ferroptosis", "genes", tumor_types=["LIHC"], null="none")
        >>> engine.enrich(ranked, "hallmark", permutations=1000).frame.select("set", "nes").shape
        (50, 2)
        >>> genes = ["RELA", "RELB", "NFKB1"]
        >>> listed = engine.enrich(genes, universe="measured", tumor_types=["LIHC"])
        >>> listed.frame["n_overlap"].max()
        3
        """
        from tcga_corr.analysis.enrich import Listing, enrich
        from tcga_corr.analysis.enrichment.result import Limits

        scope = Scope(tumor_types=list(tumor_types), source=source)
        return enrich(
            given,
            against,
            method,
            rank=rank,
            engine=engine,
            permutations=permutations,
            limits=Limits(min_size, max_size),
            listing=Listing(q, lfc, genes, direction),
            universe=universe,
            tumor_types=scope.tumor_types,
            measured=lambda: self.data(scope).shared_genes,
        )

    # --- the store; each imports what it needs, so that a question does not

    def load(
        self,
        tables: str | Path | Sequence[str | Path] | Any,
        options: LoadOptions | None = None,
        progress: Progress | None = None,
    ) -> LoadReport:
        """Load expression tables, from disk or from memory.

        Parameters
        ----------
        tables
            Paths (:func:`tcga_corr.loading.load.load_files`); or one table, a polars or pandas data
            frame or AnnData (:func:`tcga_corr.loading.in_memory.load_object`).
        options, progress
            As there.
        """
        from tcga_corr.loading.in_memory import load_object
        from tcga_corr.loading.load import load_files

        paths = [tables] if isinstance(tables, str | Path) else tables
        if not isinstance(paths, list | tuple) or not all(
            isinstance(path, str | Path) for path in paths
        ):
            return load_object(self.store, tables, options, progress)
        return load_files(self.store, [Path(path) for path in paths], options, progress)

    def load_covariates(
        self,
        path: str | Path,
        key: CovariateKey = "sample",
        name: str | None = None,
        columns: Mapping[str, str] | None = None,
    ) -> LoadedCovariates:
        """Load a table of covariates; see :func:`tcga_corr.loading.covariates.load_covariates`."""
        from tcga_corr.loading.covariates import load_covariates

        return load_covariates(self.store, Path(path), key, name, columns)

    def fetch(
        self, options: FetchOptions | None = None, progress: Progress | None = None
    ) -> FetchReport:
        """Download a source's tables and load them; see :func:`tcga_corr.fetching.fetch.fetch`."""
        from tcga_corr.fetching.fetch import fetch

        return fetch(self.store, options, progress)

    def fetch_plan(self, options: FetchOptions | None = None) -> pl.DataFrame:
        """The requests that :meth:`fetch` would make: a row each."""
        import polars as pl

        from tcga_corr.fetching.fetcher import FetchOptions, PlannedRequest
        from tcga_corr.fetching.plan import plan_requests

        planned = plan_requests(self.store, options or FetchOptions())
        names = [field.name for field in fields(PlannedRequest)]
        schema = {name: pl.Float64 if name == "size_mb" else pl.String for name in names}
        return pl.DataFrame([asdict(row) for row in planned], schema=schema)

    def verify(
        self,
        tumor_types: Iterable[str] = (),
        source: str | None = None,
        *,
        repair: bool = False,
        progress: Progress | None = None,
    ) -> pl.DataFrame:
        """Whether all is as it was written; see :func:`tcga_corr.upkeep.verification.verify`."""
        import polars as pl

        from tcga_corr.upkeep.verification import Finding, verify

        found = verify(self.store, source, tumor_types, repair=repair, progress=progress)
        names = [one.name for one in fields(Finding)]
        return pl.DataFrame([asdict(one) for one in found], schema=dict.fromkeys(names, pl.String))

    def remove(
        self,
        source: str,
        tumor_types: Iterable[str] = (),
        *,
        downloads: bool = False,
        counts: bool = False,
    ) -> list[Removed]:
        """Remove tables from the store; see :func:`tcga_corr.upkeep.removal.remove`."""
        from tcga_corr.upkeep.removal import remove

        return remove(self.store, source, tumor_types, downloads=downloads, counts=counts)

    def remove_covariates(self, name: str) -> None:
        """Remove a table of covariates from the store."""
        from tcga_corr.store.covariates import remove_covariates

        remove_covariates(self.store, name)

    def status(self, tumor_types: Iterable[str] = (), source: str | None = None) -> pl.DataFrame:
        """What the store holds: a row per table, samples by selection, genes, unit, size.

        Examples
        --------
        >>> engine.status(["LIHC"]).select("source", "tumor", "normal", "unit").row(0)
        ('simulated', 62, 8, 'log2(norm_count+1)')
        """
        from tcga_corr.upkeep import inventory

        return inventory.tables(self.store, tumor_types, source)

    def samples(self, tumor_types: Iterable[str] = (), source: str | None = None) -> pl.DataFrame:
        """Every sample of the store's tables, which selection takes it, and why not another.

        Examples
        --------
        >>> engine.samples(["LIHC"]).height
        70
        """
        from tcga_corr.upkeep import inventory

        return inventory.samples(self.store, tumor_types, source)

    def covariates(self) -> pl.DataFrame:
        """The covariates of the store: a row each, with its table and how many keys have it.

        Examples
        --------
        >>> engine.covariates()["covariate"].to_list()
        ['OS', 'OS.time', 'age', 'gender', 'stage']
        """
        from tcga_corr.upkeep import inventory

        return inventory.covariates(self.store)

    def covariate_values(
        self,
        tumor_types: Iterable[str] = (),
        source: str | None = None,
        *,
        by_tumor_type: bool = False,
    ) -> pl.DataFrame:
        """How many samples have each covariate, and its range or levels.

        See :func:`tcga_corr.upkeep.inventory.covariate_values`.
        """
        from tcga_corr.upkeep import inventory

        return inventory.covariate_values(
            self.store, tumor_types, source, by_tumor_type=by_tumor_type
        )

    def sql(self, query: str, *, unsafe: bool = False) -> pl.DataFrame:
        """DuckDB's answer over the views ``expression``, ``tables`` and ``samples``.

        Where the store has them, over ``covariates`` too, and over ``associations``, ``pooled`` and
        ``dominance`` of the runs. Only with ``unsafe`` may a query read or write other files.

        Examples
        --------
        >>> engine.sql("SELECT count(*) AS n FROM samples WHERE tumor_type = 'LIHC'").item()
        70
        """
        from tcga_corr.store.sql import run_query

        return run_query(self.store, query, unsafe=unsafe)


def open_store(path: str | Path = "cache") -> Engine:
    """Open a store's folder. Nothing is written until something is loaded.

    Raises
    ------
    StoreError
        If the folder is a store of another schema version.
    """
    return Engine(Store(Path(path)))
