"""The tables of raw counts that a question is about, and their samples as cohorts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from tcga_corr.analysis.answer import CohortData
from tcga_corr.analysis.naming.given import Item
from tcga_corr.analysis.naming.names import CovariateVariable, NameResolver, Variable
from tcga_corr.analysis.samples.cohort import Cohort
from tcga_corr.analysis.samples.scope import Scope, only_source
from tcga_corr.choices import BY_GTEX
from tcga_corr.errors import DataMissingError, UsageError
from tcga_corr.store.counts import CountsTable, read_counts_metadata, samples_alone
from tcga_corr.store.covariate_lookup import Covariates
from tcga_corr.store.index import TableIndex
from tcga_corr.store.layout import Store
from tcga_corr.store.reference import ReferenceIndex
from tcga_corr.vocabulary.tumor_types import parse_tumor_type


class CovariateResolver(NameResolver):
    """Finds covariates alone: of the samples of raw counts nothing else is a number."""

    def any_variable(self, item: Item) -> Variable:
        """The covariate of a name.

        Raises
        ------
        UsageError
            On any other name.
        """
        return self.covariate(str(item))


def counts_tables(
    store: Store, tumor_types: Iterable[str], source: str | None
) -> list[CountsTable]:
    """The tables of counts of tumor types, by their metadata; of all by default.

    Raises
    ------
    DataMissingError
        If there are no counts of the source or of a tumor type.
    UsageError
        If the store has counts of several sources, and none is given.
    """
    given = [tumor_types] if isinstance(tumor_types, str) else [*tumor_types]
    wanted = list(dict.fromkeys(parse_tumor_type(name).abbreviation for name in given))
    keys = store.counts_keys()
    if not keys:
        raise DataMissingError(
            f"no raw counts in the store '{store.root.absolute()}'",
            "Load some with `tcga-corr load FILE --counts`, or with `tcga-corr fetch LIHC "
            "--source gdc-star --counts`",
        )
    name = source or only_source(store, wanted, keys)
    stored = {key.tumor_type: key for key in keys if key.source == name}
    if not stored:
        others = ", ".join(dict.fromkeys(key.source for key in keys))
        raise DataMissingError(f"no raw counts of source '{name}'", f"There are some of {others}")
    missing = [one for one in wanted if one not in stored]
    if missing:
        raise DataMissingError(
            f"{', '.join(missing)}: no raw counts of source '{name}'",
            f"There are some of {', '.join(stored)}",
        )
    chosen = [stored[one] for one in sorted(wanted or stored)]
    found = [(key, read_counts_metadata(store, key)) for key in chosen]
    return [CountsTable(key, metadata) for key, metadata in found if metadata is not None]


def counts_data(store: Store, tables: Sequence[CountsTable], scope: Scope) -> CohortData:
    """The samples of tables of counts as cohorts, whose only variables are covariates."""
    indexes = [samples_alone(table) for table in tables]
    resolver = CovariateResolver((), Covariates(store))

    def cohorts(one: Scope) -> Sequence[Cohort]:
        return one.cohorts_of(indexes, lambda: resolver)

    return CohortData(scope, cohorts, lambda _: resolver, _no_reference)


def _no_reference(table: TableIndex) -> ReferenceIndex:
    raise UsageError(f"the counts of {table.key.tumor_type} have no scores", "Ask about expression")


def covariates_of(names: NameResolver, texts: Iterable[str]) -> list[CovariateVariable]:
    """The covariate of each text, each once."""
    return list(dict.fromkeys(map(names.covariate, texts)))


def covariates_among(variables: Iterable[Variable]) -> list[CovariateVariable]:
    """The covariates among variables, in order."""
    return [one for one in variables if isinstance(one, CovariateVariable)]


def check_has_gtex(tables: Sequence[CountsTable], by: str | Path, scope: Scope) -> None:
    """Refuse a question about tissue of GTEx where no counts are of it.

    Raises
    ------
    DataMissingError
        Saying what there is of GTEx.
    """
    if BY_GTEX not in (str(by), scope.samples):
        return
    if not any(sample.gtex for table in tables for sample in table.metadata.samples):
        raise DataMissingError(
            f"the raw counts of source '{tables[0].key.source}' have no samples of GTEx",
            "`tcga-corr compare --by gtex` compares expression with that of GTEx",
        )
