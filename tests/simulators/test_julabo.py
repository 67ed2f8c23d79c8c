"""The JULABO circulator: its dialogue as the operating manuals have it, and its bath by its rates."""

from __future__ import annotations

import math

import pytest
from mktl_simulators.julabo import Julabo
from mktl_simulators.julabo.bath import Bath

END = b"\r\n"


@pytest.fixture
def bath() -> Julabo:
    return Julabo.standby(noise_k=0)


def ask(bath: Julabo, command: str) -> str:
    """The reply without its end; nothing where there is none."""
    return bath.receive(command.encode() + b"\r").removesuffix(END).decode()


# -- the bath


def test_full_power_heats_by_2_k_and_cools_by_0_8_k_a_minute() -> None:
    for percent, k_per_min in ((100.0, 2.0), (-100.0, -0.8), (-50.0, -0.4)):
        bath = Bath(loss_tau_s=1e12)
        bath.advance(600.0, percent)
        assert bath.temperature_c - 22.0 == pytest.approx(10 * k_per_min, rel=1e-6)


def test_a_bath_left_alone_goes_to_the_room_by_its_time_constant() -> None:
    bath = Bath()
    bath.settle_at(82.0)
    for _ in range(7200):
        bath.advance(1.0, 0.0)
    assert bath.temperature_c == pytest.approx(22 + 60 / math.e, rel=1e-6)


@pytest.mark.parametrize("celsius", [90.0, 5.0])
def test_the_power_to_hold_a_temperature_holds_it(celsius) -> None:
    bath = Bath()
    bath.advance(1e7, bath.power_to_hold(celsius))
    assert bath.temperature_c == pytest.approx(celsius)


def test_the_unit_heats_at_full_power_and_settles_at_its_setpoint(bath) -> None:
    ask(bath, "out_sp_00 42.00")
    ask(bath, "out_mode_05 1")
    bath.advance(300.0)
    # 2 K/min against the loss to the room, and a sensor that is 3 s late.
    warmer_k = 2 / 60 * 7200 * (1 - math.exp(-300 / 7200)) - 3 * 2 / 60
    assert float(ask(bath, "in_pv_00")) == pytest.approx(22 + warmer_k, abs=0.03)
    assert ask(bath, "in_pv_01") == "100"
    bath.advance(3600.0)
    assert ask(bath, "in_pv_00") == "42.00"
    assert int(ask(bath, "in_pv_01")) == round(100 * 20 / 7200 * 60 / 2)


def test_the_unit_cools_with_negative_power(bath) -> None:
    ask(bath, "out_sp_00 10")
    ask(bath, "out_mode_05 1")
    bath.advance(60.0)
    assert ask(bath, "in_pv_01") == "-100"
    bath.advance(3600.0)
    assert ask(bath, "in_pv_00") == "10.00"


def test_the_vessel_outside_follows_the_bath(bath) -> None:
    bath.circulator.hold(50.0)
    bath.circulator.bath.vessel_c = 22.0
    bath.advance(120.0)
    assert float(ask(bath, "in_pv_02")) == pytest.approx(50 - 28 / math.e, abs=0.02)


# -- the dialogue

AT_START = {
    "version": "JULABO FP50_MA VERSION 4.02", "status": "02 REMOTE STOP", "in_pv_00": "22.00",
    "in_pv_01": "0", "in_pv_02": "22.00", "in_pv_03": "22.30", "in_pv_04": "160.00", "in_sp_00": "20.00",
    "in_sp_03": "150.00", "in_sp_04": "-30.00", "in_sp_07": "2", "in_mode_05": "0", "in_par_06": "0.5",
    "in_par_07": "65", "in_par_08": "12",
}  # fmt: skip


@pytest.mark.parametrize("command", AT_START)
def test_each_in_command_is_answered_by_a_line(bath, command) -> None:
    assert bath.receive(command.encode() + b"\r") == AT_START[command].encode() + END


@pytest.mark.parametrize(
    ("command", "query", "reply"),
    [
        ("out_sp_00 55.5", "in_sp_00", "55.50"),
        ("out_sp_00 -12.25", "in_sp_00", "-12.25"),
        ("out_sp_03 90", "in_sp_03", "90.00"),
        ("out_sp_04 5", "in_sp_04", "5.00"),
        ("out_sp_07 4", "in_sp_07", "4"),
        ("out_mode_05 1", "in_mode_05", "1"),
        ("out_par_06 0.4", "in_par_06", "0.4"),
        ("out_par_07 3", "in_par_07", "3"),
        ("out_par_08 999", "in_par_08", "999"),
    ],
)
def test_an_out_command_is_answered_by_nothing_and_read_back(bath, command, query, reply) -> None:
    assert ask(bath, command) == ""
    assert ask(bath, query) == reply
    assert ask(bath, "status").startswith("0")


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("in_pv_99", "-08 INVALID COMMAND"),
        ("hello", "-08 INVALID COMMAND"),
        ("in_pv_00 1", "-08 INVALID COMMAND"),
        ("out_sp_00", "-08 INVALID COMMAND"),
        ("out_sp_00 warm", "-08 INVALID COMMAND"),
        ("out_sp_00 nan", "-08 INVALID COMMAND"),
        ("out_sp_00 -30.01", "-10 VALUE TOO SMALL"),
        ("out_sp_00 200.1", "-11 VALUE TOO LARGE"),
        ("out_sp_00 150.01", "-13 VALUE EXCEEDS TEMPERATURE LIMITS"),
        ("out_sp_07 0", "-10 VALUE TOO SMALL"),
        ("out_sp_07 5", "-11 VALUE TOO LARGE"),
        ("out_mode_05 2", "-11 VALUE TOO LARGE"),
        ("out_par_06 0.05", "-10 VALUE TOO SMALL"),
        ("out_par_06 100", "-11 VALUE TOO LARGE"),
        ("out_par_07 2", "-10 VALUE TOO SMALL"),
        ("out_par_08 1000", "-11 VALUE TOO LARGE"),
        ("x" * 200, "-08 INVALID COMMAND"),
    ],
)
def test_what_is_refused_changes_nothing_and_is_told_once(bath, command, status) -> None:
    before = [ask(bath, query) for query in AT_START if query.startswith("in_")]
    assert ask(bath, command) == ""
    assert ask(bath, "status") == status
    assert ask(bath, "status") == "02 REMOTE STOP"
    assert [ask(bath, query) for query in AT_START if query.startswith("in_")] == before


