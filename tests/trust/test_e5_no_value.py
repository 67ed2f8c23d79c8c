"""E5: what a device says in the place of a value is never the last good value with a new time."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import pytest
from mktl_simulators.dialect import LineDevice
from mktl_simulators.modbus import Bank, TcpPort
from mktl_simulators.serve import TcpServer

from mktl.testing import serve

METER = r"""
[links.meter]
driver = "tcp"
host = "127.0.0.1"
port = {port}
reply_timeout_s = 0.5

[items.level]
type = "numeric"
get = 'MEAS?'
reply = '{{:g}}'
otherwise = [{{ reply = 'OVLD', status = "range", reason = "overload" }}]
sentinels = {{ "9.9E37" = {{ status = "range", reason = "overrange" }} }}
poll_s = 0.02
[items.count]
type = "numeric"
get = 'COUNT?'
reply = '{{:d}}'
poll_s = 0.02
"""
REGISTERS = r"""
[links.plc]
driver = "modbus"
url = "tcp://127.0.0.1:{port}"

[items.level]
type = "numeric"
register = "holding 0"
as = "float32"
sentinels = {{ "9.9E37" = {{ status = "range", reason = "overrange" }} }}
poll_s = 0.02
"""


class Meter(LineDevice):
    """Says what it is told to say, and counts how often it was asked."""

    def __init__(self) -> None:
        super().__init__(line_end=b"\n", reply_end=b"\n")
        self.says = "1.5"
        self.count = 0

    def answer(self, command: str) -> str:
        self.count += 1
        return self.says if command == "MEAS?" else str(self.count)

    def advance(self, dt_s: float) -> None:
        """Time is nothing to it."""


@pytest.mark.parametrize("says", ["OVLD", "9.9E37", "9.90000E+37", "nan", "NaN", "inf", "-inf"])
def test_e5_a_text_that_is_no_value_is_range_with_the_time_of_the_last_one(tmp_path: Path, says: str) -> None:
    with TcpServer(Meter()) as server:
        path = tmp_path / "meter.toml"
        path.write_text(METER.format(port=server.port))
        with serve(path, is_simulated=False) as meter:
            meter.wait_for("level == 1.5")
            with server.hold() as device:
                device.says = says
            meter.wait_for(lambda: meter["level"].status == "range")
            stays_as_it_was(meter, "level", server)
            with server.hold() as device:
                device.says = "2.5"
            meter.wait_for("level == 2.5")
            assert meter["level"].status == "ok"


def stays_as_it_was(meter, key: str, server) -> None:
    """However often it is asked."""
    item = meter.daemon.items[key]
    kept = item.value, item.time, item.sampled
    assert kept[0] == 1.5
    asked = len(server.received)
    meter.wait_for(lambda: len(server.received) > asked + 50)
    assert (item.value, item.time, item.sampled) == kept
    assert (item.status, item.severity) == ("range", "invalid")
    assert item.reason
    assert meter[key].get(refresh=True) == 1.5
    assert (meter[key].status, meter[key].time) == ("range", kept[1])


@pytest.mark.parametrize("says", [math.nan, math.inf, -math.inf, 9.9e37])
def test_e5_a_register_that_is_no_value_is_range_with_the_time_of_the_last_one(
    tmp_path: Path, says: float
) -> None:
    bank = Bank(holding=dict(enumerate(registers(1.5))))
    with TcpServer(TcpPort({1: bank})) as server:
        path = tmp_path / "plc.toml"
        path.write_text(REGISTERS.format(port=server.port))
        with serve(path, is_simulated=False) as plc:
            plc.wait_for("level == 1.5")
            with server.hold():
                bank.tables["holding"].update(enumerate(registers(says)))
            plc.wait_for(lambda: plc["level"].status == "range")
            stays_as_it_was(plc, "level", server)


def registers(value: float) -> tuple[int, int]:
    high, low = struct.unpack(">HH", struct.pack(">f", value))
    return high, low
