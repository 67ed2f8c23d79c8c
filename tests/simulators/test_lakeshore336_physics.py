"""The cryostat obeys its energies, and the controller brings it where it is told."""

from __future__ import annotations

import math
import statistics

import pytest
from mktl_simulators.cryostat import Cryostat
from mktl_simulators.lakeshore336 import LakeShore336


@pytest.fixture
def controller() -> LakeShore336:
    return LakeShore336.cold(noise_k=0)


def ask(controller: LakeShore336, line: bytes) -> list[float]:
    return [
        float(number) for number in controller.receive(line + b"\n").decode().replace(";", ",").split(",")
    ]


def test_what_a_heater_gives_is_kept_when_nothing_leaks() -> None:
    cryostat = Cryostat(bath_w_per_k=0.0)
    cryostat.advance(100.0, stage_w=2.0, sample_w=1.0)
    stored_j = 5.0 * (cryostat.stage_k - 4.2) + 1.0 * (cryostat.sample_k - 4.2)
    assert stored_j == pytest.approx(300.0, rel=1e-9)


def test_constant_power_ends_where_the_leak_equals_it() -> None:
    cryostat = Cryostat()
    cryostat.advance(3600.0, stage_w=7.0)
    assert cryostat.stage_k == pytest.approx(4.2 + 7.0 / 0.07, abs=1e-3)
    assert cryostat.sample_k == pytest.approx(cryostat.stage_k, abs=1e-3)


def test_a_pair_of_masses_cools_with_the_slow_time_constant_of_the_two() -> None:
    # Eigenvalues of [[-(gs+gb)/C, gs/C], [gs/c, -gs/c]] with C 5, c 1, gs 0.1, gb 0.07, by hand.
    half, product = (0.17 / 5 + 0.1) / 2, 0.1 * 0.07 / 5
    slow_s = 1 / (half - math.sqrt(half**2 - product))
    cryostat = Cryostat(stage_k=100.0, sample_k=100.0)
    cryostat.advance(300.0)
    before_k = cryostat.stage_k - 4.2
    cryostat.advance(slow_s)
    assert (cryostat.stage_k - 4.2) / before_k == pytest.approx(math.exp(-1), rel=1e-3)


def test_time_may_pass_in_pieces_of_any_size() -> None:
    pieces, whole = LakeShore336.cooling(noise_k=0), LakeShore336.cooling(noise_k=0)
    for _ in range(1000):
        pieces.advance(0.037)
    whole.advance(37.0)
    assert pieces.instrument.cryostat.stage_k == pytest.approx(whole.instrument.cryostat.stage_k, rel=1e-9)


def test_nothing_heats_while_the_range_is_off(controller) -> None:
    ask_nothing = controller.receive(b"SETP 1,300\n")
    controller.advance(600.0)
    assert ask_nothing == b""
    assert ask(controller, b"KRDG? A;HTR? 1") == [4.2, 0.0]


def test_full_power_heats_a_cold_stage_by_its_heat_capacity(controller) -> None:
    controller.receive(b"SETP 1,300;RANGE 1,3\n")
    controller.advance(0.5)
    heated_k = ask(controller, b"KRDG? A")[0] - 4.2
    assert heated_k == pytest.approx(25.0 / 5.0 * 0.5, rel=0.05)  # the leak takes 2 %
    assert ask(controller, b"HTR? 1") == [100.0]


@pytest.mark.parametrize(("range_", "watts"), [(1, 0.25), (2, 2.5), (3, 25.0)])
def test_a_range_is_a_decade_of_25_watts(controller, range_, watts) -> None:
    controller.receive(b"OUTMODE 1,3,1,0;MOUT 1,40;RANGE 1,%d\n" % range_)
    controller.advance(3600.0)
    assert ask(controller, b"HTR? 1") == [40.0]
    assert ask(controller, b"KRDG? A")[0] == pytest.approx(4.2 + 0.4 * watts / 0.07, rel=1e-3)


def test_output_2_heats_the_sample(controller) -> None:
    controller.receive(b"SETP 2,20;RANGE 2,3\n")
    controller.advance(600.0)
    stage_k, sample_k = ask(controller, b"KRDG? A;KRDG? B")
    assert sample_k == pytest.approx(20.0, abs=0.01)
    # The same power flows through both links: 0.1 W/K to the stage, 0.07 W/K to the bath.
    assert stage_k == pytest.approx(4.2 + (20.0 - 4.2) * 0.1 / 0.17, abs=0.05)


@pytest.mark.parametrize("setpoint_k", [10.0, 77.0, 300.0])
def test_the_loop_settles_at_its_setpoint_within_ten_minutes(controller, setpoint_k) -> None:
    controller.receive(b"SETP 1,%.1f;RANGE 1,3\n" % setpoint_k)
    controller.advance(600.0)
    readings = []
    for _ in range(60):
        controller.advance(1.0)
        readings += ask(controller, b"KRDG? A")
    assert readings == pytest.approx([setpoint_k] * 60, abs=0.01)
    assert ask(controller, b"HTR? 1")[0] == pytest.approx((setpoint_k - 4.2) * 0.07 / 25 * 100, abs=0.1)


