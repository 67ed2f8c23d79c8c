"""The Newport SMC100: its dialogue as the user's manual has it, its states, and its moves by their times."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mktl_simulators.bus import Bus
from mktl_simulators.smc100 import Smc100
from mktl_simulators.smc100.errors import TEXTS

END = b"\r\n"


@pytest.fixture
def smc() -> Smc100:
    return Smc100.ready(noise_mm=0)


def ask(device: Smc100 | Bus, command: str) -> str:
    """The reply without its end; nothing where there is none."""
    return device.receive(command.encode() + END).removesuffix(END).decode()


def state(smc: Smc100) -> str:
    reply = ask(smc, "1TS")
    assert reply.startswith("1TS0000")
    return reply[-2:]


# -- moves


def test_ten_millimetres_at_one_a_second_take_ten_seconds_and_end_exactly_there(smc) -> None:
    smc.stage.start_delay_s = 0.0
    smc.stage.axis.acceleration = 1e9  # no time for the ramps
    assert ask(smc, "1PA10") == ""
    assert state(smc) == "28"
    smc.advance(9.999)
    assert state(smc) == "28"
    assert ask(smc, "1TP") == "1TP9.999"
    smc.advance(0.0011)
    assert (state(smc), ask(smc, "1TP"), ask(smc, "1TH")) == ("33", "1TP10", "1TH10")


def test_a_slower_move_takes_longer_and_the_ramps_take_theirs(smc) -> None:
    ask(smc, "1VA0.4")
    ask(smc, "1AC0.8")
    ask(smc, "1PA-4")
    # the delay at the start, 4 mm / 0.4 mm/s, and 0.4 mm/s / 0.8 mm/s^2
    smc.advance(0.02 + 10.0 + 0.5 - 0.01)
    assert state(smc) == "28"
    smc.advance(0.02)
    assert (state(smc), ask(smc, "1TP")) == ("33", "1TP-4")


def test_it_says_that_it_is_ready_for_a_moment_after_the_command(smc) -> None:
    ask(smc, "1PA5.25")
    assert (state(smc), ask(smc, "1TP"), ask(smc, "1PA?")) == ("32", "1TP0", "1PA5.25")
    smc.advance(0.03)
    assert state(smc) == "28"


def test_relative_moves_go_from_where_it_stands(smc) -> None:
    for _ in range(3):
        ask(smc, "1PR-0.5")
        smc.advance(10.0)
    assert ask(smc, "1TP") == "1TP-1.5"


def test_a_stop_slows_down_and_leaves_it_ready() -> None:
    smc = Smc100.moving(noise_mm=0)
    before = float(ask(smc, "1TH")[3:])
    ask(smc, "1ST")
    assert state(smc) == "28"
    smc.advance(1.0)
    assert state(smc) == "33"
    # v^2 / 2a at 1 mm/s and 4 mm/s^2
    assert float(ask(smc, "1TH")[3:]) == pytest.approx(before + 0.125, abs=1e-6)


def test_homing_takes_two_seconds_and_ends_at_0() -> None:
    smc = Smc100.not_referenced(noise_mm=0)
    smc.stage.axis.position = 7.0
    assert state(smc) == "0A"
    ask(smc, "1OR")
    assert state(smc) == "1E"
    smc.advance(1.0)
    assert (state(smc), ask(smc, "1TP")) == ("1E", "1TP3.5")
    smc.advance(1.0)
    assert (state(smc), ask(smc, "1TP"), ask(smc, "1TE")) == ("32", "1TP0", "1TE@")


def test_noise_is_of_the_encoder_and_comes_from_the_seed() -> None:
    readings = [ask(Smc100.ready(3.0, seed=seed, noise_mm=0.01), "1TP") for seed in (1, 1, 2)]
    assert readings[0] == readings[1] != readings[2]
    assert ask(Smc100.ready(3.0, noise_mm=0.01), "1TH") == "1TH3"


# -- states


def test_disabled_and_enabled_again(smc) -> None:
    ask(smc, "1MM0")
    assert state(smc) == "3C"
    ask(smc, "1PA1")
    assert ask(smc, "1TE") == "1TEJ"
    ask(smc, "1MM1")
    assert state(smc) == "34"


def test_disabled_on_its_way_it_stands_at_once() -> None:
    smc = Smc100.moving(noise_mm=0)
    ask(smc, "1MM0")
    at = ask(smc, "1TP")
    smc.advance(5.0)
    assert (state(smc), ask(smc, "1TP")) == ("3D", at)


def test_a_reset_is_silent_at_first_and_loses_the_reference(smc) -> None:
    ask(smc, "1VA0.5")
    ask(smc, "1RS")
    assert ask(smc, "1TS") == ""
    smc.advance(2.0)
    assert (state(smc), ask(smc, "1VA?")) == ("0A", "1VA1")


def test_a_following_error_takes_the_reference_and_shows_in_the_positioner_error() -> None:
    smc = Smc100.moving(noise_mm=0)
    smc.stage.lose_its_way()
    assert ask(smc, "1TS") == "1TS00200F"
    smc.advance(1.0)
    ask(smc, "1RS")
    smc.advance(2.0)
    assert state(smc) == "0A"


def test_the_configuration_is_entered_and_left_while_not_referenced(smc) -> None:
    ask(smc, "1PW1")
    assert ask(smc, "1TE") == "1TEK"
    smc = Smc100(noise_mm=0)
    ask(smc, "1PW1")
    assert (state(smc), ask(smc, "1PW?")) == ("14", "1PW1")
    ask(smc, "1OR")
    assert ask(smc, "1TE") == "1TEI"
    ask(smc, "1PW0")
    assert state(smc) == "0C"


# -- the dialogue


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("1TP", "1TP0"),
        ("1TH", "1TH0"),
        ("1TS", "1TS000032"),
        ("1VA?", "1VA1"),
        ("1AC?", "1AC4"),
        ("1SL?", "1SL-25"),
        ("1SR?", "1SR25"),
        ("1TE", "1TE@"),
        ("1TB", "1TB@ No error"),
        ("1TBG", "1TBG Displacement out of limits"),
        (" 1 t p ", "1TP0"),
        ("1TP and whatever follows", "1TP0"),
        ("", ""),
    ],
)
def test_each_query_has_its_reply(smc, command, reply) -> None:
    assert ask(smc, command) == reply


@pytest.mark.parametrize(
    ("command", "query", "reply"),
    [
        ("1VA0.2", "1VA?", "1VA0.2"),
        ("1AC 1.5", "1AC?", "1AC1.5"),
        ("1SL-12.5", "1SL?", "1SL-12.5"),
        ("1SR1.25E1", "1SR?", "1SR12.5"),
    ],
)
def test_a_set_is_answered_by_nothing_and_read_back(smc, command, query, reply) -> None:
    assert ask(smc, command) == ""
    assert (ask(smc, query), ask(smc, "1TE")) == (reply, "1TE@")


@pytest.mark.parametrize(
    ("command", "letter"),
    [
        ("1XX", "A"),
        ("hello", "B"),
        ("TP", "B"),
        ("32TP", "B"),
        ("0TP", "B"),
        ("1.5TP", "A"),
        ("1PA", "C"),
        ("1PAfar", "C"),
        ("1VA0", "C"),
        ("1VA1.01", "C"),
        ("1AC5", "C"),
        ("1SL1", "C"),
        ("1SR-1", "C"),
        ("1MM2", "C"),
        ("1TB?", "C"),
        ("1PA25.001", "G"),
        ("1PR-26", "G"),
        ("1OR", "K"),
        ("1MM1", "K"),
    ],
)
def test_what_is_refused_has_its_letter_once_and_changes_nothing(smc, command, letter) -> None:
    queries = ("1TS", "1TP", "1VA?", "1AC?", "1SL?", "1SR?", "1PA?")
    before = [ask(smc, query) for query in queries]
    assert ask(smc, command) == ""
    assert ask(smc, "1TB") == f"1TB{letter} {TEXTS[letter]}"
    assert [ask(smc, "1TE"), ask(smc, "1TE")] == [f"1TE{letter}", "1TE@"]
    smc.advance(1.0)
    assert [ask(smc, query) for query in queries] == before


@pytest.mark.parametrize(
    ("prepare", "command", "letter"),
    [([], "1PA1", "H"), (["1OR"], "1PA1", "L"), (["1OR"], "1OR", "E"), (["1PW1"], "1PA1", "I")],
)
def test_a_move_in_the_wrong_state_says_which_state(prepare, command, letter) -> None:
    smc = Smc100.not_referenced(noise_mm=0)
    for line in (*prepare, command):
        assert ask(smc, line) == ""
    assert ask(smc, "1TE") == f"1TE{letter}"


@pytest.mark.parametrize("command", ["1PA1", "1PR1", "1VA0.5", "1OR", "1RS"])
def test_on_its_way_it_takes_only_a_stop_and_a_disable(command) -> None:
    smc = Smc100.moving(noise_mm=0)
    ask(smc, command)
    assert ask(smc, "1TE") == "1TEM"
    assert state(smc) == "28"


@given(
    st.lists(st.one_of(st.binary(max_size=20), st.from_regex(rb"[0-9.]{0,3} ?[A-Z]{2}[-+.0-9E?]{0,6}\r\n")))
)
def test_nothing_that_comes_breaks_it(pieces) -> None:
    smc = Smc100.ready(noise_mm=0)
    for piece in pieces:
        smc.receive(piece)
        smc.advance(0.5)
    smc.advance(5.0)
    smc.receive(b"\r\n1TE\r\n")
    assert smc.receive(b"1TE\r\n") == b"1TE@\r\n"


# -- the chain


def test_controllers_in_a_chain_answer_by_their_addresses() -> None:
    chain = Bus(Smc100(address=1, noise_mm=0), Smc100(address=2, noise_mm=0))
    ask(chain, "2OR")
    assert (ask(chain, "1TS"), ask(chain, "2TS"), ask(chain, "3TS")) == ("1TS00000A", "2TS00001E", "")
    ask(chain, "TP")
    assert (ask(chain, "1TE"), ask(chain, "2TE")) == ("1TEB", "2TE@")
    chain.switch_off(2)
    assert ask(chain, "2TS") == ""


def test_a_stop_without_an_address_stops_all() -> None:
    chain = Bus(*(Smc100(address=address, noise_mm=0) for address in (1, 2)))
    for address in (1, 2):
        ask(chain, f"{address}OR")
    chain.advance(3.0)
    for address in (1, 2):
        ask(chain, f"{address}PA20")
    chain.advance(5.0)
    ask(chain, "ST")
    chain.advance(1.0)
    assert [ask(chain, f"{address}TS")[-2:] for address in (1, 2)] == ["33", "33"]
