"""A block of 20 items through the whole stack, against bare pymodbus: `make bench`, or pytest -m bench -s."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pymodbus.client import ModbusTcpClient

from tests.drivers.modbus_bench import LINK, read_all, serve_file
from tests.drivers.test_exchange_rate import ROUNDS, rate_of, rate_of_polls

ITEM = """
[items.{key}{at}]
type = "numeric"
link = "plc"
register = "holding {address}"
scale = 0.1
"""


@pytest.fixture(params=[0.0, 0.001], ids=["at once", "after 1 ms"])
def port(request) -> Iterator[int]:
    """Where a device in a process of its own is."""
    command = [sys.executable, str(Path(__file__).parent / "quick_modbus.py"), str(request.param)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.kill()


@pytest.mark.bench
def test_blocks_per_second_against_bare_pymodbus(port, tmp_path) -> None:
    text = LINK.format(url=f"tcp://127.0.0.1:{port}", more="")
    for at in range(20):
        # Two blocks, so that one is due while the other is on its way; a gap keeps them apart.
        text += ITEM.format(key="a", at=at, address=at) + ITEM.format(key="b", at=at, address=at + 20)
    text = text.replace("retry_s", "largest_read = 20\nretry_s")
    rates: dict[str, list[float]] = {"pymodbus": [], "polls": [], "refreshes": []}
    with (
        serve_file(tmp_path / "plc.toml", text) as daemon,
        ModbusTcpClient("127.0.0.1", port=port) as client,
    ):
        items = read_all(daemon)
        one, two = items["a0"].source, items["b0"].source
        assert one is not two
        for _ in range(ROUNDS):
            rates["pymodbus"].append(rate_of(lambda: client.read_holding_registers(0, count=20)))
            rates["polls"].append(rate_of_polls(items["a0"].link, one, two))
            rates["refreshes"].append(rate_of(one.refresh))
    medians = {what: statistics.median(measured) for what, measured in rates.items()}
    for what, median in medians.items():
        print(f"{what:>9}: {median:8.0f} blocks/s, {median / medians['pymodbus']:.2f} of bare pymodbus")
