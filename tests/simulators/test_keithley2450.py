"""The Keithley 2450: its dialogue as the reference manual has it, its load by Ohm's and Shockley's laws."""

from __future__ import annotations

import math
import re
import statistics
import struct

import pytest
from mktl_simulators.keithley2450 import Keithley2450
from mktl_simulators.keithley2450.loads import Diode, Nothing, Resistor

NO_ERROR = '0,"No error;0;0 0"'


@pytest.fixture
def device() -> Keithley2450:
    return Keithley2450.idle(noise=0.0)


def ask(device: Keithley2450, message: str) -> str:
    return device.receive(message.encode() + b"\n").decode("latin-1").removesuffix("\n")


def measured(device: Keithley2450, message: str = ":READ?") -> float:
    return float(ask(device, message))


# -- source and load


@pytest.mark.parametrize(
    ("volts", "limit_a", "ohm", "measured_v", "measured_a", "tripped"),
    [
        (1.5, 0.01, 1000.0, 1.5, 0.0015, "0"),
        (-1.5, 0.01, 1000.0, -1.5, -0.0015, "0"),
        (20.0, 0.01, 1000.0, 10.0, 0.01, "1"),  # 10 mA on 1 kΩ
        (-20.0, 0.01, 1000.0, -10.0, -0.01, "1"),
        (2.0, 0.1, 1.0, 0.1, 0.1, "1"),
    ],
)
def test_a_voltage_source_ends_at_its_current_limit(
    device, volts, limit_a, ohm, measured_v, measured_a, tripped
) -> None:
    device.meter.load = Resistor(ohm)
    ask(device, f":SOUR:VOLT {volts};:SOUR:VOLT:ILIM {limit_a};:OUTP ON")
    assert measured(device, ":MEAS:CURR?") == pytest.approx(measured_a)
    assert measured(device, ":MEAS:VOLT?") == pytest.approx(measured_v)
    assert measured(device, ":MEAS:RES?") == pytest.approx(ohm)
    assert ask(device, ":SOUR:VOLT:ILIM:TRIP?;:SOUR:CURR:VLIM:TRIP?") == f"{tripped};0"


def test_a_current_source_ends_at_its_voltage_limit(device) -> None:
    ask(device, ':SOUR:FUNC CURR;:SOUR:CURR 0.001;:SOUR:CURR:VLIM 5;:SENS:FUNC "VOLT";:OUTP ON')
    assert measured(device) == pytest.approx(1.0)
    ask(device, ":SOUR:CURR 0.02")
    assert measured(device) == pytest.approx(5.0)
    assert ask(device, ":SOUR:CURR:VLIM:TRIP?") == "1"


@pytest.mark.parametrize("amps", [1e-8, 1e-5, 1e-3, 0.05])
def test_the_diodes_two_sides_are_inverse(amps) -> None:
    diode = Diode()
    assert diode.amps_at(diode.volts_at(amps)) == pytest.approx(amps, rel=1e-9)


def test_a_diode_conducts_one_way(device) -> None:
    device.meter.load = Diode()
    ask(device, ":SOUR:VOLT 0.7;:SOUR:VOLT:ILIM 0.1;:OUTP ON")
    forward_a = measured(device)
    ask(device, ":SOUR:VOLT -0.7")
    assert forward_a > 1e-3
    assert measured(device) == pytest.approx(-Diode().saturation_a, rel=1e-3)


def test_ten_times_the_current_is_a_step_of_voltage_on_a_diode() -> None:
    diode = Diode(series_ohm=0.0)
    # Shockley: n kT/q ln 10.
    assert diode.volts_at(1e-3) - diode.volts_at(1e-4) == pytest.approx(
        1.75 * 0.025852 * math.log(10), rel=1e-3
    )


def test_with_nothing_connected_a_current_source_goes_to_its_limit(device) -> None:
    device.meter.load = Nothing()
    ask(device, ':SOUR:FUNC CURR;:SOUR:CURR 0.001;:SOUR:CURR:VLIM 12;:SENS:FUNC "VOLT";:OUTP ON')
    assert (measured(device), measured(device, ":MEAS:RES?")) == (12.0, 9.9e37)


def test_off_it_reads_noise_around_nothing() -> None:
    device = Keithley2450.idle(seed=1, noise=1e-3)
    ask(device, ":SOUR:VOLT 5;:SENS:CURR:RANG 1e-3;:SENS:COUN 200;:READ?")
    readings = [float(text) for text in ask(device, ':TRAC:DATA? 1,200,"defbuffer1"').split(",")]
    assert statistics.mean(readings) == pytest.approx(0, abs=3e-7)
    assert statistics.stdev(readings) == pytest.approx(1e-6, rel=0.15)


