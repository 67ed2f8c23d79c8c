"""The MKS 937B: messages as its instruction manual has them, its gauges and relays by their pressures."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mktl_simulators.mks937b import Mks937b, Pair
from mktl_simulators.mks937b.gauges import BY_CONTROL, BY_REAR_PANEL, DEGAS_S, WARM_UP_S
from mktl_simulators.mks937b.refusals import TEXTS

#: 1 mbar is 0.750062 Torr.
TORR = 0.750062


@pytest.fixture
def unit() -> Mks937b:
    return Mks937b.pumping(noise=0)


def ask(unit: Mks937b, message: str) -> str:
    """What follows ACK."""
    frame = unit.receive(f"@001{message};FF".encode()).decode()
    assert frame.startswith("@001ACK"), frame
    assert frame.endswith(";FF")
    return frame[len("@001ACK") : -len(";FF")]


def at_torr(unit: Mks937b, torr: float) -> Mks937b:
    """The chamber held there, long enough for gauges and relays to follow."""
    unit.controller.vacuum.pumping = False
    unit.controller.vacuum.chamber_mbar = torr / TORR
    unit.advance(WARM_UP_S + 1.0)
    return unit


# -- frames


def test_a_query_and_a_set_in_the_form_of_the_manual() -> None:
    unit = Mks937b(address=3, noise=0)
    at_torr(unit, 7.602e1)
    assert unit.receive(b"@003PR3?;FF") == b"@003ACK7.602E+1;FF"
    assert unit.receive(b"@003SP5!2.0E-3;FF") == b"@003ACK2.0E-3;FF"
    assert unit.receive(b"@003HELLO?;FF") == b"@003NAK160;FF"


def test_a_frame_may_come_in_pieces_and_its_end_is_three_bytes(unit) -> None:
    replies = [unit.receive(bytes([byte])) for byte in b"@001CP1!OFF;FF"]
    assert replies == [b""] * 13 + [b"@001ACKOFF;FF"]


def test_what_stands_before_the_address_is_not_heard(unit) -> None:
    assert unit.receive(b"\x00\xff@00@001U?;FF") == b"@001ACKTORR;FF"


def test_other_addresses_are_met_with_silence_any_unit_with_an_answer_all_with_none(unit) -> None:
    assert unit.receive(b"@002PR1?;FF") == b""
    assert unit.receive(b"@254U?;FF") == b"@001ACKTORR;FF"
    assert unit.receive(b"@255U!PASCAL;FF") == b""
    assert ask(unit, "U?") == "PASCAL"


def test_a_new_address_counts_from_the_next_message_on(unit) -> None:
    assert ask(unit, "AD!007") == "007"
    assert unit.receive(b"@001AD?;FF") == b""
    assert unit.receive(b"@007AD?;FF") == b"@007ACK007;FF"


messages = st.from_regex(rb"@00[12][A-Z]{1,3}[0-9]{0,2}[?!][-+.0-9EA-Z]{0,6};FF", fullmatch=True)


@given(st.lists(st.one_of(st.binary(max_size=20), messages), max_size=8))
def test_nothing_that_comes_breaks_it(pieces) -> None:
    unit = Mks937b(noise=0)
    for piece in pieces:
        unit.receive(piece)
        unit.advance(1.0)
    own = unit.address
    unit.receive(b";FF")
    assert unit.receive(f"@{own:03d}AD?;FF".encode()) == f"@{own:03d}ACK{own:03d};FF".encode()


# -- pressures


def test_all_six_channels_at_once_by_blanks(unit) -> None:
    # 8e-5 mbar in the chamber is below what the Pirani can tell; 2.4e-2 mbar in the foreline.
    assert ask(unit, "PRZ?") == "6.000E-5 NOGAUGE LO<E-04 1.800E-2 6.000E-5 NOGAUGE"


@pytest.mark.parametrize(
    ("torr", "readings"),
    [
        (5e-12, ["LO<E-10", "LO<E-04", "LO<E-11"]),
        (5e-11, ["LO<E-10", "LO<E-04", "5.000E-11"]),
        (2e-3, ["2.000E-3", "2.000E-3", "2.000E-3"]),
        (6e-3, ["PROT_OFF", "6.000E-3", "PROT_OFF"]),
        (760.0, ["PROT_OFF", "ATM", "PROT_OFF"]),
    ],
)
def test_each_gauge_reads_within_its_range_and_has_a_word_beyond_it(unit, torr, readings) -> None:
    at_torr(unit, torr)
    assert [ask(unit, f"PR{channel}?") for channel in (1, 3, 5)] == readings


@pytest.mark.parametrize(
    ("name", "factor"), [("TORR", 1.0), ("MBAR", 1 / TORR), ("PASCAL", 100 / TORR), ("MICRON", 1000.0)]
)
def test_pressures_and_setpoints_are_told_in_the_unit_in_use(unit, name, factor) -> None:
    assert ask(unit, f"U!{name}") == name
    assert float(ask(unit, "PR4?")) == pytest.approx(2.4e-2 * TORR * factor, rel=1e-3)
    assert float(ask(unit, "SP1?")) == pytest.approx(1e-3 * factor, rel=1e-2)
    ask(unit, f"SP1!{0.5 * factor}")
    ask(unit, "U!TORR")
    assert ask(unit, "SP1?") == "5.0E-1"


def test_the_combination_takes_the_gauge_that_measures(unit) -> None:
    assert ask(unit, "PC1?") == "6.000E-5"
    assert ask(at_torr(unit, 2.0), "PC1?") == "2.000E+0"


def test_noise_comes_from_the_seed() -> None:
    readings = [ask(Mks937b(seed=seed, noise=0.05), "PR4?") for seed in (1, 1, 2)]
    assert readings[0] == readings[1] != readings[2]


def test_the_chamber_is_pumped_by_its_time_constant(unit) -> None:
    unit.advance(600.0)
    assert float(ask(unit, "PR1?")) == pytest.approx((2e-7 + 7.98e-5 / math.e) * TORR, rel=1e-3)


# -- gauges


def test_an_ion_gauge_is_switched_off_and_warms_up_when_it_is_on_again(unit) -> None:
    assert (ask(unit, "CP1!OFF"), ask(unit, "PR1?"), ask(unit, "T1?")) == ("OFF", "OFF", "O")
    assert (ask(unit, "CP1!ON"), ask(unit, "PR1?"), ask(unit, "T1?")) == ("ON", "WAIT", "W")
    unit.advance(WARM_UP_S)
    assert (ask(unit, "T1?"), ask(unit, "CP1?")) == ("G", "ON")
    assert float(ask(unit, "PR1?")) == pytest.approx(6e-5, rel=0.02)


def test_switched_on_in_the_air_an_ion_gauge_protects_itself() -> None:
    unit = Mks937b.vented(noise=0)
    assert [ask(unit, "PR1?"), ask(unit, "T1?"), ask(unit, "CP1?")] == ["PROT_OFF", "P", "OFF"]
    ask(unit, "CP1!ON")
    unit.advance(0.1)
    assert ask(unit, "PR1?") == "PROT_OFF"
    assert ask(unit, "PRO1!0") == "DISABLE"
    ask(unit, "CP1!ON")
    unit.advance(WARM_UP_S)
    assert ask(unit, "PR1?") == "1.000E-2"  # the end of its range


def test_faults_of_a_gauge_have_a_word_and_a_letter_each(unit) -> None:
    gauges = unit.controller.gauges
    gauges[1].emits = False
    gauges[5].switch_off(BY_REAR_PANEL)
    gauges[3].is_connected = False
    assert [ask(unit, f"PR{channel}?") for channel in (1, 5, 3)] == ["LowEmis", "RP_OFF", "MISCONN"]
    assert [ask(unit, f"T{channel}?") for channel in (1, 5, 2)] == ["H", "R", "N"]
    gauges[5].switch_off(BY_CONTROL)
    assert (ask(unit, "PR5?"), ask(unit, "T5?")) == ("CTRL_OFF", "C")


def test_a_hot_cathode_is_degassed_for_a_while_in_a_good_vacuum() -> None:
    unit = Mks937b.pumped(noise=0)
    assert (ask(unit, "DG1!ON"), ask(unit, "T1?")) == ("ON", "D")
    unit.advance(DEGAS_S)
    assert (ask(unit, "DG1?"), ask(unit, "T1?")) == ("OFF", "G")


# -- relays


def test_a_relay_closes_below_its_setpoint_and_opens_above_its_hysteresis(unit) -> None:
    assert [ask(unit, "SP1!2.0E-3"), ask(unit, "SH1?")] == ["2.0E-3", "2.2E-3"]
    assert ask(unit, "SH1!3.0E-3") == "3.0E-3"
    assert (ask(unit, "SD1?"), ask(unit, "EN1!ENABLE")) == ("BELOW", "ENABLE")
    for torr, state in ((2.5e-3, "SET"), (3.1e-3, "CLEAR"), (2.5e-3, "CLEAR"), (1.9e-3, "SET")):
        at_torr(unit, torr)
        assert (torr, ask(unit, "SS1?")) == (torr, state)


def test_a_relay_of_a_pirani_may_look_the_other_way(unit) -> None:
    assert ask(unit, "SD5!ABOVE") == "ABOVE"
    ask(unit, "SP5!1.0E1")
    ask(unit, "EN5!ENABLE")
    for torr, state in ((9.0, "CLEAR"), (11.0, "SET"), (9.5, "SET"), (9.0, "CLEAR"), (760.0, "SET")):
        at_torr(unit, torr)
        assert (torr, ask(unit, "SS5?")) == (torr, state)


def test_a_relay_is_held_whatever_the_pressure_is(unit) -> None:
    for enable, state in (("SET", "SET"), ("CLEAR", "CLEAR")):
        ask(unit, f"EN7!{enable}")
        assert ask(unit, "SS7?") == state


# -- the rest


def test_what_it_says_of_itself(unit) -> None:
    said = {message: ask(unit, message) for message in ("MD?", "SN?", "MT?", "FV1?", "LOCK?", "SEM?")}
    assert said == {
        "MD?": "937B", "SN?": "1012345678", "MT?": "HC,PR,CC,NA", "FV1?": "1.30", "LOCK?": "OFF",
        "SEM?": "CODE",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("HELLO1?", 160),
        ("PR?", 160),
        ("PR1", 175),
        ("PR1!1", 175),
        ("", 175),
        ("PR0?", 163),
        ("PR7?", 163),
        ("SP13?", 163),
        ("CP2!ON", 151),
        ("SP3?", 151),
        ("T3?", 152),
        ("DG5!ON", 153),
        ("DG1!OFF", 168),
        ("DG1!ON", 199),
        ("CP1!HALF", 169),
        ("U!BAR", 169),
        ("SP1!low", 169),
        ("SP1!nan", 169),
        ("EN1!ON", 169),
        ("AD!254", 169),
        ("SP1!0", 172),
        ("SH1!1.0E-3", 172),
        ("PRO1!1", 172),
        ("SD1!ABOVE", 162),
        ("PC2?", 181),
    ],
)
def test_what_is_refused_has_its_code_or_its_words_and_changes_nothing(unit, message, code) -> None:
    queries = ("SP1?", "SH1?", "SD1?", "EN1?", "CP1?", "U?", "AD?", "PRO1?", "T1?")
    before = [ask(unit, query) for query in queries]
    assert unit.receive(f"@001{message};FF".encode()) == f"@001NAK{code};FF".encode()
    ask(unit, "SEM!TXT")
    assert unit.receive(f"@001{message};FF".encode()) == f"@001NAK{TEXTS[code]};FF".encode()
    assert [ask(unit, query) for query in queries] == before


def test_a_locked_unit_takes_no_sets_until_it_is_unlocked(unit) -> None:
    ask(unit, "LOCK!ON")
    assert unit.receive(b"@001CP1!OFF;FF") == b"@001NAK161;FF"
    assert ask(unit, "CP1?") == "ON"
    ask(unit, "LOCK!OFF")
    assert ask(unit, "CP1!OFF") == "OFF"


def test_two_units_share_a_line() -> None:
    pair = Pair(noise=0)
    assert pair.receive(b"@001PR1?;FF@002PR1?;FF") == b"@001ACK6.000E-5;FF@002ACK1.500E-7;FF"
    pair.receive(b"@002CP1!OFF;FF")
    pair.switch_off(1)
    assert pair.receive(b"@001PR1?;FF") == b""
    assert pair.receive(b"@002PR1?;FF") == b"@002ACKOFF;FF"
