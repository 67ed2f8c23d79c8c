"""A reply that feeds an item is what the device said to that very command, or it is another's."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mktl.daemon.witness import Witness
from mktl.devicefile import Step, Template

TEMP = Step(Template.compile("T?"), Template.compile("{:f}"))
NAME = Step(Template.compile("N?"), Template.compile("{:s}"))


class Fed:
    def __init__(self, *steps: Step) -> None:
        self.steps = steps
        self.accused: list[str] = []

    def accuse(self, reply: str) -> None:
        self.accused.append(reply)


@pytest.fixture
def heard() -> Any:
    temp, name = Fed(TEMP), Fed(NAME)
    witness = Witness([temp, name])  # type: ignore[list-item]
    return SimpleNamespace(witness=witness, temp=temp, name=name)


def test_the_reply_to_the_command_accuses_nobody(heard) -> None:
    heard.witness.overhear(b"T?\n", b"4.2\r\n")
    heard.witness.sent(b"T?\n")
    heard.witness.took(b"4.2", TEMP)
    assert heard.temp.accused == []


def test_the_late_reply_to_another_command_accuses_who_took_it(heard) -> None:
    heard.witness.overhear(b"T?\n", b"4.2\r\n")
    heard.witness.overhear(b"N?\n", b"left\r\n")
    heard.witness.sent(b"N?\n")
    heard.witness.took(b"4.2", NAME)
    assert (heard.name.accused, heard.temp.accused) == (["4.2"], [])


def test_the_late_reply_to_the_same_command_asked_earlier_is_another_too(heard) -> None:
    heard.witness.overhear(b"T?\n", b"4.2\r\n")
    heard.witness.overhear(b"T?\n", b"4.3\r\n")
    heard.witness.sent(b"T?\n")
    heard.witness.took(b"4.2", TEMP)
    assert heard.temp.accused == ["4.2"]


def test_a_command_and_its_reply_may_come_in_pieces(heard) -> None:
    for received, said in ((b"T", b""), (b"?\n", b"4."), (b"", b"2\r\n")):
        heard.witness.overhear(received, said)
    heard.witness.sent(b"T?\n")
    heard.witness.took(b"4.2", TEMP)
    assert heard.temp.accused == []


def test_an_echo_is_no_reply(heard) -> None:
    heard.witness.overhear(b"N?\n", b"left\r\n")
    heard.witness.sent(b"N?\n")
    heard.witness.took(b"N?", NAME)
    assert heard.name.accused == ["N?"]


def test_registers_have_no_steps_and_all_of_the_line_are_accused(heard) -> None:
    heard.witness.overhear(b"\x01\x03\x00\x00\x00\x01", b"\x01\x03\x02\x00\x07")
    heard.witness.sent(b"\x01\x03\x00\x00\x00\x01")
    heard.witness.took(b"\x03\x02\x00\x07", None)
    assert heard.temp.accused == heard.name.accused == []
    heard.witness.took(b"\x03\x02\x00\x09", None)
    assert heard.temp.accused == heard.name.accused == ["\\x03\\x02\\x00\\t"]
