"""A simulated device that takes datagrams: who asked is answered, through all that goes wrong."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from mktl_simulators.dialect import LineDevice
from mktl_simulators.udp_server import UdpServer

from mktl.errors import MktlError


class Echoing(LineDevice):
    """Answers each command with itself."""

    def answer(self, command: str) -> str | None:
        return command or None

    def advance(self, dt_s: float) -> None:
        pass


@pytest.fixture
def server() -> Iterator[UdpServer[Echoing]]:
    with UdpServer(Echoing()) as server:
        yield server


@pytest.fixture
def clients(server) -> Iterator[list[socket.socket]]:
    clients = [socket.socket(type=socket.SOCK_DGRAM) for _ in "ab"]
    for client in clients:
        client.settimeout(5.0)
        client.connect((server.host, server.port))
    yield clients
    for client in clients:
        client.close()


def test_each_command_is_answered_to_who_sent_it(server, clients) -> None:
    for client, word in zip(clients, (b"one", b"two"), strict=True):
        client.send(word + b"\n")
        assert client.recv(100) == word + b"\r\n"
    assert server.received == b"one\ntwo\n"


def test_a_late_reply_goes_to_who_asked_then_not_to_who_asked_last(server, clients) -> None:
    first, second = clients
    server.faults.delay(0.05)
    first.send(b"one\n")
    second.send(b"two\n")
    assert second.recv(100) == b"two\r\n"  # a device does one thing at a time, so this is after the other
    first.setblocking(False)
    assert first.recv(100) == b"one\r\n"


def test_a_reply_in_pieces_is_several_datagrams(server, clients) -> None:
    server.faults.split(0.01)
    clients[0].send(b"abcd\n")
    assert [clients[0].recv(100), clients[0].recv(100)] == [b"abc", b"d\r\n"]


def test_unplugged_its_host_refuses_and_plugged_in_it_is_where_it_was(server, clients) -> None:
    server.unplug()
    clients[0].send(b"one\n")
    with pytest.raises(ConnectionRefusedError):
        clients[0].recv(100)
    server.plug()
    clients[0].send(b"two\n")
    assert clients[0].recv(100) == b"two\r\n"


def test_a_port_in_use_is_named(server) -> None:
    with pytest.raises(MktlError, match=rf"cannot listen on 127\.0\.0\.1 UDP port {server.port}: "):
        UdpServer(Echoing(), port=server.port)
