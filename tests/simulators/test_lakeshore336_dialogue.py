"""The dialogue of the Lake Shore 336 as its manual has it, chapter 6: what is sent, what comes back."""

from __future__ import annotations

import pytest
from mktl_simulators.lakeshore336 import LakeShore336

END = b"\r\n"
COMMAND_ERROR, EXECUTION_ERROR = b"032", b"016"


@pytest.fixture
def controller() -> LakeShore336:
    return LakeShore336.cold(noise_k=0)


def ask(controller: LakeShore336, line: bytes) -> bytes:
    return controller.receive(line + b"\n")


# The forms are those of the manual's "Returned" and "Format" lines; the values are the starting state:
# 4.2 K, P 50 I 20 D 0, heaters off. 4.2 K is -268.95 °C, and 1.5785 V on a DT-670 diode.
@pytest.mark.parametrize(
    ("sent", "reply"),
    [
        (b"*IDN?", b"LSCI,MODEL336,LSA2D1R/LSA2C7W,2.9"),
        (b"*ESR?", b"000"),
        (b"*OPC?", b"1"),
        (b"*TST?", b"0"),
        (b"KRDG? A", b"+4.20000"),
        (b"KRDG? C", b"+4.22000"),
        (b"KRDG? D", b"+0.0000"),
        (b"KRDG? 0", b"+4.20000,+4.20000,+4.22000,+0.0000"),
        (b"CRDG? A", b"-268.950"),
        (b"CRDG? D", b"+0.0000"),
        (b"SRDG? A", b"+1.57850"),
        (b"SRDG? B", b"+4920.00"),
        (b"RDGST? A", b"000"),
        (b"RDGST? D", b"001"),
        (b"INNAME? A", b"Stage          "),
        (b"INTYPE? A", b"1,0,0,0,1"),
        (b"INTYPE? D", b"0,0,0,0,1"),
        (b"SETP? 1", b"+0.0000"),
        (b"RANGE? 1", b"0"),
        (b"PID? 1", b"+50.0,+20.0,+0"),
        (b"RAMP? 1", b"0,0.0"),
        (b"RAMPST? 1", b"0"),
        (b"OUTMODE? 1", b"1,1,0"),
        (b"OUTMODE? 3", b"0,0,0"),
        (b"HTR? 1", b"+0.0"),
        (b"AOUT? 3", b"+0.0"),
        (b"HTRST? 1", b"0"),
        (b"MOUT? 1", b"+0.00"),
    ],
)
def test_each_query_is_answered_in_the_form_of_the_manual(controller, sent, reply) -> None:
    assert ask(controller, sent) == reply + END
    assert ask(controller, b"*ESR?") == b"000" + END


@pytest.mark.parametrize(
    ("sent", "query", "reply"),
    [
        (b"SETP 1,20.5", b"SETP? 1", b"+20.5000"),
        (b"SETP 4,300", b"SETP? 4", b"+300.000"),
        (b"RANGE 1,3", b"RANGE? 1", b"3"),
        (b"RANGE 4,1", b"RANGE? 4", b"1"),
        (b"PID 2,1000,0.1,200", b"PID? 2", b"+1000.0,+0.1,+200"),
        (b"RAMP 1,1,5.5", b"RAMP? 1", b"1,5.5"),
        (b"RAMP 1,1,0", b"RAMP? 1", b"1,0.0"),
        (b"OUTMODE 1,3,2,1", b"OUTMODE? 1", b"3,2,1"),
        (b"OUTMODE 3,4,1,0", b"OUTMODE? 3", b"4,1,0"),
        (b"MOUT 1,22.45", b"MOUT? 1", b"+22.45"),
        (b"MOUT 3,-50", b"MOUT? 3", b"-50.00"),
        (b'INNAME B,"Sample, left"', b"INNAME? B", b"Sample, left   "),
        (b"INNAME B,A name that does not fit", b"INNAME? B", b"A name that doe"),
        (b"INTYPE D,3,1,8,1,1", b"INTYPE? D", b"3,1,8,1,1"),
    ],
)
def test_a_set_answers_nothing_and_is_read_back(controller, sent, query, reply) -> None:
    assert ask(controller, sent) == b""
    assert ask(controller, query) == reply + END
    assert ask(controller, b"*ESR?") == b"000" + END


