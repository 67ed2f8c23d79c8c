"""Another daemon on the port of one that is gone; and stores that are looked for at the same time."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time

import pytest

import mktl
from mktl import begin
from mktl.config import local
from mktl.protocol.client import client
from tests.conftest import free_port, wait_for, wait_until_serving
from tests.daemon.test_gone import MARKD, move, remote  # noqa: F401 - a fixture


@pytest.fixture
def impostor(remote, tmp_path):  # noqa: F811
    """A daemon of the same store and key, unknown to this home, on the ports of the first, which is gone."""
    [known] = local.known_daemons("lab")
    elsewhere = tmp_path / "elsewhere"
    udp_ports = ",".join(str(free_port(socket.SOCK_DGRAM)) for _ in "rd")
    environment = {**os.environ, "MKTL_HOME": str(elsewhere), "MKTL_UDP_PORTS": udp_ports}
    save = "import sys; from mktl.config import local as l; l.save_ports('lab', l.daemon_uuid('lab', 'two'), "
    ports = f"{known.ports.rep}, {known.ports.pub})"
    subprocess.run([sys.executable, "-c", save + ports], env=environment, check=True)
    path = tmp_path / "impostor.json"
    path.write_text(json.dumps({"temp": {"type": "numeric", "initial": 9.9}}))
    processes = []

    def start() -> None:
        command = [MARKD, "lab", "two", "-c", str(path)]
        processes.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment))
        wait_until_serving(processes[0])

    yield start
    for process in processes:
        process.terminate()
        process.wait(10)
        process.stderr.close()


def test_another_daemon_on_the_port_of_a_lost_one_is_not_believed(remote, impostor) -> None:  # noqa: F811
    item, seen = mktl.get("lab.temp"), []
    item.register(lambda item, value, timestamp: seen.append((item.status, value)))
    address = item.store.address("temp")
    remote.end()
    wait_for(lambda: item.status == "stale")
    impostor()
    assert item.store.address("temp") == address
    with pytest.raises(TimeoutError, match=r"lab\.temp: another daemon answers at"):
        item.set(5.0)
    with pytest.raises(TimeoutError, match="another daemon answers at"):
        item.get(refresh=True)
    assert (item.value, item.status) == (4.2, "stale")
    begin.find_store("lab", afresh=True)  # what the client does by itself once a second
    item.store.follow()
    with pytest.raises(TimeoutError, match="another daemon answers at"):
        item.set(5.0)
    move()
    remote.start()
    wait_for(lambda: item.status == "ok")
    item.set(7.5)
    assert item.value == 7.5
    assert 9.9 not in [value for _, value in seen]


def test_a_set_that_nobody_waits_for_does_not_reach_another_daemon(remote, impostor) -> None:  # noqa: F811
    item = mktl.get("lab.temp")
    remote.end()
    wait_for(lambda: item.status == "stale")
    impostor()
    held = [item.set(value, wait=False) for value in (5.0, 6.0)]
    item.set(8.0, reply=False)
    for request in held:
        with pytest.raises(
            TimeoutError, match=r"lab\.temp: its daemon does not answer at .*; nothing was sent"
        ):
            request.wait(5)
    asked = mktl.protocol.message.Request("GET", "lab.temp")
    assert client().request(item.store.address("temp"), asked, 5.0).value == 9.9  # by whom it had been


def test_sets_that_nobody_waits_for_reach_a_daemon_that_is_back_in_their_order(remote) -> None:  # noqa: F811
    item = mktl.get("lab.temp")
    remote.end()
    wait_for(lambda: item.status == "stale")
    remote.start()
    requests = [item.set(float(value), wait=False) for value in range(5)]
    for request in requests:
        request.wait(5)
    assert item.get(refresh=True) == 4.0


def test_who_asks_for_one_store_does_not_wait_for_who_asks_for_another(make_daemon, monkeypatch) -> None:
    make_daemon()
    release, searching = threading.Event(), threading.Event()
    find = begin._find_blocks

    def slowly(name, own, go_on):
        if name == "far":
            searching.set()
            release.wait(10)
        return find(name, own, go_on)

    monkeypatch.setattr(begin, "_find_blocks", slowly)
    errors = []

    def ask_far() -> None:
        try:
            mktl.get("far.temp")
        except mktl.errors.UnknownStoreError as error:
            errors.append(error)

    thread = threading.Thread(target=ask_far)
    thread.start()
    try:
        assert searching.wait(5)
        began_s = time.monotonic()
        assert mktl.get("lab.temp").value == 4.2
        with pytest.raises(mktl.errors.UnknownStoreError):
            mktl.get("farther.temp")
        assert time.monotonic() - began_s < 5
        assert not errors
    finally:
        release.set()
        thread.join()
    assert len(errors) == 1


def test_threads_that_ask_at_once_get_the_same_store_and_item(remote) -> None:  # noqa: F811
    together, found = threading.Barrier(8), []

    def ask() -> None:
        together.wait()
        found.append(mktl.get("lab.temp"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(map(id, found))) == 1
