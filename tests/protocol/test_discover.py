"""Calls by UDP and who answers."""

from __future__ import annotations

import os
import random
import select
import socket
import subprocess
import sys

import pytest

import mktl
from mktl.protocol.discover import ANSWER, CALL, QUIET_S, Responder, call, udp_ports
from tests.conftest import wait_for


@pytest.fixture
def caller():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
        caller.settimeout(2)
        yield caller


class Responding:
    def __init__(self) -> None:
        self.now_s = 100.0
        self.port = udp_ports()[1]
        self.responder = Responder(self.port, 10112, now=lambda: self.now_s)

    def answers(self, caller: socket.socket, data: bytes = CALL) -> list[bytes]:
        caller.sendto(data, ("127.0.0.1", self.port))
        assert select.select([self.responder.fileno()], [], [], 2)[0]
        self.responder.respond()
        if not select.select([caller], [], [], 0.05)[0]:
            return []
        return [caller.recv(100)]


@pytest.fixture
def responding():
    responding = Responding()
    yield responding
    responding.responder.close()


def test_a_call_is_answered_with_the_request_port(responding, caller) -> None:
    assert responding.answers(caller) == [b"E komo mai:10112"]


def test_a_caller_is_not_answered_twice_within_a_second(responding, caller) -> None:
    assert responding.answers(caller)
    responding.now_s += QUIET_S * 0.9
    assert not responding.answers(caller)
    responding.now_s += QUIET_S * 0.2
    assert responding.answers(caller)


def test_garbage_is_not_answered(responding, caller) -> None:
    random_ = random.Random(1)
    for _ in range(50):
        caller.sendto(random_.randbytes(random_.randint(0, 200)), ("127.0.0.1", responding.port))
    assert not responding.answers(caller, b"I heard it")  # the older dialect
    assert responding.answers(caller)


def test_many_callers_cost_a_bounded_memory(responding) -> None:
    for port in range(3000):
        responding.responder._is_due(("10.0.0.1", port))
    assert len(responding.responder._answered) <= 1000


def test_two_daemons_listen_on_one_port_and_both_are_heard(make_daemon) -> None:
    one, two = make_daemon("lab", "one"), make_daemon("den", "two")
    found = call([udp_ports()[1]], 5.0, enough=2)
    assert {port for _, port in found} == {one.rep, two.rep}


def test_garbage_answers_are_passed_over(caller) -> None:
    port = udp_ports()[0]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as liar:
        liar.bind(("127.0.0.1", port))
        import threading

        def lie() -> None:
            _, whom = liar.recvfrom(100)
            for answer in (b"", b"E komo mai:", b"E komo mai:99999", b"E komo mai:12x", ANSWER + b"10100"):
                liar.sendto(answer, whom)

        thread = threading.Thread(target=lie)
        thread.start()
        assert call([port], 0.3, ["127.0.0.1"]) == [("127.0.0.1", 10100)]
        thread.join()


def test_a_port_that_is_taken_by_another_program_is_no_reason_not_to_start(make_daemon, caplog) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("", udp_ports()[1]))
        make_daemon()
        assert "cannot be listened on" in caplog.text
        assert mktl.get("lab.temp").value == 4.2


def test_a_client_with_nothing_on_disk_finds_a_daemon_by_calling(make_daemon, tmp_path) -> None:
    make_daemon()
    code = "import mktl; print(mktl.get('lab.temp').value); mktl.close()"
    environment = {**os.environ, "MKTL_HOME": str(tmp_path / "elsewhere")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stdout == "4.2\n", done.stderr
    assert wait_for(lambda: list((tmp_path / "elsewhere/client/cache/lab").glob("*.json")))


def test_no_route_at_all_is_no_error() -> None:
    assert call([udp_ports()[0]], 0.05, ["256.1.1.1", "no.such.host.invalid"]) == []
