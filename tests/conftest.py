"""Every test has an mKTL home of its own and leaves no thread, file or child behind."""

from __future__ import annotations

import gc
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq
from hypothesis import settings

import mktl
from mktl.daemon import configure

# How long an example takes says more about the machine than about the code.
settings.register_profile("mktl", deadline=None)
settings.load_profile("mktl")

DEADLINE_S = 10.0


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary ``MKTL_HOME``; ``$HOME`` cannot be written, as on some hosts."""
    directory = tmp_path / "mktl-home"
    monkeypatch.setenv("MKTL_HOME", str(directory))
    monkeypatch.setenv("HOME", "/nonexistent")
    # Calls stay on this host and on ports of their own: daemons that run beside the tests are not theirs.
    monkeypatch.setenv("MKTL_CALL", "127.255.255.255,127.0.0.1")
    monkeypatch.setenv("MKTL_UDP_PORTS", ",".join(str(free_port(socket.SOCK_DGRAM)) for _ in "rd"))
    # Who answers a call on this host does so at once; most tests have nobody to answer.
    monkeypatch.setattr("mktl.daemon.twin.CALL_S", 0.02)
    return directory


@pytest.fixture(autouse=True, scope="session")
def thread_of_pyzmq() -> None:
    """The thread of pyzmq for frames that it does not copy: begun by the first of them, there to the end."""
    frame = zmq.Frame(b"any", track=True, copy=False, copy_threshold=0)
    tracker = frame.tracker
    del frame
    tracker.wait(DEADLINE_S)


@pytest.fixture(autouse=True)
def nothing_left_behind(home: Path) -> Iterator[None]:
    before = set(threading.enumerate())
    descriptors = _descriptors()
    yield
    mktl.close()
    mktl.poll.close()
    left = [thread for thread in threading.enumerate() if thread not in before]
    for thread in left:
        thread.join(2.0)
    assert not [thread.name for thread in left if thread.is_alive()], "threads left behind"
    if _descriptors() > descriptors:
        gc.collect()  # costs as much as a whole test, so only when something is still held
        assert _descriptors() <= descriptors, "file descriptors left behind"


def free_port(kind: socket.SocketKind) -> int:
    """A free port below those that the system gives to anybody who asks for any."""
    while True:
        port = random.randrange(15_000, 30_000)
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("", port))
            except OSError:
                continue
        return port


def wait_until_serving(markd: subprocess.Popen[str]) -> None:
    """Read what a `markd` process logs until it says that it serves."""
    assert markd.stderr is not None
    heard = []
    for line in markd.stderr:
        heard.append(line)
        if "requests on port" in line:
            return
    raise AssertionError(f"markd did not start: {''.join(heard)}")


def _descriptors() -> int:
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


def wait_for(condition: Callable[[], object], what: str = "", deadline_s: float = DEADLINE_S) -> Any:
    """The first true result of *condition*; fails when there is none in time."""
    end_s = time.monotonic() + deadline_s
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end_s:
            raise AssertionError(f"not within {deadline_s:g} s: {what or condition}")
        time.sleep(0.002)


ITEMS: dict[str, dict[str, Any]] = {
    "TEMP": {"type": "numeric", "units": "K", "format": "%.3f", "initial": 4.2},
    "TARGET": {"type": "numeric", "units": "mm", "range": [0, 300]},
    "HEATER": {"type": "enumerated", "enumerators": {"0": "off", "1": "low", "3": "high"}},
    "SHUTTER": {"type": "boolean"},
    "ALARMS": {"type": "mask", "enumerators": {"none": "fine", "0": "hot", "2": "dry"}},
    "NAME": {"type": "string"},
    "SERIAL": {"type": "string", "settable": False, "initial": "LSA1234"},
    "SECRET": {"type": "numeric", "gettable": False},
    "IMAGE": {"type": "bulk"},
    "CURVE": {"type": "numeric array"},
    "ANY": {},
}


@pytest.fixture
def make_daemon(home: Path, tmp_path: Path) -> Iterator[Callable[..., mktl.Daemon]]:
    """Make a daemon of the items given; it is closed at the end."""
    made: list[mktl.Daemon] = []

    def make(
        store: str = "lab",
        alias: str = "one",
        items: dict[str, Any] | None = None,
        daemon_class: type[mktl.Daemon] = mktl.Daemon,
        **kwargs: Any,
    ) -> mktl.Daemon:
        path = tmp_path / f"{store}-{alias}.json"
        path.write_text(json.dumps(ITEMS if items is None else items))
        configure.adopt(store, alias, path)
        daemon = daemon_class(store, alias, **kwargs)
        made.append(daemon)
        return daemon

    yield make
    for daemon in made:
        daemon.close()


class RemoteClient:
    """A client in another process that does what it is told and says what it sees, line by line."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-u", str(Path(__file__).parent / "remote_client.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, **command: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the client process ended"
        heard: dict[str, Any] = json.loads(line)
        return heard

    def ask(self, **command: Any) -> dict[str, Any]:
        self.tell(**command)
        return self.hear()

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        assert self._process.wait(DEADLINE_S) == 0
        self._process.stdout.close()


@pytest.fixture
def remote_client(home: Path) -> Iterator[Callable[[], RemoteClient]]:
    """Start a client in a process of its own."""
    clients: list[RemoteClient] = []

    def start() -> RemoteClient:
        clients.append(RemoteClient())
        return clients[-1]

    yield start
    for client in clients:
        client.close()
