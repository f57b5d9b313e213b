"""Files of groups of samples: which columns are chosen, and what is refused."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcga_corr.errors import DataMissingError, TableError, UsageError
from tcga_corr.formats.sample_groups import SampleGroups, read_groups

A, B, C = (f"TCGA-AA-{number:04d}" for number in (1, 2, 3))


def write(folder: Path, *lines: str, name: str = "groups.tsv") -> Path:
    path = folder / name
    content = "".join(f"{line}\n" for line in lines).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def of(groups: SampleGroups, sample: str) -> str | None:
    """The group of a sample by its barcode."""
    return groups.group(sample, sample[:12])


@pytest.mark.parametrize("separator", ["\t", ",", ";"])
@pytest.mark.parametrize("name", ["groups.txt", "groups.csv.gz"])
def test_samples_and_their_groups(tmp_path: Path, separator: str, name: str) -> None:
    rows = [("id", "stage"), (f"{B}-01", "late"), (f"{A}-01", "early"), (f"{C}-01", "late")]
    path = write(tmp_path, *(separator.join(row) for row in rows), name=name)
    groups = read_groups(path)
    assert groups.column == "stage"
    assert groups.names == ("late", "early")  # as they come
    assert [of(groups, f"{one}-01") for one in (A, B, C)] == ["early", "late", "late"]
    assert of(groups, f"{A}-06") is None
    assert of(groups, "TCGA-AA-0009-01") is None


@pytest.mark.parametrize("ending", ["-01", "-01A", "-01A-11R-A28V-07"])
def test_a_barcode_is_cut_to_the_sample(tmp_path: Path, ending: str) -> None:
    groups = read_groups(write(tmp_path, "sample\tarm", f"{A}{ending}\tx", f"{B}{ending}\ty"))
    assert groups.group_of == {f"{A}-01": "x", f"{B}-01": "y"}


@pytest.mark.parametrize("form", [str.lower, lambda name: name.replace("-", ".")])
@pytest.mark.parametrize("ending", ["", "-01", "-01A"])
def test_other_forms_of_barcodes(tmp_path: Path, form: Callable[[str], str], ending: str) -> None:
    """Lower-case, and with dots, as R writes them; of samples and of patients."""
    lines = (f"{form(one + ending)}\t{arm}" for one, arm in ((A, "x"), (B, "y")))
    groups = read_groups(write(tmp_path, "sample\tarm", *lines))
    assert groups.group_of == {f"{A}{ending[:3]}": "x", f"{B}{ending[:3]}": "y"}
    assert (of(groups, f"{A}-01"), of(groups, f"{B}-01")) == ("x", "y")


def test_patients_come_before_other_ids(tmp_path: Path) -> None:
    """As in the clinical table of the GDC."""
    rows = [
        f"{place:08x}-aaaa\t{name}\t{arm}"
        for place, (name, arm) in enumerate(((A, "x"), (B, "y"), (C, "x")))
    ]
    path = write(tmp_path, "case_id\tcase_submitter_id\tstage", *rows)
    groups = read_groups(path, "stage")
    assert groups.group_of == {A: "x", B: "y", C: "x"}
    assert of(groups, f"{B}-01") == "y"


def test_patients_stand_for_all_of_their_samples(tmp_path: Path) -> None:
    path = write(tmp_path, "arm\tpatient", f"x\t{A}", f"y\t{B}", f"x\t{C}")
    groups = read_groups(path)
    assert groups.names == ("x", "y")
    for code in ("01", "06", "11"):
        assert of(groups, f"{A}-{code}") == "x"
        assert of(groups, f"{B}-{code}") == "y"


def test_a_sample_goes_before_its_patient(tmp_path: Path) -> None:
    groups = read_groups(write(tmp_path, "sample\tarm", f"{A}-01\tx", f"{A}\ty", f"{B}\ty"))
    assert (of(groups, f"{A}-01"), of(groups, f"{A}-06"), of(groups, f"{B}-01")) == ("x", "y", "y")


def test_own_names(tmp_path: Path) -> None:
    path = write(tmp_path, "name,arm", "mouse 1,x", "mouse 2,y", "mouse 3,y")
    groups = read_groups(path)
    assert groups.group("mouse 2", "mouse 2") == "y"
    assert groups.group("mouse 4", "mouse 4") is None


def test_one_of_several_columns(tmp_path: Path) -> None:
    path = write(tmp_path, "sample\tage\tarm", f"{A}-01\t40\tx", f"{B}-01\t50\ty")
    assert read_groups(path, "arm").names == ("x", "y")
    assert read_groups(path, "age").names == ("40", "50")
    with pytest.raises(UsageError, match=r"which column has .* Choose one with --group: age, arm"):
        read_groups(path)
    with pytest.raises(UsageError, match=r"no column 'arms' of groups\. Did you mean arm\?"):
        read_groups(path, "arms")
    with pytest.raises(UsageError, match=r"no column 'zzz' of groups\. It has age, arm"):
        read_groups(path, "zzz")
    with pytest.raises(UsageError, match="no column 'sample' of groups"):
        read_groups(path, "sample")


@pytest.mark.parametrize(
    "nothing",
    ["", "NA", "N/A", "NaN", "null", "#N/A", "--", "'--", "[Not Available]", "[Unknown]"],
)
def test_a_missing_group_is_none(tmp_path: Path, nothing: str) -> None:
    lines = ("sample\tarm", f"{A}-01\tx", f"{B}-01\ty", f"{C}-01\t{nothing}")
    groups = read_groups(write(tmp_path, *lines))
    assert groups.names == ("x", "y")
    assert of(groups, f"{C}-01") is None


FAULTS = {
    (
        "sample\tarm",
        f"{A}-01\tx",
        f"{B}-01\tx",
    ): "column 'arm' has only the group 'x'. Two are needed",
    ("sample\tarm", f"{A}-01\tNA", f"{B}-01\t"): "column 'arm' has no group. Two are needed",
    ("sample\tarm", f"{A}-01\tx", "", f"{B}-01\ty", f"{A}-01\ty"): (
        f"line 5: {A}-01 is of 'y' here and of 'x' above. Keep one group for each sample"
    ),
    ("sample\tarm", f"{A}-01A\tx", f"{A}-01B\ty"): f"line 3: {A}-01 is of 'y' here",
    ("patient\tarm", f"{B}\tx", f"{A}\tx", f"{A}\ty"): f"line 4: {A} is of 'y' here and of 'x'",
    (): "the file is empty",
    ("sample\tarm",): "a header without rows",
    ("sample arm", f"{A}-01 x"): "no tab, semicolon or comma between columns",
    ("sample\tarm", f"{A}-01\tx\t1"): "line 2: 3 fields where the header has 2",
    ("sample\tarm\tarm", f"{A}-01\tx\ty"): "two columns are named 'arm'",
}


@pytest.mark.parametrize("lines", FAULTS)
def test_faults_of_the_file(tmp_path: Path, lines: tuple[str, ...]) -> None:
    path = write(tmp_path, *lines)
    with pytest.raises(TableError) as refused:
        read_groups(path)
    assert str(refused.value).startswith(str(path))
    assert FAULTS[lines] in str(refused.value)


def test_a_repeated_line_is_no_fault(tmp_path: Path) -> None:
    lines = ("sample\tarm", f"{A}-01\tx", f"{B}-01\ty", f"{A}-01A\tx")
    assert read_groups(write(tmp_path, *lines)).group_of == {f"{A}-01": "x", f"{B}-01": "y"}


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataMissingError, match="no file"):
        read_groups(tmp_path / "none.tsv")


@given(st.lists(st.sampled_from("xyz"), min_size=2, max_size=12))
def test_groups_by_hand(tmp_path_factory: pytest.TempPathFactory, arms: list[str]) -> None:
    samples = [f"TCGA-AA-{number:04d}-01" for number in range(len(arms))]
    lines = [f"{sample}\t{arm}" for sample, arm in zip(samples, arms, strict=True)]
    path = write(tmp_path_factory.mktemp("groups"), "sample\tarm", *lines)
    if len(set(arms)) < 2:
        with pytest.raises(TableError):
            read_groups(path)
        return
    groups = read_groups(path)
    assert groups.names == tuple(dict.fromkeys(arms))
    assert [of(groups, sample) for sample in samples] == arms
