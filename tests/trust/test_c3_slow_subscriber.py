"""C3: a subscriber that does not read costs neither the daemon nor the others anything, and catches up."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import mktl
from tests.conftest import wait_for
from tests.trust.served import rss_mb

SOAK = [pytest.mark.soak, pytest.mark.timeout(600)]
CLIENT = Path(__file__).parent / "reading_client.py"
#: Publishes numbers, each with a lot of text behind it, until it has come to what it was set to.
MODULE = """
import time
import mktl
class Text(mktl.Item):
    def req_set(self, request):
        for n in range(1, int(request.payload.value) + 1):
            self.publish(f"{n:08d}" + 20_000 * "x")
            if not n % 100:
                time.sleep(0.005)
    publish_on_set = False
class Daemon(mktl.Daemon):
    def setup(self):
        self.add_item(Text, "text")
"""


class Watcher:
    """A process that watches `lab.text`."""

    def __init__(self) -> None:
        command = [sys.executable, "-u", str(CLIENT), "lab.text"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.ask()

    def ask(self) -> dict[str, object]:
        """The number that it shows, and how many updates it was called with."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        told: dict[str, object] = json.loads(self.process.stdout.readline())
        return told

    def close(self) -> None:
        self.process.send_signal(signal.SIGCONT)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


@pytest.mark.parametrize("count", [3000, pytest.param(30_000, marks=SOAK)])
def test_c3_a_subscriber_that_does_not_read_costs_nothing_and_has_the_newest_when_it_reads_again(
    serve, count
) -> None:
    served = serve({"text": {"type": "string"}}, module=MODULE)
    with contextlib.ExitStack() as stack:
        healthy, slow = Watcher(), Watcher()
        for watcher in (healthy, slow):
            stack.callback(watcher.close)
        slow.process.send_signal(signal.SIGSTOP)
        item, before_mb = mktl.get("lab.text", subscribe=False), rss_mb(served.pid)
        item.set(str(count))
        wait_for(lambda: healthy.ask() == {"number": f"{count:08d}", "count": count}, deadline_s=60)
        assert rss_mb(served.pid) - before_mb < 50
        slow.process.send_signal(signal.SIGCONT)
        resumed_s = time.monotonic()
        wait_for(lambda: slow.ask()["number"] == f"{count:08d}")
        assert time.monotonic() - resumed_s < 1.0
