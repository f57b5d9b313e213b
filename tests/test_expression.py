"""What makes a downloaded table fit to rank: ``ExpressionTable.prepared``."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tcga_corr.expression import ExpressionTable
from tcga_corr.formats import open_table

Rows = Sequence[tuple[str, Sequence[float]]]
NAN = math.nan
NO_SYMBOL = "genes without a symbol"
NOWHERE = "genes not measured"
SOMEWHERE = "genes not measured in some of the samples"
SPARSE = "samples that lack more than half of the genes"
REPEATS = "repeated columns of one sample, averaged"
FURTHER = "further rows of a symbol"


def table(samples: Sequence[str], rows: Rows, ids: Sequence[str] = ()) -> ExpressionTable:
    return ExpressionTable(
        genes=np.array([gene for gene, _ in rows], dtype=np.str_),
        gene_ids=np.array(ids or [f"id{row}" for row in range(len(rows))], dtype=np.str_),
        samples=tuple(samples),
        values=np.array([v for _, v in rows], dtype=np.float32).reshape(len(rows), len(samples)),
    )


def contents(prepared: ExpressionTable) -> dict[str, list[float]]:
    rows = zip(prepared.genes.tolist(), prepared.values.tolist(), strict=True)
    return dict(rows)


def fingerprint(prepared: ExpressionTable) -> tuple[Any, ...]:
    """Everything of a table, to the last bit."""
    names = prepared.genes.tolist(), prepared.gene_ids.tolist(), prepared.samples
    return *names, prepared.values.tobytes(), prepared.dropped


def shuffled(original: ExpressionTable, rows: Any, columns: Any) -> ExpressionTable:
    return original.rows(np.array(rows, dtype=np.intp)).columns(list(columns))


def test_a_repeat_without_a_value_does_not_take_the_other_away() -> None:
    prepared = table(["s1", "s1"], [("A", [NAN, 3]), ("B", [1, 1]), ("C", [NAN, NAN])]).prepared()
    assert contents(prepared) == {"A": [3], "B": [1]}
    assert prepared.dropped == {REPEATS: 1, NOWHERE: 1}


def test_rows_and_columns_are_sorted() -> None:
    prepared = table(["s2", "s1"], [("B", [1, 2]), ("a", [3, 4]), ("A", [5, 6])]).prepared()
    assert prepared.samples == ("s1", "s2")
    assert contents(prepared) == {"A": [6, 5], "B": [2, 1], "a": [4, 3]}
    assert prepared.genes.tolist() == ["A", "B", "a"]
    assert prepared.gene_ids.tolist() == ["id2", "id0", "id1"]
    assert prepared.values.dtype == np.float32
    assert prepared.dropped == {}


def test_genes_without_a_symbol_are_left_out() -> None:
    prepared = table(["s1"], [("", [1]), ("A", [2]), ("", [NAN])]).prepared()
    assert contents(prepared) == {"A": [2]}
    assert prepared.dropped == {NO_SYMBOL: 2}


def test_genes_measured_nowhere_or_in_some_samples_are_left_out() -> None:
    rows: Rows = [("A", [1, 2, 3]), ("B", [NAN] * 3), ("C", [1, NAN, 3]), ("D", [4, 5, 6])]
    prepared = table(["s1", "s2", "s3"], rows).prepared()
    assert contents(prepared) == {"A": [1, 2, 3], "D": [4, 5, 6]}
    assert prepared.dropped == {NOWHERE: 1, SOMEWHERE: 1}


def test_a_sample_that_lacks_most_genes_goes_before_its_genes_do() -> None:
    rows: Rows = [("A", [1, NAN]), ("B", [2, NAN]), ("C", [3, 4])]
    prepared = table(["s1", "s2"], rows).prepared()
    assert contents(prepared) == {"A": [1], "B": [2], "C": [3]}
    assert prepared.samples == ("s1",)
    assert prepared.dropped == {SPARSE: 1}


def test_a_sample_that_lacks_half_stays() -> None:
    prepared = table(["s1", "s2"], [("A", [1, NAN]), ("B", [3, 4])]).prepared()
    assert prepared.samples == ("s1", "s2")
    assert contents(prepared) == {"B": [3, 4]}


def test_genes_measured_nowhere_do_not_count_against_a_sample() -> None:
    rows: Rows = [("A", [NAN, NAN]), ("B", [NAN, NAN]), ("C", [1, NAN]), ("D", [1, 2])]
    prepared = table(["s1", "s2"], rows).prepared()
    assert prepared.samples == ("s1", "s2")
    assert prepared.dropped == {NOWHERE: 2, SOMEWHERE: 1}


@pytest.mark.parametrize("pseudocount", [1.0, 0.001])
def test_repeats_are_averaged_before_the_logarithm(pseudocount: float) -> None:
    """Whatever was added before the logarithm: log2(mean(v) + c)."""
    linear = np.array([[3.0, 5.0, 40.0], [0.0, 0.0, 2.0]])
    logged = np.log2(linear + pseudocount)
    rows: Rows = [
        ("A", [logged[0, 0], 7, *logged[0, 1:]]),
        ("B", [logged[1, 0], 8, *logged[1, 1:]]),
    ]
    prepared = table(["s2", "s1", "s2", "s2"], rows).prepared()
    assert prepared.samples == ("s1", "s2")
    expected = np.log2(linear.mean(axis=1) + pseudocount)
    np.testing.assert_allclose(prepared.values[:, 1], expected, rtol=1e-6)
    assert prepared.values[:, 0].tolist() == [7, 8]
    assert prepared.dropped == {REPEATS: 2}


def test_repeats_that_are_equal_stay_as_they_are() -> None:
    rows: Rows = [("A", [0, 0, 0]), ("B", [3.25, 3.25, 3.25]), ("C", [13.7, 13.7, 13.7])]
    prepared = table(["s1", "s1", "s1"], rows).prepared()
    np.testing.assert_allclose(prepared.values[:, 0], [0, 3.25, 13.7], rtol=1e-6)


def test_the_order_of_repeats_does_not_change_the_last_bit() -> None:
    """Repeats of a mean near 1, whose logarithm shows the last bit of their sum."""
    repeats = (-0.77, 0.75, -0.4505)
    means = {
        float(table(["s1"] * 3, [("A", order)]).prepared().values[0, 0])
        for order in itertools.permutations(repeats)
    }
    assert len(means) == 1


def test_of_a_symbols_rows_the_highest_mean_stays() -> None:
    rows: Rows = [("A", [1, 1, 9]), ("B", [1, 2, 3]), ("A", [4, 4, 4]), ("A", [0, 0, 10])]
    prepared = table(["s1", "s2", "s3"], rows).prepared()
    assert contents(prepared) == {"A": [4, 4, 4], "B": [1, 2, 3]}
    assert prepared.gene_ids.tolist() == ["id2", "id1"]
    assert prepared.dropped == {FURTHER: 2}


def test_the_mean_that_decides_is_of_the_samples_that_stay() -> None:
    rows: Rows = [("A", [1, 99]), ("A", [2, 0]), ("B", [1, NAN]), ("C", [1, NAN]), ("D", [1, NAN])]
    assert contents(table(["s1", "s2"], rows).prepared())["A"] == [2]


@pytest.mark.parametrize(
    ("one", "other", "ids"),
    [
        ([1, 2, 3], [2, 3, 1], ("id1", "id2")),
        ([1, 2, 3], [2, 3, 1], ("", "")),
        ([1, 2, 3], [1, 2, 3], ("id1", "id2")),
        # in some orders this sum is 0, in others 1
        ([2.0**60, 1, -(2.0**60)], [0.5, 0, 0], ("id1", "id2")),
    ],
    ids=["equal means", "equal means without ids", "equal values", "a mean that rounds"],
)
def test_between_rows_of_a_symbol_no_order_decides(
    one: list[float], other: list[float], ids: tuple[str, str]
) -> None:
    original = table(["s1", "s2", "s3"], [("A", one), ("A", other)], ids)
    expected = fingerprint(original.prepared())
    for row_order in ([0, 1], [1, 0]):
        for column_order in itertools.permutations(range(3)):
            assert fingerprint(shuffled(original, row_order, column_order).prepared()) == expected


def test_counts_add_up_and_earlier_ones_stay() -> None:
    original = table(["s1", "s1"], [("", [1, 1]), ("A", [1, 1]), ("A", [2, 2])])
    first = original.rows(np.array([True, True, True])).columns([0, 1], "no such thing")
    assert first.dropped == {}
    earlier = ExpressionTable(
        original.genes, original.gene_ids, original.samples, original.values, {NO_SYMBOL: 4, "x": 1}
    )
    assert earlier.prepared().dropped == {NO_SYMBOL: 5, "x": 1, REPEATS: 1, FURTHER: 1}


@pytest.mark.parametrize(
    ("samples", "rows"),
    [
        (["s1"], []),
        (["s1", "s2"], [("", [1, 2])]),
        (["s1", "s2"], [("A", [NAN, NAN]), ("B", [NAN, NAN])]),
        ([], [("A", []), ("A", [])]),
        (["s1", "s2", "s3"], [("A", [1, NAN, NAN]), ("A", [NAN, 1, NAN]), ("B", [NAN, NAN, 1])]),
    ],
    ids=["no rows", "no symbol", "nothing measured", "no columns", "all samples sparse"],
)
def test_nothing_left_is_no_accident(samples: list[str], rows: Rows) -> None:
    """An empty table comes out, without a warning of numpy's on the way."""
    assert table(samples, rows).prepared().values.size == 0


