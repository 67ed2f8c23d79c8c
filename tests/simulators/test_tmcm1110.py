"""The Trinamic TMCM-1110: frames of the TMCL firmware manual, and its motion by the TMC429's units."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mktl_simulators.tmcm1110 import Tmcm1110
from mktl_simulators.tmcm1110.frames import LENGTH, Command, Reply, checksum

# Numbers of commands.
ROR, ROL, MST, MVP, SAP, GAP, SGP, GGP, RFS, SIO, GIO = 1, 2, 3, 4, 5, 6, 9, 10, 13, 14, 15
ABSOLUTE, RELATIVE = 0, 1
OK = 100

byte = st.integers(0, 255)
int32 = st.integers(-(2**31), 2**31 - 1)
commands = st.builds(Command, byte, byte, byte, byte, int32)


@pytest.fixture
def module() -> Tmcm1110:
    return Tmcm1110.resting()


def send(module: Tmcm1110, number: int, kind: int = 0, value: int = 0, *, motor: int = 0) -> Reply:
    """The reply to one command, whose form is looked at."""
    frame = module.receive(Command(1, number, kind, motor, value).pack())
    assert len(frame) == LENGTH
    assert frame[-1] == checksum(frame[:-1])
    reply = Reply.unpack(frame)
    assert (reply.host, reply.module, reply.number) == (2, 1, number)
    return reply


def get(module: Tmcm1110, parameter: int) -> int:
    reply = send(module, GAP, parameter)
    assert reply.status == OK
    return reply.value


# -- frames


def test_the_frames_of_the_manual() -> None:
    assert Tmcm1110().receive(bytes.fromhex("010A420000000000 4D")) == bytes.fromhex("0201640A0000000172")
    assert Command(1, SAP, 1, 0, -5000).pack()[4:8] == bytes.fromhex("FFFFEC78")


@given(commands)
def test_a_command_packed_is_the_command_unpacked(command) -> None:
    assert Command.unpack(command.pack()) == command
    assert len(command.pack()) == LENGTH


@given(st.builds(Reply, byte, byte, byte, byte, int32))
def test_a_reply_packed_is_the_reply_unpacked(reply) -> None:
    assert Reply.unpack(reply.pack()) == reply


@given(st.lists(st.one_of(st.binary(max_size=30), commands.map(Command.pack)), max_size=8), st.floats(0, 10))
def test_nothing_that_comes_breaks_it(pieces, dt_s) -> None:
    module = Tmcm1110()
    for piece in pieces:
        for at in range(len(answer := module.receive(piece)) // LENGTH):
            assert len(answer[at * LENGTH : (at + 1) * LENGTH]) == LENGTH
        module.advance(dt_s)
    module.advance(1.0)
    address = module.globals[66]
    assert len(module.receive(Command(address, GAP, 1, 0, 0).pack())) == LENGTH


def test_a_frame_may_come_in_pieces(module) -> None:
    frame = Command(1, GAP, 1, 0, 0).pack()
    assert module.receive(frame[:4]) == b""
    module.advance(0.05)
    assert len(module.receive(frame[4:])) == LENGTH


def test_half_a_frame_is_forgotten_after_a_silence(module) -> None:
    module.receive(b"\x01\x06\x01")
    module.advance(0.2)
    assert get(module, 1) == 0


def test_several_frames_at_once_are_answered_in_their_order(module) -> None:
    frames = [Command(1, GAP, kind, 0, 0).pack() for kind in (4, 5)]
    answer = module.receive(b"".join(frames))
    assert [Reply.unpack(answer[at : at + LENGTH]).value for at in (0, LENGTH)] == [1000, 500]


def test_another_address_is_met_with_silence(module) -> None:
    assert module.receive(Command(2, GAP, 1, 0, 0).pack()) == b""
    assert get(module, 1) == 0


def test_a_wrong_checksum_has_status_1_and_changes_nothing(module) -> None:
    frame = bytearray(Command(1, MVP, ABSOLUTE, 0, 1000).pack())
    frame[-1] ^= 1
    assert Reply.unpack(module.receive(bytes(frame))).status == 1
    module.advance(10.0)
    assert get(module, 1) == 0


@pytest.mark.parametrize(
    ("number", "kind", "motor", "value", "status"),
    [
        (77, 0, 0, 0, 2),
        (GAP, 100, 0, 0, 3),
        (SAP, 3, 0, 100, 3),  # the actual speed can only be read
        (MVP, 7, 0, 100, 3),
        (RFS, 9, 0, 0, 3),
        (SAP, 4, 0, 2048, 4),
        (SAP, 6, 0, 256, 4),
        (SAP, 140, 0, 9, 4),
        (SAP, 4, 0, -1, 4),
        (ROR, 0, 0, 2048, 4),
        (MVP, ABSOLUTE, 0, 1 << 23, 4),
        (GAP, 1, 1, 0, 4),  # a second motor
        (SGP, 66, 0, 0, 4),
        (SGP, 200, 0, 0, 3),
        (GGP, 56, 2, 0, 3),
        (SIO, 5, 2, 1, 3),
        (SIO, 0, 2, 2, 4),
        (GIO, 4, 0, 0, 3),
        (136, 5, 0, 0, 3),
    ],
)  # fmt: skip
def test_what_is_refused_has_its_status_and_changes_nothing(
    module, number, kind, motor, value, status
) -> None:
    before = [get(module, parameter) for parameter in (0, 1, 4, 6, 140)]
    assert send(module, number, kind, value, motor=motor).status == status
    assert [get(module, parameter) for parameter in (0, 1, 4, 6, 140)] == before


def test_the_version_comes_as_text_in_a_frame_of_its_own_form_and_as_a_number(module) -> None:
    # The host's address and eight characters, without status and checksum: manual, command 136.
    assert module.receive(Command(1, 136, 0, 0, 0).pack()) == b"\x021110V109"
    assert send(module, 136, 1).value == 1110 << 16 | 0x0109


# -- motion: 16 MHz * v / (2^3 * 2048 * 32) microsteps/s, (16 MHz)^2 * a / 2^(3 + 7 + 29) microsteps/s^2

SPEED_1000 = 16e6 * 1000 / (8 * 2048 * 32)
ACCELERATION_500 = 16e6**2 * 500 / 2**39


def test_a_move_takes_its_time_and_ends_exactly_at_the_target(module) -> None:
    way = 10 * SPEED_1000
    target = round(way)
    assert send(module, MVP, ABSOLUTE, target).value == target
    takes_s = target / SPEED_1000 + SPEED_1000 / ACCELERATION_500
    module.advance(5.0)
    assert (get(module, 3), get(module, 8)) == (1000, 0)
    assert get(module, 1) == pytest.approx(5 * SPEED_1000 - SPEED_1000**2 / ACCELERATION_500 / 2, abs=1)
    module.advance(takes_s - 5.001)
    assert get(module, 8) == 0
    module.advance(0.002)
    assert [get(module, parameter) for parameter in (0, 1, 3, 8)] == [target, target, 0, 1]


def test_relative_moves_add_up(module) -> None:
    for _ in range(3):
        send(module, MVP, RELATIVE, -5000)
        module.advance(10.0)
    assert get(module, 1) == -15000


def test_ror_and_rol_turn_until_mst(module) -> None:
    send(module, ROR, value=500)
    module.advance(1.0)
    assert (get(module, 2), get(module, 3)) == (500, 500)
    send(module, ROL, value=250)
    module.advance(1.0)
    assert get(module, 3) == -250
    send(module, MST)
    send(module, SAP, 4, 2000)  # a new top speed sets nothing in motion again
    module.advance(10.0)
    at = get(module, 1)
    module.advance(10.0)
    assert (get(module, 3), get(module, 1)) == (0, at)


def test_a_new_top_speed_counts_from_now_on(module) -> None:
    send(module, MVP, ABSOLUTE, 400_000)
    module.advance(1.0)
    send(module, SAP, 4, 100)
    module.advance(1.0)
    assert get(module, 3) == 100
    module.advance(200.0)
    assert get(module, 1) == 400_000


def test_limit_switches_stop_it_and_let_it_go_back() -> None:
    module = Tmcm1110.at_limit()
    assert [get(module, parameter) for parameter in (1, 8, 10, 11)] == [1_000_000, 0, 1, 0]
    send(module, MVP, ABSOLUTE, -2_000_000)
    module.advance(3600.0)
    assert [get(module, parameter) for parameter in (1, 8, 10, 11)] == [-1_000_000, 0, 0, 1]
    send(module, SAP, 13, 1)  # the left one is ignored now
    send(module, MVP, ABSOLUTE, -1_200_000)
    module.advance(3600.0)
    assert get(module, 8) == 1


def test_the_actual_position_may_be_called_by_another_number(module) -> None:
    send(module, MVP, ABSOLUTE, 900_000)
    module.advance(3600.0)
    send(module, SAP, 1, 0)
    assert (get(module, 1), get(module, 9)) == (0, 0)
    send(module, MVP, ABSOLUTE, 200_000)
    module.advance(3600.0)
    assert (get(module, 1), get(module, 10)) == (100_000, 1)  # the switch stands where it stood


def test_a_search_for_the_reference_makes_the_place_of_the_left_switch_0(module) -> None:
    send(module, RFS, 0)
    assert send(module, RFS, 2).value != 0
    module.advance(1.0)
    assert get(module, 3) == -500
    module.advance(600.0)
    assert send(module, RFS, 2).value == 0
    assert [get(module, parameter) for parameter in (0, 1, 8, 11)] == [0, 0, 1, 0]
    send(module, MVP, ABSOLUTE, -100)
    module.advance(1.0)
    assert (get(module, 1), get(module, 11)) == (-64, 1)


def test_a_search_is_given_up_on_order(module) -> None:
    send(module, RFS, 0)
    module.advance(1.0)
    send(module, RFS, 1)
    module.advance(5.0)
    assert (send(module, RFS, 2).value, get(module, 3)) == (0, 0)


# -- what else it keeps


@pytest.mark.parametrize(
    ("kind", "value"),
    [(4, 2047), (5, 1), (6, 255), (7, 0), (12, 1), (140, 4), (153, 9), (154, 5), (204, 300)],
)
def test_a_parameter_that_is_set_is_read_back(module, kind, value) -> None:
    assert send(module, SAP, kind, value).status == OK
    assert get(module, kind) == value


def test_variables_outputs_and_inputs(module) -> None:
    assert send(module, SGP, 55, -7, motor=2).status == OK
    assert send(module, GGP, 55, motor=2).value == -7
    send(module, SIO, 1, 1, motor=2)
    assert [send(module, GIO, pin, motor=2).value for pin in (0, 1)] == [0, 1]
    module.inputs[2] = 1
    assert send(module, GIO, 2, motor=0).value == 1


def test_a_new_address_counts_from_the_next_command_on(module) -> None:
    assert send(module, SGP, 66, 9).status == OK
    assert module.receive(Command(1, GGP, 66, 0, 0).pack()) == b""
    assert Reply.unpack(module.receive(Command(9, GGP, 66, 0, 0).pack())).value == 9


def test_the_driver_says_that_it_stands_and_what_is_wrong(module) -> None:
    assert get(module, 208) == 0x80
    module.drive.driver_faults = 0x02
    send(module, ROR, value=100)
    assert get(module, 208) == 0x02


def test_it_starts_on_its_way_when_told_so() -> None:
    module = Tmcm1110.moving()
    assert (get(module, 0), get(module, 3), get(module, 8)) == (500_000, 1000, 0)
