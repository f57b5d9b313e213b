"""JSON that anyone may have written."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcga_corr.exchange import read_json, read_json_object

WRONG = [b"", b"{", b"\xff{}", "[" * 100_000, "[" + "1" * 5_000 + "]", b'{"a": 1}x']


@pytest.mark.parametrize("text", WRONG)
def test_whatever_is_wrong_is_one_kind_of_error(text: str | bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - its words are of many kinds
        read_json(text)


@pytest.mark.parametrize("text", ["[]", "null", "5", '"a"'])
def test_what_is_no_object(text: str) -> None:
    assert read_json(text) == json.loads(text)
    with pytest.raises(ValueError, match="no JSON object"):
        read_json_object(text)


@given(st.binary(max_size=40))
def test_bytes_give_a_value_or_a_value_error(text: bytes) -> None:
    try:
        value = read_json(text)
    except ValueError:
        return
    assert read_json(json.dumps(value)) == value or value != value
