"""The Pfeiffer TPG 262: its dialogue as the operating manual has it, and its vacuum by its time constant."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import serial
from hypothesis import given
from hypothesis import strategies as st
from mktl_simulators.serve import PtyServer
from mktl_simulators.tpg262 import Tpg262
from mktl_simulators.tpg262.gauges import CMR, Gauge
from mktl_simulators.vacuum import Vacuum

ACK, NAK, ENQ, ETX = b"\x06\r\n", b"\x15\r\n", b"\x05", b"\x03"


@pytest.fixture
def tpg() -> Tpg262:
    return Tpg262.pumping(noise=0)


def ask(tpg: Tpg262, command: str) -> str:
    """What ENQ fetches after a mnemonic that is acknowledged."""
    assert tpg.receive(command.encode() + b"\r") == ACK
    return fetch(tpg)


def fetch(tpg: Tpg262) -> str:
    return tpg.receive(ENQ).removesuffix(b"\r\n").decode()


# -- the vacuum


def test_the_chamber_falls_to_its_base_pressure_by_its_time_constant() -> None:
    vacuum = Vacuum()
    vacuum.advance(600.0)
    assert vacuum.chamber_mbar == pytest.approx(2e-7 + (8e-5 - 2e-7) / math.e)
    vacuum.advance(86400.0)
    assert vacuum.chamber_mbar == pytest.approx(2e-7)


def test_two_steps_of_time_are_as_one_of_both() -> None:
    once, twice = Vacuum(), Vacuum()
    once.advance(700.0)
    twice.advance(300.0)
    twice.advance(400.0)
    assert once.chamber_mbar == pytest.approx(twice.chamber_mbar)


def test_a_vented_chamber_stays_at_the_pressure_of_the_air() -> None:
    vacuum = Vacuum()
    vacuum.vent()
    vacuum.advance(3600.0)
    assert vacuum.chamber_mbar == vacuum.foreline_mbar == 1013.25


# -- the handshake


def test_a_mnemonic_is_acknowledged_and_its_data_fetched_by_enq(tpg) -> None:
    assert tpg.receive(b"PR1\r") == ACK
    assert tpg.receive(ENQ) == b"0,8.0000E-05\r\n"


def test_each_enq_fetches_a_new_measurement(tpg) -> None:
    assert ask(tpg, "PR1") == "0,8.0000E-05"
    tpg.advance(600.0)
    # 2.0e-7 + 7.98e-5/e is 2.9557e-5: two decimals of a logarithmic gauge, then two zeros.
    assert fetch(tpg) == "0,2.9600E-05"


def test_bytes_may_come_one_by_one_with_blanks_in_small_letters_and_with_lf(tpg) -> None:
    assert b"".join(tpg.receive(bytes([byte])) for byte in b" p r 2 \r\n") == ACK
    assert fetch(tpg) == "0,2.4000E-02"


def test_etx_clears_what_was_typed(tpg) -> None:
    assert tpg.receive(b"SYNT" + ETX + b"UNI\r") == ACK
    assert fetch(tpg) == "0"


def test_several_exchanges_in_one_write_are_answered_in_their_order(tpg) -> None:
    assert tpg.receive(b"PR2\r\x05TID\r\x05") == ACK + b"0,2.4000E-02\r\n" + ACK + b"PKR,TPR\r\n"


@pytest.mark.parametrize(
    ("command", "data"),
    [
        ("PRX", "0,8.0000E-05,0,2.4000E-02"),
        ("UNI", "0"),
        ("SEN", "2,0"),
        ("TID", "PKR,TPR"),
        ("SP1", "0,1.0000E-06,2.0000E-06"),
        ("SP4", "1,5.0000E-01,1.0000E+00"),
        ("SPS", "0,0,1,1"),
        ("PNR", "302-510-D"),
        ("ERR", "0000"),
    ],
)
def test_each_mnemonic_has_its_data(tpg, command, data) -> None:
    assert ask(tpg, command) == data


@pytest.mark.parametrize(
    ("command", "word"),
    [
        ("FOL,1", "0001"),
        ("", "0001"),
        ("PR3", "0001"),
        ("PR1,1", "0001"),
        ("UNI,1,2", "0001"),
        ("SEN,1", "0001"),
        ("UNI,3", "0010"),
        ("UNI,x", "0010"),
        ("SEN,3,0", "0010"),
        ("COM,3", "0010"),
        ("SP1,2,1E-5,2E-5", "0010"),
        ("SP1,0,2E-5,1E-5", "0010"),
        ("SP1,0,nan,1E-5", "0010"),
        ("SP1,0,1_0,20", "0010"),
        ("X" * 500, "0001"),
    ],
)
def test_what_is_refused_gets_nak_then_the_error_word_once_and_changes_nothing(tpg, command, word) -> None:
    settings = ("UNI", "SEN", "SP1", "SPS")
    before = [ask(tpg, query) for query in settings]
    assert tpg.receive(command.encode() + b"\r") == NAK
    assert [fetch(tpg), fetch(tpg)] == [word, "0000"]
    assert [ask(tpg, query) for query in settings] == before


def test_the_error_word_gathers_mistakes_until_err_reads_it(tpg) -> None:
    tpg.receive(b"FOL\rUNI,7\r")
    tpg.errors[0] = True  # one of the controller itself
    assert ask(tpg, "ERR") == "1011"
    assert ask(tpg, "ERR") == "0000"


@given(st.binary())
def test_nothing_that_comes_breaks_it(data) -> None:
    tpg = Tpg262(noise=0)
    tpg.receive(data)
    tpg.advance(1.0)
    tpg.receive(ETX)
    assert tpg.receive(b"TID\r\x05").endswith(b"PKR,TPR\r\n")


# -- units, gauges, switching functions


@pytest.mark.parametrize(
    ("unit", "foreline", "low"), [(1, "1.8000E-02", "7.5006E-07"), (2, "2.4000E+00", "1.0000E-04")]
)
def test_all_pressures_are_told_in_the_unit_in_use(tpg, unit, foreline, low) -> None:
    assert ask(tpg, f"UNI,{unit}") == str(unit)
    # 1 mbar is 100 Pa and 0.750062 Torr.
    assert ask(tpg, "PR2") == f"0,{foreline}"
    assert ask(tpg, "SP1").split(",")[1] == low


def test_a_gauge_that_can_be_switched_is_switched(tpg) -> None:
    assert ask(tpg, "SEN,1,1") == "1,0"
    assert ask(tpg, "PR1").startswith("4,")
    assert ask(tpg, "SEN,0,0") == "1,0"
    assert ask(tpg, "SEN,2,0") == "2,0"
    assert ask(tpg, "PRX") == "0,8.0000E-05,0,2.4000E-02"


def test_pressures_out_of_range_say_so() -> None:
    tpg = Tpg262.vented(noise=0)
    assert ask(tpg, "PRX") == "2,1.0000E+03,2,1.0000E+03"
    tpg.instrument.vacuum.foreline_mbar = 1e-4
    assert ask(tpg, "PR2") == "1,5.0000E-04"


def test_faults_of_a_gauge_have_a_status_each(tpg) -> None:
    gauges = tpg.instrument.gauges
    gauges[0].is_broken = True
    gauges[1].is_identified = False
    assert ask(tpg, "PRX") == "3,2.0000E-2,6,2.0000E-2"
    assert ask(tpg, "TID") == "PKR,noid"
    gauges[1].kind = None
    assert ask(tpg, "PR2") == "5,2.0000E-2"  # as the manual prints it, with one digit
    assert ask(tpg, "TID") == "PKR,noSEn"


def test_a_linear_gauge_gives_four_decimals(tpg) -> None:
    tpg.instrument.gauges[1] = Gauge(CMR)
    tpg.instrument.vacuum.foreline_mbar = 12.3456
    assert ask(tpg, "PR2") == "0,1.2346E+01"


def test_a_switching_function_closes_below_its_lower_threshold_and_opens_above_the_upper_one(tpg) -> None:
    assert ask(tpg, "SP2,0,0.00001,2.0E-5") == "0,1.0000E-05,2.0000E-05"
    for mbar, closed in ((1.5e-5, "0"), (0.9e-5, "1"), (1.5e-5, "1"), (2.1e-5, "0")):
        tpg.instrument.vacuum.chamber_mbar = mbar
        tpg.advance(0.0)
        assert ask(tpg, "SPS").split(",")[1] == closed


def test_noise_comes_from_the_seed_and_has_its_size() -> None:
    def readings(seed: int) -> list[float]:
        tpg = Tpg262(seed=seed, noise=0.02)
        return [float(ask(tpg, "PR2")[2:]) for _ in range(200)]

    assert readings(1) == readings(1) != readings(2)
    mean = sum(readings(1)) / 200
    scatter = math.sqrt(sum((value / mean - 1) ** 2 for value in readings(1)) / 199)
    assert mean == pytest.approx(2.4e-2, rel=0.01)
    assert scatter == pytest.approx(0.02, rel=0.2)


# -- what it says by itself


def test_from_power_up_on_it_streams_each_second_until_the_first_byte(tpg) -> None:
    tpg.advance(2.5)
    assert len(tpg.unasked().splitlines()) == 2
    assert tpg.unasked() == b""
    tpg.advance(0.5)
    # 2e-7 + 7.98e-5 * exp(-3/600)
    assert tpg.unasked() == b"0,7.9600E-05,0,2.4000E-02\r\n"
    tpg.receive(ETX)
    tpg.advance(10.0)
    assert tpg.unasked() == b""
    tpg.power_up()
    tpg.advance(1.0)
    assert tpg.unasked().startswith(b"0,")


@pytest.mark.parametrize(("mode", "period_s"), [("", 1.0), (",0", 0.1), (",1", 1.0), (",2", 60.0)])
def test_com_streams_with_its_period_until_a_byte_comes(tpg, mode, period_s) -> None:
    tpg.receive(ETX)
    assert tpg.receive(f"COM{mode}\r\n".encode()) == ACK
    tpg.advance(3.001 * period_s)
    assert len(tpg.unasked().splitlines()) == 3
    assert ask(tpg, "TID") == "PKR,TPR"
    tpg.advance(3 * period_s)
    assert tpg.unasked() == b""


def test_what_it_says_by_itself_comes_through_a_terminal(tpg, tmp_path: Path) -> None:
    with (
        PtyServer(tpg, link_path=tmp_path / "tpg", speed=0) as server,
        serial.Serial(server.url, 9600, timeout=10.0) as line,
    ):
        server.advance(1.0)
        server.nudge()
        assert line.read_until(b"\r\n") == b"0,7.9900E-05,0,2.4000E-02\r\n"
        line.write(b"TID\r")
        assert line.read_until(b"\r\n") == ACK
        line.write(ENQ)
        assert line.read_until(b"\r\n") == b"PKR,TPR\r\n"


def test_a_stream_that_nobody_reads_does_not_pile_up(tpg, tmp_path: Path) -> None:
    with PtyServer(tpg, link_path=tmp_path / "tpg", speed=0) as server:
        for _ in range(50):
            server.advance(100.0)  # 135 kB in all
            server.nudge()
        with serial.Serial(server.url, 9600, timeout=10.0) as line:  # it flushes what it finds
            line.write(b"TID\r")
            got = line.read_until(ACK)
        # What a terminal keeps, and no more than one of the pieces that waited for it.
        assert len(got) < 8192
        assert server.failure is None


def test_a_fault_takes_a_line_of_the_stream(tpg, tmp_path: Path) -> None:
    with (
        PtyServer(tpg, link_path=tmp_path / "tpg", speed=0) as server,
        serial.Serial(server.url, 9600, timeout=10.0) as line,
    ):
        server.faults.lose_next_reply()
        for _ in range(2):
            server.advance(1.0)
            server.nudge()
        # 2e-7 + 7.98e-5 * exp(-2/600): the second line
        assert line.read_until(b"\r\n") == b"0,7.9700E-05,0,2.4000E-02\r\n"
