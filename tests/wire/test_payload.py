"""Payloads as JSON, and arrays beside them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mktl.errors import WireError
from mktl.wire.bulk import array_from, array_payload
from mktl.wire.payload import Payload

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(json_values)
def test_every_json_value_survives(value) -> None:
    assert Payload.decode(Payload(value).encode()).value == value


def test_a_hash_of_128_bits_survives() -> None:
    # PROTOCOL section 5: a JSON parser that overflows at 64 bits breaks here.
    assert Payload.decode(Payload(236000907473448652729473003892320198915).encode()).value == (
        236000907473448652729473003892320198915
    )


def test_the_answer_to_a_set_is_written_as_in_the_protocol_text() -> None:
    assert Payload(value=True).encode() == b'{"value": true}'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [1.0, float("-inf")], {"a": float("nan")}])
def test_what_json_cannot_carry_of_an_item_goes_out_as_null_and_says_so(value) -> None:
    sent = json.loads(Payload(value, time=1.0).encode(lenient=True), parse_constant=pytest.fail)
    assert sent["value"] is None
    assert sent["severity"] == "invalid"
    assert "cannot travel as JSON" in sent["reason"]
    assert sent["time"] == 1.0


@pytest.mark.parametrize("value", [float("nan"), [float("inf")]])
def test_what_json_cannot_carry_is_never_changed_on_its_way_to_a_daemon(value) -> None:
    with pytest.raises(WireError, match="cannot travel as JSON"):
        Payload(value).encode()


@pytest.mark.parametrize("value", [{1, 2}, 1j, object()])
def test_what_is_no_json_at_all_is_an_error(value) -> None:
    with pytest.raises(WireError, match="not a JSON value"):
        Payload(value).encode()


@pytest.mark.parametrize("raw", [b"{", b"nonsense", b"[1]", b"5", b'"x"', b"\xff\xfe", b"[" * 100_000])
def test_a_payload_that_is_no_object_is_an_error(raw) -> None:
    with pytest.raises(WireError, match="payload"):
        Payload.decode(raw)


def test_a_known_field_that_is_missing_is_none_and_an_unknown_one_is_not() -> None:
    payload = Payload.decode(b'{"value": 1, "novel": 2}')
    assert payload.refresh is None
    assert payload.novel == 2
    with pytest.raises(AttributeError, match="no field 'typo'"):
        _ = payload.typo


@given(
    hnp.arrays(
        hnp.integer_dtypes() | hnp.floating_dtypes() | hnp.complex_number_dtypes() | hnp.boolean_dtypes(),
        hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4),
    )
)
def test_every_array_survives(array) -> None:
    sent = array_payload(array, time=1.0)
    again = array_from(Payload.decode(sent.encode()), bytes(sent.bulk))
    assert again.dtype == array.dtype
    assert again.shape == array.shape
    assert again.tobytes() == array.tobytes()


def test_an_array_that_is_not_contiguous_survives() -> None:
    array = np.arange(24.0).reshape(4, 6)[::2, ::3]
    sent = array_payload(array)
    assert np.array_equal(array_from(sent, sent.bulk), array)


def test_arrays_of_objects_are_refused() -> None:
    with pytest.raises(WireError, match="dtype object cannot travel"):
        array_payload(np.array([object()]))


@pytest.mark.parametrize(
    ("shape", "dtype", "text"),
    [
        ([2], "float64", "are not"),
        ([-1], "u1", "without a shape"),
        ("x", "u1", "without a shape"),
        ([8], "O", "not accepted"),
        ([8], "no such", "no such dtype"),
        ([8], None, "without a dtype"),
        ([8], "u1" * 40, "without a dtype"),
        ([2**40, 2**40], "u1", "are not"),
    ],
)
def test_bulk_data_that_is_not_what_it_says_is_an_error(shape, dtype, text) -> None:
    with pytest.raises(WireError, match=text):
        array_from({"shape": shape, "dtype": dtype}, b"12345678")


def test_the_empty_bulk_frame_of_the_older_dialect_is_no_array() -> None:
    from mktl.item.reading import Reading

    payload = Payload.decode(b'{"value": 5, "time": 1.0}', b"")
    assert Reading.from_payload(payload).value == 5
    empty = array_payload(np.zeros((0, 3)), time=1.0)
    assert Reading.from_payload(Payload.decode(empty.encode(), b"")).value.shape == (0, 3)
