"""The ports themselves: TCP, and what pySerial opens by URL."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Iterator

import pydantic
import pytest
from mktl_drivers import SerialLink, TcpLink, WriteError
from mktl_drivers.serial import SerialSettings, SerialTransport
from mktl_drivers.tcp import TcpSettings, TcpTransport

from mktl.errors import LinkDownError


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5.0)
        yield listener


@pytest.fixture
def port(listener) -> Iterator[TcpTransport]:
    port = TcpTransport(TcpSettings(host="127.0.0.1", port=listener.getsockname()[1], connect_timeout_s=0.2))
    yield port
    port.close()


def peer_of(port: TcpTransport, listener: socket.socket) -> socket.socket:
    port.open()
    peer, _ = listener.accept()
    return peer


def write_for_ever(port: TcpTransport) -> None:
    while True:
        port.write(b"x")


# -- TCP


def test_bytes_go_both_ways_and_a_read_returns_what_is_there(port, listener) -> None:
    with peer_of(port, listener) as peer:
        port.write(b"KRDG? A\n")
        assert peer.recv(100) == b"KRDG? A\n"
        assert port.read(0.0) == b""
        peer.sendall(b"+4.2\r\n")
        assert port.read(5.0) == b"+4.2\r\n"


def test_a_connection_that_the_device_ends_is_told_from_silence(port, listener) -> None:
    with peer_of(port, listener) as peer:
        assert port.read(0.01) == b""
        peer.close()
        with pytest.raises(LinkDownError, match="the device closed the connection"):
            port.read(5.0)


def test_what_was_written_into_a_dead_connection_says_how_much_was_taken(port, listener) -> None:
    with peer_of(port, listener) as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    with pytest.raises(WriteError, match=r"reset|broken") as caught:
        write_for_ever(port)
    assert caught.value.accepted == 0


def test_a_device_that_reads_nothing_stops_the_writer_in_the_end(port, listener, monkeypatch) -> None:
    monkeypatch.setattr("mktl_drivers.tcp.WRITE_TIMEOUT_S", 0.05)
    with peer_of(port, listener), pytest.raises(WriteError, match=r"takes no data for 0\.05 s") as caught:
        port.write(bytes(64 << 20))
    assert 0 < caught.value.accepted < 64 << 20


def test_nobody_listening_is_said_in_words(listener) -> None:
    number = listener.getsockname()[1]
    listener.close()
    port = TcpTransport(TcpSettings(host="127.0.0.1", port=number))
    with pytest.raises(LinkDownError, match=r"^connection refused$"):
        port.open()


def test_a_host_without_an_address_is_named(monkeypatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    port = TcpTransport(TcpSettings(host="ls336.lab", port=7777))
    with pytest.raises(
        LinkDownError, match=r"^no address is known for the host 'ls336\.lab': name or service not known$"
    ):
        port.open()


def test_every_address_of_a_host_is_tried(port, listener, monkeypatch) -> None:
    # "localhost" is ::1 first on many hosts, where a device seldom listens.
    dead = socket.create_server(("127.0.0.2", 0))
    dead.close()
    right = listener.getsockname()
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (right[0].replace(".1", ".2"), right[1])),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", right),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: found)
    with peer_of(port, listener) as peer:
        peer.sendall(b"hello")
        assert port.read(5.0) == b"hello"


def test_opening_again_is_a_new_connection_with_nothing_of_the_old_one(port, listener) -> None:
    with peer_of(port, listener) as peer:
        peer.sendall(b"late")
        with peer_of(port, listener) as newer:
            newer.sendall(b"fresh")
            assert port.read(5.0) == b"fresh"


def test_a_port_that_is_not_open_is_down(port) -> None:
    with pytest.raises(LinkDownError, match="not open"):
        port.read(0.0)
    with pytest.raises(WriteError, match="not connected"):
        port.write(b"x")


def test_a_link_that_is_closed_while_it_connects_does_not_wait_for_that(monkeypatch) -> None:
    # 192.0.2.0/24 is for documentation and answers nobody; where there is no route it is refused at once.
    link = TcpLink.from_settings("far", host="192.0.2.1", port=7777, connect_timeout_s=60.0, retry_s=60.0)
    link.open()
    time.sleep(0.02)
    begun_s = time.monotonic()
    link.close()
    assert time.monotonic() - begun_s < 1.0
    assert link.state == "closed"


# -- pySerial's URLs


@pytest.fixture
def loop() -> Iterator[SerialTransport]:
    port = SerialTransport(SerialSettings(port="loop://"))
    port.open()
    yield port
    port.close()


def test_a_port_by_url_is_read_by_pyserial(loop) -> None:
    assert loop.read(0.0) == b""
    loop.write(b"+4.2\r\n")
    assert loop.read(1.0) + loop.read(0.1) == b"+4.2\r\n"


def test_a_wait_on_a_port_by_url_has_its_time_and_can_be_cancelled(loop) -> None:
    begun_s = time.monotonic()
    assert loop.read(0.05) == b""
    assert 0.05 <= time.monotonic() - begun_s < 1.0
    threading.Timer(0.02, loop.cancel).start()
    with pytest.raises(LinkDownError, match="being closed"):
        loop.read(60.0)
    with pytest.raises(LinkDownError, match="being closed"):
        loop.open()


def test_a_url_that_nobody_answers_is_a_link_that_is_down(listener) -> None:
    number = listener.getsockname()[1]
    listener.close()
    port = SerialTransport(SerialSettings(port=f"socket://127.0.0.1:{number}"))
    with pytest.raises(LinkDownError, match=r"[Cc]onnection refused"):
        port.open()


def test_a_serial_link_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "serial", None)
    with pytest.raises(LinkDownError, match=r"^serial link needs pyserial: pip install pyserial$"):
        SerialTransport(SerialSettings(port="/dev/ttyUSB0")).open()


def test_bytes_take_their_time_on_a_line() -> None:
    # 7 data bits, parity, start and stop bit: ten bits a byte, as the Lake Shore 336 has them.
    settings = SerialSettings(port="/dev/ttyUSB0", baudrate=57600, bytesize=7, parity="odd")
    assert SerialTransport(settings).transmit_s(576) == pytest.approx(0.1)


# -- settings


@pytest.mark.parametrize(
    ("link", "settings", "text"),
    [
        (SerialLink, {"port": "/dev/ttyUSB0", "baud": 9600}, "baud"),
        (SerialLink, {"port": "/dev/ttyUSB0", "parity": "Odd"}, "'none', 'odd', 'even', 'mark' or 'space'"),
        (SerialLink, {"port": "/dev/ttyUSB0", "stopbits": 3}, "1, 1.5 or 2 stop bits"),
        (SerialLink, {}, "port"),
        (TcpLink, {"host": "10.0.0.7"}, "port"),
        (TcpLink, {"host": "10.0.0.7", "port": 70000}, "65535"),
    ],
)
def test_a_setting_that_is_wrong_or_unknown_is_named(link, settings, text) -> None:
    with pytest.raises(pydantic.ValidationError, match=text):
        link.from_settings("dev", **settings)
