"""A frame taken apart for a person: each part with its bytes, and where it stops."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktl.devicefile import Template


def parts(template: str, raw: bytes) -> list[tuple[str, bytes, object]]:
    return [
        (piece.source, raw[piece.start : piece.end], piece.value)
        for piece in Template.compile(template).dissect(raw).pieces
    ]


def test_each_part_has_its_bytes_and_its_value() -> None:
    # Pfeiffer TPG 262: status and pressure.
    assert parts(r"{status:d},{p:e}", b"0,8.1500E-05") == [
        ("{status:d}", b"0", 0),
        ("','", b",", None),
        ("{p:e}", b"8.1500E-05", 8.15e-05),
    ]


def test_a_tmcl_reply_is_taken_apart_to_its_checksum() -> None:
    raw = bytes.fromhex("020164060000012C") + bytes([sum(bytes.fromhex("020164060000012C")) & 0xFF])
    assert parts(r"\x02\x01{_status:u8=100}\x06{:i32}{#sum8}", raw) == [
        ("'\\x02\\x01'", b"\x02\x01", None),
        ("{_status:u8=100}", b"d", 100),
        ("'\\x06'", b"\x06", None),
        ("{:i32}", b"\0\0\x01\x2c", 300),
        ("{#sum8}", raw[-1:], None),
    ]


@pytest.mark.parametrize(("raw", "seen"), [(b"5", ["{:d}"]), (b"5 mm", ["{:d}", "' '", "{u:s}"])])
def test_an_optional_part_is_there_when_its_bytes_are(raw: bytes, seen: list[str]) -> None:
    assert [source for source, _, _ in parts("{:d}{? {u:s}?}", raw)] == seen


def test_the_place_where_it_stops_comes_with_what_fits_before_it() -> None:
    found = Template.compile("A={a:d},B={b:d}").dissect(b"A=5,B=x")
    assert [piece.source for piece in found.pieces] == ["'A='", "{a:d}", "',B='"]
    assert found.stopped == (6, "a whole number")


def test_bytes_left_over_are_a_stop() -> None:
    found = Template.compile("{a:d}").dissect(b"5 V")
    assert [(piece.start, piece.end) for piece in found.pieces] == [(0, 1)]
    assert found.stopped == (1, "the end")


def test_a_wrong_checksum_is_a_stop_at_its_place() -> None:
    found = Template.compile("AB{#sum8}").dissect(b"AB\x00")
    assert [piece.source for piece in found.pieces] == ["'AB'", "{#sum8}"]
    assert found.stopped is not None
    assert found.stopped[0] == 2
    assert "83" in found.stopped[1]  # 0x41 + 0x42


@given(st.integers(-999, 999), st.text("abc", min_size=1))
def test_the_pieces_cover_every_byte_of_what_fits(number: int, text: str) -> None:
    template = Template.compile("<{n:d};{t:s}>")
    raw = template.format({"n": number, "t": text})
    pieces = template.dissect(raw).pieces
    assert b"".join(raw[piece.start : piece.end] for piece in pieces) == raw
    assert {piece.name: piece.value for piece in pieces if piece.name is not None} == template.parse(raw)
