"""The Eurotherm 3216 by its register map, and its oven by its time constant."""

from __future__ import annotations

import math
import struct

import pytest
from mktl_simulators.eurotherm3216 import Eurotherm3216
from mktl_simulators.eurotherm3216.oven import Oven
from mktl_simulators.modbus import ModbusException, RtuLine
from mktl_simulators.modbus.framing import crc16

# Bits of register 75.
ALARM_1, ALARM_2, MANUAL, SENSOR_BREAK, LOOP_BREAK, LOW_CURRENT = (1 << bit for bit in (0, 1, 4, 5, 6, 7))
PROGRAM_END, OVER_RANGE, NEW_ALARM, RUNNING, REMOTE_FAILED = (1 << bit for bit in (9, 10, 12, 13, 14))


@pytest.fixture
def unit() -> Eurotherm3216:
    return Eurotherm3216.cold(noise_k=0)


def read(unit: Eurotherm3216, address: int) -> int:
    """One register, signed."""
    (value,) = struct.unpack(">h", struct.pack(">H", unit.read("holding", address, 1)[0]))
    return int(value)


def write(unit: Eurotherm3216, address: int, value: int) -> None:
    unit.write("holding", address, [value & 0xFFFF])


# -- the oven


def test_the_oven_goes_the_way_of_its_time_constant() -> None:
    oven = Oven()
    for _ in range(1200):
        oven.advance(0.25, percent=50.0)
    # 300 s and one time constant: 1 - 1/e of the 300 K that half power gives.
    assert oven.temperature_c == pytest.approx(20 + 300 * (1 - math.exp(-1)), abs=1e-6)


def test_the_power_to_hold_a_temperature_holds_it() -> None:
    oven = Oven()
    percent = oven.power_to_hold(317.0)
    oven.advance(1e6, percent)
    assert oven.temperature_c == pytest.approx(317.0)


def test_manual_output_heats_the_oven_by_its_time_constant(unit) -> None:
    write(unit, 273, 1)
    write(unit, 3, 500)  # 50.0 %
    unit.advance(300.0)
    assert unit.controller.oven.temperature_c == pytest.approx(20 + 300 * (1 - math.exp(-1)), abs=0.5)
    unit.advance(3600.0)
    assert (read(unit, 1), read(unit, 4)) == (3200, 500)
    assert read(unit, 75) & MANUAL


def test_the_loop_settles_at_its_setpoint_and_holds_it_with_the_power_it_takes(unit) -> None:
    write(unit, 2, 2000)
    unit.advance(3600.0)
    course = []
    for _ in range(60):
        unit.advance(5.0)
        course.append(read(unit, 1))
    assert course == pytest.approx([2000] * 60, abs=2)  # 0.2 K
    assert read(unit, 4) == pytest.approx(10 * 100 * (200 - 20) / 600, abs=2)


def test_heating_begins_with_full_power_and_overshoots_little() -> None:
    unit, highest_c = Eurotherm3216.heating(200.0, noise_k=0), 0.0
    unit.advance(0.25)
    assert read(unit, 4) == 1000
    for _ in range(3600):
        unit.advance(1.0)
        highest_c = max(highest_c, unit.controller.reading_c)
    assert 200.0 < highest_c < 220.0  # within the proportional band


def test_time_may_pass_in_pieces_of_any_size() -> None:
    pieces, whole = Eurotherm3216.heating(noise_k=0), Eurotherm3216.heating(noise_k=0)
    for _ in range(1000):
        pieces.advance(0.037)
    whole.advance(37.0)
    assert pieces.controller.reading_c == pytest.approx(whole.controller.reading_c, rel=1e-9)


# -- the register map, HA028651 section 15.5

AT_START = {
    1: 200, 2: 200, 3: 0, 4: 0, 5: 200, 6: 200, 7: 0, 8: 360, 9: 60, 11: 0, 12: 8000, 13: 7000, 14: 500,
    15: 0, 23: 0, 24: 200, 25: 200, 26: 200, 35: 0, 75: 0, 79: 0, 80: 0, 81: 0, 82: 0, 87: 0, 107: 0x0214,
    131: 1, 199: 0, 273: 0, 276: 0,
}  # fmt: skip