def test_out_commands_are_for_remote_control_only() -> None:
    bath = Julabo.manual(noise_k=0)
    assert ask(bath, "status") == "00 MANUAL STOP"
    ask(bath, "out_sp_00 30")
    assert ask(bath, "status") == "-09 COMMAND NOT ALLOWED IN CURRENT OPERATING MODE"
    assert ask(bath, "in_sp_00") == "20.00"
    bath.circulator.start(True)
    assert ask(bath, "status") == "01 MANUAL START"


def test_the_status_tells_that_it_runs(bath) -> None:
    ask(bath, "out_mode_05 1")
    assert ask(bath, "status") == "03 REMOTE START"
    ask(bath, "out_mode_05 0")
    assert ask(bath, "status") == "02 REMOTE STOP"


@pytest.mark.parametrize(
    ("fault", "status"), [("level_ok", "-01 LOW LEVEL ALARM"), ("sensor_ok", "-05 WORKING SENSOR ALARM")]
)
def test_an_alarm_stops_the_unit_until_it_is_acknowledged(fault, status) -> None:
    bath = Julabo.tempering(55.0, noise_k=0)
    setattr(bath.circulator, fault, False)
    bath.advance(1.0)
    assert [ask(bath, command) for command in ("status", "in_mode_05", "in_pv_01")] == [status, "0", "0"]
    ask(bath, "out_mode_05 1")
    assert ask(bath, "status") == "-09 COMMAND NOT ALLOWED IN CURRENT OPERATING MODE"
    setattr(bath.circulator, fault, True)
    bath.circulator.acknowledge()
    ask(bath, "out_mode_05 1")
    assert ask(bath, "status") == "03 REMOTE START"


def test_a_bath_beyond_the_excess_limit_is_switched_off() -> None:
    bath = Julabo.tempering(55.0, noise_k=0)
    bath.circulator.excess_limit_c = 50.0
    bath.advance(1.0)
    assert ask(bath, "status") == "-14 EXCESS TEMPERATURE PROTECTOR ALARM"
    assert ask(bath, "in_mode_05") == "0"


def test_warnings_are_told_while_it_runs_on() -> None:
    bath = Julabo.tempering(55.0, noise_k=0)
    ask(bath, "out_sp_03 50")
    assert [ask(bath, command) for command in ("status", "in_mode_05")] == [
        "-03 EXCESS TEMPERATURE WARNING",
        "1",
    ]
    ask(bath, "out_sp_03 90")
    ask(bath, "out_sp_04 60")
    assert ask(bath, "status") == "-04 LOW TEMPERATURE WARNING"


def test_an_external_sensor_that_is_not_fitted_reads_dashes(bath) -> None:
    bath.circulator.external_sensor = False
    assert ask(bath, "in_pv_02") == "---"


def test_on_rs485_it_hears_its_address_only() -> None:
    bath = Julabo(address=32, noise_k=0)
    assert ask(bath, "A032_in_sp_00") == "A032_20.00"
    assert ask(bath, "A033_in_sp_00") == ask(bath, "in_sp_00") == ""
    ask(bath, "A032_out_sp_00 55.5")
    assert ask(bath, "A032_in_sp_00") == "A032_55.50"
    assert ask(bath, "A032_status") == "A032_02 REMOTE STOP"


def test_older_units_end_their_replies_by_lf() -> None:
    assert Julabo(noise_k=0, reply_end=b"\n").receive(b"in_mode_05\r") == b"0\n"


def test_commands_within_a_quarter_of_a_second_are_answered_and_counted(bath) -> None:
    for gap_s in (0.25, 0.2, 1.0, 0.25):
        bath.advance(gap_s)
        assert ask(bath, "in_mode_05") == "0"
    assert (bath.manners.commands, bath.manners.too_fast) == (4, 1)


def test_noise_comes_from_the_seed() -> None:
    readings = [ask(Julabo.standby(seed=seed, noise_k=1.0), "in_pv_00") for seed in (1, 1, 2)]
    assert readings[0] == readings[1] != readings[2]