def test_the_integral_does_not_wind_up_on_the_way(controller) -> None:
    controller.receive(b"SETP 1,300;RANGE 1,3\n")
    hottest_k = 0.0
    for _ in range(1200):
        controller.advance(1.0)
        hottest_k = max(hottest_k, controller.instrument.cryostat.stage_k)
    assert hottest_k < 300.5


def test_a_setpoint_beyond_the_heater_ends_at_full_power(controller) -> None:
    controller.receive(b"SETP 1,400;RANGE 1,3\n")
    controller.advance(3600.0)
    assert ask(controller, b"HTR? 1") == [100.0]
    assert ask(controller, b"KRDG? A")[0] == pytest.approx(4.2 + 25.0 / 0.07, rel=1e-3)


def test_a_ramp_moves_the_setpoint_linearly_and_stops_at_its_target(controller) -> None:
    controller.receive(b"SETP 1,10;RAMP 1,1,6\n")
    controller.receive(b"SETP 1,16\n")  # 6 K at 6 K/min
    course = []
    for _ in range(7):
        course.append(ask(controller, b"SETP? 1;RAMPST? 1"))
        controller.advance(10.0)
    assert [setpoint for setpoint, _ in course] == pytest.approx([10, 11, 12, 13, 14, 15, 16], abs=1e-4)
    assert [ramping for _, ramping in course] == [1, 1, 1, 1, 1, 1, 0]


def test_a_ramp_goes_down_too_and_its_end_comes_at_once_when_it_is_switched_off() -> None:
    controller = LakeShore336.controlling(77.0, noise_k=0)
    controller.receive(b"RAMP 1,1,60;SETP 1,50\n")
    controller.advance(10.0)
    assert ask(controller, b"SETP? 1;RAMPST? 1") == pytest.approx([67.0, 1.0], abs=1e-3)
    controller.receive(b"RAMP 1,0,60\n")
    assert ask(controller, b"SETP? 1;RAMPST? 1") == [50.0, 0.0]


def test_the_stage_follows_a_slow_ramp(controller) -> None:
    controller.receive(b"SETP 1,20;RANGE 1,3\n")
    controller.advance(300.0)
    controller.receive(b"RAMP 1,1,3;SETP 1,50\n")
    for _ in range(5):
        controller.advance(60.0)
        setpoint_k, stage_k = ask(controller, b"SETP? 1;KRDG? A")
        assert stage_k == pytest.approx(setpoint_k, abs=0.5)


def test_the_derivative_brakes_earlier() -> None:
    eased_off_k = {}
    for rate in (0, 20):
        fresh = LakeShore336.cold(noise_k=0)
        fresh.receive(b"PID 1,50,20,%d;SETP 1,50;RANGE 1,3\n" % rate)
        fresh.advance(0.2)
        while ask(fresh, b"HTR? 1") == [100.0]:
            fresh.advance(0.1)
        eased_off_k[rate] = ask(fresh, b"KRDG? A")[0]
    # P alone: full power until the error is 100 % / (50 %/K). With D: a quarter of 50 s, of which 20 %, is
    # 2.5 s, and the stage rises by about 4 K/s.
    assert eased_off_k[0] == pytest.approx(48.0, abs=0.5)
    assert eased_off_k[20] == pytest.approx(48.0 - 2.5 * 4.0, abs=1.5)


def test_a_loop_without_a_good_reading_gives_no_power() -> None:
    controller = LakeShore336.controlling(77.0, noise_k=0)
    controller.instrument.inputs["A"].wiring = "open"
    controller.advance(60.0)
    assert ask(controller, b"HTR? 1") == [0.0]
    assert controller.instrument.cryostat.stage_k < 60.0


def test_named_states_are_what_they_say() -> None:
    cold, cooling = LakeShore336.cold(noise_k=0), LakeShore336.cooling(noise_k=0)
    controlling = LakeShore336.controlling(77.0, noise_k=0)
    for controller in (cold, cooling, controlling):
        controller.advance(60.0)
    assert ask(cold, b"KRDG? A;HTR? 1") == [4.2, 0.0]
    assert 100.0 < ask(cooling, b"KRDG? A")[0] < 200.0
    assert ask(controlling, b"KRDG? A;SETP? 1") == pytest.approx([77.0, 77.0], abs=1e-3)
    cooling.advance(1200.0)
    assert ask(cooling, b"KRDG? A")[0] == pytest.approx(4.2, abs=0.05)


def test_readings_have_the_noise_they_are_told_to_have() -> None:
    controller = LakeShore336.cold(seed=3, noise_k=0.01)
    readings = []
    for _ in range(400):
        controller.advance(0.1)
        readings += ask(controller, b"KRDG? A")
    assert statistics.stdev(readings) == pytest.approx(0.01, rel=0.15)
    assert statistics.mean(readings) == pytest.approx(4.2, abs=0.002)
