"""Registers to values and back: every type in every order."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mktl.devicefile import Place, Register
from mktl.devicefile.register import ORDERS, WORDS
from mktl.devicefile.words import MOST, bit_place, decode, encode, span_of, with_bit
from mktl.errors import ItemTypeError, ItemValueError

HOLDING = Place("holding", 0)
NUMBERS = [kind for kind in WORDS if kind not in ("bool", "string")]
WHOLE = [kind for kind in NUMBERS if not kind.startswith("float")]


def of(kind: str, order: str = "ABCD", **more: object) -> Register:
    return Register(HOLDING, kind, order, **more)


@st.composite
def registers_with_values(draw):
    kind = draw(st.sampled_from(NUMBERS))
    if kind.startswith("float"):
        one = st.floats(width=32 if kind == "float32" else 64, allow_nan=False)
    else:
        one = st.integers(*span_of(kind))
    count = draw(st.integers(1, 4))
    values = draw(st.lists(one, min_size=count, max_size=count))
    return of(kind, draw(st.sampled_from(ORDERS)), count=count), values[0] if count == 1 else values


@settings(max_examples=50)
@given(registers_with_values())
def test_what_is_written_is_what_is_read(case) -> None:
    register, value = case
    words = encode(register, value)
    assert len(words) == register.width
    assert all(0 <= word <= MOST for word in words)
    assert decode(register, words) == value


@settings(max_examples=50)
@given(st.sampled_from(["int16", "uint32", "int64", "uint64"]), st.sampled_from(ORDERS), st.data())
def test_what_is_read_is_what_is_written(kind, order, data) -> None:
    words = data.draw(st.lists(st.integers(0, MOST), min_size=WORDS[kind], max_size=WORDS[kind]))
    assert encode(of(kind, order), decode(of(kind, order), words)) == words


@pytest.mark.parametrize(
    ("order", "data"),
    # The letters are the bytes of 0x41424344, the highest first, as they come over the wire.
    [("ABCD", b"ABCD"), ("CDAB", b"CDAB"), ("BADC", b"BADC"), ("DCBA", b"DCBA")],
)
def test_an_order_is_how_the_bytes_of_a_long_value_come(order, data) -> None:
    assert decode(of("uint32", order), struct.unpack(">HH", data)) == 0x41424344


def test_the_order_of_eight_bytes_follows_that_of_four() -> None:
    number = 0x0102030405060708
    seen = {
        order: b"".join(w.to_bytes(2, "big") for w in encode(of("uint64", order), number)) for order in ORDERS
    }
    assert {order: data.hex() for order, data in seen.items()} == {
        "ABCD": "0102030405060708",
        "CDAB": "0708050603040102",
        "BADC": "0201040306050807",
        "DCBA": "0807060504030201",
    }


def test_known_numbers_in_their_registers() -> None:
    # IEEE 754: pi in single and double; two's complement; the digits of BCD.
    assert encode(of("float32"), math.pi) == [0x4049, 0x0FDB]
    assert encode(of("float64"), math.pi) == [0x4009, 0x21FB, 0x5444, 0x2D18]
    assert encode(of("int32"), -2) == [0xFFFF, 0xFFFE]
    assert encode(of("bcd16"), 1234) == [0x1234]
    assert decode(of("bcd32"), [0x0012, 0x3456]) == 123456


def test_the_registers_that_stand_for_no_number_come_as_nan() -> None:
    assert math.isnan(decode(of("float32"), [0x7FC0, 0x0000]))


@pytest.mark.parametrize("kind", WHOLE)
def test_what_a_register_cannot_hold_is_refused_with_what_it_can(kind) -> None:
    low, high = span_of(kind)
    for value in (low - 1, high + 1, float(2**80)):
        with pytest.raises(ItemValueError, match=f"beyond what {kind} holds, {low} to {high}"):
            encode(of(kind), value)
    with pytest.raises(ItemValueError, match="no whole number"):
        encode(of(kind), math.nan)


def test_a_whole_register_takes_the_nearest_whole_number() -> None:
    assert encode(of("int16"), 24.5 / 0.1) == [245]
    assert encode(of("int16"), -0.6) == [0xFFFF]


def test_what_is_no_value_at_all_is_refused() -> None:
    with pytest.raises(ItemTypeError, match="'warm' is no number for int16"):
        encode(of("int16"), "warm")
    with pytest.raises(ItemValueError, match="1e\\+39 is beyond what float32 holds"):
        encode(of("float32"), 1e39)
    with pytest.raises(ItemValueError, match="expected 3 numbers, got 2"):
        encode(of("int16", count=3), [1, 2])
    with pytest.raises(ItemTypeError, match="no list of 2 numbers"):
        encode(of("int16", count=2), 7)
    with pytest.raises(ItemValueError, match="0x12fa is no number in bcd16"):
        decode(of("bcd16"), [0x12FA])
    with pytest.raises(ItemValueError, match="expected 2 registers, got 1"):
        decode(of("float32"), [0])


# -- bits


@settings(max_examples=50)
@given(st.sampled_from(["uint16", "int32", "uint64"]), st.sampled_from(ORDERS), st.booleans(), st.data())
def test_one_bit_changes_and_no_other(kind, order, on, data) -> None:
    register = of(kind, order, bit=data.draw(st.integers(0, 16 * WORDS[kind] - 1)))
    words = data.draw(st.lists(st.integers(0, MOST), min_size=WORDS[kind], max_size=WORDS[kind]))
    changed = with_bit(register, words, on)
    assert decode(register, changed) == on
    whole = of(f"uint{kind[-2:]}", order)
    assert decode(whole, changed) ^ decode(whole, words) in (0, 1 << register.bit)


@settings(max_examples=50)
@given(st.sampled_from(["uint16", "uint32", "int64"]), st.sampled_from(ORDERS), st.data())
def test_the_place_of_a_bit_is_where_it_changes(kind, order, data) -> None:
    register = of(kind, order, bit=data.draw(st.integers(0, 16 * WORDS[kind] - 1)))
    at, bit = bit_place(register)
    expected = [0] * WORDS[kind]
    expected[at] = 1 << bit
    assert with_bit(register, [0] * WORDS[kind], True) == expected


def test_coils_are_on_or_off() -> None:
    coils = Register(Place("coil", 3), "bool", count=3)
    assert decode(coils, [1, 0, 1]) == [1, 0, 1]
    assert encode(coils, [True, 0, 1]) == [1, 0, 1]
    with pytest.raises(ItemValueError, match="2 is neither on nor off"):
        encode(coils, [0, 2, 0])


# -- text

LATIN = st.text(st.characters(codec="latin-1", exclude_characters="\0", exclude_categories=["Z", "C"]))


@settings(max_examples=50)
@given(LATIN, st.integers(0, 3), st.sampled_from(ORDERS))
def test_text_comes_back_as_it_was_written(text, spare, order) -> None:
    register = of("string", order, length=len(text) + spare or 1)
    assert decode(register, encode(register, text)) == text.rstrip()


def test_text_ends_at_nul_and_loses_its_blanks() -> None:
    assert decode(of("string", length=6), [0x4142, 0x2020, 0x0058]) == "AB"
    assert decode(of("string", "BADC", length=4), [0x4241, 0x4443]) == "ABCD"


def test_text_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ItemValueError, match="'ABCDE' is longer than 4 characters"):
        encode(of("string", length=4), "ABCDE")
    with pytest.raises(ItemValueError, match="take more than a byte"):
        encode(of("string", length=4), "5 €")
    with pytest.raises(ItemTypeError, match="7 is no text"):
        encode(of("string", length=4), 7)
