"""Bare clients of the instruments: exchange after exchange, as fast as the line allows."""

from __future__ import annotations

import itertools
import socket
import time
from collections.abc import Callable, Sequence

#: Blocks of registers that are read by turns, and the registers of each.
BLOCKS, REGISTERS = (0, 1000, 2000), 20
CHANNELS = 8
#: Characters of an answer of the text instrument, its end included.
ANSWER = 12


class BareLine:
    """pyserial, a socket or pymodbus, and nothing else.

    Args:
        kind: ``"serial"``, ``"tcp"`` or ``"modbus"``.
        where: A path of a terminal, or a port of this host.
    """

    def __init__(self, kind: str, where: str) -> None:
        self._exchange = {"serial": _serial, "tcp": _tcp, "modbus": _modbus}[kind](where)

    def exchanges(self, duration_s: float) -> float:
        """Exchanges per second."""
        begun_s = time.perf_counter()
        for count in itertools.count(1):
            self._exchange(count)
            took_s = time.perf_counter() - begun_s
            if took_s >= duration_s:
                break
        return count / took_s


def _serial(where: str) -> Callable[[int], object]:
    import serial

    port = serial.Serial(where, 115200, timeout=1.0)

    def exchange(number: int) -> float:
        port.write(_command(number))
        return float(port.read(ANSWER))

    return exchange


def _tcp(where: str) -> Callable[[int], object]:
    line = socket.create_connection(("127.0.0.1", int(where)))
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def exchange(number: int) -> float:
        line.sendall(_command(number))
        answer = line.recv(4096)
        while not answer.endswith(b"\r\n"):
            answer += line.recv(4096)
        return float(answer)

    return exchange


def _modbus(where: str) -> Callable[[int], object]:
    from pymodbus.client import ModbusTcpClient

    client = ModbusTcpClient("127.0.0.1", port=int(where))
    client.connect()  # type: ignore[no-untyped-call]

    def exchange(number: int) -> Sequence[int]:
        answer = client.read_holding_registers(BLOCKS[number % len(BLOCKS)], count=REGISTERS)
        registers = answer.registers
        if len(registers) != REGISTERS:
            raise AssertionError(f"expected {REGISTERS} registers, got {registers}")
        return registers

    return exchange


def _command(number: int) -> bytes:
    return b"T%d?\r\n" % (number % CHANNELS)
