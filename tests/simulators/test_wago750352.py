"""The WAGO 750-352 by its process image, its registers and its watchdog."""

from __future__ import annotations

import statistics

import pytest
from mktl_simulators.modbus import ModbusException
from mktl_simulators.modbus.pdu import answer
from mktl_simulators.wago750352 import Wago750352
from mktl_simulators.wago750352.field import volts_of, word_of

TIME, MASK, TRIGGER, LEAST_LEFT, STOP_MASK, STATE, RESTART, STOP, ALTERNATIVE = (
    0x1000, 0x1001, 0x1003, 0x1004, 0x1005, 0x1006, 0x1007, 0x1008, 0x100A,
)  # fmt: skip
OFF, RUNNING, FIRED = 0, 1, 2


@pytest.fixture
def node() -> Wago750352:
    return Wago750352.powered_up(noise_v=0.0)


def word(node: Wago750352, address: int) -> int:
    return node.read("holding", address, 1)[0]


def write(node: Wago750352, address: int, value: int) -> None:
    node.write("holding", address, [value])


def state(node: Wago750352) -> int:
    """Of the watchdog, without being heard by it."""
    return word(node, STATE)


def code_of(node: Wago750352, table: str, address: int, values: list[int]) -> int:
    with pytest.raises(ModbusException) as caught:
        node.write(table, address, values)  # type: ignore[arg-type]
    return caught.value.code


# -- the process image


def test_words_of_analog_inputs_come_before_the_packed_bits(node) -> None:
    node.field.digital_wires.clear()
    node.field.outside_on[:] = [True, False, False, True, False, False, False, True]
    node.field.outside_v[2:] = [2.5, 10.0]
    assert node.read("input", 0, 5) == node.read("holding", 0, 5) == [0, 0, word_of(2.5), 0x7FF0, 0x89]
    assert node.read("discrete", 0, 8) == node.read("coils", 0, 8) == [1, 0, 0, 1, 0, 0, 0, 1]


def test_outputs_are_written_at_0_and_read_back_at_0x200(node) -> None:
    node.write("holding", 0, [0x7FF0, 0x4000, 0x00A5])
    assert node.read("holding", 0x200, 3) == [0x7FF0, 0x4000, 0x00A5]
    assert node.read("coils", 0x200, 8) == [1, 0, 1, 0, 0, 1, 0, 1]
    node.write("coils", 1, [1, 0])
    assert word(node, 0x202) == 0xA3


def test_outputs_are_also_written_at_0x200(node) -> None:
    node.write("coils", 0x207, [1])
    node.write("holding", 0x201, [0x1000])
    assert node.read("holding", 0x200, 3) == [0, 0x1000, 0x80]


def test_outputs_are_wired_to_the_inputs_of_their_number(node) -> None:
    node.write("holding", 0, [0x2000, 0x7FF0, 0x00F0])
    assert node.read("input", 0, 5) == [0x2000, 0x7FF0, 0, 0, 0xF0]
    node.field.digital_wires.remove(7)
    node.field.analog_wires.remove(0)
    assert node.read("input", 0, 5) == [0, 0x7FF0, 0, 0, 0x70]


def test_an_input_is_read_in_the_steps_of_its_converter(node) -> None:
    write(node, 0, 0x2007)
    assert word(node, 0) == 0x2000
    assert word(node, 0x200) == 0x2007
    write(node, 0, 0xFFFF)  # -1: there is no voltage below zero
    assert word(node, 0) == 0


@pytest.mark.parametrize("volts", [0.0, 0.005, 2.5, 9.99, 10.0])
def test_words_and_volts_are_inverse_to_a_step(volts) -> None:
    assert volts_of(word_of(volts)) == pytest.approx(volts, abs=10 / 2047 / 2)


@pytest.mark.parametrize(
    ("table", "address", "count"),
    [("input", 0, 6), ("input", 5, 1), ("holding", 0x203, 1), ("coils", 8, 1), ("discrete", 0x200, 9),
     ("holding", 0x100C, 1), ("holding", 0x1026, 1), ("holding", 0x2009, 1)],
)  # fmt: skip
def test_beyond_the_modules_is_exception_2(node, table, address, count) -> None:
    with pytest.raises(ModbusException) as caught:
        node.read(table, address, count)
    assert caught.value.code == 2


def test_a_write_beyond_the_modules_changes_nothing(node) -> None:
    assert code_of(node, "holding", 1, [1, 2, 3]) == 2
    assert code_of(node, "coils", 7, [1, 1]) == 2
    assert node.read("holding", 0x200, 3) == [0, 0, 0]


def test_more_than_100_words_or_800_bits_are_exception_3(node) -> None:
    assert code_of(node, "holding", 0, [0] * 101) == 3
    assert code_of(node, "coils", 0, [0] * 801) == 3


def test_a_mask_write_changes_bits_of_an_output_word(node) -> None:
    write(node, 2, 0x0012)
    # The example of the protocol's section 6.16: 0x12, masks 0xF2 and 0x25, comes to 0x17.
    assert answer(node, bytes.fromhex("16 0002 00F2 0025")) == bytes.fromhex("16 0002 00F2 0025")
    assert word(node, 0x202) == 0x17


def test_noise_is_that_of_the_seed(node) -> None:
    one, same = (Wago750352(seed=3, noise_v=0.02) for _ in range(2))
    for each in (one, same):
        write(each, 0, word_of(5.0))
    readings = [volts_of(word(one, 0)) for _ in range(300)]
    assert readings == [volts_of(word(same, 0)) for _ in range(300)]
    assert statistics.stdev(readings) == pytest.approx(0.02, rel=0.15)