@pytest.mark.parametrize(
    "sent",
    [b"FOO", b"FOO? A", b"?", b"KRDG?", b"KRDG? A,B", b"SETP 1", b"SETP 1,warm", b"SETP 1,nan", b"PID 1,1,1",
     b"INNAME A", b"IDN?", b"\xff\xfe"],
)  # fmt: skip
def test_what_is_no_command_meets_silence_and_bit_5(controller, sent) -> None:
    assert ask(controller, sent) == b""
    assert ask(controller, b"*ESR?") == COMMAND_ERROR + END
    assert ask(controller, b"*ESR?") == b"000" + END


@pytest.mark.parametrize(
    ("sent", "query"),
    [
        (b"SETP 1,400.1", b"SETP? 1"),
        (b"SETP 1,-1", b"SETP? 1"),
        (b"RANGE 1,4", b"RANGE? 1"),
        (b"RANGE 1,1.5", b"RANGE? 1"),
        (b"RANGE 3,2", b"RANGE? 3"),
        (b"PID 1,0,20,0", b"PID? 1"),
        (b"PID 1,50,1001,0", b"PID? 1"),
        (b"PID 1,60,30,201", b"PID? 1"),
        (b"RAMP 1,1,0.05", b"RAMP? 1"),
        (b"RAMP 1,1,101", b"RAMP? 1"),
        (b"RAMP 1,2,10", b"RAMP? 1"),
        (b"OUTMODE 1,4,1,0", b"OUTMODE? 1"),
        (b"OUTMODE 1,1,5,0", b"OUTMODE? 1"),
        (b"MOUT 1,101", b"MOUT? 1"),
        (b"MOUT 1,-1", b"MOUT? 1"),
        (b"INTYPE A,9,0,0,0,1", b"INTYPE? A"),
        (b"INTYPE A,1,0,2,0,1", b"INTYPE? A"),
        (b"INTYPE A,1,0,0,0,4", b"INTYPE? A"),
    ],
)
def test_a_value_out_of_range_changes_nothing_and_sets_bit_4(controller, sent, query) -> None:
    before = ask(controller, query)
    assert ask(controller, sent) == b""
    assert ask(controller, b"*ESR?") == EXECUTION_ERROR + END
    assert ask(controller, query) == before


@pytest.mark.parametrize("sent", [b"KRDG? E", b"SETP? 5", b"HTR? 3", b"AOUT? 1", b"HTRST? 4", b"SETP 0,20"])
def test_an_input_or_output_that_is_not_there_meets_silence_and_bit_4(controller, sent) -> None:
    assert ask(controller, sent) == b""
    assert ask(controller, b"*ESR?") == EXECUTION_ERROR + END


def test_both_bits_gather_until_they_are_read_or_cleared(controller) -> None:
    ask(controller, b"FOO")
    ask(controller, b"SETP 1,999")
    assert ask(controller, b"*ESR?") == b"048" + END
    ask(controller, b"FOO")
    ask(controller, b"*CLS")
    assert ask(controller, b"*ESR?") == b"000" + END


def test_opc_sets_bit_0(controller) -> None:
    assert ask(controller, b"*OPC") == b""
    assert ask(controller, b"*ESR?") == b"001" + END


def test_commands_joined_by_semicolons_are_answered_in_one_line(controller) -> None:
    assert ask(controller, b"SETP 1,20.5;SETP? 1;FOO; RANGE? 1 ;*ESR?") == b"+20.5000;0;032" + END


def test_a_set_with_its_register_in_the_same_line_as_the_maker_does_it(controller) -> None:
    assert ask(controller, b"SETP 1,500;*ESR?") == EXECUTION_ERROR + END


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_lf_and_crlf_end_a_command(controller, end) -> None:
    assert controller.receive(b"RANGE? 1" + end) == b"0\r\n"


def test_small_letters_and_blanks_do_not_matter(controller) -> None:
    assert ask(controller, b"  krdg?   a ") == b"+4.20000" + END
    ask(controller, b"setp 1 , 20.5")
    assert ask(controller, b"SETP?1") == b"+20.5000" + END


def test_a_command_may_come_byte_by_byte(controller) -> None:
    replies = [controller.receive(bytes([byte])) for byte in b"RANGE? 1\n\nRANGE? 2\n"]
    assert [reply for reply in replies if reply] == [b"0\r\n", b"0\r\n"]


