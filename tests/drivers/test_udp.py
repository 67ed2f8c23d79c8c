"""Datagrams: whose they are, and what happens when nobody takes them."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pydantic
import pytest
from mktl_drivers import UdpLink, WriteError
from mktl_drivers.udp import REMEMBERED, UdpSettings, UdpTransport

from mktl.errors import LinkDownError


@pytest.fixture
def peer() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.settimeout(5.0)
        yield peer


@pytest.fixture
def port(peer) -> Iterator[UdpTransport]:
    port = UdpTransport(UdpSettings(host="127.0.0.1", port=peer.getsockname()[1]))
    port.open()
    yield port
    port.close()


def asked(port: UdpTransport, peer: socket.socket, command: bytes = b"KRDG? A\n"):
    """Where the command came from."""
    port.write(command)
    data, sender = peer.recvfrom(100)
    assert data == command
    return sender


def test_a_command_is_one_datagram_and_a_reply_is_fed_as_it_comes(port, peer) -> None:
    sender = asked(port, peer)
    assert port.read(0.0) == b""
    peer.sendto(b"+4.", sender)
    peer.sendto(b"2\r\n", sender)
    assert [port.read(5.0), port.read(5.0)] == [b"+4.", b"2\r\n"]


def test_an_empty_datagram_is_not_taken_for_silence(port, peer) -> None:
    sender = asked(port, peer)
    peer.sendto(b"", sender)
    peer.sendto(b"+4.2\r\n", sender)
    assert port.read(5.0) == b"+4.2\r\n"


def test_what_strangers_send_is_not_let_in(port, peer) -> None:
    sender = asked(port, peer)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(b"+99.9\r\n", sender)
        peer.sendto(b"+4.2\r\n", sender)
        assert port.read(5.0) == b"+4.2\r\n"
        assert port.read(0.0) == b""


def test_a_reply_to_an_earlier_port_is_never_seen(port, peer) -> None:
    old = asked(port, peer)
    port.open()
    new = asked(port, peer, b"KRDG? B\n")
    peer.sendto(b"late\r\n", old)
    peer.sendto(b"+4.2\r\n", new)
    assert port.read(5.0) == b"+4.2\r\n"


def test_a_local_port_is_not_used_again_soon(port, peer) -> None:
    seen = {asked(port, peer)}
    for _ in range(REMEMBERED - 1):
        port.open()
        seen.add(asked(port, peer))
    assert len(seen) == REMEMBERED


def test_a_port_that_the_system_hands_out_again_is_passed_over(port, peer, monkeypatch) -> None:
    used = asked(port, peer)
    port.close()

    class Again(socket.socket):
        """As a system would that gives the port that was closed last."""

        first = True

        def connect(self, address):
            if Again.first:
                self.bind(used)
            Again.first = False
            super().connect(address)

    monkeypatch.setattr(socket, "socket", Again)
    port.open()
    assert not Again.first
    assert asked(port, peer) != used


def test_a_refusal_is_no_silence(port, peer) -> None:
    peer.close()
    port.write(b"KRDG? A\n")
    with pytest.raises(LinkDownError, match=r"^refused: nobody listens on that UDP port$"):
        port.read(5.0)


def test_a_refusal_that_comes_with_the_next_command_says_that_nothing_of_it_left(port, peer) -> None:
    peer.close()
    port.write(b"KRDG? A\n")
    with pytest.raises(WriteError, match="nobody listens") as caught:
        port.write(b"KRDG? B\n")
    assert caught.value.accepted == 0


def test_what_no_datagram_can_hold_is_refused(port) -> None:
    with pytest.raises(WriteError, match="message too long"):
        port.write(bytes(100_000))


def test_a_wait_has_its_time_and_can_be_cancelled(port) -> None:
    begun_s = time.monotonic()
    assert port.read(0.05) == b""
    assert 0.05 <= time.monotonic() - begun_s < 1.0
    threading.Timer(0.02, port.cancel).start()
    with pytest.raises(LinkDownError, match="being closed"):
        port.read(60.0)
    with pytest.raises(LinkDownError, match="being closed"):
        port.open()


def test_a_port_that_is_not_open_is_down(port) -> None:
    port.close()
    with pytest.raises(LinkDownError, match="not open"):
        port.read(0.0)
    with pytest.raises(WriteError, match="not open"):
        port.write(b"x")


@pytest.mark.parametrize(
    ("settings", "text"),
    [({"host": "10.0.0.7"}, "port"), ({"host": "10.0.0.7", "port": 0}, "1"), ({"url": "x"}, "url")],
)
def test_a_setting_that_is_wrong_or_unknown_is_named(settings, text) -> None:
    with pytest.raises(pydantic.ValidationError, match=text):
        UdpLink.from_settings("dev", **settings)
