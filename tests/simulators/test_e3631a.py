"""The E3631A: its dialogue as the user's guide has it, chapter 4, and its outputs by Ohm's law."""

from __future__ import annotations

import math

import pytest
from mktl_simulators.e3631a import E3631A

NO_ERROR = '+0,"No error"'
OFF, CONSTANT_CURRENT, CONSTANT_VOLTAGE = "0", "1", "2"


@pytest.fixture
def supply() -> E3631A:
    return E3631A(noise=0.0)


def ask(supply: E3631A, message: str) -> str:
    return supply.receive(message.encode() + b"\n").decode().rstrip("\r\n")


def amps(supply: E3631A, name: str) -> float:
    return float(ask(supply, f"MEAS:CURR? {name}"))


def volts(supply: E3631A, name: str) -> float:
    return float(ask(supply, f"MEAS:VOLT? {name}"))


# -- the outputs


@pytest.mark.parametrize(
    ("set_v", "limit_a", "load_ohm", "measured_v", "measured_a", "regulation"),
    [
        (5.0, 1.0, 10.0, 5.0, 0.5, CONSTANT_VOLTAGE),
        (5.0, 0.5, 10.0, 5.0, 0.5, CONSTANT_VOLTAGE),  # just what the load takes
        (5.0, 0.2, 10.0, 2.0, 0.2, CONSTANT_CURRENT),
        (5.0, 1.0, math.inf, 5.0, 0.0, CONSTANT_VOLTAGE),  # nothing connected
        (5.0, 1.0, 0.0, 0.0, 1.0, CONSTANT_CURRENT),  # a short
        (0.0, 1.0, 0.0, 0.0, 0.0, CONSTANT_VOLTAGE),
        (5.0, 0.0, 10.0, 0.0, 0.0, CONSTANT_CURRENT),
    ],
)
def test_ohms_law_chooses_voltage_or_current(
    supply, set_v, limit_a, load_ohm, measured_v, measured_a, regulation
) -> None:
    supply.supplies.outputs[0].load_ohm = load_ohm
    ask(supply, f"APPL P6V,{set_v},{limit_a};:OUTP ON")
    assert (volts(supply, "P6V"), amps(supply, "P6V")) == pytest.approx((measured_v, measured_a))
    assert ask(supply, "STAT:QUES:INST:ISUM1:COND?") == regulation


def test_volts_over_amps_is_the_load_in_either_regulation(supply) -> None:
    ask(supply, "OUTP ON")
    for name, load_ohm in (("P6V", 10.0), ("P25V", 50.0), ("N25V", 50.0)):
        for limit_a in (0.01, 1.0):
            ask(supply, f"APPL {name},{'-' if name == 'N25V' else ''}4,{limit_a}")
            assert abs(volts(supply, name)) / amps(supply, name) == pytest.approx(load_ohm)


def test_nothing_comes_out_while_the_outputs_are_off(supply) -> None:
    ask(supply, "APPL P6V,5,1")
    assert (volts(supply, "P6V"), amps(supply, "P6V")) == (0.0, 0.0)
    assert ask(supply, "STAT:QUES:INST:ISUM1:COND?") == OFF


def test_the_negative_output_is_below_zero(supply) -> None:
    ask(supply, "OUTP ON;:APPL N25V,-12,0.1")
    assert volts(supply, "N25V") == pytest.approx(-5.0)  # 0.1 A on 50 Ω
    assert ask(supply, "STAT:QUES:INST:ISUM3:COND?") == CONSTANT_CURRENT


def test_the_pair_tracks(supply) -> None:
    ask(supply, "APPL P25V,10;:OUTP:TRAC ON")
    assert ask(supply, "INST N25V;VOLT?;:OUTP:TRAC?") == "-1.00000000E+01;1"
    ask(supply, "VOLT -12.5")
    assert ask(supply, "INST P25V;VOLT?") == "+1.25000000E+01"
    ask(supply, "OUTP:TRAC OFF;:VOLT 1")
    assert ask(supply, "INST N25V;VOLT?") == "-1.25000000E+01"
    assert ask(supply, "INST P6V;VOLT?") == "+0.00000000E+00"


def test_noise_comes_from_the_seed() -> None:
    readings = [[volts(E3631A(seed=seed, noise=0.1), "P6V")] for seed in (1, 1, 2)]
    assert readings[0] == readings[1] != readings[2]


# -- the dialogue


@pytest.mark.parametrize(
    ("message", "reply"),
    [
        ("*IDN?", "HEWLETT-PACKARD,E3631A,0,2.1-5.0-1.0"),
        ("SYST:ERR?", NO_ERROR),
        ("INST?", "P6V"),
        ("INST:NSEL?", "1"),
        ("VOLT?", "+0.00000000E+00"),
        ("CURR?", "+5.00000000E+00"),
        ("VOLT? MAX", "+6.18000000E+00"),
        ("CURR? MAX", "+5.15000000E+00"),
        ("CURR? MIN", "+0.00000000E+00"),
        ("APPL?", '"0.000000,5.000000"'),
        ("APPL? P25V", '"0.000000,1.000000"'),
        ("APPL? N25V", '"0.000000,1.000000"'),
        ("OUTP?", "0"),
        ("OUTP:TRAC?", "0"),
        ("MEAS?", "+0.00000000E+00"),
        ("MEAS:VOLT? N25V", "+0.00000000E+00"),
        ("measure:current? p6v", "+0.00000000E+00"),
        ("DISP?", "1"),
        ("DISP:TEXT?", '""'),
        ("TRIG:SOUR?", "BUS"),
        ("SYST:VERS?", "1995.0"),
    ],
)
def test_each_query_is_answered_as_after_a_reset(supply, message, reply) -> None:
    assert ask(supply, message) == reply
    assert ask(supply, "SYST:ERR?") == NO_ERROR


