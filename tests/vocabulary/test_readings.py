"""Readings: what a term can mean, which sets have them, and what an answer notes of them."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace

import pytest

from tcga_corr.store.sql import queries_folder
from tcga_corr.vocabulary.gene_sets.catalogue import find_set, shipped_sets
from tcga_corr.vocabulary.gene_sets.gmt import GeneSet
from tcga_corr.vocabulary.gene_sets.readings import (
    READINGS,
    meaning_of,
    reading_notes,
    readings_of,
)

FERROPTOSIS = (
    "ferroptosis: the list of WikiPathways (by MSigDB), the only open one; FILE.gmt:NAME sets "
    "yours beside it"
)


def sets(*names: str) -> list[GeneSet]:
    return [find_set(name) for name in names]


@pytest.mark.parametrize("term", READINGS)
def test_the_first_reading_has_the_name_of_its_term(term: str) -> None:
    names = [reading.name for reading in READINGS[term]]
    named = [name for name in shipped_sets() if name == term or name.startswith(f"{term}-")]
    assert names[0] == term
    assert names == named  # in the order in which they are listed


def test_readings_differ_in_name_meaning_and_genes() -> None:
    every = [reading for readings in READINGS.values() for reading in readings]
    assert len({reading.meaning for reading in every}) == len(every)
    genes = {frozenset(find_set(reading.name).genes) for reading in every}
    assert len(genes) == len(every)


def test_the_meaning_counts_proteasome_and_ubiquitin_genes() -> None:
    nik = find_set("nfkb-go-nik")
    protein = re.compile(r"PSM.*|UB[BC]|UBA52|RPS27A")
    n = sum(protein.fullmatch(gene) is not None for gene in nik.genes)
    assert f"{n} of {len(nik.genes)} genes" in meaning_of(nik)


def test_a_users_own_set_of_the_name_is_no_reading() -> None:
    own = replace(find_set("nfkb"), collection="mine.gmt")
    assert (readings_of(own), meaning_of(own), list(reading_notes([own]))) == ((), "", [])


def test_a_term_is_noted_once_and_a_set_of_its_own_name_not_at_all() -> None:
    assert list(reading_notes(sets("nfkb", "ferroptosis", "nfkb", "apoptosis"))) == [
        "nfkb: genes that TNF switches on through NF-kB (targets), by MSigDB Hallmark; 10 other "
        "readings, see `tcga-corr sets nfkb`",
        FERROPTOSIS,
    ]
    named_for_itself = sets("nfkb-pid-canonical", "HALLMARK_TNFA_SIGNALING_VIA_NFKB")
    assert list(reading_notes(named_for_itself)) == []
    every = sets(*(reading.name for reading in READINGS["nfkb"]))
    assert list(reading_notes(every)) == ["nfkb: all 11 readings, see `tcga-corr sets nfkb`"]


def test_the_papers_spec_has_every_reading_and_claims_the_same_r_of_each() -> None:
    spec = tomllib.loads((queries_folder() / "paper.toml").read_text(encoding="utf-8"))
    others = [reading.name for reading in READINGS["nfkb"][1:]]
    (cross,) = spec["crosses"]
    assert (cross["x"], cross["y"]) == (["ferroptosis"], others)
    claims = [one for one in spec["claims"] if one["analysis"] == cross["name"]]
    (first,) = (
        one
        for one in spec["claims"]
        if (one["analysis"], one["statistic"]) == ("ferroptosis-nfkb", "r")
    )
    assert [one["y"] for one in claims] == others
    changed = {"text", "analysis", "x", "y"}
    kept = {key: value for key, value in first.items() if key not in changed}
    for one in claims:
        assert {key: value for key, value in one.items() if key not in changed} == kept
