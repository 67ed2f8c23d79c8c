"""A simulated instrument with message ends and device clear: a HiSLIP server (IVI-6.1), synchronized mode.

A client has two connections: commands and replies go over the synchronous one, device clear and the status
byte over the asynchronous one. Each reply carries the number of the message that it answers. A command that
comes before the reply to the one before it has left interrupts: that reply is never sent.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable
from functools import partial
from selectors import EVENT_READ

from .faults import Faults, Piece
from .hislip_messages import (
    HEADER_BYTES,
    UNKNOWN_TYPE,
    FatalError,
    Kind,
    Message,
    ProtocolError,
    Stream,
)
from .line_server import Clock, DeviceT
from .serve import PortServer

#: Of the protocol that is spoken here: 1.0, the one without encryption.
VERSION = 0x0100
VENDOR = int.from_bytes(b"MK", "big")
#: The longest message that is taken.
LARGEST = 1 << 20
#: The bit of the status byte that says that there is a reply to be read.
MESSAGE_AVAILABLE = 0x10

_SIZE = struct.Struct("!Q")


class _Channel:
    """One connection, and what has come on it."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.stream = Stream()


class HislipServer(PortServer[DeviceT]):
    """A device behind HiSLIP, for one client at a time; a second one is refused as the protocol has it.

    The end of a message ends a command: *send_end*, with which the device knows that, is added where the
    client left it out. Port 0 takes a free one, and keeps it over :meth:`unplug`.
    """

    def __init__(
        self,
        device: DeviceT,
        *,
        send_end: bytes = b"\n",
        host: str = "127.0.0.1",
        port: int = 0,
        speed: float = 1.0,
        clock: Clock = time.monotonic,
        faults: Faults | None = None,
        keep: int | None = None,
    ) -> None:
        self._send_end = send_end
        #: Connections that have not said yet which of the two they are.
        self._new: list[_Channel] = []
        self._sync: _Channel | None = None
        self._async: _Channel | None = None
        self._session = 0
        self._half = b""
        self._message_id = 0
        #: From AsyncDeviceClear until DeviceClearComplete: what comes in between was sent before.
        self._clearing = False
        self._unread = False
        self._largest = LARGEST
        super().__init__(device, host=host, port=port, speed=speed, clock=clock, faults=faults, keep=keep)

    @property
    def url(self) -> str:
        """The VISA resource: ``TCPIP::127.0.0.1::hislip0,4880::INSTR``."""
        return f"TCPIP::{self.host}::hislip0,{self.port}::INSTR"

    # -- connections ---------------------------------------------------------------------------------

    def _welcome(self, client: socket.socket) -> None:
        client.setblocking(False)
        channel = _Channel(client)
        self._new.append(channel)
        self._selector.register(client, EVENT_READ, partial(self._meet, channel))

    def _meet(self, channel: _Channel, _events: int) -> None:
        """The first message says what the connection is for."""
        if channel not in self._new:  # dropped since the event was seen
            return
        data = _received(channel)
        first = next(iter(self._cut(channel, data)), None) if data else None
        if first is None:
            if data == b"" and channel in self._new:
                self._forget(channel)
            return
        if first.kind == Kind.INITIALIZE:
            self._begin(channel)
        elif first.kind == Kind.ASYNC_INITIALIZE:
            self._join(channel, first.parameter)
        else:
            self._refuse(channel, FatalError.NO_INITIALIZATION)

    def _begin(self, channel: _Channel) -> None:
        self._see_whether_client_left()
        if self._sync is not None:
            self._refuse(channel, FatalError.TOO_MANY_CLIENTS)
            return
        self._leave_new(channel)
        self._sync = channel
        self._session = (self._session + 1) & 0xFFFF
        self._attach(channel.socket.fileno())
        self._say(Message(Kind.INITIALIZE_RESPONSE, 0, VERSION << 16 | self._session))

    def _join(self, channel: _Channel, session: int) -> None:
        if self._sync is None or self._async is not None or session != self._session:
            self._refuse(channel, FatalError.NO_INITIALIZATION)
            return
        self._leave_new(channel)
        self._async = channel
        self._selector.register(channel.socket, EVENT_READ, self._hear_aside)
        self._say_aside(Message(Kind.ASYNC_INITIALIZE_RESPONSE, 0, VENDOR))

    def _leave_new(self, channel: _Channel) -> None:
        self._new.remove(channel)
        self._selector.unregister(channel.socket)

    def _refuse(self, channel: _Channel, why: FatalError) -> None:
        _send(channel, Message(Kind.FATAL_ERROR, why))
        self._forget(channel)

    def _forget(self, channel: _Channel) -> None:
        self._leave_new(channel)
        channel.socket.close()

    def _drop_client(self) -> None:
        self._end_session()
        for channel in self._new.copy():
            self._forget(channel)

    def _end_session(self) -> None:
        self._detach()
        if self._async is not None:
            self._selector.unregister(self._async.socket)
            self._async.socket.close()
        if self._sync is not None:
            self._sync.socket.close()
        self._sync = self._async = None
        self._half, self._clearing, self._unread, self._largest = b"", False, False, LARGEST

    def _lost(self) -> None:
        self._end_session()
        with self._lock:
            self.device.hang_up()

    # -- what comes ----------------------------------------------------------------------------------

    def _read(self, _fd: int) -> bool:
        """Take what is there on the synchronous channel; False when nothing is."""
        assert self._sync is not None
        return self._take(self._sync, self._obey_message)

    def _hear_aside(self, _events: int) -> None:
        if self._async is not None:  # else dropped since the event was seen
            self._take(self._async, self._obey_aside)

    def _take(self, channel: _Channel, obey: Callable[[Message], None]) -> bool:
        data = _received(channel)
        if data is None:
            return False
        if not data:
            self._lost()
            return False
        for message in self._cut(channel, data):
            obey(message)
        return self._sync is not None

    def _cut(self, channel: _Channel, data: bytes) -> list[Message]:
        """The messages that *data* completes; none can be found any more after something else."""
        channel.stream.feed(data)
        try:
            return list(channel.stream.messages())
        except ProtocolError:
            if channel in self._new:
                self._refuse(channel, FatalError.POOR_HEADER)
            else:
                _send(channel, Message(Kind.FATAL_ERROR, FatalError.POOR_HEADER))
                self._lost()
            return []

    def _obey_message(self, message: Message) -> None:
        """On the synchronous channel."""
        if message.kind == Kind.DEVICE_CLEAR_COMPLETE:
            self._clearing = False
            self._say(Message(Kind.DEVICE_CLEAR_ACKNOWLEDGE))
        elif self._clearing:
            pass
        elif self._async is None:
            self._say(Message(Kind.FATAL_ERROR, FatalError.ONE_CHANNEL_ONLY))
            self._lost()
        elif message.kind in (Kind.DATA, Kind.DATA_END, Kind.TRIGGER):
            self._take_command(message)
        else:
            self._say(Message(Kind.ERROR, UNKNOWN_TYPE))

    def _take_command(self, message: Message) -> None:
        """A piece of a command, its end, or a trigger, which no device here heeds."""
        self._interrupt(message)
        self._message_id = message.parameter
        self._half += message.payload
        if message.kind == Kind.DATA_END:
            command, self._half = self._half, b""
            if not command.endswith(self._send_end):
                command += self._send_end
            self._hear(command)

    def _interrupt(self, message: Message) -> None:
        if self.faults.next_due_s is not None:
            self.faults.drop_all()
            self._say_aside(Message(Kind.ASYNC_INTERRUPTED, 0, message.parameter))
            self._say(Message(Kind.INTERRUPTED, 0, message.parameter))

    def _obey_aside(self, message: Message) -> None:
        """On the asynchronous channel."""
        if message.kind == Kind.ASYNC_DEVICE_CLEAR:
            self._clear()
            self._say_aside(Message(Kind.ASYNC_DEVICE_CLEAR_ACKNOWLEDGE))
        elif message.kind == Kind.ASYNC_MAX_MSG_SIZE and len(message.payload) == _SIZE.size:
            (self._largest,) = _SIZE.unpack(message.payload)
            self._say_aside(Message(Kind.ASYNC_MAX_MSG_SIZE_RESPONSE, payload=_SIZE.pack(LARGEST)))
        elif message.kind == Kind.ASYNC_STATUS_QUERY:
            self._unread = self._unread and not message.control & 1  # the client has read it, bit 0 says
            self._say_aside(Message(Kind.ASYNC_STATUS_RESPONSE, MESSAGE_AVAILABLE * self._unread))
        elif message.kind == Kind.ASYNC_LOCK:
            self._say_aside(Message(Kind.ASYNC_LOCK_RESPONSE, 1))  # granted: there is one client
        elif message.kind == Kind.ASYNC_LOCK_INFO:
            self._say_aside(Message(Kind.ASYNC_LOCK_INFO_RESPONSE))
        elif message.kind == Kind.ASYNC_REMOTE_LOCAL_CONTROL:
            self._say_aside(Message(Kind.ASYNC_REMOTE_LOCAL_RESPONSE))
        else:
            self._say_aside(Message(Kind.ERROR, UNKNOWN_TYPE))

    def _clear(self) -> None:
        """Device clear: half a command, and every reply that has not left, are forgotten."""
        self._clearing, self._half, self._unread = True, b"", False
        self.faults.drop_all()
        with self._lock:
            self.device.hang_up()

    # -- what goes out -------------------------------------------------------------------------------

    def _put(self, piece: Piece) -> None:
        """A reply, or a piece of one, in messages that the client is willing to take."""
        most = max(self._largest - HEADER_BYTES, 1)
        rest = piece.data
        while len(rest) > most:
            self._say(Message(Kind.DATA, 0, self._message_id, rest[:most]))
            rest = rest[most:]
        kind = Kind.DATA_END if piece.is_end else Kind.DATA
        self._say(Message(kind, 0, self._message_id, rest))
        self._unread = True

    def _say(self, message: Message) -> None:
        self._queue(message.pack())

    def _say_aside(self, message: Message) -> None:
        if self._async is not None:
            _send(self._async, message)


def _received(channel: _Channel) -> bytes | None:
    """What has come; empty when the client has gone, None when it was nothing."""
    try:
        return channel.socket.recv(65536)
    except BlockingIOError:
        return None
    except OSError:
        return b""


def _send(channel: _Channel, message: Message) -> None:
    """Send a message that is short enough for any connection to take at once."""
    try:
        channel.socket.send(message.pack())
    except OSError:  # the client has gone, and its channel says so next
        pass
