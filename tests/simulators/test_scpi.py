"""SCPI as SCPI-1999 and IEEE 488.2 have it: headers, their path, parameters, errors."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mktl_simulators.scpi import Command, ErrorQueue, ScpiDevice
from mktl_simulators.scpi.headers import compile_header
from mktl_simulators.scpi.message import split, units
from mktl_simulators.scpi.parameters import Limits, boolean, choice, number, optional, string, whole


class Bench(ScpiDevice):
    """A small instrument that writes down what it is told."""

    identity = "ACME,BENCH,7,1.0"

    def __init__(self) -> None:
        self.done: list[object] = []
        super().__init__(most_errors=3)

    def commands(self) -> Iterable[Command]:
        note = self.done.append
        return [
            Command("[SOURce:]VOLTage[:LEVel]", note, [number(Limits(-10, 10, 1), "V")]),
            Command("[SOURce:]VOLTage[:LEVel]?", lambda: "+1.5"),
            Command("[SOURce:]VOLTage:PROTection", note, [number(Limits(0, 20, 20), "V")]),
            Command("OUTPut[:STATe]", note, [boolean()]),
            Command("FUNCtion", note, [choice("VOLTage", "CURRent")]),
            Command("DISPlay:TEXT", note, [string()]),
            Command("CHANnel#:COUNt", lambda *values: note(values), [whole(1, 9), optional(whole(1, 9))]),
            Command("READ?", lambda: "2"),
        ]

    def reset(self) -> None:
        self.done.append("reset")

    def advance(self, dt_s: float) -> None: ...


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.event_register = 0
    return bench


def ask(bench: Bench, message: str) -> str:
    return bench.receive(message.encode() + b"\n").removesuffix(b"\n").decode()


@pytest.mark.parametrize(
    "header",
    ["VOLT 2", "volt 2", "VOLTAGE 2", "Voltage:Lev 2", ":SOUR:VOLT 2", "SOURCE:VOLTAGE:LEVEL 2",
     "SOUR1:VOLT1 2", "VOLT  2.0", "VOLT +.2E1", "VOLT 2000mV", "VOLT 2 V", "VOLT 0.002kv"],
)  # fmt: skip
def test_a_header_is_known_in_each_of_its_forms(bench, header) -> None:
    ask(bench, header)
    assert (bench.done, ask(bench, "SYST:ERR?")) == ([2.0], '0,"No error"')


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("VOLTA 2", -113), ("VOL 2", -113), ("SOUR2:VOLT 2", -113), ("LEV 2", -113), ("FOO?", -113),
        ("*FOO", -113), ("VOLT", -109), ("VOLT 1,2", -108), ("READ? 1", -108), ("*RST 1", -108),
        ("CHAN2:COUN", -109), ("VOLT ON", -104), ("VOLT 1..2", -104), ("OUTP MAYBE", -104),
        ("DISP:TEXT HELLO", -104),
        ("DISP:TEXT \"HELLO", -151), ("VOLT 1 A", -131), ("OUTP 1 V", -131),
        ("VOLT 10.1", -222), ("VOLT -11", -222), ("CHAN1:COUN 10", -222),
        ("FUNC RES", -224), ("FUNC VOLTA", -224),
    ],
)  # fmt: skip
def test_what_is_wrong_gets_its_number_and_nothing_is_done(bench, message, code) -> None:
    assert ask(bench, message) == ""
    assert ask(bench, "SYST:ERR?").startswith(f"{code},")
    assert (ask(bench, "SYST:ERR?"), bench.done) == ('0,"No error"', [])
    assert ask(bench, "*ESR?") == ("32" if code > -200 else "16")


@pytest.mark.parametrize(
    ("message", "done"),
    [
        ("VOLT MIN;VOLT MAXIMUM;VOLT DEF", [-10, 10, 1]),
        ("OUTP ON;OUTP off;OUTP 1;OUTP 0;OUTP 0.4", [True, False, True, False, False]),
        ("FUNC current;FUNC VOLT", ["CURR", "VOLT"]),
        ("DISP:TEXT \"a;b,c\";TEXT 'it''s'", ["a;b,c", "it's"]),
        ("CHAN3:COUN 4;:CHAN:COUN 2.6,5", [(3, 4, None), (1, 3, 5)]),
    ],
)
def test_parameters_are_read_in_their_forms(bench, message, done) -> None:
    assert ask(bench, message) == ""
    assert (bench.done, ask(bench, "SYST:ERR?")) == (done, '0,"No error"')


def test_a_header_goes_on_from_the_node_of_the_last_one(bench) -> None:
    ask(bench, "SOUR:VOLT:PROT 5;LEV 2;*WAI;LEV 3;:VOLT 4")
    assert (bench.done, len(bench.errors)) == ([5, 2, 3, 4], 0)


def test_a_header_without_its_colon_is_looked_for_under_the_node_of_the_last_one(bench) -> None:
    ask(bench, "SOUR:VOLT 2;OUTP ON")
    assert (bench.done, ask(bench, "SYST:ERR?")) == ([2], '-113,"Undefined header"')


def test_replies_of_one_message_are_joined_and_what_is_wrong_in_it_stops_nothing_before(bench) -> None:
    assert ask(bench, "VOLT?;VOLT 11;:READ?;*OPC?;FOO;VOLT?") == "+1.5;2;1"
    assert [ask(bench, "SYST:ERR?") for _ in range(3)] == [
        '-222,"Data out of range"', '-113,"Undefined header"', '0,"No error"',
    ]  # fmt: skip


def test_the_queue_is_first_in_first_out_and_its_newest_place_tells_of_overflow(bench) -> None:
    for message in ("FOO", "VOLT", "VOLT 11", "FUNC RES", "FOO"):
        ask(bench, message)
    assert [ask(bench, "SYST:ERR:NEXT?") for _ in range(4)] == [
        '-113,"Undefined header"', '-109,"Missing parameter"', '-350,"Queue overflow"', '0,"No error"',
    ]  # fmt: skip


def test_common_commands(bench) -> None:
    assert ask(bench, "*IDN?;*OPC?;*TST?;*ESR?") == "ACME,BENCH,7,1.0;1;0;0"
    assert ask(bench, "*OPC;*RST") == ""
    assert (bench.done, ask(bench, "*ESR?"), ask(bench, "*ESR?")) == (["reset"], "1", "0")
    ask(bench, "FOO;")
    ask(bench, "*CLS")
    assert ask(bench, "*ESR?;:SYST:ERR?") == '0;0,"No error"'


def test_the_status_byte_sums_up_what_it_is_asked_for(bench) -> None:
    ask(bench, "*ESE 32;*SRE 4;FOO")
    assert ask(bench, "*STB?;*ESE?;*SRE?") == f"{4 | 32 | 64};32;4"
    ask(bench, "*CLS")
    assert ask(bench, "*STB?") == "0"


def test_it_has_been_switched_on() -> None:
    assert ask(Bench(), "*ESR?") == "128"


def test_a_message_that_does_not_fit_is_lost_whole(bench) -> None:
    assert ask(bench, "READ?;" * 60) == ""
    assert ask(bench, "SYST:ERR?") == '-223,"Too much data"'


def test_empty_messages_and_commands_are_nothing(bench) -> None:
    assert (ask(bench, ""), ask(bench, " ; ;"), len(bench.errors)) == ("", "", 0)


@settings(max_examples=40)
@given(st.lists(st.text("abc;,\"'()", max_size=6), min_size=1))
def test_what_is_split_can_be_joined_again(parts) -> None:
    text = ";".join(parts)
    assert ";".join(split(text, ";")) == text


@settings(max_examples=40)
@given(st.sampled_from(["VOLTage", "CURRent", "OUTPut"]), st.integers(0, 10), st.booleans())
def test_only_the_short_and_the_long_form_are_meant(mnemonic, length, upper) -> None:
    typed = mnemonic[:length].upper() if upper else mnemonic[:length].lower()
    whole_or_short = length >= len(mnemonic) or length == 4
    assert bool(compile_header(mnemonic).fullmatch(typed)) == whole_or_short


def test_units_of_an_empty_message_are_none() -> None:
    assert list(units("")) == []


def test_a_queue_can_be_forgotten() -> None:
    queue = ErrorQueue(longest=5)
    queue.put(-113)
    queue.clear()
    assert (len(queue), queue.take()) == (0, 0)