def test_several_lines_at_once_are_answered_one_by_one(controller) -> None:
    assert controller.receive(b"RANGE? 1\nFOO\nHTR? 1\nSETP") == b"0\r\n+0.0\r\n"
    assert controller.receive(b"? 1\n") == b"+0.0000\r\n"


def test_a_line_longer_than_the_input_buffer_is_lost_whole(controller) -> None:
    for _ in range(3):
        controller.receive(b"RANGE? 1;" * 40)
    assert controller.receive(b"\n") == b""
    assert ask(controller, b"*ESR?;RANGE? 1") == b"032;0" + END


def test_half_a_command_is_forgotten_when_the_connection_ends(controller) -> None:
    controller.receive(b"KRD")
    controller.hang_up()
    assert ask(controller, b"RANGE? 1;*ESR?") == b"0;000" + END


def test_celsius_and_sensor_units_of_an_input_go_for_its_setpoint(controller) -> None:
    ask(controller, b"SETP 1,77.35")
    ask(controller, b"INTYPE A,1,0,0,0,2")
    assert ask(controller, b"SETP? 1") == b"-195.800" + END
    ask(controller, b"SETP 1,-173.15")
    ask(controller, b"INTYPE A,1,0,0,0,3")
    assert ask(controller, b"SETP? 1") == b"+0.98700" + END  # a DT-670 at 100 K
    ask(controller, b"SETP 1,1.0276")
    ask(controller, b"INTYPE A,1,0,0,0,1")
    assert ask(controller, b"SETP? 1") == b"+77.3500" + END


@pytest.mark.parametrize(
    ("wiring", "status"),
    [("open", b"128"), ("short", b"064")],  # RDGST? bits 7, units overrange, and 6, units zero
)
def test_a_broken_wire_reads_zero_with_its_status_bit(controller, wiring, status) -> None:
    controller.instrument.inputs["A"].wiring = wiring
    assert ask(controller, b"KRDG? A;CRDG? A;SRDG? A;RDGST? A") == b"+0.0000;+0.0000;+0.0000;" + status + END


def test_a_temperature_below_the_curve_reads_zero_with_bit_4(controller) -> None:
    ask(controller, b"INTYPE A,2,1,0,1,1")  # platinum begins at 30 K
    assert ask(controller, b"KRDG? A;RDGST? A") == b"+0.0000;016" + END


def test_a_temperature_above_the_curve_reads_zero_with_bit_5() -> None:
    controller = LakeShore336.cooling(450.0, noise_k=0)  # the NTC ends at 420 K
    assert ask(controller, b"KRDG? B;RDGST? B") == b"+0.0000;032" + END
    assert ask(controller, b"KRDG? A;RDGST? A") == b"+450.000;000" + END


def test_an_open_heater_trips_when_it_is_switched_on_and_says_so_once(controller) -> None:
    controller.instrument.outputs[1].load = "open"
    ask(controller, b"SETP 1,20;RANGE 1,3")
    controller.advance(0.1)
    assert ask(controller, b"RANGE? 1;HTR? 1;HTRST? 1;HTRST? 1") == b"0;+0.0;1;0" + END


def test_a_power_cycle_keeps_settings_and_switches_off_what_is_not_told_to_stay_on() -> None:
    controller = LakeShore336.controlling(77.0, noise_k=0)
    ask(controller, b"RANGE 2,1;OUTMODE 2,1,2,1")
    controller.power_cycle()
    assert ask(controller, b"*ESR?;RANGE? 1;RANGE? 2;SETP? 1") == b"128;0;1;+77.0000" + END


def test_commands_that_come_too_soon_are_answered_and_counted(controller) -> None:
    for gap_s in (0.05, 0.0499, 0.2, 0.0):
        controller.advance(gap_s)
        assert ask(controller, b"RANGE? 1")
    assert (controller.manners.commands, controller.manners.too_fast) == (4, 2)


def test_noise_comes_from_the_seed_once_a_conversion() -> None:
    one, same, other = (LakeShore336(seed=seed, noise_k=0.01) for seed in (1, 1, 2))
    readings = []
    for controller in (one, same, other):
        first = [ask(controller, b"KRDG? A") for _ in range(2)]
        controller.advance(0.1)
        readings.append([*first, ask(controller, b"KRDG? A")])
    assert readings[0] == readings[1] != readings[2]
    assert readings[0][0] == readings[0][1] != readings[0][2]
    assert all(abs(float(reading) - 4.2) < 0.05 for reading in readings[0])
