"""What a link needs of a port: bytes in, bytes out, and an end to every wait."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from mktl.errors import LinkDownError


class Transport(Protocol):
    """A port that one thread owns; only :meth:`cancel` may be called by another.

    Every method but ``close`` and ``cancel`` raises LinkDownError when the port is gone or was never there;
    its text says what happened and leaves the name of the port to the link.
    """

    #: True when closing the port ends what is under way at the far side, so that no reply can come later.
    forgets_on_close: bool

    @property
    def address(self) -> str:
        """Where the port is, as a person would write it: ``/dev/ttyUSB0``, ``10.0.0.7:7777``."""
        ...

    def open(self) -> None:
        """Open the port, with nothing left in its input."""
        ...

    def close(self) -> None:
        """Give the port back; may be called in any state."""
        ...

    def write(self, data: bytes) -> None:
        """Hand all of *data* to the port.

        Raises:
            WriteError: Not all of it was taken; it says how much was.
        """
        ...

    def read(self, timeout_s: float) -> bytes:
        """Whatever has arrived, as soon as there is some; ``b""`` after *timeout_s* without a byte."""
        ...

    def transmit_s(self, count: int) -> float:
        """How long *count* bytes are on the line after they were written."""
        ...

    def idle(self, timeout_s: float) -> None:
        """Wait until there is something to read, *timeout_s* is over, or somebody calls :meth:`nudge`."""
        ...

    def nudge(self) -> None:
        """End the present :meth:`idle`, or else the next; from any thread."""
        ...

    def cancel(self) -> None:
        """End the present wait, and every later one, with LinkDownError; from any thread, for ever."""
        ...


@runtime_checkable
class MessageTransport(Transport, Protocol):
    """What a port may have besides, where a device speaks in whole messages, and only when it is read."""

    @property
    def ended(self) -> bool:
        """True when what :meth:`read` returned last is the end of a message, and so of a reply."""
        ...

    def overhear(self, timeout_s: float) -> bytes:
        """As :meth:`read`, where no reply is waited for; the device must not be made to speak."""
        ...

    def clear(self) -> bool:
        """Have the far side drop what is under way, so that no reply to an earlier command can come.

        False where it cannot be told to.
        """
        ...


class _Bytes:
    """How any other port is seen: something may come at any time, and nothing marks the end of a message."""

    ended = False

    def __init__(self, transport: Transport) -> None:
        self.overhear = transport.read

    def clear(self) -> bool:
        return False


def messages_of(transport: Transport) -> MessageTransport | _Bytes:
    """The optional part of *transport*, or what stands for it where there is none."""
    return transport if isinstance(transport, MessageTransport) else _Bytes(transport)


class WriteError(LinkDownError):
    """The port broke while it was written to; *accepted* bytes had been taken by then."""

    def __init__(self, text: str, accepted: int) -> None:
        super().__init__(text)
        self.accepted = accepted
