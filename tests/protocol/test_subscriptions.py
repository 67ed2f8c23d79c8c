"""Sockets of subscriptions: there while somebody listens."""

from __future__ import annotations

import socket
import threading

import mktl
from mktl.protocol.client import client
from tests.conftest import _descriptors, free_port, wait_for


class Listener:
    def _heard(self, payload) -> None: ...

    def _lost(self, reason: str) -> None: ...

    def _found(self) -> None: ...


def test_of_a_daemon_that_has_moved_no_socket_is_left() -> None:
    first, *others = (f"tcp://127.0.0.1:{free_port(socket.SOCK_STREAM)}" for _ in range(4))
    listener = Listener()
    client().subscribe(first, b"a:lab.temp.", listener, wait_s=0.0)
    wait_for(lambda: client()._subscriptions)
    before = _descriptors()
    for address in others:
        client().subscribe(address, b"a:lab.temp.", listener, wait_s=0.0)
        client().unsubscribe(address, b"a:lab.temp.", listener)
    done = threading.Event()
    client()._do(done.set)
    assert done.wait(5)
    assert len(client()._subscriptions) == 1
    wait_for(lambda: _descriptors() <= before)
    mktl.close()
