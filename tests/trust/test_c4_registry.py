"""C4: nobody depends on a registry, or on a route to anywhere."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

import mktl
from mktl.daemon import announce
from mktl.daemon.registry import Registry
from mktl.protocol.discover import udp_ports
from tests.conftest import free_port, wait_for
from tests.trust.served import REGISTRY

GET = "import mktl; print(mktl.get('lab.temp').value); mktl.close()"


def newcomer(directory, udp_registry_port: int) -> str:
    """What a client gets that knows nothing, and hears of daemons only from registries."""
    udp = f"{udp_registry_port},{free_port(socket.SOCK_DGRAM)}"
    environment = {**os.environ, "MKTL_HOME": str(directory), "MKTL_UDP_PORTS": udp}
    done = subprocess.run([sys.executable, "-c", GET], env=environment, capture_output=True, text=True)
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


def test_c4_daemon_and_clients_go_on_without_the_registry_and_newcomers_find_them_when_it_is_back(
    serve, tmp_path
) -> None:
    registry = serve(alias=REGISTRY)
    daemon = serve({"temp": {"type": "numeric", "initial": 4.2}})
    item = mktl.get("lab.temp")
    wait_for(lambda: newcomer(tmp_path / "first", udp_ports()[0]) == "4.2")
    registry.end()
    item.set(5.0)
    assert item.get(refresh=True) == 5.0
    daemon.end()
    daemon.start()  # nobody answers its call
    wait_for(lambda: (item.value, item.status) == (4.2, "ok"))
    assert "no daemon found for store 'lab'" in newcomer(tmp_path / "second", udp_ports()[0])
    registry.start()
    wait_for(lambda: newcomer(tmp_path / "third", udp_ports()[0]) == "4.2")


def test_c4_a_daemon_announces_itself_again_every_thirty_seconds(make_daemon, monkeypatch) -> None:
    assert announce.PERIOD_S == 30.0
    monkeypatch.setattr(announce, "PERIOD_S", 0.2)
    monkeypatch.setattr(announce, "CALL_S", 0.1)
    daemon = make_daemon(items={"temp": {}})
    # One that asks nobody by itself, as if its calls were lost.
    monkeypatch.setattr(Registry, "_collect", lambda self: None)
    with Registry() as registry:
        wait_for(lambda: daemon.uuid in registry.catalog.blocks("lab"))


ALONE = """
import json, pathlib, subprocess, sys
import mktl
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
from tests.trust.served import Served
served = Served(pathlib.Path(sys.argv[1]), {"temp": {"type": "numeric", "initial": 4.2}}).start()
item = mktl.get("lab.temp")
item.set(5.0)
print(item.get(refresh=True), item.status)
mktl.close()
served.close()
"""


@pytest.mark.skipif(
    subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode != 0,
    reason="namespaces are not for us here",
)
def test_c4_a_host_with_nothing_but_loopback_is_enough(home, tmp_path) -> None:
    command = ["unshare", "-rn", sys.executable, "-c", ALONE, str(tmp_path)]
    environment = {name: value for name, value in os.environ.items() if name != "MKTL_CALL"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, env=environment)
    assert done.stdout == "5.0 ok\n", done.stderr