# -- what the coupler tells of itself


def test_it_tells_what_it_is_and_what_is_plugged_in(node) -> None:
    assert node.read("holding", 0x2010, 3)[1:] == [750, 352]
    assert node.read("holding", 0x1022, 4) == [32, 64, 8, 8]  # bits of AO, AI, DO, DI
    assert node.read("holding", 0x2030, 6) == [352, 459, 550, 0x8801, 0x8802, 0]
    assert len(node.read("holding", 0x2030, 65)) == 65
    assert node.read("holding", 0x2031, 64) == [0] * 64  # modules 65 to 128: another list, not the next word
    assert node.read("holding", 0x2000, 5) == [0x0000, 0xFFFF, 0x1234, 0xAAAA, 0x5555]
    assert node.read("holding", 0x1020, 2) == [0, 0]


def test_it_counts_messages_and_what_was_wrong_with_them(node) -> None:
    for request in ("03 0000 0001", "03 0009 0001", "07", "10 0000 0065 CA" + "0000" * 101):
        answer(node, bytes.fromhex(request))
    counters = node.read("holding", 0x1029, 9)
    assert (counters[3], counters[4], counters[5], counters[8]) == (1, 1, 1, 4)
    write(node, 0x1029, 0xAA55)
    assert node.read("holding", 0x1029, 9) == [0] * 9


# -- the watchdog


def test_it_is_off_until_it_is_triggered(node) -> None:
    write(node, 0, 0x4000)
    node.advance(1e6)
    assert (state(node), word(node, 0x200)) == (OFF, 0x4000)


def test_it_takes_the_outputs_away_when_nobody_speaks(node) -> None:
    node.write("holding", 0, [0x4000, 0x2000, 0xFF])
    write(node, TIME, 20)  # 2.0 s
    write(node, TRIGGER, 1)
    node.advance(1.9)
    assert (state(node), word(node, 0x200)) == (RUNNING, 0x4000)
    node.advance(0.2)
    assert (state(node), node.read("holding", 0x200, 3)) == (FIRED, [0, 0, 0])


def test_after_it_has_fired_outputs_are_refused_until_it_is_restarted(node) -> None:
    write(node, TRIGGER, 1)
    node.advance(11.0)
    assert code_of(node, "coils", 0, [1]) == code_of(node, "holding", 0, [1]) == 4
    write(node, RESTART, 1)
    node.write("coils", 0, [1])
    assert (state(node), word(node, 0x202)) == (RUNNING, 1)


@pytest.mark.parametrize(
    "stop", [[(STOP, 0xAA55)], [(STOP, 0x55AA)], [(STOP_MASK, 0xAAAA), (STOP_MASK, 0x5555)]]
)
def test_it_is_stopped_by_its_words_fired_or_not(node, stop) -> None:
    for wait_s in (0.0, 20.0):
        write(node, TRIGGER, word(node, TRIGGER) + 1)
        node.advance(wait_s)
        for address, value in stop:
            write(node, address, value)
        assert state(node) == OFF
    node.write("coils", 0, [1])


def test_other_words_do_not_stop_it(node) -> None:
    assert code_of(node, "holding", STOP, [0x1234]) == 3


def test_only_a_change_of_the_trigger_is_one(node) -> None:
    write(node, TRIGGER, 7)
    node.advance(9.0)
    write(node, TRIGGER, 7)
    node.advance(2.0)
    assert state(node) == FIRED


def test_every_function_in_the_mask_is_a_sign_of_life(node) -> None:
    write(node, MASK, 1 << 2)  # function 3 only
    write(node, TRIGGER, 1)
    for _ in range(3):
        node.advance(6.0)
        answer(node, bytes.fromhex("03 0000 0001"))
    assert state(node) == RUNNING
    for _ in range(2):
        node.advance(6.0)
        answer(node, bytes.fromhex("04 0000 0001"))
    assert state(node) == FIRED


def test_time_and_mask_stand_while_it_runs(node) -> None:
    write(node, TRIGGER, 1)
    assert code_of(node, "holding", TIME, [5]) == code_of(node, "holding", MASK, [0]) == 3
    assert word(node, TIME) == 100


def test_it_does_not_start_without_a_time(node) -> None:
    write(node, TIME, 0)
    write(node, TRIGGER, 1)
    assert state(node) == OFF


def test_it_remembers_how_close_it_came(node) -> None:
    assert word(node, LEAST_LEFT) == 0xFFFF
    write(node, TRIGGER, 1)
    for wait_s, value in ((7.0, 2), (1.0, 3)):
        node.advance(wait_s)
        write(node, TRIGGER, value)
    assert word(node, LEAST_LEFT) == 30


def test_the_alternative_one_hears_everything_and_begins_again_by_itself(node) -> None:
    write(node, TIME, 10)
    write(node, ALTERNATIVE, 1)
    node.write("coils", 0, [1])
    request = bytes.fromhex("01 0200 0001")
    answer(node, request)
    assert state(node) == RUNNING
    node.advance(1.1)
    assert (state(node), word(node, 0x202)) == (FIRED, 0)
    answer(node, bytes.fromhex("05 0000 FF00"))
    assert (state(node), word(node, 0x202)) == (RUNNING, 1)
    write(node, STOP, 0xAA55)
    answer(node, request)
    assert state(node) == OFF


def test_named_states_are_what_they_say() -> None:
    node = Wago750352.working(noise_v=0.0)
    assert [round(volts_of(value), 1) for value in node.read("holding", 0x200, 2)] == [2.5, 5.0]
    assert (word(node, 0x202), state(node)) == (0x55, RUNNING)
