"""D3: SIGTERM ends a daemon cleanly and soon, whatever it is doing."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from mktl.config.local import DaemonLock
from tests.trust.nursery import Nursery
from tests.trust.rawwire import raw_wire

SOAK = [pytest.mark.soak, pytest.mark.timeout(600)]
EXIT_S = 2.0
ITEMS = {
    **{f"kept{number}": {"type": "numeric", "persist": True} for number in range(8)},
    "slow": {"type": "numeric"},
}
OWN = """
import threading
import mktl

class Slow(mktl.Item):
    def req_set(self, request):
        threading.Event().wait(0.05)

class Daemon(mktl.Daemon):
    def setup(self):
        self.add_item(Slow, "slow")

    def cleanup(self):
        assert self.items["kept0"].value is not None
        print("cleaning up", flush=True)
"""


@pytest.mark.parametrize("stops", [20, pytest.param(200, marks=SOAK)])
def test_d3_a_daemon_that_is_stopped_cleans_up_once_and_loses_nothing(
    stops: int, nursery: Nursery, tmp_path: Path
) -> None:
    file = tmp_path / "items.json"
    file.write_text(json.dumps(ITEMS))
    answered: dict[str, int] = {}
    for stop in range(stops):
        child = nursery.markd("lab", "one", "-c", file, "-o", "-m", "own", module=OWN)
        with raw_wire(child.ports[0]) as wire:
            for key, value in answered.items():
                assert wire.ask("GET", f"lab.{key}")["value"] == value
            wire.send("SET", "lab.slow", value=stop)
            for number in range(8):
                assert "error" not in wire.ask("SET", f"lab.kept{number}", value=100 * stop + number)
                answered[f"kept{number}"] = 100 * stop + number
            assert child.children == []
            took_s = child.stop(signal.SIGTERM if stop % 2 else signal.SIGINT)
        assert child.code == 0, child.said
        assert took_s < EXIT_S
        assert child.said.count("cleaning up\n") == 1
        assert "Traceback" not in child.said
        DaemonLock("lab", "one").release()  # it is free
