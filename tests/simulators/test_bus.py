"""Several simulated devices on one line."""

from __future__ import annotations

from pathlib import Path

import pytest
import serial
from mktl_simulators.bus import Bus
from mktl_simulators.serve import PtyServer
from mktl_simulators.tmcm1110 import Tmcm1110
from mktl_simulators.tmcm1110.frames import Command, Reply


@pytest.fixture
def bus() -> Bus:
    return Bus(Tmcm1110(address=1), Tmcm1110(address=3))


def position_of(address: int) -> bytes:
    return Command(address, 6, 1, 0, 0).pack()


def move(address: int, target: int) -> bytes:
    return Command(address, 4, 0, 0, target).pack()


def test_each_device_answers_what_is_meant_for_it(bus) -> None:
    bus.receive(move(1, 100) + move(3, -100))
    bus.advance(10.0)
    for address, position in ((1, 100), (3, -100)):
        reply = Reply.unpack(bus.receive(position_of(address)))
        assert (reply.module, reply.value) == (address, position)
    assert bus.receive(position_of(2)) == b""


def test_a_device_that_is_off_hears_nothing_and_the_others_do(bus) -> None:
    bus.switch_off(1)
    assert bus.receive(move(1, 100)) == b""
    assert bus.receive(position_of(3)) != b""
    bus.switch_on(1)
    bus.advance(10.0)
    assert Reply.unpack(bus.receive(position_of(1))).value == 0


def test_what_a_device_that_is_off_was_doing_goes_on(bus) -> None:
    bus.receive(move(1, 100))
    bus.switch_off(1)
    bus.advance(10.0)
    bus.switch_on(1)
    assert Reply.unpack(bus.receive(position_of(1))).value == 100


def test_half_a_command_is_forgotten_by_all_when_the_connection_ends(bus) -> None:
    bus.receive(move(1, 100)[:4])
    bus.hang_up()
    assert bus.receive(position_of(1)) != b""


def test_a_device_that_is_not_there_cannot_be_switched(bus) -> None:
    for number in (0, 3):
        with pytest.raises(ValueError, match=f"no device {number} on this bus of 2"):
            bus.switch_off(number)


def test_a_bus_is_served_on_one_terminal(bus, tmp_path: Path) -> None:
    with (
        PtyServer(bus, link_path=tmp_path / "bus", speed=0) as server,
        serial.Serial(server.url, 9600, timeout=10.0) as line,
    ):
        for address in (1, 3):
            line.write(position_of(address))
            assert Reply.unpack(line.read(9)).module == address
