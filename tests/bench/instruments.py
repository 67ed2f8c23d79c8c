"""Small instruments that answer after a fixed time, for whoever has their line: mktl or a bare client.

Each is a device as seen from its line and no more: what it measures is another number at each answer.
"""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
import tty
from collections.abc import Callable

#: What a quick instrument takes to answer.
DELAY_S = 0.001

Receive = Callable[[], bytes]
Send = Callable[[bytes], object]


class Instrument:
    """A line and who answers on it.

    Args:
        line: ``"pty"`` or ``"tcp"``.
        speaks: ``"text"``, ``"modbus"``, or ``"nothing"``.
    """

    def __init__(self, line: str, speaks: str) -> None:
        self._answered = 0
        answer = {"text": self._answer_text, "modbus": self._answer_modbus, "nothing": _hear}[speaks]
        #: A path of a terminal, or a port.
        self.where: str = self._open_pty(answer) if line == "pty" else self._open_tcp(answer)

    def _open_pty(self, answer: Callable[[Receive, Send], None]) -> str:
        ours, theirs = os.openpty()
        tty.setraw(theirs)
        self._start(answer, lambda: os.read(ours, 4096), lambda data: os.write(ours, data))
        return os.ttyname(theirs)

    def _open_tcp(self, answer: Callable[[Receive, Send], None]) -> str:
        listener = socket.create_server(("127.0.0.1", 0))

        def accept() -> None:
            while True:
                line = listener.accept()[0]
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._start(answer, lambda line=line: line.recv(4096), line.sendall)  # type: ignore[misc]

        threading.Thread(target=accept, daemon=True).start()
        return str(listener.getsockname()[1])

    def _start(self, answer: Callable[[Receive, Send], None], receive: Receive, send: Send) -> None:
        threading.Thread(target=answer, args=(receive, send), daemon=True).start()

    def answered(self) -> int:
        """Commands answered until now."""
        return self._answered

    def _next(self) -> int:
        time.sleep(DELAY_S)
        self._answered += 1
        return self._answered

    def _answer_text(self, receive: Receive, send: Send) -> None:
        """``T3?`` is answered by the temperature of channel 3: ``+123456.78``."""
        heard = b""
        while data := receive():
            *commands, heard = (heard + data).split(b"\r\n")
            for _ in commands:
                send(b"%+010.2f\r\n" % (self._next() / 100))

    def _answer_modbus(self, receive: Receive, send: Send) -> None:
        """Function 3, read holding registers (Modbus Application Protocol V1.1b3, section 6.3).

        The first register of a block counts answers; the others stand still.
        """
        heard = b""
        while data := receive():
            heard += data
            while len(heard) >= 12:
                transaction, _, _, unit, function, _, count = struct.unpack(">HHHBBHH", heard[:12])
                heard = heard[12:]
                registers = struct.pack(f">{count}H", self._next() % 65536, *range(1, count))
                head = struct.pack(">HHHBBB", transaction, 0, 3 + 2 * count, unit, function, 2 * count)
                send(head + registers)


def _hear(receive: Receive, send: Send) -> None:
    while receive():
        pass
