"""Recordings as text: what is written can be read, and edited, by a person."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mktl.devicefile.traffic import Event, Said, escaped, exchanges, parse, unescaped
from mktl.errors import DeviceFileError

RECORDING = r"""# ls336.toml
0.000 ls336 > *IDN?\n
0.006 ls336 < LSCI,MODEL336,LSA2D1R,2.9\r\n

  # edited by hand
0.010 oven > \x01\x03
0.1 ls336 > SETP 1,20\n
0.2 ls336 > KRDG? A\n
0.21 ls336 < +4.2
0.22 ls336 < 01\r\n
"""


@given(st.binary())
def test_bytes_come_back_from_their_text(data: bytes) -> None:
    text = escaped(data)
    assert unescaped(text) == data
    assert text.isascii()
    assert text.isprintable()
    assert text == text.rstrip()


@given(st.binary(), st.integers(0, 10**6), st.sampled_from("<>"))
def test_an_event_comes_back_from_its_line(data: bytes, at_ms: int, direction: str) -> None:
    event = Event(at_ms / 1000, "ls336", direction, data, 1)  # type: ignore[arg-type]
    assert parse([f"{event}\n"], "x.rec") == [event]


def test_a_recording_is_commands_with_all_that_came_after_each() -> None:
    events = parse(RECORDING.splitlines(), "x.rec")
    assert list(exchanges(events, "ls336")) == [
        Said(b"*IDN?\n", b"LSCI,MODEL336,LSA2D1R,2.9\r\n", 2),
        Said(b"SETP 1,20\n", b"", 7),
        Said(b"KRDG? A\n", b"+4.201\r\n", 8),
    ]
    assert list(exchanges(events, "oven")) == [Said(b"\x01\x03", b"", 6)]


def test_what_came_before_anything_was_sent_is_nobodys_reply() -> None:
    events = parse([r"0.0 gauge < 1.0\n", r"0.1 gauge > X\n"], "x.rec")
    assert list(exchanges(events, "gauge")) == [Said(b"", b"1.0\n", 0), Said(b"X\n", b"", 2)]


def test_every_line_that_is_none_is_told_with_its_number() -> None:
    with pytest.raises(DeviceFileError) as caught:
        parse(["0.0 a > X", "0.1 a X", r"0.2 a < \q", "soon a < X"], "x.rec")
    assert [(problem.file, problem.line) for problem in caught.value.problems] == [
        ("x.rec", 2),
        ("x.rec", 3),
        ("x.rec", 4),
    ]
    assert "expected SECONDS LINK > BYTES" in str(caught.value)
    assert r"'\q' is not an escape" in str(caught.value)