def test_preparing_twice_changes_nothing_and_the_input_stays() -> None:
    original = table(["s2", "s1", "s1"], [("B", [1, 2, 3]), ("A", [4, NAN, 6]), ("B", [7, 8, 9])])
    before = fingerprint(original)
    once = original.prepared()
    assert fingerprint(once.prepared()) == fingerprint(once)
    assert fingerprint(original) == before


def test_logged() -> None:
    linear = table(["s1", "s2"], [("A", [0, 1]), ("B", [7, 1e6])])
    assert linear.logged().values.tolist() == [[0, 1], [3, np.float32(math.log2(1_000_001))]]
    assert linear.logged().values.dtype == np.float32
    assert linear.values.tolist() == [[0, 1], [7, 1e6]]


values = st.sampled_from([0.0, 0.5, 1.0, 1.5, 4.0, 9.0]) | st.floats(-3, 20, width=32)
values = values.map(lambda value: value + 0.0)  # no -0.0: of equal rows, either is right
measured = st.integers(0, 4).flatmap(lambda die: values if die else st.just(NAN))


@st.composite
def tables(draw: st.DrawFn) -> ExpressionTable:
    samples = draw(st.lists(st.sampled_from(["s1", "s2", "s3", "s4"]), min_size=1, max_size=6))
    row = st.lists(measured, min_size=len(samples), max_size=len(samples))
    symbol = st.sampled_from(["", "A", "B", "C", "D"])
    return table(samples, draw(st.lists(st.tuples(symbol, row), min_size=1, max_size=9)))


