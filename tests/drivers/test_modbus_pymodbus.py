"""Our driver against a server that nobody here wrote: pymodbus, by TCP and by RTU frames over TCP."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pymodbus import FramerType
from pymodbus.datastore import ModbusDeviceContext, ModbusSequentialDataBlock, ModbusServerContext
from pymodbus.server import ModbusTcpServer

from mktl.errors import DeviceRefusedError
from tests.drivers.modbus_bench import LINK, read_all, serve_file

FILE = """
[items.level]
type = "numeric"
link = "plc"
register = "input 2"
as = "int16"
poll_s = 0.05
[items.flow]
type = "numeric"
link = "plc"
register = "holding 4"
as = "float32"
order = "CDAB"
settable = true
poll_s = 0.05
[items.speed]
type = "numeric"
link = "plc"
register = "holding 6"
settable = true
[items.valve]
type = "boolean"
link = "plc"
register = "coil 3"
settable = true
[items.doors]
type = "numeric array"
link = "plc"
register = "discrete 0"
count = 4
[items.mode]
type = "boolean"
link = "plc"
register = "holding 8"
bit = 9
write_function = 22
settable = true
[items.beyond]
type = "numeric"
link = "plc"
register = "holding 2000"
settable = true
"""


@contextmanager
def pymodbus_server(framer: FramerType) -> Iterator[int]:
    """A server in a thread of its own, and its port."""
    device = ModbusDeviceContext(
        di=ModbusSequentialDataBlock(1, [True, False, True, True]),
        co=ModbusSequentialDataBlock(1, [False] * 10),
        # 25.0 as IEEE 754 single, low word first, from address 4 on.
        hr=ModbusSequentialDataBlock(1, [0, 0, 0, 0, 0x0000, 0x41C8, 0, 0, 0x00FF, 0]),
        ir=ModbusSequentialDataBlock(1, [0, 0, 0xFFFE, 0]),
    )
    context = ModbusServerContext(devices={1: device}, single=False)
    loop = asyncio.new_event_loop()

    async def start() -> ModbusTcpServer:
        server = ModbusTcpServer(context, framer=framer, address=("127.0.0.1", 0))
        await server.serve_forever(background=True)
        return server

    server = loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server.transport.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(server.shutdown(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


@pytest.mark.parametrize(
    ("framer", "scheme"), [(FramerType.SOCKET, "tcp"), (FramerType.RTU, "rtu+tcp")], ids=["tcp", "rtu"]
)
def test_a_file_against_pymodbus(framer, scheme, tmp_path) -> None:
    with pymodbus_server(framer) as port:
        text = LINK.format(url=f"{scheme}://127.0.0.1:{port}", more="") + FILE
        with serve_file(tmp_path / "plc.toml", text) as daemon:
            items = read_all(daemon)
            assert (items["level"].value, items["flow"].value) == (-2, 25.0)
            assert items["doors"].value == [1, 0, 1, 1]
            assert items["beyond"].status == "invalid"
            items["flow"].set(-2.5)
            items["speed"].set(1200)
            items["valve"].set(True)
            items["mode"].set(True)
            assert [items[key].value for key in ("flow", "speed", "valve", "mode")] == [-2.5, 1200, 1, 1]
            with pytest.raises(DeviceRefusedError, match="with exception 2, illegal data address"):
                items["beyond"].set(1)
