"""An instrument behind VXI-11 (VMEbus Extensions for Instrumentation, TCP/IP-Instrument Protocol, rev. 1.0).

ONC-RPC over TCP (RFC 5531): records with a mark of four bytes, everything in big-endian words of four bytes.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable
from typing import Any, ClassVar, Self

from mktl_drivers import TextLink, VisaLink

from tests.drivers.lines import IDENTITY

CREATE_LINK, DEVICE_WRITE, DEVICE_READ, DEVICE_CLEAR, DESTROY_LINK = 10, 11, 12, 15, 23
NO_ERROR, IO_TIMEOUT = 0, 15
#: The reason of a read that ended with the message.
END = 4
#: Before the arguments of a call: xid, call, RPC version, program, version, procedure, credential, verifier.
HEADER = struct.Struct("!10I")
LAST_FRAGMENT = 0x80000000


def opaque(data: bytes) -> bytes:
    """Bytes with their length before and zeros behind, up to a word."""
    return struct.pack("!I", len(data)) + data + bytes(-len(data) % 4)


class Vxi11Instrument:
    """Answers messages; a reply is there after ``after_s``, and until it is read, cleared or interrupted."""

    def __init__(self, answer: Callable[[str], Any]) -> None:
        self.answer = answer
        self.received: list[str] = []
        self.mute = False
        self.after_s = 0.0
        self.clears = 0
        #: Reads that nothing was asked before, which an instrument counts as its errors.
        self.unasked = 0
        self._asked = False
        self._reply, self._due_s = b"", 0.0
        self._address = ("127.0.0.1", 0)
        self._client: socket.socket | None = None
        self.plug()

    @property
    def settings(self) -> dict[str, Any]:
        host, port = self._address
        return {"resource": f"TCPIP::{host},{port}::inst0::INSTR"}

    def link(self, name: str = "dev", **keywords: Any) -> TextLink:
        """A link to this device, with short times, not yet opened."""
        usual = {
            "reply_end": b"\r\n", "reply_timeout_s": 0.25, "gap_timeout_s": 0.05,
            "retry_s": 0.01, "retry_max_s": 0.05, "identity": IDENTITY,
        }  # fmt: skip
        return VisaLink.from_settings(name, **{**usual, **self.settings, **keywords})

    def plug(self) -> None:
        self._listener = socket.create_server(self._address)
        self._address = self._listener.getsockname()
        self._thread = threading.Thread(target=self._serve, name="vxi11-instrument")
        self._thread.start()

    def unplug(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        if self._client is not None:
            try:
                self._client.shutdown(socket.SHUT_RDWR)
            except OSError:  # it has gone already
                pass
        self._thread.join()
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.unplug()

    # -- in its thread

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client:
                self._client = client
                self._reply = b""
                try:
                    while self._obey(client):
                        pass
                except OSError:
                    pass
            self._client = None

    def _obey(self, client: socket.socket) -> bool:
        mark = client.recv(4, socket.MSG_WAITALL)
        if len(mark) < 4:
            return False
        call = client.recv(struct.unpack("!I", mark)[0] & ~LAST_FRAGMENT, socket.MSG_WAITALL)
        xid, _, _, _, _, procedure, *_ = HEADER.unpack_from(call)
        result = self._procedures[procedure](self, call[HEADER.size :])
        # A reply that is accepted, with no verifier, of a call that succeeded; then the result.
        reply = struct.pack("!6I", xid, 1, 0, 0, 0, 0) + result
        client.sendall(struct.pack("!I", LAST_FRAGMENT | len(reply)) + reply)
        return True

    def _create(self, _: bytes) -> bytes:
        return struct.pack("!4I", NO_ERROR, 1, 0, 1 << 16)  # link, abort port, longest message

    def _write(self, arguments: bytes) -> bytes:
        *_, length = struct.unpack_from("!5I", arguments)
        command = arguments[20 : 20 + length].decode().rstrip("\n")
        self.received.append(command)
        said = None if self.mute else self.answer(command)
        self._asked = True
        self._reply, self._due_s = (
            (said or "").encode() + b"\r\n" * bool(said),
            time.monotonic() + self.after_s,
        )
        return struct.pack("!2I", NO_ERROR, length)

    def _read(self, arguments: bytes) -> bytes:
        _, size, timeout_ms, *_ = struct.unpack_from("!6I", arguments)
        self.unasked += not self._asked
        wait_s = self._due_s - time.monotonic() if self._reply else 3600.0
        if wait_s > timeout_ms / 1000:
            time.sleep(timeout_ms / 1000)
            return struct.pack("!2I", IO_TIMEOUT, 0) + opaque(b"")
        time.sleep(max(0.0, wait_s))
        data, self._reply = self._reply[:size], self._reply[size:]
        self._asked = bool(self._reply)
        return struct.pack("!2I", NO_ERROR, 0 if self._reply else END) + opaque(data)

    def _clear(self, _: bytes) -> bytes:
        self.clears += 1
        self._reply, self._asked = b"", False
        return struct.pack("!I", NO_ERROR)

    def _destroy(self, _: bytes) -> bytes:
        return struct.pack("!I", NO_ERROR)

    _procedures: ClassVar[dict[int, Callable[[Self, bytes], bytes]]] = {
        CREATE_LINK: _create,
        DEVICE_WRITE: _write,
        DEVICE_READ: _read,
        DEVICE_CLEAR: _clear,
        DESTROY_LINK: _destroy,
    }
