from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktl.cli.texts import age_text, json_safe, plain, printable, timestamp

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=9,
)


@given(values)
def test_json_never_has_what_other_parsers_refuse(value: Any) -> None:
    text = json.dumps(json_safe(value), allow_nan=False)  # a bare NaN raises here
    assert text.isascii()
    json.loads(text, parse_constant=lambda name: pytest.fail(name))


def test_arrays_and_numpy_scalars_become_lists_and_numbers() -> None:
    assert json_safe(np.array([[1.5, np.nan], [np.inf, 2]])) == [[1.5, None], [None, 2.0]]
    assert json_safe(np.float32(0.5)) == 0.5
    assert plain(np.zeros((3, 4), "uint16")) == "3×4 uint16"


@given(st.text())
def test_no_value_can_move_the_cursor_or_add_a_line(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert shown.encode("utf-8").decode() == shown  # no lone surrogate is left


@pytest.mark.parametrize(
    ("age_s", "text"),
    [
        *[(0.0, "now"), (-0.5, "now"), (1, "1 s"), (119.9, "119 s"), (120, "2 min")],
        *[(7199, "119 min"), (7200, "2 h"), (172799, "47 h"), (172800, "2 d"), (-90, "-90 s")],
    ],
)
def test_an_age_has_one_unit(age_s: float, text: str) -> None:
    assert age_text(age_s) == text


def test_a_timestamp_says_the_same_moment_to_any_reader() -> None:
    assert datetime.fromisoformat(timestamp(1700000000.1234)).timestamp() == 1700000000.123