@pytest.mark.parametrize(
    ("message", "query", "reply"),
    [
        ("INST:NSEL 2;:VOLT 24.5;CURR 0.75", "APPL? P25V", '"24.500000,0.750000"'),
        ("INST P6V;VOLT 5", "VOLT?", "+5.00000000E+00"),
        ("INST N25V;:SOURCE:VOLTAGE:LEVEL:IMMEDIATE:AMPLITUDE -25.75", "VOLT?", "-2.57500000E+01"),
        ("INST P25V;:SOUR:VOLT:LEV:IMM:AMPL 7", "VOLT?", "+7.00000000E+00"),
        ("INST N25V;VOLT MAX", "VOLT?", "-2.57500000E+01"),
        ("APPL P6V,5.0,1.0", "APPL? P6V", '"5.000000,1.000000"'),
        ("APPL P6V,DEF,MAX", "APPL? P6V", '"0.000000,5.150000"'),
        ("APPL P25V", "INST?", "P25V"),
        ("OUTP ON", "OUTP?", "1"),
        ("OUTP 1;OUTP OFF", "OUTP?", "0"),
        ('DISP:TEXT "HELLO; 12"', "DISP:TEXT?", '"HELLO; 12"'),
        ('DISP:TEXT "AB";TEXT:CLE', "DISP:TEXT?", '""'),
        ("DISP OFF", "DISP?", "0"),
        ("VOLT:TRIG 3;:CURR:TRIG 0.5;:INIT", "APPL? P6V", '"0.000000,5.000000"'),
        ("VOLT:TRIG 3;:CURR:TRIG 0.5;:INIT;*TRG", "APPL? P6V", '"3.000000,0.500000"'),
        ("TRIG:SOUR IMM;:VOLT:TRIG 3;:INIT", "VOLT?", "+3.00000000E+00"),
        ("APPL P6V,5,1;*RST", "APPL? P6V", '"0.000000,5.000000"'),
    ],
)
def test_a_set_answers_nothing_and_is_read_back(supply, message, query, reply) -> None:
    assert ask(supply, message) == ""
    assert ask(supply, query) == reply
    assert ask(supply, "SYST:ERR?") == NO_ERROR


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("VOLT 6.19", '-222,"Data out of range"'),
        ("VOLT -1", '-222,"Data out of range"'),
        ("CURR 5.2", '-222,"Data out of range"'),
        ("APPL P25V,25,1.04", '-222,"Data out of range"'),
        ("APPL N25V,5", '-222,"Data out of range"'),
        ("INST:NSEL 4", '-222,"Data out of range"'),
        ("INST P30V", '-224,"Illegal parameter value"'),
        ("APPL P30V,1", '-224,"Illegal parameter value"'),
        ("VOLT high", '-104,"Data type error"'),
        ("VOLT", '-109,"Missing parameter"'),
        ("APPL", '-109,"Missing parameter"'),
        ("VOLTS 5", '-113,"Undefined header"'),
        ("*TRG", '-211,"Trigger ignored"'),
        ("STAT:QUES:INST:ISUM4:COND?", '-222,"Data out of range"'),
    ],
)
def test_what_is_refused_changes_nothing_and_is_told_by_the_queue(supply, message, error) -> None:
    queries = "INST?;VOLT?;CURR?;:APPL? P25V;:APPL? N25V;:OUTP?"
    before = ask(supply, queries)
    assert ask(supply, message) == ""
    assert (ask(supply, "SYST:ERR?"), ask(supply, "SYST:ERR?")) == (error, NO_ERROR)
    assert ask(supply, queries) == before


def test_the_queue_holds_20_errors(supply) -> None:
    for _ in range(25):
        ask(supply, "VOLT 99")
    errors = [ask(supply, "SYST:ERR?") for _ in range(21)]
    assert errors == ['-222,"Data out of range"'] * 19 + ['-350,"Queue overflow"', NO_ERROR]


# -- the front panel


def test_on_rs232_sets_wait_for_remote_and_lines_end_in_cr_lf() -> None:
    supply = E3631A.serial(noise=0.0)
    assert supply.receive(b"VOLT 5\nVOLT?\n") == b"+0.00000000E+00\r\n"
    assert ask(supply, "SYST:ERR?") == '+550,"Command not allowed in local"'
    ask(supply, "SYST:REM;:VOLT 5")
    assert ask(supply, "VOLT?;:SYST:ERR?") == "+5.00000000E+00;" + NO_ERROR
    ask(supply, "SYST:RWL")
    assert supply.panel == "locked"
    ask(supply, "SYST:LOC;:VOLT 6")
    assert ask(supply, "VOLT?") == "+5.00000000E+00"


def test_named_states_are_what_they_say() -> None:
    supply = E3631A.powering(noise=0.0)
    assert volts(supply, "P6V") == 5.0
    assert (volts(supply, "P25V"), amps(supply, "P25V")) == pytest.approx((10.0, 0.2))
    assert ask(supply, "STAT:QUES:INST:ISUM2:COND?") == CONSTANT_CURRENT
    assert ask(E3631A.off(), "OUTP?;:INST?") == "0;P6V"