@pytest.mark.parametrize("address", AT_START)
def test_each_register_tells_its_state_to_functions_3_and_4(unit, address) -> None:
    assert unit.read("holding", address, 1) == unit.read("input", address, 1) == [AT_START[address]]


@pytest.mark.parametrize("address", [0, 10, 40, 76, 1000, 65535])
def test_what_is_not_in_the_map_is_exception_2(unit, address) -> None:
    for attempt in (lambda: read(unit, address), lambda: write(unit, address, 0)):
        with pytest.raises(ModbusException) as caught:
            attempt()
        assert caught.value.code == 2


def test_a_block_over_a_hole_is_exception_2(unit) -> None:
    assert len(unit.read("holding", 1, 9)) == 9
    with pytest.raises(ModbusException):
        unit.read("holding", 1, 10)


@pytest.mark.parametrize("address", [1, 4, 5, 11, 12, 75, 80, 107, 131])
def test_what_is_only_read_is_not_written(unit, address) -> None:
    with pytest.raises(ModbusException) as caught:
        write(unit, address, 1)
    assert caught.value.code == 2


@pytest.mark.parametrize(
    ("address", "value"),
    [(2, 8001), (2, -1), (24, 8001), (26, 9000), (3, 1001), (6, 0), (7, 2), (8, -1), (15, 2), (23, 4),
     (199, 3), (276, 2)],
)  # fmt: skip
def test_a_value_out_of_range_is_exception_3_and_changes_nothing(unit, address, value) -> None:
    before = read(unit, address)
    with pytest.raises(ModbusException) as caught:
        write(unit, address, value)
    assert caught.value.code == 3
    assert read(unit, address) == before


@pytest.mark.parametrize(
    ("address", "value"),
    [(2, 1505), (6, 305), (7, 1), (8, 0), (9, 9999), (13, -500), (82, 6500), (15, 1), (24, 1000), (25, 900),
     (26, 777), (35, 50), (199, 1), (273, 1), (276, 1)],
)  # fmt: skip
def test_a_value_that_is_written_is_read_back(unit, address, value) -> None:
    write(unit, address, value)
    assert read(unit, address) == value


def test_several_registers_are_written_all_or_none(unit) -> None:
    unit.write("holding", 24, [1000, 900])
    with pytest.raises(ModbusException):
        unit.write("holding", 24, [500, 9000])
    assert unit.read("holding", 24, 2) == [1000, 900]


def test_a_reading_below_zero_is_a_negative_word(unit) -> None:
    unit.controller.oven.room_c = -30.0
    unit.controller.oven.settle_at(-25.5)
    unit.controller.setpoints_c[0] = 0.0
    unit.controller.mode = 1  # standby
    unit.advance(0.25)
    assert read(unit, 1) == -255


# -- setpoints


def test_the_target_is_the_chosen_setpoint(unit) -> None:
    unit.write("holding", 24, [1000, 1500])
    write(unit, 15, 1)
    assert read(unit, 2) == 1500
    write(unit, 2, 1600)
    assert unit.read("holding", 24, 2) == [1000, 1600]


def test_writes_that_wear_the_memory_are_counted(unit) -> None:
    for value in range(10):
        write(unit, 26, value)
    assert unit.controller.setpoint_writes == 0
    write(unit, 2, 1000)
    unit.write("holding", 24, [1000, 1500])
    assert unit.controller.setpoint_writes == 3


def test_a_remote_setpoint_that_is_not_refreshed_fails_and_the_local_one_takes_over(unit) -> None:
    write(unit, 24, 300)
    write(unit, 276, 1)
    for _ in range(5):
        write(unit, 26, 1000)
        unit.advance(4.0)
    assert (read(unit, 5), read(unit, 75) & REMOTE_FAILED) == (1000, 0)
    unit.advance(2.0)
    assert (read(unit, 5), read(unit, 75) & REMOTE_FAILED) == (300, REMOTE_FAILED)
    write(unit, 26, 1000)
    unit.advance(0.25)
    assert (read(unit, 5), read(unit, 75) & REMOTE_FAILED) == (1000, 0)


