"""The declarations of sources, and that each has its way of being fetched."""

from __future__ import annotations

from typing import get_args

import pytest

from tcga_corr.fetching.registry import FETCHERS, fetched_sources, fetcher_of
from tcga_corr.sources import SOURCES, Source, own_source, source_is_simulated
from tcga_corr.sources.simulated import CELLS, simulated_source
from tcga_corr.sources.source import FetchedFrom


def test_every_way_of_fetching_is_registered() -> None:
    assert set(FETCHERS) == set(get_args(FetchedFrom))


@pytest.mark.parametrize("source", SOURCES.values(), ids=lambda source: source.name)
def test_a_declaration_agrees_with_itself(source: Source) -> None:
    assert (source.table is not None) == (source.fetched_from == "hub")
    assert source.simulated == (source.name == "simulated")
    addresses = fetcher_of(source).addresses(source)
    assert bool(addresses) == (source.fetched_from in ("hub", "gdc"))
    assert all(address.startswith("https://") for address in addresses)


def test_fetched_sources_in_the_order_of_their_declaration() -> None:
    assert fetched_sources() == ["pancanatlas", "gdc-star", "gdc-api", "tcga-hiseqv2", "toil"]


def test_own_tables_are_from_disk_and_not_simulated() -> None:
    source = own_source("mine", "tpm")
    assert (source.fetched_from, source.simulated) == ("disk", False)
    assert not fetcher_of(source).addresses(source)


def test_one_simulated_sample_is_enough() -> None:
    assert simulated_source(["TCGA-OR-A5J1-01", "TCGA-00-0000-01"]) == "simulated"
    assert simulated_source(["DMSO_1", "SIMULATED_DMSO_2"]) == CELLS
    assert simulated_source(["TCGA-OR-A5J1-01", "mouse TCGA-00-", "NOT_SIMULATED_1"]) is None


def test_simulated_cells_are_loaded_as_own_tables_and_marked() -> None:
    assert source_is_simulated(CELLS)
    assert CELLS not in SOURCES
    assert own_source(CELLS, "counts", simulated=True).simulated
