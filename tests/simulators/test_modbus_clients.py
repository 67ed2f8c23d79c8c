"""Our server side of Modbus against a client that nobody here wrote: pymodbus."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from mktl_simulators.modbus import Bank, ModbusLine, RtuLine, TcpPort
from mktl_simulators.serve import PtyServer, TcpServer
from pymodbus import FramerType
from pymodbus.client import ModbusSerialClient, ModbusTcpClient


def banks() -> dict[int, Bank]:
    return {
        unit: Bank(
            coils=dict.fromkeys(range(20), 0),
            discrete={at: at % 3 % 2 for at in range(20)},
            input={at: unit * 100 + at for at in range(130)},
            holding=dict.fromkeys(range(130), 0),
        )
        for unit in (1, 2)
    }


@pytest.fixture(params=["rtu", "tcp", "rtu over tcp"])
def served(request) -> Iterator[tuple[ModbusLine, Any]]:
    """A line, and a client that is connected to it."""
    line = TcpPort(banks()) if request.param == "tcp" else RtuLine(banks())
    if request.param == "rtu":
        with PtyServer(line) as server, ModbusSerialClient(server.url, timeout=1, retries=0) as client:
            yield line, client
    else:
        framer = FramerType.SOCKET if request.param == "tcp" else FramerType.RTU
        with (
            TcpServer(line) as server,
            ModbusTcpClient(server.host, port=server.port, framer=framer, timeout=1, retries=0) as client,
        ):
            yield line, client


def test_every_function_as_pymodbus_has_it(served) -> None:
    line, client = served
    assert client.read_input_registers(0, count=125, device_id=2).registers == list(range(200, 325))
    assert client.read_discrete_inputs(0, count=11, device_id=1).bits[:11] == [
        bool(at % 3 % 2) for at in range(11)
    ]
    client.write_coil(3, True, device_id=1)
    client.write_coils(8, [True, False, True], device_id=1)
    coils = client.read_coils(0, count=20, device_id=1).bits
    assert [at for at, bit in enumerate(coils) if bit] == [3, 8, 10]
    client.write_register(5, 0x00F0, device_id=2)
    client.mask_write_register(address=5, and_mask=0xFFEE, or_mask=0x0001, device_id=2)
    client.write_registers(6, [1, 65535], device_id=2)
    assert client.read_holding_registers(5, count=3, device_id=2).registers == [0x00E1, 1, 65535]
    assert line.units[1].tables["holding"][5] == 0


def test_exceptions_as_pymodbus_reads_them(served) -> None:
    line, client = served
    assert client.read_holding_registers(500, count=1, device_id=1).exception_code == 2
    assert client.write_register(500, 1, device_id=1).exception_code == 2
    assert (
        client.readwrite_registers(
            read_address=0, read_count=1, write_address=0, values=[1], device_id=1
        ).exception_code
        == 1
    )
    line.refuse_next(6)
    assert client.read_coils(0, count=1, device_id=1).exception_code == 6
    assert not client.read_coils(0, count=1, device_id=1).isError()