def test_longer_measurements_are_quieter() -> None:
    device = Keithley2450.sourcing(noise=1e-3)
    spread = []
    for nplc in (0.1, 10):
        ask(device, f":SENS:CURR:NPLC {nplc};:SENS:COUN 200;:TRAC:CLE;:READ?")
        spread.append(statistics.stdev(float(x) for x in ask(device, ":TRAC:DATA? 1,200").split(",")))
    assert spread[0] / spread[1] == pytest.approx(10, rel=0.3)  # the root of 100


def test_a_reading_beyond_its_range_is_overload(device) -> None:
    ask(device, ":SOUR:VOLT 1;:SOUR:VOLT:ILIM 0.01;:OUTP ON;:SENS:CURR:RANG 1e-4")
    assert ask(device, ":READ?") == "9.900000E+37"
    ask(device, ":SENS:CURR:RANG:AUTO 1")
    assert ask(device, ":READ?") == "1.000000E-03"


# -- the dialogue


@pytest.mark.parametrize(
    ("message", "reply"),
    [
        ("*IDN?", "KEITHLEY INSTRUMENTS INC.,MODEL 2450,04412345,1.7.12b"),
        ("*LANG?", "SCPI"),
        (":SYST:ERR?", NO_ERROR),
        (":SYST:ERR:COUN?", "0"),
        (":OUTP?", "0"),
        (":ROUT:TERM?", "FRON"),
        (":SOUR:FUNC?", "VOLT"),
        (":SENS:FUNC?", '"CURR:DC"'),
        (":SOUR:VOLT?", "0.000000E+00"),
        (":SOUR:VOLT:ILIM?", "1.050000E-04"),
        (":SOUR:VOLT:ILIM:TRIP?", "0"),
        (":SOUR:CURR:VLIM?", "2.100000E+01"),
        (":SENS:CURR:NPLC?", "1.000000E+00"),
        (":SENS:CURR:RANG:AUTO?", "1"),
        (":SENS:CURR:RSEN?", "0"),
        (":SENS:COUN?", "1"),
        (":TRAC:ACT?", "0"),
        (":FORM?", "ASC"),
        ("sense:voltage:dc:nplcycles?", "1.000000E+00"),
    ],
)
def test_each_query_is_answered_as_after_a_reset(device, message, reply) -> None:
    assert ask(device, message) == reply
    assert ask(device, ":SYST:ERR?") == NO_ERROR


@pytest.mark.parametrize(
    ("message", "query", "reply"),
    [
        (":SOUR:FUNC CURR", ":SOUR:FUNC?", "CURR"),
        (":SOURCE1:FUNCTION:MODE VOLTAGE", ":SOUR:FUNC?", "VOLT"),
        (":SOUR:VOLT 1.5", ":SOUR:VOLT:LEV:IMM:AMPL?", "1.500000E+00"),
        (":SOUR:VOLT 1.5", ":SOUR:VOLT:RANG?", "2.000000E+00"),
        (":SOUR:VOLT:RANG 15", ":SOUR:VOLT:RANG?;RANG:AUTO?", "2.000000E+01;0"),
        (":SOUR:VOLT:ILIM 0.01", ":SOUR:VOLT:ILIM?", "1.000000E-02"),
        (":SOUR:CURR:VLIM 10", ":SOUR:CURR:VLIM?", "1.000000E+01"),
        (":SOUR:VOLT:DEL 0.05", ":SOUR:VOLT:DEL?", "5.000000E-02"),
        (":SOUR:VOLT:READ:BACK OFF", ":SOUR:VOLT:READ:BACK?", "0"),
        (':SENS:FUNC "VOLT"', ":SENS:FUNC?", '"VOLT:DC"'),
        (":SENS:FUNC 'res'", ":SENS:FUNC?", '"RES"'),
        (":SENS:CURR:NPLC 0.01", ":SENS:CURR:NPLC?", "1.000000E-02"),
        (":SENS:CURR:RANG 0.003", ":SENS:CURR:RANG?;RANG:AUTO?", "1.000000E-02;0"),
        (":SENS:CURR:RSEN ON", ":SENS:CURR:RSEN?", "1"),
        (":SENS:COUN 5", ":SENS:COUN?", "5"),
        (":ROUT:TERM REAR", ":ROUT:TERM?", "REAR"),
        (":OUTP ON", ":OUTP?", "1"),
        (":FORM SREAL", ":FORM?", "SRE"),
        (":SOUR:VOLT 5;:OUTP ON;*RST", ":SOUR:VOLT?;:OUTP?", "0.000000E+00;0"),
    ],
)
def test_a_set_answers_nothing_and_is_read_back(device, message, query, reply) -> None:
    assert ask(device, message) == ""
    assert ask(device, query) == reply
    assert ask(device, ":SYST:ERR?") == NO_ERROR


