"""A line with faults between a program and its device."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mktl_simulators.dialect import LineDevice
from mktl_simulators.faultline import Journal, PtyFaultline, TcpFaultline, parse_mix, upstream_to
from mktl_simulators.faultline.line import GAP_S
from mktl_simulators.faults import Faults
from mktl_simulators.serve import PtyServer, TcpServer

from mktl.errors import MktlError
from tests.conftest import wait_for


class Parrot(LineDevice):
    """Says what it is asked."""

    def answer(self, command: str) -> str:
        return command

    def advance(self, dt_s: float) -> None:
        pass


class Program:
    """Whoever is on this side of the line."""

    def __init__(self, url: str) -> None:
        if url.startswith("tcp://"):
            host, _, port = url.removeprefix("tcp://").rpartition(":")
            self._socket = socket.create_connection((host, int(port)))
            self.fd = self._socket.detach()
        else:
            self.fd = os.open(url, os.O_RDWR | os.O_NOCTTY)
        os.set_blocking(self.fd, False)
        self.got = b""

    def send(self, data: bytes) -> None:
        os.write(self.fd, data)

    def read(self) -> bytes:
        """All that has come until now."""
        try:
            while data := os.read(self.fd, 4096):
                self.got += data
        except BlockingIOError:
            pass
        return self.got

    def wait(self, expected: bytes) -> None:
        wait_for(lambda: self.read() == expected, f"{expected!r}, got {self.got!r}")
        self.got = b""

    def has_lost_it(self) -> bool:
        try:
            return os.read(self.fd, 4096) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def close(self) -> None:
        os.close(self.fd)


@pytest.fixture(params=["tcp", "pty"])
def line(request, tmp_path):
    """A parrot behind a line with faults, and a program in front of it."""
    faults, journal = Faults(seed=1), Journal()
    make_device, make_line = (
        (TcpServer, TcpFaultline) if request.param == "tcp" else (PtyServer, PtyFaultline)
    )
    with (
        make_device(Parrot()) as device,
        make_line(upstream_to(device.url), faults=faults, journal=journal) as line,
    ):
        program = Program(line.url)
        yield line, device, program
        program.close()


def test_bytes_pass_there_and_back_and_are_written_down(line) -> None:
    line, device, program = line
    program.send(b"one\n")
    program.wait(b"one\r\n")
    program.send(b"two\n")
    program.wait(b"two\r\n")
    assert device.received == b"one\ntwo\n"
    told = [(entry.kind, entry.data, entry.fault) for entry in line.journal.entries]
    assert told == [
        ("command", b"one\n", ""), ("reply", b"one\r\n", ""),
        ("command", b"two\n", ""), ("reply", b"two\r\n", ""),
    ]  # fmt: skip
    assert [entry.at_s for entry in line.journal.entries] == sorted(e.at_s for e in line.journal.entries)


@pytest.mark.parametrize(
    ("order", "comes", "kind"),
    [
        (lambda faults: faults.cut(2), b"on", "cut"),
        (lambda faults: faults.double(), b"one\r\none\r\n", "double"),
        (lambda faults: faults.lose_next_reply(), b"", "lose"),
        (lambda faults: faults.delay(0.05), b"one\r\n", "delay"),
        (lambda faults: faults.split(0.02), b"one\r\n", "split"),
    ],
)
def test_each_fault_befalls_a_reply_that_the_device_gave_whole(line, order, comes, kind) -> None:
    line, _, program = line
    order(line.faults)
    program.send(b"one\n")
    wait_for(lambda: len(line.journal.entries) == 2)
    program.wait(comes)
    assert line.journal.entries[1].fault == kind
    assert line.journal.entries[1].data == b"one\r\n"
    program.send(b"two\n")
    program.wait(b"two\r\n")


def test_an_echo_comes_before_the_reply(line) -> None:
    line, _, program = line
    line.faults.echo()
    program.send(b"one\n")
    program.wait(b"one\none\r\n")


def test_a_black_hole_lets_commands_through_and_no_reply(line) -> None:
    line, device, program = line
    line.faults.mute()
    program.send(b"one\n")
    wait_for(lambda: device.received == b"one\n")
    line.faults.unmute()
    program.send(b"two\n")
    program.wait(b"two\r\n") if len(line.journal.entries) > 2 else wait_for(lambda: program.read())


def test_a_reset_ends_the_connection_and_the_next_one_works(line) -> None:
    line, _, program = line
    line.faults.reset()
    program.send(b"one\n")
    wait_for(program.has_lost_it)
    again = Program(line.url)
    try:
        again.send(b"two\n")
        again.wait(b"two\r\n")
    finally:
        again.close()


def test_a_device_that_hangs_up_drops_the_client_and_is_found_again() -> None:
    with TcpServer(Parrot()) as device, TcpFaultline(upstream_to(device.url)) as line:
        program = Program(line.url)
        program.send(b"one\n")
        program.wait(b"one\r\n")
        device.unplug()
        wait_for(program.has_lost_it)
        program.close()
        device.plug()
        again = Program(line.url)
        again.send(b"two\n")
        again.wait(b"two\r\n")
        again.close()


def test_without_its_device_a_line_swallows_what_it_is_sent() -> None:
    with TcpServer(Parrot()) as device:
        nowhere = device.url
    with TcpFaultline(upstream_to(nowhere)) as line:
        program = Program(line.url)
        program.send(b"one\n")
        wait_for(lambda: line.received == b"one\n")
        program.close()


def run_hundred(seed: int) -> list[str]:
    """What befalls each of a hundred replies."""
    faults = Faults(seed)
    faults.at_random(parse_mix("drop=10%,double=10%,garble=20%"))
    with TcpServer(Parrot()) as device, TcpFaultline(upstream_to(device.url), faults=faults) as line:
        program = Program(line.url)
        for number in range(100):
            program.send(b"%d\n" % number)
            wait_for(lambda number=number: len(line.journal.entries) == 2 * number + 2)
        program.close()
        return [entry.fault for entry in line.journal.entries if entry.kind == "reply"]


def test_the_same_seed_gives_the_same_faults() -> None:
    first = run_hundred(5)
    assert first == run_hundred(5) != run_hundred(6)
    assert {"lose", "double", "garble", ""} == set(first)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tardy=5%", "'tardy' is no fault; there are late, drop, truncate"),
        ("late=much", "'late=much': expected a share of the replies, such as 5% or 0.05"),
        ("late", "expected a share"),
        ("late=120%", "expected a share"),
        ("late=60%,drop=50%", "add up to more than all replies"),
    ],
)
def test_a_mix_that_is_none_is_refused_in_words(text, message) -> None:
    with pytest.raises(MktlError, match=message):
        parse_mix(text)


@pytest.mark.parametrize("target", ["lab", "tcp://lab", "tcp://:5", "lab:70000", "lab:x"])
def test_a_target_that_is_none_is_refused(target) -> None:
    with pytest.raises(MktlError, match="expected tcp://HOST:PORT or the path of a serial port"):
        upstream_to(target)


def test_from_the_command_line(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with TcpServer(Parrot()) as device:
        command = [sys.executable, "-m", "mktl_simulators.faultline", device.url, "--tcp", "0"]
        options = ["--faults", "double=100%", "--log", str(log)]
        process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True)
        try:
            url = process.stdout.readline().split()[-1]
            program = Program(url)
            program.send(b"one\n")
            program.wait(b"one\r\none\r\n")
            program.close()
        finally:
            process.send_signal(signal.SIGTERM)
            said, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    assert said == "1 replies, 1 of them with a fault\n"
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(entry["kind"], entry["text"], entry["fault"]) for entry in entries] == [
        ("command", "one\\n", ""), ("reply", "one\\r\\n", "double"),
    ]  # fmt: skip


def test_a_gap_within_a_reply_that_is_shorter_than_told_does_not_part_it() -> None:
    assert GAP_S < 0.01
    with TcpServer(Parrot()) as device, TcpFaultline(upstream_to(device.url), gap_s=0.2) as line:
        device.faults.split(0.05)
        line.faults.double()
        program = Program(line.url)
        began_s = time.monotonic()
        program.send(b"one\n")
        program.wait(b"one\r\none\r\n")
        assert time.monotonic() - began_s > 0.2
        program.close()
