"""``mark decode``: registers in every type and order."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable

import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st

from mktl.cli.decoding import readings, registers

Call = Callable[..., Result]


def table(result: Result) -> dict[str, list[str]]:
    assert result.exit_code == 0, result.stderr
    rows = (line.split("\t") for line in result.stdout.splitlines())
    return {name: cells for name, *cells in rows}


@pytest.mark.parametrize(
    "argv",
    [
        ["0x41A0", "0x0000"],
        ["41A00000"],
        ["41a0", "0000"],
        ["16800", "0"],
        ["0b0100000110100000", "0b0"],
        ["16800,0"],
    ],
)
def test_registers_are_hex_decimal_binary_or_a_run_of_hex_digits(call: Call, argv: list[str]) -> None:
    shown = table(call("decode", *argv))
    assert shown["registers"] == ["41a0 0000"]
    assert shown["float32"][0] == "20"  # IEEE 754: sign 0, exponent 131, fraction 0.25
    assert shown["int16"][0] == "16800, 0"


def test_each_order_has_its_column(call: Call) -> None:
    shown = table(call("decode", "0x0102", "0x0304"))
    assert shown["type"] == ["ABCD", "CDAB", "BADC", "DCBA"]
    assert shown["uint32"] == [str(n) for n in (0x01020304, 0x03040102, 0x02010403, 0x04030201)]


def test_bcd_and_text_are_there_too(call: Call) -> None:
    shown = table(call("decode", "0x1234", "0x4142"))
    assert shown["bcd32"][0] == "12344142"
    assert shown["string"][0] == r"'\x124AB'"
    assert table(call("decode", "0x41A0"))["bcd16"] == ["-", "-", "-", "-"]  # A is no digit


def test_four_registers_are_one_double_two_floats_and_four_numbers(call: Call) -> None:
    words = struct.unpack(">4H", struct.pack(">d", 0.1))
    shown = table(call("decode", *map(str, words)))
    assert shown["float64"][0] == "0.1"
    assert len(shown["float32"][0].split(", ")) == 2
    assert len(shown["int16"][0].split(", ")) == 4


def test_three_registers_are_no_float(call: Call) -> None:
    assert "float32" not in table(call("decode", "1", "2", "3"))


def test_a_negative_number_is_its_twos_complement(call: Call) -> None:
    assert table(call("decode", "-2"))["registers"] == ["fffe"]


def test_programs_get_json(call: Call) -> None:
    rows = {row["type"]: row for row in json.loads(call("decode", "41c80000", "--json").stdout)}
    assert rows["float32"]["ABCD"] == 25.0
    assert rows["bcd32"]["ABCD"] is None


@pytest.mark.parametrize("wrong", ["0x10000", "65536", "-32769", "41A", "kelvin", "0b2"])
def test_what_is_no_register_is_refused(call: Call, wrong: str) -> None:
    result = call("decode", "--", "0x41A0", wrong)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{wrong!r} is no register: 0x41A0, 16800" in result.stderr


@given(st.floats(width=32, allow_nan=False))
def test_a_float_that_a_device_packs_is_among_the_readings(number: float) -> None:
    words = struct.unpack(">HH", struct.pack(">f", number))
    assert dict(readings(registers([f"{word:#06x}" for word in words])))["float32"][0] == number