@pytest.mark.parametrize(
    ("message", "start"),
    [
        (":SOUR:VOLT 211", '-222,"Parameter data out of range;1;'),
        (":SOUR:CURR -1.06", '-222,"Parameter data out of range;1;'),
        (":SENS:CURR:NPLC 11", '-222,"Parameter data out of range;1;'),
        (":SENS:COUN 0", '-222,"Parameter data out of range;1;'),
        (":TRAC:DATA? 1,2", '-222,"Parameter data out of range;1;'),
        (":SOUR:VOLT 50;:SOUR:VOLT:ILIM 0.5", '-221,"Settings conflict;1;'),  # 25 W
        (":SOUR:VOLT:RANG 0.2;:SOUR:VOLT 1", '-222,"Parameter data out of range;1;'),
        (":SENS:FUNC CURR", '-104,"Data type error;1;'),  # no quotes
        (':SENS:FUNC "TEMP"', '-224,"Illegal parameter value;1;'),
        (':READ? "mybuffer"', '-224,"Illegal parameter value;1;'),
        (":SOUR:VOLT", '-109,"Missing parameter;1;'),
        (":VOLTS 1", '-113,"Undefined header;1;'),
        (":OUTP ON,OFF", '-108,"Parameter not allowed;1;'),
    ],
)
def test_what_is_refused_is_told_by_the_queue(device, message, start) -> None:
    device.advance(3723.5)
    assert ask(device, message) == ""
    error = ask(device, ":SYST:ERR?")
    assert error.startswith(start)
    assert re.search(r"01:02:03\.500\"$", error)
    assert ask(device, ":SYST:ERR?") == NO_ERROR


def test_several_errors_wait_in_their_order(device) -> None:
    ask(device, ":VOLTS 1")
    ask(device, ":SOUR:VOLT 999")
    assert ask(device, ":SYST:ERR:COUN?") == "2"
    assert [ask(device, ":SYST:ERR?").split(",")[0] for _ in range(3)] == ["-113", "-222", "0"]
    ask(device, ":VOLTS 1;:SYST:CLE")
    ask(device, ":SYST:CLE")
    assert ask(device, ":SYST:ERR?") == NO_ERROR


# -- readings


def test_elements_of_a_reading_stand_in_the_order_asked_for(device) -> None:
    ask(device, ":SOUR:VOLT 1.5;:SOUR:VOLT:ILIM 0.01;:OUTP ON")
    assert ask(device, ':READ? "defbuffer1",SOUR,READ') == "1.500000E+00,1.500000E-03"
    ask(device, ":SOUR:VOLT:ILIM 0.001")
    assert ask(device, ':READ? "defbuffer1",SOUR') == "1.000000E+00"  # what is there, not what was asked for
    ask(device, ":SOUR:VOLT:READ:BACK 0")
    assert ask(device, ':READ? "defbuffer1",SOUR') == "1.500000E+00"


def test_a_count_fills_the_buffer_and_the_last_reading_is_told(device) -> None:
    ask(device, ":SOUR:VOLT:ILIM 0.01;:OUTP ON;:SENS:COUN 3")
    for volts in (1, 2):
        ask(device, f":SOUR:VOLT {volts}")
        assert measured(device) == volts / 1000
        device.advance(0.5)
    assert ask(device, ":TRAC:ACT?") == "6"
    assert ask(device, ':TRAC:DATA? 3,4,"defbuffer1"') == "1.000000E-03,2.000000E-03"
    assert ask(device, ':TRAC:DATA? 3,4,"defbuffer1",REL') == "0.000000E+00,5.000000E-01"
    assert ask(device, ":FETC?") == "2.000000E-03"
    ask(device, ':TRAC:CLE "defbuffer1"')
    assert ask(device, ":TRAC:ACT?;:TRAC:ACT? 'defbuffer2'") == "0;0"


@pytest.mark.parametrize(
    ("form", "order", "layout"),
    [("REAL", "SWAP", "<d"), ("REAL", "NORM", ">d"), ("SREAL", "SWAP", "<f"), ("SREAL", "NORM", ">f")],
)
def test_reals_are_a_block_of_indefinite_length(device, form, order, layout) -> None:
    ask(device, f":SOUR:VOLT 0.25;:SOUR:VOLT:ILIM 0.01;:OUTP ON;:FORM {form};:FORM:BORD {order}")
    reply = device.receive(b':READ? "defbuffer1",SOUR,READ\n')
    assert (reply[:2], reply[-1:]) == (b"#0", b"\n")
    values = [value for (value,) in struct.iter_unpack(layout, reply[2:-1])]
    assert values == pytest.approx([0.25, 0.00025], rel=1e-7)
    assert device.receive(b":SOUR:VOLT?\n") == b"2.500000E-01\n"  # settings stay text


def test_noise_comes_from_the_seed() -> None:
    readings = [measured(Keithley2450.sourcing(seed=seed, noise=1e-3)) for seed in (1, 1, 2)]
    assert readings[0] == readings[1] != readings[2]


def test_named_states_are_what_they_say() -> None:
    assert measured(Keithley2450.sourcing(noise=0.0)) == 1e-3
    assert isinstance(Keithley2450.diode().meter.load, Diode)
    assert ask(Keithley2450.idle(), ":OUTP?") == "0"
