"""MessagePack beside JSON."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktl.errors import WireError
from mktl.wire.codec import MSGPACK, decode, encode

# What a peer that is not ours may send is text by UTF-8; a lone surrogate is none.
text = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | text | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=10,
)


@given(values)
def test_every_value_survives_messagepack(value) -> None:
    assert decode(encode({"value": value}, MSGPACK), MSGPACK) == {"value": value}


def test_nan_and_infinities_survive() -> None:
    again = decode(encode({"value": [math.nan, math.inf, -math.inf]}, MSGPACK), MSGPACK)["value"]
    assert math.isnan(again[0])
    assert again[1:] == [math.inf, -math.inf]


@pytest.mark.parametrize("value", [2**63, 2**64 - 1, 2**64, 2**127 - 1, -(2**63) - 1, 10**40])
def test_integers_of_any_size_survive(value) -> None:
    assert decode(encode({"hash": {"a": [value]}}, MSGPACK), MSGPACK) == {"hash": {"a": [value]}}


@pytest.mark.parametrize("value", [object(), {1, 2}, 1j, "\ud800"])
def test_what_cannot_travel_is_an_error(value) -> None:
    with pytest.raises(WireError, match="not a MessagePack value"):
        encode({"value": value}, MSGPACK)


@pytest.mark.parametrize("raw", [b"\xc1", b"\x82\xa1", b"\x05", b"\x91" * 5000, b"\xd4\x63\x00", b"\x80\x80"])
def test_what_is_no_messagepack_is_an_error(raw) -> None:
    with pytest.raises(WireError):
        decode(raw, MSGPACK)
