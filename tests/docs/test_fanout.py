"""The example that passes broadcasts on."""

from __future__ import annotations

import queue
import signal
import subprocess
import sys
from pathlib import Path

import mktl
from mktl.protocol import publish
from tests.conftest import wait_for

EXAMPLE = Path(__file__).parents[2] / "docs/examples/fanout.py"


class Lab(mktl.Daemon):
    def describe_items(self):
        return {"temp": {"type": "numeric"}}


def test_callbacks_of_subscribers_behind_it_are_called() -> None:
    daemon, values = Lab("lab", "one"), queue.Queue()
    command = [sys.executable, str(EXAMPLE), "127.0.0.1", str(daemon.pub)]
    proxy = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        said = proxy.stdout.readline()
        subscriber = publish.client("127.0.0.1", int(said.rsplit(" ", 1)[1]))
        subscriber.register(lambda message: values.put(message.payload.value), "lab.temp")
        number = iter(range(1_000_000))
        # The subscription takes a moment to pass through.
        wait_for(lambda: daemon.items["temp"].publish(next(number)) or not values.empty())
        first = values.get()
        last = next(number)
        daemon.items["temp"].publish(last)
        seen = [first]
        while seen[-1] != last:
            seen.append(values.get(timeout=5))
        assert seen == list(range(first, last + 1))
    finally:
        proxy.send_signal(signal.SIGINT)
        assert proxy.wait(5) == 0
        proxy.stdout.close()
        daemon.close()
        publish.shutdown()
