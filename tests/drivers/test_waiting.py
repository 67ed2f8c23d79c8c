"""Waits for a descriptor, which another thread can end, and what people are told of ports."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from mktl_drivers import WriteError, ports
from mktl_drivers.ports import advice
from mktl_drivers.serial import SerialSettings, SerialTransport
from mktl_drivers.waiting import Waiter
from mktl_drivers.wording import named, plural, quoted

from mktl.errors import (
    DeviceIdentityError,
    DeviceReplyError,
    DeviceTimeoutError,
    ItemValueError,
    LinkDownError,
    OutcomeUnknownError,
    UnknownItemError,
)
from tests.conftest import wait_for
from tests.drivers.controller import Controller
from tests.drivers.lines import PtyDevice


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def waiter(pair) -> Iterator[Waiter]:
    waiter = Waiter()
    waiter.watch(pair[0].fileno())
    yield waiter
    waiter.close()


def fill(port: socket.socket) -> None:
    """Write until it takes no more."""
    with contextlib.suppress(BlockingIOError):
        while True:
            port.send(bytes(65536))


def test_a_wait_ends_with_the_first_byte_or_with_its_time(waiter, pair) -> None:
    assert not waiter.readable(0.0)
    begun_s = time.monotonic()
    assert not waiter.readable(0.02)
    assert time.monotonic() - begun_s >= 0.02
    pair[1].send(b"+4.2")
    assert waiter.readable(5.0)
    assert waiter.readable(-1.0)  # a time that is over already still looks


def test_a_far_side_that_hung_up_is_something_to_read(waiter, pair) -> None:
    pair[1].close()
    assert waiter.readable(5.0)
    assert pair[0].recv(1) == b""


def test_a_full_port_can_be_written_again_when_the_far_side_has_read(waiter, pair) -> None:
    assert waiter.writable(0.0)
    fill(pair[0])
    assert not waiter.writable(0.0)
    threading.Timer(0.01, lambda: pair[1].recv(1 << 20)).start()
    assert waiter.writable(5.0)


@pytest.mark.parametrize("wait", ["readable", "writable"])
def test_another_thread_ends_the_present_wait_and_every_later_one(waiter, pair, wait) -> None:
    if wait == "writable":
        fill(pair[0])
    threading.Timer(0.02, waiter.cancel).start()
    begun_s = time.monotonic()
    with pytest.raises(LinkDownError, match="the link is being closed"):
        getattr(waiter, wait)(30.0)
    assert time.monotonic() - begun_s < 5.0
    with pytest.raises(LinkDownError, match="being closed"):
        waiter.readable(0.0)
    with pytest.raises(LinkDownError, match="being closed"):
        waiter.watch(pair[0].fileno())


def test_waits_cancelled_a_thousand_times_block_nobody(waiter) -> None:
    for _ in range(1000):
        waiter.cancel()


def test_a_waiter_gives_its_descriptors_back_and_can_watch_anew(pair) -> None:
    before = len(os.listdir("/proc/self/fd"))
    waiter = Waiter()
    for _ in range(3):
        waiter.watch(pair[0].fileno())
    pair[1].send(b"x")
    assert waiter.readable(1.0)
    waiter.close()
    waiter.close()
    assert len(os.listdir("/proc/self/fd")) == before
    with pytest.raises(LinkDownError, match="the port is not open"):
        waiter.readable(0.0)


# -- what people are told


@pytest.mark.parametrize(
    "cls",
    [
        LinkDownError,
        DeviceTimeoutError,
        DeviceIdentityError,
        OutcomeUnknownError,
        ItemValueError,
        UnknownItemError,
    ],
)
def test_an_error_that_is_named_stays_what_it_is(cls) -> None:
    error = named(cls("ls336: gone"), "lab.tempa")
    assert type(error) is cls
    assert str(error) == "lab.tempa: ls336: gone"


def test_a_wrong_reply_that_is_named_keeps_what_was_sent_and_what_came() -> None:
    error = named(DeviceReplyError("ls336", sent=b"KRDG? A", got=b"ERR", expected="a number"), "lab.tempa")
    assert isinstance(error, DeviceReplyError)
    assert (error.sent, error.got, error.expected) == (b"KRDG? A", b"ERR", "a number")
    assert str(error) == "lab.tempa: ls336: sent b'KRDG? A', got b'ERR', expected a number"


def test_bytes_are_shown_so_that_a_long_block_stays_one_line() -> None:
    assert quoted(b"\x02\x01d\r\n") == r"'\x02\x01d\r\n'"
    assert len(quoted(bytes(1000))) == 80
    assert quoted(bytes(1000)).endswith("...")
    assert [plural(count, "item") for count in (0, 1, 2)] == ["0 items", "1 item", "2 items"]


@pytest.mark.parametrize(
    ("present", "text"),
    [
        (["/dev/ttyUSB1", "/dev/ttyS0"], "there are /dev/ttyS0, /dev/ttyUSB1"),
        (["/dev/ttyS0"], "there is /dev/ttyS0"),
        ([], "there is none on this machine"),
    ],
)
def test_a_port_that_is_not_there_is_answered_by_those_that_are(monkeypatch, present, text) -> None:
    class Found:
        def __init__(self, device: str) -> None:
            self.device = device

    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: [Found(name) for name in present])
    transport = SerialTransport(SerialSettings(port="/dev/no-such-port"))
    with pytest.raises(LinkDownError) as caught:
        transport.open()
    assert str(caught.value) == f"no such port; {text}"


def test_a_port_that_may_not_be_opened_names_the_group_to_join(monkeypatch, tmp_path) -> None:
    port = tmp_path / "ttyUSB0"
    port.touch()
    group = ports._group(str(port))
    text = advice(str(port), OSError(errno.EACCES, "Permission denied"))
    assert text == f"permission denied{group}"
    assert text.endswith(", then log in again")


def test_a_port_in_use_names_who_has_it(tmp_path) -> None:
    with PtyDevice(Controller(), tmp_path / "port") as device:
        first, second = (SerialTransport(SerialSettings(**device.settings)) for _ in range(2))
        first.open()
        try:
            with pytest.raises(LinkDownError, match=rf"another program has it open: .*\(pid {os.getpid()}\)"):
                second.open()
        finally:
            first.close()
        second.open()
        second.close()


@pytest.mark.parametrize("work", [lambda port: port.read(0.01), lambda port: port.write(b"x")])
def test_a_port_that_vanishes_says_so_in_words_whoever_notices(tmp_path, work) -> None:
    with PtyDevice(Controller(), tmp_path / "port") as device:
        port = SerialTransport(SerialSettings(**device.settings))
        port.open()
        device.unplug()
        with pytest.raises(LinkDownError) as caught:
            wait_for(lambda: work(port))
        port.close()
    assert str(caught.value) == "the port is gone (unplugged?)"


def test_a_port_by_url_that_is_not_open_has_taken_nothing() -> None:
    with pytest.raises(WriteError, match="not open") as caught:
        SerialTransport(SerialSettings(port="loop://")).write(b"SETP 1,20")
    assert caught.value.accepted == 0
