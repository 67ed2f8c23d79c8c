"""Listening in on a line, and exchanges with no device at all."""

from __future__ import annotations

from typing import Any

import pytest
from mktl_drivers.framing import Cut
from mktl_drivers.line import Line
from mktl_drivers.rehearsal import Prompter
from mktl_drivers.turns import frames_of, turns_of

from mktl.devicefile import Framing, Step, Template
from mktl.errors import DeviceReplyError, DeviceTimeoutError
from tests.drivers.fakes import FakePort, spec_of


class Heard:
    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []

    def sent(self, data: bytes) -> None:
        self.events.append((">", data))

    def received(self, data: bytes) -> None:
        self.events.append(("<", data))

    def replied(self, reply: bytes, cut: Cut, step: Step) -> None:
        self.events.append(("=", reply, str(cut), step))


def step(send: str, reply: str, **manners: Any) -> Step:
    return Step(Template.compile(send), Template.compile(reply), **manners)


def converse(port: Any, steps: list[Step], heard: Heard, **spec: Any) -> dict[str, Any]:
    line = Line("dev", port, spec_of(**spec), port.clock)
    line.taps.add(heard)
    line.open()
    return line.converse(turns_of(steps, line.spec), frames_of(steps, {}))


def test_a_tap_hears_every_byte_both_ways_and_the_reply_cut_out_of_them() -> None:
    heard, asked = Heard(), step("KRDG? A", "{:f}")
    port = FakePort(lambda _: [(0.0, b"+4."), (0.1, b"2\r\n")])
    assert converse(port, [asked], heard) == {"": 4.2}
    assert heard.events == [
        (">", b"KRDG? A\n"),
        ("<", b"+4."),
        ("<", b"2\r\n"),
        ("=", b"+4.2", r"an end '\r\n'", asked),
    ]


def test_a_tap_hears_what_came_before_a_timeout() -> None:
    heard = Heard()
    with pytest.raises(DeviceTimeoutError, match="broke off"):
        converse(FakePort(lambda _: b"+4."), [step("KRDG? A", "{:f}")], heard)
    assert heard.events == [(">", b"KRDG? A\n"), ("<", b"+4.")]


def test_a_rehearsal_has_one_reply_for_each_thing_sent() -> None:
    heard = Heard()
    port = Prompter([b"\x06\r\n", b"0,8.1500E-05\r\n"])
    steps = [step(r"PRX\r", r"\x06"), step(r"\x05", "{status:d},{p:e}")]
    assert converse(port, steps, heard, send_end=b"") == {"status": 0, "p": 8.15e-05}
    assert [event[1] for event in heard.events if event[0] == ">"] == [b"PRX\r", b"\x05"]


def test_a_rehearsal_without_enough_replies_times_out_at_once() -> None:
    port = Prompter([])
    with pytest.raises(DeviceTimeoutError, match="no reply"):
        converse(port, [step("X?", "{:d}")], Heard())
    assert port.now_s == 1.0  # of the link's reply timeout, in no time of ours


def test_a_rehearsal_answers_with_the_echo_that_a_line_has() -> None:
    port = Prompter([b"5\r\n"], echoes=True)
    assert converse(port, [step("X?", "{:d}")], Heard(), echo="bytes") == {"": 5}


def test_a_rehearsal_cuts_as_the_file_says() -> None:
    heard = Heard()
    raw = bytes([7, 3, 65, 66, 67])
    asked = step("X", "{a:u8}{b:u8}{t:bytes3}", framing=Framing(length=5))
    assert converse(Prompter([raw]), [asked], heard) == {"a": 7, "b": 3, "t": b"ABC"}
    assert heard.events[-1][1:3] == (raw, "5 bytes")


def test_a_reply_of_another_form_is_told_as_on_a_line() -> None:
    with pytest.raises(DeviceReplyError, match="expected a decimal number at byte 1"):
        converse(Prompter([b"SW ON\r\n"]), [step("X?", "{:f}")], Heard())
