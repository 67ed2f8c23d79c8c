"""A simulated device on real lines: a pseudo-terminal opened with pyserial, a TCP port with a socket."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial
from mktl_simulators.lakeshore336 import LakeShore336
from mktl_simulators.serve import PtyServer, TcpServer

from mktl.errors import MktlError

DEADLINE_S = 10.0

Pty = PtyServer[LakeShore336]
Tcp = TcpServer[LakeShore336]


class HandClock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class Chatter:
    """A device that answers each byte with many, to fill any buffer."""

    def receive(self, data: bytes) -> bytes:
        return b"x" * 100_000 * len(data)

    def advance(self, dt_s: float) -> None:
        pass

    def hang_up(self) -> None:
        pass


class Broken(Chatter):
    """A model with a mistake in it."""

    def receive(self, data: bytes) -> bytes:
        raise AssertionError("a mistake in the model")


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Pty]:
    with PtyServer(LakeShore336(noise_k=0), link_path=tmp_path / "ls336", speed=0) as server:
        yield server


@pytest.fixture
def port() -> Iterator[Tcp]:
    with TcpServer(LakeShore336(noise_k=0), speed=0) as server:
        yield server


def open_serial(url: str) -> serial.Serial:
    return serial.Serial(
        url, 57600, bytesize=7, parity="O", timeout=DEADLINE_S, write_timeout=DEADLINE_S, exclusive=True
    )


def connect(server: Tcp) -> socket.socket:
    return socket.create_connection((server.host, server.port), DEADLINE_S)


def ask(line: serial.Serial | socket.socket, command: bytes) -> bytes:
    if isinstance(line, serial.Serial):
        line.write(command)
        return bytes(line.read_until(b"\r\n"))
    line.sendall(command)
    return read_line(line)


def read_line(line: socket.socket) -> bytes:
    got = b""
    while not got.endswith(b"\r\n"):
        piece = line.recv(4096)
        if not piece:
            break
        got += piece
    return got


def test_a_program_speaks_to_the_terminal_as_to_a_serial_port(terminal) -> None:
    with open_serial(terminal.url) as line:
        assert ask(line, b"*IDN?\n") == b"LSCI,MODEL336,LSA2D1R/LSA2C7W,2.9\r\n"
        assert ask(line, b"KRDG? A;*ESR?\r\n") == b"+4.20000;000\r\n"
    assert terminal.received == b"*IDN?\nKRDG? A;*ESR?\r\n"


def test_any_byte_passes_the_terminal_unchanged() -> None:
    class Mirror(Chatter):
        def receive(self, data: bytes) -> bytes:
            return data

    with PtyServer(Mirror()) as server, serial.Serial(server.url, timeout=DEADLINE_S) as line:
        every = bytes(range(256))
        line.write(every)
        assert line.read(256) == every


def test_the_terminal_waits_for_the_next_program_when_one_has_gone(terminal) -> None:
    for _ in range(3):
        with open_serial(terminal.url) as line:
            assert ask(line, b"RANGE? 1\n") == b"0\r\n"


def test_the_link_leads_to_the_terminal_while_it_is_plugged_in(terminal) -> None:
    link = Path(terminal.url)
    assert stat.S_ISCHR(os.stat(link).st_mode)
    terminal.unplug()
    assert not os.path.lexists(link)
    terminal.plug()
    assert stat.S_ISCHR(os.stat(link).st_mode)
    terminal.close()
    assert not os.path.lexists(link)


def test_without_a_link_the_terminal_has_its_own_name() -> None:
    with PtyServer(LakeShore336(noise_k=0), speed=0) as server:
        assert Path(server.url).is_char_device()
        with open_serial(server.url) as line:
            assert ask(line, b"RANGE? 1\n") == b"0\r\n"


def test_a_file_is_never_replaced_by_the_link(tmp_path) -> None:
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(MktlError, match="no symbolic link"):
        PtyServer(LakeShore336(), link_path=tmp_path / "notes")
    assert (tmp_path / "notes").read_text() == "mine"


def test_an_old_link_is_replaced(tmp_path) -> None:
    (tmp_path / "ls336").symlink_to("/dev/pts/4000")
    with PtyServer(LakeShore336(), link_path=tmp_path / "ls336") as server:
        assert Path(server.url).is_char_device()


def test_who_waits_on_an_unplugged_terminal_is_told(terminal) -> None:
    with open_serial(terminal.url) as line:
        told = threading.Event()

        def wait() -> None:
            # pyserial turns the end of file of a hung-up terminal into its own error.
            with contextlib.suppress(OSError):
                line.read(1)
            told.set()

        waiting = threading.Thread(target=wait)
        waiting.start()
        terminal.unplug()
        assert told.wait(DEADLINE_S / 2)
        waiting.join()
        with pytest.raises(OSError):
            line.write(b"RANGE? 1\n")
    with pytest.raises(OSError):
        open_serial(terminal.url)


def test_a_terminal_is_unplugged_and_plugged_again_ten_times(terminal) -> None:
    for _ in range(10):
        with open_serial(terminal.url) as line:
            assert ask(line, b"RANGE? 1\n") == b"0\r\n"
            terminal.unplug()
            terminal.unplug()
        terminal.plug()
        terminal.plug()
    with open_serial(terminal.url) as line:
        assert ask(line, b"RANGE? 1\n") == b"0\r\n"


def test_a_client_speaks_to_the_port(port) -> None:
    with connect(port) as line:
        assert ask(line, b"SETP 1,20.5;SETP? 1\n") == b"+20.5000\r\n"
    assert port.received == b"SETP 1,20.5;SETP? 1\n"
    assert port.url == f"tcp://127.0.0.1:{port.port}"


def test_clients_come_one_after_the_other(port) -> None:
    for _ in range(20):
        with connect(port) as line:
            assert ask(line, b"RANGE? 1\n") == b"0\r\n"


def test_a_second_client_is_dropped_and_the_first_goes_on(port) -> None:
    with connect(port) as first:
        assert ask(first, b"RANGE? 1\n") == b"0\r\n"
        with connect(port) as second:
            assert second.recv(1) == b""
        assert ask(first, b"RANGE? 1\n") == b"0\r\n"


def test_half_a_command_dies_with_its_connection(port) -> None:
    with connect(port) as line:
        line.sendall(b"KRD")
    with connect(port) as line:
        assert ask(line, b"RANGE? 1;*ESR?\n") == b"0;000\r\n"


def test_an_unplugged_port_drops_its_client_and_refuses_others(port) -> None:
    with connect(port) as line:
        assert ask(line, b"RANGE? 1\n") == b"0\r\n"
        port.unplug()
        assert line.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        connect(port)


def test_a_port_is_unplugged_and_plugged_again_ten_times(port) -> None:
    number = port.port
    for _ in range(10):
        with connect(port) as line:
            assert ask(line, b"RANGE? 1\n") == b"0\r\n"
            port.unplug()
            port.plug()
            assert line.recv(1) == b""
        assert port.port == number
    with connect(port) as line:
        assert ask(line, b"RANGE? 1\n") == b"0\r\n"


def test_a_port_that_is_taken_is_named(port) -> None:
    with pytest.raises(MktlError, match=rf"cannot listen on 127\.0\.0\.1 port {port.port}"):
        TcpServer(LakeShore336(), port=port.port)


def test_the_device_lives_by_the_clock_it_is_handed_times_the_speed() -> None:
    clock = HandClock()
    with TcpServer(LakeShore336(noise_k=0), speed=20.0, clock=clock) as server:
        clock.now_s += 3.0
        server.nudge()
        with server.hold() as controller:
            assert controller.instrument.now_s == pytest.approx(60.0)
        server.advance(1.0)
        with server.hold() as controller:
            assert controller.instrument.now_s == pytest.approx(61.0)


def test_the_device_lives_on_while_nobody_speaks() -> None:
    grown = threading.Event()

    class Watched(Chatter):
        def advance(self, dt_s: float) -> None:
            grown.set()

    with TcpServer(Watched()):
        assert grown.wait(DEADLINE_S)


def test_a_delayed_reply_comes_when_the_clock_says_so() -> None:
    clock = HandClock()
    with TcpServer(LakeShore336(noise_k=0), clock=clock) as server, connect(server) as line:
        server.faults.delay(30.0)
        line.sendall(b"RANGE? 1\n")
        while not server.received:
            server.nudge()
        clock.now_s += 29.9
        server.nudge()
        assert select.select([line], [], [], 0)[0] == []
        clock.now_s += 0.1
        server.nudge()
        assert read_line(line) == b"0\r\n"


def test_a_delayed_reply_comes_by_itself(port) -> None:
    with connect(port) as line:
        port.faults.delay(0.05)
        assert ask(line, b"RANGE? 1\n") == b"0\r\n"
        port.faults.split(0.02)
        assert ask(line, b"KRDG? A\n") == b"+4.20000\r\n"


def test_a_late_reply_never_reaches_the_next_connection(port) -> None:
    port.faults.delay(3600.0)
    with connect(port) as line:
        line.sendall(b"KRDG? A\n")
        while not port.received:
            port.nudge()
    with connect(port) as line:
        assert ask(line, b"RANGE? 1\n") == b"0\r\n"


def test_faults_reach_the_line(terminal) -> None:
    with open_serial(terminal.url) as line:
        terminal.faults.double()
        assert ask(line, b"RANGE? 1\n") + line.read_until(b"\r\n") == b"0\r\n0\r\n"
        terminal.faults.cut(2)
        line.write(b"KRDG? A\n")
        assert line.read(2) == b"+4"
        terminal.faults.lose_next_reply()
        line.write(b"HTR? 1\n")
        while not terminal.received.endswith(b"HTR? 1\n"):
            terminal.nudge()
        assert ask(line, b"RANGE? 1\n") == b"0\r\n"


@pytest.mark.parametrize("kind", [PtyServer, TcpServer])
def test_a_long_reply_waits_for_a_slow_reader(kind) -> None:
    with kind(Chatter()) as server:
        line = connect(server) if kind is TcpServer else open_serial(server.url)
        with line:
            send = line.sendall if kind is TcpServer else line.write
            send(b"?")
            got = 0
            while got < 100_000:
                piece = line.recv(65536) if kind is TcpServer else line.read(min(4096, 100_000 - got))
                assert piece == b"x" * len(piece) != b""
                got += len(piece)


def test_what_a_reader_never_takes_is_bounded() -> None:
    with TcpServer(Chatter()) as server, connect(server) as line:
        line.sendall(b"?" * 600)  # 60 MB
        while len(server.received) < 600:
            server.nudge()
        server.nudge()
        assert len(server._waiting) <= 1 << 20


def test_only_the_last_bytes_are_kept_where_asked() -> None:
    with TcpServer(LakeShore336(), keep=8) as server, connect(server) as line:
        ask(line, b"RANGE? 1\n")
        ask(line, b"RANGE? 2\n")
        assert server.received == b"ANGE? 2\n"


def test_a_closed_line_says_so_and_closing_twice_is_fine(tmp_path) -> None:
    server = PtyServer(LakeShore336(), link_path=tmp_path / "port")
    server.close()
    server.close()
    with pytest.raises(MktlError, match="closed"):
        server.unplug()


def test_an_idle_line_sleeps() -> None:
    class Counting(Chatter):
        turns = 0

        def advance(self, dt_s: float) -> None:
            self.turns += 1

    with TcpServer(Counting()) as port, PtyServer(Counting()) as terminal:
        threading.Event().wait(0.5)
        for server in (port, terminal):
            with server.hold() as device:
                assert device.turns < 10


def test_a_model_that_fails_takes_its_line_down_and_is_heard_of(caplog) -> None:
    def provoke() -> None:
        with TcpServer(Broken()) as server, connect(server) as line:
            line.sendall(b"?")
            assert line.recv(1) == b""
            server._thread.join(DEADLINE_S)
            with pytest.raises(MktlError, match="is closed"):
                server.nudge()

    with pytest.raises(AssertionError, match="a mistake in the model"):
        provoke()
    assert [record.message for record in caplog.records] == ["Broken failed; its line is dead"]
