"""A replay: what was recorded and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from mktl_simulators.replay import Replay, ReplayError, replay

from mktl.devicefile import load
from mktl.devicefile.traffic import exchanges, parse
from mktl.errors import DeviceFileError


def device(*lines: str, polled: tuple[bytes, ...] = (), **keywords: object) -> Replay:
    events = parse([f"0.0 dev {line}" for line in lines], "x.rec")
    script = list(exchanges(events, "dev"))
    return Replay(
        script, is_polled=lambda command: command in polled, send_end=b"\n", title="x.rec", **keywords
    )  # type: ignore[arg-type]


def test_what_was_recorded_is_said_again() -> None:
    dev = device(r"> *IDN?\n", r"< ACME\r\n", r"> SET 5\n", r"> X?\n", r"< 5\r\n")
    assert dev.receive(b"*IDN?\n") == b"ACME\r\n"
    assert dev.receive(b"SET 5\n") == b""
    assert not dev.is_done
    assert dev.receive(b"X?\n") == b"5\r\n"
    assert dev.is_done
    dev.verify()


def test_commands_may_come_in_pieces_or_together() -> None:
    dev = device(r"> A\n", "< 1", r"> AB\n", "< 2")
    assert dev.receive(b"A") == b""
    assert dev.receive(b"\nAB\n") == b"12"
    dev.verify()


def test_a_command_that_was_not_recorded_meets_silence_and_is_told_at_its_place() -> None:
    dev = device(r"> A\n", "< 1", r"> SET 5\n", r"> B\n", "< 2")
    assert [dev.receive(command) for command in (b"A\n", b"SET 6\n", b"B\n")] == [b"1", b"", b"2"]
    with pytest.raises(ReplayError) as caught:
        dev.verify()
    assert str(caught.value).splitlines() == [
        "x.rec: what was sent (+) differs from what was recorded (-)",
        r"    A\n",
        r"  - SET 5\n",
        r"  + SET 6\n",
        r"    B\n",
    ]


def test_a_reply_that_nobody_asked_for_is_told_with_its_line() -> None:
    dev = device(r"> A\n", "< 1", r"> B\n", "< 2")
    dev.receive(b"A\n")
    with pytest.raises(ReplayError, match=r"never asked for, line 3: 2"):
        dev.verify()


@pytest.mark.parametrize("sent", [(b"B\n", b"A\n"), (b"A\n", b"A\n", b"B\n"), (b"A\n", b"B\n", b"C")])
def test_another_order_another_number_and_half_a_command_are_told(sent: tuple[bytes, ...]) -> None:
    dev = device(r"> A\n", "< 1", r"> B\n", "< 2")
    for command in sent:
        dev.receive(command)
    dev.advance(1.0)
    with pytest.raises(ReplayError):
        dev.verify()


def test_half_a_recorded_command_is_waited_for_until_the_line_is_silent() -> None:
    dev = device(r"> AB\n", "< 1", silence_s=0.2)
    dev.receive(b"A")
    dev.advance(0.1)
    assert dev.receive(b"B\n") == b"1"
    dev.verify()


def test_polls_come_as_often_as_they_like_and_need_not_come() -> None:
    dev = device(r"> T?\n", "< 1", r"> T?\n", "< 2", r"> U?\n", "< 7", polled=(b"T?\n", b"U?\n"))
    assert [dev.receive(b"T?\n") for _ in range(4)] == [b"1", b"2", b"2", b"2"]
    assert dev.is_done
    dev.verify()


def test_a_poll_says_what_it_said_at_this_point_of_the_story() -> None:
    dev = device(
        r"> S?\n", "< 0", r"> S?\n", "< 0", r"> SET 5\n", r"> S?\n", "< 5", r"> SET 6\n", r"> S?\n", "< 6",
        polled=(b"S?\n",),
    )  # fmt: skip
    assert dev.receive(b"S?\n") == b"0"
    dev.receive(b"SET 5\n")
    assert [dev.receive(b"S?\n") for _ in range(2)] == [b"5", b"5"]
    dev.receive(b"SET 6\n")
    assert dev.receive(b"S?\n") == b"6"
    dev.verify()


def test_an_enquiry_is_answered_by_what_it_goes_on_with() -> None:
    # Pfeiffer TPG 262: ENQ asks for the answer to the mnemonic before it.
    dev = device(
        r"> PR1\n", "< ok", r"> \x05", "< 1.0", r"> SEN\n", "< ok", r"> \x05", "< on", r"> PR1\n", "< ok",
        r"> \x05", "< 2.0",
        polled=(b"PR1\n", b"SEN\n", b"\x05"), goes_on=lambda command: command == b"\x05",
    )  # fmt: skip
    asked = (b"SEN\n", b"\x05", b"PR1\n", b"\x05", b"PR1\n", b"\x05", b"SEN\n", b"\x05")
    assert [dev.receive(command) for command in asked][1::2] == [b"on", b"1.0", b"2.0", b"on"]


def test_numbers_of_modbus_messages_are_given_back_not_compared() -> None:
    dev = device(r"> \x00\x07\x00\x00\x00\x06ABCDEF", r"< \x00\x07\x00\x00\x00\x01A", skip=2)
    assert dev.receive(b"\x01\x02\x00\x00\x00\x06ABCDEF") == b"\x01\x02\x00\x00\x00\x01A"
    dev.verify()


def test_what_came_before_anything_was_sent_is_said_unasked_once() -> None:
    dev = device(r"< READY\r\n", r"> A\n", "< 1")
    assert (dev.unasked(), dev.unasked()) == (b"READY\r\n", b"")
    assert dev.receive(b"A\n") == b"1"


FILE = r"""
[links.dev]
driver = "tcp"
host = "h"
port = 1
send_end = '\r'
[items.t]
get = 'T?'
reply = '{:d}'
poll_s = 1
[items.s]
get = 'S?'
reply = '{:d}'
"""


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    (tmp_path / "dev.toml").write_text(FILE)
    path = tmp_path / "dev.rec"
    path.write_text("0 dev > T?\\r\n0 dev < 1\\n\n0 dev > S?\\r\n0 dev < 2\\n\n")
    return path


def test_the_file_says_what_is_polled(recording: Path) -> None:
    dev = replay(load(recording.with_name("dev.toml")), "dev", recording)
    assert dev.receive(b"S?\rT?\rT?\r") == b"2\n1\n1\n"
    dev.verify()
    dev.receive(b"S?\r")  # once more than recorded, and nobody polls it
    with pytest.raises(ReplayError):
        dev.verify()


def test_a_recording_of_other_links_is_refused(recording: Path) -> None:
    recording.write_text(recording.read_text().replace(" dev ", " oven "))
    with pytest.raises(DeviceFileError, match="has nothing of link 'dev', only of oven"):
        replay(load(recording.with_name("dev.toml")), "dev", recording)


def test_a_recording_that_is_not_there_is_told(recording: Path) -> None:
    with pytest.raises(DeviceFileError, match=r"lost\.rec: cannot be read: No such file"):
        replay(load(recording.with_name("dev.toml")), "dev", recording.with_name("lost.rec"))