def test_a_rate_limit_moves_the_working_setpoint_linearly(unit) -> None:
    write(unit, 35, 60)  # 6.0 K/min
    write(unit, 2, 260)  # from 20 °C
    course = []
    for _ in range(4):
        unit.advance(20.0)
        course.append((read(unit, 5), bool(read(unit, 75) & RUNNING)))
    assert course == [(220, True), (240, True), (260, False), (260, False)]


# -- modes, alarms, faults


def test_standby_takes_the_power_away(unit) -> None:
    unit.controller.hold(200.0)
    write(unit, 199, 1)
    unit.advance(60.0)
    assert read(unit, 4) == 0
    assert read(unit, 1) < 1900


def test_going_to_manual_and_back_does_not_jump(unit) -> None:
    unit.controller.hold(200.0)
    write(unit, 273, 1)
    unit.advance(10.0)
    assert read(unit, 3) == read(unit, 4) == 300
    write(unit, 273, 0)
    unit.advance(0.25)
    assert read(unit, 4) == pytest.approx(300, abs=2)


def test_alarms_come_go_and_are_new_until_they_are_acknowledged(unit) -> None:
    unit.controller.hold(200.0)
    write(unit, 13, 1900)  # alarm 1, full scale high
    unit.advance(0.25)
    assert read(unit, 75) == ALARM_1 | NEW_ALARM
    write(unit, 274, 1)
    assert read(unit, 75) == ALARM_1
    write(unit, 13, 2005)  # within the hysteresis of 1 K
    unit.advance(0.25)
    assert read(unit, 75) == ALARM_1
    write(unit, 13, 2015)
    unit.advance(0.25)
    assert read(unit, 75) == 0


def test_a_deviation_alarm_is_about_the_setpoint(unit) -> None:
    unit.controller.hold(200.0)
    write(unit, 2, 1400)  # alarm 2 comes 50 K above it
    unit.advance(0.25)
    assert read(unit, 75) & ALARM_2


def test_a_broken_sensor_takes_the_power_away_and_says_so(unit) -> None:
    unit.controller.hold(200.0)
    unit.controller.sensor_break = True
    unit.advance(0.25)
    assert read(unit, 75) & (SENSOR_BREAK | OVER_RANGE) == SENSOR_BREAK | OVER_RANGE
    assert read(unit, 4) == 0
    unit.controller.sensor_break = False
    unit.advance(1.0)
    assert read(unit, 75) & SENSOR_BREAK == 0
    assert read(unit, 1) == pytest.approx(2000, abs=20)


def test_a_broken_heater_draws_no_current_and_breaks_the_loop(unit) -> None:
    unit.controller.hold(200.0)
    assert read(unit, 80) == 85
    unit.controller.oven.heater = False
    unit.advance(1.0)
    assert (read(unit, 80), read(unit, 75) & LOW_CURRENT) == (0, LOW_CURRENT)
    unit.advance(3600.0)
    assert read(unit, 75) & LOOP_BREAK


def test_the_timer_runs_holds_and_ends(unit) -> None:
    unit.controller.dwell_s = 60.0
    write(unit, 23, 1)
    unit.advance(40.0)
    write(unit, 23, 2)
    unit.advance(100.0)
    assert (read(unit, 23), read(unit, 75)) == (2, 0)
    write(unit, 23, 1)
    assert read(unit, 75) == RUNNING
    unit.advance(20.0)
    assert (read(unit, 23), read(unit, 75)) == (3, PROGRAM_END)


def test_noise_comes_from_the_seed() -> None:
    readings = []
    for seed in (1, 1, 2):
        unit = Eurotherm3216.holding(200.0, seed=seed, noise_k=1.0)
        for _ in range(3):
            unit.advance(0.25)
            readings.append(read(unit, 1))
    assert readings[:3] == readings[3:6] != readings[6:]


def test_two_units_share_a_line_and_answer_for_themselves() -> None:
    line = RtuLine({1: Eurotherm3216.holding(200.0, noise_k=0), 2: Eurotherm3216.cold(noise_k=0)})
    for unit, tenths in ((1, 2000), (2, 200)):
        request = struct.pack(">BBHH", unit, 3, 1, 1)
        answer = struct.pack(">BBBH", unit, 3, 2, tenths)
        assert line.receive(request + crc16(request).to_bytes(2, "little")) == answer + crc16(
            answer
        ).to_bytes(2, "little")