Row = tuple[str, Mapping[str, float]]


def prepared_by_dicts(original: ExpressionTable) -> list[Row]:
    """Each rule in its turn, one row a symbol and id; of equal means all rows."""
    rows: list[Row] = []
    for gene, line in zip(original.genes.tolist(), original.values.tolist(), strict=True):
        if gene:
            repeats: dict[str, list[float]] = {}
            for sample, value in zip(original.samples, line, strict=True):
                repeats.setdefault(sample, []).append(value)
            rows.append((gene, {s: averaged(several) for s, several in repeats.items()}))
    rows = [(gene, row) for gene, row in rows if not all(map(math.isnan, row.values()))]
    missing = {
        sample: sum(math.isnan(row[sample]) for _, row in rows) for sample in original.samples
    }
    stay = {sample for sample, number in missing.items() if number <= len(rows) / 2}
    rows = [(gene, {s: row[s] for s in sorted(stay)}) for gene, row in rows]
    rows = [(gene, row) for gene, row in rows if not any(map(math.isnan, row.values()))]
    highest: dict[str, float] = {}
    for gene, row in rows:
        highest[gene] = max(highest.get(gene, -math.inf), total(row))
    return [(gene, row) for gene, row in rows if total(row) >= highest[gene] - 1e-4]


def averaged(repeats: list[float]) -> float:
    if len(repeats) == 1:
        return repeats[0]
    measured = [2**value for value in repeats if not math.isnan(value)]
    return math.log2(math.fsum(measured) / len(measured)) if measured else NAN


def total(row: Mapping[str, float]) -> float:
    return math.fsum(row.values())


@settings(deadline=None, max_examples=300)
@given(tables())
def test_equals_the_rules_one_by_one(original: ExpressionTable) -> None:
    expected = prepared_by_dicts(original)
    prepared = original.prepared()
    if not prepared.values.size:
        assert not any(row for _, row in expected)
        return
    assert prepared.genes.tolist() == sorted({gene for gene, _ in expected})
    for gene, line in contents(prepared).items():
        candidates = [row for symbol, row in expected if symbol == gene]
        assert all(tuple(row) == prepared.samples for row in candidates)
        assert any(
            np.allclose(line, list(row.values()), rtol=1e-5, atol=1e-5) for row in candidates
        )


@settings(deadline=None, max_examples=300)
@given(tables())
def test_every_row_and_column_is_counted(original: ExpressionTable) -> None:
    prepared = original.prepared()
    of_columns = {SPARSE, REPEATS}
    columns = sum(prepared.dropped.get(reason, 0) for reason in of_columns)
    rows = sum(count for reason, count in prepared.dropped.items() if reason not in of_columns)
    assert columns == len(original.samples) - len(prepared.samples)
    assert rows == len(original.genes) - len(prepared.genes)


@settings(deadline=None, max_examples=300)
@given(tables(), st.randoms(use_true_random=False))
def test_order_of_input_does_not_change_a_bit(original: ExpressionTable, random: Any) -> None:
    rows = random.sample(range(len(original.genes)), len(original.genes))
    columns = random.sample(range(len(original.samples)), len(original.samples))
    other = shuffled(original, rows, columns).prepared()
    assert fingerprint(other) == fingerprint(original.prepared())


@pytest.mark.shared
def test_a_real_table_in_any_order(shared: Path) -> None:
    folder = shared / "hub" / "tcga-xena-hub" / "download" / "TCGA.UCS.sampleMap"
    file = open_table(folder / "HiSeqV2.gz")
    original = file.read(None)
    prepared = original.prepared()
    assert (len(prepared.genes), len(prepared.samples)) == (20_501, 57)
    assert prepared.dropped == {NO_SYMBOL: 29, FURTHER: 1}
    rng = np.random.default_rng(0)
    rows, columns = rng.permutation(len(original.genes)), rng.permutation(57)
    assert fingerprint(shuffled(original, rows, columns.tolist()).prepared()) == fingerprint(
        prepared
    )
